// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting: the worker that tells a device which memory is free.
 *
 * A pass looks for free blocks without zone->lock. New ones are noted with the
 * time (page_reporting_ext.c) and left alone until they come of age; those that
 * have are confirmed and isolated under the lock, a batch at a time, handed to
 * the device with no lock held, and put back. Large blocks are looked for in
 * every pass, at the cost of a look at each 2 MiB; smaller ones have to be older
 * and are swept up now and then. With nothing pending no pass is queued.
 */
#define pr_fmt(fmt) "page_reporting: " fmt

#include <linux/export.h>
#include <linux/log2.h>
#include <linux/math64.h>
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

#define CREATE_TRACE_POINTS
#include <trace/events/page_reporting.h>

/* At most 1/PR_SHARE of what is free above the watermark is isolated at once */
#define PR_SHARE		8
/* Passes are at least 1/PR_QUIET of the age apart... */
#define PR_QUIET		16
/* ...and PR_SCAN_SHARE times as long as it takes to look at the memory */
#define PR_SCAN_SHARE		64
/* Sweeps are at least 1/PR_SWEEP of the age of the smallest blocks apart */
#define PR_SWEEP		4
/* A sweep has to be worth it: for 1/PR_WORTH of the memory, in new free pages */
#define PR_WORTH		1024
/* The age is not raised for less than 1/PR_TUNE_WORTH of the memory */
#define PR_TUNE_WORTH		256
/* Units handled in one go under zone->lock, where granules are small */
#define PR_BATCH_RECORDS	4096
/* New blocks noted in one go under zone->lock */
#define PR_BATCH_SEEN		64
/* The delay after an error doubles from one to the other */
#define PR_BACKOFF_MIN_MS	1000U
#define PR_BACKOFF_MAX_MS	64000U
/* The age is at most the one that is set times 2^PR_TUNE_MAX */
#define PR_TUNE_MAX		5U
/* A report was wrong if the memory was used again within so many such ages... */
#define PR_TUNE_SOON		8
/* ...and without that the age is halved after so many */
#define PR_TUNE_CALM		32
/* Memory that was free before the device came waits 2^PR_ADOPT_SHIFT times */
#define PR_ADOPT_SHIFT		3

DEFINE_STATIC_KEY_FALSE(page_reporting_enabled);

/* What is asked for: unset until a device registers or the user says so */
unsigned int page_reporting_order = UINT_MAX;
EXPORT_SYMBOL_GPL(page_reporting_order);

/* What is in force. Drivers write to page_reporting_order in mid-report. */
unsigned int page_reporting_granule = UINT_MAX;

static int page_reporting_set_uint(const char *val, const struct kernel_param *kp);
static const struct kernel_param_ops page_reporting_uint_ops = {
	.set = page_reporting_set_uint,
	.get = param_get_uint,
};

static unsigned int min_age_ms = 1000;
module_param_cb(min_age_ms, &page_reporting_uint_ops, &min_age_ms, 0644);
MODULE_PARM_DESC(min_age_ms, "Report memory that has been free for this long");

static unsigned int page_reporting_delay_ms = 2000;
module_param_cb(page_reporting_delay_ms, &page_reporting_uint_ops,
		&page_reporting_delay_ms, 0644);
MODULE_PARM_DESC(page_reporting_delay_ms,
		 "Delay before memory that could not be reported is tried again");

static unsigned int fragment_order = 3;
module_param_cb(fragment_order, &page_reporting_uint_ops, &fragment_order, 0644);
MODULE_PARM_DESC(fragment_order,
		 "Order of the smallest block to report when it stays free for long");

static unsigned int target_refault_percent = 10;
module_param_cb(target_refault_percent, &page_reporting_uint_ops,
		&target_refault_percent, 0644);
MODULE_PARM_DESC(target_refault_percent,
		 "Raise the age when more than this of what is reported is soon used again; 0: never");

/* A free block as it was seen without the lock, or as it was isolated */
struct page_reporting_held {
	unsigned long pfn;
	unsigned int order;
	unsigned int bits;
	unsigned long pages;	/* of it that the device is told of */
};

/**
 * struct page_reporting_pass - one walk over all memory
 * @prdev: the device
 * @force: report regardless of age
 * @sweep: look for small blocks, too
 * @adopt: PR_ADOPTED for what is new, as it was free before the device came
 * @waiting: something has to be looked at again
 * @next: when, in jiffies; valid with @waiting
 * @small_waiting: the same for small blocks, which takes a sweep
 * @small_next: when, in jiffies; valid with @small_waiting
 * @scan_ns: time spent on looking at memory
 * @held: pages not reported when it began
 * @stopped: it ended early, and not because of the device: a negative errno
 * @large: pages not reported in large blocks
 * @pages_large: pages reported of large blocks
 * @pages_small: and of small ones
 * @reports: calls of the device
 * @zone: the zone being walked
 * @pfn: where to go on
 * @end: where the zone ends
 * @counted: up to where @large has been counted
 * @pages: pages isolated for this batch
 * @nr_seen: used entries of page_reporting_bufs.seen
 * @nr_found: used entries of page_reporting_bufs.found
 * @nr_held: used entries of page_reporting_bufs.held
 * @nents: used entries of page_reporting_bufs.sg
 */
struct page_reporting_pass {
	struct page_reporting_dev_info *prdev;
	bool force;
	bool sweep;
	unsigned int adopt;
	bool waiting;
	unsigned long next;
	bool small_waiting;
	unsigned long small_next;
	u64 scan_ns;
	unsigned long held;
	int stopped;
	unsigned long large;
	unsigned long pages_large;
	unsigned long pages_small;
	unsigned int reports;
	struct zone *zone;
	unsigned long pfn;
	unsigned long end;
	unsigned long counted;
	unsigned long pages;
	unsigned int nr_seen;
	unsigned int nr_found;
	unsigned int nr_held;
	unsigned int nents;
};

/* Registration and changes of the order; outside page_reporting_pass_lock */
static DEFINE_MUTEX(page_reporting_mutex);
/* Held by a pass; protects the device, the buffers and the back-off */
static DEFINE_MUTEX(page_reporting_pass_lock);

static struct page_reporting_dev_info *page_reporting_dev;
static struct {
	unsigned int capacity;
	unsigned long *seen;			/* new blocks, PR_BATCH_SEEN */
	struct page_reporting_held *found;	/* to report, @capacity */
	struct page_reporting_held *held;	/* isolated, @capacity */
	struct scatterlist *sg;			/* for the device, @capacity */
} page_reporting_bufs;
static unsigned int page_reporting_backoff_ms;

/* Nobody shall wait for a whole pass: it ends after the batch in progress */
static atomic_t page_reporting_stop = ATOMIC_INIT(0);

/* A free has asked for a pass since the last one began, and how urgently */
static enum { PR_KICK_NONE, PR_KICK_SMALL, PR_KICK_LARGE } page_reporting_kicked;
/* When the queued pass is due, and the least time to the next, in jiffies */
static unsigned long page_reporting_due;
static unsigned long page_reporting_pace;

/* New blocks were last seen at @seen; per-cpu lists are to be drained after */
static struct {
	unsigned long seen;
	bool drain;
} page_reporting_quiet;

/* Small blocks: some wait, or there are new ones; sweep no earlier than @at */
static struct {
	bool waiting;
	unsigned long at;
	unsigned long left;	/* pages that are not worth a sweep */
} page_reporting_small;

/* A parameter has changed: all that was left alone is to be looked at */
static bool page_reporting_changed;

/* The device takes blocks below a granule */
static bool page_reporting_fragments;

/* Nothing has been seen since the hooks were turned on */
static bool page_reporting_fresh;

/*
 * By how much the age is raised, and since when. Pages reported and soon used
 * again lose half of their weight in each page_reporting_horizon().
 */
static struct {
	unsigned int shift;
	unsigned long since;
	unsigned long halved;
	u64 reported;
	u64 soon;
	u64 all_reported;
	u64 all_soon;
} page_reporting_tuned;

/* The batch that is out: pages, number, and who waits for the device */
static unsigned long page_reporting_isolated;
static unsigned long page_reporting_batch = 1;
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

/* How long memory is free before it is reported: what is set, or raised */
static u32 page_reporting_min_age(void)
{
	u64 age = msecs_to_jiffies(READ_ONCE(min_age_ms));

	if (READ_ONCE(target_refault_percent))
		age <<= READ_ONCE(page_reporting_tuned.shift);
	return min_t(u64, age, PR_AGE_MAX);
}

/**
 * page_reporting_gate - how long a block has to be free before it is reported
 * @order: its order
 *
 * Below page_reporting_base() each order waits for half as much more: there is
 * more of it, it is worth less, and it is used again sooner.
 *
 * Context: any.
 * Return: the age in ticks.
 */
u32 page_reporting_gate(unsigned int order)
{
	u64 age = page_reporting_min_age();

	if (order < page_reporting_base())
		age += age * (page_reporting_base() - order) / 2;
	return min_t(u64, age, PR_AGE_MAX);
}

/**
 * page_reporting_wait - the same for a block with what it says of itself
 * @order: its order
 * @bits: its PR_BITS
 *
 * The host has hardly ever supplied what was free all along, and a guest that
 * boots is about to use it.
 *
 * Context: any.
 * Return: the age in ticks.
 */
u32 page_reporting_wait(unsigned int order, unsigned int bits)
{
	u64 age = page_reporting_gate(order);

	if (bits & PR_ADOPTED)
		age <<= PR_ADOPT_SHIFT;
	return min_t(u64, age, PR_AGE_MAX);
}

/**
 * page_reporting_horizon - how soon is too soon for reported memory to be used?
 *
 * Context: any.
 * Return: the time since the report, in ticks.
 */
u32 page_reporting_horizon(void)
{
	return min_t(u64, PR_TUNE_SOON * (u64)msecs_to_jiffies(READ_ONCE(min_age_ms)),
		     PR_AGE_MAX);
}

/* Between passes, so that frees in close succession are taken together */
static unsigned long page_reporting_pause(void)
{
	return page_reporting_min_age() / PR_QUIET + 1;
}

/**
 * page_reporting_least - the order of the smallest block that is reported
 *
 * Context: any.
 * Return: the order.
 */
unsigned int page_reporting_least(void)
{
	if (!READ_ONCE(page_reporting_fragments))
		return page_reporting_granule;
	return min(READ_ONCE(fragment_order), page_reporting_granule);
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

/* Have a pass in @delay ticks; unless it is @forced, or one that comes earlier */
static void __page_reporting_queue(unsigned long delay, bool forced)
{
	static DEFINE_RAW_SPINLOCK(lock);
	unsigned long when, flags;

	raw_spin_lock_irqsave(&lock, flags);
	when = jiffies + delay;
	if (forced || !delayed_work_pending(&page_reporting_work) ||
	    time_before(when, page_reporting_due)) {
		page_reporting_due = when;
		mod_delayed_work(system_freezable_wq, &page_reporting_work, delay);
	}
	raw_spin_unlock_irqrestore(&lock, flags);
}

/* Have a pass in @delay ticks, unless one comes earlier */
static void page_reporting_queue(unsigned long delay)
{
	__page_reporting_queue(delay, false);
}

/**
 * page_reporting_kick - memory has become free, see that a pass comes
 * @large: it is worth a pass of its own
 *
 * Context: any, also under zone->lock with interrupts off.
 */
void page_reporting_kick(bool large)
{
	unsigned long delay = page_reporting_pause();

	if (READ_ONCE(page_reporting_kicked) >= (large ? PR_KICK_LARGE : PR_KICK_SMALL))
		return;
	WRITE_ONCE(page_reporting_kicked, large ? PR_KICK_LARGE : PR_KICK_SMALL);
	/* Pairs with the one in cancel_delayed_work(), see page_reporting_unqueue() */
	smp_mb();
	if (!large)
		delay = max_t(unsigned long, delay,
			      page_reporting_gate(page_reporting_least()) / PR_SWEEP);
	/* Never at once: zone->lock is held */
	page_reporting_queue(max(delay, READ_ONCE(page_reporting_pace)));
}

/* Look again at @when (jiffies) or earlier */
static void page_reporting_note(struct page_reporting_pass *pass,
				unsigned long when)
{
	if (!pass->waiting || time_before(when, pass->next))
		pass->next = when;
	pass->waiting = true;
}

/* The same for a block of an order */
static void page_reporting_note_order(struct page_reporting_pass *pass,
				      unsigned int order, unsigned long when)
{
	if (order >= page_reporting_base()) {
		page_reporting_note(pass, when);
		return;
	}
	if (!pass->small_waiting || time_before(when, pass->small_next))
		pass->small_next = when;
	pass->small_waiting = true;
}

/* Something but its age keeps a block from being reported */
static void page_reporting_note_retry(struct page_reporting_pass *pass,
				      unsigned int order)
{
	unsigned long delay = msecs_to_jiffies(READ_ONCE(page_reporting_delay_ms));

	page_reporting_note_order(pass, order, jiffies + delay);
}

/*
 * Look at a free block without the lock: it may be new, or due. Returns false
 * if there was no room to remember it.
 */
static bool page_reporting_look(struct page_reporting_pass *pass,
				struct page *head, unsigned int order)
{
	unsigned int bits = page_reporting_bits(head) | pass->adopt;
	u32 gate = pass->force ? 0 : page_reporting_wait(order, bits);
	struct page_reporting_held *found;
	u32 freed, age;

	if (bits & PR_DONE)
		return true;
	/* Once, however often the walk comes back to it */
	if (order >= page_reporting_base() && page_to_pfn(head) >= pass->counted) {
		pass->large += bits & PR_MARK ? page_reporting_left(head, order) :
						1UL << order;
		pass->counted = page_to_pfn(head) + (1UL << order);
	}
	if (gate && !(bits & PR_SEEN)) {
		if (pass->nr_seen == PR_BATCH_SEEN)
			return false;
		page_reporting_bufs.seen[pass->nr_seen++] = page_to_pfn(head);
		page_reporting_note_order(pass, order, jiffies + gate);
		page_reporting_quiet.seen = jiffies;
		page_reporting_quiet.drain = true;
		return true;
	}
	if (gate) {
		if (!page_reporting_since(head, order, &freed))
			return true;
		age = page_reporting_age(page_reporting_now(), freed);
		if (age < gate) {
			page_reporting_note_order(pass, order, jiffies + gate - age);
			return true;
		}
	}
	if (pass->nr_found == page_reporting_bufs.capacity)
		return false;
	found = &page_reporting_bufs.found[pass->nr_found++];
	found->pfn = page_to_pfn(head);
	found->order = order;
	return true;
}

/* Look at the small blocks from pass->pfn on; false if there is no room */
static bool page_reporting_look_small(struct page_reporting_pass *pass,
				      struct page *page, unsigned long end)
{
	unsigned long step = 1UL << page_reporting_least(), nr;
	unsigned int order;

	nr = ALIGN(pass->pfn, step) - pass->pfn;
	pass->pfn += nr;
	page += nr;
	while (pass->pfn < end) {
		nr = step;
		if (PageBuddy(page)) {
			order = buddy_order_unsafe(page);
			if (order > MAX_PAGE_ORDER)
				order = 0;
			if (order >= page_reporting_least() &&
			    page_zone(page) == pass->zone &&
			    !page_reporting_look(pass, page, order))
				return false;
			nr = max(step, 1UL << order);
		} else if (PageHead(page)) {
			order = compound_order(page);
			if (order <= MAX_PAGE_ORDER)
				nr = max(step, 1UL << order);
		}
		pass->pfn += nr;
		page += nr;
	}
	return true;
}

/* Find new blocks and blocks to report, as many as there is room for */
static void page_reporting_collect(struct page_reporting_pass *pass)
{
	unsigned int base = page_reporting_base(), order;
	struct page *page, *head;
	unsigned long next;
	bool room = true;
	u64 start;

	pass->nr_seen = 0;
	pass->nr_found = 0;
	get_online_mems();
	start = ktime_get_mono_fast_ns();
	while (room && (page = page_reporting_next_online(&pass->pfn, pass->end))) {
		next = min(ALIGN(pass->pfn + 1, 1UL << base), pass->end);
		order = page_reporting_block(page, base, &head);
		if (order < NR_PAGE_ORDERS) {
			next = page_to_pfn(head) + (1UL << order);
			room = order < page_reporting_least() ||
			       page_zone(head) != pass->zone ||
			       page_reporting_look(pass, head, order);
		} else if (pass->sweep) {
			room = page_reporting_look_small(pass, page, next);
		}
		if (room)
			pass->pfn = max(next, pass->pfn);
		cond_resched();
	}
	put_online_mems();
	pass->scan_ns += ktime_get_mono_fast_ns() - start;
}

/* Note the time for the new blocks */
static void page_reporting_seen(struct page_reporting_pass *pass)
{
	unsigned long flags, records = 0;
	struct zone *zone = pass->zone;
	unsigned int i;
	u64 since;

	if (!pass->nr_seen)
		return;
	get_online_mems();
	since = page_reporting_lock(zone, &flags);
	for (i = 0; i < pass->nr_seen; i++) {
		struct page *page = pfn_to_online_page(page_reporting_bufs.seen[i]);

		/* Whatever it has become by now, it is new */
		if (!page || page_zone(page) != zone || !PageBuddy(page) ||
		    (page_reporting_bits(page) & (PR_SEEN | PR_DONE)))
			continue;
		page_reporting_see(page, buddy_order(page), pass->adopt);
		records += page_reporting_units(buddy_order(page));
		if (records > PR_BATCH_RECORDS) {
			records = 0;
			page_reporting_unlock(zone, flags, since);
			since = page_reporting_lock(zone, &flags);
		}
	}
	page_reporting_unlock(zone, flags, since);
	put_online_mems();
}

/*
 * Put what is not reported of a free block into the scatterlist. Devices get
 * naturally aligned powers of two, as if each were a block of its own.
 */
static void page_reporting_add(struct page_reporting_pass *pass,
			       struct page *page, unsigned int order)
{
	unsigned int unit = page_reporting_unit(order);
	unsigned long nr = page_reporting_units(order), i = 0, run;
	struct page_reporting_rec *rec;
	struct page_ext *ext;

	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return;

	while (i < nr) {
		for (run = 0; i + run < nr; run++) {
			if (page_reporting_reported(rec))
				break;
			rec = page_reporting_rec_next(rec);
		}
		while (run) {
			unsigned int shift = min_t(unsigned int, ilog2(run),
						   i ? __ffs(i) : BITS_PER_LONG);

			if (pass->nents == page_reporting_bufs.capacity)
				goto out;
			sg_set_page(&page_reporting_bufs.sg[pass->nents++],
				    page + (i << unit),
				    PAGE_SIZE << (unit + shift), 0);
			i += 1UL << shift;
			run -= 1UL << shift;
		}
		/* Step over the unit that ended the run */
		i++;
		rec = page_reporting_rec_next(rec);
	}
out:
	page_ext_put(ext);
}

/* Is the block still the one that was found, and may it be reported? */
static bool page_reporting_confirm(struct page_reporting_pass *pass,
				   const struct page_reporting_held *found,
				   struct page *page, unsigned long budget)
{
	unsigned int bits;

	if (!page || page_zone(page) != pass->zone)
		return false;
	if (!PageBuddy(page) || buddy_order(page) != found->order)
		goto changed;
	bits = page_reporting_bits(page);
	if (!(bits & (PR_SEEN | PR_DONE))) {
		if (!pass->force && page_reporting_gate(found->order))
			goto changed;
		page_reporting_see(page, found->order, 0);
		bits = page_reporting_bits(page);
	}
	if (bits & PR_DONE)
		return false;
	if (is_migrate_isolate(get_pageblock_migratetype(page)) ||
	    (1UL << found->order) > budget) {
		page_reporting_note_retry(pass, found->order);
		return false;
	}
	return true;
changed:
	/* What it has become is new, and nobody else may have noticed */
	page_reporting_note_order(pass, found->order, jiffies);
	return false;
}

/* Confirm what was found and take it off the free lists */
static void page_reporting_fill(struct page_reporting_pass *pass)
{
	unsigned long records = 0, budget, flags;
	struct zone *zone = pass->zone;
	struct page_reporting_held *found = page_reporting_bufs.found;
	struct page_reporting_held *end = found + pass->nr_found;
	u64 since;

	pass->nents = 0;
	pass->nr_held = 0;
	pass->pages = 0;
	sg_init_table(page_reporting_bufs.sg, page_reporting_bufs.capacity);

	get_online_mems();
	since = page_reporting_lock(zone, &flags);
	budget = page_reporting_budget(zone);
	for (; found < end; found++) {
		struct page *page = pfn_to_online_page(found->pfn);
		unsigned int nents = pass->nents;

		/* What does not fit any more is found again after the report... */
		if (nents == page_reporting_bufs.capacity ||
		    records > PR_BATCH_RECORDS ||
		    (nents && pass->pages + (1UL << found->order) > budget))
			break;
		if (!page_reporting_confirm(pass, found, page, budget))
			continue;
		page_reporting_add(pass, page, found->order);
		if (pass->nents == nents)
			continue;
		found->bits = page_reporting_bits(page);
		for (found->pages = 0; nents < pass->nents; nents++)
			found->pages += page_reporting_bufs.sg[nents].length >> PAGE_SHIFT;
		page_reporting_isolate(page, zone, found->order,
				       get_pageblock_migratetype(page));
		page_reporting_bufs.held[pass->nr_held++] = *found;
		pass->pages += 1UL << found->order;
		records += page_reporting_units(found->order);
	}
	/* ...which may be a part of the last block that did */
	if (pass->nents == page_reporting_bufs.capacity)
		pass->pfn = page_reporting_bufs.held[pass->nr_held - 1].pfn;
	else if (found < end)
		pass->pfn = found->pfn;
	WRITE_ONCE(page_reporting_isolated, pass->pages);
	page_reporting_unlock(zone, flags, since);
	put_online_mems();
}

/* Put the batch back, marked unless the device failed; returns pages told */
static unsigned long page_reporting_drain(struct page_reporting_pass *pass,
					  int err)
{
	unsigned int granule = page_reporting_granule, i;
	struct zone *zone = pass->zone;
	unsigned long pages = 0, large = 0, flags;
	u64 since;

	since = page_reporting_lock(zone, &flags);
	for (i = 0; i < pass->nents; i++) {
		struct scatterlist *sg = &page_reporting_bufs.sg[i];
		unsigned int order = get_order(sg->length);

		if (!err && order >= granule)
			page_reporting_mark(sg_page(sg), zone, order);
	}
	for (i = 0; i < pass->nr_held; i++) {
		struct page_reporting_held *held = &page_reporting_bufs.held[i];
		struct page *page = pfn_to_page(held->pfn);

		page_reporting_putback(page, zone, held->order);
		if (!err && (held->bits & PR_STALE))
			this_cpu_add(page_reporting_stats.redundant, 1UL << held->order);
		if (!err && held->order < granule)
			page_reporting_mark_block(page, zone, held->order);
		/* What is left of it has kept its age, or is new if it merged */
		if (!PageBuddy(page) || buddy_order(page) != held->order)
			page_reporting_note_order(pass, held->order, jiffies);
		else if (!(page->page_type & PR_DONE))
			page->page_type |= PR_SEEN;
		pages += held->pages;
		if (held->order >= page_reporting_base())
			large += held->pages;
	}
	WRITE_ONCE(page_reporting_isolated, 0);
	page_reporting_unlock(zone, flags, since);
	WRITE_ONCE(page_reporting_batch, page_reporting_batch + 1);
	wake_up_all(&page_reporting_returned);

	this_cpu_inc(page_reporting_stats.reports);
	if (err) {
		this_cpu_inc(page_reporting_stats.errors);
		this_cpu_add(page_reporting_stats.failed, pages);
	} else {
		this_cpu_add(page_reporting_stats.reported, pages);
		pass->pages_large += large;
		pass->pages_small += pages - large;
	}
	pass->reports++;
	return pages;
}

static int page_reporting_zone(struct page_reporting_pass *pass,
			       struct zone *zone)
{
	unsigned long pages;
	u64 start, took;
	int err = 0;

	pass->zone = zone;
	pass->pfn = zone->zone_start_pfn;
	pass->end = zone_end_pfn(zone);
	pass->counted = 0;

	while (pass->pfn < pass->end && !err) {
		if (atomic_read(&page_reporting_stop))
			pass->stopped = -ECANCELED;
		else if (pass->force && fatal_signal_pending(current))
			pass->stopped = -EINTR;
		if (pass->stopped)
			break;
		page_reporting_collect(pass);
		page_reporting_seen(pass);
		if (!pass->nr_found)
			continue;
		page_reporting_fill(pass);
		if (!pass->nents)
			continue;

		sg_mark_end(&page_reporting_bufs.sg[pass->nents - 1]);
		start = ktime_get_mono_fast_ns();
		err = pass->prdev->report(pass->prdev, page_reporting_bufs.sg,
					  pass->nents);
		took = ktime_get_mono_fast_ns() - start;
		pages = page_reporting_drain(pass, err);
		trace_page_reporting_batch(zone->name, (u64)pages << PAGE_SHIFT,
					   pass->nents, err, took);
		cond_resched();
	}
	return err;
}

/*
 * From here on a free queues a pass again. One that did not has held zone->lock
 * before us, so the block that it made is there to be found.
 */
static void page_reporting_rearm(void)
{
	struct zone *zone;

	WRITE_ONCE(page_reporting_kicked, PR_KICK_NONE);
	/* Also those that get their memory later */
	for_each_zone(zone) {
		spin_lock_irq(&zone->lock);
		zone->pr_armed = page_reporting_least();
		zone->pr_wake = zone->pr_armed;
		spin_unlock_irq(&zone->lock);
	}
}

/*
 * Per-cpu lists hold on to as much as an eighth of a zone, and with nothing
 * going on nobody takes it back. Once nothing new has been seen for a while let
 * the rest join what waits, so that all of it comes of age at about the same
 * time.
 */
static void page_reporting_settle(struct page_reporting_pass *pass)
{
	unsigned long when = page_reporting_quiet.seen + page_reporting_pause();

	/* With nothing waiting there is nothing to join */
	page_reporting_quiet.drain &= pass->waiting;
	if (!page_reporting_quiet.drain)
		return;
	if (time_before(jiffies, when)) {
		page_reporting_note(pass, when);
	} else {
		page_reporting_quiet.drain = false;
		drain_all_pages(NULL);
	}
}

static unsigned long page_reporting_unreported(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_populated_zone(zone) {
		unsigned long nr_free = zone_page_state(zone, NR_FREE_PAGES);

		pages += nr_free - min(nr_free, READ_ONCE(zone->pr_reported));
	}
	return pages;
}

/* Is it time to look for small blocks? */
static bool page_reporting_sweep(bool force)
{
	if (READ_ONCE(page_reporting_changed)) {
		WRITE_ONCE(page_reporting_changed, false);
		page_reporting_small.waiting = true;
		page_reporting_small.at = jiffies;
	}
	if (force)
		return true;
	return page_reporting_least() < page_reporting_base() &&
	       page_reporting_small.waiting &&
	       time_after_eq(jiffies, page_reporting_small.at);
}

/* How long to stay away after a walk, so as not to take more than a share */
static unsigned long page_reporting_share(struct page_reporting_pass *pass,
					  unsigned long most)
{
	return min(nsecs_to_jiffies(pass->scan_ns * PR_SCAN_SHARE), most);
}

/* What is to become of the small blocks, with the large ones looked through? */
static void page_reporting_rest(struct page_reporting_pass *pass)
{
	unsigned long gate = page_reporting_gate(page_reporting_least());
	unsigned long worth = totalram_pages() / PR_WORTH, now = page_reporting_unreported();
	unsigned long large = pass->large - min(pass->large, pass->pages_large);
	unsigned long left = pass->held - min(pass->held, pass->large);

	if (page_reporting_least() >= page_reporting_base()) {
		page_reporting_small.waiting = false;
		return;
	}

	now -= min(now, large);
	if (pass->sweep) {
		this_cpu_inc(page_reporting_stats.sweeps);
		/* What was freed meanwhile may have been missed */
		left -= min(left, pass->pages_small);
		page_reporting_small.left = left;
		page_reporting_small.waiting = pass->small_waiting;
		page_reporting_small.at = jiffies + gate / PR_SWEEP + 1 +
					  page_reporting_share(pass, max(gate, (unsigned long)HZ));
		if (pass->small_waiting &&
		    time_after(pass->small_next, page_reporting_small.at))
			page_reporting_small.at = pass->small_next;
	}
	/* What has become less, and then more again, counts */
	page_reporting_small.left = min(page_reporting_small.left, now);
	if (!page_reporting_small.waiting && now > page_reporting_small.left + worth) {
		page_reporting_small.waiting = true;
		/* Not what is long past: jiffies wrap around */
		if (time_before(page_reporting_small.at, jiffies))
			page_reporting_small.at = jiffies;
	}
	if (page_reporting_small.waiting)
		page_reporting_note(pass, page_reporting_small.at);
}

/**
 * page_reporting_sum - add up the event counters of all CPUs
 * @stats: the sums
 *
 * Context: any.
 */
void page_reporting_sum(struct page_reporting_stats *stats)
{
	u64 *sum = (u64 *)stats;	/* as each counter is one */
	unsigned int i;
	int cpu;

	memset(stats, 0, sizeof(*stats));
	for_each_possible_cpu(cpu) {
		const u64 *one = (void *)per_cpu_ptr(&page_reporting_stats, cpu);

		for (i = 0; i < sizeof(*stats) / sizeof(u64); i++)
			sum[i] += READ_ONCE(one[i]);
	}
}

static void page_reporting_tune_count(void)
{
	unsigned long halves = (jiffies - page_reporting_tuned.halved) /
			       (page_reporting_horizon() + 1);
	struct page_reporting_stats all;

	page_reporting_sum(&all);
	page_reporting_tuned.reported += all.reported - page_reporting_tuned.all_reported;
	page_reporting_tuned.soon += all.soon - page_reporting_tuned.all_soon;
	page_reporting_tuned.all_reported = all.reported;
	page_reporting_tuned.all_soon = all.soon;
	if (halves) {
		page_reporting_tuned.halved = jiffies;
		page_reporting_tuned.reported >>= min(halves, 63UL);
		page_reporting_tuned.soon >>= min(halves, 63UL);
	}
}

/*
 * Learn from what became of the reports: too many that were soon taken back
 * double the age, and a time without halves it again.
 */
static void page_reporting_tune(void)
{
	u64 calm = PR_TUNE_CALM * (u64)msecs_to_jiffies(READ_ONCE(min_age_ms)) + 1;
	unsigned long since = jiffies - page_reporting_tuned.since;
	unsigned int percent = READ_ONCE(target_refault_percent);
	unsigned int shift = page_reporting_tuned.shift;
	u64 reported, soon;

	page_reporting_tune_count();
	reported = page_reporting_tuned.reported;
	soon = page_reporting_tuned.soon;
	if (!percent) {
		shift = 0;
	} else if (soon > totalram_pages() / PR_TUNE_WORTH &&
		   soon * 100 > reported * percent) {
		/* One burst of reuse is one lesson */
		if (since < page_reporting_min_age())
			return;
		shift = min(shift + 1, PR_TUNE_MAX);
		page_reporting_tuned.soon = 0;
	} else if (since >= calm) {
		shift -= min_t(u64, shift, div64_u64(since, calm));
	} else {
		return;
	}
	page_reporting_tuned.since = jiffies;
	if (shift == page_reporting_tuned.shift)
		return;
	WRITE_ONCE(page_reporting_tuned.shift, shift);
	trace_page_reporting_tune(page_reporting_msecs(page_reporting_min_age()), reported,
				  soon);
}

static bool page_reporting_wanted(void)
{
	return READ_ONCE(page_reporting_kicked) || READ_ONCE(page_reporting_changed);
}

/* Nothing is pending: no need for a pass that was queued before this one */
static void page_reporting_unqueue(void)
{
	if (page_reporting_wanted())
		return;
	cancel_delayed_work(&page_reporting_work);
	/* Unless it was for something that has come up just now */
	if (page_reporting_wanted())
		page_reporting_queue(page_reporting_pause());
}

/* Queue the next pass, if one is needed; returns in how many ms, or -1 */
static long page_reporting_again(struct page_reporting_pass *pass, int err)
{
	unsigned long delay, pause = page_reporting_pause();

	if (err) {
		page_reporting_backoff_ms =
			clamp(page_reporting_backoff_ms * 2, PR_BACKOFF_MIN_MS,
			      PR_BACKOFF_MAX_MS);
		pr_warn_ratelimited("device failed with %d, next try in %u ms\n",
				    err, page_reporting_backoff_ms);
		/* Not earlier, whatever is freed until then */
		WRITE_ONCE(page_reporting_kicked, PR_KICK_LARGE);
		delay = msecs_to_jiffies(page_reporting_backoff_ms);
		__page_reporting_queue(delay, true);
		/* Perhaps because it has found the order to be too small */
		queue_work(system_freezable_wq, &page_reporting_reorder_work);
		return page_reporting_backoff_ms;
	}

	page_reporting_backoff_ms = 0;
	if (pass->stopped) {
		page_reporting_small.waiting = true;
		page_reporting_small.at = jiffies;
		page_reporting_note(pass, jiffies);
	} else {
		page_reporting_rest(pass);
	}
	if (!pass->sweep)
		pause = max(pause, page_reporting_share(pass, HZ));
	WRITE_ONCE(page_reporting_pace, pause);
	page_reporting_settle(pass);
	if (!pass->waiting) {
		page_reporting_unqueue();
		return -1;
	}
	delay = time_after(pass->next, jiffies) ? pass->next - jiffies : 0;
	delay = max(delay, pause);
	page_reporting_queue(delay);
	return jiffies_to_msecs(delay);
}

/* Report what is eligible in all zones and queue the next pass */
static int page_reporting_pass(bool force)
{
	struct page_reporting_pass pass = { .force = force };
	u64 start = ktime_get_mono_fast_ns(), duration;
	unsigned long bad;
	struct zone *zone;
	long next_ms = 0;
	int err = 0;

	lockdep_assert_held(&page_reporting_pass_lock);

	pass.prdev = page_reporting_dev;
	if (!pass.prdev)
		return -ENODEV;

	WRITE_ONCE(page_reporting_task, current);
	page_reporting_tune();
	page_reporting_rearm();
	if (force)
		drain_all_pages(NULL);
	pass.held = page_reporting_unreported();
	pass.sweep = page_reporting_sweep(force);
	pass.adopt = page_reporting_fresh ? PR_ADOPTED : 0;
	trace_page_reporting_pass_start(force, pass.sweep,
					page_reporting_msecs(page_reporting_min_age()));
	for_each_populated_zone(zone) {
		err = page_reporting_zone(&pass, zone);
		if (err || pass.stopped)
			break;
	}
	WRITE_ONCE(page_reporting_task, NULL);
	page_reporting_fresh &= err || pass.stopped;
	this_cpu_inc(page_reporting_stats.passes);
	duration = ktime_get_mono_fast_ns() - start;
	page_reporting_busy += duration;

	if (IS_ENABLED(CONFIG_PAGE_REPORTING_DEBUG)) {
		for_each_populated_zone(zone) {
			bad = page_reporting_check(zone);
			WARN_ON_ONCE(bad);
		}
	}

	if (pass.stopped != -ECANCELED)
		next_ms = page_reporting_again(&pass, err);
	err = err ?: pass.stopped;
	trace_page_reporting_pass_end((u64)(pass.pages_large + pass.pages_small) << PAGE_SHIFT,
				      pass.reports, duration, err, next_ms);
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

/* Turn the hooks on. Whatever is free already is new, as if freed now. */
static void page_reporting_start(bool fresh)
{
	struct page_reporting_stats all;
	struct zone *zone;

	for_each_populated_zone(zone) {
		spin_lock_irq(&zone->lock);
		page_reporting_kept(zone);
		spin_unlock_irq(&zone->lock);
	}
	page_reporting_rearm();
	page_reporting_small.waiting = true;
	page_reporting_small.left = 0;
	page_reporting_small.at = jiffies + page_reporting_gate(page_reporting_least()) / PR_SWEEP;
	page_reporting_pace = 0;
	page_reporting_fresh = fresh;
	page_reporting_tuned.shift = 0;
	page_reporting_tuned.since = jiffies;
	page_reporting_tuned.halved = jiffies;
	page_reporting_tuned.reported = 0;
	page_reporting_tuned.soon = 0;
	page_reporting_sum(&all);
	page_reporting_tuned.all_reported = all.reported;
	page_reporting_tuned.all_soon = all.soon;
	static_branch_enable(&page_reporting_enabled);
	page_reporting_queue(page_reporting_pause());
	queue_delayed_work(system_freezable_wq, &page_reporting_clamp_work,
			   PR_AGE_MAX / 2);
}

/*
 * Wait for a pass to end, turn the hooks off and forget the records. Returns
 * with the pass lock held, without which marks would get lost under a pass.
 */
static void page_reporting_halt(void)
{
	atomic_inc(&page_reporting_stop);
	mutex_lock(&page_reporting_pass_lock);
	static_branch_disable(&page_reporting_enabled);
	cancel_delayed_work_sync(&page_reporting_clamp_work);
	page_reporting_reset();
	/* Hooks that ran on until the reset may have queued one */
	cancel_delayed_work(&page_reporting_work);
	atomic_dec(&page_reporting_stop);
}

/* What waits, or was left alone, may not have to by the new value: look now */
static int page_reporting_set_uint(const char *val, const struct kernel_param *kp)
{
	int err = param_set_uint(val, kp);

	if (!err && static_branch_unlikely(&page_reporting_enabled)) {
		WRITE_ONCE(page_reporting_changed, true);
		page_reporting_queue(0);
	}
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
		page_reporting_start(false);
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
	kfree(page_reporting_bufs.seen);
	kfree(page_reporting_bufs.found);
	kfree(page_reporting_bufs.held);
	kfree(page_reporting_bufs.sg);
	memset(&page_reporting_bufs, 0, sizeof(page_reporting_bufs));
}

static int page_reporting_alloc_bufs(unsigned int capacity)
{
	if (!capacity || capacity > PAGE_REPORTING_CAPACITY)
		capacity = PAGE_REPORTING_CAPACITY;
	page_reporting_bufs.capacity = capacity;
	page_reporting_bufs.seen =
		kcalloc(PR_BATCH_SEEN, sizeof(*page_reporting_bufs.seen), GFP_KERNEL);
	page_reporting_bufs.found =
		kcalloc(capacity, sizeof(*page_reporting_bufs.found), GFP_KERNEL);
	page_reporting_bufs.held =
		kcalloc(capacity, sizeof(*page_reporting_bufs.held), GFP_KERNEL);
	page_reporting_bufs.sg =
		kcalloc(capacity, sizeof(*page_reporting_bufs.sg), GFP_KERNEL);
	if (page_reporting_bufs.seen && page_reporting_bufs.found &&
	    page_reporting_bufs.held && page_reporting_bufs.sg)
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
	page_reporting_fragments = prdev->fragments;
	page_reporting_backoff_ms = 0;
	page_reporting_set_granule();
	/* What the last device had may have been used since */
	page_reporting_reset();
	page_reporting_start(true);
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
