/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Free page reporting: what its parts share. A free block goes this way:
 *
 *	records.c	remembers since when it is free or reported
 *	stats.c		counts what becomes of it
 *	policy.c	decides whether it is reported now
 *	pass.c		finds, isolates, reports and returns it
 *	schedule.c	decides when the next pass runs
 *	core.c		devices, start, flush and stop
 *	params.c	what the administrator sets
 *	debugfs.c	shows all this to people
 */
#ifndef _MM_PAGE_REPORTING_INTERNAL_H
#define _MM_PAGE_REPORTING_INTERNAL_H

#include <linux/bits.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mmzone.h>
#include <linux/percpu.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/time64.h>

#include "../page_reporting.h"
#include "compat.h"

/*
 * policy.c: numbers in, numbers out
 *
 * Times are ticks of 2^24 ns (16.8 ms) of the monotonic clock, in 29 bits.
 */
#define PR_TICK_SHIFT	24
#define PR_TIME_BITS	29
#define PR_TIME_MASK	GENMASK(PR_TIME_BITS - 1, 0)
/* No age of a block is larger (52 days): all is forgotten before, see restart() */
#define PR_AGE_MAX	(PR_TIME_MASK / 2)
#define PR_NEVER	U32_MAX

/*
 * Fetching memory back costs as much as holding it for PR_PRICE ticks (2.1 s).
 * Up to that, times for which memory was free are counted in PR_BINS bins...
 */
#define PR_BIN_SHIFT	3
#define PR_BINS		16
#define PR_PRICE	(PR_BINS << PR_BIN_SHIFT)
/* ...then there is one for all up to PR_LATE_SHARE times the price */
#define PR_LATE_SHARE	8
#define PR_BIN_LATE	PR_BINS
#define PR_NR_BINS	(PR_BINS + 1)
/* Reports that are remembered to tell how soon memory is wanted again */
#define PR_RECENT	16

/* What the administrator has set, see params.c */
struct pr_params {
	unsigned int min_age_ms;	/* age at which a block is reported */
	unsigned int fragment_order;	/* of the smallest block that is reported */
	unsigned int fragment_percent;	/* of 2 MiB to be old before a piece is reported */
	unsigned int learn;		/* the age follows what is used again */
	unsigned int delay_ms;		/* until a block that had to wait is retried */
	unsigned int quota_ms;		/* a second, for passes; 0: no limit */
	unsigned int quota_mib;		/* a second, to be reported; 0: no limit */
};

/* Reported memory that nobody has wanted again so far */
struct pr_recent {
	u32 since;			/* when it became free, in ticks */
	bool flushed;			/* whatever its age was */
	unsigned long pages;
};

/* Which block is reported when; see pr_learn() and pr_quota_charge() */
struct pr_policy {
	struct pr_params params;
	unsigned int granule_order;	/* order of the unit of records */
	unsigned int huge_order;	/* below it blocks are small, see pr_gate() */
	bool fragments;			/* the device takes blocks below a granule */
	u32 learnt;			/* the minimum age in ticks, 0: as is set */
	u32 halved;			/* when the counts were last halved */
	unsigned long reused[PR_NR_BINS];	/* pages lately, by pr_bin() */
	struct pr_recent recent[PR_RECENT];	/* the latest is the last */
	unsigned int nr_recent;
	u64 paid_until;			/* ns at which the quota has recovered */
};

/* What is known of a free block */
struct pr_block {
	struct page *page;		/* its first page */
	struct zone *zone;
	unsigned int order;
	int migratetype;		/* of its first pageblock */
	unsigned long reported;		/* pages that the host was told of */
	bool unseen;			/* no pass has seen the others... */
	u32 age;			/* ...or they are free for this many ticks... */
	bool fresh;			/* ...and the host hardly ever supplied them */
	u32 report_age;			/* ticks since the latest report, if any */
	unsigned long region_old;	/* of its 2 MiB, that are old; 0: not counted */
};

/* The 2 MiB that a small block lies in */
struct pr_region {
	struct page *first;		/* page; NULL: not counted */
	unsigned long old;		/* pages that are free and of age */
	u32 wait;			/* ticks until more are, or PR_NEVER */
};

/* What keeps blocks of a zone from being reported */
struct pr_limits {
	bool force;			/* nothing but the budget and @age: a flush */
	u32 age;			/* of that, the least age in ticks */
	bool few;			/* too few small blocks for a sweep */
	bool backing_off;		/* the device has failed lately */
	unsigned long budget;		/* pages that may be isolated at once */
	unsigned long cma_budget;	/* the same in pageblocks of CMA */
	struct pr_region region;	/* that was counted last; see pr_judge_block() */
};

/* Why a free block is reported now, or is not */
enum pr_verdict {
	PR_TOLD,		/* the host has it */
	PR_SMALL,		/* below the smallest order that is reported */
	PR_FEW,			/* too few small blocks to look for them */
	PR_ISOLATED,		/* its pageblock is isolated */
	PR_BACKING_OFF,		/* the device has failed lately */
	PR_YOUNG,		/* not free for long enough */
	PR_OVER_BUDGET,		/* isolating it would leave too little */
	PR_SPARSE,		/* too much of its 2 MiB is in use, or young */
	PR_ELIGIBLE,
	PR_NR_VERDICTS,
};

enum pr_verdict pr_judge(const struct pr_policy *policy,
			 const struct pr_block *block,
			 const struct pr_limits *limits);
u32 pr_wait(const struct pr_policy *policy, const struct pr_block *block);
u32 pr_gate(const struct pr_policy *policy, unsigned int order);
unsigned int pr_smallest_order(const struct pr_policy *policy);
unsigned long pr_budget(unsigned long nr_free, unsigned long reserve);
void pr_remember(struct pr_policy *policy, u32 since, unsigned long pages, bool flushed);
unsigned long pr_recall(struct pr_policy *policy, u32 now, unsigned long pages, u32 *age);
void pr_policy_reset(struct pr_policy *policy, u32 now);
bool pr_learn(struct pr_policy *policy, u32 now, const unsigned long *reused,
	      unsigned long ram);
void pr_quota_charge(struct pr_policy *policy, u64 now_ns, u64 ns,
		     unsigned long pages);
u64 pr_quota_wait(const struct pr_policy *policy, u64 now_ns);

static inline u32 pr_ms_to_ticks(unsigned int ms)
{
	return min_t(u64, DIV_ROUND_UP_ULL((u64)ms * NSEC_PER_MSEC,
					   1 << PR_TICK_SHIFT), PR_AGE_MAX);
}

/* The bin of the ticks that memory was free before it was used */
static inline unsigned int pr_bin(u32 age)
{
	return min_t(u32, age >> PR_BIN_SHIFT, PR_BIN_LATE);
}

static inline u64 pr_ticks_to_ns(u32 ticks)
{
	return (u64)ticks << PR_TICK_SHIFT;
}

/* Rounded up, so that it is not too early after that */
static inline unsigned long pr_ticks_to_jiffies(u32 ticks)
{
	return min_t(u64, nsecs_to_jiffies64(pr_ticks_to_ns(ticks)) + 1,
		     MAX_JIFFY_OFFSET - 1);
}

static inline u32 pr_age(u32 now, u32 since)
{
	return (now - since) & PR_TIME_MASK;
}

#ifdef CONFIG_PAGE_REPORTING
/* params.c */
extern struct pr_policy pr_policy;

/*
 * records.c: the page_ext client. The unit of what is known is a granule, or a
 * whole free block where that is smaller.
 */
enum pr_state {
	PR_NONE,		/* in use, or not seen by a pass */
	PR_FREE,		/* free since */
	PR_FRESH,		/* the same, and the host hardly ever supplied it */
	PR_REPORTED,		/* reported since */
	PR_PARTIAL,		/* of a block: some of it reported, the rest not seen */
	PR_PARTIAL_FREE,	/* some of it reported, the rest free since */
	PR_PARTIAL_FRESH,	/* the same, and fresh */
};

u32 pr_now(void);
bool pr_records_enabled(void);
void pr_block_read(struct pr_block *block, struct page *page, unsigned int order);
void pr_count_region(struct pr_region *region, struct zone *zone);
u32 pr_free_record(struct page *page);
u32 pr_free_now(bool fresh);
void pr_stamp(struct page *page, unsigned int order, u32 free);
unsigned int pr_add_unreported(struct page *page, unsigned int order,
			       struct scatterlist *sg, unsigned int room);
bool pr_all_reported(struct page *page);
void pr_mark(struct page *page, struct zone *zone, unsigned int order);
void pr_records_forget(void);
unsigned long pr_records_check(struct zone *zone);
bool pr_unit_reported(struct page *page, unsigned int order);
unsigned int pr_lowest_order(void);

/* stats.c: what is counted, for policy.c and for people */

/* Classes of a histogram of ages: below 1, 2, 4... ms, and all beyond */
#define PR_AGES		21

/* Event counters, one set a CPU; memory in pages. All are u64, see pr_sum_stats(). */
struct pr_stats {
	u64 passes;		/* flushes included */
	u64 sweeps;		/* passes that looked for small blocks, too */
	u64 reports;		/* calls of the device */
	u64 errors;		/* calls of the device that failed */
	u64 reported;
	u64 failed;		/* the device failed to take it */
	u64 refaulted;		/* reported, then allocated */
	u64 soon;		/* of this, what was cheaper to hold */
	u64 reused[PR_NR_BINS];	/* wanted again, by pr_bin() of its time free */
	u64 removed;		/* reported, then taken by a balloon, compaction, CMA... */
	u64 kept;		/* the record outlived a merge */
	u64 forgotten;		/* reported and still free, the record lost */
	u64 pass_ns;		/* time spent in passes */
	u64 worker_ns;		/* CPU time of these */
	u64 refault_age[PR_AGES];	/* by the time since the report */
};

DECLARE_PER_CPU(struct pr_stats, pr_stats);

void __pr_count_small(long pages);
unsigned long pr_small_reported(void);
void pr_count_reused(u32 age, unsigned long pages);
unsigned long pr_count_fetched(unsigned int order, unsigned long pages, bool used);
void pr_mark_recent(unsigned long pages, u32 since, bool flushed);
void pr_sum_stats(struct pr_stats *sum);
unsigned int pr_age_class(u32 age);
unsigned int pr_ticks_to_ms(u32 ticks);

/* Of a block of 2^@order pages, @pages more are reported than before. Any context. */
static inline void pr_count_small(unsigned int order, long pages)
{
	if (order < pr_policy.huge_order)
		__pr_count_small(pages);
}

/* pass.c: one pass over memory */

/* What a pass saw */
struct pr_seen {
	u32 wait;			/* ticks until a large block is of age */
	u32 small_wait;			/* the same for small blocks; or PR_NEVER */
	bool retry;			/* a block of age could not be reported */
	bool sparse;			/* nor could one as too little of its 2 MiB is free */
	u64 scan_ns;			/* time spent on looking at memory */
};

/* One pass; what it may do, and then what it did */
struct pr_pass {
	struct page_reporting_dev_info *dev;
	unsigned int capacity;		/* blocks in a report */
	struct pr_limits limits;	/* budgets are set zone by zone */
	unsigned long most;		/* pages to report; 0: all */
	u64 deadline;			/* in ns; 0: none */
	bool sweep;			/* look for small blocks, too */
	bool fresh;			/* the host never supplied what is unknown */
	unsigned long stamped;		/* blocks that were new */
	struct zone *zone;		/* where it begins, and where the quota has ended it... */
	unsigned long pfn;		/* ...with this one; NULL: at the beginning, or nowhere */
	bool goes_on;			/* began where the quota has ended the last one */
	struct pr_seen seen;
	unsigned long pages;		/* pages reported */
	unsigned int reports;		/* calls of the device */
	int stopped;			/* ended early: -ECANCELED, -EINTR, -EBUSY as the
					 * quota is used up, -EDQUOT as @most or @deadline
					 * is reached; else 0
					 */
};

int pr_pass_run(struct pr_pass *pass);
void pr_zone_limits(struct zone *zone, struct pr_limits *limits);
enum pr_verdict pr_judge_block(struct pr_block *block, struct pr_limits *limits);

/* schedule.c: when the next pass runs; times are in jiffies */

/* Small blocks are looked for 1/PR_SWEEP_SHARE of their age apart */
#define PR_SWEEP_SHARE	4

struct pr_schedule {
	unsigned long interval;		/* least time between passes */
	unsigned long sweep_at;		/* no sweep before */
	unsigned int changed;		/* a parameter was set: sweep at once */
	unsigned int fresh;		/* the host never supplied what is unknown */
	bool drain;			/* drain per-cpu lists if nothing new is seen... */
	unsigned long quiet_at;		/* ...until this time */
	unsigned int retry_ms;		/* until what had to wait is tried again */
	unsigned int backoff_ms;	/* since the device has failed, else 0 */
	unsigned long backoff_until;
	u64 reused[PR_NR_BINS];		/* pr_stats at the last pr_learn() */
	struct pr_pass last;		/* the next one may go on with it */
};

extern struct pr_schedule pr_schedule;

void pr_schedule_start(bool fresh);
void pr_schedule_limits(struct pr_limits *limits);
unsigned long pr_schedule_begin(struct pr_pass *pass);
unsigned long pr_schedule_next(const struct pr_pass *pass, int err);

/* core.c */
void pr_params_changed(void);
int pr_flush_now(const char *val);
int pr_flush_result(char *buf, size_t size);
bool pr_stopping(void);
void pr_wait_for_hooks(void);
#endif /* CONFIG_PAGE_REPORTING */

/* walk.c */
extern u64 pr_lock_hold_max;

u64 pr_lock(struct zone *zone, unsigned long *flags) __acquires(&zone->lock);
void pr_unlock(struct zone *zone, unsigned long flags, u64 since)
	__releases(&zone->lock);
struct page *pr_find_block(struct page *page, unsigned int order,
			   unsigned int *found);
unsigned long pr_chunk_end(unsigned long pfn, unsigned long end, unsigned int min_order);
struct page *pr_next_small(unsigned long *pfn, unsigned long end,
			   unsigned int min_order, unsigned int *order);
struct page *pr_next_block(struct zone *zone, unsigned long *pfn,
			   unsigned long end, unsigned int min_order,
			   unsigned int *order);
int pr_walk_zone(struct zone *zone, unsigned long pfn, unsigned long end,
		 unsigned int min_order, unsigned int max_order, void *opaque,
		 int (*report_pfn_range)(void *opaque, unsigned long pfn,
					 unsigned long num));

#endif /* _MM_PAGE_REPORTING_INTERNAL_H */
