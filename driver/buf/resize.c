// SPDX-License-Identifier: GPL-2.0
/*
 * Resizing of buffers.
 *
 * The size of a dma-buf never changes. So a buffer that is resized is replaced by a new
 * buffer, with a file of its own, that takes over content and tag; the file of the old
 * one can only be closed. The new buffer is in the same place if possible, else it is a
 * copy.
 *
 * In the same place the two buffers share memory. The old one holds a reference to the
 * new one, and frees the excess at its own end: as long as the old file is reachable,
 * the memory behind it is not reallocated. That reference also keeps the new buffer from
 * being resized meanwhile.
 *
 * No other user may exist during a resize. The buffer is marked, then its references are
 * counted: a later user sees the mark, an earlier one is counted. Other threads of the
 * caller can still map it: their stores during the resize may be lost.
 */

#include <linux/err.h>
#include <linux/kref.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "../carveout_internal.h"
#include "../mem/alloc.h"
#include "../mem/deferred.h"
#include "../mem/quota.h"
#include "buffer.h"
#include "dmabuf.h"
#include "registry.h"
#include "release.h"
#include "resize.h"
#include "tags.h"

static void set_state(struct carveout_buf *buf, enum carveout_buf_state state)
{
	lockdep_assert_held(&buf->carveout->registry_lock);
	WRITE_ONCE(buf->state, state);
	/* Look-ups wait for the end of a resize. */
	if (state != CARVEOUT_BUF_RESIZING)
		carveout_registry_notify(buf->carveout, buf->tag.name);
}

/* The references to a buffer that only the caller uses. */
static unsigned int lone_references(const struct carveout_buf *buf)
{
	return 1 + (buf->tag.linked && buf->tag.persist);
}

static int try_begin(struct carveout_buf *buf, const struct dma_buf *dmabuf, int fd)
{
	struct carveout *carveout = buf->carveout;
	int ret = 0;

	mutex_lock(&carveout->registry_lock);
	if (carveout->shutdown) {
		ret = -ENODEV;
	} else if (dmabuf && !carveout_tag_owned(&buf->tag)) {
		ret = -EACCES;
	} else if (buf->state != CARVEOUT_BUF_LIVE || buf->pool) {
		ret = -EBUSY;
	} else {
		set_state(buf, CARVEOUT_BUF_RESIZING);
		/*
		 * Pairs with the barriers in unless_resizing(), driver/buf/lookup.c, and
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

/**
 * carveout_resize_begin() - Mark a buffer as being resized
 * @buf: the buffer; the caller has one reference, its own or that of @dmabuf
 * @dmabuf: file of the buffer, for a process; NULL for a driver
 * @fd: descriptor of the caller, with @dmabuf
 *
 * A reference that a driver dropped in atomic context may be pending: deferred frees
 * are drained once before the buffer is reported as busy.
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 * Return: 0; -EBUSY if the buffer has another user or is a pool; -EACCES unless the
 * process owns it or has CAP_FOWNER; -ENODEV after the heap's shutdown.
 */
int carveout_resize_begin(struct carveout_buf *buf, const struct dma_buf *dmabuf, int fd)
{
	struct carveout_retry retry = carveout_retry(buf->carveout);
	int ret;

	do {
		ret = try_begin(buf, dmabuf, fd);
	} while (carveout_retry_drained(&retry, ret == -EBUSY));
	return ret;
}

/**
 * carveout_resize_end() - Make a buffer usable again whose resize failed
 * @buf: a buffer from carveout_resize_begin()
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 */
void carveout_resize_end(struct carveout_buf *buf)
{
	mutex_lock(&buf->carveout->registry_lock);
	set_state(buf, CARVEOUT_BUF_LIVE);
	mutex_unlock(&buf->carveout->registry_lock);
}

/* === Memory =============================================================== */

static bool fits_limit(const struct carveout_buf *buf, u64 size)
{
	u64 limit = buf->request.max_addr;

	return !limit || (buf->start < limit && size <= limit - buf->start);
}

/* Make the span long enough for both buffers. Excess memory is freed later. */
static int stretch(struct carveout_buf *buf, u64 size)
{
	int ret;

	if (size <= buf->size)
		return 0;
	if (!fits_limit(buf, size) || size > buf->carveout->heap.size)
		return -ENOSPC;
	ret = carveout_quota_charge(buf->carveout, buf->account, buf->charged_uid,
				    size - buf->size, 0);
	if (ret)
		return ret;
	ret = carveout_span_resize(buf->carveout, buf->handle, size);
	if (ret)
		carveout_quota_uncharge(buf->carveout, buf->account, buf->charged_uid,
					size - buf->size, 0);
	return ret;
}

/*
 * Undo stretch(). The added memory is unused, so it needs no scrubbing. @dmem: its charge
 * to a cgroup.
 */
static void unstretch(struct carveout_buf *buf, u64 size, struct carveout_dmem *dmem)
{
	if (size <= buf->size)
		return;
	/* Without memory for the metadata the tail is freed with the buffer. */
	if (carveout_span_resize(buf->carveout, buf->handle, buf->size)) {
		buf->charged += size - buf->size;
		carveout_dmem_merge(&buf->dmem, dmem);
	} else {
		carveout_quota_uncharge(buf->carveout, buf->account, buf->charged_uid,
					size - buf->size, 0);
	}
}

static int move(struct carveout_buf *buf, struct carveout_buf *next)
{
	int ret;

	if (buf->request.exact)
		return -ENOSPC;
	/* Its content could not be copied. */
	if (!carveout_claim_has_va(buf->claim))
		return -EOPNOTSUPP;
	ret = carveout_buf_populate(next, 0);
	if (ret)
		return ret;
	/* A remote processor may have written the content, behind the caches. */
	if (!buf->carveout->coherent)
		carveout_claim_flush(buf->claim, buf->start, buf->size);
	ret = carveout_claim_copy(next->claim, next->start, buf->claim, buf->start,
				  min(buf->size, next->size));
	if (!ret && !next->carveout->coherent)
		carveout_claim_flush(next->claim, next->start, next->size);
	return ret;
}

/*
 * Find memory for @next. If @next stays empty, it is to take over the memory of @buf,
 * which is then long enough.
 */
static int find_memory(struct carveout_buf *buf, struct carveout_buf *next)
{
	u64 size = next->request.size;
	int ret = stretch(buf, size);

	if (ret == -ENOSPC)
		return move(buf, next);
	if (!ret && buf->account && carveout_account_is_file(buf->account)) {
		ret = carveout_dmem_charge_rest(buf->carveout, &buf->dmem, &next->dmem, size);
		if (ret)
			unstretch(buf, size, &next->dmem);
	}
	if (ret)
		return ret;
	next->claim = buf->claim;
	next->handle = buf->handle;
	next->start = buf->start;
	next->size = size;
	next->region = buf->region;
	return 0;
}

/**
 * carveout_resize_prepare() - Create the buffer that replaces another one
 * @buf: a buffer from carveout_resize_begin()
 * @size: new size in bytes, whole pages
 *
 * Context: Process context. May sleep.
 * Return: the new buffer with one reference, to be given to carveout_resize_commit() or
 * carveout_resize_abort(); or an ERR_PTR: -EBUSY if a page is pinned or the buffer is held,
 * -EINTR if the caller is killed while the content moves, -EOPNOTSUPP if it cannot move
 * because the CPU must not access it, further as carveout_buf_populate().
 */
struct carveout_buf *carveout_resize_prepare(struct carveout_buf *buf, u64 size)
{
	struct carveout_buf *next;
	int ret;

	if (carveout_buf_pinned(buf))
		return ERR_PTR(-EBUSY);
	next = carveout_buf_clone(buf);
	if (IS_ERR(next))
		return next;
	next->request.size = size;
	ret = find_memory(buf, next);
	if (ret) {
		carveout_buf_put_sync(next);
		return ERR_PTR(ret);
	}
	return next;
}

/* === Taking over ========================================================== */

/* @next takes over the memory, and its share of the charge. */
static void inherit_memory(struct carveout_buf *buf, struct carveout_buf *next)
{
	u64 added = next->size > buf->size ? next->size - buf->size : 0;

	next->charged = next->size;
	carveout_dmem_take(&next->dmem, &buf->dmem, next->size);
	buf->charged = buf->charged + added - next->charged;
	next->empty = false;
	buf->empty = true;
	buf->next = __carveout_buf_get(next);
}

/**
 * carveout_resize_commit() - Replace a buffer by the resized one
 * @buf: a buffer from carveout_resize_begin()
 * @next: from carveout_resize_prepare()
 *
 * @next takes over the tag and its charge, if there is one.
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 */
void carveout_resize_commit(struct carveout_buf *buf, struct carveout_buf *next)
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
		next->counts |= buf->counts & CARVEOUT_TAG_COUNTS;
		buf->counts &= ~CARVEOUT_TAG_COUNTS;
		carveout_registry_replace_locked(buf, next);
	}
	set_state(buf, CARVEOUT_BUF_REPLACED);
	mutex_unlock(&carveout->registry_lock);
	if (put)
		carveout_buf_put_sync(buf);
}

/**
 * carveout_resize_abort() - Undo carveout_resize_prepare()
 * @buf: a buffer from carveout_resize_begin()
 * @next: the new buffer, whose reference is dropped
 *
 * Context: Process context. May sleep.
 */
void carveout_resize_abort(struct carveout_buf *buf, struct carveout_buf *next)
{
	if (next->empty)
		unstretch(buf, next->request.size, &next->dmem);
	carveout_buf_put_sync(next);
}
