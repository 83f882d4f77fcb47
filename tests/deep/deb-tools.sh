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
left() { find "$1" -xdev -path "$1/proc" -prune -o -path "$1/sys" -prune -o \
	-path "$1/var" -prune -o -name "*page[-_]reporting*" -print; }
cp "$package" "$1/tmp/reader.deb"
chroot "$1" apt-get install -y /tmp/reader.deb
rm "$1/tmp/reader.deb"
left "$1" >"$out/installed"
chroot "$1" page-reporting --help >"$out/help"
chroot "$1" page-reporting json >"$out/json"
chroot "$1" bash -c "
	. /usr/share/bash-completion/completions/page-reporting
	COMP_WORDS=(page-reporting fl) COMP_CWORD=1
	_page_reporting
	echo \${COMPREPLY[*]}" >"$out/completed"
zcat "$1/usr/share/man/man1/page-reporting.1.gz" >"$out/manual"
chroot "$1" apt-get purge -y page-reporting
left "$1" >"$out/left"
'

try()
{
	printf 'set -eu\npackage=%s\nout=%s\n%s' "$top/$package" "$scratch" "$used" \
		>"$scratch/used"
	$as_root mmdebstrap --mode=root --variant=minbase --format=null \
		--include=bash --customize-hook="sh $scratch/used \"\$1\"" \
		"$suite" /dev/null "$scratch/sources.list" >"$scratch/all.log" 2>&1 </dev/null || {
		tail -n 20 "$scratch/all.log" >"$scratch/log"
		return 1
	}
}

# refused PATTERN VARIABLE=VALUE...: make deb does not begin, and says why
refused()
{
	_pattern=$1
	shift
	! env "$@" scripts/deb.sh all >"$scratch/log" 2>&1 && grep -q "$_pattern" "$scratch/log"
}

ok "make deb without its configuration" refused '^deb.sh: DEB_CONFIG=/nowhere: cannot be read; give' DEB_CONFIG=/nowhere
ok "make deb without lsmod's list" refused '^deb.sh: LSMOD=/nowhere: cannot be read; give' LSMOD=/nowhere
mkdir "$scratch/tmp"
ok "make deb where no kernel can be built" refused '^kernel.sh: /proc/nowhere: cannot be made; set' \
	TMPDIR="$scratch/tmp" PRX_CACHE=/proc/nowhere DEB_CONFIG=bench/config/x86_64.config
ok "leaves nothing behind" rmdir "$scratch/tmp"
ok "make deb-tools" built
[ $bad -eq 0 ] || done_testing
ok "lintian has nothing to say" clean "$package"
suite=bookworm
scripts/fetch.sh sources $suite >"$scratch/sources.list"
ok "it is installed with what it needs, and purged" try
ok "the reader runs" grep -q '^usage: page-reporting' "$scratch/help"
ok "and reads what this kernel says" python3 -c "
import json; assert json.load(open('$scratch/json'))['total_bytes'] > 0"
ok "the completion works" [ "$(cat "$scratch/completed")" = flush ]
ok "the manual is there" grep -q '^.TH PAGE-REPORTING' "$scratch/manual"
ok "it was there" grep -q 'bin/page-reporting$' "$scratch/installed"
ok "nothing stays behind" [ ! -s "$scratch/left" ]
done_testing
