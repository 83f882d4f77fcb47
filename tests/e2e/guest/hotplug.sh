# SPDX-License-Identifier: GPL-2.0
# Memory blocks go offline and come back while everything is dumped, and while
# memory is freed and reported.
. "${0%/*}/lib.sh"

# dump_on: until there is a file "stop"; complaints are left in dump.bad
dump_on()
{
	dumps=0
	until [ -e stop ]; do
		dd if=$dbg/blocks bs=64k status=none 2>>dump.bad | blocks_good \
			>/dev/null 2>>dump.bad || echo "# no good dump" >>dump.bad
		summary_sum >/dev/null || echo "# no good summary" >>dump.bad
		ages_good || echo "# no good ages" >>dump.bad
		dumps=$((dumps + 1))
	done
	echo $dumps >dump.count
}

report_on()
{
	until [ -e stop ]; do
		use 48
		flush || echo "# no flush" >>dump.bad
	done
}

# move BLOCK STATE
move()
{
	echo "$2" 2>/dev/null >"$1/state"
}

consistent()
{
	# The programs that look use some memory that was reported
	now=$(stat reported_now_bytes)
	at_least $(($(free_bytes) + (4 << 20))) "$now" && reported_agrees
}

# blocks STATE ZONES: those that are in a state and can be in these zones
blocks()
{
	for b in /sys/devices/system/memory/memory*; do
		if [ "$(cat "$b/state")" = "$1" ] &&
		   [ "$(cat "$b/valid_zones")" = "$2" ]; then
			echo "$b"
		fi
	done
}

# new_zone: what has come with a zone's first memory is reported, as all is
new_zone()
{
	tries=0
	until [ "$(awk '$2 == "Normal" { s += $5 } END { print int(s / 2 ^ 20) }' \
		$dbg/summary)" -ge 100 ]; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return
		sleep 0.1
	done
}

movable=$(blocks online Movable)
added=$(blocks offline "Normal Movable")
all="memory blocks go offline and online under a dump"
if [ -z "$movable" ] || [ -z "$added" ]; then
	ok "$all # SKIP this kernel has no memory hotplug"
	finish
fi
echo 100 >$parameters/min_age_ms
# shellcheck disable=SC2086 # in one line
echo "# movable, from the beginning:" $movable
# shellcheck disable=SC2086
echo "# plugged in:" $added
# one makes a zone of its own, the others join one
kernel=$(echo "$added" | head -n 1)
added=$(echo "$added" | tail -n +2)
check "a zone can get its first memory" move "$kernel" online_kernel
check "which is reported" new_zone
for b in $added; do
	check "a block that was plugged in can be used" move "$b" online_movable
done
# What goes offline is not used
b=$(echo "$added" | head -n 1)
size=$((0x$(cat /sys/devices/system/memory/block_size_bytes)))
check "what was plugged in is reported" flush
refaulted=$(stat refaulted_bytes) removed=$(stat removed_bytes)
check "a block of it goes offline" move "$b" offline
check "what was reported of it is removed" \
	at_least $(($(stat removed_bytes) - removed)) $((size / 2))
check "and is not refaulted" \
	less_than $(($(stat refaulted_bytes) - refaulted)) $((size / 2))
check "it comes back" move "$b" online_movable
precious 64
: >dump.bad
before=$(stat reported_bytes)
dump_on &
report_on &
gone=0 busy=0 back=0
for round in 1 2 3; do
	for b in $movable $added $kernel; do
		if move "$b" offline; then
			gone=$((gone + 1))
		else
			busy=$((busy + 1))
		fi
	done
	echo "# round $round: $(free_bytes) bytes free, $(stat reported_now_bytes) reported"
	for b in $movable $added; do
		[ "$(cat "$b/state")" = offline ] || continue
		move "$b" online_movable && back=$((back + 1))
	done
	[ "$(cat "$kernel/state")" = online ] ||
		! move "$kernel" online_kernel || back=$((back + 1))
done
: >stop
wait
echo "# $gone times offline, $busy times busy, $(cat dump.count) dumps"
check "blocks go offline" at_least $gone 4
check "and come back, all of them" [ $back -eq $gone ]
check "a dump was under way meanwhile" at_least "$(cat dump.count)" 2
sort dump.bad | uniq -c | head -n 5
check "each dump, summary and histogram can be read" [ ! -s dump.bad ]
check "what was in use is as it was" still_precious
check "memory was reported meanwhile" at_least $(($(stat reported_bytes) - before)) $((64 << 20))
quiet
flush
check "the counters agree with each other" consistent
check "nearly all that is free is reported" \
	at_least "$(stat reported_now_bytes)" $(($(free_bytes) * 9 / 10))
check "the blocks come to MemFree" blocks_are_free
finish
