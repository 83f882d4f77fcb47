// SPDX-License-Identifier: GPL-2.0
/* What the report says.  doc.c decides how it looks. */
#include "prreport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The goals of the project, stated in the report beside what was measured. */
#define GOAL_T95_S		1.5
#define GOAL_REFAULT_RATIO	0.1
#define GOAL_STRANDED_RATIO	1.25	/* of order 0's footprint */
#define GOAL_WORKER_RATIO	1.5	/* of order 9's CPU time */
#define GOAL_LOCK_RATIO		1.05	/* 16 GiB against 1: the same */
#define GOAL_ORDERS		9	/* orders 0 .. 8: no instruction more */
#define GOAL_KEY_INSTR		2	/* a static key that is off: a no-op or two */
#define INSTR_EPSILON		0.05	/* of a mean over a thousand operations */

const char *number(char *buf, double v)
{
	if (isnan(v))
		strcpy(buf, "-");
	else if (isinf(v))
		strcpy(buf, "inf");
	else if (fabs(v) >= 1000)
		snprintf(buf, TEXT, "%.0f", v);
	else
		snprintf(buf, TEXT, "%.4g", v);
	return buf;
}

/* Infinity is only ever a time that was not reached while anybody watched. */
const char *reached(char *buf, const struct row *r, double v)
{
	if (isinf(v) && !isnan(r->limit))
		snprintf(buf, TEXT, "not within %.1f s", r->limit);
	else
		number(buf, v);
	return buf;
}

const char *interval_text(char *buf, const struct row *r)
{
	char lo[TEXT], hi[TEXT];

	reached(lo, r, r->st.lo);
	reached(hi, r, r->st.hi);
	buf[0] = 0;
	if (strcmp(lo, hi))
		snprintf(buf, TEXT, "[%.80s, %.80s]", lo, hi);
	return buf;
}

static const char *measured(char *buf, const struct row *r, const char *unit)
{
	char med[TEXT], iv[TEXT], id[TEXT];

	if (!r)
		return strcpy(buf, "no data");
	interval_text(iv, r);
	/* "not within 10 s" has its unit */
	if (isinf(r->st.median) && !*iv)
		unit = "";
	snprintf(buf, TEXT, "[%.40s](#%.160s)%s%.170s%s%.20s (n=%d)",
		 reached(med, r, r->st.median), raw_id(id, r), *iv ? " " : "", iv,
		 *unit ? " " : "", unit, r->st.n);
	return buf;
}

/* ---- what was run ---- */

static bool seen_before(const struct run *run, size_t i, bool with_variant)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (!strcmp(run->boots[j].platform, run->boots[i].platform) &&
		    (!with_variant ||
		     !strcmp(run->boots[j].variant, run->boots[i].variant)))
			return true;
	return false;
}

static void count_boots(const struct run *run, const struct boot *like, int *ok,
			int *all)
{
	size_t i;

	*ok = *all = 0;
	for (i = 0; i < run->nboots; i++) {
		const struct boot *b = &run->boots[i];

		if (strcmp(b->platform, like->platform) ||
		    strcmp(b->variant, like->variant))
			continue;
		(*all)++;
		*ok += b->status == BOOT_OK;
	}
}

static const char *platform_text(const char *platform)
{
	if (!strcmp(platform, "kvm"))
		return "QEMU with KVM: hardware virtualisation.";
	if (!strcmp(platform, "tcg"))
		return "QEMU with TCG: the guest's processor is **emulated**, so every time below is a time under emulation. Times are good for comparing variants with each other and say nothing about a guest on hardware.";
	if (!strcmp(platform, "icount"))
		return "QEMU TCG with `-icount shift=0` and one processor: **emulated**; guest time counts instructions, exactly and repeatably. It says nothing about caches, branches or contention.";
	if (!strcmp(platform, "um"))
		return "User Mode Linux: the guest kernel is a process of the host. Native code, but faults and context switches cost more than in a virtual machine.";
	return "a platform this report has no words for.";
}

/* Where the repository lies on the machine of the run is nobody's business. */
static char *strip_paths(const char *s)
{
	static const char * const marks[] = { "/build/", "/results/", "/boots/" };
	char *out = strdup(s);
	size_t i;

	for (i = 0; out && i < sizeof(marks) / sizeof(*marks); i++) {
		char *hit, *from = out;

		while ((hit = strstr(from, marks[i]))) {
			char *start = hit;

			while (start > out && !strchr(" =,:'\"", start[-1]))
				start--;
			memmove(start, hit + 1, strlen(hit + 1) + 1);
			from = start;
		}
	}
	return out;
}

static char *join_argv(const json_t *argv)
{
	size_t i, size = 1;
	char *s = xrealloc(NULL, 1, 1), *stripped;
	json_t *arg;

	s[0] = 0;
	json_array_foreach(argv, i, arg) {
		const char *a = json_string_value(arg) ? json_string_value(arg) : "?";
		bool quote = !*a || strpbrk(a, " ;&|$(){}<>*?");

		size += strlen(a) + 4;
		s = xrealloc(s, size, 1);
		sprintf(s + strlen(s), "%s%s%s%s", i ? " " : "", quote ? "'" : "", a,
			quote ? "'" : "");
	}
	stripped = strip_paths(s);
	free(s);
	return stripped;
}

static void put_machine(struct doc *d, const struct run *run)
{
	const json_t *m = json_object_get(run->meta, "machine");
	size_t i;

	/* A merged run of unlike machines has a table of them. */
	if (m)
		doc_p(d, "Machine: %s, %.0f cores, %.0f MiB memory, host kernel %s, THP `%s`, KSM `%s`. Commit `%s`, profile `%s`, %s.",
		      json_str(m, "cpu", "unknown processor"),
		      json_num(m, "cores", NAN), json_num(m, "mem_mib", NAN),
		      json_str(m, "kernel", "?"), json_str(m, "thp", "?"),
		      json_str(m, "ksm", "?"), json_str(run->meta, "commit", "?"),
		      json_str(run->meta, "profile", "?"),
		      json_str(run->meta, "date", "?"));
	for (int rank = 0; rank < 5; rank++)
		for (i = 0; i < run->nboots; i++)
			if (platform_rank(run->boots[i].platform) == rank &&
			    !seen_before(run, i, false))
				doc_li(d, "`%s`: %s", run->boots[i].platform,
			       platform_text(run->boots[i].platform));
	doc_p(d, "Unlike platforms are never compared with each other.");
}

static void put_completeness(struct doc *d, const struct run *run,
			     const struct plots *plots)
{
	int by[BOOT_CORRUPT + 1] = { 0 };
	double planned = json_num(run->meta, "boots_planned", NAN);
	size_t i, maps = 0;
	int bad;

	if (!run->meta)
		doc_p(d, "**run.json is missing or cannot be read**: on which machine this ran, and how many boots were planned, is not known.");
	for (i = 0; i < run->nboots; i++)
		by[run->boots[i].status]++;
	for (i = 0; i < run->nboots; i++)
		maps += run->boots[i].status == BOOT_OK && map_was_drawn(&run->boots[i]);
	bad = run->nboots - by[BOOT_OK];
	if (!bad && !(planned > run->nboots) && !run->nnotes)
		doc_p(d, "All %zu boots finished%s.", run->nboots,
		      maps ? "" : " and count");
	else
		doc_p(d, "**%d of %.0f planned boots count**: %d lost, %d with an error, %d interrupted, %d with unusable files, %.0f never started; %zu notes on skipped or failed workloads. They are named under Boots.",
		      by[BOOT_OK], isnan(planned) ? run->nboots : planned,
		      by[BOOT_LOST], by[BOOT_ERROR], by[BOOT_INTERRUPTED],
		      by[BOOT_CORRUPT],
		      planned > run->nboots ? planned - run->nboots : 0, run->nnotes);
	if (maps)
		doc_p(d, "%zu of them %s disturbed to draw a map of %s memory, and in no figure but that.",
		      maps, maps == 1 ? "was" : "were", maps == 1 ? "its" : "their");
	if (plots->why_not)
		doc_p(d, "**Plots are missing**: %s.", plots->why_not);
}

static void put_what_ran(struct doc *d, const struct run *run)
{
	static const char * const settings[] = { "settings", "settings_by_platform" };
	struct table t;
	size_t i;

	doc_h(d, 2, "What was run");
	doc_p(d, "A variant is a kernel and how it is booted. `pristine` is the distribution's kernel, `patched` the same with this project's hooks. The boot is the sampling unit; variants are interleaved boot by boot, and no value is dropped as an outlier.");
	table_init(&t, 7, "llllrrl");
	for (const char * const *h = (const char * const []){ "platform", "variant",
	     "tree", "kernel", "memory", "boots", "guest command line", NULL }; *h; h++)
		table_cell(&t, "%s", *h);
	for (int rank = 0; rank < 8 * 16; rank++) {
		for (i = 0; i < run->nboots; i++) {
			const struct boot *b = &run->boots[i];
			char *cmd;
			int ok, all;

			if (platform_rank(b->platform) * 16 +
			    variant_rank(b->variant) != rank ||
			    seen_before(run, i, true))
				continue;
			count_boots(run, b, &ok, &all);
			cmd = strip_paths(json_str(b->meta, "cmdline", ""));
			table_cell(&t, "%s", b->platform);
			table_cell(&t, "%s", b->variant);
			table_cell(&t, "%s", b->tree);
			table_cell(&t, "%s", b->kernel);
			table_cell(&t, "%.0f MiB", json_num(b->meta, "mem_mib", NAN));
			table_cell(&t, ok == all ? "%d" : "**%d** of %d", ok, all);
			table_cell(&t, *cmd ? "`%s`" : "%s-", cmd);
			free(cmd);
		}
	}
	doc_table(d, &t);
	table_free(&t);

	for (i = 0; i < run->nboots; i++) {
		const struct boot *b = &run->boots[i];
		const char *qemu = json_str(b->meta, "qemu_version", "");
		char *argv;

		if (seen_before(run, i, false) || !json_object_get(b->meta, "argv"))
			continue;
		argv = join_argv(json_object_get(b->meta, "argv"));
		doc_p(d, "The first boot on `%s` (`%s`%s%s) was started so; every boot's exact line is `argv` in its `meta.json`, with the machine's paths:",
		      b->platform, b->name, *qemu ? ", QEMU " : "", qemu);
		doc_pre(d, argv);
		free(argv);
	}
	for (i = 0; i < 2; i++) {
		const json_t *o = json_object_get(run->meta, settings[i]);
		char *s;

		if (!json_object_size(o))
			continue;
		s = json_dumps(o, JSON_INDENT(2) | JSON_SORT_KEYS);
		doc_p(d, i ? "On some platforms they differ:" : "Settings of the workloads:");
		doc_pre(d, s);
		free(s);
	}
}

/* ---- the answers ---- */

/* Of a merged run: whose boots the answers are about, ":m2", else "". */
static const char *answer_group = "";

static void answers_of(const char *series)
{
	answer_group = strchr(series, ':') ? strchr(series, ':') : "";
}

static void answer(struct table *t, const char *question, const char *platform,
		   const char *goal, const char *what, const char *verdict)
{
	table_cell(t, "%s", question);
	table_cell(t, "%s%s", platform, answer_group);
	table_cell(t, "%s", goal);
	table_cell(t, "%s", what);
	table_cell(t, "%s", verdict);
}

static void answer_drain(struct table *t, const struct summary *sum,
			 const char *platform, const char *series)
{
	const struct row *ext = summary_find(sum, platform, series, "ext", "drain", "t95_s");
	const struct row *flag = summary_find(sum, platform, series, "flag", "drain", "t95_s");
	char a[TEXT], b[TEXT], what[3 * TEXT], goal[TEXT];

	if (!ext && !flag)
		return;
	snprintf(goal, sizeof(goal), "`ext` at most %.1f s", GOAL_T95_S);
	snprintf(what, sizeof(what), "`ext` %s, `flag` %s", measured(a, ext, "s"),
		 measured(b, flag, "s"));
	answer(t, "Freed memory is back with the host (`drain`, `t95_s`)", platform,
	       goal, what, !ext ? "no data" :
	       ext->st.median <= GOAL_T95_S ? "yes" : "**no**");
}

static void answer_cycles(struct table *t, const struct summary *sum,
			  const char *platform, const char *series)
{
	const struct row *ext = summary_find(sum, platform, series, "ext", "churn", "cycles");
	const struct row *off = summary_find(sum, platform, series, "off", "churn", "cycles");
	const struct row *flag = summary_find(sum, platform, series, "flag", "churn", "cycles");
	char a[TEXT], b[TEXT], c[TEXT], what[4 * TEXT], verdict[TEXT];
	double p = NAN;

	if (!ext && !off)
		return;
	if (ext && off)
		p = stats_mwu(ext->vals, ext->st.n, off->vals, off->st.n);
	snprintf(what, sizeof(what), "`ext` %s, `off` %s, `flag` %s", measured(a, ext, ""),
		 measured(b, off, ""), measured(c, flag, ""));
	if (!ext || !off)
		strcpy(verdict, "no data");
	else if (ext->st.median >= off->st.median)
		strcpy(verdict, "yes");
	else if (stats_mwu_min_p(ext->st.n, off->st.n) > ALPHA)
		snprintf(verdict, sizeof(verdict),
			 "**%.1f %% below**; too few boots to tell it from chance",
			 100 * (1 - ext->st.median / off->st.median));
	else if (p <= ALPHA)
		snprintf(verdict, sizeof(verdict), "**no**, %.1f %% below (p = %.2g)",
			 100 * (1 - ext->st.median / off->st.median), p);
	else
		snprintf(verdict, sizeof(verdict), "yes, %.1f %% below (p = %.2g)",
			 100 * (1 - ext->st.median / off->st.median), p);
	answer(t, "Churn is left alone (`churn`, `cycles`)", platform,
	       "`ext` not significantly below `off`", what, verdict);
}

static void answer_refault(struct table *t, const struct summary *sum,
			   const char *platform, const char *series)
{
	const struct row *ext = summary_find(sum, platform, series, "ext", "churn", "refault_mib");
	const struct row *flag = summary_find(sum, platform, series, "flag", "churn", "refault_mib");
	char a[TEXT], b[TEXT], what[3 * TEXT], goal[TEXT], verdict[TEXT];

	if (!ext && !flag)
		return;
	snprintf(goal, sizeof(goal), "`ext` below %.1f × `flag`", GOAL_REFAULT_RATIO);
	snprintf(what, sizeof(what), "`ext` %s, `flag` %s", measured(a, ext, "MiB"),
		 measured(b, flag, "MiB"));
	if (!ext || !flag)
		strcpy(verdict, "no data");
	else if (flag->st.median <= 0)
		strcpy(verdict, "`flag` refaulted nothing: not shown");
	else
		snprintf(verdict, sizeof(verdict), "%s, × %.3g",
			 ext->st.median < GOAL_REFAULT_RATIO * flag->st.median ?
			 "yes" : "**no**", ext->st.median / flag->st.median);
	answer(t, "Memory taken again was not given away first (`churn`, `refault_mib`)",
	       platform, goal, what, verdict);
}

/* Is a median of ext at most so many times that of another variant? */
static void answer_at_most(struct table *t, const struct summary *sum,
			   const char *platform, const char *series,
			   const char *question, const char *workload,
			   const char *metric, const char *unit,
			   const char *other, double goal_ratio)
{
	const struct row *ext = summary_find(sum, platform, series, "ext", workload, metric);
	const struct row *base = summary_find(sum, platform, series, other, workload, metric);
	char a[TEXT], b[TEXT], what[3 * TEXT], goal[TEXT], verdict[TEXT], q[TEXT];

	if (!ext && !base)
		return;
	snprintf(q, sizeof(q), "%s (`%s`, `%s`)", question, workload, metric);
	snprintf(goal, sizeof(goal), "`ext` at most %.2f × `%s`", goal_ratio, other);
	snprintf(what, sizeof(what), "`ext` %s, `%s` %s", measured(a, ext, unit),
		 other, measured(b, base, unit));
	if (!ext || !base)
		strcpy(verdict, "no data");
	else if (base->st.median <= 0)
		snprintf(verdict, sizeof(verdict), "nothing of `%s` to compare with", other);
	else
		snprintf(verdict, sizeof(verdict), "%s, × %.3g",
			 ext->st.median <= goal_ratio * base->st.median ? "yes" : "**no**",
			 ext->st.median / base->st.median);
	answer(t, q, platform, goal, what, verdict);
}

static void answer_pieces(struct table *t, const struct summary *sum,
			  const char *platform, const char *series)
{
	static const char * const workloads[] = { "fragment", "build" };
	size_t i;

	for (i = 0; i < 2; i++) {
		answer_at_most(t, sum, platform, series, "Small pieces go back",
			       workloads[i], "stranded_mib", "MiB", "flag-o0",
			       GOAL_STRANDED_RATIO);
		answer_at_most(t, sum, platform, series, "Small pieces cost no more than large ones",
			       workloads[i], "worker_cpu_ms", "ms", "flag",
			       GOAL_WORKER_RATIO);
	}
}

static const struct row *find_instr(const struct summary *sum, const char *series,
				    const char *variant, const char *mode,
				    const char *op, int order)
{
	char workload[32], metric[32];

	snprintf(workload, sizeof(workload), "alloc-%s", mode);
	snprintf(metric, sizeof(metric), "%s_o%d_instr", op, order);
	return summary_find(sum, "icount", series, variant, workload, metric);
}

/* The largest difference between two variants over orders first .. last - 1. */
static int worst_instr(const struct summary *sum, const char *series,
		       const char *mode, const char *op, const char *variant,
		       const char *base, int first, int last, double *worst,
		       double *percent, int *at, int *above)
{
	int order, n = 0;

	*worst = -INFINITY;
	*percent = -INFINITY;
	*at = -1;
	*above = 0;
	for (order = first; order < last; order++) {
		const struct row *a = find_instr(sum, series, variant, mode, op, order);
		const struct row *b = find_instr(sum, series, base, mode, op, order);
		double diff;

		if (!a || !b)
			continue;
		n++;
		diff = a->st.median - b->st.median;
		*above += diff > INSTR_EPSILON;
		*percent = fmax(*percent, 100 * diff / b->st.median);
		if (diff > *worst) {
			*worst = diff;
			*at = order;
		}
	}
	return n;
}

static void answer_instr(struct table *t, const struct summary *sum,
			 const char *series)
{
	static const struct {
		const char *variant, *base, *goal;
		int first, last;
	} goals[] = {
		{ "ext", "flag", "`ext` at most `flag`, orders 0 to 8", 0, GOAL_ORDERS },
		{ "ext", "flag", "`ext` within 1 % of `flag`, orders 9 and 10",
		  GOAL_ORDERS, ORDERS },
		{ "ext-off", "off", "`ext-off` at most `off` and a static key (2 instructions)",
		  0, ORDERS },
	};
	static const char * const modes[] = { "repeat", "bulk" };
	static const char * const ops[] = { "alloc", "free" };
	char what[3 * TEXT], q[TEXT];
	int g, m, o;

	for (g = 0; g < 3; g++) {
		for (m = 0; m < 2; m++) {
			bool any = false, met = true;
			size_t len = 0;

			what[0] = 0;
			for (o = 0; o < 2; o++) {
				double worst, percent;
				int at, above;
				int n = worst_instr(sum, series, modes[m], ops[o],
						    goals[g].variant, goals[g].base,
						    goals[g].first, goals[g].last,
						    &worst, &percent, &at, &above);

				if (!n)
					continue;
				len += snprintf(what + len, sizeof(what) - len,
						"%s%s at worst %+.1f instructions (order %d) or %+.2f %%, more at %d of %d orders",
						any ? "; " : "", ops[o], worst, at,
						percent, above, n);
				any = true;
				met &= g == 0 ? worst <= INSTR_EPSILON : g == 1 ? percent <= 1 :
				       worst <= GOAL_KEY_INSTR + INSTR_EPSILON;
			}
			snprintf(q, sizeof(q), "Hot path in instructions (`alloc-%s`)",
				 modes[m]);
			if (any)
				answer(t, q, "icount", goals[g].goal, what,
				       met ? "yes" : "**no**");
		}
	}
}

static void answer_verify(struct table *t, const struct summary *sum,
			  const char *platform, const char *series)
{
	size_t i;

	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i], *time;
		char what[2 * TEXT], q[TEXT], verdict[TEXT];
		double lost = 0, secs = 0;
		int k;

		if (strcmp(r->platform, platform) || strcmp(r->series, series) ||
		    strcmp(r->workload, "verify") || strcmp(r->metric, "mismatches"))
			continue;
		time = summary_find(sum, platform, series, r->variant, "verify", "run_s");
		for (k = 0; k < r->st.n; k++)
			lost += r->vals[k];
		for (k = 0; time && k < time->st.n; k++)
			secs += time->vals[k];
		snprintf(q, sizeof(q), "No data is lost (`verify`, `%s`)", r->variant);
		snprintf(what, sizeof(what), "%.0f differences in %d boots, %.0f s of checking together",
			 lost, r->st.n, secs);
		snprintf(verdict, sizeof(verdict), lost > 0 ? "**NO: data was lost**" : "yes");
		answer(t, q, platform, "no difference", what, verdict);
	}
}

static double mean(const struct row *r)
{
	double sum = 0;
	int i;

	for (i = 0; i < r->st.n; i++)
		sum += r->vals[i];
	return sum / r->st.n;
}

static void answer_small(struct table *t, const struct summary *sum,
			 const char *platform, const char *series)
{
	const struct row *off = summary_find(sum, platform, series, "off",
					     "smallguest", "oom_kills");
	size_t i;

	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];
		char what[2 * TEXT], goal[TEXT];

		if (strcmp(r->platform, platform) || strcmp(r->series, series) ||
		    strcmp(r->workload, "smallguest") ||
		    strcmp(r->metric, "oom_kills") || r == off)
			continue;
		snprintf(goal, sizeof(goal), "`%s` no more than `off`", r->variant);
		snprintf(what, sizeof(what), "`%s` %.3g a boot (n=%d), `off` %.3g (n=%d)",
			 r->variant, mean(r), r->st.n, off ? mean(off) : NAN,
			 off ? off->st.n : 0);
		answer(t, "A guest of 64 MiB survives (`smallguest`, `oom_kills`)",
		       platform, goal, what, !off ? "no data" :
		       mean(r) <= mean(off) ? "yes" : "**no**");
	}
}

/*
 * How a variant's longest hold of zone->lock grows from the smallest guest to
 * the largest, in instructions: those are the same in each run.
 */
static void answer_lock(struct table *t, const struct summary *sum,
			const char *series, const char *variant, int order,
			bool goal)
{
	const struct row *first = NULL, *last = NULL;
	unsigned int small = 0, large = 0, gib;
	char what[TEXT], q[TEXT], verdict[TEXT];
	double times;
	size_t i;
	int o;

	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];

		if (strcmp(r->platform, "icount") || strcmp(r->series, series) ||
		    strcmp(r->variant, variant) ||
		    strcmp(r->metric, "lock_hold_max_instr") ||
		    sscanf(r->workload, "lockhold-%ug-o%d", &gib, &o) != 2 ||
		    o != order)
			continue;
		if (!first || gib < small) {
			first = r;
			small = gib;
		}
		if (!last || gib > large) {
			last = r;
			large = gib;
		}
	}
	if (!first || first == last)
		return;
	times = last->st.median / first->st.median;
	snprintf(q, sizeof(q), "`zone->lock` is held no longer with more free blocks of order %d (`lockhold`)",
		 order);
	snprintf(what, sizeof(what), "`%s` %.0f instructions at %u GiB, %.0f at %u GiB",
		 variant, first->st.median, small, last->st.median, large);
	snprintf(verdict, sizeof(verdict), "%s× %.3g", !goal ? "" :
		 times <= GOAL_LOCK_RATIO ? "yes, " : "**no**, ", times);
	answer(t, q, "icount", goal ? "the same" : "(for comparison)", what, verdict);
}

static void answer_locks(struct table *t, const struct summary *sum,
			 const char *series)
{
	int order;

	for (order = ORDERS - 1; order >= 0; order--) {
		answer_lock(t, sum, series, "ext", order, true);
		answer_lock(t, sum, series, "flag-lock", order, false);
	}
}

static void each_platform(struct table *t, const struct summary *sum,
			  void (*fn)(struct table *, const struct summary *,
				     const char *, const char *))
{
	size_t i;

	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];

		answers_of(r->series);
		if (summary_first(sum, i) && strcmp(r->platform, "icount"))
			fn(t, sum, r->platform, r->series);
	}
}

static void put_answers(struct doc *d, const struct summary *sum)
{
	struct table t;
	size_t i, j;

	doc_h(d, 3, "Against the goals");
	table_init(&t, 5, "l");
	/* the head is nobody's */
	answer_group = "";
	answer(&t, "question", "platform", "goal", "measured: median [interval]", "reached");
	each_platform(&t, sum, answer_drain);
	each_platform(&t, sum, answer_cycles);
	each_platform(&t, sum, answer_refault);
	each_platform(&t, sum, answer_pieces);
	each_platform(&t, sum, answer_small);
	for (i = 0; i < sum->n; i++) {
		for (j = 0; j < i; j++)
			if (!strcmp(sum->rows[j].platform, "icount") &&
			    !strcmp(sum->rows[j].series, sum->rows[i].series))
				break;
		if (j == i && !strcmp(sum->rows[i].platform, "icount")) {
			answers_of(sum->rows[i].series);
			answer_instr(&t, sum, sum->rows[i].series);
			answer_locks(&t, sum, sum->rows[i].series);
		}
	}
	each_platform(&t, sum, answer_verify);
	if (t.n == t.ncols)
		doc_p(d, "**None.** The run has none of `drain`, `churn`, `fragment`, `build`, `alloc` on `icount`, or `verify` with the variants that the questions are about.");
	doc_table(d, &t);
	table_free(&t);
}

/* ---- instructions by order ---- */

static void put_instr(struct doc *d, const struct summary *sum, const char *series,
		      const char *mode, const char *op)
{
	static const char * const variants[] = {
		"off", "flag", "flag-d250", "flag-o0", "page_owner",
		"page_table_check", "ext-off", "ext-idle", "ext"
	};
	const size_t nv = sizeof(variants) / sizeof(*variants);
	bool has[sizeof(variants) / sizeof(*variants)] = { false };
	char buf[TEXT], id[TEXT];
	struct table t;
	size_t v, cols = 1;
	int order, n = 1;

	for (v = 0; v < nv; v++) {
		for (order = 0; order < ORDERS; order++) {
			const struct row *r = find_instr(sum, series, variants[v],
							 mode, op, order);

			if (!r)
				continue;
			has[v] = true;
			if (r->st.n > n)
				n = r->st.n;
		}
		cols += has[v];
	}
	if (cols == 1)
		return;
	doc_h(d, 3, "%s, alloc-%s: instructions an operation", op, mode);
	table_init(&t, cols + 2, "r");
	table_cell(&t, "order");
	for (v = 0; v < nv; v++)
		if (has[v])
			table_cell(&t, "%s", variants[v]);
	table_cell(&t, "ext − flag");
	table_cell(&t, "ext-off − off");
	for (order = 0; order < ORDERS; order++) {
		static const char * const pairs[][2] = {
			{ "ext", "flag" }, { "ext-off", "off" }
		};
		const struct row *r;

		table_cell(&t, "%d", order);
		for (v = 0; v < nv; v++) {
			if (!has[v])
				continue;
			r = find_instr(sum, series, variants[v], mode, op, order);
			if (r && r->st.hi - r->st.lo > INSTR_EPSILON)
				table_cell(&t, "[%s](#%s)\n[%.6g, %.6g]",
					   number(buf, r->st.median), raw_id(id, r),
					   r->st.lo, r->st.hi);
			else if (r)
				table_cell(&t, "[%s](#%s)", number(buf, r->st.median),
					   raw_id(id, r));
			else
				table_cell(&t, "-");
		}
		for (v = 0; v < 2; v++) {
			const struct row *b;
			double diff;

			r = find_instr(sum, series, pairs[v][0], mode, op, order);
			b = find_instr(sum, series, pairs[v][1], mode, op, order);
			diff = r && b ? r->st.median - b->st.median : NAN;
			if (isnan(diff))
				table_cell(&t, "-");
			else
				table_cell(&t, diff > INSTR_EPSILON ? "**%+.1f** (%+.2f %%)" :
					   "%+.1f (%+.2f %%)", diff,
					   100 * diff / b->st.median);
		}
	}
	doc_table(d, &t);
	table_free(&t);
}

/* Both tables of a mode are from the same boots. */
static void put_instr_raw(struct doc *d, struct run *run, const struct summary *sum,
			  const char *series, const char *mode)
{
	char workload[32];
	size_t i;

	snprintf(workload, sizeof(workload), "alloc-%s", mode);
	for (i = 0; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];

		if (strcmp(r->platform, "icount") || strcmp(r->series, series) ||
		    strcmp(r->workload, workload))
			continue;
		put_raw(d, run, sum, r);
		return;
	}
}

static void put_all_instr(struct doc *d, struct run *run, const struct summary *sum)
{
	static const char * const modes[] = {
		"repeat", "bulk", "random", "bulk-hit", "bulk-miss"
	};
	const char *last = "";
	size_t i, m;

	for (i = 0; i < sum->n; i++) {
		const char *series = sum->rows[i].series;

		if (strcmp(sum->rows[i].platform, "icount") || !strcmp(series, last) ||
		    strncmp(sum->rows[i].workload, "alloc-", 6))
			continue;
		if (!*last)
			doc_h(d, 2, "Instructions on the allocator's path");
		doc_p(d, "Kernel %s on `icount`: guest instructions for one operation, mean over the module's operations. `alloc-repeat` takes and frees one block at a time, `alloc-bulk` takes many and then frees them. Within a boot the count is exact. Where boots of a variant do not agree, the cell has an interval: then the median hides that memory was laid out differently, and a difference smaller than the interval is none. Positive differences are bold.",
		      series);
		for (m = 0; m < sizeof(modes) / sizeof(*modes); m++) {
			put_instr(d, sum, series, modes[m], "alloc");
			put_instr(d, sum, series, modes[m], "free");
			put_instr_raw(d, run, sum, series, modes[m]);
		}
		last = series;
	}
}

/* ---- a table for each platform and workload ---- */

static void result_cell(struct table *t, const struct row *r, int column_n)
{
	char med[TEXT], iv[TEXT], ratio[TEXT], p[64] = "", n[32] = "", id[TEXT];

	if (!r) {
		table_cell(t, "-");
		return;
	}
	reached(med, r, r->st.median);
	interval_text(iv, r);
	if (r->st.n != column_n)
		snprintf(n, sizeof(n), " n=%d", r->st.n);
	ratio[0] = 0;
	if (r->has_flag && strcmp(r->variant, "flag")) {
		if (isnan(r->ratio))
			strcpy(ratio, "×-");
		else
			snprintf(ratio, sizeof(ratio), "×%.3g", r->ratio);
		if (r->p <= ALPHA)
			snprintf(p, sizeof(p), " p=%.2g", r->p);
		else if (r->p_raw <= ALPHA)
			snprintf(p, sizeof(p), " ~ raw %.2g", r->p_raw);
		else
			strcpy(p, " ~");
	}
	table_cell(t, "[**%s**](#%s)%s%s%s%s%s%s", med, raw_id(id, r),
		   *iv || *ratio || *n ? "\n" : "", iv,
		   *iv && *ratio ? " " : "", ratio, p, n);
}

static bool same_group(const struct row *a, const struct row *b)
{
	return !strcmp(a->platform, b->platform) && !strcmp(a->series, b->series) &&
	       !strcmp(a->workload, b->workload);
}

static int cmp_column(const void *pa, const void *pb)
{
	const struct row *a = *(const struct row * const *)pa;
	const struct row *b = *(const struct row * const *)pb;
	int d = variant_rank(a->variant) - variant_rank(b->variant);

	return d ? d : strcmp(a->variant, b->variant);
}

/* Bold: what the workload is about. The arrow points to where good is. */
static void put_metric(struct table *t, const struct row *r)
{
	const char *better = metric_better(r->workload, r->metric);
	const char *bold = metric_is_headline(r->workload, r->metric) ? "**" : "";

	table_cell(t, "%s`%s`%s%s", bold, r->metric, bold,
		   !strcmp(better, "less") ? " ↓" :
		   !strcmp(better, "more") ? " ↑" : "");
}

static void put_group(struct doc *d, struct run *run, const struct summary *sum,
		      size_t first)
{
	const struct row *g = &sum->rows[first], **col = NULL;
	size_t i, j, ncol = 0;
	int *n = NULL;
	struct table t;

	for (i = first; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];

		if (!same_group(g, r))
			continue;
		for (j = 0; j < ncol; j++)
			if (!strcmp(col[j]->variant, r->variant))
				break;
		if (j == ncol) {
			col = xrealloc(col, ncol + 1, sizeof(*col));
			col[ncol++] = r;
		}
	}
	qsort(col, ncol, sizeof(*col), cmp_column);
	n = xrealloc(NULL, ncol, sizeof(*n));
	for (j = 0; j < ncol; j++) {
		n[j] = 0;
		for (i = first; i < sum->n; i++)
			if (same_group(g, &sum->rows[i]) && sum->rows[i].st.n > n[j] &&
			    !strcmp(sum->rows[i].variant, col[j]->variant))
				n[j] = sum->rows[i].st.n;
	}

	doc_h(d, 3, "%s on %s, kernel %s", g->workload, g->platform, g->series);
	table_init(&t, ncol + 2, "llr");
	table_cell(&t, "metric");
	table_cell(&t, "unit");
	for (j = 0; j < ncol; j++)
		table_cell(&t, "%s (n=%d)", col[j]->variant, n[j]);
	for (i = first; i < sum->n; i++) {
		const struct row *r = &sum->rows[i];

		if (!same_group(g, r))
			continue;
		for (j = first; j < i; j++)
			if (same_group(g, &sum->rows[j]) &&
			    !strcmp(sum->rows[j].metric, r->metric))
				break;
		if (j < i)
			continue;
		put_metric(&t, r);
		table_cell(&t, "%s", r->unit);
		for (j = 0; j < ncol; j++)
			result_cell(&t, summary_find(sum, r->platform, r->series,
						     col[j]->variant, r->workload,
						     r->metric), n[j]);
	}
	doc_table(d, &t);
	table_free(&t);
	put_raw(d, run, sum, g);
	free(col);
	free(n);
}

static void put_results(struct doc *d, struct run *run, const struct summary *sum)
{
	size_t i, j;

	doc_h(d, 2, "Results");
	doc_p(d, "Median over boots; below it the interval of the median: from 6 boots on its 95 %% confidence interval (order statistics), with fewer simply **minimum and maximum**, which hold the true median with 75 %% at 3 boots, 88 %% at 4 and 94 %% at 5. `×` is the ratio of medians to `flag`. p is Mann–Whitney U against `flag`, two-sided and exact, Holm-corrected over all tests of the table; `~` means p > 0.05 or too few boots: with 3 against 3 boots p cannot fall below 0.10, so `~` says nothing either way there. `raw` is a p that only the correction lifted above 0.05. `-` is no data, or nothing to divide by.");
	if (workloads_known())
		doc_p(d, "↓ less is better, ↑ more is better; **bold**: what the workload is about.");
	for (i = 0; i < sum->n; i++) {
		for (j = 0; j < i; j++)
			if (same_group(&sum->rows[i], &sum->rows[j]))
				break;
		/* Instructions have their own tables above. */
		if (j == i && !(!strcmp(sum->rows[i].platform, "icount") &&
				!strncmp(sum->rows[i].workload, "alloc-", 6)))
			put_group(d, run, sum, i);
	}
}

/* ---- boots, definitions, how to ---- */

static void put_boots(struct doc *d, const struct run *run)
{
	char *files;
	struct table t;
	size_t i;

	doc_h(d, 2, "Boots");
	doc_p(d, "In the order in which they ran. Only boots with status ok count; what is disturbed to draw a map of its memory ('map only') is in no figure but that one. The gap is the longest time between two samples of host memory; `t50_s` and `t95_s` are no more exact than that.");
	table_init(&t, 9, "rlllrrlll");
	for (const char * const *h = (const char * const []){ "seq", "platform", "variant",
	     "kernel", "samples", "gap", "status", "error", "files", NULL }; *h; h++)
		table_cell(&t, "%s", *h);
	for (i = 0; i < run->nboots; i++) {
		const struct boot *b = &run->boots[i];

		table_cell(&t, "%d", b->seq);
		table_cell(&t, "%s", b->platform);
		table_cell(&t, "%s", b->variant);
		table_cell(&t, "%s %s", b->kernel, b->tree);
		table_cell(&t, "%zu", b->nsamples);
		if (b->nsamples > 1)
			table_cell(&t, "%.0f ms", b->max_gap * 1000);
		else
			table_cell(&t, "-");
		table_cell(&t, b->status == BOOT_OK ? "%s" : "**%s**",
			   b->status == BOOT_OK && map_was_drawn(b) ? "ok, map only" :
			   boot_status_name(b->status));
		table_cell(&t, "%s", b->error);
		files = boot_files(d, b, NULL);
		table_cell(&t, "%s", files);
		free(files);
	}
	doc_table(d, &t);
	table_free(&t);

	for (i = 0; i < run->nnotes; i++)
		doc_li(d, "`%s`%s%s: %s", run->notes[i].boot,
		       run->notes[i].workload ? ", workload " : "",
		       run->notes[i].workload ? run->notes[i].workload : "",
		       run->notes[i].text);
	for (i = 0; i < run->nboots; i++) {
		const struct boot *b = &run->boots[i];
		size_t j;

		for (j = 0; j < i; j++) {
			const struct boot *a = &run->boots[j];
			const char *x = json_str(a->meta, "config_sha256", "");
			const char *y = json_str(b->meta, "config_sha256", "");

			if (!map_was_drawn(a) && !map_was_drawn(b) &&
			    !strcmp(a->platform, b->platform) &&
			    !strcmp(a->variant, b->variant) && *x && *y && strcmp(x, y)) {
				doc_li(d, "**`%s` ran another kernel configuration than `%s`**: they should not have been one group.",
				       b->name, a->name);
				break;
			}
		}
	}
}

static void put_definitions(struct doc *d)
{
	static const char * const defs[] = {
		"`t50_s`, `t95_s`: from the guest's last mark `freed` of the workload until host-resident guest memory is lower than at the mark by 50 % or 95 % of the bytes freed. Between samples memory is taken to change linearly. A fall not seen before the workload has settled counts as infinite: it is shown as 'not within N s', takes part in medians and tests, and is `inf` in summary.tsv.",
		"`footprint_gib_s`: host-resident guest memory integrated from the workload's begin to its end (trapezoid between samples).",
		"`resident_mib`: host-resident guest memory at the end of settling.",
		"`stranded_mib`: host-resident at the end of settling, less what the guest uses (its MemTotal less MemFree and less the free pages in per-cpu lists, where the results have those). Memory outside MemTotal, such as the kernel image, is in it for every variant alike.",
		"`refault_mib`: memory that the host had been given back and had to supply again, seen from the host: what resident memory falls by is owed, and what it then grows by is a refault until that is used up. What goes and comes between two samples is not seen, and growth elsewhere in the guest counts as well.",
		"`guest_refault_mib`, `redundant_mib`, `kept_mib`, `failed_mib`: the guest's own counters of the patched kernel: reported and then allocated again; reported again although the host had it; still known as reported after a merge; refused by the device.",
		"`reported_mib`: bytes reported by the guest; on `um` counted by the device for every kernel, elsewhere by the patched kernel, so `flag` has none there.",
		"`worker_cpu_ms`: CPU time of the guest's kernel workers over the workload; reporting is one of several.",
		"`storm`: all of its figures count from the start of the VM to the end of the workload. `t_boot_s`: from the start of the VM until the guest's agent is ready.",
		"`lock_hold_max_us`: longest hold of `zone->lock` by the worker since boot.",
		"`cycles`, `ops_s`, `run_s` and the rest: the workload's own result. Where a workload gave one metric several times in a boot, their median is the boot's value.",
		"`alloc_oK_*`, `free_oK_*`: cost of one operation at order K, measured in the kernel: instructions on `icount`, elsewhere percentiles of nanoseconds. `alloc-bulk-hit` are the operations that a per-cpu list served, `alloc-bulk-miss` those for which it was refilled or emptied; `alloc-*-Ncpus` is measured on N CPUs at once.",
		"`probe_oK_*`, `probe_free_oK_*`: one allocation and one free of order K every few milliseconds while the workload ran, interrupts off.",
	};
	size_t i;

	doc_h(d, 2, "How each metric is defined");
	for (i = 0; i < sizeof(defs) / sizeof(*defs); i++)
		doc_li(d, "%s", defs[i]);
}

/* Older results do not say what their workloads are. */
static void put_workloads(struct doc *d, const struct run *run)
{
	const char *name;
	json_t *o;

	if (!workloads_known())
		return;
	doc_h(d, 2, "What each workload does");
	json_object_foreach(json_object_get(run->meta, "about_workloads"), name, o)
		doc_li(d, "`%s`: %s.%s", name, json_str(o, "description", "?"),
		       workload_from_start(name) ?
		       " Its figures count from the start of the VM." : "");
}

static char *list(const json_t *array, const char *sep)
{
	size_t i, size = 1;
	char *s = xrealloc(NULL, 1, 1);
	json_t *v;

	s[0] = 0;
	json_array_foreach(array, i, v) {
		const char *word = json_string_value(v) ? json_string_value(v) : "?";

		size += strlen(word) + strlen(sep);
		s = xrealloc(s, size, 1);
		strcat(strcat(s, i ? sep : ""), word);
	}
	return s;
}

static void put_howto(struct doc *d, const struct run *run)
{
	char *p = list(json_object_get(run->meta, "platforms"), " ");
	/* Who left them to the profile has others for each workload. */
	bool by_profile = json_is_true(json_object_get(run->meta, "variants_by_profile"));
	char *v = list(by_profile ? NULL : json_object_get(run->meta, "variants"), " ");
	char *w = list(json_object_get(run->meta, "workloads"), " ");
	char *text = NULL;

	doc_h(d, 2, "Do it again");
	if (json_object_get(run->meta, "merged"))
		doc_p(d, "Each of the merged runs by itself: run.json has their commits and arguments. This report again, from the raw data: `make report RESULTS=...`.");
	else if (asprintf(&text,
		     "git checkout %s\nmake bench PROFILE=%s PLATFORMS='%s' VARIANTS='%s' WORKLOADS='%s'\n"
		     "make report                # this report again, from the raw data\n"
		     "cd results/latest/plots && gnuplot drain-um.gp   # one plot again",
		     json_str(run->meta, "commit", "?"),
		     json_str(run->meta, "profile", "quick"), p, v, w) > 0) {
		doc_pre(d, text);
	}
	free(text);
	doc_p(d, "Raw data lie beside this file%s: `run.json`, and for each boot in `boots/` its `meta.json`, `console.log`, `samples.tsv`, `events.jsonl` and `counters.json`, and `map.jsonl` where memory was mapped. All figures of this report are rows of [summary.tsv](summary.tsv).",
	      d->archive ? ", in [" RAW_ARCHIVE "](" RAW_ARCHIVE ")" : "");
	free(p);
	free(v);
	free(w);
}

static int put_plots(struct doc *d, struct run *run, const struct plots *plots)
{
	bool any = false;
	size_t i;
	int ret = 0;

	for (i = 0; i < plots->n; i++) {
		if (!plots->p[i].drawn)
			continue;
		if (!any)
			doc_h(d, 2, "Plots");
		any = true;
		if (put_figure(d, run, &plots->p[i]))
			ret = -1;
	}
	return ret;
}

int report_write(struct run *run, const struct summary *sum,
		 const struct plots *plots, const char *path, bool html)
{
	struct doc d = {
		.html = html, .dir = run->dir,
		.archive = !access(run_str(run, "%s/" RAW_ARCHIVE, run->dir), F_OK),
	};
	char title[TEXT];
	int ret;

	d.f = out_open(path);
	if (!d.f)
		return -1;
	snprintf(title, sizeof(title),
		 "Free page reporting: page flag against page_ext (%s, %s)",
		 json_str(run->meta, "profile", "?"), json_str(run->meta, "date", "?"));
	doc_begin(&d, title);
	put_warnings(&d, run);
	put_completeness(&d, run, plots);
	put_gains(&d, sum);
	put_answers(&d, sum);
	put_checks(&d, run, sum);
	doc_h(&d, 2, "Where it was measured");
	put_machine(&d, run);
	ret = put_plots(&d, run, plots);
	put_all_instr(&d, run, sum);
	put_results(&d, run, sum);
	put_what_ran(&d, run);
	put_boots(&d, run);
	put_workloads(&d, run);
	put_definitions(&d);
	put_howto(&d, run);
	doc_end(&d);
	return out_close(d.f, path) || ret ? -1 : 0;
}
