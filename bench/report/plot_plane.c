// SPDX-License-Identifier: GPL-2.0
/*
 * Drain against churn: how soon what is free is back with the host, and what
 * that costs memory that is taken again. A policy can have either by giving up
 * the other; where it gives up neither is the corner that is marked.
 */
#include "prreport.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_VARIANTS	16
#define BEYOND		1.09	/* of the range: there times begin that were not reached */
#define WIDTH		1.27

static const struct {
	const char *metric, *title, *label;
	bool more;		/* is better */
} panels[] = {
	{ "cycles", "churn: cycles done", "cycles, more is better", true },
	{ "host_refill_mib", "churn: given back, then taken again", "MiB, less is better", false },
};

/* A variant in a panel. */
struct point {
	const struct row *x, *y;
};

static size_t points_of(const struct summary *sum, const char *platform,
			const char *metric, struct point *points)
{
	size_t i, j, n = 0;

	for (i = 0; i < sum->n && n < MAX_VARIANTS; i++) {
		const struct row *x = &sum->rows[i], *y;

		if (strcmp(x->platform, platform) || strcmp(x->workload, "drain") ||
		    strcmp(x->metric, "t95_s"))
			continue;
		y = summary_find(sum, platform, x->series, x->variant, "churn", metric);
		if (!y)
			continue;
		for (j = n++; j > 0 && variant_rank(points[j - 1].x->variant) >
		     variant_rank(x->variant); j--)
			points[j] = points[j - 1];
		points[j] = (struct point){ x, y };
	}
	return n;
}

/* Infinity has a strip of its own behind the range. */
static double place(double v, double xmax)
{
	return isinf(v) ? xmax * (BEYOND + WIDTH) / 2 : v;
}

static int by_x(const void *pa, const void *pb)
{
	const struct point *a = pa, *b = pb;

	return a->x->st.median < b->x->st.median ? -1 :
	       a->x->st.median > b->x->st.median;
}

/*
 * Where a point would be as good as none of these is: left of the first, and
 * from each on as far as the best one up to there. From medians.
 */
static void put_corner(FILE *f, const struct point *points, size_t n, double xmax,
		       double worst, double best, bool more)
{
	struct point *sorted = xrealloc(NULL, n, sizeof(*sorted));
	double level = worst;
	size_t i;

	memcpy(sorted, points, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_x);
	fprintf(f, "0\t%.9g\n0\t%.9g\n", best, worst);
	for (i = 0; i < n; i++) {
		double x = place(sorted[i].x->st.median, xmax);
		double y = sorted[i].y->st.median;

		if (more ? y <= level : y >= level)
			continue;
		fprintf(f, "%.9g\t%.9g\n%.9g\t%.9g\n", x, level, x, y);
		level = y;
	}
	fprintf(f, "%.9g\t%.9g\n%.9g\t%.9g\n\n\n", xmax * WIDTH, level, xmax * WIDTH, best);
	free(sorted);
}

struct panel {
	size_t which, n;
	struct point points[MAX_VARIANTS];
	double ylo, yhi;
};

/* From the lowest to the highest end of an interval, with some room. */
static void range_of(struct panel *p)
{
	double room;
	size_t i;

	p->ylo = INFINITY;
	p->yhi = -INFINITY;
	for (i = 0; i < p->n; i++) {
		p->ylo = fmin(p->ylo, p->points[i].y->st.lo);
		p->yhi = fmax(p->yhi, p->points[i].y->st.hi);
	}
	room = fmax(0.15 * (p->yhi - p->ylo), 0.01 * fabs(p->yhi));
	if (!(room > 0))
		room = 1;
	p->yhi += room;
	p->ylo = p->ylo >= 0 && p->ylo < room ? -room / 2 : p->ylo - room;
}

static void put_points(FILE *f, const struct panel *p, double xmax)
{
	bool more = panels[p->which].more;
	size_t i;

	fprintf(f, "# the corner of %s\n", panels[p->which].metric);
	put_corner(f, p->points, p->n, xmax, more ? p->ylo : p->yhi,
		   more ? p->yhi : p->ylo, more);
	for (i = 0; i < p->n; i++) {
		const struct spread *x = &p->points[i].x->st, *y = &p->points[i].y->st;

		fprintf(f, "# %s\n%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\n\n\n",
			p->points[i].x->variant, place(x->median, xmax), y->median,
			place(x->lo, xmax), place(x->hi, xmax), y->lo, y->hi);
	}
}

static void put_legend(FILE *f, const struct point *points, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const struct variant_info *s = variant_find(points[i].x->variant);

		fprintf(f, "set label %zu \"%s\" at screen %.3f,0.04 left offset 1.2,0 point pt %d ps 1.4 lc rgb \"%s\"\n",
			100 + i, points[i].x->variant,
			0.5 + (i - n / 2.0) * (n > 6 ? 0.13 : 0.15), s->point, s->color);
	}
}

/**
 * plot_plane() - every variant a point: drain's t95 against what churn had of it
 *
 * Return: 0, or -1 after a message.
 */
int plot_plane(struct run *run, const struct summary *sum, struct plots *out,
	       const char *platform)
{
	const char *name = run_str(run, "drain-churn-%s", platform), *nb;
	struct panel panel[2] = { { 0 } };
	size_t i, k, n = 0, index = 0, lo = SIZE_MAX, hi = 0;
	double xmax = 0, limit = NAN, first = INFINITY;
	FILE *f;
	int ret;

	for (k = 0; k < 2; k++) {
		panel[n].which = k;
		panel[n].n = points_of(sum, platform, panels[k].metric, panel[n].points);
		n += panel[n].n > 1;
	}
	if (!n)
		return 0;
	for (k = 0; k < n; k++) {
		range_of(&panel[k]);
		for (i = 0; i < panel[k].n; i++) {
			const struct row *r[] = { panel[k].points[i].x, panel[k].points[i].y };

			for (size_t j = 0; j < 2; j++) {
				lo = (size_t)r[j]->st.n < lo ? (size_t)r[j]->st.n : lo;
				hi = (size_t)r[j]->st.n > hi ? (size_t)r[j]->st.n : hi;
			}
			if (isinf(r[0]->st.median) || isinf(r[0]->st.hi))
				limit = r[0]->limit;
			for (size_t j = 0; j < 3; j++) {
				const double x[] = { r[0]->st.lo, r[0]->st.median, r[0]->st.hi };

				if (!isinf(x[j]))
					xmax = fmax(xmax, x[j]);
			}
			first = fmin(first, r[0]->st.median);
		}
	}
	if (!(xmax > 0))
		xmax = 1;
	nb = boots_text(run, lo, hi);
	f = plot_open(run, name, "dat");
	if (!f)
		return -1;
	fputs("# t95_s, y, interval of t95_s, interval of y; a block a variant, before them the corner\n",
	      f);
	for (k = 0; k < n; k++)
		put_points(f, &panel[k], xmax);
	ret = plot_close(run, f, name, "dat");

	f = plot_open(run, name, "gp");
	if (!f)
		return -1;
	gp_begin(f, name, 1000, 520);
	fprintf(f,
		"set multiplot layout 1,%zu margins 0.105,0.975,0.235,0.81 spacing 0.125,0 title \"drain against churn — %s, %s\\nbars: interval of the median; grey: where no variant is\"\n"
		"unset key\nset xrange [0:%g]\nset xlabel \"drain: t95 (seconds), less is better\"\n"
		"set xtics 0,%g,%g\nset style fill solid 1 noborder\n",
		n, platform_find(platform)->title, nb, isnan(limit) ? xmax * 1.08 : xmax * WIDTH,
		tic_step(xmax), xmax);
	for (k = 0; k < n; k++) {
		const struct panel *p = &panel[k];

		fprintf(f, "set title \"%s\"\nset ylabel \"%s\"\nset yrange [%.9g:%.9g]\nset ytics %g\n",
			panels[p->which].title, panels[p->which].label, p->ylo, p->yhi,
			tic_step(p->yhi - p->ylo));
		if (!isnan(limit))
			fprintf(f, "set arrow 1 from first %g, graph 0 to first %g, graph 1 nohead front dt (2,4) lc rgb \"#444444\"\n"
				"set label 1 \"not within %.0f s\" at first %g, graph 0.5 center rotate by 90 front font \",12\" tc rgb \"#444444\"\n",
				xmax * BEYOND, xmax * BEYOND, limit, xmax * (WIDTH - 0.03));
		fprintf(f, "set label 2 \"the corner nobody reaches\" at first %g, graph %g %s rotate by 90 front font \",12\" tc rgb \"#444444\"\n",
			isinf(first) ? 0.1 * xmax : first / 2,
			panels[p->which].more ? 0.97 : 0.03,
			panels[p->which].more ? "right" : "left");
		if (!k)
			put_legend(f, p->points, p->n);
		fprintf(f, "plot \"%s.dat\" index %zu using 1:2 with filledcurves closed fc rgb \"#e8e8e8\"",
			name, index++);
		for (i = 0; i < p->n; i++) {
			const struct variant_info *s = variant_find(p->points[i].x->variant);

			fprintf(f, ", \\\n\t\"\" index %zu using 1:2:3:4:5:6 with xyerrorbars pt %d ps 1.4 lw 1.5 lc rgb \"%s\"",
				index++, s->point, s->color);
		}
		fputs("\nunset label\n", f);
	}
	fputs("unset multiplot\nunset arrow\n", f);
	gp_end(f);
	ret |= plot_close(run, f, name, "gp");
	plot_add(out, name,
		 run_str(run, "Drain against churn on %s, %s: how soon freed memory is back with the host, and what that costs memory that is taken again. A point is the median over boots, a bar its interval: from 6 boots on 95 %%, with fewer minimum and maximum. Grey: at once quicker and gentler than any variant.",
			 platform_find(platform)->title, nb));
	return ret;
}
