// SPDX-License-Identifier: GPL-2.0
/*
 * Cost of the page allocator, order by order.
 *
 * Loading the module runs the benchmark in the context of the loader, on the
 * CPU that it runs on, and leaves the table in debugfs until it is unloaded:
 * /sys/kernel/debug/alloc_bench/results.
 *
 * Two modes:
 *   repeat  allocate one block, free it, again and again.  Orders that the
 *           per-cpu lists keep never reach the buddy lists.
 *   bulk    allocate many blocks, then free them in the order in which they
 *           came, so that they are split and merged.
 *
 * Each is run twice: once without reading a clock in between, which gives
 * total_ns and mean_ns (of several such passes the cheapest), and once with a
 * clock read around each operation, from which the cost of the read is taken
 * off and which gives the percentiles.  In repeat mode the first gives one
 * figure for the pair, so there the mean of its two halves is from the second.
 *
 * On QEMU with -icount shift=0 a tick of the CPU's counter is an instruction;
 * with clock=ticks the columns count those, whatever they are named.  Such
 * figures ought to be the same in each run and comparable between kernels.
 * They also depend on what earlier users left on the free lists and the
 * per-cpu lists, so before each measurement the remains are taken off them and
 * held until the end; every block then comes out of one of the largest order.
 * How many pages a per-cpu list keeps depends on the size of the zone and its
 * history, unless it is pinned:
 *
 *   echo 1000000 > /proc/sys/vm/percpu_pagelist_high_fraction
 *
 * Lines that begin with # say what was left out and why.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bits.h>
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/seq_buf.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/timex.h>
#include <linux/vmalloc.h>

/* Must not sleep, nor fall back on reserves: a short zone is an answer too. */
#define BENCH_GFP	((GFP_KERNEL & ~__GFP_DIRECT_RECLAIM) | \
			 __GFP_NOWARN | __GFP_NOMEMALLOC)

#define CHUNK		256		/* operations with interrupts off */
#define PASSES		3		/* passes of which the cheapest counts */
#define SWEEPS		16		/* attempts to empty the lists */
#define MAX_COUNT	BIT(20)
#define RESULTS_SIZE	(32 * 1024)
#define COARSE_NS	64		/* a clock with longer steps measures nothing */
#define CALIBRATE_NS	(20 * NSEC_PER_MSEC)
#define ONE_NS_SHIFT	20
#define ONE_NS		BIT_ULL(ONE_NS_SHIFT)

static unsigned int count = 4096;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "Operations an order (default 4096)");

static unsigned int orders = (1U << NR_PAGE_ORDERS) - 1;
module_param(orders, uint, 0444);
MODULE_PARM_DESC(orders, "Mask of the orders to measure (default all)");

static char *mode = "both";
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode, "repeat, bulk or both (default)");

static char *clock = "auto";
module_param(clock, charp, 0444);
MODULE_PARM_DESC(clock, "ktime, cycles (the CPU counter, scaled to ns), ticks (the same, raw) or auto (default: ktime unless too coarse)");

struct bench {
	struct zone *zone;
	const char *clock;
	bool cycles;		/* clock: the counter of the CPU */
	u64 mult;		/* ns a tick, 44.20 fixed point */
	u64 overhead;		/* what reading the clock costs */
	unsigned long limit;	/* pages that may be held */
	unsigned long nr_held;
	struct list_head held;
	struct page **pages;	/* of a bulk pass */
	u64 *alloc;		/* samples */
	u64 *free;
	struct seq_buf out;
};

struct total {
	u64 alloc;
	u64 free;
};

static char *results;
static struct dentry *debugfs_dir;

/*
 * User Mode Linux has no get_cycles(), but runs on a CPU that counts them.
 */
static __always_inline u64 bench_counter(void)
{
#if IS_ENABLED(CONFIG_X86_64) || IS_ENABLED(CONFIG_X86_32)
	u32 low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high));

	return (u64)high << 32 | low;
#else
	return get_cycles();
#endif
}

static __always_inline u64 bench_clock(bool cycles)
{
	return cycles ? bench_counter() : ktime_get_ns();
}

/* The smallest step that ktime_get_ns() was seen to make. */
static u64 ktime_step(void)
{
	u64 best = U64_MAX, last = ktime_get_ns(), now;
	int i;

	for (i = 0; i < 1000; ) {
		now = ktime_get_ns();
		if (now == last)
			continue;
		best = min(best, now - last);
		last = now;
		i++;
	}

	return best;
}

static int choose_clock(struct bench *b)
{
	u64 ns, ticks, t;

	b->mult = ONE_NS;
	b->clock = "ktime";
	if (!strcmp(clock, "ktime") ||
	    (!strcmp(clock, "auto") && ktime_step() <= COARSE_NS))
		return 0;

	ticks = bench_counter();
	if (!ticks) {
		if (!strcmp(clock, "auto"))
			return 0;
		pr_err("clock=%s: this CPU has no counter, use clock=ktime\n", clock);
		return -EINVAL;
	}

	b->cycles = true;
	b->clock = "ticks";
	if (!strcmp(clock, "ticks"))
		return 0;

	/* Count the ticks of a while. */
	b->clock = "cycles";
	t = ktime_get_ns();
	ticks = bench_counter();
	do {
		ns = ktime_get_ns() - t;
	} while (ns < CALIBRATE_NS);
	ticks = bench_counter() - ticks;
	b->mult = div64_u64(ns * ONE_NS, max(ticks, 1ULL));

	return 0;
}

static u64 to_ns(struct bench *b, u64 ticks)
{
	return mul_u64_u64_shr(ticks, b->mult, ONE_NS_SHIFT);
}

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
		for (order = 0; order < MAX_PAGE_ORDER; order++) {
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
		start = bench_clock(b->cycles);
		for (; i < end; i++) {
			page = alloc_pages(BENCH_GFP, order);
			if (!page)
				break;
			__free_pages(page, order);
		}
		total->alloc += bench_clock(b->cycles) - start;
		local_irq_restore(flags);
		if (i < end)
			break;
	}

	return i;
}

static unsigned int repeat_samples(struct bench *b, unsigned int order,
				   unsigned int n)
{
	unsigned int i, end;
	struct page *page;
	unsigned long flags;
	u64 t0, t1, t2;

	for (i = 0; i < n; ) {
		end = min(i + CHUNK, n);
		local_irq_save(flags);
		for (; i < end; i++) {
			t0 = bench_clock(b->cycles);
			page = alloc_pages(BENCH_GFP, order);
			t1 = bench_clock(b->cycles);
			if (!page)
				break;
			__free_pages(page, order);
			t2 = bench_clock(b->cycles);
			b->alloc[i] = t1 - t0;
			b->free[i] = t2 - t1;
		}
		local_irq_restore(flags);
		if (i < end)
			break;
	}

	return i;
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
		start = bench_clock(b->cycles);
		for (; i < end; i++) {
			b->pages[i] = alloc_pages(BENCH_GFP, order);
			if (!b->pages[i])
				break;
		}
		total->alloc += bench_clock(b->cycles) - start;
		local_irq_restore(flags);
		if (i < end)
			break;
	}

	got = i;
	for (i = 0; i < got; ) {
		end = min(i + CHUNK, got);
		local_irq_save(flags);
		start = bench_clock(b->cycles);
		for (; i < end; i++)
			__free_pages(b->pages[i], order);
		total->free += bench_clock(b->cycles) - start;
		local_irq_restore(flags);
	}

	return got;
}

/* @at: where in the samples this pass begins */
static unsigned int bulk_samples(struct bench *b, unsigned int order,
				 unsigned int n, unsigned int at)
{
	unsigned int i, got, end;
	unsigned long flags;
	u64 start;

	for (i = 0; i < n; ) {
		end = min(i + CHUNK, n);
		local_irq_save(flags);
		for (; i < end; i++) {
			start = bench_clock(b->cycles);
			b->pages[i] = alloc_pages(BENCH_GFP, order);
			b->alloc[at + i] = bench_clock(b->cycles) - start;
			if (!b->pages[i])
				break;
		}
		local_irq_restore(flags);
		if (i < end)
			break;
	}

	got = i;
	for (i = 0; i < got; ) {
		end = min(i + CHUNK, got);
		local_irq_save(flags);
		for (; i < end; i++) {
			start = bench_clock(b->cycles);
			__free_pages(b->pages[i], order);
			b->free[at + i] = bench_clock(b->cycles) - start;
		}
		local_irq_restore(flags);
	}

	return got;
}

/*
 * Results
 */

static int cmp_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static u64 permille(const u64 *sorted, unsigned int n, unsigned int p)
{
	return sorted[min_t(unsigned int, div_u64((u64)n * p, 1000), n - 1)];
}

static void print_row(struct bench *b, const char *md, const char *op,
		      unsigned int order, unsigned int n, u64 total,
		      u64 p50, u64 p99, u64 p999, u64 max)
{
	u64 mean = n ? div_u64(total * 1000 + n / 2, n) : 0;
	u32 frac;

	mean = div_u64_rem(mean, 1000, &frac);
	seq_buf_printf(&b->out, "%s\t%s\t%u\t%u\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu.%03u\n",
		       md, op, order, n, total, p50, p99, p999, max, mean, frac);
}

/*
 * Print a row from @n samples, less @overhead each.  @total, if not NULL,
 * comes from passes without a clock read; else it is the samples' sum.
 */
static void print_samples(struct bench *b, const char *md, const char *op,
			  unsigned int order, u64 *samples, unsigned int n,
			  u64 overhead, const u64 *total, unsigned int total_n)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		samples[i] = to_ns(b, samples[i] - min(samples[i], overhead));
		sum += samples[i];
	}
	sort(samples, n, sizeof(*samples), cmp_u64, NULL);

	print_row(b, md, op, order, total ? total_n : n, total ? to_ns(b, *total) : sum,
		  permille(samples, n, 500), permille(samples, n, 990),
		  permille(samples, n, 999), samples[n - 1]);
}

static void print_short(struct bench *b, const char *md, unsigned int order,
			unsigned int got, unsigned int want)
{
	seq_buf_printf(&b->out, "# %s order %u: out of memory after %u of %u blocks\n",
		       md, order, got, want);
	print_row(b, md, "alloc", order, 0, 0, 0, 0, 0, 0);
	print_row(b, md, "free", order, 0, 0, 0, 0, 0, 0);
}

static void print_unsettled(struct bench *b, const char *md, unsigned int order)
{
	seq_buf_printf(&b->out, "# %s order %u: lists not emptied, depends on history\n",
		       md, order);
}

/* What two clock reads in a row differ by. */
static void measure_overhead(struct bench *b)
{
	unsigned int i, end;
	unsigned long flags;
	u64 start;

	for (i = 0; i < count; ) {
		end = min(i + CHUNK, count);
		local_irq_save(flags);
		for (; i < end; i++) {
			start = bench_clock(b->cycles);
			b->alloc[i] = bench_clock(b->cycles) - start;
		}
		local_irq_restore(flags);
	}

	sort(b->alloc, count, sizeof(*b->alloc), cmp_u64, NULL);
	b->overhead = permille(b->alloc, count, 500);
	print_samples(b, "-", "overhead", 0, b->alloc, count, 0, NULL, 0);
}

static void measure_repeat(struct bench *b, unsigned int order)
{
	struct total total, best = { .alloc = U64_MAX };
	unsigned int i, got = 0;
	bool settled;

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
		got = repeat_samples(b, order, count);
	preempt_enable();

	if (!settled)
		print_unsettled(b, "repeat", order);
	if (got < count) {
		print_short(b, "repeat", order, got, count);
		return;
	}

	print_samples(b, "repeat", "alloc", order, b->alloc, count,
		      b->overhead, NULL, 0);
	print_samples(b, "repeat", "free", order, b->free, count,
		      b->overhead, NULL, 0);
	best.alloc -= min(best.alloc, b->overhead * DIV_ROUND_UP(count, CHUNK));
	print_row(b, "repeat", "pair", order, count, to_ns(b, best.alloc), 0, 0, 0, 0);
}

static void measure_bulk(struct bench *b, unsigned int order, unsigned long nr_free)
{
	struct total total, best = { U64_MAX, U64_MAX };
	unsigned int i, n, rounds, got = 0;
	u64 clocks;
	bool settled;

	/*
	 * A power of two, so that kernels whose free memory differs a little
	 * still do the same work.
	 */
	n = min_t(unsigned long, count, nr_free / 4 >> order);
	if (!n) {
		print_short(b, "bulk", order, 0, 1);
		return;
	}
	n = rounddown_pow_of_two(n);
	rounds = max(count / n, 1U);

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
		got = bulk_samples(b, order, n, i * n);
	preempt_enable();

	if (!settled)
		print_unsettled(b, "bulk", order);
	if (got < n) {
		print_short(b, "bulk", order, got, n);
		return;
	}

	clocks = b->overhead * DIV_ROUND_UP(n, CHUNK);
	best.alloc -= min(best.alloc, clocks);
	best.free -= min(best.free, clocks);
	print_samples(b, "bulk", "alloc", order, b->alloc, rounds * n,
		      b->overhead, &best.alloc, n);
	print_samples(b, "bulk", "free", order, b->free, rounds * n,
		      b->overhead, &best.free, n);
}

static int bench_run(bool repeat, bool bulk)
{
	struct bench b = { .held = LIST_HEAD_INIT(b.held) };
	struct page *page;
	struct sysinfo si;
	unsigned int order;
	int err;

	err = choose_clock(&b);
	if (err)
		return err;
	err = -ENOMEM;

	b.pages = vcalloc(count, sizeof(*b.pages));
	b.alloc = vcalloc(count, sizeof(*b.alloc));
	b.free = vcalloc(count, sizeof(*b.free));
	page = alloc_pages(BENCH_GFP, 0);
	if (!b.pages || !b.alloc || !b.free || !page) {
		pr_err("no memory for %u samples, try a smaller count\n", count);
		goto out;
	}

	/* All memory comes from the zone that a kernel allocation starts with. */
	b.zone = page_zone(page);
	si_meminfo(&si);
	b.limit = si.freeram / 4;

	seq_buf_init(&b.out, results, RESULTS_SIZE);
	seq_buf_puts(&b.out, "mode\top\torder\tcount\ttotal_ns\tp50_ns\tp99_ns\t");
	seq_buf_puts(&b.out, "p999_ns\tmax_ns\tmean_ns\n");
	measure_overhead(&b);

	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		if (repeat && orders & BIT(order))
			measure_repeat(&b, order);
		cond_resched();
	}
	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		if (bulk && orders & BIT(order))
			measure_bulk(&b, order, si.freeram);
		cond_resched();
	}

	seq_buf_printf(&b.out, "# zone %s, clock %s, %lu pages held back\n",
		       b.zone->name, b.clock, b.nr_held);
	err = seq_buf_has_overflowed(&b.out) ? -E2BIG : 0;
	release_held(&b);
out:
	if (page)
		__free_pages(page, 0);
	vfree(b.free);
	vfree(b.alloc);
	vfree(b.pages);

	return err;
}

static int results_show(struct seq_file *m, void *unused)
{
	seq_puts(m, results);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(results);

static const char * const clocks[] = { "auto", "ktime", "cycles", "ticks" };

static int __init alloc_bench_init(void)
{
	bool repeat = !strcmp(mode, "repeat") || !strcmp(mode, "both");
	bool bulk = !strcmp(mode, "bulk") || !strcmp(mode, "both");
	int err;

	if (!repeat && !bulk) {
		pr_err("mode=%s is none of repeat, bulk, both\n", mode);
		return -EINVAL;
	}
	if (!count || count > MAX_COUNT) {
		pr_err("count=%u is not within 1 to %lu\n", count, MAX_COUNT);
		return -EINVAL;
	}
	if (!orders || orders >= 1U << NR_PAGE_ORDERS) {
		pr_err("orders=%#x is not a mask of orders 0 to %d\n",
		       orders, MAX_PAGE_ORDER);
		return -EINVAL;
	}
	if (match_string(clocks, ARRAY_SIZE(clocks), clock) < 0) {
		pr_err("clock=%s is none of auto, ktime, cycles, ticks\n", clock);
		return -EINVAL;
	}

	results = kvzalloc(RESULTS_SIZE, GFP_KERNEL);
	if (!results)
		return -ENOMEM;

	err = bench_run(repeat, bulk);
	if (err) {
		kvfree(results);
		return err;
	}

	debugfs_dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("results", 0400, debugfs_dir, NULL, &results_fops);

	return 0;
}
module_init(alloc_bench_init);

static void __exit alloc_bench_exit(void)
{
	debugfs_remove(debugfs_dir);
	kvfree(results);
}
module_exit(alloc_bench_exit);

MODULE_DESCRIPTION("Cost of page allocation and freeing by order");
MODULE_LICENSE("GPL");
