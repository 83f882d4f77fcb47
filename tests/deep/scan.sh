#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# scan.sh LOG...: fail on whatever a kernel has complained of in a console log,
# but for what tests/deep/allow names. A log that holds no boot fails, too.
set -u
allow=$(dirname "$0")/allow
rc=0
for log; do
	grep -qs 'Linux version' "$log" || {
		echo "# $log: no kernel has booted here, so there is nothing to scan"
		rc=1
		continue
	}
	awk '
	FILENAME == ARGV[1] {
		if (!/^(#|$)/) {
			sub(/\t.*/, "")
			allow[++n] = $0
		}
		next
	}
	{ sub(/\r$/, "") }
	# the first lines of a complaint; what follows belongs to it
	/WARNING: |BUG: |BUG at |Oops: |Kernel panic|general protection fault|INFO: (task|rcu|possible|trying)|UBSAN: |KCSAN: |KASAN: |kmemleak: [0-9]+ new|possible (circular|recursive)|suspicious RCU|Bad page|bad page|pagealloc: |Unreferenced object|unreferenced object|list_(add|del) corruption|Call Trace:|page_reporting(_oracle)?: (pfn 0x|kernel memory in use|[A-Za-z0-9]+: counted [0-9])/ {
		if (held && NR - at < 40 && /Call Trace:|WARNING: CPU|WARNING: .*, CPU#|Oops: |KCSAN: /) {
			held++
			next
		}
		at = NR
		held = 1
		for (i = 1; i <= n; i++)
			if (match($0, allow[i])) {
				allowed++
				next
			}
		bad++
		if (bad <= 5)
			show = NR + 30
	}
	NR <= show { print "# | " $0 }
	/\[ end trace|^=+$/ { held = 0 }
	END {
		print "# " FILENAME ": " bad + 0 " complaints, " allowed + 0 " allowed"
		exit bad > 0
	}' "$allow" "$log" || rc=1
done
[ $# -gt 0 ] || {
	echo "# no log to scan"
	rc=1
}
exit $rc
