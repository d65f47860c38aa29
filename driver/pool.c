// SPDX-License-Identifier: GPL-2.0
/*
 * Pools: buffers that are cut into equal blocks, with waiting.
 *
 * A pool belongs to its buffer and has no count of its own: name, files, importers and
 * drivers hold the buffer.
 *
 * Who waits for a block is in a queue, with what he needs on his own stack. A block
 * that is given back goes to the first in the queue, in the same critical section, so
 * nobody overtakes and none is free while somebody waits. He is woken after that. If
 * a signal or the deadline comes first he leaves the queue; if it comes second he has
 * the block, and that is the answer.
 */

#include <linux/err.h>
#include <linux/export.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "pool.h"

/**
 * struct carveout_pool_waiter - one who waits for a block, on his stack
 * @node: in carveout_pool.waiters while not @done; carveout_pool.lock
 * @task: who it is
 * @owner: who gets the block
 * @index: the block; valid when @done without @error
 * @error: why there is none
 * @done: there is an answer. From then on the waiter may be gone.
 */
struct carveout_pool_waiter {
	struct list_head node;
	struct task_struct *task;
	struct carveout_block_owner *owner;
	u32 index;
	int error;
	bool done;
};

/* === Answering who waits ================================================== */

static struct carveout_pool_waiter *first_waiter(struct carveout_pool *pool)
{
	lockdep_assert_held(&pool->lock);
	return list_first_entry_or_null(&pool->waiters, struct carveout_pool_waiter,
					node);
}

/* Returns the waiter's task, to be woken without the lock. */
static struct task_struct *answer_locked(struct carveout_pool *pool,
					 struct carveout_pool_waiter *waiter)
{
	struct task_struct *task = get_task_struct(waiter->task);

	lockdep_assert_held(&pool->lock);
	list_del(&waiter->node);
	pool->nr_waiters--;
	/* Pairs with sleep(): the answer first. The waiter is not touched again. */
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
 * A pool that has found itself damaged is told of, without the lock. In such a one no
 * block goes from hand to hand any more. The first who waits is told, and tells the
 * next: that is no work for whoever takes a block or gives one back.
 */
static void look_at(struct carveout_pool *pool, int ret)
{
	struct carveout_pool_waiter *waiter;
	struct task_struct *task = NULL;
	unsigned long flags;

	if (likely(ret != -EUCLEAN))
		return;
	carveout_damaged(pool->buf->carveout, "pool");
	raw_spin_lock_irqsave(&pool->lock, flags);
	waiter = first_waiter(pool);
	if (waiter) {
		waiter->error = -EUCLEAN;
		task = answer_locked(pool, waiter);
	}
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	if (task)
		wake(task);
}

/* === Waiting ============================================================== */

static int take_locked(struct carveout_pool *pool, struct carveout_block_owner *owner,
		       u32 *index)
{
	lockdep_assert_held(&pool->lock);
	if (pool->error)
		return pool->error;
	*index = carveout_blocks_take(&pool->blocks, owner);
	if (*index != CARVEOUT_BLOCK_NONE)
		return 0;
	return pool->blocks.broken ? -EUCLEAN : -EAGAIN;
}

/**
 * carveout_pool_take() - take a block without waiting
 * @pool: the pool
 * @owner: who gets it
 * @index: where the number of the block goes
 *
 * Context: Any, also hard interrupts.
 * Return: 0; -EAGAIN if all are in use; -EIDRM if the pool was destroyed; -ENODEV if
 * the heap is gone; -EUCLEAN if the pool is damaged.
 */
int carveout_pool_take(struct carveout_pool *pool, struct carveout_block_owner *owner,
		       u32 *index)
{
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&pool->lock, flags);
	ret = take_locked(pool, owner, index);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	look_at(pool, ret);
	return ret;
}

/*
 * Sleep until there is an answer, and 0, or something else comes before it. A deadline
 * that has passed counts more than a signal: one signal after the other, each with a
 * restart of the system call, would put it off for ever.
 */
static int sleep(struct carveout_pool_waiter *waiter, ktime_t deadline,
		 unsigned int state)
{
	bool late = ktime_get() >= deadline;
	int ret = 0;

	for (;;) {
		set_current_state(state);
		/* Pairs with answer_locked(). */
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

/* Leave the queue, unless there is an answer: then that is what counts. */
static bool leave(struct carveout_pool *pool, struct carveout_pool_waiter *waiter)
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
 * carveout_pool_wait() - take a block, and wait for one if all are in use
 * @pool: the pool, which the caller holds
 * @owner: who gets it
 * @deadline: CLOCK_MONOTONIC; KTIME_MAX for none. One before the start of time has
 *	passed as any other.
 * @state: TASK_INTERRUPTIBLE or TASK_KILLABLE
 * @index: where the number of the block goes
 *
 * First come, first served.
 *
 * Context: May sleep.
 * Return: 0; -ETIMEDOUT if none came before the deadline; -ERESTARTSYS on a signal;
 * -EIDRM, -ENODEV and -EUCLEAN as carveout_pool_take(), also while it waits.
 */
int carveout_pool_wait(struct carveout_pool *pool, struct carveout_block_owner *owner,
		       ktime_t deadline, unsigned int state, u32 *index)
{
	struct carveout_pool_waiter waiter = { .task = current, .owner = owner };
	unsigned long flags;
	int ret;

	might_sleep();
	raw_spin_lock_irqsave(&pool->lock, flags);
	ret = take_locked(pool, owner, index);
	if (ret == -EAGAIN) {
		list_add_tail(&waiter.node, &pool->waiters);
		pool->nr_waiters++;
	}
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	look_at(pool, ret);
	if (ret != -EAGAIN)
		return ret;
	/* The timer takes a negative time for one that never comes. */
	ret = sleep(&waiter, max_t(ktime_t, deadline, 0), state);
	if (ret && leave(pool, &waiter))
		return ret;
	look_at(pool, waiter.error);
	*index = waiter.index;
	return waiter.error;
}

/* === Giving back ========================================================== */

/* Give a block back, to the first who waits if there is one. Returns whom to wake. */
static int give_locked(struct carveout_pool *pool, u32 index, struct task_struct **task)
{
	struct carveout_pool_waiter *waiter = first_waiter(pool);
	int ret;

	*task = NULL;
	if (!waiter)
		return carveout_blocks_give(&pool->blocks, index);
	ret = carveout_blocks_move(&pool->blocks, index, waiter->owner);
	if (!ret) {
		waiter->index = index;
		*task = answer_locked(pool, waiter);
	}
	return ret;
}

/* Tell somebody of a block that was given back: who has it, or else who polls. */
static void tell(struct carveout_pool *pool, struct task_struct *task)
{
	if (task)
		wake(task);
	else if (wq_has_sleeper(&pool->poll))
		irq_work_queue(&pool->poll_work);
}

/* With an owner, only if the block is his. */
static int give(struct carveout_pool *pool, u32 index,
		const struct carveout_block_owner *owner)
{
	struct task_struct *task;
	unsigned long flags;
	int ret = -EINVAL;

	raw_spin_lock_irqsave(&pool->lock, flags);
	if (!owner || (carveout_blocks_used(&pool->blocks, index) &&
		       pool->blocks.block[index].owner == owner))
		ret = give_locked(pool, index, &task);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	look_at(pool, ret);
	if (!ret)
		tell(pool, task);
	return ret;
}

/**
 * carveout_pool_give() - give a block back, whoever has it
 * @pool: the pool
 * @index: any number
 *
 * The first who waits has it then.
 *
 * Context: Any, also hard interrupts.
 * Return: 0; -EINVAL if that is no block, or not in use: then nothing changes; -EUCLEAN
 * if the pool is damaged.
 */
int carveout_pool_give(struct carveout_pool *pool, u32 index)
{
	return give(pool, index, NULL);
}

/**
 * carveout_pool_give_own() - give a block back, if it still is the owner's
 * @pool: the pool
 * @index: number of a block
 * @owner: who took it
 *
 * Somebody else may have given it back meanwhile, and a third one have it now.
 *
 * Context: Any, also hard interrupts.
 * Return: as carveout_pool_give().
 */
int carveout_pool_give_own(struct carveout_pool *pool, u32 index,
			   const struct carveout_block_owner *owner)
{
	return give(pool, index, owner);
}

/**
 * carveout_pool_give_all() - give back all blocks of an owner
 * @pool: the pool
 * @owner: the owner, who takes none any more
 *
 * Context: May sleep.
 */
void carveout_pool_give_all(struct carveout_pool *pool,
			    struct carveout_block_owner *owner)
{
	struct task_struct *task;
	int ret = 0;

	while (!ret) {
		raw_spin_lock_irq(&pool->lock);
		if (owner->first == CARVEOUT_BLOCK_NONE)
			ret = -ENOENT;
		else
			ret = give_locked(pool, owner->first, &task);
		raw_spin_unlock_irq(&pool->lock);
		look_at(pool, ret);
		if (!ret)
			tell(pool, task);
		cond_resched();
	}
}

/* === Making and unmaking ================================================== */

/**
 * carveout_pool_kill() - let a pool have no blocks any more
 * @pool: the pool
 * @error: what everybody is told: -EIDRM or -ENODEV
 *
 * All who wait are woken. What is in use stays so until it is given back.
 *
 * Context: May sleep.
 * Return: 0, or what it was killed with before.
 */
int carveout_pool_kill(struct carveout_pool *pool, int error)
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
			task = answer_locked(pool, waiter);
		}
		raw_spin_unlock_irq(&pool->lock);
		if (task)
			wake(task);
	} while (task);
	carveout_wake_all(&pool->poll, EPOLLIN | EPOLLHUP | EPOLLERR);
	return ret;
}

/**
 * carveout_pool_end() - destroy a pool, as far as others still have it
 * @pool: the pool, which the caller holds
 *
 * Nobody finds it any more, and who waits or asks for a block gets -EIDRM.
 *
 * Context: May sleep.
 * Return: 0, or what it was killed with before.
 */
int carveout_pool_end(struct carveout_pool *pool)
{
	carveout_registry_forget(pool->buf);
	return carveout_pool_kill(pool, -EIDRM);
}

/**
 * carveout_pool_fini() - the buffer of a pool goes
 * @pool: the pool, which nobody has any more
 *
 * Context: May sleep.
 */
void carveout_pool_fini(struct carveout_pool *pool)
{
	irq_work_sync(&pool->poll_work);
	kvfree(pool->blocks.block);
	kfree(pool);
	carveout_object_gone(CARVEOUT_OBJ_POOL);
}

static struct carveout_pool *new_pool(u32 count)
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
	carveout_object_born(CARVEOUT_OBJ_POOL);
	return pool;
}

/**
 * carveout_pool_measure() - how large a pool is to be
 * @spec: what it is to be; the size in its request is not looked at
 * @stride: gets the bytes from the start of a block to that of the next
 * @size: gets the bytes of the whole, in pages
 *
 * No sum of what somebody says may wrap.
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int carveout_pool_measure(const struct carveout_pool_spec *spec, u64 *stride, u64 *size)
{
	u64 align = max_t(u64, spec->buf.req.align, BIT_ULL(CARVEOUT_GRANULE_SHIFT));

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
 * carveout_pool_satisfies() - is a buffer the pool that somebody would have made?
 * @buf: the buffer
 * @spec: what is asked for; the size in its request is not looked at
 *
 * Context: Any.
 * Return: true if so: its blocks are no smaller and no fewer, aligned and placed so.
 */
bool carveout_pool_satisfies(const struct carveout_buf *buf,
			     const struct carveout_pool_spec *spec)
{
	u64 align = max_t(u64, spec->buf.req.align, 1);

	return buf->pool && buf->pool->stride >= spec->block_size &&
	       buf->pool->blocks.count >= spec->count &&
	       !(buf->pool->stride & (align - 1)) &&
	       carveout_buf_satisfies(buf, &spec->buf);
}

/**
 * carveout_pool_make() - make a pool that nobody finds yet
 * @carveout: the heap
 * @open: the open file that it is asked for through; NULL for a driver
 * @spec: what it is to be
 *
 * Each block has the alignment that the request asks for, 64 at least. Blocks are zero
 * when they are taken for the first time, as the memory of a buffer is, and later as who
 * had them left them.
 *
 * Context: May sleep.
 * Return: the pool, with one reference to its buffer; or an ERR_PTR: -EINVAL; -ENOSPC;
 * or as carveout_buf_create().
 */
struct carveout_pool *carveout_pool_make(struct carveout *carveout,
					 struct carveout_open *open,
					 struct carveout_pool_spec *spec)
{
	struct carveout_pool *pool;
	struct carveout_buf *buf;
	u64 stride, size;
	int ret;

	ret = carveout_pool_measure(spec, &stride, &size);
	if (!ret && size > READ_ONCE(carveout->heap.size))
		ret = -ENOSPC;
	if (ret)
		return ERR_PTR(ret);
	pool = new_pool(spec->count);
	if (!pool)
		return ERR_PTR(-ENOMEM);
	spec->buf.req.size = size;
	spec->buf.req.align = max_t(u64, spec->buf.req.align, PAGE_SIZE);
	buf = carveout_buf_create(carveout, open, &spec->buf);
	if (IS_ERR(buf)) {
		carveout_pool_fini(pool);
		return ERR_CAST(buf);
	}
	pool->stride = stride;
	pool->buf = buf;
	buf->pool = pool;
	return pool;
}
