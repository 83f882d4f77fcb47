// SPDX-License-Identifier: GPL-2.0
/* QMP against a server that says what the test wants, good and bad. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "prbench.h"

#define GREETING	"{\"QMP\":{\"version\":{},\"capabilities\":[]}}\r\n"
#define AGREED		"{\"return\":{}}\r\n"

struct server {
	struct qmp q;
	int ours, theirs;
};

static void start(struct server *s)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	s->ours = fds[0];
	s->theirs = fds[1];
}

static void stop(struct server *s)
{
	close(s->ours);
	if (s->theirs >= 0)
		close(s->theirs);
}

static void say(struct server *s, const char *text)
{
	assert_int_equal(write(s->theirs, text, strlen(text)), strlen(text));
}

static void handshake_and_call(void **state)
{
	struct server s;
	char err[256] = "", text[256];
	json_t *o;
	ssize_t n;

	(void)state;
	start(&s);
	/* events may come at any time */
	say(&s, GREETING "{\"event\":\"RESUME\"}\r\n" AGREED
	    "{\"event\":\"STOP\"}\r\n{\"return\":{\"status\":\"running\"}}\r\n");
	assert_int_equal(qmp_open(&s.q, s.ours, 5, err, sizeof(err)), 0);
	o = qmp_call(&s.q, "query-status", NULL, 5, err, sizeof(err));
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "status")),
			    "running");
	json_decref(o);
	n = read(s.theirs, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, "{\"execute\":\"qmp_capabilities\"}\n"
			    "{\"execute\":\"query-status\"}\n");
	stop(&s);
}

static void arguments_are_sent(void **state)
{
	const char *want = "{\"execute\":\"qmp_capabilities\"}\n"
		"{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"exec:x \\\"y\\\"\"}}\n";
	struct server s;
	char err[256] = "", text[256];
	json_t *o;
	ssize_t n;

	(void)state;
	start(&s);
	say(&s, GREETING AGREED AGREED);
	assert_int_equal(qmp_open(&s.q, s.ours, 5, err, sizeof(err)), 0);
	o = qmp_call(&s.q, "migrate", json_pack("{s:s}", "uri", "exec:x \"y\""),
		     5, err, sizeof(err));
	assert_non_null(o);
	json_decref(o);
	n = read(s.theirs, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, want);
	stop(&s);
}

/* A QEMU of the upstream's has no package, and that is not "(null)". */
static void versions(void **state)
{
	static const struct {
		const char *said, *is;
	} v[] = {
		{ "{\"qemu\":{\"major\":7,\"minor\":2,\"micro\":22},"
		  "\"package\":\"Debian 1:7.2\"}", "7.2.22Debian 1:7.2" },
		{ "{\"qemu\":{\"major\":9,\"minor\":1,\"micro\":0},"
		  "\"package\":\"\"}", "9.1.0" },
		{ "{\"qemu\":{\"major\":9,\"minor\":1,\"micro\":0}}", "9.1.0" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		json_t *o = json_loads(v[i].said, 0, NULL);
		char *text = qmp_version(o);

		assert_string_equal(text, v[i].is);
		free(text);
		json_decref(o);
	}
}

static void an_error_has_its_reason(void **state)
{
	struct server s;
	char err[256] = "";

	(void)state;
	start(&s);
	say(&s, GREETING AGREED
	    "{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"no such\"}}\n"
	    "{\"error\":{}}\n");
	assert_int_equal(qmp_open(&s.q, s.ours, 5, err, sizeof(err)), 0);
	assert_null(qmp_call(&s.q, "frob", NULL, 5, err, sizeof(err)));
	assert_string_equal(err, "QMP: frob failed: no such");
	assert_null(qmp_call(&s.q, "frob", NULL, 5, err, sizeof(err)));
	assert_non_null(strstr(err, "no reason given"));
	stop(&s);
}

static void open_fails(const char *said, bool hang_up, const char *why)
{
	struct server s;
	char err[256] = "";

	start(&s);
	say(&s, said);
	if (hang_up) {
		close(s.theirs);
		s.theirs = -1;
	}
	assert_int_equal(qmp_open(&s.q, s.ours, 0.2, err, sizeof(err)), -1);
	if (!strstr(err, why))
		fail_msg("'%s' lacks '%s'", err, why);
	stop(&s);
}

static void bad_servers(void **state)
{
	(void)state;
	open_fails("", true, "closed its socket");
	open_fails("", false, "in time");
	open_fails("garbage\n", false, "no JSON object");
	open_fails("[]\n", false, "no JSON object");
	open_fails("{\"return\":{}}\n", false, "did not greet");
	open_fails("{\"QMP\":", false, "in time");
	open_fails("{\"QMP\":", true, "closed its socket");
	open_fails(GREETING, false, "in time");
	open_fails(GREETING "\xff\xfe\n", false, "no JSON object");
}

static void an_endless_line(void **state)
{
	struct server s;
	char err[256] = "", *flood;
	size_t size = sizeof(s.q.buf) + 1;

	(void)state;
	start(&s);
	flood = malloc(size + 1);
	memset(flood, 'x', size);
	flood[size] = '\0';
	say(&s, flood);
	assert_int_equal(qmp_open(&s.q, s.ours, 5, err, sizeof(err)), -1);
	assert_non_null(strstr(err, "a line of more than"));
	free(flood);
	stop(&s);
}

static void a_dead_server(void **state)
{
	struct server s;
	char err[256] = "";

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	start(&s);
	say(&s, GREETING AGREED);
	assert_int_equal(qmp_open(&s.q, s.ours, 5, err, sizeof(err)), 0);
	close(s.theirs);
	s.theirs = -1;
	assert_null(qmp_call(&s.q, "quit", NULL, 5, err, sizeof(err)));
	assert_non_null(strstr(err, "QMP: "));
	stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshake_and_call),
		cmocka_unit_test(arguments_are_sent),
		cmocka_unit_test(versions),
		cmocka_unit_test(an_error_has_its_reason),
		cmocka_unit_test(bad_servers),
		cmocka_unit_test(an_endless_line),
		cmocka_unit_test(a_dead_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
