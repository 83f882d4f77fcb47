/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit tests of records.c: what is known of free memory, whatever happens to it.
 */
#include "kunit.h"

/* The record of a granule that is reported, or else the head of the free block */
static u32 *rt_record(struct page *page, bool *of_head)
{
	unsigned long in_granule = page_to_pfn(page) & ((1UL << granule_order()) - 1);
	struct page_ext *ext = page_ext_get(page - in_granule);
	unsigned int order;
	u32 *record = NULL;
	struct page *head;

	*of_head = false;
	if (ext) {
		record = page_ext_data(ext, &page_reporting_ext_ops);
		page_ext_put(ext);
	}
	if (record && *record)
		return record;
	head = pr_find_block(page, 0, &order);
	if (!head || !PageReported(head))
		return NULL;
	*of_head = order >= granule_order();
	return &pr_head(head);
}

/* The state of a page: reported, or free for a time that is known; else PR_NONE */
enum pr_state prt_state(struct page *page)
{
	bool of_head;
	u32 *record = rt_record(page, &of_head);

	if (!record)
		return PR_NONE;
	if (of_head && state_of(*record) >= PR_PARTIAL)
		return state_of(*record) - PR_PARTIAL;
	/* A head that knows nothing but the whole of it is no record of a part */
	return of_head && is_reported(*record) ? PR_NONE : state_of(*record);
}

u32 prt_age(struct page *page)
{
	bool of_head;
	u32 *record = rt_record(page, &of_head);

	return record ? pr_age(pr_now(), *record & PR_TIME_MASK) : 0;
}

/* Let pages be reported for so many ticks, or free if they are not reported */
void prt_set_age(struct page *page, unsigned int order, u32 age)
{
	u32 since = (pr_now() - age) & PR_TIME_MASK;
	unsigned long flags, i;
	bool of_head;

	spin_lock_irqsave(&page_zone(page)->lock, flags);
	for (i = 0; i < 1UL << order; i++) {
		u32 *record = rt_record(page + i, &of_head);

		if (record)
			*record = make_record(state_of(*record), since);
	}
	spin_unlock_irqrestore(&page_zone(page)->lock, flags);
}

/* Let the head of a block say that it is free since the device came */
void prt_set_fresh(struct page *page)
{
	pr_head(page) = pr_free_now(true);
}

/* A freed block is new, then free, then reported, then in use again */
static void records_state(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned long refaulted;
	u32 before;

	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	PRT_EXPECT(test, frame->page, MAX_PAGE_ORDER, PR_NONE);

	prt_put(frame, 0, 9);
	PRT_EXPECT(test, frame->page, 9, PR_NONE);
	KUNIT_EXPECT_FALSE(test, PageReported(frame->page));
	before = pr_now();
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page, 9, PR_FREE);
	KUNIT_EXPECT_LE(test, prt_age(frame->page), pr_age(pr_now(), before));
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 0);

	prt_flush(test);
	PRT_EXPECT(test, frame->page, 9, PR_REPORTED);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 512);

	/* It is known: a second flush does not report it again */
	prt_forget(prt);
	prt_flush(test);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 0);

	refaulted = PRT_STAT(refaulted);
	prt_take(test, frame, 0, 9, PRT_FRAME_GFP);
	PRT_EXPECT(test, frame->page, MAX_PAGE_ORDER, PR_NONE);
	KUNIT_EXPECT_GE(test, PRT_STAT(refaulted) - refaulted, 512);
	if (prt_keeps_contents() || want_init_on_alloc(PRT_FRAME_GFP))
		return;
	KUNIT_EXPECT_NULL(test, memchr_inv(page_address(frame->page), PRT_PATTERN,
					   PAGE_SIZE << 9));
}

/* Records, and their ages, outlive a merge with a newly freed buddy */
static void records_merge(struct kunit *test)
{
	static const unsigned int granules[] = { 0, 3, 8 };
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned long kept;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		prt_start(test, granules[i], 0);
		frame = prt_frame(test, 0);
		prt_put(frame, 0, 8);
		prt_flush(test);
		prt_set_age(frame->page, 8, 777);

		kept = PRT_STAT(kept);
		prt_put(frame, 256, 8);
		KUNIT_EXPECT_EQ(test, buddy_order(frame->page), 9);
		PRT_EXPECT(test, frame->page, 8, PR_REPORTED);
		PRT_EXPECT(test, frame->page + 256, 8, PR_NONE);
		KUNIT_EXPECT_GE(test, prt_age(frame->page), 777);
		KUNIT_EXPECT_GE(test, PRT_STAT(kept) - kept, 256);
		KUNIT_EXPECT_EQ(test, prt_read(frame->page, 9).reported, 256);
		KUNIT_EXPECT_TRUE(test, prt_read(frame->page, 9).unseen);
		prt_verify(test);

		prt_forget(prt);
		prt_flush(test);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 8), 0);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page + 256, 8), 256);
		KUNIT_EXPECT_GE(test, prt_age(frame->page), 777);
		KUNIT_EXPECT_LT(test, prt_age(frame->page + 256), 777);
		prt_verify(test);
		prt_frame_free(frame);
	}
}

/* Since when granules are reported outlives merges and splits, each its own */
static void records_age_of_granules(struct kunit *test)
{
	struct prt_frame *frame;
	struct pr_block block;

	prt_start(test, 4, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 5);
	prt_put(frame, 64, 6);
	prt_flush(test);
	prt_set_age(frame->page, 4, 1000);
	prt_set_age(frame->page + 16, 4, 2000);
	prt_set_age(frame->page + 64, 6, 3000);

	prt_put(frame, 32, 5);
	KUNIT_EXPECT_EQ(test, buddy_order(frame->page), 7);
	block = prt_read(frame->page, 7);
	KUNIT_EXPECT_EQ(test, block.reported, 96);
	KUNIT_EXPECT_TRUE(test, block.unseen);
	KUNIT_EXPECT_GE(test, block.report_age, 1000);
	KUNIT_EXPECT_LT(test, block.report_age, 2000);
	prt_take(test, frame, 0, 4, PRT_FRAME_GFP);
	PRT_EXPECT(test, frame->page, 4, PR_NONE);
	KUNIT_EXPECT_GE(test, prt_age(frame->page + 16), 2000);
	KUNIT_EXPECT_LT(test, prt_age(frame->page + 31), 3000);
	PRT_EXPECT(test, frame->page + 32, 5, PR_NONE);
	PRT_EXPECT(test, frame->page + 64, 6, PR_REPORTED);
	KUNIT_EXPECT_GE(test, prt_age(frame->page + 64), 3000);
	KUNIT_EXPECT_LT(test, prt_age(frame->page + 127), 4000);
	prt_verify(test);
}

/* Since when a block is free is lost when it merges or is split */
static void records_free_age(struct kunit *test)
{
	struct prt_frame *frame;

	prt_start(test, 8, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 9);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page, 9, PR_FREE);
	prt_set_age(frame->page, 9, 1000);
	/* A pass does not stamp it again */
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_GE(test, prt_age(frame->page), 1000);
	prt_take(test, frame, 0, 8, PRT_FRAME_GFP);
	PRT_EXPECT(test, frame->page, 9, PR_NONE);
	KUNIT_EXPECT_FALSE(test, PageReported(frame->page + 256));
	prt_put(frame, 512, 9);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page + 512, 9, PR_FREE);
	prt_put(frame, 0, 8);
	KUNIT_EXPECT_EQ(test, buddy_order(frame->page), MAX_PAGE_ORDER);
	PRT_EXPECT(test, frame->page, MAX_PAGE_ORDER, PR_NONE);
	prt_verify(test);
}

/* The free part of a block that is reported in part has an age of its own */
static void records_partial(struct kunit *test)
{
	struct prt_frame *frame;
	struct pr_block block;

	prt_start(test, 8, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 8);
	prt_flush(test);
	prt_set_age(frame->page, 8, 1000);
	prt_put(frame, 256, 8);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page, 8, PR_REPORTED);
	PRT_EXPECT(test, frame->page + 256, 8, PR_FREE);
	prt_set_age(frame->page + 256, 8, 500);
	block = prt_read(frame->page, 9);
	KUNIT_EXPECT_EQ(test, block.reported, 256);
	KUNIT_EXPECT_FALSE(test, block.unseen);
	KUNIT_EXPECT_GE(test, block.age, 500);
	KUNIT_EXPECT_LT(test, block.age, 1000);
	KUNIT_EXPECT_GE(test, block.report_age, 1000);
	KUNIT_EXPECT_FALSE(test, pr_all_reported(frame->page));
	prt_verify(test);
}

/* Allocating one half keeps what is known of the other */
static void records_split(struct kunit *test)
{
	static const unsigned int granules[] = { 0, 3, 8, 9 };
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		enum pr_state rest = granules[i] == 9 ? PR_NONE : PR_REPORTED;
		unsigned long refaulted;

		prt_start(test, granules[i], 0);
		frame = prt_frame(test, 0);
		prt_put(frame, 0, 9);
		prt_flush(test);
		prt_set_age(frame->page, 9, 555);

		refaulted = PRT_STAT(refaulted);
		prt_take(test, frame, 0, 8, PRT_FRAME_GFP);
		PRT_EXPECT(test, frame->page, 8, PR_NONE);
		PRT_EXPECT(test, frame->page + 256, 8, rest);
		KUNIT_EXPECT_GE(test, PRT_STAT(refaulted) - refaulted,
				rest == PR_NONE ? 512 : 256);
		if (rest != PR_NONE)
			KUNIT_EXPECT_GE(test, prt_age(frame->page + 256), 555);
		prt_verify(test);

		prt_forget(prt);
		prt_put(frame, 0, 8);
		KUNIT_EXPECT_EQ(test, buddy_order(frame->page), 9);
		prt_flush(test);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 8), 256);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page + 256, 8),
				rest == PR_NONE ? 256 : 0);
		prt_verify(test);
		prt_frame_free(frame);
	}
}

/* A page below a granule clears that granule, and only that */
static void records_split_below(struct kunit *test)
{
	struct prt_frame *frame;

	prt_start(test, 6, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 9);
	prt_flush(test);

	prt_take(test, frame, 0, 4, PRT_FRAME_GFP);
	PRT_EXPECT(test, frame->page, 6, PR_NONE);
	KUNIT_EXPECT_EQ(test, prt_count(frame->page, 9, PR_REPORTED), 512 - 64);
	prt_verify(test);

	/* From what is left of it nothing more is lost */
	prt_take(test, frame, 16, 4, PRT_FRAME_GFP);
	KUNIT_EXPECT_EQ(test, prt_count(frame->page, 9, PR_REPORTED), 512 - 64);
	prt_put(frame, 0, 4);
	prt_put(frame, 16, 4);
	KUNIT_EXPECT_EQ(test, buddy_order(frame->page), 9);
	PRT_EXPECT(test, frame->page, 6, PR_NONE);
	KUNIT_EXPECT_EQ(test, prt_count(frame->page, 9, PR_REPORTED), 512 - 64);
	prt_verify(test);
}

/* Blocks below a granule are known as a whole, as long as they stay as they are */
static void records_small(struct kunit *test)
{
	struct prt *prt = test->priv;
	unsigned long refaulted, forgotten;
	struct prt_frame *frame;

	pr_policy.params.fragment_order = 2;
	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 5);
	prt_put(frame, 64, 1);	/* too small */
	prt_put(frame, 128, 2);
	prt_put(frame, 256, 8);
	prt_flush(test);
	PRT_EXPECT(test, frame->page, 5, PR_REPORTED);
	PRT_EXPECT(test, frame->page + 64, 1, PR_NONE);
	PRT_EXPECT(test, frame->page + 128, 2, PR_REPORTED);
	PRT_EXPECT(test, frame->page + 256, 8, PR_REPORTED);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 32 + 4 + 256);
	KUNIT_EXPECT_GE(test, pr_small_reported(), 32 + 4 + 256);
	prt_verify(test);

	/* A part is taken: all of it counts as used */
	refaulted = PRT_STAT(refaulted);
	prt_take(test, frame, 256, 6, PRT_FRAME_GFP);
	KUNIT_EXPECT_GE(test, PRT_STAT(refaulted) - refaulted, 256);
	PRT_EXPECT(test, frame->page + 256, 8, PR_NONE);
	prt_verify(test);

	/* It merges: forgotten, and reported again with the rest */
	forgotten = PRT_STAT(forgotten);
	refaulted = PRT_STAT(refaulted);
	prt_put(frame, 32, 5);
	KUNIT_EXPECT_EQ(test, buddy_order(frame->page), 6);
	KUNIT_EXPECT_FALSE(test, PageReported(frame->page));
	KUNIT_EXPECT_GE(test, PRT_STAT(forgotten) - forgotten, 32);
	PRT_EXPECT_ABOUT(test, PRT_STAT(refaulted), refaulted);
	prt_verify(test);
	prt_forget(prt);
	prt_flush(test);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 6), 64);
	prt_verify(test);
}

/*
 * A step from one record to the next leads where a lookup does, up to the end of
 * each block, which may be that of a section. The flags that other users of
 * page_ext share, and change without zone->lock, are no part of any record.
 */
static void records_step(struct kunit *test)
{
	unsigned long bad = 0, i = 0;
	struct page *page;
	struct page_ext *ext;
	u32 *record;

	KUNIT_EXPECT_FALSE(test, page_reporting_ext_ops.need_shared_flags);
	KUNIT_EXPECT_LE(test, page_reporting_ext_ops.offset + sizeof(u32), page_ext_size);
	prt_start(test, 0, 0);
	page = prt_frame(test, 0)->page;
	for_each_record(record, page, MAX_PAGE_ORDER) {
		ext = page_ext_get(page + i++);
		bad += (void *)record != (void *)ext + page_reporting_ext_ops.offset;
		page_ext_put(ext);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, i, MAX_ORDER_NR_PAGES);
}

/* A block without page_ext is one that nothing is known of, nor ever will be */
static void records_no_page_ext(struct kunit *test)
{
#ifdef CONFIG_FLATMEM
	struct prt_frame *frame;
	unsigned long reported, marked, cleared, flags;
	struct pr_block block;
	struct zone *zone;
	struct page_ext *base;
	struct page *page;

	if (num_online_cpus() > 1)
		kunit_skip(test, "needs one CPU to take page_ext away");
	prt_start(test, 4, 0);
	frame = prt_frame(test, 0);
	page = frame->page;
	zone = page_zone(page);
	prt_put(frame, 0, 8);

	spin_lock_irqsave(&zone->lock, flags);
	base = zone->zone_pgdat->node_page_ext;
	zone->zone_pgdat->node_page_ext = NULL;
	reported = zone_page_state(zone, NR_FREE_REPORTED);
	pr_mark(page, zone, 8);
	marked = zone_page_state(zone, NR_FREE_REPORTED);
	__page_reporting_attach(page, 8);
	pr_block_read(&block, page, 8);
	__page_reporting_captured(page, zone, 8);
	cleared = zone_page_state(zone, NR_FREE_REPORTED);
	zone->zone_pgdat->node_page_ext = base;
	spin_unlock_irqrestore(&zone->lock, flags);

	KUNIT_EXPECT_EQ(test, marked, reported);
	KUNIT_EXPECT_EQ(test, cleared, reported);
	KUNIT_EXPECT_EQ(test, block.reported, 0);
	KUNIT_EXPECT_TRUE(test, block.unseen);
	PRT_EXPECT(test, page, 8, PR_NONE);
	KUNIT_EXPECT_FALSE(test, PageReported(page));
#else
	kunit_skip(test, "needs FLATMEM to take page_ext away");
#endif
}

/* A walk that forgets may miss a block that is off its list: forgotten when back */
static void records_forget_attached(struct kunit *test)
{
	struct prt_frame *frame;
	unsigned long forgotten;
	struct zone *zone;

	prt_start(test, 4, 0);
	frame = prt_frame(test, 0);
	zone = page_zone(frame->page);
	prt_put(frame, 0, 9);
	prt_flush(test);
	PRT_EXPECT(test, frame->page, 9, PR_REPORTED);

	forgotten = PRT_STAT(forgotten);
	spin_lock_irq(&zone->lock);
	WRITE_ONCE(shared.forgetting, true);
	page_reporting_isolate(frame->page, zone, 9);
	page_reporting_putback(frame->page, zone, 9);
	WRITE_ONCE(shared.forgetting, false);
	spin_unlock_irq(&zone->lock);
	PRT_EXPECT(test, frame->page, 9, PR_NONE);
	KUNIT_EXPECT_GE(test, PRT_STAT(forgotten) - forgotten, 512);
	prt_verify(test);
}

static struct kunit_case records_cases[] = {
	KUNIT_CASE(records_state),
	KUNIT_CASE(records_merge),
	KUNIT_CASE(records_age_of_granules),
	KUNIT_CASE(records_free_age),
	KUNIT_CASE(records_partial),
	KUNIT_CASE(records_split),
	KUNIT_CASE(records_split_below),
	KUNIT_CASE(records_small),
	KUNIT_CASE(records_step),
	KUNIT_CASE(records_no_page_ext),
	KUNIT_CASE(records_forget_attached),
	{}
};

PRT_SUITE(records, records_cases);
