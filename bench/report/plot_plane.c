// SPDX-License-Identifier: GPL-2.0
/*
 * One figure against another, each variant a point: how soon what is free is back
 * with the host against what that costs memory that is taken again, and memory that
 * stays with the host against its huge pages. A policy can have either by giving up
 * the other; where it gives up neither is the corner that is marked.
 */
#include "prreport.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_VARIANTS	16
#define BEYOND		1.09	/* of the range: there times begin that were not reached; */
#define WIDTH		1.27	/* both as in plots/plane.gp */

struct panel_info {
	const char *xworkload, *yworkload, *metric, *title, *label;
	bool more;		/* is better */
};

/* Of x less is better */
static const struct plane {
	const char *name, *title, *xmetric, *xlabel, *caption;
	struct panel_info panels[2];
} planes[] = {
	{ "drain-against-churn", "drain against churn", "t95_s",
	  "drain: t95 (seconds), less is better",
	  "Drain against churn on %s, %s: how soon freed memory is back with the host, and what that costs memory that is taken again.",
	  { { "drain", "churn", "cycles", "churn: rounds completed",
	      "rounds, more is better", true },
	    { "drain", "churn", "host_refill_mib", "churn: given back, then taken again",
	      "MiB, less is better", false } } },
	{ "stranded-huge", "stranded memory against the host's huge pages",
	  "stranded_mib", "stranded (MiB), less is better",
	  "Stranded memory against huge pages on %s, %s: what stays with the host though nobody uses it, and how much of the guest's memory the host still holds in huge pages after settling.",
	  { { "fragment", "fragment", "host_huge_mib", "fragment: in huge pages",
	      "MiB, more is better", true },
	    { "refill", "refill", "host_huge_mib", "refill: in huge pages, after settling",
	      "MiB, more is better", true } } },
};

/* A variant in a panel. */
struct point {
	const struct row *x, *y;
};

static size_t points_of(const struct summary *sum, const char *platform,
			const char *series, const char *xmetric, const struct panel_info *info,
			struct point *points)
{
	size_t i, j, n = 0;

	for (i = 0; i < sum->n && n < MAX_VARIANTS; i++) {
		const struct row *x = &sum->rows[i], *y;

		if (strcmp(x->platform, platform) || strcmp(x->series, series) ||
		    strcmp(x->workload, info->xworkload) || strcmp(x->metric, xmetric))
			continue;
		y = summary_find(sum, platform, x->series, x->variant, info->yworkload,
				 info->metric);
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
	const struct panel_info *info;
	size_t n;
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

static const struct point *point_of(const struct panel *p, const char *variant)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (!strcmp(p->points[i].x->variant, variant))
			return &p->points[i];
	return NULL;
}

/* The corner, and a block for each variant of the picture, if this panel has it or not. */
static void put_points(FILE *f, const struct panel *p, const char *const *names, size_t n,
		       double xmax)
{
	bool more = p->info->more;
	size_t i;

	fprintf(f, "# the corner of %s\n", p->info->metric);
	put_corner(f, p->points, p->n, xmax, more ? p->ylo : p->yhi,
		   more ? p->yhi : p->ylo, more);
	for (i = 0; i < n; i++) {
		const struct point *pt = point_of(p, names[i]);

		fprintf(f, "# %s\n", names[i]);
		if (pt)
			fprintf(f, "%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\n\n\n",
				place(pt->x->st.median, xmax), pt->y->st.median,
				place(pt->x->st.lo, xmax), place(pt->x->st.hi, xmax),
				pt->y->st.lo, pt->y->st.hi);
		else
			fputs("NaN NaN NaN NaN NaN NaN\n\n\n", f);
	}
}

/* What both panels show, in the order of the first that has it. */
static size_t names_of(const struct panel *panel, size_t n, const char **names)
{
	size_t k, i, j, nr = 0;

	for (k = 0; k < n; k++) {
		for (i = 0; i < panel[k].n; i++) {
			for (j = 0; j < nr; j++)
				if (!strcmp(names[j], panel[k].points[i].x->variant))
					break;
			if (j == nr && nr < MAX_VARIANTS)
				names[nr++] = panel[k].points[i].x->variant;
		}
	}
	return nr;
}

/* The range of x, how many boots, and whether some time was not reached. */
static double measure(const struct panel *panel, size_t n, size_t *lo, size_t *hi,
		      double *limit)
{
	double xmax = 0;
	size_t k, i, j;

	*lo = SIZE_MAX;
	*hi = 0;
	*limit = NAN;
	for (k = 0; k < n; k++) {
		for (i = 0; i < panel[k].n; i++) {
			const struct row *x = panel[k].points[i].x, *y = panel[k].points[i].y;
			const double ends[] = { x->st.lo, x->st.median, x->st.hi };
			const size_t boots[] = { (size_t)x->st.n, (size_t)y->st.n };

			for (j = 0; j < 2; j++) {
				*lo = boots[j] < *lo ? boots[j] : *lo;
				*hi = boots[j] > *hi ? boots[j] : *hi;
			}
			if (isinf(x->st.hi))
				*limit = x->limit;
			for (j = 0; j < 3; j++)
				if (!isinf(ends[j]))
					xmax = fmax(xmax, ends[j]);
		}
	}
	return xmax > 0 ? xmax : 1;
}

static void put_panels(FILE *f, const struct panel *panel, size_t n)
{
	const char *titles[2], *ylabels[2];
	double lo[2], hi[2], step[2];
	size_t k;

	for (k = 0; k < n; k++) {
		titles[k] = panel[k].info->title;
		ylabels[k] = panel[k].info->label;
		lo[k] = panel[k].ylo;
		hi[k] = panel[k].yhi;
		step[k] = tic_step(hi[k] - lo[k]);
	}
	gp_int(f, "npanels", (int)n);
	gp_texts(f, "ptitle", titles, n);
	gp_texts(f, "plabel", ylabels, n);
	gp_nums(f, "ylo", lo, n);
	gp_nums(f, "yhi", hi, n);
	gp_nums(f, "ystep", step, n);
}

/* The data of a picture: for each panel the corner, then a block a variant. */
static int put_data(struct run *run, const struct plane *plane, const char *name,
		    const struct panel *panel, size_t n, const char *const *names, size_t nr,
		    double xmax)
{
	FILE *f = plot_open(run, name, "dat");
	size_t k;

	if (!f)
		return -1;
	fprintf(f, "# %s, y, interval of %s, interval of y; a block a variant, before them the corner\n",
		plane->xmetric, plane->xmetric);
	for (k = 0; k < n; k++)
		put_points(f, &panel[k], names, nr, xmax);
	return plot_close(run, f, name, "dat");
}

static int plot_one(struct run *run, const struct summary *sum, struct plots *out,
		    const char *platform, const char *series, const char *name,
		    const struct plane *plane)
{
	const char *nb;
	struct panel panel[2] = { { 0 } };
	const char *names[MAX_VARIANTS];
	size_t k, n = 0, nr, lo, hi;
	double xmax, limit;
	FILE *f;
	int ret;

	for (k = 0; k < 2; k++) {
		panel[n].info = &plane->panels[k];
		panel[n].n = points_of(sum, platform, series, plane->xmetric, panel[n].info,
				       panel[n].points);
		n += panel[n].n > 1;
	}
	if (!n)
		return 0;
	for (k = 0; k < n; k++)
		range_of(&panel[k]);
	nr = names_of(panel, n, names);
	xmax = measure(panel, n, &lo, &hi, &limit);
	nb = boots_text(run, lo, hi);
	ret = put_data(run, plane, name, panel, n, names, nr, xmax);
	f = gp_open(run, name, 1000, 520);
	if (!f)
		return -1;
	gp_text(f, "title", run_str(run, "%s — %s, %s", plane->title,
				    platform_find(platform)->title, nb));
	gp_text(f, "xtitle", plane->xlabel);
	gp_num(f, "xmax", xmax);
	gp_num(f, "xstep", tic_step(xmax));
	gp_int(f, "limited", !isnan(limit));
	gp_num(f, "limit", limit);
	gp_variants(f, names, names, nr);
	put_panels(f, panel, n);
	ret |= GP_CLOSE(run, f, name, "plane");
	plot_add(out, name, run_str(run, "%s A point is the median over boots, a bar its interval: from 6 boots on 95 %%, with fewer minimum and maximum. Grey: better in both than any variant.",
				    run_str(run, plane->caption, platform_find(platform)->title, nb)));
	return ret;
}

/**
 * plot_plane() - one figure against another, each variant a point
 *
 * Return: 0, or -1 after a message.
 */
int plot_plane(struct run *run, const struct summary *sum, struct plots *out,
	       const char *platform)
{
	const char *first = NULL, *suffix;
	size_t i, k;
	int ret = 0;

	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];

		if (!summary_first(sum, i) || strcmp(r->platform, platform))
			continue;
		suffix = first ? run_str(run, "-%s", r->series) : "";
		first = r->series;
		for (k = 0; k < sizeof(planes) / sizeof(*planes); k++)
			ret |= plot_one(run, sum, out, platform, r->series,
					run_str(run, "%s-%s%s", planes[k].name, platform,
						suffix), &planes[k]);
	}
	return ret;
}
