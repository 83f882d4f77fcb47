/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the modules that measure have in common: the clock, who served an
 * operation, and how results are printed.
 */
#ifndef ALLOC_MEASURE_H
#define ALLOC_MEASURE_H

#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/seq_buf.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/timex.h>

#include "hist.h"

/* Must not sleep, nor fall back on reserves: a short zone is an answer too. */
#define BENCH_GFP	((GFP_KERNEL & ~__GFP_DIRECT_RECLAIM) | \
			 __GFP_NOWARN | __GFP_NOMEMALLOC)

/* Kernels have changed the name of this. */
#define NR_ORDERS	((unsigned int)ARRAY_SIZE(((struct zone *)NULL)->free_area))

#define COARSE_NS	64		/* a clock with longer steps measures nothing */
#define CALIBRATE_NS	(20 * NSEC_PER_MSEC)
#define CLOCK_READS	1000
#define ONE_NS_SHIFT	20
#define ONE_NS		BIT_ULL(ONE_NS_SHIFT)

enum { OP_ALLOC, OP_FREE, NR_OPS };
enum { PCP_MISS, PCP_HIT, NR_KINDS };

static const char * const op_names[NR_OPS] __maybe_unused = { "alloc", "free" };

struct clock {
	const char *name;
	bool cycles;		/* the counter of the CPU */
	u64 mult;		/* ns a tick, 44.20 fixed point */
	u64 overhead;		/* what reading it costs, in ticks */
};

/* Latencies of one operation in ns, by whether a per-cpu list served it. */
struct latency {
	struct hist kind[NR_KINDS];
};

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
static inline u64 ktime_step(void)
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

/* @name: auto, ktime, cycles or ticks; -EINVAL after a message */
static inline int clock_choose(struct clock *clk, const char *name)
{
	bool automatic = !strcmp(name, "auto");
	u64 ns, ticks, t;

	clk->mult = ONE_NS;
	clk->name = "ktime";
	if (!automatic && strcmp(name, "ktime") && strcmp(name, "cycles") &&
	    strcmp(name, "ticks")) {
		pr_err("clock=%s is none of auto, ktime, cycles, ticks\n", name);
		return -EINVAL;
	}
	if (!strcmp(name, "ktime") || (automatic && ktime_step() <= COARSE_NS))
		return 0;

	ticks = bench_counter();
	if (!ticks) {
		if (automatic)
			return 0;
		pr_err("clock=%s: this CPU has no counter, use clock=ktime\n", name);
		return -EINVAL;
	}

	clk->cycles = true;
	clk->name = "ticks";
	if (!strcmp(name, "ticks"))
		return 0;

	/* Count the ticks of a while. */
	clk->name = "cycles";
	t = ktime_get_ns();
	ticks = bench_counter();
	do {
		ns = ktime_get_ns() - t;
	} while (ns < CALIBRATE_NS);
	ticks = bench_counter() - ticks;
	clk->mult = div64_u64(ns * ONE_NS, max(ticks, 1ULL));

	return 0;
}

static inline u64 to_ns(const struct clock *clk, u64 ticks)
{
	return mul_u64_u64_shr(ticks, clk->mult, ONE_NS_SHIFT);
}

/*
 * The per-cpu lists: of this CPU, which must not change meanwhile. An operation
 * that they serve changes their count by the size of the block; one for which
 * they are refilled, or which makes them too long, by something else.
 */
static __always_inline int pcp_count(const struct per_cpu_pages *pcp)
{
	return READ_ONCE(pcp->count);
}

static inline bool pcp_serves(unsigned int order)
{
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	if (order == HPAGE_PMD_ORDER)
		return true;
#endif
	return order <= PAGE_ALLOC_COSTLY_ORDER;
}

/* @ticks: as measured, @hit: did a per-cpu list serve it? */
static inline void latency_add(struct latency *lat, const struct clock *clk,
			       u64 ticks, bool hit)
{
	hist_add(&lat->kind[hit], to_ns(clk, ticks - min(ticks, clk->overhead)));
}

static inline u64 hist_permille(const struct hist *h, unsigned int p)
{
	return hist_at(h, div_u64(h->nr * p, 1000));
}

/* Set what a read of the clock costs: the median of many, in @scratch. */
static inline void clock_overhead(struct clock *clk, struct hist *scratch)
{
	unsigned long flags;
	u64 start;
	int i;

	local_irq_save(flags);
	for (i = 0; i < CLOCK_READS; i++) {
		start = bench_clock(clk->cycles);
		hist_add(scratch, bench_clock(clk->cycles) - start);
	}
	local_irq_restore(flags);
	clk->overhead = hist_permille(scratch, 500);
}

/* Not seq_buf_puts(): kernels before 6.8 do not export it. */
static inline void print_head(struct seq_buf *out)
{
	seq_buf_printf(out, "mode\top\torder\tcount\ttotal_ns\tp50_ns\tp99_ns\t");
	seq_buf_printf(out, "p999_ns\tmax_ns\tmean_ns\n");
}

static inline void print_row(struct seq_buf *out, const char *mode,
			     const char *op, unsigned int order, u64 n, u64 total,
			     u64 p50, u64 p99, u64 p999, u64 max)
{
	u64 mean = n ? div64_u64(total * 1000 + n / 2, n) : 0;
	u32 frac;

	mean = div_u64_rem(mean, 1000, &frac);
	seq_buf_printf(out, "%s\t%s\t%u\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu.%03u\n",
		       mode, op, order, n, total, p50, p99, p999, max, mean, frac);
}

/* @total, @n: of another measurement without a clock read, or NULL */
static inline void print_hist_row(struct seq_buf *out, const char *mode,
				  const char *op, unsigned int order,
				  const struct hist *h, const u64 *total, u64 n)
{
	print_row(out, mode, op, order, total ? n : h->nr, total ? *total : h->sum,
		  hist_permille(h, 500), hist_permille(h, 990),
		  hist_permille(h, 999), h->max);
}

static inline void print_hist_head(struct seq_buf *out)
{
	seq_buf_printf(out, "# histograms, ns: lowest value of a bucket:count\n");
	seq_buf_printf(out, "mode\top\torder\tcount\tmax_ns\tbuckets\n");
}

/* One line, if there is room for it; false if not. */
static inline bool print_hist(struct seq_buf *out, const char *mode,
			      const char *op, unsigned int order,
			      const struct hist *h)
{
	unsigned int i, used = 0;

	for (i = 0; i < HIST_BUCKETS; i++)
		used += h->bucket[i] != 0;
	/* Two numbers of at most 13 and 10 digits, and what is before them. */
	if (out->len + 25UL * used + 128 > out->size)
		return false;

	seq_buf_printf(out, "%s\t%s\t%u\t%llu\t%llu\t", mode, op, order, h->nr, h->max);
	for (i = 0; i < HIST_BUCKETS; i++)
		if (h->bucket[i])
			seq_buf_printf(out, "%llu:%u ", hist_low(i), h->bucket[i]);
	seq_buf_printf(out, "\n");

	return true;
}

#endif /* ALLOC_MEASURE_H */
