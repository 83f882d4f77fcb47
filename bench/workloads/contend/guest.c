// SPDX-License-Identifier: GPL-2.0
/* Workload contend: every CPU is at the allocator while memory is reported. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"

#define MODULE		"alloc_contend"
#define FILES		"/sys/kernel/debug/" MODULE "/"

/* Send what the module has measured up to now, of @rows the percentiles, too. */
static int emit_table(const char *name, const char *rate, bool rows, double *ops_s)
{
	FILE *f = fopen(FILES "results", "re");
	bool seen = false, total = false;
	struct latency_row row;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		if (latency_row(line, &row)) {
			if (rows)
				emit_latency(name, row.op, "ns", &row);
			seen = true;
		} else if (latency_rate(line, ops_s)) {
			emit_result(name, rate, "1/s", *ops_s);
			total = true;
		}
	}
	if (f)
		fclose(f);
	if (seen && total)
		return 0;
	emit_text("error", name, "message", "%s: %s", FILES "results",
		  f ? "no row that can be read" : strerror(errno));
	return -1;
}

/* Let the module begin anew. */
static int reset(const char *name)
{
	int err = write_text(FILES "reset", "1");

	if (err)
		emit_text("error", name, "message", "%s: %s; build the kernels anew",
			  FILES "reset", strerror(-err));
	return err;
}

/* The CPUs contend, first with nothing to report, then while @h is given back. */
static int measure(const char *name, const json_t *args, struct hold *h, size_t bytes)
{
	double before, after;
	int err;

	sleep_s((double)arg_int(args, "before_ms", 5000) * 1e-3);
	err = emit_table(name, "before_ops_s", false, &before) || reset(name);
	give(h);
	if (err)
		return -1;
	emit_mark(name, "freed", bytes);
	sleep_s((double)arg_int(args, "settle_ms", 10000) * 1e-3);
	if (emit_table(name, "ops_s", true, &after))
		return -1;
	if (before > 0)
		emit_result(name, "kept_percent", "%", 100 * after / before);
	emit_file(name, "contend-hist.tsv", FILES "histograms");
	return 0;
}

static int work_contend(const char *name, const json_t *args)
{
	size_t bytes = (size_t)arg_int(args, "mib", 1024) * MIB;
	struct hold h;
	int err = take(&h, bytes, want_file(args));

	if (err) {
		emit_text("error", name, "message", "cannot take %zu MiB: %s",
			  bytes / (size_t)MIB, strerror(-err));
		return err;
	}
	if (load_module(name, arg_str(args, "module", ""), "")) {
		give(&h);
		return -1;
	}
	err = measure(name, args, &h, bytes);
	if (unload_module(name, MODULE))
		err = -1;
	emit_simple("settled", name);
	return err;
}

WORKLOAD(work_contend);
