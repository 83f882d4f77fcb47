// SPDX-License-Identifier: GPL-2.0
/*
 * The first process of the demo's guest: does what the keys say, and tells the
 * host ten times a second how its memory looks.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "../../kernel/tools/mm/page_reporting/page_reporting.h"
#include "demo.h"

#define STEP_BYTES	((size_t)16 << 20)
#define FILL_STEPS	20
#define CHURN_STEPS	30

struct doing {
	int filled, churned;	/* files in memory */
	int fills, churns;	/* steps still to do */
};

static int open_channel(void)
{
	struct termios t;
	int fd;

	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	mount("tmpfs", "/dev", "tmpfs", 0, "mode=755");
	mknod("/dev/ttyS0", S_IFCHR | 0600, makedev(4, 64));
	fd = open("/dev/ttyS0", O_RDWR | O_NOCTTY);
	if (fd >= 0 && !tcgetattr(fd, &t)) {
		cfmakeraw(&t);
		tcsetattr(fd, TCSANOW, &t);
	}
	return fd;
}

/* Add to a file in memory, which takes no page faults. */
static void grow(int fd, size_t bytes)
{
	static char block[1 << 20];

	for (; bytes; bytes -= sizeof(block))
		if (write(fd, block, sizeof(block)) != sizeof(block))
			break;	/* full: the map shows it */
}

static void empty(int fd)
{
	if (!ftruncate(fd, 0))
		lseek(fd, 0, SEEK_SET);
}

static void flush(void)
{
	int fd = open("/sys/kernel/debug/page_reporting/flush", O_WRONLY);

	if (fd < 0)
		return;
	/* What was left out shows in the map. */
	while (write(fd, "all\n", 4) < 0 && errno == EINTR)
		;
	close(fd);
}

static void obey(char key, struct doing *d)
{
	switch (key) {
	case 'f':
		d->fills = FILL_STEPS;
		break;
	case 'r':
		d->fills = 0;
		empty(d->filled);
		break;
	case 'c':
		d->churns = CHURN_STEPS;
		break;
	case 'x':
		flush();
		break;
	case 'q':
		reboot(RB_POWER_OFF);
	}
}

/* "used waiting reported refaulted map", in MiB; the map ends where memory does */
static void tell(int fd)
{
	struct guest g = { .root = "" };
	char line[DEMO_LINE], text[DEMO_CELLS + 1];
	uint64_t used = 0, again;
	struct zone last;
	struct map map;
	bool known;
	FILE *f;
	int n;

	guest_read(&g, false);
	for (enum part p = 0; p < FIRST_FREE; p++)
		used += g.part[p];
	again = refaulted_bytes(&g, &known);
	/* User Mode Linux counts what lies below as memory that is in use. */
	last = g.nr_zones ? g.zones[g.nr_zones - 1] : (struct zone){ 0 };
	if (last.spanned > DEMO_CELLS * 512) {
		last.start += last.spanned - DEMO_CELLS * 512;
		last.spanned = DEMO_CELLS * 512;
	}
	f = open_debugfs(&g, "blocks");
	if (f && !map_init(&map, &last, 1, DEMO_CELLS + 1)) {
		map_read(&map, f, &g, &g.broken);
		if (map.nr > DEMO_CELLS)
			map.nr = DEMO_CELLS;
		map_letters(&map, text);
		map_free(&map);
		n = snprintf(line, sizeof(line), "%llu %llu %llu %llu %s\n",
			     (unsigned long long)used >> 20,
			     (unsigned long long)(g.part[YOUNG] + g.part[ELIGIBLE]) >> 20,
			     (unsigned long long)g.part[REPORTED] >> 20,
			     (unsigned long long)again >> 20, text);
		if (write(fd, line, (size_t)n) != n)
			reboot(RB_POWER_OFF);
	}
	if (f)
		fclose(f);
	guest_release(&g);
}

void demo_guest(void)
{
	struct doing d = { 0 };
	int fd = open_channel();

	d.filled = memfd_create("filled", 0);
	d.churned = memfd_create("churned", 0);
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		char key;

		if (poll(&p, 1, 100) > 0) {
			if (read(fd, &key, 1) != 1)
				reboot(RB_POWER_OFF);
			obey(key, &d);
		}
		if (d.fills > 0) {
			grow(d.filled, STEP_BYTES);
			d.fills--;
		}
		/* Churn takes memory in one step and frees it in the next. */
		if (d.churns > 0) {
			if (d.churns-- % 2)
				empty(d.churned);
			else
				grow(d.churned, STEP_BYTES * 4);
		}
		tell(fd);
	}
}
