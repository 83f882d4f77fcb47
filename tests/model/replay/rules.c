// SPDX-License-Identifier: GPL-2.0
/* The rules that policy.c is compared with. */
#include <string.h>

#include "replay.h"

#define CAPACITY	32	/* PAGE_REPORTING_CAPACITY */
#define STEP_MS		4	/* the rules that scan without a cost do so this often */
#define BINS		64	/* of the learnt distribution, up to the price */

static struct {
	uint64_t last_pass;
	bool requested;
	unsigned char passes[REGIONS];	/* that have seen the region free */
	double uses[BINS + 1];		/* regions by the time they were free */
	uint64_t aged_at;
	uint64_t gate;
	unsigned int shift;		/* of the gate that doubles */
	uint64_t raised, halved;
	double told, soon;
} s;

static void start(struct sim *sim)
{
	memset(&s, 0, sizeof(s));
	s.gate = price_ms;
}

static bool pending(const struct region *region)
{
	return region->free && region->held;
}

/* Is the region part of a free block of the highest order, 4 MiB? */
static bool in_pair(const struct sim *sim, unsigned int i)
{
	return sim->regions[i].free && sim->regions[i ^ 1].free;
}

/*
 * Upstream: a pass every so often while there is something new, which reports
 * so many full batches of each list: see page_reporting_cycle().
 */
static void flag_list(struct sim *sim, bool pairs)
{
	unsigned int step = pairs ? 2 : 1, blocks = 0, room, i;

	for (i = 0; i < REGIONS; i += step)
		blocks += sim->regions[i].free && in_pair(sim, i) == pairs;
	room = ((blocks + CAPACITY * 16 - 1) / (CAPACITY * 16) + 1) * CAPACITY;
	for (i = 0; i < REGIONS; i += step) {
		if (in_pair(sim, i) != pairs ||
		    !(pending(&sim->regions[i]) || (pairs && pending(&sim->regions[i + 1]))))
			continue;
		if (!room--) {
			s.requested = true;
			break;
		}
		report(sim, &sim->regions[i]);
		if (pairs)
			report(sim, &sim->regions[i + 1]);
	}
	end_batch(sim);
}

static void flag_pass(struct sim *sim, uint64_t delay)
{
	s.requested = false;
	flag_list(sim, true);
	flag_list(sim, false);
	sim->pass_at = s.requested ? sim->now + delay : NEVER;
}

static void flag2000_freed(struct sim *sim, struct region *region)
{
	if (sim->pass_at == NEVER)
		sim->pass_at = sim->now + 2000;
}

static void flag2000_pass(struct sim *sim)
{
	flag_pass(sim, 2000);
}

static void flag250_freed(struct sim *sim, struct region *region)
{
	if (sim->pass_at == NEVER)
		sim->pass_at = sim->now + 250;
}

static void flag250_pass(struct sim *sim)
{
	flag_pass(sim, 250);
}

/* A second chance: the fifth pass that finds a region free, four in age_ms */
static void clock_freed(struct sim *sim, struct region *region)
{
	s.passes[region - sim->regions] = 0;
	if (sim->pass_at == NEVER)
		sim->pass_at = sim->now + 250 / 4;
}

static void clock_pass(struct sim *sim)
{
	unsigned int i, room = 64 * CAPACITY;
	bool waiting = false;

	for (i = 0; i < REGIONS; i++) {
		if (!pending(&sim->regions[i]))
			continue;
		if (s.passes[i] < 4 || !room) {
			s.passes[i] += s.passes[i] < 4;
			waiting = true;
		} else {
			room--;
			report(sim, &sim->regions[i]);
		}
	}
	sim->pass_at = waiting ? sim->now + 250 : NEVER;
}

/* Report what was free for s.gate */
static void gate_freed(struct sim *sim, struct region *region)
{
	if (sim->pass_at == NEVER)
		sim->pass_at = sim->now + STEP_MS;
}

static void gate_pass(struct sim *sim)
{
	bool waiting = false;
	unsigned int i;

	for (i = 0; i < REGIONS; i++) {
		if (!pending(&sim->regions[i]))
			continue;
		if (sim->now - sim->regions[i].freed_at < s.gate) {
			waiting = true;
			continue;
		}
		report(sim, &sim->regions[i]);
		s.told++;
	}
	sim->pass_at = waiting ? sim->now + STEP_MS : NEVER;
}

/* Ski rental with what was learnt: the hold that would have cost least lately */
static void learnt_used(struct sim *sim, struct region *region)
{
	uint64_t x = (sim->now - region->freed_at) * BINS / price_ms;

	s.uses[x < BINS ? x : BINS]++;
}

static void learnt_pass(struct sim *sim)
{
	double tail = 0, cost, best;
	unsigned int i;

	for (i = 0; i <= BINS; i++) {
		if (sim->now - s.aged_at >= 2 * price_ms)
			s.uses[i] /= 2;
		tail += s.uses[i];
	}
	if (sim->now - s.aged_at >= 2 * price_ms)
		s.aged_at = sim->now;
	s.gate = tail ? 0 : 1000;
	cost = best = tail * BINS;
	for (i = 0; i < BINS; i++) {
		tail -= s.uses[i];
		cost += tail - s.uses[i] * (BINS - 1);
		if (cost < best) {
			best = cost;
			s.gate = (i + 1) * price_ms / BINS;
		}
	}
	gate_pass(sim);
}

/* What policy.c had: a minimum age that doubles with reuse and decays */
static void doubling_used(struct sim *sim, struct region *region)
{
	if (!region->held && sim->now - region->reported_at < 8000)
		s.soon++;
}

static void doubling_pass(struct sim *sim)
{
	uint64_t halves = (sim->now - s.halved) / 8001, calm = sim->now - s.raised;

	for (; halves; halves--, s.halved = sim->now) {
		s.told /= 2;
		s.soon /= 2;
	}
	if (s.soon > REGIONS / 256.0 && s.soon * 10 > s.told) {
		if (calm >= 1000U << s.shift) {
			s.shift += s.shift < 5;
			s.soon = 0;
			s.raised = sim->now;
		}
	} else if (calm >= 32000) {
		s.shift -= calm / 32000 < s.shift ? calm / 32000 : s.shift;
		s.raised = sim->now;
	}
	s.gate = 1000U << s.shift;
	gate_pass(sim);
}

/* Gives back at once what stays free for longer than the price, and only that */
static void future_freed(struct sim *sim, struct region *region)
{
	if (region->next_use == NEVER || region->next_use - sim->now > price_ms)
		report(sim, region);
}

static void no_use(struct sim *sim, struct region *region)
{
}

static void no_pass(struct sim *sim)
{
	sim->pass_at = NEVER;
}

const struct rule rules[] = {
	{ "future", start, future_freed, no_use, no_pass },
	{ "flag", start, flag2000_freed, no_use, flag2000_pass },
	{ "flag-d250", start, flag250_freed, no_use, flag250_pass },
	{ "flag-clock", start, clock_freed, no_use, clock_pass },
	{ "doubling", start, gate_freed, doubling_used, doubling_pass },
	{ "ski-rental", start, gate_freed, no_use, gate_pass },
	{ "learnt", start, gate_freed, learnt_used, learnt_pass },
	{ "ext", ext_start, ext_freed, ext_used, ext_pass },
};

const size_t nr_rules = sizeof(rules) / sizeof(*rules);
