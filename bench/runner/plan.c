// SPDX-License-Identifier: GPL-2.0
/* What is booted, in which order, and how long it takes. */
#include <stdlib.h>
#include <string.h>

#include "prbench.h"

static double estimate(bool full, const struct boot *b)
{
	double s = platform_table[b->platform].boot_s;
	size_t w;

	for (w = 0; w < nr_workloads; w++) {
		json_t *o;

		if (!(b->workloads & BIT(w)))
			continue;
		o = boot_settings(full, b, w);
		s += workload_seconds(o, w, b->platform);
		json_decref(o);
	}
	return s;
}

/* xorshift: the order of the variants depends on the seed and nothing else. */
static unsigned int next_random(unsigned int *state)
{
	unsigned int x = *state ? *state : 1;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*state = x;
	return x;
}

static void shuffle(size_t *a, size_t nr, unsigned int *rnd)
{
	size_t i;

	for (i = 0; i < nr; i++)
		a[i] = i;
	for (i = nr; i > 1; i--) {
		size_t k = next_random(rnd) % i, swap = a[i - 1];

		a[i - 1] = a[k];
		a[k] = swap;
	}
}

/**
 * plan_order() - the order of variants, round by round
 * @nr: how many variants
 * @rounds: how many rounds; each has every variant once
 * @rnd: state of the random numbers
 * @order: gets @rounds times @nr numbers below @nr
 *
 * Rows of Williams squares: a square of @nr rounds has each ordered pair of
 * variants once as neighbours in a round, and each variant once in each place.
 * With an odd @nr every second row is reversed, and two squares have each pair
 * twice. The next square has new labels and a new order of its rows. So pairs
 * differ by one at most, or by two with an odd @nr, whatever @rounds is.
 */
void plan_order(size_t nr, unsigned int rounds, unsigned int *rnd, size_t *order)
{
	size_t labels[VARIANTS_MAX], rows[VARIANTS_MAX], row, i;
	unsigned int r;

	for (r = 0; r < rounds; r++) {
		/* An odd number's second square has the labels of its first. */
		bool odd = nr & 1;
		size_t step = odd ? r / 2 % nr : r % nr;

		if (!step && !(odd && r & 1)) {
			shuffle(labels, nr, rnd);
			shuffle(rows, nr, rnd);
		}
		/* The reverse of the same row would begin where that ends. */
		row = rows[odd && r & 1 ? (step + 1) % nr : step];
		for (i = 0; i < nr; i++) {
			/* 0, 1, n-1, 2, n-2, ...: each difference once */
			size_t zigzag = i & 1 ? (i + 1) / 2 : (nr - i / 2) % nr;
			size_t place = odd && r & 1 ? nr - 1 - i : i;

			order[r * nr + place] = labels[(zigzag + row) % nr];
		}
	}
}

/*
 * Each round boots every variant once, in the order of plan_order(); those of
 * @once are in the first round only.
 */
static int fill_lane(struct lane *lane, const struct selection *sel,
		     const struct boot *like, uint64_t chosen, uint64_t once,
		     unsigned int rounds, unsigned int *rnd)
{
	size_t which[VARIANTS_MAX], *order, nr = 0, i;
	struct boot *grown;

	for (i = 0; i < nr_variants; i++)
		if (chosen & BIT(i) && variant_fits(&variants[i], sel->series) &&
		    workloads_for(like->workloads, like->platform, i))
			which[nr++] = i;
	if (!nr)
		return 0;
	grown = realloc(lane->boots,
			(lane->nr + nr * rounds + 1) * sizeof(*grown));
	if (!grown)
		return -1;
	lane->boots = grown;
	order = calloc(nr * rounds + 1, sizeof(*order));
	if (!order)
		return -1;
	plan_order(nr, rounds, rnd, order);
	for (i = 0; i < nr * rounds; i++) {
		struct boot *b = &lane->boots[lane->nr];

		if (i >= nr && once & BIT(which[order[i]]))
			continue;
		lane->nr++;
		*b = *like;
		b->variant = &variants[which[order[i]]];
		b->workloads = workloads_for(b->workloads, b->platform,
					     which[order[i]]);
		b->replicate = (unsigned int)(i / nr);
		b->estimate_s = estimate(sel->full, b);
	}
	free(order);
	return 0;
}

static double lane_seconds(const struct lane *lane)
{
	double s = 0;
	size_t i;

	for (i = 0; i < lane->nr; i++)
		s += lane->boots[i].estimate_s;
	return s;
}

/* All boots of a group on a platform: for each size of guest, each of a row. */
static int fill_group(struct lane *lane, const struct selection *sel,
		      const struct group *g, enum platform p, unsigned int *rnd)
{
	struct boot like = {
		.platform = p, .series = sel->series, .workloads = g->workloads & sel->workloads,
		.row = -1,
	};
	uint64_t chosen = sel->variants ? sel->variants : g->on[p].variants;
	unsigned int rounds = sel->boots ? sel->boots : g->on[p].boots;
	uint64_t once = sel->boots ? 0 : g->once;
	const json_t *values;
	size_t i = 0;

	workload_row(sel->full, like.workloads, &values);
	do {
		if (values)
			like.row = (int)json_integer_value(json_array_get(values, i));
		like.mem_mib = 0;
		while ((like.mem_mib = workload_next_size(sel->full, like.workloads,
							  p, like.mem_mib)))
			if (fill_lane(lane, sel, &like, chosen, once, rounds,
				      rnd))
				return -1;
	} while (++i < json_array_size(values));
	return 0;
}

/* A group is a phase, in which some platforms may be booted at the same time. */
static int fill_phase(struct phase *phase, const struct selection *sel,
		      const struct group *g, unsigned int *rnd)
{
	struct lane *lane;
	int p;

	if (!(g->workloads & sel->workloads))
		return 0;
	for (p = 0; p < NR_PLATFORMS; p++) {
		if (!(sel->platforms & BIT(p)) || !g->on[p].boots)
			continue;
		/* A lane of its own, or behind the one before. */
		if (g->together || !phase->nr)
			phase->nr++;
		lane = &phase->lanes[phase->nr - 1];
		if (fill_group(lane, sel, g, (enum platform)p, rnd))
			return -1;
		if (!lane->nr) {
			free(lane->boots);
			lane->boots = NULL;
			phase->nr--;
		}
	}
	return 0;
}

int plan_make(struct plan *plan, const struct selection *sel)
{
	struct group groups[WORKLOADS_MAX];
	size_t nr = workload_groups(sel->full, groups), g, l;
	unsigned int rnd = sel->seed;

	memset(plan, 0, sizeof(*plan));
	plan->phases = calloc(nr + 1, sizeof(*plan->phases));
	if (!plan->phases)
		return -1;
	for (g = 0; g < nr; g++) {
		struct phase *phase = &plan->phases[plan->nr];
		double longest = 0;

		if (fill_phase(phase, sel, &groups[g], &rnd))
			return -1;
		for (l = 0; l < phase->nr; l++) {
			double s = lane_seconds(&phase->lanes[l]);

			if (s > longest)
				longest = s;
			plan->nr_boots += (unsigned int)phase->lanes[l].nr;
		}
		plan->estimate_s += longest;
		plan->nr += phase->nr != 0;
	}
	return 0;
}

/* The variants that a plan boots on any of some platforms. */
uint64_t plan_variants(const struct plan *plan, uint64_t platforms)
{
	uint64_t mask = 0;
	size_t i, l, k;

	for (i = 0; i < plan->nr; i++) {
		for (l = 0; l < plan->phases[i].nr; l++) {
			const struct lane *lane = &plan->phases[i].lanes[l];

			for (k = 0; k < lane->nr; k++)
				if (platforms & BIT(lane->boots[k].platform))
					mask |= BIT(lane->boots[k].variant -
						    variants);
		}
	}
	return mask;
}

void plan_free(struct plan *plan)
{
	size_t i, l;

	for (i = 0; i < plan->nr; i++)
		for (l = 0; l < plan->phases[i].nr; l++)
			free(plan->phases[i].lanes[l].boots);
	free(plan->phases);
	memset(plan, 0, sizeof(*plan));
}
