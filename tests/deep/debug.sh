#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# debug.sh FLAVOR: a kernel with debugging runs the KUnit tests, and then for ten
# minutes the load of guest/load.sh. DEEP_SECONDS= for another time.
. "$(dirname "$0")/lib.sh"
flavor=$1
words=
case $flavor in
# the pages of a free block keep the poison; the oracle does not take that away
vm) words=page_poison=1 ;;
# the shadow takes the end of memory, which then cannot go offline
kasan) words=movablecore=384M ;;
esac

# kunit: a point for each of the tests that this kernel runs as it boots
kunit()
{
	PRBENCH_APPEND="kunit.enable=1 $patient $words"
	export PRBENCH_APPEND
	guest_script kunit tests/deep/guest/nothing.sh --kernels "$kernels" \
		--variants ext-idle --set script.mem_mib=320 \
		--set script.run_ms=600000
	scan kunit
	sed -n 's/\r$//; s/^\[ *[0-9.]*\]  *//; /^\(not \)*ok [0-9]* prt_/p' \
		"$(boot_of kunit)/console.log" >"$scratch/cases"
	while read -r line; do
		what=${line#*ok }
		what=${what#* }
		n=$((n + 1))
		case $line in
		ok*) echo "ok $n - kunit: $what" ;;
		*) bad=1; echo "not ok $n - kunit: $what" ;;
		esac
	done <"$scratch/cases"
	ok "kunit: all tests were run" \
		[ "$(wc -l <"$scratch/cases")" -eq "$(cat \
		kernel/mm/page_reporting/tests/*_kunit.h | grep -c 'KUNIT_CASE')" ]
}

if ok "the kernel is built" flavor "$flavor" && [ $bad -eq 0 ]; then
	kunit
	load "$flavor" "${DEEP_SECONDS:-600}" movablecore=256M cma=64M $words
fi
done_testing
