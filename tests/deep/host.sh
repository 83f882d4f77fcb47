#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What may befall a run: a VM killed at each step of its life, a disk that is
# full at the start, in the middle and at the end, and results of which half is
# missing. Each time there is a message that says what to do, a status other
# than 0, and a report of what is whole.
. "$(dirname "$0")/../e2e/lib.sh"

export PRBENCH_BOOT_S=120	# a busy host is not what this is about
small=$scratch/small
mounted=
cleanup()
{
	[ -z "${!:-}" ] || kill $! 2>/dev/null
	wait
	[ -z "$mounted" ] || umount "$small"
	rm -rf "$scratch"
}
trap cleanup EXIT

[ -n "${DEEP_BUILT:-}" ] ||
	ok "the kernels are built" scripts/kernel.sh build um-pristine x86_64-pristine

# says FILE PATTERN
says()
{
	grep -qE -- "$2" "$1"
}

# start NAME ARG...: run prbench into $scratch/NAME; wait_end sets rc
start()
{
	out=$scratch/$1
	shift
	env --default-signal=INT "$bin/prbench" --agent "$bin/pragent" --out "$out" "$@" \
		>"$scratch/log" 2>&1 &
}

wait_end()
{
	wait $! 2>/dev/null
	rc=$?
}

# wait_for PATTERN FILE...: until one of them has it, or prbench is over
wait_for()
{
	until grep -qs -- "$@"; do
		kill -0 $! 2>/dev/null || return
		sleep 0.05
	done
}

# report RUN: make its report; status is $?, what it says is in log
report()
{
	"$bin/prreport" "$scratch/$1" >"$scratch/log" 2>&1
}

# boots_of_row RUN: how many boots there are of what drain did
boots_of_row()
{
	awk -F'\t' '$4 == "drain" && $5 == "fill_s" { print $7 }' \
		"$scratch/$1/summary.tsv"
}

# counted RUN BOOTS TEXT: prreport counts so many boots, and says of the others
counted()
{
	report "$1" && [ "$(boots_of_row "$1")" = "$2" ] &&
		says "$scratch/$1/details.md" "$3"
}

short="--variants off --workloads drain --set drain.mib=64 --set drain.settle_ms=500"

# ---- an agent that stays where it is at one step of the second boot ----

# The kernel hands init the words of its command line as its environment.
cat >"$scratch/held.c" <<'END'
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <jansson.h>

void __real_emit(json_t *event);
void __wrap_emit(json_t *event);

static void hold(const char *step)
{
	const char *at = getenv("held_at"), *boot = getenv("held_in");
	char path[4096];

	snprintf(path, sizeof(path), "/mnt%s", boot ? boot : "");
	if (!at || strcmp(at, step) || access(path, F_OK))
		return;
	fprintf(stderr, "held at %s\n", step);
	for (;;)
		pause();
}

void __wrap_emit(json_t *event)
{
	const char *kind = json_string_value(json_object_get(event, "event"));
	int ready = !strcmp(kind, "ready");

	if (ready)
		hold("boot");
	if (!strcmp(kind, "bye"))
		hold("off");
	__real_emit(event);
	if (ready)
		hold("ready");
}

void __real_emit_text(const char *event, const char *workload, const char *key,
		      const char *fmt, ...);

void __wrap_emit_text(const char *event, const char *workload, const char *key,
		      const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (getenv("mute") && !strcmp(event, "error"))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	__real_emit_text(event, workload, key, "%s", text);
}
END
gcc -std=c11 -D_GNU_SOURCE -O2 -Ibench/common -Ibench/guest -DWORKLOAD_NAME='"drain"' \
	-o "$scratch/held" "$scratch/held.c" bench/guest/*.c bench/common/*.c \
	bench/workloads/drain/guest.c -Wl,--wrap=emit,--wrap=emit_text \
	-ljansson -lm -lpthread
ok "an agent that can be held is built" [ -x "$scratch/held" ]
[ $bad -eq 0 ] || done_testing

# ---- and a VM that dies before there is anything in it ----

# dies NAME REAL: a program that is REAL, but kills itself in the second boot
dies()
{
	printf '%s\n' '#!/bin/sh' 'case "$* $TMPDIR" in' '*/boots/002-*) kill -9 $$ ;;' \
		'esac' "exec $2 \"\$@\"" >"$1"
	chmod +x "$1"
}

qemu=${QEMU:-qemu-system-x86_64}
mkdir -p "$scratch/kernels/um-pristine"
ln -s "$top/$kernels/x86_64-pristine" "$scratch/kernels/"
ln -s "$top/$kernels/um-pristine/config" "$top/$kernels/um-pristine/release" \
	"$scratch/kernels/um-pristine/"
dies "$scratch/kernels/um-pristine/linux" "$top/$kernels/um-pristine/linux"
dies "$scratch/qemu" "$(command -v "$qemu")"

# killed PLATFORM STEP SIGN: run two boots, kill the second one's VM as soon as
# SIGN is in its console or events
killed()
{
	boot=$scratch/$1-$2/boots/002-$1-off
	export PRBENCH_APPEND="held_at=$2 held_in=$boot"
	# shellcheck disable=SC2086
	start "$1-$2" --agent "$scratch/held" --platforms "$1" $short --boots 2
	unset PRBENCH_APPEND
	wait_for "$3" "$boot/console.log" "$boot/events.jsonl"
	pid=$(sed -n 's/^ "vm_pid": \([0-9]*\),*$/\1/p' "$boot/meta.json")
	ok "$1, $2: the VM is there" [ -n "$pid" ]
	[ -z "$pid" ] || kill -9 "$pid"
	wait_end
}

# lost PLATFORM STEP WORDS: what has to be so afterwards
lost()
{
	run=$1-$2
	boot=$scratch/$run/boots/002-$1-off
	ok "$1, $2: prbench fails" [ "$rc" -eq 1 ]
	ok "$1, $2: it says which boot, what and when" says "$scratch/log" \
		"boot 002 \($1, off\): lost: $3"
	ok "$1, $2: the boot is marked lost" [ "$(status "$boot/meta.json")" = lost ]
	ok "$1, $2: the first boot is kept" \
		[ "$(status "$scratch/$run/boots/001-$1-off/meta.json")" = ok ]
	ok "$1, $2: nothing is left" nothing_runs "$run"
	ok "$1, $2: the report has the first boot and names the second" \
		counted "$run" 1 '1 of 2 planned boots count.*: 1 lost'
}

signal9="the VM was killed by signal 9 \(.*\)"
for p in um tcg; do
	export QEMU="$scratch/qemu"
	# shellcheck disable=SC2086
	start "$p-memory" --kernels "$scratch/kernels" --platforms "$p" $short --boots 2
	export QEMU="$qemu"
	wait_end
	lost "$p" memory "$signal9 before it had memory"
	killed "$p" boot "held at boot"
	lost "$p" boot "$signal9 while it booted"
	killed "$p" ready '"ready"'
	lost "$p" ready "$signal9 in workload drain"
	killed "$p" work '"freed"'
	lost "$p" work "$signal9 in workload drain"
	killed "$p" off "held at off"
	lost "$p" off "$signal9 when it was told to power off"
done

# ---- a workload that fails and keeps the reason to itself ----

PRBENCH_APPEND=mute=1 bench mute --agent "$scratch/held" --platforms um \
	--variants off --workloads drain --set drain.mib=100000 --boots 1
ok "a mute agent: prbench fails" [ $? -eq 1 ]
ok "a mute agent: it says which workload, and where to look" says "$scratch/log" \
	"error: workload drain failed and did not say why; see console.log"
ok "a mute agent: the VM was powered off all the same" \
	says "$(boot_of mute)/meta.json" '"vm_end": "status 0"'

# ---- a full disk ----

# fill KIB: leave no more than that free on the small disk
fill()
{
	rm -f "$small/fill"
	head -c "$(df --output=avail -B1 "$small" | tail -n 1)" /dev/zero \
		>"$small/fill" 2>/dev/null
	truncate -s "-$(($1 * 1024))" "$small/fill"
}

# no_halves DIR: what has a file's name is the whole file
no_halves()
{
	[ -z "$(find "$1" -name '*.tmp')" ] || return 1
	for f in "$1"/report.html "$1"/details.html "$1"/plots/*.svg; do
		[ ! -f "$f" ] || tail -c 20 "$f" | grep -qE '</(html|svg)>' || return 1
	done
	[ ! -f "$1/summary.tsv" ] || cmp -s "$1/summary.tsv" "$scratch/whole.tsv"
}

full_at_start()
{
	fill 0
	# shellcheck disable=SC2086
	bench small/start --platforms um $short --boots 2
	ok "disk full at the start: the run does not begin" [ $? -eq 3 ]
	ok "disk full at the start: it says where, and what to do" says "$scratch/log" \
		"small/start.*No space left.*make room there"
	ok "disk full at the start: it says so once" \
		[ "$(grep -c 'No space left' "$scratch/log")" -eq 1 ]
	ok "disk full at the start: no boot was tried" [ ! -e "$small/start/boots" ]
	rm "$small/fill"
	# shellcheck disable=SC2086
	bench small/start --platforms um $short --boots 1
	ok "disk full at the start: with room there it goes on" [ $? -eq 0 ]
	rm -r "$small/start"
}

# full_in_boot PLATFORM
full_in_boot()
{
	start "small/$1" --platforms "$1" --variants off --workloads drain \
		--set drain.mib=64 --set drain.settle_ms=3000 --boots 3
	wait_for '"freed"' "$small/$1/boots/002-$1-off/events.jsonl"
	fill 0
	wait_end
	ok "$1, disk full in a boot: the run stops" [ "$rc" -eq 3 ]
	ok "$1, disk full in a boot: it says where, and what to do" says "$scratch/log" \
		"boot 002 .*small/$1/boots/002-.*No space left.*make room there"
	ok "$1, disk full in a boot: no other boot was tried" \
		[ ! -e "$small/$1/boots/003-$1-off" ]
	ok "$1, disk full in a boot: nothing is left running" gone "$small/$1"
	rm "$small/fill"
	ok "$1, disk full in a boot: the report has the first boot" \
		counted "small/$1" 1 '1 of 3 planned boots count.*1 never started'
	rm -r "${small:?}/$1"
}

full_in_report()
{
	cp -r tests/report/data/run "$small/run"
	report small/run
	cp "$small/run/summary.tsv" "$scratch/whole.tsv"
	ok "with room enough there is a report" no_halves "$small/run"
	for kib in 0 8 64 256 512; do
		rm -rf "$small"/run/plots "$small"/run/report.* "$small"/run/summary.tsv
		fill "$kib"
		report small/run
		rc=$?
		ok "disk full after $kib KiB of the report: prreport fails" [ "$rc" -eq 1 ]
		ok "disk full after $kib KiB of the report: it says where, and what to do" \
			says "$scratch/log" \
			"small/run/.* could not be written: (No space|is the disk full).*make room there"
		ok "disk full after $kib KiB of the report: no half of a file is left" \
			no_halves "$small/run"
	done
	rm "$small/fill"
	report small/run
	ok "disk full in the report: with room there it is made" [ $? -eq 0 ]
	ok "disk full in the report: and is the same" no_halves "$small/run"
}

mkdir "$small"
if mount -t tmpfs -o size=8m tmpfs "$small" 2>/dev/null; then
	mounted=yes
	full_at_start
	full_in_boot um
	full_in_boot tcg
	full_in_report
	umount "$small"
	mounted=
	mount -t tmpfs -o nr_inodes=1 tmpfs "$small"
	mounted=yes
	# shellcheck disable=SC2086
	bench small/none --platforms um $short --boots 1
	ok "no room for a directory: the run does not begin" [ $? -eq 3 ]
	ok "no room for a directory: it says where, and what to do" says "$scratch/log" \
		"small/none: No space left.*--out"
	umount "$small"
	mounted=
else
	n=$((n + 1))
	echo "ok $n - full disks # SKIP no right to mount"
fi

# ---- results of a run that was interrupted ----

# interrupted SIGNAL: stop prbench in the third of four boots
interrupted()
{
	start "$1" --platforms um --variants off --workloads drain \
		--set drain.mib=64 --set drain.settle_ms=2000 --boots 4
	wait_for '"freed"' "$scratch/$1/boots/003-um-off/events.jsonl"
	kill "-$1" $!
	wait_end
	ok "SIG$1: nothing is left" nothing_runs "$1"
	ok "SIG$1: the report has the two boots that ended, and says what of the others" \
		counted "$1" 2 '2 of 4 planned boots count.*1 interrupted.*1 never started'
}

interrupted INT
interrupted KILL

# Hundreds of reports need no pictures.
mkdir "$scratch/path"
cat >"$scratch/path/gnuplot" <<'END'
#!/bin/sh
echo '<svg>no picture</svg>' >"${1%.gp}.svg"
echo 'no picture at all: IEND' >"${1%.gp}.png"
END
chmod +x "$scratch/path/gnuplot"
PATH=$scratch/path:$PATH

# cut FILE STEP: cut it off everywhere. Whatever is left of it, the other boot
# counts, and what cannot be used is named.
cut_off()
{
	size=$(wc -c <"$scratch/cut/$1")
	cp "$scratch/cut/$1" "$scratch/orig"
	at=0 wrong=0
	while [ "$at" -lt "$size" ]; do
		head -c "$at" "$scratch/orig" >"$scratch/cut/$1"
		rm -f "$scratch/cut/summary.tsv" "$scratch/cut/details.md"
		report cut
		rc=$?
		case $rc in
		0) ;;
		1) says "$scratch/log" "cut/$1: .*(restore|again)" || wrong=1 ;;
		*) wrong=1 ;;
		esac
		[ "$(boots_of_row cut)" -ge 1 ] && [ -s "$scratch/cut/report.html" ] ||
			wrong=1
		[ "$wrong" -eq 0 ] || {
			echo "# $1, cut after $at bytes: status $rc"
			sed 's/^/# /' "$scratch/log"
			break
		}
		at=$((at + $2))
	done
	cp "$scratch/orig" "$scratch/cut/$1"
	return "$wrong"
}

cp -r "$scratch/INT" "$scratch/cut"
first=boots/001-um-off
ok "events.jsonl cut off anywhere" cut_off $first/events.jsonl 37
ok "samples.tsv cut off anywhere" cut_off $first/samples.tsv 37
ok "meta.json cut off anywhere" cut_off $first/meta.json 37
ok "run.json cut off anywhere" cut_off run.json 37

# Samples that end early are no memory that never came back.
samples=$scratch/cut/$first/samples.tsv
cp "$samples" "$scratch/orig"
head -n 6 "$scratch/orig" >"$samples"
ok "samples that end early are left out, and that is said" \
	counted cut 2 'samples end .* before'
cp "$scratch/orig" "$samples"

mv "$scratch/cut/run.json" "$scratch/run.json"
report cut
ok "run.json is missing: prreport fails" [ $? -eq 1 ]
ok "run.json is missing: it says so, and what to do" says "$scratch/log" \
	"cut/run.json: cannot be opened.*restore the file"
ok "run.json is missing: all boots that ended are in the report" \
	[ "$(boots_of_row cut)" -eq 2 ]
mv "$scratch/run.json" "$scratch/cut/run.json"

rm "$scratch/cut/$first"/*
ok "a boot of which nothing is left: the others count" \
	counted cut 1 '1 of 4 planned boots count.*2 interrupted'
rm -r "$scratch/cut/boots"
mkdir "$scratch/cut/boots"
report cut
ok "no boots: prreport fails" [ $? -eq 1 ]
ok "no boots: it says so, and what to do" says "$scratch/log" \
	"cut/boots holds no boots; run 'make bench' again"
done_testing
