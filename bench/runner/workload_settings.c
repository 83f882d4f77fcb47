// SPDX-License-Identifier: GPL-2.0
/* A workload's settings, from all that has a say in them, and what follows. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "workloads.h"

#define SLOW_FACTOR	2.5	/* emulated, unless a workload knows better */
#define PROBE_PERIOD	5

static json_t *overrides;	/* {workload: {name: number}} */
static json_t *probe;		/* for every workload, whatever it says itself */

/* Keep "WORKLOAD.NAME=NUMBER" for workload_settings(). */
int settings_override(const char *text, char *err, size_t len)
{
	char workload[32], name[32], rest;
	json_t *o, *defaults;
	long long value;
	int w;

	if (sscanf(text, "%31[a-z0-9-].%31[a-z0-9_]=%lld%c", workload, name,
		   &value, &rest) != 3 || value < 0 || value > INT_MAX)
		return set_err(err, len,
			       "'%s' is not WORKLOAD.NAME=NUMBER", text);
	w = workload_find(workload);
	if (w < 0)
		return set_err(err, len, "unknown workload '%s'", workload);
	defaults = json_object_get(workloads[w].info, "settings");
	if (!json_is_integer(json_object_get(defaults, name)))
		return set_err(err, len, "workload %s has no number '%s'",
			       workload, name);
	if (!overrides)
		overrides = json_object();
	o = json_object_get(overrides, workload);
	if (!o) {
		o = json_object();
		json_object_set_new(overrides, workload, o);
	}
	json_object_set_new(o, name, json_integer(value));
	return 0;
}

/* "ORDER[,PERIOD_MS]": have the probe beside all workloads. */
int probe_everywhere(const char *text, char *err, size_t len)
{
	int period = PROBE_PERIOD, order, end = 0;

	if (sscanf(text, "%2d%n,%5d%n", &order, &end, &period, &end) < 1 ||
	    text[end] || order < 0 || order > PROBE_ORDER_MAX || period < 1 ||
	    period > PROBE_PERIOD_MAX)
		return set_err(err, len,
			       "'%s' is not ORDER[,PERIOD_MS]: 0 to %d, 1 to %d",
			       text, PROBE_ORDER_MAX, PROBE_PERIOD_MAX);
	json_decref(probe);
	probe = json_pack("{s:i, s:i}", "order", order, "period_ms", period);
	return 0;
}

void settings_reset(void)
{
	json_decref(overrides);
	json_decref(probe);
	overrides = probe = NULL;
}

/* The arguments that the agent gets; run.json shows them too. */
json_t *workload_settings(bool full, size_t w, enum platform p)
{
	const json_t *info = workloads[w].info;
	json_t *o = json_deep_copy(json_object_get(info, "settings"));
	const json_t *layers = json_object_get(info, "settings_for");

	/* One after the other: what is said for a platform has the last word. */
	if (platform_table[p].emulated)
		json_object_update(o, json_object_get(layers, "slow"));
	if (full)
		json_object_update(o, json_object_get(layers, "full"));
	json_object_update(o, json_object_get(layers, platform_table[p].name));
	json_object_update(o, json_object_get(overrides, workloads[w].name));
	/* A copy: the host adds to it what else the guest has to know. */
	json_object_set_new(o, "probe", json_deep_copy(
		probe ? probe : json_object_get(info, "probe")));
	return o;
}

static double value_of(const json_t *settings, const json_t *v)
{
	return json_number_value(json_is_string(v) ?
		json_object_get(settings, json_string_value(v)) : v);
}

static double sum_of(const json_t *terms, const json_t *settings)
{
	double sum = 0;
	size_t i, k;
	json_t *term;

	json_array_foreach(terms, i, term) {
		double product = value_of(settings, json_is_array(term) ?
					  json_array_get(term, 0) : term);

		for (k = 1; k < json_array_size(term); k++)
			product *= value_of(settings, json_array_get(term, k));
		sum += product;
	}
	return sum;
}

/* How long a workload takes, from its settings; measured on two slow cores. */
double workload_seconds(const json_t *settings, size_t w, enum platform p)
{
	const json_t *o = json_object_get(workloads[w].info, "seconds");
	const json_t *factor = json_object_get(json_object_get(o, "slow"),
					       platform_table[p].name);

	return sum_of(json_object_get(o, "waits"), settings) +
	       sum_of(json_object_get(o, "works"), settings) *
	       (factor ? json_number_value(factor) :
		platform_table[p].emulated ? SLOW_FACTOR : 1);
}

/**
 * workload_row() - a setting of which each boot has another value
 * @full: which profile
 * @mask: the workloads of the boots; one with a row shares them with no other
 * @values: gets the values
 *
 * Return: the setting's name, or NULL if there is no row.
 */
const char *workload_row(bool full, uint64_t mask, const json_t **values)
{
	const json_t *o = NULL;
	size_t w;

	for (w = 0; w < nr_workloads && !o; w++)
		if (mask & BIT(w))
			o = json_object_get(workloads[w].info, "row");
	*values = json_object_get(o, profile_names[full]);
	return json_string_value(json_object_get(o, "setting"));
}

/* A workload's settings in a boot, with the value of its row. */
json_t *boot_settings(bool full, const struct boot *b, size_t w)
{
	json_t *o = workload_settings(full, w, b->platform);
	const json_t *values;
	const char *name = workload_row(full, BIT(w), &values);

	if (name && b->row >= 0)
		json_object_set_new(o, name, json_integer(b->row));
	return o;
}

/*
 * The sizes in MiB of the guests for a group's workloads: the one after @last, 0
 * at the end.  A workload with sizes of its own shares its boots with no other.
 */
unsigned int workload_next_size(bool full, uint64_t mask, enum platform p,
				unsigned int last)
{
	double next = last ? 0 : GUEST_MIB;
	const json_t *o = NULL;
	json_t *settings;
	size_t w;

	for (w = 0; w < nr_workloads && !o; w++)
		if (mask & BIT(w))
			o = json_object_get(workloads[w].info, "guest");
	if (!o)
		return (unsigned int)next;
	settings = workload_settings(full, w - 1, p);
	if (json_object_get(o, "mib")) {
		if (!last)
			next = value_of(settings, json_object_get(o, "mib"));
	} else {
		double to = value_of(settings, json_object_get(o, "to_gib"));

		next = last ? last * value_of(settings, json_object_get(o, "times")) :
		       value_of(settings, json_object_get(o, "from_gib")) * 1024;
		if (next <= last || next > to * 1024 || next > UINT_MAX)
			next = 0;
	}
	json_decref(settings);
	return (unsigned int)next;
}

/* A number of "guest", in MiB: each one's size, their limit; 0 without it. */
unsigned int workload_guest(const json_t *settings, size_t w, const char *key)
{
	const json_t *o = json_object_get(workloads[w].info, "guest");
	const json_t *v = json_object_get(o, key);

	return v ? (unsigned int)value_of(settings, v) : 0;
}

/* Words that end the guest's command line: a workload's, and the user's. */
char *boot_append(const struct boot *b)
{
	const char *user = getenv("PRBENCH_APPEND"), *own;
	char *text = format("%s%s", user ? " " : "", user ? user : "");
	size_t w;

	for (w = 0; w < nr_workloads; w++) {
		own = json_string_value(json_object_get(workloads[w].info, "append"));
		if (b->workloads & BIT(w) && own) {
			char *longer = format(" %s%s", own, text);

			free(text);
			text = longer;
		}
	}
	return text;
}
