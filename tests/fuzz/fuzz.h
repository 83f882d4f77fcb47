/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fuzz targets share: an input made of several texts, a scratch
 * directory, a check that nothing stays open, and a mutator that knows lines,
 * numbers and quoted words, as random bytes seldom make another JSON text.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEPARATOR	0x1e	/* between the texts of an input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
bool fuzz_complained(void);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed);

/* Unlike assert(), is never compiled away. */
#define MUST(cond)							\
	do {								\
		if (!(cond)) {						\
			fprintf(stderr, "%s:%d: not so: %s\n",		\
				__FILE__, __LINE__, #cond);		\
			abort();					\
		}							\
	} while (0)

struct text {
	const char *at;
	size_t len;
};

/* Up to @max texts; what the input does not have is empty. */
static inline size_t split(const uint8_t *data, size_t size, struct text *texts,
			   size_t max)
{
	const char *p = (const char *)data, *end = p + size;
	size_t n = 0, i;

	for (i = 0; i < max; i++) {
		const char *stop = p < end ? memchr(p, SEPARATOR, end - p) : NULL;

		if (!stop)
			stop = end;
		texts[i].at = p;
		texts[i].len = stop - p;
		if (p < end)
			n = i + 1;
		p = stop < end ? stop + 1 : end;
	}
	return n;
}

/* What is opened and not closed takes this descriptor. */
static inline int free_fd(void)
{
	int fd = dup(2);

	MUST(fd >= 0);
	close(fd);
	return fd;
}

/* Delete everything in a directory; returns how many entries there were. */
static inline int empty_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *de;
	int n = 0;

	MUST(dir);
	while ((de = readdir(dir))) {
		if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
			continue;
		if (!unlinkat(dirfd(dir), de->d_name, 0))
			n++;
	}
	closedir(dir);
	return n;
}

static char scratch[512];

static inline int remove_one(const char *path, const struct stat *st, int type,
			     struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void remove_scratch(void)
{
	nftw(scratch, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A new directory below TMPDIR.  After a crash it is for others to remove. */
static inline const char *scratch_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	if (!*scratch) {
		snprintf(scratch, sizeof(scratch), "%s/fuzz-XXXXXX",
			 tmp ? tmp : "/tmp");
		MUST(mkdtemp(scratch));
		atexit(remove_scratch);
	}
	return scratch;
}

static inline void put_text(const char *path, const struct text *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(fd >= 0);
	MUST(write(fd, text->at, text->len) == (ssize_t)text->len);
	close(fd);
}

/*
 * A stream that read() gets in pieces.  How large they are is drawn from the
 * input itself, so that a crash can be had again.
 */
struct stream {
	struct text left;
	uint32_t dice;		/* 0: as much as fits */
};

static inline uint32_t roll(uint32_t *dice)
{
	*dice = *dice * 1664525 + 1013904223;
	return *dice >> 8;
}

static inline size_t stream_read(struct stream *s, void *buf, size_t len)
{
	size_t n = s->left.len < len ? s->left.len : len;

	if (s->dice && n) {
		uint32_t r = roll(&s->dice);

		/* Mostly a few bytes, now and then all there is. */
		if (r % 8 && n > r / 8 % 64 + 1)
			n = r / 8 % 64 + 1;
	}
	memcpy(buf, s->left.at, n);
	s->left.at += n;
	s->left.len -= n;
	return n;
}

/* ---- the mutator ---- */

static inline bool edge(int c)
{
	return c == '\n' || c == SEPARATOR;
}

/* A line (with its end) around a random place. */
static inline struct text some_line(const char *p, size_t size, uint32_t *dice)
{
	size_t from = roll(dice) % size, to = from;

	while (from && !edge(p[from - 1]))
		from--;
	while (to < size && !edge(p[to]))
		to++;
	to += to < size && p[to] == '\n';
	return (struct text){ p + from, to - from };
}

/* The first number, or the first quoted word, behind a random place. */
static inline struct text some_token(const char *p, size_t size, bool number,
				     uint32_t *dice)
{
	size_t i = roll(dice) % size, n = 0;

	for (; i < size; i++)
		if (number ? (p[i] >= '0' && p[i] <= '9') || p[i] == '-' :
		    p[i] == '"')
			break;
	if (i == size)
		return (struct text){ p, 0 };
	if (number) {
		while (i + n < size && strchr("0123456789+-.eE", p[i + n]) &&
		       p[i + n])
			n++;
	} else {
		n = 1;
		while (i + n < size && p[i + n] != '"' && !edge(p[i + n]))
			n++;
		n += i + n < size && p[i + n] == '"';
	}
	return (struct text){ p + i, n };
}

/* Put @with in the place of @what, which lies in the input. */
static inline size_t replace(char *p, size_t size, size_t max, struct text what,
			     const char *with, size_t len)
{
	size_t at = what.at - p, rest = size - at - what.len;

	if (size - what.len + len > max || size - what.len + len == 0)
		return size;
	memmove(p + at + len, p + at + what.len, rest);
	memcpy(p + at, with, len);
	return size - what.len + len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed)
{
	static const char *const numbers[] = {
		"0", "-1", "1", "2", "9", "1024", "0.05", "-0.0", "1e9", "-1e9",
		"1e308", "-1e308", "1e-308", "1e999", "2147483647", "2147483648",
		"-2147483649", "4294967296", "9223372036854775807",
		"-9223372036854775808", "18446744073709551616", "nan", "inf",
	};
	uint32_t dice = seed * 2654435761U + 1;
	char *p = (char *)data, *copy;
	struct text a, b;
	const char *with;

	if (!size || roll(&dice) % 2)
		return LLVMFuzzerMutate(data, size, max);
	switch (roll(&dice) % 6) {
	case 0:		/* a line goes */
		return replace(p, size, max, some_line(p, size, &dice), "", 0);
	case 1:		/* a line comes again somewhere else */
	case 2:
		a = some_line(p, size, &dice);
		b = some_line(p, size, &dice);
		b.len = 0;
		break;
	case 3:		/* a number that is at the end of some range */
	case 4:
		a = some_token(p, size, true, &dice);
		with = numbers[roll(&dice) % (sizeof(numbers) / sizeof(*numbers))];
		return a.len ? replace(p, size, max, a, with, strlen(with)) : size;
	default:	/* a word that stands elsewhere */
		a = some_token(p, size, false, &dice);
		b = some_token(p, size, false, &dice);
		break;
	}
	if (!a.len)
		return size;
	copy = malloc(a.len);
	MUST(copy);
	memcpy(copy, a.at, a.len);
	size = replace(p, size, max, b, copy, a.len);
	free(copy);
	return size;
}

#endif
