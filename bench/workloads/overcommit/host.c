// SPDX-License-Identifier: GPL-2.0
/*
 * Workload overcommit: two guests that the host has memory for, but not at the
 * same time.  One fills its memory and frees it, a while later the other fills
 * its own: first a long while, then half of that, and so on, with roles
 * changed each time, until it does not fit.
 */
#include "host.h"

#define GUESTS	2

static int overcommit(struct run *r, const json_t *args)
{
	double wait = (double)host_int(args, "first_wait_ms") * 1e-3;
	double last = (double)host_int(args, "last_wait_ms") * 1e-3;
	double patience = (double)host_int(args, "patience_ms") * 1e-3;
	double fits_after = -1, filled = 0;
	struct guest *g[GUESTS];
	unsigned int fits = 0, i;
	int ret = HOST_EVENT;

	if (!(last > 0))
		return host_failed(r, "last_wait_ms must be above 0");
	for (i = 0; i < GUESTS && ret == HOST_EVENT; i++) {
		g[i] = host_start(r);
		ret = g[i] ? host_ready(g[i]) : HOST_FAILED;
	}
	if (ret == HOST_EVENT)
		ret = host_do(g[0], NULL, patience);
	if (ret != HOST_EVENT)
		return ret == HOST_TIME || ret == HOST_FULL ?
		       host_failed(r, "limit_mib is too little for one guest") : ret;
	host_result(r, "first_fill_s", "s", host_value(g[0], "fill_s"));
	for (i = 1; wait >= last; wait /= 2, i++) {
		ret = host_sleep(r, wait);
		if (ret == HOST_TIME)
			ret = host_do(g[i % GUESTS], NULL, patience);
		if (ret != HOST_EVENT)
			break;
		filled += host_value(g[i % GUESTS], "fill_s");
		fits_after = wait;
		fits++;
		host_step(r, "the other guest's memory fits after %g s", wait);
	}
	if (ret == HOST_FAILED)
		return ret;
	if (ret != HOST_EVENT)
		host_step(r, "the other guest's memory does not fit after %g s", wait);
	host_result(r, "fits", "count", fits);
	if (fits) {
		host_result(r, "wait_s", "s", fits_after);
		host_result(r, "fill_s", "s", filled / fits);
	} else {
		host_never(r, "wait_s", "s", (double)host_int(args, "first_wait_ms") * 1e-3);
	}
	host_result(r, "peak_mib", "MiB", host_peak_mib(r));
	host_result(r, "oom_kills", "count", (double)host_oom_kills(r));
	host_result(r, "reread_mib", "MiB", host_reread_mib(r));
	return 0;
}

HOST_PROGRAM(overcommit);
