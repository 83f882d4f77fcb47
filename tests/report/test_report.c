// SPDX-License-Identifier: GPL-2.0
/*
 * prreport as a program, on recorded boots: what it writes, and what it says
 * when files are missing or broken. Each test works on a copy of the data.
 */
#include <ctype.h>

#include "recorded.h"

static void summary(void **state)
{
	struct work *w = *state;
	int rows = 0;
	char *text, *line, *save;

	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	assert_string_equal(w->err, "");
	text = slurp(str("%s/run/summary.tsv", w->dir));
	assert_non_null(text);
	assert_int_equal(strncmp(text,
		"platform\tkernel\tvariant\tworkload\tmetric\tunit\tn\tmedian\tlo95\thi95\tratio\tp\tp_raw\ttests\tfamily\n",
		90), 0);
	/* off never gives memory back, and that is a value, not a hole */
	assert_string_equal(tsv(text, "um", "off", "drain", "t95_s", 7), "inf");
	assert_string_equal(tsv(text, "um", "off", "drain", "t95_s", 10), "inf");
	assert_string_equal(tsv(text, "um", "flag", "drain", "t95_s", 10), "1");
	assert_string_equal(tsv(text, "um", "flag", "drain", "t95_s", 11), "-");
	assert_true(atof(tsv(text, "um", "flag", "drain", "t95_s", 7)) > 1);
	assert_true(atof(tsv(text, "um", "ext", "drain", "t95_s", 10)) < 1);
	/* two boots: too few, which is not the same as no difference */
	assert_string_equal(tsv(text, "um", "ext", "drain", "t95_s", 11), "n<");
	assert_string_equal(tsv(text, "um", "ext", "drain", "t95_s", 12), "-");
	assert_string_equal(tsv(text, "um", "ext", "drain", "t95_s", 14), "headline");
	assert_string_equal(tsv(text, "um", "ext", "drain", "fill_s", 14), "explore");
	assert_string_equal(tsv(text, "um", "off", "drain", "t95_s", 14), "explore");
	assert_true(atof(tsv(text, "icount", "flag", "alloc-repeat", "alloc_o0_instr", 7)) > 0);
	assert_string_equal(tsv(text, "icount", "ext", "alloc-repeat", "alloc_o0_instr", 11), "exact");
	assert_null(tsv(text, "icount", "ext", "alloc-repeat", "t95_s", 7));
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		int tabs = 0;
		const char *p;

		for (p = line; *p; p++) {
			tabs += *p == '\t';
			/* no empty field */
			assert_false(*p == '\t' && (p[1] == '\t' || !p[1]));
		}
		assert_int_equal(tabs, 14);
		rows++;
	}
	assert_true(rows > 100);
	free(text);
}

/* Every tag that opens closes, in order. */
static void balanced(const char *p)
{
	static const char * const empty[] = { "meta", "br", "!DOCTYPE", "!--" };
	char stack[64][16];
	int depth = 0;
	size_t i;

	while ((p = strchr(p, '<'))) {
		const char *end = strchr(p, '>');
		bool close = p[1] == '/', skip;
		char name[16];
		size_t n = 0;

		assert_non_null(end);
		p += close ? 2 : 1;
		while (n < sizeof(name) - 1 && (isalnum((unsigned char)*p) || *p == '!' || *p == '-'))
			name[n++] = *p++;
		name[n] = 0;
		skip = end[-1] == '/';
		for (i = 0; i < sizeof(empty) / sizeof(*empty); i++)
			skip |= !strncmp(name, empty[i], strlen(empty[i]));
		p = end;
		if (skip)
			continue;
		if (close) {
			assert_true(depth > 0);
			assert_string_equal(stack[--depth], name);
		} else {
			assert_true(depth < 64);
			strcpy(stack[depth++], name);
		}
	}
	assert_int_equal(depth, 0);
}

static void is_alone(struct work *w, const char *name, int pictures)
{
	static const char * const refs[] = {
		"<link", "<script", "<img", "<iframe", "@import", "src=", "url(http",
		"<?xml", ".dtd", "href=\"http", "href='http", "file://",
	};
	const char *p;
	char *html;
	size_t i;

	html = slurp(str("%s/run/%s", w->dir, name));
	assert_non_null(html);
	for (i = 0; i < sizeof(refs) / sizeof(*refs); i++)
		if (strstr(html, refs[i]))
			fail_msg("%s refers to something outside: %s", name, refs[i]);
	/* the only addresses are the names of XML name spaces */
	assert_int_equal(count(html, "http"), count(html, "xmlns=\"http://www.w3.org/") +
			 count(html, "xmlns:xlink=\"http://www.w3.org/"));
	assert_true(count(html, "<svg") >= pictures);
	balanced(html);
	/* what a plot uses is defined once, by itself */
	for (p = html; (p = strstr(p, "href='#")); p++) {
		const char *id = p + 7;
		int n = strcspn(id, "'");

		assert_int_equal(count(html, str(" id='%.*s'", n, id)) +
				 count(html, str(" id=\"%.*s\"", n, id)), 1);
	}
	assert_non_null(strstr(html, "prefers-color-scheme:dark"));
	assert_non_null(strstr(html, "@media print"));
	free(html);
}

static void html_alone(void **state)
{
	struct work *w = *state;

	assert_int_equal(RUN(w, str("%s/run/", w->dir)), 0);
	is_alone(w, "report.html", 2);
	is_alone(w, "details.html", 5);
}

static void markdown(void **state)
{
	struct work *w = *state;
	char *md, *p, *end;

	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	md = slurp(str("%s/run/details.md", w->dir));
	assert_non_null(md);
	for (const char * const *h = (const char * const []){ "# Free page reporting",
	     "## Answers", "## Plots", "## Instructions on", "## Results",
	     "## What was run", "## Boots", "## How each metric", "## Do it again",
	     "emulated", NULL }; *h; h++)
		assert_non_null(strstr(md, *h));
	/* a picture for each reference, as SVG and as PNG */
	for (p = md; (p = strstr(p, "](plots/")); p = end) {
		end = strchr(p, ')');
		assert_true(exists(str("%s/run/%.*s", w->dir, (int)(end - p - 2), p + 2)));
		assert_true(exists(str("%s/run/%.*spng", w->dir, (int)(end - p - 5), p + 2)));
	}
	assert_true(exists(str("%s/run/plots/drain-um.gp", w->dir)));
	assert_true(exists(str("%s/run/plots/churn-um.svg", w->dir)));
	assert_true(exists(str("%s/run/plots/drain-against-churn-um.svg", w->dir)));
	assert_true(exists(str("%s/run/plots/alloc-cost-icount.svg", w->dir)));
	free(md);
}

/* The same data give the same files, so a diff of two reports means something. */
static void repeatable(void **state)
{
	struct work *w = *state;
	char *a[3], *b;
	static const char * const names[] = { "summary.tsv", "details.md", "plots/drain-um.dat" };
	int i;

	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	for (i = 0; i < 3; i++)
		a[i] = slurp(str("%s/run/%s", w->dir, names[i]));
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	for (i = 0; i < 3; i++) {
		b = slurp(str("%s/run/%s", w->dir, names[i]));
		assert_non_null(b);
		assert_string_equal(a[i], b);
		free(a[i]);
		free(b);
	}
}

static void truncated_samples(void **state)
{
	struct work *w = *state;
	const char *dir = boot_dir(w, "um-flag");
	char *path = strdup(str("%s/samples.tsv", dir)), *text = slurp(path), *md;

	assert_non_null(text);
	assert_int_equal(truncate(path, strlen(text) - 3), 0);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 1);
	assert_non_null(strstr(w->err, path));
	assert_non_null(strstr(w->err, "cut off"));
	assert_non_null(strstr(w->err, "run the benchmark again"));
	md = slurp(str("%s/run/details.md", w->dir));
	assert_non_null(md);
	assert_non_null(strstr(md, "**corrupt**"));
	free(md);
	free(text);
	free(path);
}

static void bad_files(void **state)
{
	struct work *w = *state;

	append(str("%s/events.jsonl", boot_dir(w, "um-ext")), "{\"t\":1,\"event\":\n", "a");
	append(str("%s/meta.json", boot_dir(w, "um-off")), "{\"schema\":1", "w");
	append(str("%s/samples.tsv", boot_dir(w, "um-flag")), "1\t2\tx\n", "a");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 1);
	assert_non_null(strstr(w->err, "events.jsonl: line "));
	assert_non_null(strstr(w->err, "meta.json: line 1"));
	assert_non_null(strstr(w->err, "not three numbers"));
	assert_true(exists(str("%s/run/report.html", w->dir)));
}

static void odd_events(void **state)
{
	struct work *w = *state;

	append(str("%s/events.jsonl", boot_dir(w, "um-ext")),
	       "{\"t\":99,\"event\":\"result\",\"workload\":\"churn\",\"metric\":\"x\",\"value\":\"12\"}\n",
	       "a");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 1);
	assert_non_null(strstr(w->err, "a number \"value\""));
}

/* A field of answers.tsv by its head, of one question, variant and platform. */
static const char *answered(const char *text, const char *question, const char *variant,
			    const char *workload, const char *field)
{
	static char out[128];
	char *copy = strdup(text), *line, *save, *head[32], *cell[32];
	int n = 0, q = -1;

	out[0] = 0;
	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *in;
		int k = 0;

		for (char *c = strtok_r(line, "\t", &in); c && k < 32; c = strtok_r(NULL, "\t", &in))
			cell[k++] = c;
		if (!n) {
			n = k;
			memcpy(head, cell, sizeof(head));
			continue;
		}
		assert_int_equal(k, n);
		for (q = 0; q < n && strcmp(head[q], field); q++)
			;
		assert_true(q < n);
		if (!strcmp(cell[0], question) && !strcmp(cell[6], variant) &&
		    !strcmp(cell[3], workload))
			snprintf(out, sizeof(out), "%s", cell[q]);
	}
	free(copy);
	return *out ? out : "(none)";
}

static void kills_are_compared(void **state)
{
	struct work *w = *state;
	static const char * const q = "A guest of 64 MiB survives";
	char *text;
	int i;

	/* with one boot each nothing is decided */
	found(w, "um-off", "smallguest", "", "oom_kills", 1);
	found(w, "um-flag", "smallguest", "", "oom_kills", 1);
	found(w, "um-ext", "smallguest", "", "oom_kills", 2);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	text = slurp(str("%s/run/summary.tsv", w->dir));
	assert_string_equal(tsv(text, "um", "ext", "smallguest", "oom_kills", 7), "2");
	free(text);
	text = slurp(str("%s/run/answers.tsv", w->dir));
	assert_string_equal(answered(text, q, "flag", "smallguest", "verdict"), "few");
	assert_string_equal(answered(text, q, "ext", "smallguest", "effect"), "1");
	free(text);
	/* with three: flag as off, ext one more in each */
	for (i = 0; i < 3; i++) {
		static const char * const boots[3][3] = {
			{ "001-um-off", "005-um-off", "010-um-off" },
			{ "004-um-flag", "006-um-flag", "009-um-flag" },
			{ "003-um-ext", "007-um-ext", "012-um-ext" },
		};

		for (int v = 0; v < 3; v++)
			append(str("%s/run/boots/%s/events.jsonl", w->dir, boots[v][i]),
			       str("{\"t\":900,\"event\":\"begin\",\"workload\":\"smallguest\"}\n"
				   "{\"t\":901,\"event\":\"result\",\"workload\":\"smallguest\","
				   "\"metric\":\"oom_kills\",\"unit\":\"-\",\"value\":%d}\n"
				   "{\"t\":902,\"event\":\"end\",\"workload\":\"smallguest\"}\n",
				   1 + (v == 2)), "a");
	}
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	text = slurp(str("%s/run/answers.tsv", w->dir));
	assert_string_equal(answered(text, q, "flag", "smallguest", "verdict"), "yes");
	assert_string_equal(answered(text, q, "ext", "smallguest", "verdict"), "no");
	assert_string_equal(answered(text, q, "off", "smallguest", "verdict"), "(none)");
	free(text);
}

static void lock_holds_are_compared(void **state)
{
	struct work *w = *state;
	char *text;

	found(w, "icount-ext", "lockhold", "-1g-o9", "lock_hold_max_instr", 1000);
	found(w, "icount-ext", "lockhold", "-4g-o9", "lock_hold_max_instr", 5000);
	found(w, "icount-ext", "lockhold", "-16g-o9", "lock_hold_max_instr", 1040);
	found(w, "icount-ext", "lockhold", "-1g-o4", "lock_hold_max_instr", 1000);
	found(w, "icount-ext", "lockhold", "-16g-o4", "lock_hold_max_instr", 1060);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	text = slurp(str("%s/run/summary.tsv", w->dir));
	assert_string_equal(tsv(text, "icount", "ext", "lockhold-16g-o4",
				"lock_hold_max_instr", 7), "1060");
	free(text);
	text = slurp(str("%s/run/answers.tsv", w->dir));
	assert_string_equal(answered(text, "`zone->lock` is held no longer with more free blocks of 2 MiB",
				     "ext", "lockhold-16g-o9", "verdict"), "yes");
	assert_string_equal(answered(text, "`zone->lock` is held no longer with more free blocks of 64 KiB",
				     "ext", "lockhold-16g-o4", "verdict"), "no");
	free(text);
}

static void interrupted(void **state)
{
	struct work *w = *state;
	char *md;

	/* A runner that was stopped: a boot without meta.json is no error. */
	assert_int_equal(unlink(str("%s/meta.json", boot_dir(w, "um-ext"))), 0);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	md = slurp(str("%s/run/details.md", w->dir));
	assert_non_null(md);
	assert_non_null(strstr(md, "**interrupted**"));
	assert_non_null(strstr(md, "1 interrupted"));
	free(md);
}

/* A report that is made before the run has ended says so, and loses no boot. */
static void first_report(void **state)
{
	struct work *w = *state;
	char *path = strdup(str("%s/run/run.json", w->dir)), *md;
	json_t *run = json_load_file(path, 0, NULL);

	assert_non_null(run);
	json_object_set_new(run, "boots_planned", json_integer(142));
	json_object_set_new(run, "status", json_string(FIRST_REPORT));
	assert_int_equal(json_dump_file(run, str("%s/run/run.json", w->dir), 0), 0);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	md = slurp(str("%s/run/report.md", w->dir));
	assert_non_null(strstr(md, "of 142 boots.** The run was going on"));
	assert_non_null(strstr(md, "still to come"));
	assert_null(strstr(md, "never started"));
	free(md);
	json_object_set_new(run, "status", json_string("complete"));
	assert_int_equal(json_dump_file(run, str("%s/run/run.json", w->dir), 0), 0);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	md = slurp(str("%s/run/report.md", w->dir));
	assert_null(strstr(md, "The run was going on"));
	assert_non_null(strstr(md, "never started"));
	free(md);
	json_decref(run);
	free(path);
}

/* Change the status of one boot as a runner that lost its guest would have. */
static void lost(void **state)
{
	struct work *w = *state;
	char *path = strdup(str("%s/meta.json", boot_dir(w, "um-ext"))), *md;
	json_t *meta = json_load_file(path, 0, NULL);

	assert_non_null(meta);
	json_object_set_new(meta, "status", json_string("lost"));
	json_object_set_new(meta, "error", json_string("QEMU|died <at once>"));
	assert_int_equal(json_dump_file(meta, path, 0), 0);
	json_decref(meta);
	free(path);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	md = slurp(str("%s/run/details.md", w->dir));
	assert_non_null(md);
	assert_non_null(strstr(md, "QEMU\\|died <at once>"));
	assert_non_null(strstr(md, "1 lost"));
	free(md);
	md = slurp(str("%s/run/details.html", w->dir));
	assert_non_null(md);
	assert_non_null(strstr(md, "QEMU|died &lt;at once&gt;"));
	free(md);
}

static void without_flag(void **state)
{
	struct work *w = *state;
	struct dirent **list;
	char *text;
	int i, n = scandir(str("%s/run/boots", w->dir), &list, NULL, alphasort);

	assert_true(n > 0);
	for (i = 0; i < n; i++) {
		const char *name = list[i]->d_name;

		if (strlen(name) > 5 && !strcmp(name + strlen(name) - 5, "-flag"))
			nftw(str("%s/run/boots/%s", w->dir, name), rm, 16,
			     FTW_DEPTH | FTW_PHYS);
		free(list[i]);
	}
	free(list);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	text = slurp(str("%s/run/summary.tsv", w->dir));
	assert_non_null(text);
	assert_null(tsv(text, "um", "flag", "drain", "t95_s", 7));
	assert_string_equal(tsv(text, "um", "ext", "drain", "t95_s", 10), "-");
	assert_string_equal(tsv(text, "um", "ext", "drain", "t95_s", 11), "-");
	free(text);
	text = slurp(str("%s/run/answers.tsv", w->dir));
	assert_string_equal(answered(text, "How soon freed memory is back with the host", "ext",
				     "drain", "verdict"), "no data");
	free(text);
}

static void no_gnuplot(void **state)
{
	struct work *w = *state;
	char *md;

	assert_int_equal(without_gnuplot(w), 1);
	assert_non_null(strstr(w->err, "gnuplot is not installed"));
	assert_int_equal(count(w->err, "\n"), 1);
	assert_true(exists(str("%s/run/summary.tsv", w->dir)));
	assert_true(exists(str("%s/run/report.html", w->dir)));
	assert_true(exists(str("%s/run/plots/drain-um.gp", w->dir)));
	md = slurp(str("%s/run/details.md", w->dir));
	assert_non_null(strstr(md, "**Plots are missing**"));
	assert_int_equal(count(md, "](plots/"), 0);
	free(md);
}

/* A gnuplot that was built without cairo draws one kind of picture. */
static void no_png(void **state)
{
	struct work *w = *state;
	const char *const args[] = { str("%s/run", w->dir), NULL };
	const char *const all[] = { "sh", "-c", "cd \"$1\" && for f in *.gp; do "
		"[ -s \"${f%.gp}.svg\" ] && [ ! -e \"${f%.gp}.png\" ] || exit 1; done",
		"sh", str("%s/run/plots", w->dir), NULL };

	append(str("%s/gnuplot", w->dir), "#!/bin/sh\n"
	       "sed s/pngcairo/nocairo/g \"$1\" >\"$0.gp\" && PATH=/usr/bin:/bin exec gnuplot \"$0.gp\"\n",
	       "w");
	assert_int_equal(chmod(str("%s/gnuplot", w->dir), 0755), 0);
	assert_int_equal(prreport(w, args, str("%s:/usr/bin:/bin", w->dir)), 0);
	assert_int_equal(count(w->err, "\n"), 1);
	assert_non_null(strstr(w->err, "gnuplot has no terminal pngcairo"));
	assert_int_equal(run_cmd(all, "/dev/null", "/dev/null", NULL), 0);
}

static void not_a_run(void **state)
{
	struct work *w = *state;

	assert_int_equal(RUN(w, str("%s/nowhere", w->dir)), 1);
	assert_non_null(strstr(w->err, "nowhere/run.json"));
	assert_non_null(strstr(w->err, "make bench"));
	append(str("%s/run/run.json", w->dir), "{\"schema\":1,", "w");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 1);
	assert_non_null(strstr(w->err, "run.json: line 1"));
	append(str("%s/run/run.json", w->dir), "{\"schema\":2}\n", "w");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 1);
	assert_non_null(strstr(w->err, "schema 1"));
	assert_int_equal(RUN(w, "--what"), 2);
	assert_non_null(strstr(w->err, "usage:"));
}

static void empty_run(void **state)
{
	struct work *w = *state;

	rm_tree(str("%s/run/boots", w->dir));
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 1);
	assert_non_null(strstr(w->err, "/boots cannot be opened"));
	assert_int_equal(mkdir(str("%s/run/boots", w->dir), 0777), 0);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 1);
	assert_non_null(strstr(w->err, "holds no boots"));
}

/* A full disk must not leave half a file under the real name. */
static void unwritable(void **state)
{
	struct work *w = *state;

	assert_int_equal(symlink("/dev/full", str("%s/run/summary.tsv.tmp", w->dir)), 0);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 1);
	assert_non_null(strstr(w->err, "summary.tsv could not be written"));
	assert_non_null(strstr(w->err, "No space left"));
	assert_false(exists(str("%s/run/summary.tsv", w->dir)));
}

/* Where only the archive is kept, that is where links go to. */
static void archived(void **state)
{
	struct work *w = *state;
	char *html;

	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	html = slurp(str("%s/run/details.html", w->dir));
	assert_non_null(strstr(html, "href=\"boots/004-um-flag/samples.tsv\""));
	assert_non_null(strstr(html, "href=\"plots/drain-um.dat\""));
	assert_null(strstr(html, "raw.tar.xz"));
	free(html);
	append(str("%s/run/raw.tar.xz", w->dir), "", "w");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	html = slurp(str("%s/run/details.html", w->dir));
	assert_null(strstr(html, "href=\"boots/"));
	assert_null(strstr(html, "href=\"plots/drain-um.dat\""));
	assert_non_null(strstr(html, "<a href=\"raw.tar.xz\">boots/004-um-flag</a>"));
	free(html);
}

/* A run of which only the archive is kept is read as it lies there. */
static void only_the_archive(void **state)
{
	struct work *w = *state;
	const char *dir = strdup(str("%s/run", w->dir));
	char *with, *without, *tmp;

	assert_int_equal(RUN(w, dir), 0);
	with = slurp(str("%s/summary.tsv", dir));
	tmp = strdup(str("%s/tmp", w->dir));
	assert_int_equal(mkdir(tmp, 0755), 0);
	assert_int_equal(run_cmd((const char *const []){ "tar", "-cJf",
			str("%s/raw.tar.xz", dir), "-C", dir, "run.json", "boots", NULL },
			"/dev/null", "/dev/null", NULL), 0);
	rm_tree(str("%s/boots", dir));
	unlink(str("%s/run.json", dir));
	unlink(str("%s/summary.tsv", dir));
	setenv("TMPDIR", tmp, 1);
	assert_int_equal(RUN(w, dir), 0);
	without = slurp(str("%s/summary.tsv", dir));
	assert_string_equal(with, without);
	/* nothing stays behind */
	assert_int_equal(rmdir(tmp), 0);
	assert_int_equal(mkdir(tmp, 0755), 0);
	assert_int_equal(RUN(w, "compare", "--force", "--all", dir, dir), 0);
	assert_int_equal(rmdir(tmp), 0);
	/* without it valgrind does not start */
	if (!getenv("PRX_VALGRIND")) {
		assert_int_equal(RUN(w, dir), 1);
		assert_non_null(strstr(w->err, "TMPDIR="));
	}
	assert_int_equal(mkdir(tmp, 0755), 0);
	append(str("%s/raw.tar.xz", dir), "no archive", "w");
	assert_int_equal(RUN(w, dir), 1);
	assert_non_null(strstr(w->err, "raw.tar.xz cannot be unpacked"));
	assert_int_equal(rmdir(tmp), 0);
	unsetenv("TMPDIR");
	free(with);
	free(without);
	free(tmp);
	free((char *)dir);
}

/* Before anything else: what is gained, what it costs. */
static void the_answer_comes_first(void **state)
{
	struct work *w = *state;
	char *md, *table;

	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	md = slurp(str("%s/run/details.md", w->dir));
	assert_ptr_equal(strstr(md, "\n## "), strstr(md, "\n## Answers"));
	table = strstr(md, "\n| ");
	assert_true(table < strstr(md, "\n## How far to trust this"));
	assert_true(says(table, "| Freed memory is back with the host `drain` `t95_s` ", "| um "));
	assert_true(says(table, "| How soon freed memory is back with the host `drain` `t95_s` ",
			 "`ext` ×0.189"));
	assert_true(says(table, "| How soon freed memory is back with the host `drain` `t95_s` ",
			 "| n< "));
	assert_true(says(table, "| Instructions to free 2 MiB ", "| icount "));
	free(md);
}

int main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, work_teardown)
	const struct CMUnitTest tests[] = {
		T(summary), T(html_alone), T(markdown), T(repeatable),
		T(truncated_samples), T(bad_files), T(odd_events), T(kills_are_compared),
		T(lock_holds_are_compared), T(interrupted), T(first_report),
		T(lost), T(without_flag), T(no_gnuplot), T(no_png), T(not_a_run), T(empty_run),
		T(unwritable), T(archived), T(only_the_archive), T(the_answer_comes_first),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
