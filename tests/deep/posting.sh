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
posting=$top/kernel/patches/6.12/posting
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
cat >"$scratch/um" <<-END
	CONFIG_KUNIT=y
	CONFIG_COMPACTION=y
	CONFIG_DEBUG_KERNEL=y
	CONFIG_DEBUG_VM=y
	CONFIG_DEBUG_LIST=y
	CONFIG_DEBUG_ATOMIC_SLEEP=y
	CONFIG_PROVE_LOCKING=y
	CONFIG_PAGE_REPORTING=y
	CONFIG_PAGE_REPORTING_KUNIT_TEST=y
END

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

kmake()
{
	_out=$TREES/posting/$1
	shift
	nice make -s -k -j"${JOBS:-$(nproc)}" -C "$tree" O="$_out" ARCH=x86_64 \
		LOCALVERSION= CC="$PRX_CC" HOSTCC="$PRX_CC" "$@" </dev/null 9>&-
}

# compile on|off OBJECT...: what is said goes to $scratch/said, without what a
# patch that says nothing changes: numbers of lines
compile()
{
	_config=$1
	shift
	mkdir -p "$TREES/posting/$_config"
	kmake "$_config" KCONFIG_ALLCONFIG="$scratch/$_config" allnoconfig \
		>"$log" 2>&1 || return 1
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

# kunit COMMAND ARG...: all pass that are not skipped, and some are not
kunit()
{
	_out=$TREES/posting/um
	(cd "$tree" && PYTHONDONTWRITEBYTECODE=1 nice python3 \
		tools/testing/kunit/kunit.py "$@" --build_dir="$_out" --timeout=300 \
		'page_reporting*') >"$log" 2>&1 </dev/null 9>&- &&
		grep -q 'passed: [1-9]' "$log" && ! grep -q 'passed.*failed: ' "$log" || {
		tail -n 40 "$log"
		return 1
	}
	sed -n 's/.*\(Ran [0-9]* tests: .*\)/# \1/p' "$log"
}

kunit_built()
{
	kunit run --kunitconfig="$scratch/um" --kernel_args=page_ext=on \
		--jobs="${JOBS:-$(nproc)}" --make_options="CC=$PRX_CC" \
		--make_options="HOSTCC=$PRX_CC"
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
	check "$n: KUnit with page_ext=on" kunit_built
	check "$n: KUnit with page_ext=off" kunit exec --kernel_args=page_ext=off
done
finish
