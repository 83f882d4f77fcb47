/* SPDX-License-Identifier: GPL-2.0 */
/*
 * prreport: turn the raw data of a benchmark run into tables, plots and a
 * report.  Nothing here needs a guest; the run directory is all there is.
 */
#ifndef PRREPORT_H
#define PRREPORT_H

#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common.h"
#include "platforms.h"
#include "variants.h"

#define MIB		(1024.0 * 1024.0)
#define ALPHA		0.05
#define ORDERS		11	/* 0 .. 10, MAX_PAGE_ORDER on x86 */

/* ---- stats.c ---- */

/* Median and interval of a group of boots, see stats_summary(). */
struct spread {
	int n;
	double median, lo, hi;
	double coverage;	/* chance that lo..hi covers the true median */
};

void stats_summary(const double *v, int n, struct spread *st);
double stats_mwu(const double *a, int na, const double *b, int nb);
double stats_mwu_min_p(int na, int nb);

/* Two groups that are compared with each other and with no others. */
struct stratum {
	const double *a, *b;
	int na, nb;
};

double stats_strata(const struct stratum *s, int n);

/* By how much one group is above another, see stats_effect(). */
struct effect {
	double mid, lo, hi, coverage;
};

bool stats_effect(const double *a, int na, const double *b, int nb, bool ratio,
		  double alpha, struct effect *e);
void stats_holm(const double *p, double *adj, int n);

/* ---- load.c ---- */

struct sample {
	double t;
	double resident_kib, refault_kib;
	double huge_kib;	/* NAN where the host was not asked */
};

enum boot_status {
	BOOT_OK,		/* counts */
	BOOT_LOST,		/* the runner lost the guest */
	BOOT_ERROR,		/* the runner or the guest reported an error */
	BOOT_INTERRUPTED,	/* never finished, the runner was stopped */
	BOOT_CORRUPT,		/* finished, but its files cannot be used */
};

struct boot {
	const char *name;	/* directory below boots/ */
	const char *platform, *variant, *kernel, *tree;
	const char *group;	/* of alike machines, in a merged run; or NULL */
	int seq;
	enum boot_status status;
	const char *error;
	json_t *meta;		/* NULL when there was none */
	json_t *events;		/* array of objects */
	struct sample *samples;
	size_t nsamples;
	double max_gap;		/* longest time between two samples */
	double gap;		/* a longer one is a gap; 0: none is, see judge.c */
};

/* Something a reader of the report has to know about. */
struct note {
	const char *boot, *workload, *text;
};

struct run {
	const char *dir;	/* where the report is written */
	const char *raw;	/* where run.json and boots/ are read */
	const char *unpacked;	/* that, if it was made for a while, see archive.c */
	json_t *meta;
	struct boot *boots;
	size_t nboots;
	struct note *notes;
	size_t nnotes;
	int problems;		/* unusable files: the exit status shows it */
	char **pool;		/* every string made by run_str() */
	size_t npool;
};

int run_load(struct run *run, const char *dir);
void run_free(struct run *run);
const char *run_str(struct run *run, const char *fmt, ...) PRINTF(2, 3);
void run_note(struct run *run, const char *boot, const char *workload,
	      const char *fmt, ...) PRINTF(4, 5);
const char *boot_status_name(enum boot_status status);
const char *json_str(const json_t *obj, const char *key, const char *fallback);
double json_num(const json_t *obj, const char *key, double fallback);

void *xrealloc(void *p, size_t n, size_t size);

/* ---- judge.c ---- */

ssize_t read_line(char **line, size_t *size, FILE *f);
double missing_samples(const struct boot *boot, double from, double until);
void judge_boots(struct run *run);

/* ---- archive.c ---- */

#define RAW_ARCHIVE	"raw.tar.xz"

int run_program(const char *dir, const char *const *argv);
int archive_unpack(struct run *run);
void archive_remove(const char *dir);

/* ---- workloads.c ---- */

void workloads_of(const struct run *run);
bool workloads_known(void);
bool part_of(const char *result, const char *workload);
int workload_place(const char *name);
int metric_place(const char *workload, const char *metric);
const char *metric_better(const char *workload, const char *metric);
bool metric_is_headline(const char *workload, const char *metric);
bool comparison_declared(const char *variant, const char *against);
const char *comparison_of(const char *variant, size_t i);
bool comparisons_in_run(void);
bool variant_is_compared(const char *variant);
bool workload_from_start(const char *name);
bool workload_has_host_memory(const char *name);

/* ---- metrics.c ---- */

/* What one boot measured. */
struct value {
	const struct boot *boot;
	const char *workload, *metric, *unit;
	double v;		/* INFINITY: not reached within limit */
	double limit;		/* seconds watched, NAN where it has no meaning */
	unsigned int platform, place, listed, variant;	/* summary_build()'s order */
};

struct values {
	struct value *v;
	size_t n;
};

/* When a workload ran in a boot; NAN for what never happened. */
struct window {
	const char *workload;
	double begin, began, filled, freed, flushed, settled, end;
				/* filled: the last word before freed */
	bool from_start;	/* begin is the start of the VM, not "begin" */
	double freed_bytes;
	json_t *counters_begin, *counters_end;
	double counters_end_t;
	bool failed;
};

void metrics_compute(struct run *run, struct values *out);
bool metrics_window(const struct boot *boot, const char *workload,
		    struct window *w);
double metrics_resident_at(const struct boot *boot, double t);
double metrics_time_to_drop(const struct boot *boot, double from, double until,
			    double kib);
double metrics_footprint(const struct boot *boot, double from, double until);

/* ---- summary.c ---- */

/* One line of summary.tsv. */
struct row {
	const char *platform, *kernel, *variant, *workload, *metric, *unit;
	const char *series;	/* the kernel's version without its suffix */
	double *vals;		/* one a boot */
	const struct boot **boots;
	struct spread st;
	double limit;
	bool has_flag;		/* flag has this metric as well */
	double ratio;		/* NAN: no flag, or nothing to divide by */
};

/* Two rows of a metric that are compared. */
struct comparison {
	const struct row *a, *b;	/* a against b */
	bool headline;		/* declared before the run, see families.c */
	bool beside;		/* asked in the first table, see asked.c */
	double p_raw, p;	/* NAN: not tested */
	int tests;		/* in its family */
	bool few;		/* no difference could show with these boots and tests */
};

struct summary {
	struct row *rows;
	size_t n;
	struct comparison *cmp;
	size_t ncmp;
};

void summary_build(const struct values *vals, struct summary *sum);
void summary_free(struct summary *sum);
bool summary_first(const struct summary *sum, size_t i);
const struct row *summary_find(const struct summary *sum, const char *platform,
			       const char *series, const char *variant,
			       const char *workload, const char *metric);
bool row_same_table(const struct row *a, const struct row *b);
const char *kernel_series(const char *release, char *buf, size_t size);

/* ---- families.c ---- */

#define TEXT	512		/* any number with its interval and link fits */

void comparisons_make(struct summary *sum);
const struct comparison *comparison_find(const struct summary *sum,
					 const struct row *r, const char *against);
bool comparison_same_family(const struct comparison *a, const struct comparison *b);
const char *comparison_sign(char *buf, const struct comparison *c);
const char *comparison_family(const struct comparison *c);

/* ---- write_tsv.c ---- */

int write_tsv(const struct summary *sum, const char *path);
int write_comparisons(const struct summary *sum, const char *path);
void out_failed(const char *path, int err);
FILE *out_open(const char *path);
int out_close(FILE *f, const char *path);

/* ---- plot.c, pictures.c: what all pictures have in common, and all of them ---- */

struct plot {
	const char *name;	/* plots/<name>.gp, .svg, .png */
	const char *caption;
	const char *raw;	/* the file in each of these boots, or summary.tsv */
	const struct boot **boots;
	size_t nboots;
	bool drawn;
};

struct plots {
	struct plot *p;
	size_t n;
	const char *why_not;	/* set when gnuplot could not draw */
};

/* A line of a plot: the boots of one variant, or of one of its kernels. */
struct curve {
	const char *variant, *kernel, *label;
	const struct boot **boots;
	struct window *win;
	size_t n;
};

struct curves {
	struct curve *c;
	size_t n;
};

struct answer;

int plots_make(struct run *run, const struct summary *sum, const struct answer *answers,
	       size_t nanswers, struct plots *out);
void plots_free(struct plots *plots);
struct plot *plot_add(struct plots *out, const char *name, const char *caption);
void plot_raw(struct plot *plot, const struct boot *boot, const char *file);
FILE *plot_open(struct run *run, const char *name, const char *ext);
int plot_close(struct run *run, FILE *f, const char *name, const char *ext);
double tic_step(double max);
const char *boots_text(struct run *run, size_t lo, size_t hi);
void curves_collect(struct run *run, const char *platform, const char *workload,
		    struct curves *cs);
void curves_free(struct curves *cs);
const char *curves_n(struct run *run, const struct curves *cs);

/* ---- templates.c ---- */

extern const char *const report_css;
extern const char *const replay_readme;

#define GP_CLOSE(run, f, name, ...) \
	gp_close(run, f, name, (const char *const []){ __VA_ARGS__, NULL })

FILE *gp_open(struct run *run, const char *name, int width, int height);
void gp_text(FILE *f, const char *variable, const char *text);
void gp_num(FILE *f, const char *variable, double v);
void gp_int(FILE *f, const char *variable, int v);
void gp_texts(FILE *f, const char *variable, const char *const *text, size_t n);
void gp_nums(FILE *f, const char *variable, const double *v, size_t n);
void gp_variants(FILE *f, const char *const *variants, const char *const *labels, size_t n);
int gp_close(struct run *run, FILE *f, const char *name, const char *const *with);

/* ---- plot_memory.c, plot_plane.c, plot_map.c ---- */

int plot_memory(struct run *run, const struct summary *sum, struct plots *out,
		const char *platform);
int plot_plane(struct run *run, const struct summary *sum, struct plots *out,
	       const char *platform);
int plot_maps(struct run *run, struct plots *out, const char *platform);

/* ---- plot_latency.c, plot_cost.c, plot_sweep.c ---- */

int plot_latency(struct run *run, const struct summary *sum, struct plots *out,
		 const char *platform);
int plot_sweep(struct run *run, const struct summary *sum, struct plots *out,
	       const char *platform);
int plot_cost(struct run *run, const struct summary *sum, struct plots *out,
	      const char *platform);

/* ---- plot_forest.c ---- */

int plot_forest(struct run *run, const struct summary *sum, const struct answer *answers,
		size_t nanswers, struct plots *out);

/* ---- map.c: how the guest's memory looked ---- */

/* How near a piece of memory is to being given back. */
enum map_state { MAP_USED, MAP_YOUNG, MAP_WAITING, MAP_REPORTED, NR_MAP_STATES };

/* A line of debugfs ages: bytes by age. */
struct map_age {
	double below_ms;	/* 0: all beyond */
	double waiting, reported, refaulted;
};

/* One look at all of it. */
struct map_look {
	double t, age_ms;
	const char *workload;
	unsigned char *cells;	/* enum map_state */
	struct map_age *ages;
	size_t nages;
};

struct maps {
	json_t *lines;		/* what the looks point into */
	struct map_look *look;
	size_t n;
	size_t cells;		/* of each look */
	double cell_bytes;
	double every_s;
};

bool map_was_drawn(const struct boot *boot);
int maps_load(struct run *run, const struct boot *boot, struct maps *maps);
void maps_free(struct maps *maps);

/* ---- doc.c: one text, written as Markdown or HTML ---- */

struct table {
	const char *align;	/* 'l' or 'r' a column, the last one repeats */
	size_t ncols;
	char **cells;		/* the first ncols are the heading */
	size_t n;
	bool stack;		/* where there is no room, a row is a list of its cells */
};

struct doc {
	FILE *f;
	bool html;
	const char *dir;
	bool archive;		/* raw data lie in raw.tar.xz beside it */
	bool list;		/* inside a list */
};

void table_init(struct table *t, size_t ncols, const char *align);
void table_cell(struct table *t, const char *fmt, ...) PRINTF(2, 3);
void table_free(struct table *t);

void doc_begin(struct doc *d, const char *title);
void doc_end(struct doc *d);
void doc_h(struct doc *d, int level, const char *fmt, ...) PRINTF(3, 4);
void doc_p(struct doc *d, const char *fmt, ...) PRINTF(2, 3);
void doc_li(struct doc *d, const char *fmt, ...) PRINTF(2, 3);
void doc_pre(struct doc *d, const char *text);
void doc_table(struct doc *d, const struct table *t);
void doc_fold(struct doc *d, const char *title);
void doc_fold_item(struct doc *d, const char *id, const char *text);
void doc_fold_end(struct doc *d);
void doc_row(struct doc *d);
void doc_row_end(struct doc *d);
int doc_fig(struct doc *d, const char *name, const char *caption,
	    const char *files);

/* ---- links.c: from a figure to the files it was made from ---- */

const char *raw_id(char *buf, const struct row *r);
void put_raw(struct doc *d, struct run *run, const struct summary *sum,
	     const struct row *group);
char *boot_files(struct doc *d, const struct boot *b, const char *only);
int put_figure(struct doc *d, struct run *run, const struct plot *plot);

/* ---- asked.c, questions.c: what is asked, and the answers ---- */

const char *asked_against(const char *variant, const char *workload, const char *metric,
			  size_t i, bool *beside);

struct answer *answers_make(const struct summary *sum, size_t *n);
int write_answers(const struct answer *all, size_t n, const char *path);
void put_answers(struct doc *d, const struct summary *sum, const struct answer *all,
		 size_t n);

/* ---- front.c: report.md and report.html, which are read in a minute ---- */

int front_write(struct run *run, const struct summary *sum, const struct answer *answers,
		size_t nanswers, const struct plots *plots, const char *path, bool html);

/* ---- alike.c ---- */

json_t *alike_traits(const json_t *meta, const struct boot * const *boots, size_t n);
json_t *alike_differences(const json_t *a, const json_t *b, bool commits);

/* ---- trust.c, predecessor.c: how far a run can be trusted ---- */

int aa_differences(const struct run *run, const struct summary *sum);
void put_warnings(struct doc *d, struct run *run);
void put_aa_result(struct doc *d, const struct run *run, const struct summary *sum);
void put_trust(struct doc *d, const struct run *run, const struct summary *sum);
void put_predecessors(struct doc *d, const struct run *run, const struct summary *sum);

/* ---- place.c: files of merged runs ---- */

struct placed {
	unsigned int links, copies;
};

extern volatile sig_atomic_t place_stopped;	/* a signal's number ends it */

int place_failed(const char *what, const char *path);
int place_dir(struct placed *m, const char *from, const char *to);

/* ---- compare.c, merge.c: each a command of its own ---- */

int compare_main(int argc, char **argv);
int merge_main(int argc, char **argv);

/* ---- figures.c: how a figure is written ---- */

const char *number(char *buf, double v);
const char *reached(char *buf, const struct row *r, double v);
const char *interval_text(char *buf, const struct row *r);
const char *spread_text(char *buf, const struct row *r);
const char *effect_text(char *buf, const struct effect *e, bool ratio);

/* ---- the sections of the report, each in a file of its name ---- */

void put_headline(struct doc *d, const struct summary *sum);
void put_results(struct doc *d, struct run *run, const struct summary *sum);
void put_instructions(struct doc *d, struct run *run, const struct summary *sum);
void put_definitions(struct doc *d);
void put_regret(struct doc *d, const struct summary *sum);

void put_first_report(struct doc *d, const struct run *run);
void put_completeness(struct doc *d, const struct run *run, const struct plots *plots);
void put_machine(struct doc *d, const struct run *run);
void put_what_ran(struct doc *d, const struct run *run);
void put_boots(struct doc *d, const struct run *run);
void put_workloads(struct doc *d, const struct run *run);
void put_howto(struct doc *d, const struct run *run, const struct plots *plots);

/* ---- report.c: details.md and details.html ---- */

int report_write(struct run *run, const struct summary *sum,
		 const struct answer *answers, size_t nanswers,
		 const struct plots *plots, const char *path, bool html);

#endif /* PRREPORT_H */
