// SPDX-License-Identifier: GPL-2.0
/* Directories of workloads, made up: what is read, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "prbench.h"

static char dir[64];

static int enter(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/prbench-unit-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int leave(void **state)
{
	char *argv[] = { "rm", "-rf", dir, NULL };
	char *out;

	(void)state;
	workloads_free();
	out = run_capture(argv);
	free(out);
	return out ? 0 : -1;
}

static void put(const char *name, const char *text)
{
	char *path = format("%s/%s", dir, name), *slash = strrchr(path, '/');
	FILE *f;

	*slash = '\0';
	assert_int_equal(make_dirs(path), 0);
	*slash = '/';
	f = fopen(path, "w");
	assert_non_null(f);
	/* ' for ": these are easier to read */
	for (; *text; text++)
		fputc(*text == '\'' ? '"' : *text, f);
	fclose(f);
	free(path);
}

static char *load(void)
{
	static char err[1024];

	strcpy(err, "");
	return workloads_load(dir, err, sizeof(err)) ? err : NULL;
}

#define BOOTS	"{'quick': {'variants': ['off', 'ext'], 'um': 2}, "	\
		"'full': {'variants': 'all', 'tcg': 3, 'um': "		\
		"{'boots': 4, 'variants': ['flag']}}}"

#define NAMED	"{'full': {'variants': ['ext-aa', 'all'], 'tcg': 3}}"

/* Everything that a workload has to say; @more ends with a comma or is empty. */
#define WORKLOAD(order, boots, settings, more)				\
	"{'description': 'a test', 'order': " order ", 'default': ['full'], "	\
	"'platforms': ['tcg', 'um'], 'boots': " boots ", 'settings': " settings ", " \
	more "'seconds': {'waits': [1]}, 'metrics': []}"

static void workload(const char *name, const char *text)
{
	char *file = format("%s/workload.json", name);
	char *code = format("%s/guest.c", name);

	put(file, text);
	put(code, "");
	free(file);
	free(code);
}

static void what_is_there_is_read(void **state)
{
	struct group groups[WORKLOADS_MAX];
	json_t *o;
	size_t i;

	(void)state;
	workload("zebra", WORKLOAD("1", BOOTS, "{}", ""));
	workload("ant", WORKLOAD("2", BOOTS, "{}", ""));
	workload("bee", WORKLOAD("2", NAMED, "{}", ""));
	put("README.md", "not a workload");
	put(".hidden/workload.json", "neither");
	assert_null(load());
	assert_int_equal(nr_workloads, 3);
	assert_string_equal(workloads[0].name, "zebra");
	assert_string_equal(workloads[1].name, "ant");
	assert_string_equal(workloads[2].name, "bee");
	assert_int_equal(default_workloads(false), 0);
	assert_int_equal(default_workloads(true), 7);
	assert_int_equal(workload_groups(true, groups), 3);
	assert_int_equal(groups[1].workloads, 2);
	assert_int_equal(groups[1].on[UM].boots, 4);
	assert_int_equal(groups[1].on[UM].variants, 2);
	assert_int_equal(groups[1].on[TCG].boots, 3);
	assert_int_equal(groups[1].on[KVM].boots, 0);
	/* a special variant is not one of all of them, unless it is named */
	for (i = 0; i < nr_variants; i++) {
		assert_int_equal(!(groups[1].on[TCG].variants & BIT(i)),
				 variants[i].special);
		assert_int_equal(!(groups[2].on[TCG].variants & BIT(i)),
				 variants[i].special &&
				 strcmp(variants[i].name, "ext-aa"));
	}
	o = workload_about(0);
	assert_string_equal(json_string_value(json_object_get(o, "description")),
			    "a test");
	json_decref(o);
}

static json_int_t number(const char *name, const char *setting, bool full,
			 enum platform p)
{
	json_t *o = workload_settings(full, (size_t)workload_find(name), p);
	json_int_t n = json_integer_value(json_object_get(o, setting));

	json_decref(o);
	return n;
}

static void the_platform_has_the_last_word(void **state)
{
	(void)state;
	workload("ant", WORKLOAD("1", BOOTS, "{'a': 1, 'b': 1, 'c': 1}",
		 "'settings_for': {'tcg': {'c': 4}, 'full': {'b': 3, 'c': 3}, "
		 "'slow': {'a': 2, 'b': 2, 'c': 2}},"));
	assert_null(load());
	assert_int_equal(number("ant", "a", false, UM), 1);
	assert_int_equal(number("ant", "a", true, ICOUNT), 2);
	assert_int_equal(number("ant", "b", false, TCG), 2);
	assert_int_equal(number("ant", "b", true, TCG), 3);
	assert_int_equal(number("ant", "c", true, TCG), 4);
	assert_int_equal(number("ant", "c", true, ICOUNT), 3);
}

static void time_is_a_sum_of_products(void **state)
{
	json_t *o;

	(void)state;
	put("ant/guest.c", "");
	put("ant/workload.json",
	    "{'description': 'x', 'order': 1, 'default': [], 'platforms': ['um'], "
	    "'boots': {}, 'settings': {'a': 3, 'b': 5}, 'metrics': [], 'seconds': "
	    "{'waits': [1, [2, 'a']], 'works': [[0.5], [10, 'a', 'b']], "
	    "'slow': {'icount': 4}}}");
	assert_null(load());
	o = workload_settings(false, 0, UM);
	assert_true(workload_seconds(o, 0, UM) == 7 + 150.5);
	assert_true(workload_seconds(o, 0, TCG) == 7 + 2.5 * 150.5);
	assert_true(workload_seconds(o, 0, ICOUNT) == 7 + 4 * 150.5);
	json_decref(o);
}

static void one_can_be_like_another(void **state)
{
	json_t *o;
	int w;

	(void)state;
	workload("ant", WORKLOAD("5", BOOTS, "{'a': 1, 'b': 2}",
		 "'settings_for': {'um': {'a': 10, 'b': 20}}, 'oom_is_result': true,"));
	put("termite/workload.json",
	    "{'description': 'another', 'order': 1, 'like': 'ant', 'default': [], "
	    "'settings': {'b': 7, 'c': 8}, 'settings_for': {'um': {'b': 70}}}");
	assert_null(load());
	w = workload_find("termite");
	assert_int_equal(w, 0);
	assert_true(workloads[w].oom_is_result);
	assert_int_equal(number("termite", "a", false, TCG), 1);
	assert_int_equal(number("termite", "b", false, TCG), 7);
	assert_int_equal(number("termite", "c", false, UM), 8);
	assert_int_equal(number("termite", "a", false, UM), 10);
	assert_int_equal(number("termite", "b", false, UM), 70);
	assert_int_equal(default_workloads(true), 2);
	/* whose code it is has not changed */
	assert_int_equal(number("ant", "b", false, UM), 20);
	assert_int_equal(number("ant", "b", false, TCG), 2);
	o = workload_about((size_t)w);
	assert_string_equal(json_string_value(json_object_get(o, "like")), "ant");
	json_decref(o);
}

static void the_host_can_have_a_part(void **state)
{
	json_t *o;
	int w;

	(void)state;
	put("ant/host.c", "");
	workload("ant", WORKLOAD("1", BOOTS, "{'size': 64, 'most': 99}",
		 "'guest': {'mib': 'size', 'limit_mib': 'most', 'migratable': true},"));
	workload("bee", WORKLOAD("2", BOOTS, "{}", ""));
	put("cow/workload.json",
	    "{'description': 'x', 'order': 3, 'like': 'ant', 'settings': {'size': 32}}");
	assert_null(load());
	assert_true(workloads[0].by_host);
	assert_false(workloads[1].by_host);
	assert_true(workloads[2].by_host);
	w = workload_find("cow");
	o = workload_settings(true, (size_t)w, UM);
	assert_int_equal(workload_guest(o, (size_t)w, "mib"), 32);
	assert_int_equal(workload_guest(o, (size_t)w, "limit_mib"), 99);
	json_decref(o);
	o = workload_settings(true, 1, UM);
	assert_int_equal(workload_guest(o, 1, "limit_mib"), 0);
	json_decref(o);
}

static void boots_can_be_shared(void **state)
{
	struct group groups[WORKLOADS_MAX];

	(void)state;
	workload("ant", WORKLOAD("1", "{'full': 'cow'}", "{}", ""));
	workload("bee", WORKLOAD("2", BOOTS, "{}", ""));
	workload("cow", WORKLOAD("3", BOOTS, "{}", ""));
	assert_null(load());
	assert_int_equal(workload_groups(false, groups), 2);
	assert_int_equal(groups[0].workloads, 2);
	assert_int_equal(workload_groups(true, groups), 2);
	assert_int_equal(groups[0].workloads, 5);
	assert_int_equal(groups[0].on[TCG].boots, 3);
}

static void common_metrics_come_last(void **state)
{
	json_t *o, *m;

	(void)state;
	put("ant/guest.c", "");
	put("ant/workload.json",
	    "{'description': 'x', 'order': 1, 'default': [], 'platforms': ['um'], "
	    "'boots': {}, 'settings': {}, 'seconds': {}, 'metrics': "
	    "[{'name': 'b', 'unit': 's', 'headline': true}]}");
	put("common.json", "{'metrics': [{'name': 'a', 'unit': 's', 'better': 'less'}, "
	    "{'name': 'b', 'unit': 'ms'}]}");
	assert_null(load());
	o = workload_about(0);
	m = json_object_get(o, "metrics");
	assert_int_equal(json_array_size(m), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(m, 0),
							      "unit")), "s");
	assert_string_equal(json_string_value(json_object_get(json_array_get(m, 1),
							      "name")), "a");
	json_decref(o);
}

static void refused(const char *file, const char *why)
{
	const char *err = load();
	char *path = format("%s%s%s", dir, *file ? "/" : "", file);

	if (!err || !strstr(err, path) || !strstr(err, why))
		fail_msg("'%s' lacks '%s' or '%s'", err ? err : "loaded", path, why);
	assert_int_equal(nr_workloads, 0);
	free(path);
}

static void what_is_no_directory_of_workloads_is_refused(void **state)
{
	char err[256];

	(void)state;
	refused("", "no workload in it");
	put("ant/README.md", "");
	refused("ant/workload.json", "No such file");
	workload("ant", "{'order': 1");
	refused("ant/workload.json", "line 1");
	workload("ant", "[]");
	refused("ant/workload.json", "not an object");
	workload("ant", "{'order': 1, 'order': 2}");
	refused("ant/workload.json", "duplicate");
	workload("ant", WORKLOAD("1", BOOTS, "{}", ""));
	put("Ant/workload.json", "{}");
	refused("Ant", "a workload's name");
	assert_int_equal(workloads_load("/no/where", err, sizeof(err)), -1);
	assert_non_null(strstr(err, "/no/where: No such file"));
}

static void a_host_has_guests(void **state)
{
	(void)state;
	put("ant/host.c", "");
	workload("ant", WORKLOAD("1", BOOTS, "{}", ""));
	refused("ant/workload.json", "guest: is missing, and there is a host.c");
	workload("ant", WORKLOAD("1", BOOTS, "{}", "'guest': {'mib': 64},"));
	workload("bee", WORKLOAD("2", "{'full': 'ant'}", "{}", ""));
	refused("bee/workload.json", "shares boots with nobody");
}

static void a_guest_has_something_to_do(void **state)
{
	(void)state;
	put("ant/workload.json", WORKLOAD("1", BOOTS, "{}", ""));
	refused("ant/guest.c", "must be 'like' another");
}

/* Each mistake with the key that the message names. */
static const struct {
	const char *text, *why;
} mistakes[] = {
	{ WORKLOAD("1", BOOTS, "{}", "'desription': '',"),
	  "desription: unknown key" },
	{ "{'order': 1}", "description: is missing" },
	{ "{'description': '', 'order': 1, 'settings': {}, 'seconds': {}, "
	  "'metrics': [], 'default': [], 'platforms': []}",
	  "boots: is missing" },
	{ WORKLOAD("-1", BOOTS, "{}", ""), "order: must be a whole number" },
	{ WORKLOAD("'1'", BOOTS, "{}", ""), "order: must be a whole number" },
	{ WORKLOAD("1", BOOTS, "{}", "'oom_is_result': 1,"),
	  "oom_is_result: must be true or false" },
	{ WORKLOAD("1", BOOTS, "{}", "'variants': ['flog'],"),
	  "variants: 'flog' is not known" },
	{ WORKLOAD("1", BOOTS, "{}", "'probe': {'order': 4},"),
	  "probe.period_ms: is missing" },
	{ WORKLOAD("1", BOOTS, "{}", "'probe': {'order': 11, 'period_ms': 5},"),
	  "probe.order: must not be above 10" },
	{ WORKLOAD("1", BOOTS, "{}", "'probe': {'order': 4, 'period_ms': 0},"),
	  "probe.period_ms: must be from 1" },
	{ WORKLOAD("1", BOOTS, "{}", "'like': 'bee',"),
	  "like: there is no workload 'bee'" },
	{ WORKLOAD("1", BOOTS, "{}", "'like': 'ant',"),
	  "like: 'ant' is like another itself" },
	{ WORKLOAD("1", "{'quack': 1}", "{}", ""),
	  "boots.quack: unknown key" },
	{ WORKLOAD("1", "{'full': 7}", "{}", ""), "boots.full: must be" },
	{ WORKLOAD("1", "{'full': {'um': 1}}", "{}", ""),
	  "boots.full.variants: is missing" },
	{ WORKLOAD("1", "{'full': {'variants': 'some', 'um': 1}}", "{}", ""),
	  "boots.full.variants: must be \"all\"" },
	{ WORKLOAD("1", "{'full': {'variants': ['off', 'off']}}", "{}", ""),
	  "boots.full.variants: 'off' is there twice" },
	{ WORKLOAD("1", "{'full': {'variants': [], 'vax': 1}}", "{}", ""),
	  "boots.full.vax: unknown key" },
	{ WORKLOAD("1", "{'full': {'variants': [], 'um': 'x'}}", "{}", ""),
	  "boots.full.um: must be a number of boots" },
	{ WORKLOAD("1", "{'full': {'variants': [], 'um': {'boots': 1}}}",
		   "{}", ""), "boots.full.um.variants: is missing" },
	{ WORKLOAD("1", "{'full': {'variants': [], 'kvm': 1}}", "{}", ""),
	  "boots.full.kvm: is not among its platforms" },
	{ WORKLOAD("1", "{'full': 'bee'}", "{}", ""),
	  "boots.full: there is no workload 'bee'" },
	{ WORKLOAD("1", "{'quick': {'variants': []}}", "{}", ""),
	  "boots.full: is missing, and the workload is a default one" },
	{ WORKLOAD("1", BOOTS, "{'a': 1.5}", ""), "settings.a: must be" },
	{ WORKLOAD("1", BOOTS, "{'a': -1}", ""), "settings.a: must be" },
	{ WORKLOAD("1", BOOTS, "{'a': []}", ""), "settings.a: must be" },
	{ WORKLOAD("1", BOOTS, "{}", "'settings_for': {'fast': {}},"),
	  "settings_for.fast: is not one of" },
	{ WORKLOAD("1", BOOTS, "{}", "'settings_for': {'um': {'a': 1}},"),
	  "settings_for.um.a: is not among its settings" },
	{ WORKLOAD("1", BOOTS, "{'a': 1}",
		   "'settings_for': {'um': {'a': 'b'}},"),
	  "settings_for.um.a: is not of the kind" },
	{ WORKLOAD("1", "{'full': {'variants': 'all', 'once': ['on'], 'um': 2}}", "{}", ""),
	  "boots.full.once: 'on' is not known" },
	{ WORKLOAD("1", BOOTS, "{'a': 1}", "'row': {'setting': 'b', 'quick': [1], 'full': [1]},"),
	  "row.setting: must be a setting" },
	{ WORKLOAD("1", BOOTS, "{'a': 1}", "'row': {'setting': 'a', 'quick': [], 'full': [1]},"),
	  "row: must have a value for each profile" },
	{ WORKLOAD("1", BOOTS, "{'a': 1}", "'row': {'setting': 'a', 'quick': [1], 'full': ['x']},"),
	  "row: must have whole numbers" },
	{ WORKLOAD("1", BOOTS, "{'a': 1}", "'row': {'setting': 'a', 'quick': [1]},"),
	  "row.full: is missing" },
	{ WORKLOAD("1", BOOTS, "{}", "'guest': {'mib': 'size'},"),
	  "guest.mib: must be a number" },
	{ WORKLOAD("1", BOOTS, "{}", "'guest': {'from_gib': 1},"),
	  "guest.to_gib: is missing" },
	{ WORKLOAD("1", BOOTS, "{}", "'guest': {'mib': 1, 'times': 2},"),
	  "guest.times: unknown key" },
	{ WORKLOAD("1", BOOTS, "{}", "'guest': {'mib': 1, 'limit_mib': 2},"),
	  "guest.limit_mib: is for workloads with a host.c" },
	{ WORKLOAD("1", BOOTS, "{}", "'guest': {'mib': 1, 'migratable': 1},"),
	  "guest.migratable: must be true or false" },
	{ WORKLOAD("1", BOOTS, "{}", "'host': {'x': 5},"),
	  "host.x: must be a string" },
	{ WORKLOAD("1", BOOTS, "{}", "'host': {'x': ['a', '${home}/b']},"),
	  "host.x: '${home}' is not known" },
	{ WORKLOAD("1", BOOTS, "{}", "'host': {'x': '${out'},"),
	  "host.x: '${out}' is not known" },
	{ WORKLOAD("1", BOOTS, "{'x': 1}", "'host': {'x': ''},"),
	  "host.x: is a setting, too" },
};

static const struct {
	const char *seconds, *metrics, *why;
} seconds_and_metrics[] = {
	{ "{'sleeps': []}", "[]", "seconds.sleeps: unknown key" },
	{ "{'waits': 1}", "[]", "seconds.waits: must be an array" },
	{ "{'waits': ['a']}", "[]", "seconds.waits: term 1 is neither" },
	{ "{'works': [1, [-1]]}", "[]", "seconds.works: term 2 is neither" },
	{ "{'works': [[1, 'b']]}", "[]", "seconds.works: term 1 names" },
	{ "{'slow': {'vax': 1}}", "[]", "seconds.slow.vax: unknown key" },
	{ "{}", "[1]", "metrics[0]: must be an object" },
	{ "{}", "[{'name': 'a'}]", "metrics[0].unit: is missing" },
	{ "{}", "[{'name': 'a', 'unit': 's'}, {'name': 'a', 'unit': 's'}]",
	  "metrics[1]: 'a' is there twice" },
	{ "{}", "[{'name': 'a', 'unit': 's', 'better': 'best'}]",
	  "metrics[0]: better is neither" },
	{ "{}", "[{'name': 'a', 'unit': 's', 'headline': 1}]",
	  "metrics[0].headline: must be true or false" },
};

static void mistakes_are_named(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(mistakes); i++) {
		workload("ant", mistakes[i].text);
		refused("ant/workload.json", mistakes[i].why);
	}
	for (i = 0; i < ARRAY_SIZE(seconds_and_metrics); i++) {
		char *text = format("{'description': 'x', 'order': 1, 'default': [], "
				    "'platforms': [], 'boots': {}, 'settings': {'a': 1}, "
				    "'seconds': %s, 'metrics': %s}",
				    seconds_and_metrics[i].seconds,
				    seconds_and_metrics[i].metrics);

		workload("ant", text);
		refused("ant/workload.json", seconds_and_metrics[i].why);
		free(text);
	}
	workload("ant", WORKLOAD("1", BOOTS, "{}", ""));
	put("common.json", "{'metrics': [{'name': 'a'}]}");
	refused("common.json", "metrics[0].unit: is missing");
}

static void not_everybody_can_share_a_boot(void **state)
{
	(void)state;
	workload("bee", WORKLOAD("2", BOOTS, "{}", ""));
	workload("cow", WORKLOAD("3", "{'full': 'bee'}", "{}", ""));
	workload("ant", WORKLOAD("1", "{'full': 'cow'}", "{}", ""));
	refused("ant/workload.json", "boots.full: 'cow' has no boots of its own");
	workload("ant", WORKLOAD("1", "{'full': 'bee'}", "{}", "'guest': {'mib': 1},"));
	refused("ant/workload.json", "boots.full: who chooses the guest's size");
	workload("ant", WORKLOAD("1", "{'full': 'bee'}", "{'a': 1}",
				 "'row': {'setting': 'a', 'quick': [1], 'full': [1]},"));
	refused("ant/workload.json", "or has a row, shares boots with nobody");
	workload("ant", WORKLOAD("1", "{'full': 'bee'}", "{}", ""));
	assert_null(load());
	workload("bee-line", WORKLOAD("1", "{'full': 'bee'}", "{}", ""));
	refused("bee-line/workload.json", "in a boot with 'bee'");
}

static void there_is_an_end_to_it(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < WORKLOADS_MAX; i++) {
		char *name = format("w%d", i);

		workload(name, WORKLOAD("1", BOOTS, "{}", ""));
		free(name);
	}
	assert_null(load());
	assert_int_equal(default_workloads(true), ~0ULL);
	workload("one-more", WORKLOAD("1", BOOTS, "{}", ""));
	refused("", "more than 64 workloads");
}

/* What a user reads is about the workloads that there are. */
static void the_project_describes_its_own(void **state)
{
	const char *top = getenv("PRX_TOP");
	char *own = format("%s/bench/workloads", top ? top : ".");
	static char text[65536];
	char err[1024] = "";
	size_t i, k;

	(void)state;
	if (workloads_load(own, err, sizeof(err)))
		fail_msg("%s", err);
	for (i = 0; i < nr_workloads; i++) {
		const json_t *info = workloads[i].info;
		char *path = format("%s/%s/README.md", own, workloads[i].name);
		const char *name;
		json_t *v;

		if (read_text(path, text, sizeof(text)) <= 0)
			fail_msg("there is no %s", path);
		json_object_foreach(json_object_get(info, "settings"), name, v)
			if (!strstr(text, name) && !json_object_get(info, "like"))
				fail_msg("%s does not say what %s is", path, name);
		json_array_foreach(json_object_get(info, "metrics"), k, v) {
			name = json_string_value(json_object_get(v, "name"));
			if (!strstr(text, name) && !json_object_get(info, "like"))
				fail_msg("%s does not say what %s is", path, name);
		}
		free(path);
	}
	free(own);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_there_is_read),
		TEST(the_platform_has_the_last_word),
		TEST(time_is_a_sum_of_products),
		TEST(one_can_be_like_another),
		TEST(the_host_can_have_a_part),
		TEST(a_host_has_guests),
		TEST(boots_can_be_shared),
		TEST(common_metrics_come_last),
		TEST(what_is_no_directory_of_workloads_is_refused),
		TEST(a_guest_has_something_to_do),
		TEST(mistakes_are_named),
		TEST(not_everybody_can_share_a_boot),
		TEST(there_is_an_end_to_it),
		TEST(the_project_describes_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
