// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting: what is known of free memory.
 *
 * A granule is 2^granule_order naturally aligned pages. The page_ext of its
 * first page says since when it is reported, if it is. That belongs to the
 * granule and not to the block, so merges and splits leave it alone.
 *
 * page->index of the first page of a free block, its head, says since when the
 * rest of the block is free, and whether all or some of it is reported; that is
 * all there is of a block below a granule. PG_reported says that the head is
 * valid. It is lost when the block is split or merges.
 *
 * When a block is split, the granules that are used lose their records, and
 * count as refaulted; of one that is used in part, the rest is unknown then. What
 * stays free gets new heads from page_ext. A block below a granule loses all.
 *
 * The page allocator calls in here for blocks with PG_reported, and for what is
 * on its way back with FPI_KEEP.
 *
 * Records are written under zone->lock. They may be read without it, as a hint.
 */
#define pr_fmt(fmt) "page_reporting: " fmt

#include <linux/cache.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kstrtox.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/page-isolation.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/vmstat.h>

#include "../internal.h"
#include "internal.h"

#include <trace/events/page_reporting.h>

/* Valid with PG_reported */
#define pr_head(page)	(*(u32 *)&(page)->pr_page_index)

static bool page_ext_wanted __ro_after_init =
	IS_ENABLED(CONFIG_PAGE_REPORTING_DEFAULT_ON);

/* What all zones share, and changes less often than it is read */
static struct {
	struct task_struct *inflater;	/* allocates for a balloon */
	unsigned int lowest_order;	/* of a block that may have a head */
	bool forgetting;		/* see pr_records_forget() */
} shared __read_mostly = {
	.lowest_order = MAX_PAGE_ORDER,
};

static int __init set_wanted(char *val)
{
	if (!val || kstrtobool(val, &page_ext_wanted))
		pr_warn("page_ext= or page_reporting= was neither on nor off, ignored: %s\n",
			val ?: "");
	return 0;
}
early_param("page_ext", set_wanted);
__setup_param("page_reporting", page_reporting_param, set_wanted, 1);

static __init bool page_ext_need(void)
{
	/* Last in the list of clients: the others' entries have to be aligned to a long */
	page_reporting_ext_ops.size = page_ext_size ?
		ALIGN(page_ext_size + sizeof(u32), sizeof(long)) - page_ext_size :
		sizeof(u32);
	return page_ext_wanted;
}

struct page_ext_operations page_reporting_ext_ops = {
	.need = page_ext_need,
};

/* Booted with page_ext=on? Any context after page_ext_init(). */
bool pr_records_enabled(void)
{
	return page_ext_wanted;
}

/* Ticks of the monotonic clock, modulo 2^PR_TIME_BITS. Any context. */
u32 pr_now(void)
{
	u64 ns = in_nmi() ? ktime_get_mono_fast_ns() : ktime_get_coarse_ns();

	return (ns >> PR_TICK_SHIFT) & PR_TIME_MASK;
}

/* A record is a state in the upper bits, and the time since it has that */
static u32 make_record(enum pr_state state, u32 since)
{
	return ((u32)state << PR_TIME_BITS) | since;
}

static enum pr_state state_of(u32 record)
{
	return record >> PR_TIME_BITS;
}

/* All that the record tells of is reported */
static bool is_reported(u32 record)
{
	return state_of(record) == PR_REPORTED;
}

/* Some of it is, at least */
static bool has_reported(u32 head)
{
	return state_of(head) >= PR_REPORTED;
}

static unsigned int granule_order(void)
{
	return READ_ONCE(pr_policy.granule_order);
}

/* The records of a free block that are left to look at: its head if it is small */
struct records {
	struct page_ext *ext;
	u32 *next;
	unsigned long left;
};

/* None in early boot, and of a section that goes offline */
static struct records records_of(struct page *page, unsigned int order)
{
	struct records it = { .left = 1 };

	if (order < granule_order()) {
		it.next = &pr_head(page);
		return it;
	}
	it.ext = page_ext_get(page);
	if (likely(it.ext))
		it.next = page_ext_data(it.ext, &page_reporting_ext_ops);
	it.left = it.ext ? 1UL << (order - granule_order()) : 0;
	return it;
}

/* The next record; after the last one NULL. A block never leaves a section. */
static u32 *next_record(struct records *it)
{
	u32 *record = it->next;

	if (!it->left) {
		page_ext_put(it->ext);
		return NULL;
	}
	it->left--;
	it->next = (void *)record + (page_ext_size << granule_order());
	return record;
}

/* Must run to its end */
#define for_each_record(record, page, order)				\
	for (struct records it = records_of(page, order);		\
	     (record = next_record(&it));)

/* Pages that a record of a block tells of */
static unsigned long unit_pages(unsigned int order)
{
	return 1UL << min(order, granule_order());
}

/* No smaller block has a record. Any context. */
unsigned int pr_lowest_order(void)
{
	return min(READ_ONCE(shared.lowest_order), granule_order());
}

/* The head of a free block, or 0; the page may be in use by now */
static u32 read_head(struct page *page)
{
	if (!static_branch_unlikely(&page_reporting_enabled) ||
	    !test_bit(PG_reported, &page->pr_page_flags))
		return 0;
	return READ_ONCE(pr_head(page));
}

static void set_head(struct page *page, unsigned int order, u32 head)
{
	WRITE_ONCE(pr_head(page), head);
	__SetPageReported(page);
	/* Only passes set heads below a granule, and there is one pass at a time */
	if (order < granule_order() && order < READ_ONCE(shared.lowest_order))
		WRITE_ONCE(shared.lowest_order, order);
}

/*
 * Since when is the unreported part of a free block free? Returns a record of
 * the state PR_FREE or PR_FRESH; or 0 if no pass has seen that part, or if there
 * is none. Any context; without zone->lock it is a hint.
 */
u32 pr_free_record(struct page *page)
{
	u32 head = read_head(page);
	enum pr_state state = state_of(head);

	if (state > PR_PARTIAL)
		return make_record(state - PR_PARTIAL, head & PR_TIME_MASK);
	return has_reported(head) ? 0 : head;
}

/* Read what is known of a free block. Any context; without zone->lock a hint. */
void pr_block_read(struct pr_block *block, struct page *page, unsigned int order)
{
	u32 now = pr_now(), free = pr_free_record(page), *record, value;

	*block = (struct pr_block) {
		.page = page,
		.zone = page_zone(page),
		.order = order,
		.migratetype = get_pageblock_migratetype(page),
		.report_age = PR_AGE_MAX,
	};
	if (has_reported(read_head(page))) {
		for_each_record(record, page, order) {
			value = READ_ONCE(*record);
			if (!is_reported(value))
				continue;
			block->reported += unit_pages(order);
			block->report_age = min(block->report_age,
						pr_age(now, value & PR_TIME_MASK));
		}
	}
	block->unseen = !free && block->reported < 1UL << order;
	block->age = free ? pr_age(now, free & PR_TIME_MASK) : 0;
	block->fresh = state_of(free) == PR_FRESH;
}

/*
 * Count the pages of a region that are free, in blocks that may be reported, and old
 * enough; all count if one of them is reported. They have struct pages if one has: a
 * subsection is no smaller. Any context; without zone->lock a hint.
 */
void pr_count_region(struct pr_region *region, struct zone *zone)
{
	unsigned long all = 1UL << pr_policy.huge_order;
	unsigned long pfn = page_to_pfn(region->first), end = pfn + all;
	unsigned int order, least = pr_smallest_order(&pr_policy);
	struct pr_block block;
	struct page *page;
	u32 wait;

	region->old = 0;
	region->wait = PR_NEVER;
	while ((page = pr_next_small(&pfn, end, least, &order))) {
		pfn += 1UL << order;
		if (page_zone(page) != zone)
			continue;
		pr_block_read(&block, page, order);
		if (block.reported) {
			region->old = all;
			return;
		}
		wait = pr_wait(&pr_policy, &block);
		if (wait)
			region->wait = min(region->wait, wait);
		else
			region->old += 1UL << order;
	}
}

/* Is all of a free block reported? As pr_free_record(). */
bool pr_all_reported(struct page *page)
{
	return is_reported(read_head(page));
}

/* Reported pages of a free block */
static unsigned long reported_in(struct page *page, unsigned int order)
{
	unsigned long pages = 0;
	u32 *record;

	for_each_record(record, page, order)
		pages += is_reported(*record) ? unit_pages(order) : 0;
	return pages;
}

/* The same of the first 2^@order pages of a block whose head is @head */
static unsigned long reported_of(struct page *page, unsigned int order, u32 head)
{
	return is_reported(head) ? 1UL << order : reported_in(page, order);
}

/*
 * Clear the records of 2^@order pages, and count those that were reported in
 * @counter of pr_stats. Returns how many they are.
 */
static unsigned long clear_records(struct page *page, struct zone *zone,
				   unsigned int order, u64 __percpu *counter)
{
	bool used = counter == &pr_stats.refaulted;
	unsigned long pages = unit_pages(order), cleared = 0;
	u32 now = pr_now(), latest = PR_AGE_MAX, age, *record;

	lockdep_assert_held(&zone->lock);

	for_each_record(record, page, order) {
		if (is_reported(*record)) {
			age = pr_age(now, *record & PR_TIME_MASK);
			latest = min(latest, age);
			cleared += pages;
			if (used)
				this_cpu_add(pr_stats.refault_age[pr_age_class(age)], pages);
		}
		WRITE_ONCE(*record, 0);
	}
	__mod_zone_page_state(zone, NR_FREE_REPORTED, -(long)cleared);
	this_cpu_add(*counter, cleared);
	if (cleared && used) {
		__count_vm_events(PAGE_REPORT_REFAULT, cleared);
		trace_page_reporting_refault(page_to_pfn(page), order, cleared,
					     pr_ticks_to_ms(latest));
	}
	return cleared;
}

/* Out of line part of page_reporting_attach(): set the head of a block from its records */
void __page_reporting_attach(struct page *page, unsigned int order)
{
	unsigned long reported;

	if (order < granule_order())
		return;
	if (READ_ONCE(shared.forgetting)) {
		clear_records(page, page_zone(page), order, &pr_stats.forgotten);
		return;
	}
	reported = reported_in(page, order);
	if (!reported)
		return;
	pr_count_small(order, reported);
	set_head(page, order, make_record(reported == 1UL << order ? PR_REPORTED :
					  PR_PARTIAL, 0));
}

/* Out of line part of page_reporting_detach() and page_reporting_merge() */
void __page_reporting_detach(struct page *page, struct zone *zone,
			     unsigned int order, bool merges)
{
	u32 head = pr_head(page);
	unsigned long reported;

	lockdep_assert_held(&zone->lock);

	__ClearPageReported(page);
	/* Of a large block that comes back as it is nothing is counted */
	if (!has_reported(head) ||
	    (!merges && order >= max(pr_policy.huge_order, granule_order())))
		return;
	reported = reported_of(page, order, head);
	pr_count_small(order, -(long)reported);
	if (order < granule_order()) {
		__mod_zone_page_state(zone, NR_FREE_REPORTED, -(long)reported);
		this_cpu_add(pr_stats.forgotten, reported);
	} else if (merges) {
		this_cpu_add(pr_stats.kept, reported);
	}
}

static void clear_block(struct page *page, struct zone *zone, unsigned int order,
			u64 __percpu *counter)
{
	__ClearPageReported(page);
	if (has_reported(pr_head(page)))
		pr_count_small(order, -(long)clear_records(page, zone, order, counter));
}

/* Out of line part of page_reporting_clear() */
void __page_reporting_clear(struct page *page, struct zone *zone, unsigned int order)
{
	clear_block(page, zone, order, &pr_stats.removed);
}

/* Out of line part of page_reporting_captured() */
void __page_reporting_captured(struct page *page, struct zone *zone,
			       unsigned int order)
{
	unsigned long pages;

	if (order < granule_order())
		return;
	pages = clear_records(page, zone, order, &pr_stats.refaulted);
	this_cpu_add(pr_stats.soon, pr_count_fetched(order, pages, true));
}

/* Out of line part of page_reporting_take() */
void __page_reporting_take(struct page *page, struct zone *zone,
			   unsigned int low, unsigned int high)
{
	bool used = current != READ_ONCE(shared.inflater);
	u32 head = pr_head(page);
	unsigned long pages;

	__ClearPageReported(page);
	/* The rest is stamped anew, so all of a block that is not reported counts */
	if (state_of(head) == PR_FREE && high >= pr_policy.huge_order && used)
		pr_count_reused(pr_age(pr_now(), head & PR_TIME_MASK), 1UL << high);
	else if (state_of(head) == PR_FRESH)
		pr_count_fetched(high, 1UL << high, used);
	if (!has_reported(head))
		return;
	if (high < pr_policy.huge_order)
		pr_count_small(high, -(long)reported_of(page, high, head));
	/* The rest of these 2 MiB is small from now on */
	pages = reported_of(page, min(high, max(low, pr_policy.huge_order)), head);
	this_cpu_add(pr_stats.soon, pr_count_fetched(high, pages, used));
	/* A granule, or a block below one, is known as a whole or not at all */
	low = max(low, min(granule_order(), high));
	clear_records(page, zone, low, used ? &pr_stats.refaulted : &pr_stats.removed);
	for (; low < high; low++) {
		struct page *rest = page + (1UL << low);

		/* expand() makes a guard page of it */
		if (low < debug_guardpage_minorder())
			clear_records(rest, zone, low, &pr_stats.removed);
		else
			__page_reporting_attach(rest, low);
	}
}

/*
 * Record since when the unreported part of a block on a free list is free, unless
 * that is known or all of it is reported. zone->lock is held; @free is of the
 * state PR_FREE or PR_FRESH, see pr_free_now().
 */
void pr_stamp(struct page *page, unsigned int order, u32 free)
{
	enum pr_state state = state_of(read_head(page));

	lockdep_assert_held(&page_zone(page)->lock);

	if (state == PR_NONE)
		set_head(page, order, free);
	else if (state == PR_PARTIAL)
		set_head(page, order, make_record(PR_PARTIAL + state_of(free),
						  free & PR_TIME_MASK));
}

/* A record of memory that is free since now, or was all along if @fresh */
u32 pr_free_now(bool fresh)
{
	return make_record(fresh ? PR_FRESH : PR_FREE, pr_now());
}

/**
 * pr_mark - record that the host was told of memory
 * @page: first page of granules on their way back to a free list, or of a block
 *	below a granule that is back on its list
 * @zone: its zone
 * @order: 2^@order pages
 *
 * Context: zone->lock held, interrupts off.
 */
void pr_mark(struct page *page, struct zone *zone, unsigned int order)
{
	u32 stamp = make_record(PR_REPORTED, pr_now()), *record;
	unsigned long pages = 0;

	lockdep_assert_held(&zone->lock);

	if (order >= granule_order()) {
		for_each_record(record, page, order) {
			if (!is_reported(*record))
				pages += unit_pages(order);
			WRITE_ONCE(*record, stamp);
		}
	} else if (PageBuddy(page) && buddy_order(page) == order) {
		set_head(page, order, stamp);
		pages = 1UL << order;
		pr_count_small(order, pages);
	} else {	/* it has merged since */
		this_cpu_add(pr_stats.forgotten, 1UL << order);
	}
	__mod_zone_page_state(zone, NR_FREE_REPORTED, pages);
}

/**
 * pr_add_unreported - put what is not reported of a free block into a scatterlist
 * @page: first page of the block
 * @order: its order
 * @sg: the first free entry
 * @room: number of free entries
 *
 * Devices get naturally aligned powers of two, as if each were a block.
 *
 * Context: zone->lock held.
 * Return: number of entries used; there may be more to report.
 */
unsigned int pr_add_unreported(struct page *page, unsigned int order,
			       struct scatterlist *sg, unsigned int room)
{
	unsigned long unit = unit_pages(order), first = 0, next = 0;
	unsigned int used = 0, shift;
	bool reported;
	u32 *record;

	if (!has_reported(read_head(page))) {
		sg_set_page(sg, page, PAGE_SIZE << order, 0);
		return 1;
	}
	/* Units from @first to @next are a run that is not reported */
	for_each_record(record, page, order) {
		reported = is_reported(*record);
		next += !reported;
		if (!reported && next * unit < 1UL << order)
			continue;
		while (first < next && used < room) {
			shift = ilog2(next - first);
			if (first)
				shift = min_t(unsigned int, shift, __ffs(first));
			sg_set_page(&sg[used++], page + first * unit,
				    (PAGE_SIZE * unit) << shift, 0);
			first += 1UL << shift;
		}
		if (reported)
			first = ++next;
	}
	return used;
}

/* walk callback: forget what is known of a block, which stays free */
static int forget_block(void *opaque, unsigned long pfn, unsigned long num)
{
	struct page *page = pfn_to_page(pfn);

	if (page_reporting_known(page))
		clear_block(page, page_zone(page), ilog2(num), &pr_stats.forgotten);
	return 0;
}

/**
 * page_reporting_inflate - tell what the caller allocates memory for
 * @on: true before it allocates for a balloon, false after that
 *
 * A balloon gives memory to the host, so its allocations are not counted as
 * refaults, and the minimum age is not raised for them. One task at a time: if
 * there is another one, its allocations may count as use.
 *
 * Context: process context.
 */
void page_reporting_inflate(bool on)
{
	WRITE_ONCE(shared.inflater, on ? current : NULL);
}
EXPORT_SYMBOL_GPL(page_reporting_inflate);

/**
 * pr_records_forget - forget all records
 *
 * A block that is off its list when the walk comes by is missed, and forgotten
 * when it is attached again.
 *
 * Context: process context, sleeps. No pass runs, and page_reporting_enabled
 * is still on, so that what leaves the free lists meanwhile is forgotten, too.
 */
void pr_records_forget(void)
{
	unsigned int order = pr_lowest_order();
	struct zone *zone;

	WRITE_ONCE(shared.forgetting, true);
	pr_wait_for_hooks();
	for_each_populated_zone(zone)
		pr_walk_zone(zone, zone->zone_start_pfn, zone_end_pfn(zone), order,
			     MAX_PAGE_ORDER, NULL, forget_block);
	WRITE_ONCE(shared.forgetting, false);
	shared.lowest_order = MAX_PAGE_ORDER;
}

#if IS_ENABLED(CONFIG_PAGE_REPORTING_DEBUG) || \
	IS_ENABLED(CONFIG_PAGE_REPORTING_ORACLE) || \
	IS_ENABLED(CONFIG_PAGE_REPORTING_KUNIT_TEST)
#include "tests/check.h"
#endif

#ifdef CONFIG_PAGE_REPORTING_KUNIT_TEST
#include "tests/records_kunit.h"
#include "tests/hooks_kunit.h"
#endif
