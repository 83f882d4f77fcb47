#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# fetch.sh list SERIES	the releases of SERIES, such as 6.12, that the
#			distribution's mirror serves, oldest first: release and
#			version of the package
# fetch.sh get RELEASE	fetch the source of a release, such as 6.12.95, once;
#			prints the name of the tarball in the cache
# fetch.sh sources SUITE	lines for sources.list, of the mirror that is configured
#
# Asks the mirror that this machine has configured for other suites as well, with
# a state of its own: neither the machine's sources nor its packages change.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/scripts/lib.sh"

suites="bookworm trixie"
apt=$cache/apt
dir=$cache/releases

# mirrors: of each archive that is configured, its options, URI and whether it
# is the one with security updates
mirrors()
{
	for _f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		  /etc/apt/sources.list.d/*.sources; do
		[ ! -f "$_f" ] || cat "$_f"
		echo
	done | awk '
	function put(opt, uri, suite) {
		print opt "\t" uri "\t" (suite ~ /-security|\/updates/ ? "security" : "main")
	}
	/^[ \t]*#/ { next }
	$1 == "deb" {
		opt = ""
		if (match($0, /\[[^]]*\]/))
			opt = substr($0, RSTART, RLENGTH)
		sub(/\[[^]]*\]/, "")
		put(opt, $2, $3)
	}
	/^URIs:/ { uri = $2 }
	/^Suites:/ { suite = $2 }
	/^Signed-By: *\// { opt = "[signed-by=" $2 "]" }
	/^[ \t]*$/ {
		if (uri != "")
			put(opt, uri, suite)
		uri = suite = opt = ""
	}
	END { if (uri != "") put(opt, uri, suite) }' | sort -u
}

# run_apt COMMAND ARGS...: with a state of our own
run_apt()
{
	_c=$1
	shift
	"$_c" -q -o Dir::Etc::sourcelist="$apt/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$apt/lists" \
		-o Dir::State::status=/dev/null -o Dir::Cache="$apt/cache" \
		-o APT::Sandbox::User=root "$@"
}

# update_lists: once a day; a suite that the mirror lacks is no failure
update_lists()
{
	command -v apt-get >/dev/null ||
		die "no apt-get: other releases cannot be fetched here"
	[ -z "$(find "$apt/updated" -mtime -1 2>/dev/null)" ] || return 0
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	mirrors | while IFS='	' read -r _opt _uri _kind; do
		for _s in $suites; do
			case $_kind in
			security) echo "deb $_opt $_uri $_s-security main" ;;
			main)
				for _p in '' -updates -backports; do
					echo "deb $_opt $_uri $_s$_p main"
				done
				;;
			esac
		done
	done >"$apt/sources.list"
	[ -s "$apt/sources.list" ] ||
		die "no mirror is configured in /etc/apt: other releases cannot be fetched"
	run_apt apt-get update >"$apt/log" 2>&1 || :
	grep -q '^E: ' "$apt/log" && [ -z "$(find "$apt/lists" -name '*_Packages*')" ] ||
		touch "$apt/updated"
}

# list_releases SERIES: of a release that comes in several packages, the newest
list_releases()
{
	update_lists
	run_apt apt-cache madison "linux-source-$1" 2>/dev/null | cut -d'|' -f2 |
		tr -d ' ' | sort -Vr | awk '{
		r = $1
		sub(/[-~+].*/, "", r)
		if (!seen[r]++)
			print r, $1
	}' | tac
}

# get_release RELEASE
get_release()
{
	_tar=$dir/linux-$1.tar.xz
	[ ! -f "$_tar" ] || {
		echo "$_tar"
		return
	}
	_series=${1%.*}
	_v=$(list_releases "$_series" | sed -n "s/^$1 //p")
	[ -n "$_v" ] || die "$1: not served by the mirror that is configured, which has: $(
		list_releases "$_series" | cut -d' ' -f1 | paste -s -d' ' -)"
	_tmp=$dir/.fetch-$$
	mkdir -p "$_tmp"
	trap 'rm -rf "$_tmp"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	(cd "$_tmp" && run_apt apt-get download "linux-source-$_series=$_v") \
		>"$apt/log" 2>&1 ||
		die "linux-source-$_series $_v cannot be fetched: $(grep '^E:' "$apt/log" | head -n 1); try again, or put its tarball at $_tar"
	dpkg-deb --fsys-tarfile "$_tmp"/*.deb |
		tar -xOf - --wildcards './usr/src/linux-source-*.tar.xz' >"$_tmp/tar" ||
		die "linux-source-$_series $_v: holds no tarball, or the disk is full"
	mv "$_tmp/tar" "$_tar"
	echo "$_tar"
}

# list_sources SUITE: with its updates, without what is backported to it
list_sources()
{
	update_lists
	grep -E " $1(-updates|-security)? main\$" "$apt/sources.list" ||
		die "$1: not among the suites known here: $suites"
}

[ $# -eq 2 ] || die "usage: $me list SERIES, $me get RELEASE, $me sources SUITE"
check_cache
mkdir -p "$apt" "$dir"
exec 8>"$dir/lock"
flock 8
case $1 in
list) list_releases "$2" ;;
get) get_release "$2" ;;
sources) list_sources "$2" ;;
*) die "$1: not known; known: list get sources" ;;
esac
