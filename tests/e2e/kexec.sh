#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A guest starts its kernel anew by kexec in the midst of passes and flushes: the
# old kernel tells no device of memory once devices shut down, about which the
# balloon's driver would warn, and the new one reports.
. "$(dirname "$0")/lib.sh"

times=1
console=$scratch/console

# boot: until the second kernel powers off, which ends QEMU
boot()
{
	timeout 300 "${QEMU:-qemu-system-x86_64}" -machine q35 \
		-accel tcg,thread=single -m 1024 -smp 2 -nodefaults \
		-no-user-config -nographic -no-reboot \
		-kernel "$kernels/x86_64-patched/bzImage" \
		-append "console=ttyS0 panic=-1 oops=panic root=hostroot rootfstype=9p rootflags=trans=virtio,version=9p2000.L,cache=loose,msize=262144 ro init=$top/tests/e2e/guest/kexec-init.sh no_timer_check page_ext=on bzimage=$(realpath "$kernels/x86_64-patched/bzImage")" \
		-chardev "file,id=console,path=$console" -serial chardev:console \
		-device virtio-balloon-pci,free-page-reporting=on \
		-fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,fsdev=root,mount_tag=hostroot >"$scratch/log" 2>&1
}

command -v kexec >/dev/null || {
	echo "kexec is not installed: run 'scripts/deps.sh test', which installs kexec-tools"
	exit 77
}
started=0 first=0 second=0 warned=0 i=0
while [ $i -lt $times ]; do
	i=$((i + 1))
	boot
	[ "$(grep -c 'Linux version' "$console")" -ne 2 ] || started=$((started + 1))
	! grep -q '^first kernel: [1-9]' "$console" || first=$((first + 1))
	! grep -q '^second kernel: [1-9]' "$console" || second=$((second + 1))
	if grep -E 'WARNING|BUG|Oops|blocked for|not returned' "$console"; then
		warned=$((warned + 1))
		sed 's/^/# /' "$console" | tail -n 40
	fi
done
ok "$times guests start their kernel anew ($started)" [ $started -eq $times ]
ok "memory was reported until then ($first)" [ $first -eq $times ]
ok "and by the new kernel ($second)" [ $second -eq $times ]
ok "without a warning ($warned)" [ $warned -eq 0 ]
done_testing
