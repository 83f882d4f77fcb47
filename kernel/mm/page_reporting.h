/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Free page reporting: what the page allocator calls, and what the parts of
 * page reporting share. State lives in page_ext, see page_reporting_ext.c.
 */
#ifndef _MM_PAGE_REPORTING_H
#define _MM_PAGE_REPORTING_H

#include <linux/jiffies.h>
#include <linux/jump_label.h>
#include <linux/mmzone.h>
#include <linux/page-isolation.h>
#include <linux/page_ext.h>
#include <linux/page_reporting.h>
#include <linux/pageblock-flags.h>
#include <linux/percpu.h>

#ifdef CONFIG_PAGE_REPORTING
DECLARE_STATIC_KEY_FALSE(page_reporting_enabled);

/* Order of a granule. Changes only while page_reporting_enabled is off. */
extern unsigned int page_reporting_granule;

void __page_reporting_freed(unsigned long pfn, struct zone *zone,
			    unsigned int order, unsigned long freed_pfn,
			    unsigned int freed_order);
void __page_reporting_moved(unsigned long pfn, struct zone *zone,
			    unsigned int order);
void page_reporting_clear(struct page *page, struct zone *zone,
			  unsigned int order);
void page_reporting_split(struct page *page, struct zone *zone,
			  unsigned int low, unsigned int high);

/*
 * Set in the page_type of a free block that has reported granules. It is gone
 * as soon as the block leaves its free list, whatever the reason, and never
 * costs the page allocator more than a test.
 */
#define PR_MARK		0x1

/**
 * page_reporting_freed - pages have joined the free lists
 * @pfn: first page of the block that they are part of now
 * @zone: its zone
 * @order: order of that block, after all merges
 * @freed_pfn: first page of those that have become free
 * @freed_order: 2^@freed_order of them
 * @keep: they were free before and have only been moved
 *
 * Gives a free time to the granules that the pages complete. What is known of
 * the buddies that they merged with is kept.
 *
 * Context: zone->lock held, interrupts off.
 */
static inline void page_reporting_freed(unsigned long pfn, struct zone *zone,
					unsigned int order,
					unsigned long freed_pfn,
					unsigned int freed_order, bool keep)
{
	if (static_branch_unlikely(&page_reporting_enabled) &&
	    order >= page_reporting_granule) {
		if (keep)
			__page_reporting_moved(pfn, zone, order);
		else
			__page_reporting_freed(pfn, zone, order, freed_pfn, freed_order);
	}
}

/**
 * page_reporting_marked - does a free block have reported granules?
 * @page: first page of the block, still on its free list
 *
 * If so, somebody has to take care of them before or while it is taken off.
 *
 * Context: zone->lock held, interrupts off.
 */
static inline bool page_reporting_marked(const struct page *page)
{
	return static_branch_unlikely(&page_reporting_enabled) &&
	       (page->page_type & PR_MARK);
}

/**
 * page_reporting_taken - pages are handed out that were on no free list
 * @page: first of them
 * @zone: its zone
 * @order: 2^@order of them
 *
 * Context: zone->lock held, interrupts off.
 */
static inline void page_reporting_taken(struct page *page, struct zone *zone,
					unsigned int order)
{
	if (static_branch_unlikely(&page_reporting_enabled) &&
	    order >= page_reporting_granule)
		page_reporting_clear(page, zone, order);
}

/*
 * In page_alloc.c, which alone knows the free lists: take a block off, and put
 * it back by what its pageblocks are by then. Records are left as they are.
 */
void page_reporting_isolate(struct page *page, struct zone *zone,
			    unsigned int order, int migratetype);
void page_reporting_putback(struct page *page, struct zone *zone,
			    unsigned int order);

/*
 * The record of a granule, in the page_ext of its first page. Both words are
 * written under zone->lock and may be read without it, so that candidates can
 * be found without the lock and confirmed under it.
 *
 * Times are the low 30 bits of jiffies; page_reporting_clamp() keeps ages from
 * wrapping around.
 */
struct page_reporting_rec {
	u32 freed;	/* PR_FREE, PR_HINT, when the granule became free */
	u32 reported;	/* PR_REPORTED, PR_STALE, when it was reported */
};

#define PR_TIME_MASK	GENMASK(29, 0)
#define PR_AGE_MAX	(PR_TIME_MASK / 2)

/*
 * freed: holds a time. Unless reported, the granule may have been handed out
 * since, which only the free lists tell: the allocator is spared the work.
 */
#define PR_FREE		BIT(31)
/*
 * freed, in the record of a pageblock's first page: a granule of this
 * pageblock may be pending. Unused where a pageblock is one granule.
 */
#define PR_HINT		BIT(30)
/* reported: the host has been told and the granule has stayed free since */
#define PR_REPORTED	BIT(31)
/* reported: it was once, but what was known has been dropped by a reset */
#define PR_STALE	BIT(30)

static inline u32 page_reporting_now(void)
{
	return (u32)jiffies & PR_TIME_MASK;
}

static inline u32 page_reporting_age(u32 now, u32 stamp)
{
	return (now - stamp) & PR_TIME_MASK;
}

static inline bool page_reporting_pending(const struct page_reporting_rec *rec)
{
	return (READ_ONCE(rec->freed) & PR_FREE) &&
	       !(READ_ONCE(rec->reported) & PR_REPORTED);
}

/**
 * struct page_reporting_stats - event counters, one set a CPU
 * @passes: passes of the worker, flushes included
 * @reports: calls of the device
 * @errors: calls of the device that failed
 * @reported: pages reported
 * @refaulted: pages handed out after they had been reported
 * @kept: reported pages whose record outlived a merge with a newly freed one
 * @redundant: pages reported that the host most likely had already
 * @failed: pages put back unmarked because the device failed
 */
struct page_reporting_stats {
	u64 passes;
	u64 reports;
	u64 errors;
	u64 reported;
	u64 refaulted;
	u64 kept;
	u64 redundant;
	u64 failed;
};

DECLARE_PER_CPU(struct page_reporting_stats, page_reporting_stats);

/* Why a pending granule is not reported now */
enum page_reporting_wait {
	PR_WAIT_NONE,		/* eligible */
	PR_WAIT_AGE,		/* too young */
	PR_WAIT_ISOLATED,	/* pageblock isolated, e.g. to go offline */
	PR_WAIT_WATERMARK,	/* too little free memory to take it away */
};

extern struct page_ext_operations page_reporting_ext_ops;

/* page_reporting_ext.c: the records */
bool page_reporting_ext_enabled(void);
struct page_reporting_rec *page_reporting_rec_get(const struct page *page,
						  struct page_ext **ext);
struct page_reporting_rec *
page_reporting_rec_next(struct page_reporting_rec *rec, unsigned int granule);
unsigned int page_reporting_block(struct page *page, struct page **head);
void page_reporting_mark(struct page *page, struct zone *zone,
			 unsigned int order);
bool page_reporting_unhint(struct page *page, struct zone *zone);
void page_reporting_reset(void);
void page_reporting_adopt(void);
void page_reporting_clamp(void);
unsigned long page_reporting_check(struct zone *zone);

/* page_reporting.c: the worker */
extern bool page_reporting_kicked;
void __page_reporting_kick(void);
u32 page_reporting_gate(unsigned int order);
unsigned long page_reporting_budget(struct zone *zone);
int page_reporting_flush(void);
u64 page_reporting_lock(struct zone *zone, unsigned long *flags);
void page_reporting_unlock(struct zone *zone, unsigned long flags, u64 since);
u64 page_reporting_lock_hold_max(void);
u64 page_reporting_busy_ns(void);
struct page *page_reporting_next_online(unsigned long *pfn, unsigned long end);

/**
 * page_reporting_kick - memory has become pending, see that a pass comes
 *
 * Context: any, also under zone->lock with interrupts off.
 */
static inline void page_reporting_kick(void)
{
	if (unlikely(!READ_ONCE(page_reporting_kicked)))
		__page_reporting_kick();
}

/* walk_free_mem.c */
int walk_free_mem_range(unsigned long pfn, unsigned long end, void *opaque,
			int min_order,
			int (*report_pfn_range)(void *opaque, unsigned long pfn,
						unsigned long num));

#else /* !CONFIG_PAGE_REPORTING */

static inline void page_reporting_freed(unsigned long pfn, struct zone *zone,
					unsigned int order,
					unsigned long freed_pfn,
					unsigned int freed_order, bool keep)
{
}

static inline bool page_reporting_marked(const struct page *page)
{
	return false;
}

static inline void page_reporting_taken(struct page *page, struct zone *zone,
					unsigned int order)
{
}

static inline void page_reporting_clear(struct page *page, struct zone *zone,
					unsigned int order)
{
}

static inline void page_reporting_split(struct page *page, struct zone *zone,
					unsigned int low, unsigned int high)
{
}

#endif /* CONFIG_PAGE_REPORTING */
#endif /* _MM_PAGE_REPORTING_H */
