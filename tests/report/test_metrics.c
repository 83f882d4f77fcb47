// SPDX-License-Identifier: GPL-2.0
/* Metrics of boots whose figures are known because they are made up. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "prreport.h"

#define near(a, b)	assert_true(fabs((a) - (b)) <= 1e-9)

/* 1 GiB is freed at 10 s; it goes back between 12 s and 14 s. */
static const struct sample falling[] = {
	{ 0, 100 * 1024, 0, NAN },
	{ 8, 100 * 1024, 0, NAN },
	{ 10, 1124 * 1024, 0, NAN },
	{ 12, 1124 * 1024, 1024, NAN },
	{ 14, 100 * 1024, 3072, NAN },
	{ 30, 100 * 1024, 3072, NAN },
};

static const char drain[] =
	"[{'t':1,'event':'ready'},"
	"{'t':7.9,'event':'counters','workload':'drain','when':'begin','kworker_ns':1000000,"
	" 'um':{'reported_bytes':1048576},'stats':{'reported_bytes':7,'refaulted_bytes':0,'passes':2}},"
	"{'t':8,'event':'begin','workload':'drain'},"
	"{'t':9,'event':'mark','workload':'drain','name':'freed','bytes':4096},"
	"{'t':10,'event':'mark','workload':'drain','name':'freed','bytes':1073741824},"
	"{'t':20,'event':'settled','workload':'drain'},"
	"{'t':20,'event':'result','workload':'drain','metric':'fill_s','unit':'s','value':1.5},"
	"{'t':20,'event':'result','workload':'drain','metric':'fill_s','unit':'s','value':2.5},"
	"{'t':20,'event':'end','workload':'drain'},"
	"{'t':20.1,'event':'counters','workload':'drain','when':'end','kworker_ns':5000000,"
	" 'mem_total_kib':204800,'mem_free_kib':133120,'mem_pcp_kib':20480,"
	" 'um':{'reported_bytes':3145728},'stats':{'reported_bytes':9,'refaulted_bytes':2097152,"
	" 'passes':5,'lock_hold_max_ns':2500}}]";

static json_t *events(const char *text)
{
	char *s = strdup(text), *p;
	json_error_t err;
	json_t *j;

	for (p = s; *p; p++)
		if (*p == '\'')
			*p = '"';
	j = json_loads(s, 0, &err);
	free(s);
	assert_non_null(j);
	return j;
}

static struct boot *add_boot(struct run *run, const char *platform,
			     const char *variant, const char *text,
			     const struct sample *samples, size_t n)
{
	struct boot *b;

	run->boots = xrealloc(run->boots, run->nboots + 1, sizeof(*run->boots));
	b = &run->boots[run->nboots++];
	memset(b, 0, sizeof(*b));
	b->seq = run->nboots;
	b->name = run_str(run, "%03d-%s-%s", b->seq, platform, variant);
	b->platform = platform;
	b->variant = variant;
	b->kernel = "6.12.1";
	b->tree = "pristine";
	b->events = events(text);
	b->samples = xrealloc(NULL, n, sizeof(*samples));
	memcpy(b->samples, samples, n * sizeof(*samples));
	b->nsamples = n;
	return b;
}

static double value(const struct values *v, const char *workload, const char *metric)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (!strcmp(v->v[i].workload, workload) &&
		    !strcmp(v->v[i].metric, metric))
			return v->v[i].v;
	return NAN;
}

static void resident(void **state)
{
	struct boot b = { .samples = (struct sample *)falling, .nsamples = 6 };

	(void)state;
	near(metrics_resident_at(&b, 0), 100 * 1024);
	near(metrics_resident_at(&b, 9), 612 * 1024);
	near(metrics_resident_at(&b, 30), 100 * 1024);
	assert_true(isnan(metrics_resident_at(&b, -1)));
	near(metrics_resident_at(&b, 30.2), 100 * 1024);
	assert_true(isnan(metrics_resident_at(&b, 31)));
	b.nsamples = 0;
	assert_true(isnan(metrics_resident_at(&b, 1)));
}

static void time_to_drop(void **state)
{
	struct boot b = { .samples = (struct sample *)falling, .nsamples = 6 };

	(void)state;
	near(metrics_time_to_drop(&b, 10, 20, 512 * 1024), 3);
	near(metrics_time_to_drop(&b, 10, 20, 1024 * 1024), 4);
	assert_true(isinf(metrics_time_to_drop(&b, 10, 20, 1025 * 1024)));
	assert_true(isinf(metrics_time_to_drop(&b, 10, 13, 512 * 1024)));
	assert_true(isnan(metrics_time_to_drop(&b, 99, 120, 1)));
}

static void trapezoid(void **state)
{
	struct boot b = { .samples = (struct sample *)falling, .nsamples = 6 };

	(void)state;
	near(metrics_footprint(&b, 0, 8), 8 * 100 / 1024.0);
	near(metrics_footprint(&b, 8, 10), 2 * 612 / 1024.0);
	near(metrics_footprint(&b, 9, 13),
	     (868 + 2 * 1124 + 868) / 1024.0);
	assert_true(isnan(metrics_footprint(&b, 20, 40)));
}

static void whole_boot(void **state)
{
	struct run run = { 0 };
	struct values v;

	(void)state;
	add_boot(&run, "um", "flag", drain, falling, 6);
	metrics_compute(&run, &v);
	near(value(&v, "drain", "t50_s"), 3);
	near(value(&v, "drain", "t95_s"), 3.9);
	near(value(&v, "drain", "host_refill_mib"), 3);
	near(value(&v, "drain", "stranded_mib"), 100 - 50);
	near(value(&v, "drain", "resident_mib"), 100);
	assert_true(isnan(value(&v, "drain", "t_boot_s")));
	near(value(&v, "drain", "worker_cpu_ms"), 4);
	/* the device's own count, which every kernel has on UML */
	near(value(&v, "drain", "reported_mib"), 2);
	near(value(&v, "drain", "refault_mib"), 2);
	assert_true(isnan(value(&v, "drain", "host_huge_mib")));
	near(value(&v, "drain", "passes"), 3);
	near(value(&v, "drain", "lock_hold_max_us"), 2.5);
	/* from the last mark on */
	near(value(&v, "drain", "footprint_gib_s"),
	     (2 * 1124 + 2 * 612 + 6 * 100) / 1024.0);
	assert_true(isnan(value(&v, "drain", "redundant_mib")));
	assert_int_equal(run.nnotes, 0);
	free(v.v);
	run_free(&run);
}

/* Before each test: what another one has declared does not count. */
static int declare_nothing(void **state)
{
	struct run none = { 0 };

	(void)state;
	workloads_of(&none);
	return 0;
}

static void declare(struct run *run, const char *about)
{
	run->meta = json_object();
	json_object_set_new(run->meta, "about_workloads", events(about));
	workloads_of(run);
}

/* What never settles strands nothing, and counts from its begin. */
static void unsettled(void **state)
{
	char text[sizeof(drain)], *hit;
	struct run run = { 0 };
	struct values v;

	(void)state;
	strcpy(text, drain);
	hit = strstr(text, "'settled'");
	memcpy(hit, "'another'", 9);
	add_boot(&run, "um", "flag", text, falling, 6);
	metrics_compute(&run, &v);
	assert_true(isnan(value(&v, "drain", "stranded_mib")));
	assert_true(isnan(value(&v, "drain", "resident_mib")));
	near(value(&v, "drain", "footprint_gib_s"),
	     (2 * 612 + 2 * 1124 + 2 * 612 + 6 * 100) / 1024.0);
	free(v.v);
	run_free(&run);
}

/* The worker's own time goes before that of all kernel workers. */
static void own_time_of_the_worker(void **state)
{
	static const char text[] =
		"[{'t':1,'event':'counters','workload':'churn','when':'begin','kworker_ns':1000000,'worker_ms':3},"
		"{'t':1,'event':'begin','workload':'churn'},"
		"{'t':3,'event':'end','workload':'churn'},"
		"{'t':3,'event':'counters','workload':'churn','when':'end','kworker_ns':99000000,'worker_ms':10.5}]";
	struct run run = { 0 };
	struct values v;

	(void)state;
	add_boot(&run, "um", "ext", text, falling, 6);
	metrics_compute(&run, &v);
	near(value(&v, "churn", "worker_cpu_ms"), 7.5);
	free(v.v);
	run_free(&run);
}

/* What did not happen within its limit is larger than all that did. */
static void never_happened(void **state)
{
	static const char text[] =
		"[{'t':1,'event':'begin','workload':'overcommit'},"
		"{'t':2,'event':'result','workload':'overcommit','metric':'wait_s','unit':'s','value':%s,'limit':8},"
		"{'t':3,'event':'end','workload':'overcommit'}]";
	static const char * const values_of[] = { "null", "8", "2.5" };
	struct run run = { 0 };
	struct summary sum;
	const struct row *r;
	char room[sizeof(text) + 8];
	struct values v;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		snprintf(room, sizeof(room), text, values_of[i]);
		add_boot(&run, "um", i < 2 ? "off" : "ext", room, falling, 6);
	}
	metrics_compute(&run, &v);
	summary_build(&v, &sum);
	r = summary_find(&sum, "um", "6.12.1", "off", "overcommit", "wait_s");
	assert_int_equal(r->st.n, 2);
	assert_true(isinf(r->st.lo) && isinf(r->st.median));
	near(r->limit, 8);
	r = summary_find(&sum, "um", "6.12.1", "ext", "overcommit", "wait_s");
	near(r->st.median, 2.5);
	summary_free(&sum);
	free(v.v);
	run_free(&run);
}

static void huge_pages(void **state)
{
	static const struct sample samples[] = {
		{ 0, 1024, 0, 0 }, { 15, 1024, 0, 512 * 1024 }, { 21, 1024, 0, 0 },
	};
	struct run run = { 0 };
	struct values v;

	(void)state;
	add_boot(&run, "um", "ext", drain, samples, 3);
	metrics_compute(&run, &v);
	near(value(&v, "drain", "host_huge_mib"), 512);
	free(v.v);
	run_free(&run);
}

/* storm counts from the start of the VM, whatever happened before it began. */
static void from_the_start(void **state)
{
	char text[sizeof(drain) + 64], *hit;
	struct run run = { 0 };
	struct values v;

	(void)state;
	strcpy(text, drain);
	while ((hit = strstr(text, "drain")))
		memcpy(hit, "storm", 5);
	declare(&run, "{'storm':{'from_start':true}}");
	add_boot(&run, "um", "flag", text, falling, 6);
	metrics_compute(&run, &v);
	near(value(&v, "storm", "t_boot_s"), 1);
	near(value(&v, "storm", "worker_cpu_ms"), 5);
	near(value(&v, "storm", "reported_mib"), 3);
	near(value(&v, "storm", "passes"), 5);
	near(value(&v, "storm", "host_refill_mib"), 3);
	near(value(&v, "storm", "footprint_gib_s"),
	     (2 * 1124 + 2 * 612 + 6 * 100) / 1024.0);
	assert_int_equal(run.nnotes, 0);
	free(v.v);
	run_free(&run);
}

static void never_back(void **state)
{
	static const struct sample flat[] = {
		{ 0, 1124 * 1024, 0, NAN }, { 30, 1124 * 1024, 0, NAN },
	};
	struct run run = { 0 };
	struct summary sum;
	struct values v;
	const struct row *r;

	(void)state;
	add_boot(&run, "um", "off", drain, flat, 2);
	add_boot(&run, "um", "flag", drain, falling, 6);
	metrics_compute(&run, &v);
	summary_build(&v, &sum);
	r = summary_find(&sum, "um", "6.12.1", "off", "drain", "t95_s");
	assert_non_null(r);
	assert_true(isinf(r->st.median));
	near(r->limit, 10);
	assert_true(isinf(r->ratio));
	r = summary_find(&sum, "um", "6.12.1", "flag", "drain", "fill_s");
	/* two results in one boot are one value */
	assert_int_equal(r->st.n, 1);
	near(r->st.median, 2);
	near(r->ratio, 1);
	summary_free(&sum);
	free(v.v);
	run_free(&run);
}

static void icount_has_no_host_time(void **state)
{
	struct run run = { 0 };
	struct values v;

	(void)state;
	add_boot(&run, "icount", "flag", drain, falling, 6);
	metrics_compute(&run, &v);
	assert_true(isnan(value(&v, "drain", "t95_s")));
	assert_true(isnan(value(&v, "drain", "footprint_gib_s")));
	near(value(&v, "drain", "fill_s"), 1.5);
	free(v.v);
	run_free(&run);
}

/* Samples every 50 ms; those between @from and @until are missing. */
static struct sample *sampled(double from, double until, size_t *n)
{
	struct sample *s = xrealloc(NULL, 600, sizeof(*s));
	int i;

	*n = 0;
	for (i = 0; i < 500; i++) {
		double t = i * 0.05, mib = t < 8 ? 100 : t < 10 ? 100 + (t - 8) * 512 :
			t < 11 ? 1124 : t < 11.5 ? 1124 - (t - 11) * 2048 : 100;

		if (t <= from || t >= until)
			s[(*n)++] = (struct sample){ t, mib * 1024, 0, NAN };
	}
	return s;
}

/* What is next to a gap of the samples has no figure, and a note says so. */
static void gaps(void **state)
{
	static const struct {
		double from, until;
		bool fall, footprint, resident;
	} gap[] = {
		{ 0, 0, true, true, true },
		{ 11.2, 11.4, true, true, true },	/* four intervals */
		{ 11.2, 13.4, false, false, true },	/* in the fall */
		{ 9.5, 10.5, false, false, true },	/* over the mark */
		{ 13, 16, true, false, true },	/* when all has fallen */
		{ 19, 20.5, true, false, false },	/* over the end */
		{ 1, 7, true, true, true },	/* before it began */
	};
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(gap) / sizeof(*gap); i++) {
		struct sample *s = sampled(gap[i].from, gap[i].until, &n);
		struct run run = { 0 };
		struct values v;

		add_boot(&run, "um", "ext", drain, s, n);
		judge_boots(&run);
		metrics_compute(&run, &v);
		assert_int_equal(!isnan(value(&v, "drain", "t50_s")), gap[i].fall);
		assert_int_equal(!isnan(value(&v, "drain", "t95_s")), gap[i].fall);
		assert_int_equal(!isnan(value(&v, "drain", "footprint_gib_s")), gap[i].footprint);
		assert_int_equal(!isnan(value(&v, "drain", "host_refill_mib")), gap[i].footprint);
		assert_int_equal(!isnan(value(&v, "drain", "resident_mib")), gap[i].resident);
		assert_int_equal(run.nnotes, (gap[i].fall ? 0 : 2) + (gap[i].footprint ? 0 : 2) +
				 !gap[i].resident);
		if (run.nnotes)
			assert_non_null(strstr(run.notes[0].text, "there are no samples"));
		free(v.v);
		free(s);
		run_free(&run);
	}
}

/* What is left out is named, and only that is left out. */
static void left_out(void **state)
{
	static const char text[] =
		"[{'t':1,'event':'begin','workload':'churn'},"
		"{'t':2,'event':'result','workload':'churn','metric':'cycles','unit':'count','value':3},"
		"{'t':3,'event':'error','workload':'churn','message':'no memory'},"
		"{'t':3,'event':'end','workload':'churn'},"
		"{'t':4,'event':'begin','workload':'perf'},"
		"{'t':4,'event':'skip','workload':'perf','reason':'no perf'},"
		"{'t':4,'event':'end','workload':'perf'},"
		"{'t':5,'event':'begin','workload':'alloc'},"
		"{'t':6,'event':'result','workload':'alloc-bulk','metric':'free_o3_ns_p50','unit':'ns','value':40},"
		"{'t':6,'event':'end','workload':'alloc'},"
		"{'t':7,'event':'begin','workload':'fio'},"
		"{'t':8,'event':'result','workload':'fio','metric':'ops_s','unit':'1/s','value':3}]";
	struct run run = { 0 };
	struct values v;

	(void)state;
	add_boot(&run, "um", "ext", text, falling, 6);
	add_boot(&run, "um", "ext", drain, falling, 6)->status = BOOT_LOST;
	metrics_compute(&run, &v);
	assert_true(isnan(value(&v, "churn", "cycles")));
	assert_true(isnan(value(&v, "fio", "ops_s")));
	assert_true(isnan(value(&v, "drain", "t95_s")));
	near(value(&v, "alloc-bulk", "free_o3_ns_p50"), 40);
	assert_int_equal(run.nnotes, 3);
	assert_non_null(strstr(run.notes[0].text, "no memory"));
	assert_non_null(strstr(run.notes[1].text, "no perf"));
	assert_non_null(strstr(run.notes[2].text, "never ended"));
	assert_string_equal(run.notes[2].workload, "fio");
	free(v.v);
	run_free(&run);
}

/* Held memory and what was fetched back come to one cost, each pause to its own. */
static void cost(void **state)
{
	static const char text[] =
		"[{'t':1,'event':'begin','workload':'churn-sweep'},"
		"{'t':2,'event':'result','workload':'churn-sweep','metric':'held_free_gib_s_p250','unit':'GiB*s/min','value':20},"
		"{'t':2,'event':'result','workload':'churn-sweep','metric':'host_refill_mib_p2500','unit':'MiB/min','value':512},"
		"{'t':2,'event':'result','workload':'churn-sweep','metric':'host_refill_mib_p250','unit':'MiB/min','value':2048},"
		"{'t':2,'event':'result','workload':'churn-sweep','metric':'held_free_gib_s','unit':'GiB*s/min','value':7},"
		"{'t':3,'event':'end','workload':'churn-sweep'}]";
	struct run run = { 0 };
	struct values v;

	(void)state;
	add_boot(&run, "um", "ext", text, falling, 6);
	metrics_compute(&run, &v);
	near(value(&v, "churn-sweep", "cost_gib_s_p250"), 20 + 2 * 2.147);
	assert_true(isnan(value(&v, "churn-sweep", "cost_gib_s_p2500")));
	assert_true(isnan(value(&v, "churn-sweep", "cost_gib_s")));
	free(v.v);
	run_free(&run);
}

static void boots_of(struct run *run, const char *variant, double first, int n)
{
	char text[512];
	int i;

	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text),
			 "[{'t':1,'event':'begin','workload':'churn'},"
			 "{'t':2,'event':'result','workload':'churn','metric':'cycles','unit':'count','value':%g},"
			 "{'t':2,'event':'result','workload':'churn','metric':'alloc_ms','unit':'ms','value':5},"
			 "{'t':3,'event':'end','workload':'churn'}]", first + i);
		add_boot(run, "tcg", variant, text, falling, 6);
	}
}

static void comparison(void **state)
{
	struct run run = { 0 };
	const struct comparison *c;
	struct summary sum;
	const struct row *r;
	struct values v;
	char sign[TEXT];

	(void)state;
	boots_of(&run, "flag", 10, 5);
	boots_of(&run, "ext", 30, 5);
	boots_of(&run, "off", 20, 3);
	boots_of(&run, "ext-off", 10, 5);
	declare(&run, "{'churn':{'metrics':[{'name':'cycles','headline':true}]}}");
	metrics_compute(&run, &v);
	summary_build(&v, &sum);
	r = summary_find(&sum, "tcg", "6.12.1", "ext", "churn", "cycles");
	assert_int_equal(r->st.n, 5);
	near(r->st.median, 32);
	near(r->ratio, 32 / 12.0);
	/* Declared: ext against flag and against off, whose 5 : 3 boots can reach 0.05. */
	c = comparison_find(&sum, r, "flag");
	assert_true(c->headline);
	assert_int_equal(c->tests, 2);
	near(c->p_raw, 2.0 / 252);
	near(c->p, 2 * 2.0 / 252);
	c = comparison_find(&sum, r, "off");
	assert_true(c->headline);
	near(c->p_raw, 2.0 / 56);
	near(c->p, 2.0 / 56);
	/* Explored: that of off and ext-off, and three other metrics of all three. */
	c = comparison_find(&sum, summary_find(&sum, "tcg", "6.12.1", "ext-off", "churn",
					       "cycles"), "flag");
	assert_false(c->headline);
	assert_int_equal(c->tests, 2 + 3 * 3);
	r = summary_find(&sum, "tcg", "6.12.1", "ext", "churn", "alloc_ms");
	c = comparison_find(&sum, r, "flag");
	assert_false(c->headline);
	near(c->p, 1);
	assert_string_equal(comparison_sign(sign, c), "n<");
	assert_null(comparison_find(&sum, r, "off"));
	r = summary_find(&sum, "tcg", "6.12.1", "flag", "churn", "cycles");
	assert_null(comparison_find(&sum, r, "flag"));
	near(r->ratio, 1);
	r = summary_find(&sum, "tcg", "6.12.1", "ext", "churn", "host_refill_mib");
	/* nothing to divide by */
	assert_true(r->has_flag && isnan(r->ratio));
	summary_free(&sum);
	free(v.v);
	run_free(&run);
}

/* One family a platform, whatever the workload; n< and ~ are two signs. */
static void headline_is_one_family(void **state)
{
	struct run run = { 0 };
	const struct comparison *c;
	struct summary sum;
	struct values v;
	char sign[TEXT];

	(void)state;
	boots_of(&run, "flag", 10, 6);
	boots_of(&run, "ext", 10, 6);
	boots_of(&run, "off", 30, 2);
	declare(&run, "{'churn':{'metrics':[{'name':'cycles','headline':true},{'name':'alloc_ms','headline':true}]}}");
	metrics_compute(&run, &v);
	summary_build(&v, &sum);
	c = comparison_find(&sum, summary_find(&sum, "tcg", "6.12.1", "ext", "churn",
					       "cycles"), "flag");
	assert_int_equal(c->tests, 2);
	assert_string_equal(comparison_sign(sign, c), "~");
	c = comparison_find(&sum, summary_find(&sum, "tcg", "6.12.1", "ext", "churn",
					       "cycles"), "off");
	assert_true(c->headline && isnan(c->p_raw));
	assert_string_equal(comparison_sign(sign, c), "n<");
	summary_free(&sum);
	free(v.v);
	run_free(&run);
}

static void without_flag(void **state)
{
	struct run run = { 0 };
	struct summary sum;
	struct values v;
	size_t i;

	(void)state;
	boots_of(&run, "ext", 30, 5);
	boots_of(&run, "off", 20, 5);
	metrics_compute(&run, &v);
	summary_build(&v, &sum);
	assert_true(sum.n > 0);
	assert_int_equal(sum.ncmp, 0);
	for (i = 0; i < sum.n; i++) {
		assert_false(sum.rows[i].has_flag);
		assert_true(isnan(sum.rows[i].ratio));
	}
	summary_free(&sum);
	free(v.v);
	run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(resident, declare_nothing),
		cmocka_unit_test_setup(time_to_drop, declare_nothing),
		cmocka_unit_test_setup(trapezoid, declare_nothing),
		cmocka_unit_test_setup(whole_boot, declare_nothing),
		cmocka_unit_test_setup(unsettled, declare_nothing),
		cmocka_unit_test_setup(own_time_of_the_worker, declare_nothing),
		cmocka_unit_test_setup(never_happened, declare_nothing),
		cmocka_unit_test_setup(huge_pages, declare_nothing),
		cmocka_unit_test_setup(headline_is_one_family, declare_nothing),
		cmocka_unit_test_setup(from_the_start, declare_nothing),
		cmocka_unit_test_setup(never_back, declare_nothing),
		cmocka_unit_test_setup(icount_has_no_host_time, declare_nothing),
		cmocka_unit_test_setup(gaps, declare_nothing),
		cmocka_unit_test_setup(left_out, declare_nothing),
		cmocka_unit_test_setup(cost, declare_nothing),
		cmocka_unit_test_setup(comparison, declare_nothing),
		cmocka_unit_test_setup(without_flag, declare_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
