#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Init of kexec.sh's guest, twice: while memory is reported, the first kernel starts
# the second, which powers off.
. "${0%/*}/busy.sh"
PATH=$PATH:/sbin:/usr/sbin
by_kexec=0x45584543 power_off=0x4321fedc
if grep -q second_kernel /proc/cmdline; then
	echo "second kernel: $(reports) reports"
	reboot_by $power_off
fi
bzimage=$(sed 's/.*bzimage=\([^ ]*\).*/\1/' /proc/cmdline)
kexec -c -l "$bzimage" --reuse-cmdline --append=second_kernel
echo "first kernel: $(reports) reports"
reboot_by $by_kexec
