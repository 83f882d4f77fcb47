// SPDX-License-Identifier: GPL-2.0
/* What the profiles boot, and with which variants and guests. */
#include "plan.h"

#define EQUALISE_S	3	/* to touch 2 GiB */

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
	/* Its kernel is one that a newcomer would wait for. */
	assert_false(plan_variants(&plan, ~0U) & variants_of("flag-d250"));
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
	/* Within an hour a platform, with what is done to the host before each boot. */
	plan_for(&plan, true, NULL, BIT(TCG), W("churn-sweep"), 0, 1);
	assert_true(plan.estimate_s + plan.nr_boots * EQUALISE_S < 3600);
	plan_free(&plan);
	plan_for(&plan, true, NULL, BIT(UM), W("churn-sweep"), 0, 1);
	assert_true(plan.estimate_s + plan.nr_boots * EQUALISE_S < 3600);
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
			assert_int_equal(n[v][k], k ? 2 : 1);
	assert_int_equal(lane->nr, 90);
	plan_free(&plan);
	/* Whoever asks for a number of boots gets it of every variant. */
	plan_for(&plan, true, NULL, BIT(UM), W("churn-sweep"), 3, 1);
	assert_int_equal(plan.phases[0].lanes[0].nr, 10 * 5 * 3);
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
	assert_true(plan_variants(&plan, BIT(UM)) & variants_of("flag-o0"));
	assert_false(plan_variants(&plan, BIT(ICOUNT)) & variants_of("flag-o0"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, load, unload);
}
