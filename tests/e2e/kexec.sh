#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A guest starts its kernel anew by kexec in the midst of passes and flushes, and
# that one powers off in the midst of its own: a kernel tells no device of memory
# once devices shut down, about which the balloon's driver would warn, and the new
# one reports. DEEP_TIMES= for more than one guest.
. "$(dirname "$0")/lib.sh"

command -v kexec >/dev/null || {
	echo "kexec is not installed: run 'scripts/deps.sh test', which installs kexec-tools"
	exit 77
}
times=${DEEP_TIMES:-1}
anew=0 first=0 second=0 off=0 warned=0 i=0
while [ $i -lt "$times" ]; do
	i=$((i + 1))
	# until the second kernel powers off, which ends QEMU
	boot_init 300 kexec-init.sh "bzimage=$(realpath "$kernels/x86_64-patched/bzImage")"
	[ "$(grep -c 'Linux version' "$console")" -ne 2 ] || anew=$((anew + 1))
	! grep -q '^first kernel: [1-9]' "$console" || first=$((first + 1))
	! grep -q '^second kernel: [1-9]' "$console" || second=$((second + 1))
	! grep -q 'reboot: Power down' "$console" || off=$((off + 1))
	! complained || warned=$((warned + 1))
	echo "# $i of $times: $anew anew, $first and $second reported, $off off, $warned warned"
done
ok "$times guests start their kernel anew ($anew)" [ $anew -eq "$times" ]
ok "memory was reported until then ($first)" [ $first -eq "$times" ]
ok "and by the new kernel ($second)" [ $second -eq "$times" ]
ok "which powers off ($off)" [ $off -eq "$times" ]
ok "without a warning ($warned)" [ $warned -eq 0 ]
done_testing
