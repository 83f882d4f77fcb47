// SPDX-License-Identifier: GPL-2.0
/*
 * What each rule would have cost against one that knows the future: the tables of
 * tests/model/replay/README.md as they were when this program was built.
 */
#include "prreport.h"

#include <stdlib.h>
#include <string.h>

#define BEGIN	"<!-- replay --table -->\n"
#define END	"<!-- end -->"

/* Cells of a line "| a | b |", added to a table; returns how many there are. */
static size_t put_cells(struct table *t, const char *line, const char *end)
{
	const char *p = line + 1, *bar;
	size_t n = 0;

	while ((bar = memchr(p, '|', (size_t)(end - p)))) {
		while (*p == ' ')
			p++;
		table_cell(t, "%.*s", (int)(bar - p - (bar > p && bar[-1] == ' ')), p);
		p = bar + 1;
		n++;
	}
	return n;
}

/* Lines of Markdown's tables up to @end; an empty line is between two of them. */
static void put_tables(struct doc *d, const char *p, const char *end)
{
	struct table t;
	bool open = false;

	for (; p < end; p = strchr(p, '\n') + 1) {
		const char *nl = strchr(p, '\n');

		if (*p != '|' && open) {
			doc_table(d, &t);
			table_free(&t);
			open = false;
		} else if (*p == '|' && !open) {
			table_init(&t, 0, "lr");
			t.ncols = put_cells(&t, p, nl);
			open = true;
		} else if (*p == '|' && strncmp(p, "| ---", 5)) {
			put_cells(&t, p, nl);
		}
	}
	if (open) {
		doc_table(d, &t);
		table_free(&t);
	}
}

/* Is it about memory that is given back, and used again? */
static bool about_rules(const struct summary *sum)
{
	size_t i;

	for (i = 0; i < sum->n; i++)
		if (part_of(sum->rows[i].workload, "churn") ||
		    part_of(sum->rows[i].workload, "drain"))
			return true;
	return false;
}

/**
 * put_regret() - the model's tables, in reports with churn or drain
 */
void put_regret(struct doc *d, const struct summary *sum)
{
	const char *begin = strstr(replay_readme, BEGIN);
	const char *end = begin ? strstr(begin, END) : NULL;

	if (!end || !about_rules(sum))
		return;
	doc_h(d, 2, "Rules against the future: a model, not measured");
	doc_p(d, "Traces of free and reuse, made up or recorded once, were replayed against the kernel's `policy.c` and other rules by `tests/model/replay` of the tree that made this report; nothing of it is from the boots above. Cost is GiB*s held while free, and 2.147 GiB*s for each GiB that had to be fetched back. `future` knows when memory is used next, so none can cost less: its cost is in GiB*s, and that of the others a multiple of it (their regret), or in GiB*s where the future's is nothing. The last column is what `ext` and `flag` fetched back. `tests/model/replay/README.md` says what the rules and traces are, and where the price comes from.");
	put_tables(d, begin + strlen(BEGIN), end);
}
