// SPDX-License-Identifier: GPL-2.0
/*
 * A memory cgroup for the VMs of one boot: a host that is no larger than its
 * limit.  Of version 2, or 1 where the host still has the memory controller
 * there.  Nothing of the host's own settings is changed: the group is made
 * where groups may be made, and removed with the boot.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prbench.h"

#define PREFIX	"prbench-"
#define THRASH_KIB	(256 * 1024)

/* Is @word one of those that commas separate in @list? */
static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);
	const char *p;

	for (p = list; (p = strstr(p, word)); p += n)
		if ((p == list || p[-1] == ',' || p[-1] == ' ') &&
		    (!p[n] || strchr(", \n", p[n])))
			return true;
	return false;
}

/* The mount of the memory controller: a hierarchy of its own, or version 2. */
static bool find_mount(FILE *mountinfo, char *root, char *point, bool *v2)
{
	char line[4096];
	bool found = false;

	while (fgets(line, sizeof(line), mountinfo)) {
		char *dash = strstr(line, " - "), r[PATH_MAX], p[PATH_MAX];
		char type[32], options[1024];
		bool v1;

		if (!dash ||
		    sscanf(line, "%*s %*s %*s %4095s %4095s", r, p) != 2 ||
		    sscanf(dash, " - %31s %*s %1023s", type, options) != 2)
			continue;
		v1 = !strcmp(type, "cgroup") && has_word(options, "memory");
		if (!v1 && strcmp(type, "cgroup2"))
			continue;
		/* The controller is in one of them only. */
		if (found && !v1)
			continue;
		strcpy(root, r);
		strcpy(point, p);
		*v2 = !v1;
		found = true;
		if (v1)
			break;
	}
	return found;
}

/**
 * cgroup_own() - the directory of the memory cgroup that a process is in
 * @mountinfo: its /proc/PID/mountinfo
 * @cgroup: its /proc/PID/cgroup
 * @path: the directory, PATH_MAX bytes
 * @v2: whether it is of version 2
 *
 * Return: 0, or -1 if there is none or it cannot be seen.
 */
int cgroup_own(FILE *mountinfo, FILE *cgroup, char *path, bool *v2)
{
	char root[PATH_MAX], point[PATH_MAX], line[4096];

	if (!find_mount(mountinfo, root, point, v2))
		return -1;
	while (fgets(line, sizeof(line), cgroup)) {
		char *controllers = strchr(line, ':'), *own;
		size_t n = strcmp(root, "/") ? strlen(root) : 0;

		own = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!own)
			continue;
		*own++ = '\0';
		controllers++;
		own[strcspn(own, "\n")] = '\0';
		if (*v2 ? *controllers : !has_word(controllers, "memory"))
			continue;
		/* A part of the hierarchy may be mounted, and not ours. */
		if (strncmp(own, root, n) || (n && own[n] && own[n] != '/'))
			return -1;
		own += n;
		make_path(path, PATH_MAX, "%s%s", point,
			  strcmp(own, "/") ? own : "");
		return 0;
	}
	return -1;
}

static int put(const struct cgroup *cg, const char *file, const char *text)
{
	char path[PATH_MAX + 64];

	make_path(path, sizeof(path), "%s/%s", cg->path, file);
	return write_text(path, text);
}

/* The number after @key in a file of lines "key number", or the only one. */
static uint64_t number_in(const struct cgroup *cg, const char *file,
			  const char *key)
{
	char path[PATH_MAX + 64], text[16384], *p = text;
	size_t n = key ? strlen(key) : 0;

	make_path(path, sizeof(path), "%s/%s", cg->path, file);
	if (read_text(path, text, sizeof(text)) <= 0)
		return 0;
	while (key && p && (strncmp(p, key, n) || p[n] != ' ')) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	return p ? strtoull(p + n, NULL, 10) : 0;
}

/* What a runner that was killed has left: empty groups, or they stay. */
static void sweep(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *de;

	while (d && (de = readdir(d))) {
		char path[PATH_MAX];
		pid_t pid;

		if (strncmp(de->d_name, PREFIX, strlen(PREFIX)))
			continue;
		pid = atoi(de->d_name + strlen(PREFIX));
		if (pid <= 0 || !kill(pid, 0) || errno != ESRCH)
			continue;
		make_path(path, sizeof(path), "%s/%s", dir, de->d_name);
		rmdir(path);
	}
	if (d)
		closedir(d);
}

/*
 * In version 2 groups are made where the controller is on, and that is where no
 * process is, but for the top: go up to there.
 */
static int climb(char *path)
{
	char *slash;

	do {
		char file[PATH_MAX], text[1024];

		make_path(file, sizeof(file), "%s/cgroup.subtree_control", path);
		if (read_text(file, text, sizeof(text)) < 0)
			return -1;
		if (has_word(text, "memory"))
			return 0;
		slash = strrchr(path, '/');
		*slash = '\0';
	} while (slash != path);
	return -1;
}

/**
 * cgroup_make() - make a group whose processes get no more than so much memory
 * @cg: what is made
 * @limit_mib: the limit; swap does not count as more memory, there is none
 * @err: why it cannot be had, and what to do
 * @len: size of @err
 *
 * Return: 0, or -1 with a message; then there is nothing to remove.
 */
int cgroup_make(struct cgroup *cg, unsigned int limit_mib, char *err, size_t len)
{
	FILE *mountinfo = fopen("/proc/self/mountinfo", "re");
	FILE *cgroup = fopen("/proc/self/cgroup", "re");
	char own[PATH_MAX], dir[PATH_MAX - 64], limit[32];
	const char *file;
	int ret = -1;

	memset(cg, 0, sizeof(*cg));
	cg->procs = -1;
	if (mountinfo && cgroup)
		ret = cgroup_own(mountinfo, cgroup, own, &cg->v2);
	if (mountinfo)
		fclose(mountinfo);
	if (cgroup)
		fclose(cgroup);
	if (ret)
		return set_err(err, len,
			       "no memory cgroup of ours is mounted: mount cgroup2 on /sys/fs/cgroup");
	make_path(dir, sizeof(dir), "%s", own);
	if (cg->v2 && climb(dir))
		return set_err(err, len,
			       "no group above %s may have groups with a memory limit: write +memory into the cgroup.subtree_control of one of them",
			       own);
	sweep(dir);
	make_path(cg->path, sizeof(cg->path), "%s/" PREFIX "%d", dir, getpid());
	if (mkdir(cg->path, 0755)) {
		set_err(err, len,
			"cannot make a memory cgroup %s: %s; run as root where cgroups can be written",
			cg->path, strerror(errno));
		*cg->path = '\0';
		return -1;
	}
	snprintf(limit, sizeof(limit), "%llu",
		 (unsigned long long)limit_mib << 20);
	file = cg->v2 ? "memory.max" : "memory.limit_in_bytes";
	ret = put(cg, file, limit);
	if (!ret) {
		/* A host without swap, or without its accounting, has no such file. */
		file = cg->v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes";
		ret = put(cg, file, cg->v2 ? "0" : limit);
		if (ret == -ENOENT)
			ret = cg->v2 ? 0 : put(cg, "memory.swappiness", "0");
	}
	if (!ret) {
		char path[PATH_MAX + 64];

		file = "cgroup.procs";
		make_path(path, sizeof(path), "%s/%s", cg->path, file);
		cg->procs = open(path, O_WRONLY | O_CLOEXEC);
		ret = cg->procs < 0 ? -errno : 0;
	}
	if (!ret)
		return 0;
	set_err(err, len, "cannot write %s/%s: %s; run as root where cgroups can be written",
		cg->path, file, strerror(-ret));
	rmdir(cg->path);
	*cg->path = '\0';
	return -1;
}

/* In a new process: join, and let everything that is started from here join. */
int cgroup_join(const struct cgroup *cg)
{
	return write(cg->procs, "0", 1) == 1 ? 0 : -1;
}

/* What the group holds, without page cache that could be dropped. */
uint64_t cgroup_used_kib(const struct cgroup *cg)
{
	uint64_t all = number_in(cg, cg->v2 ? "memory.current" :
				 "memory.usage_in_bytes", NULL);
	uint64_t cache = number_in(cg, "memory.stat", "active_file") +
			 number_in(cg, "memory.stat", "inactive_file");

	return (all > cache ? all - cache : 0) / 1024;
}

/* How many processes the kernel has killed because the limit was reached. */
uint64_t cgroup_oom_kills(const struct cgroup *cg)
{
	return number_in(cg, cg->v2 ? "memory.events" : "memory.oom_control",
			 "oom_kill");
}

/* Page cache that was dropped for want of memory and had to be read again. */
uint64_t cgroup_reread_kib(const struct cgroup *cg)
{
	/* Before Linux 5.9 it had another name */
	return (number_in(cg, "memory.stat", "workingset_refault_file") +
		number_in(cg, "memory.stat", "workingset_refault")) *
	       (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

/*
 * Is there less memory than the VMs need?  The kernel kills late: before that it
 * drops pages of the programs that run, again and again.
 */
bool cgroup_full(const struct cgroup *cg)
{
	return cgroup_oom_kills(cg) || cgroup_reread_kib(cg) > THRASH_KIB;
}

/* When all its processes are gone; they may take a moment. */
int cgroup_remove(struct cgroup *cg, char *err, size_t len)
{
	double end = now_s() + 5;
	int ret;

	if (!*cg->path)
		return 0;
	if (cg->procs >= 0)
		close(cg->procs);
	cg->procs = -1;
	while ((ret = rmdir(cg->path)) && errno == EBUSY && now_s() < end)
		sleep_s(0.01);
	if (ret && errno != ENOENT)
		return set_err(err, len, "cannot remove %s: %s; remove it by hand",
			       cg->path, strerror(errno));
	*cg->path = '\0';
	return 0;
}
