#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Memory goes offline and online in a guest of whose memory a part is movable,
# while free memory is reported and debugfs is read.
. "$(dirname "$0")/lib.sh"

PRBENCH_APPEND=movablecore=768M
export PRBENCH_APPEND
guest hotplug hotplug.sh
done_testing
