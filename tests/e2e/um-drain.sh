#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# On User Mode Linux, memory that the guest frees leaves the host; without
# reporting it stays, so the test can tell the two apart.
. "$(dirname "$0")/lib.sh"

# tap LINE: the log has the plan and a line that begins so, and else comments
tap()
{
	grep -qx '1\.\.1' "$scratch/log" && grep -q "^$1 " "$scratch/log" &&
		! grep -vqE '^(# |TAP version 14$|1\.\.1$|ok )' "$scratch/log"
}

for variant in ext off ext-off; do
	settle=3000
	# what takes a second alone has to be done by then on a busy machine, too
	[ $variant != ext ] || settle=8000
	bench $variant --platforms um --variants $variant --workloads drain \
		--set drain.settle_ms=$settle --boots 1 --tap
	ok "um: a boot of $variant succeeds" [ $? -eq 0 ]
	ok "um: and is a point of TAP" tap "ok 1 - boot 001 um     $variant"
done
ok "um: ext gives at least 90 % of 1 GiB back" returns_at_least ext 90
ok "um: off gives nothing back" returns_less_than off 5
ok "um: ext-off gives nothing back" returns_less_than ext-off 5
done_testing
