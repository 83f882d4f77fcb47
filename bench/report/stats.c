// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics for a handful of boots.  No value is ever thrown away, and
 * infinity is an ordinary value: "not reached" is larger than any time.
 */
#include "prreport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Exact up to here; beyond it the normal approximation is good enough. */
#define MWU_EXACT_MAX	40

static int cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double *sorted_copy(const double *v, int n)
{
	double *s = xrealloc(NULL, n, sizeof(*s));

	memcpy(s, v, n * sizeof(*s));
	qsort(s, n, sizeof(*s), cmp_double);
	return s;
}

/* P(Bin(n, 1/2) = k); 2^-n alone is 0 to a double when n is above 1074. */
static double binomial_half(int n, int k)
{
	return exp(lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0) -
		   n * M_LN2);
}

/**
 * stats_summary() - median and its 95 % confidence interval
 * @v: one value a boot
 * @n: how many
 * @st: the result
 *
 * The interval is made of order statistics, so it assumes nothing about the
 * distribution.  Below six values no pair of them covers the median with
 * 95 %; then it is minimum and maximum, and coverage says what that is worth.
 */
void stats_summary(const double *v, int n, struct spread *st)
{
	double *s, cdf;
	int k;

	st->n = n;
	if (n <= 0) {
		st->median = st->lo = st->hi = NAN;
		st->coverage = 0;
		return;
	}
	s = sorted_copy(v, n);
	st->median = n & 1 ? s[n / 2] : s[n / 2 - 1] == s[n / 2] ? s[n / 2] :
		     (s[n / 2 - 1] + s[n / 2]) / 2;
	/* The largest k with P(Bin(n, 1/2) < k) <= 0.025, at least 1. */
	cdf = binomial_half(n, 0);
	for (k = 1; k < n / 2; k++) {
		double next = binomial_half(n, k);

		if (cdf + next > 0.025)
			break;
		cdf += next;
	}
	st->lo = s[k - 1];
	st->hi = s[n - k];
	st->coverage = n == 1 ? 0 : 1 - 2 * cdf;
	free(s);
}

/* The smallest two-sided p that groups of these sizes can give. */
double stats_mwu_min_p(int na, int nb)
{
	double c = 1;
	int i;

	if (na < 1 || nb < 1)
		return 1;
	for (i = 1; i <= na; i++)
		c = c * (nb + i) / i;
	return fmin(1, 2 / c);
}

/*
 * Ways to pick na of the n ranks by their sum, ranks doubled so that the
 * midranks of ties are whole numbers.  This is the permutation distribution
 * given the ties, hence exact with them too.
 */
static double mwu_exact(const int *rank2, int n, int na, int w2)
{
	int max = 0, i, k, s, mean2 = na * (n + 1);
	double *ways, total = 0, extreme = 0;

	for (i = 0; i < n; i++)
		max += rank2[i];
	ways = calloc((size_t)(na + 1) * (max + 1), sizeof(*ways));
	if (!ways) {
		fprintf(stderr, "prreport: out of memory\n");
		exit(1);
	}
	ways[0] = 1;
	for (i = 0; i < n; i++)
		for (k = na; k >= 1; k--)
			for (s = max; s >= rank2[i]; s--)
				ways[k * (max + 1) + s] +=
					ways[(k - 1) * (max + 1) + s - rank2[i]];
	for (s = 0; s <= max; s++) {
		double c = ways[na * (max + 1) + s];

		total += c;
		if (abs(s - mean2) >= abs(w2 - mean2))
			extreme += c;
	}
	free(ways);
	return extreme / total;
}

/**
 * stats_mwu() - two-sided Mann-Whitney U test
 *
 * Exact for up to 40 values together, with or without ties; above that the
 * normal approximation with corrections for ties and continuity.
 *
 * Return: p, or NAN if a group has fewer than two values.
 */
double stats_mwu(const double *a, int na, const double *b, int nb)
{
	int n = na + nb, i, j, w2 = 0, *rank2;
	double *all, ties = 0, p, var, dev;

	if (na < 2 || nb < 2)
		return NAN;
	all = xrealloc(NULL, n, sizeof(*all));
	rank2 = xrealloc(NULL, n, sizeof(*rank2));
	memcpy(all, a, na * sizeof(*all));
	memcpy(all + na, b, nb * sizeof(*all));
	qsort(all, n, sizeof(*all), cmp_double);
	for (i = 0; i < n; i = j) {
		double t;

		for (j = i; j < n && all[j] == all[i]; j++)
			;
		t = j - i;
		ties += t * t * t - t;
		for (int k = i; k < j; k++)
			rank2[k] = i + 1 + j;
	}
	for (i = 0; i < na; i++) {
		for (j = 0; all[j] != a[i]; j++)
			;
		w2 += rank2[j];
	}
	if (n <= MWU_EXACT_MAX) {
		p = mwu_exact(rank2, n, na, w2);
	} else {
		var = (double)na * nb / 12 *
		      (n + 1 - ties / ((double)n * (n - 1)));
		dev = fabs(w2 / 2.0 - na * (n + 1) / 2.0) - 0.5;
		p = var <= 0 || dev <= 0 ? 1 : erfc(dev / sqrt(2 * var));
	}
	free(all);
	free(rank2);
	return p;
}

/**
 * stats_holm() - Holm's step-down correction
 * @p: raw values, NAN for tests that were not made
 * @adj: corrected values, NAN kept
 * @n: length of both
 */
void stats_holm(const double *p, double *adj, int n)
{
	int *idx = xrealloc(NULL, n ? n : 1, sizeof(*idx)), m = 0, i, j;
	double prev = 0;

	for (i = 0; i < n; i++) {
		adj[i] = NAN;
		if (isnan(p[i]))
			continue;
		for (j = m++; j > 0 && p[idx[j - 1]] > p[i]; j--)
			idx[j] = idx[j - 1];
		idx[j] = i;
	}
	for (i = 0; i < m; i++) {
		prev = fmax(prev, fmin(1, p[idx[i]] * (m - i)));
		adj[idx[i]] = prev;
	}
	free(idx);
}
