#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Ctrl-C, a signal to prbench alone, and prbench itself killed: in each case no
# process and no mount is left, and what is written down can be read.
. "$(dirname "$0")/lib.sh"

# start RUN: both platforms at once, and wait until both guests are at work
start()
{
	"$bin/prbench" --agent "$bin/pragent" --out "$scratch/$1" \
		--platforms um,tcg --variants off --workloads drain --set drain.settle_ms=4000 --boots 2 \
		>"$scratch/log" 2>&1 &
	pid=$!
	wait_event "$1" '"freed"' &&
	until grep -qs '"begin"' "$scratch/$1"/boots/001-*/events.jsonl &&
	      grep -qs '"begin"' "$scratch/$1"/boots/002-*/events.jsonl; do
		kill -0 $pid || return 1
		sleep 0.1
	done
}

for signal in INT TERM; do
	start $signal
	ok "SIG$signal: two guests are at work" [ $? -eq 0 ]
	kill -$signal $pid
	wait $pid
	ok "SIG$signal: status 130" [ $? -eq 130 ]
	ok "SIG$signal: nothing is left" nothing_runs $signal
	ok "SIG$signal: run.json says so" \
		[ "$(status "$scratch/$signal/run.json")" = interrupted ]
	ok "SIG$signal: the boots say so" \
		[ "$(status "$scratch/$signal"/boots/001-*/meta.json)" = interrupted ]
done

start KILL
ok "SIGKILL: two guests are at work" [ $? -eq 0 ]
kill -KILL $pid
wait $pid 2>/dev/null
ok "SIGKILL: nothing is left" nothing_runs KILL
done_testing
