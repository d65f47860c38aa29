// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Pools: buffers of one size, a limited number of which can be in use.
 *
 * A buffer of a pool has a tag with a number below the limit. The heap creates a tag once,
 * so processes cannot use the same number, and the tag of a process that is killed is
 * removed with its buffer.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "internal.h"

static void set_slot(char slot[CARVEOUT_NAME_LEN], const struct ticmem_block *block, int pool,
		     uint64_t number)
{
	snprintf(slot, CARVEOUT_NAME_LEN, "cmem.%d.%d.%llu", block->id, pool,
		 (unsigned long long)number);
}

int ticmem_pool_alloc(const struct ticmem_context *context, const struct ticmem_block *block,
		      int pool, int flags, char slot[CARVEOUT_NAME_LEN])
{
	struct carveout_alloc_options options = CARVEOUT_ALLOC_OPTIONS_INIT;
	const struct ticmem_pool *from = &block->pools[pool];
	uint64_t number;
	int fd;

	options.size = from->size;
	options.tag = slot;
	options.mode = 0660;
	for (number = 0; number < from->count; number++) {
		set_slot(slot, block, pool, number);
		fd = ticmem_request(context, block, from->regions, flags, &options);
		if (fd != -EEXIST)
			return fd;
	}
	return -EAGAIN;
}

/* === Choosing ============================================================= */

/* Pools of one size are in the order of their ids. */
int ticmem_pool_next(const struct ticmem_block *block, uint64_t size, int after)
{
	const uint64_t before = after < 0 ? 0 : block->pools[after].size;
	int i, best = -1;

	for (i = 0; i < block->nr_pools; i++) {
		const uint64_t own = block->pools[i].size;

		if (own < size || own < before || (own == before && i <= after))
			continue;
		if (best < 0 || own < block->pools[best].size)
			best = i;
	}
	return best;
}

bool ticmem_pool_spills(const struct ticmem_context *context, const struct ticmem_block *block)
{
	return context->use_heap || !block->nr_pools;
}

/* Return 1, 0 or a negative errno. A tag that may not be opened is that of another user. */
static int has_free(const struct ticmem_block *block, int pool)
{
	char slot[CARVEOUT_NAME_LEN];
	uint64_t number;
	int fd;

	for (number = 0; number < block->pools[pool].count; number++) {
		set_slot(slot, block, pool, number);
		fd = carveout_open_tag(block->heap, slot, O_RDONLY | O_CLOEXEC, NULL);
		if (fd == -ENOENT)
			return 1;
		if (fd >= 0)
			close(fd);
		else if (fd != -EACCES)
			return fd;
	}
	return 0;
}

/* Return 0 or a negative errno, -EAGAIN if neither a pool nor the heap has a buffer. */
static int choose(const struct ticmem_context *context, const struct ticmem_block *block,
		  uint64_t size, int *pool)
{
	int found = 0;

	for (*pool = -1; !found;) {
		*pool = ticmem_pool_next(block, size, *pool);
		if (*pool < 0)
			break;
		found = has_free(block, *pool);
	}
	if (!found && ticmem_pool_spills(context, block)) {
		*pool = USE_HEAP;
		found = ticmem_heap_has(block, size);
	}
	return found < 0 ? found : found ? 0 : -EAGAIN;
}

static int choose_or_explain(const struct ticmem_context *context,
			     const struct ticmem_block *block, uint64_t size)
{
	int pool, err = choose(context, block, size, &pool);

	if (!err)
		return pool;
	if (err == -EAGAIN)
		ticmem_error(err, "no pool of block %d has a free buffer of %llu bytes",
			     block->id, (unsigned long long)size);
	else
		ticmem_error(err, "cannot query the pools of block %d", block->id);
	return -1;
}

int CMEM_getPool2(int blockid, unsigned long long size)
{
	struct ticmem_context *context = ticmem_enter(__func__);
	struct ticmem_block *block;
	int pool;

	if (!context)
		return -1;
	block = ticmem_block(context, blockid);
	pool = block ? choose_or_explain(context, block, size) : -1;
	ticmem_leave(context);
	return pool;
}

int CMEM_getPool(unsigned long long size)
{
	return CMEM_getPool2(0, size);
}
