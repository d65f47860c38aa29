// SPDX-License-Identifier: GPL-2.0
/*
 * Pools for other drivers.
 */

#include <linux/err.h>
#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/lookup.h"
#include "../buf/pool.h"
#include "../buf/pool_buf.h"
#include "../buf/release.h"
#include "../buf/tags.h"
#include "../mem/objects.h"
#include "owner.h"
#include "request.h"

static_assert(CARVEOUT_POOL_NO_INDEX == CARVEOUT_BLOCK_NONE);

/* A creation in progress. */
struct pool_create {
	struct carveout *carveout;
	struct carveout_owner *owner;
	struct carveout_pool_spec spec;
	struct carveout_pool *pool;
};

static int open_pool(void *arg)
{
	struct pool_create *create = arg;
	struct carveout_buf *buf;

	buf = carveout_owner_open(create->carveout, create->owner, create->spec.buf.tag);
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

	pool = carveout_owner_pool_create(create->carveout, create->owner, &spec);
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
 * @block_size: bytes of a block, rounded up to its alignment: that of @req, at least 64
 *	and, if devices do not snoop the caches, the size of the largest cache line
 * @count: number of blocks, 1 to 1048576
 * @req: alignment of each block, regions, attributes, flags, purpose and owner; its size
 *	is ignored. NULL for no constraints.
 * @tag: tag of the pool; NULL for none
 * @mode: permission bits of the tag, which root owns; 0 without one
 *
 * With %CARVEOUT_REQ_OPEN an existing pool with the tag is opened if it has at least as
 * many blocks of at least that size, and satisfies the request otherwise. With
 * %CARVEOUT_REQ_NO_CREATE in addition, no pool is created.
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
		.owner = any.owner,
		.spec = { .block_size = block_size, .count = count },
	};
	char field[CARVEOUT_NAME_LEN];
	u64 stride, size;
	int ret;

	any.size = PAGE_SIZE;
	ret = carveout_may_alloc() ?:
	      carveout_req_to_spec(carveout, &any, tag, mode, field, &create.spec.buf);
	/* The alignment is that of each block, which may be less than a page. */
	create.spec.buf.request.align = any.align;
	/* A block is an address of the CPU. */
	create.spec.buf.request.forbid |= CARVEOUT_ATTR_NO_CPU;
	ret = ret ?: carveout_pool_measure(carveout, &create.spec, &stride, &size) ?:
	      carveout_req_open_or_create(&any, open_pool, create_pool, &create);
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
 * ERR_PTR: -EINVAL if the tag is invalid, or names a buffer that carveout_buf_pool() has
 * no pool for; further as carveout_buf_find().
 */
struct carveout_pool *carveout_pool_find(struct carveout *carveout, const char *tag)
{
	struct carveout_buf *buf = carveout_buf_find(carveout, tag);

	if (IS_ERR(buf))
		return ERR_CAST(buf);
	if (carveout_buf_pool(buf))
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
 * Return: the pool, for which the reference to @buf counts; NULL if the buffer is no pool,
 * or if it is one of a process in memory that the CPU must not access.
 */
struct carveout_pool *carveout_buf_pool(const struct carveout_buf *buf)
{
	return carveout_claim_has_va(buf->claim) ? buf->pool : NULL;
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

/* === Clients ============================================================== */

/**
 * carveout_pool_join() - Become a client of a pool
 * @pool: the pool; the client takes its own reference
 *
 * Context: Process context. May sleep.
 * Return: the client, to be given to carveout_pool_leave(), or ERR_PTR(-ENOMEM).
 */
struct carveout_pool_client *carveout_pool_join(struct carveout_pool *pool)
{
	struct carveout_pool_client *client;

	might_sleep();
	client = kmalloc(sizeof(*client), GFP_KERNEL);
	if (!client)
		return ERR_PTR(-ENOMEM);
	carveout_pool_get(pool);
	carveout_pool_client_init(client, pool);
	carveout_object_inc(CARVEOUT_OBJ_POOL_CLIENT);
	return client;
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_join, "CARVEOUT");

/**
 * carveout_pool_leave() - Free all blocks of a client, and the client
 * @client: the client, which no other call uses. Stop the device and whatever else
 *	allocates or frees for it before.
 *
 * Each block is handed to the next waiter. Blocks that were moved to another client
 * remain with it.
 *
 * Context: Process context. May sleep.
 */
void carveout_pool_leave(struct carveout_pool_client *client)
{
	struct carveout_pool *pool = client->pool;

	might_sleep();
	carveout_pool_client_exit(client);
	kfree(client);
	carveout_object_dec(CARVEOUT_OBJ_POOL_CLIENT);
	carveout_buf_put_sync(pool->buf);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_leave, "CARVEOUT");

/**
 * carveout_pool_client_id() - Id of a client
 * @client: the client
 *
 * For other clients that move blocks to this one: carveout_pool_move(), and
 * CARVEOUT_POOL_IOCTL_MOVE of processes.
 *
 * Context: Any context.
 * Return: the id, which is never used again in this pool.
 */
u64 carveout_pool_client_id(const struct carveout_pool_client *client)
{
	return client->id;
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_client_id, "CARVEOUT");

/* === Blocks =============================================================== */

/**
 * carveout_pool_alloc() - Allocate a block without waiting
 * @client: owner of the block
 * @block: filled in
 *
 * The content is that which the last owner left.
 *
 * Context: Any context, including hard interrupts. Bounded time.
 * Return: 0; -EAGAIN if all blocks are in use; -EIDRM if the pool was destroyed; -ENODEV
 * after the heap's shutdown; -EUCLEAN if the pool is corrupted.
 */
int carveout_pool_alloc(struct carveout_pool_client *client,
			struct carveout_pool_block *block)
{
	return carveout_block_alloc(client, block);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_alloc, "CARVEOUT");

/**
 * carveout_pool_alloc_wait() - Allocate a block, and wait for one if all are in use
 * @client: owner of the block
 * @deadline: CLOCK_MONOTONIC; KTIME_MAX for none
 * @block: filled in
 *
 * Waiters are served in FIFO order. A block freed while there are waiters is handed over
 * to the first of them immediately.
 *
 * A suspend freezes the waiter in its place in the queue. The caller must not hold a lock:
 * tasks that wait for the lock could not be frozen.
 *
 * Context: Process context. May sleep. Only a fatal signal interrupts it.
 * Return: as carveout_pool_alloc(), but instead of -EAGAIN -ETIMEDOUT, or -ERESTARTSYS
 * if the caller is killed.
 */
int carveout_pool_alloc_wait(struct carveout_pool_client *client, ktime_t deadline,
			     struct carveout_pool_block *block)
{
	return carveout_block_alloc_wait(client, deadline, TASK_KILLABLE, NULL, block);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_alloc_wait, "CARVEOUT");

/**
 * carveout_pool_alloc_interruptible() - Allocate a block on behalf of a system call
 * @client: owner of the block
 * @deadline: CLOCK_MONOTONIC; KTIME_MAX for none
 * @ticket: 0, or the ticket of a wait of this client that a signal ended, which gets its
 *	place in the queue back; filled in with 0, on a signal with the ticket of the
 *	place. The driver keeps it for the restarted system call. NULL: the place is lost.
 * @block: filled in
 *
 * As carveout_pool_alloc_wait(), but any signal interrupts it. A ticket is valid once; a
 * client keeps the places of up to 16 interrupted waits; of more, the earliest is dropped.
 *
 * Context: Process context. May sleep.
 * Return: as carveout_pool_alloc_wait(); -ERESTARTSYS on a signal.
 */
int carveout_pool_alloc_interruptible(struct carveout_pool_client *client,
				      ktime_t deadline, u64 *ticket,
				      struct carveout_pool_block *block)
{
	return carveout_block_alloc_wait(client, deadline, TASK_INTERRUPTIBLE, ticket, block);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_alloc_interruptible, "CARVEOUT");

/**
 * carveout_pool_free() - Free a block
 * @client: owner of the block
 * @block: the block; only its index and serial are used
 *
 * Context: Any context, including hard interrupts. Bounded time.
 * Return: 0; -EINVAL if the block is free, or has another serial because it was freed or
 * moved before; -EPERM if it belongs to another client; -EUCLEAN if the pool is
 * corrupted. On failure nothing changes.
 */
int carveout_pool_free(struct carveout_pool_client *client,
		       const struct carveout_pool_block *block)
{
	return carveout_block_free(client, block->index, block->serial);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_free, "CARVEOUT");

/**
 * carveout_pool_free_any() - Free a block of any client
 * @pool: the pool
 * @block: the block; only its index and serial are used
 *
 * The owner keeps using the block unless it is told: only for a driver that knows that
 * the owner does not.
 *
 * Context: Any context, including hard interrupts. Bounded time.
 * Return: as carveout_pool_free(), but not -EPERM.
 */
int carveout_pool_free_any(struct carveout_pool *pool,
			   const struct carveout_pool_block *block)
{
	return carveout_block_free_any(pool, block->index, block->serial);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_free_any, "CARVEOUT");

/**
 * carveout_pool_move() - Move a block to another client of the pool
 * @client: owner of the block
 * @block: the block; on success its serial is that of the new owner
 * @to: id of the new owner, a driver or an open file of a process
 *
 * From then on the block is freed with its new owner. The new owner is not told: send it
 * the index and the serial. A client that has left gets no block.
 *
 * Context: Any context, including hard interrupts. Time grows with the logarithm of the
 * number of clients.
 * Return: 0; -ESRCH if the pool has no such client; further as carveout_pool_free().
 */
int carveout_pool_move(struct carveout_pool_client *client,
		       struct carveout_pool_block *block, u64 to)
{
	u64 new_serial = carveout_block_new_serial(client->pool);
	int ret = carveout_block_move(client, block->index, block->serial, to, new_serial);

	if (!ret)
		block->serial = new_serial;
	return ret;
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_move, "CARVEOUT");

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

/**
 * carveout_pool_va() - Address of a block
 * @pool: the pool
 * @index: index of the block
 *
 * Context: Any context.
 * Return: the address, whether or not the block is in use; NULL if there is no such block.
 */
void *carveout_pool_va(const struct carveout_pool *pool, u32 index)
{
	if (index >= pool->blocks.count)
		return NULL;
	return carveout_buf_va(pool->buf) + index * pool->stride;
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_va, "CARVEOUT");

/**
 * carveout_pool_index() - Index of the block that starts at an address
 * @pool: the pool
 * @va: any pointer
 *
 * Context: Any context.
 * Return: the index, or %CARVEOUT_POOL_NO_INDEX.
 */
u32 carveout_pool_index(const struct carveout_pool *pool, const void *va)
{
	const void *first = carveout_buf_va(pool->buf);

	if (va < first)
		return CARVEOUT_POOL_NO_INDEX;
	return carveout_block_at(va - first, pool->stride, pool->blocks.count);
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_index, "CARVEOUT");
