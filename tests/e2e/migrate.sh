#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A guest that has let go of the host's root is migrated to nowhere; what it has
# freed is sent, unless QEMU asks what is free.
. "$(dirname "$0")/lib.sh"

# sent NAME: MiB
sent()
{
	sed -n 's/.*"metric":"sent_mib".*"value":\([0-9]*\).*/\1/p' \
		"$(boot_of "$1")/events.jsonl"
}

more()
{
	echo "# $1 MiB were sent, $2 are to compare with"
	[ "$1" -ge "$2" ]
}

for variant in off hint; do
	bench $variant --platforms tcg --workloads migrate --variants $variant \
		--boots 1 --set migrate.mem_mib=384 --set migrate.mib=160 \
		--set migrate.settle_ms=0 --set migrate.bandwidth_mib=32
	ok "$variant: a guest is migrated" [ $? -eq 0 ]
	ok "$variant: nothing is left" nothing_runs $variant
done
ok "off: what was freed is sent" more "$(sent off)" 160
ok "hint: most of it is not" more "$(($(sent off) - $(sent hint)))" 80

# A QEMU that has another name for how long it took: that is no 0 s.
# It looks for firmware and modules beside the directory where it is.
qemu=$(command -v "${QEMU:-qemu-system-x86_64}")
mkdir "$scratch/bin" && ln -s "${qemu%/*}/../share" "${qemu%/*}/../lib" "$scratch/"
sed 's/total-time/other-time/g' "$qemu" >"$scratch/bin/qemu"
chmod +x "$scratch/bin/qemu"
QEMU=$scratch/bin/qemu bench unsaid --platforms tcg --workloads migrate --variants off \
	--boots 1 --set migrate.mem_mib=384 --set migrate.mib=16 --set migrate.settle_ms=0
ok "a number that QEMU does not say ends the boot" [ $? -eq 1 ]
ok "and is named" grep -q 'migrate_s' "$scratch/log"
done_testing
