// SPDX-License-Identifier: GPL-2.0
/*
 * report.md and report.html: what a run says, to be read in a minute. First the
 * result and what it was measured on, then a section a question, each with a
 * sentence, a picture and a small table. All figures are in details.
 */
#include "front.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool front_is_of(const struct answer *an, const struct column *col)
{
	return !strcmp(an->a->platform, col->platform) &&
	       !strcmp(an->a->series, col->series);
}

static bool has_column(const struct front *f, const struct answer *an)
{
	size_t i;

	for (i = 0; i < f->ncolumns; i++)
		if (front_is_of(an, &f->columns[i]))
			return true;
	return false;
}

/* Questions of the first table that a platform answers */
static size_t count_first(const struct front *f, const struct column *col)
{
	size_t i, n = 0;

	for (i = 0; i < f->n; i++)
		n += f->all[i].q->place == FIRST && front_is_of(&f->all[i], col);
	return n;
}

/* What answers more than @least of them has a column */
static void find_columns(struct front *f, size_t least)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct answer *an = &f->all[i];
		const struct column col = { an->a->platform, an->a->series };

		f->many_series |= strcmp(col.series, f->all[0].a->series) != 0;
		if (has_column(f, an) || count_first(f, &col) <= least)
			continue;
		f->columns = xrealloc(f->columns, f->ncolumns + 1, sizeof(*f->columns));
		f->columns[f->ncolumns++] = col;
	}
}

const char *front_column_name(struct front *f, const char *platform, const char *series)
{
	return run_str(f->run, "%s%s%s", platform_find(platform)->title,
		       f->many_series ? ", " : "", f->many_series ? series : "");
}

const char *front_value_text(struct front *f, const struct row *r, const char *unit)
{
	char text[TEXT];

	if (isinf(r->st.median))
		return run_str(f->run, "%s", reached(text, r, r->st.median));
	return run_str(f->run, fabs(r->st.median) < 1000 ? "%.3g%s%s" : "%.0f%s%s",
		       r->st.median, *unit ? " " : "", unit);
}

/* "1.16 s against 7.11 s", or the most by which one of many metrics differs */
const char *front_values_text(struct front *f, const struct answer *an)
{
	char effect[TEXT];

	/* Which of many it would be is not known */
	if (an->matches > 1 && an->q->other && !an->b)
		return "-";
	if (an->matches > 1 && an->b)
		return run_str(f->run, "%s%s%s at %s", effect_text(effect, &an->e, an->ratio),
			       an->ratio ? "" : " ", an->ratio ? "" : an->q->unit,
			       an->q->rule == TIMES_AT_LEAST ? "least" : "most");
	if (!an->b)
		return front_value_text(f, an->a, an->q->unit);
	return run_str(f->run, "%s against %s", front_value_text(f, an->a, an->q->unit),
		       front_value_text(f, an->b, an->q->unit));
}

/* The ratio or the difference, unless front_values_text() has it */
const char *front_ratio_text(struct front *f, const struct answer *an, const char *before)
{
	char effect[TEXT];

	if (!an->b || an->matches > 1)
		return "";
	return run_str(f->run, "%s%s", before, effect_text(effect, &an->e, an->ratio));
}

/* The verdict, and what it is about if that is a goal */
static const char *verdict_text(struct front *f, const struct answer *an)
{
	char verdict[TEXT], goal[TEXT];

	answer_goal(goal, an->q);
	return run_str(f->run, "**%s**%s%s%s", answer_verdict(verdict, an),
		       *goal ? " (goal: " : "", goal, *goal ? ")" : "");
}

/* One of the variants that ext is compared with: its verdict, then the figures */
static const char *put_block(struct front *f, const struct answer *an)
{
	const char *values = front_values_text(f, an);
	char id[TEXT];

	if (f->d.html)
		values = run_str(f->run, "[%s](details.html#%s)", values, raw_id(id, an->a));
	return run_str(f->run, "`%s`: %s%s\n%s, n=%d", an->q->other, verdict_text(f, an),
		       front_ratio_text(f, an, " "), values, an->a->st.n);
}

/* Does this answer stand in the row of that question? */
bool front_in_row(const struct answer *an, const struct question *q)
{
	return an->q == q || (an->q->place == BESIDE &&
			      !strcmp(an->q->workload, q->workload) &&
			      !strcmp(an->q->metric, q->metric));
}

/* What has no column of its own stands in the first one, by name */
static void put_cell(struct front *f, struct table *t, const struct question *q,
		     const struct column *col)
{
	const char *text = "";
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct answer *an = &f->all[i];

		if (!front_in_row(an, q) || (has_column(f, an) ? !front_is_of(an, col) : col != f->columns))
			continue;
		text = run_str(f->run, "%s%s%s%s%s", text, *text ? "\n\n" : "",
			       has_column(f, an) ? "" :
			       front_column_name(f, an->a->platform, an->a->series),
			       has_column(f, an) ? "" : ", ", put_block(f, an));
	}
	table_cell(t, "%s", *text ? text : "-");
}

/* The few questions that matter, platforms side by side */
static void put_first(struct front *f)
{
	const struct question *last = NULL;
	struct table t;
	size_t i, j;

	table_init(&t, f->ncolumns + 1, "l");
	t.stack = true;
	table_cell(&t, "page_ext (`ext`) against");
	for (j = 0; j < f->ncolumns; j++)
		table_cell(&t, "%s", front_column_name(f, f->columns[j].platform,
						 f->columns[j].series));
	for (i = 0; i < f->n; i++) {
		const struct question *q = f->all[i].q;

		if (q->place != FIRST || q == last)
			continue;
		last = q;
		table_cell(&t, "%s\n`%s`", q->question, q->workload);
		for (j = 0; j < f->ncolumns; j++)
			put_cell(f, &t, q, &f->columns[j]);
	}
	doc_table(&f->d, &t);
	table_free(&t);
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
		       f->d.html ? run_str(f->run, "[Its data](details.html#plot-%s)",
					   plot->name) : "");
}

/* All that is asked at a glance; then the drain beside the sweep of pauses, or one pause */
static int put_pictures(struct front *f)
{
	int ret = put_picture(f, find_picture(f, "forest"));
	size_t i;

	doc_row(&f->d);
	ret |= put_picture(f, find_picture(f, "drain"));
	ret |= put_picture(f, find_picture(f, "sweep") ?: find_picture(f, "drain-against-churn"));
	/* A run of something else shows what it has */
	for (i = 0; !f->n && i < f->plots->n && f->nshown < 2; i++)
		if (f->plots->p[i].drawn && !was_shown(f, &f->plots->p[i]))
			ret |= put_picture(f, &f->plots->p[i]);
	doc_row_end(&f->d);
	return ret;
}

static size_t count_answers(const struct front *f, const struct section *s)
{
	size_t i, n = 0;

	for (i = 0; i < f->n; i++)
		n += f->all[i].q->place != BESIDE && section_has(s, f->all[i].q->workload);
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
	t.stack = true;
	table_cell(&t, "question");
	table_cell(&t, "platform");
	table_cell(&t, "verdict");
	table_cell(&t, "measured");
	for (i = 0; i < f->n; i++) {
		const struct answer *an = &f->all[i];

		if (an->q->place == BESIDE || !section_has(s, an->q->workload))
			continue;
		table_cell(&t, "%s\n`%s` `%s`%s%s%s", an->q->question, an->q->workload,
			   an->q->metric, an->q->other ? ", against `" : "",
			   an->q->other ? an->q->other : "", an->q->other ? "`" : "");
		table_cell(&t, "%s", front_column_name(f, an->a->platform, an->a->series));
		table_cell(&t, "%s%s", verdict_text(f, an), front_ratio_text(f, an, "\n"));
		table_cell(&t, "%s%s%s\nn=%d", strcmp(an->a->variant, "ext") ? an->a->variant : "",
			   strcmp(an->a->variant, "ext") ? ": " : "", front_values_text(f, an),
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
	for (i = 0; i < nr_sections; i++) {
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
	doc_p(&f->d, "Medians over n boots. ×: ratio to the variant it is compared with, with its interval: 95 %% from 6 boots on, all there is with fewer. **better**, **worse**: shown, after Holm's correction where boots are compared, exactly where instructions are counted. **equal**: the interval lies within 5 %%. **met**, **missed**: the whole interval is on that side of the goal. **leans**: the whole interval is on that side, but no test has shown it, or there are too few boots for one: a hint, not a result. **undecided**: none of these.");
}

/* What a variant is, of those that ran */
static void put_variants(struct front *f)
{
	size_t i;

	for (i = 0; i < nr_variants; i++) {
		const struct variant *v = &variants[i];

		if (front_has_run(f, v))
			doc_li(&f->d, "`%s`, %s: %s", v->name, v->title, v->sentence);
	}
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
	find_columns(&f, 1);
	if (!f.ncolumns)
		find_columns(&f, 0);
	doc_begin(&f.d, "Free page reporting: page flag against page_ext");
	put_first_report(&f.d, run);
	if (!nanswers)
		doc_p(&f.d, "**Nothing that a question is about was measured in this run**; what was is in [%s](%s).",
		      html ? "details.html" : "details.md", html ? "details.html" : "details.md");
	else
		front_put_result(&f);
	put_contents(&f);
	ret |= put_pictures(&f);
	if (nanswers)
		front_put_losses(&f);
	if (f.ncolumns)
		put_first(&f);
	if (nanswers)
		put_legend(&f);
	put_variants(&f);
	for (i = 0; i < nr_sections; i++)
		if (count_answers(&f, &sections[i]))
			ret |= put_section(&f, &sections[i]);
	doc_h(&f.d, 2, "May it be trusted?");
	put_warnings(&f.d, run);
	put_completeness(&f.d, run, plots);
	put_aa_result(&f.d, run, sum);
	put_machine(&f.d, run);
	doc_p(&f.d, "All metrics, pictures, boots, the same variant twice and by its predecessor, definitions, and how to make this again: [%s](%s).",
	      html ? "details.html" : "details.md", html ? "details.html" : "details.md");
	doc_end(&f.d);
	free(f.columns);
	return out_close(f.d.f, path) || ret ? -1 : 0;
}
