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
extern unsigned int page_reporting_order;

void __page_reporting_freed(struct page *page, struct zone *zone,
			    unsigned int order);
void __page_reporting_taken(struct page *page, struct zone *zone,
			    unsigned int order);

/**
 * page_reporting_freed - a block has joined a free list
 * @page: first page of the block, after all merges
 * @zone: its zone
 * @order: its order
 *
 * Granules of the block that were not free before get their free time and
 * become pending; what is known of the others is kept.
 *
 * Context: zone->lock held, interrupts off.
 */
static inline void page_reporting_freed(struct page *page, struct zone *zone,
					unsigned int order)
{
	if (static_branch_unlikely(&page_reporting_enabled) &&
	    order >= page_reporting_order)
		__page_reporting_freed(page, zone, order);
}

/**
 * page_reporting_taken - pages of a free block are handed out
 * @page: first page handed out
 * @zone: its zone
 * @order: 2^@order pages are handed out
 * @free_order: order of the free block that they were part of
 *
 * Clears the granules that the pages lie in. Those of the rest of the block,
 * which goes back to the free lists, are kept.
 *
 * Context: zone->lock held, interrupts off.
 */
static inline void page_reporting_taken(struct page *page, struct zone *zone,
					unsigned int order,
					unsigned int free_order)
{
	if (static_branch_unlikely(&page_reporting_enabled) &&
	    free_order >= page_reporting_order)
		__page_reporting_taken(page, zone, order);
}

/* In page_alloc.c, which alone knows how to take a block off its free list */
void page_reporting_isolate(struct page *page, struct zone *zone,
			    unsigned int order, int migratetype);

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

/* freed: the granule lies in one free block. Without it, nothing is known. */
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
void page_reporting_kick(void);
u32 page_reporting_gate(unsigned int order);
unsigned long page_reporting_budget(struct zone *zone);
int page_reporting_flush(void);
u64 page_reporting_lock(struct zone *zone, unsigned long *flags);
void page_reporting_unlock(struct zone *zone, unsigned long flags, u64 since);
u64 page_reporting_lock_hold_max(void);
u64 page_reporting_busy_ns(void);
struct page *page_reporting_next_online(unsigned long *pfn, unsigned long end);

#else /* !CONFIG_PAGE_REPORTING */

static inline void page_reporting_freed(struct page *page, struct zone *zone,
					unsigned int order)
{
}

static inline void page_reporting_taken(struct page *page, struct zone *zone,
					unsigned int order,
					unsigned int free_order)
{
}

#endif /* CONFIG_PAGE_REPORTING */
#endif /* _MM_PAGE_REPORTING_H */
