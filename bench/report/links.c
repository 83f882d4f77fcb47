// SPDX-License-Identifier: GPL-2.0
/*
 * From each figure to the raw files it was made from. A run's directory has
 * them in boots/; where only the archive is kept, links go there and name what
 * is in it.
 */
#include "prreport.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Appends to a string that is to be freed. */
static void PRINTF(2, 3) append(char **s, const char *fmt, ...)
{
	char *more, *both;
	va_list ap;

	va_start(ap, fmt);
	more = vformat(fmt, ap);
	va_end(ap);
	both = format("%s%s", *s ? *s : "", more);
	free(more);
	free(*s);
	*s = both;
}

/**
 * raw_id() - the name of the place that tells from which boots a row is
 */
const char *raw_id(char *buf, const struct row *r)
{
	snprintf(buf, TEXT, "raw-%.40s-%.40s-%.40s-%.40s", r->platform, r->workload,
		 r->series, r->variant);
	return buf;
}

static bool has_file(const struct doc *d, const struct boot *b, const char *file)
{
	char *path = format("%s/boots/%s/%s", d->dir, b->name, file);
	bool there = !access(path, F_OK);

	free(path);
	return there;
}

/**
 * boot_files() - links to a boot's files, or to the one that is named
 *
 * Return: a text for doc_p() and the like, to be freed.
 */
char *boot_files(struct doc *d, const struct boot *b, const char *only)
{
	static const char * const files[] = {
		"meta.json", "events.jsonl", "samples.tsv", "counters.json",
		"map.jsonl", "console.log",
	};
	char *s = NULL;
	size_t i;

	if (d->archive) {
		append(&s, "[boots/%s%s%s](" RAW_ARCHIVE ")", b->name,
		       only ? "/" : "", only ? only : "");
		return s;
	}
	append(&s, "%s", "");
	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if ((only && strcmp(only, files[i])) || !has_file(d, b, files[i]))
			continue;
		if (only)
			append(&s, "[%s](boots/%s/%s)", b->name, b->name, files[i]);
		else
			append(&s, "%s[%.*s](boots/%s/%s)", *s ? " " : "",
			       (int)strcspn(files[i], "."), files[i], b->name, files[i]);
	}
	return s;
}

/* Did this boot begin that workload, or the one of which it is a part? */
static bool ran(const struct boot *b, const char *workload, bool part)
{
	json_t *ev;
	size_t i;

	json_array_foreach(b->events, i, ev) {
		const char *w = json_str(ev, "workload", "");

		if (!strcmp(json_str(ev, "event", ""), "begin") &&
		    (part ? part_of(workload, w) : !strcmp(w, workload)))
			return true;
	}
	return false;
}

static bool is_of(const struct boot *b, const struct row *r, bool part)
{
	char series[64];

	return b->status == BOOT_OK && !strcmp(b->platform, r->platform) &&
	       !strcmp(b->variant, r->variant) &&
	       !strcmp(kernel_series(b->kernel, series, sizeof(series)), r->series) &&
	       !map_was_drawn(b) && ran(b, r->workload, part);
}

static void put_raw_of(struct doc *d, struct run *run, const struct row *r)
{
	char id[TEXT], *s = NULL;
	bool part = true;
	size_t i;

	for (i = 0; i < run->nboots; i++)
		if (is_of(&run->boots[i], r, false))
			part = false;
	append(&s, "`%s`: rows of [summary.tsv](summary.tsv), from", r->variant);
	for (i = 0; i < run->nboots; i++) {
		const struct boot *b = &run->boots[i];
		char *one;

		if (!is_of(b, r, part))
			continue;
		if (d->archive) {
			append(&s, " [boots/%s](" RAW_ARCHIVE ")", b->name);
			continue;
		}
		one = boot_files(d, b, "events.jsonl");
		append(&s, " %s", one);
		free(one);
		if (has_file(d, b, "samples.tsv"))
			append(&s, " ([samples](boots/%s/samples.tsv))", b->name);
	}
	doc_fold_item(d, raw_id(id, r), s);
	free(s);
}

/**
 * put_raw() - below a table: the files of each of its variants
 * @group: any row of the table
 */
void put_raw(struct doc *d, struct run *run, const struct summary *sum,
	     const struct row *group)
{
	size_t i, j;

	if (!d->html)
		return;
	doc_fold(d, "raw data of this table");
	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];
		char a[TEXT], b[TEXT];

		if (strcmp(r->platform, group->platform) ||
		    strcmp(r->series, group->series) ||
		    strcmp(r->workload, group->workload))
			continue;
		for (j = 0; j < i; j++)
			if (!strcmp(raw_id(a, r), raw_id(b, &sum->rows[j])))
				break;
		if (j == i)
			put_raw_of(d, run, r);
	}
	doc_fold_end(d);
}

/**
 * put_figure() - a picture with its files
 *
 * Return: 0, or -1 after a message.
 */
int put_figure(struct doc *d, struct run *run, const struct plot *plot)
{
	char *files = NULL, *one;
	size_t i;
	int ret;

	append(&files, "Files: [SVG](plots/%s.svg)", plot->name);
	/* Beside an archive there is nothing that can be made from it. */
	if (!d->archive)
		append(&files, " [PNG](plots/%s.png) [data](plots/%s.dat) [script](plots/%s.gp)",
		       plot->name, plot->name, plot->name);
	if (!plot->nboots)
		append(&files, "; made from [summary.tsv](summary.tsv).");
	else if (plot->nboots == 1)
		append(&files, "; made from %s of ", plot->raw);
	else
		append(&files, "; made from %s of the boots below.", plot->raw);
	if (plot->nboots == 1) {
		one = boot_files(d, plot->boots[0], plot->raw);
		append(&files, "%s.", one);
		free(one);
	}
	ret = doc_fig(d, plot->name, plot->caption, files);
	free(files);
	if (!d->html || plot->nboots < 2)
		return ret;
	doc_fold(d, run_str(run, "raw data of this picture, %zu boots", plot->nboots));
	files = NULL;
	for (i = 0; i < plot->nboots; i++) {
		one = boot_files(d, plot->boots[i], plot->raw);
		append(&files, "%s%s", i ? " " : "", one);
		free(one);
	}
	doc_fold_item(d, NULL, files);
	doc_fold_end(d);
	free(files);
	return ret;
}
