#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's selftests of page reporting, built by the tree's own Makefile, in
# guests with a device, without one, and with page_ext=off.
. "$(dirname "$0")/lib.sh"

tree=$(realpath "$trees/patched")
ours=$scratch/linux/tools/testing/selftests
names="params files flush age reuse"

# The Makefile writes beside itself: give it a place of links
mkdir -p "$ours" "$scratch/out"
cp -rs "$tree/tools/testing/selftests/mm" "$ours"
rm -f "$ours"/mm/local_config.*
for f in kselftest.h kselftest_harness.h lib.mk x86; do
	ln -s "$tree/tools/testing/selftests/$f" "$ours"
done
ln -s "$tree/mm" "$scratch/linux"
ln -s "$tree/tools/include" "$scratch/linux/tools"

selftests()
{
	make -C "$ours/mm" OUTPUT="$scratch/out" EXTRA_CFLAGS=-Werror "$@" \
		>"$scratch/make" 2>&1 && return
	tail -n 20 "$scratch/make" | sed 's/^/# /'
	return 1
}

for name in $names; do
	ok "the selftests' Makefile builds $name, without a warning" \
		selftests "$scratch/out/page_reporting_$name"
	[ -x "$scratch/out/page_reporting_$name" ] || bad=1
done
[ $bad -eq 0 ] || done_testing

# run PLATFORM VARIANT MEM_MIB SKIPS: what it has to skip, . for spaces
run()
{
	label=$1-$2
	[ "$3" = 2048 ] || label=$label-$3
	PRBENCH_APPEND="SELFTEST=$scratch/out LABEL=$label SKIPS=$4"
	export PRBENCH_APPEND
	guest "$label" selftest.sh --platforms "$1" --variants "$2" \
		--set script.mem_mib="$3" --set script.run_ms=600000
}

for platform in tcg um; do
	run $platform ext 2048 'there.is.a.device\|no.transparent.huge.pages'
	run $platform ext-idle 2048 needs.a.device
	run $platform ext-off 2048 needs.page_ext
done
run um ext 64 'there.is.a.device\|no.transparent.huge.pages'
done_testing
