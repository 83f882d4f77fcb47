// SPDX-License-Identifier: GPL-2.0
/* The pictures of a report and the data they are drawn from. */
#include "recorded.h"

/* Three operations in two buckets, and one that no picture shows. */
static const char histograms[] =
	"# histograms, ns: lowest value of a bucket:count\n"
	"mode\top\torder\tcount\tmax_ns\tbuckets\n"
	"bulk\talloc\t0\t4\t520\t20:3 512:1 \n"
	"repeat\talloc\t0\t1\t7\t7:1 \n"
	"bulk\tfree\t9\t1\t63\t63:1 \n";

static void latencies_are_added_up(void **state)
{
	struct work *w = *state;
	char *text, *md;

	/* two boots of a variant, one of another */
	append(str("%s/run/boots/003-um-ext/alloc-hist.tsv", w->dir), histograms, "w");
	append(str("%s/run/boots/007-um-ext/alloc-hist.tsv", w->dir), histograms, "w");
	append(str("%s/run/boots/004-um-flag/alloc-hist.tsv", w->dir), histograms, "w");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	assert_true(exists(str("%s/run/plots/latency-um.png", w->dir)));
	text = slurp(str("%s/run/plots/latency-um.dat", w->dir));
	assert_non_null(text);
	/* 6 of 8 below, so a quarter is slower; the last is 1 of 8 */
	assert_non_null(strstr(text, "# bulk, order 0, alloc: ext\n0\t20\n0.60206\t20\n"
			       "0.60206\t519.5\n0.90309\t519.5\n0.90309\t520\n"));
	assert_non_null(strstr(text, "# bulk, order 0, alloc: flag\n0\t20\n0.60206\t20\n"
			       "0.60206\t519.5\n0.60206\t519.5\n0.60206\t520\n"));
	assert_non_null(strstr(text, "# bulk, order 9, free: ext\n0\t63\n"));
	assert_null(strstr(text, "\t7\n"));
	free(text);
	md = slurp(str("%s/run/details.md", w->dir));
	assert_non_null(strstr(md, "plots/latency-um.svg"));
	assert_non_null(strstr(md, "n = 1 to 2 boots each, whose histograms are added up"));
	assert_null(strstr(md, "is damaged"));
	free(md);
}

static void damaged_histograms(void **state)
{
	static const char * const wrong[] = {
		"bulk\talloc\t0\t4\n", "bulk\talloc\t0\t4\t520\t20:x \n",
		"bulk\tmove\t0\t4\t520\t20:3 \n", "bulk\talloc\t0\t4\t520\t20:3",
		"bulk\talloc\t0\t4\t520\t20:-3 \n", "bulk\talloc\tx\t4\t520\t20:3 \n",
		"bulk\talloc\t0\t4\tinf\t20:3 \n",
	};
	struct work *w = *state;
	char *md;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		const char *path = str("%s/run/boots/003-um-ext/alloc-hist.tsv", w->dir);

		append(path, histograms, "w");
		append(path, wrong[i], "a");
		/* the figures are in order */
		assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
		md = slurp(str("%s/run/details.md", w->dir));
		assert_non_null(strstr(md, "alloc-hist.tsv: line 6 is damaged"));
		assert_null(strstr(md, "plots/latency-um.svg"));
		free(md);
	}
}

/* Beside a workload; whoever has no metric of a probe has no picture of one. */
static void probes_have_pictures(void **state)
{
	struct work *w = *state;
	const char *boot = str("%s/run/boots/003-um-ext", w->dir);
	char *text;

	append(str("%s/probe-drain.tsv", boot), "probe\talloc\t4\t1\t63\t63:1 \n", "w");
	append(str("%s/events.jsonl", boot),
	       "{\"t\":1,\"event\":\"begin\",\"workload\":\"idle\"}\n"
	       "{\"t\":2,\"event\":\"result\",\"workload\":\"idle\",\"metric\":\"probe_o4_ns_p50\",\"unit\":\"ns\",\"value\":63}\n"
	       "{\"t\":2,\"event\":\"end\",\"workload\":\"idle\"}\n", "a");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	assert_false(exists(str("%s/run/plots/latency-drain-o4-um.png", w->dir)));
	assert_false(exists(str("%s/run/plots/latency-idle-o4-um.png", w->dir)));
	append(str("%s/probe-idle.tsv", boot), "probe\talloc\t4\t1\t63\t63:1 \n", "w");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	assert_true(exists(str("%s/run/plots/latency-idle-o4-um.png", w->dir)));
	text = slurp(str("%s/run/summary.tsv", w->dir));
	assert_string_equal(tsv(text, "um", "ext", "idle", "probe_o4_ns_p50", 7), "63");
	free(text);
}

static void add_refill(struct work *w, const char *dir, int stranded, int huge)
{
	append(str("%s/run/boots/%s/events.jsonl", w->dir, dir),
	       str("{\"t\":1,\"event\":\"begin\",\"workload\":\"refill\"}\n"
		   "{\"t\":2,\"event\":\"result\",\"workload\":\"refill\",\"metric\":\"stranded_mib\",\"unit\":\"MiB\",\"value\":%d}\n"
		   "{\"t\":2,\"event\":\"result\",\"workload\":\"refill\",\"metric\":\"host_huge_mib\",\"unit\":\"MiB\",\"value\":%d}\n"
		   "{\"t\":2,\"event\":\"end\",\"workload\":\"refill\"}\n", stranded, huge), "a");
}

/* Two variants that are good at one thing each: neither is a picture by itself. */
static void stranded_is_against_huge_pages(void **state)
{
	struct work *w = *state;
	char *text;

	add_refill(w, "003-um-ext", 40, 58);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	assert_false(exists(str("%s/run/plots/stranded-huge-um.dat", w->dir)));
	add_refill(w, "004-um-flag", 700, 1034);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	text = slurp(str("%s/run/plots/stranded-huge-um.dat", w->dir));
	assert_non_null(text);
	assert_non_null(strstr(text, "# flag\n700\t1034\t700\t700\t1034\t1034\n"));
	assert_non_null(strstr(text, "# ext\n40\t58\t40\t40\t58\t58\n"));
	free(text);
	assert_true(exists(str("%s/run/plots/stranded-huge-um.svg", w->dir)));
}

/* Ratios to flag; without flag there is nothing to divide by. */
static void cost_is_compared_with_flag(void **state)
{
	struct work *w = *state;
	char *text, *sum;
	char want[64];
	double ext, flag;

	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	sum = slurp(str("%s/run/summary.tsv", w->dir));
	ext = atof(tsv(sum, "icount", "ext-off", "alloc-bulk", "free_o10_instr", 7));
	flag = atof(tsv(sum, "icount", "flag", "alloc-bulk", "free_o10_instr", 7));
	free(sum);
	text = slurp(str("%s/run/plots/alloc-cost-icount.dat", w->dir));
	assert_non_null(text);
	snprintf(want, sizeof(want), "\n10\t%.9g\t%.9g\n", ext, ext / flag);
	assert_non_null(strstr(text, want));
	free(text);
	assert_true(exists(str("%s/run/plots/alloc-cost-icount.png", w->dir)));
	rm_tree(str("%s/run/boots/026-icount-flag", w->dir));
	rm_tree(str("%s/run/plots", w->dir));
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	assert_false(exists(str("%s/run/plots/alloc-cost-icount.gp", w->dir)));
}

/* A boot that was looked at is in its pictures and in no figure. */
static void maps_are_pictures_only(void **state)
{
	struct work *w = *state;
	char *text, *p;
	int lines = 0;

	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	assert_string_equal(w->err, "");
	text = slurp(str("%s/run/summary.tsv", w->dir));
	assert_null(strstr(text, "drain-map"));
	free(text);
	text = slurp(str("%s/run/details.md", w->dir));
	assert_non_null(strstr(text, "](plots/map-um-ext-29.svg)"));
	assert_non_null(strstr(text, "](plots/ages-drain-map-um-29.svg)"));
	assert_non_null(strstr(text, "](plots/ages-churn-map-um-29.svg)"));
	assert_null(strstr(text, "](plots/drain-map-um.svg)"));
	assert_true(says(text, "|  29 |", "ok, map only"));
	assert_non_null(strstr(text, "1 of them was disturbed"));
	free(text);
	/* 2 GiB in pieces of 2 MiB: all there is free at the end of drain-map */
	text = slurp(str("%s/run/plots/map-um-ext-29.dat", w->dir));
	p = strchr(text, '\n') + 1;
	for (; *p != '\n'; p = strchr(p, '\n') + 1) {
		assert_int_equal(strspn(p, "0123- "), strcspn(p, "\n"));
		lines++;
	}
	assert_int_equal(lines, 1024);
	for (const char * const *c = (const char * const []){ "0 ", "1 ", "2 ", "3 ", NULL };
	     *c; c++)
		assert_true(count(text, *c) > 100);
	free(text);
}

static void without_its_map_a_run_is_the_same(void **state)
{
	struct work *w = *state;
	char *with, *without;

	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	with = slurp(str("%s/run/summary.tsv", w->dir));
	nftw(str("%s/run/boots/029-um-ext", w->dir), rm, 16, FTW_DEPTH | FTW_PHYS);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	without = slurp(str("%s/run/summary.tsv", w->dir));
	assert_string_equal(with, without);
	free(without);
	free(with);
}

static void broken_maps(void **state)
{
	struct work *w = *state;
	static const char * const bad[] = {
		"{\"t\":90,\"workload\":\"churn-map\",\"bytes\":2097152,\"map\":\"u",
		"{\"t\":90,\"workload\":\"churn-map\",\"bytes\":2097152,\"map\":\"u1023\"}",
		"{\"t\":90,\"workload\":\"churn-map\",\"bytes\":2097152,\"map\":\"u1023q\"}",
		"{\"t\":90,\"workload\":\"churn-map\",\"bytes\":2097152,\"map\":\"u99999999999999999999\"}",
		"{\"t\":1,\"workload\":\"churn-map\",\"bytes\":2097152,\"map\":\"u1024\"}",
		"{\"t\":90,\"workload\":\"churn-map\",\"bytes\":0,\"map\":\"u1024\"}",
		"{\"t\":90,\"workload\":\"churn-map\",\"bytes\":2097152,\"map\":\"u1024\",\"ages\":[[1,2]]}",
	};
	char *path = strdup(str("%s/run/boots/029-um-ext/map.jsonl", w->dir));
	char *good = slurp(path);
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		append(path, str("%s\n", bad[i]), "a");
		assert_int_equal(without_gnuplot(w), 1);
		assert_non_null(strstr(w->err, "029-um-ext/map.jsonl: line 118: "));
		assert_non_null(strstr(w->err, "its picture is left out"));
		append(path, good, "w");
	}
	free(good);
	free(path);
}

/* Whether a workload has a picture is no matter of which of its boots were quick. */
static void quick_boots_are_not_left_out(void **state)
{
	struct work *w = *state;
	static const char text[] =
		"{\"t\":3,\"event\":\"begin\",\"workload\":\"idle\"}\n"
		"{\"t\":%g,\"event\":\"end\",\"workload\":\"idle\"}\n";

	append(str("%s/run/boots/003-um-ext/events.jsonl", w->dir), str(text, 8.0), "a");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	assert_true(exists(str("%s/run/plots/idle-um.svg", w->dir)));
	rm_tree(str("%s/run/plots", w->dir));
	append(str("%s/run/boots/004-um-flag/events.jsonl", w->dir), str(text, 3.2), "a");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	assert_false(exists(str("%s/run/plots/idle-um.svg", w->dir)));
}

/* A variant under a second name would lie over itself. Alone it is drawn. */
static void twins_are_not_drawn(void **state)
{
	struct work *w = *state;
	const char *const alone[] = {
		"sh", "-c", "rm -rf \"$1\"/*-um-ext", "sh", str("%s/run/boots", w->dir), NULL
	};
	char *text;

	copy_boots(w, "ext", "ext-aa");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	text = slurp(str("%s/run/plots/drain-um.dat", w->dir));
	assert_non_null(strstr(text, "# ext\n"));
	assert_null(strstr(text, "# ext-aa\n"));
	free(text);
	assert_int_equal(run_cmd(alone, "/dev/null", "/dev/null", NULL), 0);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	text = slurp(str("%s/run/plots/drain-um.dat", w->dir));
	assert_non_null(strstr(text, "# ext-aa\n"));
	free(text);
}

/* A point for each value that the metrics of a sweep end with, from three on. */
static void sweeps_go_by_their_value(void **state)
{
	struct work *w = *state;
	const char *events = str("%s/run/boots/003-um-ext/events.jsonl", w->dir);
	static const char point[] =
		"{\"t\":2,\"event\":\"result\",\"workload\":\"scale\",\"metric\":\"pass_ms_g%d\",\"unit\":\"ms\",\"value\":%d}\n";
	char *text;

	append(events, "{\"t\":1,\"event\":\"begin\",\"workload\":\"scale\"}\n", "a");
	append(events, str(point, 16, 3), "a");
	append(events, str(point, 2, 5), "a");
	append(events, "{\"t\":3,\"event\":\"end\",\"workload\":\"scale\"}\n", "a");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	assert_false(exists(str("%s/run/plots/size-um.svg", w->dir)));
	events = str("%s/run/boots/007-um-ext/events.jsonl", w->dir);
	append(events, "{\"t\":1,\"event\":\"begin\",\"workload\":\"scale\"}\n", "a");
	append(events, str(point, 128, 7), "a");
	append(events, "{\"t\":4,\"event\":\"end\",\"workload\":\"scale\"}\n", "a");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	assert_true(exists(str("%s/run/plots/size-um.svg", w->dir)));
	text = slurp(str("%s/run/plots/size-um.dat", w->dir));
	assert_null(strstr(text, "idle_passes"));
	assert_non_null(strstr(text, "# pass_ms, ext\n2\t5\t5\t5\n16\t3\t3\t3\n128\t7\t7\t7\n"));
	free(text);
}

/* A curve has few points, and none of the spikes between them is lost. */
static void few_points_keep_a_spike(void **state)
{
	struct work *w = *state;
	const char *const spike[] = {
		"sh", "-c", "awk 'BEGIN { OFS = \"\\t\" } $1 ~ /^6\\.0/ && !n++ { $2 = 3145728 } 1' \"$1\" >\"$1\".new"
		" && mv \"$1\".new \"$1\"", "sh",
		str("%s/run/boots/003-um-ext/samples.tsv", w->dir), NULL
	};
	char *text, *line, *at;
	int points = 0, spikes = 0;

	assert_int_equal(run_cmd(spike, "/dev/null", "/dev/null", NULL), 0);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	text = slurp(str("%s/run/plots/drain-um.dat", w->dir));
	assert_non_null(strstr(text, "# ext\n"));
	for (line = strtok_r(strstr(text, "# ext\n"), "\n", &at); line && points < 1000;
	     line = strtok_r(NULL, "\n", &at)) {
		if (*line == '#' && points)
			break;
		points += *line != '#';
		spikes += !!strstr(line, "\t3072.00");
	}
	assert_in_range(points, 100, 201);
	assert_in_range(spikes, 1, 2);
	free(text);
}

/* What comes after the end of what is drawn is no part of it. */
static void curves_end_where_they_settle(void **state)
{
	struct work *w = *state;
	char *text;

	append(str("%s/run/boots/003-um-ext/samples.tsv", w->dir), "11.3545\t3145728\t0\n", "a");
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	text = slurp(str("%s/run/plots/drain-um.dat", w->dir));
	assert_null(strstr(text, "\t3072.00"));
	free(text);
}

/* A picture's script stands alone: drawn again by hand it is the same. */
static void scripts_stand_alone(void **state)
{
	struct work *w = *state;
	char *before, *after;

	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
	before = slurp(str("%s/run/plots/churn-um.svg", w->dir));
	assert_non_null(before);
	unlink(str("%s/run/plots/churn-um.svg", w->dir));
	assert_int_equal(run_cmd((const char *const []){ "sh", "-c", "cd \"$0\" && gnuplot churn-um.gp",
			str("%s/run/plots", w->dir), NULL }, "/dev/null", "/dev/null", NULL), 0);
	after = slurp(str("%s/run/plots/churn-um.svg", w->dir));
	assert_non_null(after);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* How often forest.svg has that mark, which gnuplot counts from 0 there */
static int marks(struct work *w, int mark)
{
	const char *use = str("xlink:href='#gpPt%d' transform='translate(", mark);
	char *svg = slurp(str("%s/run/plots/forest.svg", w->dir));
	int n;

	assert_non_null(svg);
	n = count(svg, use);
	free(svg);
	return n;
}

/* The boots of ext have done @cycles in churn; what are two boots shows nothing. */
static void churn_cycles(struct work *w, const char *cycles)
{
	const char *const args[] = {
		"sh", "-c", "sed -i 's/\\(\"cycles\".*\"value\": *\\)[0-9.]*/\\1'$2/ \"$1\"/*-um-ext/events.jsonl",
		"sh", str("%s/run/boots", w->dir), cycles, NULL
	};

	assert_int_equal(run_cmd(args, "/dev/null", "/dev/null", NULL), 0);
	assert_int_equal(RUN(w, str("%s/run", w->dir)), 0);
}

/* What differs by more than the picture is wide is an arrow that way, filled if shown. */
static void beyond_is_an_arrow(void **state)
{
	enum { LEFT = 7, LEFT_SHOWN, RIGHT, RIGHT_SHOWN };
	struct work *w = *state;

	churn_cycles(w, "14");
	assert_int_equal(marks(w, LEFT), 1);	/* memory supplied anew */
	assert_int_equal(marks(w, RIGHT), 0);
	churn_cycles(w, "0.1");
	assert_int_equal(marks(w, LEFT), 1);
	assert_int_equal(marks(w, RIGHT), 1);
	churn_cycles(w, "10000");
	assert_int_equal(marks(w, LEFT), 2);
	assert_int_equal(marks(w, RIGHT), 0);
	assert_int_equal(marks(w, LEFT_SHOWN) + marks(w, RIGHT_SHOWN), 0);

	/* the same data, as if tests had shown all of it */
	churn_cycles(w, "0.1");
	assert_int_equal(run_cmd((const char *const []){ "sh", "-c",
			"cd \"$0\" && sed -i 's/\\t0$/\\t1/' forest.dat && gnuplot forest.gp",
			str("%s/run/plots", w->dir), NULL }, "/dev/null", "/dev/null", NULL), 0);
	assert_int_equal(marks(w, LEFT_SHOWN), 1);
	assert_int_equal(marks(w, RIGHT_SHOWN), 1);
	assert_int_equal(marks(w, LEFT) + marks(w, RIGHT), 0);
}

int main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, work_teardown)
	const struct CMUnitTest tests[] = {
		T(latencies_are_added_up),
		T(damaged_histograms),
		T(probes_have_pictures),
		T(stranded_is_against_huge_pages),
		T(cost_is_compared_with_flag),
		T(maps_are_pictures_only),
		T(without_its_map_a_run_is_the_same),
		T(broken_maps),
		T(quick_boots_are_not_left_out),
		T(twins_are_not_drawn),
		T(sweeps_go_by_their_value),
		T(few_points_keep_a_spike),
		T(curves_end_where_they_settle),
		T(scripts_stand_alone),
		T(beyond_is_an_arrow),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
