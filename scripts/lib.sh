# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts here. Source it with $top set to the repository.

me=${0##*/}
kdir=$top/kernel
cache=${PRX_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/page-ext-reporting}
default_series=6.12
state_name=.page-ext-reporting	# in a user's tree, made by graft.sh
LC_ALL=C
export LC_ALL

die()
{
	echo "$me: $*" >&2
	exit 1
}

# check_cache: make the cache, and try what the trees need there
check_cache()
{
	_why="set PRX_CACHE to a directory on a file system of Linux"
	mkdir -p "$cache/src" "$cache/trees" 2>/dev/null ||
		die "$cache: cannot be made; set PRX_CACHE to a directory that can be written"
	case $cache in
	*[[:space:]:]*) die "$cache: make cannot build a kernel in a path with a blank or a colon; set PRX_CACHE to another one" ;;
	esac
	for _d in "$cache" "$cache/src" "$cache/trees" "$cache/ccache"; do
		[ ! -e "$_d" ] || [ -w "$_d" ] ||
			die "$_d: belongs to $(stat -c %U "$_d") and cannot be written (made with sudo?); sudo chown -R $(id -un) $cache"
	done
	_t=$cache/.try-$$
	rm -rf "$_t"
	mkdir "$_t" || die "$cache: cannot be written; set PRX_CACHE to a directory that can be"
	printf "#!/bin/sh\n" >"$_t/a"
	chmod 755 "$_t/a" 2>/dev/null || :
	_bad=
	ln "$_t/a" "$_t/b" 2>/dev/null || _bad="hard links"
	ln -s a "$_t/c" 2>/dev/null || _bad="symbolic links"
	[ ! -e "$_t/A" ] || _bad="names that differ by case"
	"$_t/a" 2>/dev/null || _bad="programs that can be run (mounted noexec?)"
	rm -rf "$_t"
	[ -z "$_bad" ] || die "$cache: its file system has no $_bad; $_why"
}

# tree_version TREE: print the series that a tree belongs to, such as 6.12
tree_version()
{
	sed -n '/^VERSION = /s///p; /^PATCHLEVEL = /s///p' "$1/Makefile" \
		2>/dev/null | head -n 2 | paste -s -d. -
}

# find_series TREE: print the directory with the patches for this tree
find_series()
{
	[ -f "$1/Kbuild" ] && [ -d "$1/mm" ] ||
		die "$1: not the top directory of a kernel source tree"
	_v=$(tree_version "$1")
	if [ -z "$_v" ] || [ ! -f "$kdir/patches/$_v/series" ]; then
		_known=$(cd "$kdir/patches" && ls -d -- */ | tr -d / | paste -s -d' ' -)
		die "$1: kernel ${_v:-without a version}: no patches for it; known: $_known"
	fi
	echo "$kdir/patches/$_v"
}

# in_base NAME: what lets User Mode Linux report goes on the pristine tree too
in_base()
{
	case $1 in
	*-um-*.patch | arch/um/*) return 0 ;;
	esac
	return 1
}

# by_scope all|base: filter a list of patches or files
by_scope()
{
	while read -r _l; do
		if [ "$1" = all ] || in_base "$_l"; then
			echo "$_l"
		fi
	done
}

# patch_list SERIES SCOPE: names of the patches, in their order
patch_list()
{
	sed 's/#.*//; s/[[:space:]]*$//; /^$/d' "$1/series" | by_scope "$2"
}

# overlay_list SERIES SCOPE: files that the overlay adds, replaces or deletes
overlay_list()
{
	{
		(cd "$kdir" && find . -path ./patches -prune -o -type f \
			! -name '*~' ! -name '*.orig' ! -name '*.rej' ! -name '*.sw?' \
			-print) | sed 's,^\./,,'
		deletes_list "$1"
	} | sort | by_scope "$2"
}

# deletes_list SERIES: files that the kernel has and the overlay deletes
deletes_list()
{
	[ ! -f "$1/deletes" ] || sed 's/#.*//; s/[[:space:]]*$//; /^$/d' "$1/deletes"
}

# has LINE FILE: FILE holds exactly this line
has()
{
	grep -qxF -- "$1" "$2"
}

# explain_hunks LOG PATCH TREE: say which hunks patch(1) turned down
explain_hunks()
{
	awk -v p="$2" -v t="$3" '
	/^patching file / { f = $3 }
	/^Hunk #[0-9]+ FAILED at / {
		print t "/" f ": hunk " $2 " of " p " does not fit (line " $5 + 0 ")"
		n++
	}
	{ last = $0 }
	END { if (!n) print p ": " last }' "$1" >&2
}

# stage TREE SERIES SCOPE DIR
#
# Work out in DIR what the tree would get, without touching it: DIR/new holds
# the new contents, DIR/overlay and DIR/patched the names (sorted). A name that
# has no file in DIR/new is deleted by the series. Fails naming file and hunk; that
# is asked for in conditions, where set -e ends nothing.
stage()
{
	_t=$1 _s=$2 _d=$4
	mkdir -p "$_d/new" && overlay_list "$_s" "$3" >"$_d/overlay" &&
		patch_list "$_s" "$3" >"$_d/patches" && true >"$_d/patched" ||
		die "$_d: cannot be written; make room there"
	for _f in $(deletes_list "$_s"); do
		[ ! -e "$kdir/$_f" ] ||
			die "$_s/deletes names $_f, which is a file of $kdir: remove one of them"
	done
	while read -r _f; do
		[ -e "$kdir/$_f" ] || continue
		mkdir -p "$_d/new/$(dirname "$_f")" && cp -p "$kdir/$_f" "$_d/new/$_f" ||
			die "$kdir/$_f: cannot be copied to $_d (disk full?)"
	done <"$_d/overlay"

	while read -r _p; do
		[ -f "$_s/$_p" ] || die "$_s/series names $_p, which is missing"
		sed -n 's,^diff --git a/\([^ ]*\) b/\([^ ]*\)$,\1 \2,p' "$_s/$_p" |
			tr ' ' '\n' | sort -u >"$_d/touched" ||
			die "$_d: cannot be written; make room there"
		while read -r _f; do
			if has "$_f" "$_d/overlay"; then
				die "$_p changes $_f, which the overlay replaces or deletes"
			fi
			has "$_f" "$_d/patched" && continue
			echo "$_f" >>"$_d/patched" || die "$_d: cannot be written; make room there"
			if [ -f "$_t/$_f" ]; then
				mkdir -p "$_d/new/$(dirname "$_f")" &&
					cp -p "$_t/$_f" "$_d/new/$_f" ||
					die "$_t/$_f: cannot be copied to $_d (disk full?)"
			elif ! grep -B 1 -xF -- "+++ b/$_f" "$_s/$_p" |
			     grep -qxF -- '--- /dev/null'; then
				die "$_t/$_f: missing, but $_p changes it"
			fi
		done <"$_d/touched"
		if ! patch -p1 -F0 -f --no-backup-if-mismatch -r - -d "$_d/new" \
		     <"$_s/$_p" >"$_d/log" 2>&1; then
			explain_hunks "$_d/log" "$_p" "$_t"
			return 1
		fi
	done <"$_d/patches"
	sort -o "$_d/patched" "$_d/patched" &&
		sort "$_d/overlay" "$_d/patched" >"$_d/files" ||
		die "$_d: cannot be written; make room there"
}

# declared FILE: print the names that a C file declares, outside of function
# bodies and comments, or the headings of a document
declared()
{
	case $1 in
	*.rst) awk '/^(==|--|~~)/ && last != "" { print last } { last = $0 }' "$1" ;;
	*)
		awk '
		{
			gsub(/"[^"]*"/, "")
			gsub(/\/\*([^*]|\*[^\/])*\*\//, "")
			sub(/\/\/.*/, "")
		}
		comment { if (!sub(/^.*\*\//, "")) next; comment = 0 }
		/\/\*/ { sub(/\/\*.*/, ""); comment = 1 }
		/^(struct|union|enum)[^()]*[{]$/ { inside = 1 }
		/^}/ { inside = 0 }
		/^#[ \t]*define/ { print $2; next }
		/^#/ || (!inside && /^[^A-Za-z_]/) { next }
		{ print }' "$1" | grep -o '[A-Za-z_][A-Za-z0-9_]*' |
			grep -vxE 'static|inline|extern|const|void|bool|int|unsigned|long|struct|union|enum'
		;;
	esac | sort -u
}

# not_declared FILE NAME SERIES: what FILE declares and NAME of the series does not
not_declared()
{
	awk -v n="$2:" '$1 == n { on = 1; next } /^[^\t]/ { on = 0 }
		on { sub(/^\t/, ""); print }' "$3/replaces" | sort -u >"$tmp/known"
	declared "$1" | comm -23 - "$tmp/known"
}

# check_replaced TREE SERIES OVERLAY: a file that the overlay replaces or deletes
# is known by its sum if its release was tested, else by what it declares: with
# more in it, somebody's own code or upstream's would be lost
check_replaced()
{
	_bad=0
	while read -r _f; do
		[ -e "$1/$_f" ] || continue
		_h=$(sha256sum <"$1/$_f")
		! has "${_h%% *}  $_f" "$2/replaces" || continue
		_new=$(not_declared "$1/$_f" "$_f" "$2" | head -n 3 | paste -s -d, -)
		if [ -n "$_new" ]; then
			echo "$1/$_f: not the file that the series replaces or deletes: it has $_new (edited, or from another release)" >&2
			_bad=1
		else
			echo "$1/$_f: differs from that of every release tested, but has nothing that the series does not know; replaced, 'make unapply' brings it back"
		fi
	done <"$3"
	return $_bad
}

# check_release TREE SERIES: say it if the release was not tested; it is tried
check_release()
{
	_r=$(sed -n 's/^VERSION = //p; s/^PATCHLEVEL = //p; s/^SUBLEVEL = //p' \
		"$1/Makefile" | head -n 3 | paste -s -d. -)
	! has "$_r" "$2/tested" || return 0
	_new=$(sort -V "$2/tested" | tail -n 1)
	if [ "$(printf '%s\n' "$_r" "$_new" | sort -V | tail -n 1)" = "$_r" ]; then
		echo "$1: $_r is newer than any release tested ($_new): trying"
	else
		echo "$1: $_r was not tested: trying"
	fi
}

# place FROM TO OWNER_OF: install a file under a fresh inode, so that hard
# links keep what they have, and with a fresh time, so that make sees it
place()
{
	_tmp=$(dirname "$2")/.prx-$$
	cp -p "$1" "$_tmp" && touch "$_tmp" || {
		rm -f "$_tmp"
		die "$2: cannot be written; make room there, then run this again"
	}
	chown --reference="$3" "$_tmp" 2>/dev/null || :
	mv -f "$_tmp" "$2"
}
