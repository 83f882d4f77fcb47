// SPDX-License-Identifier: GPL-2.0
/*
 * Churn by the length of its pauses: what was fetched back, what was held while
 * it was free, what both cost, and how often the program came round.
 */
#include "prreport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORKLOAD	"churn-sweep"
#define VARIANTS_MAX	16
#define PAUSES_MAX	32

static const struct {
	const char *metric, *title;
	double scale;
} panels[] = {
	{ "cost_gib_s", "cost, GiB·s/min", 1 },
	{ "host_refill_mib", "fetched back, GiB/min", 1.0 / 1024 },
	{ "held_free_gib_s", "held free, GiB·s/min", 1 },
	{ "cycles", "cycles/min", 1 },
};

#define NR_PANELS	(sizeof(panels) / sizeof(*panels))

/* Which variants have run at which pauses, in ms, both in order. */
struct sweep {
	const char *variants[VARIANTS_MAX];
	size_t nvariants;
	long pauses[PAUSES_MAX];
	size_t npauses;
	int nlo, nhi;			/* boots */
};

/* The pause that a metric belongs to, or -1. */
static long pause_of(const char *metric)
{
	const char *p = strstr(metric, "_p");
	char *end;
	long ms;

	if (!p)
		return -1;
	ms = strtol(p + 2, &end, 10);
	return end == p + 2 || *end ? -1 : ms;
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

static void add_pause(struct sweep *sw, long ms)
{
	size_t i;

	for (i = 0; i < sw->npauses; i++)
		if (sw->pauses[i] == ms)
			return;
	if (sw->npauses == PAUSES_MAX)
		return;
	for (i = sw->npauses++; i && sw->pauses[i - 1] > ms; i--)
		sw->pauses[i] = sw->pauses[i - 1];
	sw->pauses[i] = ms;
}

static void find_sweep(const struct summary *sum, const struct row *first,
		       struct sweep *sw)
{
	size_t i;

	sw->nlo = 1 << 30;
	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];
		long ms = pause_of(r->metric);

		if (strcmp(r->platform, first->platform) ||
		    strcmp(r->series, first->series) || strcmp(r->workload, WORKLOAD) ||
		    ms < 0 || strncmp(r->metric, "cycles", 6))
			continue;
		add_variant(sw, r->variant);
		add_pause(sw, ms);
		sw->nlo = r->st.n < sw->nlo ? r->st.n : sw->nlo;
		sw->nhi = r->st.n > sw->nhi ? r->st.n : sw->nhi;
	}
}

/* A block a panel and variant: pause in s, median, interval. */
static void put_sweep(struct run *run, const struct summary *sum, FILE *f,
		      const struct row *first, const struct sweep *sw)
{
	size_t p, i, at;
	double k;

	fputs("# pause in s, median, lower and upper end; a block a panel and variant\n", f);
	for (p = 0; p < NR_PANELS; p++) {
		k = panels[p].scale;
		for (i = 0; i < sw->nvariants; i++) {
			fprintf(f, "# %s, %s\n", panels[p].metric, sw->variants[i]);
			for (at = 0; at < sw->npauses; at++) {
				const struct row *r = summary_find(sum, first->platform,
					first->series, sw->variants[i], WORKLOAD,
					run_str(run, "%s_p%ld", panels[p].metric,
						sw->pauses[at]));

				if (r)
					fprintf(f, "%g\t%.9g\t%.9g\t%.9g\n",
						sw->pauses[at] / 1000.0, k * r->st.median,
						k * (isnan(r->st.lo) ? r->st.median : r->st.lo),
						k * (isnan(r->st.hi) ? r->st.median : r->st.hi));
				else
					fprintf(f, "%g\tNaN\tNaN\tNaN\n",
						sw->pauses[at] / 1000.0);
			}
			fputs("\n\n", f);
		}
	}
}

static int plot_sweep_of(struct run *run, const struct summary *sum,
			 struct plots *out, const struct row *first, const char *name)
{
	const char *title = platform_find(first->platform)->title, *titles[NR_PANELS], *n;
	struct sweep sw = { 0 };
	size_t p;
	FILE *f;
	int ret;

	find_sweep(sum, first, &sw);
	/* A curve has three points */
	if (sw.npauses < 3)
		return 0;
	f = plot_open(run, name, "dat");
	if (!f)
		return -1;
	put_sweep(run, sum, f, first, &sw);
	ret = plot_close(run, f, name, "dat");

	n = boots_text(run, (size_t)sw.nlo, (size_t)sw.nhi);
	f = gp_open(run, name, 1000, 1250);
	if (!f)
		return -1;
	for (p = 0; p < NR_PANELS; p++)
		titles[p] = panels[p].title;
	gp_text(f, "title", run_str(run, "512 MiB taken and freed for half a minute, by the pause — %s, %s",
				    title, n));
	gp_int(f, "npanels", (int)NR_PANELS);
	gp_texts(f, "ptitle", titles, NR_PANELS);
	gp_num(f, "xlo", sw.pauses[0] / 1000.0);
	gp_num(f, "xhi", sw.pauses[sw.npauses - 1] / 1000.0);
	gp_variants(f, sw.variants, sw.variants, sw.nvariants);
	ret |= GP_CLOSE(run, f, name, "legend", "sweep");
	plot_add(out, name,
		 run_str(run, "Churn by the length of its pause: memory that the host had to supply again, memory that it held while it was free, the cost of both (a GiB fetched back counts as one held for 2.1 s), and cycles; less of the first three and more of the last is better; %s, %s.",
			 title, n));
	return ret;
}

/**
 * plot_sweep() - churn by the length of its pause on one platform
 *
 * Return: 0, or -1 after a message.
 */
int plot_sweep(struct run *run, const struct summary *sum, struct plots *out,
	       const char *platform)
{
	const char *last = NULL;
	size_t i;
	int ret = 0;

	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];

		if (strcmp(r->platform, platform) || strcmp(r->workload, WORKLOAD) ||
		    (last && !strcmp(last, r->series)))
			continue;
		ret |= plot_sweep_of(run, sum, out, r,
				     run_str(run, "sweep-%s%s%s", platform,
					     last ? "-" : "", last ? r->series : ""));
		last = r->series;
	}
	return ret;
}
