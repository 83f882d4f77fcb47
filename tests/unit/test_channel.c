// SPDX-License-Identifier: GPL-2.0
/* Events from the guest: framing, what is refused, what is written down. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "prbench.h"

struct pair {
	struct channel c;
	int guest;
};

static int setup(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));
	int fds[2];

	if (!p || socketpair(AF_UNIX, SOCK_STREAM, 0, fds) ||
	    channel_init(&p->c, fds[0]))
		return -1;
	p->guest = fds[1];
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct pair *p = *state;

	close(p->c.fd);
	if (p->guest >= 0)
		close(p->guest);
	channel_free(&p->c);
	free(p);
	return 0;
}

static void say(struct pair *p, const char *text)
{
	assert_int_equal(write(p->guest, text, strlen(text)), strlen(text));
}

static const char *kind(const json_t *event)
{
	return json_string_value(json_object_get(event, "event"));
}

static void lines_may_come_in_pieces(void **state)
{
	struct pair *p = *state;
	json_t *event;
	char err[128];

	say(p, "{\"event\":\"re");
	assert_int_equal(channel_fill(&p->c), 1);
	assert_int_equal(channel_next(&p->c, &event, err, sizeof(err)), 0);
	say(p, "ady\"}\n{\"event\":\"bye\"}\n{\"ev");
	assert_int_equal(channel_fill(&p->c), 1);
	assert_int_equal(channel_next(&p->c, &event, err, sizeof(err)), 1);
	assert_string_equal(kind(event), "ready");
	json_decref(event);
	assert_int_equal(channel_next(&p->c, &event, err, sizeof(err)), 1);
	assert_string_equal(kind(event), "bye");
	json_decref(event);
	assert_int_equal(channel_next(&p->c, &event, err, sizeof(err)), 0);
}

static void garbage_is_refused(void **state)
{
	static const char *const bad[] = {
		"hello\n", "\n", "[1,2]\n", "{}\n", "{\"event\":1}\n",
		"{\"event\":\"x\"} {\"event\":\"y\"}\n", "\x01\xff{\n",
		"{\"event\":\"ready\"\n",
	};
	struct pair *p = *state;
	json_t *event;
	char err[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		say(p, bad[i]);
		assert_int_equal(channel_fill(&p->c), 1);
		assert_int_equal(channel_next(&p->c, &event, err, sizeof(err)),
				 -1);
		assert_non_null(strstr(err, "no event"));
		assert_null(event);
		/* and the next line is read as if nothing had been */
		say(p, "{\"event\":\"ok\"}\n");
		assert_int_equal(channel_fill(&p->c), 1);
		assert_int_equal(channel_next(&p->c, &event, err, sizeof(err)),
				 1);
		json_decref(event);
	}
}

static void the_end_is_seen(void **state)
{
	struct pair *p = *state;

	close(p->guest);
	p->guest = -1;
	assert_int_equal(channel_fill(&p->c), 0);
}

static void an_endless_line_is_an_error(void **state)
{
	struct pair *p = *state;
	char block[4096];
	json_t *event;
	char err[128];
	int ret = 1, i;

	memset(block, 'x', sizeof(block));
	for (i = 0; i < 1000 && ret == 1; i++) {
		assert_int_equal(write(p->guest, block, sizeof(block)),
				 sizeof(block));
		ret = channel_fill(&p->c);
		if (ret == 1)
			assert_int_equal(channel_next(&p->c, &event, err,
						      sizeof(err)), 0);
	}
	assert_int_equal(ret, -1);
	assert_int_equal(errno, EMSGSIZE);
}

static void commands_are_lines(void **state)
{
	struct pair *p = *state;
	char text[256];
	ssize_t n;

	assert_int_equal(channel_send(&p->c, json_pack("{s:s, s:{s:i}}", "run",
						       "drain", "args", "mib",
						       1024)), 0);
	n = read(p->guest, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text,
			    "{\"run\":\"drain\",\"args\":{\"mib\":1024}}\n");
}

static char *slurp(const char *dir, const char *name)
{
	char *path = format("%s/%s", dir, name);
	char *text = calloc(1, 65536);

	if (read_text(path, text, 65536) < 0)
		text[0] = '\0';
	free(path);
	return text;
}

static void add(struct event_log *log, const char *text, double t, int want)
{
	json_t *event = json_loads(text, 0, NULL);

	assert_non_null(event);
	assert_int_equal(event_log_add(log, event, t), want);
	json_decref(event);
}

static void the_log_is_what_the_report_reads(void **state)
{
	char dir[] = "/tmp/prbench-unit-XXXXXX", *text, *cmd;
	struct event_log log;
	json_t *counters;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(event_log_open(&log, dir), 0);
	add(&log, "{\"event\":\"ready\"}", 1.25, 0);
	add(&log, "{\"event\":\"counters\",\"when\":\"begin\"}", 1.5, 0);
	add(&log, "{\"event\":\"file\",\"name\":\"fio.json\",\"text\":\"a\\n\"}", 2, 0);
	add(&log, "{\"event\":\"file\",\"name\":\"fio.json\",\"text\":\"b\"}", 2, 0);
	/* names that a guest has no business with */
	add(&log, "{\"event\":\"file\",\"name\":\"../evil\",\"text\":\"x\"}", 2, 0);
	add(&log, "{\"event\":\"file\",\"name\":\"meta.json\",\"text\":\"x\"}", 2, 0);
	add(&log, "{\"event\":\"file\",\"name\":\".hidden\",\"text\":\"x\"}", 2, 0);
	add(&log, "{\"event\":\"file\",\"name\":\"map.jsonl\",\"text\":\"x\"}", 2, 0);
	/* maps are many, and no events */
	add(&log, "{\"event\":\"map\",\"map\":\"u9\"}", 3, 0);
	add(&log, "{\"event\":\"map\",\"map\":\"r9\"}", 4, 0);
	assert_int_equal(event_log_close(&log), 0);

	text = slurp(dir, "events.jsonl");
	assert_string_equal(text, "{\"t\":1.25,\"event\":\"ready\"}\n"
			    "{\"t\":1.5,\"event\":\"counters\",\"when\":\"begin\"}");
	free(text);
	text = slurp(dir, "map.jsonl");
	assert_string_equal(text, "{\"t\":3.0,\"event\":\"map\",\"map\":\"u9\"}\n"
			    "{\"t\":4.0,\"event\":\"map\",\"map\":\"r9\"}");
	free(text);
	text = slurp(dir, "fio.json");
	assert_string_equal(text, "a\nb");
	free(text);
	text = slurp(dir, "../evil");
	assert_string_equal(text, "");
	free(text);
	text = slurp(dir, "meta.json");
	assert_string_equal(text, "");
	free(text);
	text = slurp(dir, ".hidden");
	assert_string_equal(text, "");
	free(text);
	text = slurp(dir, "counters.json");
	counters = json_loads(text, 0, NULL);
	assert_int_equal(json_array_size(counters), 1);
	json_decref(counters);
	free(text);
	cmd = format("rm -r %s", dir);
	assert_int_equal(system(cmd), 0);
	free(cmd);
}

static void a_full_disk_is_noticed(void **state)
{
	char dir[] = "/tmp/prbench-unit-XXXXXX", *path, *cmd;
	struct event_log log;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = format("%s/events.jsonl", dir);
	assert_int_equal(symlink("/dev/full", path), 0);
	assert_int_equal(event_log_open(&log, dir), 0);
	add(&log, "{\"event\":\"ready\"}", 1, -1);
	assert_int_equal(errno, ENOSPC);
	event_log_close(&log);
	free(path);
	cmd = format("rm -r %s", dir);
	assert_int_equal(system(cmd), 0);
	free(cmd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_may_come_in_pieces,
						setup, teardown),
		cmocka_unit_test_setup_teardown(garbage_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_end_is_seen, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_endless_line_is_an_error,
						setup, teardown),
		cmocka_unit_test_setup_teardown(commands_are_lines, setup,
						teardown),
		cmocka_unit_test(the_log_is_what_the_report_reads),
		cmocka_unit_test(a_full_disk_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
