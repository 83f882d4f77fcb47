# SPDX-License-Identifier: GPL-2.0
# Sourced by inits of boot_init: memory is freed, reported and flushed as fast as
# possible for 3 s, and goes on being so.
mount -t proc none /proc
mount -t sysfs none /sys
# the tree, with what is to be booted, may lie below /tmp
mkdir -p /dev/shm
mount -t tmpfs none /dev/shm
mount -t debugfs none /sys/kernel/debug

reports()
{
	sed -n 's/^reports //p' /sys/kernel/debug/page_reporting/stats
}

# reboot_by COMMAND: reboot(2) with that; not everybody has a program for it that
# needs no init
reboot_by()
{
	perl -e 'syscall(169, 0xfee1dead, 672274793, hex $ARGV[0], 0)' "$1"
	sleep 60
}

echo 0 >/sys/module/page_reporting/parameters/min_age_ms
(while :; do
	head -c 300M /dev/zero >/dev/shm/used
	rm /dev/shm/used
done) &
(while :; do
	echo all >/sys/kernel/debug/page_reporting/flush
done) 2>/dev/null &
sleep 3
