// SPDX-License-Identifier: GPL-2.0
/*
 * Every CPU takes and frees memory, as fast as it can.
 *
 * As long as the module is loaded a thread on each CPU takes a bulk of blocks of
 * order 0 or of order 9, frees them, and begins again.  A bulk is more than a
 * per-cpu list keeps, so all of them want zone->lock, as does whoever else is at
 * work on the free lists.  The order is drawn each time, so that no two CPUs do the
 * same in turns.  Each operation is timed.  Interrupts are off for a few operations
 * at a time: what is seen is the allocator and those who hold its locks, and not who
 * else was scheduled.
 *
 * /sys/kernel/debug/alloc_contend/results and histograms say what there was up to
 * now, in the same form as those of alloc_bench, of all CPUs together.  The last
 * line of results has the number of operations and the time for them.  A number
 * written to reset forgets all that.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "measure.h"
#include "results.h"

#define CHUNK		16	/* operations with interrupts off */
#define BULK_MAX	1024	/* blocks */
#define TEXT_SIZE	SZ_256K	/* all lines at their longest */

static char *clock = "auto";
module_param(clock, charp, 0444);
MODULE_PARM_DESC(clock, "ktime, cycles (the CPU counter, scaled to ns), ticks (the same, raw) or auto (default: ktime unless too coarse)");

/* An order of which bulks are taken: 4 MiB, and 32 MiB. */
static const struct {
	unsigned int order;
	unsigned int blocks;
} sizes[] = { { 0, BULK_MAX }, { 9, 16 } };

#define NR_SIZES	ARRAY_SIZE(sizes)

/* A CPU's thread. */
struct contender {
	struct task_struct *thread;
	struct page *pages[BULK_MAX];
	u64 ticks[NR_OPS][BULK_MAX];
	struct mutex lock;	/* of all below */
	struct hist hist[NR_SIZES][NR_OPS];
	u64 done, failed;
};

static struct contender **contenders;
static unsigned int nr_contenders;
static ktime_t start;

static DEFINE_MUTEX(read_lock);	/* of what a reader adds up */
static struct hist sum;
static char *text;

static struct clock clk;
static struct dentry *debugfs_dir;

/* Take or free one block, timed. False if there is none to take. */
static __always_inline bool operate(struct contender *c, int op,
				    unsigned int order, unsigned int i)
{
	u64 begin = bench_clock(clk.cycles);

	if (op == OP_ALLOC)
		c->pages[i] = alloc_pages(BENCH_GFP, order);
	else
		__free_pages(c->pages[i], order);
	c->ticks[op][i] = bench_clock(clk.cycles) - begin;

	return op == OP_FREE || c->pages[i];
}

/* Take or free a bulk. Returns the number of blocks that it was. */
static __always_inline unsigned int bulk(struct contender *c, int op,
					 unsigned int order, unsigned int blocks)
{
	unsigned int i = 0, end;
	unsigned long flags;
	bool good = true;

	while (i < blocks && good) {
		end = min(i + CHUNK, blocks);
		local_irq_save(flags);
		while (i < end && (good = operate(c, op, order, i)))
			i++;
		local_irq_restore(flags);
	}

	return i;
}

static void contend(struct contender *c, unsigned int s)
{
	unsigned int got = bulk(c, OP_ALLOC, sizes[s].order, sizes[s].blocks), i;
	int op;

	bulk(c, OP_FREE, sizes[s].order, got);

	mutex_lock(&c->lock);
	for (op = 0; op < NR_OPS; op++) {
		for (i = 0; i < got; i++) {
			u64 ticks = c->ticks[op][i];

			hist_add(&c->hist[s][op],
				 to_ns(&clk, ticks - min(ticks, clk.overhead)));
		}
	}
	c->done += got * NR_OPS;
	c->failed += got < sizes[s].blocks;
	mutex_unlock(&c->lock);
}

static int contender_run(void *arg)
{
	struct contender *c = arg;

	while (!kthread_should_stop()) {
		contend(c, get_random_u32_below(NR_SIZES));
		cond_resched();
	}

	return 0;
}

/* Add up what all CPUs have of one operation, in @sum. */
static void add_up(unsigned int s, int op)
{
	unsigned int i;

	memset(&sum, 0, sizeof(sum));
	for (i = 0; i < nr_contenders; i++) {
		mutex_lock(&contenders[i]->lock);
		hist_merge(&sum, &contenders[i]->hist[s][op]);
		mutex_unlock(&contenders[i]->lock);
	}
}

static void print_total(struct seq_buf *out)
{
	u64 done = 0, failed = 0;
	unsigned int i;

	for (i = 0; i < nr_contenders; i++) {
		mutex_lock(&contenders[i]->lock);
		done += contenders[i]->done;
		failed += contenders[i]->failed;
		mutex_unlock(&contenders[i]->lock);
	}
	seq_buf_printf(out, "# clock %s, %u CPUs, %llu times no block\n", clk.name,
		       nr_contenders, failed);
	seq_buf_printf(out, "# %llu operations in %lld ns\n", done,
		       ktime_to_ns(ktime_sub(ktime_get(), start)));
}

static void print_all(struct seq_file *m, bool hists)
{
	struct seq_buf out;
	unsigned int s;
	int op;

	mutex_lock(&read_lock);
	seq_buf_init(&out, text, TEXT_SIZE);
	if (hists)
		print_hist_head(&out);
	else
		print_head(&out);
	for (s = 0; s < NR_SIZES; s++) {
		for (op = 0; op < NR_OPS; op++) {
			add_up(s, op);
			if (hists)
				print_hist(&out, "contend", op_names[op],
					   sizes[s].order, &sum);
			else
				print_hist_row(&out, "contend", op_names[op],
					       sizes[s].order, &sum, NULL, 0);
		}
	}
	if (!hists)
		print_total(&out);
	seq_write(m, text, out.len);
	mutex_unlock(&read_lock);
}

static int reset_set(void *data, u64 val)
{
	unsigned int i;

	mutex_lock(&read_lock);
	for (i = 0; i < nr_contenders; i++) {
		struct contender *c = contenders[i];

		mutex_lock(&c->lock);
		memset(c->hist, 0, sizeof(c->hist));
		c->done = 0;
		c->failed = 0;
		mutex_unlock(&c->lock);
	}
	start = ktime_get();
	mutex_unlock(&read_lock);

	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(reset_fops, NULL, reset_set, "%llu\n");

static void stop_all(void)
{
	unsigned int i;

	for (i = 0; i < nr_contenders; i++) {
		kthread_stop(contenders[i]->thread);
		kvfree(contenders[i]);
	}
	kfree(contenders);
	kvfree(text);
}

/* Make a CPU's thread, which does not run yet. */
static int add_contender(unsigned int cpu)
{
	struct contender *c = kvzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return -ENOMEM;
	mutex_init(&c->lock);
	c->thread = kthread_create(contender_run, c, "alloc_contend/%u", cpu);
	if (IS_ERR(c->thread)) {
		int err = PTR_ERR(c->thread);

		pr_err("no thread for CPU %u: error %d\n", cpu, err);
		kvfree(c);
		return err;
	}
	kthread_bind(c->thread, cpu);
	contenders[nr_contenders++] = c;

	return 0;
}

static int __init alloc_contend_init(void)
{
	unsigned int cpu, i;
	int err;

	err = clock_choose(&clk, clock);
	if (err)
		return err;
	clock_overhead(&clk, &sum);

	text = kvzalloc(TEXT_SIZE, GFP_KERNEL);
	contenders = kcalloc(nr_cpu_ids, sizeof(*contenders), GFP_KERNEL);
	err = text && contenders ? 0 : -ENOMEM;
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		if (err)
			break;
		err = add_contender(cpu);
	}
	cpus_read_unlock();
	if (err) {
		stop_all();
		return err;
	}
	start = ktime_get();
	for (i = 0; i < nr_contenders; i++)
		wake_up_process(contenders[i]->thread);

	debugfs_dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("results", 0400, debugfs_dir, NULL, &results_fops);
	debugfs_create_file("histograms", 0400, debugfs_dir, NULL, &histograms_fops);
	debugfs_create_file_unsafe("reset", 0200, debugfs_dir, NULL, &reset_fops);

	return 0;
}
module_init(alloc_contend_init);

static void __exit alloc_contend_exit(void)
{
	debugfs_remove(debugfs_dir);
	stop_all();
}
module_exit(alloc_contend_exit);

MODULE_DESCRIPTION("Page allocation and freeing in bulk on every CPU");
MODULE_LICENSE("GPL");
