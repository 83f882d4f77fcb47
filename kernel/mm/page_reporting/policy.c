// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting: which block is reported when.
 *
 * A block is reported once it has been free for a minimum age, so that memory
 * which is about to be used again is left alone. Small blocks have to be
 * older: there are more of them, each is worth less, and they are used again
 * sooner. When reported memory is soon used again, the minimum age rises.
 *
 * No locks, no lists and no clock here: numbers in, numbers out.
 */
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/page-isolation.h>

#include "internal.h"

/* At most 1/PR_BUDGET_SHARE of what is free above the watermark is isolated */
#define PR_BUDGET_SHARE	8
/* The minimum age is at most the one that is set times 2^PR_SHIFT_MAX */
#define PR_SHIFT_MAX	5U
/* Memory used again within this many minimum ages was reported too soon... */
#define PR_SOON_AGES	8
/* ...and without such a report for this many the age is halved again */
#define PR_CALM_AGES	32
/* The age is not raised for less than this share of memory */
#define PR_LEARN_SHARE	256
/* What the host has never supplied waits 2^PR_FRESH_SHIFT times as long */
#define PR_FRESH_SHIFT	3
/* The quota may be ahead by this much, and a pass waits until it has less */
#define PR_QUOTA_BURST	NSEC_PER_SEC
#define PR_QUOTA_RESUME	(NSEC_PER_SEC - 100 * NSEC_PER_MSEC)
/* It never takes longer than this to recover */
#define PR_QUOTA_DEBT	(10 * (u64)NSEC_PER_SEC)

/* The order of the smallest block that is reported. Any context. */
unsigned int pr_smallest_order(const struct pr_policy *policy)
{
	if (!policy->fragments)
		return policy->granule_order;
	return min(READ_ONCE(policy->params.fragment_order), policy->granule_order);
}

static u32 min_age(const struct pr_policy *policy)
{
	u64 age = pr_ms_to_ticks(READ_ONCE(policy->params.min_age_ms));

	if (READ_ONCE(policy->params.target_refault_percent))
		age <<= READ_ONCE(policy->shift);
	return min_t(u64, age, PR_AGE_MAX);
}

/*
 * The age in ticks at which a block is reported. Each order below huge_order
 * adds half of it. Any context.
 */
u32 pr_gate(const struct pr_policy *policy, unsigned int order)
{
	u64 age = min_age(policy);

	if (order < policy->huge_order)
		age += age * (policy->huge_order - order) / 2;
	return min_t(u64, age, PR_AGE_MAX);
}

/*
 * The ticks until the unreported part of a block comes of age, 0 if it is. What
 * no pass has seen yet is free as of now. Any context.
 */
u32 pr_wait(const struct pr_policy *policy, const struct pr_block *block)
{
	u64 gate = pr_gate(policy, block->order);

	if (block->fresh)
		gate = min_t(u64, gate << PR_FRESH_SHIFT, PR_AGE_MAX);
	return gate > block->age ? gate - block->age : 0;
}

/**
 * pr_judge - may a free block be reported, and if not, why not?
 * @policy: the policy
 * @block: what is known of the block
 * @limits: what else there is to consider
 *
 * The only place that decides: the worker acts on the verdict, and debugfs
 * shows it.
 *
 * Context: any; the verdict holds under zone->lock, else it is a hint.
 * Return: the verdict.
 */
enum pr_verdict pr_judge(const struct pr_policy *policy,
			 const struct pr_block *block,
			 const struct pr_limits *limits)
{
	unsigned long pages = 1UL << block->order, budget = limits->budget;

	if (block->reported == pages)
		return PR_TOLD;
	if (block->order < pr_smallest_order(policy))
		return PR_SMALL;
	if (is_migrate_isolate(block->migratetype))
		return PR_ISOLATED;
	if (!limits->force) {
		if (limits->few && block->order < policy->huge_order)
			return PR_FEW;
		if (limits->backing_off)
			return PR_BACKING_OFF;
	}
	if (limits->force ? block->age < limits->age : pr_wait(policy, block))
		return PR_YOUNG;
	if (is_migrate_cma(block->migratetype))
		budget = limits->cma_budget;
	return pages > budget ? PR_OVER_BUDGET : PR_ELIGIBLE;
}

/* Ticks after a report in which the memory should not be used. Any context. */
u32 pr_horizon(const struct pr_policy *policy)
{
	u64 age = pr_ms_to_ticks(READ_ONCE(policy->params.min_age_ms));

	return min_t(u64, PR_SOON_AGES * age, PR_AGE_MAX);
}

/*
 * The pages of a zone that may be isolated at once, with @nr_free free ones of
 * which @reserve must stay, such as those below the watermark. Small guests depend
 * on their last free blocks: a share of what is free above the reserve, or a
 * single block if as much again stays behind. Any context.
 */
unsigned long pr_budget(unsigned long nr_free, unsigned long reserve)
{
	unsigned long above = nr_free - min(nr_free, reserve);

	return max(above / PR_BUDGET_SHARE,
		   min(above / 2, (unsigned long)MAX_ORDER_NR_PAGES));
}

/* Forget what has been learnt. No pass is running. */
void pr_policy_reset(struct pr_policy *policy, u32 now)
{
	WRITE_ONCE(policy->shift, 0);
	policy->raised = now;
	policy->halved = now;
	policy->told = 0;
	policy->soon = 0;
	policy->paid_until = 0;
}

/**
 * pr_learn - learn from what became of the reports
 * @policy: the policy
 * @now: ticks
 * @told: pages reported by age since the last call
 * @soon: of all reported by age, pages used again too soon since the last call
 * @ram: pages of memory
 *
 * Too many that were soon used again double the minimum age, and a calm time
 * halves it again. Both counts lose half of their weight in each horizon.
 *
 * Context: one caller at a time.
 * Return: true if the minimum age has changed.
 */
bool pr_learn(struct pr_policy *policy, u32 now, unsigned long told,
	      unsigned long soon, unsigned long ram)
{
	u32 base = pr_ms_to_ticks(READ_ONCE(policy->params.min_age_ms));
	unsigned int percent = READ_ONCE(policy->params.target_refault_percent);
	u32 halves = pr_age(now, policy->halved) / (pr_horizon(policy) + 1);
	u32 since = pr_age(now, policy->raised);
	unsigned int shift = policy->shift;
	u64 calm = PR_CALM_AGES * (u64)base + 1;

	policy->told += told;
	policy->soon += soon;
	if (halves) {
		policy->halved = now;
		policy->told >>= min(halves, BITS_PER_LONG - 1U);
		policy->soon >>= min(halves, BITS_PER_LONG - 1U);
	}

	if (!percent) {
		shift = 0;
	} else if (policy->soon > ram / PR_LEARN_SHARE &&
		   (u64)policy->soon * 100 > (u64)policy->told * percent) {
		/* Raise the age at most once per minimum age */
		if (since < min_age(policy))
			return false;
		shift = min(shift + 1, PR_SHIFT_MAX);
		policy->soon = 0;
	} else if (since >= calm) {
		shift -= min_t(u64, shift, div64_u64(since, calm));
	} else {
		return false;
	}
	policy->raised = now;
	if (shift == policy->shift)
		return false;
	WRITE_ONCE(policy->shift, shift);
	return true;
}

/*
 * Account for @ns that were spent, waiting for the device included, and @pages
 * that were reported. A pass.
 */
void pr_quota_charge(struct pr_policy *policy, u64 now_ns, u64 ns,
		     unsigned long pages)
{
	unsigned int quota_ms = READ_ONCE(policy->params.quota_ms);
	unsigned int quota_mib = READ_ONCE(policy->params.quota_mib);
	u64 kib = (u64)pages << (PAGE_SHIFT - 10), cost = 0, paid;

	if (quota_ms)
		cost = div_u64(ns * MSEC_PER_SEC, quota_ms);
	if (quota_mib)
		cost = max(cost, div_u64(kib * NSEC_PER_SEC, quota_mib) >> 10);
	/* A device that hangs must not put reporting off for long */
	paid = max(policy->paid_until, now_ns) + cost;
	policy->paid_until = min(paid, now_ns + PR_QUOTA_DEBT);
}

/*
 * The ns until the next pass may run, 0 if the quota is not used up. What was
 * not used in the last second may be used at once. A pass.
 */
u64 pr_quota_wait(const struct pr_policy *policy, u64 now_ns)
{
	if (policy->paid_until <= now_ns + PR_QUOTA_BURST ||
	    !(READ_ONCE(policy->params.quota_ms) | READ_ONCE(policy->params.quota_mib)))
		return 0;
	return policy->paid_until - now_ns - PR_QUOTA_RESUME;
}

#ifdef CONFIG_PAGE_REPORTING_KUNIT_TEST
#include "tests/policy_kunit.h"
#endif
