/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM page_reporting

#if !defined(_TRACE_PAGE_REPORTING_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_PAGE_REPORTING_H

#include <linux/tracepoint.h>
#include <linux/types.h>

/* A pass begins: @force reports whatever the age, @sweep looks for small blocks */
TRACE_EVENT(page_reporting_pass_start,

	TP_PROTO(bool force, bool sweep, unsigned int age_ms),

	TP_ARGS(force, sweep, age_ms),

	TP_STRUCT__entry(
		__field(bool, force)
		__field(bool, sweep)
		__field(unsigned int, age_ms)
	),

	TP_fast_assign(
		__entry->force = force;
		__entry->sweep = sweep;
		__entry->age_ms = age_ms;
	),

	TP_printk("force=%d sweep=%d age_ms=%u", __entry->force, __entry->sweep,
		  __entry->age_ms)
);

/* A pass has ended: what it reported, and in how many ms the next one is due, or -1 */
TRACE_EVENT(page_reporting_pass_end,

	TP_PROTO(u64 bytes, unsigned int reports, u64 duration_ns, int error,
		 s64 next_ms),

	TP_ARGS(bytes, reports, duration_ns, error, next_ms),

	TP_STRUCT__entry(
		__field(u64, bytes)
		__field(unsigned int, reports)
		__field(u64, duration_ns)
		__field(int, error)
		__field(s64, next_ms)
	),

	TP_fast_assign(
		__entry->bytes = bytes;
		__entry->reports = reports;
		__entry->duration_ns = duration_ns;
		__entry->error = error;
		__entry->next_ms = next_ms;
	),

	TP_printk("bytes=%llu reports=%u duration_ns=%llu error=%d next_ms=%lld",
		  __entry->bytes, __entry->reports, __entry->duration_ns,
		  __entry->error, __entry->next_ms)
);

/* The device was told of a batch */
TRACE_EVENT(page_reporting_batch,

	TP_PROTO(int nid, const char *zone, u64 bytes, unsigned int nents,
		 int error, u64 duration_ns),

	TP_ARGS(nid, zone, bytes, nents, error, duration_ns),

	TP_STRUCT__entry(
		__field(int, nid)
		__string(zone, zone)
		__field(u64, bytes)
		__field(unsigned int, nents)
		__field(int, error)
		__field(u64, duration_ns)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__assign_str(zone);
		__entry->bytes = bytes;
		__entry->nents = nents;
		__entry->error = error;
		__entry->duration_ns = duration_ns;
	),

	TP_printk("nid=%d zone=%s bytes=%llu nents=%u error=%d duration_ns=%llu",
		  __entry->nid, __get_str(zone), __entry->bytes, __entry->nents,
		  __entry->error, __entry->duration_ns)
);

/* Reported memory is allocated: the host has to supply it anew */
TRACE_EVENT(page_reporting_refault,

	TP_PROTO(unsigned long pfn, unsigned int order, unsigned long pages,
		 unsigned int age_ms),

	TP_ARGS(pfn, order, pages, age_ms),

	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(unsigned int, order)
		__field(unsigned long, pages)
		__field(unsigned int, age_ms)
	),

	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->order = order;
		__entry->pages = pages;
		__entry->age_ms = age_ms;
	),

	TP_printk("pfn=0x%lx order=%u pages=%lu age_ms=%u", __entry->pfn,
		  __entry->order, __entry->pages, __entry->age_ms)
);

/* The minimum age has changed, by what is known of memory that was used again */
TRACE_EVENT(page_reporting_tune,

	TP_PROTO(unsigned int age_ms),

	TP_ARGS(age_ms),

	TP_STRUCT__entry(
		__field(unsigned int, age_ms)
	),

	TP_fast_assign(
		__entry->age_ms = age_ms;
	),

	TP_printk("age_ms=%u", __entry->age_ms)
);

#endif /* _TRACE_PAGE_REPORTING_H */

#include <trace/define_trace.h>
