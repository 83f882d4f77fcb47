// SPDX-License-Identifier: GPL-2.0
/* What is booted, in which order, and how long it takes. */
#include <stdlib.h>
#include <string.h>

#include "prbench.h"

static double estimate(bool full, uint64_t mask, enum platform p)
{
	double s = boot_seconds(p);
	size_t w;

	for (w = 0; w < nr_workloads; w++) {
		json_t *o;

		if (!(mask & BIT(w)))
			continue;
		o = workload_settings(full, w, p);
		s += workload_seconds(o, w, p);
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

/* Each round boots every variant once, in the order of plan_order(). */
static int fill_lane(struct lane *lane, const struct selection *sel,
		     enum platform p, uint64_t mask, unsigned int mem_mib,
		     uint64_t chosen, unsigned int rounds, unsigned int *rnd)
{
	size_t which[VARIANTS_MAX], *order, nr = 0, i;
	struct boot *grown;

	for (i = 0; i < nr_variants; i++)
		if (chosen & BIT(i) && workloads_for(mask, p, i))
			which[nr++] = i;
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
		size_t v = which[order[i]];
		uint64_t w = workloads_for(mask, p, v);

		lane->boots[lane->nr++] = (struct boot){
			.platform = p,
			.variant = &variants[v],
			.workloads = w,
			.replicate = (unsigned int)(i / nr),
			.mem_mib = mem_mib,
			.estimate_s = estimate(sel->full, w, p),
		};
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

int plan_make(struct plan *plan, const struct selection *sel)
{
	struct group groups[WORKLOADS_MAX];
	size_t nr = workload_groups(sel->full, groups);
	unsigned int rnd = sel->seed;
	size_t g, l;

	memset(plan, 0, sizeof(*plan));
	plan->phases = calloc(nr + 1, sizeof(*plan->phases));
	if (!plan->phases)
		return -1;
	for (g = 0; g < nr; g++) {
		struct phase *phase = &plan->phases[plan->nr];
		double longest = 0;
		int p;

		for (p = 0; p < NR_PLATFORMS; p++) {
			unsigned int rounds = groups[g].on[p].boots;
			uint64_t chosen = sel->variants ? sel->variants :
					  groups[g].on[p].variants;
			uint64_t mask = groups[g].workloads & sel->workloads;
			unsigned int mib;
			struct lane *lane;

			if (!(sel->platforms & BIT(p)) || !mask || !rounds)
				continue;
			if (sel->boots)
				rounds = sel->boots;
			/* A lane of its own, or behind the one before. */
			if (groups[g].together || !phase->nr)
				phase->nr++;
			lane = &phase->lanes[phase->nr - 1];
			for (mib = 0; (mib = workload_next_size(sel->full, mask,
								(enum platform)p,
								mib)); )
				if (fill_lane(lane, sel, (enum platform)p, mask,
					      mib, chosen, rounds, &rnd))
					return -1;
			if (!lane->nr) {
				free(lane->boots);
				lane->boots = NULL;
				phase->nr--;
			}
		}
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
