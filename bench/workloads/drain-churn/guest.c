// SPDX-License-Identifier: GPL-2.0
/* Workload drain-churn: one process frees for good, another again and again. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

/* Take and free for ever; the report sees what the host has to supply again. */
static void __attribute__((noreturn)) churn(size_t bytes, double pause, bool file)
{
	struct hold h;

	while (!take(&h, bytes, file)) {
		give(&h);
		sleep_s(pause);
	}
	_exit(1);
}

/*
 * The churning begins first, for long enough that a gate learns from it; what is
 * freed then is not its memory, and is not wanted again.
 */
static int work_drain_churn(const char *name, const json_t *args)
{
	size_t bytes = (size_t)arg_int(args, "mib", 1024) * MIB;
	size_t churned = (size_t)arg_int(args, "churn_mib", 32) * MIB;
	double pause = (double)arg_int(args, "pause_ms", 1500) * 1e-3;
	struct held before, after;
	pid_t pid = fork();
	struct hold h;
	double t0;
	int err;

	if (pid < 0)
		return failed(name, "fork", errno);
	if (!pid)
		churn(churned, pause, want_file(args));
	sleep_s((double)arg_int(args, "learn_ms", 10000) * 1e-3);
	t0 = now_s();
	err = take(&h, bytes, want_file(args));
	if (err) {
		kill(pid, SIGKILL);
		return failed(name, "take memory", -err);
	}
	emit_result(name, "fill_s", "s", now_s() - t0);
	give(&h);
	emit_mark(name, "freed", bytes);
	err = ask_host(name, &before);
	sleep_s((double)arg_int(args, "settle_ms", 10000) * 1e-3);
	err = err ? err : ask_host(name, &after);
	emit_simple("settled", name);
	kill(pid, SIGKILL);
	if (waitpid(pid, NULL, 0) < 0 || err)
		return -1;
	emit_result(name, "churn_refill_mib", "MiB",
		    after.refault_mib - before.refault_mib);
	emit_result(name, "back_percent", "%",
		    (before.resident_mib - after.resident_mib) * 100 *
		    (double)MIB / (double)bytes);
	return 0;
}

WORKLOAD(work_drain_churn);
