// SPDX-License-Identifier: GPL-2.0
/* QEMU's machine protocol: greeting, capabilities, calls one at a time. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prbench.h"

/* The next message, within the limit; events included. */
static json_t *next_message(struct qmp *q, double end, char *err, size_t len)
{
	for (;;) {
		char *nl = memchr(q->buf, '\n', q->used);
		struct pollfd p = { .fd = q->fd, .events = POLLIN };
		double left;
		ssize_t n;

		if (nl) {
			size_t line = (size_t)(nl - q->buf);
			json_error_t jerr;
			json_t *o = json_loadb(q->buf, line, 0, &jerr);

			q->used -= line + 1;
			memmove(q->buf, nl + 1, q->used);
			if (!json_is_object(o)) {
				json_decref(o);
				set_err(err, len,
					"QMP: what QEMU sent is no JSON object: %s",
					jerr.text);
				return NULL;
			}
			return o;
		}
		if (q->used == sizeof(q->buf)) {
			set_err(err, len, "QMP: QEMU sent a line of more than %zu bytes",
				sizeof(q->buf));
			return NULL;
		}
		left = end - now_s();
		if (left <= 0) {
			set_err(err, len, "QMP: no answer from QEMU in time");
			return NULL;
		}
		if (poll(&p, 1, (int)(left * 1e3) + 1) <= 0)
			continue;
		n = read(q->fd, q->buf + q->used, sizeof(q->buf) - q->used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			set_err(err, len, "QMP: QEMU closed its socket%s%s",
				n ? ": " : "", n ? strerror(errno) : "");
			return NULL;
		}
		q->used += (size_t)n;
	}
}

/* Take the greeting and leave negotiation; 0 or -1 with a message. */
int qmp_open(struct qmp *q, int fd, double limit_s, char *err, size_t len)
{
	json_t *o;
	bool greeting;

	q->fd = fd;
	q->used = 0;
	o = next_message(q, now_s() + limit_s, err, len);
	if (!o)
		return -1;
	greeting = json_is_object(json_object_get(o, "QMP"));
	json_decref(o);
	if (!greeting)
		return set_err(err, len, "QMP: QEMU did not greet");
	o = qmp_call(q, "qmp_capabilities", NULL, limit_s, err, len);
	if (!o)
		return -1;
	json_decref(o);
	return 0;
}

/**
 * qmp_call() - call a command
 * @q: an open connection
 * @command: its name
 * @args: its arguments, or NULL; the reference is taken over
 * @limit_s: seconds for the answer
 * @err: why there is none
 * @len: size of @err
 *
 * Return: its "return", or NULL with a message.
 */
json_t *qmp_call(struct qmp *q, const char *command, json_t *args,
		 double limit_s, char *err, size_t len)
{
	double end = now_s() + limit_s;
	char *words = args ? json_dumps(args, JSON_COMPACT) : NULL;
	char *text = format("{\"execute\":\"%s\"%s%s}\n", command,
			    words ? ",\"arguments\":" : "", words ? words : "");
	size_t want = strlen(text);
	ssize_t sent = write(q->fd, text, want);
	json_t *o;

	json_decref(args);
	free(words);
	free(text);
	if (sent != (ssize_t)want) {
		set_err(err, len, "QMP: cannot send %s: %s", command,
			strerror(errno));
		return NULL;
	}
	while ((o = next_message(q, end, err, len))) {
		json_t *ret = json_object_get(o, "return");
		json_t *bad = json_object_get(o, "error");

		if (ret) {
			json_incref(ret);
			json_decref(o);
			return ret;
		}
		if (bad) {
			const char *desc =
				json_string_value(json_object_get(bad, "desc"));

			set_err(err, len, "QMP: %s failed: %s", command,
				desc ? desc : "no reason given");
			json_decref(o);
			return NULL;
		}
		json_decref(o);	/* an event */
	}
	return NULL;
}

/* What "query-version" returns, as text; free() it. */
char *qmp_version(const json_t *version)
{
	const json_t *q = json_object_get(version, "qemu");
	const char *package = json_string_value(json_object_get(version,
								"package"));

	return format("%lld.%lld.%lld%s",
		(long long)json_integer_value(json_object_get(q, "major")),
		(long long)json_integer_value(json_object_get(q, "minor")),
		(long long)json_integer_value(json_object_get(q, "micro")),
		package ? package : "");
}
