// SPDX-License-Identifier: GPL-2.0
/* Workload fio: page cache that comes and goes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"

static double member(const json_t *job, const char *dir, const char *key)
{
	return json_number_value(json_object_get(json_object_get(job, dir),
						 key));
}

/*
 * Write, read and delete files on tmpfs, in rounds.  Page cache is what most
 * guests free most of.
 */
static int work_fio(const char *name, const json_t *args)
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
		int status = run_program(TOOL_OUT, argv);
		json_error_t err;
		json_t *out, *job;
		size_t k;

		if (status)
			return program_failed(name, "fio", status);
		out = json_output(TOOL_OUT, &err);
		if (!out) {
			emit_text("error", name, "message",
				  "fio's output is not JSON: %s; see fio.json", err.text);
			emit_file(name, "fio.json", TOOL_OUT);
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
		emit_file(name, "fio.json", TOOL_OUT);
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

WORKLOAD(work_fio);
