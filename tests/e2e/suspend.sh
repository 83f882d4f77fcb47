#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A guest suspends, but for the last steps, while memory is freed and reported.
. "$(dirname "$0")/lib.sh"

guest suspend suspend.sh
done_testing
