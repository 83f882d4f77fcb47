// SPDX-License-Identifier: GPL-2.0
/*
 * pragent - init of the benchmark guest
 *
 * The guest's root is the host's own, read-only.  Mount what programs need on
 * top, find the channel, and run what the host asks for, each workload in a
 * process of its own: one that fails or is killed is an error event and not a
 * dead guest.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

/* The linker's tables, see agent.h. */
extern const struct workload *const __start_linked_workload[] __attribute__((weak));
extern const struct workload *const __stop_linked_workload[] __attribute__((weak));
extern const struct command *const __start_linked_command[] __attribute__((weak));
extern const struct command *const __stop_linked_command[] __attribute__((weak));

static void complain(const char *what, const char *on)
{
	fprintf(stderr, "pragent: %s %s: %s\n", what, on, strerror(errno));
}

static void mount_at(const char *type, const char *where, const char *data)
{
	if (mount(type, where, type, MS_NOSUID, data) && errno != EBUSY)
		complain("cannot mount", where);
}

/* A kernel without devtmpfs: the few nodes that programs expect. */
static void make_nodes(void)
{
	static const struct {
		const char *path;
		unsigned int major, minor;
	} nodes[] = {
		{ "/dev/null", 1, 3 }, { "/dev/zero", 1, 5 },
		{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 },
		{ "/dev/tty", 5, 0 }, { "/dev/console", 5, 1 },
	};
	size_t i;

	mount_at("tmpfs", "/dev", "mode=755");
	for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		if (mknod(nodes[i].path, S_IFCHR | 0666,
			  makedev(nodes[i].major, nodes[i].minor)))
			complain("cannot make", nodes[i].path);
}

static void mount_all(void)
{
	/* First, while nothing of ours hides any of it. */
	if (mount("/", HOST_ROOT, NULL, MS_BIND, NULL))
		complain("cannot bind the host's root to", HOST_ROOT);
	mount_at("proc", "/proc", NULL);
	mount_at("sysfs", "/sys", NULL);
	if (mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, NULL) &&
	    errno != EBUSY)
		make_nodes();
	mkdir("/dev/shm", 0755);
	/* A guest may fill nearly all of its memory through a file. */
	mount_at("tmpfs", "/dev/shm", "mode=1777,size=90%");
	mount_at("tmpfs", "/tmp", "mode=1777,size=75%");
	mount_at("tmpfs", "/run", "mode=755,size=16m");
	mount_at("tmpfs", "/var/tmp", "mode=1777,size=75%");
	mount_at("debugfs", "/sys/kernel/debug", NULL);
	mount_at("tracefs", "/sys/kernel/tracing", NULL);
}

/* A workload that is like another has its code and a name of its own. */
static int run_named(const char *name, const json_t *args)
{
	const char *code = arg_str(args, "like", name);
	const struct workload *const *w;

	for (w = __start_linked_workload; w < __stop_linked_workload; w++) {
		int ret;

		if (strcmp((*w)->name, code))
			continue;
		emit_counters(name, "begin");
		emit_simple("begin", name);
		ret = (*w)->run(name, args);
		emit_simple("end", name);
		emit_counters(name, "end");
		return ret;
	}
	emit_text("error", name, "message",
		  "the guest's agent knows no workload %s; rebuild it", code);
	return -1;
}

static void emit_done(const char *name, bool ok)
{
	emit(json_pack("{s:s, s:s, s:b}", "event", "done", "workload", name,
		       "ok", ok));
}

/* Run a workload in its own process and tell the host when it is over. */
static void run_command(const char *name, const json_t *args)
{
	const json_t *probe = json_object_get(args, "probe");
	int status = 0;
	bool ok;
	pid_t map, pid;

	if (probe && probe_start(name, probe)) {
		emit_done(name, false);
		return;
	}
	map = map_start(name, args);
	pid = fork();
	if (pid < 0) {
		map_stop(map);
		emit_text("error", name, "message", "fork failed: %s",
			  strerror(errno));
		if (probe)
			probe_finish(name, probe);
		emit_done(name, false);
		return;
	}
	if (!pid) {
		setpgid(0, 0);
		_exit(run_named(name, args) ? 1 : 0);
	}
	for (;;) {
		pid_t got = waitpid(-1, &status, 0);	/* init reaps orphans */

		if (got == pid)
			break;
		if (got < 0 && errno != EINTR)
			break;
	}
	kill(-pid, SIGKILL);
	map_stop(map);
	ok = WIFEXITED(status) && !WEXITSTATUS(status);
	if (WIFSIGNALED(status))
		emit_text("error", name, "message",
			  "killed by signal %d%s", WTERMSIG(status),
			  WTERMSIG(status) == SIGKILL ?
			  " (out of memory? see console.log)" : "");
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (probe && probe_finish(name, probe))
		ok = false;
	emit_done(name, ok);
}

static void serve(void)
{
	bool over = false;
	char *line;

	emit(counters_settings());
	while (!over && (line = channel_read_line())) {
		json_error_t err;
		json_t *cmd;
		const char *run;

		if (!*line)
			continue;
		cmd = json_loads(line, 0, &err);
		if (!cmd) {
			emit_text("error", "-", "message",
				  "not a command: %s", err.text);
			continue;
		}
		run = json_string_value(json_object_get(cmd, "run"));
		if (run)
			run_command(run, json_object_get(cmd, "args"));
		else if (json_is_true(json_object_get(cmd, "exit")))
			over = true;
		else
			emit_text("error", "-", "message",
				  "a command without 'run' or 'exit'");
		json_decref(cmd);
	}
	emit(json_pack("{s:s}", "event", "bye"));
}

int main(int argc, char **argv)
{
	const struct command *const *c;

	for (c = __start_linked_command; argc > 1 && c < __stop_linked_command; c++)
		if (!strcmp(argv[1], (*c)->name))
			return (*c)->main(argc, argv);
	if (getpid() != 1) {
		fprintf(stderr,
			"pragent: this is the init of a benchmark guest; prbench starts it\n");
		return 2;
	}
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/tmp", 1);
	setenv("LC_ALL", "C", 1);
	umask(022);
	root_into_memory(argv[0]);
	mount_all();
	if (chdir("/tmp"))
		complain("cannot change to", "/tmp");
	signal(SIGPIPE, SIG_IGN);
	/* Or jansson waits for the kernel's random numbers: 2 s under TCG. */
	json_object_seed(1);
	if (channel_open() < 0)
		fprintf(stderr,
			"pragent: no channel to the host: neither a virtio port 'prbench' nor ttyS0\n");
	else
		serve();
	sync();
	reboot(RB_POWER_OFF);
	complain("cannot", "power off");
	return 1;
}
