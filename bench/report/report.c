// SPDX-License-Identifier: GPL-2.0
/* All figures of a run, and in which order.  doc.c decides how they look. */
#include "prreport.h"

#include <unistd.h>

static int put_plots(struct doc *d, struct run *run, const struct plots *plots)
{
	bool any = false;
	size_t i;
	int ret = 0;

	for (i = 0; i < plots->n; i++) {
		if (!plots->p[i].drawn)
			continue;
		if (!any)
			doc_h(d, 2, "Plots");
		any = true;
		if (put_figure(d, run, &plots->p[i]))
			ret = -1;
	}
	return ret;
}

int report_write(struct run *run, const struct summary *sum,
		 const struct answer *answers, size_t nanswers,
		 const struct plots *plots, const char *path, bool html)
{
	struct doc d = {
		.html = html, .dir = run->dir,
		.archive = !access(run_str(run, "%s/" RAW_ARCHIVE, run->dir), F_OK),
	};
	char title[TEXT];
	int ret;

	d.f = out_open(path);
	if (!d.f)
		return -1;
	snprintf(title, sizeof(title),
		 "Free page reporting: page flag against page_ext (%s, %s)",
		 json_str(run->meta, "profile", "?"), json_str(run->meta, "date", "?"));
	doc_begin(&d, title);
	put_first_report(&d, run);
	put_warnings(&d, run);
	put_completeness(&d, run, plots);
	put_answers(&d, sum, answers, nanswers);
	put_headline(&d, sum);
	put_trust(&d, run, sum);
	doc_h(&d, 2, "Where it was measured");
	put_machine(&d, run);
	ret = put_plots(&d, run, plots);
	put_instructions(&d, run, sum);
	put_results(&d, run, sum);
	put_regret(&d, sum);
	put_what_ran(&d, run);
	put_boots(&d, run);
	put_workloads(&d, run);
	put_definitions(&d);
	put_howto(&d, run, plots);
	doc_end(&d);
	return out_close(d.f, path) || ret ? -1 : 0;
}
