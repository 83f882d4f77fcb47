// SPDX-License-Identifier: GPL-2.0
/* Workload stress-ng: waves of memory pressure by several stressors at once. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "agent.h"

#define STRESSOR_FAILED	2	/* see EXIT STATUS in stress-ng(1) */
#define NO_RESOURCE	3	/* a stressor's time was over before it had begun */
#define SLACK		(32 * MIB)	/* for what stress-ng itself needs */

static struct stressor {
	const char *name;
	double ops, run_s;
} stressors[] = {
	{ .name = "vm" }, { .name = "malloc" }, { .name = "fork" },
	{ .name = "bigheap" }, { .name = "dentry" },
};

/*
 * Add what a line says about one of them:
 * "... [pid] NAME BOGO-OPS REAL USR SYS OPS/S OPS/S".  Lines of "miscellaneous
 * metrics" have the name, too, and fewer numbers.
 */
static bool add_line(const char *line)
{
	const char *p = strstr(line, "] ");
	double ops, real, rest[4];
	char name[32];
	size_t i;

	if (!p || sscanf(p + 2, "%31s %lf %lf %lf %lf %lf %lf", name, &ops,
			 &real, &rest[0], &rest[1], &rest[2], &rest[3]) != 7)
		return false;
	for (i = 0; i < sizeof(stressors) / sizeof(stressors[0]); i++) {
		if (strcmp(stressors[i].name, name))
			continue;
		stressors[i].ops += ops;
		stressors[i].run_s += real;
		return true;
	}
	return false;
}

/*
 * bigheap takes whatever it can get and has no option against it.  At this
 * limit it starts anew, as it does where memory ends, and nobody is killed.
 */
static int limit_data(size_t bytes)
{
	struct rlimit limit = { .rlim_cur = bytes, .rlim_max = bytes };

	return setrlimit(RLIMIT_DATA, &limit) ? -errno : 0;
}

/* Waves of memory pressure, with pauses between. */
static int work_stress(const char *name, const json_t *args)
{
	size_t bytes = (size_t)arg_int(args, "mib", 256) * MIB;
	long waves = arg_int(args, "waves", 3), i;
	double pause = (double)arg_int(args, "pause_ms", 1000) * 1e-3;
	double start = now_s(), aborted = 0;
	char vm_bytes[32], wave[32], metric[64];
	char *argv[] = {
		"stress-ng", "--vm", "1", "--vm-bytes", vm_bytes, "--vm-method",
		"write64", "--malloc", "1", "--malloc-bytes", "128k",
		"--malloc-max", "512", "--malloc-touch", "--fork", "1",
		"--bigheap", "1", "--dentry", "1", "--timeout", wave,
		"--metrics", "--temp-path", "/tmp", NULL
	};
	size_t k;
	int err;

	if (!have_program("stress-ng")) {
		emit_text("skip", name, "reason", "stress-ng is not installed");
		return 0;
	}
	err = limit_data(bytes + SLACK);
	if (err)
		return failed(name, "limit memory", -err);
	snprintf(vm_bytes, sizeof(vm_bytes), "%zuM", bytes / (size_t)MIB);
	snprintf(wave, sizeof(wave), "%lds", arg_int(args, "wave_s", 2));
	for (i = 0; i < waves; i++) {
		int status = run_program(TOOL_OUT, argv);
		unsigned int found = 0;
		char line[512];
		FILE *f;

		aborted += status != 0;
		f = fopen(TOOL_OUT, "re");
		while (f && fgets(line, sizeof(line), f))
			found += add_line(line);
		if (f)
			fclose(f);
		/* One stressor that failed does not make the others' metrics wrong. */
		if (!found || (status && status != NO_RESOURCE && status != STRESSOR_FAILED))
			return program_failed(name, found ? "stress-ng" :
					      "stress-ng (no metrics)", status);
		emit_file(name, "stress-ng.txt", TOOL_OUT);
		sleep_s(pause);
	}
	for (k = 0; k < sizeof(stressors) / sizeof(stressors[0]); k++) {
		if (stressors[k].run_s <= 0) {
			emit_text("skip", name, "reason",
				  "stress-ng printed no metrics of %s",
				  stressors[k].name);
			continue;
		}
		snprintf(metric, sizeof(metric), "%s_ops_s", stressors[k].name);
		emit_result(name, metric, "1/s",
			    stressors[k].ops / stressors[k].run_s);
	}
	emit_result(name, "aborted", "count", aborted);
	emit_result(name, "run_s", "s", now_s() - start);
	return 0;
}

WORKLOAD(work_stress);
