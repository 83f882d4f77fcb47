// SPDX-License-Identifier: GPL-2.0
/*
 * One boot: start the VM, check its settings, run the workloads, write down
 * everything, leave nothing behind.  Runs in a process of its own.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prbench.h"

#define CONSOLE_TAIL	12

struct run {
	const struct config *cfg;
	const struct boot *boot;
	char dir[PATH_MAX];
	double t0;
	struct vm vm;
	struct ram ram;
	struct sampler *sampler;
	struct channel channel;
	struct event_log log;
	json_t *meta;
	int signals;
	bool interrupted;
	bool gone;		/* the VM closed its channel or exited */
	const char *status;
	char error[1024];
	int exit_code;
};

void boot_dir(char *path, size_t len, const struct config *cfg,
	      const struct boot *b)
{
	make_path(path, len, "%s/boots/%03u-%s-%s", cfg->out, b->seq,
		 platform_names[b->platform], b->variant->name);
}

/* The first thing that goes wrong is what the boot is judged by. */
static int PRINTF(4, 5) failed(struct run *r, const char *status, int exit_code,
			       const char *fmt, ...)
{
	va_list ap;

	if (r->exit_code)
		return -1;
	va_start(ap, fmt);
	vsnprintf(r->error, sizeof(r->error), fmt, ap);
	va_end(ap);
	r->status = status;
	r->exit_code = exit_code;
	return -1;
}

static int lost(struct run *r, const char *what)
{
	int status;

	if (r->interrupted)
		return failed(r, "interrupted", EXIT_INTERRUPTED,
			      "interrupted");
	if (r->vm.pid && wait_exit(r->vm.pidfd, r->vm.pid, 1.0, &status)) {
		int sig = WIFSIGNALED(status) ? WTERMSIG(status) :
			  WEXITSTATUS(status) > 128 ? WEXITSTATUS(status) - 128 :
			  0;	/* UML's supervisor passes it on like a shell */

		r->vm.pid = 0;
		if (sig)
			return failed(r, "lost", EXIT_LOST,
				      "the VM was killed by signal %d (%s) %s",
				      sig, strsignal(sig), what);
		return failed(r, "lost", EXIT_LOST,
			      "the VM ended with status %d %s",
			      WEXITSTATUS(status), what);
	}
	return failed(r, "lost", EXIT_LOST, "no answer from the guest %s", what);
}

static int cannot_write(struct run *r)
{
	return failed(r, "error", EXIT_FATAL,
		      "cannot write to %s: %s; make room there", r->dir,
		      strerror(errno));
}

static void stop_sampler(struct run *r)
{
	char err[256];

	if (r->sampler && sampler_stop(r->sampler, r->meta, err, sizeof(err)))
		failed(r, "error", EXIT_FATAL, "%s: %s; make room there",
		       r->dir, err);
	r->sampler = NULL;
}

/*
 * Wait for the next event: 1 with it (already in the log), 0 if the time is
 * over or the VM is gone, -1 on failure.
 */
static int next_event(struct run *r, double end, json_t **event)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = r->channel.fd, .events = POLLIN },
			{ .fd = r->signals, .events = POLLIN },
			{ .fd = r->vm.pidfd, .events = POLLIN },
		};
		char err[256];
		double left;
		int got;

		got = channel_next(&r->channel, event, err, sizeof(err));
		if (got < 0)
			return failed(r, "lost", EXIT_LOST, "%s", err);
		if (got) {
			if (event_log_add(&r->log, *event, now_s() - r->t0)) {
				json_decref(*event);
				return cannot_write(r);
			}
			return 1;
		}
		if (r->sampler && sampler_failed(r->sampler)) {
			stop_sampler(r);
			return -1;
		}
		left = end - now_s();
		if (r->gone || left <= 0)
			return 0;
		if (left > 1)
			left = 1;
		if (poll(fds, ARRAY_SIZE(fds), (int)(left * 1e3) + 1) < 0)
			continue;
		if (fds[1].revents) {
			r->interrupted = true;
			return 0;
		}
		if (fds[0].revents) {
			got = channel_fill(&r->channel);
			if (got < 0)
				return failed(r, "lost", EXIT_LOST,
					      "channel: %s", strerror(errno));
			if (!got)
				r->gone = true;
		} else if (fds[2].revents) {
			r->gone = true;
		}
	}
}

static bool is_event(const json_t *event, const char *kind, const char *workload)
{
	const char *k = json_string_value(json_object_get(event, "event"));
	const char *w = json_string_value(json_object_get(event, "workload"));

	return !strcmp(k, kind) && (!workload || (w && !strcmp(w, workload)));
}

/* Find the guest's memory, once it has been set up. */
static int attach(struct run *r)
{
	uint64_t bytes = (uint64_t)r->boot->mem_mib << 20;
	char err[512];
	json_t *o;
	double end;

	r->ram.fd = -1;
	if (r->boot->platform != UM) {
		const char *status;

		if (qmp_open(&r->vm.qmp, r->vm.qmp_fd, 20, err, sizeof(err)))
			return failed(r, "lost", EXIT_LOST, "%s", err);
		o = qmp_call(&r->vm.qmp, "query-version", 5, err, sizeof(err));
		if (!o)
			return failed(r, "lost", EXIT_LOST, "%s", err);
		json_object_set_new(r->meta, "qemu_version",
			json_sprintf("%lld.%lld.%lld%s",
				(long long)json_integer_value(json_object_get(
					json_object_get(o, "qemu"), "major")),
				(long long)json_integer_value(json_object_get(
					json_object_get(o, "qemu"), "minor")),
				(long long)json_integer_value(json_object_get(
					json_object_get(o, "qemu"), "micro")),
				json_string_value(json_object_get(o, "package"))));
		json_decref(o);
		o = qmp_call(&r->vm.qmp, "query-status", 5, err, sizeof(err));
		if (!o)
			return failed(r, "lost", EXIT_LOST, "%s", err);
		status = json_string_value(json_object_get(o, "status"));
		if (!status || strcmp(status, "running")) {
			failed(r, "lost", EXIT_LOST,
			       "QEMU is not running the guest but '%s'",
			       status ? status : "?");
			json_decref(o);
			return -1;
		}
		json_decref(o);
		json_object_set_new(r->meta, "vm_pid", json_integer(r->vm.pid));
		if (ram_of_process(&r->ram, r->vm.pid, bytes, err, sizeof(err)))
			return failed(r, "error", EXIT_LOST, "%s", err);
		return 0;
	}
	/* The kernel process comes first, its memory file a moment later. */
	for (end = now_s() + 15; ; sleep_s(0.002)) {
		pid_t pid = uml_main_pid(r->vm.pid);
		struct pollfd dead = { .fd = r->vm.pidfd, .events = POLLIN };

		if (pid && !ram_of_file(&r->ram, pid, bytes, err, sizeof(err))) {
			json_object_set_new(r->meta, "vm_pid",
					    json_integer(pid));
			return 0;
		}
		if (poll(&dead, 1, 0) > 0 || now_s() > end)
			return lost(r, "before it had memory");
	}
}

static int save_meta(struct run *r)
{
	char path[PATH_MAX + 16], err[PATH_MAX + 64];

	json_object_set_new(r->meta, "status", json_string(r->status));
	json_object_set_new(r->meta, "error", json_string(r->error));
	make_path(path, sizeof(path), "%s/meta.json", r->dir);
	if (write_json(path, r->meta, err, sizeof(err)))
		return failed(r, "error", EXIT_FATAL, "%s; make room there", err);
	return 0;
}

static int start(struct run *r)
{
	const struct boot *b = r->boot;
	json_t *words = json_array(), *names = json_array();
	char kdir[PATH_MAX / 2], path[PATH_MAX], release[128], stamp[64];
	char *sha;
	char err[1024];
	size_t i;
	int ret;

	kernel_dir(kdir, sizeof(kdir), r->cfg, b->platform, b->variant);
	make_path(path, sizeof(path), "%s/release", kdir);
	if (read_text(path, release, sizeof(release)) <= 0)
		snprintf(release, sizeof(release), "?");
	make_path(path, sizeof(path), "%s/config", kdir);
	sha = file_sha256(path);
	iso_time(stamp, sizeof(stamp));
	for (i = 0; i < nr_workloads; i++)
		if (b->workloads & BIT(i))
			json_array_append_new(names,
					      json_string(workloads[i].name));
	r->meta = json_pack("{s:i, s:i, s:s, s:s, s:i, s:s, s:s, s:s, s:i, s:i, s:s, s:o, s:s, s:o}",
			    "schema", 1, "seq", (int)b->seq,
			    "platform", platform_names[b->platform],
			    "variant", b->variant->name,
			    "replicate", (int)b->replicate,
			    "kernel", release,
			    "kernel_tree", b->variant->patched ? "patched" : "pristine",
			    "config_sha256", sha,
			    "mem_mib", (int)b->mem_mib,
			    "cpus", b->platform == UM || b->platform == ICOUNT ? 1 : 2,
			    "qemu_version", "",
			    "host", meta_host_state(), "started", stamp,
			    "workloads", names);
	free(sha);
	r->t0 = now_s();
	ret = b->platform == UM ?
	      uml_start(&r->vm, r->cfg, b, r->dir, err, sizeof(err)) :
	      qemu_start(&r->vm, r->cfg, b, r->dir, err, sizeof(err));
	for (i = 0; r->vm.argv && r->vm.argv[i]; i++)
		json_array_append_new(words, json_string(r->vm.argv[i]));
	json_object_set_new(r->meta, "argv", words);
	json_object_set_new(r->meta, "cmdline",
			    json_string(r->vm.cmdline ? r->vm.cmdline : ""));
	if (ret)
		return failed(r, "error", EXIT_LOST, "%s", err);
	if (channel_init(&r->channel, r->vm.channel))
		return failed(r, "error", EXIT_FATAL, "out of memory");
	if (attach(r))
		return -1;
	make_path(path, sizeof(path), "%s/samples.tsv", r->dir);
	r->sampler = sampler_start(&r->ram, path, r->t0, err, sizeof(err));
	if (!r->sampler)
		return failed(r, "error", EXIT_LOST, "%s", err);
	return save_meta(r);
}

/* Wait for the agent and check that it sees what the variant is about. */
static int greet(struct run *r)
{
	/* Kernels with tests built in take their time. */
	const char *patience = getenv("PRBENCH_BOOT_S");
	double limit = patience ? atof(patience) :
		       30 + 10 * boot_seconds(r->boot->platform);
	const char *release =
		json_string_value(json_object_get(r->meta, "kernel"));
	char err[512];
	json_t *event;
	int ret;

	ret = next_event(r, now_s() + limit, &event);
	if (ret < 0)
		return -1;
	if (!ret)
		return lost(r, "while it booted");
	if (!is_event(event, "ready", NULL)) {
		json_decref(event);
		return failed(r, "lost", EXIT_LOST,
			      "the agent's first word was not 'ready'");
	}
	json_object_set_new(r->meta, "boot_s", json_real(now_s() - r->t0));
	ret = settings_check(event, r->boot, release, err, sizeof(err));
	json_object_set(r->meta, "ready", event);
	json_decref(event);
	if (ret)
		return failed(r, "error", EXIT_LOST, "settings did not take: %s",
			      err);
	return 0;
}

/* What "${name}" stands for in this boot; NULL: there is no such thing here. */
static const char *host_value(struct run *r, const char *name, char *path)
{
	const char *script = getenv("PRBENCH_SCRIPT");

	if (!strcmp(name, "out"))
		return r->cfg->out;
	if (!strcmp(name, "source"))
		return *r->cfg->source ? r->cfg->source : NULL;
	if (!strcmp(name, "script"))
		return script ? realpath(script, path) : NULL;
	kernel_dir(path, PATH_MAX, r->cfg, r->boot->platform, r->boot->variant);
	return path;
}

/* A string of workload.json with its variables filled in, or NULL. */
static json_t *expand(struct run *r, const json_t *template)
{
	char *text = format("%s", json_string_value(template));
	json_t *o;
	size_t i;

	for (i = 0; text && host_variables[i]; i++) {
		char *mark = format("${%s}", host_variables[i]), *at;

		while (text && (at = strstr(text, mark))) {
			char path[PATH_MAX], *old = text;
			const char *value = host_value(r, host_variables[i], path);

			*at = '\0';
			text = value ? format("%s%s%s", old, value,
					      at + strlen(mark)) : NULL;
			free(old);
		}
		free(mark);
	}
	o = text ? json_string(text) : NULL;
	free(text);
	return o;
}

/* What a workload is told beyond its settings. */
static void add_host_args(struct run *r, size_t w, json_t *args)
{
	const json_t *info = workloads[w].info;
	json_t *probe = json_object_get(args, "probe");
	const char *name;
	json_t *v, *word;
	size_t i;

	json_object_set_new(args, "mem_mib", json_integer(r->boot->mem_mib));
	if (json_object_get(info, "like"))
		json_object_set(args, "like", json_object_get(info, "like"));
	if (probe) {
		char path[PATH_MAX];

		kernel_dir(path, sizeof(path), r->cfg, r->boot->platform,
			   r->boot->variant);
		json_object_set_new(probe, "module",
				    json_sprintf("%s/alloc_probe.ko", path));
		json_object_set_new(probe, "icount",
				    json_boolean(r->boot->platform == ICOUNT));
	}
	json_object_foreach(json_object_get(info, "host"), name, v) {
		json_t *o = json_is_array(v) ? json_array() : expand(r, v);

		json_array_foreach(v, i, word)
			json_array_append_new(o, expand(r, word));
		if (o)
			json_object_set_new(args, name, o);
	}
}

static int run_workload(struct run *r, size_t w)
{
	const char *name = workloads[w].name;
	json_t *args = workload_settings(r->cfg->sel.full, w, r->boot->platform);
	double est = workload_seconds(args, w, r->boot->platform);
	double end = now_s() + 60 + 4 * est;
	char what[128];
	bool done = false;

	add_host_args(r, w, args);
	snprintf(what, sizeof(what), "in workload %.31s", name);
	if (channel_send(&r->channel, json_pack("{s:s, s:o}", "run", name,
						"args", args)))
		return lost(r, what);
	while (!done) {
		json_t *event;
		int ret = next_event(r, end, &event);

		if (ret < 0)
			return -1;
		if (!ret)
			return lost(r, what);
		if (is_event(event, "error", NULL)) {
			const char *text = json_string_value(
				json_object_get(event, "message"));

			failed(r, "error", EXIT_LOST, "workload %s: %s", name,
			       text ? text : "?");
		}
		if (is_event(event, "counters", name) &&
		    r->boot->platform == UM && !r->boot->variant->negotiated &&
		    json_integer_value(json_object_get(
			json_object_get(event, "um"), "reported_bytes")))
			failed(r, "error", EXIT_LOST,
			       "the guest reported memory although variant %s has reporting off",
			       r->boot->variant->name);
		done = is_event(event, "done", name);
		json_decref(event);
	}
	return 0;
}

/* Ask the guest to power off; QEMU is told to quit if that does not end it. */
static int finish(struct run *r)
{
	double end = now_s() + 60;
	int status, ret;
	char err[256];
	json_t *event;

	if (channel_send(&r->channel, json_pack("{s:b}", "exit", 1)))
		return lost(r, "when it was told to power off");
	while ((ret = next_event(r, end, &event)) > 0) {
		bool bye = is_event(event, "bye", NULL);

		json_decref(event);
		if (bye)
			break;
	}
	if (ret < 0)
		return -1;
	if (!ret)
		return lost(r, "when it was told to power off");
	if (wait_exit(r->vm.pidfd, r->vm.pid, 10, &status)) {
		r->vm.pid = 0;
		return 0;
	}
	if (r->boot->platform != UM) {
		json_decref(qmp_call(&r->vm.qmp, "quit", 5, err, sizeof(err)));
		if (wait_exit(r->vm.pidfd, r->vm.pid, 10, &status)) {
			r->vm.pid = 0;
			return 0;
		}
	}
	return failed(r, "lost", EXIT_LOST, "the VM did not end after power off");
}

/* A kernel that complained has not measured what was meant. */
static void check_console(struct run *r)
{
	char path[PATH_MAX + 16], line[1024];
	bool oom_is_result = false;
	size_t w;
	FILE *f;

	for (w = 0; w < nr_workloads; w++)
		if (r->boot->workloads & BIT(w))
			oom_is_result |= workloads[w].oom_is_result;

	make_path(path, sizeof(path), "%s/console.log", r->dir);
	f = fopen(path, "re");
	if (!f) {
		failed(r, "error", EXIT_LOST, "cannot read %s: %s", path,
		       strerror(errno));
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (splat_line(line, oom_is_result))
			failed(r, "error", EXIT_LOST,
			       "the guest's kernel complained: %s", line);
	}
	fclose(f);
}

/* The last lines of the console, for whoever wonders why a VM was lost. */
static void show_console(const struct run *r)
{
	char path[PATH_MAX + 16], tail[CONSOLE_TAIL][256];
	unsigned int n = 0, i;
	FILE *f;

	make_path(path, sizeof(path), "%s/console.log", r->dir);
	f = fopen(path, "re");
	while (f && fgets(tail[n % CONSOLE_TAIL], sizeof(tail[0]), f))
		n++;
	if (f)
		fclose(f);
	fprintf(stderr, "prbench: last lines of %s:\n", path);
	for (i = n > CONSOLE_TAIL ? n - CONSOLE_TAIL : 0; i < n; i++) {
		char *line = tail[i % CONSOLE_TAIL];

		line[strcspn(line, "\r\n")] = '\0';
		fprintf(stderr, "  | %s\n", line);
	}
}

/* Returns the exit status for the boot's process. */
int boot_run(const struct config *cfg, const struct boot *b)
{
	struct run r = {
		.cfg = cfg, .boot = b, .status = "running",
		.vm = { .platform = b->platform, .pidfd = -1, .channel = -1,
			.qmp_fd = -1 },
		.ram = { .fd = -1 },
	};
	sigset_t set;
	size_t w;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	r.signals = signalfd(-1, &set, SFD_CLOEXEC);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != cfg->parent)
		return EXIT_INTERRUPTED;

	boot_dir(r.dir, sizeof(r.dir), cfg, b);
	if (make_dirs(r.dir) || event_log_open(&r.log, r.dir)) {
		fprintf(stderr, "prbench: cannot create files in %s: %s\n",
			r.dir, strerror(errno));
		return EXIT_FATAL;
	}
	if (!start(&r) && !greet(&r)) {
		for (w = 0; w < nr_workloads; w++)
			if (b->workloads & BIT(w) && run_workload(&r, w))
				break;
		/* An error in a workload still lets the guest power off. */
		if (!r.exit_code || !strcmp(r.status, "error")) {
			stop_sampler(&r);
			if (!r.gone)
				finish(&r);
		}
	}
	stop_sampler(&r);
	vm_kill(&r.vm);
	ram_close(&r.ram);
	if (!r.interrupted)
		check_console(&r);
	if (event_log_close(&r.log))
		cannot_write(&r);
	if (!r.exit_code)
		r.status = "ok";
	json_object_set_new(r.meta, "run_s", json_real(now_s() - r.t0));
	save_meta(&r);
	if (r.exit_code && !r.interrupted) {
		fprintf(stderr, "prbench: boot %03u (%s, %s): %s: %s\n", b->seq,
			platform_names[b->platform], b->variant->name, r.status,
			r.error);
		if (strcmp(r.status, "error") || r.exit_code == EXIT_LOST)
			show_console(&r);
	}
	json_decref(r.meta);
	channel_free(&r.channel);
	vm_free(&r.vm);
	return r.exit_code;
}
