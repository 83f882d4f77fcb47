// SPDX-License-Identifier: GPL-2.0
/*
 * What workload.json may hold, as bench/workloads/README.md says: a mistake is
 * an error that names file and key, and not a boot gone wrong.
 */
#include <stdarg.h>
#include <string.h>

#include "workloads.h"

const char *const profile_names[] = { "quick", "full" };
static const char *const better_names[] = { "less", "more" };

const char *const host_variables[] = {
	"kernel", "source", "out", "script", NULL
};

int bad(const struct place *at, const char *key, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return set_err(at->err, at->len, "%s: %s: %s", at->file, key, text);
}

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

/* No key but these, each of its kind, and those that have to be there are. */
int check_keys(const struct place *at, const char *where, const json_t *o,
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
		int n = name_index(names, nr, json_string_value(v));

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

/* A key that may be there for each platform. */
static void platform_keys(struct key *keys, enum kind kind)
{
	int p;

	for (p = 0; p < NR_PLATFORMS; p++)
		keys[p] = (struct key){ platform_table[p].name, kind, false };
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
	struct key keys[3 + NR_PLATFORMS] = {
		{ "together", BOOLEAN, false }, { "variants", ANY, true },
		{ "once", ARRAY, false },
	};
	const json_t *boots = json_object_get(w->info, "boots");
	int full, p;

	platform_keys(keys + ARRAY_SIZE(keys) - NR_PLATFORMS, ANY);
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
		snprintf(key, sizeof(key), "%s.once", where);
		if (json_object_get(o, "once") &&
		    check_variants(at, key, json_object_get(o, "once"), &g->once))
			return -1;
		for (p = 0; p < NR_PLATFORMS; p++) {
			snprintf(key, sizeof(key), "%s.%s", where,
				 platform_table[p].name);
			if (check_rounds(at, key,
					 json_object_get(o, platform_table[p].name),
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
		if (strcmp(layer, "slow") && strcmp(layer, "full") &&
		    platform_rank(layer) == NR_PLATFORMS)
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
	struct key slow[NR_PLATFORMS];
	const json_t *o = json_object_get(info, "seconds");

	platform_keys(slow, NUMBER);
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

/* A setting, and its value in each boot of a profile. */
static int check_row(const struct place *at, const json_t *info)
{
	static const struct key keys[] = {
		{ "setting", STRING, true }, { "quick", ARRAY, true },
		{ "full", ARRAY, true },
	};
	const json_t *o = json_object_get(info, "row");
	size_t i, p;
	json_t *v;

	if (!o)
		return 0;
	if (check_keys(at, "row", o, keys, ARRAY_SIZE(keys)))
		return -1;
	if (!is_setting(info, json_object_get(o, "setting")))
		return bad(at, "row.setting", "must be a setting that is a number");
	for (p = 0; p < ARRAY_SIZE(profile_names); p++) {
		const json_t *values = json_object_get(o, profile_names[p]);

		if (!json_array_size(values))
			return bad(at, "row", "must have a value for each profile");
		json_array_foreach((json_t *)values, i, v)
			if (!is_kind(v, COUNT))
				return bad(at, "row", "must have whole numbers, not negative");
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

int check_metrics(const struct place *at, const json_t *metrics)
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
		if (better && name_index(better_names, ARRAY_SIZE(better_names),
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
	{ "guest", OBJECT, false }, { "row", OBJECT, false },
	{ "host", OBJECT, false },
	{ "oom_is_result", BOOLEAN, false }, { "from_start", BOOLEAN, false },
	{ "host_memory", BOOLEAN, false }, { "seconds", OBJECT, false },
	{ "metrics", ARRAY, false }, { "probe", OBJECT, false },
	{ "append", STRING, false },
};

int check_top_keys(const struct place *at, const json_t *info)
{
	return check_keys(at, "", info, top_keys, ARRAY_SIZE(top_keys));
}

/* A file that has been completed from the one it is like. */
int check_workload(const struct place *at, struct workload *w)
{
	static const char *const needed[] = {
		"default", "platforms", "boots", "settings", "seconds", "metrics",
	};
	const json_t *names = json_object_get(w->info, "variants");
	const char *platforms[NR_PLATFORMS];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (!json_object_get(w->info, needed[i]))
			return bad(at, needed[i], "is missing");
	w->variants = ~0ULL;
	if (check_names(at, "default", json_object_get(w->info, "default"),
			profile_names, ARRAY_SIZE(profile_names),
			&w->profiles) ||
	    check_names(at, "platforms", json_object_get(w->info, "platforms"),
			platforms, list_platforms(platforms), &w->platforms) ||
	    (names && check_variants(at, "variants", names, &w->variants)) ||
	    check_boots(at, w) || check_settings(at, w->info) ||
	    check_seconds(at, w->info) ||
	    check_guest(at, w->info, w->by_host) ||
	    check_row(at, w->info) || check_host(at, w->info) || check_probe(at, w->info) ||
	    check_metrics(at, json_object_get(w->info, "metrics")))
		return -1;
	w->needs_reporting =
		json_is_true(json_object_get(w->info, "needs_reporting"));
	w->oom_is_result = json_is_true(json_object_get(w->info, "oom_is_result"));
	return 0;
}
