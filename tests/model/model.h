/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model of the page allocator around the kernel's mm/page_reporting/:
 *
 * kernel.c	records.c, stats.c, policy.c and walk.c, and what they call
 * buddy.c	a page allocator that calls its hooks where the kernel's does
 * truth.c	what has to be known of each page, kept without any hooks
 * world.c	who uses the allocator: users, memory hotplug...
 * worker.c	the worker of page reporting with its device
 * ops.c	operations: drawn at random, printed, read back
 * main.c	runs them, shrinks what fails, prints TAP
 */
#ifndef MODEL_H
#define MODEL_H

#include "shim.h"
#include "page_reporting.h"
#include "page_reporting/internal.h"

#define NR_SECTIONS	20
#define MAX_PFN		(NR_SECTIONS * PAGES_PER_SECTION)
#define NONE		0xff	/* no block begins here */

/* Page of a list entry */
#define list_page(entry)	((struct page *)(entry))
#define the_zone		(&zones[0])

struct section {
	bool present;	/* has struct pages */
	bool online;
	void *ext;	/* each of its own, so that ASan sees who leaves it */
};

extern struct section sections[NR_SECTIONS];
extern bool verbose;
extern u64 ticks;

/* What an episode starts with */
struct config {
	unsigned int start;	/* zone */
	unsigned int pages;
	unsigned int pageblock;	/* order */
	unsigned int granule;	/* order that is asked for */
	unsigned int least;	/* order of the smallest block that is reported */
	unsigned int guard;	/* debug_guardpage_minorder */
	unsigned int hole;	/* pages of another zone amid this one: from here on... */
	unsigned int hole_pages;
	unsigned int noext;	/* section without page_ext, 0 for none */
	unsigned int more;	/* bytes of other clients of page_ext */
	unsigned int busy;	/* all is in use at first */
	unsigned int min_age;	/* ms */
	unsigned int clock;	/* ticks; they go on in 64 bits */
};

extern struct config config;

enum op_kind {
	OP_ALLOC, OP_FREE, OP_FLUSH, OP_SEE, OP_BATCH, OP_DONE, OP_TICK,
	OP_RESTART, OP_REARM, OP_COMPACT, OP_PUTBACK, OP_POISON, OP_UNPOISON,
	OP_ISOLATE, OP_UNISOLATE, OP_RETYPE, OP_OFFLINE, OP_ONLINE, OP_HALT,
	OP_START, OP_LOOKUP, OP_CORRUPT, NR_OPS
};

struct op {
	unsigned int kind;
	unsigned int arg[3];
};

/* Deliberate bugs of the allocator and the worker */
enum {
	BREAK_NOTHING, BREAK_CAPTURE, BREAK_SPLIT, BREAK_STEAL, BREAK_ISOLATE,
	BREAK_POISON, BREAK_OFFLINE, BREAK_MERGE, BREAK_WRONG_BUDDY, BREAK_KEEP,
	BREAK_WAKE, BREAK_ERROR, BREAK_RESTART, BREAK_UNDO, BREAK_DETACH, BREAK_ATTACH,
	BREAK_TAKE, BREAK_SMALL_KEPT, BREAK_SMALL_COUNT, BREAK_FLAG, NR_BREAKS
};

extern unsigned int model_break;

static inline bool broken(unsigned int what)
{
	return model_break == what;
}

/* main.c: does not return */
__attribute__((format(printf, 1, 2), noreturn)) void fail(const char *fmt, ...);

/* kernel.c */
void shim_boot(unsigned int more);
void shim_flip_seed(u32 seed);

/* buddy.c: all of these take zone->lock themselves */
struct capture {
	unsigned int order;
	int mt;
	struct page *page;
};

void buddy_init(void);
struct page *buddy_alloc(unsigned int order, int mt);
void buddy_free(struct page *page, unsigned int order, struct capture *capc);
void buddy_putback(struct page *page, unsigned int order);
void buddy_compact(struct page *page);
void buddy_poison(struct page *page);
void buddy_unpoison(struct page *page);
bool buddy_isolate(struct page *page);
bool buddy_unisolate(struct page *page, int mt);
void buddy_retype(struct page *page, int mt);
void buddy_offline(unsigned long pfn, unsigned long nr);

/* truth.c: what happens, whoever is told of it */
enum where { ELSEWHERE, USED, FREE, HELD, GUARD, POISON, OFFLINE };

void truth_init(void);
void truth_link(const struct page *page, unsigned int order);
void truth_unlink(const struct page *page, unsigned int order);
void truth_new(unsigned int order);
void truth_merge(const struct page *page, unsigned int order);
void truth_free(const struct page *page, unsigned int order);
void truth_use(const struct page *page, unsigned int low, unsigned int high);
void truth_clear(const struct page *page, unsigned int order);
void truth_captured(const struct page *page, unsigned int order);
void truth_move(const struct page *page, unsigned int order, enum where to);
void truth_stamp(const struct page *page, unsigned int order, enum pr_state state);
void truth_tell(const struct page *page, unsigned int order);
void truth_tell_small(const struct page *page, unsigned int order);
void truth_report(unsigned long pages, bool flushed);
void truth_hold(const struct page *page, unsigned int order);
void truth_restamp(const struct page *page, unsigned int order);
bool truth_told(unsigned long pfn);
void truth_armed(unsigned int order);
void truth_forget(bool alone);
void truth_kicked(bool large);
void truth_traced(unsigned long pages, unsigned int least_ms);
enum where truth_where(unsigned long pfn);
unsigned int truth_block(unsigned long pfn, unsigned long *head);
unsigned int truth_head(unsigned long pfn);
void truth_compare(bool all);

/* world.c */
void world_init(void);
void world_check(void);
void world_apply(const struct op *op);
void world_meanwhile(void);

/* ops.c */
u32 rnd(u32 n);
void rnd_seed(u64 seed);
void ops_config(struct config *cfg, unsigned int granule);
void ops_draw(const struct config *cfg, struct op *ops, unsigned int nr);
int ops_print_config(char *buf, size_t size, const struct config *cfg);
int ops_print(char *buf, size_t size, const struct op *op);
bool ops_parse_config(const char *line, struct config *cfg);
bool ops_parse(const char *line, struct op *op);

#endif /* MODEL_H */
