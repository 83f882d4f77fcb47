// SPDX-License-Identifier: GPL-2.0
/*
 * What has to be known of each page, from what happens to it and not from what
 * hooks are called: the meaning of the records, as Documentation/mm/
 * free_page_reporting.rst has it, in the most naive way. Time does not wrap
 * around here. After each operation the kernel's records, marks and counters
 * are compared with it.
 *
 * A unit is a granule, or a free block below one. The host is told of units. It
 * is to be told again
 * - of a unit from which a page has left the free lists (which is a refault),
 * - of a unit below a granule that has merged or has been split (it is dropped).
 */
#include "model.h"

/* What a block says of itself, beside what follows from its units */
#define SEEN		BIT(0)
#define ADOPTED		BIT(1)
#define STALE		BIT(2)

/* Of a page */
static unsigned char where[MAX_PFN];
static unsigned char told[MAX_PFN];		/* order of the unit + 1, or 0 */
static unsigned long free_at[MAX_PFN];
/* Of the first page of a unit, and of a block */
static unsigned long told_at[MAX_PFN];
static unsigned long seen_at[MAX_PFN];
static unsigned char blocks[MAX_PFN];		/* order, or NONE */
static unsigned char flags[MAX_PFN];
static bool touched[NR_SECTIONS];

/* Counters; kicks: for a small and for a large block */
struct counters {
	u64 reported;
	u64 kept;
	u64 dropped;
	u64 refaulted;
	u64 soon;
	u64 ages[PR_AGES];
	u64 kicks[2];
	u64 traced;
};

static struct counters expected;
static u64 kicks[2], traced;
static unsigned int armed;
static enum joining joining;
static bool off;		/* nothing is known, nothing has to be */
static unsigned int least_ms, traced_ms;	/* of this operation */

static void touch(unsigned long pfn)
{
	touched[pfn / PAGES_PER_SECTION] = true;
}

static unsigned long unit_head(unsigned long pfn)
{
	return pfn & ~((1UL << (told[pfn] - 1)) - 1);
}

static void forget(unsigned long pfn)
{
	unsigned long head = unit_head(pfn), nr = 1UL << (told[pfn] - 1);

	expected.reported -= nr;
	memset(&told[head], 0, nr);
	touch(head);
}

/* A page of it has left the free lists, or may have */
static void refault(unsigned long pfn)
{
	unsigned long age = jiffies - told_at[unit_head(pfn)], nr = 1UL << (told[pfn] - 1);
	unsigned int ms = age * (1000 / HZ), class = 0;

	while (class < PR_AGES - 1 && ms >> class)
		class++;
	expected.ages[class] += nr;
	expected.refaulted += nr;
	expected.soon += age < config.horizon ? nr : 0;
	least_ms = min(least_ms, ms);
	forget(pfn);
}

void truth_joining(enum joining how)
{
	joining = how;
}

/* A block that was not free before: is somebody woken? */
void truth_new(unsigned int order)
{
	unsigned int large = min(pageblock_order, 9U);

	if (order < armed)
		return;
	expected.kicks[order >= large]++;
	armed = order < large ? large : UINT_MAX;
}

/* These pages are one block now, if only for the moment */
void truth_merged(const struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), end = pfn + (1UL << order);

	for (; pfn < end; pfn++) {
		if (!told[pfn] || told[pfn] - 1U >= min(order, page_reporting_granule))
			continue;
		expected.dropped += 1UL << (told[pfn] - 1);
		forget(pfn);
	}
}

void truth_link(const struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), end = pfn + (1UL << order);

	blocks[pfn] = order;
	flags[pfn] = 0;
	touch(pfn);
	truth_merged(page, order);
	if (joining == STAY)
		return;
	for (; pfn < end; pfn++)
		expected.kept += !!told[pfn];
	truth_new(order);
}

void truth_unlink(const struct page *page, unsigned int order)
{
	(void)order;
	blocks[page_to_pfn(page)] = NONE;
	flags[page_to_pfn(page)] = 0;
	touch(page_to_pfn(page));
}

static void move(const struct page *page, unsigned int order, enum where to)
{
	unsigned long pfn = page_to_pfn(page);

	memset(&where[pfn], to, 1UL << order);
	touch(pfn);
}

void truth_free(const struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), end = pfn + (1UL << order);

	move(page, order, FREE);
	for (; pfn < end; pfn++)
		free_at[pfn] = jiffies;
}

void truth_drop(const struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), end = pfn + (1UL << order);

	for (; pfn < end; pfn++)
		if (told[pfn])
			refault(pfn);
}

void truth_take(const struct page *page, unsigned int order, enum where to)
{
	truth_drop(page, order);
	move(page, order, to);
}

/* The worker has it, with what is known of it */
void truth_hold(const struct page *page, unsigned int order)
{
	move(page, order, HELD);
}

void truth_unhold(const struct page *page, unsigned int order)
{
	move(page, order, FREE);
}

void truth_see(const struct page *page, unsigned int bits)
{
	unsigned long pfn = page_to_pfn(page);

	if (off || !sections[pfn / PAGES_PER_SECTION].ext)
		return;
	flags[pfn] |= SEEN | (bits & PR_ADOPTED ? ADOPTED : 0);
	seen_at[pfn] = jiffies;
	touch(pfn);
}

/* It is back as it was before the worker had it */
void truth_seen_still(const struct page *page)
{
	flags[page_to_pfn(page)] |= off ? 0 : SEEN;
}

static void tell(unsigned long pfn, unsigned int order)
{
	memset(&told[pfn], order + 1, 1UL << order);
	told_at[pfn] = jiffies;
	expected.reported += 1UL << order;
	touch(pfn);
}

/* The host has been told of granules */
void truth_tell(const struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), end = pfn + (1UL << order);

	for (; pfn < end; pfn += 1UL << page_reporting_granule)
		if (!off && !told[pfn])
			tell(pfn, page_reporting_granule);
}

/* The same for less than a granule, if it is still a block of its own */
void truth_tell_small(const struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page);

	if (off)
		return;
	if (blocks[pfn] == order)
		tell(pfn, order);
	else
		expected.dropped += 1UL << order;
}

void truth_armed(unsigned int order)
{
	armed = order;
}

/* No age is ever larger than PR_AGE_MAX */
void truth_clamp(void)
{
	unsigned long oldest = jiffies - PR_AGE_MAX, pfn;

	for (pfn = 0; pfn < MAX_PFN; pfn++) {
		told_at[pfn] = max(told_at[pfn], oldest);
		seen_at[pfn] = max(seen_at[pfn], oldest);
	}
}

/* From here on hooks may be missed */
void truth_halt(void)
{
	off = true;
	memset(told, 0, sizeof(told));
	memset(flags, 0, sizeof(flags));
}

/* Before the reset: all is forgotten, but not that the host had a block */
void truth_reset(void)
{
	unsigned long pfn;

	memset(told, 0, sizeof(told));
	memset(flags, 0, sizeof(flags));
	expected.reported = 0;
	for (pfn = 0; pfn < MAX_PFN; pfn++)
		if (blocks[pfn] != NONE &&
		    page_reporting_bits(pfn_to_page(pfn)) & (PR_DONE | PR_STALE))
			flags[pfn] = STALE;
}

static void read_counters(struct counters *now)
{
	const struct page_reporting_stats *stats = &page_reporting_stats;

	now->reported = the_zone->pr_reported;
	now->kept = stats->kept;
	now->dropped = stats->dropped;
	now->refaulted = stats->refaulted;
	now->soon = stats->soon;
	memcpy(now->ages, stats->refault_age, sizeof(now->ages));
	memcpy(now->kicks, kicks, sizeof(kicks));
	now->traced = traced;
}

/* The hooks are on again: what they did meanwhile does not count */
void truth_start(void)
{
	if (off)
		read_counters(&expected);
	expected.traced = expected.refaulted;
	traced = expected.refaulted;
	off = false;
}

void truth_kicked(bool large)
{
	if (!the_zone->lock.held)
		fail("a kick without zone->lock");
	kicks[large]++;
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

/* The record of a page, if there is one in what its section has */
static struct page_reporting_rec *record(unsigned long pfn)
{
	void *ext = sections[pfn / PAGES_PER_SECTION].ext;

	if (!ext)
		return NULL;
	return ext + page_ext_size * (pfn % PAGES_PER_SECTION) + page_reporting_ext_ops.offset;
}

static void compare_record(unsigned long pfn, const struct page_reporting_rec *rec)
{
	u32 should = 0, mask = PR_REPORTED | PR_SMALL;

	if (where[pfn] == ELSEWHERE) {
		/* See world.c: these are not to be touched */
		should = ~pfn;
		mask = ~0U;
		COMPARE("the other zone's free time", pfn, rec->freed, pfn);
	} else if (told[pfn] && unit_head(pfn) == pfn) {
		should = PR_REPORTED | (told_at[pfn] & PR_TIME_MASK);
		should |= told[pfn] - 1U < page_reporting_granule ? PR_SMALL : 0;
		mask = ~0U;
	}
	COMPARE("the record", pfn, rec->reported & mask, should);
}

/* One free block: what it says of itself, and what is said of it */
static void compare_block(unsigned long pfn, unsigned int order)
{
	unsigned int unit = min(order, page_reporting_granule);
	unsigned long nr = 1UL << order, told_nr = 0, i;
	struct page *page = pfn_to_page(pfn);
	unsigned int bits = 0;
	u32 freed;

	for (i = 0; i < nr; i++) {
		if (flags[pfn] & SEEN && seen_at[pfn] < free_at[pfn + i])
			fail("pfn %lu: seen before it was free", pfn + i);
		if (!told[pfn + i])
			continue;
		if (told[pfn + i] - 1U != unit)
			fail("model: pfn %lu is told of by a wrong unit", pfn + i);
		if (told_at[unit_head(pfn + i)] < free_at[pfn + i])
			fail("pfn %lu: known since before it was free", pfn + i);
		told_nr++;
	}
	bits |= told_nr ? PR_MARK : 0;
	bits |= told_nr == nr ? PR_DONE : 0;
	bits |= flags[pfn] & SEEN ? PR_SEEN : 0;
	bits |= flags[pfn] & ADOPTED ? PR_ADOPTED : 0;
	bits |= flags[pfn] & STALE ? PR_STALE : 0;
	COMPARE("what the block says", pfn, page_reporting_bits(page), bits);
	if (!record(pfn)) {
		COMPARE("what is left without a record", pfn,
			page_reporting_left(page, order), 0);
		COMPARE("having something left without a record", pfn,
			page_reporting_since(page, order, &freed), false);
		return;
	}

	COMPARE("what is left of the block", pfn, page_reporting_left(page, order),
		nr - told_nr);
	COMPARE("having something left", pfn, page_reporting_since(page, order, &freed),
		told_nr != nr);
	if (!(flags[pfn] & SEEN))
		return;
	COMPARE("its free time", pfn, freed, seen_at[pfn] & PR_TIME_MASK);
	for (i = 0; i < nr; i += 1UL << unit)
		if (!told[pfn + i])
			COMPARE("the free time", pfn + i, record(pfn + i)->freed,
				seen_at[pfn] & PR_TIME_MASK);
}

static void compare_section(unsigned int nr)
{
	unsigned long pfn = nr * PAGES_PER_SECTION, end = pfn + PAGES_PER_SECTION;
	struct page_reporting_rec *rec = off ? NULL : record(pfn);
	unsigned long free_to = pfn;

	for (; pfn < end; pfn++) {
		if (blocks[pfn] != NONE) {
			struct page *page = pfn_to_page(pfn);

			if (!PageBuddy(page) || page->private != blocks[pfn] || pfn < free_to)
				fail("model: no free block at pfn %lu", pfn);
			free_to = pfn + (1UL << blocks[pfn]);
			if (!off)
				compare_block(pfn, blocks[pfn]);
		}
		if ((where[pfn] == FREE) != (pfn < free_to))
			fail("model: pfn %lu is %sfree", pfn, pfn < free_to ? "" : "not ");
		if (told[pfn] && where[pfn] != FREE && where[pfn] != HELD)
			fail("model: pfn %lu is known, yet in use", pfn);
		if (!rec)
			continue;
		compare_record(pfn, rec);
		rec = (void *)rec + page_ext_size;
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
	COMPARE_COUNTER(reported);
	COMPARE_COUNTER(kept);
	COMPARE_COUNTER(dropped);
	COMPARE_COUNTER(refaulted);
	COMPARE_COUNTER(soon);
	COMPARE_COUNTER(kicks[0]);
	COMPARE_COUNTER(kicks[1]);
	expected.traced = expected.refaulted;
	COMPARE_COUNTER(traced);
	for (i = 0; i < PR_AGES; i++)
		COMPARE_COUNTER(ages[i]);
	if (traced_ms != least_ms)
		fail("a refault after %u ms was traced as one after %u ms", least_ms,
		     traced_ms);
	if (the_zone->pr_keep || the_zone->pr_wake != the_zone->pr_armed ||
	    the_zone->pr_armed != armed)
		fail("pr_keep %#x, pr_wake %u, pr_armed %u, should be 0, %u, %u",
		     the_zone->pr_keep, the_zone->pr_wake, the_zone->pr_armed, armed, armed);
}

/* After each operation; @all of the memory, or what it has changed */
void truth_compare(bool all)
{
	unsigned int i;

	if (the_zone->lock.held)
		fail("zone->lock is still held");
	for (i = 0; i < NR_SECTIONS; i++) {
		if (sections[i].present && (all || touched[i]))
			compare_section(i);
		touched[i] = false;
	}
	if (!off)
		compare_counters();
	least_ms = UINT_MAX;
	traced_ms = UINT_MAX;
}

/* In the beginning there is nothing */
void truth_init(void)
{
	memset(where, OFFLINE, sizeof(where));
	memset(told, 0, sizeof(told));
	memset(flags, 0, sizeof(flags));
	memset(blocks, NONE, sizeof(blocks));
	memset(told_at, 0, sizeof(told_at));
	memset(seen_at, 0, sizeof(seen_at));
	memset(free_at, 0, sizeof(free_at));
	memset(&page_reporting_stats, 0, sizeof(page_reporting_stats));
	memset(kicks, 0, sizeof(kicks));
	traced = 0;
	off = true;
	least_ms = UINT_MAX;
	traced_ms = UINT_MAX;
}
