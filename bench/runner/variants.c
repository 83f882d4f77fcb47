// SPDX-License-Identifier: GPL-2.0
/* The tables of platforms and variants, and how lists of names are read. */
#include <stdlib.h>
#include <string.h>

#include "prbench.h"

const char *const platform_names[NR_PLATFORMS] = {
	[KVM] = "kvm", [TCG] = "tcg", [ICOUNT] = "icount", [UM] = "um",
};

const char *const platform_about[NR_PLATFORMS] = {
	[KVM] = "QEMU with KVM: the processor runs the guest",
	[TCG] = "QEMU emulating two processors: real devices, no real time",
	[ICOUNT] = "QEMU emulating one processor whose clock counts instructions",
	[UM] = "User Mode Linux: the guest is a process of the host",
};

static const struct series series_table[] = {
	{ .name = "6.12", .source = "build/trees/pristine", .um_words = "", .um_cpus = 1 },
	{ .name = "7.3", .source = "build/trees-7.3/pristine",
	  .um_words = " seccomp=on ncpus=2", .um_cpus = 2, .delay = true },
};

/* Patches of ../config that make a variant's tree fit this series only. */
#define DEFAULT_SERIES	"6.12"

const struct variant variants[] = {
	{ .name = "off", .tree = "pristine" },
	{ .name = "flag",
	  .tree = "pristine", .reporting = true,
	  .negotiated = true },
	{ .name = "flag-d250",
	  .tree = "pristine-d250", .reporting = true,
	  .negotiated = true,
	  .delay = "page_reporting.page_reporting_delay_ms=250" },
	{ .name = "flag-o0",
	  .tree = "pristine", .reporting = true,
	  .negotiated = true,
	  .extra = "page_reporting.page_reporting_order=0" },
	{ .name = "flag-clock",
	  .tree = "pristine-clock", .reporting = true,
	  .negotiated = true, .only = DEFAULT_SERIES },
	/* Tells how long the worker held zone->lock, and is there for that only. */
	{ .name = "flag-lock",
	  .tree = "pristine-lock", .reporting = true,
	  .negotiated = true, .special = true, .no_um = true,
	  .only = DEFAULT_SERIES },
	/* The allocator keeps blocks whole, which makes more memory reportable. */
	{ .name = "flag-defrag",
	  .tree = "pristine", .reporting = true,
	  .negotiated = true, .special = true, .only = "7.3", .defrag = true,
	  .extra = "sysctl.vm.defrag_mode=1" },
	{ .name = "ext-defrag",
	  .tree = "patched", .patched = true, .reporting = true,
	  .negotiated = true, .special = true, .only = "7.3", .defrag = true,
	  .extra = "page_ext=on sysctl.vm.defrag_mode=1" },
	/* Other users of page_ext, beside the page flag: what such records cost. */
	{ .name = "page_owner",
	  .tree = "pristine-owner", .reporting = true,
	  .negotiated = true, .special = true, .no_um = true, .page_ext = true,
	  .extra = "page_owner=on", .debugfs = "page_owner" },
	{ .name = "page_table_check",
	  .tree = "pristine-owner", .reporting = true,
	  .negotiated = true, .special = true, .no_um = true, .page_ext = true,
	  .extra = "page_table_check=on" },
	/* QEMU asks what is free when it migrates, and that is all it is for. */
	{ .name = "hint",
	  .tree = "pristine", .hint = true, .special = true },
	{ .name = "ext-off",
	  .tree = "patched", .patched = true,
	  .reporting = true, .extra = "page_ext=off" },
	{ .name = "ext-idle",
	  .tree = "patched", .patched = true,
	  .extra = "page_ext=on" },
	{ .name = "ext",
	  .tree = "patched", .patched = true, .reporting = true,
	  .negotiated = true, .extra = "page_ext=on" },
	/*
	 * The same under another name: the report expects no difference between
	 * NAME and NAME-aa, and says so if there is one.
	 */
	{ .name = "ext-aa",
	  .tree = "patched", .patched = true, .reporting = true,
	  .negotiated = true, .extra = "page_ext=on", .special = true },
};

const size_t nr_variants = ARRAY_SIZE(variants);

static const struct series *series_or_default(const struct series *s)
{
	return s ? s : &series_table[0];
}

/* Where kernel.sh puts the kernels of KERNEL, which the Makefile exports. */
const char *default_kernels(void)
{
	static char path[64];
	const char *name = getenv("KERNEL");

	if (!name || !*name || !strcmp(name, DEFAULT_SERIES))
		return "build/kernels";
	snprintf(path, sizeof(path), "build/kernels-%s", name);
	return path;
}

/**
 * series_of() - the series of the kernels in a directory
 * @kernels: "build/kernels-7.3"; without a series in its name it is the first
 */
const struct series *series_of(const char *kernels)
{
	static const char mark[] = "kernels-";
	size_t len = strlen(kernels), i, n;

	while (len && kernels[len - 1] == '/')
		len--;
	for (i = 0; i < ARRAY_SIZE(series_table); i++) {
		const char *end = kernels + len;

		n = strlen(series_table[i].name);
		if (len >= n + sizeof(mark) - 1 &&
		    !strncmp(end - n, series_table[i].name, n) &&
		    !strncmp(end - n - sizeof(mark) + 1, mark, sizeof(mark) - 1))
			return &series_table[i];
	}
	return &series_table[0];
}

/* The kernel that a variant boots: <arch>-<tree>. */
const char *variant_tree(const struct variant *v, const struct series *s)
{
	return v->delay && series_or_default(s)->delay ? "pristine" : v->tree;
}

/* What a variant has on the kernel's command line, or "". */
const char *variant_words(const struct variant *v, const struct series *s)
{
	if (v->delay && series_or_default(s)->delay)
		return v->delay;
	return v->extra ? v->extra : "";
}

/* Is there such a variant of this series? */
bool variant_fits(const struct variant *v, const struct series *s)
{
	return !v->only || !strcmp(v->only, series_or_default(s)->name);
}

/* What User Mode Linux of this series is told beyond what all are. */
const char *um_words(const struct series *s)
{
	return series_or_default(s)->um_words;
}

/* Where kernel.sh links the source that ${source} is by default. */
const char *series_source(const struct series *s)
{
	return series_or_default(s)->source;
}

/* icount can have one only; QEMU's others have two. */
int boot_cpus(const struct boot *b)
{
	return b->platform == ICOUNT ? 1 :
	       b->platform == UM ? series_or_default(b->series)->um_cpus : 2;
}

/*
 * Set the bits of the names in a list that commas or spaces separate.  On an
 * unknown name return -1 and the name.
 */
int parse_list(const char *text, const char *const *names, size_t nr,
	       uint64_t *mask, char *unknown, size_t len)
{
	*mask = 0;
	for (;;) {
		size_t n, i;

		text += strspn(text, ", \t\n");
		if (!*text)
			return 0;
		n = strcspn(text, ", \t\n");
		for (i = 0; i < nr; i++)
			if (strlen(names[i]) == n && !strncmp(names[i], text, n))
				break;
		if (i == nr)
			return set_err(unknown, len, "%.*s", (int)n, text);
		*mask |= BIT(i);
		text += n;
	}
}

int parse_variants(const char *text, uint64_t *mask, char *unknown, size_t len)
{
	const char *names[ARRAY_SIZE(variants)];
	size_t i;

	for (i = 0; i < nr_variants; i++)
		names[i] = variants[i].name;
	return parse_list(text, names, nr_variants, mask, unknown, len);
}

/* From start to the agent's first word, and from its last to the end. */
double boot_seconds(enum platform p)
{
	switch (p) {
	case KVM:
		return 2;
	case TCG:
		return 2;
	case ICOUNT:
		return 6;
	default:
		return 1;
	}
}

int name_index(const char *const *names, size_t nr, const char *name)
{
	size_t i;

	for (i = 0; name && i < nr; i++)
		if (!strcmp(names[i], name))
			return (int)i;
	return -1;
}
