// SPDX-License-Identifier: GPL-2.0
/* Order, direction and kind of workloads as run.json has them, and without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "prreport.h"

static const char about[] =
	"{\"about_workloads\":{"
	"\"later\":{\"metrics\":[]},"
	"\"drain\":{\"metrics\":[{\"name\":\"zeal\",\"unit\":\"s\",\"better\":\"more\"},"
	" {\"name\":\"*_o*_p50\",\"unit\":\"ns\",\"better\":\"less\",\"headline\":true},"
	" {\"name\":\"t50_s\",\"unit\":\"s\"}]},"
	"\"drain-all\":{\"from_start\":true,\"host_memory\":false,\"metrics\":[]}}}";

static struct run run;

static void use(const char *text)
{
	json_decref(run.meta);
	run.meta = text ? json_loads(text, 0, NULL) : NULL;
	workloads_of(&run);
}

/* The part of the longest name that fits, and of no other. */
static void parts_belong_to_their_workload(void **state)
{
	(void)state;
	use(about);
	assert_int_equal(workload_place("later"), 0);
	assert_int_equal(workload_place("drain"), 1);
	assert_int_equal(workload_place("drain-bulk"), 1);
	assert_int_equal(workload_place("drain-all"), 2);
	assert_int_equal(workload_place("drain-all-of"), 2);
	assert_int_equal(workload_place("drains"), -1);
	assert_int_equal(workload_place("drai"), -1);
	assert_true(workload_from_start("drain-all"));
	assert_false(workload_from_start("drain"));
	assert_false(workload_has_host_memory("drain-all"));
	assert_true(workload_has_host_memory("drain"));
}

static void metrics_have_a_direction(void **state)
{
	(void)state;
	use(about);
	assert_string_equal(metric_better("drain", "zeal"), "more");
	assert_string_equal(metric_better("drain", "alloc_o3_p50"), "less");
	assert_string_equal(metric_better("drain", "t50_s"), "");
	assert_string_equal(metric_better("drain", "unheard"), "");
	assert_string_equal(metric_better("later", "zeal"), "");
	assert_true(metric_is_headline("drain-bulk", "free_o10_p50"));
	assert_false(metric_is_headline("drain", "zeal"));
	assert_int_equal(metric_place("drain", "t50_s"), 2);
}

/* Results from before run.json said so, or that say something else there. */
static void what_declares_nothing_has_no_headline(void **state)
{
	static const char *const old[] = {
		NULL, "{}", "{\"about_workloads\":[]}",
		"{\"about_workloads\":{\"storm\":7,\"alloc\":null}}",
	};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		use(old[i]);
		assert_false(workloads_known());
		assert_int_equal(workload_place("drain"), -1);
		assert_false(workload_from_start("storm"));
		assert_true(workload_has_host_memory("alloc"));
		assert_false(metric_is_headline("drain", "t95_s"));
		assert_string_equal(metric_better("drain", "t50_s"), "");
	}
	use(old[3]);
	assert_string_equal(metric_better("storm", "t50_s"), "");
	assert_int_equal(metric_place("alloc", "x"), -1);
}

/* What was guest_refault_mib is refault_mib now, and that host_refill_mib. */
static void old_names_are_read(void **state)
{
	(void)state;
	use("{\"about_workloads\":{\"churn\":{\"metrics\":["
	    "{\"name\":\"refault_mib\",\"unit\":\"MiB\",\"headline\":true},"
	    "{\"name\":\"guest_refault_mib\",\"unit\":\"MiB\"}]}}}");
	assert_true(metric_is_headline("churn", "host_refill_mib"));
	assert_int_equal(metric_place("churn", "refault_mib"), 1);
	assert_false(metric_is_headline("churn", "refault_mib"));
	assert_int_equal(metric_place("churn", "guest_refault_mib"), -1);
}

/* A workload that is like another adds nothing to the headline unless it says so. */
static void headline_is_not_inherited(void **state)
{
#define METRICS(name)	"\"metrics\":[{\"name\":\"" name "\",\"headline\":true}]"
	(void)state;
	use("{\"about_workloads\":{\"churn\":{" METRICS("cycles") "},"
	    "\"churn-long\":{\"like\":\"churn\"," METRICS("cycles") "},"
	    "\"churn-own\":{\"like\":\"churn\"," METRICS("refaults") "},"
	    "\"alone\":{\"like\":\"drain\"," METRICS("cycles") "}}}");
	assert_true(metric_is_headline("churn", "cycles"));
	assert_false(metric_is_headline("churn-long", "cycles"));
	assert_true(metric_is_headline("churn-own", "refaults"));
	assert_true(metric_is_headline("alone", "cycles"));
}

/* What a run declares counts, and not what this program would. */
static void comparisons_are_the_run_s(void **state)
{
	(void)state;
	use("{}");
	assert_false(comparisons_in_run());
	assert_true(comparison_declared("ext", "flag"));
	assert_true(comparison_declared("ext", "off"));
	assert_false(comparison_declared("ext-off", "off"));
	use("{\"compare\":[[\"ext-off\",\"off\"],[\"ext\",7]]}");
	assert_true(comparisons_in_run());
	assert_true(comparison_declared("ext-off", "off"));
	assert_false(comparison_declared("ext", "flag"));
	assert_null(comparison_of("ext", 0));
}

static void add(struct values *v, const struct boot *b, const char *workload,
		const char *metric)
{
	v->v[v->n++] = (struct value){ .boot = b, .workload = workload,
				       .metric = metric, .unit = "s", .v = 1 };
}

/* Rows come in the order of the run; without it by name. */
static void rows_are_in_the_order_of_the_run(void **state)
{
	static const struct boot b = {
		.name = "001", .platform = "um", .variant = "off", .kernel = "6.12",
	};
	struct value room[8];
	struct values v = { .v = room };
	struct summary sum;

	(void)state;
	add(&v, &b, "drain", "t50_s");
	add(&v, &b, "drain", "zeal");
	add(&v, &b, "later", "x");
	use(about);
	summary_build(&v, &sum);
	assert_int_equal(sum.n, 3);
	assert_string_equal(sum.rows[0].workload, "later");
	assert_string_equal(sum.rows[1].metric, "zeal");
	assert_string_equal(sum.rows[2].metric, "t50_s");
	summary_free(&sum);
	use(NULL);
	summary_build(&v, &sum);
	/* by name */
	assert_string_equal(sum.rows[0].metric, "t50_s");
	assert_string_equal(sum.rows[1].metric, "zeal");
	assert_string_equal(sum.rows[2].workload, "later");
	summary_free(&sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_belong_to_their_workload),
		cmocka_unit_test(metrics_have_a_direction),
		cmocka_unit_test(what_declares_nothing_has_no_headline),
		cmocka_unit_test(old_names_are_read),
		cmocka_unit_test(headline_is_not_inherited),
		cmocka_unit_test(comparisons_are_the_run_s),
		cmocka_unit_test(rows_are_in_the_order_of_the_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
