#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# 'make bench' installs every header that its programs include: 'make test' and the
# packages install more, and would hide it.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/tests/tap.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# needs_of FOR: what scripts/deps.sh wants for it, whether it is there or not
needs_of()
{
	# shellcheck disable=SC2034
	for=$1 source_line='' config_line=''
	eval "$(sed -n '/^needs()/,/^}/p' "$top/scripts/deps.sh")"
	needs | cut -f1
}

# package HEADER: of the C library's and the compiler's own none
package()
{
	for _f in /usr/include/"$1" /usr/include/"$(gcc -dumpmachine)/$1"; do
		[ ! -e "$_f" ] || dpkg -S "$_f" | cut -d: -f1 |
			grep -vx -e libc6-dev -e linux-libc-dev
	done
}

installed()
{
	grep -qx "$1" "$tmp/needs"
}

command -v dpkg >/dev/null || {
	ok "packages # SKIP this is no Debian"
	finish
}
needs_of bench >"$tmp/needs"
for p in $(grep -rhoE '^#include <[^>]+>' "$top/bench" "$top/kernel/tools/mm" --include='*.[ch]' |
	   sed 's/.*<\(.*\)>/\1/' | sort -u | while read -r h; do package "$h" || :; done | sort -u); do
	check "make bench installs $p" installed "$p"
done
check "the headers were found" [ "$tap_n" -ge 3 ]
finish
