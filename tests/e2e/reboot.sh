#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guests reboot in the midst of passes and flushes: no device is told of memory
# once devices shut down, about which the balloon's driver would warn. DEEP_TIMES=
# for another number of guests.
. "$(dirname "$0")/lib.sh"

times=${DEEP_TIMES:-6}
reboots=0 reported=0 warned=0 i=0
while [ $i -lt "$times" ]; do
	i=$((i + 1))
	boot_init 120 reboot-init.sh && grep -q 'reboot: Restarting' "$console" &&
		reboots=$((reboots + 1))
	! grep -q 'rebooting: [1-9]' "$console" || reported=$((reported + 1))
	! complained || warned=$((warned + 1))
	echo "# $i of $times: $reboots rebooted, $reported reported, $warned warned"
done
ok "$times guests reboot ($reboots)" [ $reboots -eq "$times" ]
ok "memory was reported until then ($reported)" [ $reported -eq "$times" ]
ok "without a warning ($warned)" [ $warned -eq 0 ]
done_testing
