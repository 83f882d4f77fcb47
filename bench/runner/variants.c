// SPDX-License-Identifier: GPL-2.0
/* The kernel series, and how lists of names are read. */
#include <glob.h>
#include <limits.h>
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

/* The series that a release is of: "7.3.4"; NULL if it is none of them. */
static const struct series *series_by_release(const char *release)
{
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(series_table); i++) {
		n = strlen(series_table[i].name);
		if (!strncmp(release, series_table[i].name, n) &&
		    !(release[n] >= '0' && release[n] <= '9'))
			return &series_table[i];
	}
	return NULL;
}

/* The series of the kernels that lie there; NULL if there are none. */
static const struct series *series_there(const char *kernels)
{
	const struct series *found = NULL;
	char pattern[PATH_MAX], release[128];
	glob_t there;
	size_t i;

	make_path(pattern, sizeof(pattern), "%s/*/release", kernels);
	if (glob(pattern, 0, NULL, &there))
		return NULL;
	for (i = 0; i < there.gl_pathc && !found; i++)
		if (read_text(there.gl_pathv[i], release, sizeof(release)) > 0)
			found = series_by_release(release);
	globfree(&there);
	return found;
}

/**
 * series_of() - the series of the kernels in a directory
 * @kernels: the directory. What lies there says it, and if there is nothing yet,
 *	its name: "build/kernels-7.3"; without a series in that it is the first.
 */
const struct series *series_of(const char *kernels)
{
	const struct series *s = series_there(kernels);
	const char *end = kernels + strlen(kernels), *name;

	while (end > kernels && end[-1] == '/')
		end--;
	for (name = end; name > kernels && name[-1] != '/'; name--)
		;
	if (!s && !strncmp(name, "kernels-", strlen("kernels-")))
		s = series_by_release(name + strlen("kernels-"));
	return series_or_default(s);
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

/* Set the bits that a word names, if it is of this kind. */
static bool add_word(const char *word, uint64_t *mask,
		     int (*parse)(const char *, uint64_t *, char *, size_t))
{
	uint64_t bits;
	char bad[64];

	if (parse(word, &bits, bad, sizeof(bad)))
		return false;
	*mask |= bits;
	return true;
}

/**
 * parse_part() - read which rounds of a plan are meant
 * @text: names of platforms and workloads, and a number of rounds; without a
 *	platform all of them are meant, and so on
 * @part: gets it
 * @err: names the word that is none of these
 * @len: its size
 *
 * Return: 0, or -1 with @err.
 */
int parse_part(const char *text, struct plan_part *part, char *err, size_t len)
{
	char word[64], *end;

	memset(part, 0, sizeof(*part));
	for (; text += strspn(text, ", \t\n"), *text; text += strcspn(text, ", \t\n")) {
		unsigned long n;

		snprintf(word, sizeof(word), "%.*s", (int)strcspn(text, ", \t\n"), text);
		n = strtoul(word, &end, 10);
		if (!*end && n && n < 1000)
			part->rounds = (unsigned int)n;
		else if (!add_word(word, &part->platforms, parse_platforms) &&
			 !add_word(word, &part->workloads, parse_workloads))
			return set_err(err, len, "'%s' is no platform, workload or number of rounds; see --list",
				       word);
	}
	part->platforms = part->platforms ? part->platforms : ~0ULL;
	part->workloads = part->workloads ? part->workloads : ~0ULL;
	return 0;
}
