// SPDX-License-Identifier: GPL-2.0
/*
 * The workloads: one directory each, described in its workload.json.  What that
 * may hold is said in bench/workloads/README.md and checked here, so that a
 * mistake is an error that names file and key, and not a boot gone wrong.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prbench.h"

#define SLOW_FACTOR	2.5	/* emulated, unless a workload knows better */
#define PROBE_ORDER_MAX	10	/* what alloc_probe.ko takes */
#define PROBE_PERIOD_MAX	10000
#define PROBE_PERIOD	5

static const char *const profile_names[] = { "quick", "full" };
static const char *const better_names[] = { "less", "more" };

/* One after the other: what is said for a platform has the last word. */
static const char *const settings_layers[] = {
	"slow", "full", "kvm", "tcg", "icount", "um",
};

const char *const host_variables[] = {
	"kernel", "source", "out", "script", NULL
};

struct workload workloads[WORKLOADS_MAX];
size_t nr_workloads;

static json_t *common_metrics;
static json_t *overrides;	/* {workload: {name: number}} */
static json_t *probe;		/* for every workload, whatever it says itself */

/* The file that is looked at, and where to complain. */
struct place {
	const char *file;
	char *err;
	size_t len;
};

static int PRINTF(3, 4) bad(const struct place *at, const char *key,
			    const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return set_err(at->err, at->len, "%s: %s: %s", at->file, key, text);
}

enum kind { STRING, BOOLEAN, NUMBER, COUNT, OBJECT, ARRAY, ANY };

static bool is_kind(const json_t *v, enum kind kind)
{
	switch (kind) {
	case STRING:
		return json_is_string(v);
	case BOOLEAN:
		return json_is_boolean(v);
	case NUMBER:
		return json_is_number(v) && json_number_value(v) >= 0;
	case COUNT:
		return json_is_integer(v) && json_integer_value(v) >= 0 &&
		       json_integer_value(v) <= INT_MAX;
	case OBJECT:
		return json_is_object(v);
	case ARRAY:
		return json_is_array(v);
	default:
		return true;
	}
}

static const char *kind_name(enum kind kind)
{
	static const char *const names[] = {
		[STRING] = "a string", [BOOLEAN] = "true or false",
		[NUMBER] = "a number", [COUNT] = "a whole number, not negative",
		[OBJECT] = "an object", [ARRAY] = "an array", [ANY] = "anything",
	};

	return names[kind];
}

struct key {
	const char *name;
	enum kind kind;
	bool required;
};

/* No key but these, each of its kind, and those that have to be there are. */
static int check_keys(const struct place *at, const char *where, const json_t *o,
		      const struct key *keys, size_t nr)
{
	const char *name;
	char path[128];
	json_t *v;
	size_t i;

	json_object_foreach((json_t *)o, name, v) {
		snprintf(path, sizeof(path), "%s%s%s", where, *where ? "." : "",
			 name);
		for (i = 0; i < nr; i++)
			if (!strcmp(keys[i].name, name))
				break;
		if (i == nr)
			return bad(at, path, "unknown key");
		if (!is_kind(v, keys[i].kind))
			return bad(at, path, "must be %s",
				   kind_name(keys[i].kind));
	}
	for (i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), "%s%s%s", where, *where ? "." : "",
			 keys[i].name);
		if (keys[i].required && !json_object_get(o, keys[i].name))
			return bad(at, path, "is missing");
	}
	return 0;
}

static int index_of(const char *const *names, size_t nr, const char *name)
{
	size_t i;

	for (i = 0; name && i < nr; i++)
		if (!strcmp(names[i], name))
			return (int)i;
	return -1;
}

/* An array of names, each at most once, as a mask. */
static int check_names(const struct place *at, const char *key,
		       const json_t *array, const char *const *names, size_t nr,
		       uint64_t *mask)
{
	json_t *v;
	size_t i;

	if (!json_is_array(array))
		return bad(at, key, "must be an array of names");
	*mask = 0;
	json_array_foreach(array, i, v) {
		int n = index_of(names, nr, json_string_value(v));

		if (n < 0)
			return bad(at, key, "'%s' is not known",
				   json_is_string(v) ? json_string_value(v) : "?");
		if (*mask & BIT(n))
			return bad(at, key, "'%s' is there twice", names[n]);
		*mask |= BIT(n);
	}
	return 0;
}

/*
 * An array of variants, of which "all" stands for those that have no special
 * purpose; or "all" alone.
 */
static int check_variants(const struct place *at, const char *key,
			  const json_t *v, uint64_t *mask)
{
	const char *names[VARIANTS_MAX + 1];
	uint64_t all, more;
	size_t i;

	*mask = 0;
	for (i = 0; i < nr_variants; i++) {
		names[i] = variants[i].name;
		*mask |= variants[i].special ? 0 : BIT(i);
	}
	all = *mask;
	if (json_is_string(v) && !strcmp(json_string_value(v), "all"))
		return 0;
	if (json_is_string(v))
		return bad(at, key, "must be \"all\" or an array of names");
	names[nr_variants] = "all";
	if (check_names(at, key, v, names, nr_variants + 1, &more))
		return -1;
	*mask = more & BIT(nr_variants) ? (more & ~BIT(nr_variants)) | all : more;
	return 0;
}

/* How often a platform boots which variants; NULL is not at all. */
static int check_rounds(const struct place *at, const char *where,
			const json_t *v, uint64_t dflt, unsigned int *boots,
			uint64_t *mask)
{
	static const struct key keys[] = {
		{ "boots", COUNT, true }, { "variants", ANY, true },
	};
	char key[128];

	*boots = 0;
	*mask = dflt;
	if (json_is_object(v)) {
		if (check_keys(at, where, v, keys, ARRAY_SIZE(keys)))
			return -1;
		snprintf(key, sizeof(key), "%s.variants", where);
		if (check_variants(at, key, json_object_get(v, "variants"), mask))
			return -1;
		v = json_object_get(v, "boots");
	}
	if (v && !is_kind(v, COUNT))
		return bad(at, where, "must be a number of boots, or an object with boots and variants");
	*boots = (unsigned int)json_integer_value(v);
	return 0;
}

/* The boots of a profile: a table of its own, or the name of who has it. */
static int check_boots(const struct place *at, struct workload *w)
{
	static const struct key profiles[] = {
		{ "quick", ANY, false }, { "full", ANY, false },
	};
	static const struct key keys[] = {
		{ "together", BOOLEAN, false }, { "variants", ANY, true },
		{ "kvm", ANY, false }, { "tcg", ANY, false },
		{ "icount", ANY, false }, { "um", ANY, false },
	};
	const json_t *boots = json_object_get(w->info, "boots");
	int full, p;

	if (check_keys(at, "boots", boots, profiles, ARRAY_SIZE(profiles)))
		return -1;
	for (full = 0; full < 2; full++) {
		const json_t *o = json_object_get(boots, profile_names[full]);
		struct group *g = &w->boots[full];
		char where[32], key[64];
		uint64_t chosen;

		memset(g, 0, sizeof(*g));
		snprintf(where, sizeof(where), "boots.%s", profile_names[full]);
		if (!o || json_is_string(o))
			continue;
		if (!json_is_object(o))
			return bad(at, where, "must be an object, or the name of a workload whose boots it shares");
		if (check_keys(at, where, o, keys, ARRAY_SIZE(keys)))
			return -1;
		snprintf(key, sizeof(key), "%s.variants", where);
		if (check_variants(at, key, json_object_get(o, "variants"),
				   &chosen))
			return -1;
		for (p = 0; p < NR_PLATFORMS; p++) {
			snprintf(key, sizeof(key), "%s.%s", where,
				 platform_names[p]);
			if (check_rounds(at, key,
					 json_object_get(o, platform_names[p]),
					 chosen, &g->on[p].boots,
					 &g->on[p].variants))
				return -1;
			if (g->on[p].boots && !(w->platforms & BIT(p)))
				return bad(at, key, "is not among its platforms");
		}
		g->together = json_is_true(json_object_get(o, "together"));
	}
	return 0;
}

static int check_settings(const struct place *at, const json_t *info)
{
	const json_t *settings = json_object_get(info, "settings");
	const char *name, *layer;
	json_t *v, *o;
	char key[128];

	json_object_foreach((json_t *)settings, name, v) {
		snprintf(key, sizeof(key), "settings.%s", name);
		if (!is_kind(v, COUNT) && !json_is_string(v) &&
		    !json_is_boolean(v))
			return bad(at, key, "must be a whole number, a string, true or false");
	}
	json_object_foreach(json_object_get(info, "settings_for"), layer, o) {
		snprintf(key, sizeof(key), "settings_for.%s", layer);
		if (index_of(settings_layers, ARRAY_SIZE(settings_layers),
			     layer) < 0)
			return bad(at, key, "is not one of full, slow and the platforms");
		if (!json_is_object(o))
			return bad(at, key, "must be an object");
		json_object_foreach(o, name, v) {
			const json_t *dflt = json_object_get(settings, name);

			snprintf(key, sizeof(key), "settings_for.%s.%s", layer,
				 name);
			if (!dflt)
				return bad(at, key, "is not among its settings");
			if (is_kind(v, COUNT) != is_kind(dflt, COUNT) ||
			    json_is_string(v) != json_is_string(dflt) ||
			    json_is_boolean(v) != json_is_boolean(dflt))
				return bad(at, key, "is not of the kind that the setting is");
		}
	}
	return 0;
}

static bool is_setting(const json_t *info, const json_t *name)
{
	return json_is_string(name) &&
	       json_is_integer(json_object_get(json_object_get(info, "settings"),
					       json_string_value(name)));
}

/* Terms: a constant, or [coefficient, setting, ...]. */
static int check_terms(const struct place *at, const char *key,
		       const json_t *info, const json_t *terms)
{
	size_t i, k;
	json_t *term;

	json_array_foreach(terms, i, term) {
		if (is_kind(term, NUMBER))
			continue;
		if (!is_kind(json_array_get(term, 0), NUMBER))
			return bad(at, key, "term %zu is neither a number nor [number, setting...]",
				   i + 1);
		for (k = 1; k < json_array_size(term); k++)
			if (!is_setting(info, json_array_get(term, k)))
				return bad(at, key, "term %zu names what is no number among its settings",
					   i + 1);
	}
	return 0;
}

static int check_seconds(const struct place *at, const json_t *info)
{
	static const struct key keys[] = {
		{ "waits", ARRAY, false }, { "works", ARRAY, false },
		{ "slow", OBJECT, false },
	};
	static const struct key slow[] = {
		{ "kvm", NUMBER, false }, { "tcg", NUMBER, false },
		{ "icount", NUMBER, false }, { "um", NUMBER, false },
	};
	const json_t *o = json_object_get(info, "seconds");

	if (check_keys(at, "seconds", o, keys, ARRAY_SIZE(keys)) ||
	    check_terms(at, "seconds.waits", info, json_object_get(o, "waits")) ||
	    check_terms(at, "seconds.works", info, json_object_get(o, "works")))
		return -1;
	return check_keys(at, "seconds.slow", json_object_get(o, "slow"), slow,
			  ARRAY_SIZE(slow));
}

/*
 * One size, or a row of them; each a number or a setting.  A limit, or a guest
 * that can be migrated, is for those who drive guests from the host.
 */
static int check_guest(const struct place *at, const json_t *info, bool by_host)
{
	static const struct key one[] = {
		{ "mib", ANY, true }, { "limit_mib", ANY, false },
		{ "migratable", BOOLEAN, false },
	};
	static const struct key row[] = {
		{ "from_gib", ANY, true }, { "to_gib", ANY, true },
		{ "times", ANY, true },
	};
	const json_t *o = json_object_get(info, "guest");
	const char *name;
	char key[64];
	json_t *v;

	if (!o)
		return by_host ? bad(at, "guest", "is missing, and there is a host.c") : 0;
	if (json_object_get(o, "mib") ?
	    check_keys(at, "guest", o, one, ARRAY_SIZE(one)) :
	    check_keys(at, "guest", o, row, ARRAY_SIZE(row)))
		return -1;
	json_object_foreach((json_t *)o, name, v) {
		snprintf(key, sizeof(key), "guest.%s", name);
		if (strcmp(name, "mib") && json_object_get(o, "mib") && !by_host)
			return bad(at, key, "is for workloads with a host.c");
		if (!json_is_boolean(v) && !is_kind(v, COUNT) &&
		    !is_setting(info, v))
			return bad(at, key, "must be a number, or a setting that is one");
	}
	return 0;
}

static int check_template(const struct place *at, const char *key,
			  const json_t *v)
{
	const char *text = json_string_value(v), *p = text;

	if (!text)
		return bad(at, key, "must be a string or an array of strings");
	while ((p = strstr(p, "${"))) {
		size_t n = strcspn(p += 2, "}"), i;

		for (i = 0; host_variables[i]; i++)
			if (strlen(host_variables[i]) == n &&
			    !strncmp(host_variables[i], p, n))
				break;
		if (!host_variables[i] || p[n] != '}')
			return bad(at, key, "'${%.*s}' is not known", (int)n, p);
	}
	return 0;
}

/* What the host tells the guest beyond the settings. */
static int check_host(const struct place *at, const json_t *info)
{
	const json_t *settings = json_object_get(info, "settings");
	const char *name;
	char key[64];
	json_t *v, *word;
	size_t i;

	json_object_foreach(json_object_get(info, "host"), name, v) {
		snprintf(key, sizeof(key), "host.%s", name);
		if (json_object_get(settings, name))
			return bad(at, key, "is a setting, too");
		if (!json_is_array(v) && check_template(at, key, v))
			return -1;
		json_array_foreach(v, i, word)
			if (check_template(at, key, word))
				return -1;
	}
	return 0;
}

static int check_metrics(const struct place *at, const json_t *metrics)
{
	static const struct key keys[] = {
		{ "name", STRING, true }, { "unit", STRING, true },
		{ "better", STRING, false }, { "headline", BOOLEAN, false },
	};
	size_t i, k;
	json_t *o;

	json_array_foreach(metrics, i, o) {
		const char *name = json_string_value(json_object_get(o, "name"));
		const json_t *better = json_object_get(o, "better");
		char where[64];

		snprintf(where, sizeof(where), "metrics[%zu]", i);
		if (!json_is_object(o))
			return bad(at, where, "must be an object");
		if (check_keys(at, where, o, keys, ARRAY_SIZE(keys)))
			return -1;
		if (better && index_of(better_names, ARRAY_SIZE(better_names),
				       json_string_value(better)) < 0)
			return bad(at, where, "better is neither less nor more");
		for (k = 0; k < i; k++)
			if (!strcmp(name, json_string_value(json_object_get(
					json_array_get(metrics, k), "name"))))
				return bad(at, where, "'%s' is there twice", name);
	}
	return 0;
}

/* An allocation every few milliseconds while the workload runs. */
static int check_probe(const struct place *at, const json_t *info)
{
	static const struct key keys[] = {
		{ "order", COUNT, true }, { "period_ms", COUNT, true },
	};
	const json_t *o = json_object_get(info, "probe");
	json_int_t period = json_integer_value(json_object_get(o, "period_ms"));

	if (!o)
		return 0;
	if (check_keys(at, "probe", o, keys, ARRAY_SIZE(keys)))
		return -1;
	if (json_integer_value(json_object_get(o, "order")) > PROBE_ORDER_MAX)
		return bad(at, "probe.order", "must not be above %d", PROBE_ORDER_MAX);
	if (!period || period > PROBE_PERIOD_MAX)
		return bad(at, "probe.period_ms", "must be from 1 to %d",
			   PROBE_PERIOD_MAX);
	return 0;
}

static const struct key top_keys[] = {
	{ "description", STRING, true }, { "order", COUNT, true },
	{ "like", STRING, false }, { "default", ARRAY, false },
	{ "platforms", ARRAY, false }, { "variants", ARRAY, false },
	{ "needs_reporting", BOOLEAN, false }, { "boots", OBJECT, false },
	{ "settings", OBJECT, false }, { "settings_for", OBJECT, false },
	{ "guest", OBJECT, false }, { "host", OBJECT, false },
	{ "oom_is_result", BOOLEAN, false }, { "from_start", BOOLEAN, false },
	{ "host_memory", BOOLEAN, false }, { "seconds", OBJECT, false },
	{ "metrics", ARRAY, false }, { "probe", OBJECT, false },
};

/* A file that has been completed from the one it is like. */
static int check_workload(const struct place *at, struct workload *w)
{
	static const char *const needed[] = {
		"default", "platforms", "boots", "settings", "seconds", "metrics",
	};
	const json_t *names = json_object_get(w->info, "variants");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (!json_object_get(w->info, needed[i]))
			return bad(at, needed[i], "is missing");
	w->variants = ~0ULL;
	if (check_names(at, "default", json_object_get(w->info, "default"),
			profile_names, ARRAY_SIZE(profile_names),
			&w->profiles) ||
	    check_names(at, "platforms", json_object_get(w->info, "platforms"),
			platform_names, NR_PLATFORMS, &w->platforms) ||
	    (names && check_variants(at, "variants", names, &w->variants)) ||
	    check_boots(at, w) || check_settings(at, w->info) ||
	    check_seconds(at, w->info) ||
	    check_guest(at, w->info, w->by_host) ||
	    check_host(at, w->info) || check_probe(at, w->info) ||
	    check_metrics(at, json_object_get(w->info, "metrics")))
		return -1;
	w->needs_reporting =
		json_is_true(json_object_get(w->info, "needs_reporting"));
	w->oom_is_result = json_is_true(json_object_get(w->info, "oom_is_result"));
	return 0;
}

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
	if (json_object_get(w->info, "guest") ||
	    json_object_get(workloads[leader].info, "guest"))
		return bad(at, key, "who chooses the guest's size shares boots with nobody");
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
			ret = check_keys(&at, "", w->info, top_keys,
					 ARRAY_SIZE(top_keys));
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
	settings_reset();
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

static bool is_slow(enum platform p)
{
	return p == TCG || p == ICOUNT;
}

/* The arguments that the agent gets; run.json shows them too. */
json_t *workload_settings(bool full, size_t w, enum platform p)
{
	const json_t *info = workloads[w].info;
	json_t *o = json_deep_copy(json_object_get(info, "settings"));
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings_layers); i++) {
		const char *name = settings_layers[i];

		if (!strcmp(name, "slow") ? is_slow(p) :
		    !strcmp(name, "full") ? full :
		    !strcmp(name, platform_names[p]))
			json_object_update(o, json_object_get(
				json_object_get(info, "settings_for"), name));
	}
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
					       platform_names[p]);

	return sum_of(json_object_get(o, "waits"), settings) +
	       sum_of(json_object_get(o, "works"), settings) *
	       (factor ? json_number_value(factor) :
		is_slow(p) ? SLOW_FACTOR : 1);
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
		"description", "like", "from_start", "host_memory",
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
