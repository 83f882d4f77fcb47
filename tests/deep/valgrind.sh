#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The unit tests and the programs as they are shipped, without sanitizers,
# under valgrind: no invalid access, nothing uninitialised that is used, no leak.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$top" || exit 1
. tests/tap.sh
out=build/valgrind
error=99

command -v valgrind >/dev/null || {
	echo "valgrind is not installed: apt-get install valgrind"
	exit 77
}
make -s --no-print-directory programs || exit 1
export PRBENCH_BOOT_S=300	# valgrind takes its time
mkdir -p $out/tests
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

# Programs of the distribution are not ours to check, processes of ours are.
grind()
{
	nice valgrind -q --vgdb=no --error-exitcode=$error --leak-check=full \
		--show-leak-kinds=definite,indirect,possible \
		--errors-for-leak-kinds=definite,indirect,possible \
		--trace-children=yes --trace-children-skip='/bin/*,/usr/*' \
		--log-file="$tmp/log.%p" "$@"
}

# complaints: what valgrind said of all processes. It warns (with dashes) of
# system calls that are newer than it is.
complaints()
{
	find "$tmp" -name 'log.*' -size +0 -exec grep -h '^==' {} +
}

# clean DESCRIPTION STATUS CMD...: it ends with that status, and valgrind is
# content with it and with all that it started
clean()
{
	_what=$1 _want=$2
	shift 2
	rm -f "$tmp"/log.*
	grind "$@" >"$tmp/out" 2>&1
	_rc=$?
	if [ $_rc -eq "$_want" ] && [ -z "$(complaints)" ]; then
		ok "$_what"
		return
	fi
	not_ok "$_what"
	echo "# status $_rc, expected $_want"
	complaints | head -n 40 | sed 's/^/# /'
	[ $_rc -eq "$_want" ] || tail -n 20 "$tmp/out" | sed 's/^/# /'
}

# compile TEST.c TO: with the archive that it tests
compile()
{
	case $1 in
	tests/report/*) _lib=report _more= ;;
	*/test_guest*) _lib=guest _more= ;;
	*/test_reader*) _lib=reader _more="-lncursesw -ltinfo -lpng" ;;
	*) _lib=runner _more= ;;
	esac
	# shellcheck disable=SC2086
	gcc -std=c11 -D_GNU_SOURCE -O1 -g -Ibench/common -Ibench/runner -Ibench/guest \
		-Ibench/report -Ikernel/tools/mm/page_reporting -o "$2" "$1" \
		build/obj/lib$_lib.a build/obj/libcommon.a $_more -lcmocka -ljansson \
		-lm -lpthread
}

export PRX_TOP="$top" PRX_BIN="$top/build/bin" PRX_VALGRIND=1
for t in tests/unit/test_*.c tests/report/test_*.c; do
	name=${t#tests/}
	name=${name%.c}
	to=$out/tests/$(basename "$name")
	if compile "$t" "$to" 2>"$tmp/cc"; then
		clean "$name" 0 "$to"
	else
		not_ok "$name: it compiles"
		sed 's/^/# /' "$tmp/cc"
	fi
done

cp -r tests/report/data/run "$tmp/run"
clean "prreport of a recorded run" 0 build/bin/prreport "$tmp/run"
check "and it is written" [ -s "$tmp/run/report.html" ]
clean "prreport of no run" 1 build/bin/prreport "$tmp/nowhere"
clean "prreport without an argument" 2 build/bin/prreport
clean "prbench --list" 0 build/bin/prbench --list
clean "prbench --plan of all there is" 0 build/bin/prbench --plan --profile full \
	--boots 2 --set drain.settle_ms=1 --variants off,ext --workloads drain,alloc
clean "prbench --help" 0 build/bin/prbench --help
clean "prbench with an unknown workload" 2 build/bin/prbench --workloads none
clean "prbench with an unknown option" 2 build/bin/prbench --none
clean "prbench with an unknown setting" 2 build/bin/prbench --set drain.none=1
clean "prbench without kernels" 3 build/bin/prbench --platforms um \
	--kernels "$tmp" --agent build/bin/pragent --out "$tmp/none"
# A whole boot; valgrind cannot follow User Mode Linux into its namespaces.
kernels=build/kernels
[ "${KERNEL:-6.12}" = 6.12 ] || kernels=$kernels-$KERNEL
if [ -r $kernels/x86_64-pristine/bzImage ]; then
	clean "prbench boots a guest" 0 build/bin/prbench --platforms tcg \
		--variants off --workloads drain --boots 1 --set drain.mib=16 \
		--set drain.settle_ms=200 --out "$tmp/boot"
else
	ok "prbench boots a guest # SKIP no kernels: scripts/kernel.sh build"
fi
clean "pragent outside of a guest" 2 build/bin/pragent
clean "pragent touch" 0 build/bin/pragent touch 1 1 anon
finish
