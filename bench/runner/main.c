// SPDX-License-Identifier: GPL-2.0
/*
 * prbench: options, the run's directory, starting boots, progress.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "prbench.h"

struct state {
	struct config cfg;
	struct plan plan;
	const char *profile;
	json_t *run;		/* run.json */
	unsigned int started, ok, bad;
	char *kvm_counters;	/* why KVM's events are not counted, or NULL */
	unsigned int landed;
	bool tty;
	bool tap;		/* a point for each boot, all else is a comment */
	bool interrupted;
	bool fatal;
	double t0;
	double before_s;	/* how long it had run when it was interrupted */
};

struct job {
	pid_t pid;
	struct lane *lane;
	struct boot *boot;
	double since;
};

/* To stdout; with --tap it must not look like a result. */
static void PRINTF(2, 3) say(const struct state *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (s->tap)
		printf("# ");
	vprintf(fmt, ap);
	va_end(ap);
	fflush(stdout);
}

static void usage(FILE *f)
{
	fprintf(f,
		"usage: prbench [options]\n"
		"Boots guests, drives workloads in them and records host memory.\n\n"
		"  --profile quick|full   how much (default quick)\n"
		"  --platforms LIST       of kvm tcg icount um (default: kvm if a guest boots\n"
		"                         under it, else tcg; icount; um)\n"
		"  --variants LIST        which kernels and settings to compare (default: what the\n"
		"                         profile chooses for each workload)\n"
		"  --workloads LIST       what to run in the guests\n"
		"  --workloads-dir DIR    a directory for each workload (default bench/workloads of\n"
		"                         the tree that this program was built in)\n"
		"  --boots N              boots of each kind and variant, whatever the profile says\n"
		"  --seed N               draws the order of the variants (default 1)\n"
		"  --set W.NAME=N         change a setting of a workload: drain.settle_ms=20000\n"
		"  --probe ORDER[,MS]     beside every workload an allocation of this order, every\n"
		"                         so many ms (5), and how long it took\n"
		"  --kernels DIR          built kernels (default build/kernels)\n"
		"  --agent FILE           the guest's init (default build/bin/pragent)\n"
		"  --source DIR           kernel source for workloads that want one (default\n"
		"                         build/trees/pristine)\n"
		"  --out DIR              default results/<date>-<host>-<commit>-<profile>\n"
		"  --tap                  print TAP 14, a point for each boot\n"
		"  --resume DIR           go on with a run that was interrupted; no other option\n"
		"  --list                 print the known names and what would run\n"
		"A list is separated by commas or spaces.  QEMU=FILE in the environment\n"
		"chooses another qemu-system-x86_64, PRBENCH_APPEND=WORDS ends the guests'\n"
		"command lines, PRBENCH_SCRIPT=FILE is what a workload may run,\n"
		"PRBENCH_BOOT_S=N waits longer for a guest to boot.\n"
		"Exit status: 0 all boots are good,\n"
		"1 some are not, 2 bad option, 3 nothing can run, 130 interrupted.\n");
}

static void print_names(FILE *f, const char *what)
{
	size_t i;

	if (!what || !strcmp(what, "platforms")) {
		fprintf(f, "platforms:");
		for (i = 0; i < NR_PLATFORMS; i++)
			fprintf(f, " %s", platform_names[i]);
		fprintf(f, "\n");
	}
	if (!what || !strcmp(what, "variants")) {
		fprintf(f, "variants:");
		for (i = 0; i < nr_variants; i++)
			fprintf(f, " %s", variants[i].name);
		fprintf(f, "\n");
	}
	if (!what || !strcmp(what, "workloads")) {
		fprintf(f, "workloads:");
		for (i = 0; i < nr_workloads; i++)
			fprintf(f, " %s", workloads[i].name);
		fprintf(f, "\n");
	}
}

static void __attribute__((noreturn)) unknown(const char *what, const char *name)
{
	fprintf(stderr, "prbench: unknown name '%s' in --%s; known are\n", name,
		what);
	print_names(stderr, what);
	exit(EXIT_USAGE);
}

static unsigned int number(const char *option, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!*text || *end || !n || n > 1000000) {
		fprintf(stderr, "prbench: --%s wants a number above 0, not '%s'\n",
			option, text);
		exit(EXIT_USAGE);
	}
	return (unsigned int)n;
}

/* The guest sees the host's root: paths must be absolute and without links. */
static void resolve(char *path, const char *from, const char *what)
{
	if (!realpath(from, path)) {
		fprintf(stderr, "prbench: %s %s: %s; run 'make build' first\n",
			what, from, strerror(errno));
		exit(EXIT_FATAL);
	}
}

/* Name each kernel that is missing before anything is booted. */
static void check_kernels(const struct config *cfg, const struct plan *plan)
{
	unsigned int missing = 0;
	size_t p, v;

	for (p = 0; p < NR_PLATFORMS; p++) {
		for (v = 0; v < nr_variants; v++) {
			char dir[PATH_MAX / 2], path[PATH_MAX];

			if (!(plan_variants(plan, BIT(p)) & BIT(v)))
				continue;
			kernel_dir(dir, sizeof(dir), cfg, (enum platform)p,
				   &variants[v]);
			make_path(path, sizeof(path), "%s/%s", dir,
				 p == UM ? "linux" : "bzImage");
			if (!access(path, R_OK))
				continue;
			fprintf(stderr,
				"prbench: variant %s on %s needs %s: %s\n",
				variants[v].name, platform_names[p], path,
				strerror(errno));
			missing++;
		}
	}
	if (missing) {
		fprintf(stderr,
			"prbench: build the kernels first, or choose other variants with --variants\n");
		exit(EXIT_FATAL);
	}
}

static void make_out_dir(struct state *s, const char *out)
{
	char path[PATH_MAX + 16], stamp[32], host[128] = "host", *commit, *dot;
	time_t now = time(NULL);
	struct tm tm;
	bool own = !out;

	if (own) {
		gmtime_r(&now, &tm);
		strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
		gethostname(host, sizeof(host) - 1);
		dot = strchr(host, '.');
		if (dot)
			*dot = '\0';
		commit = git_commit();
		make_path(path, sizeof(path), "results/%s-%s-%s-%s", stamp, host,
			 commit, s->profile);
		free(commit);
		out = path;
	}
	if (make_dirs(out) || !realpath(out, s->cfg.out)) {
		fprintf(stderr,
			"prbench: cannot make %s: %s; make room there, or choose another --out\n",
			out, strerror(errno));
		exit(EXIT_FATAL);
	}
	make_path(path, sizeof(path), "%s/run.json", s->cfg.out);
	if (!access(path, F_OK)) {
		fprintf(stderr,
			"prbench: %s holds a run already; choose another --out\n",
			s->cfg.out);
		exit(EXIT_USAGE);
	}
	if (own) {
		unlink("results/latest.new");
		if (symlink(strrchr(s->cfg.out, '/') + 1, "results/latest.new") ||
		    rename("results/latest.new", "results/latest"))
			fprintf(stderr,
				"prbench: cannot update results/latest: %s\n",
				strerror(errno));
	}
}

static json_t *platforms_of(uint64_t mask)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < NR_PLATFORMS; i++)
		if (mask & BIT(i))
			json_array_append_new(a, json_string(platform_names[i]));
	return a;
}

static void make_run_json(struct state *s, int argc, char **argv)
{
	const struct selection *sel = &s->cfg.sel;
	json_t *settings = json_object(), *by_platform = json_object();
	json_t *vars = json_array(), *words = json_array();
	json_t *names = json_array(), *about = json_object();
	json_t *machine, *warnings, *line;
	char stamp[64], host[128] = "";
	char *commit = git_commit();
	size_t p, i;

	for (p = NR_PLATFORMS; p-- > 0; ) {
		json_t *o;

		if (!(sel->platforms & BIT(p)))
			continue;
		o = json_object();
		for (i = 0; i < nr_workloads; i++)
			if (sel->workloads & BIT(i))
				json_object_set_new(o, workloads[i].name,
					workload_settings(sel->full, i,
							  (enum platform)p));
		/* The first platform's stand for all; the rest is beside it. */
		json_object_update(settings, o);
		json_object_set_new(by_platform, platform_names[p], o);
	}
	for (i = 0; i < nr_workloads; i++) {
		if (!(sel->workloads & BIT(i)))
			continue;
		json_array_append_new(names, json_string(workloads[i].name));
		json_object_set_new(about, workloads[i].name, workload_about(i));
	}
	for (i = 0; i < nr_variants; i++)
		if (plan_variants(&s->plan, ~0ULL) & BIT(i))
			json_array_append_new(vars,
					      json_string(variants[i].name));
	for (i = 0; i < (size_t)argc; i++)
		json_array_append_new(words, json_string(argv[i]));
	iso_time(stamp, sizeof(stamp));
	gethostname(host, sizeof(host) - 1);
	machine = meta_machine();
	warnings = meta_warnings(machine);
	json_array_foreach(warnings, i, line)
		say(s, "warning: %s\n", json_string_value(line));
	s->run = json_pack("{s:i, s:s, s:s, s:s, s:s, s:o, s:o, s:i, s:i, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:f}",
			   "schema", 1, "profile", s->profile, "date", stamp,
			   "host", host, "commit", commit,
			   "machine", machine, "warnings", warnings,
			   "boots_planned", (int)s->plan.nr_boots,
			   "seed", (int)sel->seed,
			   "platforms", platforms_of(sel->platforms),
			   "variants", vars,
			   "variants_by_profile", !sel->variants,
			   "workloads", names,
			   "about_workloads", about,
			   "settings", settings,
			   "settings_by_platform", by_platform,
			   "argv", words,
			   "estimate_s", s->plan.estimate_s);
	if (s->kvm_counters)
		json_object_set_new(s->run, "kvm_counters",
				    json_string(s->kvm_counters));
	free(commit);
}

/* From now on it is the run that was interrupted; what has ended is not booted. */
static void go_on(struct state *s, json_t *was)
{
	json_t *times = json_object_get(was, "resumed");
	char err[512], stamp[64];
	struct resumed done;

	if (resume_same(was, s->run, err, sizeof(err))) {
		fprintf(stderr, "prbench: cannot go on with %s: %s\n", s->cfg.out, err);
		exit(EXIT_USAGE);
	}
	if (resume_plan(&s->plan, s->cfg.out, &done)) {
		fprintf(stderr, "prbench: cannot read %s/boots: %s\n", s->cfg.out,
			strerror(errno));
		exit(EXIT_FATAL);
	}
	s->started = done.last;
	s->ok = done.ok;
	s->bad = done.bad;
	s->before_s = json_number_value(json_object_get(was, "run_s"));
	iso_time(stamp, sizeof(stamp));
	if (!json_is_array(times)) {
		times = json_array();
		json_object_set_new(was, "resumed", times);
	}
	json_array_append_new(times, json_string(stamp));
	json_decref(s->run);
	s->run = json_incref(was);
}

static void save_run(struct state *s, const char *status)
{
	char path[PATH_MAX + 16], err[PATH_MAX + 64];

	json_object_set_new(s->run, "status", json_string(status));
	json_object_set_new(s->run, "boots_ok", json_integer(s->ok));
	json_object_set_new(s->run, "boots_bad", json_integer(s->bad));
	json_object_set_new(s->run, "run_s",
			    json_real(s->before_s + now_s() - s->t0));
	make_path(path, sizeof(path), "%s/run.json", s->cfg.out);
	if (write_json(path, s->run, err, sizeof(err))) {
		fprintf(stderr, "prbench: %s; make room there\n", err);
		s->fatal = true;
	}
}

static double left_in_lane(const struct lane *lane)
{
	double s = 0;
	size_t i;

	for (i = lane->next; i < lane->nr; i++)
		s += lane->boots[i].estimate_s;
	return s;
}

/* Seconds to the end, from estimates that finished boots have corrected. */
static double time_left(const struct state *s, size_t phase,
			const struct job *jobs)
{
	double left = 0;
	size_t i, l;

	for (i = phase; i < s->plan.nr; i++) {
		double longest = 0;

		for (l = 0; l < s->plan.phases[i].nr; l++) {
			double t = left_in_lane(&s->plan.phases[i].lanes[l]);

			if (i == phase && jobs[l].pid) {
				double rest = jobs[l].boot->estimate_s -
					      (now_s() - jobs[l].since);

				t += rest > 0 ? rest : 0;
			}
			if (t > longest)
				longest = t;
		}
		left += longest;
	}
	return left;
}

static void describe(char *buf, size_t len, const struct boot *b)
{
	size_t used, i;

	snprintf(buf, len, "%-6s %-8s", platform_names[b->platform],
		 b->variant->name);
	for (i = 0; i < nr_workloads; i++) {
		used = strlen(buf);
		if (b->workloads & BIT(i))
			snprintf(buf + used, len - used, " %s",
				 workloads[i].name);
	}
}

static void progress(const struct state *s, size_t phase, const struct job *jobs)
{
	double left = time_left(s, phase, jobs);
	char line[256] = "", one[128];
	size_t l;

	if (!s->tty)
		return;
	for (l = 0; l < s->plan.phases[phase].nr; l++) {
		size_t used = strlen(line);

		if (!jobs[l].pid)
			continue;
		describe(one, sizeof(one), jobs[l].boot);
		snprintf(line + used, sizeof(line) - used, "%s%s",
			 used ? " | " : "", one);
	}
	printf("\r\033[K[%u/%u] %.70s  %d:%02d left", s->started,
	       s->plan.nr_boots, line, (int)left / 60, (int)left % 60);
	fflush(stdout);
}

static void launch(struct state *s, struct job *job, struct lane *lane)
{
	struct boot *b = &lane->boots[lane->next++];

	b->seq = ++s->started;
	job->lane = lane;
	job->boot = b;
	job->since = now_s();
	fflush(NULL);
	job->pid = fork();
	if (!job->pid)
		_exit(boot_run(&s->cfg, b));
	if (job->pid < 0) {
		fprintf(stderr, "prbench: fork: %s\n", strerror(errno));
		job->pid = 0;
		s->fatal = true;
	}
}

static void landed(struct state *s, size_t phase, struct job *jobs,
		   struct job *job, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_LOST;
	struct boot *b = job->boot;
	double took = now_s() - job->since;
	const char *word = "ok";
	char text[128];
	size_t i;
	int left;

	job->pid = 0;
	if (WIFSIGNALED(status)) {
		fprintf(stderr,
			"prbench: the process of boot %03u was killed by signal %d\n",
			b->seq, WTERMSIG(status));
	}
	if (code == EXIT_OK) {
		s->ok++;
		for (i = job->lane->next; i < job->lane->nr; i++)
			if (job->lane->boots[i].platform == b->platform &&
			    job->lane->boots[i].workloads == b->workloads)
				job->lane->boots[i].estimate_s = took;
	} else if (code == EXIT_INTERRUPTED) {
		word = "interrupted";
		s->interrupted = true;
	} else {
		word = "FAILED";
		s->bad++;
		if (code == EXIT_FATAL)
			s->fatal = true;
	}
	describe(text, sizeof(text), b);
	left = (int)time_left(s, phase, jobs);
	if (s->tap && !s->interrupted)
		printf("%s %u - boot %03u %s\n", code == EXIT_OK ? "ok" : "not ok",
		       ++s->landed, b->seq, text);
	say(s, "%s[%3u/%u] %s: %s, %.1f s, %d:%02d left\n",
	    s->tty ? "\r\033[K" : "", b->seq, s->plan.nr_boots, text, word,
	    took, left / 60, left % 60);
}

/* Run one phase to its end, or until somebody wants to stop. */
static void run_phase(struct state *s, size_t index, const sigset_t *signals)
{
	struct phase *phase = &s->plan.phases[index];
	struct job jobs[NR_PLATFORMS] = { { 0 } };
	double killed_at = 0;

	for (;;) {
		struct timespec second = { .tv_sec = 1 };
		unsigned int running = 0;
		size_t l;
		int sig;

		for (l = 0; l < phase->nr; l++) {
			struct lane *lane = &phase->lanes[l];

			if (!jobs[l].pid && lane->next < lane->nr &&
			    !s->interrupted && !s->fatal)
				launch(s, &jobs[l], lane);
			running += jobs[l].pid != 0;
		}
		if (!running)
			break;
		progress(s, index, jobs);
		sig = sigtimedwait(signals, NULL, &second);
		if (sig > 0 && sig != SIGCHLD)
			s->interrupted = true;
		if ((s->interrupted || s->fatal) && !killed_at) {
			for (l = 0; l < phase->nr; l++)
				if (jobs[l].pid)
					kill(jobs[l].pid, SIGTERM);
			killed_at = now_s();
		}
		if (killed_at && now_s() - killed_at > 20)
			for (l = 0; l < phase->nr; l++)
				if (jobs[l].pid)
					kill(jobs[l].pid, SIGKILL);
		for (l = 0; l < phase->nr; l++) {
			int status;

			if (jobs[l].pid &&
			    waitpid(jobs[l].pid, &status, WNOHANG) == jobs[l].pid)
				landed(s, index, jobs, &jobs[l], status);
		}
	}
}

/* What has to be built before the plan can run. */
static void print_kernels(const struct state *s)
{
	uint64_t um = plan_variants(&s->plan, BIT(UM));
	uint64_t qemu = plan_variants(&s->plan, ~BIT(UM));
	size_t v, k;

	printf("kernels:");
	for (v = 0; v < nr_variants; v++) {
		/* Several variants share a tree: name it with the first one. */
		for (k = 0; k < v; k++) {
			if (strcmp(variants[k].tree, variants[v].tree))
				continue;
			um &= um & BIT(k) ? ~BIT(v) : ~0ULL;
			qemu &= qemu & BIT(k) ? ~BIT(v) : ~0ULL;
		}
		if (qemu & BIT(v))
			printf(" x86_64-%s", variants[v].tree);
		if (um & BIT(v))
			printf(" um-%s", variants[v].tree);
	}
	printf("\n");
}

static void print_plan(const struct state *s)
{
	size_t i, l, k;
	char text[128];

	printf("%u boots, about %d:%02d min\n", s->plan.nr_boots,
	       (int)s->plan.estimate_s / 60, (int)s->plan.estimate_s % 60);
	for (i = 0; i < s->plan.nr; i++)
		for (l = 0; l < s->plan.phases[i].nr; l++)
			for (k = 0; k < s->plan.phases[i].lanes[l].nr; k++) {
				struct boot *b =
					&s->plan.phases[i].lanes[l].boots[k];

				describe(text, sizeof(text), b);
				printf("  phase %zu lane %zu: %s (%.0f s)\n",
				       i + 1, l + 1, text, b->estimate_s);
			}
}

/* Where the chosen workloads would run: not where they were asked to. */
static void explain_nothing(const struct selection *sel)
{
	struct group groups[WORKLOADS_MAX];
	size_t nr = workload_groups(sel->full, groups), g, w;
	int p;

	fprintf(stderr, "prbench: nothing to run: with these variants and --profile %s\n",
		sel->full ? "full" : "quick");
	for (w = 0; w < nr_workloads; w++) {
		if (!(sel->workloads & BIT(w)))
			continue;
		fprintf(stderr, "  %s runs on", workloads[w].name);
		for (g = 0; g < nr; g++)
			for (p = 0; p < NR_PLATFORMS; p++)
				if (groups[g].workloads & BIT(w) &&
				    groups[g].on[p].boots &&
				    workloads[w].platforms & BIT(p))
					fprintf(stderr, " %s", platform_names[p]);
		fprintf(stderr, "\n");
	}
}

/* Of the tree that this program was built in: build/bin lies in it. */
static void load_workloads(const char *dir)
{
	char *own = NULL, exe[PATH_MAX] = "", err[512];
	int i;

	if (!dir && realpath("/proc/self/exe", exe)) {
		for (i = 0; i < 3 && strrchr(exe, '/'); i++)
			*strrchr(exe, '/') = '\0';
		dir = own = format("%s/bench/workloads", exe);
	}
	if (workloads_load(dir ? dir : "bench/workloads", err, sizeof(err))) {
		fprintf(stderr, "prbench: %s\n", err);
		exit(EXIT_FATAL);
	}
	free(own);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "profile", required_argument, NULL, 'p' },
		{ "platforms", required_argument, NULL, 'P' },
		{ "variants", required_argument, NULL, 'v' },
		{ "workloads", required_argument, NULL, 'w' },
		{ "boots", required_argument, NULL, 'b' },
		{ "seed", required_argument, NULL, 's' },
		{ "set", required_argument, NULL, 'S' },
		{ "probe", required_argument, NULL, 'r' },
		{ "workloads-dir", required_argument, NULL, 'W' },
		{ "kernels", required_argument, NULL, 'k' },
		{ "agent", required_argument, NULL, 'a' },
		{ "source", required_argument, NULL, 'K' },
		{ "out", required_argument, NULL, 'o' },
		{ "tap", no_argument, NULL, 't' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct state s = { .profile = "quick", .t0 = now_s() };
	struct selection *sel = &s.cfg.sel;
	const char *kernels = "build/kernels", *agent = "build/bin/pragent";
	const char *out = NULL, *source = NULL, *qemu = getenv("QEMU");
	const char *dir = NULL;
	char name[128];
	const char *resume = NULL;
	json_t *was = NULL;
	char **words = NULL;	/* of the run that goes on */
	char err[512];
	bool list = false;
	sigset_t signals;
	size_t i;
	int c;

	sel->seed = 1;
	if (argc == 3 && !strcmp(argv[1], "--resume")) {
		resume = argv[2];
		was = resume_open(resume, &argc, &argv, err, sizeof(err));
		if (!was) {
			fprintf(stderr, "prbench: --resume: %s\n", err);
			return EXIT_USAGE;
		}
		words = argv;
	}
	/* What the others may name depends on this one. */
	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (c == 'W')
			dir = optarg;
	load_workloads(dir);
	opterr = optind = 1;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			sel->full = !strcmp(optarg, "full");
			if (!sel->full && strcmp(optarg, "quick")) {
				fprintf(stderr,
					"prbench: unknown profile '%s'; known are quick and full\n",
					optarg);
				return EXIT_USAGE;
			}
			s.profile = sel->full ? "full" : "quick";
			break;
		case 'P':
			if (parse_list(optarg, platform_names, NR_PLATFORMS,
				       &sel->platforms, name, sizeof(name)))
				unknown("platforms", name);
			break;
		case 'v':
			if (parse_variants(optarg, &sel->variants, name,
					   sizeof(name)))
				unknown("variants", name);
			break;
		case 'w':
			if (parse_workloads(optarg, &sel->workloads, name,
					    sizeof(name)))
				unknown("workloads", name);
			break;
		case 'b':
			sel->boots = number("boots", optarg);
			break;
		case 's':
			sel->seed = number("seed", optarg);
			break;
		case 'S':
			if (settings_override(optarg, name, sizeof(name))) {
				fprintf(stderr, "prbench: --set: %s\n", name);
				return EXIT_USAGE;
			}
			break;
		case 'r':
			if (probe_everywhere(optarg, name, sizeof(name))) {
				fprintf(stderr, "prbench: --probe: %s\n", name);
				return EXIT_USAGE;
			}
			break;
		case 'W':
			break;
		case 'k':
			kernels = optarg;
			break;
		case 'a':
			agent = optarg;
			break;
		case 'K':
			source = optarg;
			break;
		case 'o':
			out = optarg;
			break;
		case 't':
			s.tap = true;
			break;
		case 'l':
			list = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "prbench: unexpected argument '%s'\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	if (!sel->workloads)
		sel->workloads = default_workloads(sel->full);
	snprintf(s.cfg.qemu, sizeof(s.cfg.qemu), "%s",
		 qemu && *qemu ? qemu : "qemu-system-x86_64");
	s.cfg.parent = getpid();
	s.tty = !s.tap && isatty(STDOUT_FILENO);
	if (list && !sel->platforms)
		sel->platforms = BIT(TCG) | BIT(ICOUNT) | BIT(UM);
	if (!list) {
		resolve(s.cfg.kernels, kernels, "kernels in");
		resolve(s.cfg.agent, agent, "the guest's agent");
		/* Few workloads need it, and they say so where it is missing. */
		if (source)
			resolve(s.cfg.source, source, "kernel source");
		else if (!realpath("build/trees/pristine", s.cfg.source))
			s.cfg.source[0] = '\0';
	}
	if (!list && (!sel->platforms || sel->platforms & BIT(KVM))) {
		bool kvm = kvm_works(&s.cfg);

		if (!kvm && sel->platforms & BIT(KVM)) {
			fprintf(stderr,
				"prbench: no guest boots under KVM here; use --platforms tcg\n");
			return EXIT_FATAL;
		}
		if (!sel->platforms) {
			sel->platforms = BIT(ICOUNT) | BIT(UM) |
					 (kvm ? BIT(KVM) : BIT(TCG));
			say(&s, "KVM: %s\n", kvm ? "a guest boots under it" :
			    "no guest boots under it, using TCG");
		}
	}
	if (!list && sel->platforms & BIT(KVM)) {
		s.kvm_counters = counting_works();
		s.cfg.count_kvm = !s.kvm_counters;
		if (s.kvm_counters)
			say(&s, "KVM: its events are not counted: %s\n",
			    s.kvm_counters);
	}
	if (plan_make(&s.plan, sel)) {
		fprintf(stderr, "prbench: out of memory\n");
		return EXIT_FATAL;
	}
	if (list) {
		print_names(stdout, NULL);
		print_kernels(&s);
		print_plan(&s);
		plan_free(&s.plan);
		workloads_free();
		return 0;
	}
	if (!s.plan.nr_boots) {
		explain_nothing(sel);
		return EXIT_USAGE;
	}
	check_kernels(&s.cfg, &s.plan);
	if (resume)
		resolve(s.cfg.out, resume, "the run");
	else
		make_out_dir(&s, out);
	if (s.tap)
		printf("TAP version 14\n");
	make_run_json(&s, argc, argv);
	if (was)
		go_on(&s, was);
	if (s.tap)
		printf("1..%u\n", s.plan.nr_boots - s.ok - s.bad);

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* Blocked signals that are ignored would never arrive. */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);

	save_run(&s, "running");
	if (s.fatal)
		goto out;
	say(&s, "%s: %u boots, about %d:%02d min\n", s.cfg.out,
	    s.plan.nr_boots - s.ok - s.bad,
	    (int)s.plan.estimate_s / 60, (int)s.plan.estimate_s % 60);
	for (i = 0; i < s.plan.nr && !s.interrupted && !s.fatal; i++)
		run_phase(&s, i, &signals);
	save_run(&s, s.interrupted ? "interrupted" : s.fatal ? "stopped" :
		 "complete");
	say(&s, "%u boots ok, %u not, %.0f s; raw data in %s\n", s.ok, s.bad,
	    now_s() - s.t0, s.cfg.out);
	if (s.tap && (s.interrupted || s.fatal))
		printf("Bail out! %s\n", s.interrupted ? "interrupted" :
		       "no boot can succeed any more");
out:
	free(s.kvm_counters);
	plan_free(&s.plan);
	workloads_free();
	json_decref(s.run);
	json_decref(was);
	free(words);
	if (s.interrupted)
		return EXIT_INTERRUPTED;
	if (s.fatal)
		return EXIT_FATAL;
	return s.bad ? EXIT_LOST : EXIT_OK;
}
