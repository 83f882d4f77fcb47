// SPDX-License-Identifier: GPL-2.0
/* How lists of names are read. */
#include <string.h>

#include "prbench.h"

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
