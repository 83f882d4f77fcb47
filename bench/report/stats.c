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
 * The chance of each sum of na of the n ranks, ranks doubled so that the
 * midranks of ties are whole numbers.  This is the permutation distribution
 * given the ties, hence exact with them too.
 *
 * Return: chances of the sums 0 .. *max, to be freed.
 */
static double *rank_sums(const int *rank2, int n, int na, int *max)
{
	double *ways, *chance, total = 0;
	int i, k, s, m = 0, upto = 0;

	for (i = 0; i < n; i++)
		m += rank2[i];
	ways = xrealloc(NULL, (size_t)(na + 1) * (m + 1), sizeof(*ways));
	memset(ways, 0, (size_t)(na + 1) * (m + 1) * sizeof(*ways));
	ways[0] = 1;
	for (i = 0; i < n; i++) {
		upto += rank2[i];
		for (k = i < na ? i + 1 : na; k >= 1 && k >= na - (n - 1 - i); k--)
			for (s = upto; s >= rank2[i]; s--)
				ways[k * (m + 1) + s] +=
					ways[(k - 1) * (m + 1) + s - rank2[i]];
	}
	chance = xrealloc(NULL, m + 1, sizeof(*chance));
	for (s = 0; s <= m; s++)
		total += ways[na * (m + 1) + s];
	for (s = 0; s <= m; s++)
		chance[s] = ways[na * (m + 1) + s] / total;
	free(ways);
	*max = m;
	return chance;
}

/* The chance of a sum as far from the mean as @w, or farther. */
static double two_sided(const double *chance, int max, int w, double mean)
{
	double p = 0;
	int s;

	for (s = 0; s <= max; s++)
		if (fabs(s - mean) >= fabs(w - mean))
			p += chance[s];
	return fmin(1, p);
}

/*
 * The chance of each U of 0 .. na * nb where no two values are the same: the
 * coefficients of a Gaussian binomial. To be freed.
 */
static double *u_chances(int na, int nb)
{
	double *ways = xrealloc(NULL, na * nb + 1, sizeof(*ways)), total = 0;
	int max = na * nb, i, u;

	memset(ways, 0, (max + 1) * sizeof(*ways));
	ways[0] = 1;
	for (i = 1; i <= na; i++) {
		for (u = max; u >= nb + i; u--)
			ways[u] -= ways[u - nb - i];
		for (u = i; u <= max; u++)
			ways[u] += ways[u - i];
	}
	for (u = 0; u <= max; u++)
		total += ways[u];
	for (u = 0; u <= max; u++)
		ways[u] /= total;
	return ways;
}

/*
 * Doubled midranks of all values, to be freed; @w2 is the sum of those of @a,
 * @ties the usual sum of t^3 - t.
 */
static int *rank_both(const double *a, int na, const double *b, int nb, int *w2,
		      double *ties)
{
	int n = na + nb, i, j, *rank2 = xrealloc(NULL, n, sizeof(*rank2));
	double *all = xrealloc(NULL, n, sizeof(*all));

	*w2 = 0;
	*ties = 0;
	memcpy(all, a, na * sizeof(*all));
	memcpy(all + na, b, nb * sizeof(*all));
	qsort(all, n, sizeof(*all), cmp_double);
	for (i = 0; i < n; i = j) {
		double t;

		for (j = i; j < n && all[j] == all[i]; j++)
			;
		t = j - i;
		*ties += t * t * t - t;
		for (int k = i; k < j; k++)
			rank2[k] = i + 1 + j;
	}
	for (i = 0; i < na; i++) {
		for (j = 0; all[j] != a[i]; j++)
			;
		*w2 += rank2[j];
	}
	free(all);
	return rank2;
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
	int n = na + nb, w2, max, *rank2;
	double ties, p, var, dev;

	if (na < 2 || nb < 2)
		return NAN;
	rank2 = rank_both(a, na, b, nb, &w2, &ties);
	if (n <= MWU_EXACT_MAX && !ties) {
		double *chance = u_chances(na, nb);

		p = two_sided(chance, na * nb, w2 / 2 - na * (na + 1) / 2, na * nb / 2.0);
		free(chance);
	} else if (n <= MWU_EXACT_MAX) {
		double *chance = rank_sums(rank2, n, na, &max);

		p = two_sided(chance, max, w2, na * (n + 1));
		free(chance);
	} else {
		var = (double)na * nb / 12 *
		      (n + 1 - ties / ((double)n * (n - 1)));
		dev = fabs(w2 / 2.0 - na * (n + 1) / 2.0) - 0.5;
		p = var <= 0 || dev <= 0 ? 1 : erfc(dev / sqrt(2 * var));
	}
	free(rank2);
	return p;
}

/**
 * stats_strata() - one Mann-Whitney test made of several groups' own
 * @s: strata, each with two groups of values; values of different strata are
 *     never compared
 *
 * The sum of the strata's rank sums, exact with ties.
 *
 * Return: p, two-sided; NAN if no stratum has both groups or there are too
 * many values to count.
 */
double stats_strata(const struct stratum *s, int n)
{
	double *sum = NULL, p = NAN, ties;
	int i, max = 0, w2 = 0, mean2 = 0;

	for (i = 0; i < n; i++) {
		int w, m, k, l, *rank2;
		double *chance, *both;

		if (s[i].na < 1 || s[i].nb < 1)
			continue;
		if (s[i].na + s[i].nb > MWU_EXACT_MAX) {
			free(sum);
			return NAN;
		}
		rank2 = rank_both(s[i].a, s[i].na, s[i].b, s[i].nb, &w, &ties);
		chance = rank_sums(rank2, s[i].na + s[i].nb, s[i].na, &m);
		free(rank2);
		w2 += w;
		mean2 += s[i].na * (s[i].na + s[i].nb + 1);
		if (!sum) {
			sum = chance;
			max = m;
			continue;
		}
		both = xrealloc(NULL, max + m + 1, sizeof(*both));
		memset(both, 0, (max + m + 1) * sizeof(*both));
		for (k = 0; k <= max; k++)
			for (l = 0; sum[k] > 0 && l <= m; l++)
				both[k + l] += sum[k] * chance[l];
		free(sum);
		free(chance);
		sum = both;
		max += m;
	}
	if (sum)
		p = two_sided(sum, max, w2, mean2);
	free(sum);
	return p;
}

/* What a normal value exceeds on either side with a chance of @alpha. */
static double quantile(double alpha)
{
	double lo = 0, hi = 10;

	while (hi - lo > 1e-9) {
		double z = (lo + hi) / 2;

		if (erfc(z / sqrt(2)) > alpha)
			lo = z;
		else
			hi = z;
	}
	return hi;
}

/*
 * How many of the lowest and of the highest of na * nb pairwise effects lie
 * outside an interval that covers the true one with 1 - @alpha; exact up to
 * MWU_EXACT_MAX values. @tail gets the chance of one side.
 */
static int pairs_outside(int na, int nb, double alpha, double *tail)
{
	double *chance, sum = 0;
	int max = na * nb, k = -1;

	if (na + nb > MWU_EXACT_MAX) {
		double z = quantile(alpha);

		*tail = alpha / 2;
		return (int)fmax(0, floor(max / 2.0 - 0.5 - z *
					  sqrt((double)max * (na + nb + 1) / 12)));
	}
	chance = u_chances(na, nb);
	while (k + 1 < max / 2 && sum + chance[k + 1] <= alpha / 2 + 1e-12)
		sum += chance[++k];
	/* Not even all of them cover it: then all there are. */
	*tail = k < 0 ? chance[0] : sum;
	free(chance);
	return k < 0 ? 0 : k;
}

static double effect_of(double a, double b, bool ratio)
{
	if (a == b)
		return ratio ? 1 : 0;
	if (!ratio)
		return a - b;
	return isinf(b) ? 0 : a < 0 || b < 0 ? NAN : b == 0 ? INFINITY : a / b;
}

/**
 * stats_effect() - by how much one group is above another
 * @ratio: as a / b, else as a - b
 * @alpha: 1 less the coverage that the interval is to have
 * @e: the median over all pairs, its interval, and the coverage that this has:
 *     with few values all pairs lie within it, and it is less than wanted
 *
 * Hodges and Lehmann's estimate, and the interval that belongs to the test of
 * stats_mwu(): nothing is assumed of the distribution but its shape.
 *
 * Return: false if a group is empty, or a ratio of what is below 0 is wanted.
 */
bool stats_effect(const double *a, int na, const double *b, int nb, bool ratio,
		  double alpha, struct effect *e)
{
	int n = na * nb, i, k;
	double *d, tail;

	*e = (struct effect){ NAN, NAN, NAN, 0 };
	if (na < 1 || nb < 1)
		return false;
	d = xrealloc(NULL, n, sizeof(*d));
	for (i = 0; i < n; i++) {
		d[i] = effect_of(a[i / nb], b[i % nb], ratio);
		if (isnan(d[i])) {
			free(d);
			return false;
		}
	}
	qsort(d, n, sizeof(*d), cmp_double);
	k = pairs_outside(na, nb, alpha, &tail);
	e->mid = n & 1 || d[n / 2 - 1] == d[n / 2] ? d[n / 2] : (d[n / 2 - 1] + d[n / 2]) / 2;
	e->lo = d[k];
	e->hi = d[n - 1 - k];
	e->coverage = 1 - 2 * tail;
	free(d);
	return true;
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
