/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Free page reporting: what a device that returns memory to a host implements.
 */
#ifndef _LINUX_PAGE_REPORTING_H
#define _LINUX_PAGE_REPORTING_H

#include <linux/mmzone.h>
#include <linux/scatterlist.h>

/* Entries of one report unless the device takes fewer, see @capacity */
#define PAGE_REPORTING_CAPACITY		32

/* A device that asks for no order of its own; in Linux 6.12 it may also ask for 0 */
#define PAGE_REPORTING_ORDER_UNSPECIFIED	-1

/* There is a member @fragments, for drivers that are built elsewhere, too */
#define PAGE_REPORTING_FRAGMENTS

/**
 * struct page_reporting_dev_info - a device that free memory is reported to
 * @report: tells the host that the @nents entries of @sg are free. Each entry
 *	is a naturally aligned block of 2^n pages, with n not below
 *	page_reporting_order unless the device takes @fragments.
 *	Called from process context without locks and may sleep; the pages are
 *	off the free lists until it returns. 0, or a negative errno, after
 *	which the whole batch counts as not reported and is offered again.
 * @order: granule order that the device prefers, or
 *	PAGE_REPORTING_ORDER_UNSPECIFIED for pageblock_order. The parameter
 *	page_reporting_order has precedence. Neither is in force above
 *	pageblock_order.
 * @capacity: entries that one @report takes at most, 0 (or anything larger)
 *	for PAGE_REPORTING_CAPACITY
 * @fragments: it also takes smaller blocks, which are reported when they stay
 *	free for longer
 */
struct page_reporting_dev_info {
	int (*report)(struct page_reporting_dev_info *prdev,
		      struct scatterlist *sg, unsigned int nents);
	unsigned int order;
	unsigned int capacity;
	bool fragments;
};

/* The order in force, for drivers: UINT_MAX while nothing is set */
extern unsigned int page_reporting_order;

bool page_reporting_available(void);
void page_reporting_inflate(bool on);
int page_reporting_register(struct page_reporting_dev_info *prdev);
void page_reporting_unregister(struct page_reporting_dev_info *prdev);

#endif /* _LINUX_PAGE_REPORTING_H */
