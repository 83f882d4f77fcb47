// SPDX-License-Identifier: GPL-2.0
/* Memory that is used, used again, split and merged while free memory is reported */
#include <pthread.h>
#include <sys/mman.h>

#include "../kselftest_harness.h"
#include "page_reporting_util.h"
#include "vm_util.h"

PR_FIXTURE(reuse, NEEDS_DEVICE)

/* Take memory that was reported, and see what it counts as */
static void refault(struct __test_metadata *_metadata, int flags, int advice)
{
	size_t len = pr_portion(4, 32 * MIB);
	__u64 free[MAX_ORDERS], refaulted, unreported = 0;
	struct pr_mem mem;
	int i;

	/* Map it before counting what is free */
	ASSERT_EQ(0, pr_mem_map(&mem, len, flags));
	madvise(mem.word, len, advice);
	ASSERT_EQ(0, pr_quiet());
	ASSERT_EQ(0, pr_flush());
	pr_buddyinfo(free);
	for (i = 0; i < MAX_ORDERS; i++)
		unreported += free[i];
	unreported -= pr_stat("reported_now_bytes");
	refaulted = pr_stat("refaulted_bytes");
	EXPECT_EQ(0, pr_mem_fill(&mem)) TH_LOG("it does not read as zeros");
	refaulted = pr_stat("refaulted_bytes") - refaulted;
	EXPECT_GE(refaulted + unreported + pr_slack(), len)
		TH_LOG("refaulted %llu, %llu was free and not reported", refaulted, unreported);
	EXPECT_LT(0, refaulted);
	ASSERT_EQ(0, pr_flush());
	EXPECT_TRUE(pr_mem_good(&mem));
	munmap(mem.word, mem.len);
}

TEST_F_TIMEOUT(reuse, anonymous, TIMEOUT)
{
	refault(_metadata, MAP_PRIVATE, MADV_NOHUGEPAGE);
}

TEST_F_TIMEOUT(reuse, shmem, TIMEOUT)
{
	refault(_metadata, MAP_SHARED, MADV_NOHUGEPAGE);
}

TEST_F_TIMEOUT(reuse, huge, TIMEOUT)
{
	if (!read_pmd_pagesize())
		SKIP(return, "no transparent huge pages");
	refault(_metadata, MAP_PRIVATE, MADV_HUGEPAGE);
}

/* What stays in use is left alone, whatever is reported around it */
TEST_F_TIMEOUT(reuse, in_use_is_left_alone, TIMEOUT)
{
	struct pr_mem kept, mem;
	int i;

	ASSERT_EQ(0, pr_mem_take(&kept, pr_portion(4, 16 * MIB)));
	for (i = 0; i < 12; i++) {
		ASSERT_EQ(0, pr_mem_take(&mem, pr_portion(8, 8 * MIB)));
		ASSERT_EQ(0, pr_param_set(MIN_AGE, i % 3 * 10));
		if (i % 4 == 0)
			ASSERT_EQ(0, pr_order_set(i % 3 * 4));
		ASSERT_EQ(0, pr_flush());
		EXPECT_TRUE(pr_mem_good(&mem));
		EXPECT_TRUE(pr_mem_good(&kept));
		munmap(mem.word, mem.len);
	}
}

/* Free all but one page in four */
static void punch(const struct pr_mem *mem)
{
	size_t page = psize(), i;

	for (i = 0; i < mem->len; i += page)
		if (i / page % 4)
			madvise((char *)mem->word + i, page, MADV_DONTNEED);
}

/* Small blocks are reported, and forgotten when they become part of larger ones */
TEST_F_TIMEOUT(reuse, small_blocks, TIMEOUT)
{
	struct pr_fate fate;
	struct pr_mem mem;
	__u64 forgotten, end = 0;
	int err;

	ASSERT_EQ(0, pr_quiet());
	ASSERT_EQ(0, pr_param_set(FRAGMENT, 0));
	ASSERT_EQ(0, pr_mem_take(&mem, pr_portion(8, 4 * MIB)));
	err = pr_mem_note(&mem, 4);
	if (err == -EOPNOTSUPP)
		SKIP(return, "/proc/self/pagemap does not tell pfns");
	ASSERT_EQ(0, err);
	punch(&mem);
	do {
		ASSERT_EQ(0, pr_flush());
		ASSERT_EQ(0, pr_fate_read(&mem, &fate));
	} while (!pr_most(&mem, fate.state[S_REPORTED]) && pr_again(&end));
	ASSERT_TRUE(pr_most(&mem, fate.state[S_REPORTED]))
		TH_LOG("%zu of %zu pages", fate.state[S_REPORTED], mem.nr);
	forgotten = pr_stat("forgotten_bytes");
	munmap(mem.word, mem.len);
	end = 0;
	do {
		/* Drains what is in per-cpu lists */
		ASSERT_EQ(0, pr_flush());
	} while (pr_stat("forgotten_bytes") == forgotten && pr_again(&end));
	EXPECT_LT(forgotten, pr_stat("forgotten_bytes"));
}

/* Below fragment_order everything is small, from there on nothing is */
TEST_F_TIMEOUT(reuse, fragment_order, TIMEOUT)
{
	unsigned int order, value, granule = pr_param_get(ORDER);
	struct pr_summary sum;
	struct pr_mem mem;

	ASSERT_EQ(0, pr_quiet());
	ASSERT_EQ(0, pr_mem_take(&mem, pr_portion(8, 2 * MIB)));
	punch(&mem);
	for (value = 0; value <= pr_max_order() + 1; value++) {
		ASSERT_EQ(0, pr_param_set(FRAGMENT, value));
		ASSERT_EQ(0, pr_summary_read(&sum));
		for (order = 0; order <= pr_max_order(); order++) {
			const __u64 *is = sum.by_order[order];
			bool small = order < value && order < granule;

			EXPECT_EQ(0, small ? is[ELIGIBLE] + is[YOUNG] + is[FEW] + is[SPARSE] :
					   is[SMALL])
				TH_LOG("fragment_order %u, order %u", value, order);
		}
	}
	munmap(mem.word, mem.len);
}

/* With small granules, freed memory merges with reported memory, which stays known */
TEST_F_TIMEOUT(reuse, merges_are_kept, TIMEOUT)
{
	struct pr_mem mem;
	__u64 kept, end = 0;

	ASSERT_EQ(0, pr_quiet());
	ASSERT_EQ(0, pr_order_set(3));
	kept = pr_stat("kept_bytes");
	do {
		ASSERT_EQ(0, pr_flush());
		ASSERT_EQ(0, pr_mem_take(&mem, pr_portion(8, 4 * MIB)));
		munmap(mem.word, mem.len);
		ASSERT_EQ(0, pr_flush());
	} while (pr_stat("kept_bytes") == kept && pr_again(&end));
	EXPECT_LT(kept, pr_stat("kept_bytes"));
}

/* A change of the order: everything is forgotten, and reported again */
TEST_F_TIMEOUT(reuse, order_changes, TIMEOUT)
{
	static const unsigned int orders[] = { 0, 3, 5, 3, 9 };
	__u64 before, forgotten, end, least = 0;
	unsigned int i;

	ASSERT_EQ(0, pr_quiet());
	for (i = 0; i < 5; i++) {
		if (pr_param_get(ORDER) == (long)orders[i])
			continue;
		ASSERT_EQ(0, pr_flush());
		before = pr_stat("reported_now_bytes");
		forgotten = pr_stat("forgotten_bytes");
		/* Smaller granules come with more memory: single pages, too */
		if (!least || before < least)
			least = before;
		ASSERT_EQ(0, pr_order_set(orders[i]));
		EXPECT_LE(forgotten + before / 2, pr_stat("forgotten_bytes"))
			TH_LOG("order %u", orders[i]);
		end = 0;
		do {
			ASSERT_EQ(0, pr_flush());
		} while (pr_stat("reported_now_bytes") + pr_slack() < least &&
			 pr_again(&end));
		EXPECT_GE(pr_stat("reported_now_bytes") + pr_slack(), least)
			TH_LOG("order %u: %llu of %llu", orders[i],
			       pr_stat("reported_now_bytes"), least);
	}
}

/* Everything at once */
struct crowd {
	bool stop;
	int bad[4];
	unsigned int rounds[4];
};

static bool goes_on(struct crowd *c, int who, int err)
{
	if (err)
		c->bad[who] = err;
	__atomic_add_fetch(&c->rounds[who], 1, __ATOMIC_RELAXED);
	return !err && !__atomic_load_n(&c->stop, __ATOMIC_RELAXED);
}

static int ignore(const struct pr_block *block, void *arg)
{
	(void)block;
	(void)arg;
	return 0;
}

static void *crowd_reads(void *arg)
{
	struct pr_summary sum;

	while (goes_on(arg, 0, pr_blocks_read(random() % 2 ? 512 : MIB, ignore, NULL) ?:
			       pr_summary_read(&sum)))
		;
	return NULL;
}

static void *crowd_flushes(void *arg)
{
	int err;

	do {
		err = pr_flush_once();
	} while (goes_on(arg, 1, err == -EAGAIN || err == -ECANCELED ? 0 : err));
	return NULL;
}

static void *crowd_sets(void *arg)
{
	static const unsigned int ages[] = { 0, 20, 1000, NEVER_MS };

	while (goes_on(arg, 2, pr_param_set(MIN_AGE, ages[random() % 4]) ?:
			       pr_param_set(FRAGMENT, random() % 12) ?:
			       pr_param_set(PERCENT, random() % 101) ?:
			       pr_param_set(QUOTA_MS, random() % 1001) ?:
			       pr_param_set(QUOTA_MIB, random() % 3 * 1000) ?:
			       pr_param_set(ORDER, random() % 10)))
		usleep(random() % 20000);
	return NULL;
}

static void *crowd_uses(void *arg)
{
	size_t len = pr_portion(16, 4 * MIB);
	struct pr_mem mem;
	int err;

	do {
		err = pr_mem_take(&mem, len);
		if (!err) {
			usleep(random() % 20000);
			err = pr_mem_good(&mem) ? 0 : -EBADMSG;
			munmap(mem.word, mem.len);
		}
	} while (goes_on(arg, 3, err));
	return NULL;
}

TEST_F_TIMEOUT(reuse, everything_at_once, TIMEOUT)
{
	static void *(* const who[])(void *) = {
		crowd_reads, crowd_flushes, crowd_sets, crowd_uses,
	};
	__u64 errors = pr_stat("errors"), end = 0;
	struct crowd c = {};
	pthread_t thread[4];
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, who[i], &c));
	/* Until each has had its turns */
	for (i = 0; i < 4; i++)
		while (__atomic_load_n(&c.rounds[i], __ATOMIC_RELAXED) < 50 && pr_again(&end))
			;
	__atomic_store_n(&c.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 4; i++) {
		pthread_join(thread[i], NULL);
		EXPECT_EQ(0, c.bad[i]) TH_LOG("thread %d", i);
		EXPECT_LT(2, c.rounds[i]) TH_LOG("thread %d", i);
	}
	EXPECT_EQ(errors, pr_stat("errors"));
}

PR_MAIN
