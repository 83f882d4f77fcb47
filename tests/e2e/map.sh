#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A guest that is looked at while it runs: there is a map of its memory, on which
# what it freed is seen to be reported, and the report has it in no figure.
. "$(dirname "$0")/lib.sh"

maps=$scratch/map/boots/001-um-ext/map.jsonl

# looks LETTER: how many looks saw 64 pieces of 2 MiB or more in a row like that
looks()
{
	grep -cE "\"workload\":\"drain-map\".*\"map\":\"[^\"]*$1(6[4-9]|[7-9][0-9]|[0-9]{3,})" "$maps"
}

at_least()
{
	echo "# $1 looks"
	[ "$1" -ge "$2" ]
}

reported()
{
	"$bin/prreport" "$scratch/map" >"$scratch/log" 2>&1
}

bench map --platforms um --workloads drain-map --boots 1 --set drain-map.settle_ms=4000 \
	--set drain-map.hold_ms=4000 --set drain-map.mib=256
ok "a boot that is mapped succeeds" [ $? -eq 0 ]
ok "it says so" grep -q '"event":"mapped","workload":"drain-map"' \
	"$scratch/map/boots/001-um-ext/events.jsonl"
ok "no look is among the events" [ "$(grep -c '"event":"map"' \
	"$scratch/map/boots/001-um-ext/events.jsonl")" -eq 0 ]
ok "what is free is seen young" at_least "$(looks y)" 1
ok "what is used is seen" at_least "$(looks u)" 1
ok "what is free is seen reported" at_least "$(looks r)" 2
ok "the last look sees it reported" sh -c "tail -n 1 '$maps' | grep -qE 'r[0-9]{3}'"
ok "a report is made" reported
ok "with a picture" [ -s "$scratch/map/plots/map-um-ext-1.svg" ]
ok "and no figure" [ "$(wc -l <"$scratch/map/summary.tsv")" -eq 1 ]

bench none --platforms um --variants ext --workloads drain --boots 1 \
	--set drain.settle_ms=1000 --set drain.mib=64
ok "a boot that is not mapped has no map" [ ! -e "$scratch/none/boots/001-um-ext/map.jsonl" ]
done_testing
