// SPDX-License-Identifier: GPL-2.0
/*
 * The channel to the host: a virtio-serial port named "prbench", or a serial
 * line of User Mode Linux that is joined to a socket of the host's.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "agent.h"

static int channel = -1;

/* What has come from the host: line[taken] to line[used - 1] is still to be read. */
static struct {
	char line[65536];
	size_t used, taken;
} input;

/* There is no udev here: make the node from what sysfs says. */
static int open_node(const char *sysfs_dev, const char *node)
{
	unsigned int major, minor;
	char text[64];

	if (read_text(sysfs_dev, text, sizeof(text)) <= 0 ||
	    sscanf(text, "%u:%u", &major, &minor) != 2)
		return -1;
	unlink(node);
	if (mknod(node, S_IFCHR | 0600, makedev(major, minor)))
		return -1;
	return open(node, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static int open_virtio_port(void)
{
	DIR *dir = opendir("/sys/class/virtio-ports");
	struct dirent *de;
	int fd = -1;

	if (!dir)
		return -1;
	while (fd < 0 && (de = readdir(dir))) {
		char path[512], name[64];

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name",
			 de->d_name);
		if (read_text(path, name, sizeof(name)) <= 0 ||
		    strcmp(name, "prbench"))
			continue;
		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/dev",
			 de->d_name);
		fd = open_node(path, "/run/prbench-port");
	}
	closedir(dir);
	return fd;
}

static int open_serial(void)
{
	struct termios tio;
	int fd = open_node("/sys/class/tty/ttyS0/dev", "/run/prbench-tty");

	if (fd < 0)
		return -1;
	if (!tcgetattr(fd, &tio)) {
		cfmakeraw(&tio);
		tcsetattr(fd, TCSANOW, &tio);
	}
	return fd;
}

/* Find the channel; the port of a device that is still probed may come late. */
int channel_open(void)
{
	bool uml = running_on_uml();
	int tries;

	for (tries = 0; tries < 200 && channel < 0; tries++) {
		channel = uml ? open_serial() : open_virtio_port();
		if (channel < 0)
			sleep_s(0.05);
	}
	return channel;
}

/*
 * The next line from the host, valid until the next call; NULL when the
 * channel is closed.
 */
char *channel_read_line(void)
{
	memmove(input.line, input.line + input.taken, input.used - input.taken);
	input.used -= input.taken;
	input.taken = 0;
	for (;;) {
		char *nl = memchr(input.line, '\n', input.used);
		ssize_t n;

		if (nl) {
			*nl = '\0';
			input.taken = (size_t)(nl - input.line) + 1;
			return input.line;
		}
		if (input.used == sizeof(input.line))
			return NULL;
		n = read(channel, input.line + input.used,
			 sizeof(input.line) - input.used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return NULL;
		input.used += (size_t)n;
	}
}

/* Send one event, whole, whoever else sends one; takes over the reference. */
void emit(json_t *event)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char *text = json_dumps(event, JSON_COMPACT);
	size_t len, done = 0;

	json_decref(event);
	if (!text)
		return;
	len = strlen(text);
	text[len++] = '\n';	/* in place of the terminator */
	fcntl(channel, F_SETLKW, &lock);
	while (done < len) {
		ssize_t n = write(channel, text + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	lock.l_type = F_UNLCK;
	fcntl(channel, F_SETLK, &lock);
	free(text);
}

void emit_simple(const char *event, const char *workload)
{
	emit(json_pack("{s:s, s:s}", "event", event, "workload", workload));
}

/*
 * Plain text only: a lone byte above 127 is not UTF-8, and an event that JSON
 * cannot say would not be sent.
 */
static void make_plain(char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] > 127 || !text[i])
			text[i] = '?';
}

void emit_result(const char *workload, const char *metric, const char *unit,
		 double value)
{
	char from[64], name[128];

	/* Tools and modules have names of their own for what they count. */
	snprintf(from, sizeof(from), "%s", workload);
	make_plain(from, strlen(from));
	snprintf(name, sizeof(name), "%s", metric);
	make_plain(name, strlen(name));
	if (!isfinite(value)) {
		emit_text("error", from, "message", "%s is no number: %g", name,
			  value);
		return;
	}
	emit(json_pack("{s:s, s:s, s:s, s:s, s:f}", "event", "result",
		       "workload", from, "metric", name, "unit", unit,
		       "value", value));
}

void emit_mark(const char *workload, const char *name, uint64_t bytes)
{
	emit(json_pack("{s:s, s:s, s:s, s:I}", "event", "mark", "workload",
		       workload, "name", name, "bytes", (json_int_t)bytes));
}

/* An event whose only content is a text, under the given key. */
void emit_text(const char *event, const char *workload, const char *key,
	       const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	make_plain(text, strlen(text));
	emit(json_pack("{s:s, s:s, s:s%}", "event", event, "workload", workload,
		       key, text, strlen(text)));
}

/* Say that something could not be done; returns -err. */
int failed(const char *workload, const char *what, int err)
{
	emit_text("error", workload, "message", "cannot %s: %s", what,
		  strerror(err));
	return -err;
}

/* Ask the host, while the agent waits for the workload's end; NULL without an answer */
static json_t *ask(const char *what, const char *workload)
{
	char *line;

	emit_simple(what, workload);
	line = channel_read_line();
	return line ? json_loads(line, 0, NULL) : NULL;
}

/**
 * ask_host() - what the host holds of this guest's memory now
 * @held: gets the answer
 *
 * Return: 0, or -1 after an error event.
 */
int ask_host(const char *workload, struct held *held)
{
	json_t *o = ask("ask", workload);
	int ret;

	ret = json_unpack(o, "{s:F, s:F, s:F}", "resident_mib",
			  &held->resident_mib, "refault_mib", &held->refault_mib,
			  "gib_s", &held->gib_s);
	json_decref(o);
	if (ret)
		emit_text("error", workload, "message",
			  "the host does not say how much of the guest's memory it holds");
	return ret;
}

/**
 * ask_pages() - how the host holds this guest's memory; takes it some time
 * @pages: gets the answer
 *
 * Return: 0, or -1 after an error event.
 */
int ask_pages(const char *workload, struct host_pages *pages)
{
	json_t *o = ask("ask-pages", workload);
	int ret;

	pages->huge_mib = NAN;
	ret = json_unpack(o, "{s:F, s?F}", "faults", &pages->faults, "huge_mib",
			  &pages->huge_mib);
	json_decref(o);
	if (ret)
		emit_text("error", workload, "message",
			  "the host does not say how many page faults there were");
	return ret;
}

/*
 * Send a piece of text for a file, no longer than a serial line's buffer can
 * take.
 */
void emit_output(const char *workload, const char *name, char *text, size_t len)
{
	make_plain(text, len);
	emit(json_pack("{s:s, s:s, s:s, s:s%}", "event", "file", "workload",
		       workload, "name", name, "text", text, len));
}

/* Send a file's text. */
void emit_file(const char *workload, const char *name, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[2048];
	ssize_t n;

	if (fd < 0)
		return;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		emit_output(workload, name, buf, (size_t)n);
	close(fd);
}
