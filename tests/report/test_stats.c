// SPDX-License-Identifier: GPL-2.0
/* Statistics against values worked out by hand or known from tables. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
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

/*
 * Order statistics l and u that hold the median with 95 %, and the chance that
 * they do: tables of the binomial distribution, for example W. J. Conover:
 * Practical Nonparametric Statistics, 1999, table A3. The l are those of the sign
 * test's critical values (W. J. Dixon, A. M. Mood: The statistical sign test. J.
 * Am. Statist. Assoc. 41 (1946)) and one more.
 */
static void interval_published(void **state)
{
	static const struct {
		int n, l;
		double coverage;
	} want[] = {
		{ 6, 1, .96875 }, { 7, 1, .9844 }, { 8, 1, .9922 }, { 9, 2, .9609 },
		{ 10, 2, .9785 }, { 11, 2, .9883 }, { 12, 3, .9614 }, { 15, 4, .9648 },
		{ 17, 5, .9510 }, { 20, 6, .9586 }, { 25, 8, .9567 }, { 30, 10, .9572 },
		{ 50, 18, .9672 }, { 100, 40, .9648 },
	};
	double v[100];
	struct spread st;
	int i;

	(void)state;
	for (i = 0; i < N(v); i++)
		v[i] = i + 1;
	for (i = 0; i < N(want); i++) {
		stats_summary(v, want[i].n, &st);
		near(st.lo, want[i].l);
		near(st.hi, want[i].n + 1 - want[i].l);
		assert_true(fabs(st.coverage - want[i].coverage) < 5.1e-5);
	}
}

/* 2^-n is 0 from n = 1075 on; the interval must not become min and max. */
static void interval_of_a_fleet(void **state)
{
	static const int sizes[] = { 1000, 1074, 1075, 1076, 5000, 100000 };
	double *v = xrealloc(NULL, 100000, sizeof(*v));
	struct spread st;
	int i;

	(void)state;
	for (i = 0; i < 100000; i++)
		v[i] = i + 1;
	for (i = 0; i < N(sizes); i++) {
		double half = 0.98 * sqrt(sizes[i]);

		stats_summary(v, sizes[i], &st);
		assert_true(st.coverage >= 0.95 && st.coverage < 0.956);
		/* the normal approximation, within one boot */
		assert_true(fabs(st.lo - (sizes[i] / 2.0 - half)) <= 1.5);
		near(st.lo + st.hi, sizes[i] + 1);
	}
	free(v);
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

/* Two samples without ties in which u of the pairs have a above b. */
static double p_of_u(int na, int nb, int u)
{
	double a[24], b[24];
	int i;

	for (i = 0; i < nb; i++)
		b[i] = i;
	for (i = 0; i < na; i++) {
		int above = u < nb ? u : nb;

		a[i] = above == nb ? 100 + i : above ? above - 0.5 : -1 - i;
		u -= above;
	}
	assert_int_equal(u, 0);
	return stats_mwu(a, na, b, nb);
}

/*
 * H. B. Mann, D. R. Whitney: On a test of whether one of two random variables is
 * stochastically larger than the other. Ann. Math. Statist. 18 (1947), table I:
 * the chance of a U no larger than this one, for one side.
 */
static void mwu_mann_whitney_1947(void **state)
{
	static const double n3m3[] = { .050, .100, .200, .350, .500 };
	static const double n4m4[] = { .014, .029, .057, .100, .171, .243, .343, .443 };
	static const double n5m5[] = { .004, .008, .016, .028, .048, .075, .111, .155,
				       .210, .274, .345, .421, .500 };
	static const double n4m2[] = { .067, .133, .267, .400 };
	int u;

	(void)state;
#define ROW(t, n, m) do {						\
		for (u = 0; u < N(t); u++)				\
			assert_true(fabs(p_of_u(n, m, u) / 2 - (t)[u]) < 6e-4); \
	} while (0)
	ROW(n3m3, 3, 3);
	ROW(n4m4, 4, 4);
	ROW(n5m5, 5, 5);
	ROW(n4m2, 4, 2);
	ROW(n4m2, 2, 4);
#undef ROW
}

/*
 * The critical values that every table of U has (S. Siegel: Nonparametric
 * Statistics for the Behavioral Sciences, 1956, table K): the largest U that is
 * significant, two-sided, for two samples of n.
 */
static void mwu_critical(void **state)
{
	static const struct {
		int n, at05, at01;
	} crit[] = {
		{ 4, 0, -1 }, { 5, 2, 0 }, { 6, 5, 2 }, { 7, 8, 4 }, { 8, 13, 7 },
		{ 9, 17, 11 }, { 10, 23, 16 }, { 11, 30, 21 }, { 12, 37, 27 },
		{ 15, 64, 51 }, { 20, 127, 105 },
	};
	int i;

	(void)state;
	for (i = 0; i < N(crit); i++) {
		int n = crit[i].n;

		assert_true(p_of_u(n, n, crit[i].at05) <= 0.05);
		assert_true(p_of_u(n, n, crit[i].at05 + 1) > 0.05);
		if (crit[i].at01 >= 0)
			assert_true(p_of_u(n, n, crit[i].at01) <= 0.01);
		assert_true(p_of_u(n, n, crit[i].at01 + 1) > 0.01);
	}
}

/* What other programs document. */
static void mwu_documented(void **state)
{
	/* SciPy, mannwhitneyu(): age at which diabetes was found; U = 17. */
	const double males[] = { 19, 22, 16, 29, 24 }, females[] = { 20, 11, 17, 12 };
	/*
	 * M. Hollander, D. A. Wolfe: Nonparametric Statistical Methods, 1973, p.
	 * 69, and R's wilcox.test(): W = 35, p = 0.1272 for one side.
	 */
	const double term[] = { 0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64,
				0.73, 1.46 };
	const double weeks[] = { 1.15, 0.88, 0.90, 0.74, 1.21 };
	/*
	 * R's wilcox.test(), airquality, Ozone in May and in August: many ties, and
	 * so many values that the normal approximation counts; p = 0.0001208.
	 */
	const double may[] = {
		41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1,
		11, 4, 32, 23, 45, 115, 37
	};
	const double august[] = {
		39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44,
		21, 9, 45, 168, 73, 76, 118, 84, 85
	};

	(void)state;
	near(stats_mwu(males, N(males), females, N(females)), 1.0 / 9);
	assert_true(fabs(stats_mwu(term, N(term), weeks, N(weeks)) / 2 - 0.1272) < 5e-5);
	assert_true(fabs(stats_mwu(may, N(may), august, N(august)) - 0.0001208) < 5e-8);
}

/* With ties no table helps: every way to choose a's ranks, one by one. */
static double enumerate(const double *all, int n, const unsigned int mine, int na)
{
	double rank[16], sum = 0, mean = na * (n + 1) / 2.0;
	int total = 0, extreme = 0, i, j;
	unsigned int set;

	for (i = 0; i < n; i++) {
		double below = 0, equal = 0;

		for (j = 0; j < n; j++) {
			below += all[j] < all[i];
			equal += all[j] == all[i];
		}
		rank[i] = below + (equal + 1) / 2;
		sum += mine >> i & 1 ? rank[i] : 0;
	}
	for (set = 0; set < 1U << n; set++) {
		double s = 0;

		if (__builtin_popcount(set) != na)
			continue;
		for (i = 0; i < n; i++)
			s += set >> i & 1 ? rank[i] : 0;
		total++;
		extreme += fabs(s - mean) >= fabs(sum - mean) - 1e-9;
	}
	return (double)extreme / total;
}

static void mwu_enumerated(void **state)
{
	const double all[] = { 0, 0, 1, 2, 2, 2, 3, INFINITY, INFINITY, 4, 4, 7 };
	unsigned int x = 12345, set;
	int round;

	(void)state;
	for (round = 0; round < 200; round++) {
		double a[12], b[12];
		int na = 0, nb = 0, i;

		x = x * 1103515245 + 12345;
		set = x >> 12 & 0xfff;
		for (i = 0; i < N(all); i++) {
			if (set >> i & 1)
				a[na++] = all[i];
			else
				b[nb++] = all[i];
		}
		if (na < 2 || nb < 2)
			continue;
		near(stats_mwu(a, na, b, nb), enumerate(all, N(all), set, na));
	}
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

/*
 * S. Holm: A simple sequentially rejective multiple test procedure. Scand. J.
 * Statist. 6 (1979): the i-th smallest of m is held against alpha / (m - i + 1),
 * up to the first that fails. At any alpha that has to reject the same.
 */
static void holm_1979(void **state)
{
	/* As R's p.adjust() has it: 5 * .01, 4 * .02, 3 * .03, and never less. */
	const double five[] = { .01, .02, .03, .04, .05 };
	const double want[] = { .05, .08, .09, .09, .09 };
	const double p[] = { .0001, .0058, .0132, .0289, .0498, .0911, .2012, .5718, .8912,
			     .9011 };
	double adj[10], alpha;
	int i;

	(void)state;
	stats_holm(five, adj, N(five));
	for (i = 0; i < N(five); i++)
		near(adj[i], want[i]);
	stats_holm(p, adj, N(p));
	for (alpha = 0.0005; alpha < 1; alpha += 0.001) {
		bool going = true;

		for (i = 0; i < N(p); i++) {
			going &= p[i] <= alpha / (N(p) - i);
			assert_int_equal(adj[i] <= alpha, going);
		}
	}
}

static void effect_is_hodges_and_lehmann_s(void **state)
{
	static const double a[] = { 1, 2, 4, 7, 11 }, b[] = { 12.5, 13.5, 14.5, 15.5, 16.5 };
	static const double few[] = { 1, 2, 4 }, other[] = { 10, 20, 40 };
	struct effect e;

	(void)state;
	/* C(10, 5) = 252: P(U <= 2) = 4 / 252 is the last below 0.025 */
	assert_true(stats_effect(a, 5, b, 5, false, 0.05, &e));
	near(e.coverage, 1 - 2 * 4 / 252.0);
	near(e.mid, -10.5);
	near(e.lo, -14.5);
	near(e.hi, -3.5);
	/* three against three: all there are, and each side is wrong in 1 of 20 */
	assert_true(stats_effect(few, 3, other, 3, true, 0.1, &e));
	near(e.coverage, 0.9);
	near(e.mid, 0.1);
	near(e.lo, 0.025);
	near(e.hi, 0.4);
	assert_true(stats_effect(few, 2, other, 3, true, 0.1, &e));
	near(e.coverage, 0.8);
}

static void effect_of_zero_and_infinity(void **state)
{
	static const double none[] = { 0, 0, 0 }, never[] = { INFINITY, INFINITY, INFINITY };
	static const double some[] = { 1, 2, 4 }, below[] = { -1, 1, 2 };
	struct effect e;

	(void)state;
	assert_true(stats_effect(none, 3, none, 3, true, 0.1, &e));
	near(e.hi, 1);
	assert_true(stats_effect(some, 3, none, 3, true, 0.1, &e));
	assert_true(isinf(e.lo));
	assert_true(stats_effect(some, 3, never, 3, true, 0.1, &e));
	near(e.hi, 0);
	assert_true(stats_effect(never, 3, never, 3, false, 0.1, &e));
	near(e.lo, 0);
	assert_false(stats_effect(below, 3, some, 3, true, 0.1, &e));
	assert_true(isnan(e.mid));
	assert_false(stats_effect(some, 0, some, 3, true, 0.1, &e));
}

/* Two strata of 2 against 2, both as far apart as can be: 2 / (6 * 6). */
static void strata_are_added_up(void **state)
{
	static const double low[] = { 1, 2 }, high[] = { 3, 4 }, far[] = { 100, 200 };
	static const double other[] = { 300, 400 };
	const struct stratum both[] = { { low, high, 2, 2 }, { far, other, 2, 2 } };
	const struct stratum against[] = { { low, high, 2, 2 }, { other, far, 2, 2 } };
	const struct stratum one[] = { { low, high, 2, 2 }, { far, other, 0, 2 } };

	(void)state;
	near(stats_strata(both, 2), 2.0 / 36);
	near(stats_strata(against, 2), 1);
	near(stats_strata(one, 2), stats_mwu(low, 2, high, 2));
	assert_true(isnan(stats_strata(one + 1, 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(median),
		cmocka_unit_test(interval),
		cmocka_unit_test(interval_published),
		cmocka_unit_test(interval_of_a_fleet),
		cmocka_unit_test(mwu_exact),
		cmocka_unit_test(mwu_mann_whitney_1947),
		cmocka_unit_test(mwu_critical),
		cmocka_unit_test(mwu_documented),
		cmocka_unit_test(mwu_enumerated),
		cmocka_unit_test(mwu_ties),
		cmocka_unit_test(mwu_normal),
		cmocka_unit_test(min_p),
		cmocka_unit_test(holm),
		cmocka_unit_test(holm_1979),
		cmocka_unit_test(effect_is_hodges_and_lehmann_s),
		cmocka_unit_test(effect_of_zero_and_infinity),
		cmocka_unit_test(strata_are_added_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
