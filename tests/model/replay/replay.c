// SPDX-License-Identifier: GPL-2.0
/*
 * replay [--check | --table | --price MS] [FILE...]: what each rule would have cost in each trace, made
 * up or read from a file: memory held while free, memory fetched back, and
 *
 *	cost = GiB*s held while free + price * GiB fetched back
 *
 * --check says as TAP whether the kernel's rule keeps what is promised, --table
 * prints the tables of README.md, --price has
 * fetching back cost as much as holding for MS; the kernel's rule knows nothing
 * of that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

#define GIB(regions)	((double)(regions) * REGION_MIB / 1024)

static const unsigned int pauses[] = {
	100, 250, 500, 750, 900, 1000, 1100, 1250, 1500, 2000, 2500, 3000, 4000, 5000,
	7000, 10000,
};

#define NR_PAUSES	(sizeof(pauses) / sizeof(*pauses))
#define NR_RULES_MAX	16

struct result {
	double held, fetched, cost, t95;
	unsigned long reports;
};

uint64_t price_ms = 2147;	/* PR_PRICE */

static bool check, table;
static FILE *t95_rows;		/* of --table: they come after all others */
static unsigned int points, failed;

/* Tell the host of a region: it is held no more. Without a pass: at once. */
void report(struct sim *sim, struct region *region)
{
	region->held = false;
	region->reported_at = sim->now;
	sim->held_ms += sim->now - region->freed_at;
	if (!sim->in_batch)
		sim->reports++;
	sim->in_batch = (sim->in_batch + 1) % 32;
	if (!region->drained)
		return;
	sim->drained++;
	if (!sim->t95 && sim->drained * 100UL >= sim->drain * 95UL)
		sim->t95 = sim->now - sim->drain_at;
}

void end_batch(struct sim *sim)
{
	sim->in_batch = 0;
}

static void use_region(struct sim *sim, struct region *region)
{
	if (region->free) {
		sim->rule->used(sim, region);
		if (region->held)
			sim->held_ms += sim->now - region->freed_at;
		else
			sim->fetched++;
	}
	*region = (struct region){ .held = true };
}

static void free_region(struct sim *sim, struct region *region, uint64_t next_use,
			bool drain)
{
	if (region->free)
		return;
	*region = (struct region){
		.free = true, .held = true, .freed_at = sim->now, .next_use = next_use,
		.drained = drain,
	};
	if (drain) {
		sim->drain++;
		sim->drain_at = sim->now;
	}
	sim->rule->freed(sim, region);
}

static void run_passes(struct sim *sim, uint64_t until)
{
	while (sim->pass_at <= until) {
		sim->now = sim->pass_at;
		sim->rule->pass(sim);
		end_batch(sim);
	}
	sim->now = until;
}

/* When each region of each event is used next, in the order of events */
static uint64_t *next_uses(const struct trace *trace)
{
	static uint64_t next[REGIONS];
	size_t total = 0, at, i;
	uint64_t *uses;
	unsigned int r;

	for (i = 0; i < trace->nr; i++)
		total += trace->events[i].count;
	uses = calloc(total + 1, sizeof(*uses));
	if (!uses) {
		fprintf(stderr, "replay: no memory to look ahead; free some\n");
		exit(1);
	}
	for (r = 0; r < REGIONS; r++)
		next[r] = NEVER;
	for (i = trace->nr, at = total; i-- > 0; ) {
		const struct event *e = &trace->events[i];

		at -= e->count;
		for (r = 0; r < e->count; r++) {
			uses[at + r] = next[e->first + r];
			if (e->what == USE)
				next[e->first + r] = e->ms;
		}
	}
	return uses;
}

static struct result replay(const struct trace *trace, const struct rule *rule,
			    const uint64_t *uses)
{
	static struct sim sim;
	unsigned int r;
	size_t i;

	memset(&sim, 0, sizeof(sim));
	sim.trace = trace;
	sim.rule = rule;
	sim.pass_at = NEVER;
	rule->start(&sim);
	for (i = 0; i < trace->nr; i++) {
		const struct event *e = &trace->events[i];

		run_passes(&sim, e->ms);
		for (r = 0; r < e->count; r++) {
			struct region *region = &sim.regions[e->first + r];

			if (e->what == USE)
				use_region(&sim, region);
			else if (region->held)
				free_region(&sim, region, *uses, e->what == DRAIN);
			uses++;
		}
	}
	run_passes(&sim, trace->end);
	for (r = 0; r < REGIONS; r++)
		if (sim.regions[r].free && sim.regions[r].held)
			sim.held_ms += sim.now - sim.regions[r].freed_at;
	return (struct result){
		.held = GIB(sim.held_ms) / 1000,
		.fetched = GIB(sim.fetched),
		.cost = GIB(sim.held_ms + price_ms * sim.fetched) / 1000,
		.reports = sim.reports,
		.t95 = sim.t95 ? (double)sim.t95 / 1000 : -1,
	};
}

static const struct result *result_of(const struct result *results, const char *rule)
{
	size_t i;

	for (i = 0; i < nr_rules; i++)
		if (!strcmp(rules[i].name, rule))
			return &results[i];
	fprintf(stderr, "replay: no rule %s; see rules[]\n", rule);
	exit(1);
}

/* A row of each table: the future's cost, and the others as a multiple of it */
static void put_row(const char *name, const struct result *results)
{
	const struct result *ext = result_of(results, "ext"), *flag = result_of(results, "flag");
	int len = (int)strcspn(name, ".");	/* not that it is a file */
	bool drained = false;
	size_t i;

	printf("| %.*s | %.1f |", len, name, results[0].cost);
	for (i = 1; i < nr_rules; i++)
		printf(results[0].cost > 0.01 ? " %.2f |" : " %.2f GiB*s |",
		       results[0].cost > 0.01 ? results[i].cost / results[0].cost :
		       results[i].cost);
	printf(" %.0f, %.0f |\n", ext->fetched * 1024, flag->fetched * 1024);
	for (i = 1; i < nr_rules; i++)
		drained |= results[i].t95 >= 0;
	if (!drained)
		return;
	fprintf(t95_rows, "| %.*s |", len, name);
	for (i = 1; i < nr_rules; i++)
		fprintf(t95_rows, results[i].t95 >= 0 ? " %.2f |" : " - |", results[i].t95);
	fprintf(t95_rows, "\n");
}

static void put_rules(FILE *f, const char *first, const char *last)
{
	size_t i;

	fprintf(f, "%s", first);
	for (i = 1; i < nr_rules; i++)
		fprintf(f, " %s |", rules[i].name);
	fprintf(f, "%s\n| --- |", last);
	for (i = *last ? 0 : 2; i <= nr_rules; i++)
		fprintf(f, " ---: |");
	fprintf(f, "\n");
}

/* Replay a trace by all rules, in the order of rules[], and print what it cost */
static void run(struct trace *trace, struct result *results)
{
	uint64_t *uses = next_uses(trace);
	size_t i;

	for (i = 0; i < nr_rules; i++) {
		struct result *r = &results[i];

		*r = replay(trace, &rules[i], uses);
		if (check || table)
			continue;
		printf("%-18s %-11s %8.2f %8.0f %7lu %8.2f", trace->name, rules[i].name,
		       r->held, r->fetched * 1024, r->reports, r->cost);
		if (results[0].cost > 0.01)
			printf(" %6.2f", r->cost / results[0].cost);
		else
			printf("      -");
		if (r->t95 >= 0)
			printf(" %6.2f", r->t95);
		printf("\n");
	}
	if (table)
		put_row(trace->name, results);
	free(uses);
	trace_free(trace);
}

static void point(bool good, const char *trace, const char *promise, double is, double limit)
{
	if (!check)
		return;
	points++;
	failed += !good;
	printf("%sok %u - %s: %s\n", good ? "" : "not ", points, trace, promise);
	if (!good)
		printf("# is %.3f, limit %.3f\n", is, limit);
}

static void at_most(const char *trace, const char *promise, double is, double limit)
{
	point(is <= limit, trace, promise, is, limit);
}

/* A time of -1 is one that never came */
static void back_within(const char *trace, const char *promise, double is, double limit)
{
	point(is >= 0 && is <= limit, trace, promise, is, limit);
}

/* A minute of a single program that takes and frees memory in a fresh guest */
static void churn(unsigned int mib, unsigned int pause_ms)
{
	static const char *const others[] = { "flag", "flag-d250", "flag-clock" };
	struct result results[NR_RULES_MAX];
	struct trace trace = { 0 };
	const struct result *ext;
	char name[40];
	size_t i;

	snprintf(name, sizeof(name), table ? "churn-%u" : "churn-%u-%uM", pause_ms, mib);
	memcpy(trace.name, name, sizeof(name));
	trace_churn(&trace, 0, mib / REGION_MIB, pause_ms, 0, 60000);
	run(&trace, results);
	ext = result_of(results, "ext");
	at_most(name, "at most 1.5 times the cost of the future", ext->cost,
		1.5 * results[0].cost);
	for (i = 0; i < 3; i++)
		at_most(name, others[i], ext->cost,
			result_of(results, others[i])->cost * 1.001);
	if (pause_ms <= 1000)
		at_most(name, "fetches a fifth of what flag does", ext->fetched,
			result_of(results, "flag")->fetched / 5);
}

/* A drain of 1 GiB alone, after a minute of churn and one of calm, and beside */
static void drains(void)
{
	struct result results[NR_RULES_MAX];
	struct trace trace = { .name = "drain", .end = 20000 };

	trace_drain(&trace, 0, 512, 1000);
	run(&trace, results);
	back_within("drain", "95 % are back after 1.5 s", result_of(results, "ext")->t95, 1.5);

	trace = (struct trace){ .name = "drain-calm", .end = 150000 };
	trace_churn(&trace, 0, 256, 1500, 0, 60000);
	trace_drain(&trace, 512, 512, 125000);
	trace_sort(&trace);
	run(&trace, results);
	back_within("drain-calm", "95 % are back after 1.5 s", result_of(results, "ext")->t95, 1.5);
}

static void mixture(const char *name, unsigned int mib, unsigned int pause_ms)
{
	struct result results[NR_RULES_MAX];
	struct trace trace = { 0 };
	const struct result *ext;

	snprintf(trace.name, sizeof(trace.name), "%s", name);
	trace_churn(&trace, 0, mib / REGION_MIB, pause_ms, 0, 60000);
	trace_drain(&trace, 1024, 512, 20000);
	trace_sort(&trace);
	run(&trace, results);
	ext = result_of(results, "ext");
	back_within(name, "95 % of the drain are back after 2 s", ext->t95, 2.0);
	at_most(name, "fetches a tenth of what flag does", ext->fetched,
		result_of(results, "flag")->fetched / 10);
}

static void two_churns(const char *name, unsigned int pause1, unsigned int pause2)
{
	struct result results[NR_RULES_MAX];
	struct trace trace = { 0 };

	snprintf(trace.name, sizeof(trace.name), "%s", name);
	trace_churn(&trace, 0, 128, pause1, 0, 60000);
	trace_churn(&trace, 1024, 512, pause2, 0, 60000);
	trace_sort(&trace);
	run(&trace, results);
	at_most(name, "at most 1.5 times the cost of the future",
		result_of(results, "ext")->cost, 1.5 * results[0].cost);
}

/* Programs with another pause each, one after the other */
static void shifts(void)
{
	static const unsigned int pause_ms[] = { 5000, 500, 2500, 1500, 250, 10000, 750 };
	struct result results[NR_RULES_MAX];
	struct trace trace = { .name = "shifts" };
	size_t i;

	for (i = 0; i < sizeof(pause_ms) / sizeof(*pause_ms); i++)
		trace_churn(&trace, 0, 512, pause_ms[i], trace.end + 2000, trace.end + 22000);
	run(&trace, results);
	at_most("shifts", "at most 1.5 times the cost of the future",
		result_of(results, "ext")->cost, 1.5 * results[0].cost);
}

/* All that is made up, then what is recorded. False if a file cannot be read */
static bool run_all(char **files)
{
	struct result results[NR_RULES_MAX];
	struct trace trace = { 0 };
	size_t i;

	for (i = 0; i < (table ? 1 : 2) * NR_PAUSES; i++)
		churn(i < NR_PAUSES ? 512 : 1024, pauses[i % NR_PAUSES]);
	drains();
	mixture("drain+churn-500", 256, 500);
	mixture("drain+churn-1500", 32, 1500);
	two_churns("churn-500+5000", 500, 5000);
	two_churns("churn-1500+500", 1500, 500);
	shifts();
	for (; *files; files++) {
		if (!trace_read(&trace, *files))
			return false;
		run(&trace, results);
		at_most(*files, "costs at most what flag does",
			result_of(results, "ext")->cost,
			result_of(results, "flag")->cost);
	}
	return true;
}

int main(int argc, char **argv)
{
	char *rows = NULL;
	size_t len;
	int arg = 1;

	if (argc > 1 && !strcmp(argv[1], "--check")) {
		check = true;
		arg++;
	} else if (argc > 1 && !strcmp(argv[1], "--table")) {
		table = true;
		arg++;
		t95_rows = open_memstream(&rows, &len);
		put_rules(stdout, "| trace | future: cost |", " ext, flag: MiB fetched back |");
		put_rules(t95_rows, "\n| t95 of the drain, s |", "");
	} else {
		if (argc > 2 && !strcmp(argv[1], "--price")) {
			price_ms = strtoull(argv[2], NULL, 10);
			arg += 2;
		}
		printf("%-18s %-11s %8s %8s %7s %8s %6s %6s\n", "trace", "rule",
		       "GiB*s", "MiB", "reports", "cost", "regret", "t95_s");
	}
	if (!run_all(argv + arg))
		return 2;
	if (table) {
		fclose(t95_rows);
		fputs(rows, stdout);
		free(rows);
	}
	if (check)
		printf("1..%u\n", points);
	return failed ? 1 : 0;
}
