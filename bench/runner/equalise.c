// SPDX-License-Identifier: GPL-2.0
/*
 * Brings the host's memory to one state before each boot.  A guest takes longer
 * to fill its memory where the host has to fetch it first: from its own
 * hypervisor, to which the host may have reported what the last guest left.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

/* Touch and release, in a process of its own that the kernel kills first. */
static const char *touch(unsigned int mem_mib)
{
	size_t bytes = (size_t)mem_mib << 20;
	int status;
	pid_t pid;

	if (meta_available_mib() < mem_mib + SPARE_MIB)
		return "not enough memory is free";
	pid = fork();
	if (!pid) {
		void *p;

		write_text("/proc/self/oom_score_adj", "1000");
		p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		_exit(p == MAP_FAILED);
	}
	if (pid < 0)
		return strerror(errno);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? NULL :
	       "the memory could not be touched";
}

/* Wait until the host has reported to its own hypervisor what it can. */
static void wait_for_host(int signals)
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
}

/**
 * equalise() - bring the host's memory to one state before a boot
 * @how: touch and release guest-sized memory, wait, or do nothing
 * @mem_mib: size of the guest
 * @signals: a signalfd that ends the wait
 * @meta: is told how, how long it took, and why it failed if it did
 */
void equalise(enum equalise how, unsigned int mem_mib, int signals, json_t *meta)
{
	double t0 = now_s();
	const char *why = NULL;

	if (how == EQUALISE_TOUCH)
		why = touch(mem_mib);
	else if (how == EQUALISE_WAIT)
		wait_for_host(signals);
	json_object_set_new(meta, "equalise", json_pack("{s:s, s:f}",
			    "how", equalise_names[how], "took_s", now_s() - t0));
	if (why)
		json_object_set_new(json_object_get(meta, "equalise"), "failed",
				    json_string(why));
}
