// SPDX-License-Identifier: GPL-2.0
/*
 * Where a memory cgroup is, from what the kernel shows; and one of our own, where
 * that can be had: a limit that is kept, a kill that is counted, and no rest.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "prbench.h"

#define V1	"30 25 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"	\
		"31 25 0:27 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n"
#define V2	"35 25 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
#define PART	"35 25 0:30 /pod/7 /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n"
#define LIKE	"33 25 0:28 / /sys/fs/cgroup/x rw - cgroup cgroup rw,xmemory,memoryx\n"

/* The directory and version that these two say, or "none". */
static const char *own(const char *mountinfo, const char *cgroup)
{
	static char text[PATH_MAX + 8];
	FILE *m = fmemopen((void *)mountinfo, strlen(mountinfo), "r");
	FILE *c = fmemopen((void *)cgroup, strlen(cgroup), "r");
	char path[PATH_MAX];
	bool v2;
	int ret;

	assert_non_null(m);
	assert_non_null(c);
	ret = cgroup_own(m, c, path, &v2);
	fclose(m);
	fclose(c);
	if (ret)
		return "none";
	snprintf(text, sizeof(text), "%s %d", path, v2 ? 2 : 1);
	return text;
}

static void groups_are_found(void **state)
{
	(void)state;
	assert_string_equal(own(V2, "0::/user.slice/a:b\n"),
			    "/sys/fs/cgroup/user.slice/a:b 2");
	assert_string_equal(own(V2, "0::/\n"), "/sys/fs/cgroup 2");
	assert_string_equal(own(V1, "8:cpu:/c\n4:memory:/m/n\n0::/u\n"),
			    "/sys/fs/cgroup/memory/m/n 1");
	/* both are there: the controller is where it has a hierarchy */
	assert_string_equal(own(V2 V1, "4:memory:/m\n0::/u\n"),
			    "/sys/fs/cgroup/memory/m 1");
	assert_string_equal(own(V1 V2, "4:hugetlb,memory:/m\n0::/u\n"),
			    "/sys/fs/cgroup/memory/m 1");
	assert_string_equal(own(LIKE V2, "5:memoryx:/m\n0::/u\n"),
			    "/sys/fs/cgroup/u 2");
	/* a container sees a part */
	assert_string_equal(own(PART, "0::/pod/7/vm\n"), "/sys/fs/cgroup/vm 2");
	assert_string_equal(own(PART, "0::/pod/7\n"), "/sys/fs/cgroup 2");
	assert_string_equal(own(PART, "0::/pod/77\n"), "none");
	assert_string_equal(own(PART, "0::/other\n"), "none");
	assert_string_equal(own("22 1 8:1 / / rw - ext4 /dev/sda rw\n",
				"0::/\n"), "none");
	assert_string_equal(own(V1, "8:cpu:/c\n0::/u\n"), "none");
	assert_string_equal(own(V2, "garbage\n"), "none");
}

/* In a child that joins: touch so much; how it ended. */
static int touch(const struct cgroup *cg, size_t mib)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		size_t bytes = mib << 20, i;
		char *p = malloc(bytes);

		if (cgroup_join(cg) || !p)
			_exit(2);
		for (i = 0; i < bytes; i += 4096)
			((volatile char *)p)[i] = 1;
		_exit(cgroup_used_kib(cg) >= (mib << 10) ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* Make one; skip where nobody may, but not for a mistake of ours. */
static void make(struct cgroup *cg, unsigned int mib)
{
	static const char *const reasons[] = {
		"Permission denied", "Read-only", "No such file",
		"no memory cgroup", "no group above",
	};
	char err[PATH_MAX + 256] = "";
	size_t i;

	if (!cgroup_make(cg, mib, err, sizeof(err)))
		return;
	print_message("%s\n", err);
	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		if (strstr(err, reasons[i]))
			skip();
	fail();
}

static void a_group_has_its_limit(void **state)
{
	struct cgroup cg;
	char err[PATH_MAX + 256] = "", path[PATH_MAX];
	struct stat st;
	int status;

	(void)state;
	make(&cg, 32);
	strcpy(path, cg.path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(touch(&cg, 16), 0);
	assert_int_equal(cgroup_oom_kills(&cg), 0);
	status = touch(&cg, 64);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(cgroup_oom_kills(&cg), 1);
	assert_int_equal(cgroup_remove(&cg, err, sizeof(err)), 0);
	assert_int_equal(stat(path, &st), -1);
	/* twice is once */
	assert_int_equal(cgroup_remove(&cg, err, sizeof(err)), 0);
}

/* Whoever was killed has left an empty group, which the next one removes. */
static void what_was_left_is_swept(void **state)
{
	char err[PATH_MAX + 256] = "", path[PATH_MAX], *end;
	struct cgroup cg;
	struct stat st;
	pid_t pid;

	(void)state;
	make(&cg, 32);
	strcpy(path, cg.path);
	pid = fork();
	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	end = strrchr(path, '-');
	sprintf(end, "-%d", pid);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(cgroup_remove(&cg, err, sizeof(err)), 0);
	assert_int_equal(cgroup_make(&cg, 32, err, sizeof(err)), 0);
	assert_int_equal(stat(path, &st), -1);
	assert_int_equal(cgroup_remove(&cg, err, sizeof(err)), 0);
}

/* What could not be made is not there to be removed. */
static void none_is_left_where_nobody_may(void **state)
{
	const uid_t user = geteuid(), nobody = 65534;
	char err[PATH_MAX + 256] = "";
	struct cgroup cg;
	int ret;

	(void)state;
	assert_true(user || !seteuid(nobody));
	ret = cgroup_make(&cg, 32, err, sizeof(err));
	assert_int_equal(seteuid(user), 0);
	if (!ret && user) {
		assert_int_equal(cgroup_remove(&cg, err, sizeof(err)), 0);
		skip();	/* this user may */
	}
	assert_int_equal(ret, -1);
	assert_string_equal(cg.path, "");
	assert_int_equal(cgroup_remove(&cg, err, sizeof(err)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_are_found),
		cmocka_unit_test(a_group_has_its_limit),
		cmocka_unit_test(what_was_left_is_swept),
		cmocka_unit_test(none_is_left_where_nobody_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
