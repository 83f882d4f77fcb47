// SPDX-License-Identifier: GPL-2.0
/*
 * Traces: made up ones, and recorded ones from files. A line of a file is
 *
 *	MS a|f FIRST COUNT	regions of 2 MiB are used, or freed
 *
 * in the order of time; # begins a comment.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

/* Measured with 1 GiB on User Mode Linux and TCG: 3 regions in 2 ms, and 10 a ms */
#define USE_US		700U
#define FREE_US		100U

static void add(struct trace *trace, uint64_t ms, enum what what,
		unsigned int first, unsigned int count)
{
	if (trace->nr == trace->room) {
		trace->room = trace->room ? 2 * trace->room : 1024;
		trace->events = realloc(trace->events,
					trace->room * sizeof(*trace->events));
		if (!trace->events) {
			fprintf(stderr, "replay: no memory for a trace; free some\n");
			exit(1);
		}
	}
	trace->events[trace->nr++] = (struct event){ ms, what, first, count };
	if (trace->end < ms)
		trace->end = ms;
}

void trace_free(struct trace *trace)
{
	free(trace->events);
	*trace = (struct trace){ 0 };
}

/* Use @count regions, free them, wait, use them again, until at least @until */
void trace_churn(struct trace *trace, unsigned int first, unsigned int count,
		 unsigned int pause_ms, uint64_t from, uint64_t until)
{
	uint64_t us = from * 1000;
	unsigned int i;

	for (;;) {
		for (i = 0; i < count; i++, us += USE_US)
			add(trace, us / 1000, USE, first + i, 1);
		if (us / 1000 >= until)
			break;
		for (i = 0; i < count; i++, us += FREE_US)
			add(trace, us / 1000, FREE, first + i, 1);
		us += pause_ms * 1000UL;
	}
}

/* Use regions, and free them for good at @at */
void trace_drain(struct trace *trace, unsigned int first, unsigned int count,
		 uint64_t at)
{
	add(trace, 0, USE, first, count);
	add(trace, at, DRAIN, first, count);
}

static int by_time(const void *one, const void *other)
{
	const struct event *a = one, *b = other;

	if (a->ms != b->ms)
		return a->ms < b->ms ? -1 : 1;
	return a->first < b->first ? -1 : a->first > b->first;
}

/* Mixtures are in no order */
void trace_sort(struct trace *trace)
{
	qsort(trace->events, trace->nr, sizeof(*trace->events), by_time);
}

bool trace_read(struct trace *trace, const char *file)
{
	const char *base = strrchr(file, '/');
	unsigned int first, count, line_nr = 0;
	unsigned long ms;
	char line[100], what;
	FILE *f = fopen(file, "r");

	if (!f) {
		fprintf(stderr, "replay: %s: %s; name a readable trace\n", file,
			strerror(errno));
		return false;
	}
	snprintf(trace->name, sizeof(trace->name), "%s", base ? base + 1 : file);
	while (fgets(line, sizeof(line), f)) {
		line_nr++;
		if (*line == '#')
			continue;
		if (sscanf(line, "%lu %c %u %u", &ms, &what, &first, &count) != 4 ||
		    !strchr("afd", what) || first >= REGIONS || count > REGIONS - first ||
		    ms < trace->end) {
			fprintf(stderr, "replay: %s:%u: not MS a|f|d FIRST COUNT in the order of time, below %u; record it again\n",
				file, line_nr, REGIONS);
			fclose(f);
			return false;
		}
		add(trace, ms, (enum what)what, first, count);
	}
	fclose(f);
	return true;
}
