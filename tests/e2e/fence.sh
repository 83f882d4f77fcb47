#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The guest's root makes its file system writable and then tries to change the
# host. It must not: neither through QEMU's 9p nor from User Mode Linux.
. "$(dirname "$0")/lib.sh"

untouched()
{
	[ "$(cat "$1/fence-victim")" = precious ] &&
	[ "$(stat -c %a "$1/fence-victim")" = 644 ] &&
	! ls -d "$1"/fence-file "$1"/fence-dir "$1"/fence-link \
		"$1"/fence-fifo /fence-* /tmp/fence-* /var/tmp/fence-* \
		2>/dev/null | grep .
}

result()
{
	sed -n "s/.*\"metric\":\"$2\".*\"value\":\([0-9]*\).*/\1/p" \
		"$(boot_of "$1")/events.jsonl"
}

umask 022
for platform in um tcg; do
	mkdir "$scratch/$platform"
	echo precious >"$scratch/$platform/fence-victim"
	bench $platform --platforms $platform --variants off \
		--workloads fence --boots 1
	ok "$platform: the boot succeeds" [ $? -eq 0 ]
	ok "$platform: the guest made its root writable" \
		[ "$(result $platform remounted)" = 1 ]
	ok "$platform: the guest tried" [ "$(result $platform attempts)" = 20 ]
	ok "$platform: the guest could not write" \
		[ "$(result $platform writes)" = 0 ]
	ok "$platform: nothing changed on the host" \
		untouched "$scratch/$platform"
done
done_testing
