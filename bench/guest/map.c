// SPDX-License-Identifier: GPL-2.0
/*
 * How the guest's memory looks while a workload runs: what is free, for how
 * long, and what the host was told, every map_ms milliseconds from debugfs.
 * Reading that takes time of the guest's, so no figure comes from a boot in
 * which it was done.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"
#include "map.h"

#define DEBUGFS		"/sys/kernel/debug/page_reporting/"
#define GRANULE_ORDER	9	/* below it smaller means older, see the kernel's doc */
#define AGES_TEXT	2048	/* "ages" has 21 lines of at most 44 characters */

/* The letter of each state in the text that is sent. */
static const char letters[NR_STATES] = {
	[USED] = 'u', [SMALL] = 's', [YOUNG] = 'y', [WAITING] = 'w',
	[REPORTED] = 'r',
};

int map_init(struct map *map, unsigned long pages)
{
	map->nr = (pages + map->per - 1) / map->per;
	map->cells = calloc(map->nr ? map->nr : 1, sizeof(*map->cells));
	return map->nr && map->cells ? 0 : -1;
}

void map_clear(struct map *map)
{
	memset(map->cells, 0, map->nr * sizeof(*map->cells));
}

void map_free(struct map *map)
{
	free(map->cells);
	map->cells = NULL;
}

/*
 * The kernel knows better what is too young, but says so only in sums: small
 * blocks wait longer, half as much more for each order.
 */
static enum map_state state_of(const char *name, unsigned int order,
			       const char *free_ms, unsigned long age_ms)
{
	unsigned long wait = age_ms;

	if (!strcmp(name, "reported"))
		return REPORTED;
	if (strcmp(name, "pending") && strcmp(name, "partial"))
		return SMALL;
	if (order < GRANULE_ORDER)
		wait += age_ms * (GRANULE_ORDER - order) / 2;
	return strtoul(free_ms, NULL, 10) < wait ? YOUNG : WAITING;
}

/*
 * Add one line of "blocks". What is partly reported counts as what the rest of
 * it is. Returns -1 if it is none.
 */
int map_add(struct map *map, const char *line, unsigned long age_ms)
{
	char name[16], free_ms[24];
	unsigned long pfn, end;
	enum map_state state;
	unsigned int order;

	if (sscanf(line, "%lu %u %*d %*s %*s %15s %23s", &pfn, &order, name,
		   free_ms) != 4 || order > 20)
		return -1;
	state = state_of(name, order, free_ms, age_ms);
	for (end = pfn + (1UL << order); pfn < end; ) {
		unsigned long next = (pfn / map->per + 1) * map->per;

		if (next > end)
			next = end;
		if (pfn / map->per < map->nr)
			map->cells[pfn / map->per][state] += next - pfn;
		pfn = next;
	}
	return 0;
}

/* What most of a piece of memory is; of equals the first. */
static enum map_state cell_state(const struct map *map, size_t i)
{
	unsigned long most = map->per;
	enum map_state state = USED, s;

	for (s = SMALL; s < NR_STATES; s++)
		most -= map->cells[i][s];
	for (s = SMALL; s < NR_STATES; s++) {
		if (map->cells[i][s] > most) {
			most = map->cells[i][s];
			state = s;
		}
	}
	return state;
}

/*
 * A letter for each piece, with a number behind it if that many follow each
 * other: "u12r500y". To be freed.
 */
char *map_text(const struct map *map)
{
	size_t i, run, used = 0;
	char *text = malloc(map->nr * 2 + 32);

	for (i = 0; text && i < map->nr; i += run) {
		enum map_state state = cell_state(map, i);

		for (run = 1; i + run < map->nr; run++)
			if (cell_state(map, i + run) != state)
				break;
		used += (size_t)sprintf(text + used, run > 1 ? "%c%zu" : "%c",
					letters[state], run);
	}
	return text;
}

/* The page behind the last one of any zone. */
unsigned long map_last_pfn(FILE *zoneinfo)
{
	unsigned long spanned = 0, start, n, last = 0;
	char line[256];

	while (fgets(line, sizeof(line), zoneinfo)) {
		if (sscanf(line, " spanned %lu", &n) == 1)
			spanned = n;
		if (sscanf(line, " start_pfn: %lu", &start) == 1 && spanned &&
		    start + spanned > last)
			last = start + spanned;
	}
	return last;
}

/* The lines of "ages": [below_ms, waiting, reported, refaulted], in bytes. */
json_t *map_ages(const char *text)
{
	json_t *ages = json_array();
	const char *p;

	/* The first line names the columns; the last class has no end. */
	for (p = strchr(text, '\n'); p && p[1]; p = strchr(p + 1, '\n')) {
		long long below = 0, bytes[3];

		if (sscanf(p + 1, "%lld %lld %lld %lld", &below, &bytes[0],
			   &bytes[1], &bytes[2]) != 4 &&
		    sscanf(p + 1, "- %lld %lld %lld", &bytes[0], &bytes[1],
			   &bytes[2]) != 3)
			continue;
		json_array_append_new(ages, json_pack("[I, I, I, I]", below,
						      bytes[0], bytes[1],
						      bytes[2]));
	}
	return ages;
}

/* The age at which 2 MiB are reported: what is in force, raised or not. */
static unsigned long age_in_force(void)
{
	char text[2048], *at;

	if (read_text(DEBUGFS "stats", text, sizeof(text)) <= 0)
		return 0;
	at = strstr(text, "age_ms ");
	return at ? strtoul(at + strlen("age_ms "), NULL, 10) : 0;
}

static void sample(const char *workload, struct map *map)
{
	unsigned long age_ms = age_in_force();
	double started = now_s();
	char text[AGES_TEXT], line[160], *cells;
	json_t *o;
	FILE *f = fopen(DEBUGFS "blocks", "re");

	if (!f)
		return;
	map_clear(map);
	while (fgets(line, sizeof(line), f))
		map_add(map, line, age_ms);
	fclose(f);
	o = json_pack("{s:s, s:s, s:I, s:I}", "event", "map", "workload",
		      workload, "bytes",
		      (json_int_t)map->per * sysconf(_SC_PAGESIZE),
		      "age_ms", (json_int_t)age_ms);
	if (read_text(DEBUGFS "ages", text, sizeof(text)) > 0)
		json_object_set_new(o, "ages", map_ages(text));
	/* What it took, as what happened meanwhile may be missing or twice. */
	json_object_set_new(o, "took_ms",
			    json_real((double)(long)((now_s() - started) * 1e4) / 10));
	cells = map_text(map);
	json_object_set_new(o, "map", json_string(cells));
	free(cells);
	emit(o);
}

/* Until it is told to end, when it samples once more. */
static void __attribute__((noreturn)) sample_loop(const char *workload,
						  struct map *map,
						  unsigned long every_ms,
						  const sigset_t *stop)
{
	double next = now_s(), wait;
	struct timespec ts;

	for (;;) {
		sample(workload, map);
		next += (double)every_ms * 1e-3;
		wait = next - now_s();
		if (wait < 0)
			next -= wait;
		ts.tv_sec = (time_t)(wait < 0 ? 0 : wait);
		ts.tv_nsec = wait < 0 ? 0 : (long)((wait - (double)ts.tv_sec) * 1e9);
		if (sigtimedwait(stop, NULL, &ts) == SIGTERM)
			break;
	}
	sample(workload, map);
	_exit(0);
}

/*
 * Begin to sample if the workload's setting map_ms asks for it and this kernel
 * can tell. Returns the process that does so, or 0.
 */
pid_t map_start(const char *workload, const json_t *args)
{
	unsigned long every_ms = (unsigned long)arg_int(args, "map_ms", 0);
	struct map map = { .per = 2 * MIB / (unsigned long)sysconf(_SC_PAGESIZE) };
	sigset_t stop, old;
	unsigned long last;
	pid_t pid;
	FILE *f;

	if (!every_ms)
		return 0;
	if (access(DEBUGFS "blocks", R_OK)) {
		emit_text("skip", workload, "reason",
			  "no map of memory: %s: %s; only a kernel with page_ext=on has it",
			  DEBUGFS "blocks", strerror(errno));
		return 0;
	}
	f = fopen("/proc/zoneinfo", "re");
	last = f ? map_last_pfn(f) : 0;
	if (f)
		fclose(f);
	if (map_init(&map, last)) {
		map_free(&map);
		emit_text("error", workload, "message",
			  "cannot map memory: no zone in /proc/zoneinfo, or no room");
		return 0;
	}
	/* This marks the boot: whoever makes figures leaves it out. */
	emit(json_pack("{s:s, s:s, s:I}", "event", "mapped", "workload",
		       workload, "every_ms", (json_int_t)every_ms));
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, &old);
	pid = fork();
	if (!pid)
		sample_loop(workload, &map, every_ms, &stop);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		emit_text("error", workload, "message",
			  "cannot map memory: fork: %s", strerror(errno));
	map_free(&map);
	return pid < 0 ? 0 : pid;
}

void map_stop(pid_t pid)
{
	if (!pid)
		return;
	kill(pid, SIGTERM);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
