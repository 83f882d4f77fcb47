// SPDX-License-Identifier: GPL-2.0
/* Names, settings, and the order of the boots. */
#include "plan.h"

static void lists_take_commas_and_blanks(void **state)
{
	uint64_t mask = 0;
	char bad[64];

	(void)state;
	assert_int_equal(parse_platforms("um,tcg", &mask, bad, sizeof(bad)), 0);
	assert_int_equal(mask, BIT(UM) | BIT(TCG));
	assert_int_equal(parse_platforms("  icount ,, um um ", &mask, bad, sizeof(bad)), 0);
	assert_int_equal(mask, BIT(UM) | BIT(ICOUNT));
	assert_int_equal(parse_platforms("", &mask, bad, sizeof(bad)), 0);
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

/* A guest of two CPUs has the machine for itself. */
static void two_cpus_do_not_overlap(void **state)
{
	struct selection sel = {
		.platforms = BIT(UM) | BIT(TCG), .workloads = W("drain"),
		.boots = 1, .seed = 1, .series = series_of("kernels-7.3"),
	};
	struct plan plan;

	(void)state;
	assert_int_equal(plan_make(&plan, &sel), 0);
	assert_int_equal(plan.nr, 1);
	assert_int_equal(plan.phases[0].nr, 1);
	plan_free(&plan);
	sel.platforms = BIT(KVM) | BIT(TCG);
	assert_int_equal(plan_make(&plan, &sel), 0);
	assert_int_equal(plan.phases[0].nr, 2);
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
		cmocka_unit_test(two_cpus_do_not_overlap),
		cmocka_unit_test(icount_counts_instructions_only),
		cmocka_unit_test(settings_can_be_changed),
		cmocka_unit_test(wrong_settings_are_refused),
		cmocka_unit_test(only_one_has_a_probe_of_its_own),
		cmocka_unit_test(the_probe_can_be_beside_all),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
