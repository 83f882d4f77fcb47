// SPDX-License-Identifier: GPL-2.0
#include "platforms.h"

#include <string.h>

const struct platform_info platform_table[] = {
	{ .name = "kvm", .title = "QEMU, KVM",
	  .sentence = "QEMU with KVM: hardware virtualisation.", .host_events = true },
	{ .name = "tcg", .title = "QEMU, TCG (emulated)",
	  .sentence = "QEMU with TCG: the guest's processor is **emulated**, so every time below is a time under emulation. Times are good for comparing variants with each other and say nothing about a guest on hardware.",
	  .emulated = true },
	{ .name = "um", .title = "User Mode Linux",
	  .sentence = "User Mode Linux: the guest kernel is a process of the host. Native code, but faults and context switches cost more than in a virtual machine.",
	  .device_counts = true },
	{ .name = "icount", .title = "QEMU, TCG -icount shift=0 (emulated)",
	  .sentence = "QEMU TCG with `-icount shift=0` and one processor: **emulated**; guest time counts instructions, exactly and repeatably. It says nothing about caches, branches or contention.",
	  .emulated = true, .instructions = true },
};

const size_t nr_platform_infos = sizeof(platform_table) / sizeof(*platform_table);

/**
 * platform_rank() - the row of a platform; behind the last one if it has none
 */
int platform_rank(const char *name)
{
	size_t i;

	for (i = 0; i < nr_platform_infos; i++)
		if (!strcmp(platform_table[i].name, name))
			break;
	return (int)i;
}

/**
 * platform_find() - what is known of a platform
 *
 * Return: its row; for a name that has none, one without a name.
 */
const struct platform_info *platform_find(const char *name)
{
	static const struct platform_info unknown = {
		.title = "unknown platform",
		.sentence = "A platform that this report does not know.",
	};
	size_t i = (size_t)platform_rank(name);

	return i < nr_platform_infos ? &platform_table[i] : &unknown;
}
