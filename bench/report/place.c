// SPDX-License-Identifier: GPL-2.0
/* Files of merged runs: linked, or copied where links cannot be made. */
#include "prreport.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

volatile sig_atomic_t place_stopped;

/**
 * place_failed() - say what could not be done with which file, and why
 *
 * Return: -1.
 */
int place_failed(const char *what, const char *path)
{
	fprintf(stderr, "prreport: cannot %s %s: %s%s\n", what, path, strerror(errno),
		errno == ENOSPC || errno == EDQUOT ? "; make room there" : "");
	return -1;
}

static int copy_data(int in, int out, const char *to)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0) {
		char *p = buf;

		while (n > 0) {
			ssize_t k = write(out, p, n);

			if (k < 0 && errno != EINTR)
				return place_failed("write", to);
			if (k > 0) {
				p += k;
				n -= k;
			}
		}
	}
	return n < 0 ? place_failed("read what becomes", to) : 0;
}

static int place_file(struct placed *m, const char *from, const char *to)
{
	int in, out, ret;

	if (!link(from, to)) {
		m->links++;
		return 0;
	}
	in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return place_failed("read", from);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (out < 0) {
		ret = place_failed("create", to);
		close(in);
		return ret;
	}
	ret = copy_data(in, out, to);
	close(in);
	if (close(out) && !ret)
		ret = place_failed("write", to);
	m->copies++;
	return ret;
}

/**
 * place_dir() - a directory once more elsewhere: links where they can be, else copies
 *
 * Return: 0; -1 after a message, or when place_stopped was set.
 */
int place_dir(struct placed *m, const char *from, const char *to)
{
	DIR *dir = opendir(from);
	struct dirent *de;
	int ret = 0;

	if (!dir)
		return place_failed("read", from);
	if (mkdir(to, 0755))
		ret = place_failed("make", to);
	while (!ret && !place_stopped && (de = readdir(dir))) {
		char *f, *t;
		struct stat st;

		if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
			continue;
		f = format("%s/%s", from, de->d_name);
		t = format("%s/%s", to, de->d_name);
		if (lstat(f, &st))
			ret = place_failed("read", f);
		else if (S_ISDIR(st.st_mode))
			ret = place_dir(m, f, t);
		else if (S_ISREG(st.st_mode))
			ret = place_file(m, f, t);
		free(f);
		free(t);
	}
	closedir(dir);
	return ret || place_stopped ? -1 : 0;
}
