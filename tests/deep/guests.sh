#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# guests.sh [plug|limit]...: what a guest goes through while it reports
# memory. virtio-mem plugs memory in and unplugs it; a program wants more than its
# cgroup may have.
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

ok "the kernel is built" flavor guests
[ $bad -eq 0 ] || done_testing
PRBENCH_APPEND=$patient
export PRBENCH_APPEND
[ $# -gt 0 ] || set -- plug limit
for part; do
	"test_$part"
done
done_testing
