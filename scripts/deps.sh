#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# deps.sh [test|deep|tools|deb-tools|deb]
#
# Installs what the build and the benchmark need and this machine lacks, from the
# distribution's packages; with "test" what all tests need, too, with "deep" what
# the deep tests need; with "tools" what the reader for guests needs; with
# "deb-tools" and "deb" what their packages need. Silent when everything is
# installed.
# Each line: the package, then a program or file by which to know it elsewhere.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/scripts/lib.sh"

for=${1:-bench}
case $for in
bench | test | deep | tools | deb-tools | deb) ;;
*) die "$for: not known; known: test deep tools deb-tools deb" ;;
esac

# the source is not needed with a KSRC of one's own; that of another series may
# be in another suite, and is fetched when it is built
series=${KERNEL:-$default_series}
source_line="linux-source-$default_series	/usr/src/linux-source-$default_series.tar.xz"
[ -z "${KSRC:-}" ] && [ "$series" = "$default_series" ] || source_line=
# the distribution's configurations of its kernels
config_line="linux-config-$series	/usr/src/linux-config-$series"
[ -z "${DEB_CONFIG:-}" ] || config_line=

needs()
{
	case $for in
	tools | deb-tools) cat <<-END ;;
	build-essential	gcc
	make	make
	util-linux	flock
	libjansson-dev	/usr/include/jansson.h
	END
	*) cat <<-END ;;
	build-essential	gcc
	libc6-dev	/usr/include/stdio.h
	make	make
	bc	bc
	bison	bison
	flex	flex
	cpio	cpio
	kmod	/sbin/depmod
	xz-utils	xz
	patch	patch
	perl	perl
	python3	python3
	git	git
	util-linux	flock
	libelf-dev	/usr/include/libelf.h
	libssl-dev	/usr/include/openssl/ssl.h
	ccache	ccache
	sparse	sparse
	qemu-system-x86	qemu-system-x86_64
	linux-perf	perf
	fio	fio
	stress-ng	stress-ng
	gnuplot-nox	gnuplot
	libjansson-dev	/usr/include/jansson.h
	libcmocka-dev	/usr/include/cmocka.h
	$source_line
	END
	esac
	cat <<-END
	libncurses-dev	/usr/include/curses.h
	libpng-dev	/usr/include/png.h
	END
	case $for in
	test | deep) cat <<-END ;;
	prometheus	promtool
	chromium	chromium
	makedumpfile	makedumpfile
	kexec-tools	/sbin/kexec
	lava-common	/usr/lib/python3/dist-packages/lava_common
	python3-sphinx	sphinx-build
	END
	deb-tools | deb) cat <<-END ;;
	debhelper	dh
	dpkg-dev	dpkg-buildpackage
	fakeroot	fakeroot
	END
	esac
	[ "$for" != deb ] || cat <<-END
	rsync	rsync
	$config_line
	END
	[ "$for" != deep ] || cat <<-END
	clang	clang
	libclang-rt-14-dev	/usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-x86_64.a
	valgrind	valgrind
	coccinelle	spatch
	gcc-aarch64-linux-gnu	aarch64-linux-gnu-gcc
	debhelper	dh
	fdisk	/sbin/sfdisk
	lintian	lintian
	mmdebstrap	mmdebstrap
	rsync	rsync
	$config_line
	END
}

# present FILE_OR_PROGRAM
present()
{
	case $1 in
	/*) [ -e "$1" ] ;;
	perf) perf --version >/dev/null 2>&1 ;;	# may be a mere wrapper
	*) command -v "$1" >/dev/null ;;
	esac
}

# missing: packages whose mark is not there
missing()
{
	needs | while read -r pkg mark; do
		[ -z "$pkg" ] || present "$mark" || echo "$pkg"
	done
}

list=$(missing | paste -s -d' ' -)
[ -n "$list" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null ||
		die "missing, and only root can install it: $list"
	as_root="sudo"
fi
command -v apt-get >/dev/null ||
	die "missing, and there is no apt-get to install it: $list"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
echo "installing $list"
# shellcheck disable=SC2086
{
	$as_root apt-get update -q &&
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
		--no-install-recommends $list
} >"$log" 2>&1 </dev/null ||
	die "cannot install $list: $(grep '^E:' "$log" | head -n 1)"
list=$(missing | paste -s -d' ' -)
[ -z "$list" ] || die "installed, yet still missing: $list"
