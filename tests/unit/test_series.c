// SPDX-License-Identifier: GPL-2.0
/* What a kernel series changes: the trees, the words, the CPUs, the variants. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan.h"

static void the_directory_names_the_series(void **state)
{
	(void)state;
	assert_string_equal(series_of("build/kernels")->name, "6.12");
	assert_string_equal(series_of("build/kernels-7.3")->name, "7.3");
	assert_string_equal(series_of("/a b/kernels-7.3//")->name, "7.3");
	assert_string_equal(series_of("kernels-7.3")->name, "7.3");
	assert_string_equal(series_of("/kernels-7.3/kernels")->name, "6.12");
	assert_string_equal(series_of("kernels-17.3")->name, "6.12");
	assert_string_equal(series_of("7.3")->name, "6.12");
	assert_string_equal(series_of("")->name, "6.12");
}

static void say(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Kernels that lie elsewhere are not taken for those of another series. */
static void the_kernels_name_the_series(void **state)
{
	char dir[] = "/tmp/series-XXXXXX", sub[64], path[80];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(sub, sizeof(sub), "%s/um-patched", dir);
	snprintf(path, sizeof(path), "%s/release", sub);
	assert_string_equal(series_of(dir)->name, "6.12");
	assert_int_equal(mkdir(sub, 0700), 0);
	say(path, "7.3.4\n");
	assert_string_equal(series_of(dir)->name, "7.3");
	say(path, "7.31.4\n");
	assert_string_equal(series_of(dir)->name, "6.12");
	unlink(path);
	rmdir(sub);
	rmdir(dir);
}

/* The Makefile exports KERNEL, and kernel.sh builds into the same place. */
static void the_environment_names_the_kernels(void **state)
{
	(void)state;
	unsetenv("KERNEL");
	assert_string_equal(default_kernels(), "build/kernels");
	setenv("KERNEL", "6.12", 1);
	assert_string_equal(default_kernels(), "build/kernels");
	setenv("KERNEL", "7.3", 1);
	assert_string_equal(default_kernels(), "build/kernels-7.3");
	unsetenv("KERNEL");
}

/* Upstream has made its delay a parameter: no kernel of its own is needed. */
static void the_delay_is_a_parameter(void **state)
{
	const struct series *new = series_of("kernels-7.3");
	const struct variant *v = variant_find("flag-d250");

	(void)state;
	assert_string_equal(variant_tree(v, NULL), "pristine-d250");
	assert_string_equal(variant_words(v, NULL), "");
	assert_string_equal(variant_tree(v, new), "pristine");
	assert_string_equal(variant_words(v, new),
			    "page_reporting.page_reporting_delay_ms=250");
	assert_string_equal(variant_tree(variant_find("flag"), new), "pristine");
	assert_string_equal(variant_words(variant_find("flag"), new), "");
	assert_string_equal(variant_words(variant_find("ext"), new), "page_ext=on");
}

static void a_boot_has_the_cpus_of_its_series(void **state)
{
	struct boot b = { .platform = UM, .series = series_of("kernels-7.3") };

	(void)state;
	assert_int_equal(boot_cpus(&b), 2);
	assert_non_null(strstr(um_words(b.series), " seccomp=on ncpus=2"));
	b.platform = ICOUNT;
	assert_int_equal(boot_cpus(&b), 1);
	b = (struct boot){ .platform = UM };
	assert_int_equal(boot_cpus(&b), 1);
	assert_string_equal(um_words(b.series), "");
	b.platform = TCG;
	assert_int_equal(boot_cpus(&b), 2);
}

/* A plan for 7.3 leaves out what has no kernel there, and only that. */
static void a_plan_has_the_variants_of_its_series(void **state)
{
	struct selection sel = {
		.platforms = BIT(UM) | BIT(TCG), .workloads = W("drain"),
		.variants = variants_of("flag flag-d250 flag-clock ext"),
		.boots = 1, .seed = 1,
	};
	struct plan plan;

	(void)state;
	assert_int_equal(plan_make(&plan, &sel), 0);
	assert_int_equal(plan_variants(&plan, ~0ULL), sel.variants);
	assert_null(plan.phases[0].lanes[0].boots[0].series);
	plan_free(&plan);
	sel.series = series_of("kernels-7.3");
	sel.variants |= variants_of("flag-defrag ext-defrag");
	assert_int_equal(plan_make(&plan, &sel), 0);
	assert_int_equal(plan_variants(&plan, ~0ULL),
			 variants_of("flag flag-d250 ext flag-defrag ext-defrag"));
	assert_ptr_equal(plan.phases[0].lanes[0].boots[0].series, sel.series);
	plan_free(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_directory_names_the_series),
		cmocka_unit_test(the_kernels_name_the_series),
		cmocka_unit_test(the_environment_names_the_kernels),
		cmocka_unit_test(the_delay_is_a_parameter),
		cmocka_unit_test(a_boot_has_the_cpus_of_its_series),
		cmocka_unit_test(a_plan_has_the_variants_of_its_series),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
