/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The platforms: where guests run. One row each, in the order of tables; whoever
 * adds one that QEMU is adds a row and its name here.
 */
#ifndef COMMON_PLATFORMS_H
#define COMMON_PLATFORMS_H

#include <stdbool.h>
#include <stddef.h>

enum platform { KVM, TCG, UM, ICOUNT, NR_PLATFORMS };

struct platform_info {
	const char *name;
	const char *about;	/* in a line, for whoever has to choose */
	const char *title;	/* for the head of a picture */
	const char *sentence;	/* what its figures are worth */
	bool emulated;		/* times are times under emulation */
	bool instructions;	/* guest time counts instructions: exact, needs no test,
				   and has nothing in common with the host's time */
	bool device_counts;	/* its device counts what every kernel reports */
	bool host_events;	/* the host kernel's KVM events are counted */

	const char *arch, *image;	/* of the kernel that it boots */
	int cpus;		/* of a guest */
	double boot_s;		/* to the agent's first word, and from its last to the end */
	const char *qemu[9];	/* words of QEMU's command line */
	const char *append;	/* of the kernel's */
};

extern const struct platform_info platform_table[NR_PLATFORMS];

const struct platform_info *platform_find(const char *name);
int platform_rank(const char *name);

#endif
