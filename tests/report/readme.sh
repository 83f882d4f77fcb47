#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# README's chapter of results and results/README.md say what the committed summaries
# say: each number in them is found there by name, and one that has no name is refused.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$top/tests/tap.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# written README TEMPLATE: a copy of README as readme.sh would have it
written()
{
	cp "$1" "$tmp/README.md"
	README=$tmp/README.md TEMPLATE=$2 "$top/scripts/readme.sh" >"$tmp/out" 2>&1
}

# current README [TEMPLATE]
current()
{
	written "$1" "${2:-$top/results/readme.in}" || {
		cat "$tmp/out"
		return 1
	}
	diff "$1" "$tmp/README.md"
}

# refused LINE WHY: a chapter with this line in it is not written
refused()
{
	{
		cat "$top/results/readme.in"
		echo "$1"
	} >"$tmp/in"
	! written "$top/README.md" "$tmp/in" && grep -qF "$2" "$tmp/out" &&
		cmp "$top/README.md" "$tmp/README.md"
}

changed()
{
	sed 's/\*\*1\.2 s\*\*/**1.1 s**/' "$top/README.md" >"$tmp/changed"
	! cmp -s "$top/README.md" "$tmp/changed" && ! current "$tmp/changed" >/dev/null
}

# bold SPEC NR: of the cells of a row only that one is bold
bold()
{
	echo "{row $1}" >"$tmp/in"
	TEMPLATE=$tmp/in "$top/scripts/readme.sh" --print >"$tmp/row" || return 1
	[ "$(awk -F ' [|] ' '{ for (i = 1; i <= NF; i++) if ($i ~ /[*]/) print i }' \
		"$tmp/row")" = "$2" ] || {
		cat "$tmp/row"
		return 1
	}
}

# interval KERNEL PREFIX: of a range it stands behind the median, from that kernel's summary
interval()
{
	echo "{range $2drain footprint_gib_s um: flag ext}" >"$tmp/in"
	TEMPLATE=$tmp/in "$top/scripts/readme.sh" --print >"$tmp/row" || return 1
	awk -F '\t' '$1 == "um" && $3 == "flag" && $4 == "drain" && $5 == "footprint_gib_s" {
		printf "%.1f GiB s [%.1f, %.1f] |\n", $8, $9, $10 }' \
		"$top/results/reference/$1/summary.tsv" >"$tmp/want"
	grep -qF "$(cat "$tmp/want")" "$tmp/row" || {
		cat "$tmp/want" "$tmp/row"
		return 1
	}
}

check "bold is the best cell, whoever's it is" \
	bold "drain footprint_gib_s um: - flag flag-d250 ext" 3
check "of cycles it is the highest of those that report" \
	bold "churn cycles um: off flag-d250 ext" 3
check "and of what is back within a time" bold "parked parked_mib_500 tcg: flag ext" 2
check "and of what huge pages the host keeps" \
	bold "refill host_huge_mib tcg: flag flag-o0 ext ext-p50 ext-p100" 5
check "and none if intervals overlap" \
	bold "drain t95_s tcg: - flag flag-d250 ext" ""
check "nor with two boots, which are not tested" \
	bold "sweep churn-sweep cost_gib_s_p500 um: flag flag-d250 ext" ""
check "a range has the interval of Linux 6.12" interval 6.12 ""
check "and of 7.3" interval 7.3 "7.3 "
check "README has the figures of the summaries" current "$top/README.md"
check "and so has results/README.md" current "$top/results/README.md" "$top/results/more.in"
check "a figure changed by hand is noticed" changed
check "a number without a name is refused" refused "It takes 271 ms." '"271": write {'
check "and so is one that no summary has" refused "{drain t96_s um ext}" "no summary has this"
check "and instructions that were not counted" refused "{6.12 instr repeat fly 0-3}" "has no such rows"
finish
