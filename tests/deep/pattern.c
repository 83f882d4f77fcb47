// SPDX-License-Identifier: GPL-2.0
/*
 * pattern SECONDS MIB SEED DIR [KIND]: use memory of all kinds that a process can
 * have, or of one, up to MIB of it, and check that it keeps what was written.
 * Files are made in DIR and have no names. Prints what was checked as a comment
 * of TAP; the exit status is 1 if anything was not as it was left.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SLOTS	64
#define MIB	(1UL << 20)
#define HUGE	(2 * MIB)
#define PIECE	(64UL << 10)	/* of HOLES, every second one is given back */

enum kind { ANON, THP, HUGETLB, SHARED, FILE_PAGES, HOLES, KINDS };

static const char *const kind_names[KINDS] = {
	[ANON] = "anonymous", [THP] = "huge", [HUGETLB] = "hugetlb",
	[SHARED] = "shared", [FILE_PAGES] = "file", [HOLES] = "holes",
};

struct slot {
	enum kind kind;
	uint64_t *word;		/* NULL: not in use */
	size_t size;
	uint64_t seed;
	int fd;			/* of FILE_PAGES, which are not mapped */
};

static struct slot slots[SLOTS];
static enum kind only = KINDS;
static size_t unit = MIB;
static uint64_t checked[KINDS], wrong, gone_bad;
static sigjmp_buf bad_memory;
static uint64_t rnd_state;

static uint64_t rnd(void)
{
	/* xorshift64: the same on each run with the same seed */
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return rnd_state;
}

/* Memory that the test has declared bad is nobody's fault */
static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_code == BUS_MCEERR_AR || info->si_code == BUS_MCEERR_AO)
		siglongjmp(bad_memory, 1);
	signal(sig, SIG_DFL);
	raise(sig);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void fill(uint64_t *word, size_t size, uint64_t seed)
{
	size_t i;

	for (i = 0; i < size / sizeof(*word); i++)
		word[i] = seed + i;
}

static void check(const struct slot *s, const uint64_t *word, size_t size,
		  uint64_t seed)
{
	size_t i;

	for (i = 0; i < size / sizeof(*word); i++) {
		if (word[i] == seed + i)
			continue;
		printf("# %s memory: %#llx at byte %zu of %zu, should be %#llx\n",
		       kind_names[s->kind], (unsigned long long)word[i],
		       i * sizeof(*word), size, (unsigned long long)(seed + i));
		fflush(stdout);
		wrong++;
		break;
	}
	checked[s->kind] += size;
}

/* Through read() and write(): pages of the cache that nobody maps */
static bool file_io(struct slot *s, bool writing)
{
	static uint64_t buf[MIB / sizeof(uint64_t)];
	size_t off;

	for (off = 0; off < s->size; off += MIB) {
		uint64_t seed = s->seed + off / sizeof(*buf);
		ssize_t n;

		if (writing) {
			fill(buf, MIB, seed);
			n = pwrite(s->fd, buf, MIB, (off_t)off);
		} else {
			n = pread(s->fd, buf, MIB, (off_t)off);
			if (n == (ssize_t)MIB)
				check(s, buf, MIB, seed);
		}
		if (n != (ssize_t)MIB) {
			/* It ends before a page that has gone bad */
			if (n >= 0)
				errno = EIO;
			return false;
		}
	}
	return true;
}

static void take(struct slot *s, size_t room, const char *dir)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	size_t off;

	s->kind = only < KINDS ? only : (enum kind)(rnd() % KINDS);
	s->size = (1 + rnd() % 16) * unit;
	s->seed = rnd();
	if (s->kind == THP || s->kind == HUGETLB)
		s->size = s->size / HUGE * HUGE + HUGE;
	if (s->size > room)
		return;
	if (s->kind == FILE_PAGES) {
		s->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (s->fd >= 0 && file_io(s, true))
			s->word = (uint64_t *)s;	/* in use */
		else if (s->fd >= 0)
			close(s->fd);
		return;
	}
	if (s->kind == HUGETLB)
		flags |= MAP_HUGETLB;
	if (s->kind == SHARED)
		flags = MAP_SHARED | MAP_ANONYMOUS;
	s->word = mmap(NULL, s->size, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (s->word == MAP_FAILED) {
		s->word = NULL;
		return;
	}
	if (s->kind == THP)
		madvise(s->word, s->size, MADV_HUGEPAGE);
	if (s->kind == HOLES)
		madvise(s->word, s->size, MADV_NOHUGEPAGE);
	fill(s->word, s->size, s->seed);
	/* Every second piece, so that what is left has to be moved */
	for (off = PIECE; s->kind == HOLES && off < s->size; off += 2 * PIECE)
		madvise((char *)s->word + off, PIECE, MADV_DONTNEED);
}

static void let_go(struct slot *s)
{
	size_t words = PIECE / sizeof(*s->word), i;

	if (s->kind == FILE_PAGES) {
		/* What cannot be read is not wrong: there may be no memory, or bad one */
		if (!file_io(s, false)) {
			int err = errno;

			printf("# a file cannot be read: %s\n", strerror(err));
			if (err == ENOMEM || err == EIO)
				gone_bad++;
			else
				wrong++;
		}
		close(s->fd);
	} else {
		if (s->kind != HOLES)
			check(s, s->word, s->size, s->seed);
		for (i = 0; s->kind == HOLES && i < s->size / sizeof(*s->word);
		     i += 2 * words)
			check(s, s->word + i, PIECE, s->seed + i);
		munmap(s->word, s->size);
	}
	s->word = NULL;
}

/* Take or let go, but for what has gone bad */
static void step(struct slot *s, size_t room, const char *dir)
{
	if (sigsetjmp(bad_memory, 1)) {
		gone_bad++;
		if (s->kind == FILE_PAGES)
			close(s->fd);
		else
			munmap(s->word, s->size);
		s->word = NULL;
	} else if (s->word) {
		let_go(s);
	} else if (room) {
		take(s, room, dir);
	}
}

static size_t used(void)
{
	size_t sum = 0;
	int i;

	for (i = 0; i < SLOTS; i++)
		sum += slots[i].word ? slots[i].size : 0;
	return sum;
}

static void let_all_go(void)
{
	int i;

	for (i = 0; i < SLOTS; i++)
		step(&slots[i], 0, NULL);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };
	double end;
	size_t limit;
	int i;

	for (i = 0; argc == 6 && i < KINDS; i++)
		if (!strcmp(argv[5], kind_names[i]))
			only = (enum kind)i;
	if (argc < 5 || argc > 6 || (argc == 6 && only == KINDS)) {
		fprintf(stderr, "usage: pattern SECONDS MIB SEED DIR [anonymous|huge|hugetlb|shared|file|holes]\n");
		return 2;
	}
	sigaction(SIGBUS, &sa, NULL);
	end = now() + atof(argv[1]);
	limit = strtoul(argv[2], NULL, 10) * MIB;
	/* Half of the slots are in use at a time, and of holes only half is there */
	if (only == HOLES)
		unit = (limit / (SLOTS * 4) / MIB + 1) * MIB;
	rnd_state = strtoull(argv[3], NULL, 10) * 0x9e3779b97f4a7c15ULL + 1;

	while (now() < end) {
		struct slot *s = &slots[rnd() % SLOTS];

		step(s, limit - used(), argv[4]);
		/* Now and then let all of it lie free for as long as it takes */
		if (rnd() % 256 == 0) {
			let_all_go();
			usleep((useconds_t)(rnd() % 1500000));
		} else if (rnd() % 4 == 0) {
			usleep((useconds_t)(rnd() % 50000));
		}
	}
	let_all_go();
	for (i = 0; i < KINDS; i++)
		printf("# pattern %s: %llu MiB checked\n", kind_names[i],
		       (unsigned long long)(checked[i] / MIB));
	printf("# pattern: %llu wrong, %llu gone bad\n", (unsigned long long)wrong,
	       (unsigned long long)gone_bad);
	return wrong != 0;
}
