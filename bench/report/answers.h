/* SPDX-License-Identifier: GPL-2.0 */
/* What is asked of a run, see asked.c, and an answer, see questions.c */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "prreport.h"

enum rule {
	MEASURED,	/* no goal: the ratio to @other, and whether it differs */
	MORE,		/* the same, but the difference */
	AT_MOST,	/* the median at most @limit */
	NEVER,		/* 0 in every boot */
	TIMES_AT_MOST,	/* at most @limit times that of @other */
	TIMES_AT_LEAST,	/* at least @limit times that of @other */
	MORE_AT_MOST,	/* at most @limit more than @other */
	GROWS_AT_MOST,	/* of workloads of many sizes: largest over smallest */
};

enum place {
	LATER,		/* in its section */
	FIRST,		/* among the few at the top of the report */
	BESIDE,		/* in the row of the one that is FIRST, if @other was measured */
};

struct question {
	const char *question;
	const char *line;	/* in the picture, behind the workload, with its unit; or NULL */
	const char *workload, *metric, *unit, *variant;
	enum rule rule;
	const char *other;
	double limit;
	enum place place;
};

extern const struct question questions[];
extern const size_t nr_questions;

/* A section of the first page */
struct section {
	const char *title;
	const char *workloads[7];	/* patterns */
	const char *pictures[3];	/* the first that there is is shown */
	const char *sentence;
};

extern const struct section sections[];
extern const size_t nr_sections;

bool section_has(const struct section *s, const char *workload);

/* The answer on one platform, with one kernel. */
struct answer {
	const struct question *q;
	const struct row *a, *b;	/* of the worst match; b may be NULL */
	const struct comparison *c;	/* a against b, if that was tested */
	struct effect e;
	bool ratio;
	int matches, beyond;		/* how many, and how many beyond the limit */
	const char *verdict;
};

const char *answer_goal(char *buf, const struct question *q);
const char *answer_verdict(char *buf, const struct answer *an);
double answer_alpha(const struct question *q);

/* One of two runs that are compared. */
struct side {
	const char *name;	/* "A" or "B" */
	struct run run;
	struct values vals;
	struct summary sum;
	json_t *traits;
	struct answer *answers;
	size_t nanswers;
};

size_t agree_write(const struct side *a, const struct side *b, const json_t *differ);

#endif /* ANSWERS_H */
