// SPDX-License-Identifier: GPL-2.0
/* Workload alloc: what the page allocator's own module measures. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"

#define RESULTS		"/sys/kernel/debug/alloc_bench/results"
#define HISTOGRAMS	"/sys/kernel/debug/alloc_bench/histograms"

/*
 * Who served an operation is told for one pattern on one CPU: with all of them
 * nobody would find his way through the tables. The raw files have the rest.
 */
static bool is_detail(const char *mode)
{
	const char *kind = strrchr(mode, '-');

	return kind && (!strcmp(kind, "-hit") || !strcmp(kind, "-miss")) &&
	       strcmp(mode, "bulk-hit") && strcmp(mode, "bulk-miss");
}

/* One row of the module's table becomes the metrics of one operation. */
static bool emit_alloc_row(const char *line, bool icount)
{
	char workload[48], metric[64];
	struct latency_row row;

	if (!latency_row(line, &row) || *row.mode == '-' ||	/* the clock's cost */
	    is_detail(row.mode))
		return false;
	snprintf(workload, sizeof(workload), "alloc-%s", row.mode);
	if (icount) {
		/* The module counts ticks: one is one instruction. */
		snprintf(metric, sizeof(metric), "%s_o%u_instr", row.op, row.order);
		emit_result(workload, metric, "instr", row.mean);
		return true;
	}
	if (!strcmp(row.op, "pair"))	/* has a mean and no percentiles */
		return false;
	emit_latency(workload, row.op, "ns", &row);
	return true;
}

/* How much a per-cpu list keeps must not depend on what happened before. */
static void pin_pcp_lists(const char *name)
{
	static const char path[] = "/proc/sys/vm/percpu_pagelist_high_fraction";
	int err = write_text(path, "1000000");

	if (err)
		emit_text("error", name, "message", "cannot set %s: %s", path,
			  strerror(-err));
}

/* Load alloc_bench.ko, which measures as it loads, and send its table. */
static int work_alloc(const char *name, const json_t *args)
{
	const char *opts = arg_str(args, "options", "");
	bool icount = json_is_true(json_object_get(args, "icount"));
	char line[512];
	unsigned int rows = 0;
	double start = now_s();
	int ret = 0;
	FILE *f;

	pin_pcp_lists(name);
	if (load_module(name, arg_str(args, "module", ""), opts))
		return -1;
	f = fopen(RESULTS, "re");
	if (!f)
		emit_text("error", name, "message", "cannot open %s: %s",
			  RESULTS, strerror(errno));
	while (f && fgets(line, sizeof(line), f))
		rows += emit_alloc_row(line, icount);
	if (f)
		fclose(f);
	if (!rows) {
		emit_text("error", name, "message",
			  "%s holds no row that can be read", RESULTS);
		ret = -1;
	}
	emit_file(name, "alloc.tsv", RESULTS);
	emit_file(name, "alloc-hist.tsv", HISTOGRAMS);
	emit_result(name, "run_s", "s", now_s() - start);
	if (unload_module(name, "alloc_bench"))
		ret = -1;
	return ret;
}

WORKLOAD(work_alloc);
