#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The package of the reader: installed in a Debian system made for that, used, and
# purged again.
. "$(dirname "$0")/lib.sh"

as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo

built()
{
	make -s deb-tools >"$scratch/log" 2>&1 &&
		package=$(echo build/deb/page-reporting_*.deb) && [ -f "$package" ]
}

# clean PACKAGE: lintian has nothing to say. There is no bug that asks for it.
clean()
{
	lintian --fail-on warning,error --suppress-tags initial-upload-closes-no-bugs \
		--allow-root "$1" >"$scratch/log" 2>&1
}

# in the new system, whose root is $1
used='
before=$(chroot "$1" find / -xdev -path /proc -prune -o -path /sys -prune -o \
	-path /var -prune -o -print | sort)
cp "$package" "$1/tmp/reader.deb"
chroot "$1" apt-get install -y /tmp/reader.deb
rm "$1/tmp/reader.deb"
chroot "$1" page-reporting --help >"$out/help"
chroot "$1" page-reporting json >"$out/json"
chroot "$1" bash -c "
	. /usr/share/bash-completion/completions/page-reporting
	COMP_WORDS=(page-reporting fl) COMP_CWORD=1
	_page_reporting
	echo \${COMPREPLY[*]}" >"$out/completed"
zcat "$1/usr/share/man/man1/page-reporting.1.gz" >"$out/manual"
chroot "$1" apt-get purge -y page-reporting
after=$(chroot "$1" find / -xdev -path /proc -prune -o -path /sys -prune -o \
	-path /var -prune -o -print | sort)
[ "$before" = "$after" ] && touch "$out/purged"
'

try()
{
	printf 'set -eux\npackage=%s\nout=%s\n%s' "$top/$package" "$scratch" "$used" \
		>"$scratch/used"
	$as_root mmdebstrap --mode=root --variant=minbase --format=null \
		--include=bash --customize-hook="sh $scratch/used \"\$1\"" \
		"$suite" /dev/null "$scratch/sources.list" >"$scratch/log" 2>&1 </dev/null
}

ok "make deb-tools" built || done_testing
ok "lintian has nothing to say" clean "$package"
suite=bookworm
scripts/fetch.sh sources $suite >"$scratch/sources.list"
ok "it is installed with what it needs, and purged" try
ok "the reader runs" grep -q '^usage: page-reporting' "$scratch/help"
ok "and reads what this kernel says" python3 -c "
import json; assert json.load(open('$scratch/json'))['total_bytes'] > 0"
ok "the completion works" [ "$(cat "$scratch/completed")" = flush ]
ok "the manual is there" grep -q '^.TH PAGE-REPORTING' "$scratch/manual"
ok "nothing stays behind" [ -e "$scratch/purged" ]
done_testing
