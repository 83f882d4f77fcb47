#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The modules of bench/alloc: they build by themselves against kernels with our
# patches and without, measure all that they should, and the probe works beside
# a workload.
[ -n "${TREES:-}" ] || exec "$(dirname "$0")/../../scripts/kernel.sh" exec "$0"
. "$(dirname "$0")/lib.sh"

# alone TREE ARCH: warnings are errors
alone()
{
	mkdir "$scratch/$1-$2"
	# nothing of this repository beside it
	cp bench/alloc/Makefile bench/alloc/Kbuild bench/alloc/*.[ch] "$scratch/$1-$2"
	nice make -s -C "$scratch/$1-$2" KDIR="$TREES/$1/$2" ARCH="$2" KCFLAGS=-Werror \
		W=1 >"$scratch/log" 2>&1 9>&- || return 1
	for _m in alloc_bench alloc_contend alloc_probe free_holes; do
		[ -f "$scratch/$1-$2/out/$_m.ko" ] || return 1
	done
}

for tree in pristine patched; do
	for arch in x86_64 um; do
		ok "they build alone for $tree, $arch" alone $tree $arch
	done
done
make -s --no-print-directory -C bench/alloc KDIR="$scratch/none" 2>"$scratch/log"
ok "without headers they do not" [ $? -ne 0 ]
ok "and a line says why" [ "$(grep -c "KDIR=$scratch/none: no kernel headers" "$scratch/log")" = 1 ]
ok "and no other" [ "$(wc -l <"$scratch/log")" = 1 ]
ok "and nothing is left" [ ! -e bench/alloc/out ]

# row FILE MODE OP ORDER: a row with a count
row()
{
	awk -F '\t' -v m="$2" -v op="$3" -v o="$4" \
		'$1 == m && $2 == op && $3 == o && $4 > 0 { n++ } END { exit n != 1 }' "$1" ||
		{ echo "# $(basename "$1") has no $2 $3 $4"; return 1; }
}

all_rows()
{
	for _m in repeat bulk random; do
		for _op in alloc free; do
			for _o in 0 1 2 3 4 5 6 7 8 9 10; do
				row "$1" "$_m" "$_op" "$_o" || return 1
			done
		done
	done
}

# Buckets of a line add up to its count, and lie below its maximum.
adds_up()
{
	awk -F '\t' '/^(repeat|bulk|random|probe|contend)/ {
		n = split($6, b, " "); sum = 0
		for (i = 1; i <= n; i++) {
			split(b[i], lc, ":")
			sum += lc[2]
			if (lc[1] + 0 > $5 + 0) exit bad = 1
		}
		if (sum != $4) exit bad = 1
		lines++
	} END { exit bad || !lines }' "$1"
}

bench alloc --platforms um --variants ext --workloads alloc --boots 1
ok "um: alloc succeeds" [ $? -eq 0 ]
boot=$(boot_of alloc)
ok "each pattern has each order" all_rows "$boot/alloc.tsv"
ok "and a histogram" all_rows "$boot/alloc-hist.tsv"
ok "that holds each operation once" adds_up "$boot/alloc-hist.tsv"
for kind in hit miss; do
	ok "bulk: a per-cpu list gives and takes: $kind" row "$boot/alloc.tsv" bulk-$kind alloc 0
done
# a file that is missing has no count
ok "order 4 is on no per-cpu list" \
	[ "$(grep -c '^[a-z]*-[a-z]*	[a-z]*	4	' "$boot/alloc.tsv")" = 0 ]

bench probe --platforms um --variants flag --workloads churn --set churn.run_ms=2000 \
	--set churn.mib=64 --boots 1 --probe 4,2
ok "um: churn succeeds with the probe beside it" [ $? -eq 0 ]
boot=$(boot_of probe)
ok "the probe has results" [ "$(grep -c '"workload":"churn","metric":"probe_\(free_\)*o4_ns_' \
	"$boot/events.jsonl")" = 8 ]
ok "and a histogram" row "$boot/probe-churn.tsv" probe alloc 4
ok "that holds each operation once" adds_up "$boot/probe-churn.tsv"

bench contend --platforms um --variants ext --workloads contend --boots 1 \
	--set contend.mib=64 --set contend.settle_ms=1000
ok "um: contend succeeds" [ $? -eq 0 ]
boot=$(boot_of contend)
for op in alloc free; do
	for order in 0 9; do
		ok "all CPUs: $op, order $order has a histogram" \
			row "$boot/contend-hist.tsv" contend $op $order
	done
done
ok "that holds each operation once" adds_up "$boot/contend-hist.tsv"
ok "and a rate" [ "$(grep -c '"workload":"contend","metric":"ops_s"' "$boot/events.jsonl")" = 1 ]
done_testing
