/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of heaps, tags, waits and pools: events/carveout in tracefs. A driver or a
 * process chooses the texts in them, all of which are printable. See
 * Documentation/observing.rst.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM carveout

#if !defined(CARVEOUT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define CARVEOUT_TRACE_H

#include <linux/string.h>
#include <linux/tracepoint.h>

#include "carveout_internal.h"

TRACE_EVENT(carveout_alloc,
	TP_PROTO(const struct carveout *carveout, const struct carveout_heap_request *request,
		 const struct carveout_span_info *info, int ret),
	TP_ARGS(carveout, request, info, ret),
	TP_STRUCT__entry(
		__array(char, heap, CARVEOUT_NAME_LEN)
		__field(u64, size)
		__field(u64, align)
		__field(u32, require)
		__field(u32, region)
		__field(u64, start)
		__field(int, ret)
	),
	TP_fast_assign(
		strscpy(__entry->heap, carveout->name, CARVEOUT_NAME_LEN);
		__entry->size = request->size;
		__entry->align = request->align;
		__entry->require = request->require;
		__entry->region = ret ? 0 : info->region;
		__entry->start = ret ? 0 : info->start;
		__entry->ret = ret;
	),
	TP_printk("heap=%s size=%llu align=%llu require=0x%x region=%u start=0x%llx ret=%d",
		  __entry->heap, __entry->size, __entry->align, __entry->require,
		  __entry->region, __entry->start, __entry->ret)
);

TRACE_EVENT(carveout_free,
	TP_PROTO(const struct carveout *carveout, const struct carveout_span_info *info),
	TP_ARGS(carveout, info),
	TP_STRUCT__entry(
		__array(char, heap, CARVEOUT_NAME_LEN)
		__field(u64, size)
		__field(u32, region)
		__field(u64, start)
	),
	TP_fast_assign(
		strscpy(__entry->heap, carveout->name, CARVEOUT_NAME_LEN);
		__entry->size = info->size;
		__entry->region = info->region;
		__entry->start = info->start;
	),
	TP_printk("heap=%s size=%llu region=%u start=0x%llx",
		  __entry->heap, __entry->size, __entry->region, __entry->start)
);

TRACE_EVENT(carveout_map,
	TP_PROTO(const struct carveout *carveout, u64 generation, u64 offset, u64 size,
		 bool write),
	TP_ARGS(carveout, generation, offset, size, write),
	TP_STRUCT__entry(
		__array(char, heap, CARVEOUT_NAME_LEN)
		__field(u64, generation)
		__field(u64, offset)
		__field(u64, size)
		__field(bool, write)
	),
	TP_fast_assign(
		strscpy(__entry->heap, carveout->name, CARVEOUT_NAME_LEN);
		__entry->generation = generation;
		__entry->offset = offset;
		__entry->size = size;
		__entry->write = write;
	),
	TP_printk("heap=%s generation=%llu offset=%llu size=%llu write=%d",
		  __entry->heap, __entry->generation, __entry->offset, __entry->size,
		  __entry->write)
);

DECLARE_EVENT_CLASS(carveout_tag,
	TP_PROTO(const struct carveout *carveout, const char *tag, u64 generation),
	TP_ARGS(carveout, tag, generation),
	TP_STRUCT__entry(
		__array(char, heap, CARVEOUT_NAME_LEN)
		__array(char, tag, CARVEOUT_NAME_LEN)
		__field(u64, generation)
	),
	TP_fast_assign(
		strscpy(__entry->heap, carveout->name, CARVEOUT_NAME_LEN);
		strscpy(__entry->tag, tag, CARVEOUT_NAME_LEN);
		__entry->generation = generation;
	),
	TP_printk("heap=%s tag=%s generation=%llu", __entry->heap, __entry->tag,
		  __entry->generation)
);

DEFINE_EVENT(carveout_tag, carveout_tag_add,
	TP_PROTO(const struct carveout *carveout, const char *tag, u64 generation),
	TP_ARGS(carveout, tag, generation)
);

DEFINE_EVENT(carveout_tag, carveout_tag_replace,
	TP_PROTO(const struct carveout *carveout, const char *tag, u64 generation),
	TP_ARGS(carveout, tag, generation)
);

DEFINE_EVENT(carveout_tag, carveout_tag_remove,
	TP_PROTO(const struct carveout *carveout, const char *tag, u64 generation),
	TP_ARGS(carveout, tag, generation)
);

DEFINE_EVENT(carveout_tag, carveout_tag_setattr,
	TP_PROTO(const struct carveout *carveout, const char *tag, u64 generation),
	TP_ARGS(carveout, tag, generation)
);

TRACE_EVENT(carveout_wait_begin,
	TP_PROTO(const struct carveout *carveout, const char *tag, u64 deadline),
	TP_ARGS(carveout, tag, deadline),
	TP_STRUCT__entry(
		__array(char, heap, CARVEOUT_NAME_LEN)
		__array(char, tag, CARVEOUT_NAME_LEN)
		__field(u64, deadline)
	),
	TP_fast_assign(
		strscpy(__entry->heap, carveout->name, CARVEOUT_NAME_LEN);
		strscpy(__entry->tag, tag, CARVEOUT_NAME_LEN);
		__entry->deadline = deadline;
	),
	TP_printk("heap=%s tag=%s deadline=%llu", __entry->heap, __entry->tag,
		  __entry->deadline)
);

TRACE_EVENT(carveout_wait_end,
	TP_PROTO(const struct carveout *carveout, const char *tag, int ret),
	TP_ARGS(carveout, tag, ret),
	TP_STRUCT__entry(
		__array(char, heap, CARVEOUT_NAME_LEN)
		__array(char, tag, CARVEOUT_NAME_LEN)
		__field(int, ret)
	),
	TP_fast_assign(
		strscpy(__entry->heap, carveout->name, CARVEOUT_NAME_LEN);
		strscpy(__entry->tag, tag, CARVEOUT_NAME_LEN);
		__entry->ret = ret;
	),
	TP_printk("heap=%s tag=%s ret=%d", __entry->heap, __entry->tag, __entry->ret)
);

TRACE_EVENT(carveout_block_alloc,
	TP_PROTO(const struct carveout *carveout, u64 pool, u64 client, u32 index, int ret),
	TP_ARGS(carveout, pool, client, index, ret),
	TP_STRUCT__entry(
		__array(char, heap, CARVEOUT_NAME_LEN)
		__field(u64, pool)
		__field(u64, client)
		__field(u32, index)
		__field(int, ret)
	),
	TP_fast_assign(
		strscpy(__entry->heap, carveout->name, CARVEOUT_NAME_LEN);
		__entry->pool = pool;
		__entry->client = client;
		__entry->index = index;
		__entry->ret = ret;
	),
	TP_printk("heap=%s pool=%llu client=%llu index=%u ret=%d", __entry->heap,
		  __entry->pool, __entry->client, __entry->index, __entry->ret)
);

TRACE_EVENT(carveout_block_free,
	TP_PROTO(const struct carveout *carveout, u64 pool, u64 client, u32 index),
	TP_ARGS(carveout, pool, client, index),
	TP_STRUCT__entry(
		__array(char, heap, CARVEOUT_NAME_LEN)
		__field(u64, pool)
		__field(u64, client)
		__field(u32, index)
	),
	TP_fast_assign(
		strscpy(__entry->heap, carveout->name, CARVEOUT_NAME_LEN);
		__entry->pool = pool;
		__entry->client = client;
		__entry->index = index;
	),
	TP_printk("heap=%s pool=%llu client=%llu index=%u", __entry->heap, __entry->pool,
		  __entry->client, __entry->index)
);

#endif /* CARVEOUT_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
