// SPDX-License-Identifier: GPL-2.0
/* Workload verify: patterns in memory while what is free is reported. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent.h"

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

struct buffer {
	struct hold h;
	uint64_t seed;
	bool held;
};

#define VERIFY_CHUNK	(64UL * 1024)

/* Word i of a buffer: cheap to make, different for each buffer and place. */
static uint64_t pattern(uint64_t seed, size_t i)
{
	return (seed + i) * 0x9e3779b97f4a7c15ULL;
}

static int verify_take(struct buffer *b, size_t bytes, bool file, uint64_t seed)
{
	static uint64_t chunk[VERIFY_CHUNK / sizeof(uint64_t)];
	size_t words = bytes / sizeof(uint64_t), i, k;

	b->seed = seed;
	b->h.bytes = bytes;
	b->h.map = NULL;
	b->h.fd = -1;
	if (!file) {
		uint64_t *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			return -errno;
		for (i = 0; i < words; i++)
			p[i] = pattern(seed, i);
		b->h.map = p;
	} else {
		b->h.fd = open_tmpfs_file();
		if (b->h.fd < 0)
			return -errno;
		for (i = 0; i < words; i += VERIFY_CHUNK / sizeof(uint64_t)) {
			for (k = 0; k < VERIFY_CHUNK / sizeof(uint64_t); k++)
				chunk[k] = pattern(seed, i + k);
			if (write(b->h.fd, chunk, VERIFY_CHUNK) !=
			    (ssize_t)VERIFY_CHUNK) {
				int err = errno ? -errno : -ENOSPC;

				close(b->h.fd);
				return err;
			}
		}
	}
	b->held = true;
	return 0;
}

/* Compare and count the words that differ. */
static uint64_t verify_check(const struct buffer *b)
{
	static uint64_t chunk[VERIFY_CHUNK / sizeof(uint64_t)];
	size_t words = b->h.bytes / sizeof(uint64_t), i, k;
	uint64_t bad = 0;

	if (b->h.map) {
		const volatile uint64_t *p = b->h.map;

		for (i = 0; i < words; i++)
			bad += p[i] != pattern(b->seed, i);
		return bad;
	}
	for (i = 0; i < words; i += VERIFY_CHUNK / sizeof(uint64_t)) {
		if (pread(b->h.fd, chunk, VERIFY_CHUNK,
			  (off_t)(i * sizeof(uint64_t))) !=
		    (ssize_t)VERIFY_CHUNK) {
			bad += VERIFY_CHUNK / sizeof(uint64_t);
			continue;
		}
		for (k = 0; k < VERIFY_CHUNK / sizeof(uint64_t); k++)
			bad += chunk[k] != pattern(b->seed, i + k);
	}
	return bad;
}

/*
 * Keep patterns in memory while its free part is reported: fill, free half at
 * random after checking it, leave the rest alone for long enough to have the
 * free part reported, fill again.  Whoever loses memory that was in use, or is
 * handed memory that the host takes away afterwards, finds a wrong word.
 */
static int work_verify(const char *name, const json_t *args)
{
	double limit = (double)arg_int(args, "run_ms", 10000) * 1e-3;
	size_t budget = (size_t)arg_int(args, "mib", 768) * MIB;
	/* Anonymous memory that a process may map; the rest goes to files. */
	size_t anon_max = (size_t)arg_int(args, "anon_mib", 384) * MIB;
	uint64_t rnd = (uint64_t)arg_int(args, "seed", 1);
	enum { MAX_BUFFERS = 512 };
	struct buffer *b = calloc(MAX_BUFFERS, sizeof(*b));
	size_t held = 0, anon = 0, i;
	uint64_t bad = 0, checked = 0;
	double start = now_s(), elapsed;
	unsigned int round = 0;
	int err = 0;

	if (!b)
		return -ENOMEM;
	do {
		for (i = 0; i < MAX_BUFFERS && held < budget; i++) {
			size_t bytes;
			bool file;

			if (b[i].held)
				continue;
			rnd = mix(rnd);
			/* 64 KiB to 8 MiB, each power of two as often */
			bytes = VERIFY_CHUNK << (rnd % 8);
			file = (rnd >> 8) & 1 || anon + bytes > anon_max;
			err = verify_take(&b[i], bytes, file, mix(rnd));
			if (err) {
				failed(name, "take memory", -err);
				goto out;
			}
			held += bytes;
			if (!file)
				anon += bytes;
		}
		for (i = 0; i < MAX_BUFFERS; i++) {
			if (!b[i].held)
				continue;
			rnd = mix(rnd);
			if (rnd & 1)
				continue;
			bad += verify_check(&b[i]);
			checked += b[i].h.bytes;
			held -= b[i].h.bytes;
			if (b[i].h.map)
				anon -= b[i].h.bytes;
			give(&b[i].h);
			b[i].held = false;
		}
		/* Every other round: long enough to be reported, or not. */
		sleep_s(round++ & 1 ? 2.5 : 0.2);
		elapsed = now_s() - start;
	} while (elapsed < limit);
out:
	for (i = 0; i < MAX_BUFFERS; i++) {
		if (!b[i].held)
			continue;
		bad += verify_check(&b[i]);
		checked += b[i].h.bytes;
		give(&b[i].h);
	}
	free(b);
	emit_result(name, "mismatches", "count", (double)bad);
	emit_result(name, "checked_mib", "MiB", (double)checked / (double)MIB);
	emit_result(name, "run_s", "s", now_s() - start);
	if (bad)
		emit_text("error", name, "message",
			  "%llu words of memory changed while they were in use",
			  (unsigned long long)bad);
	return err || bad ? -1 : 0;
}

WORKLOAD(work_verify);
