#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The init of a guest that hibernates: what it says before that is heard from one
# QEMU, what it says after that from another one, whose memory was in use, too.
export PATH=/bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t debugfs none /sys/kernel/debug
mount -t devtmpfs none /dev
mkdir -p /dev/shm
mount -t tmpfs none /dev/shm
mount -t tmpfs none /tmp
# the first one is the kernel's
exec >/dev/ttyS1 2>&1
. "${0%/*}/../../e2e/guest/lib.sh"

swap=/dev/vda
power=/sys/power

hibernate()
{
	echo shutdown >$power/disk && echo disk >$power/state
}

echo 200 >$parameters/min_age_ms
precious 64
pattern 60 120 1 /tmp &
program=$!
sleep 10
# it holds what it has from here on
kill -STOP $program
check "there is a disk to hibernate to" swapon $swap
use 300
check "what was learnt until then is forgotten" start_anew 8
age=$(stat age_ms)
check "nearly all that is free is reported" all_reported
reported=$(stat reported_bytes) forgotten=$(stat forgotten_bytes)
now=$(stat reported_now_bytes)
echo "# $now bytes are reported when it hibernates, $reported were in all"
check "it hibernates and wakes up" hibernate
check "nearly all that is free is reported once more" all_reported
check "nothing was learnt from that" age_is "$age"
check "what was reported before does not count any more" \
	at_least $(($(stat forgotten_bytes) - forgotten)) $((now / 2))
check "but was reported anew" \
	at_least $(($(stat reported_bytes) - reported)) $(($(free_bytes) * 8 / 10))
check "the counters agree with each other" reported_agrees
reported=$(stat reported_bytes)
use 300
check "reporting goes on" all_reported
check "with what was just freed" \
	at_least $(($(stat reported_bytes) - reported)) $((200 << 20))
kill -CONT $program
check "what a program held is as it was" wait $program
check "and what a file held" still_precious
check "nearly all is reported in the end" all_reported
check "the blocks come to MemFree" blocks_are_free
check "the device has never failed" [ "$(stat errors)" = 0 ]
sed 's/^/# /' $dbg/stats
echo "1..$tap_n"
sleep 1
echo o >/proc/sysrq-trigger
sleep 60
