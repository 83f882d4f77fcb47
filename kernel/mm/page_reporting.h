/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Free page reporting: what the page allocator calls.
 *
 * PG_reported on the first page of a free block says that page reporting knows
 * something of the block. It is set under zone->lock by page reporting only.
 * Whatever takes such a block off its free list must say what becomes of it:
 *
 *	page_reporting_take()	some of it is handed out, the rest stays free
 *	page_reporting_clear()	it leaves the free lists without being used
 *	page_reporting_detach()	it stays free, and comes back with FPI_KEEP
 *	page_reporting_merge()	it becomes part of a larger free block
 *
 * Without CONFIG_PAGE_REPORTING nothing is left of these calls.
 */
#ifndef _MM_PAGE_REPORTING_H
#define _MM_PAGE_REPORTING_H

#include <linux/jump_label.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/page-isolation.h>
#include <linux/page_ext.h>
#include <linux/page_reporting.h>
#include <linux/pageblock-flags.h>

#ifdef CONFIG_PAGE_REPORTING
DECLARE_STATIC_KEY_FALSE(page_reporting_enabled);
#define page_reporting_on()	static_branch_unlikely(&page_reporting_enabled)
#else
#define page_reporting_on()	false
#endif

/* Order of the smallest free that the worker wants to hear of */
extern unsigned int page_reporting_notify_order;

extern struct page_ext_operations page_reporting_ext_ops;

void __page_reporting_freed(unsigned int order);
void __page_reporting_take(struct page *page, struct zone *zone,
			   unsigned int low, unsigned int high);
void __page_reporting_clear(struct page *page, struct zone *zone,
			    unsigned int order);
void __page_reporting_captured(struct page *page, struct zone *zone,
			       unsigned int order);
void __page_reporting_detach(struct page *page, struct zone *zone,
			     unsigned int order, bool merges);
void __page_reporting_attach(struct page *page, unsigned int order);

/**
 * page_reporting_known - is anything known of a free block?
 * @page: its first page, on a free list
 *
 * Context: zone->lock held.
 * Return: true if records have to be looked after when it leaves the list.
 */
static inline bool page_reporting_known(const struct page *page)
{
	return page_reporting_on() &&
	       PageReported(page);
}

/**
 * page_reporting_freed - tell the worker of memory that has become free
 * @order: order of the block on the free list
 *
 * Context: zone->lock held, interrupts off.
 */
static inline void page_reporting_freed(unsigned int order)
{
	if (page_reporting_on() &&
	    order >= READ_ONCE(page_reporting_notify_order))
		__page_reporting_freed(order);
}

/**
 * page_reporting_take - the first part of a free block is about to be used
 * @page: first page of the block, still on its free list
 * @zone: its zone
 * @low: order of what is handed out
 * @high: order of the block; expand() puts the rest back
 *
 * Context: zone->lock held, interrupts off.
 */
static inline void page_reporting_take(struct page *page, struct zone *zone,
				       unsigned int low, unsigned int high)
{
	if (page_reporting_known(page))
		__page_reporting_take(page, zone, low, high);
}

/**
 * page_reporting_clear - forget what is known of a free block
 * @page: its first page, still on its free list
 * @zone: its zone
 * @order: its order
 *
 * For what leaves the free lists without being allocated: compaction, CMA,
 * memory that goes offline or bad.
 *
 * Context: zone->lock held, interrupts off.
 */
static inline void page_reporting_clear(struct page *page, struct zone *zone,
					unsigned int order)
{
	if (page_reporting_known(page))
		__page_reporting_clear(page, zone, order);
}

/**
 * page_reporting_captured - compaction captures a block while it merges
 * @page: first page of what it has merged to
 * @zone: its zone
 * @order: its order
 *
 * Context: zone->lock held, interrupts off.
 */
static inline void page_reporting_captured(struct page *page, struct zone *zone,
					   unsigned int order)
{
	if (page_reporting_on())
		__page_reporting_captured(page, zone, order);
}

/**
 * page_reporting_detach - a free block leaves its list, but stays free
 * @page: its first page, still on its free list
 * @zone: its zone
 * @order: its order
 *
 * The records of its granules stay.
 *
 * Context: zone->lock held, interrupts off. page_reporting_attach() follows
 * for every block that the granules become part of.
 */
static inline void page_reporting_detach(struct page *page, struct zone *zone,
					 unsigned int order)
{
	if (page_reporting_known(page))
		__page_reporting_detach(page, zone, order, false);
}

/**
 * page_reporting_merge - a free block becomes part of a larger one
 * @buddy: its first page, still on its free list
 * @zone: its zone
 * @order: its order
 *
 * Context: zone->lock held, interrupts off. page_reporting_attach() follows, or
 * page_reporting_captured().
 */
static inline void page_reporting_merge(struct page *buddy, struct zone *zone,
					unsigned int order)
{
	if (page_reporting_known(buddy))
		__page_reporting_detach(buddy, zone, order, true);
}

/**
 * page_reporting_attach - a block has joined the free lists, parts of it known
 * @page: its first page
 * @order: its order after all merges
 *
 * Context: zone->lock held, interrupts off.
 */
static inline void page_reporting_attach(struct page *page, unsigned int order)
{
	if (page_reporting_on())
		__page_reporting_attach(page, order);
}

/* In page_alloc.c, which alone knows the free lists and the per-cpu lists */
void page_reporting_isolate(struct page *page, struct zone *zone,
			    unsigned int order);
void page_reporting_putback(struct page *page, struct zone *zone,
			    unsigned int order);
bool page_reporting_drain_pcp(struct zone *zone, int cpu);

#endif /* _MM_PAGE_REPORTING_H */
