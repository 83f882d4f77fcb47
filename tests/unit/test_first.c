// SPDX-License-Identifier: GPL-2.0
/* What is made before the first report: which boots, and how long they take. */
#include "plan.h"

#define EQUALISE_S	3	/* to touch 2 GiB */
#define ALL		(BIT(UM) | BIT(TCG) | BIT(ICOUNT))

/* What the Makefile has first, to be freed. */
static char *makefile_first(void)
{
	const char *top = getenv("PRX_TOP");
	char *path = format("%s/Makefile", top ? top : "."), *line = NULL, *found = NULL;
	size_t size = 0;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	while (!found && getline(&line, &size, f) > 0)
		if (!strncmp(line, "FIRST ?= ", 9))
			found = format("%.*s", (int)strcspn(line + 9, "\n"), line + 9);
	fclose(f);
	free(line);
	free(path);
	assert_non_null(found);
	return found;
}

static void part_of(struct plan_part *part, const char *text)
{
	char bad[64] = "";

	assert_int_equal(parse_part(text, part, bad, sizeof(bad)), 0);
}

static void words_of_any_kind(void **state)
{
	struct plan_part part;
	char err[128] = "";

	(void)state;
	part_of(&part, "um tcg,drain,3");
	assert_int_equal(part.platforms, BIT(UM) | BIT(TCG));
	assert_int_equal(part.workloads, W("drain"));
	assert_int_equal(part.rounds, 3);
	part_of(&part, "drain");
	assert_int_equal(part.platforms, ~0ULL);
	assert_int_equal(part.rounds, 0);
	assert_int_equal(parse_part("um,0", &part, err, sizeof(err)), -1);
	assert_non_null(strstr(err, "'0'"));
	/* A variant cannot be taken out of its rounds. */
	assert_int_equal(parse_part("um,ext", &part, err, sizeof(err)), -1);
	assert_non_null(strstr(err, "'ext'"));
}

static bool same_boot(const struct boot *a, const struct boot *b)
{
	return a->platform == b->platform && a->variant == b->variant &&
	       a->workloads == b->workloads && a->replicate == b->replicate &&
	       a->row == b->row && a->mem_mib == b->mem_mib;
}

/* Where a boot of another plan is in this one, once */
static const struct boot *find(const struct plan *plan, const struct boot *b, bool *first,
			       bool *begins)
{
	const struct boot *found = NULL;
	size_t i, l, k;

	for (i = 0; i < plan->nr; i++)
		for (l = 0; l < plan->phases[i].nr; l++)
			for (k = 0; k < plan->phases[i].lanes[l].nr; k++) {
				const struct lane *lane = &plan->phases[i].lanes[l];

				if (!same_boot(&lane->boots[k], b))
					continue;
				assert_null(found);
				found = &lane->boots[k];
				*first = i < plan->first;
				*begins = !k;
			}
	assert_non_null(found);
	return found;
}

static bool same_round(const struct boot *a, const struct boot *b)
{
	return a->platform == b->platform && a->workloads == b->workloads &&
	       a->replicate == b->replicate && a->row == b->row && a->mem_mib == b->mem_mib;
}

/*
 * The same boots as without, each once, and within a round each one behind the same
 * variant: plan_order() has balanced these.
 */
static void rounds_stay_as_they_are(const struct plan *plain, const struct plan *plan,
				    const struct plan_part *part)
{
	bool first, begins;
	size_t i, l, k;

	assert_int_equal(plan->nr_boots, plain->nr_boots);
	for (i = 0; i < plain->nr; i++)
		for (l = 0; l < plain->phases[i].nr; l++)
			for (k = 0; k < plain->phases[i].lanes[l].nr; k++) {
				const struct boot *b = &plain->phases[i].lanes[l].boots[k];
				const struct boot *is = find(plan, b, &first, &begins);

				assert_int_equal(first, part->platforms & BIT(b->platform) &&
						 !(b->workloads & ~part->workloads) &&
						 b->replicate < part->rounds);
				if (!k || !same_round(b - 1, b))
					continue;
				assert_false(begins);
				assert_true(same_boot(b - 1, is - 1));
			}
}

static void a_part_goes_first_in_whole_rounds(void **state)
{
	static const bool full[] = { false, true };
	char *first = makefile_first();
	const char *const parts[] = { first, "um,drain,churn,1", "um,fragment,2", "tcg,churn,3" };
	struct plan plain, plan;
	struct plan_part part;
	size_t f, i;

	(void)state;
	for (f = 0; f < ARRAY_SIZE(full); f++)
		for (i = 0; i < ARRAY_SIZE(parts); i++) {
			part_of(&part, parts[i]);
			plan_for(&plain, full[f], NULL, ALL, default_workloads(full[f]), 0, 1);
			plan_for(&plan, full[f], NULL, ALL, default_workloads(full[f]), 0, 1);
			assert_int_equal(plan_first(&plan, &part), 0);
			assert_true(plan_head(&plan).nr_boots > 0);
			rounds_stay_as_they_are(&plain, &plan, &part);
			plan_free(&plan);
			plan_free(&plain);
		}
	free(first);
}

static void a_short_plan_has_one_report(void **state)
{
	struct plan plan;
	struct plan_part part;

	(void)state;
	part_of(&part, "um,drain,1");
	plan_for(&plan, false, NULL, BIT(UM), W("drain"), 0, 1);
	assert_int_equal(plan_first(&plan, &part), 0);
	assert_int_equal(plan.first, 0);
	plan_free(&plan);
	/* all of it, and nothing of it */
	plan_for(&plan, false, NULL, BIT(TCG), default_workloads(false), 9, 1);
	part_of(&part, "tcg");
	assert_int_equal(plan_first(&plan, &part), 0);
	assert_int_equal(plan.first, 0);
	part_of(&part, "um");
	assert_int_equal(plan_first(&plan, &part), 0);
	assert_int_equal(plan.first, 0);
	plan_free(&plan);
}

/*
 * A quarter of an hour from nothing: four minutes of guests leave eleven to install,
 * to build two kernels and to write the report. On one machine of two cores these
 * took 193 and 176 seconds, on another 374 and 370: 20 minutes to the report, with
 * a third one that is built no more.
 */
static void the_first_report_is_soon(void **state)
{
	static const char *const kernels[] = { "um-pristine", "um-patched" };
	char *first = makefile_first(), **names;
	struct plan plan, head;
	struct plan_part part;
	size_t i;

	(void)state;
	part_of(&part, first);
	plan_for(&plan, false, NULL, ALL, default_workloads(false), 0, 1);
	assert_int_equal(plan_first(&plan, &part), 0);
	head = plan_head(&plan);
	assert_true(head.nr_boots >= 16);
	assert_true(head.estimate_s + head.nr_boots * EQUALISE_S <= 250);
	names = kernels_of(&head, NULL);
	for (i = 0; i < ARRAY_SIZE(kernels); i++) {
		assert_string_equal(names[i], kernels[i]);
		free(names[i]);
	}
	assert_null(names[i]);
	free(names);
	plan_free(&plan);
	free(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_any_kind),
		cmocka_unit_test(a_part_goes_first_in_whole_rounds),
		cmocka_unit_test(a_short_plan_has_one_report),
		cmocka_unit_test(the_first_report_is_soon),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
