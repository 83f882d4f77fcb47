// SPDX-License-Identifier: GPL-2.0
/*
 * What lies in a run's directory and is none of its boots, and what other
 * systems have done to its files: prreport on a copy of recorded boots.
 */
#include "recorded.h"

static void shell(struct work *w, const char *command)
{
	const char *const argv[] = { "sh", "-c", command, "sh", str("%s/run", w->dir), NULL };

	assert_int_equal(run_cmd(argv, "/dev/null", "/dev/null", NULL), 0);
}

/* summary.tsv of the run, to be freed. */
static char *report(struct work *w)
{
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	return slurp(str("%s/run/summary.tsv", w->dir));
}

/* The figures are those of the run as it was, and the report names @what. */
static void same_without(struct work *w, const char *command, const char *what)
{
	char *before = report(w), *after, *md;

	assert_null(strstr(w->err, what));
	shell(w, command);
	after = report(w);
	assert_string_equal(after, before);
	/* What is left out is said at once, too. */
	assert_true(!strstr(what, ":") || strstr(w->err, what));
	md = slurp(str("%s/run/details.md", w->dir));
	assert_non_null(strstr(md, what));
	free(before);
	free(after);
	free(md);
}

static void copies_count_once(void **state)
{
	same_without(*state, "cd \"$1/boots\" && cp -r 003-um-ext '003-um-ext (copy)'",
		     "it is a copy of 003-um-ext: a boot counts once");
}

/* Not even when the copy comes first, or is all that is whole. */
static void copies_of_any_name(void **state)
{
	same_without(*state, "cd \"$1/boots\" && cp -r 003-um-ext '003 Copy'",
		     "it is a copy of 003-um-ext: a boot counts once");
	same_without(*state, "cd \"$1/boots\" && rm -r '003 Copy' && cp -r 003-um-ext 003-um-ext.old"
		     " && rm 003-um-ext/meta.json", "it has the number of 003-um-ext.old: a boot counts once");
}

static void boots_of_another_run(void **state)
{
	same_without(*state, "cd \"$1/boots\" && cp -r 003-um-ext 099-um-ext && "
		     "sed -i 's/\"seq\": 3,/\"seq\": 99, \"run\": \"2026-11-22T01:02:03Z\",/' "
		     "099-um-ext/meta.json",
		     "it is of the run of 2026-11-22T01:02:03Z, and this is the run of 2026-11-22T05:27:10Z");
}

/* Boots did not always say of which run they are. */
static void boots_before_the_run(void **state)
{
	same_without(*state, "cd \"$1/boots\" && cp -r 003-um-ext 099-um-ext && "
		     "sed -i 's/\"seq\": 3,/\"seq\": 99,/; s/2026-11-22T05:27/2026-11-22T04:27/' "
		     "099-um-ext/meta.json",
		     "it is of another run: it started 2026-11-22T04:27:34Z");
}

static void lines_that_end_otherwise(void **state)
{
	struct work *w = *state;
	char *before = report(w), *after;

	shell(w, "find \"$1\" -type f \\( -name '*.tsv' -o -name '*.json*' \\) -exec sed -i 's/$/\\r/' {} +"
	      " && printf '\\r\\n' >>\"$1/boots/003-um-ext/events.jsonl\"");
	after = report(w);
	assert_string_equal(w->err, "");
	assert_string_equal(after, before);
	assert_true(exists(str("%s/run/plots/map-um-ext-29.svg", w->dir)));
	free(before);
	free(after);
}

/* What the host has filled again by itself is no doing of the guest's. */
static void what_khugepaged_fills(void **state)
{
	same_without(*state, "sed -i 's/\"seq\": 3,/\"seq\": 3, \"khugepaged_mib\": 1090,/' "
		     "\"$1/boots/003-um-ext/meta.json\" && "
		     "sed -i 's/\"seq\": 5,/\"seq\": 5, \"khugepaged_mib\": 14,/' "
		     "\"$1/boots/005-um-off/meta.json\"", "khugepaged made 1090 MiB");
}

/* All of it may be of another run: then there is nothing, and that is said. */
static void nothing_is_left(void **state)
{
	struct work *w = *state;

	shell(w, "sed -i 's/2026-11-22T05:27:10Z/2027-01-01T00:00:00Z/' \"$1/run.json\"");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 1);
	assert_non_null(strstr(w->err, "holds no boots of this run"));
}

int main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, work_teardown)
	const struct CMUnitTest tests[] = {
		T(copies_count_once), T(copies_of_any_name), T(boots_of_another_run),
		T(boots_before_the_run), T(lines_that_end_otherwise), T(what_khugepaged_fills),
		T(nothing_is_left),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
