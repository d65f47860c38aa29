/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared code of the pool suites: statistics of a pool, and a thread that waits
 * for a block.
 */
#ifndef CARVEOUT_TESTS_WAITER_H
#define CARVEOUT_TESTS_WAITER_H

#include <linux/completion.h>
#include <linux/sched/signal.h>

#include "fixture.h"

static inline struct carveout_pool_stats pool_stats(struct carveout_pool *pool)
{
	struct carveout_pool_stats stats;

	carveout_pool_stats(pool, &stats);
	return stats;
}

static inline struct carveout_pool_client *join(struct kunit *test,
						struct carveout_pool *pool)
{
	struct carveout_pool_client *client = carveout_pool_join(pool);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(client), "error %ld", PTR_ERR(client));
	return client;
}

/**
 * struct waiter - A thread that waits for a block
 * @client: client that waits
 * @deadline: end of the wait
 * @interruptible: any signal ends the wait
 * @task: the thread
 * @done: the wait has ended
 * @ret: its result
 * @block: the block, if @ret is 0
 * @ticket: for an interruptible wait
 */
struct waiter {
	struct carveout_pool_client *client;
	ktime_t deadline;
	bool interruptible;
	struct task_struct *task;
	struct completion done;
	int ret;
	struct carveout_pool_block block;
	u64 ticket;
};

static inline int waiter_main(void *data)
{
	struct waiter *waiter = data;

	allow_signal(SIGKILL);
	allow_signal(SIGTERM);
	if (waiter->interruptible)
		waiter->ret = carveout_pool_alloc_interruptible(waiter->client,
								waiter->deadline,
								&waiter->ticket,
								&waiter->block);
	else
		waiter->ret = carveout_pool_alloc_wait(waiter->client, waiter->deadline,
						       &waiter->block);
	complete_all(&waiter->done);
	return 0;
}

static inline void waiter_run(struct kunit *test, struct waiter *waiter,
			      struct carveout_pool_client *client, ktime_t deadline,
			      bool interruptible)
{
	waiter->client = client;
	waiter->deadline = deadline;
	waiter->interruptible = interruptible;
	waiter->ret = -EINPROGRESS;
	init_completion(&waiter->done);
	waiter->task = thread_run(test, waiter_main, waiter, "waiter");
}

static inline void waiter_start(struct kunit *test, struct waiter *waiter,
				struct carveout_pool_client *client, ktime_t deadline)
{
	waiter_run(test, waiter, client, deadline, false);
}

/* The wait has ended by now, or is late: then kill the thread, which gets no block. */
static inline void waiter_join(struct waiter *waiter)
{
	if (!wait_for_completion_timeout(&waiter->done, msecs_to_jiffies(PATIENCE_MS))) {
		send_sig(SIGKILL, waiter->task, 1);
		wait_for_completion(&waiter->done);
	}
	thread_join(waiter->task);
}

#endif /* CARVEOUT_TESTS_WAITER_H */
