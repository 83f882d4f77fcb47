# SPDX-License-Identifier: GPL-2.0
# Cut-down kernel trees for the script tests. Source it with $top set.

kernel_series=${KERNEL:-6.12}
patches=$top/kernel/patches/$kernel_series

# patch_names: in the order of the series
patch_names()
{
	sed 's/#.*//; /^[[:space:]]*$/d' "$patches/series"
}

# patched_files: files that upstream has and the patches change
patched_files()
{
	patch_names | while read -r p; do
		awk '/^--- a\// { sub("^--- a/", ""); print }' "$patches/$p"
	done | sort -u
}

# deleted_files: files that upstream has and the overlay deletes
deleted_files()
{
	cat "$patches/deletes"
}

# replaced_files TREE: files that upstream has and the overlay replaces or deletes
replaced_files()
{
	{
		(cd "$top/kernel" && find . -path ./patches -prune -o -type f -print)
		deleted_files
	} | sed 's,^\./,,' | sort | while read -r f; do
		[ ! -f "$1/$f" ] || echo "$f"
	done
}

# small_tree DIR: of the distribution's source, what the series touches and
# what the scripts look at, with a file next to it that nobody touches
small_tree()
{
	src=${PRX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/page-ext-reporting}/src/linux-source-$kernel_series
	[ -d "$src" ] || "$top/scripts/kernel.sh" prepare >/dev/null
	mkdir -p "$1"
	{
		printf '%s\n' Makefile Kbuild COPYING mm/vmscan.c scripts/checkpatch.pl
		patched_files
		replaced_files "$src"
	} | sort -u | (cd "$src" && cpio -pdm --quiet "$1")
	chmod -R go-w "$1"	# as git would check it out
}

# git_init DIR: make a git checkout of it, in which nothing asks who we are
git_init()
{
	(
		cd "$1"
		git init -q .
		git config user.name tester
		git config user.email tester@localhost
		git add -A -f .
		git commit -q -m base
	)
}

# git_am DIR: the patches of the series
git_am()
{
	patch_names | while read -r p; do
		git -C "$1" am -q "$patches/$p" </dev/null || exit 1
	done
}
