// SPDX-License-Identifier: GPL-2.0
/*
 * One guest: start its VM, find its memory, hear what its agent says, tell it
 * what to do, power it off.
 */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

#define OOM_POLL_S	0.1

/* The same for one of several guests, which is named. */
int guest_failed(struct guest *g, const char *status, int exit_code,
		 const char *fmt, ...)
{
	char text[1000], who[32] = "";
	va_list ap;

	if (!g->run->exit_code)
		g->run->blamed = g;
	if (g->nr)
		snprintf(who, sizeof(who), "guest %u: ", g->nr);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return run_failed(g->run, status, exit_code, "%s%s", who, text);
}

/* How a VM came to its end, for meta.json; it has been reaped. */
static int ended(struct guest *g, int status, bool told)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) :
		  WEXITSTATUS(status) > 128 ? WEXITSTATUS(status) - 128 :
		  0;	/* UML's supervisor passes it on like a shell */

	g->vm.pid = 0;
	json_object_set_new(g->meta, "vm_end", sig ?
		json_sprintf("killed by signal %d (%s)", sig, strsignal(sig)) :
		json_sprintf("%sstatus %d", told ? "told to quit, " : "",
			     WEXITSTATUS(status)));
	return sig;
}

/* Who kills without being asked to: the kernel or a daemon, for want of memory. */
static const char *killer(const struct guest *g)
{
	if (meta_vmstat("oom_kill") > g->run->oom_kills)
		return "; the host's kernel has killed for want of memory since the boot began: dmesg has it, and whose limit it was";
	return "; if that was nobody's doing, look for systemd-oomd or earlyoom in the host's journal";
}

static int lost(struct guest *g, const char *what)
{
	int status;

	if (g->vm.pid && wait_exit(g->vm.pidfd, g->vm.pid, 1.0, &status)) {
		int sig = ended(g, status, false);

		if (sig)
			return guest_failed(g, "lost", EXIT_LOST,
				      "the VM was killed by signal %d (%s) %s%s",
				      sig, strsignal(sig), what,
				      sig == SIGKILL ? killer(g) : "");
		return guest_failed(g, "lost", EXIT_LOST,
			      "the VM ended with status %d %s",
			      WEXITSTATUS(status), what);
	}
	return guest_failed(g, "lost", EXIT_LOST, "no answer from the guest %s", what);
}

bool is_event(const json_t *event, const char *kind, const char *workload)
{
	const char *k = json_string_value(json_object_get(event, "event"));
	const char *w = json_string_value(json_object_get(event, "workload"));

	return !strcmp(k, kind) && (!workload || (w && !strcmp(w, workload)));
}

/* The agent's first word: does it see what the variant is about? */
static int greeted(struct guest *g, json_t *event)
{
	const struct run *r = g->run;
	const char *release =
		json_string_value(json_object_get(r->meta, "kernel"));
	char err[512];

	if (!is_event(event, "ready", NULL))
		return guest_failed(g, "lost", EXIT_LOST,
			      "the agent's first word was not 'ready'");
	g->ready = true;
	equalise_release(&g->run->equalised);
	strcpy(g->what, "while it had nothing to do");
	g->deadline = INFINITY;
	json_object_set_new(g->meta, "boot_s", json_real(now_s() - r->t0));
	json_object_set(g->meta, "ready", event);
	if (settings_check(event, r->boot, release, err, sizeof(err)))
		return guest_failed(g, "error", EXIT_LOST, "settings did not take: %s",
			      err);
	return 0;
}

/* A workload asks what the host holds of its guest. */
static int tell_held(struct guest *g)
{
	struct sampled now = { 0 };

	if (g->run->sampler)
		now = sampler_now(g->run->sampler);
	if (channel_send(&g->channel, json_pack("{s:f, s:f, s:f}",
			 "resident_mib", (double)now.resident_kib / 1024,
			 "refault_mib", (double)now.refault_kib / 1024,
			 "gib_s", now.gib_s)))
		return lost(g, "when it asked what the host holds");
	return 0;
}

/* A workload asks how: page faults of the VM's processes, and huge pages. */
static int tell_pages(struct guest *g)
{
	json_t *o = json_pack("{s:f}", "faults", (double)vm_faults(g->ram.pid));

	if (ram_may_be_huge(&g->ram))
		json_object_set_new(o, "huge_mib",
				    json_real((double)ram_huge_kib(&g->ram) / 1024));
	if (channel_send(&g->channel, o))
		return lost(g, "when it asked for the host's page faults");
	return 0;
}

/* What an event means for the boot, whoever waits for it. */
static int heard(struct guest *g, json_t *event)
{
	const struct boot *b = g->run->boot;
	const char *name = json_string_value(json_object_get(event, "workload"));
	const char *text;

	if (!name)
		name = "-";
	if (!g->ready)
		return greeted(g, event);
	if (is_event(event, "error", NULL)) {
		text = json_string_value(json_object_get(event, "message"));
		guest_failed(g, "error", EXIT_LOST, "workload %s: %s", name,
		       text ? text : "?");
	} else if (is_event(event, "counters", NULL)) {
		if (b->platform == UM && !b->variant->negotiated &&
		    json_integer_value(json_object_get(
			json_object_get(event, "um"), "reported_bytes")))
			guest_failed(g, "error", EXIT_LOST,
			       "the guest reported memory although variant %s has reporting off",
			       b->variant->name);
	} else if (is_event(event, "result", NULL)) {
		text = json_string_value(json_object_get(event, "metric"));
		if (text)
			json_object_set(g->results, text,
					json_object_get(event, "value"));
	} else if (is_event(event, "done", NULL)) {
		g->busy = false;
		strcpy(g->what, "while it had nothing to do");
		g->deadline = INFINITY;
		if (!json_is_true(json_object_get(event, "ok")))
			guest_failed(g, "error", EXIT_LOST,
			       "workload %s failed and did not say why; see console.log",
			       name);
	} else if (is_event(event, "ask", NULL)) {
		return tell_held(g);
	} else if (is_event(event, "ask-pages", NULL)) {
		return tell_pages(g);
	} else if (is_event(event, "bye", NULL)) {
		g->bye = true;
	}
	return 0;
}

/* Look at what has come from one guest: 1 with an event, 0 without, -1. */
static int next_of(struct guest *g, json_t **event)
{
	struct run *r = g->run;
	char err[256];
	int got = channel_next(&g->channel, event, err, sizeof(err));

	if (got < 0)
		return guest_failed(g, "lost", EXIT_LOST, "%s", err);
	if (!got)
		return 0;
	if (!is_event(*event, "ask", NULL) && !is_event(*event, "ask-pages", NULL) &&
	    event_log_add(g->log, *event, now_s() - r->t0)) {
		json_decref(*event);
		return run_cannot_write(r);
	}
	if (heard(g, *event)) {
		json_decref(*event);
		return -1;
	}
	return 1;
}

static int read_from(struct guest *g, short channel, short exited)
{
	int got;

	if (channel) {
		got = channel_fill(&g->channel);
		if (got < 0)
			return guest_failed(g, "lost", EXIT_LOST, "channel: %s",
				      strerror(errno));
		if (!got)
			g->gone = true;
	} else if (exited) {
		g->gone = true;
	}
	return 0;
}

/* A guest that is gone, or silent: was it for want of memory? */
static int given_up(struct guest *g)
{
	const struct cgroup *group = &g->run->group;

	if (*group->path) {
		/* Its count may come a moment later. */
		sleep_s(OOM_POLL_S);
		if (cgroup_full(group))
			return RUN_FULL;
	}
	return lost(g, g->what);
}

/**
 * run_event() - wait for what some guest has to say
 * @r: the boot
 * @end: until when
 * @from: whose event it is
 * @event: the event, already in the log; the caller's reference
 *
 * A guest that is gone, or does not do in time what it was told, is a failure;
 * unless the VMs have a limit and have reached it, see cgroup_full().
 *
 * Return: RUN_EVENT, RUN_TIME when there was none, RUN_FULL, or RUN_FAILED.
 */
int run_event(struct run *r, double end, struct guest **from, json_t **event)
{
	for (;;) {
		struct pollfd fds[2 * GUESTS_MAX + 1];
		double until = end;
		size_t i;

		if (r->interrupted)
			return run_failed(r, "interrupted", EXIT_INTERRUPTED,
					  "interrupted");
		/* First, so that what it leads to comes later. */
		if (*r->group.path && cgroup_full(&r->group))
			return RUN_FULL;
		for (i = 0; i < r->nr_guests; i++) {
			struct guest *g = r->guests[i];
			int got = g->over ? 0 : next_of(g, event);

			if (got < 0)
				return RUN_FAILED;
			*from = g;
			if (got)
				return RUN_EVENT;
		}
		if (r->sampler && sampler_failed(r->sampler)) {
			run_stop_sampler(r);
			return RUN_FAILED;
		}
		for (i = 0; i < r->nr_guests; i++) {
			struct guest *g = r->guests[i];

			fds[2 * i].fd = g->over ? -1 : g->channel.fd;
			fds[2 * i + 1].fd = g->over ? -1 : g->vm.pidfd;
			fds[2 * i].events = fds[2 * i + 1].events = POLLIN;
			if (g->over)
				continue;
			if (g->gone || now_s() >= g->deadline)
				return given_up(g);
			if (g->deadline < until)
				until = g->deadline;
		}
		fds[2 * i].fd = r->signals;
		fds[2 * i].events = POLLIN;
		until -= now_s();
		if (until <= 0 && now_s() >= end)
			return RUN_TIME;
		if (until > (*r->group.path ? OOM_POLL_S : 1))
			until = *r->group.path ? OOM_POLL_S : 1;
		if (poll(fds, 2 * r->nr_guests + 1,
			 until > 0 ? (int)(until * 1e3) + 1 : 0) < 0)
			continue;
		if (fds[2 * i].revents)
			r->interrupted = true;
		for (i = 0; i < r->nr_guests; i++)
			if (!r->guests[i]->over &&
			    read_from(r->guests[i], fds[2 * i].revents,
				      fds[2 * i + 1].revents))
				return RUN_FAILED;
	}
}

/* A guest of a boot; its directory is there, its VM is not. */
struct guest *guest_new(struct run *r, unsigned int nr)
{
	struct guest *g;

	if (r->nr_guests == GUESTS_MAX) {
		run_failed(r, "error", EXIT_LOST, "more than %d guests",
			   GUESTS_MAX);
		return NULL;
	}
	g = calloc(1, sizeof(*g));
	if (!g) {
		run_failed(r, "error", EXIT_FATAL, "out of memory");
		return NULL;
	}
	g->run = r;
	g->nr = nr;
	g->vm.platform = r->boot->platform;
	g->vm.pidfd = g->vm.channel = g->vm.qmp_fd = -1;
	g->ram.fd = -1;
	g->log = nr ? &g->own : &r->log;
	g->meta = nr ? json_object() : json_incref(r->meta);
	g->results = json_object();
	g->deadline = INFINITY;
	r->guests[r->nr_guests++] = g;
	if (nr) {
		make_path(g->dir, sizeof(g->dir), "%s/guest-%u", r->dir, nr);
		json_array_append(json_object_get(r->meta, "guests"), g->meta);
		if (make_dirs(g->dir) || event_log_open(&g->own, g->dir)) {
			g->over = true;
			run_cannot_write(r);
			return NULL;
		}
	} else {
		make_path(g->dir, sizeof(g->dir), "%s", r->dir);
	}
	return g;
}

/* QEMU is asked, and then its memory is found; -1 with a message. */
static int attach_qemu(struct guest *g, char *err, size_t len)
{
	uint64_t bytes = (uint64_t)g->run->boot->mem_mib << 20;
	const char *status;
	char *version;
	json_t *o;
	int ret = 0;

	if (qmp_open(&g->vm.qmp, g->vm.qmp_fd, 20, err, len))
		return -1;
	o = qmp_call(&g->vm.qmp, "query-version", NULL, 5, err, len);
	if (!o)
		return -1;
	version = qmp_version(o);
	json_object_set_new(g->run->meta, "qemu_version", json_string(version));
	free(version);
	json_decref(o);
	o = qmp_call(&g->vm.qmp, "query-status", NULL, 5, err, len);
	if (!o)
		return -1;
	status = json_string_value(json_object_get(o, "status"));
	if (!status || strcmp(status, "running"))
		ret = set_err(err, len,
			      "QEMU is not running the guest but '%s'",
			      status ? status : "?");
	json_decref(o);
	if (ret)
		return ret;
	json_object_set_new(g->meta, "vm_pid", json_integer(g->vm.pid));
	if (g->run->boot->platform == KVM) {
		/* Several would be pinned to the same processors. */
		if (!g->nr)
			pin_vcpus(&g->vm, g->meta);
		if (g->run->cfg->count_kvm)
			counting_start(&g->counting, g->vm.pid, g->dir,
				       g->run->t0, g->meta);
	}
	return ram_of_process(&g->ram, g->vm.pid, bytes, err, len);
}

/* Find the guest's memory, once it has been set up. */
static int attach(struct guest *g)
{
	uint64_t bytes = (uint64_t)g->run->boot->mem_mib << 20;
	struct pollfd dead = { .fd = g->vm.pidfd, .events = POLLIN };
	char err[512];
	double end;

	if (g->run->boot->platform != UM) {
		if (!attach_qemu(g, err, sizeof(err)))
			return 0;
		/* What a QEMU that is dying does not answer is not the news. */
		if (poll(&dead, 1, 1000) > 0)
			return lost(g, "before it had memory");
		return guest_failed(g, "lost", EXIT_LOST, "%s", err);
	}
	/* The kernel process comes first, its memory file a moment later. */
	for (end = now_s() + 15; ; sleep_s(0.002)) {
		pid_t pid = uml_main_pid(g->vm.pid);

		if (pid && !ram_of_file(&g->ram, pid, bytes, err, sizeof(err))) {
			json_object_set_new(g->meta, "vm_pid",
					    json_integer(pid));
			return 0;
		}
		if (poll(&dead, 1, 0) > 0 || now_s() > end)
			return lost(g, "before it had memory");
	}
}

/**
 * guest_start() - start a guest's VM
 * @g: from guest_new()
 *
 * Its agent's first word comes as the event 'ready'.
 *
 * Return: 0, or -1 after a failure.
 */
int guest_start(struct guest *g)
{
	/* Kernels with tests built in take their time. */
	const char *patience = getenv("PRBENCH_BOOT_S");
	struct run *r = g->run;
	const struct boot *b = r->boot;
	json_t *words = json_array();
	char err[1024];
	size_t i;
	int ret;

	g->vm.group = *r->group.path ? &r->group : NULL;
	ret = b->platform == UM ?
	      uml_start(&g->vm, r->cfg, b, g->dir, err, sizeof(err)) :
	      qemu_start(&g->vm, r->cfg, b, g->dir, err, sizeof(err));
	for (i = 0; g->vm.argv && g->vm.argv[i]; i++)
		json_array_append_new(words, json_text(g->vm.argv[i]));
	json_object_set_new(g->meta, "argv", words);
	json_object_set_new(g->meta, "cmdline",
			    json_text(g->vm.cmdline ? g->vm.cmdline : ""));
	if (ret)
		return guest_failed(g, "error", EXIT_LOST, "%s", err);
	if (channel_init(&g->channel, g->vm.channel))
		return run_failed(r, "error", EXIT_FATAL, "out of memory");
	strcpy(g->what, "while it booted");
	g->deadline = now_s() + (patience ? atof(patience) :
				 30 + 10 * platform_table[b->platform].boot_s);
	return attach(g);
}

/**
 * guest_tell() - have a workload begin
 * @g: a guest that is ready and not busy
 * @w: the workload
 * @args: what the agent gets; the reference is taken over
 *
 * Return: 0, or -1 after a failure.
 */
int guest_tell(struct guest *g, size_t w, json_t *args)
{
	const char *name = workloads[w].name;
	double est = workload_seconds(args, w, g->run->boot->platform);

	snprintf(g->what, sizeof(g->what), "in workload %.31s", name);
	g->deadline = now_s() + 60 + 4 * est;
	g->busy = true;
	if (channel_send(&g->channel, json_pack("{s:s, s:o}", "run", name,
						"args", args)))
		return lost(g, g->what);
	return 0;
}

/**
 * guest_quit() - have QEMU end, whatever the guest is at
 * @g: a guest of QEMU
 *
 * Return: 0, or -1 if it does not.
 */
int guest_quit(struct guest *g)
{
	char err[256];
	int status;

	g->over = true;
	json_decref(qmp_call(&g->vm.qmp, "quit", NULL, 5, err, sizeof(err)));
	if (!wait_exit(g->vm.pidfd, g->vm.pid, 10, &status))
		return -1;
	ended(g, status, true);
	return 0;
}

/* Wait until a VM that said 'bye' is gone; QEMU is told to quit if need be. */
static int await_end(struct guest *g)
{
	int status;

	if (wait_exit(g->vm.pidfd, g->vm.pid, 10, &status)) {
		ended(g, status, false);
		return 0;
	}
	if (g->run->boot->platform != UM && !guest_quit(g))
		return 0;
	return guest_failed(g, "lost", EXIT_LOST, "the VM did not end after power off");
}

/* Ask all guests that are there to power off, and wait for that. */
int guests_finish(struct run *r)
{
	unsigned int left = 0;
	size_t i;

	for (i = 0; i < r->nr_guests; i++) {
		struct guest *g = r->guests[i];

		if (g->over)
			continue;
		strcpy(g->what, "when it was told to power off");
		g->deadline = now_s() + 60;
		if (channel_send(&g->channel, json_pack("{s:b}", "exit", 1)))
			return lost(g, g->what);
		left++;
	}
	while (left) {
		struct guest *g;
		json_t *event;
		int ret = run_event(r, INFINITY, &g, &event);

		if (ret != RUN_EVENT)
			return -1;
		json_decref(event);
		if (!g->bye)
			continue;
		g->over = true;
		left--;
		if (await_end(g))
			return -1;
	}
	return 0;
}

/* Write all of the guest's own log, if it has one. Returns 0, or -1. */
int guest_close_log(struct guest *g)
{
	return g->log == &g->own && g->own.counters ? event_log_close(&g->own) : 0;
}

/* Kill the VM if it is still there, and close everything but its log. */
void guest_free(struct guest *g)
{
	vm_kill(&g->vm);
	ram_close(&g->ram);
	channel_free(&g->channel);
	vm_free(&g->vm);
	json_decref(g->results);
	json_decref(g->meta);
	free(g);
}
