// SPDX-License-Identifier: GPL-2.0
/* What people read: summary, blocks, ages, map. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "page_reporting.h"

void say_bytes(char *text, size_t len, uint64_t bytes)
{
	snprintf(text, len, "%.1f MiB", (double)bytes / 1048576);
}

/* A bar of letters, of which each part that is there has one at least. */
static void draw_bar(FILE *out, const struct guest *g, size_t columns,
		     bool colored)
{
	uint64_t sum = 0, done = 0;
	size_t at = 0;

	for (enum part p = 0; p < NR_PARTS; p++)
		sum = add(sum, g->part[p]);
	putc('[', out);
	for (enum part p = 0; p < NR_PARTS && sum; p++) {
		size_t end;

		if (!g->part[p])
			continue;
		done = add(done, g->part[p]);
		end = (size_t)((double)done / (double)sum * (double)columns + 0.5);
		if (end <= at)
			end = at + 1;
		if (colored)
			fprintf(out, "\033[%dm", 30 + parts[p].color);
		for (; at < end && at < columns; at++)
			putc(parts[p].letter, out);
	}
	for (; at < columns; at++)
		putc(' ', out);
	fputs(colored ? "\033[0m]\n" : "]\n", out);
}

static void say_wait(FILE *out, const struct guest *g)
{
	if (g->next_ms >= 0)
		fprintf(out, "  next in %.1f s, the last in %.1f s",
			(double)g->next_ms / 1e3, (double)g->last_ms / 1e3);
}

void say_parts(FILE *out, const struct guest *g, size_t columns, bool colored)
{
	char text[32];

	draw_bar(out, g, columns, colored);
	for (enum part p = 0; p < NR_PARTS; p++) {
		if (p == PROGRAMS)
			fputs("in use\n", out);
		if (p == FIRST_FREE)
			fputs("free\n", out);
		if (!g->part[p] && p != REPORTED)
			continue;
		say_bytes(text, sizeof(text), g->part[p]);
		fprintf(out, "  %c %-14s %14s %3.0f %%", parts[p].letter,
			parts[p].name, text,
			(double)g->part[p] / (double)g->total * 100);
		if (p == YOUNG)
			say_wait(out, g);
		putc('\n', out);
	}
}

int show_summary(struct guest *g, const struct options *o)
{
	enum part most = largest_part(g);
	char text[32], again[32];
	bool known, known_too;
	uint64_t told = reported_bytes(g, &known);
	uint64_t back = refaulted_bytes(g, &known_too);

	say_bytes(text, sizeof(text), g->total);
	printf("memory of this guest: %s\n", text);
	say_parts(stdout, g, o->width > 2 ? (size_t)o->width - 2 : 70,
		  terminal_colored(stdout));
	if (known && known_too) {
		say_bytes(text, sizeof(text), told);
		say_bytes(again, sizeof(again), back);
		printf("since boot: %s reported, %s of it used again\n", text, again);
	}
	if (g->missing != NOTHING_MISSING)
		printf("missing: %s\n", missing_info[g->missing].text);
	say_bytes(text, sizeof(text), g->part[most]);
	printf("next: %s %s %s\n", parts[most].name, text, parts[most].advice);
	return EXIT_GOOD;
}

static int by_pfn(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	return (x->pfn > y->pfn) - (x->pfn < y->pfn);
}

static int by_order(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	return x->order != y->order ? (x->order > y->order ? 1 : -1) : by_pfn(a, b);
}

static int by_free(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	return x->free_ms != y->free_ms ? (x->free_ms > y->free_ms ? 1 : -1) :
	       by_pfn(a, b);
}

static int by_reported(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	return x->reported_ms != y->reported_ms ?
	       (x->reported_ms > y->reported_ms ? 1 : -1) : by_pfn(a, b);
}

static bool wanted(const struct block *b, const struct options *o)
{
	return (!o->state || !strcmp(o->state, b->state)) &&
	       (!o->zone || !strcmp(o->zone, b->zone)) &&
	       (!o->type || !strcmp(o->type, b->type)) &&
	       (o->node < 0 || o->node == b->node) &&
	       (o->min_order < 0 || (long)b->order >= o->min_order) &&
	       (o->max_order < 0 || (long)b->order <= o->max_order);
}

static void print_ms(int64_t ms)
{
	if (ms < 0)
		printf(" %11s", "-");
	else
		printf(" %11" PRId64, ms);
}

/* Read those that are wanted. Returns -1 without room for them. */
static int read_blocks(FILE *f, const struct options *o, struct block **blocks,
		       size_t *nr, unsigned long *broken)
{
	size_t room = 0;
	struct block b;
	char line[256];

	while (fgets(line, sizeof(line), f) && !stopped()) {
		if (!parse_block(line, &b)) {
			++*broken;
			continue;
		}
		if (!wanted(&b, o))
			continue;
		if (*nr == room) {
			struct block *more;

			room = room ? room * 2 : 1024;
			more = realloc(*blocks, room * sizeof(b));
			if (!more)
				return -1;
			*blocks = more;
		}
		(*blocks)[(*nr)++] = b;
	}
	return 0;
}

int show_blocks(struct guest *g, const struct options *o)
{
	int (*compare)(const void *, const void *) = by_pfn;
	struct block *blocks = NULL;
	size_t nr = 0;
	FILE *f = open_debugfs(g, "blocks");
	int err;

	if (!f) {
		complain("cannot read blocks in debugfs: %s; run 'page-reporting summary' to see what is missing",
			 strerror(errno));
		return EXIT_BAD;
	}
	err = read_blocks(f, o, &blocks, &nr, &g->broken);
	fclose(f);
	if (err) {
		complain("no memory for a list of %zu blocks: use --min-order or --state", nr);
		free(blocks);
		return EXIT_BAD;
	}
	if (o->sort && !strcmp(o->sort, "order"))
		compare = by_order;
	else if (o->sort && !strcmp(o->sort, "free"))
		compare = by_free;
	else if (o->sort && !strcmp(o->sort, "reported"))
		compare = by_reported;
	if (nr)
		qsort(blocks, nr, sizeof(*blocks), compare);
	printf("%12s %5s %4s %-8s %-12s %-9s %11s %11s\n", "pfn", "order", "node",
	       "zone", "type", "state", "free_ms", "reported_ms");
	for (size_t i = 0; i < nr && (o->limit < 0 || (long)i < o->limit); i++) {
		const struct block *b = &blocks[o->reverse ? nr - 1 - i : i];

		printf("%12" PRIu64 " %5u %4d %-8s %-12s %-9s", b->pfn, b->order,
		       b->node, b->zone, b->type, b->state);
		print_ms(b->free_ms);
		print_ms(b->reported_ms);
		putchar('\n');
	}
	free(blocks);
	return EXIT_GOOD;
}

int show_ages(struct guest *g, const struct options *o)
{
	(void)o;
	printf("%12s %14s %14s %14s\n", "below", "waiting", "reported", "refaulted");
	for (size_t i = 0; i < g->nr_ages; i++) {
		const struct age *a = &g->ages[i];
		char w[32], r[32], f[32], below[32] = "beyond";

		if (!a->waiting && !a->reported && !a->refaulted)
			continue;
		if (a->below_ms)
			snprintf(below, sizeof(below), "%" PRIu64 " ms", a->below_ms);
		say_bytes(w, sizeof(w), a->waiting);
		say_bytes(r, sizeof(r), a->reported);
		say_bytes(f, sizeof(f), a->refaulted);
		printf("%12s %14s %14s %14s\n", below, w, r, f);
	}
	return EXIT_GOOD;
}

int show_map(struct guest *g, const struct options *o)
{
	size_t columns = o->width > 0 ? (size_t)o->width : 64;
	size_t room = o->output ? 64 * 64 :
		      columns * (o->rows > 0 ? (size_t)o->rows : 16);
	bool colored = terminal_colored(stdout);
	struct map map;
	char *text, size[32];
	FILE *f;
	int ret = EXIT_GOOD;

	if (map_init(&map, g->zones, g->nr_zones, room)) {
		complain("cannot map memory: /proc/zoneinfo names no zone that could be: check --root");
		return EXIT_BAD;
	}
	f = open_debugfs(g, "blocks");
	text = malloc(map.nr + 1);
	if (!f || !text) {
		complain("cannot read blocks in debugfs: %s; run 'page-reporting summary' to see what is missing",
			 strerror(errno));
		ret = EXIT_BAD;
		goto out;
	}
	map_read(&map, f, g, &g->broken);
	say_bytes(size, sizeof(size), times(map.per, g->page));
	if (o->output) {
		ret = write_png(&map, o->output);
	} else {
		map_letters(&map, text);
		draw_letters(stdout, text, columns, colored);
		printf("each letter is %s, what most of it is:\n", size);
		draw_legend(stdout, colored);
	}
out:
	if (f)
		fclose(f);
	free(text);
	map_free(&map);
	return ret;
}
