// SPDX-License-Identifier: GPL-2.0
/* Workload fragment: free memory that lies in small pieces. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

static int write_one(const char *file, const char *data, size_t len)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	size_t done = 0;

	if (fd < 0)
		return -errno;
	while (done < len) {
		ssize_t n = write(fd, data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int err = n ? -errno : -ENOSPC;

			close(fd);
			return err;
		}
		done += (size_t)n;
	}
	close(fd);
	return 0;
}

/* Write files of one size into the working directory: "0", "1", ... */
static int write_files(long nr, size_t bytes)
{
	char *data = malloc(bytes + 1), file[32];
	int err = data ? 0 : -ENOMEM;
	long i;

	if (data)
		memset(data, 0xa5, bytes);
	for (i = 0; i < nr && !err; i++) {
		snprintf(file, sizeof(file), "%ld", i);
		err = write_one(file, data, bytes);
	}
	free(data);
	return err;
}

/* Delete all but each @keep_one_in'th; returns how many went, or -errno. */
static long thin_out(long nr, long keep_one_in)
{
	long i, gone = 0;
	char file[32];

	for (i = 0; i < nr; i++) {
		if (i % keep_one_in == 0)
			continue;
		snprintf(file, sizeof(file), "%ld", i);
		if (unlink(file))
			return -errno;
		gone++;
	}
	return gone;
}

/*
 * Fill memory with files and delete most of them: nearly all of it is free,
 * and hardly any of it in blocks as large as a pageblock.  The others stay:
 * counters are read after the end.
 */
static int work_fragment(const char *name, const json_t *args)
{
	double settle = (double)arg_int(args, "settle_ms", 25000) * 1e-3;
	size_t bytes = (size_t)arg_int(args, "kib", 160) * 1024;
	long nr = arg_int(args, "files", 6000);
	long keep = arg_int(args, "keep_one_in", 8), gone;
	char dir[] = "/dev/shm/prbench-XXXXXX";
	double t0;
	int err;

	if (!mkdtemp(dir) || chdir(dir))
		return failed(name, "make a directory", errno);
	t0 = now_s();
	err = write_files(nr, bytes);
	if (err)
		return failed(name, "write the files", -err);
	emit_result(name, "fill_s", "s", now_s() - t0);
	gone = thin_out(nr, keep > 0 ? keep : 1);
	if (gone < 0)
		return failed(name, "delete files", (int)-gone);
	emit_mark(name, "freed", (uint64_t)gone * bytes);
	sleep_s(settle);
	emit_simple("settled", name);
	return 0;
}

WORKLOAD(work_fragment);
