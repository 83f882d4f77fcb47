#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The demo, without somebody at the keys: what the guest frees is back with the
# host, and nothing stays behind, however it ends.
. "$(dirname "$0")/lib.sh"
TMPDIR=$scratch/tmp
export TMPDIR
mkdir "$TMPDIR"
log=$scratch/log

# demo ARG...: its output is in the log
demo()
{
	timeout 120 "$bin/prdemo" "$@" </dev/null >"$log" 2>&1
}

# held N: what the host holds in the Nth line from the end
held()
{
	grep 'the host holds' "$log" | tail -n "$1" | sed -n '1s/.*the host holds *//p'
}

nothing_stays()
{
	! knows "$TMPDIR" && rmdir "$TMPDIR" && mkdir "$TMPDIR"
}

ok "it runs without a terminal" demo --keys 1f8x1q
ok "what was filled is held by the host" [ "$(held 1)" -gt 300 ]
ok "nothing stays behind" nothing_stays
ok "it fills and frees" demo --keys 1f8r1x3q
ok "what was freed is back with the host" [ "$(held 1)" -lt 100 ]
ok "nothing stays behind" nothing_stays

# Two minutes of waiting, and killed if ^C does not end them
timeout --foreground --preserve-status -k 20 -s INT 3 "$bin/prdemo" --keys 9999999999999q </dev/null >"$log" 2>&1
ok "^C ends it well" [ $? -eq 0 ]
ok "nothing stays behind" nothing_stays

TERM=xterm script -qec "stty cols 40 rows 10; $bin/prdemo --keys 1q" "$log" >/dev/null </dev/null
ok "plain lines in a small terminal" grep -q 'plain lines' "$log"
TERM=xterm script -qec "stty cols 100 rows 24; $bin/prdemo --keys 2q" "$log" >/dev/null </dev/null
ok "both maps in a large one" grep -q 'the guest says *the host holds' "$log"
TERM=vt100 script -qec "stty cols 100 rows 24; $bin/prdemo --keys 2q" "$log" >/dev/null </dev/null
ok "no colours where there are none" sh -c "grep -q 'the guest says' $log && ! grep -q '$(printf '\033')\[0;3' $log"
"$bin/prdemo" --turbo >"$log" 2>&1
ok "an option that there is not" [ $? -eq 2 ]
ok "nothing stays behind" nothing_stays
done_testing
