// SPDX-License-Identifier: GPL-2.0
/*
 * Look-up of buffers: by tag for processes and for drivers, with and without waiting; by
 * place for processes.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "../carveout_internal.h"
#include "../trace.h"
#include "../mem/quota.h"
#include "buffer.h"
#include "lookup.h"
#include "registry.h"
#include "release.h"
#include "tags.h"

/*
 * Take a reference to the tagged buffer if @access is permitted. A caller without
 * permission takes no reference either: it would keep the owner from the buffer.
 */
static struct carveout_buf *try_get(struct carveout *carveout, const char *tag,
				    enum carveout_lookup_access access)
{
	struct carveout_buf *buf;

	rcu_read_lock();
	buf = carveout_registry_find(carveout, tag);
	if (!buf)
		buf = ERR_PTR(-ENOENT);
	else if (access != CARVEOUT_LOOKUP_KERNEL &&
		 !carveout_tag_permits(&buf->tag, access == CARVEOUT_LOOKUP_WRITE))
		buf = ERR_PTR(-EACCES);
	else if (!kref_get_unless_zero(&buf->ref))
		buf = ERR_PTR(-ESTALE);
	rcu_read_unlock();
	return buf;
}

/*
 * A buffer without references may have lost its tag to another buffer since it was
 * found. Under the lock it is not found, and every buffer that is found has a reference.
 */
static struct carveout_buf *get_by_tag(struct carveout *carveout, const char *tag,
				       enum carveout_lookup_access access)
{
	struct carveout_buf *buf = try_get(carveout, tag, access);

	if (buf != ERR_PTR(-ESTALE))
		return buf;
	mutex_lock(&carveout->registry_lock);
	buf = try_get(carveout, tag, access);
	mutex_unlock(&carveout->registry_lock);
	return buf;
}

/* A buffer that is being resized is about to be replaced. */
static struct carveout_buf *unless_resizing(struct carveout_buf *buf)
{
	if (IS_ERR(buf))
		return buf;
	/* Pairs with the barrier in try_begin(), driver/buf/resize.c. */
	smp_mb();
	if (READ_ONCE(buf->state) != CARVEOUT_BUF_LIVE) {
		carveout_buf_put_sync(buf);
		return ERR_PTR(-EAGAIN);
	}
	return buf;
}

/**
 * carveout_lookup_nowait() - Find a buffer by its tag without waiting
 * @carveout: the heap
 * @tag: a valid tag, zero to the end of its field
 * @access: access that the caller needs
 *
 * Context: Process context. May sleep.
 * Return: as carveout_lookup(), but -EAGAIN while the buffer is being resized.
 */
struct carveout_buf *carveout_lookup_nowait(struct carveout *carveout, const char *tag,
					    enum carveout_lookup_access access)
{
	struct carveout_buf *buf;

	if (READ_ONCE(carveout->shutdown))
		return ERR_PTR(-ENODEV);
	buf = get_by_tag(carveout, tag, access);
	if (buf == ERR_PTR(-EACCES) && capable(CAP_DAC_OVERRIDE))
		buf = get_by_tag(carveout, tag, CARVEOUT_LOOKUP_KERNEL);
	return unless_resizing(buf);
}

static bool is_changed(struct carveout *carveout, u64 seen)
{
	return carveout_registry_changes(carveout) != seen || READ_ONCE(carveout->shutdown);
}

/*
 * Wait until @carveout->changes differs from @seen. Returns 0, also after the heap's
 * shutdown; -ETIMEDOUT; -ERESTARTSYS on a signal.
 */
static int wait_for_change(struct carveout *carveout, u64 seen, unsigned int state,
			   u64 deadline)
{
	ktime_t left = KTIME_MAX;
	int ret;

	if (deadline < KTIME_MAX) {
		left = ktime_sub(ns_to_ktime(deadline), ktime_get());
		if (left <= 0)
			return -ETIMEDOUT;
	}
	might_sleep();
	/* The kernel has no freezable wait with an hrtimer. */
	ret = __wait_event_hrtimeout(carveout->changed, is_changed(carveout, seen), left,
				     state);
	return ret == -ETIME ? -ETIMEDOUT : ret;
}

/*
 * The look-up of a driver. Only a fatal signal ends it, so that a probe does not fail because
 * of a signal to the process. It has a limit, because a process can resize the buffer again
 * and again.
 */
static struct carveout_buf *lookup_for_driver(struct carveout *carveout, const char *tag)
{
	unsigned long end = jiffies + msecs_to_jiffies(CARVEOUT_RESIZE_WAIT_MS);
	struct carveout_buf *buf;
	long left;
	u64 seen;

	for (;;) {
		seen = carveout_registry_changes(carveout);
		buf = carveout_lookup_nowait(carveout, tag, CARVEOUT_LOOKUP_KERNEL);
		if (buf != ERR_PTR(-EAGAIN))
			return buf;
		left = end - jiffies;
		if (left <= 0)
			return ERR_PTR(-EBUSY);
		if (wait_event_killable_timeout(carveout->changed, is_changed(carveout, seen),
						left) < 0)
			return ERR_PTR(-EINTR);
	}
}

/*
 * Wait for the end of a resize and, if @absent, for an absent tag. A resize ends soon. A tag may
 * never appear, so a suspend freezes a task that waits for one.
 */
static struct carveout_buf *lookup_until(struct carveout *carveout, const char *tag,
					 enum carveout_lookup_access access, bool absent,
					 u64 deadline)
{
	unsigned int state = TASK_INTERRUPTIBLE | (absent ? TASK_FREEZABLE : 0);
	struct carveout_buf *buf;
	u64 seen;
	int ret;

	for (;;) {
		seen = carveout_registry_changes(carveout);
		buf = carveout_lookup_nowait(carveout, tag, access);
		if (buf != ERR_PTR(-EAGAIN) && !(absent && buf == ERR_PTR(-ENOENT)))
			return buf;
		trace_carveout_wait_begin(carveout, tag, deadline);
		ret = wait_for_change(carveout, seen, state, deadline);
		trace_carveout_wait_end(carveout, tag, ret);
		if (ret)
			return ERR_PTR(ret);
	}
}

/**
 * carveout_lookup() - Find a buffer by its tag
 * @carveout: the heap
 * @tag: a valid tag, zero to the end of its field
 * @access: access that the caller needs
 *
 * The end of a resize is waited for. The look-up takes carveout->registry_lock only when
 * it meets a buffer whose last reference was just dropped; its cost does not depend on
 * the number of tags.
 *
 * Context: Process context. May sleep.
 * Return: the buffer with a reference for the caller, or an ERR_PTR: -ENOENT,
 * -EACCES, -ENODEV after the heap's shutdown. While the buffer is being resized: for a
 * process -ERESTARTSYS on a signal; for a driver -EINTR if the caller is killed, -EBUSY
 * after %CARVEOUT_RESIZE_WAIT_MS.
 */
struct carveout_buf *carveout_lookup(struct carveout *carveout, const char *tag,
				     enum carveout_lookup_access access)
{
	if (access == CARVEOUT_LOOKUP_KERNEL)
		return lookup_for_driver(carveout, tag);
	return lookup_until(carveout, tag, access, false, CARVEOUT_DEADLINE_NONE);
}

/**
 * carveout_lookup_wait() - Find a buffer by its tag, and wait until the tag exists
 * @carveout: the heap
 * @tag: a valid tag, zero to the end of its field
 * @access: access that the caller needs
 * @deadline: CLOCK_MONOTONIC in nanoseconds, or %CARVEOUT_DEADLINE_NONE
 *
 * The waiter may be frozen, so it must not hold a lock. A process that has to wait is
 * charged as a waiter.
 *
 * Context: Process context. May sleep.
 * Return: as carveout_lookup(), but instead of -ENOENT -ETIMEDOUT; -ERESTARTSYS on a
 * signal; -EDQUOT if the user has too many waiters.
 */
struct carveout_buf *carveout_lookup_wait(struct carveout *carveout, const char *tag,
					  enum carveout_lookup_access access, u64 deadline)
{
	struct carveout_buf *buf;
	int ret;

	if (access == CARVEOUT_LOOKUP_KERNEL)
		return lookup_until(carveout, tag, access, true, deadline);
	buf = carveout_lookup_nowait(carveout, tag, access);
	if (buf != ERR_PTR(-ENOENT) && buf != ERR_PTR(-EAGAIN))
		return buf;
	ret = carveout_quota_charge_waiter(carveout);
	if (ret)
		return ERR_PTR(ret);
	buf = lookup_until(carveout, tag, access, true, deadline);
	carveout_quota_uncharge_waiter(carveout);
	return buf;
}

/* A buffer that was resized shares its memory with the one that replaced it. */
static bool overlaps(const struct carveout_buf *buf, u64 start, u64 size)
{
	return buf->state != CARVEOUT_BUF_REPLACED && buf->start < start + size &&
	       start < buf->start + buf->size;
}

/*
 * The mode of the tag decides. Without a tag, typed memory is for its user, unless it had
 * one: then all that were permitted by its mode have lost it, the user included.
 */
static bool permits(const struct carveout_buf *buf, bool write)
{
	bool permitted;

	if (buf->tag.linked)
		permitted = carveout_tag_permits(&buf->tag, write);
	else if (buf->typed && !buf->tag.name[0])
		permitted = uid_eq(current_fsuid(), buf->tag.uid);
	else
		return false;
	return permitted || capable(CAP_DAC_OVERRIDE);
}

static bool may_map(const struct carveout_buf *buf, u64 start, u64 size, bool write)
{
	return buf->state == CARVEOUT_BUF_LIVE && start >= buf->start &&
	       start + size <= buf->start + buf->size && permits(buf, write);
}

/*
 * Find the first buffer that has a part of a range. The registry_lock is dropped between
 * two buffers only: the one that is returned is still in the registry.
 */
static struct carveout_buf *find_overlap_locked(struct carveout *carveout, u64 start,
						u64 size)
{
	struct carveout_buf *buf;
	unsigned long index = 0;
	unsigned int seen = 0;

	lockdep_assert_held(&carveout->registry_lock);
	while (!carveout->shutdown) {
		buf = xa_find_after(&carveout->bufs, &index, ULONG_MAX, XA_PRESENT);
		if (!buf)
			return ERR_PTR(-ENOENT);
		if (overlaps(buf, start, size))
			return buf;
		/* A look-up in a heap of many buffers must not hold up others. */
		if (++seen % 64 == 0) {
			mutex_unlock(&carveout->registry_lock);
			cond_resched();
			mutex_lock(&carveout->registry_lock);
		}
	}
	return ERR_PTR(-ENODEV);
}

/**
 * carveout_lookup_place() - Find the buffer at a place
 * @carveout: the heap
 * @start: physical address
 * @size: bytes, at least 1; the range is in one region
 * @write: the caller writes to the memory, too
 *
 * The cost grows with the number of buffers. A buffer that is published or resized meanwhile
 * may be missed. Its memory is not free, so an allocation at the place fails.
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 * Return: the buffer that contains the range, with a reference for the caller; or an
 * ERR_PTR: -ENOENT if no buffer has any part of it, -EBUSY if one has that does not contain
 * it or is not for the caller, -ENODEV after the heap's shutdown.
 */
struct carveout_buf *carveout_lookup_place(struct carveout *carveout, u64 start, u64 size,
					   bool write)
{
	struct carveout_buf *buf;

	mutex_lock(&carveout->registry_lock);
	buf = find_overlap_locked(carveout, start, size);
	if (!IS_ERR(buf))
		buf = may_map(buf, start, size, write) ? __carveout_buf_get(buf) :
							 ERR_PTR(-EBUSY);
	mutex_unlock(&carveout->registry_lock);
	return buf;
}

/**
 * carveout_open_or_create() - Open a tagged object, or create it
 * @may_open: an existing object is acceptable
 * @open: opens it; -ENOENT if there is none
 * @create: creates it; -EEXIST if there is one
 * @arg: argument of both
 *
 * The tag may appear and vanish between the two attempts, so they are repeated, up to
 * %CARVEOUT_OPEN_ROUNDS times.
 *
 * Context: Process context. May sleep.
 * Return: the result of the attempt that decides; -EBUSY if the tag appears and vanishes
 * in every round; -EINTR if the caller is killed.
 */
int carveout_open_or_create(bool may_open, int (*open)(void *arg), int (*create)(void *arg),
			    void *arg)
{
	unsigned int round;
	int ret;

	if (!may_open)
		return create(arg);
	for (round = 0; round < CARVEOUT_OPEN_ROUNDS; round++) {
		if (round && fatal_signal_pending(current))
			return -EINTR;
		ret = open(arg);
		if (ret != -ENOENT)
			return ret;
		ret = create(arg);
		if (ret != -EEXIST)
			return ret;
	}
	return -EBUSY;
}
