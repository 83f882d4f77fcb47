/* SPDX-License-Identifier: GPL-2.0 */
/* What schema.c, workloads.c and workload_settings.c share. */
#ifndef WORKLOADS_H
#define WORKLOADS_H

#include "prbench.h"

#define PROBE_ORDER_MAX		10	/* what alloc_probe.ko takes */
#define PROBE_PERIOD_MAX	10000

/* The file that is looked at, and where to complain. */
struct place {
	const char *file;
	char *err;
	size_t len;
};

enum kind { STRING, BOOLEAN, NUMBER, COUNT, OBJECT, ARRAY, ANY };

struct key {
	const char *name;
	enum kind kind;
	bool required;
};

/* schema.c */
int bad(const struct place *at, const char *key, const char *fmt, ...) PRINTF(3, 4);
int check_keys(const struct place *at, const char *where, const json_t *o,
	       const struct key *keys, size_t nr);
int check_top_keys(const struct place *at, const json_t *info);
int check_metrics(const struct place *at, const json_t *metrics);
int check_workload(const struct place *at, struct workload *w);

#endif
