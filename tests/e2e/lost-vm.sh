#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A VM that is killed in the middle of its work: a clear error and a status
# other than 0, the next boot goes on, nothing is left.
. "$(dirname "$0")/lib.sh"

for platform in um tcg; do
	(
		bench $platform --platforms $platform --variants flag \
			--workloads drain --set drain.settle_ms=4000 --boots 2
		echo $? >"$scratch/$platform.rc"
	) &
	wait_event $platform '"freed"'
	ok "$platform: the first boot gets to its work" [ $? -eq 0 ]
	first=$(echo "$scratch/$platform"/boots/001-*)
	pid=$(sed -n 's/^ "vm_pid": \([0-9]*\),*$/\1/p' "$first/meta.json")
	ok "$platform: meta.json names the VM's process" [ -n "$pid" ]
	kill -9 "$pid"
	wait
	ok "$platform: prbench fails" [ "$(cat "$scratch/$platform.rc")" = 1 ]
	ok "$platform: it says which boot, what and when" \
		grep -q "boot 001 ($platform, flag): lost: the VM was killed by signal 9 .*in workload drain" \
		"$scratch/log"
	ok "$platform: it shows the console" \
		grep -q "Run .* as init process" "$scratch/log"
	ok "$platform: the boot is marked lost" \
		[ "$(status "$first/meta.json")" = lost ]
	ok "$platform: the next boot is good" \
		[ "$(status "$scratch/$platform"/boots/002-*/meta.json)" = ok ]
	ok "$platform: the run is complete" \
		[ "$(status "$scratch/$platform/run.json")" = complete ]
	ok "$platform: nothing is left running" nothing_runs $platform
done
done_testing
