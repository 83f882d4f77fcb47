// SPDX-License-Identifier: GPL-2.0
/*
 * What this machine can do, tried before anything is built or booted: a line
 * for each thing that is missing, with the remedy.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "prbench.h"

#define RESULTS_MIB	512	/* a full run's raw data and report */
#define BUILD_MIB	12000	/* source, two trees, four kernels */

/**
 * qemu_works() - is QEMU there, does it run, has it the devices that a guest gets?
 * @cfg: which one
 * @why: if not, why, and what to do
 * @len: its size
 *
 * Return: 0, or -1 with a message.
 */
int qemu_works(const struct config *cfg, char *why, size_t len)
{
	static const char script[] =
		"command -v \"$0\" >/dev/null || { echo no such program; exit 0; }\n"
		"list=$(timeout 10 \"$0\" -device help 2>/dev/null </dev/null | grep '^name ')\n"
		"[ -n \"$list\" ] || { echo \"'-device help' names no device: does it run?\"; exit 0; }\n"
		"for d in virtio-balloon-pci virtio-9p-pci virtio-serial-pci virtserialport; do\n"
		"	case $list in *\"\\\"$d\\\"\"*) ;; *) echo \"it has no device $d\"; exit 0 ;; esac\n"
		"done\n";
	char *argv[] = { "sh", "-c", (char *)script, (char *)cfg->qemu, NULL };
	char *said = run_capture(argv);
	int ret = 0;

	if (said && *said)
		ret = set_err(why, len, "QEMU %s: %s; install qemu-system-x86, or choose another with QEMU=FILE",
			      cfg->qemu, said);
	free(said);
	return ret;
}

static int platform_works(const struct config *cfg, int p, char *why, size_t len)
{
	if (meta_available_mib() < GUEST_MIB)
		return set_err(why, len, "%u MiB of memory are available, a guest has %d; end other programs",
			       meta_available_mib(), GUEST_MIB);
	return p == UM ? uml_works(why, len) : qemu_works(cfg, why, len);
}

/**
 * doctor_platforms() - leave out what cannot run here
 * @cfg: where the programs are
 * @platforms: those that are wanted
 *
 * Says why of each one that is left out.
 *
 * Return: those that can run.
 */
uint64_t doctor_platforms(const struct config *cfg, uint64_t platforms)
{
	char why[1024];
	int p;

	for (p = 0; p < NR_PLATFORMS; p++) {
		if (!(platforms & BIT(p)) ||
		    !platform_works(cfg, p, why, sizeof(why)))
			continue;
		complain("%s is left out: %s", platform_table[p].name, why);
		platforms &= ~BIT(p);
	}
	return platforms;
}

static unsigned int missing;

/* One line: what, and why not or how. */
static void PRINTF(3, 4) line(const char *what, bool good, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("%-9s %-8s %s\n", what, good ? "ok" : "missing", text);
	missing += !good;
}

static void ask_platforms(const struct config *cfg)
{
	char why[1024];
	int p;

	for (p = 0; p < NR_PLATFORMS; p++) {
		bool good;

		strcpy(why, platform_table[p].about);
		good = !platform_works(cfg, p, why, sizeof(why));
		if (good && p == KVM)
			good = kvm_works(cfg, why, sizeof(why));
		line(platform_table[p].name, good, "%s", good ? platform_table[p].about : why);
	}
}

/* Is there room at @path, and may programs be written and run there? */
static void ask_disk(const char *what, const char *path, unsigned long need,
		     const char *remedy)
{
	struct statvfs fs;
	unsigned long mib;

	if (statvfs(path, &fs)) {
		line(what, false, "%s: %s; %s", path, strerror(errno), remedy);
		return;
	}
	mib = (unsigned long)((uint64_t)fs.f_bavail * fs.f_frsize >> 20);
	if (mib < need)
		line(what, false, "%lu MiB free at %s, %lu are needed: make room there, or %s",
		     mib, path, need, remedy);
	else if (access(path, W_OK))
		line(what, false, "%s cannot be written: %s; %s", path,
		     strerror(errno), remedy);
	else if (fs.f_flag & ST_NOEXEC)
		line(what, false, "%s is mounted noexec, programs and kernels run from there; %s",
		     path, remedy);
	else
		line(what, true, "%lu MiB free at %s", mib, path);
}

/* Trees are made of links to the source; exFAT and drvfs have none. */
static void ask_links(const char *dir)
{
	char *file = format("%s/.prbench-%d", dir, getpid());
	char *name = format("%s-link", file);
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0 && link(file, name))
		line("cache", false, "%s has no hard links (%s): set PRX_CACHE to a directory on a file system of Linux",
		     dir, strerror(errno));
	if (fd >= 0)
		close(fd);
	unlink(name);
	unlink(file);
	free(name);
	free(file);
}

/* The nearest directory above that exists: where it would be made. */
static void ask_cache(void)
{
	const char *own = getenv("PRX_CACHE"), *xdg = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	char path[PATH_MAX];

	if (own && *own)
		make_path(path, sizeof(path), "%s", own);
	else if (xdg && *xdg)
		make_path(path, sizeof(path), "%s", xdg);
	else
		make_path(path, sizeof(path), "%s/.cache", home ? home : "");
	while (access(path, F_OK) && strcmp(path, "/") && strcmp(path, ".")) {
		char *slash = strrchr(path, '/');

		if (slash)
			slash[slash == path] = '\0';
		else
			strcpy(path, ".");
	}
	ask_disk("cache", path, BUILD_MIB,
		 "set PRX_CACHE to a directory that can be written");
	ask_links(path);
}

static void ask_tools(void)
{
	static const struct {
		const char *program, *package, *lost;
	} tools[] = {
		{ "gnuplot", "gnuplot-nox", "the report has no pictures" },
		{ "fio", "fio", "the workload fio is skipped" },
		{ "stress-ng", "stress-ng", "the workload stress-ng is skipped" },
		{ "perf", "linux-perf", "the workload perf is skipped, KVM's events are not counted" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tools); i++) {
		/* Debian's perf may be a wrapper of a perf that is not there. */
		char *argv[] = { (char *)tools[i].program, "--version", NULL };
		char *said = run_capture(argv);

		if (said)
			line(tools[i].program, true, "%.*s",
			     (int)strcspn(said, "\n"), said);
		else
			line(tools[i].program, false, "%s: install %s",
			     tools[i].lost, tools[i].package);
		free(said);
	}
}

/* Of the report's pictures; Debian's gnuplot-nox has both. */
static void ask_gnuplot(void)
{
	static const char *const terminals[] = { "svg", "pngcairo" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(terminals); i++) {
		char *set = format("set terminal %s", terminals[i]);
		char *said = run_capture((char *[]){ "gnuplot", "-e", set, NULL });

		if (!said)
			line("gnuplot", false, "it has no terminal %s, or is not there: pictures are not made as %s; install gnuplot-nox",
			     terminals[i], terminals[i]);
		free(said);
		free(set);
	}
}

static void ask_host(void)
{
	json_t *machine = meta_machine(), *warnings = meta_warnings(machine), *text;
	struct cgroup group;
	char why[PATH_MAX + 256];
	bool good;
	size_t i;

	good = meta_available_mib() >= 2 * GUEST_MIB + 512;
	line("memory", good, "%u MiB available%s", meta_available_mib(), good ? "" :
	     ", two guests of 2048 may run at once: choose one platform at a time");
	if (cgroup_make(&group, 64, why, sizeof(why))) {
		line("cgroup", false, "multi and overcommit are skipped: %s", why);
	} else {
		line("cgroup", true, "version %d, for multi and overcommit",
		     group.v2 ? 2 : 1);
		cgroup_remove(&group, why, sizeof(why));
	}
	line("huge", true, "transparent huge pages: %s",
	     json_string_value(json_object_get(machine, "thp")));
	json_array_foreach(warnings, i, text)
		printf("%-9s %-8s %s\n", "host", "warning", json_string_value(text));
	json_decref(warnings);
	json_decref(machine);
}

/**
 * doctor() - print what this machine can do and what it lacks
 * @cfg: where the programs are
 *
 * Return: how many things are missing.
 */
unsigned int doctor(const struct config *cfg)
{
	ask_platforms(cfg);
	ask_host();
	ask_disk("results", ".", RESULTS_MIB,
		 "work in a copy of this tree that is yours");
	ask_cache();
	ask_tools();
	ask_gnuplot();
	return missing;
}
