// SPDX-License-Identifier: GPL-2.0
/* Page faults of a VM: its own process and its children, dead or alive. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "prbench.h"

#define PAGES	1000

static void all_four_counts_are_added(void **state)
{
	uint64_t faults;
	pid_t ppid;

	(void)state;
	assert_true(stat_faults("17 (linux) S 5 17 17 0 -1 4194560 1000 200 30 4 7 8 9",
				&ppid, &faults));
	assert_int_equal(ppid, 5);
	assert_int_equal(faults, 1234);
	/* the name may hold anything */
	assert_true(stat_faults("17 (a) R 1 2 (3 4) S 5 17 17 34816 9 4194560 1 0 0 0 7",
				&ppid, &faults));
	assert_int_equal(ppid, 5);
	assert_int_equal(faults, 1);
	assert_true(stat_faults("1 (x) S 0 1 1 0 -1 4194560 8000000000 0 1 0 7",
				&ppid, &faults));
	assert_int_equal(faults, 8000000001);
}

static void what_is_no_such_line_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", "17 (linux) S", "17 linux S 5 17 17 0 -1 0 1 2 3 4",
		"17 (linux) S 5 17 17 0 -1 4194560 1000 200 30",
	};
	uint64_t faults;
	pid_t ppid;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_false(stat_faults(wrong[i], &ppid, &faults));
}

/* One fault a page, whatever the host has huge pages for. */
static void touch(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	assert_true(map != MAP_FAILED);
	madvise(map, PAGES * page, MADV_NOHUGEPAGE);
	for (i = 0; i < PAGES; i++)
		((volatile char *)map)[i * page] = 1;
	munmap(map, PAGES * page);
}

static void own_faults_count(void **state)
{
	uint64_t before = vm_faults(getpid());

	(void)state;
	assert_true(before > 0);
	touch();
	assert_true(vm_faults(getpid()) >= before + PAGES);
}

/* As the programs of User Mode Linux: each is a process, and some have ended. */
static void those_of_children_count(void **state)
{
	uint64_t before = vm_faults(getpid());
	int fds[2];
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		touch();
		_exit(write(fds[1], "x", 1) == 1 && pause() ? 0 : 1);
	}
	assert_true(pid > 0);
	assert_int_equal(read(fds[0], &c, 1), 1);
	assert_true(vm_faults(getpid()) >= before + PAGES);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(vm_faults(getpid()) >= before + PAGES);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_four_counts_are_added),
		cmocka_unit_test(what_is_no_such_line_is_refused),
		cmocka_unit_test(own_faults_count),
		cmocka_unit_test(those_of_children_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
