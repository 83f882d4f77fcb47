#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# debugfs page_reporting/ in a guest of 16 GiB with thousands of free blocks,
# hardly any of which costs the host memory.
. "$(dirname "$0")/lib.sh"

at_most()
{
	echo "# ${1:-nothing}, at most $2 is wanted"
	[ "${1:-0}" -gt 0 ] && [ "$1" -le "$2" ]
}

guest dump dump.sh --set script.mem_mib=16384
ok "the host has supplied less than 2 GiB" at_most \
	"$(awk 'NR > 1 && $2 > top { top = $2 } END { print int(top / 1024) }' \
		"$(boot_of dump)/samples.tsv")" 2047
done_testing
