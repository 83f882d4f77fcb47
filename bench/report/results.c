// SPDX-License-Identifier: GPL-2.0
/* A table for each platform and workload. */
#include "prreport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX	32	/* variants in a table; later ones are left out */

static void result_cell(struct table *t, const struct summary *sum,
			const struct row *r, int column_n)
{
	char med[TEXT], iv[TEXT], ratio[TEXT] = "", sign[TEXT], n[32] = "", id[TEXT];
	const struct comparison *c;

	if (!r) {
		table_cell(t, "-");
		return;
	}
	c = comparison_find(sum, r, BASELINE);
	reached(med, r, r->st.median);
	interval_text(iv, r);
	if (r->st.n != column_n)
		snprintf(n, sizeof(n), " n=%d", r->st.n);
	if (c && isnan(r->ratio))
		strcpy(ratio, "×-");
	else if (c)
		snprintf(ratio, sizeof(ratio), "×%.3g", r->ratio);
	comparison_sign(sign, c);
	table_cell(t, "[**%s**](#%s)%s%s%s%s%s%s%s%s", med, raw_id(id, r),
		   *iv || *ratio || *n ? "\n" : "", iv, *iv && *ratio ? " " : "", ratio,
		   !c ? "" : c->p <= ALPHA ? c->headline ? " p=" : " explored p=" : " ",
		   c ? sign : "",
		   c && !(c->p <= ALPHA) && c->p_raw <= ALPHA ? " uncorrected below 0.05" : "",
		   n);
}

/* Bold: what the workload is about. The arrow points to where good is. */
static void put_metric(struct table *t, const struct row *r)
{
	const char *better = metric_better(r->workload, r->metric);
	const char *bold = metric_is_headline(r->workload, r->metric) ? "**" : "";

	table_cell(t, "%s`%s`%s%s", bold, r->metric, bold,
		   !strcmp(better, "less") ? " ↓" :
		   !strcmp(better, "more") ? " ↑" : "");
}

/* Of an operation's latencies the tables have the median; there are hundreds. */
static bool only_in_tsv(const char *metric)
{
	return strstr(metric, "_ns_") && !strstr(metric, "_ns_p50");
}

/* Rows first .. end - 1 are a table; those of a metric lie side by side. */
static void put_group(struct doc *d, struct run *run, const struct summary *sum,
		      size_t first, size_t end)
{
	const struct row *g = &sum->rows[first];
	const char *col[COLUMNS_MAX];
	int n[COLUMNS_MAX] = { 0 };
	size_t i, j, k, ncol = 0;
	struct table t;

	for (i = first; i < end; i++) {
		const char *v = sum->rows[i].variant;

		for (j = 0; j < ncol && strcmp(col[j], v); j++)
			;
		if (j == COLUMNS_MAX)
			continue;
		for (k = ncol; j == ncol && k > 0 &&
		     variant_rank(col[k - 1]) > variant_rank(v); k--)
			col[k] = col[k - 1];
		if (j == ncol) {
			col[k] = v;
			ncol++;
		}
	}
	for (i = first; i < end; i++)
		for (j = 0; j < ncol; j++)
			if (!strcmp(sum->rows[i].variant, col[j]) && sum->rows[i].st.n > n[j])
				n[j] = sum->rows[i].st.n;
	doc_h(d, 3, "%s on %s, kernel %s", g->workload, g->platform, g->series);
	table_init(&t, ncol + 2, "llr");
	table_cell(&t, "metric");
	table_cell(&t, "unit");
	for (j = 0; j < ncol; j++)
		table_cell(&t, "%s (n=%d)", col[j], n[j]);
	for (i = first; i < end; i = k) {
		for (k = i; k < end && !strcmp(sum->rows[k].metric, sum->rows[i].metric); k++)
			;
		if (only_in_tsv(sum->rows[i].metric))
			continue;
		put_metric(&t, &sum->rows[i]);
		table_cell(&t, "%s", sum->rows[i].unit);
		for (j = 0; j < ncol; j++) {
			const struct row *r = NULL;

			for (size_t m = i; m < k; m++)
				if (!strcmp(sum->rows[m].variant, col[j]))
					r = &sum->rows[m];
			result_cell(&t, sum, r, n[j]);
		}
	}
	doc_table(d, &t);
	table_free(&t);
	put_raw(d, run, sum, g);
}

void put_results(struct doc *d, struct run *run, const struct summary *sum)
{
	size_t i, end;

	doc_h(d, 2, "Results");
	doc_p(d, "Median over boots; below it the interval of the median: from 6 boots on its 95 %% confidence interval (order statistics), with fewer simply **minimum and maximum**, which hold the true median with 75 %% at 3 boots, 88 %% at 4 and 94 %% at 5. `×` is the ratio of medians to `flag`. p is Mann–Whitney U against `flag`, two-sided and exact. **Bold** metrics are headline and one family a platform; every other p is explored: it is corrected for its table only and shows where to look, not what is so. `~`: no difference shown, though one could have been. `n<`: with so few boots none could be shown. `exact`: a count. `-` is no data, or nothing to divide by.");
	if (workloads_known())
		doc_p(d, "↓ less is better, ↑ more is better. Of latencies the tables have the median only; the other percentiles are in [summary.tsv](summary.tsv).");
	for (i = 0; i < sum->n; i = end) {
		const struct row *r = &sum->rows[i];

		for (end = i; end < sum->n && row_same_table(r, &sum->rows[end]); end++)
			;
		/* Instructions have their own tables above. */
		if (!platform_find(r->platform)->instructions ||
		    strncmp(r->workload, "alloc-", 6))
			put_group(d, run, sum, i, end);
	}
}

/**
 * put_headline() - what was declared before the run: the only p that prove anything
 */
void put_headline(struct doc *d, const struct summary *sum)
{
	struct table t;
	size_t i;

	table_init(&t, 9, "lllrrrrrl");
	for (const char * const *h = (const char * const []){ "platform", "workload",
	     "metric", "variant", "against", "ratio [95 %]", "raw p", "p", "", NULL }; *h; h++)
		table_cell(&t, "%s", *h);
	for (i = 0; i < sum->ncmp; i++) {
		const struct comparison *c = &sum->cmp[i];
		char a[TEXT], b[TEXT], effect[TEXT], sign[TEXT];
		struct effect e;

		if (!c->headline)
			continue;
		stats_effect(c->a->vals, c->a->st.n, c->b->vals, c->b->st.n, true, ALPHA, &e);
		table_cell(&t, "%s", c->a->platform);
		table_cell(&t, "%s", c->a->workload);
		table_cell(&t, "`%s` %s", c->a->metric, c->a->unit);
		table_cell(&t, "%s: %s", c->a->variant, spread_text(a, c->a));
		table_cell(&t, "%s: %s", c->b->variant, spread_text(b, c->b));
		table_cell(&t, "%s", effect_text(effect, &e, true));
		if (isnan(c->p_raw))
			table_cell(&t, "-");
		else
			table_cell(&t, "%.2g", c->p_raw);
		table_cell(&t, "%s", comparison_sign(sign, c));
		table_cell(&t, "of %d", c->tests);
	}
	if (t.n > t.ncols) {
		doc_h(d, 3, "Declared before the run");
		doc_p(d, "The headline metrics, in the declared comparisons: one family of tests a platform, corrected by Holm. All other p of this report are exploration.%s",
		      comparisons_in_run() ? "" :
		      " **This run declared its metrics but not its comparisons**; those are this report's.");
		doc_table(d, &t);
	}
	table_free(&t);
}
