// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is freed in small pieces: it is filled with files, of which most are
 * deleted. Hardly any of what is free then lies in blocks as large as a pageblock.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

int write_one(const char *file, const char *data, size_t len)
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
int write_files(long nr, size_t bytes)
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
long thin_out(long nr, long keep_one_in)
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

static size_t file_bytes(const json_t *args)
{
	return (size_t)arg_int(args, "kib", 160) * 1024;
}

/*
 * Fill memory with the files that the settings ask for, in a directory that the
 * process moves to. The result fill_s says how long that took. 0, or a negative
 * value after an error event.
 */
int fill_with_files(const char *name, const json_t *args)
{
	char dir[] = "/dev/shm/prbench-XXXXXX";
	double t0;
	int err;

	if (!mkdtemp(dir) || chdir(dir))
		return failed(name, "make a directory", errno);
	t0 = now_s();
	err = write_files(arg_int(args, "files", 6000), file_bytes(args));
	if (err)
		return failed(name, "write the files", -err);
	emit_result(name, "fill_s", "s", now_s() - t0);
	return 0;
}

/*
 * Delete most of the files, which is the mark 'freed'. The others stay: counters
 * are read after the end. Returns the bytes freed, or -1 after an error event.
 */
long long free_in_pieces(const char *name, const json_t *args)
{
	long keep = arg_int(args, "keep_one_in", 8);
	long gone = thin_out(arg_int(args, "files", 6000), keep > 0 ? keep : 1);
	long long bytes = gone * (long long)file_bytes(args);

	if (gone < 0) {
		failed(name, "delete files", (int)-gone);
		return -1;
	}
	emit_mark(name, "freed", (uint64_t)bytes);
	return bytes;
}
