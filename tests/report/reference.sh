#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The reference run is what its raw data say, to the byte, read from the archive
# as it lies there. Pictures are only the same from the same gnuplot; report.html
# and details.html, which hold them, are made when somebody wants them.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$top/tests/tap.sh"

ref=$top/results/reference/6.12
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

same()
{
	cmp "$ref/$1" "$tmp/$1"
}

# That a variant differs from itself, as in one run of twenty, is in the report
rebuilt()
{
	"${PRX_BIN:-$top/build/san}/prreport" "$tmp" 2>"$tmp/err" && return
	cat "$tmp/err"
	[ -s "$tmp/err" ] && ! grep -v '^prreport: [^:]*: A/A: ' "$tmp/err" &&
		grep -q '^\*\*The same variant under two names differs in ' "$tmp/details.md"
}

# made_again RUN: another committed run can be made from its raw data, too
made_again()
{
	mkdir -p "$tmp/$1"
	cp "$top/results/$1/raw.tar.xz" "$tmp/$1"
	"${PRX_BIN:-$top/build/san}/prreport" "$tmp/$1" || return 1
	for _f in summary.tsv answers.tsv report.md details.md; do
		cmp "$top/results/$1/$_f" "$tmp/$1/$_f" || return 1
	done
}

# What has a line has a mark. The page flag has nothing back 500 ms after a flush:
# there is no ratio to that, and no line.
no_empty_line()
{
	! grep -q '^line\[.*"parked: ' "$tmp/plots/forest.gp" || return 1
	awk 'FNR == NR { marked[$1]; next }
	     /^line\[/ && !/= ""$/ { split($0, at, /[][]/); n++; bad += !(at[2] in marked) }
	     END { exit !n || bad }' "$tmp/plots/forest.dat" "$tmp/plots/forest.gp"
}

pictures()
{
	for _svg in "$ref"/plots/*.svg; do
		same "plots/${_svg##*/}" || return 1
	done
	for _svg in "$tmp"/plots/*.svg; do
		[ -e "$ref/plots/${_svg##*/}" ] || {
			echo "$ref lacks plots/${_svg##*/}"
			return 1
		}
	done
}

cp "$ref/raw.tar.xz" "$tmp"
check "the report can be made from its raw data" rebuilt
for f in summary.tsv comparisons.tsv answers.tsv report.md details.md; do
	check "$f is the same" same $f
done
check "each line of its forest has a mark" no_empty_line
check "so can that of the sweep" made_again churn-sweep
check "and that of the sizes" made_again scale
check "and that of Linux 7.3" made_again reference/7.3
check "and that of two CPUs at the allocator" made_again contend
for f in report.html details.html; do
	check "$f is whole" [ "$(tail -n 1 "$tmp/$f")" = "</html>" ]
done
check "no committed file of the reference is larger than 2 MB" \
	[ -z "$(find "$ref" -type f ! -name '*.html' ! -name '*.png' -size +2048k)" ]
made=$(sed -n 's/.*Produced by GNUPLOT \([^<]*[0-9]\).*/\1/p' "$ref/plots/drain-um.svg")
here=$(gnuplot --version | sed 's/^gnuplot //')
if [ "$made" = "$here" ]; then
	check "the pictures are the same" pictures
	for f in churn-sweep/plots/sweep-um.svg churn-sweep/plots/sweep-tcg.svg \
			scale/plots/size-um.svg scale/plots/size-icount.svg \
			reference/7.3/plots/drain-um.svg reference/7.3/plots/drain-tcg.svg \
			contend/plots/contend-um.svg; do
		check "and so is ${f##*/}" cmp "$top/results/$f" "$tmp/$f"
	done
else
	ok "the pictures are the same # SKIP drawn by gnuplot $made, here is $here"
fi
finish
