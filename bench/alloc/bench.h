/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of alloc_bench share; see bench_main.c. */
#ifndef BENCH_H
#define BENCH_H

#include <linux/bits.h>
#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/seq_buf.h>

#include "measure.h"

#define CHUNK		256		/* operations with interrupts off */

enum { REPEAT, BULK, RANDOM, NR_MODES };

/* Operations of a chunk, as they were measured. */
struct sample {
	u64 ticks;
	int pcp;		/* by how much the per-cpu lists' count changed */
	int op;
};

/* What one CPU measures with; all of it is there before anything is measured. */
struct worker {
	struct bench *b;
	struct page **pages;
	u64 *alloc;		/* of pairs, in ticks */
	u64 *free;
	struct sample *samples;
	struct latency lat[NR_OPS];
	/* if it is one of several */
	struct task_struct *task;
	struct completion done;
	atomic_t *ready;
	unsigned int nr_workers, mode, order, n, got, seed;
};

struct bench {
	struct zone *zone;
	struct clock clk;
	unsigned int count;	/* operations an order */
	unsigned int orders;	/* a mask */
	unsigned long limit;	/* pages that may be held */
	unsigned long nr_held;
	struct list_head held;
	struct worker **workers;	/* the first one is who loads the module */
	struct page **pages;	/* the first one's */
	unsigned int nr_workers;
	struct hist sum;
	struct seq_buf out;
	struct seq_buf hists;
	unsigned int hists_lost;
};

struct total {
	u64 alloc;
	u64 free;
};

/* bench_loops.c */
bool settle(struct bench *b);
void release_held(struct bench *b);
unsigned int repeat_total(struct bench *b, unsigned int order,
			  unsigned int n, struct total *total);
unsigned int repeat_samples(struct worker *w, unsigned int n);
unsigned int bulk_total(struct bench *b, unsigned int order,
			unsigned int n, struct total *total);
unsigned int bulk_samples(struct worker *w, unsigned int n);
unsigned int random_samples(struct worker *w, unsigned int places);

/* bench_run.c */
extern const char * const mode_names[NR_MODES];
int workers_alloc(struct bench *b);
void workers_free(struct bench *b);
int measure_all(struct bench *b, unsigned long modes, unsigned long nr_free);

#endif
