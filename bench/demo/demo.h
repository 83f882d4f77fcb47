/* SPDX-License-Identifier: GPL-2.0 */
/* A guest in the terminal: its memory map, and what the host holds of it. */
#ifndef DEMO_H
#define DEMO_H

#define DEMO_MIB	512
#define DEMO_COLUMNS	32	/* of each map, in pieces of 2 MiB */
#define DEMO_CELLS	(DEMO_MIB / 2)
#define DEMO_LINE	1024	/* from the guest: four numbers and its map */

void __attribute__((noreturn)) demo_guest(void);

#endif
