// SPDX-License-Identifier: GPL-2.0
/*
 * prreport merge OUT DIR...: the runs of a fleet become one.
 *
 * Raw data is linked or copied as it is. run.json keeps each run's own and says
 * which boot is from where, and to which group of alike machines it belongs;
 * boots of one group are one sample, those of different groups never are, see
 * run_load(). The order of the runs and how often one is named make no
 * difference, nor does it whether some were merged before.
 */
#include "prreport.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One run as it was made: a directory, or a part of a merged one. */
struct source {
	const struct run *run;	/* where its boots lie now */
	const char *dir;	/* its name, when it was merged first */
	json_t *meta;		/* its own run.json */
	const json_t *names;	/* {name of boot: its first name}, or NULL: all */
	const struct boot **boots;
	size_t nboots;
	json_t *traits;
	int group;
};

struct merge {
	struct run *runs;
	size_t nruns;
	struct source *src;
	size_t nsrc;
	json_t **groups;	/* traits of all that are in it */
	int ngroups;
	json_t *left_out;
	bool damaged;
	const char *out;
	char *tmp;
	struct placed placed;
};

static void on_signal(int sig)
{
	place_stopped = sig;
}

/* ---- what there is to merge ---- */

static void left_out(struct merge *m, const char *dir, const char *why)
{
	const char *base = strrchr(dir, '/');

	m->damaged = true;
	json_array_append_new(m->left_out, json_pack("{s:s, s:s}", "dir",
						     base ? base + 1 : dir, "why", why));
}

/* Two directories may hold the same run: a copy, or a link to the latest. */
static bool same_run(const json_t *a, const json_t *b)
{
	static const char * const keys[] = { "host", "date", "commit", "seed", "argv" };
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const json_t *x = json_object_get(a, keys[i]);
		const json_t *y = json_object_get(b, keys[i]);

		if ((x || y) && !json_equal(x, y))
			return false;
	}
	return true;
}

static void add_source(struct merge *m, const struct run *run, const char *dir,
		       json_t *meta, const json_t *names)
{
	struct source *s;
	size_t i;

	for (i = 0; i < m->nsrc; i++)
		if (same_run(m->src[i].meta, meta)) {
			fprintf(stderr,
				"prreport: %s holds the same run as %s: it counts once\n",
				run->dir, m->src[i].run->dir);
			return;
		}
	m->src = xrealloc(m->src, m->nsrc + 1, sizeof(*m->src));
	s = &m->src[m->nsrc++];
	memset(s, 0, sizeof(*s));
	s->run = run;
	s->dir = dir;
	s->meta = meta;
	s->names = names;
	s->boots = xrealloc(NULL, run->nboots, sizeof(*s->boots));
	for (i = 0; i < run->nboots; i++)
		if (!names || json_object_get(names, run->boots[i].name))
			s->boots[s->nboots++] = &run->boots[i];
	s->traits = alike_traits(meta, s->boots, s->nboots);
}

static void add_run(struct merge *m, const struct run *run)
{
	json_t *merged = json_object_get(run->meta, "merged"), *o;
	const char *base = strrchr(run->dir, '/');
	size_t i;

	if (!merged) {
		add_source(m, run, base ? base + 1 : run->dir, run->meta, NULL);
		return;
	}
	json_array_foreach(merged, i, o) {
		json_t *meta = json_object_get(o, "run");
		json_t *names = json_object_get(o, "boots");

		if (json_is_object(meta) && json_is_object(names)) {
			add_source(m, run, json_str(o, "dir", "?"), meta, names);
			continue;
		}
		fprintf(stderr,
			"prreport: %s/run.json: entry %zu of \"merged\" has no \"run\" or no \"boots\": it is left out\n",
			run->dir, i);
		left_out(m, json_str(o, "dir", run->dir), "its entry in run.json is damaged");
	}
	json_array_foreach(json_object_get(run->meta, "left_out"), i, o)
		left_out(m, json_str(o, "dir", "?"), json_str(o, "why", "?"));
}

/* run.json says on which machine it was; without it nobody knows. */
static void load_runs(struct merge *m, char **dirs, int n)
{
	int i;

	m->runs = xrealloc(NULL, n, sizeof(*m->runs));
	for (i = 0; i < n; i++) {
		struct run *run = &m->runs[m->nruns];
		size_t len = strlen(dirs[i]);

		while (len > 1 && dirs[i][len - 1] == '/')
			dirs[i][--len] = 0;
		m->nruns++;
		if (run_load(run, dirs[i])) {
			left_out(m, dirs[i], "it is no run that can be read");
		} else if (!json_is_object(json_object_get(run->meta, "machine")) &&
			   !json_object_get(run->meta, "merged")) {
			fprintf(stderr,
				"prreport: %s/run.json does not say on which machine the run was made: it is left out\n",
				dirs[i]);
			left_out(m, dirs[i], "run.json does not say on which machine it was made");
		} else {
			m->damaged |= run->problems != 0;
			add_run(m, run);
		}
	}
}

static int cmp_source(const void *pa, const void *pb)
{
	const struct source *a = pa, *b = pb;
	int d = strcmp(json_str(a->meta, "date", ""), json_str(b->meta, "date", ""));

	if (!d)
		d = strcmp(json_str(a->meta, "host", ""), json_str(b->meta, "host", ""));
	return d ? d : strcmp(a->dir, b->dir);
}

/* Each goes to the first group that it does not contradict. */
static void make_groups(struct merge *m)
{
	size_t i;
	int g;

	if (m->nsrc)
		qsort(m->src, m->nsrc, sizeof(*m->src), cmp_source);
	for (i = 0; i < m->nsrc; i++) {
		struct source *s = &m->src[i];

		for (g = 0; g < m->ngroups; g++) {
			json_t *differ = alike_differences(m->groups[g], s->traits, true);
			size_t n = json_array_size(differ);

			json_decref(differ);
			if (!n)
				break;
		}
		if (g == m->ngroups) {
			m->groups = xrealloc(m->groups, g + 1, sizeof(*m->groups));
			m->groups[m->ngroups++] = json_object();
		}
		json_object_update_missing(m->groups[g], s->traits);
		s->group = g;
	}
}

/* ---- run.json ---- */

/* Words that any of the runs has, in the order in which they come up. */
static json_t *all_words(const struct merge *m, const char *key)
{
	json_t *all = json_array(), *word, *other;
	size_t i, k, j;

	for (i = 0; i < m->nsrc; i++)
		json_array_foreach(json_object_get(m->src[i].meta, key), k, word) {
			json_array_foreach(all, j, other)
				if (json_equal(word, other))
					break;
			if (j == json_array_size(all))
				json_array_append(all, word);
		}
	return all;
}

/* One value if they agree, else all of them. */
static json_t *one_or_all(const struct merge *m, const char *key)
{
	json_t *seen = json_object(), *result;
	char *text = strdup("");
	size_t i;

	for (i = 0; i < m->nsrc; i++) {
		const char *s = json_str(m->src[i].meta, key, "?");
		char *more;

		if (json_object_get(seen, s))
			continue;
		json_object_set_new(seen, s, json_true());
		more = format("%s%s%s", text, *text ? ", " : "", s);
		free(text);
		text = more;
	}
	result = json_string(text);
	free(text);
	json_decref(seen);
	return result;
}

static json_t *sum_of(const struct merge *m, const char *key)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < m->nsrc; i++)
		sum += json_num(m->src[i].meta, key, 0);
	return sum == (double)(json_int_t)sum ? json_integer((json_int_t)sum) :
						json_real(sum);
}

/* Objects of objects, the newest run having the last word. */
static json_t *union_of(const struct merge *m, const char *key)
{
	json_t *all = json_object(), *v;
	const char *name;
	size_t i;

	for (i = 0; i < m->nsrc; i++)
		json_object_foreach(json_object_get(m->src[i].meta, key), name, v) {
			json_t *old = json_object_get(all, name);

			if (json_is_object(old) && json_is_object(v) &&
			    strcmp(key, "about_workloads"))
				json_object_update(old, v);
			else
				json_object_set_new(all, name, json_copy(v));
		}
	return all;
}

static json_t *all_warnings(const struct merge *m)
{
	json_t *all = all_words(m, "warnings");

	if (!json_array_size(all)) {
		json_decref(all);
		return NULL;
	}
	return all;
}

/* What all of the runs had declared to compare */
static void keep_declared(const struct merge *m, json_t *o)
{
	json_t *first = json_object_get(m->src[0].meta, "compare");
	size_t i;

	for (i = 1; i < m->nsrc; i++)
		if (!json_equal(first, json_object_get(m->src[i].meta, "compare")))
			return;
	json_object_set(o, "compare", first);
}

static json_t *make_meta(struct merge *m, json_t *merged)
{
	/* Groups may differ in settings: then each run's own are what counts. */
	static const char * const unions[] = {
		"about_workloads", "settings", "settings_by_platform",
	};
	const size_t nunions = m->ngroups > 1 ? 1 : sizeof(unions) / sizeof(*unions);
	static const char * const lists[] = { "platforms", "variants", "workloads" };
	static const char * const sums[] = {
		"boots_planned", "boots_ok", "boots_bad", "run_s", "estimate_s",
	};
	const json_t *last = m->src[m->nsrc - 1].meta;
	json_t *o = json_object(), *warnings = all_warnings(m);
	size_t i;

	json_object_set_new(o, "schema", json_integer(1));
	json_object_set_new(o, "profile", one_or_all(m, "profile"));
	json_object_set_new(o, "date", json_string(json_str(last, "date", "?")));
	json_object_set_new(o, "host", one_or_all(m, "host"));
	json_object_set_new(o, "commit", one_or_all(m, "commit"));
	json_object_set_new(o, "status", one_or_all(m, "status"));
	if (m->ngroups == 1)
		json_object_set(o, "machine", json_object_get(last, "machine"));
	for (i = 0; i < nunions; i++) {
		json_t *u = union_of(m, unions[i]);

		if (json_object_size(u))
			json_object_set(o, unions[i], u);
		json_decref(u);
	}
	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		json_object_set_new(o, lists[i], all_words(m, lists[i]));
	for (i = 0; i < sizeof(sums) / sizeof(*sums); i++)
		json_object_set_new(o, sums[i], sum_of(m, sums[i]));
	keep_declared(m, o);
	if (warnings)
		json_object_set_new(o, "warnings", warnings);
	if (json_array_size(m->left_out))
		json_object_set(o, "left_out", m->left_out);
	json_object_set_new(o, "merged", merged);
	return o;
}

static int write_meta(const struct merge *m, const json_t *meta)
{
	char *path = format("%s/run.json", m->tmp);
	FILE *f = fopen(path, "w");
	int ret;

	ret = !f || json_dumpf(meta, f, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) ||
	      fputc('\n', f) == EOF ? -1 : 0;
	if (f && fclose(f))
		ret = -1;
	if (ret)
		place_failed("write", path);
	free(path);
	return ret;
}

/* ---- all of it ---- */

/* What is there may be replaced only if it can be made again. */
static bool may_replace(const char *out)
{
	struct stat st;
	json_t *meta;
	char *path;
	bool ok;

	if (lstat(out, &st))
		return errno == ENOENT;
	path = format("%s/run.json", out);
	meta = json_load_file(path, 0, NULL);
	ok = json_is_array(json_object_get(meta, "merged"));
	json_decref(meta);
	free(path);
	return ok;
}

/* Link the boots of all sources; fill in where each is from. */
static int place_boots(struct merge *m, json_t *merged)
{
	unsigned int seq = 0;
	size_t i, k;

	for (i = 0; i < m->nsrc; i++) {
		struct source *s = &m->src[i];
		json_t *names = json_object();

		for (k = 0; k < s->nboots; k++) {
			const char *name = s->boots[k]->name;
			const char *rest = strchr(name, '-');
			char *fresh = format("%03u%s", ++seq, rest ? rest : "-?-?");
			char *from = format("%s/boots/%s", s->run->raw, name);
			char *to = format("%s/boots/%s", m->tmp, fresh);
			int ret = place_dir(&m->placed, from, to);

			json_object_set_new(names, fresh, json_string(s->names ?
				json_str(s->names, name, name) : name));
			free(from);
			free(to);
			free(fresh);
			if (ret) {
				json_decref(names);
				return -1;
			}
		}
		json_array_append_new(merged, json_pack("{s:s, s:o, s:o, s:O}",
			"dir", s->dir, "group", json_sprintf("m%d", s->group + 1),
			"boots", names, "run", s->meta));
	}
	return 0;
}

/* Everything is made aside and takes its place in the end. */
static int put_in_place(struct merge *m)
{
	char *old = format("%s.old-%d", m->out, (int)getpid());
	int ret = 0;

	if (rename(m->out, old) && errno != ENOENT)
		ret = place_failed("replace", m->out);
	if (!ret && rename(m->tmp, m->out)) {
		ret = place_failed("make", m->out);
		rename(old, m->out);
	}
	if (!ret)
		archive_remove(old);
	free(old);
	return ret;
}

static int merge(struct merge *m)
{
	json_t *merged = json_array(), *meta = NULL;
	char *boots;
	int ret = -1;

	m->tmp = format("%s.tmp-%d", m->out, (int)getpid());
	boots = format("%s/boots", m->tmp);
	if (mkdir(m->tmp, 0755) || mkdir(boots, 0755)) {
		place_failed("make", boots);
	} else if (!place_boots(m, merged)) {
		meta = make_meta(m, json_incref(merged));
		if (!write_meta(m, meta) && !place_stopped)
			ret = put_in_place(m);
	}
	if (ret)
		archive_remove(m->tmp);
	json_decref(meta);
	json_decref(merged);
	free(boots);
	free(m->tmp);
	return ret;
}

static void say(const struct merge *m)
{
	size_t i, boots = 0;

	for (i = 0; i < m->nsrc; i++)
		boots += m->src[i].nboots;
	printf("%s: %zu boots of %zu runs in %d group%s, %u files linked, %u copied\n",
	       m->out, boots, m->nsrc, m->ngroups, m->ngroups == 1 ? "" : "s",
	       m->placed.links, m->placed.copies);
	for (i = 0; i < m->nsrc; i++) {
		const struct source *s = &m->src[i];
		json_t *differ, *line;
		size_t k;

		printf("  m%d: %s, %s, %zu boots\n", s->group + 1, s->dir,
		       json_str(s->meta, "host", "?"), s->nboots);
		if (!s->group)
			continue;
		differ = alike_differences(m->groups[0], s->traits, true);
		json_array_foreach(differ, k, line)
			if (k < 3)
				printf("      not like m1: %s\n", json_string_value(line));
		if (k > 3)
			printf("      and %zu more\n", k - 3);
		json_decref(differ);
	}
}

/**
 * merge_main() - prreport merge OUT DIR...
 *
 * Return: exit status: 0 merged, 1 not, or not all of it, 2 bad arguments, 130
 * interrupted; after a message.
 */
int merge_main(int argc, char **argv)
{
	struct merge m = { .left_out = json_array() };
	struct sigaction act = { .sa_handler = on_signal };
	size_t i;
	int ret = 1;

	if (argc < 3) {
		fprintf(stderr, "prreport: merge wants OUT and the directories of runs\n");
		json_decref(m.left_out);
		return 2;
	}
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
	m.out = argv[1];
	if (!may_replace(m.out)) {
		fprintf(stderr,
			"prreport: %s is there and is no merged run: choose another OUT\n",
			m.out);
		json_decref(m.left_out);
		return 2;
	}
	load_runs(&m, argv + 2, argc - 2);
	make_groups(&m);
	if (!m.nsrc) {
		fprintf(stderr, "prreport: there is nothing to merge into %s\n", m.out);
	} else if (!merge(&m)) {
		say(&m);
		ret = m.damaged;
		if (m.damaged)
			fprintf(stderr,
				"prreport: not all of it could be used, see above; %s is made of the rest\n",
				m.out);
	} else if (place_stopped) {
		fprintf(stderr, "prreport: interrupted, %s is as it was\n", m.out);
		ret = 130;
	}
	for (i = 0; i < m.nsrc; i++) {
		json_decref(m.src[i].traits);
		free(m.src[i].boots);
	}
	for (i = 0; i < (size_t)m.ngroups; i++)
		json_decref(m.groups[i]);
	for (i = 0; i < m.nruns; i++)
		run_free(&m.runs[i]);
	json_decref(m.left_out);
	free(m.groups);
	free(m.src);
	free(m.runs);
	return ret;
}
