#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# documents.sh: make htmldocs has no warning of ours, nor has the check of
# Documentation/ABI; and a warning that is planted is found.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
[ -n "${TREES:-}" ] || exec "$top/scripts/kernel.sh" exec "$0" "$@"
. "$top/tests/tap.sh"

scratch=$(mktemp -d)
copy=$TREES/documents		# where hard links to the tree can be made
trap 'rm -rf "$scratch" "$copy"' EXIT
trap 'exit 1' HUP INT TERM
tree=$TREES/patched/linux
out=$scratch/out
log=$scratch/log

ours()
{
	grep -E 'page_reporting|page-reporting|walk_free_mem' "$log"
}

build_docs()
{
	nice make -s -C "$1" O="$out" htmldocs SPHINXDIRS="admin-guide/mm mm" \
		SPHINXOPTS="-q -j${JOBS:-1}" </dev/null >"$log" 2>&1 9>&- || {
		tail -n 20 "$log" | sed 's/^/# /'
		return 1
	}
}

quiet()
{
	! ours | sed 's/^/# /' | grep .
}

# planted: in a copy of the documents with a reference that leads nowhere
planted()
{
	rm -rf "$copy"
	cp -al "$tree" "$copy"
	_f=$copy/Documentation/mm/free_page_reporting.rst
	{ cat "$_f"; printf '\nSee :ref:`page_reporting_nowhere`.\n'; } >"$scratch/page"
	rm "$_f" && mv "$scratch/page" "$_f"
	build_docs "$copy" && ours | grep -q nowhere
}

abi()
{
	[ -e "$tree/scripts/get_abi.pl" ] || {
		echo "# $tree has no scripts/get_abi.pl"
		return 1
	}
	(cd "$tree" && perl scripts/get_abi.pl validate --dir Documentation/ABI) \
		>"$log" 2>&1
	quiet
}

command -v sphinx-build >/dev/null || {
	ok "make htmldocs # SKIP sphinx-build is missing (package python3-sphinx)"
	finish
}
check "make htmldocs" build_docs "$tree"
check "without a warning of ours" quiet
for f in admin-guide/mm/page_reporting admin-guide/mm/page_reporting_held \
	 mm/free_page_reporting; do
	check "there is a page $f" grep -q '</html>' "$out/Documentation/output/$f.html"
done
check "the ABI is documented as it should be" abi
check "a warning that is planted is found" planted
finish
