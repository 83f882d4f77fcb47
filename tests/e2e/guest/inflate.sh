# SPDX-License-Identifier: GPL-2.0
# The host inflates the balloon by 400 MiB and deflates it, each time it is asked.
. "${0%/*}/lib.sh"

taken=$((400 << 20))
age=100

# left: what has left the free lists after it was reported
left()
{
	echo $(($(stat refaulted_bytes) + $(stat removed_bytes)))
}

# total_kib: what the guest has without the balloon
total_kib()
{
	awk '/^MemTotal:/ { print $2 }' /proc/meminfo
}

# inflated LEFT: until the balloon has taken most of it and given all back
inflated()
{
	_t=0
	until [ $(($(left) - $1)) -ge $((taken * 3 / 4)) ] &&
		[ "$(total_kib)" -ge "$full" ]; do
		_t=$((_t + 1))
		[ $_t -lt 600 ] || return
		sleep 0.1
	done
}

echo $age >$parameters/min_age_ms
full=$(total_kib)
for round in 1 2; do
	check "round $round: nearly all that is free is reported" all_reported
	refaulted=$(stat refaulted_bytes) removed=$(stat removed_bytes)
	soon=$(stat refaulted_soon_bytes)
	echo "inflate: round $round" >/dev/kmsg
	check "round $round: the balloon takes memory and gives it back" \
		inflated $((refaulted + removed))
	check "round $round: what it took is removed" \
		at_least $(($(stat removed_bytes) - removed)) $((taken * 3 / 4))
	check "round $round: and is not refaulted" \
		less_than $(($(stat refaulted_bytes) - refaulted)) $((taken / 4))
	check "round $round: nor too soon" \
		less_than $(($(stat refaulted_soon_bytes) - soon)) $((taken / 4))
done
check "the device has never failed" [ "$(stat errors)" = 0 ]
finish
