// SPDX-License-Identifier: GPL-2.0
/* A run whose raw data lie in an archive: unpacked for as long as it is read. */
#include "prreport.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/**
 * run_program() - run a program to its end
 * @dir: where to, or NULL
 *
 * Return: its exit status; 127 if it is not installed, -1 if it ended otherwise.
 */
int run_program(const char *dir, const char *const *argv)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		fprintf(stderr, "prreport: %s cannot be started: %s; end other programs and try again\n",
			argv[0], strerror(errno));
		return -1;
	}
	if (!pid) {
		if (dir && chdir(dir))
			_exit(126);
		execvp(argv[0], (char *const *)argv);
		_exit(errno == ENOENT ? 127 : 126);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void archive_remove(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/*
 * A process of its own, out of reach of Ctrl-C, removes the directory once this one
 * has ended, however that happens: then nobody can write to the pipe any more.
 */
static void remove_at_end(const char *dir)
{
	int fds[2];
	char byte;

	if (pipe2(fds, O_CLOEXEC))
		return;
	if (!fork()) {
		close(fds[1]);
		setsid();
		while (read(fds[0], &byte, 1) < 0 && errno == EINTR)
			;
		archive_remove(dir);
		_exit(0);
	}
	close(fds[0]);
}

/**
 * archive_unpack() - where a run's boots can be read
 *
 * A run is a directory with boots/ or raw.tar.xz, or such an archive by itself.
 *
 * Return: 0 with run->raw set: the run's own directory, or one for a while if
 * only the archive is there; -1 after a message.
 */
int archive_unpack(struct run *run)
{
	bool alone = is_file(run->dir);
	const char *archive = alone ? run->dir : run_str(run, "%s/" RAW_ARCHIVE, run->dir);
	const char *tmp = getenv("TMPDIR");
	char *raw;
	int status;

	run->raw = run->dir;
	if (!alone && (!access(run_str(run, "%s/boots", run->dir), F_OK) || access(archive, R_OK)))
		return 0;
	raw = (char *)run_str(run, "%s/prreport.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(raw)) {
		fprintf(stderr, "prreport: %s cannot be made: %s; name a directory with TMPDIR=\n",
			raw, strerror(errno));
		return -1;
	}
	run->raw = run->unpacked = raw;
	remove_at_end(raw);
	status = run_program(NULL, (const char *const []){
			"tar", "-xJf", archive, "-C", raw, "--no-same-owner", NULL });
	if (!status)
		return 0;
	fprintf(stderr, "prreport: %s cannot be unpacked in %s (tar: %d): %s\n", archive, raw,
		status, status == 127 ? "install tar" :
		"see that xz is installed, that there is room, and that the file is whole");
	return -1;
}
