// SPDX-License-Identifier: GPL-2.0
/* What the guest's kernel says about itself: settings and counters. */
#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/klog.h>
#include <sys/utsname.h>

#include "agent.h"

#define DEBUGFS_STATS	"/sys/kernel/debug/page_reporting/stats"
#define UM_PARAMETERS	"/sys/module/page_reporting_um/parameters"
#define READ_ALL_OF_LOG	3	/* syslog(2) */
#define PR_PARAMETERS	"/sys/module/page_reporting/parameters"

/* Lines of "name value", with or without a colon and a unit. */
static json_t *read_pairs(const char *path, const char *const *only)
{
	FILE *f = fopen(path, "re");
	json_t *o;
	char line[256];

	if (!f)
		return NULL;
	o = json_object();
	while (fgets(line, sizeof(line), f)) {
		char name[128];
		long long value;
		size_t i;

		if (sscanf(line, "%127[^: \t]%*[: \t]%lld", name, &value) != 2)
			continue;
		for (i = 0; only && only[i]; i++)
			if (!strcmp(only[i], name))
				break;
		if (!only || only[i])
			json_object_set_new(o, name, json_integer(value));
	}
	fclose(f);
	return o;
}

/* One of page_ext's statistics; -1 where there is none of that name. */
long long stat_value(const char *name)
{
	const char *only[] = { name, NULL };
	json_t *stats = read_pairs(DEBUGFS_STATS, only);
	json_t *value = json_object_get(stats, name);
	long long n = value ? json_integer_value(value) : -1;

	json_decref(stats);
	return n;
}

/* All parameters of a module: numbers as numbers, the rest as text. */
static json_t *read_parameters(const char *dirname)
{
	DIR *dir = opendir(dirname);
	struct dirent *de;
	json_t *o;

	if (!dir)
		return NULL;
	o = json_object();
	while ((de = readdir(dir))) {
		char path[512], text[128], *end;
		long long value;

		if (de->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dirname, de->d_name);
		if (read_text(path, text, sizeof(text)) < 0)
			continue;
		value = strtoll(text, &end, 10);
		json_object_set_new(o, de->d_name, end != text && !*end ?
				    json_integer(value) : json_string(text));
	}
	closedir(dir);
	return o;
}

/* The feature bits that the balloon and its driver agreed on, bit 0 first. */
static json_t *balloon_features(void)
{
	DIR *dir = opendir("/sys/bus/virtio/devices");
	struct dirent *de;
	json_t *found = NULL;

	if (!dir)
		return NULL;
	while (!found && (de = readdir(dir))) {
		char path[512], text[256];

		if (de->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/bus/virtio/devices/%s/device",
			 de->d_name);
		if (read_text(path, text, sizeof(text)) <= 0 ||
		    strtol(text, NULL, 16) != 5)
			continue;
		snprintf(path, sizeof(path),
			 "/sys/bus/virtio/devices/%s/features", de->d_name);
		if (read_text(path, text, sizeof(text)) > 0)
			found = json_string(text);
	}
	closedir(dir);
	return found;
}

/* Free memory that MemFree does not count: the per-cpu lists', in KiB. */
static json_int_t pcp_kib(void)
{
	FILE *f = fopen("/proc/zoneinfo", "re");
	unsigned long long pages = 0, n;
	char line[256];

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " count: %llu", &n) == 1)
			pages += n;
	fclose(f);
	return (json_int_t)(pages * (sysconf(_SC_PAGESIZE) / 1024));
}

/* CPU time of all kernel workers, in nanoseconds, or -1. */
static json_int_t kworker_ns(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *de;
	unsigned long long sum = 0;
	bool any = false;

	if (!dir)
		return -1;
	while ((de = readdir(dir))) {
		char path[512], text[256];
		unsigned long long ns;

		if (!isdigit((unsigned char)de->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", de->d_name);
		if (read_text(path, text, sizeof(text)) <= 0 ||
		    strncmp(text, "kworker", 7))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/schedstat", de->d_name);
		if (read_text(path, text, sizeof(text)) > 0 &&
		    sscanf(text, "%llu", &ns) == 1) {
			sum += ns;
			any = true;
		}
	}
	closedir(dir);
	return any ? (json_int_t)sum : -1;
}

/* A counter of the worker: of page_ext's statistics, or upstream's parameter. */
static double worker_counter(const char *stat, const char *parameter)
{
	long long n = stat_value(stat);
	char path[128], text[64];

	if (n >= 0)
		return (double)n;
	snprintf(path, sizeof(path), PR_PARAMETERS "/%s", parameter);
	return read_text(path, text, sizeof(text)) > 0 ? strtod(text, NULL) : NAN;
}

/* CPU time of all passes so far in ms; NAN: nobody counts it. */
double worker_ms(void)
{
	double ns = worker_counter("worker_ns", "worker_ns");

	return (isnan(ns) ? worker_counter("pass_ns", "worker_ns") : ns) * 1e-6;
}

/* Number of passes so far; NAN: nobody counts them. */
double worker_passes(void)
{
	return worker_counter("passes", "worker_passes");
}

/* The kernel's log, as far as it is still there. */
char *kernel_log(void)
{
	static char log[1 << 20];
	int n = klogctl(READ_ALL_OF_LOG, log, sizeof(log) - 1);

	log[n > 0 ? n : 0] = '\0';
	return log;
}

/* What the kernel's log says it took for page_ext; 0: nobody wanted any. */
static json_int_t page_ext_bytes(void)
{
	long long bytes = 0;
	char *p;

	for (p = kernel_log(); (p = strstr(p, "allocated ")); p++)
		if (sscanf(p, "allocated %lld bytes of page_ext", &bytes) == 1 &&
		    bytes)
			break;
	return bytes;
}

/* The names in debugfs: some options show there and nowhere else. */
static json_t *debugfs_names(void)
{
	DIR *dir = opendir("/sys/kernel/debug");
	struct dirent *de;
	json_t *names;

	if (!dir)
		return NULL;
	names = json_array();
	while ((de = readdir(dir)))
		if (de->d_name[0] != '.')
			json_array_append_new(names, json_string(de->d_name));
	closedir(dir);
	return names;
}

static void set_if(json_t *o, const char *key, json_t *value)
{
	if (value)
		json_object_set_new(o, key, value);
}

/* What the host asserts before it trusts a boot: the settings as they took. */
json_t *counters_settings(void)
{
	json_t *o = json_object();
	struct utsname uts;
	char cmdline[4096], mode[16];

	json_object_set_new(o, "event", json_string("ready"));
	json_object_set_new(o, "cpus", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	if (!uname(&uts))
		json_object_set_new(o, "release", json_string(uts.release));
	if (read_text("/proc/cmdline", cmdline, sizeof(cmdline)) >= 0)
		json_object_set_new(o, "cmdline", json_text(cmdline));
	if (read_text("/proc/sys/vm/defrag_mode", mode, sizeof(mode)) > 0)
		json_object_set_new(o, "defrag_mode", json_integer(atoi(mode)));
	json_object_set_new(o, "uml", json_boolean(running_on_uml()));
	json_object_set_new(o, "debugfs_stats",
			    json_boolean(!access(DEBUGFS_STATS, F_OK)));
	set_if(o, "debugfs", debugfs_names());
	json_object_set_new(o, "page_ext_bytes", json_integer(page_ext_bytes()));
	set_if(o, "balloon_features", balloon_features());
	set_if(o, "page_reporting", read_parameters(PR_PARAMETERS));
	set_if(o, "um", read_parameters(UM_PARAMETERS));
	return o;
}

/* Send the counters of this moment. */
void emit_counters(const char *workload, const char *when)
{
	static const char *const wanted[] = {
		"nr_free_pages", "pgfault", "pgfree", "pgalloc_dma",
		"pgalloc_dma32", "pgalloc_normal", "pgalloc_movable",
		"compact_success", "compact_stall", "allocstall_normal",
		"allocstall_movable", "oom_kill", "balloon_inflate",
		"balloon_deflate", "thp_fault_alloc", NULL
	};
	static const char *const mem[] = {
		"MemTotal", "MemFree", "MemAvailable", NULL
	};
	json_t *meminfo = read_pairs("/proc/meminfo", mem);
	json_t *o = json_pack("{s:s, s:s, s:s}", "event", "counters",
			      "workload", workload, "when", when);
	json_t *stats = read_pairs(DEBUGFS_STATS, NULL);
	json_int_t ns = kworker_ns();
	double ms = worker_ms();

	set_if(o, "stats", stats);
	set_if(o, "vmstat", read_pairs("/proc/vmstat", wanted));
	set_if(o, "um", read_parameters(UM_PARAMETERS));
	if (meminfo) {
		json_object_set(o, "mem_total_kib",
				json_object_get(meminfo, "MemTotal"));
		json_object_set(o, "mem_free_kib",
				json_object_get(meminfo, "MemFree"));
		json_object_set(o, "mem_available_kib",
				json_object_get(meminfo, "MemAvailable"));
		json_decref(meminfo);
	}
	json_object_set_new(o, "mem_pcp_kib", json_integer(pcp_kib()));
	if (!isnan(ms))
		json_object_set_new(o, "worker_ms", json_real(ms));
	if (ns >= 0)
		json_object_set_new(o, "kworker_ns", json_integer(ns));
	emit(o);
}
