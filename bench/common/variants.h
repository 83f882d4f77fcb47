/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The variants: a kernel and how it is booted. One row each, in the order in
 * which tables and pictures show them. Whoever adds a variant adds a row.
 */
#ifndef COMMON_VARIANTS_H
#define COMMON_VARIANTS_H

#include <stdbool.h>
#include <stddef.h>

struct variant_info {
	const char *name;
	const char *title;	/* two or three words */
	const char *sentence;	/* what it is, for somebody who has never heard of it */
	const char *color;	/* of Okabe and Ito's palette, or grey */
	const char *dash;	/* gnuplot's dashtype, as it stands in a script */
	int width, point;	/* gnuplot's linewidth and pointtype */
	const char *twin_of;	/* the same kernel and command line under another name */
	bool reports;		/* its guest gives free memory back while it runs */
};

/* A comparison that is declared before a run: @variant against @against. */
struct comparison_info {
	const char *variant, *against;
};

/* What every other variant's ratio and p are against. */
#define BASELINE	"flag"

extern const struct variant_info variant_table[];
extern const size_t nr_variant_infos;

/*
 * The headline comparisons: the runner declares them in run.json before the first
 * boot, and the report reads them there. They count for runs that declare none.
 */
extern const struct comparison_info comparison_table[];
extern const size_t nr_comparison_infos;

const struct variant_info *variant_find(const char *name);
int variant_rank(const char *name);
const char *variant_twin_of(const char *name);

#endif
