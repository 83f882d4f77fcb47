/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit tests of policy.c: numbers in, numbers out. No device, no memory of the
 * page allocator, no clock.
 */
#include <kunit/test.h>

#define PT_GRANULE	4
#define PT_HUGE		9
#define PT_MS		16000

static struct pr_policy pt_policy(void)
{
	return (struct pr_policy) {
		.params = {
			.min_age_ms = PT_MS,
			.fragment_order = 3,
			.learn = 1,
			.quota_ms = 500,
			.quota_mib = 1024,
		},
		.granule_order = PT_GRANULE,
		.huge_order = PT_HUGE,
		.fragments = true,
	};
}

static struct pr_block pt_block(unsigned int order, u32 age)
{
	return (struct pr_block) {
		.order = order,
		.migratetype = MIGRATE_MOVABLE,
		.age = age,
	};
}

static const struct pr_limits pt_no_limits = {
	.budget = ULONG_MAX,
	.cma_budget = ULONG_MAX,
};

/* The smaller a block, the longer it waits; all large ones wait as long */
static void policy_gate(struct kunit *test)
{
	struct pr_policy policy = pt_policy();
	u32 age = pr_gate(&policy, PT_HUGE);
	unsigned int order;

	KUNIT_EXPECT_EQ(test, age, pr_ms_to_ticks(PT_MS));
	for (order = 0; order < MAX_PAGE_ORDER; order++)
		KUNIT_EXPECT_EQ(test, pr_gate(&policy, order) > pr_gate(&policy, order + 1),
				order < PT_HUGE);
	KUNIT_EXPECT_EQ(test, pr_gate(&policy, PT_HUGE - 2), 2 * age);
	policy.params.min_age_ms = 0;
	KUNIT_EXPECT_EQ(test, pr_gate(&policy, 0), 0);
}

/* What was free before the device came waits eight times as long, in all orders */
static void policy_fresh(struct kunit *test)
{
	struct pr_policy policy = pt_policy();
	unsigned int order;

	for (order = 0; order <= MAX_PAGE_ORDER; order++) {
		u32 gate = pr_gate(&policy, order);
		struct pr_block block = pt_block(order, gate - 1);

		KUNIT_EXPECT_EQ(test, pr_wait(&policy, &block), 1);
		block.fresh = true;
		KUNIT_EXPECT_EQ(test, pr_wait(&policy, &block), 7 * gate + 1);
		block.age = 8 * gate;
		KUNIT_EXPECT_EQ(test, pr_wait(&policy, &block), 0);
	}
}

/* The time that is left is never below 0 */
static void policy_wait(struct kunit *test)
{
	struct pr_policy policy = pt_policy();
	u32 gate = pr_gate(&policy, 10);
	struct pr_block block = pt_block(10, gate - 7);

	KUNIT_EXPECT_EQ(test, pr_wait(&policy, &block), 7);
	block.fresh = true;
	KUNIT_EXPECT_EQ(test, pr_wait(&policy, &block), 7 * gate + 7);
	block.age = PR_AGE_MAX;
	KUNIT_EXPECT_EQ(test, pr_wait(&policy, &block), 0);
}

/* No age that can be set is beyond what a record can tell */
static void policy_age_max(struct kunit *test)
{
	struct pr_policy policy = pt_policy();
	struct pr_block block;
	unsigned int order;

	policy.params.min_age_ms = UINT_MAX;
	for (order = 0; order <= MAX_PAGE_ORDER; order++) {
		KUNIT_EXPECT_EQ(test, pr_gate(&policy, order),
				order < PT_HUGE ? PR_AGE_MAX : 256000000);
		block = pt_block(order, PR_AGE_MAX - 1);
		block.fresh = true;
		KUNIT_EXPECT_EQ(test, pr_wait(&policy, &block), 1);
	}
	KUNIT_EXPECT_EQ(test, pr_ms_to_ticks(0), 0);
	KUNIT_EXPECT_EQ(test, pr_ms_to_ticks(1), 1);
	KUNIT_EXPECT_EQ(test, pr_ms_to_ticks(UINT_MAX), 256000000);
}

/* The difference of two times is right wherever the clock wraps around */
static void policy_wrap(struct kunit *test)
{
	static const u32 times[] = {
		0, 1, 9, PR_AGE_MAX, PR_AGE_MAX + 1, PR_TIME_MASK - 1, PR_TIME_MASK,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		KUNIT_EXPECT_EQ(test, pr_age(times[i], times[i]), 0);
		KUNIT_EXPECT_EQ(test, pr_age(times[i], (times[i] - 10) & PR_TIME_MASK), 10);
		KUNIT_EXPECT_EQ(test, pr_age(times[i], (times[i] - PR_AGE_MAX) & PR_TIME_MASK),
				PR_AGE_MAX);
	}
}

static void policy_smallest(struct kunit *test)
{
	struct pr_policy policy = pt_policy();

	KUNIT_EXPECT_EQ(test, pr_smallest_order(&policy), 3);
	policy.params.fragment_order = MAX_PAGE_ORDER + 1;
	KUNIT_EXPECT_EQ(test, pr_smallest_order(&policy), PT_GRANULE);
	policy.params.fragment_order = 0;
	policy.fragments = false;
	KUNIT_EXPECT_EQ(test, pr_smallest_order(&policy), PT_GRANULE);
}

#define PT_JUDGE(verdict) \
	KUNIT_EXPECT_EQ(test, pr_judge(&policy, &block, &limits), verdict)

/* Each reason, and which one comes first */
static void policy_judge(struct kunit *test)
{
	struct pr_policy policy = pt_policy();
	struct pr_limits limits = pt_no_limits;
	struct pr_block block = pt_block(5, PR_AGE_MAX);

	PT_JUDGE(PR_ELIGIBLE);
	limits.budget = 31;
	PT_JUDGE(PR_OVER_BUDGET);
	limits.budget = 32;
	PT_JUDGE(PR_ELIGIBLE);
	limits.budget = 0;
	block.age = pr_gate(&policy, 5) - 1;
	PT_JUDGE(PR_YOUNG);
	limits.backing_off = true;
	PT_JUDGE(PR_BACKING_OFF);
	limits.few = true;
	PT_JUDGE(PR_FEW);
	block.order = PT_HUGE;
	PT_JUDGE(PR_BACKING_OFF);
	block.order = 2;
	PT_JUDGE(PR_SMALL);
	block.reported = 4;
	PT_JUDGE(PR_TOLD);
}

/* A flush heeds the budget and isolation, and nothing else */
static void policy_judge_flush(struct kunit *test)
{
	struct pr_policy policy = pt_policy();
	struct pr_limits limits = {
		.force = true, .few = true, .backing_off = true, .budget = 32,
	};
	struct pr_block block = pt_block(5, 0);

	PT_JUDGE(PR_ELIGIBLE);
	limits.budget = 31;
	PT_JUDGE(PR_OVER_BUDGET);
#ifdef CONFIG_MEMORY_ISOLATION
	block.migratetype = MIGRATE_ISOLATE;
	PT_JUDGE(PR_ISOLATED);
#endif
	block.order = 2;
	PT_JUDGE(PR_SMALL);
}

/* CMA memory does not starve when there is little else, nor the other way round */
static void policy_judge_cma(struct kunit *test)
{
#ifdef CONFIG_CMA
	struct pr_policy policy = pt_policy();
	struct pr_limits limits = { .budget = 0, .cma_budget = 32 };
	struct pr_block block = pt_block(5, PR_AGE_MAX);

	PT_JUDGE(PR_OVER_BUDGET);
	block.migratetype = MIGRATE_CMA;
	PT_JUDGE(PR_ELIGIBLE);
	limits.budget = ULONG_MAX;
	limits.cma_budget = 31;
	PT_JUDGE(PR_OVER_BUDGET);
#else
	kunit_skip(test, "without CONFIG_CMA");
#endif
}

/* A first piece of 2 MiB waits for so much of them, unless it is flushed */
static void policy_judge_sparse(struct kunit *test)
{
	static const struct {
		unsigned int percent;
		unsigned long enough;
	} cases[] = { { 0, 0 }, { 1, 6 }, { 25, 128 }, { 50, 256 }, { 99, 507 }, { 100, 512 } };
	struct pr_block block = pt_block(5, PR_AGE_MAX);
	struct pr_policy policy = pt_policy();
	struct pr_limits limits;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		policy.params.fragment_percent = cases[i].percent;
		limits = pt_no_limits;
		block.order = 5;
		block.region_old = cases[i].enough;
		PT_JUDGE(PR_ELIGIBLE);
		if (!cases[i].percent)
			continue;
		block.region_old--;
		PT_JUDGE(PR_SPARSE);
		/* Nothing else may hold it back, or the region is counted in vain */
		limits.budget = 31;
		PT_JUDGE(PR_OVER_BUDGET);
		limits.budget = 512;
		limits.force = true;
		PT_JUDGE(PR_ELIGIBLE);
		limits.force = false;
		block.order = PT_HUGE - 1;
		PT_JUDGE(PR_SPARSE);
		block.order = PT_HUGE;
		PT_JUDGE(PR_ELIGIBLE);
	}
}

/* Small guests live on their last free blocks */
static void policy_budget(struct kunit *test)
{
	static const struct {
		unsigned long nr_free, reserve, budget;
	} cases[] = {
		{ 0, 0, 0 },
		{ 0, 100, 0 },
		{ 100, 100, 0 },
		{ 101, 100, 0 },
		{ 1100, 100, 500 },
		{ 100 + 2 * MAX_ORDER_NR_PAGES, 100, MAX_ORDER_NR_PAGES },
		{ 100 + 4 * MAX_ORDER_NR_PAGES, 100, MAX_ORDER_NR_PAGES },
		{ 100 + 80 * MAX_ORDER_NR_PAGES, 100, 10 * MAX_ORDER_NR_PAGES },
		{ 80 * MAX_ORDER_NR_PAGES, ULONG_MAX, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, pr_budget(cases[i].nr_free, cases[i].reserve),
				    cases[i].budget, "%lu free", cases[i].nr_free);
}

/* Learn from @pages that were free for @age ticks */
static bool pt_learn(struct pr_policy *policy, u32 now, u32 age, unsigned long pages)
{
	unsigned long reused[PR_NR_BINS] = {};

	reused[pr_bin(age)] = pages;
	return pr_learn(policy, now, reused, 20000);
}

static struct pr_policy pt_learner(void)
{
	struct pr_policy policy = pt_policy();

	policy.params.min_age_ms = 1000;
	pr_policy_reset(&policy, 0);
	return policy;
}

/* The end of the bin with age @age, in ticks */
static u32 pt_bin_end(u32 age)
{
	return (pr_bin(age) + 1) << PR_BIN_SHIFT;
}

/* What is used again within the price is held until then, what is later is not */
static void policy_learn(struct kunit *test)
{
	static const u32 ages[] = { 70, 100, PR_PRICE - 1 };
	struct pr_policy policy;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ages); i++) {
		policy = pt_learner();
		KUNIT_EXPECT_TRUE(test, pt_learn(&policy, 0, ages[i], 10000));
		KUNIT_EXPECT_EQ(test, pr_gate(&policy, PT_HUGE), pt_bin_end(ages[i]));
	}
	/* What is used again before what is set is no reason */
	policy = pt_learner();
	KUNIT_EXPECT_FALSE(test, pt_learn(&policy, 0, 20, 10000));
	/* The end of the bin that it lies in is */
	KUNIT_EXPECT_FALSE(test, pt_learn(&policy, 0, pr_gate(&policy, PT_HUGE), 77));
	KUNIT_EXPECT_TRUE(test, pt_learn(&policy, 0, pr_gate(&policy, PT_HUGE), 1));
	KUNIT_EXPECT_EQ(test, pr_gate(&policy, PT_HUGE), pt_bin_end(60));
	policy = pt_learner();
	KUNIT_EXPECT_TRUE(test, pt_learn(&policy, 0, PR_PRICE, 10000));
	KUNIT_EXPECT_EQ(test, pr_gate(&policy, PT_HUGE), pt_bin_end(0));
}

/* A hold pays if it saves more than it costs: here for a fifth, but not for a tenth */
static void policy_learn_weighs(struct kunit *test)
{
	u32 early = (PR_BINS / 4) << PR_BIN_SHIFT;
	struct pr_policy policy = pt_learner();

	pt_learn(&policy, 0, PR_PRICE, 8000);
	pt_learn(&policy, 0, early, 1000);
	KUNIT_EXPECT_EQ(test, pr_gate(&policy, PT_HUGE), pt_bin_end(0));
	policy = pt_learner();
	pt_learn(&policy, 0, PR_PRICE, 8000);
	pt_learn(&policy, 0, early, 4000);
	KUNIT_EXPECT_EQ(test, pr_gate(&policy, PT_HUGE), pt_bin_end(early));
}

/* What was learnt loses its weight until what is set is in force again */
static void policy_learn_forgets(struct kunit *test)
{
	struct pr_policy policy = pt_learner();
	u32 set = pr_gate(&policy, PT_HUGE), now = 0;
	unsigned int i;

	/* To save 15 bins of these, 4 are held: and 78 more pages 5 times */
	pt_learn(&policy, now, 100, 10000);
	for (i = 0; i < 9; i++) {
		KUNIT_EXPECT_EQ(test, pr_gate(&policy, PT_HUGE), pt_bin_end(100));
		now += 3 * PR_PRICE;
		KUNIT_EXPECT_EQ(test, pt_learn(&policy, now, 0, 0), i == 8);
	}
	KUNIT_EXPECT_EQ(test, pr_gate(&policy, PT_HUGE), set);
	/* After a long time nothing is left */
	pt_learn(&policy, now, 100, 10000);
	pt_learn(&policy, now + 200 * PR_PRICE, 0, 0);
	KUNIT_EXPECT_EQ(test, policy.reused[pr_bin(100)], 0);
}

/* As long as nothing is used again what is set is in force, whatever it is */
static void policy_learn_nothing(struct kunit *test)
{
	struct pr_policy policy;
	unsigned int ms;

	for (ms = 0; ms < 3000; ms += 67) {
		policy = pt_learner();
		policy.params.min_age_ms = ms;
		pt_learn(&policy, 0, 0, 0);
		KUNIT_EXPECT_EQ_MSG(test, pr_gate(&policy, PT_HUGE), pr_ms_to_ticks(ms),
				    "%u ms", ms);
	}
}

/* A fixed age stays, one beyond the price too, and next to nothing is no reason */
static void policy_learn_not(struct kunit *test)
{
	struct pr_policy policy = pt_learner();
	u32 set = pr_gate(&policy, PT_HUGE);

	KUNIT_EXPECT_FALSE(test, pt_learn(&policy, 0, 100, 35));
	KUNIT_EXPECT_TRUE(test, pt_learn(&policy, 0, 100, 1));
	KUNIT_EXPECT_NE(test, pr_gate(&policy, PT_HUGE), set);
	policy.params.learn = 0;
	KUNIT_EXPECT_EQ(test, pr_gate(&policy, PT_HUGE), set);
	policy.params.learn = 1;
	policy.params.min_age_ms = PT_MS;
	KUNIT_EXPECT_EQ(test, pr_gate(&policy, PT_HUGE), pr_ms_to_ticks(PT_MS));
}

/* Expect that of @pages as many as @part are recalled, free for @age ticks */
static void pt_recall(struct kunit *test, struct pr_policy *policy, u32 now,
		      unsigned long pages, unsigned long part, u32 age)
{
	u32 found = 0;

	KUNIT_EXPECT_EQ(test, pr_recall(policy, now, pages, &found), part);
	KUNIT_EXPECT_EQ(test, found, age);
}

/* The latest report is missed first */
static void policy_recall(struct kunit *test)
{
	struct pr_policy policy = pt_learner();

	pt_recall(test, &policy, 0, 1, 0, 0);
	pr_remember(&policy, 0, 10, false);
	pr_remember(&policy, 1, 10, false);	/* of the same bin */
	pr_remember(&policy, 20, 30, true);
	pr_remember(&policy, 21, 5, false);
	pt_recall(test, &policy, 100, 3, 3, 79);
	pt_recall(test, &policy, 100, 3, 2, 79);
	pt_recall(test, &policy, 100, 1000, 30, PR_AGE_MAX);
	pt_recall(test, &policy, 101, 20, 20, 101);
	pt_recall(test, &policy, 101, 1, 0, 0);
	/* Across the wrap */
	pr_remember(&policy, PR_TIME_MASK, 10, false);
	pt_recall(test, &policy, 45, 1, 1, 46);
	pr_policy_reset(&policy, 0);
	pt_recall(test, &policy, 46, 1, 0, 0);
}

/* With more reports than it remembers the oldest become one, as old as the largest */
static void policy_recall_most(struct kunit *test)
{
	struct pr_policy policy = pt_learner();
	u32 now, i;

	for (i = 0; i <= PR_RECENT + 2; i++)
		pr_remember(&policy, i << PR_BIN_SHIFT, i == 1 ? 100 : i + 1, i == 1);
	now = i << PR_BIN_SHIFT;
	for (i = PR_RECENT + 2; i > 3; i--)
		pt_recall(test, &policy, now, 1000, i + 1, now - (i << PR_BIN_SHIFT));
	pt_recall(test, &policy, now, 1000, 1 + 100 + 3 + 4, PR_AGE_MAX);
	pt_recall(test, &policy, now, 1000, 0, 0);
}

/* Time and bytes a second: what was not used in a second may be used at once */
static void policy_quota(struct kunit *test)
{
	struct pr_policy policy = pt_policy();
	u64 now = 100ULL * NSEC_PER_SEC, wait;

	KUNIT_EXPECT_EQ(test, pr_quota_wait(&policy, now), 0);
	/* 500 ms a second: half a second costs one, and one more tick is too much */
	pr_quota_charge(&policy, now, NSEC_PER_SEC / 2, 0);
	KUNIT_EXPECT_EQ(test, pr_quota_wait(&policy, now), 0);
	pr_quota_charge(&policy, now, NSEC_PER_SEC / 2, 0);
	wait = pr_quota_wait(&policy, now);
	KUNIT_EXPECT_GT(test, wait, NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, pr_quota_wait(&policy, now + wait), 0);

	/* 1024 MiB a second, whichever is used up first */
	policy.paid_until = 0;
	pr_quota_charge(&policy, now, 1, SZ_1G / PAGE_SIZE * 4);
	KUNIT_EXPECT_EQ(test, policy.paid_until, now + 4ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_GT(test, pr_quota_wait(&policy, now + 2ULL * NSEC_PER_SEC), 0);
	KUNIT_EXPECT_EQ(test, pr_quota_wait(&policy, now + 4ULL * NSEC_PER_SEC), 0);

	/* 0 is no limit */
	policy.paid_until = 0;
	policy.params.quota_ms = 0;
	policy.params.quota_mib = 0;
	pr_quota_charge(&policy, now, 1000ULL * NSEC_PER_SEC, SZ_1G);
	KUNIT_EXPECT_EQ(test, pr_quota_wait(&policy, now), 0);
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE(policy_gate),
	KUNIT_CASE(policy_fresh),
	KUNIT_CASE(policy_wait),
	KUNIT_CASE(policy_age_max),
	KUNIT_CASE(policy_wrap),
	KUNIT_CASE(policy_smallest),
	KUNIT_CASE(policy_judge),
	KUNIT_CASE(policy_judge_flush),
	KUNIT_CASE(policy_judge_cma),
	KUNIT_CASE(policy_judge_sparse),
	KUNIT_CASE(policy_budget),
	KUNIT_CASE(policy_learn),
	KUNIT_CASE(policy_learn_weighs),
	KUNIT_CASE(policy_learn_forgets),
	KUNIT_CASE(policy_learn_nothing),
	KUNIT_CASE(policy_learn_not),
	KUNIT_CASE(policy_recall),
	KUNIT_CASE(policy_recall_most),
	KUNIT_CASE(policy_quota),
	{}
};

static struct kunit_suite policy_suite = {
	.name = "page_reporting_policy",
	.test_cases = policy_cases,
};

kunit_test_suite(policy_suite);
