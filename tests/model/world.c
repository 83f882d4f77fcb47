// SPDX-License-Identifier: GPL-2.0
/*
 * Who uses the allocator: programs, compaction, memory failure, isolation,
 * memory hotplug, and the worker of page reporting with its device. Operations
 * say where as an offset into the zone, and take the nearest page from there on
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

#define CAPACITY	32U

struct config config;

struct piece {
	unsigned long pfn;
	unsigned int order;
	u32 free;	/* what pr_free_record() says */
};

static unsigned char chunks[MAX_PFN];	/* order of what is in use from here on, or NONE */
static struct piece held[CAPACITY], sg[CAPACITY];
static unsigned int nr_held, nr_sg;
static unsigned int least;
static u64 started;
static bool flushed;		/* what is held is reported by a flush */
static u32 meanwhile;	/* draws what happens during a walk over all records */

static unsigned long place(unsigned int at)
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

static void note(const char *what, unsigned long pfn, unsigned int order)
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
	for (end = pfn + PAGES_PER_SECTION; pfn < end; pfn += pageblock_nr_pages)
		buddy_unisolate(pfn_to_page(pfn), mt);
}

static void see(struct page *page, bool fresh)
{
	unsigned long flags;

	spin_lock_irqsave(&the_zone->lock, flags);
	pr_stamp(page, page->private, pr_free_now(fresh));
	spin_unlock_irqrestore(&the_zone->lock, flags);
	truth_stamp(page, page->private, fresh ? PR_FRESH : PR_FREE);
}

static void op_see(unsigned int at, unsigned int nr, bool fresh)
{
	unsigned long pfn = place(at), end = zone_end_pfn(the_zone);

	if (page_reporting_enabled != KEY_ON)
		return;
	for (; pfn < end && nr; pfn++) {
		if (truth_head(pfn) == NONE || truth_head(pfn) < least)
			continue;
		see(pfn_to_page(pfn), fresh);
		note("see", pfn, truth_head(pfn));
		nr--;
	}
}

/* The pieces are naturally aligned, and are what is not reported, from its start on */
static void check_pieces(unsigned long pfn, unsigned int order,
			 const struct scatterlist *list, unsigned int used, bool full)
{
	unsigned int unit = min(order, pr_policy.granule_order), i;
	unsigned long end = pfn + (1UL << order), at = pfn, size;

	for (i = 0; i < used; i++) {
		unsigned long piece = page_to_pfn(list[i].page);

		size = list[i].length >> PAGE_SHIFT;
		if (piece < at || piece + size > end || piece & (size - 1) ||
		    size & (size - 1) || size < 1UL << unit)
			fail("pfn %lu: no piece of order %u: %lu pages at %lu", pfn, order,
			     size, piece);
		for (; at < piece; at += 1UL << unit)
			if (!truth_told(at))
				fail("pfn %lu is left out", at);
		for (; at < piece + size; at += 1UL << unit)
			if (truth_told(at))
				fail("pfn %lu is reported again", at);
	}
	for (; at < end && !full; at += 1UL << unit)
		if (!truth_told(at))
			fail("pfn %lu is left out", at);
}

static unsigned int add_pieces(struct page *page, unsigned int order, unsigned int room,
			       bool again)
{
	struct scatterlist list[CAPACITY];
	unsigned long flags;
	unsigned int used, i;

	if (again) {
		list[0] = (struct scatterlist) { page, PAGE_SIZE << order };
		used = 1;
	} else {
		spin_lock_irqsave(&the_zone->lock, flags);
		used = pr_add_unreported(page, order, list, room);
		spin_unlock_irqrestore(&the_zone->lock, flags);
		if (used > room)
			fail("%u entries of a scatterlist of %u", used, room);
		check_pieces(page_to_pfn(page), order, list, used, used == room);
	}
	for (i = 0; i < used; i++) {
		sg[nr_sg].pfn = page_to_pfn(list[i].page);
		sg[nr_sg++].order = ilog2((unsigned long)list[i].length) - PAGE_SHIFT;
	}
	return used;
}

/*
 * What the worker does before it calls the device: take as many as @nr blocks
 * from @pfn on off the free lists. Returns where to go on.
 */
static unsigned long fill(unsigned long pfn, unsigned int nr, unsigned int capacity,
			  bool again, bool force)
{
	unsigned long end = zone_end_pfn(the_zone), flags;

	flushed = force;
	for (; pfn < end && nr_held < nr && nr_sg < capacity; pfn++) {
		struct page *page = pfn_to_page(pfn);
		unsigned int order = truth_head(pfn);

		if (order == NONE || order < least || buddy_type(page) == ISOLATE ||
		    pr_all_reported(page))
			continue;
		see(page, false);
		if (!add_pieces(page, order, capacity - nr_sg, again))
			continue;
		held[nr_held].free = pr_free_record(page);
		truth_hold(page, order);
		spin_lock_irqsave(&the_zone->lock, flags);
		page_reporting_isolate(page, the_zone, order);
		spin_unlock_irqrestore(&the_zone->lock, flags);
		note("hold", pfn, order);
		held[nr_held].pfn = pfn;
		held[nr_held++].order = order;
	}
	return nr_sg < capacity || !nr_held ? pfn : held[nr_held - 1].pfn;
}

static void put_back(const struct piece *piece, bool err, bool mark)
{
	struct page *page = pfn_to_page(piece->pfn);
	unsigned int order = piece->order;

	truth_free(page, order);
	page_reporting_putback(page, the_zone, order);
	if (mark && order < pr_policy.granule_order)
		pr_mark(page, the_zone, order);
	else if (PageBuddy(page) && page->private == order)
		pr_stamp(page, order, piece->free);
	if (!err && order < pr_policy.granule_order)
		truth_tell_small(page, order);
	else
		truth_restamp(page, order);
}

/* What the worker does after the device has returned */
static void op_done(bool err)
{
	bool mark = !err || broken(BREAK_ERROR);
	unsigned long flags, pages = 0;
	unsigned int i;

	spin_lock_irqsave(&the_zone->lock, flags);
	for (i = 0; i < nr_sg; i++) {
		struct page *page = pfn_to_page(sg[i].pfn);

		if (sg[i].order < pr_policy.granule_order)
			continue;
		if (mark)
			pr_mark(page, the_zone, sg[i].order);
		if (!err)
			truth_tell(page, sg[i].order);
		pages += 1UL << sg[i].order;
	}
	if (pages && mark)
		pr_mark_recent(pages, pr_now(), flushed);
	if (pages && !err)
		truth_report(pages, flushed);
	for (i = 0; i < nr_held; i++)
		put_back(&held[i], err, mark);
	spin_unlock_irqrestore(&the_zone->lock, flags);
	nr_held = 0;
	nr_sg = 0;
}

static void op_batch(unsigned int at, unsigned int nr, unsigned int capacity)
{
	if (!nr_held && page_reporting_enabled == KEY_ON)
		fill(place(at), min(nr, CAPACITY), min(capacity - 1, CAPACITY - 1) + 1,
		     capacity > CAPACITY, false);
}

/* Report all there is */
static void op_flush(void)
{
	unsigned long pfn = the_zone->zone_start_pfn;

	if (page_reporting_enabled != KEY_ON)
		return;
	op_done(false);
	while (pfn < zone_end_pfn(the_zone)) {
		pfn = fill(pfn, CAPACITY, CAPACITY, false, true);
		op_done(false);
	}
}

/* A pass begins */
static void op_rearm(void)
{
	unsigned long flags;

	if (page_reporting_enabled != KEY_ON)
		return;
	spin_lock_irqsave(&the_zone->lock, flags);
	page_reporting_notify_order = least;
	spin_unlock_irqrestore(&the_zone->lock, flags);
	truth_armed(least);
}

/* All is forgotten, with others at work if there is a @seed; then hooks are turned off */
static void op_halt(u32 seed)
{
	if (page_reporting_enabled != KEY_ON)
		return;
	op_done(false);
	meanwhile = seed;
	pr_records_forget();
	meanwhile = 0;
	pr_policy_reset(&pr_policy, pr_now());
	truth_forget(!seed);
	page_reporting_enabled = seed ? KEY_TURNING : KEY_OFF;
	shim_flip_seed(seed);
}

/* They are turned on with a granule */
static void op_start(unsigned int granule, unsigned int fragments, u32 seed)
{
	op_halt(seed);
	pr_policy.granule_order = min(granule, pageblock_order);
	pr_policy.huge_order = min(pageblock_order, 9U);
	least = min(fragments, pr_policy.granule_order);
	page_reporting_enabled = KEY_ON;
	op_rearm();
	started = ticks;
}

/* The same order again, as before ages wrap around */
static void op_restart(u32 seed)
{
	if (page_reporting_enabled == KEY_ON)
		op_start(pr_policy.granule_order, least, seed);
}

static void op_tick(unsigned long nr)
{
	nr = min(nr, PR_AGE_MAX / 2);
	if (ticks - started + nr > PR_AGE_MAX && !broken(BREAK_RESTART))
		op_restart(0);
	ticks += nr;
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

	if (page_reporting_enabled != KEY_ON || nr_held || !is_online(pfn) ||
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

	if (page_reporting_enabled != KEY_ON || nr_held)
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
	nr_held = 0;
	nr_sg = 0;
	memset(zones, 0, sizeof(zones));
	the_zone->name = "Normal";
	the_zone->zone_start_pfn = config.start;
	the_zone->spanned_pages = config.pages;
	memset(chunks, NONE, sizeof(chunks));
	truth_init();
	buddy_init();
	make_memory();
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
