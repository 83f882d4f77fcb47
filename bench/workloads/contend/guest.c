// SPDX-License-Identifier: GPL-2.0
/* Workload contend: every CPU is at the allocator while memory is reported. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"

#define MODULE		"alloc_contend"
#define FILES		"/sys/kernel/debug/" MODULE "/"

/* Send what the module has measured up to now. */
static int emit_table(const char *name)
{
	unsigned int rows = 0, totals = 0;
	FILE *f = fopen(FILES "results", "re");
	struct latency_row row;
	char line[512];
	double ops_s;

	while (f && fgets(line, sizeof(line), f)) {
		if (latency_row(line, &row)) {
			emit_latency(name, row.op, "ns", &row);
			rows++;
		} else if (latency_rate(line, &ops_s)) {
			emit_result(name, "ops_s", "1/s", ops_s);
			totals++;
		}
	}
	if (f)
		fclose(f);
	if (rows && totals)
		return 0;
	emit_text("error", name, "message", "%s: %s", FILES "results",
		  f ? "no row that can be read" : strerror(errno));
	return -1;
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
	give(&h);
	emit_mark(name, "freed", bytes);
	sleep_s((double)arg_int(args, "settle_ms", 10000) * 1e-3);
	err = emit_table(name);
	emit_file(name, "contend-hist.tsv", FILES "histograms");
	if (unload_module(name, MODULE))
		err = -1;
	emit_simple("settled", name);
	return err;
}

WORKLOAD(work_contend);
