#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The load of guest/load.sh for ten minutes against the oracle, with no debugging
# to slow it down. Then memory that compaction captures, which wants the guest for
# itself; and a kernel whose times wrap around two minutes after boot, and that
# forgets all and starts anew each minute. DEEP_SECONDS= for another time.
. "$(dirname "$0")/lib.sh"

ok "the kernel is built" flavor oracle
[ $bad -eq 0 ] || done_testing
load oracle "${DEEP_SECONDS:-600}" movablecore=256M cma=64M
load capture 120 load.only=capture,flush,dump,audit cma=64M
# wrapped: were there several new starts, and has the time of one wrapped around?
wrapped()
{
	tr -d '\r' <"$(boot_of wrap)/console.log" |
		sed -n 's/.*page_reporting: starts anew at \(0x[0-9a-f]*\)$/\1/p' >"$scratch/starts"
	_last=0 _starts=0 _wraps=0
	while read -r _t; do
		_starts=$((_starts + 1))
		[ $((_t)) -ge $_last ] || _wraps=$((_wraps + 1))
		_last=$((_t))
	done <"$scratch/starts"
	echo "# $_starts new starts, $_wraps of them after times wrapped around"
	[ $_starts -ge 3 ] && [ $_wraps -ge 1 ]
}

MUTATION=deep/wrap
export MUTATION
ok "a kernel whose times wrap around is built" flavor oracle mutant
load wrap 240 load.skip=parameters movablecore=256M cma=64M
ok "wrap: times wrapped around, and all was reported anew" wrapped
done_testing
