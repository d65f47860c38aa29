/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Buffers as pools.
 */
#ifndef CARVEOUT_POOL_BUF_H
#define CARVEOUT_POOL_BUF_H

#include <linux/types.h>

#include "buffer.h"

struct carveout;
struct carveout_account;
struct carveout_pool;

/**
 * struct carveout_pool_spec - Properties of a new pool
 * @block_size: bytes of a block, at least
 * @count: number of blocks
 * @buf: properties of its buffer; the size in its request is filled in
 */
struct carveout_pool_spec {
	u64 block_size;
	u32 count;
	struct carveout_buf_spec buf;
};

int carveout_pool_measure(const struct carveout *carveout,
			  const struct carveout_pool_spec *spec, u64 *stride, u64 *size);
bool carveout_pool_satisfies(const struct carveout_buf *buf,
			     const struct carveout_pool_spec *spec);
struct carveout_pool *carveout_pool_buf_create(struct carveout *carveout,
					       struct carveout_account *account,
					       struct carveout_pool_spec *spec);
int carveout_pool_buf_shutdown(struct carveout_pool *pool);

#endif /* CARVEOUT_POOL_BUF_H */
