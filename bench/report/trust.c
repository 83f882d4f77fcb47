// SPDX-License-Identifier: GPL-2.0
/*
 * How far a run can be trusted: what its machines may have done to the figures,
 * whether one variant under two names looks like two, and whether there were
 * enough boots to say anything.
 */
#include "prreport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BOOTS_MAX	1000	/* nobody boots more than that for a table */

/* ---- the machines ---- */

static void put_fleet(struct doc *d, const json_t *merged)
{
	struct table t;
	json_t *src;
	size_t i;

	doc_p(d, "**Merged from %zu runs.** Boots of one group are one sample: the same kind of machine, commit, kernel configurations, QEMU and settings. What differs in any of these is a group of its own, whose name stands behind the kernel's (`6.12.1:m2`), and is never compared with another.",
	      json_array_size(merged));
	table_init(&t, 9, "lllrrllll");
	for (const char * const *h = (const char * const []){ "group", "host",
	     "processor", "cores", "MiB", "host kernel", "commit", "run", "boots", NULL };
	     *h; h++)
		table_cell(&t, "%s", *h);
	json_array_foreach(merged, i, src) {
		const json_t *run = json_object_get(src, "run");
		const json_t *m = json_object_get(run, "machine");

		table_cell(&t, "%s", json_str(src, "group", "?"));
		table_cell(&t, "%s", json_str(run, "host", "?"));
		table_cell(&t, "%s", json_str(m, "cpu", "?"));
		table_cell(&t, "%.0f", json_num(m, "cores", NAN));
		table_cell(&t, "%.0f", json_num(m, "mem_mib", NAN));
		table_cell(&t, "%s", json_str(m, "kernel", "?"));
		table_cell(&t, "%s", json_str(run, "commit", "?"));
		table_cell(&t, "%s, %s", json_str(run, "date", "?"),
			   json_str(run, "profile", "?"));
		table_cell(&t, "%zu", json_object_size(json_object_get(src, "boots")));
	}
	doc_table(d, &t);
	table_free(&t);
}

/* What differs between boots that are in one sample, as a run that was resumed may have it */
static const char *unlike_boots(struct run *run)
{
	const struct boot **boots = xrealloc(NULL, run->nboots + 1, sizeof(*boots));
	const char *name, *text = "";
	json_t *traits, *v;
	size_t i;

	for (i = 0; i < run->nboots; i++)
		boots[i] = &run->boots[i];
	traits = alike_traits(run->meta, boots, run->nboots);
	free(boots);
	json_object_foreach(traits, name, v)
		if (!strcmp(json_string_value(v), "several"))
			text = run_str(run, "%s%s%s", text, *text ? ", " : "", name);
	json_decref(traits);
	return text;
}

/**
 * put_warnings() - the head of the report: whose figures these are
 */
void put_warnings(struct doc *d, struct run *run)
{
	const json_t *merged = json_object_get(run->meta, "merged");
	const char *unlike = json_array_size(merged) ? "" : unlike_boots(run);
	const json_t *machine = json_object_get(run->meta, "machine");
	const json_t *warnings = json_object_get(run->meta, "warnings");
	const char *no_kvm = json_str(run->meta, "kvm_counters", "");
	json_t *w;
	size_t i;

	if (json_array_size(merged))
		put_fleet(d, merged);
	json_array_foreach(json_object_get(run->meta, "left_out"), i, w)
		doc_p(d, "**Not merged**: %s: %s.", json_str(w, "dir", "?"),
		      json_str(w, "why", "?"));
	if (*unlike)
		doc_p(d, "**Unlike boots are in one sample**: of several kinds are %s. What differs between variants may come from that; measure again without a change in between.",
		      unlike);
	if (json_array_size(warnings))
		doc_p(d, "**The machine's settings move the figures**, or may:");
	json_array_foreach(warnings, i, w)
		doc_li(d, "%s", json_is_string(w) ? json_string_value(w) : "?");
	if (json_is_true(json_object_get(machine, "host_free_page_reporting")))
		doc_p(d, "**The host is itself a guest with free page reporting%s%s**: memory that a guest gives back may have left the host when the next one asks for it. What a boot costs then depends on the boot before it; see 'The same variant, by its predecessor'.",
		      *json_str(machine, "hypervisor", "") ? ", under " : "",
		      json_str(machine, "hypervisor", ""));
	if (*no_kvm)
		doc_p(d, "KVM's own events were not counted: %s.", no_kvm);
}

/* ---- A/A ---- */

/* Kernel, configuration and command line, without where the agent lies. */
static char *made_of(const struct boot *b)
{
	const char *cmd = json_str(b->meta, "cmdline", "");
	const char *init = strstr(cmd, "init="), *rest = init;

	rest = init ? init + strcspn(init, " ") : "";
	return format("%s %s %.*s%s", b->kernel, json_str(b->meta, "config_sha256", ""),
		      init ? (int)(init - cmd) : (int)strlen(cmd), cmd, rest);
}

/* Was the workload of a row begun in this boot? alloc-bulk is a part of alloc. */
static bool did(const struct boot *boot, const char *workload)
{
	const json_t *ev;
	size_t i;

	json_array_foreach(boot->events, i, ev)
		if (!strcmp(json_str(ev, "event", ""), "begin") &&
		    part_of(workload, json_str(ev, "workload", "")))
			return true;
	return false;
}

/*
 * Did both names stand for the same thing? The boots with this workload say so;
 * others may want a guest of another size.
 */
static bool really_twins(const struct run *run, const struct row *a, const struct row *b)
{
	char *want = NULL;
	bool ok = true;
	size_t i;

	for (i = 0; i < run->nboots && ok; i++) {
		const struct boot *boot = &run->boots[i];
		char *is;

		if (boot->status != BOOT_OK || strcmp(boot->platform, a->platform) ||
		    strcmp(boot->kernel, a->kernel) ||
		    (strcmp(boot->variant, a->variant) &&
		     strcmp(boot->variant, b->variant)) || !did(boot, a->workload))
			continue;
		is = made_of(boot);
		if (want && is)
			ok = !strcmp(want, is);
		if (want)
			free(is);
		else
			want = is;
	}
	free(want);
	return ok;
}

struct aa {
	const struct row *a, *b;
	double raw, p;
};

/* All pairs of twins in the metrics that count; Holm's family is all of them. */
static size_t aa_collect(const struct summary *sum, struct aa **out)
{
	double *raw, *adj;
	size_t i, n = 0;

	*out = NULL;
	for (i = 0; i < sum->n; i++) {
		const struct row *b = &sum->rows[i], *a;
		const char *base = variant_twin_of(b->variant);

		if (!base ||
		    !metric_is_headline(b->workload, b->metric))
			continue;
		a = summary_find(sum, b->platform, b->series, base, b->workload,
				 b->metric);
		if (!a)
			continue;
		*out = xrealloc(*out, n + 1, sizeof(**out));
		(*out)[n].a = a;
		(*out)[n].b = b;
		(*out)[n++].raw = stats_mwu_min_p(a->st.n, b->st.n) > ALPHA ? NAN :
			stats_mwu(a->vals, a->st.n, b->vals, b->st.n);
	}
	raw = xrealloc(NULL, n, sizeof(*raw));
	adj = xrealloc(NULL, n, sizeof(*adj));
	for (i = 0; i < n; i++)
		raw[i] = (*out)[i].raw;
	stats_holm(raw, adj, (int)n);
	for (i = 0; i < n; i++)
		(*out)[i].p = adj[i];
	free(raw);
	free(adj);
	return n;
}

/**
 * aa_differences() - does one variant under two names look like two?
 *
 * What differs is said on stderr.
 *
 * Return: the number of metrics in which it does, or which were measured with
 * what is not the same at all.
 */
int aa_differences(const struct run *run, const struct summary *sum)
{
	struct aa *aa;
	size_t i, n = aa_collect(sum, &aa);
	int bad = 0;

	for (i = 0; i < n; i++) {
		bool twins = really_twins(run, aa[i].a, aa[i].b);

		if (twins && !(aa[i].p <= ALPHA))
			continue;
		bad++;
		fprintf(stderr,
			"prreport: %s: A/A: %s and %s on %s %s in %s of %s (p = %.2g): see 'The same variant twice' in details.md\n",
			run->dir, aa[i].a->variant, aa[i].b->variant,
			aa[i].a->platform, twins ? "differ" : "are not the same variant",
			aa[i].a->metric, aa[i].a->workload, aa[i].p);
	}
	free(aa);
	return bad;
}

/**
 * put_aa_result() - in a sentence, whether one variant under two names looks like two
 *
 * Nothing if none was booted so.
 */
void put_aa_result(struct doc *d, const struct run *run, const struct summary *sum)
{
	struct aa *aa;
	size_t i, n = aa_collect(sum, &aa), said = 0, bad = 0;

	for (i = 0; i < n; i++) {
		said += !isnan(aa[i].p);
		bad += !really_twins(run, aa[i].a, aa[i].b) || aa[i].p <= ALPHA;
	}
	if (bad)
		doc_p(d, "**The same variant under two names differs in %zu of %zu headline metrics.** Then other differences of this size in this run may be nothing but the machine. By chance alone this happens in one run of twenty.",
		      bad, n);
	else if (said)
		doc_p(d, "The same kernel with the same command line, booted under two names: no significant difference in any of %zu headline metrics. p is Mann–Whitney U, two-sided, Holm-corrected over all of them.",
		      said);
	else if (n)
		doc_p(d, "Too few boots to say whether the same variant under two names differs.");
	free(aa);
}

static void put_aa(struct doc *d, const struct run *run, const struct summary *sum)
{
	struct aa *aa;
	size_t i, n = aa_collect(sum, &aa);
	struct table t;

	if (!n)
		return;
	doc_h(d, 3, "The same variant twice (A/A)");
	table_init(&t, 9, "lllllrrrl");
	for (const char * const *h = (const char * const []){ "platform", "workload",
	     "metric", "variant", "under another name", "ratio", "raw p", "p", "", NULL };
	     *h; h++)
		table_cell(&t, "%s", *h);
	for (i = 0; i < n; i++) {
		const struct row *a = aa[i].a, *b = aa[i].b;
		bool twins = really_twins(run, a, b);
		char text[TEXT];

		table_cell(&t, "%s", a->platform);
		table_cell(&t, "%s", a->workload);
		table_cell(&t, "`%s` %s", a->metric, a->unit);
		table_cell(&t, "%s: %s", a->variant, spread_text(text, a));
		table_cell(&t, "%s: %s", b->variant, spread_text(text, b));
		if (a->st.median > 0 && isfinite(a->st.median))
			table_cell(&t, "× %.3g", b->st.median / a->st.median);
		else
			table_cell(&t, "-");
		if (isnan(aa[i].p)) {
			table_cell(&t, "-");
			table_cell(&t, "n<");
		} else {
			table_cell(&t, "%.2g", aa[i].raw);
			table_cell(&t, "%.2g", aa[i].p);
		}
		table_cell(&t, "%s", !twins ? "**not the same kernel, configuration or command line**" :
			   isnan(aa[i].p) ? "too few boots" :
			   aa[i].p <= ALPHA ? "**differ**" : "no difference");
	}
	put_aa_result(d, run, sum);
	doc_table(d, &t);
	table_free(&t);
	free(aa);
}

/* ---- enough boots? ---- */

/* The family of a comparison: how many tests, and what p they could reach. */
struct power {
	int boots_a, boots_b;	/* of the best equipped test */
	int tests, possible;	/* made, and with enough boots */
	double least;		/* p that the clearest difference could get */
};

static void power_of(const struct summary *sum, const struct comparison *of,
		     struct power *p)
{
	double least = 1;
	size_t i;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < sum->ncmp; i++) {
		const struct comparison *c = &sum->cmp[i];
		double q = stats_mwu_min_p(c->a->st.n, c->b->st.n);

		if (!comparison_same_family(c, of))
			continue;
		p->possible++;
		p->tests += !isnan(c->p_raw);
		if (!p->boots_a || q < least) {
			least = q;
			p->boots_a = c->a->st.n;
			p->boots_b = c->b->st.n;
		}
	}
	p->least = fmin(1, least * (p->tests ? p->tests : 1));
}

/* So many boots of each before anything can be significant there. */
static int boots_wanted(int tests)
{
	int n = 2;

	while (n < BOOTS_MAX && stats_mwu_min_p(n, n) * tests > ALPHA)
		n++;
	return n;
}

static void put_power(struct doc *d, const struct summary *sum)
{
	struct table t;
	size_t i, j;

	table_init(&t, 7, "lllrrrr");
	for (const char * const *h = (const char * const []){ "platform", "family",
	     "workload", "boots", "tests", "least p", "boots wanted", NULL }; *h; h++)
		table_cell(&t, "%s", *h);
	for (i = 0; i < sum->ncmp; i++) {
		const struct comparison *c = &sum->cmp[i];
		struct power p;

		for (j = 0; j < i && !comparison_same_family(&sum->cmp[j], c); j++)
			;
		/* What counts instructions needs no statistics. */
		if (j < i || platform_find(c->a->platform)->instructions)
			continue;
		power_of(sum, c, &p);
		if (p.tests && p.least <= ALPHA)
			continue;
		table_cell(&t, "%s", c->a->platform);
		table_cell(&t, "%s", comparison_family(c));
		table_cell(&t, "%s", c->headline || c->beside ? "(all)" :
			   c->a->workload);
		table_cell(&t, "%d : %d", p.boots_a, p.boots_b);
		table_cell(&t, "%d", p.tests);
		table_cell(&t, "%.2g", p.least);
		table_cell(&t, "%d", boots_wanted(p.possible));
	}
	if (t.n > t.ncols) {
		doc_h(d, 3, "Too few boots");
		doc_p(d, "In these families nothing can be significant, however clear it is: with so few boots, and so many tests to correct for, p cannot fall below the least p. Their signs are `n<`; what they show are medians and intervals.");
		doc_table(d, &t);
	}
	table_free(&t);
}

/**
 * put_trust() - whether the figures say what they seem to say
 */
void put_trust(struct doc *d, const struct run *run, const struct summary *sum)
{
	doc_h(d, 2, "How far to trust this");
	put_aa(d, run, sum);
	put_predecessors(d, run, sum);
	put_power(d, sum);
	doc_p(d, "Merged runs of unlike machines, kernel configurations or versions of QEMU are never in one sample and never compared with each other, nor are platforms.");
}
