// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls that allocate, find and tag buffers, and that maintain caches.
 *
 * A call that returns a descriptor has a fixed order: create the buffer, reserve
 * the descriptor, write the reply to user space, publish the tag, install the
 * descriptor. If a step before the last fails, the earlier ones are undone. After the last
 * step the call only drops references of its own, because another thread may have closed
 * the descriptor.
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

#include "../../lib/tag.h"
#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/dma.h"
#include "../buf/dmabuf.h"
#include "../buf/lookup.h"
#include "../buf/release.h"
#include "../buf/tags.h"
#include "../mem/alloc.h"
#include "../mem/nomap.h"
#include "ioctl.h"

static_assert(CARVEOUT_NR_FALLBACK == CARVEOUT_FALLBACKS);

/* === Checks =============================================================== */

/* A label is printable text that ends inside its field, followed by zeroes. */
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
		return carveout_tag_check(a->tag);
	/* Properties of a tag are invalid without one. */
	if (a->flags & tag_flags || a->mode || memchr_inv(a->tag, 0, sizeof(a->tag)))
		return -EINVAL;
	return 0;
}

static int check_attrs(const struct carveout_ioctl_alloc *a)
{
	u32 i;

	if (!carveout_attrs_valid(a->require, a->forbid, a->fallback, a->nr_fallback))
		return -EINVAL;
	for (i = a->nr_fallback; i < CARVEOUT_NR_FALLBACK; i++)
		if (a->fallback[i])
			return -EINVAL;
	return 0;
}

/* An exact place is an offset in one region, and excludes the other constraints. */
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
 * carveout_alloc_check() - Check a request for a buffer
 * @call: the call
 * @a: the request
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
	 * Probing arbitrary limits would reveal physical addresses; powers of two (a
	 * DMA mask) leak little.
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

/* === Descriptors ========================================================== */

/**
 * carveout_hand_out_dmabuf() - Return a dma-buf descriptor of a buffer to user space
 * @call: the call; its reply is complete except for the descriptor
 * @buf: the buffer; the descriptor has a reference of its own
 * @fresh: publish the buffer
 * @fd_flags: O_RDWR or O_RDONLY, and O_CLOEXEC
 * @fd: the descriptor in the reply
 * @reply_size: size of the reply as the kernel knows it
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 * Return: 0; -ENOMEM; or as carveout_hand_out().
 */
int carveout_hand_out_dmabuf(struct carveout_call *call, struct carveout_buf *buf,
			     bool fresh, u32 fd_flags, s32 *fd, size_t reply_size)
{
	struct dma_buf *dmabuf;

	dmabuf = carveout_dmabuf_create(buf, (fd_flags & O_ACCMODE) == O_RDWR);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	return carveout_hand_out(call, dmabuf->file, fresh ? buf : NULL, fd_flags, fd,
				 reply_size);
}

/* === Allocating and opening =============================================== */

/* Fill in the reply to an allocation and hand the buffer out. */
static int alloc_reply(struct carveout_call *call, struct carveout_buf *buf,
		       bool fresh)
{
	struct carveout_ioctl_alloc *a = &call->arg.alloc;

	a->size = buf->size;
	carveout_fill_place(buf, &a->offset, &a->generation, &a->region, &a->attrs);
	a->created = fresh ? CARVEOUT_ALLOC_CREATED : 0;
	return carveout_hand_out_dmabuf(call, buf, fresh, a->fd_flags, &a->fd, sizeof(*a));
}

/**
 * carveout_alloc_spec() - Convert a request to properties of a buffer
 * @call: the call
 * @a: the request, checked
 * @spec: filled in; it refers to @a
 *
 * Context: Any context.
 */
void carveout_alloc_spec(const struct carveout_call *call,
			 const struct carveout_ioctl_alloc *a,
			 struct carveout_buf_spec *spec)
{
	*spec = (struct carveout_buf_spec) {
		.request = {
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

	memcpy(spec->request.fallback, a->fallback, sizeof(spec->request.fallback));
	if (spec->request.exact)
		spec->request.addr = a->place +
			call->carveout->claim[__ffs64(a->regions)]->range.base;
}

static int open_buf(struct carveout_call *call)
{
	const struct carveout_ioctl_alloc *a = &call->arg.alloc;
	struct carveout_buf_spec spec;
	struct carveout_buf *buf;
	int ret = -EEXIST;

	buf = carveout_call_lookup(call, a->tag, carveout_fd_access(a->fd_flags), false, 0);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	carveout_alloc_spec(call, a, &spec);
	if (carveout_buf_satisfies(buf, &spec))
		ret = alloc_reply(call, buf, false);
	carveout_buf_put_sync(buf);
	return ret;
}

static int create_buf(struct carveout_call *call)
{
	struct carveout_buf_spec spec;
	struct carveout_buf *buf;
	int ret;

	carveout_alloc_spec(call, &call->arg.alloc, &spec);
	buf = carveout_buf_create(call->carveout, call->account, &spec);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = alloc_reply(call, buf, true);
	carveout_buf_put_sync(buf);
	return ret;
}

/**
 * carveout_call_lookup() - Find a buffer by its tag
 * @call: the call
 * @tag: a valid tag
 * @access: access that the caller needs
 * @wait: wait until the tag exists
 * @deadline: until when, in the caller's time namespace
 *
 * Context: Process context. May sleep.
 * Return: as carveout_lookup_wait() with @wait, else as carveout_lookup(); -EAGAIN
 * instead of a wait if the file is open with O_NONBLOCK.
 */
struct carveout_buf *carveout_call_lookup(struct carveout_call *call, const char *tag,
					  enum carveout_lookup_access access, bool wait,
					  u64 deadline)
{
	struct carveout_buf *buf;

	if (call->nonblock) {
		buf = carveout_lookup_nowait(call->carveout, tag, access);
		return wait && buf == ERR_PTR(-ENOENT) ? ERR_PTR(-EAGAIN) : buf;
	}
	if (wait)
		return carveout_lookup_wait(call->carveout, tag, access,
					    carveout_host_deadline(deadline));
	return carveout_lookup(call->carveout, tag, access);
}

/* An allocation in progress. Each attempt overwrites the argument of the call. */
struct alloc_attempt {
	struct carveout_call *call;
	const union carveout_arg request;
	const char *tag;
	int (*open)(struct carveout_call *call);
	int (*create)(struct carveout_call *call);
};

static int attempt_open(void *arg)
{
	struct alloc_attempt *attempt = arg;

	attempt->call->arg = attempt->request;
	return attempt->open(attempt->call);
}

/* Wait for the end of a hibernation, as if the process were still frozen. */
static int create(struct alloc_attempt *attempt)
{
	int ret;

	do {
		attempt->call->arg = attempt->request;
		ret = attempt->create(attempt->call);
		if (ret != -EBUSY)
			return ret;
		ret = attempt->call->nonblock ? -EAGAIN : carveout_nomap_wait();
	} while (!ret);
	return ret;
}

static int attempt_create(void *arg)
{
	struct alloc_attempt *attempt = arg;
	int ret;

	ret = attempt->tag[0] ?
	      carveout_tag_may_create(attempt->call->carveout, attempt->tag) : 0;
	if (ret)
		return ret;
	return create(attempt);
}

/**
 * carveout_alloc_or_open() - Create a tagged object, or open it
 * @call: the call, with a checked argument
 * @tag: its tag, in the argument of the call; an empty one for none
 * @flags: with CARVEOUT_ALLOC_OPEN an existing object is acceptable
 * @create: creates it, and replies
 * @open: opens it, and replies
 *
 * Context: Process context. May sleep.
 * Return: the result of @create or @open; -EEXIST; -EACCES if the tag is reserved for
 * another user; further as carveout_open_or_create().
 */
int carveout_alloc_or_open(struct carveout_call *call, const char *tag, u32 flags,
			   int (*create)(struct carveout_call *call),
			   int (*open)(struct carveout_call *call))
{
	struct alloc_attempt attempt = {
		.call = call,
		.request = call->arg,
		.tag = tag,
		.open = open,
		.create = create,
	};
	bool may_open = flags & CARVEOUT_ALLOC_OPEN;

	/* Fail early: the attempt to create would allocate memory first. */
	if (!may_open && tag[0] && carveout_tag_taken(call->carveout, tag))
		return -EEXIST;
	return carveout_open_or_create(may_open, attempt_open, attempt_create, &attempt);
}

/**
 * carveout_do_alloc() - Handle CARVEOUT_IOCTL_ALLOC
 * @call: the call
 *
 * Context: Process context. May sleep.
 * Return: 0, or an error as in <uapi/linux/carveout.h>.
 */
int carveout_do_alloc(struct carveout_call *call)
{
	const struct carveout_ioctl_alloc *a = &call->arg.alloc;

	return carveout_alloc_check(call, a) ?:
	       carveout_alloc_or_open(call, a->tag, a->flags, create_buf, open_buf);
}

/**
 * carveout_do_open() - Handle CARVEOUT_IOCTL_OPEN
 * @call: the call
 *
 * Context: Process context. May sleep.
 * Return: 0, or an error as in <uapi/linux/carveout.h>.
 */
int carveout_do_open(struct carveout_call *call)
{
	struct carveout_ioctl_open *o = &call->arg.open;
	bool wait = o->flags & CARVEOUT_OPEN_WAIT;
	struct carveout_buf *buf;
	int ret;

	if (o->flags & ~CARVEOUT_OPEN_FLAGS || o->reserved ||
	    (o->deadline && !wait) || carveout_tag_check(o->tag))
		return -EINVAL;
	ret = carveout_check_fd_flags(call, o->fd_flags);
	if (ret)
		return ret;

	buf = carveout_call_lookup(call, o->tag, carveout_fd_access(o->fd_flags), wait,
				   o->deadline);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	o->size = buf->size;
	carveout_fill_place(buf, &o->offset, &o->generation, &o->region, &o->attrs);
	ret = carveout_hand_out_dmabuf(call, buf, false, o->fd_flags, &o->fd, sizeof(*o));
	carveout_buf_put_sync(buf);
	return ret;
}

/* === Tags ================================================================= */

/**
 * carveout_do_unlink() - Handle CARVEOUT_IOCTL_UNLINK
 * @call: the call
 *
 * Context: Process context. May sleep.
 * Return: 0, or an error as in <uapi/linux/carveout.h>.
 */
int carveout_do_unlink(struct carveout_call *call)
{
	const struct carveout_ioctl_unlink *u = &call->arg.unlink;

	if (u->flags || u->reserved || carveout_tag_check(u->tag))
		return -EINVAL;
	return carveout_tag_unlink(call->carveout, u->tag, NULL, false);
}

/* Report the generation to the caller, then tag the buffer. */
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
		/* A concurrent link may take a higher generation and the tag first. */
		ret = carveout_tag_link(buf, link->tag, mode, link->flags, false,
					link->generation);
	} while (ret == -EAGAIN || (ret == -EEXIST &&
				    !carveout_tag_taken(call->carveout, link->tag)));
	return ret;
}

/**
 * carveout_do_link() - Handle CARVEOUT_IOCTL_LINK
 * @call: the call
 *
 * Context: Process context. May sleep.
 * Return: 0, or an error as in <uapi/linux/carveout.h>.
 */
int carveout_do_link(struct carveout_call *call)
{
	const struct carveout_ioctl_link *link = &call->arg.link;
	struct dma_buf *dmabuf;
	int ret;

	if (link->flags & ~CARVEOUT_LINK_FLAGS || link->mode & ~0777 ||
	    link->reserved || carveout_tag_check(link->tag))
		return -EINVAL;
	ret = carveout_tag_may_create(call->carveout, link->tag);
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
 * carveout_do_setattr() - Handle CARVEOUT_IOCTL_SETATTR
 * @call: the call
 *
 * Context: Process context. May sleep.
 * Return: 0, or an error as in <uapi/linux/carveout.h>.
 */
int carveout_do_setattr(struct carveout_call *call)
{
	const struct carveout_ioctl_setattr *attr = &call->arg.setattr;

	if (!attr->flags || attr->flags & ~CARVEOUT_SETATTR_FLAGS ||
	    attr->mode & ~0777 || carveout_tag_check(attr->tag))
		return -EINVAL;
	if ((attr->mode && !(attr->flags & CARVEOUT_SETATTR_MODE)) ||
	    (attr->uid && !(attr->flags & CARVEOUT_SETATTR_UID)) ||
	    (attr->gid && !(attr->flags & CARVEOUT_SETATTR_GID)))
		return -EINVAL;
	return carveout_tag_setattr(call->carveout, attr);
}

/* === Caches =============================================================== */

static int sync_ranges(struct carveout_buf *buf, const struct carveout_sync_range *range,
		       u32 count, u32 flags)
{
	u32 i;

	if (!carveout_claim_has_va(buf->claim))
		return -EOPNOTSUPP;
	for (i = 0; i < count; i++)
		if (!range[i].size || range[i].offset > buf->size ||
		    range[i].size > buf->size - range[i].offset)
			return -EINVAL;
	for (i = 0; i < count; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		carveout_buf_sync_caches(buf, range[i].offset, range[i].size, flags);
	}
	return 0;
}

/**
 * carveout_do_sync() - Handle CARVEOUT_IOCTL_SYNC
 * @call: the call
 *
 * Context: Process context. May sleep.
 * Return: 0, or an error as in <uapi/linux/carveout.h>.
 */
int carveout_do_sync(struct carveout_call *call)
{
	const struct carveout_ioctl_sync *sync = &call->arg.sync;
	struct carveout_sync_range *ranges;
	struct dma_buf *dmabuf;
	u32 flags = sync->flags;
	int ret;

	if (!sync->flags || sync->flags & ~CARVEOUT_SYNC_FLAGS || sync->reserved ||
	    !sync->count || sync->count > CARVEOUT_SYNC_MAX)
		return -EINVAL;
	dmabuf = carveout_ioctl_get(call, sync->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	/* A reader announces no stores, and must not undo those of others. */
	if (!carveout_dmabuf_writable(dmabuf))
		flags = (flags & ~CARVEOUT_SYNC_FOR_DEVICE) | CARVEOUT_SYNC_MERGE;
	ranges = memdup_user(u64_to_user_ptr(sync->ranges),
			     sync->count * sizeof(*ranges));
	ret = PTR_ERR_OR_ZERO(ranges);
	if (!ret) {
		ret = sync_ranges(carveout_dmabuf_buf(dmabuf), ranges, sync->count, flags);
		kfree(ranges);
	}
	dma_buf_put(dmabuf);
	return ret;
}
