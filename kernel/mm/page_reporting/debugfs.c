// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting: what an operator sees in debugfs page_reporting/.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/page-isolation.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmstat.h>
#include <linux/walk_free_mem.h>

#include "../internal.h"
#include "internal.h"

/* Without the hooks nothing is known */
static bool tracking(void)
{
	return static_branch_unlikely(&page_reporting_enabled);
}

/* blocks: a line for each free block; the position is the pfn to go on from */
static int blocks_found(void *opaque, unsigned long pfn, unsigned long num)
{
	pr_block_read(opaque, pfn_to_page(pfn), ilog2(num));
	return 1;
}

static void *blocks_start(struct seq_file *m, loff_t *pos)
{
	struct pr_block *first = m->private, block;
	unsigned long pfn = *pos, end = 0, stop;
	bool found = false;
	struct zone *zone;

	for_each_populated_zone(zone)
		end = max(end, zone_end_pfn(zone));
	/* Zones may interleave: look at a piece of each in turn */
	for (; pfn < end && !found && !fatal_signal_pending(current); pfn = stop) {
		stop = ALIGN(pfn + 1, MAX_ORDER_NR_PAGES);
		for_each_populated_zone(zone) {
			if (!pr_walk_zone(zone, max(pfn, zone->zone_start_pfn),
					  min(stop, zone_end_pfn(zone)), 0, MAX_PAGE_ORDER,
					  &block, blocks_found))
				continue;
			*first = block;
			stop = page_to_pfn(block.page);
			found = true;
		}
		cond_resched();
	}
	return found ? first : NULL;
}

static void *blocks_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct pr_block *block = v;

	*pos = page_to_pfn(block->page) + (1UL << block->order);
	return blocks_start(m, pos);
}

static void blocks_stop(struct seq_file *m, void *v)
{
}

static const char *block_state(const struct pr_block *block, bool tracked)
{
	if (!tracked)
		return "untracked";
	if (block->reported)
		return block->reported < 1UL << block->order ? "partial" : "reported";
	return block->order < pr_smallest_order(&pr_policy) ? "small" : "pending";
}

static int blocks_show(struct seq_file *m, void *v)
{
	const struct pr_block *block = v;
	bool tracked = tracking();

	seq_printf(m, "%lu %u %d %s %s %s", page_to_pfn(block->page), block->order,
		   zone_to_nid(block->zone), block->zone->name,
		   migratetype_names[block->migratetype], block_state(block, tracked));
	if (tracked && !block->unseen && block->reported < 1UL << block->order)
		seq_printf(m, " %u", pr_ticks_to_ms(block->age));
	else
		seq_puts(m, " -");
	if (tracked && block->reported)
		seq_printf(m, " %u\n", pr_ticks_to_ms(block->report_age));
	else
		seq_puts(m, " -\n");
	return 0;
}

static const struct seq_operations blocks_ops = {
	.start = blocks_start,
	.next = blocks_next,
	.stop = blocks_stop,
	.show = blocks_show,
};

static int blocks_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, &blocks_ops, sizeof(struct pr_block));
}

static const struct file_operations blocks_fops = {
	.owner = THIS_MODULE,
	.open = blocks_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

/* summary: what is free, and why it is still held by the guest */
static const char * const verdict_names[PR_NR_VERDICTS] = {
	[PR_TOLD] = "reported",
	[PR_SMALL] = "small",
	[PR_FEW] = "few",
	[PR_ISOLATED] = "isolated",
	[PR_BACKING_OFF] = "backing_off",
	[PR_YOUNG] = "young",
	[PR_OVER_BUDGET] = "watermark",
	[PR_SPARSE] = "sparse",
	[PR_ELIGIBLE] = "eligible",
};

/* Free memory of a zone; the last verdict is that nothing is tracked */
struct summary {
	struct pr_limits limits;
	unsigned long pages[NR_PAGE_ORDERS][MIGRATE_TYPES][PR_NR_VERDICTS + 1];
};

static int summary_add(void *opaque, unsigned long pfn, unsigned long num)
{
	unsigned int order = ilog2(num), verdict = PR_NR_VERDICTS;
	struct summary *sum = opaque;
	struct pr_block block;
	unsigned long *pages;

	pr_block_read(&block, pfn_to_page(pfn), order);
	if (tracking())
		verdict = pr_judge_block(&block, &sum->limits);
	pages = sum->pages[order][block.migratetype];
	pages[PR_TOLD] += block.reported;
	pages[verdict] += num - block.reported;
	return 0;
}

static void summary_show_zone(struct seq_file *m, struct zone *zone,
			      const struct summary *sum)
{
	unsigned int order, mt, i;

	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		for (mt = 0; mt < MIGRATE_TYPES; mt++) {
			const unsigned long *pages = sum->pages[order][mt];

			if (!memchr_inv(pages, 0, sizeof(sum->pages[0][0])))
				continue;
			seq_printf(m, "%d %s %u %s", zone_to_nid(zone), zone->name,
				   order, migratetype_names[mt]);
			for (i = 0; i <= PR_NR_VERDICTS; i++)
				seq_printf(m, " %llu", (u64)pages[i] << PAGE_SHIFT);
			seq_putc(m, '\n');
		}
	}
}

static int summary_show(struct seq_file *m, void *v)
{
	struct summary *sum;
	struct zone *zone;
	unsigned int i;

	sum = kmalloc(sizeof(*sum), GFP_KERNEL);
	if (!sum)
		return -ENOMEM;

	seq_puts(m, "node zone order migratetype");
	for (i = 0; i < PR_NR_VERDICTS; i++)
		seq_printf(m, " %s", verdict_names[i]);
	seq_puts(m, " untracked\n");

	for_each_populated_zone(zone) {
		memset(sum, 0, sizeof(*sum));
		pr_schedule_limits(&sum->limits);
		pr_zone_limits(zone, &sum->limits);
		pr_walk_zone(zone, zone->zone_start_pfn, zone_end_pfn(zone), 0,
			     MAX_PAGE_ORDER, sum, summary_add);
		summary_show_zone(m, zone, sum);
	}
	kfree(sum);
	return 0;
}

/* seq_file shows all again in a larger buffer if this does not do for it */
static int summary_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, summary_show, NULL, SZ_64K);
}

static const struct file_operations summary_fops = {
	.owner = THIS_MODULE,
	.open = summary_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

static int stats_show(struct seq_file *m, void *v)
{
	unsigned long now = 0;
	struct pr_stats sum;
	struct zone *zone;

	pr_sum_stats(&sum);
	/* With what CPUs have not added up yet */
	for_each_populated_zone(zone)
		now += zone_page_state_snapshot(zone, NR_FREE_REPORTED);

	seq_printf(m, "passes %llu\nsweeps %llu\nreports %llu\nerrors %llu\n",
		   sum.passes, sum.sweeps, sum.reports, sum.errors);
	seq_printf(m, "reported_bytes %llu\n", sum.reported << PAGE_SHIFT);
	seq_printf(m, "refaulted_bytes %llu\n", sum.refaulted << PAGE_SHIFT);
	seq_printf(m, "refaulted_soon_bytes %llu\n", sum.soon << PAGE_SHIFT);
	seq_printf(m, "removed_bytes %llu\n", sum.removed << PAGE_SHIFT);
	seq_printf(m, "kept_bytes %llu\n", sum.kept << PAGE_SHIFT);
	seq_printf(m, "forgotten_bytes %llu\n", sum.forgotten << PAGE_SHIFT);
	seq_printf(m, "failed_bytes %llu\n", sum.failed << PAGE_SHIFT);
	seq_printf(m, "reported_now_bytes %llu\n", (u64)now << PAGE_SHIFT);
	seq_printf(m, "age_ms %u\n", pr_ticks_to_ms(pr_gate(&pr_policy, MAX_PAGE_ORDER)));
	seq_printf(m, "lock_hold_max_ns %llu\npass_ns %llu\nworker_ns %llu\n",
		   READ_ONCE(pr_lock_hold_max), sum.pass_ns, sum.worker_ns);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/* ages: free memory that waits, reported memory, and what was used again */
struct ages {
	unsigned long pages[PR_AGES][2];
};

static int ages_add(void *opaque, unsigned long pfn, unsigned long num)
{
	struct ages *ages = opaque;
	struct pr_block block;

	pr_block_read(&block, pfn_to_page(pfn), ilog2(num));
	ages->pages[pr_age_class(block.age)][0] += num - block.reported;
	ages->pages[pr_age_class(block.report_age)][1] += block.reported;
	return 0;
}

static int ages_show(struct seq_file *m, void *v)
{
	struct ages ages = {};
	struct pr_stats sum;
	unsigned int i;

	pr_sum_stats(&sum);
	if (tracking())
		walk_free_mem_block(&ages, pr_smallest_order(&pr_policy), ages_add);

	seq_puts(m, "below_ms waiting reported refaulted\n");
	for (i = 0; i < PR_AGES; i++) {
		if (i < PR_AGES - 1)
			seq_printf(m, "%u", 1U << i);
		else
			seq_putc(m, '-');
		seq_printf(m, " %llu %llu %llu\n", (u64)ages.pages[i][0] << PAGE_SHIFT,
			   (u64)ages.pages[i][1] << PAGE_SHIFT,
			   sum.refault_age[i] << PAGE_SHIFT);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ages);

static ssize_t flush_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *ppos)
{
	char val[32] = "";
	int err;

	if (count >= sizeof(val))
		return -EINVAL;
	if (copy_from_user(val, buf, count))
		return -EFAULT;
	err = pr_flush_now(val);
	return err ? err : count;
}

static ssize_t flush_read(struct file *file, char __user *buf, size_t count,
			  loff_t *ppos)
{
	char text[128];

	return simple_read_from_buffer(buf, count, ppos, text,
				       pr_flush_result(text, sizeof(text)));
}

static const struct file_operations flush_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = flush_read,
	.write = flush_write,
	.llseek = default_llseek,
};

static int __init page_reporting_debugfs_init(void)
{
	struct dentry *dir;

	if (!pr_records_enabled())
		return 0;

	dir = debugfs_create_dir("page_reporting", NULL);
	debugfs_create_file("blocks", 0400, dir, NULL, &blocks_fops);
	debugfs_create_file("summary", 0400, dir, NULL, &summary_fops);
	debugfs_create_file("ages", 0400, dir, NULL, &ages_fops);
	debugfs_create_file("stats", 0400, dir, NULL, &stats_fops);
	debugfs_create_file("flush", 0600, dir, NULL, &flush_fops);
	return 0;
}
late_initcall(page_reporting_debugfs_init);
