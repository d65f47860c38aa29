// SPDX-License-Identifier: GPL-2.0
/*
 * The registry of a heap: all its buffers, and the tags that name some.
 *
 * A name appears when its buffer is complete and vanishes before the buffer
 * does. It holds no reference, unless it is persistent: then it holds one from
 * the moment it appears to the moment it is unlinked. A buffer has a name at most
 * once in its life; there is no rename. A name can be given to another buffer, in
 * one step, and that one's number is higher.
 *
 * A buffer enters as the very last step of its creation. Once the heap is dead
 * nothing enters any more, but a buffer in place of one that is in already.
 *
 * Opening by name takes no lock: the table is read under RCU, and a buffer that is
 * going gives no reference. A buffer that is being resized is marked before its
 * references are counted, and who opens it looks at the mark after taking one: one
 * of the two sees the other. Everything that changes a name counts, and wakes who
 * waits for one.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/hrtimer.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "carveout_internal.h"
#include "pool.h"
#include "../lib/tag.h"

static_assert(CARVEOUT_TAG_FIELD == CARVEOUT_NAME_LEN);

/* Names are zero to the end of their field, so the whole field is the key. */
static const struct rhashtable_params tag_params = {
	.key_len = CARVEOUT_NAME_LEN,
	.key_offset = offsetof(struct carveout_buf, tag.name),
	.head_offset = offsetof(struct carveout_buf, tag.node),
	.automatic_shrinking = true,
};

/**
 * carveout_registry_init() - set up the registry of a new heap
 * @carveout: the heap
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM.
 */
int carveout_registry_init(struct carveout *carveout)
{
	mutex_init(&carveout->registry_lock);
	init_waitqueue_head(&carveout->changed);
	xa_init(&carveout->bufs);
	return rhashtable_init(&carveout->tags, &tag_params);
}

/**
 * carveout_registry_fini() - tear down the registry of a heap without buffers
 * @carveout: the heap
 *
 * Context: May sleep.
 */
void carveout_registry_fini(struct carveout *carveout)
{
	rhashtable_destroy(&carveout->tags);
	xa_destroy(&carveout->bufs);
}

/**
 * carveout_registry_notify() - wake those who wait for names
 * @carveout: the heap
 *
 * Whoever looks for a name after that finds what was done before it.
 *
 * Context: Any. Caller holds the registry's lock.
 */
void carveout_registry_notify(struct carveout *carveout)
{
	lockdep_assert_held(&carveout->registry_lock);
	/* Pairs with carveout_registry_changes(): the name first, then the count. */
	smp_store_release(&carveout->changes, carveout->changes + 1);
	carveout_wake_all(&carveout->changed, EPOLLIN | EPOLLRDNORM);
}

static int link_tag(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;
	int ret;

	lockdep_assert_held(&carveout->registry_lock);
	if (!buf->tag.name[0])
		return 0;
	ret = rhashtable_lookup_insert_fast(&carveout->tags, &buf->tag.node,
					    tag_params);
	/* A table that could not grow when it had to says EBUSY or E2BIG. */
	if (ret)
		return ret == -EEXIST ? ret : -ENOMEM;
	buf->tag.linked = true;
	carveout->nr_tags++;
	if (buf->tag.persist)
		carveout_buf_get(buf);
	carveout_registry_notify(carveout);
	return 0;
}

/* Remove the name. Return true if the caller now has the name's reference. */
static bool unlink_tag(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;

	lockdep_assert_held(&carveout->registry_lock);
	rhashtable_remove_fast(&carveout->tags, &buf->tag.node, tag_params);
	buf->tag.linked = false;
	carveout->nr_tags--;
	carveout_registry_notify(carveout);
	return buf->tag.persist;
}

/**
 * carveout_registry_reserve() - keep a place in the list of buffers
 * @carveout: the heap
 * @id: the buffer's number
 *
 * So that carveout_registry_add() needs no memory under the registry's lock.
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM.
 */
int carveout_registry_reserve(struct carveout *carveout, u64 id)
{
	return xa_reserve(&carveout->bufs, id, GFP_KERNEL_ACCOUNT);
}

/**
 * carveout_registry_add() - let others find a new buffer
 * @buf: a buffer that is complete
 *
 * Context: May sleep.
 * Return: 0; -EEXIST if its name is taken; -ENODEV if the heap is dead;
 * -ENOMEM.
 */
int carveout_registry_add(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;
	int ret = -ENODEV;

	mutex_lock(&carveout->registry_lock);
	if (!carveout->dead)
		ret = link_tag(buf);
	if (!ret) {
		/* The place is there: nothing is allocated, nothing fails. */
		xa_store(&carveout->bufs, buf->id, buf, GFP_NOWAIT);
		carveout->nr_bufs++;
	}
	mutex_unlock(&carveout->registry_lock);
	return ret;
}

/**
 * carveout_registry_remove_locked() - a buffer's last reference is going
 * @buf: the buffer
 *
 * Context: Process context. Caller holds the registry's lock.
 */
void carveout_registry_remove_locked(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;

	lockdep_assert_held(&carveout->registry_lock);
	if (buf->tag.linked)
		unlink_tag(buf);
	/* A place that was only reserved reads as empty. */
	if (xa_erase(&carveout->bufs, buf->id))
		carveout->nr_bufs--;
}

/**
 * carveout_tag_permits() - may the caller open what this tag names?
 * @tag: the tag
 * @write: for writing as well
 *
 * As for a file: owner, group and others each have their three bits.
 *
 * Context: Process context.
 * Return: true if so; capabilities are not looked at.
 */
bool carveout_tag_permits(const struct carveout_tag *tag, bool write)
{
	umode_t want = write ? 06 : 04;
	unsigned int seq;
	umode_t mode;
	kuid_t uid;
	kgid_t gid;

	do {
		seq = read_seqcount_begin(&tag->seq);
		uid = tag->uid;
		gid = tag->gid;
		mode = tag->mode;
	} while (read_seqcount_retry(&tag->seq, seq));

	if (uid_eq(current_fsuid(), uid))
		mode >>= 6;
	else if (in_group_p(gid))
		mode >>= 3;
	return (mode & want) == want;
}

/**
 * carveout_tag_owned() - is the caller the owner, or as good as that?
 * @tag: the tag
 *
 * Context: Process context. Caller holds the registry's lock.
 * Return: true if so.
 */
bool carveout_tag_owned(const struct carveout_tag *tag)
{
	return uid_eq(current_fsuid(), tag->uid) || capable(CAP_FOWNER);
}

/*
 * The buffer of this name, with a reference, if the caller may have it. Who may
 * not takes no reference either: it would keep the buffer from its owner.
 */
static struct carveout_buf *get_by_name(struct carveout *carveout, const char *name,
					bool write, bool override)
{
	struct carveout_buf *buf;

	rcu_read_lock();
	buf = rhashtable_lookup(&carveout->tags, name, tag_params);
	if (!buf)
		buf = ERR_PTR(-ENOENT);
	else if (!override && !carveout_tag_permits(&buf->tag, write))
		buf = ERR_PTR(-EACCES);
	else if (!kref_get_unless_zero(&buf->ref))
		buf = ERR_PTR(-ESTALE);
	rcu_read_unlock();
	return buf;
}

/*
 * A buffer that is going may have lost its name to another one since it was found.
 * Under the lock it is not found any more, and whatever is found has a reference.
 */
static struct carveout_buf *find_by_name(struct carveout *carveout, const char *name,
					 bool write, bool override)
{
	struct carveout_buf *buf = get_by_name(carveout, name, write, override);

	if (buf != ERR_PTR(-ESTALE))
		return buf;
	mutex_lock(&carveout->registry_lock);
	buf = get_by_name(carveout, name, write, override);
	mutex_unlock(&carveout->registry_lock);
	return buf;
}

/* It is being resized? Then its user would see it go. */
static struct carveout_buf *unless_seized(struct carveout_buf *buf)
{
	if (IS_ERR(buf))
		return buf;
	/* Pairs with the barrier in try_seize(), driver/resize.c. */
	smp_mb();
	if (READ_ONCE(buf->state) != CARVEOUT_BUF_LIVE) {
		carveout_buf_put_sync(buf);
		return ERR_PTR(-EAGAIN);
	}
	return buf;
}

/**
 * carveout_registry_open() - find a buffer by its name
 * @carveout: the heap
 * @name: a valid name, zero to the end of its field
 * @write: the caller wants to write
 *
 * Takes no lock, but when it meets a buffer that is just going; its cost does not
 * grow with the number of names.
 *
 * Context: May sleep.
 * Return: the buffer with a reference for the caller, or an ERR_PTR: -ENOENT,
 * -EACCES, -EAGAIN while the buffer is being resized, or -ENODEV if the heap is
 * dead.
 */
struct carveout_buf *carveout_registry_open(struct carveout *carveout,
					    const char *name, bool write)
{
	struct carveout_buf *buf;

	if (READ_ONCE(carveout->dead))
		return ERR_PTR(-ENODEV);
	buf = find_by_name(carveout, name, write, false);
	if (buf == ERR_PTR(-EACCES) && capable(CAP_DAC_OVERRIDE))
		buf = find_by_name(carveout, name, write, true);
	return unless_seized(buf);
}

/**
 * carveout_registry_find() - find a buffer by its name, for a driver
 * @carveout: the heap
 * @name: a valid name, zero to the end of its field
 *
 * As carveout_registry_open(), without asking who may.
 *
 * Context: May sleep.
 * Return: the buffer with a reference for the caller, or an ERR_PTR: -ENOENT,
 * -EAGAIN while the buffer is being resized, or -ENODEV if the heap is dead.
 */
struct carveout_buf *carveout_registry_find(struct carveout *carveout, const char *name)
{
	if (READ_ONCE(carveout->dead))
		return ERR_PTR(-ENODEV);
	return unless_seized(find_by_name(carveout, name, true, true));
}

static bool has_name(struct carveout *carveout, const char *name)
{
	return rhashtable_lookup_fast(&carveout->tags, name, tag_params);
}

/**
 * carveout_registry_taken() - is this name taken, by somebody who is not about to go?
 * @carveout: the heap
 * @name: a valid name, zero to the end of its field
 *
 * What a driver dropped in an interrupt has its name for a moment longer: that is
 * waited for. A hint, for failing early: by the time it returns it may have changed.
 *
 * Context: May sleep.
 * Return: true if it is.
 */
bool carveout_registry_taken(struct carveout *carveout, const char *name)
{
	bool busy = carveout_deferred_busy(carveout);

	if (!has_name(carveout, name))
		return false;
	if (!busy)
		return true;
	carveout_flush(carveout);
	return has_name(carveout, name);
}

/**
 * carveout_registry_may_create() - is this name kept for somebody else?
 * @carveout: the heap
 * @name: a valid name
 *
 * Context: Process context.
 * Return: 0; -EACCES if it is, unless the caller has CAP_FOWNER.
 */
int carveout_registry_may_create(struct carveout *carveout, const char *name)
{
	const struct carveout_reserved *reserved = carveout->reserved;
	unsigned int i;

	for (i = 0; i < carveout->nr_reserved; i++, reserved++)
		if (strstarts(name, reserved->prefix) &&
		    !uid_eq(current_fsuid(), reserved->uid) && !capable(CAP_FOWNER))
			return -EACCES;
	return 0;
}

/* === Waiting ============================================================== */

/**
 * carveout_registry_changes() - how often a name came, went or changed
 * @carveout: the heap
 *
 * Context: Any.
 * Return: the number, for carveout_registry_wait(). What is looked up after the
 * call is at least as new as it.
 */
u64 carveout_registry_changes(struct carveout *carveout)
{
	/* Pairs with carveout_registry_notify(). */
	return smp_load_acquire(&carveout->changes);
}

/**
 * carveout_registry_wait() - wait until a name comes, goes or changes
 * @carveout: the heap
 * @seen: carveout_registry_changes() before the caller looked
 * @deadline: CLOCK_MONOTONIC in nanoseconds, or CARVEOUT_DEADLINE_NONE
 *
 * Context: May sleep.
 * Return: 0, also when the heap dies; -ETIMEDOUT; -ERESTARTSYS on a signal.
 */
int carveout_registry_wait(struct carveout *carveout, u64 seen, u64 deadline)
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
						 READ_ONCE(carveout->dead), left);
	return ret == -ETIME ? -ETIMEDOUT : ret;
}

/* === Changing names ======================================================= */

/* Only with the registry's lock held, so the buffer does not go. */
static struct carveout_buf *find_tag(struct carveout *carveout, const char *name)
{
	lockdep_assert_held(&carveout->registry_lock);
	if (carveout->dead)
		return ERR_PTR(-ENODEV);
	return rhashtable_lookup_fast(&carveout->tags, name, tag_params) ?:
	       ERR_PTR(-ENOENT);
}

/**
 * carveout_registry_replace() - let a name lead to another buffer
 * @old: the buffer that has the name; a persistent one's reference is the
 *	caller's to drop
 * @buf: the buffer that gets it, with the name in its tag
 *
 * In one step: there is no moment at which the name leads nowhere.
 *
 * Context: May sleep. Caller holds the registry's lock.
 */
void carveout_registry_replace(struct carveout_buf *old, struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;

	lockdep_assert_held(&carveout->registry_lock);
	/* It is there and both have one key: that cannot fail. */
	WARN_ON(rhashtable_replace_fast(&carveout->tags, &old->tag.node,
					&buf->tag.node, tag_params));
	old->tag.linked = false;
	buf->tag.linked = true;
	if (buf->tag.persist)
		carveout_buf_get(buf);
	carveout_registry_notify(carveout);
}

/* Give @buf, which has the name already, the place of whoever has it. */
static int take_name(struct carveout_buf *buf, u32 flags, struct carveout_buf **put)
{
	struct carveout_buf *old = find_tag(buf->carveout, buf->tag.name);

	if (old == ERR_PTR(-ENOENT))
		return link_tag(buf);
	if (IS_ERR(old))
		return PTR_ERR(old);
	if (!(flags & CARVEOUT_LINK_REPLACE))
		return -EEXIST;
	if (!(flags & CARVEOUT_LINK_ANY) && !carveout_tag_owned(&old->tag))
		return -EACCES;
	if (old->generation > buf->generation)
		return -EAGAIN;
	if (old->tag.persist)
		*put = old;
	carveout_registry_replace(old, buf);
	return 0;
}

static int link_locked(struct carveout_buf *buf, const char *name, umode_t mode,
		       u32 flags, u64 generation, struct carveout_buf **put)
{
	struct carveout_tag *tag = &buf->tag;
	u64 old_generation = buf->generation;
	int ret;

	lockdep_assert_held(&buf->carveout->registry_lock);
	if (!(flags & CARVEOUT_LINK_ANY) && !carveout_tag_owned(tag))
		return -EACCES;
	if (tag->name[0] || buf->state != CARVEOUT_BUF_LIVE)
		return -EBUSY;
	/* All of it is there before the name can be found. */
	strscpy(tag->name, name, sizeof(tag->name));
	tag->persist = flags & CARVEOUT_LINK_PERSIST;
	tag->mode = mode;
	buf->generation = generation;
	ret = take_name(buf, flags, put);
	if (ret) {
		memset(tag->name, 0, sizeof(tag->name));
		tag->persist = false;
		tag->mode = 0;
		buf->generation = old_generation;
	}
	return ret;
}

/**
 * carveout_registry_link() - give a buffer a name
 * @buf: a buffer that others can find, and that never had a name
 * @name: a valid name, zero to the end of its field
 * @mode: permission bits
 * @flags: CARVEOUT_LINK_* flags; with CARVEOUT_LINK_ANY, whoever owns what
 * @generation: number that it gets with the name, just taken
 *
 * Context: May sleep.
 * Return: 0; -EAGAIN if what has the name has a higher number; -EBUSY if the buffer
 * has or had a name, or is being resized; -EEXIST if the name is taken; -EACCES
 * unless the caller owns the buffer, and what has the name, or has CAP_FOWNER;
 * -ENODEV if the heap is dead; -ENOMEM.
 */
int carveout_registry_link(struct carveout_buf *buf, const char *name,
			   umode_t mode, u32 flags, u64 generation)
{
	struct carveout_buf *put = NULL;
	int ret;

	mutex_lock(&buf->carveout->registry_lock);
	ret = link_locked(buf, name, mode, flags, generation, &put);
	mutex_unlock(&buf->carveout->registry_lock);
	if (put)
		carveout_buf_put_sync(put);
	return ret;
}

/**
 * carveout_registry_unlink() - remove a name
 * @carveout: the heap
 * @name: a valid name, zero to the end of its field
 * @any: whoever owns it
 *
 * Context: May sleep.
 * Return: 0; -ENOENT; -EACCES unless @any, or the caller owns the tag or has
 * CAP_FOWNER; -ENODEV if the heap is dead.
 */
int carveout_registry_unlink(struct carveout *carveout, const char *name, bool any)
{
	struct carveout_buf *buf;
	bool put = false;
	int ret = 0;

	mutex_lock(&carveout->registry_lock);
	buf = find_tag(carveout, name);
	if (IS_ERR(buf))
		ret = PTR_ERR(buf);
	else if (!any && !carveout_tag_owned(&buf->tag))
		ret = -EACCES;
	else
		put = unlink_tag(buf);
	mutex_unlock(&carveout->registry_lock);
	if (put)
		carveout_buf_put_sync(buf);

	return ret;
}

/**
 * carveout_registry_forget() - remove the name of a buffer
 * @buf: a buffer that the caller has a reference to
 *
 * Context: May sleep.
 * Return: 0; -ENOENT if it has none, or none any more.
 */
int carveout_registry_forget(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;
	int ret = -ENOENT;
	bool put = false;

	mutex_lock(&carveout->registry_lock);
	if (buf->tag.linked) {
		put = unlink_tag(buf);
		ret = 0;
	}
	mutex_unlock(&carveout->registry_lock);
	if (put)
		carveout_buf_put_sync(buf);

	return ret;
}

static int check_setattr(const struct carveout_tag *tag, u32 flags, kuid_t uid,
			 kgid_t gid)
{
	bool owner = uid_eq(current_fsuid(), tag->uid);

	if (flags & CARVEOUT_SETATTR_MODE && !carveout_tag_owned(tag))
		return -EACCES;
	if (flags & CARVEOUT_SETATTR_UID && !(owner && uid_eq(uid, tag->uid)) &&
	    !capable(CAP_CHOWN))
		return -EACCES;
	if (flags & CARVEOUT_SETATTR_GID &&
	    !(owner && (gid_eq(gid, tag->gid) || in_group_p(gid))) &&
	    !capable(CAP_CHOWN))
		return -EACCES;
	return 0;
}

/**
 * carveout_registry_setattr() - change who may open a name
 * @carveout: the heap
 * @attr: what to change, with a valid name; flags and members are checked
 *
 * Context: May sleep.
 * Return: 0; -ENOENT; -EACCES; -EINVAL for an id that the caller's namespace does
 * not have; -ENODEV if the heap is dead.
 */
int carveout_registry_setattr(struct carveout *carveout,
			      const struct carveout_ioctl_setattr *attr)
{
	kuid_t uid = make_kuid(current_user_ns(), attr->uid);
	kgid_t gid = make_kgid(current_user_ns(), attr->gid);
	struct carveout_buf *buf;
	struct carveout_tag *tag;
	int ret;

	if ((attr->flags & CARVEOUT_SETATTR_UID && !uid_valid(uid)) ||
	    (attr->flags & CARVEOUT_SETATTR_GID && !gid_valid(gid)))
		return -EINVAL;
	mutex_lock(&carveout->registry_lock);
	buf = find_tag(carveout, attr->tag);
	ret = PTR_ERR_OR_ZERO(buf);
	if (!ret)
		ret = check_setattr(&buf->tag, attr->flags, uid, gid);
	if (!ret) {
		tag = &buf->tag;
		preempt_disable();	/* a reader waits for the end of it */
		write_seqcount_begin(&tag->seq);
		if (attr->flags & CARVEOUT_SETATTR_MODE)
			tag->mode = attr->mode;
		if (attr->flags & CARVEOUT_SETATTR_UID)
			tag->uid = uid;
		if (attr->flags & CARVEOUT_SETATTR_GID)
			tag->gid = gid;
		write_seqcount_end(&tag->seq);
		preempt_enable();
		carveout_registry_notify(carveout);
	}
	mutex_unlock(&carveout->registry_lock);
	return ret;
}

/* === The end ============================================================== */

/**
 * carveout_registry_kill() - the heap's device goes
 * @carveout: the heap
 *
 * No name is found any more, no buffer comes in and nothing is handed out. Persistent
 * names let go of their buffers, and who waits for a block of a pool is woken; what
 * somebody has open or mapped lives on.
 *
 * Context: May sleep.
 * Return: number of buffers that live on.
 */
unsigned int carveout_registry_kill(struct carveout *carveout)
{
	struct carveout_buf *buf;
	unsigned long index;
	unsigned int left;

	mutex_lock(&carveout->registry_lock);
	WRITE_ONCE(carveout->dead, true);
	raw_spin_lock_irq(&carveout->lock);
	carveout->closed = true;
	raw_spin_unlock_irq(&carveout->lock);
	carveout_wake_all(&carveout->changed, EPOLLHUP | EPOLLERR);
	xa_for_each(&carveout->bufs, index, buf) {
		if (buf->pool)
			carveout_pool_kill(buf->pool, -ENODEV);
		if (!buf->tag.linked || !unlink_tag(buf))
			continue;
		/* The last reference takes the lock; nothing comes in meanwhile. */
		mutex_unlock(&carveout->registry_lock);
		carveout_buf_put_sync(buf);
		mutex_lock(&carveout->registry_lock);
	}
	left = carveout->nr_bufs;
	mutex_unlock(&carveout->registry_lock);

	return left;
}
