// SPDX-License-Identifier: GPL-2.0
/* Workload refill: use again what was freed in small pieces. */
#include <math.h>

#include "agent.h"

static void emit_huge(const char *name, const char *metric, const struct host_pages *p)
{
	if (!isnan(p->huge_mib))
		emit_result(name, metric, "MiB", p->huge_mib);
}

/*
 * Take as much again as was freed, page by page, so that it comes from the
 * smallest pieces first: what does the host pay for it, and the guest? It is given
 * back before the counters are read, as it is not a part of what is stranded.
 */
static int refill(const char *name, size_t bytes)
{
	struct host_pages before, after;
	double gib = (double)bytes / (1024.0 * (double)MIB), t0, took;
	struct hold h;
	int err;

	if (ask_pages(name, &before))
		return -1;
	t0 = now_s();
	err = take(&h, bytes, true);
	if (err)
		return failed(name, "take the memory again", -err);
	took = now_s() - t0;
	if (ask_pages(name, &after))
		return -1;
	emit_result(name, "refill_ms_gib", "ms/GiB", took * 1e3 / gib);
	emit_result(name, "refill_faults", "faults/GiB",
		    (after.faults - before.faults) / gib);
	emit_huge(name, "huge_refilled_mib", &after);
	give(&h);
	return 0;
}

static int work_refill(const char *name, const json_t *args)
{
	struct host_pages full;
	long long bytes;

	if (fill_with_files(name, args) || ask_pages(name, &full))
		return -1;
	emit_huge(name, "huge_filled_mib", &full);
	bytes = free_in_pieces(name, args);
	if (bytes < 0)
		return -1;
	sleep_s((double)arg_int(args, "settle_ms", 25000) * 1e-3);
	emit_simple("settled", name);
	return refill(name, (size_t)bytes / 100 *
		      (size_t)arg_int(args, "refill_percent", 90));
}

WORKLOAD(work_refill);
