// SPDX-License-Identifier: GPL-2.0
/*
 * What has to be known of each page, from what happens to it and not from what
 * hooks are called, in the most naive way. Time does not wrap around here.
 * After each operation the kernel's records, marks and counters are compared
 * with it.
 *
 * A unit is a granule, or a free block below one. The host is told of units; of
 * a granule that counts for as long as all of it stays free, of a block below
 * one for as long as the block stays as it is. Since when the rest of a block is
 * free is known for as long as the block stays as it is.
 */
#include "model.h"

/* Of a page */
static unsigned char where[MAX_PFN];
/* Of the first page of a unit */
static unsigned char state[MAX_PFN];
static u64 since[MAX_PFN];
/* Of the first page of a block: its order, or NONE; since when it is free */
static unsigned char blocks[MAX_PFN];
static unsigned char head[MAX_PFN];	/* PR_NONE, PR_FREE or PR_FRESH */
static u64 head_since[MAX_PFN];
static unsigned char held_head[MAX_PFN];	/* the same as the worker took it */
static u64 held_since[MAX_PFN];
static bool touched[NR_SECTIONS];
static unsigned long small_in[NR_SECTIONS];	/* reported, in blocks below huge_order */

/* Reports that are not missed so far, as many as the kernel remembers */
static struct report {
	u64 at;
	unsigned long pages;
	bool flushed;
} reports[PR_RECENT];
static unsigned int nr_reports;

/* Counters; kicks: for a small and for a large block */
struct counters {
	u64 reported, small, kept, forgotten, refaulted, soon, traced, events;
	u64 ages[PR_AGES];
	u64 kicks[2];
};

static struct counters expected;
static u64 kicks[2], traced;
static unsigned int armed;
static unsigned int least_ms, traced_ms;	/* of this operation */

static unsigned int unit_of(unsigned int order)
{
	return min(order, pr_policy.granule_order);
}

static void touch(unsigned long pfn)
{
	touched[pfn / PAGES_PER_SECTION] = true;
}

static bool told(unsigned long pfn)
{
	return state[pfn] == PR_REPORTED;
}

static void set_state(unsigned long pfn, unsigned int unit, enum pr_state new)
{
	expected.reported -= told(pfn) ? 1UL << unit : 0;
	state[pfn] = new;
	since[pfn] = ticks;
	expected.reported += told(pfn) ? 1UL << unit : 0;
	touch(pfn);
}

/* A report of what is free since now: within 8 ticks of the last one it is part of that */
void truth_report(unsigned long pages, bool flushed)
{
	struct report *last = nr_reports ? &reports[nr_reports - 1] : NULL;

	if (last && last->flushed == flushed && ticks - last->at < 8) {
		last->pages += pages;
		return;
	}
	if (nr_reports == PR_RECENT) {
		if (reports[0].pages > reports[1].pages) {
			reports[1].at = reports[0].at;
			reports[1].flushed = reports[0].flushed;
		}
		reports[1].pages += reports[0].pages;
		memmove(reports, reports + 1, --nr_reports * sizeof(*reports));
	}
	reports[nr_reports++] = (struct report){ ticks, pages, flushed };
}

/*
 * Of a block of @order the host has to supply @pages: the latest reports are missed.
 * Returns the pages that were free for less than the price. Nothing is learnt here.
 */
static unsigned long miss(unsigned int order, unsigned long pages)
{
	unsigned long soon = 0;

	if (order < pr_policy.huge_order)
		return 0;
	for (; pages && nr_reports; pages--) {
		struct report *last = &reports[nr_reports - 1];

		if (!last->flushed && ticks - last->at < PR_PRICE)
			soon++;
		nr_reports -= !--last->pages;
	}
	return soon;
}

/* A page of it is used */
static void refault(unsigned long pfn, unsigned int unit)
{
	u64 age = ticks - since[pfn], ms = (age << 24) / 1000000, nr = 1UL << unit;
	unsigned int class = 0;

	if (told(pfn)) {
		ms = min(ms, (u64)UINT_MAX);
		while (class < PR_AGES - 1 && ms >> class)
			class++;
		expected.ages[class] += nr;
		expected.refaulted += nr;
		least_ms = min((u64)least_ms, ms);
	}
	set_state(pfn, unit, PR_NONE);
}

/* A block that was not free before: is somebody woken? */
void truth_new(unsigned int order)
{
	bool large = order >= pr_policy.huge_order;

	if (page_reporting_enabled != KEY_ON || order < armed)
		return;
	expected.kicks[large]++;
	armed = large ? UINT_MAX : pr_policy.huge_order;
}

void truth_link(const struct page *page, unsigned int order)
{
	blocks[page_to_pfn(page)] = order;
	head[page_to_pfn(page)] = PR_NONE;
	touch(page_to_pfn(page));
}

static unsigned long told_in(unsigned long pfn, unsigned int order)
{
	unsigned long end = pfn + (1UL << order), nr = 0;

	for (; pfn < end; pfn += 1UL << unit_of(order))
		nr += told(pfn) ? 1UL << unit_of(order) : 0;
	return nr;
}

/* A block leaves its list, and with it what was known only of the block */
void truth_unlink(const struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page);

	blocks[pfn] = NONE;
	touch(pfn);
	if (order >= pr_policy.granule_order)
		return;
	expected.forgotten += told_in(pfn, order);
	set_state(pfn, order, PR_NONE);
}

/* A free block is about to become part of a larger one */
void truth_merge(const struct page *page, unsigned int order)
{
	if (order >= pr_policy.granule_order)
		expected.kept += told_in(page_to_pfn(page), order);
}

void truth_move(const struct page *page, unsigned int order, enum where to)
{
	memset(&where[page_to_pfn(page)], to, 1UL << order);
	touch(page_to_pfn(page));
}

void truth_free(const struct page *page, unsigned int order)
{
	truth_move(page, order, FREE);
}

/* A free block that ceases to be one; nobody uses it */
void truth_clear(const struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), end = pfn + (1UL << order);

	for (; pfn < end; pfn += 1UL << unit_of(order))
		set_state(pfn, unit_of(order), PR_NONE);
}

/* The first part of a free block is used */
void truth_use(const struct page *page, unsigned int low, unsigned int high)
{
	unsigned int unit = unit_of(high);
	unsigned long pfn = page_to_pfn(page), end = pfn + (1UL << low);
	unsigned long missed = told_in(pfn, min(high, max(low, pr_policy.huge_order)));

	if (blocks[pfn] == high && head[pfn] == PR_FRESH && !told_in(pfn, high))
		miss(high, 1UL << high);
	expected.soon += miss(high, missed);
	for (; pfn < end; pfn += 1UL << unit)
		refault(pfn, unit);
}

/* What has merged so far is used, and is on no list */
void truth_captured(const struct page *page, unsigned int order)
{
	if (order >= pr_policy.granule_order)
		truth_use(page, order, order);
	truth_move(page, order, USED);
}

static bool has_ext(unsigned long pfn)
{
	return sections[pfn / PAGES_PER_SECTION].ext;
}

static void set_head(unsigned long pfn, unsigned int order, enum pr_state new, u64 at)
{
	touch(pfn);
	if (head[pfn] != PR_NONE || told_in(pfn, order) == 1UL << order)
		return;
	head[pfn] = new;
	head_since[pfn] = at;
}

/* A pass has seen a free block */
void truth_stamp(const struct page *page, unsigned int order, enum pr_state new)
{
	set_head(page_to_pfn(page), order, new, ticks);
}

/* The worker has it, with what is known of it */
void truth_hold(const struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page);

	held_head[pfn] = head[pfn];
	held_since[pfn] = head_since[pfn];
	truth_move(page, order, HELD);
}

/* It is back, and stays as old as it was if it is a block of its own still */
void truth_restamp(const struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page);

	if (blocks[pfn] == order)
		set_head(pfn, order, held_head[pfn], held_since[pfn]);
}

/* The host has been told of granules */
void truth_tell(const struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), end = pfn + (1UL << order);

	for (; has_ext(pfn) && pfn < end; pfn += 1UL << pr_policy.granule_order)
		set_state(pfn, pr_policy.granule_order, PR_REPORTED);
}

/* The same for less than a granule, if it is still a block of its own */
void truth_tell_small(const struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page);

	if (blocks[pfn] == order)
		set_state(pfn, order, PR_REPORTED);
	else
		expected.forgotten += 1UL << order;
}

bool truth_told(unsigned long pfn)
{
	return told(pfn);
}

void truth_armed(unsigned int order)
{
	armed = order;
}

static void read_counters(struct counters *now)
{
	now->reported = the_zone->reported;
	now->small = pr_small_reported();
	now->kept = pr_stats.kept;
	now->forgotten = pr_stats.forgotten;
	now->refaulted = pr_stats.refaulted;
	now->soon = pr_stats.soon;
	memcpy(now->ages, pr_stats.refault_age, sizeof(now->ages));
	memcpy(now->kicks, kicks, sizeof(kicks));
	now->traced = traced;
	now->events = shim_events;
}

/*
 * Nothing is known any more. With others at work meanwhile there is no telling
 * what was forgotten and what was used first.
 */
void truth_forget(bool alone)
{
	u64 forgotten = expected.forgotten + expected.reported;

	memset(state, PR_NONE, sizeof(state));
	memset(head, PR_NONE, sizeof(head));
	memset(touched, true, sizeof(touched));
	nr_reports = 0;
	if (!alone) {
		read_counters(&expected);
		forgotten = expected.forgotten;
		traced_ms = UINT_MAX;
		least_ms = UINT_MAX;
		armed = page_reporting_notify_order;
	}
	expected.forgotten = forgotten;
	expected.reported = 0;
}

void truth_kicked(bool large)
{
	if (!the_zone->lock.held)
		fail("a kick without zone->lock");
	kicks[large] += page_reporting_enabled == KEY_ON;
}

void truth_traced(unsigned long pages, unsigned int ms)
{
	traced += pages;
	traced_ms = min(traced_ms, ms);
}

enum where truth_where(unsigned long pfn)
{
	return where[pfn];
}

/* Order of the free block that begins at a page, or NONE */
unsigned int truth_head(unsigned long pfn)
{
	return blocks[pfn];
}

/* Order of the free block that a page is in, or NONE */
unsigned int truth_block(unsigned long pfn, unsigned long *head)
{
	unsigned int order;

	for (order = 0; order <= MAX_PAGE_ORDER; order++) {
		*head = pfn & ~((1UL << order) - 1);
		if (blocks[*head] != NONE && blocks[*head] >= order)
			return blocks[*head];
	}
	return NONE;
}

#define COMPARE(what, pfn, is, should)						\
	do {									\
		unsigned long __is = (is), __should = (should);			\
										\
		if (__is != __should)						\
			fail("pfn %lu: " what " is %#lx, should be %#lx",	\
			     (unsigned long)(pfn), __is, __should);		\
	} while (0)

/* Pages of the 2 MiB from @pfn on that are free and of age, or all if one is reported */
static unsigned long old_from(unsigned long pfn)
{
	unsigned long all = 1UL << pr_policy.huge_order, end = pfn + all, old = 0;
	u64 age, gate;

	for (; pfn < end; pfn++) {
		if (blocks[pfn] == NONE || blocks[pfn] < pr_smallest_order(&pr_policy))
			continue;
		if (told_in(pfn, blocks[pfn]))
			return all;
		age = head[pfn] == PR_NONE ? 0 : ticks - head_since[pfn];
		gate = pr_gate(&pr_policy, blocks[pfn]);
		if (head[pfn] == PR_FRESH)
			gate = min(8 * gate, (u64)PR_AGE_MAX);
		old += age < gate ? 0 : 1UL << blocks[pfn];
	}
	return old;
}

/* One free block: what it says of itself, and what is said of it */
static void compare_block(unsigned long pfn, unsigned int order)
{
	unsigned long nr = 1UL << order, reported = told_in(pfn, order), i;
	bool seen = head[pfn] != PR_NONE && reported != nr;
	struct page *page = pfn_to_page(pfn);
	u64 report_age = PR_AGE_MAX;
	struct pr_block is;

	COMPARE("being known", pfn, PageReported(page), reported || seen);
	if (page_reporting_enabled != KEY_ON)
		return;
	for (i = 0; i < nr; i += 1UL << unit_of(order))
		if (told(pfn + i))
			report_age = min(report_age, ticks - since[pfn + i]);
	COMPARE("being all reported", pfn, pr_all_reported(page), reported == nr);
	pr_block_read(&is, page, order);
	COMPARE("what is reported of the block", pfn, is.reported, reported);
	COMPARE("being unseen", pfn, is.unseen, !seen && reported != nr);
	COMPARE("the free age", pfn, is.age, seen ? ticks - head_since[pfn] : 0);
	COMPARE("being fresh", pfn, is.fresh, seen && head[pfn] == PR_FRESH);
	COMPARE("the report's age", pfn, is.report_age, report_age);
	if (order < pr_policy.huge_order)
		small_in[pfn / PAGES_PER_SECTION] += reported;
}

static void compare_record(unsigned long pfn, u32 record, bool small)
{
	u32 should = 0;

	if (where[pfn] == ELSEWHERE)
		should = ~pfn;	/* see world.c: these are not to be touched */
	else if (!small && state[pfn])
		should = (u32)state[pfn] << PR_TIME_BITS | (since[pfn] & PR_TIME_MASK);
	COMPARE("the record", pfn, record, should);
}

static unsigned long count_old(struct page *first)
{
	struct pr_region region = { .first = first };

	pr_count_region(&region, the_zone);
	return region.old;
}

static void compare_section(unsigned int nr)
{
	unsigned long pfn = nr * PAGES_PER_SECTION, end = pfn + PAGES_PER_SECTION;
	void *ext = sections[nr].ext;
	unsigned long free_to = pfn, region = pfn;
	bool small = false;

	small_in[nr] = 0;
	for (; pfn < end; pfn++) {
		if (blocks[pfn] != NONE) {
			struct page *page = pfn_to_page(pfn);

			if (!PageBuddy(page) || page->private != blocks[pfn] || pfn < free_to)
				fail("model: no free block at pfn %lu", pfn);
			free_to = pfn + (1UL << blocks[pfn]);
			compare_block(pfn, blocks[pfn]);
			small = blocks[pfn] < pr_policy.granule_order;
			/* Asked for of pieces only, and by the first one is enough here */
			if (pfn >= region && blocks[pfn] < pr_policy.huge_order) {
				region = pfn & ~((1UL << pr_policy.huge_order) - 1);
				COMPARE("what is old", region,
					count_old(pfn_to_page(region)),
					old_from(region));
				region += 1UL << pr_policy.huge_order;
			}
		}
		if ((where[pfn] == FREE) != (pfn < free_to))
			fail("model: pfn %lu is %sfree", pfn, pfn < free_to ? "" : "not ");
		if (state[pfn] && where[pfn] != FREE && where[pfn] != HELD)
			fail("model: pfn %lu is known, yet in use", pfn);
		if (blocks[pfn] == NONE && PageReported(pfn_to_page(pfn)))
			fail("pfn %lu: PG_reported, but no free block", pfn);
		if (ext)
			compare_record(pfn, *(u32 *)(ext + page_ext_size *
						     (pfn % PAGES_PER_SECTION) +
						     page_reporting_ext_ops.offset),
				       pfn < free_to && small);
	}
}

#define COMPARE_COUNTER(name)							\
	do {									\
		u64 is = now.name, should = expected.name;			\
										\
		if (is != should)						\
			fail(#name " is %llu, should be %llu",			\
			     (unsigned long long)is, (unsigned long long)should); \
	} while (0)

static void compare_counters(void)
{
	struct counters now;
	unsigned int i;

	read_counters(&now);
	expected.small = 0;
	for (i = 0; i < NR_SECTIONS; i++)
		expected.small += small_in[i];
	expected.traced = expected.refaulted;
	expected.events = expected.refaulted;
	COMPARE_COUNTER(reported);
	COMPARE_COUNTER(small);
	COMPARE_COUNTER(kept);
	COMPARE_COUNTER(forgotten);
	COMPARE_COUNTER(refaulted);
	COMPARE_COUNTER(soon);
	COMPARE_COUNTER(traced);
	COMPARE_COUNTER(events);
	COMPARE_COUNTER(kicks[0]);
	COMPARE_COUNTER(kicks[1]);
	for (i = 0; i < PR_AGES; i++)
		COMPARE_COUNTER(ages[i]);
	if (traced_ms != least_ms)
		fail("a refault after %u ms was traced as one after %u ms", least_ms,
		     traced_ms);
	if (page_reporting_enabled == KEY_ON && page_reporting_notify_order != armed)
		fail("page_reporting_notify_order is %u, should be %u",
		     page_reporting_notify_order, armed);
}

/* After each operation; @all of the memory, or what it has changed */
void truth_compare(bool all)
{
	unsigned int i;

	if (the_zone->lock.held)
		fail("zone->lock is still held");
	for (i = 0; i < NR_SECTIONS; i++) {
		if (!sections[i].present)
			small_in[i] = 0;
		else if (all || touched[i])
			compare_section(i);
		touched[i] = false;
	}
	compare_counters();
	least_ms = UINT_MAX;
	traced_ms = UINT_MAX;
}

/* In the beginning there is nothing */
void truth_init(void)
{
	memset(where, OFFLINE, sizeof(where));
	memset(state, PR_NONE, sizeof(state));
	memset(head, PR_NONE, sizeof(head));
	memset(blocks, NONE, sizeof(blocks));
	memset(since, 0, sizeof(since));
	memset(small_in, 0, sizeof(small_in));
	memset(&pr_stats, 0, sizeof(pr_stats));
	memset(&expected, 0, sizeof(expected));
	memset(kicks, 0, sizeof(kicks));
	nr_reports = 0;
	traced = 0;
	armed = UINT_MAX;
	least_ms = UINT_MAX;
	traced_ms = UINT_MAX;
}
