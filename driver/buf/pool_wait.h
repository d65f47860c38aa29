/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Waits for a block without a task.
 */
#ifndef CARVEOUT_POOL_WAIT_H
#define CARVEOUT_POOL_WAIT_H

#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "pool.h"

/**
 * struct carveout_block_wait - A wait for a block
 * @waiter: entry in the queue of the pool
 * @timer: takes it out of the queue at the deadline
 * @work: calls @ready
 * @ready: called once the wait is complete (invariant)
 * @data: its argument (invariant)
 */
struct carveout_block_wait {
	struct carveout_pool_waiter waiter;
	struct hrtimer timer;
	struct work_struct work;
	void (*ready)(void *data);
	void *data;
};

void carveout_block_wait_start(struct carveout_block_wait *wait,
			       struct carveout_pool_client *client, ktime_t deadline);
int carveout_block_wait_stop(struct carveout_block_wait *wait,
			     struct carveout_pool_block *block);

#endif /* CARVEOUT_POOL_WAIT_H */
