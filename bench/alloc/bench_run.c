// SPDX-License-Identifier: GPL-2.0
/* What is measured, on one CPU and on several, and what is written about it. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/log2.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "bench.h"

#define PASSES		3		/* passes of which the cheapest counts */

const char * const mode_names[NR_MODES] = { "repeat", "bulk", "random" };

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
	for (i = 0; i < b->count; i += k) {
		end = min_t(unsigned int, b->count - i, CHUNK);
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
	print_row(&b->out, "-", "overhead", 0, b->count, to_ns(&b->clk, b->sum.sum),
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
		got = repeat_total(b, order, b->count, &total);
		if (got < b->count)
			break;
		/* The first warms up. */
		if (i && total.alloc < best.alloc)
			best = total;
	}
	if (got == b->count)
		got = repeat_samples(w, b->count);
	preempt_enable();

	if (!settled)
		print_unsettled(b, REPEAT, order);
	if (got < b->count) {
		print_short(b, REPEAT, "", order, got, b->count);
		return;
	}

	for (op = 0; op < NR_OPS; op++)
		print_modes(b, REPEAT, "", op, order, &w->lat[op], NULL, 0);
	best.alloc -= min(best.alloc, b->clk.overhead * DIV_ROUND_UP(b->count, CHUNK));
	print_row(&b->out, "repeat", "pair", order, b->count,
		  to_ns(&b->clk, best.alloc), 0, 0, 0, 0);
}

/*
 * A power of two, so that kernels whose free memory differs a little still do
 * the same work; 0 if there is not enough for one.
 */
static unsigned int blocks_for(const struct bench *b, unsigned long nr_free,
			       unsigned int order)
{
	unsigned int n = min_t(unsigned long, b->count, nr_free / 4 >> order);

	return n ? rounddown_pow_of_two(n) : 0;
}

static void measure_bulk(struct bench *b, unsigned int order, unsigned long nr_free)
{
	unsigned int i, n = blocks_for(b, nr_free, order), rounds, got = 0;
	struct total total, best = { U64_MAX, U64_MAX };
	struct worker *w = b->workers[0];
	bool settled;
	u64 clocks;

	if (!n) {
		print_short(b, BULK, "", order, 0, 1);
		return;
	}
	rounds = max(b->count / n, 1U);

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
	unsigned int n = blocks_for(b, nr_free, order), got;
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
	if (got < b->count) {
		print_short(b, RANDOM, "", order, got, b->count);
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
		rounds = max(w->b->count / w->n, 1U);
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
	n = md == REPEAT ? b->count : blocks_for(b, nr_free / b->nr_workers, order);
	want = md == BULK ? n : b->count;
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

void workers_free(struct bench *b)
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

int workers_alloc(struct bench *b)
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
		w->pages = vcalloc(b->count, sizeof(*w->pages));
		w->alloc = kvcalloc(CHUNK, sizeof(*w->alloc), GFP_KERNEL);
		w->free = kvcalloc(CHUNK, sizeof(*w->free), GFP_KERNEL);
		w->samples = kvcalloc(CHUNK, sizeof(*w->samples), GFP_KERNEL);
		if (!w->pages || !w->alloc || !w->free || !w->samples)
			return -ENOMEM;
	}

	return b->workers ? 0 : -ENOMEM;
}

int measure_all(struct bench *b, unsigned long modes, unsigned long nr_free)
{
	unsigned int order, md;
	int err = 0;

	measure_overhead(b);
	for (md = 0; md < NR_MODES; md++) {
		for (order = 0; order < NR_ORDERS; order++) {
			if (!(modes & BIT(md)) || !(b->orders & BIT(order)))
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
			if (modes & BIT(md) && b->orders & BIT(order))
				err = measure_cpus(b, md, order, nr_free);

	return err;
}
