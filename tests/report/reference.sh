#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The reference run is what its raw data say, to the byte. Pictures are only the
# same from the same gnuplot.
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
tar -xJf "$tmp/raw.tar.xz" -C "$tmp"
check "the report can be made from its raw data" rebuilt
for f in summary.tsv report.md; do
	check "$f is the same" same $f
done
made=$(sed -n 's/.*Produced by GNUPLOT \([^<]*[0-9]\).*/\1/p' "$ref/plots/drain-um.svg")
here=$(gnuplot --version | sed 's/^gnuplot //')
if [ "$made" = "$here" ]; then
	check "report.html is the same" same report.html
	check "the pictures are the same" pictures
else
	ok "report.html is the same # SKIP drawn by gnuplot $made, here is $here"
	ok "the pictures are the same # SKIP drawn by gnuplot $made, here is $here"
fi
finish
