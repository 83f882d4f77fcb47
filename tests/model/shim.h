/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel as records.c, stats.c, policy.c and walk.c of
 * mm/page_reporting need, for a program that runs on the host. All headers that
 * they include are this one, see Makefile.
 */
#ifndef SHIM_H
#define SHIM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CONFIG_PAGE_REPORTING			1
#define CONFIG_PAGE_REPORTING_DEBUG		1
#define CONFIG_PAGE_REPORTING_DEFAULT_ON	0
#define CONFIG_SPARSEMEM			1
#define IS_ENABLED(option)			option

typedef uint32_t u32;
typedef uint64_t u64;

#define __init
#define __ro_after_init
#define __read_mostly
#define __acquires(lock)
#define __releases(lock)
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define BUILD_BUG_ON(x)		_Static_assert(!(x), #x)
#define EXPORT_SYMBOL_GPL(x)	extern int shim_export
#define might_sleep()		((void)0)

#define U32_MAX			UINT32_MAX
#define BITS_PER_LONG		64
#define BIT(n)			(1UL << (n))
#define GENMASK(high, low)	((~0UL >> (63 - (high))) & (~0UL << (low)))
#define ALIGN_DOWN(x, a)	((x) & ~((__typeof__(x))(a) - 1))
#define cpu_relax()		((void)0)
#define ALIGN(x, a)		(((x) + (a) - 1) & ~((__typeof__(x))(a) - 1))
#define __ffs(x)		((unsigned int)__builtin_ctzl(x))
#define fls(x)			((x) ? 32U - __builtin_clz(x) : 0U)
#define ilog2(x)		(63U - __builtin_clzl(x))
#define SZ_2M			0x200000UL
#define MSEC_PER_SEC		1000L
#define NSEC_PER_MSEC		1000000L
#define NSEC_PER_SEC		1000000000L
#define DIV_ROUND_UP_ULL(n, d)	(((u64)(n) + (d) - 1) / (d))
#define div_u64(n, d)		((u64)(n) / (u32)(d))
#define div64_u64(n, d)		((u64)(n) / (u64)(d))
#define nsecs_to_jiffies64(ns)	((ns) / 4000000)
#define MAX_JIFFY_OFFSET	((LONG_MAX >> 1) - 1)
#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a) - 1)) == 0)

#define min_t(type, a, b)	__extension__ ({			\
	type __a = (a);							\
	type __b = (b);							\
	__a < __b ? __a : __b;						\
})
#define max_t(type, a, b)	__extension__ ({			\
	type __a = (a);							\
	type __b = (b);							\
	__a > __b ? __a : __b;						\
})
#define min(a, b)		min_t(__typeof__((a) + 0), a, b)
#define max(a, b)		max_t(__typeof__((a) + 0), a, b)

#define pr_err(fmt, ...)	shim_print(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	shim_print(pr_fmt(fmt), ##__VA_ARGS__)
__attribute__((format(printf, 1, 2))) void shim_print(const char *fmt, ...);

int kstrtobool(const char *s, bool *res);
#define early_param(name, fn)	int (*const shim_##fn)(char *) = (fn)
#define __setup_param(str, id, fn, early)	int (*const shim_##id)(char *) = (fn)

/* One CPU */
#define DECLARE_PER_CPU(type, name)	extern type name
#define __percpu
#define current		((struct task_struct *)1)
#define DEFINE_PER_CPU(type, name)	type name
#define this_cpu_add(var, n)		((var) += (n))
#define per_cpu_ptr(var, cpu)		((void)(cpu), var)
#define for_each_possible_cpu(cpu)	for ((cpu) = 0; (cpu) < 1; (cpu)++)

typedef struct {
	long counter;
} atomic_long_t;

#define atomic_long_add(n, a)		((a)->counter += (n))
#define atomic_long_read(a)		((a)->counter)

/* A key can be in the middle of being turned off: some branches see it, some not */
enum shim_key { KEY_OFF, KEY_ON, KEY_TURNING };
#define DECLARE_STATIC_KEY_FALSE(name)	extern enum shim_key name
#define static_branch_unlikely(key)	unlikely(shim_branch(*(key)))
bool shim_flip(void);

static inline bool shim_branch(enum shim_key key)
{
	return key == KEY_TURNING ? shim_flip() : key == KEY_ON;
}

u64 ktime_get_coarse_ns(void);
u64 ktime_get_mono_fast_ns(void);

typedef struct {
	bool held;
} spinlock_t;

#define spin_lock_irqsave(lock, flags)		((flags) = shim_lock(lock))
#define spin_unlock_irqrestore(lock, flags)	((void)(flags), shim_unlock(lock))
#define lockdep_assert_held(lock)		shim_assert_held(lock)
#define smp_rmb()				((void)0)
#define data_race(expr)				(expr)
#define in_nmi()				false
#define ____cacheline_aligned_in_smp
#define __RAW_SPIN_LOCK_UNLOCKED(name)	{ .held = false }
#define raw_spinlock_t				spinlock_t
#define raw_spin_is_locked(lock)		((lock)->held)
#define raw_spin_lock(lock)			((lock)->held = true)
#define raw_spin_unlock(lock)			((lock)->held = false)
unsigned long shim_lock(spinlock_t *lock);
void shim_unlock(spinlock_t *lock);
void shim_assert_held(const spinlock_t *lock);

#define PAGE_SHIFT		12
#define PAGE_SIZE		(1UL << PAGE_SHIFT)
#define MAX_PAGE_ORDER		10
#define MAX_ORDER_NR_PAGES	(1UL << MAX_PAGE_ORDER)
#define NR_PAGE_ORDERS		(MAX_PAGE_ORDER + 1)
#define PAGES_PER_SECTION	(1UL << MAX_PAGE_ORDER)
#define pageblock_nr_pages	(1UL << pageblock_order)
extern unsigned int pageblock_order;

struct list_head {
	struct list_head *next, *prev;
};

/* Types of free memory; what is below HIGHATOMIC may merge with one another */
enum { UNMOVABLE, MOVABLE, RECLAIMABLE, HIGHATOMIC, ISOLATE, NR_MIGRATETYPES };
#define is_migrate_isolate(mt)	((mt) == ISOLATE)
#define is_migrate_cma(mt)	((void)(mt), false)
#define get_pageblock_migratetype(page)	buddy_type(page)

struct zone {
	spinlock_t lock;
	const char *name;
	unsigned long zone_start_pfn;
	unsigned long spanned_pages;
	bool contiguous;
	unsigned long online_start, online_end;	/* a zone shrinks to what is online */
	long reported;
	struct list_head free_list[NR_PAGE_ORDERS][NR_MIGRATETYPES];
};

#define __mod_zone_page_state(zone, item, n)	((zone)->reported += (n))
#define zone_page_state_snapshot(zone, item)	((unsigned long)(zone)->reported)
#define __count_vm_events(item, n)		(shim_events += (n))
extern u64 shim_events;	/* PAGE_REPORT_REFAULT alone */

struct page {
	struct list_head buddy_list;	/* first, for list_page() */
	unsigned long flags;
	unsigned long index;
	struct zone *zone;
	unsigned int page_type;
	unsigned int private;
};

int buddy_type(const struct page *page);

#define PG_reported			0
#define test_bit(nr, addr)		((*(addr) >> (nr)) & 1)
#define PageReported(page)		((bool)((page)->flags & BIT(PG_reported)))
#define __SetPageReported(page)		((void)((page)->flags |= BIT(PG_reported)))
#define __ClearPageReported(page)	((void)((page)->flags &= ~BIT(PG_reported)))

extern struct page *mem_map;
#define page_to_pfn(page)	((unsigned long)((page) - mem_map))
#define pfn_to_page(pfn)	(mem_map + (pfn))
#define page_zone(page)		((page)->zone)

#define PGTY_buddy		0xf0U
#define PGTY_guard		0xf3U
#define PageBuddy(page)		((page)->page_type >> 24 == PGTY_buddy)
#define PageGuard(page)		((page)->page_type >> 24 == PGTY_guard)
#define PageHead(page)		((void)(page), false)
#define compound_order(page)	((void)(page), 0U)
#define buddy_order(page)	((page)->private)
#define buddy_order_unsafe(page) READ_ONCE((page)->private)
unsigned int debug_guardpage_minorder(void);

/* The one with memory, and one that a part of the same range belongs to */
extern struct zone zones[2];
#define for_each_populated_zone(z) \
	for ((z) = zones; (z) < zones + 2; (z)++) \
		if (!(z)->spanned_pages) { } else

static inline bool zone_spans_pfn(const struct zone *zone, unsigned long pfn)
{
	return pfn >= zone->online_start && pfn < zone->online_end;
}

static inline unsigned long zone_end_pfn(const struct zone *zone)
{
	return zone->zone_start_pfn + zone->spanned_pages;
}

bool pfn_valid(unsigned long pfn);
struct page *pfn_to_online_page(unsigned long pfn);
#define get_online_mems()	((void)shim_online_mems++)
#define put_online_mems()	((void)shim_online_mems--)
extern unsigned int shim_online_mems;	/* memory hotplug has to wait */
#define cond_resched()		shim_resched()
void shim_resched(void);

struct page_ext {
	unsigned long flags;
};

struct page_ext_operations {
	size_t offset;
	size_t size;
	bool (*need)(void);
	void (*init)(void);
};

extern unsigned long page_ext_size;
struct page_ext *page_ext_get(const struct page *page);
void page_ext_put(struct page_ext *ext);

static inline void *page_ext_data(struct page_ext *ext,
				  struct page_ext_operations *ops)
{
	return (void *)ext + ops->offset;
}

struct scatterlist {
	struct page *page;
	unsigned int length;
};

#define sg_set_page(sg, p, len, offset)	((void)(*(sg) = (struct scatterlist){ p, len }))

void trace_page_reporting_refault(unsigned long pfn, unsigned int order,
				  unsigned long pages, unsigned int least_ms);

#endif /* SHIM_H */
