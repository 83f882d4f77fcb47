#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# releases.sh: the series on every point release that the distribution's mirror
# serves, see tests/releases.sh; and on the oldest and the newest what it touches
# compiles, for x86_64 and User Mode Linux, without a warning.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$top/tests/tap.sh"
. "$top/scripts/lib.sh"
series=${KERNEL:-6.12}

# what the series changes or adds, and who uses it
common="mm/page_alloc.o mm/page_ext.o mm/page_isolation.o mm/compaction.o
mm/vmstat.o mm/page_reporting/"
objects_x86_64="$common drivers/virtio/virtio_balloon.o"
objects_um="$common arch/um/kernel/time.o arch/um/drivers/page_reporting_um.o"

# compile ARCH: in the trees that kernel.sh has made
compile()
{
	out=$TREES/objects-$1
	mkdir -p "$out"
	cat "$top/bench/config/$1.config" >"$out/fragment"
	printf 'CONFIG_%s=y\n' PAGE_EXTENSION PAGE_REPORTING_DEBUG \
		PAGE_REPORTING_ORACLE KUNIT PAGE_REPORTING_KUNIT_TEST WERROR \
		>>"$out/fragment"
	eval "set -- $1 \$objects_$1"
	_arch=$1
	shift
	own=$top/bench/config/$series/$_arch.config
	[ ! -f "$own" ] || cat "$own" >>"$out/fragment"
	for t in allnoconfig "$*"; do
		# shellcheck disable=SC2086 # objects
		nice make -s -C "$TREES/patched/linux" O="$out" ARCH="$_arch" \
			LOCALVERSION= CC="$PRX_CC" HOSTCC="$PRX_CC" -j"${JOBS:-$(nproc)}" \
			KCONFIG_ALLCONFIG="$out/fragment" $t </dev/null 9>&-
	done
}

[ $# -eq 0 ] || {
	compile "$1"
	exit
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log

# compiles RELEASE ARCH
compiles()
{
	tarball=$("$top/scripts/fetch.sh" get "$1") || return
	KSRC=$tarball PRX_BUILD=$scratch "$top/scripts/kernel.sh" exec "$0" "$2" \
		>"$log" 2>&1 </dev/null || {
		tail -n 20 "$log" | sed 's/^/# /'
		return 1
	}
}

{ "$top/tests/releases.sh" all || :; } | tee "$log" | grep --line-buffered -v '^1\.\.' || :
tap_n=$(grep -cE '^(not )?ok ' "$log" || :)
! grep -q '^not ok ' "$log" || tap_bad=1
check "the releases were tested to the end" grep -qx "1\.\.$tap_n" "$log"
served=$("$top/scripts/fetch.sh" list "$series" | cut -d' ' -f1 | sed -n '1p; $p' | uniq) || served=
[ -n "$served" ] || ok "what the series touches compiles # SKIP no mirror serves a release"
for r in $served; do
	for a in x86_64 um; do
		check "$r: what the series touches compiles for $a" compiles "$r" "$a"
	done
	# unpacked again in seconds
	rm -rf "$cache/src/linux-$r-"* "$cache/trees/linux-$r-"*
done
finish
