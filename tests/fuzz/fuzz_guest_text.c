// SPDX-License-Identifier: GPL-2.0
/*
 * What the guest reads: files of /proc, /sys and debugfs, and what fio,
 * stress-ng and perf print.  The first byte of an input chooses who reads, its
 * texts are the files.  Whatever they hold, what is sent is a line an event.
 */
#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "fuzz.h"
#define WORKLOAD_NAME	"smallguest"
/* For what is static there. */
#include "../../bench/guest/channel.c"
#include "../../bench/workloads/smallguest/guest.c"

#define PR	"/sys/module/page_reporting/parameters"
#define UM	"/sys/module/page_reporting_um/parameters"
#define DEBUGFS	"/sys/kernel/debug"

static const char *const counters[] = {
	"/proc/meminfo", "/proc/vmstat", "/proc/zoneinfo",
	DEBUGFS "/page_reporting/stats", "/proc/cmdline", "/proc/cpuinfo",
	"/proc/1/comm", "/proc/1/schedstat", "/proc/22/comm",
	"/proc/22/schedstat", UM "/enable", UM "/reported_bytes",
	PR "/min_age_ms", "/sys/bus/virtio/devices/virtio0/device",
	"/sys/bus/virtio/devices/virtio0/features", NULL
};

static const char *const tool[] = { "/tmp/tool.out", "/tmp/perf.txt", NULL };
static const char *const alloc[] = {
	DEBUGFS "/alloc_bench/results", "/proc/sys/vm/percpu_pagelist_high_fraction",
	DEBUGFS "/alloc_bench/histograms", NULL
};

static const char *const probe[] = {
	DEBUGFS "/alloc_probe/results", DEBUGFS "/alloc_probe/histograms", NULL
};

static const char *const contend[] = {
	DEBUGFS "/alloc_contend/results", DEBUGFS "/alloc_contend/reset",
	DEBUGFS "/alloc_contend/histograms", NULL
};

static const char *const lock[] = {
	DEBUGFS "/page_reporting/stats", PR "/lock_hold_max_ns",
	"/sys/module/free_holes/parameters/holes", NULL
};

static const char *const small[] = {
	"/proc/vmstat", "/proc/meminfo", "/kernel.log", NULL
};

static void read_counters(void)
{
	json_t *o = counters_settings();

	MUST(json_is_string(json_object_get(o, "event")));
	emit(o);
	emit_counters("drain", "begin");
}

extern const struct workload *const __start_linked_workload[];
extern const struct workload *const __stop_linked_workload[];

static void run_linked(const char *name, const json_t *args)
{
	const struct workload *const *w = __start_linked_workload;

	while (w < __stop_linked_workload && strcmp((*w)->name, name))
		w++;
	MUST(w < __stop_linked_workload);
	(*w)->run(name, args);
}

static void read_fio(void)
{
	run_linked("fio", NULL);
}

static void read_stress(void)
{
	run_linked("stress-ng", NULL);
}

static void read_perf(void)
{
	run_linked("perf", NULL);
}

static void read_alloc(void)
{
	json_t *icount = json_pack("{s:b}", "icount", 1);

	run_linked("alloc", NULL);
	run_linked("alloc", icount);
	json_decref(icount);
}

static void read_probe(void)
{
	json_t *args = json_pack("{s:i, s:b}", "order", 4, "icount", 1);

	probe_start("drain", args);
	probe_finish("drain", args);
	json_decref(args);
}

/* Once, and without waiting for passes that nobody makes. */
static void read_lock(void)
{
	json_t *args = json_pack("{s:i, s:i, s:i}", "passes", 0, "order", 9,
				 "fragment_order", 9);

	run_linked("lockhold", args);
	json_decref(args);
}

static void read_contend(void)
{
	json_t *args = json_pack("{s:i, s:i}", "mib", 1, "settle_ms", 0);

	run_linked("contend", args);
	json_decref(args);
}

static void read_small(void)
{
	vmstat_sum("allocstall_");
	oom_kills();
	mem_available();
}

static const struct {
	void (*run)(void);
	const char *const *files;
} readers[] = {
	{ read_counters, counters }, { read_fio, tool }, { read_stress, tool },
	{ read_perf, tool }, { read_alloc, alloc }, { read_lock, lock },
	{ read_small, small }, { read_probe, probe }, { read_contend, contend },
};

/* ---- a root of its own for what the guest's files open ---- */

static bool inside;		/* what the guest runs */

static const char *moved(const char *path)
{
	static char there[4][700];
	static unsigned int at;
	char *to = there[at++ % 4];

	if (!inside || *path != '/')
		return path;
	snprintf(to, sizeof(there[0]), "%s%s", scratch_dir(), path);
	return to;
}

/* The directories of all files, and what can be opened as a module. */
static void make_root(void)
{
	char host[700];
	size_t r, i;

	snprintf(host, sizeof(host), "%s" HOST_ROOT, scratch_dir());
	MUST(!mkdir(host, 0700));

	for (r = 0; r < sizeof(readers) / sizeof(*readers); r++) {
		for (i = 0; readers[r].files[i]; i++) {
			char path[700], *p;

			snprintf(path, sizeof(path), "%s%s", scratch_dir(),
				 readers[r].files[i]);
			for (p = path + 1; (p = strchr(p, '/')); p++) {
				*p = '\0';
				MUST(!mkdir(path, 0700) || errno == EEXIST);
				*p = '/';
			}
		}
	}
}

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
json_t *__real_json_load_file(const char *path, size_t flags, json_error_t *err);
json_t *__wrap_json_load_file(const char *path, size_t flags, json_error_t *err);
long __wrap_syscall(long nr, ...);
int __wrap_run_program(const char *out, char *const argv[]);
void __wrap_sleep_s(double seconds);
double __wrap_now_s(void);
int __wrap_klogctl(int type, char *buf, int len);
pid_t __wrap_fork(void);
int __wrap_setrlimit(int resource, const void *limit);
char *__real_json_dumps(const json_t *event, size_t flags);
char *__wrap_json_dumps(const json_t *event, size_t flags);

FILE *__wrap_fopen(const char *path, const char *mode)
{
	return __real_fopen(moved(path), mode);
}

int __wrap_open(const char *path, int flags, ...)
{
	return __real_open(moved(path), flags, 0600);
}

DIR *__wrap_opendir(const char *path)
{
	return __real_opendir(moved(path));
}

/* Programs are there, and so is what this kernel may lack. */
int __wrap_access(const char *path, int mode)
{
	if (inside && (mode == X_OK || strstr(path, "perf_event_paranoid")))
		return 0;
	return __real_access(moved(path), mode);
}

json_t *__wrap_json_load_file(const char *path, size_t flags, json_error_t *err)
{
	return __real_json_load_file(moved(path), flags, err);
}

/* Modules: loaded and unloaded. */
long __wrap_syscall(long nr, ...)
{
	(void)nr;
	return 0;
}

/* It has run already, and left what the input says. */
int __wrap_run_program(const char *out, char *const argv[])
{
	(void)out;
	(void)argv;
	return 0;
}

static double clock_s;

void __wrap_sleep_s(double seconds)
{
	clock_s += seconds > 0 ? seconds : 0;
}

double __wrap_now_s(void)
{
	return clock_s += 1e-3;
}

int __wrap_klogctl(int type, char *buf, int len)
{
	(void)type;
	return read_text("/kernel.log", buf, (size_t)len + 1);
}

pid_t __wrap_fork(void)
{
	errno = EAGAIN;
	return -1;
}

/* Limits for a workload's process are not for this one. */
int __wrap_setrlimit(int resource, const void *limit)
{
	(void)resource;
	(void)limit;
	return 0;
}

/* An event that cannot be made would be lost without a word. */
char *__wrap_json_dumps(const json_t *event, size_t flags)
{
	char *text = __real_json_dumps(event, flags);

	MUST(text);
	return text;
}

/* ---- */

static bool complained;

/* Has the last input led to an event "error"? */
bool fuzz_complained(void)
{
	return complained;
}

static void check_events(void)
{
	off_t len = lseek(channel, 0, SEEK_END);
	char *text = malloc((size_t)len + 1), *p = text, *nl;

	MUST(text && pread(channel, text, (size_t)len, 0) == len);
	complained = false;
	while (p < text + len) {
		json_t *o;

		nl = memchr(p, '\n', (size_t)(text + len - p));
		MUST(nl);
		o = json_loadb(p, (size_t)(nl - p), 0, NULL);
		MUST(json_is_string(json_object_get(o, "event")));
		if (!strcmp(json_string_value(json_object_get(o, "event")), "error"))
			complained = true;
		json_decref(o);
		p = nl + 1;
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *const *files;
	struct text texts[16];
	size_t who, n, i;
	char path[700];
	int fd;

	if (!size)
		return 0;
	if (channel < 0) {
		make_root();
		channel = memfd_create("events", MFD_CLOEXEC);
		/* Each has to be linked, whatever inputs there are. */
		inside = true;
		for (i = 0; i < sizeof(readers) / sizeof(*readers); i++)
			readers[i].run();
		inside = false;
	}
	who = *data % (sizeof(readers) / sizeof(*readers));
	files = readers[who].files;
	n = split(data + 1, size - 1, texts, 16);
	MUST(channel >= 0 && !ftruncate(channel, 0));
	lseek(channel, 0, SEEK_SET);
	clock_s = 0;
	fd = free_fd();
	for (i = 0; i < n && files[i]; i++) {
		snprintf(path, sizeof(path), "%s%s", scratch_dir(), files[i]);
		if (texts[i].len)
			put_text(path, &texts[i]);
	}
	inside = true;
	readers[who].run();
	inside = false;
	for (i = 0; files[i]; i++) {
		snprintf(path, sizeof(path), "%s%s", scratch_dir(), files[i]);
		unlink(path);
	}
	check_events();
	MUST(free_fd() == fd);
	return 0;
}
