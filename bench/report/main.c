// SPDX-License-Identifier: GPL-2.0
/*
 * prreport DIR: rebuild everything that is derived from a run's raw data.
 * prreport compare A B, prreport merge OUT DIR...: see there.
 */
#include "prreport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct run run;
	struct values vals;
	struct summary sum;
	struct plots plots;
	struct answer *answers;
	size_t nanswers;
	char *dir;
	int ret = 0, html;

	if (argc > 2 && !strcmp(argv[1], "compare"))
		return compare_main(argc - 1, argv + 1);
	if (argc > 2 && !strcmp(argv[1], "merge"))
		return merge_main(argc - 1, argv + 1);
	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr,
			"usage: prreport DIR\n"
			"       prreport compare [--tables] [--force] [--all] A B\n"
			"       prreport merge OUT DIR...\n"
			"Make summary.tsv, comparisons.tsv, answers.tsv, plots/ and the report, in short\n"
			"(report.html, report.md) and with all figures (details.html, details.md), in DIR,\n"
			"the directory of a benchmark run (results/latest, for example),\n"
			"from the raw data there, in boots/ or in raw.tar.xz.\n"
			"compare says whether two runs give the same answers; --tables sets the headline\n"
			"metrics side by side, --all of them, and refuses unlike machines, kernel\n"
			"configurations or versions of QEMU without --force. merge makes one run OUT of\n"
			"several. Both take archives of raw data, too (FILE.tar.xz with run.json and\n"
			"boots/). Exit status: 0 done, 1 something is wrong with the data, or A/A\n"
			"differs, 2 bad arguments.\n");
		return argc == 2 && !strcmp(argv[1], "--help") ? 0 : 2;
	}
	dir = format("%s", argv[1]);
	while (strlen(dir) > 1 && dir[strlen(dir) - 1] == '/')
		dir[strlen(dir) - 1] = 0;
	if (run_load(&run, dir)) {
		run_free(&run);
		free(dir);
		return 1;
	}
	workloads_of(&run);
	metrics_compute(&run, &vals);
	summary_build(&vals, &sum);
	ret |= write_tsv(&sum, run_str(&run, "%s/summary.tsv", dir));
	ret |= write_comparisons(&sum, run_str(&run, "%s/comparisons.tsv", dir));
	answers = answers_make(&sum, &nanswers);
	ret |= write_answers(answers, nanswers, run_str(&run, "%s/answers.tsv", dir));
	ret |= plots_make(&run, &sum, answers, nanswers, &plots);
	for (html = 0; html < 2; html++) {
		const char *form = html ? "html" : "md";

		ret |= front_write(&run, &sum, answers, nanswers, &plots,
				   run_str(&run, "%s/report.%s", dir, form), html);
		ret |= report_write(&run, &sum, answers, nanswers, &plots,
				    run_str(&run, "%s/details.%s", dir, form), html);
	}
	if (!sum.n && !plots.n) {
		fprintf(stderr,
			"prreport: %s: no boot finished a workload, the tables are empty; details.md says what went wrong\n",
			dir);
		ret = -1;
	}
	if (!ret)
		printf("%s/report.html\n", dir);
	ret = aa_differences(&run, &sum) || ret || run.problems ? 1 : 0;
	plots_free(&plots);
	free(answers);
	summary_free(&sum);
	free(vals.v);
	run_free(&run);
	free(dir);
	return ret;
}
