#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# make patches, on a cut-down copy of the distribution's source: git takes all
# of it, the first posting is small and in kernel style, and in the end the tree
# is the one that make apply gives.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/tests/tap.sh"
. "$top/tests/small-tree.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
out=$tmp/out
log=$tmp/log

says()
{
	grep -qF -e "$1" "$log" || {
		echo "'$1' is not in:"
		cat "$log"
		return 1
	}
}

# quietly CMD...: what it said is shown if it fails
quietly()
{
	"$@" >"$log" 2>&1 </dev/null || {
		cat "$log"
		return 1
	}
}

refuses()
{
	! quietly "$@" >/dev/null || {
		echo "took it: $(cat "$log")"
		return 1
	}
}

# our_git DIR ARG...: with an identity, and without anybody's settings
our_git()
{
	_dir=$1
	shift
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -C "$_dir" \
		-c user.name=test -c user.email=test@example.org "$@"
}

patches()
{
	quietly make -s --no-print-directory -C "$top" patches OUT="$1" \
		KERNEL="${2:-$series}"
}

# one patch a line
posted()
{
	grep -l '^Subject: \[PATCH [1-9]*/' "$out"/[0-9]*.patch
}

below_600()
{
	_n=$(awk '/the first posting$/ { print $1 + $2 }' "$log")
	echo "# $_n lines added and removed"
	[ "${_n:-600}" -lt 600 ]
}

# context FILE...: at most three lines of the kernel's before and after a change
context()
{
	awk '
	function check_run(last) {
		if (n > (first || last ? 3 : 6)) {
			print FILENAME ":" FNR ": " n " lines of context"
			bad = 1
		}
		n = first = 0
	}
	/^@@/ { check_run(1); first = inside = 1; next }
	/^(diff |From )/ { check_run(1); inside = 0 }
	inside && /^ / { n++ }
	inside && /^[-+]/ { check_run(0) }
	END { check_run(1); exit bad }' "$@"
}

has_body()
{
	for _p; do
		[ "$(our_git "$top" mailinfo "$tmp/body" /dev/null <"$_p" |
			sed -n 's/^Subject: //p' | awk '{ print length }')" -le 70 ] &&
			[ "$(sed '/^Signed-off-by:/d; /^---$/,$d; /^$/d' "$tmp/body" | wc -l)" -ge 3 ] &&
			grep -q '^Signed-off-by: ' "$tmp/body" || {
			echo "$_p: subject too long, no reason given, or not signed off"
			return 1
		}
	done
}

# as tests/style.sh has it, which says why each of these is left out
checkpatch()
{
	perl "$src/scripts/checkpatch.pl" --root="$src" --strict --quiet \
		--no-summary --show-types \
		--ignore FILE_PATH_CHANGES,EMBEDDED_FILENAME,CAMELCASE "$1"
}

# same_trees A B: git's own files and make apply's notes aside
same_trees()
{
	diff -r -x .git -x .page-ext-reporting "$1" "$2"
}

# Each series may have one; where it has none, that is said
series=$kernel_series
if [ ! -d "$top/kernel/patches/$series/posting" ]; then
	check "make patches refuses Linux $series" refuses patches "$tmp/none" "$series"
	check "says which have a posting" says "6.12"
	check "and writes nothing" [ ! -e "$tmp/none" ]
	finish
fi
small_tree "$tmp/applied"
small_tree "$tmp/posted"
our_git "$tmp/posted" init -q
our_git "$tmp/posted" add -A
our_git "$tmp/posted" commit -q -m base

check "make patches" patches "$out"
check "says how many lines" says "the first posting"
check "the first posting is below 600 lines" below_600
check "there is a cover letter" grep -q '^Subject: \[PATCH 0/[1-9]\] mm/page_reporting: ' \
	"$out/0000-cover-letter.patch"
check "and nothing is left to be filled in" refuses grep -E '\*\*\*|TODO|placeholder' \
	"$out/0000-cover-letter.patch"
check "each patch says why and is signed off" has_body $(posted)
for p in $(posted); do
	check "checkpatch ${p##*/}" checkpatch "$p"
done
check "kept with little context" context "$top/kernel/patches/$series/posting"/*.patch
check "git am takes all of it" quietly our_git "$tmp/posted" am -q --empty=drop \
	"$out"/*.patch
check "make apply, to compare" quietly "$top/scripts/graft.sh" apply "$tmp/applied"
check "both give the same tree" same_trees "$tmp/applied" "$tmp/posted"
mkdir "$tmp/again"
: >"$tmp/again/0099-of-another-run.patch"
check "make patches again" patches "$tmp/again"
check "gives the same files and no others" diff -r "$out" "$tmp/again"
check "refuses a kernel that has no posting" refuses patches "$tmp/none" 5.4
check "says which there are" says "6.12"
check "and writes nothing" [ ! -e "$tmp/none" ]
finish
