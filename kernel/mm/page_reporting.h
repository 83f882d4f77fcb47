/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Free page reporting: what the page allocator calls, and what the parts of
 * page reporting share. State lives in page_ext, see page_reporting_ext.c.
 */
#ifndef _MM_PAGE_REPORTING_H
#define _MM_PAGE_REPORTING_H

#include <linux/bits.h>
#include <linux/jiffies.h>
#include <linux/jump_label.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mmzone.h>
#include <linux/page-isolation.h>
#include <linux/page_ext.h>
#include <linux/page_reporting.h>
#include <linux/pageblock-flags.h>
#include <linux/percpu.h>
#include <linux/sizes.h>

#ifdef CONFIG_PAGE_REPORTING
DECLARE_STATIC_KEY_FALSE(page_reporting_enabled);

/* Order of a granule. Changes only while page_reporting_enabled is off. */
extern unsigned int page_reporting_granule;

/*
 * Bits in the page_type of a free block, below the type. They are gone as soon
 * as the block leaves its free list, is split or merges, whatever the reason,
 * so what they say never outlives its truth and costs nobody anything.
 */
#define PR_MARK		BIT(0)	/* has reported units: the allocator must tell */
#define PR_SEEN		BIT(1)	/* its other units have a free time */
#define PR_DONE		BIT(2)	/* with PR_MARK: it has no other units */
#define PR_ADOPTED	BIT(3)	/* with PR_SEEN: was free before the device came */
#define PR_STALE	BIT(4)	/* was PR_DONE before a reset */
#define PR_BITS		GENMASK(4, 0)

/*
 * zone->pr_keep: a bit for the order of each block with PR_MARK that what is
 * being freed has merged with, and one for what was free itself.
 */
#define PR_KEEP_ALL	BIT(31)

/* Cold, so that the allocator keeps its registers */
void __cold __page_reporting_freed(struct page *page, struct zone *zone,
				   unsigned int order);
void __cold __page_reporting_taken(struct page *page, struct zone *zone,
				   unsigned int order);
void page_reporting_clear(struct page *page, struct zone *zone,
			  unsigned int order);
void page_reporting_split(struct page *page, struct zone *zone,
			  unsigned int low, unsigned int high);
void page_reporting_keep(struct zone *zone);
void page_reporting_kept(struct zone *zone);

/**
 * page_reporting_freed - a block has joined the free lists
 * @page: its first page
 * @zone: its zone
 * @order: its order, after all merges
 *
 * zone->pr_wake is as large as can be once a pass is sure to come, and 0 when
 * something has to be done for this block.
 *
 * Context: zone->lock held, interrupts off.
 */
static inline void page_reporting_freed(struct page *page, struct zone *zone,
					unsigned int order)
{
	if (static_branch_unlikely(&page_reporting_enabled) &&
	    order >= zone->pr_wake)
		__page_reporting_freed(page, zone, order);
}

/**
 * page_reporting_marked - does a free block have reported units?
 * @page: first page of the block, still on its free list
 *
 * If so, somebody has to take care of them before or while it is taken off.
 *
 * Context: zone->lock held, interrupts off.
 * Return: true if it has.
 */
static inline bool page_reporting_marked(const struct page *page)
{
	/* Read once more, or PageBuddy() pays for a register to keep it in */
	return static_branch_unlikely(&page_reporting_enabled) &&
	       (READ_ONCE(page->page_type) & PR_MARK);
}

/**
 * page_reporting_merge - a free block is about to become part of a larger one
 * @buddy: its first page, still on its free list
 * @zone: its zone
 * @order: its order
 *
 * Its mark is about to go, so page_reporting_freed() has to see to what it has
 * become. There is no call in here: it would cost the loop around it more than
 * the test does.
 *
 * Context: zone->lock held, interrupts off; page_reporting_freed() or
 * page_reporting_taken() follows before it is dropped.
 */
static inline void page_reporting_merge(const struct page *buddy,
					struct zone *zone, unsigned int order)
{
	if (page_reporting_marked(buddy)) {
		zone->pr_keep |= 1U << order;
		zone->pr_wake = 0;
	}
}

/**
 * page_reporting_taken - a block is handed out in the middle of its merges
 * @page: first page of what it has merged to
 * @zone: its zone
 * @order: 2^@order pages
 *
 * Context: zone->lock held, interrupts off.
 */
static inline void page_reporting_taken(struct page *page, struct zone *zone,
					unsigned int order)
{
	if (static_branch_unlikely(&page_reporting_enabled) && zone->pr_keep)
		__page_reporting_taken(page, zone, order);
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
 * The unit of what is known is a granule, or a whole free block where that is
 * smaller. Its record lies in the page_ext of its first page. Both words are
 * written under zone->lock and may be read without it, so that candidates can
 * be found without the lock and confirmed under it.
 *
 * Times are the low 30 bits of jiffies; page_reporting_clamp() keeps ages from
 * wrapping around.
 */
struct page_reporting_rec {
	u32 freed;	/* since when it is free; valid as PR_SEEN and PR_REPORTED say */
	u32 reported;	/* PR_REPORTED, when it was reported */
};

#define PR_TIME_MASK	GENMASK(29, 0)
#define PR_AGE_MAX	(PR_TIME_MASK / 2)

/* The host has been told, and the unit has stayed free since... */
#define PR_REPORTED	BIT(31)
/* ...which is a block below a granule */
#define PR_SMALL	BIT(30)

static inline u32 page_reporting_now(void)
{
	return (u32)jiffies & PR_TIME_MASK;
}

static inline u32 page_reporting_age(u32 now, u32 stamp)
{
	return (now - stamp) & PR_TIME_MASK;
}

static inline bool page_reporting_reported(const struct page_reporting_rec *rec)
{
	return READ_ONCE(rec->reported) & PR_REPORTED;
}

/* What a free block says of itself; without zone->lock a hint */
static inline unsigned int page_reporting_bits(const struct page *page)
{
	return READ_ONCE(page->page_type) & PR_BITS;
}

/* How many units a free block of an order has, and of which order they are */
static inline unsigned long page_reporting_units(unsigned int order)
{
	return order > page_reporting_granule ?
	       1UL << (order - page_reporting_granule) : 1;
}

static inline unsigned int page_reporting_unit(unsigned int order)
{
	return min(order, page_reporting_granule);
}

/* What hosts map with a single entry. Smaller blocks have to be older. */
static inline unsigned int page_reporting_base(void)
{
	return min_t(unsigned int, pageblock_order, ilog2(SZ_2M) - PAGE_SHIFT);
}

/* Classes of a histogram of ages: below 1, 2, 4... ms, and all beyond */
#define PR_AGES		21

/**
 * struct page_reporting_stats - event counters, one set a CPU
 * @passes: passes of the worker, flushes included
 * @sweeps: those that looked for blocks below page_reporting_base(), too
 * @reports: calls of the device
 * @errors: calls of the device that failed
 * @reported: pages reported
 * @refaulted: pages handed out after they had been reported
 * @soon: those of them that would better not have been reported
 * @kept: reported pages whose record outlived a merge with a newly freed one
 * @dropped: reported pages of small blocks that merged, and so were forgotten
 * @redundant: pages reported that the host most likely had already
 * @failed: pages put back unmarked because the device failed
 * @refault_age: @refaulted, by the time from the report to the reuse
 */
struct page_reporting_stats {
	u64 passes;
	u64 sweeps;
	u64 reports;
	u64 errors;
	u64 reported;
	u64 refaulted;
	u64 soon;
	u64 kept;
	u64 dropped;
	u64 redundant;
	u64 failed;
	u64 refault_age[PR_AGES];
};

DECLARE_PER_CPU(struct page_reporting_stats, page_reporting_stats);

extern struct page_ext_operations page_reporting_ext_ops;

/* page_reporting_ext.c: the records */
bool page_reporting_ext_enabled(void);
struct page_reporting_rec *page_reporting_rec_get(const struct page *page,
						  struct page_ext **ext);
struct page_reporting_rec *page_reporting_rec_next(struct page_reporting_rec *rec);
bool page_reporting_since(const struct page *page, unsigned int order, u32 *freed);
unsigned long page_reporting_left(const struct page *page, unsigned int order);
unsigned int page_reporting_block(struct page *page, unsigned int order,
				  struct page **head);
void page_reporting_see(struct page *page, unsigned int order, unsigned int bits);
void page_reporting_mark(struct page *page, struct zone *zone,
			 unsigned int order);
void page_reporting_mark_block(struct page *page, struct zone *zone,
			       unsigned int order);
void page_reporting_reset(void);
void page_reporting_clamp(void);
unsigned long page_reporting_check(struct zone *zone);
unsigned int page_reporting_msecs(u32 ticks);
unsigned int page_reporting_age_class(u32 ticks);
struct page *page_reporting_next_online(unsigned long *pfn, unsigned long end);

/* page_reporting.c: the worker */
void page_reporting_kick(bool large);
void page_reporting_sum(struct page_reporting_stats *stats);
unsigned int page_reporting_least(void);
u32 page_reporting_gate(unsigned int order);
u32 page_reporting_wait(unsigned int order, unsigned int bits);
u32 page_reporting_horizon(void);
unsigned long page_reporting_budget(struct zone *zone);
int page_reporting_flush(void);
u64 page_reporting_lock(struct zone *zone, unsigned long *flags);
void page_reporting_unlock(struct zone *zone, unsigned long flags, u64 since);
u64 page_reporting_lock_hold_max(void);
u64 page_reporting_busy_ns(void);

/* walk_free_mem.c */
int walk_free_mem_range(unsigned long pfn, unsigned long end, void *opaque,
			int min_order,
			int (*report_pfn_range)(void *opaque, unsigned long pfn,
						unsigned long num));

#else /* !CONFIG_PAGE_REPORTING */

static inline void page_reporting_freed(struct page *page, struct zone *zone,
					unsigned int order)
{
}

static inline bool page_reporting_marked(const struct page *page)
{
	return false;
}

static inline void page_reporting_merge(const struct page *buddy,
					struct zone *zone, unsigned int order)
{
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

static inline void page_reporting_keep(struct zone *zone)
{
}

static inline void page_reporting_kept(struct zone *zone)
{
}

#endif /* CONFIG_PAGE_REPORTING */
#endif /* _MM_PAGE_REPORTING_H */
