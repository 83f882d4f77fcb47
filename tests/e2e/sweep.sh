#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A workload with a row: a boot for each value, which the guest puts into its
# metrics' names; it asks the host what is held of its memory; run data say which
# boot came before, and what was done to the host.
. "$(dirname "$0")/lib.sh"

mkdir "$scratch/workloads"
cp -r bench/workloads/churn-sweep "$scratch/workloads"
sed -i 's/"quick": \[[0-9, ]*\]/"quick": [100, 300]/' \
	"$scratch/workloads/churn-sweep/workload.json"
bench run --workloads-dir "$scratch/workloads" --platforms um --variants off,ext \
	--workloads churn-sweep --boots 1 --set churn-sweep.run_ms=1500 \
	--set churn-sweep.mib=64 --equalise touch
ok "a boot for each value and variant is good" [ $? -eq 0 ]
ok "these are four" [ "$(echo "$scratch"/run/boots/* | wc -w)" -eq 4 ]

# value METRIC RUN-PATTERN: of the boots of a variant
value()
{
	sed -n 's/.*"metric":"'"$1"'",.*"value":\([0-9.]*\).*/\1/p' "$scratch"/run/boots/*-"$2"/events.jsonl
}

for pause in 100 300; do
	for metric in cycles host_refill_mib host_refill_half1_mib host_refill_half2_mib \
			footprint_gib_s held_free_gib_s; do
		ok "off has ${metric}_p$pause" [ -n "$(value ${metric}_p$pause um-off)" ]
	done
	ok "cycles of $pause ms are some" [ "$(value cycles_p$pause um-off | cut -d. -f1)" -gt 10 ]
	ok "off gives nothing back at $pause ms" [ "$(value host_refill_mib_p$pause um-off)" = 0.0 ]
	ok "and holds it meanwhile" \
		[ "$(value held_free_gib_s_p$pause um-off | tr -d .0 | wc -c)" -gt 1 ]
	ok "ext has a gate at the end of $pause ms" [ -n "$(value age_ms_p$pause um-ext)" ]
done
ok "and over time" grep -q '^[0-9.]*	[0-9]' "$scratch"/run/boots/*-um-ext/gate.tsv
ok "the value is in meta.json" [ "$(cat "$scratch"/run/boots/*/meta.json |
	grep -c '^ "row": \(100\|300\),*$')" -eq 4 ]
ok "the first boot came after none" [ "$(grep -c '^ "after"' "$scratch"/run/boots/001-*/meta.json)" -eq 0 ]
ok "the others after the one before" [ "$(sed -n '/^ "after"/,/}/s/.*"seq": //p' \
	"$scratch"/run/boots/00[234]-*/meta.json | tr -d '\n')" = 1,2,3, ]
ok "what is compared was declared before" sh -c \
	"tr -d ' \n' <'$scratch/run/run.json' | grep -q '\"compare\":\[\[\"ext\",\"flag\"\]'"
ok "the host was equalised" [ "$(cat "$scratch"/run/boots/*/meta.json |
	grep -c '^  "how": "touch"')" -eq 4 ]
done_testing
