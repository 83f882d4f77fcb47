#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Init of reboot.sh's guests: memory is freed, reported and flushed as fast as
# possible, and then the guest reboots.
mount -t proc none /proc
mount -t sysfs none /sys
mount -t tmpfs none /tmp
mount -t debugfs none /sys/kernel/debug
echo 0 >/sys/module/page_reporting/parameters/min_age_ms
(while :; do
	head -c 300M /dev/zero >/tmp/used
	rm /tmp/used
done) &
(while :; do
	echo all >/sys/kernel/debug/page_reporting/flush
done) 2>/dev/null &
sleep 3
echo "rebooting: $(sed -n 's/^reports //p' /sys/kernel/debug/page_reporting/stats) reports"
# reboot(2), as reboot -f does; not everybody has one that needs no init
perl -e 'syscall(169, 0xfee1dead, 672274793, 0x01234567, 0)'
sleep 60
