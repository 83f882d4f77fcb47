// SPDX-License-Identifier: GPL-2.0
/*
 * Workload smallguest: take memory until there is hardly any left, wait for
 * reporting to set about the rest, and ask for it at that moment; free all,
 * leave reporting the time to have it, take it again.  Reporting must not be
 * what makes the kernel kill somebody.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

#define SYSLOG_READ_CLEAR	4
#define CHILDREN_MAX	64
#define PAUSES		6	/* of different length */
#define REPORT_BYTES	(MIB / 2)
#define POLL_S		200e-6
#define SETTLE_S	0.3

/* The sum of what /proc/vmstat has under names that begin so; -1: nothing. */
static double vmstat_sum(const char *prefix)
{
	FILE *f = fopen("/proc/vmstat", "re");
	char line[128];
	double sum = -1;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, prefix, strlen(prefix)))
			sum = (sum < 0 ? 0 : sum) +
			      strtod(strchr(line, ' ') ? : "0", NULL);
	if (f)
		fclose(f);
	return sum;
}

/*
 * How many the kernel has killed since the last call.  Its log says so with
 * every configuration, its counters do not.
 */
static unsigned int oom_kills(void)
{
	static char log[128 * 1024];
	int n = klogctl(SYSLOG_READ_CLEAR, log, sizeof(log) - 1);
	unsigned int kills = 0;
	const char *p;

	log[n > 0 ? n : 0] = '\0';
	for (p = log; (p = strstr(p, "Out of memory: Killed")); p++)
		kills++;
	return kills;
}

static void set_oom_score(const char *score)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, score, strlen(score)) < 0)
		fprintf(stderr, "pragent: oom_score_adj: %s\n", strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* Fill the page cache from the host's root. */
static void read_files(size_t bytes)
{
	static char buf[64 * 1024];
	DIR *dir = opendir(HOST_ROOT "/usr/bin");
	struct dirent *de;

	while (dir && bytes && (de = readdir(dir))) {
		int fd = openat(dirfd(dir), de->d_name,
				O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		ssize_t n;

		while (fd >= 0 && bytes && (n = read(fd, buf, sizeof(buf))) > 0)
			bytes -= (size_t)n < bytes ? (size_t)n : bytes;
		if (fd >= 0)
			close(fd);
	}
	if (dir)
		closedir(dir);
}

/* A small process: when told, a little memory and a socket full of order-3 blocks. */
static void __attribute__((noreturn)) small_process(int go, size_t bytes)
{
	static char chunk[32 * 1024];
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pair[2];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(go, chunk, 1) < 0)
		_exit(1);
	if (p != MAP_FAILED)
		memset(p, 1, bytes);
	if (!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair))
		while (write(pair[0], chunk, sizeof(chunk)) > 0)
			;
	for (;;)
		pause();
}

/*
 * Wait, but no longer than until free memory becomes less although nobody takes
 * any: it is being reported.
 */
static void wait_for_report(double seconds)
{
	double end = now_s() + seconds;
	struct sysinfo is;
	unsigned long last = 0;

	while (now_s() < end && !sysinfo(&is)) {
		unsigned long now = is.freeram * is.mem_unit;

		if (now + REPORT_BYTES <= last)
			break;
		last = now;
		sleep_s(POLL_S);
	}
}

/* Take most of what is available, then the rest in pieces of all sizes. */
static int press(const json_t *args)
{
	size_t bytes = mem_available() / 100 *
		       (size_t)arg_int(args, "percent", 80);
	size_t small = (size_t)arg_int(args, "process_kib", 256) * 1024;
	size_t cache = (size_t)arg_int(args, "read_mib", 16) * MIB;
	double hold = (double)arg_int(args, "hold_ms", 2500) * 1e-3, start;
	long nr = arg_int(args, "processes", 8), i;
	pid_t children[CHILDREN_MAX];
	struct hold h;
	int go[2], err;

	if (pipe(go))
		return -errno;
	err = take(&h, bytes, want_file(args));
	if (err)
		return err;
	for (i = 0; i < nr && i < CHILDREN_MAX; i++) {
		children[i] = fork();
		if (!children[i]) {
			close(go[1]);
			small_process(go[0], small);
		}
	}
	start = now_s();
	wait_for_report(hold);
	close(go[1]);
	read_files(cache);
	sleep_s(hold + SETTLE_S - (now_s() - start));
	for (i = 0; i < nr && i < CHILDREN_MAX; i++) {
		if (children[i] < 0)
			continue;
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	give(&h);
	return 0;
}

static int work_smallguest(const char *name, const json_t *args)
{
	double limit = (double)arg_int(args, "run_ms", 20000) * 1e-3;
	double pause = (double)arg_int(args, "pause_ms", 1500) * 1e-3;
	double start = now_s(), stalls = vmstat_sum("allocstall_");
	unsigned int cycles = 0, round = 0, kills = 0;

	/* Who is killed is the load and not the one who counts. */
	set_oom_score("-1000");
	oom_kills();
	do {
		int status;
		pid_t pid = fork();

		if (pid < 0) {
			emit_text("error", name, "message", "fork: %s",
				  strerror(errno));
			return -1;
		}
		if (!pid) {
			int err;

			set_oom_score("500");
			err = press(args);
			if (err)
				fprintf(stderr, "pragent: %s: cannot take memory: %s\n",
					name, strerror(-err));
			_exit(err ? 1 : 0);
		}
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		kills += oom_kills();
		cycles += WIFEXITED(status) && !WEXITSTATUS(status);
		/* Between one and two of upstream's delays, now this, now that */
		sleep_s(pause * (1 + (double)(round++ % PAUSES) / PAUSES));
	} while (now_s() - start < limit);
	emit_result(name, "oom_kills", "count", kills);
	if (stalls >= 0)
		emit_result(name, "alloc_stalls", "count",
			    vmstat_sum("allocstall_") - stalls);
	emit_result(name, "cycles", "count",
		    cycles * limit / (now_s() - start));
	emit_result(name, "run_s", "s", now_s() - start);
	return 0;
}

WORKLOAD(work_smallguest);
