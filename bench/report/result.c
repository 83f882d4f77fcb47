// SPDX-License-Identifier: GPL-2.0
/*
 * The top of the first page: what page_ext is for, what it costs, and where it is
 * worse, a line each.
 */
#include "front.h"

#include <math.h>
#include <string.h>

/* "better", "goal of at most 1.5 s: met" */
static const char *short_verdict(struct front *f, const struct answer *an)
{
	char verdict[TEXT], goal[TEXT];
	bool has_goal = *answer_goal(goal, an->q);

	return run_str(f->run, "%s%s%s%s", has_goal ? "goal of " : "", goal,
		       has_goal ? ": " : "", answer_verdict(verdict, an));
}

/* "better, n=10; against `flag-d250`, 2.23 s: better": the verdicts of a line */
static const char *verdicts_text(struct front *f, const struct answer *of)
{
	const struct column col = { of->a->platform, of->a->series };
	const char *text = run_str(f->run, "%s, n=%d", short_verdict(f, of), of->a->st.n);
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct answer *an = &f->all[i];

		if (an->q->place == BESIDE && front_in_row(an, of->q) && front_is_of(an, &col))
			text = run_str(f->run, "%s; against `%s`, %s: %s", text, an->q->other,
				       front_value_text(f, an->b, an->q->unit),
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
	const char *text = "", *ratio;
	char effect[TEXT];
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct answer *an = &f->all[i];

		if (!is_about(an->q, c) || isnan(an->e.mid))
			continue;
		effect_text(effect, &an->e, false);
		ratio = an->q->rule == MORE ? "" : front_ratio_text(f, an, "");
		text = run_str(f->run, "%s%s**%s%s%s** on %s (%s%s%s)", text, *text ? "; " : "",
			       an->q->rule == MORE ? effect : front_values_text(f, an),
			       an->q->rule == MORE ? " " : "",
			       an->q->rule == MORE ? an->q->unit : "",
			       front_column_name(f, an->a->platform, an->a->series),
			       ratio, *ratio ? ", " : "", verdicts_text(f, an));
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
					       *text ? "; " : "", front_ratio_text(f, an, ""),
					       *front_ratio_text(f, an, "") ? ", " : "",
					       front_values_text(f, an),
					       front_column_name(f, an->a->platform, an->a->series),
					       an->a->st.n, is_shown(an) ? "" : ", no test shows it");
		}
		if (*text)
			doc_li(&f->d, "%s, `%s`: %s", q->question, q->workload, text);
	}
}

/* Ways of reporting that page_ext is held against, the most used first */
static const struct {
	const char *variant, *what;
} others[] = {
	{ BASELINE, "the page flag" },
	{ "flag-d250", "the page flag with a pass every 250 ms" },
	{ "flag-clock", "the page flag with a second-chance clock" },
	{ "flag-o0", "the page flag down to single pages" },
};

/* Is it worse than one of the above, and said so there? */
static bool is_said(const struct answer *an)
{
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (is_worse(an, others[i].variant))
			return true;
	return false;
}

/* Goals that are not about one of the variants above */
static void put_missed(struct front *f)
{
	const char *heading = "**Other goals missed**:";
	char verdict[TEXT], goal[TEXT];
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct answer *an = &f->all[i];

		if (strcmp(answer_verdict(verdict, an), "missed") || is_cost(an->q) || is_said(an))
			continue;
		if (heading)
			doc_p(&f->d, "%s", heading);
		heading = NULL;
		doc_li(&f->d, "%s, `%s`: %s%s (%s, n=%d; goal: %s)", an->q->question,
		       an->q->workload, front_values_text(f, an), front_ratio_text(f, an, ", "),
		       front_column_name(f, an->a->platform, an->a->series), an->a->st.n,
		       answer_goal(goal, an->q));
	}
}

bool front_has_run(const struct front *f, const struct variant *v)
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

/**
 * front_put_result() - what is gained, what it costs and where it is worse
 */
void front_put_result(struct front *f)
{
	const char *gains = "**What page_ext is for**, against the page flag";
	const char *costs = "**What it costs**";
	const json_t *m = json_object_get(f->run->meta, "machine");
	bool kvm = false;
	size_t i;

	for (i = 0; i < f->run->nboots; i++)
		kvm |= !strcmp(f->run->boots[i].platform, "kvm");
	doc_p(&f->d, "Measured on %s with %.0f cores, %s%.10s.%s Compare variants on one platform, not platforms with each other.",
	      json_str(m, "cpu", "an unknown processor"), json_num(m, "cores", NAN),
	      versions_text(f), json_str(f->run->meta, "date", "?"),
	      kvm ? "" : " **No figure is from hardware virtualisation**: times of guests that are emulated are emulated times.");
	doc_p(&f->d, "A guest tells its host which memory is free, so that the host can take it back. The kernel's own way (`flag`) tells of a part of it every two seconds, however recently it was freed, and marks that with a page flag. The patches under test (`ext`) record in page_ext, the kernel's table with an entry for each page, what was told and when, and since when other memory is free. They tell of memory once it has been free for a second, and later for 0.13 to 2.1 s, longer where memory is soon used again.%s%s%s",
	      f->ncolumns ? " Compared are " : "", f->ncolumns ? names_text(f) : "",
	      f->ncolumns ? "; all variants stand below the table." : "");
	doc_p(&f->d, "In brackets: the ratio (×) or difference (+), the median over all pairs of boots, with its 95 %% interval; the verdict; n, the boots of each variant. **better**, **worse**: a test shows it. **leans**: the whole interval is on that side, but no test shows it. **undecided**: it is on both.");
	for (i = 0; i < sizeof(clauses) / sizeof(*clauses); i++)
		put_clause(f, &clauses[i], clauses[i].cost ? &costs : &gains);
	put_worse(f, others[0].variant, others[0].what);
}

/**
 * front_put_losses() - where it is worse than other ways of reporting, and goals missed
 */
void front_put_losses(struct front *f)
{
	size_t i;

	for (i = 1; i < sizeof(others) / sizeof(*others); i++)
		put_worse(f, others[i].variant, others[i].what);
	put_missed(f);
}
