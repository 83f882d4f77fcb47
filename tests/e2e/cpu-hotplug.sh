#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A processor goes and comes back while memory is freed and reported.
. "$(dirname "$0")/lib.sh"

guest cpu-hotplug cpu-hotplug.sh
done_testing
