// SPDX-License-Identifier: GPL-2.0
/* summary.tsv, and the files of the report in general. */
#include "prreport.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Say why, as far as is known (@err may be 0), and what to do. */
void out_failed(const char *path, int err)
{
	bool full = !err || err == ENOSPC || err == EDQUOT;

	fprintf(stderr,
		"prreport: %s could not be written: %s; %s and run 'make report' again\n",
		path, err ? strerror(err) : "is the disk full?",
		full ? "make room there" : "see that it can be written");
}

/* A file appears under its name when it is complete, never before. */
FILE *out_open(const char *path)
{
	char *tmp = format("%s.tmp", path);
	FILE *f = fopen(tmp, "w");

	if (!f)
		out_failed(tmp, errno);
	free(tmp);
	return f;
}

int out_close(FILE *f, const char *path)
{
	char *tmp = format("%s.tmp", path);
	bool bad = ferror(f);
	int err;

	errno = 0;
	bad |= fclose(f) != 0;
	if (!bad)
		bad = rename(tmp, path) != 0;
	err = errno;
	if (bad) {
		out_failed(path, err);
		unlink(tmp);
	}
	free(tmp);
	return bad ? -1 : 0;
}

static void num(FILE *f, double v)
{
	if (isnan(v))
		fputs("\t-", f);
	else if (isinf(v))
		fputs("\tinf", f);
	else
		fprintf(f, "\t%.9g", v);
}

static void p_raw(FILE *f, const struct comparison *c)
{
	if (c && !isnan(c->p_raw))
		fprintf(f, "\t%.3g", c->p_raw);
	else
		fputs("\t-", f);
}

/**
 * write_tsv() - summary.tsv: a line a row, against the baseline
 *
 * p: a number if it is at most 0.05, else what comparison_sign() says.
 */
int write_tsv(const struct summary *sum, const char *path)
{
	FILE *f = out_open(path);
	size_t i;

	if (!f)
		return -1;
	fputs("platform\tkernel\tvariant\tworkload\tmetric\tunit\tn\tmedian\tlo95\thi95\tratio\tp\tp_raw\ttests\tfamily\n",
	      f);
	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];
		const struct comparison *c = comparison_find(sum, r, BASELINE);
		char sign[TEXT];

		fprintf(f, "%s\t%s\t%s\t%s\t%s\t%s\t%d", r->platform, r->kernel,
			r->variant, r->workload, r->metric, r->unit, r->st.n);
		num(f, r->st.median);
		num(f, r->st.lo);
		num(f, r->st.hi);
		num(f, r->ratio);
		fprintf(f, "\t%s", comparison_sign(sign, c));
		p_raw(f, c);
		if (c)
			fprintf(f, "\t%d\t%s\n", c->tests, comparison_family(c));
		else
			fputs("\t-\t-\n", f);
	}
	return out_close(f, path);
}

/**
 * write_comparisons() - comparisons.tsv: what was declared before the run
 *
 * One line for each headline metric in each declared comparison, which all are
 * one family a platform: by how much, with its 95 % interval, and p.
 */
int write_comparisons(const struct summary *sum, const char *path)
{
	FILE *f = out_open(path);
	size_t i;

	if (!f)
		return -1;
	fputs("platform\tkernel\tworkload\tmetric\tunit\tvariant\tagainst\tn\tn_against\tmedian\tmedian_against\tratio\tratio_lo\tratio_hi\tp\tp_raw\ttests\n",
	      f);
	for (i = 0; i < sum->ncmp; i++) {
		const struct comparison *c = &sum->cmp[i];
		const struct row *a = c->a, *b = c->b;
		struct effect e;
		char sign[TEXT];

		if (!c->headline)
			continue;
		stats_effect(a->vals, a->st.n, b->vals, b->st.n, true, ALPHA, &e);
		fprintf(f, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d", a->platform, a->series,
			a->workload, a->metric, a->unit, a->variant, b->variant,
			a->st.n, b->st.n);
		num(f, a->st.median);
		num(f, b->st.median);
		num(f, e.mid);
		num(f, e.lo);
		num(f, e.hi);
		fprintf(f, "\t%s", comparison_sign(sign, c));
		p_raw(f, c);
		fprintf(f, "\t%d\n", c->tests);
	}
	return out_close(f, path);
}
