// SPDX-License-Identifier: GPL-2.0
/*
 * The pictures as gnuplot scripts, bench/report/plots/NAME.gp, which are part of
 * the program. A picture's own script is what C knows of it, as variables, then
 * the template: so each can be changed where it lies and drawn again by hand.
 */
#include "prreport.h"

#include <math.h>
#include <string.h>

#define TEMPLATE(symbol, file)						\
	__asm__(".pushsection .rodata\n" #symbol ":\n"			\
		".incbin \"bench/report/" file "\"\n"			\
		".byte 0\n.popsection\n");				\
	extern const char symbol[]

TEMPLATE(report_style, "report.css");

const char *const report_css = report_style;

TEMPLATE(replay_text, "../../tests/model/replay/README.md");

const char *const replay_readme = replay_text;

TEMPLATE(gp_head, "plots/head.gp");
TEMPLATE(gp_phases, "plots/phases.gp");
TEMPLATE(gp_over_each_other, "plots/over-each-other.gp");
TEMPLATE(gp_panels, "plots/panels.gp");
TEMPLATE(gp_legend, "plots/legend.gp");
TEMPLATE(gp_plane, "plots/plane.gp");
TEMPLATE(gp_over_baseline, "plots/over-baseline.gp");
TEMPLATE(gp_sweep, "plots/sweep.gp");
TEMPLATE(gp_forest, "plots/forest.gp");
TEMPLATE(gp_percentiles, "plots/percentiles.gp");
TEMPLATE(gp_map, "plots/map.gp");
TEMPLATE(gp_ages, "plots/ages.gp");

static const struct {
	const char *name, *text;
} templates[] = {
	{ "phases", gp_phases }, { "over-each-other", gp_over_each_other },
	{ "panels", gp_panels }, { "legend", gp_legend }, { "plane", gp_plane },
	{ "sweep", gp_sweep }, { "over-baseline", gp_over_baseline }, { "percentiles", gp_percentiles },
	{ "forest", gp_forest }, { "map", gp_map }, { "ages", gp_ages },
};

static void put_quoted(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', f);
		if (*s == '\n')
			fputs("\\n", f);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

/**
 * gp_open() - begin the script of a picture
 *
 * Then gp_text() and the like define what its template wants, and gp_close()
 * ends it.
 */
FILE *gp_open(struct run *run, const char *name, int width, int height)
{
	FILE *f = plot_open(run, name, "gp");

	if (f)
		fprintf(f, "# SPDX-License-Identifier: GPL-2.0\n"
			"# Made by prreport. Draw again with: gnuplot %s.gp\n"
			"name = \"%s\"\nwidth = %d\nheight = %d\n", name, name, width, height);
	return f;
}

void gp_text(FILE *f, const char *variable, const char *text)
{
	fprintf(f, "%s = ", variable);
	put_quoted(f, text);
	fputc('\n', f);
}

/* A number that gnuplot takes for a real, so that it never divides integers. */
void gp_num(FILE *f, const char *variable, double v)
{
	char text[64];

	snprintf(text, sizeof(text), "%.9g", v);
	fprintf(f, "%s = %s%s\n", variable, isnan(v) ? "NaN" : text,
		isnan(v) || strpbrk(text, ".e") ? "" : ".0");
}

void gp_int(FILE *f, const char *variable, int v)
{
	fprintf(f, "%s = %d\n", variable, v);
}

/* An array of texts; gnuplot knows none without an element. */
void gp_texts(FILE *f, const char *variable, const char *const *text, size_t n)
{
	size_t i;

	fprintf(f, "array %s[%zu]\n", variable, n ? n : 1);
	for (i = 0; i < n; i++) {
		fprintf(f, "%s[%zu] = ", variable, i + 1);
		put_quoted(f, text[i]);
		fputc('\n', f);
	}
}

void gp_nums(FILE *f, const char *variable, const double *v, size_t n)
{
	char one[64];
	size_t i;

	fprintf(f, "array %s[%zu]\n", variable, n ? n : 1);
	for (i = 0; i < n; i++) {
		snprintf(one, sizeof(one), "%s[%zu]", variable, i + 1);
		gp_num(f, one, v[i]);
	}
}

/* n, label[], color[], and a line style for each, as in all pictures. */
void gp_variants(FILE *f, const char *const *variants, const char *const *labels, size_t n)
{
	size_t i;

	gp_int(f, "n", (int)n);
	gp_texts(f, "label", labels, n);
	fprintf(f, "array color[%zu]\n", n ? n : 1);
	for (i = 0; i < n; i++) {
		const struct variant *v = variant_find(variants[i]);

		fprintf(f, "color[%zu] = \"%s\"\n", i + 1, v->color);
		fprintf(f, "set style line %zu lc rgb \"%s\" dt %s lw %d pt %d\n", i + 1,
			v->color, v->dash, v->width, v->point);
	}
}

/**
 * gp_close() - end the script with its templates, a list that NULL ends
 */
int gp_close(struct run *run, FILE *f, const char *name, const char *const *with)
{
	size_t i;

	fputs(gp_head, f);
	for (; *with; with++)
		for (i = 0; i < sizeof(templates) / sizeof(*templates); i++)
			if (!strcmp(templates[i].name, *with))
				fputs(templates[i].text, f);
	fputs("unset output\n}\n", f);
	return plot_close(run, f, name, "gp");
}
