// SPDX-License-Identifier: GPL-2.0
/*
 * The registry of a heap: all its buffers, and the table of tags.
 *
 * A tag appears when its buffer is complete and vanishes before the buffer
 * does. It holds no reference, unless it is persistent: then it holds one from
 * the moment it appears to the moment it is unlinked. A buffer has a tag at most
 * once in its life; there is no rename. A tag can be moved to another buffer, in
 * one step, and the generation of that buffer is higher.
 *
 * A buffer enters the registry as the very last step of its creation. After the heap's
 * shutdown no buffer enters, except one that replaces a registered buffer.
 *
 * A look-up takes no lock: the table is read under RCU. A buffer whose count is zero
 * gives no reference, and the look-up is repeated once with the lock held, because the
 * tag may name another buffer by then. A buffer that is being resized is marked before its
 * references are counted, and a look-up checks the mark after taking its reference: at
 * least one side sees the other. Every change of a tag is counted, and wakes the waiters
 * for tags.
 */

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "../../lib/tag.h"
#include "../carveout_internal.h"
#include "../trace.h"
#include "../mem/quota.h"
#include "buffer.h"
#include "registry.h"
#include "watch.h"

static_assert(CARVEOUT_TAG_FIELD == CARVEOUT_NAME_LEN);

/* Tags are zero to the end of their field, so the whole field is the key. */
static const struct rhashtable_params tag_params = {
	.key_len = CARVEOUT_NAME_LEN,
	.key_offset = offsetof(struct carveout_buf, tag.name),
	.head_offset = offsetof(struct carveout_buf, tag.node),
	.automatic_shrinking = true,
};

/**
 * carveout_registry_init() - Initialise the registry of a new heap
 * @carveout: the heap
 *
 * Context: Process context. May sleep.
 * Return: 0 or -ENOMEM.
 */
int carveout_registry_init(struct carveout *carveout)
{
	mutex_init(&carveout->registry_lock);
	INIT_LIST_HEAD(&carveout->watches);
	init_waitqueue_head(&carveout->changed);
	/* Without the flag a node is charged only when its first attempt fails. */
	xa_init_flags(&carveout->bufs, XA_FLAGS_ACCOUNT);
	return rhashtable_init(&carveout->tags, &tag_params);
}

/**
 * carveout_registry_fini() - Free the registry of a heap without buffers
 * @carveout: the heap
 *
 * Context: Process context. May sleep.
 */
void carveout_registry_fini(struct carveout *carveout)
{
	rhashtable_destroy(&carveout->tags);
	xa_destroy(&carveout->bufs);
}

/* === Changes ============================================================== */

/**
 * carveout_registry_changes() - Number of changes to tags
 * @carveout: the heap
 *
 * Context: Any context.
 * Return: the number. A look-up after the call sees at least the state that it counts.
 */
u64 carveout_registry_changes(struct carveout *carveout)
{
	/* Pairs with carveout_registry_notify(). */
	return smp_load_acquire(&carveout->changes);
}

/**
 * carveout_registry_notify() - Count a change to a tag, wake waiters and notify watches
 * @carveout: the heap
 * @tag: the tag, a terminated string
 *
 * A look-up after the wake-up sees everything that was done before the call.
 *
 * Context: Process context. The caller holds carveout->registry_lock.
 */
void carveout_registry_notify(struct carveout *carveout, const char *tag)
{
	lockdep_assert_held(&carveout->registry_lock);
	/* Pairs with carveout_registry_changes(): the tag first, then the count. */
	smp_store_release(&carveout->changes, carveout->changes + 1);
	carveout_wake_all(&carveout->changed, EPOLLIN | EPOLLRDNORM);
	carveout_watch_notify_locked(carveout, tag);
}

/* === The table of tags ==================================================== */

/**
 * carveout_registry_find() - Find a tag in the table
 * @carveout: the heap
 * @tag: a valid tag, zero to the end of its field
 *
 * Context: Any context. The buffer is valid only under the RCU read lock, or with
 * carveout->registry_lock held. Otherwise only whether it is NULL may be used.
 * Return: the buffer, without a reference, or NULL.
 */
struct carveout_buf *carveout_registry_find(struct carveout *carveout, const char *tag)
{
	return rhashtable_lookup_fast(&carveout->tags, tag, tag_params);
}

/**
 * carveout_registry_find_locked() - Find a tag that is to be changed
 * @carveout: the heap
 * @tag: a valid tag, zero to the end of its field
 *
 * Context: Process context. The caller holds carveout->registry_lock, which keeps the
 * buffer.
 * Return: the buffer, without a reference, or an ERR_PTR: -ENOENT; -ENODEV after the
 * heap's shutdown.
 */
struct carveout_buf *carveout_registry_find_locked(struct carveout *carveout,
						   const char *tag)
{
	lockdep_assert_held(&carveout->registry_lock);
	if (carveout->shutdown)
		return ERR_PTR(-ENODEV);
	return carveout_registry_find(carveout, tag) ?: ERR_PTR(-ENOENT);
}

/**
 * carveout_registry_link_locked() - Enter the tag of a buffer into the table
 * @buf: the buffer; without a tag nothing happens
 *
 * Context: Process context. May sleep. The caller holds carveout->registry_lock.
 * Return: 0; -EEXIST if the tag is taken; -ENOMEM.
 */
int carveout_registry_link_locked(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;
	int ret;

	lockdep_assert_held(&carveout->registry_lock);
	if (!buf->tag.name[0])
		return 0;
	ret = rhashtable_lookup_insert_fast(&carveout->tags, &buf->tag.node,
					    tag_params);
	/* A table that could not grow in time returns EBUSY or E2BIG. */
	if (ret)
		return ret == -EEXIST ? ret : -ENOMEM;
	buf->tag.linked = true;
	carveout->nr_tags++;
	if (buf->tag.persist)
		__carveout_buf_get(buf);
	trace_carveout_tag_add(carveout, buf->tag.name, buf->generation);
	carveout_registry_notify(carveout, buf->tag.name);
	return 0;
}

static void uncharge_tag(struct carveout_buf *buf)
{
	lockdep_assert_held(&buf->carveout->registry_lock);
	carveout_quota_uncharge(buf->carveout, buf->account, buf->charged_uid, 0,
				buf->counts & CARVEOUT_TAG_COUNTS);
	buf->counts &= ~CARVEOUT_TAG_COUNTS;
}

/**
 * carveout_registry_unlink_locked() - Remove the tag of a buffer from the table
 * @buf: a buffer whose tag is linked; the charge of the tag ends
 *
 * Context: Process context. May sleep. The caller holds carveout->registry_lock. Takes
 * carveout->quota_lock.
 * Return: true if the tag held a reference, which is now the caller's to drop.
 */
bool carveout_registry_unlink_locked(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;

	lockdep_assert_held(&carveout->registry_lock);
	rhashtable_remove_fast(&carveout->tags, &buf->tag.node, tag_params);
	buf->tag.linked = false;
	uncharge_tag(buf);
	carveout->nr_tags--;
	trace_carveout_tag_remove(carveout, buf->tag.name, buf->generation);
	carveout_registry_notify(carveout, buf->tag.name);
	return buf->tag.persist;
}

/**
 * carveout_registry_replace_locked() - Move a tag to another buffer
 * @old: the buffer that has the tag, whose charge of it ends; the reference of a
 *	persistent tag is the caller's to drop
 * @buf: the buffer that gets it, with the same tag in its struct carveout_tag
 *
 * In one step: a look-up finds one of the two at any moment.
 *
 * Context: Process context. May sleep. The caller holds carveout->registry_lock. Takes
 * carveout->quota_lock.
 */
void carveout_registry_replace_locked(struct carveout_buf *old, struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;

	lockdep_assert_held(&carveout->registry_lock);
	/* The old entry is in the table and the keys are equal: this cannot fail. */
	WARN_ON(rhashtable_replace_fast(&carveout->tags, &old->tag.node,
					&buf->tag.node, tag_params));
	old->tag.linked = false;
	uncharge_tag(old);
	buf->tag.linked = true;
	if (buf->tag.persist)
		__carveout_buf_get(buf);
	trace_carveout_tag_replace(carveout, buf->tag.name, buf->generation);
	carveout_registry_notify(carveout, buf->tag.name);
}

/* === The list of buffers ================================================== */

/**
 * carveout_registry_reserve() - Reserve an entry in the list of buffers
 * @carveout: the heap
 * @id: id of the buffer
 *
 * So carveout_registry_add() needs no memory under the registry's lock.
 *
 * Context: Process context. May sleep.
 * Return: 0 or -ENOMEM.
 */
int carveout_registry_reserve(struct carveout *carveout, u64 id)
{
	return xa_reserve(&carveout->bufs, id, GFP_KERNEL_ACCOUNT);
}

/**
 * carveout_registry_add() - Publish a new buffer
 * @buf: a buffer that is complete
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 * Return: 0; -EEXIST if its tag is taken; -ENODEV after the heap's shutdown;
 * -ENOMEM.
 */
int carveout_registry_add(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;
	int ret = -ENODEV;

	mutex_lock(&carveout->registry_lock);
	if (!carveout->shutdown)
		ret = carveout_registry_link_locked(buf);
	if (!ret) {
		/* The entry is reserved: the store allocates nothing and cannot fail. */
		xa_store(&carveout->bufs, buf->id, buf, GFP_NOWAIT);
		carveout->nr_bufs++;
	}
	mutex_unlock(&carveout->registry_lock);
	return ret;
}

/**
 * carveout_registry_remove_locked() - Remove a buffer with its last reference
 * @buf: the buffer
 *
 * Its entry in the list of buffers is kept for carveout_registry_park().
 *
 * Context: Process context. The caller holds carveout->registry_lock.
 */
void carveout_registry_remove_locked(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;

	lockdep_assert_held(&carveout->registry_lock);
	if (buf->tag.linked)
		carveout_registry_unlink_locked(buf);
	/* An entry that was only reserved reads as empty. */
	if (!xa_load(&carveout->bufs, buf->id))
		return;
	WRITE_ONCE(buf->state, CARVEOUT_BUF_ENDING);
	carveout->nr_bufs--;
}

/**
 * carveout_registry_park() - List a buffer as parked
 * @buf: a buffer without references
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 */
void carveout_registry_park(struct carveout_buf *buf)
{
	mutex_lock(&buf->carveout->registry_lock);
	if (buf->state == CARVEOUT_BUF_ENDING)
		WRITE_ONCE(buf->state, CARVEOUT_BUF_PARKED);
	mutex_unlock(&buf->carveout->registry_lock);
}

/**
 * carveout_registry_erase() - Erase the entry of a buffer in the list of buffers
 * @buf: a buffer without references
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 */
void carveout_registry_erase(struct carveout_buf *buf)
{
	mutex_lock(&buf->carveout->registry_lock);
	xa_erase(&buf->carveout->bufs, buf->id);
	mutex_unlock(&buf->carveout->registry_lock);
}
