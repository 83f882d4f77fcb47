// SPDX-License-Identifier: GPL-2.0
/* Where a run was made, of what, and how to make it again. */
#include "prreport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool seen_before(const struct run *run, size_t i, bool with_variant)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (!strcmp(run->boots[j].platform, run->boots[i].platform) &&
		    (!with_variant ||
		     !strcmp(run->boots[j].variant, run->boots[i].variant)))
			return true;
	return false;
}

static void count_boots(const struct run *run, const struct boot *like, int *ok,
			int *all)
{
	size_t i;

	*ok = *all = 0;
	for (i = 0; i < run->nboots; i++) {
		const struct boot *b = &run->boots[i];

		if (strcmp(b->platform, like->platform) ||
		    strcmp(b->variant, like->variant))
			continue;
		(*all)++;
		*ok += b->status == BOOT_OK;
	}
}

/* Where the repository lies on the machine of the run is nobody's business. */
static char *strip_paths(const char *s)
{
	static const char * const marks[] = { "/build/", "/results/", "/boots/" };
	char *out = strdup(s);
	size_t i;

	for (i = 0; out && i < sizeof(marks) / sizeof(*marks); i++) {
		char *hit, *from = out;

		while ((hit = strstr(from, marks[i]))) {
			char *start = hit;

			while (start > out && !strchr(" =,:'\"", start[-1]))
				start--;
			memmove(start, hit + 1, strlen(hit + 1) + 1);
			from = start;
		}
	}
	return out;
}

static char *join_argv(const json_t *argv)
{
	size_t i, size = 1;
	char *s = xrealloc(NULL, 1, 1), *stripped;
	json_t *arg;

	s[0] = 0;
	json_array_foreach(argv, i, arg) {
		const char *a = json_string_value(arg) ? json_string_value(arg) : "?";
		bool quote = !*a || strpbrk(a, " ;&|$(){}<>*?");

		size += strlen(a) + 4;
		s = xrealloc(s, size, 1);
		sprintf(s + strlen(s), "%s%s%s%s", i ? " " : "", quote ? "'" : "", a,
			quote ? "'" : "");
	}
	stripped = strip_paths(s);
	free(s);
	return stripped;
}

void put_machine(struct doc *d, const struct run *run)
{
	const json_t *m = json_object_get(run->meta, "machine");
	size_t i;

	/* A merged run of unlike machines has a table of them. */
	if (m)
		doc_p(d, "Machine: %s, %.0f cores, %.0f MiB memory, host kernel %s, THP `%s`, KSM `%s`. Commit `%s`, profile `%s`, %s.",
		      json_str(m, "cpu", "unknown processor"),
		      json_num(m, "cores", NAN), json_num(m, "mem_mib", NAN),
		      json_str(m, "kernel", "?"), json_str(m, "thp", "?"),
		      json_str(m, "ksm", "?"), json_str(run->meta, "commit", "?"),
		      json_str(run->meta, "profile", "?"),
		      json_str(run->meta, "date", "?"));
	for (int rank = 0; rank <= NR_PLATFORMS; rank++)
		for (i = 0; i < run->nboots; i++)
			if (platform_rank(run->boots[i].platform) == rank &&
			    !seen_before(run, i, false))
				doc_li(d, "`%s`: %s", run->boots[i].platform,
			       platform_find(run->boots[i].platform)->sentence);
	doc_p(d, "Unlike platforms are never compared with each other.");
}

static bool goes_on(const struct run *run)
{
	return !strcmp(json_str(run->meta, "status", ""), FIRST_REPORT);
}

/* Say that this is a report of a run that has not ended. */
void put_first_report(struct doc *d, const struct run *run)
{
	if (goes_on(run))
		doc_p(d, "**First report: %zu of %.0f boots.** The run was going on when this was written; at its end it writes this page anew.",
		      run->nboots, json_num(run->meta, "boots_planned", NAN));
}

void put_completeness(struct doc *d, const struct run *run,
			     const struct plots *plots)
{
	int by[BOOT_CORRUPT + 1] = { 0 };
	double planned = json_num(run->meta, "boots_planned", NAN);
	size_t i, maps = 0;
	int bad;

	if (!run->meta)
		doc_p(d, "**run.json is missing or cannot be read**: on which machine this ran, and how many boots were planned, is not known.");
	for (i = 0; i < run->nboots; i++)
		by[run->boots[i].status]++;
	for (i = 0; i < run->nboots; i++)
		maps += run->boots[i].status == BOOT_OK && map_was_drawn(&run->boots[i]);
	bad = run->nboots - by[BOOT_OK];
	if (!bad && !(planned > run->nboots) && !run->nnotes)
		doc_p(d, "All %zu boots finished%s.", run->nboots,
		      maps ? "" : " and count");
	else
		doc_p(d, "**%d of %.0f planned boots count**: %d lost, %d with an error, %d interrupted, %d with unusable files, %.0f %s; %zu notes on skipped or failed workloads. They are named under Boots.",
		      by[BOOT_OK], isnan(planned) ? run->nboots : planned,
		      by[BOOT_LOST], by[BOOT_ERROR], by[BOOT_INTERRUPTED],
		      by[BOOT_CORRUPT],
		      planned > run->nboots ? planned - run->nboots : 0,
		      goes_on(run) ? "still to come" : "never started", run->nnotes);
	if (maps)
		doc_p(d, "%zu of them %s disturbed to draw a map of %s memory, and in no figure but that.",
		      maps, maps == 1 ? "was" : "were", maps == 1 ? "its" : "their");
	if (plots->why_not)
		doc_p(d, "**Plots are missing**: %s.", plots->why_not);
}

void put_what_ran(struct doc *d, const struct run *run)
{
	static const char * const settings[] = { "settings", "settings_by_platform" };
	const size_t per = nr_variants + 1;
	struct table t;
	size_t i;

	doc_h(d, 2, "What was run");
	doc_p(d, "A variant is a kernel and how it is booted. `pristine` is the distribution's kernel, `patched` the same with this project's hooks. The boot is the sampling unit; variants are interleaved boot by boot, and no value is dropped as an outlier.");
	table_init(&t, 7, "llllrrl");
	for (const char * const *h = (const char * const []){ "platform", "variant",
	     "tree", "kernel", "memory", "boots", "guest command line", NULL }; *h; h++)
		table_cell(&t, "%s", *h);
	for (int rank = 0; rank < (int)((NR_PLATFORMS + 1) * per); rank++) {
		for (i = 0; i < run->nboots; i++) {
			const struct boot *b = &run->boots[i];
			char *cmd;
			int ok, all;

			if (platform_rank(b->platform) * (int)per +
			    variant_rank(b->variant) != rank ||
			    seen_before(run, i, true))
				continue;
			count_boots(run, b, &ok, &all);
			cmd = strip_paths(json_str(b->meta, "cmdline", ""));
			table_cell(&t, "%s", b->platform);
			table_cell(&t, "%s", b->variant);
			table_cell(&t, "%s", b->tree);
			table_cell(&t, "%s", b->kernel);
			table_cell(&t, "%.0f MiB", json_num(b->meta, "mem_mib", NAN));
			table_cell(&t, ok == all ? "%d" : "**%d** of %d", ok, all);
			table_cell(&t, *cmd ? "`%s`" : "%s-", cmd);
			free(cmd);
		}
	}
	doc_table(d, &t);
	table_free(&t);

	for (i = 0; i < run->nboots; i++) {
		const struct boot *b = &run->boots[i];
		const char *qemu = json_str(b->meta, "qemu_version", "");
		char *argv;

		if (seen_before(run, i, false) || !json_object_get(b->meta, "argv"))
			continue;
		argv = join_argv(json_object_get(b->meta, "argv"));
		doc_p(d, "The first boot on `%s` (`%s`%s%s) was started so; every boot's exact line is `argv` in its `meta.json`, with the machine's paths:",
		      b->platform, b->name, *qemu ? ", QEMU " : "", qemu);
		doc_pre(d, argv);
		free(argv);
	}
	for (i = 0; i < 2; i++) {
		const json_t *o = json_object_get(run->meta, settings[i]);
		char *s;

		if (!json_object_size(o))
			continue;
		s = json_dumps(o, JSON_INDENT(2) | JSON_SORT_KEYS);
		doc_p(d, i ? "On some platforms they differ:" : "Settings of the workloads:");
		doc_pre(d, s);
		free(s);
	}
}

void put_boots(struct doc *d, const struct run *run)
{
	char *files;
	struct table t;
	size_t i;

	doc_h(d, 2, "Boots");
	doc_p(d, "In the order in which they ran. Only boots with status ok count; what is disturbed to draw a map of its memory ('map only') is in no figure but that one. The gap is the longest time between two samples of host memory; `t50_s` and `t95_s` are no more exact than that.");
	table_init(&t, 9, "rlllrrlll");
	for (const char * const *h = (const char * const []){ "seq", "platform", "variant",
	     "kernel", "samples", "gap", "status", "error", "files", NULL }; *h; h++)
		table_cell(&t, "%s", *h);
	for (i = 0; i < run->nboots; i++) {
		const struct boot *b = &run->boots[i];

		table_cell(&t, "%d", b->seq);
		table_cell(&t, "%s", b->platform);
		table_cell(&t, "%s", b->variant);
		table_cell(&t, "%s %s", b->kernel, b->tree);
		table_cell(&t, "%zu", b->nsamples);
		if (b->nsamples > 1)
			table_cell(&t, "%.0f ms", b->max_gap * 1000);
		else
			table_cell(&t, "-");
		table_cell(&t, b->status == BOOT_OK ? "%s" : "**%s**",
			   b->status == BOOT_OK && map_was_drawn(b) ? "ok, map only" :
			   boot_status_name(b->status));
		table_cell(&t, "%s", b->error);
		files = boot_files(d, b, NULL);
		table_cell(&t, "%s", files);
		free(files);
	}
	doc_table(d, &t);
	table_free(&t);

	for (i = 0; i < run->nnotes; i++)
		doc_li(d, "`%s`%s%s: %s", run->notes[i].boot,
		       run->notes[i].workload ? ", workload " : "",
		       run->notes[i].workload ? run->notes[i].workload : "",
		       run->notes[i].text);
	for (i = 0; i < run->nboots; i++) {
		const struct boot *b = &run->boots[i];
		size_t j;

		for (j = 0; j < i; j++) {
			const struct boot *a = &run->boots[j];
			const char *x = json_str(a->meta, "config_sha256", "");
			const char *y = json_str(b->meta, "config_sha256", "");

			if (!map_was_drawn(a) && !map_was_drawn(b) &&
			    !strcmp(a->platform, b->platform) &&
			    !strcmp(a->variant, b->variant) && *x && *y && strcmp(x, y)) {
				doc_li(d, "**`%s` ran another kernel configuration than `%s`**: they should not have been one group.",
				       b->name, a->name);
				break;
			}
		}
	}
}

/* Older results do not say what their workloads are. */
void put_workloads(struct doc *d, const struct run *run)
{
	const char *name;
	json_t *o;

	if (!workloads_known())
		return;
	doc_h(d, 2, "What each workload does");
	json_object_foreach(json_object_get(run->meta, "about_workloads"), name, o)
		doc_li(d, "`%s`: %s.%s", name, json_str(o, "description", "?"),
		       workload_from_start(name) ?
		       " Its figures count from the start of the VM." : "");
}

/* What decides the experiment, of a command line of prbench, as JSON. */
static json_t *chosen_options(const json_t *argv)
{
	static const char * const decides[] = { "--profile", "--platforms", "--variants",
		"--workloads", "--workloads-dir", "--boots", "--seed", "--set", "--probe",
		"--equalise", "--first", NULL };
	json_t *out = json_array();
	size_t i;

	for (i = 1; i < json_array_size(argv); i++) {
		const char *word = json_string_value(json_array_get(argv, i)), *is;
		size_t d, len;

		if (!word)
			continue;
		is = strchr(word, '=');
		len = is ? (size_t)(is - word) : strlen(word);
		for (d = 0; decides[d]; d++)
			if (strlen(decides[d]) == len && !strncmp(word, decides[d], len))
				break;
		if (!decides[d])
			continue;
		json_array_append(out, json_array_get(argv, i));
		if (!is && i + 1 < json_array_size(argv))
			json_array_append(out, json_array_get(argv, ++i));
	}
	return out;
}

/* "6.12" of the release of the first boot that says one; "" if none does. */
static void series_of(const struct run *run, char *out, size_t size)
{
	unsigned int major, minor;
	size_t i;

	*out = 0;
	for (i = 0; i < run->nboots && !*out; i++)
		if (sscanf(run->boots[i].kernel, "%u.%u", &major, &minor) == 2)
			snprintf(out, size, "%u.%u", major, minor);
}

void put_howto(struct doc *d, const struct run *run, const struct plots *plots)
{
	json_t *options = chosen_options(json_object_get(run->meta, "argv"));
	char *words = join_argv(options), *text, *plot;
	char series[32];

	doc_h(d, 2, "Do it again");
	plot = plots->n ? format("\ncd results/latest/plots && gnuplot %s.gp   # one plot again",
				  plots->p[0].name) : format("%s", "");
	series_of(run, series, sizeof(series));
	if (json_object_get(run->meta, "merged"))
		doc_p(d, "Each of the merged runs by itself: run.json has their commits and arguments. This report again, from the raw data: `make report RESULTS=...`.");
	else {
		text = format("git checkout %s\nmake programs\n"
			      "%s%s%sbuild/bin/prbench --build scripts/kernel.sh%s%s\n"
			      "make report                # this report again, from the raw data%s",
			      json_str(run->meta, "commit", "?"), *series ? "KERNEL=" : "",
			      series, *series ? " " : "", *words ? " " : "", words, plot);
		doc_pre(d, text);
		free(text);
	}
	doc_p(d, "Raw data lie beside this file%s: `run.json`, and for each boot in `boots/` its `meta.json`, `console.log`, `samples.tsv`, `events.jsonl` and `counters.json`, and `map.jsonl` where memory was mapped. All figures of this report are rows of [summary.tsv](summary.tsv).",
	      d->archive ? ", in [" RAW_ARCHIVE "](" RAW_ARCHIVE ")" : "");
	json_decref(options);
	free(words);
	free(plot);
}
