// SPDX-License-Identifier: GPL-2.0
/* Names, settings, and the order of the boots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prbench.h"

/* One of the project's own workloads. */
static size_t index_of(const char *name)
{
	int w = workload_find(name);

	assert_true(w >= 0);
	return (size_t)w;
}

#define W(name)	BIT(index_of(name))

static int load(void **state)
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

static int unload(void **state)
{
	(void)state;
	workloads_free();
	return 0;
}

static void lists_take_commas_and_blanks(void **state)
{
	uint64_t mask = 0;
	char bad[64];

	(void)state;
	assert_int_equal(parse_list("um,tcg", platform_names, NR_PLATFORMS,
				    &mask, bad, sizeof(bad)), 0);
	assert_int_equal(mask, BIT(UM) | BIT(TCG));
	assert_int_equal(parse_list("  icount ,, um um ", platform_names,
				    NR_PLATFORMS, &mask, bad, sizeof(bad)), 0);
	assert_int_equal(mask, BIT(UM) | BIT(ICOUNT));
	assert_int_equal(parse_list("", platform_names, NR_PLATFORMS, &mask,
				    bad, sizeof(bad)), 0);
	assert_int_equal(mask, 0);
}

static void lists_name_what_they_do_not_know(void **state)
{
	uint64_t mask;
	char bad[64];

	(void)state;
	assert_int_equal(parse_workloads("drain,churns,fio", &mask, bad,
					 sizeof(bad)), -1);
	assert_string_equal(bad, "churns");
	/* a part of a name is not the name */
	assert_int_equal(parse_variants("ext-", &mask, bad, sizeof(bad)), -1);
	assert_string_equal(bad, "ext-");
	assert_int_equal(parse_variants("ext-off,ext", &mask, bad,
					sizeof(bad)), 0);
	assert_int_equal(__builtin_popcountll(mask), 2);
}

static uint64_t variants_of(const char *names)
{
	uint64_t mask;
	char bad[64];

	assert_int_equal(parse_variants(names, &mask, bad, sizeof(bad)), 0);
	return mask;
}

/* Variants of the user's choice; NULL leaves it to the profile. */
static void plan_for(struct plan *plan, bool full, const char *names,
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

static void plan_with(struct plan *plan, uint64_t platforms, uint64_t mask,
		      unsigned int boots, unsigned int seed)
{
	plan_for(plan, false, FOUR, platforms, mask, boots, seed);
}

static void each_round_boots_every_variant_once(void **state)
{
	const unsigned int rounds = 7;
	const struct lane *lane;
	struct plan plan;
	size_t i;

	(void)state;
	plan_with(&plan, BIT(UM), W("churn"), rounds, 3);
	assert_int_equal(plan.nr, 1);
	assert_int_equal(plan.phases[0].nr, 1);
	lane = &plan.phases[0].lanes[0];
	assert_int_equal(lane->nr, 4 * rounds);
	assert_int_equal(plan.nr_boots, lane->nr);
	for (i = 0; i < lane->nr; i += 4) {
		uint64_t seen = 0;
		unsigned int k;

		for (k = 0; k < 4; k++) {
			const struct boot *b = &lane->boots[i + k];

			assert_int_equal(b->replicate, i / 4);
			seen |= BIT(b->variant - variants);
		}
		assert_int_equal(seen, variants_of(FOUR));
	}
	plan_free(&plan);
}

/* How often each number comes right after each other one in the same round. */
static void count_pairs(size_t nr, unsigned int rounds, unsigned int seed,
			unsigned int pairs[16][16], unsigned int places[16][16])
{
	size_t *order = calloc(nr * rounds, sizeof(*order)), i;

	memset(pairs, 0, 16 * sizeof(pairs[0]));
	memset(places, 0, 16 * sizeof(places[0]));
	plan_order(nr, rounds, &seed, order);
	for (i = 0; i < nr * rounds; i++) {
		assert_true(order[i] < nr);
		places[order[i]][i % nr]++;
		if (i % nr)
			pairs[order[i - 1]][order[i]]++;
	}
	free(order);
}

static void each_pair_comes_equally_often(void **state)
{
	unsigned int pairs[16][16], places[16][16], rounds, seed;
	size_t nr, a, b;

	(void)state;
	for (nr = 2; nr < 13; nr++)
		for (rounds = 1; rounds < 30; rounds++)
			for (seed = 1; seed < 4; seed++) {
				unsigned int square = nr & 1 ? 2 * (unsigned int)nr :
						      (unsigned int)nr;
				unsigned int per = nr & 1 ? 2 : 1;

				count_pairs(nr, rounds, seed, pairs, places);
				for (a = 0; a < nr; a++)
					for (b = 0; b < nr; b++) {
						unsigned int least = per * (rounds / square);

						assert_true(places[a][b] >= least);
						assert_true(places[a][b] <= least + per);
						if (a == b) {
							assert_int_equal(pairs[a][a], 0);
							continue;
						}
						assert_true(pairs[a][b] >= least);
						assert_true(pairs[a][b] <= least + per);
						if (!(rounds % square))
							assert_int_equal(pairs[a][b], least);
					}
			}
}

/* The order of a plan is that of plan_order(), and not the same each round. */
static void a_plan_has_every_neighbour(void **state)
{
	unsigned int after[VARIANTS_MAX][VARIANTS_MAX] = { { 0 } };
	const struct lane *lane;
	struct plan plan;
	size_t i, v, w, seen = 0;

	(void)state;
	plan_with(&plan, BIT(UM), W("drain"), 4, 1);
	lane = &plan.phases[0].lanes[0];
	for (i = 0; i < lane->nr; i++)
		if (i % 4)
			after[lane->boots[i].variant - variants]
			     [lane->boots[i - 1].variant - variants]++;
	for (v = 0; v < nr_variants; v++)
		for (w = 0; w < nr_variants; w++) {
			assert_true(after[v][w] <= 1);
			seen += after[v][w];
		}
	assert_int_equal(seen, 12);
	plan_free(&plan);
}

static void the_seed_decides(void **state)
{
	struct plan a, b;
	unsigned int seed, different = 0;
	size_t i;

	(void)state;
	for (seed = 1; seed < 20; seed++) {
		const struct lane *la, *lb;

		plan_with(&a, BIT(UM), W("drain"), 3, seed);
		plan_with(&b, BIT(UM), W("drain"), 3, seed);
		la = &a.phases[0].lanes[0];
		lb = &b.phases[0].lanes[0];
		assert_int_equal(la->nr, lb->nr);
		for (i = 0; i < la->nr; i++)
			assert_ptr_equal(la->boots[i].variant,
					 lb->boots[i].variant);
		plan_free(&b);
		plan_with(&b, BIT(UM), W("drain"), 3, seed + 1);
		lb = &b.phases[0].lanes[0];
		for (i = 0; i < la->nr; i++)
			different += la->boots[i].variant != lb->boots[i].variant;
		plan_free(&a);
		plan_free(&b);
	}
	assert_true(different > 0);
}

/* drain may share the machine with another platform, churn may not. */
static void only_drain_overlaps(void **state)
{
	struct plan plan;
	size_t i, l, k;

	(void)state;
	plan_with(&plan, BIT(UM) | BIT(TCG), W("drain") | W("churn"), 0, 1);
	assert_int_equal(plan.nr, 2);
	for (i = 0; i < plan.nr; i++) {
		for (l = 0; l < plan.phases[i].nr; l++) {
			const struct lane *lane = &plan.phases[i].lanes[l];

			for (k = 0; k < lane->nr; k++)
				assert_int_equal(lane->boots[k].workloads,
						 plan.phases[i].nr == 2 ?
						 W("drain") : W("churn"));
		}
	}
	assert_int_equal(plan.phases[0].nr, 2);
	assert_int_equal(plan.phases[1].nr, 1);
	plan_free(&plan);
}

static void icount_counts_instructions_only(void **state)
{
	struct plan plan;

	(void)state;
	plan_with(&plan, BIT(ICOUNT), default_workloads(false), 0, 1);
	assert_int_equal(plan.nr_boots, 4);
	assert_int_equal(plan.phases[0].lanes[0].boots[0].workloads,
			 W("alloc"));
	plan_free(&plan);
	plan_with(&plan, BIT(ICOUNT), W("drain"), 0, 1);
	assert_int_equal(plan.nr_boots, 0);
	plan_free(&plan);
}

static void verify_needs_reporting(void **state)
{
	const struct lane *lane;
	struct plan plan;
	size_t i;

	(void)state;
	plan_with(&plan, BIT(UM), W("verify"), 2, 1);
	lane = &plan.phases[0].lanes[0];
	assert_int_equal(lane->nr, 4);	/* flag and ext */
	for (i = 0; i < lane->nr; i++)
		assert_true(lane->boots[i].variant->negotiated);
	plan_free(&plan);
}

/* Boots of a plan that run a workload on a platform with a variant. */
static unsigned int count(const struct plan *plan, enum platform p,
			  const char *workload, const char *variant)
{
	uint64_t w = W(workload);
	unsigned int n = 0;
	size_t i, l, k;

	for (i = 0; i < plan->nr; i++)
		for (l = 0; l < plan->phases[i].nr; l++)
			for (k = 0; k < plan->phases[i].lanes[l].nr; k++) {
				struct boot *b =
					&plan->phases[i].lanes[l].boots[k];

				n += b->platform == p && b->workloads & w &&
				     !strcmp(b->variant->name, variant);
			}
	return n;
}

/* What the project promises: half an hour, and six boots where n matters. */
static void quick_is_quick(void **state)
{
	static const char *const four[] = { "off", "flag", "ext-off", "ext" };
	static const char *const sizes[] = { "flag", "flag-o0", "ext" };
	struct plan plan;
	size_t i, l, k;

	(void)state;
	plan_for(&plan, false, NULL, BIT(UM) | BIT(TCG) | BIT(ICOUNT),
		 default_workloads(false), 0, 1);
	assert_true(plan.estimate_s > 300 && plan.estimate_s < 31 * 60);
	for (i = 0; i < ARRAY_SIZE(four); i++) {
		assert_true(count(&plan, UM, "drain", four[i]) >= 6);
		assert_true(count(&plan, UM, "churn", four[i]) >= 6);
		assert_true(count(&plan, TCG, "drain", four[i]) >= 6);
		assert_true(count(&plan, TCG, "churn", four[i]) >= 6);
		assert_int_equal(count(&plan, ICOUNT, "alloc", four[i]), 1);
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_true(count(&plan, UM, "fragment", sizes[i]) >= 3);
		assert_true(count(&plan, UM, "build", sizes[i]) >= 2);
		assert_true(count(&plan, UM, "storm", sizes[i]) >= 2);
	}
	assert_true(count(&plan, UM, "churn", "flag-d250") > 0);
	assert_int_equal(count(&plan, UM, "smallguest", "ext"), 1);
	assert_int_equal(count(&plan, TCG, "smallguest", "off"), 1);
	/* One boot for the pictures, and not one of those that are measured. */
	assert_int_equal(count(&plan, UM, "drain-map", "ext"), 1);
	assert_int_equal(count(&plan, UM, "churn-map", "ext"), 1);
	assert_int_equal(count(&plan, UM, "drain-map", "flag"), 0);
	assert_int_equal(count(&plan, TCG, "drain-map", "ext"), 0);
	for (i = 0; i < plan.nr; i++)
		for (l = 0; l < plan.phases[i].nr; l++)
			for (k = 0; k < plan.phases[i].lanes[l].nr; k++) {
				uint64_t w = plan.phases[i].lanes[l].boots[k].workloads;

				if (w & (W("drain-map") | W("churn-map")))
					assert_int_equal(w, W("drain-map") | W("churn-map"));
			}
	assert_int_equal(count(&plan, TCG, "lockhold", "ext"), 0);
	assert_int_equal(count(&plan, TCG, "script", "ext"), 0);
	assert_int_equal(count(&plan, UM, "fragment", "ext-off"), 0);
	plan_free(&plan);
}

/* Each value of a row has boots of its own, in which all variants are. */
static void a_row_has_boots_for_each_value(void **state)
{
	static const int values[] = { 100, 250, 500, 750, 900, 1100, 1500, 2500, 5000, 10000 };
	static const char *const five[] = { "off", "flag", "flag-d250", "flag-clock", "ext" };
	unsigned int n[ARRAY_SIZE(values)][ARRAY_SIZE(five)] = { { 0 } };
	const struct lane *lane;
	struct plan plan;
	size_t i, v, k;

	(void)state;
	plan_for(&plan, true, NULL, BIT(UM), W("churn-sweep"), 0, 1);
	assert_true(plan.estimate_s < 3600);
	lane = &plan.phases[0].lanes[0];
	for (i = 0; i < lane->nr; i++) {
		const struct boot *b = &lane->boots[i];
		json_t *settings = boot_settings(true, b, index_of("churn-sweep"));

		assert_int_equal(json_integer_value(json_object_get(settings, "pause_ms")), b->row);
		json_decref(settings);
		for (v = 0; v < ARRAY_SIZE(values); v++)
			for (k = 0; k < ARRAY_SIZE(five); k++)
				n[v][k] += b->row == values[v] &&
					   !strcmp(b->variant->name, five[k]);
	}
	for (v = 0; v < ARRAY_SIZE(values); v++)
		for (k = 0; k < ARRAY_SIZE(five); k++)
			assert_int_equal(n[v][k], 2);
	assert_int_equal(lane->nr, 100);
	plan_free(&plan);
	/* Elsewhere there is none. */
	plan_for(&plan, true, NULL, BIT(UM), W("drain"), 0, 1);
	assert_int_equal(plan.phases[0].lanes[0].boots[0].row, -1);
	plan_free(&plan);
}

/* A workload's words come before the user's, and only in its own boots. */
static void words_are_appended(void **state)
{
	struct boot scale = { .workloads = W("scale") | W("drain"), .row = -1 };
	struct boot drain = { .workloads = W("drain"), .row = -1 };
	char *text;

	(void)state;
	unsetenv("PRBENCH_APPEND");
	text = boot_append(&drain);
	assert_string_equal(text, "");
	free(text);
	setenv("PRBENCH_APPEND", "quiet", 1);
	text = boot_append(&scale);
	assert_string_equal(text, " initcall_debug quiet");
	free(text);
	text = boot_append(&drain);
	assert_string_equal(text, " quiet");
	free(text);
	unsetenv("PRBENCH_APPEND");
}

/* Enough boots of each to tell them apart. */
static void full_compares_sizes(void **state)
{
	static const char *const sizes[] = { "flag", "flag-o0", "ext" };
	struct plan plan;
	size_t i;

	(void)state;
	plan_for(&plan, true, NULL, BIT(KVM) | BIT(UM) | BIT(TCG),
		 W("fragment") | W("build") | W("storm"), 0, 1);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		/* six are enough for a verdict, and only KVM has the time */
		assert_true(count(&plan, KVM, "fragment", sizes[i]) >= 6);
		assert_true(count(&plan, KVM, "build", sizes[i]) >= 6);
		assert_true(count(&plan, KVM, "storm", sizes[i]) >= 6);
		assert_true(count(&plan, UM, "fragment", sizes[i]) >= 3);
		assert_true(count(&plan, UM, "build", sizes[i]) >= 3);
		assert_true(count(&plan, UM, "storm", sizes[i]) >= 3);
		assert_true(count(&plan, TCG, "fragment", sizes[i]) > 0);
	}
	plan_free(&plan);
}

/* There is no room for these in half an hour. */
static void full_has_what_quick_has_not(void **state)
{
	static const char *const slower[] = { "boot", "drain-all", "pagefault" };
	struct plan plan;
	size_t i;

	(void)state;
	plan_for(&plan, true, NULL, BIT(KVM) | BIT(UM) | BIT(TCG),
		 default_workloads(true), 0, 1);
	for (i = 0; i < ARRAY_SIZE(slower); i++) {
		assert_false(default_workloads(false) & W(slower[i]));
		assert_true(count(&plan, KVM, slower[i], "flag") >= 6);
		assert_true(count(&plan, UM, slower[i], "flag") >= 3);
		assert_true(count(&plan, TCG, slower[i], "ext") >= 3);
	}
	assert_true(count(&plan, UM, "churn-small", "ext") > 0);
	/* there churn itself is on tmpfs */
	assert_int_equal(count(&plan, UM, "churn-tmpfs", "ext"), 0);
	assert_true(count(&plan, TCG, "churn-tmpfs", "ext") > 0);
	plan_free(&plan);
}

/* Who names variants gets these and no others, whatever the workload. */
static void chosen_variants_replace_the_profiles(void **state)
{
	struct plan plan;

	(void)state;
	plan_for(&plan, false, "off ext-idle", BIT(UM) | BIT(TCG),
		 W("fragment") | W("churn"), 2, 1);
	assert_int_equal(plan_variants(&plan, ~0U), variants_of("off ext-idle"));
	assert_int_equal(count(&plan, UM, "fragment", "off"), 2);
	assert_int_equal(count(&plan, UM, "churn", "ext-idle"), 2);
	plan_free(&plan);
	/* Only kernels that some boot needs are asked for. */
	plan_for(&plan, false, NULL, BIT(UM) | BIT(TCG),
		 BIT(nr_workloads) - 1, 0, 1);
	assert_true(plan_variants(&plan, BIT(UM)) & variants_of("flag-d250"));
	assert_false(plan_variants(&plan, BIT(TCG)) & variants_of("flag-d250"));
	plan_free(&plan);
}

/* Who has one purpose is where it serves that, and nowhere else. */
static void special_variants_are_where_they_belong(void **state)
{
	static const char *const others[] = { "page_owner", "page_table_check" };
	struct plan plan;
	size_t i;

	(void)state;
	plan_for(&plan, false, NULL, ~0ULL, default_workloads(false), 0, 1);
	for (i = 0; i < nr_variants; i++)
		if (variants[i].special)
			assert_false(plan_variants(&plan, ~0ULL) & BIT(i));
	plan_free(&plan);
	plan_for(&plan, true, NULL, ~0ULL, default_workloads(true), 0, 1);
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		assert_true(count(&plan, TCG, "alloc", others[i]) > 0);
		assert_true(count(&plan, ICOUNT, "alloc", others[i]) > 0);
		assert_int_equal(count(&plan, UM, "alloc", others[i]), 0);
		assert_true(count(&plan, TCG, "pagefault", others[i]) >= 3);
		assert_int_equal(count(&plan, TCG, "drain", others[i]), 0);
	}
	/* A/A: ten against ten, in the same rounds as all the others */
	assert_int_equal(count(&plan, UM, "drain", "ext-aa"), 10);
	assert_int_equal(count(&plan, UM, "churn", "ext-aa"), 10);
	assert_int_equal(count(&plan, TCG, "churn", "ext-aa"), 10);
	assert_int_equal(count(&plan, UM, "churn", "ext"), 10);
	assert_int_equal(count(&plan, UM, "fragment", "ext-aa"), 0);
	plan_free(&plan);
	/* A kernel that is built for QEMU only is not asked for elsewhere. */
	plan_for(&plan, false, "page_owner ext-aa", BIT(UM) | BIT(TCG), W("churn"), 1,
		 1);
	assert_int_equal(plan_variants(&plan, BIT(UM)), variants_of("ext-aa"));
	assert_int_equal(plan_variants(&plan, BIT(TCG)),
			 variants_of("page_owner ext-aa"));
	plan_free(&plan);
}

/* The name is all in which they differ. */
static void twins_are_the_same(void **state)
{
	size_t i, k, twins = 0;

	(void)state;
	for (i = 0; i < nr_variants; i++) {
		for (k = 0; k < nr_variants; k++) {
			const struct variant *a = &variants[i], *b = &variants[k];
			size_t n = strlen(a->name);

			if (strncmp(a->name, b->name, n) ||
			    strcmp(b->name + n, "-aa"))
				continue;
			twins++;
			assert_string_equal(a->tree, b->tree);
			assert_string_equal(a->extra, b->extra);
			assert_int_equal(a->patched, b->patched);
			assert_int_equal(a->reporting, b->reporting);
			assert_int_equal(a->negotiated, b->negotiated);
		}
	}
	assert_true(twins > 0);
}

/* The size of a guest is a matter of its workload, and can be set. */
static void sizes_of(const struct plan *plan, uint64_t workload,
		     unsigned int *mib, size_t nr)
{
	size_t i, l, k, seen = 0;

	for (i = 0; i < plan->nr; i++) {
		for (l = 0; l < plan->phases[i].nr; l++) {
			const struct lane *lane = &plan->phases[i].lanes[l];

			for (k = 0; k < lane->nr; k++) {
				assert_int_equal(lane->boots[k].workloads,
						 workload);
				assert_true(seen < nr);
				mib[seen++] = lane->boots[k].mem_mib;
			}
		}
	}
	assert_int_equal(seen, nr);
}

static void guests_have_the_size_they_need(void **state)
{
	unsigned int mib[10];
	struct plan plan;
	char err[64];

	(void)state;
	plan_for(&plan, false, "off,ext", BIT(UM), W("drain"), 1, 1);
	sizes_of(&plan, W("drain"), mib, 2);
	assert_int_equal(mib[0], GUEST_MIB);
	plan_free(&plan);
	plan_for(&plan, false, "off,ext", BIT(UM), W("smallguest"), 1, 1);
	sizes_of(&plan, W("smallguest"), mib, 2);
	assert_int_equal(mib[0], 64);
	assert_int_equal(mib[1], 64);
	plan_free(&plan);
	plan_for(&plan, true, NULL, BIT(ICOUNT), W("lockhold"), 1, 1);
	sizes_of(&plan, W("lockhold"), mib, 4);
	assert_int_equal(mib[1], 1024);
	assert_int_equal(mib[2], 16384);
	assert_int_equal(count(&plan, ICOUNT, "lockhold", "flag-lock"), 2);
	assert_int_equal(count(&plan, ICOUNT, "lockhold", "ext"), 2);
	plan_free(&plan);
	assert_int_equal(settings_override("lockhold.times=2", err,
					   sizeof(err)), 0);
	plan_for(&plan, true, NULL, BIT(ICOUNT), W("lockhold"), 1, 1);
	sizes_of(&plan, W("lockhold"), mib, 10);
	assert_int_equal(mib[2], 2048);
	assert_int_equal(mib[9], 16384);
	plan_free(&plan);
	assert_int_equal(settings_override("lockhold.times=0", err,
					   sizeof(err)), 0);
	plan_for(&plan, true, NULL, BIT(ICOUNT), W("lockhold"), 1, 1);
	sizes_of(&plan, W("lockhold"), mib, 2);
	plan_free(&plan);
	assert_int_equal(settings_override("script.mem_mib=4096", err,
					   sizeof(err)), 0);
	plan_for(&plan, false, "ext", BIT(TCG), W("script"), 1, 1);
	sizes_of(&plan, W("script"), mib, 1);
	assert_int_equal(mib[0], 4096);
	plan_free(&plan);
	settings_reset();
}

/* What does not say how long it held the lock cannot be asked. */
static void lockhold_needs_a_figure(void **state)
{
	struct plan plan;

	(void)state;
	plan_for(&plan, true, "off,flag,flag-lock,ext-off,ext", BIT(TCG),
		 W("lockhold"), 1, 1);
	assert_int_equal(plan.nr_boots, 4);
	assert_int_equal(count(&plan, TCG, "lockhold", "flag-lock"), 2);
	assert_int_equal(count(&plan, TCG, "lockhold", "ext"), 2);
	plan_free(&plan);
	/* and the kernel that does has no other purpose */
	plan_for(&plan, true, NULL, BIT(TCG), default_workloads(true), 0, 1);
	assert_int_equal(count(&plan, TCG, "drain", "flag-lock"), 0);
	assert_int_equal(count(&plan, TCG, "verify", "flag-lock"), 0);
	assert_true(count(&plan, TCG, "lockhold", "flag-lock") > 0);
	plan_free(&plan);
}

/* A kernel that takes hints is for migration, and that for guests of QEMU. */
static void hints_are_for_migration(void **state)
{
	struct plan plan;

	(void)state;
	plan_for(&plan, true, NULL, BIT(UM) | BIT(TCG), W("migrate"), 1, 1);
	assert_int_equal(plan.nr_boots, 4);
	assert_int_equal(count(&plan, TCG, "migrate", "hint"), 1);
	plan_free(&plan);
	plan_for(&plan, true, NULL, BIT(UM) | BIT(TCG),
		 default_workloads(true) & ~W("migrate"), 0, 1);
	assert_false(plan_variants(&plan, ~0ULL) & variants_of("hint"));
	plan_free(&plan);
}

/* Who is driven by the host has boots of its own. */
static void several_guests_share_with_nobody(void **state)
{
	static const char *const names[] = { "multi", "overcommit", "migrate" };
	struct plan plan;
	size_t n, i, l, k;

	(void)state;
	plan_for(&plan, true, NULL, BIT(KVM) | BIT(UM), default_workloads(true),
		 0, 1);
	for (n = 0; n < ARRAY_SIZE(names); n++) {
		assert_true(workloads[index_of(names[n])].by_host);
		assert_true(count(&plan, KVM, names[n], "ext") >= 6);
		assert_false(default_workloads(false) & W(names[n]));
	}
	for (i = 0; i < plan.nr; i++)
		for (l = 0; l < plan.phases[i].nr; l++)
			for (k = 0; k < plan.phases[i].lanes[l].nr; k++) {
				uint64_t w = plan.phases[i].lanes[l].boots[k].workloads;

				for (n = 0; n < ARRAY_SIZE(names); n++)
					assert_true(!(w & W(names[n])) ||
						    w == W(names[n]));
			}
	plan_free(&plan);
}

static void settings_can_be_changed(void **state)
{
	char err[128];
	json_t *o;

	(void)state;
	assert_int_equal(settings_override("drain.settle_ms=1234", err,
					   sizeof(err)), 0);
	o = workload_settings(false, index_of("drain"), UM);
	assert_int_equal(json_integer_value(json_object_get(o, "settle_ms")),
			 1234);
	assert_int_equal(json_integer_value(json_object_get(o, "mib")), 1024);
	json_decref(o);
	o = workload_settings(true, index_of("churn"), TCG);
	assert_null(json_object_get(o, "settle_ms"));
	json_decref(o);
	settings_reset();
	o = workload_settings(false, index_of("drain"), UM);
	assert_int_equal(json_integer_value(json_object_get(o, "settle_ms")),
			 10000);
	json_decref(o);
}

static void wrong_settings_are_refused(void **state)
{
	static const char *const wrong[] = {
		"", "drain", "drain.mib", "drain.mib=", "drain.mib=12x",
		"drain.mib=-1", "drain.nope=1", "drains.mib=1",
		"drain.backing=1",
	};
	char err[128];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(settings_override(wrong[i], err, sizeof(err)),
				 -1);
	settings_reset();
}

/* The order of a workload's probe, -1: it has none. */
static int probe_of(const char *name, bool full, int *period)
{
	json_t *o = workload_settings(full, index_of(name), TCG);
	const json_t *probe = json_object_get(o, "probe");
	int order = -1;

	*period = (int)json_integer_value(json_object_get(probe, "period_ms"));
	if (probe)
		order = (int)json_integer_value(json_object_get(probe, "order"));
	json_decref(o);
	return order;
}

/* It takes memory that was reported: nobody else's figures want it. */
static void only_one_has_a_probe_of_its_own(void **state)
{
	int period;
	size_t i;

	(void)state;
	for (i = 0; i < nr_workloads; i++) {
		if (strcmp(workloads[i].name, "churn-probe"))
			assert_int_equal(probe_of(workloads[i].name, true,
						  &period), -1);
		assert_true(!(default_workloads(false) & BIT(i)) ||
			    probe_of(workloads[i].name, false, &period) < 0);
	}
	assert_int_equal(probe_of("churn-probe", true, &period), 4);
	assert_int_equal(period, 5);
}

static void the_probe_can_be_beside_all(void **state)
{
	static const char *const wrong[] = {
		"", "x", "-1", "11", "123", "4,", "4,0", "4,-1", "4,10001",
		"4,123456", "4,5,6", "4 5", "4,5x",
	};
	char err[128];
	int period;
	size_t i;

	(void)state;
	assert_int_equal(probe_everywhere("9", err, sizeof(err)), 0);
	assert_int_equal(probe_of("drain", false, &period), 9);
	assert_int_equal(period, 5);
	assert_int_equal(probe_everywhere("0,20", err, sizeof(err)), 0);
	assert_int_equal(probe_of("alloc", false, &period), 0);
	assert_int_equal(period, 20);
	assert_int_equal(probe_of("churn-probe", false, &period), 0);
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(probe_everywhere(wrong[i], err, sizeof(err)), -1);
	assert_int_equal(probe_of("drain", false, &period), 0);
	settings_reset();
	assert_int_equal(probe_of("drain", false, &period), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_take_commas_and_blanks),
		cmocka_unit_test(lists_name_what_they_do_not_know),
		cmocka_unit_test(each_round_boots_every_variant_once),
		cmocka_unit_test(each_pair_comes_equally_often),
		cmocka_unit_test(a_plan_has_every_neighbour),
		cmocka_unit_test(the_seed_decides),
		cmocka_unit_test(only_drain_overlaps),
		cmocka_unit_test(icount_counts_instructions_only),
		cmocka_unit_test(verify_needs_reporting),
		cmocka_unit_test(quick_is_quick),
		cmocka_unit_test(a_row_has_boots_for_each_value),
		cmocka_unit_test(words_are_appended),
		cmocka_unit_test(full_compares_sizes),
		cmocka_unit_test(full_has_what_quick_has_not),
		cmocka_unit_test(chosen_variants_replace_the_profiles),
		cmocka_unit_test(special_variants_are_where_they_belong),
		cmocka_unit_test(twins_are_the_same),
		cmocka_unit_test(guests_have_the_size_they_need),
		cmocka_unit_test(lockhold_needs_a_figure),
		cmocka_unit_test(hints_are_for_migration),
		cmocka_unit_test(several_guests_share_with_nobody),
		cmocka_unit_test(settings_can_be_changed),
		cmocka_unit_test(wrong_settings_are_refused),
		cmocka_unit_test(only_one_has_a_probe_of_its_own),
		cmocka_unit_test(the_probe_can_be_beside_all),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
