#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# graft.sh apply|unapply TREE
#
# Puts the overlay and all hooks on somebody's own kernel tree, or takes them
# off again. Everything is worked out and checked aside before the tree is
# touched. What is needed to go back is kept in a directory of the tree:
#   orig/ new/	contents before and after, for each file
#   files dirs	names of the files, and of the directories made for them
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/scripts/lib.sh"

usage()
{
	echo "usage: make apply KSRC=DIR, make unapply KSRC=DIR" >&2
	exit 2
}

tree_git()
{
	git -c safe.directory='*' -C "$tree" "$@"
}

# same A B: same contents, or both missing
same()
{
	if [ -e "$1" ] && [ -e "$2" ]; then
		cmp -s "$1" "$2"
	else
		[ ! -e "$1" ] && [ ! -e "$2" ]
	fi
}

# holds_series: the tree has everything already, though we keep no originals
# (they went with git clean, or the tree is somebody's commit of the result)
holds_series()
{
	overlay_list "$series" all >"$tmp/want" && [ -s "$tmp/want" ] &&
		patch_list "$series" all | tac >"$tmp/back" && [ -s "$tmp/back" ] ||
		die "$tmp: cannot be written; make room there, or set TMPDIR"
	while read -r f; do
		same "$kdir/$f" "$tree/$f" || return 1
	done <"$tmp/want"
	rm -rf "$tmp/rev"
	mkdir "$tmp/rev"
	while read -r p; do
		for f in $(sed -n 's,^diff --git a/\([^ ]*\) b/.*,\1,p' "$series/$p"); do
			[ -f "$tree/$f" ] && [ ! -e "$tmp/rev/$f" ] || continue
			mkdir -p "$tmp/rev/$(dirname "$f")"
			cp "$tree/$f" "$tmp/rev/$f"
		done
		patch -R -p1 -F0 -f -r - -d "$tmp/rev" <"$series/$p" \
			>/dev/null 2>&1 || return 1
	done <"$tmp/back"
}

# install_files FROM [ONLY]: bring the tree's files to what FROM holds; with
# ONLY just those which are as they are there
install_files()
{
	while read -r f; do
		same "$1/$f" "$tree/$f" && continue
		[ $# -eq 1 ] || same "$2/$f" "$tree/$f" || continue
		if [ -e "$1/$f" ]; then
			mkdir -p "$tree/$(dirname "$f")"
			place "$1/$f" "$tree/$f" "$tree/Makefile"
		else
			rm -f "$tree/$f"
		fi
	done <"$state/files"
}

# lost: the tree's disk has not taken what is to be known of it
lost()
{
	die "$state: cannot be written; make room there. Nothing was changed"
}

# save_state FROM: keep what FROM holds as the originals, and what was staged
save_state()
{
	new=$state.tmp
	rm -rf "$new"
	mkdir "$new" "$new/orig" && echo '*' >"$new/.gitignore" && true >"$new/dirs" || lost
	while read -r f; do
		if [ -e "$1/$f" ]; then
			mkdir -p "$new/orig/$(dirname "$f")" && cp -p "$1/$f" "$new/orig/$f" ||
				lost
			continue
		fi
		d=$(dirname "$f")
		while [ ! -d "$1/$d" ]; do
			echo "$d" >>"$new/dirs" || lost
			d=$(dirname "$d")
		done
	done <"$tmp/stage/files"
	sort -ru -o "$new/dirs" "$new/dirs" &&
		cp -rp "$tmp/stage/new" "$tmp/stage/files" "$tmp/stage/overlay" \
			"$tmp/stage/patched" "$new" &&
		mv "$new" "$state" || lost
}

# find_originals: git may have what 'git clean' took from us; only if applying
# to that gives exactly what the tree holds
find_originals()
{
	[ "$(tree_git rev-parse --show-toplevel 2>/dev/null)" = "$tree" ] || return 1
	mkdir "$tmp/head"
	{
		overlay_list "$series" all
		patch_list "$series" all | while read -r p; do
			sed -n 's,^diff --git a/\([^ ]*\) b/.*,\1,p' "$series/$p"
		done
	} | sort -u | xargs git -c safe.directory='*' -C "$tree" ls-tree -r \
		--name-only HEAD -- >"$tmp/names" || return 1
	tree_git -c tar.umask=user archive HEAD $(cat "$tmp/names") | tar -xf - -C "$tmp/head" || return 1
	(stage "$tmp/head" "$series" all "$tmp/stage") || return 1
	while read -r f; do
		same "$tmp/stage/new/$f" "$tree/$f" || return 1
	done <"$tmp/stage/files"
	save_state "$tmp/head"
}

apply()
{
	if [ -d "$state" ]; then
		for d in overlay patched; do
			[ -f "$state/$d" ] || die "$state: damaged; restore the tree by hand"
		done
		# our own files may have moved on since
		(stage "$state/orig" "$series" all "$tmp/stage") &&
			cmp -s "$tmp/stage/files" "$state/files" &&
			diff -r "$tmp/stage/new" "$state/new" >/dev/null ||
			die "$tree carries another state of the series: run 'make unapply' first"
		n=0
		while read -r f; do
			if same "$state/new/$f" "$tree/$f"; then
				:
			elif same "$state/orig/$f" "$tree/$f"; then
				n=$((n + 1))
			else
				echo "$tree/$f: edited since it was applied, left as it is"
			fi
		done <"$state/files"
		if [ $n -eq 0 ]; then
			echo "$tree: already applied"
			return
		fi
		install_files "$state/new" "$state/orig"
		echo "$tree: finished an interrupted apply ($n files)"
		return
	fi

	if holds_series; then
		echo "$tree: already applied (and part of the tree: there are no originals to go back to)"
		return
	fi
	check_release "$tree" "$series"
	# report files and hunks alike before giving up
	bad=0
	(stage "$tree" "$series" all "$tmp/stage") || bad=1
	check_replaced "$tree" "$series" "$tmp/stage/overlay" || bad=1
	[ $bad -eq 0 ] || die "$tree: does not fit, nothing was changed"

	save_state "$tree"
	install_files "$state/new"
	echo "$tree: applied $(wc -l <"$tmp/stage/patches") patches and $(wc -l <"$tmp/stage/overlay") files; 'make unapply' takes them off"
}

unapply()
{
	if [ ! -d "$state" ] && holds_series; then
		find_originals ||
			die "$tree: holds the series, but no originals to go back to; take it off with your version control"
	fi
	if [ ! -d "$state" ]; then
		echo "$tree: not applied, nothing to do"
		return
	fi
	# Own edits made after apply survive next to our hunks, if they can.
	bad=0
	mkdir "$tmp/undo"
	while read -r f; do
		mkdir -p "$tmp/undo/$(dirname "$f")"
		if same "$tree/$f" "$state/new/$f" || same "$tree/$f" "$state/orig/$f"; then
			[ ! -e "$state/orig/$f" ] || cp -p "$state/orig/$f" "$tmp/undo/$f"
		elif has "$f" "$state/overlay" || [ ! -e "$tree/$f" ] ||
		     [ ! -e "$state/orig/$f" ]; then
			echo "$tree/$f: edited or removed since it was applied; move your change away first" >&2
			bad=1
		else
			cp -p "$tree/$f" "$tmp/undo/$f"
			diff -u -L "a/$f" -L "b/$f" "$state/orig/$f" "$state/new/$f" >"$tmp/diff" ||
				[ $? -eq 1 ] || die "$tmp: cannot be written; make room there"
			if ! patch -R -p1 -F0 -f --no-backup-if-mismatch -r - \
			     -d "$tmp/undo" <"$tmp/diff" >"$tmp/log" 2>&1; then
				explain_hunks "$tmp/log" "the applied change" "$tree"
				bad=1
			fi
		fi
	done <"$state/files"
	[ $bad -eq 0 ] || die "$tree: cannot be taken off, nothing was changed"

	install_files "$tmp/undo"
	while read -r d; do
		rmdir "$tree/$d" 2>/dev/null || :
	done <"$state/dirs"
	n=$(wc -l <"$state/files")
	rm -rf "$state"
	echo "$tree: taken off ($n files as they were)"
}

[ $# -eq 2 ] && [ -n "$2" ] || usage
[ -d "$2" ] || die "KSRC=$2: not a directory; apply and unapply work on an unpacked tree"
tree=$(cd "$2" && pwd -P)
state=$tree/$state_name
series=$(find_series "$tree")
_tmp=
tmp=$(mktemp -d)
trap 'rm -rf "$tmp" "$state.tmp"; rm -f "${_tmp:-}"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
case $1 in
apply | unapply) "$1" ;;
*) usage ;;
esac
