// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Pools of blocks.
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

/* === Making and opening =================================================== */

static int set_names(struct carveout_ioctl_pool_create *pool,
		     const struct carveout_pool_options *options)
{
	/* An empty tag is a mistake, not the wish for none. */
	if (options->tag) {
		pool->mode = options->mode;
		if (!*options->tag || carveout__set_name(pool->tag, options->tag))
			return -EINVAL;
	}
	return options->label ? carveout__set_name(pool->label, options->label) : 0;
}

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
	return set_names(pool, options);
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
		err = carveout__check_answer(opened, OPENED_SIZE_VER0);
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

static int set_tag(struct carveout_ioctl_pool_open *open, const char *tag, int fd_flags,
		   const struct carveout_pool_opened *opened)
{
	open->fd_flags = fd_flags;
	if (carveout__set_name(open->tag, tag))
		return -EINVAL;
	return carveout__check_answer(opened, OPENED_SIZE_VER0);
}

static int tell_opened(const struct carveout_ioctl_pool_open *open,
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
	struct carveout_ioctl_pool_open open, request = { 0 };
	int err;

	err = set_tag(&request, tag, fd_flags, opened);
	if (!err)
		err = carveout__ioctl_again(heap->fd, CARVEOUT_IOCTL_POOL_OPEN, &open,
					    &request);
	return err ? err : tell_opened(&open, opened);
}

int carveout_pool_open_wait(const struct carveout_heap *heap, const char *tag,
			    int fd_flags, int timeout_ms,
			    struct carveout_pool_opened *opened)
{
	struct carveout_ioctl_pool_open open = {
		.flags = CARVEOUT_OPEN_WAIT,
		.deadline = carveout__deadline(timeout_ms),
	};
	int err;

	err = set_tag(&open, tag, fd_flags, opened);
	if (err)
		return err;
	/* Who waits wants to be told of a signal. */
	if (ioctl(heap->fd, CARVEOUT_IOCTL_POOL_OPEN, &open) < 0)
		return -errno;
	return tell_opened(&open, opened);
}

/* === Blocks =============================================================== */

/* -EAGAIN is an answer here, and who waits wants to be told of a signal. */
static int get(int pool, struct carveout_ioctl_pool_get *arg, uint64_t *offset)
{
	if (ioctl(pool, CARVEOUT_POOL_IOCTL_GET, arg) < 0)
		return -errno;
	if (offset)
		*offset = arg->offset;
	return arg->index;
}

int carveout_pool_get(int pool, uint64_t *offset)
{
	struct carveout_ioctl_pool_get arg = { .flags = CARVEOUT_POOL_GET_NOWAIT };

	return get(pool, &arg, offset);
}

int carveout_pool_get_wait(int pool, int timeout_ms, uint64_t *offset)
{
	struct carveout_ioctl_pool_get arg = {
		.deadline = carveout__deadline(timeout_ms),
	};

	return get(pool, &arg, offset);
}

int carveout_pool_put(int pool, uint32_t index)
{
	struct carveout_ioctl_pool_put put = { .index = index };

	return carveout__ioctl(pool, CARVEOUT_POOL_IOCTL_PUT, &put);
}

int carveout_pool_query_sized(int pool, struct carveout_ioctl_pool_query *query,
			      size_t size)
{
	unsigned long command = carveout__sized(CARVEOUT_POOL_IOCTL_QUERY, size);

	if (!command)
		return -E2BIG;
	/* What is not "out" is zero. */
	memset(query, 0, size);
	return carveout__ioctl(pool, command, query);
}

int carveout_pool_destroy(int pool)
{
	struct carveout_ioctl_pool_destroy destroy = { 0 };

	return carveout__ioctl(pool, CARVEOUT_POOL_IOCTL_DESTROY, &destroy);
}
