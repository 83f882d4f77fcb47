// SPDX-License-Identifier: GPL-2.0
/*
 * One function answers every question of asked.c.
 *
 * A goal is reached if the whole interval of what was measured is on its good
 * side, and missed if all of it is on the other; else the run leaves it open.
 * A p that is not small proves nothing and decides nothing here.
 */
#include "answers.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COVERAGE	0.9	/* of an interval: each side is wrong in one run of 20 */
#define MARGIN		0.05	/* what differs by less is equal for all that anybody cares */

/* ---- one function that answers ---- */

static const char * const rule_names[] = {
	"measured", "more", "at_most", "never", "times_at_most", "times_at_least",
	"more_at_most", "grows_at_most",
};

static bool has_goal(enum rule rule)
{
	return rule != MEASURED && rule != MORE;
}

static bool is_ratio(enum rule rule)
{
	return rule != MORE_AT_MOST && rule != MORE;
}

static bool at_least(enum rule rule)
{
	return rule == TIMES_AT_LEAST;
}

/* Yes, no, open, or few: too few boots for an interval that could decide. */
static const char *judge(const struct question *q, const struct effect *e, bool exact)
{
	double good = at_least(q->rule) ? e->lo : e->hi;
	double bad = at_least(q->rule) ? e->hi : e->lo;

	if (isnan(e->mid))
		return "no data";
	if (isnan(q->limit))
		return "-";
	if (!exact && e->coverage < COVERAGE - 1e-9)
		return "few";
	if (at_least(q->rule) ? good >= q->limit : good <= q->limit)
		return "yes";
	return (at_least(q->rule) ? bad >= q->limit : bad <= q->limit) ? "open" : "no";
}

static const char *judge_difference(const struct answer *an)
{
	const char *better = metric_better(an->a->workload, an->a->metric);
	double a = an->a->st.median, b = an->b->st.median;
	bool exact = platform_find(an->a->platform)->instructions;

	if (a == b)
		return exact ? "same" : "~";
	if (!exact && !(an->c && an->c->p <= ALPHA))
		return !an->c ? "untested" : an->c->few ? "n<" : "~";
	if (!*better)
		return a < b ? "less" : "more";
	return (a < b) == !strcmp(better, "less") ? "better" : "worse";
}

/* In how many runs the interval of an answer leaves out what is true */
double answer_alpha(const struct question *q)
{
	return has_goal(q->rule) ? 1 - COVERAGE : ALPHA;
}

/* What a row is by the rule, against @b if it wants one; wrong in @alpha of runs. */
static void measure(const struct question *q, const struct row *a, const struct row *b,
		    double alpha, struct effect *e)
{
	bool ratio = is_ratio(q->rule);
	int i;

	if (q->rule == AT_MOST) {
		*e = (struct effect){ a->st.median, a->st.lo, a->st.hi, a->st.coverage };
	} else if (q->rule == NEVER) {
		*e = (struct effect){ 0, 0, 0, 1 };
		for (i = 0; i < a->st.n; i++)
			e->mid = e->lo = e->hi = e->hi + a->vals[i];
	} else if (b) {
		stats_effect(a->vals, a->st.n, b->vals, b->st.n, ratio, alpha, e);
		/* Nothing is at most any share, also of nothing */
		if (q->rule == TIMES_AT_MOST && a->st.median == 0 && b->st.median == 0 &&
		    e->lo == e->hi)
			e->mid = e->lo = e->hi = 0;
	}
}

/* A row and what it is compared with, if anything */
struct pair {
	const struct row *a, *b;
};

static bool is_asked(const struct question *q, const struct row *r, const char *platform,
		     const char *series, const char *variant)
{
	return !strcmp(r->platform, platform) && !strcmp(r->series, series) &&
	       !strcmp(r->variant, variant) && !fnmatch(q->workload, r->workload, 0) &&
	       !fnmatch(q->metric, r->metric, 0);
}

/* Smallest and largest of "lockhold-1g-o9" to "lockhold-16g-o9" */
static void find_ends(const struct summary *sum, const struct question *q,
		      const char *platform, const char *series,
		      const struct row **large, const struct row **small)
{
	size_t prefix = strcspn(q->workload, "*"), i;
	double lo = INFINITY, hi = -INFINITY;

	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];
		double size;

		if (!is_asked(q, r, platform, series, q->variant))
			continue;
		size = strtod(r->workload + prefix, NULL);
		if (size < lo) {
			lo = size;
			*small = r;
		}
		if (size > hi) {
			hi = size;
			*large = r;
		}
	}
}

/* Is all of the interval beyond the goal, or where there is none worse than even? */
static bool is_beyond(const struct question *q, const struct effect *e)
{
	double limit = !isnan(q->limit) ? q->limit : is_ratio(q->rule) ? 1 : 0;

	return at_least(q->rule) ? e->hi < limit : e->lo > limit;
}

/*
 * Is this match worse than what has been found so far? What is clearly beyond the goal
 * counts more than what may be.
 */
static bool is_worse(const struct answer *an, const struct effect *e)
{
	if (!an->a || isnan(an->e.mid))
		return true;
	if (is_beyond(an->q, e) != is_beyond(an->q, &an->e))
		return is_beyond(an->q, e);
	return at_least(an->q->rule) ? e->lo < an->e.lo : e->hi > an->e.hi;
}

/*
 * How many matches miss the goal, so that one run of 20 says so of any where none does:
 * each interval is as wide as Bonferroni wants it.
 */
static int count_beyond(const struct question *q, const struct pair *pairs, int n, bool exact)
{
	double alpha = (1 - COVERAGE) / n;
	int i, beyond = 0;

	for (i = 0; i < n; i++) {
		struct effect e = { NAN, NAN, NAN, 0 };

		measure(q, pairs[i].a, pairs[i].b, alpha, &e);
		beyond += (exact || n == 1 || e.coverage >= 1 - alpha - 1e-9) &&
			  !strcmp(judge(q, &e, exact), "no");
	}
	return beyond;
}

static bool answer(const struct summary *sum, const struct question *q,
		   const char *platform, const char *series, const char *variant,
		   struct answer *an)
{
	const struct row *large = NULL, *small = NULL;
	bool exact = platform_find(platform)->instructions;
	struct pair *pairs = NULL;
	size_t i;

	*an = (struct answer){ .q = q, .ratio = is_ratio(q->rule),
			       .e = { NAN, NAN, NAN, 0 } };
	if (q->rule == GROWS_AT_MOST)
		find_ends(sum, q, platform, series, &large, &small);
	for (i = 0; i < sum->n; i++) {
		const struct row *a = &sum->rows[i], *b = small;
		struct effect e = { NAN, NAN, NAN, 0 };

		if (q->rule == GROWS_AT_MOST ? a != large || a == small :
		    !is_asked(q, a, platform, series, variant))
			continue;
		if (q->other)
			b = summary_find(sum, platform, series, q->other, a->workload, a->metric);
		measure(q, a, b, answer_alpha(q), &e);
		pairs = xrealloc(pairs, (size_t)an->matches + 1, sizeof(*pairs));
		pairs[an->matches++] = (struct pair){ a, b };
		if (!is_worse(an, &e))
			continue;
		an->a = a;
		an->b = b;
		an->e = e;
	}
	an->beyond = count_beyond(q, pairs, an->matches, exact);
	free(pairs);
	if (!an->a || (q->place == BESIDE && !an->b))
		return false;
	an->c = an->b && q->other ? comparison_find(sum, an->a, q->other) : NULL;
	an->verdict = has_goal(q->rule) ? judge(q, &an->e, exact) :
		      an->b ? judge_difference(an) : "no data";
	if (!an->beyond && !strcmp(an->verdict, "no"))
		an->verdict = "open";
	return true;
}

/* The side that the whole interval lies on, or NULL if it lies on both */
static const char *leaning(const struct answer *an)
{
	const char *better = metric_better(an->a->workload, an->a->metric);
	const struct question *q = an->q;
	double even = an->ratio ? 1 : 0;
	bool less = an->e.hi < even;

	if (has_goal(q->rule)) {
		if (strcmp(an->verdict, "few"))
			return NULL;
		if (at_least(q->rule) ? an->e.lo >= q->limit : an->e.hi <= q->limit)
			return "met";
		return (at_least(q->rule) ? an->e.hi < q->limit : an->e.lo > q->limit) ?
		       "missed" : NULL;
	}
	if (!less && !(an->e.lo > even))
		return NULL;
	if (!*better)
		return less ? "less" : "more";
	return less == !strcmp(better, "less") ? "better" : "worse";
}

/**
 * answer_goal() - what a question asks for
 * @buf: room for TEXT bytes
 *
 * Return: @buf: "at most 1.5 s", "at most ×1.5 of `flag-o0`"; empty without a goal.
 */
const char *answer_goal(char *buf, const struct question *q)
{
	buf[0] = 0;
	switch (q->rule) {
	case AT_MOST:
		snprintf(buf, TEXT, "at most %g %s", q->limit, q->unit);
		break;
	case NEVER:
		snprintf(buf, TEXT, "none in any boot");
		break;
	case TIMES_AT_MOST:
		snprintf(buf, TEXT, "at most ×%g of `%s`", q->limit, q->other);
		break;
	case TIMES_AT_LEAST:
		snprintf(buf, TEXT, "at least ×%g of `%s`", q->limit, q->other);
		break;
	case MORE_AT_MOST:
		snprintf(buf, TEXT, "at most %+g over `%s`", q->limit, q->other);
		break;
	case GROWS_AT_MOST:
		if (!isnan(q->limit))
			snprintf(buf, TEXT, "at most ×%g", q->limit);
		break;
	case MEASURED:
	case MORE:
		break;
	}
	return buf;
}

/**
 * answer_verdict() - an answer in a few words
 * @buf: room for TEXT bytes
 *
 * Without a goal: better, worse, less, more; equal if the whole interval lies
 * within MARGIN. With one: met or missed, see answer_goal(). What the interval says and no test has shown
 * only leans to a side; what it leaves open is undecided.
 */
const char *answer_verdict(char *buf, const struct answer *an)
{
	static const char * const decided[] = {
		"no data", "better", "worse", "less", "more",
	};
	const char *side;
	size_t i;

	if (!strcmp(an->verdict, "yes"))
		return "met";
	if (!strcmp(an->verdict, "no"))
		return "missed";
	for (i = 0; i < sizeof(decided) / sizeof(*decided); i++)
		if (!strcmp(an->verdict, decided[i]))
			return decided[i];
	if (!strcmp(an->verdict, "same") ||
	    (an->q->rule == MEASURED && an->e.coverage >= COVERAGE - 1e-9 &&
	     an->e.lo >= 1 - MARGIN && an->e.hi <= 1 + MARGIN))
		return "equal";
	side = leaning(an);
	if (!side)
		return "undecided";
	snprintf(buf, TEXT, "leans %s", side);
	return buf;
}

/**
 * answers_make() - answer every question that the run has data for
 * @n: how many answers there are
 *
 * Return: the answers in the order of the questions, to be freed.
 */
struct answer *answers_make(const struct summary *sum, size_t *n)
{
	struct answer *all = NULL;
	size_t q, i, v;

	*n = 0;
	for (q = 0; q < nr_questions; q++) {
		bool each = !strcmp(questions[q].variant, "*");

		for (i = 0; i < sum->n; i++) {
			const struct row *r = &sum->rows[i];

			if (!summary_first(sum, i))
				continue;
			for (v = 0; v < (each ? nr_variants : 1); v++) {
				const char *name = each ? variants[v].name :
						   questions[q].variant;

				all = xrealloc(all, *n + 1, sizeof(*all));
				if (questions[q].other && !strcmp(questions[q].other, name))
					continue;
				*n += answer(sum, &questions[q], r->platform, r->series,
					     name, &all[*n]);
			}
		}
	}
	return all;
}

/* ---- answers.tsv ---- */

static void put_num(FILE *f, double v)
{
	if (isnan(v))
		fputs("\t-", f);
	else
		fprintf(f, "\t%.9g", v);
}

/**
 * write_answers() - answers.tsv, by which a machine can judge a run
 */
int write_answers(const struct answer *all, size_t n, const char *path)
{
	FILE *f = out_open(path);
	size_t i;

	if (!f)
		return -1;
	fputs("question\tplatform\tkernel\tworkload\tmetric\tunit\tvariant\tn\tvalue\trule\tother\tlimit\tn_other\tvalue_other\teffect\teffect_lo\teffect_hi\tcoverage\tmatches\tbeyond\tp\tfamily\tverdict\n",
	      f);
	for (i = 0; i < n; i++) {
		const struct answer *an = &all[i];
		const struct row *a = an->a;
		char sign[TEXT];

		fprintf(f, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d", an->q->question, a->platform,
			a->series, a->workload, a->metric, a->unit, a->variant, a->st.n);
		put_num(f, a->st.median);
		fprintf(f, "\t%s\t%s", rule_names[an->q->rule],
			!an->b ? "-" : an->q->other ? an->q->other : an->b->workload);
		put_num(f, an->q->limit);
		fprintf(f, "\t%d", an->b ? an->b->st.n : 0);
		put_num(f, an->b ? an->b->st.median : NAN);
		put_num(f, an->e.mid);
		put_num(f, an->e.lo);
		put_num(f, an->e.hi);
		fprintf(f, "\t%.3g\t%d", an->e.coverage, an->matches);
		put_num(f, has_goal(an->q->rule) ? an->beyond : NAN);
		fprintf(f, "\t%s\t%s\t%s\n", comparison_sign(sign, an->c),
			an->c ? comparison_family(an->c) : "-", an->verdict);
	}
	return out_close(f, path);
}

/* ---- the table of the report ---- */

static const char * const shown[] = { "off", "flag", "ext" };

static void put_value(struct table *t, const struct row *r, const char *unit)
{
	char med[TEXT], iv[TEXT], id[TEXT];

	if (!r) {
		table_cell(t, "-");
		return;
	}
	reached(med, r, r->st.median);
	interval_text(iv, r);
	if (isinf(r->st.median))
		unit = "";
	table_cell(t, "[**%s%s%s**](#%s)\n%s%sn=%d", med, *unit ? " " : "", unit,
		   raw_id(id, r), iv, *iv ? " " : "", r->st.n);
}

static void put_measured(struct table *t, const struct answer *an)
{
	char text[TEXT], more[TEXT] = "";

	if (an->q->rule == AT_MOST || an->q->rule == NEVER) {
		number(text, an->e.mid);
		table_cell(t, "`%s` %s", an->a->variant, text);
		return;
	}
	effect_text(text, &an->e, an->ratio);
	if (an->matches > 1 && has_goal(an->q->rule))
		snprintf(more, sizeof(more), "\nat worst, `%.60s`; beyond at %d of %d",
			 an->a->metric, an->beyond, an->matches);
	else if (an->matches > 1)
		snprintf(more, sizeof(more), "\nat worst, `%.60s`, of %d", an->a->metric,
			 an->matches);
	if (an->q->rule == GROWS_AT_MOST)
		table_cell(t, "`%s` %s\n`%.60s`: %.0f, `%.60s`: %.0f", an->a->variant, text,
			   an->b->workload, an->b->st.median, an->a->workload,
			   an->a->st.median);
	else
		table_cell(t, "`%s` %s of `%s`%s", an->a->variant, text, an->q->other, more);
}

static void put_verdict(struct table *t, const struct answer *an)
{
	static const struct { const char *verdict, *text; } words[] = {
		{ "yes", "yes" }, { "no", "**no**" }, { "few", "n<" },
		{ "open", "open: the interval is on both sides" },
		{ "better", "**better**" }, { "worse", "**worse**" },
		{ "less", "**less**" }, { "more", "**more**" },
		{ "same", "the same" }, { "untested", "not tested" },
	};
	const char *text = an->verdict;
	char p[TEXT] = "";
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(words[i].verdict, an->verdict))
			text = words[i].text;
	if (an->q->rule == NEVER && an->e.mid > 0 && !strcmp(an->q->workload, "verify"))
		text = "**NO: data was lost**";
	if (!has_goal(an->q->rule) && an->c && an->c->p <= ALPHA)
		snprintf(p, sizeof(p), "\np=%.2g of %d%s", an->c->p, an->c->tests,
			 an->c->headline || an->c->beside ? "" : ", exploration");
	table_cell(t, "%s%s", text, p);
}

/**
 * put_answers() - the answers in one table, the first thing to see
 */
void put_answers(struct doc *d, const struct summary *sum, const struct answer *all,
		 size_t n)
{
	struct table t;
	size_t i, v;

	doc_h(d, 2, "Answers");
	if (!n) {
		doc_p(d, "**None** of what is asked was measured in this run.");
		return;
	}
	table_init(&t, 8, "llrrrlll");
	for (const char * const *h = (const char * const []){ "question", "platform",
	     "no reporting\n`off`", "page flag\n`flag`", "page_ext\n`ext`", "goal",
	     "measured", "reached", NULL }; *h; h++)
		table_cell(&t, "%s", *h);
	for (i = 0; i < n; i++) {
		const struct answer *an = &all[i];
		const struct row *a = an->a;
		const char *group = strchr(a->series, ':');
		char goal[TEXT];

		table_cell(&t, "%s\n`%s` `%s`", an->q->question, an->q->workload, an->q->metric);
		table_cell(&t, "%s%s", a->platform, group ? group : "");
		for (v = 0; v < sizeof(shown) / sizeof(*shown); v++)
			put_value(&t, strpbrk(an->q->metric, "*?[") ? NULL :
				  summary_find(sum, a->platform, a->series, shown[v],
					       a->workload, a->metric), an->q->unit);
		table_cell(&t, "%s", *answer_goal(goal, an->q) ? goal : "(none)");
		put_measured(&t, an);
		put_verdict(&t, an);
	}
	doc_table(d, &t);
	table_free(&t);
	doc_p(d, "Medians over n boots with their interval: 95 %% from 6 boots on, minimum and maximum with fewer. A number leads to its raw data. `×` and `+` are Hodges and Lehmann's estimate over all pairs of boots. A goal is reached if the whole interval is on its good side (each end is wrong in one run of 20), missed if none of it is, else open; of several matches each interval is made as wide as for one to be missed by chance in one run of 20. Without a goal: better or worse than the other variant where p is at most 0.05 after Holm's correction. `~`: no difference shown. `n<`: too few boots to show or decide anything. Times on `tcg` are emulated; `icount` counts instructions exactly; unlike platforms are not to be compared.");
}
