// SPDX-License-Identifier: GPL-2.0
/* What the guest understands of the tables that bench/alloc prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* For its static variable: where events go. */
#include "../../bench/guest/channel.c"

static void only_rows_are_rows(void **state)
{
	struct latency_row row;

	(void)state;
	assert_true(latency_row("bulk-16cpus-miss\tfree\t10\t4096\t133469\t20\t60\t1903\t2704\t32.585\n",
				&row));
	assert_string_equal(row.mode, "bulk-16cpus-miss");
	assert_string_equal(row.op, "free");
	assert_int_equal(row.order, 10);
	assert_true(row.count == 4096 && row.p50 == 20 && row.p99 == 60);
	assert_true(row.p999 == 1903 && row.max == 2704 && row.mean == 32.585);
	assert_false(latency_row("mode\top\torder\tcount\ttotal_ns\tp50_ns\tp99_ns\tp999_ns\tmax_ns\tmean_ns\n",
				 &row));
	assert_false(latency_row("# zone Normal, clock ktime, 12 pages held back\n",
				 &row));
	/* no memory for it */
	assert_false(latency_row("bulk\talloc\t10\t0\t0\t0\t0\t0\t0\t0.000\n", &row));
	assert_false(latency_row("bulk\talloc\t10\t5\t0\t0\t0\t0\t0\n", &row));
	assert_false(latency_row("", &row));
}

static void the_total_is_a_rate(void **state)
{
	double ops_s = 0;

	(void)state;
	assert_true(latency_rate("# 3000 operations in 1500000000 ns\n", &ops_s));
	assert_true(ops_s == 2000);
	assert_false(latency_rate("# 3000 operations in 0 ns\n", &ops_s));
	assert_false(latency_rate("# clock ktime, 2 CPUs, 0 times no block\n", &ops_s));
	assert_false(latency_rate("contend\talloc\t0\t9\t9\t1\t1\t1\t1\t1.000\n", &ops_s));
}

static void a_row_becomes_four_metrics(void **state)
{
	const struct latency_row row = {
		.order = 4, .count = 9, .p50 = 1, .p99 = 2, .p999 = 3, .max = 5,
	};
	char text[1024] = "";

	(void)state;
	channel = memfd_create("events", MFD_CLOEXEC);
	assert_true(channel >= 0);
	emit_latency("churn", "probe", "ns", &row);
	assert_true(pread(channel, text, sizeof(text) - 1, 0) > 0);
	assert_non_null(strstr(text, "\"metric\":\"probe_o4_ns_p50\",\"unit\":\"ns\",\"value\":1.0"));
	assert_non_null(strstr(text, "\"metric\":\"probe_o4_ns_p99\",\"unit\":\"ns\",\"value\":2.0"));
	assert_non_null(strstr(text, "\"metric\":\"probe_o4_ns_p999\",\"unit\":\"ns\",\"value\":3.0"));
	assert_non_null(strstr(text, "\"metric\":\"probe_o4_ns_max\",\"unit\":\"ns\",\"value\":5.0"));
	close(channel);
	channel = -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_rows_are_rows),
		cmocka_unit_test(the_total_is_a_rate),
		cmocka_unit_test(a_row_becomes_four_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
