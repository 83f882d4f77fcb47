// SPDX-License-Identifier: GPL-2.0
/* prreport compare A B: whether they agree, or their metrics side by side. */
#include "answers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is written: the answers that agree, or tables */
struct wanted {
	bool tables;
	bool force;		/* tables of unlike runs, too */
	bool all;		/* of all metrics */
};

struct pair {
	const struct row *a, *b;
	double raw, p;
};

static int load_side(struct side *s, const char *name, const char *dir)
{
	const struct boot **boots;
	size_t i;

	s->name = name;
	if (run_load(&s->run, dir))
		return -1;
	for (i = 0; i < s->run.nboots; i++)
		if (strchr(s->run.boots[i].kernel, ':')) {
			fprintf(stderr,
				"prreport: %s holds boots of unlike machines: compare the runs that it was merged from\n",
				dir);
			return -1;
		}
	workloads_of(&s->run);
	metrics_compute(&s->run, &s->vals);
	summary_build(&s->vals, &s->sum);
	boots = xrealloc(NULL, s->run.nboots, sizeof(*boots));
	for (i = 0; i < s->run.nboots; i++)
		boots[i] = &s->run.boots[i];
	s->traits = alike_traits(s->run.meta, boots, s->run.nboots);
	free(boots);
	s->answers = answers_make(&s->sum, &s->nanswers);
	return 0;
}

static void free_side(struct side *s)
{
	json_decref(s->traits);
	free(s->answers);
	summary_free(&s->sum);
	free(s->vals.v);
	run_free(&s->run);
}

/* The row that measured the same with the same; a run has one kernel a variant. */
static const struct row *counterpart(const struct summary *sum, const struct row *a)
{
	size_t i;

	for (i = 0; i < sum->n; i++) {
		const struct row *b = &sum->rows[i];

		if (!strcmp(a->platform, b->platform) && !strcmp(a->variant, b->variant) &&
		    !strcmp(a->workload, b->workload) && !strcmp(a->metric, b->metric))
			return b;
	}
	return NULL;
}

static const char *verdict(const struct pair *p)
{
	const char *better = metric_better(p->a->workload, p->a->metric);
	double a = p->a->st.median, b = p->b->st.median;

	if (platform_find(p->a->platform)->instructions)
		return a == b ? "the same" : b < a ? "**less**" : "**more**";
	if (isnan(p->raw))
		return "too few boots";
	if (!(p->p <= ALPHA))
		return "no difference shown";
	/* Medians may agree where the distributions do not. */
	if (a == b)
		return "**differs**";
	if (!*better)
		return b < a ? "**less**" : "**more**";
	return (b < a) == !strcmp(better, "less") ? "**better**" : "**worse**";
}

static void put_pairs(struct doc *d, struct pair *pairs, size_t n)
{
	double *raw = xrealloc(NULL, n, sizeof(*raw));
	double *adj = xrealloc(NULL, n, sizeof(*adj));
	int tests = 0, na = 0, nb = 0;
	double least = 1;
	struct table t;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct row *a = pairs[i].a, *b = pairs[i].b;
		double q = stats_mwu_min_p(a->st.n, b->st.n);

		pairs[i].raw = raw[i] = q > ALPHA ? NAN :
			stats_mwu(a->vals, a->st.n, b->vals, b->st.n);
		tests += !isnan(raw[i]);
		if (!na || q < least) {
			least = q;
			na = a->st.n;
			nb = b->st.n;
		}
	}
	stats_holm(raw, adj, (int)n);

	doc_h(d, 2, "%s on %s", pairs->a->workload, pairs->a->platform);
	table_init(&t, 7, "lllrrrl");
	for (const char * const *h = (const char * const []){ "variant", "metric",
	     "unit", "A", "B", "B / A, p", "", NULL }; *h; h++)
		table_cell(&t, "%s", *h);
	for (i = 0; i < n; i++) {
		const struct row *a = pairs[i].a, *b = pairs[i].b;
		char x[TEXT], y[TEXT], ratio[TEXT] = "-", p[TEXT] = "";

		pairs[i].p = adj[i];
		if (isfinite(a->st.median) && a->st.median > 0 && b->st.median >= 0)
			snprintf(ratio, sizeof(ratio), "× %.3g",
				 b->st.median / a->st.median);
		if (!isnan(adj[i]))
			snprintf(p, sizeof(p), ", p=%.2g", adj[i]);
		table_cell(&t, "%s", a->variant);
		table_cell(&t, "%s", a->metric);
		table_cell(&t, "%s", a->unit);
		table_cell(&t, "%s", spread_text(x, a));
		table_cell(&t, "%s", spread_text(y, b));
		table_cell(&t, "%s%s", ratio, p);
		table_cell(&t, "%s", verdict(&pairs[i]));
	}
	doc_table(d, &t);
	table_free(&t);
	/* What counts instructions needs no statistics. */
	if (!platform_find(pairs->a->platform)->instructions && (!tests || least * tests > ALPHA))
		doc_p(d, "**Too few boots**: with %d against %d and %d test%s, p cannot fall below %.2g however clear a difference is.",
		      na, nb, tests, tests == 1 ? "" : "s",
		      fmin(1, least * (tests ? tests : 1)));
	free(raw);
	free(adj);
}

static size_t put_comparison(struct doc *d, const struct side *a, const struct side *b,
			     bool all)
{
	size_t i, j, n, total = 0;
	struct pair *pairs = NULL;

	for (i = 0; i < a->sum.n; i++) {
		const struct row *g = &a->sum.rows[i];

		for (j = 0; j < i; j++)
			if (row_same_table(&a->sum.rows[j], g))
				break;
		if (j < i)
			continue;
		for (j = i, n = 0; j < a->sum.n; j++) {
			const struct row *r = &a->sum.rows[j], *other;

			if (!row_same_table(g, r) ||
			    (!all && !metric_is_headline(r->workload, r->metric)))
				continue;
			other = counterpart(&b->sum, r);
			if (!other)
				continue;
			pairs = xrealloc(pairs, n + 1, sizeof(*pairs));
			pairs[n].a = r;
			pairs[n++].b = other;
		}
		if (n)
			put_pairs(d, pairs, n);
		total += n;
	}
	free(pairs);
	return total;
}

static void put_side(struct doc *d, const struct side *s)
{
	const json_t *meta = s->run.meta;

	doc_li(d, "%s: `%s`, commit `%s`, %s on %s, %zu boots", s->name, s->run.dir,
	       json_str(meta, "commit", "?"), json_str(meta, "date", "?"),
	       json_str(meta, "host", "?"), s->run.nboots);
}

static int nothing_in_common(const struct side *a, const struct side *b)
{
	fprintf(stderr,
		"prreport: %s and %s have no platform, workload and variant in common: nothing to compare\n",
		a->run.dir, b->run.dir);
	return 1;
}

/* Write the metrics side by side; of unlike runs only if that is forced. */
static int put_tables(const struct side *a, const struct side *b, const json_t *differ,
		      bool force, bool all)
{
	struct doc d = { .f = stdout };
	const json_t *line;
	size_t i;

	json_array_foreach(differ, i, line)
		if (!force)
			fprintf(stderr, "prreport: cannot compare %s with %s: %s\n",
				a->run.dir, b->run.dir, json_string_value(line));
	if (json_array_size(differ) && !force) {
		fprintf(stderr,
			"prreport: what is measured on unlike machines, kernel configurations, versions of QEMU or settings says nothing about the runs: 'make compare ... FORCE=1' does it all the same and says so\n");
		return 1;
	}
	doc_h(&d, 1, "Two runs side by side");
	put_side(&d, a);
	put_side(&d, b);
	if (json_array_size(differ))
		doc_p(&d, "**Forced: these runs are not alike.** What is below may come from that and from nothing else:");
	json_array_foreach(differ, i, line)
		doc_li(&d, "%s", json_string_value(line));
	doc_p(&d, "Median [95 %% interval] over boots. p: Mann–Whitney U, two-sided, exact up to 40 boots, Holm-corrected within a table.");
	return put_comparison(&d, a, b, all) ? 0 : nothing_in_common(a, b);
}

static int compare(const struct side *a, const struct side *b, const struct wanted *w)
{
	json_t *differ = alike_differences(a->traits, b->traits, false);
	int ret;

	if (w->tables)
		ret = put_tables(a, b, differ, w->force, w->all);
	else
		ret = agree_write(a, b, differ) ? 0 : nothing_in_common(a, b);
	json_decref(differ);
	if (fflush(stdout) || ferror(stdout)) {
		perror("prreport: the comparison could not be written");
		return 1;
	}
	return ret;
}

/**
 * compare_main() - prreport compare [--tables] [--force] [--all] A B
 *
 * Says whether they give the same answers; or writes tables of the headline metrics
 * side by side, of unlike runs with --force, of all metrics with --all.
 *
 * Return: exit status: 0 compared, 1 they cannot be, 2 bad arguments.
 */
int compare_main(int argc, char **argv)
{
	struct side a = { .name = NULL }, b = { .name = NULL };
	struct wanted w = { .tables = false };
	int i, ret = 1;

	for (i = 1; i < argc && !strncmp(argv[i], "--", 2); i++) {
		bool force = !strcmp(argv[i], "--force"), all = !strcmp(argv[i], "--all");

		if (!force && !all && strcmp(argv[i], "--tables")) {
			fprintf(stderr, "prreport: compare: unknown option %s\n",
				argv[i]);
			return 2;
		}
		w.tables = true;
		w.force |= force;
		w.all |= all;
	}
	if (argc - i != 2) {
		fprintf(stderr, "prreport: compare wants two runs, directories or archives: A B\n");
		return 2;
	}
	/* B is loaded first: what a workload is about is asked of the last, A. */
	if (!load_side(&b, "B", argv[i + 1]) && !load_side(&a, "A", argv[i])) {
		/* What declared no headline is compared in all it has. */
		w.all |= !workloads_known();
		ret = compare(&a, &b, &w) || a.run.problems || b.run.problems;
	}
	free_side(&a);
	free_side(&b);
	return ret;
}
