// SPDX-License-Identifier: GPL-2.0
/*
 * Watches, and waits without a task, for drivers.
 *
 * A wait for a tag is a watch of that tag and a timer. Each of them calls for a look-up;
 * the first one that decides completes the wait. The callback of the driver only learns
 * that the wait is complete: the end of the wait, which the driver calls, returns the
 * result or cancels. So there is one place at which a reference or a block changes hands,
 * and a wait that is cancelled too late is no special case.
 */

#include <linux/err.h>
#include <linux/export.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../carveout_internal.h"
#include "../buf/lookup.h"
#include "../buf/pool_wait.h"
#include "../buf/release.h"
#include "../buf/watch.h"
#include "../mem/objects.h"
#include "owner.h"
#include "request.h"

/* === Watches ============================================================== */

/* A prefix is empty, or consists of the characters of a tag. */
static int check_prefix(const char *prefix)
{
	char field[CARVEOUT_NAME_LEN];

	return prefix[0] ? carveout_tag_field(prefix, field) : 0;
}

/**
 * carveout_watch_begin() - Be notified when tags change
 * @carveout: the heap
 * @prefix: prefix of the tags, at most 63 bytes; empty for all tags
 * @changed: called after tags with the prefix were added, removed or changed, and after
 *	the heap's shutdown; once for any number of changes since the last call. Process
 *	context, on a workqueue. It may be called before this function returns.
 *	It must not take a lock under which user memory is accessed: mmap() of typed memory
 *	flushes work of that workqueue with the mmap_lock held.
 * @data: its argument
 *
 * Context: Process context. May sleep.
 * Return: the watch, to be given to carveout_watch_end(); or an ERR_PTR: -EINVAL for an
 * invalid prefix; -ENOMEM.
 */
struct carveout_watch *carveout_watch_begin(struct carveout *carveout, const char *prefix,
					    void (*changed)(void *data), void *data)
{
	struct carveout_watch *watch;

	might_sleep();
	if (check_prefix(prefix))
		return ERR_PTR(-EINVAL);
	watch = kzalloc(sizeof(*watch), GFP_KERNEL);
	if (!watch)
		return ERR_PTR(-ENOMEM);
	watch->changed = changed;
	watch->data = data;
	carveout_watch_start(watch, carveout, prefix);
	carveout_object_inc(CARVEOUT_OBJ_WAIT);
	return watch;
}
EXPORT_SYMBOL_NS_GPL(carveout_watch_begin, "CARVEOUT");

/**
 * carveout_watch_end() - End a watch
 * @watch: the watch. Its callback does not run when the call returns, nor later.
 *
 * Context: Process context. May sleep. Not in the callback.
 */
void carveout_watch_end(struct carveout_watch *watch)
{
	might_sleep();
	carveout_watch_stop(watch);
	kfree(watch);
	carveout_object_dec(CARVEOUT_OBJ_WAIT);
}
EXPORT_SYMBOL_NS_GPL(carveout_watch_end, "CARVEOUT");

/**
 * carveout_watch_changes() - Number of the last change that a watch saw
 * @watch: the watch
 *
 * Context: Any context.
 * Return: the number, as in the changes of CARVEOUT_IOCTL_QUERY, but one higher from the
 * heap's shutdown on, which is a change, too. Before the first change that of the last change
 * to any tag before the watch began.
 */
u64 carveout_watch_changes(const struct carveout_watch *watch)
{
	return READ_ONCE(watch->changes);
}
EXPORT_SYMBOL_NS_GPL(carveout_watch_changes, "CARVEOUT");

/* === Tags ================================================================= */

/**
 * struct carveout_tag_wait - A wait for a tag
 * @watch: calls for a look-up when the tag changes
 * @timer: calls for a look-up at the deadline
 * @owner: owner that waits, with a reference; NULL for a driver (invariant)
 * @tag: the tag, zero to the end of its field (invariant)
 * @write: for writing, too (invariant)
 * @deadline: CLOCK_MONOTONIC; KTIME_MAX for none (invariant)
 * @result: the buffer, or an ERR_PTR: -EINPROGRESS until the wait is complete. Written by
 *	the work of @watch, read once that has ended.
 * @ready: called once the wait is complete (invariant)
 * @data: its argument (invariant)
 */
struct carveout_tag_wait {
	struct carveout_watch watch;
	struct hrtimer timer;
	struct carveout_owner *owner;
	char tag[CARVEOUT_NAME_LEN];
	bool write;
	ktime_t deadline;
	struct carveout_buf *result;
	void (*ready)(void *data);
	void *data;
};

static struct carveout_buf *look_up(struct carveout_tag_wait *wait)
{
	if (wait->owner)
		return carveout_owner_lookup(wait->owner, wait->tag, wait->write);
	return carveout_lookup_nowait(wait->watch.carveout, wait->tag,
				      CARVEOUT_LOOKUP_KERNEL);
}

/* Runs for one wait at a time, because it is one work. */
static void try_complete(void *data)
{
	struct carveout_tag_wait *wait = data;
	struct carveout_buf *buf;
	bool late;

	if (wait->result != ERR_PTR(-EINPROGRESS))
		return;
	/* A tag that appears before the deadline is found after it, too. */
	late = ktime_get() >= wait->deadline;
	buf = look_up(wait);
	if (buf == ERR_PTR(-ENOENT) || buf == ERR_PTR(-EAGAIN)) {
		if (!late)
			return;
		buf = ERR_PTR(-ETIMEDOUT);
	}
	wait->result = buf;
	wait->ready(wait->data);
}

static enum hrtimer_restart expire(struct hrtimer *timer)
{
	struct carveout_tag_wait *wait = container_of(timer, struct carveout_tag_wait, timer);

	carveout_watch_trigger(&wait->watch);
	return HRTIMER_NORESTART;
}

static void start_tag_wait(struct carveout_tag_wait *wait, struct carveout *carveout)
{
	wait->result = ERR_PTR(-EINPROGRESS);
	wait->watch.changed = try_complete;
	wait->watch.data = wait;
	hrtimer_setup(&wait->timer, expire, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	carveout_watch_start(&wait->watch, carveout, wait->tag);
	if (wait->deadline != KTIME_MAX)
		hrtimer_start(&wait->timer, max_t(ktime_t, wait->deadline, 0),
			      HRTIMER_MODE_ABS);
	/* The tag may exist already. */
	carveout_watch_trigger(&wait->watch);
}

/**
 * carveout_buf_wait_begin() - Begin to wait for a tag
 * @carveout: the heap
 * @owner: owner object of this heap, whose permissions count; NULL for the driver itself, which
 *	may do everything
 * @tag: the tag
 * @write: the party writes, too; ignored without one
 * @deadline: CLOCK_MONOTONIC; KTIME_MAX for none
 * @ready: called once, when the tag exists or never will: at the deadline, after the heap's
 *	shutdown, or when its mode does not permit the access. Process context, on a
 *	workqueue. It may be called before this function returns.
 *	It must not take a lock under which user memory is accessed: mmap() of typed memory
 *	flushes work of that workqueue with the mmap_lock held.
 * @data: its argument
 *
 * Context: Process context. May sleep.
 * Return: the wait, to be given to carveout_buf_wait_end(); or an ERR_PTR: -EINVAL for an
 * invalid tag; -ENOMEM.
 */
struct carveout_tag_wait *carveout_buf_wait_begin(struct carveout *carveout,
						  struct carveout_owner *owner,
						  const char *tag, bool write,
						  ktime_t deadline,
						  void (*ready)(void *data), void *data)
{
	struct carveout_tag_wait *wait;

	might_sleep();
	wait = kzalloc(sizeof(*wait), GFP_KERNEL);
	if (!wait)
		return ERR_PTR(-ENOMEM);
	if (carveout_tag_field(tag, wait->tag)) {
		kfree(wait);
		return ERR_PTR(-EINVAL);
	}
	if (owner)
		wait->owner = carveout_owner_get(owner);
	wait->write = write;
	wait->deadline = deadline;
	wait->ready = ready;
	wait->data = data;
	carveout_object_inc(CARVEOUT_OBJ_WAIT);
	start_tag_wait(wait, carveout);
	return wait;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_wait_begin, "CARVEOUT");

/**
 * carveout_buf_wait_end() - End a wait for a tag
 * @wait: the wait. Its callback does not run when the call returns, nor later.
 *
 * Context: Process context. May sleep. Not in the callback.
 * Return: the buffer, with a reference; or an ERR_PTR: -ECANCELED if the wait was not
 * complete; -ETIMEDOUT; -EACCES; -ENODEV after the heap's shutdown.
 */
struct carveout_buf *carveout_buf_wait_end(struct carveout_tag_wait *wait)
{
	struct carveout_buf *buf;

	might_sleep();
	hrtimer_cancel(&wait->timer);
	carveout_watch_stop(&wait->watch);
	buf = wait->result;
	if (wait->owner)
		carveout_owner_put(wait->owner);
	kfree(wait);
	carveout_object_dec(CARVEOUT_OBJ_WAIT);
	return buf == ERR_PTR(-EINPROGRESS) ? ERR_PTR(-ECANCELED) : buf;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_wait_end, "CARVEOUT");

/* === Blocks =============================================================== */

/**
 * carveout_pool_wait_begin() - Begin to wait for a block
 * @client: owner of the block, which remains a client until the wait has ended
 * @deadline: CLOCK_MONOTONIC; KTIME_MAX for none
 * @ready: called once, when there is a block or never will be: at the deadline, or after
 *	the pool's end. Process context, on a workqueue. It may be called before this
 *	function returns.
 *	It must not take a lock under which user memory is accessed: mmap() of typed memory
 *	flushes work of that workqueue with the mmap_lock held.
 * @data: its argument
 *
 * The wait is in the queue of the pool with those of tasks, in FIFO order. A block that is
 * handed to it belongs to the client from then on, even before the wait ends. End the wait
 * soon after the callback: if the pool is corrupted, the next waiter learns it from the end.
 *
 * Context: Process context. May sleep.
 * Return: the wait, to be given to carveout_pool_wait_end(), or ERR_PTR(-ENOMEM).
 */
struct carveout_block_wait *carveout_pool_wait_begin(struct carveout_pool_client *client,
						     ktime_t deadline,
						     void (*ready)(void *data), void *data)
{
	struct carveout_block_wait *wait;

	might_sleep();
	wait = kzalloc(sizeof(*wait), GFP_KERNEL);
	if (!wait)
		return ERR_PTR(-ENOMEM);
	wait->ready = ready;
	wait->data = data;
	carveout_object_inc(CARVEOUT_OBJ_WAIT);
	carveout_block_wait_start(wait, client, deadline);
	return wait;
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_wait_begin, "CARVEOUT");

/**
 * carveout_pool_wait_end() - End a wait for a block
 * @wait: the wait. Its callback does not run when the call returns, nor later.
 * @block: filled in with the block, if there is one
 *
 * Context: Process context. May sleep. Not in the callback.
 * Return: 0 with a block; -ECANCELED if the wait was not complete; -ETIMEDOUT; -EIDRM if
 * the pool was destroyed; -ENODEV after the heap's shutdown; -EUCLEAN if the pool is
 * corrupted.
 */
int carveout_pool_wait_end(struct carveout_block_wait *wait,
			   struct carveout_pool_block *block)
{
	int ret;

	might_sleep();
	ret = carveout_block_wait_stop(wait, block);
	kfree(wait);
	carveout_object_dec(CARVEOUT_OBJ_WAIT);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(carveout_pool_wait_end, "CARVEOUT");
