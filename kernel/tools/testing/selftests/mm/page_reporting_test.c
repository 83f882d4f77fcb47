// SPDX-License-Identifier: GPL-2.0
/*
 * Free page reporting as Documentation/admin-guide/mm/page_reporting.rst has it:
 * what files and parameters look like, which errors they give, and what becomes
 * of memory that is freed and used again.
 *
 * For any guest, as root. What takes records is left out unless it was booted
 * with page_ext=on, what takes a device that reports without one. Sizes are
 * found out, and nobody has to be idle: what others may disturb is tried again.
 * Nothing is expected within a time, but memory that is reported before its age
 * is a failure however long that took.
 */
#define __SANE_USERSPACE_TYPES__	/* %llu fits __u64 everywhere */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/types.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest.h"
#include "vm_util.h"

#define DEBUGFS		"/sys/kernel/debug"
#define TRACEFS		"/sys/kernel/tracing"
#define PARAMETERS	"/sys/module/page_reporting/parameters"

#define MIB		(1024 * 1024ULL)
#define PATIENCE_MS	60000
#define NOBODY		65534
/* An age that no test gets to */
#define NEVER_MS	600000
/* Two ticks of the slowest clock: what rounding may make of an age */
#define TICKS_MS	20
#define MAX_ORDERS	32

/* What a test says of itself, from any thread */

static char skip_reason[128];

static int __printf(1, 2) fail(const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	ksft_print_msg("%s\n", text);
	return KSFT_FAIL;
}

static int __printf(1, 2) skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(skip_reason, sizeof(skip_reason), fmt, args);
	va_end(args);
	return KSFT_SKIP;
}

static __u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

/* Wait a little; false when patience has come to its end. *@end begins as 0. */
static bool again(__u64 *end)
{
	if (!*end)
		*end = now_ms() + PATIENCE_MS;
	usleep(20000);
	return now_ms() < *end;
}

/* Parameters */

enum { MIN_AGE, PERCENT, FRAGMENT, ORDER, DELAY, NR_PARAMS, PCP = NR_PARAMS, NR_SETTINGS };

static const char * const param_names[NR_SETTINGS] = {
	"min_age_ms", "target_refault_percent", "fragment_order",
	"page_reporting_order", "page_reporting_delay_ms",
	/* Not ours, but where memory is that is not quite free */
	"/proc/sys/vm/percpu_pagelist_high_fraction",
};

static int param_dir = -1;
static char param_found[NR_SETTINGS][32];

/* Returns 0 or a negative errno */
static int param_read(int param, char *buf, size_t size)
{
	int fd = openat(param_dir, param_names[param], O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);
	int err = n < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	buf[err ? 0 : n] = '\0';
	return err;
}

static int param_write(int param, const char *text)
{
	int fd = openat(param_dir, param_names[param], O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
	int err = n < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

static int param_set(int param, unsigned int value)
{
	char text[16];
	int err;

	snprintf(text, sizeof(text), "%u", value);
	err = param_write(param, text);
	if (err)
		fail("%s: %s is refused: %s", param_names[param], text, strerror(-err));
	return err;
}

/* -1 for a page_reporting_order that nothing has set */
static long param_get(int param)
{
	char text[32];

	return param_read(param, text, sizeof(text)) ? -1 : strtol(text, NULL, 10);
}

/* An order that is unset can not be unset again */
static bool param_changeable(int param)
{
	return param != ORDER || strcmp(param_found[ORDER], "-1\n");
}

static bool params_restore(void)
{
	bool good = true;
	char text[32];
	int i;

	for (i = 0; i < NR_SETTINGS; i++) {
		if (!param_found[i][0] ||
		    (!param_read(i, text, sizeof(text)) && !strcmp(text, param_found[i])))
			continue;
		param_write(i, param_found[i]);
		if (param_read(i, text, sizeof(text)) || strcmp(text, param_found[i]))
			good = false;
	}
	return good;
}

/* What the rest of the kernel says of free memory */

struct counts {
	struct {
		int node;
		char name[16];
		__u64 bytes[MAX_ORDERS];
	} zone[64];
	unsigned int nr;
};

static unsigned int max_order;
static int block_order = -1;
static char migratetypes[16][16];
static unsigned int nr_migratetypes;
static __u64 ram_bytes;

static __u64 order_bytes(unsigned int order)
{
	return (__u64)psize() << order;
}

/* Order of a size in bytes */
static unsigned int size_order(__u64 bytes)
{
	unsigned int order = 0;

	while (order_bytes(order) < bytes)
		order++;
	return order;
}

static __u64 *counts_of(struct counts *counts, int node, const char *name)
{
	unsigned int i;

	for (i = 0; i < counts->nr; i++)
		if (counts->zone[i].node == node && !strcmp(counts->zone[i].name, name))
			return counts->zone[i].bytes;
	return NULL;
}

/* Free memory by zone and order, from /proc/buddyinfo */
static bool counts_get(struct counts *counts)
{
	FILE *f = fopen("/proc/buddyinfo", "re");
	char line[1024];

	memset(counts, 0, sizeof(*counts));
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f) && counts->nr < ARRAY_SIZE(counts->zone)) {
		unsigned int order = 0;
		int at, len;
		__u64 nr;

		if (sscanf(line, "Node %d, zone %15s%n", &counts->zone[counts->nr].node,
			   counts->zone[counts->nr].name, &at) != 2)
			continue;
		while (order < MAX_ORDERS && sscanf(line + at, "%llu%n", &nr, &len) == 1) {
			counts->zone[counts->nr].bytes[order] = nr * order_bytes(order);
			at += len;
			order++;
		}
		counts->nr++;
		if (order)
			max_order = order - 1;
	}
	fclose(f);
	return counts->nr;
}

static __u64 counts_sum(const struct counts *counts)
{
	unsigned int i, order;
	__u64 sum = 0;

	for (i = 0; i < counts->nr; i++)
		for (order = 0; order < MAX_ORDERS; order++)
			sum += counts->zone[i].bytes[order];
	return sum;
}

/* By how much two of them differ */
static __u64 counts_differ(const struct counts *a, const struct counts *b)
{
	unsigned int i, order;
	__u64 sum = 0;

	for (i = 0; i < a->nr; i++) {
		for (order = 0; order < MAX_ORDERS; order++) {
			__u64 x = a->zone[i].bytes[order], y = b->zone[i].bytes[order];

			sum += x > y ? x - y : y - x;
		}
	}
	return sum;
}

/* Order of a pageblock and names of migratetypes, from /proc/pagetypeinfo */
static void pagetypes_get(void)
{
	FILE *f = fopen("/proc/pagetypeinfo", "re");
	char line[1024], type[16] = "";
	unsigned int i;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Page block order: %d", &block_order) == 1 ||
		    sscanf(line, "Node %*d, zone %*[^,], type %15s", type) != 1)
			continue;
		for (i = 0; i < nr_migratetypes; i++)
			if (!strcmp(type, migratetypes[i]))
				break;
		if (i == nr_migratetypes && i < ARRAY_SIZE(migratetypes))
			memcpy(migratetypes[nr_migratetypes++], type, sizeof(type));
	}
	if (f)
		fclose(f);
}

static bool migratetype_known(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_migratetypes; i++)
		if (!strcmp(name, migratetypes[i]))
			return true;
	return !nr_migratetypes;
}

/* A line of /proc/meminfo, in bytes */
static __u64 meminfo_get(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	size_t len = strlen(name);
	char line[256];
	__u64 value = 0;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			value = strtoull(line + len + 1, NULL, 10) << 10;
	if (f)
		fclose(f);
	return value;
}

/* As much memory as a test may take: a share of what there is, in MiB */
static size_t portion(unsigned int share, __u64 most)
{
	__u64 bytes = meminfo_get("MemAvailable") / share;

	if (bytes > most)
		bytes = most;
	return bytes < MIB ? MIB : bytes / MIB * MIB;
}

/* What the rest of the guest may take or free while we look */
static __u64 slack(void)
{
	return ram_bytes / 512 < MIB ? MIB : ram_bytes / 512;
}

/* Order of a granule, and of what hosts map at once: smaller has to be older */
static unsigned int granule(void)
{
	long order = param_get(ORDER);

	return order < 0 || order > block_order ? (unsigned int)block_order : order;
}

static unsigned int base_order(void)
{
	unsigned int order = size_order(2 * MIB);

	return order > (unsigned int)block_order ? (unsigned int)block_order : order;
}

/* Files in debugfs */

static const char *dbg_path = DEBUGFS "/page_reporting";
static int dbg_dir = -1;

static int dbg_open(const char *name, int flags)
{
	int fd = openat(dbg_dir, name, flags | O_CLOEXEC);

	if (fd < 0)
		fail("%s: %s", name, strerror(errno));
	return fd;
}

/*
 * A file from an offset on, in reads of @piece bytes (0: of any size), up to a
 * number of lines. Returns NULL if a read fails. Counts the reads that do not
 * return all that fits, yet are not the last.
 */
static char *dbg_read_from(const char *name, __u64 from, size_t piece, size_t lines,
			   size_t *shorts)
{
	size_t size = 0, len = 0, nr = 0, want = 0;
	int fd = dbg_open(name, O_RDONLY);
	char *text = NULL, *more, *p;
	ssize_t n = want;

	if (fd < 0)
		return NULL;
	if (from && lseek(fd, from, SEEK_SET) != (off_t)from)
		n = -1;
	while (n >= 0 && nr < lines) {
		*shorts += (size_t)n < want;
		want = piece ? piece : 1 + (size_t)random() % 4096;
		if (size - len <= want) {
			size = 2 * size + want + 1;
			more = realloc(text, size);
			if (!more) {
				n = -1;
				break;
			}
			text = more;
		}
		n = read(fd, text + len, want);
		if (n <= 0)
			break;
		for (p = text + len, len += n; p < text + len; p++)
			nr += *p == '\n';
	}
	close(fd);
	if (n < 0) {
		fail("%s: %s", name, strerror(errno));
		free(text);
		return NULL;
	}
	/* Whole lines, and no more than were asked for */
	for (text[len] = '\0', p = text; lines && *p; p++)
		lines -= *p == '\n';
	*p = '\0';
	return text;
}

/* There are no more blocks than pages */
static size_t blocks_most(void)
{
	return ram_bytes / psize();
}

static char *dbg_read(const char *name)
{
	size_t shorts = 0;

	return dbg_read_from(name, 0, MIB, blocks_most(), &shorts);
}

/* Digits without anything else, and @end behind them */
static bool number(const char **p, char end, __u64 *value)
{
	const char *s = *p;

	for (*value = 0; isdigit(*s); s++)
		*value = *value * 10 + (*s - '0');
	if (s == *p || (s - *p > 1 && **p == '0') || *s != end)
		return false;
	*p = s + 1;
	return true;
}

static bool word(const char **p, char end, char *buf, size_t size)
{
	size_t len = strcspn(*p, "\n ");

	if (!len || len >= size || (*p)[len] != end)
		return false;
	memcpy(buf, *p, len);
	buf[len] = '\0';
	*p += len + 1;
	return true;
}

/* "-" is -1 */
static bool maybe_number(const char **p, char end, __s64 *value)
{
	__u64 n;

	if (**p == '-' && (*p)[1] == end) {
		*value = -1;
		*p += 2;
		return true;
	}
	if (!number(p, end, &n))
		return false;
	*value = n;
	return true;
}

static int bad_line(const char *file, const char *line, const char *what)
{
	return fail("%s: %s: '%.*s'", file, what, (int)strcspn(line, "\n"), line);
}

enum {
	PASSES, SWEEPS, REPORTS, ERRORS, REPORTED, REFAULTED, SOON, KEPT, DROPPED,
	REDUNDANT, FAILED, REPORTED_NOW, AGE_MS, LOCK_HOLD_MAX, PASS_NS, NR_STATS,
};

static const char * const stat_names[NR_STATS] = {
	"passes", "sweeps", "reports", "errors", "reported_bytes", "refaulted_bytes",
	"refaulted_soon_bytes", "kept_bytes", "dropped_bytes", "redundant_bytes",
	"failed_bytes", "reported_now_bytes", "age_ms", "lock_hold_max_ns", "pass_ns",
};

struct stats {
	__u64 v[NR_STATS];
};

static int stats_get(struct stats *stats)
{
	char *text = dbg_read("stats"), name[32];
	const char *p = text;
	int i, ret = text ? KSFT_PASS : KSFT_FAIL;

	for (i = 0; !ret && i < NR_STATS; i++) {
		const char *line = p;

		if (!word(&p, ' ', name, sizeof(name)) || strcmp(name, stat_names[i]))
			ret = bad_line("stats", line, stat_names[i]);
		else if (!number(&p, '\n', &stats->v[i]))
			ret = bad_line("stats", line, "no number");
	}
	if (!ret && *p)
		ret = bad_line("stats", p, "one line too many");
	free(text);
	return ret;
}

/* Reported, but neither used again nor dropped nor with the host: forgotten */
static __s64 stats_forgotten(const struct stats *stats)
{
	return stats->v[REPORTED] - stats->v[REFAULTED] - stats->v[DROPPED] -
	       stats->v[REPORTED_NOW];
}

enum {
	SUM_REPORTED, SUM_ELIGIBLE, SUM_YOUNG, SUM_SMALL, SUM_ISOLATED, SUM_WATERMARK,
	SUM_UNTRACKED, NR_SUMS,
};

static const char summary_header[] =
	"node zone order migratetype reported eligible young small isolated watermark untracked\n";

struct summary {
	__u64 sum[NR_SUMS];
	__u64 order[MAX_ORDERS][NR_SUMS];
	struct counts counts;
};

static int summary_line(struct summary *summary, const char **p, char *last)
{
	const char *line = *p;
	char zone[16], type[16], key[64];
	__u64 node, order, bytes, all = 0;
	__u64 *counts;
	int i;

	if (!number(p, ' ', &node) || !word(p, ' ', zone, sizeof(zone)) ||
	    !number(p, ' ', &order) || !word(p, ' ', type, sizeof(type)))
		return bad_line("summary", line, "not node, zone, order and migratetype");
	counts = counts_of(&summary->counts, node, zone);
	if (!counts || order > max_order || !migratetype_known(type))
		return bad_line("summary", line, "there is no such thing");
	snprintf(key, sizeof(key), "%llu %s %llu %s", node, zone, order, type);
	if (!strcmp(key, last))
		return bad_line("summary", line, "said twice");
	memcpy(last, key, sizeof(key));
	for (i = 0; i < NR_SUMS; i++) {
		if (!number(p, i == NR_SUMS - 1 ? '\n' : ' ', &bytes) || bytes % psize())
			return bad_line("summary", line, "not seven numbers of bytes");
		summary->sum[i] += bytes;
		summary->order[order][i] += bytes;
		all += bytes;
	}
	if (!all || all % order_bytes(order))
		return bad_line("summary", line, "not whole blocks");
	counts[order] += all;
	return KSFT_PASS;
}

static int summary_get(struct summary *summary)
{
	char *text = dbg_read("summary"), last[64] = "";
	const char *p = text;
	int ret = KSFT_PASS;
	unsigned int i;

	memset(summary, 0, sizeof(*summary));
	counts_get(&summary->counts);
	for (i = 0; i < summary->counts.nr; i++)
		memset(summary->counts.zone[i].bytes, 0,
		       sizeof(summary->counts.zone[i].bytes));
	if (!text)
		return KSFT_FAIL;
	if (strncmp(p, summary_header, strlen(summary_header)))
		ret = bad_line("summary", p, "not the names of the columns");
	else
		p += strlen(summary_header);
	while (!ret && *p)
		ret = summary_line(summary, &p, last);
	free(text);
	return ret;
}

static __u64 summary_all(const struct summary *summary)
{
	__u64 sum = 0;
	int i;

	for (i = 0; i < NR_SUMS; i++)
		sum += summary->sum[i];
	return sum;
}

enum { WAITING, IS_REPORTED, WAS_REFAULTED, NR_AGES };

struct ages {
	__u64 sum[NR_AGES];
	unsigned int classes;
};

static int ages_get(struct ages *ages)
{
	static const char header[] = "below_ms waiting reported refaulted\n";
	char *text = dbg_read("ages");
	const char *p = text, *line = p;
	int i, ret = text ? KSFT_PASS : KSFT_FAIL;
	__s64 below = 0;
	__u64 bytes;

	memset(ages, 0, sizeof(*ages));
	if (text && strncmp(p, header, strlen(header)))
		ret = bad_line("ages", p, "not the names of the columns");
	else if (text)
		p += strlen(header);
	for (; !ret && *p; ages->classes++) {
		line = p;
		if (below < 0)
			ret = bad_line("ages", line, "behind '-'");
		else if (!maybe_number(&p, ' ', &below) ||
			 (below >= 0 && below != 1LL << ages->classes))
			ret = bad_line("ages", line, "not twice the one before");
		for (i = 0; !ret && i < NR_AGES; i++) {
			if (!number(&p, i == NR_AGES - 1 ? '\n' : ' ', &bytes) ||
			    bytes % psize())
				ret = bad_line("ages", line, "not three numbers of bytes");
			ages->sum[i] += bytes;
		}
	}
	if (!ret && below >= 0)
		ret = bad_line("ages", line, "the last one has an end");
	free(text);
	return ret;
}

enum { S_REPORTED, S_PARTIAL, S_PENDING, S_SMALL, S_UNTRACKED, NR_STATES };

static const char * const state_names[NR_STATES] = {
	"reported", "partial", "pending", "small", "untracked",
};

struct block {
	__u64 pfn;
	__u64 order;
	__u64 node;
	char zone[16];
	char type[16];
	int state;
	__s64 free_ms;
	__s64 reported_ms;
};

struct dump {
	struct block *block;
	size_t nr;
};

/* Does its state have the ages that it should? */
static bool block_ages_good(const struct block *b)
{
	bool told = b->state == S_REPORTED || b->state == S_PARTIAL;

	/* What waits has one, seen or not; what was reported has been free before */
	return told == (b->reported_ms >= 0) &&
	       (b->free_ms >= 0) == (told || b->state == S_PENDING) &&
	       (!told || b->state == S_PARTIAL || b->free_ms >= b->reported_ms);
}

/* Parse a line; *@end is behind the block before and gets behind this one */
static int block_parse(struct block *b, const char **p, __u64 *end)
{
	const char *line = *p;
	char state[16];

	if (!number(p, ' ', &b->pfn) || !number(p, ' ', &b->order) ||
	    !number(p, ' ', &b->node) || !word(p, ' ', b->zone, sizeof(b->zone)) ||
	    !word(p, ' ', b->type, sizeof(b->type)) ||
	    !word(p, ' ', state, sizeof(state)) || !maybe_number(p, ' ', &b->free_ms) ||
	    !maybe_number(p, '\n', &b->reported_ms))
		return bad_line("blocks", line, "not eight columns as they should be");
	for (b->state = 0; b->state < NR_STATES; b->state++)
		if (!strcmp(state, state_names[b->state]))
			break;
	if (b->state == NR_STATES)
		return bad_line("blocks", line, "no known state");
	if (b->order > max_order || !migratetype_known(b->type))
		return bad_line("blocks", line, "no known order or migratetype");
	if (b->pfn % (1ULL << b->order))
		return bad_line("blocks", line, "not aligned");
	if (b->pfn < *end)
		return bad_line("blocks", line, "not behind the one before");
	if (!block_ages_good(b))
		return bad_line("blocks", line, "ages that this state has not");
	*end = b->pfn + (1ULL << b->order);
	return KSFT_PASS;
}

static int dump_parse(struct dump *dump, const char *text)
{
	size_t room = 1;
	const char *p;
	__u64 end = 0;

	for (p = text; *p; p++)
		room += *p == '\n';
	dump->nr = 0;
	dump->block = calloc(room, sizeof(*dump->block));
	if (!dump->block)
		return fail("no memory for %zu blocks", room);
	for (p = text; *p; dump->nr++)
		if (block_parse(&dump->block[dump->nr], &p, &end))
			return KSFT_FAIL;
	return KSFT_PASS;
}

static void dump_free(struct dump *dump)
{
	free(dump->block);
	dump->block = NULL;
	dump->nr = 0;
}

static int dump_get(struct dump *dump)
{
	char *text = dbg_read("blocks");
	int ret = KSFT_FAIL;

	dump->block = NULL;
	if (text)
		ret = dump_parse(dump, text);
	if (ret)
		dump_free(dump);
	free(text);
	return ret;
}

static __u64 dump_state(const struct dump *dump, int state)
{
	__u64 bytes = 0;
	size_t i;

	for (i = 0; i < dump->nr; i++)
		if (dump->block[i].state == state)
			bytes += order_bytes(dump->block[i].order);
	return bytes;
}

/* Returns 0 or a negative errno */
static int flush_write(const void *text, size_t len)
{
	int fd = openat(dbg_dir, "flush", O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, len);
	int err = n < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return !err && (size_t)n != len ? -EIO : err;
}

static int flush_all(void)
{
	int err = flush_write("1", 1);

	return err ? fail("flush: %s", strerror(-err)) : KSFT_PASS;
}

/*
 * From here on nothing is reported for its age, the age is not raised, and what
 * is freed gets to the free lists: the processors' own may keep an eighth of
 * all, for as long as they like.
 */
static int quiet(void)
{
	return param_set(PERCENT, 0) || param_set(MIN_AGE, NEVER_MS) ||
	       (param_found[PCP][0] && param_set(PCP, 1 << 20)) ? KSFT_FAIL : KSFT_PASS;
}

/* All that can be reported is, and nothing will be until it is asked for */
static int quiet_flush(void)
{
	return quiet() || flush_all() ? KSFT_FAIL : KSFT_PASS;
}

/* Memory of our own, with something in it that can be told from all else */

enum kind { ANON, SHMEM, THP, HUGETLB };

struct mem {
	unsigned long *word;
	size_t len;
	unsigned long salt;
};

static unsigned long pattern(const struct mem *mem, size_t i)
{
	return (i + mem->salt) * 0x9e3779b1UL;
}

static bool mem_good(const struct mem *mem)
{
	size_t i;

	for (i = 0; i < mem->len / sizeof(long); i++)
		if (mem->word[i] != pattern(mem, i))
			return false;
	return true;
}

/* Use all of it for the first time; false if it did not come as zeros */
static bool mem_fill(struct mem *mem)
{
	size_t page = psize() / sizeof(long), i;
	static unsigned long salt;

	salt += 0x3243f6a9;
	mem->salt = salt;
	for (i = 0; i < mem->len / sizeof(long); i++) {
		/* Not read only, or it would be the one page of zeros */
		if (i % page && mem->word[i])
			return false;
		mem->word[i] = pattern(mem, i);
	}
	return true;
}

static bool mem_map(struct mem *mem, enum kind kind, size_t len)
{
	int flags = (kind == SHMEM ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS;
	size_t align = kind == THP ? read_pmd_pagesize() : 0;
	char *p;

	if (kind == HUGETLB)
		flags |= MAP_HUGETLB;
	p = mmap(NULL, len + align, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (p == MAP_FAILED)
		return false;
	if (align) {
		size_t head = -(uintptr_t)p & (align - 1);

		if (head)
			munmap(p, head);
		p += head;
		if (align > head)
			munmap(p + len, align - head);
	}
	madvise(p, len, kind == THP ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	mem->word = (void *)p;
	mem->len = len;
	return true;
}

static void mem_give(struct mem *mem)
{
	if (mem->len)
		munmap(mem->word, mem->len);
	mem->len = 0;
}

static int mem_take(struct mem *mem, size_t len)
{
	if (!mem_map(mem, ANON, len))
		return fail("no memory: %s", strerror(errno));
	if (mem_fill(mem))
		return KSFT_PASS;
	mem_give(mem);
	return fail("memory that is new to us does not read as zeros");
}

/* What used to be ours: the pfns, sorted, and the time before we gave them back */
struct past {
	__u64 *pfn;
	size_t nr;
	__u64 since;
};

static int pfn_order(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

/* Remember where memory is, but for one of @leave pages (0: all of them) */
static int past_note(struct past *past, const struct mem *mem, unsigned int leave)
{
	size_t pages = mem->len / psize(), i, nr = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	__u64 *pfn = calloc(pages, sizeof(*pfn));
	ssize_t n = -1;

	if (fd >= 0 && pfn)
		n = pread(fd, pfn, pages * sizeof(*pfn),
			  (uintptr_t)mem->word / psize() * sizeof(*pfn));
	if (fd >= 0)
		close(fd);
	for (i = 0; n > 0 && i < n / sizeof(*pfn); i++)
		if (PAGEMAP_PRESENT(pfn[i]) && PAGEMAP_PFN(pfn[i]) &&
		    !(leave && i % leave == 0))
			pfn[nr++] = PAGEMAP_PFN(pfn[i]);
	past->pfn = pfn;
	past->nr = nr;
	past->since = now_ms();
	if (nr)
		qsort(pfn, nr, sizeof(*pfn), pfn_order);
	return nr ? KSFT_PASS : skip("/proc/self/pagemap does not tell pfns");
}

static void past_free(struct past *past)
{
	free(past->pfn);
	past->pfn = NULL;
	past->nr = 0;
}

/* Take memory and give it back */
static int past_make(struct past *past, size_t len)
{
	struct mem mem = {};
	int ret;

	if (mem_take(&mem, len))
		return KSFT_FAIL;
	ret = past_note(past, &mem, 0);
	if (!ret && !mem_good(&mem))
		ret = fail("memory is not what we have written");
	mem_give(&mem);
	return ret;
}

/* What has become of it, in pages */
struct fate {
	size_t free;
	size_t state[NR_STATES];
	struct block waits;	/* one of the pending blocks with an age */
};

/* How long a block has to be free, if the age is @age */
static __u64 gate(__u64 age, unsigned int order)
{
	unsigned int base = base_order();

	return order < base ? age + age * (base - order) / 2 : age;
}

/* What must hold for a block that has @ours pages of what was ours */
static int past_check(const struct past *past, const struct block *b, __u64 age, __u64 now)
{
	__u64 gone = now - past->since + TICKS_MS;

	/* It has been what it is at most since we gave a part of it back */
	if (b->state == S_PENDING && (__u64)b->free_ms > gone)
		return fail("pfn %llu: free for %lld ms, yet ours %llu ms ago", b->pfn,
			    b->free_ms, gone);
	/* Of larger blocks the last report is known, not that of our part */
	if (b->state != S_REPORTED || b->order > granule())
		return KSFT_PASS;
	if ((__u64)b->reported_ms + gate(age, b->order) > gone + TICKS_MS)
		return fail("pfn %llu, order %llu: reported %lld ms ago, free for %llu, age %llu",
			    b->pfn, b->order, b->reported_ms, gone, gate(age, b->order));
	return KSFT_PASS;
}

/* @age: the least that has been in force since it was given back */
static int past_look(const struct past *past, struct fate *fate, __u64 age)
{
	struct dump dump;
	size_t i, j = 0;
	int ret = dump_get(&dump);
	__u64 now = now_ms();

	memset(fate, 0, sizeof(*fate));
	for (i = 0; i < dump.nr && !ret; i++) {
		const struct block *b = &dump.block[i];
		__u64 end = b->pfn + (1ULL << b->order);
		size_t ours = 0;

		for (; j < past->nr && past->pfn[j] < end; j++)
			ours += past->pfn[j] >= b->pfn;
		if (!ours)
			continue;
		fate->free += ours;
		fate->state[b->state] += ours;
		if (b->state == S_PENDING && b->free_ms > 0)
			fate->waits = *b;
		ret = past_check(past, b, age, now);
	}
	dump_free(&dump);
	return ret;
}

static void fate_print(const struct past *past, const struct fate *fate)
{
	ksft_print_msg("%zu pages, free %zu: reported %zu, partial %zu, pending %zu, small %zu\n",
		       past->nr, fate->free, fate->state[S_REPORTED],
		       fate->state[S_PARTIAL], fate->state[S_PENDING],
		       fate->state[S_SMALL]);
}

/* Enough of it has gone where it should; the rest may have been used again */
static bool most(const struct past *past, size_t pages)
{
	return pages > past->nr / 2;
}

/* What is not worth a look: 1/1024 of memory in small blocks */
static bool few(size_t pages)
{
	return pages * psize() <= ram_bytes / 1024 + slack();
}

/* Wait until what was ours is reported, and watch that no part is too early */
static int past_reported(const struct past *past, __u64 age)
{
	struct fate fate;
	__u64 end = 0;

	do {
		if (past_look(past, &fate, age))
			return KSFT_FAIL;
		if (most(past, fate.state[S_REPORTED]) && few(fate.state[S_PENDING]))
			return KSFT_PASS;
	} while (again(&end));
	fate_print(past, &fate);
	return fail("it should all have been reported");
}

/* The tests */

static bool device;
static struct stats first_stats;

static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(fn());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return fail("cannot fork: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : fail("killed by %d", WTERMSIG(status));
}

static bool become_nobody(void)
{
	return !setgroups(0, NULL) && !setresgid(NOBODY, NOBODY, NOBODY) &&
	       !setresuid(NOBODY, NOBODY, NOBODY);
}

static int cannot_open(int dir, const char *name, int flags)
{
	int fd = openat(dir, name, flags | O_CLOEXEC);

	if (fd < 0 && errno == EACCES)
		return KSFT_PASS;
	return fail("%s: opened by nobody: %s", name, fd < 0 ? strerror(errno) : "works");
}

static int nobody_changes_parameters(void)
{
	int i, fd, ret = become_nobody() ? KSFT_PASS : fail("cannot become nobody");

	for (i = 0; i < NR_PARAMS && !ret; i++) {
		ret = cannot_open(param_dir, param_names[i], O_WRONLY);
		fd = openat(param_dir, param_names[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			ret = fail("%s: cannot be read: %s", param_names[i], strerror(errno));
	}
	return ret;
}

static int test_param_modes(void)
{
	char text[32];
	struct stat st;
	const char *p;
	__u64 value;
	int i;

	for (i = 0; i < NR_PARAMS; i++) {
		if (fstatat(param_dir, param_names[i], &st, 0))
			return fail("%s: %s", param_names[i], strerror(errno));
		if (st.st_mode != (S_IFREG | 0644) || st.st_uid || st.st_gid)
			return fail("%s: mode %o of %u.%u", param_names[i], st.st_mode,
				    st.st_uid, st.st_gid);
		p = text;
		if (param_read(i, text, sizeof(text)) ||
		    ((!number(&p, '\n', &value) || *p) && param_changeable(i)))
			return fail("%s: '%s' is not a number", param_names[i], text);
	}
	return in_child(nobody_changes_parameters);
}

static int param_takes(int param, const char *text, const char *shown)
{
	char found[32];
	int err = param_write(param, text);

	if (err)
		return fail("%s: '%s' is refused: %s", param_names[param], text,
			    strerror(-err));
	if (param_read(param, found, sizeof(found)) || strcmp(found, shown))
		return fail("%s: '%s' shows as '%s'", param_names[param], text, found);
	return KSFT_PASS;
}

static int test_param_values(void)
{
	char most[16];
	int i, ret = KSFT_PASS;

	snprintf(most, sizeof(most), "%u\n", max_order);
	for (i = 0; i < NR_PARAMS && !ret; i++) {
		if (!param_changeable(i))
			continue;
		ret = param_takes(i, "0", "0\n") || param_takes(i, "7\n", "7\n") ||
		      param_takes(i, "0x9", "9\n") || param_takes(i, most, most) ? KSFT_FAIL :
		      KSFT_PASS;
		if (!ret && i != ORDER)
			ret = param_takes(i, "4294967295", "4294967295\n");
	}
	return ret;
}

static int param_refuses(int param, const char *text)
{
	char before[32], after[32];
	int err;

	param_read(param, before, sizeof(before));
	err = param_write(param, text);
	param_read(param, after, sizeof(after));
	if (err != -EINVAL && err != -ERANGE)
		return fail("%s: '%s' is taken: %s", param_names[param], text, strerror(-err));
	if (strcmp(before, after))
		return fail("%s: '%s' is refused, yet changes it", param_names[param], text);
	return KSFT_PASS;
}

static int test_param_rubbish(void)
{
	static const char * const rubbish[] = {
		"\n", " ", "x", "-1", "1x", "1 2", "0x", "1.5", "4294967296",
		"99999999999999999999", "on",
	};
	char more[16];
	unsigned int i;
	int param;

	for (param = 0; param < NR_PARAMS; param++)
		for (i = 0; i < ARRAY_SIZE(rubbish); i++)
			if (param_refuses(param, rubbish[i]))
				return KSFT_FAIL;
	snprintf(more, sizeof(more), "%u", max_order + 1);
	return param_refuses(ORDER, more) || param_refuses(ORDER, "4294967295") ? KSFT_FAIL :
	       KSFT_PASS;
}

static const char * const tracepoints[] = {
	"page_reporting_pass_start", "page_reporting_pass_end", "page_reporting_batch",
	"page_reporting_refault", "page_reporting_tune",
};

static int test_tracepoints(void)
{
	char path[128];
	unsigned int i;

	if (access(TRACEFS "/events", F_OK))
		return skip("no tracefs");
	for (i = 0; i < ARRAY_SIZE(tracepoints); i++) {
		snprintf(path, sizeof(path), TRACEFS "/events/page_reporting/%s/format",
			 tracepoints[i]);
		if (access(path, R_OK))
			return fail("%s: %s", path, strerror(errno));
	}
	return KSFT_PASS;
}

/* What page_ext= says: 1 on, 0 off, -1 nothing */
static int page_ext_asked(void)
{
	FILE *f = fopen("/proc/cmdline", "re");
	char line[4096], *arg, *save;
	int asked = -1;

	if (!f || !fgets(line, sizeof(line), f))
		line[0] = '\0';
	if (f)
		fclose(f);
	for (arg = strtok_r(line, "\n ", &save); arg && strcmp(arg, "--");
	     arg = strtok_r(NULL, "\n ", &save)) {
		if (strncmp(arg, "page_ext=", 9))
			continue;
		arg += 9;
		if (strchr("yYtT1", *arg) || !strncasecmp(arg, "on", 2))
			asked = 1;
		else if (strchr("nNfF0", *arg) || !strncasecmp(arg, "of", 2))
			asked = 0;
	}
	return asked;
}

static const struct {
	const char *name;
	unsigned int mode;
} dbg_files[] = {
	{ "blocks", 0400 }, { "summary", 0400 }, { "ages", 0400 }, { "stats", 0400 },
	{ "flush", 0200 },
};

static int nobody_opens_files(void)
{
	unsigned int i;

	if (!become_nobody())
		return fail("cannot become nobody");
	for (i = 0; i < ARRAY_SIZE(dbg_files); i++)
		if (cannot_open(dbg_dir, dbg_files[i].name,
				dbg_files[i].mode == 0200 ? O_WRONLY : O_RDONLY))
			return KSFT_FAIL;
	return KSFT_PASS;
}

static int test_files(void)
{
	unsigned int i, nr = 0;
	struct dirent *de;
	struct stat st;
	DIR *dir;

	if (dbg_dir < 0)
		return page_ext_asked() == 1 ? fail("page_ext=on, yet no %s", dbg_path) :
		       KSFT_PASS;
	if (!page_ext_asked())
		return fail("page_ext=off, yet there is %s", dbg_path);
	for (i = 0; i < ARRAY_SIZE(dbg_files); i++) {
		if (fstatat(dbg_dir, dbg_files[i].name, &st, 0))
			return fail("%s: %s", dbg_files[i].name, strerror(errno));
		if (st.st_mode != (S_IFREG | dbg_files[i].mode) || st.st_uid || st.st_gid)
			return fail("%s: mode %o of %u.%u", dbg_files[i].name, st.st_mode,
				    st.st_uid, st.st_gid);
	}
	dir = opendir(dbg_path);
	while (dir && (de = readdir(dir)))
		nr += de->d_name[0] != '.';
	if (dir)
		closedir(dir);
	if (nr != ARRAY_SIZE(dbg_files))
		return fail("%u files in %s", nr, dbg_path);
	return in_child(nobody_opens_files);
}

/* Root may open files for what they cannot do */
static int test_files_refuse(void)
{
	unsigned int i;
	char buf[16];

	for (i = 0; i < ARRAY_SIZE(dbg_files); i++) {
		bool writes = dbg_files[i].mode == 0200;
		int fd = dbg_open(dbg_files[i].name, writes ? O_RDONLY : O_WRONLY);
		ssize_t n;

		if (fd < 0)
			return KSFT_FAIL;
		n = writes ? read(fd, buf, sizeof(buf)) : write(fd, "1", 1);
		close(fd);
		if (n >= 0)
			return fail("%s: %s works", dbg_files[i].name,
				    writes ? "read" : "write");
	}
	return KSFT_PASS;
}

static int test_stats(void)
{
	struct stats s;
	__u64 end = 0;
	int i;

	if (quiet())
		return KSFT_FAIL;
	/* It is not read at one moment */
	do {
		if (stats_get(&s))
			return KSFT_FAIL;
		if (s.v[SWEEPS] <= s.v[PASSES] && s.v[ERRORS] <= s.v[REPORTS] &&
		    s.v[SOON] <= s.v[REFAULTED] && stats_forgotten(&s) >= 0 &&
		    !(s.v[REPORTED] % psize()) && !(s.v[REPORTED_NOW] % psize()))
			return KSFT_PASS;
	} while (again(&end));
	for (i = 0; i < NR_STATS; i++)
		ksft_print_msg("%s %llu\n", stat_names[i], s.v[i]);
	return fail("counters contradict each other");
}

static int test_age_ms(void)
{
	static const unsigned int ages[] = { 0, 1, 999, 1000, 64000, NEVER_MS };
	struct stats stats;
	unsigned int i;

	if (param_set(PERCENT, 0))
		return KSFT_FAIL;
	for (i = 0; i < ARRAY_SIZE(ages); i++) {
		if (param_set(MIN_AGE, ages[i]) || stats_get(&stats))
			return KSFT_FAIL;
		if (stats.v[AGE_MS] < ages[i] || stats.v[AGE_MS] > ages[i] + TICKS_MS)
			return fail("min_age_ms %u, fixed, is in force as %llu", ages[i],
				    stats.v[AGE_MS]);
	}
	return KSFT_PASS;
}

static int test_summary(void)
{
	struct summary summary;

	return summary_get(&summary);
}

static int test_ages(void)
{
	struct ages ages;

	if (ages_get(&ages))
		return KSFT_FAIL;
	return ages.classes < 2 ? fail("ages: %u classes", ages.classes) : KSFT_PASS;
}

static int test_blocks(void)
{
	struct counts counts;
	struct dump dump;
	int ret = dump_get(&dump);
	size_t i;

	if (!counts_get(&counts))
		ret = fail("/proc/buddyinfo cannot be read");
	for (i = 0; i < dump.nr && !ret; i++) {
		const struct block *b = &dump.block[i];

		if (!counts_of(&counts, b->node, b->zone))
			ret = fail("no zone %s of node %llu", b->zone, b->node);
		/* A granule is known as a whole; a device leaves nothing untracked */
		else if (b->state == S_PARTIAL && b->order <= granule())
			ret = fail("pfn %llu, order %llu: partial", b->pfn, b->order);
		else if (device == (b->state == S_UNTRACKED))
			ret = fail("pfn %llu: %s, %s a device", b->pfn, state_names[b->state],
				   device ? "with" : "without");
	}
	if (!ret && !dump.nr)
		ret = fail("no free blocks");
	dump_free(&dump);
	return ret;
}

static bool same_block(const struct block *a, const struct block *b)
{
	return a->pfn == b->pfn && a->order == b->order && a->node == b->node &&
	       !strcmp(a->zone, b->zone) && !strcmp(a->type, b->type);
}

/* How many blocks of @a, below @end, are not in any of the others */
static size_t blocks_missing(const struct dump *a, __u64 end, const struct dump *b,
			     const struct dump *c)
{
	size_t i, j = 0, k = 0, missing = 0;

	for (i = 0; i < a->nr && a->block[i].pfn < end; i++) {
		const struct block *one = &a->block[i];

		while (j < b->nr && b->block[j].pfn < one->pfn)
			j++;
		while (c && k < c->nr && c->block[k].pfn < one->pfn)
			k++;
		if (!(j < b->nr && same_block(one, &b->block[j])) &&
		    !(c && k < c->nr && same_block(one, &c->block[k])))
			missing++;
	}
	return missing;
}

/* What is there before and after is there in between, and nothing else */
static size_t blocks_wrong(const struct dump *before, const struct dump *dump,
			   const struct dump *after)
{
	struct dump both = { calloc(before->nr + 1, sizeof(struct block)), 0 };
	__u64 end = dump->nr ? dump->block[dump->nr - 1].pfn + 1 : 0;
	size_t i, j = 0, wrong;

	for (i = 0; both.block && i < before->nr; i++) {
		while (j < after->nr && after->block[j].pfn < before->block[i].pfn)
			j++;
		if (j < after->nr && same_block(&before->block[i], &after->block[j]))
			both.block[both.nr++] = before->block[i];
	}
	wrong = blocks_missing(&both, end, dump, NULL) +
		blocks_missing(dump, end, before, after);
	/* If a read has lost the end of it, that is not all there is */
	if (both.nr && dump->nr < both.nr / 2)
		wrong += both.nr - dump->nr;
	dump_free(&both);
	return wrong;
}

/* @limit lines from @pfn on, in pieces, against all in large ones */
static int blocks_compare(__u64 pfn, size_t piece, size_t limit, size_t *wrong)
{
	struct dump part[3] = {};
	int i, ret = KSFT_PASS;
	size_t shorts = 0;
	char *text;

	for (i = 0; i < 3 && !ret; i++) {
		text = dbg_read_from("blocks", pfn, i == 1 ? piece : MIB, limit, &shorts);
		ret = text ? dump_parse(&part[i], text) : KSFT_FAIL;
		free(text);
	}
	if (!ret)
		*wrong = blocks_wrong(&part[0], &part[1], &part[2]) + (shorts > 3 ? shorts : 0);
	if (!ret && part[1].nr && part[1].block[0].pfn < pfn)
		ret = fail("from pfn %llu on begins at %llu", pfn, part[1].block[0].pfn);
	for (i = 0; i < 3; i++)
		dump_free(&part[i]);
	return ret;
}

static int blocks_agree(__u64 pfn, size_t piece, size_t limit)
{
	size_t wrong = 0;
	__u64 end = 0;

	do {
		if (blocks_compare(pfn, piece, limit, &wrong))
			return KSFT_FAIL;
		/* A few blocks may come and go */
		if (wrong <= 8)
			return KSFT_PASS;
	} while (again(&end));
	return fail("from pfn %llu, pieces of %zu: %zu blocks lost or made up, or reads short",
		    pfn, piece, wrong);
}

static int test_blocks_pieces(void)
{
	static const struct {
		size_t piece, limit;
	} reads[] = {
		/* Each byte costs a system call */
		{ 1, 400 }, { 7, 2000 }, { 61, 10000 }, { 0, 20000 }, { 4096, 100000 },
		{ MIB - 1, 1000000 }, { MIB, 1000000 },
	};
	unsigned int i;

	if (quiet())
		return KSFT_FAIL;
	for (i = 0; i < ARRAY_SIZE(reads); i++)
		if (blocks_agree(0, reads[i].piece, reads[i].limit))
			return KSFT_FAIL;
	return KSFT_PASS;
}

/* One line with its newline, byte by byte; false at the end */
static bool read_line(int fd, char *line, size_t size)
{
	size_t len = 0;

	while (len + 1 < size && read(fd, line + len, 1) == 1)
		if (line[len++] == '\n')
			break;
	line[len] = '\0';
	return len && line[len - 1] == '\n';
}

/* The first block that @how finds at @pfn: 0 lseek and read, 1 pread */
static bool block_at(int fd, __u64 pfn, int how, struct block *b)
{
	char line[256];
	const char *p = line;
	ssize_t n = 0;
	__u64 end = 0;

	if (how)
		n = pread(fd, line, sizeof(line) - 1, pfn);
	else if (lseek(fd, pfn, SEEK_SET) == (off_t)pfn)
		n = read(fd, line, sizeof(line) - 1);
	if (n <= 0)
		return false;
	line[n] = '\0';
	return strchr(line, '\n') && !block_parse(b, &p, &end);
}

/*
 * From a block of a dump on, from within it, from the next: the blocks that a
 * read then begins with. Returns KSFT_SKIP if it changed just then.
 */
static int blocks_seek(int fd, const struct dump *dump, size_t i, int how)
{
	const struct block *b = &dump->block[i], *next = b + 1;
	__u64 end = b->pfn + (1ULL << b->order);
	struct block got;
	char line[256];

	if (!block_at(fd, b->pfn, how, &got) || !same_block(b, &got))
		return KSFT_SKIP;
	if (!block_at(fd, end, how, &got) || !same_block(next, &got))
		return KSFT_SKIP;
	if (b->order && (!block_at(fd, b->pfn + 1, how, &got) || !same_block(next, &got)))
		return KSFT_SKIP;
	if (how)
		return KSFT_PASS;
	/* The offset is where to go on, and going there begins a line */
	lseek(fd, b->pfn, SEEK_SET);
	if (!read_line(fd, line, sizeof(line)) || strtoull(line, NULL, 10) != b->pfn)
		return KSFT_SKIP;
	if (lseek(fd, 0, SEEK_CUR) != (off_t)end)
		return fail("offset %lld behind the block at %llu, order %llu",
			    (long long)lseek(fd, 0, SEEK_CUR), b->pfn, b->order);
	if (read(fd, line, 3) != 3 || lseek(fd, b->pfn, SEEK_SET) != (off_t)b->pfn)
		return fail("no 3 bytes, or no seek after them");
	if (!read_line(fd, line, sizeof(line)))
		return fail("no line after a seek in the midst of one");
	if (strtoull(line, NULL, 10) != b->pfn)
		return KSFT_SKIP;
	return KSFT_PASS;
}

/* @wrong: how many of 64 seeks lead elsewhere */
static int blocks_seek_some(int fd, int how, size_t *wrong)
{
	struct dump dump;
	int ret = dump_get(&dump);
	size_t i, step = dump.nr / 64 + 1;

	*wrong = 0;
	for (i = 0; !ret && i + 1 < dump.nr; i += step) {
		ret = blocks_seek(fd, &dump, i, how);
		*wrong += ret == KSFT_SKIP;
		if (ret == KSFT_SKIP)
			ret = KSFT_PASS;
	}
	dump_free(&dump);
	return ret;
}

static int test_blocks_seek(void)
{
	int how, ret = quiet(), fd = dbg_open("blocks", O_RDONLY);
	size_t wrong = 0;
	__u64 end;

	for (how = 0; how < 2 && fd >= 0 && !ret; how++) {
		end = 0;
		/* A few blocks may change just then */
		do {
			ret = blocks_seek_some(fd, how, &wrong);
		} while (!ret && wrong > 8 && again(&end));
		if (!ret && wrong > 8)
			ret = fail("%zu of 64 %s lead elsewhere", wrong, how ? "preads" : "seeks");
	}
	if (fd >= 0)
		close(fd);
	return fd < 0 ? KSFT_FAIL : ret;
}

static int seek_fails(int fd, off_t offset, int whence, const char *what)
{
	if (lseek(fd, offset, whence) >= 0)
		return fail("lseek() %s works", what);
	return errno == EINVAL ? KSFT_PASS : fail("lseek() %s: %s", what, strerror(errno));
}

static int test_blocks_end(void)
{
	int fd = dbg_open("blocks", O_RDONLY), ret = KSFT_PASS;
	/* A line has at most 128 bytes */
	size_t reads = blocks_most() / (MIB / 128) + 2;
	char *buf = malloc(MIB), line[256];
	ssize_t n;

	if (fd < 0 || !buf)
		return KSFT_FAIL;
	do {
		n = read(fd, buf, MIB);
	} while (n > 0 && --reads);
	if (n || read(fd, buf, MIB))
		ret = fail("no end, or not for long");
	else if (read(fd, buf, 0) || pread(fd, buf, MIB, 1LL << 52) ||
		 lseek(fd, 1LL << 52, SEEK_SET) != 1LL << 52 || read(fd, buf, MIB))
		ret = fail("something behind the end");
	else if (seek_fails(fd, 0, SEEK_END, "to the end") ||
		 seek_fails(fd, -1, SEEK_END, "to before the end") ||
		 seek_fails(fd, -1, SEEK_SET, "to -1"))
		ret = KSFT_FAIL;
	else if (lseek(fd, 0, SEEK_SET) || !read_line(fd, line, sizeof(line)))
		ret = fail("no way back");
	close(fd);
	free(buf);
	return ret;
}

/* Fill a page that has none behind it again and again, and miss it in between */
static int blocks_efault(int fd, char *page, size_t limit, char **text)
{
	size_t size = psize(), len = 0, tail;
	ssize_t n;

	*text = malloc(limit * size + 1);
	if (!*text)
		return fail("no memory");
	while (limit--) {
		n = read(fd, page + size, 64);
		if (n < 0 && errno != EFAULT)
			return fail("a buffer that is not there: %s", strerror(errno));
		if (n > 0)
			return fail("%zd bytes into a buffer that is not there", n);
		if (!n)
			break;
		/* A tail of the page, and more than there is */
		tail = 1 + random() % size;
		n = read(fd, page + size - tail, 2 * size);
		if (n < 0 && errno == EFAULT)
			continue;	/* not even a part of a line */
		if (n < 0 || (size_t)n > tail)
			return fail("%zd bytes into %zu", n, tail);
		memcpy(*text + len, page + size - tail, n);
		len += n;
	}
	(*text)[len] = '\0';
	/* The last line may not be whole */
	while (len && (*text)[len - 1] != '\n')
		(*text)[--len] = '\0';
	return KSFT_PASS;
}

static int blocks_efault_compare(char *page, size_t *wrong)
{
	int fd = dbg_open("blocks", O_RDONLY), i, ret;
	struct dump part[3] = {};
	char *text = NULL;

	ret = fd < 0 ? KSFT_FAIL : dump_get(&part[0]);
	if (!ret)
		ret = blocks_efault(fd, page, 100, &text);
	if (!ret)
		ret = dump_parse(&part[1], text);
	if (!ret)
		ret = dump_get(&part[2]);
	if (!ret)
		*wrong = blocks_wrong(&part[0], &part[1], &part[2]);
	if (!ret && !part[1].nr)
		ret = fail("nothing read");
	if (fd >= 0)
		close(fd);
	free(text);
	for (i = 0; i < 3; i++)
		dump_free(&part[i]);
	return ret;
}

static int test_blocks_efault(void)
{
	size_t size = psize(), wrong = 0;
	__u64 end = 0;
	char *page;
	int ret;

	page = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || mprotect(page + size, size, PROT_NONE) || quiet())
		return fail("cannot set up: %s", strerror(errno));
	do {
		ret = blocks_efault_compare(page, &wrong);
	} while (!ret && wrong > 8 && again(&end));
	munmap(page, 2 * size);
	if (!ret && wrong > 8)
		ret = fail("%zu blocks lost or made up around EFAULT", wrong);
	return ret;
}

/* Two readers of one open file: one waits for the other, and is interrupted */
struct reader {
	int fd;
	bool stop;
	bool interrupted;
	int bad;
};

static void on_signal(int sig)
{
	(void)sig;
}

static void *read_on(void *arg)
{
	char *buf = malloc(MIB);
	struct reader *r = arg;

	while (buf && !__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		if (pread(r->fd, buf, MIB, 0) > 0)
			continue;
		if (errno == EINTR)
			__atomic_store_n(&r->interrupted, true, __ATOMIC_RELAXED);
		else
			r->bad = errno;
	}
	free(buf);
	return NULL;
}

static int test_blocks_eintr(void)
{
	struct sigaction act = { .sa_handler = on_signal };
	int i, fd = dbg_open("blocks", O_RDONLY);
	struct reader r = { .fd = fd };
	pthread_t thread[2];
	__u64 end = now_ms() + 10000;

	if (fd < 0 || sigaction(SIGUSR1, &act, NULL))
		return KSFT_FAIL;
	for (i = 0; i < 2; i++)
		if (pthread_create(&thread[i], NULL, read_on, &r))
			return fail("cannot make threads");
	while (!__atomic_load_n(&r.interrupted, __ATOMIC_RELAXED) && now_ms() < end) {
		usleep(1000);
		pthread_kill(thread[0], SIGUSR1);
	}
	__atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	close(fd);
	if (r.bad)
		return fail("a read with signals: %s", strerror(r.bad));
	return r.interrupted ? KSFT_PASS : skip("no read had to wait when a signal came");
}

/* Of a dump the same as what summary and /proc/buddyinfo count */
static int dump_counts(struct counts *counts)
{
	struct dump dump;
	unsigned int i;
	size_t j;
	__u64 *bytes;
	int ret = dump_get(&dump);

	counts_get(counts);
	for (i = 0; i < counts->nr; i++)
		memset(counts->zone[i].bytes, 0, sizeof(counts->zone[i].bytes));
	for (j = 0; j < dump.nr; j++) {
		bytes = counts_of(counts, dump.block[j].node, dump.block[j].zone);
		if (bytes)
			bytes[dump.block[j].order] += order_bytes(dump.block[j].order);
	}
	dump_free(&dump);
	return ret;
}

static int test_adds_up(void)
{
	struct counts before, blocks, after;
	struct summary summary;
	__u64 end = 0, wrong[2];

	if (quiet())
		return KSFT_FAIL;
	do {
		counts_get(&before);
		if (summary_get(&summary) || dump_counts(&blocks))
			return KSFT_FAIL;
		counts_get(&after);
		wrong[0] = counts_differ(&summary.counts, &before);
		wrong[1] = counts_differ(&blocks, &after);
		if (wrong[0] <= slack() && wrong[1] <= slack())
			return KSFT_PASS;
	} while (again(&end));
	return fail("/proc/buddyinfo has %llu and %llu bytes, summary is %llu off, blocks %llu",
		    counts_sum(&before), counts_sum(&after), wrong[0], wrong[1]);
}

static bool within(__u64 value, __u64 low, __u64 high)
{
	return value + slack() >= low && value <= high + slack();
}

/* With no pass at work, all files tell the same of what is free */
static int files_agree(bool *agree)
{
	struct summary sum;
	struct stats stats;
	struct dump dump;
	struct ages ages;
	__u64 partial, waiting;

	if (stats_get(&stats) || summary_get(&sum) || ages_get(&ages) || dump_get(&dump))
		return KSFT_FAIL;
	partial = dump_state(&dump, S_PARTIAL);
	waiting = sum.sum[SUM_ELIGIBLE] + sum.sum[SUM_YOUNG] + sum.sum[SUM_WATERMARK];
	*agree = within(stats.v[REPORTED_NOW], sum.sum[SUM_REPORTED], sum.sum[SUM_REPORTED]) &&
		 within(ages.sum[IS_REPORTED], sum.sum[SUM_REPORTED], sum.sum[SUM_REPORTED]) &&
		 within(ages.sum[WAITING], waiting, waiting + sum.sum[SUM_ISOLATED]) &&
		 within(sum.sum[SUM_REPORTED], dump_state(&dump, S_REPORTED),
			dump_state(&dump, S_REPORTED) + partial) &&
		 within(waiting, dump_state(&dump, S_PENDING),
			dump_state(&dump, S_PENDING) + partial) &&
		 within(dump_state(&dump, S_SMALL), sum.sum[SUM_SMALL],
			sum.sum[SUM_SMALL] + sum.sum[SUM_ISOLATED]) &&
		 within(dump_state(&dump, S_UNTRACKED), sum.sum[SUM_UNTRACKED],
			sum.sum[SUM_UNTRACKED] + sum.sum[SUM_ISOLATED]);
	if (!*agree)
		ksft_print_msg("reported: stats %llu, summary %llu, ages %llu, blocks %llu, %llu\n",
			       stats.v[REPORTED_NOW], sum.sum[SUM_REPORTED],
			       ages.sum[IS_REPORTED], dump_state(&dump, S_REPORTED), partial);
	if (!*agree)
		ksft_print_msg("waiting: summary %llu, ages %llu, blocks %llu, %llu\n", waiting,
			       ages.sum[WAITING], dump_state(&dump, S_PENDING), partial);
	dump_free(&dump);
	return KSFT_PASS;
}

static int test_files_agree(void)
{
	bool agree;
	int tries;

	if (quiet())
		return KSFT_FAIL;
	for (tries = 0; tries < 10; tries++) {
		if (files_agree(&agree))
			return KSFT_FAIL;
		if (agree)
			return KSFT_PASS;
		usleep(200000);
	}
	return fail("they do not agree");
}

/* The sum over the histogram is the counter */
static int test_refault_ages(void)
{
	struct stats before, after;
	struct ages ages;
	__u64 end = 0;

	do {
		if (stats_get(&before) || ages_get(&ages) || stats_get(&after))
			return KSFT_FAIL;
		if (ages.sum[WAS_REFAULTED] >= before.v[REFAULTED] &&
		    ages.sum[WAS_REFAULTED] <= after.v[REFAULTED])
			return KSFT_PASS;
	} while (again(&end));
	return fail("refaulted: ages %llu, stats %llu to %llu", ages.sum[WAS_REFAULTED],
		    before.v[REFAULTED], after.v[REFAULTED]);
}

static int test_no_device(void)
{
	struct stats before, after;
	struct summary sum;
	struct mem mem = {};
	struct ages ages;
	int err, i;

	if (device)
		return skip("there is a device");
	if (stats_get(&before))
		return KSFT_FAIL;
	for (i = 0; i < 3; i++) {
		err = flush_write("1", 1);
		if (err != -ENODEV)
			return fail("flush: %s", strerror(-err));
		/* Nor does anything else make somebody work */
		if (param_set(MIN_AGE, 20 * i) || param_set(FRAGMENT, i) ||
		    mem_take(&mem, portion(8, 16 * MIB)))
			return KSFT_FAIL;
		mem_give(&mem);
		usleep(200000);
	}
	if (stats_get(&after) || summary_get(&sum) || ages_get(&ages))
		return KSFT_FAIL;
	if (after.v[PASSES] != before.v[PASSES] || after.v[REPORTED] != before.v[REPORTED] ||
	    after.v[REPORTED_NOW])
		return fail("%llu passes, %llu reported, %llu now",
			    after.v[PASSES] - before.v[PASSES],
			    after.v[REPORTED] - before.v[REPORTED], after.v[REPORTED_NOW]);
	if (sum.sum[SUM_UNTRACKED] + sum.sum[SUM_ISOLATED] != summary_all(&sum))
		return fail("summary: untracked %llu of %llu", sum.sum[SUM_UNTRACKED],
			    summary_all(&sum));
	if (ages.sum[WAITING] || ages.sum[IS_REPORTED])
		return fail("ages: %llu waiting, %llu reported", ages.sum[WAITING],
			    ages.sum[IS_REPORTED]);
	return KSFT_PASS;
}

static int test_flush_anything(void)
{
	static const size_t sizes[] = { 1, 2, 0, 4095, 100000 };
	char *text = malloc(100000);
	unsigned int i;
	int err;

	if (!text)
		return fail("no memory");
	memset(text, 'x', 100000);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		err = flush_write(text, sizes[i]);
		if (err)
			break;
	}
	free(text);
	return i < ARRAY_SIZE(sizes) ?
	       fail("a write of %zu bytes: %s", sizes[i], strerror(-err)) : KSFT_PASS;
}

/* What is freed and asked for is reported when the write returns */
static int test_flush(void)
{
	struct stats before, after;
	struct past past = {};
	struct summary sum;
	struct fate fate;
	int ret, tries;

	if (quiet())
		return KSFT_FAIL;
	for (tries = 0; tries < 10; tries++) {
		past_free(&past);
		ret = past_make(&past, portion(8, 16 * MIB + ram_bytes / 256));
		if (ret)
			return ret;
		if (stats_get(&before) || flush_all() || past_look(&past, &fate, 0) ||
		    summary_get(&sum) || stats_get(&after))
			return KSFT_FAIL;
		if (after.v[PASSES] == before.v[PASSES] ||
		    after.v[SWEEPS] == before.v[SWEEPS])
			return fail("a flush is no pass, or no sweep");
		if (sum.sum[SUM_ELIGIBLE] + sum.sum[SUM_YOUNG] <= slack() &&
		    most(&past, fate.state[S_REPORTED]) &&
		    fate.state[S_PENDING] * psize() <= slack() &&
		    after.v[REPORTED] > before.v[REPORTED])
			break;
	}
	fate_print(&past, &fate);
	past_free(&past);
	if (tries == 10)
		return fail("eligible %llu, young %llu, watermark %llu, reported %llu of %llu",
			    sum.sum[SUM_ELIGIBLE], sum.sum[SUM_YOUNG], sum.sum[SUM_WATERMARK],
			    sum.sum[SUM_REPORTED], summary_all(&sum));
	return KSFT_PASS;
}

/* Take memory that has been reported, and see what it counts as */
static int refault(enum kind kind, size_t len)
{
	struct stats before, after;
	struct mem mem = {};
	struct summary sum;
	__u64 unreported, delta;
	__s64 forgotten;
	bool good;

	/* Mapped before it is looked at what there is */
	if (!mem_map(&mem, kind, len))
		return skip("no memory of this kind: %s", strerror(errno));
	if (quiet_flush() || summary_get(&sum) || stats_get(&before))
		return KSFT_FAIL;
	good = mem_fill(&mem);
	if (stats_get(&after))
		return KSFT_FAIL;
	if (!good)
		return fail("memory that was reported does not read as zeros");
	if (flush_all())
		return KSFT_FAIL;
	good = mem_good(&mem);
	if (kind == THP)
		ksft_print_msg("huge: %s\n",
			       check_huge_anon(mem.word, len / read_pmd_pagesize(),
					       read_pmd_pagesize()) ? "all" : "not all");
	mem_give(&mem);
	if (!good)
		return fail("memory that was reported does not hold what is written");
	/* The pool has been taken long before */
	if (kind == HUGETLB)
		return KSFT_PASS;

	delta = after.v[REFAULTED] - before.v[REFAULTED];
	unreported = summary_all(&sum) - sum.sum[SUM_REPORTED] + slack();
	ksft_print_msg("taken %zu, refaulted %llu, soon %llu, %llu was free and unreported\n",
		       len, delta, after.v[SOON] - before.v[SOON], unreported - slack());
	if (delta + unreported < len)
		return fail("too little counts as refaulted");
	if (after.v[SOON] - before.v[SOON] > delta)
		return fail("more of it was too soon than there is");
	/* What was with the host was used, is there still, or was dropped */
	forgotten = stats_forgotten(&after) - stats_forgotten(&before);
	if ((__u64)llabs(forgotten) > slack())
		return fail("%lld reported bytes are unaccounted for", forgotten);
	return delta ? KSFT_PASS : skip("too little memory: none of it was reported");
}

static int test_refault_anon(void)
{
	return refault(ANON, portion(4, 32 * MIB));
}

static int test_refault_shmem(void)
{
	return refault(SHMEM, portion(4, 32 * MIB));
}

static int test_refault_thp(void)
{
	__u64 size = read_pmd_pagesize();

	if (!size || size > portion(4, 32 * MIB))
		return skip("no transparent huge pages");
	return refault(THP, portion(4, 32 * MIB) / size * size);
}

static int test_refault_hugetlb(void)
{
	__u64 nr = get_free_hugepages(), size = default_huge_page_size();

	if (!nr || !size)
		return skip("no free huge pages, see /proc/sys/vm/nr_hugepages");
	return refault(HUGETLB, (nr < 16 ? nr : 16) * size);
}

/* What stays in use is left alone, whatever is reported around it */
static int test_in_use(void)
{
	struct mem kept = {}, mem = {};
	unsigned int i;
	int ret = mem_take(&kept, portion(4, 16 * MIB));

	/* Full of holes */
	for (i = 0; !ret && i < 12; i++) {
		ret = mem_take(&mem, portion(8, 8 * MIB)) || flush_all();
		if (!ret)
			ret = param_set(MIN_AGE, i % 3 * 10) ||
			      (i % 4 == 0 && param_set(ORDER, i % 3 * 4));
		if (!ret && !(mem_good(&mem) && mem_good(&kept)))
			ret = fail("memory in use has changed");
		mem_give(&mem);
	}
	mem_give(&kept);
	return ret ? KSFT_FAIL : KSFT_PASS;
}

/* Freed memory waits, gets older, and is not reported as long as it is young */
static int past_waits(struct past *past)
{
	struct block first = {};
	struct fate fate;
	__u64 end = 0;

	do {
		if (past_look(past, &fate, NEVER_MS))
			return KSFT_FAIL;
		if (fate.state[S_REPORTED] && now_ms() - past->since < NEVER_MS)
			return fail("%zu pages are reported, yet young", fate.state[S_REPORTED]);
		if (most(past, fate.state[S_PENDING] + fate.state[S_PARTIAL]) &&
		    first.pfn == fate.waits.pfn && first.order == fate.waits.order &&
		    first.free_ms && fate.waits.free_ms > first.free_ms)
			return KSFT_PASS;
		if (first.pfn != fate.waits.pfn || first.order != fate.waits.order)
			first = fate.waits;
		/* A parameter that is set makes the worker look at once */
		param_set(MIN_AGE, NEVER_MS);
	} while (again(&end));
	fate_print(past, &fate);
	return fail("it should be pending and grow older");
}

static int test_age_waits(void)
{
	struct past past = {};
	int ret;

	if (quiet_flush())
		return KSFT_FAIL;
	ret = past_make(&past, portion(8, 16 * MIB + ram_bytes / 256));
	if (!ret)
		ret = past_waits(&past);
	/* All of a sudden it is old enough */
	if (!ret)
		ret = param_set(MIN_AGE, 100) ? KSFT_FAIL : past_reported(&past, 100);
	past_free(&past);
	return ret;
}

/* The worker sees by itself that something is free */
static int test_age_seen(void)
{
	struct past past = {};
	struct fate fate;
	__u64 end = 0;
	int ret;

	if (quiet_flush() || param_set(MIN_AGE, 8000) || flush_all())
		return KSFT_FAIL;
	ret = past_make(&past, portion(8, 16 * MIB + ram_bytes / 256));
	while (!ret) {
		ret = past_look(&past, &fate, 8000);
		if (!ret && (fate.waits.free_ms || fate.state[S_REPORTED]))
			break;
		if (!ret && !again(&end))
			ret = fail("it should have been seen");
	}
	past_free(&past);
	return ret;
}

static int test_age_comes(void)
{
	static const unsigned int ages[] = { 0, 500, 1500 };
	struct past past = {};
	unsigned int i;
	int ret = KSFT_PASS;

	for (i = 0; i < ARRAY_SIZE(ages) && !ret; i++) {
		if (quiet_flush() || param_set(MIN_AGE, ages[i]))
			return KSFT_FAIL;
		ret = past_make(&past, portion(8, 16 * MIB + ram_bytes / 256));
		if (!ret)
			ret = past_reported(&past, ages[i]);
		past_free(&past);
	}
	return ret;
}

/* Have a granule of another order, so that all is forgotten; sets it to @order */
static int forget(unsigned int order)
{
	unsigned int other = granule() ? granule() - 1 : 1;

	return param_set(ORDER, other) || param_set(ORDER, order) ? KSFT_FAIL : KSFT_PASS;
}

/* Much of what has just been reported is used again; @soon: soon enough to count */
static int reuse(unsigned int age, bool *soon)
{
	size_t len = portion(4, ram_bytes / 32);
	struct stats before, after;
	struct mem mem = {};

	if (param_set(MIN_AGE, age) || forget(granule()) || flush_all() ||
	    stats_get(&before) || mem_take(&mem, len) || stats_get(&after))
		return KSFT_FAIL;
	mem_give(&mem);
	*soon = after.v[SOON] - before.v[SOON] > ram_bytes / 128;
	return KSFT_PASS;
}

/* Let passes come until the age in force is from @low to @high */
static int age_becomes(__u64 low, __u64 high, unsigned int min_age, __u64 patience)
{
	__u64 end = now_ms() + patience;
	struct stats stats;

	do {
		if (param_set(MIN_AGE, min_age) || stats_get(&stats))
			return KSFT_FAIL;
		if (stats.v[AGE_MS] > 32ULL * min_age + TICKS_MS)
			return fail("age_ms %llu is more than 32 times %u", stats.v[AGE_MS],
				    min_age);
		if (stats.v[AGE_MS] >= low && stats.v[AGE_MS] <= high)
			return KSFT_PASS;
		usleep(50000);
	} while (now_ms() < end);
	return KSFT_SKIP;
}

static int test_refault_percent(void)
{
	unsigned int age;
	int ret = KSFT_SKIP;
	bool soon = false;

	if (param_set(PERCENT, 1))
		return KSFT_FAIL;
	/* The slower the guest, the later is soon */
	for (age = 1000; age <= 64000 && !soon; age *= 4)
		if (reuse(age, &soon))
			return KSFT_FAIL;
	if (soon)
		ret = age_becomes(age / 2, ULLONG_MAX, age / 4, age + 20000);
	if (!soon)
		return skip("too slow, or too little memory");
	if (ret)
		return ret == KSFT_SKIP ? fail("the age is not raised") : KSFT_FAIL;
	if (param_set(MIN_AGE, 20))
		return KSFT_FAIL;
	ret = age_becomes(20, 20 + TICKS_MS, 20, PATIENCE_MS);
	return ret == KSFT_SKIP ? fail("the age does not come down again") : ret;
}

static int test_refault_percent_0(void)
{
	struct stats before, after;
	bool soon = false;
	unsigned int age;

	if (param_set(PERCENT, 0))
		return KSFT_FAIL;
	for (age = 1000; age <= 64000 && !soon; age *= 4)
		if (stats_get(&before) || reuse(age, &soon))
			return KSFT_FAIL;
	if (!soon)
		return skip("too slow, or too little memory");
	age /= 4;
	switch (age_becomes(age + 2 * TICKS_MS, ULLONG_MAX, age, 4 * age)) {
	case KSFT_PASS:
		return fail("the age is raised");
	case KSFT_FAIL:
		return KSFT_FAIL;
	}
	if (stats_get(&after))
		return KSFT_FAIL;
	return after.v[PASSES] - before.v[PASSES] < 4 ? fail("no passes") : KSFT_PASS;
}

/* Below @least all that is not reported is small, from there on nothing is */
static int fragments_are(unsigned int value, unsigned int least)
{
	struct summary sum;
	unsigned int order;

	if (param_set(FRAGMENT, value) || summary_get(&sum))
		return KSFT_FAIL;
	for (order = 0; order <= max_order; order++) {
		const __u64 *is = sum.order[order];

		if (order >= least ? is[SUM_SMALL] :
		    is[SUM_ELIGIBLE] + is[SUM_YOUNG] + is[SUM_WATERMARK])
			return fail("fragment_order %u: order %u has %llu small, %llu not",
				    value, order, is[SUM_SMALL],
				    is[SUM_ELIGIBLE] + is[SUM_YOUNG] + is[SUM_WATERMARK]);
	}
	if (least && !sum.sum[SUM_SMALL])
		return fail("fragment_order %u: nothing is small", value);
	return KSFT_PASS;
}

static int test_fragment_order(void)
{
	unsigned int top = granule(), order, least = 0;
	size_t page = psize(), i;
	struct mem mem = {};
	struct summary sum;
	int ret;

	if (quiet() || param_set(FRAGMENT, 0) || mem_take(&mem, portion(8, 2 * MIB)))
		return KSFT_FAIL;
	/* Every other page, so that there are blocks of all orders */
	for (i = 0; i < mem.len; i += 2 * page)
		madvise((char *)mem.word + i, page, MADV_DONTNEED);
	if (summary_get(&sum))
		return KSFT_FAIL;
	/* A device that does not take less than a granule */
	if (sum.sum[SUM_SMALL])
		least = top;
	ret = fragments_are(max_order + 1, top) || fragments_are(UINT_MAX, top);
	for (order = 0; order <= top && !ret; order++)
		ret = fragments_are(order, least ? least : order);
	mem_give(&mem);
	return ret ? KSFT_FAIL : KSFT_PASS;
}

/* Give back all but one page in 4, have it reported, then give back the rest */
static int small_blocks(struct mem *mem, struct past *past)
{
	size_t page = psize(), i;
	struct stats before, after;
	struct fate fate;
	__u64 end = 0;
	int ret;

	ret = past_note(past, mem, 4);
	if (ret)
		return ret;
	for (i = 0; i < mem->len; i += page)
		if (i / page % 4 && madvise((char *)mem->word + i, page, MADV_DONTNEED))
			return fail("madvise: %s", strerror(errno));
	do {
		if (flush_all() || past_look(past, &fate, 0))
			return KSFT_FAIL;
	} while (!most(past, fate.state[S_REPORTED]) && again(&end));
	fate_print(past, &fate);
	if (!most(past, fate.state[S_REPORTED]))
		return fail("small blocks are not reported");
	if (stats_get(&before))
		return KSFT_FAIL;
	mem_give(mem);
	do {
		/* Drains what is in the processors' own lists */
		if (flush_all() || stats_get(&after))
			return KSFT_FAIL;
		if (after.v[DROPPED] > before.v[DROPPED])
			return KSFT_PASS;
	} while (again(&end));
	return fail("nothing counts as dropped when small blocks become large");
}

static int test_small_blocks(void)
{
	struct past past = {};
	struct mem mem = {};
	int ret;

	if (quiet_flush() || param_set(FRAGMENT, 0) || mem_take(&mem, portion(8, 4 * MIB)))
		return KSFT_FAIL;
	ret = small_blocks(&mem, &past);
	mem_give(&mem);
	past_free(&past);
	return ret;
}

/* Set an order: all is forgotten, and reported again */
static int order_change(unsigned int order)
{
	struct stats before, forgot, after;
	unsigned int most = block_order;
	bool changes = (order < most ? order : most) != granule();
	struct summary sum;
	bool agree = false;
	__u64 end = 0;

	if (flush_all() || stats_get(&before) || param_set(ORDER, order) || stats_get(&forgot))
		return KSFT_FAIL;
	if (param_get(ORDER) != (long)order)
		return fail("order %u shows as %ld", order, param_get(ORDER));
	if (changes && forgot.v[REPORTED_NOW])
		return fail("order %u: %llu is remembered", order, forgot.v[REPORTED_NOW]);
	if (!changes && forgot.v[REPORTED_NOW] + slack() < before.v[REPORTED_NOW])
		return fail("order %u changes nothing, yet all is forgotten", order);
	do {
		if (flush_all() || stats_get(&after) || summary_get(&sum) || files_agree(&agree))
			return KSFT_FAIL;
		if (agree && sum.sum[SUM_ELIGIBLE] + sum.sum[SUM_YOUNG] <= slack())
			break;
	} while (again(&end));
	if (!agree || after.v[REPORTED_NOW] < before.v[REPORTED_NOW] / 2)
		return fail("order %u: %llu is reported again, of %llu", order,
			    after.v[REPORTED_NOW], before.v[REPORTED_NOW]);
	if (changes && after.v[REDUNDANT] == before.v[REDUNDANT])
		return fail("order %u: none of it counts as redundant", order);
	return KSFT_PASS;
}

static int test_order(void)
{
	static const unsigned int orders[] = { 0, 3, 5, 3, 32, 33, 32 };
	struct mem kept = {};
	unsigned int i;
	int ret = mem_take(&kept, portion(4, 16 * MIB));

	if (ret || quiet())
		return KSFT_FAIL;
	for (i = 0; i < ARRAY_SIZE(orders) && !ret; i++)
		/* 32 for a pageblock, 33 for the largest there is */
		ret = order_change(orders[i] == 33 ? max_order :
				   orders[i] == 32 ? (unsigned int)block_order : orders[i]);
	if (!ret && test_blocks())
		ret = KSFT_FAIL;
	if (!ret && !mem_good(&kept))
		ret = fail("memory in use has changed");
	mem_give(&kept);
	return ret;
}

/* With small granules, what is freed merges with what is reported */
static int test_kept(void)
{
	struct stats before, after;
	struct mem mem = {};
	__u64 end = 0;

	if (quiet() || param_set(ORDER, 3) || stats_get(&before))
		return KSFT_FAIL;
	do {
		if (flush_all() || mem_take(&mem, portion(8, 4 * MIB)))
			return KSFT_FAIL;
		mem_give(&mem);
		/* Drains what is in the processors' own lists */
		if (flush_all() || stats_get(&after))
			return KSFT_FAIL;
		if (after.v[KEPT] > before.v[KEPT])
			return KSFT_PASS;
	} while (again(&end));
	return fail("nothing counts as kept");
}

/* Flushes while the order changes: done, or cut short */
struct flusher {
	bool stop;
	unsigned int done;
	unsigned int canceled;
	int bad;
};

static void *flush_on(void *arg)
{
	struct flusher *f = arg;
	int err;

	while (!__atomic_load_n(&f->stop, __ATOMIC_RELAXED)) {
		err = flush_write("1", 1);
		if (err == (device ? 0 : -ENODEV))
			__atomic_add_fetch(&f->done, 1, __ATOMIC_RELAXED);
		else if (err == -ECANCELED && device)
			__atomic_add_fetch(&f->canceled, 1, __ATOMIC_RELAXED);
		else
			f->bad = err;
	}
	return NULL;
}

static int test_flush_canceled(void)
{
	unsigned int order = granule(), other = order ? order - 1 : 1, i;
	struct flusher f = {};
	pthread_t thread;
	__u64 end = 0;
	int ret = KSFT_PASS;

	if (quiet() || pthread_create(&thread, NULL, flush_on, &f))
		return fail("cannot set up");
	for (i = 0; !ret && !__atomic_load_n(&f.canceled, __ATOMIC_RELAXED); i++) {
		usleep(random() % 20000);
		ret = param_set(ORDER, i % 2 ? order : other);
		if (!ret && !again(&end))
			ret = skip("no change came in the midst of a flush");
	}
	__atomic_store_n(&f.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	if (f.bad)
		return fail("a flush while the order changes: %s", strerror(-f.bad));
	return ret;
}

static int flush_forever(void)
{
	while (!flush_write("1", 1))
		;
	return KSFT_FAIL;
}

static int test_flush_killed(void)
{
	__u64 end = 0;
	int i, status;
	pid_t pid;

	if (quiet())
		return KSFT_FAIL;
	for (i = 0; i < 10; i++) {
		if (forget(granule()))
			return KSFT_FAIL;
		fflush(stdout);
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			_exit(flush_forever());
		}
		if (pid < 0)
			return fail("cannot fork");
		usleep(random() % 50000);
		kill(pid, SIGKILL);
		while (!waitpid(pid, &status, WNOHANG))
			if (!again(&end))
				return fail("a flush that is killed goes on");
		if (!WIFSIGNALED(status))
			return fail("a flush has failed");
	}
	return flush_all();
}

/* Everything at once */

struct crowd {
	bool stop;
	int bad;
	unsigned int rounds[4];
};

static void crowd_ends(struct crowd *c, int who, int ret)
{
	if (ret)
		c->bad = 1;
	__atomic_add_fetch(&c->rounds[who], 1, __ATOMIC_RELAXED);
}

static bool crowd_goes_on(struct crowd *c)
{
	return !__atomic_load_n(&c->stop, __ATOMIC_RELAXED) &&
	       !__atomic_load_n(&c->bad, __ATOMIC_RELAXED);
}

static void *crowd_blocks(void *arg)
{
	struct crowd *c = arg;

	while (crowd_goes_on(c)) {
		__u64 pfn = random() % blocks_most();
		size_t piece = random() % 2 * 512, shorts = 0;
		char *text = dbg_read_from("blocks", random() % 2 ? pfn : 0, piece, 5000, &shorts);
		struct dump dump = {};

		crowd_ends(c, 0, !text || dump_parse(&dump, text));
		dump_free(&dump);
		free(text);
	}
	return NULL;
}

static void *crowd_files(void *arg)
{
	struct summary summary;
	struct crowd *c = arg;
	struct stats stats;
	struct ages ages;

	while (crowd_goes_on(c))
		crowd_ends(c, 1, summary_get(&summary) || ages_get(&ages) ||
			   stats_get(&stats));
	return NULL;
}

static void *crowd_params(void *arg)
{
	static const unsigned int ages[] = { 0, 20, 1000, NEVER_MS };
	struct crowd *c = arg;

	while (crowd_goes_on(c)) {
		int ret = param_set(MIN_AGE, ages[random() % ARRAY_SIZE(ages)]) ||
			  param_set(FRAGMENT, random() % (max_order + 2)) ||
			  param_set(PERCENT, random() % 3 * 10) ||
			  param_set(DELAY, random() % 100);

		if (!ret && param_changeable(ORDER) && random() % 4 == 0)
			ret = param_set(ORDER, random() % (max_order + 1));
		crowd_ends(c, 2, ret);
		usleep(random() % 20000);
	}
	return NULL;
}

static void *crowd_memory(void *arg)
{
	size_t len = portion(16, 4 * MIB);
	struct mem mem[3] = {};
	struct crowd *c = arg;
	int i, ret = 0;

	while (crowd_goes_on(c)) {
		i = random() % ARRAY_SIZE(mem);
		if (mem[i].len && !mem_good(&mem[i]))
			ret = fail("memory in use has changed");
		mem_give(&mem[i]);
		crowd_ends(c, 3, ret || mem_take(&mem[i], len));
	}
	for (i = 0; i < (int)ARRAY_SIZE(mem); i++) {
		if (mem[i].len && !mem_good(&mem[i]))
			crowd_ends(c, 3, fail("memory in use has changed"));
		mem_give(&mem[i]);
	}
	return NULL;
}

static int test_crowd(void)
{
	static void *(* const who[])(void *) = {
		crowd_blocks, crowd_files, crowd_params, crowd_memory,
	};
	pthread_t thread[ARRAY_SIZE(who)], flusher;
	__u64 least = now_ms() + 5000, end = 0;
	struct flusher f = {};
	struct crowd c = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(who); i++)
		if (pthread_create(&thread[i], NULL, who[i], &c))
			return fail("cannot make threads");
	if (pthread_create(&flusher, NULL, flush_on, &f))
		return fail("cannot make threads");
	/* Everybody has had some turns */
	for (i = 0; i < ARRAY_SIZE(who) && crowd_goes_on(&c); i++)
		while (__atomic_load_n(&c.rounds[i], __ATOMIC_RELAXED) < 3 &&
		       crowd_goes_on(&c) && again(&end))
			;
	while (now_ms() < least && crowd_goes_on(&c))
		usleep(20000);
	__atomic_store_n(&c.stop, true, __ATOMIC_RELAXED);
	__atomic_store_n(&f.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(who); i++)
		pthread_join(thread[i], NULL);
	pthread_join(flusher, NULL);
	ksft_print_msg("blocks %u, files %u, parameters %u, memory %u, flush %u, canceled %u\n",
		       c.rounds[0], c.rounds[1], c.rounds[2], c.rounds[3], f.done, f.canceled);
	if (f.bad)
		return fail("flush: %s", strerror(-f.bad));
	if (c.bad)
		return KSFT_FAIL;
	for (i = 0; i < ARRAY_SIZE(who); i++)
		if (!c.rounds[i])
			return fail("thread %u has had no turn", i);
	return KSFT_PASS;
}

static int test_counters(void)
{
	struct stats stats;
	int i;

	if (stats_get(&stats))
		return KSFT_FAIL;
	for (i = 0; i < NR_STATS; i++) {
		if (i == REPORTED_NOW || i == AGE_MS)
			continue;
		if (stats.v[i] < first_stats.v[i])
			return fail("%s: %llu after %llu", stat_names[i], stats.v[i],
				    first_stats.v[i]);
	}
	if (stats.v[ERRORS] != first_stats.v[ERRORS] ||
	    stats.v[FAILED] != first_stats.v[FAILED])
		return fail("the device has failed %llu times",
			    stats.v[ERRORS] - first_stats.v[ERRORS]);
	if (device && !(stats.v[LOCK_HOLD_MAX] && stats.v[PASS_NS] > first_stats.v[PASS_NS]))
		return fail("no time was spent");
	return KSFT_PASS;
}

static int test_restored(void)
{
	return params_restore() ? KSFT_PASS : fail("some parameter is not what it was");
}

enum { FILES = 1, DEVICE = FILES | 2, PAGEBLOCK = 4 };

static const struct test {
	const char *name;
	int (*fn)(void);
	unsigned int needs;
} tests[] = {
	{ "parameters: modes and format", test_param_modes, 0 },
	{ "parameters: take numbers and show them", test_param_values, 0 },
	{ "parameters: refuse anything else", test_param_rubbish, 0 },
	{ "tracepoints are there", test_tracepoints, 0 },
	{ "files: as page_ext= says, for root alone", test_files, 0 },
	{ "files: refuse what they cannot do", test_files_refuse, FILES },
	{ "stats: format", test_stats, FILES },
	{ "stats: age_ms is what is set", test_age_ms, FILES },
	{ "summary: format", test_summary, FILES },
	{ "ages: format", test_ages, FILES },
	{ "blocks: format", test_blocks, FILES | PAGEBLOCK },
	{ "blocks: the same in pieces of any size", test_blocks_pieces, FILES },
	{ "blocks: the offset is a pfn", test_blocks_seek, FILES },
	{ "blocks: the end", test_blocks_end, FILES },
	{ "blocks: EFAULT, and nothing is lost", test_blocks_efault, FILES },
	{ "blocks: EINTR", test_blocks_eintr, FILES },
	{ "free memory adds up", test_adds_up, FILES },
	{ "all files tell the same", test_files_agree, FILES },
	{ "no device: nothing is known or done, flush says so", test_no_device, FILES },
	{ "flush: takes anything", test_flush_anything, DEVICE },
	{ "flush: reports what is free", test_flush, DEVICE | PAGEBLOCK },
	{ "flush: ECANCELED", test_flush_canceled, DEVICE | PAGEBLOCK },
	{ "flush: can be killed", test_flush_killed, DEVICE | PAGEBLOCK },
	{ "use again: anonymous memory", test_refault_anon, DEVICE },
	{ "use again: tmpfs", test_refault_shmem, DEVICE },
	{ "use again: transparent huge pages", test_refault_thp, DEVICE },
	{ "use again: huge pages", test_refault_hugetlb, DEVICE },
	{ "use again: ages add up to the counter", test_refault_ages, FILES },
	{ "memory in use is left alone", test_in_use, DEVICE },
	{ "age: freed memory waits until the age is lowered", test_age_waits, DEVICE | PAGEBLOCK },
	{ "age: freed memory is seen", test_age_seen, DEVICE | PAGEBLOCK },
	{ "age: reported when it has come, not before", test_age_comes, DEVICE | PAGEBLOCK },
	{ "target_refault_percent: raises the age", test_refault_percent, DEVICE | PAGEBLOCK },
	{ "target_refault_percent: 0 does not", test_refault_percent_0, DEVICE | PAGEBLOCK },
	{ "fragment_order: below it all is small", test_fragment_order, DEVICE | PAGEBLOCK },
	{ "fragment_order: small blocks are reported", test_small_blocks, DEVICE | PAGEBLOCK },
	{ "page_reporting_order: all is reported again", test_order, DEVICE | PAGEBLOCK },
	{ "page_reporting_order: merges are kept", test_kept, DEVICE | PAGEBLOCK },
	{ "everything at once", test_crowd, FILES },
	{ "counters only grow", test_counters, FILES },
	{ "parameters are as they were", test_restored, 0 },
};

static void run(const struct test *test)
{
	int ret;

	if ((test->needs & FILES) && dbg_dir < 0)
		ret = skip("needs page_ext=on");
	else if ((test->needs & DEVICE) == DEVICE && !device)
		ret = skip("needs a device that reports");
	else if ((test->needs & PAGEBLOCK) && block_order < 0)
		ret = skip("needs /proc/pagetypeinfo");
	else
		ret = test->fn();
	params_restore();
	if (ret == KSFT_SKIP)
		ksft_test_result_code(ret, test->name, "%s", skip_reason);
	else
		ksft_test_result_report(ret, "%s\n", test->name);
}

static bool chosen(const struct test *test, const char *only)
{
	return !only || strstr(test->name, only);
}

static int device_find(void)
{
	struct dump dump;

	if (dump_get(&dump))
		return KSFT_FAIL;
	device = dump_state(&dump, S_UNTRACKED) <= slack();
	dump_free(&dump);
	return KSFT_PASS;
}

/* In a process of its own, so that whatever ends it does not end who cleans up */
static void run_all(const char *only)
{
	unsigned int i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(tests); i++)
		nr += chosen(&tests[i], only);
	ksft_print_header();
	ksft_set_plan(nr);
	if (dbg_dir >= 0 && (stats_get(&first_stats) || device_find()))
		ksft_print_msg("files cannot be read\n");
	ksft_print_msg("%llu MiB, pages of %u, pageblocks of order %d, %s, %s\n",
		       ram_bytes / MIB, psize(), block_order,
		       dbg_dir < 0 ? "no files" : "files", device ? "a device" : "no device");
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		if (chosen(&tests[i], only))
			run(&tests[i]);
	ksft_finished();
}

/* Wait for the child; a signal that would end us ends it first */
static int supervise(pid_t child, const sigset_t *signals)
{
	int sig, status, end = 0;

	while (waitpid(child, &status, WNOHANG) != child) {
		sig = sigwaitinfo(signals, NULL);
		if (sig <= 0 || sig == SIGCHLD)
			continue;
		end = sig;
		kill(child, SIGKILL);
	}
	if (!params_restore())
		ksft_exit_fail_msg("parameters cannot be restored\n");
	if (end) {
		signal(end, SIG_DFL);
		sigprocmask(SIG_UNBLOCK, signals, NULL);
		raise(end);
	}
	if (WIFSIGNALED(status))
		ksft_exit_fail_msg("killed by signal %d\n", WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* Where nobody has mounted it, for us alone */
static void mount_here(const char *type, const char *where)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(type, where, type, 0, NULL))
		ksft_print_msg("%s cannot be mounted: %s\n", type, strerror(errno));
}

static void find_everything(const char *params)
{
	struct counts counts;
	int i;

	if (geteuid())
		ksft_exit_skip("needs root\n");
	param_dir = open(params, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (param_dir < 0 || faccessat(param_dir, "min_age_ms", F_OK, 0))
		ksft_exit_skip("this kernel does not report free pages by age\n");
	for (i = 0; i < NR_SETTINGS; i++)
		param_read(i, param_found[i], sizeof(param_found[i]));
	if (!counts_get(&counts))
		ksft_exit_skip("no /proc/buddyinfo\n");
	pagetypes_get();
	ram_bytes = meminfo_get("MemTotal");
	if (access(DEBUGFS "/sched", F_OK) && access(DEBUGFS "/tracing", F_OK) &&
	    access(DEBUGFS "/clear_warn_once", F_OK))
		mount_here("debugfs", DEBUGFS);
	if (access(TRACEFS "/events", F_OK))
		mount_here("tracefs", TRACEFS);
	dbg_dir = open(dbg_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int main(int argc, char **argv)
{
	const char *params = PARAMETERS, *only = NULL;
	sigset_t signals, before;
	pid_t child;
	int opt;

	while ((opt = getopt(argc, argv, "d:p:t:")) != -1) {
		switch (opt) {
		case 'd':
			dbg_path = optarg;
			break;
		case 'p':
			params = optarg;
			break;
		case 't':
			only = optarg;
			break;
		default:
			fprintf(stderr, "usage: %s [-d DIR] [-p DIR] [-t WORD]\n"
				"  -d  where the files of debugfs are\n"
				"  -p  where the parameters are\n"
				"  -t  run only the tests that have this in their name\n",
				argv[0]);
			return KSFT_FAIL;
		}
	}
	find_everything(params);

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGTERM);
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, &signals, &before);
	fflush(stdout);
	child = fork();
	if (child < 0)
		ksft_exit_fail_msg("fork: %s\n", strerror(errno));
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigprocmask(SIG_SETMASK, &before, NULL);
		run_all(only);
	}
	return supervise(child, &signals);
}
