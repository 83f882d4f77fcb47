// SPDX-License-Identifier: GPL-2.0
/*
 * report.html as a reader has it: in a headless Chromium, at the width of a desk
 * and of a phone. Spoken to over a pipe in the DevTools protocol: JSON objects,
 * each ended by a zero byte. PRX_SHOTS=DIR keeps a picture of each page.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include "work.h"

#define PATIENCE_MS	60000
#define PHONE		390
#define PAPER		720	/* 7.5 inches */
#define DESK		1280

struct browser {
	const char *program;
	char dir[64];
	pid_t pid;
	int to, from;
	char *buf;		/* what has come and is not taken yet */
	size_t used, size;
	int id;
	char session[128];
	json_t *said;		/* console, exceptions, requests to elsewhere */
};

static struct browser b = { .pid = -1 };

static const char *find_chromium(void)
{
	static const char * const names[] = { "chromium", "chromium-browser" };
	static char path[4096];
	size_t i;

	if (getenv("CHROMIUM"))
		return access(getenv("CHROMIUM"), X_OK) ? NULL : getenv("CHROMIUM");
	for (i = 0; i < 2; i++) {
		const char *p = env("PATH", "");

		while (*p) {
			size_t n = strcspn(p, ":");

			snprintf(path, sizeof(path), "%.*s/%s", (int)n, p, names[i]);
			if (!access(path, X_OK))
				return path;
			p += n + (p[n] == ':');
		}
	}
	return NULL;
}

/* ---- the protocol ---- */

static json_t *next_message(void)
{
	for (;;) {
		struct pollfd p = { .fd = b.from, .events = POLLIN };
		char *end = b.used ? memchr(b.buf, 0, b.used) : NULL;
		ssize_t n;

		if (end) {
			json_t *o = json_loads(b.buf, 0, NULL);
			size_t taken = (size_t)(end + 1 - b.buf);

			memmove(b.buf, b.buf + taken, b.used - taken);
			b.used -= taken;
			assert_non_null(o);
			return o;
		}
		if (b.size - b.used < 65536) {
			b.size += 1 << 20;
			b.buf = realloc(b.buf, b.size);
			assert_non_null(b.buf);
		}
		if (poll(&p, 1, PATIENCE_MS) <= 0)
			fail_msg("%s says nothing for %d s", b.program,
				 PATIENCE_MS / 1000);
		n = read(b.from, b.buf + b.used, b.size - b.used);
		if (n <= 0)
			fail_msg("%s has ended", b.program);
		b.used += (size_t)n;
	}
}

static const char *member(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* What a page must not do is written down; the rest of the events is noise. */
static void heard(const json_t *message)
{
	const char *method = member(message, "method");
	const json_t *params = json_object_get(message, "params");
	const char *url = member(json_object_get(params, "request"), "url");
	char *text;

	if (!strcmp(method, "Network.requestWillBeSent")) {
		if (!strcmp(member(params, "type"), "Document") || !strncmp(url, "data:", 5))
			return;
		json_array_append_new(b.said, json_sprintf("asks for %s", url));
		return;
	}
	if (strcmp(method, "Runtime.exceptionThrown") &&
	    strcmp(method, "Runtime.consoleAPICalled") &&
	    strcmp(method, "Log.entryAdded"))
		return;
	text = json_dumps(params, JSON_COMPACT);
	json_array_append_new(b.said, json_sprintf("%s: %.300s", method, text));
	free(text);
}

/* Returns the result of a command; its session's, once there is one. */
static json_t *call(const char *method, json_t *params)
{
	int id = ++b.id;
	json_t *o = json_pack("{s:i, s:s, s:o}", "id", id, "method", method,
			      "params", params ? params : json_object());
	char *text;
	size_t len, done = 0;

	if (*b.session)
		json_object_set_new(o, "sessionId", json_string(b.session));
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	len = strlen(text) + 1;
	while (done < len) {
		ssize_t n = write(b.to, text + done, len - done);

		assert_true(n > 0);
		done += (size_t)n;
	}
	free(text);
	for (;;) {
		json_t *answer = next_message(), *result;

		if (json_integer_value(json_object_get(answer, "id")) != id) {
			heard(answer);
			json_decref(answer);
			continue;
		}
		result = json_object_get(answer, "result");
		if (!result)
			fail_msg("%s: %s", method, json_dumps(answer, 0));
		json_incref(result);
		json_decref(answer);
		return result;
	}
}

/* What an expression comes to in the page, promises kept. */
static json_t *evaluate(const char *js)
{
	json_t *o = call("Runtime.evaluate", json_pack("{s:s, s:b, s:b}",
		"expression", js, "returnByValue", 1, "awaitPromise", 1));
	json_t *v;

	if (json_object_get(o, "exceptionDetails"))
		fail_msg("%s: %s", js, json_dumps(o, 0));
	v = json_object_get(json_object_get(o, "result"), "value");
	json_incref(v);
	json_decref(o);
	return v;
}

static double evaluate_number(const char *js)
{
	json_t *v = evaluate(js);
	double d = json_number_value(v);

	assert_true(json_is_number(v));
	json_decref(v);
	return d;
}

/* ---- one browser for all tests ---- */

static int start(void **state)
{
	int to[2], from[2];
	char profile[128];
	json_t *o, *target;

	(void)state;
	snprintf(b.dir, sizeof(b.dir), "/tmp/prreport-browser.XXXXXX");
	if (!mkdtemp(b.dir) || pipe(to) || pipe(from))
		return -1;
	snprintf(profile, sizeof(profile), "--user-data-dir=%s/profile", b.dir);
	signal(SIGPIPE, SIG_IGN);
	b.pid = fork();
	if (b.pid < 0)
		return -1;
	if (!b.pid) {
		int null = open("/dev/null", O_RDWR);
		/* Above what they are to become, or one hides the other. */
		int in = fcntl(to[0], F_DUPFD_CLOEXEC, 10);
		int out = fcntl(from[1], F_DUPFD_CLOEXEC, 10);

		setpgid(0, 0);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		dup2(in, 3);
		dup2(out, 4);
		for (int fd = 5; fd < 10; fd++)
			close(fd);
		/* Its own network service has nothing to do here. */
		setenv("HOME", b.dir, 1);
		execl(b.program, b.program, "--headless=new", "--no-sandbox",
		      "--disable-gpu", "--remote-debugging-pipe", profile,
		      "--no-first-run", "--disable-background-networking",
		      "--disable-component-update", "--disable-sync",
		      "--disable-dev-shm-usage", "--hide-scrollbars",
		      "--host-resolver-rules=MAP * ~NOTFOUND", "about:blank",
		      (char *)NULL);
		_exit(127);
	}
	setpgid(b.pid, b.pid);
	close(to[0]);
	close(from[1]);
	b.to = to[1];
	b.from = from[0];
	b.said = json_array();
	target = call("Target.createTarget", json_pack("{s:s}", "url", "about:blank"));
	o = call("Target.attachToTarget", json_pack("{s:s, s:b}", "targetId",
						    member(target, "targetId"),
						    "flatten", 1));
	snprintf(b.session, sizeof(b.session), "%s", member(o, "sessionId"));
	json_decref(o);
	json_decref(target);
	json_decref(call("Page.enable", NULL));
	json_decref(call("Network.enable", NULL));
	json_decref(call("Runtime.enable", NULL));
	json_decref(call("Log.enable", NULL));
	return 0;
}

static int stop(void **state)
{
	int i;

	(void)state;
	if (b.pid > 0) {
		kill(-b.pid, SIGKILL);
		waitpid(b.pid, NULL, 0);
	}
	/* Its children may still be writing while they die. */
	for (i = 0; i < 50 && rm_tree(b.dir); i++)
		usleep(100000);
	json_decref(b.said);
	free(b.buf);
	return 0;
}

/* ---- the pages ---- */

static const char *recorded(void)
{
	static char dir[128];

	if (!*dir) {
		const char *const argv[] = {
			str("%s/prreport", env("PRX_BIN", "build/san")), dir, NULL
		};

		snprintf(dir, sizeof(dir), "%s/run", b.dir);
		copy_recorded(b.dir);
		assert_int_equal(run_cmd(argv, "/dev/null", "/dev/null", NULL), 0);
	}
	return dir;
}

/* report.html is not kept with the reference: made again from its raw data */
static const char *reference(void)
{
	static char dir[128];
	char top[3072];

	if (!*dir) {
		const char *const copy[] = {
			"cp", "-r", str("%s/results/reference/6.12", realpath(env("PRX_TOP", "."), top)),
			dir, NULL
		};
		/* Without sanitizers, under which it takes minutes */
		const char *const make[] = { "make", "-s", "-C", top, "programs", NULL };
		const char *const argv[] = { str("%s/build/bin/prreport", top), dir, NULL };

		snprintf(dir, sizeof(dir), "%s/reference", b.dir);
		assert_int_equal(run_cmd(make, "/dev/null", "/dev/null", NULL), 0);
		assert_int_equal(run_cmd(copy, "/dev/null", "/dev/null", NULL), 0);
		/* 1 if A/A differs, which reference.sh has an eye on */
		assert_in_range(run_cmd(argv, "/dev/null", "/dev/null", NULL), 0, 1);
		assert_int_equal(access(str("%s/report.html", dir), R_OK), 0);
	}
	return dir;
}

static void shot(const char *name, int width)
{
	const char *dir = getenv("PRX_SHOTS");
	json_t *o;
	char path[4096], cmd[8192];
	FILE *f;

	if (!dir)
		return;
	o = call("Page.captureScreenshot", json_pack("{s:s, s:b}", "format", "png",
						     "captureBeyondViewport", 1));
	snprintf(path, sizeof(path), "%s/%s-%d.png", dir, name, width);
	snprintf(cmd, sizeof(cmd), "base64 -d >'%s'", path);
	f = popen(cmd, "w");
	assert_non_null(f);
	fputs(member(o, "data"), f);
	assert_int_equal(pclose(f), 0);
	json_decref(o);
}

static void open_page(const char *dir, const char *page, int width)
{
	char url[5000];

	json_array_clear(b.said);
	json_decref(call("Emulation.setDeviceMetricsOverride",
			 json_pack("{s:i, s:i, s:i, s:b}", "width", width,
				   "height", width == PHONE ? 844 : 900,
				   "deviceScaleFactor", 1, "mobile", width == PHONE)));
	snprintf(url, sizeof(url), "file://%s/%s.html", dir, page);
	json_decref(call("Page.navigate", json_pack("{s:s}", "url", url)));
	json_decref(evaluate("new Promise(done => { let look = () => document.readyState == 'complete' && "
			     "location.protocol == 'file:' ? done(1) : setTimeout(look, 20); look(); })"));
}

static void fits_page(const char *name, const char *dir, const char *page, int width)
{
	json_t *wide;
	char *text, js[1024];

	open_page(dir, page, width);
	shot(str("%s-%s", name, page), width);
	assert_true(evaluate_number("document.body.innerText.length") > 2000);
	/* On a phone the page would grow instead of overflowing. */
	if (evaluate_number("document.documentElement.scrollWidth") > width) {
		snprintf(js, sizeof(js),
			 "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > %d"
			 " && !e.closest('.t')).slice(0, 5).map(e => e.outerHTML.slice(0, 120))", width);
		wide = evaluate(js);
		text = json_dumps(wide, JSON_INDENT(1));
		fail_msg("%s at %d: the page is %g wide: %s", name, width,
			 evaluate_number("document.documentElement.scrollWidth"), text);
	}
	if (json_array_size(b.said))
		fail_msg("%s at %d: %s", name, width, json_dumps(b.said, JSON_INDENT(1)));
}

static void fits(const char *name, const char *dir, int width)
{
	fits_page(name, dir, "report", width);
	fits_page(name, dir, "details", width);
}

/* The verdict is in sight at once, on a phone as well. */
static void shows_verdict(const char *dir)
{
	open_page(dir, "report", PHONE);
	assert_true(evaluate_number("document.querySelector('td strong').getBoundingClientRect().right") <= PHONE);
	assert_true(evaluate_number("document.querySelector('p strong').getBoundingClientRect().bottom") <= 844);
}

/* On a phone a row of the first table is a list: nothing to scroll, nothing to guess. */
static void stacks(const char *dir)
{
	open_page(dir, "report", PHONE);
	assert_true(evaluate_number("document.querySelectorAll('table')[0].rows.length") <= 1 + 8);
	assert_int_equal(evaluate_number("[...document.querySelectorAll('.stack')].filter(e => "
		"e.getBoundingClientRect().right > innerWidth).length"), 0);
	assert_true(evaluate_number("[...document.querySelectorAll('.stack td[data-c]')].filter(e => "
		"getComputedStyle(e, '::before').content.length > 4).length") > 8);
}

/* On paper nothing scrolls, so nothing may be wider than the sheet. */
static void prints(const char *dir)
{
	open_page(dir, "report", PAPER);
	json_decref(call("Emulation.setEmulatedMedia", json_pack("{s:s}", "media", "print")));
	assert_int_equal(evaluate_number("[...document.querySelectorAll('body *')].filter(e => "
		"e.getBoundingClientRect().right > innerWidth).length"), 0);
	/* Names of metrics are no larger than the words around them. */
	assert_int_equal(evaluate_number("[...document.querySelectorAll('td code')].filter(e => "
		"parseFloat(getComputedStyle(e).fontSize) > "
		"parseFloat(getComputedStyle(e.parentNode).fontSize)).length"), 0);
	json_decref(call("Emulation.setEmulatedMedia", json_pack("{s:s}", "media", "")));
}

/* Every picture that is in the page can be seen in it. */
static void decodes_page(const char *dir, const char *page, int least)
{
	json_t *bad;

	open_page(dir, page, DESK);
	assert_true(evaluate_number("document.querySelectorAll('figure svg').length") >= least);
	bad = evaluate(
		"(async () => { let bad = [];"
		" for (const e of document.querySelectorAll('img, svg image')) {"
		"  const i = new Image(); i.src = e.getAttribute('src') || e.getAttribute('href') ||"
		"   e.getAttributeNS('http://www.w3.org/1999/xlink', 'href');"
		"  try { await i.decode(); } catch (x) { bad.push(i.src.slice(0, 80)); } }"
		" for (const e of document.querySelectorAll('figure svg')) {"
		"  const r = e.getBoundingClientRect();"
		"  if (r.width < 300 || r.height < 100 || e.querySelectorAll('path').length < 5)"
		"   bad.push(e.outerHTML.slice(0, 80)); }"
		" return bad; })()");
	if (json_array_size(bad))
		fail_msg("%s: %s", dir, json_dumps(bad, JSON_INDENT(1)));
	json_decref(bad);
}

static void decodes(const char *dir)
{
	decodes_page(dir, "report", 3);
	decodes_page(dir, "details", 5);
}

/* Is there one place of that name in a page that is not open? */
static bool has_place(const char *dir, const char *page, int len, const char *place)
{
	char *text = slurp(str("%s/%.*s", dir, len, page)), *id = strdup(str("id=\"%s\"", place));
	bool one = text && count(text, id) == 1;

	free(text);
	free(id);
	return one;
}

/* Every link leads to a file that is there, or to a place in the page or the other. */
static void leads_page(const char *dir, const char *page, size_t least)
{
	json_t *links, *link;
	size_t i, files = 0, places = 0;

	open_page(dir, page, DESK);
	links = evaluate("[...new Set([...document.links].map(a => a.getAttribute('href')))]");
	json_array_foreach(links, i, link) {
		const char *href = json_string_value(link);
		char path[8192];

		if (*href == '#') {
			snprintf(path, sizeof(path), "document.querySelectorAll('[id=\"%s\"]').length",
				 href + 1);
			if (evaluate_number(path) != 1)
				fail_msg("%s: no place, or more than one, is %s", dir, href);
			places++;
			continue;
		}
		snprintf(path, sizeof(path), "%s/%.*s", dir, (int)strcspn(href, "#"), href);
		if (strchr(href, '#') && !has_place(dir, href, strcspn(href, "#"),
						    strchr(href, '#') + 1))
			fail_msg("%s: no such place: %s", dir, href);
		if (access(path, R_OK))
			fail_msg("%s: %s: %s", dir, href, strerror(errno));
		files++;
	}
	json_decref(links);
	assert_true(files > 3 && places >= least);
	/* Every number of the first table has its link. */
	assert_int_equal(evaluate_number("[...document.querySelector('table').querySelectorAll('td strong')]"
					 ".filter(e => /^([0-9]|not |never)/.test(e.textContent) && !e.closest('a')).length"), 0);
}

static void leads(const char *dir)
{
	leads_page(dir, "report", 3);
	leads_page(dir, "details", 11);
}

static void recorded_fits_a_desk(void **state)
{
	(void)state;
	fits("recorded", recorded(), DESK);
}

static void recorded_fits_a_phone(void **state)
{
	(void)state;
	fits("recorded", recorded(), PHONE);
}

static void recorded_decodes(void **state)
{
	(void)state;
	decodes(recorded());
}

static void recorded_leads_to_files(void **state)
{
	(void)state;
	leads(recorded());
}

static void reference_fits_a_desk(void **state)
{
	(void)state;
	fits("reference", reference(), DESK);
}

static void reference_fits_a_phone(void **state)
{
	(void)state;
	fits("reference", reference(), PHONE);
}

static void reference_decodes(void **state)
{
	(void)state;
	decodes(reference());
}

static void reference_shows_verdict(void **state)
{
	(void)state;
	shows_verdict(reference());
	stacks(reference());
}

static void reference_prints(void **state)
{
	(void)state;
	prints(reference());
}

/* What is read in a minute is no book. */
static void reference_is_short(void **state)
{
	char *html = slurp(str("%s/report.html", reference()));
	char *md = slurp(str("%s/report.md", reference()));

	(void)state;
	assert_true(strlen(html) < 1500000 && strlen(md) < 150000);
	assert_true(count(html, "<figure id=") <= 16 && count(html, "<figure id=") > 3);
	free(html);
	free(md);
}

static void reference_leads_to_files(void **state)
{
	(void)state;
	leads(reference());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_fits_a_desk),
		cmocka_unit_test(recorded_fits_a_phone),
		cmocka_unit_test(recorded_decodes),
		cmocka_unit_test(recorded_leads_to_files),
		cmocka_unit_test(reference_fits_a_desk),
		cmocka_unit_test(reference_fits_a_phone),
		cmocka_unit_test(reference_decodes),
		cmocka_unit_test(reference_leads_to_files),
		cmocka_unit_test(reference_shows_verdict),
		cmocka_unit_test(reference_prints),
		cmocka_unit_test(reference_is_short),
	};

	b.program = find_chromium();
	if (!b.program) {
		printf("no Chromium here: install the package chromium, or name one in CHROMIUM\n");
		return 77;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, stop);
}
