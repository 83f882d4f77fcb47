// SPDX-License-Identifier: GPL-2.0
/* Programs of the host's root that workloads run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

bool have_program(const char *name)
{
	const char *path = getenv("PATH");
	char full[512];

	while (path && *path) {
		size_t n = strcspn(path, ":");

		snprintf(full, sizeof(full), "%.*s/%s", (int)n, path, name);
		if (!access(full, X_OK))
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

/* A failed program: say so with the last line that it printed. */
int program_failed(const char *name, const char *program, int status)
{
	char text[8192], *last;

	if (read_text(TOOL_OUT, text, sizeof(text)) < 0)
		text[0] = '\0';
	last = strrchr(text, '\n');
	emit_file(name, "failed.txt", TOOL_OUT);
	emit_text("error", name, "message", "%s ended with status %d: %s",
		  program, status, last ? last + 1 : text);
	return -1;
}

/**
 * json_output() - the JSON object that a program printed
 * @path: its output
 * @err: what is wrong with it
 *
 * Other lines may come before it and after it: notes, warnings.
 *
 * Return: the object, or NULL.
 */
json_t *json_output(const char *path, json_error_t *err)
{
	FILE *f = fopen(path, "re");
	json_t *o = NULL;
	char *line = NULL;
	size_t size = 0;
	long at = 0;

	snprintf(err->text, sizeof(err->text), "there is no line that begins with {");
	while (f && !o && getline(&line, &size, f) > 0) {
		if (*line == '{' && !fseek(f, at, SEEK_SET)) {
			o = json_loadf(f, JSON_DISABLE_EOF_CHECK, err);
			break;
		}
		at = ftell(f);
	}
	free(line);
	if (f)
		fclose(f);
	return o;
}
