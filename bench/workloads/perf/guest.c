// SPDX-License-Identifier: GPL-2.0
/* Workload perf: the allocator's events while a process takes memory. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

/* Count the allocator's events while a process takes and frees memory. */
static int work_perf(const char *name, const json_t *args)
{
	static const char *const tracepoints[] = {
		"mm_page_alloc", "mm_page_free", "mm_page_alloc_zone_locked",
		"mm_page_pcpu_drain",
	};
	char events[512] = "page-faults,minor-faults", mib[32], rounds[32];
	char line[512];
	char *argv[] = {
		"perf", "stat", "-x", ",", "-o", "/tmp/perf.txt", "-e", events,
		"--", (char *)self_path(), "touch", mib, rounds,
		(char *)arg_str(args, "backing", "anon"), NULL
	};
	double start;
	bool found = false;
	int status;
	size_t i;
	FILE *f;

	if (access("/proc/sys/kernel/perf_event_paranoid", F_OK)) {
		emit_text("skip", name, "reason",
			  "this kernel has no perf events");
		return 0;
	}
	if (!have_program("perf")) {
		emit_text("skip", name, "reason", "perf is not installed");
		return 0;
	}
	for (i = 0; i < sizeof(tracepoints) / sizeof(tracepoints[0]); i++) {
		char path[128];
		size_t used = strlen(events);

		snprintf(path, sizeof(path), "/sys/kernel/tracing/events/kmem/%s",
			 tracepoints[i]);
		if (!access(path, F_OK))
			snprintf(events + used, sizeof(events) - used,
				 ",kmem:%s", tracepoints[i]);
	}
	snprintf(mib, sizeof(mib), "%ld", arg_int(args, "mib", 128));
	snprintf(rounds, sizeof(rounds), "%ld", arg_int(args, "rounds", 8));
	start = now_s();
	status = run_program(TOOL_OUT, argv);
	if (status)
		return program_failed(name, "perf", status);
	emit_result(name, "run_s", "s", now_s() - start);
	f = fopen("/tmp/perf.txt", "re");
	while (f && fgets(line, sizeof(line), f)) {
		char metric[64];
		double value;
		char *colon;

		/* "value,unit,event,..." with no unit for a count */
		if (sscanf(line, "%lf,,%63[^,]", &value, metric) != 2)
			continue;
		colon = strchr(metric, ':');
		emit_result(name, colon ? colon + 1 : metric, "count", value);
		found = true;
	}
	if (f)
		fclose(f);
	emit_file(name, "perf.txt", "/tmp/perf.txt");
	if (!found) {
		emit_text("error", name, "message",
			  "perf counted nothing; see perf.txt");
		return -1;
	}
	return 0;
}

WORKLOAD(work_perf);
