// SPDX-License-Identifier: GPL-2.0
/*
 * All headline metrics at a glance: a line each with the ratio of ext to the page
 * flag and its interval, turned so that what is better lies to the left.
 */
#include "prreport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME		"forest"
#define VARIANT		"ext"
#define PANELS_MAX	8
#define WIDEST		32.0	/* what differs by more is drawn there, as an arrow */

/*
 * A panel is a platform with a series of kernels, a line a metric of a workload;
 * of a metric that there is for many orders it is that of the worst.
 */
struct forest {
	const struct row *panel[PANELS_MAX];
	size_t npanels;
	const struct row **line;
	size_t nlines;
	int nlo, nhi;			/* boots */
};

static bool is_shown(const struct comparison *c)
{
	return c->headline && !strcmp(c->a->variant, VARIANT) &&
	       !strcmp(c->b->variant, BASELINE) &&
	       !platform_find(c->a->platform)->instructions;
}

static void add_panel(struct forest *fo, const struct row *r)
{
	size_t i;

	for (i = 0; i < fo->npanels; i++)
		if (!strcmp(fo->panel[i]->platform, r->platform) &&
		    !strcmp(fo->panel[i]->series, r->series))
			return;
	if (fo->npanels < PANELS_MAX)
		fo->panel[fo->npanels++] = r;
}

/* The metric with its order as a *, as in "alloc_o*_ns_p50" */
static const char *line_name(char *buf, const struct row *r)
{
	const char *order = strstr(r->metric, "_o");
	size_t digits = order ? strspn(order + 2, "0123456789") : 0;

	if (!digits || order[2 + digits] != '_')
		snprintf(buf, TEXT, "%s %s", r->workload, r->metric);
	else
		snprintf(buf, TEXT, "%s %.*s*%s", r->workload, (int)(order + 2 - r->metric),
			 r->metric, order + 2 + digits);
	return buf;
}

static bool same_line(const struct row *a, const struct row *b)
{
	char x[TEXT], y[TEXT];

	return !strcmp(line_name(x, a), line_name(y, b));
}

/* By workload as tables have them, whichever platform was the first to have it */
static void add_line(struct forest *fo, const struct row *r)
{
	size_t i;

	for (i = 0; i < fo->nlines; i++)
		if (same_line(fo->line[i], r))
			return;
	fo->line = xrealloc(fo->line, fo->nlines + 1, sizeof(*fo->line));
	for (i = fo->nlines++; i && workload_place(fo->line[i - 1]->workload) >
	     workload_place(r->workload); i--)
		fo->line[i] = fo->line[i - 1];
	fo->line[i] = r;
}

static void collect(const struct summary *sum, struct forest *fo)
{
	size_t i;

	fo->nlo = 1 << 30;
	for (i = 0; i < sum->ncmp; i++) {
		const struct row *a = sum->cmp[i].a;

		if (!is_shown(&sum->cmp[i]))
			continue;
		add_panel(fo, a);
		add_line(fo, a);
		fo->nlo = a->st.n < fo->nlo ? a->st.n : fo->nlo;
		fo->nhi = a->st.n > fo->nhi ? a->st.n : fo->nhi;
	}
}

/* The effect, turned so that less is better; false if there is none */
static bool measure(const struct comparison *c, struct effect *e)
{
	const struct row *a = c->a, *b = c->b;
	double lo;

	if (!stats_effect(a->vals, a->st.n, b->vals, b->st.n, true, ALPHA, e) || isnan(e->mid))
		return false;
	if (!strcmp(metric_better(a->workload, a->metric), "more")) {
		lo = e->lo;
		e->mid = 1 / e->mid;
		e->lo = 1 / e->hi;
		e->hi = 1 / lo;
	}
	return true;
}

static double within(double v)
{
	return fmin(fmax(v, 1 / WIDEST), WIDEST);
}

/* Line, ratio, lower and upper end, and whether the test has shown a difference */
static void put_line(FILE *f, const struct summary *sum, const struct row *panel,
		     const struct row *line, size_t at)
{
	struct effect worst = { .mid = -1 }, e;
	bool shown = false;
	size_t i;

	for (i = 0; i < sum->ncmp; i++) {
		const struct comparison *c = &sum->cmp[i];

		if (!is_shown(c) || strcmp(c->a->platform, panel->platform) ||
		    strcmp(c->a->series, panel->series) || !same_line(c->a, line) ||
		    !measure(c, &e) || e.mid <= worst.mid)
			continue;
		worst = e;
		shown = c->p <= ALPHA;
	}
	if (worst.mid >= 0)
		fprintf(f, "%zu\t%.6g\t%.6g\t%.6g\t%d\n", at + 1, within(worst.mid),
			within(worst.lo), within(worst.hi), shown);
}

static int put_data(struct run *run, const struct summary *sum, const struct forest *fo)
{
	FILE *f = plot_open(run, NAME, "dat");
	size_t p, i;

	if (!f)
		return -1;
	fputs("# line, ratio, lower and upper end, shown by a test; less is better; a block a panel\n",
	      f);
	for (p = 0; p < fo->npanels; p++) {
		fprintf(f, "# %s %s\n", fo->panel[p]->platform, fo->panel[p]->series);
		/* gnuplot wants a line in each block */
		fputs("NaN\tNaN\tNaN\tNaN\t0\n", f);
		for (i = 0; i < fo->nlines; i++)
			put_line(f, sum, fo->panel[p], fo->line[i], i);
		fputs("\n\n", f);
	}
	return plot_close(run, f, NAME, "dat");
}

/**
 * plot_forest() - every headline metric against the page flag, if any was measured
 *
 * Return: 0, or -1 after a message.
 */
int plot_forest(struct run *run, const struct summary *sum, struct plots *out)
{
	const char *panels[PANELS_MAX], *n, **lines;
	struct forest fo = { 0 };
	char name[TEXT];
	FILE *f = NULL;
	int ret = 0;
	size_t i;

	collect(sum, &fo);
	if (!fo.nlines)
		return 0;
	ret = put_data(run, sum, &fo);
	lines = xrealloc(NULL, fo.nlines, sizeof(*lines));
	for (i = 0; i < fo.nlines; i++)
		lines[i] = run_str(run, "%s", line_name(name, fo.line[i]));
	for (i = 0; i < fo.npanels; i++)
		panels[i] = platform_find(fo.panel[i]->platform)->title;
	n = boots_text(run, (size_t)fo.nlo, (size_t)fo.nhi);
	f = gp_open(run, NAME, 1000, 130 + 20 * (int)fo.nlines);
	if (f) {
		gp_text(f, "title", run_str(run, "page_ext over the page flag, every headline metric — %s", n));
		gp_int(f, "npanels", (int)fo.npanels);
		gp_texts(f, "ptitle", panels, fo.npanels);
		gp_int(f, "nlines", (int)fo.nlines);
		gp_texts(f, "line", lines, fo.nlines);
		gp_num(f, "widest", WIDEST);
		ret |= GP_CLOSE(run, f, NAME, "forest");
		plot_add(out, NAME,
			 run_str(run, "Every metric that was declared before the run, page_ext over the page flag, with its interval; left of 1 is better, right of it worse, whichever way it is counted; o*: the worst order. Filled: shown by a test after Holm's correction. An arrow: beyond ×%g. %s.",
				 WIDEST, n));
	}
	free(lines);
	free(fo.line);
	return f ? ret : -1;
}
