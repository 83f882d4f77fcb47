#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# builds.sh [NAME...]: what the series adds or changes compiles in each of these
# configurations, with W=1 and under sparse, without a word that the tree does
# not say without it, and finds what it calls; coccicheck and kernel-doc find
# nothing.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
[ -n "${TREES:-}" ] || exec "$top/scripts/kernel.sh" exec "$0" "$@"
. "$top/tests/tap.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
log=$scratch/log
tree=$TREES/patched/linux

# each with what it takes to be built; changed by the series, new, or a user
changed="PAGE_REPORTING|MMU:mm/page_alloc.o PAGE_EXTENSION:mm/page_ext.o
VIRTIO_BALLOON:drivers/virtio/virtio_balloon.o"
room=mm/page_reporting
# as its Makefile says; the walker is built for whoever selects it
new="$(awk -v room=$room '/^obj-/ {
	gsub(/^obj-(\$\(CONFIG_)?|\)$/, "", $1)
	for (i = 3; i <= NF; i++)
		print ($1 == "y" ? "PAGE_REPORTING|WALK_FREE_MEM" : $1) ":" room "/" $i
}' "$top/kernel/$room/Makefile")
UML_PAGE_REPORTING:arch/um/drivers/page_reporting_um.o"
users="HYPERV_BALLOON:drivers/hv/hv_balloon.o"

basic="CONFIG_EXPERT=y CONFIG_64BIT=y CONFIG_SMP=y CONFIG_PRINTK=y CONFIG_BUG=y
CONFIG_MODULES=y CONFIG_DEBUG_KERNEL=y CONFIG_DEBUG_FS=y CONFIG_COMPACTION=y
CONFIG_PAGE_EXTENSION=y CONFIG_PAGE_REPORTING=y CONFIG_PAGE_REPORTING_DEBUG=y
CONFIG_PAGE_REPORTING_ORACLE=y CONFIG_KUNIT=y CONFIG_PAGE_REPORTING_KUNIT_TEST=y
CONFIG_VIRTIO_MENU=y CONFIG_PCI=y CONFIG_VIRTIO_PCI=y CONFIG_VIRTIO_BALLOON=y"

# NAME ARCH WHAT SYMBOL=VALUE...: these on top of the above. WHAT is "-", or "all"
# for allmodconfig.
matrix()
{
	cat <<-END
	smp-n x86_64 - CONFIG_SMP=n
	debugfs-n x86_64 - CONFIG_DEBUG_FS=n CONFIG_PAGE_REPORTING_ORACLE=n
	page_reporting-n x86_64 - CONFIG_PAGE_REPORTING=n CONFIG_VIRTIO_BALLOON=n
	page_extension-n x86_64 - CONFIG_PAGE_REPORTING=n CONFIG_VIRTIO_BALLOON=n CONFIG_PAGE_EXTENSION=n CONFIG_MEMORY_HOTPLUG=y
	plain x86_64 - CONFIG_PAGE_REPORTING_DEBUG=n CONFIG_PAGE_REPORTING_ORACLE=n CONFIG_KUNIT=n CONFIG_COMPACTION=n
	hotplug x86_64 - CONFIG_MEMORY_HOTPLUG=y CONFIG_MEMORY_HOTREMOVE=y CONFIG_NUMA=y CONFIG_CMA=y CONFIG_TRANSPARENT_HUGEPAGE=y CONFIG_X86_MCE=y CONFIG_MEMORY_FAILURE=y CONFIG_HYPERVISOR_GUEST=y CONFIG_HYPERV=y CONFIG_HYPERV_BALLOON=y
	flatmem i386 - CONFIG_64BIT=n CONFIG_FLATMEM_MANUAL=y
	i386 i386 - CONFIG_64BIT=n CONFIG_HIGHMEM64G=y CONFIG_SPARSEMEM_MANUAL=y
	um um - CONFIG_UML_PAGE_REPORTING=y CONFIG_SMP=n
	arm64 arm64 - CONFIG_ARM64_4K_PAGES=y CONFIG_TRANSPARENT_HUGEPAGE=y
	arm64-16k arm64 - CONFIG_ARM64_16K_PAGES=y CONFIG_TRANSPARENT_HUGEPAGE=y
	arm64-64k arm64 - CONFIG_ARM64_64K_PAGES=y
	allmodconfig x86_64 all CONFIG_WERROR=n
	END
}

# kmake TREE ARCH OUT ARG...
kmake()
{
	_tree=$1 _arch=$2 _o=$3
	shift 3
	set -- -s -j"${JOBS:-$(nproc)}" O="$_o" ARCH="$_arch" LOCALVERSION= \
		HOSTCC="$PRX_CC" "$@"
	case $_arch in
	arm64) set -- "$@" CROSS_COMPILE=aarch64-linux-gnu- \
		CC="${PRX_CC%gcc}aarch64-linux-gnu-gcc" ;;
	*) set -- "$@" CC="$PRX_CC" ;;
	esac
	nice make -C "$TREES/$_tree/linux" "$@" </dev/null 9>&-
}

# wanted CONFIG PAIR...: the objects that this configuration has
wanted()
{
	_config=$1
	shift
	for _pair; do
		! grep -qE "^CONFIG_(${_pair%:*})=[ym]" "$_config" || echo "${_pair#*:}"
	done
}

# compile TREE NAME ARCH WHAT SYMBOL=VALUE...: configure, then compile anew, so
# that all warnings are given; what is said goes to $log. Tools that the build
# needs are made once for an architecture.
compile()
{
	_t=$1 _a=$3 _kind=$4 _out=$TREES/builds/$1-$3
	shift 4
	if [ "$_kind" = all ]; then
		_kind=allmodconfig
	else
		# shellcheck disable=SC2086
		set -- $basic "$@"
		_kind=allnoconfig
	fi
	mkdir -p "$_out"
	# the later of two has the last word
	printf '%s\n' "$@" | awk -F= '{ v[$1] = $2 }
		END { for (s in v) print s "=" v[s] }' >"$scratch/config"
	kmake "$_t" "$_a" "$_out" KCONFIG_ALLCONFIG="$scratch/config" \
		"$_kind" >"$log" 2>&1 || return
	# shellcheck disable=SC2046,SC2086
	case $_t in
	patched) set -- $(wanted "$_out/.config" $changed $new $users) ;;
	*) set -- $(wanted "$_out/.config" $changed) ;;
	esac
	(cd "$_out" && rm -f "$@")
	kmake "$_t" "$_a" "$_out" -k W=1 C=1 CHECK=sparse "$@" >"$log" 2>&1
}

# granted ARCH SYMBOL=VALUE...
granted()
{
	_config=$TREES/builds/patched-$1/.config
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

# ours NAME ARCH WHAT SYMBOL=VALUE...
ours()
{
	compile patched "$@" || {
		tail -n 20 "$log" | sed 's/^/# /'
		return 1
	}
	mv "$log" "$scratch/ours"
	_granted=$2
	shift 3
	granted "$_granted" "$@"
}

# said FILE: the warnings about what the series adds or changes, without numbers
# of lines
said()
{
	grep -E '(page_reporting[a-z_]*|page_reporting/[a-z_/]*|walk_free_mem|page_alloc|page_ext|virtio_balloon|mmzone|page-flags)\.[ch]:[0-9]+.*(warning|error)' "$1" |
		sed -E 's,^.*/([^/:]*\.[ch]):[0-9:]* ,\1: ,' | sort -u
}

# quiet NAME ARCH WHAT SYMBOL=VALUE...: what the pristine tree says, too, in this
# configuration or one before, is not ours
quiet()
{
	said "$scratch/ours" >"$scratch/said"
	touch "$scratch/theirs"
	comm -23 "$scratch/said" "$scratch/theirs" | grep -q . || return 0
	compile pristine "$@" || {
		tail -n 20 "$log" | sed 's/^/# /'
		return 1
	}
	said "$log" | sort -u -o "$scratch/theirs" - "$scratch/theirs"
	! comm -23 "$scratch/said" "$scratch/theirs" | sed 's/^/# /' | grep .
}

# complete ARCH: nothing that page reporting is to provide is left without; a
# module gets what is exported only
complete()
{
	_dir=$TREES/builds/patched-$1
	# shellcheck disable=SC2046,SC2086
	set -- $(wanted "$_dir/.config" $changed $new $users)
	[ $# -gt 0 ] || return
	_bad=0
	(cd "$_dir" && nm -A "$@") >"$scratch/nm" || return
	for _obj; do
		_kind=' [A-TV-Z] '
		! grep -q "^CONFIG_$(config_of "$_obj")=m" "$_dir/.config" ||
			_kind=' [a-zA-Z] __export_symbol_'
		sed -n "s,^$_obj:.* U \(.*\(page_reporting\|walk_free_mem\).*\),\1,p" "$scratch/nm" |
		while read -r _sym; do
			grep -q "$_kind$_sym\$" "$scratch/nm" ||
				echo "# $_obj needs $_sym, which nobody has"
		done
	done >"$scratch/missing"
	cat "$scratch/missing"
	[ ! -s "$scratch/missing" ]
}

# config_of OBJECT
config_of()
{
	echo "$changed $new $users" | tr ' ' '\n' | sed -n "s,:$1\$,,p" | sed 's/.*|//'
}

# known: each source file has an object above
known()
{
	for _f in "$top/kernel/$room"/*.c; do
		_f=${_f##*/}
		case $new in
		*":$room/${_f%.c}.o
"*) ;;
		*) echo "# $_f is not built"; return 1 ;;
		esac
	done
}
check "each source file is built" known

matrix | while read -r name rest; do
	case " ${*:-$name} " in
	*" $name "*) echo "$name $rest" ;;
	esac
done >"$scratch/matrix"
[ -s "$scratch/matrix" ] || {
	echo "builds.sh: $*: no such configuration" >&2
	exit 2
}
while read -r name arch what rest; do
	start=$(date +%s)
	if [ "$arch" = arm64 ] && ! command -v aarch64-linux-gnu-gcc >/dev/null; then
		ok "$name # SKIP aarch64-linux-gnu-gcc is missing"
		continue
	fi
	# shellcheck disable=SC2086
	check "$name: compiles with W=1 under sparse" ours "$name" "$arch" "$what" $rest
	[ -e "$scratch/ours" ] || continue
	# shellcheck disable=SC2086
	check "$name: without a warning of ours" quiet "$name" "$arch" "$what" $rest
	check "$name: finds what it calls" complete "$arch"
	rm "$scratch/ours"
	echo "# $name: $(($(date +%s) - start)) s"
done <"$scratch/matrix"
[ $# -eq 0 ] || finish

# coccicheck: the tree's own semantic patches, and that they find what is planted.
# One or two that are written in OCaml cannot run without its compiler.
coccicheck()
{
	printf 'void f(void *p)\n{\n\tif (p)\n\t\tkfree(p);\n}\n' >"$scratch/bad.c"
	: >"$scratch/said"
	_left=0
	for _c in "$tree"/scripts/coccinelle/*/*.cocci; do
		_options=$(sed -n 's,^// Options: *,,p' "$_c")
		# shellcheck disable=SC2086
		nice spatch --very-quiet --no-show-diff -D report $_options \
			-I "$tree/include" --cocci-file "$_c" "$scratch/bad.c" \
			"$top"/kernel/mm/page_reporting/*.c \
			"$top"/kernel/mm/page_reporting/tests/*.c "$top"/kernel/arch/um/drivers/*.c \
			"$top"/bench/alloc/*.c >>"$scratch/said" 2>"$log" && continue
		echo "# ${_c##*/} cannot be used: $(tail -n 1 "$log")"
		_left=$((_left + 1))
	done
	grep -v "/bad\.c:" "$scratch/said" | sed 's/^/# /'
	grep -q "/bad\.c:4.*NULL check" "$scratch/said" && [ "$_left" -le 2 ] &&
		! grep -qv "/bad\.c:" "$scratch/said"
}
if command -v spatch >/dev/null; then
	check "coccicheck has nothing to say" coccicheck
else
	ok "coccicheck has nothing to say # SKIP spatch is missing (package coccinelle)"
fi

# documented FILE...
documented()
{
	(cd "$tree" && perl scripts/kernel-doc -none -Wall "$@") >"$log" 2>&1 &&
		! grep -E 'warning|error' "$log"
}

kerneldoc()
{
	printf '/**\n * f() - nothing\n */\nint f(int a)\n{\n}\n' >"$scratch/bad.c"
	! documented "$scratch/bad.c" >/dev/null || return
	find "$top/kernel" -name '*.[ch]' >"$scratch/files"
	# shellcheck disable=SC2046
	documented $(cat "$scratch/files")
}
check "kernel-doc has nothing to say" kerneldoc
finish
