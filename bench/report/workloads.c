// SPDX-License-Identifier: GPL-2.0
/*
 * What run.json declared before the first boot: the workloads, their metrics,
 * which of those are headline, and which variants are compared. A run that
 * declared nothing has no headline; all that it shows is exploration.
 */
#include "prreport.h"

#include <fnmatch.h>
#include <string.h>

static json_t *about;	/* {workload: {...}}, of the run that is reported; or NULL */
static json_t *pairs;	/* [[variant, against], ...], or NULL */

/*
 * Runs before host_refill_mib called it refault_mib, and what is that now
 * guest_refault_mib.
 */
static void rename_refaults(json_t *metrics)
{
	json_t *m, *old = NULL;
	size_t i;

	json_array_foreach(metrics, i, m)
		if (!strcmp(json_str(m, "name", ""), "guest_refault_mib"))
			old = m;
	if (!old)
		return;
	json_array_foreach(metrics, i, m)
		if (!strcmp(json_str(m, "name", ""), "refault_mib"))
			json_object_set_new(m, "name", json_string("host_refill_mib"));
	json_object_set_new(old, "name", json_string("refault_mib"));
}

/**
 * workloads_of() - take what a run declared, instead of what another one did
 *
 * It is kept when the run is freed.
 */
void workloads_of(const struct run *run)
{
	const char *name;
	json_t *o;

	json_decref(about);
	json_decref(pairs);
	about = json_object_get(run->meta, "about_workloads");
	pairs = json_object_get(run->meta, "compare");
	about = json_is_object(about) ? json_incref(about) : NULL;
	pairs = json_is_array(pairs) ? json_incref(pairs) : NULL;
	json_object_foreach(about, name, o)
		rename_refaults(json_object_get(o, "metrics"));
}

bool comparisons_in_run(void)
{
	return pairs;
}

/**
 * comparison_of() - the i-th variant that one is compared with, NULL after the last
 */
const char *comparison_of(const char *variant, size_t i)
{
	size_t k, n = pairs ? json_array_size(pairs) : nr_comparison_infos;

	for (k = 0; k < n; k++) {
		const json_t *p = json_array_get(pairs, k);
		const char *a = pairs ? json_string_value(json_array_get(p, 0)) :
				comparison_table[k].variant;
		const char *b = pairs ? json_string_value(json_array_get(p, 1)) :
				comparison_table[k].against;

		if (a && b && !strcmp(a, variant) && !i--)
			return b;
	}
	return NULL;
}

/* Is a variant on either side of a declared comparison? */
bool variant_is_compared(const char *variant)
{
	size_t i;

	if (comparison_of(variant, 0) || !strcmp(variant, BASELINE))
		return true;
	for (i = 0; i < nr_variants; i++)
		if (comparison_declared(variants[i].name, variant))
			return true;
	return false;
}

bool comparison_declared(const char *variant, const char *against)
{
	const char *other;
	size_t i;

	for (i = 0; (other = comparison_of(variant, i)); i++)
		if (!strcmp(other, against))
			return true;
	return false;
}

bool workloads_known(void)
{
	return about;
}

/**
 * part_of() - is a result of this workload, or of a part of it?
 *
 * "alloc-bulk" belongs to "alloc".
 */
bool part_of(const char *result, const char *workload)
{
	size_t n = strlen(workload);

	return n && !strncmp(result, workload, n) && (!result[n] || result[n] == '-');
}

/*
 * The workload that a result is part of, unless there is one of that name.
 * Returns its place in the run, or -1.
 */
static int find(const char *name, const json_t **found)
{
	size_t best = 0;
	const char *w;
	int i = 0, at = -1;
	json_t *o;

	json_object_foreach(about, w, o) {
		size_t n = strlen(w);

		if (n > best && part_of(name, w)) {
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

/*
 * Is all that a workload has to say of its metrics what it took over from the one
 * that it is like? Then so is their being headline, and the family of tests would
 * grow with each such workload.
 */
static bool took_over(const json_t *o)
{
	const json_t *base = json_object_get(about, json_str(o, "like", ""));

	return base && json_equal(json_object_get(base, "metrics"),
				  json_object_get(o, "metrics"));
}

/**
 * metric_is_headline() - was it declared as one of those that the run is judged by?
 */
bool metric_is_headline(const char *workload, const char *metric)
{
	const json_t *o = NULL;
	int place;

	return find(workload, &o) >= 0 && !took_over(o) &&
	       json_is_true(json_object_get(metric_of(workload, metric, &place), "headline"));
}

/* Does it begin with the VM, before anybody could begin anything? */
bool workload_from_start(const char *name)
{
	const json_t *o;

	return find(name, &o) >= 0 && json_is_true(json_object_get(o, "from_start"));
}

/* Does the host's view of its memory say anything? */
bool workload_has_host_memory(const char *name)
{
	const json_t *o;

	return find(name, &o) < 0 || !json_is_false(json_object_get(o, "host_memory"));
}
