// SPDX-License-Identifier: GPL-2.0
/* The guest's side: does verify see damage, do the helpers say what happened? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* For its static functions. */
#include "../../bench/workloads/verify/guest.c"

static void damage_is_seen(void **state)
{
	const size_t bytes = 4 * VERIFY_CHUNK;
	struct buffer b = { 0 };
	uint64_t *words, word = 0;
	int file;

	(void)state;
	for (file = 0; file < 2; file++) {
		assert_int_equal(verify_take(&b, bytes, file, 42), 0);
		assert_int_equal(verify_check(&b), 0);
		if (file) {
			/* as the host's MADV_REMOVE would: zeroes */
			assert_int_equal(pwrite(b.h.fd, &word, sizeof(word),
						VERIFY_CHUNK + 8), 8);
			assert_int_equal(verify_check(&b), 1);
			assert_int_equal(ftruncate(b.h.fd, VERIFY_CHUNK), 0);
			assert_int_equal(verify_check(&b),
					 3 * VERIFY_CHUNK / 8);
		} else {
			words = b.h.map;
			words[bytes / 8 - 1] ^= 1ULL << 63;
			assert_int_equal(verify_check(&b), 1);
			madvise(b.h.map, 4096, MADV_DONTNEED);
			assert_in_range(verify_check(&b), 512, 513);
		}
		give(&b.h);
	}
}

static void another_buffer_is_damage(void **state)
{
	struct buffer b = { 0 };

	(void)state;
	assert_int_equal(verify_take(&b, VERIFY_CHUNK, false, 42), 0);
	b.seed = 43;
	assert_int_equal(verify_check(&b), VERIFY_CHUNK / 8);
	give(&b.h);
}

static void what_is_taken_is_touched(void **state)
{
	const size_t bytes = 3 * MIB + 4096;
	unsigned char resident[1024];
	struct hold h;
	size_t i;

	(void)state;
	assert_int_equal(take(&h, bytes, false), 0);
	assert_int_equal(mincore(h.map, bytes, resident), 0);
	for (i = 0; i < bytes / 4096; i++)
		assert_true(resident[i] & 1);
	give(&h);
	assert_int_equal(take(&h, bytes, true), 0);
	assert_int_equal(lseek(h.fd, 0, SEEK_END), bytes);
	give(&h);
	assert_int_not_equal(take(&h, 1UL << 60, false), 0);
}

static void arguments_have_defaults(void **state)
{
	json_t *args = json_pack("{s:i, s:s}", "mib", 7, "backing", "file");

	(void)state;
	assert_int_equal(arg_int(args, "mib", 1), 7);
	assert_int_equal(arg_int(args, "backing", 1), 1);
	assert_int_equal(arg_int(NULL, "mib", 3), 3);
	assert_true(want_file(args));
	assert_false(want_file(NULL));
	json_decref(args);
}

static void programs_end_in_many_ways(void **state)
{
	char *good[] = { "sh", "-c", "echo out; echo err >&2; exit 3", NULL };
	char *killed[] = { "sh", "-c", "kill -9 $$", NULL };
	char *missing[] = { "no-such-program-here", NULL };
	char path[] = "/tmp/prbench-unit-XXXXXX", text[256];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(run_program(path, good), 3);
	assert_true(read_text(path, text, sizeof(text)) > 0);
	assert_string_equal(text, "out\nerr");
	assert_int_equal(run_program(path, killed), 128 + 9);
	assert_int_equal(run_program(path, missing), 127);
	assert_true(read_text(path, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "no-such-program-here"));
	unlink(path);
	assert_int_equal(read_text(path, text, sizeof(text)), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damage_is_seen),
		cmocka_unit_test(another_buffer_is_damage),
		cmocka_unit_test(what_is_taken_is_touched),
		cmocka_unit_test(arguments_have_defaults),
		cmocka_unit_test(programs_end_in_many_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
