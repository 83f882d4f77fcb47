// SPDX-License-Identifier: GPL-2.0
/*
 * A guest that is migrated must have nothing of the host's mounted: the agent
 * takes what it is linked with along into a tmpfs and makes that the root.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

#define WORD	"root_in_memory"	/* of the command line; init gets it */
#define OLD	"/old"

/* @path and the directories above it, below the new root. */
static void make_parents(const char *path)
{
	char buf[4096];
	char *p;

	snprintf(buf, sizeof(buf), HOST_ROOT "%s", path);
	for (p = buf + strlen(HOST_ROOT) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(buf, 0755);
		*p = '/';
	}
}

static int copy(const char *from, const char *to)
{
	char path[4096];
	struct stat st;
	off_t done = 0;
	int in, out, ret = -1;

	make_parents(to);
	snprintf(path, sizeof(path), HOST_ROOT "%s", to);
	in = open(from, O_RDONLY | O_CLOEXEC);
	out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (in >= 0 && out >= 0 && !fstat(in, &st)) {
		while (done < st.st_size &&
		       sendfile(out, in, &done, (size_t)(st.st_size - done)) > 0)
			;
		ret = done == st.st_size ? 0 : -1;
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return ret;
}

/* What is not a file has no name, or one without a slash. */
static int copy_library(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	if (info->dlpi_name[0] != '/')
		return 0;
	return copy(info->dlpi_name, info->dlpi_name);
}

/**
 * root_into_memory() - leave the host's root, if the command line says so
 * @self: the path of this program
 *
 * Runs the program again from the new root; there it lets go of the old one.
 * What cannot be done is said, and the guest stays where it is.
 */
void root_into_memory(const char *self)
{
	static const char *const dirs[] = {
		"/proc", "/sys", "/dev", "/tmp", "/run", "/var/tmp", HOST_ROOT,
		OLD,
	};
	char *argv[] = { "/pragent", NULL };
	size_t i;

	if (!getenv(WORD))
		return;
	if (!strcmp(self, argv[0])) {
		unsetenv(WORD);
		/* The kernel's own mount, from where our console was opened. */
		mount(OLD "/dev", "/dev", NULL, MS_MOVE, NULL);
		/* Until then a thread of the kernel's may stand there. */
		for (i = 0; umount(OLD) && errno == EBUSY && i < 100; i++)
			sleep_s(0.02);
		if (rmdir(OLD))
			perror("pragent: cannot unmount the host's root");
		return;
	}
	if (mount("tmpfs", HOST_ROOT, "tmpfs", 0, "mode=755")) {
		perror("pragent: cannot mount a tmpfs for the root");
		return;
	}
	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		char path[64];

		make_parents(dirs[i]);
		snprintf(path, sizeof(path), HOST_ROOT "%s", dirs[i]);
		mkdir(path, 0755);
	}
	if (copy(self, argv[0]) || dl_iterate_phdr(copy_library, NULL) ||
	    chdir(HOST_ROOT) || syscall(SYS_pivot_root, ".", "." OLD) ||
	    chroot(".")) {
		perror("pragent: cannot make a root of a tmpfs");
		umount2(HOST_ROOT, MNT_DETACH);
		return;
	}
	execv(argv[0], argv);
	perror("pragent: cannot run it again from the new root");
	_exit(1);
}
