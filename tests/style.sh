#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What a maintainer's scripts would say: checkpatch.pl --strict, kernel-doc,
# sparse and gcc's W=1 on everything of ours that goes into a kernel.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
[ -n "${TREES:-}" ] || exec "$top/scripts/kernel.sh" exec "$0"
. "$top/tests/tap.sh"

tree=$TREES/patched/linux
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# MAINTAINERS is changed by a patch of its own; the path of
# mm/page_reporting/Kconfig in mm/Kconfig is taken for that file's own. compat.h is
# for two kernels, and only 7.3 has kmalloc_obj().
checkpatch()
{
	(cd "$tree" && perl scripts/checkpatch.pl --strict --quiet --no-summary \
		--show-types --ignore FILE_PATH_CHANGES,EMBEDDED_FILENAME,LINUX_VERSION_CODE,CONSTANT_COMPARISON,ALLOC_WITH_SIZEOF "$@")
}

# kernel_doc FILE: it warns with status 0
kernel_doc()
{
	(cd "$tree" && perl scripts/kernel-doc -none -Wall "$1") >"$log" 2>&1
	[ ! -s "$log" ] || {
		cat "$log"
		return 1
	}
}

overlay()
{
	(cd "$top/kernel" && find . -path ./patches -prune -o -type f -name "$1" \
		-print) | sed 's,^\./,,' | sort
}

for f in $(overlay '*.[ch]'); do
	case $f in
	# trace events are laid out in a way of their own
	include/trace/*) set -- --ignore PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE ;;
	# __SetPageReported() is named as page-flags.h names them all
	mm/page_reporting/*) set -- --ignore CAMELCASE ;;
	# the harness' own macros return from a test and define functions
	tools/testing/*) set -- --ignore \
		MACRO_WITH_FLOW_CONTROL,MULTISTATEMENT_MACRO_USE_DO_WHILE,MACRO_ARG_REUSE,NAKED_SSCANF ;;
	# a program for people: its messages are one line each, and it catches signals
	tools/mm/*) set -- --ignore \
		VOLATILE,LONG_LINE,LONG_LINE_STRING,EMBEDDED_FUNCTION_NAME,CAMELCASE,PARENTHESIS_ALIGNMENT,QUOTED_WHITESPACE_BEFORE_NEWLINE,PREFER_DEFINED_ATTRIBUTE_MACRO,SPLIT_STRING,MISSING_SPACE ;;
	*) set -- ;;
	esac
	check "checkpatch $f" checkpatch "$@" -f "$f"
	check "kernel-doc $f" kernel_doc "$f"
done
for f in "$top"/bench/alloc/*.[ch]; do
	check "checkpatch ${f#"$top/"}" checkpatch -f "$f"
done
for p in $(sed 's/#.*//; /^[[:space:]]*$/d' "$top/kernel/patches/${KERNEL:-6.12}/series"); do
	check "checkpatch $p" checkpatch "$top/kernel/patches/${KERNEL:-6.12}/$p"
done

# maintained: MAINTAINERS leads from each file of ours to its entry
maintained()
{
	_bad=0
	for _f in $(overlay '*'); do
		(cd "$tree" && perl scripts/get_maintainer.pl --no-git \
			--no-git-fallback --sections -f "$_f") </dev/null >"$log" 2>&1 &&
			grep -q '^FREE PAGE REPORTING BY AGE$' "$log" || {
			echo "# $_f: $(head -n 1 "$log")"
			_bad=1
		}
	done
	return $_bad
}

# patterns: its entry is in order, and names no file that there is not
patterns()
{
	(cd "$tree" && perl scripts/get_maintainer.pl --self-test=sections) \
		</dev/null >"$log" 2>&1
	! grep -i 'page.reporting\|walk_free_mem' "$log" || return
	awk '/^FREE PAGE REPORTING BY AGE$/ { on = 1 } on && /^$/ { exit }
		on && sub(/^F:\t/, "")' "$tree/MAINTAINERS" >"$log"
	[ -s "$log" ] || return
	while read -r _f; do
		# shellcheck disable=SC2086 # a pattern
		set -- "$tree"/$_f
		[ -e "$1" ] || {
			echo "# $_f: there is no such file"
			return 1
		}
	done <"$log"
}

check "MAINTAINERS knows each file of ours" maintained
check "MAINTAINERS names no file that there is not" patterns

# fits PATCH: into the tree that it is for, and not only by guessing
fits()
{
	patch -p1 -F0 -s -f --dry-run -d "$tree" -i "$1"
}

for p in "$top"/tests/mutations/*.patch "$top/tests/deep/wrap.patch"; do
	check "${p#"$top/"} fits" fits "$p"
done

# short: what somebody reads at once
short()
{
	(cd "$top" && find bench tests -name '*.[ch]' | sort | xargs awk -f tests/sizes.awk)
}

check "no function above 80 lines, no file above 600" short

# compile ARCH WHAT...: W=1 and sparse, with the kernel's own configuration; what
# has been compiled already would say nothing the second time
compile()
{
	_arch=$1
	shift
	for _o; do
		case $_o in
		*.o) rm -f "$TREES/patched/$_arch/$_o" ;;
		M=*) rm -f "${_o#M=}"/*.o ;;
		esac
	done
	nice make -s -k -j"${JOBS:-$(nproc)}" -C "$tree" O="$TREES/patched/$_arch" \
		ARCH="$_arch" LOCALVERSION= CC="$PRX_CC" HOSTCC="$PRX_CC" \
		W=1 C=2 CHECK="sparse" "$@" >"$log" 2>&1 9>&-
}

# silent NAME...: nothing was said about these; what is said about headers that
# are not ours is not ours either
silent()
{
	for _f; do
		! grep -nE "(^|/)$_f:[0-9]+" "$log" || return 1
	done
}

built()
{
	compile "$@" || {
		cat "$log"
		return 1
	}
}

all=$(overlay '*.[ch]')
for arch in x86_64 um; do
	set --
	for f in $(overlay '*.c'); do
		case $arch:$f in
		x86_64:arch/*) continue ;;
		*:tools/* | */tests/*) continue ;;
		esac
		set -- "$@" "${f%.c}.o"
	done
	check "$arch: compiles with W=1 under sparse" built "$arch" "$@"
	# shellcheck disable=SC2086
	check "$arch: without a warning" silent $all
	[ $tap_bad -eq 0 ] || cat "$log"
	check "$arch: module compiles with W=1 under sparse" built "$arch" \
		M="$TREES/patched/$arch/bench" modules
	check "$arch: module without a warning" silent bench_main.c bench_run.c bench_loops.c \
		alloc_contend.c alloc_probe.c free_holes.c bench.h hist.h measure.h results.h
done
finish
