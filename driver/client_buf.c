// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers and pools for other drivers.
 *
 * They are the buffers of processes, in the same registry, but that root has them, no
 * quota counts them, and a driver is not asked who it is.
 */

#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/string.h>

#include "carveout_internal.h"
#include "pool.h"
#include "../lib/tag.h"

/* The field of a name, as the registry takes it. */
static int name_field(const char *tag, char field[CARVEOUT_NAME_LEN])
{
	memset(field, 0, CARVEOUT_NAME_LEN);
	if (strscpy(field, tag, CARVEOUT_NAME_LEN) < 0)
		return -EINVAL;
	return carveout_tag_name_valid(field);
}

/* What a driver asks for, as a buffer's specification. @tag has room for a name. */
static int spec_of(const struct carveout_req *req, const char *name, umode_t mode,
		   char tag[CARVEOUT_NAME_LEN], struct carveout_buf_spec *spec)
{
	const u32 tag_flags = CARVEOUT_REQ_PERSIST | CARVEOUT_REQ_OPEN;
	int ret;

	memset(tag, 0, CARVEOUT_NAME_LEN);
	if (mode & ~0777 || (!name && (mode || req->flags & tag_flags)))
		return -EINVAL;
	ret = name ? name_field(name, tag) : 0;
	if (!ret)
		ret = carveout_request_fill(req, &spec->req);
	if (ret)
		return ret;
	spec->req.size = PAGE_ALIGN(spec->req.size);
	spec->req.align = max_t(u64, spec->req.align, PAGE_SIZE);
	spec->label = req->purpose ?: "";
	spec->tag = tag;
	spec->mode = mode;
	spec->persist = req->flags & CARVEOUT_REQ_PERSIST;
	spec->zero = req->flags & CARVEOUT_REQ_ZERO;
	return 0;
}

static struct carveout_buf *publish(struct carveout_buf *buf)
{
	bool busy = carveout_deferred_busy(buf->carveout);
	int ret = carveout_registry_add(buf);

	/* Whoever has the name may be gone but for that. */
	if (ret == -EEXIST && busy) {
		carveout_flush(buf->carveout);
		ret = carveout_registry_add(buf);
	}
	if (!ret)
		return buf;
	carveout_buf_put_sync(buf);
	return ERR_PTR(ret);
}

/*
 * The buffer of this name. One that is being resized is waited for, one that is not
 * there only if @absent.
 */
static struct carveout_buf *wait_for(struct carveout *carveout, const char *name,
				     bool absent, u64 deadline)
{
	struct carveout_buf *buf;
	u64 seen;
	int ret;

	for (;;) {
		seen = carveout_registry_changes(carveout);
		buf = carveout_registry_find(carveout, name);
		if (buf != ERR_PTR(-EAGAIN) && !(absent && buf == ERR_PTR(-ENOENT)))
			return buf;
		ret = carveout_registry_wait(carveout, seen, deadline);
		if (ret)
			return ERR_PTR(ret);
	}
}

/* What has the name, if it is what is asked for. */
static struct carveout_buf *open_existing(struct carveout *carveout,
					  const struct carveout_buf_spec *spec)
{
	struct carveout_buf *buf = wait_for(carveout, spec->tag, false,
					    CARVEOUT_DEADLINE_NONE);

	if (IS_ERR(buf) || carveout_buf_satisfies(buf, spec))
		return buf;
	carveout_buf_put_sync(buf);
	return ERR_PTR(-EEXIST);
}

static struct carveout_buf *make_new(struct carveout *carveout,
				     const struct carveout_buf_spec *spec)
{
	struct carveout_buf *buf = carveout_buf_create(carveout, NULL, spec);

	return IS_ERR(buf) ? buf : publish(buf);
}

/**
 * carveout_buf_alloc() - allocate a buffer
 * @carveout: the heap
 * @req: what is asked for
 * @tag: its name, 1 to 63 of A-Z a-z 0-9 . _ -; NULL for none
 * @mode: permission bits of the tag, which root owns; 0 without one
 *
 * In whole pages, since it may be shared with processes. Zero as memory is, see
 * carveout_alloc_req(). With %CARVEOUT_REQ_PERSIST the tag holds the buffer until it is
 * unlinked.
 *
 * With %CARVEOUT_REQ_OPEN a buffer that the tag names already will do if it is no smaller,
 * placed and of attributes as asked, and persistent if that is asked for. It may be
 * anybody's, and have any content; the device tree can keep names for root.
 *
 * Context: May sleep.
 * Return: the buffer, with a reference to be given to carveout_buf_put(); or an
 * ERR_PTR: -EEXIST if the tag is taken, with %CARVEOUT_REQ_OPEN by something that is not
 * as asked; -ERESTARTSYS on a signal while that is being resized; further as
 * carveout_alloc_req().
 */
struct carveout_buf *carveout_buf_alloc(struct carveout *carveout,
					const struct carveout_req *req,
					const char *tag, umode_t mode)
{
	struct carveout_buf_spec spec;
	char field[CARVEOUT_NAME_LEN];
	struct carveout_buf *buf;
	int ret;

	if (!in_task())
		return ERR_PTR(-EWOULDBLOCK);
	might_sleep();
	ret = spec_of(req, tag, mode, field, &spec);
	if (ret)
		return ERR_PTR(ret);
	if (!(req->flags & CARVEOUT_REQ_OPEN))
		return make_new(carveout, &spec);
	/* The name may come and go between the two attempts. */
	do {
		buf = open_existing(carveout, &spec);
		if (buf != ERR_PTR(-ENOENT))
			return buf;
		buf = make_new(carveout, &spec);
	} while (buf == ERR_PTR(-EEXIST));
	return buf;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_alloc, "CARVEOUT");

/**
 * carveout_buf_find() - find a buffer by its tag
 * @carveout: the heap
 * @tag: the name
 *
 * One that is being resized is waited for.
 *
 * Context: May sleep. Takes no lock of the heap, whatever the number of tags.
 * Return: the buffer, with a reference; or an ERR_PTR: -ENOENT if there is none, -EINVAL
 * if that is no name, -ENODEV once the heap is gone, -ERESTARTSYS on a signal while it
 * waits.
 */
struct carveout_buf *carveout_buf_find(struct carveout *carveout, const char *tag)
{
	char field[CARVEOUT_NAME_LEN];

	might_sleep();
	if (name_field(tag, field))
		return ERR_PTR(-EINVAL);
	return wait_for(carveout, field, false, CARVEOUT_DEADLINE_NONE);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_find, "CARVEOUT");

/**
 * carveout_buf_wait() - find a buffer by its tag, and wait for it
 * @carveout: the heap
 * @tag: the name
 * @deadline: CLOCK_MONOTONIC; KTIME_MAX for none
 *
 * Context: May sleep.
 * Return: as carveout_buf_find(), but instead of -ENOENT -ETIMEDOUT.
 */
struct carveout_buf *carveout_buf_wait(struct carveout *carveout, const char *tag,
				       ktime_t deadline)
{
	char field[CARVEOUT_NAME_LEN];

	might_sleep();
	if (name_field(tag, field))
		return ERR_PTR(-EINVAL);
	return wait_for(carveout, field, true, max_t(s64, ktime_to_ns(deadline), 0));
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_wait, "CARVEOUT");

/**
 * carveout_buf_from_dmabuf() - the buffer behind a process's descriptor
 * @dmabuf: any dma-buf
 *
 * Context: Any.
 * Return: the buffer, with a reference; or an ERR_PTR: -EINVAL if it is not of a heap,
 * or was resized; -EAGAIN while it is being resized; -EACCES if it may not be written.
 */
struct carveout_buf *carveout_buf_from_dmabuf(struct dma_buf *dmabuf)
{
	struct carveout_buf *buf = carveout_dmabuf_buf(dmabuf);
	enum carveout_buf_state state;

	if (!buf)
		return ERR_PTR(-EINVAL);
	if (!carveout_dmabuf_writable(dmabuf))
		return ERR_PTR(-EACCES);
	carveout_buf_get(buf);
	/* Pairs with the barrier in try_seize(), driver/resize.c. */
	smp_mb();
	state = READ_ONCE(buf->state);
	if (state == CARVEOUT_BUF_LIVE)
		return buf;
	carveout_buf_put(buf);
	return ERR_PTR(state == CARVEOUT_BUF_GONE ? -EINVAL : -EAGAIN);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_from_dmabuf, "CARVEOUT");

static int try_link(struct carveout_buf *buf, const char *name, umode_t mode, u32 flags)
{
	struct carveout *carveout = buf->carveout;
	int ret;

	/* Somebody else's link may come in between, with a higher number. */
	do {
		ret = carveout_registry_link(buf, name, mode, flags | CARVEOUT_LINK_ANY,
					     atomic64_inc_return(&carveout->generation));
	} while (ret == -EAGAIN);
	return ret;
}

/**
 * carveout_buf_link() - give a buffer that never had one a tag
 * @buf: the buffer
 * @tag: the name, 1 to 63 of A-Z a-z 0-9 . _ -
 * @mode: permission bits of the tag; who has the buffer, root for one of a driver, owns it
 * @flags: CARVEOUT_LINK_REPLACE to take the name from another buffer, whoever owns that;
 *	CARVEOUT_LINK_PERSIST to let the tag hold the buffer
 *
 * So a buffer can be filled before anybody finds it, and a name be moved on to new
 * content in one step: see struct carveout_ioctl_link.
 *
 * Context: May sleep.
 * Return: 0; -EEXIST if the tag is taken; -EBUSY if the buffer has or had a tag; -EINVAL
 * if that is no name, no mode or no flag; -ENODEV once the heap is gone; -ENOMEM.
 */
int carveout_buf_link(struct carveout_buf *buf, const char *tag, umode_t mode, u32 flags)
{
	bool busy = carveout_deferred_busy(buf->carveout);
	char field[CARVEOUT_NAME_LEN];
	int ret;

	might_sleep();
	if (mode & ~0777 || flags & ~CARVEOUT_LINK_FLAGS || name_field(tag, field))
		return -EINVAL;
	ret = try_link(buf, field, mode, flags);
	/* Whoever has the name may be gone but for that. */
	if (ret == -EEXIST && busy) {
		carveout_flush(buf->carveout);
		ret = try_link(buf, field, mode, flags);
	}
	return ret;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_link, "CARVEOUT");

/**
 * carveout_buf_unlink() - remove the tag of a buffer
 * @buf: the buffer
 *
 * Unlike carveout_unlink() it never hits another buffer, to which the name may have been
 * moved on.
 *
 * Context: May sleep.
 * Return: 0; -ENOENT if it has none, or none any more.
 */
int carveout_buf_unlink(struct carveout_buf *buf)
{
	might_sleep();
	return carveout_registry_forget(buf);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_unlink, "CARVEOUT");

/**
 * carveout_unlink() - remove a tag
 * @carveout: the heap
 * @tag: the name
 *
 * The name is free at once; the memory goes with its last user.
 *
 * Context: May sleep.
 * Return: 0; -ENOENT if there is none; -EINVAL if that is no name; -ENODEV.
 */
int carveout_unlink(struct carveout *carveout, const char *tag)
{
	char field[CARVEOUT_NAME_LEN];

	might_sleep();
	if (name_field(tag, field))
		return -EINVAL;
	return carveout_registry_unlink(carveout, field, true);
}
EXPORT_SYMBOL_NS_GPL(carveout_unlink, "CARVEOUT");

/**
 * carveout_buf_va() - where the kernel has a buffer
 * @buf: the buffer
 *
 * Context: Any.
 * Return: address of its first byte, in a mapping with the attribute of its region.
 */
void *carveout_buf_va(const struct carveout_buf *buf)
{
	return carveout_claim_va(buf->claim, buf->start);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_va, "CARVEOUT");

/**
 * carveout_buf_phys() - where a buffer is
 * @buf: the buffer
 *
 * Context: Any.
 * Return: physical address of its first byte; the rest follows it.
 */
phys_addr_t carveout_buf_phys(const struct carveout_buf *buf)
{
	return buf->start;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_phys, "CARVEOUT");

/**
 * carveout_buf_size() - how long a buffer is
 * @buf: the buffer
 *
 * Context: Any.
 * Return: bytes, in whole pages.
 */
u64 carveout_buf_size(const struct carveout_buf *buf)
{
	return buf->size;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_size, "CARVEOUT");

/**
 * carveout_buf_generation() - number of a buffer
 * @buf: the buffer
 *
 * Context: Any.
 * Return: the number, never used again in its heap. A buffer that gets its tag later
 * gets a higher one with it.
 */
u64 carveout_buf_generation(const struct carveout_buf *buf)
{
	return READ_ONCE(buf->generation);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_generation, "CARVEOUT");

/**
 * carveout_buf_export() - make a dma-buf of a buffer
 * @buf: the buffer, of which the dma-buf takes its own reference
 * @write: it may be written through
 *
 * Context: May sleep.
 * Return: the dma-buf, to be given to dma_buf_fd() or dma_buf_put(); or an ERR_PTR:
 * -EPERM in a heap that does not zero its memory, since a process might see what others
 * left; -ENOMEM.
 */
struct dma_buf *carveout_buf_export(struct carveout_buf *buf, bool write)
{
	might_sleep();
	if (buf->carveout->dirty)
		return ERR_PTR(-EPERM);
	return carveout_dmabuf_create(buf, write);
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_export, "CARVEOUT");

/* === Pools ================================================================ */

static struct carveout_pool *open_existing_pool(struct carveout *carveout,
						const struct carveout_pool_spec *spec)
{
	struct carveout_buf *buf = wait_for(carveout, spec->buf.tag, false,
					    CARVEOUT_DEADLINE_NONE);

	if (IS_ERR(buf))
		return ERR_CAST(buf);
	if (carveout_pool_satisfies(buf, spec))
		return buf->pool;
	carveout_buf_put_sync(buf);
	return ERR_PTR(-EEXIST);
}

static struct carveout_pool *make_new_pool(struct carveout *carveout,
					   const struct carveout_pool_spec *spec)
{
	struct carveout_pool_spec own = *spec;
	struct carveout_pool *pool = carveout_pool_make(carveout, NULL, &own);
	struct carveout_buf *buf;

	if (IS_ERR(pool))
		return pool;
	buf = publish(pool->buf);
	return IS_ERR(buf) ? ERR_CAST(buf) : pool;
}

/**
 * carveout_pool_create() - make a pool of equal blocks
 * @carveout: the heap
 * @block_size: bytes of a block, rounded up to its alignment
 * @count: number of blocks, 1 to 1048576
 * @req: where they are to be: alignment of each block, regions, attributes, flags,
 *	purpose; its size is not looked at. NULL for anywhere.
 * @tag: name of the pool; NULL for none
 * @mode: permission bits of the tag, which root owns; 0 without one
 *
 * With %CARVEOUT_REQ_OPEN a pool that the tag names already will do if its blocks are no
 * smaller and no fewer, and it is as asked otherwise.
 *
 * Context: May sleep.
 * Return: the pool, to be given to carveout_pool_put() or carveout_pool_destroy(); or an
 * ERR_PTR as carveout_buf_alloc().
 */
struct carveout_pool *carveout_pool_create(struct carveout *carveout, u64 block_size,
					   u32 count, const struct carveout_req *req,
					   const char *tag, umode_t mode)
{
	struct carveout_req any = req ? *req : (struct carveout_req){};
	struct carveout_pool_spec spec = { .block_size = block_size, .count = count };
	char field[CARVEOUT_NAME_LEN];
	struct carveout_pool *pool;
	u64 stride, size;
	int ret;

	if (!in_task())
		return ERR_PTR(-EWOULDBLOCK);
	might_sleep();
	any.size = PAGE_SIZE;
	ret = spec_of(&any, tag, mode, field, &spec.buf);
	/* For a pool it is that of each block, which may be less than a page. */
	spec.buf.req.align = any.align;
	ret = ret ?: carveout_pool_measure(&spec, &stride, &size);
	if (ret)
		return ERR_PTR(ret);
	if (!(any.flags & CARVEOUT_REQ_OPEN))
		return make_new_pool(carveout, &spec);
	do {
		pool = open_existing_pool(carveout, &spec);
		if (pool != ERR_PTR(-ENOENT))
			return pool;
		pool = make_new_pool(carveout, &spec);
	} while (pool == ERR_PTR(-EEXIST));
	return pool;
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_create, "CARVEOUT");

/**
 * carveout_pool_find() - find a pool by its tag
 * @carveout: the heap
 * @tag: the name
 *
 * Context: May sleep.
 * Return: the pool, with a reference to be given to carveout_pool_put(); or an ERR_PTR:
 * -EINVAL if that is no name, or one of a buffer that is no pool; further as
 * carveout_buf_find().
 */
struct carveout_pool *carveout_pool_find(struct carveout *carveout, const char *tag)
{
	struct carveout_buf *buf = carveout_buf_find(carveout, tag);

	if (IS_ERR(buf))
		return ERR_CAST(buf);
	if (buf->pool)
		return buf->pool;
	carveout_buf_put_sync(buf);
	return ERR_PTR(-EINVAL);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_find, "CARVEOUT");

/**
 * carveout_buf_pool() - the pool that a buffer is
 * @buf: the buffer, as from carveout_buf_wait()
 *
 * Context: Any.
 * Return: the pool, to which the reference to @buf is one; NULL if it is none.
 */
struct carveout_pool *carveout_buf_pool(const struct carveout_buf *buf)
{
	return buf->pool;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_pool, "CARVEOUT");

/**
 * carveout_pool_get() - take a reference to a pool
 * @pool: a pool that the caller has a reference to
 *
 * Context: Any.
 * Return: @pool.
 */
struct carveout_pool *carveout_pool_get(struct carveout_pool *pool)
{
	carveout_buf_get(pool->buf);
	return pool;
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_get, "CARVEOUT");

/**
 * carveout_pool_put() - drop a reference to a pool
 * @pool: the pool; it goes with the last one, and its blocks with it
 *
 * Context: Any, also hard interrupts.
 */
void carveout_pool_put(struct carveout_pool *pool)
{
	carveout_buf_put(pool->buf);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_put, "CARVEOUT");

/**
 * carveout_pool_destroy() - end a pool and drop a reference to it
 * @pool: the pool
 *
 * Its tag is removed and all who wait get -EIDRM, as does who asks for a block later.
 * Blocks in use stay where they are as long as somebody has a reference to the pool.
 *
 * Context: May sleep.
 */
void carveout_pool_destroy(struct carveout_pool *pool)
{
	might_sleep();
	carveout_pool_end(pool);
	carveout_buf_put_sync(pool->buf);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_destroy, "CARVEOUT");

static void *block_va(const struct carveout_pool *pool, u32 index)
{
	return carveout_buf_va(pool->buf) + index * pool->stride;
}

/**
 * carveout_pool_alloc() - take a block without waiting
 * @pool: the pool
 *
 * Context: Any, also hard interrupts. Bounded time.
 * Return: the block, as the last who had it left it; or an ERR_PTR: -EAGAIN if all are in
 * use; -EIDRM if the pool was destroyed; -ENODEV if the heap is gone; -EUCLEAN.
 */
void *carveout_pool_alloc(struct carveout_pool *pool)
{
	u32 index;
	int ret = carveout_pool_take(pool, &pool->kernel, &index);

	return ret ? ERR_PTR(ret) : block_va(pool, index);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_alloc, "CARVEOUT");

static void *wait_for_block(struct carveout_pool *pool, ktime_t deadline,
			    unsigned int state)
{
	void *block;
	u32 index;
	int ret;

	/* Somebody may destroy it and drop the caller's own reference meanwhile. */
	carveout_pool_get(pool);
	ret = carveout_pool_wait(pool, &pool->kernel, deadline, state, &index);
	block = ret ? ERR_PTR(ret) : block_va(pool, index);
	carveout_buf_put_sync(pool->buf);
	return block;
}

/**
 * carveout_pool_alloc_wait() - take a block, and wait for one if all are in use
 * @pool: the pool
 * @deadline: CLOCK_MONOTONIC; KTIME_MAX for none
 *
 * First come, first served. A block that is given back while somebody waits is his at
 * once. The block is there as long as the caller has a reference to the pool.
 *
 * Context: May sleep; only a signal that kills interrupts it.
 * Return: as carveout_pool_alloc(), but instead of -EAGAIN -ETIMEDOUT, or -ERESTARTSYS
 * when the caller is killed.
 */
void *carveout_pool_alloc_wait(struct carveout_pool *pool, ktime_t deadline)
{
	return wait_for_block(pool, deadline, TASK_KILLABLE);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_alloc_wait, "CARVEOUT");

/**
 * carveout_pool_alloc_interruptible() - take a block for a process that waits for it
 * @pool: the pool
 * @deadline: CLOCK_MONOTONIC; KTIME_MAX for none
 *
 * As carveout_pool_alloc_wait(), but that any signal interrupts it: for system calls.
 *
 * Context: May sleep.
 * Return: as carveout_pool_alloc_wait(); -ERESTARTSYS on a signal.
 */
void *carveout_pool_alloc_interruptible(struct carveout_pool *pool, ktime_t deadline)
{
	return wait_for_block(pool, deadline, TASK_INTERRUPTIBLE);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_alloc_interruptible, "CARVEOUT");

/**
 * carveout_pool_free() - give a block back
 * @pool: the pool
 * @block: the block, whoever took it
 *
 * Context: Any, also hard interrupts. Bounded time.
 * Return: 0; -EINVAL if no block of the pool starts there, or it is free already: then
 * nothing changes; -EUCLEAN.
 */
int carveout_pool_free(struct carveout_pool *pool, const void *block)
{
	const void *first = carveout_buf_va(pool->buf);

	if (block < first)
		return -EINVAL;
	return carveout_pool_give(pool, carveout_block_at(block - first, pool->stride,
							  pool->blocks.count));
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_free, "CARVEOUT");

/**
 * carveout_pool_get_stats() - how a pool stands
 * @pool: the pool
 * @stats: what to fill in
 *
 * Context: Any.
 */
void carveout_pool_get_stats(struct carveout_pool *pool,
			     struct carveout_pool_stats *stats)
{
	unsigned long flags;

	memset(stats, 0, sizeof(*stats));
	stats->block_size = pool->stride;
	raw_spin_lock_irqsave(&pool->lock, flags);
	stats->blocks = pool->blocks.count;
	stats->free = pool->blocks.nr_free;
	stats->high_water = pool->blocks.high;
	stats->waiters = pool->nr_waiters;
	raw_spin_unlock_irqrestore(&pool->lock, flags);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_get_stats, "CARVEOUT");

/**
 * carveout_pool_buf() - the buffer that a pool is
 * @pool: the pool, which keeps it
 *
 * To map all blocks for a device, or to export them.
 *
 * Context: Any.
 * Return: the buffer, without a reference of its own.
 */
struct carveout_buf *carveout_pool_buf(struct carveout_pool *pool)
{
	return pool->buf;
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_buf, "CARVEOUT");
