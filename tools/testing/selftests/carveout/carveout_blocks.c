// SPDX-License-Identifier: GPL-2.0
/*
 * Shared code of the test programs: short forms of the ioctls of pools.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include "carveout_test.h"

/**
 * pool_request() - A plain pool, for further changes
 * @block_size: bytes of a block
 * @count: number of blocks
 *
 * Return: a valid request.
 */
struct carveout_ioctl_pool_create pool_request(__u64 block_size, __u32 count)
{
	struct carveout_ioctl_pool_create pool;

	memset(&pool, 0, sizeof(pool));
	pool.block_size = block_size;
	pool.count = count;
	pool.fd_flags = O_RDWR | O_CLOEXEC;
	pool.fd = -1;
	return pool;
}

/**
 * create_pool() - Make a plain pool
 * @node: the heap
 * @block_size: bytes of a block
 * @count: number of blocks
 *
 * Return: its file descriptor or a negative errno value.
 */
int create_pool(int node, __u64 block_size, __u32 count)
{
	struct carveout_ioctl_pool_create pool = pool_request(block_size, count);
	int err = xioctl(node, CARVEOUT_IOCTL_POOL_CREATE, &pool);

	return err ? err : pool.fd;
}

/**
 * try_create_pool() - Make a pool and close it
 * @node: the heap
 * @pool: request, filled in
 *
 * Return: 0 or a negative errno value.
 */
int try_create_pool(int node, struct carveout_ioctl_pool_create *pool)
{
	int err = xioctl(node, CARVEOUT_IOCTL_POOL_CREATE, pool);

	if (!err)
		close(pool->fd);
	return err;
}

/**
 * create_pool_tag() - Make a pool with a tag
 * @node: the heap
 * @block_size: bytes of a block
 * @count: number of blocks
 * @tag: its tag
 * @flags: CARVEOUT_POOL_FLAGS bits
 * @mode: permission bits
 *
 * Return: its file descriptor or a negative errno value.
 */
int create_pool_tag(int node, __u64 block_size, __u32 count, const char *tag,
		    __u32 flags, __u32 mode)
{
	struct carveout_ioctl_pool_create pool = pool_request(block_size, count);
	int err;

	set_name(pool.tag, tag);
	pool.flags = flags;
	pool.mode = mode;
	err = xioctl(node, CARVEOUT_IOCTL_POOL_CREATE, &pool);
	return err ? err : pool.fd;
}

/**
 * open_pool() - Open a pool by its tag
 * @node: the heap
 * @tag: its tag
 *
 * Return: its file descriptor or a negative errno value.
 */
int open_pool(int node, const char *tag)
{
	struct carveout_ioctl_pool_open arg;
	int err;

	memset(&arg, 0, sizeof(arg));
	set_name(arg.tag, tag);
	arg.fd_flags = O_RDWR | O_CLOEXEC;
	err = xioctl(node, CARVEOUT_IOCTL_POOL_OPEN, &arg);
	return err ? err : arg.fd;
}

/*
 * The serials of the blocks that this process acquired last, by file descriptor and index.
 * So most tests need only the index. A released block keeps its serial here: releasing it
 * again is a late release. Threads of one process do not share a block.
 */
#define POOLS	64
#define INDICES	128

static __u64 serials[POOLS][INDICES];

static __u64 *serial_at(int pool, __u32 index)
{
	static __u64 none;

	none = 0;
	return pool >= 0 && pool < POOLS && index < INDICES ? &serials[pool][index] : &none;
}

/**
 * serial_of() - Serial of a block that this process acquired
 * @pool: file descriptor that acquired it
 * @index: index of the block
 *
 * Return: the latest serial, or 0.
 */
__u64 serial_of(int pool, __u32 index)
{
	return *serial_at(pool, index);
}

static int acquire(int pool, struct carveout_ioctl_pool_acquire *args)
{
	int err = xioctl(pool, CARVEOUT_POOL_IOCTL_ACQUIRE, args);

	if (err)
		return err;
	*serial_at(pool, args->index) = args->serial;
	return args->index;
}

/**
 * acquire_block() - Acquire a block, and wait for one if necessary
 * @pool: file descriptor of the pool
 * @deadline: end of the wait
 *
 * Return: index of the block or a negative errno value.
 */
int acquire_block(int pool, __u64 deadline)
{
	struct carveout_ioctl_pool_acquire args = { .deadline = deadline };

	return acquire(pool, &args);
}

/**
 * acquire_block_nowait() - Acquire a block without waiting
 * @pool: file descriptor of the pool
 *
 * Return: index of the block or a negative errno value.
 */
int acquire_block_nowait(int pool)
{
	struct carveout_ioctl_pool_acquire args = { .flags = CARVEOUT_POOL_ACQUIRE_NOWAIT };

	return acquire(pool, &args);
}

/**
 * release_serial() - Release a block
 * @pool: file descriptor of the pool
 * @index: index of the block
 * @serial: its serial
 * @flags: CARVEOUT_POOL_RELEASE_* flags
 *
 * Return: 0 or a negative errno value.
 */
int release_serial(int pool, __u32 index, __u64 serial, __u32 flags)
{
	struct carveout_ioctl_pool_release args = {
		.index = index, .serial = serial, .flags = flags,
	};

	return xioctl(pool, CARVEOUT_POOL_IOCTL_RELEASE, &args);
}

/**
 * release_block() - Release a block that this process acquired through the same descriptor
 * @pool: file descriptor of the pool
 * @index: index of the block
 *
 * Return: 0 or a negative errno value.
 */
int release_block(int pool, __u32 index)
{
	return release_serial(pool, index, serial_of(pool, index), 0);
}

/**
 * move_block() - Move a block to another client
 * @pool: file descriptor that the block belongs to
 * @index: index of the block
 * @serial: its serial, on success the new one
 * @to: client id of the new owner
 *
 * Return: 0 or a negative errno value.
 */
int move_block(int pool, __u32 index, __u64 *serial, __u64 to)
{
	struct carveout_ioctl_pool_move move = {
		.index = index, .serial = *serial, .to = to,
	};
	int err = xioctl(pool, CARVEOUT_POOL_IOCTL_MOVE, &move);

	if (!err)
		*serial = move.new_serial;
	return err;
}

static int batch(int pool, unsigned long cmd, struct carveout_pool_ref *refs, __u32 count,
		 __u64 to)
{
	struct carveout_ioctl_pool_batch args = {
		.refs = (uintptr_t)refs, .to = to, .count = count,
	};

	return xioctl(pool, cmd, &args) ?: (int)args.count;
}

/**
 * acquire_batch() - Acquire several blocks
 * @pool: file descriptor of the pool
 * @refs: filled in
 * @count: number of entries
 *
 * Return: number of blocks or a negative errno value.
 */
int acquire_batch(int pool, struct carveout_pool_ref *refs, __u32 count)
{
	return batch(pool, CARVEOUT_POOL_IOCTL_ACQUIRE_BATCH, refs, count, 0);
}

/**
 * release_batch() - Release several blocks
 * @pool: file descriptor of the pool
 * @refs: the blocks
 * @count: number of entries
 *
 * Return: number of blocks or a negative errno value.
 */
int release_batch(int pool, struct carveout_pool_ref *refs, __u32 count)
{
	return batch(pool, CARVEOUT_POOL_IOCTL_RELEASE_BATCH, refs, count, 0);
}

/**
 * move_batch() - Move several blocks to another client
 * @pool: file descriptor that the blocks belong to
 * @refs: the blocks; their serials are updated
 * @count: number of entries
 * @to: client id of the new owner
 *
 * Return: number of blocks or a negative errno value.
 */
int move_batch(int pool, struct carveout_pool_ref *refs, __u32 count, __u64 to)
{
	return batch(pool, CARVEOUT_POOL_IOCTL_MOVE_BATCH, refs, count, to);
}

/**
 * client_of() - Client id of an open file of a pool
 * @pool: file descriptor of the pool
 *
 * Return: the id, or 0 on failure.
 */
__u64 client_of(int pool)
{
	struct carveout_ioctl_pool_query query;

	return query_pool(pool, &query) ? 0 : query.client;
}

/**
 * export_pool() - Open a pool as a buffer
 * @pool: file descriptor of the pool
 * @fd_flags: O_RDWR or O_RDONLY, and O_CLOEXEC
 *
 * Return: dma-buf descriptor or a negative errno value.
 */
int export_pool(int pool, __u32 fd_flags)
{
	struct carveout_ioctl_pool_export export = { .fd_flags = fd_flags };
	int err = xioctl(pool, CARVEOUT_POOL_IOCTL_EXPORT, &export);

	return err ? err : export.fd;
}

/**
 * full_pool() - Make a pool and acquire all its blocks
 * @node: the heap
 * @count: number of blocks
 * @tag: its tag
 *
 * Return: its file descriptor or a negative errno value.
 */
int full_pool(int node, __u32 count, const char *tag)
{
	int pool = create_pool_tag(node, 64, count, tag, 0, 0600);

	while (pool >= 0 && acquire_block_nowait(pool) >= 0)
		;
	return pool;
}

/**
 * query_pool() - Query the state of a pool
 * @pool: file descriptor of the pool
 * @query: filled in
 *
 * Return: 0 or a negative errno value.
 */
int query_pool(int pool, struct carveout_ioctl_pool_query *query)
{
	memset(query, 0, sizeof(*query));
	return xioctl(pool, CARVEOUT_POOL_IOCTL_QUERY, query);
}

/**
 * free_blocks() - Number of free blocks
 * @pool: file descriptor of the pool
 *
 * Return: the number or a negative errno value.
 */
int free_blocks(int pool)
{
	struct carveout_ioctl_pool_query query;
	int err = query_pool(pool, &query);

	return err ? err : (int)query.free;
}

/**
 * has_waiters() - Does a pool have this number of waiters, now or soon?
 * @pool: file descriptor of the pool
 * @count: number of waiters
 *
 * Return: true if so.
 */
bool has_waiters(int pool, __u32 count)
{
	struct carveout_ioctl_pool_query query;
	int err;

	/* Many processes take a while to start. */
	return BECOMES_TRUE_IN(4 * SETTLE_MS,
			       (err = query_pool(pool, &query)) ||
			       query.waiters == count) && !err;
}

/**
 * destroy_pool() - Destroy a pool
 * @pool: file descriptor of the pool
 *
 * Return: 0 or a negative errno value.
 */
int destroy_pool(int pool)
{
	struct carveout_ioctl_pool_destroy destroy = { 0 };

	return xioctl(pool, CARVEOUT_POOL_IOCTL_DESTROY, &destroy);
}
