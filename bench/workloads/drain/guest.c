// SPDX-License-Identifier: GPL-2.0
/* Workload drain: fill, hold, free, wait. */
#include <string.h>

#include "agent.h"

/* So much, or that share of all there is. */
static size_t how_much(const json_t *args)
{
	size_t percent = (size_t)arg_int(args, "percent", 0);

	if (percent)
		return mem_available() / 100 * percent / MIB * MIB;
	return (size_t)arg_int(args, "mib", 1024) * MIB;
}

/* Fill, hold, free, wait: how fast and how far does memory go back to the host? */
static int work_drain(const char *name, const json_t *args)
{
	size_t bytes = how_much(args);
	double hold = (double)arg_int(args, "hold_ms", 0) * 1e-3;
	double settle = (double)arg_int(args, "settle_ms", 10000) * 1e-3;
	struct hold h;
	double t0 = now_s();
	int err = take(&h, bytes, want_file(args));

	if (err) {
		emit_text("error", name, "message",
			  "cannot take %zu MiB: %s", bytes / (size_t)MIB,
			  strerror(-err));
		return err;
	}
	emit_result(name, "fill_s", "s", now_s() - t0);
	emit_result(name, "filled_mib", "MiB", (double)bytes / (double)MIB);
	sleep_s(hold);
	give(&h);
	emit_mark(name, "freed", bytes);
	sleep_s(settle);
	emit_simple("settled", name);
	return 0;
}

WORKLOAD(work_drain);
