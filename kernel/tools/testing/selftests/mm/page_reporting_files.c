// SPDX-License-Identifier: GPL-2.0
/* Files of free page reporting: who may read them, their form, and that they agree */
#include <dirent.h>
#include <grp.h>
#include <sys/stat.h>

#include "../kselftest_harness.h"
#include "page_reporting_util.h"

#define NOBODY		65534

static const struct {
	const char *path;
	unsigned int mode;
} files[] = {
	{ DEBUGFS "/blocks", 0400 }, { DEBUGFS "/summary", 0400 },
	{ DEBUGFS "/ages", 0400 }, { DEBUGFS "/stats", 0400 },
	{ DEBUGFS "/flush", 0600 },
};

#define NR_FILES	(sizeof(files) / sizeof(*files))

PR_FIXTURE(files, NEEDS_RECORDS)

TEST_F(files, modes)
{
	unsigned int i, nr = 0;
	struct dirent *de;
	struct stat st;
	DIR *dir;

	for (i = 0; i < NR_FILES; i++) {
		ASSERT_EQ(0, stat(files[i].path, &st)) TH_LOG("%s", files[i].path);
		EXPECT_EQ(S_IFREG | files[i].mode, st.st_mode) TH_LOG("%s", files[i].path);
		EXPECT_EQ(0, st.st_uid) TH_LOG("%s", files[i].path);
	}
	dir = opendir(DEBUGFS);
	ASSERT_NE(NULL, dir);
	while ((de = readdir(dir)))
		nr += de->d_name[0] != '.';
	closedir(dir);
	EXPECT_EQ(NR_FILES, nr);
}

TEST_F(files, refuse_what_they_cannot_do)
{
	unsigned int i;
	char c = '1';
	int fd;

	for (i = 0; i < NR_FILES; i++) {
		if (files[i].mode == 0600)
			continue;
		fd = open(files[i].path, O_WRONLY);
		ASSERT_LE(0, fd) TH_LOG("%s", files[i].path);
		EXPECT_EQ(-1, write(fd, &c, 1)) TH_LOG("%s", files[i].path);
		close(fd);
	}
}

TEST_F(files, nobody_opens_them)
{
	unsigned int i;

	ASSERT_EQ(0, setgroups(0, NULL));
	ASSERT_EQ(0, setresgid(NOBODY, NOBODY, NOBODY));
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, NOBODY));
	for (i = 0; i < NR_FILES; i++) {
		EXPECT_EQ(-1, open(files[i].path, O_RDONLY));
		EXPECT_EQ(EACCES, errno) TH_LOG("%s", files[i].path);
	}
	/* The teardown is root's */
	memset(&self->found, 0, sizeof(self->found));
}

TEST_F(files, stats_format)
{
	static const char * const names[] = {
		"passes", "sweeps", "reports", "errors", "reported_bytes",
		"refaulted_bytes", "refaulted_soon_bytes", "removed_bytes", "kept_bytes",
		"forgotten_bytes", "failed_bytes", "reported_now_bytes", "age_ms",
		"lock_hold_max_ns", "pass_ns", "worker_ns",
	};
	FILE *f = fopen(DEBUGFS "/stats", "re");
	char line[128], name[64];
	unsigned int i;
	__u64 value;
	int at;

	ASSERT_NE(NULL, f);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		ASSERT_NE(NULL, fgets(line, sizeof(line), f)) TH_LOG("no %s", names[i]);
		at = 0;
		ASSERT_EQ(2, sscanf(line, "%63s %llu%n", name, &value, &at));
		EXPECT_STREQ(names[i], name);
		EXPECT_STREQ("\n", line + at);
	}
	EXPECT_EQ(NULL, fgets(line, sizeof(line), f)) TH_LOG("too much: %s", line);
	fclose(f);
}

static int ages_read(__u64 sum[3])
{
	FILE *f = fopen(DEBUGFS "/ages", "re");
	char line[128], below[16], want[16];
	__u64 n[3];
	int i, class = 0, err = 0;

	memset(sum, 0, 3 * sizeof(*sum));
	if (!f || !fgets(line, sizeof(line), f) ||
	    strcmp(line, "below_ms waiting reported refaulted\n"))
		err = -EPROTO;
	while (!err && fgets(line, sizeof(line), f)) {
		snprintf(want, sizeof(want), class < 20 ? "%u" : "-", 1U << class);
		class++;
		if (sscanf(line, "%15s %llu %llu %llu", below, &n[0], &n[1], &n[2]) != 4 ||
		    strcmp(below, want)) {
			ksft_print_msg("ages: not the class %s: %s", want, line);
			err = -EPROTO;
		}
		for (i = 0; i < 3; i++)
			sum[i] += n[i];
	}
	if (f)
		fclose(f);
	return err ?: class == 21 ? 0 : -EPROTO;
}

TEST_F(files, ages_format)
{
	__u64 sum[3];

	EXPECT_EQ(0, ages_read(sum));
}

TEST_F(files, age_is_what_is_set)
{
	static const unsigned int ages[] = { 0, 1, 999, 1000, 64000, NEVER_MS };
	unsigned int i;

	ASSERT_EQ(0, pr_param_set(LEARN, 0));
	for (i = 0; i < sizeof(ages) / sizeof(*ages); i++) {
		ASSERT_EQ(0, pr_param_set(MIN_AGE, ages[i]));
		EXPECT_GE(pr_stat("age_ms"), ages[i]);
		EXPECT_LE(pr_stat("age_ms"), ages[i] + TICKS_MS);
	}
}

struct totals {
	__u64 state[NR_STATES];
	__u64 order[MAX_ORDERS];
};

static int totals_add(const struct pr_block *b, void *arg)
{
	struct totals *totals = arg;

	totals->state[b->state] += pr_order_bytes(b->order);
	totals->order[b->order] += pr_order_bytes(b->order);
	return 0;
}

static bool orders_near(const __u64 *a, const __u64 *b)
{
	__u64 differ = 0;
	int i;

	for (i = 0; i < MAX_ORDERS; i++)
		differ += a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
	return differ <= pr_slack();
}

/* The same blocks in reads of any size, and as many as /proc/buddyinfo has */
TEST_F_TIMEOUT(files, blocks_add_up, TIMEOUT)
{
	static const size_t pieces[] = { 1, 7, 61, 4096, MIB - 1, MIB };
	__u64 free[MAX_ORDERS], end;
	struct totals totals;
	unsigned int i;
	bool same;

	ASSERT_EQ(0, pr_quiet());
	for (i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		end = 0;
		do {
			memset(&totals, 0, sizeof(totals));
			ASSERT_EQ(0, pr_blocks_read(pieces[i], totals_add, &totals));
			pr_buddyinfo(free);
			same = orders_near(totals.order, free);
		} while (!same && pr_again(&end));
		EXPECT_TRUE(same) TH_LOG("in pieces of %zu bytes", pieces[i]);
	}
}

static __u64 row(const __u64 *columns)
{
	__u64 sum = 0;
	int i;

	for (i = 0; i < NR_COLUMNS; i++)
		sum += columns[i];
	return sum;
}

TEST_F_TIMEOUT(files, summary_adds_up, TIMEOUT)
{
	__u64 free[MAX_ORDERS], order[MAX_ORDERS], end = 0;
	struct pr_summary sum;
	bool same;
	int i;

	ASSERT_EQ(0, pr_quiet());
	do {
		ASSERT_EQ(0, pr_summary_read(&sum));
		pr_buddyinfo(free);
		for (i = 0; i < MAX_ORDERS; i++)
			order[i] = row(sum.by_order[i]);
		same = orders_near(order, free);
	} while (!same && pr_again(&end));
	EXPECT_TRUE(same);
}

/* With no pass at work, all files tell the same */
static bool all_agree(void)
{
	struct totals totals = {};
	struct pr_summary sum;
	__u64 ages[3];

	if (pr_summary_read(&sum) || ages_read(ages) ||
	    pr_blocks_read(MIB, totals_add, &totals))
		return false;
	ksft_print_msg("reported: stats %llu, summary %llu, ages %llu, blocks %llu to %llu\n",
		       pr_stat("reported_now_bytes"), sum.sum[REPORTED], ages[1],
		       totals.state[S_REPORTED],
		       totals.state[S_REPORTED] + totals.state[S_PARTIAL]);
	return pr_near(pr_stat("reported_now_bytes"), sum.sum[REPORTED]) &&
	       pr_near(ages[1], sum.sum[REPORTED]) &&
	       totals.state[S_REPORTED] <= sum.sum[REPORTED] + pr_slack() &&
	       totals.state[S_REPORTED] + totals.state[S_PARTIAL] + pr_slack() >=
	       sum.sum[REPORTED] &&
	       pr_near(totals.state[S_UNTRACKED], sum.sum[UNTRACKED]);
}

TEST_F_TIMEOUT(files, agree, TIMEOUT)
{
	__u64 end = 0;
	bool agree;

	ASSERT_EQ(0, pr_quiet());
	do {
		agree = all_agree();
	} while (!agree && pr_again(&end));
	EXPECT_TRUE(agree);
}

/* /proc/vmstat and /proc/zoneinfo count in pages what stats has in bytes */
TEST_F_TIMEOUT(files, vmstat_agrees, TIMEOUT)
{
	static const char * const names[][2] = {
		{ "nr_free_reported", "reported_now_bytes" },
		{ "page_reported", "reported_bytes" },
		{ "page_report_refault", "refaulted_bytes" },
		{ "page_report_fail", "failed_bytes" },
	};
	__u64 page = pr_order_bytes(0), end;
	long long pages;
	unsigned int i, nr = 4;

	ASSERT_EQ(0, pr_quiet());
	/* Without CONFIG_VM_EVENT_COUNTERS there are no events */
	if (pr_proc("/proc/vmstat", "pgfault") < 0)
		nr = 1;
	for (i = 0; i < nr; i++) {
		end = 0;
		do {
			pages = pr_proc("/proc/vmstat", names[i][0]);
			ASSERT_LE(0, pages) TH_LOG("/proc/vmstat: no %s", names[i][0]);
		} while (!pr_near(pages * page, pr_stat(names[i][1])) && pr_again(&end));
		EXPECT_TRUE(pr_near(pages * page, pr_stat(names[i][1])))
			TH_LOG("%s %lld, %s %llu", names[i][0], pages, names[i][1],
			       pr_stat(names[i][1]));
	}
	pages = pr_proc("/proc/zoneinfo", "nr_free_reported");
	EXPECT_TRUE(pr_near(pages * page, pr_stat("reported_now_bytes")))
		TH_LOG("/proc/zoneinfo: %lld pages", pages);
}

TEST_F(files, tracepoints)
{
	static const char * const names[] = {
		"pass_start", "pass_end", "batch", "refault", "tune",
	};
	char path[128];
	unsigned int i;

	if (access("/sys/kernel/tracing/events", F_OK))
		SKIP(return, "no tracefs");
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path),
			 "/sys/kernel/tracing/events/page_reporting/page_reporting_%s/format",
			 names[i]);
		EXPECT_EQ(0, access(path, R_OK)) TH_LOG("%s", path);
	}
}

PR_FIXTURE(no_device, NEEDS_NO_DEVICE)

TEST_F(no_device, nothing_is_done)
{
	__u64 passes = pr_stat("passes");
	struct pr_summary sum;
	struct pr_mem mem;

	EXPECT_EQ(-ENODEV, pr_flush_once());
	EXPECT_EQ(0, pr_param_set(MIN_AGE, 0));
	EXPECT_EQ(0, pr_mem_take(&mem, pr_portion(8, 16 * MIB)));
	munmap(mem.word, mem.len);
	usleep(500000);
	EXPECT_EQ(passes, pr_stat("passes"));
	EXPECT_EQ(0, pr_stat("reported_now_bytes"));
	ASSERT_EQ(0, pr_summary_read(&sum));
	EXPECT_EQ(row(sum.sum), sum.sum[UNTRACKED]);
}

PR_MAIN
