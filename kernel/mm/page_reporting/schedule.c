// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting: when the next pass runs, and what it looks for.
 *
 * A pass is due when something that waits comes of age. Small blocks are looked
 * for in sweeps, if the free lists have enough of them. With nothing waiting
 * and nothing freed no pass runs.
 */
#define pr_fmt(fmt) "page_reporting: " fmt

#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "../internal.h"
#include "internal.h"

#include <trace/events/page_reporting.h>

/* Passes are at least 1/PAUSE_SHARE of the minimum age apart... */
#define PAUSE_SHARE	16
/* ...and this many times as long as it takes to look at the memory */
#define SCAN_SHARE	64
/* Small blocks are looked for if they are this share of memory */
#define WORTH_SHARE	1024
/* Delays after failures double from one to the other */
#define BACKOFF_MIN_MS	1000U
#define BACKOFF_MAX_MS	64000U
/* At most so many batches of a per-cpu list are drained, should it be refilled */
#define DRAIN_BATCHES	8192

struct pr_schedule pr_schedule;

static unsigned long least_interval(void)
{
	u32 set = pr_ms_to_ticks(READ_ONCE(pr_policy.params.min_age_ms));

	/* A lower age that was learnt does not make passes more frequent */
	return pr_ticks_to_jiffies(max(set, pr_gate(&pr_policy, MAX_PAGE_ORDER))) /
	       PAUSE_SHARE + 1;
}

/*
 * Begin to run passes. @fresh: what is free now was free before the device came.
 * No pass is running.
 */
void pr_schedule_start(bool fresh)
{
	struct pr_stats sum;

	pr_sum_stats(&sum);
	pr_schedule = (struct pr_schedule) {
		.interval = least_interval(),
		.sweep_at = jiffies,
		.fresh = fresh,
	};
	memcpy(pr_schedule.reused, sum.reused, sizeof(pr_schedule.reused));
}

/*
 * Is too little in small blocks that are not reported? Those that were reported
 * before fragment_order was raised are among both.
 */
static bool few_small(void)
{
	unsigned int order, least = min(pr_smallest_order(&pr_policy), pr_lowest_order());
	unsigned long pages = 0;
	struct zone *zone;

	if (pr_smallest_order(&pr_policy) >= pr_policy.huge_order)
		return true;
	for_each_populated_zone(zone) {
		for (order = least; order < pr_policy.huge_order; order++)
			pages += READ_ONCE(zone->free_area[order].nr_free) << order;
	}
	return pages - min(pages, pr_small_reported()) < totalram_pages() / WORTH_SHARE;
}

/* Set what keeps blocks from being reported for now. Any context. */
void pr_schedule_limits(struct pr_limits *limits)
{
	limits->few = few_small();
	limits->backing_off = READ_ONCE(pr_schedule.backoff_ms);
}

static void learn(void)
{
	unsigned long reused[PR_NR_BINS];
	struct pr_stats sum;
	unsigned int bin;

	pr_sum_stats(&sum);
	for (bin = 0; bin < PR_NR_BINS; bin++)
		reused[bin] = sum.reused[bin] - pr_schedule.reused[bin];
	if (pr_learn(&pr_policy, pr_now(), reused, totalram_pages()))
		trace_page_reporting_tune(pr_ticks_to_ms(pr_gate(&pr_policy, MAX_PAGE_ORDER)));
	memcpy(pr_schedule.reused, sum.reused, sizeof(pr_schedule.reused));
}

/*
 * A pass begins, with @pass->dev and @pass->limits.force set: decide what it looks
 * for. Returns 0, or jiffies to wait as the device has failed lately or the quota
 * is used up. Holds the pass lock.
 */
unsigned long pr_schedule_begin(struct pr_pass *pass)
{
	u64 quota = pr_quota_wait(&pr_policy, ktime_get_ns());
	const struct pr_pass *last = &pr_schedule.last;
	bool force = pass->limits.force;
	unsigned long now = jiffies;

	if (!force && pr_schedule.backoff_ms && time_before(now, pr_schedule.backoff_until))
		return pr_schedule.backoff_until - now;
	if (!force && quota)
		return nsecs_to_jiffies(quota) + 1;
	learn();
	if (xchg(&pr_schedule.changed, 0)) {
		pr_schedule.sweep_at = jiffies;
		/* What that has seen was judged by other parameters */
		pr_schedule.last.zone = NULL;
	}
	pr_schedule_limits(&pass->limits);
	pass->fresh = xchg(&pr_schedule.fresh, 0);
	pass->sweep = force || pass->fresh ||
		      (!pass->limits.few && time_after_eq(jiffies, pr_schedule.sweep_at));
	pass->limits.few &= !pass->sweep;
	pass->limits.backing_off = false;
	pass->seen = (struct pr_seen) { .wait = PR_NEVER, .small_wait = PR_NEVER };
	/* Go on with what the quota has ended, if that looked for the same */
	if (!force && last->zone && populated_zone(last->zone) &&
	    last->sweep == pass->sweep && last->fresh == pass->fresh) {
		pass->goes_on = true;
		pass->zone = last->zone;
		pass->pfn = last->pfn;
		pass->seen = last->seen;
	}
	return 0;
}

/* Free what the per-cpu lists of idle CPUs, and of this one, hold: nobody else does */
static void drain_idle_cpus(void)
{
	unsigned int batches;
	struct zone *zone;
	bool more;
	int cpu;

	for_each_online_cpu(cpu) {
		if (!idle_cpu(cpu) && cpu != raw_smp_processor_id())
			continue;
		for_each_populated_zone(zone) {
			/* The last memory of a zone takes its lists along */
			get_online_mems();
			for (batches = 0, more = true; more && batches < DRAIN_BATCHES;
			     batches++) {
				more = page_reporting_drain_pcp(zone, cpu);
				cond_resched();
			}
			put_online_mems();
		}
	}
}

/*
 * Per-cpu lists hold as much as an eighth of a zone. Drain them once nothing new
 * has been seen for a while, so that all that was freed comes of age together.
 * Returns the delay until then, or MAX_JIFFY_OFFSET.
 */
static unsigned long drain_when_quiet(const struct pr_pass *pass)
{
	unsigned long now = jiffies;

	if (pass->stamped) {
		pr_schedule.drain = true;
		pr_schedule.quiet_at = now + least_interval();
	}
	if (!pr_schedule.drain)
		return MAX_JIFFY_OFFSET;
	if (time_before(now, pr_schedule.quiet_at))
		return pr_schedule.quiet_at - now;
	pr_schedule.drain = false;
	drain_idle_cpus();
	return MAX_JIFFY_OFFSET;
}

/* Returns the delay until the next sweep, or MAX_JIFFY_OFFSET */
static unsigned long plan_sweep(const struct pr_pass *pass)
{
	unsigned int least = pr_smallest_order(&pr_policy);
	unsigned long now = jiffies, delay;
	u32 gate = pr_gate(&pr_policy, least);

	if (pass->sweep && !pass->stopped) {
		delay = max(pr_ticks_to_jiffies(gate) / PR_SWEEP_SHARE,
			    nsecs_to_jiffies(pass->seen.scan_ns * SCAN_SHARE));
		if (pass->seen.small_wait != PR_NEVER)
			delay = max(delay, pr_ticks_to_jiffies(pass->seen.small_wait));
		else if (pass->seen.retry)
			delay = max(delay, msecs_to_jiffies(pr_schedule.retry_ms));
		pr_schedule.sweep_at = now + delay;
		this_cpu_inc(pr_stats.sweeps);
	}
	/* What lies in 2 MiB that are in use, or is too small, waits until something is freed */
	if (few_small() || (pass->sweep && pass->seen.small_wait == PR_NEVER &&
			    (pass->seen.sparse || pr_lowest_order() < least)))
		return MAX_JIFFY_OFFSET;
	return time_after(pr_schedule.sweep_at, now) ? pr_schedule.sweep_at - now : 0;
}

static unsigned long delay_after_error(int err)
{
	if (!pr_schedule.backoff_ms)
		pr_warn("the device failed with %d, will try again\n", err);
	WRITE_ONCE(pr_schedule.backoff_ms, clamp(pr_schedule.backoff_ms * 2, BACKOFF_MIN_MS,
						 BACKOFF_MAX_MS));
	pr_schedule.backoff_until = jiffies + msecs_to_jiffies(pr_schedule.backoff_ms);
	return msecs_to_jiffies(pr_schedule.backoff_ms);
}

static unsigned long delay_after_pass(const struct pr_pass *pass)
{
	unsigned int delay_ms = READ_ONCE(pr_policy.params.delay_ms);
	unsigned long delay = MAX_JIFFY_OFFSET, interval;

	if (pass->reports)
		WRITE_ONCE(pr_schedule.backoff_ms, 0);
	interval = max(least_interval(),
		       nsecs_to_jiffies(pass->seen.scan_ns * SCAN_SHARE));
	/* A sweep looks at far more than other passes: it does not make these rarer */
	WRITE_ONCE(pr_schedule.interval,
		   pass->sweep ? min(pr_schedule.interval, interval) : interval);
	if (pass->seen.retry && !pass->pages)
		pr_schedule.retry_ms = clamp(max(pr_schedule.retry_ms, 1U) * 2, delay_ms,
					     max(BACKOFF_MAX_MS, delay_ms));
	else
		pr_schedule.retry_ms = delay_ms;
	if (pass->seen.retry)
		delay = msecs_to_jiffies(pr_schedule.retry_ms);
	if (pass->seen.wait != PR_NEVER)
		delay = min(delay, pr_ticks_to_jiffies(pass->seen.wait));
	delay = min(delay, plan_sweep(pass));
	delay = min(delay, drain_when_quiet(pass));
	/* What was freed before the place where it went on has not been looked at */
	if (pass->stopped || pass->goes_on || READ_ONCE(pr_schedule.changed))
		return 0;
	return delay;
}

/*
 * A pass has ended, @err is what the device returned: decide when the next one is
 * due. Returns jiffies until then, or MAX_JIFFY_OFFSET if none is needed. Holds the
 * pass lock.
 */
unsigned long pr_schedule_next(const struct pr_pass *pass, int err)
{
	u64 quota = pr_quota_wait(&pr_policy, ktime_get_ns());
	unsigned long delay;

	pr_schedule.last = *pass;
	delay = err ? delay_after_error(err) : delay_after_pass(pass);
	if ((err || pass->stopped) && pass->fresh)
		WRITE_ONCE(pr_schedule.fresh, true);
	if (delay == MAX_JIFFY_OFFSET)
		return delay;
	return max3(delay, pr_schedule.interval, nsecs_to_jiffies(quota));
}

#ifdef CONFIG_PAGE_REPORTING_KUNIT_TEST
#include "tests/schedule_kunit.h"
#endif
