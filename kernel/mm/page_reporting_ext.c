// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting: what is known of free memory, kept in page_ext.
 *
 * A granule is 2^page_reporting_granule naturally aligned pages. Its record tells
 * since when it is free, and whether and when the host was told. The record
 * belongs to the granule and not to the block, so merges and splits leave it
 * alone; handing pages out clears it. A free block with reported granules
 * carries PR_MARK, so that all others are handed out at no cost.
 *
 * Records are written under zone->lock only.
 */
#define pr_fmt(fmt) "page_reporting: " fmt

#include <linux/init.h>
#include <linux/kstrtox.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "internal.h"
#include "page_reporting.h"

static bool page_ext_requested __initdata =
	IS_ENABLED(CONFIG_PAGE_REPORTING_DEFAULT_ON);
static bool page_ext_ready __ro_after_init;

DEFINE_PER_CPU(struct page_reporting_stats, page_reporting_stats);

static int __init page_reporting_early_param(char *buf)
{
	bool on;

	if (!buf || kstrtobool(buf, &on)) {
		pr_warn("page_ext=%s is neither on nor off: ignored\n",
			buf ?: "");
		return 0;
	}

	page_ext_requested = on;
	return 0;
}
early_param("page_ext", page_reporting_early_param);

static __init bool page_reporting_ext_need(void)
{
	return page_ext_requested;
}

static __init void page_reporting_ext_init(void)
{
	/* Called for every client, whether it was granted memory or not */
	page_ext_ready = page_ext_requested;
}

struct page_ext_operations page_reporting_ext_ops = {
	.size = sizeof(struct page_reporting_rec),
	.need = page_reporting_ext_need,
	.init = page_reporting_ext_init,
};

/* Are there records to keep state in? */
bool page_reporting_ext_enabled(void)
{
	return page_ext_ready;
}

/**
 * page_reporting_rec_get - the record in the page_ext of a page
 * @page: first page of a granule
 * @ext: what to hand to page_ext_put() when done
 *
 * Context: any. The caller must not sleep until page_ext_put().
 * Return: the record, or NULL (early boot, section going offline), which means
 * that nothing is known; then there is nothing to put.
 */
struct page_reporting_rec *page_reporting_rec_get(const struct page *page,
						  struct page_ext **ext)
{
	*ext = page_ext_get(page);
	if (unlikely(!*ext))
		return NULL;
	return page_ext_data(*ext, &page_reporting_ext_ops);
}

/* The record of the next granule in the same block: never leaves a section */
struct page_reporting_rec *
page_reporting_rec_next(struct page_reporting_rec *rec, unsigned int granule)
{
	return (void *)rec + (page_ext_size << granule);
}

/* Note in the records of its pageblocks that a block has pending granules */
static void page_reporting_hint(struct page *page, struct zone *zone,
				unsigned int order)
{
	struct page_reporting_rec *rec;
	struct page_ext *ext;
	unsigned long nr = 1;

	if (order > pageblock_order)
		nr <<= order - pageblock_order;
	page -= page_to_pfn(page) & (pageblock_nr_pages - 1);

	for (; nr; nr--, page += pageblock_nr_pages) {
		/* Another zone's lock guards this word: the scan knows */
		if (page_zone(page) != zone)
			continue;
		rec = page_reporting_rec_get(page, &ext);
		if (!rec)
			continue;
		WRITE_ONCE(rec->freed, rec->freed | PR_HINT);
		page_ext_put(ext);
	}
}

/* How many of the granules from @rec on are reported? */
static unsigned long page_reporting_count(struct page_reporting_rec *rec,
					  unsigned long nr, unsigned int granule)
{
	unsigned long reported = 0;

	for (; nr; nr--) {
		reported += rec->reported >> 31;
		rec = page_reporting_rec_next(rec, granule);
	}
	return reported;
}

/* Mark a free block if it has reported granules; returns how many */
static unsigned long page_reporting_remark(struct page *page, unsigned int order)
{
	unsigned int granule = page_reporting_granule;
	struct page_reporting_rec *rec;
	unsigned long reported;
	struct page_ext *ext;

	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return 0;
	reported = page_reporting_count(rec, 1UL << (order - granule), granule);
	page_ext_put(ext);

	if (reported)
		page->page_type |= PR_MARK;
	return reported;
}

/* Out of line part of page_reporting_freed() for what was free before */
void __page_reporting_moved(unsigned long pfn, struct zone *zone,
			    unsigned int order)
{
	struct page *page = pfn_to_page(pfn);
	unsigned int granule = page_reporting_granule;

	if (page_reporting_remark(page, order) == 1UL << (order - granule))
		return;
	if (granule < pageblock_order)
		page_reporting_hint(page, zone, order);
	page_reporting_kick();
}

/* The buddies that pages have merged with have lost their mark */
static noinline void page_reporting_merged(struct page *page,
					   unsigned long reported)
{
	page->page_type |= PR_MARK;
	this_cpu_add(page_reporting_stats.kept, reported << page_reporting_granule);
}

/* Granules of any order, freed and merged in any number */
static noinline void page_reporting_freed_many(unsigned long pfn,
					       struct zone *zone,
					       unsigned int order,
					       unsigned long freed_pfn,
					       unsigned int freed_order)
{
	unsigned int granule = page_reporting_granule;
	unsigned long nr = freed_order > granule ? 1UL << (freed_order - granule) : 1;
	u32 stamp = PR_FREE | page_reporting_now();
	struct page_reporting_rec *head, *rec;
	struct page *page = pfn_to_page(pfn);
	unsigned long reported;
	struct page_ext *ext;

	head = page_reporting_rec_get(page, &ext);
	if (!head)
		return;

	rec = (void *)head + (page_ext_size << granule) * ((freed_pfn - pfn) >> granule);
	for (; nr; nr--) {
		WRITE_ONCE(rec->freed, stamp | (rec->freed & PR_HINT));
		WRITE_ONCE(rec->reported, 0);
		rec = page_reporting_rec_next(rec, granule);
	}
	nr = 1UL << (order - granule);
	reported = page_reporting_count(head, nr, granule);
	/* Buddies may have been guard pages, which look like pages in use */
	for (rec = head; nr; nr--) {
		if (!(rec->freed & PR_FREE))
			WRITE_ONCE(rec->freed, stamp | (rec->freed & PR_HINT));
		rec = page_reporting_rec_next(rec, granule);
	}
	page_ext_put(ext);

	if (reported)
		page_reporting_merged(page, reported);
	if (granule < pageblock_order)
		page_reporting_hint(page, zone, order);
	page_reporting_kick();
}

/*
 * Out of line part of page_reporting_freed(). The common case, a granule of a
 * pageblock that is completed and at most merges with another, has to be short.
 */
void __page_reporting_freed(unsigned long pfn, struct zone *zone,
			    unsigned int order, unsigned long freed_pfn,
			    unsigned int freed_order)
{
	unsigned int granule = page_reporting_granule;
	struct page_reporting_rec *rec;
	struct page_ext *ext;
	long buddy;

	if (unlikely(granule < pageblock_order || freed_order > granule ||
		     order > granule + 1)) {
		page_reporting_freed_many(pfn, zone, order, freed_pfn, freed_order);
		return;
	}

	rec = page_reporting_rec_get(pfn_to_page(freed_pfn & (-1UL << granule)), &ext);
	if (unlikely(!rec))
		return;
	WRITE_ONCE(rec->freed, PR_FREE | page_reporting_now());
	WRITE_ONCE(rec->reported, 0);
	if (order > granule) {
		buddy = page_ext_size << granule;
		if (freed_pfn & (1UL << granule))
			buddy = -buddy;
		rec = (void *)rec + buddy;
		if (unlikely(rec->reported & PR_REPORTED))
			page_reporting_merged(pfn_to_page(pfn), 1);
	}
	page_ext_put(ext);
	page_reporting_kick();
}

/**
 * page_reporting_clear - forget what is known of pages that are handed out
 * @page: first of them
 * @zone: its zone
 * @order: 2^@order of them; the granules that they lie in are cleared
 *
 * Context: zone->lock held, interrupts off.
 */
void page_reporting_clear(struct page *page, struct zone *zone,
			  unsigned int order)
{
	unsigned int granule = page_reporting_granule;
	unsigned long nr = order > granule ? 1UL << (order - granule) : 1;
	struct page_reporting_rec *rec;
	unsigned long refaulted = 0;
	struct page_ext *ext;

	page -= page_to_pfn(page) & ((1UL << granule) - 1);
	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return;
	for (; nr; nr--) {
		refaulted += !!(rec->reported & PR_REPORTED);
		WRITE_ONCE(rec->reported, 0);
		rec = page_reporting_rec_next(rec, granule);
	}
	page_ext_put(ext);

	zone->pr_reported -= refaulted << granule;
	this_cpu_add(page_reporting_stats.refaulted, refaulted << granule);
	/* Not all goes to users: around a poisoned page the block stays free */
	if (granule < pageblock_order)
		page_reporting_hint(page, zone, max(order, granule));
}

/**
 * page_reporting_split - a free block with reported granules has been split
 * @page: its first page, which has been handed out
 * @zone: its zone
 * @low: order that has been handed out
 * @high: order that the block had; what was not handed out is free again
 *
 * Context: zone->lock held, interrupts off.
 */
void page_reporting_split(struct page *page, struct zone *zone,
			  unsigned int low, unsigned int high)
{
	page_reporting_clear(page, zone, low);
	for (; low < high; low++) {
		struct page *rest = page + (1UL << low);

		if (low < page_reporting_granule)
			continue;
		/* Not if it has become a guard page */
		if (PageBuddy(rest))
			page_reporting_remark(rest, low);
		else
			page_reporting_clear(rest, zone, low);
	}
}

/**
 * page_reporting_block - find the free block that a granule lies in
 * @page: first page of the granule
 * @head: set to the first page of the block
 *
 * Context: any; without zone->lock the result is a hint.
 * Return: the order of the block, or NR_PAGE_ORDERS if the granule is not
 * wholly in a free block.
 */
unsigned int page_reporting_block(struct page *page, struct page **head)
{
	unsigned long pfn = page_to_pfn(page), found;
	unsigned int order;

	for (order = page_reporting_granule; order < NR_PAGE_ORDERS; order++) {
		struct page *first = page - (pfn & ((1UL << order) - 1));

		if (!PageBuddy(first))
			continue;
		found = buddy_order_unsafe(first);
		if (found >= order && found <= MAX_PAGE_ORDER) {
			*head = first;
			return found;
		}
	}
	return NR_PAGE_ORDERS;
}

/**
 * page_reporting_mark - note that the host has been told of a range
 * @page: first page of the range, on its way back to a free list
 * @zone: its zone
 * @order: its order, at least that of a granule
 *
 * Context: zone->lock held, interrupts off.
 */
void page_reporting_mark(struct page *page, struct zone *zone,
			 unsigned int order)
{
	unsigned int granule = page_reporting_granule;
	unsigned long nr = 1UL << (order - granule);
	unsigned long marked = 0, redundant = 0;
	u32 now = page_reporting_now();
	struct page_reporting_rec *rec;
	struct page_ext *ext;

	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return;

	for (; nr; nr--) {
		if (page_reporting_pending(rec)) {
			if (rec->reported & PR_STALE)
				redundant++;
			WRITE_ONCE(rec->reported, PR_REPORTED | now);
			marked++;
		}
		rec = page_reporting_rec_next(rec, granule);
	}
	page_ext_put(ext);

	zone->pr_reported += marked << granule;
	this_cpu_add(page_reporting_stats.reported, marked << granule);
	this_cpu_add(page_reporting_stats.redundant, redundant << granule);
}

/**
 * page_reporting_unhint - forget the hint of a pageblock with nothing pending
 * @page: first page of the pageblock
 * @zone: its zone
 *
 * Context: process context, takes zone->lock for one pageblock.
 * Return: true if nothing in the pageblock is pending.
 */
bool page_reporting_unhint(struct page *page, struct zone *zone)
{
	unsigned int granule = page_reporting_granule;
	unsigned long nr = pageblock_nr_pages >> granule;
	struct page_reporting_rec *rec, *first;
	struct page_ext *ext;
	unsigned long flags;
	bool idle = true;
	struct page *head;
	u64 since;

	since = page_reporting_lock(zone, &flags);
	first = page_reporting_rec_get(page, &ext);
	if (first) {
		for (rec = first; nr; nr--, page += 1UL << granule) {
			/* A pageblock may have an end in another zone */
			if (page_zone(page) == zone && page_reporting_pending(rec)) {
				if (page_reporting_block(page, &head) < NR_PAGE_ORDERS)
					idle = false;
				else	/* In use again */
					WRITE_ONCE(rec->freed, rec->freed & PR_HINT);
			}
			rec = page_reporting_rec_next(rec, granule);
		}
		if (idle)
			WRITE_ONCE(first->freed, first->freed & ~PR_HINT);
		page_ext_put(ext);
	}
	page_reporting_unlock(zone, flags, since);
	return idle;
}

/**
 * page_reporting_next_online - step to the next page that has a struct page
 * @pfn: where to start; where the page was found
 * @end: first pfn not to look at
 *
 * Context: memory hotplug locked out, or the result only a hint.
 * Return: the page, or NULL when there is none before @end.
 */
struct page *page_reporting_next_online(unsigned long *pfn, unsigned long end)
{
	while (*pfn < end) {
		struct page *page = pfn_to_online_page(*pfn);

		if (page)
			return page;
		/* Not there at all, or only not for the page allocator */
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

typedef void (page_reporting_walk_t)(struct page *page, unsigned long nr,
				   struct zone *zone);

/*
 * Call @fn for every stretch of MAX_ORDER_NR_PAGES of a zone, under its lock,
 * which is dropped in between.
 */
static void page_reporting_walk(struct zone *zone, page_reporting_walk_t *fn)
{
	unsigned long pfn = zone->zone_start_pfn, end, next, flags;
	struct page *page;
	u64 since;

	while (pfn < zone_end_pfn(zone)) {
		get_online_mems();
		end = zone_end_pfn(zone);
		page = page_reporting_next_online(&pfn, end);
		if (page) {
			next = min(ALIGN(pfn + 1, MAX_ORDER_NR_PAGES), end);
			since = page_reporting_lock(zone, &flags);
			fn(page, next - pfn, zone);
			page_reporting_unlock(zone, flags, since);
			pfn = next;
		}
		put_online_mems();
		cond_resched();
	}
}

static void page_reporting_reset_chunk(struct page *page, unsigned long nr,
				       struct zone *zone)
{
	unsigned long stale = 0;
	struct page_reporting_rec *rec;
	struct page_ext *ext;

	for (; nr; nr--, page++) {
		if (page_zone(page) != zone)
			continue;
		rec = page_reporting_rec_get(page, &ext);
		if (!rec)
			continue;
		/* The host may still have it: lets a second report be counted */
		if (rec->reported & PR_REPORTED)
			stale = 1UL << page_reporting_granule;
		WRITE_ONCE(rec->freed, 0);
		WRITE_ONCE(rec->reported, stale ? PR_STALE : 0);
		if (stale)
			stale--;
		page_ext_put(ext);
		if (PageBuddy(page))
			page->page_type &= ~PR_MARK;
	}
}

/**
 * page_reporting_reset - forget all records
 *
 * Context: process context, sleeps; page_reporting_enabled is off. Taking each
 * zone->lock waits for the hooks that were running when it was turned off. The
 * order of a granule is still the one that the records were made with.
 */
void page_reporting_reset(void)
{
	struct zone *zone;

	for_each_populated_zone(zone) {
		page_reporting_walk(zone, page_reporting_reset_chunk);
		zone->pr_reported = 0;
	}
}

/* Unlike for memory that is freed, PR_STALE stays */
static void page_reporting_adopt_block(struct page *page, struct zone *zone,
				       unsigned int order)
{
	unsigned int granule = page_reporting_granule;
	unsigned long nr = 1UL << (order - granule);
	u32 stamp = PR_FREE | page_reporting_now();
	struct page_reporting_rec *rec;
	struct page_ext *ext;

	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return;
	for (; nr; nr--) {
		/* Frees since the hooks were turned on have been noted */
		if (!(rec->freed & PR_FREE))
			WRITE_ONCE(rec->freed, rec->freed | stamp);
		rec = page_reporting_rec_next(rec, granule);
	}
	page_ext_put(ext);

	if (granule < pageblock_order)
		page_reporting_hint(page, zone, order);
	page_reporting_kick();
}

static void page_reporting_adopt_chunk(struct page *page, unsigned long nr,
				       struct zone *zone)
{
	unsigned int granule = page_reporting_granule;
	unsigned long i = -page_to_pfn(page) & ((1UL << granule) - 1);

	while (i < nr) {
		struct page *head = page + i;
		unsigned int order = granule;

		if (page_zone(head) == zone && PageBuddy(head) &&
		    buddy_order(head) >= granule) {
			order = buddy_order(head);
			page_reporting_adopt_block(head, zone, order);
		}
		i += 1UL << order;
	}
}

/**
 * page_reporting_adopt - make memory that is free already pending
 *
 * It counts as freed now, so that a boot does not begin with a storm of
 * reports of memory that is about to be used.
 *
 * Context: process context, sleeps; page_reporting_enabled is on.
 */
void page_reporting_adopt(void)
{
	struct zone *zone;

	for_each_populated_zone(zone)
		page_reporting_walk(zone, page_reporting_adopt_chunk);
}

static u32 page_reporting_clamp_stamp(u32 word, u32 now)
{
	if (page_reporting_age(now, word) <= PR_AGE_MAX)
		return word;
	return (word & ~PR_TIME_MASK) | ((now - PR_AGE_MAX) & PR_TIME_MASK);
}

static void page_reporting_clamp_chunk(struct page *page, unsigned long nr,
				       struct zone *zone)
{
	unsigned int granule = page_reporting_granule;
	unsigned long i = -page_to_pfn(page) & ((1UL << granule) - 1);
	u32 now = page_reporting_now();
	struct page_reporting_rec *rec;
	struct page_ext *ext;

	for (; i < nr; i += 1UL << granule) {
		if (page_zone(page + i) != zone)
			continue;
		rec = page_reporting_rec_get(page + i, &ext);
		if (!rec)
			continue;
		if (rec->freed & PR_FREE)
			WRITE_ONCE(rec->freed,
				   page_reporting_clamp_stamp(rec->freed, now));
		if (rec->reported & PR_REPORTED)
			WRITE_ONCE(rec->reported,
				   page_reporting_clamp_stamp(rec->reported, now));
		page_ext_put(ext);
	}
}

/**
 * page_reporting_clamp - keep ages from wrapping around
 *
 * To be called at least once in PR_AGE_MAX ticks: ages stop at PR_AGE_MAX.
 *
 * Context: process context, sleeps.
 */
void page_reporting_clamp(void)
{
	struct zone *zone;

	for_each_populated_zone(zone)
		page_reporting_walk(zone, page_reporting_clamp_chunk);
}

/**
 * page_reporting_check - recount a zone and check what must always hold
 * @zone: the zone
 *
 * Holds zone->lock for the whole zone: for tests and debugging only.
 *
 * Context: process context, with no batch on its way to the device.
 * Return: number of violations, each of which has been logged.
 */
unsigned long page_reporting_check(struct zone *zone)
{
	unsigned int granule = page_reporting_granule;
	unsigned long pfn = ALIGN(zone->zone_start_pfn, 1UL << granule);
	unsigned long reported = 0, bad = 0, end, flags;
	u32 now;

	get_online_mems();
	end = zone_end_pfn(zone);
	spin_lock_irqsave(&zone->lock, flags);
	now = page_reporting_now();
	while (pfn < end) {
		struct page *page = page_reporting_next_online(&pfn, end), *head;
		struct page_reporting_rec *rec, *hint;
		struct page_ext *ext, *hint_ext;
		u32 free_age, reported_age;
		unsigned int order;

		if (!page)
			break;
		if (page_zone(page) != zone)
			goto next;
		rec = page_reporting_rec_get(page, &ext);
		if (!rec)
			goto next;
		order = page_reporting_block(page, &head);
		if (rec->reported & PR_REPORTED) {
			free_age = page_reporting_age(now, rec->freed);
			reported_age = page_reporting_age(now, rec->reported);
			if (!(rec->freed & PR_FREE) || free_age < reported_age) {
				pr_err("pfn %#lx: reported %u, but free for %u ticks\n",
				       pfn, reported_age, free_age);
				bad++;
			}
			if (order == NR_PAGE_ORDERS) {
				pr_err("pfn %#lx: reported, yet not free\n", pfn);
				bad++;
			} else if (!(head->page_type & PR_MARK)) {
				pr_err("pfn %#lx: reported, yet its block has no mark\n",
				       pfn);
				bad++;
			}
			reported += 1UL << granule;
			goto put;
		}
		if (order == NR_PAGE_ORDERS)
			goto put;
		if (!(rec->freed & PR_FREE)) {
			pr_err("pfn %#lx: free, yet without a time\n", pfn);
			bad++;
		}
		page -= pfn & (pageblock_nr_pages - 1);
		if (granule >= pageblock_order || page_zone(page) != zone)
			goto put;
		hint = page_reporting_rec_get(page, &hint_ext);
		if (hint) {
			if (!(hint->freed & PR_HINT)) {
				pr_err("pfn %#lx: pending, yet no hint\n", pfn);
				bad++;
			}
			page_ext_put(hint_ext);
		}
put:
		page_ext_put(ext);
next:
		pfn += 1UL << granule;
	}
	if (reported != zone->pr_reported) {
		pr_err("%s: counted %lu reported pages, found %lu\n", zone->name,
		       zone->pr_reported, reported);
		bad++;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	put_online_mems();
	return bad;
}
