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
done_testing
