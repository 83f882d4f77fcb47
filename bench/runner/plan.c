// SPDX-License-Identifier: GPL-2.0
/* What is booted, in which order, with which settings, and how long it takes. */
#include <stdlib.h>
#include <string.h>

#include "prbench.h"

const char *const platform_names[NR_PLATFORMS] = {
	[KVM] = "kvm", [TCG] = "tcg", [ICOUNT] = "icount", [UM] = "um",
};

const char *const workload_names[NR_WORKLOADS] = {
	[W_DRAIN] = "drain", [W_CHURN] = "churn", [W_FRAGMENT] = "fragment",
	[W_BUILD] = "build", [W_STORM] = "storm", [W_FIO] = "fio",
	[W_STRESS] = "stress-ng", [W_PERF] = "perf", [W_ALLOC] = "alloc",
	[W_VERIFY] = "verify", [W_SMALLGUEST] = "smallguest",
	[W_LOCKHOLD] = "lockhold", [W_FENCE] = "fence",
	[W_SCRIPT] = "script",
};

enum {
	OFF, FLAG, FLAG_D250, FLAG_O0, FLAG_LOCK, EXT_OFF, EXT_IDLE, EXT,
	NR_VARIANTS
};

const struct variant variants[] = {
	[OFF] = { .name = "off", .tree = "pristine" },
	[FLAG] = { .name = "flag", .tree = "pristine", .reporting = true,
		   .negotiated = true },
	[FLAG_D250] = { .name = "flag-d250", .tree = "pristine-d250",
			.reporting = true, .negotiated = true },
	[FLAG_O0] = { .name = "flag-o0", .tree = "pristine", .reporting = true,
		      .negotiated = true,
		      .extra = "page_reporting.page_reporting_order=0" },
	/* Tells how long the worker held zone->lock, and is there for that only. */
	[FLAG_LOCK] = { .name = "flag-lock", .tree = "pristine-lock",
			.reporting = true, .negotiated = true },
	[EXT_OFF] = { .name = "ext-off", .tree = "patched", .patched = true,
		      .reporting = true, .extra = "page_ext=off" },
	[EXT_IDLE] = { .name = "ext-idle", .tree = "patched", .patched = true,
		       .extra = "page_ext=on" },
	[EXT] = { .name = "ext", .tree = "patched", .patched = true,
		  .reporting = true, .negotiated = true,
		  .extra = "page_ext=on" },
};

const size_t nr_variants = ARRAY_SIZE(variants);

/*
 * A group is one kind of boot: which workloads share it, how often it is
 * booted with which variants on a platform, and whether boots of different
 * platforms may run at the same time.  Only those may whose guests sleep while
 * they are measured, or in which something is counted that takes no time.
 */
struct group {
	unsigned int workloads;
	struct {
		unsigned int boots, variants;
	} on[NR_PLATFORMS];
	bool together;
};

#define BIT(n)	(1U << (n))
#define REST	(BIT(W_FIO) | BIT(W_STRESS) | BIT(W_PERF) | BIT(W_ALLOC) | \
		 BIT(W_VERIFY))

#define ALL	((BIT(NR_VARIANTS) - 1) & ~BIT(FLAG_LOCK))
#define BASIC	(BIT(OFF) | BIT(FLAG) | BIT(EXT_OFF) | BIT(EXT))
/* What small fragments are about: the footprint of one at the cost of another */
#define BY_SIZE	(BIT(FLAG) | BIT(FLAG_O0) | BIT(EXT))
#define BY_TIME	(BIT(FLAG) | BIT(FLAG_D250) | BIT(FLAG_O0) | BIT(EXT))
#define SAFETY	(BIT(OFF) | BIT(FLAG) | BIT(EXT))
#define TIMED	(BIT(FLAG_LOCK) | BIT(EXT))

/*
 * 6 boots against 6 is the least that leaves p below 0.05 when a table's dozen
 * tests are corrected for.  The quick profile has room for that where a boot is
 * cheap.
 */
static const struct group quick_groups[] = {
	{ BIT(W_DRAIN), { [KVM] = { 6, BASIC }, [TCG] = { 5, BASIC },
			  [UM] = { 6, BASIC } }, true },
	{ BIT(W_CHURN), { [KVM] = { 6, BASIC }, [TCG] = { 3, BASIC },
			  [UM] = { 6, BASIC | BIT(FLAG_D250) } }, false },
	{ BIT(W_FRAGMENT), { [KVM] = { 3, BY_SIZE }, [UM] = { 3, BY_SIZE } },
	  true },
	{ BIT(W_BUILD), { [KVM] = { 2, BY_SIZE }, [UM] = { 2, BY_SIZE } },
	  false },
	{ BIT(W_STORM), { [KVM] = { 2, BY_SIZE }, [UM] = { 2, BY_SIZE } },
	  false },
	{ REST, { [KVM] = { 1, BASIC }, [TCG] = { 1, BASIC },
		  [ICOUNT] = { 1, BASIC }, [UM] = { 1, BASIC } }, false },
	{ BIT(W_SMALLGUEST), { [KVM] = { 1, SAFETY }, [TCG] = { 1, SAFETY },
			       [UM] = { 1, SAFETY } }, true },
	{ BIT(W_LOCKHOLD), { [KVM] = { 1, TIMED }, [TCG] = { 1, TIMED },
			     [ICOUNT] = { 1, TIMED } }, true },
	{ BIT(W_FENCE), { [KVM] = { 1, BASIC }, [TCG] = { 1, BASIC },
			  [UM] = { 1, BASIC } }, false },
	{ BIT(W_SCRIPT), { [KVM] = { 1, BASIC }, [TCG] = { 1, BASIC },
			   [UM] = { 1, BASIC } }, false },
};

static const struct group full_groups[] = {
	{ BIT(W_DRAIN), { [KVM] = { 8, ALL }, [TCG] = { 8, ALL },
			  [UM] = { 8, ALL } }, true },
	{ BIT(W_CHURN), { [KVM] = { 8, ALL }, [TCG] = { 8, ALL },
			  [UM] = { 8, ALL } }, false },
	{ BIT(W_FRAGMENT), { [KVM] = { 6, BY_SIZE | BIT(OFF) },
			     [TCG] = { 6, BY_SIZE | BIT(OFF) },
			     [UM] = { 6, BY_SIZE | BIT(OFF) } }, true },
	{ BIT(W_BUILD), { [KVM] = { 6, BY_SIZE | BIT(OFF) },
			  [TCG] = { 2, BY_SIZE },
			  [UM] = { 6, BY_SIZE | BIT(OFF) } }, false },
	{ BIT(W_STORM), { [KVM] = { 6, BY_TIME }, [TCG] = { 2, BY_SIZE },
			  [UM] = { 6, BY_TIME } }, false },
	{ REST & ~BIT(W_VERIFY),
	  { [KVM] = { 3, ALL }, [TCG] = { 3, ALL }, [ICOUNT] = { 2, ALL },
	    [UM] = { 3, ALL } }, false },
	{ BIT(W_VERIFY), { [KVM] = { 1, ALL }, [TCG] = { 1, ALL },
			   [UM] = { 1, ALL } }, true },
	{ BIT(W_SMALLGUEST), { [KVM] = { 3, SAFETY | BIT(FLAG_O0) },
			       [TCG] = { 3, SAFETY | BIT(FLAG_O0) },
			       [UM] = { 3, SAFETY | BIT(FLAG_O0) } }, true },
	{ BIT(W_LOCKHOLD), { [KVM] = { 3, TIMED }, [TCG] = { 2, TIMED },
			     [ICOUNT] = { 1, TIMED } }, true },
	{ BIT(W_FENCE), { [KVM] = { 1, ALL }, [TCG] = { 1, ALL },
			  [UM] = { 1, ALL } }, false },
	{ BIT(W_SCRIPT), { [KVM] = { 1, ALL }, [TCG] = { 1, ALL },
			   [UM] = { 1, ALL } }, false },
};

/*
 * Set the bits of the names in a list that commas or spaces separate.  On an
 * unknown name return -1 and the name.
 */
int parse_list(const char *text, const char *const *names, size_t nr,
	       unsigned int *mask, char *unknown, size_t len)
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

int parse_variants(const char *text, unsigned int *mask, char *unknown,
		   size_t len)
{
	const char *names[ARRAY_SIZE(variants)];
	size_t i;

	for (i = 0; i < nr_variants; i++)
		names[i] = variants[i].name;
	return parse_list(text, names, nr_variants, mask, unknown, len);
}

static json_t *overrides;	/* {workload: {name: number}} */

/* Keep "WORKLOAD.NAME=NUMBER" for workload_settings(). */
int settings_override(const char *text, char *err, size_t len)
{
	char workload[32], name[32], rest;
	json_t *o, *defaults;
	long long value;
	unsigned int mask;
	int w = 0, ret = 0;

	if (sscanf(text, "%31[a-z-].%31[a-z_]=%lld%c", workload, name, &value,
		   &rest) != 3 || value < 0)
		return set_err(err, len,
			       "'%s' is not WORKLOAD.NAME=NUMBER", text);
	if (parse_list(workload, workload_names, NR_WORKLOADS, &mask, err, len))
		return set_err(err, len, "unknown workload '%s'", workload);
	while (!(mask & BIT(w)))
		w++;
	defaults = workload_settings(false, (enum workload)w, UM);
	if (!json_is_integer(json_object_get(defaults, name)))
		ret = set_err(err, len, "workload %s has no number '%s'",
			      workload, name);
	json_decref(defaults);
	if (ret)
		return ret;
	if (!overrides)
		overrides = json_object();
	o = json_object_get(overrides, workload);
	if (!o) {
		o = json_object();
		json_object_set_new(overrides, workload, o);
	}
	json_object_set_new(o, name, json_integer(value));
	return 0;
}

void settings_reset(void)
{
	json_decref(overrides);
	overrides = NULL;
}

/* The arguments that the agent gets; run.json shows them too. */
json_t *workload_settings(bool full, enum workload w, enum platform p)
{
	/* See work_mem.c: UML processes cannot map that much. */
	const char *backing = p == UM ? "file" : "anon";
	bool slow = p == TCG || p == ICOUNT;
	json_t *o = NULL;

	switch (w) {
	case W_DRAIN:
		o = json_pack("{s:i, s:i, s:s}", "mib", 1024, "settle_ms",
			      full ? 20000 : 10000, "backing", backing);
		break;
	case W_CHURN:
		/*
		 * A pause of 500 ms: reporting every 250 ms or 2 s meets free
		 * memory that is about to be taken again, an age of 1 s does not.
		 */
		o = json_pack("{s:i, s:i, s:i, s:s}", "mib", 512, "run_ms",
			      full ? 30000 : 8000, "pause_ms", 500, "backing",
			      backing);
		break;
	case W_FRAGMENT:
		o = json_pack("{s:i, s:i, s:i, s:i}", "files", 6000, "kib", 160,
			      "keep_one_in", 8, "settle_ms", 25000);
		break;
	case W_BUILD:
		o = json_pack("{s:s, s:i, s:i}", "target",
			      slow ? "tools/lib/subcmd" : "tools/objtool",
			      "rounds", 1, "settle_ms", full ? 25000 : 12500);
		break;
	case W_STORM:
		o = json_pack("{s:i, s:i, s:i, s:i}", "watch_ms",
			      full ? 60000 : 10000, "processes",
			      slow ? 50 : 100, "process_mib", 1, "read_mib", 64);
		break;
	case W_FIO:
		o = json_pack("{s:i, s:i, s:i}", "mib", 256, "rounds",
			      full ? 4 : 2, "pause_ms", 500);
		break;
	case W_STRESS:
		o = json_pack("{s:i, s:i, s:i, s:i}", "mib", p == UM ? 64 : 256,
			      "waves", full ? 4 : 2, "wave_s", full ? 3 : 1,
			      "pause_ms", 1000);
		break;
	case W_PERF:
		o = json_pack("{s:i, s:i, s:s}", "mib", 128, "rounds",
			      full ? 16 : slow ? 2 : 8, "backing", backing);
		break;
	case W_ALLOC:
		o = json_pack("{s:s, s:b}", "options",
			      p == ICOUNT ? "clock=ticks count=1000" :
			      full ? "count=20000" : "count=4096",
			      "icount", p == ICOUNT);
		break;
	case W_VERIFY:
		o = json_pack("{s:i, s:i, s:i, s:i}", "run_ms",
			      full ? 600000 : 8000, "mib", 768, "anon_mib",
			      p == UM ? 64 : 384, "seed", 1);
		break;
	case W_SMALLGUEST:
		o = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:s}",
			      "mem_mib", 64, "run_ms", full ? 60000 : 12000,
			      "pause_ms", 1500, "hold_ms", 2500, "percent", 80,
			      "processes", 8, "process_kib", 256, "read_mib", 16,
			      "backing", backing);
		break;
	case W_LOCKHOLD:
		/* Upstream takes half a minute to report all there is. */
		o = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:b}",
			      "from_gib", 1, "to_gib", 16, "times", 16,
			      "order", 9, "fragment_order", 4, "keep_mib", 128,
			      "settle_ms", 36000, "passes", 3, "pass_ms", 3000,
			      "icount", p == ICOUNT);
		break;
	case W_FENCE:
		o = json_object();
		break;
	case W_SCRIPT:
		o = json_pack("{s:i, s:i}", "mem_mib", GUEST_MIB, "run_ms",
			      15000);
		break;
	case NR_WORKLOADS:
		return NULL;
	}
	json_object_update(o, json_object_get(overrides, workload_names[w]));
	return o;
}

static double setting(const json_t *o, const char *name)
{
	return json_number_value(json_object_get(o, name));
}

/* How long a workload takes, from its settings; measured on two slow cores. */
double workload_seconds(const json_t *o, enum workload w, enum platform p)
{
	double slow = p == TCG || p == ICOUNT ? 2.5 : 1;

	switch (w) {
	case W_DRAIN:
		return setting(o, "settle_ms") * 1e-3 +
		       slow * setting(o, "mib") / 1024;
	case W_CHURN:
		return setting(o, "run_ms") * 1e-3 + 0.5 * slow;
	case W_FRAGMENT:
		return setting(o, "settle_ms") * 1e-3 +
		       slow * setting(o, "files") * setting(o, "kib") / (1 << 20) * 2;
	case W_BUILD:
		return setting(o, "settle_ms") * 1e-3 +
		       slow * (6 + setting(o, "rounds") * 20);
	case W_STORM:
		return setting(o, "watch_ms") * 1e-3;
	case W_FIO:
		return setting(o, "rounds") *
		       (slow * 1.5 + setting(o, "pause_ms") * 1e-3);
	case W_STRESS:
		return setting(o, "waves") *
		       (setting(o, "wave_s") + setting(o, "pause_ms") * 1e-3 +
			0.5 * slow);
	case W_PERF:
		return slow * (0.5 + setting(o, "rounds") * 0.15);
	case W_ALLOC:
		return p == ICOUNT ? 2 : slow;
	case W_VERIFY:
		return setting(o, "run_ms") * 1e-3 + 2 * slow;
	case W_SMALLGUEST:
		return (setting(o, "run_ms") + setting(o, "hold_ms")) * 1e-3 +
		       slow;
	case W_LOCKHOLD:
		return 2 * (setting(o, "settle_ms") + setting(o, "passes") *
			    setting(o, "pass_ms")) * 1e-3 + 5;
	case W_SCRIPT:
		return setting(o, "run_ms") * 1e-3;
	default:
		return 1;
	}
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

/*
 * Under icount time is instructions: only what counts those has a meaning.
 * verify looks for damage by reporting, which takes a variant that reports;
 * lockhold takes one that says how long it held the lock.
 */
static unsigned int applicable(unsigned int workloads, enum platform p,
			       const struct variant *v)
{
	if (p == ICOUNT)
		workloads &= BIT(W_ALLOC) | BIT(W_LOCKHOLD);
	if (!v->negotiated)
		workloads &= ~BIT(W_VERIFY);
	if (v != &variants[FLAG_LOCK] && v != &variants[EXT])
		workloads &= ~BIT(W_LOCKHOLD);
	return workloads;
}

static double estimate(bool full, unsigned int workloads, enum platform p)
{
	double s = boot_seconds(p);
	int w;

	for (w = 0; w < NR_WORKLOADS; w++) {
		json_t *o;

		if (!(workloads & BIT(w)))
			continue;
		o = workload_settings(full, (enum workload)w, p);
		s += workload_seconds(o, (enum workload)w, p);
		json_decref(o);
	}
	return s;
}

/* xorshift: the order of the variants depends on the seed and nothing else. */
static unsigned int next_random(unsigned int *state)
{
	unsigned int x = *state ? *state : 1;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*state = x;
	return x;
}

/*
 * Interleave: each round boots every variant once.  The order of the first
 * round is drawn, and turned by one and reversed with each round, so that
 * nobody is always first or always comes after the same one.
 */
static int fill_lane(struct lane *lane, const struct selection *sel,
		     enum platform p, unsigned int workloads,
		     unsigned int mem_mib, unsigned int chosen,
		     unsigned int rounds, unsigned int *rnd)
{
	size_t order[ARRAY_SIZE(variants)], nr = 0, i;
	struct boot *grown;
	unsigned int r;

	for (i = 0; i < nr_variants; i++)
		if (chosen & BIT(i) &&
		    applicable(workloads, p, &variants[i]))
			order[nr++] = i;
	for (i = nr; i > 1; i--) {
		size_t k = next_random(rnd) % i, swap = order[i - 1];

		order[i - 1] = order[k];
		order[k] = swap;
	}
	grown = realloc(lane->boots,
			(lane->nr + nr * rounds + 1) * sizeof(*grown));
	if (!grown)
		return -1;
	lane->boots = grown;
	for (r = 0; r < rounds; r++) {
		for (i = 0; i < nr; i++) {
			size_t k = (r + (r & 1 ? nr - 1 - i : i)) % nr;
			const struct variant *v = &variants[order[k]];
			unsigned int w = applicable(workloads, p, v);

			lane->boots[lane->nr++] = (struct boot){
				.platform = p,
				.variant = v,
				.workloads = w,
				.replicate = r,
				.mem_mib = mem_mib,
				.estimate_s = estimate(sel->full, w, p),
			};
		}
	}
	return 0;
}

/*
 * The sizes in MiB of the guests for a group's workloads: the one after @last, 0
 * at the end.  A workload with sizes of its own shares its boots with no other.
 */
static unsigned int next_size(bool full, unsigned int workloads,
			      unsigned int last)
{
	enum workload w = workloads & BIT(W_LOCKHOLD) ? W_LOCKHOLD :
			  workloads & BIT(W_SCRIPT) ? W_SCRIPT : W_SMALLGUEST;
	unsigned int next = GUEST_MIB;
	json_t *o;

	if (!(workloads & BIT(w)))
		return last ? 0 : next;
	o = workload_settings(full, w, UM);
	if (w != W_LOCKHOLD)
		next = last ? 0 : (unsigned int)setting(o, "mem_mib");
	else if (!last)
		next = (unsigned int)setting(o, "from_gib") * 1024;
	else
		next = last * (unsigned int)setting(o, "times");
	if (w == W_LOCKHOLD && (next <= last || next > setting(o, "to_gib") * 1024))
		next = 0;
	json_decref(o);
	return next;
}

static double lane_seconds(const struct lane *lane)
{
	double s = 0;
	size_t i;

	for (i = 0; i < lane->nr; i++)
		s += lane->boots[i].estimate_s;
	return s;
}

int plan_make(struct plan *plan, const struct selection *sel)
{
	const struct group *groups = sel->full ? full_groups : quick_groups;
	size_t nr = sel->full ? ARRAY_SIZE(full_groups) :
				ARRAY_SIZE(quick_groups);
	unsigned int rnd = sel->seed;
	size_t g, l;

	memset(plan, 0, sizeof(*plan));
	plan->phases = calloc(nr, sizeof(*plan->phases));
	if (!plan->phases)
		return -1;
	for (g = 0; g < nr; g++) {
		struct phase *phase = &plan->phases[plan->nr];
		double longest = 0;
		int p;

		for (p = 0; p < NR_PLATFORMS; p++) {
			unsigned int rounds = groups[g].on[p].boots;
			unsigned int chosen = sel->variants ? sel->variants :
					      groups[g].on[p].variants;
			unsigned int workloads = groups[g].workloads &
						 sel->workloads;
			unsigned int mib;
			struct lane *lane;

			if (!(sel->platforms & BIT(p)) || !workloads || !rounds)
				continue;
			if (sel->boots)
				rounds = sel->boots;
			/* A lane of its own, or behind the one before. */
			if (groups[g].together || !phase->nr)
				phase->nr++;
			lane = &phase->lanes[phase->nr - 1];
			for (mib = 0; (mib = next_size(sel->full, workloads, mib)); )
				if (fill_lane(lane, sel, (enum platform)p,
					      workloads, mib, chosen, rounds,
					      &rnd))
					return -1;
			if (!lane->nr) {
				free(lane->boots);
				lane->boots = NULL;
				phase->nr--;
			}
		}
		for (l = 0; l < phase->nr; l++) {
			double s = lane_seconds(&phase->lanes[l]);

			if (s > longest)
				longest = s;
			plan->nr_boots += (unsigned int)phase->lanes[l].nr;
		}
		plan->estimate_s += longest;
		plan->nr += phase->nr != 0;
	}
	return 0;
}

/* fence and script are for the tests; lockhold takes minutes a boot. */
unsigned int default_workloads(bool full)
{
	unsigned int not = BIT(W_FENCE) | BIT(W_SCRIPT) |
			   (full ? 0 : BIT(W_LOCKHOLD));

	return (BIT(NR_WORKLOADS) - 1) & ~not;
}

/* The variants that a plan boots on any of some platforms. */
unsigned int plan_variants(const struct plan *plan, unsigned int platforms)
{
	unsigned int mask = 0;
	size_t i, l, k;

	for (i = 0; i < plan->nr; i++) {
		for (l = 0; l < plan->phases[i].nr; l++) {
			const struct lane *lane = &plan->phases[i].lanes[l];

			for (k = 0; k < lane->nr; k++)
				if (platforms & BIT(lane->boots[k].platform))
					mask |= BIT(lane->boots[k].variant -
						    variants);
		}
	}
	return mask;
}

void plan_free(struct plan *plan)
{
	size_t i, l;

	for (i = 0; i < plan->nr; i++)
		for (l = 0; l < plan->phases[i].nr; l++)
			free(plan->phases[i].lanes[l].boots);
	free(plan->phases);
	memset(plan, 0, sizeof(*plan));
}
