#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A guest that uses memory, checks it and reports what is free moves from one
# QEMU to another and on to a third, and finds its memory as it was. All that it
# needs is in its initramfs: what is mounted of the host's could not move.
. "$(dirname "$0")/lib.sh"
seconds=${DEEP_SECONDS:-60}
programs="sh mount cat sleep build/bin/pattern"
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$scratch"' EXIT

# vm NAME ARG...: a QEMU with its console in NAME.console
vm()
{
	_name=$1
	shift
	rm -f "$scratch/monitor"
	"${QEMU:-qemu-system-x86_64}" -machine q35 -accel tcg,thread=single -m 1024 \
		-smp 2 -nodefaults -no-user-config -nographic -no-reboot \
		-kernel "$kernels/x86_64-patched/bzImage" -initrd "$scratch/initrd" \
		-append "console=ttyS0 panic=-1 oops=panic page_ext=on load.seconds=$seconds" \
		-serial "file:$scratch/$_name.console" \
		-device virtio-balloon-pci,free-page-reporting=on \
		-monitor "unix:$scratch/monitor,server=on,wait=off" "$@" &
	pid=$!
}

# await FILE PATTERN: for a minute and as long as the guest is to run
await()
{
	_t=0
	until grep -qs "$2" "$scratch/$1"; do
		_t=$((_t + 1))
		[ $_t -lt $((600 + 20 * seconds)) ] && kill -0 "$pid" 2>/dev/null || return
		sleep 0.1
	done
}

# move FROM TO: all of the guest's state through a file
move()
{
	hmp "migrate_set_parameter max-bandwidth 1G" >/dev/null &&
		hmp "migrate -d \"exec:cat >$scratch/state\"" >/dev/null || return
	_t=0
	until hmp "info migrate" | tr -d '\r' | tee "$scratch/migrate" |
		grep -q '^Migration status: completed'; do
		_t=$((_t + 1))
		if [ $_t -ge 600 ] || grep -q '^Migration status: failed' "$scratch/migrate"; then
			sed 's/^/# /' "$scratch/migrate"
			return 1
		fi
		sleep 0.2
	done
	sed -n 's/^\(total ram\|transferred ram\|downtime\|duplicate\)/# &/p' "$scratch/migrate"
	hmp quit >/dev/null
	wait "$pid"
	vm "$2" -incoming "exec:cat $scratch/state"
}

reported()
{
	_n=$(sed -n 's/\r$//; s/^reported_bytes //p' "$scratch/third.console" | tail -n 1)
	echo "# $_n bytes reported in all"
	[ "${_n:-0}" -ge 67108864 ]
}

ok "the kernel is built" flavor kmemleak
# shellcheck disable=SC2086 # one program a word
ok "the guest can be made" initramfs migrate.sh $programs
[ $bad -eq 0 ] || done_testing
vm first
ok "it boots" await first.console 'pattern begins'
sleep 5
ok "it moves while it reports memory" move first second
ok "it goes on" await second.console '^still here'
sleep 5
ok "it moves again" move second third
ok "it goes on to its end" await third.console 'pattern ends'
ok "what it had in use is as it was" grep -q 'pattern: 0 wrong' "$scratch/third.console"
ok "it reported memory" reported
wait "$pid"
pid=
cat "$scratch/first.console" "$scratch/second.console" "$scratch/third.console" \
	>"$scratch/all.console"
ok "the kernel did not complain" tests/deep/scan.sh "$scratch/all.console"
done_testing
