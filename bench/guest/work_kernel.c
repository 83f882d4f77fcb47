// SPDX-License-Identifier: GPL-2.0
/* Workloads on the kernel itself: the allocator's cost, and the fence. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

#define RESULTS		"/sys/kernel/debug/alloc_bench/results"

/* One row of the module's table becomes the metrics of one operation. */
static bool emit_alloc_row(const char *line, bool icount)
{
	char mode[16], op[16], workload[32], metric[64];
	unsigned long long count, total, p50, p99, p999, max;
	unsigned int order;
	double mean;

	if (sscanf(line, "%15s %15s %u %llu %llu %llu %llu %llu %llu %lf",
		   mode, op, &order, &count, &total, &p50, &p99, &p999, &max,
		   &mean) != 10)
		return false;
	if (*mode == '-' || !count)	/* the clock's cost; no memory left */
		return false;
	snprintf(workload, sizeof(workload), "alloc-%s", mode);
	if (icount) {
		/* The module counts ticks: one is one instruction. */
		snprintf(metric, sizeof(metric), "%s_o%u_instr", op, order);
		emit_result(workload, metric, "instr", mean);
		return true;
	}
	if (!p50)		/* a pair has a mean and no percentiles */
		return false;
#define ROW(suffix, value)						\
	do {								\
		snprintf(metric, sizeof(metric), "%s_o%u_ns_" suffix, op, \
			 order);					\
		emit_result(workload, metric, "ns", (double)(value));	\
	} while (0)
	ROW("p50", p50);
	ROW("p99", p99);
	ROW("p999", p999);
	ROW("max", max);
#undef ROW
	return true;
}

/* How much a per-cpu list keeps must not depend on what happened before. */
static void pin_pcp_lists(const char *name)
{
	static const char path[] = "/proc/sys/vm/percpu_pagelist_high_fraction";
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "1000000", 7) != 7)
		emit_text("error", name, "message", "cannot set %s: %s", path,
			  strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* Load a module of the host; what goes wrong becomes an error event. */
int load_module(const char *name, const char *host_path, const char *opts)
{
	char path[4096];
	int fd, ret = 0;

	snprintf(path, sizeof(path), HOST_ROOT "%s", host_path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		emit_text("error", name, "message",
			  "cannot open %s: %s; build the kernels and their modules first",
			  host_path, strerror(errno));
		return -1;
	}
	if (syscall(SYS_finit_module, fd, opts, 0)) {
		emit_text("error", name, "message",
			  "cannot load %s with '%s': %s", host_path, opts,
			  strerror(errno));
		ret = -1;
	}
	close(fd);
	return ret;
}

int unload_module(const char *name, const char *module)
{
	if (!syscall(SYS_delete_module, module, O_NONBLOCK))
		return 0;
	emit_text("error", name, "message", "cannot unload %s: %s", module,
		  strerror(errno));
	return -1;
}

/* Load alloc_bench.ko, which measures as it loads, and send its table. */
int work_alloc(const char *name, const json_t *args)
{
	const char *opts = arg_str(args, "options", "");
	bool icount = json_is_true(json_object_get(args, "icount"));
	char line[512];
	unsigned int rows = 0;
	double start = now_s();
	int ret = 0;
	FILE *f;

	pin_pcp_lists(name);
	if (load_module(name, arg_str(args, "module", ""), opts))
		return -1;
	f = fopen(RESULTS, "re");
	if (!f)
		emit_text("error", name, "message", "cannot open %s: %s",
			  RESULTS, strerror(errno));
	while (f && fgets(line, sizeof(line), f))
		rows += emit_alloc_row(line, icount);
	if (f)
		fclose(f);
	if (!rows) {
		emit_text("error", name, "message",
			  "%s holds no row that can be read", RESULTS);
		ret = -1;
	}
	emit_file(name, "alloc.tsv", RESULTS);
	emit_result(name, "run_s", "s", now_s() - start);
	if (unload_module(name, "alloc_bench"))
		ret = -1;
	return ret;
}

static void attempt(const char *name, const char *what, const char *path,
		    bool worked, unsigned int *tried, unsigned int *wrote)
{
	(*tried)++;
	*wrote += worked;
	emit_text("attempt", name, "message", "%s %s: %s", what, path,
		  worked ? "SUCCEEDED" : strerror(errno));
}

/* Does data really get through?  Opening alone may be a matter of caching. */
static bool write_through(int fd)
{
	bool ok = fd >= 0 && write(fd, "fence\n", 6) == 6 && !fsync(fd);

	if (fd >= 0) {
		int err = errno;

		if (close(fd))
			ok = false;
		else
			errno = err;
	}
	return ok;
}

/*
 * Try hard to write to the host, as root, after making the root writable as
 * far as this guest is concerned.  The host checks that nothing changed.
 */
int work_fence(const char *name, const json_t *args)
{
	const json_t *dirs = json_object_get(args, "dirs");
	const char *victim = arg_str(args, "victim", "");
	unsigned int tried = 0, wrote = 0;
	struct statvfs vfs;
	char path[4096];
	size_t i;
	json_t *dir;

	/* The file system and both of its mounts, as far as the guest decides. */
	if (mount(NULL, "/", NULL, MS_REMOUNT, NULL) ||
	    mount(NULL, HOST_ROOT, NULL, MS_REMOUNT | MS_BIND, NULL))
		emit_text("attempt", name, "message",
			  "remount of the root, writable: %s", strerror(errno));
	/* Only then does what follows prove that the host is fenced off. */
	emit_result(name, "remounted", "count", !statvfs(HOST_ROOT, &vfs) &&
		    !(vfs.f_flag & ST_RDONLY));
	json_array_foreach(dirs, i, dir) {
		const char *d = json_string_value(dir);

		snprintf(path, sizeof(path), HOST_ROOT "%s/fence-file", d);
		attempt(name, "create", path,
			write_through(open(path, O_WRONLY | O_CREAT, 0644)),
			&tried, &wrote);
		snprintf(path, sizeof(path), HOST_ROOT "%s/fence-dir", d);
		attempt(name, "mkdir", path, !mkdir(path, 0755), &tried, &wrote);
		snprintf(path, sizeof(path), HOST_ROOT "%s/fence-link", d);
		attempt(name, "symlink", path, !symlink("/", path), &tried,
			&wrote);
		snprintf(path, sizeof(path), HOST_ROOT "%s/fence-fifo", d);
		attempt(name, "mkfifo", path, !mkfifo(path, 0644), &tried,
			&wrote);
	}
	snprintf(path, sizeof(path), HOST_ROOT "%s", victim);
	attempt(name, "append to", path,
		write_through(open(path, O_WRONLY | O_APPEND)), &tried, &wrote);
	attempt(name, "truncate", path, !truncate(path, 0), &tried, &wrote);
	attempt(name, "chmod", path, !chmod(path, 0777), &tried, &wrote);
	attempt(name, "unlink", path, !unlink(path), &tried, &wrote);
	emit_result(name, "attempts", "count", tried);
	emit_result(name, "writes", "count", wrote);
	if (wrote)
		emit_text("error", name, "message",
			  "%u of %u attempts to write to the host succeeded",
			  wrote, tried);
	return wrote ? -1 : 0;
}
