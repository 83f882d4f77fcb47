// SPDX-License-Identifier: GPL-2.0
/*
 * Workload lockhold: how long the reporting worker holds zone->lock when free
 * memory lies in as many blocks as there can be.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent.h"

#define STATS		"/sys/kernel/debug/page_reporting/stats"
#define PARAMETERS	"/sys/module/page_reporting/parameters/"
#define HOLES		"/sys/module/free_holes/parameters/holes"
#define POKE		(4 * MIB)

static int write_number(const char *path, long value)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld", value);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, (size_t)n) == n;

	if (fd >= 0)
		close(fd);
	return ok ? 0 : -1;
}

/* Of the page_ext statistics, or of upstream's worker with our counter in it. */
static double lock_hold_max_ns(void)
{
	FILE *f = fopen(STATS, "re");
	char line[256];
	double ns = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "lock_hold_max_ns %lf", &ns) == 1)
			break;
	if (f)
		fclose(f);
	if (ns < 0 && read_text(PARAMETERS "lock_hold_max_ns", line,
				sizeof(line)) > 0)
		ns = strtod(line, NULL);
	return ns;
}

/* Free something, so that the worker has a reason to look. */
static void poke(void)
{
	size_t i;
	char *p = mmap(NULL, POKE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return;
	madvise(p, POKE, MADV_HUGEPAGE);
	for (i = 0; i < POKE; i += 4096)
		((volatile char *)p)[i] = 1;
	munmap(p, POKE);
}

static int measure(const char *name, const json_t *args, long order)
{
	double settle = (double)arg_int(args, "settle_ms", 36000) * 1e-3;
	double pass = (double)arg_int(args, "pass_ms", 3000) * 1e-3;
	long passes = arg_int(args, "passes", 3), i;
	char workload[64], opts[64], text[32];
	double ns;

	snprintf(workload, sizeof(workload), "%s-%ldg-o%ld", name,
		 arg_int(args, "mem_mib", 0) / 1024, order);
	snprintf(opts, sizeof(opts), "order=%ld keep_mib=%ld", order,
		 arg_int(args, "keep_mib", 128));
	/* These exist upstream only; page_ext reports fragments as it is. */
	if (access(STATS, F_OK)) {
		write_number(PARAMETERS "page_reporting_order", order);
		write_number(PARAMETERS "lock_hold_max_ns", 0);
	}
	if (load_module(name, arg_str(args, "module", ""), opts))
		return -1;
	if (read_text(HOLES, text, sizeof(text)) > 0)
		emit_result(workload, "holes", "count", strtod(text, NULL));
	sleep_s(settle);
	for (i = 0; i < passes; i++) {
		poke();
		sleep_s(pass);
	}
	ns = lock_hold_max_ns();
	if (ns < 0)
		emit_text("error", name, "message",
			  "this kernel does not say how long zone->lock was held");
	else if (json_is_true(json_object_get(args, "icount")))
		emit_result(workload, "lock_hold_max_instr", "instr", ns);
	else
		emit_result(workload, "lock_hold_max_us", "us", ns * 1e-3);
	return unload_module(name, "free_holes") || ns < 0 ? -1 : 0;
}

/*
 * Large holes first, then small ones, so that a maximum which cannot be reset
 * is that of the longer lists at the end.
 */
static int work_lockhold(const char *name, const json_t *args)
{
	long order = arg_int(args, "order", 9);
	long fragment = arg_int(args, "fragment_order", 4);
	int ret = measure(name, args, order);

	if (!ret && fragment != order)
		ret = measure(name, args, fragment);
	return ret;
}

WORKLOAD(work_lockhold);
