// SPDX-License-Identifier: GPL-2.0
/*
 * Runs episodes of random operations, each in a world of its own. Whatever runs
 * is a child, as it may crash. A sequence that fails is made as short as can be
 * and printed so that --replay reads it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model.h"

#define EPISODE_OPS	1500	/* operations of an episode */
#define CHECK_ALL	64	/* operations between looks at all of the memory */
#define HANGS_S		60	/* of CPU time; an episode takes 20 ms */
#define SHRINK_TRIALS	4000
#define PAIR_OPS	32	/* sequences so short are tried without any two */
#define BREAK_EPISODES	200	/* in which a deliberate bug has to be found... */
#define BREAK_OPS	12	/* ...and shrunk to so many operations */
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct run {
	struct config config;
	unsigned int nr;
	struct op ops[EPISODE_OPS];
};

/* Shared by parent and child */
struct progress {
	unsigned long episode;
	unsigned int op;	/* the one that failed, or was at work in a crash */
	bool failed;
	bool hangs;
	char what[256];
};

unsigned int model_break;

static struct progress *progress;
static bool tty;
static unsigned int point, bad_points;

static const char *const breaks[NR_BREAKS] = {
	[BREAK_CAPTURE] = "nobody is told of a capture",
	[BREAK_SPLIT] = "a split forgets what stays free",
	[BREAK_STEAL] = "a block claimed from another type is forgotten",
	[BREAK_ISOLATE] = "isolation of a page does not clear",
	[BREAK_POISON] = "a poisoned page does not clear",
	[BREAK_OFFLINE] = "records survive memory going offline",
	[BREAK_MERGE] = "a merge forgets",
	[BREAK_WRONG_BUDDY] = "the wrong half of a merge is marked",
	[BREAK_KEEP] = "what is put back counts as new",
	[BREAK_WAKE] = "what is left around a poisoned page wakes nobody",
	[BREAK_ERROR] = "an error of the device marks",
	[BREAK_RESTART] = "times wrap around",
	[BREAK_UNDO] = "undoing an isolation forgets",
	[BREAK_DETACH] = "what leaves a list and stays free is forgotten",
	[BREAK_ATTACH] = "what is back on a list is not marked",
	[BREAK_TAKE] = "the part that is used stays known",
	[BREAK_SMALL_KEPT] = "a merge keeps the count of a small block",
	[BREAK_SMALL_COUNT] = "small blocks that leave their list count on",
	[BREAK_FLAG] = "PG_reported stays set on removal",
};

static const unsigned int granules[] = { 0, 3, 4, 9, 10 };

/* In the child: the sequence has failed */
void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(progress->what, sizeof(progress->what), fmt, ap);
	va_end(ap);
	progress->failed = true;
	fflush(stdout);
	_exit(1);
}

static void play(const struct run *run)
{
	static const struct itimerval hangs = { .it_value.tv_sec = HANGS_S };
	char line[128];
	unsigned int i;

	progress->op = 0;
	setitimer(ITIMER_VIRTUAL, &hangs, NULL);
	config = run->config;
	world_init();
	for (i = 0; i < run->nr; i++) {
		bool all = i % CHECK_ALL == CHECK_ALL - 1 || i + 1 == run->nr;
		unsigned int kind = run->ops[i].kind;

		progress->op = i;
		if (verbose) {
			ops_print(line, sizeof(line), &run->ops[i]);
			printf("# %s\n", line);
			fflush(stdout);
		}
		world_apply(&run->ops[i]);
		all |= kind == OP_START || kind == OP_RESTART;
		truth_compare(all);
		if (all)
			world_check();
	}
}

static void make_run(struct run *run, u64 seed, unsigned int granule, unsigned long episode)
{
	rnd_seed(seed * 1000003 + granule * 10007 + episode * 37);
	ops_config(&run->config, granule);
	run->nr = EPISODE_OPS;
	ops_draw(&run->config, run->ops, run->nr);
}

/* Run @fn in a child; true if it did not fail. Silent: what ASan says is lost. */
static bool in_child(void (*fn)(void *arg), void *arg, bool silent)
{
	int status, null;
	pid_t pid;

	progress->failed = false;
	progress->op = 0;
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("model: fork");
		exit(2);
	}
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (silent) {
			null = open("/dev/null", O_WRONLY);
			dup2(null, STDERR_FILENO);
		}
		fn(arg);
		fflush(stdout);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!status)
		return true;
	if (!progress->failed)
		snprintf(progress->what, sizeof(progress->what), WIFSIGNALED(status) ?
			 "killed by signal %d" : "crashed with exit status %d",
			 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	progress->failed = true;
	progress->hangs = WIFSIGNALED(status) && WTERMSIG(status) == SIGVTALRM;
	return false;
}

static void play_run(void *arg)
{
	play(arg);
}

static void play_aloud(void *arg)
{
	verbose = true;
	play(arg);
}

static unsigned int trials;

/* Does it still fail? Then what comes after that is not needed. */
static bool still_fails(struct run *run)
{
	if (++trials > SHRINK_TRIALS || in_child(play_run, run, true))
		return false;
	run->nr = progress->op + 1;
	return true;
}

static bool try(struct run *run, const struct run *other)
{
	static struct run trial;

	trial = *other;
	if (!still_fails(&trial))
		return false;
	*run = trial;
	return true;
}

static void drop_ops(struct run *run, unsigned int at, unsigned int nr)
{
	run->nr -= nr;
	memmove(&run->ops[at], &run->ops[at + nr], (run->nr - at) * sizeof(run->ops[0]));
}

static void shrink_ops(struct run *run)
{
	static struct run other;
	unsigned int chunk, at;

	for (chunk = max(run->nr / 2, 1U); chunk; chunk /= 2) {
		for (at = 0; at < run->nr;) {
			unsigned int nr = min(chunk, run->nr - at);

			other = *run;
			drop_ops(&other, at, nr);
			if (!other.nr || !try(run, &other))
				at += nr;
		}
	}
}

/* What is allocated is freed: some can only go together */
static bool shrink_pairs(struct run *run)
{
	static struct run other;
	unsigned int i, j;

	if (run->nr > PAIR_OPS)
		return false;
	for (i = 0; i < run->nr; i++) {
		for (j = i + 1; j < run->nr; j++) {
			other = *run;
			drop_ops(&other, j, 1);
			drop_ops(&other, i, 1);
			if (other.nr && try(run, &other))
				return true;
		}
	}
	return false;
}

static bool shrink_args(struct run *run)
{
	static struct run other;
	unsigned int i, j, k;
	bool better = false;

	for (i = 0; i < run->nr; i++) {
		for (j = 0; j < 3; j++) {
			unsigned int was = run->ops[i].arg[j];
			const unsigned int values[] = {
				0, 1, was & ~(unsigned int)(PAGES_PER_SECTION - 1), was & ~0x1ffU,
				was & ~0xfU, was / 2, was < 64 ? was - 1 : was - was / 4
			};

			for (k = 0; k < ARRAY_SIZE(values); k++) {
				if (i >= run->nr || values[k] >= was)
					continue;
				other = *run;
				other.ops[i].arg[j] = values[k];
				if (try(run, &other)) {
					better = true;
					break;
				}
			}
		}
	}
	return better;
}

static bool shrink_config(struct run *run)
{
	static const struct config plain = {
		.start = PAGES_PER_SECTION, .pages = PAGES_PER_SECTION, .pageblock = 9,
		.min_age = 1,
	};
	static const size_t sizes[][2] = {
		{ offsetof(struct config, start), offsetof(struct config, pageblock) },
		{ offsetof(struct config, pages), offsetof(struct config, pageblock) },
		{ offsetof(struct config, start), offsetof(struct config, pages) },
		{ offsetof(struct config, pageblock), offsetof(struct config, granule) },
		{ offsetof(struct config, least), offsetof(struct config, guard) },
		{ offsetof(struct config, guard), offsetof(struct config, hole) },
		{ offsetof(struct config, hole), offsetof(struct config, noext) },
		{ offsetof(struct config, noext), offsetof(struct config, more) },
		{ offsetof(struct config, more), offsetof(struct config, busy) },
		{ offsetof(struct config, busy), offsetof(struct config, min_age) },
		{ offsetof(struct config, min_age), offsetof(struct config, clock) },
		{ offsetof(struct config, clock), sizeof(struct config) },
	};
	static struct run other;
	bool better = false;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t from = sizes[i][0], size = sizes[i][1] - from;

		if (!memcmp((char *)&run->config + from, (char *)&plain + from, size))
			continue;
		other = *run;
		memcpy((char *)&other.config + from, (char *)&plain + from, size);
		better |= try(run, &other);
	}
	return better;
}

/* Make a run that fails shorter and simpler for as long as that works */
static void shrink(struct run *run)
{
	bool better = true;

	trials = 0;
	if (!still_fails(run) || progress->hangs)
		return;
	while (better && trials < SHRINK_TRIALS) {
		shrink_ops(run);
		better = shrink_config(run);
		better |= shrink_args(run);
		better |= shrink_pairs(run);
	}
}

static void print_run(const struct run *run)
{
	char line[256];
	unsigned int i;

	ops_print_config(line, sizeof(line), &run->config);
	printf("# %s\n", line);
	for (i = 0; i < run->nr; i++) {
		ops_print(line, sizeof(line), &run->ops[i]);
		printf("# %s\n", line);
	}
	fflush(stdout);
}

static void verdict(bool ok, const char *fmt, ...)
{
	va_list ap;

	bad_points += !ok;
	printf("%s %u - ", ok ? "ok" : "not ok", ++point);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

struct series {
	u64 seed;
	unsigned int granule;
	unsigned long first, episodes;
};

static void play_series(void *arg)
{
	const struct series *s = arg;
	struct timespec now, shown = { 0 };
	static struct run run;
	unsigned long i;

	for (i = s->first; i < s->first + s->episodes; i++) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (tty && now.tv_sec != shown.tv_sec) {
			fprintf(stderr, "\rgranules of order %u: %lu %%  ", s->granule,
				(i - s->first) * 100 / s->episodes);
			shown = now;
		}
		progress->episode = i;
		make_run(&run, s->seed, s->granule, i);
		play(&run);
	}
	if (tty)
		fprintf(stderr, "\r%*s\r", 40, "");
}

/* Find, shrink and explain; true if nothing is wrong */
static void check_granule(u64 seed, unsigned int granule, unsigned long ops)
{
	struct series series = {
		.seed = seed, .granule = granule,
		.episodes = max((ops + EPISODE_OPS - 1) / EPISODE_OPS, 1UL),
	};
	static struct run run;

	if (in_child(play_series, &series, false)) {
		verdict(true, "granules of order %u: %lu operations, seed %llu", granule,
			series.episodes * EPISODE_OPS, (unsigned long long)seed);
		return;
	}
	printf("# episode %lu, operation %u: %s\n", progress->episode, progress->op,
	       progress->what);
	make_run(&run, seed, granule, progress->episode);
	run.nr = min(run.nr, progress->op + 1);
	shrink(&run);
	printf("# shrunk to %u operations; to replay:\n", run.nr);
	print_run(&run);
	printf("# which is:\n");
	in_child(play_aloud, &run, false);
	printf("# fails: %s\n", progress->what);
	verdict(false, "granules of order %u: %lu operations, seed %llu", granule,
		series.episodes * EPISODE_OPS, (unsigned long long)seed);
}

/* The check can fail: a deliberate bug is found, and it is what is found */
static void check_break(u64 seed, unsigned int which)
{
	struct series series = { .seed = seed, .episodes = 1 };
	static struct run run = { .nr = EPISODE_OPS };
	unsigned long ops = 0;
	bool found;

	model_break = which;
	do {
		series.granule = granules[series.first % ARRAY_SIZE(granules)];
		found = !in_child(play_series, &series, true);
		ops += EPISODE_OPS;
		if (!found)
			continue;
		make_run(&run, seed, series.granule, series.first);
		run.nr = progress->op + 1;
		shrink(&run);
	} while ((!found || run.nr > BREAK_OPS) && ++series.first < BREAK_EPISODES);

	if (found) {
		printf("# within %lu operations; shrunk to:\n", ops);
		print_run(&run);
		in_child(play_run, &run, true);
		printf("# %s\n", progress->what);
	}
	model_break = BREAK_NOTHING;
	verdict(found && run.nr <= BREAK_OPS && in_child(play_run, &run, true),
		"found: %s (shrunk to %u)", breaks[which], run.nr);
}

static int replay(const char *name)
{
	FILE *f = fopen(name, "r");
	static struct run run;
	bool started = false;
	char line[256];
	char *p;

	if (!f) {
		perror(name);
		return 2;
	}
	while (fgets(line, sizeof(line), f)) {
		p = line + strspn(line, "# \t");
		if (!strcspn(p, "\n"))
			continue;
		if (started ? run.nr < EPISODE_OPS && ops_parse(p, &run.ops[run.nr]) :
			      ops_parse_config(p, &run.config)) {
			run.nr += started;
			started = true;
			continue;
		}
		fprintf(stderr, "model: %s: cannot make sense of: %s", name, p);
		fclose(f);
		return 2;
	}
	fclose(f);
	if (!in_child(play_aloud, &run, false)) {
		printf("# fails: %s\n", progress->what);
		return 1;
	}
	printf("# nothing is wrong\n");
	return 0;
}

static void usage(FILE *f)
{
	fprintf(f,
		"usage: model [options]\n"
		"Random operations of a page allocator, with the kernel's mm/page_reporting\n"
		"compared with what must be known. Prints TAP.\n\n"
		"  --ops N        operations (default 1000000), shared by the granule orders\n"
		"  --seed N       draws them (default 1)\n"
		"  --granule N    granules of this order only, and no deliberate bugs\n"
		"  --break N      with a deliberate bug, 1 to %u\n"
		"  --replay FILE  what was printed for a sequence that fails\n",
		NR_BREAKS - 1);
}

static unsigned long number(const char *s, unsigned long most)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(s, &end, 0);
	if (errno || *end || end == s || *s == '-' || n > most) {
		fprintf(stderr, "model: %s is no number up to %lu\n", s, most);
		exit(2);
	}
	return n;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "ops", required_argument, NULL, 'o' },
		{ "seed", required_argument, NULL, 's' },
		{ "granule", required_argument, NULL, 'g' },
		{ "break", required_argument, NULL, 'b' },
		{ "replay", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	unsigned long ops = 1000000, seed = 1, granule = NONE, i;
	const char *file = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'o':
			ops = number(optarg, ULONG_MAX / 2);
			break;
		case 's':
			seed = number(optarg, ULONG_MAX);
			break;
		case 'g':
			granule = number(optarg, MAX_PAGE_ORDER);
			break;
		case 'b':
			model_break = number(optarg, NR_BREAKS - 1);
			break;
		case 'r':
			file = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return 2;
	}
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED) {
		perror("model: mmap");
		return 2;
	}
	tty = isatty(STDERR_FILENO);
	if (file)
		return replay(file);

	for (i = 0; i < ARRAY_SIZE(granules); i++)
		if (granule == NONE)
			check_granule(seed, granules[i], ops / ARRAY_SIZE(granules));
	if (granule != NONE)
		check_granule(seed, granule, ops);
	for (i = BREAK_NOTHING + 1; i < NR_BREAKS && granule == NONE && !model_break; i++)
		check_break(seed, i);
	printf("1..%u\n", point);
	return bad_points ? 1 : 0;
}
