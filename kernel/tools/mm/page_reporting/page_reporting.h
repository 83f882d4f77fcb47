/* SPDX-License-Identifier: GPL-2.0 */
/*
 * page-reporting - where a guest's memory is, and what the host has back of it
 *
 * read.c parses what the kernel says, guest.c puts it together and finds out
 * what is missing; map.c, show.c, export.c, png.c and top.c show it.
 */
#ifndef PAGE_REPORTING_H
#define PAGE_REPORTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))
#define PRINTF(f, a)	__attribute__((format(printf, f, a)))
#define PATH_LEN	4096
#define HUGE_BYTES	(2UL << 20)	/* smaller blocks wait longer */
#define MAX_ORDER	20		/* above that a line is broken */
#define DEBUGFS		"/sys/kernel/debug"
#define OURS		DEBUGFS "/page_reporting"
#define PARAMETERS	"/sys/module/page_reporting/parameters"
#define DEBUGFS_FLUSH	OURS "/flush"
#define PARAMETER_FLUSH	PARAMETERS "/flush"

/* Exit status */
enum {
	EXIT_GOOD = 0,
	EXIT_BAD = 1,		/* cannot read, write or flush */
	EXIT_WRONG = 2,
	EXIT_MISSING = 3,	/* this kernel, boot or user lacks what it takes */
	EXIT_STOPPED = 130,	/* by a signal */
};

/* Where memory is. The free part has the columns of debugfs "summary". */
enum part {
	PROGRAMS, CACHE, SLAB, PCP, KERNEL,
	REPORTED, YOUNG, ELIGIBLE, SMALL, FEW, ISOLATED, BACKING_OFF, WATERMARK,
	SPARSE, UNTRACKED,
	UNKNOWN,	/* free and not reported; without debugfs nobody says why */
	NR_PARTS,
	FIRST_FREE = REPORTED,
};

struct part_info {
	const char *column;	/* in summary, or the name for programs */
	const char *name;
	char letter;
	short color;		/* 0 to 7, as terminals count */
	const char *advice;
};

extern const struct part_info parts[NR_PARTS];

/* What keeps debugfs from being read; each has its advice. */
enum missing {
	NOTHING_MISSING, NO_PROC, NO_KERNEL, NO_DEBUGFS, NOT_ROOT, NO_PAGE_EXT,
	NO_DEVICE, NR_MISSING,
};

struct missing_info {
	const char *name;
	const char *text;	/* what is missing, and what to do */
};

extern const struct missing_info missing_info[NR_MISSING];

/* One line of debugfs "blocks" */
struct block {
	uint64_t pfn;
	unsigned int order;
	int node;
	char zone[16], type[24], state[16];
	int64_t free_ms, reported_ms;	/* -1: not known */
};

/* One line of debugfs "summary" */
struct row {
	int node;
	char zone[16], type[24];
	unsigned int order;
	uint64_t bytes[NR_PARTS];	/* of the free ones only */
};

struct counter {
	char name[40];
	uint64_t value;
};

struct counters {
	size_t nr;
	struct counter c[64];
};

struct age {
	uint64_t below_ms;	/* 0: no end */
	uint64_t waiting, reported, refaulted;
};

struct zone {
	int node;
	char name[16];
	uint64_t start, spanned;	/* in pages */
	uint64_t free, reported, low, pcp;
};

/* All that is known at one moment; bytes unless it says something else. */
struct guest {
	const char *root;		/* prefix of all paths, or "" */
	uint64_t page;
	enum missing missing;
	uint64_t total, part[NR_PARTS];
	struct counters vmstat, stats;
	struct zone zones[64];
	size_t nr_zones;
	struct row *rows;
	size_t nr_rows;
	struct age ages[64];
	size_t nr_ages;
	int64_t next_ms, last_ms;	/* of what waits; -1: not known */
	unsigned long broken;		/* lines that were not understood */
};

/* read.c */
bool parse_u64(const char *text, uint64_t *value);
uint64_t add(uint64_t a, uint64_t b);
uint64_t times(uint64_t a, uint64_t b);
bool parse_counter(char *line, struct counter *c);
bool parse_block(char *line, struct block *b);
bool parse_age(char *line, struct age *age);
void parse_counters(FILE *f, struct counters *to, unsigned long *broken);
void parse_meminfo(FILE *f, struct counters *to);
size_t parse_zoneinfo(FILE *f, struct zone *zones, size_t room);
int parse_summary(FILE *f, struct row **rows, size_t *nr, unsigned long *broken);
size_t parse_ages(FILE *f, struct age *ages, size_t room, unsigned long *broken);
bool find_counter(const struct counters *c, const char *name, uint64_t *value);
uint64_t counter(const struct counters *c, const char *name);

/* guest.c */
void root_path(char *path, const char *root, const char *file);
FILE *open_file(const struct guest *g, const char *file);
bool file_exists(const struct guest *g, const char *file);
FILE *open_debugfs(const struct guest *g, const char *name);
void guest_read(struct guest *g, bool blocks);
void guest_release(struct guest *g);
enum part largest_part(const struct guest *g);
int64_t block_wait_ms(const struct block *b, uint64_t page, uint64_t age_ms);
uint64_t refaulted_bytes(const struct guest *g, bool *known);
uint64_t reported_bytes(const struct guest *g, bool *known);

/* map.c */
enum cell { CELL_HOLE, CELL_USED, CELL_SMALL, CELL_WAITING, CELL_DUE,
	    CELL_REPORTED, NR_CELLS };

struct cell_info {
	char letter;
	const char *name;
	short color;
	unsigned char rgb[3];
};

extern const struct cell_info cells[NR_CELLS];

struct map {
	uint64_t first, per;	/* pfn of the first cell, and pages of each */
	size_t nr;
	uint64_t (*pages)[NR_CELLS];
};

int map_init(struct map *map, const struct zone *zones, size_t nr_zones,
	     size_t max_cells);
void map_add(struct map *map, const struct block *b, uint64_t page,
	     uint64_t age_ms);
void map_read(struct map *map, FILE *blocks, const struct guest *g,
	      unsigned long *broken);
enum cell map_cell(const struct map *map, size_t i);
void map_free(struct map *map);
void map_letters(const struct map *map, char *text);
void draw_row(FILE *out, const char *text, size_t len, bool colored);
void draw_letters(FILE *out, const char *text, size_t columns, bool colored);
void draw_legend(FILE *out, bool colored);
bool terminal_colored(FILE *out);

/* show.c, export.c, png.c, top.c: the commands */
struct options {
	const char *command, *root, *output, *file;
	const char *state, *zone, *type, *sort;
	long node, min_order, max_order, limit, width, rows, count;
	double interval;
	bool reverse;
	char flush[32];		/* what is to be reported, for the kernel */
};

void say_bytes(char *text, size_t len, uint64_t bytes);
void say_parts(FILE *out, const struct guest *g, size_t columns, bool colored);
int show_summary(struct guest *g, const struct options *o);
int show_blocks(struct guest *g, const struct options *o);
int show_ages(struct guest *g, const struct options *o);
int show_map(struct guest *g, const struct options *o);
int show_json(struct guest *g, const struct options *o);
int show_prometheus(struct guest *g, const struct options *o);
int write_png(const struct map *map, const char *path);
int run_top(const struct options *o);
int run_watch(const struct options *o);
int run_flush(const struct guest *g, const char *what);

/* page-reporting.c */
void complain(const char *fmt, ...) PRINTF(1, 2);
bool stopped(void);
bool pause_for(double seconds);

#endif
