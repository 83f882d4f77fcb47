// SPDX-License-Identifier: GPL-2.0
#include "page_reporting_util.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "../kselftest.h"
#include "vm_util.h"

const char * const pr_param_names[NR_PARAMS] = {
	"min_age_ms", "learn", "fragment_order", "fragment_percent",
	"page_reporting_delay_ms", "quota_ms", "quota_mib", "page_reporting_order",
};

const char * const pr_column_names[NR_COLUMNS] = {
	"reported", "small", "few", "isolated", "backing_off", "young", "watermark",
	"sparse", "eligible", "untracked",
};

static const char * const state_names[NR_STATES] = {
	"reported", "partial", "pending", "small", "untracked",
};

__u64 pr_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

bool pr_again(__u64 *end)
{
	if (!*end)
		*end = pr_now_ms() + PATIENCE_MS;
	usleep(20000);
	return pr_now_ms() < *end;
}

__u64 pr_order_bytes(unsigned int order)
{
	return (__u64)psize() << order;
}

static int read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);
	int err = n < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	buf[err ? 0 : n] = '\0';
	return err;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
	int err = n < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

static const char *param_path(enum pr_param param)
{
	static __thread char path[128];

	snprintf(path, sizeof(path), PARAMETERS "/%s", pr_param_names[param]);
	return path;
}

int pr_param_read(enum pr_param param, char *buf, size_t size)
{
	return read_text(param_path(param), buf, size);
}

int pr_param_write(enum pr_param param, const char *text)
{
	return write_text(param_path(param), text);
}

int pr_param_set(enum pr_param param, unsigned int value)
{
	char text[16];
	int err;

	snprintf(text, sizeof(text), "%u", value);
	err = pr_param_write(param, text);
	if (err)
		ksft_print_msg("%s: %s is refused: %s\n", pr_param_names[param], text,
			       strerror(-err));
	return err;
}

long pr_param_get(enum pr_param param)
{
	char text[32];

	return pr_param_read(param, text, sizeof(text)) ? -1 : strtol(text, NULL, 10);
}

int pr_order_set(unsigned int order)
{
	int err = pr_param_set(ORDER, order);
	__u64 end = 0;

	while (!err && pr_param_get(ORDER) != (long)order)
		if (!pr_again(&end))
			err = -ETIME;
	return err;
}

__u64 pr_meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	size_t len = strlen(name);
	char line[256];
	__u64 value = 0;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			value = strtoull(line + len + 1, NULL, 10) << 10;
	if (f)
		fclose(f);
	return value;
}

size_t pr_portion(unsigned int share, __u64 most)
{
	__u64 bytes = pr_meminfo("MemAvailable") / share;

	if (bytes > most)
		bytes = most;
	return bytes < MIB ? MIB : bytes / MIB * MIB;
}

__u64 pr_slack(void)
{
	__u64 slack = pr_meminfo("MemTotal") / 512;

	return slack < MIB ? MIB : slack;
}

bool pr_near(__u64 a, __u64 b)
{
	return a <= b + pr_slack() && b <= a + pr_slack();
}

static unsigned int read_buddyinfo(__u64 bytes[MAX_ORDERS])
{
	FILE *f = fopen("/proc/buddyinfo", "re");
	unsigned int order, orders = 0;
	char line[1024];
	__u64 nr;
	int at, len;

	memset(bytes, 0, MAX_ORDERS * sizeof(*bytes));
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Node %*d, zone %*s%n", &at) < 0)
			continue;
		for (order = 0; order < MAX_ORDERS; order++, at += len) {
			if (sscanf(line + at, "%llu%n", &nr, &len) != 1)
				break;
			bytes[order] += nr * pr_order_bytes(order);
		}
		if (orders < order)
			orders = order;
	}
	if (f)
		fclose(f);
	return orders;
}

void pr_buddyinfo(__u64 bytes[MAX_ORDERS])
{
	read_buddyinfo(bytes);
}

unsigned int pr_max_order(void)
{
	__u64 bytes[MAX_ORDERS];

	return read_buddyinfo(bytes) - 1;
}

long long pr_proc(const char *file, const char *name)
{
	FILE *f = fopen(file, "re");
	char line[1024], word[64];
	long long value, sum = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %lld", word, &value) == 2 && !strcmp(word, name))
			sum = (sum < 0 ? 0 : sum) + value;
	if (f)
		fclose(f);
	return sum;
}

int pr_flush_once(void)
{
	return write_text(DEBUGFS "/flush", "all");
}

int pr_flush(void)
{
	int err = pr_flush_once();

	if (err && err != -EAGAIN)
		ksft_print_msg("flush: %s\n", strerror(-err));
	return err == -EAGAIN ? 0 : err;
}

int pr_quiet(void)
{
	/* Per-cpu lists may keep an eighth of a zone otherwise, unseen */
	write_text("/proc/sys/vm/percpu_pagelist_high_fraction", "1048576");
	return pr_param_set(LEARN, 0) ?: pr_param_set(MIN_AGE, NEVER_MS);
}

__u64 pr_stat(const char *name)
{
	long long value = pr_proc(DEBUGFS "/stats", name);

	if (value < 0) {
		ksft_print_msg("stats: no %s\n", name);
		exit(KSFT_FAIL);
	}
	return value;
}

static int bad_line(const char *file, const char *line)
{
	ksft_print_msg("%s: a line that should not be there: %s", file, line);
	return -EPROTO;
}

/* Add up the numbers of a line of summary; they come to whole blocks */
static int summary_add(struct pr_summary *sum, const char *line)
{
	__u64 bytes, all = 0;
	unsigned int order;
	int i, at, len;

	if (sscanf(line, "%*u %*s %u %*s%n", &order, &at) != 1 || order >= MAX_ORDERS)
		return bad_line("summary", line);
	for (i = 0; i < NR_COLUMNS; i++, at += len) {
		if (sscanf(line + at, " %llu%n", &bytes, &len) != 1)
			return bad_line("summary", line);
		sum->sum[i] += bytes;
		sum->by_order[order][i] += bytes;
		all += bytes;
	}
	if (line[at] != '\n' || !all || all % pr_order_bytes(order))
		return bad_line("summary", line);
	return 0;
}

int pr_summary_read(struct pr_summary *sum)
{
	char header[256] = "node zone order migratetype", line[256];
	FILE *f = fopen(DEBUGFS "/summary", "re");
	int i, err = f ? 0 : -errno;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < NR_COLUMNS; i++) {
		strcat(header, " ");
		strcat(header, pr_column_names[i]);
	}
	strcat(header, "\n");
	if (f && (!fgets(line, sizeof(line), f) || strcmp(line, header)))
		err = bad_line("summary", line);
	while (!err && fgets(line, sizeof(line), f))
		err = summary_add(sum, line);
	if (f)
		fclose(f);
	return err;
}

/* An age: digits, or "-" for -1 */
static bool age_parse(const char *text, long long *age)
{
	char *end;

	*age = strcmp(text, "-") ? strtoll(text, &end, 10) : -1;
	return *age == -1 ? text[0] == '-' : *text != '-' && !*end;
}

static int block_parse(struct pr_block *b, const char *line)
{
	char state[16], free_ms[24], reported_ms[24];
	bool told;
	int at = 0;

	if (sscanf(line, "%llu %u %*u %*s %*s %15s %23s %23s%n", &b->pfn, &b->order,
		   state, free_ms, reported_ms, &at) != 5 || strcmp(line + at, "\n"))
		return bad_line("blocks", line);
	for (b->state = 0; b->state < NR_STATES; b->state++)
		if (!strcmp(state, state_names[b->state]))
			break;
	if (b->state == NR_STATES || b->order > pr_max_order() ||
	    b->pfn % (1ULL << b->order) || !age_parse(free_ms, &b->free_ms) ||
	    !age_parse(reported_ms, &b->reported_ms))
		return bad_line("blocks", line);
	/* Something was reported if and only if it is known when */
	told = b->state == S_REPORTED || b->state == S_PARTIAL;
	if (told == (b->reported_ms == -1) || (b->state == S_REPORTED && b->free_ms >= 0))
		return bad_line("blocks", line);
	return 0;
}

int pr_blocks_read(size_t piece, int (*fn)(const struct pr_block *block, void *arg),
		   void *arg)
{
	FILE *f = fopen(DEBUGFS "/blocks", "re");
	int err = f ? 0 : -errno;
	struct pr_block b;
	char line[256];
	__u64 end = 0;

	/* stdio reads as much at once as its buffer takes */
	if (f)
		setvbuf(f, NULL, piece > 1 ? _IOFBF : _IONBF, piece);
	while (!err && fgets(line, sizeof(line), f)) {
		err = block_parse(&b, line);
		if (!err && b.pfn < end)
			err = bad_line("blocks", line);
		end = b.pfn + (1ULL << b.order);
		if (!err)
			err = fn(&b, arg);
	}
	if (f)
		fclose(f);
	return err;
}

bool pr_has_device(void)
{
	struct pr_summary sum;
	int tries;

	/* An order that was written may take effect now: nothing is tracked then */
	for (tries = 0; tries < 10; tries++) {
		if (!pr_summary_read(&sum) && sum.sum[UNTRACKED] <= pr_slack())
			return true;
		usleep(30000);
	}
	return false;
}

const char *pr_cannot_run(enum pr_needs needs)
{
	if (geteuid())
		return "needs root";
	if (access(PARAMETERS "/quota_ms", F_OK))
		return "this kernel does not report free pages by age";
	if (needs == NEEDS_NOTHING)
		return NULL;
	if (access(DEBUGFS, F_OK))
		return "needs page_ext=on and debugfs";
	if (needs == NEEDS_DEVICE && !pr_has_device())
		return "needs a device that reports";
	if (needs == NEEDS_NO_DEVICE && pr_has_device())
		return "there is a device";
	return NULL;
}

#define HIGH_FRACTION	"/proc/sys/vm/percpu_pagelist_high_fraction"

void pr_params_save(struct pr_params *found)
{
	int i;

	for (i = 0; i < NR_PARAMS; i++)
		pr_param_read(i, found->text[i], sizeof(found->text[i]));
	read_text(HIGH_FRACTION, found->text[NR_PARAMS], sizeof(found->text[NR_PARAMS]));
}

bool pr_params_restore(const struct pr_params *found)
{
	bool good = true;
	int i;

	for (i = 0; i < NR_PARAMS; i++) {
		/* An order that was never set shows as -1 and cannot be unset */
		if (!found->text[i][0] || found->text[i][0] == '-')
			continue;
		if (pr_param_write(i, found->text[i]))
			good = false;
	}
	write_text(HIGH_FRACTION, found->text[NR_PARAMS]);
	return good;
}

int pr_main(int argc, char **argv, int (*run)(int argc, char **argv))
{
	int sig, status = 0, end = 0;
	sigset_t signals, before;
	struct pr_params found;
	pid_t child;

	pr_params_save(&found);
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, &signals, &before);
	/* A test outlives the harness when that is killed: wait for both */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	child = fork();
	if (!child) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		exit(run(argc, argv));
	}
	while (child > 0 && waitpid(child, &status, WNOHANG) != child) {
		sig = sigwaitinfo(&signals, NULL);
		if (sig == SIGCHLD || sig < 0)
			continue;
		end = sig;
		kill(child, SIGKILL);
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
	if (child < 0 || !pr_params_restore(&found))
		return KSFT_FAIL;
	return end ? 128 + end : WIFEXITED(status) ? WEXITSTATUS(status) : KSFT_FAIL;
}
