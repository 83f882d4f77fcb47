#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# record.sh BOOT: make a trace for replay of the map.jsonl of a boot, to stdout. Such
# a boot is one of a workload with the setting map_ms, best with the variant
# ext-idle, which reports nothing: see bench/workloads/drain-map.
set -eu
[ -r "${1:-}/map.jsonl" ] || {
	echo "record.sh: ${1:-nothing}/map.jsonl cannot be read; name the directory of a boot of a workload with map_ms" >&2
	exit 2
}
sed -n 's/.*"t":\([0-9.]*\),.*"workload":"\([^"]*\)".*"bytes":2097152.*"map":"\([a-z0-9]*\)".*/\1 \2 \3/p' \
	"$1/map.jsonl" | awk '
NR == 1 {
	start = $1
	print "# " $2 ", looked at every 50 ms or so: MS a|f FIRST COUNT, regions of 2 MiB"
}
{
	ms = int(($1 - start) * 1000)
	text = $3
	nr = 0
	while (match(text, /^[a-z][0-9]*/)) {
		used = substr(text, 1, 1) == "u"
		n = RLENGTH > 1 ? substr(text, 2, RLENGTH - 1) + 0 : 1
		while (n-- > 0)
			now[nr++] = used
		text = substr(text, RLENGTH + 1)
	}
	for (i = 0; i < nr; i = end) {
		for (end = i + 1; end < nr && now[end] == now[i] && was[end] == was[i]; end++)
			;
		if (now[i] + 0 != was[i] + 0)
			print ms, now[i] ? "a" : "f", i, end - i
	}
	for (i = 0; i < nr; i++)
		was[i] = now[i]
}
END { print ms, "a", 0, 0 }'
