/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit tests of free page reporting: a device, and memory that a test owns.
 *
 * The device writes over what is reported to it, so whoever uses reported memory
 * sees that. Most tests work inside a frame, a block of the largest order that
 * they own: parts of it that they free cannot merge with anything outside.
 */
#ifndef _MM_PAGE_REPORTING_TESTS_KUNIT_H
#define _MM_PAGE_REPORTING_TESTS_KUNIT_H

#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/page_reporting.h>
#include <linux/workqueue.h>

#include "../internal.h"

#define PRT_FRAMES	2
#define PRT_FRAME_GFP	(GFP_HIGHUSER_MOVABLE | __GFP_NORETRY | __GFP_NOWARN)
#define PRT_PATTERN	0xa5

/* A block of the largest order, free only in parts */
struct prt_frame {
	struct page *page;
	DECLARE_BITMAP(held, MAX_ORDER_NR_PAGES);	/* pages in use, one reference each */
};

/* A test and its device */
struct prt {
	struct page_reporting_dev_info info;
	struct pr_params params;	/* to be restored, as is... */
	unsigned int order;		/* ...page_reporting_order */
	bool registered;		/* report() may be called */
	bool poison;			/* write over what is reported */
	bool block;			/* wait within report() for @go */
	int err;			/* what a report that fails returns */
	unsigned int fail_in;		/* reports until one fails, 0 for none */
	struct page *fail_page;		/* a report of this page fails */
	struct completion entered;
	struct completion go;
	atomic_t inside;		/* report() is running */
	unsigned int reports;		/* calls of report() */
	unsigned int bad;		/* what was wrong with them */
	unsigned long *told;		/* bitmap of pfns reported since prt_forget() */
	struct prt_frame frame[PRT_FRAMES];
};

/* Something to do at the same time */
struct prt_call {
	struct work_struct work;
	struct prt *prt;
	bool stop;
	int ret;
};

/* device.c */
int prt_init(struct kunit *test);
void prt_exit(struct kunit *test);
void prt_register(struct kunit *test);
void prt_unregister(struct prt *prt);
void prt_start(struct kunit *test, unsigned int granule, unsigned int capacity);
void prt_flush(struct kunit *test);
void prt_verify(struct kunit *test);
void prt_forget(struct prt *prt);
unsigned long prt_reported(void);
unsigned long prt_told(struct prt *prt, struct page *page, unsigned int order);
unsigned long prt_count(struct page *page, unsigned int order, enum pr_state state);
bool prt_keeps_contents(void);
struct prt_frame *prt_frame(struct kunit *test, unsigned int n);
struct prt_frame *prt_scatter(struct kunit *test);
void prt_frame_free(struct prt_frame *frame);
void prt_put(struct prt_frame *frame, unsigned int off, unsigned int order);
void prt_hold(struct prt_frame *frame, unsigned int off, unsigned int order);
void prt_take(struct kunit *test, struct prt_frame *frame, unsigned int off,
	      unsigned int order, gfp_t gfp);
void prt_call(struct prt_call *call, struct prt *prt, work_func_t fn);
void prt_join(struct prt_call *call);
void prt_flush_fn(struct work_struct *work);
struct prt_frame *prt_block(struct kunit *test, struct prt_call *flush, unsigned int order);
void prt_unblock(struct prt *prt);
u64 prt_stat(size_t offset);
int prt_set_param(const char *name, const char *val);
struct pr_block prt_read(struct page *page, unsigned int order);

/* records_kunit.h: what is known of a page, and another age for it */
enum pr_state prt_state(struct page *page);
u32 prt_age(struct page *page);
void prt_set_age(struct page *page, unsigned int order, u32 age);
void prt_set_fresh(struct page *page);

/* stats_kunit.h: what was used again */
unsigned long prt_reused(unsigned int bin);

/* core_kunit.h: run a pass as the worker does, and look at what is queued */
int prt_pass(bool force);
void prt_sync_order(void);
unsigned long prt_check_all(void);
void prt_stop(bool on);
bool prt_due(unsigned long *when);

#define PRT_STAT(name)	prt_stat(offsetof(struct pr_stats, name))

/*
 * @value is @want. More by a block that no test looks at is what another CPU has
 * used meanwhile, as all that is free may be reported.
 */
#define PRT_EXPECT_ABOUT(test, value, want)				\
	KUNIT_EXPECT_LT(test, (value) - (want), 32UL)

#define PRT_EXPECT(test, page, order, state)				\
do {									\
	const unsigned int _order = (order);				\
									\
	KUNIT_EXPECT_EQ_MSG(test, prt_count(page, _order, state), 1UL << _order, \
			    "granule order %u", pr_policy.granule_order); \
} while (0)

#define PRT_SUITE(what, _cases)						\
static struct kunit_suite what##_suite = {				\
	.name = "page_reporting_" #what,				\
	.init = prt_init,						\
	.exit = prt_exit,						\
	.test_cases = _cases,						\
};									\
kunit_test_suite(what##_suite)

#endif /* _MM_PAGE_REPORTING_TESTS_KUNIT_H */
