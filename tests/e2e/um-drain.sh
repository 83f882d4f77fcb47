#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# On User Mode Linux, memory that the guest frees leaves the host; without
# reporting it stays, so the test can tell the two apart.
. "$(dirname "$0")/lib.sh"

at_least()
{
	echo "# $1 % of the freed memory is back with the host"
	[ "$1" -ge "$2" ]
}

less_than()
{
	echo "# $1 % of the freed memory is back with the host"
	[ "$1" -ge 0 ] && [ "$1" -lt "$2" ]
}

for variant in ext off ext-off; do
	bench $variant --platforms um --variants $variant --workloads drain --set drain.settle_ms=4000 \
		--boots 1
	ok "um: a boot of $variant succeeds" [ $? -eq 0 ]
done
ok "um: ext gives at least 90 % of 1 GiB back" at_least "$(returned ext)" 90
ok "um: off gives nothing back" less_than "$(returned off)" 5
ok "um: ext-off gives nothing back" less_than "$(returned ext-off)" 5
done_testing
