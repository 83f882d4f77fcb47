#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A long run has a first report of a part of it, says where, and goes on; Ctrl-C
# keeps that report, and what is left can be made later. What builds kernels only
# writes down what it is asked for.
. "$(dirname "$0")/lib.sh"

# $scratch/fails and $scratch/waits name kernels at which it fails or waits, as a
# shell does that has a compiler in the foreground
cat >"$scratch/builder" <<END
#!/bin/sh
echo "\$*" >>"$scratch/built"
case "\$*" in *"\$(cat "$scratch/fails" 2>/dev/null || echo none)"*) exit 1 ;; esac
case "\$*" in *"\$(cat "$scratch/waits" 2>/dev/null || echo none)"*) sh -c 'sleep 60; :' "$scratch/compiler" ;; esac
END
chmod +x "$scratch/builder"
# churn-read has ext only, drain has others, too
small="--platforms um --workloads drain,churn-read --set drain.settle_ms=200
	--set drain.mib=64 --set churn-read.run_ms=200 --set churn-read.mib=64 --equalise none"
first="--first um,churn-read,1"

says()
{
	grep -q -- "$1" "$scratch/log"
}

# start RUN ARG...: a run in the background
start()
{
	out=$scratch/$1
	shift
	rm -f "$scratch/built"
	# shellcheck disable=SC2086
	env --default-signal=INT "$bin/prbench" --agent "$bin/pragent" --kernels "$kernels" \
		--out "$out" $small --build "$scratch/builder" \
		--report "$bin/prreport" "$@" >"$scratch/log" 2>&1 &
	pid=$!
}

# wait_until CMD...: it holds, or prbench is gone
wait_until()
{
	until "$@"; do
		kill -0 $pid 2>/dev/null || return 1
		sleep 0.1
	done
}

# stop: Ctrl-C; the status is prbench's
stop()
{
	kill -INT $pid
	wait $pid
}

# line PATTERN: its number in what prbench has said
line()
{
	grep -n -- "$1" "$scratch/log" | head -n 1 | cut -d: -f1
}

# ended RUN: how many boots have ended well
ended()
{
	cat "$scratch/$1"/boots/*/meta.json | grep -c '"status": "ok"'
}

# 3000 boots take more than a quarter of an hour, by the plan
# shellcheck disable=SC2086
start on --boots 500 $first
wait_until says '\[  *5/3000\]'
stop
ok "Ctrl-C in the midst of the rest: status 130" [ $? -eq 130 ]
ok "where the report will be was said before any boot" \
	[ "$(line "$scratch/on/report.html will be there")" -lt "$(line '\[  *1/3000\]')" ]
ok "the first boots are those of the first part" \
	[ "$(sed -n 's/^\[ *[123]\/3000\] um *[a-z-]* *\([a-z-]*\).*/\1/p' "$scratch/log" |
		paste -s -d' ' -)" = "churn-read churn-read drain" ]
ok "their kernel is built before, the rest's after the report" \
	[ "$(paste -s -d, "$scratch/built")" = "build um-patched,build um-pristine um-patched" ]
ok "Ctrl-C keeps the first report" \
	grep -q 'First report: 2 of 3000 boots' "$scratch/on/report.html"
ok "how to go on is said" says "make bench RESUME=$scratch/on"
ok "all boots that have ended are there" [ "$(ended on)" -ge 4 ]

rm "$scratch/built"
env --default-signal=INT "$bin/prbench" --resume "$scratch/on" --report "$bin/prreport" \
	>"$scratch/log" 2>&1 &
pid=$!
wait_until says '/3000\] .* ok'
stop
ok "the rest can be gone on with" says '/3000\] .* ok'
ok "which makes no other first report" sh -c "! grep -q 'first report' '$scratch/log'"
ok "and its kernels are built" grep -qx 'build um-pristine um-patched' "$scratch/built"

echo um-patched >"$scratch/waits"
# shellcheck disable=SC2086
start midway --boots 500 $first
wait_until knows "$scratch/compiler"
stop
ok "Ctrl-C while the first kernel is built: status 130" [ $? -eq 130 ]
ok "its compiler was stopped" gone "$scratch/compiler"
ok "nothing has begun" [ ! -e "$scratch/midway" ]

echo um-pristine >"$scratch/waits"
# shellcheck disable=SC2086
start later --boots 500 $first
wait_until knows "$scratch/compiler"
stop
ok "Ctrl-C while the rest is built: status 130" [ $? -eq 130 ]
ok "its compiler was stopped, too" gone "$scratch/compiler"
ok "the boots that have ended are kept" [ "$(ended later)" -eq 2 ]
ok "so is their report" grep -q 'First report: 2 of 3000' "$scratch/later/report.html"
ok "run.json says it was interrupted" [ "$(status "$scratch/later/run.json")" = interrupted ]
rm "$scratch/waits"

echo um-patched >"$scratch/fails"
start unbuilt --boots 1
wait $pid
ok "a kernel that does not build: nothing can run" [ $? -eq 3 ]
ok "what was to build it is named" says "$scratch/builder has not built the kernels"
echo um-pristine >"$scratch/fails"
# shellcheck disable=SC2086
start half --boots 500 $first
wait $pid
ok "one of the rest that does not build: status 3" [ $? -eq 3 ]
ok "the first boots are kept" [ "$(ended half)" -eq 2 ]
ok "how to go on is said here, too" says "make bench RESUME=$scratch/half"
rm "$scratch/fails"

mkdir "$scratch/some"
ln -s "$PWD/$kernels/um-patched" "$scratch/some/"
# shellcheck disable=SC2086
bench missing --kernels "$scratch/some" $small --boots 500 $first
ok "nobody builds and one of the rest is missing: nothing is booted" [ $? -eq 3 ]
ok "which one is named" says 'needs .*/some/um-pristine/linux'
ok "there is no run" [ ! -e "$scratch/missing" ]

# shellcheck disable=SC2086
start short --boots 1 $first
wait $pid
ok "a short run has one report" [ $? -eq 0 ]
ok "of all its boots" sh -c "! grep -q 'First report' '$scratch/short/report.html'"
ok "for which all kernels are built at once" \
	[ "$(cat "$scratch/built")" = "build um-pristine um-patched" ]
done_testing
