#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A guest starts its kernel anew by kexec in the midst of passes and flushes: the
# old kernel tells no device of memory once devices shut down, about which the
# balloon's driver would warn, and the new one reports.
. "$(dirname "$0")/lib.sh"

command -v kexec >/dev/null || {
	echo "kexec is not installed: run 'scripts/deps.sh test', which installs kexec-tools"
	exit 77
}
# until the second kernel powers off, which ends QEMU
boot_init 300 kexec-init.sh "bzimage=$(realpath "$kernels/x86_64-patched/bzImage")"
ok "the guest starts its kernel anew" [ "$(grep -c 'Linux version' "$console")" -eq 2 ]
ok "memory was reported until then" grep -q '^first kernel: [1-9]' "$console"
ok "and by the new kernel" grep -q '^second kernel: [1-9]' "$console"
not_complained()
{
	! complained
}
ok "without a warning" not_complained
done_testing
