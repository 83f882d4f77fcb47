// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting: the worker that tells a device which memory is free.
 *
 * A pass finds candidates in the records (page_reporting_ext.c) without
 * zone->lock, confirms and isolates a batch of them under it, hands the batch
 * to the device with no lock held, and puts it back. What is too young is left
 * alone until it comes of age; with nothing pending no pass is queued.
 */
#define pr_fmt(fmt) "page_reporting: " fmt

#include <linux/export.h>
#include <linux/log2.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/oom.h>
#include <linux/page-isolation.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/suspend.h>
#include <linux/timekeeping.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "internal.h"
#include "page_reporting.h"

/* At most 1/PR_SHARE of what is free above the watermark is isolated at once */
#define PR_SHARE		8
/* Passes are at least 1/PR_QUIET of the age apart... */
#define PR_QUIET		16
/* ...and PR_SCAN_SHARE times as long as it takes to walk the records */
#define PR_SCAN_SHARE		64
/* Records handled in one go under zone->lock, where granules are small */
#define PR_BATCH_RECORDS	4096
/* The delay after an error doubles from one to the other */
#define PR_BACKOFF_MIN_MS	1000U
#define PR_BACKOFF_MAX_MS	64000U

DEFINE_STATIC_KEY_FALSE(page_reporting_enabled);

/* What is asked for: unset until a device registers or the user says so */
unsigned int page_reporting_order = UINT_MAX;
EXPORT_SYMBOL_GPL(page_reporting_order);

/* What is in force. Drivers write to page_reporting_order in mid-report. */
unsigned int page_reporting_granule = UINT_MAX;

static int page_reporting_set_ms(const char *val, const struct kernel_param *kp);
static const struct kernel_param_ops page_reporting_ms_ops = {
	.set = page_reporting_set_ms,
	.get = param_get_uint,
};

static unsigned int min_age_ms = 1000;
module_param_cb(min_age_ms, &page_reporting_ms_ops, &min_age_ms, 0644);
MODULE_PARM_DESC(min_age_ms, "Report memory that has been free for this long");

static unsigned int page_reporting_delay_ms = 2000;
module_param_cb(page_reporting_delay_ms, &page_reporting_ms_ops,
		&page_reporting_delay_ms, 0644);
MODULE_PARM_DESC(page_reporting_delay_ms,
		 "Delay before memory that could not be reported is tried again");

struct page_reporting_candidate {
	unsigned long pfn;
	unsigned int order;	/* of its block, as seen without the lock */
};

struct page_reporting_held {
	struct page *page;
	unsigned int order;
};

/**
 * struct page_reporting_pass - one walk over all records
 * @prdev: the device
 * @force: report regardless of age
 * @waiting: something has to be looked at again
 * @soon: and not only because it could not be reported now
 * @next: when, in jiffies; valid with @waiting
 * @newest: ticks since the youngest of what waits was freed
 * @scan_ns: time spent on walking the records
 * @zone: the zone being walked
 * @pfn: where to go on
 * @end: where the zone ends
 * @pages: pages isolated for this batch
 * @nr_candidates: used entries of page_reporting_bufs.candidate
 * @nr_blocks: used entries of page_reporting_bufs.block
 * @nents: used entries of page_reporting_bufs.sg
 */
struct page_reporting_pass {
	struct page_reporting_dev_info *prdev;
	bool force;
	bool waiting;
	bool soon;
	unsigned long next;
	u32 newest;
	u64 scan_ns;
	struct zone *zone;
	unsigned long pfn;
	unsigned long end;
	unsigned long pages;
	unsigned int nr_candidates;
	unsigned int nr_blocks;
	unsigned int nents;
};

/* Registration and changes of the order; outside page_reporting_pass_lock */
static DEFINE_MUTEX(page_reporting_mutex);
/* Held by a pass; protects the device, the buffers and the back-off */
static DEFINE_MUTEX(page_reporting_pass_lock);

static struct page_reporting_dev_info *page_reporting_dev;
static struct {
	unsigned int capacity;
	struct page_reporting_candidate *candidate;
	struct page_reporting_held *block;
	struct scatterlist *sg;
} page_reporting_bufs;
static unsigned int page_reporting_backoff_ms;

/* Nobody shall wait for a whole pass: it ends after the batch in progress */
static atomic_t page_reporting_stop = ATOMIC_INIT(0);

/* When the per-cpu lists were last drained */
static u32 page_reporting_drained;

/* A pass is queued, so that who frees memory need not look further */
bool page_reporting_kicked;

/* The batch that is out: pages, number, and who waits for the device */
static unsigned long page_reporting_isolated;
static unsigned long page_reporting_batch;
static struct task_struct *page_reporting_task;
static DECLARE_WAIT_QUEUE_HEAD(page_reporting_returned);

static u64 page_reporting_lock_max;
static u64 page_reporting_busy;

static void page_reporting_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(page_reporting_work, page_reporting_work_fn);
static void page_reporting_clamp_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(page_reporting_clamp_work, page_reporting_clamp_fn);
static void page_reporting_reorder_fn(struct work_struct *work);
static DECLARE_WORK(page_reporting_reorder_work, page_reporting_reorder_fn);

/* Take zone->lock and note the time, for the longest hold in debugfs stats */
u64 page_reporting_lock(struct zone *zone, unsigned long *flags)
	__acquires(&zone->lock)
{
	spin_lock_irqsave(&zone->lock, *flags);
	return ktime_get_mono_fast_ns();
}

void page_reporting_unlock(struct zone *zone, unsigned long flags, u64 since)
	__releases(&zone->lock)
{
	u64 held = ktime_get_mono_fast_ns() - since;

	spin_unlock_irqrestore(&zone->lock, flags);
	/* Racing for a maximum may lose one; good enough for a statistic */
	if (held > READ_ONCE(page_reporting_lock_max))
		WRITE_ONCE(page_reporting_lock_max, held);
}

u64 page_reporting_lock_hold_max(void)
{
	return READ_ONCE(page_reporting_lock_max);
}

u64 page_reporting_busy_ns(void)
{
	return READ_ONCE(page_reporting_busy);
}

/**
 * page_reporting_gate - how long a block has to be free before it is reported
 * @order: its order
 *
 * Context: any.
 * Return: the age in ticks.
 */
u32 page_reporting_gate(unsigned int order)
{
	return min_t(unsigned long, msecs_to_jiffies(READ_ONCE(min_age_ms)),
		     PR_AGE_MAX);
}

/**
 * page_reporting_budget - how much of a zone may be isolated at once
 * @zone: the zone
 *
 * Small guests live from their last blocks: at most a share of what is free
 * above the low watermark is out at any time, or a single block if as much
 * again stays behind.
 *
 * Context: any; exact under zone->lock.
 * Return: number of pages.
 */
unsigned long page_reporting_budget(struct zone *zone)
{
	unsigned long nr_free = zone_page_state(zone, NR_FREE_PAGES);
	unsigned long kept = low_wmark_pages(zone), above;

	/* Free, but not for everybody */
	kept += READ_ONCE(zone->nr_free_highatomic);
#ifdef CONFIG_CMA
	kept += zone_page_state(zone, NR_FREE_CMA_PAGES);
#endif
#ifdef CONFIG_UNACCEPTED_MEMORY
	kept += zone_page_state(zone, NR_UNACCEPTED);
#endif
	if (nr_free <= kept)
		return 0;
	above = nr_free - kept;
	return max(above / PR_SHARE, min(above / 2, (unsigned long)MAX_ORDER_NR_PAGES));
}

/* Out of line part of page_reporting_kick() */
void __page_reporting_kick(void)
{
	WRITE_ONCE(page_reporting_kicked, true);
	/*
	 * Long before anything comes of age, see page_reporting_settle(). Never
	 * at once: zone->lock is held.
	 */
	mod_delayed_work(system_freezable_wq, &page_reporting_work,
			 page_reporting_gate(MAX_PAGE_ORDER) / PR_QUIET + 1);
}

/* Look again at @when (jiffies) or earlier */
static void page_reporting_note(struct page_reporting_pass *pass,
				unsigned long when)
{
	if (!pass->waiting || time_before(when, pass->next))
		pass->next = when;
	pass->waiting = true;
	pass->soon = true;
}

/* Something but its age keeps a block from being reported */
static void page_reporting_note_retry(struct page_reporting_pass *pass)
{
	bool soon = pass->soon;

	page_reporting_note(pass, jiffies +
			    msecs_to_jiffies(READ_ONCE(page_reporting_delay_ms)));
	pass->soon = soon;
}

/* Is the record that of a granule to report now? If it is only young, note. */
static bool page_reporting_eligible(struct page_reporting_pass *pass,
				    const struct page_reporting_rec *rec,
				    unsigned int order)
{
	u32 age, gate;

	if (!page_reporting_pending(rec))
		return false;
	if (pass->force)
		return true;

	age = page_reporting_age(page_reporting_now(), READ_ONCE(rec->freed));
	gate = page_reporting_gate(order);
	if (age >= gate)
		return true;
	page_reporting_note(pass, jiffies + gate - age);
	pass->newest = min(pass->newest, age);
	return false;
}

/* May the pageblock hold pending granules? */
static bool page_reporting_hinted(struct page *page, struct zone *zone)
{
	struct page_reporting_rec *rec;
	struct page_ext *ext;
	bool hint;

	/* Granules are looked at one by one, or the hint is another zone's */
	if (page_reporting_granule >= pageblock_order)
		return true;
	page -= page_to_pfn(page) & (pageblock_nr_pages - 1);
	if (page_zone(page) != zone)
		return true;

	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return false;
	hint = READ_ONCE(rec->freed) & PR_HINT;
	page_ext_put(ext);
	return hint;
}

/* Find as many candidates as a report takes, without any lock */
static void page_reporting_collect(struct page_reporting_pass *pass)
{
	unsigned int granule = page_reporting_granule;
	unsigned int step = max(granule, pageblock_order);
	struct page_reporting_candidate *candidate;
	struct zone *zone = pass->zone;
	struct page *page;
	u64 start;

	pass->nr_candidates = 0;
	get_online_mems();
	start = ktime_get_mono_fast_ns();
	while ((page = page_reporting_next_online(&pass->pfn, pass->end))) {
		unsigned long start = pass->pfn;
		unsigned long end = min(ALIGN(start + 1, 1UL << step), pass->end);
		bool pending = false, stale = false;

		if (!page_reporting_hinted(page, zone)) {
			pass->pfn = end;
			continue;
		}
		for (; pass->pfn < end; pass->pfn += 1UL << granule, page += 1UL << granule) {
			struct page_reporting_rec *rec;
			struct page_ext *ext;
			unsigned int order;
			struct page *head;
			bool eligible;

			if (pass->nr_candidates == page_reporting_bufs.capacity)
				goto out;
			if (page_zone(page) != zone)
				continue;
			rec = page_reporting_rec_get(page, &ext);
			if (!rec)
				continue;
			if (!page_reporting_pending(rec)) {
				page_ext_put(ext);
				continue;
			}
			order = page_reporting_block(page, &head);
			eligible = order < NR_PAGE_ORDERS &&
				   page_reporting_eligible(pass, rec, order);
			page_ext_put(ext);
			pending |= order < NR_PAGE_ORDERS;
			stale |= order == NR_PAGE_ORDERS;
			if (!eligible)
				continue;
			candidate = &page_reporting_bufs.candidate[pass->nr_candidates++];
			candidate->pfn = pass->pfn;
			candidate->order = order;
			/* The rest of the block comes with it */
			head += (1UL << order) - (1UL << granule);
			pass->pfn += head - page;
			page = head;
		}
		/* Nothing there, or so it seemed: to be sure takes the lock */
		if (!pending && (stale || step > granule) &&
		    IS_ALIGNED(start, 1UL << step) &&
		    page_zone(pfn_to_page(start)) == zone &&
		    !page_reporting_unhint(pfn_to_page(start), zone))
			page_reporting_note(pass, jiffies);
		cond_resched();
	}
out:
	put_online_mems();
	pass->scan_ns += ktime_get_mono_fast_ns() - start;
}

/*
 * Put what is eligible of a free block into the scatterlist. Devices get
 * naturally aligned powers of two, as if each were a block of its own.
 */
static void page_reporting_add(struct page_reporting_pass *pass,
			       struct page *page, unsigned int order)
{
	unsigned int granule = page_reporting_granule;
	unsigned long nr = 1UL << (order - granule), i = 0, run;
	struct page_reporting_rec *rec;
	struct page_ext *ext;

	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return;

	while (i < nr) {
		for (run = 0; i + run < nr; run++) {
			if (!page_reporting_eligible(pass, rec, order))
				break;
			rec = page_reporting_rec_next(rec, granule);
		}
		while (run) {
			unsigned int shift = min_t(unsigned int, ilog2(run),
						   i ? __ffs(i) : BITS_PER_LONG);

			if (pass->nents == page_reporting_bufs.capacity)
				goto out;
			sg_set_page(&page_reporting_bufs.sg[pass->nents++],
				    page + (i << granule),
				    PAGE_SIZE << (granule + shift), 0);
			i += 1UL << shift;
			run -= 1UL << shift;
		}
		/* Step over the granule that ended the run */
		i++;
		rec = page_reporting_rec_next(rec, granule);
	}
out:
	page_ext_put(ext);
}

/* Confirm the candidates and take their blocks off the free lists */
static void page_reporting_fill(struct page_reporting_pass *pass)
{
	unsigned long records = 0, budget, flags;
	struct zone *zone = pass->zone;
	unsigned int i;
	u64 since;

	pass->nents = 0;
	pass->nr_blocks = 0;
	pass->pages = 0;
	sg_init_table(page_reporting_bufs.sg, page_reporting_bufs.capacity);

	get_online_mems();
	since = page_reporting_lock(zone, &flags);
	budget = page_reporting_budget(zone);
	for (i = 0; i < pass->nr_candidates; i++) {
		struct page_reporting_candidate *candidate =
			&page_reporting_bufs.candidate[i];
		unsigned long pfn = candidate->pfn;
		struct page *page = pfn_to_online_page(pfn), *head;
		unsigned int order, nents = pass->nents;
		int mt;

		/* What does not fit any more is found again after the report... */
		if (nents == page_reporting_bufs.capacity ||
		    records > PR_BATCH_RECORDS) {
			pass->pfn = i ? page_reporting_bufs.candidate[i - 1].pfn : pfn;
			break;
		}
		if (!page || page_zone(page) != zone)
			continue;
		order = page_reporting_block(page, &head);
		/* What is left of the block has been stepped over: come back */
		if (order == NR_PAGE_ORDERS || order < candidate->order)
			page_reporting_note(pass, jiffies);
		if (order == NR_PAGE_ORDERS)
			continue;
		mt = get_pageblock_migratetype(head);
		if (pass->nents && pass->pages + (1UL << order) > budget) {
			pass->pfn = pfn;
			break;
		}
		if (is_migrate_isolate(mt) || (1UL << order) > budget) {
			page_reporting_note_retry(pass);
			continue;
		}
		page_reporting_add(pass, head, order);
		if (pass->nents == nents)
			continue;
		page_reporting_isolate(head, zone, order, mt);
		page_reporting_bufs.block[pass->nr_blocks].page = head;
		page_reporting_bufs.block[pass->nr_blocks++].order = order;
		pass->pages += 1UL << order;
		records += 1UL << (order - page_reporting_granule);
	}
	/* ...which may be a part of the last block that did */
	if (i == pass->nr_candidates && pass->nents == page_reporting_bufs.capacity)
		pass->pfn = page_reporting_bufs.candidate[i - 1].pfn;
	WRITE_ONCE(page_reporting_isolated, pass->pages);
	page_reporting_unlock(zone, flags, since);
	put_online_mems();
}

/* Put the batch back, marked unless the device failed */
static void page_reporting_drain(struct page_reporting_pass *pass, int err)
{
	struct zone *zone = pass->zone;
	unsigned long flags;
	unsigned int i;
	u64 since;

	since = page_reporting_lock(zone, &flags);
	for (i = 0; i < pass->nents; i++) {
		struct scatterlist *sg = &page_reporting_bufs.sg[i];

		if (err)
			this_cpu_add(page_reporting_stats.failed,
				     sg->length >> PAGE_SHIFT);
		else
			page_reporting_mark(sg_page(sg), zone,
					    get_order(sg->length));
	}
	for (i = 0; i < pass->nr_blocks; i++) {
		struct page_reporting_held *block = &page_reporting_bufs.block[i];

		page_reporting_putback(block->page, zone, block->order);
	}
	WRITE_ONCE(page_reporting_isolated, 0);
	page_reporting_unlock(zone, flags, since);
	WRITE_ONCE(page_reporting_batch, page_reporting_batch + 1);
	wake_up_all(&page_reporting_returned);
}

static int page_reporting_zone(struct page_reporting_pass *pass,
			       struct zone *zone)
{
	int err = 0;

	pass->zone = zone;
	pass->pfn = ALIGN(zone->zone_start_pfn, 1UL << page_reporting_granule);
	pass->end = zone_end_pfn(zone);

	while (pass->pfn < pass->end && !err) {
		if (atomic_read(&page_reporting_stop))
			return -ECANCELED;
		if (pass->force && fatal_signal_pending(current))
			return -EINTR;
		page_reporting_collect(pass);
		if (!pass->nr_candidates)
			break;
		page_reporting_fill(pass);
		if (!pass->nents)
			continue;

		sg_mark_end(&page_reporting_bufs.sg[pass->nents - 1]);
		err = pass->prdev->report(pass->prdev, page_reporting_bufs.sg,
					  pass->nents);
		page_reporting_drain(pass, err);
		this_cpu_inc(page_reporting_stats.reports);
		if (err)
			this_cpu_inc(page_reporting_stats.errors);
		cond_resched();
	}
	return err;
}

/*
 * From here on a free queues a pass again. One that still saw the flag held
 * zone->lock before us, so the records that it wrote are there to be found.
 */
static void page_reporting_rearm(void)
{
	struct zone *zone;

	WRITE_ONCE(page_reporting_kicked, false);
	for_each_populated_zone(zone) {
		spin_lock_irq(&zone->lock);
		spin_unlock_irq(&zone->lock);
	}
}

/*
 * Per-cpu lists hold on to as much as an eighth of a zone, and with nothing
 * going on nobody takes it back. Once frees have come to a pause let the rest
 * join what waits, so that all of it comes of age at about the same time.
 */
static void page_reporting_settle(struct page_reporting_pass *pass)
{
	u32 quiet = page_reporting_gate(MAX_PAGE_ORDER) / PR_QUIET;
	u32 now = page_reporting_now();

	if (pass->newest > PR_TIME_MASK)
		return;
	if (pass->newest < quiet) {
		page_reporting_note(pass, jiffies + quiet - pass->newest);
	} else if (page_reporting_age(now, page_reporting_drained) > pass->newest) {
		drain_all_pages(NULL);
		page_reporting_drained = now;
	}
}

/* Nothing is pending: no need for a pass that was queued before this one */
static void page_reporting_unqueue(void)
{
	if (READ_ONCE(page_reporting_kicked))
		return;
	cancel_delayed_work(&page_reporting_work);
	/* Unless it was for something that was freed just now */
	if (READ_ONCE(page_reporting_kicked))
		__page_reporting_kick();
}

/*
 * Report what is eligible in all zones and queue the next pass, if one is
 * needed, for the moment at which what waits comes of age. Frees that come in
 * close succession are left to be taken together.
 */
static int page_reporting_pass(bool force)
{
	struct page_reporting_pass pass = { .force = force, .newest = U32_MAX };
	unsigned long delay, gate = page_reporting_gate(MAX_PAGE_ORDER);
	u64 start = ktime_get_mono_fast_ns();
	struct zone *zone;
	int err = 0;

	lockdep_assert_held(&page_reporting_pass_lock);

	pass.prdev = page_reporting_dev;
	if (!pass.prdev)
		return -ENODEV;

	WRITE_ONCE(page_reporting_task, current);
	page_reporting_rearm();
	if (force)
		drain_all_pages(NULL);
	for_each_populated_zone(zone) {
		err = page_reporting_zone(&pass, zone);
		if (err)
			break;
	}
	WRITE_ONCE(page_reporting_task, NULL);
	this_cpu_inc(page_reporting_stats.passes);
	page_reporting_busy += ktime_get_mono_fast_ns() - start;

	/* Not when the hooks are off already, and marks get lost */
	if (IS_ENABLED(CONFIG_PAGE_REPORTING_DEBUG) &&
	    !atomic_read(&page_reporting_stop)) {
		for_each_populated_zone(zone)
			WARN_ON_ONCE(page_reporting_check(zone));
	}

	if (err == -ECANCELED)
		return err;
	if (err && err != -EINTR) {
		page_reporting_backoff_ms =
			clamp(page_reporting_backoff_ms * 2, PR_BACKOFF_MIN_MS,
			      PR_BACKOFF_MAX_MS);
		delay = msecs_to_jiffies(page_reporting_backoff_ms);
		pr_warn_ratelimited("device failed with %d, next try in %u ms\n",
				    err, page_reporting_backoff_ms);
		/* Perhaps because it has found the order to be too small */
		queue_work(system_freezable_wq, &page_reporting_reorder_work);
	} else {
		page_reporting_backoff_ms = 0;
		page_reporting_settle(&pass);
		if (!pass.waiting) {
			page_reporting_unqueue();
			return 0;
		}
		delay = time_after(pass.next, jiffies) ? pass.next - jiffies : 0;
		delay = max(delay, gate / PR_QUIET + 1);
		delay = max(delay, min(nsecs_to_jiffies(pass.scan_ns * PR_SCAN_SHARE),
				       max(gate, (unsigned long)HZ)));
	}
	/* Memory freed from now on need not wait for what is only tried again */
	if (err || pass.soon)
		WRITE_ONCE(page_reporting_kicked, true);
	mod_delayed_work(system_freezable_wq, &page_reporting_work, delay);
	if (READ_ONCE(page_reporting_kicked) && !err && !pass.soon)
		__page_reporting_kick();
	return err;
}

static void page_reporting_work_fn(struct work_struct *work)
{
	mutex_lock(&page_reporting_pass_lock);
	page_reporting_pass(false);
	mutex_unlock(&page_reporting_pass_lock);
}

/**
 * page_reporting_flush - report everything now, whatever its age
 *
 * Context: process context, sleeps until all is reported.
 * Return: 0; -ENODEV without a device; -EINTR if killed while waiting for a
 * pass; -ECANCELED if the device went away or the order was changed; or what
 * the device returned.
 */
int page_reporting_flush(void)
{
	int err;

	err = mutex_lock_killable(&page_reporting_pass_lock);
	if (err)
		return err;
	err = page_reporting_pass(true);
	mutex_unlock(&page_reporting_pass_lock);
	return err;
}

static void page_reporting_clamp_fn(struct work_struct *work)
{
	page_reporting_clamp();
	queue_delayed_work(system_freezable_wq, &page_reporting_clamp_work,
			   PR_AGE_MAX / 2);
}

/* Turn the hooks on, with records that are right from here on */
static void page_reporting_start(void)
{
	WRITE_ONCE(page_reporting_kicked, false);
	static_branch_enable(&page_reporting_enabled);
	page_reporting_adopt();
	queue_delayed_work(system_freezable_wq, &page_reporting_clamp_work,
			   PR_AGE_MAX / 2);
}

/*
 * Turn the hooks off, wait for a pass to end and forget the records. Returns
 * with the pass lock held.
 */
static void page_reporting_halt(void)
{
	atomic_inc(&page_reporting_stop);
	static_branch_disable(&page_reporting_enabled);
	cancel_delayed_work_sync(&page_reporting_work);
	cancel_delayed_work_sync(&page_reporting_clamp_work);
	mutex_lock(&page_reporting_pass_lock);
	page_reporting_reset();
	/* A flush, or a hook that ran on until the reset, may have queued one */
	cancel_delayed_work(&page_reporting_work);
	atomic_dec(&page_reporting_stop);
}

/* A pass that is queued may be too late by the new time: let one look now */
static int page_reporting_set_ms(const char *val, const struct kernel_param *kp)
{
	int err = param_set_uint(val, kp);

	if (!err && static_branch_unlikely(&page_reporting_enabled))
		mod_delayed_work(system_freezable_wq, &page_reporting_work, 0);
	return err;
}

/* The granule for an order: its state is moved with single pageblocks */
static void page_reporting_set_granule(void)
{
	page_reporting_granule = min(page_reporting_order, pageblock_order);
}

/* Make the order that is asked for the one in force */
static void page_reporting_reorder(bool force)
{
	mutex_lock(&page_reporting_mutex);
	if (page_reporting_dev &&
	    (force || page_reporting_granule != min(page_reporting_order, pageblock_order))) {
		page_reporting_halt();
		page_reporting_set_granule();
		page_reporting_start();
		mutex_unlock(&page_reporting_pass_lock);
	}
	mutex_unlock(&page_reporting_mutex);
}

static void page_reporting_reorder_fn(struct work_struct *work)
{
	page_reporting_reorder(false);
}

static int page_reporting_set_order(const char *val,
				    const struct kernel_param *kp)
{
	int err = param_set_uint_minmax(val, kp, 0, MAX_PAGE_ORDER);

	if (!err)
		page_reporting_reorder(false);
	return err;
}

static const struct kernel_param_ops page_reporting_order_ops = {
	.set = page_reporting_set_order,
	.get = param_get_int,	/* shows -1 while unset */
};

module_param_cb(page_reporting_order, &page_reporting_order_ops,
		&page_reporting_order, 0644);
MODULE_PARM_DESC(page_reporting_order, "Order of the smallest block to report");

/**
 * page_reporting_available - can a device register?
 *
 * For drivers that have to know before they negotiate with their host. Logs,
 * once, how reporting is switched on if it is not.
 *
 * Context: any.
 * Return: true if page_reporting_register() may succeed.
 */
bool page_reporting_available(void)
{
	if (page_reporting_ext_enabled())
		return true;
	pr_info_once("off, boot with page_ext=on to report free memory to the host\n");
	return false;
}
EXPORT_SYMBOL_GPL(page_reporting_available);

static void page_reporting_free_bufs(void)
{
	kfree(page_reporting_bufs.candidate);
	kfree(page_reporting_bufs.block);
	kfree(page_reporting_bufs.sg);
	memset(&page_reporting_bufs, 0, sizeof(page_reporting_bufs));
}

static int page_reporting_alloc_bufs(unsigned int capacity)
{
	if (!capacity || capacity > PAGE_REPORTING_CAPACITY)
		capacity = PAGE_REPORTING_CAPACITY;
	page_reporting_bufs.capacity = capacity;
	page_reporting_bufs.candidate =
		kcalloc(capacity, sizeof(*page_reporting_bufs.candidate), GFP_KERNEL);
	page_reporting_bufs.block =
		kcalloc(capacity, sizeof(*page_reporting_bufs.block), GFP_KERNEL);
	page_reporting_bufs.sg =
		kcalloc(capacity, sizeof(*page_reporting_bufs.sg), GFP_KERNEL);
	if (page_reporting_bufs.candidate && page_reporting_bufs.block &&
	    page_reporting_bufs.sg)
		return 0;
	page_reporting_free_bufs();
	return -ENOMEM;
}

/**
 * page_reporting_register - start to report free memory to a device
 * @prdev: the device
 *
 * Memory that is free already counts as freed now.
 *
 * Context: process context, sleeps.
 * Return: 0; -EOPNOTSUPP if booted without page_ext=on; -EBUSY if there is a
 * device already; -ENOMEM.
 */
int page_reporting_register(struct page_reporting_dev_info *prdev)
{
	int err;

	if (!page_reporting_available())
		return -EOPNOTSUPP;

	mutex_lock(&page_reporting_mutex);
	err = -EBUSY;
	if (page_reporting_dev)
		goto unlock;
	err = page_reporting_alloc_bufs(prdev->capacity);
	if (err)
		goto unlock;

	if (page_reporting_order == UINT_MAX) {
		if (prdev->order > 0 && prdev->order <= MAX_PAGE_ORDER)
			page_reporting_order = prdev->order;
		else
			page_reporting_order = pageblock_order;
	}

	mutex_lock(&page_reporting_pass_lock);
	page_reporting_dev = prdev;
	page_reporting_backoff_ms = 0;
	page_reporting_set_granule();
	/* What the last device had may have been used since */
	page_reporting_reset();
	page_reporting_start();
	mutex_unlock(&page_reporting_pass_lock);
	pr_info("Free page reporting enabled\n");
unlock:
	mutex_unlock(&page_reporting_mutex);
	return err;
}
EXPORT_SYMBOL_GPL(page_reporting_register);

/**
 * page_reporting_unregister - stop to report free memory to a device
 * @prdev: the device; nothing happens if it is not the registered one
 *
 * When this returns, report() is not running and will not be called again.
 *
 * Context: process context, sleeps for at most one report.
 */
void page_reporting_unregister(struct page_reporting_dev_info *prdev)
{
	mutex_lock(&page_reporting_mutex);
	if (page_reporting_dev == prdev) {
		page_reporting_halt();
		page_reporting_dev = NULL;
		page_reporting_free_bufs();
		mutex_unlock(&page_reporting_pass_lock);
	}
	mutex_unlock(&page_reporting_mutex);
}
EXPORT_SYMBOL_GPL(page_reporting_unregister);

/*
 * What a batch holds is back soon: better wait for it than kill for it. It
 * counts once, or a busy worker would put the killer off for good.
 */
static int page_reporting_oom(struct notifier_block *nb, unsigned long dummy,
			      void *parm)
{
	static unsigned long seen;	/* under oom_lock */
	unsigned long batch = READ_ONCE(page_reporting_batch);
	unsigned long isolated = READ_ONCE(page_reporting_isolated);
	unsigned long *freed = parm;

	if (!isolated || batch == seen ||
	    READ_ONCE(page_reporting_task) == current)
		return NOTIFY_OK;
	seen = batch;
	if (wait_event_timeout(page_reporting_returned,
			       READ_ONCE(page_reporting_batch) != batch, HZ))
		*freed += isolated;
	return NOTIFY_OK;
}

static struct notifier_block page_reporting_oom_nb = {
	.notifier_call = page_reporting_oom,
};

/* The image has records of what the host gave to the kernel that loaded it */
static int page_reporting_pm(struct notifier_block *nb, unsigned long event,
			     void *unused)
{
	if (event == PM_POST_HIBERNATION || event == PM_POST_RESTORE)
		page_reporting_reorder(true);
	return NOTIFY_OK;
}

static int __init page_reporting_init(void)
{
	pm_notifier(page_reporting_pm, 0);
	return register_oom_notifier(&page_reporting_oom_nb);
}
subsys_initcall(page_reporting_init);

#ifdef CONFIG_PAGE_REPORTING_KUNIT_TEST
#include "tests/page_reporting_kunit.h"
#endif
