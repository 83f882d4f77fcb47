// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting: what is counted, for policy.c to learn from and for people.
 *
 * Each CPU counts for itself. How soon memory is wanted again after it was reported
 * is known by the order of reports: what is fetched back is taken for that of the
 * latest one.
 */
#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/math64.h>
#include <linux/preempt.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "../internal.h"
#include "internal.h"

DEFINE_PER_CPU(struct pr_stats, pr_stats);

/* What all zones share and write often, in a cacheline of its own */
static struct {
	/* Pages reported in blocks below huge_order */
	atomic_long_t small_reported ____cacheline_aligned_in_smp;
	/* For what pr_policy remembers of reports; taken inside of zone->lock */
	raw_spinlock_t recent_lock;
} shared_stats = {
	.recent_lock = __RAW_SPIN_LOCK_UNLOCKED(shared_stats.recent_lock),
};

/* Out of line part of pr_count_small() */
void __pr_count_small(long pages)
{
	atomic_long_add(pages, &shared_stats.small_reported);
}

/* Pages reported in blocks below huge_order. Any context. */
unsigned long pr_small_reported(void)
{
	return max(atomic_long_read(&shared_stats.small_reported), 0L);
}

/* Memory that was free for @age ticks is wanted again: for pr_learn(). Any context. */
void pr_count_reused(u32 age, unsigned long pages)
{
	if (age < PR_LATE_SHARE * PR_PRICE)
		this_cpu_add(pr_stats.reused[pr_bin(age)], pages);
}

/*
 * A block of 2^@order pages is taken, and the host has to supply @pages of it. They
 * count as those of the latest report, and if they are @used they tell how long
 * these were free. Returns how many would have been cheaper to hold. Interrupts are off.
 */
unsigned long pr_count_fetched(unsigned int order, unsigned long pages, bool used)
{
	unsigned long part, soon = 0;
	u32 age;

	/* Reports of small blocks are not remembered */
	if (!pages || order < pr_policy.huge_order || !READ_ONCE(pr_policy.nr_recent))
		return 0;
	/* alloc_pages_nolock() may be called anywhere, also by who holds the lock */
	if (in_nmi() || raw_spin_is_locked(&shared_stats.recent_lock))
		return 0;
	raw_spin_lock(&shared_stats.recent_lock);
	while (pages) {
		part = pr_recall(&pr_policy, pr_now(), pages, &age);
		if (!part)
			break;
		pages -= part;
		if (!used)
			continue;
		pr_count_reused(age, part);
		soon += age < PR_PRICE ? part : 0;
	}
	raw_spin_unlock(&shared_stats.recent_lock);
	return soon;
}

/*
 * Memory that was free since @since, in ticks, was reported as it came of age, or
 * as it was @flushed. Interrupts are off.
 */
void pr_mark_recent(unsigned long pages, u32 since, bool flushed)
{
	raw_spin_lock(&shared_stats.recent_lock);
	pr_remember(&pr_policy, since, pages, flushed);
	raw_spin_unlock(&shared_stats.recent_lock);
}

/* An age in milliseconds, at most UINT_MAX. Any context. */
unsigned int pr_ticks_to_ms(u32 ticks)
{
	return min_t(u64, div_u64(pr_ticks_to_ns(ticks), NSEC_PER_MSEC), UINT_MAX);
}

/* The class of a histogram that an age belongs to */
unsigned int pr_age_class(u32 age)
{
	return min_t(unsigned int, fls(pr_ticks_to_ms(age)), PR_AGES - 1);
}

/* Add up the event counters of all CPUs. Any context. */
void pr_sum_stats(struct pr_stats *sum)
{
	u64 *to = (u64 *)sum, *from;
	unsigned int i;
	int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		from = (u64 *)per_cpu_ptr(&pr_stats, cpu);
		for (i = 0; i < sizeof(*sum) / sizeof(*to); i++)
			to[i] += READ_ONCE(from[i]);
	}
}

#ifdef CONFIG_PAGE_REPORTING_KUNIT_TEST
#include "tests/stats_kunit.h"
#endif
