// SPDX-License-Identifier: GPL-2.0
/* Workload drain: fill, hold, free, wait. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

#define FLUSH	"/sys/module/page_reporting/parameters/flush"

/* So much, or that share of all there is. */
static size_t how_much(const json_t *args)
{
	size_t percent = (size_t)arg_int(args, "percent", 0);

	if (percent)
		return mem_available() / 100 * percent / MIB * MIB;
	return (size_t)arg_int(args, "mib", 1024) * MIB;
}

/*
 * The mark 'flush', and where the guest can be told to, it reports all that is
 * free now, whatever its age. Elsewhere the mark shows what comes back anyway.
 */
static int flush(const char *name, size_t bytes)
{
	int fd = open(FLUSH, O_WRONLY | O_CLOEXEC), err = errno;
	double t0 = now_s();
	ssize_t n;

	if (fd < 0 && err != ENOENT)
		return failed(name, "open " FLUSH, err);
	emit_mark(name, "flush", bytes);
	if (fd < 0)
		return 0;
	n = write(fd, "all", 3);
	err = errno;
	close(fd);
	/* Something was in use meanwhile and is left out: the rest is reported */
	if (n != 3 && err != EAGAIN)
		return failed(name, "flush what is free", err);
	emit_result(name, "flush_ms", "ms", (now_s() - t0) * 1e3);
	return 0;
}

/* Fill, hold, free, wait: how fast and how far does memory go back to the host? */
static int work_drain(const char *name, const json_t *args)
{
	size_t bytes = how_much(args);
	double hold = (double)arg_int(args, "hold_ms", 0) * 1e-3;
	double settle = (double)arg_int(args, "settle_ms", 10000) * 1e-3;
	struct hold h;
	double t0 = now_s();
	int err = take(&h, bytes, want_file(args));

	if (err) {
		emit_text("error", name, "message",
			  "cannot take %zu MiB: %s", bytes / (size_t)MIB,
			  strerror(-err));
		return err;
	}
	emit_result(name, "fill_s", "s", now_s() - t0);
	emit_result(name, "filled_mib", "MiB", (double)bytes / (double)MIB);
	sleep_s(hold);
	give(&h);
	emit_mark(name, "freed", bytes);
	if (arg_int(args, "flush", 0) && flush(name, bytes))
		return -1;
	sleep_s(settle);
	emit_simple("settled", name);
	return 0;
}

WORKLOAD(work_drain);
