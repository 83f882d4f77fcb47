#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# guests.sh [plug|limit|hibernate]...: what a guest goes through while it reports
# memory. virtio-mem plugs memory in and unplugs it; a program wants more than its
# cgroup may have; the guest hibernates and wakes up in another QEMU.
. "$(dirname "$0")/lib.sh"

# within SECONDS CMD...: until it succeeds, for at most so long
within()
{
	_end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt $_end ] || return
		sleep 0.2
	done
}

# with_qemu WORDS: QEMUs from here on have these arguments, too
with_qemu()
{
	cat >"$scratch/qemu" <<-EOT
	#!/bin/sh
	exec "$plain_qemu" "\$@" $1
	EOT
	chmod +x "$scratch/qemu"
	QEMU=$scratch/qemu
	export QEMU
}
plain_qemu=${QEMU:-qemu-system-x86_64}

# asked RUN WORDS: has the guest said so?
asked()
{
	grep -qs "$2" "$scratch/$1"/boots/*/console.log
}

# plugged_is BYTES: is so much plugged in?
plugged_is()
{
	hmp "info memory-devices" 2>/dev/null | tr -d '\r' | grep -qx "  *size: $1"
}

# plug MIB
plug()
{
	hmp "qom-set /machine/peripheral/vm0 requested-size $1M" >/dev/null &&
		within 120 plugged_is $(($1 << 20))
}

plug_twice()
{
	for _round in 1 2; do
		within 300 asked plug "plug: round $_round" && plug 512 &&
			within 300 asked plug "unplug: round $_round" && plug 0 ||
			return
	done
}

# fell RUN MIB: what the host held for the guest is so much less than it was once
fell()
{
	awk -v mib="$2" 'NR > 1 { last = $2; if (last > top) top = last }
		END {
			printf "# the host held %d MiB at most, %d in the end\n",
				top / 1024, last / 1024
			exit (top - last) / 1024 < mib
		}' "$(boot_of "$1")/samples.tsv"
}

# make_disk: an empty one to swap to
make_disk()
{
	rm -f "$scratch/disk" && truncate -s 1G "$scratch/disk" &&
		mkswap "$scratch/disk" >"$scratch/log" 2>&1
}

# vm NAME WORDS: QEMU with the guest that hibernates, until it ends; what it says is
# in NAME.tap, its kernel's messages in NAME.log, and what its host holds for it, in
# KiB, until all is reported anew, in NAME.held
vm()
{
	timeout 900 "$plain_qemu" -machine q35,memory-backend=ram \
		-accel tcg,thread=single -m 1024 -smp 2 -nodefaults -no-user-config \
		-object memory-backend-memfd,id=ram,size=1024M,share=on \
		-nographic -no-reboot -kernel "$kernels/x86_64-patched/bzImage" \
		-initrd "$scratch/initrd" \
		-append "console=ttyS0 panic=-1 oops=panic page_ext=on $patient ${2-}" \
		-serial "file:$scratch/$1.log" -serial "file:$scratch/$1.tap" \
		-device virtio-balloon-pci,free-page-reporting=on \
		-drive "file=$scratch/disk,if=virtio,format=raw" &
	pid=$!
	while kill -0 $pid 2>/dev/null && ! grep -qs 'reported anew' "$scratch/$1.tap"; do
		_q=$(pgrep -P $pid) || _q=$pid
		sed -n 's/^RssShmem:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$_q/status" 2>/dev/null
		sleep 0.2
	done >"$scratch/$1.held"
	wait $pid
}

# held_less MIB KEPT: did its host hold so much for the guest that woke up, and no
# more than KEPT with all reported anew?
held_less()
{
	awk -v mib="$1" -v kept="$2" '{ last = $1; if (last > top) top = last }
		END {
			printf "# its host held %d MiB at most, %d with all reported\n",
				top / 1024, last / 1024
			exit top / 1024 < mib || last / 1024 > kept
		}' "$scratch/second.held"
}

hibernated()
{
	grep -q 'hibernation: hibernation entry' "$scratch/first.log" &&
		grep -q 'reboot: Power down' "$scratch/first.log" &&
		grep -q 'PM: Image loading done' "$scratch/second.log"
}

test_plug()
{
	with_qemu "-m 2048,slots=1,maxmem=4G \
		-object memory-backend-ram,id=plugged,size=512M \
		-device virtio-mem-pci,id=vm0,memdev=plugged,requested-size=0 \
		-monitor unix:$scratch/monitor,server=on,wait=off"
	plug_twice &
	pid=$!
	guest_script plug tests/deep/guest/plug.sh --kernels "$kernels" \
		--set script.mem_mib=2048 --set script.run_ms=300000
	ok "memory is plugged and unplugged twice" wait $pid
	scan plug
}

test_limit()
{
	with_qemu "-drive file=$scratch/disk,if=virtio,format=raw"
	ok "a disk to swap to can be made" make_disk
	guest_script limit tests/deep/guest/limit.sh --kernels "$kernels" \
		--set script.mem_mib=1024 --set script.run_ms=300000
	ok "the host has back what the program used" fell limit 96
	scan limit
}

test_hibernate()
{
	ok "a disk to hibernate to can be made" make_disk
	ok "a guest that hibernates can be made" initramfs hibernate.sh sh mount cat \
		sleep sed awk grep head seq cmp rm mkdir dd swapon build/bin/pattern
	ok "it hibernates" vm first
	# the kernel of this boot writes to all of its memory, and reports none of it
	ok "it wakes up in another QEMU" vm second "resume=/dev/vda init_on_free=1"
	ok "from its image" hibernated
	tr -d '\r' <"$scratch/first.tap" >"$scratch/both.tap"
	tr -d '\r' <"$scratch/second.tap" >>"$scratch/both.tap"
	take_points "$scratch/both.tap"
	ok "the script comes to its end" all_taken
	ok "the host has back what the kernel of the second boot used" held_less 800 400
	ok "the kernel did not complain" tests/deep/scan.sh "$scratch/first.log" \
		"$scratch/second.log"
}

ok "the kernel is built" flavor guests
[ $bad -eq 0 ] || done_testing
PRBENCH_APPEND=$patient
export PRBENCH_APPEND
[ $# -gt 0 ] || set -- plug limit hibernate
for part; do
	"test_$part"
done
done_testing
