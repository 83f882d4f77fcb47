// SPDX-License-Identifier: GPL-2.0
/* prbench: the steps of a run, in their order. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "state.h"

/* The guest sees the host's root: paths must be absolute and without links. */
static void resolve(char *path, const char *from, const char *what)
{
	if (!realpath(from, path)) {
		complain("%s %s: %s; run 'make build' first",
			what, from, strerror(errno));
		exit(EXIT_FATAL);
	}
}

static void resolve_paths(struct config *cfg, const struct options *o)
{
	resolve(cfg->kernels, o->kernels, "kernels in");
	resolve(cfg->agent, o->agent, "the guest's agent");
	if (strpbrk(cfg->agent, "\"\n")) {
		complain("%s: a kernel's command line cannot hold a path with a quotation mark or a line end; move the tree elsewhere",
			 cfg->agent);
		exit(EXIT_FATAL);
	}
	/* Few workloads need it, and they say so where it is missing. */
	if (o->source)
		resolve(cfg->source, o->source, "kernel source");
	else if (!realpath(series_source(cfg->sel.series), cfg->source))
		cfg->source[0] = '\0';
}

/* Without platforms of the user's choice: KVM if it works, or else TCG. */
static void choose_platforms(struct state *s)
{
	struct selection *sel = &s->cfg.sel;
	uint64_t asked = sel->platforms;
	char why[512] = "";
	bool kvm = true;

	if (!asked || asked & BIT(KVM))
		kvm = kvm_works(&s->cfg, why, sizeof(why));
	if (!kvm && asked & BIT(KVM)) {
		complain("kvm is left out: %s", why);
		sel->platforms &= ~BIT(KVM);
	}
	if (!asked) {
		sel->platforms = BIT(ICOUNT) | BIT(UM) | (kvm ? BIT(KVM) : BIT(TCG));
		say(s, "KVM: %s\n", kvm ? "a guest boots under it" : why);
	}
	sel->platforms = doctor_platforms(&s->cfg, sel->platforms);
	if (!sel->platforms)
		exit(EXIT_FATAL);
	if (!(sel->platforms & BIT(KVM)))
		return;
	s->kvm_counters = counting_works();
	s->cfg.count_kvm = !s->kvm_counters;
	if (s->kvm_counters)
		say(s, "KVM: its events are not counted: %s\n", s->kvm_counters);
}

/* On which platforms what is booted; without any boot the program ends. */
static void make_plan(struct state *s, const struct options *o)
{
	choose_platforms(s);
	if (plan_make(&s->plan, &s->cfg.sel) ||
	    (o->has_first && plan_first(&s->plan, &o->first))) {
		complain("out of memory");
		exit(EXIT_FATAL);
	}
	if (s->plan.nr_boots)
		return;
	explain_nothing(&s->cfg.sel);
	exit(EXIT_USAGE);
}

/* Answer --list, --plan and --doctor. */
static int answer(struct state *s, const struct options *o)
{
	if (o->ask == 'd') {
		if (!realpath(o->kernels, s->cfg.kernels))
			make_path(s->cfg.kernels, sizeof(s->cfg.kernels), "%s",
				  o->kernels);
		return doctor(&s->cfg) ? EXIT_LOST : EXIT_OK;
	}
	if (o->ask == 'l') {
		print_list(stdout);
		return 0;
	}
	make_plan(s, o);
	print_plan(s);
	return 0;
}

/* Two runs at once are possible, and their figures are worth less. */
static void warn_of_others(struct state *s)
{
	static const char text[] =
		"another prbench runs at the same time: the figures of both suffer";
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* A name that nobody but a running prbench has, and no file. */
	memcpy(name.sun_path + 1, "prbench", 7);
	if (fd < 0 || !bind(fd, (struct sockaddr *)&name,
			    offsetof(struct sockaddr_un, sun_path) + 8))
		return;
	close(fd);
	say(s, "warning: %s\n", text);
	json_array_append_new(json_object_get(s->run, "warnings"),
			      json_string(text));
}

/* Everything up to the first boot; what cannot be had ends the program. */
static void prepare(struct state *s, const struct options *o, int argc, char **argv)
{
	struct plan now;

	make_plan(s, o);
	/* What is not built on the way has to be there from the beginning. */
	now = o->build && s->plan.first ? plan_head(&s->plan) : s->plan;
	if (o->build && build_kernels(s, o->build, &now))
		exit(s->interrupted ? EXIT_INTERRUPTED : EXIT_FATAL);
	resolve_paths(&s->cfg, o);
	if (!kernels_there(&s->cfg, &now))
		exit(EXIT_FATAL);
	if (o->resume)
		resolve(s->cfg.out, o->resume, "the run");
	else
		make_out_dir(s, o->out);
	if (s->tap)
		printf("TAP version 14\n");
	make_run_json(s, argc, argv);
	warn_of_others(s);
	if (s->was)
		go_on(s);
	s->cfg.began = json_string_value(json_object_get(s->run, "date"));
	if (s->tap)
		printf("1..%u\n", s->plan.nr_boots - s->ok - s->bad);
}

/*
 * What boots have finished gets its report even if others were lost.  run_phases()
 * has blocked the signals that end a run: the program gets them, and here they are
 * looked for afterwards.
 */
static int report(struct state *s, const char *program)
{
	char *argv[] = { (char *)program, s->cfg.out, NULL };
	const struct timespec at_once = { 0 };
	sigset_t signals;
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		sigemptyset(&signals);
		sigprocmask(SIG_SETMASK, &signals, NULL);
		execv(program, argv);
		complain("cannot run %s: %s; run 'make programs'",
			program, strerror(errno));
		_exit(EXIT_LOST);
	}
	if (pid < 0)
		complain("cannot start %s: %s; run 'make report' later", program,
			 strerror(errno));
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	stop_signals(&signals);
	if (sigtimedwait(&signals, NULL, &at_once) > 0)
		s->interrupted = true;
	if (WIFSIGNALED(status) && !s->interrupted)
		complain("%s was ended by signal %d (%s); run 'make report' later",
			 program, WTERMSIG(status), strsignal(WTERMSIG(status)));
	return !s->interrupted && pid > 0 && WIFEXITED(status) &&
	       !WEXITSTATUS(status) ? 0 : -1;
}

/* Run what is to be first, report it, and build what the rest needs. */
static void run_first(struct state *s, const struct options *o)
{
	struct plan rest = s->plan;
	bool any = plan_head(&s->plan).nr_boots;	/* none if they had ended before */

	rest.phases += rest.first;
	rest.nr -= rest.first;
	run_phases(s, 0, s->plan.first);
	if (s->interrupted || s->fatal)
		return;
	if (any && o->report) {
		save_run(s, FIRST_REPORT);
		say(s, "first report, of %u boots:\n", s->ok + s->bad);
		report(s, o->report);
		if (s->interrupted)
			return;
		say(s, "going on; the report is renewed at the end, and Ctrl-C keeps this one\n");
		save_run(s, "running");
	}
	if (o->build && build_kernels(s, o->build, &rest))
		s->fatal = !s->interrupted;
	else
		s->fatal |= !kernels_there(&s->cfg, &rest);
}

static void say_plan(const struct state *s, const struct options *o)
{
	struct plan head = plan_head(&s->plan);

	say(s, "%s: %u boots, about %d:%02d min\n", s->cfg.out,
	    s->plan.nr_boots - s->ok - s->bad,
	    (int)s->plan.estimate_s / 60, (int)s->plan.estimate_s % 60);
	if (head.nr_boots && o->report)
		say(s, "%s/report.html will be there in about %d:%02d min, of the first %u boots\n",
		    s->cfg.out, (int)head.estimate_s / 60, (int)head.estimate_s % 60,
		    head.nr_boots);
}

static void run(struct state *s, const struct options *o)
{
	save_run(s, "running");
	if (s->fatal)
		return;
	say_plan(s, o);
	if (s->plan.first)
		run_first(s, o);
	run_phases(s, s->plan.first, s->plan.nr);
	save_run(s, s->interrupted ? "interrupted" : s->fatal ? "stopped" :
		 "complete");
	say(s, "%u boots ok, %u not, %.0f s; raw data in %s\n", s->ok, s->bad,
	    now_s() - s->t0, s->cfg.out);
	if (s->tap && (s->interrupted || s->fatal))
		printf("Bail out! %s\n", s->interrupted ? "interrupted" :
		       "no boot can succeed any more");
	else if ((s->interrupted || s->fatal) && o->report)
		say(s, "'make report RESULTS=%s' reports these, 'make bench RESUME=%s' goes on\n",
		    s->cfg.out, s->cfg.out);
}

/* Is what was asked for lost? A reader that is gone wants none. */
static bool answer_lost(void)
{
	if (!fflush(stdout) || errno == EPIPE)
		return false;
	complain("standard output cannot be written: %s; make room there", strerror(errno));
	return true;
}

static int result(const struct state *s)
{
	if (s->interrupted)
		return EXIT_INTERRUPTED;
	if (s->fatal)
		return EXIT_FATAL;
	return s->bad ? EXIT_LOST : EXIT_OK;
}

int main(int argc, char **argv)
{
	struct state s = { .profile = "quick", .t0 = now_s() };
	struct options o = { .kernels = default_kernels(), .agent = "build/bin/pragent" };
	const char *qemu = getenv("QEMU");
	char **words = NULL;	/* of the run that goes on */
	int ret;

	/* A reader that is gone stops the output, never the run. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	while ((ret = open("/dev/null", O_RDWR)) >= 0 && ret <= STDERR_FILENO)
		;
	close(ret);
	parse_resume(&o, argc, argv);
	if (o.resume) {
		char err[512];

		s.was = resume_open(o.resume, &argc, &argv, err, sizeof(err));
		if (!s.was) {
			complain("--resume: %s", err);
			return EXIT_USAGE;
		}
		words = argv;
	}
	load_workloads(argc, argv);
	parse_options(&s, &o, argc, argv);
	snprintf(s.cfg.qemu, sizeof(s.cfg.qemu), "%s",
		 qemu && *qemu ? qemu : "qemu-system-x86_64");
	s.cfg.parent = getpid();
	find_terminal(&s);
	if (o.ask) {
		ret = answer(&s, &o);
		if (answer_lost())
			ret = EXIT_FATAL;
	} else {
		prepare(&s, &o, argc, argv);
		run(&s, &o);
		ret = result(&s);
		if (o.report && ret <= EXIT_LOST && report(&s, o.report))
			ret = s.interrupted ? EXIT_INTERRUPTED : EXIT_LOST;
	}
	free(s.kvm_counters);
	plan_free(&s.plan);
	workloads_free();
	settings_reset();
	json_decref(s.run);
	json_decref(s.was);
	free(words);
	return ret;
}
