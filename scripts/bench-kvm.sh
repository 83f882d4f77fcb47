#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# bench-kvm.sh [OPTION of prbench...]
#
# Half an hour under hardware virtualisation, and an archive of it that 'make
# merge' and 'make compare' take. prbench runs a guest under KVM before a kernel
# is built, and ends with a line if it does not get anywhere.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/scripts/lib.sh"
cd "$top"
bin=${PRX_BIN:-build/bin}
out=${OUT:-results/kvm-$(date -u +%Y%m%d-%H%M%S)}
thp=/sys/kernel/mm/transparent_hugepage/enabled

for arg; do
	case $arg in
	--o*) die "$arg: say OUT=DIR instead: the archive goes beside it" ;;
	esac
done

# churn-sweep is short: 20 s a pause
set -- --platforms kvm --workloads drain,churn,churn-sweep,fragment,refill,alloc \
	--set churn-sweep.run_ms=20000 --build scripts/kernel.sh --out "$out" \
	--report "$bin/prreport" "$@"

rc=0
"$bin/prbench" "$@" || rc=$?
# 1: some boots are lost; the others count. With --plan there is no run.
[ $rc -le 1 ] && [ -d "$out" ] || exit $rc
! grep -q '\[never\]' $thp 2>/dev/null ||
	echo "the host has no huge pages for guests, fragment and refill say nothing of them: echo madvise >$thp"
trap 'rm -f "$out.tar.xz.tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
tar -cJf "$out.tar.xz.tmp" -C "$out" run.json boots && mv "$out.tar.xz.tmp" "$out.tar.xz" ||
	die "$out.tar.xz: cannot be written; make room there"
echo "$out.tar.xz holds the raw data, with this host's name: make merge DIRS=\"$out.tar.xz ...\""
exit $rc
