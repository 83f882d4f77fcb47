#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guests reboot in the midst of passes and flushes: no device is told of memory
# once devices shut down, about which the balloon's driver would warn.
. "$(dirname "$0")/lib.sh"

times=6
console=$scratch/console

# boot: until the guest reboots, which ends QEMU
boot()
{
	timeout 120 "${QEMU:-qemu-system-x86_64}" -machine q35 \
		-accel tcg,thread=single -m 1024 -smp 2 -nodefaults \
		-no-user-config -nographic -no-reboot \
		-kernel "$kernels/x86_64-patched/bzImage" \
		-append "console=ttyS0 panic=-1 oops=panic root=hostroot rootfstype=9p rootflags=trans=virtio,version=9p2000.L,cache=loose,msize=262144 ro init=$top/tests/e2e/guest/reboot-init.sh no_timer_check page_ext=on" \
		-chardev "file,id=console,path=$console" -serial chardev:console \
		-device virtio-balloon-pci,free-page-reporting=on \
		-fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,fsdev=root,mount_tag=hostroot >"$scratch/log" 2>&1
}

reboots=0 reported=0 warned=0 i=0
while [ $i -lt $times ]; do
	i=$((i + 1))
	boot && grep -q 'reboot: Restarting' "$console" && reboots=$((reboots + 1))
	! grep -q 'rebooting: [1-9]' "$console" || reported=$((reported + 1))
	if grep -E 'WARNING|BUG|Oops|blocked for|not returned' "$console"; then
		warned=$((warned + 1))
		sed 's/^/# /' "$console" | tail -n 40
	fi
done
ok "$times guests reboot ($reboots)" [ $reboots -eq $times ]
ok "memory was reported until then ($reported)" [ $reported -eq $times ]
ok "without a warning ($warned)" [ $warned -eq 0 ]
done_testing
