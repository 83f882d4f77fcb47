/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pragent - init of the benchmark guest
 *
 * One JSON object a line goes each way over the channel.  Commands come in,
 * events go out; the host adds the time.
 */
#ifndef PRAGENT_H
#define PRAGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* Where the host's root stays visible, free of what the guest mounts on top. */
#define HOST_ROOT	"/mnt"

#define MIB		(1024ULL * 1024ULL)

/* channel.c */
int channel_open(void);
char *channel_read_line(void);
void emit(json_t *event);
void emit_result(const char *workload, const char *metric, const char *unit,
		 double value);
void emit_mark(const char *workload, const char *name, uint64_t bytes);
void emit_simple(const char *event, const char *workload);
void emit_text(const char *event, const char *workload, const char *key,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void emit_output(const char *workload, const char *name, char *text, size_t len);
void emit_file(const char *workload, const char *name, const char *path);

/* counters.c */
json_t *counters_settings(void);
void emit_counters(const char *workload, const char *when);

/* util.c */
double now_s(void);
void sleep_s(double seconds);
int read_text(const char *path, char *buf, size_t len);
bool running_on_uml(void);
long arg_int(const json_t *args, const char *name, long dflt);
const char *arg_str(const json_t *args, const char *name, const char *dflt);
int run_program(const char *stdout_path, char *const argv[]);
const char *self_path(void);

/* work_mem.c: memory that a workload has taken */
struct hold {
	void *map;		/* anonymous pages, or NULL */
	int fd;			/* or a file */
	size_t bytes;
};

bool want_file(const json_t *args);
int take(struct hold *h, size_t bytes, bool file);
void give(struct hold *h);

/* work_kernel.c */
int load_module(const char *workload, const char *host_path, const char *opts);
int unload_module(const char *workload, const char *module);

/* work_*.c: each returns 0, or a negative value after an error event */
int work_drain(const char *name, const json_t *args);
int work_churn(const char *name, const json_t *args);
int work_verify(const char *name, const json_t *args);
int work_fio(const char *name, const json_t *args);
int work_stress(const char *name, const json_t *args);
int work_perf(const char *name, const json_t *args);
int work_alloc(const char *name, const json_t *args);
int work_lockhold(const char *name, const json_t *args);
int work_smallguest(const char *name, const json_t *args);
int work_fence(const char *name, const json_t *args);
int work_script(const char *name, const json_t *args);
int work_fragment(const char *name, const json_t *args);
int work_build(const char *name, const json_t *args);
int work_storm(const char *name, const json_t *args);

/* The load that perf watches: also run as "pragent touch MIB ROUNDS FILE". */
int touch_main(int argc, char **argv);

/* work_script.c: "pragent pread FILE OFFSET" */
int pread_main(int argc, char **argv);

#endif
