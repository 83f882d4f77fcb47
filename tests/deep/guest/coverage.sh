#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The init of a guest: use all that can be used from outside, and end.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t debugfs none /sys/kernel/debug
mount -t tmpfs none /dev/shm
mount -t tmpfs none /tmp
. "${0%/*}/../../e2e/guest/lib.sh"
PRAGENT=${0%/*}/../../../build/bin/pragent
o=/sys/module/page_reporting_oracle/parameters

if [ "$(stat passes)" -gt 0 ] || grep -q 'page_reporting_um.enable=1' /proc/cmdline; then
	for p in min_age_ms fragment_order target_refault_percent \
		page_reporting_order page_reporting_delay_ms; do
		old=$(cat $parameters/$p)
		echo rubbish 2>/dev/null >$parameters/$p
		echo 5 >$parameters/$p
		[ "$p" != page_reporting_order ] || echo 99 2>/dev/null >$parameters/$p
		use 24
		flush
		sleep 0.3
		echo "$old" >$parameters/$p
	done
	echo 50 >$parameters/min_age_ms
	for n in 1 2 3 4 5 6 7 8; do
		use 200
		sleep 0.5
		dd if=$dbg/blocks bs=7 count=2000 status=none of=/dev/null
		dd if=$dbg/blocks bs=1M status=none | blocks_good >/dev/null
		cat $dbg/summary $dbg/ages $dbg/stats >/dev/null
		"$PRAGENT" pread $dbg/blocks 5000 >/dev/null
		echo 0 2>/dev/null >$dbg/flush
		echo 1 >/proc/sys/vm/compact_memory
	done
	check "memory is reported" at_least "$(stat reported_bytes)" $((64 << 20))
fi
if [ "$(cat $o/on)" = Y ]; then
	echo 64 >$o/hold_mib
	for n in 1 2 3; do
		echo 2 >$o/fail_every
		use 100
		flush 2>/dev/null
		sleep 1
		echo 0 >$o/fail_every
		echo 1 >$o/delay_ms
		flush
		echo 0 >$o/delay_ms
		echo 0 >$o/on
		flush 2>/dev/null
		echo "$n" >$o/capacity
		echo 1 >$o/on
		cat /sys/kernel/debug/page_reporting_oracle >/dev/null
	done
	echo 0 >$o/hold_mib
	sleep 1
	check "the oracle has found nothing" grep -qx 'broken 0' /sys/kernel/debug/page_reporting_oracle
fi
[ $tap_bad -eq 0 ] && echo "guest: done"
# what poweroff would do if there were an init to ask
perl -e 'syscall(169, 0xfee1dead, 672274793, 0x4321fedc)'
