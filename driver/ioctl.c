// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of a heap's node.
 *
 * The argument is copied in once, checked, and from then on only the copy is
 * looked at. No user access happens under a lock. A call that makes a
 * descriptor works in one order: make the buffer, reserve the descriptor, tell
 * user space about both, publish the name, install the descriptor. Each step
 * but the last may fail and is then undone; after the last one nothing is
 * touched any more, because another thread may have closed the descriptor.
 */

#include <linux/capability.h>
#include <linux/compiler.h>
#include <linux/dma-buf.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "carveout_internal.h"
#include "../lib/tag.h"

#define CARVEOUT_CAPABILITIES	(CARVEOUT_CAP_TAGS | CARVEOUT_CAP_PERSIST | \
				 CARVEOUT_CAP_ALIGN | CARVEOUT_CAP_ATTRS | \
				 CARVEOUT_CAP_REGION_MASK | \
				 CARVEOUT_CAP_MAX_ADDR | CARVEOUT_CAP_READ_ONLY)

/* The largest entry of a list that makes sense to anyone. */
#define ENTRY_SIZE_MAX		4096

static_assert(sizeof(struct carveout_ioctl_query) == CARVEOUT_QUERY_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_region) == CARVEOUT_REGION_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_alloc) == CARVEOUT_ALLOC_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_open) == CARVEOUT_OPEN_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_unlink) == CARVEOUT_UNLINK_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_list) == CARVEOUT_LIST_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_info) == CARVEOUT_INFO_SIZE_VER0);
static_assert(sizeof(struct carveout_buffer) == CARVEOUT_BUFFER_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_span) == CARVEOUT_SPAN_SIZE_VER0);

/**
 * struct carveout_call - one ioctl in progress
 * @carveout: the heap
 * @mode: FMODE_* of the node's file
 * @uarg: the argument in user space
 * @usize: its size as the caller knows it
 * @arg: the kernel's copy
 */
struct carveout_call {
	struct carveout *carveout;
	fmode_t mode;
	void __user *uarg;
	size_t usize;
	union {
		struct carveout_ioctl_query query;
		struct carveout_ioctl_region region;
		struct carveout_ioctl_alloc alloc;
		struct carveout_ioctl_open open;
		struct carveout_ioctl_unlink unlink;
		struct carveout_ioctl_list list;
		struct carveout_ioctl_info info;
	} arg;
};

/**
 * struct carveout_command - what the dispatcher knows of an ioctl
 * @cmd: command number with the kernel's size of the argument
 * @min_size: size of the argument's first version
 * @mode: how the node has to be open
 * @call: does it, and replies to user space
 */
struct carveout_command {
	unsigned int cmd;
	unsigned int min_size;
	fmode_t mode;
	int (*call)(struct carveout_call *call);
};

static int reply(struct carveout_call *call, size_t ksize)
{
	if (copy_to_user(call->uarg, &call->arg, min(ksize, call->usize)))
		return -EFAULT;
	return 0;
}

#define REPLY(call, member)	reply(call, sizeof((call)->arg.member))

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
	q->max_align = carveout->max_align;

	raw_spin_lock_irq(&carveout->lock);
	q->size = heap->size;
	q->used = heap->used;
	q->high_water = heap->high;
	q->largest_hole = round_down(largest_hole(heap), PAGE_SIZE);
	q->regions = carveout->nr_claims;
	q->spans = heap->nr_used;
	q->holes = heap->nr_holes;
	for (i = 0; i < carveout->nr_claims; i++)
		q->attrs |= carveout->claim[i]->region->attrs;
	q->failures_nospc = heap->stats.nr_nospc;
	raw_spin_unlock_irq(&carveout->lock);
	q->failures_nomem = atomic64_read(&carveout->failures_nomem);

	mutex_lock(&carveout->registry_lock);
	q->buffers = carveout->nr_bufs;
	q->tags = carveout->nr_tags;
	mutex_unlock(&carveout->registry_lock);

	return REPLY(call, query);
}

static int ioctl_region(struct carveout_call *call)
{
	struct carveout *carveout = call->carveout;
	struct carveout_ioctl_region *r = &call->arg.region;
	const struct carveout_region *region;
	u32 index = r->index;

	if (r->reserved)
		return -EINVAL;
	if (index >= carveout->nr_claims)
		return -ENOENT;
	index = array_index_nospec(index, carveout->nr_claims);

	memset(r, 0, sizeof(*r));
	r->index = index;
	region = carveout->claim[index]->region;
	raw_spin_lock_irq(&carveout->lock);
	r->attrs = region->attrs;
	r->spans = region->nr_used;
	r->holes = region->nr_holes;
	r->size = region->size;
	r->used = region->used;
	r->high_water = region->high;
	r->largest_hole = carveout_region_largest(&carveout->heap, index);
	raw_spin_unlock_irq(&carveout->lock);

	r->largest_hole = round_down(r->largest_hole, PAGE_SIZE);
	strscpy(r->name, carveout->claim[index]->range.name, sizeof(r->name));
	if (capable(CAP_SYS_RAWIO)) {
		r->base = carveout->claim[index]->range.base;
		r->flags |= CARVEOUT_REGION_BASE;
	}
	return REPLY(call, region);
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

	carveout_viewer_init(&viewer);
	while (filled < list->count) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!carveout_registry_list(call->carveout, &list->cursor,
					    &viewer, &entry))
			break;
		ret = put_entry(list, filled++, &entry, sizeof(entry));
		if (ret)
			return ret;
	}
	list->count = filled;
	return REPLY(call, list);
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
	return REPLY(call, list);
}

static int ioctl_info(struct carveout_call *call)
{
	struct carveout_ioctl_info *info = &call->arg.info;
	struct carveout_viewer viewer;
	struct carveout_buf *buf;
	struct dma_buf *dmabuf;
	int ret = -EINVAL;

	if (info->flags)
		return -EINVAL;
	dmabuf = dma_buf_get(info->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	buf = carveout_dmabuf_buf(dmabuf);
	if (buf && buf->carveout == call->carveout) {
		carveout_viewer_init(&viewer);
		carveout_registry_describe(buf, &viewer, &info->buffer);
		ret = REPLY(call, info);
	}
	dma_buf_put(dmabuf);
	return ret;
}

/* === Buffers ============================================================== */

static int check_fd_flags(const struct carveout_call *call, u32 fd_flags)
{
	if (fd_flags & ~(O_ACCMODE | O_CLOEXEC))
		return -EINVAL;
	switch (fd_flags & O_ACCMODE) {
	case O_RDONLY:
		return 0;
	case O_RDWR:
		return call->mode & FMODE_WRITE ? 0 : -EACCES;
	}
	return -EINVAL;
}

/* A label is printable text; it ends inside its field, and zeroes follow. */
static bool label_is_valid(const char *label)
{
	size_t len = strnlen(label, CARVEOUT_NAME_LEN);
	size_t i;

	if (len == CARVEOUT_NAME_LEN)
		return false;
	for (i = 0; i < len; i++)
		if (label[i] < 0x20 || label[i] > 0x7e)
			return false;
	return !memchr_inv(label + len, 0, CARVEOUT_NAME_LEN - len);
}

static int check_tag(const struct carveout_ioctl_alloc *a)
{
	if (a->flags & ~CARVEOUT_ALLOC_FLAGS || a->mode & ~0777)
		return -EINVAL;
	if (a->tag[0])
		return carveout_tag_name_valid(a->tag);
	/* What belongs to a tag makes no sense without one. */
	if (a->flags || a->mode || memchr_inv(a->tag, 0, sizeof(a->tag)))
		return -EINVAL;
	return 0;
}

static int check_alloc(const struct carveout_call *call)
{
	const struct carveout_ioctl_alloc *a = &call->arg.alloc;
	u64 regions = call->carveout->nr_claims;
	int ret;

	if (!a->size || a->size > U64_MAX - PAGE_SIZE + 1 || a->reserved)
		return -EINVAL;
	if (a->align & (a->align - 1) || a->align > call->carveout->max_align)
		return -EINVAL;
	if (regions < 64 && a->regions >> regions)
		return -EINVAL;
	/*
	 * Any limit would tell the physical address to who tries them all; a
	 * power of two, what a device can reach, does not tell much.
	 */
	if (a->max_addr & (a->max_addr - 1) && !capable(CAP_SYS_RAWIO))
		return -EACCES;
	if ((a->require | a->forbid) & ~CARVEOUT_ATTR_MASK ||
	    a->require & a->forbid)
		return -EINVAL;
	ret = check_fd_flags(call, a->fd_flags);
	if (!ret)
		ret = check_tag(a);
	if (!ret && !label_is_valid(a->label))
		ret = -EINVAL;
	return ret;
}

/*
 * Give user space a descriptor of @buf and, if it is @fresh, publish it. The
 * reply is complete but for the descriptor, whose place in it is @fd.
 */
static int hand_out(struct carveout_call *call, struct carveout_buf *buf,
		    bool fresh, u32 fd_flags, s32 *fd, size_t reply_size)
{
	struct dma_buf *dmabuf;
	int ret;

	dmabuf = carveout_dmabuf_create(buf, (fd_flags & O_ACCMODE) == O_RDWR);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	ret = get_unused_fd_flags(fd_flags & O_CLOEXEC);
	if (ret < 0)
		goto put_file;
	*fd = ret;

	ret = reply(call, reply_size);
	if (!ret && fresh)
		ret = carveout_registry_add(buf);
	if (ret)
		goto put_fd;

	fd_install(*fd, dmabuf->file);
	return 0;

put_fd:
	put_unused_fd(*fd);
put_file:
	dma_buf_put(dmabuf);
	return ret;
}

/* Fill in the reply to an allocation and hand the buffer out. */
static int alloc_reply(struct carveout_call *call, struct carveout_buf *buf,
		       bool fresh)
{
	struct carveout_ioctl_alloc *a = &call->arg.alloc;

	a->size = buf->size;
	a->offset = buf->start - buf->claim->range.base;
	a->generation = buf->generation;
	a->region = buf->region;
	a->attrs = carveout_buf_attrs(buf);
	a->created = fresh ? CARVEOUT_ALLOC_CREATED : 0;
	return hand_out(call, buf, fresh, a->fd_flags, &a->fd, sizeof(*a));
}

/* Is an existing buffer what the caller would have made? */
static bool satisfies(const struct carveout_buf *buf,
		      const struct carveout_ioctl_alloc *a)
{
	u32 attrs = carveout_buf_attrs(buf);

	return buf->size >= a->size &&
	       (!a->align || !(buf->start & (a->align - 1))) &&
	       (!a->max_addr || buf->start + buf->size <= a->max_addr) &&
	       (!a->regions || a->regions & BIT_ULL(buf->region)) &&
	       (attrs & a->require) == a->require && !(attrs & a->forbid) &&
	       (buf->tag.persist || !(a->flags & CARVEOUT_ALLOC_PERSIST));
}

static int alloc_existing(struct carveout_call *call)
{
	const struct carveout_ioctl_alloc *a = &call->arg.alloc;
	struct carveout_buf *buf;
	int ret = -EEXIST;

	buf = carveout_registry_open(call->carveout, a->tag,
				     (a->fd_flags & O_ACCMODE) == O_RDWR);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	if (satisfies(buf, a))
		ret = alloc_reply(call, buf, false);
	carveout_buf_put(buf);
	return ret;
}

static int alloc_new(struct carveout_call *call)
{
	const struct carveout_ioctl_alloc *a = &call->arg.alloc;
	struct carveout_buf_spec spec = {
		.req = {
			.size = PAGE_ALIGN(a->size),
			.align = max_t(u64, a->align, PAGE_SIZE),
			.regions = a->regions,
			.max_addr = a->max_addr,
			.require = a->require,
			.forbid = a->forbid,
		},
		.label = a->label,
		.tag = a->tag,
		.mode = a->mode,
		.persist = a->flags & CARVEOUT_ALLOC_PERSIST,
	};
	struct carveout_buf *buf;
	int ret;

	buf = carveout_buf_create(call->carveout, &spec);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = alloc_reply(call, buf, true);
	carveout_buf_put(buf);
	return ret;
}

static int ioctl_alloc(struct carveout_call *call)
{
	const struct carveout_ioctl_alloc request = call->arg.alloc;
	int ret;

	ret = check_alloc(call);
	if (ret)
		return ret;
	if (!(request.flags & CARVEOUT_ALLOC_OPEN)) {
		if (request.tag[0] &&
		    carveout_registry_has(call->carveout, request.tag))
			return -EEXIST;
		return alloc_new(call);
	}

	/* The name may come and go between the two attempts. */
	for (;;) {
		ret = alloc_existing(call);
		if (ret != -ENOENT)
			return ret;
		ret = alloc_new(call);
		if (ret != -EEXIST)
			return ret;
		if (signal_pending(current))
			return -ERESTARTSYS;
		call->arg.alloc = request;
	}
}

static int ioctl_open(struct carveout_call *call)
{
	struct carveout_ioctl_open *o = &call->arg.open;
	struct carveout_buf *buf;
	int ret;

	if (o->flags || o->reserved || carveout_tag_name_valid(o->tag))
		return -EINVAL;
	ret = check_fd_flags(call, o->fd_flags);
	if (ret)
		return ret;

	buf = carveout_registry_open(call->carveout, o->tag,
				     (o->fd_flags & O_ACCMODE) == O_RDWR);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	o->size = buf->size;
	o->offset = buf->start - buf->claim->range.base;
	o->generation = buf->generation;
	o->region = buf->region;
	o->attrs = carveout_buf_attrs(buf);
	ret = hand_out(call, buf, false, o->fd_flags, &o->fd, sizeof(*o));
	carveout_buf_put(buf);
	return ret;
}

static int ioctl_unlink(struct carveout_call *call)
{
	const struct carveout_ioctl_unlink *u = &call->arg.unlink;

	if (u->flags || u->reserved || carveout_tag_name_valid(u->tag))
		return -EINVAL;
	return carveout_registry_unlink(call->carveout, u->tag);
}

/* === Dispatch ============================================================= */

#define COMMAND(NAME, name, need) \
	[_IOC_NR(CARVEOUT_IOCTL_ ## NAME)] = { \
		.cmd = CARVEOUT_IOCTL_ ## NAME, \
		.min_size = CARVEOUT_ ## NAME ## _SIZE_VER0, \
		.mode = need, \
		.call = ioctl_ ## name, \
	}

#define CARVEOUT_SPANS_SIZE_VER0	CARVEOUT_LIST_SIZE_VER0

static const struct carveout_command commands[] = {
	COMMAND(QUERY, query, 0),
	COMMAND(REGION, region, 0),
	COMMAND(ALLOC, alloc, FMODE_READ | FMODE_WRITE),
	COMMAND(OPEN, open, FMODE_READ),
	COMMAND(UNLINK, unlink, FMODE_WRITE),
	COMMAND(LIST, list, FMODE_READ),
	COMMAND(SPANS, spans, FMODE_READ),
	COMMAND(INFO, info, FMODE_READ),
};

static const struct carveout_command *find_command(unsigned int cmd)
{
	unsigned int nr = _IOC_NR(cmd);
	const struct carveout_command *command;

	if (nr >= ARRAY_SIZE(commands))
		return NULL;
	command = &commands[array_index_nospec(nr, ARRAY_SIZE(commands))];
	/* All but the size has to agree. */
	if ((cmd ^ command->cmd) & ~(_IOC_SIZEMASK << _IOC_SIZESHIFT))
		return NULL;
	return command;
}

/**
 * carveout_ioctl() - an ioctl on the node of a heap
 * @file: the node's file
 * @cmd: CARVEOUT_IOCTL_*, with the caller's size of the argument
 * @arg: address of the argument in user space
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENOTTY for an unknown command, -ENODEV once the heap is dead,
 * -EACCES if the node is not open for it, -EINVAL for an argument that is too
 * short, -E2BIG for one that has a non-zero tail which this kernel does not
 * know, -EFAULT; and what <uapi/linux/carveout.h> says of each command.
 */
long carveout_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	const struct carveout_command *command = find_command(cmd);
	struct carveout_call call = {
		.carveout = file->private_data,
		.mode = file->f_mode,
		.uarg = (void __user *)arg,
		.usize = _IOC_SIZE(cmd),
	};
	int ret;

	if (!command)
		return -ENOTTY;
	if (READ_ONCE(call.carveout->dead))
		return -ENODEV;
	if ((call.mode & command->mode) != command->mode)
		return -EACCES;
	if (call.usize < command->min_size)
		return -EINVAL;
	ret = copy_struct_from_user(&call.arg, _IOC_SIZE(command->cmd),
				    call.uarg, call.usize);
	if (ret)
		return ret;
	return command->call(&call);
}
