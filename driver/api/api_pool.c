// SPDX-License-Identifier: GPL-2.0
/*
 * Pools for other drivers.
 */

#include <linux/err.h>
#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/lookup.h"
#include "../buf/pool.h"
#include "../buf/pool_buf.h"
#include "../buf/release.h"
#include "../buf/tags.h"
#include "request.h"

/* A creation in progress. */
struct pool_create {
	struct carveout *carveout;
	struct carveout_pool_spec spec;
	struct carveout_pool *pool;
};

static int open_pool(void *arg)
{
	struct pool_create *create = arg;
	struct carveout_buf *buf = carveout_lookup(create->carveout, create->spec.buf.tag,
						   CARVEOUT_LOOKUP_KERNEL);

	if (IS_ERR(buf))
		return PTR_ERR(buf);
	if (!carveout_pool_satisfies(buf, &create->spec)) {
		carveout_buf_put_sync(buf);
		return -EEXIST;
	}
	create->pool = buf->pool;
	return 0;
}

static int create_pool(void *arg)
{
	struct pool_create *create = arg;
	struct carveout_pool_spec spec = create->spec;
	struct carveout_pool *pool;
	int ret;

	pool = carveout_pool_buf_create(create->carveout, NULL, &spec);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	ret = carveout_tag_publish(pool->buf);
	if (ret)
		carveout_buf_put_sync(pool->buf);
	else
		create->pool = pool;
	return ret;
}

/**
 * carveout_pool_create() - Create a pool of equal blocks
 * @carveout: the heap
 * @block_size: bytes of a block, rounded up to its alignment
 * @count: number of blocks, 1 to 1048576
 * @req: alignment of each block, regions, attributes, flags and purpose; its size is
 *	ignored. NULL for no constraints.
 * @tag: tag of the pool; NULL for none
 * @mode: permission bits of the tag, which root owns; 0 without one
 *
 * With %CARVEOUT_REQ_OPEN an existing pool with the tag is opened if it has at least as
 * many blocks of at least that size, and satisfies the request otherwise.
 *
 * Context: Process context. May sleep.
 * Return: the pool, to be given to carveout_pool_put() or carveout_pool_destroy(); or an
 * ERR_PTR as carveout_buf_alloc().
 */
struct carveout_pool *carveout_pool_create(struct carveout *carveout, u64 block_size,
					   u32 count, const struct carveout_req *req,
					   const char *tag, umode_t mode)
{
	struct carveout_req any = req ? *req : (struct carveout_req){};
	struct pool_create create = {
		.carveout = carveout,
		.spec = { .block_size = block_size, .count = count },
	};
	char field[CARVEOUT_NAME_LEN];
	u64 stride, size;
	int ret;

	any.size = PAGE_SIZE;
	ret = carveout_may_alloc() ?:
	      carveout_req_to_spec(&any, tag, mode, field, &create.spec.buf);
	/* The alignment is that of each block, which may be less than a page. */
	create.spec.buf.request.align = any.align;
	ret = ret ?: carveout_pool_measure(&create.spec, &stride, &size) ?:
	      carveout_open_or_create(any.flags & CARVEOUT_REQ_OPEN, open_pool,
				      create_pool, &create);
	return ret ? ERR_PTR(ret) : create.pool;
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_create, "CARVEOUT");

/**
 * carveout_pool_find() - Find a pool by its tag
 * @carveout: the heap
 * @tag: the tag
 *
 * Context: Process context. May sleep.
 * Return: the pool, with a reference to be dropped with carveout_pool_put(); or an
 * ERR_PTR: -EINVAL if the tag is invalid, or names a buffer that is no pool; further as
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
 * carveout_buf_pool() - Pool of a buffer
 * @buf: the buffer, as from carveout_buf_wait()
 *
 * Context: Any context.
 * Return: the pool, for which the reference to @buf counts; NULL if the buffer is no pool.
 */
struct carveout_pool *carveout_buf_pool(const struct carveout_buf *buf)
{
	return buf->pool;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_pool, "CARVEOUT");

/**
 * carveout_pool_get() - Take a reference to a pool
 * @pool: a pool that the caller has a reference to
 *
 * Context: Any context.
 * Return: @pool.
 */
struct carveout_pool *carveout_pool_get(struct carveout_pool *pool)
{
	__carveout_buf_get(pool->buf);
	return pool;
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_get, "CARVEOUT");

/**
 * carveout_pool_put() - Drop a reference to a pool
 * @pool: the pool; the last reference frees it, with its blocks
 *
 * Context: Any context, including hard interrupts.
 */
void carveout_pool_put(struct carveout_pool *pool)
{
	carveout_buf_put(pool->buf);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_put, "CARVEOUT");

/**
 * carveout_pool_destroy() - Shut a pool down and drop a reference to it
 * @pool: the pool
 *
 * Its tag is removed, and all waiters fail with -EIDRM, as do later allocations. Blocks
 * in use remain valid as long as the pool has a holder.
 *
 * Context: Process context. May sleep.
 */
void carveout_pool_destroy(struct carveout_pool *pool)
{
	might_sleep();
	carveout_pool_buf_shutdown(pool);
	carveout_buf_put_sync(pool->buf);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_destroy, "CARVEOUT");

/* === Blocks =============================================================== */

static void *block_va(const struct carveout_pool *pool, u32 index)
{
	return carveout_buf_va(pool->buf) + index * pool->stride;
}

/**
 * carveout_pool_alloc() - Allocate a block without waiting
 * @pool: the pool
 *
 * Context: Any context, including hard interrupts. Bounded time.
 * Return: the block, with the content that its last owner left; or an ERR_PTR: -EAGAIN if
 * all blocks are in use; -EIDRM if the pool was destroyed; -ENODEV after the heap's
 * shutdown; -EUCLEAN if the pool is corrupted.
 */
void *carveout_pool_alloc(struct carveout_pool *pool)
{
	u32 index;
	int ret = carveout_block_alloc(pool, &pool->kernel, &index);

	return ret ? ERR_PTR(ret) : block_va(pool, index);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_alloc, "CARVEOUT");

static void *wait_for_block(struct carveout_pool *pool, ktime_t deadline,
			    unsigned int state)
{
	void *block;
	u32 index;
	int ret;

	/* Another thread may destroy the pool and drop the caller's reference meanwhile. */
	carveout_pool_get(pool);
	ret = carveout_block_alloc_wait(pool, &pool->kernel, deadline, state, &index);
	block = ret ? ERR_PTR(ret) : block_va(pool, index);
	carveout_buf_put_sync(pool->buf);
	return block;
}

/**
 * carveout_pool_alloc_wait() - Allocate a block, and wait for one if all are in use
 * @pool: the pool
 * @deadline: CLOCK_MONOTONIC; KTIME_MAX for none
 *
 * Waiters are served in FIFO order. A block freed while there are waiters is handed over
 * to the first of them immediately. The block is valid as long as the caller has a
 * reference to the pool.
 *
 * Context: Process context. May sleep. Only a fatal signal interrupts it.
 * Return: as carveout_pool_alloc(), but instead of -EAGAIN -ETIMEDOUT, or -ERESTARTSYS
 * if the caller is killed.
 */
void *carveout_pool_alloc_wait(struct carveout_pool *pool, ktime_t deadline)
{
	return wait_for_block(pool, deadline, TASK_KILLABLE);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_alloc_wait, "CARVEOUT");

/**
 * carveout_pool_alloc_interruptible() - Allocate a block on behalf of a system call
 * @pool: the pool
 * @deadline: CLOCK_MONOTONIC; KTIME_MAX for none
 *
 * As carveout_pool_alloc_wait(), but any signal interrupts it.
 *
 * Context: Process context. May sleep.
 * Return: as carveout_pool_alloc_wait(); -ERESTARTSYS on a signal.
 */
void *carveout_pool_alloc_interruptible(struct carveout_pool *pool, ktime_t deadline)
{
	return wait_for_block(pool, deadline, TASK_INTERRUPTIBLE);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_alloc_interruptible, "CARVEOUT");

/**
 * carveout_pool_free() - Free a block
 * @pool: the pool
 * @block: the block, whatever its owner
 *
 * Context: Any context, including hard interrupts. Bounded time.
 * Return: 0; -EINVAL if no block of the pool starts there, or it is free already: then
 * nothing changes; -EUCLEAN if the pool is corrupted.
 */
int carveout_pool_free(struct carveout_pool *pool, const void *block)
{
	const void *first = carveout_buf_va(pool->buf);

	if (block < first)
		return -EINVAL;
	return carveout_block_free(pool, carveout_block_at(block - first, pool->stride,
							   pool->blocks.count));
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_free, "CARVEOUT");

/* === Properties =========================================================== */

/**
 * carveout_pool_stats() - Read the counters of a pool
 * @pool: the pool
 * @stats: filled in
 *
 * Context: Any context.
 */
void carveout_pool_stats(struct carveout_pool *pool, struct carveout_pool_stats *stats)
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
EXPORT_SYMBOL_NS_GPL(carveout_pool_stats, "CARVEOUT");

/**
 * carveout_pool_buf() - Buffer of a pool
 * @pool: the pool, which keeps the buffer
 *
 * For mapping all blocks for a device, or for exporting them.
 *
 * Context: Any context.
 * Return: the buffer, without a reference of its own.
 */
struct carveout_buf *carveout_pool_buf(struct carveout_pool *pool)
{
	return pool->buf;
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_buf, "CARVEOUT");
