// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting device for User Mode Linux.
 *
 * The memory of a UML instance is a file that the host keeps, usually on
 * tmpfs.  Free memory that is reported to this device is punched out of that
 * file, so the host has it back at once.  A punched page reads as zeros and
 * costs the host a new page when it is next written.
 *
 * Off by default; page_reporting_um.enable=1 on the kernel command line turns
 * it on.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/io.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/page_reporting.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <as-layout.h>
#include <os.h>

static bool enable;
module_param(enable, bool, 0444);
MODULE_PARM_DESC(enable, "Give reported free memory back to the host (default: off)");

/* Written only by the report callback, of which one runs at a time. */
static unsigned long long reported_bytes;
static unsigned long reports;
static unsigned long errors;

/* Without a setter, a counter named on the command line would be an oops. */
static int counter_set(const char *val, const struct kernel_param *kp)
{
	return -EPERM;
}

static const struct kernel_param_ops counter_ull_ops = {
	.set = counter_set,
	.get = param_get_ullong,
};

static const struct kernel_param_ops counter_ulong_ops = {
	.set = counter_set,
	.get = param_get_ulong,
};

module_param_cb(reported_bytes, &counter_ull_ops, &reported_bytes, 0444);
MODULE_PARM_DESC(reported_bytes, "Bytes given back by reports that succeeded");
module_param_cb(reports, &counter_ulong_ops, &reports, 0444);
MODULE_PARM_DESC(reports, "Reports that succeeded");
module_param_cb(errors, &counter_ulong_ops, &errors, 0444);
MODULE_PARM_DESC(errors, "Reports that failed, wholly or in part");

/* Punch one entry out of the memory file. */
static int page_reporting_um_drop(struct scatterlist *sg)
{
	phys_addr_t phys = sg_phys(sg);
	unsigned long addr = (unsigned long)__va(phys);
	int err = -EFAULT;

	/*
	 * Below uml_reserved lies the kernel's own image, above high_physmem
	 * whatever else the process has mapped: neither is in the file.
	 */
	if (addr >= uml_reserved && addr < high_physmem &&
	    sg->length <= high_physmem - addr)
		err = os_drop_memory((void *)addr, sg->length);

	if (err)
		pr_warn_ratelimited("the host did not take %u bytes at %pa: error %d\n",
				    sg->length, &phys, err);

	return err;
}

/**
 * page_reporting_um_report() - give a batch of free memory back to the host
 * @prdev: the registered device, of which there is one
 * @sgl: the isolated free pages
 * @nents: number of entries in @sgl
 *
 * Stops at the first entry that the host refuses.  The caller marks a batch
 * as a whole, so what was dropped before that will be reported again, which
 * does no harm.
 *
 * Return: 0 if the host took all of @sgl, a negative errno otherwise.
 */
static int page_reporting_um_report(struct page_reporting_dev_info *prdev,
				    struct scatterlist *sgl, unsigned int nents)
{
	unsigned long long bytes = 0;
	struct scatterlist *sg;
	unsigned int i;
	int err;

	for_each_sg(sgl, sg, nents, i) {
		err = page_reporting_um_drop(sg);
		if (err) {
			errors++;
			return err;
		}
		bytes += sg->length;
	}

	reported_bytes += bytes;
	reports++;

	return 0;
}

static struct page_reporting_dev_info page_reporting_um_dev = {
	.report = page_reporting_um_report,
	.order = -1,	/* none of its own; Linux 6.12 has no name for that */
};

static int __init page_reporting_um_init(void)
{
	int err;

	/* os_drop_memory() takes the length as an int. */
	BUILD_BUG_ON((PAGE_SIZE << MAX_PAGE_ORDER) > INT_MAX);

	if (!enable)
		return 0;

	/*
	 * Dropped memory comes back as zeros.  That is what init_on_free
	 * leaves in a free page too, but page poisoning, which is also how UML
	 * does debug_pagealloc, checks for its pattern and would take the
	 * zeros for a stray write.  Poisoning overrides init_on_free, so it is
	 * all that has to be asked about.
	 */
	if (page_poisoning_enabled_static()) {
		pr_warn("not registered: page poisoning does not survive reporting, boot with %s\n",
			debug_pagealloc_enabled() ?
			"debug_pagealloc=off and page_poison=off" :
			"page_poison=off");
		return 0;
	}

	if (!can_drop_memory()) {
		pr_warn("not registered: the host cannot punch holes into the memory file, set TMPDIR to a tmpfs\n");
		return 0;
	}

	/*
	 * UML has no huge pages, which would make a pageblock, and with it the
	 * default granule, 4 MiB.  Report what a PC guest reports.
	 */
	page_reporting_um_dev.order = get_order(SZ_2M);
#ifdef PAGE_REPORTING_FRAGMENTS
	page_reporting_um_dev.fragments = true;
#endif

	err = page_reporting_register(&page_reporting_um_dev);
	if (err == -EOPNOTSUPP)
		pr_info("not registered: free page reporting is off\n");
	else if (err)
		pr_err("not registered: error %d\n", err);

	return 0;
}
device_initcall(page_reporting_um_init);
