// SPDX-License-Identifier: GPL-2.0
/*
 * Free memory full of holes.
 *
 * Loading the module takes nearly all free memory in blocks of one order and
 * frees every other one.  What is free then are single blocks that cannot
 * merge, in free lists that are as long as they get.  No page is written to:
 * a host that has not supplied the memory yet need not do so for this.
 * Unloading frees the rest.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/vmstat.h>

#define NR_ORDERS	((unsigned int)ARRAY_SIZE(((struct zone *)NULL)->free_area))

/* Take what is there, without reclaim and without the reserves. */
#define HOLES_GFP	(__GFP_NOWARN | __GFP_NOMEMALLOC)

static unsigned int order = 9;
module_param(order, uint, 0444);
MODULE_PARM_DESC(order, "Order of the holes (default 9)");

static unsigned int keep_mib = 128;
module_param(keep_mib, uint, 0444);
MODULE_PARM_DESC(keep_mib, "MiB to leave as they are (default 128)");

static unsigned int holes;
module_param(holes, uint, 0444);
MODULE_PARM_DESC(holes, "How many there are, for reading");

static LIST_HEAD(held);

static void release(struct list_head *list)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, list, lru) {
		list_del(&page->lru);
		__free_pages(page, order);
		cond_resched();
	}
}

static int __init free_holes_init(void)
{
	unsigned long left, size, keep;
	LIST_HEAD(odd);

	if (order >= NR_ORDERS) {
		pr_err("order=%u is above %u\n", order, NR_ORDERS - 1);
		return -EINVAL;
	}

	holes = 0;
	size = 1UL << order;
	keep = (unsigned long)keep_mib * (SZ_1M / PAGE_SIZE);
	left = global_zone_page_state(NR_FREE_PAGES);
	for (left -= min(left, keep); left >= size; left -= size) {
		struct page *page = alloc_pages(HOLES_GFP, order);

		if (!page)
			break;
		/* Of two buddies the second: the first keeps it from merging. */
		if (page_to_pfn(page) & size) {
			list_add(&page->lru, &odd);
			holes++;
		} else {
			list_add(&page->lru, &held);
		}
		cond_resched();
	}
	release(&odd);
	if (holes)
		return 0;

	release(&held);
	pr_err("no memory for blocks of order %u beside %u MiB\n", order, keep_mib);

	return -ENOMEM;
}
module_init(free_holes_init);

static void __exit free_holes_exit(void)
{
	release(&held);
}
module_exit(free_holes_exit);

MODULE_DESCRIPTION("Free memory in single blocks that cannot merge");
MODULE_LICENSE("GPL");
