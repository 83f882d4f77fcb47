// SPDX-License-Identifier: GPL-2.0
/*
 * All that is measured at a glance: a line each with the ratio of ext to the page
 * flag and its interval, turned so that what is better lies to the left. One picture
 * has what is asked, in plain words; the other every headline metric by its name.
 */
#include "answers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define VARIANT		"ext"
#define PANELS_MAX	8
#define WIDEST		32.0	/* what differs by more is drawn there, as an arrow */

struct point {
	size_t panel, line;
	struct effect e;		/* less is better */
	bool shown;			/* by a test */
};

/* A panel is a platform with a series of kernels. */
struct forest {
	const char *name, *title, *caption;
	const struct row *panel[PANELS_MAX];
	size_t npanels;
	const char **line, **heading;	/* of a line one of the two is "" */
	size_t nlines;
	struct point *point;
	size_t npoints;
	int nlo, nhi;			/* boots */
};

static size_t find_panel(struct forest *fo, const struct row *r)
{
	size_t i;

	for (i = 0; i < fo->npanels; i++)
		if (!strcmp(fo->panel[i]->platform, r->platform) &&
		    !strcmp(fo->panel[i]->series, r->series))
			return i;
	if (fo->npanels < PANELS_MAX)
		fo->panel[fo->npanels++] = r;
	return i;
}

/* The line of that name, made at the end if there is none */
static size_t find_line(struct forest *fo, const char *line, const char *heading)
{
	size_t i;

	for (i = 0; i < fo->nlines; i++)
		if (!strcmp(fo->line[i], line) && !strcmp(fo->heading[i], heading))
			return i;
	fo->line = xrealloc(fo->line, fo->nlines + 1, sizeof(*fo->line));
	fo->heading = xrealloc(fo->heading, fo->nlines + 1, sizeof(*fo->heading));
	fo->line[fo->nlines] = line;
	fo->heading[fo->nlines] = heading;
	return fo->nlines++;
}

/* The effect, turned so that less is better; false if there is none */
static bool measure(const struct row *a, const struct row *b, double alpha, struct effect *e)
{
	double lo;

	if (!stats_effect(a->vals, a->st.n, b->vals, b->st.n, true, alpha, e) || isnan(e->mid))
		return false;
	if (!strcmp(metric_better(a->workload, a->metric), "more")) {
		lo = e->lo;
		e->mid = 1 / e->mid;
		e->lo = 1 / e->hi;
		e->hi = 1 / lo;
	}
	return true;
}

/* Of what there is for many orders the worst is drawn; no line for what has no ratio. */
static void add_point(struct forest *fo, const struct row *a, const struct row *b,
		      double alpha, bool shown, const char *heading, const char *line)
{
	struct point p = { .shown = shown };
	size_t i;

	if (!measure(a, b, alpha, &p.e))
		return;
	p.panel = find_panel(fo, a);
	if (p.panel == PANELS_MAX)
		return;
	if (*heading)
		find_line(fo, "", heading);
	p.line = find_line(fo, line, "");
	fo->nlo = a->st.n < fo->nlo ? a->st.n : fo->nlo;
	fo->nhi = a->st.n > fo->nhi ? a->st.n : fo->nhi;
	for (i = 0; i < fo->npoints; i++)
		if (fo->point[i].panel == p.panel && fo->point[i].line == p.line)
			break;
	if (i == fo->npoints)
		fo->point = xrealloc(fo->point, ++fo->npoints, sizeof(*fo->point));
	else if (p.e.mid <= fo->point[i].e.mid)
		return;
	fo->point[i] = p;
}

/* ---- what is asked ---- */

static bool is_drawn(const struct answer *an)
{
	return an->q->line && an->b && !platform_find(an->a->platform)->instructions;
}

/* By a test, or is its goal met or missed? */
static bool is_shown(const struct answer *an)
{
	return (an->c && an->c->p <= ALPHA) || !strcmp(an->verdict, "yes") ||
	       !strcmp(an->verdict, "no");
}

static void collect_answers(struct run *run, struct forest *fo, const struct answer *all,
			    size_t n)
{
	size_t i, s;

	for (s = 0; s < nr_sections; s++)
		for (i = 0; i < n; i++) {
			const struct answer *an = &all[i];

			if (!is_drawn(an) || !section_has(&sections[s], an->q->workload))
				continue;
			add_point(fo, an->a, an->b, answer_alpha(an->q), is_shown(an),
				  sections[s].title,
				  run_str(run, "%s: %s", an->q->workload, an->q->line));
		}
}

/* ---- all that was declared ---- */

static bool is_declared(const struct comparison *c)
{
	return c->headline && !strcmp(c->a->variant, VARIANT) &&
	       !strcmp(c->b->variant, BASELINE) &&
	       !platform_find(c->a->platform)->instructions;
}

/* The metric with its order as a *, as in "alloc_o*_ns_p50" */
static const char *metric_line(struct run *run, const struct row *r)
{
	const char *order = strstr(r->metric, "_o");
	size_t digits = order ? strspn(order + 2, "0123456789") : 0;

	if (!digits || order[2 + digits] != '_')
		return run_str(run, "%s %s", r->workload, r->metric);
	return run_str(run, "%s %.*s*%s", r->workload, (int)(order + 2 - r->metric),
		       r->metric, order + 2 + digits);
}

/* By workload as tables have them, whichever platform was the first to have it */
static void collect_declared(struct run *run, struct forest *fo, const struct summary *sum)
{
	int place, next, last = -2;
	size_t i;

	do {
		next = last;
		for (i = 0; i < sum->ncmp; i++) {
			place = workload_place(sum->cmp[i].a->workload);
			if (is_declared(&sum->cmp[i]) && place > last &&
			    (next == last || place < next))
				next = place;
		}
		for (i = 0; next > last && i < sum->ncmp; i++) {
			const struct comparison *c = &sum->cmp[i];

			if (is_declared(c) && workload_place(c->a->workload) == next)
				add_point(fo, c->a, c->b, ALPHA, c->p <= ALPHA, "",
					  metric_line(run, c->a));
		}
	} while (next > last && (last = next, true));
}

/* ---- both ---- */

static double within(double v)
{
	return fmin(fmax(v, 1 / WIDEST), WIDEST);
}

static int put_data(struct run *run, const struct forest *fo)
{
	FILE *f = plot_open(run, fo->name, "dat");
	size_t p, i, k;

	if (!f)
		return -1;
	fputs("# line, ratio, lower and upper end, shown by a test; less is better; a block a panel\n",
	      f);
	for (p = 0; p < fo->npanels; p++) {
		fprintf(f, "# %s %s\n", fo->panel[p]->platform, fo->panel[p]->series);
		/* gnuplot wants a line in each block */
		fputs("NaN\tNaN\tNaN\tNaN\t0\n", f);
		for (i = 0; i < fo->nlines; i++)
			for (k = 0; k < fo->npoints; k++) {
				const struct point *pt = &fo->point[k];

				if (pt->panel == p && pt->line == i)
					fprintf(f, "%zu\t%.6g\t%.6g\t%.6g\t%d\n", i + 1,
						within(pt->e.mid), within(pt->e.lo),
						within(pt->e.hi), pt->shown);
			}
		fputs("\n\n", f);
	}
	return plot_close(run, f, fo->name, "dat");
}

/* The platform, with the kernel if there are several of it */
static const char *panel_title(struct run *run, const struct forest *fo, size_t panel)
{
	const struct row *r = fo->panel[panel];
	const char *title = platform_find(r->platform)->title;
	size_t i, same = 0;

	for (i = 0; i < fo->npanels; i++)
		same += !strcmp(fo->panel[i]->platform, r->platform);
	return same > 1 ? run_str(run, "%s, %s", title, r->series) : title;
}

static int draw(struct run *run, struct forest *fo, struct plots *out)
{
	const char *panels[PANELS_MAX], *n = boots_text(run, (size_t)fo->nlo, (size_t)fo->nhi);
	int ret = put_data(run, fo);
	FILE *f = gp_open(run, fo->name, 1000, 130 + 20 * (int)fo->nlines);
	size_t i;

	for (i = 0; i < fo->npanels; i++)
		panels[i] = panel_title(run, fo, i);
	if (!f)
		return -1;
	gp_text(f, "title", run_str(run, "%s — %s", fo->title, n));
	gp_int(f, "npanels", (int)fo->npanels);
	gp_texts(f, "ptitle", panels, fo->npanels);
	gp_int(f, "nlines", (int)fo->nlines);
	gp_texts(f, "line", fo->line, fo->nlines);
	gp_texts(f, "heading", fo->heading, fo->nlines);
	gp_num(f, "widest", WIDEST);
	ret |= GP_CLOSE(run, f, fo->name, "forest");
	plot_add(out, fo->name,
		 run_str(run, "%s Left of 1 is better, right of it worse, whichever way it is counted. Filled: shown by a test after Holm's correction, or by its goal, which is met or missed; hollow: not shown. An arrow: beyond ×%g. No mark: not measured there, or 0 with both. %s.",
			 fo->caption, WIDEST, n));
	return ret;
}

/**
 * plot_forest() - page_ext over the page flag: what is asked, and all that was declared
 *
 * Return: 0, or -1 after a message.
 */
int plot_forest(struct run *run, const struct summary *sum, const struct answer *answers,
		size_t nanswers, struct plots *out)
{
	struct forest fo[] = {
		{ .name = "forest", .title = "page_ext over the page flag, what is asked",
		  .caption = "All that is asked of both, page_ext over the page flag with its interval; every metric that was declared before the run is in details.",
		  .nlo = 1 << 30 },
		{ .name = "forest-all", .title = "page_ext over the page flag, every headline metric",
		  .caption = "Every metric that was declared before the run, page_ext over the page flag with its interval; o*: the worst order.",
		  .nlo = 1 << 30 },
	};
	int ret = 0;
	size_t i;

	collect_answers(run, &fo[0], answers, nanswers);
	collect_declared(run, &fo[1], sum);
	for (i = 0; i < sizeof(fo) / sizeof(*fo); i++) {
		if (fo[i].npoints)
			ret |= draw(run, &fo[i], out);
		free(fo[i].line);
		free(fo[i].heading);
		free(fo[i].point);
	}
	return ret;
}
