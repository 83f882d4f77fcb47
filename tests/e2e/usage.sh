#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What a user may get wrong: each time the message says what would be right.
. "$(dirname "$0")/lib.sh"

says()
{
	grep -q -- "$1" "$scratch/log"
}

bench x --platforms um,vax
ok "an unknown platform is refused" [ $? -eq 2 ]
ok "and the known ones are named" says 'kvm tcg um icount'
bench x --variants flag,flog
ok "an unknown variant is refused" [ $? -eq 2 ]
ok "and the known ones are named" says 'off flag .*ext'
bench x --workloads drain,brain
ok "an unknown workload is refused" [ $? -eq 2 ]
ok "and the known ones are named" says 'drain .*churn .*fragment'
bench x --workloads-dir "$scratch"
ok "a directory without workloads is refused" [ $? -eq 3 ]
bench x --profile quack
ok "an unknown profile is refused" [ $? -eq 2 ]
bench x --boots 0
ok "no boots are refused" [ $? -eq 2 ]
bench x --set drain.settle=1
ok "an unknown setting is refused" [ $? -eq 2 ]
bench x --platforms icount --workloads drain
ok "a selection without any boot is refused" [ $? -eq 2 ]
bench x --platforms um --source "$scratch/nowhere"
ok "a kernel source that is not there is refused" [ $? -eq 3 ]
bench x --kernels "$scratch" --platforms um --variants flag
ok "missing kernels end the run before it starts" [ $? -eq 3 ]
ok "and the missing file is named" says "um-pristine/linux"
ok "and no boot was tried" [ ! -e "$scratch/x/boots" ]

# Of answers, too, what cannot be written is no success; a reader may go away.
"$bin/prbench" --list >/dev/full 2>"$scratch/log"
ok "an answer that nobody can have is a failure" [ $? -eq 3 ]
ok "that says why" says 'standard output cannot be written'
{ sleep 0.5; "$bin/prbench" --list; echo $? >"$scratch/rc"; } 2>"$scratch/log" | true
ok "a reader that goes away is not" [ "$(cat "$scratch/rc")" = 0 ]

# A report that somebody kills is missed, and the boot is kept.
printf '#!/bin/sh\nkill -9 $$\n' >"$scratch/killed"
chmod +x "$scratch/killed"
bench reported --platforms um --variants off --workloads drain --boots 1 \
	--set drain.mib=64 --set drain.settle_ms=500 --report "$scratch/killed"
ok "a report that is killed is no success" [ $? -eq 1 ]
ok "and is named, with what to do" says 'killed was ended by signal 9 (.*); run .make report. later'
ok "and the boot is kept" grep -q '"status": "ok"' "$(boot_of reported)/meta.json"

# A full disk: the run stops, says where, and leaves nothing running.
mkdir "$scratch/small"
if mount -t tmpfs -o size=24k tmpfs "$scratch/small" 2>/dev/null; then
	trap 'umount "$scratch/small"; rm -rf "$scratch"' EXIT
	bench small/run --platforms um --variants off --workloads drain --set drain.settle_ms=2000 \
		--boots 3
	ok "a full disk stops the run" [ $? -eq 3 ]
	ok "and the message says what to do" says 'make room there'
	ok "and nothing is left running" gone "$scratch/small"
else
	n=$((n + 1))
	echo "ok $n - a full disk stops the run # SKIP no right to mount"
fi
done_testing
