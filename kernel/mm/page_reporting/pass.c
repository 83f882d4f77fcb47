// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting: one pass over memory.
 *
 * Free blocks are found without zone->lock. Under the lock they are read and
 * judged again: new ones get a timestamp, and those that may be reported are
 * isolated, a batch at a time. The device is told of a batch with no lock held,
 * then the batch goes back to the free lists.
 */
#include <linux/freezer.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/page-isolation.h>
#include <linux/sched.h>
#include <linux/sched/cputime.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>
#include <linux/vmstat.h>

#include "../internal.h"
#include "internal.h"

#include <trace/events/page_reporting.h>

/* Blocks looked at in one hold of zone->lock */
#define PR_BATCH_BLOCKS		64U
/* Records looked at in one hold; a larger block is handled on its own */
#define PR_BATCH_RECORDS	4096

/* A free block that was found without the lock, or an isolated one */
struct candidate {
	unsigned long pfn;
	unsigned int order;
	unsigned int nents;	/* of the report that are of it */
	u32 free;		/* since when they are free, see pr_free_record() */
	bool fresh;		/* the host hardly ever supplied it */
};

/* The batch of the running pass; isolated blocks come first in @blocks */
static struct {
	unsigned int nr_blocks;
	unsigned int nr_isolated;
	unsigned long isolated[2];	/* pages, of which in pageblocks of CMA: [1] */
	unsigned int nents;
	struct candidate blocks[PR_BATCH_BLOCKS];
	struct scatterlist sg[PAGE_REPORTING_CAPACITY];
} batch;

/*
 * Set the budgets of a zone, and have regions counted anew. Any context; exact under
 * zone->lock, but for CPUs that fold their counters at this moment.
 */
void pr_zone_limits(struct zone *zone, struct pr_limits *limits)
{
	unsigned long nr_free = zone_page_state_snapshot(zone, NR_FREE_PAGES);
	unsigned long reserve = low_wmark_pages(zone), cma = 0;

	reserve += READ_ONCE(zone->nr_free_highatomic);
#ifdef CONFIG_CMA
	cma = zone_page_state_snapshot(zone, NR_FREE_CMA_PAGES);
#endif
#ifdef CONFIG_UNACCEPTED_MEMORY
	reserve += zone_page_state_snapshot(zone, NR_UNACCEPTED);
#endif
	/* CMA memory is no use to most allocations, nor do they miss it */
	limits->budget = pr_budget(nr_free, reserve + cma);
	limits->cma_budget = max(cma / 8, min_t(unsigned long, cma, MAX_ORDER_NR_PAGES));
	limits->region.first = NULL;
}

/*
 * Judge a free block, by the rest of its 2 MiB if nothing else holds it back. That is
 * counted once for all blocks in it, until pr_zone_limits() is called again: what is
 * isolated is not free for the next one. Any context; without zone->lock a hint.
 */
enum pr_verdict pr_judge_block(struct pr_block *block, struct pr_limits *limits)
{
	enum pr_verdict verdict = pr_judge(&pr_policy, block, limits);
	struct pr_region *region = &limits->region;
	struct page *first;

	if (verdict != PR_SPARSE)
		return verdict;
	first = pfn_to_page(ALIGN_DOWN(page_to_pfn(block->page), 1UL << pr_policy.huge_order));
	if (region->first != first) {
		region->first = first;
		pr_count_region(region, block->zone);
	}
	block->region_old = region->old;
	return pr_judge(&pr_policy, block, limits);
}

/*
 * Judge a free block and remember when to come back if it cannot be reported
 * now. Returns true if it can.
 */
static bool judge_block(struct pr_pass *pass, struct pr_block *block)
{
	struct pr_seen *seen = &pass->seen;
	u32 *wait = block->order < pr_policy.huge_order ? &seen->small_wait : &seen->wait;

	switch (pr_judge_block(block, &pass->limits)) {
	case PR_YOUNG:
		*wait = min(*wait, pr_wait(&pr_policy, block));
		return false;
	case PR_SPARSE:
		/* What was young when it was counted may be of age when its turn comes */
		*wait = min(*wait, pass->limits.region.wait);
		seen->sparse = true;
		return false;
	case PR_ISOLATED:
	case PR_OVER_BUDGET:
		seen->retry = true;
		return false;
	case PR_ELIGIBLE:
		return true;
	default:
		return false;
	}
}

static bool must_stop(struct pr_pass *pass)
{
	if (pr_stopping())
		pass->stopped = -ECANCELED;
	else if (pass->limits.force &&
		 (signal_pending(current) || freezing(current)))
		pass->stopped = -EINTR;
	else if ((pass->most && pass->pages >= pass->most) ||
		 (pass->deadline && ktime_get_ns() >= pass->deadline))
		pass->stopped = -EDQUOT;
	return pass->stopped;
}

/* Find blocks that are new or may be reported, as many as there is room for */
static void collect_blocks(struct pr_pass *pass, struct zone *zone,
			   unsigned long *pfn, unsigned long end)
{
	unsigned int min_order = pr_smallest_order(&pr_policy), order;
	u64 start = task_sched_runtime(current);
	struct pr_block block;
	unsigned long stop;
	struct page *page;

	if (!pass->sweep)
		min_order = max(min_order, pr_policy.huge_order);
	batch.nr_blocks = 0;
	while (*pfn < end && batch.nr_blocks < PR_BATCH_BLOCKS && !must_stop(pass)) {
		stop = pr_chunk_end(*pfn, end, min_order);
		get_online_mems();
		while (batch.nr_blocks < PR_BATCH_BLOCKS &&
		       (page = pr_next_block(zone, pfn, stop, min_order, &order))) {
			*pfn += 1UL << order;
			if (pr_all_reported(page))
				continue;
			pr_block_read(&block, page, order);
			if (judge_block(pass, &block) || block.unseen)
				batch.blocks[batch.nr_blocks++] = (struct candidate) {
					.pfn = page_to_pfn(page),
					.order = order,
				};
			cond_resched();
		}
		put_online_mems();
		cond_resched();
	}
	pass->seen.scan_ns += task_sched_runtime(current) - start;
}

/* Has the batch no room for another block: by the budget of its kind, @most or quota? */
static bool over_budget(const struct pr_pass *pass, const struct pr_block *block)
{
	bool cma = is_migrate_cma(block->migratetype);
	unsigned long budget = cma ? pass->limits.cma_budget : pass->limits.budget;
	unsigned long isolated = batch.isolated[0] + batch.isolated[1];
	u64 quota = (u64)READ_ONCE(pr_policy.params.quota_mib) << (20 - PAGE_SHIFT);

	if (pass->most && isolated >= pass->most - pass->pages)
		return true;
	/* A second's worth, as the quota forgives what takes many, see PR_QUOTA_DEBT */
	if (quota && !pass->limits.force && isolated >= quota)
		return true;
	return batch.isolated[cma] &&
	       batch.isolated[cma] + (1UL << block->order) > budget;
}

/* A block has merged: let the worker hear of what it is part of now, which may be large */
static void hear_of_merged(struct page *page, unsigned int order)
{
	if (pr_find_block(page, order, &order))
		page_reporting_freed(order);
}

/*
 * Stamp a block if it is new, and take it off its free list if it may be
 * reported. Returns false if there is no room for it in this batch.
 */
static bool isolate_block(struct pr_pass *pass, struct zone *zone, unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);
	struct pr_block block;
	unsigned int order, n;

	if (!page || page_zone(page) != zone)
		return true;
	if (!PageBuddy(page)) {
		/* In use, or merged: by an isolation's undoing that is not heard of */
		hear_of_merged(page, pr_smallest_order(&pr_policy));
		return true;
	}
	order = buddy_order(page);
	if (order < pr_smallest_order(&pr_policy))
		return true;
	pr_block_read(&block, page, order);
	if (block.unseen) {
		pr_stamp(page, order, pr_free_now(pass->fresh || READ_ONCE(pr_schedule.fresh)));
		pr_block_read(&block, page, order);
		pass->stamped++;
	}
	if (!judge_block(pass, &block))
		return true;
	if (over_budget(pass, &block))
		return false;
	n = pr_add_unreported(page, order, &batch.sg[batch.nents],
			      pass->capacity - batch.nents);
	if (!n)
		return true;

	batch.blocks[batch.nr_isolated++] = (struct candidate) {
		.pfn = pfn,
		.order = order,
		.nents = n,
		.free = pr_free_record(page),
		.fresh = block.fresh,
	};
	page_reporting_isolate(page, zone, order);
	batch.isolated[is_migrate_cma(block.migratetype)] += 1UL << order;
	batch.nents += n;
	/* If it is full, a part of the block may be left */
	return batch.nents < pass->capacity;
}

/* Isolate what was found; @pfn goes back to what did not fit */
static void isolate_batch(struct pr_pass *pass, struct zone *zone,
			  unsigned long *pfn)
{
	unsigned int i, least = pr_smallest_order(&pr_policy);
	unsigned long records = 0, flags;
	const struct page *region;
	struct candidate found;
	u64 since;

	batch.nents = 0;
	batch.nr_isolated = 0;
	memset(batch.isolated, 0, sizeof(batch.isolated));
	sg_init_table(batch.sg, PAGE_REPORTING_CAPACITY);
	get_online_mems();
	since = pr_lock(zone, &flags);
	pr_zone_limits(zone, &pass->limits);
	for (i = 0; i < batch.nr_blocks; i++) {
		found = batch.blocks[i];
		region = pass->limits.region.first;
		records += max(1UL, 1UL << found.order >> pr_policy.granule_order);
		if ((i && records > PR_BATCH_RECORDS) ||
		    !isolate_block(pass, zone, found.pfn)) {
			*pfn = found.pfn;
			break;
		}
		if (pass->limits.region.first != region)
			records += 1UL << (pr_policy.huge_order - least);
	}
	pr_unlock(zone, flags, since);
	put_online_mems();
}

/* Put an isolated block back, with records unless the device has failed */
static unsigned long return_block(const struct candidate *block, struct zone *zone,
				  struct scatterlist *sg, int err)
{
	struct page *page = pfn_to_page(block->pfn);
	unsigned long pages = 0;
	unsigned int i;
	bool merged;

	for (i = 0; i < block->nents; i++) {
		pages += sg[i].length >> PAGE_SHIFT;
		if (!err && block->order >= pr_policy.granule_order)
			pr_mark(sg_page(&sg[i]), zone, get_order(sg[i].length));
	}
	page_reporting_putback(page, zone, block->order);
	merged = !PageBuddy(page) || buddy_order(page) != block->order;
	if (!err && block->order < pr_policy.granule_order)
		pr_mark(page, zone, block->order);
	else if (!merged)
		pr_stamp(page, block->order, block->free);
	if (merged)
		hear_of_merged(page, block->order);
	return pages;
}

/* Put the batch back; returns its pages */
static unsigned long return_batch(struct pr_pass *pass, struct zone *zone, int err)
{
	unsigned long pages = 0, supplied = 0, part, flags;
	u32 now = pr_now(), age = PR_AGE_MAX;
	unsigned int i, nents = 0;
	u64 since;

	since = pr_lock(zone, &flags);
	for (i = 0; i < batch.nr_isolated; i++) {
		const struct candidate *block = &batch.blocks[i];

		part = return_block(block, zone, &batch.sg[nents], err);
		nents += block->nents;
		pages += part;
		if (!block->fresh && block->order >= pr_policy.huge_order) {
			supplied += part;
			age = min(age, pr_age(now, block->free & PR_TIME_MASK));
		}
	}
	if (!err) {
		this_cpu_add(pr_stats.reported, pages);
		/* What the host never supplied is not missed */
		if (supplied)
			pr_mark_recent(supplied, (now - age) & PR_TIME_MASK, pass->limits.force);
	}
	pr_unlock(zone, flags, since);

	this_cpu_inc(pr_stats.reports);
	if (err) {
		this_cpu_inc(pr_stats.errors);
		this_cpu_add(pr_stats.failed, pages);
		count_vm_events(PAGE_REPORT_FAIL, pages);
	} else {
		count_vm_events(PAGE_REPORTED, pages);
		pass->pages += pages;
	}
	pass->reports++;
	return pages;
}

/* Tell the device of the batch; returns what it returned */
static int report_batch(struct pr_pass *pass, struct zone *zone)
{
	u64 start = ktime_get_ns();
	unsigned long pages;
	int err;

	sg_mark_end(&batch.sg[batch.nents - 1]);
	err = pass->dev->report(pass->dev, batch.sg, batch.nents);
	pages = return_batch(pass, zone, err);
	trace_page_reporting_batch(zone_to_nid(zone), zone->name,
				   (u64)pages << PAGE_SHIFT, batch.nents, err,
				   ktime_get_ns() - start);
	return err;
}

static int pass_zone(struct pr_pass *pass, struct zone *zone, unsigned long pfn)
{
	unsigned long end = zone_end_pfn(zone), before;
	u64 start, now;
	int err = 0;

	pr_zone_limits(zone, &pass->limits);
	while (pfn < end && !err && !must_stop(pass)) {
		start = ktime_get_ns();
		if (!pass->limits.force && pr_quota_wait(&pr_policy, start)) {
			pass->stopped = -EBUSY;
			pass->zone = zone;
			pass->pfn = pfn;
			break;
		}
		before = pass->pages;
		collect_blocks(pass, zone, &pfn, end);
		if (batch.nr_blocks && !pass->stopped) {
			isolate_batch(pass, zone, &pfn);
			if (batch.nents)
				err = report_batch(pass, zone);
		}
		now = ktime_get_ns();
		pr_quota_charge(&pr_policy, now, now - start, pass->pages - before);
	}
	return err;
}

/*
 * Report what is eligible in all zones. Returns 0, or what the device returned;
 * @pass->stopped says whether the pass came to its end. Sleeps; one at a time.
 */
int pr_pass_run(struct pr_pass *pass)
{
	struct zone *zone, *first = pass->zone;
	int err = 0;

	pass->zone = NULL;
	for_each_populated_zone(zone) {
		if (first && zone != first)
			continue;
		err = pass_zone(pass, zone, first ? pass->pfn : zone->zone_start_pfn);
		first = NULL;
		if (err || pass->stopped)
			break;
	}
	return err;
}

#ifdef CONFIG_PAGE_REPORTING_KUNIT_TEST
#include "tests/pass_kunit.h"
#endif
