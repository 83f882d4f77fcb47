// SPDX-License-Identifier: GPL-2.0
/*
 * fio, stress-ng and perf as they are on other machines: scripts of their names
 * stand in for them, and what the workloads tell the host is looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

/* For their static functions, and where events go. */
#include "../../bench/guest/channel.c"
#include "../../bench/workloads/fio/guest.c"
#include "../../bench/workloads/stress-ng/guest.c"
#include "../../bench/workloads/perf/guest.c"

static char dir[] = "/tmp/prbench-unit-XXXXXX";
static char *path_before;

/* A program of that name, and no other. */
static void stand_in(const char *name, const char *script)
{
	char file[64];
	FILE *f;

	snprintf(file, sizeof(file), "%s/%s", dir, name);
	f = fopen(file, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s", script);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(file, 0755), 0);
}

/* What the workload told the host, until the next call; its status is @want. */
static const char *told(int (*work)(const char *, const json_t *), int want)
{
	static char text[16384];
	/* No limit to stress-ng's memory that would be one for the sanitizer. */
	json_t *args = json_pack("{s:i, s:i, s:i, s:i}", "rounds", 1, "waves", 1,
				 "pause_ms", 0, "mib", 64 << 20);
	ssize_t n;

	channel = memfd_create("events", MFD_CLOEXEC);
	assert_true(channel >= 0);
	assert_int_equal(work("load", args), want);
	n = pread(channel, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	close(channel);
	channel = -1;
	json_decref(args);
	return text;
}

static void says(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("it does not say %s:\n%s", what, text);
}

static void fio_with_a_note(void **state)
{
	const char *text;

	(void)state;
	stand_in("fio", "echo 'fio: clock source is not stable' >&2\n"
		 "echo '{\"jobs\": [{\"read\": {\"total_ios\": 40, \"runtime\": 20, \"bw\": 3072}}]}'\n");
	text = told(work_fio, 0);
	says(text, "\"metric\":\"read_mib_s\",\"unit\":\"MiB/s\",\"value\":3.0");
	says(text, "\"metric\":\"ops_s\",\"unit\":\"1/s\",\"value\":2000.0");
	stand_in("fio", "echo '{\"jobs\": ['\n");
	says(told(work_fio, -1), "fio's output is not JSON");
}

/* One stressor has failed, after the metrics of another. */
static void stress_ng_with_a_status(void **state)
{
	static const char metrics[] =
		"echo 'stress-ng: metrc: [69] vm   100   2.00   0.00   0.09   50.00   1223.83'\n"
		"exit ";
	char script[256];
	const char *text;

	(void)state;
	snprintf(script, sizeof(script), "%s2\n", metrics);
	stand_in("stress-ng", script);
	text = told(work_stress, 0);
	says(text, "\"metric\":\"vm_ops_s\",\"unit\":\"1/s\",\"value\":50.0");
	says(text, "\"metric\":\"aborted\",\"unit\":\"count\",\"value\":1.0");
	says(text, "stress-ng printed no metrics of bigheap");
	snprintf(script, sizeof(script), "%s1\n", metrics);
	stand_in("stress-ng", script);
	says(told(work_stress, -1), "stress-ng ended with status 1");
}

static void need_perf_events(void)
{
	if (access("/proc/sys/kernel/perf_event_paranoid", F_OK))
		skip();
}

/* Debian 12's is a script that runs the one of this kernel. */
static void perf_of_another_kernel(void **state)
{
	const char *text;

	(void)state;
	need_perf_events();
	stand_in("perf", "echo 'E: linux-perf-6.18 is not installed.' >&2\nexit 1\n");
	text = told(work_perf, 0);
	says(text, "\"event\":\"skip\"");
	says(text, "perf does not run: E: linux-perf-6.18 is not installed.");
}

/* perf stat -x , -o FILE ...: another column, and an event that is not there */
static void perf_with_a_column(void **state)
{
	const char *text;

	(void)state;
	need_perf_events();
	stand_in("perf", "[ \"$1\" != --version ] || exit 0\n"
		 "echo '123,,more,page-faults,1000,100.00,,' >\"$5\"\n"
		 "echo '<not supported>,,more,minor-faults,0,0.00,,' >>\"$5\"\n");
	text = told(work_perf, 0);
	says(text, "\"metric\":\"page-faults\",\"unit\":\"count\",\"value\":123.0");
	says(text, "perf did not count minor-faults");
	stand_in("perf", "[ \"$1\" != --version ] || exit 0\n: >\"$5\"\n");
	says(told(work_perf, -1), "perf counted nothing");
}

static void what_is_not_installed(void **state)
{
	(void)state;
	assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
	says(told(work_fio, 0), "fio is not installed");
	says(told(work_stress, 0), "stress-ng is not installed");
}

static int setup(void **state)
{
	char path[256];

	(void)state;
	path_before = strdup(getenv("PATH"));
	snprintf(path, sizeof(path), "%s:%s", dir, path_before);
	return !path_before || setenv("PATH", path, 1);
}

static int teardown(void **state)
{
	(void)state;
	setenv("PATH", path_before, 1);
	free(path_before);
	return 0;
}

static int make_dir(void **state)
{
	(void)state;
	return !mkdtemp(dir);
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(TOOL_OUT);
	unlink(PERF_OUT);
	return run_program("/dev/null", (char *[]){ "rm", "-r", dir, NULL });
}

int main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(fio_with_a_note), T(stress_ng_with_a_status),
		T(perf_of_another_kernel), T(perf_with_a_column),
		T(what_is_not_installed),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
