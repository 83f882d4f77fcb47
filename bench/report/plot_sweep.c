// SPDX-License-Identifier: GPL-2.0
/*
 * Workloads that boot a guest for each of several values, which the names of their
 * metrics end with: a panel a metric, with the value along the axis.
 */
#include "prreport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define VARIANTS_MAX	16
#define VALUES_MAX	32
#define NR_PANELS	4

struct kind {
	const char *workload, *name;	/* of the picture */
	const char *mark;		/* in a metric's name before the value */
	double unit;			/* of the value, along the axis */
	const char *axis, *tics;
	const char *title, *caption;
	struct panel {
		const char *metric, *title;
		double scale;
	} panels[NR_PANELS];
};

static const struct kind kinds[] = {
	{ .workload = "churn-sweep", .name = "sweep", .mark = "_p", .unit = 1e-3,
	  .axis = "pause, s", .tics = "(0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10)",
	  .title = "512 MiB taken and freed for half a minute, by the pause",
	  .caption = "Churn by the length of its pause: memory that the host had to supply again, memory that it held while it was free, the cost of both (a GiB fetched back counts as one held for 2.1 s), and rounds completed; less of the first three and more of the last is better",
	  .panels = {
		{ "cost_gib_s", "cost, GiB·s/min", 1 },
		{ "host_refill_mib", "fetched back, GiB/min", 1.0 / 1024 },
		{ "held_free_gib_s", "held free, GiB·s/min", 1 },
		{ "cycles", "rounds/min", 1 },
	  } },
	{ .workload = "scale", .name = "size", .mark = "_g", .unit = 1,
	  .axis = "guest, GiB", .tics = "(1, 2, 4, 8, 16, 32, 64, 128, 256)",
	  .title = "What reporting costs an idle guest, by its size",
	  .caption = "An idle guest by its size: registration of the device, passes in a minute in which nothing happens, passes after 64 MiB are freed three times, and the CPU time of one of these; under icount a microsecond is a thousand instructions; less is better",
	  .panels = {
		{ "register_us", "registration, µs", 1 },
		{ "idle_passes", "idle passes/min", 1 },
		{ "passes", "passes, 3 x 64 MiB freed", 1 },
		{ "pass_ms", "a pass, ms", 1 },
	  } },
};

/* Which variants have run with which values, both in order. */
struct sweep {
	const struct kind *kind;
	const char *variants[VARIANTS_MAX];
	size_t nvariants;
	long values[VALUES_MAX];
	size_t nvalues;
	const struct panel *panels[NR_PANELS];	/* that have anything to show */
	double top[NR_PANELS];			/* the largest median */
	size_t npanels;
	int nlo, nhi;			/* boots */
};

/* The value that the name of a panel's metric ends with, or -1. */
static long value_in(const struct kind *kind, const struct panel *panel,
		     const char *metric)
{
	size_t n = strlen(panel->metric), m = strlen(kind->mark);
	char *end;
	long value;

	if (strncmp(metric, panel->metric, n) || strncmp(metric + n, kind->mark, m))
		return -1;
	value = strtol(metric + n + m, &end, 10);
	return end == metric + n + m || *end ? -1 : value;
}

static void add_variant(struct sweep *sw, const char *variant)
{
	size_t i;

	for (i = 0; i < sw->nvariants; i++)
		if (!strcmp(sw->variants[i], variant))
			return;
	if (sw->nvariants == VARIANTS_MAX)
		return;
	for (i = sw->nvariants++; i && variant_rank(sw->variants[i - 1]) >
	     variant_rank(variant); i--)
		sw->variants[i] = sw->variants[i - 1];
	sw->variants[i] = variant;
}

static void add_value(struct sweep *sw, long value)
{
	size_t i;

	for (i = 0; i < sw->nvalues; i++)
		if (sw->values[i] == value)
			return;
	if (sw->nvalues == VALUES_MAX)
		return;
	for (i = sw->nvalues++; i && sw->values[i - 1] > value; i--)
		sw->values[i] = sw->values[i - 1];
	sw->values[i] = value;
}

/* What a panel shows; one without anything would stop gnuplot. */
static void find_panel(const struct summary *sum, const struct row *first,
		       struct sweep *sw, const struct panel *panel)
{
	bool any = false;
	double top = 0;
	size_t i;

	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];
		long value = value_in(sw->kind, panel, r->metric);

		if (strcmp(r->platform, first->platform) ||
		    strcmp(r->series, first->series) ||
		    strcmp(r->workload, sw->kind->workload) || value < 0)
			continue;
		any = true;
		top = fmax(top, r->st.median);
		add_variant(sw, r->variant);
		add_value(sw, value);
		sw->nlo = !sw->nlo || r->st.n < sw->nlo ? r->st.n : sw->nlo;
		sw->nhi = r->st.n > sw->nhi ? r->st.n : sw->nhi;
	}
	if (!any)
		return;
	sw->top[sw->npanels] = top;
	sw->panels[sw->npanels++] = panel;
}

/* A block a panel and variant: value, median, interval. */
static void put_sweep(struct run *run, const struct summary *sum, FILE *f,
		      const struct row *first, const struct sweep *sw)
{
	const struct kind *kind = sw->kind;
	size_t p, at;

	fprintf(f, "# %s, median, lower and upper end; a block a panel and variant\n",
		kind->axis);
	for (p = 0; p < sw->npanels * sw->nvariants; p++) {
		const struct panel *panel = sw->panels[p / sw->nvariants];
		const char *variant = sw->variants[p % sw->nvariants];
		double k = panel->scale;

		fprintf(f, "# %s, %s\n", panel->metric, variant);
		for (at = 0; at < sw->nvalues; at++) {
			const struct row *r = summary_find(sum, first->platform,
				first->series, variant, kind->workload,
				run_str(run, "%s%s%ld", panel->metric, kind->mark,
					sw->values[at]));
			double x = (double)sw->values[at] * kind->unit;

			if (r)
				fprintf(f, "%g\t%.9g\t%.9g\t%.9g\n", x,
					k * r->st.median,
					k * (isnan(r->st.lo) ? r->st.median : r->st.lo),
					k * (isnan(r->st.hi) ? r->st.median : r->st.hi));
			else
				fprintf(f, "%g\tNaN\tNaN\tNaN\n", x);
		}
		fputs("\n\n", f);
	}
}

static int plot_sweep_of(struct run *run, const struct summary *sum,
			 struct plots *out, const struct kind *kind,
			 const struct row *first, const char *name)
{
	const char *title = platform_find(first->platform)->title, *titles[NR_PANELS], *n;
	struct sweep sw = { .kind = kind };
	size_t p;
	FILE *f;
	int ret;

	for (p = 0; p < NR_PANELS; p++)
		find_panel(sum, first, &sw, &kind->panels[p]);
	/* A curve has three points */
	if (sw.nvalues < 3)
		return 0;
	f = plot_open(run, name, "dat");
	if (!f)
		return -1;
	put_sweep(run, sum, f, first, &sw);
	ret = plot_close(run, f, name, "dat");

	n = boots_text(run, (size_t)sw.nlo, (size_t)sw.nhi);
	f = gp_open(run, name, 1000, 290 * (int)sw.npanels + 90);
	if (!f)
		return -1;
	for (p = 0; p < sw.npanels; p++)
		titles[p] = sw.panels[p]->title;
	gp_text(f, "title", run_str(run, "%s — %s, %s", kind->title, title, n));
	gp_int(f, "npanels", (int)sw.npanels);
	gp_texts(f, "ptitle", titles, sw.npanels);
	gp_nums(f, "top", sw.top, sw.npanels);
	gp_text(f, "axis", kind->axis);
	gp_text(f, "tics", kind->tics);
	gp_num(f, "xlo", (double)sw.values[0] * kind->unit);
	gp_num(f, "xhi", (double)sw.values[sw.nvalues - 1] * kind->unit);
	gp_variants(f, sw.variants, sw.variants, sw.nvariants);
	ret |= GP_CLOSE(run, f, name, "legend", "sweep");
	plot_add(out, name, run_str(run, "%s; %s, %s.", kind->caption, title, n));
	return ret;
}

/**
 * plot_sweep() - all sweeps that one platform has run
 *
 * Return: 0, or -1 after a message.
 */
int plot_sweep(struct run *run, const struct summary *sum, struct plots *out,
	       const char *platform)
{
	int ret = 0;

	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		const char *last = NULL;

		for (size_t i = 0; i < sum->n; i++) {
			const struct row *r = &sum->rows[i];

			if (strcmp(r->platform, platform) ||
			    strcmp(r->workload, kinds[k].workload) ||
			    (last && !strcmp(last, r->series)))
				continue;
			ret |= plot_sweep_of(run, sum, out, &kinds[k], r,
					     run_str(run, "%s-%s%s%s", kinds[k].name,
						     platform, last ? "-" : "",
						     last ? r->series : ""));
			last = r->series;
		}
	}
	return ret;
}
