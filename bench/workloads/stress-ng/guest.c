// SPDX-License-Identifier: GPL-2.0
/* Workload stress-ng: waves of memory pressure. */
#include <stdio.h>
#include <string.h>

#include "agent.h"

/* Waves of memory pressure: stress-ng --vm for a while, then a pause. */
static int work_stress(const char *name, const json_t *args)
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
		int status = run_program(TOOL_OUT, argv);
		char line[512];
		bool found = false;
		FILE *f;

		if (status)
			return program_failed(name, "stress-ng", status);
		f = fopen(TOOL_OUT, "re");
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
		emit_file(name, "stress-ng.txt", TOOL_OUT);
		sleep_s(pause);
	}
	emit_result(name, "bogo_ops", "count", ops);
	if (run > 0)
		emit_result(name, "ops_s", "1/s", ops / run);
	emit_result(name, "run_s", "s", now_s() - start);
	return 0;
}

WORKLOAD(work_stress);
