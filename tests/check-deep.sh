#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# check-deep.sh [TIER...]: the long tests, tier by tier. A tier that has passed
# is not run again until a file of ours has changed, so this can be interrupted
# and run on; FRESH=1 runs all. Points are printed as by tests/run.sh.
set -u
top=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$top" || exit 1
state=build/deep
[ "${KERNEL:-6.12}" = 6.12 ] || state=$state-$KERNEL

# a tier, the minutes that it is expected to take on two cores without KVM, and
# what it is
tiers()
{
	cat <<-END
	model 8 random operations against a model in user space
	valgrind 4 host programs under valgrind
	host 2 VMs that die, full disks, runs that were interrupted
	fuzz 40 parsers against made up input, ten minutes each
	builds 25 other configurations and architectures; coccicheck, kernel-doc
	documents 3 the kernel's documents: make htmldocs has no warning of ours
	posting 20 each step of the first posting builds, and passes its KUnit tests
	coverage 8 which lines of the kernel files the tests run, on User Mode Linux
	releases 12 every point release that is served: the series fits, and compiles
	kunit-x86_64 8 KUnit under QEMU
	oracle 30 ten minutes of load against the oracle, and times that wrap around
	um 12 the same load on User Mode Linux with two CPUs, at native speed
	numa 20 a guest of two nodes, with the oracle
	history 4 bugs that others had and that only show at boot
	migrate 4 a guest that moves from one QEMU to another
	faults 15 memory short, poisoned or owned; devices, hosts and power that go away
	backends 5 with which memory backends of QEMU a host has back what is freed
	guests 5 virtio-mem, a program under a memory limit, hibernation
	kasan 25 the load with KASAN and DEBUG_VM
	lockdep 25 the load with PROVE_LOCKING and DEBUG_PAGEALLOC
	kcsan 30 the load with KCSAN
	kmemleak 20 the load with kmemleak
	mutations 60 each deliberate bug is found
	deb-tools 3 the package of the reader, in a Debian system made for it
	deb 20 the kernel's packages, in a Debian guest that boots by GRUB
	END
}

# content TIER: what passing depends on; the documents are one tier's only
content()
{
	{
		git -c safe.directory='*' ls-files -co --exclude-standard kernel bench tests \
			scripts Makefile 2>/dev/null ||
			find kernel bench tests scripts Makefile -type f
	} |
		if [ "$1" = documents ]; then cat; else grep -v "^kernel/Documentation/"; fi |
		LC_ALL=C sort | xargs sha256sum 2>/dev/null | sha256sum | cut -d' ' -f1
}

# minutes TIER
minutes()
{
	tiers | awk -v t="$1" '$1 == t { print $2 }'
}

known=$(tiers | cut -d' ' -f1 | paste -s -d' ' -)
[ $# -gt 0 ] || {
	# shellcheck disable=SC2086
	set -- $known
}
for t; do
	case " $known " in
	*" $t "*) ;;
	*) echo "check-deep.sh: $t: no such tier; known: $known" >&2; exit 2 ;;
	esac
done
mkdir -p $state || exit 1
todo='' left=0
for t; do
	if [ -z "${FRESH:-}" ] && [ "$(head -n 1 "$state/$t.passed" 2>/dev/null)" = "$(content "$t")" ]; then
		echo "$t: passed before, $(sed -n 2p "$state/$t.passed")"
		continue
	fi
	todo="$todo $t"
	left=$((left + $(minutes "$t")))
done
[ -z "$todo" ] || echo "to do:$todo; about $left min, kernels to be built not counted"
failed=0 passed=0 skipped=0
for t in $todo; do
	echo "== $t: $(tiers | sed -n "s/^$t [0-9]* //p"), about $(minutes "$t") of $left min left"
	rm -f "$state/$t.passed"
	now=$(content "$t")
	tests/run.sh "deep/$t" 2>&1 | tee "$state/$t.log"
	sum=$(tail -n 1 "$state/$t.log")
	case $sum in
	*' passed, 0 failed, '*)
		[ "$(content "$t")" != "$now" ] ||
			printf '%s\n%s, %s\n' "$now" "$(date '+%Y-%m-%d %H:%M')" "$sum" \
				>"$state/$t.passed"
		;;
	esac
	# shellcheck disable=SC2086
	set -- ${sum:-0 passed, 1 failed, 0 skipped}
	case $sum in
	*' passed, '*' failed, '*) ;;
	*) set -- 0 passed, 1 failed, 0 skipped ;;
	esac
	passed=$((passed + $1)) failed=$((failed + $3)) skipped=$((skipped + $5))
	left=$((left - $(minutes "$t")))
done
echo "logs are in $state"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
