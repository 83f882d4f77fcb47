// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs a host to supply memory again, and to take it: CPU time a GiB of
 * the process whose memory it is, as the process of a guest. Anonymous memory
 * with MADV_DONTNEED is what QEMU does, a file on tmpfs with MADV_REMOVE what
 * User Mode Linux does. Prints the medians of ROUNDS rounds, in each of which
 * every kind has its turn.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define BYTES	(256UL << 20)
#define GIB	(1UL << 30)
#define ROUNDS	11

static struct kind {
	const char *name;
	bool file;
	int page;		/* MADV_HUGEPAGE or MADV_NOHUGEPAGE */
	int take;		/* what takes the memory from the process */
	char *map;
	double touch[ROUNDS], taken[ROUNDS], refill[ROUNDS];	/* CPU seconds */
} kinds[] = {
	{ .name = "anonymous, 4 KiB", .file = false, .page = MADV_NOHUGEPAGE,
	  .take = MADV_DONTNEED },
	{ .name = "anonymous, 2 MiB", .file = false, .page = MADV_HUGEPAGE,
	  .take = MADV_DONTNEED },
	{ .name = "tmpfs, 4 KiB", .file = true, .page = MADV_NOHUGEPAGE,
	  .take = MADV_REMOVE },
};

#define NR_KINDS	(sizeof(kinds) / sizeof(*kinds))

static void fail(const char *what, const char *kind, const char *todo)
{
	fprintf(stderr, "price: %s of %s: %s; %s\n", what, kind, strerror(errno), todo);
	exit(1);
}

static double cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* A write to each page of 4 KiB; returns CPU seconds */
static double touch(volatile char *map)
{
	double start = cpu_s();
	size_t at;

	for (at = 0; at < BYTES; at += 4096)
		map[at]++;
	return cpu_s() - start;
}

static void prepare(struct kind *kind)
{
	int fd = -1;

	if (kind->file) {
		fd = memfd_create("price", 0);
		if (fd < 0 || ftruncate(fd, BYTES))
			fail("a file", kind->name, "give it 256 MiB of tmpfs");
	}
	kind->map = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
			 kind->file ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
	if (kind->map == MAP_FAILED)
		fail("mmap", kind->name, "free 256 MiB");
	madvise(kind->map, BYTES, kind->page);
	touch(kind->map);
}

static void measure(struct kind *kind, unsigned int round)
{
	double start;

	kind->touch[round] = touch(kind->map);
	start = cpu_s();
	if (madvise(kind->map, BYTES, kind->take))
		fail("madvise", kind->name, "use a kernel that knows it");
	kind->taken[round] = cpu_s() - start;
	kind->refill[round] = touch(kind->map);
}

static int by_value(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return (d > 0) - (d < 0);
}

static double median_gib(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), by_value);
	return values[ROUNDS / 2] * GIB / BYTES;
}

int main(void)
{
	unsigned int round;
	size_t i;

	for (i = 0; i < NR_KINDS; i++)
		prepare(&kinds[i]);
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < NR_KINDS; i++)
			measure(&kinds[(i + round) % NR_KINDS], round);
	printf("%-18s %8s %8s %8s %8s  CPU s a GiB\n", "memory", "touch", "take",
	       "refill", "price");
	for (i = 0; i < NR_KINDS; i++) {
		double t = median_gib(kinds[i].touch), d = median_gib(kinds[i].taken);
		double r = median_gib(kinds[i].refill);

		printf("%-18s %8.3f %8.3f %8.3f %8.3f\n", kinds[i].name, t, d, r,
		       r - t + d);
	}
	return 0;
}
