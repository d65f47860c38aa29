// SPDX-License-Identifier: GPL-2.0
/*
 * Resizing a buffer.
 *
 * The size of a dma-buf is for ever. So a buffer that is resized becomes another
 * one, with a file of its own, that takes over content and name; the old one can
 * only be closed. It is in the same place where that can be, else it is a copy.
 *
 * In the same place the two share memory. The old one holds the new one, and
 * cuts off what is too much when it goes itself: whatever still reaches the old
 * file, the memory behind it is not given to anybody else. That also keeps the
 * new one from being resized meanwhile, for somebody has a reference to it.
 *
 * Nobody else may use the buffer meanwhile. It is marked, then its users are
 * counted; who opens it later sees the mark, who did before is counted. The
 * caller's own threads can still map it: what they write then may be lost.
 */

#include <linux/dma-buf.h>
#include <linux/export.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/kref.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/preempt.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "carveout_internal.h"
#include "ioctl.h"

/* Whose reply goes away so often while it is written does that on purpose. */
#define MAX_TRIES	16

static void set_state(struct carveout_buf *buf, enum carveout_buf_state state)
{
	lockdep_assert_held(&buf->carveout->registry_lock);
	WRITE_ONCE(buf->state, state);
	/* Some wait to open it. */
	if (state != CARVEOUT_BUF_SEIZED)
		carveout_registry_notify(buf->carveout);
}

/* References to a buffer that only the caller has open. */
static unsigned int lone_references(const struct carveout_buf *buf)
{
	return 1 + (buf->tag.linked && buf->tag.persist);
}

static int try_seize(struct carveout_buf *buf, const struct dma_buf *dmabuf, int fd)
{
	struct carveout *carveout = buf->carveout;
	int ret = 0;

	mutex_lock(&carveout->registry_lock);
	if (carveout->dead) {
		ret = -ENODEV;
	} else if (dmabuf && !carveout_tag_owned(&buf->tag)) {
		ret = -EACCES;
	} else if (buf->state != CARVEOUT_BUF_LIVE || buf->pool) {
		ret = -EBUSY;
	} else {
		set_state(buf, CARVEOUT_BUF_SEIZED);
		/*
		 * Pairs with the barriers in unless_seized(), driver/registry.c, and
		 * carveout_buf_from_dmabuf().
		 */
		smp_mb();
		if (kref_read(&buf->ref) != lone_references(buf) ||
		    (dmabuf && !carveout_dmabuf_alone(dmabuf, fd))) {
			set_state(buf, CARVEOUT_BUF_LIVE);
			ret = -EBUSY;
		}
	}
	mutex_unlock(&carveout->registry_lock);
	return ret;
}

/* Whoever asks has one reference: his own, or that of the file @dmabuf of his @fd. */
static int seize(struct carveout_buf *buf, const struct dma_buf *dmabuf, int fd)
{
	bool busy = carveout_deferred_busy(buf->carveout);
	int ret = try_seize(buf, dmabuf, fd);

	/* A reference that a driver dropped in an interrupt may be there yet. */
	if (ret == -EBUSY && busy) {
		carveout_flush(buf->carveout);
		ret = try_seize(buf, dmabuf, fd);
	}
	return ret;
}

static void unseize(struct carveout_buf *buf)
{
	mutex_lock(&buf->carveout->registry_lock);
	set_state(buf, CARVEOUT_BUF_LIVE);
	mutex_unlock(&buf->carveout->registry_lock);
}

/* === Memory =============================================================== */

static bool fits_limit(const struct carveout_buf *buf, u64 size)
{
	u64 limit = buf->req.max_addr;

	return !limit || (buf->start < limit && size <= limit - buf->start);
}

/* Make the span long enough for both. Nothing that is too much goes yet. */
static int stretch(struct carveout_buf *buf, u64 size)
{
	int ret;

	if (size <= buf->size)
		return 0;
	if (!fits_limit(buf, size) || size > buf->carveout->heap.size)
		return -ENOSPC;
	ret = carveout_quota_charge(buf->carveout, buf->open, buf->payer,
				    size - buf->size);
	if (ret)
		return ret;
	ret = carveout_span_resize(buf->carveout, buf->handle, size);
	if (ret)
		carveout_quota_uncharge(buf->carveout, buf->open, buf->payer,
					size - buf->size);
	return ret;
}

/* Undo stretch(). What was added is as clean as it came. */
static void unstretch(struct carveout_buf *buf, u64 size)
{
	if (size <= buf->size)
		return;
	/* If there is no memory for that, the rest goes when the buffer goes. */
	if (carveout_span_resize(buf->carveout, buf->handle, buf->size))
		buf->charged += size - buf->size;
	else
		carveout_quota_uncharge(buf->carveout, buf->open, buf->payer,
					size - buf->size);
}

static int move(struct carveout_buf *buf, struct carveout_buf *next)
{
	int ret;

	if (buf->req.exact)
		return -ENOSPC;
	ret = carveout_buf_populate(next);
	if (ret)
		return ret;
	/* What a partner wrote behind the caches is the content. */
	if (!buf->carveout->coherent)
		carveout_claim_flush(buf->claim, buf->start, buf->size);
	ret = carveout_claim_copy(next->claim, next->start, buf->claim, buf->start,
				  min(buf->size, next->size));
	if (!ret && !next->carveout->coherent)
		carveout_claim_flush(next->claim, next->start, next->size);
	return ret;
}

/*
 * Find memory for @next. If it stays empty it is to have that of @buf, which has
 * become long enough.
 */
static int find_memory(struct carveout_buf *buf, struct carveout_buf *next)
{
	int ret = stretch(buf, next->req.size);

	if (ret == -ENOSPC)
		return move(buf, next);
	if (ret)
		return ret;
	next->claim = buf->claim;
	next->handle = buf->handle;
	next->start = buf->start;
	next->size = next->req.size;
	next->region = buf->region;
	return 0;
}

/* === Taking over ========================================================== */

/* @next takes over memory, and its share of what is paid. */
static void inherit_memory(struct carveout_buf *buf, struct carveout_buf *next)
{
	u64 added = next->size > buf->size ? next->size - buf->size : 0;

	next->charged = next->size;
	buf->charged = buf->charged + added - next->charged;
	next->empty = false;
	buf->empty = true;
	buf->next = carveout_buf_get(next);
}

/* From here on @next is the buffer, under the name if there is one. */
static void succeed(struct carveout_buf *buf, struct carveout_buf *next)
{
	struct carveout *carveout = buf->carveout;
	bool put = false;

	mutex_lock(&carveout->registry_lock);
	if (next->empty)
		inherit_memory(buf, next);
	strscpy(next->tag.name, buf->tag.name, sizeof(next->tag.name));
	next->tag.persist = buf->tag.persist;
	next->tag.uid = buf->tag.uid;
	next->tag.gid = buf->tag.gid;
	next->tag.mode = buf->tag.mode;
	xa_store(&carveout->bufs, next->id, next, GFP_NOWAIT);
	xa_erase(&carveout->bufs, buf->id);
	if (buf->tag.linked) {
		put = buf->tag.persist;
		carveout_registry_replace(buf, next);
	}
	set_state(buf, CARVEOUT_BUF_GONE);
	mutex_unlock(&carveout->registry_lock);
	if (put)
		carveout_buf_put_sync(buf);
}

/*
 * The reply, and a file and a descriptor for @next. Returns the descriptor. The file
 * is made last: one that is dropped goes only when the call has ended, and keeps
 * the memory of @next until then.
 */
static int prepare(struct carveout_call *call, struct carveout_buf *next,
		   struct dma_buf **dmabuf)
{
	struct carveout_ioctl_resize *r = &call->arg.resize;
	int fd, ret;

	fd = get_unused_fd_flags(r->fd_flags & O_CLOEXEC);
	if (fd < 0)
		return fd;
	r->size = next->size;
	r->offset = carveout_buf_offset(next);
	r->generation = next->generation;
	r->region = next->region;
	r->attrs = carveout_buf_attrs(next);
	r->new_fd = fd;
	/*
	 * The memory of the reply was there a moment ago. To wait for it now would
	 * keep everybody waiting who wants to open the buffer.
	 */
	pagefault_disable();
	ret = CARVEOUT_REPLY(call, resize);
	pagefault_enable();
	if (ret) {
		ret = -EAGAIN;
		goto put_fd;
	}
	*dmabuf = carveout_dmabuf_create(next, (r->fd_flags & O_ACCMODE) == O_RDWR);
	if (!IS_ERR(*dmabuf))
		return fd;
	ret = PTR_ERR(*dmabuf);
put_fd:
	put_unused_fd(fd);
	return ret;
}

/* Resize a buffer that is seized. */
static int resize(struct carveout_call *call, struct carveout_buf *buf, u64 size)
{
	struct carveout_buf *next = carveout_buf_clone(buf);
	struct dma_buf *dmabuf;
	int fd, ret;

	if (IS_ERR(next))
		return PTR_ERR(next);
	next->req.size = size;
	ret = find_memory(buf, next);
	if (ret)
		goto put_next;
	fd = prepare(call, next, &dmabuf);
	if (fd < 0) {
		ret = fd;
		if (next->empty)
			unstretch(buf, size);
		goto put_next;
	}
	succeed(buf, next);
	fd_install(fd, dmabuf->file);
put_next:
	carveout_buf_put_sync(next);
	return ret;
}

static int try_resize(struct carveout_call *call, struct dma_buf *dmabuf)
{
	struct carveout_buf *buf = carveout_dmabuf_buf(dmabuf);
	int ret;

	ret = seize(buf, dmabuf, call->arg.resize.fd);
	if (ret)
		return ret;
	ret = -EBUSY;
	if (!carveout_buf_pinned(buf))
		ret = resize(call, buf, PAGE_ALIGN(call->arg.resize.size));
	if (ret)
		unseize(buf);
	return ret;
}

/**
 * carveout_ioctl_resize() - CARVEOUT_IOCTL_RESIZE
 * @call: the call
 *
 * Context: Process context, may sleep.
 * Return: 0, or what <uapi/linux/carveout.h> says.
 */
int carveout_ioctl_resize(struct carveout_call *call)
{
	struct carveout_ioctl_resize *r = &call->arg.resize;
	const struct carveout_ioctl_resize request = *r;
	struct dma_buf *dmabuf;
	unsigned int tries;
	int ret;

	if (r->flags || !r->size || r->size > U64_MAX - PAGE_SIZE + 1)
		return -EINVAL;
	ret = carveout_check_fd_flags(call, r->fd_flags);
	if (ret)
		return ret;
	dmabuf = carveout_ioctl_get(call, r->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = carveout_dmabuf_writable(dmabuf) ? -EAGAIN : -EACCES;
	for (tries = 0; ret == -EAGAIN; tries++) {
		*r = request;
		if (signal_pending(current))
			ret = -ERESTARTSYS;
		else if (tries == MAX_TRIES ||
			 fault_in_safe_writeable(call->uarg, call->usize))
			ret = -EFAULT;
		else
			ret = try_resize(call, dmabuf);
	}
	dma_buf_put(dmabuf);
	return ret;
}

/* Resize a driver's buffer that is seized. */
static struct carveout_buf *resize_kernel(struct carveout_buf *buf, u64 size)
{
	struct carveout_buf *next;
	int ret;

	if (carveout_buf_pinned(buf))
		return ERR_PTR(-EBUSY);
	next = carveout_buf_clone(buf);
	if (IS_ERR(next))
		return next;
	next->req.size = size;
	ret = find_memory(buf, next);
	if (ret) {
		carveout_buf_put_sync(next);
		return ERR_PTR(ret);
	}
	succeed(buf, next);
	return next;
}

/**
 * carveout_buf_resize() - make a buffer longer or shorter, with its content
 * @buf: the buffer; the caller's is the only reference, but for that of a tag
 * @size: new size in bytes, at least 1
 *
 * It stays where it is if there is room behind it. Otherwise it moves to a place that
 * the request it was allocated with allows. The tag goes with it. What is added is zero
 * as after carveout_buf_alloc(); in a heap that is not zeroed it is as it comes.
 *
 * Context: May sleep.
 * Return: the buffer as it is now, to which the caller has a reference instead of that
 * to @buf; or an ERR_PTR, and @buf is as before: -EBUSY if somebody else has it, or it
 * is a pool, mapped for a device or pinned; -EINVAL for a bad size; -EINTR if the caller
 * is killed while it moves; further as carveout_buf_alloc().
 */
struct carveout_buf *carveout_buf_resize(struct carveout_buf *buf, u64 size)
{
	struct carveout_buf *next;
	int ret;

	if (!in_task())
		return ERR_PTR(-EWOULDBLOCK);
	might_sleep();
	if (!size || size > U64_MAX - PAGE_SIZE + 1)
		return ERR_PTR(-EINVAL);
	ret = seize(buf, NULL, -1);
	if (ret)
		return ERR_PTR(ret);
	next = resize_kernel(buf, PAGE_ALIGN(size));
	if (IS_ERR(next))
		unseize(buf);
	else
		carveout_buf_put_sync(buf);
	return next;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_resize, "CARVEOUT");
