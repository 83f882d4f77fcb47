// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's physical memory over time, above what the host holds of it; and
 * how long its free memory waits. From boots that were there for this.
 */
#include "prreport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COLUMNS	1200
#define MAX_ROWS	1024
#define PATIENCE_S	2.0	/* a look stands for what is so much later, or three looks */

/* One hue from light to dark: in grey, too, darker is nearer to the host. */
static const struct {
	const char *color, *text;
} states[NR_MAP_STATES] = {
	[MAP_USED] = { "#ffffcc", "used" },
	[MAP_YOUNG] = { "#a1dab4", "free, young" },
	[MAP_WAITING] = { "#41b6c4", "free, waiting" },
	[MAP_REPORTED] = { "#225ea8", "reported" },
};

/* The workloads that were looked at, one after the other. */
struct part {
	struct window w;
	size_t first, n;	/* looks */
};

static size_t parts_of(const struct boot *boot, const struct maps *maps,
		       struct part **parts)
{
	size_t i, n = 0;

	*parts = NULL;
	for (i = 0; i < maps->n; i++) {
		struct part p = { .first = i, .n = 1 };

		if (n && !strcmp((*parts)[n - 1].w.workload, maps->look[i].workload)) {
			(*parts)[n - 1].n++;
			continue;
		}
		if (!metrics_window(boot, maps->look[i].workload, &p.w) ||
		    isnan(p.w.end))
			continue;
		*parts = xrealloc(*parts, n + 1, sizeof(**parts));
		(*parts)[n++] = p;
	}
	return n;
}

/* What a row of cells is: what most of them are. */
static int row_state(const struct map_look *look, size_t first, size_t n)
{
	size_t count[NR_MAP_STATES] = { 0 }, i;
	int s, most = 0;

	for (i = first; i < first + n; i++)
		count[look->cells[i]]++;
	for (s = 1; s < NR_MAP_STATES; s++)
		if (count[s] > count[most])
			most = s;
	return most;
}

/* The last look at or before a time, if it is not too old to stand for it. */
static const struct map_look *look_at(const struct maps *maps, double t,
				      double patience)
{
	const struct map_look *found = NULL;
	size_t i;

	for (i = 0; i < maps->n && maps->look[i].t <= t; i++)
		found = &maps->look[i];
	return found && t - found->t <= patience ? found : NULL;
}

static int put_map(struct run *run, const char *name, const struct boot *boot,
		   const struct maps *maps, double from, double until,
		   double step)
{
	size_t per = (maps->cells + MAX_ROWS - 1) / MAX_ROWS, row, i;
	FILE *f = plot_open(run, name, "dat");
	double t;

	if (!f)
		return -1;
	fprintf(f, "# a line for each %g MiB of physical memory, a column for each %g s: 0 used, 1 free and young, 2 free and waiting, 3 reported, -1 not known\n",
		per * maps->cell_bytes / MIB, step);
	for (row = 0; row * per < maps->cells; row++) {
		size_t n = maps->cells - row * per < per ? maps->cells - row * per : per;

		for (t = from + step; t < until + step / 2; t += step) {
			const struct map_look *look = look_at(maps, t, fmax(PATIENCE_S, 3 * maps->every_s));

			if (look)
				fprintf(f, "%d ", row_state(look, row * per, n));
			else
				fputs("-1 ", f);
		}
		fputc('\n', f);
	}
	fputs("\n\n# seconds, host-resident MiB\n", f);
	for (i = 0; i < boot->nsamples; i++)
		if (boot->samples[i].t >= from && boot->samples[i].t <= until)
			fprintf(f, "%.2f\t%.1f\n", boot->samples[i].t - from,
				boot->samples[i].resident_kib / 1024);
	return plot_close(run, f, name, "dat");
}

static void put_line(FILE *f, int *id, double x, const char *text, bool below)
{
	fprintf(f, "set arrow %d from first %.3f, graph 0 to first %.3f, graph 1 nohead front dt (4,4) lw 1.5 lc rgb \"#000000\"\n",
		*id, x, x);
	if (text)
		fprintf(f, "set label %d \"%s\" at first %.3f, graph %g left font \",12\" tc rgb \"#444444\"\n",
			*id, text, x, below ? 1.03 : 1.085);
	(*id)++;
}

static void put_moments(FILE *f, const struct part *parts, size_t n, double from,
			bool named)
{
	int id = 1;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct window *w = &parts[i].w;

		put_line(f, &id, w->begin - from, named ? w->workload : NULL, false);
		if (!isnan(w->freed))
			put_line(f, &id, w->freed - from, named ? "freed" : NULL, true);
	}
}

static int plot_heat(struct run *run, struct plots *out, const struct boot *boot,
		     const struct maps *maps, const struct part *parts, size_t n)
{
	const char *name = run_str(run, "map-%s-%s-%d", boot->platform,
				   boot->variant, boot->seq);
	double from = parts[0].w.begin, until = parts[n - 1].w.end, ymax = 0;
	double step = fmax(maps->every_s, (until - from) / MAX_COLUMNS);
	size_t per = (maps->cells + MAX_ROWS - 1) / MAX_ROWS, i;
	double gib = maps->cells * maps->cell_bytes / MIB / 1024;
	const char *text;
	FILE *f;
	int s, ret = put_map(run, name, boot, maps, from, until, step);

	for (i = 0; i < boot->nsamples; i++)
		if (boot->samples[i].t >= from && boot->samples[i].t <= until)
			ymax = fmax(ymax, boot->samples[i].resident_kib / 1024);
	f = plot_open(run, name, "gp");
	if (!f)
		return -1;
	gp_begin(f, name, 900, 640);
	fprintf(f,
		"set multiplot title \"%s: the guest's physical memory over time — %s, n = 1 boot\"\n"
		"unset key\nunset colorbox\nunset xlabel\nset lmargin at screen 0.115\nset rmargin at screen 0.97\n"
		"set xrange [0:%g]\nset format x \"\"\n"
		"set tmargin at screen 0.86\nset bmargin at screen 0.40\n"
		"set yrange [0:%g]\nset ytics %g\nset label 98 \"physical address (GiB)\" at screen 0.02,0.63 center rotate by 90\n"
		"set palette defined (-1 \"#ffffff\"", boot->variant, platform_find(boot->platform)->title,
		until - from, gib, tic_step(gib));
	for (s = 0; s < NR_MAP_STATES; s++)
		fprintf(f, ", %d \"%s\"", s, states[s].color);
	fprintf(f, ") maxcolors %d\nset cbrange [-1.5:%g]\nunset grid\n",
		NR_MAP_STATES + 1, NR_MAP_STATES - 0.5);
	/* A legend of boxes: a frame, and the colour within it. */
	for (s = 0; s < NR_MAP_STATES; s++) {
		double x = 0.12 + 0.21 * s;

		fprintf(f, "set object %d rectangle from screen %.3f,0.025 to screen %.3f,0.055 fs solid border lc rgb \"#444444\" fc rgb \"%s\"\n",
			s + 1, x, x + 0.03, states[s].color);
		fprintf(f, "set label %d \"%s\" at screen %.3f,0.04 left\n", s + 101,
			states[s].text, x + 0.04);
	}
	put_moments(f, parts, n, from, true);
	fprintf(f, "plot \"%s.dat\" index 0 matrix using (($1+0.5)*%.6f):(($2+0.5)*%.8f):3 with image\n",
		name, step, per * maps->cell_bytes / MIB / 1024);
	fputs("unset label\nunset object\nunset arrow\n", f);
	put_moments(f, parts, n, from, false);
	fprintf(f,
		"set format x \"%%g\"\nset xlabel \"seconds\"\n"
		"set tmargin at screen 0.36\nset bmargin at screen 0.17\n"
		"set grid back lc rgb \"#dddddd\" lt 1 lw 1\n"
		"set yrange [0:%g]\nset ytics %g\nset label 98 \"host (MiB)\" at screen 0.02,0.265 center rotate by 90\n"
		"plot \"%s.dat\" index 1 using 1:2 with lines lc rgb \"#000000\" lw 1.5\n"
		"unset multiplot\nunset arrow\nunset label\nset format x \"%%g\"\n",
		ymax * 1.08, tic_step(2 * ymax), name);
	gp_end(f);
	ret |= plot_close(run, f, name, "gp");
	text = run_str(run, "The physical memory of one guest (%s, %s) over time, in pieces of %g MiB, each the colour of what most of it is. Young: free for less than the age at which it is reported; waiting: free for longer, and not yet reported, as what nobody has used since the guest was started is kept for longer. Below: what the host holds of it. The guest was looked at every %g ms, which disturbs: no other figure is from this boot.",
		       boot->variant, platform_find(boot->platform)->title,
		       per * maps->cell_bytes / MIB, maps->every_s * 1000);
	plot_raw(plot_add(out, name, text), boot, "map.jsonl");
	return ret;
}

/* ---- ages ---- */

enum kind { WAITING, REPORTED, REFAULTED, NR_KINDS };

static double age_bytes(const struct map_age *a, enum kind kind)
{
	return kind == WAITING ? a->waiting : kind == REPORTED ? a->reported :
	       a->refaulted;
}

/* The look at a moment: the last one before it. */
static const struct map_look *look_of(const struct maps *maps,
				      const struct part *p, double t)
{
	const struct map_look *found = NULL;
	size_t i;

	for (i = p->first; i < p->first + p->n; i++)
		if (!found || maps->look[i].t <= t)
			found = &maps->look[i];
	return found;
}

static const char *class_name(struct run *run, double ms)
{
	if (!ms)
		return "more";
	if (ms < 1000)
		return run_str(run, "%.0f ms", ms);
	return run_str(run, "%.0f s", ms / 1000);
}

/* Bytes by age at some moments; what was refaulted only in between. */
static int plot_ages(struct run *run, struct plots *out, const struct boot *boot,
		     const struct maps *maps, const struct part *p)
{
	static const char * const titles[NR_KINDS] = {
		"free, not reported: for how long",
		"reported: how long ago",
		"reported and used again since the begin: how long after its report",
	};
	static const struct {
		const char *name, *color;
		int pattern;
	} moments[] = {
		{ "begin", "#CC79A7", 4 }, { "freed", "#E69F00", 1 },
		{ "settled", "#0072B2", 3 }, { "end", "#0072B2", 3 },
	};
	const struct window *w = &p->w;
	bool settled = !isnan(w->settled), freed = !isnan(w->freed);
	const double at[] = { w->begin, w->freed, w->settled, w->end };
	const bool shown[] = { true, freed, settled, !settled };
	const char *name = run_str(run, "ages-%s-%s-%d", w->workload,
				   boot->platform, boot->seq);
	const struct map_look *first = look_of(maps, p, w->begin);
	double max[NR_KINDS] = { 0 }, width, gate = NAN;
	size_t m, k, i, nr = 0, drawn, classes = first->nages;
	const char *text;
	FILE *f;
	int ret;

	for (i = p->first; i < p->first + p->n; i++)
		if (maps->look[i].nages != classes)
			classes = 0;
	if (!classes)
		return 0;
	f = plot_open(run, name, "dat");
	if (!f)
		return -1;
	fputs("# class, MiB waiting, reported, refaulted since the begin; a block a moment\n", f);
	for (m = 0; m < 4; m++) {
		const struct map_look *look = look_of(maps, p, at[m]);

		if (!shown[m])
			continue;
		nr++;
		gate = look->age_ms;
		fprintf(f, "# %s\n", moments[m].name);
		for (i = 0; i < classes; i++) {
			double v[NR_KINDS];

			for (k = 0; k < NR_KINDS; k++) {
				v[k] = age_bytes(&look->ages[i], k) / MIB;
				if (k == REFAULTED)
					v[k] -= first->ages[i].refaulted / MIB;
				max[k] = fmax(max[k], v[k]);
			}
			fprintf(f, "%zu\t%.3f\t%.3f\t%.3f\n", i, v[WAITING],
				v[REPORTED], v[REFAULTED]);
		}
		fputs("\n\n", f);
	}
	ret = plot_close(run, f, name, "dat");

	f = plot_open(run, name, "gp");
	if (!f)
		return -1;
	gp_begin(f, name, 900, 640);
	fprintf(f,
		"set multiplot layout 3,1 margins 0.115,0.97,0.19,0.86 spacing 0,0.085 title \"%s, %s: ages of free memory — %s, n = 1 boot\"\n"
		"unset key\nunset xlabel\nset xrange [-0.7:%g]\nset xtics 0,1 format \"\"\n"
		"set label 99 \"free memory (MiB)\" at screen 0.017,0.52 center rotate by 90\n",
		w->workload, boot->variant, platform_find(boot->platform)->title,
		classes - 0.3);
	for (m = drawn = 0; m < 4; m++) {
		double x = 0.5 + (drawn - (nr - 1) / 2.0) * 0.2;

		if (!shown[m])
			continue;
		fprintf(f, "set object %zu rectangle from screen %.3f,0.025 to screen %.3f,0.055 fs pattern %d border lc rgb \"#000000\" fc rgb \"%s\"\n",
			m + 1, x - 0.06, x - 0.03, moments[m].pattern, moments[m].color);
		fprintf(f, "set label %zu \"%s\" at screen %.3f,0.04 left\n", m + 101,
			moments[m].name, x - 0.02);
		drawn++;
	}
	for (k = 0; k < NR_KINDS; k++) {
		/* What is used again happens between two moments: at the last. */
		size_t bars = k == REFAULTED ? 1 : nr;

		width = 0.8 / bars;
		fprintf(f, "set title \"%s\" offset 0,-0.6\n", titles[k]);
		fprintf(f, "set yrange [0:%g]\nset ytics %g\n", max[k] > 0 ? max[k] * 1.1 : 1,
			tic_step(max[k] > 0 ? max[k] * 2 : 1));
		if (k == WAITING && gate > 0) {
			double x = log2(gate) + 0.5;

			fprintf(f, "set arrow 1 from first %.3f, graph 0 to first %.3f, graph 1 nohead dt (4,4) lw 1.5 lc rgb \"#000000\"\n"
				"set label 1 \"2 MiB are reported at %g ms\" at first %.3f, graph 0.88 left offset 0.5,0 font \",12\"\n",
				x, x, gate, x);
		} else {
			fputs("unset arrow 1\nunset label 1\n", f);
		}
		if (k == REFAULTED) {
			fputs("set xlabel \"below this age, in classes that double\"\nset xtics (", f);
			for (i = 0; i < classes; i++)
				fprintf(f, "%s\"%s\" %zu", i ? ", " : "", i % 2 ? "" :
					class_name(run, first->ages[i].below_ms), i);
			fputs(")\n", f);
		}
		fputs("plot ", f);
		for (m = drawn = 0; m < 4; m++) {
			if (!shown[m])
				continue;
			if (k != REFAULTED || drawn == nr - 1)
				fprintf(f, "%s\"%s.dat\" index %zu using ($1+%.4f):%zu:(%.4f) with boxes lc rgb \"%s\" fs pattern %d border lc rgb \"#000000\"",
					drawn && k != REFAULTED ? ", \\\n\t" : "", name, drawn,
					k == REFAULTED ? 0 : (drawn - (nr - 1) / 2.0) * width,
					k + 2, width, moments[m].color, moments[m].pattern);
			drawn++;
		}
		fputc('\n', f);
		if (k == WAITING)
			fputs("unset object\nunset label\n", f);
	}
	fputs("unset multiplot\nunset label\nunset arrow\nunset object\nset xtics autofreq format \"%g\"\n", f);
	gp_end(f);
	ret |= plot_close(run, f, name, "gp");
	text = run_str(run, "Free memory by age in %s on %s, one boot of %s, at the moments that the guest named; in classes that double, named by where they end. What was used again counts from the workload's begin.",
		       w->workload, platform_find(boot->platform)->title, boot->variant);
	plot_raw(plot_add(out, name, text), boot, "map.jsonl");
	return ret;
}

/**
 * plot_maps() - the pictures of the boots of a platform that were looked at
 *
 * Return: 0, or -1 after a message.
 */
int plot_maps(struct run *run, struct plots *out, const char *platform)
{
	size_t i, k, n;
	int ret = 0;

	for (i = 0; i < run->nboots; i++) {
		const struct boot *boot = &run->boots[i];
		struct part *parts = NULL;
		struct maps maps;

		if (boot->status != BOOT_OK || strcmp(boot->platform, platform) ||
		    !map_was_drawn(boot))
			continue;
		n = maps_load(run, boot, &maps) ? 0 : parts_of(boot, &maps, &parts);
		if (n)
			ret |= plot_heat(run, out, boot, &maps, parts, n);
		for (k = 0; k < n; k++)
			ret |= plot_ages(run, out, boot, &maps, &parts[k]);
		free(parts);
		maps_free(&maps);
	}
	return ret;
}
