// SPDX-License-Identifier: GPL-2.0
/*
 * Whether it matters which variant was booted before. A guest that has just
 * given its memory back may leave the host in another state than one that has
 * not; then a figure depends on the order of the boots.
 *
 * For each variant P: the boots that followed P against those that followed
 * another one, within each variant, and the ranks of all variants added up.
 */
#include "prreport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct split {
	const struct row *row;		/* any of the metric's */
	const char *after;		/* the variant booted before */
	int na, nb, strata;
	double ratio;			/* median over the strata, of medians */
	double raw, p;
};

struct splits {
	struct split *s;
	size_t n, untested;		/* too many boots for an exact test */
};

static bool order_recorded(const struct run *run)
{
	size_t i;

	for (i = 0; i < run->nboots; i++)
		if (json_object_get(run->boots[i].meta, "after"))
			return true;
	return false;
}

/* For runs that do not record it: the last one of the same platform, size and workloads. */
static const char *guess_before(const struct run *run, const struct boot *boot)
{
	const char *found = NULL;
	size_t i;

	for (i = 0; i < run->nboots && &run->boots[i] != boot; i++) {
		const struct boot *b = &run->boots[i];
		json_t *x = json_object_get(b->meta, "workloads");
		json_t *y = json_object_get(boot->meta, "workloads");

		if (!strcmp(b->platform, boot->platform) && b->group == boot->group &&
		    json_num(b->meta, "mem_mib", 0) == json_num(boot->meta, "mem_mib", 0) &&
		    (x == y || json_equal(x, y)))
			found = b->variant;
	}
	return found;
}

/* The variant that was booted before; NULL if none was on this platform. */
static const char *variant_before(const struct run *run, const struct boot *boot)
{
	const json_t *after = json_object_get(boot->meta, "after");

	if (!order_recorded(run))
		return guess_before(run, boot);
	if (!after || strcmp(json_str(after, "platform", ""), boot->platform))
		return NULL;
	return json_str(after, "variant", "");
}

/* Values of a row's boots that followed @after, or those that did not; freed by the caller. */
static double *values_after(const struct run *run, const struct row *r, const char *after,
			    bool did, int *n)
{
	double *v = xrealloc(NULL, r->st.n, sizeof(*v));
	int i;

	*n = 0;
	for (i = 0; i < r->st.n; i++) {
		const char *before = variant_before(run, r->boots[i]);

		if (before && !strcmp(before, after) == did)
			v[(*n)++] = r->vals[i];
	}
	return v;
}

/* Rows first .. end - 1 are the variants of one metric. */
static void split_metric(const struct run *run, const struct summary *sum, size_t first,
			 size_t end, const char *after, struct splits *out)
{
	size_t n = end - first, i;
	struct stratum *s = xrealloc(NULL, n, sizeof(*s));
	double *ratios = xrealloc(NULL, n, sizeof(*ratios)), least = 1;
	struct split sp = { .row = &sum->rows[first], .after = after };
	struct spread st;

	for (i = 0; i < n; i++) {
		const struct row *r = &sum->rows[first + i];
		struct spread a, b;

		s[i].a = values_after(run, r, after, true, &s[i].na);
		s[i].b = values_after(run, r, after, false, &s[i].nb);
		if (!s[i].na || !s[i].nb)
			continue;
		stats_summary(s[i].a, s[i].na, &a);
		stats_summary(s[i].b, s[i].nb, &b);
		sp.na += s[i].na;
		sp.nb += s[i].nb;
		if (b.median != 0 && isfinite(b.median) && isfinite(a.median))
			ratios[sp.strata] = a.median / b.median;
		else
			ratios[sp.strata] = a.median == b.median ? 1 : INFINITY;
		sp.strata++;
		/* The clearest split of a stratum has half this chance on either side. */
		least *= stats_mwu_min_p(s[i].na, s[i].nb) / 2;
	}
	if (sp.strata && 2 * least <= ALPHA) {
		stats_summary(ratios, sp.strata, &st);
		sp.ratio = st.median;
		sp.raw = stats_strata(s, (int)n);
		if (isnan(sp.raw)) {
			out->untested++;
		} else {
			out->s = xrealloc(out->s, out->n + 1, sizeof(*out->s));
			out->s[out->n++] = sp;
		}
	}
	for (i = 0; i < n; i++) {
		free((double *)s[i].a);
		free((double *)s[i].b);
	}
	free(s);
	free(ratios);
}

static void splits_collect(const struct run *run, const struct summary *sum,
			   struct splits *out)
{
	size_t i, end, v;
	double *raw, *adj;

	for (i = 0; i < sum->n; i = end) {
		const struct row *r = &sum->rows[i];

		for (end = i; end < sum->n && row_same_table(r, &sum->rows[end]) &&
		     !strcmp(r->metric, sum->rows[end].metric); end++)
			;
		if (platform_find(r->platform)->instructions ||
		    (!metric_is_headline(r->workload, r->metric) &&
		     strcmp(r->metric, "fill_s")))
			continue;
		for (v = 0; v < nr_variants; v++)
			split_metric(run, sum, i, end, variants[v].name, out);
	}
	raw = xrealloc(NULL, out->n, sizeof(*raw));
	adj = xrealloc(NULL, out->n, sizeof(*adj));
	for (i = 0; i < out->n; i++)
		raw[i] = out->s[i].raw;
	stats_holm(raw, adj, (int)out->n);
	for (i = 0; i < out->n; i++)
		out->s[i].p = adj[i];
	free(raw);
	free(adj);
}

/**
 * put_predecessors() - the same variant, by the variant booted before it
 */
void put_predecessors(struct doc *d, const struct run *run, const struct summary *sum)
{
	struct splits all = { 0 };
	size_t i, bad = 0, shown = 0;
	struct table t;

	splits_collect(run, sum, &all);
	doc_h(d, 3, "The same variant, by its predecessor");
	table_init(&t, 9, "llllrrrrl");
	for (const char * const *h = (const char * const []){ "platform", "workload",
	     "metric", "booted before", "boots after it : after others", "variants",
	     "after it / after others", "raw p, p", "", NULL }; *h; h++)
		table_cell(&t, "%s", *h);
	for (i = 0; i < all.n; i++) {
		const struct split *s = &all.s[i];

		bad += s->p <= ALPHA;
		if (!(s->raw <= ALPHA))
			continue;
		shown++;
		table_cell(&t, "%s", s->row->platform);
		table_cell(&t, "%s", s->row->workload);
		table_cell(&t, "`%s` %s", s->row->metric, s->row->unit);
		table_cell(&t, "%s", s->after);
		table_cell(&t, "%d : %d", s->na, s->nb);
		table_cell(&t, "%d", s->strata);
		if (isfinite(s->ratio))
			table_cell(&t, "×%.3g", s->ratio);
		else
			table_cell(&t, "-");
		table_cell(&t, "%.2g, %.2g", s->raw, s->p);
		table_cell(&t, s->p <= ALPHA ? "**differs**" : "no difference shown");
	}
	if (all.untested)
		doc_p(d, "**%zu tests were not made**: these variants have too many boots for an exact one.",
		      all.untested);
	if (!all.n && !all.untested)
		doc_p(d, "Too few boots to say whether it matters which variant was booted before.");
	else if (all.n)
		doc_p(d, "%s%zu of %zu tests of the headline metrics and `fill_s` show that the variant booted before matters%s Boots that followed a variant against those that followed another, within each variant, the ranks added up; exact, Holm-corrected over all of them. %s",
		      bad ? "**" : "", bad, all.n,
		      bad ? "**: the order of the boots is in these figures, and differences of this size between variants may come from it." : ".",
		      shown ? "Below are those with a raw p of at most 0.05." : "");
	doc_table(d, &t);
	table_free(&t);
	free(all.s);
}
