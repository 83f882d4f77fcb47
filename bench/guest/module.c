// SPDX-License-Identifier: GPL-2.0
/* Modules of the host's that a workload needs in the guest's kernel. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

/* Load a module of the host; what goes wrong becomes an error event. */
int load_module(const char *name, const char *host_path, const char *opts)
{
	char path[4096];
	int fd, ret = 0;

	snprintf(path, sizeof(path), HOST_ROOT "%s", host_path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		emit_text("error", name, "message",
			  "cannot open %s: %s; build the kernels and their modules first",
			  host_path, strerror(errno));
		return -1;
	}
	if (syscall(SYS_finit_module, fd, opts, 0)) {
		emit_text("error", name, "message",
			  "cannot load %s with '%s': %s", host_path, opts,
			  strerror(errno));
		ret = -1;
	}
	close(fd);
	return ret;
}

int unload_module(const char *name, const char *module)
{
	if (!syscall(SYS_delete_module, module, O_NONBLOCK))
		return 0;
	emit_text("error", name, "message", "cannot unload %s: %s", module,
		  strerror(errno));
	return -1;
}
