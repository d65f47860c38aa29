// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of a device node: the table, and the commands that read the state of a heap.
 */

#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/dmabuf.h"
#include "../buf/info.h"
#include "../buf/registry.h"
#include "../mem/claim.h"
#include "../mem/quota.h"
#include "../mem/stats.h"
#include "ioctl.h"
#include "typed.h"

#define CARVEOUT_CAPABILITIES	(CARVEOUT_CAP_TAGS | CARVEOUT_CAP_PERSIST | \
				 CARVEOUT_CAP_ALIGN | CARVEOUT_CAP_ATTRS | \
				 CARVEOUT_CAP_REGION_MASK | \
				 CARVEOUT_CAP_MAX_ADDR | \
				 CARVEOUT_CAP_READ_ONLY | CARVEOUT_CAP_PLACE | \
				 CARVEOUT_CAP_WAIT | CARVEOUT_CAP_LINK | \
				 CARVEOUT_CAP_SETATTR | CARVEOUT_CAP_SYNC | \
				 CARVEOUT_CAP_RESIZE | CARVEOUT_CAP_QUOTA | \
				 CARVEOUT_CAP_POOL | CARVEOUT_CAP_TYPED)

/* Limit for the size of an entry that a caller states, far above any real size. */
#define ENTRY_SIZE_MAX		4096

static_assert(sizeof(struct carveout_ioctl_query) == CARVEOUT_QUERY_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_region) == CARVEOUT_REGION_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_alloc) == CARVEOUT_ALLOC_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_open) == CARVEOUT_OPEN_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_unlink) == CARVEOUT_UNLINK_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_link) == CARVEOUT_LINK_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_setattr) == CARVEOUT_SETATTR_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_sync) == CARVEOUT_SYNC_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_resize) == CARVEOUT_RESIZE_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_pool_create) ==
	      CARVEOUT_POOL_CREATE_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_pool_open) == CARVEOUT_POOL_OPEN_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_list) == CARVEOUT_LIST_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_info) == CARVEOUT_INFO_SIZE_VER0);
static_assert(sizeof(struct carveout_buffer_info) == CARVEOUT_BUFFER_INFO_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_span) == CARVEOUT_SPAN_SIZE_VER0);

/* === Heaps and regions ==================================================== */

static void query_registry(struct carveout *carveout, struct carveout_ioctl_query *q)
{
	mutex_lock(&carveout->registry_lock);
	q->buffers = carveout->nr_bufs;
	q->tags = carveout->nr_tags;
	q->changes = carveout->changes;
	mutex_unlock(&carveout->registry_lock);
}

static int ioctl_query(struct carveout_call *call)
{
	struct carveout *carveout = call->carveout;
	struct carveout_ioctl_query *q = &call->arg.query;
	struct carveout_stats stats;

	if (q->flags || q->reserved)
		return -EINVAL;
	memset(q, 0, sizeof(*q));
	strscpy(q->name, carveout->name, sizeof(q->name));
	q->capabilities = CARVEOUT_CAPABILITIES;
	q->page_size = PAGE_SIZE;
	q->max_align = READ_ONCE(carveout->max_align);
	carveout_stats(carveout, &stats);
	q->size = stats.size;
	q->used = stats.used;
	q->high_water = stats.high_water;
	q->largest_hole = round_down(stats.largest_hole, PAGE_SIZE);
	q->regions = stats.regions;
	q->spans = stats.spans;
	q->holes = stats.holes;
	/* Read last, so that it covers at least the regions that are counted. */
	q->attrs = carveout_region_attrs(carveout);
	q->failures_nospc = atomic64_read(&carveout->failures_nospc);
	q->failures_nomem = atomic64_read(&carveout->failures_nomem);
	query_registry(carveout, q);
	carveout_quota_report(carveout, call->account, q);

	return CARVEOUT_REPLY(call, query);
}

static int ioctl_region(struct carveout_call *call)
{
	struct carveout *carveout = call->carveout;
	struct carveout_ioctl_region *r = &call->arg.region;
	unsigned int nr = carveout_nr_claims(carveout);
	struct carveout_region_info info;
	u32 index = r->index;

	if (r->reserved)
		return -EINVAL;
	if (index >= nr)
		return -ENOENT;
	index = array_index_nospec(index, nr);
	carveout_region_info(carveout, index, &info);

	memset(r, 0, sizeof(*r));
	r->index = index;
	r->attrs = info.memory.attrs;
	r->spans = info.stats.spans;
	r->holes = info.stats.holes;
	r->size = info.stats.size;
	r->used = info.stats.used;
	r->high_water = info.stats.high_water;
	r->largest_hole = round_down(info.stats.largest_hole, PAGE_SIZE);
	strscpy(r->name, info.memory.name, sizeof(r->name));
	if (carveout_may_see_phys(carveout)) {
		r->base = info.memory.base;
		r->flags |= CARVEOUT_REGION_BASE;
	}
	return CARVEOUT_REPLY(call, region);
}

/* === Lists ================================================================ */

static int check_entry_size(u32 size, u32 min_size)
{
	return size < min_size || size > ENTRY_SIZE_MAX ? -EINVAL : 0;
}

static int check_list(const struct carveout_ioctl_list *list, u32 min_size)
{
	if (!list->count || list->count > CARVEOUT_LIST_MAX || list->flags ||
	    list->reserved)
		return -EINVAL;
	return check_entry_size(list->entry_size, min_size);
}

/* Copy out an entry, truncated or zero-padded to the size that the caller knows. */
static int put_entry(char __user *to, u32 to_size, const void *entry, u32 size)
{
	u32 common = min(size, to_size);

	if (copy_to_user(to, entry, common) ||
	    clear_user(to + common, to_size - common))
		return -EFAULT;
	return 0;
}

/* Copy out entry number @i of a list. */
static int put_list_entry(const struct carveout_ioctl_list *list, u32 i,
			  const void *entry, u32 size)
{
	char __user *entries = u64_to_user_ptr(list->entries);

	return put_entry(entries + (size_t)i * list->entry_size, list->entry_size,
			 entry, size);
}

static int ioctl_list(struct carveout_call *call)
{
	struct carveout_ioctl_list *list = &call->arg.list;
	struct carveout_viewer viewer;
	struct carveout_buffer_info entry;
	u32 filled = 0;
	int ret;

	ret = check_list(list, CARVEOUT_BUFFER_INFO_SIZE_VER0);
	if (ret)
		return ret;

	/* A listing from the start reports all changes so far. */
	if (!list->cursor)
		WRITE_ONCE(call->account->seen,
			   carveout_registry_changes(call->carveout));
	carveout_viewer_init(&viewer, call->carveout);
	while (filled < list->count) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!carveout_info_next(call->carveout, &list->cursor, &viewer, &entry))
			break;
		ret = put_list_entry(list, filled++, &entry, sizeof(entry));
		if (ret)
			return ret;
	}
	list->count = filled;
	return CARVEOUT_REPLY(call, list);
}

static int put_spans(struct carveout_call *call, u32 *filled,
		     const struct carveout_span_info *info, unsigned int count)
{
	const struct carveout_ioctl_list *list = &call->arg.list;
	struct carveout_ioctl_span entry = {};
	int ret = 0;

	for (; count && !ret; count--, info++) {
		entry.offset = info->start -
			       call->carveout->claim[info->region]->range.base;
		entry.size = info->size;
		entry.region = info->region;
		entry.used = info->used;
		ret = put_list_entry(list, (*filled)++, &entry, sizeof(entry));
	}
	return ret;
}

/* All spans, for a caller that may see all buffers. */
static int list_all_spans(struct carveout_call *call)
{
	struct carveout *carveout = call->carveout;
	struct carveout_ioctl_list *list = &call->arg.list;
	struct carveout_span_info info[16];
	u32 cursor, filled = 0;
	unsigned int n;
	int ret;

	if (list->cursor > U32_MAX)
		return -EINVAL;

	cursor = list->cursor;
	while (filled < list->count && cursor != CARVEOUT_SPANS_END) {
		if (fatal_signal_pending(current))
			return -EINTR;
		n = min_t(u32, ARRAY_SIZE(info), list->count - filled);
		n = carveout_spans_next(carveout, &cursor, info, NULL, n);
		ret = put_spans(call, &filled, info, n);
		if (ret)
			return ret;
		cond_resched();
	}
	list->cursor = cursor;
	list->count = filled;
	return CARVEOUT_REPLY(call, list);
}

/*
 * Only the spans of buffers that LIST would report, and no holes: between them a caller
 * could read size and place of all other allocations.
 */
static int list_visible_spans(struct carveout_call *call,
			      const struct carveout_viewer *viewer)
{
	struct carveout_ioctl_list *list = &call->arg.list;
	struct carveout_ioctl_span span = { .used = 1 };
	struct carveout_buffer_info buffer;
	u32 filled = 0;
	int ret;

	while (filled < list->count) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!carveout_info_next(call->carveout, &list->cursor, viewer, &buffer))
			break;
		span.offset = buffer.offset;
		span.size = buffer.size;
		span.region = buffer.region;
		ret = put_list_entry(list, filled++, &span, sizeof(span));
		if (ret)
			return ret;
	}
	list->count = filled;
	return CARVEOUT_REPLY(call, list);
}

static int ioctl_spans(struct carveout_call *call)
{
	struct carveout_viewer viewer;
	int ret;

	ret = check_list(&call->arg.list, CARVEOUT_SPAN_SIZE_VER0);
	if (ret)
		return ret;
	carveout_viewer_init(&viewer, call->carveout);
	return viewer.all ? list_all_spans(call) : list_visible_spans(call, &viewer);
}

/**
 * carveout_do_info() - Handle CARVEOUT_IOCTL_INFO
 * @call: the call
 *
 * Context: Process context. May sleep.
 * Return: 0, or an error as in <uapi/linux/carveout.h>.
 */
int carveout_do_info(struct carveout_call *call)
{
	struct carveout_ioctl_info *info = &call->arg.info;
	struct carveout_buffer_info entry;
	struct carveout_viewer viewer;
	struct carveout_buf *buf;
	struct dma_buf *dmabuf;
	int ret;

	if (info->flags || info->reserved)
		return -EINVAL;
	ret = check_entry_size(info->entry_size, CARVEOUT_BUFFER_INFO_SIZE_VER0);
	if (ret)
		return ret;
	dmabuf = carveout_ioctl_get(call, info->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	buf = carveout_dmabuf_buf(dmabuf);
	carveout_viewer_init(&viewer, buf->carveout);
	ret = carveout_info_fill(buf, &viewer, &entry);
	dma_buf_put(dmabuf);
	if (ret)
		return ret;
	ret = put_entry(u64_to_user_ptr(info->entry), info->entry_size, &entry,
			sizeof(entry));
	info->entry_size = sizeof(entry);
	return ret ?: CARVEOUT_REPLY(call, info);
}

/* === Dispatch ============================================================= */

#define COMMAND(NAME, function, need) \
	[_IOC_NR(CARVEOUT_IOCTL_ ## NAME)] = { \
		.cmd = CARVEOUT_IOCTL_ ## NAME, \
		.min_size = CARVEOUT_ ## NAME ## _SIZE_VER0, \
		.mode = need, \
		.call = function, \
	}

#define CARVEOUT_SPANS_SIZE_VER0	CARVEOUT_LIST_SIZE_VER0

static const struct carveout_command commands[] = {
	COMMAND(QUERY, ioctl_query, 0),
	COMMAND(REGION, ioctl_region, 0),
	COMMAND(ALLOC, carveout_do_alloc, FMODE_READ | FMODE_WRITE),
	COMMAND(OPEN, carveout_do_open, FMODE_READ),
	COMMAND(UNLINK, carveout_do_unlink, FMODE_WRITE),
	COMMAND(LIST, ioctl_list, FMODE_READ),
	COMMAND(SPANS, ioctl_spans, FMODE_READ),
	COMMAND(INFO, carveout_do_info, FMODE_READ),
	COMMAND(LINK, carveout_do_link, FMODE_WRITE),
	COMMAND(SETATTR, carveout_do_setattr, FMODE_WRITE),
	COMMAND(SYNC, carveout_do_sync, FMODE_READ),
	COMMAND(RESIZE, carveout_do_resize, FMODE_READ | FMODE_WRITE),
	COMMAND(POOL_CREATE, carveout_do_pool_create, FMODE_READ | FMODE_WRITE),
	COMMAND(POOL_OPEN, carveout_do_pool_open, FMODE_READ | FMODE_WRITE),
	COMMAND(TYPED, carveout_do_typed, 0),
	COMMAND(TYPED_INFO, carveout_do_typed_info, 0),
};

/**
 * carveout_ioctl() - Handle an ioctl on a device node
 * @file: open file of the device node
 * @cmd: CARVEOUT_IOCTL_*, with the caller's size of the argument
 * @arg: address of the argument in user space
 *
 * Context: Process context. May sleep.
 * Return: as carveout_dispatch().
 */
long carveout_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	static const struct carveout_commands node_commands = {
		.command = commands,
		.count = ARRAY_SIZE(commands),
	};
	struct carveout_account *account = file->private_data;
	struct carveout_call call = {
		.carveout = account->carveout,
		.account = account,
		.mode = file->f_mode,
		.nonblock = file->f_flags & O_NONBLOCK,
		.uarg = (void __user *)arg,
	};

	return carveout_dispatch(&call, &node_commands, cmd);
}
