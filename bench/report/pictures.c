// SPDX-License-Identifier: GPL-2.0
/* Which pictures there are, and gnuplot, which draws them. */
#include "prreport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int gnuplot(struct run *run, const char *name)
{
	const char *const argv[] = { "gnuplot", run_str(run, "%s.gp", name), NULL };

	return run_program(run_str(run, "%s/plots", run->dir), argv);
}

/* gnuplot says nothing of a full disk, but then a picture lacks its end. */
static bool complete(const char *path, const char *end)
{
	char tail[16] = "";
	FILE *f = fopen(path, "r");
	bool ok = f && !fseek(f, -(long)sizeof(tail), SEEK_END) &&
		  fread(tail, 1, sizeof(tail), f) == sizeof(tail) &&
		  memmem(tail, sizeof(tail), end, strlen(end));

	if (f)
		fclose(f);
	return ok;
}

static int draw(struct run *run, struct plots *plots)
{
	bool no_png = false;
	int ret = 0;
	size_t i;

	for (i = 0; i < plots->n; i++) {
		const char *name = plots->p[i].name;
		const char *svg = run_str(run, "%s/plots/%s.svg", run->dir, name);
		const char *png = run_str(run, "%s/plots/%s.png", run->dir, name);
		bool has_png;
		int status;

		/* An old picture must not pass for one of these data. */
		unlink(svg);
		unlink(png);
		if (plots->why_not)
			continue;
		status = gnuplot(run, name);
		has_png = !access(png, F_OK);
		if (status == 127) {
			plots->why_not = "gnuplot is not installed";
			fprintf(stderr,
				"prreport: gnuplot is not installed: no plots; install gnuplot-nox and run 'make report'\n");
			ret = -1;
		} else if (!status && !access(svg, F_OK) &&
			   (!complete(svg, "</svg>") || (has_png && !complete(png, "IEND")))) {
			plots->why_not = "there was no room to draw them";
			out_failed(svg, 0);
			unlink(svg);
			unlink(png);
			ret = -1;
		} else if (status || access(svg, R_OK)) {
			plots->why_not = run_str(run, "gnuplot failed on plots/%s.gp", name);
			fprintf(stderr,
				"prreport: gnuplot failed on %s/plots/%s.gp (status %d): run it there by hand to see why\n",
				run->dir, name, status);
			ret = -1;
		} else {
			plots->p[i].drawn = true;
			no_png |= !has_png;
		}
	}
	if (no_png)
		fprintf(stderr,
			"prreport: gnuplot has no terminal pngcairo: the pictures are there as SVG and not as PNG; install gnuplot-nox and run 'make report' for both\n");
	return ret;
}

static int plot_platform(struct run *run, const struct summary *sum,
			 struct plots *out, const char *platform)
{
	int ret = 0;

	ret |= plot_sweep(run, sum, out, platform);
	if (!platform_find(platform)->instructions) {
		ret |= plot_plane(run, sum, out, platform);
		ret |= plot_memory(run, sum, out, platform);
		ret |= plot_maps(run, out, platform);
	}
	ret |= plot_cost(run, sum, out, platform);
	if (!platform_find(platform)->instructions)
		ret |= plot_latency(run, sum, out, platform);
	return ret;
}

/**
 * plots_make() - write and draw every plot that the run has data for
 *
 * Return: 0, or -1 after a message if one is missing; the others are there.
 */
int plots_make(struct run *run, const struct summary *sum, const struct answer *answers,
	       size_t nanswers, struct plots *out)
{
	const char *dir = run_str(run, "%s/plots", run->dir);
	size_t i, j;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	if (mkdir(dir, 0777) && errno != EEXIST) {
		out_failed(dir, errno);
		out->why_not = "the directory plots/ could not be made";
		return -1;
	}
	ret |= plot_forest(run, sum, answers, nanswers, out);
	for (int rank = 0; rank <= NR_PLATFORMS; rank++) {
		for (i = 0; i < run->nboots; i++) {
			const char *platform = run->boots[i].platform;

			for (j = 0; j < i; j++)
				if (!strcmp(run->boots[j].platform, platform))
					break;
			if (j == i && platform_rank(platform) == rank)
				ret |= plot_platform(run, sum, out, platform);
		}
	}
	for (i = 0; i < out->n; i++)
		for (j = 0; j < i; j++)
			if (!strcmp(out->p[i].name, out->p[j].name)) {
				fprintf(stderr,
					"prreport: two pictures are named %s and one is lost: rename a workload or a picture\n",
					out->p[i].name);
				ret = -1;
			}
	return draw(run, out) || ret ? -1 : 0;
}

void plots_free(struct plots *plots)
{
	size_t i;

	for (i = 0; i < plots->n; i++)
		free(plots->p[i].boots);
	free(plots->p);
	memset(plots, 0, sizeof(*plots));
}
