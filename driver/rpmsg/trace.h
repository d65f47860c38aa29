/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoint of the requests of remote processors: events/carveout_rpmsg in tracefs.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM carveout_rpmsg

#if !defined(CARVEOUT_RPMSG_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define CARVEOUT_RPMSG_TRACE_H

#include <linux/device.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "channel.h"

#define CARVEOUT_TRACE_REQUESTS \
	{ CARVEOUT_RPMSG_START, "START" }, \
	{ CARVEOUT_RPMSG_GOODBYE, "GOODBYE" }, \
	{ CARVEOUT_RPMSG_ALLOC, "ALLOC" }, \
	{ CARVEOUT_RPMSG_OPEN, "OPEN" }, \
	{ CARVEOUT_RPMSG_CANCEL, "CANCEL" }, \
	{ CARVEOUT_RPMSG_GET, "GET" }, \
	{ CARVEOUT_RPMSG_PUT, "PUT" }, \
	{ CARVEOUT_RPMSG_UNLINK, "UNLINK" }, \
	{ CARVEOUT_RPMSG_DESCRIBE, "DESCRIBE" }, \
	{ CARVEOUT_RPMSG_BLOCK_ALLOC, "BLOCK_ALLOC" }, \
	{ CARVEOUT_RPMSG_BLOCK_FREE, "BLOCK_FREE" }, \
	{ CARVEOUT_RPMSG_QUERY, "QUERY" }, \
	{ CARVEOUT_RPMSG_WATCH, "WATCH" }, \
	{ CARVEOUT_RPMSG_DIRECTORY, "DIRECTORY" }, \
	{ CARVEOUT_RPMSG_RELEASE, "RELEASE" }

/* @ret: 0, a negative errno, or 1 for a request that is answered later. */
TRACE_EVENT(carveout_remote_request,
	TP_PROTO(const struct carveout_call *call, int ret),
	TP_ARGS(call, ret),
	TP_STRUCT__entry(
		__array(char, channel, CARVEOUT_NAME_LEN)
		__field(u32, id)
		__field(u32, op)
		__field(u32, handle)
		__field(int, ret)
	),
	TP_fast_assign(
		strscpy(__entry->channel, dev_name(&call->channel->rpdev->dev),
			CARVEOUT_NAME_LEN);
		__entry->id = le32_to_cpu(call->request.header.id);
		__entry->op = call->request.header.op;
		__entry->handle = le32_to_cpu(call->request.handle);
		__entry->ret = ret;
	),
	TP_printk("channel=%s id=%u op=%s handle=0x%x ret=%d", __entry->channel, __entry->id,
		  __print_symbolic(__entry->op, CARVEOUT_TRACE_REQUESTS), __entry->handle,
		  __entry->ret)
);

#endif /* CARVEOUT_RPMSG_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
