// SPDX-License-Identifier: GPL-2.0
/* Going on with a run that was interrupted: what is left of its plan. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prbench.h"

/* Append a word of the command line, from its bytes if there are any. */
static char *add_word(char *to, const char *text, const char *hex)
{
	unsigned int c;

	if (!hex)
		return stpcpy(to, text) + 1;
	for (; sscanf(hex, "%2x", &c) == 1 && c; hex += 2)
		*to++ = (char)c;
	*to = '\0';
	return to + 1;
}

/* The words of run.json as one block, to be freed; NULL if there are none. */
static char **read_words(const json_t *run, int *argc)
{
	const json_t *words = json_object_get(run, "argv");
	const json_t *bytes = json_object_get(run, "argv_hex"), *word;
	size_t nr = json_array_size(words), room = (nr + 1) * sizeof(char *), i;
	char **argv, *p;

	json_array_foreach(words, i, word) {
		if (!json_is_string(word))
			return NULL;
		room += json_string_length(word) + 1;
	}
	argv = calloc(1, room);
	if (!argv || !nr) {
		free(argv);
		return NULL;
	}
	p = (char *)(argv + nr + 1);
	json_array_foreach(words, i, word) {
		argv[i] = p;
		p = add_word(p, json_string_value(word),
			     json_string_value(json_array_get(bytes, i)));
	}
	*argc = (int)nr;
	return argv;
}

/**
 * resume_open() - read what an interrupted run was started with
 * @dir: the run's directory
 * @argc: number of arguments, from run.json
 * @argv: the arguments, to be freed as one
 * @err: what is wrong
 * @len: its size
 *
 * Return: run.json, or NULL.
 */
json_t *resume_open(const char *dir, int *argc, char ***argv, char *err,
		    size_t len)
{
	char path[PATH_MAX + 16];
	json_error_t why;
	json_t *run;

	make_path(path, sizeof(path), "%s/run.json", dir);
	run = json_load_file(path, 0, &why);
	if (!run) {
		set_err(err, len, "%s: %s; give the directory of a run", path,
			why.text);
		return NULL;
	}
	*argv = read_words(run, argc);
	if (!*argv) {
		set_err(err, len, "%s does not say how the run was started", path);
		json_decref(run);
		return NULL;
	}
	return run;
}

/* What neither of them knows is the same. */
static bool same(const json_t *was, const json_t *is, const char *key)
{
	const json_t *a = json_object_get(was, key), *b = json_object_get(is, key);

	return (!a && !b) || json_equal(a, b);
}

static int another(char *err, size_t len, const char *key)
{
	return set_err(err, len, "its '%s' is not what it would be now; start another run",
		       key);
}

/**
 * resume_same() - would what runs now be the same run?
 * @was: run.json as it was left
 * @is: and as it would be written now
 * @err: what differs
 * @len: its size
 *
 * Return: 0, or -1 if it would not.
 */
int resume_same(const json_t *was, const json_t *is, char *err, size_t len)
{
	static const char *const keys[] = {
		"commit", "profile", "seed", "boots_planned", "platforms",
		"variants", "workloads", "settings_by_platform",
	};
	static const char *const newer[] = { "append", "equalise" };	/* than some runs */
	static const char *const machine[] = { "cpu", "cores", "kernel" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (!same(was, is, keys[i]))
			return another(err, len, keys[i]);
	for (i = 0; i < ARRAY_SIZE(machine); i++)
		if (!same(json_object_get(was, "machine"),
			  json_object_get(is, "machine"), machine[i]))
			return set_err(err, len,
				       "it is of a machine with another '%s'; start another run",
				       machine[i]);
	for (i = 0; i < ARRAY_SIZE(newer); i++)
		if (json_object_get(was, newer[i]) && !same(was, is, newer[i]))
			return another(err, len, newer[i]);
	return 0;
}

static bool is_boot(const struct boot *b, const json_t *meta)
{
	const json_t *names = json_object_get(meta, "workloads"), *name;
	uint64_t mask = 0;
	size_t i;

	json_array_foreach(names, i, name) {
		int w = json_is_string(name) ?
			workload_find(json_string_value(name)) : -1;

		if (w >= 0)
			mask |= BIT(w);
	}
	return mask == b->workloads &&
	       json_integer_value(json_object_get(meta, "replicate")) == b->replicate &&
	       json_is_string(json_object_get(meta, "platform")) &&
	       !strcmp(json_string_value(json_object_get(meta, "platform")),
		       platform_table[b->platform].name) &&
	       json_is_string(json_object_get(meta, "variant")) &&
	       !strcmp(json_string_value(json_object_get(meta, "variant")),
		       b->variant->name) &&
	       json_integer_value(json_object_get(meta, "mem_mib")) == b->mem_mib &&
	       (json_object_get(meta, "row") ?
		json_integer_value(json_object_get(meta, "row")) : -1) == b->row;
}

static bool take_out(struct plan *plan, const json_t *meta)
{
	size_t p, l, k;

	for (p = 0; p < plan->nr; p++)
		for (l = 0; l < plan->phases[p].nr; l++) {
			struct lane *lane = &plan->phases[p].lanes[l];

			for (k = 0; k < lane->nr; k++) {
				if (!is_boot(&lane->boots[k], meta))
					continue;
				memmove(&lane->boots[k], &lane->boots[k + 1],
					(--lane->nr - k) * sizeof(*lane->boots));
				return true;
			}
		}
	return false;
}

/**
 * resume_plan() - take the boots that have ended out of a plan
 * @plan: made as it was for the run
 * @dir: the run's directory
 * @done: what ended well, what did not, and the last number used
 *
 * A boot that was interrupted, or that left no meta.json, is made again under
 * another number. One that was lost stays lost.
 *
 * Return: 0, or -1 if the boots cannot be read; errno says why.
 */
int resume_plan(struct plan *plan, const char *dir, struct resumed *done)
{
	char path[2 * PATH_MAX];
	struct plan left;
	struct dirent *e;
	DIR *boots;

	memset(done, 0, sizeof(*done));
	make_path(path, sizeof(path), "%s/boots", dir);
	boots = opendir(path);
	if (!boots)
		return errno == ENOENT ? 0 : -1;
	while ((e = readdir(boots))) {
		unsigned int seq = (unsigned int)strtoul(e->d_name, NULL, 10);
		const char *status;
		json_t *meta;

		if (seq > done->last)
			done->last = seq;
		make_path(path, sizeof(path), "%s/boots/%s/meta.json", dir, e->d_name);
		meta = *e->d_name == '.' ? NULL : json_load_file(path, 0, NULL);
		status = json_string_value(json_object_get(meta, "status"));
		if (status && *status && strcmp(status, "interrupted") &&
		    strcmp(status, "running") && take_out(plan, meta)) {
			if (!strcmp(status, "ok"))
				done->ok++;
			else
				done->bad++;
		}
		json_decref(meta);
	}
	closedir(boots);
	left = *plan;
	plan_sum(&left);
	plan->estimate_s = left.estimate_s;
	return 0;
}
