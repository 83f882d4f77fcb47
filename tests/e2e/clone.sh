#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A clone elsewhere: its path has a blank, a comma, a letter that is not ASCII and
# one that is not UTF-8, files are the user's only, HOME cannot be written, programs
# cannot be run from TMPDIR. In it a new workload and a new test are made, and run.
. "$(dirname "$0")/lib.sh"

clone=$(printf '%s/a b,ü\374/clone' "$scratch")
built=$(realpath "$kernels")
umask 077
mkdir -p "$clone"
git ls-files -z -co --exclude-standard bench scripts kernel/tools/mm tests/e2e tests/tap.sh tests/model/replay/README.md Makefile |
	xargs -0 cp --parents -t "$clone" 2>/dev/null
mkdir "$scratch/home" "$scratch/tmp"
chmod 500 "$scratch/home"
HOME=$scratch/home
export HOME
if mount -t tmpfs -o size=1m,noexec tmpfs "$scratch/tmp" 2>/dev/null; then
	trap 'umount "$scratch/tmp"; rm -rf "$scratch"' EXIT
	TMPDIR=$scratch/tmp
	export TMPDIR
fi

# there CMD...: run it in the clone, with its output in the log
there()
{
	(cd "$clone" && "$@") >"$scratch/log" 2>&1 </dev/null
}

ok "a workload is made" there make -s new WORKLOAD=my-load TEST=
ok "and a test" there make -s new WORKLOAD= TEST=my-test
# gcc has its own temporary files
ok "the programs are built" there env TMPDIR=/tmp make -s -j2 programs
ln -s "$built" "$clone/$kernels"
ok "the new workload is in the list" there make -s list
ok "with its line" grep -q '^  my-load  *Take some memory' "$scratch/log"
ok "and runs, as all boots do there" there build/bin/prbench --platforms um \
	--workloads my-load,drain --variants off --boots 1 --set drain.settle_ms=500 \
	--set drain.mib=64 --report build/bin/prreport
ok "with a report" [ -s "$clone/results/latest/report.html" ]
ok "the new test runs, too" there tests/e2e/my-test.sh
ok "the doctor has something to say" there sh -c 'make -s doctor && :'
ok "in a line for each thing" grep -q '^um  *ok ' "$scratch/log"
done_testing
