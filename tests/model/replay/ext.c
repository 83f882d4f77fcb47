// SPDX-License-Identifier: GPL-2.0
/* The series: the kernel's policy.c and stats.c, and as much of passes as they need. */
#include "page_reporting/policy.c"
#include "page_reporting/stats.c"

#include "replay.h"

#define JIFFY_MS	4U
#define PAUSE_SHARE	16	/* as in schedule.c */

struct pr_policy pr_policy;
static u32 now;		/* in ticks */

static u64 ns_of(u64 ms)
{
	return ms * NSEC_PER_MSEC;
}

static u32 ticks_of(u64 ms)
{
	return (ns_of(ms) >> PR_TICK_SHIFT) & PR_TIME_MASK;
}

/* For stats.c */
u32 pr_now(void)
{
	return now;
}

static u64 interval(void)
{
	u32 set = pr_ms_to_ticks(pr_policy.params.min_age_ms);

	return (pr_ticks_to_jiffies(max(set, pr_gate(&pr_policy, MAX_PAGE_ORDER))) /
		PAUSE_SHARE + 1) * JIFFY_MS;
}

void ext_start(struct sim *sim)
{
	pr_policy = (struct pr_policy){
		.params = {
			.min_age_ms = 1000, .fragment_order = REGION_ORDER,
			.learn = 1, .delay_ms = 2000,
			.quota_ms = 500, .quota_mib = 4096,
		},
		.granule_order = REGION_ORDER,
		.huge_order = REGION_ORDER,
	};
	pr_policy_reset(&pr_policy, 0);
	memset(&pr_stats, 0, sizeof(pr_stats));
}

void ext_freed(struct sim *sim, struct region *region)
{
	sim->pass_at = min(sim->pass_at, sim->now + interval());
}

/* What page_reporting_take() knows of the region */
void ext_used(struct sim *sim, struct region *region)
{
	now = ticks_of(sim->now);
	if (!region->held)
		pr_count_fetched(REGION_ORDER, REGION_PAGES, true);
	else if (region->seen)
		pr_count_reused(pr_age(now, ticks_of(region->seen_at)), REGION_PAGES);
}

void ext_pass(struct sim *sim)
{
	struct pr_limits limits = { .budget = ULONG_MAX, .cma_budget = ULONG_MAX };
	u64 quota = pr_quota_wait(&pr_policy, ns_of(sim->now)), delay = NEVER;
	unsigned long pages = 0, reused[PR_NR_BINS];
	unsigned int i;

	if (quota) {
		sim->pass_at = sim->now + quota / NSEC_PER_MSEC + JIFFY_MS;
		return;
	}
	for (i = 0; i < PR_NR_BINS; i++)
		reused[i] = pr_stats.reused[i];
	memset(&pr_stats, 0, sizeof(pr_stats));
	pr_learn(&pr_policy, ticks_of(sim->now), reused, REGIONS * REGION_PAGES);
	for (i = 0; i < REGIONS; i++) {
		struct region *region = &sim->regions[i];
		struct pr_block block = { .order = REGION_ORDER, .migratetype = MOVABLE };

		if (!region->free || !region->held)
			continue;
		if (!region->seen) {
			region->seen = true;
			region->seen_at = sim->now;
		}
		block.age = pr_age(ticks_of(sim->now), ticks_of(region->seen_at));
		if (pr_judge(&pr_policy, &block, &limits) == PR_ELIGIBLE) {
			report(sim, region);
			pr_remember(&pr_policy, ticks_of(region->seen_at), REGION_PAGES, false);
			pages += REGION_PAGES;
		} else {
			delay = min(delay, (u64)pr_ticks_to_jiffies(pr_wait(&pr_policy, &block)) *
					   JIFFY_MS);
		}
	}
	pr_quota_charge(&pr_policy, ns_of(sim->now), 0, pages);
	sim->pass_at = delay == NEVER ? NEVER : sim->now + max(delay, interval());
}
