/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the host does in a workload that is about more than one guest, or about
 * what QEMU does with one.  host.c in the workload's directory ends with
 * HOST_PROGRAM(function), and the function gets the settings of workload.json.
 * It returns 0, or what one of the functions below returned when it failed.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct run;
struct guest;

enum {
	HOST_FAILED = -1,	/* the boot is void, or somebody wants to stop */
	HOST_TIME = 0,		/* nothing happened in time */
	HOST_EVENT = 1,
	HOST_FULL = 2,		/* the VMs want more than the limit */
};

struct guest *host_start(struct run *r);
int host_ready(struct guest *g);
int host_tell(struct guest *g, json_t *args);
int host_event(struct run *r, double end, struct guest **g, json_t **event);
int host_do(struct guest *g, json_t *args, double limit_s);
int host_sleep(struct run *r, double seconds);
bool host_idle(const struct guest *g);
double host_value(const struct guest *g, const char *metric);
int host_quit(struct guest *g);
json_t *host_qmp(struct guest *g, const char *command, json_t *args);

void host_result(struct run *r, const char *metric, const char *unit,
		 double value);
void host_never(struct run *r, const char *metric, const char *unit,
		double limit);
void host_step(struct run *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int host_failed(struct run *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

double host_now(void);
double host_peak_mib(struct run *r);
bool host_full(struct run *r);
uint64_t host_oom_kills(struct run *r);
double host_reread_mib(struct run *r);
long host_int(const json_t *args, const char *name);

struct host_program {
	const char *name;
	int (*run)(struct run *r, const json_t *args);
};

#ifndef WORKLOAD_NAME		/* the directory's; the Makefile gives it */
#define WORKLOAD_NAME	""
#endif

/* The linker makes a table of all of them. */
#define HOST_PROGRAM(fn)						\
	static const struct host_program fn##_entry = { WORKLOAD_NAME, fn }; \
	static const struct host_program *const fn##_linked		\
	__attribute__((used, section("linked_host_program"))) = &fn##_entry

#endif
