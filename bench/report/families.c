// SPDX-License-Identifier: GPL-2.0
/*
 * Which rows are compared, and with how many others each p is corrected.
 *
 * What was declared before the run, the headline metrics in the declared
 * comparisons, is one family a platform and kernel. So is what the first table
 * asks of the variants that stand beside the baseline. All else is exploration:
 * a family for each workload, which says nothing about the others.
 */
#include "prreport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Are two comparisons corrected together? */
bool comparison_same_family(const struct comparison *a, const struct comparison *b)
{
	if (a->headline != b->headline || a->beside != b->beside)
		return false;
	return a->headline || a->beside ? !strcmp(a->a->platform, b->a->platform) &&
			     !strcmp(a->a->series, b->a->series) :
			     row_same_table(a->a, b->a);
}

static struct comparison *add(struct summary *sum, const struct row *a,
			      const struct row *b, bool headline)
{
	struct comparison *c;

	sum->cmp = xrealloc(sum->cmp, sum->ncmp + 1, sizeof(*sum->cmp));
	c = &sum->cmp[sum->ncmp++];
	*c = (struct comparison){ .a = a, .b = b, .headline = headline,
				  .p_raw = NAN, .p = NAN };
	/* A count of instructions is exact, and a test that cannot end is not begun. */
	if (!platform_find(a->platform)->instructions &&
	    stats_mwu_min_p(a->st.n, b->st.n) <= ALPHA)
		c->p_raw = stats_mwu(a->vals, a->st.n, b->vals, b->st.n);
	return c;
}

/* All of a row: against the baseline in any case, against others if declared. */
static void compare_row(struct summary *sum, struct row *r)
{
	bool counts = metric_is_headline(r->workload, r->metric) &&
		      !platform_find(r->platform)->instructions;
	const struct row *base = summary_find(sum, r->platform, r->series, BASELINE,
					      r->workload, r->metric);
	const char *against;
	bool beside;
	size_t i;

	if (base && base != r)
		add(sum, r, base, counts && comparison_declared(r->variant, BASELINE));
	for (i = 0; counts && (against = comparison_of(r->variant, i)); i++) {
		const struct row *other = summary_find(sum, r->platform, r->series,
						       against, r->workload, r->metric);

		if (other && other != base)
			add(sum, r, other, true);
	}
	for (i = 0; (against = asked_against(r->variant, r->workload, r->metric, i, &beside)); i++) {
		const struct row *other = summary_find(sum, r->platform, r->series,
						       against, r->workload, r->metric);

		if (other && (beside || !comparison_find(sum, r, against)))
			add(sum, r, other, false)->beside = beside;
	}
	if (!base)
		return;
	r->has_flag = true;
	/* A ratio means nothing unless both are on one side of zero. */
	if (isinf(base->st.median))
		r->ratio = isinf(r->st.median) ? NAN : 0;
	else if (base->st.median > 0 && r->st.median >= 0)
		r->ratio = r->st.median / base->st.median;
}

/* Holm's correction within the family of @first; @done marks what is in it. */
static void correct(struct summary *sum, size_t first, bool *done)
{
	double *raw = xrealloc(NULL, sum->ncmp, sizeof(*raw));
	double *adj = xrealloc(NULL, sum->ncmp, sizeof(*adj));
	size_t *idx = xrealloc(NULL, sum->ncmp, sizeof(*idx)), i;
	int n = 0, tests = 0;

	for (i = first; i < sum->ncmp; i++) {
		if (done[i] || !comparison_same_family(&sum->cmp[first], &sum->cmp[i]))
			continue;
		done[i] = true;
		idx[n] = i;
		raw[n] = sum->cmp[i].p_raw;
		tests += !isnan(raw[n++]);
	}
	stats_holm(raw, adj, n);
	while (n--) {
		struct comparison *c = &sum->cmp[idx[n]];

		c->p = adj[n];
		c->tests = tests;
		c->few = stats_mwu_min_p(c->a->st.n, c->b->st.n) *
			 (tests ? tests : 1) > ALPHA;
	}
	free(raw);
	free(adj);
	free(idx);
}

/**
 * comparisons_make() - compare the rows of a summary
 *
 * Every variant with the baseline in every metric; beyond that what is
 * declared, in the headline metrics. Tests that could not reach 0.05 with
 * their number of boots, however clear the difference, are not made.
 */
void comparisons_make(struct summary *sum)
{
	bool *done;
	size_t i;

	for (i = 0; i < sum->n; i++)
		/* What is there to be like its twin is compared with that one. */
		if (!variant_twin_of(sum->rows[i].variant))
			compare_row(sum, &sum->rows[i]);
	done = xrealloc(NULL, sum->ncmp, sizeof(*done));
	memset(done, 0, sum->ncmp * sizeof(*done));
	for (i = 0; i < sum->ncmp; i++)
		if (!done[i])
			correct(sum, i, done);
	free(done);
}

/**
 * comparison_find() - the comparison of a row with another variant, or NULL
 */
const struct comparison *comparison_find(const struct summary *sum,
					 const struct row *r, const char *against)
{
	size_t i;

	for (i = 0; i < sum->ncmp; i++)
		if (sum->cmp[i].a == r && !strcmp(sum->cmp[i].b->variant, against))
			return &sum->cmp[i];
	return NULL;
}

/**
 * comparison_sign() - what a test said, in a word: its p, or why there is none
 * @buf: room for TEXT bytes
 *
 * "n<": too few boots for any difference to show; "~": none was shown, though
 * one could have been; "exact": counts, which need no test.
 */
const char *comparison_sign(char *buf, const struct comparison *c)
{
	if (!c)
		return "-";
	if (c->p <= ALPHA)
		snprintf(buf, TEXT, "%.3g", c->p);
	else
		strcpy(buf, platform_find(c->a->platform)->instructions ? "exact" :
		       c->few ? "n<" : "~");
	return buf;
}

const char *comparison_family(const struct comparison *c)
{
	return c->headline ? "headline" : c->beside ? "asked" : "explore";
}
