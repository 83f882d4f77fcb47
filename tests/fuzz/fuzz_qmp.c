// SPDX-License-Identifier: GPL-2.0
/*
 * QMP: a server that says anything.  What comes of it must not depend on how
 * the bytes arrive, and whatever is refused is refused with a reason.
 */
#include <errno.h>
#include <sys/socket.h>

#include "fuzz.h"
#include "prbench.h"

static struct stream stream;

ssize_t __real_read(int fd, void *buf, size_t len);
ssize_t __wrap_read(int fd, void *buf, size_t len);

/* The socket holds all that is said; hand it out in smaller pieces. */
ssize_t __wrap_read(int fd, void *buf, size_t len)
{
	if (stream.dice && roll(&stream.dice) % 16 == 0) {
		errno = EINTR;
		return -1;
	}
	if (stream.dice && roll(&stream.dice) % 4) {
		size_t few = roll(&stream.dice) % 48 + 1;

		if (len > few)
			len = few;
	}
	return __real_read(fd, buf, len);
}

static void note(json_t *out, json_t *got, const char *err)
{
	if (got) {
		json_array_append_new(out, got);
		return;
	}
	MUST(!strncmp(err, "QMP: ", 5));
	json_array_append_new(out, json_pack("{s:s%}", "refused", "", 0));
}

/* As boot.c does it: open, then a few calls. */
static json_t *talk(const uint8_t *data, size_t size, uint32_t dice)
{
	static struct qmp q;
	json_t *out = json_array();
	char err[256] = "";
	int fds[2], i;

	MUST(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	MUST(send(fds[1], data, size, MSG_DONTWAIT) == (ssize_t)size);
	shutdown(fds[1], SHUT_WR);
	stream.dice = dice;
	memset(&q, 0xa5, sizeof(q));
	if (qmp_open(&q, fds[0], 10, err, sizeof(err))) {
		note(out, NULL, err);
	} else {
		for (i = 0; i < 4; i++) {
			err[0] = '\0';
			note(out, qmp_call(&q, "query-status", NULL, 10, err,
					   sizeof(err)), err);
		}
	}
	MUST(q.used <= sizeof(q.buf));
	close(fds[0]);
	close(fds[1]);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = free_fd();
	json_t *whole, *pieces;

	if (!size)
		return 0;
	whole = talk(data, size, 0);
	pieces = talk(data, size, (uint32_t)size * 31 + data[size / 2] + 1);
	MUST(json_equal(whole, pieces));
	json_decref(whole);
	json_decref(pieces);
	MUST(free_fd() == fd);
	return 0;
}
