#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The load of guest/load.sh for ten minutes against the oracle, with no debugging
# to slow it down. DEEP_SECONDS= for another time.
. "$(dirname "$0")/lib.sh"

ok "the kernel is built" flavor oracle
load oracle "${DEEP_SECONDS:-600}" movablecore=256M cma=64M
done_testing
