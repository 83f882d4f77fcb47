// SPDX-License-Identifier: GPL-2.0
/*
 * What the modules of bench/alloc print, and the probe that one of them is: it
 * can be at work beside any workload.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"

#define PROBE		"alloc_probe"
#define PROBE_FILES	"/sys/kernel/debug/" PROBE "/"

/**
 * latency_row() - read a line of a module's table
 * @line: the line
 * @row: what it says
 *
 * Return: false if it says nothing: a heading, a remark, or a measurement for
 * which there was no memory.
 */
bool latency_row(const char *line, struct latency_row *row)
{
	unsigned long long total;

	return sscanf(line, "%31s %15s %u %llu %llu %llu %llu %llu %llu %lf",
		      row->mode, row->op, &row->order, &row->count, &total,
		      &row->p50, &row->p99, &row->p999, &row->max,
		      &row->mean) == 10 && row->count;
}

/**
 * latency_rate() - read the line with the total of a module's table
 * @line: the line
 * @ops_s: operations a second
 *
 * Return: false if it is another line.
 */
bool latency_rate(const char *line, double *ops_s)
{
	unsigned long long done, ns;

	if (sscanf(line, "# %llu operations in %llu ns", &done, &ns) != 2 || !ns)
		return false;
	*ops_s = (double)done * 1e9 / (double)ns;
	return true;
}

/**
 * emit_latency() - percentiles of one operation as results
 * @workload: whose results they are
 * @op: how the operation is called: alloc makes alloc_o3_ns_p50
 * @unit: ns or instr
 * @row: of the module's table
 */
void emit_latency(const char *workload, const char *op, const char *unit,
		  const struct latency_row *row)
{
	const struct {
		const char *name;
		unsigned long long value;
	} of[] = {
		{ "p50", row->p50 }, { "p99", row->p99 },
		{ "p999", row->p999 }, { "max", row->max },
	};
	char metric[64];
	size_t i;

	for (i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		snprintf(metric, sizeof(metric), "%s_o%u_%s_%s", op, row->order,
			 unit, of[i].name);
		emit_result(workload, metric, unit, (double)of[i].value);
	}
}

/**
 * probe_start() - begin to measure allocations beside a workload
 * @workload: it
 * @probe: order, period_ms, module and icount, from the host
 *
 * Return: 0, or -1 after an error event.
 */
int probe_start(const char *workload, const json_t *probe)
{
	char opts[96];

	snprintf(opts, sizeof(opts), "order=%ld period_ms=%ld clock=%s",
		 arg_int(probe, "order", 4), arg_int(probe, "period_ms", 5),
		 json_is_true(json_object_get(probe, "icount")) ? "ticks" : "auto");
	return load_module(workload, arg_str(probe, "module", ""), opts);
}

/**
 * probe_finish() - the same, to the end: send what was measured
 *
 * The histograms become the file probe-WORKLOAD.tsv.
 *
 * Return: 0, or -1 after an error event.
 */
int probe_finish(const char *workload, const json_t *probe)
{
	bool icount = json_is_true(json_object_get(probe, "icount"));
	FILE *f = fopen(PROBE_FILES "results", "re");
	unsigned int rows = 0;
	char line[512], file[64];

	while (f && fgets(line, sizeof(line), f)) {
		struct latency_row row;

		/* Who served it is told by the histograms. */
		if (!latency_row(line, &row) || strcmp(row.mode, "probe"))
			continue;
		emit_latency(workload, strcmp(row.op, "free") ? "probe" : "probe_free",
			     icount ? "instr" : "ns", &row);
		rows++;
	}
	if (f)
		fclose(f);
	if (!rows)
		emit_text("error", workload, "message",
			  "%s: %s; the probe got no block of order %ld",
			  PROBE_FILES "results",
			  f ? "no row that can be read" : strerror(errno),
			  arg_int(probe, "order", 4));
	snprintf(file, sizeof(file), "probe-%s.tsv", workload);
	emit_file(workload, file, PROBE_FILES "histograms");
	return unload_module(workload, PROBE) || !rows ? -1 : 0;
}
