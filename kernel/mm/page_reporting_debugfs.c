// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting: what an operator sees in debugfs page_reporting/.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/page-isolation.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/walk_free_mem.h>

#include "internal.h"
#include "page_reporting.h"

/**
 * struct block_state - what is known of a free block
 * @pfn: its first page
 * @order: its order
 * @zone: its zone
 * @migratetype: its migratetype
 * @reported: pages of it that are reported
 * @pending: pages of it that are not reported yet, none of a small block's
 * @young: it is too young to report what is pending
 * @free_age: ticks since it was seen to be free
 * @report_age: ticks since a part of it was last reported, with @reported
 */
struct block_state {
	unsigned long pfn;
	unsigned int order;
	struct zone *zone;
	int migratetype;
	unsigned long reported;
	unsigned long pending;
	bool young;
	u32 free_age;
	u32 report_age;
};

/* Called under zone->lock */
static void block_state_get(struct block_state *state, unsigned long pfn,
			    unsigned long num)
{
	struct page *page = pfn_to_page(pfn);
	u32 now = page_reporting_now(), age;
	struct page_reporting_rec *rec;
	struct page_ext *ext;
	unsigned int bits;
	unsigned long nr;

	*state = (struct block_state){
		.pfn = pfn,
		.order = ilog2(num),
		.zone = page_zone(page),
		.migratetype = get_pageblock_migratetype(page),
		.free_age = PR_TIME_MASK,
		.report_age = PR_TIME_MASK,
	};

	/* Without the hooks the records say nothing */
	bits = page_reporting_bits(page);
	if (!static_branch_unlikely(&page_reporting_enabled) ||
	    (state->order < page_reporting_least() && !(bits & PR_MARK)))
		return;
	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return;
	for (nr = page_reporting_units(state->order); nr; nr--) {
		if (page_reporting_reported(rec)) {
			state->reported += 1UL << page_reporting_unit(state->order);
			age = page_reporting_age(now, rec->reported);
			state->report_age = min(state->report_age, age);
		}
		if (page_reporting_reported(rec) || (bits & PR_SEEN)) {
			age = page_reporting_age(now, rec->freed);
			state->free_age = min(state->free_age, age);
		}
		rec = page_reporting_rec_next(rec);
	}
	page_ext_put(ext);
	state->pending = num - state->reported;
	/* What no pass has seen yet has just become free */
	if (state->pending && !(bits & PR_SEEN))
		state->free_age = 0;
	state->young = state->free_age < page_reporting_wait(state->order, bits);
}

static const char *block_state_name(const struct block_state *state)
{
	if (state->reported && state->pending)
		return "partial";
	if (state->reported)
		return "reported";
	if (state->pending)
		return "pending";
	if (static_branch_unlikely(&page_reporting_enabled) &&
	    state->order < page_reporting_least())
		return "small";
	return "untracked";
}

/*
 * blocks: a line for each free block. The offset is the pfn to go on from; a
 * line that did not fit into the last read is finished by the next one.
 */
#define BLOCKS_BATCH	32
#define BLOCKS_LINE	128

struct blocks_reader {
	struct mutex lock;	/* one read at a time on an open file */
	loff_t pos;		/* where what is buffered belongs */
	unsigned int nr;	/* blocks found */
	unsigned int next;	/* first of them not formatted yet */
	unsigned int len;	/* length of the line */
	unsigned int done;	/* how much of it has been handed out */
	struct block_state block[BLOCKS_BATCH];
	char line[BLOCKS_LINE];
};

static int blocks_collect(void *opaque, unsigned long pfn, unsigned long num)
{
	struct blocks_reader *reader = opaque;

	block_state_get(&reader->block[reader->nr++], pfn, num);
	return reader->nr == BLOCKS_BATCH;
}

/* A column for an age in milliseconds, or '-' when there is none */
static int blocks_age(char *buf, size_t size, u32 ticks)
{
	if (ticks == PR_TIME_MASK)
		return scnprintf(buf, size, " -");
	return scnprintf(buf, size, " %llu", jiffies64_to_msecs(ticks));
}

static void blocks_format(struct blocks_reader *reader)
{
	const struct block_state *state = &reader->block[reader->next++];
	char *line = reader->line;
	int len;

	len = scnprintf(line, BLOCKS_LINE, "%lu %u %d %s %s %s", state->pfn,
			state->order, zone_to_nid(state->zone), state->zone->name,
			migratetype_names[state->migratetype],
			block_state_name(state));
	len += blocks_age(line + len, BLOCKS_LINE - len, state->free_age);
	len += blocks_age(line + len, BLOCKS_LINE - len, state->report_age);
	len += scnprintf(line + len, BLOCKS_LINE - len, "\n");
	reader->len = len;
	reader->done = 0;
}

static void blocks_forget(struct blocks_reader *reader)
{
	reader->nr = 0;
	reader->next = 0;
	reader->len = 0;
	reader->done = 0;
}

static loff_t blocks_llseek(struct file *file, loff_t offset, int whence)
{
	struct blocks_reader *reader = file->private_data;
	loff_t ret;

	/* Also when it is sought to where it is: to begin a line again */
	mutex_lock(&reader->lock);
	blocks_forget(reader);
	ret = no_seek_end_llseek(file, offset, whence);
	mutex_unlock(&reader->lock);
	return ret;
}

static ssize_t blocks_read(struct file *file, char __user *buf, size_t count,
			   loff_t *ppos)
{
	struct blocks_reader *reader = file->private_data;
	const struct block_state *state;
	size_t done = 0, chunk;
	ssize_t ret = 0;

	if (mutex_lock_interruptible(&reader->lock))
		return -ERESTARTSYS;

	/* pread(): what is buffered belongs elsewhere */
	if (reader->pos != *ppos)
		blocks_forget(reader);

	while (done < count) {
		if (reader->done == reader->len) {
			if (reader->next == reader->nr) {
				reader->nr = 0;
				reader->next = 0;
				if (*ppos >= max_pfn)
					break;
				walk_free_mem_range(*ppos, max_pfn, reader, 0,
						    blocks_collect);
				if (!reader->nr)
					break;
			}
			blocks_format(reader);
		}
		chunk = min_t(size_t, reader->len - reader->done, count - done);
		if (copy_to_user(buf + done, reader->line + reader->done, chunk)) {
			ret = -EFAULT;
			break;
		}
		done += chunk;
		reader->done += chunk;
		if (reader->done == reader->len) {
			state = &reader->block[reader->next - 1];
			*ppos = state->pfn + (1UL << state->order);
		}
		if (signal_pending(current)) {
			ret = -EINTR;
			break;
		}
	}
	reader->pos = *ppos;
	mutex_unlock(&reader->lock);
	return done ?: ret;
}

static int blocks_open(struct inode *inode, struct file *file)
{
	struct blocks_reader *reader = kzalloc(sizeof(*reader), GFP_KERNEL);

	if (!reader)
		return -ENOMEM;
	mutex_init(&reader->lock);
	file->private_data = reader;
	return 0;
}

static int blocks_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations blocks_fops = {
	.owner = THIS_MODULE,
	.open = blocks_open,
	.read = blocks_read,
	.llseek = blocks_llseek,
	.release = blocks_release,
};

/* summary: what is free, and why it is still held by the guest */
enum summary_state {
	SUM_REPORTED,
	SUM_ELIGIBLE,
	SUM_YOUNG,
	SUM_SMALL,
	SUM_ISOLATED,
	SUM_WATERMARK,
	SUM_UNTRACKED,
	NR_SUM_STATES,
};

static const char * const summary_names[NR_SUM_STATES] = {
	"reported", "eligible", "young", "small", "isolated", "watermark",
	"untracked",
};

struct summary {
	struct zone *zone;
	unsigned long budget;
	unsigned long pages[NR_PAGE_ORDERS][MIGRATE_TYPES][NR_SUM_STATES];
};

/* Why is what is not reported of a block still held? */
static enum summary_state summary_state(const struct summary *sum,
					const struct block_state *state)
{
	if (is_migrate_isolate(state->migratetype))
		return SUM_ISOLATED;
	if (static_branch_unlikely(&page_reporting_enabled) &&
	    state->order < page_reporting_least())
		return SUM_SMALL;
	/* No device, or no page_ext */
	if (!state->reported && !state->pending)
		return SUM_UNTRACKED;
	if (state->young)
		return SUM_YOUNG;
	return 1UL << state->order > sum->budget ? SUM_WATERMARK : SUM_ELIGIBLE;
}

static int summary_add(void *opaque, unsigned long pfn, unsigned long num)
{
	struct summary *sum = opaque;
	struct block_state state;
	unsigned long *pages;

	block_state_get(&state, pfn, num);
	if (state.zone != sum->zone)
		return 0;
	pages = sum->pages[state.order][state.migratetype];
	pages[SUM_REPORTED] += state.reported;
	pages[summary_state(sum, &state)] += num - state.reported;
	return 0;
}

static void summary_show_zone(struct seq_file *m, const struct summary *sum)
{
	unsigned int order, mt, i;

	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		for (mt = 0; mt < MIGRATE_TYPES; mt++) {
			const unsigned long *pages = sum->pages[order][mt];

			if (!memchr_inv(pages, 0, sizeof(sum->pages[0][0])))
				continue;
			seq_printf(m, "%d %s %u %s", zone_to_nid(sum->zone),
				   sum->zone->name, order, migratetype_names[mt]);
			for (i = 0; i < NR_SUM_STATES; i++)
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
	for (i = 0; i < NR_SUM_STATES; i++)
		seq_printf(m, " %s", summary_names[i]);
	seq_putc(m, '\n');

	for_each_populated_zone(zone) {
		memset(sum, 0, sizeof(*sum));
		sum->zone = zone;
		sum->budget = page_reporting_budget(zone);
		walk_free_mem_range(zone->zone_start_pfn, zone_end_pfn(zone), sum, 0,
				    summary_add);
		summary_show_zone(m, sum);
	}
	kfree(sum);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(summary);

static void stats_put(struct seq_file *m, const char *name, u64 value)
{
	seq_printf(m, "%s %llu\n", name, value);
}

static int stats_show(struct seq_file *m, void *v)
{
	struct page_reporting_stats stats;
	unsigned long reported = 0;
	struct zone *zone;

	page_reporting_sum(&stats);
	for_each_populated_zone(zone)
		reported += READ_ONCE(zone->pr_reported);

	stats_put(m, "passes", stats.passes);
	stats_put(m, "sweeps", stats.sweeps);
	stats_put(m, "reports", stats.reports);
	stats_put(m, "errors", stats.errors);
	stats_put(m, "reported_bytes", stats.reported << PAGE_SHIFT);
	stats_put(m, "refaulted_bytes", stats.refaulted << PAGE_SHIFT);
	stats_put(m, "refaulted_soon_bytes", stats.soon << PAGE_SHIFT);
	stats_put(m, "kept_bytes", stats.kept << PAGE_SHIFT);
	stats_put(m, "dropped_bytes", stats.dropped << PAGE_SHIFT);
	stats_put(m, "redundant_bytes", stats.redundant << PAGE_SHIFT);
	stats_put(m, "failed_bytes", stats.failed << PAGE_SHIFT);
	stats_put(m, "reported_now_bytes", (u64)reported << PAGE_SHIFT);
	stats_put(m, "age_ms", page_reporting_msecs(page_reporting_gate(MAX_PAGE_ORDER)));
	stats_put(m, "lock_hold_max_ns", page_reporting_lock_hold_max());
	stats_put(m, "pass_ns", page_reporting_busy_ns());
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
	struct block_state state;

	/* All that waits in a block is of one age; what is reported nearly so */
	block_state_get(&state, pfn, num);
	if (state.pending)
		ages->pages[page_reporting_age_class(state.free_age)][0] += state.pending;
	if (state.reported)
		ages->pages[page_reporting_age_class(state.report_age)][1] += state.reported;
	return 0;
}

static int ages_show(struct seq_file *m, void *v)
{
	struct page_reporting_stats stats;
	struct ages ages = {};
	unsigned int i;

	page_reporting_sum(&stats);
	walk_free_mem_block(&ages, page_reporting_least(), ages_add);

	seq_puts(m, "below_ms waiting reported refaulted\n");
	for (i = 0; i < PR_AGES; i++) {
		if (i < PR_AGES - 1)
			seq_printf(m, "%u", 1U << i);
		else
			seq_putc(m, '-');
		seq_printf(m, " %llu %llu %llu\n", (u64)ages.pages[i][0] << PAGE_SHIFT,
			   (u64)ages.pages[i][1] << PAGE_SHIFT,
			   stats.refault_age[i] << PAGE_SHIFT);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ages);

static ssize_t flush_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *ppos)
{
	int err = page_reporting_flush();

	return err ?: count;
}

static const struct file_operations flush_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = flush_write,
	.llseek = noop_llseek,
};

static int __init page_reporting_debugfs_init(void)
{
	struct dentry *dir;

	if (!page_reporting_ext_enabled())
		return 0;

	dir = debugfs_create_dir("page_reporting", NULL);
	debugfs_create_file("blocks", 0400, dir, NULL, &blocks_fops);
	debugfs_create_file("summary", 0400, dir, NULL, &summary_fops);
	debugfs_create_file("ages", 0400, dir, NULL, &ages_fops);
	debugfs_create_file("stats", 0400, dir, NULL, &stats_fops);
	debugfs_create_file("flush", 0200, dir, NULL, &flush_fops);
	return 0;
}
late_initcall(page_reporting_debugfs_init);
