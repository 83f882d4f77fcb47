// SPDX-License-Identifier: GPL-2.0
/* Emptying the allocator's lists, and the loops that are measured. */
#include <linux/irqflags.h>
#include <linux/preempt.h>

#include "bench.h"

#define SWEEPS		16		/* attempts to empty the lists */

static gfp_t bench_gfp(int mt)
{
	switch (mt) {
	case MIGRATE_MOVABLE:
		return BENCH_GFP | __GFP_MOVABLE;
	case MIGRATE_RECLAIMABLE:
		return BENCH_GFP | __GFP_RECLAIMABLE;
	default:
		return BENCH_GFP;
	}
}

/*
 * Emptying the lists
 */

static bool hold(struct bench *b, unsigned int order, int mt)
{
	struct page *page;

	if (b->nr_held + (1UL << order) > b->limit)
		return false;

	page = alloc_pages(bench_gfp(mt), order);
	if (!page)
		return false;

	set_page_private(page, order);
	list_add(&page->lru, &b->held);
	b->nr_held += 1UL << order;

	return true;
}

void release_held(struct bench *b)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &b->held, lru) {
		unsigned int order = page_private(page);

		list_del(&page->lru);
		set_page_private(page, 0);
		__free_pages(page, order);
	}
	b->nr_held = 0;
}

static bool hold_pcp(struct bench *b)
{
	struct per_cpu_pages *pcp = this_cpu_ptr(b->zone->per_cpu_pageset);
	int i;

	for (i = 0; i < NR_PCP_LISTS; i++) {
		unsigned int order = i / MIGRATE_PCPTYPES;
		int mt = i % MIGRATE_PCPTYPES;

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
		if (i >= NR_LOWORDER_PCP_LISTS) {
			order = HPAGE_PMD_ORDER;
			mt = i == NR_LOWORDER_PCP_LISTS ? MIGRATE_UNMOVABLE :
							  MIGRATE_MOVABLE;
		}
#endif
		while (!list_empty(&pcp->lists[i]))
			if (!hold(b, order, mt))
				return false;
	}

	return true;
}

/*
 * Each free halves the number of pages that the next refill of the per-cpu
 * list takes.  A refill of its least size, which is odd, cannot keep leaving a
 * page behind.
 */
static void reset_refill(void)
{
	struct page *page;
	int i;

	for (i = 0; i < 8; i++) {
		page = alloc_pages(BENCH_GFP, 0);
		if (page)
			__free_pages(page, 0);
	}
}

/*
 * Take all remains smaller than the largest order off the lists.  Returns
 * false if they could not all be had.
 */
bool settle(struct bench *b)
{
	unsigned int order, take;
	bool clean;
	int i, mt;

	for (i = 0; i < SWEEPS; i++) {
		if (!hold_pcp(b))
			return false;

		clean = true;
		for (order = 0; order < NR_ORDERS - 1; order++) {
			for (mt = 0; mt < MIGRATE_PCPTYPES; mt++) {
				struct list_head *list =
					&b->zone->free_area[order].free_list[mt];

				/* Nor may huge pages come by way of a list. */
				take = order;
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
				if (take == HPAGE_PMD_ORDER)
					take--;
#endif
				while (!list_empty(list)) {
					clean = false;
					if (!order)
						reset_refill();
					if (!hold(b, take, mt) || !hold_pcp(b))
						return false;
				}
			}
		}
		if (clean)
			return true;
	}

	return false;
}

/*
 * Samples. What there is to do besides measuring is done once a chunk is over:
 * it neither costs the next operation its cache nor its instructions.
 */

/* Both halves of a pair change the count, and they cannot both be misses. */
static void file_pairs(struct worker *w, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		bool served = pcp_serves(w->order);
		int pcp = w->samples[i].pcp;

		latency_add(&w->lat[OP_ALLOC], &w->b->clk, w->alloc[i],
			    served && pcp <= 0);
		latency_add(&w->lat[OP_FREE], &w->b->clk, w->free[i],
			    served && pcp >= 0);
	}
}

static void file_samples(struct worker *w, unsigned int n)
{
	int size = 1 << w->order;
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct sample *s = &w->samples[i];

		latency_add(&w->lat[s->op], &w->b->clk, s->ticks,
			    s->pcp == (s->op == OP_ALLOC ? -size : size));
	}
}

static struct per_cpu_pages *own_pcp(struct bench *b)
{
	return this_cpu_ptr(b->zone->per_cpu_pageset);
}

/*
 * The measured loops.  All return the number of operations done, which is
 * less than asked for if the allocator ran out of memory.
 */

unsigned int repeat_total(struct bench *b, unsigned int order,
			  unsigned int n, struct total *total)
{
	unsigned int i, end;
	struct page *page;
	unsigned long flags;
	u64 start;

	for (i = 0; i < n; ) {
		end = min(i + CHUNK, n);
		local_irq_save(flags);
		start = bench_clock(b->clk.cycles);
		for (; i < end; i++) {
			page = alloc_pages(BENCH_GFP, order);
			if (!page)
				break;
			__free_pages(page, order);
		}
		total->alloc += bench_clock(b->clk.cycles) - start;
		local_irq_restore(flags);
		if (i < end)
			break;
	}

	return i;
}

unsigned int repeat_samples(struct worker *w, unsigned int n)
{
	struct per_cpu_pages *pcp = own_pcp(w->b);
	unsigned int i, k, end, order = w->order;
	struct bench *b = w->b;
	struct page *page;
	unsigned long flags;
	u64 t0, t1, t2;
	int before;

	for (i = 0; i < n; i += k) {
		end = min_t(unsigned int, n - i, CHUNK);
		local_irq_save(flags);
		for (k = 0; k < end; k++) {
			before = pcp_count(pcp);
			t0 = bench_clock(b->clk.cycles);
			page = alloc_pages(BENCH_GFP, order);
			t1 = bench_clock(b->clk.cycles);
			if (!page)
				break;
			__free_pages(page, order);
			t2 = bench_clock(b->clk.cycles);
			w->samples[k].pcp = pcp_count(pcp) - before;
			w->alloc[k] = t1 - t0;
			w->free[k] = t2 - t1;
		}
		local_irq_restore(flags);
		file_pairs(w, k);
		if (k < end)
			return i + k;
	}

	return n;
}

unsigned int bulk_total(struct bench *b, unsigned int order,
			unsigned int n, struct total *total)
{
	unsigned int i, got, end;
	unsigned long flags;
	u64 start;

	for (i = 0; i < n; ) {
		end = min(i + CHUNK, n);
		local_irq_save(flags);
		start = bench_clock(b->clk.cycles);
		for (; i < end; i++) {
			b->pages[i] = alloc_pages(BENCH_GFP, order);
			if (!b->pages[i])
				break;
		}
		total->alloc += bench_clock(b->clk.cycles) - start;
		local_irq_restore(flags);
		if (i < end)
			break;
	}

	got = i;
	for (i = 0; i < got; ) {
		end = min(i + CHUNK, got);
		local_irq_save(flags);
		start = bench_clock(b->clk.cycles);
		for (; i < end; i++)
			__free_pages(b->pages[i], order);
		total->free += bench_clock(b->clk.cycles) - start;
		local_irq_restore(flags);
	}

	return got;
}

/* Measures one operation on a place: a block comes, or goes. */
static __always_inline bool sample_one(struct worker *w, struct sample *s,
				       struct per_cpu_pages *pcp,
				       struct page **page, int op)
{
	int before = pcp_count(pcp);
	struct bench *b = w->b;
	u64 start;

	s->op = op;
	if (op == OP_ALLOC) {
		start = bench_clock(b->clk.cycles);
		*page = alloc_pages(BENCH_GFP, w->order);
		s->ticks = bench_clock(b->clk.cycles) - start;
		if (!*page)
			return false;
	} else {
		start = bench_clock(b->clk.cycles);
		__free_pages(*page, w->order);
		s->ticks = bench_clock(b->clk.cycles) - start;
		*page = NULL;
	}
	s->pcp = pcp_count(pcp) - before;

	return true;
}

static unsigned int bulk_one_way(struct worker *w, unsigned int n, int op)
{
	struct per_cpu_pages *pcp = own_pcp(w->b);
	unsigned int i, k, end;
	unsigned long flags;

	for (i = 0; i < n; i += k) {
		end = min_t(unsigned int, n - i, CHUNK);
		local_irq_save(flags);
		for (k = 0; k < end; k++)
			if (!sample_one(w, &w->samples[k], pcp, &w->pages[i + k],
					op))
				break;
		local_irq_restore(flags);
		file_samples(w, k);
		if (k < end)
			return i + k;
	}

	return n;
}

unsigned int bulk_samples(struct worker *w, unsigned int n)
{
	unsigned int got = bulk_one_way(w, n, OP_ALLOC);

	bulk_one_way(w, got, OP_FREE);

	return got;
}

/* xorshift: the same places in the same order in each run */
static u32 next_random(unsigned int *seed)
{
	u32 x = *seed;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*seed = x;

	return x;
}

/* @filed: or not, while half of the places come to be taken */
static unsigned int random_ops(struct worker *w, unsigned int places,
			       unsigned int n, bool filed)
{
	struct per_cpu_pages *pcp = own_pcp(w->b);
	unsigned int i, k, end;
	unsigned long flags;

	for (i = 0; i < n; i += k) {
		end = min_t(unsigned int, n - i, CHUNK);
		local_irq_save(flags);
		for (k = 0; k < end; k++) {
			u32 at = ((u64)next_random(&w->seed) * places) >> 32;
			struct page **page = &w->pages[at];

			if (!sample_one(w, &w->samples[k], pcp, page,
					*page ? OP_FREE : OP_ALLOC))
				break;
		}
		local_irq_restore(flags);
		if (filed)
			file_samples(w, k);
		if (k < end)
			return i + k;
	}

	return n;
}

/* Twice as many operations: half of them are allocations. */
unsigned int random_samples(struct worker *w, unsigned int places)
{
	unsigned int i, got;

	memset(w->pages, 0, places * sizeof(*w->pages));
	got = random_ops(w, places, 2 * places, false);
	got = got == 2 * places ? random_ops(w, places, 2 * w->b->count, true) / 2 : 0;
	for (i = 0; i < places; i++)
		if (w->pages[i])
			__free_pages(w->pages[i], w->order);

	return got;
}
