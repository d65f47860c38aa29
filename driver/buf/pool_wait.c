// SPDX-License-Identifier: GPL-2.0
/*
 * Waits for a block without a task.
 *
 * They are in the queue of the pool among the tasks that wait, in FIFO order. A wait is
 * completed once, under the pool's lock: by the task that frees a block, by the shutdown of
 * the pool, by the timer at the deadline, or by its end. The first two queue the work
 * before they drop the lock, and the end cancels the timer, which waits for its callback.
 * So the work is queued before the end cancels it or waits for it, or never.
 */

#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/workqueue.h>

#include "../carveout_internal.h"
#include "../mem/deferred.h"
#include "pool.h"
#include "pool_wait.h"

static void wait_work(struct work_struct *work)
{
	struct carveout_block_wait *wait = container_of(work, struct carveout_block_wait,
							work);

	wait->ready(wait->data);
}

/* The timer is cancelled before the wait ends, so the wait exists. */
static enum hrtimer_restart expire(struct hrtimer *timer)
{
	struct carveout_block_wait *wait = container_of(timer, struct carveout_block_wait,
							timer);

	if (carveout_waiter_leave(&wait->waiter, -ETIMEDOUT, NULL))
		queue_work(carveout_wq, &wait->work);
	return HRTIMER_NORESTART;
}

/**
 * carveout_block_wait_start() - Begin to wait for a block
 * @wait: the wait, whose callback and argument are set
 * @client: owner of the block, which stays a client until the wait is stopped
 * @deadline: CLOCK_MONOTONIC; KTIME_MAX for none
 *
 * Context: Process context. Takes pool->lock.
 */
void carveout_block_wait_start(struct carveout_block_wait *wait,
			       struct carveout_pool_client *client, ktime_t deadline)
{
	wait->waiter = (struct carveout_pool_waiter){
		.client = client,
		.work = &wait->work,
	};
	INIT_WORK(&wait->work, wait_work);
	hrtimer_setup(&wait->timer, expire, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	if (carveout_waiter_enter(&wait->waiter) != -EAGAIN)
		queue_work(carveout_wq, &wait->work);
	else if (deadline != KTIME_MAX)
		hrtimer_start(&wait->timer, max_t(ktime_t, deadline, 0), HRTIMER_MODE_ABS);
}

/**
 * carveout_block_wait_stop() - End a wait for a block, and wait for its callback
 * @wait: the wait
 * @block: filled in with the block, if there is one
 *
 * Context: Process context. May sleep. Takes pool->lock. Not in the callback.
 * Return: 0 with a block; -ECANCELED if the wait was not complete; -ETIMEDOUT; -EIDRM,
 * -ENODEV and -EUCLEAN as carveout_block_alloc().
 */
int carveout_block_wait_stop(struct carveout_block_wait *wait,
			     struct carveout_pool_block *block)
{
	hrtimer_cancel(&wait->timer);
	carveout_waiter_leave(&wait->waiter, -ECANCELED, NULL);
	cancel_work_sync(&wait->work);
	return carveout_waiter_result(&wait->waiter, block);
}
