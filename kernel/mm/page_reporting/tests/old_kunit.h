/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit tests of free page reporting: records, hooks, worker and walker.
 *
 * The device of the tests overwrites what is reported to it, so whoever uses
 * reported memory sees it. Most tests work inside a frame, a block of the
 * largest order that they own: parts of it that they free can not merge with
 * the outside, and being movable are of no interest to the rest of the kernel.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/memblock.h>
#include <linux/prandom.h>
#include <linux/walk_free_mem.h>

#define PRT_FRAMES	2
#define PRT_FRAME_GFP	(GFP_HIGHUSER_MOVABLE | __GFP_NORETRY | __GFP_NOWARN)
#define PRT_PATTERN	0xa5
/* What users do in a row; watching each access takes time, and so does emulation */
#define PRT_ROUNDS	(IS_ENABLED(CONFIG_KCSAN) ? 200 :			\
			 IS_ENABLED(CONFIG_PROVE_LOCKING) && !IS_ENABLED(CONFIG_UML) ? 1000 : 5000)
/* Nothing comes of age by itself during a test */
#define PRT_MIN_AGE_MS	(3600 * MSEC_PER_SEC)

enum prt_state {
	PRT_NONE,		/* no record */
	PRT_PENDING,
	PRT_REPORTED,
};

/**
 * struct prt_frame - a block of the largest order, free only in parts
 * @page: its first page
 * @held: pages of it that the test holds, each with a reference
 */
struct prt_frame {
	struct page *page;
	DECLARE_BITMAP(held, MAX_ORDER_NR_PAGES);
};

/**
 * struct prt - a test and its device
 * @info: the device
 * @min_age_ms: the user's parameter
 * @fragment_order: another
 * @percent: and target_refault_percent
 * @order: the user's page_reporting_order
 * @registered: report() may be called
 * @poison: overwrite what is reported
 * @block: wait within report() for @go
 * @err: what a report that fails returns
 * @fail_in: the how manieth report from now fails, 0 for none
 * @fail_page: a report that this page is part of fails
 * @entered: report() has begun to wait
 * @go: it may go on
 * @inside: report() is running
 * @reports: calls of report()
 * @bad: what was wrong with them
 * @told: pfns that were reported since prt_forget()
 * @frame: see there
 */
struct prt {
	struct page_reporting_dev_info info;
	unsigned int min_age_ms;
	unsigned int fragment_order;
	unsigned int percent;
	unsigned int order;
	bool registered;
	bool poison;
	bool block;
	int err;
	unsigned int fail_in;
	struct page *fail_page;
	struct completion entered;
	struct completion go;
	atomic_t inside;
	unsigned int reports;
	unsigned int bad;
	unsigned long *told;
	struct prt_frame frame[PRT_FRAMES];
};

#define prt_bad(prt, fmt, ...)						\
do {									\
	(prt)->bad++;							\
	pr_err("test device: " fmt "\n", ##__VA_ARGS__);		\
} while (0)

/* Is what the device was handed what it was promised? */
static void prt_inspect(struct prt *prt, struct scatterlist *sgl,
			unsigned int nents)
{
	unsigned long total = 0, nr, pfn, i;
	struct zone *zone = page_zone(sg_page(sgl));
	unsigned int n;

	if (!prt->registered)
		prt_bad(prt, "called while not registered");
	if (!nents || nents > page_reporting_bufs.capacity)
		prt_bad(prt, "%u entries", nents);

	for (n = 0; n < nents; n++) {
		struct page *page = sg_page(&sgl[n]);

		pfn = page_to_pfn(page);
		nr = sgl[n].length >> PAGE_SHIFT;
		total += nr;
		if (sgl[n].offset || !is_power_of_2(nr) || !IS_ALIGNED(pfn, nr) ||
		    nr < 1UL << page_reporting_least() ||
		    sgl[n].length != nr << PAGE_SHIFT)
			prt_bad(prt, "pfn %#lx: %u bytes at %u", pfn,
				sgl[n].length, sgl[n].offset);
		if (!!sg_is_last(&sgl[n]) != (n == nents - 1))
			prt_bad(prt, "end mark of entry %u of %u", n, nents);
		if (page_zone(page) != zone)
			prt_bad(prt, "pfn %#lx: another zone", pfn);
		for (i = 0; i < nr; i++) {
			if (page_count(page + i) || PageBuddy(page + i)) {
				prt_bad(prt, "pfn %#lx: not isolated", pfn + i);
				break;
			}
		}
	}

	/* Whatever the share exactly is, half of what is free is too much */
	nr = READ_ONCE(page_reporting_isolated);
	if (nr < total || nr > zone_page_state(zone, NR_FREE_PAGES))
		prt_bad(prt, "%lu pages isolated for %lu", nr, total);
}

/* Whether the guest looks for something in its free pages */
static bool prt_keeps(void)
{
	return page_poisoning_enabled_static() || want_init_on_free();
}

static void prt_overwrite(struct scatterlist *sgl, unsigned int nents)
{
	unsigned int n;

	if (prt_keeps())
		return;
	for (n = 0; n < nents; n++) {
		unsigned long nr = sgl[n].length >> PAGE_SHIFT;

		debug_pagealloc_map_pages(sg_page(&sgl[n]), nr);
		memset(page_address(sg_page(&sgl[n])), PRT_PATTERN,
		       sgl[n].length);
		debug_pagealloc_unmap_pages(sg_page(&sgl[n]), nr);
	}
}

static bool prt_fails(struct prt *prt, struct scatterlist *sgl,
		      unsigned int nents)
{
	unsigned int n;

	if (prt->fail_in && !--prt->fail_in)
		return true;
	for (n = 0; prt->fail_page && n < nents; n++) {
		long off = prt->fail_page - sg_page(&sgl[n]);

		if (off >= 0 && off < sgl[n].length >> PAGE_SHIFT)
			return true;
	}
	return false;
}

static int prt_report(struct page_reporting_dev_info *info,
		      struct scatterlist *sgl, unsigned int nents)
{
	struct prt *prt = container_of(info, struct prt, info);
	unsigned int n;
	int err = 0;

	if (atomic_inc_return(&prt->inside) != 1)
		prt_bad(prt, "called twice at a time");
	prt->reports++;
	prt_inspect(prt, sgl, nents);

	if (prt_fails(prt, sgl, nents)) {
		err = prt->err;
		goto out;
	}
	for (n = 0; n < nents; n++)
		bitmap_set(prt->told, page_to_pfn(sg_page(&sgl[n])),
			   sgl[n].length >> PAGE_SHIFT);
	if (prt->poison)
		prt_overwrite(sgl, nents);
	if (prt->block) {
		complete(&prt->entered);
		wait_for_completion(&prt->go);
	} else {
		cond_resched();
	}
	/* Nobody may have been given it in the meantime */
	if (prt->poison)
		prt_overwrite(sgl, nents);
	prt_inspect(prt, sgl, nents);
out:
	atomic_dec(&prt->inside);
	return err;
}

static void prt_forget(struct prt *prt)
{
	bitmap_zero(prt->told, max_pfn);
}

/* How many pages of the range has the device been told of? */
static unsigned long prt_told(struct prt *prt, struct page *page,
			      unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), nr = 0, i;

	for (i = 0; i < 1UL << order; i++)
		nr += test_bit(pfn + i, prt->told);
	return nr;
}

static struct page_reporting_stats prt_stats(void)
{
	struct page_reporting_stats stats;

	page_reporting_sum(&stats);
	return stats;
}

#define PRT_STAT(name) (prt_stats().name)

static struct page_reporting_rec prt_rec(struct page *page)
{
	struct page_reporting_rec *rec, copy = {};
	struct page_ext *ext;
	unsigned long flags;

	spin_lock_irqsave(&page_zone(page)->lock, flags);
	rec = page_reporting_rec_get(page, &ext);
	if (rec) {
		copy = *rec;
		page_ext_put(ext);
	}
	spin_unlock_irqrestore(&page_zone(page)->lock, flags);
	return copy;
}

/* What is known of the unit that begins with @page, under zone->lock */
static enum prt_state prt_state_locked(struct page *page)
{
	unsigned int least = min(page_reporting_granule, page_reporting_least());
	enum prt_state state = PRT_NONE;
	struct page_reporting_rec *rec;
	struct page_ext *ext;
	struct page *head;

	rec = page_reporting_rec_get(page, &ext);
	if (!rec)
		return PRT_NONE;
	/* Never forgiven, wherever the page is */
	if (page_reporting_reported(rec))
		state = PRT_REPORTED;
	else if (static_key_enabled(&page_reporting_enabled) &&
		 page_reporting_block(page, least, &head) < NR_PAGE_ORDERS)
		state = PRT_PENDING;
	page_ext_put(ext);
	return state;
}

/**
 * struct prt_total - what is known of all free memory that is tracked
 * @pages: of each state
 */
struct prt_total {
	unsigned long pages[PRT_REPORTED + 1];
};

static int prt_total_fn(void *opaque, unsigned long pfn, unsigned long num)
{
	unsigned long unit = 1UL << page_reporting_unit(ilog2(num)), i;
	struct prt_total *total = opaque;

	for (i = 0; i < num; i += unit)
		total->pages[prt_state_locked(pfn_to_page(pfn + i))] += unit;
	return 0;
}

static struct prt_total prt_total(void)
{
	struct prt_total total = {};

	walk_free_mem_block(&total, page_reporting_least(), prt_total_fn);
	return total;
}

/* What the zones' own counters say is reported */
static unsigned long prt_counted(void)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		sum += READ_ONCE(zone->pr_reported);
	return sum;
}

/* How many pages from @page on, 2^@order in all, lie in units of a state? */
static unsigned long prt_count(struct page *page, unsigned int order,
			       enum prt_state state)
{
	struct zone *zone = page_zone(page);
	unsigned long nr = 0, i, flags;
	struct page *unit, *head;

	for (i = 0; i < 1UL << order; i++, page++) {
		spin_lock_irqsave(&zone->lock, flags);
		/* A free block of its own, or else a granule */
		if (page_reporting_block(page, 0, &unit) >= page_reporting_granule) {
			unit = page - (page_to_pfn(page) &
				       ((1UL << page_reporting_granule) - 1));
			if (page_reporting_block(unit, 0, &head) < page_reporting_granule)
				unit = page;
		}
		nr += prt_state_locked(unit) == state;
		spin_unlock_irqrestore(&zone->lock, flags);
	}
	return nr;
}

#define PRT_EXPECT(test, page, order, state)				\
do {									\
	const unsigned int __order = (order);				\
									\
	KUNIT_EXPECT_EQ_MSG(test, prt_count(page, __order, state),	\
			    1UL << __order, "granule order %d",		\
			    page_reporting_granule);			\
} while (0)
/* Make a range appear to be free, or reported, for so many ticks */
static void prt_set_age(struct page *page, unsigned int order, u32 freed,
			u32 reported)
{
	struct zone *zone = page_zone(page);
	unsigned long flags, i;
	struct page *head;

	spin_lock_irqsave(&zone->lock, flags);
	/* As if a pass had come by when it was freed */
	i = page_reporting_block(page, 0, &head);
	if (i < NR_PAGE_ORDERS && !(page_reporting_bits(head) & (PR_SEEN | PR_DONE)))
		page_reporting_see(head, i, 0);
	for (i = 0; i < 1UL << order; i += 1UL << page_reporting_unit(order)) {
		u32 now = page_reporting_now();
		struct page_reporting_rec *rec;
		struct page_ext *ext;

		rec = page_reporting_rec_get(page + i, &ext);
		if (!rec)
			continue;
		rec->freed &= ~PR_TIME_MASK;
		rec->freed |= (now - freed) & PR_TIME_MASK;
		if (rec->reported & PR_REPORTED) {
			rec->reported &= ~PR_TIME_MASK;
			rec->reported |= (now - reported) & PR_TIME_MASK;
		}
		page_ext_put(ext);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
}

static int prt_pass(bool force)
{
	int err;

	mutex_lock(&page_reporting_pass_lock);
	err = page_reporting_pass(force);
	mutex_unlock(&page_reporting_pass_lock);
	return err;
}

/* Free a part of a frame as one block */
static void prt_put(struct prt_frame *frame, unsigned int off,
		    unsigned int order)
{
	unsigned int i;

	for (i = 1; i < 1U << order; i++)
		set_page_count(frame->page + off + i, 0);
	bitmap_clear(frame->held, off, 1U << order);
	__free_pages(frame->page + off, order);
	drain_all_pages(NULL);
}

/* Hold a part of a frame that has been allocated by other means */
static void prt_hold(struct prt_frame *frame, unsigned int off,
		     unsigned int order)
{
	unsigned int i;

	for (i = 0; i < 1U << order; i++)
		set_page_count(frame->page + off + i, 1);
	bitmap_set(frame->held, off, 1U << order);
}

static struct prt_frame *prt_frame(struct kunit *test, unsigned int n)
{
	struct prt *prt = test->priv;
	struct prt_frame *frame = &prt->frame[n];

	frame->page = alloc_pages(PRT_FRAME_GFP, MAX_PAGE_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, frame->page);
	split_page(frame->page, MAX_PAGE_ORDER);
	bitmap_fill(frame->held, MAX_ORDER_NR_PAGES);
	return frame;
}

static void prt_frame_free(struct prt_frame *frame)
{
	unsigned int off;

	if (!frame->page)
		return;
	for_each_set_bit(off, frame->held, MAX_ORDER_NR_PAGES)
		__free_page(frame->page + off);
	frame->page = NULL;
	drain_all_pages(NULL);
}

/* Let the free block that a page lies in be the next to be allocated */
static void prt_to_front(struct page *page)
{
	struct zone *zone = page_zone(page);
	unsigned long pfn = page_to_pfn(page), flags;
	struct list_head *list;
	unsigned int order;
	int mt;

	spin_lock_irqsave(&zone->lock, flags);
	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		struct page *head = page - (pfn & ((1UL << order) - 1));

		if (PageBuddy(head) && buddy_order(head) >= order) {
			order = buddy_order(head);
			mt = get_pageblock_migratetype(head);
			list = &zone->free_area[order].free_list[mt];
			list_move(&head->buddy_list, list);
			break;
		}
	}
	spin_unlock_irqrestore(&zone->lock, flags);
}

/*
 * Allocate from the free part of a frame that begins at @off; what comes from
 * elsewhere is freed again. Not for the orders that have lists a CPU.
 */
static void prt_take(struct kunit *test, struct prt_frame *frame,
		     unsigned int off, unsigned int order, gfp_t gfp)
{
	unsigned int tries = 4096;
	struct page *page, *next;
	LIST_HEAD(strays);

	KUNIT_ASSERT_GT(test, order, PAGE_ALLOC_COSTLY_ORDER);
	/* They keep huge pages, too, and take two at a time */
	zone_pcp_disable(page_zone(frame->page));
	while (tries--) {
		prt_to_front(frame->page + off);
		page = alloc_pages(gfp, order);
		if (!page || page == frame->page + off)
			break;
		list_add(&page->lru, &strays);
		page = NULL;
	}
	if (page) {
		split_page(page, order);
		bitmap_set(frame->held, off, 1U << order);
	}
	list_for_each_entry_safe(page, next, &strays, lru) {
		list_del(&page->lru);
		__free_pages(page, order);
	}
	zone_pcp_enable(page_zone(frame->page));
	KUNIT_ASSERT_TRUE(test, test_bit(off, frame->held));
}

static const struct kernel_param prt_order_param = {
	.name = "page_reporting_order",
	.arg = &page_reporting_order,
};

static int prt_set_order(unsigned int order)
{
	char val[12];

	snprintf(val, sizeof(val), "%u", order);
	return page_reporting_set_order(val, &prt_order_param);
}

static void prt_unregister(struct prt *prt)
{
	page_reporting_unregister(&prt->info);
	prt->registered = false;
}

static void prt_register(struct kunit *test)
{
	struct prt *prt = test->priv;

	prt->registered = true;
	KUNIT_ASSERT_EQ(test, page_reporting_register(&prt->info), 0);
}

/* Register the device and let it know all that is free already */
static void prt_start(struct kunit *test, unsigned int granule,
		      unsigned int capacity)
{
	struct prt *prt = test->priv;

	if (prt->registered)
		prt_unregister(prt);
	KUNIT_ASSERT_EQ(test, prt_set_order(granule), 0);
	prt->info.capacity = capacity;
	prt->poison = false;
	prt_register(test);
	KUNIT_ASSERT_EQ(test, page_reporting_flush(), 0);
	prt->poison = true;
	prt_forget(prt);
}

/* Does what must always hold do so? */
static void prt_verify(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct prt_total total;
	unsigned int tries = 10;
	struct zone *zone;

	mutex_lock(&page_reporting_pass_lock);
	for_each_populated_zone(zone)
		KUNIT_EXPECT_EQ_MSG(test, page_reporting_check(zone), 0,
				    "zone %s, granule order %d", zone->name,
				    page_reporting_granule);
	/* The rest of the kernel does not stand still: try more than once */
	do {
		total = prt_total();
	} while ((total.pages[PRT_NONE] ||
		  total.pages[PRT_REPORTED] != prt_counted()) && --tries);
	KUNIT_EXPECT_EQ_MSG(test, total.pages[PRT_NONE], 0,
			    "free, but not tracked, granule order %d",
			    page_reporting_granule);
	KUNIT_EXPECT_EQ_MSG(test, total.pages[PRT_REPORTED], prt_counted(),
			    "granule order %d", page_reporting_granule);
	mutex_unlock(&page_reporting_pass_lock);
	KUNIT_EXPECT_EQ_MSG(test, prt->bad, 0, "see the log");
	prt->bad = 0;
}

/* A freed block is pending, then reported, then in use again */
static void prt_test_state(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct page_reporting_rec rec;
	struct prt_frame *frame;
	u64 refaulted;
	u32 before;

	prt_start(test, MAX_PAGE_ORDER - 1, 0);
	frame = prt_frame(test, 0);
	PRT_EXPECT(test, frame->page, MAX_PAGE_ORDER, PRT_NONE);

	before = page_reporting_now();
	prt_put(frame, 0, MAX_PAGE_ORDER - 1);
	PRT_EXPECT(test, frame->page, MAX_PAGE_ORDER - 1, PRT_PENDING);
	KUNIT_EXPECT_FALSE(test, page_reporting_bits(frame->page));
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_EQ(test, page_reporting_bits(frame->page), PR_SEEN);
	rec = prt_rec(frame->page);
	KUNIT_EXPECT_LE(test, page_reporting_age(page_reporting_now(), rec.freed),
			page_reporting_age(page_reporting_now(), before));
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 0);

	prt_set_age(frame->page, MAX_PAGE_ORDER - 1, 500, 0);
	before = page_reporting_now();
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	PRT_EXPECT(test, frame->page, MAX_PAGE_ORDER - 1, PRT_REPORTED);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER),
			1UL << (MAX_PAGE_ORDER - 1));
	rec = prt_rec(frame->page);
	KUNIT_EXPECT_LE(test, page_reporting_age(page_reporting_now(), rec.reported),
			page_reporting_age(page_reporting_now(), before));
	KUNIT_EXPECT_GE(test, page_reporting_age(page_reporting_now(), rec.freed),
			500);

	/* It is known: a second flush does not report it again */
	prt_forget(prt);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 0);

	refaulted = PRT_STAT(refaulted);
	prt_take(test, frame, 0, MAX_PAGE_ORDER - 1, PRT_FRAME_GFP);
	PRT_EXPECT(test, frame->page, MAX_PAGE_ORDER, PRT_NONE);
	KUNIT_EXPECT_GE(test, PRT_STAT(refaulted) - refaulted,
			1UL << (MAX_PAGE_ORDER - 1));
	if (prt_keeps() || want_init_on_alloc(PRT_FRAME_GFP))
		return;
	KUNIT_EXPECT_NULL(test, memchr_inv(page_address(frame->page), PRT_PATTERN,
					   PAGE_SIZE << (MAX_PAGE_ORDER - 1)));
}

/* One flush is enough for everything, whatever its order, and is the last */
static void prt_test_flush(struct kunit *test)
{
	static const unsigned int granules[] = { 0, 5, MAX_PAGE_ORDER };
	struct prt *prt = test->priv;
	struct prt_total total;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		prt_start(test, granules[i], 0);
		total = prt_total();
		/* One block for what somebody else may have freed since */
		KUNIT_EXPECT_LE_MSG(test, total.pages[PRT_PENDING],
				    MAX_ORDER_NR_PAGES,
				    "left pending, granule order %u", granules[i]);
		KUNIT_EXPECT_GT(test, total.pages[PRT_REPORTED],
				MAX_ORDER_NR_PAGES);
		prt_verify(test);
	}
	prt_unregister(prt);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), -ENODEV);
	total = prt_total();
	KUNIT_EXPECT_EQ(test, total.pages[PRT_PENDING], 0);
	KUNIT_EXPECT_EQ(test, total.pages[PRT_REPORTED], 0);
	KUNIT_EXPECT_EQ(test, prt_counted(), 0);
}

/* Young memory waits, and a pass is queued for when it comes of age */
static void prt_test_age(struct kunit *test)
{
	unsigned int order = MAX_PAGE_ORDER - 1;
	u32 gate = page_reporting_gate(order);
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned long due;

	prt_start(test, order, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, order);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page, order, PRT_PENDING);

	prt_set_age(frame->page, order, gate / 2, 0);
	due = jiffies + gate - gate / 2;
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page, order, PRT_PENDING);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 0);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&page_reporting_work));
	/* A tick passed between setting the age and the pass at most lateness */
	KUNIT_EXPECT_TRUE(test, time_before_eq(page_reporting_work.timer.expires,
					       due + 2));
	KUNIT_EXPECT_TRUE(test, time_after(page_reporting_work.timer.expires,
					   jiffies));

	prt_set_age(frame->page, order, gate, 0);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page, order, PRT_REPORTED);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, order), 1UL << order);
}

/* With nothing pending no work is queued; a free queues it */
static void prt_test_idle(struct kunit *test)
{
	unsigned int order = MAX_PAGE_ORDER - 1, tries = 10;
	struct prt_frame *frame;
	bool idle;

	prt_start(test, order, 0);
	frame = prt_frame(test, 0);
	/* Somebody may free a block at any time: then it is not idle yet */
	do {
		mod_delayed_work(system_freezable_wq, &page_reporting_work, 0);
		flush_delayed_work(&page_reporting_work);
		idle = !delayed_work_pending(&page_reporting_work);
	} while (!idle && --tries);
	KUNIT_EXPECT_TRUE(test, idle);

	prt_put(frame, 0, order - 1);	/* less than a granule */
	idle = !delayed_work_pending(&page_reporting_work);
	KUNIT_EXPECT_TRUE(test, idle || prt_total().pages[PRT_PENDING]);

	prt_put(frame, 1U << order, order);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&page_reporting_work));
	KUNIT_EXPECT_TRUE(test, time_before_eq(page_reporting_work.timer.expires,
					       jiffies + page_reporting_gate(order)));
}

/* Without a minimum age a pass takes what has just been freed */
static void prt_test_no_age(struct kunit *test)
{
	unsigned int order = MAX_PAGE_ORDER - 1;
	struct prt_frame *frame;

	prt_start(test, order, 0);
	frame = prt_frame(test, 0);
	min_age_ms = 0;
	KUNIT_EXPECT_EQ(test, page_reporting_gate(order), 0);
	prt_put(frame, 0, order);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page, order, PRT_REPORTED);
}

/* What is known of a block outlives its merge with a newly freed buddy */
static void prt_test_merge(struct kunit *test)
{
	static const unsigned int granules[] = { 0, 3, 8 };
	struct prt *prt = test->priv;
	struct page_reporting_rec rec, later;
	struct prt_frame *frame;
	u64 kept, redundant;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		prt_start(test, granules[i], 0);
		frame = prt_frame(test, 0);
		prt_put(frame, 0, 8);
		KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
		PRT_EXPECT(test, frame->page, 8, PRT_REPORTED);
		prt_set_age(frame->page, 8, 777, 333);
		rec = prt_rec(frame->page);

		kept = PRT_STAT(kept);
		prt_put(frame, 256, 8);
		KUNIT_EXPECT_TRUE(test, PageBuddy(frame->page));
		KUNIT_EXPECT_EQ(test, buddy_order(frame->page), 9);
		PRT_EXPECT(test, frame->page, 8, PRT_REPORTED);
		PRT_EXPECT(test, frame->page + 256, 8, PRT_PENDING);
		KUNIT_EXPECT_GE(test, PRT_STAT(kept) - kept, 256);
		later = prt_rec(frame->page);
		KUNIT_EXPECT_EQ(test, rec.reported, later.reported);
		KUNIT_EXPECT_EQ(test, rec.freed & PR_TIME_MASK,
				later.freed & PR_TIME_MASK);

		prt_forget(prt);
		redundant = PRT_STAT(redundant);
		KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 8), 0);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page + 256, 8), 256);
		PRT_EXPECT(test, frame->page, 9, PRT_REPORTED);
		KUNIT_EXPECT_EQ(test, PRT_STAT(redundant), redundant);
		later = prt_rec(frame->page);
		KUNIT_EXPECT_EQ(test, rec.reported, later.reported);
		prt_verify(test);
		prt_frame_free(frame);
	}
}

/* Allocating one half keeps what is known of the other */
static void prt_test_split(struct kunit *test)
{
	static const unsigned int granules[] = { 0, 3, 8, 9, 10 };
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		unsigned int order = granules[i] > 8 ? MAX_PAGE_ORDER : 9;
		enum prt_state rest;

		prt_start(test, granules[i], 0);
		rest = page_reporting_granule == order ? PRT_NONE : PRT_REPORTED;
		frame = prt_frame(test, 0);
		prt_put(frame, 0, order);
		KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
		PRT_EXPECT(test, frame->page, order, PRT_REPORTED);

		prt_take(test, frame, 0, order - 1, PRT_FRAME_GFP);
		PRT_EXPECT(test, frame->page, order - 1, PRT_NONE);
		PRT_EXPECT(test, frame->page + (1U << (order - 1)), order - 1,
			   rest);
		prt_verify(test);

		prt_forget(prt);
		prt_put(frame, 0, order - 1);
		KUNIT_EXPECT_EQ(test, buddy_order(frame->page), order);
		KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, order - 1),
				1UL << (order - 1));
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page + (1U << (order - 1)),
					       order - 1),
				rest == PRT_NONE ? 1UL << (order - 1) : 0);
		prt_verify(test);
		prt_frame_free(frame);
	}
}

/* A page smaller than a granule clears that granule, and only that */
static void prt_test_split_below(struct kunit *test)
{
	struct prt_frame *frame;

	prt_start(test, 6, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 9);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	PRT_EXPECT(test, frame->page, 9, PRT_REPORTED);

	prt_take(test, frame, 0, 4, PRT_FRAME_GFP);
	PRT_EXPECT(test, frame->page, 6, PRT_NONE);
	KUNIT_EXPECT_EQ(test, prt_count(frame->page, 9, PRT_REPORTED), 512 - 64);

	/* From what is left of it nothing more is lost, and merging it counts */
	prt_take(test, frame, 16, 4, PRT_FRAME_GFP);
	KUNIT_EXPECT_EQ(test, prt_count(frame->page, 9, PRT_REPORTED), 512 - 64);
	prt_put(frame, 0, 4);
	PRT_EXPECT(test, frame->page, 6, PRT_NONE);
	prt_put(frame, 16, 4);
	KUNIT_EXPECT_EQ(test, buddy_order(frame->page), 9);
	PRT_EXPECT(test, frame->page, 6, PRT_PENDING);
	KUNIT_EXPECT_EQ(test, prt_count(frame->page, 9, PRT_REPORTED), 512 - 64);
}

/* Blocks below a granule are known as a whole, as long as they stay as they are */
static void prt_test_fragment(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	u64 refaulted, dropped;

	fragment_order = 2;
	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 5);
	prt_put(frame, 64, 1);	/* too small */
	prt_put(frame, 128, 2);
	prt_put(frame, 256, 8);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	PRT_EXPECT(test, frame->page, 5, PRT_REPORTED);
	PRT_EXPECT(test, frame->page + 128, 2, PRT_REPORTED);
	PRT_EXPECT(test, frame->page + 256, 8, PRT_REPORTED);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 32 + 4 + 256);
	KUNIT_EXPECT_EQ(test, page_reporting_bits(frame->page), PR_MARK | PR_DONE);
	prt_verify(test);

	/* That is all, until something changes */
	prt_forget(prt);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 0);

	/* A part is taken: it counts as a whole */
	refaulted = PRT_STAT(refaulted);
	prt_take(test, frame, 256, 6, PRT_FRAME_GFP);
	KUNIT_EXPECT_GE(test, PRT_STAT(refaulted) - refaulted, 256);
	KUNIT_EXPECT_EQ(test, prt_count(frame->page + 256, 8, PRT_REPORTED), 0);
	prt_verify(test);

	/* It is merged: forgotten, and reported again with the rest */
	dropped = PRT_STAT(dropped);
	refaulted = PRT_STAT(refaulted);
	prt_put(frame, 32, 5);
	KUNIT_EXPECT_EQ(test, buddy_order(frame->page), 6);
	KUNIT_EXPECT_FALSE(test, page_reporting_bits(frame->page));
	KUNIT_EXPECT_GE(test, PRT_STAT(dropped) - dropped, 32);
	prt_verify(test);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 6), 64);
	PRT_EXPECT(test, frame->page, 6, PRT_REPORTED);
	KUNIT_EXPECT_EQ(test, PRT_STAT(refaulted), refaulted);
	prt_verify(test);

	/* Up to a granule, which keeps what is known from then on */
	for_each_set_bit(refaulted, frame->held, 512)
		prt_put(frame, refaulted, 0);
	KUNIT_EXPECT_GE(test, buddy_order(frame->page), 9);
	prt_verify(test);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	PRT_EXPECT(test, frame->page, 9, PRT_REPORTED);
	prt_verify(test);

	/* A device that takes nothing so small is not bothered */
	prt_frame_free(frame);
	prt->info.fragments = false;
	prt_start(test, 9, 0);
	KUNIT_EXPECT_EQ(test, page_reporting_least(), 9);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 8);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 0);
}

/* The smaller a block the longer it waits, and it takes a sweep to find it */
static void prt_test_age_order(struct kunit *test)
{
	unsigned int base = page_reporting_base(), order;
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	u64 sweeps;

	for (order = 0; order < MAX_PAGE_ORDER; order++)
		KUNIT_EXPECT_EQ(test, page_reporting_gate(order) > page_reporting_gate(order + 1),
				order < base);
	KUNIT_EXPECT_EQ(test, page_reporting_gate(base), msecs_to_jiffies(min_age_ms));

	fragment_order = 3;
	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 5);
	prt_set_age(frame->page, 5, page_reporting_gate(6), 0);
	page_reporting_small.at = jiffies;
	page_reporting_small.waiting = true;
	sweeps = PRT_STAT(sweeps);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_EQ(test, PRT_STAT(sweeps), sweeps + 1);
	PRT_EXPECT(test, frame->page, 5, PRT_PENDING);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 0);
	KUNIT_EXPECT_TRUE(test, page_reporting_small.waiting);

	/* Not before it is time */
	prt_set_age(frame->page, 5, page_reporting_gate(5), 0);
	KUNIT_EXPECT_TRUE(test, time_after(page_reporting_small.at, jiffies));
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_EQ(test, PRT_STAT(sweeps), sweeps + 1);
	PRT_EXPECT(test, frame->page, 5, PRT_PENDING);

	page_reporting_small.at = jiffies;
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page, 5, PRT_REPORTED);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 32);
	prt_verify(test);
}

/* A sweep comes when there is enough to be worth it, and not for less */
static void prt_test_sweep(struct kunit *test)
{
	unsigned long worth = totalram_pages() / PR_WORTH;
	struct prt_frame *frame;
	unsigned int off;

	fragment_order = 3;
	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	KUNIT_ASSERT_LT(test, worth, 512);
	KUNIT_EXPECT_FALSE(test, page_reporting_small.waiting);
	prt_put(frame, 0, 3);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_FALSE(test, page_reporting_small.waiting);
	KUNIT_EXPECT_FALSE(test, page_reporting_bits(frame->page));

	/* Large blocks do not hide what there is of small ones */
	prt_put(frame, 512, 9);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_FALSE(test, page_reporting_small.waiting);
	prt_set_age(frame->page + 512, 9, page_reporting_gate(9), 0);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page + 512, 9, PRT_REPORTED);
	for (off = 16; off < 512; off += 16)
		prt_put(frame, off, 3);
	prt_put(frame, 8, 3);
	if (worth < 256) {
		KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
		KUNIT_EXPECT_TRUE(test, page_reporting_small.waiting);
		KUNIT_EXPECT_TRUE(test, delayed_work_pending(&page_reporting_work));
		page_reporting_small.at = jiffies;
	}

	/* A parameter that changes is a reason to look at everything */
	page_reporting_small.waiting = false;
	page_reporting_small.at = jiffies + HZ * 1000;
	WRITE_ONCE(page_reporting_changed, true);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_EQ(test, page_reporting_bits(frame->page + 496), PR_SEEN);
	KUNIT_EXPECT_TRUE(test, page_reporting_small.waiting);
	KUNIT_EXPECT_FALSE(test, page_reporting_changed);
}

/* What was free before the device came waits longer than what is freed */
static void prt_test_adopt(struct kunit *test)
{
	unsigned int order = MAX_PAGE_ORDER - 1;
	struct prt *prt = test->priv;
	struct prt_frame *frame[2];

	prt_start(test, order, 0);
	frame[0] = prt_frame(test, 0);
	frame[1] = prt_frame(test, 1);
	prt_put(frame[0], 0, order);
	prt_unregister(prt);
	prt->poison = false;
	prt_register(test);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_EQ(test, page_reporting_bits(frame[0]->page), PR_SEEN | PR_ADOPTED);
	prt_put(frame[1], 0, order);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_EQ(test, page_reporting_bits(frame[1]->page), PR_SEEN);

	prt_set_age(frame[0]->page, order, page_reporting_gate(order), 0);
	prt_set_age(frame[1]->page, order, page_reporting_gate(order), 0);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame[0]->page, order, PRT_PENDING);
	PRT_EXPECT(test, frame[1]->page, order, PRT_REPORTED);
	prt_set_age(frame[0]->page, order,
		    page_reporting_gate(order) << PR_ADOPT_SHIFT, 0);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame[0]->page, order, PRT_REPORTED);
}

/* Pretend that so many pages were reported, and so many of them soon used */
static void prt_tune(unsigned long reported, unsigned long soon, u32 ago)
{
	page_reporting_tuned.since = jiffies - ago;
	page_reporting_tuned.halved = jiffies;
	this_cpu_add(page_reporting_stats.reported, reported);
	this_cpu_add(page_reporting_stats.soon, soon);
	page_reporting_tune();
}

/* Reports that turn out wrong raise the age, calm lowers it again */
static void prt_test_tune(struct kunit *test)
{
	u32 gate = page_reporting_gate(9), calm = PR_TUNE_CALM * gate + 1;
	unsigned long many = totalram_pages() / 2;
	struct prt *prt = test->priv;
	unsigned int i;

	prt_start(test, 9, 0);
	/* Nobody else's passes shall interfere */
	mutex_lock(&page_reporting_pass_lock);
	prt_tune(many, many, gate);
	KUNIT_EXPECT_EQ(test, page_reporting_gate(9), gate);	/* a fixed age */

	target_refault_percent = 10;
	page_reporting_tuned.reported = 0;
	page_reporting_tuned.soon = 0;
	prt_tune(many, many / 11, gate);
	KUNIT_EXPECT_EQ(test, page_reporting_gate(9), gate);
	prt_tune(0, many / 11, gate / 2);	/* too much, but too early to tell */
	KUNIT_EXPECT_EQ(test, page_reporting_gate(9), gate);
	prt_tune(0, 0, gate);
	KUNIT_EXPECT_EQ(test, page_reporting_gate(9), 2 * gate);
	KUNIT_EXPECT_EQ(test, page_reporting_gate(8), 3 * gate);
	/* Next to nothing is no reason */
	prt_tune(0, 1, 2 * gate);
	KUNIT_EXPECT_EQ(test, page_reporting_gate(9), 2 * gate);
	for (i = 0; i < 10; i++) {
		page_reporting_tuned.reported = 0;
		prt_tune(many, many, PR_AGE_MAX);
	}
	KUNIT_EXPECT_EQ(test, page_reporting_gate(9), gate << PR_TUNE_MAX);

	/* What was long ago has less and less weight */
	page_reporting_tuned.reported = 1024;
	page_reporting_tuned.soon = 512;
	page_reporting_tuned.halved = jiffies - 3 * (page_reporting_horizon() + 1);
	page_reporting_tune_count();
	KUNIT_EXPECT_EQ(test, page_reporting_tuned.reported, 128);
	KUNIT_EXPECT_EQ(test, page_reporting_tuned.soon, 64);

	prt_tune(many, 0, calm / 2);
	KUNIT_EXPECT_EQ(test, page_reporting_gate(9), gate << PR_TUNE_MAX);
	prt_tune(many, 0, calm);
	KUNIT_EXPECT_EQ(test, page_reporting_gate(9), gate << (PR_TUNE_MAX - 1));
	prt_tune(0, 0, calm * 3);
	KUNIT_EXPECT_EQ(test, page_reporting_gate(9), gate << (PR_TUNE_MAX - 4));
	prt_tune(0, 0, calm * 100);
	KUNIT_EXPECT_EQ(test, page_reporting_gate(9), gate);

	target_refault_percent = 0;
	KUNIT_EXPECT_EQ(test, page_reporting_gate(9), gate);
	mutex_unlock(&page_reporting_pass_lock);
	KUNIT_EXPECT_EQ(test, prt->bad, 0);
}

/* The time from report to reuse is known, and counted as soon or not */
static void prt_test_refault_age(struct kunit *test)
{
	u32 horizon = page_reporting_horizon(), ages[2] = { horizon - 10, horizon + 10 };
	struct prt_frame *frame;
	unsigned int i, class;
	u64 soon, counted;

	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	for (i = 0; i < 2; i++) {
		prt_put(frame, 0, 9);
		KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
		prt_set_age(frame->page, 9, ages[i] + 1, ages[i]);
		class = page_reporting_age_class(ages[i]);
		KUNIT_EXPECT_TRUE(test, class == PR_AGES - 1 ||
				  page_reporting_msecs(ages[i]) < 1U << class);
		KUNIT_EXPECT_GE(test, page_reporting_msecs(ages[i]), 1U << (class - 1));
		soon = PRT_STAT(soon);
		counted = PRT_STAT(refault_age[class]);
		prt_take(test, frame, 0, 9, PRT_FRAME_GFP);
		KUNIT_EXPECT_GE(test, PRT_STAT(soon) - soon, i ? 0 : 512);
		if (i)
			KUNIT_EXPECT_LT(test, PRT_STAT(soon) - soon, 512);
		KUNIT_EXPECT_GE(test, PRT_STAT(refault_age[class]) - counted, 512);
	}
	KUNIT_EXPECT_EQ(test, page_reporting_age_class(0), 0);
	KUNIT_EXPECT_EQ(test, page_reporting_age_class(PR_AGE_MAX), PR_AGES - 1);
}

/* At 100 Hz 2^30 ticks are 124 days, 32 bits of milliseconds are 49 */
static void prt_test_msecs(struct kunit *test)
{
	u32 days_50 = min_t(u64, 50ULL * 86400 * HZ, PR_TIME_MASK);

	KUNIT_EXPECT_EQ(test, page_reporting_msecs(0), 0);
	KUNIT_EXPECT_EQ(test, page_reporting_msecs(HZ), MSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, page_reporting_msecs(days_50),
			min_t(u64, div_u64((u64)days_50 * MSEC_PER_SEC, HZ), UINT_MAX));
	KUNIT_EXPECT_EQ(test, page_reporting_age_class(days_50), PR_AGES - 1);
}

/* Compaction captures a free after a merge: the buddy may be reported */
static void prt_test_capture(struct kunit *test)
{
#ifdef CONFIG_COMPACTION
	static const unsigned int granules[] = { 0, 4, 8, 9 };
	struct compact_control cc = {
		.order = 9,
		.migratetype = MIGRATE_MOVABLE,
	};
	struct capture_control capc = { .cc = &cc };
	struct prt_frame *frame;
	unsigned long flags;
	unsigned int i, j;
	u64 refaulted;

	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		enum prt_state state = granules[i] > 8 ? PRT_NONE : PRT_REPORTED;

		prt_start(test, granules[i], 0);
		frame = prt_frame(test, 0);
		prt_put(frame, 0, 8);
		KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
		PRT_EXPECT(test, frame->page, 8, state);
		for (j = 1; j < 256; j++)
			set_page_count(frame->page + 256 + j, 0);
		cc.zone = page_zone(frame->page);
		capc.page = NULL;
		refaulted = PRT_STAT(refaulted);

		/* Only a user's allocation captures; nobody else shall now */
		local_irq_save(flags);
		current->flags &= ~PF_KTHREAD;
		current->capture_control = &capc;
		__free_pages(frame->page + 256, 8);
		current->capture_control = NULL;
		current->flags |= PF_KTHREAD;
		local_irq_restore(flags);

		KUNIT_EXPECT_PTR_EQ(test, capc.page, frame->page);
		if (capc.page) {
			prt_hold(frame, 0, 9);
			PRT_EXPECT(test, frame->page, 9, PRT_NONE);
			KUNIT_EXPECT_GE(test, PRT_STAT(refaulted) - refaulted,
					state == PRT_REPORTED ? 256 : 0);
		} else {
			bitmap_clear(frame->held, 0, 512);
		}
		prt_verify(test);
		prt_frame_free(frame);
	}
#else
	kunit_skip(test, "without CONFIG_COMPACTION nothing is captured");
#endif
}

/* Who isolates a free page is a user; put back it is free anew */
static void prt_test_isolate_page(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned long flags, nr;
	struct zone *zone;

	prt_start(test, 4, 0);
	frame = prt_frame(test, 0);
	zone = page_zone(frame->page);
	prt_put(frame, 0, 8);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	PRT_EXPECT(test, frame->page, 8, PRT_REPORTED);

	spin_lock_irqsave(&zone->lock, flags);
	nr = __isolate_free_page(frame->page, 8);
	spin_unlock_irqrestore(&zone->lock, flags);
	KUNIT_ASSERT_EQ(test, nr, 256);
	PRT_EXPECT(test, frame->page, 8, PRT_NONE);
	prt_verify(test);

	spin_lock_irqsave(&zone->lock, flags);
	__putback_isolated_page(frame->page, 8,
				get_pageblock_migratetype(frame->page));
	spin_unlock_irqrestore(&zone->lock, flags);
	PRT_EXPECT(test, frame->page, 8, PRT_PENDING);

	prt_forget(prt);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 8), 256);
}

/*
 * A frame that is free as a whole, the first half reported, the other not; for
 * tests of isolation, which not every configuration has
 */
static __maybe_unused struct prt_frame *prt_half_reported(struct kunit *test)
{
	struct prt_frame *frame = prt_frame(test, 0);
	struct prt *prt = test->priv;

	prt_put(frame, 0, MAX_PAGE_ORDER - 1);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	prt_put(frame, 1U << (MAX_PAGE_ORDER - 1), MAX_PAGE_ORDER - 1);
	KUNIT_EXPECT_EQ(test, buddy_order(frame->page), MAX_PAGE_ORDER);
	prt_forget(prt);
	return frame;
}

/* Isolating a pageblock moves its free pages, and keeps them from reports */
static void prt_test_isolate_block(struct kunit *test)
{
#ifdef CONFIG_MEMORY_ISOLATION
	unsigned int half = MAX_PAGE_ORDER - 1;
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned long start, end;
	struct page *second;

	prt_start(test, 4, 0);
	frame = prt_half_reported(test);
	second = frame->page + (1U << half);
	/* The whole frame, or its second half, depending on the pageblock */
	end = page_to_pfn(frame->page) + MAX_ORDER_NR_PAGES;
	start = end - pageblock_nr_pages;
	KUNIT_ASSERT_GE(test, pageblock_order, half);
	KUNIT_ASSERT_EQ(test, start_isolate_page_range(start, end, MIGRATE_MOVABLE,
						       0, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, get_pageblock_migratetype(second), MIGRATE_ISOLATE);
	PRT_EXPECT(test, frame->page, half, PRT_REPORTED);
	PRT_EXPECT(test, second, half, PRT_PENDING);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	PRT_EXPECT(test, second, half, PRT_PENDING);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 0);
	prt_verify(test);

	undo_isolate_page_range(start, end, MIGRATE_MOVABLE);
	PRT_EXPECT(test, frame->page, half, PRT_REPORTED);
	PRT_EXPECT(test, second, half, PRT_PENDING);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, half), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, second, half), 1UL << half);
#else
	kunit_skip(test, "without CONFIG_MEMORY_ISOLATION");
#endif
}

/* alloc_contig_range() takes free pages by another way than rmqueue() */
static void prt_test_contig(struct kunit *test)
{
#ifdef CONFIG_CONTIG_ALLOC
	unsigned int half = MAX_PAGE_ORDER - 1;
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned long pfn;

	prt_start(test, 4, 0);
	frame = prt_half_reported(test);
	pfn = page_to_pfn(frame->page);
	KUNIT_ASSERT_EQ(test, alloc_contig_range(pfn, pfn + (1UL << half),
						 MIGRATE_MOVABLE, GFP_KERNEL), 0);
	bitmap_set(frame->held, 0, 1U << half);
	PRT_EXPECT(test, frame->page, half, PRT_NONE);
	drain_all_pages(NULL);
	PRT_EXPECT(test, frame->page + (1U << half), half, PRT_PENDING);
	prt_verify(test);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, half), 0);
#else
	kunit_skip(test, "without CONFIG_CONTIG_ALLOC");
#endif
}

/* A fallback steals a whole pageblock and hands out a part of it */
static void prt_test_steal(struct kunit *test)
{
	struct prt_frame *frame;

	prt_start(test, 4, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, MAX_PAGE_ORDER);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	PRT_EXPECT(test, frame->page, MAX_PAGE_ORDER, PRT_REPORTED);
	KUNIT_ASSERT_EQ(test, get_pageblock_migratetype(frame->page),
			MIGRATE_MOVABLE);

	prt_take(test, frame, 0, 8, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	KUNIT_EXPECT_EQ(test, get_pageblock_migratetype(frame->page),
			MIGRATE_UNMOVABLE);
	PRT_EXPECT(test, frame->page, 8, PRT_NONE);
	PRT_EXPECT(test, frame->page + 256, 8, PRT_REPORTED);
	PRT_EXPECT(test, frame->page + 512, 9, PRT_REPORTED);
}

/* Guard pages leave the free lists without being handed out */
static void prt_test_guard(struct kunit *test)
{
#ifdef CONFIG_DEBUG_PAGEALLOC
	static const unsigned int granules[] = { 0, 4, 6 };
	unsigned int minorder = _debug_guardpage_minorder, i;
	struct prt_frame *frame;

	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		prt_start(test, granules[i], 0);
		frame = prt_frame(test, 0);
		prt_put(frame, 0, 9);
		KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
		PRT_EXPECT(test, frame->page, 9, PRT_REPORTED);

		_debug_guardpage_minorder = 8;
		static_branch_inc(&_debug_guardpage_enabled);
		prt_take(test, frame, 0, 4, PRT_FRAME_GFP);
		KUNIT_EXPECT_TRUE(test, page_is_guard(frame->page + 128));
		PRT_EXPECT(test, frame->page, 8, PRT_NONE);
		PRT_EXPECT(test, frame->page + 256, 8, PRT_REPORTED);
		prt_verify(test);

		prt_put(frame, 0, 4);
		static_branch_dec(&_debug_guardpage_enabled);
		_debug_guardpage_minorder = minorder;
		KUNIT_EXPECT_EQ(test, buddy_order(frame->page), 9);
		PRT_EXPECT(test, frame->page, 8, PRT_PENDING);
		PRT_EXPECT(test, frame->page + 256, 8, PRT_REPORTED);
		prt_verify(test);
		prt_frame_free(frame);
	}
#else
	kunit_skip(test, "without CONFIG_DEBUG_PAGEALLOC");
#endif
}

/* A poisoned page leaves from the middle of a free block */
static void prt_test_hwpoison(struct kunit *test)
{
#ifdef CONFIG_MEMORY_FAILURE
	static const unsigned int granules[] = { 0, 4, 9 };
	struct prt_frame *frame;
	struct page *page;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		unsigned int first = round_down(85, 1U << granules[i]);

		prt_start(test, granules[i], 0);
		frame = prt_frame(test, 0);
		prt_put(frame, 0, 9);
		KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
		PRT_EXPECT(test, frame->page, 9, PRT_REPORTED);

		page = frame->page + 85;
		KUNIT_ASSERT_TRUE(test, take_page_off_buddy(page));
		PRT_EXPECT(test, frame->page + first, granules[i], PRT_NONE);
		KUNIT_EXPECT_EQ(test, prt_count(frame->page, 9, PRT_PENDING),
				512 - (1U << granules[i]));
		prt_verify(test);

		page_ref_inc(page);
		SetPageHWPoison(page);
		KUNIT_EXPECT_TRUE(test, put_page_back_buddy(page));
		PRT_EXPECT(test, frame->page, 9, PRT_PENDING);
		prt_verify(test);
		prt_frame_free(frame);
	}
#else
	kunit_skip(test, "without CONFIG_MEMORY_FAILURE, which UML does not have");
#endif
}

/* Stamps have 30 bits */
static void prt_test_wrap(struct kunit *test)
{
	static const u32 times[] = {
		0, 1, 1000, PR_AGE_MAX, PR_TIME_MASK - 1, PR_TIME_MASK,
	};
	unsigned int order = MAX_PAGE_ORDER - 1, i;
	struct page_reporting_rec rec, young;
	struct prt_frame *frame;
	u32 now, stamp;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		now = times[i];
		stamp = PR_REPORTED | ((now - 10) & PR_TIME_MASK);
		KUNIT_EXPECT_EQ(test, page_reporting_age(now, stamp), 10);
		stamp = (now - PR_AGE_MAX - 77) & PR_TIME_MASK;
		KUNIT_EXPECT_EQ(test, page_reporting_age(now, stamp), PR_AGE_MAX + 77);
	}

	prt_start(test, order, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, order);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	/* Far enough beyond for the slowest of machines */
	prt_set_age(frame->page, order, PR_AGE_MAX + 3000 * HZ, PR_AGE_MAX + 2000 * HZ);
	page_reporting_clamp();
	now = page_reporting_now();
	rec = prt_rec(frame->page);
	PRT_EXPECT(test, frame->page, order, PRT_REPORTED);
	KUNIT_EXPECT_GE(test, page_reporting_age(now, rec.freed), PR_AGE_MAX);
	KUNIT_EXPECT_LT(test, page_reporting_age(now, rec.freed), PR_AGE_MAX + 1000 * HZ);
	KUNIT_EXPECT_GE(test, page_reporting_age(now, rec.reported), PR_AGE_MAX);
	KUNIT_EXPECT_LT(test, page_reporting_age(now, rec.reported), PR_AGE_MAX + 1000 * HZ);
	prt_verify(test);

	/* Recent ones are left alone, and old ones stay old enough to report */
	prt_set_age(frame->page, order, PR_AGE_MAX + 5000, 1000);
	young = prt_rec(frame->page);
	page_reporting_clamp();
	rec = prt_rec(frame->page);
	KUNIT_EXPECT_EQ(test, rec.reported, young.reported);
	KUNIT_EXPECT_NE(test, rec.freed, young.freed);
	prt_take(test, frame, 0, order, PRT_FRAME_GFP);
	prt_put(frame, 0, order);
	prt_set_age(frame->page, order, PR_AGE_MAX + 5000, 0);
	page_reporting_clamp();
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page, order, PRT_REPORTED);
}

/* A device that fails costs nothing but time */
static void prt_test_error(struct kunit *test)
{
	unsigned int order = MAX_PAGE_ORDER - 1, ms, i;
	struct prt *prt = test->priv;
	struct prt_frame *frame[2];
	u64 failed, errors;

	prt_start(test, order, 0);
	frame[0] = prt_frame(test, 0);
	frame[1] = prt_frame(test, 1);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	KUNIT_EXPECT_EQ(test, page_reporting_backoff_ms, 0);

	/* All of a batch, again and again */
	for (i = 0; i < 2; i++)
		prt_put(frame[i], 0, order);
	prt_forget(prt);
	for (ms = PR_BACKOFF_MIN_MS, i = 0; i < 10; i++) {
		failed = PRT_STAT(failed);
		errors = PRT_STAT(errors);
		prt->fail_in = 1;
		KUNIT_EXPECT_EQ(test, page_reporting_flush(), -EIO);
		PRT_EXPECT(test, frame[0]->page, order, PRT_PENDING);
		PRT_EXPECT(test, frame[1]->page, order, PRT_PENDING);
		KUNIT_EXPECT_TRUE(test, PageBuddy(frame[0]->page));
		KUNIT_EXPECT_TRUE(test, PageBuddy(frame[1]->page));
		KUNIT_EXPECT_GE(test, PRT_STAT(failed) - failed, 2UL << order);
		KUNIT_EXPECT_EQ(test, PRT_STAT(errors) - errors, 1);
		KUNIT_EXPECT_EQ(test, page_reporting_backoff_ms, ms);
		KUNIT_EXPECT_TRUE(test, delayed_work_pending(&page_reporting_work));
		KUNIT_EXPECT_TRUE(test,
				  time_before_eq(page_reporting_work.timer.expires,
						 jiffies + msecs_to_jiffies(ms)));
		ms = min(ms * 2, PR_BACKOFF_MAX_MS);
		prt_verify(test);
	}
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame[0]->page, order), 0);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	KUNIT_EXPECT_EQ(test, page_reporting_backoff_ms, 0);
	PRT_EXPECT(test, frame[0]->page, order, PRT_REPORTED);
	PRT_EXPECT(test, frame[1]->page, order, PRT_REPORTED);
	prt_frame_free(frame[0]);
	prt_frame_free(frame[1]);

	/* Errors that the worker has a meaning of its own for are no others */
	frame[0] = prt_frame(test, 0);
	prt_put(frame[0], 0, order);
	prt->err = -ECANCELED;
	for (i = 0; i < 2; i++) {
		prt->fail_in = 1;
		KUNIT_EXPECT_EQ(test, page_reporting_flush(), prt->err);
		KUNIT_EXPECT_EQ(test, page_reporting_backoff_ms, PR_BACKOFF_MIN_MS << i);
		KUNIT_EXPECT_TRUE(test, delayed_work_pending(&page_reporting_work));
		PRT_EXPECT(test, frame[0]->page, order, PRT_PENDING);
		prt->err = -EINTR;
	}
	prt->err = -EIO;
	prt_frame_free(frame[0]);

	/* In the middle of a pass: what went before stays reported */
	prt_start(test, order, 1);
	for (i = 0; i < 2; i++) {
		frame[i] = prt_frame(test, i);
		prt_put(frame[i], 0, order);
	}
	if (frame[0]->page > frame[1]->page)
		swap(frame[0], frame[1]);
	prt->fail_page = frame[1]->page;
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), -EIO);
	PRT_EXPECT(test, frame[0]->page, order, PRT_REPORTED);
	PRT_EXPECT(test, frame[1]->page, order, PRT_PENDING);
	prt->fail_page = NULL;
	prt_forget(prt);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame[0]->page, order), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame[1]->page, order), 1UL << order);
}

/* Devices that take few entries get them all, aligned and in more reports */
static void prt_test_capacity(struct kunit *test)
{
	static const unsigned int capacities[] = { 1, 3, 0, PAGE_REPORTING_CAPACITY + 1 };
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned int i, off, reports, capacity;

	for (i = 0; i < ARRAY_SIZE(capacities); i++) {
		prt_start(test, 0, capacities[i]);
		capacity = page_reporting_bufs.capacity;
		KUNIT_EXPECT_EQ(test, capacity, i < 2 ? capacities[i] :
						    PAGE_REPORTING_CAPACITY);
		frame = prt_frame(test, 0);
		prt_put(frame, 0, 0);
		KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
		prt_forget(prt);

		/* 1, 2-3, 4-7, 8-15, 16-31 of one block */
		for (off = 1; off < 32; off++)
			prt_put(frame, off, 0);
		KUNIT_EXPECT_EQ(test, buddy_order(frame->page), 5);
		/* and pages on their own */
		for (off = 65; off < 128; off += 2)
			prt_put(frame, off, 0);
		reports = prt->reports;
		KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
		KUNIT_EXPECT_GE(test, prt->reports - reports,
				DIV_ROUND_UP(5 + 32, capacity));
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 0), 0);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 5), 31);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER),
				31 + 32);
		PRT_EXPECT(test, frame->page, 5, PRT_REPORTED);
		prt_verify(test);
		prt_frame_free(frame);
	}
}

static unsigned int prt_other_reports;

static int prt_other_report(struct page_reporting_dev_info *info,
			    struct scatterlist *sgl, unsigned int nents)
{
	prt_other_reports++;
	return 0;
}

/* There is one device at a time, and nobody else can take it away */
static void prt_test_busy(struct kunit *test)
{
	struct page_reporting_dev_info other = { .report = prt_other_report };
	struct prt *prt = test->priv;
	struct prt_frame *frame;

	prt_start(test, 9, 0);
	KUNIT_EXPECT_EQ(test, page_reporting_register(&other), -EBUSY);
	KUNIT_EXPECT_EQ(test, page_reporting_register(&prt->info), -EBUSY);
	page_reporting_unregister(&other);
	KUNIT_EXPECT_TRUE(test, static_key_enabled(&page_reporting_enabled));
	KUNIT_EXPECT_EQ(test, prt_other_reports, 0);

	frame = prt_frame(test, 0);
	prt_put(frame, 0, 9);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 512);
}

/* Something to do at the same time */
struct prt_call {
	struct work_struct work;
	struct prt *prt;
	unsigned int order;
	bool stop;
	int ret;
};

static void prt_call(struct prt_call *call, struct prt *prt,
		     void (*fn)(struct work_struct *work))
{
	call->prt = prt;
	INIT_WORK_ONSTACK(&call->work, fn);
	queue_work(system_unbound_wq, &call->work);
}

static void prt_join(struct prt_call *call)
{
	flush_work(&call->work);
	destroy_work_on_stack(&call->work);
}

static void prt_flush_fn(struct work_struct *work)
{
	struct prt_call *call = container_of(work, struct prt_call, work);

	call->ret = page_reporting_flush();
}

static void prt_unregister_fn(struct work_struct *work)
{
	struct prt_call *call = container_of(work, struct prt_call, work);

	prt_unregister(call->prt);
}

static void prt_set_order_fn(struct work_struct *work)
{
	struct prt_call *call = container_of(work, struct prt_call, work);

	call->ret = prt_set_order(call->order);
}

/* Let the device wait in the middle of a report of the frame's first half */
static struct prt_frame *prt_block(struct kunit *test, struct prt_call *flush)
{
	struct prt_frame *frame = prt_frame(test, 0);
	struct prt *prt = test->priv;

	prt_put(frame, 0, 9);
	prt->block = true;
	prt_call(flush, prt, prt_flush_fn);
	/* Rather a failure than a hang if it is never called */
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&prt->entered, 60 * HZ), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 512);
	KUNIT_EXPECT_FALSE(test, PageBuddy(frame->page));
	KUNIT_EXPECT_EQ(test, atomic_read(&prt->inside), 1);
	return frame;
}

static void prt_unblock(struct prt *prt)
{
	prt->block = false;
	complete_all(&prt->go);
}

/* Unregistering waits for a report in progress, and there is none after it */
static void prt_test_unregister(struct kunit *test)
{
	struct prt_call flush = {}, unregister = {};
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned int reports;

	prt_start(test, 9, 0);
	frame = prt_block(test, &flush);
	prt_call(&unregister, prt, prt_unregister_fn);
	/* It has every chance to return too early */
	msleep(50);
	KUNIT_EXPECT_TRUE(test, work_busy(&unregister.work));
	KUNIT_EXPECT_TRUE(test, prt->registered);
	KUNIT_EXPECT_FALSE(test, PageBuddy(frame->page));
	reports = prt->reports;
	prt_unblock(prt);
	prt_join(&unregister);
	KUNIT_EXPECT_EQ(test, atomic_read(&prt->inside), 0);
	prt_join(&flush);
	KUNIT_EXPECT_TRUE(test, flush.ret == 0 || flush.ret == -ECANCELED);
	KUNIT_EXPECT_EQ(test, prt->reports, reports);
	KUNIT_EXPECT_TRUE(test, PageBuddy(frame->page));

	/* It is as if there had been no device */
	KUNIT_EXPECT_FALSE(test, static_key_enabled(&page_reporting_enabled));
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&page_reporting_work));
	KUNIT_EXPECT_EQ(test, prt_counted(), 0);
	PRT_EXPECT(test, frame->page, 9, PRT_NONE);
	prt_put(frame, 512, 8);
	PRT_EXPECT(test, frame->page, 10, PRT_NONE);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), -ENODEV);
	KUNIT_EXPECT_EQ(test, prt->reports, reports);

	/* The next device learns of everything */
	prt_forget(prt);
	prt->poison = false;
	KUNIT_ASSERT_EQ(test, prt_set_order(8), 0);
	prt_register(test);
	PRT_EXPECT(test, frame->page, 9, PRT_PENDING);
	PRT_EXPECT(test, frame->page + 512, 8, PRT_PENDING);
	prt_verify(test);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&page_reporting_work));
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 10), 768);
	KUNIT_EXPECT_GT(test, prt->reports, reports);
}

/* The order of granules can change at any time */
static void prt_test_order(struct kunit *test)
{
	struct prt_call flush = {}, change = { .order = 4 };
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	u64 redundant;

	prt_start(test, 9, 0);
	KUNIT_EXPECT_EQ(test, page_reporting_set_order("frog", &prt_order_param), -EINVAL);
	KUNIT_EXPECT_EQ(test, prt_set_order(MAX_PAGE_ORDER + 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, page_reporting_granule, 9);

	frame = prt_block(test, &flush);
	prt_call(&change, prt, prt_set_order_fn);
	msleep(50);
	/* The device is promised granules of the order it knows */
	KUNIT_EXPECT_EQ(test, page_reporting_granule, 9);
	prt_unblock(prt);
	prt_join(&change);
	KUNIT_EXPECT_EQ(test, change.ret, 0);
	prt_join(&flush);
	KUNIT_EXPECT_TRUE(test, flush.ret == 0 || flush.ret == -ECANCELED);
	KUNIT_EXPECT_EQ(test, page_reporting_granule, 4);
	KUNIT_EXPECT_TRUE(test, static_key_enabled(&page_reporting_enabled));
	prt_verify(test);

	prt->poison = false;
	redundant = PRT_STAT(redundant);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	/* It had been told that before, with another order */
	KUNIT_EXPECT_GE(test, PRT_STAT(redundant) - redundant, 512);
	prt->poison = true;
	PRT_EXPECT(test, frame->page, 9, PRT_REPORTED);
	prt_forget(prt);
	prt_put(frame, 512, 4);
	PRT_EXPECT(test, frame->page + 512, 4, PRT_PENDING);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 10), 16);

	/* The same order changes nothing: the records stay */
	KUNIT_EXPECT_EQ(test, prt_set_order(4), 0);
	PRT_EXPECT(test, frame->page, 9, PRT_REPORTED);
}

/* Small guests live from their last blocks */
static void prt_test_budget(struct kunit *test)
{
	static const struct {
		unsigned long nr_free, low, budget;
	} cases[] = {
		{ 0, 0, 0 },
		{ 0, 100, 0 },
		{ 100, 100, 0 },
		{ 101, 100, 0 },
		{ 1100, 100, 500 },
		{ 100 + 2 * MAX_ORDER_NR_PAGES, 100, MAX_ORDER_NR_PAGES },
		{ 100 + 4 * MAX_ORDER_NR_PAGES, 100, MAX_ORDER_NR_PAGES },
		{ 100 + 80 * MAX_ORDER_NR_PAGES, 100, 10 * MAX_ORDER_NR_PAGES },
	};
	struct zone *zone = kunit_kzalloc(test, sizeof(*zone), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, zone);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		zone->_watermark[WMARK_LOW] = cases[i].low;
		atomic_long_set(&zone->vm_stat[NR_FREE_PAGES], cases[i].nr_free);
		KUNIT_EXPECT_EQ_MSG(test, page_reporting_budget(zone),
				    cases[i].budget, "%lu free", cases[i].nr_free);
	}
}

/* A page without page_ext is one that nothing is known of */
static void prt_test_no_page_ext(struct kunit *test)
{
#if defined(CONFIG_FLATMEM) && !defined(CONFIG_SMP)
	unsigned long flags, reported;
	struct page_reporting_rec rec, later;
	struct page_reporting_pass pass = {};
	struct page_ext *ext, *base;
	unsigned int order = 8;
	struct prt_frame *frame;
	struct zone *zone;
	pg_data_t *pgdat;
	struct page *page;
	bool none;
	u32 since;

	prt_start(test, 4, 0);
	frame = prt_frame(test, 0);
	page = frame->page;
	zone = page_zone(page);
	pgdat = zone->zone_pgdat;
	prt_put(frame, 0, order);
	rec = prt_rec(page);

	spin_lock_irqsave(&zone->lock, flags);
	reported = zone->pr_reported;
	pass.force = true;
	pass.zone = zone;
	base = pgdat->node_page_ext;
	pgdat->node_page_ext = NULL;
	none = !page_reporting_rec_get(page, &ext);
	zone->pr_wake = 0;
	page_reporting_freed(page, zone, order);
	page_reporting_keep(zone);
	page_reporting_freed(page, zone, order);
	page_reporting_kept(zone);
	page_reporting_clear(page, zone, order);
	page_reporting_split(page, zone, order - 1, order);
	page_reporting_see(page, order, 0);
	page_reporting_mark(page, zone, order);
	page_reporting_add(&pass, page, order);
	none &= !page_reporting_since(page, order, &since);
	pgdat->node_page_ext = base;
	reported -= zone->pr_reported;
	spin_unlock_irqrestore(&zone->lock, flags);

	later = prt_rec(page);
	KUNIT_EXPECT_TRUE(test, none);
	KUNIT_EXPECT_EQ(test, pass.nents, 0);
	KUNIT_EXPECT_EQ(test, reported, 0);
	KUNIT_EXPECT_MEMEQ(test, &rec, &later, sizeof(rec));
#else
	kunit_skip(test, "needs FLATMEM and one CPU to take page_ext away");
#endif
}

struct prt_walk {
	unsigned long nr[NR_PAGE_ORDERS];
	unsigned long next;
	unsigned int calls;
	unsigned int stop_at;
	unsigned int bad;
};

static int prt_walk_fn(void *opaque, unsigned long pfn, unsigned long num)
{
	struct prt_walk *walk = opaque;
	struct page *page = pfn_to_page(pfn);

	if (!is_power_of_2(num) || num > MAX_ORDER_NR_PAGES ||
	    !IS_ALIGNED(pfn, num) || pfn < walk->next || !PageBuddy(page) ||
	    buddy_order(page) != ilog2(num) ||
	    (IS_ENABLED(CONFIG_LOCKDEP) &&
	     !lockdep_is_held(&page_zone(page)->lock))) {
		walk->bad++;
		return 0;
	}
	walk->next = pfn + num;
	walk->nr[ilog2(num)]++;
	return ++walk->calls == walk->stop_at ? 7 : 0;
}

static void prt_count_free(unsigned long *nr)
{
	unsigned int order;
	struct zone *zone;

	memset(nr, 0, NR_PAGE_ORDERS * sizeof(*nr));
	for_each_populated_zone(zone)
		for (order = 0; order < NR_PAGE_ORDERS; order++)
			nr[order] += READ_ONCE(zone->free_area[order].nr_free);
}

/* The walk sees what the free lists' own counters say */
static void prt_test_walk(struct kunit *test)
{
	unsigned long before[NR_PAGE_ORDERS], after[NR_PAGE_ORDERS];
	unsigned int min_order, order, tries;
	struct prt_walk walk;

	for (min_order = 0; min_order < NR_PAGE_ORDERS; min_order++) {
		/* Not while somebody else is changing them */
		for (tries = 100; tries; tries--) {
			memset(&walk, 0, sizeof(walk));
			prt_count_free(before);
			KUNIT_EXPECT_EQ(test, walk_free_mem_block(&walk, min_order,
								  prt_walk_fn), 0);
			prt_count_free(after);
			if (!memcmp(before, after, sizeof(before)))
				break;
		}
		KUNIT_ASSERT_GT(test, tries, 0);
		KUNIT_EXPECT_EQ(test, walk.bad, 0);
		for (order = 0; order < NR_PAGE_ORDERS; order++)
			KUNIT_EXPECT_EQ_MSG(test, walk.nr[order],
					    order < min_order ? 0 : before[order],
					    "order %u of at least %u", order,
					    min_order);
	}
	KUNIT_EXPECT_EQ(test, walk_free_mem_block(&walk, NR_PAGE_ORDERS,
						  prt_walk_fn), 0);

	/* What the callback returns ends the walk */
	for (order = 1; order < 4; order++) {
		memset(&walk, 0, sizeof(walk));
		walk.stop_at = order;
		KUNIT_EXPECT_EQ(test, walk_free_mem_block(&walk, 0, prt_walk_fn), 7);
		KUNIT_EXPECT_EQ(test, walk.calls, order);
	}
}

/**
 * struct prt_user - somebody who uses memory and looks after it
 * @rnd: decides what comes next
 * @held: pages held
 * @limit: pages to hold at most
 * @bad: pages that did not hold what had been written to them
 * @slot: blocks held
 */
struct prt_user {
	struct rnd_state rnd;
	unsigned long held;
	unsigned long limit;
	unsigned long bad;
	struct {
		struct page *page;
		unsigned int order;
		u64 seed;
	} slot[200];
};

static void prt_user_free(struct prt_user *user, unsigned int n)
{
	struct page *page = user->slot[n].page;
	unsigned int order = user->slot[n].order;
	u64 *word = page_address(page), seed = user->slot[n].seed;
	unsigned long i;

	for (i = 0; i < (PAGE_SIZE << order) / sizeof(u64); i++) {
		if (word[i] == seed + i)
			continue;
		if (!user->bad++)
			pr_err("pfn %#lx: word %lu is %#llx, order %u\n",
			       page_to_pfn(page), i, word[i], order);
		break;
	}
	__free_pages(page, order);
	user->slot[n].page = NULL;
	user->held -= 1UL << order;
}

static void prt_user_alloc(struct prt_user *user, unsigned int n)
{
	unsigned int order = prandom_u32_state(&user->rnd) % NR_PAGE_ORDERS;
	gfp_t gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
	unsigned long i;
	u64 *word;

	order = min(order, prandom_u32_state(&user->rnd) % NR_PAGE_ORDERS);
	if (user->held + (1UL << order) > user->limit)
		return;
	if (prandom_u32_state(&user->rnd) & 1)
		gfp |= __GFP_MOVABLE;
	user->slot[n].page = alloc_pages(gfp, order);
	if (!user->slot[n].page)
		return;
	user->held += 1UL << order;
	user->slot[n].order = order;
	user->slot[n].seed = (u64)prandom_u32_state(&user->rnd) << 32;
	word = page_address(user->slot[n].page);
	for (i = 0; i < (PAGE_SIZE << order) / sizeof(u64); i++)
		word[i] = user->slot[n].seed + i;
}

static unsigned long prt_user_run(struct prt_user *user, unsigned int rounds)
{
	unsigned int n;

	user->limit = nr_free_pages() / 2;
	while (rounds--) {
		n = prandom_u32_state(&user->rnd) % ARRAY_SIZE(user->slot);
		if (user->slot[n].page)
			prt_user_free(user, n);
		else
			prt_user_alloc(user, n);
		cond_resched();
	}
	for (n = 0; n < ARRAY_SIZE(user->slot); n++)
		if (user->slot[n].page)
			prt_user_free(user, n);
	drain_all_pages(NULL);
	return user->bad;
}

static struct prt_user *prt_user(struct kunit *test, u64 seed)
{
	struct prt_user *user = kunit_kzalloc(test, sizeof(*user), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, user);
	prandom_seed_state(&user->rnd, seed);
	return user;
}

static void prt_walk_loop_fn(struct work_struct *work)
{
	struct prt_call *call = container_of(work, struct prt_call, work);
	unsigned int min_order = 0;
	struct prt_walk walk;

	while (!READ_ONCE(call->stop)) {
		memset(&walk, 0, sizeof(walk));
		if (walk_free_mem_block(&walk, min_order, prt_walk_fn))
			call->ret++;
		call->ret += walk.bad;
		min_order = (min_order + 1) % NR_PAGE_ORDERS;
		cond_resched();
	}
}

/* What the walk tells is so at that moment, whatever else goes on */
static void prt_test_walk_busy(struct kunit *test)
{
	struct prt_user *user = prt_user(test, 1);
	struct prt_call walk = {};

	prt_call(&walk, test->priv, prt_walk_loop_fn);
	KUNIT_EXPECT_EQ(test, prt_user_run(user, PRT_ROUNDS), 0);
	WRITE_ONCE(walk.stop, true);
	prt_join(&walk);
	KUNIT_EXPECT_EQ(test, walk.ret, 0);
}

static void prt_flush_loop_fn(struct work_struct *work)
{
	struct prt_call *call = container_of(work, struct prt_call, work);

	while (!READ_ONCE(call->stop)) {
		int err = page_reporting_flush();

		if (err && err != -ECANCELED)
			call->ret = err;
		cond_resched();
	}
}

/* No memory that is in use ever holds what the device writes */
static void prt_test_oracle(struct kunit *test)
{
	static const unsigned int granules[] = { 0, 5, 9, MAX_PAGE_ORDER };
	struct prt *prt = test->priv;
	struct prt_call flush;
	struct prt_user *user;
	unsigned int i, reports, runs;

	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		prt_start(test, granules[i], 1 + 7 * i);
		reports = prt->reports;
		user = prt_user(test, i);
		memset(&flush, 0, sizeof(flush));
		prt_call(&flush, prt, prt_flush_loop_fn);
		/* The only processor may have its mind on the user */
		runs = 100;
		do {
			KUNIT_EXPECT_EQ_MSG(test, prt_user_run(user, PRT_ROUNDS), 0,
					    "granule order %u", granules[i]);
		} while (READ_ONCE(prt->reports) == reports && --runs);
		WRITE_ONCE(flush.stop, true);
		prt_join(&flush);
		KUNIT_EXPECT_EQ(test, flush.ret, 0);
		KUNIT_EXPECT_GT(test, prt->reports, reports);
		prt_verify(test);
		kunit_kfree(test, user);
	}
}

/* Neither does it when the order of granules changes all the time */
static void prt_test_oracle_order(struct kunit *test)
{
	static const unsigned int granules[] = { 0, 9, 4, 10, 2, 7 };
	struct prt_user *user = prt_user(test, 77);
	struct prt *prt = test->priv;
	struct prt_call flush = {};
	unsigned int i;

	prt_start(test, 4, 8);
	prt_call(&flush, prt, prt_flush_loop_fn);
	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		KUNIT_EXPECT_EQ(test, prt_user_run(user, 500), 0);
		KUNIT_EXPECT_EQ(test, prt_set_order(granules[i]), 0);
	}
	KUNIT_EXPECT_EQ(test, prt_user_run(user, 500), 0);
	WRITE_ONCE(flush.stop, true);
	prt_join(&flush);
	KUNIT_EXPECT_EQ(test, flush.ret, 0);
}

static int prt_test_init(struct kunit *test)
{
	struct prt *prt;

	if (!page_reporting_ext_enabled())
		kunit_skip(test, "booted with page_ext=off");
	if (page_reporting_dev)
		kunit_skip(test, "a device is registered");

	prt = kunit_kzalloc(test, sizeof(*prt), GFP_KERNEL);
	if (!prt)
		return -ENOMEM;
	prt->told = kvcalloc(BITS_TO_LONGS(max_pfn), sizeof(long), GFP_KERNEL);
	if (!prt->told)
		return -ENOMEM;
	prt->info.report = prt_report;
	prt->info.fragments = true;
	prt->err = -EIO;
	init_completion(&prt->entered);
	init_completion(&prt->go);
	prt->order = page_reporting_order;
	prt->min_age_ms = min_age_ms;
	prt->fragment_order = fragment_order;
	prt->percent = target_refault_percent;
	min_age_ms = PRT_MIN_AGE_MS;
	fragment_order = MAX_PAGE_ORDER;
	target_refault_percent = 0;
	test->priv = prt;
	return 0;
}

static void prt_test_exit(struct kunit *test)
{
	struct prt *prt = test->priv;
	unsigned int i;

	if (!prt)
		return;
	prt_unblock(prt);
	for (i = 0; i < PRT_FRAMES; i++)
		prt_frame_free(&prt->frame[i]);
	if (prt->registered) {
		prt_verify(test);
		prt_unregister(prt);
	}
	KUNIT_EXPECT_EQ_MSG(test, prt->bad, 0, "see the log");
	min_age_ms = prt->min_age_ms;
	fragment_order = prt->fragment_order;
	target_refault_percent = prt->percent;
	page_reporting_order = prt->order;
	kvfree(prt->told);
}

/*
 * A step from one record to the next leads where a lookup does, up to the end of
 * each block, which may be that of a section. The word that other users of
 * page_ext share, and change without zone->lock, is not a part of any.
 */
static void prt_test_records(struct kunit *test)
{
	unsigned long pfn, bad = 0, blocks = 0, i;
	struct page_ext *ext, *other;
	struct page_reporting_rec *rec;
	struct page *page;

	KUNIT_EXPECT_FALSE(test, page_reporting_ext_ops.need_shared_flags);
	prt_start(test, 0, 0);
	get_online_mems();
	for (pfn = 0; (page = page_reporting_next_online(&pfn, max_pfn));
	     pfn = ALIGN(pfn + 1, MAX_ORDER_NR_PAGES)) {
		if (!IS_ALIGNED(pfn, MAX_ORDER_NR_PAGES) || pfn + MAX_ORDER_NR_PAGES > max_pfn)
			continue;
		rec = page_reporting_rec_get(page, &ext);
		if (!rec)
			continue;
		blocks++;
		bad += page_reporting_ext_ops.offset + sizeof(*rec) > page_ext_size;
		bad += (void *)rec != (void *)ext + page_reporting_ext_ops.offset;
		for (i = 1; i < MAX_ORDER_NR_PAGES; i++) {
			rec = page_reporting_rec_next(rec);
			bad += rec != page_reporting_rec_get(page + i, &other);
			page_ext_put(other);
		}
		page_ext_put(ext);
	}
	put_online_mems();
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_GT(test, blocks, 0);
}

/* Booted with page_ext=off nothing happens, and nothing is paid for it */
static void prt_test_off(struct kunit *test)
{
	struct page_reporting_dev_info info = { .report = prt_other_report };
	unsigned int order = page_reporting_order;
	struct page_ext *ext;
	struct page *page;

	if (page_reporting_ext_enabled())
		kunit_skip(test, "not booted with page_ext=off");

	KUNIT_EXPECT_FALSE(test, page_reporting_available());
	KUNIT_EXPECT_EQ(test, page_reporting_register(&info), -EOPNOTSUPP);
	KUNIT_EXPECT_FALSE(test, static_key_enabled(&page_reporting_enabled));
	KUNIT_EXPECT_PTR_EQ(test, page_reporting_dev, NULL);
	KUNIT_EXPECT_EQ(test, page_reporting_order, order);
	KUNIT_EXPECT_EQ(test, page_reporting_flush(), -ENODEV);
	page_reporting_unregister(&info);

	page = alloc_pages(PRT_FRAME_GFP, MAX_PAGE_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, page);
	/* No memory either, unless it is for somebody else */
	ext = page_ext_get(page);
	if (ext)
		page_ext_put(ext);
	KUNIT_EXPECT_EQ(test, !!ext, IS_ENABLED(CONFIG_PAGE_OWNER));
	__free_pages(page, MAX_PAGE_ORDER);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&page_reporting_work));
	KUNIT_EXPECT_EQ(test, prt_counted(), 0);
}

static struct kunit_case prt_cases[] = {
	KUNIT_CASE(prt_test_records),
	KUNIT_CASE(prt_test_state),
	KUNIT_CASE(prt_test_flush),
	KUNIT_CASE(prt_test_age),
	KUNIT_CASE(prt_test_idle),
	KUNIT_CASE(prt_test_no_age),
	KUNIT_CASE(prt_test_merge),
	KUNIT_CASE(prt_test_split),
	KUNIT_CASE(prt_test_split_below),
	KUNIT_CASE(prt_test_fragment),
	KUNIT_CASE(prt_test_age_order),
	KUNIT_CASE(prt_test_sweep),
	KUNIT_CASE(prt_test_adopt),
	KUNIT_CASE(prt_test_tune),
	KUNIT_CASE(prt_test_refault_age),
	KUNIT_CASE(prt_test_msecs),
	KUNIT_CASE(prt_test_capture),
	KUNIT_CASE(prt_test_isolate_page),
	KUNIT_CASE(prt_test_isolate_block),
	KUNIT_CASE(prt_test_contig),
	KUNIT_CASE(prt_test_steal),
	KUNIT_CASE(prt_test_guard),
	KUNIT_CASE(prt_test_hwpoison),
	KUNIT_CASE(prt_test_wrap),
	KUNIT_CASE(prt_test_error),
	KUNIT_CASE(prt_test_capacity),
	KUNIT_CASE(prt_test_busy),
	KUNIT_CASE(prt_test_unregister),
	KUNIT_CASE(prt_test_order),
	KUNIT_CASE(prt_test_budget),
	KUNIT_CASE(prt_test_no_page_ext),
	KUNIT_CASE(prt_test_walk),
	KUNIT_CASE(prt_test_walk_busy),
	KUNIT_CASE_SLOW(prt_test_oracle),
	KUNIT_CASE_SLOW(prt_test_oracle_order),
	{}
};

static struct kunit_suite prt_suite = {
	.name = "page_reporting",
	.init = prt_test_init,
	.exit = prt_test_exit,
	.test_cases = prt_cases,
};

/* A suite of its own: it needs another boot than all others */
static struct kunit_case prt_off_cases[] = {
	KUNIT_CASE(prt_test_off),
	{}
};

static struct kunit_suite prt_off_suite = {
	.name = "page_reporting_off",
	.test_cases = prt_off_cases,
};

kunit_test_suites(&prt_suite, &prt_off_suite);
