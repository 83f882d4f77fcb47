/* SPDX-License-Identifier: GPL-2.0 */
/* What world.c and worker.c share: where things happen, and the worker's steps. */
#ifndef WORLD_H
#define WORLD_H

#include "model.h"

extern u32 meanwhile;

unsigned long place(unsigned int at);
void note(const char *what, unsigned long pfn, unsigned int order);

void worker_init(void);
bool worker_holds(void);
void op_see(unsigned int at, unsigned int nr, bool fresh);
void op_batch(unsigned int at, unsigned int nr, unsigned int capacity);
void op_done(bool err);
void op_flush(void);
void op_rearm(void);
void op_halt(u32 seed);
void op_start(unsigned int granule, unsigned int fragments, u32 seed);
void op_restart(u32 seed);
void op_tick(unsigned long nr);

#endif
