#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guests of the sizes that their workloads want: 64 MiB under pressure, where
# what the OOM killer does is a result and not a lost boot; 16 GiB full of
# holes, which must not cost the host 16 GiB.
. "$(dirname "$0")/lib.sh"

# result RUN METRIC: its value, as a whole number
result()
{
	sed -n 's/.*"metric":"'"$2"'",.*"value":\([0-9]*\).*/\1/p' \
		"$(boot_of "$1")/events.jsonl" | tail -n 1
}

# size RUN: MiB of guest memory as the boot's meta.json has it
size()
{
	sed -n 's/^ "mem_mib": \([0-9]*\),/\1/p' "$(boot_of "$1")/meta.json"
}

at_least()
{
	echo "# ${1:-nothing}, at least $2 is wanted"
	[ "${1:-0}" -ge "$2" ]
}

# resident RUN: the most MiB that the host ever had of the guest's memory
resident()
{
	awk 'NR > 1 && $2 > top { top = $2 } END { printf "%d\n", top / 1024 }' \
		"$(boot_of "$1")/samples.tsv"
}

bench small --platforms um --variants ext --workloads smallguest --boots 1 \
	--set smallguest.run_ms=1000 --set smallguest.percent=60
ok "um: a guest of 64 MiB survives" [ $? -eq 0 ]
ok "um: it has 64 MiB" [ "$(size small)" = 64 ]
ok "um: nobody was killed in it" [ "$(result small oom_kills)" = 0 ]

bench tight --platforms um --variants ext --workloads smallguest --boots 1 \
	--set smallguest.run_ms=1000 --set smallguest.percent=99
ok "um: a boot in which the OOM killer struck counts" [ $? -eq 0 ]
ok "um: and so do its victims" at_least "$(result tight oom_kills)" 1

bench large --platforms tcg --variants ext --workloads lockhold --boots 1 \
	--set lockhold.from_gib=16 --set lockhold.fragment_order=9 \
	--set lockhold.settle_ms=3000 --set lockhold.passes=1
ok "qemu: a guest of 16 GiB full of holes" [ $? -eq 0 ]
ok "qemu: it has 16 GiB" [ "$(size large)" = 16384 ]
ok "qemu: half of it lies in holes of 2 MiB" at_least "$(result large holes)" 3800
ok "qemu: the worker has held the lock" at_least "$(result large lock_hold_max_us)" 1
ok "qemu: the host has supplied some of it" at_least "$(resident large)" 1
ok "qemu: but less than 2 GiB" at_least 2048 "$(resident large)"
done_testing
