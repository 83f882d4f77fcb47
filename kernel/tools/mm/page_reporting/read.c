// SPDX-License-Identifier: GPL-2.0
/*
 * Parses what the kernel says. Nothing is trusted: a number that is none, a line
 * that is cut off or a name that is too long makes a broken line, which is
 * counted and left out, and sums stop at the largest number.
 */
#include <stdlib.h>
#include <string.h>

#include "page_reporting.h"

#define MAX_FIELDS	32
#define MAX_ROWS	65536	/* of summary: nodes, zones, orders, types */

bool parse_u64(const char *text, uint64_t *value)
{
	uint64_t v = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned int digit = (unsigned int)*text - '0';

		if (digit > 9 || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return false;
	}
	*value = v;
	return true;
}

uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/* Cut a line into fields in place. Returns how many, or MAX_FIELDS + 1. */
static size_t split(char *line, char **field)
{
	size_t n = 0;
	char *save, *p;

	for (p = strtok_r(line, " \t\n", &save); p;
	     p = strtok_r(NULL, " \t\n", &save)) {
		if (n == MAX_FIELDS)
			return MAX_FIELDS + 1;
		field[n++] = p;
	}
	return n;
}

/* Copy a name of letters, digits, '_' and '-', so that it can be printed. */
static bool copy_name(char *to, size_t room, const char *from)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	size_t len = strlen(from);

	if (!len || len >= room || strspn(from, good) != len)
		return false;
	memcpy(to, from, len + 1);
	return true;
}

static bool parse_uint(const char *text, unsigned int max, unsigned int *value)
{
	uint64_t v;

	if (!parse_u64(text, &v) || v > max)
		return false;
	*value = (unsigned int)v;
	return true;
}

static bool parse_node(const char *text, int *node)
{
	unsigned int v;

	if (!parse_uint(text, 1 << 16, &v))
		return false;
	*node = (int)v;
	return true;
}

/* "name value" */
bool parse_counter(char *line, struct counter *c)
{
	char *field[MAX_FIELDS];

	return split(line, field) == 2 &&
	       copy_name(c->name, sizeof(c->name), field[0]) &&
	       parse_u64(field[1], &c->value);
}

static bool parse_ms(const char *text, int64_t *ms)
{
	uint64_t v;

	*ms = -1;
	if (!strcmp(text, "-"))
		return true;
	if (!parse_u64(text, &v) || v > INT64_MAX / 1024)
		return false;
	*ms = (int64_t)v;
	return true;
}

/* "pfn order node zone migratetype state free_ms reported_ms" */
bool parse_block(char *line, struct block *b)
{
	char *field[MAX_FIELDS];
	size_t n = split(line, field);

	return n >= 8 && n <= MAX_FIELDS && parse_u64(field[0], &b->pfn) &&
	       b->pfn < 1ULL << 52 &&
	       parse_uint(field[1], MAX_ORDER, &b->order) &&
	       parse_node(field[2], &b->node) &&
	       copy_name(b->zone, sizeof(b->zone), field[3]) &&
	       copy_name(b->type, sizeof(b->type), field[4]) &&
	       copy_name(b->state, sizeof(b->state), field[5]) &&
	       parse_ms(field[6], &b->free_ms) &&
	       parse_ms(field[7], &b->reported_ms);
}

/* "below_ms waiting reported refaulted", where the last has "-" for below_ms */
bool parse_age(char *line, struct age *age)
{
	char *field[MAX_FIELDS];
	size_t n = split(line, field);

	if (n < 4 || n > MAX_FIELDS)
		return false;
	age->below_ms = 0;
	if (strcmp(field[0], "-") && (!parse_u64(field[0], &age->below_ms) ||
				      !age->below_ms))
		return false;
	return parse_u64(field[1], &age->waiting) &&
	       parse_u64(field[2], &age->reported) &&
	       parse_u64(field[3], &age->refaulted);
}

/*
 * Read a line. One that does not fit is read to its end and comes back empty,
 * which nothing parses; so does one with a NUL in it.
 */
static bool read_line(FILE *f, char *line, size_t room)
{
	size_t used = 0;
	bool bad = false;
	int c;

	while ((c = getc(f)) != EOF && c != '\n') {
		if (!c || used + 1 >= room)
			bad = true;
		else
			line[used++] = (char)c;
	}
	line[bad ? 0 : used] = '\0';
	return c != EOF || used || bad;
}

static bool wanted_counter(const char *name)
{
	static const char *const prefixes[] = {
		"page_report", "nr_free_", "balloon_", NULL };

	for (size_t i = 0; prefixes[i]; i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/* Of vmstat only ours, for which @broken is NULL; of stats all. */
void parse_counters(FILE *f, struct counters *to, unsigned long *broken)
{
	char line[256];

	to->nr = 0;
	while (read_line(f, line, sizeof(line)) && to->nr < ARRAY_LEN(to->c)) {
		struct counter *c = &to->c[to->nr];

		if (!parse_counter(line, c)) {
			if (broken)
				++*broken;
		} else if (broken || wanted_counter(c->name)) {
			to->nr++;
		}
	}
}

/* "Name: value kB", of which the lines with parentheses are left out */
void parse_meminfo(FILE *f, struct counters *to)
{
	char line[256], *field[MAX_FIELDS];

	to->nr = 0;
	while (read_line(f, line, sizeof(line)) && to->nr < ARRAY_LEN(to->c)) {
		struct counter *c = &to->c[to->nr];
		size_t n = split(line, field);
		char *colon;

		if (n < 2 || n > MAX_FIELDS)
			continue;
		colon = strchr(field[0], ':');
		if (!colon)
			continue;
		*colon = '\0';
		if (!copy_name(c->name, sizeof(c->name), field[0]) ||
		    !parse_u64(field[1], &c->value))
			continue;
		if (n > 2)
			c->value = times(c->value, 1024);
		to->nr++;
	}
}

static void zone_field(struct zone *z, char **field, size_t n, bool *pagesets)
{
	uint64_t v;

	if (!strcmp(field[0], "pagesets"))
		*pagesets = true;
	if (n == 3 && !strcmp(field[0], "pages") && !strcmp(field[1], "free") &&
	    parse_u64(field[2], &v))
		z->free = v;
	if (n != 2 || !parse_u64(field[1], &v))
		return;
	if (!strcmp(field[0], "low") && !*pagesets)
		z->low = v;
	else if (!strcmp(field[0], "spanned"))
		z->spanned = v;
	else if (!strcmp(field[0], "start_pfn:"))
		z->start = v;
	else if (!strcmp(field[0], "nr_free_reported"))
		z->reported = v;
	else if (!strcmp(field[0], "count:") && *pagesets)
		z->pcp = add(z->pcp, v);
}

/* Of the zones that have memory. */
size_t parse_zoneinfo(FILE *f, struct zone *zones, size_t room)
{
	char line[256], *field[MAX_FIELDS];
	struct zone *z = NULL;
	bool pagesets = false;
	size_t nr = 0;

	while (read_line(f, line, sizeof(line))) {
		size_t n = split(line, field);

		if (!n || n > MAX_FIELDS)
			continue;
		if (n == 4 && !strcmp(field[0], "Node") && !strcmp(field[2], "zone")) {
			char *comma = strchr(field[1], ',');

			if (comma)
				*comma = '\0';
			if (z && !z->spanned)
				nr--;
			z = NULL;
			pagesets = false;
			if (nr == room)
				continue;
			memset(&zones[nr], 0, sizeof(zones[nr]));
			if (parse_node(field[1], &zones[nr].node) &&
			    copy_name(zones[nr].name, sizeof(zones[nr].name),
				      field[3]))
				z = &zones[nr++];
		} else if (z) {
			zone_field(z, field, n, &pagesets);
		}
	}
	if (z && !z->spanned)
		nr--;
	return nr;
}

/* Which part each column of summary is; NR_PARTS for one of a newer kernel. */
static size_t parse_head(char *line, enum part *column)
{
	char *field[MAX_FIELDS];
	size_t n = split(line, field);

	if (n < 5 || n > MAX_FIELDS || strcmp(field[0], "node") ||
	    strcmp(field[1], "zone") || strcmp(field[2], "order") ||
	    strcmp(field[3], "migratetype"))
		return 0;
	for (size_t i = 4; i < n; i++) {
		enum part p = FIRST_FREE;

		while (p < UNKNOWN && strcmp(parts[p].column, field[i]))
			p++;
		column[i] = p;
	}
	return n;
}

static bool parse_row(char *line, struct row *r, const enum part *column,
		      size_t columns)
{
	char *field[MAX_FIELDS];

	memset(r, 0, sizeof(*r));
	if (split(line, field) != columns || !parse_node(field[0], &r->node) ||
	    !copy_name(r->zone, sizeof(r->zone), field[1]) ||
	    !parse_uint(field[2], MAX_ORDER, &r->order) ||
	    !copy_name(r->type, sizeof(r->type), field[3]))
		return false;
	for (size_t i = 4; i < columns; i++) {
		uint64_t v;

		if (!parse_u64(field[i], &v))
			return false;
		r->bytes[column[i]] = add(r->bytes[column[i]], v);
	}
	return true;
}

/* Columns are known by their names, so that a newer kernel may have more. */
int parse_summary(FILE *f, struct row **rows, size_t *nr, unsigned long *broken)
{
	enum part column[MAX_FIELDS] = { 0 };
	char line[1024];
	size_t columns, room = 0;

	*rows = NULL;
	*nr = 0;
	columns = read_line(f, line, sizeof(line)) ? parse_head(line, column) : 0;
	if (!columns)
		++*broken;
	while (columns && read_line(f, line, sizeof(line)) && *nr < MAX_ROWS) {
		if (*nr == room) {
			size_t more = room ? room * 2 : 64;
			struct row *bigger = realloc(*rows, more * sizeof(**rows));

			if (!bigger)
				return -1;
			*rows = bigger;
			room = more;
		}
		if (parse_row(line, &(*rows)[*nr], column, columns))
			++*nr;
		else
			++*broken;
	}
	return 0;
}

size_t parse_ages(FILE *f, struct age *ages, size_t room, unsigned long *broken)
{
	char line[256];
	size_t nr = 0;

	if (!read_line(f, line, sizeof(line)) || strncmp(line, "below_ms ", 9)) {
		++*broken;
		return 0;
	}
	while (nr < room && read_line(f, line, sizeof(line))) {
		if (parse_age(line, &ages[nr]))
			nr++;
		else
			++*broken;
	}
	return nr;
}

bool find_counter(const struct counters *c, const char *name, uint64_t *value)
{
	for (size_t i = 0; i < c->nr; i++) {
		if (!strcmp(c->c[i].name, name)) {
			*value = c->c[i].value;
			return true;
		}
	}
	*value = 0;
	return false;
}

uint64_t counter(const struct counters *c, const char *name)
{
	uint64_t value;

	find_counter(c, name, &value);
	return value;
}
