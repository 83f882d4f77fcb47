// SPDX-License-Identifier: GPL-2.0
/* The report's first page, of recorded boots. */
#include "recorded.h"

/* What is read in a minute: the result in numbers, what it is worth, a verdict a row. */
static void front(void **state)
{
	static const char * const verdicts[] = {
		"**better**", "**worse**", "**equal**", "**undecided**", "**yes**", "**no**",
		"**less**", "**more**", "**no data**", "**leans ",
	};
	struct work *w = *state;
	char *md, *table, *line, *end, *dat;
	size_t i;

	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	md = slurp(str("%s/run/report.md", w->dir));
	table = strstr(md, "\n| ");
	assert_non_null(table);
	assert_true(strstr(md, "freed memory is back with the host after") < table);
	/* and where it loses */
	assert_true(strstr(md, "**Worse than the page flag**") < table);
	assert_true(says(md, "**Worse than the page flag**", "`alloc_o9_instr` ×1.64 (619 against 378"));
	assert_false(says(md, "**Worse than the page flag**", "`drain` `t95_s`"));
	assert_true(strstr(md, "No figure is from hardware virtualisation") < table);
	assert_true(strstr(md, "(plots/forest.svg)") < table);
	assert_true(says(table, "| Freed memory is back sooner than with the page flag `drain` ",
			 "**leans better, too few boots (2)** ×0.189"));
	/* each row of each table has its verdict, and how many boots */
	for (line = table + 1; line; line = end ? strstr(end, "\n| ") : NULL) {
		line += *line == '\n';
		end = strchr(line, '\n');
		if (!end)
			break;
		*end = 0;
		for (i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++)
			if (strstr(line, verdicts[i]))
				break;
		if (i < sizeof(verdicts) / sizeof(*verdicts))
			assert_non_null(strstr(line, "n="));
		else if (!strstr(line, "---") && !strstr(line, " | verdict ") &&
			 !strstr(line, "| page_ext against"))
			fail_msg("no verdict: %s", line);
		*end = '\n';
	}
	free(md);
	dat = slurp(str("%s/run/plots/forest.dat", w->dir));
	assert_non_null(dat);
	assert_non_null(strstr(dat, "\n2\t0.188976\t0.181475\t0.19672\t0\n"));
	/* more cycles are better: turned round */
	assert_non_null(strstr(dat, "\n3\t0.909786\t0.869484\t0.95303\t0\n"));
	free(dat);
}

int main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, work_teardown)
	const struct CMUnitTest tests[] = {
		T(front),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
