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
		cmocka_unit_test(tasks_touch_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
