#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The model's tables in tests/model/replay/README.md are what replay prints now, to
# the byte, and they are in the details of a report.
set -eu
export LC_ALL=C
top=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$top/tests/tap.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
model=$top/tests/model/replay

tables_are_the_same()
{
	sed -n '/^<!-- replay --table -->$/,/^<!-- end -->$/p' "$model/README.md" |
		sed '1d; $d' >"$tmp/readme"
	"$top/build/san/model/replay" --table "$model"/traces/*.trace >"$tmp/now" || return 1
	diff "$tmp/readme" "$tmp/now"
}

# rows FILE: the first cells of each row that is no ruler, blanks squeezed
rows()
{
	grep '^|' "$1" | grep -v '^| *---' | sed 's/ *| */|/g' | cut -d'|' -f2-4
}

details_have_them()
{
	cp "$top/results/churn-sweep/raw.tar.xz" "$tmp"
	"${PRX_BIN:-$top/build/san}/prreport" "$tmp" || return 1
	sed -n '/^## Rules against the future/,/^## W/p' "$tmp/details.md" >"$tmp/section"
	rows "$tmp/section" >"$tmp/is"
	rows "$tmp/now" | diff - "$tmp/is"
}

check "the README has what replay prints now" tables_are_the_same
check "details.md has both tables" details_have_them
finish
