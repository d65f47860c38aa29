// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls that make, find and name buffers, and maintain caches.
 *
 * A call that makes a descriptor works in one order: make the buffer, reserve
 * the descriptor, tell user space about both, publish the name, install the
 * descriptor. Each step but the last may fail and is then undone; after the last
 * one nothing is touched any more, because another thread may have closed the
 * descriptor.
 */

#include <linux/bitops.h>
#include <linux/capability.h>
#include <linux/dma-buf.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "carveout_internal.h"
#include "ioctl.h"
#include "../lib/tag.h"

static_assert(CARVEOUT_NR_FALLBACK == CARVEOUT_FALLBACKS);

/**
 * carveout_check_fd_flags() - may the caller have such a descriptor?
 * @call: the call
 * @fd_flags: O_RDWR or O_RDONLY, and O_CLOEXEC
 *
 * Context: Any.
 * Return: 0, -EINVAL, or -EACCES if the node is not open for that.
 */
int carveout_check_fd_flags(const struct carveout_call *call, u32 fd_flags)
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
	const u32 tag_flags = CARVEOUT_ALLOC_OPEN | CARVEOUT_ALLOC_PERSIST;

	if (a->mode & ~0777)
		return -EINVAL;
	if (a->tag[0])
		return carveout_tag_name_valid(a->tag);
	/* What belongs to a tag makes no sense without one. */
	if (a->flags & tag_flags || a->mode || memchr_inv(a->tag, 0, sizeof(a->tag)))
		return -EINVAL;
	return 0;
}

static int check_attrs(const struct carveout_ioctl_alloc *a)
{
	u32 i;

	if ((a->require | a->forbid) & ~CARVEOUT_ATTR_MASK ||
	    a->require & a->forbid || a->nr_fallback > CARVEOUT_NR_FALLBACK)
		return -EINVAL;
	for (i = 0; i < CARVEOUT_NR_FALLBACK; i++) {
		if (a->fallback[i] & (~CARVEOUT_ATTR_MASK | a->forbid))
			return -EINVAL;
		if (i >= a->nr_fallback && a->fallback[i])
			return -EINVAL;
	}
	return 0;
}

/* An exact place is one in a region; the other wishes leave the choice open. */
static int check_place(const struct carveout_call *call,
		       const struct carveout_ioctl_alloc *a)
{
	const struct carveout_range *range;

	if (!(a->flags & CARVEOUT_ALLOC_EXACT))
		return a->place ? -EINVAL : 0;
	if (a->flags & CARVEOUT_ALLOC_TOP_DOWN || hweight64(a->regions) != 1)
		return -EINVAL;
	range = &call->carveout->claim[__ffs64(a->regions)]->range;
	if (!PAGE_ALIGNED(a->place) || a->place >= range->size ||
	    PAGE_ALIGN(a->size) > range->size - a->place)
		return -EINVAL;
	if (a->align && (range->base + a->place) & (a->align - 1))
		return -EINVAL;
	return 0;
}

/**
 * carveout_alloc_check() - may the caller ask for such a buffer?
 * @call: the call
 * @a: what is asked for
 *
 * Context: Process context.
 * Return: 0, -EINVAL or -EACCES.
 */
int carveout_alloc_check(const struct carveout_call *call,
			 const struct carveout_ioctl_alloc *a)
{
	u64 regions = carveout_nr_claims(call->carveout);
	int ret;

	if (!a->size || a->size > U64_MAX - PAGE_SIZE + 1 || a->reserved ||
	    a->flags & ~CARVEOUT_ALLOC_FLAGS)
		return -EINVAL;
	if (a->align & (a->align - 1) || a->align > READ_ONCE(call->carveout->max_align))
		return -EINVAL;
	if (regions < 64 && a->regions >> regions)
		return -EINVAL;
	/*
	 * Any limit would tell the physical address to who tries them all; a
	 * power of two, what a device can reach, does not tell much.
	 */
	if (a->max_addr & (a->max_addr - 1) &&
	    !READ_ONCE(call->carveout->expose_phys) && !capable(CAP_SYS_RAWIO))
		return -EACCES;
	ret = check_attrs(a);
	if (!ret)
		ret = check_place(call, a);
	if (!ret)
		ret = carveout_check_fd_flags(call, a->fd_flags);
	if (!ret)
		ret = check_tag(a);
	if (!ret && !label_is_valid(a->label))
		ret = -EINVAL;
	return ret;
}

/**
 * carveout_hand_out() - give user space a descriptor of a file
 * @call: the call; its reply is complete but for the descriptor
 * @file: the file; the caller's reference to it goes, whatever happens
 * @fresh: the buffer that is published by that; NULL for one that others know
 * @fd_flags: O_CLOEXEC or not
 * @fd: place of the descriptor in the reply
 * @reply_size: size of the reply as the kernel knows it
 *
 * Context: Process context, may sleep.
 * Return: 0; -EMFILE; -EFAULT; or as carveout_registry_add().
 */
int carveout_hand_out(struct carveout_call *call, struct file *file,
		      struct carveout_buf *fresh, u32 fd_flags, s32 *fd,
		      size_t reply_size)
{
	int ret;

	ret = get_unused_fd_flags(fd_flags & O_CLOEXEC);
	if (ret < 0)
		goto put_file;
	*fd = ret;

	ret = carveout_ioctl_reply(call, reply_size);
	if (!ret && fresh)
		ret = carveout_registry_add(fresh);
	if (ret)
		goto put_fd;

	fd_install(*fd, file);
	return 0;

put_fd:
	put_unused_fd(*fd);
put_file:
	if (fresh)
		carveout_buf_depopulate(fresh);
	fput(file);
	return ret;
}

static int hand_out_dmabuf(struct carveout_call *call, struct carveout_buf *buf,
			   bool fresh, u32 fd_flags, s32 *fd, size_t reply_size)
{
	struct dma_buf *dmabuf;

	dmabuf = carveout_dmabuf_create(buf, (fd_flags & O_ACCMODE) == O_RDWR);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	return carveout_hand_out(call, dmabuf->file, fresh ? buf : NULL, fd_flags, fd,
				 reply_size);
}

/* Fill in the reply to an allocation and hand the buffer out. */
static int alloc_reply(struct carveout_call *call, struct carveout_buf *buf,
		       bool fresh)
{
	struct carveout_ioctl_alloc *a = &call->arg.alloc;

	a->size = buf->size;
	a->offset = carveout_buf_offset(buf);
	a->generation = buf->generation;
	a->region = buf->region;
	a->attrs = carveout_buf_attrs(buf);
	a->created = fresh ? CARVEOUT_ALLOC_CREATED : 0;
	return hand_out_dmabuf(call, buf, fresh, a->fd_flags, &a->fd, sizeof(*a));
}

/**
 * carveout_open_or_wait() - find a buffer by its name, and perhaps wait for it
 * @call: the call
 * @name: a valid name
 * @write: the caller wants to write
 * @wait: wait for one that is not there
 * @deadline: until when
 *
 * One that is being resized is waited for in any case.
 *
 * Context: Process context, may sleep.
 * Return: the buffer with a reference for the caller, or an ERR_PTR: as
 * carveout_registry_open(), -ETIMEDOUT, or -ERESTARTSYS on a signal.
 */
struct carveout_buf *carveout_open_or_wait(struct carveout_call *call, const char *name,
					   bool write, bool wait, u64 deadline)
{
	struct carveout *carveout = call->carveout;
	struct carveout_buf *buf;
	u64 seen;
	int ret;

	if (!wait)
		deadline = CARVEOUT_DEADLINE_NONE;
	for (;;) {
		seen = carveout_registry_changes(carveout);
		buf = carveout_registry_open(carveout, name, write);
		if (buf != ERR_PTR(-EAGAIN) && !(buf == ERR_PTR(-ENOENT) && wait))
			return buf;
		ret = carveout_registry_wait(carveout, seen, deadline);
		if (ret)
			return ERR_PTR(ret);
	}
}

/**
 * carveout_alloc_spec() - what a new buffer is to be
 * @call: the call
 * @a: what is asked for, checked
 * @spec: what to fill in; it refers to @a
 *
 * Context: Any.
 */
void carveout_alloc_spec(const struct carveout_call *call,
			 const struct carveout_ioctl_alloc *a,
			 struct carveout_buf_spec *spec)
{
	*spec = (struct carveout_buf_spec) {
		.req = {
			.size = PAGE_ALIGN(a->size),
			.align = max_t(u64, a->align, PAGE_SIZE),
			.regions = a->regions,
			.max_addr = a->max_addr,
			.require = a->require,
			.forbid = a->forbid,
			.nr_fallback = a->nr_fallback,
			.top_down = a->flags & CARVEOUT_ALLOC_TOP_DOWN,
			.exact = a->flags & CARVEOUT_ALLOC_EXACT,
		},
		.label = a->label,
		.tag = a->tag,
		.mode = a->mode,
		.persist = a->flags & CARVEOUT_ALLOC_PERSIST,
	};

	memcpy(spec->req.fallback, a->fallback, sizeof(spec->req.fallback));
	if (spec->req.exact)
		spec->req.addr = a->place +
			call->carveout->claim[__ffs64(a->regions)]->range.base;
}

static int open_existing(struct carveout_call *call)
{
	const struct carveout_ioctl_alloc *a = &call->arg.alloc;
	struct carveout_buf_spec spec;
	struct carveout_buf *buf;
	int ret = -EEXIST;

	buf = carveout_open_or_wait(call, a->tag, (a->fd_flags & O_ACCMODE) == O_RDWR,
				    false, 0);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	carveout_alloc_spec(call, a, &spec);
	if (carveout_buf_satisfies(buf, &spec))
		ret = alloc_reply(call, buf, false);
	carveout_buf_put_sync(buf);
	return ret;
}

static int make_new(struct carveout_call *call)
{
	struct carveout_buf_spec spec;
	struct carveout_buf *buf;
	int ret;

	carveout_alloc_spec(call, &call->arg.alloc, &spec);
	buf = carveout_buf_create(call->carveout, call->open, &spec);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = alloc_reply(call, buf, true);
	carveout_buf_put_sync(buf);
	return ret;
}

/**
 * carveout_make_or_open() - make something, or open what has its name
 * @call: the call, with an argument that is checked
 * @tag: the name; an empty one for none
 * @flags: with CARVEOUT_ALLOC_OPEN it may be there
 * @make: makes it, and replies
 * @open: opens it, and replies
 *
 * Context: Process context, may sleep.
 * Return: what @make or @open returns; -EEXIST; -EACCES if the name is kept for
 * somebody else; -ERESTARTSYS.
 */
int carveout_make_or_open(struct carveout_call *call, const char *tag, u32 flags,
			  int (*make)(struct carveout_call *call),
			  int (*open)(struct carveout_call *call))
{
	const union carveout_arg request = call->arg;
	int ret;

	/* The name may come and go between the two attempts. */
	for (;;) {
		ret = -ENOENT;
		if (flags & CARVEOUT_ALLOC_OPEN)
			ret = open(call);
		else if (tag[0] && carveout_registry_taken(call->carveout, tag))
			ret = -EEXIST;
		if (ret != -ENOENT)
			return ret;
		ret = tag[0] ? carveout_registry_may_create(call->carveout, tag) : 0;
		if (ret)
			return ret;
		ret = make(call);
		if (ret != -EEXIST || !(flags & CARVEOUT_ALLOC_OPEN))
			return ret;
		if (signal_pending(current))
			return -ERESTARTSYS;
		call->arg = request;
	}
}

/**
 * carveout_ioctl_alloc() - CARVEOUT_IOCTL_ALLOC
 * @call: the call
 *
 * Context: Process context, may sleep.
 * Return: 0, or what <uapi/linux/carveout.h> says.
 */
int carveout_ioctl_alloc(struct carveout_call *call)
{
	const struct carveout_ioctl_alloc *a = &call->arg.alloc;

	return carveout_alloc_check(call, a) ?:
	       carveout_make_or_open(call, a->tag, a->flags, make_new, open_existing);
}

/**
 * carveout_ioctl_open() - CARVEOUT_IOCTL_OPEN
 * @call: the call
 *
 * Context: Process context, may sleep.
 * Return: 0, or what <uapi/linux/carveout.h> says.
 */
int carveout_ioctl_open(struct carveout_call *call)
{
	struct carveout_ioctl_open *o = &call->arg.open;
	bool wait = o->flags & CARVEOUT_OPEN_WAIT;
	struct carveout_buf *buf;
	int ret;

	if (o->flags & ~CARVEOUT_OPEN_FLAGS || o->reserved ||
	    (o->deadline && !wait) || carveout_tag_name_valid(o->tag))
		return -EINVAL;
	ret = carveout_check_fd_flags(call, o->fd_flags);
	if (ret)
		return ret;

	buf = carveout_open_or_wait(call, o->tag, (o->fd_flags & O_ACCMODE) == O_RDWR,
				    wait, o->deadline);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	o->size = buf->size;
	o->offset = carveout_buf_offset(buf);
	o->generation = buf->generation;
	o->region = buf->region;
	o->attrs = carveout_buf_attrs(buf);
	ret = hand_out_dmabuf(call, buf, false, o->fd_flags, &o->fd, sizeof(*o));
	carveout_buf_put_sync(buf);
	return ret;
}

/* === Names ================================================================ */

/**
 * carveout_ioctl_unlink() - CARVEOUT_IOCTL_UNLINK
 * @call: the call
 *
 * Context: Process context, may sleep.
 * Return: 0, or what <uapi/linux/carveout.h> says.
 */
int carveout_ioctl_unlink(struct carveout_call *call)
{
	const struct carveout_ioctl_unlink *u = &call->arg.unlink;

	if (u->flags || u->reserved || carveout_tag_name_valid(u->tag))
		return -EINVAL;
	return carveout_registry_unlink(call->carveout, u->tag, false);
}

/* Tell the caller the number that the buffer will have, then give it the name. */
static int link_buf(struct carveout_call *call, struct carveout_buf *buf)
{
	struct carveout_ioctl_link *link = &call->arg.link;
	umode_t mode = link->mode & ~current_umask();
	int ret;

	do {
		if (signal_pending(current))
			return -ERESTARTSYS;
		link->generation = atomic64_inc_return(&call->carveout->generation);
		ret = CARVEOUT_REPLY(call, link);
		if (ret)
			return ret;
		/* Somebody else's link may come in between, with a higher number. */
		ret = carveout_registry_link(buf, link->tag, mode, link->flags,
					     link->generation);
	} while (ret == -EAGAIN || (ret == -EEXIST &&
				    !carveout_registry_taken(call->carveout, link->tag)));
	return ret;
}

/**
 * carveout_ioctl_link() - CARVEOUT_IOCTL_LINK
 * @call: the call
 *
 * Context: Process context, may sleep.
 * Return: 0, or what <uapi/linux/carveout.h> says.
 */
int carveout_ioctl_link(struct carveout_call *call)
{
	const struct carveout_ioctl_link *link = &call->arg.link;
	struct dma_buf *dmabuf;
	int ret;

	if (link->flags & ~CARVEOUT_LINK_FLAGS || link->mode & ~0777 ||
	    link->reserved || carveout_tag_name_valid(link->tag))
		return -EINVAL;
	ret = carveout_registry_may_create(call->carveout, link->tag);
	if (ret)
		return ret;
	dmabuf = carveout_ioctl_get(call, link->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = -EACCES;
	if (carveout_dmabuf_writable(dmabuf))
		ret = link_buf(call, carveout_dmabuf_buf(dmabuf));
	dma_buf_put(dmabuf);
	return ret;
}

/**
 * carveout_ioctl_setattr() - CARVEOUT_IOCTL_SETATTR
 * @call: the call
 *
 * Context: Process context, may sleep.
 * Return: 0, or what <uapi/linux/carveout.h> says.
 */
int carveout_ioctl_setattr(struct carveout_call *call)
{
	const struct carveout_ioctl_setattr *attr = &call->arg.setattr;

	if (!attr->flags || attr->flags & ~CARVEOUT_SETATTR_FLAGS ||
	    attr->mode & ~0777 || carveout_tag_name_valid(attr->tag))
		return -EINVAL;
	if ((attr->mode && !(attr->flags & CARVEOUT_SETATTR_MODE)) ||
	    (attr->uid && !(attr->flags & CARVEOUT_SETATTR_UID)) ||
	    (attr->gid && !(attr->flags & CARVEOUT_SETATTR_GID)))
		return -EINVAL;
	return carveout_registry_setattr(call->carveout, attr);
}

/* === Caches =============================================================== */

static int sync_ranges(struct carveout_buf *buf, const struct carveout_sync_range *range,
		       u32 count, u32 flags)
{
	u32 i;

	for (i = 0; i < count; i++)
		if (!range[i].size || range[i].offset > buf->size ||
		    range[i].size > buf->size - range[i].offset)
			return -EINVAL;
	for (i = 0; i < count; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		carveout_mapping_sync(buf, range[i].offset, range[i].size, flags);
	}
	return 0;
}

/**
 * carveout_ioctl_sync() - CARVEOUT_IOCTL_SYNC
 * @call: the call
 *
 * Context: Process context, may sleep.
 * Return: 0, or what <uapi/linux/carveout.h> says.
 */
int carveout_ioctl_sync(struct carveout_call *call)
{
	const struct carveout_ioctl_sync *sync = &call->arg.sync;
	struct carveout_sync_range *ranges;
	struct dma_buf *dmabuf;
	int ret;

	if (!sync->flags || sync->flags & ~CARVEOUT_SYNC_FLAGS || sync->reserved ||
	    !sync->count || sync->count > CARVEOUT_SYNC_MAX)
		return -EINVAL;
	dmabuf = carveout_ioctl_get(call, sync->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ranges = memdup_user(u64_to_user_ptr(sync->ranges),
			     sync->count * sizeof(*ranges));
	ret = PTR_ERR_OR_ZERO(ranges);
	if (!ret) {
		ret = sync_ranges(carveout_dmabuf_buf(dmabuf), ranges, sync->count,
				  sync->flags);
		kfree(ranges);
	}
	dma_buf_put(dmabuf);
	return ret;
}
