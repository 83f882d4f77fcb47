// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptions of workloads: common.json and the workload.json of four
 * directories are the texts of an input.  What is refused is refused with the
 * name of a file; what is not can be planned and told to guest and report.
 */
#include "fuzz.h"
#include "prbench.h"

static const char *const names[] = { "alpha", "beta", "alpha-part", "gamma" };

static const char *path_of(const char *name, const char *file)
{
	static char path[700];

	snprintf(path, sizeof(path), "%s%s%s/%s", scratch_dir(),
		 *name ? "/" : "", name, file);
	return path;
}

/* Two have code of their own, the others have to be like them. */
static void make_root(void)
{
	const struct text nothing = { "", 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		MUST(!mkdir(path_of(names[i], ""), 0700));
		if (i < 2)
			put_text(path_of(names[i], "guest.c"), &nothing);
	}
}

static void check_plan(bool full)
{
	struct selection sel = {
		.full = full,
		.platforms = (1U << NR_PLATFORMS) - 1,
		.workloads = (1ULL << nr_workloads) - 1,
		.boots = 1,
		.seed = 1,
	};
	struct plan plan;
	size_t i, l, k;

	MUST(!(default_workloads(full) & ~sel.workloads));
	MUST(!plan_make(&plan, &sel));
	for (i = 0; i < plan.nr; i++) {
		for (l = 0; l < plan.phases[i].nr; l++) {
			const struct lane *lane = &plan.phases[i].lanes[l];

			for (k = 0; k < lane->nr; k++) {
				const struct boot *b = &lane->boots[k];

				MUST(b->mem_mib && b->workloads);
				MUST(!(b->workloads & ~sel.workloads));
			}
		}
	}
	plan_free(&plan);
}

/* What is sent to the guest and written down for the report. */
static void check_words(size_t w)
{
	json_t *about = workload_about(w);
	char *text = json_dumps(about, 0);
	int p, full;

	MUST(text);
	free(text);
	json_decref(about);
	for (full = 0; full < 2; full++) {
		for (p = 0; p < NR_PLATFORMS; p++) {
			json_t *o = workload_settings(full, w, p);

			text = json_dumps(o, 0);
			MUST(text);
			free(text);
			MUST(workload_seconds(o, w, p) >= 0);
			json_decref(o);
		}
	}
}

/* Each number can be set, and nothing else. */
static void check_settings(size_t w)
{
	json_t *o = workload_settings(false, w, UM), *v;
	char option[128], err[256];
	const char *name;

	json_object_foreach(o, name, v) {
		if (strlen(name) > 31 ||
		    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")])
			continue;
		snprintf(option, sizeof(option), "%s.%s=7", workloads[w].name,
			 name);
		MUST(!settings_override(option, err, sizeof(err)) ==
		     json_is_integer(v));
	}
	json_decref(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct text texts[1 + ARRAY_SIZE(names)];
	char err[512] = "";
	size_t i;
	int fd;

	if (!ready)
		make_root();
	ready = true;
	fd = free_fd();
	split(data, size, texts, ARRAY_SIZE(texts));
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *path = i ? path_of(names[i - 1], "workload.json") :
				       path_of("", "common.json");

		if (texts[i].len)
			put_text(path, &texts[i]);
		else
			unlink(path);
	}
	if (workloads_load(scratch_dir(), err, sizeof(err))) {
		MUST(!strncmp(err, scratch_dir(), strlen(scratch_dir())));
		MUST(!nr_workloads);
	} else {
		MUST(nr_workloads == ARRAY_SIZE(names));
		for (i = 0; i < nr_workloads; i++) {
			check_words(i);
			check_settings(i);
		}
		check_plan(false);
		check_plan(true);
	}
	/* of this input, whose settings the next one may not have */
	settings_reset();
	workloads_free();
	MUST(free_fd() == fd);
	return 0;
}
