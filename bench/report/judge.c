// SPDX-License-Identifier: GPL-2.0
/*
 * Results are judged before they count, here and nowhere else: copies of a boot,
 * boots of another run, times without samples, and line ends of other systems.
 */
#include "prreport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GAP_INTERVALS	5	/* more than so many sampling intervals are a gap */
#define FILLED_MIB	32	/* by khugepaged, less is not worth a note */
#define CLOCK_STEP_S	60	/* the host's clock may be set back while it runs */

/**
 * read_line() - getline() for text that may have gone through another system
 *
 * A carriage return before the end of the line is dropped.
 *
 * Return: the length of the line, or -1.
 */
ssize_t read_line(char **line, size_t *size, FILE *f)
{
	ssize_t len = getline(line, size, f);

	if (len > 1 && !strcmp(*line + len - 2, "\r\n")) {
		strcpy(*line + len - 2, "\n");
		len--;
	}
	return len;
}

static int cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/*
 * How often the boot was sampled: as often as its meta.json says, or as its
 * samples say where the host was too slow for that.
 */
static double sampling_interval(const struct boot *boot)
{
	double said = json_num(json_object_get(boot->meta, "sampler"), "interval_s", 0);
	double *gaps, median;
	size_t i, n = boot->nsamples ? boot->nsamples - 1 : 0;

	if (!n)
		return said;
	gaps = xrealloc(NULL, n, sizeof(*gaps));
	for (i = 0; i < n; i++)
		gaps[i] = boot->samples[i + 1].t - boot->samples[i].t;
	qsort(gaps, n, sizeof(*gaps), cmp_double);
	median = gaps[n / 2];
	free(gaps);
	return fmax(said, median);
}

/**
 * missing_samples() - is host memory known throughout a time?
 *
 * The host may have slept or stalled, or the runner was stopped (^Z). What was
 * measured over such a time is not known, nor are the times that it contains.
 *
 * Return: the longest time without samples that overlaps it, or 0.
 */
double missing_samples(const struct boot *boot, double from, double until)
{
	double longest = 0;
	size_t i;

	for (i = 0; boot->gap > 0 && i + 1 < boot->nsamples; i++) {
		const struct sample *s = &boot->samples[i];
		double gap = s[1].t - s[0].t;

		if (gap > boot->gap && s[0].t < until && s[1].t > from)
			longest = fmax(longest, gap);
	}
	return longest;
}

#define BOOT_NAME	"%03d-%s-%s"

/* Of two boots with one number, which one is it? The other one is a copy. */
static bool is_better(const struct boot *a, const struct boot *b)
{
	char *x = format(BOOT_NAME, a->seq, a->platform, a->variant);
	char *y = format(BOOT_NAME, b->seq, b->platform, b->variant);
	bool own_a = !strcmp(x, a->name), own_b = !strcmp(y, b->name);

	free(x);
	free(y);
	if ((a->status == BOOT_OK) != (b->status == BOOT_OK))
		return a->status == BOOT_OK;
	if (own_a != own_b)
		return own_a;
	return strcmp(a->name, b->name) < 0;
}

/* The seconds of "2026-11-22T05:27:34Z"; NAN for anything else. */
static double seconds_of(const char *text)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	return end && !*end ? (double)timegm(&tm) : NAN;
}

/* NULL if the boot may be of this run, or why it cannot be. */
static const char *stray(struct run *run, const struct boot *b)
{
	const char *began = json_str(run->meta, "date", "");
	const char *started = json_str(b->meta, "started", "");
	const char *own = json_str(b->meta, "run", NULL);

	if (own && *began && strcmp(own, began))
		return run_str(run, "it is of the run of %s, and this is the run of %s",
			       own, began);
	if (seconds_of(started) + CLOCK_STEP_S < seconds_of(began))
		return run_str(run, "it is of another run: it started %s, this run %s",
			       started, began);
	return NULL;
}

/* NULL if it counts, or why there is another one in its place. */
static const char *copied(struct run *run, const struct boot *b)
{
	size_t i;

	for (i = 0; i < run->nboots; i++) {
		const struct boot *other = &run->boots[i];

		if (other != b && other->seq == b->seq && is_better(other, b))
			return run_str(run, "%s %s: a boot counts once",
				       json_equal(other->meta, b->meta) ?
				       "it is a copy of" : "it has the number of",
				       other->name);
	}
	return NULL;
}

static void leave_out(struct run *run, size_t i, const char *why)
{
	struct boot *b = &run->boots[i];

	fprintf(stderr, "prreport: %s/boots/%s is left out: %s; move it away\n",
		run->dir, b->name, why);
	run_note(run, b->name, NULL, "left out: %s", why);
	json_decref(b->meta);
	json_decref(b->events);
	free(b->samples);
	memmove(b, b + 1, (--run->nboots - i) * sizeof(*b));
}

/*
 * khugepaged makes a huge page of pieces, and fills what was given back between
 * them: that is no doing of the guest's.
 */
static void note_filled(struct run *run, const struct boot *b)
{
	double mib = json_num(b->meta, "khugepaged_mib", 0);

	if (mib >= FILLED_MIB)
		run_note(run, b->name, NULL,
			 "the host's khugepaged made %.0f MiB of huge pages meanwhile: what the guest has given back of them is resident again, and counts as host_refill_mib; set khugepaged/max_ptes_none to 0",
			 mib);
}

/**
 * judge_boots() - leave out what is in boots/ and no boot of this run
 *
 * Of what stays it is worked out which times without samples are gaps. A merged
 * run says itself which boots it is of, see place_boots().
 */
void judge_boots(struct run *run)
{
	bool merged = json_array_size(json_object_get(run->meta, "merged"));
	const char *why;
	size_t i;

	for (i = 0; !merged && i < run->nboots; ) {
		why = stray(run, &run->boots[i]);
		if (why)
			leave_out(run, i, why);
		else
			i++;
	}
	for (i = 0; !merged && i < run->nboots; ) {
		why = copied(run, &run->boots[i]);
		if (why)
			leave_out(run, i, why);
		else
			i++;
	}
	for (i = 0; i < run->nboots; i++) {
		run->boots[i].gap = GAP_INTERVALS * sampling_interval(&run->boots[i]);
		note_filled(run, &run->boots[i]);
	}
}
