/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pools: buffers that are cut into equal blocks.
 */
#ifndef _CARVEOUT_DRIVER_POOL_H
#define _CARVEOUT_DRIVER_POOL_H

#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "carveout_internal.h"
#include "../lib/pool.h"

/**
 * struct carveout_pool - a buffer as a pool of blocks
 * @buf: the buffer, which keeps the pool; who has the pool has a reference to it
 *	(invariant)
 * @stride: bytes from the start of a block to that of the next (invariant)
 * @lock: guards what follows
 * @blocks: who has which
 * @kernel: owner of the blocks that drivers have
 * @waiters: who waits for a block, first come first; none while one is free
 * @nr_waiters: number of @waiters
 * @error: why there are no blocks any more, or 0
 * @poll: those who poll
 * @poll_work: wakes them, since that is not for every context
 */
struct carveout_pool {
	struct carveout_buf *buf;
	u64 stride;

	raw_spinlock_t lock;
	struct carveout_blocks blocks;
	struct carveout_block_owner kernel;
	struct list_head waiters;
	u32 nr_waiters;
	int error;

	wait_queue_head_t poll;
	struct irq_work poll_work;
};

/**
 * struct carveout_pool_spec - what a new pool is to be
 * @block_size: bytes of a block, at least
 * @count: number of blocks
 * @buf: what its buffer is to be; the size in its request is filled in
 */
struct carveout_pool_spec {
	u64 block_size;
	u32 count;
	struct carveout_buf_spec buf;
};

struct carveout_pool *carveout_pool_make(struct carveout *carveout,
					 struct carveout_open *open,
					 struct carveout_pool_spec *spec);
bool carveout_pool_satisfies(const struct carveout_buf *buf,
			     const struct carveout_pool_spec *spec);
int carveout_pool_measure(const struct carveout_pool_spec *spec, u64 *stride, u64 *size);
void carveout_pool_fini(struct carveout_pool *pool);
int carveout_pool_kill(struct carveout_pool *pool, int error);
int carveout_pool_end(struct carveout_pool *pool);

int carveout_pool_take(struct carveout_pool *pool, struct carveout_block_owner *owner,
		       u32 *index);
int carveout_pool_wait(struct carveout_pool *pool, struct carveout_block_owner *owner,
		       ktime_t deadline, unsigned int state, u32 *index);
int carveout_pool_give(struct carveout_pool *pool, u32 index);
int carveout_pool_give_own(struct carveout_pool *pool, u32 index,
			   const struct carveout_block_owner *owner);
void carveout_pool_give_all(struct carveout_pool *pool,
			    struct carveout_block_owner *owner);

#endif /* _CARVEOUT_DRIVER_POOL_H */
