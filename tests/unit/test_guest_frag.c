// SPDX-License-Identifier: GPL-2.0
/* The files of fragment, refill and storm: as many and as large as was asked for. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* For its static functions. */
#include "../../bench/workloads/storm/guest.c"

static char dir[64];

static int enter(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/prbench-unit-XXXXXX");
	return !mkdtemp(dir) || chdir(dir) ? -1 : 0;
}

static int leave(void **state)
{
	char *argv[] = { "rm", "-rf", dir, NULL };

	(void)state;
	return chdir("/") || run_program("/dev/null", argv) ? -1 : 0;
}

/* How many of the first @nr files are there, each of @bytes. */
static long present(long nr, off_t bytes)
{
	long i, n = 0;
	char file[32];
	struct stat st;

	for (i = 0; i < nr; i++) {
		snprintf(file, sizeof(file), "%ld", i);
		if (stat(file, &st))
			continue;
		assert_int_equal(st.st_size, bytes);
		n++;
	}
	return n;
}

static void one_in_eight_stays(void **state)
{
	(void)state;
	assert_int_equal(write_files(20, 5000), 0);
	assert_int_equal(present(30, 5000), 20);
	assert_int_equal(thin_out(20, 8), 17);
	assert_int_equal(present(30, 5000), 3);
	assert_int_equal(access("0", F_OK) | access("8", F_OK) |
			 access("16", F_OK), 0);
}

static void failures_have_a_reason(void **state)
{
	(void)state;
	assert_int_equal(write_files(2, 10), 0);
	/* the files are there already, and then some are not */
	assert_int_equal(write_files(3, 10), -EEXIST);
	assert_int_equal(thin_out(3, 8), -ENOENT);
	assert_int_equal(write_one("no/such/dir", "x", 1), -ENOENT);
}

static void reading_ends_when_enough_is_read(void **state)
{
	(void)state;
	assert_int_equal(write_files(4, 100000), 0);
	to_read = 250000;
	assert_int_equal(nftw(dir, read_one, 4, FTW_PHYS), 1);
	assert_int_equal(to_read, 0);
	to_read = 500000;
	assert_int_equal(nftw(dir, read_one, 4, FTW_PHYS), 0);
	assert_int_equal(to_read, 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_in_eight_stays, enter, leave),
		cmocka_unit_test_setup_teardown(failures_have_a_reason, enter,
						leave),
		cmocka_unit_test_setup_teardown(reading_ends_when_enough_is_read,
						enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
