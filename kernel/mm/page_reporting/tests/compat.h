/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_PAGE_REPORTING_TESTS_COMPAT_H
#define _MM_PAGE_REPORTING_TESTS_COMPAT_H

/* Isolate pageblocks, and have a struct compact_control capture, in any kernel */
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#define pr_isolate_range(start, end)					\
	start_isolate_page_range(start, end, PB_ISOLATE_MODE_OTHER)
#define pr_unisolate_range(start, end)					\
	undo_isolate_page_range(start, end)
#define pr_set_capture(capc, control)					\
({									\
	struct compact_control *_cc = (control);			\
									\
	*(capc) = (struct capture_control) {				\
		.zone = _cc->zone,					\
		.migratetype = _cc->migratetype,			\
		.order = _cc->order,					\
	};								\
})
#else
#define pr_isolate_range(start, end)					\
	start_isolate_page_range(start, end, MIGRATE_MOVABLE, 0, GFP_KERNEL)
#define pr_unisolate_range(start, end)					\
	undo_isolate_page_range(start, end, MIGRATE_MOVABLE)
#define pr_set_capture(capc, control)					\
	(*(capc) = (struct capture_control) { .cc = (control) })
#endif

#endif /* _MM_PAGE_REPORTING_TESTS_COMPAT_H */
