// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers for other drivers.
 *
 * Ordinary buffers in the same registry, except that root owns them, they are exempt
 * from quotas and no permission checks apply, unless it acts with an owner object.
 */

#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/kref.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/dmabuf.h"
#include "../buf/lookup.h"
#include "../buf/release.h"
#include "../buf/resize.h"
#include "../buf/tags.h"
#include "../mem/deferred.h"
#include "owner.h"
#include "request.h"

/* === Allocating =========================================================== */

/**
 * carveout_req_to_spec() - Convert a driver's request to properties of a buffer
 * @carveout: the heap
 * @req: the request
 * @name: its tag; NULL for none
 * @mode: permission bits of the tag; 0 without one
 * @tag: filled in with the tag, and referenced by @spec
 * @spec: filled in
 *
 * Context: Any context.
 * Return: 0, or -EINVAL if the request is invalid.
 */
int carveout_req_to_spec(const struct carveout *carveout, const struct carveout_req *req,
			 const char *name, umode_t mode,
			 char tag[CARVEOUT_NAME_LEN], struct carveout_buf_spec *spec)
{
	const u32 tag_flags = CARVEOUT_REQ_PERSIST | CARVEOUT_REQ_OPEN;
	int ret;

	memset(tag, 0, CARVEOUT_NAME_LEN);
	if (mode & ~0777 || (!name && (mode || req->flags & tag_flags)) ||
	    (req->flags & CARVEOUT_REQ_NO_CREATE && !(req->flags & CARVEOUT_REQ_OPEN)) ||
	    (req->owner && req->owner->carveout != carveout))
		return -EINVAL;
	ret = name ? carveout_tag_field(name, tag) : 0;
	if (!ret)
		ret = carveout_req_convert(req, &spec->request);
	if (ret)
		return ret;
	spec->request.size = PAGE_ALIGN(spec->request.size);
	spec->request.align = max_t(u64, spec->request.align, PAGE_SIZE);
	spec->label = req->purpose ?: "";
	spec->tag = tag;
	spec->mode = mode;
	spec->persist = req->flags & CARVEOUT_REQ_PERSIST;
	spec->zero = req->flags & CARVEOUT_REQ_ZERO;
	return 0;
}

/**
 * carveout_req_open_or_create() - Open a tagged object as a request says, or create it
 * @req: the request
 * @open: opens it; -ENOENT if there is none
 * @create: creates it; -EEXIST if there is one
 * @arg: argument of both
 *
 * Context: Process context. May sleep.
 * Return: as carveout_open_or_create(); -ENOENT if there is none, and the request does not
 * permit to create one.
 */
int carveout_req_open_or_create(const struct carveout_req *req, int (*open)(void *arg),
				int (*create)(void *arg), void *arg)
{
	if (req->flags & CARVEOUT_REQ_NO_CREATE)
		return open(arg);
	return carveout_open_or_create(req->flags & CARVEOUT_REQ_OPEN, open, create, arg);
}

/* An allocation in progress. */
struct buf_alloc {
	struct carveout *carveout;
	struct carveout_owner *owner;
	struct carveout_buf_spec spec;
	struct carveout_buf *buf;
};

static int open_buf(void *arg)
{
	struct buf_alloc *alloc = arg;
	struct carveout_buf *buf;

	buf = carveout_owner_open(alloc->carveout, alloc->owner, alloc->spec.tag);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	if (!carveout_buf_satisfies(buf, &alloc->spec)) {
		carveout_buf_put_sync(buf);
		return -EEXIST;
	}
	alloc->buf = buf;
	return 0;
}

static int create_buf(void *arg)
{
	struct buf_alloc *alloc = arg;
	struct carveout_buf *buf;
	int ret;

	buf = carveout_owner_buf_create(alloc->carveout, alloc->owner, &alloc->spec);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = carveout_tag_publish(buf);
	if (ret)
		carveout_buf_put_sync(buf);
	else
		alloc->buf = buf;
	return ret;
}

/**
 * carveout_buf_alloc() - Allocate a buffer
 * @carveout: the heap
 * @req: size and constraints
 * @tag: its tag, 1 to 63 of A-Z a-z 0-9 . _ -; NULL for none
 * @mode: permission bits of the tag, which root owns; 0 without one
 *
 * The size is rounded up to whole pages, because a buffer may be shared with processes.
 * The buffer is zero under the conditions of carveout_alloc_req(). With
 * %CARVEOUT_REQ_PERSIST the tag holds the buffer until it is unlinked.
 *
 * With %CARVEOUT_REQ_OPEN an existing buffer with the tag is opened if it is at least as
 * large, placed and of attributes as requested, and persistent if that is requested. It
 * may have any owner and any content; the device tree can reserve tags for root. With
 * %CARVEOUT_REQ_NO_CREATE in addition, no buffer is created.
 *
 * With an owner object, a new buffer is charged to it and belongs to its user, and the mode of
 * an existing one has to permit reading and writing.
 *
 * Context: Process context. May sleep.
 * Return: the buffer, with a reference to be dropped with carveout_buf_put(); or an
 * ERR_PTR: -EEXIST if the tag is taken, with %CARVEOUT_REQ_OPEN by a buffer that does not
 * satisfy the request; with %CARVEOUT_REQ_OPEN also -EBUSY if other callers create and
 * remove the tag all the time, and as carveout_buf_find(), though -ENOENT only with
 * %CARVEOUT_REQ_NO_CREATE; with an owner object -EDQUOT if a quota is exceeded, -EACCES if
 * the mode of the tag or the device tree does not permit it, -EAGAIN while the existing
 * buffer is being resized; -EINVAL if the owner object is one of another heap; further as
 * carveout_alloc_req().
 */
struct carveout_buf *carveout_buf_alloc(struct carveout *carveout,
					const struct carveout_req *req,
					const char *tag, umode_t mode)
{
	struct buf_alloc alloc = { .carveout = carveout, .owner = req->owner };
	char field[CARVEOUT_NAME_LEN];
	int ret;

	ret = carveout_may_alloc() ?:
	      carveout_req_to_spec(carveout, req, tag, mode, field, &alloc.spec) ?:
	      carveout_req_open_or_create(req, open_buf, create_buf, &alloc);
	return ret ? ERR_PTR(ret) : alloc.buf;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_alloc, "CARVEOUT");

/**
 * carveout_buf_resize() - Grow or shrink a buffer, with its content
 * @buf: the buffer; the only reference is the caller's, except for that of a tag
 * @size: new size in bytes, at least 1
 *
 * The buffer stays in place if there is room behind it. Otherwise it moves to a location
 * that satisfies the original request. The tag is kept. Added memory is zero under the
 * conditions of carveout_buf_alloc(); in a heap that does not zero, its content is
 * undefined.
 *
 * Context: Process context. May sleep.
 * Return: the resized buffer, with a reference that replaces the one to @buf; or an
 * ERR_PTR, and @buf is as before: -EBUSY if the buffer has another holder, is a pool, is
 * mapped for a device or is pinned; -EINVAL for an invalid size; -EINTR if the caller
 * is killed while the buffer moves; -EHWPOISON if it has to move and a page of it is
 * poisoned; further as carveout_buf_alloc().
 */
struct carveout_buf *carveout_buf_resize(struct carveout_buf *buf, u64 size)
{
	struct carveout_buf *next;
	int ret;

	ret = carveout_may_alloc();
	if (ret)
		return ERR_PTR(ret);
	if (!size || size > U64_MAX - PAGE_SIZE + 1)
		return ERR_PTR(-EINVAL);
	ret = carveout_resize_begin(buf, NULL, -1);
	if (ret)
		return ERR_PTR(ret);
	next = carveout_resize_prepare(buf, PAGE_ALIGN(size));
	if (IS_ERR(next)) {
		carveout_resize_end(buf);
		return next;
	}
	carveout_resize_commit(buf, next);
	carveout_buf_put_sync(buf);
	return next;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_resize, "CARVEOUT");

/* === Finding ============================================================== */

/**
 * carveout_buf_find() - Find a buffer by its tag
 * @carveout: the heap
 * @tag: the tag
 *
 * The end of a resize is waited for, 10 s at most. Only a fatal signal ends this wait, so
 * a probe does not fail because of a signal.
 *
 * Context: Process context. May sleep. The cost does not depend on the number of tags.
 * Return: the buffer, with a reference; or an ERR_PTR: -ENOENT if the tag does not exist,
 * -EINVAL if it is invalid, -ENODEV after the heap's shutdown, -EBUSY if the buffer is
 * being resized all the time, -EINTR if the caller is killed while waiting.
 */
struct carveout_buf *carveout_buf_find(struct carveout *carveout, const char *tag)
{
	char field[CARVEOUT_NAME_LEN];

	might_sleep();
	if (carveout_tag_field(tag, field))
		return ERR_PTR(-EINVAL);
	return carveout_lookup(carveout, field, CARVEOUT_LOOKUP_KERNEL);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_find, "CARVEOUT");

/**
 * carveout_buf_wait() - Find a buffer by its tag, and wait until the tag exists
 * @carveout: the heap
 * @tag: the tag
 * @deadline: CLOCK_MONOTONIC; KTIME_MAX for none
 *
 * A suspend freezes the waiter. The caller must not hold a lock: tasks that wait for the
 * lock could not be frozen.
 *
 * Context: Process context. May sleep.
 * Return: as carveout_buf_find(), but -ETIMEDOUT instead of -ENOENT and -EBUSY, and
 * -ERESTARTSYS on any signal.
 */
struct carveout_buf *carveout_buf_wait(struct carveout *carveout, const char *tag,
				       ktime_t deadline)
{
	char field[CARVEOUT_NAME_LEN];

	might_sleep();
	if (carveout_tag_field(tag, field))
		return ERR_PTR(-EINVAL);
	return carveout_lookup_wait(carveout, field, CARVEOUT_LOOKUP_KERNEL,
				    max_t(s64, ktime_to_ns(deadline), 0));
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_wait, "CARVEOUT");

/**
 * carveout_buf_from_dmabuf() - Find the buffer of a dma-buf
 * @dmabuf: any dma-buf
 *
 * Context: Any context.
 * Return: the buffer, with a reference; or an ERR_PTR: -EINVAL if the dma-buf is not of a
 * heap, or its buffer was resized; -EAGAIN while the buffer is being resized; -EACCES if
 * the dma-buf is read-only.
 */
struct carveout_buf *carveout_buf_from_dmabuf(struct dma_buf *dmabuf)
{
	struct carveout_buf *buf = carveout_dmabuf_buf(dmabuf);
	enum carveout_buf_state state;

	if (!buf)
		return ERR_PTR(-EINVAL);
	if (!carveout_dmabuf_writable(dmabuf))
		return ERR_PTR(-EACCES);
	__carveout_buf_get(buf);
	/* Pairs with the barrier in try_begin(), driver/buf/resize.c. */
	smp_mb();
	state = READ_ONCE(buf->state);
	if (state == CARVEOUT_BUF_LIVE)
		return buf;
	carveout_buf_put(buf);
	return ERR_PTR(state == CARVEOUT_BUF_REPLACED ? -EINVAL : -EAGAIN);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_from_dmabuf, "CARVEOUT");

/**
 * carveout_buf_get() - Take a reference to a buffer
 * @buf: a buffer that the caller has a reference to
 *
 * Context: Any context.
 * Return: @buf.
 */
struct carveout_buf *carveout_buf_get(struct carveout_buf *buf)
{
	return __carveout_buf_get(buf);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_get, "CARVEOUT");

/* === Tags ================================================================= */

/**
 * carveout_buf_link() - Tag a buffer that was never tagged
 * @buf: the buffer
 * @tag: the tag, 1 to 63 of A-Z a-z 0-9 . _ -
 * @mode: permission bits of the tag; the owner of the buffer owns it, which is root for a
 *	buffer of a driver
 * @flags: CARVEOUT_LINK_REPLACE to take the tag from another buffer, whatever its owner;
 *	CARVEOUT_LINK_PERSIST to let the tag hold the buffer
 *
 * So a buffer can be filled before it can be found, and a tag can be moved to new
 * content in one step: see struct carveout_ioctl_link.
 *
 * Context: Process context. May sleep.
 * Return: 0; -EEXIST if the tag is taken; -EBUSY if the buffer has, or once had, a tag;
 * -EINVAL for an invalid tag, mode or flag; -ENODEV after the heap's shutdown; -ENOMEM.
 */
int carveout_buf_link(struct carveout_buf *buf, const char *tag, umode_t mode, u32 flags)
{
	struct carveout_retry retry = carveout_retry(buf->carveout);
	char field[CARVEOUT_NAME_LEN];
	int ret;

	might_sleep();
	if (mode & ~0777 || flags & ~CARVEOUT_LINK_FLAGS || carveout_tag_field(tag, field))
		return -EINVAL;
	do {
		ret = carveout_tag_link(buf, field, mode, flags, true, 0);
	} while (carveout_retry_drained(&retry, ret == -EEXIST));
	return ret;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_link, "CARVEOUT");

/**
 * carveout_buf_unlink() - Remove the tag of a buffer
 * @buf: the buffer
 *
 * Unlike carveout_unlink() it never removes the tag from another buffer that the tag was
 * moved to.
 *
 * Context: Process context. May sleep.
 * Return: 0; -ENOENT if the buffer has no tag, or its tag was removed.
 */
int carveout_buf_unlink(struct carveout_buf *buf)
{
	might_sleep();
	return carveout_tag_unlink_buf(buf);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_unlink, "CARVEOUT");

/**
 * carveout_unlink() - Remove a tag
 * @carveout: the heap
 * @tag: the tag
 *
 * The tag is free at once; the memory is freed with the last reference to the buffer.
 *
 * Context: Process context. May sleep.
 * Return: 0; -ENOENT if the tag does not exist; -EINVAL if it is invalid; -ENODEV.
 */
int carveout_unlink(struct carveout *carveout, const char *tag)
{
	char field[CARVEOUT_NAME_LEN];

	might_sleep();
	if (carveout_tag_field(tag, field))
		return -EINVAL;
	return carveout_tag_unlink(carveout, field, NULL, true);
}
EXPORT_SYMBOL_NS_GPL(carveout_unlink, "CARVEOUT");

/* === Properties =========================================================== */

/**
 * carveout_buf_va() - Kernel address of a buffer
 * @buf: the buffer
 *
 * Context: Any context.
 * Return: address of its first byte, in a mapping with the attribute of its region; NULL
 * if the CPU must not access it (%CARVEOUT_ATTR_NO_CPU).
 */
void *carveout_buf_va(const struct carveout_buf *buf)
{
	return carveout_claim_va(buf->claim, buf->start);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_va, "CARVEOUT");

/**
 * carveout_buf_phys() - Physical address of a buffer
 * @buf: the buffer
 *
 * Context: Any context.
 * Return: physical address of its first byte; a buffer is contiguous.
 */
phys_addr_t carveout_buf_phys(const struct carveout_buf *buf)
{
	return buf->start;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_phys, "CARVEOUT");

/**
 * carveout_buf_size() - Size of a buffer
 * @buf: the buffer
 *
 * Context: Any context.
 * Return: bytes, whole pages.
 */
u64 carveout_buf_size(const struct carveout_buf *buf)
{
	return buf->size;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_size, "CARVEOUT");

/**
 * carveout_buf_attrs() - Attributes of a buffer's region
 * @buf: the buffer
 *
 * Context: Any context.
 * Return: CARVEOUT_ATTR_* bits.
 */
u32 carveout_buf_attrs(const struct carveout_buf *buf)
{
	return carveout_buf_region_attrs(buf);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_attrs, "CARVEOUT");

/**
 * carveout_buf_generation() - Generation of a buffer
 * @buf: the buffer
 *
 * Context: Any context.
 * Return: the generation, never used again in its heap. A buffer that is tagged later
 * gets a higher one with the tag.
 */
u64 carveout_buf_generation(const struct carveout_buf *buf)
{
	return READ_ONCE(buf->generation);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_generation, "CARVEOUT");

/**
 * carveout_buf_export() - Export a buffer as a dma-buf
 * @buf: the buffer; the dma-buf takes its own reference
 * @write: permit writing through the dma-buf, and importers
 *
 * Context: Process context. May sleep.
 * Return: the dma-buf, to be given to dma_buf_fd() or dma_buf_put(); or an ERR_PTR:
 * -EPERM in a heap that does not zero its memory, because a process could read the
 * content of earlier allocations; -ENOMEM.
 */
struct dma_buf *carveout_buf_export(struct carveout_buf *buf, bool write)
{
	might_sleep();
	if (buf->carveout->nozero)
		return ERR_PTR(-EPERM);
	return carveout_dmabuf_create(buf, write);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_export, "CARVEOUT");
