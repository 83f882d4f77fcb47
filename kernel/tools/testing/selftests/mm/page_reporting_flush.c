// SPDX-License-Identifier: GPL-2.0
/* flush: reports all that is free, can be ended, and teaches the age nothing */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "page_reporting_util.h"

PR_FIXTURE(flush, NEEDS_DEVICE)

static size_t some(void)
{
	return pr_portion(8, 16 * MIB + pr_meminfo("MemTotal") / 256);
}

/* Forget everything, so that a flush has much to do */
static int forget(void)
{
	return pr_order_set(pr_param_get(ORDER) == 8 ? 9 : 8);
}

/* All, or a size, with a time limit if wanted; through debugfs and the parameter */
TEST_F_TIMEOUT(flush, takes_limits, TIMEOUT)
{
	static const char * const files[] = { DEBUGFS "/flush", PARAMETERS "/flush" };
	static const char * const good[] = { "all", "all\n", "4M", "1G 200ms\n", "all 1s" };
	static const char * const names[] = { "reported_bytes", "left_bytes", "time_ms", "error" };
	char text[256], *p;
	unsigned int i, f;
	ssize_t n;
	int fd;

	for (f = 0; f < 2; f++) {
		fd = open(files[f], O_RDWR);
		ASSERT_LE(0, fd) TH_LOG("%s", files[f]);
		for (i = 0; i < 5; i++) {
			bool bad = i == 4;

			n = write(fd, good[i], strlen(good[i]));
			EXPECT_TRUE(bad ? n < 0 && errno == EINVAL :
				    n == (ssize_t)strlen(good[i]) || (n < 0 && errno == EAGAIN))
				TH_LOG("%s '%s': %zd, %s", files[f], good[i], n, strerror(errno));
		}
		n = pread(fd, text, sizeof(text) - 1, 0);
		ASSERT_LT(0, n);
		text[n] = '\0';
		for (p = text, i = 0; i < 4; i++, p = strchr(p, '\n') + 1)
			ASSERT_EQ(0, strncmp(p, names[i], strlen(names[i]))) TH_LOG("%s", text);
		close(fd);
	}
}

/* What is free is reported when the write returns, unless it says EAGAIN */
TEST_F_TIMEOUT(flush, reports_what_is_free, TIMEOUT)
{
	__u64 passes = pr_stat("passes"), sweeps = pr_stat("sweeps"), end = 0;
	struct pr_summary sum;
	struct pr_fate fate;
	struct pr_mem mem;
	bool done;
	int err;

	ASSERT_EQ(0, pr_quiet());
	do {
		ASSERT_EQ(0, pr_mem_take(&mem, some()));
		err = pr_mem_drop(&mem);
		if (err == -EOPNOTSUPP)
			SKIP(return, "/proc/self/pagemap does not tell pfns");
		ASSERT_EQ(0, err);
		err = pr_flush_once();
		ASSERT_TRUE(!err || err == -EAGAIN) TH_LOG("%s", strerror(-err));
		ASSERT_EQ(0, pr_fate_read(&mem, &fate));
		ASSERT_EQ(0, pr_summary_read(&sum));
		done = pr_most(&mem, fate.state[S_REPORTED]) &&
		       (err || sum.sum[ELIGIBLE] + sum.sum[YOUNG] <= pr_slack());
	} while (!done && pr_again(&end));
	EXPECT_TRUE(done)
		TH_LOG("%zu of %zu pages reported, eligible %llu, young %llu",
		       fate.state[S_REPORTED], mem.nr, sum.sum[ELIGIBLE], sum.sum[YOUNG]);
	EXPECT_LT(passes, pr_stat("passes"));
	EXPECT_LT(sweeps, pr_stat("sweeps"));
}

/* The user's own wish says nothing about the age */
TEST_F_TIMEOUT(flush, teaches_nothing, TIMEOUT)
{
	struct pr_mem mem;
	__u64 soon, refaulted;
	int i;

	ASSERT_EQ(0, pr_quiet());
	ASSERT_EQ(0, forget());
	ASSERT_EQ(0, pr_param_set(LEARN, 1));
	soon = pr_stat("refaulted_soon_bytes");
	refaulted = pr_stat("refaulted_bytes");
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pr_flush());
		ASSERT_EQ(0, pr_mem_take(&mem, pr_portion(4, pr_meminfo("MemTotal") / 16)));
		munmap(mem.word, mem.len);
	}
	ASSERT_EQ(0, pr_flush());
	EXPECT_LT(refaulted, pr_stat("refaulted_bytes"));
	EXPECT_EQ(soon, pr_stat("refaulted_soon_bytes"));
	EXPECT_LE(pr_stat("age_ms"), NEVER_MS + TICKS_MS);
}

TEST_F_TIMEOUT(flush, can_be_killed, TIMEOUT)
{
	int i, status;
	pid_t pid;

	ASSERT_EQ(0, pr_quiet());
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, forget());
		pid = fork();
		if (!pid)
			while (!pr_flush())
				;
		ASSERT_LT(0, pid);
		usleep(random() % 50000);
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
	}
	EXPECT_EQ(0, pr_flush());
}

struct flusher {
	bool stop;
	unsigned int canceled;
	unsigned int interrupted;
	int bad;
};

static void *flush_on(void *arg)
{
	struct flusher *f = arg;
	int err;

	while (!__atomic_load_n(&f->stop, __ATOMIC_RELAXED)) {
		err = pr_flush_once();
		if (err == -ECANCELED)
			__atomic_add_fetch(&f->canceled, 1, __ATOMIC_RELAXED);
		else if (err == -EINTR)
			__atomic_add_fetch(&f->interrupted, 1, __ATOMIC_RELAXED);
		else if (err && err != -EAGAIN)
			f->bad = err;
	}
	return NULL;
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Any signal ends a flush, not only one that kills */
TEST_F_TIMEOUT(flush, heeds_signals, TIMEOUT)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct flusher f = {};
	pthread_t thread;
	__u64 end = 0;
	bool more;

	ASSERT_EQ(0, pr_quiet());
	ASSERT_EQ(0, sigaction(SIGUSR1, &act, NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, flush_on, &f));
	do {
		usleep(random() % 20000);
		pthread_kill(thread, SIGUSR1);
		more = pr_again(&end);
	} while (!__atomic_load_n(&f.interrupted, __ATOMIC_RELAXED) && more);
	__atomic_store_n(&f.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, f.bad);
	EXPECT_EQ(0, f.canceled);
	EXPECT_NE(0, f.interrupted);
	EXPECT_EQ(0, pr_flush());
}

/* A change of the order ends a flush after its batch */
TEST_F_TIMEOUT(flush, is_canceled, TIMEOUT)
{
	struct flusher f = {};
	pthread_t thread;
	__u64 end = 0;
	bool more;

	ASSERT_EQ(0, pr_quiet());
	ASSERT_EQ(0, pthread_create(&thread, NULL, flush_on, &f));
	do {
		usleep(random() % 20000);
		EXPECT_EQ(0, forget());
		more = pr_again(&end);
	} while (!__atomic_load_n(&f.canceled, __ATOMIC_RELAXED) && more);
	__atomic_store_n(&f.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, f.bad);
	EXPECT_EQ(0, f.interrupted);
	EXPECT_NE(0, f.canceled);
}

PR_MAIN
