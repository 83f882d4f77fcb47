/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Replays traces of free and reuse against rules that decide when free memory is
 * given back. The unit is a region of 2 MiB, the time is in milliseconds.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REGIONS		2048U		/* 4 GiB of memory */
#define REGION_MIB	2U
#define REGION_ORDER	9
#define REGION_PAGES	(1U << REGION_ORDER)
#define NEVER		UINT64_MAX

/* Fetching back costs as much as holding the same for so long; policy.c's own */
extern uint64_t price_ms;

/* Regions are used or freed; or freed for good, and timed until they are back */
enum what { USE = 'a', FREE = 'f', DRAIN = 'd' };

struct event {
	uint64_t ms;
	enum what what;
	unsigned int first, count;
};

struct trace {
	char name[40];
	struct event *events;
	size_t nr, room;
	uint64_t end;
};

struct region {
	bool free;
	bool held;			/* the host has supplied it */
	bool seen;			/* a pass has seen it free... */
	uint64_t seen_at;		/* ...since then */
	uint64_t freed_at;
	uint64_t reported_at;		/* if it is free and not held */
	uint64_t next_use;		/* for the rule that knows the future */
	bool drained;			/* freed for good by a DRAIN */
};

/* One replay of one trace */
struct sim {
	const struct trace *trace;
	const struct rule *rule;
	uint64_t now;
	uint64_t pass_at;		/* of the next pass, or NEVER */
	struct region regions[REGIONS];
	uint64_t held_ms;		/* regions times ms held while free */
	unsigned long fetched;		/* regions that were fetched back */
	unsigned long reports;		/* calls of the device */
	unsigned long in_batch;
	unsigned int drain, drained;	/* regions, and how many are back */
	uint64_t drain_at, t95;
};

struct rule {
	const char *name;
	void (*start)(struct sim *sim);
	void (*freed)(struct sim *sim, struct region *region);
	void (*used)(struct sim *sim, struct region *region);
	void (*pass)(struct sim *sim);	/* sets pass_at */
};

extern const struct rule rules[];
extern const size_t nr_rules;

/* replay.c */
void report(struct sim *sim, struct region *region);
void end_batch(struct sim *sim);

/* ext.c: the kernel's policy.c and stats.c */
void ext_start(struct sim *sim);
void ext_freed(struct sim *sim, struct region *region);
void ext_used(struct sim *sim, struct region *region);
void ext_pass(struct sim *sim);

/* trace.c */
bool trace_read(struct trace *trace, const char *file);
void trace_free(struct trace *trace);
void trace_churn(struct trace *trace, unsigned int first, unsigned int count,
		 unsigned int pause_ms, uint64_t from, uint64_t until);
void trace_drain(struct trace *trace, unsigned int first, unsigned int count,
		 uint64_t at);
void trace_sort(struct trace *trace);

#endif /* REPLAY_H */
