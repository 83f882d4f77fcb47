// SPDX-License-Identifier: GPL-2.0
/*
 * How the allocator's latencies are distributed, from the histograms that the
 * modules of bench/alloc leave in a boot's directory.
 *
 * Boots of a variant are added up bucket by bucket for the picture only; for
 * the statistics the boot stays the sample.
 */
#include "prreport.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../alloc/hist.h"

#define MAX_PANELS	4	/* rows; alloc and free are the columns */
#define LINE_FIELDS	5	/* before the buckets: mode op order count max */

static const char * const ops[] = { "alloc", "free" };

/* Latencies of one operation, all boots of a variant together. */
struct dist {
	double n, max;
	double bucket[HIST_BUCKETS];
};

/* What a row of a picture shows. */
struct panel {
	const char *mode;
	int order;
	const char *title;
};

struct line {
	const char *variant, *kernel, *label;
	size_t boots;
	struct dist *dist;	/* for each panel its operations */
};

struct lines {
	struct line *l;
	size_t n;
	const char *file;
	const struct boot **boots;	/* that have it */
	size_t nboots;
};

static struct dist *dist_of(const struct line *l, size_t panel, int op)
{
	return &l->dist[2 * panel + op];
}

/*
 * One line of a file: add it to whatever it belongs to. Returns false if it
 * cannot be understood.
 */
static bool add_line(char *text, const struct panel *panels, size_t npanels,
		     struct dist *to)
{
	char *field[LINE_FIELDS], *save, *p, *end;
	double max;
	long order;
	size_t i;
	int op;

	for (i = 0; i < LINE_FIELDS; i++) {
		field[i] = strtok_r(i ? NULL : text, "\t", &save);
		if (!field[i])
			return false;
	}
	op = !strcmp(field[1], ops[1]);
	order = strtol(field[2], &end, 10);
	if (*end || strcmp(field[1], ops[op]))
		return false;
	max = strtod(field[4], &end);
	if (*end || !isfinite(max) || max < 0)
		return false;
	for (i = 0; i < npanels; i++)
		if (panels[i].order == order && !strcmp(panels[i].mode, field[0]))
			break;
	if (i == npanels)
		return true;
	to += 2 * i + op;
	to->max = fmax(to->max, max);
	for (p = strtok_r(NULL, " \n", &save); p; p = strtok_r(NULL, " \n", &save)) {
		unsigned long long low = strtoull(p, &end, 10);
		double count = *end == ':' ? strtod(end + 1, &end) : NAN;

		if (*end || !(count > 0) || count > 1e12)
			return false;
		to->bucket[hist_index(low)] += count;
		to->n += count;
	}
	return true;
}

/* A boot's file; a damaged one becomes a note and adds nothing. */
static bool read_boot(struct run *run, const struct boot *boot, const char *file,
		      const struct panel *panels, size_t npanels, struct dist *to)
{
	const char *path = run_str(run, "%s/boots/%s/%s", run->raw, boot->name, file);
	size_t size = 0, lineno = 0, i, k;
	FILE *f = fopen(path, "re");
	struct dist *mine;
	char *line = NULL;
	bool good = true;

	if (!f)
		return false;
	mine = xrealloc(NULL, 2 * npanels, sizeof(*mine));
	memset(mine, 0, 2 * npanels * sizeof(*mine));
	while (good && read_line(&line, &size, f) > 0) {
		lineno++;
		if (*line != '#' && strncmp(line, "mode\t", 5))
			good = strchr(line, '\n') &&
			       add_line(line, panels, npanels, mine);
	}
	if (!good)
		run_note(run, boot->name, NULL,
			 "%s: line %zu is damaged, the boot is not in the picture of latencies",
			 file, lineno);
	for (i = 0; good && i < 2 * npanels; i++) {
		to[i].n += mine[i].n;
		to[i].max = fmax(to[i].max, mine[i].max);
		for (k = 0; k < HIST_BUCKETS; k++)
			to[i].bucket[k] += mine[i].bucket[k];
	}
	free(mine);
	free(line);
	fclose(f);
	return good;
}

static int cmp_line(const void *pa, const void *pb)
{
	const struct line *a = pa, *b = pb;
	int d = variant_rank(a->variant) - variant_rank(b->variant);

	if (!d)
		d = strcmp(a->variant, b->variant);
	return d ? d : strcmp(a->kernel, b->kernel);
}

/* Boots of a platform that have the file, of the variants that are compared. */
static void lines_collect(struct run *run, const char *platform, const char *file,
			  const struct panel *panels, size_t npanels,
			  struct lines *ls)
{
	const size_t size = 2 * npanels * sizeof(struct dist);
	struct dist *one = xrealloc(NULL, 1, size);
	size_t i, j, k;

	*ls = (struct lines){ .file = file };
	for (i = 0; i < run->nboots; i++) {
		const struct boot *b = &run->boots[i];
		struct line *l;

		memset(one, 0, size);
		/* More than a few lines cannot be told apart here. */
		if (b->status != BOOT_OK || strcmp(b->platform, platform) ||
		    !variant_is_compared(b->variant) ||
		    !read_boot(run, b, file, panels, npanels, one))
			continue;
		for (j = 0; j < ls->n; j++)
			if (!strcmp(ls->l[j].variant, b->variant) &&
			    !strcmp(ls->l[j].kernel, b->kernel))
				break;
		if (j == ls->n) {
			ls->l = xrealloc(ls->l, ++ls->n, sizeof(*ls->l));
			ls->l[j] = (struct line){
				.variant = b->variant, .kernel = b->kernel,
				.label = b->variant,
				.dist = xrealloc(NULL, 1, size),
			};
			memset(ls->l[j].dist, 0, size);
		}
		l = &ls->l[j];
		l->boots++;
		ls->boots = xrealloc(ls->boots, ls->nboots + 1, sizeof(*ls->boots));
		ls->boots[ls->nboots++] = b;
		for (j = 0; j < 2 * npanels; j++) {
			l->dist[j].n += one[j].n;
			l->dist[j].max = fmax(l->dist[j].max, one[j].max);
			for (k = 0; k < HIST_BUCKETS; k++)
				l->dist[j].bucket[k] += one[j].bucket[k];
		}
	}
	free(one);
	if (ls->n)
		qsort(ls->l, ls->n, sizeof(*ls->l), cmp_line);
	for (i = 0; i + 1 < ls->n; i++)
		if (!strcmp(ls->l[i].variant, ls->l[i + 1].variant))
			for (j = i; j < i + 2; j++)
				ls->l[j].label = run_str(run, "%s %s", ls->l[j].variant,
							 ls->l[j].kernel);
}

static void lines_free(struct lines *ls)
{
	size_t i;

	for (i = 0; i < ls->n; i++)
		free(ls->l[i].dist);
	free(ls->l);
	free(ls->boots);
}

/* How far to the right: one in ten is slower, one in a hundred, and so on. */
static double tail(double n, double at)
{
	return 0 - log10(fmax(n - at, 1) / n);
}

static double dist_middle(size_t i)
{
	return (hist_low(i) + (hist_low(i + 1) - 1)) / 2.0;
}

/* What the first stair of put_dist() lies at. */
static double dist_least(const struct dist *d)
{
	size_t i = 0;

	while (i < HIST_BUCKETS - 1 && !(d->bucket[i] > 0))
		i++;
	return fmax(fmin(dist_middle(i), d->max), 1);
}

/* Stairs: from each bucket's first operation to its last. */
static void put_dist(FILE *f, const struct dist *d)
{
	double seen = 0;
	size_t i;

	for (i = 0; i < HIST_BUCKETS; i++) {
		double mid;

		if (!(d->bucket[i] > 0))
			continue;
		/* Below what a clock read costs is 0, which has no logarithm. */
		mid = fmax(fmin(dist_middle(i), d->max), 1);
		fprintf(f, "%.6g\t%.6g\n", tail(d->n, seen), mid);
		seen += d->bucket[i];
		fprintf(f, "%.6g\t%.6g\n", tail(d->n, seen), mid);
	}
	/* To the left of all that is shown: gnuplot wants something. */
	if (d->n > 0)
		fprintf(f, "%.6g\t%.6g\n", tail(d->n, seen), fmax(d->max, 1));
	else
		fputs("-1\t1\n", f);
	fputs("\n\n", f);
}

static const char *lines_n(struct run *run, const struct lines *ls)
{
	size_t i, lo = SIZE_MAX, hi = 0;

	for (i = 0; i < ls->n; i++) {
		lo = ls->l[i].boots < lo ? ls->l[i].boots : lo;
		hi = ls->l[i].boots > hi ? ls->l[i].boots : hi;
	}
	return boots_text(run, lo, hi);
}

/* Does any line have operations of this panel? */
static bool panel_has_data(const struct lines *ls, size_t p)
{
	size_t i;

	for (i = 0; i < 2 * ls->n; i++)
		if (dist_of(&ls->l[i / 2], p, i % 2)->n > 0)
			return true;
	return false;
}

/* Blocks of data; the panels' titles and scales, one for both columns. */
static size_t put_panels(FILE *f, const struct lines *ls, const struct panel *panels,
			 size_t npanels, const char **titles, double *ylo, double *yhi,
			 double *xmax)
{
	size_t i, p, n = 0;
	int op;

	for (p = 0; p < npanels; p++) {
		double lo = INFINITY, hi = 1;

		if (!panel_has_data(ls, p))
			continue;
		for (op = 0; op < 2; op++) {
			for (i = 0; i < ls->n; i++) {
				const struct dist *d = dist_of(&ls->l[i], p, op);

				fprintf(f, "# %s, %s: %s\n", panels[p].title, ops[op],
					ls->l[i].label);
				put_dist(f, d);
				*xmax = fmax(*xmax, tail(fmax(d->n, 1), d->n));
				lo = d->n > 0 ? fmin(lo, dist_least(d)) : lo;
				hi = fmax(hi, d->max);
			}
		}
		titles[n] = panels[p].title;
		ylo[n] = floor(log10(lo));
		yhi[n++] = floor(log10(hi));
	}
	return n;
}

/* Percentiles of all panels that anybody has data for. */
static int plot_percentiles(struct run *run, struct plots *out,
			    const char *platform, const char *name,
			    const char *what, const struct lines *ls,
			    const struct panel *panels, size_t npanels)
{
	const struct platform_info *on = platform_find(platform);
	const char *n = lines_n(run, ls), *titles[MAX_PANELS];
	const char **names = xrealloc(NULL, ls->n, sizeof(*names));
	const char **labels = xrealloc(NULL, ls->n, sizeof(*labels));
	double ylo[MAX_PANELS], yhi[MAX_PANELS], xmax = 1;
	int foot = 84 + 26 * (1 + (ls->n > 6) + (ls->n > 8)), ret = 0;
	struct plot *plot;
	size_t i, rows;
	FILE *f;

	f = plot_open(run, name, "dat");
	if (!f)
		return -1;
	fputs("# -log10(share that is slower), ns; a block an operation and variant\n", f);
	rows = put_panels(f, ls, panels, npanels, titles, ylo, yhi, &xmax);
	ret |= plot_close(run, f, name, "dat");

	f = gp_open(run, name, 1000, 250 * (int)rows + 50 + foot);
	if (!f)
		return -1;
	for (i = 0; i < ls->n; i++) {
		names[i] = ls->l[i].variant;
		labels[i] = ls->l[i].label;
	}
	gp_text(f, "title", run_str(run, "%s: latency — %s, %s", what, on->title, n));
	gp_text(f, "ytitle", on->emulated ? "time (emulated)" : "time");
	gp_num(f, "foot", foot);
	gp_num(f, "xmax", xmax);
	gp_int(f, "npanels", (int)rows);
	gp_texts(f, "ptitle", titles, rows);
	gp_nums(f, "ylo", ylo, rows);
	gp_nums(f, "yhi", yhi, rows);
	gp_variants(f, names, labels, ls->n);
	ret |= GP_CLOSE(run, f, name, "legend", "percentiles");
	free(names);
	free(labels);
	plot = plot_add(out, name,
		 run_str(run, "Latency of one allocation and one free: %s on %s, %s, whose histograms are added up. To the right ever fewer operations: at 99.9 one in a thousand is slower than the line.",
			 what, on->title, n));
	for (i = 0; i < ls->nboots; i++)
		plot_raw(plot, ls->boots[i], ls->file);
	return ret;
}

/* The largest number of CPUs that any boot measured with, from its metrics. */
static int most_cpus(const struct summary *sum, const char *platform)
{
	int cpus = 1, n;
	size_t i;

	for (i = 0; i < sum->n; i++)
		if (!strcmp(sum->rows[i].platform, platform) &&
		    sscanf(sum->rows[i].workload, "alloc-bulk-%4dcpus", &n) == 1 &&
		    n > cpus)
			cpus = n;
	return cpus;
}

static int plot_bench(struct run *run, const struct summary *sum,
		      struct plots *out, const char *platform)
{
	int cpus = most_cpus(sum, platform), ret = 0;
	const struct panel panels[MAX_PANELS] = {
		{ "bulk", 0, "bulk, order 0" },
		{ "random", 4, "random, order 4" },
		{ "bulk", 9, "bulk, order 9" },
		{ run_str(run, "bulk-%dcpus", cpus), 9,
		  run_str(run, "bulk, order 9, %d CPUs", cpus) },
	};
	struct lines ls;

	lines_collect(run, platform, "alloc-hist.tsv", panels,
		      cpus > 1 ? MAX_PANELS : MAX_PANELS - 1, &ls);
	if (ls.n)
		ret = plot_percentiles(run, out, platform,
				       run_str(run, "latency-%s", platform), "alloc",
				       &ls, panels,
				       cpus > 1 ? MAX_PANELS : MAX_PANELS - 1);
	lines_free(&ls);
	return ret;
}

/* The orders of a workload's probe; one a picture. */
static int plot_probe(struct run *run, const struct summary *sum,
		      struct plots *out, const char *platform, const char *workload)
{
	const char *file = run_str(run, "probe-%s.tsv", workload);
	int order, ret = 0;

	for (order = 0; order < ORDERS; order++) {
		const char *metric = run_str(run, "probe_o%d_ns_p50", order);
		const struct panel panel = {
			"probe", order, run_str(run, "order %d", order),
		};
		struct lines ls;
		size_t i;

		for (i = 0; i < sum->n; i++)
			if (!strcmp(sum->rows[i].platform, platform) &&
			    !strcmp(sum->rows[i].workload, workload) &&
			    !strcmp(sum->rows[i].metric, metric))
				break;
		if (i == sum->n)
			continue;
		lines_collect(run, platform, file, &panel, 1, &ls);
		if (ls.n)
			ret |= plot_percentiles(run, out, platform,
						run_str(run, "latency-%s-o%d-%s", workload,
							order, platform),
						run_str(run, "beside %s", workload),
						&ls, &panel, 1);
		lines_free(&ls);
	}
	return ret;
}

/* Each workload that has results of a probe. */
static int plot_probes(struct run *run, const struct summary *sum,
		       struct plots *out, const char *platform)
{
	size_t i, j;
	int ret = 0;

	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];

		if (strcmp(r->platform, platform) || strncmp(r->metric, "probe_o", 7))
			continue;
		for (j = 0; j < i; j++)
			if (!strcmp(sum->rows[j].platform, platform) &&
			    !strcmp(sum->rows[j].workload, r->workload) &&
			    !strncmp(sum->rows[j].metric, "probe_o", 7))
				break;
		if (j == i)
			ret |= plot_probe(run, sum, out, platform, r->workload);
	}
	return ret;
}

/**
 * plot_latency() - distributions of the allocator's latency on one platform
 *
 * Return: 0, or -1 after a message.
 */
int plot_latency(struct run *run, const struct summary *sum, struct plots *out,
		 const char *platform)
{
	return plot_bench(run, sum, out, platform) |
	       plot_probes(run, sum, out, platform);
}
