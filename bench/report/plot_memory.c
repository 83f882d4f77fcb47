// SPDX-License-Identifier: GPL-2.0
/*
 * Host memory over time, for each workload that says anything about it. One that
 * settles has an end to compare: its variants are laid over each other, from
 * its last mark on. In one that does not, each boot is a line of its own, and
 * each variant has a panel.
 */
#include "prreport.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE_S	0.05	/* between two samples */
#define MAX_POINTS	200	/* of a curve */
#define LEAD_S		3.0	/* shown before the mark, or a fourth of what is after it */
#define MAX_PHASES	8
#define MAX_FIGURES	2	/* beside a panel */

/* ---- phases ---- */

/* A moment of a workload that the guest named, by the median over its boots. */
struct phase {
	const char *name;
	double *at;
	size_t n;
	double median;
};

static void phase_add(struct phase *phases, size_t *n, const char *name, double at)
{
	size_t i;

	for (i = 0; i < *n; i++)
		if (!strcmp(phases[i].name, name))
			break;
	if (isnan(at) || i == MAX_PHASES)
		return;
	if (i == *n)
		phases[(*n)++] = (struct phase){ .name = name };
	phases[i].at = xrealloc(phases[i].at, phases[i].n + 1, sizeof(double));
	phases[i].at[phases[i].n++] = at;
}

/* Its last mark, whatever that is called; its begin if there is none. */
static double origin_of(const struct boot *b, const struct window *w,
			const char **name)
{
	double at = w->begin;
	json_t *ev;
	size_t i;

	*name = NULL;
	json_array_foreach(b->events, i, ev) {
		if (strcmp(json_str(ev, "event", ""), "mark") ||
		    strcmp(json_str(ev, "workload", ""), w->workload))
			continue;
		*name = json_str(ev, "name", "mark");
		at = json_num(ev, "t", NAN);
	}
	return at;
}

/* Begin, marks, settled and end of all boots, from each one's origin. */
static size_t phases_of(const struct curves *cs, bool from_origin,
			struct phase *phases)
{
	size_t i, b, k, n = 0;

	for (i = 0; i < cs->n; i++) {
		for (b = 0; b < cs->c[i].n; b++) {
			const struct boot *boot = cs->c[i].boots[b];
			const struct window *w = &cs->c[i].win[b];
			const char *name;
			double zero = from_origin ? origin_of(boot, w, &name) : w->begin;
			json_t *ev;

			/* What begins at 0 has the axis to say so. */
			if (w->begin != zero)
				phase_add(phases, &n, w->from_start ? "start of the VM" :
					  "begin", w->begin - zero);
			if (w->from_start)
				phase_add(phases, &n, "agent ready", w->began - zero);
			json_array_foreach(boot->events, k, ev)
				if (!strcmp(json_str(ev, "event", ""), "mark") &&
				    !strcmp(json_str(ev, "workload", ""), w->workload))
					phase_add(phases, &n, json_str(ev, "name", "mark"),
						  json_num(ev, "t", NAN) - zero);
			phase_add(phases, &n, "settled", w->settled - zero);
		}
	}
	for (i = 0; i < n; i++) {
		struct spread st;

		stats_summary(phases[i].at, phases[i].n, &st);
		phases[i].median = st.median;
		free(phases[i].at);
	}
	return n;
}

/* What plots/phases.gp wants. */
static void put_phases(FILE *f, const struct phase *phases, size_t n)
{
	const char *names[MAX_PHASES];
	double at[MAX_PHASES];
	size_t i;

	for (i = 0; i < n; i++) {
		names[i] = phases[i].name;
		at[i] = phases[i].median;
	}
	gp_int(f, "nphases", (int)n);
	gp_texts(f, "phase", names, n);
	gp_nums(f, "at", at, n);
}

static void put_variants(FILE *f, const struct curves *cs)
{
	const char **names = xrealloc(NULL, cs->n, sizeof(*names));
	const char **labels = xrealloc(NULL, cs->n, sizeof(*labels));
	size_t i;

	for (i = 0; i < cs->n; i++) {
		names[i] = cs->c[i].variant;
		labels[i] = cs->c[i].label;
	}
	gp_variants(f, names, labels, cs->n);
	free(names);
	free(labels);
}

static void raw_of(struct plot *plot, const struct curves *cs)
{
	size_t i, b;

	for (i = 0; i < cs->n; i++)
		for (b = 0; b < cs->c[i].n; b++)
			plot_raw(plot, cs->c[i].boots[b], "samples.tsv");
}

/* ---- variants over each other: median and range over boots ---- */

static double seen_until(const struct boot *b, const struct window *w)
{
	return fmin(isnan(w->settled) ? w->end : w->settled,
		    b->samples[b->nsamples - 1].t);
}

struct extent {
	double xmin, xmax, ymax;
};

/* Of all samples from one time to another */
static void add_extremes(const struct boot *b, double from, double to, double *lo, double *hi)
{
	for (size_t i = 0; i < b->nsamples; i++)
		if (b->samples[i].t >= from && b->samples[i].t <= to) {
			*lo = fmin(*lo, b->samples[i].resident_kib / 1024);
			*hi = fmax(*hi, b->samples[i].resident_kib / 1024);
		}
}

static void put_curve(FILE *f, const struct curve *c, struct extent *e)
{
	double until = INFINITY, from = -INFINITY, grid;
	double *v = xrealloc(NULL, c->n, sizeof(*v));
	double *zero = xrealloc(NULL, c->n, sizeof(*zero));
	struct spread st;
	const char *name;
	size_t b;

	for (b = 0; b < c->n; b++) {
		zero[b] = origin_of(c->boots[b], &c->win[b], &name);
		until = fmin(until, seen_until(c->boots[b], &c->win[b]) - zero[b]);
	}
	for (b = 0; b < c->n; b++)
		from = fmax(from, fmax(c->win[b].begin, c->boots[b]->samples[0].t) -
			    zero[b]);
	from = fmax(from, -fmax(LEAD_S, until / 4));
	e->xmax = fmax(e->xmax, until);
	e->xmin = fmin(e->xmin, from);
	fprintf(f, "# %s\n", c->label);
	grid = fmax(SAMPLE_S, (until - from) / MAX_POINTS);
	for (long k = ceil(from / grid); k * grid <= until; k++) {
		double lo = INFINITY, hi = 0;
		int n = 0;

		for (b = 0; b < c->n; b++) {
			v[n] = metrics_resident_at(c->boots[b], zero[b] + k * grid) / 1024;
			if (isnan(v[n]))
				continue;
			lo = fmin(lo, v[n]);
			hi = fmax(hi, v[n++]);
			/* A point stands for what is closer to it than to the next */
			add_extremes(c->boots[b], zero[b] + fmax(from, (k - 0.5) * grid),
				     zero[b] + fmin(until, (k + 0.5) * grid), &lo, &hi);
		}
		if (!n)
			continue;
		stats_summary(v, n, &st);
		e->ymax = fmax(e->ymax, hi);
		fprintf(f, "%.2f\t%.2f\t%.2f\t%.2f\n", k * grid, st.median, lo, hi);
	}
	fputs("\n\n", f);
	free(zero);
	free(v);
}

static int plot_settling(struct run *run, struct plots *out,
			 const char *platform, const char *workload,
			 const struct curves *cs)
{
	const char *name = run_str(run, "%s-%s", workload, platform), *mark;
	struct extent e = { 0 };
	struct phase phases[MAX_PHASES];
	size_t i, n = phases_of(cs, true, phases);
	FILE *f = plot_open(run, name, "dat");
	int ret;

	if (!f)
		return -1;
	origin_of(cs->c[0].boots[0], &cs->c[0].win[0], &mark);
	fprintf(f, "# seconds after %s, host-resident MiB: median, min, max; a block a variant\n",
		mark ? mark : "the begin");
	for (i = 0; i < cs->n; i++)
		put_curve(f, &cs->c[i], &e);
	ret = plot_close(run, f, name, "dat");

	f = gp_open(run, name, 900, 500);
	if (!f)
		return -1;
	gp_text(f, "title", run_str(run, "%s: host memory over time — %s, %s", workload,
				    platform_find(platform)->title, curves_n(run, cs)));
	gp_text(f, "xtitle", mark ? run_str(run, "seconds after the guest's mark '%s'", mark) :
		cs->c[0].win[0].from_start ? "seconds after the start of the VM" :
		"seconds after the workload's begin");
	gp_num(f, "xmin", e.xmin);
	gp_num(f, "xmax", e.xmax);
	gp_num(f, "ymax", e.ymax);
	gp_num(f, "step", tic_step(e.ymax));
	put_variants(f, cs);
	put_phases(f, phases, n);
	ret |= GP_CLOSE(run, f, name, "phases", "over-each-other");
	raw_of(plot_add(out, name, run_str(run, "Host memory over time in %s on %s, %s. Line: median over boots; band: minimum to maximum; uprights: marks of the guest, median over boots.",
					   workload, platform_find(platform)->title,
					   curves_n(run, cs))), cs);
	return ret;
}

/* ---- every boot, a panel a variant ---- */

/* Long runs keep the extremes of each stretch, so no spike disappears. */
static void put_boot(FILE *f, const struct boot *b, const struct window *w)
{
	size_t i, first = 0, last = b->nsamples, step;

	while (first < b->nsamples && b->samples[first].t < w->begin)
		first++;
	while (last > first && b->samples[last - 1].t > w->end)
		last--;
	step = (last - first) / (MAX_POINTS / 2) + 1;
	for (i = first; i < last; i += step) {
		size_t j, lo = i, hi = i;

		for (j = i; j < i + step && j < last; j++) {
			if (b->samples[j].resident_kib < b->samples[lo].resident_kib)
				lo = j;
			if (b->samples[j].resident_kib > b->samples[hi].resident_kib)
				hi = j;
		}
		j = lo < hi ? lo : hi;
		fprintf(f, "%.2f\t%.1f\n", b->samples[j].t - w->begin,
			b->samples[j].resident_kib / 1024);
		if (lo == hi)
			continue;
		j = lo < hi ? hi : lo;
		fprintf(f, "%.2f\t%.1f\n", b->samples[j].t - w->begin,
			b->samples[j].resident_kib / 1024);
	}
}

/* What the workload is about, as texts beside its panel: MAX_FIGURES of them. */
static void figures_of(struct run *run, const struct summary *sum, const char *platform,
		       const char *workload, const struct curve *c, const char **text)
{
	char series[64];
	size_t i, k = 0;

	kernel_series(c->kernel, series, sizeof(series));
	for (i = 0; i < sum->n && k < MAX_FIGURES; i++) {
		const struct row *r = &sum->rows[i];
		bool count = !strcmp(r->unit, "count");

		if (strcmp(r->platform, platform) || strcmp(r->series, series) ||
		    strcmp(r->variant, c->variant) || strcmp(r->workload, workload) ||
		    !metric_is_headline(workload, r->metric))
			continue;
		text[k++] = run_str(run, "%s\n%.4g%s%s", r->metric, r->st.median,
				    count ? "" : " ", count ? "" : r->unit);
	}
	while (k < MAX_FIGURES)
		text[k++] = "";
}

static int plot_boots(struct run *run, const struct summary *sum,
		      struct plots *out, const char *platform,
		      const char *workload, const struct curves *cs)
{
	const char *name = run_str(run, "%s-%s", workload, platform);
	struct phase phases[MAX_PHASES];
	size_t i, b, k, n = phases_of(cs, false, phases);
	double xmax = 0, ymax = 0;
	int height = 115 * cs->n + 140, ret;
	const char **figures;
	FILE *f = plot_open(run, name, "dat");

	if (!f)
		return -1;
	fputs("# seconds after the begin, host-resident MiB; a block a variant, boots apart by an empty line\n",
	      f);
	for (i = 0; i < cs->n; i++) {
		fprintf(f, "# %s\n", cs->c[i].label);
		for (b = 0; b < cs->c[i].n; b++) {
			const struct boot *boot = cs->c[i].boots[b];
			const struct window *w = &cs->c[i].win[b];

			put_boot(f, boot, w);
			fputc('\n', f);
			xmax = fmax(xmax, w->end - w->begin);
			for (k = 0; k < boot->nsamples; k++)
				if (boot->samples[k].t >= w->begin &&
				    boot->samples[k].t <= w->end)
					ymax = fmax(ymax, boot->samples[k].resident_kib / 1024);
		}
		fputc('\n', f);
	}
	ret = plot_close(run, f, name, "dat");

	f = gp_open(run, name, 900, height);
	if (!f)
		return -1;
	gp_text(f, "title", run_str(run, "%s: host memory over time — %s, %s", workload,
				    platform_find(platform)->title, curves_n(run, cs)));
	gp_num(f, "xmin", 0);
	gp_num(f, "xmax", xmax);
	gp_num(f, "ymax", ymax);
	gp_num(f, "step", tic_step(ymax * 2));
	put_variants(f, cs);
	put_phases(f, phases, n);
	figures = xrealloc(NULL, cs->n * MAX_FIGURES, sizeof(*figures));
	for (i = 0; i < cs->n; i++)
		figures_of(run, sum, platform, workload, &cs->c[i], figures + i * MAX_FIGURES);
	gp_texts(f, "figure", figures, cs->n * MAX_FIGURES);
	free(figures);
	ret |= GP_CLOSE(run, f, name, "phases", "panels");
	raw_of(plot_add(out, name, run_str(run, "Host memory over time in %s on %s, %s; one panel a variant, one thin line a boot.%s",
					   workload, platform_find(platform)->title,
					   curves_n(run, cs), workloads_known() ?
					   " At the right medians of what the workload is about." :
					   "")), cs);
	return ret;
}

/* ---- which workloads there are ---- */

static bool settles(const struct curves *cs)
{
	size_t i, b;

	for (i = 0; i < cs->n; i++)
		for (b = 0; b < cs->c[i].n; b++)
			if (isnan(cs->c[i].win[b].settled))
				return false;
	return true;
}

static int by_place(const void *pa, const void *pb)
{
	const char *a = *(const char * const *)pa, *b = *(const char * const *)pb;
	int d = workload_place(a) - workload_place(b);

	return d ? d : strcmp(a, b);
}

/* What boots began on a platform, in the order of the run; to be freed. */
static const char **workloads_begun(const struct run *run, const char *platform,
				    size_t *n)
{
	const char **names = NULL;
	size_t i, k, j;
	json_t *ev;

	*n = 0;
	for (i = 0; i < run->nboots; i++) {
		if (strcmp(run->boots[i].platform, platform))
			continue;
		json_array_foreach(run->boots[i].events, k, ev) {
			const char *w = json_str(ev, "workload", NULL);

			if (!w || strcmp(json_str(ev, "event", ""), "begin"))
				continue;
			for (j = 0; j < *n; j++)
				if (!strcmp(names[j], w))
					break;
			if (j < *n)
				continue;
			names = xrealloc(names, *n + 1, sizeof(*names));
			names[(*n)++] = w;
		}
	}
	if (*n)
		qsort(names, *n, sizeof(*names), by_place);
	return names;
}

/**
 * plot_memory() - host memory over time, a picture for each workload
 *
 * Return: 0, or -1 after a message.
 */
int plot_memory(struct run *run, const struct summary *sum, struct plots *out,
		const char *platform)
{
	size_t i, n;
	const char **names = workloads_begun(run, platform, &n);
	int ret = 0;

	for (i = 0; i < n; i++) {
		struct curves cs;

		if (!workload_has_host_memory(names[i]))
			continue;
		curves_collect(run, platform, names[i], &cs);
		if (cs.n && settles(&cs))
			ret |= plot_settling(run, out, platform, names[i], &cs);
		else if (cs.n)
			ret |= plot_boots(run, sum, out, platform, names[i], &cs);
		curves_free(&cs);
	}
	free(names);
	return ret;
}
