// SPDX-License-Identifier: GPL-2.0
/* How a boot goes: its first failure, its samples, its meta.json. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "run.h"

#define NO_ROOM		"%s: %s; make room there"

/* The first thing that goes wrong is what the boot is judged by. */
int run_failed(struct run *r, const char *status, int exit_code,
	       const char *fmt, ...)
{
	va_list ap;

	if (r->exit_code)
		return -1;
	va_start(ap, fmt);
	vsnprintf(r->error, sizeof(r->error), fmt, ap);
	va_end(ap);
	r->status = status;
	r->exit_code = exit_code;
	return -1;
}

int run_cannot_write(struct run *r)
{
	return run_failed(r, "error", EXIT_FATAL,
			  "cannot write to " NO_ROOM, r->dir, strerror(errno));
}

void run_stop_sampler(struct run *r)
{
	char err[256];

	if (r->sampler && sampler_stop(r->sampler, r->meta, err, sizeof(err)))
		run_failed(r, "error", EXIT_FATAL, NO_ROOM, r->dir, err);
	r->sampler = NULL;
}

/* Write down from now on what is resident. */
int run_sample(struct run *r, struct ram *ram)
{
	char path[PATH_MAX], err[512];

	make_path(path, sizeof(path), "%s/samples.tsv", r->dir);
	r->sampler = sampler_start(ram, path, r->t0, err, sizeof(err));
	return r->sampler ? 0 : run_failed(r, "error", EXIT_LOST, "%s", err);
}

int run_save_meta(struct run *r)
{
	char path[PATH_MAX + 16], err[PATH_MAX + 64];

	json_object_set_new(r->meta, "status", json_string(r->status));
	json_object_set_new(r->meta, "error", json_text(r->error));
	make_path(path, sizeof(path), "%s/meta.json", r->dir);
	if (write_json(path, r->meta, err, sizeof(err)))
		return run_failed(r, "error", EXIT_FATAL, "%s; make room there",
				  err);
	return 0;
}
