// SPDX-License-Identifier: GPL-2.0
/*
 * A walk over the free blocks of the page allocator that never holds
 * zone->lock for longer than WALK_BATCH pages take.
 */
#include <linux/export.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/walk_free_mem.h>

#include "internal.h"
#include "page_reporting.h"

/* struct pages looked at in one hold of zone->lock */
#define WALK_BATCH	128

/*
 * Walk within a stretch of memory whose struct pages are known to exist. @pfn
 * is where to go on; it never enters a block that has been handed over.
 */
static int walk_free_chunk(unsigned long *pfn, unsigned long end, void *opaque,
			   int min_order,
			   int (*report_pfn_range)(void *opaque,
						   unsigned long pfn,
						   unsigned long num))
{
	struct page *page = pfn_to_page(*pfn);
	unsigned int order, looked = 0;
	unsigned long flags;
	struct zone *zone;
	int ret = 0;
	u64 since;

	/* No need for the lock to see that a page is in use */
	while (*pfn < end && !PageBuddy(page)) {
		++*pfn;
		++page;
	}
	if (*pfn >= end)
		return 0;

	zone = page_zone(page);
	since = page_reporting_lock(zone, &flags);
	while (*pfn < end && looked++ < WALK_BATCH && page_zone(page) == zone) {
		order = 0;
		if (PageBuddy(page)) {
			order = buddy_order(page);
			if (order >= min_order)
				ret = report_pfn_range(opaque, *pfn, 1UL << order);
			if (ret)
				break;
		}
		*pfn += 1UL << order;
		page += 1UL << order;
	}
	page_reporting_unlock(zone, flags, since);
	return ret;
}

/**
 * walk_free_mem_range - walk the free blocks that begin in a range of pfns
 * @pfn: where to begin
 * @end: first pfn not to look at
 * @opaque: for the callback
 * @min_order: order of the smallest blocks to be told of
 * @report_pfn_range: the callback, see walk_free_mem_block()
 *
 * Context: process context, sleeps.
 * Return: 0, or the first value other than 0 that the callback returned.
 */
int walk_free_mem_range(unsigned long pfn, unsigned long end, void *opaque,
			int min_order,
			int (*report_pfn_range)(void *opaque, unsigned long pfn,
						unsigned long num))
{
	unsigned long chunk;
	int ret = 0;

	might_sleep();

	while (pfn < end && !ret) {
		get_online_mems();
		if (page_reporting_next_online(&pfn, end)) {
			chunk = min(ALIGN(pfn + 1, MAX_ORDER_NR_PAGES), end);
			ret = walk_free_chunk(&pfn, chunk, opaque, min_order,
					      report_pfn_range);
		}
		put_online_mems();
		cond_resched();
	}
	return ret;
}

/**
 * walk_free_mem_block - walk the free blocks of all zones
 * @opaque: for the callback
 * @min_order: order of the smallest blocks to be told of
 * @report_pfn_range: called with @opaque, the first pfn of a free block and its
 *	number of pages; anything but 0 ends the walk at once
 *
 * The callback must neither sleep nor allocate memory, directly or through a
 * lock that somebody holds who does: it is called in the middle of the page
 * allocator. It should be short. Once it has returned, and for all the caller
 * may assume even before, the range can be in use again: it is a hint.
 *
 * Blocks come in the order of their pfns. One that is split or merged during
 * the walk may be missed, or told of again in part. Low orders change quickly;
 * ask for them only when they matter.
 *
 * Context: process context, sleeps. The allocator is locked out of a zone for
 * a bounded number of pages at a time, whatever the size of the zone.
 * Return: 0 after a complete walk, or what the callback returned.
 */
int walk_free_mem_block(void *opaque, int min_order,
			int (*report_pfn_range)(void *opaque, unsigned long pfn,
						unsigned long num))
{
	unsigned long end = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		end = max(end, zone_end_pfn(zone));

	return walk_free_mem_range(0, end, opaque, min_order, report_pfn_range);
}
EXPORT_SYMBOL_GPL(walk_free_mem_block);
