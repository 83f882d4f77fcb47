// SPDX-License-Identifier: GPL-2.0
/* What each metric, variant and sign of the report means. */
#include "prreport.h"

void put_definitions(struct doc *d)
{
	static const char * const defs[] = {
		"`t50_s`, `t95_s`: from the guest's last mark `freed` of the workload until host-resident guest memory is lower by 50 % or 95 % of the bytes freed than when the guest began to free them, at its word before the mark: what goes back while it frees counts. Between samples memory is taken to change linearly. A fall not seen before the workload has settled counts as infinite: it is shown as 'not within N s', takes part in medians and tests, and is `inf` in summary.tsv.",
		"`footprint_gib_s`: host-resident guest memory integrated over time (trapezoid between samples): from the last mark `freed` to the end for workloads that settle, else from begin to end.",
		"`resident_mib`: host-resident guest memory at the end of settling.",
		"`stranded_mib`: host-resident at the end of settling, less what the guest uses (its MemTotal less MemFree and less the free pages in per-cpu lists, where the results have those). Only of workloads that settle. Memory outside MemTotal, such as the kernel image, is in it for every variant alike.",
		"`used_mib_gib`: what the guest has not free at the end, per GiB that it was given: its kernel, page_ext's records, its programs and their files. Free pages in per-cpu lists count as free, where the results have those.",
		"`refault_mib`: reported by the guest and then allocated again, as the guest counts it: only the patched kernel does.",
		"`host_refill_mib`: the same seen from the host, for every variant: memory that the host had been given back and had to supply again. What resident memory falls by is owed, and what it then grows by is a refill until that is used up. What goes and comes between two samples is not seen, and growth elsewhere in the guest counts as well.",
		"`forgotten_mib`, `kept_mib`, `failed_mib`: the guest's own counters of the patched kernel: reported and still free, but no longer known, so that it will be reported again; still known as reported after a merge; refused by the device.",
		"`reported_mib`: bytes reported by the guest; on `um` counted by the device for every kernel, elsewhere by the patched kernel, so `flag` has none there.",
		"`worker_cpu_ms`: CPU time of the reporting worker over the workload. Runs that did not count it by itself have the time of all kernel workers here, of which reporting is one of several; then `off` has some as well.",
		"`boot`, `storm`: all of their figures count from the start of the VM to the end of the workload. `t_boot_s`: from the start of the VM until the guest's agent is ready.",
		"`parked_mib_N`: by how much host-resident guest memory is lower N ms after the guest's mark `flush` than at the mark.",
		"`refill_faults`: page faults, minor and major, of all processes of the VM while memory is used again, for each GiB of it.",
		"`lock_hold_max_us`: longest hold of `zone->lock` by the worker, the walker or a dump, since the boot and not by workload.",
		"`host_huge_mib`: how much of the guest's memory the host held in huge pages (AnonHugePages) at the end, or when it had settled; only where the host has them.",
		"What the host holds of a guest: pages that are present, and pages in its swap; not the zero page, huge or not, that it maps where the guest only reads (all of a guest that is migrated). `khugepaged` may fill memory between pieces that were given back, which is then resident again and counts in `host_refill_mib`; a note says so of a boot with much of it. Memory of User Mode Linux is in huge pages only if `shmem_enabled` is `force`, of which the report's head warns.",
		"Times without samples: what overlaps more than five sampling intervals without one (the host slept or stalled, or the run was stopped) is left out, with a note.",
		"`wait_s` and other times that a workload waits for: what did not happen within the limit is infinite, as with `t95_s`.",
		"`cycles`, `ops_s`, `run_s` and the rest: the workload's own result. Where a workload gave one metric several times in a boot, their median is the boot's value.",
		"`alloc_oK_*`, `free_oK_*`: cost of one operation at order K, measured in the kernel: instructions on `icount`, elsewhere percentiles of nanoseconds. `alloc-bulk-hit` are the operations that a per-cpu list served, `alloc-bulk-miss` those for which it was refilled or emptied; `alloc-*-Ncpus` is measured on N CPUs at once.",
		"`probe_oK_*`, `probe_free_oK_*`: one allocation and one free of order K every few milliseconds while the workload ran, interrupts off.",
	};
	size_t i;

	doc_h(d, 2, "How each metric is defined");
	for (i = 0; i < sizeof(defs) / sizeof(*defs); i++)
		doc_li(d, "%s", defs[i]);
	doc_h(d, 3, "The variants");
	for (i = 0; i < nr_variants; i++)
		doc_li(d, "`%s`, %s: %s", variants[i].name, variants[i].title,
		       variants[i].sentence);
}

