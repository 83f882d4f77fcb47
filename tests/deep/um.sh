#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The load of guest/load.sh for ten minutes on User Mode Linux of a series that has
# several CPUs there: at native speed the allocator, the worker and the oracle run
# at the same time, which a guest under TCG with one thread never does. KCSAN, which
# would say more, does not know this architecture. DEEP_SECONDS= for another time.
[ "${KERNEL:-6.12}" != 6.12 ] || KERNEL=7.3
export KERNEL
. "$(dirname "$0")/lib.sh"

platform=um
ok "the kernel is built" flavor um patched um
[ $bad -eq 0 ] || done_testing
load um "${DEEP_SECONDS:-600}" load.skip=cma,hotplug,hwpoison,huge
# The load says how many CPUs it had: one would prove little
ok "um: two CPUs were at work" grep -q '^# load cpus 2$' "$(boot_of um)/script.out"
done_testing
