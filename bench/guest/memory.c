// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that workloads take and give back, as anonymous pages or as pages of a
 * file on tmpfs.  User Mode Linux needs the latter for large sizes: there each
 * run of physically contiguous pages that a process maps is a mapping of the
 * host process, and the host's vm.max_map_count ends that early.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "agent.h"

int open_tmpfs_file(void)
{
	char path[] = "/dev/shm/prbench-XXXXXX";
	int fd = mkstemp(path);

	if (fd >= 0)
		unlink(path);
	return fd;
}

/* Take memory and touch every page of it. */
int take(struct hold *h, size_t bytes, bool file)
{
	static char chunk[MIB];
	size_t done;

	h->map = NULL;
	h->fd = -1;
	h->bytes = bytes;
	if (!file) {
		size_t page = (size_t)sysconf(_SC_PAGESIZE);

		h->map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (h->map == MAP_FAILED)
			return -errno;
		/* As most guests have it: huge pages where they can be had */
		madvise(h->map, bytes, MADV_HUGEPAGE);
		for (done = 0; done < bytes; done += page)
			*(volatile uint64_t *)((char *)h->map + done) = done + 1;
		return 0;
	}
	h->fd = open_tmpfs_file();
	if (h->fd < 0)
		return -errno;
	memset(chunk, 0xa5, sizeof(chunk));
	for (done = 0; done < bytes; ) {
		size_t want = bytes - done < sizeof(chunk) ?
			      bytes - done : sizeof(chunk);
		ssize_t n = write(h->fd, chunk, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int err = n ? -errno : -ENOSPC;

			close(h->fd);
			return err;
		}
		done += (size_t)n;
	}
	return 0;
}

void give(struct hold *h)
{
	if (h->map)
		munmap(h->map, h->bytes);
	else
		close(h->fd);
}

/* What could be taken without hurting anybody, in bytes. */
size_t mem_available(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long kib = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %lu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib * 1024;
}

bool want_file(const json_t *args)
{
	return !strcmp(arg_str(args, "backing", "anon"), "file");
}

/* pragent touch MIB ROUNDS anon|file: take and free, nothing else. */
static int touch_main(int argc, char **argv)
{
	unsigned long mib, rounds;

	if (argc != 5)
		return 2;
	mib = strtoul(argv[2], NULL, 10);
	rounds = strtoul(argv[3], NULL, 10);
	/* Here faults are what is looked at */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	while (rounds--) {
		struct hold h;
		int err = take(&h, mib * MIB, !strcmp(argv[4], "file"));

		if (err) {
			fprintf(stderr, "pragent: cannot take %lu MiB: %s\n",
				mib, strerror(-err));
			return 1;
		}
		give(&h);
	}
	return 0;
}

COMMAND("touch", touch_main);
