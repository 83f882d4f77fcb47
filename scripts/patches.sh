#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# patches.sh VERSION: write a series for a mailing list into $OUT (build/patches)
#
# First come a cover letter and the first posting, which is small and written by
# hand: kernel/patches/VERSION/posting. Behind it comes what brings the tree to
# what 'make apply' gives, made of the overlay, in the parts that the files
# rest/* name: a line 'paths: PREFIX...', then the message of the commit.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/scripts/lib.sh"

# list_touched PATCH...: files that they change, make or delete
list_touched()
{
	sed -n 's,^diff --git a/\([^ ]*\) b/.*,\1,p' "$@" | sort -u
}

# count_lines PATCH: lines of kernel code that it adds and removes; neither tests
# nor documents nor the help in Kconfig
count_lines()
{
	awk '
	/^diff --git / { f = $4; help = 0; code = f !~ /\/(Documentation|tests|selftests)\// }
	/^(---|\+\+\+) / { next }
	/^@@/ { help = 0; hunk = 1 }
	/^-- $/ { hunk = 0 }
	/^diff / { hunk = 0 }
	!hunk || !code { next }
	f ~ /Kconfig/ {
		if ($0 ~ /^.\thelp$/) { help = 1; next }
		if ($0 ~ /^.(config|source|menu|#|[a-z])/) help = 0
		if (help) next
	}
	/^\+/ { add++ }
	/^-/ { del++ }
	END { print add + 0, del + 0 }' "$1"
}

# our own identity, and nobody's settings
tree_git()
{
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 \
	GIT_AUTHOR_NAME=$name GIT_AUTHOR_EMAIL=$email GIT_AUTHOR_DATE=$date \
	GIT_COMMITTER_NAME=$name GIT_COMMITTER_EMAIL=$email \
	GIT_COMMITTER_DATE=$date \
		git -C "$tmp/tree" -c core.autocrlf=false -c am.keepcr=false "$@"
}

# final FILE: print where it is as 'make apply' leaves it, or nothing
final()
{
	_from=$src/$1
	! has "$1" "$tmp/stage/files" || _from=$tmp/stage/new/$1
	[ ! -e "$_from" ] || echo "$_from"
}

# put_final FILE: put that into the tree
put_final()
{
	_w=$(final "$1")
	rm -f "$tmp/tree/$1"
	[ -n "$_w" ] || return 0
	mkdir -p "$tmp/tree/$(dirname "$1")"
	cp -p "$_w" "$tmp/tree/$1"
}

# commit_part FILE: what its paths name and no part before has brought
commit_part()
{
	for _p in $(sed -n '1s/^paths: //p' "$1"); do
		while read -r _f; do
			case $_f in
			"$_p"*) put_final "$_f" ;;
			esac
		done <"$tmp/files"
	done
	tree_git add -A
	! tree_git diff --cached --quiet || return 0
	sed 1,2d "$1" | tree_git commit -q -F - ||
		die "$1: cannot be committed; its third line must be a subject"
}

[ $# -eq 1 ] && [ -n "$1" ] || die "say for which kernel: make patches KERNEL=6.12"
posting=$kdir/patches/$1/posting
[ -d "$posting" ] || die "$1: there is no posting for this kernel; there is one for each of $(cd "$kdir/patches" && ls -d -- */posting | sed 's,/.*,,' | paste -s -d' ' -)"
out=${OUT:-$top/build/patches}
src=$cache/src/linux-source-$1
[ -d "$src" ] || "$top/scripts/kernel.sh" prepare
series=$(find_series "$src")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# what is made of the overlay has the author of the posting
git mailinfo "$tmp/message" "$tmp/diff" <"$(echo "$posting"/0001-*.patch)" >"$tmp/info"
name=$(sed -n 's/^Author: //p' "$tmp/info")
email=$(sed -n 's/^Email: //p' "$tmp/info")
date=$(sed -n 's/^Date: //p' "$tmp/info")
stage "$src" "$series" all "$tmp/stage"
{
	cat "$tmp/stage/files"
	list_touched "$posting"/*.patch
} | sort -u >"$tmp/files"

mkdir "$tmp/tree"
while read -r f; do
	[ ! -e "$src/$f" ] || echo "$f"
done <"$tmp/files" | (cd "$src" && cpio -pdm --quiet "$tmp/tree")
tree_git init -q -b posting
tree_git config branch.posting.description "$(cat "$posting/cover-letter")"
tree_git add -A
tree_git commit -q -m base
tree_git tag base
tree_git am -q "$posting"/*.patch >"$tmp/log" 2>&1 || {
	cat "$tmp/log" >&2
	die "$posting does not fit $src"
}
n=$(tree_git rev-list --count base..posting)

tree_git format-patch -q --zero-commit --no-signature -o "$tmp/out" --cover-letter \
	--cover-from-description=subject base..posting
tree_git checkout -q -b rest
for f in "$posting"/rest/*; do
	commit_part "$f"
done
while read -r f; do
	w=$(final "$f")
	if [ -n "$w" ]; then
		cmp -s "$w" "$tmp/tree/$f"
	else
		[ ! -e "$tmp/tree/$f" ]
	fi || die "$posting/rest: no file there names the path of $f"
done <"$tmp/files"
tree_git format-patch -q --zero-commit --no-signature -o "$tmp/out" -N \
	--subject-prefix='PATCH part 2' --start-number $((n + 1)) posting..rest

mkdir -p "$out" || die "OUT=$out: cannot be made"
rm -f "$out"/[0-9][0-9][0-9][0-9]-*.patch
cp "$tmp"/out/* "$out"
echo "lines of kernel code, added and removed:"
for p in "$out"/[0-9]*.patch; do
	case ${p##*/} in
	0000-*) continue ;;
	esac
	# shellcheck disable=SC2046 # two words
	set -- $(count_lines "$p")
	echo "$1 $2 ${p##*/}"
done | awk -v n="$n" '
	{ printf "%6d %6d  %s\n", $1, $2, $3 }
	NR <= n { add += $1; del += $2 }
	NR == n { printf "%6d %6d  the first posting\n", add, del }'
echo "$out: git am --empty=drop $out/*.patch puts them on a tree; the first $n are to be posted"
