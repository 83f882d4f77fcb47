// SPDX-License-Identifier: GPL-2.0
/* Going on with a run: what is the same run, and which of its boots are done. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "state.h"

struct work {
	char dir[64];
	struct plan plan;	/* off and ext, drain, two rounds on UML */
};

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void put_run(const struct work *w, const char *text)
{
	char *path = format("%s/run.json", w->dir);

	put(path, text);
	free(path);
}

/* A boot's directory; without a text it has no meta.json. */
static void put_boot(const struct work *w, const char *name, const char *meta)
{
	char *dir = format("%s/boots/%s", w->dir, name);
	char *path = format("%s/meta.json", dir);

	assert_int_equal(mkdir(dir, 0755), 0);
	if (meta)
		put(path, meta);
	free(path);
	free(dir);
}

static void meta(const struct work *w, const char *name, const char *variant,
		 int replicate, const char *status)
{
	char *text = format("{\"platform\":\"um\",\"variant\":\"%s\",\"replicate\":%d,\"mem_mib\":%u,\"workloads\":[\"drain\"],\"status\":\"%s\"}",
			    variant, replicate, w->plan.phases[0].lanes[0].boots[0].mem_mib,
			    status);

	put_boot(w, name, text);
	free(text);
}

static int setup(void **state)
{
	const char *top = getenv("PRX_TOP");
	char *dir = format("%s/bench/workloads", top ? top : ".");
	struct work *w = calloc(1, sizeof(*w));
	struct selection sel = { .platforms = BIT(UM), .boots = 2, .seed = 1 };
	char err[512] = "";

	assert_non_null(w);
	if (workloads_load(dir, err, sizeof(err)))
		fail_msg("%s", err);
	free(dir);
	snprintf(w->dir, sizeof(w->dir), "/tmp/prbench-resume-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	dir = format("%s/boots", w->dir);
	assert_int_equal(mkdir(dir, 0755), 0);
	free(dir);
	assert_int_equal(parse_variants("off,ext", &sel.variants, err, sizeof(err)), 0);
	assert_int_equal(parse_workloads("drain", &sel.workloads, err, sizeof(err)), 0);
	assert_int_equal(plan_make(&w->plan, &sel), 0);
	assert_int_equal(w->plan.nr_boots, 4);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct work *w = *state;
	char *cmd = format("rm -r %s", w->dir);
	int ret = system(cmd);

	free(cmd);
	plan_free(&w->plan);
	free(w);
	workloads_free();
	return ret;
}

static size_t left(const struct work *w)
{
	size_t n = 0, p;

	for (p = 0; p < w->plan.nr; p++)
		n += w->plan.phases[p].lanes[0].nr;
	return n;
}

static void a_run_says_how_it_was_started(void **state)
{
	struct work *w = *state;
	char err[512] = "", **argv;
	json_t *run;
	int argc;

	put_run(w, "{\"argv\":[\"prbench\",\"--boots\",\"2\"]}");
	run = resume_open(w->dir, &argc, &argv, err, sizeof(err));
	assert_non_null(run);
	assert_int_equal(argc, 3);
	assert_string_equal(argv[2], "2");
	assert_null(argv[3]);
	free(argv);
	json_decref(run);
	/* a name of any bytes comes back as it was */
	put_run(w, "{\"argv\":[\"prbench\",\"r\\\\xff\"],\"argv_hex\":[\"7072\",\"72ff\"]}");
	run = resume_open(w->dir, &argc, &argv, err, sizeof(err));
	assert_non_null(run);
	assert_string_equal(argv[0], "pr");
	assert_string_equal(argv[1], "r\xff");
	free(argv);
	json_decref(run);
}

static void what_is_no_run_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "{\"argv\":[\"prbench\"", "{}", "[]", "{\"argv\":[]}",
		"{\"argv\":{}}", "{\"argv\":[\"prbench\",7]}",
	};
	struct work *w = *state;
	char err[512], **argv;
	int argc;
	size_t i;

	*err = '\0';
	assert_null(resume_open(w->dir, &argc, &argv, err, sizeof(err)));
	assert_non_null(strstr(err, "run.json"));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		put_run(w, bad[i]);
		*err = '\0';
		assert_null(resume_open(w->dir, &argc, &argv, err, sizeof(err)));
		assert_non_null(strstr(err, "run.json"));
	}
}

static void another_run_is_told(void **state)
{
	static const char *const other[][2] = {
		{ "commit", "{'commit':'b','seed':1,'machine':{'cpu':'x','cores':2}}" },
		{ "seed", "{'commit':'a','seed':2,'machine':{'cpu':'x','cores':2}}" },
		{ "seed", "{'commit':'a','machine':{'cpu':'x','cores':2}}" },
		{ "settings_by_platform", "{'commit':'a','seed':1,'settings_by_platform':{},'machine':{'cpu':'x','cores':2}}" },
		{ "cores", "{'commit':'a','seed':1,'machine':{'cpu':'x','cores':4}}" },
		{ "cpu", "{'commit':'a','seed':1}" },
		{ "append", "{'commit':'a','seed':1,'append':'nokaslr','equalise':'touch','machine':{'cpu':'x','cores':2}}" },
		{ "append", "{'commit':'a','seed':1,'equalise':'touch','machine':{'cpu':'x','cores':2}}" },
		{ "equalise", "{'commit':'a','seed':1,'append':'none','equalise':'wait','machine':{'cpu':'x','cores':2}}" },
	};
	json_t *was = json_pack("{s:s,s:i,s:{s:s,s:i}}", "commit", "a", "seed", 1,
				"machine", "cpu", "x", "cores", 2);
	json_t *now = json_deep_copy(was);
	char err[512];
	size_t i;

	(void)state;
	/* what may differ: when, and how far it got */
	json_object_set_new(now, "date", json_string("later"));
	json_object_set_new(now, "boots_ok", json_integer(3));
	/* and what the run is too old to say */
	json_object_set_new(now, "append", json_string("none"));
	json_object_set_new(now, "equalise", json_string("touch"));
	assert_int_equal(resume_same(was, now, err, sizeof(err)), 0);
	json_object_set_new(was, "append", json_string("none"));
	json_object_set_new(was, "equalise", json_string("touch"));
	assert_int_equal(resume_same(was, now, err, sizeof(err)), 0);
	json_decref(now);
	for (i = 0; i < ARRAY_SIZE(other); i++) {
		char *text = strdup(other[i][1]), *key = format("'%s'", other[i][0]), *p;

		assert_non_null(text);
		for (p = text; (p = strchr(p, '\'')); )
			*p = '"';
		now = json_loads(text, 0, NULL);
		assert_non_null(now);
		assert_int_equal(resume_same(was, now, err, sizeof(err)), -1);
		assert_non_null(strstr(err, key));
		json_decref(now);
		free(key);
		free(text);
	}
	json_decref(was);
}

static void what_has_ended_is_not_made_again(void **state)
{
	struct work *w = *state;
	double before = w->plan.estimate_s;
	struct resumed done;

	meta(w, "001-um-off", "off", 0, "ok");
	meta(w, "002-um-ext", "ext", 0, "lost");
	meta(w, "003-um-ext", "ext", 1, "interrupted");
	assert_int_equal(resume_plan(&w->plan, w->dir, &done), 0);
	assert_int_equal(done.ok, 1);
	assert_int_equal(done.bad, 1);
	assert_int_equal(done.last, 3);
	assert_int_equal(left(w), 2);
	assert_true(w->plan.estimate_s < before);
}

/* Lanes of a phase run together: only the longest one takes time. */
static void what_is_left_takes_as_long_as_its_longest_lane(void **state)
{
	struct work *w = *state;
	struct selection sel = { .platforms = BIT(UM) | BIT(TCG), .boots = 2, .seed = 1 };
	char err[128] = "";
	struct resumed done;
	const struct lane *lanes;
	size_t l, k;

	plan_free(&w->plan);
	assert_int_equal(parse_workloads("drain", &sel.workloads, err, sizeof(err)), 0);
	assert_int_equal(plan_make(&w->plan, &sel), 0);
	assert_int_equal(w->plan.nr, 1);
	assert_int_equal(w->plan.phases[0].nr, 2);
	lanes = w->plan.phases[0].lanes;
	/* Of one lane all have ended, of the other one all but the last. */
	for (l = 0; l < 2; l++)
		for (k = 0; k + l < lanes[l].nr; k++) {
			const struct boot *b = &lanes[l].boots[k];
			char *name = format("%zu%02zu", l, k);
			char *text = format("{\"platform\":\"%s\",\"variant\":\"%s\",\"replicate\":%u,\"mem_mib\":%u,\"workloads\":[\"drain\"],\"status\":\"ok\"}",
					    platform_table[b->platform].name, b->variant->name,
					    b->replicate, b->mem_mib);

			put_boot(w, name, text);
			free(text);
			free(name);
		}
	k = w->plan.nr_boots;
	assert_int_equal(resume_plan(&w->plan, w->dir, &done), 0);
	assert_int_equal(done.ok, k - 1);
	assert_int_equal(w->plan.nr_boots, k);
	assert_int_equal(lanes[0].nr, 0);
	assert_int_equal(lanes[1].nr, 1);
	assert_true(w->plan.estimate_s == lanes[1].boots[0].estimate_s);
}

/* What a run was warned of when it went on is not lost, nor said twice. */
static void warnings_are_kept(void **state)
{
	struct work *w = *state;
	struct state s = {
		.plan = w->plan,
		.was = json_pack("{s:[s]}", "warnings", "old"),
		.run = json_pack("{s:[s, s]}", "warnings", "old", "new"),
	};
	const json_t *warnings;

	snprintf(s.cfg.out, sizeof(s.cfg.out), "%s", w->dir);
	go_on(&s);
	warnings = json_object_get(s.run, "warnings");
	assert_int_equal(json_array_size(warnings), 2);
	assert_string_equal(json_string_value(json_array_get(warnings, 1)), "new");
	json_decref(s.run);
	/* a run that had none */
	json_object_del(s.was, "warnings");
	s.run = json_pack("{s:[s]}", "warnings", "new");
	go_on(&s);
	assert_int_equal(json_array_size(json_object_get(s.run, "warnings")), 1);
	json_decref(s.run);
	json_decref(s.was);
}

/* Who reports is what is said now, or else what was said at first. */
static void the_command_line_says_who_reports(void **state)
{
	char *now[] = { "prbench", "--resume", "dir", "--report", "new", NULL };
	char *joined[] = { "prbench", "--report=new", "--resume=dir", "--tap", NULL };
	char *stored[] = { "prbench", "--report", "old", NULL };
	struct options o = { .kernels = "build/kernels" };
	struct state s = { .profile = "quick" };

	(void)state;
	parse_resume(&o, 5, now);
	assert_string_equal(o.resume, "dir");
	parse_options(&s, &o, 3, stored);
	assert_string_equal(o.report, "new");
	o.report = NULL;
	parse_resume(&o, 3, now);
	parse_options(&s, &o, 3, stored);
	assert_string_equal(o.report, "old");
	o.resume = o.report = NULL;
	parse_resume(&o, 3, joined);
	assert_string_equal(o.resume, "dir");
	assert_string_equal(o.report, "new");
	/* What is chosen anew is no run that goes on. */
	parse_resume(&o, 4, joined);
	assert_null(o.resume);
}

static void what_cannot_be_read_is_made_again(void **state)
{
	struct work *w = *state;
	struct resumed done;

	put_boot(w, "001-um-off", NULL);
	put_boot(w, "002-um-ext", "");
	put_boot(w, "003-um-off", "{\"status\":\"ok\"");
	put_boot(w, "004-um-off", "{\"status\":\"ok\"}");
	put_boot(w, "005-um-off", "{\"status\":7,\"workloads\":7}");
	meta(w, "017-um-ext", "ext", 0, "running");
	assert_int_equal(resume_plan(&w->plan, w->dir, &done), 0);
	assert_int_equal(done.ok + done.bad, 0);
	assert_int_equal(done.last, 17);
	assert_int_equal(left(w), 4);
}

/* Nor is a boot that the plan has once counted twice. */
static void what_is_not_planned_does_not_count(void **state)
{
	struct work *w = *state;
	struct resumed done;

	meta(w, "001-um-flag", "flag", 0, "ok");
	meta(w, "002-um-off", "off", 2, "ok");
	meta(w, "003-um-off", "off", 0, "ok");
	meta(w, "004-um-off", "off", 0, "ok");
	assert_int_equal(resume_plan(&w->plan, w->dir, &done), 0);
	assert_int_equal(done.ok, 1);
	assert_int_equal(left(w), 3);
}

static void without_boots_all_is_left(void **state)
{
	struct work *w = *state;
	char *dir = format("%s/boots", w->dir);
	struct resumed done;

	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(resume_plan(&w->plan, w->dir, &done), 0);
	assert_int_equal(done.last, 0);
	assert_int_equal(left(w), 4);
	put(dir, "no directory");
	assert_int_equal(resume_plan(&w->plan, w->dir, &done), -1);
	assert_int_equal(errno, ENOTDIR);
	free(dir);
}

int main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_run_says_how_it_was_started), T(what_is_no_run_is_refused),
		T(another_run_is_told), T(what_has_ended_is_not_made_again),
		T(what_is_left_takes_as_long_as_its_longest_lane),
		T(warnings_are_kept), T(the_command_line_says_who_reports),
		T(what_cannot_be_read_is_made_again),
		T(what_is_not_planned_does_not_count), T(without_boots_all_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
