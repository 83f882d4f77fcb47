/* SPDX-License-Identifier: GPL-2.0 */
/* The project's own workloads, and plans of them. */
#ifndef PLAN_H
#define PLAN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prbench.h"

/* One of the project's own workloads. */
static inline size_t index_of(const char *name)
{
	int w = workload_find(name);

	assert_true(w >= 0);
	return (size_t)w;
}

#define W(name)	BIT(index_of(name))

static inline int load(void **state)
{
	const char *top = getenv("PRX_TOP");
	char *dir = format("%s/bench/workloads", top ? top : ".");
	char err[512] = "";
	int ret = workloads_load(dir, err, sizeof(err));

	(void)state;
	if (ret)
		print_error("%s\n", err);
	free(dir);
	return ret;
}

static inline int unload(void **state)
{
	(void)state;
	workloads_free();
	return 0;
}
static inline uint64_t variants_of(const char *names)
{
	uint64_t mask;
	char bad[64];

	assert_int_equal(parse_variants(names, &mask, bad, sizeof(bad)), 0);
	return mask;
}

/* Variants of the user's choice; NULL leaves it to the profile. */
static inline void plan_for(struct plan *plan, bool full, const char *names,
			    uint64_t platforms, uint64_t mask, unsigned int boots,
			    unsigned int seed)
{
	struct selection sel = {
		.full = full,
		.platforms = platforms,
		.variants = names ? variants_of(names) : 0,
		.workloads = mask,
		.boots = boots,
		.seed = seed,
	};

	assert_int_equal(plan_make(plan, &sel), 0);
}

#define FOUR	"off flag ext-off ext"

static inline void plan_with(struct plan *plan, uint64_t platforms, uint64_t mask,
			     unsigned int boots, unsigned int seed)
{
	plan_for(plan, false, FOUR, platforms, mask, boots, seed);
}

#endif
