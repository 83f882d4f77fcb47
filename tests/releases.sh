#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# releases.sh [all|RELEASE...]: the series on other point releases that the
# distribution's mirror serves, by default the two oldest and the newest: each
# hunk fits in one place and no other, git am and plain patch do the same, make
# apply as well, and make unapply takes all of it off again. Of each release
# what the series touches stays in the cache.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/tests/tap.sh"
. "$top/tests/small-tree.sh"
. "$top/scripts/lib.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
out=$tmp/out

skip_release()
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $(sed 's/^[a-z]*\.sh: //' "$out" | tail -n 1)"
}

# said CMD...: run it; say something only if it fails
said()
{
	"$@" >"$out" 2>&1 </dev/null || {
		cat "$out"
		return 1
	}
}

# extract RELEASE DIR: what the series touches of it, and what scripts look at
extract()
{
	{
		printf '%s\n' Makefile Kbuild COPYING
		patched_files
		sed -n 's/^\([^\t ].*\):$/\1/p' "$patches/replaces"
	} | sort -u >"$tmp/list"
	kept=$cache/releases/$1-$(sha256sum <"$tmp/list" | cut -c1-12)
	if [ ! -d "$kept" ]; then
		tarball=$("$top/scripts/fetch.sh" get "$1" 2>"$out") || return
		rm -rf "$cache/releases/$1"-*
		mkdir "$kept.tmp"
		sed "s,^,linux-source-$kernel_series/," "$tmp/list" |
			tar -xf "$tarball" -C "$kept.tmp" --strip-components=1 \
			-T - 2>"$out" || {
			rm -rf "$kept.tmp"
			die "$tarball: lacks what the series changes: $(head -n 1 "$out")"
		}
		mv "$kept.tmp" "$kept"
	fi
	cp -a "$kept" "$2"
	chmod -R go-w "$2"
}

# hunks_fit TREE: apply the series; each hunk's old lines, context included, must
# be found once in the file as the patches before have left it
hunks_fit()
{
	for p in $(patch_names); do
		awk -v tree="$1" -v patch="$p" '
		function load(f,   l) {
			n = 0
			while ((getline l < f) > 0)
				line[++n] = l
			close(f)
		}
		function check(   i, j, found) {
			if (!m)
				return
			for (i = 1; i <= n - m + 1; i++) {
				for (j = 1; j <= m && line[i + j - 1] == old[j]; j++)
					;
				if (j > m)
					found++
			}
			if (found != 1) {
				print tree "/" file ": hunk " hunk " of " patch " fits in " found + 0 " places"
				bad = 1
			}
			m = 0
		}
		/^--- / { check(); next }
		/^\+\+\+ b\// { file = substr($0, 7); load(tree "/" file); hunk = 0; next }
		/^diff |^-- $/ { check(); inside = 0 }
		/^@@ / { check(); hunk++; inside = 1; next }
		inside && /^[ -]/ { old[++m] = substr($0, 2) }
		END { check(); exit bad }' "$patches/$p" || return
		patch -s -p1 -F0 -f --no-backup-if-mismatch -r - -d "$1" <"$patches/$p" || return
	done
}

same_trees()
{
	diff -r --exclude=.git --exclude=.page-ext-reporting "$1" "$2"
}

# with_overlay DIR: what make apply adds to the patches
with_overlay()
{
	for f in $(overlay_list "$patches" all); do
		if [ -e "$kdir/$f" ]; then
			mkdir -p "$1/$(dirname "$f")"
			cp -p "$kdir/$f" "$1/$f"
		else
			rm -f "$1/$f"
		fi
	done
}

test_release()
{
	base=$tmp/$1
	extract "$1" "$base" || {
		skip_release "$1"
		return
	}
	cp -a "$base" "$base-patch"
	cp -a "$base" "$base-am"
	cp -a "$base" "$base-graft"
	check "$1: each hunk fits in one place" hunks_fit "$base-patch"
	git_init "$base-am"
	check "$1: git am takes the patches" said git_am "$base-am"
	check "$1: to the same effect" same_trees "$base-patch" "$base-am"
	with_overlay "$base-patch"
	check "$1: make apply" said "$top/scripts/graft.sh" apply "$base-graft"
	check "$1: does the same, and adds the overlay" same_trees "$base-patch" "$base-graft"
	check "$1: make unapply" said "$top/scripts/graft.sh" unapply "$base-graft"
	check "$1: leaves nothing behind" diff -r "$base" "$base-graft"
	rm -rf "$base"*
}

case ${1:-} in
'' | all)
	"$top/scripts/fetch.sh" list "$kernel_series" >"$tmp/served" 2>"$out" || : >"$tmp/served"
	# what was fetched before is still there when the mirror is not
	{
		cut -d' ' -f1 "$tmp/served"
		for d in "$cache/releases/$kernel_series".*-*; do
			[ ! -d "$d" ] || basename "${d%-*}"
		done
	} | sort -uV >"$tmp/known"
	[ "${1:-}" = all ] || {
		sed -n '1p; 2p; $p' "$tmp/known" | sort -uV >"$tmp/few"
		mv "$tmp/few" "$tmp/known"
	}
	# shellcheck disable=SC2046
	set -- $(cat "$tmp/known")
	;;
esac
[ $# -gt 0 ] || {
	[ -s "$out" ] || echo "the mirror that is configured has no linux-source-$kernel_series" >"$out"
	skip_release "other releases of $kernel_series"
}
for r; do
	test_release "$r"
done
finish
