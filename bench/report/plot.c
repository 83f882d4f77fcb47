// SPDX-License-Identifier: GPL-2.0
/*
 * Plots: write plots/<name>.dat and plots/<name>.gp, let gnuplot draw them.
 * The scripts stay, so a plot can be changed and drawn again by hand. Here is
 * what all of them have in common; each kind has a file of its own.
 */
#include "prreport.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MIN_SAMPLES	20	/* a second of a workload */

static int cmp_curve(const void *pa, const void *pb)
{
	const struct curve *a = pa, *b = pb;
	int d = variant_rank(a->variant) - variant_rank(b->variant);

	if (!d)
		d = strcmp(a->variant, b->variant);
	return d ? d : strcmp(a->kernel, b->kernel);
}

static bool seen_enough(const struct boot *b, const struct window *w)
{
	size_t i, n = 0;

	for (i = 0; i < b->nsamples; i++)
		n += b->samples[i].t >= w->begin && b->samples[i].t <= w->end;
	return n >= MIN_SAMPLES;
}

/* Is it one variant under a second name, of a kernel and platform that has both? */
static bool is_twin(const struct run *run, const struct boot *b, const char *workload)
{
	const char *of = variant_twin_of(b->variant);
	struct window w;
	size_t i;

	for (i = 0; of && i < run->nboots; i++) {
		const struct boot *o = &run->boots[i];

		if (!strcmp(o->variant, of) && !strcmp(o->platform, b->platform) &&
		    !strcmp(o->kernel, b->kernel) && o->status == BOOT_OK &&
		    metrics_window(o, workload, &w) && !w.failed)
			return true;
	}
	return false;
}

/**
 * curves_collect() - the boots of a platform that finished a workload, by variant
 *
 * Without twins, and those that were disturbed to draw a map, see map.c. curves_free()
 * what was collected.
 */
void curves_collect(struct run *run, const char *platform, const char *workload,
		    struct curves *cs)
{
	bool enough = true;
	size_t i, j;

	cs->c = NULL;
	cs->n = 0;
	for (i = 0; i < run->nboots; i++) {
		const struct boot *b = &run->boots[i];
		struct curve *c;
		struct window w;

		if (b->status != BOOT_OK || strcmp(b->platform, platform) ||
		    is_twin(run, b, workload) || !metrics_window(b, workload, &w) || w.failed || isnan(w.end) ||
		    map_was_drawn(b) ||
		    isnan(metrics_resident_at(b, w.begin)) ||
		    isnan(metrics_resident_at(b, w.end)))
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
		enough &= seen_enough(b, &w);
		c = &cs->c[j];
		c->boots = xrealloc(c->boots, c->n + 1, sizeof(*c->boots));
		c->win = xrealloc(c->win, c->n + 1, sizeof(*c->win));
		c->boots[c->n] = b;
		c->win[c->n++] = w;
	}
	/*
	 * What is over in no time has no picture. That is so of a workload or not:
	 * to leave out its quick boots would show the slow ones.
	 */
	if (!enough) {
		curves_free(cs);
		*cs = (struct curves){ NULL, 0 };
	}
	if (cs->n)
		qsort(cs->c, cs->n, sizeof(*cs->c), cmp_curve);
	for (i = 0; i + 1 < cs->n; i++)
		if (!strcmp(cs->c[i].variant, cs->c[i + 1].variant))
			for (j = i; j < i + 2; j++)
				cs->c[j].label = run_str(run, "%s %s", cs->c[j].variant,
							 cs->c[j].kernel);
}

void curves_free(struct curves *cs)
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

const char *curves_n(struct run *run, const struct curves *cs)
{
	size_t i, lo = SIZE_MAX, hi = 0;

	for (i = 0; i < cs->n; i++) {
		lo = cs->c[i].n < lo ? cs->c[i].n : lo;
		hi = cs->c[i].n > hi ? cs->c[i].n : hi;
	}
	return boots_text(run, lo, hi);
}

FILE *plot_open(struct run *run, const char *name, const char *ext)
{
	return out_open(run_str(run, "%s/plots/%s.%s", run->dir, name, ext));
}

int plot_close(struct run *run, FILE *f, const char *name, const char *ext)
{
	return out_close(f, run_str(run, "%s/plots/%s.%s", run->dir, name, ext));
}

/* A round distance between tics that leaves at most six intervals. */
double tic_step(double max)
{
	double step = max > 0 ? pow(10, floor(log10(max / 6))) : 1;

	if (max <= 6 * step)
		return step;
	if (max <= 12 * step)
		return 2 * step;
	return max <= 30 * step ? 5 * step : 10 * step;
}

/**
 * plot_add() - a picture whose script and data are written
 *
 * Return: it, valid until the next one is added; made from summary.tsv unless
 * plot_raw() says from what else.
 */
struct plot *plot_add(struct plots *out, const char *name, const char *caption)
{
	out->p = xrealloc(out->p, out->n + 1, sizeof(*out->p));
	out->p[out->n] = (struct plot){ .name = name, .caption = caption };
	return &out->p[out->n++];
}

/**
 * plot_raw() - a boot whose file a picture was made from
 */
void plot_raw(struct plot *plot, const struct boot *boot, const char *file)
{
	plot->boots = xrealloc(plot->boots, plot->nboots + 1,
			       sizeof(*plot->boots));
	plot->boots[plot->nboots++] = boot;
	plot->raw = file;
}
