// SPDX-License-Identifier: GPL-2.0
/*
 * Who uses the allocator: programs, compaction, memory failure, isolation and
 * memory hotplug; the worker of page reporting is in worker.c. Operations say
 * where as an offset into the zone, and take the nearest page from there on
 * that will do, so that they mean something in any sequence.
 */
#include <stdio.h>
#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(addr, size)	((void)(addr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(addr, size)	((void)(addr), (void)(size))
#endif

#include "model.h"
#include "world.h"

struct config config;

static unsigned char chunks[MAX_PFN];	/* order of what is in use from here on, or NONE */
u32 meanwhile;	/* draws what happens during a walk over all records */

unsigned long place(unsigned int at)
{
	return the_zone->zone_start_pfn + at % the_zone->spanned_pages;
}

/* The first page from there on, and around the end, that will do, or MAX_PFN */
static unsigned long search(unsigned int at, bool (*will_do)(unsigned long pfn))
{
	unsigned long pfn, start = place(at);

	for (pfn = start; pfn < zone_end_pfn(the_zone); pfn++)
		if (will_do(pfn))
			return pfn;
	for (pfn = the_zone->zone_start_pfn; pfn < start; pfn++)
		if (will_do(pfn))
			return pfn;
	return MAX_PFN;
}

static bool is_online(unsigned long pfn)
{
	return sections[pfn / PAGES_PER_SECTION].online;
}

/* The kernel shrinks a zone to what is online, and says whether that has holes */
static void set_contiguous(void)
{
	unsigned long start = the_zone->zone_start_pfn, end = zone_end_pfn(the_zone), pfn;

	while (start < end && !is_online(start))
		start++;
	while (start < end && !is_online(end - 1))
		end--;
	for (pfn = start; pfn < end && is_online(pfn); pfn++)
		;
	the_zone->online_start = start;
	the_zone->online_end = end;
	the_zone->contiguous = pfn == end;
}

static bool is_offline(unsigned long pfn)
{
	return !is_online(pfn);
}

static bool is_chunk(unsigned long pfn)
{
	return chunks[pfn] != NONE;
}

static bool is_part_of_block(unsigned long pfn)
{
	return chunks[pfn] <= pageblock_order;
}

static bool is_free(unsigned long pfn)
{
	return truth_head(pfn) != NONE;
}

static bool is_poisoned(unsigned long pfn)
{
	return truth_where(pfn) == POISON;
}

/* The chunk around a page, or the next one that will do */
static unsigned long find_chunk(unsigned int at, bool (*will_do)(unsigned long pfn))
{
	unsigned long pfn = place(at), head;
	unsigned int order;

	for (order = 0; order <= MAX_PAGE_ORDER; order++) {
		head = pfn & ~((1UL << order) - 1);
		if (chunks[head] != NONE && chunks[head] >= order && will_do(head))
			return head;
	}
	return search(at, will_do);
}

void note(const char *what, unsigned long pfn, unsigned int order)
{
	if (verbose)
		printf("#   %s: pfn %lu, order %u\n", what, pfn, order);
}

static void op_alloc(unsigned int order, int mt)
{
	struct page *page = buddy_alloc(order, mt);

	if (!page)
		return;
	note("got", page_to_pfn(page), order);
	chunks[page_to_pfn(page)] = order;
}

/* Free a piece of a chunk, perhaps while somebody waits to capture a block */
static void op_free(unsigned int at, unsigned int order, unsigned int capture)
{
	struct capture capc = { .order = (capture - 1) % NR_PAGE_ORDERS,
				.mt = (capture - 1) / NR_PAGE_ORDERS % HIGHATOMIC };
	unsigned long pfn = find_chunk(at, is_chunk), goal = place(at);
	unsigned int high;

	if (pfn == MAX_PFN)
		return;
	high = chunks[pfn];
	while (high > order) {
		high--;
		chunks[pfn] = high;
		chunks[pfn + (1UL << high)] = high;
		if (goal >= pfn + (1UL << high))
			pfn += 1UL << high;
	}
	chunks[pfn] = NONE;
	note("free", pfn, high);
	buddy_free(pfn_to_page(pfn), high, capture ? &capc : NULL);
	if (capc.page) {
		note("captured", page_to_pfn(capc.page), capc.order);
		chunks[page_to_pfn(capc.page)] = capc.order;
	}
}

static void op_putback(unsigned int at)
{
	unsigned long pfn = find_chunk(at, is_part_of_block);
	unsigned int order;

	if (pfn == MAX_PFN)
		return;
	order = chunks[pfn];
	chunks[pfn] = NONE;
	note("put back", pfn, order);
	buddy_putback(pfn_to_page(pfn), order);
}

/* The free block around a page, or the next one */
static unsigned long find_free(unsigned int at)
{
	unsigned long head;

	return truth_block(place(at), &head) != NONE ? head : search(at, is_free);
}

static void op_compact(unsigned int at)
{
	unsigned long pfn = find_free(at);

	if (pfn == MAX_PFN)
		return;
	chunks[pfn] = truth_head(pfn);
	note("isolate", pfn, chunks[pfn]);
	buddy_compact(pfn_to_page(pfn));
}

static void op_poison(unsigned int at)
{
	unsigned long pfn = place(at), head;

	if (truth_block(pfn, &head) == NONE)
		pfn = find_free(at);
	if (pfn == MAX_PFN)
		return;
	note("poison", pfn, 0);
	buddy_poison(pfn_to_page(pfn));
}

static void op_unpoison(unsigned int at)
{
	unsigned long pfn = search(at, is_poisoned);

	if (pfn == MAX_PFN)
		return;
	note("unpoison", pfn, 0);
	buddy_unpoison(pfn_to_page(pfn));
}

static void op_isolate(unsigned int at)
{
	if (is_online(place(at)) && buddy_isolate(pfn_to_page(place(at))))
		note("isolate pageblock of", place(at), pageblock_order);
}

static void op_unisolate(unsigned int at, int mt)
{
	if (is_online(place(at)) && buddy_unisolate(pfn_to_page(place(at)), mt))
		note("no longer isolate pageblock of", place(at), pageblock_order);
}

static void op_retype(unsigned int at, int mt)
{
	struct page *page = pfn_to_page(place(at));

	if (is_online(place(at)) && buddy_type(page) != ISOLATE)
		buddy_retype(page, mt);
}

/* All of a section is ours and can be moved away */
static bool can_offline(unsigned long pfn)
{
	unsigned long end = pfn + PAGES_PER_SECTION;

	if (pfn < the_zone->zone_start_pfn || end > zone_end_pfn(the_zone) || !is_online(pfn))
		return false;
	for (; pfn < end; pfn++)
		if (truth_where(pfn) != USED && truth_where(pfn) != FREE)
			return false;
	return true;
}

static void op_offline(unsigned int at, bool remove)
{
	unsigned long start = place(at) & ~(PAGES_PER_SECTION - 1), end, pfn;
	struct section *section = &sections[start / PAGES_PER_SECTION];

	if (!can_offline(start))
		return;
	note("offline", start, MAX_PAGE_ORDER);
	end = start + PAGES_PER_SECTION;
	for (pfn = start; pfn < end; pfn += pageblock_nr_pages)
		buddy_isolate(pfn_to_page(pfn));
	for (pfn = start; pfn < end; pfn++) {
		unsigned int order = chunks[pfn];

		if (order == NONE)
			continue;
		chunks[pfn] = NONE;
		buddy_free(pfn_to_page(pfn), order, NULL);
	}
	section->online = false;
	set_contiguous();
	buddy_offline(start, PAGES_PER_SECTION);
	free(section->ext);
	section->ext = NULL;
	if (remove) {
		section->present = false;
		ASAN_POISON_MEMORY_REGION(pfn_to_page(start),
					  PAGES_PER_SECTION * sizeof(struct page));
	}
}

/* Struct pages and page_ext of a section, for a zone or the other */
static void make_section(unsigned int nr)
{
	unsigned long pfn = nr * PAGES_PER_SECTION, end = pfn + PAGES_PER_SECTION;

	ASAN_UNPOISON_MEMORY_REGION(pfn_to_page(pfn), PAGES_PER_SECTION * sizeof(struct page));
	sections[nr].present = true;
	if (!config.noext || nr != config.noext)
		sections[nr].ext = calloc(PAGES_PER_SECTION, page_ext_size);
	for (; pfn < end; pfn++) {
		struct page *page = pfn_to_page(pfn);

		page->zone = the_zone;
		page->flags = 0;
		page->page_type = UINT_MAX;
		page->private = 0;
	}
}

static void op_online(unsigned int at, int mt)
{
	unsigned long pfn = search(at, is_offline), end;

	if (pfn == MAX_PFN)
		return;
	pfn &= ~(PAGES_PER_SECTION - 1);
	note("online", pfn, MAX_PAGE_ORDER);
	make_section(pfn / PAGES_PER_SECTION);
	/* It is on the free lists before it is seen to be online */
	buddy_free(pfn_to_page(pfn), MAX_PAGE_ORDER, NULL);
	sections[pfn / PAGES_PER_SECTION].online = true;
	set_contiguous();
	for (end = pfn + PAGES_PER_SECTION; pfn < end; pfn += pageblock_nr_pages)
		buddy_unisolate(pfn_to_page(pfn), mt);
}

static void op_lookup(unsigned int at, unsigned int order)
{
	unsigned long pfn = place(at), head_pfn;
	unsigned int should, is = NONE;
	struct page *head;

	if (!is_online(pfn))
		return;
	should = truth_block(pfn, &head_pfn);
	if (should != NONE && should < order)
		should = NONE;
	head = pr_find_block(pfn_to_page(pfn), order, &is);
	if (!head)
		is = NONE;
	if (is != should || (head && head != pfn_to_page(head_pfn)))
		fail("pfn %lu: looked up as in order %u, should be %u", pfn, is, should);
}

/* pr_records_check() has to see what is wrong; then make it right again */
static void expect_seen(const char *what, unsigned long pfn)
{
	bool was = verbose;

	verbose = false;
	if (!pr_records_check(the_zone))
		fail("pr_records_check() does not see %s at pfn %lu", what, pfn);
	verbose = was;
}

/* The first record at or before a page, if its section has any */
static u32 *granule_record(unsigned long pfn)
{
	void *ext = sections[pfn / PAGES_PER_SECTION].ext;

	pfn &= ~((1UL << pr_policy.granule_order) - 1);
	return ext ? ext + page_ext_size * (pfn % PAGES_PER_SECTION) +
		     page_reporting_ext_ops.offset : NULL;
}

static void op_corrupt(unsigned int at)
{
	unsigned long pfn = place(at), head;
	struct pr_block block;
	struct page *page;
	unsigned int order;
	u32 *record, was, soon;

	if (page_reporting_enabled != KEY_ON || worker_holds() || !is_online(pfn) ||
	    truth_where(pfn) == ELSEWHERE)
		return;
	the_zone->reported++;
	expect_seen("a wrong count", pfn);
	the_zone->reported--;

	order = truth_block(pfn, &head);
	page = pfn_to_page(head);
	record = granule_record(pfn);
	if (order == NONE || order < pr_policy.granule_order || !record)
		return;
	pr_block_read(&block, page, order);
	if (block.reported) {
		page->flags ^= BIT(PG_reported);
		expect_seen("a wrong mark", head);
		page->flags ^= BIT(PG_reported);
	}
	was = *record;
	/* Time 0 is that of a head without one */
	soon = (pr_now() + 1) & PR_TIME_MASK ?: 1;
	*record = (u32)PR_REPORTED << PR_TIME_BITS | soon;
	expect_seen("a time to come", pfn);
	*record = ~0U;
	expect_seen("a record of no granule", pfn);
	*record = was;
}

void world_apply(const struct op *op)
{
	const unsigned int *arg = op->arg;

	switch (op->kind) {
	case OP_ALLOC:
		op_alloc(min(arg[0], 0U + MAX_PAGE_ORDER), arg[1] % ISOLATE);
		break;
	case OP_FREE:
		op_free(arg[0], arg[1], arg[2]);
		break;
	case OP_FLUSH:
		op_flush();
		break;
	case OP_SEE:
		op_see(arg[0], arg[1], arg[2]);
		break;
	case OP_BATCH:
		op_batch(arg[0], arg[1], arg[2]);
		break;
	case OP_DONE:
		op_done(arg[0]);
		break;
	case OP_TICK:
		op_tick(arg[0]);
		break;
	case OP_RESTART:
		op_restart(arg[0]);
		break;
	case OP_REARM:
		op_rearm();
		break;
	case OP_COMPACT:
		op_compact(arg[0]);
		break;
	case OP_PUTBACK:
		op_putback(arg[0]);
		break;
	case OP_POISON:
		op_poison(arg[0]);
		break;
	case OP_UNPOISON:
		op_unpoison(arg[0]);
		break;
	case OP_ISOLATE:
		op_isolate(arg[0]);
		break;
	case OP_UNISOLATE:
		op_unisolate(arg[0], arg[1] % ISOLATE);
		break;
	case OP_RETYPE:
		op_retype(arg[0], arg[1] % ISOLATE);
		break;
	case OP_OFFLINE:
		op_offline(arg[0], arg[1]);
		break;
	case OP_ONLINE:
		op_online(arg[0], arg[1] % ISOLATE);
		break;
	case OP_HALT:
		op_halt(arg[0]);
		break;
	case OP_START:
		op_start(arg[0], arg[1], arg[2]);
		break;
	case OP_LOOKUP:
		op_lookup(arg[0], min(arg[1], 0U + MAX_PAGE_ORDER));
		break;
	case OP_CORRUPT:
		op_corrupt(arg[0]);
		break;
	}
}

/* Called whenever a walk has dropped zone->lock */
void world_meanwhile(void)
{
	static const unsigned int kinds[] = { OP_ALLOC, OP_FREE, OP_OFFLINE, OP_ONLINE };
	struct op op = { 0 };

	if (!meanwhile)
		return;
	meanwhile = meanwhile * 1664525 + 1013904223;
	if (meanwhile >> 29)
		return;
	op.kind = kinds[meanwhile >> 27 & (shim_online_mems ? 1 : 3)];
	op.arg[0] = op.kind == OP_ALLOC ? (meanwhile >> 10) % NR_PAGE_ORDERS : meanwhile >> 10;
	op.arg[1] = meanwhile >> 9 & 1;
	world_apply(&op);
}

/* For pr_records_check(): what must always hold does */
void world_check(void)
{
	unsigned long bad;

	if (page_reporting_enabled != KEY_ON || worker_holds())
		return;
	bad = pr_records_check(the_zone);
	if (bad)
		fail("pr_records_check() finds %lu violations", bad);
}

/* Whoever touches the records of the other zone changes these words */
static void make_foreign(unsigned long pfn)
{
	void *ext = sections[pfn / PAGES_PER_SECTION].ext;

	pfn_to_page(pfn)->zone = &zones[1];
	if (ext)
		*(u32 *)(ext + page_ext_size * (pfn % PAGES_PER_SECTION) +
			 page_reporting_ext_ops.offset) = ~pfn;
}

static bool is_ours(unsigned long pfn)
{
	return pfn >= the_zone->zone_start_pfn && pfn < zone_end_pfn(the_zone) &&
	       (pfn < config.hole || pfn >= config.hole + config.hole_pages);
}

/* The largest chunk that begins here and is all ours */
static unsigned int chunk_order(unsigned long pfn)
{
	unsigned int order;
	unsigned long i;

	for (order = 0; order < MAX_PAGE_ORDER; order++) {
		if (pfn & (1UL << order))
			return order;
		for (i = 1UL << order; i < 2UL << order; i++)
			if (!is_ours(pfn + i))
				return order;
	}
	return order;
}

static void make_memory(void)
{
	unsigned long first = config.start / PAGES_PER_SECTION, pfn, i;
	unsigned long last = (config.start + config.pages - 1) / PAGES_PER_SECTION;

	for (i = 0; i < NR_SECTIONS; i++) {
		free(sections[i].ext);
		memset(&sections[i], 0, sizeof(sections[i]));
		if (i >= first && i <= last) {
			make_section(i);
			sections[i].online = true;
		} else {
			ASAN_POISON_MEMORY_REGION(pfn_to_page(i * PAGES_PER_SECTION),
						  PAGES_PER_SECTION * sizeof(struct page));
		}
	}
	for (pfn = first * PAGES_PER_SECTION; pfn < (last + 1) * PAGES_PER_SECTION; pfn++) {
		if (is_ours(pfn)) {
			truth_move(pfn_to_page(pfn), 0, USED);
		} else {
			truth_move(pfn_to_page(pfn), 0, ELSEWHERE);
			make_foreign(pfn);
		}
	}
}

void world_init(void)
{
	unsigned long pfn, next;
	unsigned int order;

	if (!mem_map)
		mem_map = calloc(MAX_PFN, sizeof(*mem_map));
	shim_boot(config.more);
	ticks = config.clock + (1UL << 30);
	pr_policy.params.min_age_ms = config.min_age;
	page_reporting_notify_order = UINT_MAX;
	pageblock_order = config.pageblock;
	page_reporting_enabled = KEY_OFF;
	worker_init();
	memset(zones, 0, sizeof(zones));
	the_zone->name = "Normal";
	the_zone->zone_start_pfn = config.start;
	the_zone->spanned_pages = config.pages;
	memset(chunks, NONE, sizeof(chunks));
	truth_init();
	buddy_init();
	make_memory();
	set_contiguous();
	for (pfn = config.start; pfn < zone_end_pfn(the_zone); pfn = next) {
		order = is_ours(pfn) ? chunk_order(pfn) : 0;
		next = pfn + (1UL << order);
		if (!is_ours(pfn))
			continue;
		if (config.busy)
			chunks[pfn] = order;
		else
			buddy_free(pfn_to_page(pfn), order, NULL);
	}
	op_start(config.granule, config.least, 0);
	truth_compare(true);
}
