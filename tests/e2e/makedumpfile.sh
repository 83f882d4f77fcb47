#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A tool that looks for free pages by their page_type, such as makedumpfile, finds
# all of them, with reporting and without.
. "$(dirname "$0")/lib.sh"

command -v makedumpfile >/dev/null || {
	echo "makedumpfile is not installed (scripts/deps.sh test)"
	exit 77
}
PRBENCH_APPEND="nokaslr crashkernel=128M"
export PRBENCH_APPEND
for variant in ext ext-off; do
	guest $variant makedumpfile.sh --variants $variant \
		--set script.mem_mib=1024 --set script.run_ms=60000
done
done_testing
