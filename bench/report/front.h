/* SPDX-License-Identifier: GPL-2.0 */
/* The first page: front.c writes it, result.c the lines at its top */
#ifndef FRONT_H
#define FRONT_H

#include "answers.h"

/* A platform with one series of kernels: a column of the first table */
struct column {
	const char *platform, *series;
};

struct front {
	struct doc d;
	struct run *run;
	const struct summary *sum;
	const struct answer *all;
	size_t n;
	const struct plots *plots;
	struct column *columns;
	size_t ncolumns;
	bool many_series;
	const struct plot *shown[16];
	size_t nshown;
};

/* front.c */
bool front_is_of(const struct answer *an, const struct column *col);
bool front_in_row(const struct answer *an, const struct question *q);
const char *front_column_name(struct front *f, const char *platform, const char *series);
const char *front_value_text(struct front *f, const struct row *r, const char *unit);
const char *front_values_text(struct front *f, const struct answer *an);
const char *front_ratio_text(struct front *f, const struct answer *an, const char *before);

/* result.c */
bool front_has_run(const struct front *f, const struct variant *v);
void front_put_result(struct front *f);
void front_put_losses(struct front *f);

#endif /* FRONT_H */
