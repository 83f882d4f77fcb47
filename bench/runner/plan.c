// SPDX-License-Identifier: GPL-2.0
/* What is booted, in which order, and how long it takes. */
#include <stdlib.h>
#include <string.h>

#include "prbench.h"

#define FIRST_AFTER_S	900	/* a shorter run has its only report soon enough */

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

/* May guests of several platforms run at once? Not beside one that takes two CPUs. */
static bool side_by_side(const struct selection *sel, const struct group *g)
{
	const struct boot um = { .platform = UM, .series = sel->series };

	return g->together && (!(sel->platforms & BIT(UM)) || boot_cpus(&um) == 1);
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
		if (side_by_side(sel, g) || !phase->nr)
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

/* Count the boots, and how long they take. */
void plan_sum(struct plan *plan)
{
	size_t i, l;

	plan->nr_boots = 0;
	plan->estimate_s = 0;
	for (i = 0; i < plan->nr; i++) {
		double longest = 0;

		for (l = 0; l < plan->phases[i].nr; l++) {
			double s = lane_seconds(&plan->phases[i].lanes[l]);

			if (s > longest)
				longest = s;
			plan->nr_boots += (unsigned int)plan->phases[i].lanes[l].nr;
		}
		plan->estimate_s += longest;
	}
}

int plan_make(struct plan *plan, const struct selection *sel)
{
	struct group groups[WORKLOADS_MAX];
	size_t nr = workload_groups(sel->full, groups), g;
	unsigned int rnd = sel->seed;

	memset(plan, 0, sizeof(*plan));
	plan->phases = calloc(nr + 1, sizeof(*plan->phases));
	if (!plan->phases)
		return -1;
	for (g = 0; g < nr; g++) {
		struct phase *phase = &plan->phases[plan->nr];

		if (fill_phase(phase, sel, &groups[g], &rnd))
			return -1;
		plan->nr += phase->nr != 0;
	}
	plan_sum(plan);
	return 0;
}

static bool in_part(const struct plan_part *part, const struct boot *b)
{
	return part->platforms & BIT(b->platform) &&
	       !(b->workloads & ~part->workloads) &&
	       (!part->rounds || b->replicate < part->rounds);
}

/* Move the rounds of a part from a lane to another one, in their order. */
static int split_lane(struct lane *from, struct lane *to, const struct plan_part *part)
{
	size_t i, left = 0;

	to->boots = calloc(from->nr + 1, sizeof(*to->boots));
	if (!to->boots)
		return -1;
	for (i = 0; i < from->nr; i++) {
		if (in_part(part, &from->boots[i]))
			to->boots[to->nr++] = from->boots[i];
		else
			from->boots[left++] = from->boots[i];
	}
	from->nr = left;
	return 0;
}

/* Are some boots of a plan in a part, and others not? */
static bool divides(const struct plan *plan, const struct plan_part *part)
{
	unsigned int in = 0;
	size_t i, l, k;

	for (i = 0; i < plan->nr; i++)
		for (l = 0; l < plan->phases[i].nr; l++)
			for (k = 0; k < plan->phases[i].lanes[l].nr; k++)
				in += in_part(part, &plan->phases[i].lanes[l].boots[k]);
	return in && in < plan->nr_boots;
}

/* Take out phases that have no boots. */
static void drop_empty(struct plan *plan)
{
	size_t first = plan->first, nr = plan->nr, i, l;

	plan->nr = 0;
	for (i = 0; i < nr; i++) {
		struct phase *phase = &plan->phases[i];
		size_t boots = 0;

		for (l = 0; l < phase->nr; l++)
			boots += phase->lanes[l].nr;
		if (boots) {
			plan->phases[plan->nr++] = *phase;
			continue;
		}
		for (l = 0; l < phase->nr; l++)
			free(phase->lanes[l].boots);
		plan->first -= i < first;
	}
}

/**
 * plan_first() - put some rounds of a plan before the rest
 * @plan: gets phases of these rounds, before its own; plan->first says how many
 * @part: which rounds
 *
 * A short plan stays as it is, and so does one that is all in the part, or all
 * outside.
 *
 * Return: 0, or -1 without memory.
 */
int plan_first(struct plan *plan, const struct plan_part *part)
{
	size_t nr = plan->nr, i, l;
	struct phase *phases;

	if (plan->estimate_s <= FIRST_AFTER_S || !divides(plan, part))
		return 0;
	phases = calloc(2 * nr, sizeof(*phases));
	if (!phases)
		return -1;
	memcpy(phases + nr, plan->phases, nr * sizeof(*phases));
	free(plan->phases);
	plan->phases = phases;
	plan->nr = 2 * nr;
	plan->first = nr;
	for (i = 0; i < nr; i++) {
		phases[i].nr = phases[nr + i].nr;
		for (l = 0; l < phases[i].nr; l++)
			if (split_lane(&phases[nr + i].lanes[l], &phases[i].lanes[l], part))
				return -1;
	}
	drop_empty(plan);
	plan_sum(plan);
	return 0;
}

/* What runs before the first report, as a plan; its phases belong to @plan. */
struct plan plan_head(const struct plan *plan)
{
	struct plan head = { .phases = plan->phases, .nr = plan->first };

	plan_sum(&head);
	return head;
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
