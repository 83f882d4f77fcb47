// SPDX-License-Identifier: GPL-2.0
/* What programs read: JSON, Prometheus' textfile format, a line at a time. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "page_reporting.h"

static json_t *number(uint64_t v)
{
	return json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v);
}

static json_t *counters_json(const struct counters *c)
{
	json_t *o = json_object();

	for (size_t i = 0; i < c->nr; i++)
		json_object_set_new(o, c->c[i].name, number(c->c[i].value));
	return o;
}

static json_t *parts_json(const uint64_t *bytes, enum part from, enum part to)
{
	json_t *o = json_object();

	for (enum part p = from; p < to; p++)
		json_object_set_new(o, parts[p].column, number(bytes[p]));
	return o;
}

static json_t *guest_json(const struct guest *g)
{
	json_t *o = json_object(), *rows = json_array(), *ages = json_array();

	json_object_set_new(o, "missing",
			    json_string(missing_info[g->missing].name));
	json_object_set_new(o, "total_bytes", number(g->total));
	json_object_set_new(o, "used_bytes", parts_json(g->part, 0, FIRST_FREE));
	json_object_set_new(o, "free_bytes",
			    parts_json(g->part, FIRST_FREE, NR_PARTS));
	json_object_set_new(o, "vmstat_pages", counters_json(&g->vmstat));
	json_object_set_new(o, "stats", counters_json(&g->stats));
	for (size_t i = 0; i < g->nr_rows; i++) {
		const struct row *r = &g->rows[i];

		json_array_append_new(rows, json_pack("{s:i, s:s, s:i, s:s, s:o}",
			"node", r->node, "zone", r->zone, "order", (int)r->order,
			"migratetype", r->type, "bytes",
			parts_json(r->bytes, FIRST_FREE, UNKNOWN)));
	}
	json_object_set_new(o, "summary", rows);
	for (size_t i = 0; i < g->nr_ages; i++) {
		const struct age *a = &g->ages[i];

		json_array_append_new(ages, json_pack("{s:o, s:o, s:o, s:o}",
			"below_ms", a->below_ms ? number(a->below_ms) : json_null(),
			"waiting_bytes", number(a->waiting),
			"reported_bytes", number(a->reported),
			"refaulted_bytes", number(a->refaulted)));
	}
	json_object_set_new(o, "ages", ages);
	json_object_set_new(o, "largest",
			    json_string(parts[largest_part(g)].column));
	return o;
}

/*
 * Write to the --output, or to stdout: a file whole or not at all, and what is
 * none (a pipe, a device) as it is.
 */
static int deliver(const char *text, const struct options *o)
{
	char path[PATH_LEN];
	struct stat st;
	bool bad, file;
	FILE *f;

	if (!o->output) {
		fputs(text, stdout);
		return EXIT_GOOD;
	}
	file = lstat(o->output, &st) || S_ISREG(st.st_mode);
	root_path(path, o->output, file ? ".new" : "");
	f = fopen(path, "we");
	bad = !f || fputs(text, f) == EOF;
	if (f && fclose(f))
		bad = true;
	if (!bad && (!file || !rename(path, o->output)))
		return EXIT_GOOD;
	complain("cannot write %s: %s; make room, or choose another place with --output",
		 o->output, strerror(errno));
	if (f && file)
		unlink(path);
	return EXIT_BAD;
}

int show_json(struct guest *g, const struct options *o)
{
	json_t *json = guest_json(g);
	char *text = json_dumps(json, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	int ret;

	json_decref(json);
	if (!text) {
		complain("no memory for the JSON");
		return EXIT_BAD;
	}
	ret = deliver(text, o);
	free(text);
	if (!o->output)
		putchar('\n');
	return ret;
}

static void metric(FILE *out, const char *name, const char *type,
		   const char *help)
{
	fprintf(out, "# HELP page_reporting_%s %s\n# TYPE page_reporting_%s %s\n",
		name, help, name, type);
}

static void parts_prometheus(FILE *out, const struct guest *g)
{
	metric(out, "used_bytes", "gauge", "Memory in use, by what uses it");
	for (enum part p = 0; p < FIRST_FREE; p++)
		fprintf(out, "page_reporting_used_bytes{by=\"%s\"} %" PRIu64 "\n",
			parts[p].column, g->part[p]);
	metric(out, "free_bytes", "gauge", "Free memory: reported to the host, or why it is not");
	for (enum part p = FIRST_FREE; p < NR_PARTS; p++)
		fprintf(out, "page_reporting_free_bytes{state=\"%s\"} %" PRIu64 "\n",
			parts[p].column, g->part[p]);
	metric(out, "total_bytes", "gauge", "Memory of the guest");
	fprintf(out, "page_reporting_total_bytes %" PRIu64 "\n", g->total);
}

int show_prometheus(struct guest *g, const struct options *o)
{
	static const struct {
		const char *stat, *event, *name, *type, *help;
		double unit;	/* in a second; 1: a number; 0: pages in vmstat, bytes in stats */
	} list[] = {
		{ "reported_bytes", "page_reported", "reported_bytes_total", "counter", "Reported to the host since boot", 0 },
		{ "refaulted_bytes", "page_report_refault", "refaulted_bytes_total", "counter", "Allocated after it was reported, since boot", 0 },
		{ "failed_bytes", "page_report_fail", "failed_bytes_total", "counter", "Put back unreported because the device failed", 0 },
		{ "passes", NULL, "passes_total", "counter", "Passes over memory", 1 },
		{ "errors", NULL, "errors_total", "counter", "Calls of the device that failed", 1 },
		{ "age_ms", NULL, "age_seconds", "gauge", "Age at which memory is reported now", 1e3 },
		{ "lock_hold_max_ns", NULL, "lock_hold_max_seconds", "gauge", "Longest hold of zone->lock since boot", 1e9 },
		{ "worker_ns", NULL, "worker_seconds_total", "counter", "CPU time of the passes", 1e9 },
	};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int ret;

	if (!out) {
		complain("no memory for the metrics");
		return EXIT_BAD;
	}
	metric(out, "up", "gauge", "1 if the guest can report: nothing is missing");
	fprintf(out, "page_reporting_up{missing=\"%s\"} %d\n",
		missing_info[g->missing].name,
		g->missing == NOTHING_MISSING);
	parts_prometheus(out, g);
	for (size_t i = 0; i < ARRAY_LEN(list); i++) {
		bool stats = true, found;
		uint64_t v;

		found = find_counter(&g->stats, list[i].stat, &v);
		if (!found && list[i].event) {
			found = find_counter(&g->vmstat, list[i].event, &v);
			stats = false;
		}
		if (!found)
			continue;
		metric(out, list[i].name, list[i].type, list[i].help);
		if (!list[i].unit || list[i].unit == 1)
			fprintf(out, "page_reporting_%s %" PRIu64 "\n", list[i].name,
				stats ? v : times(v, g->page));
		else
			fprintf(out, "page_reporting_%s %g\n", list[i].name,
				(double)v / list[i].unit);
	}
	if (fclose(out)) {
		free(text);
		complain("no memory for the metrics");
		return EXIT_BAD;
	}
	ret = deliver(text, o);
	free(text);
	return ret;
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/*
 * A line each interval. The first three columns are those of the benchmark's
 * samples.tsv: what the host may hold of the guest, and what was used again.
 */
int run_watch(const struct options *o)
{
	struct guest g = { .root = o->root };
	double start = now_s(), due = start;
	FILE *f = fopen(o->file, "we");
	long nr = 0;
	bool bad = !f;

	if (f)
		bad = fputs("t_s\tresident_kib\trefault_kib\tfree_kib\treported_kib\twaiting_kib\tcache_kib\n", f) == EOF;
	while (!bad && !stopped() && (o->count < 0 || nr < o->count)) {
		uint64_t unused = 0, again;
		bool known;

		guest_read(&g, false);
		for (enum part p = FIRST_FREE; p < NR_PARTS; p++)
			unused = add(unused, g.part[p]);
		again = refaulted_bytes(&g, &known);
		fprintf(f, "%.4f\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
			now_s() - start,
			(g.total - (g.part[REPORTED] > g.total ? g.total :
				    g.part[REPORTED])) / 1024,
			again / 1024, unused / 1024, g.part[REPORTED] / 1024,
			add(g.part[YOUNG], g.part[ELIGIBLE]) / 1024,
			g.part[CACHE] / 1024);
		guest_release(&g);
		bad = fflush(f) == EOF;
		nr++;
		due += o->interval;
		if (!bad && (o->count < 0 || nr < o->count) &&
		    !pause_for(due - now_s()))
			break;
	}
	if (f && fclose(f))
		bad = true;
	if (!bad)
		return EXIT_GOOD;
	complain("cannot write %s: %s; make room, or choose another file", o->file,
		 strerror(errno));
	return EXIT_BAD;
}
