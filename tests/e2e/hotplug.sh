#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Memory goes offline and online in a guest in which a part is movable and a part
# is plugged in, while free memory is reported and debugfs is read.
. "$(dirname "$0")/lib.sh"

cat >"$scratch/qemu" <<EOT
#!/bin/sh
exec "${QEMU:-qemu-system-x86_64}" "\$@" -m 2048,slots=1,maxmem=4G \\
	-object memory-backend-ram,id=added,size=512M -device pc-dimm,memdev=added
EOT
chmod +x "$scratch/qemu"
QEMU=$scratch/qemu
PRBENCH_APPEND=movablecore=384M
export QEMU PRBENCH_APPEND
guest hotplug hotplug.sh
done_testing
