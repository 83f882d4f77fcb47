// SPDX-License-Identifier: GPL-2.0
/*
 * Operations: drawn at random without a look at the world, so that any part of
 * a sequence can be replayed; printed, and read back.
 */
#include <stdio.h>

#include "model.h"

/* More than fits: the host is told of what it knows, too */
#define AGAIN	100

static const struct {
	const char *name;
	unsigned int args;
	unsigned int weight;
} kinds[NR_OPS] = {
	[OP_ALLOC] = { "alloc", 2, 64 },		/* order, migratetype */
	[OP_FREE] = { "free", 3, 64 },			/* at, order, capture */
	[OP_FLUSH] = { "flush", 0, 4 },
	[OP_SEE] = { "see", 3, 8 },			/* at, blocks, fresh */
	[OP_BATCH] = { "batch", 3, 24 },		/* at, blocks, capacity or AGAIN */
	[OP_DONE] = { "done", 1, 24 },			/* error */
	[OP_TICK] = { "tick", 1, 24 },			/* ticks */
	[OP_RESTART] = { "restart", 1, 1 },			/* seed of what happens meanwhile */
	[OP_REARM] = { "rearm", 0, 8 },
	[OP_COMPACT] = { "compact", 1, 8 },		/* at */
	[OP_PUTBACK] = { "putback", 1, 8 },		/* at */
	[OP_POISON] = { "poison", 1, 4 },		/* at */
	[OP_UNPOISON] = { "unpoison", 1, 4 },		/* at */
	[OP_ISOLATE] = { "isolate", 1, 8 },		/* at */
	[OP_UNISOLATE] = { "unisolate", 2, 8 },		/* at, migratetype */
	[OP_RETYPE] = { "retype", 2, 8 },		/* at, migratetype */
	[OP_OFFLINE] = { "offline", 2, 2 },		/* at, remove */
	[OP_ONLINE] = { "online", 2, 2 },		/* at, migratetype */
	[OP_HALT] = { "halt", 1, 1 },			/* seed, 0: nobody else at work */
	[OP_START] = { "start", 3, 1 },			/* granule, least order, seed */
	[OP_LOOKUP] = { "lookup", 2, 8 },		/* at, least order */
	[OP_CORRUPT] = { "corrupt", 1, 1 },		/* at */
};

static u64 rnd_state;

/* xorshift64* */
static u32 rnd_bits(void)
{
	rnd_state ^= rnd_state >> 12;
	rnd_state ^= rnd_state << 25;
	rnd_state ^= rnd_state >> 27;
	return rnd_state * 0x2545f4914f6cdd1dULL >> 32;
}

/* From 0 to @n - 1 */
u32 rnd(u32 n)
{
	return (u64)rnd_bits() * n >> 32;
}

void rnd_seed(u64 seed)
{
	rnd_state = (seed + 1) * 0x9e3779b97f4a7c15ULL;
	rnd_state = rnd_state ? : 1;
	rnd_bits();
	rnd_bits();
}

/* All magnitudes below 2^@bits alike */
static u32 rnd_log(unsigned int bits)
{
	return rnd(1U << rnd(bits + 1));
}

static bool chance(unsigned int percent)
{
	return rnd(100) < percent;
}

void ops_config(struct config *cfg, unsigned int granule)
{
	unsigned int lowest = max(granule, 3U);

	memset(cfg, 0, sizeof(*cfg));
	cfg->granule = granule;
	cfg->pageblock = chance(50) ? max(granule, 9U) :
				      lowest + rnd(MAX_PAGE_ORDER + 1 - lowest);
	cfg->least = chance(50) ? min(granule, 3U) : rnd(granule + 1);
	cfg->start = PAGES_PER_SECTION * (1 + rnd(3));
	cfg->pages = PAGES_PER_SECTION * 8 << (chance(20) ? 1 : 0);
	if (chance(40)) {
		cfg->start += rnd(PAGES_PER_SECTION);
		cfg->pages -= rnd(PAGES_PER_SECTION * 2);
	}
	if (chance(20)) {
		cfg->hole = cfg->start + rnd(cfg->pages / 2);
		cfg->hole_pages = 1 + rnd(PAGES_PER_SECTION);
	}
	if (chance(15))
		cfg->noext = cfg->start / PAGES_PER_SECTION + rnd(4);
	if (chance(25))
		cfg->guard = 1 + rnd(5);
	cfg->more = chance(50) ? 0 : 4 * rnd(9);
	cfg->busy = chance(50);
	cfg->min_age = rnd_log(20);
	/* Times are 29 bits wide: near to where they, and 32 bits, wrap around */
	cfg->clock = (1U << 29) * rnd(8) - rnd_log(28);
}

/* Orders that this episode likes, in one of these ways */
static unsigned int draw_order(unsigned int way, unsigned int granule)
{
	unsigned int order = 0;

	switch (chance(30) ? rnd(4) : way) {
	case 0:
		return rnd(NR_PAGE_ORDERS);
	case 1:
		while (order < MAX_PAGE_ORDER && chance(50))
			order++;
		return order;
	case 2:
		order = granule + rnd(5);
		return order < 2 ? 0 : min(order - 2, (unsigned int)MAX_PAGE_ORDER);
	default:
		return 7 + rnd(4);
	}
}

static void draw(struct op *op, const struct config *cfg, unsigned int at,
		 unsigned int way)
{
	unsigned int *arg = op->arg;

	memset(arg, 0, sizeof(op->arg));
	switch (op->kind) {
	case OP_ALLOC:
		arg[0] = draw_order(way, cfg->granule);
		arg[1] = chance(90) ? rnd(3) : HIGHATOMIC;
		break;
	case OP_FREE:
		arg[0] = at;
		arg[1] = chance(50) ? MAX_PAGE_ORDER : draw_order(way, cfg->granule);
		arg[2] = chance(20) ? 1 + rnd(3 * NR_PAGE_ORDERS) : 0;
		break;
	case OP_SEE:
		arg[0] = at;
		arg[1] = 1 + rnd_log(8);
		arg[2] = rnd(2);
		break;
	case OP_BATCH:
		arg[0] = at;
		arg[1] = 1 + rnd_log(5);
		arg[2] = chance(30) ? 1 + rnd(8) : chance(10) ? AGAIN : 0;
		break;
	case OP_DONE:
		arg[0] = chance(25);
		break;
	case OP_TICK:
		arg[0] = chance(5) ? rnd(1U << 28) : rnd_log(24);
		break;
	case OP_UNISOLATE:
	case OP_RETYPE:
	case OP_ONLINE:
		arg[0] = at;
		arg[1] = rnd(4);
		break;
	case OP_OFFLINE:
		arg[0] = at;
		arg[1] = rnd(2);
		break;
	case OP_HALT:
		arg[0] = rnd(4) ? rnd_bits() : 0;
		break;
	case OP_START:
		arg[0] = chance(60) ? cfg->granule : rnd(NR_PAGE_ORDERS);
		arg[1] = chance(50) ? 3 : rnd(NR_PAGE_ORDERS);
		arg[2] = rnd(2) ? rnd_bits() : 0;
		break;
	case OP_RESTART:
		arg[0] = rnd(2) ? rnd_bits() : 0;
		break;
	case OP_LOOKUP:
		arg[0] = at;
		arg[1] = rnd(NR_PAGE_ORDERS);
		break;
	case OP_COMPACT:
	case OP_PUTBACK:
	case OP_POISON:
	case OP_UNPOISON:
	case OP_ISOLATE:
	case OP_CORRUPT:
		arg[0] = at;
		break;
	}
}

/* Each episode prefers operations, orders and a place of its own */
void ops_draw(const struct config *cfg, struct op *ops, unsigned int nr)
{
	unsigned int weights[NR_OPS], total = 0, until_start = 0, way = rnd(4), i, pick;
	unsigned int hot = rnd(cfg->pages), width = 1 + rnd_log(12), hot_percent = rnd(100);

	for (i = 0; i < NR_OPS; i++) {
		weights[i] = kinds[i].weight * 4 >> rnd(4);
		if (kinds[i].weight < 64 && chance(20))
			weights[i] = 0;
		total += weights[i];
	}
	for (i = 0; i < nr; i++) {
		struct op *op = &ops[i];

		pick = rnd(total);
		for (op->kind = 0; pick >= weights[op->kind]; op->kind++)
			pick -= weights[op->kind];
		/* Nothing can be compared in between */
		if (until_start && !--until_start)
			op->kind = OP_START;
		if (op->kind == OP_HALT)
			until_start = 1 + rnd(20);
		draw(op, cfg, chance(hot_percent) ? hot + rnd(width) : rnd(cfg->pages), way);
	}
}

#define CONFIG_FORMAT	"zone %u %u pageblock %u granule %u least %u guard %u hole %u %u " \
			"noext %u more %u busy %u min_age %u clock %u"

int ops_print_config(char *buf, size_t size, const struct config *c)
{
	return snprintf(buf, size, CONFIG_FORMAT, c->start, c->pages, c->pageblock,
			c->granule, c->least, c->guard, c->hole, c->hole_pages, c->noext,
			c->more, c->busy, c->min_age, c->clock);
}

bool ops_parse_config(const char *line, struct config *c)
{
	int found = sscanf(line, CONFIG_FORMAT, &c->start, &c->pages, &c->pageblock,
			   &c->granule, &c->least, &c->guard, &c->hole, &c->hole_pages,
			   &c->noext, &c->more, &c->busy, &c->min_age, &c->clock);

	return found == 13 && c->start >= 1 && c->pages >= 1 &&
	       c->start < MAX_PFN && c->pages <= MAX_PFN - c->start &&
	       c->pageblock <= MAX_PAGE_ORDER && c->more % 4 == 0;
}

int ops_print(char *buf, size_t size, const struct op *op)
{
	int len = snprintf(buf, size, "%s", kinds[op->kind].name);
	unsigned int i;

	for (i = 0; i < kinds[op->kind].args; i++)
		len += snprintf(buf + len, size - len, " %u", op->arg[i]);
	return len;
}

bool ops_parse(const char *line, struct op *op)
{
	char name[16] = "";
	int found;

	memset(op, 0, sizeof(*op));
	found = sscanf(line, "%15s %u %u %u", name, &op->arg[0], &op->arg[1], &op->arg[2]);
	for (op->kind = 0; op->kind < NR_OPS; op->kind++)
		if (!strcmp(name, kinds[op->kind].name))
			return found == (int)kinds[op->kind].args + 1;
	return false;
}
