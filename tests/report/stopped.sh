#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A run that lies in an archive: Ctrl-C while its pictures are drawn, or prreport
# killed, leaves nothing of it in TMPDIR.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$top/tests/tap.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/bin" "$tmp/run" "$tmp/empty"
cat >"$tmp/bin/gnuplot" <<END
#!/bin/sh
: >"$tmp/drawing"
exec sleep 20
END
chmod +x "$tmp/bin/gnuplot"
tar -cJf "$tmp/run/raw.tar.xz" -C "$top/tests/report/data/run" .

# stop SIGNAL: to prreport and what it has started, once it draws; keep its status
stop()
{
	rm -f "$tmp/drawing"
	TMPDIR=$tmp/empty PATH=$tmp/bin:$PATH setsid env --default-signal=INT \
		"${PRX_BIN:-$top/build/san}/prreport" "$tmp/run" >"$tmp/log" 2>&1 &
	_pid=$!
	until [ -e "$tmp/drawing" ]; do
		kill -0 $_pid || return 1
		sleep 0.1
	done
	kill "-$1" -$_pid
	rc=0
	wait $_pid || rc=$?
}

# nothing_left: it may take a moment
nothing_left()
{
	_tries=0
	until rmdir "$tmp/empty" 2>/dev/null; do
		_tries=$((_tries + 1))
		[ $_tries -lt 50 ] || return 1
		sleep 0.1
	done
	mkdir "$tmp/empty"
}

for signal in INT KILL; do
	check "SIG$signal: pictures were being drawn" stop $signal
	check "SIG$signal: it ends of it" [ "$rc" -gt 128 ]
	check "SIG$signal: nothing is left in TMPDIR" nothing_left
done
finish
