#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Init of hint.sh's guest, twice: a guest with the host's root mounted cannot be
# migrated, so it moves into a tmpfs. Then it says what was counted, ten times a second.
if [ ! -d /old ]; then
	# which may lie below /tmp
	exec 3<"$0"
	mount -t tmpfs -o mode=755 none /tmp
	cd /tmp || exit
	mkdir bin dev old proc sys
	cat <&3 >init
	exec 3<&-
	for p in sh mount umount sleep; do
		cp -L "$(command -v $p)" bin
	done
	ldd bin/* | sed -n 's,^[^/]*\(/[^ ]*\) (.*,\1,p' | sort -u |
		while read -r l; do
			mkdir -p ".${l%/*}"
			cp -L "$l" ".$l"
		done
	# of this process, too
	pivot_root . old
	exec /bin/sh /init
fi
export PATH=/bin
mount --move /old/dev /dev
until umount /old; do
	sleep 0.1
done
mount -t proc none /proc
mount -t sysfs none /sys
mount -t debugfs none /sys/kernel/debug

echo 100 >/sys/module/page_reporting/parameters/min_age_ms
i=0
while sleep 0.1; do
	i=$((i + 1))
	while read -r name value; do
		case $name in
		removed_bytes) removed=$value ;;
		refaulted_bytes) refaulted=$value ;;
		reported_now_bytes) now=$value ;;
		esac
	done </sys/kernel/debug/page_reporting/stats
	echo "counted $i: $removed $refaulted $now"
done
