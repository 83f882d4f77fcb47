#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kernel.sh prepare		unpack the source, bring both trees up to date
# kernel.sh build [NAME...]	the same, then build (default: the four that
#				differ by tree and architecture). ARCH-TREE-FLAVOR
#				has a configuration with FLAVOR.config on top, of
#				bench/config or, for the deep tests' kernels, of
#				tests/deep/config.
# kernel.sh exec CMD...		the same as prepare, then run CMD holding the lock,
#				with $TREES, $PRX_CC and ccache's settings exported
#
# Sources are kept in the cache and never changed. A tree starts as hard links
# to the source; whatever changes later is put in place under a new inode. Only
# files whose contents differ are replaced, so that make rebuilds no more than
# it has to.
#
# MUTATION=	what tests/MUTATION.patch does to the tree "mutant"
# KERNEL=	the series of the distribution's source (default: 6.12); kernels and
#	links to trees of another lie in directories that end in its name
# KSRC=	a tarball, a plain tree or a git checkout instead of the distribution's
# JOBS=	parallel jobs (default: all processors)
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/scripts/lib.sh"

dist=linux-source-${KERNEL:-$default_series}
kernels="x86_64-pristine um-pristine x86_64-patched um-patched"
extra_kernels="x86_64-mutant um-mutant x86_64-pristine-owner"
# a patch of bench/config is a tree, on top of upstream's source
for p in "$top"/bench/config/pristine-*.patch; do
	p=${p##*/}
	extra_kernels="$extra_kernels x86_64-${p%.patch} um-${p%.patch}"
done
deep=$top/tests/deep/config
build=${PRX_BUILD:-$top/build}
jobs=${JOBS:-$(nproc)}
pid=

# MANIFEST lists size, time and name of every file of a source

# manifest_tree DIR
manifest_tree()
{
	(cd "$1" && find . \( -type f -o -type l \) -printf '%s %T@ %P\n') | sort
}

# manifest_user DIR: what belongs to the source in a tree that may have been
# built in; git knows, elsewhere leave out what would upset a build aside
manifest_user()
{
	_root=$(git -c safe.directory='*' -C "$1" rev-parse --show-toplevel 2>/dev/null) || _root=
	if [ "$_root" = "$1" ]; then
		(cd "$1" && git -c safe.directory='*' ls-files -z -co --exclude-standard |
			xargs -0 -r stat -c '%s %.Y %n' 2>/dev/null || :) | sort -u
	else
		(cd "$1" && find . \( -path ./.git -o -path ./include/config \
			-o -path './include/generated' -o -path './arch/*/include/generated' \
			-o -name '*.[oa]' -o -name '.*.cmd' -o -name '.config*' \
			-o -name '.tmp_*' -o -name '*.ko' \) -prune -o \
			\( -type f -o -type l \) -printf '%s %T@ %P\n') | sort
	fi
}

# changed OLD NEW: names that differ between two manifests
changed()
{
	comm -3 "$1" "$2" | sed 's/^\t*[^ ]* [^ ]* //' | sort -u
}

# unpack TARBALL ID
unpack()
{
	_stamp=$(stat -L -c '%s %Y' "$1")
	if [ -d "$cache/src/$2" ] && [ -f "$cache/src/$2.manifest" ] &&
	   [ "$(cat "$cache/src/$2.stamp" 2>/dev/null)" = "$_stamp" ]; then
		return
	fi
	echo "unpacking ${1##*/}"
	rm -rf "$cache/src/$2.tmp"
	mkdir -p "$cache/src/$2.tmp"
	tar -xf "$1" -C "$cache/src/$2.tmp" --strip-components=1 ||
		die "$1: cannot be unpacked into $cache (disk full, or not a kernel tarball?)"
	[ -f "$cache/src/$2.tmp/Kbuild" ] || die "$1: holds no kernel source"
	manifest_tree "$cache/src/$2.tmp" >"$cache/src/$2.manifest.tmp"
	rm -rf "$cache/src/$2"
	mv "$cache/src/$2.tmp" "$cache/src/$2"
	mv "$cache/src/$2.manifest.tmp" "$cache/src/$2.manifest"
	echo "$_stamp" >"$cache/src/$2.stamp"
}

# snapshot DIR ID: follow somebody's tree by copying what has changed
snapshot()
{
	[ ! -d "$1/$state_name" ] ||
		die "$1 carries the series already: run 'make unapply KSRC=$1' first"
	_m=$cache/src/$2.manifest
	mkdir -p "$cache/src/$2"
	[ -f "$_m" ] || : >"$_m"
	manifest_user "$1" >"$_m.tmp"
	cmp -s "$_m" "$_m.tmp" && return
	changed "$_m" "$_m.tmp" >"$_m.changed"
	echo "copying $(wc -l <"$_m.changed") files of $1"
	while read -r _f; do
		[ -e "$1/$_f" ] || [ -L "$1/$_f" ] || rm -f "$cache/src/$2/$_f"
	done <"$_m.changed"
	cut -d' ' -f3- "$_m.tmp" | sort | comm -12 - "$_m.changed" |
		(cd "$1" && cpio -pdu --quiet "$cache/src/$2") ||
		die "$1: cannot be copied into $cache (disk full?)"
	rm -f "$_m.changed"
	mv "$_m.tmp" "$_m"
}

# find_source: set src and id
find_source()
{
	if [ -z "${KSRC:-}" ]; then
		for _t in /usr/src/$dist.tar.*; do :; done
		[ -f "$_t" ] || _t=$(newest_source)
		id=$dist
		unpack "$_t" $id
	else
		[ -e "$KSRC" ] || die "KSRC=$KSRC: no such file or directory"
		_k=$(realpath "$KSRC")
		id=${_k##*/}
		id=${id%.tar.*}-$(echo "$_k" | sha256sum | cut -c1-8)
		if [ -d "$_k" ]; then
			find_series "$_k" >/dev/null
			snapshot "$_k" "$id"
		else
			unpack "$_k" "$id"
		fi
	fi
	src=$cache/src/$id
	series=$(find_series "$src")
	suffix=${series##*/}
	suffix=-$suffix
	[ "$suffix" != "-$default_series" ] || suffix=
	counters=$(config_file pristine.patch)
}

# newest_source: of a series that this machine's own suite does not have, what
# was fetched before, or else the newest
newest_source()
{
	[ -n "${KERNEL:-}" ] && [ "$KERNEL" != $default_series ] ||
		die "/usr/src/$dist.tar.xz: missing; run 'make deps'"
	_r=$(printf '%s\n' "$cache/releases/linux-$KERNEL".*.tar.xz |
		sed 's/.*linux-//; s/\.tar\.xz$//; /\*/d' | sort -V | tail -n 1)
	[ -n "$_r" ] ||
		_r=$("$top/scripts/fetch.sh" list "$KERNEL" 9>&- | sed -n '$s/ .*//p')
	[ -n "$_r" ] || die "KERNEL=$KERNEL: no such series is served by the mirror that is configured; known here: $(ls "$kdir/patches" | paste -s -d' ' -)"
	"$top/scripts/fetch.sh" get "$_r" 9>&-
}

# config_file NAME: that of bench/config, or what the series has in its place
config_file()
{
	if [ -f "$top/bench/config/${series##*/}/$1" ]; then
		echo "$top/bench/config/${series##*/}/$1"
	else
		echo "$top/bench/config/$1"
	fi
}

# want FILE: print where the tree's file comes from, or nothing
want()
{
	if has "$1" "$tmp/$tree/files"; then
		[ ! -e "$tmp/$tree/new/$1" ] || echo "$tmp/$tree/new/$1"
	elif [ -e "$src/$1" ] || [ -L "$src/$1" ]; then
		echo "$src/$1"
	fi
}

# patch_of TREE: what such a tree has on top, which exists to be compared
patch_of()
{
	case $1 in
	mutant) echo "$top/tests/${MUTATION:-none}.patch" ;;
	*) config_file "$1.patch" ;;
	esac
}

# add_patch TREE FILE: on top of what is staged
add_patch()
{
	_p=$2
	for _f in $(sed -n 's,^+++ b/,,p' "$_p"); do
		[ -f "$tmp/$1/new/$_f" ] || {
			mkdir -p "$tmp/$1/new/$(dirname "$_f")"
			# unless the patch makes it
			[ ! -e "$src/$_f" ] || cp -p "$src/$_f" "$tmp/$1/new/$_f"
			echo "$_f" >>"$tmp/$1/files"
		}
	done
	sort -o "$tmp/$1/files" "$tmp/$1/files"
	patch -p1 -F0 -f --no-backup-if-mismatch -r - -d "$tmp/$1/new" <"$_p" \
		>"$tmp/$1/log" 2>&1 || {
		explain_hunks "$tmp/$1/log" "${_p##*/}" "$src"
		die "the $1 tree cannot be made"
	}
}

# add_counters TREE: what upstream does not count, where that fits; reports leave
# out what is not counted
add_counters()
{
	_f=mm/page_reporting.c
	mkdir -p "$tmp/$1/try/mm"
	if [ -f "$tmp/$1/new/$_f" ]; then
		cp "$tmp/$1/new/$_f" "$tmp/$1/try/$_f"
	elif [ -f "$src/$_f" ]; then
		cp "$src/$_f" "$tmp/$1/try/$_f"
	fi
	if patch -p1 -F0 -f -r - -d "$tmp/$1/try" <"$counters" >/dev/null 2>&1; then
		add_patch "$1" "$counters"
	else
		echo "$1 tree: ${counters##*/} does not fit, the worker's CPU time is not counted"
	fi
}

# update_tree NAME SCOPE: bring the tree up to date; sets tree and dir
update_tree()
{
	tree=$1
	dir=$cache/trees/$id/$1
	(stage "$src" "$series" "$2" "$tmp/$1") || die "the $1 tree cannot be made"
	if [ "$1" != pristine ] && [ -f "$(patch_of "$1")" ]; then
		add_patch "$1" "$(patch_of "$1")"
	fi
	case $1 in
	pristine*) add_counters "$1" ;;
	esac
	if [ -n "${KSRC:-}" ]; then
		check_replaced "$src" "$series" "$tmp/$1/overlay" ||
			die "KSRC=$KSRC does not fit"
	fi
	if [ ! -d "$dir/linux" ]; then
		rm -rf "$dir"
		mkdir -p "$dir"
		: >"$dir/files"
		cp "$src.manifest" "$dir/manifest"
		cp -al "$src" "$dir/linux.tmp" ||
			die "$dir: cannot be made (disk full?)"
		mv "$dir/linux.tmp" "$dir/linux"
	fi
	{
		cat "$dir/files" "$tmp/$1/files"
		cmp -s "$src.manifest" "$dir/manifest" ||
			changed "$src.manifest" "$dir/manifest"
	} | sort -u >"$tmp/$1/check"
	# if this is interrupted, everything in doubt is looked at again
	cp "$tmp/$1/check" "$dir/files"
	n=0
	while read -r f; do
		w=$(want "$f")
		if [ -z "$w" ]; then
			[ -e "$dir/linux/$f" ] || [ -L "$dir/linux/$f" ] || continue
			rm -f "$dir/linux/$f"
			rmdir -p --ignore-fail-on-non-empty \
				"$dir/linux/$(dirname "$f")" 2>/dev/null || :
		elif [ -L "$w" ]; then
			ln -sfn "$(readlink "$w")" "$dir/linux/$f"
		elif ! cmp -s "$w" "$dir/linux/$f"; then
			mkdir -p "$dir/linux/$(dirname "$f")"
			place "$w" "$dir/linux/$f" "$dir"
		else
			continue
		fi
		n=$((n + 1))
	done <"$tmp/$1/check"
	cp "$tmp/$1/files" "$dir/files"
	cp "$src.manifest" "$dir/manifest"
	[ $n -eq 0 ] || echo "$1 tree: $n files changed"
	mkdir -p "$build/trees$suffix"
	ln -sfn "$dir/linux" "$build/trees$suffix/$1"
}

prepare()
{
	find_source
	update_tree pristine base
	update_tree patched all
}

# tree_hash NAME: what a kernel built from the tree depends on
tree_hash()
{
	cat "$src.manifest"
	(cd "$tmp/$1/new" && find . -type f | sort | xargs -r sha256sum)
	cat "$tmp/$1/files"
}

# kmake ARGS...: to be called in a subshell, which becomes make, so that a signal
# sent to it arrives
kmake()
{
	exec nice make -C "$dir/linux" O="$out" ARCH="$arch" LOCALVERSION= \
		CC="$PRX_CC" HOSTCC="$PRX_CC" "$@"
}

# run_make NAME ARGS...: build with a log and a progress line. The number of
# steps is known from the last full build.
run_make()
{
	_name=$1
	shift
	_log=$out/make.log
	_total=$(cat "$out/.steps" 2>/dev/null || echo 0)
	_start=$(date +%s)
	_full=no
	[ -f "$out/System.map" ] || _full=yes
	[ $_full = yes ] || _total=0
	[ $_full = no ] || [ "$_total" != 0 ] || case $arch in
	um) _total=1150 ;;
	*) _total=1770 ;;
	esac
	kmake -j"$jobs" "$@" >"$_log" 2>&1 9>&- &
	pid=$!
	_said=0
	while kill -0 $pid 2>/dev/null; do
		sleep 1
		_t=$(($(date +%s) - _start))
		_n=$(grep -c '^  [A-Z]' "$_log" || :)
		_eta=
		if [ "$_total" -gt "$_n" ] && [ "$_n" -gt 20 ] && [ $_t -gt 3 ]; then
			_eta=", about $((_t * (_total - _n) / _n)) s left"
		fi
		if [ -t 1 ]; then
			printf '\r%-72s' "$_name: $_n steps, $_t s$_eta"
		elif [ $((_t - _said)) -ge 15 ]; then
			_said=$_t
			echo "$_name: $_n steps, $_t s$_eta"
		fi
	done
	_rc=0
	wait $pid || _rc=$?
	pid=
	[ ! -t 1 ] || printf '\r%72s\r' ''
	if [ $_rc -ne 0 ]; then
		grep -E -A 5 'error|Error|undefined|No space' "$_log" | head -n 30 >&2 || :
		die "$_name: build failed, see $_log"
	fi
	_n=$(grep -c '^  [A-Z]' "$_log" || :)
	[ $_full = no ] || echo "$_n" >"$out/.steps"
	echo "$_name: built in $(($(date +%s) - _start)) s ($_n steps)"
}

# check_config FRAGMENT CONFIG NAME: everything asked for must have been granted
check_config()
{
	_bad=
	while read -r _l; do
		case $_l in
		CONFIG_*) has "$_l" "$2" || _bad="$_bad ${_l%%=*}" ;;
		'# CONFIG_'*' is not set')
			_s=${_l#\# }
			_s=${_s%% *}
			! grep -q "^$_s=" "$2" || _bad="$_bad $_s"
			;;
		esac
	done <"$1"
	[ -z "$_bad" ] || die "$3: the configuration did not take:$_bad"
}

# split_name NAME: set arch, tree and flavor
split_name()
{
	arch=${1%%-*}
	tree=${1#*-}
	flavor=
	case $tree in
	pristine-owner) flavor=owner tree=pristine ;;
	*)
		[ ! -f "$deep/${1##*-}.config" ] || {
			flavor=${1##*-}
			tree=${tree%-*}
		}
		;;
	esac
}

# fragments: the configuration's parts, the later of which have the last word
fragments()
{
	cat "$top/bench/config/$arch.config"
	# what this series has, too, or calls otherwise
	_own=$top/bench/config/${series##*/}/$arch.config
	[ ! -f "$_own" ] || cat "$_own"
	[ "$tree" = "${tree#pristine}" ] || {
		[ -z "$flavor" ] || cat "$top/bench/config/$flavor.config"
		# a guest says its release, and so which of these it is
		[ "$tree" = pristine ] ||
			echo "CONFIG_LOCALVERSION=\"-${tree#pristine-}\""
		return 0
	}
	cat "$top/bench/config/patched.config"
	[ -n "$flavor" ] || return 0
	[ "$arch" = um ] || cat "$deep/common.config"
	cat "$deep/$flavor.config"
}

# build_kernel NAME
build_kernel()
{
	split_name "$1"
	dir=$cache/trees/$id/$tree
	out=$dir/$arch${flavor:+-$flavor}
	res=$build/kernels$suffix/$1
	frag=$tmp/$1.config
	image=bzImage
	path=arch/x86/boot/bzImage
	[ $arch != um ] || image=linux path=linux

	fragments | awk '
	{ line[NR] = $0; name[NR] = "" }
	match($0, /CONFIG_[A-Z0-9_]+/) && /^(CONFIG_|# CONFIG_.* is not set)/ {
		name[NR] = substr($0, RSTART, RLENGTH)
		last[name[NR]] = NR
	}
	END {
		for (i = 1; i <= NR; i++)
			if (name[i] == "" || last[name[i]] == i)
				print line[i]
	}' >"$frag"
	stamp=$({
		tree_hash "$tree"
		cat "$frag" "$top"/bench/alloc/Kbuild "$top"/bench/alloc/*.[ch]
		gcc --version
		ld --version
	} | sha256sum | cut -d' ' -f1)

	mkdir -p "$out" "$res"
	if [ "$(cat "$out/stamp" 2>/dev/null)" != "$stamp" ]; then
		rm -f "$out/stamp"
		(kmake -s KCONFIG_ALLCONFIG="$frag" allnoconfig) >"$out/make.log" 2>&1 9>&- ||
			die "$1: cannot be configured: $(tail -n 1 "$out/make.log")"
		check_config "$frag" "$out/.config" "$1"
		modules=
		! has CONFIG_MODULES=y "$out/.config" || modules=modules
		# shellcheck disable=SC2086 # one word or none
		run_make "$1" $image $modules
		if [ -n "$modules" ]; then
			mkdir -p "$out/bench"
			for _f in "$top"/bench/alloc/Kbuild "$top"/bench/alloc/*.[ch]; do
				cmp -s "$_f" "$out/bench/${_f##*/}" || cp "$_f" "$out/bench/"
			done
			(kmake M="$out/bench" modules) >"$out/module.log" 2>&1 9>&- || {
				cat "$out/module.log" >&2
				die "$1: bench/alloc does not build"
			}
		fi
		echo "$stamp" >"$out/stamp"
	fi
	[ "$(cat "$res/stamp" 2>/dev/null)" != "$stamp" ] || return 0
	rm -f "$res/stamp"
	put "$out/$path" $image
	put "$out/.config" config
	put "$out/System.map" System.map
	put "$out/include/config/kernel.release" release
	for _f in "$out"/bench/*.ko; do
		[ ! -f "$_f" ] || put "$_f" "${_f##*/}"
	done
	echo "$stamp" >"$res/stamp"
}

# put FILE NAME: a guest may be running from the old one
put()
{
	cp "$1" "$res/$2.tmp" || die "$res: cannot be written (disk full?)"
	mv "$res/$2.tmp" "$res/$2"
}

cleanup()
{
	if [ -n "$pid" ]; then
		kill $pid 2>/dev/null || :
		wait $pid 2>/dev/null || :
	fi
	rm -rf "$tmp"
}

# what a make above us, or a kernel developer's shell, would pass down
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GNUMAKEFLAGS ARCH CROSS_COMPILE \
	KCFLAGS KCPPFLAGS KBUILD_OUTPUT KCONFIG_CONFIG LOCALVERSION 2>/dev/null || :
# same input, same bytes, and ccache hits whatever the cache is called
export CCACHE_DIR="$cache/ccache" CCACHE_BASEDIR="$cache" CCACHE_MAXSIZE=5G
# a first build is not preprocessed twice: the compiler's own list of headers will do
export CCACHE_DEPEND=1
export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970' KBUILD_BUILD_VERSION=1
export KBUILD_BUILD_USER=bench KBUILD_BUILD_HOST=bench
PRX_CC=gcc
! command -v ccache >/dev/null || PRX_CC="ccache gcc"
export PRX_CC

[ $# -ge 1 ] || die "usage: $me prepare | build [NAME...] | exec CMD..."
cmd=$1
shift
check_cache
cache=$(cd "$cache" && pwd -P)
exec 9>"$cache/lock"
if ! flock -n 9; then
	echo "waiting for another build that uses $cache"
	flock 9
fi
# what an interrupted unpack has left: nobody else works here now
rm -rf "$cache"/src/*.tmp "$cache"/src/*.manifest.tmp "$cache"/trees/*/*/linux.tmp
tmp=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
prepare
case $cmd in
prepare) ;;
build)
	[ $# -gt 0 ] || set -- $kernels
	for k; do
		split_name "$k"
		case " $kernels $extra_kernels " in
		*" $k "* | *" $arch-$tree "*) ;;
		*) die "$k: no such kernel; known: $kernels $extra_kernels" ;;
		esac
	done
	updated=" pristine patched "
	for k; do
		split_name "$k"
		case $updated in *" $tree "*) continue ;; esac
		updated="$updated$tree "
		scope=base
		[ "$tree" != mutant ] || scope=all
		update_tree "$tree" $scope
	done
	for k; do
		build_kernel "$k"
	done
	;;
exec)
	TREES=$cache/trees/$id
	export TREES
	"$@"
	;;
*) die "$cmd: not known; known: prepare build exec" ;;
esac
