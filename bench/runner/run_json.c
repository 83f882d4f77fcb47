// SPDX-License-Identifier: GPL-2.0
/* The run's directory and its run.json. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "state.h"
#include "variants.h"

/* The host's name as a part of a path: what may not be there becomes '_'. */
static void host_name(char *host, size_t len)
{
	char *p;

	if (gethostname(host, len - 1) || !*host)
		snprintf(host, len, "host");
	for (p = host; *p && *p != '.'; p++)
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '_')
			*p = '_';
	*p = '\0';
	if (!*host)
		snprintf(host, len, "host");
}

/* results/latest points at the run; what is there and no link stays. */
static void point_latest(const char *out)
{
	char *temporary = format("results/.latest-%d", getpid());

	unlink(temporary);
	if (symlink(strrchr(out, '/') + 1, temporary) ||
	    rename(temporary, "results/latest")) {
		complain("results/latest cannot point at %s: %s; the run and its report are there all the same",
			 out, errno == EISDIR || errno == EEXIST ?
			 "it is a directory, remove it" : strerror(errno));
		unlink(temporary);
	}
	free(temporary);
}

void make_out_dir(struct state *s, const char *out)
{
	char path[PATH_MAX + 16], stamp[32], host[128] = "", *commit;
	time_t now = time(NULL);
	struct tm tm;
	bool own = !out;

	if (own) {
		gmtime_r(&now, &tm);
		strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
		host_name(host, sizeof(host));
		commit = git_commit(NULL);
		make_path(path, sizeof(path), "results/%s-%s-%s-%s", stamp, host,
			  commit, s->profile);
		free(commit);
		/* Two runs may begin in the same second. */
		if (!access(path, F_OK)) {
			char first[PATH_MAX];

			make_path(first, sizeof(first), "%s", path);
			make_path(path, sizeof(path), "%s-%d", first, getpid());
		}
		out = path;
	}
	if (make_dirs(out) || !realpath(out, s->cfg.out)) {
		complain("cannot make %s: %s; make room there, or choose another --out",
			 out, strerror(errno));
		exit(EXIT_FATAL);
	}
	make_path(path, sizeof(path), "%s/run.json", s->cfg.out);
	if (!access(path, F_OK)) {
		complain("%s holds a run already; choose another --out", s->cfg.out);
		exit(EXIT_USAGE);
	}
	if (own)
		point_latest(s->cfg.out);
}

static json_t *platforms_of(uint64_t mask)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < NR_PLATFORMS; i++)
		if (mask & BIT(i))
			json_array_append_new(a, json_string(platform_table[i].name));
	return a;
}

/* The settings of all workloads by platform; the first one's stand for all. */
static void add_settings(const struct selection *sel, json_t *run)
{
	json_t *settings = json_object(), *by_platform = json_object();
	size_t p, i;

	for (p = NR_PLATFORMS; p-- > 0; ) {
		json_t *o;

		if (!(sel->platforms & BIT(p)))
			continue;
		o = json_object();
		for (i = 0; i < nr_workloads; i++)
			if (sel->workloads & BIT(i))
				json_object_set_new(o, workloads[i].name,
					workload_settings(sel->full, i,
							  (enum platform)p));
		json_object_update(settings, o);
		json_object_set_new(by_platform, platform_table[p].name, o);
	}
	json_object_set_new(run, "settings", settings);
	json_object_set_new(run, "settings_by_platform", by_platform);
}

/* The command line, as text and, where that is not the same, as bytes. */
static void add_words(json_t *run, int argc, char **argv)
{
	json_t *words = json_array(), *bytes = json_array();
	bool plain = true;
	int i;

	for (i = 0; i < argc; i++) {
		json_t *word = json_text(argv[i]);
		const char *p;
		json_t *hex = json_string("");

		plain &= !strcmp(json_string_value(word), argv[i]);
		json_array_append_new(words, word);
		for (p = argv[i]; *p; p++) {
			json_t *longer = json_sprintf("%s%02x", json_string_value(hex),
						      (unsigned char)*p);

			json_decref(hex);
			hex = longer;
		}
		json_array_append_new(bytes, hex);
	}
	json_object_set_new(run, "argv", words);
	if (!plain)
		json_object_set(run, "argv_hex", bytes);
	json_decref(bytes);
}

void make_run_json(struct state *s, int argc, char **argv)
{
	const struct selection *sel = &s->cfg.sel;
	json_t *vars = json_array(), *names = json_array(), *about = json_object();
	json_t *about_variants = json_object(), *compare = json_array(), *machine, *warnings, *line;
	char stamp[64], host[128] = "", *why = NULL, *commit = git_commit(&why);
	const char *append = getenv("PRBENCH_APPEND");
	size_t i;

	for (i = 0; i < nr_workloads; i++) {
		if (!(sel->workloads & BIT(i)))
			continue;
		json_array_append_new(names, json_string(workloads[i].name));
		json_object_set_new(about, workloads[i].name, workload_about(i));
	}
	for (i = 0; i < nr_variants; i++) {
		if (!(plan_variants(&s->plan, ~0ULL) & BIT(i)))
			continue;
		json_array_append_new(vars, json_string(variants[i].name));
		json_object_set_new(about_variants, variants[i].name,
				    json_string(variant_find(variants[i].name)->sentence));
	}
	for (i = 0; i < nr_comparison_infos; i++)
		json_array_append_new(compare, json_pack("[s, s]",
				      comparison_table[i].variant,
				      comparison_table[i].against));
	iso_time(stamp, sizeof(stamp));
	gethostname(host, sizeof(host) - 1);
	machine = meta_machine();
	warnings = meta_warnings(machine);
	json_array_foreach(warnings, i, line)
		say(s, "warning: %s\n", json_string_value(line));
	s->run = json_pack("{s:i, s:s, s:s, s:o, s:s, s:o, s:o, s:i, s:i, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:s, s:f}",
			   "schema", 1, "profile", s->profile, "date", stamp,
			   "host", json_text(host), "commit", commit,
			   "machine", machine, "warnings", warnings,
			   "boots_planned", (int)s->plan.nr_boots,
			   "seed", (int)sel->seed,
			   "platforms", platforms_of(sel->platforms),
			   "variants", vars,
			   "variants_by_profile", !sel->variants,
			   "workloads", names,
			   "about_workloads", about,
			   "about_variants", about_variants,
			   "compare", compare,
			   "equalise", equalise_names[s->cfg.equalise],
			   "estimate_s", s->plan.estimate_s);
	json_object_set_new(s->run, "append",
			    json_text(append && *append ? append : "none"));
	add_settings(sel, s->run);
	add_words(s->run, argc, argv);
	if (why)
		json_object_set_new(s->run, "no_commit", json_text(why));
	if (s->kvm_counters)
		json_object_set_new(s->run, "kvm_counters",
				    json_text(s->kvm_counters));
	free(why);
	free(commit);
}

/* What is warned of now holds for the run that goes on, too. */
static void keep_warnings(json_t *was, const json_t *now)
{
	json_t *all = json_object_get(was, "warnings"), *line, *other;
	size_t i, k;

	if (!json_is_array(all)) {
		all = json_array();
		json_object_set_new(was, "warnings", all);
	}
	json_array_foreach(now, i, line) {
		json_array_foreach(all, k, other)
			if (json_equal(line, other))
				break;
		if (k == json_array_size(all))
			json_array_append(all, line);
	}
}

/* From now on it is the run that was interrupted; what has ended is not booted. */
void go_on(struct state *s)
{
	json_t *was = s->was;
	json_t *times = json_object_get(was, "resumed");
	char err[512], stamp[64];
	struct resumed done;

	if (resume_same(was, s->run, err, sizeof(err))) {
		complain("cannot go on with %s: %s", s->cfg.out, err);
		exit(EXIT_USAGE);
	}
	if (resume_plan(&s->plan, s->cfg.out, &done)) {
		complain("cannot read %s/boots: %s", s->cfg.out,
			strerror(errno));
		exit(EXIT_FATAL);
	}
	s->started = done.last;
	s->ok = done.ok;
	s->bad = done.bad;
	s->before_s = json_number_value(json_object_get(was, "run_s"));
	iso_time(stamp, sizeof(stamp));
	if (!json_is_array(times)) {
		times = json_array();
		json_object_set_new(was, "resumed", times);
	}
	json_array_append_new(times, json_string(stamp));
	keep_warnings(was, json_object_get(s->run, "warnings"));
	json_decref(s->run);
	s->run = json_incref(was);
}

void save_run(struct state *s, const char *status)
{
	char path[PATH_MAX + 16], err[PATH_MAX + 64];

	json_object_set_new(s->run, "status", json_string(status));
	json_object_set_new(s->run, "boots_ok", json_integer(s->ok));
	json_object_set_new(s->run, "boots_bad", json_integer(s->bad));
	json_object_set_new(s->run, "run_s",
			    json_real(s->before_s + now_s() - s->t0));
	make_path(path, sizeof(path), "%s/run.json", s->cfg.out);
	if (write_json(path, s->run, err, sizeof(err))) {
		complain("%s; make room there", err);
		s->fatal = true;
	}
}
