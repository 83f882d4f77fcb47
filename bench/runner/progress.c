// SPDX-License-Identifier: GPL-2.0
/* The line of progress, and how long a run will take. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "schedule.h"

/* Write a line over itself only where that is understood. */
void find_terminal(struct state *s)
{
	const char *term = getenv("TERM");

	s->tty = !s->tap && isatty(STDOUT_FILENO) && term && *term &&
		 strcmp(term, "dumb");
	wipe_stderr = s->tty && isatty(STDERR_FILENO);
}

/* Begin a line for good where a line of progress may be. */
void wipe_line(const struct state *s)
{
	if (s->tty)
		printf("\r\033[K");
}

static double left_in_lane(const struct lane *lane)
{
	double s = 0;
	size_t i;

	for (i = lane->next; i < lane->nr; i++)
		s += lane->boots[i].estimate_s;
	return s;
}

/* Seconds to the end, from estimates that finished boots have corrected. */
double time_left(const struct state *s, size_t phase,
			const struct job *jobs)
{
	double left = 0;
	size_t i, l;

	for (i = phase; i < s->plan.nr; i++) {
		double longest = 0;

		for (l = 0; l < s->plan.phases[i].nr; l++) {
			double t = left_in_lane(&s->plan.phases[i].lanes[l]);

			if (i == phase && jobs[l].pid) {
				double rest = jobs[l].boot->estimate_s -
					      (now_s() - jobs[l].since);

				t += rest > 0 ? rest : 0;
			}
			if (t > longest)
				longest = t;
		}
		left += longest;
	}
	return left;
}

/* One line, cut to the width of the terminal so that it can be written over. */
void progress(const struct state *s, size_t phase, const struct job *jobs)
{
	double left = time_left(s, phase, jobs);
	char line[512], one[128];
	struct winsize size;
	size_t l, used, width = 80;

	if (!s->tty)
		return;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		width = size.ws_col;
	if (width > sizeof(line))
		width = sizeof(line);
	snprintf(line, sizeof(line), "[%u/%u] %d:%02d left", s->started,
		 s->plan.nr_boots, (int)left / 60, (int)left % 60);
	for (l = 0; l < s->plan.phases[phase].nr; l++) {
		if (!jobs[l].pid)
			continue;
		describe_boot(one, sizeof(one), jobs[l].boot);
		used = strlen(line);
		snprintf(line + used, sizeof(line) - used, "%s%s",
			 l ? " | " : "  ", one);
	}
	line[width - 1] = '\0';
	wipe_line(s);
	printf("%s", line);
	fflush(stdout);
}
