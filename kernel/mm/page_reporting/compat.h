/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Free page reporting: what differs between the kernels that it is for. All
 * else that does is in the hooks.
 */
#ifndef _MM_PAGE_REPORTING_COMPAT_H
#define _MM_PAGE_REPORTING_COMPAT_H

#include <linux/minmax.h>
#include <linux/mmzone.h>
#include <linux/pageblock-flags.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#include "../page_alloc.h"

/* The word of struct page that a free page does not need */
#define pr_page_index	__folio_index
#define pr_page_flags	flags.f

/* Does a device that leaves its order 0 ask for order 0? */
#define PR_DEVICE_ORDER_0	true
#else
#define pr_page_index	index
#define pr_page_flags	flags
#define PR_DEVICE_ORDER_0	false
#endif

/* Order of a granule for a device that asks for @order */
static inline unsigned int pr_device_order(unsigned int order)
{
	if (order > MAX_PAGE_ORDER || (!order && !PR_DEVICE_ORDER_0))
		return pageblock_order;
	return min_t(unsigned int, order, pageblock_order);
}

#endif /* _MM_PAGE_REPORTING_COMPAT_H */
