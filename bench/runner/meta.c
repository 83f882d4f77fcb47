// SPDX-License-Identifier: GPL-2.0
/* What a run has to say about itself: machine, host state, commit. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "prbench.h"

/* The value of "key<blank>: value" in a file like /proc/cpuinfo. */
static json_t *proc_value(const char *path, const char *key)
{
	FILE *f = fopen(path, "re");
	char line[512];
	json_t *found = NULL;

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

/* The word in brackets of a sysfs choice, or the whole text. */
static json_t *sysfs_choice(const char *path)
{
	char text[256], *open, *close;

	if (read_text(path, text, sizeof(text)) < 0)
		return json_string("none");
	open = strchr(text, '[');
	close = open ? strchr(open, ']') : NULL;
	if (close) {
		*close = '\0';
		return json_string(open + 1);
	}
	return json_string(text);
}

json_t *meta_machine(void)
{
	struct utsname uts;
	json_t *o = json_object();

	uname(&uts);
	json_object_set_new(o, "cpu", proc_value("/proc/cpuinfo", "model name"));
	json_object_set_new(o, "cores",
			    json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	json_object_set_new(o, "mem_mib",
			    json_integer(meminfo_kib("MemTotal") / 1024));
	json_object_set_new(o, "kernel", json_string(uts.release));
	json_object_set_new(o, "thp",
		sysfs_choice("/sys/kernel/mm/transparent_hugepage/enabled"));
	json_object_set_new(o, "ksm", sysfs_choice("/sys/kernel/mm/ksm/run"));
	return o;
}

/* The host as it is now, for one boot. */
json_t *meta_host_state(void)
{
	json_t *o = json_object();
	double load[3] = { 0, 0, 0 };

	json_object_set_new(o, "thp",
		sysfs_choice("/sys/kernel/mm/transparent_hugepage/enabled"));
	json_object_set_new(o, "thp_shmem",
		sysfs_choice("/sys/kernel/mm/transparent_hugepage/shmem_enabled"));
	json_object_set_new(o, "ksm", sysfs_choice("/sys/kernel/mm/ksm/run"));
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

/* Short commit of the working directory, "-dirty" if files differ from it. */
char *git_commit(void)
{
	char *rev[] = { "git", "rev-parse", "--short=12", "HEAD", NULL };
	char *status[] = { "git", "status", "--porcelain", "-uno", NULL };
	char *commit = run_capture(rev), *changes;

	if (!commit || !*commit) {
		free(commit);
		return format("nogit");
	}
	changes = run_capture(status);
	if (changes && *changes) {
		char *dirty = format("%s-dirty", commit);

		free(commit);
		commit = dirty;
	}
	free(changes);
	return commit;
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
			      strerror(errno));
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
