/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_WALK_FREE_MEM_H
#define _LINUX_WALK_FREE_MEM_H

int walk_free_mem_block(void *opaque, int min_order,
			int (*report_pfn_range)(void *opaque, unsigned long pfn,
						unsigned long num));

#endif /* _LINUX_WALK_FREE_MEM_H */
