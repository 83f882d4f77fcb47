// SPDX-License-Identifier: GPL-2.0
/* Instructions by order: what an operation of the allocator costs on icount. */
#include "prreport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX	32	/* variants in a table; later ones are left out */
#define INSTR_EPSILON	0.05	/* of a mean over a thousand operations */

static const struct row *find_instr(const struct summary *sum, const struct row *of,
				    const char *variant, const char *mode,
				    const char *op, int order)
{
	char workload[32], metric[32];

	snprintf(workload, sizeof(workload), "alloc-%s", mode);
	snprintf(metric, sizeof(metric), "%s_o%d_instr", op, order);
	return summary_find(sum, of->platform, of->series, variant, workload, metric);
}

static void put_instr(struct doc *d, const struct summary *sum, const struct row *of,
		      const char *mode, const char *op)
{
	bool has[COLUMNS_MAX] = { false };
	char buf[TEXT], id[TEXT];
	struct table t;
	const size_t nv = nr_variants < COLUMNS_MAX ? nr_variants : COLUMNS_MAX;
	size_t v, cols = 1;
	int order;

	for (v = 0; v < nv; v++) {
		for (order = 0; order < ORDERS; order++)
			if (find_instr(sum, of, variants[v].name, mode, op, order))
				has[v] = true;
		cols += has[v];
	}
	if (cols == 1)
		return;
	doc_h(d, 3, "%s, alloc-%s: instructions an operation", op, mode);
	table_init(&t, cols + 2, "r");
	table_cell(&t, "order");
	for (v = 0; v < nv; v++)
		if (has[v])
			table_cell(&t, "%s", variants[v].name);
	table_cell(&t, "ext − flag");
	table_cell(&t, "ext-off − off");
	for (order = 0; order < ORDERS; order++) {
		static const char * const pairs[][2] = {
			{ "ext", "flag" }, { "ext-off", "off" }
		};
		const struct row *r;

		table_cell(&t, "%d", order);
		for (v = 0; v < nv; v++) {
			if (!has[v])
				continue;
			r = find_instr(sum, of, variants[v].name, mode, op, order);
			if (r && r->st.hi - r->st.lo > INSTR_EPSILON)
				table_cell(&t, "[%s](#%s)\n[%.6g, %.6g]",
					   number(buf, r->st.median), raw_id(id, r),
					   r->st.lo, r->st.hi);
			else if (r)
				table_cell(&t, "[%s](#%s)", number(buf, r->st.median),
					   raw_id(id, r));
			else
				table_cell(&t, "-");
		}
		for (v = 0; v < 2; v++) {
			const struct row *b;
			double diff;

			r = find_instr(sum, of, pairs[v][0], mode, op, order);
			b = find_instr(sum, of, pairs[v][1], mode, op, order);
			diff = r && b ? r->st.median - b->st.median : NAN;
			if (isnan(diff))
				table_cell(&t, "-");
			else
				table_cell(&t, diff > INSTR_EPSILON ? "**%+.1f** (%+.2f %%)" :
					   "%+.1f (%+.2f %%)", diff,
					   100 * diff / b->st.median);
		}
	}
	doc_table(d, &t);
	table_free(&t);
}

/* Both tables of a mode are from the same boots. */
static void put_instr_raw(struct doc *d, struct run *run, const struct summary *sum,
			  const struct row *of, const char *mode)
{
	char workload[32];
	size_t i;

	snprintf(workload, sizeof(workload), "alloc-%s", mode);
	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];

		if (!platform_find(r->platform)->instructions || strcmp(r->series, of->series) ||
		    strcmp(r->workload, workload))
			continue;
		put_raw(d, run, sum, r);
		return;
	}
}

void put_instructions(struct doc *d, struct run *run, const struct summary *sum)
{
	static const char * const modes[] = {
		"repeat", "bulk", "random", "bulk-hit", "bulk-miss"
	};
	const char *last = "";
	size_t i, m;

	for (i = 0; i < sum->n; i++) {
		const struct row *of = &sum->rows[i];
		const char *series = of->series;

		if (!platform_find(sum->rows[i].platform)->instructions || !strcmp(series, last) ||
		    strncmp(sum->rows[i].workload, "alloc-", 6))
			continue;
		if (!*last)
			doc_h(d, 2, "Instructions on the allocator's path");
		doc_p(d, "Kernel %s on `icount`: guest instructions for one operation, mean over the module's operations. `alloc-repeat` takes and frees one block at a time, `alloc-bulk` takes many and then frees them. Within a boot the count is exact. Where boots of a variant do not agree, the cell has an interval: then the median hides that memory was laid out differently, and a difference smaller than the interval is none. Positive differences are bold.",
		      series);
		for (m = 0; m < sizeof(modes) / sizeof(*modes); m++) {
			put_instr(d, sum, of, modes[m], "alloc");
			put_instr(d, sum, of, modes[m], "free");
			put_instr_raw(d, run, sum, of, modes[m]);
		}
		last = series;
	}
}

