// SPDX-License-Identifier: GPL-2.0
/*
 * report.md and report.html: what a run says, to be read in a minute. First the
 * result and what it was measured on, then a section a question, each with a
 * sentence, a picture and a small table. All figures are in details.
 */
#include "answers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static bool is_of(const struct answer *an, const struct column *col)
{
	return !strcmp(an->a->platform, col->platform) &&
	       !strcmp(an->a->series, col->series);
}

static bool has_column(const struct front *f, const struct answer *an)
{
	size_t i;

	for (i = 0; i < f->ncolumns; i++)
		if (is_of(an, &f->columns[i]))
			return true;
	return false;
}

/* Questions of the first table that a platform answers */
static size_t count_first(const struct front *f, const struct column *col)
{
	size_t i, n = 0;

	for (i = 0; i < f->n; i++)
		n += f->all[i].q->place == FIRST && is_of(&f->all[i], col);
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

static const char *column_name(struct front *f, const char *platform, const char *series)
{
	return run_str(f->run, "%s%s%s", platform_find(platform)->title,
		       f->many_series ? ", " : "", f->many_series ? series : "");
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

	/* Which of many it would be is not known */
	if (an->matches > 1 && an->q->other && !an->b)
		return "-";
	if (an->matches > 1 && an->b)
		return run_str(f->run, "%s%s%s at %s", effect_text(effect, &an->e, an->ratio),
			       an->ratio ? "" : " ", an->ratio ? "" : an->q->unit,
			       an->q->rule == TIMES_AT_LEAST ? "least" : "most");
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
	const char *values = values_text(f, an);
	char id[TEXT];

	if (f->d.html)
		values = run_str(f->run, "[%s](details.html#%s)", values, raw_id(id, an->a));
	return run_str(f->run, "`%s`: %s%s\n%s, n=%d", an->q->other, verdict_text(f, an),
		       ratio_text(f, an, " "), values, an->a->st.n);
}

/* Does this answer stand in the row of that question? */
static bool in_row(const struct answer *an, const struct question *q)
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

		if (!in_row(an, q) || (has_column(f, an) ? !is_of(an, col) : col != f->columns))
			continue;
		text = run_str(f->run, "%s%s%s%s%s", text, *text ? "\n\n" : "",
			       has_column(f, an) ? "" :
			       column_name(f, an->a->platform, an->a->series),
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
		table_cell(&t, "%s", column_name(f, f->columns[j].platform,
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

/* "better", "goal met" */
static const char *short_verdict(struct front *f, const struct answer *an)
{
	char verdict[TEXT], goal[TEXT];

	return run_str(f->run, "%s%s", *answer_goal(goal, an->q) ? "goal " : "",
		       answer_verdict(verdict, an));
}

/* "better, n=10; against `flag-d250`, 2.23 s: better": the verdicts of a line */
static const char *verdicts_text(struct front *f, const struct answer *of)
{
	const struct column col = { of->a->platform, of->a->series };
	const char *text = run_str(f->run, "%s, n=%d", short_verdict(f, of), of->a->st.n);
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct answer *an = &f->all[i];

		if (an->q->place == BESIDE && in_row(an, of->q) && is_of(an, &col))
			text = run_str(f->run, "%s; against `%s`, %s: %s", text, an->q->other,
				       value_text(f, an->b, an->q->unit),
				       short_verdict(f, an));
	}
	return text;
}

/* The lines of the result: what a question says on each platform */
static const struct clause {
	bool cost;
	const char *workload, *metric, *what;
} clauses[] = {
	{ false, "drain", "t95_s", "freed memory is back with the host after" },
	{ false, "churn", "host_refill_mib",
	  "of memory that was freed and soon taken again the host had to supply anew" },
	{ true, "alloc-bulk", "*_o[0-8]_instr",
	  "an allocation or a free of an order up to 8 takes" },
	{ true, "drain", "used_mib_gib", "page_ext takes" },
	{ true, "drain", "worker_cpu_ms",
	  "CPU time of the worker while freed memory goes back:" },
	{ true, "fragment", "worker_cpu_ms",
	  "CPU time of the worker while small pieces go back:" },
};

/* Of several questions about a metric, that of the first table or of the forest */
static bool is_about(const struct question *q, const struct clause *c)
{
	return (q->place == FIRST || q->line) && !strcmp(q->workload, c->workload) &&
	       !strcmp(q->metric, c->metric);
}

static bool is_cost(const struct question *q)
{
	size_t i;

	for (i = 0; i < sizeof(clauses) / sizeof(*clauses); i++)
		if (clauses[i].cost && !strcmp(q->workload, clauses[i].workload) &&
		    !strcmp(q->metric, clauses[i].metric))
			return true;
	return false;
}

/* Below its heading if it is the first one there */
static void put_clause(struct front *f, const struct clause *c, const char **heading)
{
	const char *text = "";
	char effect[TEXT];
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct answer *an = &f->all[i];

		if (!is_about(an->q, c) || isnan(an->e.mid))
			continue;
		effect_text(effect, &an->e, false);
		text = run_str(f->run, "%s%s**%s%s%s** on %s (%s)", text, *text ? "; " : "",
			       an->q->rule == MORE ? effect : values_text(f, an),
			       an->q->rule == MORE ? " " : "",
			       an->q->rule == MORE ? an->q->unit : "",
			       column_name(f, an->a->platform, an->a->series),
			       verdicts_text(f, an));
	}
	if (!*text)
		return;
	if (*heading)
		doc_p(&f->d, "%s:", *heading);
	*heading = NULL;
	doc_li(&f->d, "%s %s", c->what, text);
}

/*
 * Is the whole interval on the wrong side, by more than nobody cares about? Costs
 * are said before.
 */
static bool is_worse(const struct answer *an, const char *other)
{
	const char *better = metric_better(an->a->workload, an->a->metric);
	double even = an->ratio ? 1 : 0;
	char verdict[TEXT];

	return an->q->other && !strcmp(an->q->other, other) && an->b && *better &&
	       !strcmp(an->a->variant, "ext") &&
	       (strcmp(better, "more") ? an->e.lo > even : an->e.hi < even) &&
	       strcmp(answer_verdict(verdict, an), "equal") && !is_cost(an->q);
}

/* Does the verdict stand, or does it only lean to a side? */
static bool is_shown(const struct answer *an)
{
	char verdict[TEXT];

	return (an->c && an->c->p <= ALPHA) || !strcmp(answer_verdict(verdict, an), "worse") ||
	       !strcmp(answer_verdict(verdict, an), "missed");
}

/* All that is asked and is worse than with @other, beside the costs: a line a question */
static void put_worse(struct front *f, const char *other, const char *what)
{
	bool any = false, asked = false;
	size_t i, j;

	for (i = 0; i < f->n; i++) {
		asked |= f->all[i].q->other && !strcmp(f->all[i].q->other, other);
		any |= is_worse(&f->all[i], other);
	}
	if (!asked)
		return;
	doc_p(&f->d, "**Worse than %s** (`%s`)%s", what, other,
	      any ? ", beside the costs:" : ", beside the costs: nothing that is asked.");
	for (i = 0; i < f->n; i = j) {
		const struct question *q = f->all[i].q;
		const char *text = "";

		for (j = i; j < f->n && f->all[j].q == q; j++) {
			const struct answer *an = &f->all[j];

			if (is_worse(an, other))
				text = run_str(f->run, "%s%s%s%s%s (%s, n=%d%s)", text,
					       *text ? "; " : "", ratio_text(f, an, ""),
					       *ratio_text(f, an, "") ? ", " : "",
					       values_text(f, an),
					       column_name(f, an->a->platform, an->a->series),
					       an->a->st.n, is_shown(an) ? "" : ", no test shows it");
		}
		if (*text)
			doc_li(&f->d, "%s, `%s`: %s", q->question, q->workload, text);
	}
}

/* Goals that are not about one of the variants above */
static void put_missed(struct front *f)
{
	const char *heading = "**Other goals missed**:";
	char verdict[TEXT], goal[TEXT];
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct answer *an = &f->all[i];

		if (strcmp(answer_verdict(verdict, an), "missed") || is_cost(an->q) ||
		    is_worse(an, BASELINE) || is_worse(an, "flag-d250") ||
		    is_worse(an, "flag-clock"))
			continue;
		if (heading)
			doc_p(&f->d, "%s", heading);
		heading = NULL;
		doc_li(&f->d, "%s, `%s`: %s%s (%s, n=%d; goal: %s)", an->q->question,
		       an->q->workload, values_text(f, an), ratio_text(f, an, ", "),
		       column_name(f, an->a->platform, an->a->series), an->a->st.n,
		       answer_goal(goal, an->q));
	}
}

static bool has_run(const struct front *f, const struct variant *v)
{
	size_t i;

	for (i = 0; i < f->run->nboots; i++)
		if (!strcmp(f->run->boots[i].variant, v->name))
			return true;
	return false;
}

/* Does the first table tell of it? */
static bool is_first(const struct front *f, const struct variant *v)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct answer *an = &f->all[i];

		if (an->q->place != LATER && (!strcmp(an->a->variant, v->name) ||
						  (an->b && !strcmp(an->b->variant, v->name))))
			return true;
	}
	return false;
}

/* "`flag` (page flag), `ext` (page_ext)" */
static const char *names_text(struct front *f)
{
	const char *text = "";
	size_t i;

	for (i = 0; i < nr_variants; i++)
		if (is_first(f, &variants[i]))
			text = run_str(f->run, "%s%s`%s` (%s)", text, *text ? ", " : "",
				       variants[i].name, variants[i].title);
	return text;
}

/* Without what marks a build: "6.12.95" of "6.12.95-lock", "6.19.0-rc3" as it is */
static int release_length(const char *of)
{
	size_t n = strcspn(of, ":-+ ");

	if (!strncmp(of + n, "-rc", 3))
		n += 3 + strspn(of + n + 3, "0123456789");
	return n;
}

/* "Linux 6.12.95, QEMU 7.2.22, ": each that boots had, once */
static const char *versions_text(struct front *f)
{
	const char *text = "";
	size_t i, k;

	for (k = 0; k < 2; k++)
		for (i = 0; i < f->run->nboots; i++) {
			const struct boot *b = &f->run->boots[i];
			const char *of = k ? json_str(b->meta, "qemu_version", "") : b->kernel;
			const char *one = run_str(f->run, "%s %.*s, ", k ? "QEMU" : "Linux",
						  k ? (int)strspn(of, "0123456789.") :
						  release_length(of), of);

			if (*of && !strstr(text, one))
				text = run_str(f->run, "%s%s", text, one);
		}
	return text;
}

static void put_result(struct front *f)
{
	const char *gains = "**What page_ext is for**, against the page flag";
	const char *costs = "**What it costs**";
	const json_t *m = json_object_get(f->run->meta, "machine");
	bool kvm = false;
	size_t i;

	for (i = 0; i < f->run->nboots; i++)
		kvm |= !strcmp(f->run->boots[i].platform, "kvm");
	doc_p(&f->d, "Measured on %s with %.0f cores, %s%.10s.%s Unlike platforms are not to be compared with each other.",
	      json_str(m, "cpu", "an unknown processor"), json_num(m, "cores", NAN),
	      versions_text(f), json_str(f->run->meta, "date", "?"),
	      kvm ? "" : " **No figure is from hardware virtualisation**: times of guests that are emulated are emulated times.");
	doc_p(&f->d, "page_ext reports memory by its age: once it has been free for a second, or for longer where memory is taken again soon.%s%s%s",
	      f->ncolumns ? " Compared are " : "", f->ncolumns ? names_text(f) : "",
	      f->ncolumns ? "; all variants stand below the table." : "");
	for (i = 0; i < sizeof(clauses) / sizeof(*clauses); i++)
		put_clause(f, &clauses[i], clauses[i].cost ? &costs : &gains);
	put_worse(f, BASELINE, "the page flag");
	put_worse(f, "flag-d250", "the page flag with a pass every 250 ms");
	put_worse(f, "flag-clock", "the page flag with a second-chance clock");
	put_missed(f);
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
		table_cell(&t, "%s", column_name(f, an->a->platform, an->a->series));
		table_cell(&t, "%s%s", verdict_text(f, an), ratio_text(f, an, "\n"));
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

		if (has_run(f, v))
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
		put_result(&f);
	put_contents(&f);
	ret |= put_pictures(&f);
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
	put_machine(&f.d, run);
	doc_p(&f.d, "All metrics, pictures, boots, the same variant twice and by its predecessor, definitions, and how to make this again: [%s](%s).",
	      html ? "details.html" : "details.md", html ? "details.html" : "details.md");
	doc_end(&f.d);
	free(f.columns);
	return out_close(f.d.f, path) || ret ? -1 : 0;
}
