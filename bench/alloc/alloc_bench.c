// SPDX-License-Identifier: GPL-2.0
/*
 * Cost of the page allocator, order by order.
 *
 * Loading the module runs the benchmark in the context of the loader, on the
 * CPU that it runs on, and leaves what came out in debugfs until it is unloaded:
 * alloc_bench/results, a table, and alloc_bench/histograms.
 *
 * Three patterns:
 *   repeat  allocate one block, free it, again and again.  Orders that the
 *           per-cpu lists keep never reach the buddy lists.
 *   bulk    allocate many blocks, then free them in the order in which they
 *           came, so that they are split and merged.
 *   random  choose one of many places: if there is a block in it free that, if
 *           not allocate one.
 *
 * repeat and bulk are run twice: once without reading a clock in between, which
 * gives total_ns and mean_ns (of several such passes the cheapest), and once with
 * a clock read around each operation, from which the cost of the read is taken
 * off and which gives the percentiles.  In repeat mode the first gives one
 * figure for the pair, so there the mean of its two halves is from the second.
 *
 * Where a per-cpu list served some operations and others not, they also have
 * rows of their own: "bulk-hit" and "bulk-miss".  A miss is what refills a list,
 * or empties one that has become too long.  With several CPUs each pattern is
 * run on all of them at the same time as well: "bulk-4cpus".
 *
 * On QEMU with -icount shift=0 a tick of the CPU's counter is an instruction;
 * with clock=ticks the columns count those, whatever they are named.  Such
 * figures ought to be the same in each run and comparable between kernels.
 * They also depend on what earlier users left on the free lists and the
 * per-cpu lists, so before each measurement on one CPU the remains are taken off
 * them and held until the end; every block then comes out of one of the largest
 * order.  How many pages a per-cpu list keeps depends on the size of the zone and
 * its history, unless it is pinned:
 *
 *   echo 1000000 > /proc/sys/vm/percpu_pagelist_high_fraction
 *
 * Lines that begin with # say what was left out and why.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bits.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "measure.h"

#define CHUNK		256		/* operations with interrupts off */
#define PASSES		3		/* passes of which the cheapest counts */
#define SWEEPS		16		/* attempts to empty the lists */
#define MAX_COUNT	BIT(20)
#define RESULTS_SIZE	SZ_64K
#define HISTOGRAMS_SIZE	SZ_1M

static unsigned int count = 4096;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "Operations an order (default 4096)");

static unsigned int orders = (1U << NR_ORDERS) - 1;
module_param(orders, uint, 0444);
MODULE_PARM_DESC(orders, "Mask of the orders to measure (default all)");

static char *mode = "all";
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode, "Of repeat, bulk and random, separated by commas, or all (default)");

static unsigned int cpus;
module_param(cpus, uint, 0444);
MODULE_PARM_DESC(cpus, "CPUs for what is run on several, 1: leave that out (default all)");

static char *clock = "auto";
module_param(clock, charp, 0444);
MODULE_PARM_DESC(clock, "ktime, cycles (the CPU counter, scaled to ns), ticks (the same, raw) or auto (default: ktime unless too coarse)");

enum { REPEAT, BULK, RANDOM, NR_MODES };

static const char * const mode_names[NR_MODES] = { "repeat", "bulk", "random" };

/* Operations of a chunk, as they were measured. */
struct sample {
	u64 ticks;
	int pcp;		/* by how much the per-cpu lists' count changed */
	int op;
};

/* What one CPU measures with; all of it is there before anything is measured. */
struct worker {
	struct bench *b;
	struct page **pages;
	u64 *alloc;		/* of pairs, in ticks */
	u64 *free;
	struct sample *samples;
	struct latency lat[NR_OPS];
	/* if it is one of several */
	struct task_struct *task;
	struct completion done;
	atomic_t *ready;
	unsigned int nr_workers, mode, order, n, got, seed;
};

struct bench {
	struct zone *zone;
	struct clock clk;
	unsigned long limit;	/* pages that may be held */
	unsigned long nr_held;
	struct list_head held;
	struct worker **workers;	/* the first one is who loads the module */
	struct page **pages;	/* the first one's */
	unsigned int nr_workers;
	struct hist sum;
	struct seq_buf out;
	struct seq_buf hists;
	unsigned int hists_lost;
};

struct total {
	u64 alloc;
	u64 free;
};

static char *results, *histograms;
static struct debugfs_blob_wrapper histograms_blob;
static struct dentry *debugfs_dir;

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

static void release_held(struct bench *b)
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
static bool settle(struct bench *b)
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

static unsigned int repeat_total(struct bench *b, unsigned int order,
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

static unsigned int repeat_samples(struct worker *w, unsigned int n)
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

static unsigned int bulk_total(struct bench *b, unsigned int order,
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

static unsigned int bulk_samples(struct worker *w, unsigned int n)
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
static unsigned int random_samples(struct worker *w, unsigned int places)
{
	unsigned int i, got;

	memset(w->pages, 0, places * sizeof(*w->pages));
	got = random_ops(w, places, 2 * places, false);
	got = got == 2 * places ? random_ops(w, places, 2 * count, true) / 2 : 0;
	for (i = 0; i < places; i++)
		if (w->pages[i])
			__free_pages(w->pages[i], w->order);

	return got;
}

static void worker_reset(struct worker *w, unsigned int md, unsigned int order)
{
	memset(w->lat, 0, sizeof(w->lat));
	w->mode = md;
	w->order = order;
}

/*
 * Results
 */

static void print_latency(struct bench *b, const char *md, const char *op,
			  unsigned int order, const struct hist *h,
			  const u64 *total, unsigned int n)
{
	print_hist_row(&b->out, md, op, order, h, total, n);
	b->hists_lost += !print_hist(&b->hists, md, op, order, h);
}

/* @suffix: of how many CPUs; @total: see print_hist_row() */
static void print_modes(struct bench *b, unsigned int md, const char *suffix,
			int op, unsigned int order, const struct latency *lat,
			const u64 *total, unsigned int n)
{
	static const char * const kinds[NR_KINDS] = { "miss", "hit" };
	char name[32];
	int k;

	memset(&b->sum, 0, sizeof(b->sum));
	for (k = 0; k < NR_KINDS; k++)
		hist_merge(&b->sum, &lat->kind[k]);
	snprintf(name, sizeof(name), "%s%s", mode_names[md], suffix);
	print_latency(b, name, op_names[op], order, &b->sum, total, n);

	if (!lat->kind[PCP_HIT].nr || !lat->kind[PCP_MISS].nr)
		return;
	for (k = 0; k < NR_KINDS; k++) {
		snprintf(name, sizeof(name), "%s%s-%s", mode_names[md], suffix,
			 kinds[k]);
		print_latency(b, name, op_names[op], order, &lat->kind[k], NULL, 0);
	}
}

static void print_short(struct bench *b, unsigned int md, const char *suffix,
			unsigned int order, unsigned int got, unsigned int want)
{
	char name[32];
	int op;

	snprintf(name, sizeof(name), "%s%s", mode_names[md], suffix);
	seq_buf_printf(&b->out, "# %s order %u: out of memory after %u of %u blocks\n",
		       name, order, got, want);
	for (op = 0; op < NR_OPS; op++)
		print_row(&b->out, name, op_names[op], order, 0, 0, 0, 0, 0, 0);
}

static void print_unsettled(struct bench *b, unsigned int md, unsigned int order)
{
	seq_buf_printf(&b->out, "# %s order %u: lists not emptied, depends on history\n",
		       mode_names[md], order);
}

/* What two clock reads in a row differ by. */
static void measure_overhead(struct bench *b)
{
	struct worker *w = b->workers[0];
	unsigned int i, k, end;
	unsigned long flags;
	u64 start;

	memset(&b->sum, 0, sizeof(b->sum));
	for (i = 0; i < count; i += k) {
		end = min_t(unsigned int, count - i, CHUNK);
		local_irq_save(flags);
		for (k = 0; k < end; k++) {
			start = bench_clock(b->clk.cycles);
			w->alloc[k] = bench_clock(b->clk.cycles) - start;
		}
		local_irq_restore(flags);
		while (end--)
			hist_add(&b->sum, w->alloc[end]);
	}

	b->clk.overhead = hist_permille(&b->sum, 500);
	print_row(&b->out, "-", "overhead", 0, count, to_ns(&b->clk, b->sum.sum),
		  to_ns(&b->clk, b->clk.overhead),
		  to_ns(&b->clk, hist_permille(&b->sum, 990)),
		  to_ns(&b->clk, hist_permille(&b->sum, 999)),
		  to_ns(&b->clk, b->sum.max));
}

static void measure_repeat(struct bench *b, unsigned int order)
{
	struct total total, best = { .alloc = U64_MAX };
	struct worker *w = b->workers[0];
	unsigned int i, got = 0;
	bool settled;
	int op;

	worker_reset(w, REPEAT, order);
	/* Nobody else gets to use the allocator, interrupts apart. */
	preempt_disable();
	settled = settle(b);
	for (i = 0; i <= PASSES; i++) {
		total = (struct total){};
		got = repeat_total(b, order, count, &total);
		if (got < count)
			break;
		/* The first warms up. */
		if (i && total.alloc < best.alloc)
			best = total;
	}
	if (got == count)
		got = repeat_samples(w, count);
	preempt_enable();

	if (!settled)
		print_unsettled(b, REPEAT, order);
	if (got < count) {
		print_short(b, REPEAT, "", order, got, count);
		return;
	}

	for (op = 0; op < NR_OPS; op++)
		print_modes(b, REPEAT, "", op, order, &w->lat[op], NULL, 0);
	best.alloc -= min(best.alloc, b->clk.overhead * DIV_ROUND_UP(count, CHUNK));
	print_row(&b->out, "repeat", "pair", order, count,
		  to_ns(&b->clk, best.alloc), 0, 0, 0, 0);
}

/*
 * A power of two, so that kernels whose free memory differs a little still do
 * the same work; 0 if there is not enough for one.
 */
static unsigned int blocks_for(unsigned long nr_free, unsigned int order)
{
	unsigned int n = min_t(unsigned long, count, nr_free / 4 >> order);

	return n ? rounddown_pow_of_two(n) : 0;
}

static void measure_bulk(struct bench *b, unsigned int order, unsigned long nr_free)
{
	unsigned int i, n = blocks_for(nr_free, order), rounds, got = 0;
	struct total total, best = { U64_MAX, U64_MAX };
	struct worker *w = b->workers[0];
	bool settled;
	u64 clocks;

	if (!n) {
		print_short(b, BULK, "", order, 0, 1);
		return;
	}
	rounds = max(count / n, 1U);

	worker_reset(w, BULK, order);
	preempt_disable();
	settled = settle(b);
	for (i = 0; i <= PASSES; i++) {
		total = (struct total){};
		got = bulk_total(b, order, n, &total);
		if (got < n)
			break;
		/* The first warms up, and has pageblocks change their type. */
		if (!i)
			continue;
		best.alloc = min(best.alloc, total.alloc);
		best.free = min(best.free, total.free);
	}
	for (i = 0; i < rounds && got == n; i++)
		got = bulk_samples(w, n);
	preempt_enable();

	if (!settled)
		print_unsettled(b, BULK, order);
	if (got < n) {
		print_short(b, BULK, "", order, got, n);
		return;
	}

	clocks = b->clk.overhead * DIV_ROUND_UP(n, CHUNK);
	best.alloc = to_ns(&b->clk, best.alloc - min(best.alloc, clocks));
	best.free = to_ns(&b->clk, best.free - min(best.free, clocks));
	print_modes(b, BULK, "", OP_ALLOC, order, &w->lat[OP_ALLOC], &best.alloc, n);
	print_modes(b, BULK, "", OP_FREE, order, &w->lat[OP_FREE], &best.free, n);
}

static void measure_random(struct bench *b, unsigned int order,
			   unsigned long nr_free)
{
	unsigned int n = blocks_for(nr_free, order), got;
	struct worker *w = b->workers[0];
	bool settled;
	int op;

	if (!n) {
		print_short(b, RANDOM, "", order, 0, 1);
		return;
	}

	worker_reset(w, RANDOM, order);
	w->seed = order + 1;
	preempt_disable();
	settled = settle(b);
	got = random_samples(w, n);
	preempt_enable();

	if (!settled)
		print_unsettled(b, RANDOM, order);
	if (got < count) {
		print_short(b, RANDOM, "", order, got, count);
		return;
	}

	for (op = 0; op < NR_OPS; op++)
		print_modes(b, RANDOM, "", op, order, &w->lat[op], NULL, 0);
}

/*
 * Several CPUs at the same time
 */

static int worker_run(void *arg)
{
	unsigned int i, rounds = 1;
	struct worker *w = arg;

	/* Everybody is on a CPU of his own before anybody begins. */
	atomic_inc(w->ready);
	while (atomic_read(w->ready) < w->nr_workers) {
		cpu_relax();
		cond_resched();
	}

	preempt_disable();
	switch (w->mode) {
	case REPEAT:
		w->got = repeat_samples(w, w->n);
		break;
	case BULK:
		rounds = max(count / w->n, 1U);
		for (i = 0, w->got = w->n; i < rounds && w->got == w->n; i++)
			w->got = bulk_samples(w, w->n);
		break;
	default:
		w->got = random_samples(w, w->n);
		break;
	}
	preempt_enable();
	complete(&w->done);

	/* Whoever stops it must find it. */
	for (;;) {
		set_current_state(TASK_IDLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);

	return 0;
}

static int workers_start(struct bench *b, atomic_t *ready)
{
	unsigned int i, cpu = cpumask_first(cpu_online_mask);
	int err = 0;

	for (i = 0; i < b->nr_workers; i++) {
		struct worker *w = b->workers[i];

		w->ready = ready;
		w->nr_workers = b->nr_workers;
		reinit_completion(&w->done);
		w->task = kthread_create(worker_run, w, "alloc_bench/%u", cpu);
		if (IS_ERR(w->task)) {
			err = PTR_ERR(w->task);
			break;
		}
		kthread_bind(w->task, cpu);
		cpu = cpumask_next(cpu, cpu_online_mask);
	}
	if (err) {
		pr_err("no thread on CPU %u: error %d\n", cpu, err);
		while (i--)
			kthread_stop(b->workers[i]->task);
		return err;
	}
	for (i = 0; i < b->nr_workers; i++)
		wake_up_process(b->workers[i]->task);

	return 0;
}

static int measure_cpus(struct bench *b, unsigned int md, unsigned int order,
			unsigned long nr_free)
{
	unsigned int i, n, want, got = UINT_MAX;
	atomic_t ready = ATOMIC_INIT(0);
	char suffix[16];
	int err, op;

	snprintf(suffix, sizeof(suffix), "-%ucpus", b->nr_workers);
	n = md == REPEAT ? count : blocks_for(nr_free / b->nr_workers, order);
	want = md == BULK ? n : count;
	if (!n) {
		print_short(b, md, suffix, order, 0, 1);
		return 0;
	}

	for (i = 0; i < b->nr_workers; i++) {
		worker_reset(b->workers[i], md, order);
		b->workers[i]->n = n;
		b->workers[i]->seed = (i + 1) * 64 + order;
	}
	err = workers_start(b, &ready);
	if (err)
		return err;
	for (i = 0; i < b->nr_workers; i++) {
		wait_for_completion(&b->workers[i]->done);
		kthread_stop(b->workers[i]->task);
		got = min(got, b->workers[i]->got);
	}
	if (got < want) {
		print_short(b, md, suffix, order, got, want);
		return 0;
	}

	for (op = 0; op < NR_OPS; op++) {
		struct latency *all = &b->workers[0]->lat[op];

		for (i = 1; i < b->nr_workers; i++) {
			hist_merge(&all->kind[PCP_HIT],
				   &b->workers[i]->lat[op].kind[PCP_HIT]);
			hist_merge(&all->kind[PCP_MISS],
				   &b->workers[i]->lat[op].kind[PCP_MISS]);
		}
		print_modes(b, md, suffix, op, order, all, NULL, 0);
	}

	return 0;
}

static void workers_free(struct bench *b)
{
	unsigned int i;

	for (i = 0; b->workers && i < b->nr_workers; i++) {
		struct worker *w = b->workers[i];

		if (w) {
			kvfree(w->samples);
			kvfree(w->free);
			kvfree(w->alloc);
			vfree(w->pages);
		}
		vfree(w);
	}
	kfree(b->workers);
}

static int workers_alloc(struct bench *b)
{
	unsigned int i;

	b->workers = kcalloc(b->nr_workers, sizeof(*b->workers), GFP_KERNEL);
	for (i = 0; b->workers && i < b->nr_workers; i++) {
		struct worker *w = vzalloc(sizeof(*w));

		b->workers[i] = w;
		if (!w)
			return -ENOMEM;
		w->b = b;
		init_completion(&w->done);
		w->pages = vcalloc(count, sizeof(*w->pages));
		w->alloc = kvcalloc(CHUNK, sizeof(*w->alloc), GFP_KERNEL);
		w->free = kvcalloc(CHUNK, sizeof(*w->free), GFP_KERNEL);
		w->samples = kvcalloc(CHUNK, sizeof(*w->samples), GFP_KERNEL);
		if (!w->pages || !w->alloc || !w->free || !w->samples)
			return -ENOMEM;
	}

	return b->workers ? 0 : -ENOMEM;
}

static int measure_all(struct bench *b, unsigned long modes, unsigned long nr_free)
{
	unsigned int order, md;
	int err = 0;

	measure_overhead(b);
	for (md = 0; md < NR_MODES; md++) {
		for (order = 0; order < NR_ORDERS; order++) {
			if (!(modes & BIT(md)) || !(orders & BIT(order)))
				continue;
			if (md == REPEAT)
				measure_repeat(b, order);
			else if (md == BULK)
				measure_bulk(b, order, nr_free);
			else
				measure_random(b, order, nr_free);
			cond_resched();
		}
	}
	for (md = 0; md < NR_MODES && b->nr_workers > 1; md++)
		for (order = 0; order < NR_ORDERS && !err; order++)
			if (modes & BIT(md) && orders & BIT(order))
				err = measure_cpus(b, md, order, nr_free);

	return err;
}

static int bench_run(unsigned long modes)
{
	struct bench *b = kzalloc(sizeof(*b), GFP_KERNEL);
	struct page *page = NULL;
	struct sysinfo si;
	int err = -ENOMEM;

	if (!b)
		return -ENOMEM;
	INIT_LIST_HEAD(&b->held);
	/* No CPU comes or goes while there are threads for them. */
	cpus_read_lock();
	b->nr_workers = num_online_cpus();
	if (cpus)
		b->nr_workers = min(b->nr_workers, cpus);

	if (workers_alloc(b)) {
		pr_err("no memory for %u places on %u CPUs, try a smaller count\n",
		       count, b->nr_workers);
		goto out;
	}
	b->pages = b->workers[0]->pages;
	page = alloc_pages(BENCH_GFP, 0);
	if (!page)
		goto out;
	err = clock_choose(&b->clk, clock);
	if (err)
		goto out;

	/* All memory comes from the zone that a kernel allocation starts with. */
	b->zone = page_zone(page);
	si_meminfo(&si);
	b->limit = si.freeram / 4;

	seq_buf_init(&b->out, results, RESULTS_SIZE);
	seq_buf_init(&b->hists, histograms, HISTOGRAMS_SIZE);
	print_head(&b->out);
	print_hist_head(&b->hists);
	err = measure_all(b, modes, si.freeram);

	seq_buf_printf(&b->out, "# zone %s, clock %s, %lu pages held back\n",
		       b->zone->name, b->clk.name, b->nr_held);
	if (b->hists_lost)
		seq_buf_printf(&b->hists, "# no room for %u more\n", b->hists_lost);
	histograms_blob.data = histograms;
	histograms_blob.size = b->hists.len;
	if (!err && seq_buf_has_overflowed(&b->out))
		err = -E2BIG;
	release_held(b);
out:
	cpus_read_unlock();
	if (page)
		__free_pages(page, 0);
	workers_free(b);
	kfree(b);

	return err;
}

static int results_show(struct seq_file *m, void *unused)
{
	seq_puts(m, results);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(results);

/* A mask of modes, 0 after a message. */
static unsigned long parse_modes(void)
{
	unsigned long modes = 0;
	const char *p = mode;

	if (!strcmp(mode, "all"))
		return BIT(NR_MODES) - 1;
	while (*p) {
		size_t n = strcspn(p, ",");
		unsigned int md;

		for (md = 0; md < NR_MODES; md++)
			if (strlen(mode_names[md]) == n &&
			    !strncmp(mode_names[md], p, n))
				break;
		if (md == NR_MODES) {
			modes = 0;
			break;
		}
		modes |= BIT(md);
		p += n + (p[n] == ',');
	}
	if (!modes)
		pr_err("mode=%s is neither all nor some of repeat, bulk, random\n", mode);

	return modes;
}

static void free_results(void)
{
	kvfree(histograms);
	kvfree(results);
}

static int __init alloc_bench_init(void)
{
	unsigned long modes = parse_modes();
	int err;

	if (!modes)
		return -EINVAL;
	if (!count || count > MAX_COUNT) {
		pr_err("count=%u is not within 1 to %lu\n", count, MAX_COUNT);
		return -EINVAL;
	}
	if (!orders || orders >= 1U << NR_ORDERS) {
		pr_err("orders=%#x is not a mask of orders 0 to %u\n",
		       orders, NR_ORDERS - 1);
		return -EINVAL;
	}

	results = kvzalloc(RESULTS_SIZE, GFP_KERNEL);
	histograms = kvzalloc(HISTOGRAMS_SIZE, GFP_KERNEL);
	err = results && histograms ? bench_run(modes) : -ENOMEM;
	if (err) {
		free_results();
		return err;
	}

	debugfs_dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("results", 0400, debugfs_dir, NULL, &results_fops);
	debugfs_create_blob("histograms", 0400, debugfs_dir, &histograms_blob);

	return 0;
}
module_init(alloc_bench_init);

static void __exit alloc_bench_exit(void)
{
	debugfs_remove(debugfs_dir);
	free_results();
}
module_exit(alloc_bench_exit);

MODULE_DESCRIPTION("Cost of page allocation and freeing by order");
MODULE_LICENSE("GPL");
