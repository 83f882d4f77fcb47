/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Log-linear histograms of a fixed size, for latencies.
 *
 * Each power of two is cut into HIST_SUB buckets of one width, so that no bucket
 * is wider than 1/32 of what lies in it; below 64 each value has one of its own.
 * The modules count with this, the report adds up boots with it, and the unit
 * tests compile it, too.
 */
#ifndef ALLOC_HIST_H
#define ALLOC_HIST_H

#ifdef __KERNEL__
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/types.h>
#else
typedef unsigned long long u64;
typedef unsigned int u32;

static inline int fls64(u64 v)
{
	return v ? 64 - __builtin_clzll(v) : 0;
}
#endif

#define HIST_SUB	32U
#define HIST_SUB_BITS	5
#define HIST_MAX_BITS	40	/* 18 minutes in ns; the last bucket has what is longer */
#define HIST_BUCKETS	((HIST_MAX_BITS - HIST_SUB_BITS + 1) * HIST_SUB)

struct hist {
	u64 nr;
	u64 sum;
	u64 max;
	u32 bucket[HIST_BUCKETS];
};

static inline unsigned int hist_index(u64 v)
{
	unsigned int shift;

	if (v < HIST_SUB)
		return v;
	if (v >> HIST_MAX_BITS)
		return HIST_BUCKETS - 1;
	shift = fls64(v) - 1 - HIST_SUB_BITS;

	return (shift << HIST_SUB_BITS) + (unsigned int)(v >> shift);
}

/* The lowest value of a bucket; that of the next one is where it ends. */
static inline u64 hist_low(unsigned int i)
{
	unsigned int shift = i < 2 * HIST_SUB ? 0 : (i >> HIST_SUB_BITS) - 1;

	return (u64)(i - (shift << HIST_SUB_BITS)) << shift;
}

static inline void hist_add(struct hist *h, u64 v)
{
	h->bucket[hist_index(v)]++;
	h->nr++;
	h->sum += v;
	if (v > h->max)
		h->max = v;
}

static inline void hist_merge(struct hist *to, const struct hist *from)
{
	unsigned int i;

	for (i = 0; i < HIST_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
	to->nr += from->nr;
	to->sum += from->sum;
	if (from->max > to->max)
		to->max = from->max;
}

/*
 * The value at a place in the order of size, from 0: the middle of its bucket,
 * but not more than the largest value that there was. 0 if there is none.
 */
static inline u64 hist_at(const struct hist *h, u64 place)
{
	unsigned int i;
	u64 mid, seen = 0;

	for (i = 0; i < HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen > place) {
			mid = hist_low(i) + (hist_low(i + 1) - 1 - hist_low(i)) / 2;
			return mid < h->max ? mid : h->max;
		}
	}

	return h->max;
}

#endif /* ALLOC_HIST_H */
