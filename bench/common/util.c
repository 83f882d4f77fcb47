// SPDX-License-Identifier: GPL-2.0
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

void sleep_s(double s)
{
	struct timespec ts;

	if (s <= 0)
		return;
	ts.tv_sec = (time_t)s;
	ts.tv_nsec = (long)((s - (double)ts.tv_sec) * 1e9);
	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* A text to be freed; ends the program if there is no memory for it. */
char *vformat(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0) {
		fprintf(stderr, "%s: out of memory: end other programs\n",
			program_invocation_short_name);
		exit(3);
	}
	return text;
}

char *format(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = vformat(fmt, ap);
	va_end(ap);
	return text;
}

/* Read a small text file, without its last newline; returns -errno on failure. */
int read_text(const char *path, char *buf, size_t len)
{
	size_t used = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	while (used < len - 1) {
		ssize_t n = read(fd, buf + used, len - 1 - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = -errno;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	close(fd);
	if (err)
		return err;
	while (used && (buf[used - 1] == '\n' || buf[used - 1] == ' '))
		used--;
	buf[used] = '\0';
	return (int)used;
}

/* Write a short text into a file that exists; -errno on failure. */
int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/*
 * A name of any bytes as a JSON string: those that are not UTF-8 are written as
 * \\xNN.
 */
json_t *json_text(const char *text)
{
	json_t *o = json_string(text);
	char *plain, *p;

	if (o)
		return o;
	p = plain = calloc(4, strlen(text) + 1);
	for (; p && *text; text++)
		p += sprintf(p, *text & 0x80 ? "\\x%02x" : "%c",
			     (unsigned char)*text);
	o = json_string(plain ? plain : "?");
	free(plain);
	return o;
}
