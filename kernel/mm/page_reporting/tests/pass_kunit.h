/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit tests of pass.c: what a pass reports, what it leaves, and when it ends.
 */
#include "kunit.h"

/* Young memory waits; memory of age is reported */
static void pass_age(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct prt_frame *frame;

	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 9);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	prt_set_age(frame->page, 9, pr_gate(&pr_policy, 9) / 2);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page, 9, PR_FREE);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 0);
	prt_set_age(frame->page, 9, pr_gate(&pr_policy, 9));
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page, 9, PR_REPORTED);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 512);
}

/* Without a minimum age a pass takes what has just been freed */
static void pass_no_age(struct kunit *test)
{
	struct prt_frame *frame;

	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	pr_policy.params.min_age_ms = 0;
	prt_put(frame, 0, 9);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page, 9, PR_REPORTED);
}

/* Of a block that has merged the part that the host has is not reported again */
static void pass_part(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct prt_frame *frame;

	prt_start(test, 8, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 256, 8);
	prt_flush(test);
	prt_forget(prt);
	prt_put(frame, 0, 8);
	prt_put(frame, 512, 9);
	KUNIT_EXPECT_EQ(test, buddy_order(frame->page), MAX_PAGE_ORDER);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page + 512, 9, PR_FREE);
	prt_set_age(frame->page, 0, pr_gate(&pr_policy, 9));
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 768);
	PRT_EXPECT(test, frame->page, 8, PR_REPORTED);
	PRT_EXPECT(test, frame->page + 256, 8, PR_REPORTED);
	PRT_EXPECT(test, frame->page + 512, 9, PR_REPORTED);
	KUNIT_EXPECT_TRUE(test, pr_all_reported(frame->page));
	prt_verify(test);
}

/* One flush is enough for everything, whatever the order of granules */
static void pass_flush(struct kunit *test)
{
	static const unsigned int granules[] = { 0, 5, 9 };
	unsigned int i;
	long left;

	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		prt_start(test, granules[i], 0);
		/*
		 * One block for what somebody else may have freed since. Below 0
		 * if another CPU has yet to add up what it has freed.
		 */
		left = nr_free_pages() - global_zone_page_state(NR_FREE_REPORTED);
		if (granules[i] < 5)
			KUNIT_EXPECT_LE(test, left, (long)MAX_ORDER_NR_PAGES);
		KUNIT_EXPECT_GT(test, global_zone_page_state(NR_FREE_REPORTED),
				MAX_ORDER_NR_PAGES);
		prt_verify(test);
	}
	prt_unregister(test->priv);
	KUNIT_EXPECT_EQ(test, pr_flush_now("all"), -ENODEV);
}

/* What was free before the device came waits longer, blocks below 2 MiB, too */
static void pass_adopt(struct kunit *test)
{
	static const unsigned int orders[] = { 9, 6 };
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	struct pr_block block;
	unsigned int i, order;
	u32 gate;

	pr_policy.params.fragment_order = 3;
	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		order = orders[i];
		gate = pr_gate(&pr_policy, order);
		prt_start(test, 9, 0);
		frame = prt_frame(test, 0);
		prt_put(frame, 0, order);
		prt_unregister(prt);
		prt->poison = false;
		prt_register(test);
		prt->poison = true;
		/* The first pass is a sweep */
		KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
		PRT_EXPECT(test, frame->page, order, PR_FRESH);
		prt_set_age(frame->page, order, 8 * gate - 1000);
		block = prt_read(frame->page, order);
		KUNIT_EXPECT_GT(test, pr_wait(&pr_policy, &block), 0);
		prt_set_age(frame->page, order, 8 * gate);
		block = prt_read(frame->page, order);
		KUNIT_EXPECT_EQ(test, pr_wait(&pr_policy, &block), 0);
		prt_frame_free(frame);
	}
}

/* What is freed once the device is there does not wait longer */
static void pass_adopt_no_more(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct prt_frame *frame[2];

	prt_start(test, 9, 0);
	frame[0] = prt_frame(test, 0);
	frame[1] = prt_frame(test, 1);
	prt_put(frame[0], 0, 9);
	prt_unregister(prt);
	prt->poison = false;
	prt_register(test);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	prt_put(frame[1], 0, 9);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame[0]->page, 9, PR_FRESH);
	PRT_EXPECT(test, frame[1]->page, 9, PR_FREE);
	prt_set_age(frame[0]->page, 9, 2 * pr_gate(&pr_policy, 9));
	prt_set_age(frame[1]->page, 9, pr_gate(&pr_policy, 9));
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame[0]->page, 9, PR_FRESH);
	PRT_EXPECT(test, frame[1]->page, 9, PR_REPORTED);
}

/* Plugged memory is as what was free before the device came */
static void pass_plugged(struct kunit *test)
{
	struct prt_frame *frame;

	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	WRITE_ONCE(pr_schedule.fresh, true);
	prt_put(frame, 0, 9);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page, 9, PR_FRESH);
	prt_put(frame, 512, 8);
	prt_put(frame, 768, 8);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page + 512, 9, PR_FREE);
}

/* Devices that take few entries get all there is, in more reports */
static void pass_capacity(struct kunit *test)
{
	static const unsigned int capacities[] = { 1, 3, 0, PAGE_REPORTING_CAPACITY + 1 };
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned int i, off, reports, capacity;

	for (i = 0; i < ARRAY_SIZE(capacities); i++) {
		prt_start(test, 0, capacities[i]);
		capacity = i < 2 ? capacities[i] : PAGE_REPORTING_CAPACITY;
		prt->info.capacity = capacity;
		frame = prt_frame(test, 0);
		prt_put(frame, 0, 0);
		prt_flush(test);
		prt_forget(prt);

		/* 1, 2-3, 4-7, 8-15, 16-31 of one block, and pages on their own */
		for (off = 1; off < 32; off++)
			prt_put(frame, off, 0);
		KUNIT_EXPECT_EQ(test, buddy_order(frame->page), 5);
		for (off = 65; off < 128; off += 2)
			prt_put(frame, off, 0);
		reports = prt->reports;
		prt_flush(test);
		KUNIT_EXPECT_GE(test, prt->reports - reports,
				DIV_ROUND_UP(5 + 32, capacity));
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 0), 0);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 31 + 32);
		PRT_EXPECT(test, frame->page, 5, PR_REPORTED);
		prt_verify(test);
		prt_frame_free(frame);
	}
}

/* After an error memory is as old as before, small blocks, too */
static void pass_error_age(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct prt_frame *frame;

	pr_policy.params.fragment_order = 3;
	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 9);
	prt_put(frame, 512, 5);
	prt->fail_in = 1;
	KUNIT_EXPECT_EQ(test, pr_flush_now("all"), -EIO);
	PRT_EXPECT(test, frame->page, 9, PR_FREE);
	PRT_EXPECT(test, frame->page + 512, 5, PR_FREE);
	prt_set_age(frame->page, 9, 1234);
	prt_set_age(frame->page + 512, 5, 1234);
	prt->fail_in = 1;
	KUNIT_EXPECT_EQ(test, pr_flush_now("all"), -EIO);
	PRT_EXPECT(test, frame->page, 9, PR_FREE);
	PRT_EXPECT(test, frame->page + 512, 5, PR_FREE);
	KUNIT_EXPECT_GE(test, prt_age(frame->page), 1234);
	KUNIT_EXPECT_GE(test, prt_age(frame->page + 512), 1234);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 0);
	prt_verify(test);
}

/* A device that fails leaves nothing marked, and gets all of it again */
static void pass_error(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct prt_frame *frame[2];
	struct pr_stats before;
	unsigned int i;

	prt_start(test, 9, 1);
	for (i = 0; i < 2; i++) {
		frame[i] = prt_frame(test, i);
		prt_put(frame[i], 0, 9);
	}
	if (frame[0]->page > frame[1]->page)
		swap(frame[0], frame[1]);
	pr_sum_stats(&before);
	/* What went before stays reported */
	prt->fail_page = frame[1]->page;
	KUNIT_EXPECT_EQ(test, pr_flush_now("all"), -EIO);
	PRT_EXPECT(test, frame[0]->page, 9, PR_REPORTED);
	PRT_EXPECT(test, frame[1]->page, 9, PR_FREE);
	KUNIT_EXPECT_TRUE(test, PageBuddy(frame[1]->page));
	KUNIT_EXPECT_GE(test, PRT_STAT(failed) - before.failed, 512);
	KUNIT_EXPECT_EQ(test, PRT_STAT(errors) - before.errors, 1);
	prt_verify(test);
	prt->fail_page = NULL;
	prt_forget(prt);
	prt_flush(test);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame[0]->page, 9), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame[1]->page, 9), 512);
}

/* No entry is smaller than page_reporting_order if the device takes no fragments */
static void pass_no_fragments(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct prt_frame *frame;

	prt->info.fragments = false;
	pr_policy.params.fragment_order = 0;
	prt_start(test, 6, 0);
	KUNIT_EXPECT_EQ(test, pr_smallest_order(&pr_policy), 6);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 5);
	prt_put(frame, 64, 6);
	prt_put(frame, 256, 8);
	prt_flush(test);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 64 + 256);
	prt_verify(test);

	/* Neither with an order above that of a pageblock */
	prt_frame_free(frame);
	prt_start(test, MAX_PAGE_ORDER, 0);
	KUNIT_EXPECT_EQ(test, page_reporting_order, pageblock_order);
	KUNIT_EXPECT_EQ(test, pr_policy.granule_order, pageblock_order);
	KUNIT_EXPECT_GT(test, prt->reports, 0);
	prt_verify(test);
}

/* A pass that is to stop does so while it looks for blocks, before any batch */
static void pass_stop_in_scan(struct kunit *test)
{
	struct pr_pass pass = { .limits.force = true, .sweep = true };
	struct prt *prt = test->priv;
	unsigned long pfn, start;
	struct zone *zone;
	unsigned int reports;

	prt_start(test, 9, 0);
	zone = page_zone(prt_frame(test, 0)->page);
	/* As in stop(): the next pass waits until this is over */
	prt_stop(true);
	start = zone->zone_start_pfn;
	pfn = start;
	collect_blocks(&pass, zone, &pfn, zone_end_pfn(zone));
	KUNIT_EXPECT_EQ(test, pass.stopped, -ECANCELED);
	KUNIT_EXPECT_EQ(test, pfn, start);
	KUNIT_EXPECT_EQ(test, batch.nr_blocks, 0);
	reports = prt->reports;
	KUNIT_EXPECT_EQ(test, pr_flush_now("all"), -ECANCELED);
	KUNIT_EXPECT_EQ(test, prt->reports, reports);
	prt_stop(false);
}

/* A candidate that an isolation, being undone, has merged with is heard of */
static void pass_merged(struct kunit *test)
{
	struct prt_frame *frame;
	struct pr_pass pass = {};
	struct zone *zone;
	unsigned int order;
	bool room;

	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	zone = page_zone(frame->page);
	prt_put(frame, 0, 10);
	spin_lock_irq(&zone->lock);
	WRITE_ONCE(page_reporting_notify_order, pr_policy.huge_order);
	room = isolate_block(&pass, zone, page_to_pfn(frame->page) + 512);
	order = page_reporting_notify_order;
	spin_unlock_irq(&zone->lock);
	KUNIT_EXPECT_TRUE(test, room);
	KUNIT_EXPECT_EQ(test, order, UINT_MAX);
}

/*
 * The summary and the worker have one opinion: what is eligible is reported by a
 * pass, and what is not, is not.
 */
static void pass_verdicts(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct pr_limits limits = {};
	struct prt_frame *frame;
	struct pr_block block;

	pr_policy.params.fragment_order = 3;
	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 9);
	prt_put(frame, 512, 3);
	prt_put(frame, 544, 2);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	pr_schedule_limits(&limits);
	pr_zone_limits(page_zone(frame->page), &limits);
	KUNIT_EXPECT_TRUE(test, limits.few);

	block = prt_read(frame->page, 9);
	KUNIT_EXPECT_EQ(test, pr_judge(&pr_policy, &block, &limits), PR_YOUNG);
	prt_set_age(frame->page, 9, pr_gate(&pr_policy, 9));
	block = prt_read(frame->page, 9);
	KUNIT_EXPECT_EQ(test, pr_judge(&pr_policy, &block, &limits), PR_ELIGIBLE);
	block = prt_read(frame->page + 512, 3);
	KUNIT_EXPECT_EQ(test, pr_judge(&pr_policy, &block, &limits), PR_FEW);
	block = prt_read(frame->page + 544, 2);
	KUNIT_EXPECT_EQ(test, pr_judge(&pr_policy, &block, &limits), PR_SMALL);

	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, MAX_PAGE_ORDER), 512);
	block = prt_read(frame->page, 9);
	KUNIT_EXPECT_EQ(test, pr_judge(&pr_policy, &block, &limits), PR_TOLD);
}

/* Look for small blocks, however few there are */
static void sweep(struct kunit *test)
{
	WRITE_ONCE(pr_schedule.fresh, true);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
}

/* The same once all that is free of a frame has come of age */
static void sweep_old(struct kunit *test, struct prt_frame *frame)
{
	enum pr_state state;
	unsigned int off;

	sweep(test);
	for (off = 0; off < MAX_ORDER_NR_PAGES; off++) {
		state = prt_state(frame->page + off);
		if (state == PR_FREE || state == PR_FRESH)
			prt_set_age(frame->page + off, 0, 8 * pr_gate(&pr_policy, 3));
	}
	sweep(test);
}

static enum pr_verdict judge_free(struct page *page, unsigned int order)
{
	struct pr_limits limits = { .budget = ULONG_MAX, .cma_budget = ULONG_MAX };
	struct pr_block block = prt_read(page, order);

	return pr_judge_block(&block, &limits);
}

/* Pages of 2 MiB that are free and old */
static unsigned long count_old(struct page *first)
{
	struct pr_region region = { .first = first };

	pr_count_region(&region, page_zone(first));
	return region.old;
}

/* A region is counted once, until the next hold of the lock; what is young has its wait */
static void pass_sparse_count(struct kunit *test)
{
	struct pr_pass pass = {
		.seen = { .wait = PR_NEVER, .small_wait = PR_NEVER },
	};
	struct prt_frame *frame;
	struct pr_block block;

	pr_policy.params.fragment_order = 3;
	pr_policy.params.fragment_percent = 50;
	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 7);
	prt_put(frame, 256, 7);
	sweep(test);
	prt_set_age(frame->page, 7, 8 * pr_gate(&pr_policy, 7));
	pr_zone_limits(page_zone(frame->page), &pass.limits);
	block = prt_read(frame->page, 7);
	KUNIT_EXPECT_FALSE(test, judge_block(&pass, &block));
	KUNIT_EXPECT_TRUE(test, pass.seen.sparse);
	KUNIT_EXPECT_EQ(test, pass.limits.region.old, 128);
	KUNIT_EXPECT_EQ(test, pass.seen.small_wait, pass.limits.region.wait);
	KUNIT_EXPECT_NE(test, pass.seen.small_wait, PR_NEVER);
	/* The other comes of age */
	prt_set_age(frame->page + 256, 7, 8 * pr_gate(&pr_policy, 7));
	block = prt_read(frame->page, 7);
	KUNIT_EXPECT_FALSE(test, judge_block(&pass, &block));
	pr_zone_limits(page_zone(frame->page), &pass.limits);
	block = prt_read(frame->page, 7);
	KUNIT_EXPECT_TRUE(test, judge_block(&pass, &block));
}

/* The first piece of 2 MiB goes back when enough of them is free and old */
static void pass_sparse(struct kunit *test)
{
	static const unsigned int granules[] = { 9, 4 };
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned int i, off;

	pr_policy.params.fragment_order = 3;
	pr_policy.params.fragment_percent = 50;
	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		prt_start(test, granules[i], 0);
		frame = prt_frame(test, 0);
		prt_put(frame, 0, 7);
		/* 128 old pages are not; those of the next 2 MiB do not help */
		prt_put(frame, 512, 8);
		sweep_old(test, frame);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 0);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page + 512, 9), 256);
		KUNIT_EXPECT_EQ(test, judge_free(frame->page, 7), PR_SPARSE);
		/* Neither do young ones, nor those that are too small */
		for (off = 256; off < 384; off += 8)
			prt_put(frame, off, 2);
		prt_put(frame, 384, 7);
		sweep(test);
		KUNIT_EXPECT_EQ(test, count_old(frame->page), 128);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 0);
		/* 256 of 512 pages do, in one pass, whatever that has isolated */
		sweep_old(test, frame);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 256);
		/* Then the others follow */
		for (off = 260; off < 384; off += 8)
			prt_put(frame, off, 2);
		KUNIT_EXPECT_EQ(test, count_old(frame->page), 512);
		sweep_old(test, frame);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 384);
		prt_verify(test);
		prt_frame_free(frame);
	}
}

/* Many pieces that come to enough go together, over the batches of a device, too */
static void pass_sparse_pieces(struct kunit *test)
{
	static const unsigned int capacities[] = { 0, 1, 7 };
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned int i, off;

	pr_policy.params.fragment_order = 3;
	pr_policy.params.fragment_percent = 50;
	for (i = 0; i < ARRAY_SIZE(capacities); i++) {
		prt_start(test, 9, capacities[i]);
		frame = prt_frame(test, 0);
		for (off = 0; off < 512 - 16; off += 16)
			prt_put(frame, off, 3);
		sweep_old(test, frame);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 0);
		prt_put(frame, off, 3);
		sweep_old(test, frame);
		KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 256);
		prt_frame_free(frame);
	}
}

/* A flush takes what is left, and what is free around it follows then */
static void pass_sparse_flush(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct prt_frame *frame;

	pr_policy.params.fragment_order = 3;
	pr_policy.params.fragment_percent = 100;
	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 5);
	sweep_old(test, frame);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 0);
	prt_flush(test);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 32);
	prt_put(frame, 64, 5);
	KUNIT_EXPECT_EQ(test, judge_free(frame->page + 64, 5), PR_YOUNG);
	sweep_old(test, frame);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 64);
}

static DEFINE_PER_CPU(struct per_cpu_zonestat, no_diffs);

/* The budget of CMA memory is its own, and is no part of the rest */
static void pass_zone_limits(struct kunit *test)
{
	struct zone *zone = kunit_kzalloc(test, sizeof(*zone), GFP_KERNEL);
	struct pr_limits limits = {};

	KUNIT_ASSERT_NOT_NULL(test, zone);
	zone->per_cpu_zonestats = &no_diffs;
	zone->_watermark[WMARK_LOW] = 100;
	atomic_long_set(&zone->vm_stat[NR_FREE_PAGES], 80100 + 8000);
	pr_zone_limits(zone, &limits);
	KUNIT_EXPECT_EQ(test, limits.budget, 88000 / 8);
	KUNIT_EXPECT_EQ(test, limits.cma_budget, 0);
#ifdef CONFIG_CMA
	atomic_long_set(&zone->vm_stat[NR_FREE_CMA_PAGES], 8000);
	pr_zone_limits(zone, &limits);
	KUNIT_EXPECT_EQ(test, limits.budget, 80000 / 8);
	KUNIT_EXPECT_EQ(test, limits.cma_budget,
			max_t(unsigned long, 8000 / 8, MAX_ORDER_NR_PAGES));
	/* Nothing but CMA memory is free: it is reported none the less */
	atomic_long_set(&zone->vm_stat[NR_FREE_PAGES], 8000);
	pr_zone_limits(zone, &limits);
	KUNIT_EXPECT_EQ(test, limits.budget, 0);
	KUNIT_EXPECT_GT(test, limits.cma_budget, 0);
#endif
}

static struct kunit_case pass_cases[] = {
	KUNIT_CASE(pass_age),
	KUNIT_CASE(pass_no_age),
	KUNIT_CASE(pass_part),
	KUNIT_CASE(pass_flush),
	KUNIT_CASE(pass_adopt),
	KUNIT_CASE(pass_adopt_no_more),
	KUNIT_CASE(pass_plugged),
	KUNIT_CASE(pass_capacity),
	KUNIT_CASE(pass_error),
	KUNIT_CASE(pass_error_age),
	KUNIT_CASE(pass_no_fragments),
	KUNIT_CASE(pass_stop_in_scan),
	KUNIT_CASE(pass_merged),
	KUNIT_CASE(pass_verdicts),
	KUNIT_CASE(pass_sparse),
	KUNIT_CASE(pass_sparse_count),
	KUNIT_CASE(pass_sparse_pieces),
	KUNIT_CASE(pass_sparse_flush),
	KUNIT_CASE(pass_zone_limits),
	{}
};

PRT_SUITE(pass, pass_cases);
