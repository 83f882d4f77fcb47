// SPDX-License-Identifier: GPL-2.0
/* Workload boot: a guest that has come up and does nothing. */
#include "agent.h"

/* All there is to see is what the host counts from the start of the VM. */
static int work_boot(const char *name, const json_t *args)
{
	sleep_s((double)arg_int(args, "watch_ms", 15000) * 1e-3);
	emit_simple("settled", name);
	return 0;
}

WORKLOAD(work_boot);
