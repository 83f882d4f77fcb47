// SPDX-License-Identifier: GPL-2.0
/*
 * again MIB ROUNDS PAUSE_MS: take so much memory, write to each page, give it up,
 * wait, so many times. Prints by round when its last page was written, in ms from
 * when the one before was given up: the longest that a page was free in between,
 * PAUSE_MS included; in the first round how long it took. The exit status is 2 for a bad argument, 1 if there is no such memory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* number(TEXT, MAX): from 1 to MAX, or 0 */
static size_t number(const char *text, size_t max)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	return errno || end == text || *end || n > max ? 0 : n;
}

int main(int argc, char **argv)
{
	size_t mib = argc == 4 ? number(argv[1], 1 << 20) : 0;
	size_t rounds = argc == 4 ? number(argv[2], 1 << 20) : 0;
	size_t pause_ms = argc == 4 ? number(argv[3], 1 << 20) : 0;
	size_t page = sysconf(_SC_PAGESIZE);
	double freed;

	if (!mib || !rounds || !pause_ms) {
		fprintf(stderr, "usage: again MIB ROUNDS PAUSE_MS, each from 1 on\n");
		return 2;
	}
	freed = now_ms();
	for (size_t i = 0; i < rounds; i++) {
		char *mem = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (mem == MAP_FAILED) {
			fprintf(stderr, "again: no %zu MiB of memory: %s; take less\n",
				mib, strerror(errno));
			return 1;
		}
		for (size_t at = 0; at < mib << 20; at += page)
			((volatile char *)mem)[at] = 1;
		printf("round %zu: %.0f ms\n", i, now_ms() - freed);
		freed = now_ms();
		munmap(mem, mib << 20);
		usleep(pause_ms * 1000);
	}
	return 0;
}
