// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting: which block is reported when.
 *
 * A block is reported once it has been free for a minimum age, so that memory
 * which is about to be used again is left alone. Small blocks have to be
 * older: there are more of them, each is worth less, and they are used again
 * sooner. The minimum age is the one that would have cost least for what was
 * used again lately: holding costs by time, and fetching back has a price.
 *
 * A host may have 2 MiB in a huge page, which a first piece given back breaks:
 * fragment_percent lets pieces wait until enough of the 2 MiB is free and old.
 *
 * No locks, no lists and no clock here: numbers in, numbers out.
 */
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/page-isolation.h>
#include <linux/string.h>

#include "internal.h"

/* At most 1/PR_BUDGET_SHARE of what is free above the watermark is isolated */
#define PR_BUDGET_SHARE	8
/* What speaks for min_age_ms weighs as much as the use of 1/PR_LEARN_SHARE of memory */
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

/*
 * The minimum age in ticks: what has been learnt, unless learning is off or
 * min_age_ms is no less than the most that can be learnt.
 */
static u32 min_age(const struct pr_policy *policy)
{
	u32 age = pr_ms_to_ticks(READ_ONCE(policy->params.min_age_ms));
	u32 learnt = READ_ONCE(policy->learnt);

	if (learnt && age < PR_PRICE && READ_ONCE(policy->params.learn))
		return learnt;
	return age;
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
 * The worker acts on the verdict, as long as there is room in its batch, and
 * debugfs shows it.
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
	if (pages > budget)
		return PR_OVER_BUDGET;
	/* The host has a huge page of these 2 MiB, perhaps */
	if (!limits->force && block->order < policy->huge_order &&
	    block->region_old * 100 <
	    (unsigned long)READ_ONCE(policy->params.fragment_percent) << policy->huge_order)
		return PR_SPARSE;
	return PR_ELIGIBLE;
}

/*
 * How many of @nr_free pages of a zone may be isolated at once if @reserve must
 * stay: 1/PR_BUDGET_SHARE of what is above the reserve; or up to half of it, if
 * that is no more than one largest block, or small guests could never report.
 * Any context.
 */
unsigned long pr_budget(unsigned long nr_free, unsigned long reserve)
{
	unsigned long above = nr_free - min(nr_free, reserve);

	return max(above / PR_BUDGET_SHARE,
		   min(above / 2, (unsigned long)MAX_ORDER_NR_PAGES));
}

/* Forget what has been learnt. No pass is running, and no hook. */
void pr_policy_reset(struct pr_policy *policy, u32 now)
{
	WRITE_ONCE(policy->learnt, 0);
	policy->halved = now;
	memset(policy->reused, 0, sizeof(policy->reused));
	policy->nr_recent = 0;
	policy->paid_until = 0;
}

/**
 * pr_remember - remember that memory was reported
 * @policy: the policy
 * @since: since when it was free, in ticks
 * @pages: how much, not 0
 * @flushed: by a flush, so that nothing is to be learnt from it
 *
 * Context: one caller at a time, pr_recall() included.
 */
void pr_remember(struct pr_policy *policy, u32 since, unsigned long pages, bool flushed)
{
	struct pr_recent *recent = policy->recent, *last;

	last = policy->nr_recent ? &recent[policy->nr_recent - 1] : NULL;
	if (last && last->flushed == flushed &&
	    pr_age(since, last->since) < 1 << PR_BIN_SHIFT) {
		last->pages += pages;
		return;
	}
	if (policy->nr_recent == PR_RECENT) {
		/* The two oldest become one, as the larger of them was */
		if (recent[0].pages > recent[1].pages) {
			recent[1].since = recent[0].since;
			recent[1].flushed = recent[0].flushed;
		}
		recent[1].pages += recent[0].pages;
		memmove(recent, recent + 1, (PR_RECENT - 1) * sizeof(*recent));
		policy->nr_recent--;
	}
	recent[policy->nr_recent] = (struct pr_recent) {
		.since = since,
		.flushed = flushed,
		.pages = pages,
	};
	WRITE_ONCE(policy->nr_recent, policy->nr_recent + 1);
}

/**
 * pr_recall - find out for how long memory was free that is wanted again
 * @policy: the policy
 * @now: ticks
 * @pages: how much is wanted that the host has to supply
 * @age: set to the ticks since it became free, PR_AGE_MAX if a flush took it
 *
 * What was freed last would have been used first, had it not been reported: so
 * it is the latest report that is regretted, whatever memory is used instead.
 *
 * Context: as for pr_remember().
 * Return: pages that @age holds for; 0 if no report is remembered.
 */
unsigned long pr_recall(struct pr_policy *policy, u32 now, unsigned long pages, u32 *age)
{
	struct pr_recent *last;

	if (!policy->nr_recent)
		return 0;
	last = &policy->recent[policy->nr_recent - 1];
	*age = last->flushed ? PR_AGE_MAX : pr_age(now, last->since);
	pages = min(pages, last->pages);
	last->pages -= pages;
	if (!last->pages)
		WRITE_ONCE(policy->nr_recent, policy->nr_recent - 1);
	return pages;
}

/*
 * The bin whose end is the hold that would have cost least for @reused. To hold
 * for one more bin saves the price of what is reused in it, and costs its time
 * for what is reused later.
 */
static unsigned int best_bin(const unsigned long *reused)
{
	long saved = 0, most = 0, later = 0;
	unsigned int best = 0, bin;

	for (bin = 1; bin <= PR_BIN_LATE; bin++)
		later += reused[bin];
	for (bin = 1; bin < PR_BINS; bin++) {
		later -= reused[bin];
		saved += (PR_BINS - 1) * reused[bin] - later;
		if (saved > most) {
			most = saved;
			best = bin;
		}
	}
	return best;
}

/**
 * pr_learn - learn from memory that was used again
 * @policy: the policy
 * @now: ticks
 * @reused: pages used again since the last call, by pr_bin() of their free time
 * @ram: pages of memory
 *
 * Memory is held for as long as would have cost least lately, but not for longer
 * than the price of fetching it back. All counts lose half of their weight in
 * three times that. Memory that was free for far longer teaches nothing: a program
 * that begins is no program that comes back.
 *
 * Context: one caller at a time.
 * Return: true if the minimum age has changed.
 */
bool pr_learn(struct pr_policy *policy, u32 now, const unsigned long *reused,
	      unsigned long ram)
{
	u32 set = pr_bin(pr_ms_to_ticks(READ_ONCE(policy->params.min_age_ms))), learnt;
	u32 halves = pr_age(now, policy->halved) / (3 * PR_PRICE);
	unsigned long weights[PR_NR_BINS];
	unsigned int bin, weight;

	policy->halved = (policy->halved + halves * 3 * PR_PRICE) & PR_TIME_MASK;
	for (bin = 0; bin <= PR_BIN_LATE; bin++) {
		policy->reused[bin] >>= min(halves, BITS_PER_LONG - 1U);
		policy->reused[bin] += reused[bin];
		weights[bin] = policy->reused[bin];
	}
	/* As long as nothing was used again, the best age is the one that is set */
	set = min(set, (u32)PR_BIN_LATE);
	weight = set < PR_BINS ? max(2U, 1 + set / (PR_BINS - set)) : 2;
	weights[set] += weight * (ram / PR_LEARN_SHARE);
	weights[PR_BIN_LATE] += ram / PR_LEARN_SHARE;
	bin = best_bin(weights);
	learnt = (bin + 1) << PR_BIN_SHIFT;
	if (bin == set && policy->reused[set] < ram / PR_LEARN_SHARE)
		learnt = 0;
	if (learnt == policy->learnt)
		return false;
	WRITE_ONCE(policy->learnt, learnt);
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
	/* A device that hangs, or a large flush, must not put reporting off for long */
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
