#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The load of guest/load.sh for ten minutes against the oracle, with no debugging
# to slow it down. Then what wants the guest for itself: memory that compaction
# captures, and jiffies that wrap around. DEEP_SECONDS= for another time.
. "$(dirname "$0")/lib.sh"

ok "the kernel is built" flavor oracle
[ $bad -eq 0 ] || done_testing
load oracle "${DEEP_SECONDS:-600}" movablecore=256M cma=64M
load capture 120 load.only=capture,flush,dump,audit cma=64M
load wrap 360 load.only=wrap
done_testing
