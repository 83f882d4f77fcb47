/* SPDX-License-Identifier: GPL-2.0 */
/* Runs that are made up: each boot is one figure of churn. */
#ifndef MADE_H
#define MADE_H

#include <errno.h>
#include <sys/stat.h>

#include "work.h"

static inline void expect(bool ok, const char *text, const char *what)
{
	if (!ok)
		fail_msg("wrong about: %s\n%s", what, text ? text : "(nothing)");
}

#define has(text, what)		expect((text) && strstr(text, what), text, what)
#define has_not(text, what)	expect((text) && !strstr(text, what), text, what)

/* ---- made up runs ---- */

struct made {
	const char *cpu, *commit, *host, *date, *sha, *qemu;
	int run_ms, cpus;
};

static const struct made usual = {
	"Some CPU", "0123456789ab", "one", "2026-01-01T00:00:00Z", "aaaa", "", 8000, 1,
};

static inline void make_run(struct work *w, const char *name, const struct made *m)
{
	assert_int_equal(mkdir(str("%s/%s", w->dir, name), 0755), 0);
	assert_int_equal(mkdir(str("%s/%s/boots", w->dir, name), 0755), 0);
	put(str("%s/%s/run.json", w->dir, name),
	    str("{\"schema\":1,\"profile\":\"quick\",\"date\":\"%s\",\"host\":\"%s\","
		"\"commit\":\"%s\",\"machine\":{\"cpu\":\"%s\",\"cores\":2,\"mem_mib\":24105},"
		"\"about_workloads\":{\"churn\":{\"metrics\":[{\"name\":\"cycles\","
		"\"unit\":\"count\",\"headline\":true}]}},"
		"\"boots_planned\":0,\"settings_by_platform\":{\"um\":{\"churn\":"
		"{\"run_ms\":%d}}}}\n", m->date, m->host, m->commit, m->cpu, m->run_ms));
}

/* Boots of a variant; their numbers are those of the file system's order. */
static inline void make_boots(struct work *w, const char *run, const struct made *m,
		       const char *platform, const char *variant, int first,
		       const double *values, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		char *dir = strdup(str("%s/%s/boots/%03d-%s-%s", w->dir, run, first + i,
				       platform, variant));
		bool aa = strlen(variant) > 3 && !strcmp(variant + strlen(variant) - 3, "-aa");

		assert_int_equal(mkdir(dir, 0755), 0);
		put(str("%s/meta.json", dir),
		    str("{\"schema\":1,\"seq\":%d,\"platform\":\"%s\",\"variant\":\"%s\","
			"\"kernel\":\"6.12.117\",\"kernel_tree\":\"patched\",\"status\":\"ok\","
			"\"config_sha256\":\"%s\",\"cpus\":%d,\"qemu_version\":\"%s\",\"cmdline\":"
			"\"ro init=/%s%d page_ext=on\",\"kvm_events\":{\"start_s\":0.5}}\n",
			first + i, platform, variant, m->sha, m->cpus, m->qemu,
			aa ? "elsewhere/" : "", i));
		put(str("%s/samples.tsv", dir),
		    "t_s\tresident_kib\trefault_kib\n0\t1000\t0\n5\t2000\t0\n10\t1000\t0\n");
		put(str("%s/events.jsonl", dir),
		    str("{\"t\":1,\"event\":\"begin\",\"workload\":\"churn\"}\n"
			"{\"t\":9,\"event\":\"result\",\"workload\":\"churn\",\"metric\":\"cycles\","
			"\"unit\":\"count\",\"value\":%g}\n"
			"{\"t\":9,\"event\":\"end\",\"workload\":\"churn\"}\n", values[i]));
		free(dir);
	}
}

static const double low[] = { 10.0, 10.2, 10.4, 10.6, 10.8, 11.0, 11.2, 11.4 };
static const double same[] = { 10.1, 10.3, 10.5, 10.7, 10.9, 10.95, 11.1, 11.3 };
static const double high[] = { 20.0, 20.2, 20.4, 20.6, 20.8, 21.0, 21.2, 21.4 };

#define BOOTS	8

/* A whole run with a variant or two. */
static inline void simple(struct work *w, const char *name, const struct made *m,
		   const double *ext)
{
	make_run(w, name, m);
	make_boots(w, name, m, "um", "flag", 1, low, BOOTS);
	make_boots(w, name, m, "um", "ext", 1 + BOOTS, ext, BOOTS);
}

/* The line of summary.tsv that begins so. */
static inline const char *row(const char *text, const char *platform, const char *kernel,
		       const char *variant, const char *metric)
{
	const char *key = str("%s\t%s\t%s\tchurn\t%s\t", platform, kernel, variant, metric);
	const char *at = text ? strstr(text, key) : NULL;

	return at ? str("%.*s", (int)strcspn(at, "\n"), at) : NULL;
}

#endif
