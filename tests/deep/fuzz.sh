#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Fuzzes what the host's programs and the guest's agent read, each target of
# tests/fuzz for FUZZ_SECONDS (600), FUZZ_JOBS (one a processor) at a time.
# Inputs that crash stay in build/fuzz/NAME, and so does the corpus, from which
# the next run goes on. fuzz.sh NAME... runs only these. FUZZ_SEEDS=1 runs each
# seed once instead, built by gcc.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$top" || exit 1
. tests/tap.sh
seconds=${FUZZ_SECONDS:-600}
jobs=${FUZZ_JOBS:-$(nproc)}
out=build/fuzz
known="results workloads qmp channel guest_channel guest_text host_text"
fuzzer=fuzzer,
cc=clang
[ -z "${FUZZ_SEEDS:-}" ] || cc=gcc out=build/fuzz-seeds fuzzer=
flags="-std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -fno-omit-frame-pointer
	-fsanitize=${fuzzer}address,undefined,float-cast-overflow
	-fno-sanitize-recover=all -Ibench/common -Ibench/runner -Ibench/report -Ibench/guest"

[ $# -gt 0 ] || {
	# shellcheck disable=SC2086
	set -- $known
}
for t; do
	case " $known " in
	*" $t "*) ;;
	*) echo "fuzz.sh: $t: no such target; known: $known" >&2; exit 2 ;;
	esac
done
mkdir -p $out
[ $cc = gcc ] || command -v clang >/dev/null || {
	echo "clang is not installed: apt-get install clang"
	exit 77
}
[ $cc = gcc ] || echo 'int LLVMFuzzerTestOneInput(const char *p, long n) { return p && n < 0; }' |
	clang -fsanitize=fuzzer,address -x c -o $out/probe - 2>/dev/null || {
	echo "clang has no libFuzzer: apt-get install libclang-rt-dev"
	exit 77
}
rm -f $out/probe

# Fast and in memory, if there is such a place
tmp=$(mktemp -d -p /dev/shm prbench-fuzz-XXXXXX 2>/dev/null || mktemp -d) || exit 1
waiting=	# NAME:PID of what runs
cleanup()
{
	for _w in $waiting; do
		kill "${_w#*:}" 2>/dev/null
	done
	wait
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

# build NAME WRAPPED SOURCE...: the wrapped functions are the target's own
build()
{
	_name=$1 _wraps=
	for _w in $2; do
		_wraps="$_wraps -Wl,--wrap=$_w"
	done
	shift 2
	# shellcheck disable=SC2086
	nice $cc $flags $_wraps -o "$out/fuzz_$_name" "tests/fuzz/fuzz_$_name.c" \
		${FUZZ_SEEDS:+tests/fuzz/seeds.c} \
		"$@" bench/common/*.c -ljansson -lm -lpthread >"$out/$_name.build" 2>&1
}

# workload NAME: what it does in the guest, with its name
workload()
{
	# shellcheck disable=SC2086
	nice $cc $flags -DWORKLOAD_NAME="\"$1\"" -c -o "$out/$1.o" \
		"bench/workloads/$1/guest.c" >"$out/guest_text.build" 2>&1
}

build_target()
{
	case $1 in
	results)
		build "$1" fork bench/report/[!m]*.c bench/report/m[!a]*.c bench/report/map.c
		;;
	workloads)
		build "$1" "" bench/runner/plan.c bench/runner/util.c \
			bench/runner/workloads.c bench/runner/schema.c \
			bench/runner/variants.c bench/runner/workload_settings.c
		;;
	qmp) build "$1" read bench/runner/qmp.c bench/runner/util.c ;;
	channel)
		build "$1" read bench/runner/channel.c bench/runner/plan.c \
			bench/runner/settings.c bench/runner/util.c \
			bench/runner/workloads.c bench/runner/schema.c \
			bench/runner/variants.c bench/runner/workload_settings.c
		;;
	guest_channel)
		build "$1" "read write fork counters_settings" \
			bench/guest/counters.c bench/guest/util.c
		;;
	guest_text)
		_objects=
		for _o in $(sed -n 's/.*run_linked("\([^"]*\)".*/\1/p' \
				tests/fuzz/fuzz_guest_text.c | sort -u); do
			workload "$_o" || return
			_objects="$_objects $out/$_o.o"
		done
		# shellcheck disable=SC2086 # some objects
		build "$1" "fopen open opendir access json_load_file json_dumps
			syscall run_program sleep_s now_s klogctl fork setrlimit" \
			bench/guest/counters.c bench/guest/latency.c \
			bench/guest/memory.c bench/guest/module.c \
			bench/guest/tools.c \
			bench/guest/util.c $_objects
		;;
	host_text)
		build "$1" "" bench/runner/cgroup.c bench/runner/plan.c bench/runner/sampler.c bench/runner/ram.c \
			bench/runner/settings.c bench/runner/util.c \
			bench/runner/workloads.c bench/runner/schema.c \
			bench/runner/variants.c bench/runner/workload_settings.c
		;;
	esac
}

# ---- where a target starts from: what the project has of such texts ----

# texts FILE...: one input of several texts; one that is missing is empty
texts()
{
	_sep=
	for _f; do
		printf %b "$_sep"
		[ ! -f "$_f" ] || cat "$_f"
		_sep='\036'
	done
}

# thin FILE: fewer samples, and no long words on how the guest was started
thin()
{
	case $1 in
	*.tsv) awk 'NR < 3 || NR % 16 == 0' "$1" ;;
	*) sed 's/"cmdline":"[^"]*"/"cmdline":"page_ext=on"/' "$1" ;;
	esac >"$2"
}

# recorded: the directories of all boots that are kept as data
recorded()
{
	ls -d tests/report/data/run/boots/*/
	[ ! -d "$tmp/raw" ] || ls -d "$tmp"/raw/boots/*/
}

# run_of FILE BOOT...: an input made of some boots, "-" being none
run_of()
{
	_in=$1
	shift
	cp tests/report/data/run/run.json "$tmp/run.json"
	_n=$#
	while [ "$_n" -gt 0 ]; do
		_n=$((_n - 1)) _b=$1
		shift
		for _f in meta.json events.jsonl samples.tsv; do
			_to=$tmp/$(basename "$_b").$_f
			[ "$_b" = - ] || thin "$_b/$_f" "$_to"
			set -- "$@" "$_to"
		done
	done
	texts "$tmp/run.json" "$@" >"$_in"
}

# Two boots an input, and once as many as it takes for a test of significance
seeds_results()
{
	recorded | grep -E 'um|icount' | paste -d' ' - - >"$tmp/pairs"
	_i=0
	while read -r _a _b; do
		_i=$((_i + 1))
		run_of "$seeds/$_i" "$_a" "${_b:-$_a}"
	done <"$tmp/pairs"
	set --
	for _b in tests/report/data/run/boots/*-um-flag \
			tests/report/data/run/boots/*-um-ext; do
		! grep -q '"begin","workload":"drain"' "$_b/events.jsonl" ||
			set -- "$@" "$_b"
	done
	[ $# -lt 4 ] || run_of "$seeds/drain" "$@" "$@"
	# histograms of two boots
	printf 'mode\top\nbulk\talloc\t0\t4\t520\t20:3 512:1 \nbulk\tfree\t9\t1\t7\t7:1 \n' >"$tmp/hist"
	printf '# ns\nprobe\talloc\t4\t2\t63\t5:1 63:1 \n' >"$tmp/probe"
	run_of "$tmp/both" tests/report/data/run/boots/*3-um-ext \
		tests/report/data/run/boots/*6-um-flag - - - - - - -
	texts "$tmp/none" "$tmp/hist" "$tmp/probe" "$tmp/none" "$tmp/hist" "$tmp/probe" \
		>>"$tmp/both"
	sed 's/"metric":"fill_s"/"metric":"probe_o4_ns_p50"/' "$tmp/both" >"$seeds/hist"
	# a guest that was looked at a few times
	sed -n '1p;8,10p' tests/report/data/run/boots/029-um-ext/map.jsonl >"$tmp/map"
	run_of "$seeds/map" tests/report/data/run/boots/029-um-ext - - - - - - - -
	texts "$tmp/none" "$tmp/none" "$tmp/none" "$tmp/map" >>"$seeds/map"
	# what has been found once
	# shellcheck disable=SC2016
	past backquotes 's/"variant": "[a-z-]*"/"variant": "`id`"/'
	past tab 's/"metric":"fill_s"/"metric":"a\\tb"/'
	past seq 's/"seq": [0-9]*/"seq": 1e308/'
	past order 's/_o2_instr/_o01_instr/'
	past time 's/"t":[0-9.]*,"event":"end"/"t":1e300,"event":"end"/
		s/^[0-9.]*\(\t[0-9]*\t[0-9]*\)$/1e300\1/'
}

# past NAME SED: two boots, changed
past()
{
	run_of "$seeds/past-$1" tests/report/data/run/boots/*3-um-ext \
		tests/report/data/run/boots/*7-icount-ext
	cp "$seeds/past-$1" "$tmp/past"
	sed "$2" "$tmp/past" >"$seeds/past-$1"
	! cmp -s "$tmp/past" "$seeds/past-$1" || echo "fuzz.sh: no such seed: $1" >&2
}

seeds_workloads()
{
	# two with code, one of a name that begins with the first one's, another
	for _w in drain/alpha lockhold/beta churn-small/alpha-part stress-ng/gamma; do
		sed 's/"like": "[a-z-]*"/"like": "alpha"/; s/"full": "alloc"/"full": "beta"/
			s/"quick": "alloc"/"quick": "beta"/' \
			"bench/workloads/${_w%/*}/workload.json" >"$tmp/${_w#*/}"
	done
	sed 's/"description"/"like": "beta", "description"/' "$tmp/gamma" >"$tmp/delta"
	texts bench/workloads/common.json "$tmp/alpha" "$tmp/beta" "$tmp/alpha-part" \
		"$tmp/delta" >"$seeds/four"
	texts "$tmp/none" "$tmp/alpha" "$tmp/alpha" "$tmp/alpha-part" \
		"$tmp/alpha-part" >"$seeds/alike"
	for _w in bench/workloads/*/workload.json; do
		texts bench/workloads/common.json "$_w" "$tmp/beta" "$tmp/alpha-part" \
			"$tmp/alpha-part" >"$seeds/$(basename "$(dirname "$_w")")"
	done
}

seeds_qmp()
{
	sed -n 's/^#define [A-Z]*\t"\(.*\)"$/\1/p' tests/unit/test_qmp.c |
		sed 's/\\"/"/g; s/\\r\\n/\r/' >"$tmp/qmp"
	{
		cat "$tmp/qmp"
		echo '{"event":"RESUME","timestamp":{"seconds":1,"microseconds":2}}'
		echo '{"return":{"qemu":{"micro":9,"minor":2,"major":7},"package":"(x)"}}'
		echo '{"return":{"status":"running","singlestep":false,"running":true}}'
		echo '{"error":{"class":"CommandNotFound","desc":"no such"}}'
		echo '{"return":{}}'
	} >"$seeds/all"
	cat "$tmp/qmp" "$tmp/qmp" >"$seeds/short"
	head -c 65537 /dev/zero | tr '\0' ' ' | cat "$tmp/qmp" - >"$seeds/endless"
}

seeds_channel()
{
	recorded | while read -r _b; do
		sed 's/^{"t":[0-9.]*,/{/' "$_b/events.jsonl" >"$seeds/$(basename "$_b")"
	done
	printf '%s\n' '{"event":"file","workload":"fio","name":"fio.json","text":"a\n"}' \
		'{"event":"file","name":"meta.json","text":"x"}' \
		'{"event":"file","name":"../evil","text":"x"}' \
		'{"t":1,"event":"error","message":"x"}' >"$seeds/files"
}

seeds_guest_channel()
{
	printf '%s\n' '{"run":"drain","args":{"mib":64,"settle_ms":1}}' \
		'{"run":"none"}' '' 'no command' '{"exit":true}' >"$seeds/commands"
	sed -n 's/^  *"argv".*//; /"cmdline"/p' tests/report/data/run/boots/*/meta.json |
		head -n 3 >"$seeds/noise"
}

# reader NUMBER FILE...: an input of guest_text
reader()
{
	printf %b "\\0$(printf %o "$1")"
	shift
	texts "$@"
}

seeds_guest_text()
{
	(
		cd "$tmp" || exit
		printf 'MemTotal:  2054212 kB\nMemFree:  2047004 kB\nMemAvailable:  2038280 kB\n' >mem
		printf 'nr_free_pages 511751\npgfault 1\nallocstall_normal 2\nallocstall_movable 3\n' >vm
		printf 'Node 0, zone DMA32\n  pagesets\n    cpu: 0\n              count: 27\n              high:  14\n' >zone
		printf 'passes 3\nreports 1\nreported_bytes 4096\nlock_hold_max_ns 1234\n' >stats
		printf 'page_ext=on ro\n' >cmdline
		printf 'vendor_id\t: User Mode Linux\n' >cpu
		printf 'kworker/0:1\n' >name
		printf '123456 789 3\n' >sched
		printf 'Y\n' >yes
		printf '0x0005\n' >five
		printf '0110010000000000\n' >bits
		printf '[    9.1] Out of memory: Killed process 9 (x)\n' >klog
		printf 'stress-ng: metrc: [9] stressor bogo ops\nstress-ng: metrc: [9] vm 1024 1.01 0.90 0.10 1013.86 1024.00\n' >stress
		printf '# started\n\n2057,,page-faults,1000,100.00,,\n1,,kmem:mm_page_alloc,1,100.00,,\n<not counted>,,minor-faults,0,0.00,,\n' >perf
		printf '# mode op order count total p50 p99 p999 max mean\nrepeat alloc 0 1000 5 1 2 3 4 5.5\n- clock 0 1 1 1 1 1 1 1\n' >alloc
		printf '{"jobs":[{"jobname":"write","read":{"total_ios":0},"write":{"total_ios":4096,"runtime":100,"bw":2621440}}]}\n' >fio
	)
	for _f in fio.json:fio stress-ng.txt:stress perf.txt:perf alloc.tsv:alloc; do
		for _r in "$tmp"/raw/boots/*/"${_f%:*}"; do
			[ ! -f "$_r" ] || cp "$_r" "$tmp/${_f#*:}"
		done
	done
	cd "$tmp" || exit
	reader 0 mem vm zone stats cmdline cpu name sched name sched yes stats stats \
		five bits >"$top/$seeds/counters"
	reader 1 fio >"$top/$seeds/fio"
	reader 2 stress >"$top/$seeds/stress"
	reader 3 stress perf >"$top/$seeds/perf"
	reader 4 alloc yes alloc >"$top/$seeds/alloc"
	# what has been found once: text that is no UTF-8, sums that overflow
	printf 'stress-ng: \377 failed\n' >broken
	reader 2 broken >"$top/$seeds/past-utf8"
	printf ' count: 9223372036854775807\n count: 9223372036854775807\n' >huge
	reader 0 mem vm huge >"$top/$seeds/past-sum"
	printf 'r\351peat all\351c 0 1000 5 1 2 3 4 5.5\n' >foreign
	reader 4 foreign yes >"$top/$seeds/past-foreign"
	reader 5 stats sched sched >"$top/$seeds/lock"
	reader 6 vm mem klog >"$top/$seeds/small"
	sed 's/^repeat/probe/' alloc >probe
	reader 7 probe alloc >"$top/$seeds/probe"
	printf '%s\n' '# mode op order count total p50 p99 p999 max mean' \
		'bulk alloc 0 1000 5 1 2 3 4 5.5' '# 1000 operations in 5000 ns' >contend
	reader 8 contend yes alloc >"$top/$seeds/contend"
	cd "$top" || exit
}

seeds_host_text()
{
	{
		printf '\000'
		printf '7f0000000000-7f0080000000 rw-p 00000000 00:00 0 \nSize:  2097152 kB\nRss:     1024 kB\n'
		cat /proc/self/smaps
	} >"$seeds/smaps"
	for _b in "$tmp"/raw/boots/*-um-ext; do
		[ ! -f "$_b/console.log" ] || {
			printf '\001'
			cat "$_b/console.log"
		} >"$seeds/console"
	done
	{
		printf '\001'
		printf '%s\n' 'BUG: x' 'Out of memory: Killed process' 'WARNING: CPU: 0'
	} >"$seeds/splats"
	{
		printf '\002'
		printf '\000\020\040\000\000\000\000\000\000\020\200\000\000\000\000\000\010\000\000\000\000\000\000\000'
	} >"$seeds/ranges"
	{
		printf '\003'
		printf '\001\000\000\000\000\000\000\201\001\000\000\000\000\000\000\301'
	} >"$seeds/pagemap"
	{
		printf '\004'
		printf '%s\n' drain.settle_ms=20000 lockhold.from_gib=2147483647 \
			lockhold.to_gib=2147483647 flag,ext 'um tcg' \
			stress-ng.mib=1 'drain churn'
	} >"$seeds/options"
}

# words NAME: every short string of the sources is a word of the dictionary
words()
{
	case $1 in
	results) set -- bench/report/*.c ;;
	guest_*) set -- bench/guest/*.c bench/workloads/*/guest.c ;;
	*) set -- bench/runner/*.c ;;
	esac
	grep -oh '"[A-Za-z0-9_.: /-]\{2,24\}"' "$@" | sort -u
}

# ---- running ----

fuzz()
{
	seeds=$out/$1/seeds
	corpus=$out/$1/corpus
	max=16384
	case $1 in
	results) max=65536 ;;
	guest_text) max=32768 ;;		# all that fio prints
	qmp | guest_channel) max=70000 ;;	# one line too long for 64 KiB
	esac
	rm -rf "$seeds"
	mkdir -p "$seeds" "$corpus" "$tmp/run/$1"
	"seeds_$1"
	words "$1" >"$out/$1/dict"
	rm -f "$out/$1"/crash-* "$out/$1"/leak-* "$out/$1"/timeout-* \
		"$out/$1"/oom-* "$out/$1"/slow-unit-*
	[ $cc = clang ] ||
		TMPDIR=$tmp/run/$1 exec nice "$out/fuzz_$1" "$seeds"/* >"$out/$1.log" 2>&1
	# fd 2 is closed to the target, not to what reports a crash
	TMPDIR=$tmp/run/$1 ASAN_OPTIONS=detect_stack_use_after_return=1 \
	exec nice "$out/fuzz_$1" -max_total_time="$seconds" -max_len=$max \
		-len_control=100 -timeout=60 -rss_limit_mb=2048 \
		-close_fd_mask=3 -print_final_stats=1 \
		-artifact_prefix="$out/$1/" -dict="$out/$1/dict" "$corpus" \
		"$seeds" >"$out/$1.log" 2>&1
}

# verdict NAME STATUS
verdict()
{
	executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$1.log")
	echo "# $1: ${executions:-?} executions${fuzzer:+ in $seconds s}"
	if [ "$2" -eq 0 ] && [ "${executions:-0}" -gt 0 ]; then
		ok "fuzz_$1"
		return
	fi
	not_ok "fuzz_$1"
	for _f in "$out/$1"/crash-* "$out/$1"/leak-* "$out/$1"/timeout-* "$out/$1"/oom-*; do
		[ ! -f "$_f" ] || echo "# again with: $out/fuzz_$1 $_f"
	done
	grep -aE -A 12 'not so:|ERROR: |runtime error' "$out/$1.log" | head -n 24 |
		sed 's/^/# /'
}

# one_ends: wait for the one that began first
one_ends()
{
	_first=${waiting# }
	_first=${_first%% *}
	wait "${_first#*:}"
	verdict "${_first%:*}" $?
	waiting=${waiting#" $_first"}
}

if [ -f results/reference/6.12/raw.tar.xz ] && command -v xz >/dev/null; then
	mkdir "$tmp/raw"
	tar -xJf results/reference/6.12/raw.tar.xz -C "$tmp/raw" || exit 1
fi
for t; do
	if ! build_target "$t"; then
		not_ok "fuzz_$t: it compiles"
		sed 's/^/# /' "$out/$t.build" | head -n 20
		continue
	fi
	(fuzz "$t") &
	waiting="$waiting $t:$!"
	while [ "$(echo "$waiting" | wc -w)" -ge "$jobs" ]; do
		one_ends
	done
done
while [ -n "$waiting" ]; do
	one_ends
done
finish
