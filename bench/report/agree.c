// SPDX-License-Identifier: GPL-2.0
/*
 * Do two runs give the same answers?  Each answer is about one run, a variant
 * against another on the same machine, so machines may differ.
 */
#include "answers.h"

#include <string.h>

/* More would make it longer than ten lines, or the lines too long to read. */
#define NAMED		2	/* answers that differ */
#define TRAITS		3	/* what the runs are unlike in */

/* What two runs say to one question. */
enum agreement {
	OPEN,		/* one of them says nothing */
	SAME,		/* both have shown the same */
	LEANS,		/* the same, but one of them has not shown it */
	DIFFERS,	/* both have shown something, and not the same */
	LEANS_AWAY,	/* not the same, but one of them has not shown it */
	NR_AGREEMENTS
};

/*
 * Write which side an answer's verdict is on, "" if it is undecided.
 *
 * Return: whether that is shown, or only leans.
 */
static bool side_of(const struct answer *an, char *side)
{
	static const char leans[] = "leans ";
	char buf[TEXT];
	const char *text = answer_verdict(buf, an);
	bool shown = strncmp(text, leans, strlen(leans)) != 0;

	if (!shown)
		text += strlen(leans);
	if (!strcmp(text, "undecided") || !strcmp(text, "no data"))
		text = "";
	snprintf(side, TEXT, "%s", text);
	return shown;
}

static enum agreement agreement_of(const struct answer *a, const struct answer *b)
{
	char x[TEXT], y[TEXT];
	bool shown = side_of(a, x);

	shown &= side_of(b, y);
	if (!*x || !*y)
		return OPEN;
	if (strcmp(x, y))
		return shown ? DIFFERS : LEANS_AWAY;
	return shown ? SAME : LEANS;
}

/* Find the answer to the same question, of the same kernel if there is one. */
static const struct answer *same_question(const struct answer *a,
					  const struct answer *all, size_t n)
{
	const struct answer *found = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		if (all[i].q != a->q || strcmp(all[i].a->platform, a->a->platform))
			continue;
		if (!strcmp(all[i].a->series, a->a->series))
			return &all[i];
		if (!found)
			found = &all[i];
	}
	return found;
}

/* Write what an answer says, and by how much. */
static const char *said_text(char *buf, const struct answer *an)
{
	char verdict[TEXT], effect[TEXT];

	snprintf(buf, TEXT, "%.60s (%.100s)", answer_verdict(verdict, an),
		 effect_text(effect, &an->e, an->ratio));
	return buf;
}

static void put_verdict(const int *count)
{
	int both = count[SAME] + count[DIFFERS];

	if (!both)
		printf("Not known whether B agrees with A: no answer is shown in both; 6 boots of each variant show most (BOOTS=6)\n");
	else
		printf("B %s with A: %d of %d answers that are shown in both %s\n",
		       count[DIFFERS] ? "does not agree" : "agrees",
		       count[DIFFERS] ? count[DIFFERS] : both, both,
		       count[DIFFERS] ? "differ" : "are the same");
}

static void put_unlike(const json_t *differ)
{
	size_t n = json_array_size(differ), i;

	if (!n) {
		printf("alike: machine, kernel configurations, versions of QEMU and settings\n");
		return;
	}
	printf("unlike:");
	for (i = 0; i < n && i < TRAITS; i++) {
		const char *text = json_string_value(json_array_get(differ, i));

		printf("%s %.*s", i ? "," : "", (int)strcspn(text, ":"), text);
	}
	if (n > TRAITS)
		printf(" and %zu more", n - TRAITS);
	printf("; so figures are not compared, only what each run shows by itself\n");
}

/* Name the first answers that differ. */
static void put_differing(const struct side *a, const struct side *b)
{
	int named = 0;
	size_t i;

	for (i = 0; i < a->nanswers && named < NAMED; i++) {
		const struct answer *an = &a->answers[i];
		const struct answer *other = same_question(an, b->answers, b->nanswers);
		char x[TEXT], y[TEXT];

		if (!other || agreement_of(an, other) != DIFFERS)
			continue;
		named++;
		printf("  %s, %s (%s): A %s, B %s\n", an->q->question,
		       an->q->other ? an->q->other : an->a->metric, an->a->platform,
		       said_text(x, an), said_text(y, other));
	}
}

/**
 * agree_write() - say in ten lines whether two runs give the same answers
 * @a: one run, with its answers
 * @b: the other one
 * @differ: what they are unlike in, see alike_differences()
 *
 * Return: how many answers both of them have.
 */
size_t agree_write(const struct side *a, const struct side *b, const json_t *differ)
{
	const struct side *const sides[] = { a, b };
	int count[NR_AGREEMENTS] = { 0 };
	size_t i, n = 0;

	for (i = 0; i < a->nanswers; i++) {
		const struct answer *other = same_question(&a->answers[i], b->answers,
							   b->nanswers);

		if (!other)
			continue;
		n++;
		count[agreement_of(&a->answers[i], other)]++;
	}
	if (!n)
		return 0;
	put_verdict(count);
	for (i = 0; i < 2; i++)
		printf("%s: %s, commit %s, %s on %s, %zu boots\n", sides[i]->name,
		       sides[i]->run.dir, json_str(sides[i]->run.meta, "commit", "?"),
		       json_str(sides[i]->run.meta, "date", "?"),
		       json_str(sides[i]->run.meta, "host", "?"), sides[i]->run.nboots);
	put_unlike(differ);
	printf("the same, shown in both:      %3d of %zu answers\n", count[SAME], n);
	printf("lean the same way:            %3d, too few boots or no test in one of them\n",
	       count[LEANS]);
	printf("open:                         %3d, undecided in one of them; %d lean to another side\n",
	       count[OPEN] + count[LEANS_AWAY], count[LEANS_AWAY]);
	printf("differ, shown in both:        %3d\n", count[DIFFERS]);
	put_differing(a, b);
	return n;
}
