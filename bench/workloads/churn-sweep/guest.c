// SPDX-License-Identifier: GPL-2.0
/* Workload churn-sweep: take and free again and again, with one pause. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"

#define CYCLES_MIN	4	/* with a long pause the run is longer */
#define GATE_S		0.5	/* so often the age gate is looked at */

struct sweep {
	const char *name;
	long pause_ms;
	double start, end;
	double looked;		/* at the gate, when */
	char gate[2048];	/* lines for gate.tsv, not sent yet */
	struct held first, half, last;	/* at the first free, half time, the end */
	double base_mib;	/* resident before anything was taken */
	double free_gib_s;	/* held by the host while nothing was taken */
	double busy_s;
	double worker_ms;	/* of the reporting worker before the begin */
	unsigned int cycles;
};

/* The age gate over time, for gate.tsv; upstream's kernels have none. */
static void look_at_gate(struct sweep *s)
{
	size_t used = strlen(s->gate);
	double now = now_s();
	long long age;

	if (now - s->looked < GATE_S)
		return;
	s->looked = now;
	age = stat_value("age_ms");
	if (age < 0)
		return;
	snprintf(s->gate + used, sizeof(s->gate) - used, "%.2f\t%lld\n",
		 now - s->start, age);
	if (used > sizeof(s->gate) - 64) {
		emit_output(s->name, "gate.tsv", s->gate, strlen(s->gate));
		s->gate[0] = '\0';
	}
}

/* Until the next take, and what the host holds meanwhile. */
static int wait_pause(struct sweep *s)
{
	double end = now_s() + (double)s->pause_ms * 1e-3, left, begin = now_s();
	struct held before, after;

	if (ask_host(s->name, &before))
		return -1;
	if (!s->cycles)
		s->first = before;
	while ((left = end - now_s()) > 0) {
		sleep_s(left < GATE_S ? left : GATE_S);
		look_at_gate(s);
	}
	if (ask_host(s->name, &after))
		return -1;
	s->free_gib_s += after.gib_s - before.gib_s -
			 (now_s() - begin) * s->base_mib / 1024;
	s->last = after;
	if (now_s() < s->start + (s->end - s->start) / 2)
		s->half = after;
	return 0;
}

/* Each pause has metrics of its own: a boot has one, a report has all. */
static void result(const struct sweep *s, const char *metric, const char *unit,
		   double value)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_p%ld", metric, s->pause_ms);
	emit_result(s->name, name, unit, value);
}

static void emit_results(const struct sweep *s, double elapsed)
{
	double minutes = elapsed / 60;
	long long age = stat_value("age_ms");

	/* By the minute, since long pauses run for longer. */
	result(s, "cycles", "1/min", s->cycles / minutes);
	result(s, "alloc_ms", "ms", s->busy_s * 1e3 / s->cycles);
	result(s, "host_refill_mib", "MiB/min",
	       (s->last.refault_mib - s->first.refault_mib) / minutes);
	result(s, "host_refill_half1_mib", "MiB/min",
	       (s->half.refault_mib - s->first.refault_mib) / minutes * 2);
	result(s, "host_refill_half2_mib", "MiB/min",
	       (s->last.refault_mib - s->half.refault_mib) / minutes * 2);
	result(s, "footprint_gib_s", "GiB*s/min",
	       (s->last.gib_s - s->first.gib_s) / minutes);
	result(s, "held_free_gib_s", "GiB*s/min", s->free_gib_s / minutes);
	if (!isnan(worker_ms()))
		result(s, "worker_ms", "ms/min", (worker_ms() - s->worker_ms) / minutes);
	if (age >= 0)
		result(s, "age_ms", "ms", (double)age);
}

/*
 * One pause in a fresh guest, for long enough that a gate may learn: the first
 * half of the run and the second say whether it did.
 */
static int work_churn_sweep(const char *name, const json_t *args)
{
	size_t bytes = (size_t)arg_int(args, "mib", 512) * MIB;
	double run = (double)arg_int(args, "run_ms", 30000) * 1e-3;
	struct sweep s = { .name = name, .pause_ms = arg_int(args, "pause_ms", 500) };
	struct held now;

	if (run < CYCLES_MIN * 1e-3 * (double)s.pause_ms)
		run = CYCLES_MIN * 1e-3 * (double)s.pause_ms;
	if (ask_host(name, &now))
		return -1;
	s.base_mib = now.resident_mib;
	s.worker_ms = worker_ms();
	s.start = now_s();
	s.end = s.start + run;
	while (now_s() < s.end) {
		double t0 = now_s();
		struct hold h;
		int err = take(&h, bytes, want_file(args));

		if (err)
			return failed(name, "take memory", -err);
		s.busy_s += now_s() - t0;
		give(&h);
		if (!s.cycles)
			emit_mark(name, "freed", bytes);
		if (wait_pause(&s))
			return -1;
		s.cycles++;
	}
	emit_output(name, "gate.tsv", s.gate, strlen(s.gate));
	emit_results(&s, now_s() - s.start);
	return 0;
}

WORKLOAD(work_churn_sweep);
