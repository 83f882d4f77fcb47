// SPDX-License-Identifier: GPL-2.0
/* Processors for virtual CPUs, events of KVM, and what a machine is warned about. */
#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "prbench.h"

static char root[64];		/* stands for / */
static char *old_path;

static int rm(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int setup(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/prbench-kvm-test.XXXXXX");
	old_path = strdup(getenv("PATH"));
	meta_root = root;
	return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	meta_root = "";
	setenv("PATH", old_path, 1);
	free(old_path);
	nftw(root, rm, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}

static void PRINTF(2, 3) put(const char *file, const char *fmt, ...)
{
	char *path = format("%s/%s", root, file), *slash;
	va_list ap;
	FILE *f;

	slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(make_dirs(path), 0);
	*slash = '/';
	f = fopen(path, "w");
	assert_non_null(f);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	assert_int_equal(fclose(f), 0);
	free(path);
}

/* A machine with cores of two threads each, @n or one apart in number. */
static void cores(int n, bool beside)
{
	int cpu;

	for (cpu = 0; cpu < 2 * n; cpu++) {
		int first = beside ? cpu & ~1 : cpu % n;
		char *file = format("sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
				    cpu);

		put(file, "%d%c%d\n", first, beside ? '-' : ',',
		    beside ? first + 1 : first + n);
		free(file);
	}
}

static void a_core_for_each_virtual_cpu(void **state)
{
	static const int allowed[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	static const int some[] = { 1, 3, 5, 7 };
	int got[8];

	(void)state;
	cores(4, false);
	assert_int_equal(pin_choose(root, allowed, 8, got, 2), 2);
	assert_int_equal(got[0], 7);
	assert_int_equal(got[1], 6);
	/* four cores, then siblings */
	assert_int_equal(pin_choose(root, allowed, 8, got, 5), 5);
	assert_int_equal(got[3], 4);
	assert_int_equal(got[4], 3);
	/* 7 and 3 are siblings, and so are 5 and 1 */
	assert_int_equal(pin_choose(root, some, 4, got, 2), 2);
	assert_int_equal(got[0], 7);
	assert_int_equal(got[1], 5);
	/* where 6 is the sibling of 7, and 4 that of 5 */
	cores(4, true);
	assert_int_equal(pin_choose(root, allowed, 8, got, 5), 5);
	assert_int_equal(got[0], 7);
	assert_int_equal(got[1], 5);
	assert_int_equal(got[3], 1);
	assert_int_equal(got[4], 6);
}

static void one_processor_stays_free(void **state)
{
	static const int allowed[] = { 0, 1 };
	int got[2];

	(void)state;
	assert_int_equal(pin_choose(root, allowed, 2, got, 2), 0);
	assert_int_equal(pin_choose(root, allowed, 2, got, 1), 1);
	assert_int_equal(got[0], 1);
	assert_int_equal(pin_choose(root, allowed, 2, got, 0), 0);
}

/* This process plays QEMU, and its one thread is a virtual CPU. */
static void threads_are_pinned(void **state)
{
	json_t *cpus = json_pack("[{s:i, s:I}]", "cpu-index", 0, "thread-id",
				 (json_int_t)syscall(SYS_gettid));
	json_t *nobody = json_pack("[{s:i}]", "cpu-index", 0), *pinned;
	char err[256] = "";
	cpu_set_t before, now;
	int cpu;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	if (CPU_COUNT(&before) < 2) {
		json_decref(cpus);
		json_decref(nobody);
		skip();
	}
	assert_null(pin_threads(nobody, root, err, sizeof(err)));
	assert_non_null(strstr(err, "does not say"));
	pinned = pin_threads(cpus, root, err, sizeof(err));
	assert_non_null(pinned);
	cpu = (int)json_integer_value(json_array_get(pinned, 0));
	assert_int_equal(sched_getaffinity(0, sizeof(now), &now), 0);
	assert_int_equal(CPU_COUNT(&now), 1);
	assert_true(CPU_ISSET(cpu, &now));
	assert_true(CPU_ISSET(cpu, &before));
	/* Now there is one processor only: no place for QEMU beside it. */
	assert_null(pin_threads(cpus, root, err, sizeof(err)));
	assert_non_null(strstr(err, "more than the 1"));
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	json_decref(pinned);
	json_decref(nobody);
	json_decref(cpus);
}

/* A perf that does as it is told. */
static void fake_perf(const char *script)
{
	char *path = format("%s/bin:%s", root, old_path), *perf;

	put("bin/perf", "#!/bin/sh\n%s\n", script);
	perf = format("%s/bin/perf", root);
	assert_int_equal(chmod(perf, 0755), 0);
	setenv("PATH", path, 1);
	free(perf);
	free(path);
}

static void perf_that_cannot_says_why(void **state)
{
	char *why, *bin = format("%s/tools", root);
	static const char *const tools[] = { "sh", "sed", "true" };
	size_t i;

	(void)state;
	fake_perf("echo; echo '  event syntax error: kvm:' >&2; exit 129");
	why = counting_works();
	assert_string_equal(why, "event syntax error: kvm:");
	free(why);
	fake_perf("exit 1");
	why = counting_works();
	assert_string_equal(why, "perf fails without a word");
	free(why);
	fake_perf("case $* in *kvm:kvm_page_fault*) exit 0 ;; esac; exit 1");
	assert_null(counting_works());
	/* and one that is not there */
	assert_int_equal(make_dirs(bin), 0);
	for (i = 0; i < ARRAY_SIZE(tools); i++) {
		char *from = format("/bin/%s", tools[i]);
		char *to = format("%s/%s", bin, tools[i]);

		assert_int_equal(symlink(from, to), 0);
		free(from);
		free(to);
	}
	setenv("PATH", bin, 1);
	why = counting_works();
	assert_string_equal(why, "perf is not installed");
	free(why);
	free(bin);
}

/* It counts beside the VM, and is gone with the last line written. */
static void perf_counts_until_it_is_told(void **state)
{
	struct counting c = { 0 };
	json_t *meta = json_object();
	char *csv = format("%s/kvm.csv", root), text[256];
	double end = now_s() + 20;
	pid_t pid;

	(void)state;
	fake_perf("while [ $# -gt 1 ]; do case $1 in -p) p=$2 ;; -o) o=$2 ;; esac; shift; done\n"
		  "trap 'echo 2,$p >>\"$o\"; exit 0' INT\n"
		  "[ -n \"$o\" ] || o=$1\n"
		  "echo 1 >\"$o\"\n"
		  "while :; do sleep 0.02; done");
	counting_start(&c, 4711, root, now_s() - 3, meta);
	assert_true(c.pid > 0);
	pid = c.pid;
	while (access(csv, F_OK) && now_s() < end)
		sleep_s(0.01);
	assert_true(read_text(csv, text, sizeof(text)) >= 0);
	counting_stop(&c);
	assert_int_equal(c.pid, 0);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	assert_true(read_text(csv, text, sizeof(text)) > 0);
	assert_string_equal(text, "1\n2,4711");
	assert_true(json_number_value(json_object_get(json_object_get(meta,
			"kvm_events"), "start_s")) >= 3);
	counting_stop(&c);	/* once more does nothing */
	json_decref(meta);
	free(csv);
}

static bool warned(const json_t *warnings, const char *word)
{
	json_t *line;
	size_t i;

	json_array_foreach((json_t *)warnings, i, line)
		if (strstr(json_string_value(line), word))
			return true;
	return false;
}

static size_t warnings_of(const char *word)
{
	json_t *machine = meta_machine(), *warnings = meta_warnings(machine);
	size_t n = json_array_size(warnings);

	if (word && !warned(warnings, word))
		fail_msg("nothing is said about %s", word);
	json_decref(machine);
	json_decref(warnings);
	return n;
}

#define CPU	"sys/devices/system/cpu/"
#define THP	"sys/kernel/mm/transparent_hugepage/"

/* Nobody can tell: nothing is said. All is well: nothing is said either. */
static void a_quiet_machine_is_not_warned_about(void **state)
{
	(void)state;
	assert_int_equal(warnings_of(NULL), 0);
	put(CPU "intel_pstate/no_turbo", "1\n");
	put(CPU "cpu0/cpufreq/scaling_governor", "performance\n");
	put(CPU "smt/active", "0\n");
	put(THP "enabled", "always [madvise] never\n");
	put(THP "defrag", "always defer defer+madvise [madvise] never\n");
	put(THP "shmem_enabled", "always within_size advise [never] deny force\n");
	put("sys/kernel/mm/ksm/run", "0\n");
	put("proc/meminfo", "MemTotal: 8000000 kB\nSwapTotal: 1048576 kB\nSwapFree: 1048576 kB\n");
	assert_int_equal(warnings_of(NULL), 0);
}

static void each_setting_is_warned_about(void **state)
{
	static const struct {
		const char *file, *bad, *good, *word;
	} knobs[] = {
		{ CPU "intel_pstate/no_turbo", "0\n", "1\n", "turbo" },
		{ CPU "cpu0/cpufreq/scaling_governor", "powersave\n",
		  "performance\n", "governor" },
		{ CPU "smt/active", "1\n", "0\n", "SMT" },
		{ THP "enabled", "[always] madvise never\n",
		  "always [madvise] never\n", "khugepaged" },
		{ THP "defrag", "[always] defer madvise never\n",
		  "always [defer] madvise never\n", "defrag" },
		{ THP "shmem_enabled", "always advise never deny [force]\n",
		  "[always] advise never deny force\n", "User Mode Linux" },
		{ "sys/kernel/mm/ksm/run", "1\n", "0\n", "KSM" },
		{ "proc/meminfo", "SwapTotal: 1048576 kB\nSwapFree: 524288 kB\n",
		  "SwapTotal: 1048576 kB\nSwapFree: 1048576 kB\n",
		  "512 MiB of swap" },
	};
	char *path;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		put(knobs[i].file, "%s", knobs[i].bad);
		assert_int_equal(warnings_of(knobs[i].word), 1);
		put(knobs[i].file, "%s", knobs[i].good);
		assert_int_equal(warnings_of(NULL), 0);
	}
	/* where the other driver rules, its knob says the opposite */
	path = format("%s/" CPU "intel_pstate/no_turbo", root);
	assert_int_equal(unlink(path), 0);
	free(path);
	put(CPU "cpufreq/boost", "1\n");
	assert_int_equal(warnings_of("turbo"), 1);
	put(CPU "cpufreq/boost", "0\n");
	assert_int_equal(warnings_of(NULL), 0);
}

/* A host that is a guest itself, and gives back what it does not need. */
static void a_host_that_reports_is_known(void **state)
{
	json_t *run = meta_machine();

	(void)state;
	assert_true(json_is_false(json_object_get(run, "hypervisor")));
	assert_null(json_object_get(run, "host_free_page_reporting"));
	json_decref(run);
	put("proc/cpuinfo", "flags\t\t: fpu hypervisor lahf_lm\n");
	/* another device with that bit, and a balloon without it */
	put("sys/bus/virtio/devices/virtio0/device", "0x0002\n");
	put("sys/bus/virtio/devices/virtio0/features", "0000010000\n");
	put("sys/bus/virtio/devices/virtio1/device", "0x0005\n");
	put("sys/bus/virtio/devices/virtio1/features", "0100000000\n");
	run = meta_machine();
	assert_true(json_is_true(json_object_get(run, "hypervisor")));
	assert_true(json_is_false(json_object_get(run, "host_free_page_reporting")));
	json_decref(run);
	assert_int_equal(warnings_of(NULL), 0);
	put("sys/bus/virtio/devices/virtio1/features", "0100010000\n");
	run = meta_machine();
	assert_true(json_is_true(json_object_get(run, "host_free_page_reporting")));
	json_decref(run);
	assert_int_equal(warnings_of("reports its own free memory"), 1);
}

/* Before a boot: what was done to the host's memory, or why it was not. */
static void the_host_is_equalised(void **state)
{
	json_t *meta = json_object(), *o;
	struct equalised e;
	int signals[2];

	(void)state;
	put("proc/meminfo", "MemAvailable: 1048576 kB\n");
	equalise(&e, EQUALISE_NONE, 64, -1, meta);
	o = json_object_get(meta, "equalise");
	assert_string_equal(json_string_value(json_object_get(o, "how")), "none");
	assert_null(json_object_get(o, "failed"));
	equalise(&e, EQUALISE_TOUCH, 64, -1, meta);
	o = json_object_get(meta, "equalise");
	assert_string_equal(json_string_value(json_object_get(o, "how")), "touch");
	assert_null(json_object_get(o, "failed"));
	/* held until it is released, once */
	assert_true(e.pid > 0);
	assert_int_equal(kill(e.pid, 0), 0);
	equalise_release(&e);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	equalise_release(&e);
	/* a guest of as much as there is would leave the host nothing */
	equalise(&e, EQUALISE_TOUCH, 1024, -1, meta);
	o = json_object_get(meta, "equalise");
	assert_non_null(json_object_get(o, "failed"));
	assert_int_equal(e.pid, 0);
	/* a signal that is there ends the wait at once */
	assert_int_equal(pipe(signals), 0);
	assert_int_equal(write(signals[1], "", 1), 1);
	equalise(&e, EQUALISE_WAIT, 64, signals[0], meta);
	o = json_object_get(meta, "equalise");
	assert_non_null(json_object_get(o, "failed"));
	put("proc/vmstat", "pgfault 1\npage_reported 12\n");
	assert_int_equal(meta_reported_kib(), 12 * sysconf(_SC_PAGESIZE) / 1024);
	equalise(&e, EQUALISE_WAIT, 64, signals[0], meta);
	o = json_object_get(meta, "equalise");
	assert_null(json_object_get(o, "failed"));
	close(signals[0]);
	close(signals[1]);
	json_decref(meta);
}

static void boots_and_runs_say_it(void **state)
{
	json_t *run, *boot;

	(void)state;
	put(CPU "cpufreq/boost", "1\n");
	put(THP "defrag", "[always] never\n");
	run = meta_machine();
	boot = meta_host_state();
	assert_string_equal(json_string_value(json_object_get(run, "turbo")), "on");
	assert_string_equal(json_string_value(json_object_get(boot, "turbo")), "on");
	assert_string_equal(json_string_value(json_object_get(boot, "thp_defrag")),
			    "always");
	assert_string_equal(json_string_value(json_object_get(run, "governor")),
			    "none");
	json_decref(run);
	json_decref(boot);
}

int main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_core_for_each_virtual_cpu), T(one_processor_stays_free),
		T(threads_are_pinned), T(perf_that_cannot_says_why),
		T(perf_counts_until_it_is_told), T(a_quiet_machine_is_not_warned_about),
		T(each_setting_is_warned_about), T(a_host_that_reports_is_known),
		T(the_host_is_equalised), T(boots_and_runs_say_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
