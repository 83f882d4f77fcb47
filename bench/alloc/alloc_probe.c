// SPDX-License-Identifier: GPL-2.0
/*
 * What one allocation costs while others are at work.
 *
 * As long as the module is loaded a thread takes a block of one order every few
 * milliseconds, frees it at once, and counts how long either took in histograms
 * that do not grow.  The scheduler chooses its CPU; interrupts are off for as long
 * as an operation takes, so what is seen is the allocator, and whoever holds its
 * locks.  Blocks of order 0 to 3, and huge pages, mostly come from a per-cpu list:
 * another order tells more of zone->lock.
 *
 * /sys/kernel/debug/alloc_probe/results and histograms say what there was up to
 * now, in the same form as those of alloc_bench.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "measure.h"
#include "results.h"

#define TEXT_SIZE	SZ_256K	/* all lines at their longest */

static unsigned int order = 4;
module_param(order, uint, 0444);
MODULE_PARM_DESC(order, "Order of the blocks (default 4)");

static unsigned int period_ms = 5;
module_param(period_ms, uint, 0444);
MODULE_PARM_DESC(period_ms, "From one allocation to the next, 1 to 10000 ms (default 5)");

static char *clock = "auto";
module_param(clock, charp, 0444);
MODULE_PARM_DESC(clock, "ktime, cycles (the CPU counter, scaled to ns), ticks (the same, raw) or auto (default: ktime unless too coarse)");

static DEFINE_MUTEX(lock);	/* of all that a reader looks at */
static struct latency lat[NR_OPS];
static u64 failed;
static struct hist sum;
static char *text;

static struct clock clk;
static struct zone *zone;
static struct task_struct *thread;
static struct dentry *debugfs_dir;

/* Returns false if there was no such block. */
static bool probe(u64 *ticks, bool *hit)
{
	int before, between, after, size = 1 << order;
	struct per_cpu_pages *pcp;
	unsigned long flags;
	struct page *page;
	u64 t0, t1, t2, t3;

	local_irq_save(flags);
	pcp = this_cpu_ptr(zone->per_cpu_pageset);
	before = pcp_count(pcp);
	t0 = bench_clock(clk.cycles);
	page = alloc_pages(BENCH_GFP, order);
	t1 = bench_clock(clk.cycles);
	if (!page) {
		local_irq_restore(flags);
		return false;
	}
	between = pcp_count(pcp);
	t2 = bench_clock(clk.cycles);
	__free_pages(page, order);
	t3 = bench_clock(clk.cycles);
	after = pcp_count(pcp);
	local_irq_restore(flags);

	ticks[OP_ALLOC] = t1 - t0;
	ticks[OP_FREE] = t3 - t2;
	hit[OP_ALLOC] = between == before - size;
	hit[OP_FREE] = after == between + size;

	return true;
}

static int probe_run(void *unused)
{
	ktime_t period = ms_to_ktime(period_ms);
	bool hit[NR_OPS], got;
	u64 ticks[NR_OPS];
	int op;

	/* In time, whoever else is busy. */
	sched_set_fifo_low(current);
	for (;;) {
		got = probe(ticks, hit);
		mutex_lock(&lock);
		failed += !got;
		for (op = 0; op < NR_OPS && got; op++)
			latency_add(&lat[op], &clk, ticks[op], hit[op]);
		mutex_unlock(&lock);

		set_current_state(TASK_IDLE);
		if (kthread_should_stop())
			break;
		schedule_hrtimeout(&period, HRTIMER_MODE_REL);
	}
	__set_current_state(TASK_RUNNING);

	return 0;
}

static void print_one(struct seq_buf *out, const char *mode, int op,
		      const struct hist *h, bool hists)
{
	if (hists)
		print_hist(out, mode, op_names[op], order, h);
	else
		print_hist_row(out, mode, op_names[op], order, h, NULL, 0);
}

/* Both files: what served an operation in rows of its own, if not always the same. */
static void print_all(struct seq_file *m, bool hists)
{
	static const char * const kinds[NR_KINDS] = { "probe-miss", "probe-hit" };
	struct seq_buf out;
	int op, k;

	mutex_lock(&lock);
	seq_buf_init(&out, text, TEXT_SIZE);
	if (hists)
		print_hist_head(&out);
	else
		print_head(&out);
	for (op = 0; op < NR_OPS; op++) {
		memset(&sum, 0, sizeof(sum));
		for (k = 0; k < NR_KINDS; k++)
			hist_merge(&sum, &lat[op].kind[k]);
		print_one(&out, "probe", op, &sum, hists);
		for (k = 0; k < NR_KINDS; k++)
			if (lat[op].kind[PCP_HIT].nr && lat[op].kind[PCP_MISS].nr)
				print_one(&out, kinds[k], op, &lat[op].kind[k], hists);
	}
	if (!hists)
		seq_buf_printf(&out, "# clock %s, every %u ms, %llu times no block\n",
			       clk.name, period_ms, failed);
	seq_write(m, text, out.len);
	mutex_unlock(&lock);
}

static int __init alloc_probe_init(void)
{
	struct page *page;
	int err;

	if (order >= NR_ORDERS) {
		pr_err("order=%u is above %u\n", order, NR_ORDERS - 1);
		return -EINVAL;
	}
	if (!period_ms || period_ms > 10000) {
		pr_err("period_ms=%u is not within 1 to 10000\n", period_ms);
		return -EINVAL;
	}
	err = clock_choose(&clk, clock);
	if (err)
		return err;
	clock_overhead(&clk, &sum);

	/* The zone that a kernel allocation starts with. */
	page = alloc_pages(BENCH_GFP, 0);
	if (!page)
		return -ENOMEM;
	zone = page_zone(page);
	__free_pages(page, 0);

	text = kvzalloc(TEXT_SIZE, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	thread = kthread_run(probe_run, NULL, "alloc_probe");
	if (IS_ERR(thread)) {
		pr_err("no thread: error %ld\n", PTR_ERR(thread));
		kvfree(text);
		return PTR_ERR(thread);
	}

	debugfs_dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("results", 0400, debugfs_dir, NULL, &results_fops);
	debugfs_create_file("histograms", 0400, debugfs_dir, NULL, &histograms_fops);

	return 0;
}
module_init(alloc_probe_init);

static void __exit alloc_probe_exit(void)
{
	debugfs_remove(debugfs_dir);
	kthread_stop(thread);
	kvfree(text);
}
module_exit(alloc_probe_exit);

MODULE_DESCRIPTION("Latency of page allocation beside other work");
MODULE_LICENSE("GPL");
