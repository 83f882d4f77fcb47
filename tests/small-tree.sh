# SPDX-License-Identifier: GPL-2.0
# Cut-down kernel trees for the script tests. Source it with $top set.

# patched_files: files that upstream has and the patches change
patched_files()
{
	sed 's/#.*//; /^[[:space:]]*$/d' "$top/kernel/patches/6.12/series" |
	while read -r p; do
		awk '/^--- a\// { sub("^--- a/", ""); print }' \
			"$top/kernel/patches/6.12/$p"
	done | sort -u
}

# deleted_files: files that upstream has and the overlay deletes
deleted_files()
{
	cat "$top/kernel/patches/6.12/deletes"
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
	src=${PRX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/page-ext-reporting}/src/linux-source-6.12
	[ -d "$src" ] || "$top/scripts/kernel.sh" prepare >/dev/null
	mkdir -p "$1"
	{
		printf '%s\n' Makefile Kbuild COPYING mm/vmscan.c scripts/checkpatch.pl
		patched_files
		replaced_files "$src"
	} | sort -u | (cd "$src" && cpio -pdm --quiet "$1")
	chmod -R go-w "$1"	# as git would check it out
}
