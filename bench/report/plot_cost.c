// SPDX-License-Identifier: GPL-2.0
/*
 * What an operation of the allocator costs by order, over the baseline's, where
 * instructions are counted. Elsewhere a difference of a few of them is noise.
 */
#include "prreport.h"

#include <math.h>
#include <string.h>

static const char * const ops[] = { "alloc", "free" };
static const char * const patterns[] = { "repeat", "bulk", "random" };

#define BEYOND		1.1	/* times the baseline's: too much for the scale of the others */

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

static const struct row *cost(struct run *run, const struct summary *sum,
			      const struct row *of, size_t pattern, int op, int order)
{
	return summary_find(sum, of->platform, of->series, of->variant,
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

		if (strcmp(r->platform, flag->platform) || strcmp(r->series, flag->series) ||
		    strncmp(r->workload, "alloc-", 6) || !strstr(r->metric, "_instr"))
			continue;
		n = add_variant(var, n, 1, r);
	}
	return n;
}

/* What is drawn, and in which range; the rest is only named, for the sake of it. */
struct picture {
	const struct row *var[VARIANTS_MAX];
	size_t n;			/* of var, the baseline first */
	const char *drawn[VARIANTS_MAX];
	size_t index[VARIANTS_MAX], ndrawn;
	const char *patterns[NR_PATTERNS];
	size_t which[NR_PATTERNS], npatterns;
	double lo, hi;
	int nlo, nhi;			/* boots */
	const char *without;
};

static double ratio_of(struct run *run, const struct summary *sum,
		       const struct picture *pic, size_t i, size_t p, int op, int order,
		       const struct row **row)
{
	const struct row *base = cost(run, sum, pic->var[0], p, op, order);

	*row = cost(run, sum, pic->var[i], p, op, order);
	return *row && base && base->st.median > 0 ? (*row)->st.median / base->st.median : NAN;
}

static void choose(struct run *run, const struct summary *sum, struct picture *pic)
{
	bool has[NR_PATTERNS] = { false };
	size_t i, p;
	int op, order;

	pic->lo = 0.99;
	pic->hi = 1.01;
	pic->nlo = 1 << 30;
	pic->without = "";
	for (i = 1; i < pic->n; i++) {
		double least = HUGE_VAL, most = 0;

		for (p = 0; p < NR_PATTERNS; p++) {
			for (op = 0; op < 2; op++) {
				for (order = 0; order < ORDERS; order++) {
					const struct row *r;
					double v = ratio_of(run, sum, pic, i, p, op, order, &r);

					if (isnan(v))
						continue;
					has[p] = true;
					pic->nlo = r->st.n < pic->nlo ? r->st.n : pic->nlo;
					pic->nhi = r->st.n > pic->nhi ? r->st.n : pic->nhi;
					least = fmin(least, v);
					most = fmax(most, v);
				}
			}
		}
		if (most > BEYOND) {
			pic->without = run_str(run, "%s%s %s (%.3g to %.3g)", pic->without,
					       *pic->without ? "," :
					       " Not shown, as it is too much:",
					       pic->var[i]->variant, least, most);
		} else if (most > 0) {
			pic->lo = fmin(pic->lo, least);
			pic->hi = fmax(pic->hi, most);
			pic->index[pic->ndrawn] = i;
			pic->drawn[pic->ndrawn++] = pic->var[i]->variant;
		}
	}
	for (p = 0; p < NR_PATTERNS; p++) {
		if (!has[p])
			continue;
		pic->which[pic->npatterns] = p;
		pic->patterns[pic->npatterns++] = patterns[p];
	}
}

/* Data, and the baseline's own numbers as texts. */
static void put_ratios(struct run *run, const struct summary *sum, FILE *f,
		       const struct picture *pic, const char **base)
{
	size_t i, p, at = 0;
	int op, order;

	fputs("# order, instructions, over the baseline's; a block a pattern, operation and variant\n",
	      f);
	for (p = 0; p < pic->npatterns; p++) {
		for (op = 0; op < 2; op++) {
			for (order = 0; order < ORDERS; order++) {
				const struct row *r = cost(run, sum, pic->var[0],
							   pic->which[p], op, order);

				base[at++] = r ? run_str(run, "%.0f", r->st.median) : "";
			}
			for (i = 0; i < pic->ndrawn; i++) {
				fprintf(f, "# %s %s, %s\n", pic->patterns[p], ops[op],
					pic->drawn[i]);
				for (order = 0; order < ORDERS; order++) {
					const struct row *r;
					double v = ratio_of(run, sum, pic, pic->index[i],
							    pic->which[p], op, order, &r);

					if (isnan(v))
						fprintf(f, "%d\tNaN\tNaN\n", order);
					else
						fprintf(f, "%d\t%.9g\t%.9g\n", order,
							r->st.median, v);
				}
				fputs("\n\n", f);
			}
		}
	}
}

static int plot_over_flag_of(struct run *run, const struct summary *sum,
			     struct plots *out, const struct row *flag,
			     const char *name)
{
	const char *base[2 * NR_PATTERNS * ORDERS], *nb;
	const char *title = platform_find(flag->platform)->title;
	struct picture pic = { 0 };
	FILE *f;
	int ret;

	pic.n = cost_variants(sum, flag, pic.var);
	choose(run, sum, &pic);
	if (!pic.ndrawn)
		return 0;
	f = plot_open(run, name, "dat");
	if (!f)
		return -1;
	put_ratios(run, sum, f, &pic, base);
	ret = plot_close(run, f, name, "dat");

	nb = boots_text(run, (size_t)pic.nlo, (size_t)pic.nhi);
	f = gp_open(run, name, 1100, 280 * (int)pic.npatterns + 160);
	if (!f)
		return -1;
	gp_text(f, "title", run_str(run, "allocator cost by order, over %s's — %s, %s",
				    BASELINE, title, nb));
	gp_text(f, "baseline", BASELINE);
	gp_text(f, "basecolor", variant_find(BASELINE)->color);
	gp_int(f, "npatterns", (int)pic.npatterns);
	gp_texts(f, "pattern", pic.patterns, pic.npatterns);
	gp_num(f, "orders", ORDERS);
	gp_num(f, "ylo", pic.lo);
	gp_num(f, "yhi", pic.hi);
	gp_texts(f, "base", base, 2 * pic.npatterns * ORDERS);
	gp_variants(f, pic.drawn, pic.drawn, pic.ndrawn);
	ret |= GP_CLOSE(run, f, name, "legend", "over-baseline");
	plot_add(out, name,
		 run_str(run, "Instructions of one allocation and one free by order and pattern, over those of %s, which stand below; %s, %s.%s%s",
			 BASELINE, title, nb, pic.without, *pic.without ? "." : ""));
	return ret;
}

static int plot_over_flag(struct run *run, const struct summary *sum,
			  struct plots *out, const char *platform)
{
	const char *last = NULL;
	size_t i;
	int ret = 0;

	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];

		if (strcmp(r->platform, platform) || strcmp(r->variant, BASELINE) ||
		    strncmp(r->workload, "alloc-", 6) || !strstr(r->metric, "_instr") ||
		    (last && !strcmp(last, r->series)))
			continue;
		ret |= plot_over_flag_of(run, sum, out, r,
					 run_str(run, "alloc-cost-%s%s%s", platform,
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
	return platform_find(platform)->instructions ?
	       plot_over_flag(run, sum, out, platform) : 0;
}
