// SPDX-License-Identifier: GPL-2.0
#include "variants.h"

#include <string.h>

const struct variant variants[] = {
	{ .name = "off", .title = "no reporting",
	  .sentence = "The distribution's kernel on a device without free page reporting.",
	  .color = "#000000", .dash = "1", .width = 3, .point = 4,
	  .tree = "pristine" },
	{ .name = "flag", .title = "page flag",
	  .sentence = "Upstream's free page reporting: one page flag, order 9, a pass every 2 s.",
	  .color = "#D55E00", .dash = "'-'", .width = 2, .point = 5,
	  .tree = "pristine", .reporting = true, .negotiated = true },
	{ .name = "flag-d250", .title = "page flag, 250 ms",
	  .sentence = "`flag` with a pass every 250 ms.",
	  .color = "#E69F00", .dash = "'-.'", .width = 2, .point = 7,
	  .tree = "pristine-d250", .reporting = true, .negotiated = true,
	  .delay = "page_reporting.page_reporting_delay_ms=250" },
	{ .name = "flag-o0", .title = "page flag, order 0",
	  .sentence = "`flag` with `page_reporting_order=0`: reports single pages.",
	  .color = "#CC79A7", .dash = "'-..'", .width = 2, .point = 9,
	  .tree = "pristine", .reporting = true, .negotiated = true,
	  .extra = "page_reporting.page_reporting_order=0" },
	{ .name = "flag-clock", .title = "second chance",
	  .sentence = "`flag` with a second-chance clock: a block is reported once four passes, a quarter of a second apart, have seen it free. No page_ext, no timestamps.",
	  .color = "#F0E442", .dash = "(12,4)", .width = 3, .point = 13,
	  .tree = "pristine-clock", .reporting = true, .negotiated = true,
	  .only = DEFAULT_SERIES },
	{ .name = "flag-lock", .title = "page flag, timed lock",
	  .sentence = "`flag` with a clock around its hold of `zone->lock`; for `lockhold` only.",
	  .color = "#A6761D", .dash = "'_'", .width = 2, .point = 3,
	  .tree = "pristine-lock", .reporting = true, .negotiated = true,
	  .special = true, .no_um = true, .only = DEFAULT_SERIES },
	{ .name = "flag-defrag", .title = "page flag, defrag_mode",
	  .sentence = "`flag` with `vm.defrag_mode=1`: the allocator keeps blocks of 2 MiB whole. Linux 7.3 only.",
	  .color = "#B2473E", .dash = "(8,4)", .width = 2, .point = 14,
	  .tree = "pristine", .reporting = true, .negotiated = true,
	  .special = true, .only = "7.3", .defrag = true,
	  .extra = "sysctl.vm.defrag_mode=1" },
	{ .name = "page_owner", .title = "page_owner",
	  .sentence = "`flag` with `page_owner=on`: what another user of page_ext costs.",
	  .color = "#999999", .dash = "'_'", .width = 2, .point = 1,
	  .tree = "pristine-owner", .reporting = true, .negotiated = true,
	  .special = true, .no_um = true, .page_ext = true, .extra = "page_owner=on",
	  .debugfs = "page_owner" },
	{ .name = "page_table_check", .title = "page_table_check",
	  .sentence = "`flag` with `page_table_check=on`: what another user of page_ext costs.",
	  .color = "#666666", .dash = "'..-'", .width = 2, .point = 2,
	  .tree = "pristine-owner", .reporting = true, .negotiated = true,
	  .special = true, .no_um = true, .page_ext = true, .extra = "page_table_check=on" },
	{ .name = "hint", .title = "free page hints",
	  .sentence = "The distribution's kernel with virtio-balloon's free page hints, which QEMU asks for during a migration only.",
	  .color = "#8C564B", .dash = "(4,4)", .width = 2, .point = 12,
	  .tree = "pristine", .hint = true, .special = true },
	{ .name = "ext-off", .title = "page_ext off",
	  .sentence = "The patched kernel with `page_ext=off`: what the series costs when it is not used.",
	  .color = "#56B4E9", .dash = "(8,8)", .width = 3, .point = 6,
	  .tree = "patched", .patched = true, .reporting = true, .extra = "page_ext=off" },
	{ .name = "ext-idle", .title = "page_ext idle",
	  .sentence = "The patched kernel with `page_ext=on` and no device to report to.",
	  .color = "#009E73", .dash = "'.'", .width = 3, .point = 8,
	  .tree = "patched", .patched = true, .extra = "page_ext=on" },
	{ .name = "ext", .title = "page_ext",
	  .sentence = "The patched kernel with `page_ext=on`: reporting by age.",
	  .color = "#0072B2", .dash = "1", .width = 2, .point = 11,
	  .tree = "patched", .patched = true, .reporting = true, .negotiated = true,
	  .extra = "page_ext=on" },
	{ .name = "ext-defrag", .title = "page_ext, defrag_mode",
	  .sentence = "`ext` with `vm.defrag_mode=1`: the allocator keeps blocks of 2 MiB whole. Linux 7.3 only.",
	  .color = "#117733", .dash = "(8,4)", .width = 2, .point = 15,
	  .tree = "patched", .patched = true, .reporting = true, .negotiated = true,
	  .special = true, .only = "7.3", .defrag = true,
	  .extra = "page_ext=on sysctl.vm.defrag_mode=1" },
	{ .name = "ext-p25", .title = "page_ext, 25 % free",
	  .sentence = "`ext` with `fragment_percent=25`: the first piece of a 2 MiB region goes back only if at least 25 % of it is free and old.",
	  .color = "#A6CEE3", .dash = "'-'", .width = 2, .point = 6,
	  .tree = "patched", .patched = true, .reporting = true, .negotiated = true,
	  .special = true, .extra = "page_ext=on page_reporting.fragment_percent=25" },
	{ .name = "ext-p50", .title = "page_ext, 50 % free",
	  .sentence = "`ext` with `fragment_percent=50`: the first piece of a 2 MiB region goes back only if at least 50 % of it is free and old.",
	  .color = "#6BAED6", .dash = "'-.'", .width = 2, .point = 8,
	  .tree = "patched", .patched = true, .reporting = true, .negotiated = true,
	  .special = true, .extra = "page_ext=on page_reporting.fragment_percent=50" },
	{ .name = "ext-p75", .title = "page_ext, 75 % free",
	  .sentence = "`ext` with `fragment_percent=75`: the first piece of a 2 MiB region goes back only if at least 75 % of it is free and old.",
	  .color = "#3182BD", .dash = "'-..'", .width = 2, .point = 10,
	  .tree = "patched", .patched = true, .reporting = true, .negotiated = true,
	  .special = true, .extra = "page_ext=on page_reporting.fragment_percent=75" },
	{ .name = "ext-p100", .title = "page_ext, 100 % free",
	  .sentence = "`ext` with `fragment_percent=100`: the first piece of a 2 MiB region goes back only if at least 100 % of it is free and old.",
	  .color = "#08519C", .dash = "'.'", .width = 2, .point = 12,
	  .tree = "patched", .patched = true, .reporting = true, .negotiated = true,
	  .special = true, .extra = "page_ext=on page_reporting.fragment_percent=100" },
	{ .name = "ext-aa", .title = "page_ext again",
	  .sentence = "`ext` once more under another name: a difference between the two is noise.",
	  .color = "#7FB8D8", .dash = "(2,4)", .width = 2, .point = 10,
	  .twin_of = "ext",
	  .tree = "patched", .patched = true, .reporting = true, .negotiated = true,
	  .extra = "page_ext=on", .special = true },
};

const size_t nr_variants = sizeof(variants) / sizeof(*variants);

const struct comparison_info comparison_table[] = {
	{ "ext", BASELINE },
	{ "ext", "off" },
};

const size_t nr_comparison_infos = sizeof(comparison_table) / sizeof(*comparison_table);

/**
 * variant_rank() - the row of a variant; behind the last one if it has none
 */
int variant_rank(const char *name)
{
	size_t i;

	for (i = 0; i < nr_variants; i++)
		if (!strcmp(variants[i].name, name))
			break;
	return (int)i;
}

/**
 * variant_find() - what is known of a variant
 *
 * Return: its row; for a name that has none, a grey one without a name.
 */
const struct variant *variant_find(const char *name)
{
	static const struct variant unknown = {
		.title = "unknown", .sentence = "A variant that this report does not know.",
		.color = "#999999", .dash = "'_'", .width = 2, .point = 1,
	};
	size_t i = (size_t)variant_rank(name);

	return i < nr_variants ? &variants[i] : &unknown;
}

/**
 * variant_twin_of() - the variant that this one is under another name, or NULL
 */
const char *variant_twin_of(const char *name)
{
	return variant_find(name)->twin_of;
}
