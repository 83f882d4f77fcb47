// SPDX-License-Identifier: GPL-2.0
/* The guest's memory as cells, each with what most of it is. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "page_reporting.h"

const struct cell_info cells[NR_CELLS] = {
	[CELL_HOLE] = { ' ', "no memory", 0, { 255, 255, 255 } },
	[CELL_USED] = { '#', "in use", 1, { 0xd5, 0x5e, 0x00 } },
	[CELL_SMALL] = { 's', "too small, or no device", 7, { 0x99, 0x99, 0x99 } },
	[CELL_WAITING] = { 'w', "waits for its age", 3, { 0xf0, 0xe4, 0x42 } },
	[CELL_DUE] = { 'd', "due", 6, { 0x56, 0xb4, 0xe9 } },
	[CELL_REPORTED] = { '.', "back with the host", 2, { 0x00, 0x9e, 0x73 } },
};

/* Add pages from @start to @end to the cells that they lie in. */
static void spread(struct map *map, uint64_t start, uint64_t end, enum cell what)
{
	uint64_t stop = map->first + map->nr * map->per;

	if (start < map->first)
		start = map->first;
	if (end > stop)
		end = stop;
	while (start < end) {
		uint64_t i = (start - map->first) / map->per;
		uint64_t next = map->first + (i + 1) * map->per;

		if (next > end)
			next = end;
		map->pages[i][what] += next - start;
		start = next;
	}
}

/*
 * Cells are a power of two of pages, as few as it takes for at most @max_cells.
 * Zones that cannot be (no address space is that large) are left out.
 */
int map_init(struct map *map, const struct zone *zones, size_t nr_zones,
	     size_t max_cells)
{
	const uint64_t limit = 1ULL << 52;
	uint64_t first = limit, end = 0;

	memset(map, 0, sizeof(*map));
	for (size_t i = 0; i < nr_zones; i++) {
		const struct zone *z = &zones[i];

		if (z->start >= limit || z->spanned > limit - z->start)
			continue;
		if (z->start < first)
			first = z->start;
		if (z->start + z->spanned > end)
			end = z->start + z->spanned;
	}
	if (first >= end || !max_cells)
		return -1;
	map->per = 1;
	for (;;) {
		map->first = first & ~(map->per - 1);
		map->nr = (size_t)((end - map->first + map->per - 1) / map->per);
		if (map->nr <= max_cells)
			break;
		map->per *= 2;
	}
	map->pages = calloc(map->nr, sizeof(*map->pages));
	if (!map->pages)
		return -1;
	for (size_t i = 0; i < nr_zones; i++)
		if (zones[i].start < limit &&
		    zones[i].spanned <= limit - zones[i].start)
			spread(map, zones[i].start,
			       zones[i].start + zones[i].spanned, CELL_USED);
	return 0;
}

void map_free(struct map *map)
{
	free(map->pages);
	map->pages = NULL;
}

/* A block that is partly reported counts as what the rest of it is. */
void map_add(struct map *map, const struct block *b, uint64_t page,
	     uint64_t age_ms)
{
	enum cell what = CELL_SMALL;

	if (!strcmp(b->state, "reported"))
		what = CELL_REPORTED;
	else if (!strcmp(b->state, "pending") || !strcmp(b->state, "partial"))
		what = b->free_ms < 0 || block_wait_ms(b, page, age_ms) > 0 ?
		       CELL_WAITING : CELL_DUE;
	spread(map, b->pfn, b->pfn + (1ULL << b->order), what);
}

void map_read(struct map *map, FILE *blocks, const struct guest *g,
	      unsigned long *broken)
{
	uint64_t age_ms = counter(&g->stats, "age_ms");
	struct block b;
	char line[256];

	while (fgets(line, sizeof(line), blocks)) {
		if (parse_block(line, &b))
			map_add(map, &b, g->page, age_ms);
		else
			++*broken;
	}
}

/* What most of a cell is; the later kind wins where two are equal. */
enum cell map_cell(const struct map *map, size_t i)
{
	const uint64_t *pages = map->pages[i];
	uint64_t best = 0, used = pages[CELL_USED];
	enum cell what = CELL_HOLE;

	/* What is free was counted as used, with its zone. */
	for (enum cell c = CELL_SMALL; c < NR_CELLS; c++)
		used -= used < pages[c] ? used : pages[c];
	if (used) {
		best = used;
		what = CELL_USED;
	}
	for (enum cell c = CELL_SMALL; c < NR_CELLS; c++) {
		if (pages[c] && pages[c] >= best) {
			best = pages[c];
			what = c;
		}
	}
	return what;
}

/* A letter for each cell; @text has room for one more. */
void map_letters(const struct map *map, char *text)
{
	for (size_t i = 0; i < map->nr; i++)
		text[i] = cells[map_cell(map, i)].letter;
	text[map->nr] = '\0';
}

static short color_of(char letter)
{
	for (enum cell c = 0; c < NR_CELLS; c++)
		if (cells[c].letter == letter)
			return cells[c].color;
	return 0;
}

/* Draw @len letters, without the end of the line. */
void draw_row(FILE *out, const char *text, size_t len, bool colored)
{
	short last = 0;

	for (size_t i = 0; i < len; i++) {
		short color = color_of(text[i]);

		if (colored && color != last)
			fprintf(out, "\033[0;%dm", color ? 30 + color : 0);
		last = color;
		putc(text[i], out);
	}
	if (colored)
		fputs("\033[0m", out);
}

void draw_letters(FILE *out, const char *text, size_t columns, bool colored)
{
	size_t len = strlen(text);

	for (size_t row = 0; row < len; row += columns) {
		draw_row(out, text + row, len - row < columns ? len - row : columns,
			 colored);
		putc('\n', out);
	}
}

void draw_legend(FILE *out, bool colored)
{
	for (enum cell c = CELL_USED; c < NR_CELLS; c++)
		fprintf(out, colored ? "%s\033[%dm%c\033[0m %s" : "%s%.0d%c %s",
			c > CELL_USED ? "   " : "", colored ? 30 + cells[c].color : 0,
			cells[c].letter, cells[c].name);
	putc('\n', out);
}

bool terminal_colored(FILE *out)
{
	const char *term = getenv("TERM");

	return isatty(fileno(out)) && !getenv("NO_COLOR") && term &&
	       strcmp(term, "dumb") && strncmp(term, "vt", 2);
}
