// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's end of the channel: commands as the agent serves them.  Nothing
 * is run, as there is no other process to be had; each command is answered, and
 * each answer is an event.
 */
#include <errno.h>

#include "fuzz.h"

#define main pragent_main
#include "../../bench/guest/pragent.c"
#undef main
/* For the static state of the channel. */
#include "../../bench/guest/channel.c"

static struct stream stream;
static char *said;
static size_t said_len, said_room;

ssize_t __real_read(int fd, void *buf, size_t len);
ssize_t __wrap_read(int fd, void *buf, size_t len);
ssize_t __real_write(int fd, const void *buf, size_t len);
ssize_t __wrap_write(int fd, const void *buf, size_t len);
pid_t __wrap_fork(void);
json_t *__wrap_counters_settings(void);

ssize_t __wrap_read(int fd, void *buf, size_t len)
{
	if (fd >= 0)
		return __real_read(fd, buf, len);
	if (stream.dice && roll(&stream.dice) % 16 == 0) {
		errno = EINTR;
		return -1;
	}
	return (ssize_t)stream_read(&stream, buf, len);
}

/* A serial line takes what it can. */
ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
	size_t n = len;

	if (fd >= 0)
		return __real_write(fd, buf, len);
	if (stream.dice && roll(&stream.dice) % 4 == 0)
		n = len / 2 + 1;
	while (said_len + n > said_room) {
		said_room = said_room * 2 + 4096;
		said = realloc(said, said_room);
		MUST(said);
	}
	memcpy(said + said_len, buf, n);
	said_len += n;
	return (ssize_t)n;
}

pid_t __wrap_fork(void)
{
	errno = EAGAIN;
	return -1;
}

/* A probe would load a module into this kernel; a map looks at its debugfs. */
int probe_start(const char *workload, const json_t *probe)
{
	(void)probe;
	emit_text("error", workload, "message", "no probe here");
	return -1;
}

int probe_finish(const char *workload, const json_t *probe)
{
	(void)workload;
	(void)probe;
	return 0;
}

pid_t map_start(const char *workload, const json_t *args)
{
	(void)workload;
	(void)args;
	return 0;
}

void map_stop(pid_t pid)
{
	(void)pid;
}

void root_into_memory(const char *self)
{
	(void)self;
}

json_t *__wrap_counters_settings(void)
{
	return json_pack("{s:s}", "event", "ready");
}

/* What the host would do with each command, in its own words. */
static size_t answers_due(const struct text *commands)
{
	const char *p = commands->at, *end = p + commands->len, *nl;
	size_t n = 2;		/* ready and bye */

	while (p < end && (nl = memchr(p, '\n', (size_t)(end - p)))) {
		size_t len = strnlen(p, (size_t)(nl - p));
		json_t *o = json_loadb(p, len, 0, NULL);

		p = nl + 1;
		if (!len)
			continue;
		if (json_is_string(json_object_get(o, "run")))
			n += 2;		/* an error and done */
		else if (json_is_true(json_object_get(o, "exit")))
			p = end;
		else
			n++;
		json_decref(o);
	}
	return n;
}

static json_t *served(const struct text *commands, uint32_t dice)
{
	json_t *out = json_array();
	size_t at = 0;

	stream.left = *commands;
	stream.dice = dice;
	said_len = 0;
	memset(&input, 0, sizeof(input));
	serve();
	while (at < said_len) {
		char *nl = memchr(said + at, '\n', said_len - at);
		json_t *o;

		MUST(nl);
		o = json_loadb(said + at, (size_t)(nl - said) - at, 0, NULL);
		MUST(o && json_is_string(json_object_get(o, "event")));
		json_array_append_new(out, o);
		at = (size_t)(nl - said) + 1;
	}
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text commands = { (const char *)data, size };
	json_t *whole, *pieces;
	int fd = free_fd();

	/* An endless line is the end. */
	if (!size)
		return 0;
	whole = served(&commands, 0);
	if (size < sizeof(input.line))
		MUST(json_array_size(whole) == answers_due(&commands));
	pieces = served(&commands, (uint32_t)size * 31 + data[size / 2] + 1);
	MUST(json_equal(whole, pieces));
	json_decref(whole);
	json_decref(pieces);
	MUST(free_fd() == fd);
	return 0;
}
