// SPDX-License-Identifier: GPL-2.0
/*
 * page-reporting - where a guest's memory is, and what the host has back of it
 *
 * See page-reporting.1 and Documentation/admin-guide/mm/page_reporting.rst.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "page_reporting/page_reporting.h"

static volatile sig_atomic_t signal_came;

void complain(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("page-reporting: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static void warn_broken(const struct guest *g)
{
	if (g->broken)
		complain("%lu lines of debugfs were not understood and are left out: is this tool older than the kernel?",
			 g->broken);
}

static void on_signal(int sig)
{
	signal_came = sig;
}

bool stopped(void)
{
	return signal_came != 0;
}

/* False if a signal ended it. */
bool pause_for(double seconds)
{
	struct timespec ts;

	if (seconds > 0 && !stopped()) {
		ts.tv_sec = (time_t)seconds;
		ts.tv_nsec = (long)((seconds - (double)ts.tv_sec) * 1e9);
		nanosleep(&ts, NULL);
	}
	return !stopped();
}

static int flush_failed(int err)
{
	static const struct {
		int err;
		const char *text;
	} why[] = {
		{ EAGAIN, "some memory was left out, as it is isolated or too little would be left: try again later" },
		{ ENODEV, "no device is registered: give QEMU '-device virtio-balloon-pci,free-page-reporting=on'" },
		{ EINTR, "a signal came before all was reported: run it again" },
		{ ECANCELED, "the device went away, or the system is about to suspend or reboot: run it again afterwards" },
		{ EINVAL, "the kernel wants 'all' or a size such as 512M, then if wanted a time such as 200ms" },
		{ EACCES, "only root may flush: run this with sudo" },
		{ EPERM, "only root may flush: run this with sudo" },
		{ ENOENT, "this kernel has no flush: see 'page-reporting summary' for what is missing" },
	};

	for (size_t i = 0; i < ARRAY_LEN(why); i++) {
		if (why[i].err == err) {
			complain("cannot flush: %s", why[i].text);
			return err == EINTR ? EXIT_STOPPED : EXIT_BAD;
		}
	}
	complain("cannot flush: the device returned %s: read dmesg; the kernel tries again by itself",
		 strerror(err));
	return EXIT_BAD;
}

static int open_flush(const struct guest *g, const char *file)
{
	char path[PATH_LEN];

	root_path(path, g->root, file);
	return open(path, O_WRONLY | O_CLOEXEC);
}

/*
 * Report free memory now: "all", or "512M 200ms". Writes to debugfs, or without
 * it to the module's parameter, which takes the same. The write returns when that
 * is done.
 */
int run_flush(const struct guest *g, const char *what)
{
	int fd, err = 0;

	fd = open_flush(g, DEBUGFS_FLUSH);
	if (fd < 0)
		fd = open_flush(g, PARAMETER_FLUSH);
	if (fd < 0)
		return flush_failed(errno);
	if (write(fd, what, strlen(what)) < 0)
		err = errno;
	close(fd);
	return err ? flush_failed(err) : EXIT_GOOD;
}

static int flush(struct guest *g, const struct options *o)
{
	return run_flush(g, o->flush);
}

/* Which options a command takes */
enum {
	O_INTERVAL = 1, O_COUNT = 2, O_OUTPUT = 4, O_FILTER = 8, O_WIDTH = 16,
	O_PNG = 32,
};

static const struct command {
	const char *name, *about;
	int (*run)(struct guest *g, const struct options *o);
	int (*loop)(const struct options *o);
	bool debugfs;		/* cannot do without */
	bool waits;
	int options;
} commands[] = {
	{ "summary", "where the memory is, and the next step", show_summary, NULL, false, true, O_WIDTH },
	{ "top", "the same and a map, live; q quits", NULL, run_top, false, true, O_INTERVAL | O_COUNT },
	{ "blocks", "each free block", show_blocks, NULL, true, false, O_FILTER },
	{ "ages", "free memory by its age", show_ages, NULL, true, false, 0 },
	{ "map", "memory as a picture", show_map, NULL, true, false, O_WIDTH | O_PNG },
	{ "json", "all of it as JSON", show_json, NULL, false, false, O_OUTPUT },
	{ "prometheus", "metrics for node_exporter's textfile collector", show_prometheus, NULL, false, false, O_OUTPUT },
	{ "watch", "FILE: a line of figures each interval, until ^C", NULL, run_watch, false, false, O_INTERVAL | O_COUNT },
	{ "flush", "[SIZE [TIME]]: report free memory now, all or 512M 200ms", flush, NULL, true, false, 0 },
};

enum {
	L_ROOT = 256, L_STATE, L_ZONE, L_TYPE, L_NODE, L_MIN, L_MAX, L_SORT,
	L_LIMIT, L_PNG, L_WIDTH, L_ROWS, L_COUNT,
};

static const struct {
	struct option option;
	int needs;
	const char *about;
} options[] = {
	{ { "interval", 1, NULL, 'n' }, O_INTERVAL, "SECONDS  between two looks (1)" },
	{ { "count", 1, NULL, L_COUNT }, O_COUNT, "N  end after so many" },
	{ { "output", 1, NULL, 'o' }, O_OUTPUT, "FILE  write there, whole or not at all" },
	{ { "state", 1, NULL, L_STATE }, O_FILTER, "NAME  reported, partial, pending, small or untracked" },
	{ { "zone", 1, NULL, L_ZONE }, O_FILTER, "NAME  only that zone" },
	{ { "type", 1, NULL, L_TYPE }, O_FILTER, "NAME  only that migratetype" },
	{ { "node", 1, NULL, L_NODE }, O_FILTER, "N  only that node" },
	{ { "min-order", 1, NULL, L_MIN }, O_FILTER, "N  no smaller blocks" },
	{ { "max-order", 1, NULL, L_MAX }, O_FILTER, "N  no larger blocks" },
	{ { "sort", 1, NULL, L_SORT }, O_FILTER, "KEY  pfn, order, free or reported" },
	{ { "reverse", 0, NULL, 'r' }, O_FILTER, "the largest first" },
	{ { "limit", 1, NULL, L_LIMIT }, O_FILTER, "N  no more lines than that" },
	{ { "png", 1, NULL, L_PNG }, O_PNG, "FILE  write the map there" },
	{ { "width", 1, NULL, L_WIDTH }, O_WIDTH, "N  columns of the map or bar" },
	{ { "rows", 1, NULL, L_ROWS }, O_PNG, "N  lines of the map" },
	{ { "root", 1, NULL, L_ROOT }, 0, "DIR  read DIR/proc and DIR/sys instead" },
	{ { "help", 0, NULL, 'h' }, 0, "this" },
};

static void usage(FILE *out)
{
	fputs("usage: page-reporting [COMMAND] [OPTION...]\n\ncommands, summary if none is given:\n",
	      out);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].about);
	fputs("\noptions:\n", out);
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		int c = options[i].option.val;

		if (c < L_ROOT)
			fprintf(out, "  -%c, ", c);
		else
			fputs("      ", out);
		fprintf(out, "--%-11s %s\n", options[i].option.name,
			options[i].about);
	}
	fputs("\nstatus: 0 good, 1 failed, 2 wrong usage, 3 something is missing in this guest\n",
	      out);
}

static bool whole(const char *name, const char *text, long max, long *value)
{
	uint64_t v;

	if (parse_u64(text, &v) && v <= (uint64_t)max) {
		*value = (long)v;
		return true;
	}
	complain("--%s %s: give a whole number from 0 to %ld", name, text, max);
	return false;
}

static bool one_of(const char *name, const char *text, const char *const *list)
{
	for (size_t i = 0; list[i]; i++)
		if (!strcmp(text, list[i]))
			return true;
	fprintf(stderr, "page-reporting: --%s %s: not known; one of", name, text);
	for (size_t i = 0; list[i]; i++)
		fprintf(stderr, " %s", list[i]);
	fputc('\n', stderr);
	return false;
}

static bool interval(const char *text, double *value)
{
	char *end;

	*value = strtod(text, &end);
	if (*text && !*end && isfinite(*value) && *value >= 0.01 && *value <= 86400)
		return true;
	complain("--interval %s: give seconds from 0.01 to 86400", text);
	return false;
}

static bool set_option(int c, const char *name, const char *arg,
		       struct options *o)
{
	static const char *const keys[] = { "pfn", "order", "free", "reported", NULL };
	static const char *const states[] = { "reported", "partial", "pending",
		"small", "untracked", NULL };

	switch (c) {
	case 'n':
		return interval(arg, &o->interval);
	case 'o':
	case L_PNG:
		o->output = arg;
		return true;
	case 'r':
		o->reverse = true;
		return true;
	case L_ROOT:
		o->root = arg;
		return true;
	case L_ZONE:
		o->zone = arg;
		return true;
	case L_TYPE:
		o->type = arg;
		return true;
	case L_STATE:
		o->state = arg;
		return one_of(name, arg, states);
	case L_SORT:
		o->sort = arg;
		return one_of(name, arg, keys);
	case L_NODE:
		return whole(name, arg, 1 << 16, &o->node);
	case L_MIN:
		return whole(name, arg, MAX_ORDER, &o->min_order);
	case L_MAX:
		return whole(name, arg, MAX_ORDER, &o->max_order);
	case L_LIMIT:
		return whole(name, arg, 1L << 40, &o->limit);
	case L_COUNT:
		return whole(name, arg, 1L << 40, &o->count);
	case L_WIDTH:
		return whole(name, arg, 1000, &o->width);
	default:
		return whole(name, arg, 1000, &o->rows);
	}
}

/* Returns which kinds of options were given, or -1. */
static int parse_options(int argc, char **argv, struct options *o)
{
	struct option list[ARRAY_LEN(options) + 1] = { { 0 } };
	int c, given = 0;

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		list[i] = options[i].option;
	while ((c = getopt_long(argc, argv, "n:o:rh", list, NULL)) != -1) {
		size_t i = 0;

		while (i < ARRAY_LEN(options) && options[i].option.val != c)
			i++;
		if (i == ARRAY_LEN(options)) {
			fputs("page-reporting: see 'page-reporting --help'\n", stderr);
			return -1;
		}
		if (c == 'h') {
			usage(stdout);
			exit(fflush(stdout) ? EXIT_BAD : EXIT_GOOD);
		}
		given |= options[i].needs;
		if (!set_option(c, options[i].option.name, optarg, o))
			return -1;
	}
	return given;
}

static const struct command *find_command(int argc, char **argv, int given,
					  struct options *o)
{
	const char *name = optind < argc ? argv[optind] : "summary";
	const struct command *c = commands;
	int words = argc - optind;

	while (c < commands + ARRAY_LEN(commands) && strcmp(c->name, name))
		c++;
	if (c == commands + ARRAY_LEN(commands)) {
		complain("%s: no such command; see 'page-reporting --help'", name);
		return NULL;
	}
	if (given & ~c->options) {
		complain("%s does not take one of these options; see 'page-reporting --help'",
			 name);
		return NULL;
	}
	if (!strcmp(name, "watch") && words == 2) {
		o->file = argv[optind + 1];
	} else if (!strcmp(name, "watch")) {
		complain("watch: say which file to write: page-reporting watch FILE");
		return NULL;
	} else if (!strcmp(name, "flush") && words <= 3) {
		snprintf(o->flush, sizeof(o->flush), "%s %s",
			 words > 1 ? argv[optind + 1] : "all",
			 words > 2 ? argv[optind + 2] : "");
	} else if (words > 1) {
		complain("%s: one argument too many after %s", argv[optind + 1], name);
		return NULL;
	}
	o->command = name;
	return c;
}

static void catch_signals(void)
{
	/* Without SA_RESTART, so that a sleep and a flush end. */
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

/* Does the guest lack what this command cannot do without? */
static bool lacks(const struct guest *g, const struct command *c)
{
	switch (g->missing) {
	case NOTHING_MISSING:
		return false;
	case NO_PROC:
		return true;
	case NO_DEVICE:
		return c->run == flush;
	case NO_DEBUGFS:
		return c->debugfs && !(c->run == flush && file_exists(g, PARAMETER_FLUSH));
	default:
		return c->debugfs;
	}
}

static int run(const struct command *c, const struct options *o)
{
	struct guest g = { .root = o->root };
	int ret;

	guest_read(&g, c->waits);
	if (lacks(&g, c)) {
		complain("%s", missing_info[g.missing].text);
		ret = EXIT_MISSING;
	} else if (c->loop) {
		catch_signals();
		ret = c->loop(o);
	} else {
		if (c->run == flush)
			catch_signals();
		ret = c->run(&g, o);
		warn_broken(&g);
	}
	guest_release(&g);
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = { .root = "", .node = -1, .min_order = -1,
		.max_order = -1, .limit = -1, .width = -1, .rows = -1, .count = -1,
		.interval = 1 };
	const struct command *c;
	int given, ret;

	/* A reader that has seen enough (head) ends this quietly. */
	signal(SIGPIPE, SIG_DFL);
	given = parse_options(argc, argv, &o);
	c = given < 0 ? NULL : find_command(argc, argv, given, &o);
	if (!c)
		return EXIT_WRONG;
	ret = run(c, &o);
	errno = 0;
	if (fflush(stdout) || ferror(stdout)) {
		complain("cannot write the output: %s; make room, or write it elsewhere",
			 strerror(errno ? errno : EIO));
		return EXIT_BAD;
	}
	return ret;
}
