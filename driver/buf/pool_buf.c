// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers as pools: creation, comparison with a request, shutdown.
 */

#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>

#include "../carveout_internal.h"
#include "pool.h"
#include "pool_buf.h"
#include "tags.h"

/*
 * Without snooping of the caches, maintenance for a block must not touch the next one: no
 * line of any cache belongs to two blocks.
 */
static u64 min_align(const struct carveout *carveout)
{
	u64 granule = BIT_ULL(CARVEOUT_GRANULE_SHIFT);

	return carveout->coherent ? granule : max_t(u64, granule, dma_get_cache_alignment());
}

/**
 * carveout_pool_measure() - Calculate the size of a pool
 * @carveout: the heap
 * @spec: properties of the pool; the size in its request is ignored
 * @stride: filled in with the bytes from the start of a block to that of the next
 * @size: filled in with the bytes of the whole pool, whole pages
 *
 * All arithmetic on caller-supplied values is overflow-checked.
 *
 * Context: Any context.
 * Return: 0 or -EINVAL.
 */
int carveout_pool_measure(const struct carveout *carveout,
			  const struct carveout_pool_spec *spec, u64 *stride, u64 *size)
{
	u64 align = max(spec->buf.request.align, min_align(carveout));

	if (!spec->block_size || !spec->count ||
	    spec->count > CARVEOUT_POOL_BLOCKS_MAX || align & (align - 1))
		return -EINVAL;
	if (check_add_overflow(spec->block_size, align - 1, stride))
		return -EINVAL;
	*stride = round_down(*stride, align);
	if (check_mul_overflow(*stride, (u64)spec->count, size) ||
	    *size > U64_MAX - PAGE_SIZE + 1)
		return -EINVAL;
	*size = PAGE_ALIGN(*size);
	return 0;
}

/**
 * carveout_pool_satisfies() - Check whether an existing pool satisfies a request
 * @buf: the buffer
 * @spec: the requested properties; the size in its request is ignored
 *
 * Context: Any context.
 * Return: true if the buffer is a pool whose blocks are at least as large and as many,
 * aligned and placed as requested.
 */
bool carveout_pool_satisfies(const struct carveout_buf *buf,
			     const struct carveout_pool_spec *spec)
{
	u64 align = max_t(u64, spec->buf.request.align, 1);

	return buf->pool && buf->pool->stride >= spec->block_size &&
	       buf->pool->blocks.count >= spec->count &&
	       !(buf->pool->stride & (align - 1)) &&
	       carveout_buf_satisfies(buf, &spec->buf);
}

/**
 * carveout_pool_buf_create() - Create a pool
 * @carveout: the heap
 * @account: account of the request; NULL for a driver
 * @spec: its properties
 *
 * Look-ups do not find the pool before its buffer is published. Each block has the
 * requested alignment, at least 64 bytes and, if devices do not snoop the caches, the size
 * of the largest cache line. A block is zero when it is allocated for the
 * first time, like the memory of a buffer; later it has the content that its former
 * owner left.
 *
 * Context: Process context. May sleep.
 * Return: the pool, with one reference to its buffer; or an ERR_PTR: -EINVAL; -ENOSPC;
 * or as carveout_buf_create().
 */
struct carveout_pool *carveout_pool_buf_create(struct carveout *carveout,
					       struct carveout_account *account,
					       struct carveout_pool_spec *spec)
{
	struct carveout_pool *pool;
	struct carveout_buf *buf;
	u64 stride, size;
	int ret;

	ret = carveout_pool_measure(carveout, spec, &stride, &size);
	if (!ret && size > READ_ONCE(carveout->heap.size))
		ret = -ENOSPC;
	if (ret)
		return ERR_PTR(ret);
	pool = carveout_pool_new(spec->count);
	if (!pool)
		return ERR_PTR(-ENOMEM);
	spec->buf.pool = true;
	spec->buf.request.size = size;
	spec->buf.request.align = max_t(u64, spec->buf.request.align, PAGE_SIZE);
	buf = carveout_buf_create(carveout, account, &spec->buf);
	if (IS_ERR(buf)) {
		carveout_pool_delete(pool);
		return ERR_CAST(buf);
	}
	pool->stride = stride;
	pool->buf = buf;
	pool->carveout = carveout;
	buf->pool = pool;
	return pool;
}

/**
 * carveout_pool_buf_shutdown() - Destroy a pool that may have other holders
 * @pool: the pool, which the caller holds
 *
 * Its tag is unlinked, so look-ups no longer find it. Waiters and new requests for a
 * block fail with -EIDRM.
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock and pool->lock.
 * Return: 0, or the error of an earlier shutdown.
 */
int carveout_pool_buf_shutdown(struct carveout_pool *pool)
{
	carveout_tag_unlink_buf(pool->buf);
	return carveout_pool_shutdown(pool, -EIDRM);
}
