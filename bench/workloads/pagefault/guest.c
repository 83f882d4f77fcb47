// SPDX-License-Identifier: GPL-2.0
/*
 * Workload pagefault: map memory, touch it page by page, unmap it, again and
 * again, in one task and in several: how many pages a second?
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

#define TASKS_MAX	16
#define THP_ENABLED	"/sys/kernel/mm/transparent_hugepage/enabled"

/* Pages touched by each task, a cache line of its own each. */
struct count {
	volatile uint64_t pages;
	char pad[56];
};

static void __attribute__((noreturn)) touch_pages(struct count *count,
						  size_t bytes, bool thp)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			_exit(1);
		madvise(p, bytes, thp ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
		for (i = 0; i < bytes; i += page) {
			((volatile char *)p)[i] = 1;
			count->pages++;
		}
		munmap(p, bytes);
	}
}

static uint64_t sum(const struct count *counts, long tasks)
{
	uint64_t pages = 0;
	long i;

	for (i = 0; i < tasks; i++)
		pages += counts[i].pages;
	return pages;
}

/* Pages a second of all tasks, or -errno. */
static double measure(long tasks, size_t bytes, bool thp, double seconds)
{
	struct count *counts = mmap(NULL, sizeof(*counts) * TASKS_MAX,
				    PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[TASKS_MAX];
	double t0, rate = 0;
	uint64_t before;
	int status;
	long i, nr;

	if (counts == MAP_FAILED)
		return -errno;
	for (nr = 0; nr < tasks && nr < TASKS_MAX; nr++) {
		pids[nr] = fork();
		if (!pids[nr])
			touch_pages(&counts[nr], bytes, thp);
		if (pids[nr] < 0) {
			rate = -errno;
			break;
		}
	}
	/* Not what starting takes. */
	sleep_s(seconds / 10);
	before = sum(counts, nr);
	t0 = now_s();
	sleep_s(seconds);
	if (rate >= 0)
		rate = (double)(sum(counts, nr) - before) / (now_s() - t0);
	for (i = 0; i < nr; i++) {
		kill(pids[i], SIGKILL);
		while (waitpid(pids[i], &status, 0) < 0 && errno == EINTR)
			;
		/* It ends when it is told to, or it could not map anything. */
		if (WIFEXITED(status))
			rate = -ENOMEM;
	}
	munmap(counts, sizeof(*counts) * TASKS_MAX);
	return rate;
}

static int work_pagefault(const char *name, const json_t *args)
{
	size_t bytes = (size_t)arg_int(args, "mib", 128) * MIB;
	double seconds = (double)arg_int(args, "run_ms", 2000) * 1e-3;
	double pause = (double)arg_int(args, "pause_ms", 500) * 1e-3;
	long most = arg_int(args, "tasks", 2), tasks;
	bool have_thp = !access(THP_ENABLED, F_OK);
	double start = now_s();
	int thp;

	for (thp = 0; thp <= have_thp; thp++) {
		for (tasks = 1; tasks <= most && tasks <= TASKS_MAX; tasks *= 2) {
			double rate = measure(tasks, bytes, thp, seconds);
			char metric[64];

			if (rate < 0)
				return failed(name, "run the tasks", (int)-rate);
			snprintf(metric, sizeof(metric), "pages_s_%s_%ld",
				 thp ? "thp" : "4k", tasks);
			emit_result(name, metric, "1/s", rate);
			sleep_s(pause);
		}
	}
	emit_result(name, "run_s", "s", now_s() - start);
	return 0;
}

WORKLOAD(work_pagefault);
