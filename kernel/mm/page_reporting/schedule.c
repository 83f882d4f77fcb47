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
/* Sweeps are at least 1/SWEEP_SHARE of the age of the smallest blocks apart */
#define SWEEP_SHARE	4
/* Small blocks are looked for if they are this share of memory */
#define WORTH_SHARE	1024
/* Delays after failures double from one to the other */
#define BACKOFF_MIN_MS	1000U
#define BACKOFF_MAX_MS	64000U
/* Batches of a per-cpu list that are drained at once, should it be refilled */
#define DRAIN_BATCHES	8192

/* What is known between passes; times are in jiffies */
static struct pr_schedule {
	unsigned long interval;		/* least time between passes */
	unsigned long sweep_at;		/* no sweep before */
	bool fresh;			/* the host never supplied what is unknown */
	bool drain;			/* drain per-cpu lists if nothing new is seen... */
	unsigned long quiet_at;		/* ...until this time */
	unsigned int retry_ms;		/* until what had to wait is tried again */
	unsigned int backoff_ms;	/* since the device has failed, else 0 */
	unsigned long backoff_until;
	unsigned long reused[PR_NR_BINS];	/* pr_stats at the last pr_learn() */
} plan;

static unsigned long pause(void)
{
	return pr_ticks_to_jiffies(pr_gate(&pr_policy, MAX_PAGE_ORDER)) / PAUSE_SHARE + 1;
}

/*
 * Begin to run passes. @fresh: what is free now was free before the device came.
 * No pass is running.
 */
void pr_schedule_start(bool fresh)
{
	struct pr_stats sum;

	pr_sum_stats(&sum);
	plan = (struct pr_schedule) {
		.interval = pause(),
		.sweep_at = jiffies,
		.fresh = fresh,
	};
	memcpy(plan.reused, sum.reused, sizeof(plan.reused));
}

/* Memory that the host has never supplied is there. Any context. */
void pr_schedule_plugged(void)
{
	WRITE_ONCE(plan.fresh, true);
}

/* A parameter has changed: small blocks may not have to wait any more. Any context. */
void pr_schedule_params_changed(void)
{
	WRITE_ONCE(plan.sweep_at, jiffies);
}

/* Did the host hardly ever supply what @pass is the first to see? */
bool pr_schedule_fresh(const struct pr_pass *pass)
{
	return pass->fresh || READ_ONCE(plan.fresh);
}

/* The least time between passes, in jiffies. Any context. */
unsigned long pr_schedule_interval(void)
{
	return READ_ONCE(plan.interval);
}

/* Pages in small blocks that are large enough to be reported, and are not */
static unsigned long small_unreported(void)
{
	unsigned int order, least = pr_smallest_order(&pr_policy);
	unsigned long pages = 0;
	struct zone *zone;

	for_each_populated_zone(zone) {
		for (order = least; order < pr_policy.huge_order; order++)
			pages += READ_ONCE(zone->free_area[order].nr_free) << order;
	}
	return pages - min(pages, pr_small_reported());
}

/* Set what keeps blocks from being reported for now. Any context. */
void pr_schedule_limits(struct pr_limits *limits)
{
	limits->few = small_unreported() < totalram_pages() / WORTH_SHARE;
	limits->backing_off = READ_ONCE(plan.backoff_ms);
}

static void learn(void)
{
	unsigned long reused[PR_NR_BINS];
	struct pr_stats sum;
	unsigned int bin;

	pr_sum_stats(&sum);
	for (bin = 0; bin < PR_NR_BINS; bin++)
		reused[bin] = sum.reused[bin] - plan.reused[bin];
	if (pr_learn(&pr_policy, pr_now(), reused, totalram_pages()))
		trace_page_reporting_tune(pr_ticks_to_ms(pr_gate(&pr_policy, MAX_PAGE_ORDER)));
	memcpy(plan.reused, sum.reused, sizeof(plan.reused));
}

/**
 * pr_schedule_begin - a pass begins: decide what it looks for
 * @pass: the pass; @dev and @limits.force are set
 *
 * Context: a pass.
 * Return: 0, or jiffies to wait as the device has failed lately or the quota is
 * used up.
 */
unsigned long pr_schedule_begin(struct pr_pass *pass)
{
	u64 quota = pr_quota_wait(&pr_policy, ktime_get_ns());
	bool force = pass->limits.force;

	if (!force && plan.backoff_ms && time_before(jiffies, plan.backoff_until))
		return plan.backoff_until - jiffies;
	if (!force && quota)
		return nsecs_to_jiffies(quota) + 1;
	learn();
	pr_schedule_limits(&pass->limits);
	pass->fresh = READ_ONCE(plan.fresh);
	WRITE_ONCE(plan.fresh, false);
	pass->sweep = force || pass->fresh ||
		      (!pass->limits.few && time_after_eq(jiffies, plan.sweep_at));
	pass->limits.few &= !pass->sweep;
	pass->limits.backing_off = false;
	pass->wait = PR_NEVER;
	pass->small_wait = PR_NEVER;
	return 0;
}

/* Free what the per-cpu lists of idle CPUs hold: nobody else does */
static void drain_idle_cpus(void)
{
	unsigned int batches;
	struct zone *zone;
	bool more;
	u64 start;
	int cpu;

	for_each_online_cpu(cpu) {
		if (!idle_cpu(cpu) && cpu != raw_smp_processor_id())
			continue;
		for_each_populated_zone(zone) {
			for (batches = 0, more = true; more && batches < DRAIN_BATCHES;
			     batches++) {
				start = ktime_get_ns();
				more = page_reporting_drain_pcp(zone, cpu);
				pr_note_hold(ktime_get_ns() - start);
				cond_resched();
			}
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
	if (pass->stamped) {
		plan.drain = true;
		plan.quiet_at = jiffies + pause();
	}
	if (!plan.drain)
		return MAX_JIFFY_OFFSET;
	if (time_before(jiffies, plan.quiet_at))
		return plan.quiet_at - jiffies;
	plan.drain = false;
	drain_idle_cpus();
	return MAX_JIFFY_OFFSET;
}

/* Returns the delay until the next sweep, or MAX_JIFFY_OFFSET */
static unsigned long plan_sweep(const struct pr_pass *pass)
{
	u32 gate = pr_gate(&pr_policy, pr_smallest_order(&pr_policy));
	unsigned long delay;

	if (pass->sweep && !pass->stopped) {
		delay = max(pr_ticks_to_jiffies(gate) / SWEEP_SHARE,
			    nsecs_to_jiffies(pass->scan_ns * SCAN_SHARE));
		if (pass->small_wait != PR_NEVER)
			delay = max(delay, pr_ticks_to_jiffies(pass->small_wait));
		else if (pass->retry)
			delay = max(delay, msecs_to_jiffies(plan.retry_ms));
		plan.sweep_at = jiffies + delay;
		this_cpu_inc(pr_stats.sweeps);
	}
	if (small_unreported() < totalram_pages() / WORTH_SHARE)
		return MAX_JIFFY_OFFSET;
	return time_after(plan.sweep_at, jiffies) ? plan.sweep_at - jiffies : 0;
}

static unsigned long delay_after_error(int err)
{
	if (!plan.backoff_ms)
		pr_warn("the device failed with %d, will try again\n", err);
	WRITE_ONCE(plan.backoff_ms, clamp(plan.backoff_ms * 2, BACKOFF_MIN_MS,
					  BACKOFF_MAX_MS));
	plan.backoff_until = jiffies + msecs_to_jiffies(plan.backoff_ms);
	return msecs_to_jiffies(plan.backoff_ms);
}

static unsigned long delay_after_pass(const struct pr_pass *pass)
{
	unsigned int delay_ms = READ_ONCE(pr_policy.params.delay_ms);
	unsigned long delay = MAX_JIFFY_OFFSET;

	WRITE_ONCE(plan.backoff_ms, 0);
	if (!pass->sweep)
		WRITE_ONCE(plan.interval,
			   max(pause(), nsecs_to_jiffies(pass->scan_ns * SCAN_SHARE)));
	if (pass->retry && !pass->pages)
		plan.retry_ms = clamp(max(plan.retry_ms, 1U) * 2, delay_ms,
				      max(BACKOFF_MAX_MS, delay_ms));
	else
		plan.retry_ms = delay_ms;
	if (pass->retry)
		delay = msecs_to_jiffies(plan.retry_ms);
	if (pass->wait != PR_NEVER)
		delay = min(delay, pr_ticks_to_jiffies(pass->wait));
	delay = min(delay, plan_sweep(pass));
	delay = min(delay, drain_when_quiet(pass));
	return pass->stopped ? 0 : delay;
}

/**
 * pr_schedule_next - a pass has ended: decide when the next one is due
 * @pass: the pass
 * @err: what the device returned
 *
 * Context: a pass.
 * Return: jiffies until then, or MAX_JIFFY_OFFSET if none is needed.
 */
unsigned long pr_schedule_next(const struct pr_pass *pass, int err)
{
	u64 quota = pr_quota_wait(&pr_policy, ktime_get_ns());
	unsigned long delay;

	delay = err ? delay_after_error(err) : delay_after_pass(pass);
	if ((err || pass->stopped) && pass->fresh)
		WRITE_ONCE(plan.fresh, true);
	if (delay == MAX_JIFFY_OFFSET)
		return delay;
	return max3(delay, plan.interval, nsecs_to_jiffies(quota));
}

#ifdef CONFIG_PAGE_REPORTING_KUNIT_TEST
#include "tests/schedule_kunit.h"
#endif
