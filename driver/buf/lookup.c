// SPDX-License-Identifier: GPL-2.0
/*
 * Look-up of buffers by tag: for processes and for drivers, with and without waiting.
 */

#include <linux/capability.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/wait.h>

#include "../carveout_internal.h"
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

static struct carveout_buf *lookup(struct carveout *carveout, const char *tag,
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

/*
 * Wait until @carveout->changes differs from @seen. Returns 0, also after the heap's
 * shutdown; -ETIMEDOUT; -ERESTARTSYS on a signal.
 */
static int wait_for_change(struct carveout *carveout, u64 seen, u64 deadline)
{
	ktime_t left = KTIME_MAX;
	int ret;

	if (deadline < KTIME_MAX) {
		left = ktime_sub(ns_to_ktime(deadline), ktime_get());
		if (left <= 0)
			return -ETIMEDOUT;
	}
	ret = wait_event_interruptible_hrtimeout(carveout->changed,
						 carveout_registry_changes(carveout) != seen ||
						 READ_ONCE(carveout->shutdown), left);
	return ret == -ETIME ? -ETIMEDOUT : ret;
}

/* The end of a resize is waited for; an absent tag only if @absent. */
static struct carveout_buf *lookup_until(struct carveout *carveout, const char *tag,
					 enum carveout_lookup_access access, bool absent,
					 u64 deadline)
{
	struct carveout_buf *buf;
	u64 seen;
	int ret;

	for (;;) {
		seen = carveout_registry_changes(carveout);
		buf = lookup(carveout, tag, access);
		if (buf != ERR_PTR(-EAGAIN) && !(absent && buf == ERR_PTR(-ENOENT)))
			return buf;
		ret = wait_for_change(carveout, seen, deadline);
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
 * -EACCES, -ENODEV after the heap's shutdown, -ERESTARTSYS on a signal while the buffer
 * is being resized.
 */
struct carveout_buf *carveout_lookup(struct carveout *carveout, const char *tag,
				     enum carveout_lookup_access access)
{
	return lookup_until(carveout, tag, access, false, CARVEOUT_DEADLINE_NONE);
}

/**
 * carveout_lookup_wait() - Find a buffer by its tag, and wait until the tag exists
 * @carveout: the heap
 * @tag: a valid tag, zero to the end of its field
 * @access: access that the caller needs
 * @deadline: CLOCK_MONOTONIC in nanoseconds, or %CARVEOUT_DEADLINE_NONE
 *
 * Context: Process context. May sleep.
 * Return: as carveout_lookup(), but instead of -ENOENT -ETIMEDOUT; -ERESTARTSYS on a
 * signal.
 */
struct carveout_buf *carveout_lookup_wait(struct carveout *carveout, const char *tag,
					  enum carveout_lookup_access access, u64 deadline)
{
	return lookup_until(carveout, tag, access, true, deadline);
}

/**
 * carveout_open_or_create() - Open a tagged object, or create it
 * @may_open: an existing object is acceptable
 * @open: opens it; -ENOENT if there is none
 * @create: creates it; -EEXIST if there is one
 * @arg: argument of both
 *
 * The tag may appear and vanish between the two attempts, so they are repeated.
 *
 * Context: Process context. May sleep.
 * Return: the result of the attempt that decides.
 */
int carveout_open_or_create(bool may_open, int (*open)(void *arg), int (*create)(void *arg),
			    void *arg)
{
	int ret;

	if (!may_open)
		return create(arg);
	for (;;) {
		ret = open(arg);
		if (ret != -ENOENT)
			return ret;
		ret = create(arg);
		if (ret != -EEXIST)
			return ret;
	}
}
