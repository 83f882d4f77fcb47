/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit tests of params.c: what the administrator sets.
 */
#include "kunit.h"

/* Parameters out of range are refused, and the old value stays */
static void params_range(struct kunit *test)
{
	static const struct {
		const char *name;
		const unsigned int *value;
		const char *good;
		const char *bad;
	} cases[] = {
		{ "fragment_order", &pr_policy.params.fragment_order, "11", "12" },
		{ "fragment_order", &pr_policy.params.fragment_order, "0", "4294967295" },
		{ "fragment_percent", &pr_policy.params.fragment_percent, "100", "101" },
		{ "learn", &pr_policy.params.learn, "1", "2" },
		{ "quota_ms", &pr_policy.params.quota_ms, "1000", "1001" },
		{ "min_age_ms", &pr_policy.params.min_age_ms, "4294967295", "4294967296" },
		{ "page_reporting_delay_ms", &pr_policy.params.delay_ms, "7", "-1" },
		{ "quota_mib", &pr_policy.params.quota_mib, "7", "x" },
	};
	unsigned int i, value;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, prt_set_param(cases[i].name, cases[i].good), 0,
				    "%u", i);
		KUNIT_ASSERT_EQ(test, kstrtouint(cases[i].good, 0, &value), 0);
		KUNIT_EXPECT_EQ_MSG(test, *cases[i].value, value, "%u", i);
		KUNIT_EXPECT_LT_MSG(test, prt_set_param(cases[i].name, cases[i].bad), 0,
				    "%u", i);
		KUNIT_EXPECT_EQ_MSG(test, *cases[i].value, value, "%u", i);
	}
}

static struct kunit_case params_cases[] = {
	KUNIT_CASE(params_range),
	{}
};

PRT_SUITE(params, params_cases);
