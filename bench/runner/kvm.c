// SPDX-License-Identifier: GPL-2.0
/*
 * What only KVM has: virtual CPUs that can be kept on processors of their own,
 * and events of the host's kernel, which perf counts.  Neither is a condition:
 * what cannot be had is said in meta.json or run.json, and the boot goes on.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "prbench.h"

/* An EPT violation or nested page fault is a kvm_page_fault. */
#define EVENTS		"kvm:kvm_page_fault,kvm:kvm_exit"
#define INTERVAL_MS	"100"

/* The first of a processor's core: siblings have the same. */
static int core_of(const char *root, int cpu)
{
	char *path = format("%s/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
			    root, cpu);
	char text[64];
	int core = read_text(path, text, sizeof(text)) > 0 ? atoi(text) : cpu;

	free(path);
	return core;
}

/**
 * pin_choose() - processors for virtual CPUs
 * @root: before /sys, "" but in tests
 * @allowed: those that this process may use, ascending
 * @nr: how many these are
 * @chosen: gets @wanted of them, or none
 * @wanted: the number of virtual CPUs
 *
 * From the last one down, for the first ones have the interrupts; one of a core
 * as long as there are cores.  One processor stays free for QEMU itself and for
 * who measures.
 *
 * Return: @wanted, or 0 if there are not enough.
 */
size_t pin_choose(const char *root, const int *allowed, size_t nr, int *chosen,
		  size_t wanted)
{
	size_t got = 0, i, k;
	int pass;

	if (!wanted || nr < wanted + 1)
		return 0;
	for (pass = 0; pass < 2; pass++) {
		for (i = nr; i-- > 0 && got < wanted; ) {
			bool used = false;

			for (k = 0; k < got; k++)
				used |= chosen[k] == allowed[i] ||
					(!pass && core_of(root, chosen[k]) ==
						  core_of(root, allowed[i]));
			if (!used)
				chosen[got++] = allowed[i];
		}
	}
	return got;
}

/**
 * pin_threads() - give each virtual CPU a processor of its own
 * @cpus: what QMP's query-cpus-fast returned
 * @root: before /sys
 *
 * Return: the processors in the order of the virtual CPUs, a new reference; or
 * NULL with a message in @err.
 */
json_t *pin_threads(const json_t *cpus, const char *root, char *err, size_t len)
{
	int allowed[CPU_SETSIZE], chosen[CPU_SETSIZE];
	size_t nr = 0, wanted = json_array_size(cpus), i;
	json_t *done, *cpu;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set)) {
		set_err(err, len, "sched_getaffinity: %s", strerror(errno));
		return NULL;
	}
	for (i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			allowed[nr++] = (int)i;
	if (wanted >= CPU_SETSIZE || !pin_choose(root, allowed, nr, chosen, wanted)) {
		set_err(err, len, "%zu virtual CPUs and one processor for QEMU need more than the %zu there are",
			wanted, nr);
		return NULL;
	}
	done = json_array();
	json_array_foreach((json_t *)cpus, i, cpu) {
		json_int_t tid = json_integer_value(json_object_get(cpu,
								    "thread-id"));

		CPU_ZERO(&set);
		CPU_SET(chosen[i], &set);
		if (tid > 0 && !sched_setaffinity((pid_t)tid, sizeof(set), &set)) {
			json_array_append_new(done, json_integer(chosen[i]));
			continue;
		}
		set_err(err, len, "the thread of virtual CPU %zu cannot be kept on processor %d: %s",
			i, chosen[i], tid > 0 ? strerror(errno) :
			"QEMU does not say which it is");
		json_decref(done);
		return NULL;
	}
	return done;
}

/* Ask QEMU for the threads and pin them; meta.json says where, or why not. */
void pin_vcpus(struct vm *vm, json_t *meta)
{
	char err[256] = "";
	json_t *cpus = qmp_call(&vm->qmp, "query-cpus-fast", NULL, 5, err, sizeof(err));
	json_t *pinned = cpus ? pin_threads(cpus, meta_root, err, sizeof(err)) : NULL;

	json_object_set_new(meta, "pinned", pinned ? pinned : json_string(err));
	json_decref(cpus);
}

/**
 * counting_works() - can perf count KVM's events here?
 *
 * Return: NULL if it can, else why not, to be freed.
 */
char *counting_works(void)
{
	static const char script[] =
		"command -v perf >/dev/null || { echo perf is not installed; exit 0; }\n"
		"out=$(perf stat -x, -e " EVENTS " true 2>&1) && exit 0\n"
		"echo \"$out\" | sed -n '/[[:alpha:]]/{s/^ *//;p;q;}'\n"
		"[ -n \"$out\" ] || echo perf fails without a word\n";
	char *argv[] = { "sh", "-c", (char *)script, NULL };
	char *why = run_capture(argv);

	if (!why)
		return format("perf cannot be asked");
	if (*why)
		return why;
	free(why);
	return NULL;
}

/*
 * Count beside the VM, into kvm.csv: what came in each tenth of a second, with
 * the time since perf began, which is start_s after the boot.
 */
void counting_start(struct counting *c, pid_t vm, const char *dir, double t0,
		    json_t *meta)
{
	pid_t parent = getpid();
	char **argv = NULL;
	sigset_t none;
	size_t i;

	argv_add(&argv, "perf");
	argv_add(&argv, "stat");
	argv_add(&argv, "-x,");
	argv_add(&argv, "-I");
	argv_add(&argv, INTERVAL_MS);
	argv_add(&argv, "-e");
	argv_add(&argv, EVENTS);
	argv_add(&argv, "-p");
	argv_add(&argv, "%d", (int)vm);
	argv_add(&argv, "-o");
	argv_add(&argv, "%s/kvm.csv", dir);
	json_object_set_new(meta, "kvm_events", json_pack("{s:f, s:s}",
			    "start_s", now_s() - t0, "events", EVENTS));
	c->pid = fork();
	if (!c->pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(127);
		setsid();
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
		signal(SIGINT, SIG_DFL);
		setenv("LC_ALL", "C", 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (c->pid > 0)
		c->pidfd = open_pidfd(c->pid);
	else
		c->pid = 0;
	for (i = 0; argv[i]; i++)
		free(argv[i]);
	free(argv);
}

/* It writes its last line when it is interrupted, or the VM is gone. */
void counting_stop(struct counting *c)
{
	int status;

	if (!c->pid)
		return;
	kill(c->pid, SIGINT);
	if (!wait_exit(c->pidfd, c->pid, 5, &status)) {
		kill(c->pid, SIGKILL);
		wait_exit(c->pidfd, c->pid, 5, &status);
	}
	close(c->pidfd);
	c->pid = 0;
}
