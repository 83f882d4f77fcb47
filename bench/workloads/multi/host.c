// SPDX-License-Identifier: GPL-2.0
/*
 * Workload multi: guests take turns with memory, one at a time, on a host that
 * has not enough for all of them at once.  Some at first, for the peak; then one more, and one
 * more, until the limit is reached, or nobody gets on.
 */
#include "host.h"

#define MOST	60

struct turns {
	struct guest *guests[MOST];
	unsigned int nr;
	unsigned int next;	/* whose turn it is */
	double pause;		/* from one turn's end to the next one's start */
	double patience;	/* a turn that takes longer does not fit */
};

/* The new guest comes next. */
static int start_one(struct run *r, struct turns *t)
{
	struct guest *g = host_start(r);

	if (!g)
		return host_full(r) ? HOST_FULL : HOST_FAILED;
	t->next = t->nr;
	t->guests[t->nr++] = g;
	return host_ready(g);
}

static int turns(struct run *r, struct turns *t, unsigned int nr)
{
	while (nr--) {
		int ret = host_do(t->guests[t->next], NULL, t->patience);

		t->next = (t->next + 1) % t->nr;
		if (ret == HOST_EVENT)
			ret = host_sleep(r, t->pause);
		else if (ret == HOST_TIME)
			/* At its limit a host gets slow before it kills. */
			return HOST_FULL;
		if (ret != HOST_TIME)
			return ret;
	}
	return HOST_EVENT;
}

static int multi(struct run *r, const json_t *args)
{
	unsigned int first = (unsigned int)host_int(args, "first_guests");
	unsigned int most = (unsigned int)host_int(args, "most_guests");
	unsigned int each = (unsigned int)host_int(args, "turns");
	struct turns t = {
		.pause = (double)host_int(args, "pause_ms") * 1e-3,
		.patience = (double)host_int(args, "patience_ms") * 1e-3,
	};
	unsigned int fit = 0;
	int ret = HOST_EVENT;

	if (most > MOST)
		most = MOST;
	if (!first || first > most)
		return host_failed(r, "first_guests is not from 1 to most_guests");
	while (t.nr < first && ret == HOST_EVENT)
		ret = start_one(r, &t);
	if (ret == HOST_EVENT)
		ret = turns(r, &t, first * (unsigned int)host_int(args, "rounds"));
	if (ret == HOST_EVENT) {
		fit = t.nr;
		host_result(r, "peak_mib", "MiB", host_peak_mib(r));
		host_step(r, "%u guests fit", fit);
	}
	while (ret == HOST_EVENT && t.nr < most) {
		ret = start_one(r, &t);
		if (ret == HOST_EVENT)
			ret = turns(r, &t, each);
		if (ret == HOST_EVENT) {
			fit = t.nr;
			host_step(r, "%u guests fit", fit);
		}
	}
	if (ret == HOST_FAILED)
		return ret;
	if (ret == HOST_FULL)
		host_step(r, "%u guests do not fit", t.nr);
	/* Nothing has been learnt of any number if not even the first ones fit. */
	if (!fit)
		return host_failed(r, "limit_mib is too little for first_guests");
	host_result(r, "guests_fit", "count", fit);
	host_result(r, "oom_kills", "count", (double)host_oom_kills(r));
	return 0;
}

HOST_PROGRAM(multi);
