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

#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "bench.h"

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

static char *results, *histograms;
static struct debugfs_blob_wrapper histograms_blob;
static struct dentry *debugfs_dir;

static int bench_run(unsigned long modes)
{
	struct bench *b = kzalloc(sizeof(*b), GFP_KERNEL);
	struct page *page = NULL;
	struct sysinfo si;
	int err = -ENOMEM;

	if (!b)
		return -ENOMEM;
	INIT_LIST_HEAD(&b->held);
	b->count = count;
	b->orders = orders;
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
