#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Several guests under one limit: how many fit is a result, a VM that somebody
# kills is a lost boot, and whatever happens no process and no cgroup is left.
. "$(dirname "$0")/lib.sh"

small="--platforms um --workloads multi --boots 1 --set multi.mem_mib=128
	--set multi.limit_mib=176 --set multi.keep_mib=8 --set multi.mib=40
	--set multi.first_guests=2 --set multi.rounds=1 --set multi.pause_ms=100
	--set multi.hold_ms=100"

# start NAME: let two guests wait for each other for a long time
start()
{
	# shellcheck disable=SC2086
	env --default-signal=INT "$bin/prbench" --agent "$bin/pragent" --out "$scratch/$1" --variants off \
		$small --set multi.pause_ms=100000 >"$scratch/log" 2>&1 &
	pid=$!
	until grep -qs '"done"' "$scratch/$1"/boots/*/guest-2/events.jsonl; do
		kill -0 $pid 2>/dev/null || return
		sleep 0.1
	done
}

result()
{
	sed -n "s/.*\"metric\":\"$2\".*\"value\":\\([0-9]*\\).*/\\1/p" \
		"$(boot_of "$1")/events.jsonl"
}

cgroup()
{
	sed -n 's/^ "cgroup": "\(.*\)",*$/\1/p' "$(boot_of "$1")/meta.json"
}

# nothing_left NAME: no process, and no cgroup, that the run is known to have had
nothing_left()
{
	_c=$(cgroup "$1")
	nothing_runs "$1" && [ -n "$_c" ] && [ ! -e "$_c" ]
}

# shellcheck disable=SC2086
bench fit --variants off $small
ok "a boot that ends at its limit is good" [ $? -eq 0 ]
if grep -q 'is left out' "$scratch/log"; then
	n=$((n + 1))
	echo "ok $n - the rest # SKIP $(sed -n 's/.*is left out: //p' "$scratch/log")"
	done_testing
fi
# 3 guests of some 60 MiB each
ok "two guests fit" [ "$(result fit guests_fit)" = 2 ]
ok "and what they held is known" [ "$(result fit peak_mib)" -ge 96 ]
ok "each guest has its own raw data" [ -s "$(boot_of fit)/guest-2/console.log" ]
ok "nothing is left" nothing_left fit
"$bin/prreport" "$scratch/fit" >"$scratch/log" 2>&1
ok "and it is in the report" grep -q '^um.*multi	guests_fit	count	1	2	' \
	"$scratch/fit/summary.tsv"

# A wait that is halved never gets to 0.
timeout 120 "$bin/prbench" --agent "$bin/pragent" --kernels "$kernels" --out "$scratch/zero" \
	--platforms um --variants off --workloads overcommit --boots 1 \
	--set overcommit.last_wait_ms=0 >"$scratch/log" 2>&1
ok "a wait that would never end is refused" [ $? -eq 1 ]
ok "with what it has to be" grep -q 'last_wait_ms must be above 0' "$scratch/log"

# The command line is on the console: a word that a kernel complains with, and one
# that it may say where the host is full.
# shellcheck disable=SC2086
PRBENCH_APPEND="WARNING: CPU:" bench warned --variants off $small
ok "a guest's warning spoils a boot that ends at its limit" [ $? -eq 1 ]
ok "and is said" grep -q "guest 1: the guest's kernel complained: .*WARNING: CPU:" "$scratch/log"
# shellcheck disable=SC2086
PRBENCH_APPEND="INFO: task" bench hung --variants off $small
ok "what a full host may cause does not" [ $? -eq 0 ]

# A directory stands where a guest's counters go: they are lost, and so is the boot.
(until cd "$scratch"/unwritten/boots/*/guest-2 2>/dev/null; do
	[ -d "$scratch" ] && [ ! -e "$scratch/over" ] || exit
	sleep 0.05
done
mkdir counters.json) &
# shellcheck disable=SC2086
bench unwritten --variants off $small
rc=$?
: >"$scratch/over"
wait $!
ok "a guest's log that cannot be written ends the run" [ $rc -eq 3 ]
ok "with what to do" grep -q 'cannot write to .*: Is a directory; make room there' "$scratch/log"
ok "and the boot does not count" [ "$(status "$(boot_of unwritten)/meta.json")" = error ]

for signal in INT KILL; do
	start $signal
	ok "SIG$signal: guests are at work" [ -d "$(cgroup $signal)" ]
	kill -$signal $pid
	wait $pid 2>/dev/null
	rc=$?
	[ $signal = KILL ] || ok "SIG$signal: status 130" [ $rc -eq 130 ]
	ok "SIG$signal: nothing is left" nothing_left $signal
done

start lost
vm=$(sed -n 's/^ *"vm_pid": \([0-9]*\),*$/\1/p' "$(boot_of lost)/meta.json" | tail -n 1)
kill -9 "$vm"
wait $pid
ok "a VM is killed: prbench fails" [ $? -eq 1 ]
ok "a VM is killed: it says which one, and how" grep -q \
	'boot 001 (um, off): lost: guest 2: the VM was killed by signal 9' "$scratch/log"
ok "a VM is killed: nothing is left" nothing_left lost

# Where no cgroup can be made: that is said, and no boot is lost.
if unshare -m true 2>/dev/null; then
	# shellcheck disable=SC2086
	unshare -m sh -c 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"' - \
		"$bin/prbench" --agent "$bin/pragent" --out "$scratch/none" \
		--variants off $small >"$scratch/log" 2>&1
	ok "without cgroups: the boot is good" [ $? -eq 0 ]
	ok "without cgroups: what is missing is said" grep -q \
		'multi is left out: cannot make a memory cgroup .*; run as root' "$scratch/log"
	"$bin/prreport" "$scratch/none" >"$scratch/log" 2>&1
	ok "without cgroups: there is a report that says so, too" grep -q \
		'skipped: cannot make a memory cgroup' "$scratch/none/details.md"
else
	n=$((n + 1))
	echo "ok $n - without cgroups # SKIP no mount namespace can be made"
fi
done_testing
