// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting: devices, start, flush and stop.
 *
 * A guest tells its host which free memory the host may take back. A free
 * block gets a timestamp soon after it became free (pass.c, records.c), is left
 * alone until it comes of age (policy.c), and is then isolated, reported to
 * the device and returned to the free lists (pass.c). What was reported, and
 * when, is kept in page_ext until the memory is used again (records.c). The
 * next pass runs when something has been freed or comes of age (schedule.c).
 */
#define pr_fmt(fmt) "page_reporting: " fmt

#include <linux/delay.h>
#include <linux/export.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/reboot.h>
#include <linux/string.h>
#include <linux/sched/cputime.h>
#include <linux/suspend.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "../internal.h"
#include "internal.h"

#define CREATE_TRACE_POINTS
#include <trace/events/page_reporting.h>

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "page_reporting."

/* Forget all records, which are reported again, after this many ticks (26 days)... */
#define PR_RESTART_AGE	(PR_AGE_MAX / 2)
/* ...and look this often whether it is time */
#define PR_RESTART_DELAY	pr_ticks_to_jiffies(PR_AGE_MAX / 8)
/* Suspend and reboot wait this long for the running pass to end */
#define PR_PAUSE_MS	10000

DEFINE_STATIC_KEY_FALSE(page_reporting_enabled);
unsigned int page_reporting_notify_order __read_mostly = UINT_MAX;

/* In force, for drivers: UINT_MAX until a device registers or the user sets it */
unsigned int page_reporting_order = UINT_MAX;
EXPORT_SYMBOL_GPL(page_reporting_order);

/* The device and who uses it */
static struct pr_core {
	struct mutex mutex;		/* registration and order; taken first */
	struct mutex pass_lock;		/* a pass; the rest, and what a pass uses */
	struct page_reporting_dev_info *dev;
	unsigned int wanted_order;	/* by the user, or UINT_MAX */
	atomic_t stop;			/* passes end after their current batch */
	struct workqueue_struct *wq;
	struct delayed_work freed;	/* a pass, queued by the page allocator */
	struct delayed_work freed_small;	/* the same, for small blocks */
	struct delayed_work due;	/* a pass, queued by the last one */
	struct delayed_work restart;	/* for another order, or before ages wrap around */
	u32 started;			/* in ticks */
	struct {			/* what the last flush did */
		u64 pages;
		u64 ns;
		int err;
	} flush;
} core = {
	.mutex = __MUTEX_INITIALIZER(core.mutex),
	.pass_lock = __MUTEX_INITIALIZER(core.pass_lock),
	.wanted_order = UINT_MAX,
};

/*
 * A parameter has been set: look at all memory again, as what waits may not have to any
 * more. Task context; takes each zone->lock.
 */
void pr_params_changed(void)
{
	if (!static_branch_unlikely(&page_reporting_enabled))
		return;
	/* After the value; a pass reads them the other way round, by xchg() */
	smp_store_release(&pr_schedule.changed, true);
	/* Small blocks queue it once only, by the age that was set then */
	pr_wait_for_hooks();
	cancel_delayed_work(&core.freed_small);
	mod_delayed_work(core.wq, &core.freed, 0);
}

static int set_order(const char *val, const struct kernel_param *kp)
{
	unsigned int order;
	int err;

	err = kstrtouint(val, 0, &order);
	if (err)
		return err;
	if (order > MAX_PAGE_ORDER)
		return -EINVAL;
	/* State is moved with single pageblocks */
	order = min_t(unsigned int, order, pageblock_order);
	if (!READ_ONCE(core.dev)) {
		WRITE_ONCE(core.wanted_order, UINT_MAX);
		page_reporting_order = order;
		return 0;
	}
	/* The device may be at work, and all parameters share a lock */
	WRITE_ONCE(core.wanted_order, order);
	mod_delayed_work(core.wq, &core.restart, 0);
	return 0;
}

static const struct kernel_param_ops order_ops = {
	.set = set_order,
	.get = param_get_int,	/* shows -1 while unset */
};

/*
 * Order of a granule, the unit for which it is known whether the host has it.
 *
 * At most that of a pageblock. A change takes effect after the batch that is
 * with the device: everything is forgotten and reported again. By default what
 * the device asks for, or that of a pageblock.
 */
module_param_cb(page_reporting_order, &order_ops, &page_reporting_order, 0644);

/* Is the running pass to end after its current batch? */
bool pr_stopping(void)
{
	return atomic_read(&core.stop);
}

/* Out of line part of page_reporting_freed(); zone->lock is held */
void __page_reporting_freed(unsigned int order)
{
	/* Small blocks can wait, so let a large one hurry the pass up */
	if (order >= pr_policy.huge_order) {
		WRITE_ONCE(page_reporting_notify_order, UINT_MAX);
		queue_delayed_work(core.wq, &core.freed, READ_ONCE(pr_schedule.interval));
	} else {
		WRITE_ONCE(page_reporting_notify_order, pr_policy.huge_order);
		queue_delayed_work(core.wq, &core.freed_small,
				   pr_ticks_to_jiffies(pr_gate(&pr_policy, order)) /
				   PR_SWEEP_SHARE + 1);
	}
}

/* Wait until hooks have ended that may have read old values */
void pr_wait_for_hooks(void)
{
	struct zone *zone;

	for_each_populated_zone(zone) {
		spin_lock_irq(&zone->lock);
		spin_unlock_irq(&zone->lock);
	}
}

/* Run a pass; 0, a negative errno, or -EAGAIN if something had to be left out */
static int run_pass(struct pr_pass *pass)
{
	u64 start = ktime_get_ns(), cpu = task_sched_runtime(current), took;
	bool force = pass->limits.force;
	unsigned long delay;
	struct zone *zone;
	s64 next_ms = -1;
	int err;

	lockdep_assert_held(&core.pass_lock);

	if (!core.dev)
		return -ENODEV;
	if (pr_stopping())
		return -ECANCELED;
	pass->dev = core.dev;
	pass->capacity = min_not_zero(core.dev->capacity,
				      (unsigned int)PAGE_REPORTING_CAPACITY);
	delay = pr_schedule_begin(pass);
	if (delay) {
		mod_delayed_work(core.wq, &core.due, delay);
		return 0;
	}
	/* A free that is not heard of before is seen by this pass */
	WRITE_ONCE(page_reporting_notify_order, pr_smallest_order(&pr_policy));
	pr_wait_for_hooks();
	if (force)
		drain_all_pages(NULL);
	trace_page_reporting_pass_start(force, pass->sweep,
					pr_ticks_to_ms(pr_gate(&pr_policy, MAX_PAGE_ORDER)));
	err = pr_pass_run(pass);
	took = ktime_get_ns() - start;
	this_cpu_inc(pr_stats.passes);
	this_cpu_add(pr_stats.pass_ns, took);
	this_cpu_add(pr_stats.worker_ns, task_sched_runtime(current) - cpu);
	if (IS_ENABLED(CONFIG_PAGE_REPORTING_DEBUG)) {
		for_each_populated_zone(zone)
			WARN_ON_ONCE(pr_records_check(zone));
	}
	delay = pr_schedule_next(pass, err);
	if (delay != MAX_JIFFY_OFFSET && pass->stopped != -ECANCELED) {
		mod_delayed_work(core.wq, &core.due, delay);
		next_ms = jiffies_to_msecs(delay);
	}
	/* Perhaps because it has found the order to be too small */
	if (err)
		mod_delayed_work(core.wq, &core.restart, 0);
	else
		err = pass->stopped ?: force && pass->seen.retry ? -EAGAIN : 0;
	trace_page_reporting_pass_end((u64)pass->pages << PAGE_SHIFT, pass->reports, took,
				      err, next_ms);
	return err;
}

static void pass_fn(struct work_struct *work)
{
	struct pr_pass pass = {};

	/* A flush takes care of everything, and may take long */
	if (!mutex_trylock(&core.pass_lock)) {
		queue_delayed_work(core.wq, &core.freed, READ_ONCE(pr_schedule.interval));
		return;
	}
	run_pass(&pass);
	mutex_unlock(&core.pass_lock);
}

/* Small blocks have become free: have a pass, if there are enough of them */
static void small_fn(struct work_struct *work)
{
	struct pr_limits limits;

	/* In this order: what is freed from now on is heard of */
	WRITE_ONCE(page_reporting_notify_order, pr_smallest_order(&pr_policy));
	pr_wait_for_hooks();
	pr_schedule_limits(&limits);
	if (!limits.few)
		pass_fn(work);
}

/* "all" or a size, and if wanted a time: "512M 200ms". 0 or -EINVAL. */
static int parse_flush(const char *val, unsigned long *pages, unsigned int *ms)
{
	u64 bytes = 0;
	int used = 0;
	char *end;

	*ms = 0;
	if (strstarts(val, "all")) {
		end = (char *)val + strlen("all");
	} else {
		bytes = memparse(val, &end);
		if (!bytes)
			return -EINVAL;
	}
	*pages = PFN_UP(min(bytes, (u64)totalram_pages() << PAGE_SHIFT));
	end = skip_spaces(end);
	if (*end && sscanf(end, "%ums%n", ms, &used) == 1 && *ms)
		end = skip_spaces(end + used);
	return *end ? -EINVAL : 0;
}

/**
 * pr_flush_now - report free memory now, whatever its age
 * @val: "all" for all there is, or a size such as "512M"; with a time limit after
 *	it, such as "200ms", if wanted. What is free for longest goes first.
 *
 * Reports at most a block more than asked for, and the report under way at the
 * time limit comes to its end.
 *
 * Context: process context, sleeps until all is reported.
 * Return: 0; -EINVAL; -EAGAIN if there is less than was asked for, as some memory
 * had to be left out: its pageblock is isolated or too little would be left;
 * -ENODEV without a device; -EINTR upon a signal; -ECANCELED if the device goes
 * away, the order is changed, or the system is about to suspend or to reboot; or
 * what the device returned.
 */
int pr_flush_now(const char *val)
{
	unsigned long most, pages = 0;
	struct pr_pass pass;
	unsigned int ms;
	u64 start;
	u32 age;
	int err;

	err = parse_flush(val, &most, &ms) ?:
	      mutex_lock_interruptible(&core.pass_lock);
	if (err)
		return err;
	start = ktime_get_ns();
	/* With a limit, in passes over younger and younger memory */
	age = most || ms ? pr_ms_to_ticks(64 * MSEC_PER_SEC) : 0;
	while (true) {
		pass = (struct pr_pass) {
			.limits = { .force = true, .age = age },
			.most = most ? most - pages : 0,
			.deadline = ms ? start + ms * (u64)NSEC_PER_MSEC : 0,
		};
		err = run_pass(&pass);
		pages += pass.pages;
		/* What was left out is not missed if there was enough */
		if (pass.stopped == -EDQUOT || (err == -EAGAIN && most && pages >= most))
			err = 0;
		if (!age || pass.stopped || (most && pages >= most) ||
		    (err && !(err == -EAGAIN && pass.seen.retry)))
			break;
		age /= 4;
	}
	core.flush.pages = pages;
	core.flush.ns = ktime_get_ns() - start;
	core.flush.err = err;
	mutex_unlock(&core.pass_lock);
	return err;
}

/* Print what the last flush did and what is left. Any context; at most a line each. */
int pr_flush_result(char *buf, size_t size)
{
	unsigned long free = global_zone_page_state(NR_FREE_PAGES);
	unsigned long left = free - min(free, global_zone_page_state(NR_FREE_REPORTED));

	return scnprintf(buf, size,
			 "reported_bytes %llu\nleft_bytes %llu\n"
			 "time_ms %llu\nerror %d\n",
			 core.flush.pages << PAGE_SHIFT, (u64)left << PAGE_SHIFT,
			 div_u64(core.flush.ns, NSEC_PER_MSEC), core.flush.err);
}

static int set_flush(const char *val, const struct kernel_param *kp)
{
	int err;

	if (!static_branch_unlikely(&page_reporting_enabled))
		return -ENODEV;
	/* All parameters share a lock, and the device may take long */
	kernel_param_unlock(THIS_MODULE);
	err = pr_flush_now(val);
	kernel_param_lock(THIS_MODULE);
	return err;
}

static int get_flush(char *buf, const struct kernel_param *kp)
{
	return pr_flush_result(buf, PAGE_SIZE);
}

static const struct kernel_param_ops flush_ops = {
	.set = set_flush,
	.get = get_flush,
};

/*
 * Report free memory now: all of it, or as much as a size says, within a time.
 *
 * See pr_flush_now(). Reading says what the last flush did. Nothing by default.
 */
module_param_cb(flush, &flush_ops, NULL, 0600);

/* Turn the hooks on; the pass lock is held */
static void start(bool fresh)
{
	pr_policy.granule_order = min_t(unsigned int, page_reporting_order, pageblock_order);
	pr_policy.huge_order = min_t(unsigned int, pageblock_order, ilog2(SZ_2M) - PAGE_SHIFT);
	WRITE_ONCE(pr_policy.fragments, core.dev->fragments);
	core.started = pr_now();
	pr_policy_reset(&pr_policy, core.started);
	pr_schedule_start(fresh);
	static_branch_enable(&page_reporting_enabled);
	queue_delayed_work(core.wq, &core.freed, READ_ONCE(pr_schedule.interval));
	queue_delayed_work(core.wq, &core.restart, PR_RESTART_DELAY);
}

/*
 * End the running pass, forget all records and turn the hooks off. Returns with
 * the pass lock held.
 */
static void stop(void)
{
	atomic_inc(&core.stop);
	mutex_lock(&core.pass_lock);
	pr_records_forget();
	static_branch_disable(&page_reporting_enabled);
	pr_wait_for_hooks();
	WRITE_ONCE(page_reporting_notify_order, UINT_MAX);
	/* In this order: a pass that finds the lock taken queues @freed */
	cancel_delayed_work_sync(&core.due);
	cancel_delayed_work_sync(&core.freed_small);
	cancel_delayed_work_sync(&core.freed);
	atomic_dec(&core.stop);
}

/* Start anew if @force, for another order, or after PR_RESTART_AGE */
static void restart(bool force)
{
	unsigned int order;

	mutex_lock(&core.mutex);
	force |= pr_age(pr_now(), core.started) >= PR_RESTART_AGE;
	order = xchg(&core.wanted_order, UINT_MAX);
	/* The device may be gone since it was written: it is for the next one */
	if (order != UINT_MAX && !core.dev)
		page_reporting_order = order;
	/* The driver may have changed it in mid-report */
	if (order == UINT_MAX)
		order = min_t(unsigned int, page_reporting_order, pageblock_order);
	if (core.dev && (force || order != pr_policy.granule_order)) {
		stop();
		page_reporting_order = order;
		start(pr_schedule.fresh);
		mutex_unlock(&core.pass_lock);
	}
	mutex_unlock(&core.mutex);
}

static void restart_fn(struct work_struct *work)
{
	restart(false);
	if (static_branch_unlikely(&page_reporting_enabled))
		queue_delayed_work(core.wq, &core.restart, PR_RESTART_DELAY);
}

/**
 * page_reporting_available - can a device register?
 *
 * For drivers that have to know before they negotiate with their host. Logs
 * once how reporting is switched on if it is off.
 *
 * Context: any.
 * Return: true if page_reporting_register() may succeed.
 */
bool page_reporting_available(void)
{
	if (pr_records_enabled())
		return true;
	pr_info_once("off, boot with page_ext=on to report free memory to the host\n");
	return false;
}
EXPORT_SYMBOL_GPL(page_reporting_available);

/**
 * page_reporting_register - start to report free memory to a device
 * @prdev: the device
 *
 * Context: process context, sleeps.
 * Return: 0; -EOPNOTSUPP if booted without page_ext=on; -EBUSY if there is a
 * device already; -ENOMEM.
 */
int page_reporting_register(struct page_reporting_dev_info *prdev)
{
	int err = -EBUSY;

	if (!page_reporting_available())
		return -EOPNOTSUPP;

	mutex_lock(&core.mutex);
	if (core.dev)
		goto unlock;
	err = -ENOMEM;
	if (!core.wq)
		goto unlock;
	err = 0;
	if (page_reporting_order == UINT_MAX)
		page_reporting_order = pr_device_order(prdev->order);
	page_reporting_order = min_t(unsigned int, page_reporting_order, pageblock_order);
	mutex_lock(&core.pass_lock);
	WRITE_ONCE(core.dev, prdev);
	start(true);
	mutex_unlock(&core.pass_lock);
	pr_info("Free page reporting enabled\n");
unlock:
	mutex_unlock(&core.mutex);
	return err;
}
EXPORT_SYMBOL_GPL(page_reporting_register);

/**
 * page_reporting_unregister - stop to report free memory to a device
 * @prdev: the device; nothing happens if it is not the registered one
 *
 * When this returns, report() is not running and will not be called again.
 *
 * Context: process context, sleeps until a report that is under way has
 * returned and what is known of free blocks has been forgotten.
 */
void page_reporting_unregister(struct page_reporting_dev_info *prdev)
{
	mutex_lock(&core.mutex);
	if (core.dev == prdev) {
		stop();
		WRITE_ONCE(core.dev, NULL);
		mutex_unlock(&core.pass_lock);
	}
	mutex_unlock(&core.mutex);
}
EXPORT_SYMBOL_GPL(page_reporting_unregister);

/* Let no pass run until resume(); a batch that is with the device comes back */
static void pause(void)
{
	unsigned int ms;

	atomic_inc(&core.stop);
	for (ms = 0; ms < PR_PAUSE_MS; ms += 20) {
		if (mutex_trylock(&core.pass_lock)) {
			mutex_unlock(&core.pass_lock);
			return;
		}
		msleep(20);
	}
	pr_warn("a pass has not ended for %u s: its device is slow, or memory goes offline\n",
		PR_PAUSE_MS / 1000);
}

static void resume(void)
{
	atomic_dec(&core.stop);
	if (static_branch_unlikely(&page_reporting_enabled))
		mod_delayed_work(core.wq, &core.freed, 0);
}

static int pm_notify(struct notifier_block *nb, unsigned long event, void *unused)
{
	switch (event) {
	case PM_HIBERNATION_PREPARE:
	case PM_SUSPEND_PREPARE:
	case PM_RESTORE_PREPARE:
		pause();
		break;
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		/* The records tell of memory that the kernel of the boot has used */
		resume();
		restart(true);
		break;
	case PM_POST_SUSPEND:
		resume();
		break;
	}
	return NOTIFY_OK;
}

/* Devices are about to shut down */
static int reboot_notify(struct notifier_block *nb, unsigned long event, void *unused)
{
	pause();
	return NOTIFY_OK;
}

static struct notifier_block reboot_nb = {
	.notifier_call = reboot_notify,
};

static int hotplug_notify(struct notifier_block *nb, unsigned long event, void *unused)
{
	if (event == MEM_ONLINE) {
		WRITE_ONCE(pr_schedule.fresh, true);
		if (static_branch_unlikely(&page_reporting_enabled))
			mod_delayed_work(core.wq, &core.freed, 0);
	}
	return NOTIFY_OK;
}

static int __init page_reporting_init(void)
{
	if (!pr_records_enabled())
		return 0;
	core.wq = alloc_workqueue("page_reporting", WQ_UNBOUND | WQ_FREEZABLE, 0);
	if (!core.wq)
		return -ENOMEM;
	INIT_DELAYED_WORK(&core.freed, pass_fn);
	INIT_DELAYED_WORK(&core.freed_small, small_fn);
	INIT_DELAYED_WORK(&core.due, pass_fn);
	INIT_DELAYED_WORK(&core.restart, restart_fn);
	pm_notifier(pm_notify, 0);
	hotplug_memory_notifier(hotplug_notify, DEFAULT_CALLBACK_PRI);
	return register_reboot_notifier(&reboot_nb);
}

/* Before any driver */
subsys_initcall(page_reporting_init);

#ifdef CONFIG_PAGE_REPORTING_KUNIT_TEST
#include "tests/core_kunit.h"
#endif
