// SPDX-License-Identifier: GPL-2.0
/*
 * What has to be the same for two runs to be compared: a flat list of traits,
 * so that what differs can be named.
 */
#include "prreport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEM_TOLERANCE	0.01	/* firmware takes a little more or less */

static void PRINTF(3, 4) trait(json_t *traits, const char *value,
			       const char *fmt, ...)
{
	const char *old;
	char key[256];
	va_list ap;

	if (!value || !*value)
		return;
	va_start(ap, fmt);
	vsnprintf(key, sizeof(key), fmt, ap);
	va_end(ap);
	old = json_str(traits, key, NULL);
	/* A run that is not even like itself is like no other. */
	if (old && strcmp(old, value))
		value = "several";
	json_object_set_new(traits, key, json_string(value));
}

/* Any JSON value as text; strings without their quotes. */
static char *text_of(const json_t *v)
{
	return json_is_string(v) ? strdup(json_string_value(v)) :
	       json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
}

static void traits_of_object(json_t *traits, const json_t *o, const char *what,
			     const char *on)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)o, name, v) {
		char *text = text_of(v);

		trait(traits, text, "%s %s%s%s", what, name, *on ? " on " : "", on);
		free(text);
	}
}

/**
 * alike_traits() - what a run was made with
 * @meta: its run.json
 * @boots: its boots
 * @n: how many
 *
 * Return: {name: value}, a new reference. Names that begin with "commit" tell
 * the benchmark apart, all others what it ran on.
 */
json_t *alike_traits(const json_t *meta, const struct boot * const *boots, size_t n)
{
	static const char * const machine[] = {
		"cpu", "cores", "mem_mib", "kernel", "thp", "thp_defrag", "ksm",
		"governor", "turbo", "smt",
	};
	const json_t *m = json_object_get(meta, "machine");
	const json_t *by = json_object_get(meta, "settings_by_platform");
	json_t *traits = json_object(), *o, *s;
	const char *platform, *workload;
	size_t i;

	for (i = 0; i < sizeof(machine) / sizeof(*machine); i++) {
		const json_t *v = json_object_get(m, machine[i]);
		char *text = v ? text_of(v) : NULL;

		trait(traits, text, "machine's %s", machine[i]);
		free(text);
	}
	trait(traits, json_str(meta, "commit", NULL), "commit");
	trait(traits, json_str(meta, "append", NULL), "words of PRBENCH_APPEND");
	json_object_foreach((json_t *)by, platform, o)
		json_object_foreach(o, workload, s)
			traits_of_object(traits, s, workload, platform);
	for (i = 0; i < n; i++) {
		const struct boot *b = boots[i];
		const char *on = b->platform;
		const json_t *has_cpus;
		char sha[13], *cpus;

		if (b->status != BOOT_OK)
			continue;
		if (!platform_find(on)->instructions)
			trait(traits, json_str(meta, "equalise", NULL),
			      "state of the host before a boot on %s", on);
		trait(traits, json_str(b->meta, "qemu_version", NULL),
		      "QEMU version on %s", on);
		snprintf(sha, sizeof(sha), "%s", json_str(b->meta, "config_sha256", ""));
		trait(traits, sha,
		      "kernel configuration of %s on %s", b->variant, on);
		trait(traits, json_str(b->meta, "kernel", NULL),
		      "kernel of %s on %s", b->variant, on);
		has_cpus = json_object_get(b->meta, "cpus");
		cpus = has_cpus ? text_of(has_cpus) : NULL;
		trait(traits, cpus, "CPUs of %s on %s", b->variant, on);
		free(cpus);
	}
	return traits;
}

static bool same(const char *name, const char *a, const char *b)
{
	if (!strcmp(name, "machine's mem_mib")) {
		double x = strtod(a, NULL), y = strtod(b, NULL);

		return fabs(x - y) <= MEM_TOLERANCE * fmax(x, y);
	}
	/* Two trees of which no commit is known may be any two trees. */
	return !strcmp(a, b) && strcmp(a, "several") && strcmp(a, "nogit");
}

/**
 * alike_differences() - what two runs differ in
 * @a: traits of one
 * @b: traits of the other; what only one of them knows is not compared
 * @commits: a difference of the commit counts
 *
 * Return: an array of lines, a new reference; empty if they are alike.
 */
json_t *alike_differences(const json_t *a, const json_t *b, bool commits)
{
	json_t *lines = json_array(), *v;
	const char *name;

	json_object_foreach((json_t *)a, name, v) {
		const char *x = json_string_value(v);
		const char *y = json_str(b, name, NULL);

		if (!y || same(name, x, y) ||
		    (!commits && !strcmp(name, "commit")))
			continue;
		json_array_append_new(lines, json_sprintf("%s: %.80s against %.80s",
							  name, x, y));
	}
	return lines;
}
