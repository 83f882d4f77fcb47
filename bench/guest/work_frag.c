// SPDX-License-Identifier: GPL-2.0
/*
 * Workloads that leave free memory in pieces: fragment, build; and storm, the
 * first seconds of a guest.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"

#define LOG		"/tmp/build.log"

static int failed(const char *name, const char *what, int err)
{
	emit_text("error", name, "message", "cannot %s: %s", what,
		  strerror(err));
	return -err;
}

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
 * and hardly any of it in blocks as large as a pageblock.  The others stay, as
 * does the checkout of build: counters are read after the end.
 */
int work_fragment(const char *name, const json_t *args)
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

static int drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	int err = fd < 0 || write(fd, "3", 1) != 1 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

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
 * memory of hundreds of short-lived processes.
 */
int work_build(const char *name, const json_t *args)
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
	err = drop_caches();
	if (err)
		return failed(name, "write /proc/sys/vm/drop_caches", -err);
	emit_mark(name, "cleaned", 0);
	sleep_s(settle);
	emit_simple("settled", name);
	return 0;
}

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
int work_storm(const char *name, const json_t *args)
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
