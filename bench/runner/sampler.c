// SPDX-License-Identifier: GPL-2.0
/* Samples how much of a guest's RAM the host holds, and what came back. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "prbench.h"

#define SAMPLE_S	0.05
#define HUGE_S		0.5	/* between two looks at huge pages */
#define SLOW_SAMPLE_S	0.1	/* never less than 10 samples a second */

struct sampler {
	struct ram *ram;
	struct residency res;
	FILE *out;
	double t0;
	double interval;
	double cost_s;		/* of all residency scans */
	double cost_max_s;
	uint64_t scans;
	uint64_t samples;
	uint64_t late;		/* samples that came more than half late */
	double last_scan;
	bool huge;		/* there is a column for it */
	uint64_t huge_kib;
	double huge_at;		/* when it was asked for */
	uint64_t last_blocks;
	double gap_max_s;	/* between two samples: a stopped or asleep host */
	double last_t;		/* of the last sample */
	pthread_mutex_t lock;	/* of what sampler_now() reads: */
	struct sampled now;
	atomic_ullong peak_kib;
	pthread_t thread;
	atomic_bool stop;
	atomic_int error;	/* errno of a failed write */
};

int residency_init(struct residency *r, uint64_t bytes)
{
	memset(r, 0, sizeof(*r));
	r->nr = (bytes + PIECE_BYTES - 1) / PIECE_BYTES;
	r->now = calloc(r->nr, sizeof(*r->now));
	r->last = calloc(r->nr, sizeof(*r->last));
	r->given = calloc(r->nr, sizeof(*r->given));
	return r->now && r->last && r->given ? 0 : -1;
}

void residency_free(struct residency *r)
{
	free(r->now);
	free(r->last);
	free(r->given);
	memset(r, 0, sizeof(*r));
}

/*
 * Account what changed since the last call; @r->now is the new state.
 *
 * What shrinks has been given back, what grows is refault as far as there is
 * something that was given back before.  Where it grows does not matter: the
 * guest's allocator may hand out another place than the one it gave back, and
 * the host has to supply memory anew all the same.  @r->same counts only what
 * came back in its own place.
 */
void residency_update(struct residency *r)
{
	uint64_t grown = 0, shrunk = 0, back;
	size_t i;

	r->resident = 0;
	for (i = 0; i < r->nr; i++) {
		uint32_t now = r->now[i], last = r->last[i];

		if (now < last) {
			shrunk += last - now;
			r->given[i] += last - now;
		} else if (now > last) {
			uint32_t own = now - last;

			grown += own;
			if (own > r->given[i])
				own = r->given[i];
			r->given[i] -= own;
			r->same += own;
		}
		r->last[i] = now;
		r->resident += now;
	}
	/* Both in one interval: nobody can say that this was a refault. */
	back = grown < r->pool ? grown : r->pool;
	r->refault += back;
	r->pool += shrunk - back;
}

static int timed_scan(struct sampler *s)
{
	double t = now_s();
	int err = ram_scan(s->ram, &s->res);

	if (err)
		return err;
	residency_update(&s->res);
	t = now_s() - t;
	s->scans++;
	s->cost_s += t;
	if (t > s->cost_max_s)
		s->cost_max_s = t;
	return 0;
}

/* Trapezoids from sample to sample, and the longest time without one. */
static void account(struct sampler *s, double t, uint64_t kib)
{
	double gap = s->samples ? t - s->last_t : 0;

	pthread_mutex_lock(&s->lock);
	s->now.gib_s += gap * (double)(s->now.resident_kib + kib) / 2 / 1048576;
	s->now.resident_kib = kib;
	s->now.refault_kib = s->ram->kind == RAM_GROUP ? 0 :
			     s->res.refault * (PAGE / 1024);
	s->last_t = t;
	s->samples++;
	pthread_mutex_unlock(&s->lock);
	if (gap > s->gap_max_s)
		s->gap_max_s = gap;
}

/*
 * One sample.  A memory file knows its size on the host without a scan, so
 * the scan, which is there for the refaults, is done half as often.
 */
static int sample(struct sampler *s)
{
	double t = now_s();
	uint64_t kib;
	int err = 0;

	if (s->ram->kind == RAM_FILE) {
		struct stat st;

		if (fstat(s->ram->fd, &st))
			return -errno;
		kib = (uint64_t)st.st_blocks / 2;
		if ((uint64_t)st.st_blocks != s->last_blocks &&
		    t - s->last_scan > 1.5 * SAMPLE_S) {
			err = timed_scan(s);
			if (err)
				return err;
			s->last_scan = t;
			s->last_blocks = (uint64_t)st.st_blocks;
		}
	} else {
		err = timed_scan(s);
		if (err)
			return err;
		kib = s->res.resident * (PAGE / 1024);
	}
	account(s, t, kib);
	if (kib > atomic_load(&s->peak_kib))
		atomic_store(&s->peak_kib, kib);
	if (s->huge && t - s->huge_at > HUGE_S) {
		s->huge_kib = ram_huge_kib(s->ram);
		s->huge_at = t;
	}
	fprintf(s->out, "%.4f\t%" PRIu64 "\t%" PRIu64, t - s->t0, kib,
		s->now.refault_kib);
	if (s->huge)
		fprintf(s->out, "\t%" PRIu64, s->huge_kib);
	/* Flushed, so that a full disk shows now and not in a minute. */
	if (fputc('\n', s->out) == EOF || (!(s->samples % 20) && fflush(s->out)))
		s->error = errno;
	return 0;
}

static void *sampler_main(void *arg)
{
	struct sampler *s = arg;
	double due = now_s();

	while (!atomic_load(&s->stop) && !s->error) {
		double now;

		if (sample(s))
			break;	/* the process is gone: the boot will notice */
		due += s->interval;
		now = now_s();
		if (now > due + s->interval / 2) {
			s->late++;
			due = now;
		}
		sleep_s(due - now);
	}
	if (fflush(s->out) && !s->error)
		s->error = errno;
	return NULL;
}

/* Start to sample into a file; NULL with a message on failure. */
struct sampler *sampler_start(struct ram *ram, const char *path, double t0,
			      char *err, size_t len)
{
	struct sampler *s = calloc(1, sizeof(*s));
	int ret;

	if (!s || residency_init(&s->res, ram->bytes)) {
		set_err(err, len, "out of memory for the sampler");
		goto fail;
	}
	pthread_mutex_init(&s->lock, NULL);
	s->ram = ram;
	s->t0 = t0;
	s->out = fopen(path, "we");
	if (!s->out) {
		set_err(err, len, "cannot create %s: %s", path, strerror(errno));
		goto fail;
	}
	s->huge = ram_may_be_huge(ram);
	fprintf(s->out, "t_s\tresident_kib\trefault_kib%s\n",
		s->huge ? "\thuge_kib" : "");
	ret = timed_scan(s);
	if (ret) {
		set_err(err, len, "cannot read the guest's residency (%s): %s",
			ram->method, strerror(-ret));
		goto fail;
	}
	s->interval = SAMPLE_S;
	if (ram->kind == RAM_PROCESS && strcmp(ram->method, "pagemap_scan"))
		s->interval = SLOW_SAMPLE_S;
	ret = pthread_create(&s->thread, NULL, sampler_main, s);
	if (ret) {
		set_err(err, len, "cannot start the sampler: %s", strerror(ret));
		goto fail;
	}
	return s;
fail:
	if (s) {
		if (s->out)
			fclose(s->out);
		residency_free(&s->res);
		free(s);
	}
	return NULL;
}

/* Did it have to give up writing?  sampler_stop() says why. */
bool sampler_failed(struct sampler *s)
{
	return atomic_load(&s->error) != 0;
}

/* What the host holds of the guest now, and has held and supplied so far. */
struct sampled sampler_now(struct sampler *s)
{
	struct sampled now;

	pthread_mutex_lock(&s->lock);
	now = s->now;
	if (s->samples)
		now.gib_s += (now_s() - s->last_t) *
			     (double)now.resident_kib / 1048576;
	pthread_mutex_unlock(&s->lock);
	return now;
}

/* The most that was resident at any sample so far. */
uint64_t sampler_peak_kib(struct sampler *s)
{
	return atomic_load(&s->peak_kib);
}

/* Stop, say in @meta how it went, and free; -1 if samples could not be written. */
int sampler_stop(struct sampler *s, json_t *meta, char *err, size_t len)
{
	int error, ret = 0;

	atomic_store(&s->stop, true);
	pthread_join(s->thread, NULL);
	error = s->error;
	if (fclose(s->out) && !error)
		error = errno;
	json_object_set_new(meta, "sampler",
			    json_pack("{s:s, s:f, s:f, s:f, s:f, s:I, s:I, s:I}",
				      "method", s->ram->method,
				      "interval_s", s->interval,
				      "scan_ms", s->cost_s * 1e3 /
						 (double)s->scans,
				      "scan_max_ms", s->cost_max_s * 1e3,
				      "gap_max_s", s->gap_max_s,
				      "samples", (json_int_t)s->samples,
				      "late", (json_int_t)s->late,
				      "refault_same_place_kib",
				      (json_int_t)(s->res.same * PAGE / 1024)));
	if (error)
		ret = set_err(err, len, "cannot write samples.tsv: %s",
			      strerror(error));
	residency_free(&s->res);
	free(s);
	return ret;
}
