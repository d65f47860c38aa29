/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pools: equal blocks, with waiting.
 */
#ifndef _CARVEOUT_POOL_H
#define _CARVEOUT_POOL_H

#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "../../lib/blocks.h"

struct carveout;
struct carveout_buf;

/**
 * struct carveout_pool - the blocks of a buffer
 * @buf: the buffer, which owns the pool; a holder of the pool has a reference to it
 *	(invariant)
 * @carveout: heap of the buffer (invariant)
 * @stride: bytes from the start of a block to that of the next (invariant)
 * @lock: guards the following members
 * @blocks: owners of the blocks
 * @kernel: owner of the blocks of drivers
 * @waiters: waiters for a block, in FIFO order; empty while a block is free
 * @nr_waiters: number of @waiters
 * @error: set by the shutdown, or 0
 * @poll: pollers
 * @poll_work: wakes the pollers, which is not possible in every context
 */
struct carveout_pool {
	struct carveout_buf *buf;
	struct carveout *carveout;
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

struct carveout_pool *carveout_pool_new(u32 count);
void carveout_pool_delete(struct carveout_pool *pool);
int carveout_pool_shutdown(struct carveout_pool *pool, int error);

int carveout_block_alloc(struct carveout_pool *pool, struct carveout_block_owner *owner,
			 u32 *index);
int carveout_block_alloc_wait(struct carveout_pool *pool,
			      struct carveout_block_owner *owner, ktime_t deadline,
			      unsigned int state, u32 *index);
int carveout_block_free(struct carveout_pool *pool, u32 index);
int carveout_block_free_owned(struct carveout_pool *pool, u32 index,
			      const struct carveout_block_owner *owner);
void carveout_block_free_all(struct carveout_pool *pool,
			     struct carveout_block_owner *owner);

#endif /* _CARVEOUT_POOL_H */
