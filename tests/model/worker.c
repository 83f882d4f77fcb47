// SPDX-License-Identifier: GPL-2.0
/* The worker of page reporting with its device, one step at a time. */
#include "model.h"
#include "world.h"

#define CAPACITY	32U

struct piece {
	unsigned long pfn;
	unsigned int order;
	u32 free;	/* what pr_free_record() says */
};

static struct piece held[CAPACITY], sg[CAPACITY];
static unsigned int nr_held, nr_sg;
static unsigned int least;
static u64 started;
static bool flushed;		/* what is held is reported by a flush */

void worker_init(void)
{
	nr_held = 0;
	nr_sg = 0;
}

/* It has taken blocks off the free lists and not put them back yet */
bool worker_holds(void)
{
	return nr_held;
}

static void see(struct page *page, bool fresh)
{
	unsigned long flags;

	spin_lock_irqsave(&the_zone->lock, flags);
	pr_stamp(page, page->private, pr_free_now(fresh));
	spin_unlock_irqrestore(&the_zone->lock, flags);
	truth_stamp(page, page->private, fresh ? PR_FRESH : PR_FREE);
}

void op_see(unsigned int at, unsigned int nr, bool fresh)
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
void op_done(bool err)
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

void op_batch(unsigned int at, unsigned int nr, unsigned int capacity)
{
	if (!nr_held && page_reporting_enabled == KEY_ON)
		fill(place(at), min(nr, CAPACITY), min(capacity - 1, CAPACITY - 1) + 1,
		     capacity > CAPACITY, false);
}

/* Report all there is */
void op_flush(void)
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
void op_rearm(void)
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
void op_halt(u32 seed)
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
void op_start(unsigned int granule, unsigned int fragments, u32 seed)
{
	op_halt(seed);
	pr_policy.granule_order = min(granule, pageblock_order);
	pr_policy.huge_order = min(pageblock_order, 9U);
	pr_policy.fragments = true;
	pr_policy.params.fragment_order = fragments;
	least = pr_smallest_order(&pr_policy);
	page_reporting_enabled = KEY_ON;
	op_rearm();
	started = ticks;
}

/* The same order again, as before ages wrap around */
void op_restart(u32 seed)
{
	if (page_reporting_enabled == KEY_ON)
		op_start(pr_policy.granule_order, least, seed);
}

void op_tick(unsigned long nr)
{
	nr = min(nr, PR_AGE_MAX / 2);
	if (ticks - started + nr > PR_AGE_MAX && !broken(BREAK_RESTART))
		op_restart(0);
	ticks += nr;
}
