// SPDX-License-Identifier: GPL-2.0
/*
 * report.md and report.html: what a run says, to be read in a minute. First the
 * result and what it was measured on, then a section a question, each with a
 * sentence, a picture and a small table. All figures are in details.
 */
#include "answers.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Workloads are patterns; of the pictures the first that there is is shown */
static const struct section {
	const char *title;
	const char *workloads[6];
	const char *pictures[3];
	const char *sentence;
} sections[] = {
	{ "Freed memory goes back", { "boot", "drain", "drain-all" }, { "drain", "boot" },
	  "A guest fills memory and frees it; the host's memory is watched until it is back." },
	{ "Memory that is used again is left alone", { "churn", "churn-*" },
	  { "sweep", "drain-churn", "churn" },
	  "A program takes memory and frees it, round after round: what was given back in between the host has to supply again." },
	{ "Small pieces", { "fragment" }, { "fragment" },
	  "Most of many small files are deleted: what is left free lies in pieces below 2 MiB." },
	{ "Builds and files", { "build", "fio", "stress-ng", "perf" }, { "build", "fio" },
	  "Programs that nobody wrote for this." },
	{ "Several guests, and migration", { "overcommit", "multi", "migrate" },
	  { "overcommit", "multi", "migrate" },
	  "What one guest gives back another one can have, and need not be sent." },
	{ "What it costs", { "alloc-*", "lockhold-*", "smallguest", "verify" },
	  { "alloc-cost", "latency" },
	  "The allocator's path, the longest hold of `zone->lock`, the smallest guest, and everybody's data." },
};

/* A platform with one series of kernels: a column of the first table */
struct column {
	const char *platform, *series;
};

struct front {
	struct doc d;
	struct run *run;
	const struct summary *sum;
	const struct answer *all;
	size_t n;
	const struct plots *plots;
	struct column *columns;
	size_t ncolumns;
	bool many_series;
	const struct plot *shown[16];
	size_t nshown;
};

static void find_columns(struct front *f)
{
	size_t i, j;

	for (i = 0; i < f->n; i++) {
		const struct row *a = f->all[i].a;

		for (j = 0; j < f->ncolumns; j++)
			if (!strcmp(f->columns[j].platform, a->platform) &&
			    !strcmp(f->columns[j].series, a->series))
				break;
		for (size_t k = 0; k < f->ncolumns; k++)
			f->many_series |= strcmp(f->columns[k].series, a->series) != 0;
		if (j < f->ncolumns || !f->all[i].q->first)
			continue;
		f->columns = xrealloc(f->columns, f->ncolumns + 1, sizeof(*f->columns));
		f->columns[f->ncolumns++] = (struct column){ a->platform, a->series };
	}
}

static const char *column_name(struct front *f, const char *platform, const char *series)
{
	bool emulated = platform_find(platform)->emulated;

	return run_str(f->run, "%s%s%s%s", platform, f->many_series ? " " : "",
		       f->many_series ? series : "", emulated ? ", emulated" : "");
}

static const struct answer *find_answer(const struct front *f, const struct question *q,
					const struct column *col)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->all[i].q == q && !strcmp(f->all[i].a->platform, col->platform) &&
		    !strcmp(f->all[i].a->series, col->series))
			return &f->all[i];
	return NULL;
}

static const char *value_text(struct front *f, const struct row *r, const char *unit)
{
	char text[TEXT];

	if (isinf(r->st.median))
		return run_str(f->run, "%s", reached(text, r, r->st.median));
	return run_str(f->run, fabs(r->st.median) < 1000 ? "%.3g%s%s" : "%.0f%s%s",
		       r->st.median, *unit ? " " : "", unit);
}

/* "1.16 s against 7.11 s", or the most by which one of many metrics differs */
static const char *values_text(struct front *f, const struct answer *an)
{
	char effect[TEXT];

	if (an->matches > 1)
		return run_str(f->run, "%s%s%s at most", effect_text(effect, &an->e, an->ratio),
			       an->ratio ? "" : " ", an->ratio ? "" : an->q->unit);
	if (!an->b)
		return value_text(f, an->a, an->q->unit);
	return run_str(f->run, "%s against %s", value_text(f, an->a, an->q->unit),
		       value_text(f, an->b, an->q->unit));
}

/* The ratio or the difference, unless values_text() has it */
static const char *ratio_text(struct front *f, const struct answer *an, const char *before)
{
	char effect[TEXT];

	if (!an->b || an->matches > 1)
		return "";
	return run_str(f->run, "%s%s", before, effect_text(effect, &an->e, an->ratio));
}

static void put_cell(struct front *f, struct table *t, const struct answer *an)
{
	char id[TEXT], verdict[TEXT];
	const char *values;

	if (!an) {
		table_cell(t, "-");
		return;
	}
	values = values_text(f, an);
	if (f->d.html)
		values = run_str(f->run, "[%s](details.html#%s)", values, raw_id(id, an->a));
	table_cell(t, "**%s**%s\n%s, n=%d", answer_verdict(verdict, an), ratio_text(f, an, " "), values,
		   an->a->st.n);
}

/* The few questions that matter, platforms side by side */
static void put_first(struct front *f)
{
	const struct question *last = NULL;
	struct table t;
	size_t i, j;

	table_init(&t, f->ncolumns + 1, "l");
	table_cell(&t, "page_ext against the page flag");
	for (j = 0; j < f->ncolumns; j++)
		table_cell(&t, "%s", column_name(f, f->columns[j].platform,
						 f->columns[j].series));
	for (i = 0; i < f->n; i++) {
		const struct question *q = f->all[i].q;

		if (!q->first || q == last)
			continue;
		last = q;
		table_cell(&t, "%s%s%s%s\n`%s`", q->question,
			   q->other && strcmp(q->other, BASELINE) ? ", against `" : "",
			   q->other && strcmp(q->other, BASELINE) ? q->other : "",
			   q->other && strcmp(q->other, BASELINE) ? "`" : "", q->workload);
		for (j = 0; j < f->ncolumns; j++)
			put_cell(f, &t, find_answer(f, q, &f->columns[j]));
	}
	doc_table(&f->d, &t);
	table_free(&t);
}

/* What a question of the first table says on each platform, in one clause */
static const char *clause(struct front *f, const char *workload, const char *metric,
			  const char *before)
{
	const char *text = "";
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct answer *an = &f->all[i];

		if (!an->q->first || strcmp(an->q->workload, workload) ||
		    strcmp(an->q->metric, metric))
			continue;
		text = run_str(f->run, "%s%s%s (%s)", text, *text ? ", " : before,
			       values_text(f, an),
			       column_name(f, an->a->platform, an->a->series));
	}
	return text;
}

/* All that is asked and has no goal, and whose whole interval is on the wrong side */
static void put_worse(struct front *f)
{
	const char *text = "";
	char effect[TEXT];
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct answer *an = &f->all[i];
		const char *better = metric_better(an->a->workload, an->a->metric);

		if (an->q->rule != MEASURED || !an->b || !*better ||
		    !(strcmp(better, "more") ? an->e.lo > 1 : an->e.hi < 1))
			continue;
		text = run_str(f->run, "%s%s`%s` `%s` %s (%s, %s, n=%d)", text,
			       *text ? "; " : "", an->a->workload, an->a->metric,
			       effect_text(effect, &an->e, an->ratio), values_text(f, an),
			       column_name(f, an->a->platform, an->a->series), an->a->st.n);
	}
	doc_p(&f->d, "**Worse than the page flag**, shown or not: %s.", *text ? text : "nothing that is asked");
}

static void put_result(struct front *f)
{
	const json_t *m = json_object_get(f->run->meta, "machine");
	bool kvm = false;
	size_t i;

	for (i = 0; i < f->run->nboots; i++)
		kvm |= !strcmp(f->run->boots[i].platform, "kvm");
	doc_p(&f->d, "**page_ext against the page flag%s%s%s.**",
	      clause(f, "drain", "t95_s", ": freed memory is back with the host after "),
	      clause(f, "churn", "host_refill_mib", "; of memory that was freed and soon taken again the host had to supply anew "),
	      clause(f, "alloc-bulk", "*_o[0-8]_instr", "; an allocation or a free of an order up to 8: "));
	put_worse(f);
	doc_p(&f->d, "Measured on %s with %.0f cores, %s.%s Unlike platforms are not to be compared with each other.",
	      json_str(m, "cpu", "an unknown processor"), json_num(m, "cores", NAN),
	      json_str(f->run->meta, "date", "?"),
	      kvm ? "" : " **No figure is from hardware virtualisation**: times of guests that are emulated are emulated times.");
}

static bool was_shown(const struct front *f, const struct plot *plot)
{
	size_t i;

	for (i = 0; i < f->nshown; i++)
		if (f->shown[i] == plot)
			return true;
	return false;
}

/* NAME or NAME-PLATFORM, of the first platform of which it is not shown yet */
static const struct plot *find_picture(const struct front *f, const char *name)
{
	size_t i, len = strlen(name);

	for (i = 0; i < f->plots->n; i++) {
		const struct plot *plot = &f->plots->p[i];
		const char *rest = plot->name + len;

		if (plot->drawn && !was_shown(f, plot) && !strncmp(plot->name, name, len) &&
		    (!*rest || (*rest == '-' && platform_rank(rest + 1) <
				NR_PLATFORMS)))
			return plot;
	}
	return NULL;
}

static int put_picture(struct front *f, const struct plot *plot)
{
	if (!plot)
		return 0;
	if (f->nshown < sizeof(f->shown) / sizeof(*f->shown))
		f->shown[f->nshown++] = plot;
	return doc_fig(&f->d, plot->name, plot->caption,
		       f->d.html ? "[Its data](details.html)" : "");
}

/* All headline metrics; then the drain and the sweep, side by side */
static int put_pictures(struct front *f)
{
	int ret = put_picture(f, find_picture(f, "forest"));
	size_t i;

	doc_row(&f->d);
	ret |= put_picture(f, find_picture(f, "drain"));
	ret |= put_picture(f, find_picture(f, "sweep"));
	/* A run of something else shows what it has */
	for (i = 0; !f->n && i < f->plots->n && f->nshown < 2; i++)
		if (f->plots->p[i].drawn && !was_shown(f, &f->plots->p[i]))
			ret |= put_picture(f, &f->plots->p[i]);
	doc_row_end(&f->d);
	return ret;
}

static bool is_in(const struct section *s, const char *workload)
{
	size_t i;

	for (i = 0; i < sizeof(s->workloads) / sizeof(*s->workloads); i++)
		if (s->workloads[i] && !fnmatch(s->workloads[i], workload, 0))
			return true;
	return false;
}

static size_t count_answers(const struct front *f, const struct section *s)
{
	size_t i, n = 0;

	for (i = 0; i < f->n; i++)
		n += is_in(s, f->all[i].q->workload);
	return n;
}

static int put_section(struct front *f, const struct section *s)
{
	const struct plot *plot = NULL;
	struct table t;
	size_t i;
	int ret;

	doc_h(&f->d, 2, "%s", s->title);
	doc_p(&f->d, "%s", s->sentence);
	for (i = 0; !plot && i < sizeof(s->pictures) / sizeof(*s->pictures) && s->pictures[i]; i++)
		plot = find_picture(f, s->pictures[i]);
	ret = put_picture(f, plot);
	table_init(&t, 4, "l");
	table_cell(&t, "question");
	table_cell(&t, "platform");
	table_cell(&t, "verdict");
	table_cell(&t, "measured");
	for (i = 0; i < f->n; i++) {
		const struct answer *an = &f->all[i];
		char verdict[TEXT];

		if (!is_in(s, an->q->workload))
			continue;
		table_cell(&t, "%s\n`%s` `%s`%s%s%s", an->q->question, an->q->workload,
			   an->q->metric, an->q->other ? ", against `" : "",
			   an->q->other ? an->q->other : "", an->q->other ? "`" : "");
		table_cell(&t, "%s", column_name(f, an->a->platform, an->a->series));
		table_cell(&t, "**%s**%s", answer_verdict(verdict, an), ratio_text(f, an, "\n"));
		table_cell(&t, "%s%s%s\nn=%d", strcmp(an->a->variant, "ext") ? an->a->variant : "",
			   strcmp(an->a->variant, "ext") ? ": " : "", values_text(f, an),
			   an->a->st.n);
	}
	doc_table(&f->d, &t);
	table_free(&t);
	return ret;
}

static void put_contents(struct front *f)
{
	const char *text = "";
	size_t i;

	if (!f->d.html)
		return;
	for (i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		char id[TEXT];
		char *p;

		if (!count_answers(f, &sections[i]))
			continue;
		snprintf(id, sizeof(id), "%s", sections[i].title);
		for (p = id; *p; p++)
			*p = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ", *p) ? *p - 'A' + 'a' :
			     strchr(" ,", *p) ? '-' : *p;
		text = run_str(f->run, "%s%s[%s](#%s)", text, *text ? " · " : "",
			       sections[i].title, id);
	}
	doc_p(&f->d, "%s%s[May it be trusted?](#may-it-be-trusted-) · [All figures](details.html)",
	      text, *text ? " · " : "");
}

static void put_legend(struct front *f)
{
	doc_p(&f->d, "Medians over n boots. ×: ratio to the variant it is compared with, with its interval: 95 %% from 6 boots on, all there is with fewer. **better**, **worse**: shown, after Holm's correction where boots are compared, exactly where instructions are counted. **equal**: the interval lies within 5 %%. **yes**, **no**: the whole interval is on that side of the goal. **leans**: the whole interval is on that side, but no test has shown it, or there are too few boots for one: a hint, not a result. **undecided**: none of these.");
}

/**
 * front_write() - write report.md or report.html
 *
 * Return: 0, or -1 after a message.
 */
int front_write(struct run *run, const struct summary *sum, const struct answer *answers,
		size_t nanswers, const struct plots *plots, const char *path, bool html)
{
	struct front f = {
		.d = {
			.html = html, .dir = run->dir,
			.archive = !access(run_str(run, "%s/" RAW_ARCHIVE, run->dir), F_OK),
		},
		.run = run, .sum = sum, .all = answers, .n = nanswers, .plots = plots,
	};
	int ret = 0;
	size_t i;

	f.d.f = out_open(path);
	if (!f.d.f)
		return -1;
	find_columns(&f);
	doc_begin(&f.d, "Free page reporting: page flag against page_ext");
	if (!nanswers)
		doc_p(&f.d, "**Nothing that a question is about was measured in this run**; what was is in [%s](%s).",
		      html ? "details.html" : "details.md", html ? "details.html" : "details.md");
	else
		put_result(&f);
	ret |= put_pictures(&f);
	if (f.ncolumns)
		put_first(&f);
	if (nanswers)
		put_legend(&f);
	put_contents(&f);
	for (i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		if (count_answers(&f, &sections[i]))
			ret |= put_section(&f, &sections[i]);
	doc_h(&f.d, 2, "May it be trusted?");
	put_warnings(&f.d, run);
	put_completeness(&f.d, run, plots);
	put_machine(&f.d, run);
	doc_p(&f.d, "All metrics, pictures, boots, the same variant twice and by its predecessor, definitions, and how to make this again: [%s](%s).",
	      html ? "details.html" : "details.md", html ? "details.html" : "details.md");
	doc_end(&f.d);
	free(f.columns);
	return out_close(f.d.f, path) || ret ? -1 : 0;
}
