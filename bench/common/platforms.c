// SPDX-License-Identifier: GPL-2.0
#include "platforms.h"

#include <string.h>

#define QEMU	.arch = "x86_64", .image = "bzImage"

/*
 * TCG has one thread: with one for each CPU the guest now and then dies of a
 * breakpoint (int3) by which it patches its own text. QEMU 10 does so, too: of
 * guests with two CPUs that switched static keys for 3 to 12 s, 11 of 16 died
 * with QEMU 7.2.22, 1 of 23 with 10.0.2 (a pristine kernel), and with one thread
 * none of 28. Plain boots tell nothing: none of 63 and none of 62 died, so less
 * than 5 % do (95 % confidence).
 *
 * On a host that is busy an emulated timer may fail the kernel's check. With one
 * CPU the time of icount counts the guest's instructions.
 */
const struct platform_info platform_table[NR_PLATFORMS] = {
	[KVM] = { .name = "kvm", .title = "QEMU, KVM",
	  .about = "QEMU with KVM: the processor runs the guest",
	  .sentence = "QEMU with KVM: hardware virtualisation.", .host_events = true,
	  QEMU, .cpus = 2, .boot_s = 2, .qemu = { "-accel", "kvm", "-cpu", "host" } },
	[TCG] = { .name = "tcg", .title = "QEMU, TCG (emulated)",
	  .about = "QEMU emulating two processors: real devices, no real time",
	  .sentence = "QEMU with TCG: the guest's processor is **emulated**, so every time below is a time under emulation. Times are good for comparing variants with each other and say nothing about a guest on hardware.",
	  .emulated = true, QEMU, .cpus = 2, .boot_s = 2,
	  .qemu = { "-accel", "tcg,thread=single" }, .append = "no_timer_check" },
	[UM] = { .name = "um", .title = "User Mode Linux",
	  .about = "User Mode Linux: the guest is a process of the host",
	  .sentence = "User Mode Linux: the guest kernel is a process of the host. Native code, but faults and context switches cost more than in a virtual machine.",
	  .device_counts = true, .arch = "um", .image = "linux", .cpus = 1, .boot_s = 1 },
	[ICOUNT] = { .name = "icount", .title = "QEMU, TCG -icount shift=0 (emulated)",
	  .about = "QEMU emulating one processor whose clock counts instructions",
	  .sentence = "QEMU TCG with `-icount shift=0` and one processor: **emulated**; guest time counts instructions, exactly and repeatably. It says nothing about caches, branches or contention.",
	  .emulated = true, .instructions = true, QEMU, .cpus = 1, .boot_s = 6,
	  .qemu = { "-accel", "tcg,thread=single", "-icount", "shift=0,sleep=on",
		    "-rtc", "base=2026-01-01,clock=vm" }, .append = "nokaslr" },
};

/**
 * platform_rank() - the row of a platform; behind the last one if it has none
 */
int platform_rank(const char *name)
{
	int i;

	for (i = 0; i < NR_PLATFORMS; i++)
		if (!strcmp(platform_table[i].name, name))
			break;
	return i;
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
	int i = platform_rank(name);

	return i < NR_PLATFORMS ? &platform_table[i] : &unknown;
}
