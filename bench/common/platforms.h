/* SPDX-License-Identifier: GPL-2.0 */
/* The platforms: where guests run. One row each, in the order of tables. */
#ifndef COMMON_PLATFORMS_H
#define COMMON_PLATFORMS_H

#include <stdbool.h>
#include <stddef.h>

struct platform_info {
	const char *name;
	const char *title;	/* for the head of a picture */
	const char *sentence;	/* what its figures are worth */
	bool emulated;		/* times are times under emulation */
	bool instructions;	/* guest time counts instructions: exact, needs no test,
				   and has nothing in common with the host's time */
	bool device_counts;	/* its device counts what every kernel reports */
	bool host_events;	/* the host kernel's KVM events are counted */
};

extern const struct platform_info platform_table[];
extern const size_t nr_platform_infos;

const struct platform_info *platform_find(const char *name);
int platform_rank(const char *name);

#endif
