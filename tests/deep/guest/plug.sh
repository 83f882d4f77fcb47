# SPDX-License-Identifier: GPL-2.0
# The host plugs 512 MiB in and unplugs them, each time it is asked: what an
# unplug takes is removed, is not used, and nothing is learnt from it.
. "${0%/*}/../../e2e/guest/lib.sh"

size=$((512 << 20))

# total_bytes: what the guest has
total_bytes()
{
	awk '/^MemTotal:/ { printf "%.0f\n", $2 * 1024 }' /proc/meminfo
}

# has BYTES: the guest has so much, give or take a little
has()
{
	near "$(total_bytes)" "$1" >/dev/null
}

zone_movable()
{
	awk '$2 == "Movable" { found = 1 } END { exit !found }' $dbg/summary
}

check "there is a virtio-mem device" [ -e /sys/bus/virtio/drivers/virtio_mem ]
echo online_movable >/sys/devices/system/memory/auto_online_blocks
full=$(total_bytes)
echo 200 >$parameters/min_age_ms
check "all that is free is reported" all_reported
for round in 1 2; do
	echo "plug: round $round" >/dev/kmsg
	check "round $round: memory is plugged in" within 120 has $((full + size))
	check "round $round: it is a zone of its own" zone_movable
	use 448
	check "round $round: nearly all that is free is reported" all_reported
	check "round $round: what was learnt from its use is forgotten" \
		start_anew $((10 - round))
	check "round $round: and all is reported anew" all_reported
	age=$(stat age_ms)
	refaulted=$(stat refaulted_bytes) removed=$(stat removed_bytes)
	soon=$(stat refaulted_soon_bytes)
	echo "unplug: round $round" >/dev/kmsg
	check "round $round: it is unplugged" within 120 has "$full"
	echo "# refaulted $(($(stat refaulted_bytes) - refaulted)) bytes, too soon $(($(stat refaulted_soon_bytes) - soon))," \
		"removed $(($(stat removed_bytes) - removed))"
	check "round $round: what was taken is removed" \
		at_least $(($(stat removed_bytes) - removed)) $((size * 3 / 4))
	check "round $round: and is not refaulted" \
		less_than $(($(stat refaulted_bytes) - refaulted)) $((size / 4))
	check "round $round: nor too soon" \
		less_than $(($(stat refaulted_soon_bytes) - soon)) $((size / 16))
	check "round $round: and has taught nothing" age_is "$age"
done
quiet
check "the counters agree with each other" reported_agrees
check "the device has never failed" [ "$(stat errors)" = 0 ]
finish
