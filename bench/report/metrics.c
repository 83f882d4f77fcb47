// SPDX-License-Identifier: GPL-2.0
/*
 * What each boot measured, from its samples, counters and results.
 *
 * Host memory is known at the samples only; between two of them it is taken
 * to change linearly.
 */
#include "prreport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Counters of debugfs page_reporting/stats: how much in this workload. */
static const struct {
	const char *stat, *metric, *unit;
	double scale;
	bool at_end;		/* a maximum: the value at the end, no difference */
} counter_metrics[] = {
	{ "refaulted_bytes", "refault_mib", "MiB", MIB, false },
	{ "kept_bytes", "kept_mib", "MiB", MIB, false },
	{ "forgotten_bytes", "forgotten_mib", "MiB", MIB, false },
	{ "failed_bytes", "failed_mib", "MiB", MIB, false },
	{ "passes", "passes", "passes", 1, false },
	{ "lock_hold_max_ns", "lock_hold_max_us", "us", 1000, true },
};

/* perf writes a line each 0.1 s; if there is none for so long, it has ended */
#define KVM_GAP_S	1

/* The price of a GiB that is fetched back, in GiB*s: see tests/model/replay/README.md */
#define PRICE_S		2.147
#define HELD		"held_free_gib_s"
#define REFILL		"host_refill_mib"
/* How long the last sample stands for what comes after it */
#define SAMPLE_GRACE_S	0.25
/* How long after the last sample a workload may end and still have been seen */
#define SAMPLE_LATE_S	1.0

/**
 * metrics_resident_at() - host-resident guest memory in KiB at a time
 *
 * Return: NAN if the samples do not reach that far.
 */
double metrics_resident_at(const struct boot *boot, double t)
{
	const struct sample *s = boot->samples;
	size_t lo = 0, hi = boot->nsamples;

	/* The VM may end between its last word and the next sample */
	if (!hi || t < s[0].t || t > s[hi - 1].t + SAMPLE_GRACE_S)
		return NAN;
	if (t > s[hi - 1].t)
		return s[hi - 1].resident_kib;
	while (hi - lo > 1) {
		size_t mid = (lo + hi) / 2;

		if (s[mid].t <= t)
			lo = mid;
		else
			hi = mid;
	}
	if (hi == boot->nsamples || s[hi].t == s[lo].t)
		return s[lo].resident_kib;
	return s[lo].resident_kib + (s[hi].resident_kib - s[lo].resident_kib) *
	       (t - s[lo].t) / (s[hi].t - s[lo].t);
}

/* The count up to a time; it only grows, so the last sample before counts. */
static double refault_at(const struct boot *boot, double t)
{
	double v = NAN;
	size_t i;

	for (i = 0; i < boot->nsamples && boot->samples[i].t <= t; i++)
		v = boot->samples[i].refault_kib;
	return v;
}

/* What the host held in huge pages at the last look before a time. */
static double huge_at(const struct boot *boot, double t)
{
	double v = NAN;
	size_t i;

	for (i = 0; i < boot->nsamples && boot->samples[i].t <= t; i++)
		v = boot->samples[i].huge_kib;
	return v;
}

/**
 * metrics_time_to_drop() - how long until host memory has fallen by so much
 * @from: start, its host memory is what the fall is measured from
 * @until: end of the time watched
 * @kib: the fall
 *
 * Return: seconds after @from, INFINITY if not reached before @until, NAN if
 * there is no sample at @from.
 */
double metrics_time_to_drop(const struct boot *boot, double from, double until,
			    double kib)
{
	double t0 = from, r0 = metrics_resident_at(boot, from), goal = r0 - kib;
	size_t i;

	if (isnan(r0))
		return NAN;
	for (i = 0; i < boot->nsamples; i++) {
		const struct sample *s = &boot->samples[i];

		if (s->t <= from)
			continue;
		if (s->t > until)
			break;
		if (s->resident_kib <= goal) {
			double part = r0 > s->resident_kib ?
				fmax((r0 - goal) / (r0 - s->resident_kib), 0) : 0;

			return t0 + (s->t - t0) * part - from;
		}
		t0 = s->t;
		r0 = s->resident_kib;
	}
	return INFINITY;
}

/* Host memory integrated over time (trapezoid), in GiB s. */
double metrics_footprint(const struct boot *boot, double from, double until)
{
	double t0 = from, r0 = metrics_resident_at(boot, from);
	double r1 = metrics_resident_at(boot, until), sum = 0;
	size_t i;

	for (i = 0; i < boot->nsamples; i++) {
		const struct sample *s = &boot->samples[i];

		if (s->t <= from || s->t >= until)
			continue;
		sum += (s->t - t0) * (r0 + s->resident_kib) / 2;
		t0 = s->t;
		r0 = s->resident_kib;
	}
	sum += (until - t0) * (r0 + r1) / 2;
	return sum / (1024 * 1024);
}

/**
 * metrics_window() - when a workload ran
 *
 * The last mark 'freed' counts: what comes before it is the work itself.  A
 * workload that is about what happens before anybody could begin anything begins
 * with the VM.
 *
 * Return: false if the boot never began it.
 */
bool metrics_window(const struct boot *boot, const char *workload,
		    struct window *w)
{
	double before = NAN;
	json_t *ev;
	size_t i;

	memset(w, 0, sizeof(*w));
	w->workload = workload;
	w->from_start = workload_from_start(workload) && boot->nsamples;
	w->begin = w->began = w->filled = w->freed = w->flushed = w->settled = w->end = w->counters_end_t = NAN;
	json_array_foreach(boot->events, i, ev) {
		const char *kind = json_str(ev, "event", "");
		double t = json_num(ev, "t", NAN);

		if (strcmp(json_str(ev, "workload", ""), workload))
			continue;
		if (!strcmp(kind, "begin")) {
			w->begin = w->from_start ? boot->samples[0].t : t;
			w->began = t;
		} else if (!strcmp(kind, "end")) {
			w->end = t;
		} else if (!strcmp(kind, "settled")) {
			w->settled = t;
		} else if (!strcmp(kind, "error")) {
			w->failed = true;
		} else if (!strcmp(kind, "mark") &&
			   !strcmp(json_str(ev, "name", ""), "freed")) {
			w->freed = t;
			w->filled = before;
			w->freed_bytes = json_num(ev, "bytes", 0);
		} else if (!strcmp(kind, "mark") &&
			   !strcmp(json_str(ev, "name", ""), "flush")) {
			w->flushed = t;
		} else if (!strcmp(kind, "counters")) {
			if (!strcmp(json_str(ev, "when", ""), "begin")) {
				w->counters_begin = ev;
			} else {
				w->counters_end = ev;
				w->counters_end_t = t;
			}
		}
		before = t;
	}
	return !isnan(w->begin);
}

static void add(struct values *out, const struct boot *boot,
		const char *workload, const char *metric, const char *unit,
		double v, double limit)
{
	struct value *val;

	if (isnan(v))
		return;
	out->v = xrealloc(out->v, out->n + 1, sizeof(*out->v));
	val = &out->v[out->n++];
	val->boot = boot;
	val->workload = workload;
	val->metric = metric;
	val->unit = unit;
	val->v = v;
	val->limit = limit;
}

/* end - begin of one counter, NAN if either is missing */
static double delta(const struct window *w, const char *group, const char *key)
{
	const json_t *b = w->counters_begin, *e = w->counters_end;

	if (group) {
		b = json_object_get(b, group);
		e = json_object_get(e, group);
	}
	/* The guest's counters begin at 0 with the guest */
	return json_num(e, key, NAN) - (w->from_start ? 0 : json_num(b, key, NAN));
}

/* When the guest's agent said its first word, after the start of the VM. */
static double ready_at(const struct boot *boot)
{
	json_t *ev;
	size_t i;

	json_array_foreach(boot->events, i, ev)
		if (!strcmp(json_str(ev, "event", ""), "ready"))
			return json_num(ev, "t", NAN);
	return NAN;
}

/* Memory that nobody looked at any more has not stayed. */
static bool samples_last(const struct boot *boot, const struct window *w)
{
	return boot->nsamples &&
	       boot->samples[boot->nsamples - 1].t + SAMPLE_LATE_S >= w->end;
}

/*
 * Whether host memory is known from @from to @until; if not, a note says which
 * metrics are left out for it.
 */
static bool seen(struct run *run, const struct boot *boot, const struct window *w,
		 double from, double until, const char *metrics)
{
	double gap = missing_samples(boot, from, until);

	if (gap)
		run_note(run, boot->name, w->workload,
			 "%s left out: for %.1f s there are no samples (the host slept or stalled, or the run was stopped)",
			 metrics, gap);
	return !gap;
}

/* What went back while the guest was still at freeing it, in KiB */
static double gone_before(const struct boot *boot, const struct window *w)
{
	double held = metrics_resident_at(boot, w->freed), most = held;
	size_t i;

	for (i = 0; i < boot->nsamples; i++)
		if (boot->samples[i].t >= w->filled && boot->samples[i].t < w->freed)
			most = fmax(most, boot->samples[i].resident_kib);
	return most - held;
}

/* A fall that was not seen from its begin to its end has no time. */
static void add_drop(struct run *run, struct values *out, const struct boot *boot,
		     const struct window *w, const char *metric, double until, double part)
{
	double t = metrics_time_to_drop(boot, w->freed, until, part * w->freed_bytes / 1024 -
					gone_before(boot, w));

	if (seen(run, boot, w, w->freed, isfinite(t) ? w->freed + t : until,
		 run_str(run, "%s is", metric)))
		add(out, boot, w->workload, metric, "s", t, until - w->freed);
}

/*
 * What the guest has not free, in MiB per GiB that it was given. MemTotal will not
 * do: depending on the architecture page_ext's memory is in it or not.
 */
static double used_of(const struct boot *boot, const struct window *w)
{
	double given = json_num(boot->meta, "mem_mib", NAN);

	return (given - (json_num(w->counters_end, "mem_free_kib", NAN) +
			 json_num(w->counters_end, "mem_pcp_kib", 0)) / 1024) / given * 1024;
}

/* How much is back with the host so long after the mark 'flush'. */
static void add_parked(struct run *run, struct values *out, const struct boot *boot,
		       const struct window *w)
{
	static const int ms[] = { 100, 500, 2000 };
	double held = metrics_resident_at(boot, w->flushed);
	size_t i;

	for (i = 0; !isnan(w->flushed) && i < sizeof(ms) / sizeof(*ms); i++) {
		const char *metric = run_str(run, "parked_mib_%d", ms[i]);
		double at = w->flushed + ms[i] * 1e-3;

		if (at <= w->end && seen(run, boot, w, w->flushed, at,
					 run_str(run, "%s is", metric)))
			add(out, boot, w->workload, metric, "MiB",
			    (held - metrics_resident_at(boot, at)) / 1024, NAN);
	}
}

static void from_samples(struct run *run, struct values *out, const struct boot *boot,
			 const struct window *w)
{
	double last = boot->nsamples ? boot->samples[boot->nsamples - 1].t : NAN;
	double until = isnan(w->settled) ? w->end : w->settled;
	double used, from = w->begin;

	if (!(until <= last))
		until = last;
	if (!isnan(w->freed) && w->freed_bytes > 0) {
		add_drop(run, out, boot, w, "t50_s", until, 0.50);
		add_drop(run, out, boot, w, "t95_s", until, 0.95);
	}
	add_parked(run, out, boot, w);
	/* What settles is about what follows its mark; how it got there is fill_s. */
	if (!isnan(w->settled) && !isnan(w->freed))
		from = w->freed;
	if (seen(run, boot, w, from, w->end, "footprint_gib_s is"))
		add(out, boot, w->workload, "footprint_gib_s", "GiB*s",
		    metrics_footprint(boot, from, w->end), NAN);
	if (seen(run, boot, w, w->begin, w->end, "host_refill_mib is"))
		add(out, boot, w->workload, "host_refill_mib", "MiB",
		    (refault_at(boot, w->end) - refault_at(boot, w->begin)) / 1024, NAN);

	/* What does not settle holds memory that it is about to use: nothing is stranded. */
	if (!isnan(w->settled) &&
	    seen(run, boot, w, w->settled, w->settled, "what is resident in the end is")) {
		double resident = metrics_resident_at(boot, w->settled);

		/* Older results do not say what the per-cpu lists hold */
		used = json_num(w->counters_end, "mem_total_kib", NAN) -
		       json_num(w->counters_end, "mem_free_kib", NAN) -
		       json_num(w->counters_end, "mem_pcp_kib", 0);
		add(out, boot, w->workload, "resident_mib", "MiB", resident / 1024, NAN);
		add(out, boot, w->workload, "stranded_mib", "MiB",
		    (resident - used) / 1024, NAN);
		add(out, boot, w->workload, "used_mib_gib", "MiB/GiB", used_of(boot, w), NAN);
	}
	add(out, boot, w->workload, "host_huge_mib", "MiB",
	    huge_at(boot, isnan(w->settled) ? w->end : w->settled) / 1024, NAN);
	if (w->from_start)
		add(out, boot, w->workload, "t_boot_s", "s", ready_at(boot), NAN);
}

static void from_counters(struct run *run, struct values *out,
			  const struct boot *boot, const struct window *w)
{
	double reported = NAN, cpu;
	size_t i;

	/*
	 * The UML device counts with every kernel, so there it is what variants
	 * are compared by; elsewhere only the patched kernel has a count.
	 */
	if (platform_find(boot->platform)->device_counts)
		reported = delta(w, boot->platform, "reported_bytes");
	if (isnan(reported))
		reported = delta(w, "stats", "reported_bytes");
	add(out, boot, w->workload, "reported_mib", "MiB", reported / MIB, NAN);
	/* The worker's own time; older results have that of all kernel workers only. */
	cpu = delta(w, NULL, "worker_ms");
	if (isnan(cpu))
		cpu = delta(w, NULL, "kworker_ns") / 1e6;
	/* Less than before: a worker has ended and took its time with it. */
	if (cpu < 0)
		run_note(run, boot->name, w->workload,
			 "worker_cpu_ms is left out: a kernel worker ended meanwhile");
	add(out, boot, w->workload, "worker_cpu_ms", "ms", cpu < 0 ? NAN : cpu, NAN);
	for (i = 0; i < sizeof(counter_metrics) / sizeof(*counter_metrics); i++) {
		const char *key = counter_metrics[i].stat;
		double v = counter_metrics[i].at_end ?
			json_num(json_object_get(w->counters_end, "stats"), key, NAN) :
			delta(w, "stats", key);

		add(out, boot, w->workload, counter_metrics[i].metric,
		    counter_metrics[i].unit, v / counter_metrics[i].scale, NAN);
	}
}

/* "     0.2001,17,,kvm:kvm_exit,...": what came since the line before. */
static bool kvm_line(const char *line, const char *event, double *t, double *count)
{
	const char *comma = strchr(line, ',');
	char text[32];

	if (!comma || sscanf(line, "%lf", t) != 1 ||
	    !perf_count(comma + 1, event, text, sizeof(text)))
		return false;
	/* Nothing of the guest ran meanwhile, so nothing was there to count. */
	*count = !strcmp(text, "<not counted>") ? 0 : strtod(text, NULL);
	return isfinite(*t) && isfinite(*count) && *count >= 0 &&
	       strcmp(text, "<not supported>");
}

/* The host's kernel's own events: only KVM has them, see kvm.csv. */
static void from_kvm(struct run *run, struct values *out, const struct boot *boot,
		     const struct window *w)
{
	static const struct {
		const char *event, *metric, *unit;
	} kinds[] = {
		{ "kvm:kvm_page_fault", "kvm_page_faults", "faults" },
		{ "kvm:kvm_exit", "kvm_exits", "exits" },
	};
	const size_t n = sizeof(kinds) / sizeof(*kinds);
	double sum[sizeof(kinds) / sizeof(*kinds)] = { 0 }, start, last = -INFINITY;
	bool seen[sizeof(kinds) / sizeof(*kinds)] = { false };
	char line[256];
	size_t i;
	FILE *f;

	start = json_num(json_object_get(boot->meta, "kvm_events"), "start_s", NAN);
	if (!platform_find(boot->platform)->host_events || isnan(start))
		return;
	f = fopen(run_str(run, "%s/boots/%s/kvm.csv", run->raw, boot->name), "r");
	if (!f) {
		run_note(run, boot->name, w->workload,
			 "kvm.csv cannot be read, kvm_* are left out");
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		double t, count;

		for (i = 0; i < n; i++) {
			if (!kvm_line(line, kinds[i].event, &t, &count))
				continue;
			seen[i] = true;
			last = fmax(last, start + t);
			if (start + t > w->begin && start + t <= w->end)
				sum[i] += count;
		}
	}
	fclose(f);
	if (last < w->end - KVM_GAP_S) {
		run_note(run, boot->name, w->workload, isinf(last) ?
			 "kvm.csv has no counts, kvm_* are left out" :
			 "kvm.csv ends before the workload did, kvm_* are left out");
		return;
	}
	for (i = 0; i < n; i++)
		add(out, boot, w->workload, kinds[i].metric, kinds[i].unit,
		    seen[i] ? sum[i] : NAN, NAN);
}

/*
 * What a workload waited for and never saw has a limit and no value below it:
 * larger than anything that was seen.
 */
static double result_value(const json_t *ev)
{
	double v = json_num(ev, "value", INFINITY);

	return v >= json_num(ev, "limit", INFINITY) ? INFINITY : v;
}

/*
 * What a policy costs: memory held while it was free, and PRICE_S for each GiB
 * that was fetched back. The suffix of both names is that of the cost.
 */
static void add_costs(struct run *run, struct values *out, const struct boot *boot,
		      size_t first)
{
	const size_t len = strlen(HELD), n = out->n;
	size_t i, k;

	for (i = first; i < n; i++) {
		const struct value held = out->v[i];

		if (strncmp(held.metric, HELD, len))
			continue;
		for (k = first; k < n; k++)
			if (!strncmp(out->v[k].metric, REFILL, strlen(REFILL)) &&
			    !strcmp(out->v[k].metric + strlen(REFILL), held.metric + len))
				add(out, boot, held.workload,
				    run_str(run, "cost_gib_s%s", held.metric + len), held.unit,
				    held.v + PRICE_S * out->v[k].v / 1024, NAN);
	}
}

static void from_results(struct run *run, struct values *out,
			 const struct boot *boot, const char *workload)
{
	static const char * const modes[] = { "repeat", "bulk" };
	const size_t first = out->n;
	json_t *ev;
	size_t i, m;

	json_array_foreach(boot->events, i, ev) {
		const char *name = json_str(ev, "workload", "");
		const char *metric = json_str(ev, "metric", "");

		if (strcmp(json_str(ev, "event", ""), "result") ||
		    !part_of(name, workload))
			continue;
		/* The cost of an empty measurement is of neither mode. */
		if (!strcmp(name, "alloc--"))
			name = workload;
		for (m = 0; m < 2 && !strcmp(name, "alloc"); m++) {
			size_t n = strlen(modes[m]);

			if (!strncmp(metric, modes[m], n) && metric[n] == '_') {
				name = run_str(run, "alloc-%s", modes[m]);
				metric += n + 1;
			}
		}
		add(out, boot, name, metric, json_str(ev, "unit", "-"),
		    result_value(ev), json_num(ev, "limit", NAN));
	}
	add_costs(run, out, boot, first);
}

static void boot_metrics(struct run *run, struct values *out,
			 const struct boot *boot)
{
	json_t *ev;
	size_t i;

	json_array_foreach(boot->events, i, ev) {
		const char *kind = json_str(ev, "event", "");
		const char *workload = json_str(ev, "workload", NULL);
		struct window w;

		if (!strcmp(kind, "skip"))
			run_note(run, boot->name, workload, "skipped: %s",
				 json_str(ev, "reason", "no reason given"));
		if (!strcmp(kind, "error"))
			run_note(run, boot->name, workload, "failed, left out: %s",
				 json_str(ev, "message", "no message"));
		if (strcmp(kind, "begin") || !workload ||
		    !metrics_window(boot, workload, &w) ||
		    w.began != json_num(ev, "t", NAN))
			continue;
		if (w.failed)
			continue;
		if (isnan(w.end)) {
			run_note(run, boot->name, workload,
				 "began and never ended, left out");
			continue;
		}
		from_results(run, out, boot, workload);
		/*
		 * Guest time and host time have nothing in common on icount; and
		 * where guests of different sizes are run the results say which.
		 */
		if (platform_find(boot->platform)->instructions ||
		    !workload_has_host_memory(workload))
			continue;
		if (samples_last(boot, &w))
			from_samples(run, out, boot, &w);
		else
			run_note(run, boot->name, workload,
				 "samples end %.1f s before the workload, host memory is left out",
				 w.end - (boot->nsamples ?
					  boot->samples[boot->nsamples - 1].t : 0));
		from_counters(run, out, boot, &w);
		from_kvm(run, out, boot, &w);
	}
}

/**
 * metrics_compute() - every value of every boot that counts
 *
 * What had to be left out becomes a note of the run. A boot that was disturbed to
 * draw a map of it says nothing here, whatever ran in it.
 */
void metrics_compute(struct run *run, struct values *out)
{
	size_t i;

	out->v = NULL;
	out->n = 0;
	for (i = 0; i < run->nboots; i++)
		if (run->boots[i].status == BOOT_OK && !map_was_drawn(&run->boots[i]))
			boot_metrics(run, out, &run->boots[i]);
}
