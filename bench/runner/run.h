/* SPDX-License-Identifier: GPL-2.0 */
/* A boot while it runs: what boot.c, guest.c and host.c share. */
#ifndef RUN_H
#define RUN_H

#include "prbench.h"

#define GUESTS_MAX	64

struct run;

/* A VM, the agent in it, and the directory with what it leaves. */
struct guest {
	struct run *run;
	unsigned int nr;	/* from 1; 0 is the only one of its boot */
	char dir[PATH_MAX];
	struct vm vm;
	struct ram ram;
	struct counting counting;	/* of KVM's events */
	struct channel channel;
	struct event_log own, *log;
	json_t *meta;		/* the boot's, or one of its "guests" */
	json_t *results;	/* by metric, the last of each */
	char what[64];		/* what is waited for, */
	double deadline;	/* and for how long */
	bool ready;
	bool busy;		/* with a workload */
	bool bye;		/* it is about to power off */
	bool gone;		/* closed its channel or exited */
	bool over;		/* nothing is expected of it any more */
};

struct run {
	const struct config *cfg;
	const struct boot *boot;
	char dir[PATH_MAX];
	double t0;
	struct equalised equalised;
	long long oom_kills;	/* of the host's kernel before this boot */
	long long collapsed;	/* huge pages that its khugepaged had made */
	struct guest *guests[GUESTS_MAX];
	size_t nr_guests;
	struct cgroup group;	/* that all VMs are in, if there is a limit */
	struct ram group_ram;
	struct sampler *sampler;
	struct event_log log;
	json_t *meta;
	size_t w;		/* the workload of a host program */
	int signals;
	bool interrupted;
	const struct guest *blamed;	/* whose console is of interest */
	const char *status;
	char error[1024];
	int exit_code;
};

enum { RUN_FAILED = -1, RUN_TIME = 0, RUN_EVENT = 1, RUN_FULL = 2 };

/* run.c */
int run_failed(struct run *r, const char *status, int exit_code,
	       const char *fmt, ...) PRINTF(4, 5);
int run_cannot_write(struct run *r);
void run_stop_sampler(struct run *r);
int run_sample(struct run *r, struct ram *ram);
int run_save_meta(struct run *r);

/* guest.c */
int run_event(struct run *r, double end, struct guest **from, json_t **event);
bool is_event(const json_t *event, const char *kind, const char *workload);
struct guest *guest_new(struct run *r, unsigned int nr);
int guest_start(struct guest *g);
int guest_tell(struct guest *g, size_t w, json_t *args);
int guest_quit(struct guest *g);
int guests_finish(struct run *r);
int guest_close_log(struct guest *g);
void guest_free(struct guest *g);
int guest_failed(struct guest *g, const char *status, int exit_code,
		 const char *fmt, ...) PRINTF(4, 5);

/* console.c */
void guest_check_console(struct guest *g, bool full);
void guest_show_console(const struct guest *g);

/* host.c */
int host_run(struct run *r, size_t w);

/* boot_args.c */
void boot_add_args(struct run *r, size_t w, json_t *args);

#endif
