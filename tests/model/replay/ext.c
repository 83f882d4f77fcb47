// SPDX-License-Identifier: GPL-2.0
/* The series: the kernel's policy.c, and as much of passes as it needs. */
#include "page_reporting/policy.c"

#include "replay.h"

#define JIFFY_MS	4U
#define PAUSE_SHARE	16	/* as in schedule.c */

static struct pr_policy policy;
static unsigned long reused[PR_NR_BINS];	/* since the last pr_learn() */

static u64 ns_of(u64 ms)
{
	return ms * NSEC_PER_MSEC;
}

static u32 ticks_of(u64 ms)
{
	return (ns_of(ms) >> PR_TICK_SHIFT) & PR_TIME_MASK;
}

static u64 interval(void)
{
	u32 set = pr_ms_to_ticks(policy.params.min_age_ms);

	return (pr_ticks_to_jiffies(max(set, pr_gate(&policy, MAX_PAGE_ORDER))) /
		PAUSE_SHARE + 1) * JIFFY_MS;
}

void ext_start(struct sim *sim)
{
	policy = (struct pr_policy){
		.params = {
			.min_age_ms = 1000, .fragment_order = 9,
			.learn = 1, .delay_ms = 2000,
			.quota_ms = 500, .quota_mib = 4096,
		},
		.granule_order = 9,
		.huge_order = 9,
	};
	pr_policy_reset(&policy, 0);
	memset(reused, 0, sizeof(reused));
}

void ext_freed(struct sim *sim, struct region *region)
{
	sim->pass_at = min(sim->pass_at, sim->now + interval());
}

/* The same as in records.c */
static void count_reused(u32 age, unsigned long pages)
{
	if (age < PR_LATE_SHARE * PR_PRICE)
		reused[pr_bin(age)] += pages;
}

static void count_fetched(u32 now, unsigned long pages)
{
	unsigned long part;
	u32 age;

	while (pages && (part = pr_recall(&policy, now, pages, &age))) {
		count_reused(age, part);
		pages -= part;
	}
}

/* What page_reporting_take() knows of the region */
void ext_used(struct sim *sim, struct region *region)
{
	u32 now = ticks_of(sim->now);

	if (!region->held)
		count_fetched(now, REGION_PAGES);
	else if (region->seen)
		count_reused(pr_age(now, ticks_of(region->seen_at)), REGION_PAGES);
}

void ext_pass(struct sim *sim)
{
	struct pr_limits limits = { .budget = ULONG_MAX, .cma_budget = ULONG_MAX };
	u64 quota = pr_quota_wait(&policy, ns_of(sim->now)), delay = NEVER;
	unsigned long pages = 0;
	unsigned int i;

	if (quota) {
		sim->pass_at = sim->now + quota / NSEC_PER_MSEC + JIFFY_MS;
		return;
	}
	pr_learn(&policy, ticks_of(sim->now), reused, REGIONS * REGION_PAGES);
	memset(reused, 0, sizeof(reused));
	for (i = 0; i < REGIONS; i++) {
		struct region *region = &sim->regions[i];
		struct pr_block block = { .order = 9, .migratetype = MOVABLE };

		if (!region->free || !region->held)
			continue;
		if (!region->seen) {
			region->seen = true;
			region->seen_at = sim->now;
		}
		block.age = pr_age(ticks_of(sim->now), ticks_of(region->seen_at));
		if (pr_judge(&policy, &block, &limits) == PR_ELIGIBLE) {
			report(sim, region);
			pr_remember(&policy, ticks_of(region->seen_at), REGION_PAGES, false);
			pages += REGION_PAGES;
		} else {
			delay = min(delay, (u64)pr_ticks_to_jiffies(pr_wait(&policy, &block)) *
					   JIFFY_MS);
		}
	}
	pr_quota_charge(&policy, ns_of(sim->now), 0, pages);
	sim->pass_at = delay == NEVER ? NEVER : sim->now + max(delay, interval());
}
