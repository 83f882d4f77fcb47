#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The init of the guests of backends.sh: use 512 MiB, free them, have them reported
# by age. Waits for a line of its host after each step, which measures meanwhile, and
# is killed in the end.
. "${0%/*}/../../e2e/guest/lib.sh"
mount -t proc none /proc
mount -t sysfs none /sys
mount -t debugfs none /sys/kernel/debug
mkdir -p /dev/shm
mount -t tmpfs none /dev/shm
mount -t tmpfs none /tmp
cd /tmp || exit
exec </dev/ttyS1 >/dev/ttyS1 2>&1

# tell WORDS
tell()
{
	echo "$*"
	read -r _
}

reporting()
{
	[ -n "$(stat reported_now_bytes)" ]
}

head -c 512M /dev/zero >/dev/shm/used
tell "in use"
rm /dev/shm/used
sleep 10
! reporting || all_reported
tell "freed, reported $(($(stat reported_now_bytes) >> 20))"
