// SPDX-License-Identifier: GPL-2.0
/* Statistics against values worked out by hand or known from tables. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "prreport.h"

#define N(a)		((int)(sizeof(a) / sizeof(*(a))))
#define near(a, b)	assert_true(fabs((a) - (b)) <= 1e-9)

static void median(void **state)
{
	const double odd[] = { 3, 1, 2 }, even[] = { 4, 1, 3, 2 };
	const double never[] = { INFINITY, 1, INFINITY };
	const double half[] = { INFINITY, 1 };
	struct spread st;

	(void)state;
	stats_summary(odd, N(odd), &st);
	near(st.median, 2);
	stats_summary(even, N(even), &st);
	near(st.median, 2.5);
	stats_summary(never, N(never), &st);
	assert_true(isinf(st.median));
	near(st.lo, 1);
	assert_true(isinf(st.hi));
	stats_summary(half, N(half), &st);
	assert_true(isinf(st.median));
	stats_summary(odd, 0, &st);
	assert_true(isnan(st.median));
}

/* Order statistics: coverage is 1 - 2 P(Bin(n, 1/2) < k). */
static void interval(void **state)
{
	double v[20];
	struct spread st;
	int i;

	(void)state;
	for (i = 0; i < N(v); i++)
		v[i] = i + 1;
	stats_summary(v, 1, &st);
	near(st.lo, 1);
	near(st.hi, 1);
	near(st.coverage, 0);
	stats_summary(v, 3, &st);
	near(st.lo, 1);
	near(st.hi, 3);
	near(st.coverage, 0.75);
	stats_summary(v, 5, &st);
	near(st.coverage, 0.9375);
	stats_summary(v, 6, &st);
	near(st.lo, 1);
	near(st.hi, 6);
	near(st.coverage, 0.96875);
	stats_summary(v, 9, &st);
	near(st.lo, 2);
	near(st.hi, 8);
	near(st.coverage, 1 - 2 * 10.0 / 512);
	stats_summary(v, 20, &st);
	near(st.lo, 6);
	near(st.hi, 15);
	assert_true(st.coverage >= 0.95 && st.coverage < 0.97);
}

static void mwu_exact(void **state)
{
	const double a3[] = { 1, 2, 3 }, b3[] = { 4, 5, 6 };
	const double a4[] = { 1.1, 2.2, 3.3, 4.4 }, b4[] = { 2.5, 3.5, 4.5, 5.5 };
	const double c4[] = { 11, 12, 13, 14 };
	const double a5[] = { 1, 2, 3, 4, 5 }, b5[] = { 6, 7, 8, 9, 10 };
	const double b2[] = { 4, 5 };

	(void)state;
	near(stats_mwu(a3, 3, b3, 3), 0.1);
	near(stats_mwu(b3, 3, a3, 3), 0.1);
	near(stats_mwu(a4, 4, c4, 4), 2.0 / 70);
	/* U = 3: 1 + 1 + 2 + 3 of 70 arrangements are as low */
	near(stats_mwu(a4, 4, b4, 4), 14.0 / 70);
	near(stats_mwu(a5, 5, b5, 5), 2.0 / 252);
	/* Ranks 1 2 3 4.5 4.5 6.5 6.5; 5 pairs are as high as 11, 3 as low as 5. */
	near(stats_mwu(a5, 5, b2, 2), 8.0 / 21);
	assert_true(isnan(stats_mwu(a3, 1, b3, 3)));
	assert_true(isnan(stats_mwu(a3, 3, b3, 1)));
}

/* Exact with ties: no normal approximation that finds p < 0.05 in 3 and 3. */
static void mwu_ties(void **state)
{
	const double ones[] = { 1, 1, 1 }, twos[] = { 2, 2, 2 };
	const double never[] = { INFINITY, INFINITY, INFINITY };
	const double a[] = { 1, 2, 2 }, b[] = { 2, 3, 3 };

	(void)state;
	near(stats_mwu(ones, 3, twos, 3), 0.1);
	near(stats_mwu(ones, 3, never, 3), 0.1);
	near(stats_mwu(ones, 3, ones, 3), 1);
	near(stats_mwu(never, 3, never, 3), 1);
	/*
	 * Ranks 1, 3 3 3, 5.5 5.5; a has 7, the mean is 10.5. As far off: 1+3+3
	 * (3 ways) and 3+5.5+5.5 (3 ways) of 20.
	 */
	near(stats_mwu(a, 3, b, 3), 6.0 / 20);
}

static void mwu_normal(void **state)
{
	double a[21], b[21], p, exact;
	int i;

	(void)state;
	for (i = 0; i < 21; i++) {
		a[i] = i;
		b[i] = 100 + i;
	}
	/* z = (220.5 - 0.5) / sqrt(21 * 21 * 43 / 12) */
	p = stats_mwu(a, 21, b, 21);
	near(p / erfc(220 / sqrt(1580.25) / sqrt(2)), 1);
	for (i = 0; i < 21; i++)
		b[i] = i + 3.5;
	/* Both sides of the limit of exactness agree. */
	exact = stats_mwu(a, 20, b, 20);
	p = stats_mwu(a, 21, b, 20);
	assert_true(fabs(p - exact) < 0.06);
	for (i = 0; i < 21; i++)
		a[i] = b[i] = 7;
	near(stats_mwu(a, 21, b, 21), 1);
}

static void min_p(void **state)
{
	(void)state;
	near(stats_mwu_min_p(3, 3), 0.1);
	near(stats_mwu_min_p(4, 4), 2.0 / 70);
	near(stats_mwu_min_p(5, 5), 2.0 / 252);
	near(stats_mwu_min_p(1, 5), 2.0 / 6);
	near(stats_mwu_min_p(0, 5), 1);
}

static void holm(void **state)
{
	const double p[] = { 0.01, 0.04, NAN, 0.03, 0.005 };
	const double want[] = { 0.03, 0.06, NAN, 0.06, 0.02 };
	const double big[] = { 0.6, 0.7 };
	double adj[5];
	int i;

	(void)state;
	stats_holm(p, adj, 5);
	for (i = 0; i < 5; i++) {
		if (isnan(want[i]))
			assert_true(isnan(adj[i]));
		else
			near(adj[i], want[i]);
	}
	stats_holm(big, adj, 2);
	near(adj[0], 1);
	near(adj[1], 1);
	stats_holm(big, adj, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(median),
		cmocka_unit_test(interval),
		cmocka_unit_test(mwu_exact),
		cmocka_unit_test(mwu_ties),
		cmocka_unit_test(mwu_normal),
		cmocka_unit_test(min_p),
		cmocka_unit_test(holm),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
