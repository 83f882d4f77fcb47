// SPDX-License-Identifier: GPL-2.0
/* Workload multi: one turn of a guest, fill, hold, free. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

/* What the guest has in use from its first turn on, whoever's turn it is. */
static int keep(size_t bytes)
{
	static char chunk[MIB];
	int fd, ret = 0;

	fd = open("/dev/shm/multi-kept", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		  0600);
	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	memset(chunk, 0x5a, sizeof(chunk));
	for (; bytes && !ret; bytes -= MIB)
		if (write(fd, chunk, MIB) != (ssize_t)MIB)
			ret = -errno;
	close(fd);
	return ret;
}

static int work_multi(const char *name, const json_t *args)
{
	size_t bytes = (size_t)arg_int(args, "mib", 160) * MIB;
	double hold = (double)arg_int(args, "hold_ms", 500) * 1e-3;
	double t0 = now_s();
	struct hold h;
	int err = keep((size_t)arg_int(args, "keep_mib", 0) * MIB);

	if (!err)
		err = take(&h, bytes, want_file(args));

	if (err) {
		emit_text("error", name, "message", "cannot take %zu MiB: %s",
			  bytes / (size_t)MIB, strerror(-err));
		return err;
	}
	emit_result(name, "fill_s", "s", now_s() - t0);
	sleep_s(hold);
	give(&h);
	emit_mark(name, "freed", bytes);
	return 0;
}

WORKLOAD(work_multi);
