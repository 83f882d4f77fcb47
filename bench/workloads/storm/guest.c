// SPDX-License-Identifier: GPL-2.0
/* Workload storm: the first seconds of a guest. */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"

static uint64_t to_read;

static int read_one(const char *path, const struct stat *st, int type,
		    struct FTW *ftw)
{
	static char buf[65536];
	ssize_t n;
	int fd;

	(void)st;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	while (to_read && (n = read(fd, buf, sizeof(buf))) > 0)
		to_read -= (uint64_t)n < to_read ? (uint64_t)n : to_read;
	close(fd);
	return !to_read;
}

/*
 * A guest comes up: services start, each a few short-lived processes and files
 * read, and then nothing.  The host counts from the start of the VM.
 */
static int work_storm(const char *name, const json_t *args)
{
	double end = now_s() + (double)arg_int(args, "watch_ms", 20000) * 1e-3;
	long processes = arg_int(args, "processes", 200), i;
	char mib[32];
	char *argv[] = { (char *)self_path(), "touch", mib, "1", "anon", NULL };
	double t0 = now_s();

	snprintf(mib, sizeof(mib), "%ld", arg_int(args, "process_mib", 4));
	to_read = (uint64_t)arg_int(args, "read_mib", 128) * MIB;
	for (i = 0; i < processes; i++) {
		int status = run_program("/dev/null", argv);

		if (status) {
			emit_text("error", name, "message",
				  "a process ended with status %d", status);
			return -1;
		}
	}
	nftw(HOST_ROOT "/usr/bin", read_one, 16, FTW_PHYS);
	emit_result(name, "run_s", "s", now_s() - t0);
	sleep_s(end - now_s());
	emit_simple("settled", name);
	return 0;
}

WORKLOAD(work_storm);
