// SPDX-License-Identifier: GPL-2.0
/*
 * Workload script: a shell script of the host's, for the tests. What it prints
 * goes to the host as it comes, so that a guest which dies has said how far it
 * got.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

#define OUTPUT		"script.out"

static int work_script(const char *name, const json_t *args)
{
	const char *path = arg_str(args, "path", "");
	char full[4096], buf[2048];
	int fds[2], status;
	pid_t pid;
	ssize_t n;

	if (!*path) {
		emit_text("error", name, "message",
			  "no script to run: name one in PRBENCH_SCRIPT");
		return -1;
	}
	/* Nothing of ours is mounted on top of it there. */
	snprintf(full, sizeof(full), HOST_ROOT "%s", path);
	setenv("PRAGENT", self_path(), 1);
	pid = pipe2(fds, O_CLOEXEC) ? -1 : fork();
	if (pid < 0) {
		emit_text("error", name, "message", "cannot run %s: %s", path,
			  strerror(errno));
		return -1;
	}
	if (!pid) {
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		execlp("sh", "sh", full, NULL);
		dprintf(2, "sh: %s\n", strerror(errno));
		_exit(127);
	}
	close(fds[1]);
	while ((n = read(fds[0], buf, sizeof(buf))) > 0 ||
	       (n < 0 && errno == EINTR))
		if (n > 0)
			emit_output(name, OUTPUT, buf, (size_t)n);
	close(fds[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	emit_text("error", name, "message", "%s %s %d, see " OUTPUT, path,
		  WIFEXITED(status) ? "ended with status" : "was killed by signal",
		  WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return -1;
}

WORKLOAD(work_script);

/*
 * "pragent pread FILE OFFSET": a single pread() of at most 1 MiB, which no
 * program of the host's would do.
 */
static int pread_main(int argc, char **argv)
{
	static char buf[MIB];
	ssize_t n, done = 0;
	int fd;

	if (argc != 4)
		return 2;
	fd = open(argv[2], O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : pread(fd, buf, sizeof(buf), strtoll(argv[3], NULL, 10));
	if (n < 0) {
		fprintf(stderr, "pragent: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	while (done < n) {
		ssize_t out = write(1, buf + done, (size_t)(n - done));

		if (out <= 0)
			return 1;
		done += out;
	}
	return 0;
}

COMMAND("pread", pread_main);
