#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Bugs that others had: those that take a kernel or a boot of their own to show.
# tests/README.md names the tests for the rest.
. "$(dirname "$0")/lib.sh"

ok "the kernel is built" flavor kmemleak

# page_ext was set up before all struct pages were
ok "it initialises struct pages late" grep -q CONFIG_DEFERRED_STRUCT_PAGE_INIT=y \
	"$kernels/x86_64-patched/config"
for words in early_page_ext page_owner=on; do
	PRBENCH_APPEND="$patient $words"
	export PRBENCH_APPEND
	guest_script "late-$words" tests/deep/guest/take.sh --kernels "$kernels" \
		--set script.mem_mib=4096 --set script.run_ms=60000
	scan "late-$words"
done

# the balloon's probe failed when its ring was shorter than a batch
MUTATION=history/short-ring
PRBENCH_APPEND=$patient
export MUTATION
ok "a kernel with larger batches is built" flavor oracle mutant
bench ring --kernels "$kernels" --platforms tcg --variants ext \
	--workloads drain --boots 1
ok "the balloon's ring is shorter than a batch: a drain" [ $? -eq 0 ]
ok "the host has the memory back" gave_back ring
scan ring
done_testing
