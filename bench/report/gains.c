// SPDX-License-Identifier: GPL-2.0
/* What is gained and what it costs, in one table: the first thing to see. */
#include "prreport.h"

#include <math.h>
#include <string.h>

static const struct {
	const char *what, *workload, *metric, *unit;
	bool more;		/* is better */
	bool cost;
} lines[] = {
	{ "Freed memory: 95 % of it is back with the host", "drain", "t95_s", "s", false, false },
	{ "The same after nearly all of the guest's memory was in use", "drain-all", "t95_s", "s", false, false },
	{ "Host memory over time while that happens", "drain", "footprint_gib_s", "GiB s", false, false },
	{ "Host memory of a guest that idles after its boot", "boot", "resident_mib", "MiB", false, false },
	{ "Most of many small files deleted: still with the guest", "fragment", "stranded_mib", "MiB", false, false },
	{ "A program built and cleaned: still with the guest", "build", "stranded_mib", "MiB", false, false },
	{ "Taken and freed in turn: given back, then taken again", "churn", "refault_mib", "MiB", false, true },
	{ "The same: cycles done", "churn", "cycles", "", true, true },
	{ "Kernel workers' time to give back large pieces", "drain", "worker_cpu_ms", "ms", false, true },
	{ "Kernel workers' time to give back small pieces", "fragment", "worker_cpu_ms", "ms", false, true },
	{ "Time to build a program", "build", "run_s", "s", false, true },
	{ "Instructions to allocate a page", "alloc-repeat", "alloc_o0_instr", "", false, true },
	{ "Instructions to free a page", "alloc-repeat", "free_o0_instr", "", false, true },
	{ "Instructions to allocate 2 MiB", "alloc-repeat", "alloc_o9_instr", "", false, true },
	{ "Instructions to free 2 MiB", "alloc-repeat", "free_o9_instr", "", false, true },
};

static const char * const shown[] = { "off", "flag", "ext" };

#define NR_SHOWN	(sizeof(shown) / sizeof(*shown))

static void put_value(struct table *t, const struct row *r, const char *unit)
{
	char med[TEXT], iv[TEXT], id[TEXT];

	if (!r) {
		table_cell(t, "-");
		return;
	}
	reached(med, r, r->st.median);
	interval_text(iv, r);
	table_cell(t, "[**%s%s%s**](#%s)\n%s%sn=%d", med,
		   *unit && !isinf(r->st.median) ? " " : "",
		   isinf(r->st.median) ? "" : unit, raw_id(id, r), iv,
		   *iv ? " " : "", r->st.n);
}

/* Against the page flag: which way, how much, and whether by more than chance. */
static void put_verdict(struct table *t, const struct row *flag,
			const struct row *ext, bool more)
{
	const char *word, *why = "";
	char ratio[64] = "", p[96] = "";
	bool good;

	if (!ext || !flag) {
		table_cell(t, "-");
		return;
	}
	good = more ? ext->st.median > flag->st.median :
		      ext->st.median < flag->st.median;
	word = good ? "better" : "worse";
	if (!isnan(ext->ratio))
		snprintf(ratio, sizeof(ratio), " ×%.3g", ext->ratio);
	if (ext->st.median == flag->st.median) {
		word = "the same";
	} else if (!strcmp(ext->platform, "icount") || ext->p <= ALPHA) {
		/* Instructions are counted; there is no chance in it. */
		word = good ? "**better**" : "**worse**";
		if (ext->p <= ALPHA)
			snprintf(p, sizeof(p), "p=%.2g", ext->p);
	} else if (stats_mwu_min_p(ext->st.n, flag->st.n) > ALPHA) {
		why = "too few boots to tell from chance";
	} else if (ext->p_raw <= ALPHA) {
		snprintf(p, sizeof(p), "p=%.2g by itself, %.2g corrected over its table",
			 ext->p_raw, ext->p);
	} else {
		word = "no difference shown";
	}
	table_cell(t, "%s%s%s%s%s", word, ratio, *p || *why ? "\n" : "", p, why);
}

static void put_line(struct table *t, const struct summary *sum, size_t line,
		     const char *platform, const char *series)
{
	const struct row *r[NR_SHOWN];
	size_t v, n = 0;

	for (v = 0; v < NR_SHOWN; v++) {
		r[v] = summary_find(sum, platform, series, shown[v],
				    lines[line].workload, lines[line].metric);
		n += !!r[v];
	}
	if (!n)
		return;
	table_cell(t, "%s", lines[line].what);
	table_cell(t, "%s", platform);
	for (v = 0; v < NR_SHOWN; v++)
		put_value(t, r[v], lines[line].unit);
	put_verdict(t, r[1], r[2], lines[line].more);
}

/* Each platform and kernel of the run, for one line of the table. */
static void put_platforms(struct table *t, const struct summary *sum, size_t line)
{
	size_t i;

	for (i = 0; i < sum->n; i++)
		if (summary_first(sum, i))
			put_line(t, sum, line, sum->rows[i].platform,
				 sum->rows[i].series);
}

/**
 * put_gains() - the answer in one table, or a word that there is none
 */
void put_gains(struct doc *d, const struct summary *sum)
{
	struct table t;
	size_t i, k, any = 0;

	doc_h(d, 2, "Answers");
	table_init(&t, NR_SHOWN + 3, "llrrrl");
	table_cell(&t, "**what is gained, what it costs**");
	table_cell(&t, "platform");
	table_cell(&t, "no reporting\n`off`");
	table_cell(&t, "page flag\n`flag`");
	table_cell(&t, "page_ext\n`ext`");
	table_cell(&t, "`ext` against `flag`");
	for (k = 0; k < 2; k++) {
		size_t before = t.n;

		table_cell(&t, k ? "**Costs**" : "**Gains**");
		for (i = 1; i < t.ncols; i++)
			table_cell(&t, "%s", "");
		for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
			if (lines[i].cost == k)
				put_platforms(&t, sum, i);
		any += t.n - before > t.ncols;
	}
	if (any) {
		doc_table(d, &t);
		doc_p(d, "Medians over n boots, below them the interval: 95 %% from 6 boots on, minimum and maximum with fewer. A number leads to its raw data. Times on `tcg` are emulated; `icount` counts instructions exactly; unlike platforms are not to be compared.");
	} else {
		doc_p(d, "**None** of what is asked first was measured in this run.");
	}
	table_free(&t);
}
