#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Run the KUnit tests of the patched tree in User Mode Linux, with the tree's own
# kunit.py, and print a TAP point for each. Two boots: with page_ext=on, as the
# configuration has it, and with page_ext=off.
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
raw=$(mktemp)
trap 'rm -f "$log" "$raw"' EXIT
rc=0
cd "$tree"

# kunit COMMAND ARG...: what the tests said goes to $log, all of it to $raw
kunit()
{
	_out=$TREES/patched/kunit
	rm -f "$_out/test.log"
	PYTHONDONTWRITEBYTECODE=1 nice python3 tools/testing/kunit/kunit.py "$@" \
		>>"$log" 2>&1 </dev/null 9>&- || rc=$?
	[ ! -f "$_out/test.log" ] || cat "$_out/test.log" >>"$raw"
}

kunit run --kunitconfig="$config" --arch=um --build_dir="$TREES/patched/kunit" \
	--jobs="${JOBS:-$(nproc)}" --timeout=600 \
	--make_options="CC=$PRX_CC" --make_options="HOSTCC=$PRX_CC" \
	page_reporting
[ $rc -ne 0 ] || kunit exec --arch=um --build_dir="$TREES/patched/kunit" \
	--timeout=60 --kernel_args=page_ext=off page_reporting_off
cat "$log"

# In $raw "ok 1 name # SKIP why", and what the kernel complains of. In $log
# "[12:34:56] [PASSED] name", in suites headed "==== suite (N subtests) ===="
awk -v rc=$rc '
FILENAME == ARGV[1] {
	if (sub(/^ *ok [0-9]+ /, "") && match($0, / # SKIP /))
		why[substr($0, 1, RSTART - 1)] = substr($0, RSTART + RLENGTH)
	# the same tree without our patches says this at boot
	else if (/arch\/um\/drivers\/virt-pci\.c/)
		next
	else if (/WARNING: (CPU|possible|suspicious)|BUG: |INFO: (task|rcu|possible)/) {
		print "# " $0
		splat++
	}
	next
}
{ sub(/^\[[0-9:]+\] /, "") }
/^=+ [^ ]+ \([0-9]+ subtests?\) =+$/ { suite = $2 ": " }
/^\[(PASSED|SKIPPED|FAILED|CRASHED|TIMEOUT)\] / {
	what = $1
	sub(/^[^ ]+ /, "")
	n++
	if (what == "[PASSED]")
		print "ok " n " - " suite $0
	else if (what == "[SKIPPED]")
		print "ok " n " - " suite $0 " # SKIP " why[$0]
	else {
		print "not ok " n " - " suite $0 " " what
		bad++
	}
}
/^Testing complete\./ { complete++ }
END {
	if (!bad && (complete < 2 || !n || rc)) {
		print "not ok " ++n " - kunit.py finished, status " rc
		bad++
	}
	print (splat ? "not " : "") "ok " ++n " - the kernel did not complain"
	print "1.." n
	exit rc || bad || splat
}' "$raw" "$log"
