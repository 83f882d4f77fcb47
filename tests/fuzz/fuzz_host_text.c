// SPDX-License-Identifier: GPL-2.0
/*
 * What the host reads besides: smaps of QEMU, lines of the console, the
 * answers of PAGEMAP_SCAN, names and settings on the command line.  The first
 * byte of an input chooses.
 */
#include "fuzz.h"
#include "prbench.h"

#define NR_PIECES	8

static char *copy_of(const struct text *text)
{
	char *s = malloc(text->len + 1);

	MUST(s);
	memcpy(s, text->at, text->len);
	s[text->len] = '\0';
	return s;
}

static void smaps(const struct text *text)
{
	struct mapping map = { 0 };
	FILE *f;
	int nr;

	if (!text->len)
		return;
	f = fmemopen((void *)text->at, text->len, "r");
	MUST(f);
	nr = smaps_find(f, 2048ULL << 20, &map);
	MUST(nr >= 0 && (!nr || map.end - map.start == 2048ULL << 20));
	fclose(f);
}

/* One with OOM kills in it is bad unless they are the result, never else. */
static void console(const struct text *text)
{
	char *s = copy_of(text), *save, *line;

	for (line = strtok_r(s, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		MUST(!splat_line(line, true) || splat_line(line, false));
	free(s);
}

/* The kernel's ranges may be anywhere; pieces hold no more than they can. */
static void ranges(const struct text *text)
{
	size_t nr = text->len / sizeof(struct scan_range), i, k;
	struct scan_range *r = malloc(text->len + 1);
	uint32_t *pieces = calloc(NR_PIECES, sizeof(*pieces));

	MUST(r && pieces);
	memcpy(r, text->at, text->len);
	for (i = 0; i < nr; i++) {
		memset(pieces, 0, NR_PIECES * sizeof(*pieces));
		ranges_count(r + i, 1, 4096, pieces, NR_PIECES);
		for (k = 0; k < NR_PIECES; k++)
			MUST(pieces[k] <= PIECE_BYTES / 4096);
	}
	free(pieces);
	free(r);
}

static void pagemap(const struct text *text)
{
	size_t nr = text->len / sizeof(uint64_t), i;
	size_t most = NR_PIECES * PIECE_BYTES / 4096;
	uint64_t *entries = malloc(text->len + 1);
	uint32_t pieces[NR_PIECES] = { 0 };

	MUST(entries);
	memcpy(entries, text->at, text->len);
	pagemap_count(entries, nr < most ? nr : most, pieces);
	for (i = 0; i < NR_PIECES; i++)
		MUST(pieces[i] <= PIECE_BYTES / 4096);
	free(entries);
}

/* A line an option, as the shell would hand them over. */
static void options(const struct text *text)
{
	char *s = copy_of(text), *save, *word, err[128];
	uint64_t mask;

	for (word = strtok_r(s, "\n", &save); word;
	     word = strtok_r(NULL, "\n", &save)) {
		err[0] = '\0';
		if (settings_override(word, err, sizeof(err)))
			MUST(*err);
		err[0] = '\0';
		if (parse_variants(word, &mask, err, sizeof(err)))
			MUST(*err);
		else
			MUST(mask < 1ULL << nr_variants);
		err[0] = '\0';
		if (parse_workloads(word, &mask, err, sizeof(err)))
			MUST(*err);
		else
			MUST(mask < 1ULL << nr_workloads);
	}
	free(s);
}

/* Whatever was set, there is a plan. */
static void plan(void)
{
	struct selection sel = {
		.platforms = 1U << TCG | 1U << ICOUNT | 1U << UM,
		.workloads = (1ULL << nr_workloads) - 1,
		.boots = 1,
		.seed = 1,
	};
	struct plan p;

	MUST(!plan_make(&p, &sel));
	plan_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = { (const char *)data + 1, size - 1 };
	char err[512];
	int fd;

	if (!size)
		return 0;
	if (!nr_workloads)
		MUST(!workloads_load("bench/workloads", err, sizeof(err)));
	fd = free_fd();
	switch (*data % 5) {
	case 0:
		smaps(&text);
		break;
	case 1:
		console(&text);
		break;
	case 2:
		ranges(&text);
		break;
	case 3:
		pagemap(&text);
		break;
	default:
		options(&text);
		plan();
		settings_reset();
		break;
	}
	MUST(free_fd() == fd);
	return 0;
}
