// SPDX-License-Identifier: GPL-2.0
/* Freed memory is reported at its age, not before, and the age learns from reuse */
#include <sys/mman.h>

#include "../kselftest_harness.h"
#include "page_reporting_util.h"

PR_FIXTURE(age, NEEDS_DEVICE)

#define PRICE_MS	2147	/* no age that is learnt is beyond */
#define LEARN_SHARE	256	/* what is used again counts from 1/256 of memory on */

/* Take and free memory, with all else reported */
static int free_some(struct pr_mem *mem, size_t len)
{
	return pr_flush() ?: pr_mem_take(mem, len) ?: pr_mem_drop(mem);
}

static size_t some(void)
{
	return pr_portion(8, 16 * MIB + pr_meminfo("MemTotal") / 256);
}

#define FREE_SOME(mem, len)						\
do {									\
	int _err = free_some(mem, len);					\
									\
	if (_err == -EOPNOTSUPP)					\
		SKIP(return, "/proc/self/pagemap does not tell pfns");	\
	ASSERT_EQ(0, _err);						\
} while (0)

/* Wait until most of it is reported, which must not be before @age */
static int wait_reported(const struct pr_mem *mem, unsigned int age)
{
	struct pr_fate fate;
	__u64 end = 0, now;
	int err;

	do {
		err = pr_fate_read(mem, &fate);
		now = pr_now_ms();
		if (err)
			return err;
		if (fate.state[S_REPORTED] && now + TICKS_MS < mem->freed_ms + age) {
			ksft_print_msg("%zu pages are reported after %llu ms\n",
				       fate.state[S_REPORTED], now - mem->freed_ms);
			return -EINVAL;
		}
		if (pr_most(mem, fate.state[S_REPORTED]))
			return 0;
	} while (pr_again(&end));
	ksft_print_msg("of %zu pages %zu reported, %zu partial, %zu pending, %zu small\n",
		       mem->nr, fate.state[S_REPORTED], fate.state[S_PARTIAL],
		       fate.state[S_PENDING], fate.state[S_SMALL]);
	return -ETIME;
}

TEST_F_TIMEOUT(age, comes, TIMEOUT)
{
	static const unsigned int ages[] = { 0, 500, 1500 };
	struct pr_mem mem;
	unsigned int i;

	ASSERT_EQ(0, pr_quiet());
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, pr_param_set(MIN_AGE, NEVER_MS));
		ASSERT_EQ(0, pr_flush());
		ASSERT_EQ(0, pr_param_set(MIN_AGE, ages[i]));
		FREE_SOME(&mem, some());
		EXPECT_EQ(0, wait_reported(&mem, ages[i])) TH_LOG("age %u", ages[i]);
	}
}

TEST_F_TIMEOUT(age, is_waited_for_until_lowered, TIMEOUT)
{
	struct pr_fate fate;
	long long first = -1;
	struct pr_mem mem;
	__u64 end = 0;

	ASSERT_EQ(0, pr_quiet());
	FREE_SOME(&mem, some());
	do {
		/* A parameter that is set makes the worker look at once */
		ASSERT_EQ(0, pr_param_set(MIN_AGE, NEVER_MS));
		ASSERT_EQ(0, pr_fate_read(&mem, &fate));
		ASSERT_EQ(0, fate.state[S_REPORTED]);
		if (first < 0)
			first = fate.free_ms;
	} while ((first < 0 || fate.free_ms <= first ||
		  !pr_most(&mem, fate.state[S_PENDING] + fate.state[S_PARTIAL])) &&
		 pr_again(&end));
	EXPECT_LT(first, fate.free_ms) TH_LOG("what waits does not grow older");
	ASSERT_EQ(0, pr_param_set(MIN_AGE, 100));
	EXPECT_EQ(0, wait_reported(&mem, 100));
}

/* Enough to reach what was reported, little enough to be quick */
static size_t much(void)
{
	return pr_portion(2, 32 * MIB + pr_meminfo("MemTotal") / 16);
}

/* Have everything reported by age, and use some of it again */
static int reuse(unsigned int age, size_t len)
{
	__u64 soon, end = 0;
	struct pr_mem mem;
	int err;

	/* A change of the order: everything is forgotten */
	err = pr_param_set(MIN_AGE, age) ?: pr_order_set(pr_param_get(ORDER) == 8 ? 9 : 8);
	while (!err && pr_stat("reported_now_bytes") < pr_meminfo("MemFree") / 2)
		if (!pr_again(&end))
			err = -ETIME;
	soon = pr_stat("refaulted_soon_bytes");
	err = err ?: pr_mem_take(&mem, len);
	if (err)
		return err;
	munmap(mem.word, mem.len);
	soon = pr_stat("refaulted_soon_bytes") - soon;
	ksft_print_msg("%llu bytes of %zu were used too soon\n", soon, len);
	return soon > pr_meminfo("MemTotal") / LEARN_SHARE ? 0 : -EAGAIN;
}

/* Let passes run until the age in force is at most @ms */
static bool age_falls_to(unsigned int ms, unsigned int min_age)
{
	__u64 end = 0;

	do {
		pr_param_set(MIN_AGE, min_age);
		if (pr_stat("age_ms") <= ms)
			return true;
	} while (pr_again(&end));
	return false;
}

/* Is another age in force than 1000 ms? */
static bool has_learnt(void)
{
	__u64 age = pr_stat("age_ms");

	return age < 1000 - TICKS_MS || age >= 1000 + 2 * TICKS_MS;
}

/* It rises or falls by how long memory was free, which depends on the machine */
TEST_F_TIMEOUT(age, follows_what_is_used, TIMEOUT)
{
	size_t len = much();
	__u64 end = 0;
	int i, err;

	ASSERT_EQ(0, pr_quiet());
	ASSERT_EQ(0, pr_param_set(LEARN, 1));
	do {
		err = reuse(1000, len);
		ASSERT_TRUE(!err || err == -EAGAIN) TH_LOG("%s", strerror(-err));
		for (i = 0; i < 50 && !has_learnt(); i++) {
			pr_param_set(MIN_AGE, 1000);
			usleep(10000);
		}
	} while (!has_learnt() && pr_again(&end));
	EXPECT_TRUE(has_learnt());
	EXPECT_GE(PRICE_MS + TICKS_MS, pr_stat("age_ms"));
	EXPECT_TRUE(age_falls_to(20 + TICKS_MS, 20)) TH_LOG("age_ms %llu", pr_stat("age_ms"));
}

TEST_F_TIMEOUT(age, is_fixed_at_0_percent, TIMEOUT)
{
	size_t len = much();
	__u64 end = 0, passes;
	int err;

	ASSERT_EQ(0, pr_quiet());
	do {
		err = reuse(1000, len);
		ASSERT_TRUE(!err || err == -EAGAIN) TH_LOG("%s", strerror(-err));
	} while (err && pr_again(&end));
	ASSERT_EQ(0, err);
	for (passes = pr_stat("passes"), end = 0; pr_stat("passes") < passes + 4;) {
		pr_param_set(MIN_AGE, 1000);
		EXPECT_GE(1000 + TICKS_MS, pr_stat("age_ms"));
		ASSERT_TRUE(pr_again(&end)) TH_LOG("no passes");
	}
}

PR_MAIN
