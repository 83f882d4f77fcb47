// SPDX-License-Identifier: GPL-2.0
/* Workload fragment: free memory that lies in small pieces. */
#include "agent.h"

/* Fill memory with files, delete most of them, and wait. */
static int work_fragment(const char *name, const json_t *args)
{
	if (fill_with_files(name, args) || free_in_pieces(name, args) < 0)
		return -1;
	sleep_s((double)arg_int(args, "settle_ms", 25000) * 1e-3);
	emit_simple("settled", name);
	return 0;
}

WORKLOAD(work_fragment);
