// SPDX-License-Identifier: GPL-2.0
/* Workload build: what a build server does all day. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

#define LOG		"/tmp/build.log"

/* Run one step of a build; on failure send its output. */
static int step(const char *name, char *const argv[])
{
	int status = run_program(LOG, argv);

	if (!status)
		return 0;
	emit_file(name, "failed.txt", LOG);
	emit_text("error", name, "message",
		  "%s ended with status %d; see failed.txt", argv[0], status);
	return -EIO;
}

/*
 * Check out, build, clean up: what a build server does all day.  When it is
 * over and the caches are dropped, what is left of the checkout lies between
 * what were page cache, inodes and dentries of thousands of files and the
 * memory of hundreds of short-lived processes.  The checkout stays: counters are
 * read after the end.
 */
static int work_build(const char *name, const json_t *args)
{
	double settle = (double)arg_int(args, "settle_ms", 15000) * 1e-3;
	const char *source = arg_str(args, "source", "");
	const char *target = arg_str(args, "target", "tools/objtool");
	long rounds = arg_int(args, "rounds", 1), i;
	char from[4096], dir[] = "/tmp/prbench-XXXXXX", where[4200];
	char *copy[] = { "cp", "-r", from, dir, NULL };
	char *make[] = { "make", "-s", "-C", where, NULL };
	char *clean[] = { "make", "-s", "-C", where, "clean", NULL };
	double t0;
	int err;

	snprintf(where, sizeof(where), HOST_ROOT "%s/%s/Makefile", source,
		 target);
	if (!*source || access(where, R_OK)) {
		emit_text("skip", name, "reason",
			  "no kernel source to build %s from; prbench --source names one",
			  target);
		return 0;
	}
	if (access("/usr/include/libelf.h", R_OK)) {
		emit_text("skip", name, "reason", "libelf-dev is not installed");
		return 0;
	}
	snprintf(from, sizeof(from), HOST_ROOT "%s/tools", source);
	if (!mkdtemp(dir))
		return failed(name, "make a directory", errno);
	snprintf(where, sizeof(where), "%s/%s", dir, target);
	t0 = now_s();
	err = step(name, copy);
	for (i = 0; i < rounds && !err; i++) {
		err = step(name, make);
		if (!err)
			err = step(name, clean);
	}
	if (err)
		return err;
	emit_result(name, "run_s", "s", now_s() - t0);
	unlink(LOG);
	err = write_text("/proc/sys/vm/drop_caches", "3");
	if (err)
		return failed(name, "write /proc/sys/vm/drop_caches", -err);
	emit_mark(name, "cleaned", 0);
	sleep_s(settle);
	emit_simple("settled", name);
	return 0;
}

WORKLOAD(work_build);
