// SPDX-License-Identifier: GPL-2.0
/*
 * Pools: equal blocks, with waiting.
 *
 * A pool belongs to its buffer and has no reference count of its own: tag, files,
 * importers and drivers hold the buffer.
 *
 * A block belongs to a client: an open file, or a driver. Its serial changes with its
 * owner. Only the client frees or moves it, by index and serial.
 *
 * A waiter queues an entry, which is on the stack of a task that sleeps, or in an object of
 * a driver that does not, see pool_wait.c. A freed block is handed over to the first
 * waiter in the same critical section, so no waiter is overtaken and no block is
 * free while there are waiters. The waiter is woken after that. If a signal or the
 * deadline is first, the waiter leaves the queue; if the block is first, the waiter
 * returns with the block. A waiter that a signal interrupts gets a ticket, and the next
 * call with that ticket gets its place back.
 */

#include <linux/irq_work.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "../carveout_internal.h"
#include "../trace.h"
#include "../mem/alloc.h"
#include "../mem/claim.h"
#include "../mem/deferred.h"
#include "../mem/objects.h"
#include "buffer.h"
#include "pool.h"

/* === The queue ============================================================= */

static bool arrived_before(struct rb_node *node, const struct rb_node *other)
{
	return rb_entry(node, struct carveout_pool_waiter, node)->arrival <
	       rb_entry(other, struct carveout_pool_waiter, node)->arrival;
}

static void enqueue_locked(struct carveout_pool *pool, struct carveout_pool_waiter *waiter)
{
	lockdep_assert_held(&pool->lock);
	if (!waiter->arrival)
		waiter->arrival = ++pool->last_arrival;
	rb_add_cached(&waiter->node, &pool->waiters, arrived_before);
	pool->nr_waiters++;
}

static void dequeue_locked(struct carveout_pool *pool, struct carveout_pool_waiter *waiter)
{
	lockdep_assert_held(&pool->lock);
	rb_erase_cached(&waiter->node, &pool->waiters);
	pool->nr_waiters--;
}

static struct carveout_pool_waiter *first_waiter(struct carveout_pool *pool)
{
	lockdep_assert_held(&pool->lock);
	return rb_entry_safe(rb_first_cached(&pool->waiters), struct carveout_pool_waiter,
			     node);
}

/* Keep the place of a waiter that leaves the queue. If there are too many, drop the first. */
static void note_ticket_locked(struct carveout_pool_client *client, u64 ticket)
{
	unsigned int i, at = 0;

	lockdep_assert_held(&client->pool->lock);
	for (i = 1; i < CARVEOUT_POOL_TICKETS; i++)
		if (client->ticket[i] < client->ticket[at])
			at = i;
	client->ticket[at] = ticket;
}

/* The place that was kept under a ticket; 0 if there is none. A ticket is valid once. */
static u64 redeem_ticket_locked(struct carveout_pool_client *client, u64 ticket)
{
	unsigned int i;

	lockdep_assert_held(&client->pool->lock);
	for (i = 0; ticket && i < CARVEOUT_POOL_TICKETS; i++) {
		if (client->ticket[i] != ticket)
			continue;
		client->ticket[i] = 0;
		return ticket;
	}
	return 0;
}

/* === Completing waiters ==================================================== */

/*
 * Return the task of the waiter, to be woken without the lock; NULL for a waiter with work,
 * which is queued here: without the lock the entry may no longer exist.
 */
static struct task_struct *complete_locked(struct carveout_pool *pool,
					   struct carveout_pool_waiter *waiter)
{
	struct task_struct *task = NULL;

	dequeue_locked(pool, waiter);
	if (waiter->task)
		task = get_task_struct(waiter->task);
	else
		queue_work(carveout_wq, waiter->work);
	/* Pairs with sleep(): the result first. The entry is not accessed again. */
	smp_store_release(&waiter->done, true);
	return task;
}

static void wake(struct task_struct *task)
{
	if (!task)
		return;
	wake_up_process(task);
	put_task_struct(task);
}

static void wake_pollers(struct irq_work *work)
{
	struct carveout_pool *pool = container_of(work, struct carveout_pool, poll_work);

	carveout_wake_all(&pool->poll, EPOLLIN | EPOLLRDNORM |
			  (READ_ONCE(pool->blocks.corrupted) ? EPOLLERR : 0));
}

/* Wake the pollers, from any context. */
static void notify_pollers(struct carveout_pool *pool)
{
	if (wq_has_sleeper(&pool->poll))
		irq_work_queue(&pool->poll_work);
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
	wake(task);
	notify_pollers(pool);
}

/* === Waiting ============================================================== */

static int alloc_locked(struct carveout_pool_client *client, u32 *index, u64 *serial)
{
	struct carveout_pool *pool = client->pool;

	lockdep_assert_held(&pool->lock);
	if (pool->error)
		return pool->error;
	*index = carveout_blocks_alloc(&pool->blocks, &client->owner);
	if (*index == CARVEOUT_BLOCK_NONE)
		return pool->blocks.corrupted ? -EUCLEAN : -EAGAIN;
	*serial = carveout_blocks_serial(&pool->blocks, *index);
	return 0;
}

static void fill_block(const struct carveout_pool *pool, u32 index, u64 serial,
		       struct carveout_pool_block *block)
{
	block->index = index;
	block->serial = serial;
	block->offset = index * pool->stride;
	block->va = carveout_claim_va(pool->buf->claim, pool->buf->start) + block->offset;
}

/**
 * carveout_block_alloc() - Allocate a block without waiting
 * @client: owner of the block
 * @block: filled in
 *
 * Context: Any context, including hard interrupts. Takes pool->lock.
 * Return: 0; -EAGAIN if all blocks are in use; -EIDRM if the pool was destroyed;
 * -ENODEV after the heap's shutdown; -EUCLEAN if the pool is corrupted.
 */
int carveout_block_alloc(struct carveout_pool_client *client,
			 struct carveout_pool_block *block)
{
	struct carveout_pool *pool = client->pool;
	unsigned long flags;
	u64 serial;
	u32 index;
	int ret;

	raw_spin_lock_irqsave(&pool->lock, flags);
	ret = alloc_locked(client, &index, &serial);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	trace_carveout_block_alloc(pool->carveout, pool->buf->id, client->id,
				   ret ? 0 : index, ret);
	report_error(pool, ret);
	if (!ret)
		fill_block(pool, index, serial, block);
	return ret;
}

/**
 * carveout_waiter_enter() - Allocate a block, or queue a waiter for one
 * @waiter: the waiter, with its client and its task or work; with the arrival of a ticket
 *	it gets that place. Complete on return, unless it is queued.
 *
 * Context: Any context, including hard interrupts. Takes pool->lock.
 * Return: 0 with a block; -EAGAIN if the waiter is queued; -EIDRM, -ENODEV and -EUCLEAN as
 * carveout_block_alloc().
 */
int carveout_waiter_enter(struct carveout_pool_waiter *waiter)
{
	struct carveout_pool *pool = waiter->client->pool;
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&pool->lock, flags);
	waiter->arrival = redeem_ticket_locked(waiter->client, waiter->arrival);
	ret = alloc_locked(waiter->client, &waiter->index, &waiter->serial);
	if (ret == -EAGAIN) {
		enqueue_locked(pool, waiter);
	} else {
		waiter->error = ret;
		waiter->done = true;
	}
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	return ret;
}

/**
 * carveout_waiter_leave() - Leave the queue, unless the waiter is complete
 * @waiter: the waiter, which is complete on return: with a block or an error
 * @error: its error if it was not
 * @ticket: filled in with a ticket for its place if it was not; NULL to keep no place
 *
 * Context: Any context, including hard interrupts. Takes pool->lock.
 * Return: true if it was not complete.
 */
bool carveout_waiter_leave(struct carveout_pool_waiter *waiter, int error, u64 *ticket)
{
	struct carveout_pool *pool = waiter->client->pool;
	unsigned long flags;
	bool left;

	raw_spin_lock_irqsave(&pool->lock, flags);
	left = !waiter->done;
	if (left) {
		dequeue_locked(pool, waiter);
		waiter->error = error;
		waiter->done = true;
		if (ticket) {
			note_ticket_locked(waiter->client, waiter->arrival);
			*ticket = waiter->arrival;
		}
	}
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	return left;
}

/**
 * carveout_waiter_result() - The result of a waiter
 * @waiter: a waiter that is complete
 * @block: filled in with its block
 *
 * Called once: it also reports a pool that is corrupted.
 *
 * Context: Any context, including hard interrupts. Takes pool->lock.
 * Return: 0, or its error.
 */
int carveout_waiter_result(const struct carveout_pool_waiter *waiter,
			   struct carveout_pool_block *block)
{
	struct carveout_pool *pool = waiter->client->pool;

	trace_carveout_block_alloc(pool->carveout, pool->buf->id, waiter->client->id,
				   waiter->index, waiter->error);
	report_error(pool, waiter->error);
	if (!waiter->error)
		fill_block(pool, waiter->index, waiter->serial, block);
	return waiter->error;
}

/*
 * Sleep until the waiter is complete, and return 0; or return an error if the deadline
 * or a signal is first. A deadline that has passed takes precedence over a signal: a
 * series of signals, each with a restart of the system call, would otherwise postpone
 * it forever. The task may be frozen in its place in the queue: a suspend does not wait
 * for a block.
 */
static int sleep(struct carveout_pool_waiter *waiter, ktime_t deadline,
		 unsigned int state)
{
	bool late = ktime_get() >= deadline;
	int ret = 0;

	for (;;) {
		set_current_state(state | TASK_FREEZABLE);
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

/* Wait in the queue, until the waiter is complete. */
static void wait_in_queue(struct carveout_pool_waiter *waiter, ktime_t deadline,
			  unsigned int state, u64 *ticket)
{
	int ret;

	/* The timer treats a negative time as infinite. */
	ret = sleep(waiter, max_t(ktime_t, deadline, 0), state);
	if (ret)
		carveout_waiter_leave(waiter, ret, ret == -ERESTARTSYS ? ticket : NULL);
}

/**
 * carveout_block_alloc_wait() - Allocate a block, and wait if all are in use
 * @client: owner of the block; the caller holds its pool
 * @deadline: CLOCK_MONOTONIC; KTIME_MAX for none. A negative deadline has passed, like
 *	any other in the past.
 * @state: TASK_INTERRUPTIBLE or TASK_KILLABLE
 * @ticket: on a signal, filled in with a ticket for the place in the queue, otherwise
 *	with 0. A ticket from an earlier call of this client takes that place. Any other
 *	value means a new place. NULL to keep no place.
 * @block: filled in
 *
 * Waiters are served in FIFO order. A waiter may be frozen, so it must not hold a lock. A
 * client keeps the places of up to %CARVEOUT_POOL_TICKETS interrupted waits; of more, the
 * earliest is dropped.
 *
 * Context: Process context. May sleep. Takes pool->lock.
 * Return: 0; -ETIMEDOUT if no block was free before the deadline; -ERESTARTSYS on a
 * signal; -EIDRM, -ENODEV and -EUCLEAN as carveout_block_alloc(), also during the wait.
 */
int carveout_block_alloc_wait(struct carveout_pool_client *client, ktime_t deadline,
			      unsigned int state, u64 *ticket,
			      struct carveout_pool_block *block)
{
	struct carveout_pool_waiter waiter = { .task = current, .client = client };

	might_sleep();
	if (ticket) {
		waiter.arrival = *ticket;
		*ticket = 0;
	}
	if (carveout_waiter_enter(&waiter) == -EAGAIN)
		wait_in_queue(&waiter, deadline, state, ticket);
	return carveout_waiter_result(&waiter, block);
}

/* === Freeing and moving =================================================== */

/*
 * Free a block, or hand it over to the first waiter: then 1 is returned, and the task to
 * wake, or NULL.
 */
static int free_locked(struct carveout_pool *pool, u32 index, u64 serial,
		       struct task_struct **task)
{
	struct carveout_pool_waiter *waiter = first_waiter(pool);
	u64 new_serial;
	int ret;

	*task = NULL;
	if (!waiter)
		return carveout_blocks_free(&pool->blocks, index, serial);
	new_serial = carveout_blocks_new_serial(&pool->blocks);
	ret = carveout_blocks_move(&pool->blocks, index, serial, &waiter->client->owner,
				   new_serial);
	if (!ret) {
		waiter->index = index;
		waiter->serial = new_serial;
		*task = complete_locked(pool, waiter);
	}
	return ret ?: 1;
}

/* Check that a block has this serial and belongs to the client. */
static int check_owner_locked(const struct carveout_pool_client *client, u32 index,
			      u64 serial)
{
	const struct carveout_blocks *blocks = &client->pool->blocks;

	lockdep_assert_held(&client->pool->lock);
	if (blocks->corrupted)
		return -EUCLEAN;
	if (!serial || carveout_blocks_serial(blocks, index) != serial)
		return -EINVAL;
	return blocks->block[index].owner == &client->owner ? 0 : -EPERM;
}

/* After free_locked(): wake the new owner of the block, or else the pollers. */
static void notify(struct carveout_pool *pool, const struct carveout_pool_client *client,
		   u32 index, bool handed_over, struct task_struct *task)
{
	trace_carveout_block_free(pool->carveout, pool->buf->id, client ? client->id : 0, index);
	if (handed_over)
		wake(task);
	else
		notify_pollers(pool);
}

/* With a client, only if the block belongs to it. */
static int free_block(struct carveout_pool *pool, const struct carveout_pool_client *client,
		      u32 index, u64 serial)
{
	struct task_struct *task;
	unsigned long flags;
	int ret = 0;

	raw_spin_lock_irqsave(&pool->lock, flags);
	if (client)
		ret = check_owner_locked(client, index, serial);
	if (!ret)
		ret = free_locked(pool, index, serial, &task);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	if (ret < 0) {
		report_error(pool, ret);
		return ret;
	}
	notify(pool, client, index, ret, task);
	return 0;
}

/**
 * carveout_block_free() - Free a block of a client
 * @client: the client
 * @index: any number
 * @serial: any number
 *
 * If there are waiters, the first one gets the block.
 *
 * Context: Any context, including hard interrupts. Takes pool->lock.
 * Return: 0; -EINVAL if there is no block in use with this index and serial; -EPERM if it
 * belongs to another client; -EUCLEAN if the pool is corrupted. On failure nothing has
 * changed.
 */
int carveout_block_free(struct carveout_pool_client *client, u32 index, u64 serial)
{
	return free_block(client->pool, client, index, serial);
}

/**
 * carveout_block_free_any() - Free a block of any client
 * @pool: the pool
 * @index: any number
 * @serial: any number
 *
 * Context: Any context, including hard interrupts. Takes pool->lock.
 * Return: as carveout_block_free(), but not -EPERM.
 */
int carveout_block_free_any(struct carveout_pool *pool, u32 index, u64 serial)
{
	return free_block(pool, NULL, index, serial);
}

/* Free all blocks of a client. In a corrupted pool they remain in use. */
static void free_all(struct carveout_pool_client *client)
{
	struct carveout_pool *pool = client->pool;
	struct carveout_blocks *blocks = &pool->blocks;
	struct task_struct *task;
	u32 index;
	int ret;

	do {
		raw_spin_lock_irq(&pool->lock);
		index = carveout_blocks_first(blocks, &client->owner);
		if (index == CARVEOUT_BLOCK_NONE)
			ret = blocks->corrupted ? -EUCLEAN : -ENOENT;
		else
			ret = free_locked(pool, index, carveout_blocks_serial(blocks, index),
					  &task);
		raw_spin_unlock_irq(&pool->lock);
		report_error(pool, ret);
		if (ret >= 0)
			notify(pool, client, index, ret, task);
		cond_resched();
	} while (ret >= 0);
}

/**
 * carveout_block_new_serial() - Take a serial for a move
 * @pool: the pool
 *
 * Context: Any context, including hard interrupts. Takes pool->lock.
 * Return: a serial that no block of the pool has or had.
 */
u64 carveout_block_new_serial(struct carveout_pool *pool)
{
	unsigned long flags;
	u64 serial;

	raw_spin_lock_irqsave(&pool->lock, flags);
	serial = carveout_blocks_new_serial(&pool->blocks);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	return serial;
}

/* === Clients ============================================================== */

static int compare_id(const void *key, const struct rb_node *node)
{
	u64 id = *(const u64 *)key;
	u64 other = rb_entry(node, struct carveout_pool_client, node)->id;

	return id < other ? -1 : id > other;
}

static bool joined_before(struct rb_node *node, const struct rb_node *other)
{
	return compare_id(&rb_entry(node, struct carveout_pool_client, node)->id, other) < 0;
}

/**
 * carveout_block_move() - Move a block from a client to another one
 * @client: the client
 * @index: any number
 * @serial: any number
 * @to: id of the new owner, which may be @client itself
 * @new_serial: serial of the block from now on, from carveout_block_new_serial()
 *
 * An id is a weak reference: a client that has left gets no block.
 *
 * Context: Any context, including hard interrupts. Takes pool->lock.
 * Return: 0; -ESRCH if the pool has no client with this id; further as
 * carveout_block_free().
 */
int carveout_block_move(struct carveout_pool_client *client, u32 index, u64 serial,
			u64 to, u64 new_serial)
{
	struct carveout_pool *pool = client->pool;
	struct rb_node *node;
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&pool->lock, flags);
	ret = check_owner_locked(client, index, serial);
	node = rb_find(&to, &pool->clients, compare_id);
	if (!ret && !node)
		ret = -ESRCH;
	if (!ret)
		ret = carveout_blocks_move(&pool->blocks, index, serial,
					   &rb_entry(node, struct carveout_pool_client,
						     node)->owner,
					   new_serial);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	report_error(pool, ret);
	return ret;
}

/**
 * carveout_pool_client_init() - Add a client to a pool
 * @client: memory of the client, with any content
 * @pool: the pool, to which the client's holder has a reference
 *
 * Context: Process context. Takes pool->lock.
 */
void carveout_pool_client_init(struct carveout_pool_client *client,
			       struct carveout_pool *pool)
{
	memset(client, 0, sizeof(*client));
	client->pool = pool;
	carveout_block_owner_init(&client->owner);
	raw_spin_lock_irq(&pool->lock);
	client->id = ++pool->last_client;
	rb_add(&client->node, &pool->clients, joined_before);
	raw_spin_unlock_irq(&pool->lock);
}

/**
 * carveout_pool_client_exit() - Remove a client, and free its blocks
 * @client: the client, which no other call uses
 *
 * From the removal on no block is moved to the client, so the blocks that it has then are
 * all.
 *
 * Context: Process context. May sleep. Takes pool->lock.
 */
void carveout_pool_client_exit(struct carveout_pool_client *client)
{
	struct carveout_pool *pool = client->pool;

	raw_spin_lock_irq(&pool->lock);
	rb_erase(&client->node, &pool->clients);
	raw_spin_unlock_irq(&pool->lock);
	free_all(client);
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
	pool->clients = RB_ROOT;
	pool->waiters = RB_ROOT_CACHED;
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
		wake(task);
	} while (waiter);
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
