#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# How the trees are made from a tarball, a plain tree and a git checkout, and
# that they follow a change without touching anything else. Uses a cache of its
# own and cut-down sources.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/tests/tap.sh"
. "$top/tests/small-tree.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
small_tree "$tmp/small"
PRX_CACHE=$tmp/cache
PRX_BUILD=$tmp/build
export PRX_CACHE PRX_BUILD
trees=$PRX_BUILD/trees
[ "$kernel_series" = 6.12 ] || trees=$trees-$kernel_series
patched=$(patched_files)
victim=$(echo "$patched" | grep '\.c$' | head -n 1)

prepare()
{
	KSRC=$1 "$top/scripts/kernel.sh" prepare >"$tmp/out" 2>&1 || {
		cat "$tmp/out"
		return 1
	}
}

refuses()
{
	! prepare "$1" >/dev/null
}

says()
{
	grep -qF -e "$1" "$tmp/out" || {
		cat "$tmp/out"
		return 1
	}
}

# inventory DIR: changes if anything in the tree was so much as written to
inventory()
{
	(cd "$1" && find . -path ./.git -prune -o -printf '%p %i %T@ %s\n' | sort)
}

# only_changed DIR FILE: nothing else was written to since $tmp/before
only_changed()
{
	inventory "$1" >"$tmp/after"
	diff "$tmp/before" "$tmp/after" | sed -n 's/^> \.\/\([^ ]*\) .*/\1/p' |
	while read -r f; do
		[ -d "$1/$f" ] || echo "$f"
	done >"$tmp/changed"
	[ "$(cat "$tmp/changed")" = "$2" ] || {
		echo "changed: $(cat "$tmp/changed")"
		return 1
	}
}

untouched()
{
	inventory "$1" | diff "$tmp/source" -
}

# the pristine tree differs from the source by the UML device and its hooks, and
# by what counts the worker's time; the patched one holds everything
pristine_is_pristine()
{
	rm -rf "$tmp/counted"
	cp -a "$tmp/small" "$tmp/counted"
	patch -s -p1 -F0 --no-backup-if-mismatch -d "$tmp/counted" <"$top/bench/config/pristine.patch" || return 1
	diff -rq "$tmp/counted" "$trees/pristine/" | grep -v '/arch/um/' || return 0
	return 1
}

patched_is_patched()
{
	(cd "$top/kernel" && find . -path ./patches -prune -o -type f -print) |
	while read -r f; do
		cmp "$top/kernel/$f" "$trees/patched/$f" || exit 1
	done || return 1
	for f in $patched; do
		! cmp -s "$tmp/small/$f" "$trees/patched/$f" || return 1
	done
	for f in $(deleted_files); do
		[ ! -e "$trees/patched/$f" ] || return 1
	done
}

# three sources with the same contents
cp -a "$tmp/small" "$tmp/plain"
tar -C "$tmp" -cJf "$tmp/tarball.tar.xz" small
cp -a "$tmp/small" "$tmp/git"
(
	cd "$tmp/git"
	git init -q .
	git add -A -f .
	git -c user.name=t -c user.email=t@localhost commit -q -m base
	echo '*.o' >.git/info/exclude
)
for s in plain git; do
	echo built >"$tmp/$s/mm/vmscan.o"
done

for s in plain git tarball.tar.xz; do
	src=$tmp/$s
	[ ! -d "$src" ] || inventory "$src" >"$tmp/source"
	check "$s: trees are made" prepare "$src"
	check "$s: the pristine tree is pristine" pristine_is_pristine
	check "$s: the patched tree has overlay and hooks" patched_is_patched
	[ ! -d "$src" ] || check "$s: the source is untouched" untouched "$src"
	[ ! -d "$src" ] ||
		check "$s: objects are left out" [ ! -e "$trees/pristine/mm/vmscan.o" ]
	inventory "$trees/patched/" >"$tmp/before"
	prepare "$src"
	check "$s: once more changes nothing" only_changed "$trees/patched/" ""
done

src=$tmp/plain
prepare "$src"
inventory "$trees/patched/" >"$tmp/before"
echo '/* new */' >>"$src/mm/vmscan.c"
prepare "$src"
check "a change of the source arrives, alone" only_changed "$trees/patched/" mm/vmscan.c
check "with its contents" cmp "$src/mm/vmscan.c" "$trees/patched/mm/vmscan.c"
inventory "$trees/patched/" >"$tmp/before"
sed -i '1i /* new */' "$src/$victim"
prepare "$src"
check "so does one of a patched file" only_changed "$trees/patched/" "$victim"
check "which stays patched" sh -c "! cmp -s '$src/$victim' '$trees/patched/$victim'"
rm "$src/mm/vmscan.c"
prepare "$src"
check "a removed file goes" [ ! -e "$trees/patched/mm/vmscan.c" ]

# somebody's hand in a tree does not last, and does not reach the source
sed -i '1d' "$src/$victim"
prepare "$src"
rm "$trees/patched/$victim"
inventory "$src" >"$tmp/source"
prepare "$src"
check "a lost file comes back" patched_is_patched
check "the source is untouched after all this" untouched "$src"

cp -a "$tmp/small" "$tmp/misfit"
sed -i 's/^/x/' "$tmp/misfit/$victim"
check "refuses a source that does not fit" refuses "$tmp/misfit"
check "names file and hunk" says "$victim: hunk #1 of "
cp -a "$tmp/small" "$tmp/applied"
"$top/scripts/graft.sh" apply "$tmp/applied" >/dev/null
check "refuses a source with the series in it" refuses "$tmp/applied"
check "says what to do" says "make unapply"
check "refuses a source that is not there" refuses "$tmp/none"
check "names it" says "KSRC=$tmp/none: no such"
finish
