// SPDX-License-Identifier: GPL-2.0
/*
 * A page allocator of buddies, with the hooks of page reporting where the
 * patches put them into mm/page_alloc.c. Where it says broken(), it can be told
 * to forget one.
 */
#include "model.h"

#define NO_TYPE		0xffffffffU

static unsigned char types[MAX_PFN];	/* of each pageblock, by its first pfn */

static unsigned long block_start(const struct page *page)
{
	return page_to_pfn(page) & ~(pageblock_nr_pages - 1);
}

int buddy_type(const struct page *page)
{
	return types[block_start(page)];
}

static void set_types(const struct page *page, unsigned int order, int mt)
{
	unsigned long pfn = block_start(page), end = page_to_pfn(page) + (1UL << order);

	for (; pfn < end; pfn += pageblock_nr_pages)
		types[pfn] = mt;
}

static bool mergeable(int mt)
{
	return mt < HIGHATOMIC;
}

static void lock(void)
{
	unsigned long flags;

	spin_lock_irqsave(&the_zone->lock, flags);
	(void)flags;
}

static void unlock(void)
{
	spin_unlock_irqrestore(&the_zone->lock, 0);
}

static void list_insert(struct list_head *list, struct page *page, bool tail)
{
	struct list_head *prev = tail ? list->prev : list;

	page->buddy_list.prev = prev;
	page->buddy_list.next = prev->next;
	prev->next->prev = &page->buddy_list;
	prev->next = &page->buddy_list;
}

static void list_remove(struct page *page)
{
	page->buddy_list.prev->next = page->buddy_list.next;
	page->buddy_list.next->prev = page->buddy_list.prev;
}

static void check_type(const struct page *page, int mt)
{
	if (buddy_type(page) != mt)
		fail("model: pfn %lu is on the wrong free list", page_to_pfn(page));
}

static void link_block(struct page *page, unsigned int order, int mt, bool tail)
{
	check_type(page, mt);
	if (page->page_type != NO_TYPE)
		fail("model: pfn %lu is free already", page_to_pfn(page));
	list_insert(&the_zone->free_list[order][mt], page, tail);
	page->private = order;
	page->page_type = PGTY_buddy << 24;
	truth_link(page, order);
}

/* Whatever hook was called before has seen to what is known of the block */
static void unlink_block(struct page *page, unsigned int order, int mt)
{
	check_type(page, mt);
	if (!PageBuddy(page) || page->private != order)
		fail("model: pfn %lu is no block of order %u", page_to_pfn(page), order);
	if (PageReported(page))
		fail("pfn %lu: leaves its list with PG_reported", page_to_pfn(page));
	list_remove(page);
	page->page_type = NO_TYPE;
	page->private = 0;
	page->index = 0xa5a5a5a5a5a5a5a5;	/* of whom it belongs to */
	truth_unlink(page, order);
}

/* Forget by default */
static void remove_block(struct page *page, unsigned int order, int mt, bool forget)
{
	if (!forget)
		page_reporting_clear(page, the_zone, order);
	else
		__ClearPageReported(page);
	truth_clear(page, order);
	unlink_block(page, order, mt);
}

/* What stays free, and comes back to the lists */
static void detach_block(struct page *page, unsigned int order, int mt, bool forget)
{
	if (forget || broken(BREAK_DETACH))
		page_reporting_clear(page, the_zone, order);
	else if (broken(BREAK_SMALL_COUNT))
		__ClearPageReported(page);
	else if (!broken(BREAK_FLAG))
		page_reporting_detach(page, the_zone, order);
	unlink_block(page, order, mt);
}

/* A hook that leaves the records of what is used alone */
static void take_hook(struct page *page, unsigned int low, unsigned int high)
{
	if (!broken(BREAK_TAKE)) {
		page_reporting_take(page, the_zone, low, high);
		return;
	}
	page_reporting_detach(page, the_zone, high);
	for (; high > low; high--)
		page_reporting_attach(page + (1UL << (high - 1)), high - 1);
}

static bool set_guard(struct page *page, unsigned int order)
{
	if (order >= config.guard)
		return false;
	page->page_type = PGTY_guard << 24;
	page->private = order;
	truth_clear(page, order);
	truth_move(page, order, GUARD);
	return true;
}

static void clear_guard(struct page *page, unsigned int order)
{
	page->page_type = NO_TYPE;
	page->private = 0;
	truth_free(page, order);
}

static bool is_buddy(const struct page *page, const struct page *buddy, unsigned int order)
{
	return (PageBuddy(buddy) || PageGuard(buddy)) && buddy->private == order &&
	       page_zone(buddy) == page_zone(page);
}

static bool captured(struct capture *capc, struct page *page, unsigned int order, int mt)
{
	if (!capc || capc->page || capc->order != order || mt == ISOLATE)
		return false;
	if (order < pageblock_order && mt == MOVABLE && capc->mt != MOVABLE)
		return false;
	capc->page = page;
	return true;
}

/* Returns true if the buddy was known, and attach_hook() has to follow */
static bool merge_hook(struct page *buddy, unsigned int order)
{
	bool known = page_reporting_known(buddy);

	if (broken(BREAK_MERGE))
		page_reporting_clear(buddy, the_zone, order);
	else if (broken(BREAK_SMALL_KEPT) && order < pr_policy.granule_order)
		__ClearPageReported(buddy);
	else
		page_reporting_merge(buddy, the_zone, order);
	return known;
}

static void attach_hook(struct page *page, struct page *half, unsigned int order)
{
	if (!broken(BREAK_ATTACH))
		page_reporting_attach(broken(BREAK_WRONG_BUDDY) ? half : page, order);
}

/* @keep: it was free before, and the worker is not told */
static void free_one(struct page *page, unsigned int order, int mt, bool keep, bool tail,
		     struct capture *capc)
{
	struct page *buddy, *half = page;
	bool freed = !keep;
	int buddy_mt;

	for (; order < MAX_PAGE_ORDER; order++) {
		if (captured(capc, page, order, mt)) {
			if (keep && !broken(BREAK_CAPTURE))
				page_reporting_captured(page, the_zone, order);
			truth_captured(page, order);
			return;
		}
		buddy = pfn_to_page(page_to_pfn(page) ^ (1UL << order));
		if (!is_buddy(page, buddy, order))
			break;
		buddy_mt = mt;
		if (order >= pageblock_order) {
			buddy_mt = buddy_type(buddy);
			if (buddy_mt != mt && !(mergeable(mt) && mergeable(buddy_mt)))
				break;
		}
		if (PageGuard(buddy)) {
			clear_guard(buddy, order);
		} else {
			truth_merge(buddy, order);
			keep |= merge_hook(buddy, order);
			unlink_block(buddy, order, buddy_mt);
		}
		if (buddy_mt != mt)
			set_types(buddy, order, mt);
		half = max(page, buddy);
		page = min(page, buddy);
	}
	/* No matter which, but not always the same */
	link_block(page, order, mt, tail || (page_to_pfn(page) >> order) & 2);
	if (freed)
		truth_new(order);
	if (keep)
		attach_hook(page, half, order);
	if (freed)
		page_reporting_freed(order);
}

/* Free what may be larger than a pageblock, each by its own type */
static void free_blocks(struct page *page, unsigned int order, bool keep, bool tail,
			struct capture *capc)
{
	unsigned long pfn = page_to_pfn(page), end = pfn + (1UL << order);

	order = min(order, pageblock_order);
	for (; pfn < end; pfn += 1UL << order)
		free_one(pfn_to_page(pfn), order, buddy_type(pfn_to_page(pfn)), keep, tail,
			 capc);
}

static void return_blocks(struct page *page, unsigned int order, bool tail)
{
	free_blocks(page, order, !broken(BREAK_KEEP), tail, NULL);
}

static void expand(struct page *page, unsigned int low, unsigned int high, int mt)
{
	while (high > low) {
		struct page *rest = page + (1UL << --high);

		if (!set_guard(rest, high))
			link_block(rest, high, mt, false);
	}
}

static struct page *take(struct page *page, unsigned int low, unsigned int high, int mt)
{
	if (broken(BREAK_SPLIT))
		page_reporting_clear(page, the_zone, high);
	else
		take_hook(page, low, high);
	truth_use(page, low, high);
	unlink_block(page, high, mt);
	expand(page, low, high, mt);
	return page;
}

static struct page *first_free(unsigned int order, int mt)
{
	struct list_head *list = &the_zone->free_list[order][mt];

	return list->next == list ? NULL : list_page(list->next);
}

static struct page *take_smallest(unsigned int order, int mt)
{
	unsigned int high;

	for (high = order; high <= MAX_PAGE_ORDER; high++)
		if (first_free(high, mt))
			return take(first_free(high, mt), order, high, mt);
	return NULL;
}

static void move_to_list(struct page *page, int mt)
{
	check_type(page, buddy_type(page));
	list_remove(page);
	list_insert(&the_zone->free_list[page->private][mt], page, true);
}

static bool block_in_zone(unsigned long pfn)
{
	return pfn >= the_zone->zone_start_pfn &&
	       pfn + pageblock_nr_pages <= zone_end_pfn(the_zone);
}

/* Move what is free of a pageblock to the lists of another type */
static bool move_block(struct page *page, int mt)
{
	unsigned long pfn = block_start(page), end = pfn + pageblock_nr_pages;

	if (!block_in_zone(pfn))
		return false;
	while (pfn < end) {
		page = pfn_to_page(pfn);
		if (PageBuddy(page))
			move_to_list(page, mt);
		pfn += PageBuddy(page) ? 1UL << page->private : 1;
	}
	types[end - pageblock_nr_pages] = mt;
	return true;
}

static unsigned long free_in_block(const struct page *page)
{
	unsigned long pfn = block_start(page), end = pfn + pageblock_nr_pages, nr = 0;

	while (pfn < end) {
		page = pfn_to_page(pfn);
		nr += PageBuddy(page) ? 1UL << page->private : 0;
		pfn += PageBuddy(page) ? 1UL << page->private : 1;
	}
	return nr;
}

/* Take a block of another type, and make it or its pageblock ours */
static struct page *claim(struct page *page, unsigned int order, unsigned int high, int mt)
{
	int old_mt = buddy_type(page);

	if (high >= pageblock_order) {
		if (!broken(BREAK_STEAL))
			take_hook(page, order, high);
		page_reporting_clear(page, the_zone, high);
		truth_use(page, order, high);
		unlink_block(page, high, old_mt);
		set_types(page, high, mt);
		expand(page, order, high, mt);
		return page;
	}
	if (!block_in_zone(block_start(page)) ||
	    free_in_block(page) < pageblock_nr_pages / 2)
		return NULL;
	move_block(page, mt);
	return take_smallest(order, mt);
}

static struct page *fallback(unsigned int high, int mt)
{
	struct page *page;
	int i;

	for (i = 1; i < HIGHATOMIC; i++) {
		page = first_free(high, (mt + i) % HIGHATOMIC);
		if (page)
			return page;
	}
	return NULL;
}

static struct page *allocate(unsigned int order, int mt)
{
	struct page *page = take_smallest(order, mt);
	unsigned int high;

	if (page || !mergeable(mt))
		return page;
	for (high = MAX_PAGE_ORDER + 1; high-- > order;) {
		page = fallback(high, mt);
		if (page)
			page = claim(page, order, high, mt);
		if (page)
			return page;
	}
	for (high = order; high <= MAX_PAGE_ORDER; high++) {
		page = fallback(high, mt);
		if (page)
			return take(page, order, high, buddy_type(page));
	}
	return NULL;
}

struct page *buddy_alloc(unsigned int order, int mt)
{
	struct page *page;

	lock();
	page = allocate(order, mt);
	if (page)
		truth_move(page, order, USED);
	unlock();
	return page;
}

void buddy_free(struct page *page, unsigned int order, struct capture *capc)
{
	lock();
	truth_free(page, order);
	free_blocks(page, order, false, false, capc);
	unlock();
}

/* What was isolated for compaction and is not needed */
void buddy_putback(struct page *page, unsigned int order)
{
	lock();
	truth_free(page, order);
	free_one(page, order, buddy_type(page), !broken(BREAK_KEEP), true, NULL);
	unlock();
}

static void isolate_page(struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), end = pfn + (1UL << order) - 1;

	remove_block(page, order, buddy_type(page), broken(BREAK_ISOLATE));
	if (order + 1 < pageblock_order)
		return;
	for (; pfn < end; pfn += pageblock_nr_pages)
		if (mergeable(buddy_type(pfn_to_page(pfn))))
			move_block(pfn_to_page(pfn), MOVABLE);
}

void buddy_compact(struct page *page)
{
	unsigned int order = page->private;

	lock();
	isolate_page(page, order);
	truth_move(page, order, USED);
	unlock();
}

/* Take a single page out of the free block that it is in */
void buddy_poison(struct page *page)
{
	unsigned long pfn, head_pfn;
	unsigned int order = truth_block(page_to_pfn(page), &head_pfn), high = order;
	struct page *head = pfn_to_page(head_pfn), *part = head, *rest;
	int mt;

	lock();
	mt = buddy_type(head);
	remove_block(head, order, mt, broken(BREAK_POISON));
	for (pfn = page_to_pfn(page); high; ) {
		rest = part + (1UL << --high);
		if (page_to_pfn(rest) <= pfn) {
			rest = part;
			part += 1UL << high;
		}
		if (!set_guard(rest, high))
			link_block(rest, high, mt, false);
	}
	if (!broken(BREAK_WAKE))
		page_reporting_freed(order);
	truth_new(order);
	truth_move(page, 0, POISON);
	unlock();
}

void buddy_unpoison(struct page *page)
{
	lock();
	truth_free(page, 0);
	free_one(page, 0, buddy_type(page), false, false, NULL);
	unlock();
}

/* The free block that a pageblock is in, if it is larger than that */
static struct page *straddling(const struct page *page)
{
	unsigned long head;
	unsigned int order = truth_block(block_start(page), &head);

	return order != NONE && order > pageblock_order ? pfn_to_page(head) : NULL;
}

/* Give a pageblock that is, or was, isolated another type */
static void change_isolation(struct page *page, int mt)
{
	struct page *large = straddling(page);
	unsigned int order;

	if (!large) {
		move_block(page, mt);
		return;
	}
	order = large->private;
	detach_block(large, order, buddy_type(large), false);
	types[block_start(page)] = mt;
	return_blocks(large, order, false);
}

bool buddy_isolate(struct page *page)
{
	bool can = block_in_zone(block_start(page)) && buddy_type(page) != ISOLATE;

	lock();
	if (can)
		change_isolation(page, ISOLATE);
	unlock();
	return can;
}

static bool buddy_is_not_isolated(const struct page *page, unsigned int order)
{
	const struct page *buddy = pfn_to_page(page_to_pfn(page) ^ (1UL << order));

	return is_buddy(page, buddy, order) && buddy_type(buddy) != ISOLATE;
}

bool buddy_unisolate(struct page *page, int mt)
{
	unsigned int order;

	page = pfn_to_page(block_start(page));
	if (!block_in_zone(page_to_pfn(page)) || buddy_type(page) != ISOLATE)
		return false;
	lock();
	order = page->private;
	if (PageBuddy(page) && order == pageblock_order && order < MAX_PAGE_ORDER &&
	    buddy_is_not_isolated(page, order)) {
		/* Freed again, to merge. (Linux 6.12 does that with larger ones,
		 * too, and gets the types of their other pageblocks wrong.)
		 */
		detach_block(page, order, ISOLATE, broken(BREAK_UNDO));
		types[page_to_pfn(page)] = mt;
		free_one(page, order, mt, !broken(BREAK_KEEP), true, NULL);
	} else {
		change_isolation(page, mt);
	}
	unlock();
	return true;
}

/* What reserves a pageblock for others, or gives it back, does */
void buddy_retype(struct page *page, int mt)
{
	struct page *large = straddling(page);

	lock();
	if (large) {
		move_to_list(large, mt);
		set_types(large, large->private, mt);
	} else {
		move_block(page, mt);
	}
	unlock();
}

/* All is free and isolated */
void buddy_offline(unsigned long pfn, unsigned long nr)
{
	unsigned long end = pfn + nr;
	unsigned int order;

	lock();
	while (pfn < end) {
		order = pfn_to_page(pfn)->private;
		remove_block(pfn_to_page(pfn), order, ISOLATE, broken(BREAK_OFFLINE));
		truth_move(pfn_to_page(pfn), order, OFFLINE);
		pfn += 1UL << order;
	}
	unlock();
}

/* In page_alloc.c, too: the worker calls these */
void page_reporting_isolate(struct page *page, struct zone *zone, unsigned int order)
{
	(void)zone;
	detach_block(page, order, buddy_type(page), false);
}

void page_reporting_putback(struct page *page, struct zone *zone, unsigned int order)
{
	(void)zone;
	return_blocks(page, order, true);
}

void buddy_init(void)
{
	unsigned int order, mt;

	memset(types, MOVABLE, sizeof(types));
	for (order = 0; order <= MAX_PAGE_ORDER; order++) {
		for (mt = 0; mt < NR_MIGRATETYPES; mt++) {
			struct list_head *list = &the_zone->free_list[order][mt];

			list->next = list;
			list->prev = list;
		}
	}
}
