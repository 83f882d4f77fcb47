// SPDX-License-Identifier: GPL-2.0
/* The guest's map of its memory: what the lines of debugfs become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "map.h"

#define PIECE	512	/* pages in 2 MiB */

static char *text_of(size_t pieces, const char *const *lines)
{
	struct map map = { .per = PIECE };
	char *text;

	assert_int_equal(map_init(&map, pieces * PIECE), 0);
	for (; *lines; lines++)
		assert_int_equal(map_add(&map, *lines, 1000), 0);
	text = map_text(&map);
	assert_non_null(text);
	map_free(&map);
	return text;
}

#define MAP_IS(pieces, expected, ...)						\
	do {									\
		char *got = text_of(pieces, (const char *const []){ __VA_ARGS__ }); \
		assert_string_equal(got, expected);				\
		free(got);							\
	} while (0)

static void what_is_not_free_is_used(void **state)
{
	(void)state;
	MAP_IS(4, "u4", NULL);
	/* Half of a piece does not make it anything else, more does. */
	MAP_IS(2, "u2", "0 8 0 Normal Movable reported 9 9", NULL);
	MAP_IS(2, "ru", "0 8 0 Normal Movable reported 9 9",
	       "256 0 0 Normal Movable reported 9 9", NULL);
	/* Behind the last piece there is nothing. */
	MAP_IS(1, "r", "0 10 0 Normal Movable reported 9 9", NULL);
}

static void a_block_lies_in_all_its_pieces(void **state)
{
	(void)state;
	MAP_IS(5, "ur2u2", "512 10 0 Normal Movable reported 100 50\n", NULL);
	MAP_IS(3, "uyr", "512 9 0 DMA32 Unmovable pending 999 -\n",
	       "1024 9 0 DMA32 Unmovable reported 5000 10\n", NULL);
}

/* An order below a granule's waits for half as long again. */
static void age_tells_young_from_waiting(void **state)
{
	(void)state;
	MAP_IS(1, "y", "0 9 0 Normal Movable pending 999 -", NULL);
	MAP_IS(1, "w", "0 9 0 Normal Movable pending 1000 -", NULL);
	MAP_IS(1, "w", "0 10 0 Normal Movable pending 1000 -", NULL);
	MAP_IS(1, "y", "0 8 0 Normal Movable pending 1499 -",
	       "256 8 0 Normal Movable pending 1499 -", NULL);
	MAP_IS(1, "w", "0 8 0 Normal Movable pending 1500 -",
	       "256 8 0 Normal Movable pending 1500 -", NULL);
	MAP_IS(1, "w", "0 9 0 Normal Movable partial 1000 20", NULL);
	MAP_IS(1, "s", "0 9 0 Normal Movable small - -", NULL);
	MAP_IS(1, "s", "0 9 0 Normal Movable untracked - -", NULL);
}

static void what_is_no_line_is_refused(void **state)
{
	struct map map = { .per = PIECE };

	(void)state;
	assert_int_equal(map_init(&map, PIECE), 0);
	assert_int_equal(map_add(&map, "", 1000), -1);
	assert_int_equal(map_add(&map, "0 9 0 Normal", 1000), -1);
	assert_int_equal(map_add(&map, "0 99 0 Normal Movable reported 1 1", 1000), -1);
	map_clear(&map);
	map_free(&map);
	assert_int_equal(map_init(&map, 0), -1);
	map_free(&map);
}

/* As many runs as there can be still fit. */
static void every_piece_another(void **state)
{
	struct map map = { .per = PIECE };
	char line[64], *text;
	size_t i;

	(void)state;
	assert_int_equal(map_init(&map, 4096 * PIECE), 0);
	for (i = 0; i < 4096; i += 2) {
		snprintf(line, sizeof(line), "%zu 9 0 Normal Movable reported 1 1",
			 i * PIECE);
		assert_int_equal(map_add(&map, line, 1000), 0);
	}
	text = map_text(&map);
	assert_int_equal(strlen(text), 4096);
	assert_memory_equal(text, "rurururu", 8);
	free(text);
	map_free(&map);
}

static void zones_tell_the_last_page(void **state)
{
	char text[] =
		"Node 0, zone      DMA\n        spanned  4095\n  start_pfn:           1\n"
		"Node 0, zone   Normal\n        spanned  1024\n  start_pfn:           4096\n"
		"Node 0, zone  Movable\n        spanned  0\n  start_pfn:           0\n";
	FILE *f = fmemopen(text, strlen(text), "r");

	(void)state;
	assert_int_equal(map_last_pfn(f), 5120);
	fclose(f);
}

static void ages_are_numbers(void **state)
{
	json_t *a = map_ages("below_ms waiting reported refaulted\n"
			     "1 4096 0 0\n2 0 8192 12288\n- 1 2 3\n");

	(void)state;
	assert_int_equal(json_array_size(a), 3);
	assert_int_equal(json_integer_value(json_array_get(json_array_get(a, 1), 2)), 8192);
	assert_int_equal(json_integer_value(json_array_get(json_array_get(a, 2), 0)), 0);
	assert_int_equal(json_integer_value(json_array_get(json_array_get(a, 2), 3)), 3);
	json_decref(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_free_is_used),
		cmocka_unit_test(a_block_lies_in_all_its_pieces),
		cmocka_unit_test(age_tells_young_from_waiting),
		cmocka_unit_test(what_is_no_line_is_refused),
		cmocka_unit_test(every_piece_another),
		cmocka_unit_test(zones_tell_the_last_page),
		cmocka_unit_test(ages_are_numbers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
