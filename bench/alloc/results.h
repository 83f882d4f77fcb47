/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two debugfs files of a module: results_fops and histograms_fops, of what its
 * print_all() writes. Included by one file of a module, once.
 */
#ifndef ALLOC_RESULTS_H
#define ALLOC_RESULTS_H

#include <linux/seq_file.h>

/* Write one of them, which is up to the module */
static void print_all(struct seq_file *m, bool histograms);

static int results_show(struct seq_file *m, void *unused)
{
	print_all(m, false);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(results);

static int histograms_show(struct seq_file *m, void *unused)
{
	print_all(m, true);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(histograms);

#endif /* ALLOC_RESULTS_H */
