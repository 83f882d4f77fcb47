/* SPDX-License-Identifier: GPL-2.0 */
/* What runner and guest agent both need of time and files. */
#ifndef COMMON_H
#define COMMON_H

#include <stddef.h>

double now_s(void);
int read_text(const char *path, char *buf, size_t len);

#endif
