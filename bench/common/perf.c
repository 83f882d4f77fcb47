// SPDX-License-Identifier: GPL-2.0
#include "common.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/**
 * perf_count() - read one line of "perf stat -x,"
 * @line: the line
 * @event: the name of an event
 * @text: gets the count, or what perf says instead, such as "<not counted>"
 * @len: its size
 *
 * Columns are separated by commas; the count is the last number or word in angle
 * brackets before the event, whatever other columns perf's version and options
 * have.
 *
 * Return: true if the line is about that event.
 */
bool perf_count(const char *line, const char *event, char *text, size_t len)
{
	size_t n = strlen(event);
	const char *p = line;
	bool found = false;

	while (*p) {
		size_t width = strcspn(p, ",\n");
		char *end;

		if (width == n && !strncmp(p, event, n))
			return found;
		strtod(p, &end);
		if (width && (end == p + width || *p == '<')) {
			snprintf(text, len, "%.*s", (int)width, p);
			found = true;
		}
		p += width + (p[width] != '\0');
	}
	return false;
}
