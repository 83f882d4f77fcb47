// SPDX-License-Identifier: GPL-2.0
/* Values of boots grouped into the rows of summary.tsv and compared. */
#include "prreport.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char * const platforms[] = { "kvm", "tcg", "um", "icount", NULL };
static const char * const variants[] = {
	"off", "flag", "flag-d250", "flag-o0", "flag-lock", "page_owner",
	"page_table_check", "hint", "ext-off", "ext-idle", "ext", "ext-aa",
	NULL
};
static const char * const workloads[] = {
	"drain", "churn", "fragment", "build", "storm", "fio", "stress-ng",
	"perf", "verify", "smallguest", "alloc-repeat", "alloc-bulk", NULL
};
static const char * const metrics[] = {
	"t50_s", "t95_s", "t_boot_s", "oom_kills", "alloc_stalls", "cycles",
	"alloc_ms", "ops_s", "bogo_ops",
	"mismatches", "checked_mib", "run_s", "fill_s",
	"footprint_gib_s", "resident_mib", "stranded_mib", "reported_mib",
	"refault_mib", "guest_refault_mib", "redundant_mib", "kept_mib", "failed_mib",
	"worker_cpu_ms", "lock_hold_max_us", "lock_hold_max_instr", "passes",
	"kvm_page_faults", "kvm_exits", NULL
};

static int rank(const char * const *list, const char *name)
{
	int i;

	for (i = 0; list[i]; i++)
		if (!strcmp(list[i], name))
			break;
	return i;
}

int variant_rank(const char *variant)
{
	return rank(variants, variant);
}

int platform_rank(const char *platform)
{
	return rank(platforms, platform);
}

/**
 * variant_is_twin() - is it another under a second name?
 * @variant: "ext-aa" is "ext" once more
 * @of: gets the first name, @size bytes
 */
bool variant_is_twin(const char *variant, char *of, size_t size)
{
	size_t n = strlen(variant);

	if (n < 4 || strcmp(variant + n - 3, "-aa"))
		return false;
	snprintf(of, size, "%.*s", (int)(n - 3), variant);
	return true;
}

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

static int cmp_ranked(const char * const *list, const char *a, const char *b)
{
	int d = rank(list, a) - rank(list, b);

	return d ? d : strcmp(a, b);
}

/* In the order of the run; what that does not name comes after it. */
static int cmp_workload(const char *a, const char *b)
{
	unsigned int pa = (unsigned int)workload_place(a);
	unsigned int pb = (unsigned int)workload_place(b);

	if (pa != pb)
		return pa < pb ? -1 : 1;
	return cmp_ranked(workloads, a, b);
}

static int cmp_listed(const char *workload, const char *a, const char *b)
{
	unsigned int pa = (unsigned int)metric_place(workload, a);
	unsigned int pb = (unsigned int)metric_place(workload, b);

	if (pa != pb)
		return pa < pb ? -1 : 1;
	return cmp_ranked(metrics, a, b);
}

/* alloc_oK_* and free_oK_* sort by what is measured, then by order, and last */
static int cmp_metric(const char *workload, const char *a, const char *b)
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
	return d ? d : cmp_listed(workload, a, b);
}

static int cmp_value(const void *pa, const void *pb)
{
	const struct value *a = pa, *b = pb;
	int d = cmp_ranked(platforms, a->boot->platform, b->boot->platform);

	if (!d)
		d = strcmp(a->boot->kernel, b->boot->kernel);
	if (!d)
		d = cmp_workload(a->workload, b->workload);
	if (!d)
		d = cmp_metric(a->workload, a->metric, b->metric);
	if (!d)
		d = cmp_ranked(variants, a->boot->variant, b->boot->variant);
	return d;
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

/* A table is what p is corrected over. */
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
	r->ratio = r->p_raw = r->p = NAN;
	r->vals = xrealloc(NULL, n, sizeof(*r->vals));
	for (i = 0; i < n; i = j) {
		struct spread st;

		for (j = i, k = 0; j < n && v[j].boot == v[i].boot; j++)
			tmp[k++] = v[j].v;
		stats_summary(tmp, k, &st);
		r->vals[boots++] = st.median;
		r->limit = fmin(r->limit, v[i].limit);
	}
	stats_summary(r->vals, boots, &r->st);
	free(tmp);
}

static void compare(struct summary *sum)
{
	double *raw = xrealloc(NULL, sum->n, sizeof(*raw));
	double *adj = xrealloc(NULL, sum->n, sizeof(*adj));
	size_t *idx = xrealloc(NULL, sum->n, sizeof(*idx));
	bool *done = xrealloc(NULL, sum->n, sizeof(*done));
	size_t i, j;

	memset(done, 0, sum->n * sizeof(*done));

	for (i = 0; i < sum->n; i++) {
		struct row *r = &sum->rows[i];
		const struct row *flag = summary_find(sum, r->platform, r->series,
						      "flag", r->workload, r->metric);
		char twin[64];

		/* What is there to be like its twin is compared with that one. */
		if (!flag || variant_is_twin(r->variant, twin, sizeof(twin)))
			continue;
		r->has_flag = true;
		/* A ratio means nothing unless both are on one side of zero. */
		if (isinf(flag->st.median))
			r->ratio = isinf(r->st.median) ? NAN : 0;
		else if (flag->st.median > 0 && r->st.median >= 0)
			r->ratio = r->st.median / flag->st.median;
		if (r != flag && stats_mwu_min_p(r->st.n, flag->st.n) <= ALPHA)
			r->p_raw = stats_mwu(r->vals, r->st.n, flag->vals, flag->st.n);
	}
	for (i = 0; i < sum->n; i++) {
		int n = 0;

		if (done[i])
			continue;
		for (j = i; j < sum->n; j++) {
			if (!row_same_table(&sum->rows[i], &sum->rows[j]))
				continue;
			done[j] = true;
			idx[n] = j;
			raw[n++] = sum->rows[j].p_raw;
		}
		stats_holm(raw, adj, n);
		while (n--)
			sum->rows[idx[n]].p = adj[n];
	}
	free(raw);
	free(adj);
	free(idx);
	free(done);
}

/**
 * summary_build() - group, order and compare
 *
 * ratio and p are against `flag` of the same platform, kernel series,
 * workload and metric.  p is corrected over all tests of one platform and
 * workload; tests that could not reach 0.05 with their number of boots are
 * not made.
 */
void summary_build(const struct values *vals, struct summary *sum)
{
	struct value *v = xrealloc(NULL, vals->n, sizeof(*v));
	size_t i, j;

	sum->rows = NULL;
	sum->n = 0;
	if (vals->n)
		memcpy(v, vals->v, vals->n * sizeof(*v));
	qsort(v, vals->n, sizeof(*v), cmp_value_boot);
	for (i = 0; i < vals->n; i = j) {
		for (j = i; j < vals->n && !cmp_value(&v[i], &v[j]); j++)
			;
		sum->rows = xrealloc(sum->rows, sum->n + 1, sizeof(*sum->rows));
		make_row(&sum->rows[sum->n++], &v[i], j - i);
	}
	free(v);
	compare(sum);
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
		free((char *)sum->rows[i].series);
	}
	free(sum->rows);
	sum->rows = NULL;
	sum->n = 0;
}
