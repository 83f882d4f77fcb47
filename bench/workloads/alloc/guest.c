// SPDX-License-Identifier: GPL-2.0
/* Workload alloc: what the page allocator's own module measures. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

#define RESULTS		"/sys/kernel/debug/alloc_bench/results"

/* One row of the module's table becomes the metrics of one operation. */
static bool emit_alloc_row(const char *line, bool icount)
{
	char mode[16], op[16], workload[32], metric[64];
	unsigned long long count, total, p50, p99, p999, max;
	unsigned int order;
	double mean;

	if (sscanf(line, "%15s %15s %u %llu %llu %llu %llu %llu %llu %lf",
		   mode, op, &order, &count, &total, &p50, &p99, &p999, &max,
		   &mean) != 10)
		return false;
	if (*mode == '-' || !count)	/* the clock's cost; no memory left */
		return false;
	snprintf(workload, sizeof(workload), "alloc-%s", mode);
	if (icount) {
		/* The module counts ticks: one is one instruction. */
		snprintf(metric, sizeof(metric), "%s_o%u_instr", op, order);
		emit_result(workload, metric, "instr", mean);
		return true;
	}
	if (!p50)		/* a pair has a mean and no percentiles */
		return false;
#define ROW(suffix, value)						\
	do {								\
		snprintf(metric, sizeof(metric), "%s_o%u_ns_" suffix, op, \
			 order);					\
		emit_result(workload, metric, "ns", (double)(value));	\
	} while (0)
	ROW("p50", p50);
	ROW("p99", p99);
	ROW("p999", p999);
	ROW("max", max);
#undef ROW
	return true;
}

/* How much a per-cpu list keeps must not depend on what happened before. */
static void pin_pcp_lists(const char *name)
{
	static const char path[] = "/proc/sys/vm/percpu_pagelist_high_fraction";
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "1000000", 7) != 7)
		emit_text("error", name, "message", "cannot set %s: %s", path,
			  strerror(errno));
	if (fd >= 0)
		close(fd);
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
	emit_result(name, "run_s", "s", now_s() - start);
	if (unload_module(name, "alloc_bench"))
		ret = -1;
	return ret;
}

WORKLOAD(work_alloc);
