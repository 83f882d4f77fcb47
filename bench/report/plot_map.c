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

static int plot_heat(struct run *run, struct plots *out, const struct boot *boot,
		     const struct maps *maps, const struct part *parts, size_t n)
{
	const char *name = run_str(run, "map-%s-%s-%d", boot->platform,
				   boot->variant, boot->seq);
	const char *title = platform_find(boot->platform)->title;
	double from = parts[0].w.begin, until = parts[n - 1].w.end, ymax = 0;
	double step = fmax(maps->every_s, (until - from) / MAX_COLUMNS);
	size_t per = (maps->cells + MAX_ROWS - 1) / MAX_ROWS, i, k = 0;
	double gib = maps->cells * maps->cell_bytes / MIB / 1024;
	double *at = xrealloc(NULL, 2 * n, sizeof(*at));
	const char **moment = xrealloc(NULL, 2 * n, sizeof(*moment)), *text;
	int ret = put_map(run, name, boot, maps, from, until, step);
	FILE *f = gp_open(run, name, 900, 640);

	for (i = 0; i < boot->nsamples; i++)
		if (boot->samples[i].t >= from && boot->samples[i].t <= until)
			ymax = fmax(ymax, boot->samples[i].resident_kib / 1024);
	for (i = 0; i < n; i++) {
		moment[k] = parts[i].w.workload;
		at[k++] = parts[i].w.begin - from;
		if (isnan(parts[i].w.freed))
			continue;
		moment[k] = "freed";
		at[k++] = parts[i].w.freed - from;
	}
	if (f) {
		gp_text(f, "title", run_str(run, "%s: the guest's physical memory over time — %s, n = 1 boot",
					    boot->variant, title));
		gp_num(f, "xmax", until - from);
		gp_num(f, "gib", gib);
		gp_num(f, "gibstep", tic_step(gib));
		gp_num(f, "dx", step);
		gp_num(f, "dy", per * maps->cell_bytes / MIB / 1024);
		gp_num(f, "ymax", ymax);
		gp_num(f, "step", tic_step(2 * ymax));
		gp_int(f, "nmoments", (int)k);
		gp_texts(f, "moment", moment, k);
		gp_nums(f, "at", at, k);
		ret |= GP_CLOSE(run, f, name, "map");
	}
	free(at);
	free(moment);
	if (!f)
		return -1;
	text = run_str(run, "The physical memory of one guest (%s, %s) over time, in pieces of %g MiB, each the colour of what most of it is. Young: free for less than the age at which it is reported; waiting: free for longer, and not yet reported, as what nobody has used since the guest was started is kept for longer. Below: what the host holds of it. The guest was looked at every %g ms, which disturbs: no other figure is from this boot.",
		       boot->variant, title, per * maps->cell_bytes / MIB,
		       maps->every_s * 1000);
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

/* The moments of a workload: where to look, and how that is drawn. */
struct moments {
	const char *name[4], *color[4];
	double pattern[4], at[4];
	size_t n;
};

static void moment_add(struct moments *m, const char *name, const char *color,
		       double pattern, double at)
{
	if (isnan(at))
		return;
	m->name[m->n] = name;
	m->color[m->n] = color;
	m->pattern[m->n] = pattern;
	m->at[m->n++] = at;
}

static void moments_of(const struct window *w, struct moments *m)
{
	m->n = 0;
	moment_add(m, "begin", "#CC79A7", 4, w->begin);
	moment_add(m, "freed", "#E69F00", 1, w->freed);
	moment_add(m, isnan(w->settled) ? "end" : "settled", "#0072B2", 3,
		   isnan(w->settled) ? w->end : w->settled);
}

/* A block a moment; @max gets the highest bar of each kind, @gate the age gate. */
static void put_ages(FILE *f, const struct maps *maps, const struct part *p,
		     const struct moments *m, size_t classes, double *max, double *gate)
{
	const struct map_look *first = look_of(maps, p, p->w.begin);
	size_t i, j, k;

	fputs("# class, MiB waiting, reported, refaulted since the begin; a block a moment\n", f);
	for (j = 0; j < m->n; j++) {
		const struct map_look *look = look_of(maps, p, m->at[j]);

		*gate = look->age_ms;
		fprintf(f, "# %s\n", m->name[j]);
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
}

/* How many classes of ages all looks have; 0 if they do not agree. */
static size_t classes_of(const struct maps *maps, const struct part *p)
{
	size_t i, classes = maps->look[p->first].nages;

	for (i = p->first; i < p->first + p->n; i++)
		if (maps->look[i].nages != classes)
			return 0;
	return classes;
}

/* Bytes by age at some moments; what was refaulted only in between. */
static int plot_ages(struct run *run, struct plots *out, const struct boot *boot,
		     const struct maps *maps, const struct part *p)
{
	const struct window *w = &p->w;
	const char *name = run_str(run, "ages-%s-%s-%d", w->workload,
				   boot->platform, boot->seq);
	const char *title = platform_find(boot->platform)->title, **class, *text;
	double max[NR_KINDS] = { 0 }, top[NR_KINDS], step[NR_KINDS], gate = NAN;
	size_t k, i, classes = classes_of(maps, p);
	struct moments m;
	FILE *f;
	int ret;

	if (!classes)
		return 0;
	moments_of(w, &m);
	f = plot_open(run, name, "dat");
	if (!f)
		return -1;
	put_ages(f, maps, p, &m, classes, max, &gate);
	ret = plot_close(run, f, name, "dat");

	f = gp_open(run, name, 900, 640);
	if (!f)
		return -1;
	for (k = 0; k < NR_KINDS; k++) {
		top[k] = max[k] > 0 ? max[k] * 1.1 : 1;
		step[k] = tic_step(max[k] > 0 ? max[k] * 2 : 1);
	}
	class = xrealloc(NULL, classes, sizeof(*class));
	for (i = 0; i < classes; i++)
		class[i] = i % 2 ? "" : class_name(run, look_of(maps, p, w->begin)->ages[i].below_ms);
	gp_text(f, "title", run_str(run, "%s, %s: ages of free memory — %s, n = 1 boot",
				    w->workload, boot->variant, title));
	gp_num(f, "classes", classes);
	gp_texts(f, "class", class, classes);
	gp_num(f, "gate", isnan(gate) ? 0 : gate);
	gp_nums(f, "top", top, NR_KINDS);
	gp_nums(f, "step", step, NR_KINDS);
	gp_int(f, "nmoments", (int)m.n);
	gp_texts(f, "moment", m.name, m.n);
	gp_texts(f, "shade", m.color, m.n);
	gp_nums(f, "pattern", m.pattern, m.n);
	free(class);
	ret |= GP_CLOSE(run, f, name, "ages");
	text = run_str(run, "Free memory by age in %s on %s, one boot of %s, at the moments that the guest named; in classes that double, named by where they end. What was used again counts from the workload's begin.",
		       w->workload, title, boot->variant);
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
