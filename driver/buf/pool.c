// SPDX-License-Identifier: GPL-2.0
/*
 * Pools: equal blocks, with waiting.
 *
 * A pool belongs to its buffer and has no reference count of its own: tag, files,
 * importers and drivers hold the buffer.
 *
 * A waiter queues an entry on its stack. A freed block is handed over to the first
 * waiter in the same critical section, so no waiter is overtaken and no block is
 * free while there are waiters. The waiter is woken after that. If a signal or the
 * deadline is first, the waiter leaves the queue; if the block is first, the waiter
 * returns with the block.
 */

#include <linux/irq_work.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "../carveout_internal.h"
#include "../mem/alloc.h"
#include "../mem/objects.h"
#include "pool.h"

/**
 * struct carveout_pool_waiter - a waiter for a block, on its own stack
 * @node: in carveout_pool.waiters while not @done; carveout_pool.lock
 * @task: the task that waits
 * @owner: owner that the block is allocated to
 * @index: the block; valid when @done without @error
 * @error: reason for a failure
 * @done: the waiter is complete. From then on the entry may no longer exist.
 */
struct carveout_pool_waiter {
	struct list_head node;
	struct task_struct *task;
	struct carveout_block_owner *owner;
	u32 index;
	int error;
	bool done;
};

/* === Completing waiters ==================================================== */

static struct carveout_pool_waiter *first_waiter(struct carveout_pool *pool)
{
	lockdep_assert_held(&pool->lock);
	return list_first_entry_or_null(&pool->waiters, struct carveout_pool_waiter,
					node);
}

/* Return the task of the waiter, to be woken without the lock. */
static struct task_struct *complete_locked(struct carveout_pool *pool,
					   struct carveout_pool_waiter *waiter)
{
	struct task_struct *task = get_task_struct(waiter->task);

	lockdep_assert_held(&pool->lock);
	list_del(&waiter->node);
	pool->nr_waiters--;
	/* Pairs with sleep(): the result first. The entry is not accessed again. */
	smp_store_release(&waiter->done, true);
	return task;
}

static void wake(struct task_struct *task)
{
	wake_up_process(task);
	put_task_struct(task);
}

static void wake_pollers(struct irq_work *work)
{
	struct carveout_pool *pool = container_of(work, struct carveout_pool, poll_work);

	carveout_wake_all(&pool->poll, EPOLLIN | EPOLLRDNORM);
}

/*
 * Report corruption with the lock dropped. Blocks are no longer handed over. Only the
 * first waiter is failed here; it fails the next. So the cost of an allocation or a free
 * does not depend on the number of waiters.
 */
static void report_error(struct carveout_pool *pool, int ret)
{
	struct carveout_pool_waiter *waiter;
	struct task_struct *task = NULL;
	unsigned long flags;

	if (likely(ret != -EUCLEAN))
		return;
	carveout_report_corruption(pool->carveout, "pool");
	raw_spin_lock_irqsave(&pool->lock, flags);
	waiter = first_waiter(pool);
	if (waiter) {
		waiter->error = -EUCLEAN;
		task = complete_locked(pool, waiter);
	}
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	if (task)
		wake(task);
}

/* === Waiting ============================================================== */

static int alloc_locked(struct carveout_pool *pool, struct carveout_block_owner *owner,
			u32 *index)
{
	lockdep_assert_held(&pool->lock);
	if (pool->error)
		return pool->error;
	*index = carveout_blocks_alloc(&pool->blocks, owner);
	if (*index != CARVEOUT_BLOCK_NONE)
		return 0;
	return pool->blocks.corrupted ? -EUCLEAN : -EAGAIN;
}

/**
 * carveout_block_alloc() - Allocate a block without waiting
 * @pool: the pool
 * @owner: owner of the block
 * @index: filled in with the index of the block
 *
 * Context: Any context, including hard interrupts. Takes pool->lock.
 * Return: 0; -EAGAIN if all blocks are in use; -EIDRM if the pool was destroyed;
 * -ENODEV after the heap's shutdown; -EUCLEAN if the pool is corrupted.
 */
int carveout_block_alloc(struct carveout_pool *pool, struct carveout_block_owner *owner,
			 u32 *index)
{
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&pool->lock, flags);
	ret = alloc_locked(pool, owner, index);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	report_error(pool, ret);
	return ret;
}

/*
 * Sleep until the waiter is complete, and return 0; or return an error if the deadline
 * or a signal is first. A deadline that has passed takes precedence over a signal: a
 * series of signals, each with a restart of the system call, would otherwise postpone
 * it forever.
 */
static int sleep(struct carveout_pool_waiter *waiter, ktime_t deadline,
		 unsigned int state)
{
	bool late = ktime_get() >= deadline;
	int ret = 0;

	for (;;) {
		set_current_state(state);
		/* Pairs with complete_locked(). */
		if (smp_load_acquire(&waiter->done))
			break;
		ret = -ETIMEDOUT;
		if (late)
			break;
		ret = -ERESTARTSYS;
		if (signal_pending_state(state, current))
			break;
		ret = 0;
		late = !schedule_hrtimeout_range(deadline == KTIME_MAX ? NULL : &deadline,
						 0, HRTIMER_MODE_ABS);
	}
	__set_current_state(TASK_RUNNING);
	return ret;
}

/* Leave the queue, unless the waiter is complete: then its result counts. */
static bool dequeue(struct carveout_pool *pool, struct carveout_pool_waiter *waiter)
{
	unsigned long flags;
	bool left;

	raw_spin_lock_irqsave(&pool->lock, flags);
	left = !waiter->done;
	if (left) {
		list_del(&waiter->node);
		pool->nr_waiters--;
	}
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	return left;
}

/**
 * carveout_block_alloc_wait() - Allocate a block, and wait if all are in use
 * @pool: the pool, which the caller holds
 * @owner: owner of the block
 * @deadline: CLOCK_MONOTONIC; KTIME_MAX for none. A negative deadline has passed, like
 *	any other in the past.
 * @state: TASK_INTERRUPTIBLE or TASK_KILLABLE
 * @index: filled in with the index of the block
 *
 * Waiters are served in FIFO order.
 *
 * Context: Process context. May sleep. Takes pool->lock.
 * Return: 0; -ETIMEDOUT if no block was free before the deadline; -ERESTARTSYS on a
 * signal; -EIDRM, -ENODEV and -EUCLEAN as carveout_block_alloc(), also during the wait.
 */
int carveout_block_alloc_wait(struct carveout_pool *pool,
			      struct carveout_block_owner *owner, ktime_t deadline,
			      unsigned int state, u32 *index)
{
	struct carveout_pool_waiter waiter = { .task = current, .owner = owner };
	unsigned long flags;
	int ret;

	might_sleep();
	raw_spin_lock_irqsave(&pool->lock, flags);
	ret = alloc_locked(pool, owner, index);
	if (ret == -EAGAIN) {
		list_add_tail(&waiter.node, &pool->waiters);
		pool->nr_waiters++;
	}
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	report_error(pool, ret);
	if (ret != -EAGAIN)
		return ret;
	/* The timer treats a negative time as infinite. */
	ret = sleep(&waiter, max_t(ktime_t, deadline, 0), state);
	if (ret && dequeue(pool, &waiter))
		return ret;
	report_error(pool, waiter.error);
	*index = waiter.index;
	return waiter.error;
}

/* === Freeing ============================================================== */

/* Free a block, or hand it over to the first waiter. @task: task to wake, or NULL. */
static int free_locked(struct carveout_pool *pool, u32 index, struct task_struct **task)
{
	struct carveout_pool_waiter *waiter = first_waiter(pool);
	int ret;

	*task = NULL;
	if (!waiter)
		return carveout_blocks_free(&pool->blocks, index);
	ret = carveout_blocks_move(&pool->blocks, index, waiter->owner);
	if (!ret) {
		waiter->index = index;
		*task = complete_locked(pool, waiter);
	}
	return ret;
}

/* After a free: wake the new owner of the block, or else the pollers. */
static void notify(struct carveout_pool *pool, struct task_struct *task)
{
	if (task)
		wake(task);
	else if (wq_has_sleeper(&pool->poll))
		irq_work_queue(&pool->poll_work);
}

/* With an owner, only if the block belongs to it. */
static int free_block(struct carveout_pool *pool, u32 index,
		      const struct carveout_block_owner *owner)
{
	struct task_struct *task;
	unsigned long flags;
	int ret = -EINVAL;

	raw_spin_lock_irqsave(&pool->lock, flags);
	if (!owner || (carveout_blocks_used(&pool->blocks, index) &&
		       pool->blocks.block[index].owner == owner))
		ret = free_locked(pool, index, &task);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	report_error(pool, ret);
	if (!ret)
		notify(pool, task);
	return ret;
}

/**
 * carveout_block_free() - Free a block of any owner
 * @pool: the pool
 * @index: any number
 *
 * If there are waiters, the first one gets the block.
 *
 * Context: Any context, including hard interrupts. Takes pool->lock.
 * Return: 0; -EINVAL if @index is not a block or the block is not in use, and then
 * nothing has changed; -EUCLEAN if the pool is corrupted.
 */
int carveout_block_free(struct carveout_pool *pool, u32 index)
{
	return free_block(pool, index, NULL);
}

/**
 * carveout_block_free_owned() - Free a block if it still belongs to its owner
 * @pool: the pool
 * @index: index of a block
 * @owner: owner that allocated it
 *
 * Another caller may have freed the block meanwhile, and a third one may own it now.
 *
 * Context: Any context, including hard interrupts. Takes pool->lock.
 * Return: as carveout_block_free().
 */
int carveout_block_free_owned(struct carveout_pool *pool, u32 index,
			      const struct carveout_block_owner *owner)
{
	return free_block(pool, index, owner);
}

/**
 * carveout_block_free_all() - Free all blocks of an owner
 * @pool: the pool
 * @owner: the owner, which allocates no further block
 *
 * Context: Process context. May sleep. Takes pool->lock.
 */
void carveout_block_free_all(struct carveout_pool *pool,
			     struct carveout_block_owner *owner)
{
	struct task_struct *task;
	int ret = 0;

	while (!ret) {
		raw_spin_lock_irq(&pool->lock);
		if (owner->first == CARVEOUT_BLOCK_NONE)
			ret = -ENOENT;
		else
			ret = free_locked(pool, owner->first, &task);
		raw_spin_unlock_irq(&pool->lock);
		report_error(pool, ret);
		if (!ret)
			notify(pool, task);
		cond_resched();
	}
}

/* === Creation and end ===================================================== */

/**
 * carveout_pool_new() - Allocate a pool
 * @count: number of blocks
 *
 * Context: Process context. May sleep.
 * Return: the pool, to be freed with carveout_pool_delete(), or NULL.
 */
struct carveout_pool *carveout_pool_new(u32 count)
{
	struct carveout_block *mem;
	struct carveout_pool *pool;

	pool = kzalloc(sizeof(*pool), GFP_KERNEL_ACCOUNT);
	mem = kvmalloc_array(count, sizeof(*mem), GFP_KERNEL_ACCOUNT);
	if (!pool || !mem) {
		kfree(pool);
		kvfree(mem);
		return NULL;
	}
	raw_spin_lock_init(&pool->lock);
	carveout_blocks_init(&pool->blocks, mem, count);
	carveout_block_owner_init(&pool->kernel);
	INIT_LIST_HEAD(&pool->waiters);
	init_waitqueue_head(&pool->poll);
	init_irq_work(&pool->poll_work, wake_pollers);
	carveout_object_inc(CARVEOUT_OBJ_POOL);
	return pool;
}

/**
 * carveout_pool_shutdown() - Fail all waiters of a pool, and refuse new allocations
 * @pool: the pool
 * @error: error for all waiters and callers: -EIDRM or -ENODEV
 *
 * All waiters are woken. Blocks in use remain so until they are freed.
 *
 * Context: Process context. May sleep. Takes pool->lock.
 * Return: 0, or the error of an earlier shutdown.
 */
int carveout_pool_shutdown(struct carveout_pool *pool, int error)
{
	struct carveout_pool_waiter *waiter;
	struct task_struct *task;
	int ret;

	raw_spin_lock_irq(&pool->lock);
	ret = pool->error;
	if (!ret)
		pool->error = error;
	raw_spin_unlock_irq(&pool->lock);
	do {
		task = NULL;
		raw_spin_lock_irq(&pool->lock);
		waiter = first_waiter(pool);
		if (waiter) {
			waiter->error = pool->error;
			task = complete_locked(pool, waiter);
		}
		raw_spin_unlock_irq(&pool->lock);
		if (task)
			wake(task);
	} while (task);
	carveout_wake_all(&pool->poll, EPOLLIN | EPOLLHUP | EPOLLERR);
	return ret;
}

/**
 * carveout_pool_delete() - Free a pool, at the end of its buffer
 * @pool: the pool, which has no holder any longer
 *
 * Context: Process context. May sleep.
 */
void carveout_pool_delete(struct carveout_pool *pool)
{
	irq_work_sync(&pool->poll_work);
	kvfree(pool->blocks.block);
	kfree(pool);
	carveout_object_dec(CARVEOUT_OBJ_POOL);
}
