/* SPDX-License-Identifier: GPL-2.0 */
/* The recorded run as DIR/run, and ways to look into what is made of it. */
#ifndef RECORDED_H
#define RECORDED_H

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <sys/stat.h>

#include "work.h"

static inline bool exists(const char *path)
{
	return !access(path, F_OK);
}

static inline int setup(void **state)
{
	struct work *w;

	work_setup(state);
	w = *state;
	copy_recorded(w->dir);
	return 0;
}

/* Each boot of @from on User Mode Linux once more, as one of @to. */
static inline void copy_boots(struct work *w, const char *from, const char *to)
{
	const char *const args[] = {
		"sh", "-c", "cd \"$1\"; for d in *-um-$2; do n=9${d#?}; n=${n%%-*};"
		" cp -r $d $n-um-$3; sed -i -e 's/\"seq\": [0-9]*/\"seq\": '$n'/'"
		" -e \"s/\\\"variant\\\": \\\"$2\\\"/\\\"variant\\\": \\\"$3\\\"/\""
		" $n-um-$3/meta.json; done", "sh", str("%s/run/boots", w->dir), from, to, NULL
	};

	assert_int_equal(run_cmd(args, "/dev/null", "/dev/null", NULL), 0);
}

/* The work directory is all the PATH there is. */
static inline int without_gnuplot(struct work *w)
{
	const char *const args[] = { str("%s/run", w->dir), NULL };

	return prreport(w, args, w->dir);
}

/* The first boot whose directory is named after platform and variant. */
static inline const char *boot_dir(struct work *w, const char *what)
{
	static char path[512];
	struct dirent **list;
	int i, n = scandir(str("%s/run/boots", w->dir), &list, NULL, alphasort);

	assert_true(n > 0);
	path[0] = 0;
	for (i = 0; i < n; i++) {
		const char *dash = strchr(list[i]->d_name, '-');

		if (!path[0] && dash && !strcmp(dash + 1, what))
			snprintf(path, sizeof(path), "%s/run/boots/%s", w->dir,
				 list[i]->d_name);
		free(list[i]);
	}
	free(list);
	assert_true(path[0]);
	return path;
}

/* A field of the row of summary.tsv; NULL if there is no such row. */
static inline const char *tsv(const char *text, const char *platform, const char *variant,
		       const char *workload, const char *metric, int field)
{
	static char out[64];
	const char *p = text;

	while (p && *p) {
		char f[15][64];
		const char *end = strchr(p, '\n');

		if (sscanf(p, "%63s %63s %63s %63s %63s %63s %63s %63s %63s %63s %63s %63s %63s %63s %63s",
			   f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9],
			   f[10], f[11], f[12], f[13], f[14]) == 15 &&
		    !strcmp(f[0], platform) && !strcmp(f[2], variant) &&
		    !strcmp(f[3], workload) && !strcmp(f[4], metric)) {
			strcpy(out, f[field]);
			return out;
		}
		p = end ? end + 1 : NULL;
	}
	return NULL;
}

static inline void append(const char *path, const char *text, const char *mode)
{
	FILE *f = fopen(path, mode);

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* Workloads that the recorded run does not have: write down what they found. */
static inline void found(struct work *w, const char *boot, const char *workload,
		  const char *at, const char *metric, double value)
{
	append(str("%s/events.jsonl", boot_dir(w, boot)),
	       str("{\"t\":900,\"event\":\"begin\",\"workload\":\"%s\"}\n"
		   "{\"t\":901,\"event\":\"result\",\"workload\":\"%s%s\","
		   "\"metric\":\"%s\",\"unit\":\"-\",\"value\":%g}\n"
		   "{\"t\":902,\"event\":\"end\",\"workload\":\"%s\"}\n",
		   workload, workload, at, metric, value, workload), "a");
}

/* Is this in the text, and that after it in the same line? */
static inline bool says(const char *text, const char *what, const char *then)
{
	const char *at = strstr(text, what), *end = at ? strchr(at, '\n') : NULL;
	const char *next = at ? strstr(at, then) : NULL;

	return next && end && next < end;
}

#endif
