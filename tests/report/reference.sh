#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The reference run is what its raw data say, to the byte, read from the archive
# as it lies there. Pictures are only the same from the same gnuplot; report.html,
# which holds all of them, is made when somebody wants it.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$top/tests/tap.sh"

ref=$top/results/reference
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

same()
{
	cmp "$ref/$1" "$tmp/$1"
}

rebuilt()
{
	"${PRX_BIN:-$top/build/san}/prreport" "$tmp"
}

instructions()
{
	"${PRX_BIN:-$top/build/san}/prreport" "$tmp/instructions" || return 1
	for _f in summary.tsv answers.tsv report.md; do
		cmp "$top/results/instructions/$_f" "$tmp/instructions/$_f" || return 1
	done
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
for f in summary.tsv comparisons.tsv answers.tsv report.md; do
	check "$f is the same" same $f
done
mkdir "$tmp/instructions"
cp "$top/results/instructions/raw.tar.xz" "$tmp/instructions"
check "so can that of the instructions" instructions
check "report.html is whole" [ "$(tail -n 1 "$tmp/report.html")" = "</html>" ]
check "no file of the reference is larger than 2 MB" \
	[ -z "$(find "$ref" -type f -size +2048k)" ]
made=$(sed -n 's/.*Produced by GNUPLOT \([^<]*[0-9]\).*/\1/p' "$ref/plots/drain-um.svg")
here=$(gnuplot --version | sed 's/^gnuplot //')
if [ "$made" = "$here" ]; then
	check "the pictures are the same" pictures
else
	ok "the pictures are the same # SKIP drawn by gnuplot $made, here is $here"
fi
finish
