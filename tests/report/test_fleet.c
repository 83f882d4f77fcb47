// SPDX-License-Identifier: GPL-2.0
/*
 * Runs beside each other: one variant under two names, two runs compared, the
 * runs of a fleet merged. Boots are made up: each is one figure of churn.
 */
#include "made.h"

/* ---- compare ---- */

static void compare_tells_better_from_worse(void **state)
{
	struct work *w = *state;
	const char *a = strdup(str("%s/a", w->dir)), *b = strdup(str("%s/b", w->dir));

	simple(w, "a", &usual, low);
	simple(w, "b", &usual, high);
	assert_int_equal(RUN(w, "compare", "--tables", a, b), 0);
	has(w->out, "## churn on um");
	/* flag is the same in both; two tests, so 2 * 2 / C(16, 8) */
	has(w->out, "| flag    | cycles | count |");
	has(w->out, "no difference shown");
	has(w->out, "× 1.93, p=0.00031");
	has(w->out, "**more**");
	has_not(w->out, "footprint_gib_s");
	assert_int_equal(RUN(w, "compare", "--all", a, b), 0);
	has(w->out, "footprint_gib_s");
	assert_int_equal(RUN(w, "compare", a), 2);
	assert_int_equal(RUN(w, "compare", "--what", a, b), 2);
	free((char *)a);
	free((char *)b);
}

static void compare_knows_which_way_is_good(void **state)
{
	static const char * const runs[] = { "a", "b" };
	struct work *w = *state;
	char *path;
	json_t *o;
	int i;

	simple(w, "a", &usual, high);
	simple(w, "b", &usual, low);
	for (i = 0; i < 2; i++) {
		path = strdup(str("%s/%s/run.json", w->dir, runs[i]));
		o = json_load_file(path, 0, NULL);
		json_object_set_new(o, "about_workloads",
			json_pack("{s:{s:[{s:s, s:s, s:b}]}}", "churn", "metrics",
				  "name", "cycles", "better", "more", "headline", 1));
		assert_int_equal(json_dump_file(o, path, 0), 0);
		json_decref(o);
		free(path);
	}
	assert_int_equal(RUN(w, "compare", "--tables", str("%s/a", w->dir), str("%s/b", w->dir)), 0);
	has(w->out, "**worse**");
	assert_int_equal(RUN(w, "compare", "--tables", str("%s/b", w->dir), str("%s/a", w->dir)), 0);
	has(w->out, "**better**");
}

static void compare_refuses_what_is_unlike(void **state)
{
	struct work *w = *state;
	struct made other[6] = { usual, usual, usual, usual, usual, usual };
	static const char * const says[] = {
		"machine's cpu: Some CPU against Another",
		"kernel configuration of flag on um: aaaa against bbbb",
		"QEMU version on um: 7.2 against 8.0", "churn run_ms on um: 8000 against 9000",
		NULL, "CPUs of flag on um: 1 against 2",
	};
	struct made a = usual;
	int i;

	a.qemu = "7.2";
	for (i = 0; i < 6; i++)
		other[i].qemu = "7.2";
	other[0].cpu = "Another";
	other[1].sha = "bbbb";
	other[2].qemu = "8.0";
	other[3].run_ms = 9000;
	other[4].commit = "fedcba987654";	/* which is what one compares */
	other[5].cpus = 2;
	simple(w, "a", &a, low);
	for (i = 0; i < 6; i++) {
		char name[2] = { (char)('b' + i) };
		char *b = strdup(str("%s/%s", w->dir, name));

		simple(w, name, &other[i], low);
		assert_int_equal(RUN(w, "compare", "--tables", str("%s/a", w->dir), b), says[i] ? 1 : 0);
		if (says[i]) {
			has(w->err, says[i]);
			has(w->err, "FORCE=1");
			assert_string_equal(w->out, "");
		}
		assert_int_equal(RUN(w, "compare", "--force", str("%s/a", w->dir), b), 0);
		if (says[i]) {
			has(w->out, "**Forced: these runs are not alike.**");
			has(w->out, says[i]);
		} else {
			has_not(w->out, "Forced");
		}
		free(b);
	}
}

static void compare_needs_something_in_common(void **state)
{
	struct work *w = *state;

	simple(w, "a", &usual, low);
	make_run(w, "b", &usual);
	make_boots(w, "b", &usual, "tcg", "ext", 1, low, BOOTS);
	assert_int_equal(RUN(w, "compare", "--tables", str("%s/a", w->dir), str("%s/b", w->dir)), 1);
	has(w->err, "nothing to compare");
	assert_int_equal(RUN(w, "compare", str("%s/a", w->dir), str("%s/b", w->dir)), 1);
	has(w->err, "nothing to compare");
	make_run(w, "c", &usual);
	make_boots(w, "c", &usual, "um", "ext", 1, high, 3);
	assert_int_equal(RUN(w, "compare", "--tables", str("%s/a", w->dir), str("%s/c", w->dir)), 0);
	has(w->out, "**more**");
	assert_int_equal(RUN(w, "compare", "--tables", str("%s/c", w->dir), str("%s/c", w->dir)), 0);
	has(w->out, "too few boots");
	has(w->out, "**Too few boots**");
}

/* In ten lines, of unlike machines as well: what each run shows by itself. */
static void compare_says_whether_runs_agree(void **state)
{
	struct work *w = *state;
	struct made elsewhere = usual;
	const char *a = strdup(str("%s/a", w->dir));

	elsewhere.cpu = "Another";
	simple(w, "a", &usual, high);
	simple(w, "b", &elsewhere, high);
	assert_int_equal(RUN(w, "compare", a, str("%s/b", w->dir)), 0);
	has(w->out, "B agrees with A: 2 of 2 answers");
	has(w->out, "unlike: machine's cpu; so figures are not compared");
	assert_in_range(count(w->out, "\n"), 1, 10);

	/* the other way round there: flag has more cycles */
	make_run(w, "c", &usual);
	make_boots(w, "c", &usual, "um", "flag", 1, high, BOOTS);
	make_boots(w, "c", &usual, "um", "ext", 1 + BOOTS, low, BOOTS);
	assert_int_equal(RUN(w, "compare", a, str("%s/c", w->dir)), 0);
	has(w->out, "B does not agree with A: 1 of 2");
	has(w->out, "(um): A more (");
	has(w->out, ", B less (");
	has(w->out, "alike: machine");
	assert_in_range(count(w->out, "\n"), 1, 10);

	/* three boots do not show it, they lean */
	make_run(w, "d", &usual);
	make_boots(w, "d", &usual, "um", "flag", 1, low, 3);
	make_boots(w, "d", &usual, "um", "ext", 1 + BOOTS, high, 3);
	assert_int_equal(RUN(w, "compare", a, str("%s/d", w->dir)), 0);
	has(w->out, "1 of 1 answers that are shown in both");
	has(w->out, "lean the same way:              1");

	/* no difference there, and none shown */
	simple(w, "e", &usual, same);
	assert_int_equal(RUN(w, "compare", a, str("%s/e", w->dir)), 0);
	has(w->out, "the same, shown in both:        1 of 3");
	free((char *)a);
}

/* ---- platforms ---- */

static void kvm_and_tcg_are_never_mixed(void **state)
{
	struct work *w = *state;
	char *text;

	make_run(w, "a", &usual);
	make_boots(w, "a", &usual, "tcg", "flag", 1, low, BOOTS);
	make_boots(w, "a", &usual, "kvm", "ext", 11, high, BOOTS);
	make_boots(w, "a", &usual, "kvm", "off", 21, low, BOOTS);
	make_boots(w, "a", &usual, "tcg", "off", 31, same, BOOTS);
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
	text = slurp(str("%s/a/summary.tsv", w->dir));
	/* no flag on kvm: nothing to compare with, though tcg has one */
	has(row(text, "kvm", "6.12.117", "ext", "cycles"), "\t-\t-");
	has(row(text, "kvm", "6.12.117", "off", "cycles"), "\t8\t10.7\t");
	has(row(text, "tcg", "6.12.117", "off", "cycles"), "\t8\t10.8\t");
	has_not(row(text, "tcg", "6.12.117", "off", "cycles"), "\t-\t");
	free(text);
}

/* Of kvm.csv counts what lies in the workload, and only on kvm. */
static void kvm_events_are_counted(void **state)
{
	static const char csv[] =
		"# started on Thu Jan  1 00:00:00 2026\n\n"
		"     0.400000000,1000,,kvm:kvm_page_fault,100,100.00,,\n"
		"     0.400000000,9000,,kvm:kvm_exit,100,100.00,,\n"
		"     0.600000000,5,,kvm:kvm_page_fault,100,100.00,,\n"
		"     0.600000000,<not supported>,,kvm:kvm_exit,0,100.00,,\n"
		"     4.000000000,<not counted>,,kvm:kvm_page_fault,0,0.00,,\n"
		/* another version of perf has a column more */
		"     8.400000000,2,7,,kvm:kvm_page_fault,100,100.00,,\n"
		"     9.000000000,1000,,kvm:kvm_page_fault,100,100.00,,\n"
		"     9.1,12\n"
		"     9.2";
	static const char short_csv[] =
		"     0.600000000,5,,kvm:kvm_page_fault,100,100.00,,\n"
		"     0.600000000,5,,kvm:kvm_exit,100,100.00,,\n";
	struct work *w = *state;
	char *text;

	make_run(w, "a", &usual);
	make_boots(w, "a", &usual, "kvm", "ext", 1, low, 1);
	make_boots(w, "a", &usual, "tcg", "ext", 2, low, 1);
	put(str("%s/a/boots/001-kvm-ext/kvm.csv", w->dir), csv);
	put(str("%s/a/boots/002-tcg-ext/kvm.csv", w->dir), csv);
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
	text = slurp(str("%s/a/summary.tsv", w->dir));
	has(row(text, "kvm", "6.12.117", "ext", "kvm_page_faults"), "\tfaults\t1\t12\t");
	assert_null(row(text, "tcg", "6.12.117", "ext", "kvm_page_faults"));
	has(row(text, "kvm", "6.12.117", "ext", "kvm_exits"), "\texits\t1\t0\t");
	free(text);
	/* perf was killed, or its disk was full: a part of a count is none */
	put(str("%s/a/boots/001-kvm-ext/kvm.csv", w->dir), short_csv);
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
	text = slurp(str("%s/a/summary.tsv", w->dir));
	assert_null(row(text, "kvm", "6.12.117", "ext", "kvm_page_faults"));
	free(text);
	text = slurp(str("%s/a/details.md", w->dir));
	has(text, "kvm.csv ends before the workload did");
	free(text);
	assert_int_equal(unlink(str("%s/a/boots/001-kvm-ext/kvm.csv", w->dir)), 0);
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
	text = slurp(str("%s/a/details.md", w->dir));
	has(text, "kvm.csv cannot be read");
	free(text);
}

static void warnings_are_in_the_head(void **state)
{
	struct work *w = *state;
	char *path = strdup(str("%s/a/run.json", w->dir)), *text;
	json_t *o;

	simple(w, "a", &usual, low);
	o = json_load_file(path, 0, NULL);
	json_object_set_new(o, "warnings", json_pack("[s]", "turbo (boost) is on"));
	json_object_set_new(o, "kvm_counters", json_string("perf is not installed"));
	assert_int_equal(json_dump_file(o, path, 0), 0);
	json_decref(o);
	assert_int_equal(RUN(w, str("%s/a", w->dir)), 0);
	text = slurp(str("%s/a/details.md", w->dir));
	has(text, "- turbo (boost) is on");
	has(text, "KVM's own events were not counted: perf is not installed.");
	assert_true(before(text, "turbo (boost)", "## Answers"));
	free(text);
	free(path);
}

/* What is compared with what: kernels of one release that ran on alike machines. */
static void series(void **state)
{
	static const char * const pairs[][2] = {
		{ "6.12.117", "6.12.117" }, { "6.12.117-d250", "6.12.117" },
		{ "6.12.117-d250:m2", "6.12.117:m2" }, { "6.13.", "6.13" },
		{ "next-20260101", "next-20260101" }, { "next:m1", "next:m1" },
		{ "6.12.117-x+", "6.12.117" }, { "next", "next" },
	};
	char buf[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		assert_string_equal(kernel_series(pairs[i][0], buf, sizeof(buf)),
				    pairs[i][1]);
}

/* ---- merge ---- */

static char *merged_meta(struct work *w)
{
	return slurp(str("%s/m/run.json", w->dir));
}

/* An archive of raw data is as good as its directory, and nothing of it stays. */
static void an_archive_is_a_run(void **state)
{
	struct work *w = *state;
	struct made later = usual;
	const char *a = strdup(str("%s/a", w->dir)), *x = strdup(str("%s/a.tar.xz", w->dir));
	const char *m = strdup(str("%s/m", w->dir)), *tmp = strdup(str("%s/tmp", w->dir));

	later.date = "2026-01-02T00:00:00Z";
	simple(w, "a", &usual, low);
	simple(w, "b", &later, high);
	assert_int_equal(run_cmd((const char *const []){ "tar", "-cJf", x, "-C", a,
			"run.json", "boots", NULL }, "/dev/null", "/dev/null", NULL), 0);
	assert_int_equal(mkdir(tmp, 0755), 0);
	setenv("TMPDIR", tmp, 1);
	assert_int_equal(RUN(w, "merge", m, x, str("%s/b", w->dir)), 0);
	has(w->out, "32 boots of 2 runs in 1 group");
	assert_int_equal(RUN(w, "merge", m, x, a), 0);
	has(w->err, "it counts once");
	assert_int_equal(RUN(w, "compare", x, a), 0);
	unsetenv("TMPDIR");
	assert_int_equal(rmdir(tmp), 0);
	put(x, "no archive");
	assert_int_equal(RUN(w, "merge", m, x, str("%s/b", w->dir)), 1);
	has(w->err, "a.tar.xz cannot be unpacked");
	free((char *)a);
	free((char *)x);
	free((char *)m);
	free((char *)tmp);
}

static void alike_runs_are_one_sample(void **state)
{
	struct work *w = *state;
	struct made later = usual;
	struct stat st;
	char *text, *a, *b;

	later.date = "2026-01-02T00:00:00Z";
	later.host = "two";
	simple(w, "a", &usual, low);
	simple(w, "b", &later, high);
	assert_int_equal(RUN(w, "merge", str("%s/m", w->dir), str("%s/b", w->dir),
			     str("%s/a/", w->dir)), 0);
	assert_string_equal(w->err, "");
	has(w->out, "32 boots of 2 runs in 1 group");
	assert_int_equal(RUN(w, str("%s/m", w->dir)), 0);
	text = slurp(str("%s/m/summary.tsv", w->dir));
	has(row(text, "um", "6.12.117", "ext", "cycles"), "\t16\t15.7\t");
	has(row(text, "um", "6.12.117", "flag", "cycles"), "\t16\t");
	free(text);
	text = slurp(str("%s/m/details.md", w->dir));
	has(text, "**Merged from 2 runs.**");
	free(text);
	/* Both have a boot of this name; none is lost, and the bytes are the same. */
	a = slurp(str("%s/b/boots/001-um-flag/events.jsonl", w->dir));
	b = slurp(str("%s/m/boots/017-um-flag/events.jsonl", w->dir));
	assert_non_null(b);
	assert_string_equal(a, b);
	assert_int_equal(stat(str("%s/m/boots/017-um-flag/events.jsonl", w->dir), &st), 0);
	assert_int_equal(st.st_nlink, 2);
	free(a);
	free(b);
	text = merged_meta(w);
	has(text, "\"017-um-flag\": \"001-um-flag\"");
	has(text, "\"host\": \"one, two\"");
	free(text);
}

/* Whatever the order, however often, in one go or by and by. */
static void merging_is_idempotent(void **state)
{
	struct work *w = *state;
	struct made b = usual, c = usual;
	const char *dir[4];
	char *first, *again;
	int i;

	b.date = "2026-01-02T00:00:00Z";
	c.date = "2026-01-03T00:00:00Z";
	c.cpu = "Another";
	simple(w, "a", &usual, low);
	simple(w, "b", &b, same);
	simple(w, "c", &c, high);
	for (i = 0; i < 4; i++)
		dir[i] = strdup(str("%s/%c", w->dir, "abcm"[i]));
	assert_int_equal(RUN(w, "merge", dir[3], dir[0], dir[1], dir[2]), 0);
	first = merged_meta(w);
	assert_int_equal(RUN(w, "merge", dir[3], dir[2], dir[1], dir[0], dir[1]), 0);
	has(w->err, "it counts once");
	again = merged_meta(w);
	assert_string_equal(first, again);
	free(again);
	assert_int_equal(RUN(w, "merge", dir[3], dir[1], dir[0]), 0);
	assert_int_equal(RUN(w, "merge", dir[3], dir[3], dir[2]), 0);
	again = merged_meta(w);
	assert_string_equal(first, again);
	free(again);
	assert_int_equal(RUN(w, "merge", dir[3], dir[3]), 0);
	again = merged_meta(w);
	assert_string_equal(first, again);
	free(again);
	free(first);
	for (i = 0; i < 4; i++)
		free((char *)dir[i]);
}

static void unlike_machines_stay_apart(void **state)
{
	struct work *w = *state;
	struct made other = usual;
	char *text;

	other.date = "2026-01-02T00:00:00Z";
	other.cpu = "Another";
	simple(w, "a", &usual, low);
	simple(w, "b", &other, high);
	assert_int_equal(RUN(w, "merge", str("%s/m", w->dir), str("%s/a", w->dir),
			     str("%s/b", w->dir)), 0);
	has(w->out, "in 2 groups");
	has(w->out, "not like m1: machine's cpu: Some CPU against Another");
	assert_int_equal(RUN(w, str("%s/m", w->dir)), 0);
	text = slurp(str("%s/m/summary.tsv", w->dir));
	assert_null(row(text, "um", "6.12.117", "ext", "cycles"));
	has(row(text, "um", "6.12.117:m1", "ext", "cycles"), "\t8\t10.7\t");
	has(row(text, "um", "6.12.117:m2", "ext", "cycles"), "\t8\t20.7\t");
	/* each against the flag of its own machine */
	has(row(text, "um", "6.12.117:m1", "ext", "cycles"), "\t1\t~");
	has(row(text, "um", "6.12.117:m2", "ext", "cycles"), "\t1.93457944\t");
	free(text);
	/* rows are of a group, the heads of the tables are not */
	text = slurp(str("%s/m/details.html", w->dir));
	has(text, "<td>um:m2</td>");
	has_not(text, ">platform:m2<");
	free(text);
	assert_int_equal(RUN(w, "compare", str("%s/m", w->dir), str("%s/a", w->dir)), 1);
	has(w->err, "unlike machines");
}

static void set_run(struct work *w, const char *run, const char *key, json_t *value)
{
	char *path = strdup(str("%s/%s/run.json", w->dir, run));
	json_t *o = json_load_file(path, 0, NULL);

	json_object_set_new(o, key, value);
	assert_int_equal(json_dump_file(o, path, 0), 0);
	json_decref(o);
	free(path);
}

/* What the host or the guest was given differs, and what was declared is kept. */
static void settings_stay_apart(void **state)
{
	static const char * const keys[][2] = {
		{ "equalise", "state of the host before a boot on um: touch against none" },
		{ "append", "words of PRBENCH_APPEND: touch against none" },
	};
	struct work *w = *state;
	struct made later = usual;
	char *text;
	size_t i;

	later.date = "2026-01-02T00:00:00Z";
	simple(w, "a", &usual, low);
	simple(w, "b", &later, high);
	set_run(w, "a", "compare", json_pack("[[s, s]]", "ext", "flag"));
	set_run(w, "b", "compare", json_pack("[[s, s]]", "ext", "flag"));
	assert_int_equal(RUN(w, "merge", str("%s/m", w->dir), str("%s/a", w->dir),
			     str("%s/b", w->dir)), 0);
	text = merged_meta(w);
	has(text, "\"compare\":");
	free(text);
	for (i = 0; i < 2; i++) {
		set_run(w, "a", keys[i][0], json_string("touch"));
		set_run(w, "b", keys[i][0], json_string("none"));
		assert_int_equal(RUN(w, "merge", str("%s/m%zu", w->dir, i), str("%s/a", w->dir),
				     str("%s/b", w->dir)), 0);
		has(w->out, keys[i][1]);
	}
}

/* Two trees without a commit may be any two. */
static void unknown_commits_stay_apart(void **state)
{
	struct work *w = *state;
	struct made a = usual, b = usual;

	a.commit = b.commit = "nogit";
	b.date = "2026-01-02T00:00:00Z";
	simple(w, "a", &a, low);
	simple(w, "b", &b, high);
	assert_int_equal(RUN(w, "merge", str("%s/m", w->dir), str("%s/a", w->dir),
			     str("%s/b", w->dir)), 0);
	has(w->out, "in 2 groups");
	has(w->out, "not like m1: commit: nogit against nogit");
}

/* Nobody knows where a boot is from that is in no list. */
static void strays_are_in_no_sample(void **state)
{
	struct work *w = *state;
	struct made later = usual;
	char *text;

	later.date = "2026-01-02T00:00:00Z";
	simple(w, "a", &usual, low);
	simple(w, "b", &later, low);
	assert_int_equal(RUN(w, "merge", str("%s/m", w->dir), str("%s/a", w->dir),
			     str("%s/b", w->dir)), 0);
	make_boots(w, "m", &usual, "um", "ext", 900, high, 1);
	assert_int_equal(RUN(w, str("%s/m", w->dir)), 1);
	has(w->err, "/m/boots/900-um-ext/meta.json: run.json does not say where");
	text = slurp(str("%s/m/summary.tsv", w->dir));
	has(row(text, "um", "6.12.117", "ext", "cycles"), "\t16\t10.7\t");
	free(text);
}

static void damage_is_named(void **state)
{
	struct work *w = *state;
	struct made later = usual;
	char *text;

	later.date = "2026-01-02T00:00:00Z";
	simple(w, "a", &usual, low);
	simple(w, "b", &later, low);
	put(str("%s/b/run.json", w->dir), "{\"schema\":1,");
	put(str("%s/a/boots/003-um-flag/meta.json", w->dir), "{");
	assert_int_equal(RUN(w, "merge", str("%s/m", w->dir), str("%s/a", w->dir),
			     str("%s/b", w->dir), str("%s/none", w->dir)), 1);
	has(w->err, "/b/run.json: line 1");
	has(w->err, "/b/run.json does not say on which machine");
	has(w->err, "/a/boots/003-um-flag/meta.json: line 1");
	has(w->err, "/none/run.json cannot be opened");
	has(w->out, "16 boots of 1 runs");
	text = merged_meta(w);
	has(text, "\"left_out\"");
	free(text);
	assert_int_equal(RUN(w, str("%s/m", w->dir)), 1);
	text = slurp(str("%s/m/details.md", w->dir));
	has(text, "**Not merged**: none:");
	has(text, "**Not merged**: b:");
	free(text);
}

static void nothing_is_overwritten(void **state)
{
	struct work *w = *state;
	char *before, *after;

	simple(w, "a", &usual, low);
	simple(w, "b", &usual, low);
	before = slurp(str("%s/b/run.json", w->dir));
	assert_int_equal(RUN(w, "merge", str("%s/b", w->dir), str("%s/a", w->dir)), 2);
	has(w->err, "is there and is no merged run");
	after = slurp(str("%s/b/run.json", w->dir));
	assert_string_equal(before, after);
	free(before);
	free(after);
	assert_int_equal(RUN(w, "merge", str("%s/m", w->dir), str("%s/none", w->dir)), 1);
	has(w->err, "nothing to merge");
	assert_int_not_equal(access(str("%s/m", w->dir), F_OK), 0);
	assert_int_equal(RUN(w, "merge", str("%s/no/where", w->dir), str("%s/a", w->dir)), 1);
	has(w->err, "cannot make");
}

int main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, work_setup, work_teardown)
	const struct CMUnitTest tests[] = {
		T(compare_tells_better_from_worse), T(compare_knows_which_way_is_good),
		T(compare_refuses_what_is_unlike), T(compare_needs_something_in_common),
		T(compare_says_whether_runs_agree),
		T(kvm_and_tcg_are_never_mixed), T(kvm_events_are_counted),
		T(warnings_are_in_the_head), cmocka_unit_test(series),
		T(an_archive_is_a_run), T(alike_runs_are_one_sample),
		T(merging_is_idempotent), T(unlike_machines_stay_apart), T(settings_stay_apart), T(unknown_commits_stay_apart),
		T(strays_are_in_no_sample), T(damage_is_named), T(nothing_is_overwritten),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
