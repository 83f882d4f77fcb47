// SPDX-License-Identifier: GPL-2.0
/* The first page, and how to do it again, of recorded boots. */
#include "recorded.h"

/* Each row of each table has its verdict, and how many boots. */
static void has_verdicts(char *table)
{
	static const char * const verdicts[] = {
		"**better**", "**worse**", "**equal**", "**undecided**", "**met** (goal: ", "**missed** (goal: ",
		"**less**", "**more**", "**no data**", "**leans ",
	};
	char *line, *end;
	size_t i;

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
			 !strstr(line, "| page_ext (`ext`) against "))
			fail_msg("no verdict: %s", line);
		*end = '\n';
	}
}

/* What is read in a minute: the result in numbers, what it is worth, a verdict a row. */
static void front(void **state)
{
	struct work *w = *state;
	char *md, *table, *gp, *dat;

	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	md = slurp(str("%s/run/report.md", w->dir));
	table = strstr(md, "\n| ");
	assert_non_null(table);
	assert_true(before(md, "- freed memory is back with the host after **1.27 s against 6.75 s**",
			   "\n| "));
	/* and where it loses */
	assert_true(before(md, "**Worse than the page flag** (`flag`)", "\n| "));
	assert_true(says(md, "- Instructions to allocate 2 MiB, `alloc-repeat`: ",
			 "×1.64, 619 against 378 (QEMU, TCG -icount shift=0 (emulated), n=1)"));
	/* but what was said among the costs is not said again */
	assert_non_null(strstr(md, "- an allocation or a free of an order up to 8 takes **+174 instructions at most** on QEMU, TCG -icount shift=0 (emulated) (goal of at most +0.05 over `flag`: missed, n=1)\n"));
	assert_null(strstr(md, ", `alloc-bulk`: +174"));
	/* one answer has no column of its own */
	assert_true(says(table, "| Instructions of an allocation or a free, orders 0 to 8 `alloc-bulk` ",
			 "| QEMU, TCG -icount shift=0 (emulated), `flag`: **missed** (goal: "));
	assert_null(strstr(md, "\n- How soon freed memory is back with the host, `drain`: "));
	/* what it is worth comes first */
	assert_true(before(md, "No figure is from hardware virtualisation",
			   "**What page_ext is for**, against the page flag:"));
	/* pictures before the table: all at a glance, then the drain */
	assert_true(before(md, "(plots/forest.svg)", "(plots/drain-"));
	assert_true(before(md, "(plots/drain-", "\n| "));
	/* with what it was measured, each version once */
	assert_true(says(md, "Measured on ", ", Linux 6.12.117, QEMU 7.2.22, 2026-"));
	assert_null(strstr(md, "`off` (no reporting)"));
	/* names are said before they are used, and gains apart from costs */
	assert_true(before(md, "Compared are `", "**What page_ext is for**"));
	assert_non_null(strstr(md, "`ext` (page_ext)"));
	assert_true(before(md, "**What it costs**", "\n| "));
	assert_true(says(table, "| How soon freed memory is back with the host `drain` ",
			 "`flag`: **leans better** ×0.189"));
	/* and what it takes of the guest's memory: 8 bytes a page in that run */
	assert_true(says(table, "| Memory that page_ext takes ", "`flag`: **leans more** +1.88"));
	/* the variants that ran, and no others */
	assert_non_null(strstr(md, "\n- `ext`, page_ext: "));
	assert_null(strstr(md, "\n- `flag-o0`, "));
	/* nothing stands beside the page flag that was not measured */
	assert_null(strstr(md, "flag-d250"));
	has_verdicts(table);
	/* plain words, grouped by section: line 1 is a heading */
	gp = slurp(str("%s/run/plots/forest.gp", w->dir));
	assert_non_null(strstr(gp, "nlines = 7\n"));
	assert_non_null(strstr(gp, "heading[1] = \"Freed memory goes back\"\n"));
	assert_non_null(strstr(gp, "\nline[2] = \"drain: time until freed memory is back, s\"\n"));
	assert_null(strstr(gp, "t95_s"));
	free(gp);
	dat = slurp(str("%s/run/plots/forest.dat", w->dir));
	assert_non_null(dat);
	assert_non_null(strstr(dat, "\n2\t0.188976\t0.181475\t0.19672\t0\n"));
	/* more cycles are better: turned round */
	assert_non_null(strstr(dat, "\n6\t0.909786\t0.869484\t0.95303\t0\n"));
	free(dat);
	/* all that was declared, by its name, is in details only */
	assert_null(strstr(md, "forest-all"));
	free(md);
	md = slurp(str("%s/run/details.md", w->dir));
	assert_non_null(strstr(md, "(plots/forest-all.svg)"));
	free(md);
	dat = slurp(str("%s/run/plots/forest-all.dat", w->dir));
	assert_non_null(strstr(dat, "\n3\t0.909786\t0.869484\t0.95303\t0\n"));
	free(dat);
}

/* No heading without a line below it */
static void costs_only(void **state)
{
	struct work *w = *state;
	const char *const only[] = {
		"sh", "-c", "cd \"$1\"; rm -rf *-um-* *-tcg-*; ls -d *-icount-*", "sh",
		str("%s/run/boots", w->dir), NULL
	};
	char *md;

	assert_int_equal(run_cmd(only, "/dev/null", "/dev/null", NULL), 0);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	md = slurp(str("%s/run/report.md", w->dir));
	assert_null(strstr(md, "**What page_ext is for**"));
	assert_true(before(md, "**What it costs**", "instructions at most** on"));
	free(md);
}

/* The quicker page flag stands beside page_ext, where that wins and where it loses. */
static void quicker_flag(void **state)
{
	struct work *w = *state;
	/* Like off: nothing is ever back, and no worker takes time */
	char *md, *table, *tsv;

	copy_boots(w, "off", "flag-d250");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	md = slurp(str("%s/run/report.md", w->dir));
	table = strstr(md, "\n| page_ext (`ext`) against ");
	assert_non_null(table);
	assert_true(says(md, "- freed memory is back", "**1.27 s against 6.75 s** on User Mode Linux (×0.189 [0.181, 0.197], leans better, n=2; against `flag-d250`, not within"));
	assert_true(says(table, "| How soon freed memory is back with the host `drain` ",
			 "<br>`flag-d250`: **leans better** ×0 "));
	assert_true(says(table, "| CPU time of the reporting worker `drain` ",
			 "`flag-d250`: **leans worse** ×"));
	/* what loses to it is said once: the worker's time among the costs */
	assert_true(says(md, "- CPU time of the worker while freed memory goes back:",
			 "; against `flag-d250`, 0 ms: leans worse)"));
	assert_null(strstr(md, "- CPU time of the reporting worker, `drain`: "));
	assert_null(strstr(md, "flag-clock"));
	free(md);
	tsv = slurp(str("%s/run/answers.tsv", w->dir));
	assert_true(says(tsv, "\tflag-d250\t", "\tasked\t"));
	free(tsv);
}

/* What a boot of churn-sweep found at some pauses; much is supplied anew where it may be */
static void sweep_found(struct work *w, const char *boot, int cost_100, int cost_10000)
{
	static const char text[] =
		"{\"t\":1,\"event\":\"begin\",\"workload\":\"churn-sweep\"}\n"
		"{\"t\":2,\"event\":\"result\",\"workload\":\"churn-sweep\",\"metric\":\"cost_gib_s_p100\",\"unit\":\"GiB*s/min\",\"value\":%d}\n"
		"{\"t\":2,\"event\":\"result\",\"workload\":\"churn-sweep\",\"metric\":\"cost_gib_s_p10000\",\"unit\":\"GiB*s/min\",\"value\":%d}\n"
		"{\"t\":2,\"event\":\"result\",\"workload\":\"churn-sweep\",\"metric\":\"host_refill_mib_p250\",\"unit\":\"MiB/min\",\"value\":0}\n"
		"{\"t\":2,\"event\":\"result\",\"workload\":\"churn-sweep\",\"metric\":\"host_refill_mib_p1500\",\"unit\":\"MiB/min\",\"value\":%d}\n"
		"{\"t\":2,\"event\":\"result\",\"workload\":\"churn-sweep\",\"metric\":\"host_refill_mib_p2500\",\"unit\":\"MiB/min\",\"value\":%d}\n"
		"{\"t\":2,\"event\":\"result\",\"workload\":\"churn-sweep\",\"metric\":\"cycles_p250\",\"unit\":\"1/min\",\"value\":%d}\n"
		"{\"t\":3,\"event\":\"end\",\"workload\":\"churn-sweep\"}\n";

	append(str("%s/run/boots/%s/events.jsonl", w->dir, boot),
	       str(text, cost_100, cost_10000, cost_100, 100 * cost_100 * cost_100, cost_100),
	       "a");
}

/*
 * Of many pauses the one decides where page_ext compares worst: what is clearly worse,
 * and not what may be. Nothing is at most a fifth of nothing. Without the other variant
 * no pause is shown.
 */
static void worst_pause(void **state)
{
	struct work *w = *state;
	char *text;

	sweep_found(w, "003-um-ext", 18, 5);
	sweep_found(w, "007-um-ext", 19, 25);
	sweep_found(w, "004-um-flag", 10, 10);
	sweep_found(w, "006-um-flag", 10, 10);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	text = slurp(str("%s/run/report.md", w->dir));
	assert_true(says(text, "| Cost of churn, at the pause where it compares worst `churn-sweep` `cost_gib_s_p*`, against `flag` ",
			 "**leans missed** (goal: at most ×1 of `flag`)"));
	assert_true(says(text, "| Cost of churn, at the pause where it compares worst ",
			 "×1.85 [1.8, 1.9] at most"));
	assert_true(says(text, "| Cost of churn, at the pause where it compares worst `churn-sweep` `cost_gib_s_p*`, against `flag-clock` ",
			 "| - n="));
	assert_true(says(text, "| Memory supplied anew, at the worst of pauses below a second ",
			 "**leans met** (goal: at most ×0.2 of `flag`)"));
	assert_true(says(text, "| Memory supplied anew, at the worst of pauses from 1 to 2 s ",
			 "×1.85 [1.8, 1.9]"));
	assert_true(says(text, "| Rounds completed, at the worst of pauses below a second ",
			 "**leans met** (goal: at least ×1 of `flag`)"));
	free(text);
	text = slurp(str("%s/run/answers.tsv", w->dir));
	assert_true(says(text, "Cost of churn, at the pause where it compares worst\tum\t", "\tcost_gib_s_p100\t"));
	free(text);
}

/* A goal that is about no other way of reporting is not hidden in its section. */
static void other_goals(void **state)
{
	struct work *w = *state;
	char *text;

	append(str("%s/run/boots/003-um-ext/events.jsonl", w->dir),
	       "{\"t\":1,\"event\":\"begin\",\"workload\":\"scale\"}\n"
	       "{\"t\":2,\"event\":\"result\",\"workload\":\"scale\",\"metric\":\"idle_passes_g2\",\"unit\":\"1/min\",\"value\":7}\n"
	       "{\"t\":3,\"event\":\"end\",\"workload\":\"scale\"}\n", "a");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	text = slurp(str("%s/run/report.md", w->dir));
	assert_true(before(text, "**Other goals missed**:", "- Passes in a minute of a guest that idles, `scale`: 7 (User Mode Linux, n=1; goal: "));
	free(text);
	text = slurp(str("%s/run/details.md", w->dir));
	assert_null(strstr(text, "data was lost"));
	free(text);
}

/* Each option that decides the experiment, none that says where things are. */
static void do_it_again(void **state)
{
	struct work *w = *state;
	json_t *run = json_load_file(str("%s/run/run.json", w->dir), 0, NULL);
	char *md, *plot;
	static const char * const more[] = { "--set=drain.mib=64", "--seed", "2", "--kernels",
		"/srv/kernels", "--report", "build/bin/prreport", NULL };

	for (const char * const *word = more; *word; word++)
		json_array_append_new(json_object_get(run, "argv"), json_string(*word));
	assert_int_equal(json_dump_file(run, str("%s/run/run.json", w->dir), 0), 0);
	json_decref(run);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	md = slurp(str("%s/run/details.md", w->dir));
	assert_non_null(strstr(md, "\nKERNEL=6.12 build/bin/prbench --build scripts/kernel.sh "
			       "--platforms um,icount --workloads drain,churn,alloc "
			       "--variants off,flag,ext-off,ext --boots 2 "
			       "--set=drain.mib=64 --seed 2\n"));
	plot = strstr(md, "&& gnuplot ");
	assert_non_null(plot);
	plot += strlen("&& gnuplot ");
	assert_true(exists(str("%s/run/plots/%.*s", w->dir, (int)strcspn(plot, " "), plot)));
	free(md);
}

int main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, work_teardown)
	const struct CMUnitTest tests[] = {
		T(front),
		T(costs_only),
		T(quicker_flag),
		T(worst_pause),
		T(other_goals),
		T(do_it_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
