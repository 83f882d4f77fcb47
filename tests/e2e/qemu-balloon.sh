#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The virtio balloon in QEMU: page_ext=on reports, page_ext=off does not even
# negotiate and says which option to set, a bad value warns and boots.
. "$(dirname "$0")/lib.sh"

# bit 5 of the features that balloon and driver agreed on
reporting_bit()
{
	sed -n 's/.*"balloon_features":"[01]\{5\}\([01]\).*/\1/p' \
		"$(boot_of "$1")/events.jsonl"
}

log_has()
{
	grep -q -- "$2" "$(boot_of "$1")/console.log"
}

bench ext --platforms tcg --variants ext --workloads drain --set drain.settle_ms=8000 --boots 1
ok "qemu: a boot of ext succeeds" [ $? -eq 0 ]
ok "qemu: ext negotiates reporting" [ "$(reporting_bit ext)" = 1 ]
ok "qemu: ext gives at least 80 % of 1 GiB back" returns_at_least ext 80

bench ext-off --platforms tcg --variants ext-off --workloads drain --set drain.settle_ms=3000 --boots 1
ok "qemu: a boot of ext-off succeeds" [ $? -eq 0 ]
ok "qemu: ext-off does not negotiate reporting" \
	[ "$(reporting_bit ext-off)" = 0 ]
ok "qemu: ext-off gives nothing back" returns_less_than ext-off 5
ok "qemu: the log names the option to set" log_has ext-off 'page_ext=on'

# PRBENCH_APPEND comes last on the guest's command line: the bad value is
# ignored with a warning, what was said before it holds.
PRBENCH_APPEND=page_ext=bogus
export PRBENCH_APPEND
bench bogus --platforms tcg --variants ext --workloads fence --boots 1
ok "qemu: page_ext=bogus boots" [ $? -eq 0 ]
ok "qemu: page_ext=bogus warns" log_has bogus 'page_ext.*bogus'
ok "qemu: page_ext=bogus changes nothing" [ "$(reporting_bit bogus)" = 1 ]
done_testing
