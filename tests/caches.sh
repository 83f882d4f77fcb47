#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A cache that kernels cannot be built in is named before anything is unpacked,
# and what an interrupted run has left there is removed. Ctrl-C leaves nothing there.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/tests/tap.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
chmod 755 "$tmp"
mkdir "$tmp/bin" "$tmp/repo"
cp -r "$top/scripts" "$tmp/repo"
chmod -R a+rX "$tmp/repo"

# prepare CACHE CMD...: try to make the trees in such a cache, of no source at all
prepare()
{
	_cache=$1
	shift
	! KSRC=$tmp/nowhere PRX_CACHE=$_cache "$@" "$tmp/repo/scripts/kernel.sh" prepare \
		>"$tmp/log" 2>&1 || return 1
	sed 's/^/# /' "$tmp/log"
}

# says TEXT: it is one line, and has TEXT
says()
{
	[ "$(grep -c . "$tmp/log")" -eq 1 ] && grep -q -- "$1" "$tmp/log"
}

# without WORD: an ln that fails with that kind of links
without()
{
	cat >"$tmp/bin/ln" <<-END
	#!/bin/sh
	case "\$1" in $1) exit 1 ;; esac
	PATH=/usr/bin:/bin exec ln "\$@"
	END
	chmod +x "$tmp/bin/ln"
}

mkdir -p "$tmp/good/src/linux.tmp/mm" "$tmp/good/trees/linux/pristine/linux.tmp/mm" \
	"$tmp/good/src/linux"
: >"$tmp/good/src/linux.manifest.tmp"
check "a cache like any other will do" prepare "$tmp/good" env
check "all that is missing is the source" says 'nowhere: no such file'
check "what was interrupted is gone" [ -z "$(find "$tmp/good" -name '*.tmp')" ]
check "what was not is there" [ -d "$tmp/good/src/linux" ]
check "nothing is left of the trial" [ -z "$(find "$tmp/good" -name '.try*')" ]

without '[!-]*'
check "no hard links (exFAT, drvfs)" prepare "$tmp/nolink" env PATH="$tmp/bin:$PATH"
check "are named, with what to do" says 'has no hard links; set PRX_CACHE'
without -s
check "no symbolic links" prepare "$tmp/nosym" env PATH="$tmp/bin:$PATH"
check "are named" says 'has no symbolic links; set PRX_CACHE'

mkdir "$tmp/noexec"
# shellcheck disable=SC2016
if unshare -m mount -t tmpfs -o noexec none "$tmp/noexec" 2>/dev/null; then
	check "a cache that is mounted noexec" prepare "$tmp/noexec" unshare -m sh -c \
		'mount -t tmpfs -o noexec none "$0" && exec "$@"' "$tmp/noexec"
	check "is named" says 'no programs that can be run (mounted noexec?); set PRX_CACHE'
else
	ok "a cache that is mounted noexec # SKIP no right to mount"
fi

if [ "$(id -u)" -eq 0 ]; then
	mkdir -p "$tmp/sudo/src"
	chown 65534 "$tmp/sudo"
	check "leftovers of root, for another user" prepare "$tmp/sudo" \
		setpriv --reuid 65534 --regid 65534 --clear-groups
	check "are named, with what to do" says 'belongs to root .*sudo chown -R'
else
	ok "leftovers of root # SKIP only root can make them"
fi

# stopped CMD...: Ctrl-C once it has apt-get at work, which takes its time
stopped()
{
	rm -f "$tmp/working"
	PATH=$tmp/bin:$PATH TMPDIR=$tmp/empty PRX_CACHE=$tmp/fetch setsid \
		env --default-signal=INT "$@" >"$tmp/log" 2>&1 &
	_pid=$!
	until [ -e "$tmp/working" ]; do
		kill -0 $_pid || return 1
		sleep 0.1
	done
	kill -INT -$_pid
	_rc=0
	wait $_pid || _rc=$?
	[ $_rc -eq 130 ]
}

rm "$tmp/bin/ln"
printf '#!/bin/sh\n: >"%s"\nexec sleep 60\n' "$tmp/working" >"$tmp/bin/apt-get"
# shellcheck disable=SC2016
printf '#!/bin/sh\nexec "$@"\n' >"$tmp/bin/sudo"
printf '#!/bin/sh\necho "linux-source-6.12 | 6.12.1-1 | mirror"\n' >"$tmp/bin/apt-cache"
chmod +x "$tmp"/bin/*
mkdir -p "$tmp/fetch/apt" "$tmp/empty"
: >"$tmp/fetch/apt/updated"
check "Ctrl-C while a source is fetched" stopped "$tmp/repo/scripts/fetch.sh" get 6.12.1
check "leaves nothing of it" [ -z "$(find "$tmp/fetch" -name '.fetch*')" ]
check "Ctrl-C while packages are installed" stopped env KERNEL=9.9 \
	"$tmp/repo/scripts/deps.sh" deb
check "leaves nothing in TMPDIR" rmdir "$tmp/empty"
finish
