// SPDX-License-Identifier: GPL-2.0
/* What a run has to say about itself: machine, host state, commit. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "prbench.h"

/* Before /proc and /sys: "" but in tests. */
const char *meta_root = "";

/* The value of "key<blank>: value" in a file like /proc/cpuinfo. */
static json_t *proc_value(const char *file, const char *key)
{
	char *path = format("%s%s", meta_root, file);
	FILE *f = fopen(path, "re");
	char line[8192];
	json_t *found = NULL;

	free(path);
	while (f && !found && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		if (strncmp(line, key, strlen(key)) || !colon)
			continue;
		line[strcspn(line, "\n")] = '\0';
		colon++;
		colon += strspn(colon, " \t");
		found = json_string(colon);
	}
	if (f)
		fclose(f);
	return found ? found : json_string("");
}

static json_int_t meminfo_kib(const char *key)
{
	json_t *text = proc_value("/proc/meminfo", key);
	json_int_t kib = atoll(json_string_value(text));

	json_decref(text);
	return kib;
}

static int read_host(const char *file, char *buf, size_t len)
{
	char *path = format("%s%s", meta_root, file);
	int n = read_text(path, buf, len);

	free(path);
	return n;
}

/* The word in brackets of a sysfs choice, or the whole text. */
static json_t *sysfs_choice(const char *file)
{
	char text[256], *open, *close;

	if (read_host(file, text, sizeof(text)) < 0)
		return json_string("none");
	open = strchr(text, '[');
	close = open ? strchr(open, ']') : NULL;
	if (close) {
		*close = '\0';
		return json_string(open + 1);
	}
	return json_string(text);
}

/* Does the clock rise when it can? "on", "off", or "none": nobody can tell. */
static const char *turbo(void)
{
	char text[16];

	if (read_host("/sys/devices/system/cpu/intel_pstate/no_turbo", text,
		      sizeof(text)) > 0)
		return *text == '0' ? "on" : "off";
	if (read_host("/sys/devices/system/cpu/cpufreq/boost", text,
		      sizeof(text)) > 0)
		return *text == '0' ? "off" : "on";
	return "none";
}

/* What can change between two boots and moves what is measured. */
static void add_knobs(json_t *o)
{
	static const char thp[] = "/sys/kernel/mm/transparent_hugepage";
	char file[128];

	snprintf(file, sizeof(file), "%s/enabled", thp);
	json_object_set_new(o, "thp", sysfs_choice(file));
	snprintf(file, sizeof(file), "%s/defrag", thp);
	json_object_set_new(o, "thp_defrag", sysfs_choice(file));
	snprintf(file, sizeof(file), "%s/shmem_enabled", thp);
	json_object_set_new(o, "thp_shmem", sysfs_choice(file));
	json_object_set_new(o, "ksm", sysfs_choice("/sys/kernel/mm/ksm/run"));
	json_object_set_new(o, "governor", sysfs_choice(
		"/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
	json_object_set_new(o, "turbo", json_string(turbo()));
	json_object_set_new(o, "smt",
		sysfs_choice("/sys/devices/system/cpu/smt/active"));
	json_object_set_new(o, "swap_used_mib",
			    json_integer((meminfo_kib("SwapTotal") -
					  meminfo_kib("SwapFree")) / 1024));
}

/*
 * Does the hypervisor of this host get its free memory back, too?  NULL: there
 * is no balloon, so nobody can tell.
 */
static json_t *host_reporting(void)
{
	enum { BALLOON = 5, FEATURE_REPORTING = 5 };
	static const char devices[] = "/sys/bus/virtio/devices";
	char *path = format("%s%s", meta_root, devices), text[256];
	DIR *dir = opendir(path);
	struct dirent *de;
	json_t *found = NULL;

	free(path);
	while (dir && !found && (de = readdir(dir))) {
		char file[512];

		if (*de->d_name == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s/device", devices, de->d_name);
		if (read_host(file, text, sizeof(text)) <= 0 ||
		    strtol(text, NULL, 16) != BALLOON)
			continue;
		snprintf(file, sizeof(file), "%s/%s/features", devices, de->d_name);
		if (read_host(file, text, sizeof(text)) > FEATURE_REPORTING)
			found = json_boolean(text[FEATURE_REPORTING] == '1');
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Is this host a guest itself? */
static bool has_hypervisor(void)
{
	json_t *flags = proc_value("/proc/cpuinfo", "flags");
	bool found = strstr(json_string_value(flags), " hypervisor") != NULL;

	json_decref(flags);
	return found;
}

json_t *meta_machine(void)
{
	json_t *reporting = host_reporting();
	struct utsname uts;
	json_t *o = json_object();

	uname(&uts);
	json_object_set_new(o, "cpu", proc_value("/proc/cpuinfo", "model name"));
	json_object_set_new(o, "cores",
			    json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	json_object_set_new(o, "mem_mib",
			    json_integer(meminfo_kib("MemTotal") / 1024));
	json_object_set_new(o, "kernel", json_string(uts.release));
	json_object_set_new(o, "hypervisor", json_boolean(has_hypervisor()));
	if (reporting)
		json_object_set_new(o, "host_free_page_reporting", reporting);
	add_knobs(o);
	return o;
}

/*
 * What a reader has to know about the settings of a machine, as sentences.
 * What nobody can tell is not warned about.
 */
json_t *meta_warnings(const json_t *machine)
{
	static const struct {
		const char *key, *is, *isnt, *text;
	} knobs[] = {
		{ "turbo", "on", NULL,
		  "turbo (boost) is on: the clock follows temperature and load; turn it off in intel_pstate/no_turbo or cpufreq/boost" },
		{ "governor", NULL, "performance",
		  "the CPU frequency governor is not 'performance': the clock follows the load" },
		{ "smt", "1", NULL,
		  "SMT is on: two virtual CPUs may share a core" },
		{ "thp", "always", NULL,
		  "transparent huge pages are 'always': khugepaged may take memory back that a guest has given away" },
		{ "thp_shmem", "force", NULL,
		  "shmem_enabled is 'force': the memory of User Mode Linux is in huge pages as well" },
		{ "thp_defrag", "always", NULL,
		  "THP defrag is 'always': a fault may wait for the host to compact memory" },
		{ "ksm", "1", NULL,
		  "KSM merges pages: memory that is shared looks as if it were given back" },
	};
	json_int_t swap = json_integer_value(json_object_get(machine,
							     "swap_used_mib"));
	json_t *lines = json_array();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		const char *v = json_string_value(json_object_get(machine,
								  knobs[i].key));

		if (!v || !strcmp(v, "none"))
			continue;
		if (knobs[i].is ? !strcmp(v, knobs[i].is) :
				  strcmp(v, knobs[i].isnt) != 0)
			json_array_append_new(lines, json_string(knobs[i].text));
	}
	if (json_is_true(json_object_get(machine, "host_free_page_reporting")))
		json_array_append_new(lines, json_string(
			"this host is a guest that reports its own free memory: what a guest finds depends on who ran before it; see the check by predecessor"));
	if (swap > 0)
		json_array_append_new(lines, json_sprintf(
			"%lld MiB of swap are in use: the host is short of memory, and what a guest has in swap counts as held by the host; swapoff -a",
			(long long)swap));
	return lines;
}

unsigned int meta_available_mib(void)
{
	return (unsigned int)(meminfo_kib("MemAvailable") / 1024);
}

/* A counter of the host's kernel, 0 if it has none of that name. */
long long meta_vmstat(const char *name)
{
	char *path = format("%s/proc/vmstat", meta_root);
	FILE *f = fopen(path, "re");
	size_t len = strlen(name);
	long long n = 0;
	char line[128];

	free(path);
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ' ')
			n = atoll(line + len);
	if (f)
		fclose(f);
	return n;
}

/* What the host has reported to its own hypervisor so far; -1 if it does not say. */
long long meta_reported_kib(void)
{
	long long pages = meta_vmstat("page_reported");
	char text[64];

	if (read_host("/sys/module/page_reporting/parameters/reported_kib",
		      text, sizeof(text)) > 0)
		return atoll(text);
	return pages > 0 ? pages * (sysconf(_SC_PAGESIZE) / 1024) : -1;
}

/* The host as it is now, for one boot. */
json_t *meta_host_state(void)
{
	json_t *o = json_object();
	double load[3] = { 0, 0, 0 };

	add_knobs(o);
	if (getloadavg(load, 3) > 0)
		json_object_set_new(o, "loadavg",
				    json_pack("[f,f,f]", load[0], load[1],
					      load[2]));
	json_object_set_new(o, "mem_available_mib",
			    json_integer(meminfo_kib("MemAvailable") / 1024));
	json_object_set_new(o, "swap_free_mib",
			    json_integer(meminfo_kib("SwapFree") / 1024));
	return o;
}

/**
 * git_commit() - the commit of the tree that this program was built in
 * @why: if there is none, gets the reason, to be freed; or NULL
 *
 * It must be the tree's own: a tree that was unpacked inside another repository
 * has none. A checkout of another user is read all the same, nothing is run
 * from it.
 *
 * Return: the short commit, with "-dirty" if files differ from it; or "nogit".
 */
char *git_commit(char **why)
{
	static const char script[] =
		"cd \"$0\" || exit 0\n"
		"command -v git >/dev/null || { echo ': git is not installed'; exit; }\n"
		"g() { git -c safe.directory='*' -c core.fsmonitor= \"$@\"; }\n"
		"top=$(g rev-parse --show-toplevel 2>&1) || { echo \": $top\"; exit; }\n"
		"[ \"$top\" -ef . ] || { echo \": the tree is no repository of its own but inside $top\"; exit; }\n"
		"c=$(g rev-parse --short=12 HEAD 2>&1) || { echo \": $c\"; exit; }\n"
		"[ -z \"$(g status --porcelain -uno)\" ] || c=$c-dirty\n"
		"echo \"$c\"\n";
	char exe[PATH_MAX] = "", *text;
	int i;

	if (realpath("/proc/self/exe", exe))
		for (i = 0; i < 3 && strrchr(exe, '/'); i++)
			*strrchr(exe, '/') = '\0';
	text = run_capture((char *[]){ "sh", "-c", (char *)script,
				       *exe ? exe : ".", NULL });
	if (text && *text && *text != ':')
		return text;
	if (why)
		*why = format("%s", text && *text ? text + 2 : "git cannot be run");
	free(text);
	return format("nogit");
}

/* In hexadecimal; "" if the file cannot be read. */
char *file_sha256(const char *path)
{
	char *argv[] = { "sha256sum", "--", (char *)path, NULL };
	char *text = run_capture(argv);

	if (!text)
		return format("%s", "");
	text[strcspn(text, " ")] = '\0';
	return text;
}

/* Replace a file by a JSON object: never half of one. */
int write_json(const char *path, const json_t *o, char *err, size_t len)
{
	char *tmp = format("%s.tmp", path);
	FILE *f = fopen(tmp, "we");
	int ret = 0;

	if (!f) {
		ret = set_err(err, len, "cannot create %s: %s", tmp,
			      strerror(errno));
		goto out;
	}
	errno = 0;
	if (json_dumpf(o, f, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) ||
	    fputc('\n', f) == EOF || fflush(f))
		ret = set_err(err, len, "cannot write %s: %s", tmp,
			      errno ? strerror(errno) : "not all of it is JSON");
	if (fclose(f) && !ret)
		ret = set_err(err, len, "cannot write %s: %s", tmp,
			      strerror(errno));
	if (!ret && rename(tmp, path))
		ret = set_err(err, len, "cannot rename %s: %s", tmp,
			      strerror(errno));
	if (ret)
		unlink(tmp);
out:
	free(tmp);
	return ret;
}

void iso_time(char *buf, size_t len)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(buf, len, "%Y-%m-%dT%H:%M:%SZ", &tm);
}
