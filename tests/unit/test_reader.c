// SPDX-License-Identifier: GPL-2.0
/* What page-reporting makes of what the kernel says, and of what it never says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../kernel/tools/mm/page_reporting/page_reporting.h"

#define PAGE	4096

/* main() has these */
void complain(const char *fmt, ...)
{
	(void)fmt;
}

bool stopped(void)
{
	return false;
}

bool pause_for(double seconds)
{
	(void)seconds;
	return false;
}

int run_flush(const struct guest *g, const char *what)
{
	(void)g, (void)what;
	return 0;
}

static FILE *file_of(const char *text)
{
	FILE *f = fmemopen((void *)(uintptr_t)text, strlen(text), "r");

	assert_non_null(f);
	return f;
}

static bool block_of(const char *text, struct block *b)
{
	char line[512];

	snprintf(line, sizeof(line), "%s", text);
	return parse_block(line, b);
}

static void numbers_are_digits(void **state)
{
	uint64_t v;

	(void)state;
	assert_true(parse_u64("18446744073709551615", &v));
	assert_true(v == UINT64_MAX);
	assert_false(parse_u64("18446744073709551616", &v));
	assert_false(parse_u64("", &v));
	assert_false(parse_u64("-1", &v));
	assert_false(parse_u64("0x10", &v));
	assert_false(parse_u64("1 ", &v));
	assert_true(add(UINT64_MAX, 1) == UINT64_MAX);
	assert_true(times(UINT64_MAX, 2) == UINT64_MAX);
}

static void a_block_has_eight_fields(void **state)
{
	struct block b;

	(void)state;
	assert_true(block_of("512 9 1 Normal Movable pending 250 -\n", &b));
	assert_true(b.pfn == 512 && b.order == 9 && b.node == 1);
	assert_true(b.free_ms == 250 && b.reported_ms == -1);
	assert_true(block_of("512 9 1 Normal Movable pending 250 - more\n", &b));
	assert_false(block_of("512 9 1 Normal Movable pending 250", &b));
	assert_false(block_of("512 21 1 Normal Movable pending 250 -", &b));
	assert_false(block_of("4503599627370496 0 0 Normal Movable pending - -", &b));
	assert_false(block_of("512 9 -1 Normal Movable pending 250 -", &b));
	assert_false(block_of("512 9 1 Nor\033mal Movable pending 250 -", &b));
	assert_false(block_of("512 9 1 ANameThatIsTooLong Movable pending 250 -", &b));
	assert_false(block_of("", &b));
}

static void smaller_blocks_wait_longer(void **state)
{
	struct block b = { .order = 9, .free_ms = 400 };

	(void)state;
	assert_int_equal(block_wait_ms(&b, PAGE, 1000), 600);
	b.order = 8;
	assert_int_equal(block_wait_ms(&b, PAGE, 1000), 1100);
	b.order = 3;
	assert_int_equal(block_wait_ms(&b, PAGE, 1000), 3600);
}

static void what_was_free_before_waits_eight_times(void **state)
{
	struct block b = { .order = 10, .free_ms = 1000 };

	(void)state;
	assert_int_equal(block_wait_ms(&b, PAGE, 1000), 7000);
	b.free_ms = 8000;
	assert_int_equal(block_wait_ms(&b, PAGE, 1000), -1);
	b.free_ms = -1;
	assert_int_equal(block_wait_ms(&b, PAGE, 1000), -1);
	b.free_ms = 5;
	assert_int_equal(block_wait_ms(&b, PAGE, UINT64_MAX), -1);
	assert_int_equal(block_wait_ms(&b, PAGE, 0), -1);
}

static void columns_have_any_order(void **state)
{
	FILE *f = file_of("node zone order migratetype young newer reported\n"
			  "0 DMA32 3 Movable 4096 7 8192\n");
	unsigned long broken = 0;
	struct row *rows;
	size_t nr;

	(void)state;
	assert_int_equal(parse_summary(f, &rows, &nr, &broken), 0);
	assert_int_equal(nr, 1);
	assert_int_equal(broken, 0);
	assert_int_equal(rows[0].bytes[YOUNG], 4096);
	assert_int_equal(rows[0].bytes[REPORTED], 8192);
	assert_int_equal(rows[0].bytes[SMALL], 0);
	free(rows);
	fclose(f);
}

static void zones_without_memory_are_left_out(void **state)
{
	FILE *f = file_of("Node 0, zone DMA\n  pages free 3\n  spanned 0\n"
			  "Node 0, zone Normal\n  pages free 7\n  low 2\n  spanned 64\n"
			  "  pagesets\n cpu: 0\n count: 5\n low: 9\n cpu: 1\n count: 6\n"
			  "  start_pfn: 128\n"
			  "Node 0, zone Movable\n  pages free 0\n  spanned 0\n");
	struct zone zones[4];

	(void)state;
	assert_int_equal(parse_zoneinfo(f, zones, 4), 1);
	assert_string_equal(zones[0].name, "Normal");
	assert_true(zones[0].free == 7 && zones[0].pcp == 11);
	assert_true(zones[0].start == 128 && zones[0].low == 2);
	fclose(f);
}

static void a_cell_is_what_most_of_it_is(void **state)
{
	const struct zone zones[] = {
		{ .start = 0, .spanned = 512 }, { .start = 1024, .spanned = 512 },
		{ .start = UINT64_MAX, .spanned = 1 }, { .start = 1, .spanned = UINT64_MAX },
	};
	struct block b;
	struct map map;
	char text[8];

	(void)state;
	assert_int_equal(map_init(&map, zones, 4, 6), 0);
	assert_int_equal(map.per, 256);
	assert_true(block_of("256 7 0 Normal Movable reported - 9", &b));
	map_add(&map, &b, PAGE, 1000);
	assert_true(block_of("1024 8 0 Normal Movable pending 10 -", &b));
	map_add(&map, &b, PAGE, 1000);
	assert_true(block_of("1280 4 0 Normal Movable small - -", &b));
	map_add(&map, &b, PAGE, 1000);
	/* Beyond the end nothing is written. */
	assert_true(block_of("4503599627370495 20 0 Normal Movable reported - 9", &b));
	map_add(&map, &b, PAGE, 1000);
	map_letters(&map, text);
	assert_string_equal(text, "#.  w#");
	map_free(&map);
	assert_int_equal(map_init(&map, zones + 2, 2, 6), -1);
	assert_int_equal(map_init(&map, zones, 0, 6), -1);
}

/* All parsers, with lines that were changed at random; the sanitizers look on. */
static void noise_is_survived(void **state)
{
	static const char *const seeds[] = {
		"node zone order migratetype reported young\n0 Normal 1 Movable 4096 0\n",
		"Node 0, zone Normal\n pages free 7\n spanned 64\n pagesets\n count: 5\n start_pfn: 9\n",
		"below_ms waiting reported refaulted\n1 2 3 4\n- 5 6 7\n",
		"passes 3\nage_ms 1006\n", "MemTotal: 501524 kB\nActive(file): 3 kB\n",
		"512 9 1 Normal Movable pending 250 -\n",
	};
	unsigned int random = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char text[128];
		unsigned long broken = 0;
		struct counters counters;
		struct zone zones[2];
		struct age ages[2];
		struct row *rows;
		struct block b;
		size_t nr, len;
		FILE *f;

		snprintf(text, sizeof(text), "%s", seeds[round % ARRAY_LEN(seeds)]);
		len = strlen(text);
		for (int i = 0; i < 3; i++) {
			random = random * 1103515245 + 12345;
			text[(random >> 8) % len] = (char)(random >> 16);
		}
		f = fmemopen(text, len, "r");
		parse_summary(f, &rows, &nr, &broken);
		free(rows);
		rewind(f);
		assert_true(parse_zoneinfo(f, zones, 2) <= 2);
		rewind(f);
		assert_true(parse_ages(f, ages, 2, &broken) <= 2);
		rewind(f);
		parse_counters(f, &counters, &broken);
		rewind(f);
		parse_meminfo(f, &counters);
		fclose(f);
		if (parse_block(text, &b))
			assert_true(b.order <= MAX_ORDER);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_digits),
		cmocka_unit_test(a_block_has_eight_fields),
		cmocka_unit_test(smaller_blocks_wait_longer),
		cmocka_unit_test(what_was_free_before_waits_eight_times),
		cmocka_unit_test(columns_have_any_order),
		cmocka_unit_test(zones_without_memory_are_left_out),
		cmocka_unit_test(a_cell_is_what_most_of_it_is),
		cmocka_unit_test(noise_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
