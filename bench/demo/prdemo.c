// SPDX-License-Identifier: GPL-2.0
/*
 * prdemo - a User Mode Linux guest in the terminal
 *
 * Left the guest's map of its memory, right what the host holds of it. The same
 * program is the guest's first process.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "../../kernel/tools/mm/page_reporting/page_reporting.h"
#include "demo.h"
#include "prbench.h"

#define KEYS_DEFAULT	"2f3r4c4x2q"	/* where nobody can press any */

static volatile sig_atomic_t stop_signal;
static struct termios saved;
static bool raw;

struct demo {
	struct vm vm;
	struct ram ram;
	struct residency res;
	bool screen, colored;
	const char *keys;	/* to press; digits are seconds; NULL: ask stdin */
	double wait_until, started, said;
	char line[DEMO_LINE];
	size_t used;
};

static void on_signal(int sig)
{
	stop_signal = sig;
}

static int start(struct demo *d, const char *dir, char *err, size_t len)
{
	static struct config cfg;
	static struct boot boot = { .platform = UM, .mem_mib = DEMO_MIB };
	double end = now_s() + 15;
	ssize_t n;

	for (size_t i = 0; i < nr_variants; i++)
		if (!strcmp(variants[i].name, "ext"))
			boot.variant = &variants[i];
	/* The guest's process is elsewhere when it is executed. */
	if (!realpath(default_kernels(), cfg.kernels))
		return set_err(err, len, "%s: %s; run 'make demo' at the top of the tree",
			       default_kernels(), strerror(errno));
	cfg.sel.series = boot.series = series_of(cfg.kernels);
	n = readlink("/proc/self/exe", cfg.agent, sizeof(cfg.agent) - 1);
	if (n < 0)
		return set_err(err, len, "cannot read /proc/self/exe: mount /proc");
	d->vm.platform = UM;
	d->vm.pidfd = d->vm.channel = d->vm.qmp_fd = -1;
	if (uml_works(err, len) || uml_start(&d->vm, &cfg, &boot, dir, err, len))
		return -1;
	for (;;) {
		pid_t pid = uml_main_pid(d->vm.pid);

		if (pid && !ram_of_file(&d->ram, pid, (uint64_t)DEMO_MIB << 20,
					err, len))
			break;
		if (now_s() > end || stop_signal)
			return set_err(err, len, "the guest did not start: try %s by hand",
				       d->vm.kernel);
		sleep_s(0.01);
	}
	return residency_init(&d->res, d->ram.bytes);
}

/* The host's map has the guest's letters, for the same pieces. */
static void host_letters(struct demo *d, char *text)
{
	size_t first = d->res.nr > DEMO_CELLS ? d->res.nr - DEMO_CELLS : 0;
	size_t i;

	for (i = 0; i < DEMO_CELLS && first + i < d->res.nr; i++)
		text[i] = cells[d->res.now[first + i] > PIECE_BYTES / PAGE / 2 ?
				CELL_USED : CELL_REPORTED].letter;
	text[i] = '\0';
}

static void draw_screen(const struct demo *d, const char *guest, const char *host,
			const char *figures)
{
	size_t len = strlen(guest);

	printf("\033[H%-*s  %-*s\033[K\n", DEMO_COLUMNS, "the guest says",
	       DEMO_COLUMNS, "the host holds");
	for (size_t row = 0; row < DEMO_CELLS; row += DEMO_COLUMNS) {
		size_t n = row < len ? len - row : 0;

		if (n > DEMO_COLUMNS)
			n = DEMO_COLUMNS;
		draw_row(stdout, guest + (n ? row : 0), n, d->colored);
		printf("%*s  ", (int)(DEMO_COLUMNS - n), "");
		n = strlen(host) > row ? strlen(host) - row : 0;
		draw_row(stdout, host + (n ? row : 0),
			 n > DEMO_COLUMNS ? DEMO_COLUMNS : n, d->colored);
		puts("\033[K");
	}
	printf("\033[K\n%s\033[K\n", figures);
	draw_legend(stdout, d->colored);
	printf("keys: f fill  r free  c churn  x flush  q quit\033[K\033[J\n");
}

/* A line from the guest: show it, beside what the host holds now. */
static int show(struct demo *d, char *line)
{
	unsigned long long used, waiting, reported, again;
	char host[DEMO_CELLS + 1], figures[160];
	double now = now_s();
	int at = 0, err;

	if (sscanf(line, "%llu %llu %llu %llu %n", &used, &waiting, &reported,
		   &again, &at) != 4 || !at)
		return 0;
	if (!d->screen && now - d->said < 1)
		return 0;
	err = ram_scan(&d->ram, &d->res);
	if (err)
		return err;
	residency_update(&d->res);
	host_letters(d, host);
	snprintf(figures, sizeof(figures),
		 "%5.1f s  in use %3llu MiB  waiting %3llu  reported %3llu  used again %3llu   the host holds %3llu",
		 now - d->started, used, waiting, reported, again,
		 (unsigned long long)(d->res.resident * PAGE >> 20));
	if (d->screen)
		draw_screen(d, line + at, host, figures);
	else
		puts(figures);
	d->said = now;
	return fflush(stdout) ? -errno : 0;
}

/* The next key, or 0. */
static char next_key(struct demo *d)
{
	struct pollfd p = { .fd = 0, .events = POLLIN };
	char key = 0;

	if (d->keys) {
		if (now_s() < d->wait_until)
			return 0;
		if (!*d->keys)
			return 'q';
		key = *d->keys++;
		if (key < '0' || key > '9')
			return key;
		d->wait_until = now_s() + key - '0';
		return 0;
	}
	if (poll(&p, 1, 0) <= 0)
		return 0;
	if (read(0, &key, 1) != 1)
		d->keys = KEYS_DEFAULT;
	return key;
}

static int from_guest(struct demo *d)
{
	struct pollfd p = { .fd = d->vm.channel, .events = POLLIN };
	char *nl;
	ssize_t n;
	int err = 0;

	if (poll(&p, 1, 50) <= 0)
		return 0;
	n = read(d->vm.channel, d->line + d->used, sizeof(d->line) - 1 - d->used);
	if (n <= 0)
		return -EPIPE;
	d->used += (size_t)n;
	d->line[d->used] = '\0';
	while (!err && (nl = strchr(d->line, '\n'))) {
		*nl++ = '\0';
		err = show(d, d->line);
		d->used -= (size_t)(nl - d->line);
		memmove(d->line, nl, d->used + 1);
	}
	if (d->used == sizeof(d->line) - 1)
		d->used = 0;	/* no line is that long */
	return err;
}

static int loop(struct demo *d)
{
	d->started = now_s();
	while (!stop_signal) {
		char key = next_key(d);
		int err;

		if (key == 'q')
			return 0;
		if (key && strchr("frcx", key)) {
			if (!d->screen)
				printf("key %c\n", key);
			if (write(d->vm.channel, &key, 1) != 1)
				return -errno;
		}
		err = from_guest(d);
		if (err)
			return err;
	}
	return 0;
}

static void prepare_terminal(struct demo *d)
{
	const char *term = getenv("TERM");
	struct winsize ws;

	d->screen = isatty(1) && term && strcmp(term, "dumb") &&
		    !ioctl(1, TIOCGWINSZ, &ws) && ws.ws_col >= 98 &&
		    ws.ws_row >= DEMO_CELLS / DEMO_COLUMNS + 6;
	d->colored = terminal_colored(stdout);
	if (!isatty(0)) {
		if (!d->keys)
			d->keys = KEYS_DEFAULT;
	} else if (!tcgetattr(0, &saved)) {
		struct termios t = saved;

		t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw = !tcsetattr(0, TCSANOW, &t);
	}
	if (d->screen)
		fputs("\033[?1049h\033[?25l", stdout);
	else
		puts("plain lines, as this is no terminal of 98 x 14 or more; keys: f fill  r free  c churn  x flush  q quit");
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct demo d = { .ram = { .fd = -1 } };
	char dir[PATH_MAX / 2], log[PATH_MAX], text[16384], err[512] = "";
	int ret;

	/* The kernel starts its first process without a PATH. */
	if (getpid() == 1 && !getenv("PATH"))
		demo_guest();
	if (argc == 3 && !strcmp(argv[1], "--keys")) {
		d.keys = argv[2];
	} else if (argc > 1) {
		fputs("usage: prdemo [--keys KEYS]: f fill, r free, c churn, x flush, q quit, a digit waits so many seconds\n", stderr);
		return 2;
	}
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	/* What cannot be written is an error like others: the terminal is put back. */
	signal(SIGPIPE, SIG_IGN);
	if (temp_dir(dir, sizeof(dir))) {
		fprintf(stderr, "prdemo: cannot make %s: %s; set TMPDIR to a directory that can be written\n",
			dir, strerror(errno));
		return 1;
	}
	ret = start(&d, dir, err, sizeof(err));
	if (!ret) {
		*err = '\0';
		prepare_terminal(&d);
		ret = loop(&d);
		if (d.screen)
			fputs("\033[?25h\033[?1049l", stdout);
		if (raw)
			tcsetattr(0, TCSANOW, &saved);
	}
	vm_kill(&d.vm);
	vm_free(&d.vm);
	ram_close(&d.ram);
	residency_free(&d.res);
	make_path(log, sizeof(log), "%s/console.log", dir);
	if (ret && !*err && ferror(stdout))
		set_err(err, sizeof(err), "standard output cannot be written: %s",
			strerror(-ret));
	if (ret && !*err)
		set_err(err, sizeof(err), "the guest ended (%s); its kernel's last words: %s",
			strerror(-ret), read_text(log, text, sizeof(text)) > 0 ?
			last_line(text) : "none");
	unlink(log);
	rmdir(dir);
	if (ret)
		fprintf(stderr, "prdemo: %s\n", err);
	return ret ? 1 : 0;
}
