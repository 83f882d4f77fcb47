// SPDX-License-Identifier: GPL-2.0
/* The kernel's own file, and what it calls that is not in it. */
#include "page_reporting_ext.c"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

unsigned long jiffies;
unsigned int pageblock_order;
unsigned long page_ext_size;
unsigned int page_reporting_granule;
enum shim_key page_reporting_enabled;
struct zone zones[2];
struct page *mem_map;
struct section sections[NR_SECTIONS];
bool verbose;

static unsigned int ext_refs;
static u32 flip_state;

void shim_print(const char *fmt, ...)
{
	va_list ap;

	if (!verbose)
		return;
	printf("#   ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

int kstrtobool(const char *s, bool *res)
{
	*res = !strcmp(s, "on");
	return *res || !strcmp(s, "off") ? 0 : -1;
}

void shim_flip_seed(u32 seed)
{
	flip_state = seed | 1;
}

bool shim_flip(void)
{
	flip_state = flip_state * 1664525 + 1013904223;
	return flip_state >> 31;
}

unsigned long shim_lock(spinlock_t *lock)
{
	if (lock->held)
		fail("zone->lock is taken twice");
	lock->held = true;
	return 0;
}

void shim_unlock(spinlock_t *lock)
{
	if (!lock->held || ext_refs)
		fail("zone->lock dropped: %sheld, with %u of page_ext in use",
		     lock->held ? "" : "not ", ext_refs);
	lock->held = false;
}

void shim_resched(void)
{
	if (the_zone->lock.held)
		fail("cond_resched() with zone->lock held");
	world_meanwhile();
}

bool pfn_valid(unsigned long pfn)
{
	return pfn < MAX_PFN && sections[pfn / PAGES_PER_SECTION].present;
}

struct page *pfn_to_online_page(unsigned long pfn)
{
	return pfn < MAX_PFN && sections[pfn / PAGES_PER_SECTION].online ?
	       pfn_to_page(pfn) : NULL;
}

struct page_ext *page_ext_get(const struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	void *ext = sections[pfn / PAGES_PER_SECTION].ext;

	if (!ext)
		return NULL;
	ext_refs++;
	return ext + page_ext_size * (pfn % PAGES_PER_SECTION);
}

void page_ext_put(struct page_ext *ext)
{
	if (!ext || !ext_refs)
		fail("page_ext put without a get");
	ext_refs--;
}

/* These are the worker's */
u64 page_reporting_lock(struct zone *zone, unsigned long *flags)
{
	spin_lock_irqsave(&zone->lock, *flags);
	return 1;
}

void page_reporting_unlock(struct zone *zone, unsigned long flags, u64 since)
{
	if (since != 1)
		fail("page_reporting_unlock() does not get what the lock gave");
	spin_unlock_irqrestore(&zone->lock, flags);
}

u32 page_reporting_horizon(void)
{
	return config.horizon;
}

void page_reporting_kick(bool large)
{
	truth_kicked(large);
}

void trace_page_reporting_refault(unsigned long pfn, unsigned int order,
				  unsigned long pages, unsigned int least_ms)
{
	if (pfn < the_zone->zone_start_pfn || pfn >= zone_end_pfn(the_zone) ||
	    pages > 1UL << max(order, page_reporting_granule))
		fail("%lu refaults of order %u at pfn %lu", pages, order, pfn);
	truth_traced(pages, least_ms);
}

/* As booted with page_ext=on, with @more bytes of other clients in front */
void shim_boot(unsigned int more)
{
	bool was_off = !page_reporting_ext_enabled(), was_verbose = verbose;
	char odd[] = "maybe", on[] = "on";

	page_reporting_ext_ops.offset = sizeof(struct page_ext) + more;
	page_ext_size = page_reporting_ext_ops.offset + page_reporting_ext_ops.size;
	if (!was_off)
		return;
	verbose = false;
	shim_early_param(odd);
	verbose = was_verbose;
	page_reporting_ext_ops.init();
	if (page_reporting_ext_ops.need() || page_reporting_ext_enabled())
		fail("page_ext=maybe counts as on");
	shim_early_param(on);
	page_reporting_ext_ops.init();
	if (!page_reporting_ext_ops.need() || !page_reporting_ext_enabled())
		fail("page_ext=on does not count");
}
