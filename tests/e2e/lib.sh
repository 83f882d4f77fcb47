# SPDX-License-Identifier: GPL-2.0
# Sourced by the end-to-end tests: a scratch directory, TAP, a run of prbench.
top=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$top" || exit 1
bin=${PRX_BIN:-build/bin}
# of another series than 6.12 in directories of their own; prbench knows, too
series=${KERNEL:-6.12}
kernels=build/kernels trees=build/trees
[ "$series" = 6.12 ] || kernels=build/kernels-$series trees=build/trees-$series
kernels=${PRX_KERNELS:-$kernels}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/prbench-test-XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
n=0 bad=0

# ok NAME CMD...: one point, good if the command succeeds
ok()
{
	_what=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $_what"
	else
		echo "not ok $n - $_what"
		bad=1
		# what an engineer wants to see next
		[ ! -f "$scratch/log" ] || sed 's/^/# /' "$scratch/log"
	fi
}

# done_testing: last line of each test
done_testing()
{
	echo "1..$n"
	exit $bad
}

# bench NAME ARG...: run prbench into $scratch/NAME; its status is $?
bench()
{
	out=$scratch/$1
	shift
	"$bin/prbench" --agent "$bin/pragent" --kernels "$kernels" --out "$out" "$@" \
		>"$scratch/log" 2>&1
}

# the directory of the only boot of a run
boot_of()
{
	echo "$scratch/$1"/boots/*
}

# returned RUN: percent of what the guest freed that the host has back in the
# end, from the sample at the mark 'freed' and the last sample
returned()
{
	boot=$(boot_of "$1")
	freed=$(sed -n 's/.*"t":\([0-9.]*\),.*"name":"freed","bytes":\([0-9]*\).*/\1 \2/p' \
		"$boot/events.jsonl")
	[ -n "$freed" ] || { echo "-1"; return; }
	awk -v t="${freed% *}" -v bytes="${freed#* }" 'NR > 1 {
		if ($1 <= t + 0.1 && $2 > top) top = $2
		last = $2
	} END { printf "%d\n", (top - last) * 1024 * 100 / bytes }' \
		"$boot/samples.tsv"
}

# returns_at_least NAME PERCENT
returns_at_least()
{
	_p=$(returned "$1")
	echo "# $_p % of the freed memory is back with the host"
	[ "$_p" -ge "$2" ]
}

# returns_less_than NAME PERCENT
returns_less_than()
{
	! returns_at_least "$1" "$2" && [ "$_p" -ge 0 ]
}

# status FILE: the "status" of a meta.json or run.json
status()
{
	sed -n 's/^ "status": "\(.*\)",*$/\1/p' "$1"
}

# knows DIR: is there a process with it in its command line, as QEMU and prbench
# have it, or as its TMPDIR, as User Mode Linux has it?
knows()
{
	pgrep -f -- "$1(/| |\$)" >/dev/null ||
		grep -qsF -- "TMPDIR=$1/" /proc/[0-9]*/environ
}

# gone DIR: no process is left that knows it: no VM, and no prbench, whose boots
# have its own command line
gone()
{
	tries=0
	while knows "$1"; do
		tries=$((tries + 1))
		[ $tries -lt 50 ] || return 1
		sleep 0.1
	done
}

# nothing_runs RUN: and nothing is mounted
nothing_runs()
{
	gone "$scratch/$1" && ! grep -q "$scratch" /proc/self/mounts
}

# wait_event RUN PATTERN: until some boot's events have it, or a minute is over
wait_event()
{
	tries=0
	until grep -qs -- "$2" "$scratch/$1"/boots/*/events.jsonl; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		sleep 0.1
	done
}

# take_points FILE: the points of a script that ran in a guest become ours
take_points()
{
	last='' first=$n
	while IFS= read -r line; do
		case $line in
		'ok '* | 'not ok '*)
			n=$((n + 1))
			case $line in
			not*) bad=1; echo "not ok $n - ${line#* - }" ;;
			*) echo "ok $n - ${line#* - }" ;;
			esac
			;;
		1..*) last=$line ;;
		*) echo "# ${line#'# '}" ;;
		esac
	done <"$1"
	taken=$((n - first))
}

# all_taken: were these points all that the script has?
all_taken()
{
	[ "$last" = "1..$taken" ]
}

# guest NAME SCRIPT ARG...: boot with page_ext=on, run a script of guest/ there;
# its points become ours
guest()
{
	_script=tests/e2e/guest/$2
	_run=$1
	shift 2
	guest_script "$_run" "$_script" "$@"
}

# guest_script NAME FILE ARG...: the same with a script from anywhere
guest_script()
{
	PRBENCH_SCRIPT=$2
	export PRBENCH_SCRIPT
	run=$1
	shift 2
	bench "$run" --platforms tcg --variants ext --workloads script --boots 1 \
		"$@"
	rc=$?
	take_points "$(boot_of "$run")/script.out"
	ok "the script comes to its end" all_taken
	ok "the guest is well" [ $rc -eq 0 ]
}

# with_monitor: QEMUs from here on have their monitor at $scratch/monitor
with_monitor()
{
	cat >"$scratch/qemu" <<-EOT
	#!/bin/sh
	exec "${QEMU:-qemu-system-x86_64}" "\$@" -monitor "unix:$scratch/monitor,server=on,wait=off"
	EOT
	chmod +x "$scratch/qemu"
	QEMU=$scratch/qemu
	export QEMU
}

# hmp COMMAND: what a QEMU answers whose monitor is $scratch/monitor
hmp()
{
	perl -MIO::Socket::UNIX -e '
		my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 1;
		my $said = "";
		sub upto { while ($said !~ /\(qemu\) $/) {
			sysread($s, my $b, 4096) or exit 1; $said .= $b; } }
		upto(); $said = "";
		print $s "$ARGV[1]\n"; $s->flush; upto();
		print $said;' "$scratch/monitor" "$1"
}

# boot_init SECONDS INIT [WORDS]: QEMU with an init of tests/e2e/guest, until it ends or
# for so long; what the guest says is in $console
boot_init()
{
	console=$scratch/console
	timeout "$1" "${QEMU:-qemu-system-x86_64}" -machine q35 \
		-accel tcg,thread=single -m 1024 -smp 2 -nodefaults \
		-no-user-config -nographic -no-reboot \
		-kernel "$kernels/x86_64-patched/bzImage" \
		-append "console=ttyS0 panic=-1 oops=panic root=hostroot rootfstype=9p rootflags=trans=virtio,version=9p2000.L,cache=loose,msize=262144 ro init=$top/tests/e2e/guest/$2 no_timer_check page_ext=on ${3-}" \
		-chardev "file,id=console,path=$console" -serial chardev:console \
		-device virtio-balloon-pci,free-page-reporting=on \
		-fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,fsdev=root,mount_tag=hostroot >"$scratch/log" 2>&1
}

# complained: did the guest of boot_init?
complained()
{
	grep -E 'WARNING|BUG|Oops|blocked for|has not ended' "$console" || return
	sed 's/^/# /' "$console" | tail -n 40
}
