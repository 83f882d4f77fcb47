// SPDX-License-Identifier: GPL-2.0
/* Values of boots grouped into the rows of summary.tsv and compared. */
#include "prreport.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * 6.12.117-patched and 6.12.117 are one series: their boots are compared. But
 * not with 6.12.117:m2, which ran elsewhere, see run_load().
 */
const char *kernel_series(const char *release, char *buf, size_t size)
{
	const char *group = strchr(release, ':');
	size_t n = strspn(release, "0123456789.");

	while (n && release[n - 1] == '.')
		n--;
	if (!n)
		n = strcspn(release, ":");
	snprintf(buf, size, "%.*s%s", (int)n, release, group ? group : "");
	return buf;
}

/* alloc_oK_* and free_oK_* sort by what is measured, then by order, and last */
static int cmp_operation(const char *a, const char *b)
{
	char opa[8], opb[8], sa[32], sb[32];
	int ka, kb;
	bool pa = sscanf(a, "%7[a-z]_o%2d_%31s", opa, &ka, sa) == 3;
	bool pb = sscanf(b, "%7[a-z]_o%2d_%31s", opb, &kb, sb) == 3;
	int d = pa - pb;

	if (!d && pa) {
		d = strcmp(opa, opb);
		/* p50 p99 p999 max: by length puts max before p999, wanted last */
		if (!d)
			d = !!strstr(sa, "_max") - !!strstr(sb, "_max");
		if (!d)
			d = strcmp(sa, sb);
		if (!d)
			d = ka - kb;
		/* o1 and o01 are two metrics, and so may be what is longer. */
		return d ? d : strcmp(a, b);
	}
	return d;
}

static int cmp_series(const char *a, const char *b)
{
	char x[64], y[64];

	return a == b || !strcmp(a, b) ? 0 : strcmp(kernel_series(a, x, sizeof(x)),
						    kernel_series(b, y, sizeof(y)));
}

/* By rank, and by name where neither has one. */
static int cmp_named(unsigned int ra, unsigned int rb, const char *a, const char *b)
{
	return ra != rb ? (ra < rb ? -1 : 1) : a == b ? 0 : strcmp(a, b);
}

/* Platform, kernel, workload, metric and variant, each in the order of the run. */
static int cmp_value(const void *pa, const void *pb)
{
	const struct value *a = pa, *b = pb;
	int d = cmp_named(a->platform, b->platform, a->boot->platform, b->boot->platform);

	if (!d)
		d = cmp_series(a->boot->kernel, b->boot->kernel);
	if (!d)
		d = cmp_named(a->place, b->place, a->workload, b->workload);
	if (!d && a->metric != b->metric)
		d = cmp_operation(a->metric, b->metric);
	if (!d)
		d = cmp_named(a->listed, b->listed, a->metric, b->metric);
	if (!d)
		d = cmp_named(a->variant, b->variant, a->boot->variant, b->boot->variant);
	return d || a->boot->kernel == b->boot->kernel ? d :
	       strcmp(a->boot->kernel, b->boot->kernel);
}

/* Looking names up once, and not at each comparison. */
static void rank_value(struct value *v)
{
	const char *op = v->metric;
	int k, n = 0;

	v->platform = (unsigned int)platform_rank(v->boot->platform);
	v->variant = (unsigned int)variant_rank(v->boot->variant);
	/* What the run does not name, -1, comes last. */
	v->place = (unsigned int)workload_place(v->workload);
	/* Operations of the allocator have an order of their own, see cmp_operation(). */
	v->listed = sscanf(op, "%*[a-z]_o%2d_%n", &k, &n) == 1 && n && op[n] ? 0 :
		    (unsigned int)metric_place(v->workload, v->metric);
}

static int cmp_value_boot(const void *pa, const void *pb)
{
	const struct value *a = pa, *b = pb;
	int d = cmp_value(pa, pb);

	if (!d)
		d = a->boot->seq < b->boot->seq ? -1 : a->boot->seq > b->boot->seq;
	/* Two boots may share a number after a run was continued. */
	return d ? d : strcmp(a->boot->name, b->boot->name);
}

/* A table of the report: one workload on one platform with one kernel. */
bool row_same_table(const struct row *a, const struct row *b)
{
	return !strcmp(a->platform, b->platform) &&
	       !strcmp(a->series, b->series) && !strcmp(a->workload, b->workload);
}

const struct row *summary_find(const struct summary *sum, const char *platform,
			       const char *series, const char *variant,
			       const char *workload, const char *metric)
{
	size_t i;

	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];

		if (!strcmp(r->platform, platform) && !strcmp(r->series, series) &&
		    !strcmp(r->variant, variant) && !strcmp(r->workload, workload) &&
		    !strcmp(r->metric, metric))
			return r;
	}
	return NULL;
}

/* Equal keys lie side by side; several values of one boot become their median. */
static void make_row(struct row *r, const struct value *v, size_t n)
{
	double *tmp = xrealloc(NULL, n, sizeof(*tmp));
	char series[64];
	size_t i, j, k, boots = 0;

	memset(r, 0, sizeof(*r));
	r->platform = v->boot->platform;
	r->kernel = v->boot->kernel;
	r->series = strdup(kernel_series(r->kernel, series, sizeof(series)));
	r->variant = v->boot->variant;
	r->workload = v->workload;
	r->metric = v->metric;
	r->unit = v->unit;
	r->limit = NAN;
	r->ratio = NAN;
	r->vals = xrealloc(NULL, n, sizeof(*r->vals));
	r->boots = xrealloc(NULL, n, sizeof(*r->boots));
	for (i = 0; i < n; i = j) {
		struct spread st;

		for (j = i, k = 0; j < n && v[j].boot == v[i].boot; j++)
			tmp[k++] = v[j].v;
		stats_summary(tmp, k, &st);
		r->boots[boots] = v[i].boot;
		r->vals[boots++] = st.median;
		r->limit = fmin(r->limit, v[i].limit);
	}
	stats_summary(r->vals, boots, &r->st);
	free(tmp);
}

/**
 * summary_build() - group, order and compare, see comparisons_make()
 */
void summary_build(const struct values *vals, struct summary *sum)
{
	struct value *v = xrealloc(NULL, vals->n, sizeof(*v));
	size_t i, j;

	memset(sum, 0, sizeof(*sum));
	if (vals->n)
		memcpy(v, vals->v, vals->n * sizeof(*v));
	for (i = 0; i < vals->n; i++)
		rank_value(&v[i]);
	qsort(v, vals->n, sizeof(*v), cmp_value_boot);
	for (i = 0; i < vals->n; i = j) {
		for (j = i; j < vals->n && !cmp_value(&v[i], &v[j]); j++)
			;
		sum->rows = xrealloc(sum->rows, sum->n + 1, sizeof(*sum->rows));
		make_row(&sum->rows[sum->n++], &v[i], j - i);
	}
	free(v);
	comparisons_make(sum);
}

/**
 * summary_first() - is this row the first of its platform and kernel?
 */
bool summary_first(const struct summary *sum, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (!strcmp(sum->rows[j].platform, sum->rows[i].platform) &&
		    !strcmp(sum->rows[j].series, sum->rows[i].series))
			return false;
	return true;
}

void summary_free(struct summary *sum)
{
	size_t i;

	for (i = 0; i < sum->n; i++) {
		free(sum->rows[i].vals);
		free(sum->rows[i].boots);
		free((char *)sum->rows[i].series);
	}
	free(sum->rows);
	free(sum->cmp);
	memset(sum, 0, sizeof(*sum));
}
