/* SPDX-License-Identifier: GPL-2.0 */
/* What several programs need of time, files and perf's output. */
#ifndef COMMON_H
#define COMMON_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#define PRINTF(f, a)	__attribute__((format(printf, f, a)))

/* The "status" in run.json of a run that goes on after it is reported. */
#define FIRST_REPORT	"first report"

double now_s(void);
void sleep_s(double s);
char *vformat(const char *fmt, va_list ap);
char *format(const char *fmt, ...) PRINTF(1, 2);
json_t *json_text(const char *text);
int read_text(const char *path, char *buf, size_t len);
int write_text(const char *path, const char *text);
bool perf_count(const char *line, const char *event, char *text, size_t len);

#endif
