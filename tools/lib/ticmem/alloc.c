// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Allocating buffers.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

CMEM_AllocParams CMEM_DEFAULTPARAMS = {
	.type = CMEM_POOL,
	.flags = CMEM_NONCACHED,
	.alignment = 1,
};

enum source {
	FROM_HEAP,
	FROM_BEST_POOL,
	FROM_POOL,
	FROM_NOWHERE,	/* an unknown type */
};

/* A request for a buffer; @pool with FROM_POOL, @size otherwise. */
struct wish {
	struct ticmem_context *context;
	struct ticmem_block *block;
	enum source source;
	int pool;
	uint64_t size;
	CMEM_AllocParams params;
};

/* === Sources ============================================================== */

static int from_heap(const struct wish *wish)
{
	struct carveout_alloc_options options = CARVEOUT_ALLOC_OPTIONS_INIT;

	options.size = wish->size;
	options.align = wish->params.alignment;
	return ticmem_request(wish->context, wish->block, wish->block->heap_regions,
			      wish->params.flags, &options);
}

static int from_pool(const struct wish *wish, int pool, char slot[CARVEOUT_NAME_LEN])
{
	if (pool < 0 || pool >= wish->block->nr_pools)
		return -EINVAL;
	return ticmem_pool_alloc(wish->context, wish->block, pool, wish->params.flags, slot);
}

/* The pools that fit, the smallest buffers first. */
static int from_best_pool(const struct wish *wish, char slot[CARVEOUT_NAME_LEN])
{
	int pool = -1, fd = -EAGAIN;

	if (!wish->size)
		return -EINVAL;
	while (fd == -EAGAIN) {
		pool = ticmem_pool_next(wish->block, wish->size, pool);
		if (pool < 0)
			break;
		fd = from_pool(wish, pool, slot);
	}
	if (fd != -EAGAIN || !ticmem_pool_spills(wish->context, wish->block))
		return fd;
	*slot = '\0';
	return from_heap(wish);
}

static int from_source(const struct wish *wish, char slot[CARVEOUT_NAME_LEN])
{
	*slot = '\0';
	if (wish->params.flags & ~CMEM_CACHED)
		return -EINVAL;
	switch (wish->source) {
	case FROM_HEAP:
		return from_heap(wish);
	case FROM_BEST_POOL:
		return from_best_pool(wish, slot);
	case FROM_POOL:
		return from_pool(wish, wish->pool, slot);
	default:
		return -EINVAL;
	}
}

static void explain(const struct wish *wish, int err)
{
	const int block = wish->block->id;
	const unsigned long long size = wish->size;

	if (err == -EOPNOTSUPP)
		ticmem_error(err, "all memory of block %d is cached, see TICMEM_COHERENT", block);
	else if (wish->source == FROM_POOL)
		ticmem_error(err, "cannot allocate from pool %d of block %d", wish->pool, block);
	else if (err == -EAGAIN)
		ticmem_error(err, "no pool of block %d has a free buffer of %llu bytes", block,
			     size);
	else
		ticmem_error(err, "cannot allocate %llu bytes of block %d", size, block);
}

/* A new buffer without a user, or NULL after a message. */
static struct ticmem_buffer *allocate(const struct wish *wish)
{
	struct ticmem_buffer *buffer = NULL;
	char slot[CARVEOUT_NAME_LEN];
	uint64_t size;
	int fd, err;

	fd = from_source(wish, slot);
	err = fd < 0 ? fd : carveout_size(fd, &size);
	if (err && fd >= 0)
		close(fd);
	if (!err)
		buffer = ticmem_buffer_add(wish->context, wish->block, fd, size);
	if (!buffer) {
		explain(wish, err ? err : -ENOMEM);
		return NULL;
	}
	buffer->owner = getpid();
	strcpy(buffer->slot, slot);
	return buffer;
}

/* === Calls ================================================================ */

/* Where a new buffer is: mapped at this address, or at this physical address; 0: nowhere. */
static uint64_t place(const struct wish *wish, bool map)
{
	struct ticmem_buffer *buffer = allocate(wish);
	uint64_t where;

	if (!buffer)
		return 0;
	if (map)
		where = (uintptr_t)ticmem_map(wish->context, buffer, 0, buffer->phys.size);
	else
		where = ticmem_reveal(wish->context, buffer);
	if (where)
		ticmem_buffer_use(buffer);
	ticmem_buffer_put(wish->context, buffer);
	return where;
}

static uint64_t call(const char *function, int blockid, struct wish *wish, bool map)
{
	uint64_t where = 0;

	wish->context = ticmem_enter(function);
	if (!wish->context)
		return 0;
	wish->block = ticmem_block(wish->context, blockid);
	if (wish->block)
		where = place(wish, map);
	ticmem_leave(wish->context);
	return where;
}

static struct wish for_size(size_t size, const CMEM_AllocParams *params)
{
	struct wish wish = {
		.source = FROM_NOWHERE,
		.size = size,
		.params = params ? *params : CMEM_DEFAULTPARAMS,
	};

	if (wish.params.type == CMEM_POOL)
		wish.source = FROM_BEST_POOL;
	else if (wish.params.type == CMEM_HEAP)
		wish.source = FROM_HEAP;
	return wish;
}

static struct wish for_pool(int pool, const CMEM_AllocParams *params)
{
	struct wish wish = {
		.source = FROM_POOL,
		.pool = pool,
		.params = params ? *params : CMEM_DEFAULTPARAMS,
	};

	return wish;
}

void *CMEM_alloc2(int blockid, size_t size, CMEM_AllocParams *params)
{
	struct wish wish = for_size(size, params);

	return (void *)(uintptr_t)call(__func__, blockid, &wish, true);
}

void *CMEM_alloc(size_t size, CMEM_AllocParams *params)
{
	return CMEM_alloc2(0, size, params);
}

off_t CMEM_allocPhys2(int blockid, size_t size, CMEM_AllocParams *params)
{
	struct wish wish = for_size(size, params);

	return call(__func__, blockid, &wish, false);
}

off_t CMEM_allocPhys(size_t size, CMEM_AllocParams *params)
{
	return CMEM_allocPhys2(0, size, params);
}

void *CMEM_allocPool2(int blockid, int poolid, CMEM_AllocParams *params)
{
	struct wish wish = for_pool(poolid, params);

	return (void *)(uintptr_t)call(__func__, blockid, &wish, true);
}

void *CMEM_allocPool(int poolid, CMEM_AllocParams *params)
{
	return CMEM_allocPool2(0, poolid, params);
}

off_t CMEM_allocPoolPhys2(int blockid, int poolid, CMEM_AllocParams *params)
{
	struct wish wish = for_pool(poolid, params);

	return call(__func__, blockid, &wish, false);
}

off_t CMEM_allocPoolPhys(int poolid, CMEM_AllocParams *params)
{
	return CMEM_allocPoolPhys2(0, poolid, params);
}
