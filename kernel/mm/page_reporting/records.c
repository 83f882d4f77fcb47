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
 * Only blocks with PG_reported make the page allocator call in here, and only
 * if something of the block is reported there is more to do than to clear it.
 *
 * Records are written under zone->lock. They may be read without it, as a hint.
 */
#define pr_fmt(fmt) "page_reporting: " fmt

#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/init.h>
#include <linux/kstrtox.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/page-isolation.h>
#include <linux/timekeeping.h>
#include <linux/vmstat.h>

#include "../internal.h"
#include "internal.h"

#include <trace/events/page_reporting.h>

/* Valid with PG_reported */
#define pr_head(page)	(*(u32 *)&(page)->pr_page_index)

static bool page_ext_wanted __ro_after_init =
	IS_ENABLED(CONFIG_PAGE_REPORTING_DEFAULT_ON);

/* Reported pages in blocks below huge_order */
static atomic_long_t small_reported;

/* Order of the smallest block that may have a head */
static unsigned int lowest_order = MAX_PAGE_ORDER;

/* All records are being forgotten: see pr_records_forget() */
static bool forgetting;

DEFINE_PER_CPU(struct pr_stats, pr_stats);

static int __init set_wanted(const char *name, const char *buf)
{
	if (!buf || kstrtobool(buf, &page_ext_wanted))
		pr_warn("%s=%s is neither on nor off: ignored\n", name, buf ?: "");
	return 0;
}

static int __init page_ext_param(char *buf)
{
	return set_wanted("page_ext", buf);
}
early_param("page_ext", page_ext_param);

static int __init page_reporting_param(char *buf)
{
	return set_wanted("page_reporting", buf);
}
early_param("page_reporting", page_reporting_param);

static __init bool page_ext_need(void)
{
	/*
	 * Last in the list of clients: page_ext_size is that of the others,
	 * whose entries have to stay aligned to a long.
	 */
	page_reporting_ext_ops.size = page_ext_size ? sizeof(long) : sizeof(u32);
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
	return (ktime_get_coarse_ns() >> PR_TICK_SHIFT) & PR_TIME_MASK;
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
	return state_of(record) == PR_REPORTED || state_of(record) == PR_FLUSHED;
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

static void count_reported(struct zone *zone, long pages)
{
	__mod_zone_page_state(zone, NR_FREE_REPORTED, pages);
}

static void count_small(unsigned int order, long pages)
{
	if (order < pr_policy.huge_order)
		atomic_long_add(pages, &small_reported);
}

/* Pages reported in blocks below huge_order. Any context. */
unsigned long pr_small_reported(void)
{
	return max(atomic_long_read(&small_reported), 0L);
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
	/* A pass does this, and there is one at a time */
	if (order < granule_order() && order < READ_ONCE(lowest_order))
		WRITE_ONCE(lowest_order, order);
}

/**
 * pr_free_record - since when is the unreported part of a free block free?
 * @page: its first page
 *
 * Context: any; without zone->lock the result is a hint.
 * Return: a record of the state PR_FREE or PR_FRESH, or 0 if no pass has seen
 * that part, or if there is none.
 */
u32 pr_free_record(struct page *page)
{
	u32 head = read_head(page);
	enum pr_state state = state_of(head);

	if (state > PR_PARTIAL)
		return make_record(state - PR_PARTIAL, head & PR_TIME_MASK);
	return has_reported(head) ? 0 : head;
}

/**
 * pr_block_read - read what is known of a free block
 * @block: what is known of it
 * @page: its first page
 * @order: its order
 *
 * Context: any; without zone->lock the result is a hint.
 */
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

/* Reported pages whose records are cleared */
struct cleared {
	unsigned long pages;
	unsigned long soon;	/* of these, reported too soon by the age gate */
	u32 age;		/* since the latest report */
};

static void clear_record(struct cleared *cleared, u32 record, unsigned long pages,
			 bool used)
{
	u32 age = pr_age(pr_now(), record & PR_TIME_MASK);

	if (!is_reported(record))
		return;
	cleared->pages += pages;
	cleared->age = min(cleared->age, age);
	/* A flush is the user's own wish: nothing is learnt from it */
	if (state_of(record) == PR_REPORTED && age < pr_horizon(&pr_policy))
		cleared->soon += pages;
	if (used)
		this_cpu_add(pr_stats.refault_age[pr_age_class(age)], pages);
}

/* Clear the records of 2^@order pages; returns how many were reported */
static unsigned long clear_records(struct page *page, struct zone *zone,
				   unsigned int order, bool used)
{
	struct cleared cleared = { .age = PR_AGE_MAX };
	u32 *record;

	lockdep_assert_held(&zone->lock);

	for_each_record(record, page, order) {
		clear_record(&cleared, *record, unit_pages(order), used);
		WRITE_ONCE(*record, 0);
	}
	if (!cleared.pages)
		return 0;
	count_reported(zone, -(long)cleared.pages);
	if (used) {
		__count_vm_events(PAGE_REPORT_REFAULT, cleared.pages);
		this_cpu_add(pr_stats.refaulted, cleared.pages);
		this_cpu_add(pr_stats.soon, cleared.soon);
		trace_page_reporting_refault(page_to_pfn(page), order, cleared.pages,
					     pr_ticks_to_ms(cleared.age));
	}
	return cleared.pages;
}

/* Set the head of a block from its records */
static void attach(struct page *page, unsigned int order)
{
	unsigned long reported;

	if (order < granule_order())
		return;
	if (READ_ONCE(forgetting)) {
		this_cpu_add(pr_stats.forgotten,
			     clear_records(page, page_zone(page), order, false));
		return;
	}
	reported = reported_in(page, order);
	if (!reported)
		return;
	count_small(order, reported);
	set_head(page, order, make_record(reported == 1UL << order ? PR_REPORTED :
					  PR_PARTIAL, 0));
}

/* Out of line part of page_reporting_attach() */
void __page_reporting_attach(struct page *page, unsigned int order, bool freed)
{
	attach(page, order);
	if (freed)
		page_reporting_freed(order);
}

/* Out of line part of page_reporting_detach() and page_reporting_merge() */
void __page_reporting_detach(struct page *page, struct zone *zone,
			     unsigned int order, bool merges)
{
	unsigned long reported;

	lockdep_assert_held(&zone->lock);

	__ClearPageReported(page);
	if (!has_reported(pr_head(page)))
		return;
	reported = reported_in(page, order);
	count_small(order, -(long)reported);
	if (order < granule_order()) {
		count_reported(zone, -(long)reported);
		this_cpu_add(pr_stats.forgotten, reported);
	} else if (merges) {
		this_cpu_add(pr_stats.kept, reported);
	}
}

/* Out of line part of page_reporting_clear() */
unsigned long __page_reporting_clear(struct page *page, struct zone *zone,
				     unsigned int order)
{
	unsigned long pages;

	__ClearPageReported(page);
	if (!has_reported(pr_head(page)))
		return 0;
	pages = clear_records(page, zone, order, false);
	count_small(order, -(long)pages);
	return pages;
}

/* Out of line part of page_reporting_captured() */
void __page_reporting_captured(struct page *page, struct zone *zone,
			       unsigned int order)
{
	if (order >= granule_order())
		clear_records(page, zone, order, true);
}

/* Out of line part of page_reporting_take() */
void __page_reporting_take(struct page *page, struct zone *zone,
			   unsigned int low, unsigned int high)
{
	__ClearPageReported(page);
	if (!has_reported(pr_head(page)))
		return;
	count_small(high, -(long)reported_in(page, high));
	/* A granule, or a block below one, is known as a whole or not at all */
	low = max(low, min(granule_order(), high));
	clear_records(page, zone, low, true);
	for (; low < high; low++) {
		struct page *rest = page + (1UL << low);

		/* expand() makes a guard page of it */
		if (low < debug_guardpage_minorder())
			clear_records(rest, zone, low, false);
		else
			attach(rest, low);
	}
}

/**
 * pr_stamp - record since when the unreported part of a free block is free
 * @page: its first page, on a free list
 * @order: its order
 * @free: a record of the state PR_FREE or PR_FRESH, see pr_stamp_now()
 *
 * Does nothing if that is known, or all of the block is reported.
 *
 * Context: zone->lock held, interrupts off.
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
u32 pr_stamp_now(bool fresh)
{
	return make_record(fresh ? PR_FRESH : PR_FREE, pr_now());
}

/**
 * pr_mark_granules - record that the host was told of granules
 * @page: first page of the first of them, on its way back to a free list
 * @zone: its zone
 * @order: 2^@order pages
 * @state: PR_REPORTED or PR_FLUSHED
 *
 * Context: zone->lock held, interrupts off.
 */
void pr_mark_granules(struct page *page, struct zone *zone, unsigned int order,
		      enum pr_state state)
{
	u32 stamp = make_record(state, pr_now()), *record;
	unsigned long pages = 0;

	lockdep_assert_held(&zone->lock);

	for_each_record(record, page, order) {
		if (!is_reported(*record))
			pages += unit_pages(order);
		WRITE_ONCE(*record, stamp);
	}
	count_reported(zone, pages);
}

/**
 * pr_mark_small - record that the host was told of a block below a granule
 * @page: its first page, back on a free list
 * @zone: its zone
 * @order: its order when it was reported; it may have merged since
 * @state: PR_REPORTED or PR_FLUSHED
 *
 * Context: zone->lock held, interrupts off.
 */
void pr_mark_small(struct page *page, struct zone *zone, unsigned int order,
		   enum pr_state state)
{
	lockdep_assert_held(&zone->lock);

	if (!PageBuddy(page) || buddy_order(page) != order) {
		this_cpu_add(pr_stats.forgotten, 1UL << order);
		return;
	}
	set_head(page, order, make_record(state, pr_now()));
	count_reported(zone, 1L << order);
	count_small(order, 1L << order);
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
	unsigned long unit = unit_pages(order), first = 0, run = 0, i = 0;
	unsigned int used = 0, shift;
	u32 *record;

	if (!has_reported(read_head(page))) {
		sg_set_page(sg, page, PAGE_SIZE << order, 0);
		return 1;
	}
	for_each_record(record, page, order) {
		bool ends = is_reported(*record);

		run += !ends;
		i++;
		if (!ends && i * unit < 1UL << order)
			continue;
		for (first = i - run - ends; run && used < room; used++) {
			shift = min_t(unsigned int, ilog2(run),
				      first ? __ffs(first) : BITS_PER_LONG);
			sg_set_page(&sg[used], page + first * unit,
				    (PAGE_SIZE * unit) << shift, 0);
			first += 1UL << shift;
			run -= 1UL << shift;
		}
		run = 0;
	}
	return used;
}

/* walk callback: forget what is known of a block, which stays free */
static int forget_block(void *opaque, unsigned long pfn, unsigned long num)
{
	struct page *page = pfn_to_page(pfn);

	if (page_reporting_known(page))
		this_cpu_add(pr_stats.forgotten,
			     __page_reporting_clear(page, page_zone(page), ilog2(num)));
	return 0;
}

static u32 clamp_record(u32 record)
{
	u32 now = pr_now();

	if (record && pr_age(now, record & PR_TIME_MASK) > PR_AGE_MAX / 2)
		return make_record(state_of(record),
				   (now - PR_AGE_MAX / 2) & PR_TIME_MASK);
	return record;
}

/* walk callback: keep the ages of a block from wrapping around */
static int clamp_block(void *opaque, unsigned long pfn, unsigned long num)
{
	struct page *page = pfn_to_page(pfn);
	u32 *record;

	if (page_reporting_known(page)) {
		WRITE_ONCE(pr_head(page), clamp_record(pr_head(page)));
		for_each_record(record, page, ilog2(num))
			WRITE_ONCE(*record, clamp_record(*record));
	}
	return 0;
}

static void walk_known(int (*callback)(void *opaque, unsigned long pfn,
				       unsigned long num))
{
	unsigned int order = min(lowest_order, granule_order());
	struct zone *zone;

	for_each_populated_zone(zone)
		pr_walk_zone(zone, zone->zone_start_pfn, zone_end_pfn(zone), order,
			     MAX_PAGE_ORDER, NULL, callback);
}

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
	WRITE_ONCE(forgetting, true);
	pr_wait_for_hooks();
	walk_known(forget_block);
	WRITE_ONCE(forgetting, false);
	lowest_order = MAX_PAGE_ORDER;
}

/*
 * Keep ages from wrapping around: to be called at least once in PR_AGE_MAX / 2
 * ticks (26 days). Sleeps.
 */
void pr_records_clamp(void)
{
	walk_known(clamp_block);
}

/* An age in milliseconds, at most UINT_MAX. Any context. */
unsigned int pr_ticks_to_ms(u32 ticks)
{
	return min_t(u64, div_u64(pr_ticks_to_ns(ticks), NSEC_PER_MSEC), UINT_MAX);
}

/* The class of a histogram that an age belongs to */
unsigned int pr_age_class(u32 age)
{
	return min_t(unsigned int, fls(pr_ticks_to_ms(age)), PR_AGES - 1);
}

/* Add up the event counters of all CPUs. Any context. */
void pr_sum_stats(struct pr_stats *sum)
{
	unsigned long *to = (unsigned long *)sum;
	unsigned int i;
	int cpu;

	BUILD_BUG_ON(sizeof(*sum) % sizeof(*to));
	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		unsigned long *from = (unsigned long *)per_cpu_ptr(&pr_stats, cpu);

		for (i = 0; i < sizeof(*sum) / sizeof(*to); i++)
			to[i] += READ_ONCE(from[i]);
	}
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
