/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by the tests of free page reporting, which check what
 * Documentation/admin-guide/mm/page_reporting.rst promises.
 *
 * They run in any guest, as root. A test that needs records is skipped unless
 * the guest was booted with page_ext=on, one that needs a device without a
 * device. The rest of the guest may take and free memory at any time, so a check
 * that it can disturb is tried again until PATIENCE_MS are over. No test expects
 * something within a time; memory that is reported before its age is an error
 * however long that took.
 */
#ifndef _PAGE_REPORTING_UTIL_H
#define _PAGE_REPORTING_UTIL_H

#define __SANE_USERSPACE_TYPES__	/* %llu fits __u64 everywhere */
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define DEBUGFS		"/sys/kernel/debug/page_reporting"
#define PARAMETERS	"/sys/module/page_reporting/parameters"

#define MIB		(1024 * 1024ULL)
#define PATIENCE_MS	60000
/* Seconds until the harness kills a test: emulated guests are slow */
#define TIMEOUT		300
/* A minimum age that no test waits for */
#define NEVER_MS	600000
/* Two ticks of the clock that ages are taken from */
#define TICKS_MS	34
#define MAX_ORDERS	16

enum pr_needs { NEEDS_NOTHING, NEEDS_RECORDS, NEEDS_DEVICE, NEEDS_NO_DEVICE };

enum pr_param {
	MIN_AGE, LEARN, FRAGMENT, PERCENT, DELAY, QUOTA_MS, QUOTA_MIB, ORDER, NR_PARAMS,
};

enum pr_column {
	REPORTED, SMALL, FEW, ISOLATED, BACKING_OFF, YOUNG, WATERMARK, SPARSE,
	ELIGIBLE, UNTRACKED, NR_COLUMNS,
};

enum pr_state { S_REPORTED, S_PARTIAL, S_PENDING, S_SMALL, S_UNTRACKED, NR_STATES };

/* Bytes of the lines of summary */
struct pr_summary {
	__u64 sum[NR_COLUMNS];
	__u64 by_order[MAX_ORDERS][NR_COLUMNS];
};

/* A line of blocks; an age of -1 is not known */
struct pr_block {
	__u64 pfn;
	unsigned int order;
	int state;
	long long free_ms;
	long long reported_ms;
};

/* Memory of a test: filled with what can be told from all else */
struct pr_mem {
	unsigned long *word;
	size_t len;
	unsigned long salt;
	__u64 *pfn;		/* where it was, sorted */
	size_t nr;
	__u64 freed_ms;		/* no later than it was freed */
};

/* What became of the pages of memory that was freed */
struct pr_fate {
	size_t state[NR_STATES];
	long long free_ms;	/* largest age of what waits, or -1 */
};

extern const char * const pr_param_names[NR_PARAMS];
extern const char * const pr_column_names[NR_COLUMNS];

/* Why a test cannot run, or NULL. Reads what all helpers need. */
const char *pr_cannot_run(enum pr_needs needs);
bool pr_has_device(void);
/* What is set, and the kernel's own limit of per-cpu lists */
struct pr_params {
	char text[NR_PARAMS + 1][32];
};

void pr_params_save(struct pr_params *found);
bool pr_params_restore(const struct pr_params *found);
/* Run the tests in a child, and restore all parameters whatever ends it */
int pr_main(int argc, char **argv, int (*run)(int argc, char **argv));

__u64 pr_now_ms(void);
/* Sleep a little; false once PATIENCE_MS are over. @end is 0 at first. */
bool pr_again(__u64 *end);
__u64 pr_order_bytes(unsigned int order);
__u64 pr_meminfo(const char *name);
/* A share of available memory, @most bytes at most */
size_t pr_portion(unsigned int share, __u64 most);
/* Bytes that the rest of the guest may take or free meanwhile */
__u64 pr_slack(void);
bool pr_near(__u64 a, __u64 b);
unsigned int pr_max_order(void);
/* Free bytes by order, from /proc/buddyinfo */
void pr_buddyinfo(__u64 bytes[MAX_ORDERS]);
/* Sum over a line "NAME NUMBER" of all zones or of /proc/vmstat, -1 if missing */
long long pr_proc(const char *file, const char *name);

/* These return 0 or a negative errno */
int pr_param_read(enum pr_param param, char *buf, size_t size);
int pr_param_write(enum pr_param param, const char *text);
int pr_param_set(enum pr_param param, unsigned int value);
/* Set page_reporting_order and wait until it is in force */
int pr_order_set(unsigned int order);
long pr_param_get(enum pr_param param);
int pr_flush_once(void);
/* Flush; 0 also if some memory had to be left out */
int pr_flush(void);
/* Nothing is reported for its age from now on */
int pr_quiet(void);

/* A counter of stats; the test ends if there is none */
__u64 pr_stat(const char *name);
/* These return 0, or print what is wrong with a line and return -EPROTO */
int pr_summary_read(struct pr_summary *sum);
int pr_blocks_read(size_t piece, int (*fn)(const struct pr_block *block, void *arg),
		   void *arg);

/* page_reporting_mem.c */
int pr_mem_map(struct pr_mem *mem, size_t len, int flags);
/* Write to all of it; -EBADMSG if it does not read as zeros before */
int pr_mem_fill(struct pr_mem *mem);
int pr_mem_take(struct pr_mem *mem, size_t len);
bool pr_mem_good(const struct pr_mem *mem);
/* Free it, and remember where it was */
int pr_mem_drop(struct pr_mem *mem);
/* Remember where all but one page of each @keep is */
int pr_mem_note(struct pr_mem *mem, unsigned int keep);
int pr_fate_read(const struct pr_mem *mem, struct pr_fate *fate);
/* More than half of the pages */
bool pr_most(const struct pr_mem *mem, size_t pages);

/* With kselftest_harness.h: tests that restore the parameters that they change */
#define PR_FIXTURE(name, needs)						\
FIXTURE(name) {								\
	struct pr_params found;						\
};									\
FIXTURE_SETUP(name)							\
{									\
	const char *why = pr_cannot_run(needs);				\
									\
	prctl(PR_SET_PDEATHSIG, SIGKILL);				\
	pr_params_save(&self->found);					\
	if (why)							\
		SKIP(return, "%s", why);				\
}									\
FIXTURE_TEARDOWN(name)							\
{									\
	EXPECT_TRUE(pr_params_restore(&self->found));			\
}

#define PR_MAIN								\
int main(int argc, char **argv)						\
{									\
	return pr_main(argc, argv, test_harness_run);			\
}

#endif /* _PAGE_REPORTING_UTIL_H */
