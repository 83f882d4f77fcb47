// SPDX-License-Identifier: GPL-2.0
/* Workload perf: the allocator's events while a process takes memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

#define PERF_OUT	"/tmp/perf.txt"

static char events[8][64];
static size_t nr_events;

static void add_event(const char *fmt, const char *name)
{
	snprintf(events[nr_events], sizeof(events[0]), fmt, name);
	nr_events++;
}

/* The tracepoints of this kernel among those that are wanted. */
static void choose_events(void)
{
	static const char *const tracepoints[] = {
		"mm_page_alloc", "mm_page_free", "mm_page_alloc_zone_locked",
		"mm_page_pcpu_drain",
	};
	size_t i;

	nr_events = 0;
	add_event("%s", "page-faults");
	add_event("%s", "minor-faults");
	for (i = 0; i < sizeof(tracepoints) / sizeof(tracepoints[0]); i++) {
		char path[128];

		snprintf(path, sizeof(path), "/sys/kernel/tracing/events/kmem/%s",
			 tracepoints[i]);
		if (!access(path, F_OK))
			add_event("kmem:%s", tracepoints[i]);
	}
}

/* A result for each event; one that perf does not count is named. */
static int read_counts(const char *name)
{
	unsigned int found = 0;
	size_t i;

	for (i = 0; i < nr_events; i++) {
		const char *colon = strchr(events[i], ':');
		FILE *f = fopen(PERF_OUT, "re");
		char line[512], count[64];
		bool counted = false;

		while (f && !counted && fgets(line, sizeof(line), f))
			counted = perf_count(line, events[i], count, sizeof(count)) &&
				  *count != '<';
		if (f)
			fclose(f);
		if (counted)
			emit_result(name, colon ? colon + 1 : events[i], "count",
				    strtod(count, NULL));
		else
			emit_text("skip", name, "reason", "perf did not count %s",
				  events[i]);
		found += counted;
	}
	if (found)
		return 0;
	emit_text("error", name, "message", "perf counted nothing; see perf.txt");
	return -1;
}

/* Count the allocator's events while a process takes and frees memory. */
static int work_perf(const char *name, const json_t *args)
{
	char list[sizeof(events) + 1] = "", mib[32], rounds[32], line[512];
	char *argv[] = {
		"perf", "stat", "-x", ",", "-o", PERF_OUT, "-e", list,
		"--", (char *)self_path(), "touch", mib, rounds,
		(char *)arg_str(args, "backing", "anon"), NULL
	};
	double start;
	int status;
	size_t i;

	if (access("/proc/sys/kernel/perf_event_paranoid", F_OK)) {
		emit_text("skip", name, "reason",
			  "this kernel has no perf events");
		return 0;
	}
	if (!have_program("perf")) {
		emit_text("skip", name, "reason", "perf is not installed");
		return 0;
	}
	/* What is there may be a wrapper of a perf for other kernels. */
	if (run_program(TOOL_OUT, (char *[]){ "perf", "--version", NULL })) {
		if (read_text(TOOL_OUT, line, sizeof(line)) < 0)
			*line = '\0';
		emit_text("skip", name, "reason", "perf does not run: %.*s",
			  (int)strcspn(line, "\n"), line);
		return 0;
	}
	choose_events();
	for (i = 0; i < nr_events; i++) {
		strcat(list, i ? "," : "");
		strcat(list, events[i]);
	}
	snprintf(mib, sizeof(mib), "%ld", arg_int(args, "mib", 128));
	snprintf(rounds, sizeof(rounds), "%ld", arg_int(args, "rounds", 8));
	start = now_s();
	status = run_program(TOOL_OUT, argv);
	if (status)
		return program_failed(name, "perf", status);
	emit_result(name, "run_s", "s", now_s() - start);
	emit_file(name, "perf.txt", PERF_OUT);
	return read_counts(name);
}

WORKLOAD(work_perf);
