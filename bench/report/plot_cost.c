// SPDX-License-Identifier: GPL-2.0
/*
 * What an operation of the allocator costs by order, from the summary: as it
 * is, and where instructions are counted also over flag's.
 */
#include "prreport.h"

#include <math.h>
#include <string.h>

static const char * const ops[] = { "alloc", "free" };
static const char * const patterns[] = { "repeat", "bulk", "random" };

/* Times the others, on whose scale nothing of them is seen; what is timed varies. */
#define BEYOND		1.1
#define NOISY		2.0

#define VARIANTS_MAX	16

#define NR_PATTERNS	(sizeof(patterns) / sizeof(*patterns))

/* A row of each variant, in their order from the first that has one. */
static size_t add_variant(const struct row **var, size_t n, size_t first,
			  const struct row *r)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(var[i]->variant, r->variant))
			return n;
	if (n == VARIANTS_MAX)
		return n;
	for (i = n; i > first && variant_rank(var[i - 1]->variant) >
	     variant_rank(r->variant); i--)
		var[i] = var[i - 1];
	var[i] = r;
	return n + 1;
}

/* ---- as it is ---- */

static size_t alloc_variants(const struct summary *sum, const char *platform,
			     const char *workload, const char *suffix,
			     const struct row **first, int *nlo, int *nhi)
{
	size_t i, n = 0;

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
		n = add_variant(first, n, 0, r);
	}
	return n;
}

/*
 * The range of differences to off, without the variants that are beyond; returns
 * how many variants that leaves, 0 if there is no off.
 */
static size_t spread_of_differences(struct run *run, const struct summary *sum,
				    const char *platform, const char *workload,
				    const char *suffix, const struct row **var,
				    const bool *beyond, size_t n, double *up, double *down)
{
	size_t i, op, nr = 0;
	int order;

	if (strcmp(var[0]->variant, "off"))
		return 0;
	for (i = 1; i < n; i++) {
		nr += !beyond[i];
		for (op = 0; op < 2 && !beyond[i]; op++) {
			for (order = 0; order < ORDERS; order++) {
				const char *m = run_str(run, "%s_o%d%s", ops[op], order, suffix);
				const struct row *r = summary_find(sum, platform, var[i]->series,
								   var[i]->variant, workload, m);
				const struct row *o = summary_find(sum, platform, var[i]->series,
								   "off", workload, m);
				double diff = r && o ? r->st.median - o->st.median : 0;

				up[op] = fmax(up[op], diff);
				down[op] = fmin(down[op], diff);
			}
		}
	}
	return nr;
}

static int plot_by_order(struct run *run, const struct summary *sum,
			 struct plots *out, const char *platform, const char *mode)
{
	bool icount = !strcmp(platform, "icount");
	const char *suffix = icount ? "_instr" : "_ns_p50";
	const char *unit = icount ? "instructions" : "ns (p50)";
	const char *workload = run_str(run, "alloc-%s", mode);
	const char *name = run_str(run, "alloc-%s-%s", platform, mode);
	const struct row *var[VARIANTS_MAX];
	bool beyond[VARIANTS_MAX] = { false }, any = false;
	double min[2] = { HUGE_VAL, HUGE_VAL }, max[2] = { 0 };
	double up[2] = { 0 }, down[2] = { 0 };
	double foot, height;
	size_t n, i, op, ndiff, line, shown;
	int order, row, nlo, nhi, ret = 0;
	const char *nb;
	FILE *f;

	n = alloc_variants(sum, platform, workload, suffix, var, &nlo, &nhi);
	if (!n)
		return 0;
	nb = boots_text(run, nlo, nhi);
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

				if (r && o && r->st.median >
				    (icount ? BEYOND : NOISY) * o->st.median)
					beyond[i] = any = true;
				if (r && r->st.median > 0)
					min[op] = fmin(min[op], r->st.median);
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
	ndiff = spread_of_differences(run, sum, platform, workload, suffix, var, beyond,
				      n, up, down);

	f = plot_open(run, name, "gp");
	if (!f)
		return -1;
	foot = (ndiff ? 82 : 87) + 26 * legend_rows(n);
	height = (ndiff ? 612 : 307) + foot;
	gp_begin(f, name, 1000, (int)height);
	fprintf(f,
		"set multiplot layout %d,2 columnsfirst margins 0.1,0.985,%.4f,%.4f spacing 0.125,%s title \"alloc-%s: cost of one operation by order — %s, %s\"\n"
		"set xrange [-0.6:%g]\nset xtics 0,1,%d\nunset key\n",
		ndiff ? 2 : 1, foot / height, 1 - 80 / height, ndiff ? "0.11" : "0", mode, platform_find(platform)->title, nb, ORDERS - 0.4,
		ORDERS - 1);
	/* One legend for all panels; a key would keep to the width of one. */
	for (i = 0; i < n; i++) {
		double x = legend_x(i, n, &line);

		fprintf(f, "set label %zu \"%s\" at screen %.3f,%.3f left offset 1.2,0 point pt %d ps 1 lc rgb \"%s\"\n",
			i + 1, var[i]->variant,
			x, (20 + 26 * (legend_rows(n) - 1 - line)) / height,
			variant_find(var[i]->variant)->point,
			variant_find(var[i]->variant)->color);
	}
	for (op = 0; op < 2; op++) {
		for (row = 0; row < (ndiff ? 2 : 1); row++) {
			bool last = row == (ndiff ? 1 : 0);

			fprintf(f, "set title \"%s%s\"\n", ops[op],
				row ? ": difference to off" : "");
			fprintf(f, "set ylabel \"%s%s\"\n", row ? "± " : "", unit);
			fputs(last ? "set xlabel \"order (log2 pages)\"\n" : "unset xlabel\n", f);
			fputs(any && !row ? "set logscale y\n" : "unset logscale y\n", f);
			if (!row && any)
				fprintf(f, "set yrange [%g:%g]\nset ytics autofreq\nunset xzeroaxis\n",
					min[op] / 1.3, max[op] * 1.3);
			else if (!row)
				fprintf(f, "set yrange [0:%g]\nset ytics %g\nunset xzeroaxis\n",
					max[op] * 1.08, tic_step(max[op] * 1.08));
			else if (up[op] > 0 || down[op] < 0)
				fprintf(f, "set yrange [%g:%g]\nset ytics %g\nset xzeroaxis lt 1 lw 2 lc rgb \"#000000\"\n",
					down[op] * 1.12, up[op] * 1.12,
					tic_step((up[op] - down[op]) * 1.12));
			else
				fputs("set yrange [-1:1]\nset ytics 1\nset xzeroaxis lt 1 lw 2 lc rgb \"#000000\"\n", f);
			fputs("plot ", f);
			for (i = row ? 1 : 0, shown = 0; i < n; i++) {
				const struct variant_info *s = variant_find(var[i]->variant);
				double dodge;

				if (row && beyond[i])
					continue;
				if (shown++)
					fputs(", \\\n\t", f);
				if (row) {
					dodge = (shown - 1 - (ndiff - 1) / 2.0) * 0.8 / ndiff;
					fprintf(f, "\"%s.dat\" index %zu using ($1+%.4f):5:(%.4f) with boxes fs solid noborder lc rgb \"%s\"",
						name, op * n + i, dodge, 0.8 / ndiff, s->color);
				} else {
					fprintf(f, "\"%s.dat\" index %zu using 1:2 with linespoints lc rgb \"%s\" dt %s lw 1.5 pt %d ps 0.8",
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
		 run_str(run, "Cost of one allocation and one free by order, alloc-%s on %s, %s%s. Lower row: difference to off.%s",
			 mode, platform_find(platform)->title, nb,
			 icount ? "; counts of guest instructions" : "; bars: interval of the median",
			 any ? " What costs many times as much is not in the lower row." : ""));
	return ret;
}

/* ---- over flag ---- */

static const struct row *cost(struct run *run, const struct summary *sum,
			      const struct row *of, size_t pattern, int op, int order)
{
	return summary_find(sum, "icount", of->series, of->variant,
			    run_str(run, "alloc-%s", patterns[pattern]),
			    run_str(run, "%s_o%d_instr", ops[op], order));
}

/* Variants of a kernel that have counts, flag first. */
static size_t cost_variants(const struct summary *sum, const struct row *flag,
			    const struct row **var)
{
	size_t i, n = 1;

	var[0] = flag;
	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];

		if (strcmp(r->platform, "icount") || strcmp(r->series, flag->series) ||
		    strncmp(r->workload, "alloc-", 6) || !strstr(r->metric, "_instr"))
			continue;
		n = add_variant(var, n, 1, r);
	}
	return n;
}

/*
 * Points: each variant's instructions over those of flag, whose numbers stand
 * below. What costs much more is only named, for the sake of the rest.
 */
static int plot_over_flag_of(struct run *run, const struct summary *sum,
			     struct plots *out, const struct row *flag,
			     const char *name)
{
	const struct row *var[VARIANTS_MAX], *r, *base;
	size_t n = cost_variants(sum, flag, var), i, p, rows = 0, row = 0;
	size_t drawn[VARIANTS_MAX], ndrawn = 0;
	bool has[NR_PATTERNS] = { false };
	double lo = 0.99, hi = 1.01, least[VARIANTS_MAX], most[VARIANTS_MAX] = { 0 }, height;
	const char *without = "";
	int op, order, nlo = 1 << 30, nhi = 0, ret = 0;
	const char *nb;
	FILE *f;

	if (n < 2)
		return 0;
	f = plot_open(run, name, "dat");
	if (!f)
		return -1;
	fputs("# order, instructions, over flag's; a block a pattern, operation and variant\n",
	      f);
	for (i = 0; i < n; i++)
		least[i] = HUGE_VAL;
	for (p = 0; p < NR_PATTERNS; p++) {
		for (op = 0; op < 2; op++) {
			for (i = 0; i < n; i++) {
				fprintf(f, "# %s %s, %s\n", patterns[p], ops[op],
					var[i]->variant);
				for (order = 0; order < ORDERS; order++) {
					double ratio;

					r = cost(run, sum, var[i], p, op, order);
					base = cost(run, sum, flag, p, op, order);
					if (!r || !base || !(base->st.median > 0)) {
						fprintf(f, "%d\tNaN\tNaN\n", order);
						continue;
					}
					has[p] = true;
					nlo = r->st.n < nlo ? r->st.n : nlo;
					nhi = r->st.n > nhi ? r->st.n : nhi;
					ratio = r->st.median / base->st.median;
					least[i] = fmin(least[i], ratio);
					most[i] = fmax(most[i], ratio);
					fprintf(f, "%d\t%.9g\t%.9g\n", order, r->st.median,
						ratio);
				}
				fputs("\n\n", f);
			}
		}
		rows += has[p];
	}
	ret |= plot_close(run, f, name, "dat");
	if (!rows)
		return ret;
	for (i = 1; i < n; i++) {
		if (most[i] > BEYOND) {
			without = run_str(run, "%s%s %s (%.3g to %.3g)", without,
					  *without ? "," : " Not shown, as it is too much:",
					  var[i]->variant, least[i], most[i]);
			continue;
		}
		lo = fmin(lo, least[i]);
		hi = fmax(hi, most[i]);
		drawn[ndrawn++] = i;
	}
	if (!ndrawn)
		return ret;

	nb = boots_text(run, nlo, nhi);
	f = plot_open(run, name, "gp");
	if (!f)
		return -1;
	height = 280 * rows + 160;
	gp_begin(f, name, 1100, (int)height);
	fprintf(f,
		"set multiplot layout %zu,2 rowsfirst margins 0.095,0.985,%.4f,%.4f spacing 0.07,%.4f title \"allocator cost by order, over flag's — %s, %s\"\n"
		"unset key\nset grid noxtics\nset xrange [-0.6:%g]\nset xtics 0,1,%d scale 0\nset yrange [%.4f:%.4f]\n"
		"set xzeroaxis\n",
		rows, 110 / height, 1 - 85 / height, 85 / height,
		platform_find("icount")->title, nb, ORDERS - 0.4, ORDERS - 1,
		lo - 0.28 * (hi - lo), hi + 0.06 * (hi - lo));
	for (p = 0; p < NR_PATTERNS; p++) {
		if (!has[p])
			continue;
		row++;
		for (op = 0; op < 2; op++) {
			fputs("unset label\n", f);
			for (i = 0; i < ndrawn && !op && row == 1; i++)
				fprintf(f, "set label %zu \"%s\" at screen %.3f,%.4f left offset 1.2,0 point pt %d ps 1 lc rgb \"%s\"\n",
					i + 1, var[drawn[i]]->variant,
					0.5 + (i - ndrawn / 2.0) * (ndrawn > 6 ? 0.13 : 0.15),
					18 / height, variant_find(var[drawn[i]]->variant)->point,
					variant_find(var[drawn[i]]->variant)->color);
			for (order = 0; order < ORDERS; order++) {
				base = cost(run, sum, flag, p, op, order);
				if (base)
					fprintf(f, "set label %d \"%.0f\" at first %d, graph 0.06 center font \",10\" tc rgb \"%s\"\n",
						20 + order, base->st.median, order,
						variant_find(flag->variant)->color);
			}
			fprintf(f,
				"set title \"%s: %s\"\n%s\n%s\n"
				"set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lw 2 lc rgb \"%s\"\nplot ",
				patterns[p], ops[op],
				op ? "unset ylabel" : "set ylabel \"instructions, × flag's\"",
				row == rows ? "set xlabel \"order (log2 pages); numbers: instructions of flag\"" :
				"unset xlabel", variant_find(flag->variant)->color);
			for (i = 0; i < ndrawn; i++)
				fprintf(f, "%s\"%s.dat\" index %zu using ($1+%.3f):3 with points pt %d ps 1 lc rgb \"%s\"",
					i ? ", \\\n\t" : "", name, (2 * p + op) * n + drawn[i],
					ndrawn > 1 ? (i - (ndrawn - 1) / 2.0) * 0.7 / ndrawn : 0,
					variant_find(var[drawn[i]]->variant)->point,
					variant_find(var[drawn[i]]->variant)->color);
			fputs("\n", f);
		}
	}
	fputs("unset multiplot\nunset label\nunset arrow\n", f);
	gp_end(f);
	ret |= plot_close(run, f, name, "gp");
	plot_add(out, name,
		 run_str(run, "Instructions of one allocation and one free by order and pattern, over those of flag, which stand below; %s, %s.%s%s",
			 platform_find("icount")->title, nb, without, *without ? "." : ""));
	return ret;
}

static int plot_over_flag(struct run *run, const struct summary *sum,
			  struct plots *out)
{
	const char *last = NULL;
	size_t i;
	int ret = 0;

	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];

		if (strcmp(r->platform, "icount") || strcmp(r->variant, "flag") ||
		    strncmp(r->workload, "alloc-", 6) || !strstr(r->metric, "_instr") ||
		    (last && !strcmp(last, r->series)))
			continue;
		ret |= plot_over_flag_of(run, sum, out, r,
					 run_str(run, "alloc-cost-icount%s%s",
						 last ? "-" : "", last ? r->series : ""));
		last = r->series;
	}
	return ret;
}

/**
 * plot_cost() - cost of an allocation and a free by order on one platform
 *
 * Return: 0, or -1 after a message.
 */
int plot_cost(struct run *run, const struct summary *sum, struct plots *out,
	      const char *platform)
{
	int ret = 0;

	ret |= plot_by_order(run, sum, out, platform, "repeat");
	ret |= plot_by_order(run, sum, out, platform, "bulk");
	if (!strcmp(platform, "icount"))
		ret |= plot_over_flag(run, sum, out);
	return ret;
}
