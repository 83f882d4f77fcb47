// SPDX-License-Identifier: GPL-2.0
/*
 * What is asked of a run: its questions, and the sections that they stand in. All
 * of it is data; questions.c answers, front.c and plot_forest.c show.
 */
#include "answers.h"

#include <fnmatch.h>
#include <math.h>
#include <string.h>

#define INSTR_EPSILON	0.05	/* of a mean over a thousand operations */

/* Workloads are patterns; of the pictures the first that there is is shown */
const struct section sections[] = {
	{ "Freed memory goes back", { "boot", "drain", "drain-all", "drain-churn", "parked" }, { "drain", "boot" },
	  "A guest fills memory and frees it; the host's memory is watched until it is back." },
	{ "Memory that is used again is left alone", { "churn", "churn-*" },
	  { "sweep", "drain-against-churn", "churn" },
	  "A program takes memory and frees it, round after round: what was given back in between the host has to supply again." },
	{ "Small pieces", { "fragment", "refill" }, { "fragment" },
	  "Most of many small files are deleted: what is left free lies in pieces below 2 MiB." },
	{ "Builds and files", { "build", "fio", "stress-ng", "perf" }, { "build", "fio" },
	  "Programs that nobody wrote for this." },
	{ "Several guests, and migration", { "overcommit", "multi", "migrate" },
	  { "overcommit", "multi", "migrate" },
	  "What one guest gives back another one can have, and need not be sent." },
	{ "What it costs", { "alloc-*", "lockhold-*", "smallguest", "verify", "pagefault", "contend", "scale" },
	  { "alloc-cost", "latency", "contend" },
	  "The allocator's path, what busy CPUs notice, passes of idle and of large guests, the longest hold of `zone->lock`, the smallest guest, and everybody's data." },
};

const size_t nr_sections = sizeof(sections) / sizeof(*sections);

bool section_has(const struct section *s, const char *workload)
{
	size_t i;

	for (i = 0; i < sizeof(s->workloads) / sizeof(*s->workloads); i++)
		if (s->workloads[i] && !fnmatch(s->workloads[i], workload, 0))
			return true;
	return false;
}

/* Workload, metric and variant may be patterns; then the worst match decides. */
const struct question questions[] = {
	{ "Freed memory is back with the host", NULL,
	  "drain", "t95_s", "s", "ext", AT_MOST, NULL, 1.5, LATER },
	{ "How soon freed memory is back with the host", "time until freed memory is back, s",
	  "drain", "t95_s", "s", "ext", MEASURED, "flag", NAN, FIRST },
	{ "How soon freed memory is back with the host", NULL,
	  "drain", "t95_s", "s", "ext", MEASURED, "flag-d250", NAN, BESIDE },
	{ "How soon freed memory is back with the host", NULL,
	  "drain", "t95_s", "s", "ext", MEASURED, "flag-clock", NAN, BESIDE },
	{ "How soon it is back after nearly all of the guest's memory was in use", "time until freed memory is back, s",
	  "drain-all", "t95_s", "s", "ext", MEASURED, "flag", NAN, LATER },
	{ "Host memory times the time that it is held, from the free on", "host memory over time, GiB s",
	  "drain", "footprint_gib_s", "GiB s", "ext", MEASURED, "flag", NAN, FIRST },
	{ "Host memory times the time that it is held, from the free on", NULL,
	  "drain", "footprint_gib_s", "GiB s", "ext", MEASURED, "flag-d250", NAN, BESIDE },
	{ "Host memory times the time that it is held, from the free on", NULL,
	  "drain", "footprint_gib_s", "GiB s", "ext", MEASURED, "flag-clock", NAN, BESIDE },
	{ "How soon freed memory is back beside a program that takes and frees memory", NULL,
	  "drain-churn", "t95_s", "s", "ext", AT_MOST, NULL, 2, LATER },
	{ "How soon freed memory is back beside a program that takes and frees memory", "time until freed memory is back, s",
	  "drain-churn", "t95_s", "s", "ext", MEASURED, "flag", NAN, LATER },
	{ "Memory that the host had to supply anew to that program", "memory supplied anew, MiB",
	  "drain-churn", "churn_refill_mib", "MiB", "ext", TIMES_AT_MOST, "flag", 0.1, LATER },
	{ "Freed memory that the host has 500 ms after a flush", "back 500 ms after a flush, MiB",
	  "parked", "parked_mib_500", "MiB", "ext", MEASURED, "flag", NAN, LATER },
	{ "Host memory of a guest that idles after its boot", "host memory when idle, MiB",
	  "boot", "resident_mib", "MiB", "ext", MEASURED, "flag", NAN, LATER },
	{ "Free memory still with the host after most of many small files are deleted", NULL,
	  "fragment", "stranded_mib", "MiB", "ext", TIMES_AT_MOST, "flag-o0", 1.25, FIRST },
	{ "Free memory still with the host after most of many small files are deleted", "free, still with the host, MiB",
	  "fragment", "stranded_mib", "MiB", "ext", MEASURED, "flag", NAN, BESIDE },
	{ "Free memory still with the host after most of many small files are deleted", NULL,
	  "fragment", "stranded_mib", "MiB", "ext", MEASURED, "flag-d250", NAN, BESIDE },
	{ "Free memory still with the host after most of many small files are deleted", NULL,
	  "fragment", "stranded_mib", "MiB", "ext", MEASURED, "flag-clock", NAN, BESIDE },
	{ "Free memory still with the host after a program is built and cleaned", NULL,
	  "build", "stranded_mib", "MiB", "ext", TIMES_AT_MOST, "flag-o0", 1.25, LATER },
	{ "Host memory over time of a build", "host memory over time, GiB s",
	  "build", "footprint_gib_s", "GiB s", "ext", MEASURED, "flag", NAN, LATER },
	{ "How soon a second guest can have what the first has freed", "a second guest waits, s",
	  "overcommit", "wait_s", "s", "ext", MEASURED, "flag", NAN, LATER },
	{ "Guests that fit under one limit", "guests under one limit",
	  "multi", "guests_fit", "", "ext", MEASURED, "flag", NAN, LATER },
	{ "Memory that a live migration sends", "memory sent, MiB",
	  "migrate", "migrate_mib", "MiB", "ext", MEASURED, "flag", NAN, LATER },
	{ "Churn is left alone", NULL,
	  "churn", "cycles", "", "ext", TIMES_AT_LEAST, "off", 0.97, LATER },
	{ "Rounds of taking and freeing memory that a program completes; more is better", "rounds completed",
	  "churn", "cycles", "", "ext", MEASURED, "flag", NAN, FIRST },
	{ "Rounds of taking and freeing memory that a program completes; more is better", NULL,
	  "churn", "cycles", "", "ext", MEASURED, "flag-d250", NAN, BESIDE },
	{ "Rounds of taking and freeing memory that a program completes; more is better", NULL,
	  "churn", "cycles", "", "ext", MEASURED, "flag-clock", NAN, BESIDE },
	{ "Memory that the host had to supply anew to that program", "memory supplied anew, MiB",
	  "churn", "host_refill_mib", "MiB", "ext", TIMES_AT_MOST, "flag", 0.1, FIRST },
	{ "Memory that the host had to supply anew to that program", NULL,
	  "churn", "host_refill_mib", "MiB", "ext", MEASURED, "flag-d250", NAN, BESIDE },
	{ "Memory that the host had to supply anew to that program", NULL,
	  "churn", "host_refill_mib", "MiB", "ext", MEASURED, "flag-clock", NAN, BESIDE },
	{ "Memory supplied anew where it is free for longer than the gate", "memory supplied anew, MiB",
	  "churn-long", "host_refill_mib", "MiB", "ext", MEASURED, "flag", NAN, LATER },
	{ "Memory supplied anew where page cache on tmpfs is taken and freed", "memory supplied anew, MiB",
	  "churn-tmpfs", "host_refill_mib", "MiB", "ext", MEASURED, "flag", NAN, LATER },
	{ "Rounds completed where memory is free for longer than the gate", "rounds completed",
	  "churn-long", "cycles", "", "ext", MEASURED, "flag", NAN, LATER },
	{ "Cost of churn, at the pause where it compares worst", "cost at the worst pause, GiB s",
	  "churn-sweep", "cost_gib_s_p*", "GiB s a minute", "ext", TIMES_AT_MOST, "flag", 1, LATER },
	{ "Cost of churn, at the pause where it compares worst", NULL,
	  "churn-sweep", "cost_gib_s_p*", "GiB s a minute", "ext", TIMES_AT_MOST, "flag-d250", 1, LATER },
	{ "Cost of churn, at the pause where it compares worst", NULL,
	  "churn-sweep", "cost_gib_s_p*", "GiB s a minute", "ext", TIMES_AT_MOST, "flag-clock", 1, LATER },
	{ "Memory supplied anew, at the worst of pauses below a second", "supplied anew, pause below 1 s, MiB",
	  "churn-sweep", "host_refill_mib_p???", "MiB a minute", "ext", TIMES_AT_MOST, "flag", 0.2, LATER },
	{ "Memory supplied anew, at the worst of pauses from 1 to 2 s", "supplied anew, pause 1 to 2 s, MiB",
	  "churn-sweep", "host_refill_mib_p1?00", "MiB a minute", "ext", TIMES_AT_MOST, "flag", 1, LATER },
	{ "Rounds completed, at the worst of pauses below a second", NULL,
	  "churn-sweep", "cycles_p???", "a minute", "ext", TIMES_AT_LEAST, "flag", 1, LATER },
	{ "Rounds completed, at the pause where they compare worst", NULL,
	  "churn-sweep", "cycles_p*", "a minute", "ext", TIMES_AT_LEAST, "flag-d250", 0.98, LATER },
	{ "CPU time of the reporting worker", "worker's CPU time, ms",
	  "drain", "worker_cpu_ms", "ms", "ext", MEASURED, "flag", NAN, FIRST },
	{ "CPU time of the reporting worker", NULL,
	  "drain", "worker_cpu_ms", "ms", "ext", MEASURED, "flag-d250", NAN, BESIDE },
	{ "CPU time of the reporting worker", NULL,
	  "drain", "worker_cpu_ms", "ms", "ext", MEASURED, "flag-clock", NAN, BESIDE },
	{ "CPU time of the worker for small pieces", NULL,
	  "fragment", "worker_cpu_ms", "ms", "ext", TIMES_AT_MOST, "flag-o0", 1.5, LATER },
	{ "CPU time of the worker for small pieces", "worker's CPU time, ms",
	  "fragment", "worker_cpu_ms", "ms", "ext", MEASURED, "flag", NAN, LATER },
	{ "Time to use memory again that was free in pieces", NULL,
	  "refill", "refill_ms_gib", "ms/GiB", "ext", MEASURED, "flag-o0", NAN, LATER },
	{ "Time to use memory again that was free in pieces", "time to use pieces again, ms/GiB",
	  "refill", "refill_ms_gib", "ms/GiB", "ext", MEASURED, "flag", NAN, LATER },
	{ "Guest memory in huge pages of the host, with pieces of it free; more is better", NULL,
	  "refill", "host_huge_mib", "MiB", "ext", MEASURED, "flag-o0", NAN, LATER },
	{ "Guest memory in huge pages of the host, with pieces of it free; more is better", "in huge pages of the host, MiB",
	  "refill", "host_huge_mib", "MiB", "ext", MEASURED, "flag", NAN, LATER },
	{ "CPU time of the worker for a build", "worker's CPU time, ms",
	  "build", "worker_cpu_ms", "ms", "ext", TIMES_AT_MOST, "flag", 1.5, LATER },
	{ "Time to build a program", "run time, s",
	  "build", "run_s", "s", "ext", MEASURED, "flag", NAN, LATER },
	{ "Files written, read and deleted on tmpfs", "operations a second",
	  "fio", "ops_s", "a second", "ext", MEASURED, "flag", NAN, LATER },
	{ "Memory taken and written under pressure", "operations a second",
	  "stress-ng", "vm_ops_s", "a second", "ext", MEASURED, "flag", NAN, LATER },
	{ "A process that takes and frees memory", "run time, s",
	  "perf", "run_s", "s", "ext", MEASURED, "flag", NAN, LATER },
	{ "Page faults of 4 KiB in two tasks", "faults of 4 KiB, 2 tasks, a second",
	  "pagefault", "pages_s_4k_2", "a second", "ext", MEASURED, "flag", NAN, LATER },
	{ "Page faults of 2 MiB in two tasks", "faults of 2 MiB, 2 tasks, a second",
	  "pagefault", "pages_s_thp_2", "a second", "ext", MEASURED, "flag", NAN, LATER },
	{ "How soon memory is back while every CPU allocates and frees", "time until freed memory is back, s",
	  "contend", "t95_s", "s", "ext", MEASURED, "flag", NAN, LATER },
	{ "Allocations and frees of busy CPUs meanwhile, of what they did before", NULL,
	  "contend", "kept_percent", "%", "ext", TIMES_AT_LEAST, "off", 0.98, LATER },
	{ "Time within which 999 of 1000 of these are done, of all orders the worst", NULL,
	  "contend", "*_ns_p999", "ns", "ext", TIMES_AT_MOST, "flag", 1, LATER },
	{ "Passes in a minute of a guest that idles", NULL,
	  "scale", "idle_passes_g*", "", "ext", NEVER, NULL, 0, LATER },
	{ "How long a pass takes, in the size of guest where it compares worst", NULL,
	  "scale", "pass_ms_g*", "ms", "ext", MEASURED, "flag", NAN, LATER },
	{ "A guest of 64 MiB survives", NULL,
	  "smallguest", "oom_kills", "", "*", MORE_AT_MOST, "off", 0, LATER },
	{ "No data is lost", NULL,
	  "verify", "mismatches", "", "*", NEVER, NULL, 0, LATER },
	{ "Instructions to allocate a page", NULL,
	  "alloc-repeat", "alloc_o0_instr", "", "ext", MEASURED, "flag", NAN, LATER },
	{ "Instructions to free a page", NULL,
	  "alloc-repeat", "free_o0_instr", "", "ext", MEASURED, "flag", NAN, LATER },
	{ "Instructions to allocate 2 MiB", NULL,
	  "alloc-repeat", "alloc_o9_instr", "", "ext", MEASURED, "flag", NAN, LATER },
	{ "Instructions to free 2 MiB", NULL,
	  "alloc-repeat", "free_o9_instr", "", "ext", MEASURED, "flag", NAN, LATER },
	{ "Instructions of an allocation or a free, orders 0 to 8", NULL,
	  "alloc-repeat", "*_o[0-8]_instr", "instructions", "ext", MORE_AT_MOST, "flag", INSTR_EPSILON, LATER },
	{ "Instructions of an allocation or a free, orders 0 to 8", NULL,
	  "alloc-bulk", "*_o[0-8]_instr", "instructions", "ext", MORE_AT_MOST, "flag", INSTR_EPSILON, FIRST },
	{ "Memory that page_ext takes (1 MiB per GiB: 4 bytes a page)", NULL,
	  "drain", "used_mib_gib", "MiB per GiB", "ext", MORE, "flag", NAN, FIRST },
	{ "Hot path, order 9", NULL,
	  "alloc-repeat", "*_o9_instr", "instructions", "ext", TIMES_AT_MOST, "flag", 1.01, LATER },
	{ "Hot path, order 9", NULL,
	  "alloc-bulk", "*_o9_instr", "instructions", "ext", TIMES_AT_MOST, "flag", 1.01, LATER },
	{ "Hot path, order 10", NULL,
	  "alloc-repeat", "*_o10_instr", "instructions", "ext", TIMES_AT_MOST, "flag", 1.01, LATER },
	{ "Hot path, order 10", NULL,
	  "alloc-bulk", "*_o10_instr", "instructions", "ext", TIMES_AT_MOST, "flag", 1.01, LATER },
	{ "Switched off: a static key, 2 instructions", NULL,
	  "alloc-repeat", "*_o*_instr", "instructions", "ext-off", MORE_AT_MOST, "off", 2 + INSTR_EPSILON, LATER },
	{ "Switched off: a static key, 2 instructions", NULL,
	  "alloc-bulk", "*_o*_instr", "instructions", "ext-off", MORE_AT_MOST, "off", 2 + INSTR_EPSILON, LATER },
	{ "`zone->lock` is held no longer with more free blocks of 2 MiB", NULL,
	  "lockhold-*g-o9", "lock_hold_max_instr", "", "ext", GROWS_AT_MOST, NULL, 1.05, LATER },
	{ "`zone->lock` is held no longer with more free blocks of 64 KiB", NULL,
	  "lockhold-*g-o4", "lock_hold_max_instr", "", "ext", GROWS_AT_MOST, NULL, 1.05, LATER },
	{ "The same with the page flag", NULL,
	  "lockhold-*g-o9", "lock_hold_max_instr", "", "flag-lock", GROWS_AT_MOST, NULL, NAN, LATER },
	{ "The same with the page flag", NULL,
	  "lockhold-*g-o4", "lock_hold_max_instr", "", "flag-lock", GROWS_AT_MOST, NULL, NAN, LATER },
};

const size_t nr_questions = sizeof(questions) / sizeof(*questions);

/**
 * asked_against() - the i-th variant that a question without a goal compares one with
 * @beside: set if it stands beside the baseline in the first table
 *
 * Return: its name, or NULL after the last.
 */
const char *asked_against(const char *variant, const char *workload, const char *metric,
			  size_t i, bool *beside)
{
	const struct question *q;

	for (q = questions; q < questions + nr_questions; q++)
		if (q->rule == MEASURED && q->other && !strcmp(q->variant, variant) &&
		    !strcmp(q->workload, workload) && !strcmp(q->metric, metric) && !i--) {
			*beside = q->place == BESIDE;
			return q->other;
		}
	return NULL;
}
