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
#include <sys/types.h>

#include <jansson.h>

#include "common.h"

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
int failed(const char *workload, const char *what, int err);

struct held {
	double resident_mib;	/* now */
	double refault_mib;	/* given back and supplied again, so far */
	double gib_s;		/* resident memory over time, so far */
};

int ask_host(const char *workload, struct held *held);

struct host_pages {
	double faults;		/* page faults of the VM's processes so far */
	double huge_mib;	/* of the guest's memory, NAN where there are none */
};

int ask_pages(const char *workload, struct host_pages *pages);
void emit_output(const char *workload, const char *name, char *text, size_t len);
void emit_file(const char *workload, const char *name, const char *path);

/* counters.c */
long long stat_value(const char *name);
double worker_ms(void);
double worker_passes(void);
char *kernel_log(void);
json_t *counters_settings(void);
void emit_counters(const char *workload, const char *when);

/* map.c */
pid_t map_start(const char *workload, const json_t *args);
void map_stop(pid_t pid);

/* util.c */
bool running_on_uml(void);
long arg_int(const json_t *args, const char *name, long dflt);
const char *arg_str(const json_t *args, const char *name, const char *dflt);
int run_program(const char *stdout_path, char *const argv[]);
const char *self_path(void);

/* memory.c: memory that a workload has taken */
struct hold {
	void *map;		/* anonymous pages, or NULL */
	int fd;			/* or a file */
	size_t bytes;
};

int open_tmpfs_file(void);
size_t mem_available(void);
bool want_file(const json_t *args);
int take(struct hold *h, size_t bytes, bool file);
void give(struct hold *h);

/* pieces.c: memory that is freed in small pieces */
int write_one(const char *file, const char *data, size_t len);
int write_files(long nr, size_t bytes);
long thin_out(long nr, long keep_one_in);
int fill_with_files(const char *name, const json_t *args);
long long free_in_pieces(const char *name, const json_t *args);

/* root.c */
void root_into_memory(const char *self);

/* module.c */
int load_module(const char *workload, const char *host_path, const char *opts);
int unload_module(const char *workload, const char *module);

/* latency.c: the modules of bench/alloc */
struct latency_row {
	char mode[32], op[16];
	unsigned int order;
	unsigned long long count, p50, p99, p999, max;
	double mean;
};

bool latency_row(const char *line, struct latency_row *row);
bool latency_rate(const char *line, double *ops_s);
void emit_latency(const char *workload, const char *op, const char *unit,
		  const struct latency_row *row);
int probe_start(const char *workload, const json_t *probe);
int probe_finish(const char *workload, const json_t *probe);

/* tools.c */
#define TOOL_OUT	"/tmp/tool.out"

bool have_program(const char *name);
json_t *json_output(const char *path, json_error_t *err);
int program_failed(const char *workload, const char *program, int status);

/*
 * A workload is a directory below bench/workloads; its guest.c says what the
 * guest does and ends with WORKLOAD(function).  The function returns 0, or a
 * negative value after an error event.  COMMAND() is for what a workload runs
 * as a process: "pragent NAME ...".  The linker makes tables of all of them.
 */
struct workload {
	const char *name;
	int (*run)(const char *name, const json_t *args);
};

struct command {
	const char *name;
	int (*main)(int argc, char **argv);
};

#ifndef WORKLOAD_NAME		/* the directory's; the Makefile gives it */
#define WORKLOAD_NAME	""
#endif

#define LINKED(type, name, fn)						\
	static const struct type fn##_entry = { name, fn };		\
	static const struct type *const fn##_linked			\
	__attribute__((used, section("linked_" #type))) = &fn##_entry

#define WORKLOAD(fn)		LINKED(workload, WORKLOAD_NAME, fn)
#define COMMAND(name, fn)	LINKED(command, name, fn)

#endif
