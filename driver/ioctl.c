// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of a heap's node: how they are called, and those that look.
 *
 * The argument is copied in once, checked, and from then on only the copy is
 * looked at. No user access happens under a lock.
 */

#include <linux/compiler.h>
#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "carveout_internal.h"
#include "ioctl.h"

#define CARVEOUT_CAPABILITIES	(CARVEOUT_CAP_TAGS | CARVEOUT_CAP_PERSIST | \
				 CARVEOUT_CAP_ALIGN | CARVEOUT_CAP_ATTRS | \
				 CARVEOUT_CAP_REGION_MASK | \
				 CARVEOUT_CAP_MAX_ADDR | \
				 CARVEOUT_CAP_READ_ONLY | CARVEOUT_CAP_PLACE | \
				 CARVEOUT_CAP_WAIT | CARVEOUT_CAP_LINK | \
				 CARVEOUT_CAP_SETATTR | CARVEOUT_CAP_SYNC | \
				 CARVEOUT_CAP_RESIZE | CARVEOUT_CAP_QUOTA | \
				 CARVEOUT_CAP_POOL)

/* The largest entry of a list that makes sense to anyone. */
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
static_assert(sizeof(struct carveout_buffer) == CARVEOUT_BUFFER_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_span) == CARVEOUT_SPAN_SIZE_VER0);

/**
 * carveout_ioctl_reply() - copy the argument back to user space
 * @call: the call
 * @ksize: size of the argument as the kernel knows it
 *
 * Context: May sleep, no lock held.
 * Return: 0 or -EFAULT.
 */
int carveout_ioctl_reply(struct carveout_call *call, size_t ksize)
{
	if (copy_to_user(call->uarg, &call->arg, min(ksize, call->usize)))
		return -EFAULT;
	return 0;
}

/**
 * carveout_ioctl_get() - the buffer behind a descriptor of the caller
 * @call: the call
 * @fd: the descriptor
 *
 * Context: Process context.
 * Return: a dma-buf of this heap, with a reference; or an ERR_PTR: -EBADF if it is
 * no descriptor, -EINVAL if it is not of a buffer of this heap.
 */
struct dma_buf *carveout_ioctl_get(struct carveout_call *call, int fd)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);
	struct carveout_buf *buf;

	if (IS_ERR(dmabuf))
		return dmabuf;
	buf = carveout_dmabuf_buf(dmabuf);
	if (buf && buf->carveout == call->carveout)
		return dmabuf;
	dma_buf_put(dmabuf);
	return ERR_PTR(-EINVAL);
}

/* === What there is ======================================================== */

static u64 largest_hole(const struct carveout_heap *heap)
{
	u64 largest = 0;
	unsigned int i;

	for (i = 0; i < heap->nr_regions; i++)
		largest = max(largest, carveout_region_largest(heap, i));
	return largest;
}

static int ioctl_query(struct carveout_call *call)
{
	struct carveout *carveout = call->carveout;
	const struct carveout_heap *heap = &carveout->heap;
	struct carveout_ioctl_query *q = &call->arg.query;
	unsigned int i;

	memset(q, 0, sizeof(*q));
	strscpy(q->name, carveout->name, sizeof(q->name));
	q->capabilities = CARVEOUT_CAPABILITIES;
	q->page_size = PAGE_SIZE;
	q->max_align = READ_ONCE(carveout->max_align);

	raw_spin_lock_irq(&carveout->lock);
	q->size = heap->size;
	q->used = heap->used;
	q->high_water = heap->high;
	q->largest_hole = round_down(largest_hole(heap), PAGE_SIZE);
	q->regions = carveout_nr_claims(carveout);
	q->spans = heap->nr_used;
	q->holes = heap->nr_holes;
	for (i = 0; i < q->regions; i++)
		q->attrs |= carveout->claim[i]->region->attrs & CARVEOUT_ATTR_MASK;
	raw_spin_unlock_irq(&carveout->lock);
	q->failures_nospc = atomic64_read(&carveout->failures_nospc);
	q->failures_nomem = atomic64_read(&carveout->failures_nomem);

	mutex_lock(&carveout->registry_lock);
	q->buffers = carveout->nr_bufs;
	q->tags = carveout->nr_tags;
	q->changes = carveout->changes;
	mutex_unlock(&carveout->registry_lock);
	carveout_quota_report(carveout, call->open, q);

	return CARVEOUT_REPLY(call, query);
}

static int ioctl_region(struct carveout_call *call)
{
	struct carveout *carveout = call->carveout;
	struct carveout_ioctl_region *r = &call->arg.region;
	unsigned int nr = carveout_nr_claims(carveout);
	const struct carveout_region *region;
	u32 index = r->index;

	if (r->reserved)
		return -EINVAL;
	if (index >= nr)
		return -ENOENT;
	index = array_index_nospec(index, nr);

	memset(r, 0, sizeof(*r));
	r->index = index;
	region = carveout->claim[index]->region;
	raw_spin_lock_irq(&carveout->lock);
	r->attrs = region->attrs & CARVEOUT_ATTR_MASK;
	r->spans = region->nr_used;
	r->holes = region->nr_holes;
	r->size = region->size;
	r->used = region->used;
	r->high_water = region->high;
	r->largest_hole = carveout_region_largest(&carveout->heap, index);
	raw_spin_unlock_irq(&carveout->lock);

	r->largest_hole = round_down(r->largest_hole, PAGE_SIZE);
	strscpy(r->name, carveout->claim[index]->range.name, sizeof(r->name));
	if (carveout_may_see_phys(carveout)) {
		r->base = carveout->claim[index]->range.base;
		r->flags |= CARVEOUT_REGION_BASE;
	}
	return CARVEOUT_REPLY(call, region);
}

static int check_list(const struct carveout_ioctl_list *list, u32 min_size)
{
	if (!list->count || list->count > CARVEOUT_LIST_MAX)
		return -EINVAL;
	if (list->entry_size < min_size || list->entry_size > ENTRY_SIZE_MAX)
		return -EINVAL;
	return 0;
}

/* Copy out entry number @i, cut or padded to the caller's idea of its size. */
static int put_entry(const struct carveout_ioctl_list *list, u32 i,
		     const void *entry, u32 size)
{
	char __user *to = u64_to_user_ptr(list->entries);
	u32 common = min(size, list->entry_size);

	to += (size_t)i * list->entry_size;
	if (copy_to_user(to, entry, common) ||
	    clear_user(to + common, list->entry_size - common))
		return -EFAULT;
	return 0;
}

static int ioctl_list(struct carveout_call *call)
{
	struct carveout_ioctl_list *list = &call->arg.list;
	struct carveout_viewer viewer;
	struct carveout_buffer entry;
	u32 filled = 0;
	int ret;

	ret = check_list(list, CARVEOUT_BUFFER_SIZE_VER0);
	if (ret)
		return ret;

	/* Who begins to list has seen what happened so far. */
	if (!list->cursor)
		WRITE_ONCE(call->open->seen,
			   carveout_registry_changes(call->carveout));
	carveout_viewer_init(&viewer, call->carveout);
	while (filled < list->count) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!carveout_describe_next(call->carveout, &list->cursor,
					    &viewer, &entry))
			break;
		ret = put_entry(list, filled++, &entry, sizeof(entry));
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
		ret = put_entry(list, (*filled)++, &entry, sizeof(entry));
	}
	return ret;
}

static int ioctl_spans(struct carveout_call *call)
{
	struct carveout *carveout = call->carveout;
	struct carveout_ioctl_list *list = &call->arg.list;
	struct carveout_span_info info[16];
	u32 cursor, filled = 0;
	unsigned int n;
	int ret;

	ret = check_list(list, CARVEOUT_SPAN_SIZE_VER0);
	if (ret)
		return ret;
	if (list->cursor > U32_MAX)
		return -EINVAL;

	cursor = list->cursor;
	while (filled < list->count && cursor != CARVEOUT_SPANS_END) {
		if (fatal_signal_pending(current))
			return -EINTR;
		n = min_t(u32, ARRAY_SIZE(info), list->count - filled);
		raw_spin_lock_irq(&carveout->lock);
		n = carveout_heap_spans(&carveout->heap, &cursor, info, n);
		raw_spin_unlock_irq(&carveout->lock);
		ret = put_spans(call, &filled, info, n);
		if (ret)
			return ret;
		cond_resched();
	}
	list->cursor = cursor;
	list->count = filled;
	return CARVEOUT_REPLY(call, list);
}

static int ioctl_info(struct carveout_call *call)
{
	struct carveout_ioctl_info *info = &call->arg.info;
	struct carveout_viewer viewer;
	struct dma_buf *dmabuf;
	int ret;

	if (info->flags)
		return -EINVAL;
	dmabuf = carveout_ioctl_get(call, info->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	carveout_viewer_init(&viewer, call->carveout);
	ret = carveout_describe(carveout_dmabuf_buf(dmabuf), &viewer, &info->buffer);
	dma_buf_put(dmabuf);
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
	COMMAND(ALLOC, carveout_ioctl_alloc, FMODE_READ | FMODE_WRITE),
	COMMAND(OPEN, carveout_ioctl_open, FMODE_READ),
	COMMAND(UNLINK, carveout_ioctl_unlink, FMODE_WRITE),
	COMMAND(LIST, ioctl_list, FMODE_READ),
	COMMAND(SPANS, ioctl_spans, FMODE_READ),
	COMMAND(INFO, ioctl_info, FMODE_READ),
	COMMAND(LINK, carveout_ioctl_link, FMODE_WRITE),
	COMMAND(SETATTR, carveout_ioctl_setattr, FMODE_WRITE),
	COMMAND(SYNC, carveout_ioctl_sync, FMODE_READ),
	COMMAND(RESIZE, carveout_ioctl_resize, FMODE_READ | FMODE_WRITE),
	COMMAND(POOL_CREATE, carveout_ioctl_pool_create, FMODE_READ | FMODE_WRITE),
	COMMAND(POOL_OPEN, carveout_ioctl_pool_open, FMODE_READ | FMODE_WRITE),
};

static const struct carveout_command *find_command(const struct carveout_commands *commands,
						   unsigned int cmd)
{
	unsigned int nr = _IOC_NR(cmd) - commands->first;
	const struct carveout_command *command;

	if (nr >= commands->count)
		return NULL;
	command = &commands->command[array_index_nospec(nr, commands->count)];
	/* All but the size has to agree. */
	if ((cmd ^ command->cmd) & ~(_IOC_SIZEMASK << _IOC_SIZESHIFT))
		return NULL;
	return command;
}

/**
 * carveout_dispatch() - check and do an ioctl
 * @call: the call; its size is filled in
 * @commands: what there is on this kind of file
 * @cmd: the command, with the caller's size of the argument
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENOTTY for an unknown command, -ENODEV once the heap is dead,
 * -EACCES if the file is not open for it, -EINVAL for an argument that is too
 * short, -E2BIG for one that has a non-zero tail which this kernel does not
 * know, -EFAULT; and what <uapi/linux/carveout.h> says of each command.
 */
int carveout_dispatch(struct carveout_call *call, const struct carveout_commands *commands,
		      unsigned int cmd)
{
	const struct carveout_command *command = find_command(commands, cmd);
	int ret;

	if (!command)
		return -ENOTTY;
	if (READ_ONCE(call->carveout->dead))
		return -ENODEV;
	if ((call->mode & command->mode) != command->mode)
		return -EACCES;
	call->usize = _IOC_SIZE(cmd);
	if (call->usize < command->min_size)
		return -EINVAL;
	ret = copy_struct_from_user(&call->arg, _IOC_SIZE(command->cmd),
				    call->uarg, call->usize);
	if (ret)
		return ret;
	return command->call(call);
}

/**
 * carveout_ioctl() - an ioctl on the node of a heap
 * @file: the node's file
 * @cmd: CARVEOUT_IOCTL_*, with the caller's size of the argument
 * @arg: address of the argument in user space
 *
 * Context: Process context, may sleep.
 * Return: as carveout_dispatch().
 */
long carveout_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	static const struct carveout_commands node_commands = {
		.command = commands,
		.count = ARRAY_SIZE(commands),
	};
	struct carveout_open *open = file->private_data;
	struct carveout_call call = {
		.carveout = open->carveout,
		.open = open,
		.mode = file->f_mode,
		.uarg = (void __user *)arg,
	};

	return carveout_dispatch(&call, &node_commands, cmd);
}
