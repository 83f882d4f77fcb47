/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit tests of the hooks in the page allocator: each way off the free lists,
 * and what becomes of the records. Part of records.c.
 */
#include "compat.h"
#include "kunit.h"

/* Compaction captures a block while it merges with one that is reported */
static void hooks_capture(struct kunit *test)
{
#ifdef CONFIG_COMPACTION
	static const unsigned int granules[] = { 0, 4, 8, 9 };
	struct compact_control cc = { .order = 9, .migratetype = MIGRATE_MOVABLE };
	struct capture_control capc;
	struct prt_frame *frame;
	unsigned long flags, refaulted;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		prt_start(test, granules[i], 0);
		frame = prt_frame(test, 0);
		prt_put(frame, 0, 8);
		prt_flush(test);
		for (j = 1; j < 256; j++)
			set_page_count(frame->page + 256 + j, 0);
		cc.zone = page_zone(frame->page);
		pr_set_capture(&capc, &cc);
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
			PRT_EXPECT(test, frame->page, 9, PR_NONE);
			PRT_EXPECT_ABOUT(test, PRT_STAT(refaulted) - refaulted,
					 granules[i] > 8 ? 0UL : 256UL);
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

/* Compaction takes free pages for itself: no refault, and put back they are new */
static void hooks_isolate_page(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned long nr, refaulted, removed;
	struct zone *zone;

	prt_start(test, 4, 0);
	frame = prt_frame(test, 0);
	zone = page_zone(frame->page);
	prt_put(frame, 0, 8);
	prt_flush(test);

	refaulted = PRT_STAT(refaulted);
	removed = PRT_STAT(removed);
	spin_lock_irq(&zone->lock);
	nr = __isolate_free_page(frame->page, 8);
	spin_unlock_irq(&zone->lock);
	KUNIT_ASSERT_EQ(test, nr, 256);
	PRT_EXPECT(test, frame->page, 8, PR_NONE);
	prt_verify(test);

	spin_lock_irq(&zone->lock);
	__putback_isolated_page(frame->page, 8, get_pageblock_migratetype(frame->page));
	spin_unlock_irq(&zone->lock);
	PRT_EXPECT(test, frame->page, 8, PR_NONE);
	PRT_EXPECT_ABOUT(test, PRT_STAT(refaulted), refaulted);
	KUNIT_EXPECT_EQ(test, PRT_STAT(removed) - removed, 256);

	prt_forget(prt);
	prt_flush(test);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 8), 256);
}

/* How long memory was free that compaction takes is nothing to learn from */
static void hooks_isolate_teaches_nothing(struct kunit *test)
{
	struct prt_frame *frame;
	unsigned long nr, reused;
	struct zone *zone;

	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	zone = page_zone(frame->page);
	prt_put(frame, 0, 9);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page, 9, PR_FREE);

	/* Nobody else takes memory of this zone meanwhile */
	spin_lock_irq(&zone->lock);
	reused = prt_reused(0);
	nr = __isolate_free_page(frame->page, 9);
	reused = prt_reused(0) - reused;
	if (nr)
		__putback_isolated_page(frame->page, 9,
					get_pageblock_migratetype(frame->page));
	spin_unlock_irq(&zone->lock);
	KUNIT_EXPECT_EQ(test, nr, 512);
	KUNIT_EXPECT_EQ(test, reused, 0);
	PRT_EXPECT(test, frame->page, 9, PR_NONE);
}

/* A frame that is free as a whole, the first half of it reported */
static __maybe_unused struct prt_frame *half_reported(struct kunit *test)
{
	struct prt_frame *frame = prt_frame(test, 0);
	struct prt *prt = test->priv;

	prt_put(frame, 0, 9);
	prt_flush(test);
	prt_set_age(frame->page, 9, 444);
	prt_put(frame, 512, 9);
	KUNIT_EXPECT_EQ(test, buddy_order(frame->page), MAX_PAGE_ORDER);
	prt_forget(prt);
	return frame;
}

/* Isolating pageblocks and undoing that keeps what is known */
static void hooks_isolate_block(struct kunit *test)
{
#ifdef CONFIG_MEMORY_ISOLATION
	unsigned long start, end, refaulted;
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	struct page *second;

	prt_start(test, 4, 0);
	prt_frame(test, 1);
	frame = half_reported(test);
	second = frame->page + 512;
	/* The whole frame, or its second half, depending on the pageblock */
	end = page_to_pfn(frame->page) + MAX_ORDER_NR_PAGES;
	start = end - pageblock_nr_pages;
	refaulted = PRT_STAT(refaulted);
	KUNIT_ASSERT_EQ(test, pr_isolate_range(start, end), 0);
	KUNIT_EXPECT_EQ(test, get_pageblock_migratetype(second), MIGRATE_ISOLATE);
	PRT_EXPECT(test, frame->page, 9, PR_REPORTED);
	PRT_EXPECT(test, second, 9, PR_NONE);
	/* Something had to be left out */
	KUNIT_EXPECT_EQ(test, pr_flush_now("all"), -EAGAIN);
	/* Which does not matter if there is enough without it */
	prt_put(&prt->frame[1], 0, 9);
	KUNIT_EXPECT_EQ(test, pr_flush_now("2M"), 0);
	PRT_EXPECT(test, second, 9, PR_FREE);
	prt_verify(test);

	pr_unisolate_range(start, end);
	PRT_EXPECT(test, frame->page, 9, PR_REPORTED);
	KUNIT_EXPECT_EQ(test, prt_count(second, 9, PR_REPORTED), 0);
	KUNIT_EXPECT_GE(test, prt_age(frame->page), 444);
	PRT_EXPECT_ABOUT(test, PRT_STAT(refaulted), refaulted);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 0);
	prt_verify(test);
	prt_flush(test);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, second, 9), 512);
#else
	kunit_skip(test, "without CONFIG_MEMORY_ISOLATION");
#endif
}

/* Isolation and its undoing keep what is known of both pageblocks, all reported */
static void hooks_isolate_reported(struct kunit *test)
{
#ifdef CONFIG_MEMORY_ISOLATION
	unsigned long start, refaulted;
	struct prt *prt = test->priv;
	struct prt_frame *frame;

	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, MAX_PAGE_ORDER);
	prt_flush(test);
	prt_set_age(frame->page, MAX_PAGE_ORDER, 333);
	start = page_to_pfn(frame->page);
	refaulted = PRT_STAT(refaulted);
	KUNIT_ASSERT_EQ(test, pr_isolate_range(start, start + pageblock_nr_pages), 0);
	PRT_EXPECT(test, frame->page, MAX_PAGE_ORDER, PR_REPORTED);
	pr_unisolate_range(start, start + pageblock_nr_pages);
	PRT_EXPECT(test, frame->page, MAX_PAGE_ORDER, PR_REPORTED);
	KUNIT_EXPECT_GE(test, prt_age(frame->page), 333);
	PRT_EXPECT_ABOUT(test, PRT_STAT(refaulted), refaulted);
	prt_forget(prt);
	prt_flush(test);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 0);
#else
	kunit_skip(test, "without CONFIG_MEMORY_ISOLATION");
#endif
}

/* alloc_contig_range() takes free pages by another way than rmqueue(): no refault */
static void hooks_contig(struct kunit *test)
{
#ifdef CONFIG_CONTIG_ALLOC
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned long pfn, refaulted;

	prt_start(test, 4, 0);
	frame = half_reported(test);
	pfn = page_to_pfn(frame->page);
	refaulted = PRT_STAT(refaulted);
	KUNIT_ASSERT_EQ(test, alloc_contig_range(pfn, pfn + 512, MIGRATE_MOVABLE,
						 GFP_KERNEL), 0);
	bitmap_set(frame->held, 0, 512);
	PRT_EXPECT(test, frame->page, 9, PR_NONE);
	KUNIT_EXPECT_LT(test, PRT_STAT(refaulted) - refaulted, 512);
	drain_all_pages(NULL);
	prt_verify(test);
	prt_flush(test);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 0);
#else
	kunit_skip(test, "without CONFIG_CONTIG_ALLOC");
#endif
}

/* A fallback steals a pageblock and hands out a part of it */
static void hooks_steal(struct kunit *test)
{
	struct prt_frame *frame;

	prt_start(test, 4, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, MAX_PAGE_ORDER);
	prt_flush(test);
	KUNIT_ASSERT_EQ(test, get_pageblock_migratetype(frame->page), MIGRATE_MOVABLE);

	prt_take(test, frame, 0, 8, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	KUNIT_EXPECT_EQ(test, get_pageblock_migratetype(frame->page), MIGRATE_UNMOVABLE);
	PRT_EXPECT(test, frame->page, 8, PR_NONE);
	PRT_EXPECT(test, frame->page + 256, 8, PR_REPORTED);
	PRT_EXPECT(test, frame->page + 512, 9, PR_REPORTED);
	prt_verify(test);
}

/* Guard pages leave the free lists without being handed out */
static void hooks_guard(struct kunit *test)
{
#ifdef CONFIG_DEBUG_PAGEALLOC
	static const unsigned int granules[] = { 0, 4, 6 };
	unsigned int minorder = _debug_guardpage_minorder, i;
	struct prt_frame *frame;

	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		prt_start(test, granules[i], 0);
		frame = prt_frame(test, 0);
		prt_put(frame, 0, 9);
		prt_flush(test);

		_debug_guardpage_minorder = 8;
		static_branch_inc(&_debug_guardpage_enabled);
		prt_take(test, frame, 0, 4, PRT_FRAME_GFP);
		KUNIT_EXPECT_TRUE(test, page_is_guard(frame->page + 128));
		PRT_EXPECT(test, frame->page, 8, PR_NONE);
		PRT_EXPECT(test, frame->page + 256, 8, PR_REPORTED);
		prt_verify(test);

		prt_put(frame, 0, 4);
		static_branch_dec(&_debug_guardpage_enabled);
		_debug_guardpage_minorder = minorder;
		KUNIT_EXPECT_EQ(test, buddy_order(frame->page), 9);
		PRT_EXPECT(test, frame->page, 8, PR_NONE);
		PRT_EXPECT(test, frame->page + 256, 8, PR_REPORTED);
		prt_verify(test);
		prt_frame_free(frame);
	}
#else
	kunit_skip(test, "without CONFIG_DEBUG_PAGEALLOC");
#endif
}

/* A poisoned page leaves from the middle of a free block: no refault */
static void hooks_hwpoison(struct kunit *test)
{
#ifdef CONFIG_MEMORY_FAILURE
	unsigned long refaulted;
	struct prt_frame *frame;
	struct page *page;

	prt_start(test, 4, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 9);
	prt_flush(test);
	refaulted = PRT_STAT(refaulted);
	page = frame->page + 85;
	KUNIT_ASSERT_TRUE(test, take_page_off_buddy(page));
	PRT_EXPECT(test, frame->page + 80, 4, PR_NONE);
	KUNIT_EXPECT_LT(test, PRT_STAT(refaulted) - refaulted, 512);
	prt_verify(test);

	page_ref_inc(page);
	SetPageHWPoison(page);
	KUNIT_EXPECT_TRUE(test, put_page_back_buddy(page));
	prt_verify(test);
	prt_flush(test);
	PRT_EXPECT(test, frame->page, 9, PR_REPORTED);
#else
	kunit_skip(test, "without CONFIG_MEMORY_FAILURE, which UML does not have");
#endif
}

static struct kunit_case hooks_cases[] = {
	KUNIT_CASE(hooks_capture),
	KUNIT_CASE(hooks_isolate_page),
	KUNIT_CASE(hooks_isolate_teaches_nothing),
	KUNIT_CASE(hooks_isolate_block),
	KUNIT_CASE(hooks_isolate_reported),
	KUNIT_CASE(hooks_contig),
	KUNIT_CASE(hooks_steal),
	KUNIT_CASE(hooks_guard),
	KUNIT_CASE(hooks_hwpoison),
	{}
};

PRT_SUITE(hooks, hooks_cases);
