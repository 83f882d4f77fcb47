// SPDX-License-Identifier: GPL-2.0
/*
 * Result files: run.json, and for each boot meta.json, events.jsonl and
 * samples.tsv, which are the texts of an input in this order, and then for two
 * boots histograms of alloc, and of a probe beside drain, and the map of the
 * guest's memory.  All that prreport makes of them is made, except that gnuplot
 * does not draw.
 */
#include <errno.h>
#include <math.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "prreport.h"

#define NR_BOOTS	(sizeof(boots) / sizeof(*boots))

static const char *const boots[] = {
	"001-um-flag", "002-um-ext", "003-um-flag", "004-um-ext", "005-um-flag",
	"006-um-ext", "007-icount-flag", "008-icount-ext", "no-boot-at-all",
};

static const char *const files[] = { "meta.json", "events.jsonl", "samples.tsv" };

static const char *const others[] = {
	"alloc-hist.tsv", "probe-drain.tsv", "map.jsonl",
};

#define NR_OTHERS	(sizeof(others) / sizeof(*others))
#define NR_TEXTS	(1 + 3 * NR_BOOTS + 2 * NR_OTHERS)

static const char *const written[] = { "summary.tsv", "details.md", "report.html" };

static const char *root;

pid_t __wrap_fork(void);

/* A thousand times a second: nobody needs those plots. */
pid_t __wrap_fork(void)
{
	errno = EAGAIN;
	return -1;
}

static const char *path_of(const char *boot, const char *file)
{
	static char path[1024];

	if (boot)
		snprintf(path, sizeof(path), "%s/boots/%s/%s", root, boot, file);
	else
		snprintf(path, sizeof(path), "%s/%s", root, file);
	return path;
}

static void make_dirs(void)
{
	size_t i;

	root = scratch_dir();
	MUST(!mkdir(path_of(NULL, "boots"), 0700));
	MUST(!mkdir(path_of(NULL, "plots"), 0700));
	for (i = 0; i < NR_BOOTS; i++)
		MUST(!mkdir(path_of(boots[i], ""), 0700));
}

static void put(const char *path, const struct text *text)
{
	if (text->len)
		put_text(path, text);
	else
		unlink(path);
}

static uint64_t hash(uint64_t h, const char *s)
{
	while (*s)
		h = (h ^ (unsigned char)*s++) * 1099511628211ULL;
	return (h ^ '\n') * 1099511628211ULL;
}

static int cmp_hash(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint64_t key(const char *platform, const char *kernel,
		    const char *variant, const char *workload, const char *metric)
{
	uint64_t h = hash(hash(hash(1, platform), kernel), variant);

	return hash(hash(h, workload), metric);
}

/* Sorts; how many are there without those that come again? */
static size_t distinct(uint64_t *keys, size_t n)
{
	size_t i, nr = n != 0;

	qsort(keys, n, sizeof(*keys), cmp_hash);
	for (i = 1; i < n; i++)
		nr += keys[i] != keys[i - 1];
	return nr;
}

/* One row for each key, neither two of them nor one for two keys. */
static void check_keys(const struct values *vals, const struct summary *sum)
{
	uint64_t *of_vals = calloc(vals->n + 1, sizeof(*of_vals));
	uint64_t *of_rows = calloc(sum->n + 1, sizeof(*of_rows));
	size_t i;

	MUST(of_vals && of_rows);
	for (i = 0; i < vals->n; i++) {
		const struct value *v = &vals->v[i];

		of_vals[i] = key(v->boot->platform, v->boot->kernel,
				 v->boot->variant, v->workload, v->metric);
	}
	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];

		of_rows[i] = key(r->platform, r->kernel, r->variant, r->workload,
				 r->metric);
	}
	MUST(distinct(of_rows, sum->n) == sum->n);
	MUST(distinct(of_vals, vals->n) == sum->n);
	free(of_vals);
	free(of_rows);
}

static void check_row(const struct row *r)
{
	int k;

	MUST(r->st.n >= 1);
	for (k = 0; k < r->st.n; k++)
		MUST(!isnan(r->vals[k]));
	MUST(!(r->st.lo > r->st.median) && !(r->st.median > r->st.hi));
}

static void check_comparison(const struct comparison *c)
{
	MUST(isnan(c->p) || (c->p >= c->p_raw && c->p <= 1));
}

/* Fifteen columns a line, whatever the names are. */
static void check_tsv(size_t rows)
{
	FILE *f = fopen(path_of(NULL, "summary.tsv"), "re");
	size_t tabs = 0, lines = 0;
	int c;

	MUST(f);
	while ((c = getc(f)) != EOF) {
		tabs += c == '\t';
		lines += c == '\n';
	}
	fclose(f);
	MUST(lines == rows + 1 && tabs == 14 * lines);
}

/* gnuplot would run what stands between them. */
static void check_scripts(void)
{
	DIR *dir = opendir(path_of(NULL, "plots"));
	struct dirent *de;
	int c;

	MUST(dir);
	while ((de = readdir(dir))) {
		int fd = openat(dirfd(dir), de->d_name, O_RDONLY | O_CLOEXEC);
		FILE *f = strstr(de->d_name, ".gp") ? fdopen(fd, "re") : NULL;

		if (!f)
			close(fd);
		while (f && (c = getc(f)) != EOF)
			MUST(c != '`');
		if (f)
			fclose(f);
	}
	closedir(dir);
}

static void derive(struct run *run)
{
	struct summary sum;
	struct values vals;
	struct plots plots;
	struct answer *answers;
	size_t i, nanswers;
	bool html;

	workloads_of(run);
	metrics_compute(run, &vals);
	summary_build(&vals, &sum);
	check_keys(&vals, &sum);
	for (i = 0; i < sum.n; i++)
		check_row(&sum.rows[i]);
	for (i = 0; i < sum.ncmp; i++)
		check_comparison(&sum.cmp[i]);
	MUST(!write_tsv(&sum, run_str(run, "%s/summary.tsv", root)));
	check_tsv(sum.n);
	answers = answers_make(&sum, &nanswers);
	plots_make(run, &sum, answers, nanswers, &plots);
	check_scripts();
	/* Both say the same; one of them is enough, if not always the same. */
	html = sum.n % 2;
	MUST(!report_write(run, &sum, answers, nanswers, &plots,
			   run_str(run, "%s/%s", root, written[1 + html]), html));
	plots_free(&plots);
	free(answers);
	summary_free(&sum);
	free(vals.v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text texts[NR_TEXTS];
	struct run run;
	size_t i, k;
	int fd;

	if (!root)
		make_dirs();
	fd = free_fd();
	split(data, size, texts, NR_TEXTS);
	put(path_of(NULL, "run.json"), &texts[0]);
	for (i = 0; i < NR_BOOTS; i++)
		for (k = 0; k < 3; k++)
			put(path_of(boots[i], files[k]), &texts[1 + 3 * i + k]);
	for (i = 0; i < 2 * NR_OTHERS; i++)
		put(path_of(boots[i / NR_OTHERS], others[i % NR_OTHERS]),
		    &texts[1 + 3 * NR_BOOTS + i]);
	if (!run_load(&run, root))
		derive(&run);
	run_free(&run);
	for (i = 0; i < 3; i++)
		unlink(path_of(NULL, written[i]));
	unlink(path_of(NULL, "run.json"));
	empty_dir(path_of(NULL, "plots"));
	/* Nothing but what was asked for, and no half of it. */
	MUST(empty_dir(root) == 0);
	MUST(free_fd() == fd);
	return 0;
}
