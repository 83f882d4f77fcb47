#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# replaces.sh SERIES TREE...: print kernel/patches/SERIES/replaces, made of the
# trees of the releases that were tested: the sums of the files that the overlay
# replaces or deletes, then what each of them declares
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/scripts/lib.sh"

[ $# -ge 2 ] || die "usage: $me SERIES TREE..."
series=$kdir/patches/$1
[ -f "$series/series" ] || die "$1: no patches for it"
shift
files=$(overlay_list "$series" all)
for f in $files; do
	for t; do
		[ ! -f "$t/$f" ] || (cd "$t" && sha256sum "$f")
	done | sort -u
done
for f in $files; do
	for t; do
		[ ! -f "$t/$f" ] || declared "$t/$f"
	done | sort -u | awk -v f="$f" 'NR == 1 { print f ":" } { print "\t" $0 }'
done
