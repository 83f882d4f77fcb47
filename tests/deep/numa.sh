#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A guest of two nodes: memory of each is used, freed and reported by itself, with
# the oracle and with all records checked after each pass; then the load of
# guest/load.sh. DEEP_SECONDS= for another time.
. "$(dirname "$0")/lib.sh"

ok "the kernel is built" flavor oracle
[ $bad -eq 0 ] || done_testing
PRBENCH_APPEND="page_reporting_oracle.on=1 numa=fake=2 $patient"
export PRBENCH_APPEND
guest_script nodes tests/deep/guest/numa.sh --kernels "$kernels" \
	--variants ext-idle --set script.mem_mib=1024 --set script.run_ms=300000
scan nodes
# a node has half of what can go offline, and blocks of 128 MiB do so as a whole
load numa "${DEEP_SECONDS:-600}" numa=fake=2 movablecore=512M cma=64M
done_testing
