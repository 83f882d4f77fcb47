// SPDX-License-Identifier: GPL-2.0
/* Small helpers: time, text, child processes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "prbench.h"

bool wipe_stderr;

/* An error message; what it covers of a line of progress is wiped before. */
void complain(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = vformat(fmt, ap);
	va_end(ap);
	fprintf(stderr, "%sprbench: %s\n", wipe_stderr ? "\r\033[K" : "", text);
	free(text);
}

/* The signals that end a run: what was ignored at the start stays ignored. */
void stop_signals(sigset_t *set)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction old;
	size_t i;

	sigemptyset(set);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaddset(set, signals[i]);
}

/* Store a message and return -1, so that callers can return the call. */
int set_err(char *err, size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, len, fmt, ap);
	va_end(ap);
	return -1;
}

/* What a program prints, or NULL if it fails. */
char *run_capture(char *const argv[])
{
	int pipefd[2], status;
	char *text = calloc(1, 8192);
	size_t used = 0;
	pid_t pid;

	if (!text || pipe2(pipefd, O_CLOEXEC)) {
		free(text);
		return NULL;
	}
	pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(pipefd[1], 1);
		dup2(null, 2);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(pipefd[1]);
	while (pid > 0) {
		char rest[256];
		ssize_t n = used < 8191 ?
			    read(pipefd[0], text + used, 8191 - used) :
			    read(pipefd[0], rest, sizeof(rest));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (used < 8191)
			used += (size_t)n;
	}
	close(pipefd[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			break;
	if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status)) {
		free(text);
		return NULL;
	}
	while (used && text[used - 1] == '\n')
		text[--used] = '\0';
	return text;
}

/* Append a formatted word to a NULL-terminated vector. */
void argv_add(char ***argv, const char *fmt, ...)
{
	size_t n = 0;
	char **grown;
	va_list ap;

	while (*argv && (*argv)[n])
		n++;
	grown = realloc(*argv, (n + 2) * sizeof(**argv));
	if (!grown) {
		fprintf(stderr, "prbench: out of memory\n");
		exit(EXIT_FATAL);
	}
	va_start(ap, fmt);
	grown[n] = vformat(fmt, ap);
	va_end(ap);
	grown[n + 1] = NULL;
	*argv = grown;
}

/* Append an option of QEMU's that holds a path: there a comma is doubled. */
void argv_add_option(char ***argv, const char *before, const char *path,
		     const char *after)
{
	char *text = calloc(2, strlen(path) + 1), *p = text;

	for (; p && *path; path++) {
		*p++ = *path;
		if (*path == ',')
			*p++ = ',';
	}
	argv_add(argv, "%s%s%s", before, text ? text : "", after);
	free(text);
}

/* Make a directory of our own in TMPDIR; on failure its name is where it was. */
int temp_dir(char *path, size_t len)
{
	const char *tmp = getenv("TMPDIR");

	make_path(path, len, "%s/prbench-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	return mkdtemp(path) ? 0 : -1;
}

/**
 * probe_dir() - make a directory for what is tried before a run
 * @dir: its path
 * @size: of @dir
 * @before: the signals that were blocked until now
 * @err: if it cannot be made, why, and what to do
 * @len: of @err
 *
 * Blocks the signals that end the program, so that they do so when the caller has
 * removed the directory and set @before again.
 *
 * Return: 0, or -1 with a message and no signal blocked.
 */
int probe_dir(char *dir, size_t size, sigset_t *before, char *err, size_t len)
{
	sigset_t signals;

	stop_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, before);
	if (!temp_dir(dir, size))
		return 0;
	set_err(err, len, "cannot make %s: %s; set TMPDIR to a directory that can be written",
		dir, strerror(errno));
	sigprocmask(SIG_SETMASK, before, NULL);
	return -1;
}

/* The last line of a text that is not empty; cuts the text. */
const char *last_line(char *text)
{
	size_t n = strlen(text);
	char *nl;

	while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		text[--n] = '\0';
	nl = strrchr(text, '\n');
	return nl ? nl + 1 : text;
}

/* Wait for a child for a limited time: 1 when it is gone (and reaped). */
int wait_exit(int pidfd, pid_t pid, double limit_s, int *status)
{
	double end = now_s() + limit_s;

	for (;;) {
		struct pollfd p = { .fd = pidfd, .events = POLLIN };
		double left = end - now_s();
		pid_t got = waitpid(pid, status, WNOHANG);

		if (got == pid || (got < 0 && errno == ECHILD))
			return 1;
		if (left <= 0)
			return 0;
		poll(&p, 1, (int)(left * 1e3) + 1);
	}
}

int open_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* mkdir -p */
int make_dirs(const char *path)
{
	char buf[PATH_MAX];
	char *p;

	snprintf(buf, sizeof(buf), "%s", path);
	for (p = buf + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(buf, 0755) && errno != EEXIST)
			return -1;
		*p = '/';
	}
	return mkdir(buf, 0755) && errno != EEXIST ? -1 : 0;
}

/* snprintf() for paths: one that does not fit is not silently another one. */
void make_path(char *path, size_t len, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(path, len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= len) {
		fprintf(stderr, "prbench: path too long: %s...\n", path);
		exit(EXIT_FATAL);
	}
}
