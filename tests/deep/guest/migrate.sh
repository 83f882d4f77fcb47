#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The init of a guest that is moved: use memory, say now and then that all is
# well, and come to an end.
export PATH=/bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t debugfs none /sys/kernel/debug
mount -t devtmpfs none /dev
mount -t tmpfs none /tmp
read -r cmdline </proc/cmdline
seconds=${cmdline##*load.seconds=}
seconds=${seconds%% *}
parameters=/sys/module/page_reporting/parameters
echo 100 >$parameters/min_age_ms
echo 0 >$parameters/learn
(
	echo "pattern begins"
	pattern "$seconds" 400 1 /tmp
	cat /sys/kernel/debug/page_reporting/stats
	echo "pattern ends"
	sleep 1
	echo o >/proc/sysrq-trigger
) &
while :; do
	sleep 1
	echo "still here"
done
