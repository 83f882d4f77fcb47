// SPDX-License-Identifier: GPL-2.0
/* What the report says of how far a run can be trusted. */
#include "made.h"

/* ---- A/A ---- */

static void aa_run(struct work *w, const double *twin, int n)
{
	make_run(w, "a", &usual);
	make_boots(w, "a", &usual, "um", "flag", 1, low, n);
	make_boots(w, "a", &usual, "um", "ext", 11, low, n);
	make_boots(w, "a", &usual, "um", "ext-aa", 21, twin, n);
}

static void twins_are_alike(void **state)
{
	struct work *w = *state;
	char *text;

	aa_run(w, same, BOOTS);
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
	assert_string_equal(w->err, "");
	text = slurp(str("%s/a/details.md", w->dir));
	has(text, "### The same variant twice (A/A)");
	has(text, "no difference");
	has_not(text, "**differ**");
	free(text);
	/* No test against flag: there would be one more to correct for. */
	text = slurp(str("%s/a/summary.tsv", w->dir));
	has(row(text, "um", "6.12.117", "ext-aa", "cycles"), "\t-\t-");
	has_not(row(text, "um", "6.12.117", "ext", "cycles"), "\t-\t");
	free(text);
}

static void twins_that_differ_are_found(void **state)
{
	struct work *w = *state;
	char *text;

	aa_run(w, high, BOOTS);
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 1);
	has(w->err, "A/A: ext and ext-aa on um differ in cycles of churn");
	text = slurp(str("%s/a/details.md", w->dir));
	has(text, "**differ**");
	has(text, "**The same variant under two names differs in 1 of ");
	free(text);
	/* also in what is read in a minute */
	text = slurp(str("%s/a/report.md", w->dir));
	has(text, "**The same variant under two names differs in 1 of ");
	free(text);
}

static void twins_need_boots(void **state)
{
	struct work *w = *state;
	char *text;

	aa_run(w, high, 3);
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
	text = slurp(str("%s/a/details.md", w->dir));
	has(text, "Too few boots to say whether");
	has_not(text, "no difference |");
	free(text);
}

static void twins_are_of_the_same_kernel(void **state)
{
	struct work *w = *state;
	struct made other = usual;

	other.sha = "bbbb";
	make_run(w, "a", &usual);
	make_boots(w, "a", &usual, "um", "ext", 11, low, BOOTS);
	make_boots(w, "a", &other, "um", "ext-aa", 21, same, BOOTS);
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 1);
	has(w->err, "are not the same variant");
}

/* A workload that only one of the names has may want another guest. */
static void twins_are_of_one_workload(void **state)
{
	struct work *w = *state;
	struct made other = usual;
	int i;

	other.sha = "bbbb";
	aa_run(w, same, BOOTS);
	make_boots(w, "a", &other, "um", "ext", 31, low, 2);
	for (i = 31; i < 33; i++)
		put(str("%s/a/boots/%03d-um-ext/events.jsonl", w->dir, i),
		    "{\"t\":1,\"event\":\"begin\",\"workload\":\"churn-small\"}\n"
		    "{\"t\":9,\"event\":\"end\",\"workload\":\"churn-small\"}\n");
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
	assert_string_equal(w->err, "");
}

static void few_boots_are_said(void **state)
{
	struct work *w = *state;
	char *text;

	make_run(w, "a", &usual);
	make_boots(w, "a", &usual, "um", "flag", 1, low, 3);
	make_boots(w, "a", &usual, "um", "ext", 11, high, 3);
	make_boots(w, "a", &usual, "tcg", "flag", 21, low, BOOTS);
	make_boots(w, "a", &usual, "tcg", "ext", 31, high, BOOTS);
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
	text = slurp(str("%s/a/details.md", w->dir));
	has(text, "### Too few boots");
	has(text, "| um       | headline | (all)    | 3 : 3 |");
	has(text, "| um       | explore  | churn    | 3 : 3 |");
	has_not(text, "| tcg      | headline | (all)    | 8 : 8 |");
	free(text);
}

/* ---- by the variant booted before ---- */

/* off, flag, ext, off, ext, flag, ... : each of flag and ext after off and after the other */
static void ordered(struct work *w, int boots, double after_off)
{
	static const char * const order[] = { "off", "flag", "ext", "off", "ext", "flag" };
	int i;

	make_run(w, "a", &usual);
	for (i = 0; i < boots; i++) {
		double v = 10 + 0.01 * (i * 37 % 60);

		if (i && !strcmp(order[(i - 1) % 6], "off"))
			v += after_off;
		make_boots(w, "a", &usual, "um", order[i % 6], i + 1, &v, 1);
	}
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
}

static void order_of_boots_is_found(void **state)
{
	struct work *w = *state;
	char *text;

	ordered(w, 60, 5);
	text = slurp(str("%s/a/details.md", w->dir));
	has(text, "### The same variant, by its predecessor");
	has(text, "the order of the boots is in these figures");
	has(text, "| um       | churn    | `cycles` count | off ");
	has(text, "| **differs** ");
	free(text);
}

/* What the runner wrote counts, not the numbers of the boots: each followed "off". */
static void order_is_read_where_it_is_written(void **state)
{
	struct work *w = *state;
	char *text;
	int i;

	ordered(w, 60, 5);
	for (i = 0; i < 60; i++) {
		char *path = strdup(str("%s/a/boots/%03d-um-%s/meta.json", w->dir, i + 1,
					((const char *[]){ "off", "flag", "ext", "off", "ext",
							   "flag" })[i % 6]));
		json_t *o = json_load_file(path, 0, NULL);

		assert_non_null(o);
		json_object_set_new(o, "after", json_pack("{s:i, s:s, s:s}", "seq", i,
				    "platform", "um", "variant", "off"));
		assert_int_equal(json_dump_file(o, path, 0), 0);
		json_decref(o);
		free(path);
	}
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
	text = slurp(str("%s/a/details.md", w->dir));
	has(text, "Too few boots to say whether it matters which variant was booted before.");
	has_not(text, "**differs**");
	free(text);
}

/* What was not tested is not called harmless. */
static void too_many_boots_to_test(void **state)
{
	struct work *w = *state;
	char *text;

	ordered(w, 180, 5);
	text = slurp(str("%s/a/details.md", w->dir));
	has(text, "3 tests were not made");
	has_not(text, "show that the variant booted before matters");
	free(text);
}

static void order_of_boots_may_not_matter(void **state)
{
	struct work *w = *state;
	char *text;

	ordered(w, 60, 0);
	text = slurp(str("%s/a/details.md", w->dir));
	has(text, "\n0 of 3 tests of the headline metrics and `fill_s` show");
	has_not(text, "the order of the boots is in these figures");
	has_not(text, "**differs**");
	free(text);
}

/* A run that went on with another QEMU or kernel is one sample of two kinds. */
static void unlike_boots_are_named(void **state)
{
	struct work *w = *state;
	struct made other = usual;
	char *text;

	other.qemu = "10.0.8";
	make_run(w, "a", &usual);
	make_boots(w, "a", &usual, "um", "flag", 1, low, BOOTS);
	make_boots(w, "a", &usual, "um", "ext", 11, low, BOOTS);
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
	text = slurp(str("%s/a/report.md", w->dir));
	has_not(text, "Unlike boots");
	free(text);
	make_boots(w, "a", &other, "um", "ext", 21, high, 1);
	other.qemu = "7.2.22";
	make_boots(w, "a", &other, "um", "ext", 31, high, 1);
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
	text = slurp(str("%s/a/report.md", w->dir));
	has(text, "**Unlike boots are in one sample**: of several kinds are QEMU version on um.");
	free(text);
}

static void a_host_that_reports_is_warned_of(void **state)
{
	struct work *w = *state;
	char *path, *text;
	json_t *o;

	ordered(w, 60, 0);
	text = slurp(str("%s/a/details.md", w->dir));
	has_not(text, "The host is itself a guest");
	free(text);
	path = strdup(str("%s/a/run.json", w->dir));
	o = json_load_file(path, 0, NULL);
	json_object_set_new(json_object_get(o, "machine"), "host_free_page_reporting",
			    json_true());
	json_object_set_new(json_object_get(o, "machine"), "hypervisor", json_string("KVM"));
	assert_int_equal(json_dump_file(o, path, 0), 0);
	json_decref(o);
	free(path);
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
	text = slurp(str("%s/a/details.md", w->dir));
	has(text, "**The host is itself a guest with free page reporting, under KVM**");
	free(text);
}

int main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, work_setup, work_teardown)
	const struct CMUnitTest tests[] = {
		T(twins_are_alike),
		T(twins_that_differ_are_found),
		T(twins_need_boots),
		T(twins_are_of_the_same_kernel),
		T(twins_are_of_one_workload),
		T(few_boots_are_said),
		T(order_of_boots_is_found),
		T(order_is_read_where_it_is_written),
		T(too_many_boots_to_test),
		T(order_of_boots_may_not_matter),
		T(unlike_boots_are_named),
		T(a_host_that_reports_is_warned_of),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
