// SPDX-License-Identifier: GPL-2.0
/* Small helpers: time, files, programs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"

bool running_on_uml(void)
{
	char buf[512];

	return read_text("/proc/cpuinfo", buf, sizeof(buf)) > 0 &&
	       strstr(buf, "User Mode Linux");
}

long arg_int(const json_t *args, const char *name, long dflt)
{
	const json_t *v = json_object_get(args, name);

	return json_is_integer(v) ? (long)json_integer_value(v) : dflt;
}

const char *arg_str(const json_t *args, const char *name, const char *dflt)
{
	const json_t *v = json_object_get(args, name);

	return json_is_string(v) ? json_string_value(v) : dflt;
}

/*
 * Run a program with its output (both streams) in a file.  Returns its exit
 * status, 128 plus the signal that killed it, or 127 if it did not start.
 */
int run_program(const char *stdout_path, char *const argv[])
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return 127;
	if (!pid) {
		int out = open(stdout_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		int null = open("/dev/null", O_RDONLY);

		if (out >= 0) {
			dup2(out, 1);
			dup2(out, 2);
		}
		if (null >= 0)
			dup2(null, 0);
		execvp(argv[0], argv);
		dprintf(2, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The path of this program that no tmpfs of ours can hide. */
const char *self_path(void)
{
	static char path[4096];
	ssize_t n;
	size_t off = strlen(HOST_ROOT);

	memcpy(path, HOST_ROOT, off);
	n = readlink("/proc/self/exe", path + off, sizeof(path) - off - 1);
	if (n <= 0)
		return "/proc/self/exe";
	path[off + (size_t)n] = '\0';
	/* Already opened through the host's root: do not name it twice. */
	if (!strncmp(path + off, HOST_ROOT "/", off + 1))
		return path + off;
	return path;
}
