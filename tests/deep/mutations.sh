#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# mutations.sh [NAME...]: put each deliberate bug of tests/mutations/ into a
# kernel and see the oracle or KUnit find it. "Load: SECONDS PARTS" in the patch
# says what of tests/deep/guest/load.sh it takes, "Load: 0 kunit" that it takes
# the KUnit tests; the kernel without the bug has to pass the same.
set -u
. "$(dirname "$0")/lib.sh"

# field FILE N: of its line "Load:"
field()
{
	sed -n 's/^Load: //p' "$1" | cut -d' ' -f"$2"
}

# found NAME: memory is not as it has to be, what waits is not reported, or the
# kernel complains; not that a busy host has done too little. A guest that was
# never there has found nothing.
found()
{
	grep -qs 'Linux version' "$(boot_of "$1")/console.log" || return 1
	grep -qsE "^not ok [0-9]+ - ($1: (the kernel did not complain|[a-z_]+\$)|programs find|so does the kernel|what counts as reported|what was reported|in the end nearly|node[0-9]+:)" \
		"$scratch/$1.tap"
}

# clean NAME
clean()
{
	grep -q '^1\.\.' "$scratch/$1.tap" && ! grep -q '^not ok' "$scratch/$1.tap"
}

# try NAME SECONDS PARTS: what is found goes to NAME.tap
try()
{
	(
		n=0 bad=0
		trap - EXIT
		case $3 in
		kunit) kunit "$1" ;;
		*) load "$1" "$2" "load.only=$3" movablecore=256M cma=64M ;;
		esac
		done_testing
	) >"$scratch/$1.tap" 2>&1
}

[ $# -gt 0 ] || {
	set --
	for p in "$top"/tests/mutations/*.patch; do
		p=${p##*/}
		set -- "$@" "${p%.patch}"
	done
}
for m; do
	[ -f "$top/tests/mutations/$m.patch" ] || {
		echo "mutations.sh: tests/mutations/$m.patch: no such mutation" >&2
		exit 2
	}
done

begin=$(date +%s)
ok "the kernel without a bug is built" flavor oracle
loads=
for m; do
	l=$(sed -n 's/^Load: //p' "$top/tests/mutations/$m.patch")
	case "$loads" in
	*"<$l>"*) continue ;;
	esac
	loads="$loads<$l>"
	try "none-$m" "${l% *}" "${l#* }"
	sed -n 's/^not ok [0-9]* - /# /p' "$scratch/none-$m.tap"
	ok "without a bug nothing is found: ${l#* }, ${l% *} s" clean "none-$m"
done
i=0
for m; do
	i=$((i + 1))
	p=$top/tests/mutations/$m.patch
	[ -n "$(field "$p" 1)" ] && [ -n "$(field "$p" 2)" ] || {
		ok "$m: its line 'Load: SECONDS PARTS'" false
		continue
	}
	export MUTATION=mutations/$m
	if ! flavor oracle mutant; then
		ok "$m: it is built" false
		continue
	fi
	try "$m" "$(field "$p" 1)" "$(field "$p" 2)"
	sed -n 's/^not ok [0-9]* - /# /p; /^# |.*page_reporting/p' "$scratch/$m.tap" | head -n 4
	ok "$m: found. $(head -n 1 "$p")" found "$m"
	echo "# $i of $# after $(($(date +%s) - begin)) s"
done
done_testing
