// SPDX-License-Identifier: GPL-2.0
/*
 * Brings the host's memory to one state before each boot.  A guest takes longer
 * to fill its memory where the host has to fetch it first: from its own
 * hypervisor, to which the host may have reported what the last guest left.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prbench.h"

#define SPARE_MIB	512	/* is left to the host while memory is touched */
#define WAIT_MIN_MS	4500	/* twice the delay of free page reporting, and more */
#define WAIT_STEP_MS	2500	/* longer than that delay */
#define WAIT_MAX_S	30.0
#define QUIET_KIB	(16 * 1024)	/* reported in a step by a host that is idle */

const char *const equalise_names[NR_EQUALISE] = {
	[EQUALISE_NONE] = "none", [EQUALISE_TOUCH] = "touch",
	[EQUALISE_WAIT] = "wait",
};

/* In a process of its own, which the kernel kills first: touch, and keep. */
static void __attribute__((noreturn)) keep(size_t bytes, int tell)
{
	char c = 0;
	size_t i;
	void *p;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	write_text("/proc/self/oom_score_adj", "1000");
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		_exit(1);
	/* As QEMU has its guest's: in huge pages where these can be had. */
	madvise(p, bytes, MADV_HUGEPAGE);
	for (i = 0; i < bytes; i += PAGE)
		((volatile char *)p)[i] = 1;
	if (write(tell, &c, 1) == 1)
		for (;;)
			pause();
	_exit(1);
}

/* Touch as much as the guest has; equalise_release() gives it back. */
static const char *touch(struct equalised *e, unsigned int mem_mib)
{
	int tell[2];
	ssize_t n;
	char c;

	if (meta_available_mib() < 2 * mem_mib + SPARE_MIB)
		return "not enough memory is free for the guest and as much again";
	if (pipe2(tell, O_CLOEXEC))
		return strerror(errno);
	e->pid = fork();
	if (!e->pid)
		keep((size_t)mem_mib << 20, tell[1]);
	close(tell[1]);
	while ((n = read(tell[0], &c, 1)) < 0 && errno == EINTR)
		;
	close(tell[0]);
	return e->pid > 0 && n == 1 ? NULL : "the memory could not be touched";
}

/* Give back what was touched: the guest that has booted finds it at once. */
void equalise_release(struct equalised *e)
{
	if (e->pid <= 0)
		return;
	kill(e->pid, SIGKILL);
	while (waitpid(e->pid, NULL, 0) < 0 && errno == EINTR)
		;
	e->pid = 0;
}

/* Wait until the host has reported to its own hypervisor what it can; why not, or NULL. */
static const char *wait_for_host(int signals)
{
	struct pollfd stop = { .fd = signals, .events = POLLIN };
	double end = now_s() + WAIT_MAX_S;
	long long was = meta_reported_kib(), is;
	int ms = WAIT_MIN_MS;

	/* A signal ends the boot; it is read by who looks for it later. */
	while (poll(&stop, 1, ms) == 0 && was >= 0 && now_s() < end) {
		is = meta_reported_kib();
		if (is - was < QUIET_KIB)
			break;
		was = is;
		ms = WAIT_STEP_MS;
	}
	return was < 0 ? "the host does not say what it has reported" : NULL;
}

/**
 * equalise() - bring the host's memory to one state before a boot
 * @e: what equalise_release() is to give back once the guest has booted
 * @how: touch and release guest-sized memory, wait, or do nothing
 * @mem_mib: size of the guest
 * @signals: a signalfd that ends the wait
 * @meta: is told how, how long it took, and why it failed if it did
 */
void equalise(struct equalised *e, enum equalise how, unsigned int mem_mib,
	      int signals, json_t *meta)
{
	double t0 = now_s();
	const char *why = NULL;

	e->pid = 0;
	if (how == EQUALISE_TOUCH)
		why = touch(e, mem_mib);
	else if (how == EQUALISE_WAIT)
		why = wait_for_host(signals);
	json_object_set_new(meta, "equalise", json_pack("{s:s, s:f}",
			    "how", equalise_names[how], "took_s", now_s() - t0));
	if (why)
		json_object_set_new(json_object_get(meta, "equalise"), "failed",
				    json_string(why));
}
