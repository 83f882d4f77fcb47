#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# perf record -e 'page_reporting:*' in a guest while memory is freed, reported
# and used again.
. "$(dirname "$0")/lib.sh"

guest trace tracepoints.sh
done_testing
