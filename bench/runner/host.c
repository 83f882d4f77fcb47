// SPDX-License-Identifier: GPL-2.0
/* Workloads that the host drives: what their host.c is offered. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "run.h"

_Static_assert(HOST_FAILED == (int)RUN_FAILED && HOST_TIME == (int)RUN_TIME &&
	       HOST_EVENT == (int)RUN_EVENT && HOST_FULL == (int)RUN_FULL,
	       "the same under two names");

/* The linker's table, see host.h. */
extern const struct host_program *const __start_linked_host_program[]
	__attribute__((weak));
extern const struct host_program *const __stop_linked_host_program[]
	__attribute__((weak));

static const struct host_program *find(const char *name)
{
	const struct host_program *const *p;

	for (p = __start_linked_host_program;
	     name && p < __stop_linked_host_program; p++)
		if (!strcmp((*p)->name, name))
			return *p;
	return NULL;
}

static int say(struct run *r, json_t *event)
{
	int ret = event_log_add(&r->log, event, now_s() - r->t0);

	json_decref(event);
	return ret ? run_cannot_write(r) : 0;
}

/**
 * host_start() - start one more guest
 * @r: the boot
 *
 * It boots while others go on; host_ready() waits for it, or host_event() tells.
 *
 * Return: the guest, or NULL after a failure.
 */
struct guest *host_start(struct run *r)
{
	const json_t *o = json_object_get(workloads[r->w].info, "guest");
	struct guest *g = guest_new(r, (unsigned int)r->nr_guests + 1);

	if (!g)
		return NULL;
	g->vm.migratable = json_is_true(json_object_get(o, "migratable"));
	if (guest_start(g))
		return NULL;
	/* The others are started like it. */
	if (g->nr == 1) {
		json_object_set(r->meta, "argv", json_object_get(g->meta, "argv"));
		json_object_set(r->meta, "cmdline",
				json_object_get(g->meta, "cmdline"));
	}
	/* One that has the host to itself is all there is to see. */
	if (!r->sampler && run_sample(r, &g->ram))
		return NULL;
	return run_save_meta(r) ? NULL : g;
}

/**
 * host_event() - wait for what any of the guests has to say
 * @r: the boot
 * @end: until when, see host_now()
 * @g: whose event it is
 * @event: the event; the caller drops the reference
 *
 * Return: HOST_EVENT, HOST_TIME, HOST_FULL or HOST_FAILED.
 */
int host_event(struct run *r, double end, struct guest **g, json_t **event)
{
	int ret = run_event(r, end, g, event);

	/* A guest that only failed at its work goes on, the boot does not. */
	if (ret == RUN_EVENT && r->exit_code) {
		json_decref(*event);
		return HOST_FAILED;
	}
	return ret;
}

/* Wait until @g is ready and idle, whatever the others do meanwhile. */
static int await(struct guest *g, double end)
{
	while (!host_idle(g)) {
		struct guest *from;
		json_t *event;
		int ret = host_event(g->run, end, &from, &event);

		if (ret != HOST_EVENT)
			return ret;
		json_decref(event);
	}
	return HOST_EVENT;
}

/* Wait until a guest has booted: HOST_EVENT, HOST_FULL or HOST_FAILED. */
int host_ready(struct guest *g)
{
	return await(g, INFINITY);
}

/* Could it be told to do something? */
bool host_idle(const struct guest *g)
{
	return g->ready && !g->busy && !g->over;
}

/**
 * host_tell() - have the workload's guest.c run in a guest
 * @g: a guest that is idle
 * @args: on top of the settings, or NULL; the reference is taken over
 *
 * Its end comes as the event 'done'.
 *
 * Return: HOST_EVENT, or HOST_FAILED.
 */
int host_tell(struct guest *g, json_t *args)
{
	struct run *r = g->run;
	json_t *all = boot_settings(r->cfg->sel.full, r->boot, r->w);

	boot_add_args(r, r->w, all);
	json_object_update(all, args);
	json_decref(args);
	return guest_tell(g, r->w, all) ? HOST_FAILED : HOST_EVENT;
}

/**
 * host_do() - host_tell(), and wait for its end
 * @g: a guest that is idle
 * @args: as of host_tell()
 * @limit_s: seconds it may take
 *
 * Return: HOST_EVENT, HOST_TIME if it takes longer, HOST_FULL or HOST_FAILED.
 */
int host_do(struct guest *g, json_t *args, double limit_s)
{
	double end = now_s() + limit_s;
	int ret = host_tell(g, args);

	return ret == HOST_EVENT ? await(g, end) : ret;
}

/* Let time pass: HOST_TIME, HOST_FULL or HOST_FAILED. */
int host_sleep(struct run *r, double seconds)
{
	double end = now_s() + seconds;

	for (;;) {
		struct guest *from;
		json_t *event;
		int ret = host_event(r, end, &from, &event);

		if (ret != HOST_EVENT)
			return ret;
		json_decref(event);
	}
}

/* The last result of that name that a guest's own part had; NAN without one. */
double host_value(const struct guest *g, const char *metric)
{
	const json_t *v = json_object_get(g->results, metric);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

/* Ask the guest's QEMU; NULL after a failure.  Takes over @args. */
json_t *host_qmp(struct guest *g, const char *command, json_t *args)
{
	char err[512];
	json_t *o = qmp_call(&g->vm.qmp, command, args, 30, err, sizeof(err));

	if (!o)
		host_failed(g->run, "guest %u: %s", g->nr, err);
	return o;
}

/* Nothing more is wanted of a guest of QEMU: HOST_EVENT when it has ended. */
int host_quit(struct guest *g)
{
	return guest_quit(g) ? host_failed(g->run, "guest %u: QEMU does not quit",
					   g->nr) : HOST_EVENT;
}

/* A figure of the workload. */
void host_result(struct run *r, const char *metric, const char *unit,
		 double value)
{
	if (isfinite(value))
		say(r, json_pack("{s:s, s:s, s:s, s:s, s:f}", "event", "result",
				 "workload", workloads[r->w].name,
				 "metric", metric, "unit", unit,
				 "value", value));
	else
		host_failed(r, "%s is no number", metric);
}

/* A figure that never came to be: all that is known is that it is above @limit. */
void host_never(struct run *r, const char *metric, const char *unit, double limit)
{
	say(r, json_pack("{s:s, s:s, s:s, s:s, s:f}", "event", "result",
			 "workload", workloads[r->w].name, "metric", metric,
			 "unit", unit, "limit", limit));
}

/* What is done now, for whoever reads events.jsonl. */
void host_step(struct run *r, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say(r, json_pack("{s:s, s:s, s:s}", "event", "step", "workload",
			 workloads[r->w].name, "text", text));
}

/* The boot is void, for this reason; returns HOST_FAILED. */
int host_failed(struct run *r, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	run_failed(r, "error", EXIT_LOST, "workload %s: %s",
		   workloads[r->w].name, text);
	return HOST_FAILED;
}

double host_now(void)
{
	return now_s();
}

/* The most that was resident at any time so far, as sampled. */
double host_peak_mib(struct run *r)
{
	return r->sampler ? (double)sampler_peak_kib(r->sampler) / 1024 : NAN;
}

/* Do the VMs want more than the limit?  Then what fails is no failure. */
bool host_full(struct run *r)
{
	return *r->group.path && cgroup_full(&r->group);
}

uint64_t host_oom_kills(struct run *r)
{
	return *r->group.path ? cgroup_oom_kills(&r->group) : 0;
}

/* What the host had dropped for want of memory, and had to read again. */
double host_reread_mib(struct run *r)
{
	return *r->group.path ? (double)cgroup_reread_kib(&r->group) / 1024 : 0;
}

/* A number among the settings. */
long host_int(const json_t *args, const char *name)
{
	return (long)json_integer_value(json_object_get(args, name));
}

/* Not a failure: elsewhere it can be run. */
static int skip(struct run *r, const char *why)
{
	char path[PATH_MAX + 16];
	FILE *f;

	complain("boot %03u: %s is left out: %s",
		r->boot->seq, workloads[r->w].name, why);
	/* Every boot has its samples, be it none. */
	make_path(path, sizeof(path), "%s/samples.tsv", r->dir);
	f = fopen(path, "we");
	if (!f || fputs("t_s\tresident_kib\trefault_kib\n", f) < 0 || fclose(f))
		return run_cannot_write(r);
	return say(r, json_pack("{s:s, s:s, s:s}", "event", "skip", "workload",
				workloads[r->w].name, "reason", why));
}

static int limit(struct run *r, unsigned int mib, char *err, size_t len)
{
	if (cgroup_make(&r->group, mib, err, len))
		return -1;
	json_object_set_new(r->meta, "limit_mib", json_integer(mib));
	json_object_set_new(r->meta, "cgroup", json_text(r->group.path));
	json_object_set_new(r->meta, "cgroup_version",
			    json_integer(r->group.v2 ? 2 : 1));
	ram_of_group(&r->group_ram, &r->group);
	return 0;
}

/* From the first VM to the last, in a group if there is a limit. */
static int drive(struct run *r, const json_t *args)
{
	const struct workload *w = &workloads[r->w];
	const char *like = json_string_value(json_object_get(w->info, "like"));
	const struct host_program *p = find(w->name);
	bool full;
	size_t i;
	int ret;

	if (!p)
		p = find(like);
	if (!p)
		return host_failed(r, "prbench was built without its host.c; rebuild it");
	if (say(r, json_pack("{s:s, s:s}", "event", "begin", "workload", w->name)))
		return -1;
	ret = p->run(r, args);
	if (ret == HOST_FULL)
		host_failed(r, "the VMs need more memory than their limit of %u MiB",
			    workload_guest(args, r->w, "limit_mib"));
	if (ret || r->exit_code)
		return -1;
	if (say(r, json_pack("{s:s, s:s}", "event", "end", "workload", w->name)))
		return -1;
	run_stop_sampler(r);
	/* Of VMs without memory nothing is to be expected but their end. */
	full = host_full(r);
	for (i = 0; i < r->nr_guests; i++)
		full |= r->guests[i]->busy;
	if (!full && guests_finish(r))
		return -1;
	for (i = 0; i < r->nr_guests; i++)
		guest_check_console(r->guests[i], full);
	return 0;
}

/**
 * host_run() - all of a boot whose workload has a host.c
 * @r: the boot, without guests
 * @w: the workload
 *
 * Return: 0, or -1 after a failure. VMs that are left are the caller's.
 */
int host_run(struct run *r, size_t w)
{
	json_t *args = boot_settings(r->cfg->sel.full, r->boot, w);
	unsigned int mib = workload_guest(args, w, "limit_mib");
	char err[PATH_MAX + 256];
	int ret;

	r->w = w;
	json_object_set_new(r->meta, "guests", json_array());
	boot_add_args(r, w, args);
	if (mib && limit(r, mib, err, sizeof(err)))
		ret = skip(r, err);
	else if (mib && run_sample(r, &r->group_ram))
		ret = -1;
	else
		ret = drive(r, args);
	json_decref(args);
	return ret;
}
