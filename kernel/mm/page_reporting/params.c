// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting: what the administrator sets.
 *
 * The order of a granule and a flush are parameters, too, see core.c.
 */
#include <linux/cache.h>
#include <linux/limits.h>
#include <linux/moduleparam.h>
#include <linux/time64.h>

#include "../internal.h"
#include "internal.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "page_reporting."

/* Hooks read the orders, which are in the first cacheline */
struct pr_policy pr_policy ____cacheline_aligned_in_smp = {
	.params = {
		.min_age_ms = 1000,
		.fragment_order = 3,
		.learn = 1,
		.delay_ms = 2000,
		.quota_ms = 500,
		.quota_mib = 4096,
	},
};

/* Set a parameter to at most @max */
static int set_param(const char *val, const struct kernel_param *kp, unsigned int max)
{
	int err = param_set_uint_minmax(val, kp, 0, max);

	if (!err)
		pr_params_changed();
	return err;
}

#define PR_PARAM(name, field, max)						\
static int set_##field(const char *val, const struct kernel_param *kp)		\
{										\
	return set_param(val, kp, max);						\
}										\
static const struct kernel_param_ops field##_ops = {				\
	.set = set_##field,							\
	.get = param_get_uint,							\
};										\
module_param_cb(name, &field##_ops, &pr_policy.params.field, 0644)

/*
 * Age in milliseconds at which a block is reported.
 *
 * Memory that is used again before is left alone; memory that stays free goes
 * back to the host soon after. A block below 2 MiB waits for half as much more
 * with each order that it is smaller. 1000 by default.
 */
PR_PARAM(min_age_ms, min_age_ms, UINT_MAX);

/*
 * Order of the smallest block that is reported.
 *
 * Only devices that take blocks below a granule are told of them. Anything
 * above the order of a granule means none. 3 (32 KiB) by default.
 */
PR_PARAM(fragment_order, fragment_order, MAX_PAGE_ORDER + 1);

/*
 * Percentage of 2 MiB that has to be free, and old enough, before a first piece of
 * them is reported.
 *
 * A host that holds them in a huge page splits it to take a piece back. As long as one
 * is reported the others follow when they come of age. A flush takes all pieces. From
 * about 98 on only a flush does. 0 for no limit, which is the default.
 */
PR_PARAM(fragment_percent, fragment_percent, 100);

/*
 * Whether the minimum age follows what is used again.
 *
 * 0 keeps it at min_age_ms, as does a min_age_ms beyond the price of fetching
 * memory back (2.1 s). 1 by default.
 */
PR_PARAM(learn, learn, 1);

/*
 * Time in milliseconds until memory is tried again that is of age and could not
 * be reported, because its pageblock is isolated or too little would be left.
 *
 * Doubles, up to 64 s, until something can be reported. 2000 by default.
 */
PR_PARAM(page_reporting_delay_ms, delay_ms, UINT_MAX);

/*
 * Milliseconds a second that passes may take, waiting for the device included.
 *
 * What was not used in one second may be used in the next. 0 for no limit. 500
 * by default.
 */
PR_PARAM(quota_ms, quota_ms, MSEC_PER_SEC);

/*
 * MiB a second that may be reported.
 *
 * What was not used in one second may be used in the next. 0 for no limit. 4096
 * by default.
 */
PR_PARAM(quota_mib, quota_mib, UINT_MAX);

#ifdef CONFIG_PAGE_REPORTING_KUNIT_TEST
#include "tests/params_kunit.h"
#endif
