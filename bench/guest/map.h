/* SPDX-License-Identifier: GPL-2.0 */
/* The map of memory that map.c makes of debugfs page_reporting/. */
#ifndef PRAGENT_MAP_H
#define PRAGENT_MAP_H

#include <stdio.h>

#include <jansson.h>

/* What a piece of memory is; by how near it is to being given back. */
enum map_state {
	USED,
	SMALL,		/* free, in blocks that are never reported */
	YOUNG,		/* free, not for as long as its size has to be */
	WAITING,	/* free for longer than that */
	REPORTED,
	NR_STATES,
};

struct map {
	unsigned long per;	/* pages in a piece */
	size_t nr;		/* pieces */
	unsigned long (*cells)[NR_STATES];	/* pages of each state, USED not counted */
};

int map_init(struct map *map, unsigned long pages);
void map_clear(struct map *map);
void map_free(struct map *map);
int map_add(struct map *map, const char *line, unsigned long age_ms);
char *map_text(const struct map *map);
unsigned long map_last_pfn(FILE *zoneinfo);
json_t *map_ages(const char *text);

#endif
