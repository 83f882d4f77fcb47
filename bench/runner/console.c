// SPDX-License-Identifier: GPL-2.0
/* What a guest's kernel wrote on its console. */
#include <errno.h>
#include <string.h>

#include "run.h"

#define CONSOLE_TAIL	12

/*
 * A kernel that complained has not measured what was meant; unless the host was
 * @full, and that is what it complained of.
 */
void guest_check_console(struct guest *g, bool full)
{
	char path[PATH_MAX + 16], line[1024];
	bool oom_is_result = false;
	size_t w;
	FILE *f;

	for (w = 0; w < nr_workloads; w++)
		if (g->run->boot->workloads & BIT(w))
			oom_is_result |= workloads[w].oom_is_result;

	make_path(path, sizeof(path), "%s/console.log", g->dir);
	f = fopen(path, "re");
	if (!f) {
		guest_failed(g, "error", EXIT_LOST, "cannot read %s: %s", path,
		       strerror(errno));
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (splat_line(line, oom_is_result) &&
		    !(full && pressure_line(line)))
			guest_failed(g, "error", EXIT_LOST,
			       "the guest's kernel complained: %s", line);
	}
	fclose(f);
}

/* The last lines of the console, for whoever wonders why a VM was lost. */
void guest_show_console(const struct guest *g)
{
	char path[PATH_MAX + 16], tail[CONSOLE_TAIL][256];
	unsigned int n = 0, i;
	FILE *f;

	make_path(path, sizeof(path), "%s/console.log", g->dir);
	f = fopen(path, "re");
	while (f && fgets(tail[n % CONSOLE_TAIL], sizeof(tail[0]), f))
		n++;
	if (f)
		fclose(f);
	fprintf(stderr, "prbench: last lines of %s:\n", path);
	for (i = n > CONSOLE_TAIL ? n - CONSOLE_TAIL : 0; i < n; i++) {
		char *line = tail[i % CONSOLE_TAIL];

		line[strcspn(line, "\r\n")] = '\0';
		fprintf(stderr, "  | %s\n", line);
	}
}
