// SPDX-License-Identifier: GPL-2.0
/*
 * The workloads: one directory each, described in its workload.json, which
 * schema.c checks.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workloads.h"

struct workload workloads[WORKLOADS_MAX];
size_t nr_workloads;

static json_t *common_metrics;

int workload_find(const char *name)
{
	size_t i;

	for (i = 0; i < nr_workloads; i++)
		if (!strcmp(workloads[i].name, name))
			return (int)i;
	return -1;
}

/*
 * One that is like another has its code, and what it does not say itself it has
 * from there; of the settings each one by itself.
 */
static int complete(const struct place *at, struct workload *w)
{
	const char *like = json_string_value(json_object_get(w->info, "like"));
	static const char *const merged[] = { "settings", "settings_for" };
	int base = like ? workload_find(like) : -1;
	json_t *whole;
	size_t i;

	if (!like)
		return 0;
	if (base < 0)
		return bad(at, "like", "there is no workload '%s'", like);
	if (json_object_get(workloads[base].info, "like"))
		return bad(at, "like", "'%s' is like another itself", like);
	w->by_host |= workloads[base].by_host;
	whole = json_deep_copy(workloads[base].info);
	for (i = 0; i < ARRAY_SIZE(merged); i++) {
		json_t *own = json_object_get(w->info, merged[i]);
		json_t *theirs = json_object_get(whole, merged[i]);
		const char *name;
		json_t *v;

		/* Settings by name; those for a profile or platform, too. */
		json_object_foreach(own, name, v) {
			json_t *o = json_object_get(theirs, name);

			if (json_is_object(o) && json_is_object(v))
				json_object_update(o, v);
			else
				json_object_set(theirs, name, v);
		}
		if (own && theirs)
			json_object_del(w->info, merged[i]);
	}
	json_object_update(whole, w->info);
	json_decref(w->info);
	w->info = whole;
	return 0;
}

static const json_t *boots_of(const struct workload *w, bool full)
{
	return json_object_get(json_object_get(w->info, "boots"),
			       profile_names[full]);
}

/* Whose table of boots it is. */
static int leader_of(size_t i, bool full)
{
	const json_t *o = boots_of(&workloads[i], full);

	return json_is_string(o) ? workload_find(json_string_value(o)) : (int)i;
}

/* "drain-all" would be a part of "drain", see the report. */
static bool is_part_of(const char *name, const char *of)
{
	size_t n = strlen(of);

	return !strncmp(name, of, n) && name[n] == '-';
}

static bool has_own_boots(const struct workload *w)
{
	return json_object_get(w->info, "guest") || json_object_get(w->info, "row");
}

/* What can be said only when all of them are known. */
static int check_sharing(const struct place *at, size_t i, bool full)
{
	const struct workload *w = &workloads[i];
	int leader = leader_of(i, full);
	char key[32];
	size_t k;

	snprintf(key, sizeof(key), "boots.%s", profile_names[full]);
	if (!boots_of(w, full))
		return w->profiles & BIT(full) ?
		       bad(at, key, "is missing, and the workload is a default one") : 0;
	if (leader < 0)
		return bad(at, key, "there is no workload '%s'",
			   json_string_value(boots_of(w, full)));
	for (k = 0; k < nr_workloads; k++)
		if (leader_of(k, full) == leader &&
		    is_part_of(w->name, workloads[k].name))
			return bad(at, key, "in a boot with '%s' its results would be that one's",
				   workloads[k].name);
	if ((size_t)leader == i)
		return 0;
	if (!json_is_object(boots_of(&workloads[leader], full)))
		return bad(at, key, "'%s' has no boots of its own",
			   workloads[leader].name);
	if (has_own_boots(w) || has_own_boots(&workloads[leader]))
		return bad(at, key, "who chooses the guest's size, or has a row, shares boots with nobody");
	return 0;
}

static json_t *load_file(const struct place *at)
{
	json_error_t jerr;
	json_t *o = json_load_file(at->file, JSON_REJECT_DUPLICATES, &jerr);

	if (!o && json_error_code(&jerr) == json_error_cannot_open_file)
		set_err(at->err, at->len, "%s: %s", at->file, strerror(errno));
	else if (!o)
		set_err(at->err, at->len, "%s: line %d: %s", at->file, jerr.line,
			jerr.text);
	else if (!json_is_object(o))
		set_err(at->err, at->len, "%s: is not an object", at->file);
	if (json_is_object(o))
		return o;
	json_decref(o);
	return NULL;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* Read one directory's file and look at its keys. */
static int load_one(const char *dir, const char *name, char *err, size_t len)
{
	struct workload *w = &workloads[nr_workloads];
	char *file = format("%s/%s/workload.json", dir, name);
	char *code = format("%s/%s/guest.c", dir, name);
	char *host = format("%s/%s/host.c", dir, name);
	struct place at = { .file = file, .err = err, .len = len };
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
	int ret = -1;

	if (nr_workloads == WORKLOADS_MAX) {
		set_err(err, len, "%s: more than %d workloads", dir,
			WORKLOADS_MAX);
	} else if (name[n] || !islower((unsigned char)name[0]) ||
		   n >= sizeof(w->name)) {
		set_err(err, len,
			"%s/%s: a workload's name is made of a-z, 0-9 and -, begins with a letter and has at most %zu",
			dir, name, sizeof(w->name) - 1);
	} else {
		memset(w, 0, sizeof(*w));
		strcpy(w->name, name);
		w->by_host = !access(host, R_OK);
		w->info = load_file(&at);
		if (w->info) {
			nr_workloads++;
			ret = check_top_keys(&at, w->info);
		}
		if (!ret && access(code, R_OK) &&
		    !json_object_get(w->info, "like"))
			ret = set_err(err, len,
				      "%s: %s; a workload without it must be 'like' another",
				      code, strerror(errno));
	}
	free(file);
	free(code);
	free(host);
	return ret;
}

static int by_order(const void *pa, const void *pb)
{
	const struct workload *a = pa, *b = pb;
	json_int_t d = json_integer_value(json_object_get(a->info, "order")) -
		       json_integer_value(json_object_get(b->info, "order"));

	return d ? (d < 0 ? -1 : 1) : strcmp(a->name, b->name);
}

/* What every workload may have, whatever it does. */
static int load_common(const char *dir, char *err, size_t len)
{
	static const struct key keys[] = { { "metrics", ARRAY, true } };
	char *file = format("%s/common.json", dir);
	struct place at = { .file = file, .err = err, .len = len };
	json_t *o = access(file, F_OK) ? json_pack("{s:[]}", "metrics") :
					 load_file(&at);
	int ret = -1;

	if (o && !check_keys(&at, "", o, keys, ARRAY_SIZE(keys)) &&
	    !check_metrics(&at, json_object_get(o, "metrics"))) {
		common_metrics = json_incref(json_object_get(o, "metrics"));
		ret = 0;
	}
	json_decref(o);
	free(file);
	return ret;
}

static int skip_hidden(const struct dirent *de)
{
	return de->d_name[0] != '.';
}

/* Read all of them; on failure @err says which file is wrong and why. */
int workloads_load(const char *dir, char *err, size_t len)
{
	struct dirent **names;
	int n = scandir(dir, &names, skip_hidden, alphasort), i, ret = 0;
	size_t w;

	workloads_free();
	if (n < 0)
		return set_err(err, len, "%s: %s", dir, strerror(errno));
	for (i = 0; i < n; i++) {
		char *path = format("%s/%s", dir, names[i]->d_name);

		if (!ret && is_directory(path))
			ret = load_one(dir, names[i]->d_name, err, len);
		free(path);
		free(names[i]);
	}
	free(names);
	if (!ret && !nr_workloads)
		ret = set_err(err, len, "%s: there is no workload in it", dir);
	for (w = 0; w < 2 * nr_workloads && !ret; w++) {
		struct workload *one = &workloads[w % nr_workloads];
		char *file = format("%s/%s/workload.json", dir, one->name);
		struct place at = { .file = file, .err = err, .len = len };

		ret = w < nr_workloads ? complete(&at, one) :
					 check_workload(&at, one);
		free(file);
	}
	if (!ret)
		qsort(workloads, nr_workloads, sizeof(*workloads), by_order);
	for (w = 0; w < nr_workloads && !ret; w++) {
		char *file = format("%s/%s/workload.json", dir, workloads[w].name);
		struct place at = { .file = file, .err = err, .len = len };

		ret = check_sharing(&at, w, false) || check_sharing(&at, w, true) ?
		      -1 : 0;
		free(file);
	}
	if (!ret)
		ret = load_common(dir, err, len);
	if (ret)
		workloads_free();
	return ret;
}

void workloads_free(void)
{
	while (nr_workloads)
		json_decref(workloads[--nr_workloads].info);
	json_decref(common_metrics);
	common_metrics = NULL;
}

uint64_t default_workloads(bool full)
{
	uint64_t mask = 0;
	size_t i;

	for (i = 0; i < nr_workloads; i++)
		if (workloads[i].profiles & BIT(full))
			mask |= BIT(i);
	return mask;
}

int parse_workloads(const char *text, uint64_t *mask, char *unknown, size_t len)
{
	const char *names[WORKLOADS_MAX];
	size_t i;

	for (i = 0; i < nr_workloads; i++)
		names[i] = workloads[i].name;
	return parse_list(text, names, nr_workloads, mask, unknown, len);
}

/* The kinds of boots of a profile, in the order of what comes first in each. */
size_t workload_groups(bool full, struct group *groups)
{
	int leaders[WORKLOADS_MAX];
	size_t i, g, nr = 0;

	for (i = 0; i < nr_workloads; i++) {
		int leader = leader_of(i, full);

		if (!boots_of(&workloads[i], full))
			continue;
		for (g = 0; g < nr; g++)
			if (leaders[g] == leader)
				break;
		if (g == nr) {
			leaders[nr] = leader;
			groups[nr] = workloads[leader].boots[full];
			groups[nr++].workloads = 0;
		}
		groups[g].workloads |= BIT(i);
	}
	return nr;
}

/* Under icount time is instructions: most of what is measured has no meaning. */
uint64_t workloads_for(uint64_t mask, enum platform p, size_t variant)
{
	size_t i;

	for (i = 0; i < nr_workloads; i++)
		if (!(workloads[i].platforms & BIT(p)) ||
		    (p == UM && variants[variant].no_um) ||
		    !(workloads[i].variants & BIT(variant)) ||
		    (workloads[i].needs_reporting && !variants[variant].negotiated))
			mask &= ~BIT(i);
	return mask;
}

/* What the report has to know: it has no names of workloads of its own. */
json_t *workload_about(size_t w)
{
	static const char *const keys[] = {
		"description", "like", "from_start", "host_memory", "row",
	};
	const json_t *info = workloads[w].info;
	json_t *metrics = json_copy(json_object_get(info, "metrics"));
	json_t *o = json_object(), *common;
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_object_get(info, keys[i]))
			json_object_set(o, keys[i],
					json_object_get(info, keys[i]));
	json_array_foreach(common_metrics, i, common) {
		for (k = 0; k < json_array_size(metrics); k++)
			if (json_equal(json_object_get(common, "name"),
				       json_object_get(json_array_get(metrics, k),
						       "name")))
				break;
		if (k == json_array_size(metrics))
			json_array_append(metrics, common);
	}
	json_object_set_new(o, "metrics", metrics);
	return o;
}
