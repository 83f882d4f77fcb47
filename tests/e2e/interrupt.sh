#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Ctrl-C, a signal to prbench alone, and prbench itself killed: in each case no
# process and no mount is left, and what is written down can be read.
. "$(dirname "$0")/lib.sh"

# start RUN: both platforms at once, and wait until both guests are at work
start()
{
	env --default-signal=INT "$bin/prbench" --agent "$bin/pragent" --out "$scratch/$1" \
		--platforms um,tcg --variants off --workloads drain --set drain.settle_ms=60000 --boots 2 \
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

# Ctrl-C while the report is made: to all in the foreground, which includes gnuplot.
cat >"$scratch/slow" <<END
#!/bin/sh
: >"$scratch/reporting"
exec sleep 60
END
chmod +x "$scratch/slow"
setsid env --default-signal=INT "$bin/prbench" --agent "$bin/pragent" --out "$scratch/report" \
	--platforms um --variants off --workloads drain --set drain.settle_ms=200 --boots 1 \
	--report "$scratch/slow" >"$scratch/log" 2>&1 &
pid=$!
until [ -e "$scratch/reporting" ] || ! kill -0 $pid; do
	sleep 0.1
done
kill -INT -$pid
timeout 20 tail --pid=$pid -f /dev/null
ok "SIGINT while the report is made: it ends soon" [ $? -eq 0 ]
wait $pid
ok "SIGINT while the report is made: status 130" [ $? -eq 130 ]

# go_on RUN
go_on()
{
	"$bin/prbench" --resume "$scratch/$1" >"$scratch/log" 2>&1
}

# status_is N CMD...
status_is()
{
	_want=$1
	shift
	"$@"
	[ $? -eq "$_want" ]
}

# boots OK: so many ended well
boots()
{
	[ "$(cat "$scratch"/on/boots/*/meta.json | grep -c '"status": "ok"')" -eq "$1" ]
}

env --default-signal=INT "$bin/prbench" --agent "$bin/pragent" --out "$scratch/on" --platforms um \
	--variants off,ext --workloads drain --set drain.settle_ms=2000 --boots 2 \
	>"$scratch/log" 2>&1 &
pid=$!
until [ -d "$(echo "$scratch"/on/boots/002-*)" ] || ! kill -0 $pid; do
	sleep 0.1
done
kill -INT $pid
wait $pid
ok "resume: interrupted in its second boot" boots 1
ok "resume: it goes on" go_on on
ok "resume: all four have ended well" boots 4
ok "resume: each variant as often as planned" \
	[ "$(grep -l '^ "variant": "ext"' "$scratch"/on/boots/*/meta.json |
		xargs grep -l '"status": "ok"' | wc -l)" -eq 2 ]
ok "resume: run.json says so" [ "$(status "$scratch/on/run.json")" = complete ]
ok "resume: and when" grep -q '"resumed"' "$scratch/on/run.json"
ok "resume: nothing is left to do" go_on on
ok "resume: and nothing is done" boots 4
sed -i 's/"seed": 1/"seed": 2/' "$scratch/on/run.json"
ok "resume: another run is refused" status_is 2 go_on on
ok "resume: with what differs" grep -q "'seed'" "$scratch/log"
ok "resume: what is no run is refused" status_is 2 go_on nowhere
done_testing
