/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit tests of stats.c: what counts as use, and what is learnt from it.
 */
#include "kunit.h"

/* Pages used again that had been free for as long as @bin says, or longer */
unsigned long prt_reused(unsigned int bin)
{
	unsigned long pages = 0;

	for (; bin < PR_NR_BINS; bin++)
		pages += PRT_STAT(reused[bin]);
	return pages;
}

/* The same by the time since the report, as @class says. A busy machine comes later. */
static unsigned long prt_refaulted(unsigned int class)
{
	unsigned long pages = 0;

	for (; class < PR_AGES; class++)
		pages += PRT_STAT(refault_age[class]);
	return pages;
}

/* The time from report to reuse is known, and counted as soon or not */
static void stats_refault_age(struct kunit *test)
{
	u32 ages[] = { 0, PR_PRICE, PR_LATE_SHARE * PR_PRICE };
	unsigned long soon, counted, reused;
	struct prt_frame *frame;
	unsigned int i, class, bin;

	pr_policy.params.min_age_ms = 1000;
	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	for (i = 0; i < ARRAY_SIZE(ages); i++) {
		prt_put(frame, 0, 9);
		KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
		prt_set_age(frame->page, 9, pr_gate(&pr_policy, 9));
		KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
		PRT_EXPECT(test, frame->page, 9, PR_REPORTED);
		prt_set_age(frame->page, 9, ages[i]);
		pr_policy.recent[pr_policy.nr_recent - 1].since -= ages[i];
		class = pr_age_class(ages[i]);
		soon = PRT_STAT(soon);
		bin = pr_bin(ages[i] + pr_gate(&pr_policy, 9));
		reused = prt_reused(bin);
		counted = prt_refaulted(class);
		prt_take(test, frame, 0, 9, PRT_FRAME_GFP);
		PRT_EXPECT_ABOUT(test, PRT_STAT(soon) - soon, i ? 0UL : 512UL);
		KUNIT_EXPECT_GE(test, prt_refaulted(class) - counted, 512);
		if (ages[i] < PR_LATE_SHARE * PR_PRICE)
			KUNIT_EXPECT_GE(test, prt_reused(bin) - reused, 512);
		else	/* much later is not the same program */
			PRT_EXPECT_ABOUT(test, prt_reused(bin), reused);
	}
	KUNIT_EXPECT_EQ(test, pr_age_class(0), 0);
	KUNIT_EXPECT_EQ(test, pr_age_class(PR_AGE_MAX), PR_AGES - 1);
}

/* What a balloon takes is not used: it is counted apart and teaches nothing */
static void stats_inflate(struct kunit *test)
{
	unsigned long refaulted, soon, removed;
	struct prt_frame *frame;
	unsigned int i;

	prt_start(test, 9, 0);
	pr_policy.params.min_age_ms = 1000;
	frame = prt_frame(test, 0);
	for (i = 0; i < 2; i++) {
		prt_put(frame, 0, 9);
		KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
		prt_set_age(frame->page, 9, pr_gate(&pr_policy, 9));
		KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
		PRT_EXPECT(test, frame->page, 9, PR_REPORTED);
		refaulted = PRT_STAT(refaulted);
		soon = PRT_STAT(soon);
		removed = PRT_STAT(removed);
		page_reporting_inflate(!i);
		prt_take(test, frame, 0, 9, PRT_FRAME_GFP);
		page_reporting_inflate(false);
		if (i) {
			KUNIT_EXPECT_GE(test, PRT_STAT(refaulted) - refaulted, 512);
			KUNIT_EXPECT_GE(test, PRT_STAT(soon) - soon, 512);
		} else {
			KUNIT_EXPECT_GE(test, PRT_STAT(removed) - removed, 512);
			KUNIT_EXPECT_LT(test, PRT_STAT(soon) - soon, 512);
		}
	}
}

/* Memory that was used again before its report is learnt from, unless by a balloon */
static void stats_reuse_unreported(struct kunit *test)
{
	struct prt_frame *frame;
	unsigned long reused;
	unsigned int i;

	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	for (i = 0; i < 2; i++) {
		prt_put(frame, 0, 9);
		KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
		PRT_EXPECT(test, frame->page, 9, PR_FREE);
		reused = prt_reused(0);
		page_reporting_inflate(!i);
		prt_take(test, frame, 0, 9, PRT_FRAME_GFP);
		page_reporting_inflate(false);
		reused = prt_reused(0) - reused;
		if (i)
			KUNIT_EXPECT_GE(test, reused, 512);
		else
			KUNIT_EXPECT_LT(test, reused, 512);
	}
}

/* Other memory that the host has to supply counts as the last that was given back */
static void stats_latest_is_missed(struct kunit *test)
{
	unsigned int i, bin = pr_bin(pr_ms_to_ticks(1000));
	struct prt_frame *frame[2];
	unsigned long reused;

	pr_policy.params.min_age_ms = 1000;
	prt_start(test, 9, 0);
	for (i = 0; i < 2; i++) {
		frame[i] = prt_frame(test, i);
		prt_put(frame[i], 0, 9);
	}
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame[1]->page, 9, PR_FREE);
	prt_set_age(frame[0]->page, 9, pr_gate(&pr_policy, 9));
	KUNIT_EXPECT_EQ(test, prt_pass(false), 0);
	PRT_EXPECT(test, frame[0]->page, 9, PR_REPORTED);
	prt_set_fresh(frame[1]->page);
	/* A machine that is busy comes later, to a higher bin */
	reused = prt_reused(bin);
	prt_take(test, frame[1], 0, 9, PRT_FRAME_GFP);
	KUNIT_EXPECT_GE(test, prt_reused(bin) - reused, 512);
}

/* A flush is the user's wish: nothing is learnt from its refaults */
static void stats_flush_teaches_nothing(struct kunit *test)
{
	unsigned long soon, late, refaulted;
	struct prt_frame *frame;

	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	soon = PRT_STAT(soon);
	late = PRT_STAT(reused[PR_BIN_LATE]);
	refaulted = PRT_STAT(refaulted);
	prt_put(frame, 0, 9);
	prt_flush(test);
	prt_take(test, frame, 0, 9, PRT_FRAME_GFP);
	KUNIT_EXPECT_GE(test, PRT_STAT(refaulted) - refaulted, 512);
	PRT_EXPECT_ABOUT(test, PRT_STAT(soon), soon);
	PRT_EXPECT_ABOUT(test, PRT_STAT(reused[PR_BIN_LATE]), late);
}

static void stats_ms(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, pr_ticks_to_ms(0), 0);
	KUNIT_EXPECT_EQ(test, pr_ticks_to_ms(1), 16);
	KUNIT_EXPECT_EQ(test, pr_ticks_to_ms(pr_ms_to_ticks(60000)), 60012);
	/* 52 days do not fit */
	KUNIT_EXPECT_EQ(test, pr_ticks_to_ms(PR_AGE_MAX), UINT_MAX);
}

static struct kunit_case stats_cases[] = {
	KUNIT_CASE(stats_refault_age),
	KUNIT_CASE(stats_reuse_unreported),
	KUNIT_CASE(stats_latest_is_missed),
	KUNIT_CASE(stats_flush_teaches_nothing),
	KUNIT_CASE(stats_inflate),
	KUNIT_CASE(stats_ms),
	{}
};

PRT_SUITE(stats, stats_cases);
