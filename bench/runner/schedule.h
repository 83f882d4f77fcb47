/* SPDX-License-Identifier: GPL-2.0 */
/* The boots that run now: what schedule.c and progress.c share. */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include "state.h"

struct job {
	pid_t pid;
	struct lane *lane;
	struct boot *boot;
	double since;
};

double time_left(const struct state *s, size_t phase, const struct job *jobs);
void progress(const struct state *s, size_t phase, const struct job *jobs);

#endif
