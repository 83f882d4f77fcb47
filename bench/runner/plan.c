// SPDX-License-Identifier: GPL-2.0
/* What is booted, in which order, and how long it takes. */
#include <stdlib.h>
#include <string.h>

#include "prbench.h"

const char *const platform_names[NR_PLATFORMS] = {
	[KVM] = "kvm", [TCG] = "tcg", [ICOUNT] = "icount", [UM] = "um",
};

const struct variant variants[] = {
	{ .name = "off", .tree = "pristine" },
	{ .name = "flag", .tree = "pristine", .reporting = true,
	  .negotiated = true },
	{ .name = "flag-d250", .tree = "pristine-d250", .reporting = true,
	  .negotiated = true },
	{ .name = "flag-o0", .tree = "pristine", .reporting = true,
	  .negotiated = true,
	  .extra = "page_reporting.page_reporting_order=0" },
	/* Tells how long the worker held zone->lock, and is there for that only. */
	{ .name = "flag-lock", .tree = "pristine-lock", .reporting = true,
	  .negotiated = true, .special = true, .no_um = true },
	/* Other users of page_ext, beside the page flag: what such records cost. */
	{ .name = "page_owner", .tree = "pristine-owner", .reporting = true,
	  .negotiated = true, .special = true, .no_um = true, .page_ext = true,
	  .extra = "page_owner=on", .debugfs = "page_owner" },
	{ .name = "page_table_check", .tree = "pristine-owner", .reporting = true,
	  .negotiated = true, .special = true, .no_um = true, .page_ext = true,
	  .extra = "page_table_check=on" },
	/* QEMU asks what is free when it migrates, and that is all it is for. */
	{ .name = "hint", .tree = "pristine", .hint = true, .special = true },
	{ .name = "ext-off", .tree = "patched", .patched = true,
	  .reporting = true, .extra = "page_ext=off" },
	{ .name = "ext-idle", .tree = "patched", .patched = true,
	  .extra = "page_ext=on" },
	{ .name = "ext", .tree = "patched", .patched = true, .reporting = true,
	  .negotiated = true, .extra = "page_ext=on" },
	/*
	 * The same under another name: the report expects no difference between
	 * NAME and NAME-aa, and says so if there is one.
	 */
	{ .name = "ext-aa", .tree = "patched", .patched = true, .reporting = true,
	  .negotiated = true, .extra = "page_ext=on", .special = true },
};

const size_t nr_variants = ARRAY_SIZE(variants);

/*
 * Set the bits of the names in a list that commas or spaces separate.  On an
 * unknown name return -1 and the name.
 */
int parse_list(const char *text, const char *const *names, size_t nr,
	       uint64_t *mask, char *unknown, size_t len)
{
	*mask = 0;
	for (;;) {
		size_t n, i;

		text += strspn(text, ", \t\n");
		if (!*text)
			return 0;
		n = strcspn(text, ", \t\n");
		for (i = 0; i < nr; i++)
			if (strlen(names[i]) == n && !strncmp(names[i], text, n))
				break;
		if (i == nr)
			return set_err(unknown, len, "%.*s", (int)n, text);
		*mask |= BIT(i);
		text += n;
	}
}

int parse_variants(const char *text, uint64_t *mask, char *unknown, size_t len)
{
	const char *names[ARRAY_SIZE(variants)];
	size_t i;

	for (i = 0; i < nr_variants; i++)
		names[i] = variants[i].name;
	return parse_list(text, names, nr_variants, mask, unknown, len);
}

/* From start to the agent's first word, and from its last to the end. */
double boot_seconds(enum platform p)
{
	switch (p) {
	case KVM:
		return 2;
	case TCG:
		return 2;
	case ICOUNT:
		return 6;
	default:
		return 1;
	}
}

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

/*
 * Interleave: each round boots every variant once.  The order of the first
 * round is drawn, and turned by one and reversed with each round, so that
 * nobody is always first or always comes after the same one.
 */
static int fill_lane(struct lane *lane, const struct selection *sel,
		     enum platform p, uint64_t mask, unsigned int mem_mib,
		     uint64_t chosen, unsigned int rounds, unsigned int *rnd)
{
	size_t order[ARRAY_SIZE(variants)], nr = 0, i;
	struct boot *grown;
	unsigned int r;

	for (i = 0; i < nr_variants; i++)
		if (chosen & BIT(i) && workloads_for(mask, p, i))
			order[nr++] = i;
	for (i = nr; i > 1; i--) {
		size_t k = next_random(rnd) % i, swap = order[i - 1];

		order[i - 1] = order[k];
		order[k] = swap;
	}
	grown = realloc(lane->boots,
			(lane->nr + nr * rounds + 1) * sizeof(*grown));
	if (!grown)
		return -1;
	lane->boots = grown;
	for (r = 0; r < rounds; r++) {
		for (i = 0; i < nr; i++) {
			size_t k = (r + (r & 1 ? nr - 1 - i : i)) % nr;
			uint64_t w = workloads_for(mask, p, order[k]);

			lane->boots[lane->nr++] = (struct boot){
				.platform = p,
				.variant = &variants[order[k]],
				.workloads = w,
				.replicate = r,
				.mem_mib = mem_mib,
				.estimate_s = estimate(sel->full, w, p),
			};
		}
	}
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
