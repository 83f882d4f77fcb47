// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting: what is known of free memory, kept in page_ext.
 *
 * A granule is 2^page_reporting_granule naturally aligned pages. Its record
 * tells whether and when the host was told of it. It belongs to the granule and
 * not to the block, so merges and splits leave it alone; handing pages out
 * clears it. Free blocks that are smaller than a granule have a record of their
 * own, which is forgotten when they merge or are split.
 *
 * The allocator does nothing for memory that is not reported: the worker looks
 * for new free blocks, notes the time and marks them in their page_type, where
 * the mark is gone as soon as the block changes. So the time since when a block
 * is free is the time since when it has been what it is.
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

#include <trace/events/page_reporting.h>

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

/* The record of the next unit of the same block: never leaves a section */
struct page_reporting_rec *page_reporting_rec_next(struct page_reporting_rec *rec)
{
	return (void *)rec + (page_ext_size << page_reporting_granule);
}

/**
 * page_reporting_msecs - an age for people
 * @ticks: the age
 *
 * Context: any.
 * Return: it in milliseconds, as much as fits: with less than 1000 ticks a second
 * more passes until an age wraps than 32 bits of milliseconds can hold.
 */
unsigned int page_reporting_msecs(u32 ticks)
{
	return min_t(u64, jiffies64_to_msecs(ticks), UINT_MAX);
}

/* The class of a histogram that an age belongs to */
unsigned int page_reporting_age_class(u32 ticks)
{
	return min_t(unsigned int, fls(page_reporting_msecs(ticks)), PR_AGES - 1);
}

/* Set the marks of a free block by its records; returns pages reported */
static unsigned long page_reporting_remark(struct page *page, unsigned int order)
{
	unsigned long nr = page_reporting_units(order), reported = 0, i;
	struct page_reporting_rec *rec;
	struct page_ext *ext;

	/* Smaller blocks that have been moved are as good as new */
	if (order < page_reporting_granule)
		return 0;
	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return 0;
	for (i = 0; i < nr; i++) {
		reported += page_reporting_reported(rec);
		rec = page_reporting_rec_next(rec);
	}
	page_ext_put(ext);

	if (reported)
		page->page_type |= PR_MARK;
	if (reported == nr)
		page->page_type |= PR_DONE;
	return reported << page_reporting_granule;
}

/*
 * Forget the reported blocks below a granule that have become part of a larger
 * one: one of each order in @orders, which so is their number of pages, too.
 */
static void page_reporting_forget(struct page *page, struct zone *zone,
				  unsigned int order, unsigned int orders)
{
	unsigned long step = 1UL << __ffs(orders), nr = (1UL << order) / step;
	struct page_reporting_rec *rec;
	struct page_ext *ext;

	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return;
	for (; nr; nr--) {
		if (rec->reported & PR_SMALL)
			WRITE_ONCE(rec->reported, 0);
		rec = (void *)rec + page_ext_size * step;
	}
	page_ext_put(ext);
	zone->pr_reported -= orders;
	this_cpu_add(page_reporting_stats.dropped, orders);
}

/* What was free before has become part of a block; true if all of it is known */
static bool page_reporting_joined(struct page *page, struct zone *zone,
				  unsigned int order)
{
	unsigned int keep = zone->pr_keep & ~PR_KEEP_ALL;
	unsigned int small = keep & ((1U << page_reporting_granule) - 1);
	bool all = zone->pr_keep & PR_KEEP_ALL;

	zone->pr_keep = all ? PR_KEEP_ALL : 0;
	zone->pr_wake = all ? 0 : zone->pr_armed;
	if (small)
		page_reporting_forget(page, zone, order, small);
	return all || keep != small;
}

/* Out of line part of page_reporting_freed() */
void __page_reporting_freed(struct page *page, struct zone *zone,
			    unsigned int order)
{
	unsigned long kept;

	if (unlikely(zone->pr_keep)) {
		if (page_reporting_joined(page, zone, order)) {
			kept = page_reporting_remark(page, order);
			if (zone->pr_keep)
				return;
			this_cpu_add(page_reporting_stats.kept, kept);
		}
		if (order < zone->pr_armed)
			return;
	}

	/* Small blocks can wait, so let a large one hurry the pass up */
	zone->pr_armed = order < page_reporting_base() ? page_reporting_base() :
							 UINT_MAX;
	zone->pr_wake = zone->pr_armed;
	page_reporting_kick(order >= page_reporting_base());
}

/* Out of line part of page_reporting_taken() */
void __page_reporting_taken(struct page *page, struct zone *zone,
			    unsigned int order)
{
	if (page_reporting_joined(page, zone, order))
		page_reporting_clear(page, zone, order);
}

/**
 * page_reporting_keep - what is put on free lists from here on was free before
 * @zone: the zone
 *
 * Context: zone->lock held until page_reporting_kept().
 */
void page_reporting_keep(struct zone *zone)
{
	if (!static_branch_unlikely(&page_reporting_enabled))
		return;
	zone->pr_keep = PR_KEEP_ALL;
	zone->pr_wake = 0;
}

/**
 * page_reporting_kept - what is put on free lists from here on is new
 * @zone: the zone
 *
 * Context: zone->lock held since page_reporting_keep().
 */
void page_reporting_kept(struct zone *zone)
{
	zone->pr_keep = 0;
	zone->pr_wake = zone->pr_armed;
}

/**
 * page_reporting_clear - forget what is known of pages that are handed out
 * @page: first of them, or of the granule that they are in
 * @zone: its zone
 * @order: 2^@order of them
 *
 * Context: zone->lock held, interrupts off.
 */
void page_reporting_clear(struct page *page, struct zone *zone,
			  unsigned int order)
{
	unsigned long nr = page_reporting_units(order), pages = 0, soon = 0;
	unsigned int unit = page_reporting_unit(order);
	u32 now = page_reporting_now(), age, least = PR_TIME_MASK;
	u32 horizon = page_reporting_horizon();
	struct page_reporting_rec *rec;
	struct page_ext *ext;
	unsigned int class;

	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return;
	for (; nr; nr--) {
		if (page_reporting_reported(rec)) {
			age = page_reporting_age(now, rec->reported);
			least = min(least, age);
			pages += 1UL << unit;
			class = page_reporting_age_class(age);
			this_cpu_add(page_reporting_stats.refault_age[class], 1UL << unit);
			soon += age < horizon;
			WRITE_ONCE(rec->reported, 0);
		}
		rec = page_reporting_rec_next(rec);
	}
	page_ext_put(ext);
	if (!pages)
		return;

	zone->pr_reported -= pages;
	this_cpu_add(page_reporting_stats.refaulted, pages);
	this_cpu_add(page_reporting_stats.soon, soon << unit);
	trace_page_reporting_refault(page_to_pfn(page), order, pages,
				     page_reporting_msecs(least));
}

/**
 * page_reporting_split - a free block with reported units has been split
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
	unsigned int granule = page_reporting_granule;

	/* A granule, or a block below one, is known as a whole or not at all */
	low = max(low, min(granule, high));
	page_reporting_clear(page, zone, low);
	for (; low < high; low++) {
		struct page *rest = page + (1UL << low);

		/* Not if it has become a guard page */
		if (PageBuddy(rest))
			page_reporting_remark(rest, low);
		else
			page_reporting_clear(rest, zone, low);
	}
}

/**
 * page_reporting_block - find the free block that a page lies in
 * @page: the page
 * @order: the least order that the block may have
 * @head: set to the first page of the block
 *
 * Context: any; without zone->lock the result is a hint.
 * Return: the order of the block, or NR_PAGE_ORDERS if there is none.
 */
unsigned int page_reporting_block(struct page *page, unsigned int order,
				  struct page **head)
{
	unsigned long pfn = page_to_pfn(page), found;

	for (; order < NR_PAGE_ORDERS; order++) {
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
 * page_reporting_since - since when is what is not reported of a block free?
 * @page: first page of a free block with PR_SEEN
 * @order: its order
 * @freed: the time
 *
 * Context: any; without zone->lock the result is a hint.
 * Return: false if everything is reported.
 */
bool page_reporting_since(const struct page *page, unsigned int order, u32 *freed)
{
	unsigned long nr = page_reporting_units(order);
	struct page_reporting_rec *rec;
	struct page_ext *ext;
	bool found = false;

	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return false;
	for (; nr && !found; nr--) {
		found = !page_reporting_reported(rec);
		*freed = READ_ONCE(rec->freed);
		rec = page_reporting_rec_next(rec);
	}
	page_ext_put(ext);
	return found;
}

/**
 * page_reporting_left - how much of a free block is not reported?
 * @page: its first page
 * @order: its order
 *
 * Context: any; without zone->lock the result is a hint.
 * Return: number of pages.
 */
unsigned long page_reporting_left(const struct page *page, unsigned int order)
{
	unsigned long nr = page_reporting_units(order), left = 0;
	struct page_reporting_rec *rec;
	struct page_ext *ext;

	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return 0;
	for (; nr; nr--) {
		left += !page_reporting_reported(rec);
		rec = page_reporting_rec_next(rec);
	}
	page_ext_put(ext);
	return left << page_reporting_unit(order);
}

/**
 * page_reporting_see - note that a block that nothing was known of is free
 * @page: its first page, on a free list
 * @order: its order
 * @bits: PR_ADOPTED or nothing
 *
 * Context: zone->lock held, interrupts off.
 */
void page_reporting_see(struct page *page, unsigned int order, unsigned int bits)
{
	unsigned long nr = page_reporting_units(order);
	u32 now = page_reporting_now();
	struct page_reporting_rec *rec;
	bool done = true;
	struct page_ext *ext;

	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return;
	for (; nr; nr--) {
		if (!page_reporting_reported(rec)) {
			WRITE_ONCE(rec->freed, now);
			done = false;
		}
		rec = page_reporting_rec_next(rec);
	}
	page_ext_put(ext);
	page->page_type |= done ? PR_DONE : PR_SEEN | bits;
}

/**
 * page_reporting_mark - note that the host has been told of granules
 * @page: first page of the first of them, on its way back to a free list
 * @zone: its zone
 * @order: 2^@order pages
 *
 * Context: zone->lock held, interrupts off.
 */
void page_reporting_mark(struct page *page, struct zone *zone,
			 unsigned int order)
{
	u32 now = page_reporting_now(), small = order < page_reporting_granule ? PR_SMALL : 0;
	unsigned long nr = page_reporting_units(order), marked = 0;
	struct page_reporting_rec *rec;
	struct page_ext *ext;

	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return;
	for (; nr; nr--) {
		if (!page_reporting_reported(rec)) {
			WRITE_ONCE(rec->reported, PR_REPORTED | small | now);
			marked += 1UL << page_reporting_unit(order);
		}
		rec = page_reporting_rec_next(rec);
	}
	page_ext_put(ext);
	zone->pr_reported += marked;
}

/**
 * page_reporting_mark_block - note that the host knows a block below a granule
 * @page: its first page, back on a free list
 * @zone: its zone
 * @order: its order when it was reported; it may have merged since
 *
 * Context: zone->lock held, interrupts off.
 */
void page_reporting_mark_block(struct page *page, struct zone *zone,
			       unsigned int order)
{
	if (!PageBuddy(page) || buddy_order(page) != order) {
		this_cpu_add(page_reporting_stats.dropped, 1UL << order);
		return;
	}
	page_reporting_mark(page, zone, order);
	page->page_type |= PR_MARK | PR_DONE;
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

/* struct pages and records looked at in one hold of zone->lock */
#define PR_WALK_BATCH	128

/* Call @fn for every stretch of a zone, under its lock, dropped in between */
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
			next = min(ALIGN(pfn + 1, PR_WALK_BATCH), end);
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
	struct page_reporting_rec *rec;
	struct page_ext *ext;

	for (; nr; nr--, page++) {
		if (page_zone(page) != zone)
			continue;
		rec = page_reporting_rec_get(page, &ext);
		if (rec) {
			WRITE_ONCE(rec->freed, 0);
			WRITE_ONCE(rec->reported, 0);
			page_ext_put(ext);
		}
		if (!PageBuddy(page))
			continue;
		/* The host may still have it: lets a second report be counted */
		if (page->page_type & PR_DONE)
			page->page_type |= PR_STALE;
		page->page_type &= ~(PR_BITS & ~PR_STALE);
	}
}

/**
 * page_reporting_reset - forget all records
 *
 * Context: process context, sleeps; page_reporting_enabled is off. Taking each
 * zone->lock waits for the hooks that were running when it was turned off.
 */
void page_reporting_reset(void)
{
	struct zone *zone;

	for_each_populated_zone(zone) {
		page_reporting_walk(zone, page_reporting_reset_chunk);
		zone->pr_reported = 0;
	}
}

static void page_reporting_clamp_stamp(u32 *word, u32 now)
{
	if (page_reporting_age(now, *word) > PR_AGE_MAX)
		WRITE_ONCE(*word, (*word & ~PR_TIME_MASK) |
				  ((now - PR_AGE_MAX) & PR_TIME_MASK));
}

static void page_reporting_clamp_chunk(struct page *page, unsigned long nr,
				       struct zone *zone)
{
	u32 now = page_reporting_now();
	struct page_reporting_rec *rec;
	struct page_ext *ext;

	/* Stamps that mean nothing do not mind */
	for (; nr; nr--, page++) {
		if (page_zone(page) != zone)
			continue;
		rec = page_reporting_rec_get(page, &ext);
		if (!rec)
			continue;
		page_reporting_clamp_stamp(&rec->freed, now);
		page_reporting_clamp_stamp(&rec->reported, now);
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

/*
 * What is wrong with a free block? NULL if nothing is. Adds up pages and units
 * that are reported.
 */
static const char *page_reporting_check_block(struct page *page,
					      unsigned int order,
					      unsigned long *reported,
					      unsigned long *units)
{
	unsigned long nr = page_reporting_units(order), found = 0, i;
	unsigned int bits = page_reporting_bits(page);
	u32 now = page_reporting_now();
	struct page_reporting_rec *rec;
	const char *bad = NULL;
	struct page_ext *ext;

	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return bits & ~PR_STALE ? "marked, yet without a record" : NULL;
	for (i = 0; i < nr; i++) {
		if (page_reporting_reported(rec)) {
			found++;
			if (page_reporting_age(now, rec->freed) <
			    page_reporting_age(now, rec->reported))
				bad = "freed after it was reported";
		}
		rec = page_reporting_rec_next(rec);
	}
	page_ext_put(ext);
	*reported += found << page_reporting_unit(order);
	*units += found;

	if (bad)
		return bad;
	if (!!found != !!(bits & PR_MARK))
		return found ? "reported, yet no mark" : "marked, yet not reported";
	if ((bits & PR_DONE) && found != nr)
		return "not all of it is reported";
	return NULL;
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
	unsigned long pfn = zone->zone_start_pfn, free_to = 0;
	unsigned long reported = 0, units = 0, records = 0, bad = 0, end, flags;

	get_online_mems();
	end = zone_end_pfn(zone);
	spin_lock_irqsave(&zone->lock, flags);
	for (; pfn < end; pfn++) {
		struct page *page = page_reporting_next_online(&pfn, end);
		struct page_reporting_rec *rec;
		struct page_ext *ext;
		const char *what;

		if (!page)
			break;
		if (page_zone(page) != zone)
			continue;
		/* Whatever is reported has to be found in a free block */
		rec = page_reporting_rec_get(page, &ext);
		if (rec) {
			records += page_reporting_reported(rec);
			if (page_reporting_reported(rec) && pfn >= free_to &&
			    !PageBuddy(page)) {
				pr_err("pfn %#lx: reported, yet in use\n", pfn);
				bad++;
			}
			page_ext_put(ext);
		}
		if (pfn < free_to || !PageBuddy(page))
			continue;
		free_to = pfn + (1UL << buddy_order(page));
		what = page_reporting_check_block(page, buddy_order(page),
						  &reported, &units);
		if (what) {
			pr_err("pfn %#lx, order %u: %s\n", pfn,
			       buddy_order(page), what);
			bad++;
		}
	}
	if (reported != zone->pr_reported) {
		pr_err("%s: counted %lu reported pages, found %lu\n", zone->name,
		       zone->pr_reported, reported);
		bad++;
	}
	if (records != units) {
		pr_err("%s: %lu records say reported, of %lu units\n", zone->name,
		       records, units);
		bad++;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	put_online_mems();
	return bad;
}
