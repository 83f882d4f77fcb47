// SPDX-License-Identifier: GPL-2.0
/* Workload fence: a guest that wants to write to its host. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent.h"

static void attempt(const char *name, const char *what, const char *path,
		    bool worked, unsigned int *tried, unsigned int *wrote)
{
	(*tried)++;
	*wrote += worked;
	emit_text("attempt", name, "message", "%s %s: %s", what, path,
		  worked ? "SUCCEEDED" : strerror(errno));
}

/* Does data really get through?  Opening alone may be a matter of caching. */
static bool write_through(int fd)
{
	bool ok = fd >= 0 && write(fd, "fence\n", 6) == 6 && !fsync(fd);

	if (fd >= 0) {
		int err = errno;

		if (close(fd))
			ok = false;
		else
			errno = err;
	}
	return ok;
}

/*
 * Try hard to write to the host, as root, after making the root writable as
 * far as this guest is concerned.  The host checks that nothing changed.
 */
static int work_fence(const char *name, const json_t *args)
{
	const json_t *dirs = json_object_get(args, "dirs");
	const char *victim = arg_str(args, "victim", "");
	unsigned int tried = 0, wrote = 0;
	struct statvfs vfs;
	char path[4096];
	size_t i;
	json_t *dir;

	/* The file system and both of its mounts, as far as the guest decides. */
	if (mount(NULL, "/", NULL, MS_REMOUNT, NULL) ||
	    mount(NULL, HOST_ROOT, NULL, MS_REMOUNT | MS_BIND, NULL))
		emit_text("attempt", name, "message",
			  "remount of the root, writable: %s", strerror(errno));
	/* Only then does what follows prove that the host is fenced off. */
	emit_result(name, "remounted", "count", !statvfs(HOST_ROOT, &vfs) &&
		    !(vfs.f_flag & ST_RDONLY));
	json_array_foreach(dirs, i, dir) {
		const char *d = json_string_value(dir);

		snprintf(path, sizeof(path), HOST_ROOT "%s/fence-file", d);
		attempt(name, "create", path,
			write_through(open(path, O_WRONLY | O_CREAT, 0644)),
			&tried, &wrote);
		snprintf(path, sizeof(path), HOST_ROOT "%s/fence-dir", d);
		attempt(name, "mkdir", path, !mkdir(path, 0755), &tried, &wrote);
		snprintf(path, sizeof(path), HOST_ROOT "%s/fence-link", d);
		attempt(name, "symlink", path, !symlink("/", path), &tried,
			&wrote);
		snprintf(path, sizeof(path), HOST_ROOT "%s/fence-fifo", d);
		attempt(name, "mkfifo", path, !mkfifo(path, 0644), &tried,
			&wrote);
	}
	snprintf(path, sizeof(path), HOST_ROOT "%s", victim);
	attempt(name, "append to", path,
		write_through(open(path, O_WRONLY | O_APPEND)), &tried, &wrote);
	attempt(name, "truncate", path, !truncate(path, 0), &tried, &wrote);
	attempt(name, "chmod", path, !chmod(path, 0777), &tried, &wrote);
	attempt(name, "unlink", path, !unlink(path), &tried, &wrote);
	emit_result(name, "attempts", "count", tried);
	emit_result(name, "writes", "count", wrote);
	if (wrote)
		emit_text("error", name, "message",
			  "%u of %u attempts to write to the host succeeded",
			  wrote, tried);
	return wrote ? -1 : 0;
}

WORKLOAD(work_fence);
