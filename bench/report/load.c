// SPDX-License-Identifier: GPL-2.0
/* Read a run directory: run.json and, for each boot, meta, samples, events. */
#include "prreport.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_TIME_S	1e6	/* no boot takes eleven days */

void *xrealloc(void *p, size_t n, size_t size)
{
	void *q = reallocarray(p, n ? n : 1, size);

	if (!q) {
		fprintf(stderr, "prreport: out of memory\n");
		exit(1);
	}
	return q;
}

const char *run_str(struct run *run, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = vformat(fmt, ap);
	va_end(ap);
	run->pool = xrealloc(run->pool, run->npool + 1, sizeof(*run->pool));
	run->pool[run->npool++] = s;
	return s;
}

void run_note(struct run *run, const char *boot, const char *workload,
	      const char *fmt, ...)
{
	struct note *note;
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	run->notes = xrealloc(run->notes, run->nnotes + 1, sizeof(*run->notes));
	note = &run->notes[run->nnotes++];
	note->boot = boot;
	note->workload = workload;
	note->text = run_str(run, "%s", text);
}

const char *boot_status_name(enum boot_status status)
{
	switch (status) {
	case BOOT_OK:
		return "ok";
	case BOOT_LOST:
		return "lost";
	case BOOT_ERROR:
		return "error";
	case BOOT_INTERRUPTED:
		return "interrupted";
	case BOOT_CORRUPT:
		break;
	}
	return "corrupt";
}

const char *json_str(const json_t *obj, const char *key, const char *fallback)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : fallback;
}

double json_num(const json_t *obj, const char *key, double fallback)
{
	json_t *v = json_object_get(obj, key);

	return json_is_number(v) ? json_number_value(v) : fallback;
}

/* A file of a finished boot is unusable: say so, leave the boot out, go on. */
static void PRINTF(4, 5) boot_corrupt(struct run *run, struct boot *boot,
				      const char *file, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	boot->status = BOOT_CORRUPT;
	boot->error = run_str(run, "%s: %s", file, what);
	run->problems++;
	fprintf(stderr,
		"prreport: %s/boots/%s/%s: %s; the boot is left out: restore the file, or remove the boot's directory and run the benchmark again\n",
		run->dir, boot->name, file, what);
}

/*
 * Names go into tables, file names and scripts for gnuplot, which runs what it
 * finds between backquotes. Who made the results need not be who reads them.
 */
static bool is_name(const char *s, const char *also)
{
	const char *p = s;

	while (p && *p && (isalnum((unsigned char)*p) ||
			   strchr("_.+~:-", *p) || strchr(also, *p)))
		p++;
	return p && p != s && !*p;
}

static void load_samples(struct run *run, struct boot *boot)
{
	const char *file = "samples.tsv";
	const char *path = run_str(run, "%s/boots/%s/%s", run->raw, boot->name, file);
	char *line = NULL;
	size_t size = 0, lineno = 1, room = 0;
	int columns, named = 1;
	ssize_t len;
	FILE *f = fopen(path, "r");

	if (!f) {
		/* Host time means nothing on icount; samples are optional. */
		if (errno != ENOENT || !platform_find(boot->platform)->instructions)
			boot_corrupt(run, boot, file, "%s", strerror(errno));
		return;
	}
	len = read_line(&line, &size, f);
	if (len < 0 || strncmp(line, "t_s\tresident_kib\trefault_kib", 28)) {
		boot_corrupt(run, boot, file,
			     "line 1 is not 't_s resident_kib refault_kib'");
		goto out;
	}
	/* Where the host has huge pages, a fourth column. */
	columns = strstr(line, "\thuge_kib") ? 4 : 3;
	/* page-reporting's watch has more behind these. */
	for (const char *p = line; (p = strchr(p, '\t')); p++)
		named++;
	while ((len = read_line(&line, &size, f)) > 0) {
		struct sample s = { .huge_kib = NAN };
		char *p = line, *end = NULL;
		double *field[] = { &s.t, &s.resident_kib, &s.refault_kib, &s.huge_kib };
		bool good = line[len - 1] == '\n' && strlen(line) == (size_t)len;

		lineno++;
		for (int i = 0; i < columns && good; i++) {
			*field[i] = strtod(p, &end);
			good = end != p && isfinite(*field[i]) &&
			       *end == (i < named - 1 ? '\t' : '\n');
			p = end + 1;
		}
		if (!good) {
			boot_corrupt(run, boot, file,
				     "line %zu is cut off or not %s numbers", lineno,
				     columns == 3 ? "three" : "four");
			break;
		}
		if (s.t < 0 || s.t > MAX_TIME_S) {
			boot_corrupt(run, boot, file, "line %zu: no boot takes %g s",
				     lineno, s.t);
			break;
		}
		if (boot->nsamples) {
			double gap = s.t - boot->samples[boot->nsamples - 1].t;

			if (gap < 0) {
				boot_corrupt(run, boot, file,
					     "line %zu: time goes backwards", lineno);
				break;
			}
			if (gap > boot->max_gap)
				boot->max_gap = gap;
		}
		if (boot->nsamples == room) {
			room = room ? room * 2 : 256;
			boot->samples = xrealloc(boot->samples, room,
						 sizeof(*boot->samples));
		}
		boot->samples[boot->nsamples++] = s;
	}
	if (ferror(f))
		boot_corrupt(run, boot, file, "cannot be read: %s", strerror(errno));
out:
	free(line);
	fclose(f);
}

/* A result may say that nothing came of it within a limit, in place of a value. */
static bool never_happened(const json_t *ev)
{
	const json_t *v = json_object_get(ev, "value");

	return (!v || json_is_null(v)) && json_is_number(json_object_get(ev, "limit"));
}

/* NULL if the event has what its kind needs, else what is missing. */
static const char *check_event(const json_t *ev)
{
	const char *kind = json_str(ev, "event", NULL);
	const char *workload = json_str(ev, "workload", NULL);
	double t = json_num(ev, "t", NAN);

	if (!kind)
		return "has no \"event\"";
	if (isnan(t))
		return "has no number \"t\"";
	if (t < 0 || t > MAX_TIME_S)
		return "has a time \"t\" that no boot takes";
	if (workload && !is_name(workload, ""))
		return "has a \"workload\" that is no name";
	if (strcmp(kind, "ready") && strcmp(kind, "error") && !workload &&
	    (!strcmp(kind, "begin") || !strcmp(kind, "end") ||
	     !strcmp(kind, "result") || !strcmp(kind, "mark") ||
	     !strcmp(kind, "settled") || !strcmp(kind, "counters")))
		return "has no \"workload\"";
	if (!strcmp(kind, "result") &&
	    (!json_str(ev, "metric", NULL) ||
	     !(json_is_number(json_object_get(ev, "value")) || never_happened(ev))))
		return "is a result without \"metric\", a number \"value\" or the \"limit\" that was not reached";
	if (!strcmp(kind, "result") &&
	    (!is_name(json_str(ev, "metric", NULL), "") ||
	     !is_name(json_str(ev, "unit", "-"), "/*% ")))
		return "is a result whose \"metric\" or \"unit\" is no name";
	return NULL;
}

static void load_events(struct run *run, struct boot *boot)
{
	const char *file = "events.jsonl";
	const char *path = run_str(run, "%s/boots/%s/%s", run->raw, boot->name, file);
	char *line = NULL;
	size_t size = 0, lineno = 0;
	ssize_t len;
	FILE *f = fopen(path, "r");

	if (!f) {
		boot_corrupt(run, boot, file, "%s", strerror(errno));
		return;
	}
	while ((len = read_line(&line, &size, f)) > 0) {
		json_error_t err;
		const char *bad;
		json_t *ev;

		lineno++;
		if (line[0] == '\n')
			continue;
		ev = json_loadb(line, len, 0, &err);
		if (!ev) {
			boot_corrupt(run, boot, file,
				     "line %zu is cut off or not JSON: %s", lineno,
				     err.text);
			break;
		}
		bad = check_event(ev);
		json_array_append_new(boot->events, ev);
		if (bad) {
			boot_corrupt(run, boot, file, "line %zu %s", lineno, bad);
			break;
		}
	}
	if (ferror(f))
		boot_corrupt(run, boot, file, "cannot be read: %s", strerror(errno));
	free(line);
	fclose(f);
}

/* NNN-platform-variant; what the directory name tells when meta.json does not */
static void boot_from_name(struct run *run, struct boot *boot)
{
	const char *p = strchr(boot->name, '-'), *v = p ? strchr(p + 1, '-') : NULL;

	boot->seq = (int)strtol(boot->name, NULL, 10);
	boot->platform = v ? run_str(run, "%.*s", (int)(v - p - 1), p + 1) : "?";
	boot->variant = v ? v + 1 : "?";
	boot->kernel = boot->tree = "?";
}

static void load_boot(struct run *run, struct boot *boot)
{
	const char *path = run_str(run, "%s/boots/%s/meta.json", run->raw, boot->name);
	const char *status, *miss = NULL;
	static const char * const need[] = { "platform", "variant", "kernel", "status" };
	json_error_t err;
	json_t *seq;
	size_t i;

	boot_from_name(run, boot);
	boot->events = json_array();
	boot->status = BOOT_OK;
	boot->meta = json_load_file(path, 0, &err);
	if (!boot->meta) {
		if (json_error_code(&err) == json_error_cannot_open_file) {
			boot->status = BOOT_INTERRUPTED;
			boot->error = "no meta.json: the boot never finished";
			return;
		}
		boot_corrupt(run, boot, "meta.json", "line %d: %s", err.line, err.text);
		return;
	}
	status = json_str(boot->meta, "status", "");
	seq = json_object_get(boot->meta, "seq");
	if (json_is_integer(seq) && json_integer_value(seq) <= INT_MAX &&
	    json_integer_value(seq) >= 0)
		boot->seq = (int)json_integer_value(seq);
	boot->platform = json_str(boot->meta, "platform", boot->platform);
	boot->variant = json_str(boot->meta, "variant", boot->variant);
	boot->kernel = json_str(boot->meta, "kernel", boot->kernel);
	boot->tree = json_str(boot->meta, "kernel_tree", boot->tree);
	boot->error = json_str(boot->meta, "error", "");
	if (!strcmp(status, "lost"))
		boot->status = BOOT_LOST;
	else if (!strcmp(status, "interrupted") || !strcmp(status, "running"))
		boot->status = BOOT_INTERRUPTED;
	else if (*status && strcmp(status, "ok"))
		boot->status = BOOT_ERROR;
	if (boot->status != BOOT_OK) {
		if (!*boot->error)
			boot->error = run_str(run, "status \"%s\" without an error text", status);
		return;
	}
	for (i = 0; i < sizeof(need) / sizeof(*need); i++)
		if (!json_str(boot->meta, need[i], NULL))
			miss = need[i];
	if (miss) {
		boot_corrupt(run, boot, "meta.json", "has no \"%s\"", miss);
		return;
	}
	if (!is_name(boot->platform, "") || !is_name(boot->variant, "") ||
	    !is_name(boot->kernel, "")) {
		boot_corrupt(run, boot, "meta.json",
			     "platform, variant or kernel is no name");
		return;
	}
	load_events(run, boot);
	if (boot->status == BOOT_OK)
		load_samples(run, boot);
}

/*
 * A merged run says where each boot is from. Its number is that of the
 * directory; and with machines of more than one kind the kernel's name says
 * which, so that nobody takes them for one.
 */
static void place_boots(struct run *run)
{
	const json_t *merged = json_object_get(run->meta, "merged");
	const char *first = NULL;
	bool several = false;
	size_t i, k;
	json_t *src;

	if (!json_array_size(merged))
		return;
	for (i = 0; i < run->nboots; i++) {
		struct boot *boot = &run->boots[i];

		boot->seq = (int)strtol(boot->name, NULL, 10);
		json_array_foreach(merged, k, src) {
			const char *group = json_str(src, "group", "");

			if (json_object_get(json_object_get(src, "boots"), boot->name) &&
			    is_name(group, ""))
				boot->group = group;
		}
		if (!boot->group) {
			if (boot->status == BOOT_OK)
				boot_corrupt(run, boot, "meta.json",
					     "run.json does not say where the boot is from");
			continue;
		}
		first = first ? first : boot->group;
		several |= strcmp(first, boot->group) != 0;
	}
	for (i = 0; i < run->nboots && several; i++)
		if (run->boots[i].group)
			run->boots[i].kernel = run_str(run, "%s:%s", run->boots[i].kernel,
						       run->boots[i].group);
}

static int cmp_boot(const void *a, const void *b)
{
	const struct boot *x = a, *y = b;

	return x->seq != y->seq ? (x->seq < y->seq ? -1 : 1) :
	       strcmp(x->name, y->name);
}

/* Name the directories of @boots, which is open as @d. */
static void list_boots(struct run *run, const char *boots, DIR *d)
{
	struct dirent *de;

	while ((de = readdir(d))) {
		const char *sub;
		struct stat st;

		if (de->d_name[0] == '.')
			continue;
		sub = run_str(run, "%s/%s", boots, de->d_name);
		if (stat(sub, &st) || !S_ISDIR(st.st_mode))
			continue;
		run->boots = xrealloc(run->boots, run->nboots + 1,
				      sizeof(*run->boots));
		memset(&run->boots[run->nboots], 0, sizeof(*run->boots));
		run->boots[run->nboots++].name = run_str(run, "%s", de->d_name);
	}
}

/**
 * run_load() - read everything below a run directory
 *
 * Boots whose files cannot be used are kept with a status that says so.
 *
 * Return: 0, or -1 after a message if there is nothing to report about.
 */
int run_load(struct run *run, const char *dir)
{
	const char *path, *boots;
	json_error_t err;
	bool missing;
	size_t i;
	int why;
	DIR *d;

	memset(run, 0, sizeof(*run));
	run->dir = run_str(run, "%s", dir);
	if (archive_unpack(run))
		return -1;
	path = run_str(run, "%s/run.json", run->raw);
	boots = run_str(run, "%s/boots", run->raw);
	d = opendir(boots);
	why = errno;
	run->meta = json_load_file(path, 0, &err);
	missing = !run->meta &&
		  json_error_code(&err) == json_error_cannot_open_file;
	if (!run->meta && !d) {
		if (missing)
			fprintf(stderr,
				"prreport: %s cannot be opened: is %s the directory of a run? Name one below results/, or make one with 'make bench'\n",
				path, dir);
		else
			fprintf(stderr,
				"prreport: %s: line %d: %s; restore the file, or run the benchmark again\n",
				path, err.line, err.text);
		return -1;
	}
	/* The boots are what counts. */
	if (!run->meta) {
		fprintf(stderr,
			"prreport: %s: %s; the report is made without it: restore the file, or run the benchmark again\n",
			path, missing ? "cannot be opened" :
			run_str(run, "line %d: %s", err.line, err.text));
		run->problems++;
	} else if (!json_is_object(run->meta) ||
		   json_num(run->meta, "schema", 0) != 1) {
		fprintf(stderr,
			"prreport: %s is not of schema 1: use the prreport of the commit that made this run\n",
			path);
		if (d)
			closedir(d);
		return -1;
	}
	if (!d) {
		fprintf(stderr,
			"prreport: %s cannot be opened: %s; a run without boots has nothing to report, run 'make bench' again\n",
			boots, strerror(why));
		return -1;
	}
	list_boots(run, boots, d);
	closedir(d);
	if (!run->nboots) {
		fprintf(stderr,
			"prreport: %s holds no boots; run 'make bench' again\n", boots);
		return -1;
	}
	for (i = 0; i < run->nboots; i++)
		load_boot(run, &run->boots[i]);
	judge_boots(run);
	if (!run->nboots) {
		fprintf(stderr,
			"prreport: %s holds no boots of this run; is its run.json that of another one?\n",
			boots);
		return -1;
	}
	place_boots(run);
	qsort(run->boots, run->nboots, sizeof(*run->boots), cmp_boot);
	return 0;
}

void run_free(struct run *run)
{
	size_t i;

	if (run->unpacked)
		archive_remove(run->unpacked);

	for (i = 0; i < run->nboots; i++) {
		json_decref(run->boots[i].meta);
		json_decref(run->boots[i].events);
		free(run->boots[i].samples);
	}
	for (i = 0; i < run->npool; i++)
		free(run->pool[i]);
	json_decref(run->meta);
	free(run->boots);
	free(run->notes);
	free(run->pool);
	memset(run, 0, sizeof(*run));
}
