// SPDX-License-Identifier: GPL-2.0
/*
 * What run.json says about the workloads of a run. Older results say nothing;
 * then what is known about the workloads of their time stands in.
 */
#include "prreport.h"

#include <fnmatch.h>
#include <string.h>

static const json_t *about;	/* {workload: {...}}, of the run that is reported */

void workloads_of(const struct run *run)
{
	about = json_object_get(run->meta, "about_workloads");
	if (!json_is_object(about))
		about = NULL;
}

bool workloads_known(void)
{
	return about;
}

/*
 * Results may be of a part: "alloc-bulk" belongs to "alloc", unless there is a
 * workload of that name. Returns its place in the run, or -1.
 */
static int find(const char *name, const json_t **found)
{
	size_t best = 0;
	const char *w;
	int i = 0, at = -1;
	json_t *o;

	json_object_foreach((json_t *)about, w, o) {
		size_t n = strlen(w);

		if (n > best && !strncmp(name, w, n) &&
		    (!name[n] || name[n] == '-')) {
			best = n;
			at = i;
			*found = o;
		}
		i++;
	}
	return at;
}

int workload_place(const char *name)
{
	const json_t *o;

	return find(name, &o);
}

/* The entry of a metric, which may be meant by a pattern; NULL: none. */
static const json_t *metric_of(const char *workload, const char *metric,
			       int *place)
{
	const json_t *o = NULL;
	json_t *m;
	size_t i;

	if (find(workload, &o) < 0)
		return NULL;
	json_array_foreach(json_object_get(o, "metrics"), i, m) {
		if (fnmatch(json_str(m, "name", ""), metric, 0))
			continue;
		*place = (int)i;
		return m;
	}
	return NULL;
}

int metric_place(const char *workload, const char *metric)
{
	int place = -1;

	metric_of(workload, metric, &place);
	return place;
}

/* Which way is good: "less", "more", or "" if it is neither or not known. */
const char *metric_better(const char *workload, const char *metric)
{
	int place;

	return json_str(metric_of(workload, metric, &place), "better", "");
}

bool metric_is_headline(const char *workload, const char *metric)
{
	int place;

	return json_is_true(json_object_get(metric_of(workload, metric, &place),
					    "headline"));
}

/**
 * metric_counts() - is it one of those by which runs are judged?
 *
 * Of results that do not say so, it is what their workloads were about.
 */
bool metric_counts(const char *workload, const char *metric)
{
	static const char * const known[] = {
		"drain t50_s", "drain t95_s", "churn cycles", "churn refault_mib",
		"fragment stranded_mib", "fragment t50_s", "build run_s",
		"build stranded_mib", "storm t_boot_s", "smallguest oom_kills",
		"verify mismatches", "alloc* *_instr", "alloc* *_ns_p50",
	};
	char both[256];
	size_t i;

	if (about)
		return metric_is_headline(workload, metric);
	snprintf(both, sizeof(both), "%s %s", workload, metric);
	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!fnmatch(known[i], both, 0))
			return true;
	return false;
}

/* Does it begin with the VM, before anybody could begin anything? */
bool workload_from_start(const char *name)
{
	const json_t *o;

	if (find(name, &o) >= 0)
		return json_is_true(json_object_get(o, "from_start"));
	return !strcmp(name, "storm");
}

/* Does the host's view of its memory say anything? */
bool workload_has_host_memory(const char *name)
{
	const json_t *o;

	if (find(name, &o) >= 0)
		return !json_is_false(json_object_get(o, "host_memory"));
	return strcmp(name, "alloc") && strcmp(name, "lockhold");
}
