# SPDX-License-Identifier: GPL-2.0
# A processor goes and comes back: what its own lists of free pages held is
# reported as all else, and what is in use is left alone.
. "${0%/*}/lib.sh"

cpu=/sys/devices/system/cpu/cpu1/online

# on_cpu1 MIB: use memory there, which then lies in that processor's lists
on_cpu1()
{
	taskset 2 head -c "${1}M" /dev/zero >/dev/shm/there
	taskset 2 rm /dev/shm/there
}

report_on()
{
	until [ -e stop ]; do
		use 48
		flush || echo failed >>flush.bad
	done
}

check "there is a second processor" [ "$(cat $cpu)" = 1 ]
[ $tap_bad -eq 0 ] || finish
precious 96
before=$(stat reported_bytes) wrong=0 i=0
: >flush.bad
echo 20 >$parameters/min_age_ms
report_on &
while [ $i -lt 12 ]; do
	i=$((i + 1))
	on_cpu1 32
	echo 0 >$cpu || wrong=$((wrong + 1))
	sleep 0.1
	echo 1 >$cpu || wrong=$((wrong + 1))
done
: >stop
wait
quiet
check "it goes and comes back 12 times" [ $wrong -eq 0 ]
check "flushes do not fail" [ ! -s flush.bad ]
check "what was in use is as it was" still_precious
check "memory was reported meanwhile" \
	at_least $(($(stat reported_bytes) - before)) $((64 << 20))
on_cpu1 256
echo 0 >$cpu
flush
check "nearly all that is free is reported with one processor" \
	at_least "$(stat reported_now_bytes)" $(($(free_bytes) * 95 / 100))
check "and counted as it is" reported_agrees
check "the device has never failed" [ "$(stat errors)" = 0 ]
finish
