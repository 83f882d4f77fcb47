// SPDX-License-Identifier: GPL-2.0
/* Workloads that are programs of the host's root: fio, stress-ng, perf. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

#define OUT		"/tmp/tool.out"

static bool have_program(const char *name)
{
	const char *path = getenv("PATH");
	char full[512];

	while (path && *path) {
		size_t n = strcspn(path, ":");

		snprintf(full, sizeof(full), "%.*s/%s", (int)n, path, name);
		if (!access(full, X_OK))
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

/* A failed program: say so with the last line that it printed. */
static int program_failed(const char *name, const char *program, int status)
{
	char text[8192], *last;

	if (read_text(OUT, text, sizeof(text)) < 0)
		text[0] = '\0';
	last = strrchr(text, '\n');
	emit_file(name, "failed.txt", OUT);
	emit_text("error", name, "message", "%s ended with status %d: %s",
		  program, status, last ? last + 1 : text);
	return -1;
}

static double member(const json_t *job, const char *dir, const char *key)
{
	return json_number_value(json_object_get(json_object_get(job, dir),
						 key));
}

/*
 * Write, read and delete files on tmpfs, in rounds.  Page cache is what most
 * guests free most of.
 */
int work_fio(const char *name, const json_t *args)
{
	long rounds = arg_int(args, "rounds", 2), i;
	double pause = (double)arg_int(args, "pause_ms", 500) * 1e-3;
	double ios = 0, io_s = 0, start = now_s();
	char size[64];
	char *argv[] = {
		"fio", "--output-format=json", "--thread", "--directory=/tmp",
		"--ioengine=psync", "--bs=64k", "--nrfiles=16", "--invalidate=0",
		"--fallocate=none", "--group_reporting", size,
		"--name=write", "--filename_format=prbench.$filenum",
		"--rw=write", "--unlink=0",
		"--name=read", "--filename_format=prbench.$filenum",
		"--stonewall", "--rw=randread", "--unlink=1", NULL
	};

	if (!have_program("fio")) {
		emit_text("skip", name, "reason", "fio is not installed");
		return 0;
	}
	snprintf(size, sizeof(size), "--size=%ldM", arg_int(args, "mib", 256));
	for (i = 0; i < rounds; i++) {
		int status = run_program(OUT, argv);
		json_error_t err;
		json_t *out, *job;
		size_t k;

		if (status)
			return program_failed(name, "fio", status);
		out = json_load_file(OUT, 0, &err);
		if (!out) {
			emit_text("error", name, "message",
				  "fio's output is not JSON: %s", err.text);
			return -1;
		}
		json_array_foreach(json_object_get(out, "jobs"), k, job) {
			static const char *const dirs[] = { "read", "write" };
			size_t d;

			for (d = 0; d < 2; d++) {
				double n = member(job, dirs[d], "total_ios");
				double ms = member(job, dirs[d], "runtime");
				char metric[64];

				if (n <= 0)
					continue;
				ios += n;
				io_s += ms * 1e-3;
				snprintf(metric, sizeof(metric), "%s_mib_s",
					 dirs[d]);
				emit_result(name, metric, "MiB/s",
					    member(job, dirs[d], "bw") / 1024);
			}
		}
		json_decref(out);
		emit_file(name, "fio.json", OUT);
		sleep_s(pause);
	}
	if (ios <= 0 || io_s <= 0) {
		emit_text("error", name, "message", "fio did no I/O");
		return -1;
	}
	emit_result(name, "ops_s", "1/s", ios / io_s);
	emit_result(name, "run_s", "s", now_s() - start);
	return 0;
}

/* Waves of memory pressure: stress-ng --vm for a while, then a pause. */
int work_stress(const char *name, const json_t *args)
{
	long waves = arg_int(args, "waves", 3), i;
	double pause = (double)arg_int(args, "pause_ms", 1000) * 1e-3;
	double ops = 0, run = 0, start = now_s();
	char bytes[32], wave[32];
	char *argv[] = {
		"stress-ng", "--vm", "1", "--vm-bytes", bytes, "--vm-method",
		"write64", "--timeout", wave, "--metrics-brief", "--temp-path",
		"/tmp", NULL
	};

	if (!have_program("stress-ng")) {
		emit_text("skip", name, "reason", "stress-ng is not installed");
		return 0;
	}
	snprintf(bytes, sizeof(bytes), "%ldM", arg_int(args, "mib", 256));
	snprintf(wave, sizeof(wave), "%lds", arg_int(args, "wave_s", 2));
	for (i = 0; i < waves; i++) {
		int status = run_program(OUT, argv);
		char line[512];
		bool found = false;
		FILE *f;

		if (status)
			return program_failed(name, "stress-ng", status);
		f = fopen(OUT, "re");
		while (f && fgets(line, sizeof(line), f)) {
			/* "... [pid] vm  BOGO-OPS REAL USR SYS OPS/S OPS/S" */
			const char *vm = strstr(line, "] vm ");
			double n, real;

			if (vm && sscanf(vm + 5, "%lf %lf", &n, &real) == 2) {
				ops += n;
				run += real;
				found = true;
			}
		}
		if (f)
			fclose(f);
		if (!found)
			return program_failed(name, "stress-ng (no metrics)",
					      status);
		emit_file(name, "stress-ng.txt", OUT);
		sleep_s(pause);
	}
	emit_result(name, "bogo_ops", "count", ops);
	if (run > 0)
		emit_result(name, "ops_s", "1/s", ops / run);
	emit_result(name, "run_s", "s", now_s() - start);
	return 0;
}

/* Count the allocator's events while a process takes and frees memory. */
int work_perf(const char *name, const json_t *args)
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
	status = run_program(OUT, argv);
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
