// SPDX-License-Identifier: GPL-2.0
/* Workload churn: take and free the same amount again and again. */
#include <string.h>

#include "agent.h"

/*
 * Take, touch and free the same amount again and again.  The pause between
 * free and the next take leaves reporting that looks every 2 s (or faster) a
 * chance to give back what is about to be taken again, while memory never
 * stays free for as long as an age gate of 1 s asks for.
 */
static int work_churn(const char *name, const json_t *args)
{
	size_t bytes = (size_t)arg_int(args, "mib", 512) * MIB;
	double limit = (double)arg_int(args, "run_ms", 10000) * 1e-3;
	double pause = (double)arg_int(args, "pause_ms", 500) * 1e-3;
	bool file = want_file(args);
	double start = now_s(), busy = 0, elapsed;
	unsigned int cycles = 0;

	do {
		double t0 = now_s();
		struct hold h;
		int err = take(&h, bytes, file);

		if (err) {
			emit_text("error", name, "message",
				  "cannot take %zu MiB: %s",
				  bytes / (size_t)MIB, strerror(-err));
			return err;
		}
		busy += now_s() - t0;
		give(&h);
		cycles++;
		sleep_s(pause);
		elapsed = now_s() - start;
	} while (elapsed < limit);
	/* The last cycle ends late: scale to the time that was asked for. */
	emit_result(name, "cycles", "count", cycles * limit / elapsed);
	emit_result(name, "alloc_ms", "ms", busy * 1e3 / cycles);
	emit_result(name, "run_s", "s", elapsed);
	return 0;
}

WORKLOAD(work_churn);
