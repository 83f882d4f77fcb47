/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit tests of walk.c, and of memory that is used while it is reported.
 */
#include <linux/prandom.h>

#include "kunit.h"

/* Calls in a row; watching each access takes time, and so does emulation */
#define WT_ROUNDS	(IS_ENABLED(CONFIG_KCSAN) ? 200 :		\
			 IS_ENABLED(CONFIG_PROVE_LOCKING) ? 1000 : 5000)

struct walked {
	unsigned long nr[NR_PAGE_ORDERS];
	struct zone *zone;
	unsigned long next;
	bool small;
	unsigned int calls;
	unsigned int stop_at;
	unsigned int bad;
};

/* Zone by zone, large blocks before small ones, each in the order of pfns */
static int walked_fn(void *opaque, unsigned long pfn, unsigned long num)
{
	struct walked *walked = opaque;
	struct page *page = pfn_to_page(pfn);
	bool small = ilog2(num) < pageblock_order;

	if (page_zone(page) != walked->zone) {
		walked->bad += walked->zone && page_zone(page) < walked->zone;
		walked->zone = page_zone(page);
		walked->small = false;
		walked->next = 0;
	}
	if (small && !walked->small) {
		walked->small = true;
		walked->next = 0;
	}
	walked->bad += small != walked->small;
	walked->bad += !is_power_of_2(num) || num > MAX_ORDER_NR_PAGES ||
		       !IS_ALIGNED(pfn, num) || !PageBuddy(page) ||
		       pfn < walked->next ||
		       buddy_order(page) != ilog2(num) || !irqs_disabled();
#ifdef CONFIG_LOCKDEP
	walked->bad += !lockdep_is_held(&page_zone(page)->lock);
#endif
	walked->next = pfn + num;
	walked->nr[ilog2(num)]++;
	return ++walked->calls == walked->stop_at ? 7 : 0;
}

static void count_free(unsigned long *nr)
{
	unsigned int order;
	struct zone *zone;

	memset(nr, 0, NR_PAGE_ORDERS * sizeof(*nr));
	for_each_populated_zone(zone) {
		for (order = 0; order < NR_PAGE_ORDERS; order++)
			nr[order] += READ_ONCE(zone->free_area[order].nr_free);
	}
}

/* The walk sees what the free lists' own counters say */
static void walk_all(struct kunit *test)
{
	unsigned long before[NR_PAGE_ORDERS], after[NR_PAGE_ORDERS];
	unsigned int order, tries;
	struct walked walked;
	int min_order;

	for (min_order = -1; min_order <= NR_PAGE_ORDERS; min_order++) {
		/* Not while somebody else is changing them */
		for (tries = 100; tries; tries--) {
			memset(&walked, 0, sizeof(walked));
			count_free(before);
			KUNIT_EXPECT_EQ(test, walk_free_mem_block(&walked, min_order,
								  walked_fn), 0);
			count_free(after);
			if (!memcmp(before, after, sizeof(before)))
				break;
		}
		KUNIT_ASSERT_GT(test, tries, 0);
		KUNIT_EXPECT_EQ(test, walked.bad, 0);
		for (order = 0; order < NR_PAGE_ORDERS; order++)
			KUNIT_EXPECT_EQ_MSG(test, walked.nr[order],
					    (int)order < min_order ? 0 : before[order],
					    "order %u of at least %d", order, min_order);
	}
}

/* What the callback returns ends the walk at once */
static void walk_stop(struct kunit *test)
{
	struct walked walked;
	unsigned int calls;

	for (calls = 1; calls < 4; calls++) {
		memset(&walked, 0, sizeof(walked));
		walked.stop_at = calls;
		KUNIT_EXPECT_EQ(test, walk_free_mem_block(&walked, 0, walked_fn), 7);
		KUNIT_EXPECT_EQ(test, walked.calls, calls);
	}
}

/* Somebody who uses memory and looks after it */
struct mem_user {
	struct rnd_state rnd;
	unsigned long held;		/* pages */
	unsigned long limit;
	unsigned long bad;		/* blocks that did not hold what was written */
	struct {
		struct page *page;
		unsigned int order;
		u64 seed;
	} slot[200];
};

static void user_free(struct mem_user *user, unsigned int n)
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

static void user_alloc(struct mem_user *user, unsigned int n)
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

static unsigned long user_run(struct mem_user *user, unsigned int rounds)
{
	unsigned int n;

	user->limit = nr_free_pages() / 2;
	while (rounds--) {
		n = prandom_u32_state(&user->rnd) % ARRAY_SIZE(user->slot);
		if (user->slot[n].page)
			user_free(user, n);
		else
			user_alloc(user, n);
		cond_resched();
	}
	for (n = 0; n < ARRAY_SIZE(user->slot); n++)
		if (user->slot[n].page)
			user_free(user, n);
	drain_all_pages(NULL);
	return user->bad;
}

static struct mem_user *new_user(struct kunit *test, u64 seed)
{
	struct mem_user *user = kunit_kzalloc(test, sizeof(*user), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, user);
	prandom_seed_state(&user->rnd, seed);
	return user;
}

static void walk_loop_fn(struct work_struct *work)
{
	struct prt_call *call = container_of(work, struct prt_call, work);
	struct walked walked;
	int min_order = 0;

	while (!READ_ONCE(call->stop)) {
		memset(&walked, 0, sizeof(walked));
		if (walk_free_mem_block(&walked, min_order, walked_fn))
			call->ret++;
		call->ret += walked.bad;
		min_order = (min_order + 1) % NR_PAGE_ORDERS;
		cond_resched();
	}
}

/* What the walk tells is so at that moment, whatever else goes on */
static void walk_busy(struct kunit *test)
{
	struct prt_call walk = {};

	prt_call(&walk, test->priv, walk_loop_fn);
	KUNIT_EXPECT_EQ(test, user_run(new_user(test, 1), WT_ROUNDS), 0);
	WRITE_ONCE(walk.stop, true);
	prt_join(&walk);
	KUNIT_EXPECT_EQ(test, walk.ret, 0);
}

static void flush_loop_fn(struct work_struct *work)
{
	struct prt_call *call = container_of(work, struct prt_call, work);

	while (!READ_ONCE(call->stop)) {
		int err = pr_flush_now("all");

		if (err && err != -ECANCELED && err != -EAGAIN)
			call->ret = err;
		cond_resched();
	}
}

/* No memory in use ever holds what the device writes, whatever the order is */
static void walk_use_reported(struct kunit *test)
{
	static const unsigned int granules[] = { 0, 5, 9 };
	struct prt *prt = test->priv;
	unsigned int i, reports, runs;
	struct mem_user *user;

	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		struct prt_call flush = {};

		pr_policy.params.fragment_order = 3;
		prt_start(test, granules[i], 1 + 7 * i);
		reports = prt->reports;
		user = new_user(test, i);
		prt_call(&flush, prt, flush_loop_fn);
		/* The only processor may have its mind on the user */
		runs = 100;
		do {
			KUNIT_EXPECT_EQ_MSG(test, user_run(user, WT_ROUNDS), 0,
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
static void walk_use_reordered(struct kunit *test)
{
	static const char * const orders[] = { "0", "9", "4", "10", "2", "7" };
	struct mem_user *user = new_user(test, 77);
	struct prt *prt = test->priv;
	struct prt_call flush = {};
	unsigned int i;

	pr_policy.params.fragment_order = 3;
	prt_start(test, 4, 8);
	prt_call(&flush, prt, flush_loop_fn);
	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		KUNIT_EXPECT_EQ(test, user_run(user, 500), 0);
		KUNIT_EXPECT_EQ(test, prt_set_param("page_reporting_order", orders[i]), 0);
	}
	KUNIT_EXPECT_EQ(test, user_run(user, 500), 0);
	WRITE_ONCE(flush.stop, true);
	prt_join(&flush);
	KUNIT_EXPECT_EQ(test, flush.ret, 0);
	/* What was written last is in force in the end */
	KUNIT_EXPECT_EQ(test, prt_set_param("page_reporting_order", "6"), 0);
	prt_sync_order();
	KUNIT_EXPECT_EQ(test, pr_policy.granule_order, 6);
}

/*
 * The walk finds a block that it begins in the middle of, whatever its size, and
 * whether or not its zone has holes
 */
static void walk_from_middle(struct kunit *test)
{
	static const unsigned int orders[] = { 4, 8, 9 };
	struct prt_frame *frame = prt_frame(test, 0);
	struct zone *zone = page_zone(frame->page);
	bool contiguous = zone->contiguous;
	unsigned int i, found;
	unsigned long pfn;
	struct page *page;

	for (i = 0; i < 2 * ARRAY_SIZE(orders); i++) {
		unsigned int order = orders[i / 2];

		zone->contiguous = contiguous && i % 2;
		prt_put(frame, 0, order);
		pfn = page_to_pfn(frame->page) + (1UL << (order - 1));
		page = pr_next_block(zone, &pfn, page_to_pfn(frame->page) + MAX_ORDER_NR_PAGES,
				     0, &found);
		KUNIT_EXPECT_PTR_EQ(test, page, frame->page);
		KUNIT_EXPECT_EQ(test, found, order);
		KUNIT_EXPECT_EQ(test, pfn, page_to_pfn(frame->page));
		prt_take(test, frame, 0, order, PRT_FRAME_GFP);
	}
	zone->contiguous = contiguous;
}

static struct kunit_case walk_cases[] = {
	KUNIT_CASE(walk_all),
	KUNIT_CASE(walk_stop),
	KUNIT_CASE(walk_from_middle),
	KUNIT_CASE(walk_busy),
	KUNIT_CASE_SLOW(walk_use_reported),
	KUNIT_CASE_SLOW(walk_use_reordered),
	{}
};

PRT_SUITE(walk, walk_cases);
