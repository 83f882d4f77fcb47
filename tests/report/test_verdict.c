// SPDX-License-Identifier: GPL-2.0
/* What is tested, how often, and with what: runs whose verdicts are known. */
#include "made.h"

static void shell(struct work *w, const char *command)
{
	const char *const argv[] = { "sh", "-c", command, "sh", w->dir, NULL };

	assert_int_equal(run_cmd(argv, "/dev/null", "/dev/null", NULL), 0);
}

/* The line of answers.tsv about a variant and another, or one of one metric */
static const char *answer_line(struct work *w, const char *run, const char *what,
			       const char *other)
{
	char *text = slurp(str("%s/%s/answers.tsv", w->dir, run)), *line, *rest;
	const char *found = NULL;

	assert_non_null(text);
	for (line = strtok_r(text, "\n", &rest); line && !found; line = strtok_r(NULL, "\n", &rest))
		if (strstr(line, what) && strstr(line, str("\t%s\t", other)))
			found = str("%s", line);
	free(text);
	return found;
}

/* A question about another variant than the baseline is tested, too. */
static void each_question_is_tested(void **state)
{
	struct work *w = *state;

	make_run(w, "a", &usual);
	make_boots(w, "a", &usual, "um", "ext", 1, low, BOOTS);
	make_boots(w, "a", &usual, "um", "flag-o0", 11, high, BOOTS);
	shell(w, "sed -i -e s/churn/refill/g -e s/cycles/refill_ms_gib/g"
	      " $1/a/run.json $1/a/boots/*/events.jsonl");
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
	has(answer_line(w, "a", "\trefill_ms_gib\t", "flag-o0"), "\t0.000155\texplore\tless");
}

/*
 * That one of many pauses is beyond a goal happens by chance: alone it is missed, as one
 * of ten it is open.
 */
static void one_of_many_is_open(void **state)
{
	static const double flag[] = { 10, 11, 12, 13, 14, 15 };
	static const double ext[] = { 12.5, 13.5, 14.5, 15.5, 16.5, 17.5 };
	struct work *w = *state;
	static const char * const verdict[] = { "\tno", "\topen" };
	int many, i;

	for (many = 0; many < 2; many++) {
		shell(w, "rm -rf $1/a");
		make_run(w, "a", &usual);
		make_boots(w, "a", &usual, "um", "flag", 1, flag, 6);
		make_boots(w, "a", &usual, "um", "ext", 11, ext, 6);
		shell(w, "sed -i -e s/churn/churn-sweep/g -e s/cycles/cost_gib_s_p1000/g"
		      " $1/a/run.json $1/a/boots/*/events.jsonl");
		for (i = 0; many && i < 9; i++)
			shell(w, str("sed -i '/_p1000/{p;s/_p1000/_p%d/;s/\"value\":[0-9.]*/\"value\":10/}'"
				     " $1/a/boots/*/events.jsonl", 10 * (200 + i)));
		assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
		has(answer_line(w, "a", "\tcost_gib_s_p1000\t", "flag"), verdict[many]);
	}
}

/* Where there is no goal nothing is beyond it. */
static void no_goal_is_not_passed(void **state)
{
	struct work *w = *state;
	char *text;

	make_run(w, "a", &usual);
	make_boots(w, "a", &usual, "um", "flag", 1, low, BOOTS);
	make_boots(w, "a", &usual, "um", "ext", 11, high, BOOTS);
	shell(w, "sed -i -e s/churn/scale/g -e s/cycles/pass_ms_g16/g"
	      " $1/a/run.json $1/a/boots/*/events.jsonl; sed -i '/result/{p;s/g16/g2/}'"
	      " $1/a/boots/*/events.jsonl");
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
	text = slurp(str("%s/a/details.md", w->dir));
	has(text, "at worst, `pass_ms_g");
	has_not(text, "beyond at ");
	free(text);
}

/* Two kinds of machines: a picture each, and each panel says which. */
static void pictures_are_of_one_machine(void **state)
{
	struct work *w = *state;
	struct made other = usual;
	char *text, *second;

	other.cpu = "Another";
	other.date = "2026-01-02T00:00:00Z";
	simple(w, "a", &usual, low);
	simple(w, "b", &other, high);
	shell(w, "sed -i -e s/churn/refill/g -e s/cycles/host_huge_mib/ $1/[ab]/run.json"
	      " $1/[ab]/boots/*/events.jsonl; sed -i '/result/{p;s/host_huge/stranded/}'"
	      " $1/[ab]/boots/*/events.jsonl");
	assert_int_equal(RUN(w, "merge", str("%s/m", w->dir), str("%s/a", w->dir),
			     str("%s/b", w->dir)), 0);
	assert_int_equal(RUN(w, str("%s/m", w->dir)), 0);
	text = slurp(str("%s/m/plots/stranded-huge-um.dat", w->dir));
	has(text, "10.7");
	has_not(text, "20.7");
	free(text);
	second = slurp(str("%s/m/plots/stranded-huge-um-6.12.117:m2.dat", w->dir));
	has(second, "20.7");
	free(second);
	text = slurp(str("%s/m/plots/forest.gp", w->dir));
	has(text, "ptitle[1] = \"User Mode Linux, 6.12.117:m1\"");
	has(text, "ptitle[2] = \"User Mode Linux, 6.12.117:m2\"");
	free(text);
}

int main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, work_setup, work_teardown)
	const struct CMUnitTest tests[] = {
		T(each_question_is_tested),
		T(one_of_many_is_open),
		T(no_goal_is_not_passed),
		T(pictures_are_of_one_machine),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
