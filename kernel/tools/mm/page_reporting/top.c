// SPDX-License-Identifier: GPL-2.0
/* The summary and the map, live. */
#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "page_reporting.h"

#define MIN_LINES	12
#define MIN_COLUMNS	50

static void begin(void)
{
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	if (has_colors() && !getenv("NO_COLOR")) {
		start_color();
		use_default_colors();
		for (short c = 1; c < 8; c++)
			init_pair(c, c, -1);
	}
}

static int draw_parts(const struct guest *g)
{
	char text[32];
	int y = 2;

	for (enum part p = 0; p < NR_PARTS && y < LINES - 2; p++) {
		int bar = (int)((double)g->part[p] / (double)g->total *
				(COLS - 40));

		if (!g->part[p] && p != REPORTED)
			continue;
		say_bytes(text, sizeof(text), g->part[p]);
		mvprintw(y, 0, "%c %-14s %14s ", parts[p].letter, parts[p].name, text);
		attron(COLOR_PAIR(parts[p].color));
		for (int x = 0; x < bar && x < COLS - 36; x++)
			addch((chtype)parts[p].letter);
		attroff(COLOR_PAIR(parts[p].color));
		y++;
	}
	return y;
}

static void draw_map(struct guest *g, int y)
{
	size_t room = (size_t)COLS * (size_t)(LINES - y - 1);
	FILE *f = open_debugfs(g, "blocks");
	struct map map;

	if (!f)
		return;
	if (!map_init(&map, g->zones, g->nr_zones, room)) {
		map_read(&map, f, g, &g->broken);
		for (size_t i = 0; i < map.nr; i++) {
			const struct cell_info *c = &cells[map_cell(&map, i)];

			mvaddch(y + (int)(i / (size_t)COLS), (int)(i % (size_t)COLS),
				(chtype)c->letter | COLOR_PAIR(c->color));
		}
		map_free(&map);
	}
	fclose(f);
}

static void draw(struct guest *g, const char *said)
{
	enum part most = largest_part(g);
	int y;

	erase();
	if (LINES < MIN_LINES || COLS < MIN_COLUMNS) {
		mvaddnstr(0, 0, "too small a terminal", COLS);
		refresh();
		return;
	}
	mvprintw(0, 0, "memory of this guest %.1f MiB   q quit  f flush  + faster  - slower",
		 (double)g->total / 1048576);
	if (g->missing != NOTHING_MISSING)
		mvaddnstr(1, 0, missing_info[g->missing].text, COLS);
	else
		mvaddnstr(1, 0, said, COLS);
	y = draw_parts(g);
	if (y < LINES - 3 && g->missing == NOTHING_MISSING)
		draw_map(g, y + 1);
	mvprintw(LINES - 1, 0, "next: %s ", parts[most].name);
	addnstr(parts[most].advice, COLS > 30 ? COLS - 30 : 1);
	refresh();
}

int run_top(const struct options *o)
{
	struct guest g = { .root = o->root };
	double interval = o->interval;
	const char *said = "", *term = getenv("TERM");
	long nr = 0;
	SCREEN *screen;
	bool end = false;

	screen = isatty(0) && isatty(1) && term ? newterm(term, stdout, stdin) : NULL;
	if (!screen) {
		complain("top needs a terminal that it can draw on (TERM is %s): use 'summary' or 'watch FILE' instead",
			 term ? term : "not set");
		return EXIT_BAD;
	}
	begin();
	while (!end && !stopped() && (o->count < 0 || nr++ < o->count)) {
		guest_read(&g, true);
		draw(&g, said);
		timeout((int)(interval * 1e3));
		switch (getch()) {
		case 'q':
			end = true;
			break;
		case 'f':
			endwin();
			said = run_flush(&g, "all") ? "flush failed, see 'page-reporting flush'" :
			       "flushed";
			break;
		case '+':
			interval = interval > 0.2 ? interval / 2 : 0.1;
			break;
		case '-':
			interval = interval < 30 ? interval * 2 : 60;
			break;
		}
		guest_release(&g);
	}
	endwin();
	delscreen(screen);
	return EXIT_GOOD;
}
