// SPDX-License-Identifier: GPL-2.0
/* The command line. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state.h"

static const struct option long_options[] = {
	{ "profile", required_argument, NULL, 'p' },
	{ "platforms", required_argument, NULL, 'P' },
	{ "variants", required_argument, NULL, 'v' },
	{ "workloads", required_argument, NULL, 'w' },
	{ "workloads-dir", required_argument, NULL, 'W' },
	{ "boots", required_argument, NULL, 'b' },
	{ "seed", required_argument, NULL, 's' },
	{ "set", required_argument, NULL, 'S' },
	{ "probe", required_argument, NULL, 'r' },
	{ "equalise", required_argument, NULL, 'e' },
	{ "kernels", required_argument, NULL, 'k' },
	{ "build", required_argument, NULL, 'B' },
	{ "first", required_argument, NULL, 'f' },
	{ "agent", required_argument, NULL, 'a' },
	{ "source", required_argument, NULL, 'K' },
	{ "out", required_argument, NULL, 'o' },
	{ "report", required_argument, NULL, 'R' },
	{ "tap", no_argument, NULL, 't' },
	{ "resume", required_argument, NULL, 'C' },
	{ "list", no_argument, NULL, 'l' },
	{ "plan", no_argument, NULL, 'n' },
	{ "doctor", no_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

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
		"  --equalise HOW         before each boot: touch as much memory as its guest has, and\n"
		"                         release it when it has booted (touch), wait for the host's\n"
		"                         own free page reporting (wait), or none (default %s)\n"
		"  --kernels DIR          built kernels (default build/kernels, or with\n"
		"                         KERNEL=7.3 in the environment build/kernels-7.3)\n"
		"  --build FILE           the program that builds kernels: FILE build NAME...\n"
		"  --first LIST           run these rounds of a long plan first, with a report of\n"
		"                         them: platforms, workloads, how many rounds of each\n"
		"  --agent FILE           the guest's init (default build/bin/pragent)\n"
		"  --source DIR           kernel source for workloads that want one (default\n"
		"                         build/trees/pristine, or that of 7.3 as above)\n"
		"  --out DIR              default results/<date>-<host>-<commit>-<profile>\n"
		"  --report FILE          the program that makes the run's report at the end\n"
		"  --tap                  print TAP 14, a point for each boot\n"
		"  --resume DIR           go on with a run that was interrupted; besides only\n"
		"                         --report\n"
		"  --list                 print the known names, a line for each\n"
		"  --plan                 print the kernels and boots that would be needed\n"
		"  --doctor               print what this machine can do and what it lacks\n"
		"A list is separated by commas or spaces.  QEMU=FILE in the environment\n"
		"chooses another qemu-system-x86_64, PRBENCH_APPEND=WORDS ends the guests'\n"
		"command lines, PRBENCH_SCRIPT=FILE is what a workload may run,\n"
		"PRBENCH_BOOT_S=N waits longer for a guest to boot.\n"
		"Exit status: 0 all boots are good,\n"
		"1 some are not, 2 bad option, 3 nothing can run, 130 interrupted.\n",
		equalise_names[EQUALISE_DEFAULT]);
}

static void __attribute__((noreturn)) unknown(const char *what, const char *name)
{
	fprintf(stderr, "prbench: unknown name '%s' in --%s; known are\n", name,
		what);
	print_names(stderr, what);
	exit(EXIT_USAGE);
}

static void __attribute__((noreturn)) refuse(const char *option, const char *why)
{
	fprintf(stderr, "prbench: --%s: %s\n", option, why);
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

/* Load the workloads first, since what other options may name depends on them. */
void load_workloads(int argc, char **argv)
{
	char *own = NULL, exe[PATH_MAX] = "", err[512];
	const char *dir = NULL;
	int i, c;

	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		if (c == 'W')
			dir = optarg;
	/* Of the tree that this program was built in: build/bin lies in it. */
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

/* Options that choose what is booted. */
static bool select_option(struct selection *sel, int c, const char *arg)
{
	char err[256];
	int n;

	switch (c) {
	case 'p':
		n = name_index(profile_names, 2, arg);
		if (n < 0) {
			fprintf(stderr, "prbench: unknown profile '%s'; known are quick and full\n",
				arg);
			exit(EXIT_USAGE);
		}
		sel->full = n;
		return true;
	case 'P':
		if (parse_platforms(arg, &sel->platforms, err, sizeof(err)))
			unknown("platforms", err);
		return true;
	case 'v':
		if (parse_variants(arg, &sel->variants, err, sizeof(err)))
			unknown("variants", err);
		return true;
	case 'w':
		if (parse_workloads(arg, &sel->workloads, err, sizeof(err)))
			unknown("workloads", err);
		return true;
	case 'b':
		sel->boots = number("boots", arg);
		return true;
	case 's':
		sel->seed = number("seed", arg);
		return true;
	case 'S':
		if (settings_override(arg, err, sizeof(err)))
			refuse("set", err);
		return true;
	case 'r':
		if (probe_everywhere(arg, err, sizeof(err)))
			refuse("probe", err);
		return true;
	default:
		return false;
	}
}

/* Options that say with what, and where to. */
static bool place_option(struct state *s, struct options *o, int c, char *arg)
{
	char err[160];
	int n;

	switch (c) {
	case 'e':
		n = name_index(equalise_names, NR_EQUALISE, arg);
		if (n < 0)
			refuse("equalise", "known are none, touch and wait");
		s->cfg.equalise = (enum equalise)n;
		return true;
	case 'k':
		o->kernels = arg;
		s->cfg.sel.series = series_of(arg);
		return true;
	case 'a':
		o->agent = arg;
		return true;
	case 'K':
		o->source = arg;
		return true;
	case 'o':
		o->out = arg;
		return true;
	case 'R':
		o->report = arg;
		return true;
	case 'B':
		o->build = arg;
		return true;
	case 'f':
		o->has_first = *arg;
		if (parse_part(arg, &o->first, err, sizeof(err)))
			refuse("first", err);
		return true;
	case 't':
		s->tap = true;
		return true;
	default:
		return c == 'W';
	}
}

/* Fill in what was asked for; wrong options end the program. */
void parse_options(struct state *s, struct options *o, int argc, char **argv)
{
	const char *report = o->resume ? o->report : NULL;	/* said now: it wins */
	int c;

	s->cfg.sel.seed = 1;
	s->cfg.sel.series = series_of(o->kernels);
	s->cfg.equalise = EQUALISE_DEFAULT;
	opterr = optind = 1;
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (select_option(&s->cfg.sel, c, optarg) ||
		    place_option(s, o, c, optarg))
			continue;
		if (c == 'h') {
			usage(stdout);
			exit(0);
		}
		if (c == 'C')
			refuse("resume", "besides it there may be --report only");
		if (c != 'l' && c != 'n' && c != 'd') {
			usage(stderr);
			exit(EXIT_USAGE);
		}
		o->ask = c;
	}
	if (optind < argc) {
		fprintf(stderr, "prbench: unexpected argument '%s'\n",
			argv[optind]);
		exit(EXIT_USAGE);
	}
	if (report)
		o->report = report;
	s->profile = profile_names[s->cfg.sel.full];
	if (!s->cfg.sel.workloads)
		s->cfg.sel.workloads = default_workloads(s->cfg.sel.full);
}

/* What follows @name at argv[*i], in that word or the next; then *i is behind it. */
static char *value_of(const char *name, int argc, char **argv, int *i)
{
	size_t len = strlen(name);
	char *word = *i < argc ? argv[*i] : NULL;

	if (!word || strncmp(word, name, len))
		return NULL;
	if (word[len] == '=') {
		*i += 1;
		return word + len + 1;
	}
	if (word[len] || *i + 1 >= argc)
		return NULL;
	*i += 2;
	return argv[*i - 1];
}

/* "--resume DIR", with "--report FILE" or without: take them out. */
void parse_resume(struct options *o, int argc, char **argv)
{
	char *dir, *report;
	int i = 1;

	do {
		dir = value_of("--resume", argc, argv, &i);
		report = value_of("--report", argc, argv, &i);
		o->resume = dir ? dir : o->resume;
		o->report = report ? report : o->report;
	} while (dir || report);
	if (i < argc)
		o->resume = NULL;
}
