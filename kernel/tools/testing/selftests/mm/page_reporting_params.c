// SPDX-License-Identifier: GPL-2.0
/* Parameters of free page reporting: who may change them, and to what */
#include <grp.h>
#include <sys/stat.h>

#include "../kselftest_harness.h"
#include "page_reporting_util.h"

#define NOBODY		65534

PR_FIXTURE(params, NEEDS_NOTHING)

/* The largest value that means something, 0 if all do */
static unsigned int largest(enum pr_param param)
{
	switch (param) {
	case LEARN:
		return 1;
	case FRAGMENT:
		return pr_max_order() + 1;
	case PERCENT:
		return 100;
	case QUOTA_MS:
		return 1000;
	case ORDER:
		return pr_max_order();
	default:
		return 0;
	}
}

TEST_F(params, modes)
{
	struct stat st;
	char path[128];
	int i;

	for (i = 0; i < NR_PARAMS; i++) {
		snprintf(path, sizeof(path), PARAMETERS "/%s", pr_param_names[i]);
		ASSERT_EQ(0, stat(path, &st)) TH_LOG("%s", path);
		EXPECT_EQ(S_IFREG | 0644, st.st_mode) TH_LOG("%s", path);
		EXPECT_EQ(0, st.st_uid) TH_LOG("%s", path);
	}
}

TEST_F(params, nobody_changes_them)
{
	char text[32];
	int i;

	ASSERT_EQ(0, setgroups(0, NULL));
	ASSERT_EQ(0, setresgid(NOBODY, NOBODY, NOBODY));
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, NOBODY));
	for (i = 0; i < NR_PARAMS; i++) {
		EXPECT_EQ(0, pr_param_read(i, text, sizeof(text)));
		EXPECT_EQ(-EACCES, pr_param_write(i, text)) TH_LOG("%s", pr_param_names[i]);
	}
	/* The teardown is root's */
	memset(&self->found, 0, sizeof(self->found));
}

TEST_F_TIMEOUT(params, take_numbers, TIMEOUT)
{
	static const char * const numbers[] = { "0", "1\n", "0x1" };
	static const long values[] = { 0, 1, 1 };
	unsigned int i, j;

	/* page_reporting_order takes its time, see page_reporting_order.c */
	for (i = 0; i < ORDER; i++) {
		for (j = 0; j < 3; j++) {
			EXPECT_EQ(0, pr_param_write(i, numbers[j]))
				TH_LOG("%s: %s", pr_param_names[i], numbers[j]);
			EXPECT_EQ(values[j], pr_param_get(i)) TH_LOG("%s", pr_param_names[i]);
		}
		EXPECT_EQ(0, pr_param_set(i, largest(i) ?: 4294967295U));
	}
}

static void refuses(struct __test_metadata *_metadata, enum pr_param param, const char *text)
{
	char before[32], after[32];
	int err;

	pr_param_read(param, before, sizeof(before));
	err = pr_param_write(param, text);
	pr_param_read(param, after, sizeof(after));
	EXPECT_TRUE(err == -EINVAL || err == -ERANGE)
		TH_LOG("%s: %s gives %d", pr_param_names[param], text, err);
	EXPECT_STREQ(before, after) TH_LOG("%s: %s", pr_param_names[param], text);
}

TEST_F(params, refuse_what_is_no_number)
{
	static const char * const rubbish[] = {
		"\n", " ", "x", "-1", "1x", "1 2", "0x", "1.5", "4294967296",
		"99999999999999999999", "on",
	};
	unsigned int i, j;

	for (i = 0; i < NR_PARAMS; i++)
		for (j = 0; j < sizeof(rubbish) / sizeof(*rubbish); j++)
			refuses(_metadata, i, rubbish[j]);
}

TEST_F(params, refuse_what_means_nothing)
{
	char text[16];
	int i;

	for (i = 0; i < NR_PARAMS; i++) {
		if (!largest(i))
			continue;
		snprintf(text, sizeof(text), "%u", largest(i) + 1);
		refuses(_metadata, i, text);
		refuses(_metadata, i, "4294967295");
	}
}

PR_MAIN
