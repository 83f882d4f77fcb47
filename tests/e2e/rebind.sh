#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Unbind and bind of the balloon's driver while memory is freed and reported.
. "$(dirname "$0")/lib.sh"

guest rebind rebind.sh
done_testing
