/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit tests of core.c: devices, start, flush and stop.
 */
#include "kunit.h"

/* Run a pass as the worker does, and return what it returned */
int prt_pass(bool force)
{
	struct pr_pass pass = { .limits.force = force };
	int err;

	mutex_lock(&core.pass_lock);
	err = run_pass(&pass);
	mutex_unlock(&core.pass_lock);
	return err;
}

/* Recount all zones with no batch on its way; returns what was wrong */
unsigned long prt_check_all(void)
{
	unsigned long bad = 0;
	struct zone *zone;

	mutex_lock(&core.pass_lock);
	for_each_populated_zone(zone)
		bad += pr_records_check(zone);
	mutex_unlock(&core.pass_lock);
	return bad;
}

/* As stop() and pause() do: passes end after their current batch */
void prt_stop(bool on)
{
	if (on)
		atomic_inc(&core.stop);
	else
		atomic_dec(&core.stop);
}

/* When does the pass run that the last one has queued? False if there is none */
bool prt_due(unsigned long *when)
{
	*when = core.due.timer.expires;
	return delayed_work_pending(&core.due);
}

/* Wait until an order that was written is in force */
void prt_sync_order(void)
{
	flush_delayed_work(&core.restart);
}

/* A parameter that is set lets small blocks be looked at without delay */
static void core_param_set(struct kunit *test)
{
	struct prt_frame *frame;

	frame = prt_scatter(test);
	pr_schedule.sweep_at = jiffies + 1000 * HZ;
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame->page, 3, PR_NONE);
	KUNIT_EXPECT_EQ(test, prt_set_param("fragment_order", "3"), 0);
	flush_delayed_work(&core.freed);
	PRT_EXPECT(test, frame->page, 3, PR_FREE);
}

/* Also one that is set while a sweep runs, whose end says when the next one is due */
static void core_param_set_in_sweep(struct kunit *test)
{
	struct pr_pass pass = {
		.sweep = true,
		.seen = { .wait = PR_NEVER, .small_wait = 100000 },
	};
	struct prt_frame *frame;

	frame = prt_scatter(test);
	mutex_lock(&core.pass_lock);
	KUNIT_EXPECT_EQ(test, prt_set_param("fragment_order", "3"), 0);
	pr_schedule_next(&pass, 0);
	mutex_unlock(&core.pass_lock);
	flush_delayed_work(&core.freed);
	PRT_EXPECT(test, frame->page, 3, PR_FREE);
}

static void core_flush_words(struct kunit *test)
{
	static const struct {
		const char *val;
		unsigned long mib;
		unsigned int ms;
	} good[] = {
		{ "all", 0, 0 },
		{ "all\n", 0, 0 },
		{ "all 200ms", 0, 200 },
		{ "64M", 64, 0 },
		{ "32M 1500ms\n", 32, 1500 },
		{ "1048576", 1, 0 },
	};
	static const char * const bad[] = {
		"", "0", "\n", "al", "alles", "M", "512M 200", "512M 0ms", "512M 200s",
		"512M 200ms more", "ms",
	};
	unsigned long pages;
	unsigned int i, ms;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		KUNIT_EXPECT_EQ_MSG(test, parse_flush(good[i].val, &pages, &ms), 0,
				    "\"%s\"", good[i].val);
		KUNIT_EXPECT_EQ(test, pages, good[i].mib * (SZ_1M / PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, ms, good[i].ms);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, parse_flush(bad[i], &pages, &ms), -EINVAL,
				    "\"%s\"", bad[i]);
	/* More than there is, on any machine */
	KUNIT_EXPECT_EQ(test, parse_flush("8E", &pages, &ms), 0);
	KUNIT_EXPECT_EQ(test, pages, totalram_pages());
	KUNIT_EXPECT_EQ(test, pr_flush_now("some"), -EINVAL);
}

/* A flush that is limited takes what is free for longest, and no more than asked for */
static void core_flush_some(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct prt_frame *frame[2];
	char text[128];

	prt_start(test, 9, 0);
	prt_flush(test);
	frame[0] = prt_frame(test, 0);
	frame[1] = prt_frame(test, 1);
	prt_put(frame[0], 0, 9);
	prt_put(frame[1], 0, 9);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	/* So old that a slow machine does not make the other as old */
	prt_set_age(frame[1]->page, 9, pr_ms_to_ticks(20000));
	prt_forget(prt);
	KUNIT_EXPECT_EQ(test, pr_flush_now("2M"), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame[0]->page, 9), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame[1]->page, 9), 512);
	pr_flush_result(text, sizeof(text));
	KUNIT_EXPECT_TRUE(test, strstarts(text, "reported_bytes 2097152\n"));
	/* Nothing is lost by a limit that is not reached */
	KUNIT_EXPECT_EQ(test, pr_flush_now("1G 100000ms"), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame[0]->page, 9), 512);
}

/* All is forgotten and reported again before ages wrap around */
static void core_restart(struct kunit *test)
{
	struct prt_frame *frame;

	pr_policy.params.fragment_order = 3;
	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 9);
	prt_put(frame, 512, 4);
	prt_flush(test);
	core.started = pr_now() - (PR_RESTART_AGE - 1000);
	restart(false);
	PRT_EXPECT(test, frame->page, 9, PR_REPORTED);
	core.started = pr_now() - PR_RESTART_AGE;
	restart(false);
	PRT_EXPECT(test, frame->page, 9, PR_NONE);
	PRT_EXPECT(test, frame->page + 512, 4, PR_NONE);
	KUNIT_EXPECT_LE(test, pr_age(pr_now(), core.started), 1000);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&core.restart));
	prt_flush(test);
	PRT_EXPECT(test, frame->page, 9, PR_REPORTED);
	/* No record is older than half of what fits before the work looks again */
	KUNIT_EXPECT_LE(test, PR_RESTART_AGE + PR_AGE_MAX / 8, PR_AGE_MAX);
}

/* A large block that is freed queues a pass */
static void core_freed(struct kunit *test)
{
	struct prt_frame *frame;

	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	cancel_delayed_work_sync(&core.freed);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	prt_put(frame, 512, 9);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&core.freed));
	KUNIT_EXPECT_TRUE(test, time_before_eq(core.freed.timer.expires,
					       jiffies + pr_schedule.interval));
	/* Once is enough */
	KUNIT_EXPECT_EQ(test, page_reporting_notify_order, UINT_MAX);
}

/* So does a block that merges with one that is reported */
static void core_freed_merged(struct kunit *test)
{
	struct prt_frame *frame;

	prt_start(test, 8, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 8);
	prt_flush(test);
	cancel_delayed_work_sync(&core.freed);
	cancel_delayed_work_sync(&core.freed_small);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&core.freed));
	prt_put(frame, 256, 8);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&core.freed));
}

/* And one that merges with what is with the device, once that comes back */
static void core_freed_meanwhile(struct kunit *test)
{
	struct prt_call flush = {};
	struct prt *prt = test->priv;
	struct prt_frame *frame;

	prt_start(test, 8, 0);
	frame = prt_block(test, &flush, 8);
	prt_put(frame, 256, 8);
	/* Whatever else was freed has not been heard of */
	cancel_delayed_work_sync(&core.freed);
	WRITE_ONCE(page_reporting_notify_order, pr_policy.huge_order);
	prt_unblock(prt);
	prt_join(&flush);
	KUNIT_EXPECT_EQ(test, buddy_order(frame->page), 9);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&core.freed));
}

/* A small block that is freed queues a pass, too, but later than a large one */
static void core_freed_small(struct kunit *test)
{
	struct prt_frame *frame;

	pr_policy.params.fragment_order = 5;
	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	cancel_delayed_work_sync(&core.freed);
	cancel_delayed_work_sync(&core.freed_small);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	prt_put(frame, 0, 4);		/* below what is reported */
	KUNIT_EXPECT_EQ(test, page_reporting_notify_order, 5);
	prt_put(frame, 128, 6);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&core.freed_small));
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&core.freed));
	KUNIT_EXPECT_EQ(test, page_reporting_notify_order, pr_policy.huge_order);
	prt_put(frame, 512, 9);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&core.freed));
}

/* A lower age holds for small blocks, too, of which a pass was to come much later */
static void core_freed_small_lowered(struct kunit *test)
{
	struct prt_frame *frame;

	pr_policy.params.fragment_order = 5;
	pr_policy.params.min_age_ms = UINT_MAX;
	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	cancel_delayed_work_sync(&core.freed);
	cancel_delayed_work_sync(&core.freed_small);
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	prt_put(frame, 128, 6);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&core.freed_small));
	KUNIT_EXPECT_EQ(test, prt_set_param("min_age_ms", "1000"), 0);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&core.freed_small));
}

static int other_report(struct page_reporting_dev_info *info,
			struct scatterlist *sgl, unsigned int nents)
{
	return -ENXIO;
}

/* There is one device at a time, and nobody else can take it away */
static void core_busy(struct kunit *test)
{
	struct page_reporting_dev_info other = { .report = other_report };
	struct prt *prt = test->priv;

	prt_start(test, 9, 0);
	KUNIT_EXPECT_EQ(test, page_reporting_register(&other), -EBUSY);
	KUNIT_EXPECT_EQ(test, page_reporting_register(&prt->info), -EBUSY);
	page_reporting_unregister(&other);
	KUNIT_EXPECT_TRUE(test, static_key_enabled(&page_reporting_enabled));
	prt_put(prt_frame(test, 0), 0, 9);
	prt_flush(test);
	KUNIT_EXPECT_EQ(test, prt_told(prt, prt->frame[0].page, 9), 512);
}

static void unregister_fn(struct work_struct *work)
{
	prt_unregister(container_of(work, struct prt_call, work)->prt);
}

/* Unregistering waits for a report in progress, and there is none after it */
static void core_unregister(struct kunit *test)
{
	struct prt_call flush = {}, unregister = {};
	struct prt *prt = test->priv;
	struct prt_frame *frame;
	unsigned int reports;

	prt_start(test, 9, 0);
	frame = prt_block(test, &flush, 9);
	prt_call(&unregister, prt, unregister_fn);
	/* It has every chance to return too early */
	msleep(50);
	KUNIT_EXPECT_TRUE(test, work_busy(&unregister.work));
	KUNIT_EXPECT_FALSE(test, PageBuddy(frame->page));
	reports = prt->reports;
	prt_unblock(prt);
	prt_join(&unregister);
	prt_join(&flush);
	KUNIT_EXPECT_EQ(test, atomic_read(&prt->inside), 0);
	KUNIT_EXPECT_TRUE(test, flush.ret == 0 || flush.ret == -ECANCELED);
	KUNIT_EXPECT_EQ(test, prt->reports, reports);
	KUNIT_EXPECT_TRUE(test, PageBuddy(frame->page));

	/* It is as if there had been no device */
	KUNIT_EXPECT_FALSE(test, static_key_enabled(&page_reporting_enabled));
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&core.freed));
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&core.freed_small));
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&core.due));
	KUNIT_EXPECT_EQ(test, prt_reported(), 0);
	KUNIT_EXPECT_EQ(test, pr_small_reported(), 0);
	PRT_EXPECT(test, frame->page, 9, PR_NONE);
	KUNIT_EXPECT_FALSE(test, PageReported(frame->page));

	/* The next device learns of everything */
	prt_forget(prt);
	prt->poison = false;
	page_reporting_order = 8;
	prt_register(test);
	prt_flush(test);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 512);
	KUNIT_EXPECT_GT(test, prt->reports, reports);
}

/* The order can be changed at any time, and the writer does not wait for the device */
static void core_order(struct kunit *test)
{
	struct prt_call flush = {};
	struct prt *prt = test->priv;
	struct prt_frame *frame;

	prt_start(test, 9, 0);
	KUNIT_EXPECT_EQ(test, prt_set_param("page_reporting_order", "frog"), -EINVAL);
	KUNIT_EXPECT_EQ(test, prt_set_param("page_reporting_order", "11"), -EINVAL);
	KUNIT_EXPECT_EQ(test, pr_policy.granule_order, 9);

	frame = prt_block(test, &flush, 9);
	KUNIT_EXPECT_EQ(test, prt_set_param("page_reporting_order", "4"), 0);
	/* The device is promised granules of the order it knows */
	KUNIT_EXPECT_EQ(test, pr_policy.granule_order, 9);
	KUNIT_EXPECT_EQ(test, page_reporting_order, 9);
	prt_unblock(prt);
	prt_join(&flush);
	KUNIT_EXPECT_TRUE(test, flush.ret == 0 || flush.ret == -ECANCELED);
	prt_sync_order();
	KUNIT_EXPECT_EQ(test, pr_policy.granule_order, 4);
	KUNIT_EXPECT_EQ(test, page_reporting_order, 4);
	KUNIT_EXPECT_TRUE(test, static_key_enabled(&page_reporting_enabled));
	PRT_EXPECT(test, frame->page, 9, PR_NONE);
	prt_verify(test);

	prt->poison = false;
	prt_forget(prt);
	prt_flush(test);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 512);
	prt->poison = true;

	/* The same order changes nothing: the records stay */
	KUNIT_EXPECT_EQ(test, prt_set_param("page_reporting_order", "4"), 0);
	prt_sync_order();
	PRT_EXPECT(test, frame->page, 9, PR_REPORTED);
	/* One above that of a pageblock is that of a pageblock */
	KUNIT_EXPECT_EQ(test, prt_set_param("page_reporting_order", "10"), 0);
	prt_sync_order();
	KUNIT_EXPECT_EQ(test, pr_policy.granule_order, min_t(unsigned int, 10, pageblock_order));
}

/* An order that is written as the device goes away is for the next one */
static void core_order_unbound(struct kunit *test)
{
	struct prt *prt = test->priv;

	prt_start(test, 9, 0);
	prt_unregister(prt);
	WRITE_ONCE(core.wanted_order, 5);
	mod_delayed_work(core.wq, &core.restart, 0);
	prt_sync_order();
	KUNIT_EXPECT_EQ(test, page_reporting_order, 5);
	prt_register(test);
	KUNIT_EXPECT_EQ(test, pr_policy.granule_order, 5);
	/* What is written later wins */
	prt_unregister(prt);
	WRITE_ONCE(core.wanted_order, 6);
	KUNIT_EXPECT_EQ(test, prt_set_param("page_reporting_order", "7"), 0);
	mod_delayed_work(core.wq, &core.restart, 0);
	prt_sync_order();
	KUNIT_EXPECT_EQ(test, page_reporting_order, 7);
}

/* What the host never supplied stays that if the order changes before the first pass */
static void core_order_fresh(struct kunit *test)
{
	prt_start(test, 9, 0);
	atomic_inc(&core.stop);
	WRITE_ONCE(pr_schedule.fresh, true);
	KUNIT_EXPECT_EQ(test, prt_set_param("page_reporting_order", "5"), 0);
	prt_sync_order();
	KUNIT_EXPECT_EQ(test, pr_policy.granule_order, 5);
	KUNIT_EXPECT_TRUE(test, pr_schedule.fresh);
	WRITE_ONCE(pr_schedule.fresh, false);
	atomic_dec(&core.stop);
}

/* A driver may find in its report that the order is too small, and fail */
static void core_driver_order(struct kunit *test)
{
	struct prt *prt = test->priv;

	prt_start(test, 4, 0);
	prt_put(prt_frame(test, 0), 0, 9);
	mutex_lock(&core.pass_lock);
	page_reporting_order = 6;
	mutex_unlock(&core.pass_lock);
	prt->bad = 0;
	prt->fail_in = 1;
	KUNIT_EXPECT_EQ(test, pr_flush_now("all"), -EIO);
	prt->bad = 0;		/* the two orders differed, as they should */
	prt_sync_order();
	KUNIT_EXPECT_EQ(test, pr_policy.granule_order, 6);
}

static void signalled_fn(struct work_struct *work)
{
	struct prt_call *call = container_of(work, struct prt_call, work);

	set_tsk_thread_flag(current, TIF_SIGPENDING);
	call->ret = pr_flush_now("all");
	clear_tsk_thread_flag(current, TIF_SIGPENDING);
}

/* A flush says what it left out: not all, upon a signal, or as it was stopped */
static void core_flush_errors(struct kunit *test)
{
	struct prt *prt = test->priv;
	struct prt_call signalled = {};
	struct prt_frame *frame;

	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	prt_put(frame, 0, 9);

	prt_call(&signalled, prt, signalled_fn);
	prt_join(&signalled);
	KUNIT_EXPECT_EQ(test, signalled.ret, -EINTR);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 0);

	prt_stop(true);
	KUNIT_EXPECT_EQ(test, pr_flush_now("all"), -ECANCELED);
	prt_stop(false);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 0);

	prt_flush(test);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, 9), 512);
	prt_unregister(prt);
	KUNIT_EXPECT_EQ(test, pr_flush_now("all"), -ENODEV);
}

/* Before suspend a pass ends after its batch; afterwards passes run again */
static void core_suspend(struct kunit *test)
{
	struct prt *prt = test->priv;

	prt_start(test, 9, 0);
	prt_put(prt_frame(test, 0), 0, 9);
	pm_notify(NULL, PM_SUSPEND_PREPARE, NULL);
	KUNIT_EXPECT_EQ(test, prt_pass(true), -ECANCELED);
	KUNIT_EXPECT_EQ(test, prt_told(prt, prt->frame[0].page, 9), 0);
	pm_notify(NULL, PM_POST_SUSPEND, NULL);
	KUNIT_EXPECT_FALSE(test, pr_stopping());
	prt_flush(test);
	KUNIT_EXPECT_EQ(test, prt_told(prt, prt->frame[0].page, 9), 512);
	/* What the kernel of the boot has used is not known to the image */
	pm_notify(NULL, PM_HIBERNATION_PREPARE, NULL);
	pm_notify(NULL, PM_POST_RESTORE, NULL);
	PRT_EXPECT(test, prt->frame[0].page, 9, PR_NONE);
	prt_verify(test);
}

/* A device has the order that it asks for, up to that of a pageblock */
static void core_device_order(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, pr_device_order(PAGE_REPORTING_ORDER_UNSPECIFIED), pageblock_order);
	KUNIT_EXPECT_EQ(test, pr_device_order(0), PR_DEVICE_ORDER_0 ? 0 : pageblock_order);
	KUNIT_EXPECT_EQ(test, pr_device_order(1), 1);
	KUNIT_EXPECT_EQ(test, pr_device_order(MAX_PAGE_ORDER), pageblock_order);
	KUNIT_EXPECT_EQ(test, pr_device_order(MAX_PAGE_ORDER + 1), pageblock_order);
}

static struct kunit_case core_cases[] = {
	KUNIT_CASE(core_param_set),
	KUNIT_CASE(core_param_set_in_sweep),
	KUNIT_CASE(core_flush_words),
	KUNIT_CASE(core_flush_some),
	KUNIT_CASE(core_restart),
	KUNIT_CASE(core_freed),
	KUNIT_CASE(core_freed_merged),
	KUNIT_CASE(core_freed_meanwhile),
	KUNIT_CASE(core_freed_small),
	KUNIT_CASE(core_freed_small_lowered),
	KUNIT_CASE(core_busy),
	KUNIT_CASE(core_unregister),
	KUNIT_CASE(core_order),
	KUNIT_CASE(core_order_unbound),
	KUNIT_CASE(core_order_fresh),
	KUNIT_CASE(core_driver_order),
	KUNIT_CASE(core_flush_errors),
	KUNIT_CASE(core_suspend),
	KUNIT_CASE(core_device_order),
	{}
};

PRT_SUITE(core, core_cases);

/* Booted with page_ext=off nothing happens, and nothing is paid for it */
static void core_off(struct kunit *test)
{
	struct page_reporting_dev_info info = { .report = other_report };
	unsigned int order = page_reporting_order;
	struct page_ext *ext;
	struct page *page;

	if (pr_records_enabled())
		kunit_skip(test, "not booted with page_ext=off");

	KUNIT_EXPECT_FALSE(test, page_reporting_available());
	KUNIT_EXPECT_EQ(test, page_reporting_register(&info), -EOPNOTSUPP);
	KUNIT_EXPECT_FALSE(test, static_key_enabled(&page_reporting_enabled));
	KUNIT_EXPECT_EQ(test, page_reporting_order, order);
	KUNIT_EXPECT_EQ(test, pr_flush_now("all"), -ENODEV);
	page_reporting_unregister(&info);

	page = alloc_pages(PRT_FRAME_GFP, MAX_PAGE_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, page);
	/* No memory either, unless it is for somebody else */
	ext = page_ext_get(page);
	if (ext)
		page_ext_put(ext);
	KUNIT_EXPECT_EQ(test, !!ext, IS_ENABLED(CONFIG_PAGE_OWNER));
	__free_pages(page, MAX_PAGE_ORDER);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&core.freed));
	KUNIT_EXPECT_EQ(test, prt_reported(), 0);
}

/* A suite of its own: it needs another boot than all others */
static struct kunit_case core_off_cases[] = {
	KUNIT_CASE(core_off),
	{}
};

static struct kunit_suite core_off_suite = {
	.name = "page_reporting_off",
	.test_cases = core_off_cases,
};

kunit_test_suite(core_off_suite);
