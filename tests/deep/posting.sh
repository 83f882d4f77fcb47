#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# posting.sh: after each patch of the first posting the tree compiles with W=1
# and under sparse, without a word that it does not say before, with and without
# free page reporting, and its KUnit tests pass, with and without page_ext=on.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
[ -n "${TREES:-}" ] || exec "$top/scripts/kernel.sh" exec "$0"
. "$top/tests/tap.sh"

src=$TREES/../../src/${TREES##*/}
posting=$top/kernel/patches/${KERNEL:-6.12}/posting
[ -d "$posting" ] || {
	ok "the first posting # SKIP Linux $KERNEL has none"
	finish
}
tree=$TREES/posting/linux
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
log=$scratch/log

cat >"$scratch/on" <<-END
	CONFIG_EXPERT=y
	CONFIG_64BIT=y
	CONFIG_SMP=y
	CONFIG_PRINTK=y
	CONFIG_DEBUG_KERNEL=y
	CONFIG_PAGE_EXTENSION=y
	CONFIG_COMPACTION=y
	CONFIG_MEMORY_HOTPLUG=y
	CONFIG_NUMA=y
	CONFIG_PCI=y
	CONFIG_VIRTIO_MENU=y
	CONFIG_VIRTIO_PCI=y
	CONFIG_VIRTIO_BALLOON=y
	CONFIG_HYPERVISOR_GUEST=y
	CONFIG_HYPERV=y
	CONFIG_HYPERV_BALLOON=y
	CONFIG_PAGE_REPORTING=y
	CONFIG_KUNIT=y
	CONFIG_PAGE_REPORTING_KUNIT_TEST=y
END
sed '/BALLOON\|HYPERV\|REPORTING/d' "$scratch/on" >"$scratch/off"
echo CONFIG_PAGE_REPORTING=n >>"$scratch/off"
{
	cat "$top/bench/config/um.config"
	printf 'CONFIG_%s=y\n' KUNIT PAGE_EXTENSION PAGE_REPORTING_KUNIT_TEST
} >"$scratch/um"

# reset_tree: upstream's source, where it is not that already
reset_tree()
{
	[ -d "$tree" ] || {
		rm -rf "$tree.tmp"
		mkdir -p "${tree%/*}"
		cp -al "$src" "$tree.tmp"
		mv "$tree.tmp" "$tree"
	}
	sed -n 's,^diff --git a/\([^ ]*\) b/.*,\1,p' "$posting"/*.patch | sort -u |
	while read -r _f; do
		rm -f "$tree/$_f"
		[ ! -e "$src/$_f" ] || cp "$src/$_f" "$tree/$_f"
	done
}

# kmake on|off|um ARG...
kmake()
{
	_out=$TREES/posting/$1 _arch=x86_64
	[ "$1" != um ] || _arch=um
	shift
	nice make -s -k -j"${JOBS:-$(nproc)}" -C "$tree" O="$_out" ARCH=$_arch \
		LOCALVERSION= CC="$PRX_CC" HOSTCC="$PRX_CC" "$@" </dev/null 9>&-
}

configure()
{
	mkdir -p "$TREES/posting/$1"
	kmake "$1" KCONFIG_ALLCONFIG="$scratch/$1" allnoconfig >"$log" 2>&1
}

# compile on|off OBJECT...: what is said goes to $scratch/said, without what a
# patch that says nothing changes: numbers of lines
compile()
{
	_config=$1
	shift
	configure "$_config" || return 1
	for _o; do
		rm -f "$TREES/posting/$_config/$_o"
	done
	kmake "$_config" W=1 C=2 CHECK=sparse "$@" >"$log" 2>&1 || return 1
	grep -E ':[0-9]+(:[0-9]+)?: ' "$log" | sed -E 's/:[0-9]+//g' | sort -u \
		>"$scratch/said"
}

# objects CONFIG: what the posting changes, and who uses that
objects()
{
	echo mm/page_alloc.o mm/page_ext.o mm/page_isolation.o
	[ "$1" = off ] || echo mm/page_reporting.o drivers/virtio/virtio_balloon.o \
		drivers/hv/hv_balloon.o
}

compiles()
{
	# shellcheck disable=SC2046 # several
	compile "$1" $(objects "$1") || {
		tail -n 30 "$log"
		return 1
	}
	comm -13 "$scratch/before.$1" "$scratch/said" >"$scratch/new"
	[ ! -s "$scratch/new" ] || {
		cat "$scratch/new"
		return 1
	}
}

builds_guest()
{
	configure um && kmake um linux >"$log" 2>&1 || {
		tail -n 30 "$log"
		return 1
	}
}

# kunit on|off: boot with page_ext=, halt after the tests. None fails, and some
# are run; all of them with page_ext=on.
kunit()
{
	TMPDIR=$scratch timeout 300 "$TREES/posting/um/linux" mem=256M \
		uml_dir="$scratch" con=null con0=null,fd:1 ssl=null panic=-1 \
		kunit.enable=1 kunit.filter_glob='page_reporting*' kunit_shutdown=halt \
		page_ext="$1" >"$log" 2>&1 </dev/null || :
	grep -q ' ok [0-9]* page_reporting$' "$log" &&
		! grep -qE 'not ok|BUG|WARNING' "$log" &&
		{ [ "$1" = off ] || ! grep -q SKIP "$log"; } || {
		tail -n 40 "$log"
		return 1
	}
	echo "# $(grep -c ' ok [0-9]* prt_' "$log") tests, $(grep -c SKIP "$log") skipped"
}

reset_tree
for c in on off; do
	# shellcheck disable=SC2046 # several
	compile $c $(objects $c) || {
		tail -n 30 "$log"
		exit 1
	}
	mv "$scratch/said" "$scratch/before.$c"
done
for p in "$posting"/*.patch; do
	n=${p##*/}
	n=${n%%-*}
	check "$n applies" patch -p1 -F0 -s -f --no-backup-if-mismatch -d "$tree" -i "$p"
	check "$n compiles, with nothing new to say" compiles on
	check "$n compiles without PAGE_REPORTING" compiles off
	check "$n builds a guest" builds_guest
	check "$n: KUnit with page_ext=on" kunit on
	check "$n: KUnit with page_ext=off" kunit off
done
finish
