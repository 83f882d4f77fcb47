#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# make apply and make unapply, on cut-down copies of the distribution's source.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/tests/tap.sh"
. "$top/tests/small-tree.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
out=$tmp/out
t=$tmp/tree

# print_tree DIR: everything about a tree that a user could miss
print_tree()
{
	(cd "$1" && find . -path ./.git -prune -o -printf '%M %p %l\n' | sort
	 find . -path ./.git -prune -o -type f -print0 | sort -z | xargs -0 sha256sum)
}

graft()
{
	"$top/scripts/graft.sh" "$1" "$2" >"$out" 2>&1 </dev/null || {
		cat "$out"
		return 1
	}
}

refuses()
{
	if graft "$@"; then
		echo "took it: $(cat "$out")"
		return 1
	fi
}

says()
{
	grep -qF -e "$1" "$out" || {
		echo "'$1' is not in:"
		cat "$out"
		return 1
	}
}

unchanged()
{
	print_tree "$1" >"$tmp/after"
	diff "$tmp/before" "$tmp/after"
}

remember()
{
	print_tree "$1" >"$tmp/before"
}

fresh()
{
	rm -rf "$t"
	cp -a "$tmp/small" "$t"
	remember "$t"
}

carries_overlay()
{
	(cd "$top/kernel" && find . -path ./patches -prune -o -type f -print) |
	while read -r f; do
		cmp "$top/kernel/$f" "$1/$f" || exit 1
	done
}

lacks_deleted()
{
	for f in $(deleted_files); do
		[ -e "$tmp/small/$f" ] && [ ! -e "$1/$f" ] || {
			echo "$f is still there, or never was"
			return 1
		}
	done
}

carries_hooks()
{
	for f in $patched; do
		! cmp -s "$tmp/small/$f" "$1/$f" || {
			echo "$f was not patched"
			return 1
		}
	done
}

small_tree "$tmp/small"
patched=$(patched_files)
replaced=$(replaced_files "$tmp/small")
victim=$(echo "$patched" | grep '\.c$' | head -n 1)

fresh
check "applies to a plain tree" graft apply "$t"
check "every file of the overlay is there" carries_overlay "$t"
check "every hook is there" carries_hooks "$t"
check "what it deletes is gone" lacks_deleted "$t"
cp -a "$t" "$tmp/applied"
remember "$t"
check "applies twice" graft apply "$t"
check "says that it was applied already" says "already applied"
check "and changes nothing" unchanged "$t"

print_tree "$tmp/small" >"$tmp/before"
check "comes off" graft unapply "$t"
check "the tree is as it was, byte for byte" unchanged "$t"
check "comes off twice" graft unapply "$t"
check "says that there is nothing to do" says "not applied"
check "and changes nothing again" unchanged "$t"

same_hooks()
{
	for f in $patched; do
		cmp "$t/$f" "$tmp/applied/$f" || return 1
	done
}

fresh
git_init "$t"
check "the patches go in with git am" git_am "$t"
check "to the same effect" same_hooks

fresh
git_init "$t"
check "applies to a git checkout" graft apply "$t"
check "git sees the change" sh -c "[ -n \"\$(git -C '$t' status --porcelain)\" ]"
check "comes off a git checkout" graft unapply "$t"
check "git sees none" sh -c "[ -z \"\$(git -C '$t' status --porcelain)\" ]"
check "with nothing left behind" unchanged "$t"
graft apply "$t"
rm -r "$t/.page-ext-reporting"
check "comes off with git's help if the originals were cleaned away" graft unapply "$t"
check "with nothing left behind either" unchanged "$t"
graft apply "$t"
rm -r "$t/.page-ext-reporting"
echo '/* own edit */' >>"$t/$victim"
remember "$t"
check "but not if that would eat an edit" refuses unapply "$t"
check "which is still there" unchanged "$t"

# A full disk: nothing is lost, and what is said is true.
fresh
git_init "$t"
mkdir "$tmp/disk"
if mount -t tmpfs -o size=64m tmpfs "$tmp/disk" 2>/dev/null; then
	trap 'umount "$tmp/disk"; rm -rf "$tmp"' EXIT
	cp -a "$t" "$tmp/disk/tree"
	t=$tmp/disk/tree
	dd if=/dev/zero of="$tmp/disk/full" bs=64k 2>/dev/null || :
	remember "$t"
	check "does not apply on a full disk" refuses apply "$t"
	check "and says what to do" says "make room there"
	check "and leaves nothing" unchanged "$t"
	rm "$tmp/disk/full"
	check "applies when there is room" graft apply "$t"
	rm -r "$t/.page-ext-reporting"
	dd if=/dev/zero of="$tmp/disk/full" bs=64k 2>/dev/null || :
	remember "$t"
	check "does not come off on a full disk" refuses unapply "$t"
	check "and says what to do, too" says "make room there"
	check "with nothing changed" unchanged "$t"
	rm "$tmp/disk/full"
	check "comes off when there is room" graft unapply "$t"
	remember "$t"
	dd if=/dev/zero of="$tmp/disk/full" bs=64k 2>/dev/null || :
	check "does not apply without temporary files" sh -c "
		! TMPDIR='$tmp/disk' '$top/scripts/graft.sh' apply '$t' >'$out' 2>&1"
	check "with the same advice" says "make room there"
	check "and nothing changed" unchanged "$t"
	umount "$tmp/disk"
	trap 'rm -rf "$tmp"' EXIT
	t=$tmp/tree
else
	ok "a full disk # SKIP no right to mount"
fi

fresh
graft apply "$t"
rm -r "$t/.page-ext-reporting"
check "knows a tree whose originals are gone" graft apply "$t"
check "and says so" says "already applied"
check "refuses to guess what was there" refuses unapply "$t"

fresh
cp -al "$t" "$tmp/linked"
graft apply "$t"
check "nothing leaks through hard links" unchanged "$tmp/linked"

fresh
sed -i '1i /* own edit before */' "$t/$victim"
remember "$t"
check "fits around own edits" graft apply "$t"
echo '/* own edit after */' >>"$t/$victim"
check "comes off beside edits made since" graft unapply "$t"
check "which are kept" sh -c "tail -n 1 '$t/$victim' | grep -q 'own edit after'"
sed -i '$d' "$t/$victim"
check "with the rest as it was" unchanged "$t"

fresh
sed -i 's/^/x/' "$t/$victim"
remember "$t"
check "refuses a tree that does not fit" refuses apply "$t"
check "names file and hunk" says "$victim: hunk #1 of "
check "leaves it alone" unchanged "$t"

fresh
rm "$t/$victim"
remember "$t"
check "refuses a tree that lacks a file" refuses apply "$t"
check "names it" says "$victim: missing"
check "leaves it alone as well" unchanged "$t"

# more_in FILE: something that its release did not declare
more_in()
{
	case $1 in
	*.rst) printf 'Own Heading\n===========\n' >>"$t/$1" ;;
	*) printf 'int own_edit(void)\n{\n\treturn 1;\n}\n' >>"$t/$1" ;;
	esac
}

for f in $replaced; do
	fresh
	more_in "$f"
	remember "$t"
	check "refuses $f with more in it than it knows" refuses apply "$t"
	check "names the file" says "$f: not the file"
	check "and what is in it" says "it has $(case $f in *.rst) echo Own Heading ;; *) echo own_edit ;; esac)"
	check "and the tree stays as it is" unchanged "$t"

	fresh
	case $f in
	*.rst) sed -i '/^===/a \\nNew words.' "$t/$f" ;;
	*) sed -i '$a /* own_edit(); */' "$t/$f" ;;
	esac
	remember "$t"
	check "takes $f of another release" graft apply "$t"
	check "and says so" says "$f: differs from that of every release tested"
	graft unapply "$t"
	check "which comes back as it was" unchanged "$t"
done

# release N: make it another point release
release()
{
	sed -i "s/^SUBLEVEL = .*/SUBLEVEL = $1/" "$t/Makefile"
}

fresh
check "knows a release that was tested" sh -c "! '$top/scripts/graft.sh' apply '$t' | grep -q trying"
fresh
release 9999
check "tries a release that is newer than all tested" graft apply "$t"
check "and says so" says "$kernel_series.9999 is newer than any release tested ($(sort -V "$patches/tested" | tail -n 1)): trying"
fresh
release 1
check "tries one that is older" graft apply "$t"
check "and says that" says "$kernel_series.1 was not tested: trying"
fresh
release 9999
sed -i 's/^/x/' "$t/$victim"
remember "$t"
check "refuses a newer one that does not fit" refuses apply "$t"
check "names its file and hunk" says "$victim: hunk #1 of "
check "and leaves it alone" unchanged "$t"

fresh
sed -i 's/^VERSION = .*/VERSION = 2/; s/^PATCHLEVEL = .*/PATCHLEVEL = 4/' "$t/Makefile"
check "refuses a kernel it does not know" refuses apply "$t"
check "lists those it knows" says "2.4: no patches for it; known: $(ls "$top/kernel/patches" | paste -s -d' ' -)"
check "refuses what is no kernel" refuses apply "$tmp"

fresh
graft apply "$t"
sed -i 's/^/x/' "$t/$victim"
remember "$t"
check "refuses to come off when a hook was edited" refuses unapply "$t"
check "names that file and hunk" says "$victim: hunk #1"
check "and keeps the edit" unchanged "$t"

fresh
graft apply "$t"
f=$(cd "$top/kernel" && find . -path ./patches -prune -o -name '*.c' -print | sort | head -n 1)
f=${f#./}
echo '/* own edit */' >>"$t/$f"
remember "$t"
check "refuses to come off when its own file was edited" refuses unapply "$t"
check "names that file" says "$f: edited"
check "and keeps that edit" unchanged "$t"

for f in $(deleted_files); do
	fresh
	graft apply "$t"
	echo '/* own file */' >"$t/$f"
	remember "$t"
	check "refuses to come off when there is a new $f" refuses unapply "$t"
	check "names it as well" says "$f: edited"
	check "and keeps it" unchanged "$t"

	fresh
	graft apply "$t"
	cp "$tmp/small/$f" "$t/$f"
	check "deletes $f when it finishes an interrupted apply" graft apply "$t"
	check "which is gone then" lacks_deleted "$t"
done

fresh
graft apply "$t"
cp "$tmp/small/$victim" "$t/$victim"
check "finishes an interrupted apply" graft apply "$t"
check "which it mentions" says "interrupted"
check "with every hook" carries_hooks "$t"
cp "$tmp/small/$victim" "$t/$victim"
check "takes off an interrupted apply" graft unapply "$t"
print_tree "$tmp/small" >"$tmp/before"
check "with nothing left of it" unchanged "$t"
finish
