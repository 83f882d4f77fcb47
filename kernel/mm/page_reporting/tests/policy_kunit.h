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
			.target_refault_percent = 10,
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

/* No age that can be set or learnt is beyond what a record can tell */
static void policy_age_max(struct kunit *test)
{
	struct pr_policy policy = pt_policy();
	struct pr_block block;
	unsigned int order;

	policy.params.min_age_ms = UINT_MAX;
	policy.shift = PR_SHIFT_MAX;
	for (order = 0; order <= MAX_PAGE_ORDER; order++) {
		KUNIT_EXPECT_EQ(test, pr_gate(&policy, order), PR_AGE_MAX);
		block = pt_block(order, PR_AGE_MAX - 1);
		block.fresh = true;
		KUNIT_EXPECT_EQ(test, pr_wait(&policy, &block), 1);
	}
	KUNIT_EXPECT_EQ(test, pr_horizon(&policy), PR_AGE_MAX);
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

/* Reports that were too soon raise the age, once per minimum age; calm lowers it */
static void policy_learn(struct kunit *test)
{
	struct pr_policy policy = pt_policy();
	u32 age = pr_gate(&policy, PT_HUGE), calm = PR_CALM_AGES * age + 1, now = 0;
	unsigned int i;

	pr_policy_reset(&policy, now);
	KUNIT_EXPECT_FALSE(test, pr_learn(&policy, now + age, 10000, 900, 20000));
	/* Too many, but too early to tell */
	KUNIT_EXPECT_FALSE(test, pr_learn(&policy, now + age - 1, 0, 200, 20000));
	now += age;
	KUNIT_EXPECT_TRUE(test, pr_learn(&policy, now, 0, 0, 20000));
	KUNIT_EXPECT_EQ(test, pr_gate(&policy, PT_HUGE), 2 * age);
	/* It takes another of the raised ages */
	KUNIT_EXPECT_FALSE(test, pr_learn(&policy, now + 2 * age - 1, 0, 2000, 20000));
	KUNIT_EXPECT_TRUE(test, pr_learn(&policy, now + 2 * age, 0, 0, 20000));
	now += 2 * age;

	for (i = 0; i < 10; i++) {
		now += age << PR_SHIFT_MAX;
		pr_learn(&policy, now, 10000, 10000, 20000);
	}
	KUNIT_EXPECT_EQ(test, pr_gate(&policy, PT_HUGE), age << PR_SHIFT_MAX);
	policy.told = 0;
	policy.soon = 0;
	KUNIT_EXPECT_FALSE(test, pr_learn(&policy, now + calm - 1, 0, 0, 20000));
	KUNIT_EXPECT_TRUE(test, pr_learn(&policy, now + calm, 0, 0, 20000));
	KUNIT_EXPECT_EQ(test, pr_gate(&policy, PT_HUGE), age << (PR_SHIFT_MAX - 1));
	now += calm;
	pr_learn(&policy, now + 3 * calm, 0, 0, 20000);
	KUNIT_EXPECT_EQ(test, pr_gate(&policy, PT_HUGE), age << (PR_SHIFT_MAX - 4));
	pr_learn(&policy, now + 103 * calm, 0, 0, 20000);
	KUNIT_EXPECT_EQ(test, pr_gate(&policy, PT_HUGE), age);
}

/* A fixed age stays, next to nothing is no reason, and old counts lose weight */
static void policy_learn_not(struct kunit *test)
{
	struct pr_policy policy = pt_policy();
	u32 age = pr_gate(&policy, PT_HUGE);

	pr_policy_reset(&policy, 0);
	KUNIT_EXPECT_FALSE(test, pr_learn(&policy, age, 0, 20000 / PR_LEARN_SHARE, 20000));
	policy.params.target_refault_percent = 0;
	KUNIT_EXPECT_FALSE(test, pr_learn(&policy, age, 10000, 10000, 20000));
	policy.shift = 3;
	KUNIT_EXPECT_EQ(test, pr_gate(&policy, PT_HUGE), age);
	KUNIT_EXPECT_TRUE(test, pr_learn(&policy, age, 0, 0, 20000));
	KUNIT_EXPECT_EQ(test, policy.shift, 0);

	policy.told = 1024;
	policy.soon = 512;
	policy.halved = 0;
	pr_learn(&policy, 3 * (pr_horizon(&policy) + 1), 0, 0, 20000);
	KUNIT_EXPECT_EQ(test, policy.told, 128);
	KUNIT_EXPECT_EQ(test, policy.soon, 64);
}

/* Time and bytes a second: what was not used in a second may be used at once */
static void policy_quota(struct kunit *test)
{
	struct pr_policy policy = pt_policy();
	u64 now = 100 * NSEC_PER_SEC, wait;

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
	KUNIT_EXPECT_EQ(test, policy.paid_until, now + 4 * NSEC_PER_SEC);
	KUNIT_EXPECT_GT(test, pr_quota_wait(&policy, now + 2 * NSEC_PER_SEC), 0);
	KUNIT_EXPECT_EQ(test, pr_quota_wait(&policy, now + 4 * NSEC_PER_SEC), 0);

	/* 0 is no limit */
	policy.paid_until = 0;
	policy.params.quota_ms = 0;
	policy.params.quota_mib = 0;
	pr_quota_charge(&policy, now, NSEC_PER_SEC * 1000, SZ_1G);
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
	KUNIT_CASE(policy_budget),
	KUNIT_CASE(policy_learn),
	KUNIT_CASE(policy_learn_not),
	KUNIT_CASE(policy_quota),
	{}
};

static struct kunit_suite policy_suite = {
	.name = "page_reporting_policy",
	.test_cases = policy_cases,
};

kunit_test_suite(policy_suite);
