#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kunit.sh [um|x86_64]: run the KUnit tests of the patched tree in User Mode Linux,
# or in QEMU, with the tree's own kunit.py, and print a TAP point for each. Two
# boots: with page_ext=on, as the configuration has it, and with page_ext=off; and
# where there are several CPUs, one for the test that needs a single one.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
arch=${1:-um}
[ -n "${TREES:-}" ] || exec "$top/scripts/kernel.sh" exec "$0" "$arch"

out=$TREES/patched/kunit
more=
[ "$arch" = um ] || {
	out=$out-$arch
	# what User Mode Linux does not have
	for c in SMP X86_MCE X86_MCE_INTEL MEMORY_FAILURE SPARSEMEM_VMEMMAP \
		MEMORY_HOTPLUG MEMORY_HOTREMOVE TRANSPARENT_HUGEPAGE; do
		more="$more --kconfig_add=CONFIG_$c=y"
	done
}
tree=$TREES/patched/linux
config=$tree/mm/page_reporting/tests/.kunitconfig
[ -f "$config" ] || {
	echo "not ok 1 - kernel/mm/page_reporting/tests/.kunitconfig is missing"
	exit 1
}
log=$(mktemp)
raw=$(mktemp)
trap 'rm -f "$log" "$raw"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
rc=0 boots=0
cd "$tree"

# Linux 7.3 has User Mode Linux with several CPUs
boot=
[ "$arch" != um ] || ! grep -q '^config SMP' "$tree/arch/um/Kconfig" || {
	more="--kconfig_add=CONFIG_SMP=y"
	boot="--kernel_args=seccomp=on --kernel_args=ncpus=2"
}

# kunit COMMAND ARG...: what the tests said goes to $log, all of it to $raw
kunit()
{
	rm -f "$out/test.log"
	boots=$((boots + 1))
	PYTHONDONTWRITEBYTECODE=1 nice python3 tools/testing/kunit/kunit.py "$@" \
		>>"$log" 2>&1 </dev/null 9>&- || rc=$?
	[ ! -f "$out/test.log" ] || cat "$out/test.log" >>"$raw"
}

# shellcheck disable=SC2086 # several options
kunit run --kunitconfig="$config" --arch="$arch" --build_dir="$out" $more $boot \
	--jobs="${JOBS:-$(nproc)}" --timeout=1800 \
	--make_options="CC=$PRX_CC" --make_options="HOSTCC=$PRX_CC" \
	'page_reporting_[!o]*'
# shellcheck disable=SC2086 # several options
[ $rc -ne 0 ] || kunit exec --arch="$arch" --build_dir="$out" \
	$boot --timeout=300 --kernel_args=page_ext=off page_reporting_off
[ $rc -ne 0 ] || [ -z "$boot" ] || kunit exec --arch="$arch" --build_dir="$out" \
	--timeout=300 --kernel_args=seccomp=on --kernel_args=ncpus=1 \
	page_reporting_records.records_no_page_ext
cat "$log"

# In $raw "ok 1 name # SKIP why", and what the kernel complains of. In $log
# "[12:34:56] [PASSED] name", in suites headed "==== suite (N subtests) ====".
# What one boot skips and another does not is not skipped.
awk -v rc=$rc -v boots=$boots '
FILENAME == ARGV[1] {
	if (sub(/^ *ok [0-9]+ /, "") && match($0, / # SKIP /))
		why[substr($0, 1, RSTART - 1)] = substr($0, RSTART + RLENGTH)
	# the same tree without our patches says this at boot
	else if (/arch\/um\/drivers\/virt-pci\.c/)
		next
	else if (/WARNING: (CPU|possible|suspicious|.*, CPU#)|BUG: |INFO: (task|rcu|possible)/) {
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
	if (what == "[PASSED]") {
		print "ok " n " - " suite $0
		delete skipped[suite $0]
	} else if (what == "[SKIPPED]") {
		# from 7.0 on with the reason in parentheses
		name = reason = $0
		sub(/ \(.*/, "", name)
		if (!sub(/^[^ ]+ \(/, "", reason) || !sub(/\)$/, "", reason))
			reason = why[name]
		skipped[suite name] = reason
		n--
	}
	else {
		print "not ok " n " - " suite $0 " " what
		bad++
	}
}
/^Testing complete\./ { complete++ }
END {
	# each of these is to pass in another boot
	for (name in skipped)
		if (skipped[name] ~ /page_ext=off|device is registered/) {
			print "not ok " ++n " - " name " was in no boot run: " skipped[name]
			bad++
		} else {
			print "ok " ++n " - " name " # SKIP " skipped[name]
		}
	if (!bad && (complete < boots || !n || rc)) {
		print "not ok " ++n " - kunit.py finished, status " rc
		bad++
	}
	print (splat ? "not " : "") "ok " ++n " - the kernel did not complain"
	print "1.." n
	exit rc || bad || splat
}' "$raw" "$log"
