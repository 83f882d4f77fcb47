// SPDX-License-Identifier: GPL-2.0
/* Did the settings of a variant take?  A boot in which they did not is void. */
#include <stdlib.h>
#include <string.h>

#include "prbench.h"

#define FEATURE_HINT		3	/* VIRTIO_BALLOON_F_FREE_PAGE_HINT */
#define FEATURE_REPORTING	5	/* VIRTIO_BALLOON_F_REPORTING */

static bool um_enabled(const json_t *um)
{
	const json_t *enable = json_object_get(um, "enable");

	if (json_is_integer(enable))
		return json_integer_value(enable) != 0;
	return json_is_string(enable) &&
	       strchr("Yy1", json_string_value(enable)[0]);
}

/* Compare every "page_reporting.NAME=N" of the command line with sysfs. */
static int check_parameters(const char *extra, const json_t *params, char *err,
			    size_t len)
{
	static const char prefix[] = "page_reporting.";
	const char *p = extra;

	while (p && (p = strstr(p, prefix))) {
		char name[64];
		long long want;
		const json_t *is;

		p += sizeof(prefix) - 1;
		if (sscanf(p, "%63[a-z_]=%lld", name, &want) != 2)
			return set_err(err, len, "bad variant option '%s'", p);
		is = json_object_get(params, name);
		if (!json_is_integer(is))
			return set_err(err, len,
				       "the guest's kernel has no parameter page_reporting.%s",
				       name);
		if (json_integer_value(is) != want)
			return set_err(err, len,
				       "page_reporting.%s is %lld in the guest, %lld was asked for",
				       name, (long long)json_integer_value(is),
				       want);
	}
	return 0;
}

/*
 * Other users of page_ext. None says whether its option took but page_owner, by
 * its file; but memory for page_ext is taken if and only if somebody wants it.
 */
static int check_page_ext(const json_t *ready, const struct variant *v, char *err,
			  size_t len)
{
	const json_t *bytes = json_object_get(ready, "page_ext_bytes");
	const json_t *files = json_object_get(ready, "debugfs");
	bool found = !v->debugfs;
	json_t *name;
	size_t i;

	json_array_foreach(files, i, name)
		found |= v->debugfs && json_is_string(name) &&
			 !strcmp(json_string_value(name), v->debugfs);
	if (!found)
		return set_err(err, len,
			       "'%s' did not take: no %s in the guest's debugfs",
			       v->extra, v->debugfs);
	if (v->page_ext && json_integer_value(bytes) <= 0)
		return set_err(err, len,
			       "'%s' did not take: the guest's kernel has no page_ext",
			       v->extra);
	/* Who adds words to all command lines may have asked for it. */
	if (!v->page_ext && !v->patched && json_integer_value(bytes) > 0 &&
	    !getenv("PRBENCH_APPEND"))
		return set_err(err, len,
			       "the guest's kernel has %lld bytes of page_ext, variant %s wants none",
			       (long long)json_integer_value(bytes), v->name);
	return 0;
}

int settings_check(const json_t *ready, const struct boot *b,
		   const char *release, char *err, size_t len)
{
	const char *cmdline = json_string_value(json_object_get(ready, "cmdline"));
	const char *is = json_string_value(json_object_get(ready, "release"));
	const char *bits =
		json_string_value(json_object_get(ready, "balloon_features"));
	const json_t *um = json_object_get(ready, "um");
	const struct variant *v = b->variant;
	const char *words = variant_words(v, b->series);
	long long cpus = json_integer_value(json_object_get(ready, "cpus"));
	bool stats = json_is_true(json_object_get(ready, "debugfs_stats"));

	if (!is || strcmp(is, release))
		return set_err(err, len,
			       "the guest runs kernel '%s', the build says '%s'",
			       is ? is : "?", release);
	if (cpus && cpus != boot_cpus(b))
		return set_err(err, len, "the guest has %lld CPUs, %d were asked for",
			       cpus, boot_cpus(b));
	if (!cmdline || !strstr(cmdline, words))
		return set_err(err, len,
			       "the guest's command line lacks '%s'", words);
	if (b->platform == UM) {
		if (!um)
			return set_err(err, len,
				       "the guest's kernel lacks the page_reporting_um driver");
		if (um_enabled(um) != v->reporting)
			return set_err(err, len,
				       "page_reporting_um.enable is %s in the guest",
				       v->reporting ? "off" : "on");
	} else {
		if (!bits)
			return set_err(err, len,
				       "the guest sees no virtio-balloon");
		if (strlen(bits) <= FEATURE_REPORTING ||
		    (bits[FEATURE_REPORTING] == '1') != v->negotiated)
			return set_err(err, len,
				       "the balloon %s free page reporting, variant %s expects %s",
				       v->negotiated ? "did not negotiate" : "negotiated",
				       v->name, v->negotiated ? "it" : "none");
		if ((bits[FEATURE_HINT] == '1') != v->hint)
			return set_err(err, len,
				       "the balloon %s free page hints, variant %s expects %s",
				       v->hint ? "did not negotiate" : "negotiated",
				       v->name, v->hint ? "them" : "none");
	}
	if (v->patched && v->negotiated && !stats)
		return set_err(err, len,
			       "no page_reporting/stats in the guest's debugfs");
	if (!v->patched && stats)
		return set_err(err, len,
			       "variant %s runs a patched kernel (debugfs page_reporting exists)",
			       v->name);
	if (v->defrag && json_integer_value(json_object_get(ready, "defrag_mode")) != 1)
		return set_err(err, len,
			       "'%s' did not take: vm.defrag_mode is not 1 in the guest",
			       words);
	if (check_page_ext(ready, v, err, len))
		return -1;
	return check_parameters(words, json_object_get(ready, "page_reporting"),
				err, len);
}

/* Lines in a console log after which no figure of the boot can be trusted. */
bool splat_line(const char *line, bool oom_is_result)
{
	static const char *const marks[] = {
		"WARNING: CPU:", "BUG: ", "Oops: ", "Kernel panic",
		"kernel BUG at", "general protection fault",
		"INFO: rcu", "INFO: task",
		"possible circular locking", "possible recursive locking",
	};
	const char *warning;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(marks); i++)
		if (strstr(line, marks[i]))
			return true;
	/* From 7.0 on it is "WARNING: FILE:LINE at FUNCTION, CPU#0: PROGRAM/PID". */
	warning = strstr(line, "WARNING: ");
	if (warning && strstr(warning, ", CPU#"))
		return true;
	return !oom_is_result && strstr(line, "Out of memory: Killed");
}

/* Of these lines, those that a host without memory is enough for. */
bool pressure_line(const char *line)
{
	static const char *const marks[] = {
		"INFO: rcu", "INFO: task", "lockup", "Out of memory: Killed",
		"Kernel panic",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(marks); i++)
		if (strstr(line, marks[i]))
			return true;
	return false;
}
