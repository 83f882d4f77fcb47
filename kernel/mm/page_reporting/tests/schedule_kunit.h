/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit tests of schedule.c: when the next pass runs, and what it looks for.
 */
#include "kunit.h"

/* A pass that has ended with nothing to come back for */
static struct pr_pass st_pass(void)
{
	return (struct pr_pass) { .seen = { .wait = PR_NEVER, .small_wait = PR_NEVER } };
}

/* Memory that waits is looked at when it comes of age */
static void schedule_age(struct kunit *test)
{
	u32 gate = pr_gate(&pr_policy, 9);
	struct prt_frame *frame;
	unsigned long due;

	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 9);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	prt_set_age(frame->page, 9, gate / 2);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_ASSERT_TRUE(test, prt_due(&due));
	KUNIT_EXPECT_TRUE(test, time_after(due, jiffies));
	KUNIT_EXPECT_TRUE(test, time_before_eq(due, jiffies +
					       pr_ticks_to_jiffies(gate - gate / 2)));
}

/* With nothing waiting no pass is queued */
static void schedule_idle(struct kunit *test)
{
	struct pr_pass pass = st_pass();

	prt_start(test, 9, 0);
	pr_schedule.drain = false;
	pr_policy.params.fragment_order = MAX_PAGE_ORDER;
	KUNIT_EXPECT_EQ(test, pr_schedule_next(&pass, 0), MAX_JIFFY_OFFSET);
	/* Unless there is memory that the last one has not come by */
	pass.goes_on = true;
	KUNIT_EXPECT_EQ(test, pr_schedule_next(&pass, 0), pr_schedule.interval);
	pass.goes_on = false;
	pass.seen.wait = 100;
	KUNIT_EXPECT_EQ(test, pr_schedule_next(&pass, 0),
			max(pr_schedule.interval, pr_ticks_to_jiffies(100)));
}

/* What could not be reported is tried again later and later, not for ever at once */
static void schedule_retry(struct kunit *test)
{
	struct pr_pass pass = st_pass();
	unsigned int ms = 2000, i;

	prt_start(test, 9, 0);
	pr_policy.params.min_age_ms = 0;
	pr_schedule.interval = 1;
	pr_schedule.retry_ms = 0;
	pass.seen.retry = true;
	pass.sweep = true;	/* the interval stays */
	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_EQ(test, pr_schedule_next(&pass, 0), msecs_to_jiffies(ms));
		ms = min(2 * ms, BACKOFF_MAX_MS);
	}
	/* Until something can be */
	pass.pages = 1;
	KUNIT_EXPECT_EQ(test, pr_schedule_next(&pass, 0), msecs_to_jiffies(2000));
	/* A delay of its own that is longer is never cut short */
	pass.pages = 0;
	pr_policy.params.delay_ms = 2 * BACKOFF_MAX_MS;
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, pr_schedule_next(&pass, 0),
				msecs_to_jiffies(2 * BACKOFF_MAX_MS));
}

/* After errors the device rests, longer and longer, and only a flush is too early */
static void schedule_backoff(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned int ms = BACKOFF_MIN_MS, i, reports;
	unsigned long due;

	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 9);
	for (i = 0; i < 10; i++) {
		prt->fail_in = 1;
		prt->err = i & 1 ? -ECANCELED : -EIO;
		KUNIT_EXPECT_EQ(test, pr_flush_now("all"), prt->err);
		KUNIT_EXPECT_EQ(test, pr_schedule.backoff_ms, ms);
		KUNIT_ASSERT_TRUE(test, prt_due(&due));
		KUNIT_EXPECT_TRUE(test, time_before_eq(due, jiffies +
				  max(msecs_to_jiffies(ms), pr_schedule.interval)));
		ms = min(ms * 2, BACKOFF_MAX_MS);
	}
	reports = prt->reports;
	pr_policy.params.min_age_ms = 0;
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_EQ(test, prt->reports, reports);
	prt_flush(test);
	KUNIT_EXPECT_GT(test, prt->reports, reports);
	KUNIT_EXPECT_EQ(test, pr_schedule.backoff_ms, 0);
}

/* Small blocks are looked for if there are enough of them, and not too often */
static void schedule_sweep(struct kunit *test)
{
	unsigned long worth = totalram_pages() / WORTH_SHARE;
	struct prt_frame *frame;
	struct pr_limits limits;
	unsigned long sweeps;
	unsigned int off;

	pr_policy.params.fragment_order = 3;
	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	sweeps = PRT_STAT(sweeps);
	prt_put(frame, 0, 3);
	pr_schedule.sweep_at = jiffies;
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_EQ(test, PRT_STAT(sweeps), sweeps);
	PRT_EXPECT(test, frame->page, 3, PR_NONE);

	KUNIT_ASSERT_LT(test, worth, 512);
	for (off = 16; off < 1024; off += 16)
		prt_put(frame, off, 3);
	pr_schedule_limits(&limits);
	KUNIT_EXPECT_FALSE(test, limits.few);
	pr_schedule.sweep_at = jiffies + 1000 * HZ;
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_EQ(test, PRT_STAT(sweeps), sweeps);
	pr_schedule.sweep_at = jiffies;
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_EQ(test, PRT_STAT(sweeps), sweeps + 1);
	PRT_EXPECT(test, frame->page, 3, PR_FREE);
	PRT_EXPECT(test, frame->page + 1008, 3, PR_FREE);
	KUNIT_EXPECT_TRUE(test, time_after(pr_schedule.sweep_at, jiffies));

	/* The smaller a block, the longer it waits */
	prt_set_age(frame->page, 3, pr_gate(&pr_policy, 4));
	prt_set_age(frame->page + 1008, 3, pr_gate(&pr_policy, 3));
	pr_schedule.sweep_at = jiffies;
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page, 3, PR_FREE);
	PRT_EXPECT(test, frame->page + 1008, 3, PR_REPORTED);
}

/* Free so much in small blocks of a frame that it is worth a sweep */
static void st_scatter(struct kunit *test)
{
	struct pr_limits limits;

	prt_scatter(test);
	pr_schedule_limits(&limits);
	KUNIT_ASSERT_FALSE(test, limits.few);
}

/* What is reported in small blocks is no reason for a sweep */
static void schedule_sweep_done(struct kunit *test)
{
	struct pr_limits limits;

	st_scatter(test);
	prt_flush(test);
	pr_schedule_limits(&limits);
	KUNIT_EXPECT_TRUE(test, limits.few);
}

/* Nor is what was reported in blocks that are too small now one to leave others alone */
static void schedule_sweep_raised(struct kunit *test)
{
	struct pr_pass pass = st_pass();
	struct prt_frame *frame;
	struct pr_limits limits;
	unsigned int off;

	st_scatter(test);
	prt_flush(test);
	pr_policy.params.fragment_order = 6;
	frame = prt_frame(test, 1);
	for (off = 0; off < 1024; off += 128)
		prt_put(frame, off, 6);
	pr_schedule_limits(&limits);
	KUNIT_EXPECT_FALSE(test, limits.few);
	/* Once a sweep has found none that is large enough, none follows */
	pr_schedule.drain = false;
	pass.sweep = true;
	KUNIT_EXPECT_EQ(test, pr_schedule_next(&pass, 0), MAX_JIFFY_OFFSET);
}

/* What a sweep has left in 2 MiB that are in use is no reason for the next one */
static void schedule_sweep_idle(struct kunit *test)
{
	struct pr_pass pass = st_pass();

	st_scatter(test);
	pr_schedule.drain = false;
	pass.sweep = true;
	/* If it has left none for that, there are others that it has missed */
	KUNIT_EXPECT_NE(test, pr_schedule_next(&pass, 0), MAX_JIFFY_OFFSET);
	pass.seen.sparse = true;
	KUNIT_EXPECT_EQ(test, pr_schedule_next(&pass, 0), MAX_JIFFY_OFFSET);
	/* A pass that has not looked knows nothing of it */
	pass.sweep = false;
	KUNIT_EXPECT_NE(test, pr_schedule_next(&pass, 0), MAX_JIFFY_OFFSET);
	pass.sweep = true;
	pass.seen.small_wait = 100;
	KUNIT_EXPECT_NE(test, pr_schedule_next(&pass, 0), MAX_JIFFY_OFFSET);
}

/* A pass that ended early is followed by another one, which knows what is fresh */
static void schedule_stopped(struct kunit *test)
{
	struct pr_pass pass = st_pass();

	prt_start(test, 9, 0);
	pr_schedule.fresh = false;
	pass.fresh = true;
	pass.stopped = -EBUSY;
	KUNIT_EXPECT_EQ(test, pr_schedule_next(&pass, 0), pr_schedule.interval);
	KUNIT_EXPECT_TRUE(test, pr_schedule.fresh);
	pr_schedule.fresh = false;
	pass.stopped = 0;
	pr_schedule_next(&pass, 0);
	KUNIT_EXPECT_FALSE(test, pr_schedule.fresh);
	pr_schedule_next(&pass, -EIO);
	KUNIT_EXPECT_TRUE(test, pr_schedule.fresh);
	pr_schedule.fresh = false;
}

/* Passes learn from memory that is used again, once */
static void schedule_learn(struct kunit *test)
{
	unsigned long many = totalram_pages() / 2;
	u32 gate;

	pr_policy.params.min_age_ms = 1000;
	pr_policy.params.learn = 1;
	prt_start(test, 9, 0);
	gate = pr_gate(&pr_policy, 9);
	this_cpu_add(pr_stats.reused[PR_BINS - 1], many);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_EQ(test, pr_gate(&pr_policy, 9), PR_PRICE);
	KUNIT_EXPECT_NE(test, gate, PR_PRICE);
	pr_policy_reset(&pr_policy, pr_now());
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_EQ(test, pr_gate(&pr_policy, 9), gate);
}

/* Does the next pass go on with one that the quota has ended? */
static bool st_goes_on(struct kunit *test, bool sweep, bool fresh, bool force)
{
	struct pr_pass pass = st_pass(), next = {};

	pass.zone = page_zone(prt_frame(test, 0)->page);
	pass.pfn = page_to_pfn(prt_frame(test, 0)->page);
	pass.seen.wait = 7;
	pass.sweep = sweep;
	pass.fresh = fresh;
	pr_schedule_next(&pass, 0);
	/* Nothing that is new: small blocks are not looked for */
	pr_schedule.fresh = false;
	pr_schedule.sweep_at = jiffies + HZ;
	next.limits.force = force;
	KUNIT_EXPECT_EQ(test, pr_schedule_begin(&next), 0);
	if (!next.zone) {
		KUNIT_EXPECT_EQ(test, next.seen.wait, PR_NEVER);
		return false;
	}
	KUNIT_EXPECT_TRUE(test, next.goes_on);
	KUNIT_EXPECT_PTR_EQ(test, next.zone, pass.zone);
	KUNIT_EXPECT_EQ(test, next.pfn, pass.pfn);
	KUNIT_EXPECT_EQ(test, next.seen.wait, 7);
	return true;
}

/* Only with one that looked for the same, and a flush never does */
static void schedule_goes_on(struct kunit *test)
{
	prt_start(test, 9, 0);
	pr_policy.params.quota_ms = 0;
	pr_policy.params.quota_mib = 0;
	KUNIT_EXPECT_TRUE(test, st_goes_on(test, false, false, false));
	KUNIT_EXPECT_FALSE(test, st_goes_on(test, true, false, false));
	KUNIT_EXPECT_FALSE(test, st_goes_on(test, false, true, false));
	KUNIT_EXPECT_FALSE(test, st_goes_on(test, false, false, true));
	/* Nor does one that has other parameters */
	pr_schedule.changed = true;
	KUNIT_EXPECT_FALSE(test, st_goes_on(test, false, false, false));
}

/* The quota ends a pass after its batch, and a flush does without it */
static void schedule_quota(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned long when;
	unsigned int reports;

	prt_start(test, 9, 1);
	frame = prt_frame(test, 0);
	pr_policy.params.min_age_ms = 0;
	pr_policy.params.quota_mib = 1;
	prt_put(frame, 0, 9);
	prt_frame(test, 1);
	prt_put(&prt->frame[1], 0, 9);
	reports = prt->reports;
	KUNIT_EXPECT_EQ(test, prt_pass(false), -EBUSY);
	KUNIT_EXPECT_EQ(test, prt->reports, reports + 1);
	/* Too early for the next one */
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_EQ(test, prt->reports, reports + 1);
	/* It goes on where the first one has ended, so another one begins anew */
	KUNIT_ASSERT_NOT_NULL(test, pr_schedule.last.zone);
	pr_policy.params.quota_mib = 0;
	pr_policy.params.min_age_ms = UINT_MAX;
	pr_policy.paid_until = 0;
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_NULL(test, pr_schedule.last.zone);
	KUNIT_EXPECT_TRUE(test, pr_schedule.last.goes_on);
	KUNIT_EXPECT_TRUE(test, prt_due(&when));
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_FALSE(test, pr_schedule.last.goes_on);
	prt_flush(test);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9) +
			prt_told(prt, prt->frame[1].page, 9), 1024);
}

/* A report is no larger than a second's worth and a block: what is more is forgiven */
static void schedule_quota_batch(struct kunit *test)
{
	struct prt *prt = test->priv;

	prt_start(test, 9, 0);
	prt_frame(test, 0);
	prt_frame(test, 1);
	pr_policy.params.min_age_ms = 0;
	pr_policy.params.quota_mib = 1;
	prt_put(&prt->frame[0], 0, 10);
	prt_put(&prt->frame[1], 0, 10);
	KUNIT_EXPECT_EQ(test, prt_pass(false), -EBUSY);
	KUNIT_EXPECT_LE(test, prt_told(prt, prt->frame[0].page, 10) +
			prt_told(prt, prt->frame[1].page, 10), 1024);
}

static struct kunit_case schedule_cases[] = {
	KUNIT_CASE(schedule_age),
	KUNIT_CASE(schedule_idle),
	KUNIT_CASE(schedule_retry),
	KUNIT_CASE(schedule_backoff),
	KUNIT_CASE(schedule_sweep),
	KUNIT_CASE(schedule_sweep_done),
	KUNIT_CASE(schedule_sweep_raised),
	KUNIT_CASE(schedule_sweep_idle),
	KUNIT_CASE(schedule_stopped),
	KUNIT_CASE(schedule_learn),
	KUNIT_CASE(schedule_goes_on),
	KUNIT_CASE(schedule_quota),
	KUNIT_CASE(schedule_quota_batch),
	{}
};

PRT_SUITE(schedule, schedule_cases);
