#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# deb.sh tools	build/deb/page-reporting_*.deb: the reader for guests
# deb.sh all	the same, page-reporting-grub, which switches page_ext on, and the
#		kernel with its headers: the distribution's cloud configuration,
#		page_ext on top of it, and no debug information
#
# DEB_CONFIG=	a configuration, maybe .xz, to take instead of the distribution's
# LSMOD=	keep only the modules that lsmod has printed into this file
# JOBS=		parallel jobs (default: all processors)
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/scripts/lib.sh"
out=$top/build/deb
tmp=$(mktemp -d)
pid=
trap 'stop; rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

stop()
{
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || :
}

# made FORMAT: when what is packaged was last committed
made()
{
	git -C "$top" log -1 --format=%cd --date="format:$1" -- kernel 2>/dev/null |
		grep . || date -u -d @0 "+$1"
}

# name_packager: export who builds; both kinds of packages say it
name_packager()
{
	DEBFULLNAME=${DEBFULLNAME:-$(git -C "$top" config user.name || id -un)}
	DEBEMAIL=${DEBEMAIL:-$(git -C "$top" config user.email || echo "$(id -un)@localhost")}
	export DEBFULLNAME DEBEMAIL
}

# take_package NAME FROM: in place of older ones of the same name
take_package()
{
	mkdir -p "$out"
	rm -f "$out/$1"_*.deb
	mv "$2/$1"_*.deb "$out/" || die "$2: there is no package $1"
	ls "$out/$1"_*.deb
}

# package_reader any|all NAME...: with debhelper, in a directory of its own
package_reader()
{
	_kind=$1 _src=$tmp/reader
	shift
	mkdir -p "$_src/debian/source"
	cp -r "$kdir"/tools/mm/page-reporting.[c1] "$kdir"/tools/mm/page_reporting "$_src"
	cp "$top"/scripts/debian/* "$_src/debian"
	_who=$(printf '%s <%s>' "$DEBFULLNAME" "$DEBEMAIL" | sed 's/[\\/&]/\\&/g')
	sed -i "s/@MAINTAINER@/$_who/" \
		"$_src/debian/control" "$_src/debian/copyright"
	echo '3.0 (native)' >"$_src/debian/source/format"
	cat >"$_src/debian/changelog" <<-END
	page-reporting (0~$(made %Y%m%d%H%M)) unstable; urgency=medium

	  * Built from the series.

	 -- $DEBFULLNAME <$DEBEMAIL>  $(made '%a, %d %b %Y %H:%M:%S %z')
	END
	(cd "$_src" && nice dpkg-buildpackage --build="$_kind" -us -uc) \
		>"$tmp/log" 2>&1 </dev/null || {
		tail -n 30 "$tmp/log" >&2
		die "page-reporting cannot be packaged"
	}
	for _p; do
		take_package "$_p" "$tmp"
	done
}

# kmake ARG...: in a subshell, which becomes make, so that it can be stopped
kmake()
{
	exec nice make -C "$TREES/patched/linux" O="$obj" ARCH=x86_64 LOCALVERSION= \
		CC="$PRX_CC" HOSTCC="$PRX_CC" "$@" </dev/null 9>&-
}

# configure: the distribution's, then ours, which has the last word
configure()
{
	_c=${DEB_CONFIG:-/usr/src/linux-config-$series/config.amd64_none_cloud-amd64.xz}
	[ -r "$_c" ] || die "$_c: cannot be read; install linux-config-$series, or set DEB_CONFIG"
	case $_c in
	*.xz) xz -dc "$_c" ;;
	*) cat "$_c" ;;
	esac >"$tmp/config" || die "$_c: cannot be unpacked"
	grep -v 'CONFIG_DEBUG_INFO' "$tmp/config" | cat - "$top/scripts/debian/kernel.config" >"$obj/.config"
	(kmake -s olddefconfig) >"$tmp/log" 2>&1 || die "$_c: $(tail -n 1 "$tmp/log")"
	if [ -n "${LSMOD:-}" ]; then
		yes '' | nice make -s -C "$TREES/patched/linux" O="$obj" ARCH=x86_64 \
			LSMOD="$(realpath "$LSMOD")" localmodconfig >"$tmp/log" 2>&1 9>&- ||
			die "LSMOD=$LSMOD: $(tail -n 1 "$tmp/log")"
	fi
	grep -v '^#' "$top/scripts/debian/kernel.config" | while read -r _l; do
		has "$_l" "$obj/.config" || die "$_c: the configuration did not take ${_l%%=*}"
	done
}

# package_kernel: by the kernel's own rules
package_kernel()
{
	series=$(tree_version "$TREES/patched/linux")
	obj=$TREES/patched/deb
	log=$obj/make.log
	mkdir -p "$obj"
	# of a build that was interrupted
	rm -rf "$obj/debian" "$TREES"/patched/*.deb
	configure
	_release=$(sed -n 's/^VERSION = //p; s/^PATCHLEVEL = //p; s/^SUBLEVEL = //p' \
		"$TREES/patched/linux/Makefile" | head -n 3 | paste -s -d. -)
	_start=$(date +%s)
	echo "building the kernel's packages; see $log"
	KDEB_PKGVERSION=$_release-$(made %Y%m%d%H%M)
	KDEB_CHANGELOG_DIST=unstable
	export KDEB_PKGVERSION KDEB_CHANGELOG_DIST
	kmake -j"${JOBS:-$(nproc)}" bindeb-pkg >"$log" 2>&1 &
	pid=$!
	_said=$_start
	while kill -0 $pid 2>/dev/null; do
		sleep 1
		[ $(($(date +%s) - _said)) -ge 60 ] || continue
		_said=$(date +%s)
		echo "$(grep -c '^  [A-Z]' "$log" || :) steps, $(((_said - _start) / 60)) min"
	done
	wait $pid || {
		pid=
		grep -E -A 5 'error|Error|undefined|No space' "$log" | head -n 30 >&2 || :
		die "the kernel cannot be packaged, see $log"
	}
	pid=
	for _p in image headers; do
		take_package "linux-$_p-$_release-page-reporting" "$TREES/patched"
	done
	# the rest would take the place of the distribution's own
	rm -f "$TREES"/patched/*.deb "$TREES"/patched/linux-upstream_*
}

# check_files: what takes an hour is not to fail for these
check_files()
{
	[ -z "${DEB_CONFIG:-}" ] || [ -r "$DEB_CONFIG" ] ||
		die "DEB_CONFIG=$DEB_CONFIG: cannot be read; give a kernel's configuration, such as /boot/config-$(uname -r)"
	[ -z "${LSMOD:-}" ] || [ -r "$LSMOD" ] ||
		die "LSMOD=$LSMOD: cannot be read; give a file with what lsmod prints in the guest"
}

[ $# -eq 1 ] || die "usage: $me tools | all"
command -v dpkg-buildpackage >/dev/null ||
	die "dpkg-buildpackage: missing; packages are built on Debian and what is made from it"
name_packager
case $1 in
tools) package_reader any page-reporting ;;
all)
	check_files
	[ -n "${TREES:-}" ] || {
		rm -rf "$tmp"	# exec runs no trap
		exec "$top/scripts/kernel.sh" exec "$0" "$@"
	}
	package_reader any,all page-reporting page-reporting-grub
	package_kernel
	;;
*) die "$1: not known; known: tools all" ;;
esac
