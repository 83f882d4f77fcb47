// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting: when the next pass runs.
 *
 * Two work items run a pass. The page allocator queues one when a large block
 * becomes free, so that the block soon gets its timestamp. The worker queues
 * the other one for the moment at which something that waits comes of age.
 * Small blocks are looked for in sweeps, if the free lists have enough of them.
 * With nothing waiting and nothing freed no pass runs.
 */
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "../internal.h"
#include "internal.h"

#include <trace/events/page_reporting.h>

/* Passes are at least 1/PR_PAUSE_SHARE of the minimum age apart... */
#define PR_PAUSE_SHARE	16
/* ...and this many times as long as it takes to look at the memory */
#define PR_SCAN_SHARE	64
/* Sweeps are at least 1/PR_SWEEP_SHARE of the age of the smallest blocks apart */
#define PR_SWEEP_SHARE	4
/* Small blocks are looked for if they are this share of memory */
#define PR_WORTH_SHARE	1024
/* The delay after an error of the device doubles from one to the other */
#define PR_BACKOFF_MIN_MS	1000U
#define PR_BACKOFF_MAX_MS	64000U

unsigned int page_reporting_notify_order __read_mostly = UINT_MAX;

/**
 * struct pr_schedule - when the next pass runs
 * @wq: the workqueue
 * @freed: runs a pass because memory has become free
 * @due: runs a pass because something that waits comes of age
 * @clamp: keeps ages from wrapping around
 * @interval: least time between passes, in jiffies
 * @sweep_at: no sweep before this time, in jiffies
 * @fresh: what no pass has seen yet was free before the device came, or has
 *	just been plugged
 * @drain: per-cpu lists are to be drained once nothing new has been seen...
 * @quiet_at: ...until this time, in jiffies
 * @retry_ms: delay before what could not be reported is tried again; doubles
 * @backoff_ms: delay since the device has failed, 0 if it has not
 * @backoff_until: when that ends, in jiffies
 * @told: pages reported by age when it was last learnt from them
 * @soon: of these, pages used again too soon
 */
static struct pr_schedule {
	struct workqueue_struct *wq;
	struct delayed_work freed;
	struct delayed_work due;
	struct delayed_work clamp;
	unsigned long interval;
	unsigned long sweep_at;
	bool fresh;
	bool drain;
	unsigned long quiet_at;
	unsigned int retry_ms;
	unsigned int backoff_ms;
	unsigned long backoff_until;
	unsigned long told;
	unsigned long soon;
} plan;

static unsigned long ticks_to_jiffies(u32 ticks)
{
	return nsecs_to_jiffies(pr_ticks_to_ns(ticks)) + 1;
}

static void clamp_fn(struct work_struct *work)
{
	pr_records_clamp();
	queue_delayed_work(plan.wq, &plan.clamp,
			   ticks_to_jiffies(PR_AGE_MAX / 4));
}

/**
 * pr_schedule_init - set up the workqueue
 * @pass_fn: runs a pass
 *
 * Context: process context, at boot.
 * Return: 0 or -ENOMEM.
 */
int pr_schedule_init(void (*pass_fn)(struct work_struct *work))
{
	plan.wq = alloc_workqueue("page_reporting", WQ_UNBOUND | WQ_FREEZABLE, 0);
	if (!plan.wq)
		return -ENOMEM;
	INIT_DELAYED_WORK(&plan.freed, pass_fn);
	INIT_DELAYED_WORK(&plan.due, pass_fn);
	INIT_DELAYED_WORK(&plan.clamp, clamp_fn);
	return 0;
}

/* Out of line part of page_reporting_freed(); zone->lock is held */
void __page_reporting_freed(unsigned int order)
{
	/* Small blocks can wait, so let a large one hurry the pass up */
	if (order >= pr_policy.huge_order) {
		WRITE_ONCE(page_reporting_notify_order, UINT_MAX);
		queue_delayed_work(plan.wq, &plan.freed,
				   READ_ONCE(plan.interval));
	} else {
		WRITE_ONCE(page_reporting_notify_order, pr_policy.huge_order);
		queue_delayed_work(plan.wq, &plan.due,
				   ticks_to_jiffies(pr_gate(&pr_policy, order)) /
				   PR_SWEEP_SHARE + 1);
	}
}

/**
 * pr_wait_for_hooks - wait until hooks have ended that may have read old values
 *
 * Context: process context.
 */
void pr_wait_for_hooks(void)
{
	struct zone *zone;

	for_each_populated_zone(zone) {
		spin_lock_irq(&zone->lock);
		spin_unlock_irq(&zone->lock);
	}
}

static unsigned long pause(void)
{
	return ticks_to_jiffies(pr_gate(&pr_policy, MAX_PAGE_ORDER)) / PR_PAUSE_SHARE + 1;
}

/**
 * pr_schedule_now - run a pass soon
 *
 * Context: any but under zone->lock.
 */
void pr_schedule_now(void)
{
	mod_delayed_work(plan.wq, &plan.freed, 0);
}

/**
 * pr_schedule_again - try later: another pass is running
 *
 * Context: the work item of a pass.
 */
void pr_schedule_again(void)
{
	queue_delayed_work(plan.wq, &plan.freed, READ_ONCE(plan.interval));
}

/**
 * pr_schedule_work - queue work that has to wait for a pass to end
 * @work: the work
 *
 * Context: any but under zone->lock.
 */
void pr_schedule_work(struct work_struct *work)
{
	queue_work(plan.wq, work);
}

/**
 * pr_schedule_start - begin to run passes
 * @fresh: what is free now was free before the device came
 *
 * Context: process context; no pass is running.
 */
void pr_schedule_start(bool fresh)
{
	struct pr_stats sum;

	pr_sum_stats(&sum);
	plan.told = sum.told;
	plan.soon = sum.soon;
	plan.interval = pause();
	plan.sweep_at = jiffies;
	plan.fresh = fresh;
	plan.drain = false;
	plan.retry_ms = 0;
	plan.backoff_ms = 0;
	queue_delayed_work(plan.wq, &plan.freed, plan.interval);
	queue_delayed_work(plan.wq, &plan.clamp,
			   ticks_to_jiffies(PR_AGE_MAX / 4));
}

/**
 * pr_schedule_stop - run no more passes
 *
 * Context: process context, sleeps; the work items do not wait for the caller.
 */
void pr_schedule_stop(void)
{
	WRITE_ONCE(page_reporting_notify_order, UINT_MAX);
	cancel_delayed_work_sync(&plan.due);
	cancel_delayed_work_sync(&plan.freed);
	cancel_delayed_work_sync(&plan.clamp);
}

/**
 * pr_schedule_plugged - memory that the host has never supplied is there
 *
 * Context: any.
 */
void pr_schedule_plugged(void)
{
	WRITE_ONCE(plan.fresh, true);
}

/**
 * pr_schedule_fresh - has the host supplied what no pass has seen yet?
 * @pass: the pass that sees it now
 *
 * Context: a pass.
 * Return: true if it hardly has.
 */
bool pr_schedule_fresh(const struct pr_pass *pass)
{
	return pass->fresh || READ_ONCE(plan.fresh);
}

/* Pages in small blocks that are large enough to be reported, and are not */
static unsigned long small_unreported(void)
{
	unsigned int order, least = pr_smallest_order(&pr_policy);
	unsigned long pages = 0, reported = pr_small_reported();
	struct zone *zone;

	for_each_populated_zone(zone) {
		for (order = least; order < pr_policy.huge_order; order++)
			pages += READ_ONCE(zone->free_area[order].nr_free) << order;
	}
	return pages - min(pages, reported);
}

/**
 * pr_schedule_limits - set what keeps blocks from being reported for now
 * @limits: where to set it
 *
 * Context: any.
 */
void pr_schedule_limits(struct pr_limits *limits)
{
	limits->few = small_unreported() < totalram_pages() / PR_WORTH_SHARE;
	limits->backing_off = READ_ONCE(plan.backoff_ms);
}

static void learn(void)
{
	struct pr_stats sum;

	pr_sum_stats(&sum);
	if (pr_learn(&pr_policy, pr_now(), sum.told - plan.told,
		     sum.soon - plan.soon, totalram_pages()))
		trace_page_reporting_tune(pr_ticks_to_ms(pr_gate(&pr_policy, MAX_PAGE_ORDER)),
					  pr_policy.told, pr_policy.soon);
	plan.told = sum.told;
	plan.soon = sum.soon;
}

/**
 * pr_schedule_begin - a pass begins
 * @pass: the pass; @dev and @limits.force are set
 *
 * Context: a pass.
 * Return: false if it is too early after an error of the device.
 */
bool pr_schedule_begin(struct pr_pass *pass)
{
	bool force = pass->limits.force;

	if (!force && plan.backoff_ms &&
	    time_before(jiffies, plan.backoff_until)) {
		mod_delayed_work(plan.wq, &plan.due,
				 plan.backoff_until - jiffies);
		return false;
	}
	learn();
	/* A free that is not heard of yet is seen by this pass */
	WRITE_ONCE(page_reporting_notify_order, pr_smallest_order(&pr_policy));
	pr_wait_for_hooks();
	pr_schedule_limits(&pass->limits);
	pass->limits.backing_off = false;
	pass->fresh = READ_ONCE(plan.fresh);
	WRITE_ONCE(plan.fresh, false);
	pass->sweep = force || pass->fresh ||
		      (!pass->limits.few && time_after_eq(jiffies, plan.sweep_at));
	if (pass->sweep)
		pass->limits.few = false;
	pass->wait = PR_NEVER;
	pass->small_wait = PR_NEVER;
	return true;
}

/* Free what the per-cpu lists of idle CPUs hold: nobody else does */
static void drain_idle_cpus(void)
{
	struct zone *zone;
	bool more;
	u64 start;
	int cpu;

	for_each_online_cpu(cpu) {
		if (!idle_cpu(cpu) && cpu != raw_smp_processor_id())
			continue;
		for_each_populated_zone(zone) {
			do {
				start = ktime_get_ns();
				more = page_reporting_drain_pcp(zone, cpu);
				pr_note_hold(ktime_get_ns() - start);
				cond_resched();
			} while (more);
		}
	}
}

/*
 * Per-cpu lists hold as much as an eighth of a zone. Drain them once nothing new
 * has been seen for a while, so that all that was freed comes of age together.
 * Returns jiffies until then, or MAX_JIFFY_OFFSET.
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

/* Returns jiffies until the next sweep, or MAX_JIFFY_OFFSET if there is none */
static unsigned long plan_sweep(const struct pr_pass *pass)
{
	unsigned int least = pr_smallest_order(&pr_policy);
	unsigned long delay;

	if (pass->sweep && !pass->stopped) {
		delay = max(ticks_to_jiffies(pr_gate(&pr_policy, least)) / PR_SWEEP_SHARE,
			    nsecs_to_jiffies(pass->scan_ns * PR_SCAN_SHARE));
		if (pass->small_wait != PR_NEVER)
			delay = max(delay, ticks_to_jiffies(pass->small_wait));
		else if (pass->retry)
			delay = max(delay, msecs_to_jiffies(plan.retry_ms));
		plan.sweep_at = jiffies + delay;
		this_cpu_inc(pr_stats.sweeps);
	}
	if (small_unreported() < totalram_pages() / PR_WORTH_SHARE)
		return MAX_JIFFY_OFFSET;
	return time_after(plan.sweep_at, jiffies) ? plan.sweep_at - jiffies : 0;
}

/* After an error: the device rests, whatever is freed until then */
static unsigned long back_off(int err)
{
	if (!plan.backoff_ms)
		pr_warn("page_reporting: device failed with %d, will try again\n", err);
	WRITE_ONCE(plan.backoff_ms, clamp(plan.backoff_ms * 2, PR_BACKOFF_MIN_MS,
					      PR_BACKOFF_MAX_MS));
	plan.backoff_until = jiffies + msecs_to_jiffies(plan.backoff_ms);
	return plan.backoff_until - jiffies;
}

/**
 * pr_schedule_next - a pass has ended: queue the next one
 * @pass: the pass
 * @err: what the device returned
 *
 * Context: a pass.
 * Return: ms until the next pass, or -1 if none is needed.
 */
long pr_schedule_next(struct pr_pass *pass, int err)
{
	unsigned long delay = MAX_JIFFY_OFFSET;
	u64 quota = pr_quota_wait(&pr_policy, ktime_get_ns());

	if (pass->pages || !pass->retry)
		plan.retry_ms = 0;
	else
		plan.retry_ms = clamp(plan.retry_ms * 2,
					  READ_ONCE(pr_policy.params.delay_ms),
					  max(PR_BACKOFF_MAX_MS, pr_policy.params.delay_ms));

	if (err) {
		delay = back_off(err);
	} else {
		WRITE_ONCE(plan.backoff_ms, 0);
		if (!pass->sweep)
			WRITE_ONCE(plan.interval,
				   max(pause(), nsecs_to_jiffies(pass->scan_ns * PR_SCAN_SHARE)));
		if (pass->stopped)
			delay = 0;
		if (pass->wait != PR_NEVER)
			delay = min(delay, ticks_to_jiffies(pass->wait));
		if (pass->retry)
			delay = min(delay, msecs_to_jiffies(plan.retry_ms));
		delay = min(delay, plan_sweep(pass));
		if (delay != MAX_JIFFY_OFFSET)
			delay = min(delay, drain_when_quiet(pass));
	}
	if ((err || pass->stopped) && pass->fresh)
		WRITE_ONCE(plan.fresh, true);
	if (delay == MAX_JIFFY_OFFSET)
		return -1;
	delay = max3(delay, plan.interval, nsecs_to_jiffies(quota));
	mod_delayed_work(plan.wq, &plan.due, delay);
	return jiffies_to_msecs(delay);
}

#ifdef CONFIG_PAGE_REPORTING_KUNIT_TEST
#include "tests/schedule_kunit.h"
#endif
