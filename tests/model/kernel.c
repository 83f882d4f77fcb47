// SPDX-License-Identifier: GPL-2.0
/* The kernel's own files, and what they call that is not in them. */
#include "page_reporting/records.c"
#include "page_reporting/stats.c"
#include "page_reporting/policy.c"

#include "model.h"

/* The walk is where others run between what is found and the lock */
#undef spin_lock_irqsave
#define spin_lock_irqsave(lock, flags)					\
	do {								\
		world_meanwhile();					\
		(flags) = shim_lock(lock);				\
	} while (0)
#include "page_reporting/walk.c"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

u64 ticks;
u64 shim_events;
unsigned int shim_online_mems;
unsigned int pageblock_order;
unsigned long page_ext_size;
enum shim_key page_reporting_enabled;
unsigned int page_reporting_notify_order;
struct pr_policy pr_policy;
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

u64 ktime_get_coarse_ns(void)
{
	return ticks << PR_TICK_SHIFT;
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

void shim_assert_held(const spinlock_t *lock)
{
	if (!lock->held)
		fail("called without zone->lock");
}

void shim_resched(void)
{
	if (the_zone->lock.held)
		fail("cond_resched() with zone->lock held");
	world_meanwhile();
}

/* A walk that has found a block takes the lock: others may come first */
u64 ktime_get_mono_fast_ns(void)
{
	return 1;
}

unsigned int debug_guardpage_minorder(void)
{
	return config.guard;
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
	if (!ext)
		return;
	if (!ext_refs)
		fail("page_ext put without a get");
	ext_refs--;
}

/* No hook runs at the same time as anything else */
void pr_wait_for_hooks(void)
{
}

/* As core.c has it */
void __page_reporting_freed(unsigned int order)
{
	bool large = order >= pr_policy.huge_order;

	page_reporting_notify_order = large ? UINT_MAX : pr_policy.huge_order;
	truth_kicked(large);
}

void trace_page_reporting_refault(unsigned long pfn, unsigned int order,
				  unsigned long pages, unsigned int least_ms)
{
	if (pfn < the_zone->zone_start_pfn || pfn >= zone_end_pfn(the_zone) ||
	    pages > 1UL << max(order, pr_policy.granule_order))
		fail("%lu refaults of order %u at pfn %lu", pages, order, pfn);
	truth_traced(pages, least_ms);
}

/* The order that walks begin with stays what it was: forget that, too */
void shim_boot(unsigned int more)
{
	char odd[] = "maybe", on[] = "on";

	memset(&pr_policy, 0, sizeof(pr_policy));
	shared.lowest_order = MAX_PAGE_ORDER;
	shared_stats.small_reported.counter = 0;
	shim_events = 0;
	if (!page_ext_wanted) {
		bool was_verbose = verbose;

		verbose = false;
		shim_set_wanted(odd);
		verbose = was_verbose;
		if (page_reporting_ext_ops.need() || pr_records_enabled())
			fail("page_ext=maybe counts as on");
		shim_set_wanted(on);
	}
	page_ext_size = more ? sizeof(struct page_ext) + more : 0;
	if (!page_reporting_ext_ops.need() || !pr_records_enabled())
		fail("page_ext=on does not count");
	page_reporting_ext_ops.offset = page_ext_size;
	page_ext_size += page_reporting_ext_ops.size;
}
