#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# releases.sh: the series on every point release that the distribution's mirror
# serves, see tests/releases.sh; and on the oldest and the newest what it touches
# compiles, for x86_64 and User Mode Linux, without a warning.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$top/tests/tap.sh"
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
	cat "$top/bench/config/$1.config" "$top/bench/config/patched.config" >"$out/fragment"
	printf 'CONFIG_%s=y\n' PAGE_REPORTING_DEBUG PAGE_REPORTING_ORACLE KUNIT \
		PAGE_REPORTING_KUNIT_TEST WERROR >>"$out/fragment"
	eval "set -- $1 \$objects_$1"
	_arch=$1
	shift
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

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# compiles RELEASE ARCH
compiles()
{
	KSRC=$("$top/scripts/fetch.sh" get "$1") "$top/scripts/kernel.sh" exec \
		"$0" "$2" >"$log" 2>&1 </dev/null && ! grep -E 'warning:' "$log" || {
		tail -n 20 "$log" | sed 's/^/# /'
		return 1
	}
}

"$top/tests/releases.sh" all | grep -v '^1\.\.' | tee "$log" || :
tap_n=$(grep -cE '^(not )?ok ' "$log" || :)
! grep -q '^not ok ' "$log" || tap_bad=1
for r in $("$top/scripts/fetch.sh" list "$series" | cut -d' ' -f1 | sed -n '1p; $p' | sort -u); do
	for a in x86_64 um; do
		check "$r: what the series touches compiles for $a" compiles "$r" "$a"
	done
done
finish
