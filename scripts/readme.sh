#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# readme.sh		write README's chapter of results from results/readme.in, and that
#			of results/README.md from results/more.in; with $README and
#			$TEMPLATE that one alone
# readme.sh --print	print what comes of $TEMPLATE, or of results/readme.in
#
# Whatever is measured stands in braces there, and its value comes from a
# committed summary, so a digit outside of braces is an error:
#
#	{WORKLOAD METRIC PLATFORM VARIANT}	the median with its unit, unless that
#		is by the minute, or by the second and in millions
#	{n WORKLOAD METRIC PLATFORM VARIANT}	how many boots it is of
#	{row WORKLOAD METRIC PLATFORM: VARIANTS}	cells of a table, - is an empty
#		one; from 6 boots on the best of those that report is bold if its
#		interval overlaps no other's
#	{range ...}	the same, each with its interval
#	{SERIES instr MODE OP FIRST-LAST}	range of ext - flag over these orders
#	{7.3 WORKLOAD ...}, also after row, range and n: of Linux 7.3's reference;
#		{sweep WORKLOAD ...} of results/churn-sweep
#	{run KEY}	of the reference's run.json; {run sweep_KEY} of the sweep's,
#		{run next_KEY} and {run contend_KEY} of those of 7.3 and results/contend
#	{=TEXT}		a setting or a name: not measured
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/scripts/lib.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# facts DIR PREFIX: what its run.json says, a line each
facts()
{
	tar -xJf "$top/results/$1/raw.tar.xz" -C "$tmp" run.json ||
		die "results/$1/raw.tar.xz holds no run.json: get it from git again"
	tr ',{}' '\n\n\n' <"$tmp/run.json" |
		sed -n "s/^ *\"\([a-z_]*\)\": *\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/run\t$2\1\t\2/p"
}
{
	facts reference/6.12 ''
	facts churn-sweep sweep_
	facts reference/7.3 next_
	facts contend contend_
} >"$tmp/run"

# chapter TEMPLATE DOCUMENT: into $tmp/chapter
chapter()
{
	LC_ALL=C awk -F '\t' -v name="${1##*/}" '
function fail(why) {
	print name ": " why > "/dev/stderr"
	bad = 1
	return "?"
}
# number(KEY, V): as people read it, without its unit
function number(key, v,	u) {
	u = unit[key]
	if (v == "inf")
		return "never"
	if (u == "1/s" && median[key] >= 1000000)
		return sprintf("%.2f", v / 1000000)
	if (u == "s" || u ~ /^GiB[*]s/ || u == "count" && v != int(v))
		v = sprintf(u == "s" && v < 1 ? "%.2f" : "%.1f", v)
	else
		v = sprintf(key ~ / pass_ms/ ? "%.2f" : "%.0f", v)
	return v == 0 ? "0" : v
}
# value(KEY): a median with its unit
function value(key,	v, u) {
	if (!(key in median))
		return fail("{" key "}: no summary has this; see results/reference/6.12/summary.tsv")
	v = number(key, median[key])
	u = unit[key]
	gsub(/\*/, " ", u)
	if (v == "0" || v == "never")
		return v
	return u ~ /^(count|instr|1[\/]s|.*[\/]min)$/ ? v : v " " u
}
# interval(KEY): of the median; nothing if all boots agree
function interval(key,	lo, hi) {
	lo = number(key, low[key])
	hi = number(key, high[key])
	return lo == hi ? "" : " [" lo ", " hi "]"
}
# best(KEY, KEYS, N): 1 if the interval of KEY lies wholly on the good side of all
function best(key, keys, n,	i, k, alone) {
	if (boots[key] < 6)
		return 0
	for (i = 1; i <= n; i++) {
		k = keys[i]
		if (k == key || !(k in median) || k ~ / off$/)
			continue
		alone = 1
		if (key ~ / (cycles(_p[0-9]+)?|guests_fit|host_huge_mib|ops_s|kept_percent|parked_mib_[0-9]+) / ? low[key] + 0 <= high[k] + 0 : \
		    high[key] == "inf" || (low[k] != "inf" && high[key] + 0 >= low[k] + 0))
			return 0
	}
	return alone && key !~ / off$/
}
function row(spec, range,	head, v, n, i, keys, out, text) {
	head = spec
	sub(/:.*/, "", head)
	sub(/[^:]*: */, "", spec)
	n = split(spec, v, / +/)
	for (i = 1; i <= n; i++)
		keys[i] = head " " v[i]
	for (i = 1; i <= n; i++) {
		text = v[i] == "-" ? "" : value(keys[i])
		if (text != "" && best(keys[i], keys, n))
			text = "**" text "**"
		if (range && (keys[i] in median))
			text = text interval(keys[i])
		out = out (i > 1 ? " | " : "") text
	}
	gsub(/\|  \|/, "| |", out)
	return out
}
function signed(v) {
	v = sprintf("%.0f", v) + 0
	return v < 0 ? "−" (-v) : v > 0 ? "+" v : "0"
}
function instructions(run, mode, op, orders,	o, r, k, d, lo, hi, any) {
	split(orders, r, "-")
	for (o = r[1]; o <= (r[2] == "" ? r[1] : r[2]); o++) {
		k = (run == "6.12" ? "" : run " ") "alloc-" mode " " op "_o" o "_instr icount "
		if (!((k "ext") in median && (k "flag") in median))
			continue
		d = median[k "ext"] - median[k "flag"]
		if (!any || d < lo)
			lo = d
		if (!any || d > hi)
			hi = d
		any = 1
	}
	if (!any)
		return fail("{" run " instr " mode " " op " " orders "}: its summary.tsv has no such rows")
	return signed(lo) == signed(hi) ? signed(lo) : signed(hi) " to " signed(lo)
}
function expand(s,	w, n) {
	gsub(/[ \n]+/, " ", s)
	if (s ~ /^=/)
		return substr(s, 2)
	n = split(s, w, / /)
	if (w[1] == "row" || w[1] == "range")
		return row(substr(s, length(w[1]) + 2), w[1] == "range")
	if (w[1] == "n" && (substr(s, 3) in boots))
		return boots[substr(s, 3)]
	if (w[2] == "instr" && n == 5)
		return instructions(w[1], w[3], w[4], w[5])
	if (w[1] == "run")
		return n == 2 && (w[2] in run) ? run[w[2]] : fail("{" s "}: not in run.json")
	return value(s)
}
function literal(s) {
	if (match(s, /[^ |]*[0-9][^ |]*/))
		fail("\"" substr(s, RSTART, RLENGTH) "\": write {WORKLOAD METRIC PLATFORM VARIANT} for what is measured, {=...} for what is not")
	return s
}
# what a merged run was made of comes after its own
what == "run" && $2 in run { next }
what == "run" { run[$2] = $2 ~ /commit$/ ? substr($3, 1, 7) : $3; next }
what == "template" { text = text $0 "\n"; next }
{
	key = $4 " " $5 " " $1 " " $3
	if (what != "then")
		key = what " " key
	boots[key] = $7
	median[key] = $8
	low[key] = $9
	high[key] = $10
	unit[key] = $6
}
END {
	while (match(text, /[{][^}]*[}]/)) {
		before = substr(text, 1, RSTART - 1)
		inside = substr(text, RSTART + 1, RLENGTH - 2)
		text = substr(text, RSTART + RLENGTH)
		out = out literal(before) expand(inside)
	}
	printf "%s%s", out, literal(text)
	exit bad
}' what=run "$tmp/run" what=then "$top/results/reference/6.12/summary.tsv" \
	"$top/results/scale/summary.tsv" what=sweep "$top/results/churn-sweep/summary.tsv" \
	what=7.3 "$top/results/reference/7.3/summary.tsv" "$top/results/contend/summary.tsv" \
	what=template "$1" \
	>"$tmp/chapter" ||
	die "${2#"$top/"} is as it was; mend ${1#"$top/"}"
}

# write DOCUMENT TEMPLATE
write()
{
	begin="<!-- from results/${2##*/}: make readme -->" end='<!-- end -->'
	chapter "$2" "$1"
	[ "$(grep -cxF -e "$begin" -e "$end" "$1")" = 2 ] ||
		die "${1#"$top/"} lacks the lines \"$begin\" and \"$end\" around its results"
	awk -v begin="$begin" -v end="$end" -v chapter="$tmp/chapter" '
		$0 == end { skip = 0 }
		!skip
		$0 == begin { skip = 1; while ((getline line < chapter) > 0) print line }
	' "$1" >"$tmp/document"
	cmp -s "$tmp/document" "$1" || cat "$tmp/document" >"$1"
}

case ${1:-} in
--print)
	chapter "${TEMPLATE:-$top/results/readme.in}" "what is printed"
	cat "$tmp/chapter"
	;;
'')
	if [ -n "${README:-}" ]; then
		write "$README" "${TEMPLATE:-$top/results/readme.in}"
	else
		write "$top/README.md" "$top/results/readme.in"
		write "$top/results/README.md" "$top/results/more.in"
	fi
	;;
*) die "usage: readme.sh [--print]" ;;
esac
