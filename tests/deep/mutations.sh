#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# mutations.sh [NAME...]: put each deliberate bug of tests/mutations/ into a
# kernel and see it found. The patch's line "Load:" says by what, and the kernel
# without the bug has to pass the same:
#
# Load: SECONDS PARTS	the oracle, with these parts of tests/deep/guest/load.sh
# Load: 0 kunit		the KUnit tests
# Load: 0 e2e NAME	the script tests/e2e/NAME.sh
set -u
. "$(dirname "$0")/lib.sh"

# load_of NAME: what its line "Load:" says
load_of()
{
	sed -n 's/^Load: //p' "$top/tests/mutations/$1.patch"
}

# found NAME LOAD: memory is not as it has to be, what waits is not reported, or
# the kernel complains; not that a busy host has done too little. Of a script of
# tests/e2e/ any point. A guest that was never there has found nothing.
found()
{
	case $2 in
	*' e2e '*)
		grep -q '^ok [0-9]* - the guest is well$' "$scratch/$1.tap" &&
			grep -q '^not ok' "$scratch/$1.tap"
		return
		;;
	esac
	grep -qs 'Linux version' "$(boot_of "$1")/console.log" || return 1
	grep -qsE "^not ok [0-9]+ - ($1: (the kernel did not complain|[a-z_]+\$)|programs find|so does the kernel|what counts as reported|what was reported|in the end nearly|node[0-9]+:)" \
		"$scratch/$1.tap"
}

# clean NAME
clean()
{
	grep -q '^1\.\.' "$scratch/$1.tap" && ! grep -q '^not ok' "$scratch/$1.tap"
}

# try NAME LOAD: what is found goes to NAME.tap
try()
{
	(
		n=0 bad=0
		trap - EXIT
		case $2 in
		*' kunit') kunit "$1" ;;
		*' e2e '*) exec env PRX_KERNELS="$kernels" "tests/e2e/${2#* e2e }.sh" ;;
		*) load "$1" "${2% *}" "load.only=${2#* }" movablecore=256M cma=64M ;;
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
	l=$(load_of "$m")
	case "$loads" in
	*"<$l>"*) continue ;;
	esac
	loads="$loads<$l>"
	try "none-$m" "$l"
	sed -n 's/^not ok [0-9]* - /# /p' "$scratch/none-$m.tap"
	ok "without a bug nothing is found: ${l#* }, ${l%% *} s" clean "none-$m"
done
i=0
for m; do
	i=$((i + 1))
	l=$(load_of "$m")
	case $l in
	[0-9]*' '?*) ;;
	*)
		ok "$m: its line 'Load: SECONDS PARTS'" false
		continue
		;;
	esac
	export MUTATION=mutations/$m
	if ! flavor oracle mutant; then
		ok "$m: it is built" false
		continue
	fi
	try "$m" "$l"
	sed -n 's/^not ok [0-9]* - /# /p; /^# |.*page_reporting/p' "$scratch/$m.tap" | head -n 4
	ok "$m: found. $(head -n 1 "$top/tests/mutations/$m.patch")" found "$m" "$l"
	echo "# $i of $# after $(($(date +%s) - begin)) s"
done
done_testing
