// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting: a test device that detects wrong reports.
 *
 * The device writes a pattern over all memory that is reported to it, like a
 * host that takes memory back. Two kinds of bugs show:
 * - Memory is reported while it is in use. Its user finds the pattern: a
 *   program that checks what it has written, or the thread in this file, which
 *   uses kernel memory.
 * - Memory counts as reported, but was used since. It does not hold the pattern
 *   any more. An audit, run by reading debugfs page_reporting_oracle, finds it.
 */
#define pr_fmt(fmt) "page_reporting_oracle: " fmt

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/highmem.h>
#include <linux/kasan.h>
#include <linux/kthread.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/page_reporting.h>
#include <linux/poison.h>
#include <linux/prandom.h>
#include <linux/scatterlist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/walk_free_mem.h>

#include "internal.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "page_reporting_oracle."

#define ORACLE_PATTERN	0x5eed0f7ee0a5c1e5ULL
/* Written over memory that goes offline */
#define ORACLE_GONE	0x60e60e60e60e60e6ULL
/* An audit reads one word in this many */
#define ORACLE_STEP	(PAGE_SIZE / sizeof(u64) / 2)

/* One report in this many fails, after half of its work. 0 (never) by default. */
static unsigned int fail_every;
module_param(fail_every, uint, 0644);
MODULE_PARM_DESC(fail_every, "Fail one report in this many, after half of its work; 0: never");

/* Each report takes this many milliseconds longer. 0 by default. */
static unsigned int delay_ms;
module_param(delay_ms, uint, 0644);
MODULE_PARM_DESC(delay_ms, "Make each report take this much longer");

/*
 * Number of entries that a report takes; in force when the device is next turned
 * on. 0 by default, for as many as there can be.
 */
static unsigned int capacity;
module_param(capacity, uint, 0644);
MODULE_PARM_DESC(capacity, "Entries of a report, from when it is next turned on; 0: as many as there can be");

/*
 * Write over free pages even if the guest expects to find poison or zeros in
 * them. Off by default.
 */
static bool lie;
module_param(lie, bool, 0644);
MODULE_PARM_DESC(lie, "Write over free pages that the guest expects to be unchanged");

/* The thread holds up to this many MiB of kernel memory and checks it. 0 by default. */
static unsigned int hold_mib;
module_param(hold_mib, uint, 0644);
MODULE_PARM_DESC(hold_mib, "Hold up to this much kernel memory, and check it");

/* Written by report(), of which one runs at a time */
static u64 oracle_reports;
static u64 oracle_failed;
static u64 oracle_bytes;

/* Written under oracle_mutex */
static u64 oracle_audits;
static u64 oracle_audited;
static u64 oracle_false;

/* Written by the holder */
static u64 oracle_checked;
static u64 oracle_broken;

static DEFINE_MUTEX(oracle_mutex);
static bool oracle_on;

/*
 * Does the guest look into its free pages? Sets @word to what it expects there.
 */
static bool oracle_keeps(u64 *word)
{
	if (page_poisoning_enabled_static())
		*word = 0x0101010101010101ULL * PAGE_POISON;
	else if (want_init_on_free())
		*word = 0;
	else
		return false;
	return true;
}

static void oracle_fill(struct page *page, unsigned long nr, u64 pattern, bool own)
{
	u64 word = pattern;

	debug_pagealloc_map_pages(page, nr);
	/* KASAN forbids writes to free memory */
	kasan_disable_current();
	for (; nr; nr--, page++) {
		void *addr = kmap_local_page(page);

		if (own)
			word = pattern ^ page_to_pfn(page);
		memset64(addr, word, PAGE_SIZE / sizeof(u64));
		kunmap_local(addr);
	}
	kasan_enable_current();
}

static void oracle_take(struct scatterlist *sg)
{
	unsigned long nr = sg->length >> PAGE_SHIFT;
	u64 word = ORACLE_PATTERN;
	bool own = lie || !oracle_keeps(&word);

	oracle_fill(sg_page(sg), nr, word, own);
	debug_pagealloc_unmap_pages(sg_page(sg), nr);
}

static int oracle_report(struct page_reporting_dev_info *prdev,
			 struct scatterlist *sgl, unsigned int nents)
{
	unsigned int every = READ_ONCE(fail_every), delay = READ_ONCE(delay_ms);
	bool fails = every && oracle_reports % every == every - 1;
	struct scatterlist *sg;
	u64 bytes = 0;
	unsigned int i;

	oracle_reports++;
	if (delay)
		msleep(delay);
	for_each_sg(sgl, sg, nents, i) {
		if (fails && i >= nents / 2) {
			oracle_failed++;
			return -EIO;
		}
		oracle_take(sg);
		bytes += sg->length;
		cond_resched();
	}
	oracle_bytes += bytes;
	return 0;
}

static struct page_reporting_dev_info oracle_dev = {
	.report = oracle_report,
	.order = PAGE_REPORTING_ORDER_UNSPECIFIED,
	.fragments = true,
};

/* Does a page hold what report() has written? */
static bool oracle_agrees(struct page *page)
{
	u64 word = ORACLE_PATTERN ^ page_to_pfn(page);
	unsigned long *addr = kmap_local_page(page), want;
	bool good = true;
	unsigned int i;

	/* A long is half a word on 32 bits: compare the first halves */
	memcpy(&want, &word, sizeof(want));
	for (i = 0; i < PAGE_SIZE / sizeof(want); i += ORACLE_STEP * sizeof(word) / sizeof(want))
		good &= READ_ONCE_NOCHECK(addr[i]) == want;
	kunmap_local(addr);
	return good;
}

static void oracle_audit_unit(struct page *page, unsigned long nr)
{
	unsigned long i, bad = 0, first = 0;

	debug_pagealloc_map_pages(page, nr);
	for (i = 0; i < nr; i++) {
		if (PageHWPoison(page + i) || oracle_agrees(page + i))
			continue;
		if (!bad++)
			first = page_to_pfn(page + i);
	}
	debug_pagealloc_unmap_pages(page, nr);
	oracle_audited += nr << PAGE_SHIFT;
	if (!bad)
		return;
	pr_err("pfn %#lx: %lu of %lu pages from %#lx on are reported, yet were used since\n",
	       first, bad, nr, page_to_pfn(page));
	oracle_false += bad << PAGE_SHIFT;
}

/* Called under zone->lock for each free block */
static int oracle_audit_block(void *opaque, unsigned long pfn, unsigned long num)
{
	unsigned int order = ilog2(num);
	unsigned long unit = min(num, 1UL << pr_policy.granule_order), i;

	/*
	 * Records tell nothing while the hooks are off. The key is off before the
	 * first hook is.
	 */
	if (!static_key_enabled(&page_reporting_enabled))
		return 0;
	for (i = 0; i < num; i += unit) {
		if (pr_unit_reported(pfn_to_page(pfn + i), order))
			oracle_audit_unit(pfn_to_page(pfn + i), unit);
	}
	return 0;
}

static void oracle_audit(void)
{
	u64 was = oracle_false, unused;

	lockdep_assert_held(&oracle_mutex);

	/* It knows its own contents only */
	if (!oracle_on || oracle_keeps(&unused))
		return;
	oracle_audits++;
	walk_free_mem_block(NULL, 0, oracle_audit_block);
	WARN_ONCE(oracle_false != was, "memory counts as reported that was used since\n");
}

/* Memory that comes online again must have no record: spoil its contents */
static int oracle_memory_event(struct notifier_block *nb, unsigned long event,
			       void *arg)
{
	struct memory_notify *range = arg;

	if (event == MEM_OFFLINE && READ_ONCE(oracle_on))
		oracle_fill(pfn_to_page(range->start_pfn), range->nr_pages,
			    ORACLE_GONE, false);
	return NOTIFY_OK;
}

/* The thread: allocates memory of all kinds, writes to it and checks it */
#define ORACLE_SLOTS	256

static struct oracle_held {
	enum { HELD_PAGES, HELD_KMALLOC, HELD_VMALLOC, HELD_KINDS } kind;
	struct page *page;
	unsigned int order;
	u64 *word;
	size_t size;
	u64 seed;
} oracle_held[ORACLE_SLOTS];
static size_t oracle_held_bytes;

static void oracle_hold(struct oracle_held *held, struct rnd_state *rnd)
{
	/* Two migratetypes, so that one steals from the other */
	gfp_t gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
	size_t i;

	if (prandom_u32_state(rnd) & 1)
		gfp |= __GFP_RECLAIMABLE;
	held->kind = prandom_u32_state(rnd) % HELD_KINDS;
	held->order = prandom_u32_state(rnd) % NR_PAGE_ORDERS;
	/* Smaller orders more often, else large blocks use all of hold_mib */
	while (held->order && prandom_u32_state(rnd) % 2)
		held->order--;
	held->size = held->kind == HELD_PAGES ? PAGE_SIZE << held->order :
		     round_down(1 + prandom_u32_state(rnd) % SZ_64K, sizeof(u64)) + sizeof(u64);
	if (oracle_held_bytes + held->size > (size_t)READ_ONCE(hold_mib) << 20)
		return;
	switch (held->kind) {
	case HELD_PAGES:
		held->page = alloc_pages(gfp, held->order);
		held->word = held->page ? page_address(held->page) : NULL;
		break;
	case HELD_KMALLOC:
		held->word = kmalloc(held->size, gfp & ~__GFP_RECLAIMABLE);
		break;
	default:
		held->word = __vmalloc(held->size, gfp & ~__GFP_RECLAIMABLE);
	}
	if (!held->word)
		return;
	held->seed = (u64)prandom_u32_state(rnd) << 32;
	for (i = 0; i < held->size / sizeof(u64); i++)
		held->word[i] = held->seed + i;
	oracle_held_bytes += held->size;
}

static void oracle_let_go(struct oracle_held *held)
{
	size_t i;

	for (i = 0; i < held->size / sizeof(u64); i++) {
		if (held->word[i] == held->seed + i)
			continue;
		pr_err("kernel memory in use, %zu bytes at %p: %#llx at %zu, should be %#llx\n",
		       held->size, held->word, held->word[i], i * sizeof(u64),
		       held->seed + i);
		oracle_broken++;
		WARN_ONCE(1, "memory was written to while in use\n");
		break;
	}
	oracle_checked += held->size;
	oracle_held_bytes -= held->size;
	switch (held->kind) {
	case HELD_PAGES:
		__free_pages(held->page, held->order);
		break;
	case HELD_KMALLOC:
		kfree(held->word);
		break;
	default:
		vfree(held->word);
	}
	held->word = NULL;
}

static int oracle_holder(void *unused)
{
	struct rnd_state rnd;
	unsigned int n;

	prandom_seed_state(&rnd, ORACLE_PATTERN);
	while (!kthread_should_stop()) {
		struct oracle_held *held;

		n = prandom_u32_state(&rnd) % ORACLE_SLOTS;
		held = &oracle_held[n];
		if (held->word)
			oracle_let_go(held);
		else if (READ_ONCE(hold_mib))
			oracle_hold(held, &rnd);
		if (n % 8 == 0)
			usleep_range(1000, 4000);
		else
			cond_resched();
	}
	return 0;
}

static int oracle_turn(bool on)
{
	int err = 0;

	mutex_lock(&oracle_mutex);
	if (on && !oracle_on) {
		oracle_dev.capacity = READ_ONCE(capacity);
		err = page_reporting_register(&oracle_dev);
	} else if (!on && oracle_on) {
		page_reporting_unregister(&oracle_dev);
	}
	if (!err)
		WRITE_ONCE(oracle_on, on);
	mutex_unlock(&oracle_mutex);
	return err;
}

/* Set once memory and workqueues are ready: the boot option waits for that */
static bool oracle_ready;

static int oracle_set_on(const char *val, const struct kernel_param *kp)
{
	bool on;
	int err = kstrtobool(val, &on);

	if (!err && oracle_ready)
		return oracle_turn(on);
	if (!err)
		oracle_on = on;
	return err;
}

static const struct kernel_param_ops oracle_on_ops = {
	.set = oracle_set_on,
	.get = param_get_bool,
};

module_param_cb(on, &oracle_on_ops, &oracle_on, 0644);
MODULE_PARM_DESC(on, "Register as the device that memory is reported to");

static int oracle_show(struct seq_file *m, void *unused)
{
	mutex_lock(&oracle_mutex);
	oracle_audit();
	seq_printf(m, "reports %llu\n", oracle_reports);
	seq_printf(m, "failed %llu\n", oracle_failed);
	seq_printf(m, "reported_bytes %llu\n", oracle_bytes);
	seq_printf(m, "audits %llu\n", oracle_audits);
	seq_printf(m, "audited_bytes %llu\n", oracle_audited);
	seq_printf(m, "false_bytes %llu\n", oracle_false);
	seq_printf(m, "checked_bytes %llu\n", oracle_checked);
	seq_printf(m, "broken %llu\n", oracle_broken);
	mutex_unlock(&oracle_mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(oracle);

static int __init oracle_init(void)
{
	struct task_struct *task;
	bool on = oracle_on;

	debugfs_create_file("page_reporting_oracle", 0400, NULL, NULL, &oracle_fops);
	hotplug_memory_notifier(oracle_memory_event, DEFAULT_CALLBACK_PRI);
	task = kthread_run(oracle_holder, NULL, "pr_oracle");
	if (IS_ERR(task))
		pr_err("no thread to check kernel memory: %ld\n", PTR_ERR(task));
	oracle_on = false;
	oracle_ready = true;
	return on ? oracle_turn(true) : 0;
}
late_initcall(oracle_init);
