// SPDX-License-Identifier: GPL-2.0
/*
 * Plots: write plots/<name>.dat and plots/<name>.gp, let gnuplot draw them.
 * The scripts stay, so a plot can be changed and drawn again by hand.
 */
#include "prreport.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRID_S		0.05	/* the sampling interval */
#define MAX_GRID	20000	/* points of a curve */
#define LEAD_S		3.0	/* shown before the mark */
#define MAX_POINTS	1500	/* a boot in the churn plot */

/* Okabe and Ito's palette, which colour-blind readers can tell apart. */
static const struct style styles[] = {
	{ "off", "#000000", 1, 3, 4 },
	{ "flag", "#D55E00", 1, 2, 5 },
	{ "flag-d250", "#E69F00", 4, 2, 7 },
	{ "flag-o0", "#CC79A7", 5, 2, 9 },
	{ "ext-off", "#56B4E9", 2, 3, 6 },
	{ "ext-idle", "#009E73", 3, 3, 8 },
	{ "ext", "#0072B2", 1, 2, 11 },
	{ NULL, "#999999", 1, 2, 1 },
};

const struct style *style_of(const char *variant)
{
	const struct style *s = styles;

	while (s->variant && strcmp(s->variant, variant))
		s++;
	return s;
}

/* A line of a plot: the boots of one variant, or of one of its kernels. */
struct curve {
	const char *variant, *kernel, *label;
	const struct boot **boots;
	struct window *win;
	size_t n;
};

struct curves {
	struct curve *c;
	size_t n;
};

static int cmp_curve(const void *pa, const void *pb)
{
	const struct curve *a = pa, *b = pb;
	int d = variant_rank(a->variant) - variant_rank(b->variant);

	if (!d)
		d = strcmp(a->variant, b->variant);
	return d ? d : strcmp(a->kernel, b->kernel);
}

/* The boots of a platform that finished a workload, by variant. */
static void curves_collect(struct run *run, const char *platform,
			   const char *workload, bool need_mark, struct curves *cs)
{
	size_t i, j;

	cs->c = NULL;
	cs->n = 0;
	for (i = 0; i < run->nboots; i++) {
		const struct boot *b = &run->boots[i];
		struct curve *c;
		struct window w;

		if (b->status != BOOT_OK || strcmp(b->platform, platform) ||
		    !metrics_window(b, workload, &w) || w.failed || isnan(w.end) ||
		    b->nsamples < 2 ||
		    (need_mark && (isnan(w.freed) ||
				   isnan(metrics_resident_at(b, w.freed)))))
			continue;
		for (j = 0; j < cs->n; j++)
			if (!strcmp(cs->c[j].variant, b->variant) &&
			    !strcmp(cs->c[j].kernel, b->kernel))
				break;
		if (j == cs->n) {
			cs->c = xrealloc(cs->c, cs->n + 1, sizeof(*cs->c));
			cs->n++;
			memset(&cs->c[j], 0, sizeof(*cs->c));
			cs->c[j].variant = cs->c[j].label = b->variant;
			cs->c[j].kernel = b->kernel;
		}
		c = &cs->c[j];
		c->boots = xrealloc(c->boots, c->n + 1, sizeof(*c->boots));
		c->win = xrealloc(c->win, c->n + 1, sizeof(*c->win));
		c->boots[c->n] = b;
		c->win[c->n++] = w;
	}
	if (cs->n)
		qsort(cs->c, cs->n, sizeof(*cs->c), cmp_curve);
	for (i = 0; i + 1 < cs->n; i++)
		if (!strcmp(cs->c[i].variant, cs->c[i + 1].variant))
			for (j = i; j < i + 2; j++)
				cs->c[j].label = run_str(run, "%s %s", cs->c[j].variant,
							 cs->c[j].kernel);
}

static void curves_free(struct curves *cs)
{
	size_t i;

	for (i = 0; i < cs->n; i++) {
		free(cs->c[i].boots);
		free(cs->c[i].win);
	}
	free(cs->c);
}

/* "n = 3 boots" or "n = 2 to 3 boots" */
const char *boots_text(struct run *run, size_t lo, size_t hi)
{
	if (lo == hi)
		return run_str(run, "n = %zu boot%s each", lo, lo == 1 ? "" : "s");
	return run_str(run, "n = %zu to %zu boots each", lo, hi);
}

static const char *curves_n(struct run *run, const struct curves *cs)
{
	size_t i, lo = SIZE_MAX, hi = 0;

	for (i = 0; i < cs->n; i++) {
		lo = cs->c[i].n < lo ? cs->c[i].n : lo;
		hi = cs->c[i].n > hi ? cs->c[i].n : hi;
	}
	return boots_text(run, lo, hi);
}

const char *platform_title(const char *platform)
{
	if (!strcmp(platform, "kvm"))
		return "QEMU, KVM";
	if (!strcmp(platform, "tcg"))
		return "QEMU, TCG (emulated)";
	if (!strcmp(platform, "icount"))
		return "QEMU, TCG -icount shift=0 (emulated)";
	return !strcmp(platform, "um") ? "User Mode Linux" : platform;
}

FILE *plot_open(struct run *run, const char *name, const char *ext)
{
	return out_open(run_str(run, "%s/plots/%s.%s", run->dir, name, ext));
}

int plot_close(struct run *run, FILE *f, const char *name, const char *ext)
{
	return out_close(f, run_str(run, "%s/plots/%s.%s", run->dir, name, ext));
}

/* Everything is drawn twice, the loop ends in gp_end(). */
void gp_begin(FILE *f, const char *name, int width, int height)
{
	fprintf(f,
		"# SPDX-License-Identifier: GPL-2.0\n"
		"# Made by prreport. Draw again with: gnuplot %s.gp\n"
		"do for [t in \"svg png\"] {\n"
		"if (t eq \"svg\") {\n"
		"\tset terminal svg size %d,%d font \"DejaVu Sans,14\" background \"white\" noenhanced\n"
		"} else {\n"
		"\tset terminal pngcairo size %d,%d font \"DejaVu Sans,14\" fontscale 2 linewidth 2 pointscale 2 background \"white\" noenhanced\n"
		"}\n"
		"set output \"%s.\".t\n"
		"set grid back lc rgb \"#dddddd\" lt 1 lw 1\n"
		"set border 3 lc rgb \"#444444\"\n"
		"set tics nomirror\n",
		name, width, height, 2 * width, 2 * height, name);
}

void gp_end(FILE *f)
{
	fputs("unset output\n}\n", f);
}

/* A round distance between tics that leaves at most six intervals. */
static double tic_step(double max)
{
	double step = max > 0 ? pow(10, floor(log10(max / 6))) : 1;

	if (max <= 6 * step)
		return step;
	if (max <= 12 * step)
		return 2 * step;
	return max <= 30 * step ? 5 * step : 10 * step;
}

struct plot *plot_add(struct plots *out, const char *name, const char *caption)
{
	out->p = xrealloc(out->p, out->n + 1, sizeof(*out->p));
	out->p[out->n] = (struct plot){ .name = name, .caption = caption };
	return &out->p[out->n++];
}

/* ---- host memory after the mark 'freed': median and range over boots ---- */

static double drain_until(const struct boot *b, const struct window *w)
{
	double last = b->samples[b->nsamples - 1].t;
	double t = isnan(w->settled) ? w->end : w->settled;

	return fmin(t, last) - w->freed;
}

static int plot_drain(struct run *run, struct plots *out, const char *platform,
		      const char *workload)
{
	const char *name = run_str(run, "%s-%s", workload, platform);
	double xmin = 0, xmax = 0, ymax = 0, *v;
	struct curves cs;
	size_t i, b;
	FILE *f;
	int ret = 0;

	curves_collect(run, platform, workload, true, &cs);
	if (!cs.n)
		goto out;
	f = plot_open(run, name, "dat");
	if (!f) {
		ret = -1;
		goto out;
	}
	fputs("# seconds after 'freed', host-resident MiB: median, min, max; a block a variant\n",
	      f);
	for (i = 0; i < cs.n; i++) {
		const struct curve *c = &cs.c[i];
		double until = INFINITY, from = -LEAD_S, grid;
		struct spread st;

		v = xrealloc(NULL, c->n, sizeof(*v));
		for (b = 0; b < c->n; b++) {
			until = fmin(until, drain_until(c->boots[b], &c->win[b]));
			from = fmax(from, fmax(c->win[b].begin,
					       c->boots[b]->samples[0].t) -
				    c->win[b].freed);
		}
		xmax = fmax(xmax, until);
		xmin = fmin(xmin, from);
		fprintf(f, "# %s\n", c->label);
		grid = fmax(GRID_S, (until - from) / MAX_GRID);
		for (long k = ceil(from / grid); k * grid <= until; k++) {
			double t = k * grid;
			int n = 0;

			for (b = 0; b < c->n; b++) {
				v[n] = metrics_resident_at(c->boots[b],
							   c->win[b].freed + t) / 1024;
				n += !isnan(v[n]);
			}
			stats_summary(v, n, &st);
			if (n) {
				double lo = v[0], hi = v[0];

				while (n--) {
					lo = fmin(lo, v[n]);
					hi = fmax(hi, v[n]);
					ymax = fmax(ymax, hi);
				}
				fprintf(f, "%.2f\t%.2f\t%.2f\t%.2f\n", t, st.median, lo, hi);
			}
		}
		fputs("\n\n", f);
		free(v);
	}
	ret |= plot_close(run, f, name, "dat");

	f = plot_open(run, name, "gp");
	if (!f) {
		ret = -1;
		goto out;
	}
	gp_begin(f, name, 900, 500);
	fprintf(f,
		"set title \"%s: host memory once it is freed — %s, %s\"\n"
		"set xlabel \"seconds after the guest's mark 'freed'\"\n"
		"set ylabel \"host-resident guest memory (MiB)\"\n"
		"set xrange [%.2f:%.2f]\nset yrange [0:%g]\nset ytics %g\n"
		"set bmargin at screen 0.21\n"
		"set key at screen 0.5,0.04 center center horizontal maxrows 1 samplen 4\n"
		"set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead dt 2 lc rgb \"#888888\"\n"
		"set style fill transparent solid 0.2 noborder\n"
		"plot \\\n", workload, platform_title(platform), curves_n(run, &cs), xmin, xmax,
		ymax * 1.08, tic_step(ymax));
	for (i = 0; i < cs.n; i++)
		fprintf(f, "\t\"%s.dat\" index %zu using 1:3:4 with filledcurves fc rgb \"%s\" notitle, \\\n",
			name, i, style_of(cs.c[i].variant)->color);
	for (i = 0; i < cs.n; i++) {
		const struct style *s = style_of(cs.c[i].variant);

		fprintf(f, "\t\"%s.dat\" index %zu using 1:2 with lines lc rgb \"%s\" dt %d lw %d title \"%s\"%s\n",
			name, i, s->color, s->dash, s->width, cs.c[i].label,
			i + 1 < cs.n ? ", \\" : "");
	}
	gp_end(f);
	ret |= plot_close(run, f, name, "gp");
	plot_add(out, name,
		 run_str(run, "Host memory over time in %s on %s, %s. Line: median over boots; band: minimum to maximum.",
			 workload, platform_title(platform), curves_n(run, &cs)));
out:
	curves_free(&cs);
	return ret;
}

/* ---- host memory during churn: every boot, a panel a variant ---- */

/* Long runs keep the extremes of each stretch, so no spike disappears. */
static void churn_points(FILE *f, const struct boot *b, const struct window *w)
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

static int plot_churn(struct run *run, const struct summary *sum,
		      struct plots *out, const char *platform)
{
	const char *name = run_str(run, "churn-%s", platform);
	double xmax = 0, ymax = 0, head, foot;
	struct curves cs;
	size_t i, b, k;
	int height, ret = 0;
	FILE *f;

	curves_collect(run, platform, "churn", false, &cs);
	if (!cs.n)
		goto out;
	f = plot_open(run, name, "dat");
	if (!f) {
		ret = -1;
		goto out;
	}
	fputs("# seconds after the begin, host-resident MiB; a block a variant, boots apart by an empty line\n",
	      f);
	for (i = 0; i < cs.n; i++) {
		fprintf(f, "# %s\n", cs.c[i].label);
		for (b = 0; b < cs.c[i].n; b++) {
			const struct boot *boot = cs.c[i].boots[b];
			const struct window *w = &cs.c[i].win[b];

			churn_points(f, boot, w);
			fputc('\n', f);
			xmax = fmax(xmax, w->end - w->begin);
			for (k = 0; k < boot->nsamples; k++)
				if (boot->samples[k].t >= w->begin &&
				    boot->samples[k].t <= w->end)
					ymax = fmax(ymax, boot->samples[k].resident_kib / 1024);
		}
		fputc('\n', f);
	}
	ret |= plot_close(run, f, name, "dat");

	f = plot_open(run, name, "gp");
	if (!f) {
		ret = -1;
		goto out;
	}
	height = 115 * cs.n + 130;
	head = 1 - 50.0 / height;
	foot = 70.0 / height;
	gp_begin(f, name, 900, height);
	fprintf(f,
		"set multiplot layout %zu,1 margins 0.115,0.80,%.4f,%.4f spacing 0,%.4f title \"churn: host memory while it is taken and freed — %s, %s\"\n"
		"set label 99 \"host-resident guest memory (MiB)\" at screen 0.02,0.5 center rotate by 90\n"
		"set xrange [0:%g]\nset yrange [0:%g]\nset ytics %g\nset format x \"\"\nunset key\n",
		cs.n, foot, head, 24.0 / height, platform_title(platform),
		curves_n(run, &cs), xmax, ymax * 1.12,
		tic_step(ymax * 2));
	for (i = 0; i < cs.n; i++) {
		const struct curve *c = &cs.c[i];
		const struct style *s = style_of(c->variant);
		static const char * const names[] = { "cycles", "refault_mib" };
		static const char * const text[] = { "cycles", "MiB refault" };
		char series[64];

		fprintf(f, "set label 1 \"%s\" at graph 1.02,0.80 left tc rgb \"%s\"\n",
			c->label, s->color);
		kernel_series(c->kernel, series, sizeof(series));
		for (k = 0; k < 2; k++) {
			const struct row *r = summary_find(sum, platform, series,
							   c->variant, "churn", names[k]);

			fprintf(f, "unset label %zu\n", k + 2);
			if (r)
				fprintf(f, "set label %zu \"%.4g %s\" at graph 1.02,%.2f left font \",12\"\n",
					k + 2, r->st.median, text[k], 0.55 - 0.25 * k);
		}
		if (i + 1 == cs.n)
			fputs("set format x \"%g\"\nset xlabel \"seconds after the workload's begin\"\n",
			      f);
		fprintf(f, "plot \"%s.dat\" index %zu using 1:2 with lines lc rgb \"%s\" lw 1\n",
			name, i, s->color);
		if (!i)
			fputs("unset label 99\n", f);
	}
	fputs("unset multiplot\nunset label\nunset xlabel\n", f);
	gp_end(f);
	ret |= plot_close(run, f, name, "gp");
	plot_add(out, name,
		 run_str(run, "Host memory over time in churn on %s, %s; one panel a variant, one thin line a boot. At the right the medians of cycles and refault.",
			 platform_title(platform), curves_n(run, &cs)));
out:
	curves_free(&cs);
	return ret;
}

/* ---- cost of the allocator by order ---- */

static size_t alloc_variants(const struct summary *sum, const char *platform,
			     const char *workload, const char *suffix,
			     const struct row **first, int *nlo, int *nhi)
{
	size_t i, j, n = 0;

	*nlo = 1 << 30;
	*nhi = 0;
	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];
		size_t len = strlen(r->metric), slen = strlen(suffix);

		if (strcmp(r->platform, platform) || strcmp(r->workload, workload) ||
		    len < slen || strcmp(r->metric + len - slen, suffix))
			continue;
		*nlo = r->st.n < *nlo ? r->st.n : *nlo;
		*nhi = r->st.n > *nhi ? r->st.n : *nhi;
		for (j = 0; j < n; j++)
			if (!strcmp(first[j]->variant, r->variant))
				break;
		if (j < n || n == 16)
			continue;
		for (j = n++; j > 0 && variant_rank(first[j - 1]->variant) >
		     variant_rank(r->variant); j--)
			first[j] = first[j - 1];
		first[j] = r;
	}
	return n;
}

static int plot_alloc(struct run *run, const struct summary *sum,
		      struct plots *out, const char *platform, const char *mode)
{
	static const char * const ops[] = { "alloc", "free" };
	bool icount = !strcmp(platform, "icount"), has_off;
	const char *suffix = icount ? "_instr" : "_ns_p50";
	const char *unit = icount ? "instructions" : "ns (p50)";
	const char *workload = run_str(run, "alloc-%s", mode);
	const char *name = run_str(run, "alloc-%s-%s", platform, mode);
	const struct row *var[16];
	double max[2] = { 0 }, up[2] = { 0 }, down[2] = { 0 };
	size_t n, i, op, ndiff;
	int order, row, nlo, nhi, ret = 0;
	const char *nb;
	FILE *f;

	n = alloc_variants(sum, platform, workload, suffix, var, &nlo, &nhi);
	if (!n)
		return 0;
	nb = boots_text(run, nlo, nhi);
	has_off = !strcmp(var[0]->variant, "off");
	f = plot_open(run, name, "dat");
	if (!f)
		return -1;
	fprintf(f, "# order, %s: median, lo, hi, difference of medians to off; a block an operation and variant\n",
		unit);
	for (op = 0; op < 2; op++) {
		for (i = 0; i < n; i++) {
			fprintf(f, "# %s %s\n", ops[op], var[i]->variant);
			for (order = 0; order < ORDERS; order++) {
				const char *m = run_str(run, "%s_o%d%s", ops[op], order, suffix);
				const struct row *r = summary_find(sum, platform, var[i]->series,
								   var[i]->variant, workload, m);
				const struct row *o = summary_find(sum, platform, var[i]->series,
								   "off", workload, m);

				if (r && o) {
					double diff = r->st.median - o->st.median;

					up[op] = fmax(up[op], diff);
					down[op] = fmin(down[op], diff);
				}
				if (r)
					max[op] = fmax(max[op], r->st.hi);
				if (r)
					fprintf(f, "%d\t%.9g\t%.9g\t%.9g\t%.9g\n", order,
						r->st.median, r->st.lo, r->st.hi,
						o ? r->st.median - o->st.median : NAN);
				else
					fprintf(f, "%d\tNaN\tNaN\tNaN\tNaN\n", order);
			}
			fputs("\n\n", f);
		}
	}
	ret |= plot_close(run, f, name, "dat");

	f = plot_open(run, name, "gp");
	if (!f)
		return -1;
	ndiff = has_off && n > 1 ? n - 1 : 0;
	gp_begin(f, name, 1000, ndiff ? 720 : 420);
	fprintf(f,
		"set multiplot layout %d,2 columnsfirst margins 0.1,0.985,%s,%s spacing 0.125,%s title \"alloc-%s: cost of one operation by order — %s, %s\"\n"
		"set xrange [-0.6:%g]\nset xtics 0,1,%d\nunset key\n",
		ndiff ? 2 : 1, ndiff ? "0.15" : "0.27", ndiff ? "0.885" : "0.82",
		ndiff ? "0.11" : "0", mode, platform_title(platform), nb, ORDERS - 0.4,
		ORDERS - 1);
	/* One legend for all panels; a key would keep to the width of one. */
	for (i = 0; i < n; i++)
		fprintf(f, "set label %zu \"%s\" at screen %.3f,0.04 left offset 1.2,0 point pt %d ps 1 lc rgb \"%s\"\n",
			i + 1, var[i]->variant,
			0.5 + (i - n / 2.0) * (n > 6 ? 0.13 : 0.15),
			style_of(var[i]->variant)->point,
			style_of(var[i]->variant)->color);
	for (op = 0; op < 2; op++) {
		for (row = 0; row < (ndiff ? 2 : 1); row++) {
			bool last = row == (ndiff ? 1 : 0);

			fprintf(f, "set title \"%s%s\"\n", ops[op],
				row ? ": difference to off" : "");
			fprintf(f, "set ylabel \"%s%s\"\n", row ? "± " : "", unit);
			fputs(last ? "set xlabel \"order (log2 pages)\"\n" : "unset xlabel\n", f);
			if (!row)
				fprintf(f, "set yrange [0:%g]\nset ytics %g\nunset xzeroaxis\n",
					max[op] * 1.08, tic_step(max[op] * 1.08));
			else if (up[op] > 0 || down[op] < 0)
				fprintf(f, "set yrange [%g:%g]\nset ytics %g\nset xzeroaxis lt 1 lw 2 lc rgb \"#000000\"\n",
					down[op] * 1.12, up[op] * 1.12,
					tic_step((up[op] - down[op]) * 1.12));
			else
				fputs("set yrange [-1:1]\nset ytics 1\nset xzeroaxis lt 1 lw 2 lc rgb \"#000000\"\n", f);
			fputs("plot ", f);
			for (i = row ? 1 : 0; i < n; i++) {
				const struct style *s = style_of(var[i]->variant);
				double dodge;

				if (i > (size_t)row)
					fputs(", \\\n\t", f);
				if (row) {
					dodge = (i - 1 - (ndiff - 1) / 2.0) * 0.8 / ndiff;
					fprintf(f, "\"%s.dat\" index %zu using ($1+%.4f):5:(%.4f) with boxes fs solid noborder lc rgb \"%s\"",
						name, op * n + i, dodge, 0.8 / ndiff, s->color);
				} else {
					fprintf(f, "\"%s.dat\" index %zu using 1:2 with linespoints lc rgb \"%s\" dt %d lw 1.5 pt %d ps 0.8",
						name, op * n + i, s->color, s->dash, s->point);
					if (!icount)
						fprintf(f, ", \\\n\t\"%s.dat\" index %zu using 1:3:(0):($4-$3) with vectors nohead lc rgb \"%s\" lw 1.5",
							name, op * n + i, s->color);
				}
			}
			fputc('\n', f);
			if (!op && !row)
				fputs("unset label\n", f);
		}
	}
	fputs("unset multiplot\nunset label\n", f);
	gp_end(f);
	ret |= plot_close(run, f, name, "gp");
	plot_add(out, name,
		 run_str(run, "Cost of one allocation and one free by order, alloc-%s on %s, %s%s. Lower row: difference to off.",
			 mode, platform_title(platform), nb,
			 icount ? "; counts of guest instructions" : "; bars: interval of the median"));
	return ret;
}

/* ---- drain and churn side by side ---- */

static int plot_tradeoff(struct run *run, const struct summary *sum,
			 struct plots *out, const char *platform)
{
	static const struct {
		const char *workload, *metric, *title, *label;
	} panel[] = {
		{ "drain", "t95_s", "drain: t95", "seconds, less is better" },
		{ "churn", "refault_mib", "churn: refault", "MiB, less is better" },
		{ "churn", "cycles", "churn: cycles", "cycles, more is better" },
	};
	const char *name = run_str(run, "drain-churn-%s", platform);
	const struct row *var[16], *r;
	size_t nvar = 0, i, j, p, panels = 0, lo = SIZE_MAX, hi = 0;
	bool has[3] = { false };
	const char *nb;
	FILE *f;
	int k, ret = 0;

	for (i = 0; i < sum->n; i++) {
		r = &sum->rows[i];
		for (p = 0; p < 3; p++)
			if (!strcmp(r->workload, panel[p].workload) &&
			    !strcmp(r->metric, panel[p].metric))
				break;
		if (p == 3 || strcmp(r->platform, platform))
			continue;
		panels += !has[p];
		has[p] = true;
		lo = (size_t)r->st.n < lo ? (size_t)r->st.n : lo;
		hi = (size_t)r->st.n > hi ? (size_t)r->st.n : hi;
		for (j = 0; j < nvar; j++)
			if (!strcmp(var[j]->variant, r->variant) &&
			    !strcmp(var[j]->series, r->series))
				break;
		if (j < nvar || nvar == 16)
			continue;
		for (j = nvar++; j > 0 && variant_rank(var[j - 1]->variant) >
		     variant_rank(r->variant); j--)
			var[j] = var[j - 1];
		var[j] = r;
	}
	if (!has[0] || panels < 2)
		return 0;
	nb = boots_text(run, lo, hi);
	f = plot_open(run, name, "dat");
	if (!f)
		return -1;
	fputs("# value, row; for each panel a block of boots and a block of medians\n", f);
	for (p = 0; p < 3; p++) {
		for (k = 0; k < 2 && has[p]; k++) {
			fprintf(f, "# %s %s, %s\n", panel[p].workload, panel[p].metric,
				k ? "medians" : "boots");
			for (i = 0; i < nvar; i++) {
				r = summary_find(sum, platform, var[i]->series, var[i]->variant,
						 panel[p].workload, panel[p].metric);
				for (j = 0; r && j < (size_t)(k ? 1 : r->st.n); j++) {
					double v = k ? r->st.median : r->vals[j];

					if (!isinf(v))
						fprintf(f, "%.9g\t%zu\t%ld\n", v, nvar - i,
							strtol(style_of(var[i]->variant)->color + 1, NULL, 16));
				}
			}
			/* A block must not be empty, or the next takes its number. */
			fputs("NaN\t0\t0\n\n\n", f);
		}
	}
	ret |= plot_close(run, f, name, "dat");

	f = plot_open(run, name, "gp");
	if (!f)
		return -1;
	gp_begin(f, name, 1000, 46 * nvar + 180);
	fprintf(f,
		"set multiplot layout 1,%zu margins 0.115,0.975,%.4f,%.4f spacing 0.04,0 title \"drain and churn side by side — %s, %s; cross: median, dot: a boot\"\n"
		"unset key\nset yrange [0.5:%zu.5]\n", panels, 70.0 / (46 * nvar + 180),
		1 - 88.0 / (46 * nvar + 180), platform_title(platform), nb, nvar);
	for (p = 0, k = 0; p < 3; p++) {
		double max = 0;

		if (!has[p])
			continue;
		if (!k) {
			fputs("set ytics (", f);
			for (i = 0; i < nvar; i++)
				fprintf(f, "%s\"%s\" %zu", i ? ", " : "", var[i]->variant, nvar - i);
			fputs(")\n", f);
		} else {
			fputs("set format y \"\"\nset ytics 1,1\n", f);
		}
		fputs("unset label\n", f);
		for (i = 0; i < nvar; i++) {
			r = summary_find(sum, platform, var[i]->series, var[i]->variant,
					 panel[p].workload, panel[p].metric);
			for (j = 0; r && j < (size_t)r->st.n; j++)
				if (!isinf(r->vals[j]))
					max = fmax(max, r->vals[j]);
			if (r && isinf(r->st.median))
				fprintf(f, "set label %zu \"not within %.0f s\" at graph 0.98, first %zu right font \",12\"\n",
					i + 1, r->limit, nvar - i);
			else if (!r)
				fprintf(f, "set label %zu \"no data\" at graph 0.98, first %zu right font \",12\"\n",
					i + 1, nvar - i);
		}
		/* Labels of four digits are wide: half as many of them */
		fprintf(f, "set title \"%s\"\nset xlabel \"%s\"\nset xrange [%g:%g]\nset xtics %g\n",
			panel[p].title, panel[p].label, max > 0 ? -0.04 * max : -0.04,
			max > 0 ? max * 1.15 : 1,
			tic_step(max * 1.15) * (max >= 1000 ? 2 : 1));
		fprintf(f,
			"plot \"%s.dat\" index %d using 1:2:3 with points pt 7 ps 0.9 lc rgb variable, \\\n"
			"\t\"\" index %d using 1:2:3 with points pt 2 ps 2 lw 2 lc rgb variable\n",
			name, 2 * k, 2 * k + 1);
		k++;
	}
	fputs("unset multiplot\nset format y \"%g\"\nunset label\n", f);
	gp_end(f);
	ret |= plot_close(run, f, name, "gp");
	plot_add(out, name,
		 run_str(run, "Drain and churn side by side on %s, %s: how soon freed memory is back with the host, and what that costs memory that is taken again. Cross: median; dot: a boot.",
			 platform_title(platform), nb));
	return ret;
}

/* ---- drawing ---- */

/* Return: gnuplot's exit status, 127 if there is none, -1 for our own errors. */
static int gnuplot(struct run *run, const char *name)
{
	const char *dir = run_str(run, "%s/plots", run->dir);
	const char *script = run_str(run, "%s.gp", name);
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		fprintf(stderr, "prreport: gnuplot cannot be started: %s\n",
			strerror(errno));
		return -1;
	}
	if (!pid) {
		if (chdir(dir))
			_exit(126);
		execlp("gnuplot", "gnuplot", script, (char *)NULL);
		_exit(errno == ENOENT ? 127 : 126);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* gnuplot says nothing of a full disk, but then a picture lacks its end. */
static bool complete(const char *path, const char *end)
{
	char tail[16] = "";
	FILE *f = fopen(path, "r");
	bool ok = f && !fseek(f, -(long)sizeof(tail), SEEK_END) &&
		  fread(tail, 1, sizeof(tail), f) == sizeof(tail) &&
		  memmem(tail, sizeof(tail), end, strlen(end));

	if (f)
		fclose(f);
	return ok;
}

static int draw(struct run *run, struct plots *plots)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < plots->n; i++) {
		const char *name = plots->p[i].name;
		const char *svg = run_str(run, "%s/plots/%s.svg", run->dir, name);
		const char *png = run_str(run, "%s/plots/%s.png", run->dir, name);
		int status;

		/* An old picture must not pass for one of these data. */
		unlink(svg);
		unlink(png);
		if (plots->why_not)
			continue;
		status = gnuplot(run, name);
		if (status == 127) {
			plots->why_not = "gnuplot is not installed";
			fprintf(stderr,
				"prreport: gnuplot is not installed: no plots; install gnuplot-nox and run 'make report'\n");
			ret = -1;
		} else if (!status && !access(svg, F_OK) &&
			   (!complete(svg, "</svg>") || !complete(png, "IEND"))) {
			plots->why_not = "there was no room to draw them";
			out_failed(svg, 0);
			unlink(svg);
			unlink(png);
			ret = -1;
		} else if (status || access(svg, R_OK) || access(png, R_OK)) {
			plots->why_not = run_str(run, "gnuplot failed on plots/%s.gp", name);
			fprintf(stderr,
				"prreport: gnuplot failed on %s/plots/%s.gp (status %d): run it there by hand to see why\n",
				run->dir, name, status);
			ret = -1;
		} else {
			plots->p[i].drawn = true;
		}
	}
	return ret;
}

static int plot_platform(struct run *run, const struct summary *sum,
			 struct plots *out, const char *platform)
{
	int ret = 0;

	if (strcmp(platform, "icount")) {
		ret |= plot_tradeoff(run, sum, out, platform);
		ret |= plot_drain(run, out, platform, "drain");
		ret |= plot_drain(run, out, platform, "fragment");
		ret |= plot_churn(run, sum, out, platform);
	}
	ret |= plot_alloc(run, sum, out, platform, "repeat");
	ret |= plot_alloc(run, sum, out, platform, "bulk");
	ret |= plots_alloc(run, sum, out, platform);
	return ret;
}

/**
 * plots_make() - write and draw every plot that the run has data for
 *
 * Return: 0, or -1 after a message if one is missing; the others are there.
 */
int plots_make(struct run *run, const struct summary *sum, struct plots *out)
{
	const char *dir = run_str(run, "%s/plots", run->dir);
	size_t i, j;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	if (mkdir(dir, 0777) && errno != EEXIST) {
		out_failed(dir, errno);
		out->why_not = "the directory plots/ could not be made";
		return -1;
	}
	for (int rank = 0; rank < 5; rank++) {
		for (i = 0; i < run->nboots; i++) {
			const char *platform = run->boots[i].platform;

			for (j = 0; j < i; j++)
				if (!strcmp(run->boots[j].platform, platform))
					break;
			if (j == i && platform_rank(platform) == rank)
				ret |= plot_platform(run, sum, out, platform);
		}
	}
	return draw(run, out) || ret ? -1 : 0;
}

void plots_free(struct plots *plots)
{
	free(plots->p);
	memset(plots, 0, sizeof(*plots));
}
