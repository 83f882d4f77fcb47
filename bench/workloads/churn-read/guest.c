// SPDX-License-Identifier: GPL-2.0
/* Workload churn-read: take and free again and again while somebody reads. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

#define OURS	"/sys/kernel/debug/page_reporting/"

/* What the child that reads has done, in memory that is shared with it. */
struct looks {
	unsigned long count;
	double busy_s;
	int err;
};

/* Read a file to its end. 0 or a negative error. */
static int read_all(const char *path)
{
	static char text[1 << 16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, text, sizeof(text))) > 0)
		;
	close(fd);
	return n < 0 ? -errno : 0;
}

static void look_every(double seconds, struct looks *looks)
{
	static const char *const files[] = {
		"/proc/meminfo", "/proc/vmstat", "/proc/zoneinfo",
		OURS "summary", OURS "stats", OURS "ages", OURS "blocks",
	};

	while (!looks->err) {
		double start = now_s();

		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			int err = read_all(files[i]);

			if (err)
				looks->err = err;
		}
		looks->busy_s += now_s() - start;
		looks->count++;
		sleep_s(seconds);
	}
}

/* A child that looks every @ms until it is killed, or -1. */
static pid_t start_reader(long ms, struct looks *looks)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		look_every((double)ms * 1e-3, looks);
		_exit(0);
	}
	return pid;
}

static int churn(const char *name, const json_t *args, double *cycles)
{
	size_t bytes = (size_t)arg_int(args, "mib", 512) * MIB;
	double run = (double)arg_int(args, "run_ms", 8000) * 1e-3;
	double pause = (double)arg_int(args, "pause_ms", 500) * 1e-3;
	double start = now_s(), elapsed;
	unsigned int n = 0;

	do {
		struct hold h;
		int err = take(&h, bytes, want_file(args));

		if (err)
			return failed(name, "take memory", -err);
		give(&h);
		n++;
		sleep_s(pause);
		elapsed = now_s() - start;
	} while (elapsed < run);
	/* The last cycle ends late: scale to the time that was asked for. */
	*cycles = n * run / elapsed;
	return 0;
}

/* Each time between two looks has metrics of its own. */
static void result(const char *name, long ms, const char *metric,
		   const char *unit, double value)
{
	char text[64];

	snprintf(text, sizeof(text), "%s_r%ld", metric, ms);
	emit_result(name, text, unit, value);
}

static int work_churn_read(const char *name, const json_t *args)
{
	long ms = arg_int(args, "read_ms", 1000);
	struct looks *looks = mmap(NULL, sizeof(*looks), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double cycles = 0;
	pid_t pid = 0;
	int ret;

	if (looks == MAP_FAILED)
		return failed(name, "map memory", errno);
	if (ms > 0)
		pid = start_reader(ms, looks);
	if (pid < 0)
		return failed(name, "start a reader", errno);
	ret = churn(name, args, &cycles);
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	if (!ret && looks->err)
		ret = failed(name, "read debugfs", -looks->err);
	if (!ret) {
		result(name, ms, "cycles", "count", cycles);
		result(name, ms, "lock_hold_max_us", "us",
		       (double)stat_value("lock_hold_max_ns") * 1e-3);
	}
	if (!ret && looks->count) {
		result(name, ms, "looks", "count", (double)looks->count);
		result(name, ms, "look_ms", "ms",
		       looks->busy_s * 1e3 / (double)looks->count);
	}
	munmap(looks, sizeof(*looks));
	return ret;
}

WORKLOAD(work_churn_read);
