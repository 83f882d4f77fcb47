#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What goes wrong around page reporting: memory runs out in its own allocations,
# others own or poison free pages, the host stops, migrates, sleeps. Each under
# the load of guest/load.sh, for DEEP_SECONDS= (60).
. "$(dirname "$0")/lib.sh"
seconds=${DEEP_SECONDS:-60}

# meanwhile NAME FUNCTION: call it again and again while the load runs
meanwhile()
{
	wait_event "$1" '"ready"' || return
	_times=0
	while [ ! -e "$scratch/$1.over" ]; do
		"$2" || break
		_times=$((_times + 1))
	done
	echo $_times >"$scratch/$1.times"
}

# during NAME FUNCTION: start that beside a load to come
during()
{
	rm -f "$scratch/$1.over" "$scratch/$1.times"
	meanwhile "$1" "$2" &
	during_pid=$!
}

# happened NAME: how often; ends it
happened()
{
	: >"$scratch/$1.over"
	wait "$during_pid"
	echo "# $1: $(cat "$scratch/$1.times") times"
	[ "$(cat "$scratch/$1.times")" -ge 3 ]
}

stop_and_go()
{
	hmp stop >/dev/null && sleep 2 && hmp cont >/dev/null && sleep 3
}

kept_it()
{
	_p=$(returned "$1")
	echo "# $_p % of what was freed is back with the host"
	[ "$_p" -ge 0 ] && [ "$_p" -le 10 ]
}

complained()
{
	grep -qE 'pagealloc: (memory corruption|single bit error)' \
		"$(boot_of "$1")/console.log"
}

ok "the kernel is built" flavor kmemleak
[ $bad -eq 0 ] || done_testing

load owned "$seconds" page_owner=on page_table_check=on movablecore=256M cma=64M
load init_on_free "$seconds" init_on_free=1 init_on_alloc=1 movablecore=256M
load poisoned "$seconds" page_poison=1 movablecore=256M
# a host that does not care for the poison; or the one above proves nothing
PRBENCH_APPEND="page_reporting_oracle.on=1 page_reporting_oracle.lie=1 page_poison=1"
export PRBENCH_APPEND
# its own points do not count: how far such a guest gets is chance
(guest_script lying tests/deep/guest/take.sh --kernels "$kernels" \
	--variants ext-idle --set script.run_ms=60000) >/dev/null
ok "a host that ignores the poison is found out" complained lying

PRBENCH_APPEND="page_reporting_oracle.on=1 $patient"
guest_script short tests/deep/guest/short.sh --kernels "$kernels" \
	--variants ext-idle --set script.run_ms=$(((seconds + 120) * 1000))
scan short

# with the real device
for words in "" init_on_free=1 page_poison=1; do
	PRBENCH_APPEND="$patient $words"
	drain=drain-${words%=*}
	bench "$drain" --kernels "$kernels" --platforms tcg --variants ext \
		--workloads drain --boots 1
	ok "virtio-balloon, ${words:-as it is}: a drain" [ $? -eq 0 ]
	case $words in
	page_poison*) ok "$words: the host keeps the poison" kept_it "$drain" ;;
	*) ok "${words:-as it is}: the host has the memory back" gave_back "$drain" ;;
	esac
	scan "$drain"
done

# all of it: the clock wakes the guest up again
PRBENCH_APPEND=$patient
guest_script asleep tests/e2e/guest/suspend.sh --kernels "$kernels" \
	--set script.run_ms=240000
scan asleep
ok "suspend to RAM was one of them" grep -q 'PM: suspend entry (deep)' \
	"$(boot_of asleep)/console.log"

with_monitor
during stopped stop_and_go
load stopped "$seconds" movablecore=256M load.skip=stress
ok "QEMU was stopped and continued meanwhile" happened stopped
done_testing
