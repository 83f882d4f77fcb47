// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of free page reporting: the device and the frames, see kunit.h.
 */
#define pr_fmt(fmt) "page_reporting test: " fmt

#include <linux/gfp.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../../internal.h"
#include "kunit.h"

/* Nothing comes of age by itself during a test */
#define MIN_AGE_MS	(3600 * MSEC_PER_SEC)

#define complain(prt, fmt, ...)						\
do {									\
	(prt)->bad++;							\
	pr_err(fmt "\n", ##__VA_ARGS__);				\
} while (0)

/* Is the device handed what it was promised? */
static void inspect(struct prt *prt, struct scatterlist *sgl, unsigned int nents)
{
	unsigned int least = prt->info.fragments ? pr_smallest_order(&pr_policy) :
						   page_reporting_order;
	struct zone *zone = page_zone(sg_page(sgl));
	unsigned int n;

	if (!prt->registered)
		complain(prt, "called while not registered");
	if (!nents || nents > (prt->info.capacity ?: PAGE_REPORTING_CAPACITY))
		complain(prt, "%u entries", nents);
	if (page_reporting_order != pr_policy.granule_order)
		complain(prt, "page_reporting_order %u, granule %u", page_reporting_order,
			 pr_policy.granule_order);

	for (n = 0; n < nents; n++) {
		struct page *page = sg_page(&sgl[n]);
		unsigned long nr = sgl[n].length >> PAGE_SHIFT, pfn = page_to_pfn(page), i;

		if (sgl[n].offset || !is_power_of_2(nr) || !IS_ALIGNED(pfn, nr) ||
		    nr < 1UL << least || sgl[n].length != nr << PAGE_SHIFT)
			complain(prt, "pfn %#lx: %u bytes at %u", pfn, sgl[n].length,
				 sgl[n].offset);
		if (!!sg_is_last(&sgl[n]) != (n == nents - 1))
			complain(prt, "end mark of entry %u of %u", n, nents);
		if (page_zone(page) != zone)
			complain(prt, "pfn %#lx: another zone", pfn);
		for (i = 0; i < nr; i++) {
			if (page_count(page + i) || PageBuddy(page + i)) {
				complain(prt, "pfn %#lx: not isolated", pfn + i);
				break;
			}
		}
	}
}

/* Does the guest look for something in its free pages? */
bool prt_keeps_contents(void)
{
	return page_poisoning_enabled_static() || want_init_on_free();
}

static void overwrite(struct scatterlist *sgl, unsigned int nents)
{
	unsigned int n;

	for (n = 0; n < nents && !prt_keeps_contents(); n++) {
		unsigned long nr = sgl[n].length >> PAGE_SHIFT;

		debug_pagealloc_map_pages(sg_page(&sgl[n]), nr);
		memset(page_address(sg_page(&sgl[n])), PRT_PATTERN, sgl[n].length);
		debug_pagealloc_unmap_pages(sg_page(&sgl[n]), nr);
	}
}

static bool fails(struct prt *prt, struct scatterlist *sgl, unsigned int nents)
{
	unsigned int n;

	if (prt->fail_in && !--prt->fail_in)
		return true;
	for (n = 0; prt->fail_page && n < nents; n++) {
		long off = prt->fail_page - sg_page(&sgl[n]);

		if (off >= 0 && off < sgl[n].length >> PAGE_SHIFT)
			return true;
	}
	return false;
}

static int report(struct page_reporting_dev_info *info, struct scatterlist *sgl,
		  unsigned int nents)
{
	struct prt *prt = container_of(info, struct prt, info);
	unsigned int n;
	int err = 0;

	if (atomic_inc_return(&prt->inside) != 1)
		complain(prt, "called twice at a time");
	prt->reports++;
	inspect(prt, sgl, nents);
	if (fails(prt, sgl, nents)) {
		err = prt->err;
		goto out;
	}
	for (n = 0; n < nents; n++)
		bitmap_set(prt->told, page_to_pfn(sg_page(&sgl[n])),
			   sgl[n].length >> PAGE_SHIFT);
	if (prt->poison)
		overwrite(sgl, nents);
	if (prt->block) {
		complete(&prt->entered);
		wait_for_completion(&prt->go);
	} else {
		cond_resched();
	}
	/* Nobody may have got it in the meantime */
	if (prt->poison)
		overwrite(sgl, nents);
	inspect(prt, sgl, nents);
out:
	atomic_dec(&prt->inside);
	return err;
}

void prt_forget(struct prt *prt)
{
	bitmap_zero(prt->told, max_pfn);
}

/* The pages of a range that the device was told of */
unsigned long prt_told(struct prt *prt, struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), nr = 0, i;

	for (i = 0; i < 1UL << order; i++)
		nr += test_bit(pfn + i, prt->told);
	return nr;
}

/* The pages of a range that are in a state */
unsigned long prt_count(struct page *page, unsigned int order, enum pr_state state)
{
	unsigned long nr = 0, i;

	for (i = 0; i < 1UL << order; i++)
		nr += prt_state(page + i) == state;
	return nr;
}

/* A counter of struct pr_stats, summed up: see PRT_STAT() */
u64 prt_stat(size_t offset)
{
	struct pr_stats sum;

	pr_sum_stats(&sum);
	return *(u64 *)((char *)&sum + offset);
}

/* Set a parameter by its name, as through sysfs */
int prt_set_param(const char *name, const char *val)
{
	const struct kernel_param *kp;
	int err;

	for (kp = __start___param; kp < __stop___param; kp++) {
		if (!strstarts(kp->name, "page_reporting.") ||
		    strcmp(kp->name + strlen("page_reporting."), name))
			continue;
		kernel_param_lock(THIS_MODULE);
		err = kp->ops->set(val, kp);
		kernel_param_unlock(THIS_MODULE);
		return err;
	}
	return -ENOENT;
}

struct pr_block prt_read(struct page *page, unsigned int order)
{
	struct pr_block block;

	pr_block_read(&block, page, order);
	return block;
}

/* Free a part of a frame as one block */
void prt_put(struct prt_frame *frame, unsigned int off, unsigned int order)
{
	unsigned int i;

	for (i = 1; i < 1U << order; i++)
		set_page_count(frame->page + off + i, 0);
	bitmap_clear(frame->held, off, 1U << order);
	__free_pages(frame->page + off, order);
	drain_all_pages(NULL);
}

/* Hold a part of a frame that was allocated by other means */
void prt_hold(struct prt_frame *frame, unsigned int off, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < 1U << order; i++)
		set_page_count(frame->page + off + i, 1);
	bitmap_set(frame->held, off, 1U << order);
}

struct prt_frame *prt_frame(struct kunit *test, unsigned int n)
{
	struct prt *prt = test->priv;
	struct prt_frame *frame = &prt->frame[n];

	frame->page = alloc_pages(PRT_FRAME_GFP, MAX_PAGE_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, frame->page);
	split_page(frame->page, MAX_PAGE_ORDER);
	bitmap_fill(frame->held, MAX_ORDER_NR_PAGES);
	return frame;
}

/* A device, and a frame with so much free in small blocks that it is worth a sweep */
struct prt_frame *prt_scatter(struct kunit *test)
{
	struct prt_frame *frame;
	unsigned int off;

	pr_policy.params.fragment_order = 3;
	prt_start(test, 9, 0);
	frame = prt_frame(test, 0);
	for (off = 0; off < 1024; off += 16)
		prt_put(frame, off, 3);
	return frame;
}

void prt_frame_free(struct prt_frame *frame)
{
	unsigned int off;

	if (!frame->page)
		return;
	for_each_set_bit(off, frame->held, MAX_ORDER_NR_PAGES)
		__free_page(frame->page + off);
	frame->page = NULL;
	drain_all_pages(NULL);
}

/* Let the free block that a page lies in be the next to be allocated */
static void move_to_front(struct page *page)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;
	unsigned int order;
	struct page *head;

	spin_lock_irqsave(&zone->lock, flags);
	head = pr_find_block(page, 0, &order);
	if (head)
		list_move(&head->buddy_list,
			  &zone->free_area[order].free_list[get_pageblock_migratetype(head)]);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/*
 * Allocate from the free part of a frame that begins at @off; what comes from
 * elsewhere is freed again. Not for the orders that have lists for each CPU.
 */
void prt_take(struct kunit *test, struct prt_frame *frame, unsigned int off,
	      unsigned int order, gfp_t gfp)
{
	unsigned int tries = 4096, i;
	struct page *page, *next;
	LIST_HEAD(strays);

	KUNIT_ASSERT_GT(test, order, PAGE_ALLOC_COSTLY_ORDER);
	/* They keep huge pages, too, and take two at a time */
	zone_pcp_disable(page_zone(frame->page));
	while (tries--) {
		move_to_front(frame->page + off);
		page = alloc_pages(gfp, order);
		if (!page || page == frame->page + off)
			break;
		list_add(&page->lru, &strays);
		page = NULL;
	}
	if (page) {
		/* This is the flag of a page that is up to date, too */
		for (i = 0; i < 1U << order; i++)
			KUNIT_EXPECT_FALSE(test, PageReported(page + i));
		split_page(page, order);
		bitmap_set(frame->held, off, 1U << order);
	}
	list_for_each_entry_safe(page, next, &strays, lru) {
		list_del(&page->lru);
		__free_pages(page, order);
	}
	zone_pcp_enable(page_zone(frame->page));
	KUNIT_ASSERT_TRUE(test, test_bit(off, frame->held));
}

void prt_unregister(struct prt *prt)
{
	page_reporting_unregister(&prt->info);
	prt->registered = false;
}

void prt_register(struct kunit *test)
{
	struct prt *prt = test->priv;

	prt->registered = true;
	KUNIT_ASSERT_EQ(test, page_reporting_register(&prt->info), 0);
}

void prt_flush(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, pr_flush_now("all"), 0);
}

/* Register the device and let it know of all that is free already */
void prt_start(struct kunit *test, unsigned int granule, unsigned int capacity)
{
	struct prt *prt = test->priv;

	if (prt->registered)
		prt_unregister(prt);
	page_reporting_order = granule;
	prt->info.capacity = capacity;
	prt->poison = false;
	prt_register(test);
	prt_flush(test);
	prt->poison = true;
	prt_forget(prt);
}

/* Pages that count as reported, with what CPUs have not added to that yet */
unsigned long prt_reported(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		pages += zone_page_state_snapshot(zone, NR_FREE_REPORTED);
	return pages;
}

/* Does what must always hold do so? */
void prt_verify(struct kunit *test)
{
	unsigned long reported, accounted;
	struct prt *prt = test->priv;
	unsigned int tries = 100;

	KUNIT_EXPECT_EQ_MSG(test, prt_check_all(), 0, "granule order %u, see the log",
			    pr_policy.granule_order);
	KUNIT_EXPECT_EQ_MSG(test, prt->bad, 0, "see the log");
	prt->bad = 0;
	/* Another CPU may allocate in between */
	do {
		reported = prt_reported();
		accounted = PRT_STAT(reported) - PRT_STAT(refaulted) -
			    PRT_STAT(removed) - PRT_STAT(forgotten);
		cond_resched();
	} while (reported != accounted && --tries);
	KUNIT_EXPECT_EQ_MSG(test, reported, accounted,
			    "what was reported is not accounted for");
}

void prt_call(struct prt_call *call, struct prt *prt, work_func_t fn)
{
	call->prt = prt;
	INIT_WORK_ONSTACK(&call->work, fn);
	queue_work(system_unbound_wq, &call->work);
}

void prt_join(struct prt_call *call)
{
	flush_work(&call->work);
	destroy_work_on_stack(&call->work);
}

void prt_flush_fn(struct work_struct *work)
{
	struct prt_call *call = container_of(work, struct prt_call, work);

	call->ret = pr_flush_now("all");
}

/* Let the device wait in the middle of a report of the first block of a frame */
struct prt_frame *prt_block(struct kunit *test, struct prt_call *flush, unsigned int order)
{
	struct prt_frame *frame = prt_frame(test, 0);
	struct prt *prt = test->priv;

	prt_put(frame, 0, order);
	prt->block = true;
	prt_call(flush, prt, prt_flush_fn);
	/* Rather a failure than a hang if it is never called */
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&prt->entered, 60 * HZ), 0);
	KUNIT_EXPECT_EQ(test, prt_told(prt, frame->page, order), 1UL << order);
	KUNIT_EXPECT_FALSE(test, PageBuddy(frame->page));
	KUNIT_EXPECT_EQ(test, atomic_read(&prt->inside), 1);
	return frame;
}

void prt_unblock(struct prt *prt)
{
	prt->block = false;
	complete_all(&prt->go);
}

int prt_init(struct kunit *test)
{
	struct prt *prt;

	if (!pr_records_enabled())
		kunit_skip(test, "booted with page_ext=off");
	if (static_key_enabled(&page_reporting_enabled))
		kunit_skip(test, "a device is registered");

	prt = kunit_kzalloc(test, sizeof(*prt), GFP_KERNEL);
	if (!prt)
		return -ENOMEM;
	prt->told = kvcalloc(BITS_TO_LONGS(max_pfn), sizeof(long), GFP_KERNEL);
	if (!prt->told)
		return -ENOMEM;
	prt->info.report = report;
	prt->info.order = PAGE_REPORTING_ORDER_UNSPECIFIED;
	prt->info.fragments = true;
	prt->err = -EIO;
	init_completion(&prt->entered);
	init_completion(&prt->go);
	prt->order = page_reporting_order;
	prt->params = pr_policy.params;
	pr_policy.params = (struct pr_params) {
		.min_age_ms = MIN_AGE_MS,
		.fragment_order = MAX_PAGE_ORDER,
		.delay_ms = 2000,
	};
	test->priv = prt;
	return 0;
}

void prt_exit(struct kunit *test)
{
	struct prt *prt = test->priv;
	unsigned int i;

	if (!prt)
		return;
	prt_unblock(prt);
	for (i = 0; i < PRT_FRAMES; i++)
		prt_frame_free(&prt->frame[i]);
	if (prt->registered) {
		prt_verify(test);
		prt_unregister(prt);
	}
	KUNIT_EXPECT_EQ_MSG(test, prt->bad, 0, "see the log");
	KUNIT_EXPECT_EQ(test, prt_reported(), 0);
	pr_policy.params = prt->params;
	page_reporting_order = prt->order;
	kvfree(prt->told);
}
