// SPDX-License-Identifier: GPL-2.0
/*
 * A guest's RAM as the host sees it: where it is, and how much is resident.
 *
 * QEMU: the pages of the RAM mapping that are present or swapped out, asked
 * of the kernel in one PAGEMAP_SCAN call, or read from /proc/PID/pagemap where
 * the host's kernel is older than 6.7.  User Mode Linux: the pages of the
 * memory file that exist, from cachestat() (6.5) or SEEK_DATA and SEEK_HOLE.
 *
 * Both give a count for each 2 MiB piece, so that memory that is given back
 * in one place while another grows shows as both.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "prbench.h"

#define PIECE_PAGES	(PIECE_BYTES / PAGE)

/* Interfaces that are newer than the C library's headers. */
#define NR_CACHESTAT		451
#define SCAN_HELD	(1ULL << 4 | 1ULL << 3)	/* present | swapped */
#define SCAN_ZERO_PAGE		(1ULL << 5)

struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask;
	uint64_t return_mask;
};

#define SCAN_IOCTL	_IOWR('f', 16, struct scan_arg)

struct cache_range {
	uint64_t off, len;
};

struct cache_state {
	uint64_t cached, dirty, writeback, evicted, recently_evicted;
};

/*
 * Find the guest's RAM among a process' mappings: the one of just that size.
 * Returns how many there are of it (1 is what the caller wants).
 */
int smaps_find(FILE *smaps, uint64_t bytes, struct mapping *found)
{
	char line[512];
	bool inside = false;
	int nr = 0;

	while (fgets(line, sizeof(line), smaps)) {
		uint64_t start, end, kib;
		char perms[8];

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &start, &end,
			   perms) == 3) {
			inside = end - start == bytes && perms[0] == 'r' &&
				 perms[1] == 'w';
			if (inside) {
				found->start = start;
				found->end = end;
				found->rss_kib = found->huge_kib = 0;
				nr++;
			}
		} else if (inside && sscanf(line, "Rss: %" SCNu64 " kB", &kib) == 1) {
			found->rss_kib = kib;
		} else if (inside &&
			   sscanf(line, "AnonHugePages: %" SCNu64 " kB", &kib) == 1) {
			found->huge_kib = kib;
		}
	}
	return nr;
}

/* Present and not the shared zero page, or swapped out (pagemap bits). */
static bool pagemap_held(uint64_t entry)
{
	bool present = entry >> 63 & 1;
	bool exclusive = entry >> 56 & 1;
	bool swapped = entry >> 62 & 1;

	return (present && exclusive) || swapped;
}

/* Count the resident pages of each piece in an array of pagemap entries. */
void pagemap_count(const uint64_t *entries, size_t nr, uint32_t *pieces)
{
	size_t i;

	for (i = 0; i < nr; i++)
		pieces[i / PIECE_PAGES] += pagemap_held(entries[i]);
}

/* Spread ranges of resident pages over the pieces that they lie in. */
void ranges_count(const struct scan_range *ranges, size_t nr, uint64_t start,
		  uint32_t *pieces, size_t nr_pieces)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		uint64_t a = ranges[i].start - start;
		uint64_t end = ranges[i].end - start;

		while (a < end) {
			size_t piece = a / PIECE_BYTES;
			uint64_t stop = (piece + 1) * PIECE_BYTES;

			if (piece >= nr_pieces)
				break;
			if (stop > end)
				stop = end;
			pieces[piece] += (uint32_t)((stop - a) / PAGE);
			a = stop;
		}
	}
}

static int scan_ioctl(struct ram *ram, struct residency *r)
{
	enum { NR_RANGES = 4096 };
	static struct scan_range ranges[NR_RANGES];
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = ram->start,
		.end = ram->start + ram->bytes,
		.vec = (uintptr_t)ranges,
		.vec_len = NR_RANGES,
		.category_inverted = SCAN_ZERO_PAGE,
		.category_mask = SCAN_ZERO_PAGE,
		.category_anyof_mask = SCAN_HELD,
		.return_mask = SCAN_HELD,
	};

	do {
		int n = ioctl(ram->fd, SCAN_IOCTL, &arg);

		if (n < 0)
			return -errno;
		ranges_count(ranges, (size_t)n, ram->start, r->now, r->nr);
		arg.start = arg.walk_end;
	} while (arg.start < arg.end);
	return 0;
}

static int scan_pagemap(struct ram *ram, struct residency *r)
{
	static uint64_t entries[64 * PIECE_PAGES];
	uint64_t done = 0;

	while (done < ram->bytes) {
		uint64_t part = ram->bytes - done;
		size_t nr;
		ssize_t n;

		if (part > ARRAY_SIZE(entries) * PAGE)
			part = ARRAY_SIZE(entries) * PAGE;
		nr = part / PAGE;
		n = pread(ram->fd, entries, nr * sizeof(entries[0]),
			  (off_t)((ram->start + done) / PAGE * sizeof(entries[0])));
		if (n != (ssize_t)(nr * sizeof(entries[0])))
			return n < 0 ? -errno : -EIO;
		pagemap_count(entries, nr, r->now + done / PIECE_BYTES);
		done += part;
	}
	return 0;
}

static int scan_cachestat(struct ram *ram, struct residency *r)
{
	size_t i;

	for (i = 0; i < r->nr; i++) {
		struct cache_range range = { i * PIECE_BYTES, PIECE_BYTES };
		struct cache_state state;

		if (syscall(NR_CACHESTAT, ram->fd, &range, &state, 0))
			return -errno;
		/* A page that was swapped out is still the guest's. */
		r->now[i] = (uint32_t)(state.cached + state.evicted);
	}
	return 0;
}

static int scan_seek(struct ram *ram, struct residency *r)
{
	off_t at = 0, data;

	while ((data = lseek(ram->fd, at, SEEK_DATA)) >= 0) {
		struct scan_range range;

		at = lseek(ram->fd, data, SEEK_HOLE);
		if (at < 0)
			break;
		range.start = (uint64_t)data;
		range.end = (uint64_t)at;
		ranges_count(&range, 1, 0, r->now, r->nr);
	}
	return data < 0 && errno != ENXIO ? -errno : 0;
}

/* Count the resident pages of all pieces; -errno on failure. */
int ram_scan(struct ram *ram, struct residency *r)
{
	memset(r->now, 0, r->nr * sizeof(*r->now));
	if (ram->kind == RAM_GROUP) {
		r->now[0] = (uint32_t)(cgroup_used_kib(ram->group) * 1024 / PAGE);
		return 0;
	}
	if (!strcmp(ram->method, "pagemap_scan"))
		return scan_ioctl(ram, r);
	if (!strcmp(ram->method, "pagemap"))
		return scan_pagemap(ram, r);
	if (!strcmp(ram->method, "cachestat"))
		return scan_cachestat(ram, r);
	return scan_seek(ram, r);
}

/* Choose the cheaper method if this kernel has it. */
static void choose(struct ram *ram, const char *fast, const char *slow)
{
	struct residency r;

	ram->method = fast;
	if (residency_init(&r, ram->bytes) || ram_scan(ram, &r))
		ram->method = slow;
	residency_free(&r);
}

int ram_of_process(struct ram *ram, pid_t pid, uint64_t bytes, char *err,
		   size_t len)
{
	struct mapping map = { 0 };
	char path[64];
	FILE *f;
	int nr;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	f = fopen(path, "re");
	if (!f)
		return set_err(err, len, "cannot open %s: %s", path,
			       strerror(errno));
	nr = smaps_find(f, bytes, &map);
	fclose(f);
	if (nr != 1)
		return set_err(err, len,
			       "%s: %d mappings of %" PRIu64 " MiB, expected one: the guest's RAM",
			       path, nr, bytes >> 20);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	ram->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (ram->fd < 0)
		return set_err(err, len, "cannot open %s: %s", path,
			       strerror(errno));
	ram->kind = RAM_PROCESS;
	ram->pid = pid;
	ram->start = map.start;
	ram->bytes = bytes;
	choose(ram, "pagemap_scan", "pagemap");
	return 0;
}

/* Can the host have this guest's memory in huge pages? */
bool ram_may_be_huge(const struct ram *ram)
{
	char text[256];

	/* User Mode Linux's file is on a tmpfs that has none, see meta_warnings(). */
	return ram->kind == RAM_PROCESS &&
	       read_text("/sys/kernel/mm/transparent_hugepage/enabled", text,
			 sizeof(text)) > 0 && !strstr(text, "[never]");
}

/* How much of a guest's memory the host holds in huge pages; takes a while. */
uint64_t ram_huge_kib(const struct ram *ram)
{
	struct mapping map = { 0 };
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps", ram->pid);
	f = fopen(path, "re");
	if (f) {
		smaps_find(f, ram->bytes, &map);
		fclose(f);
	}
	return map.huge_kib;
}

/* The memory file is unlinked: reach it through the process that holds it. */
int ram_of_file(struct ram *ram, pid_t pid, uint64_t bytes, char *err,
		size_t len)
{
	char path[512], link[PATH_MAX];
	struct dirent *de;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return set_err(err, len, "cannot open %s: %s", path,
			       strerror(errno));
	ram->fd = -1;
	while (ram->fd < 0 && (de = readdir(dir))) {
		struct stat st;
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, de->d_name);
		n = readlink(path, link, sizeof(link) - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		if (!strstr(link, "(deleted)") || stat(path, &st) ||
		    !S_ISREG(st.st_mode) || (uint64_t)st.st_size < bytes)
			continue;
		ram->fd = open(path, O_RDONLY | O_CLOEXEC);
		ram->bytes = (uint64_t)st.st_size;
	}
	closedir(dir);
	if (ram->fd < 0)
		return set_err(err, len,
			       "process %d holds no unlinked file of %" PRIu64 " MiB: where is the guest's RAM?",
			       pid, bytes >> 20);
	ram->kind = RAM_FILE;
	ram->pid = pid;
	ram->start = 0;
	choose(ram, "cachestat", "seek_data");
	return 0;
}

/* All that a group of VMs holds: how much, and nothing about where. */
void ram_of_group(struct ram *ram, const struct cgroup *group)
{
	memset(ram, 0, sizeof(*ram));
	ram->kind = RAM_GROUP;
	ram->fd = -1;
	ram->bytes = PIECE_BYTES;
	ram->group = group;
	ram->method = "cgroup";
}

void ram_close(struct ram *ram)
{
	if (ram->fd >= 0)
		close(ram->fd);
	ram->fd = -1;
}
