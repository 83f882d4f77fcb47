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
	char *tmp;
	FILE *f;

	if (asprintf(&tmp, "%s.tmp", path) < 0)
		return NULL;
	f = fopen(tmp, "w");
	if (!f)
		out_failed(tmp, errno);
	free(tmp);
	return f;
}

int out_close(FILE *f, const char *path)
{
	bool bad = ferror(f);
	char *tmp;
	int err;

	if (asprintf(&tmp, "%s.tmp", path) < 0)
		tmp = NULL;
	errno = 0;
	bad |= fclose(f) != 0 || !tmp;
	if (!bad)
		bad = rename(tmp, path) != 0;
	err = errno;
	if (bad) {
		out_failed(path, err);
		if (tmp)
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

int write_tsv(const struct summary *sum, const char *path)
{
	FILE *f = out_open(path);
	size_t i;

	if (!f)
		return -1;
	fputs("platform\tkernel\tvariant\tworkload\tmetric\tunit\tn\tmedian\tlo95\thi95\tratio\tp\n",
	      f);
	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];

		fprintf(f, "%s\t%s\t%s\t%s\t%s\t%s\t%d", r->platform, r->kernel,
			r->variant, r->workload, r->metric, r->unit, r->st.n);
		num(f, r->st.median);
		num(f, r->st.lo);
		num(f, r->st.hi);
		num(f, r->ratio);
		if (!r->has_flag || !strcmp(r->variant, "flag"))
			fputs("\t-\n", f);
		else if (r->p <= ALPHA)
			fprintf(f, "\t%.3g\n", r->p);
		else
			fputs("\t~\n", f);
	}
	return out_close(f, path);
}
