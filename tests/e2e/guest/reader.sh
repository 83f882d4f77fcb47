# SPDX-License-Identifier: GPL-2.0
# Sourced by the guests' parts of reader.sh
. "${0%/*}/lib.sh"
top=${0%/tests/*}
reader=$top/build/bin/page-reporting
nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"

# says PATTERN ARG...: ends well and prints that
says()
{
	_pattern=$1
	shift
	"$reader" "$@" >/tmp/out 2>&1 || {
		sed 's/^/# /' /tmp/out
		return 1
	}
	grep -q -e "$_pattern" /tmp/out
}

# lacks PATTERN [COMMAND...]: each command that needs debugfs, or these, ends with
# status 3, and says that
lacks()
{
	_pattern=$1
	shift
	[ $# -gt 0 ] || set -- blocks ages map flush
	for _c; do
		$as "$reader" "$_c" >/tmp/out 2>&1
		[ $? -eq 3 ] && grep -q -e "$_pattern" /tmp/out || {
			sed 's/^/# /' /tmp/out
			return 1
		}
	done
}
as=

# from_proc: those that do without debugfs
from_proc()
{
	for _c in summary json prometheus 'watch /tmp/watch --count 2 -n 0.05'; do
		# shellcheck disable=SC2086
		$as "$reader" $_c >/tmp/out 2>&1 || {
			sed 's/^/# /' /tmp/out
			return 1
		}
		rm -f /tmp/watch
	done
}
