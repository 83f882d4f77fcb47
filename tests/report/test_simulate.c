// SPDX-License-Identifier: GPL-2.0
/*
 * What the report would say of runs in which nothing differs, and of runs in
 * which something does: made up, from a seed, many times. Prints its table.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "prreport.h"

#define RUNS		1000
#define METRICS_MAX	16
#define BOOTS_MAX	10

/* How a boot's values come about. */
enum shape { NORMAL, SKEWED, TIED, ALIKE, NEVER };

static const char * const shape_names[] = {
	"normal", "skewed", "many ties", "metrics of a boot alike", "some never happened",
};

struct scenario {
	enum shape shape;
	int boots, headline, explored;
	double shift;		/* of ext, in standard deviations */
};

static const char * const names[] = { "off", "flag", "flag-o0", "ext" };
static const char * const kinds[] = { "drain", "churn", "fragment", "build" };

static uint64_t seed;

/* xorshift64*, so that every machine draws the same runs */
static double uniform(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return ((seed * 2685821657736338717ULL >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

static double draw(enum shape shape, double boot, double shift)
{
	double v = (shape == ALIKE ? 0.95 * boot + 0.31 * normal() : normal()) + shift;

	switch (shape) {
	case SKEWED:
		return exp(v);
	case TIED:
		return 10 + floor(v);
	case NEVER:
		return v > 0.8 ? INFINITY : 10 + v;
	default:
		return 100 + v;
	}
}

/* Metrics m0, m1, ... in turn in each workload; the first ones are headline. */
static void declare(struct run *run, const struct scenario *s)
{
	json_t *about = json_object();
	int w, m;

	for (w = 0; w < 4; w++) {
		json_t *metrics = json_array();

		for (m = w; m < s->headline + s->explored; m += 4) {
			json_t *o = json_pack("{s:o, s:b}", "name", json_sprintf("m%d", m),
					      "headline", m < s->headline);

			json_array_append_new(metrics, o);
		}
		json_object_set_new(about, kinds[w], json_pack("{s:o}", "metrics", metrics));
	}
	run->meta = json_pack("{s:o}", "about_workloads", about);
	workloads_of(run);
}

struct found {
	int headline, explored;		/* runs that show a difference there */
	int tests;
};

static void simulate(const struct scenario *s, struct found *f)
{
	static const char metric[METRICS_MAX][4] = {
		"m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "m10",
		"m11", "m12", "m13", "m14", "m15",
	};
	struct boot boots[4][BOOTS_MAX];
	struct value *room = malloc(4 * BOOTS_MAX * METRICS_MAX * sizeof(*room));
	struct run run = { 0 };
	int r, v, b, m;

	assert_non_null(room);
	assert_true(s->headline + s->explored <= METRICS_MAX && s->boots <= BOOTS_MAX);
	declare(&run, s);
	memset(f, 0, sizeof(*f));
	memset(boots, 0, sizeof(boots));
	for (r = 0; r < RUNS; r++) {
		struct values vals = { .v = room };
		bool headline = false, explored = false;
		struct summary sum;
		size_t i;

		for (v = 0; v < 4; v++) {
			for (b = 0; b < s->boots; b++) {
				double own = normal();

				boots[v][b] = (struct boot){
					.name = "x", .platform = "um", .variant = names[v],
					.kernel = "6.12", .seq = v * BOOTS_MAX + b,
				};
				for (m = 0; m < s->headline + s->explored; m++)
					room[vals.n++] = (struct value){
						.boot = &boots[v][b], .workload = kinds[m % 4],
						.metric = metric[m], .unit = "s", .limit = NAN,
						.v = draw(s->shape, own, v == 3 ? s->shift : 0),
					};
			}
		}
		summary_build(&vals, &sum);
		for (i = 0; i < sum.ncmp; i++) {
			const struct comparison *c = &sum.cmp[i];

			if (c->headline)
				f->tests = c->tests;
			headline |= c->headline && c->p <= ALPHA;
			explored |= !c->headline && c->p <= ALPHA;
		}
		f->headline += headline;
		f->explored += explored;
		summary_free(&sum);
	}
	free(room);
	json_decref(run.meta);
}

static void put_line(const struct scenario *s, const struct found *f)
{
	printf("# | %-23s | %5d | %8.1f | %5d | %6.2f %% | %6.2f %% |\n",
	       shape_names[s->shape], s->boots, s->shift, f->tests,
	       100.0 * f->headline / RUNS, 100.0 * f->explored / RUNS);
}

/* With no difference at most one run in twenty shows one in the headline. */
static void nothing_is_found_where_nothing_is(void **state)
{
	static const struct scenario scenarios[] = {
		{ NORMAL, 6, 2, 2, 0 }, { NORMAL, 6, 8, 2, 0 }, { NORMAL, 10, 8, 2, 0 },
		{ SKEWED, 6, 8, 2, 0 }, { TIED, 6, 8, 2, 0 }, { TIED, 10, 8, 2, 0 },
		{ ALIKE, 10, 8, 2, 0 }, { NEVER, 10, 8, 2, 0 }, { NORMAL, 3, 8, 2, 0 },
	};
	struct found f;
	size_t i;

	(void)state;
	printf("# %d runs each, by which something differs\n"
	       "# | values                  | boots | shift sd | tests | headline | explored |\n"
	       "# | ----------------------- | ----- | -------- | ----- | -------- | -------- |\n",
	       RUNS);
	for (i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++) {
		seed = 88172645463325252ULL + i;
		simulate(&scenarios[i], &f);
		put_line(&scenarios[i], &f);
		assert_true(f.headline <= ALPHA * RUNS);
		/* Three boots can show nothing; more are not idle. */
		assert_true(scenarios[i].boots == 3 ? !f.headline && !f.explored :
			    f.headline > 0);
	}
}

/* Six boots, as in the quick profile, are enough for what is clear. */
static void what_is_clear_is_found_with_six_boots(void **state)
{
	static const struct scenario scenarios[] = {
		{ NORMAL, 6, 8, 2, 8 }, { NORMAL, 6, 11, 1, 8 }, { SKEWED, 6, 8, 2, 8 },
		{ NORMAL, 10, 8, 2, 3 },
	};
	struct found f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++) {
		seed = 123456789123456789ULL + i;
		simulate(&scenarios[i], &f);
		put_line(&scenarios[i], &f);
		assert_true(f.headline >= 0.95 * RUNS);
	}
}

/* A margin is not met by having few boots, nor by a p that is not small. */
static void a_margin_holds_only_what_is_shown(void **state)
{
	static const struct {
		int boots;
		double truth;		/* ext / off */
		double sd;
	} cases[] = {
		{ 6, 0.97, 0.02 }, { 10, 0.97, 0.02 }, { 3, 0.97, 0.05 }, { 6, 0.90, 0.05 },
	};
	size_t i;
	int r, b;

	(void)state;
	printf("# a margin of 0.97 that is just not met, %d runs each\n"
	       "# | boots | truth | sd     | said to be met |\n"
	       "# | ----- | ----- | ------ | -------------- |\n", RUNS);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int met = 0;

		seed = 362436069362436069ULL + i;
		for (r = 0; r < RUNS; r++) {
			double x[BOOTS_MAX], y[BOOTS_MAX];
			struct effect e;

			for (b = 0; b < cases[i].boots; b++) {
				x[b] = cases[i].truth * exp(cases[i].sd * normal());
				y[b] = exp(cases[i].sd * normal());
			}
			assert_true(stats_effect(x, cases[i].boots, y, cases[i].boots,
						 true, 0.1, &e));
			met += e.coverage >= 0.9 - 1e-9 && e.lo >= 0.97;
		}
		printf("# | %5d | %5.2f | %6.2f | %12.2f %% |\n", cases[i].boots,
		       cases[i].truth, cases[i].sd, 100.0 * met / RUNS);
		/* one end of an interval: wrong in at most one run of 20, and a bit for chance */
		assert_true(met <= 0.06 * RUNS);
	}
}

/*
 * The family of the headline is small enough that six boots against six can
 * show something: 2 / C(12, 6) times the tests is below 0.05.
 */
static void the_family_is_small_enough_for_six_boots(void **state)
{
	static const char * const platforms[] = { "kvm", "tcg", "um" };
	static const char * const own[] = { "drain", "churn", "fragment", "build" };
	const char *top = getenv("PRX_TOP") ? getenv("PRX_TOP") : ".";
	size_t p, w, m;

	(void)state;
	for (p = 0; p < 3; p++) {
		int tests = 0;

		for (w = 0; w < 4; w++) {
			char path[512];
			json_t *o, *metric, *on;
			size_t k;

			snprintf(path, sizeof(path), "%s/bench/workloads/%s/workload.json",
				 top, own[w]);
			o = json_load_file(path, 0, NULL);
			assert_non_null(o);
			json_array_foreach(json_object_get(o, "platforms"), k, on)
				if (!strcmp(json_string_value(on), platforms[p]))
					json_array_foreach(json_object_get(o, "metrics"), m, metric)
						tests += 2 * json_is_true(json_object_get(
								metric, "headline"));
			json_decref(o);
		}
		assert_true(tests >= 8);
		assert_true(tests * stats_mwu_min_p(6, 6) <= ALPHA);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_found_where_nothing_is),
		cmocka_unit_test(what_is_clear_is_found_with_six_boots),
		cmocka_unit_test(a_margin_holds_only_what_is_shown),
		cmocka_unit_test(the_family_is_small_enough_for_six_boots),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
