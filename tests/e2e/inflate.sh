#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The virtio balloon takes 400 MiB of reported memory and gives them back, twice:
# what it takes is removed, and is neither refaulted nor taken back too soon.
. "$(dirname "$0")/lib.sh"

# balloon_mib: what the guest has without the balloon
balloon_mib()
{
	hmp "info balloon" | sed -n 's/^balloon: actual=\([0-9]*\).*/\1/p'
}

# set_balloon MIB: until the guest has just that, for at most a minute
set_balloon()
{
	hmp "balloon $1" >/dev/null || return
	_t=0
	until [ "$(balloon_mib)" = "$1" ]; do
		_t=$((_t + 1))
		[ $_t -lt 600 ] || return
		sleep 0.1
	done
}

# asked N: until the guest has asked for the N-th inflation, for at most a minute
asked()
{
	_t=0
	until grep -qs "inflate: round $1" "$scratch"/inflate/boots/*/console.log; do
		_t=$((_t + 1))
		[ $_t -lt 1200 ] || return
		sleep 0.1
	done
}

inflate_twice()
{
	asked 1 && full=$(balloon_mib) && set_balloon $((full - 400)) &&
		set_balloon "$full" && asked 2 &&
		set_balloon $((full - 400)) && set_balloon "$full"
}

with_monitor
inflate_twice &
pid=$!
guest inflate inflate.sh --set script.run_ms=120000
ok "the balloon is inflated twice" wait $pid
done_testing
