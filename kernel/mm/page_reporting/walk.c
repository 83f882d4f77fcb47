// SPDX-License-Identifier: GPL-2.0
/*
 * A walk over the free blocks of the page allocator.
 *
 * Free blocks are found by pfn and not through the free lists: a list would
 * have to be walked in one hold of zone->lock, however long it is. Blocks of a
 * pageblock or more are found by looking at the first page of each pageblock,
 * smaller ones by looking at all pages that may be their first.
 */
#include <linux/export.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <linux/walk_free_mem.h>

#include "../internal.h"
#include "internal.h"

/* Pages looked at without the lock before anybody else gets a chance to run */
#define WALK_LOOKS	1024UL

/* Longest hold of zone->lock, in ns */
u64 pr_lock_hold_max;

/* Take zone->lock; returns the time, for pr_unlock() */
u64 pr_lock(struct zone *zone, unsigned long *flags)
	__acquires(&zone->lock)
{
	spin_lock_irqsave(&zone->lock, *flags);
	return ktime_get_mono_fast_ns();
}

void pr_unlock(struct zone *zone, unsigned long flags, u64 since)
	__releases(&zone->lock)
{
	u64 now = ktime_get_mono_fast_ns();

	spin_unlock_irqrestore(&zone->lock, flags);
	/* Another CPU's clock may be behind. Racing for a maximum may lose one. */
	if (now > since && now - since > READ_ONCE(pr_lock_hold_max))
		WRITE_ONCE(pr_lock_hold_max, now - since);
}

/*
 * Find the free block of at least @order that a page lies in, and set @found to
 * its order. Returns its first page, or NULL. Any context; without zone->lock a
 * hint.
 */
struct page *pr_find_block(struct page *page, unsigned int order,
			   unsigned int *found)
{
	unsigned long pfn = page_to_pfn(page);

	for (; order < NR_PAGE_ORDERS; order++) {
		struct page *head = page - (pfn & ((1UL << order) - 1));

		if (!PageBuddy(head))
			continue;
		*found = buddy_order_unsafe(head);
		/* The page may be in use by now: most wrong orders are not aligned */
		if (*found >= order && *found < NR_PAGE_ORDERS &&
		    IS_ALIGNED(page_to_pfn(head), 1UL << *found))
			return head;
	}
	return NULL;
}

/*
 * Move @pfn to the next page that the page allocator may own. Memory hotplug is
 * locked out.
 */
static struct page *next_online(struct zone *zone, unsigned long *pfn, unsigned long end)
{
	struct page *page;

	while (*pfn < end) {
		/* The zone may have shrunk since the caller read its borders */
		if (zone->contiguous && zone_spans_pfn(zone, *pfn))
			return pfn_to_page(*pfn);
		page = pfn_to_online_page(*pfn);
		if (page)
			return page;
#ifdef CONFIG_SPARSEMEM
		if (!pfn_valid(*pfn)) {
			*pfn = ALIGN(*pfn + 1, PAGES_PER_SECTION);
			continue;
		}
#endif
		*pfn = ALIGN(*pfn + 1, pageblock_nr_pages);
	}
	return NULL;
}

/* Where a search for blocks of @min_order from @pfn to @end may pause. Any context. */
unsigned long pr_chunk_end(unsigned long pfn, unsigned long end, unsigned int min_order)
{
	return min(end, ALIGN(pfn + 1, WALK_LOOKS << min_order));
}

/* Find a block below the order of a pageblock; @pfn and @end share a pageblock */
struct page *pr_next_small(unsigned long *pfn, unsigned long end,
			   unsigned int min_order, unsigned int *order)
{
	unsigned long step = 1UL << min_order;

	for (*pfn = ALIGN(*pfn, step); *pfn < end; *pfn += step) {
		struct page *page = pfn_to_page(*pfn);

		if (PageBuddy(page)) {
			*order = buddy_order_unsafe(page);
			if (*order >= min_order && *order < NR_PAGE_ORDERS &&
			    IS_ALIGNED(*pfn, 1UL << *order))
				return page;
		} else if (PageHead(page)) {
			/* Wrong if the page is something else by now: see below */
			unsigned int used = data_race(compound_order(page));

			/* The second look comes later. At most a pageblock is skipped. */
			smp_rmb();
			if (used > min_order && used <= pageblock_order && PageHead(page))
				*pfn += (1UL << used) - step;
		}
	}
	return NULL;
}

/**
 * pr_next_block - find the next free block of a zone, without its lock
 * @zone: the zone
 * @pfn: where to begin; set to the first page of the block, or to where to go on
 * @end: first pfn not to look at
 * @min_order: order of the smallest block to look for
 * @order: set to the order of the block
 *
 * The block may begin before @pfn if it has merged since.
 *
 * Context: memory hotplug is locked out. Looks at a bounded number of pages.
 * Return: the first page of a block, a hint; or NULL if none was found so far.
 */
struct page *pr_next_block(struct zone *zone, unsigned long *pfn,
			   unsigned long end, unsigned int min_order,
			   unsigned int *order)
{
	unsigned long next, stop;
	struct page *page, *head;

	stop = pr_chunk_end(*pfn, end, min_order);
	while ((page = next_online(zone, pfn, stop))) {
		next = min(ALIGN(*pfn + 1, pageblock_nr_pages), stop);
		head = pr_find_block(page, min_order, order);
		if (!head && min_order < pageblock_order)
			head = pr_next_small(pfn, next, min_order, order);
		if (head && page_zone(head) == zone) {
			*pfn = page_to_pfn(head);
			return head;
		}
		*pfn = head ? page_to_pfn(head) + (1UL << *order) : next;
	}
	*pfn = stop;
	return NULL;
}

/**
 * pr_walk_zone - walk the free blocks of a range of a zone
 * @zone: the zone
 * @pfn: where to begin; a block that begins before is not told of
 * @end: first pfn not to look at
 * @min_order: order of the smallest blocks to be told of
 * @max_order: order of the largest
 * @opaque: for the callback
 * @report_pfn_range: the callback, see walk_free_mem_block(); called with
 *	zone->lock held, once in a hold
 *
 * Context: process context, may sleep.
 * Return: 0, or the first value other than 0 that the callback returned.
 */
int pr_walk_zone(struct zone *zone, unsigned long pfn, unsigned long end,
		 unsigned int min_order, unsigned int max_order, void *opaque,
		 int (*report_pfn_range)(void *opaque, unsigned long pfn,
					 unsigned long num))
{
	unsigned long flags, from, next;
	unsigned int order;
	struct page *page;
	int ret = 0;
	u64 since;

	while (pfn < end && !ret) {
		from = pfn;
		get_online_mems();
		page = pr_next_block(zone, &pfn, end, min_order, &order);
		if (page) {
			next = pfn + (1UL << min_order);
			since = pr_lock(zone, &flags);
			/* Whatever it has become by now */
			page = pr_find_block(page, min_order, &order);
			if (page) {
				next = page_to_pfn(page) + (1UL << order);
				/* What has merged with a block told of begins before */
				if (page_to_pfn(page) >= from && order <= max_order)
					ret = report_pfn_range(opaque,
							       page_to_pfn(page),
							       1UL << order);
			}
			pr_unlock(zone, flags, since);
			pfn = max(next, from);
		}
		put_online_mems();
		cond_resched();
	}
	return ret;
}

/**
 * walk_free_mem_block - walk the free blocks of all zones
 * @opaque: for the callback
 * @min_order: order of the smallest blocks to be told of; below 0 counts as 0
 * @report_pfn_range: called with @opaque, the first pfn of a free block and its
 *	number of pages; anything but 0 ends the walk at once
 *
 * Zones come one after the other, and in each of them the blocks of a pageblock
 * or more before the smaller ones. Low orders change quickly: ask for them only
 * if they matter, and stop as soon as there is enough.
 *
 * The callback runs with zone->lock held and interrupts off. It must not sleep,
 * and must not allocate memory, not even with GFP_NOWAIT or GFP_ATOMIC, neither
 * directly nor through a lock under which somebody else allocates. It should be
 * short. Do not count on the lock: once the callback has returned the range may
 * be in use, so the caller must not touch those pages, and pfn_to_page() on them
 * is strongly discouraged; if that is needed, ask the memory management people.
 * A range can be missed, and be told of twice or in part, when blocks are split
 * or merged during the walk.
 *
 * Context: process context, sleeps. Holds zone->lock for one block at a time.
 * Return: 0 after a complete walk, or what the callback returned.
 */
int walk_free_mem_block(void *opaque, int min_order,
			int (*report_pfn_range)(void *opaque, unsigned long pfn,
						unsigned long num))
{
	unsigned int least = max(min_order, 0);
	struct zone *zone;
	int ret = 0;

	might_sleep();
	if (least > MAX_PAGE_ORDER)
		return 0;

	for_each_populated_zone(zone) {
		ret = pr_walk_zone(zone, zone->zone_start_pfn, zone_end_pfn(zone),
				   max_t(unsigned int, least, pageblock_order),
				   MAX_PAGE_ORDER, opaque, report_pfn_range);
		if (!ret && least < pageblock_order)
			ret = pr_walk_zone(zone, zone->zone_start_pfn,
					   zone_end_pfn(zone), least,
					   pageblock_order - 1, opaque,
					   report_pfn_range);
		if (ret)
			break;
	}
	return ret;
}
EXPORT_SYMBOL_GPL(walk_free_mem_block);

#ifdef CONFIG_PAGE_REPORTING_KUNIT_TEST
#include "tests/walk_kunit.h"
#endif
