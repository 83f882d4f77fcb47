/* SPDX-License-Identifier: GPL-2.0 */
/* What is asked of a run, and an answer; see questions.c */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "prreport.h"

enum rule {
	MEASURED,	/* no goal: how it is, and whether it differs from @other */
	AT_MOST,	/* the median at most @limit */
	NEVER,		/* 0 in every boot */
	TIMES_AT_MOST,	/* at most @limit times that of @other */
	TIMES_AT_LEAST,	/* at least @limit times that of @other */
	MORE_AT_MOST,	/* at most @limit more than @other */
	GROWS_AT_MOST,	/* of workloads of many sizes: largest over smallest */
};

struct question {
	const char *question, *workload, *metric, *unit, *variant;
	enum rule rule;
	const char *other;
	double limit;
	bool first;		/* among the few at the top of the report */
};

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

const char *answer_verdict(char *buf, const struct answer *an);

#endif /* ANSWERS_H */
