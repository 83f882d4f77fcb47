/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The variants: a kernel and how it is booted. One row each, in the order in
 * which tables and pictures show them. Whoever adds a variant adds a row.
 */
#ifndef COMMON_VARIANTS_H
#define COMMON_VARIANTS_H

#include <stdbool.h>
#include <stddef.h>

struct variant {
	const char *name;
	const char *title;	/* two or three words */
	const char *sentence;	/* what it is, for somebody who has never heard of it */
	const char *color;	/* of Okabe and Ito's palette, or grey */
	const char *dash;	/* gnuplot's dashtype, as it stands in a script */
	int width, point;	/* gnuplot's linewidth and pointtype */
	const char *twin_of;	/* the same kernel and command line under another name */

	/* How it is booted */
	const char *tree;	/* kernel directory: <arch>-<tree> */
	bool patched;
	bool reporting;		/* the device offers reporting */
	bool negotiated;	/* and the guest takes it: it gives memory back while it runs */
	bool hint;		/* the balloon tells what is free to migration */
	bool special;		/* has one purpose, and is not one of "all" */
	bool no_um;		/* its tree is not built for User Mode Linux */
	const char *extra;	/* kernel command line */
	const char *delay;	/* stands for tree and extra where the series has it */
	const char *only;	/* the one series that it is for, or NULL: for all */
	const char *debugfs;	/* a file that is there if the option took */
	bool defrag;		/* the option sets vm.defrag_mode */
	bool page_ext;		/* the option takes memory for page_ext */
};

/* A comparison that is declared before a run: @variant against @against. */
struct comparison_info {
	const char *variant, *against;
};

/* Patches of ../config that make a variant's tree fit this series only. */
#define DEFAULT_SERIES	"6.12"

/* What every other variant's ratio and p are against. */
#define BASELINE	"flag"

extern const struct variant variants[];
extern const size_t nr_variants;

/*
 * The headline comparisons: the runner declares them in run.json before the first
 * boot, and the report reads them there. They count for runs that declare none.
 */
extern const struct comparison_info comparison_table[];
extern const size_t nr_comparison_infos;

const struct variant *variant_find(const char *name);
int variant_rank(const char *name);
const char *variant_twin_of(const char *name);

#endif
