// SPDX-License-Identifier: GPL-2.0
/* What stress-ng prints, and the tasks of pagefault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* For their static functions. */
#include "../../bench/workloads/stress-ng/guest.c"
#include "../../bench/workloads/pagefault/guest.c"

static const struct stressor *stressor(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(stressors) / sizeof(stressors[0]); i++)
		if (!strcmp(stressors[i].name, name))
			return &stressors[i];
	fail_msg("no stressor %s", name);
	return NULL;
}

static void only_metrics_are_metrics(void **state)
{
	(void)state;
	assert_true(add_line("stress-ng: metrc: [69] vm   113   1.05   0.00   0.09   107.76   1223.83\n"));
	assert_true(add_line("stress-ng: metrc: [70] vm   100   0.95   0.00   0.09   107.76   1223.83   92.17   2588\n"));
	assert_true(add_line("stress-ng: metrc: [69] bigheap   3056   1.10   0.01   0.10   2786.67   27302.29\n"));
	/* these have the name and other numbers */
	assert_false(add_line("stress-ng: metrc: [69] bigheap   85061.98 realloc calls per sec (geometic mean of 1 instances)\n"));
	assert_false(add_line("stress-ng: info:  [69] dispatching hogs: 1 vm, 1 malloc, 1 fork\n"));
	assert_false(add_line("stress-ng: metrc: [69] stressor   bogo ops real time  usr time\n"));
	assert_false(add_line("stress-ng: metrc: [69] vm-rw   113   1.05   0.00   0.09   107.76   1223.83\n"));
	assert_false(add_line("vm 113 1.05 0.00 0.09 107.76 1223.83\n"));
	assert_true(stressor("vm")->ops == 213);
	assert_true(stressor("vm")->run_s == 2);
	assert_true(stressor("bigheap")->ops == 3056);
	assert_true(stressor("dentry")->run_s == 0);
}

/* A file with this text. */
static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void json_is_found_among_other_lines(void **state)
{
	char path[] = "/tmp/prbench-unit-XXXXXX";
	int fd = mkstemp(path);
	json_error_t err;
	json_t *o;

	(void)state;
	close(fd);
	put(path, "fio: this platform does not support process shared mutexes\n{\n \"jobs\" : [1]\n}\nfio: bye\n");
	o = json_output(path, &err);
	assert_int_equal(json_array_size(json_object_get(o, "jobs")), 1);
	json_decref(o);
	put(path, "{\"a\":1}");
	o = json_output(path, &err);
	assert_non_null(o);
	json_decref(o);
	put(path, "fio: no\n");
	assert_null(json_output(path, &err));
	assert_non_null(strstr(err.text, "no line"));
	put(path, "warning\n{\"jobs\": [\n");
	assert_null(json_output(path, &err));
	unlink(path);
	assert_null(json_output(path, &err));
}

static void perf_counts_wherever_the_event_is(void **state)
{
	static const struct {
		const char *line, *event, *count;
	} rows[] = {
		{ "123,,kmem:mm_page_free,1000,100.00,,\n", "kmem:mm_page_free", "123" },
		/* a version with a column more, before or between */
		{ "45,,extra,page-faults,1000,100.00,,", "page-faults", "45" },
		{ "CPU0,1,67,,page-faults,1000,100.00,,", "page-faults", "67" },
		{ "<not counted>,,page-faults,0,0.00,,", "page-faults", "<not counted>" },
		/* a number before it is not the count */
		{ "CPU0,1,<not supported>,,page-faults,0,0.00,,", "page-faults", "<not supported>" },
		/* another event, whose name is longer */
		{ "1,,kmem:mm_page_alloc_zone_locked,1,100.00,,", "kmem:mm_page_alloc", NULL },
		{ "# started on Fri\n", "page-faults", NULL },
		{ "page-faults", "page-faults", NULL },
		{ "", "page-faults", NULL },
	};
	char text[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].count) {
			assert_true(perf_count(rows[i].line, rows[i].event, text, sizeof(text)));
			assert_string_equal(text, rows[i].count);
		} else {
			assert_false(perf_count(rows[i].line, rows[i].event, text, sizeof(text)));
		}
	}
}

static void tasks_touch_and_end(void **state)
{
	(void)state;
	assert_true(measure(2, MIB, false, 0.2) > 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	/* more than there is */
	assert_true(measure(1, 1UL << 60, false, 0.2) == -ENOMEM);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_metrics_are_metrics),
		cmocka_unit_test(json_is_found_among_other_lines),
		cmocka_unit_test(perf_counts_wherever_the_event_is),
		cmocka_unit_test(tasks_touch_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
