// SPDX-License-Identifier: GPL-2.0
/* What prbench prints: names, kernels, the plan. */
#include <stdarg.h>
#include <string.h>

#include "state.h"
#include "variants.h"

/* To stdout; with --tap it must not look like a result. */
void say(const struct state *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (s->tap)
		printf("# ");
	vprintf(fmt, ap);
	va_end(ap);
	fflush(stdout);
}

void describe_boot(char *buf, size_t len, const struct boot *b)
{
	size_t used, i;

	snprintf(buf, len, "%-6s %-8s", platform_table[b->platform].name,
		 b->variant->name);
	for (i = 0; i < nr_workloads; i++) {
		used = strlen(buf);
		if (b->workloads & BIT(i))
			snprintf(buf + used, len - used, " %s",
				 workloads[i].name);
	}
	used = strlen(buf);
	if (b->row >= 0)
		snprintf(buf + used, len - used, " %d", b->row);
}

/* Names on one line, for whoever got one wrong; @what is one kind of them. */
void print_names(FILE *f, const char *what)
{
	size_t i;

	fprintf(f, "%s:", what);
	for (i = 0; !strcmp(what, "platforms") && i < NR_PLATFORMS; i++)
		fprintf(f, " %s", platform_table[i].name);
	for (i = 0; !strcmp(what, "variants") && i < nr_variants; i++)
		fprintf(f, " %s", variants[i].name);
	for (i = 0; !strcmp(what, "workloads") && i < nr_workloads; i++)
		fprintf(f, " %s", workloads[i].name);
	fprintf(f, "\n");
}

/* All names with a line each. */
void print_list(FILE *f)
{
	size_t i;

	fprintf(f, "platforms\n");
	for (i = 0; i < NR_PLATFORMS; i++)
		fprintf(f, "  %-16s %s\n", platform_table[i].name, platform_table[i].about);
	fprintf(f, "variants\n");
	for (i = 0; i < nr_variants; i++)
		fprintf(f, "  %-16s %s\n", variants[i].name,
			variant_find(variants[i].name)->sentence);
	fprintf(f, "workloads\n");
	for (i = 0; i < nr_workloads; i++)
		fprintf(f, "  %-16s %s\n", workloads[i].name,
			json_string_value(json_object_get(workloads[i].info,
							  "description")));
}

/* What has to be built before the plan can run. */
static void print_kernels(const char *what, const struct plan *plan, const struct series *series)
{
	char **names = kernels_of(plan, series);
	size_t i;

	printf("%s:", what);
	for (i = 0; names && names[i]; i++) {
		printf(" %s", names[i]);
		free(names[i]);
	}
	printf("\n");
	free(names);
}

void print_plan(const struct state *s)
{
	size_t i, l, k;
	char text[128];

	print_kernels("kernels", &s->plan, s->cfg.sel.series);
	if (s->plan.first) {
		struct plan head = plan_head(&s->plan);

		print_kernels("first", &head, s->cfg.sel.series);
		printf("%u boots, about %d:%02d min until the first report\n", head.nr_boots,
		       (int)head.estimate_s / 60, (int)head.estimate_s % 60);
	}
	printf("%u boots, about %d:%02d min\n", s->plan.nr_boots,
	       (int)s->plan.estimate_s / 60, (int)s->plan.estimate_s % 60);
	for (i = 0; i < s->plan.nr; i++)
		for (l = 0; l < s->plan.phases[i].nr; l++)
			for (k = 0; k < s->plan.phases[i].lanes[l].nr; k++) {
				struct boot *b =
					&s->plan.phases[i].lanes[l].boots[k];

				describe_boot(text, sizeof(text), b);
				printf("  phase %zu lane %zu: %s (%.0f s)\n",
				       i + 1, l + 1, text, b->estimate_s);
			}
}

/* Where the chosen workloads would run: not where they were asked to. */
void explain_nothing(const struct selection *sel)
{
	struct group groups[WORKLOADS_MAX];
	size_t nr = workload_groups(sel->full, groups), g, w;
	int p;

	for (w = 0; w < nr_variants; w++)
		if (sel->variants & BIT(w) && !variant_fits(&variants[w], sel->series))
			fprintf(stderr, "prbench: variant %s is for Linux %s only\n",
				variants[w].name, variants[w].only);
	fprintf(stderr, "prbench: nothing to run: with these variants and --profile %s\n",
		sel->full ? "full" : "quick");
	for (w = 0; w < nr_workloads; w++) {
		if (!(sel->workloads & BIT(w)))
			continue;
		fprintf(stderr, "  %s runs on", workloads[w].name);
		for (g = 0; g < nr; g++)
			for (p = 0; p < NR_PLATFORMS; p++)
				if (groups[g].workloads & BIT(w) &&
				    groups[g].on[p].boots &&
				    workloads[w].platforms & BIT(p))
					fprintf(stderr, " %s", platform_table[p].name);
		fprintf(stderr, "\n");
	}
}
