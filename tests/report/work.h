/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests of prreport have in common: a directory of their own, and the
 * program run on what lies there.
 */
#ifndef WORK_H
#define WORK_H

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "prreport.h"

struct work {
	char dir[64];
	char *out, *err;	/* what the program said */
};

static inline const char *env(const char *name, const char *fallback)
{
	const char *s = getenv(name);

	return s && *s ? s : fallback;
}

/* Does @first stand in a text, and before @then? What is missing is nowhere. */
static inline bool before(const char *text, const char *first, const char *then)
{
	const char *a = strstr(text, first), *b = strstr(text, then);

	return a && b && a < b;
}

/* The last few strings, which is all that one expression needs. */
static inline char *str(const char *fmt, ...) PRINTF(1, 2);

static inline char *str(const char *fmt, ...)
{
	static char *ring[32];
	static unsigned int at;
	char **s = &ring[at++ % 32];
	va_list ap;

	free(*s);
	va_start(ap, fmt);
	assert_true(vasprintf(s, fmt, ap) >= 0);
	va_end(ap);
	return *s;
}

static inline int count(const char *text, const char *what)
{
	int n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* All of a file, to be freed; NULL if there is none. */
static inline char *slurp(const char *path)
{
	char *s = NULL;
	size_t n = 0;
	FILE *f = fopen(path, "r");

	if (!f)
		return NULL;
	if (getdelim(&s, &n, 0, f) < 0 && s)
		s[0] = 0;
	fclose(f);
	return s;
}

static inline void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* Exit status of a program that writes into two files; search: its PATH, or NULL. */
static inline int run_cmd(const char *const *argv, const char *out, const char *err,
			  const char *search)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		int o = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		int e = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (o < 0 || e < 0 || dup2(o, 1) < 0 || dup2(e, 2) < 0)
			_exit(126);
		if (search)
			setenv("PATH", search, 1);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* prreport with up to six arguments; its exit status. */
static inline int prreport(struct work *w, const char *const *args, const char *search)
{
	const char *argv[8] = { str("%s/prreport", env("PRX_BIN", "build/san")) };
	char *out = str("%s/out", w->dir), *err = str("%s/err", w->dir);
	int status, i;

	for (i = 0; args[i]; i++)
		argv[i + 1] = args[i];
	status = run_cmd(argv, out, err, search);
	free(w->out);
	free(w->err);
	w->out = slurp(out);
	w->err = slurp(err);
	return status;
}

#define RUN(w, ...)	prreport(w, (const char *const []){ __VA_ARGS__, NULL }, NULL)

/* The recorded run, as DIR/run. */
static inline void copy_recorded(const char *dir)
{
	const char *const cp[] = {
		"cp", "-r", str("%s/tests/report/data/run", env("PRX_TOP", ".")),
		str("%s/run", dir), NULL
	};

	assert_int_equal(run_cmd(cp, "/dev/null", "/dev/null", NULL), 0);
}

static inline int rm(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline int rm_tree(const char *dir)
{
	return nftw(dir, rm, 16, FTW_DEPTH | FTW_PHYS);
}

static inline int work_setup(void **state)
{
	struct work *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	snprintf(w->dir, sizeof(w->dir), "/tmp/prreport-test.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	*state = w;
	return 0;
}

static inline int work_teardown(void **state)
{
	struct work *w = *state;

	rm_tree(w->dir);
	free(w->out);
	free(w->err);
	free(w);
	return 0;
}

#endif
