#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# builds.sh [NAME...]: what the series adds or changes compiles in each of these
# configurations, with W=1 and sparse and without a word, and links where that
# is cheap; coccicheck and kernel-doc find nothing.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
[ -n "${TREES:-}" ] || exec "$top/scripts/kernel.sh" exec "$0" "$@"
. "$top/tests/tap.sh"

tree=$TREES/patched/linux
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log
objects="mm/page_alloc.o mm/page_ext.o mm/page_reporting.o mm/page_reporting_ext.o
mm/page_reporting_debugfs.o mm/page_reporting_oracle.o mm/walk_free_mem.o
drivers/virtio/virtio_balloon.o"
basic="CONFIG_EXPERT=y CONFIG_64BIT=y CONFIG_SMP=y CONFIG_PRINTK=y CONFIG_BUG=y
CONFIG_MODULES=y CONFIG_DEBUG_KERNEL=y CONFIG_DEBUG_FS=y CONFIG_COMPACTION=y
CONFIG_PAGE_EXTENSION=y CONFIG_PAGE_REPORTING=y CONFIG_PAGE_REPORTING_DEBUG=y
CONFIG_PAGE_REPORTING_ORACLE=y CONFIG_VIRTIO_MENU=y CONFIG_PCI=y
CONFIG_VIRTIO_PCI=y CONFIG_VIRTIO_BALLOON=y"

# NAME ARCH OBJECTS SYMBOL=VALUE...: on top of the above. A minus leaves objects
# out; "all" is allmodconfig; "link" makes the kernel, too.
matrix()
{
	cat <<-END
	smp-n x86_64 link CONFIG_SMP=n
	debugfs-n x86_64 - CONFIG_DEBUG_FS=n CONFIG_PAGE_REPORTING_ORACLE=n
	page_reporting-n x86_64 link CONFIG_PAGE_REPORTING=n CONFIG_VIRTIO_BALLOON=n CONFIG_PAGE_EXTENSION=n
	page_extension-n x86_64 - CONFIG_PAGE_REPORTING=n CONFIG_VIRTIO_BALLOON=n CONFIG_PAGE_EXTENSION=n CONFIG_MEMORY_HOTPLUG=y
	hotplug x86_64 - CONFIG_MEMORY_HOTPLUG=y CONFIG_MEMORY_HOTREMOVE=y CONFIG_NUMA=y CONFIG_CMA=y CONFIG_TRANSPARENT_HUGEPAGE=y
	kunit x86_64 - CONFIG_KUNIT=y CONFIG_PAGE_REPORTING_KUNIT_TEST=y CONFIG_X86_MCE=y CONFIG_MEMORY_FAILURE=y
	flatmem i386 - CONFIG_64BIT=n CONFIG_FLATMEM_MANUAL=y
	i386 i386 - CONFIG_64BIT=n CONFIG_HIGHMEM64G=y CONFIG_SPARSEMEM_MANUAL=y
	arm64 arm64 - CONFIG_ARM64_4K_PAGES=y CONFIG_TRANSPARENT_HUGEPAGE=y
	arm64-16k arm64 - CONFIG_ARM64_16K_PAGES=y CONFIG_TRANSPARENT_HUGEPAGE=y
	arm64-64k arm64 - CONFIG_ARM64_64K_PAGES=y
	allmodconfig x86_64 all
	END
}

# kmake ARCH OUT ARG...
kmake()
{
	_arch=$1 _out=$2
	shift 2
	set -- O="$_out" ARCH="$_arch" LOCALVERSION= HOSTCC="$PRX_CC" "$@"
	case $_arch in
	arm64)
		set -- "$@" CROSS_COMPILE=aarch64-linux-gnu-
		case $PRX_CC in
		ccache*) set -- "$@" CC="ccache aarch64-linux-gnu-gcc" ;;
		esac
		;;
	*) set -- "$@" CC="$PRX_CC" ;;
	esac
	nice make -C "$tree" "$@" 9>&-
}

# configured OUT SYMBOL=VALUE...: each of them was granted
configured()
{
	_config=$1/.config
	shift
	for _s; do
		case $_s in
		*=n) ! grep "^${_s%=n}=" "$_config" ;;
		*) grep -qx "$_s" "$_config" ;;
		esac || {
			echo "# $_s was not granted"
			return 1
		}
	done
}

# quiet: nothing is said of a file that is ours or that we change
quiet()
{
	! grep -nE '(page_reporting[a-z_]*|walk_free_mem|page_alloc|page_ext|virtio_balloon|page_reporting_kunit)\.[ch]:[0-9]+.*(warning|error)' "$log"
}

# compile NAME ARCH WHAT SYMBOL=VALUE...
compile()
{
	_name=$1 _a=$2 _what=$3
	shift 3
	_o=$TREES/builds/$_name
	mkdir -p "$_o"
	if [ "$_what" = all ]; then
		kmake "$_a" "$_o" -s allmodconfig >"$log" 2>&1
	else
		# the later of two has the last word
		# shellcheck disable=SC2086
		printf '%s\n' $basic "$@" | awk -F= '{ v[$1] = $2 }
			END { for (s in v) print s "=" v[s] }' >"$scratch/config"
		kmake "$_a" "$_o" -s KCONFIG_ALLCONFIG="$scratch/config" \
			allnoconfig >"$log" 2>&1
		configured "$_o" "$@"
	fi || return 1
	_list=
	for _obj in $objects; do
		case $_obj in
		*/page_reporting_oracle.o) _s=CONFIG_PAGE_REPORTING_ORACLE ;;
		*/page_reporting_debugfs.o) _s=CONFIG_PAGE_REPORTING ;;
		*/page_reporting*.o | */walk*.o) _s=CONFIG_PAGE_REPORTING ;;
		*/page_ext.o) _s=CONFIG_PAGE_EXTENSION ;;
		*/virtio_balloon.o) _s=CONFIG_VIRTIO_BALLOON ;;
		*) _s=CONFIG_MMU ;;
		esac
		! grep -q "^$_s=[ym]" "$_o/.config" || _list="$_list $_obj"
	done
	# shellcheck disable=SC2086
	kmake "$_a" "$_o" -s -k -j"${JOBS:-$(nproc)}" W=1 C=1 CHECK=sparse \
		$_list >"$log" 2>&1 || return 1
	[ "$_what" != link ] ||
		kmake "$_a" "$_o" -s -j"${JOBS:-$(nproc)}" vmlinux >"$log" 2>&1
}

matrix | while read -r name arch what rest; do
	case " ${*:-$name} " in
	*" $name "*) echo "$name $arch $what $rest" ;;
	esac
done >"$scratch/matrix"
while read -r name arch what rest; do
	start=$(date +%s)
	if [ "$arch" = arm64 ] && ! command -v aarch64-linux-gnu-gcc >/dev/null; then
		ok "$name: compiles # SKIP aarch64-linux-gnu-gcc is missing"
		continue
	fi
	# shellcheck disable=SC2086
	check "$name: compiles with W=1 under sparse" compile "$name" "$arch" "$what" $rest
	check "$name: without a warning" quiet
	[ $tap_bad -eq 0 ] || tail -n 20 "$log" | sed 's/^/# /'
	echo "# $name: $(($(date +%s) - start)) s"
done <"$scratch/matrix"
[ $# -eq 0 ] || finish

# ours MODE: spatch on our files with the tree's own semantic patches; these are
# the ones that speak of what our files do
coccicheck()
{
	for _f in "$top"/kernel/mm/*.c "$top"/kernel/arch/um/drivers/*.c "$top"/bench/alloc/*.c; do
		for _c in "$tree"/scripts/coccinelle/*/*.cocci; do
			# not written for this mode
			grep -q 'virtual report' "$_c" || continue
			nice spatch --very-quiet --no-show-diff -D report --no-includes \
				--cocci-file "$_c" "$_f" 2>/dev/null
		done
	done >"$log"
	! grep . "$log"
}
if command -v spatch >/dev/null; then
	check "coccicheck has nothing to say" coccicheck
else
	ok "coccicheck has nothing to say # SKIP spatch is missing (package coccinelle)"
fi

kerneldoc()
{
	(cd "$tree" && find "$top/kernel" -name '*.[ch]' -print0 |
		xargs -0 perl scripts/kernel-doc -none -Wall) >"$log" 2>&1
	! grep -E 'warning|error' "$log"
}
check "kernel-doc has nothing to say" kerneldoc
finish
