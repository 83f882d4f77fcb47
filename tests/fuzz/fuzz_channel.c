// SPDX-License-Identifier: GPL-2.0
/*
 * The host's end of the channel: a guest that says anything.  Events are the
 * same however the bytes arrive, the log holds each of them with the host's
 * time, and no file of the boot is written but those that the guest may name.
 */
#include <errno.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "prbench.h"

#define T0	0.5	/* the host's time of the first event */

static struct stream stream;

ssize_t __real_read(int fd, void *buf, size_t len);
ssize_t __wrap_read(int fd, void *buf, size_t len);

ssize_t __wrap_read(int fd, void *buf, size_t len)
{
	if (fd >= 0)
		return __real_read(fd, buf, len);
	if (stream.dice && roll(&stream.dice) % 16 == 0) {
		errno = EINTR;
		return -1;
	}
	/* Who kills a VM may see this instead of an end of file. */
	if (!stream.left.len && stream.dice & 1) {
		errno = ECONNRESET;
		return -1;
	}
	return (ssize_t)stream_read(&stream, buf, len);
}

/* Are these the settings that some variant needs? */
static void settings(const json_t *ready)
{
	char err[512];
	size_t v;
	int p;

	for (p = 0; p < NR_PLATFORMS; p++) {
		for (v = 0; v < nr_variants; v++) {
			struct boot b = { .platform = p, .variant = &variants[v] };

			err[0] = '\0';
			if (settings_check(ready, &b, "6.12.117", err,
					   sizeof(err)))
				MUST(*err);
		}
	}
}

/* All events and refusals, in order; logged if there is a log. */
static json_t *listen(const struct text *said, uint32_t dice,
		      struct event_log *log, size_t *logged)
{
	json_t *out = json_array(), *event;
	struct channel c;
	char err[512];
	int got, ret;

	stream.left = *said;
	stream.dice = dice;
	MUST(!channel_init(&c, -1));
	while ((got = channel_fill(&c)) == 1) {
		MUST(c.used <= c.size && c.taken <= c.used);
		while ((ret = channel_next(&c, &event, err, sizeof(err)))) {
			const char *kind;

			if (ret < 0) {
				MUST(!event && strstr(err, "no event"));
				json_array_append_new(out, json_null());
				continue;
			}
			kind = json_string_value(json_object_get(event, "event"));
			MUST(kind);
			if (log) {
				MUST(!event_log_add(log, event, T0 + *logged));
				/* These two have files of their own. */
				*logged += strcmp(kind, "file") && strcmp(kind, "map");
				if (!strcmp(kind, "ready"))
					settings(event);
			}
			json_array_append_new(out, event);
		}
	}
	MUST(got == 0 || errno == EMSGSIZE);
	channel_free(&c);
	return out;
}

/* What the report will read: a line an event, with the host's time. */
static void check_log(const char *dir, size_t logged)
{
	char path[600], *line = NULL;
	size_t room = 0, n = 0;
	json_t *counters;
	ssize_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/events.jsonl", dir);
	f = fopen(path, "re");
	MUST(f);
	while ((len = getline(&line, &room, f)) > 0) {
		json_t *o = json_loadb(line, (size_t)len, 0, NULL);

		MUST(o && json_is_string(json_object_get(o, "event")));
		MUST(json_real_value(json_object_get(o, "t")) == T0 + n);
		json_decref(o);
		n++;
	}
	MUST(n == logged);
	fclose(f);
	free(line);
	snprintf(path, sizeof(path), "%s/counters.json", dir);
	counters = json_load_file(path, 0, NULL);
	MUST(json_is_array(counters) && json_array_size(counters) <= n);
	json_decref(counters);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dir[600], meta[700];
	struct text said = { (const char *)data, size };
	struct event_log log;
	json_t *whole, *pieces;
	size_t logged = 0;
	int fd;

	if (!size)
		return 0;
	if (!*dir) {
		snprintf(dir, sizeof(dir), "%s/boot", scratch_dir());
		MUST(!mkdir(dir, 0700));
		snprintf(meta, sizeof(meta), "%s/meta.json", dir);
	}
	fd = free_fd();
	MUST(!event_log_open(&log, dir));
	whole = listen(&said, 0, &log, &logged);
	MUST(!event_log_close(&log));
	pieces = listen(&said, (uint32_t)size * 31 + data[size / 2] + 1, NULL,
			NULL);
	MUST(json_equal(whole, pieces));
	json_decref(whole);
	json_decref(pieces);
	check_log(dir, logged);
	MUST(access(meta, F_OK));
	empty_dir(dir);
	/* Nothing beside the boot's directory. */
	MUST(empty_dir(scratch_dir()) == 0);
	MUST(free_fd() == fd);
	return 0;
}
