/* SPDX-License-Identifier: GPL-2.0 */
/* A run: what main.c, options.c, run_json.c, list.c and schedule.c share. */
#ifndef STATE_H
#define STATE_H

#include "prbench.h"

struct state {
	struct config cfg;
	struct plan plan;
	const char *profile;
	json_t *run;		/* run.json */
	json_t *was;		/* the same of the run that goes on, or NULL */
	unsigned int started, ok, bad;
	char *kvm_counters;	/* why KVM's events are not counted, or NULL */
	unsigned int landed;
	bool tty;		/* a line of progress that is written over */
	bool tap;		/* a point for each boot, all else is a comment */
	bool interrupted;
	bool fatal;
	double t0;
	const struct boot *last;	/* that ended */
	double before_s;	/* how long it had run when it was interrupted */
};

/* What was asked for, as far as it is not in struct selection. */
struct options {
	const char *kernels, *agent, *source, *out, *resume, *report, *build;
	struct plan_part first;	/* made and reported before the rest */
	bool has_first;
	int ask;		/* a question instead of a run: 'l', 'n', 'd'; or 0 */
};

/* options.c */
void parse_options(struct state *s, struct options *o, int argc, char **argv);
void parse_resume(struct options *o, int argc, char **argv);
void load_workloads(int argc, char **argv);

/* list.c */
void say(const struct state *s, const char *fmt, ...) PRINTF(2, 3);
void describe_boot(char *buf, size_t len, const struct boot *b);
void print_names(FILE *f, const char *what);
void print_list(FILE *f);
void print_plan(const struct state *s);
void explain_nothing(const struct selection *sel);

/* run_json.c */
void make_out_dir(struct state *s, const char *out);
void make_run_json(struct state *s, int argc, char **argv);
void go_on(struct state *s);
void save_run(struct state *s, const char *status);

/* schedule.c */
void run_phases(struct state *s, size_t from, size_t to);

/* kernels.c */
int build_kernels(struct state *s, const char *program, const struct plan *plan);

/* progress.c */
void find_terminal(struct state *s);
void wipe_line(const struct state *s);


#endif
