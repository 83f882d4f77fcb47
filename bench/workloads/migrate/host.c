// SPDX-License-Identifier: GPL-2.0
/*
 * Workload migrate: once the guest has filled memory, freed it and waited, all
 * of it is sent to nowhere, and QEMU says how much that was.
 */
#include <math.h>
#include <string.h>

#include "host.h"

#define POLL_S	0.05

/* A number of an object within an object; NAN if there is none. */
static double number(const json_t *o, const char *group, const char *key)
{
	if (group)
		o = json_object_get(o, group);
	o = json_object_get(o, key);
	return json_is_number(o) ? json_number_value(o) : NAN;
}

/* Send the guest away; what QEMU says in the end, or NULL. */
static json_t *migrate(struct run *r, struct guest *g, const json_t *args)
{
	double limit = (double)host_int(args, "limit_ms") * 1e-3;
	double end = host_now() + limit;
	json_t *o;

	o = host_qmp(g, "migrate-set-parameters",
		     json_pack("{s:I, s:I}", "max-bandwidth",
			       (json_int_t)host_int(args, "bandwidth_mib") << 20,
			       "downtime-limit",
			       (json_int_t)host_int(args, "downtime_ms")));
	json_decref(o);
	if (!o)
		return NULL;
	o = host_qmp(g, "migrate", json_pack("{s:s}", "uri", "exec:cat >/dev/null"));
	json_decref(o);
	if (!o)
		return NULL;
	for (;;) {
		const char *status, *why;

		if (host_sleep(r, POLL_S) != HOST_TIME)
			return NULL;
		o = host_qmp(g, "query-migrate", NULL);
		if (!o)
			return NULL;
		status = json_string_value(json_object_get(o, "status"));
		why = json_string_value(json_object_get(o, "error-desc"));
		if (status && !strcmp(status, "completed"))
			return o;
		if (status && (!strcmp(status, "failed") ||
			       !strcmp(status, "cancelled")))
			host_failed(r, "migration %s: %s", status,
				    why ? why : "QEMU gives no reason");
		else if (host_now() > end)
			host_failed(r, "migration takes more than %.0f s", limit);
		else
			status = NULL;
		json_decref(o);
		if (status)
			return NULL;
	}
}

static int run_migrate(struct run *r, const json_t *args)
{
	const double mib = 1 << 20;
	struct guest *g = host_start(r);
	double page;
	json_t *o;
	int ret;

	if (!g)
		return HOST_FAILED;
	ret = host_ready(g);
	if (ret == HOST_EVENT)
		ret = host_do(g, NULL, (double)host_int(args, "limit_ms") * 1e-3);
	if (ret == HOST_TIME)
		return host_failed(r, "the guest takes too long to fill its memory");
	if (ret != HOST_EVENT)
		return ret;
	o = migrate(r, g, args);
	if (!o)
		return HOST_FAILED;
	page = number(o, "ram", "page-size");
	host_result(r, "migrate_mib", "MiB", number(o, "ram", "transferred") / mib);
	host_result(r, "migrate_s", "s", number(o, NULL, "total-time") / 1e3);
	host_result(r, "downtime_ms", "ms", number(o, NULL, "downtime"));
	host_result(r, "sent_mib", "MiB", number(o, "ram", "normal") * page / mib);
	host_result(r, "zero_mib", "MiB", number(o, "ram", "duplicate") * page / mib);
	json_decref(o);
	/* It could go on here, but emulated its clock would have jumped. */
	return host_quit(g) == HOST_EVENT ? 0 : HOST_FAILED;
}

HOST_PROGRAM(run_migrate);
