// SPDX-License-Identifier: GPL-2.0
/* The kernel series, and how lists of names are read. */
#include <stdlib.h>
#include <string.h>

#include "prbench.h"

static const struct series series_table[] = {
	{ .name = "6.12", .source = "build/trees/pristine", .um_words = "", .um_cpus = 1 },
	{ .name = "7.3", .source = "build/trees-7.3/pristine",
	  .um_words = " seccomp=on ncpus=2", .um_cpus = 2, .delay = true },
};

static const struct series *series_or_default(const struct series *s)
{
	return s ? s : &series_table[0];
}

/* Where kernel.sh puts the kernels of KERNEL, which the Makefile exports. */
const char *default_kernels(void)
{
	static char path[64];
	const char *name = getenv("KERNEL");

	if (!name || !*name || !strcmp(name, DEFAULT_SERIES))
		return "build/kernels";
	snprintf(path, sizeof(path), "build/kernels-%s", name);
	return path;
}

/**
 * series_of() - the series of the kernels in a directory
 * @kernels: "build/kernels-7.3"; without a series in its name it is the first
 */
const struct series *series_of(const char *kernels)
{
	static const char mark[] = "kernels-";
	size_t len = strlen(kernels), i, n;

	while (len && kernels[len - 1] == '/')
		len--;
	for (i = 0; i < ARRAY_SIZE(series_table); i++) {
		const char *end = kernels + len;

		n = strlen(series_table[i].name);
		if (len >= n + sizeof(mark) - 1 &&
		    !strncmp(end - n, series_table[i].name, n) &&
		    !strncmp(end - n - sizeof(mark) + 1, mark, sizeof(mark) - 1))
			return &series_table[i];
	}
	return &series_table[0];
}

/* The kernel that a variant boots: <arch>-<tree>. */
const char *variant_tree(const struct variant *v, const struct series *s)
{
	return v->delay && series_or_default(s)->delay ? "pristine" : v->tree;
}

/* What a variant has on the kernel's command line, or "". */
const char *variant_words(const struct variant *v, const struct series *s)
{
	if (v->delay && series_or_default(s)->delay)
		return v->delay;
	return v->extra ? v->extra : "";
}

/* Is there such a variant of this series? */
bool variant_fits(const struct variant *v, const struct series *s)
{
	return !v->only || !strcmp(v->only, series_or_default(s)->name);
}

/* What User Mode Linux of this series is told beyond what all are. */
const char *um_words(const struct series *s)
{
	return series_or_default(s)->um_words;
}

/* Where kernel.sh links the source that ${source} is by default. */
const char *series_source(const struct series *s)
{
	return series_or_default(s)->source;
}

/* User Mode Linux has as many as its series can; the others what the table says. */
int boot_cpus(const struct boot *b)
{
	return b->platform == UM ? series_or_default(b->series)->um_cpus :
	       platform_table[b->platform].cpus;
}

/* The names of all platforms; returns how many. */
size_t list_platforms(const char **names)
{
	int p;

	for (p = 0; p < NR_PLATFORMS; p++)
		names[p] = platform_table[p].name;
	return NR_PLATFORMS;
}

/*
 * Set the bits of the names in a list that commas or spaces separate.  On an
 * unknown name return -1 and the name.
 */
int parse_list(const char *text, const char *const *names, size_t nr,
	       uint64_t *mask, char *unknown, size_t len)
{
	*mask = 0;
	for (;;) {
		size_t n, i;

		text += strspn(text, ", \t\n");
		if (!*text)
			return 0;
		n = strcspn(text, ", \t\n");
		for (i = 0; i < nr; i++)
			if (strlen(names[i]) == n && !strncmp(names[i], text, n))
				break;
		if (i == nr)
			return set_err(unknown, len, "%.*s", (int)n, text);
		*mask |= BIT(i);
		text += n;
	}
}

int parse_platforms(const char *text, uint64_t *mask, char *unknown, size_t len)
{
	const char *names[NR_PLATFORMS];

	return parse_list(text, names, list_platforms(names), mask, unknown, len);
}

int parse_variants(const char *text, uint64_t *mask, char *unknown, size_t len)
{
	const char *names[VARIANTS_MAX];
	size_t i;

	for (i = 0; i < nr_variants; i++)
		names[i] = variants[i].name;
	return parse_list(text, names, nr_variants, mask, unknown, len);
}

int name_index(const char *const *names, size_t nr, const char *name)
{
	size_t i;

	for (i = 0; name && i < nr; i++)
		if (!strcmp(names[i], name))
			return (int)i;
	return -1;
}
