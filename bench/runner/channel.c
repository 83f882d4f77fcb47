// SPDX-License-Identifier: GPL-2.0
/* The channel to the agent, and the log of what it says. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prbench.h"

#define LINE_MAX_BYTES	(256 * 1024)

int channel_init(struct channel *c, int fd)
{
	c->fd = fd;
	c->used = c->taken = 0;
	c->size = LINE_MAX_BYTES;
	c->buf = malloc(c->size);
	return c->buf ? 0 : -1;
}

void channel_free(struct channel *c)
{
	free(c->buf);
	c->buf = NULL;
}

/* Read what there is: 1 data, 0 end of file, -1 error or no room. */
int channel_fill(struct channel *c)
{
	ssize_t n;

	if (c->taken) {
		memmove(c->buf, c->buf + c->taken, c->used - c->taken);
		c->used -= c->taken;
		c->taken = 0;
	}
	if (c->used == c->size) {
		errno = EMSGSIZE;
		return -1;
	}
	do {
		n = read(c->fd, c->buf + c->used, c->size - c->used);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? 0 : -1;
	if (!n)
		return 0;
	c->used += (size_t)n;
	return 1;
}

/*
 * The next whole line as an event: 1 with the event, 0 if there is none yet,
 * -1 if what the guest sent is not one.
 */
int channel_next(struct channel *c, json_t **event, char *err, size_t len)
{
	char *line = c->buf + c->taken;
	char *nl = memchr(line, '\n', c->used - c->taken);
	json_error_t jerr;
	size_t n, i;

	if (!nl)
		return 0;
	n = (size_t)(nl - line);
	c->taken += n + 1;
	*event = json_loadb(line, n, 0, &jerr);
	if (json_is_object(*event) &&
	    json_is_string(json_object_get(*event, "event")))
		return 1;
	json_decref(*event);
	*event = NULL;
	if (n > 80)
		n = 80;
	for (i = 0; i < n; i++)
		if (!isprint((unsigned char)line[i]))
			line[i] = '?';
	return set_err(err, len, "the guest sent something that is no event: '%.*s'",
		       (int)n, line);
}

/* Send one command; takes over the reference. */
int channel_send(struct channel *c, json_t *command)
{
	char *text = json_dumps(command, JSON_COMPACT);
	size_t len, done = 0;

	json_decref(command);
	if (!text)
		return -1;
	len = strlen(text);
	text[len++] = '\n';
	while (done < len) {
		ssize_t n = write(c->fd, text + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	free(text);
	return done == len ? 0 : -1;
}

int event_log_open(struct event_log *log, const char *dir)
{
	char *path = format("%s/events.jsonl", dir);

	log->dir = dir;
	log->map = NULL;
	log->counters = json_array();
	log->events = fopen(path, "we");
	free(path);
	return log->events ? 0 : -1;
}

/* A workload's own output: a plain file in the boot's directory. */
static int add_file(struct event_log *log, const json_t *event)
{
	const char *name = json_string_value(json_object_get(event, "name"));
	const char *text = json_string_value(json_object_get(event, "text"));
	char *path;
	FILE *f;
	int ret = -1;

	/* The guest names it: nothing but a plain new name, please. */
	if (!name || !text || !isalpha((unsigned char)name[0]) ||
	    strlen(name) > 64 || strchr(name, '/') ||
	    !strcmp(name, "meta.json") || !strcmp(name, "events.jsonl") ||
	    !strcmp(name, "samples.tsv") || !strcmp(name, "counters.json") ||
	    !strcmp(name, "console.log") || !strcmp(name, "map.jsonl"))
		return 0;
	path = format("%s/%s", log->dir, name);
	f = fopen(path, "ae");
	free(path);
	if (f) {
		ret = fputs(text, f) < 0 ? -1 : 0;
		if (fclose(f))
			ret = -1;
	}
	return ret;
}

/*
 * Maps of the guest's memory are for pictures, and there are many: they have a
 * file of their own.
 */
static FILE *file_for(struct event_log *log, const char *kind)
{
	char *path;

	if (strcmp(kind, "map"))
		return log->events;
	if (!log->map) {
		path = format("%s/map.jsonl", log->dir);
		log->map = fopen(path, "we");
		free(path);
	}
	return log->map;
}

/* Write down one event with the time of its receipt; -1 with errno. */
int event_log_add(struct event_log *log, json_t *event, double t)
{
	const char *kind = json_string_value(json_object_get(event, "event"));
	char stamp[32];
	json_t *copy;
	FILE *f;
	int ret;

	if (!strcmp(kind, "file"))
		return add_file(log, event);
	f = file_for(log, kind);
	if (!f)
		return -1;
	/* Time first, for whoever reads the file; in milliseconds. */
	snprintf(stamp, sizeof(stamp), "%.4f", t);
	copy = json_object();
	json_object_set_new(copy, "t", json_real(strtod(stamp, NULL)));
	/* The host's time, whatever the guest calls "t". */
	json_object_update_missing(copy, event);
	if (!strcmp(kind, "counters"))
		json_array_append(log->counters, copy);
	ret = json_dumpf(copy, f, JSON_COMPACT | JSON_REAL_PRECISION(12));
	json_decref(copy);
	if (ret || fputc('\n', f) == EOF || fflush(f))
		return -1;
	return 0;
}

int event_log_close(struct event_log *log)
{
	char *path = format("%s/counters.json", log->dir);
	int ret = 0;

	if (log->events && fclose(log->events))
		ret = -1;
	log->events = NULL;
	if (log->map && fclose(log->map))
		ret = -1;
	log->map = NULL;
	if (json_dump_file(log->counters, path,
			   JSON_INDENT(1) | JSON_REAL_PRECISION(12)))
		ret = -1;
	json_decref(log->counters);
	log->counters = NULL;
	free(path);
	return ret;
}
