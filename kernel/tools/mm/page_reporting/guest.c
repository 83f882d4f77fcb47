// SPDX-License-Identifier: GPL-2.0
/* Puts together what is known of the guest's memory, and what is missing. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "page_reporting.h"

const struct part_info parts[NR_PARTS] = {
	[PROGRAMS] = { "programs", "programs", 'P', 1,
		"is in use: 'ps -eo rss,comm --sort=-rss | head' names who has it, 'df -t tmpfs' the files in memory" },
	[CACHE] = { "page_cache", "page cache", 'C', 3,
		"is not free: drop it ('sync; echo 1 > /proc/sys/vm/drop_caches'), or let DAMON (damon_reclaim) or memory.reclaim age it" },
	[SLAB] = { "slab", "slab", 'S', 5,
		"is not free: 'slabtop -o -s c' names the caches; 'echo 2 > /proc/sys/vm/drop_caches' frees dentries and inodes" },
	[PCP] = { "per_cpu_lists", "per-cpu lists", 'L', 5,
		"is kept by CPUs for their next allocations: the worker drains idle CPUs when nothing new was freed; 'echo 1 > /proc/sys/vm/compact_memory' drains all" },
	[KERNEL] = { "kernel", "kernel, other", 'K', 5,
		"is the kernel's, a driver's, or a balloon's: PageTables, KernelStack, VmallocUsed, Percpu and Hugetlb in /proc/meminfo name some of it" },
	[REPORTED] = { "reported", "reported", '.', 2,
		"is back with the host: nothing to do" },
	[YOUNG] = { "young", "waiting", 'w', 6,
		"will go back when it is old enough: 'page-reporting flush' reports it now; a lower min_age_ms counts while no age is learnt" },
	[ELIGIBLE] = { "eligible", "due", 'd', 6,
		"goes back in the next pass: look again in a second; if it stays, quota_ms or quota_mib may be too low" },
	[SMALL] = { "small", "too small", 's', 7,
		"is in blocks that are not reported: lower fragment_order, or 'echo 1 > /proc/sys/vm/compact_memory' makes larger ones" },
	[FEW] = { "few", "too few", 'f', 7,
		"is in small blocks that come to less than 1/1024 of memory: nothing to do, or 'page-reporting flush'" },
	[ISOLATED] = { "isolated", "isolated", 'i', 7,
		"is isolated, for instance to go offline: it goes back when that ends" },
	[BACKING_OFF] = { "backing_off", "device fails", '!', 1,
		"waits because the device failed: read dmesg and the host's log; it is tried again within 64 s" },
	[WATERMARK] = { "watermark", "watermark", 'm', 7,
		"stays, since the guest would be left with too little meanwhile: it is tried again after page_reporting_delay_ms; give the guest more memory, or stop a program" },
	[SPARSE] = { "sparse", "sparse", 'h', 7,
		"is in 2 MiB of which less than fragment_percent is free and old: lower that if the host has no huge pages to save, or 'page-reporting flush'" },
	[UNTRACKED] = { "untracked", "no device", 'n', 1,
		"stays, as there is no device to report to: give QEMU '-device virtio-balloon-pci,free-page-reporting=on' (User Mode Linux: page_reporting_um.enable=1)" },
	[UNKNOWN] = { "unknown", "not reported", '?', 6,
		"is free and not reported; to see why, this must be run as root, with debugfs, in a guest booted with page_ext=on" },
};

const struct missing_info missing_info[NR_MISSING] = {
	[NOTHING_MISSING] = { "nothing", "nothing is missing" },
	[NO_PROC] = { "proc",
		"cannot read /proc/meminfo: mount it ('mount -t proc none /proc'), or check --root" },
	[NO_KERNEL] = { "kernel",
		"this kernel has no free page reporting by age (no " PARAMETERS "/min_age_ms): boot one that has it, built with CONFIG_PAGE_REPORTING=y" },
	[NO_DEBUGFS] = { "debugfs",
		"debugfs is not mounted: as root 'mount -t debugfs none " DEBUGFS "'; if that fails, the kernel was built without CONFIG_DEBUG_FS and only summary, top, json, prometheus and watch work, from /proc, and flush" },
	[NOT_ROOT] = { "root",
		"only root may read " OURS ": run this with sudo; summary, top, json, prometheus and watch work without, from /proc" },
	[NO_PAGE_EXT] = { "page_ext",
		"this guest was not booted with page_ext=on, so nothing is reported: add it to the kernel command line (GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub; or install page-reporting-grub) and reboot" },
	[NO_DEVICE] = { "device",
		"no device has registered, so nothing is reported: give QEMU '-device virtio-balloon-pci,free-page-reporting=on' (User Mode Linux: page_reporting_um.enable=1), and load virtio_balloon in the guest" },
};

/* Paths that are too long do not exist. */
void root_path(char *path, const char *root, const char *file)
{
	if (snprintf(path, PATH_LEN, "%s%s", root, file) >= PATH_LEN)
		*path = '\0';
}

FILE *open_file(const struct guest *g, const char *file)
{
	char path[PATH_LEN];

	root_path(path, g->root, file);
	return fopen(path, "re");
}

FILE *open_debugfs(const struct guest *g, const char *name)
{
	char file[128];

	snprintf(file, sizeof(file), OURS "/%s", name);
	return open_file(g, file);
}

static bool present(const struct guest *g, const char *file, int mode)
{
	char path[PATH_LEN];

	root_path(path, g->root, file);
	return !access(path, mode);
}

bool file_exists(const struct guest *g, const char *file)
{
	return present(g, file, F_OK);
}

/* Is anything in that directory? -1 if it may not be read. */
static int populated(const struct guest *g, const char *name)
{
	char path[PATH_LEN];
	struct dirent *de;
	int nr = 0;
	DIR *dir;

	root_path(path, g->root, name);
	dir = opendir(path);
	if (!dir)
		return errno == EACCES || errno == EPERM ? -1 : 0;
	while ((de = readdir(dir)))
		nr += de->d_name[0] != '.';
	closedir(dir);
	return nr > 0;
}

/* What the kernel takes for yes (1) and no (0); -1: it ignores the word. */
static int yes_or_no(const char *word)
{
	switch (*word | 0x20) {
	case 'y':
	case 't':
		return 1;
	case 'n':
	case 'f':
		return 0;
	case 'o':
		switch (word[1] | 0x20) {
		case 'n':
			return 1;
		case 'f':
			return 0;
		}
		return -1;
	}
	return *word == '1' ? 1 : *word == '0' ? 0 : -1;
}

/* Was page_ext=on given? The last one that counts does; -1 if none was. */
static int asked_for(const struct guest *g)
{
	FILE *f = open_file(g, "/proc/cmdline");
	char line[PATH_LEN], *save, *word;
	int on = -1;

	if (!f)
		return -1;
	if (fgets(line, sizeof(line), f)) {
		for (word = strtok_r(line, " \n", &save); word;
		     word = strtok_r(NULL, " \n", &save)) {
			char *value = strchr(word, '=');
			int is;

			if (!value)
				continue;
			*value++ = 0;
			if (strcmp(word, "page_ext") && strcmp(word, "page-ext") &&
			    strcmp(word, "page_reporting") && strcmp(word, "page-reporting"))
				continue;
			is = yes_or_no(value);
			if (is >= 0)
				on = is;
		}
	}
	fclose(f);
	return on;
}

static enum missing find_missing(const struct guest *g)
{
	if (!present(g, PARAMETERS "/min_age_ms", F_OK))
		return NO_KERNEL;
	switch (populated(g, DEBUGFS)) {
	case 0:
		return asked_for(g) ? NO_DEBUGFS : NO_PAGE_EXT;
	case -1:
		return asked_for(g) ? NOT_ROOT : NO_PAGE_EXT;
	}
	if (!present(g, OURS, F_OK))
		return errno == EACCES ? NOT_ROOT : NO_PAGE_EXT;
	if (!present(g, OURS "/summary", R_OK))
		return NOT_ROOT;
	return NOTHING_MISSING;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* The used parts come from /proc/meminfo, whose columns overlap a little. */
static bool read_used(struct guest *g, uint64_t *free_bytes)
{
	struct counters mem = { 0 };
	uint64_t files, rest;
	FILE *f = open_file(g, "/proc/meminfo");

	if (!f)
		return false;
	parse_meminfo(f, &mem);
	fclose(f);
	g->total = counter(&mem, "MemTotal");
	*free_bytes = counter(&mem, "MemFree");
	if (*free_bytes > g->total)
		*free_bytes = g->total;
	files = add(counter(&mem, "Cached"), counter(&mem, "Buffers"));
	g->part[PROGRAMS] = add(counter(&mem, "AnonPages"),
				counter(&mem, "Shmem"));
	g->part[CACHE] = less(files, counter(&mem, "Shmem"));
	g->part[SLAB] = counter(&mem, "Slab");
	f = open_file(g, "/proc/zoneinfo");
	if (f) {
		g->nr_zones = parse_zoneinfo(f, g->zones, ARRAY_LEN(g->zones));
		fclose(f);
	}
	for (size_t i = 0; i < g->nr_zones; i++)
		g->part[PCP] = add(g->part[PCP], times(g->zones[i].pcp, g->page));
	/* What is left is the kernel's; and nothing exceeds the whole. */
	rest = less(g->total, *free_bytes);
	for (enum part p = PROGRAMS; p < KERNEL; p++) {
		if (g->part[p] > rest)
			g->part[p] = rest;
		rest -= g->part[p];
	}
	g->part[KERNEL] = rest;
	return g->total > 0;
}

static bool read_summary(struct guest *g)
{
	FILE *f = open_debugfs(g, "summary");
	int err;

	if (!f)
		return false;
	err = parse_summary(f, &g->rows, &g->nr_rows, &g->broken);
	fclose(f);
	if (err || !g->nr_rows)
		return false;
	for (size_t i = 0; i < g->nr_rows; i++)
		for (enum part p = FIRST_FREE; p < NR_PARTS; p++)
			g->part[p] = add(g->part[p], g->rows[i].bytes[p]);
	return true;
}

/* A block smaller than 2 MiB waits half as much more for each order less. */
static uint64_t age_for(const struct block *b, uint64_t page, uint64_t age_ms)
{
	unsigned int order = b->order;
	uint64_t age = age_ms;

	for (; order < MAX_ORDER && page << order < HUGE_BYTES; order++)
		age = add(age, age_ms / 2);
	return age;
}

/*
 * How long a block has still to wait; -1 if nobody knows. What is older than its
 * age was free before the device came, and waits eight times as long.
 */
int64_t block_wait_ms(const struct block *b, uint64_t page, uint64_t age_ms)
{
	uint64_t age = age_for(b, page, age_ms);

	if (b->free_ms < 0 || !age_ms)
		return -1;
	if ((uint64_t)b->free_ms >= age)
		age = times(age, 8);
	if ((uint64_t)b->free_ms >= age || age > INT64_MAX)
		return -1;
	return (int64_t)age - b->free_ms;
}

static void read_waits(struct guest *g)
{
	uint64_t age_ms = counter(&g->stats, "age_ms");
	FILE *f = open_debugfs(g, "blocks");
	struct block b;
	char line[256];

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		int64_t ms;

		if (!parse_block(line, &b)) {
			g->broken++;
			continue;
		}
		if (strcmp(b.state, "pending") && strcmp(b.state, "partial"))
			continue;
		ms = block_wait_ms(&b, g->page, age_ms);
		if (ms < 0)
			continue;
		if (g->next_ms < 0 || ms < g->next_ms)
			g->next_ms = ms;
		if (ms > g->last_ms)
			g->last_ms = ms;
	}
	fclose(f);
}

static void read_debugfs(struct guest *g, bool blocks)
{
	FILE *f = open_debugfs(g, "stats");

	if (f) {
		parse_counters(f, &g->stats, &g->broken);
		fclose(f);
	}
	f = open_debugfs(g, "ages");
	if (f) {
		g->nr_ages = parse_ages(f, g->ages, ARRAY_LEN(g->ages), &g->broken);
		fclose(f);
	}
	if (blocks)
		read_waits(g);
}

/* Read all; with @blocks how long what waits has still to wait, too. */
void guest_read(struct guest *g, bool blocks)
{
	uint64_t free_bytes = 0, reported;
	const char *root = g->root;
	FILE *f;

	memset(g, 0, sizeof(*g));
	g->root = root;
	g->page = (uint64_t)sysconf(_SC_PAGESIZE);
	g->next_ms = -1;
	g->last_ms = -1;
	if (!read_used(g, &free_bytes)) {
		g->missing = NO_PROC;
		return;
	}
	f = open_file(g, "/proc/vmstat");
	if (f) {
		parse_counters(f, &g->vmstat, NULL);
		fclose(f);
	}
	g->missing = find_missing(g);
	if (g->missing == NOTHING_MISSING && read_summary(g)) {
		read_debugfs(g, blocks);
		if (g->part[UNTRACKED])
			g->missing = NO_DEVICE;
		return;
	}
	reported = times(counter(&g->vmstat, "nr_free_reported"), g->page);
	if (reported > free_bytes)
		reported = free_bytes;
	g->part[REPORTED] = reported;
	g->part[UNKNOWN] = free_bytes - reported;
}

void guest_release(struct guest *g)
{
	free(g->rows);
	g->rows = NULL;
	g->nr_rows = 0;
}

/* The largest part that the host does not have back. */
enum part largest_part(const struct guest *g)
{
	enum part most = PROGRAMS;

	for (enum part p = 0; p < NR_PARTS; p++)
		if (p != REPORTED && g->part[p] > g->part[most])
			most = p;
	return most;
}

static uint64_t bytes_of(const struct guest *g, const char *stat,
			 const char *event, bool *known)
{
	uint64_t v;

	*known = find_counter(&g->stats, stat, &v);
	if (*known)
		return v;
	*known = find_counter(&g->vmstat, event, &v);
	return times(v, g->page);
}

uint64_t reported_bytes(const struct guest *g, bool *known)
{
	return bytes_of(g, "reported_bytes", "page_reported", known);
}

uint64_t refaulted_bytes(const struct guest *g, bool *known)
{
	return bytes_of(g, "refaulted_bytes", "page_report_refault", known);
}
