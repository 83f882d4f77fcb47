// SPDX-License-Identifier: GPL-2.0
/* Residency: accounting of refault, and the readers of what the kernel says. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "prbench.h"

#define PAGE		4096UL
#define PIECE_PAGES	(PIECE_BYTES / PAGE)

static void update(struct residency *r, uint32_t a, uint32_t b)
{
	r->now[0] = a;
	r->now[1] = b;
	residency_update(r);
}

static void first_touch_is_no_refault(void **state)
{
	struct residency r;

	(void)state;
	assert_int_equal(residency_init(&r, 2 * PIECE_BYTES), 0);
	update(&r, 0, 0);
	update(&r, 512, 100);
	update(&r, 512, 512);
	assert_int_equal(r.resident, 1024);
	assert_int_equal(r.refault, 0);
	residency_free(&r);
}

static void what_comes_back_is_refault(void **state)
{
	struct residency r;

	(void)state;
	residency_init(&r, 2 * PIECE_BYTES);
	update(&r, 512, 0);
	update(&r, 112, 0);
	assert_int_equal(r.refault, 0);
	assert_int_equal(r.resident, 112);
	update(&r, 212, 0);
	assert_int_equal(r.refault, 100);
	assert_int_equal(r.same, 100);
	/* back to 512 and no further: 400 had been given back */
	update(&r, 512, 50);
	assert_int_equal(r.refault, 400);
	assert_int_equal(r.same, 400);
	/* and again: it counts each time */
	update(&r, 0, 50);
	update(&r, 512, 50);
	assert_int_equal(r.refault, 400 + 512);
	residency_free(&r);
}

static void another_place_is_refault_too(void **state)
{
	struct residency r;

	(void)state;
	residency_init(&r, 2 * PIECE_BYTES);
	update(&r, 512, 0);
	update(&r, 0, 0);
	update(&r, 0, 300);
	assert_int_equal(r.refault, 300);
	assert_int_equal(r.same, 0);
	residency_free(&r);
}

static void a_move_within_one_sample_is_none(void **state)
{
	struct residency r;

	(void)state;
	residency_init(&r, 2 * PIECE_BYTES);
	update(&r, 512, 0);
	update(&r, 0, 512);
	assert_int_equal(r.refault, 0);
	assert_int_equal(r.resident, 512);
	/* but what it gave back then can come back later */
	update(&r, 200, 512);
	assert_int_equal(r.refault, 200);
	residency_free(&r);
}

static FILE *text_file(const char *text)
{
	FILE *f = tmpfile();

	assert_non_null(f);
	fputs(text, f);
	rewind(f);
	return f;
}

static const char smaps[] =
	"55d0c0000000-55d0c0200000 rw-p 00000000 00:00 0    [heap]\n"
	"Size:               2048 kB\n"
	"Rss:                1234 kB\n"
	"AnonHugePages:      2048 kB\n"
	"7f0000000000-7f0080000000 rw-p 00000000 00:00 0 \n"
	"Size:            2097152 kB\n"
	"KernelPageSize:        4 kB\n"
	"Rss:              153600 kB\n"
	"AnonHugePages:     92160 kB\n"
	"Pss:              153600 kB\n"
	"VmFlags: rd wr mr mw me ac hg \n"
	"7f0080000000-7f0080001000 ---p 00000000 00:00 0 \n"
	"Size:                  4 kB\n"
	"Rss:                   0 kB\n";

static void smaps_finds_ram_by_size(void **state)
{
	struct mapping map = { 0 };
	FILE *f = text_file(smaps);

	(void)state;
	assert_int_equal(smaps_find(f, 2048UL << 20, &map), 1);
	assert_int_equal(map.start, 0x7f0000000000);
	assert_int_equal(map.end, 0x7f0080000000);
	assert_int_equal(map.rss_kib, 153600);
	assert_int_equal(map.huge_kib, 92160);
	fclose(f);
}

static void smaps_wants_a_writable_one(void **state)
{
	struct mapping map = { 0 };
	FILE *f = text_file(smaps);

	(void)state;
	assert_int_equal(smaps_find(f, 4096, &map), 0);
	rewind(f);
	assert_int_equal(smaps_find(f, 1UL << 30, &map), 0);
	fclose(f);
}

static void smaps_counts_several(void **state)
{
	struct mapping map = { 0 };
	FILE *f = text_file("1000-2000 rw-p 0 0:0 0\nRss: 4 kB\n"
			    "3000-4000 rw-p 0 0:0 0\nRss: 8 kB\n");

	(void)state;
	assert_int_equal(smaps_find(f, 4096, &map), 2);
	fclose(f);
}

static void pagemap_bits(void **state)
{
	static uint64_t entries[2 * PIECE_PAGES];
	uint32_t pieces[2] = { 0, 0 };
	const uint64_t present = 1ULL << 63, swapped = 1ULL << 62;
	const uint64_t exclusive = 1ULL << 56, soft_dirty = 1ULL << 55;

	(void)state;
	entries[0] = present | exclusive | 12345;
	entries[1] = present | soft_dirty | 1;		/* the zero page */
	entries[2] = swapped | exclusive;
	entries[3] = soft_dirty;			/* gone */
	entries[PIECE_PAGES - 1] = present | exclusive;
	entries[PIECE_PAGES] = present | exclusive;
	pagemap_count(entries, 2 * PIECE_PAGES, pieces);
	assert_int_equal(pieces[0], 3);
	assert_int_equal(pieces[1], 1);
}

static void ranges_are_split_at_pieces(void **state)
{
	const uint64_t base = 0x7f0000000000;
	const struct scan_range ranges[] = {
		{ base + PAGE, base + 3 * PAGE, 0 },
		{ base + PIECE_BYTES - PAGE, base + 2 * PIECE_BYTES + PAGE, 0 },
		/* beyond the end of what is asked for */
		{ base + 3 * PIECE_BYTES, base + 4 * PIECE_BYTES, 0 },
	};
	uint32_t pieces[3] = { 0, 0, 0 };

	(void)state;
	ranges_count(ranges, 3, base, pieces, 3);
	assert_int_equal(pieces[0], 3);
	assert_int_equal(pieces[1], PIECE_PAGES);
	assert_int_equal(pieces[2], 1);
}

/* The last sample; with a column for huge pages where the host has them. */
static uint64_t last_kib(const char *path, bool huge)
{
	FILE *f = fopen(path, "r");
	unsigned long long kib = 0, refault, huge_kib;
	char line[128];
	double t;

	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, huge ?
			    "t_s\tresident_kib\trefault_kib\thuge_kib\n" :
			    "t_s\tresident_kib\trefault_kib\n");
	while (fgets(line, sizeof(line), f))
		assert_int_equal(sscanf(line, "%lf\t%llu\t%llu\t%llu", &t, &kib,
					&refault, &huge_kib), huge ? 4 : 3);
	fclose(f);
	return kib;
}

/* Sample for long enough to see the present state; returns the last figure. */
static uint64_t sample_once(struct ram *ram, json_t *meta)
{
	char path[] = "/tmp/prbench-unit-XXXXXX", err[256] = "";
	int fd = mkstemp(path);
	struct sampler *s;
	uint64_t kib;

	assert_true(fd >= 0);
	close(fd);
	s = sampler_start(ram, path, now_s(), err, sizeof(err));
	assert_non_null(s);
	sleep_s(0.3);
	assert_false(sampler_failed(s));
	assert_int_equal(sampler_stop(s, meta, err, sizeof(err)), 0);
	kib = last_kib(path, ram_may_be_huge(ram));
	unlink(path);
	return kib;
}

/* What is held once that is @kib, or 20 s later */
static struct sampled wait_held(struct sampler *s, uint64_t kib)
{
	double end = now_s() + 20;
	struct sampled held;

	do {
		sleep_s(0.1);
		held = sampler_now(s);
	} while ((held.resident_kib != kib || !(held.gib_s > 0)) && now_s() < end);
	return held;
}

/* What a guest is told when it asks: the last sample, and all until now. */
static void tells_what_is_held(void **state)
{
	char path[] = "/tmp/prbench-unit-XXXXXX", err[256] = "";
	const size_t bytes = 64UL << 20;
	int fd = memfd_create("prbench-unit", 0), out = mkstemp(path);
	json_t *meta = json_object(), *said;
	struct sampled a, b;
	struct sampler *s;
	struct ram ram;
	char *p;

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memset(p, 1, bytes);
	assert_int_equal(ram_of_file(&ram, getpid(), bytes, err, sizeof(err)), 0);
	s = sampler_start(&ram, path, now_s(), err, sizeof(err));
	assert_non_null(s);
	a = wait_held(s, bytes / 1024);
	assert_int_equal(a.resident_kib, bytes / 1024);
	assert_int_equal(a.refault_kib, 0);
	assert_true(a.gib_s > 0);
	assert_int_equal(madvise(p, bytes / 2, MADV_REMOVE), 0);
	wait_held(s, bytes / 2048);
	memset(p, 1, bytes / 4);
	b = wait_held(s, bytes / 4096 * 3);
	assert_int_equal(b.resident_kib, bytes / 4096 * 3);
	assert_int_equal(b.refault_kib, bytes / 4096);
	/* Between half and all of it, whatever the time that has passed. */
	assert_true(b.gib_s > a.gib_s);
	assert_int_equal(sampler_stop(s, meta, err, sizeof(err)), 0);
	said = json_object_get(meta, "sampler");
	assert_true(json_number_value(json_object_get(said, "gap_max_s")) > 0);
	ram_close(&ram);
	munmap(p, bytes);
	close(fd);
	close(out);
	unlink(path);
	json_decref(meta);
}

/* What smaps says of this process' mapping of @bytes */
static struct mapping own_mapping(uint64_t bytes)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	struct mapping map = { 0 };

	assert_non_null(f);
	assert_int_equal(smaps_find(f, bytes, &map), 1);
	fclose(f);
	return map;
}

/* This process as the VM: real memory, the real interfaces. */
static void samples_a_real_mapping(void **state)
{
	const size_t bytes = 46UL << 20, touched = 10UL << 20;
	uint64_t held_kib = touched / 1024;
	json_t *meta = json_object();
	struct ram ram;
	char err[256] = "";
	char *p, *area;
	size_t i;

	(void)state;
	/* Guard pages, or a neighbour of the same kind becomes one with it. */
	area = mmap(NULL, bytes + 2 * PAGE, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
	p = area + PAGE;
	assert_int_equal(mprotect(p, bytes, PROT_READ | PROT_WRITE), 0);
	madvise(p, bytes, MADV_NOHUGEPAGE);
	for (i = 0; i < touched; i += PAGE)
		p[i] = 1;
	/*
	 * The zero page is not the guest's and not in Rss.  A host that has none
	 * answers a read with a page of the reader's own, which is in both.
	 */
	assert_int_equal(own_mapping(bytes).rss_kib, held_kib);
	for (; i < 2 * touched; i += PAGE)
		assert_int_equal(((volatile char *)p)[i], 0);
	if (own_mapping(bytes).rss_kib != held_kib) {
		print_message("this host has no shared zero page\n");
		held_kib = 2 * touched / 1024;
	}
	assert_int_equal(ram_of_process(&ram, getpid(), bytes, err, sizeof(err)),
			 0);
	assert_int_equal(sample_once(&ram, meta), held_kib);
	assert_int_equal(madvise(p, touched / 2, MADV_DONTNEED), 0);
	held_kib -= touched / 2048;
	assert_int_equal(sample_once(&ram, meta), held_kib);
	/* and the other method sees the same */
	ram.method = "pagemap";
	assert_int_equal(sample_once(&ram, meta), held_kib);
	assert_string_equal(json_string_value(json_object_get(
		json_object_get(meta, "sampler"), "method")), "pagemap");
	ram_close(&ram);
	munmap(area, bytes + 2 * PAGE);
	json_decref(meta);
}

static void samples_a_real_file(void **state)
{
	const size_t bytes = 46UL << 20, written = 10UL << 20;
	json_t *meta = json_object();
	char err[256] = "", *p;
	struct ram ram;
	int fd = memfd_create("prbench-unit", 0);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	memset(p + PIECE_BYTES / 2, 1, written);
	assert_int_equal(ram_of_file(&ram, getpid(), bytes, err, sizeof(err)), 0);
	assert_int_equal(sample_once(&ram, meta), written / 1024);
	assert_int_equal(madvise(p + PIECE_BYTES, 4UL << 20, MADV_REMOVE), 0);
	assert_int_equal(sample_once(&ram, meta), (written - (4UL << 20)) / 1024);
	ram.method = "seek_data";
	assert_int_equal(sample_once(&ram, meta), (written - (4UL << 20)) / 1024);
	ram_close(&ram);
	munmap(p, bytes);
	close(fd);
	json_decref(meta);
}

static void no_such_memory_is_an_error(void **state)
{
	char err[256] = "";
	struct ram ram;

	(void)state;
	assert_int_equal(ram_of_process(&ram, getpid(), 12345UL << 30, err,
					sizeof(err)), -1);
	assert_non_null(strstr(err, "expected one"));
	assert_int_equal(ram_of_file(&ram, getpid(), 12345UL << 30, err,
				     sizeof(err)), -1);
	assert_non_null(strstr(err, "holds no unlinked file"));
}

static void a_full_disk_is_an_error(void **state)
{
	json_t *meta = json_object();
	struct sampler *s;
	char err[256] = "";
	struct ram ram;
	double end;
	int fd = memfd_create("prbench-unit", 0);

	(void)state;
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(ram_of_file(&ram, getpid(), 1 << 20, err, sizeof(err)),
			 0);
	s = sampler_start(&ram, "/dev/full", now_s(), err, sizeof(err));
	assert_non_null(s);
	for (end = now_s() + 30; !sampler_failed(s) && now_s() < end; )
		sleep_s(0.05);
	assert_true(sampler_failed(s));
	assert_int_equal(sampler_stop(s, meta, err, sizeof(err)), -1);
	assert_non_null(strstr(err, "No space left"));
	ram_close(&ram);
	close(fd);
	json_decref(meta);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_touch_is_no_refault),
		cmocka_unit_test(what_comes_back_is_refault),
		cmocka_unit_test(another_place_is_refault_too),
		cmocka_unit_test(a_move_within_one_sample_is_none),
		cmocka_unit_test(smaps_finds_ram_by_size),
		cmocka_unit_test(smaps_wants_a_writable_one),
		cmocka_unit_test(smaps_counts_several),
		cmocka_unit_test(pagemap_bits),
		cmocka_unit_test(ranges_are_split_at_pieces),
		cmocka_unit_test(samples_a_real_mapping),
		cmocka_unit_test(tells_what_is_held),
		cmocka_unit_test(samples_a_real_file),
		cmocka_unit_test(no_such_memory_is_an_error),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
