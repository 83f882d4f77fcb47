#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Run the KUnit tests of the patched tree in User Mode Linux, with the tree's own
# kunit.py, and print a TAP point for each.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
[ -n "${TREES:-}" ] || exec "$top/scripts/kernel.sh" exec "$0"

tree=$TREES/patched/linux
config=$tree/mm/tests/.kunitconfig
[ -f "$config" ] || {
	echo "not ok 1 - kernel/mm/tests/.kunitconfig is missing"
	exit 1
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
rc=0
cd "$tree"
PYTHONDONTWRITEBYTECODE=1 nice python3 tools/testing/kunit/kunit.py run \
	--kunitconfig="$config" --arch=um --build_dir="$TREES/patched/kunit" \
	--jobs="${JOBS:-$(nproc)}" --timeout=600 \
	--make_options="CC=$PRX_CC" --make_options="HOSTCC=$PRX_CC" \
	>"$log" 2>&1 </dev/null 9>&- || rc=$?
cat "$log"

# "[12:34:56] [PASSED] name", in suites headed "==== suite (N subtests) ===="
awk -v rc=$rc '
{ sub(/^\[[0-9:]+\] /, "") }
/^=+ [^ ]+ \([0-9]+ subtests?\) =+$/ { suite = $2 ": " }
/^\[(PASSED|SKIPPED|FAILED|CRASHED|TIMEOUT)\] / {
	what = $1
	sub(/^[^ ]+ /, "")
	n++
	if (what == "[PASSED]")
		print "ok " n " - " suite $0
	else if (what == "[SKIPPED]")
		print "ok " n " - " suite $0 " # SKIP said the test"
	else {
		print "not ok " n " - " suite $0 " " what
		bad++
	}
}
/^Testing complete\./ { complete = 1 }
END {
	if (!complete || !n || (rc && !bad))
		print "not ok " ++n " - kunit.py finished, status " rc
	print "1.." n
	exit !complete || rc || bad
}' "$log"
