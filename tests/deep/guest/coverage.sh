#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The init of a guest of coverage.sh, which has the host's root, read only: do
# what coverage.do= of the command line says, and end. What it prints on its way
# may fail for all we care: other tests are for that.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
case $0 in
/mnt/host/*) ;;
*)
	mount -t proc none /proc
	mount -t sysfs none /sys
	mount -t debugfs none /sys/kernel/debug
	mkdir -p /dev/shm
	mount -t tmpfs none /dev/shm
	# /tmp is to be empty, yet this may lie there
	mount -t tmpfs none /mnt
	mkdir /mnt/host
	mount --bind / /mnt/host
	mount -t tmpfs none /tmp
	exec sh "/mnt/host$0"
	;;
esac
. "${0%/*}/../../e2e/guest/lib.sh"
o=/sys/module/page_reporting_oracle/parameters

# a host's worth of reports and errors, by the oracle
do_oracle()
{
	sh "${0%/*}/load.sh"
	echo 0 >$o/on
	# nobody to report to
	flush
	echo 16 >$o/hold_mib
	echo rubbish >$o/on
	echo 2 >$o/capacity
	echo 1 >$o/on
	echo 1 >$o/delay_ms
	use 64
	flush
	echo 0 >$o/delay_ms
	cat /sys/kernel/debug/page_reporting_oracle
	echo 0 >$o/hold_mib
	sleep 1
}

# the selftests, and values that are none
do_device()
{
	for test in params files flush age reuse; do
		/mnt/host"$(sed 's/.*coverage.selftest=\([^ ]*\).*/\1/' /proc/cmdline)/page_reporting_$test"
	done
	for p in "$parameters"/* /sys/module/page_reporting_um/parameters/*; do
		old=$(cat "$p")
		echo rubbish >"$p"
		echo 4000000000 >"$p"
		echo "$old" >"$p"
	done
	# while it reports
	echo 50 >$parameters/min_age_ms
	for _order in 9 5; do
		use 300
		flush &
		echo $_order >$parameters/page_reporting_order
		dd if=$dbg/blocks bs=7 count=200 of=/dev/null
		timeout -s KILL 0.05 dd if=$dbg/blocks bs=1 of=/dev/null
		wait
		sleep 1
	done
	# memory that is soon used again
	for _n in 1 2 3 4 5 6; do
		use 500
		sleep 0.3
	done
	cat $dbg/summary $dbg/ages $dbg/stats >/dev/null
	# another device
	echo 1 >$o/on
	# no memory left
	flush &
	tail /dev/zero
	wait
}

# what registers finds that it must not, or may
do_poison()
{
	echo 1 >$o/on
	use 64
	flush
	cat /sys/kernel/debug/page_reporting_oracle
}

do_nothing()
{
	cat /sys/kernel/debug/page_reporting/stats
}

{
	"do_$(sed 's/.*coverage.do=\([a-z]*\).*/\1/' /proc/cmdline)"
	echo "guest: done"
} 2>&1
# what poweroff would do if there were an init to ask
perl -e 'syscall(169, 0xfee1dead, 672274793, 0x4321fedc)'
