// SPDX-License-Identifier: GPL-2.0
/*
 * How the guest's memory looked: map.jsonl of a boot, which the guest wrote
 * while it ran, see bench/workloads/drain-map/README.md. Looking disturbs, so
 * nothing else is ever made from such a boot.
 */
#include "prreport.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_CELLS	(1 << 20)	/* 2 TiB in pieces of 2 MiB */
#define MAX_AGES	64

/**
 * map_was_drawn() - was this boot disturbed to draw a map of its memory?
 */
bool map_was_drawn(const struct boot *boot)
{
	json_t *ev;
	size_t i;

	json_array_foreach(boot->events, i, ev)
		if (!strcmp(json_str(ev, "event", ""), "mapped"))
			return true;
	return false;
}

static int state_of(char letter)
{
	switch (letter) {
	case 'u':
	case 's':
		return MAP_USED;
	case 'y':
		return MAP_YOUNG;
	case 'w':
		return MAP_WAITING;
	case 'r':
		return MAP_REPORTED;
	}
	return -1;
}

/* "u12r500y": how many cells, which are written if there is where; 0: it is not */
static size_t unpack(const char *text, unsigned char *cells)
{
	size_t n = 0;

	while (text && *text) {
		int state = state_of(*text++);
		unsigned long run = 1;
		char *end;

		if (state < 0)
			return 0;
		if (isdigit((unsigned char)*text)) {
			run = strtoul(text, &end, 10);
			text = end;
		}
		if (!run || run > MAX_CELLS - n)
			return 0;
		if (cells)
			memset(cells + n, state, run);
		n += run;
	}
	return n;
}

static const char *ages_load(const json_t *array, struct map_look *look)
{
	size_t i, k;
	json_t *line;

	if (json_array_size(array) > MAX_AGES)
		return "has too many \"ages\"";
	look->nages = json_array_size(array);
	look->ages = xrealloc(NULL, look->nages, sizeof(*look->ages));
	json_array_foreach(array, i, line) {
		struct map_age *a = &look->ages[i];
		double *to[] = { &a->below_ms, &a->waiting, &a->reported,
				 &a->refaulted };

		for (k = 0; k < 4; k++) {
			*to[k] = json_is_number(json_array_get(line, k)) ?
				json_number_value(json_array_get(line, k)) : NAN;
			if (!(*to[k] >= 0))
				return "has \"ages\" that are not four numbers";
		}
	}
	return NULL;
}

/* NULL, or what is wrong with a line. */
static const char *look_load(const json_t *o, struct maps *maps)
{
	struct map_look *look;
	const char *text = json_str(o, "map", NULL);
	double t = json_num(o, "t", NAN), bytes = json_num(o, "bytes", NAN);
	size_t cells = unpack(text, NULL);
	const char *bad;

	if (!(t >= 0 && t < 1e6) || !(bytes >= 4096 && bytes < 1e12) ||
	    !json_str(o, "workload", NULL))
		return "has no \"t\", \"bytes\" or \"workload\" that can be meant";
	if (!cells)
		return "has no \"map\" of letters and numbers";
	if (maps->n && (cells != maps->cells || bytes != maps->cell_bytes))
		return "has another size than the first";
	if (maps->n && t < maps->look[maps->n - 1].t)
		return "is older than the one before";
	maps->cells = cells;
	maps->cell_bytes = bytes;
	maps->look = xrealloc(maps->look, maps->n + 1, sizeof(*maps->look));
	look = &maps->look[maps->n];
	memset(look, 0, sizeof(*look));
	bad = ages_load(json_object_get(o, "ages"), look);
	if (bad) {
		free(look->ages);
		return bad;
	}
	look->t = t;
	look->age_ms = json_num(o, "age_ms", NAN);
	look->workload = json_str(o, "workload", "");
	look->cells = xrealloc(NULL, cells, 1);
	unpack(text, look->cells);
	maps->n++;
	return NULL;
}

static double interval_of(const struct boot *boot)
{
	json_t *ev;
	size_t i;

	json_array_foreach(boot->events, i, ev)
		if (!strcmp(json_str(ev, "event", ""), "mapped"))
			return json_num(ev, "every_ms", NAN) / 1000;
	return NAN;
}

/**
 * maps_load() - what map.jsonl of a boot has; maps_free() it in any case
 *
 * Return: 0; -1 after a message if the file cannot be used.
 */
int maps_load(struct run *run, const struct boot *boot, struct maps *maps)
{
	const char *path = run_str(run, "%s/boots/%s/map.jsonl", run->raw, boot->name);
	const char *bad = NULL;
	char *line = NULL;
	size_t size = 0, lineno = 0;
	ssize_t len;
	FILE *f;

	memset(maps, 0, sizeof(*maps));
	maps->lines = json_array();
	maps->every_s = interval_of(boot);
	f = fopen(path, "r");
	if (!f)
		bad = strerror(errno);
	else if (!(maps->every_s >= 0.001 && maps->every_s < 1e6))
		bad = "how often the guest looked is not in events.jsonl";
	while (!bad && (len = read_line(&line, &size, f)) > 0) {
		json_t *o = json_loadb(line, len, 0, NULL);

		lineno++;
		json_array_append_new(maps->lines, o ? o : json_null());
		bad = o ? look_load(o, maps) : "is cut off or not JSON";
	}
	free(line);
	if (f)
		fclose(f);
	if (!bad)
		return 0;
	run->problems++;
	run_note(run, boot->name, NULL, "map.jsonl: line %zu %s", lineno, bad);
	fprintf(stderr,
		"prreport: %s: line %zu: %s; its picture is left out: restore the file, or run the benchmark again\n",
		path, lineno, bad);
	return -1;
}

void maps_free(struct maps *maps)
{
	size_t i;

	for (i = 0; i < maps->n; i++) {
		free(maps->look[i].cells);
		free(maps->look[i].ages);
	}
	free(maps->look);
	json_decref(maps->lines);
	memset(maps, 0, sizeof(*maps));
}
