// SPDX-License-Identifier: GPL-2.0
/* Workload scale: what reporting costs by the size of an idle guest. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"

#define SETTLE_MAX	12	/* times settle_ms, for a worker that never rests */

static const char *workload;
static long gib;

/* Each size has metrics of its own: a boot has one, a report has all. */
static void result(const char *metric, const char *unit, double value)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_g%ld", metric, gib);
	if (!isnan(value))
		emit_result(workload, name, unit, value);
}

static bool starts_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/*
 * How long the device took to register, as initcall_debug has it. On icount a
 * microsecond is 1000 instructions, and the balloon's other queues are included.
 */
static double register_us(void)
{
	char *p = kernel_log();
	double us;

	while ((p = strstr(p, "initcall ")) != NULL) {
		p += strlen("initcall ");
		if (starts_with(p, "page_reporting_um_init") ||
		    starts_with(p, "virtio_balloon_driver_init"))
			return sscanf(p, "%*s returned %*d after %lf usecs", &us) == 1 ?
			       us : NAN;
	}
	return NAN;
}

/* Until no pass has run for a while; the host is told of all memory at first. */
static void settle(double quiet)
{
	double passes = -1, limit = now_s() + SETTLE_MAX * quiet;

	while (worker_passes() > passes && now_s() < limit) {
		passes = worker_passes();
		sleep_s(quiet);
	}
}

/* Nothing to do for a while: does the worker run all the same? */
static void watch_idle(double seconds)
{
	double passes = worker_passes(), ms = worker_ms();

	sleep_s(seconds);
	result("idle_passes", "1/min", (worker_passes() - passes) * 60 / seconds);
	result("idle_worker_ms", "ms/min", (worker_ms() - ms) * 60 / seconds);
}

/* A little is freed now and then: what does a pass over such a guest take? */
static int watch_passes(size_t bytes, long rounds, double pause)
{
	double passes = worker_passes(), ms = worker_ms();

	while (rounds--) {
		struct hold h;
		int err = take(&h, bytes, true);

		if (err)
			return failed(workload, "take memory", -err);
		give(&h);
		sleep_s(pause);
	}
	passes = worker_passes() - passes;
	result("passes", "passes", passes);
	if (passes > 0)
		result("pass_ms", "ms", (worker_ms() - ms) / passes);
	return 0;
}

static int work_scale(const char *name, const json_t *args)
{
	struct held held;
	int ret;

	workload = name;
	gib = arg_int(args, "mem_mib", 1024) / 1024;
	result("register_us", "us", register_us());
	settle((double)arg_int(args, "settle_ms", 15000) * 1e-3);
	if (ask_host(name, &held))
		return -1;
	result("resident_mib", "MiB", held.resident_mib);
	watch_idle((double)arg_int(args, "idle_ms", 60000) * 1e-3);
	ret = watch_passes((size_t)arg_int(args, "mib", 64) * MIB,
			   arg_int(args, "rounds", 3),
			   (double)arg_int(args, "pause_ms", 5000) * 1e-3);
	return ret;
}

WORKLOAD(work_scale);
