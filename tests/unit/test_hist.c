// SPDX-License-Identifier: GPL-2.0
/* The arithmetic of the modules' histograms, from the header that they use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../bench/alloc/hist.h"

#define NR_VALUES	20000
#define LONGEST		((1ULL << HIST_MAX_BITS) - 1)

static u64 values[NR_VALUES];

/* Numbers of all sizes: a random one of a random number of bits. */
static void draw(unsigned int seed, unsigned int bits)
{
	u64 x = seed;
	size_t i;

	for (i = 0; i < NR_VALUES; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		values[i] = x >> (64 - 1 - (x % bits));
	}
}

static int cmp(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void buckets_leave_no_gap(void **state)
{
	unsigned int i;

	(void)state;
	assert_true(hist_low(0) == 0);
	for (i = 0; i < HIST_BUCKETS; i++) {
		u64 low = hist_low(i), next = hist_low(i + 1);

		assert_true(low < next);
		assert_int_equal(hist_index(low), i);
		assert_int_equal(hist_index(next - 1), i);
		/* no wider than 1/32 of what lies in it */
		assert_true(next - low == 1 || (next - low) * HIST_SUB <= low);
	}
	assert_true(hist_low(HIST_BUCKETS) == LONGEST + 1);
	for (i = 0; i < 2 * HIST_SUB; i++)
		assert_true(hist_low(i) == i);
}

static void what_is_too_long_is_counted(void **state)
{
	static struct hist h;

	(void)state;
	assert_int_equal(hist_index(LONGEST), HIST_BUCKETS - 1);
	assert_int_equal(hist_index(LONGEST + 1), HIST_BUCKETS - 1);
	assert_int_equal(hist_index(~0ULL), HIST_BUCKETS - 1);
	hist_add(&h, ~0ULL);
	assert_true(h.nr == 1 && h.max == ~0ULL);
	assert_int_equal(h.bucket[HIST_BUCKETS - 1], 1);
}

/* As if the values had been kept and sorted, but for the width of a bucket. */
static void percentiles_are_those_of_the_values(void **state)
{
	static const unsigned int bits[] = { 4, 12, 40 };
	size_t b, i;

	(void)state;
	for (b = 0; b < sizeof(bits) / sizeof(bits[0]); b++) {
		struct hist *h = calloc(1, sizeof(*h));
		u64 sum = 0;

		assert_non_null(h);
		draw(b + 1, bits[b]);
		for (i = 0; i < NR_VALUES; i++) {
			hist_add(h, values[i]);
			sum += values[i];
		}
		qsort(values, NR_VALUES, sizeof(*values), cmp);
		assert_true(h->nr == NR_VALUES && h->sum == sum);
		assert_true(h->max == values[NR_VALUES - 1]);
		for (i = 0; i < NR_VALUES; i++) {
			u64 at = hist_at(h, i), off;

			off = at > values[i] ? at - values[i] : values[i] - at;
			if (values[i] < 2 * HIST_SUB)
				assert_true(!off);
			else
				assert_true(2 * off * HIST_SUB <= values[i]);
			assert_true(at <= h->max);
		}
		assert_true(hist_at(h, NR_VALUES) == h->max);
		free(h);
	}
}

static void sums_are_the_same_as_one(void **state)
{
	struct hist *whole = calloc(1, sizeof(*whole));
	struct hist *parts = calloc(3, sizeof(*parts));
	size_t i;

	(void)state;
	assert_true(whole && parts);
	draw(7, 30);
	for (i = 0; i < NR_VALUES; i++) {
		hist_add(whole, values[i]);
		hist_add(&parts[i % 3], values[i]);
	}
	hist_merge(&parts[0], &parts[1]);
	hist_merge(&parts[0], &parts[2]);
	assert_memory_equal(&parts[0], whole, sizeof(*whole));
	free(parts);
	free(whole);
}

static void nothing_and_one(void **state)
{
	static struct hist h;

	(void)state;
	assert_true(hist_at(&h, 0) == 0);
	hist_add(&h, 1000003);
	/* the middle of its bucket is more than there ever was */
	assert_true(hist_at(&h, 0) <= 1000003);
	assert_true(hist_at(&h, 5) == 1000003);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_leave_no_gap),
		cmocka_unit_test(what_is_too_long_is_counted),
		cmocka_unit_test(percentiles_are_those_of_the_values),
		cmocka_unit_test(sums_are_the_same_as_one),
		cmocka_unit_test(nothing_and_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
