// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Pools: creating, opening, acquiring and releasing blocks.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "internal.h"

static_assert(offsetof(struct carveout_pool_options, struct_size) == 0, "see age.c");
static_assert(offsetof(struct carveout_pool_opened, struct_size) == 0, "see age.c");

/* Sizes of the first version of each structure. */
#define OPENED_SIZE_VER0 \
	(offsetof(struct carveout_pool_opened, created) + sizeof(uint32_t))
#define OPTIONS_SIZE_VER0 \
	(offsetof(struct carveout_pool_options, forbid) + sizeof(uint32_t))

static int check_opened(const struct carveout_pool_opened *opened)
{
	return carveout__check_answer(opened, OPENED_SIZE_VER0);
}

/* === Creating and opening ================================================= */

static int set_request(struct carveout_ioctl_pool_create *pool,
		       const struct carveout_pool_options *options)
{
	pool->block_size = options->block_size;
	pool->count = options->count;
	pool->align = options->align;
	pool->max_addr = options->max_addr;
	pool->regions = options->regions;
	pool->require = options->require;
	pool->forbid = options->forbid;
	pool->flags = options->flags;
	pool->fd_flags = options->fd_flags;
	if (options->tag)
		pool->mode = options->mode;
	return carveout__set_names(pool->tag, options->tag, pool->label, options->label);
}

int carveout_pool_create(const struct carveout_heap *heap,
			 const struct carveout_pool_options *options,
			 struct carveout_pool_opened *opened)
{
	struct carveout_ioctl_pool_create pool, request = { 0 };
	struct carveout_pool_opened known = { 0 };
	struct carveout_pool_options own;
	int err;

	err = carveout__take_options(&own, sizeof(own), options, OPTIONS_SIZE_VER0);
	if (!err)
		err = check_opened(opened);
	if (!err)
		err = set_request(&request, &own);
	if (!err)
		err = carveout__ioctl_again(heap->fd, CARVEOUT_IOCTL_POOL_CREATE,
					    &pool, &request);
	if (err)
		return err;
	known.block_size = pool.block_size;
	known.size = pool.size;
	known.offset = pool.offset;
	known.generation = pool.generation;
	known.count = pool.count;
	known.region = pool.region;
	known.attrs = pool.attrs;
	known.created = !!(pool.created & CARVEOUT_ALLOC_CREATED);
	carveout__set_answer(opened, &known, sizeof(known));
	return pool.fd;
}

static int report_opened(const struct carveout_ioctl_pool_open *open,
			 struct carveout_pool_opened *opened)
{
	struct carveout_pool_opened known = {
		.block_size = open->block_size,
		.size = open->size,
		.offset = open->offset,
		.generation = open->generation,
		.count = open->count,
		.region = open->region,
		.attrs = open->attrs,
	};

	carveout__set_answer(opened, &known, sizeof(known));
	return open->fd;
}

int carveout_pool_open(const struct carveout_heap *heap, const char *tag, int fd_flags,
		       struct carveout_pool_opened *opened)
{
	union carveout__open open;
	int err;

	err = check_opened(opened);
	if (!err)
		err = carveout__open_tag(heap, CARVEOUT_IOCTL_POOL_OPEN, &open, tag,
					 fd_flags);
	return err ? err : report_opened(&open.pool, opened);
}

int carveout_pool_open_until(const struct carveout_heap *heap, const char *tag,
			     int fd_flags, uint64_t deadline,
			     struct carveout_pool_opened *opened)
{
	union carveout__open open;
	int err;

	err = check_opened(opened);
	if (!err)
		err = carveout__open_tag_until(heap, CARVEOUT_IOCTL_POOL_OPEN, &open, tag,
					       fd_flags, deadline);
	return err ? err : report_opened(&open.pool, opened);
}

int carveout_pool_open_wait(const struct carveout_heap *heap, const char *tag,
			    int fd_flags, int timeout_ms,
			    struct carveout_pool_opened *opened)
{
	return carveout_pool_open_until(heap, tag, fd_flags, carveout_deadline(timeout_ms),
					opened);
}

/* === Blocks =============================================================== */

/*
 * -EAGAIN is a result here, and signals are reported to the waiter: do not restart. The
 * ticket of an interrupted wait is in the block, for the next call.
 */
static int acquire(int pool, struct carveout_ioctl_pool_acquire *arg,
		   struct carveout_pool_block *block)
{
	int err = ioctl(pool, CARVEOUT_POOL_IOCTL_ACQUIRE, arg) < 0 ? -errno : 0;

	block->ticket = err == -EINTR ? arg->ticket : 0;
	if (err)
		return err;
	block->serial = arg->serial;
	block->offset = arg->offset;
	block->index = arg->index;
	return 0;
}

int carveout_pool_acquire(int pool, struct carveout_pool_block *block)
{
	struct carveout_ioctl_pool_acquire arg = { .flags = CARVEOUT_POOL_ACQUIRE_NOWAIT };

	return acquire(pool, &arg, block);
}

int carveout_pool_acquire_until(int pool, uint64_t deadline,
				struct carveout_pool_block *block)
{
	struct carveout_ioctl_pool_acquire arg = {
		.deadline = deadline,
		.ticket = block->ticket,
	};

	return acquire(pool, &arg, block);
}

int carveout_pool_acquire_wait(int pool, int timeout_ms, struct carveout_pool_block *block)
{
	return carveout_pool_acquire_until(pool, carveout_deadline(timeout_ms), block);
}

static int release(int pool, const struct carveout_pool_block *block, uint32_t flags)
{
	struct carveout_ioctl_pool_release arg = {
		.index = block->index,
		.flags = flags,
		.serial = block->serial,
	};

	return carveout__ioctl(pool, CARVEOUT_POOL_IOCTL_RELEASE, &arg);
}

int carveout_pool_release(int pool, const struct carveout_pool_block *block)
{
	return release(pool, block, 0);
}

int carveout_pool_release_any(int pool, const struct carveout_pool_block *block)
{
	return release(pool, block, CARVEOUT_POOL_RELEASE_ANY);
}

int carveout_pool_move(int pool, struct carveout_pool_block *block, uint64_t client)
{
	struct carveout_ioctl_pool_move move = {
		.index = block->index,
		.serial = block->serial,
		.to = client,
	};
	int err = carveout__ioctl(pool, CARVEOUT_POOL_IOCTL_MOVE, &move);

	if (!err)
		block->serial = move.new_serial;
	return err;
}

/* === Several blocks ======================================================= */

static void to_refs(struct carveout_pool_ref *refs, const struct carveout_pool_block *blocks,
		    unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		refs[i] = (struct carveout_pool_ref){
			.serial = blocks[i].serial,
			.offset = blocks[i].offset,
			.index = blocks[i].index,
		};
}

static void from_refs(struct carveout_pool_block *blocks, const struct carveout_pool_ref *refs,
		      unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		blocks[i] = (struct carveout_pool_block){
			.serial = refs[i].serial,
			.offset = refs[i].offset,
			.index = refs[i].index,
		};
}

/*
 * Pass on the blocks @in, or none if it is NULL, and fill in @out unless it is NULL. Return the
 * number of blocks that the driver reports.
 */
static int batch(int pool, unsigned long command, const struct carveout_pool_block *in,
		 struct carveout_pool_block *out, unsigned int count, uint64_t client)
{
	struct carveout_pool_ref refs[CARVEOUT_POOL_BATCH_MAX];
	struct carveout_ioctl_pool_batch arg = {
		.refs = (uintptr_t)refs,
		.to = client,
		.count = count,
	};
	int err;

	if (count > CARVEOUT_POOL_BATCH_MAX)
		return -EINVAL;
	if (in)
		to_refs(refs, in, count);
	err = carveout__ioctl(pool, command, &arg);
	if (err)
		return err;
	if (out)
		from_refs(out, refs, arg.count);
	return (int)arg.count;
}

int carveout_pool_acquire_batch(int pool, struct carveout_pool_block *blocks,
				unsigned int count)
{
	return batch(pool, CARVEOUT_POOL_IOCTL_ACQUIRE_BATCH, NULL, blocks, count, 0);
}

int carveout_pool_release_batch(int pool, const struct carveout_pool_block *blocks,
				unsigned int count)
{
	return batch(pool, CARVEOUT_POOL_IOCTL_RELEASE_BATCH, blocks, NULL, count, 0);
}

int carveout_pool_move_batch(int pool, struct carveout_pool_block *blocks,
			     unsigned int count, uint64_t client)
{
	return batch(pool, CARVEOUT_POOL_IOCTL_MOVE_BATCH, blocks, blocks, count, client);
}

/* === The whole pool ======================================================= */

int carveout_pool_sync(int pool, const struct carveout_pool_block *block, uint64_t offset,
		       uint64_t size, uint32_t flags)
{
	struct carveout_ioctl_pool_sync sync = {
		.index = block->index,
		.flags = flags,
		.offset = offset,
		.size = size,
	};

	return carveout__ioctl(pool, CARVEOUT_POOL_IOCTL_SYNC, &sync);
}

int carveout_pool_export(int pool, int fd_flags)
{
	struct carveout_ioctl_pool_export export = { .fd_flags = fd_flags };
	int err = carveout__ioctl(pool, CARVEOUT_POOL_IOCTL_EXPORT, &export);

	return err ? err : export.fd;
}

int carveout_pool_query_sized(int pool, struct carveout_ioctl_pool_query *query,
			      size_t size)
{
	unsigned long command = carveout__sized(CARVEOUT_POOL_IOCTL_QUERY, size);

	if (!command)
		return -E2BIG;
	/* Members that are not "out" must be zero. */
	memset(query, 0, size);
	return carveout__ioctl(pool, command, query);
}

int carveout_pool_destroy(int pool)
{
	struct carveout_ioctl_pool_destroy destroy = { 0 };

	return carveout__ioctl(pool, CARVEOUT_POOL_IOCTL_DESTROY, &destroy);
}
