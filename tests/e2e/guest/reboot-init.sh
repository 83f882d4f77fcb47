#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Init of reboot.sh's guests, which reboot while memory is reported.
. "${0%/*}/busy.sh"
restart=0x01234567
echo "rebooting: $(reports) reports"
reboot_by $restart
