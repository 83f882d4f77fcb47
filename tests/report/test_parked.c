// SPDX-License-Identifier: GPL-2.0
/* How much is back so long after a flush or a free, of boots that are made up. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "prreport.h"

/* 1 GiB goes back from 12 s to 14 s. */
static const struct sample falling[] = {
	{ 8, 1124 * 1024, 0, NAN }, { 12, 1124 * 1024, 0, NAN },
	{ 14, 100 * 1024, 0, NAN }, { 30, 100 * 1024, 0, NAN },
};

static struct run run;

/* A boot with the mark @name at @at, whose workload ends at @end. */
static void compute_at(const char *name, double at, double end, struct values *v)
{
	struct boot *b = xrealloc(NULL, 1, sizeof(*b));

	*b = (struct boot){
		.seq = 1, .name = "001-um-ext", .platform = "um", .variant = "ext",
		.kernel = "6.12.1", .tree = "patched",
		.samples = xrealloc(NULL, 1, sizeof(falling)), .nsamples = 4,
	};
	memcpy(b->samples, falling, sizeof(falling));
	b->events = json_pack("[{s:f, s:s, s:s}, {s:f, s:s, s:s, s:s, s:i}, {s:f, s:s, s:s}]",
			      "t", 8.0, "event", "begin", "workload", "parked",
			      "t", at, "event", "mark", "workload", "parked",
			      "name", name, "bytes", 1 << 30,
			      "t", end, "event", "end", "workload", "parked");
	assert_non_null(b->events);
	memset(&run, 0, sizeof(run));
	run.boots = b;
	run.nboots = 1;
	metrics_compute(&run, v);
}

static void compute(const char *name, double end, struct values *v)
{
	compute_at(name, 12, end, v);
}

static void forget(struct values *v)
{
	free(v->v);
	run_free(&run);
}

static double value(const struct values *v, const char *metric)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (!strcmp(v->v[i].metric, metric))
			return v->v[i].v;
	return NAN;
}

static void what_is_back_counts_from_the_flush(void **state)
{
	struct values v;

	(void)state;
	compute("flush", 20, &v);
	assert_true(fabs(value(&v, "parked_mib_100") - 51.2) < 1e-6);
	assert_true(fabs(value(&v, "parked_mib_500") - 256) < 1e-6);
	assert_true(fabs(value(&v, "parked_mib_2000") - 1024) < 1e-6);
	forget(&v);
}

static void what_was_not_watched_is_not_known(void **state)
{
	struct values v;

	(void)state;
	compute("flush", 13, &v);
	assert_false(isnan(value(&v, "parked_mib_500")));
	assert_true(isnan(value(&v, "parked_mib_2000")));
	forget(&v);
	/* nor is anything parked where nothing is flushed */
	compute("another", 20, &v);
	assert_true(isnan(value(&v, "parked_mib_100")));
	forget(&v);
}

/* A pass in the middle of freeing: what has gone before the mark is back, too. */
static void what_goes_while_freeing_is_back(void **state)
{
	struct values v;

	(void)state;
	compute_at("freed", 13, 20, &v);
	assert_true(fabs(value(&v, "t50_s")) < 1e-6);
	assert_true(fabs(value(&v, "t95_s") - 0.9) < 1e-6);
	forget(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_back_counts_from_the_flush),
		cmocka_unit_test(what_was_not_watched_is_not_known),
		cmocka_unit_test(what_goes_while_freeing_is_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
