// SPDX-License-Identifier: GPL-2.0
/*
 * Tags: permissions and changes. The table of tags is in registry.c.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/seqlock.h>
#include <linux/stat.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include <linux/xarray.h>

#include "../carveout_internal.h"
#include "../trace.h"
#include "../mem/deferred.h"
#include "../mem/quota.h"
#include "buffer.h"
#include "pool.h"
#include "registry.h"
#include "release.h"
#include "tags.h"

/* === Permissions ========================================================== */

/**
 * carveout_tag_permits() - Check the mode of a tag
 * @tag: the tag
 * @write: for writing as well
 *
 * As for a file: owner, group and others each have their three bits.
 *
 * Context: Process context.
 * Return: true if the mode permits it; capabilities are not checked.
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
 * carveout_tag_owned() - Check for the owner of a tag
 * @tag: the tag
 *
 * Context: Process context. The caller holds carveout->registry_lock.
 * Return: true if the caller owns the tag or has CAP_FOWNER.
 */
bool carveout_tag_owned(const struct carveout_tag *tag)
{
	return uid_eq(current_fsuid(), tag->uid) || capable(CAP_FOWNER);
}

/**
 * carveout_tag_may_create() - Check for a prefix that is reserved for another user
 * @carveout: the heap
 * @tag: a valid tag
 *
 * Context: Process context.
 * Return: 0; -EACCES if it is, unless the caller has CAP_FOWNER.
 */
int carveout_tag_may_create(struct carveout *carveout, const char *tag)
{
	const struct carveout_tag_prefix *prefix = carveout->tag_prefixes;
	unsigned int i;

	for (i = 0; i < carveout->nr_tag_prefixes; i++, prefix++)
		if (strstarts(tag, prefix->prefix) &&
		    !uid_eq(current_fsuid(), prefix->uid) && !capable(CAP_FOWNER))
			return -EACCES;
	return 0;
}

/**
 * carveout_tag_taken() - Check whether a tag is taken
 * @carveout: the heap
 * @tag: a valid tag, zero to the end of its field
 *
 * A buffer that a driver dropped in atomic context keeps its tag until the deferred
 * work: that is drained. The result is a hint, for failing early; it may be outdated on
 * return.
 *
 * Context: Process context. May sleep.
 * Return: true if it is taken.
 */
bool carveout_tag_taken(struct carveout *carveout, const char *tag)
{
	struct carveout_retry retry = carveout_retry(carveout);
	bool taken;

	do {
		taken = carveout_registry_find(carveout, tag);
	} while (carveout_retry_drained(&retry, taken));
	return taken;
}

/* === Changes ============================================================== */

/**
 * carveout_tag_publish() - Publish a new buffer, once its tag is free
 * @buf: a buffer that is complete
 *
 * A buffer that has the tag may be on its way out: deferred frees are drained once
 * before the tag is reported as taken.
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 * Return: as carveout_registry_add().
 */
int carveout_tag_publish(struct carveout_buf *buf)
{
	struct carveout_retry retry = carveout_retry(buf->carveout);
	int ret;

	do {
		ret = carveout_registry_add(buf);
	} while (carveout_retry_drained(&retry, ret == -EEXIST));
	return ret;
}

/*
 * Charge the tag to the user of @buf. The charge of @old, which has the tag, moves to
 * @buf if both are of one user: a user at the limit can still move its tags.
 */
static int charge_tag(struct carveout_buf *buf, struct carveout_buf *old, u32 counts)
{
	u32 moved = 0;
	int ret;

	if (old && buf->account && uid_eq(old->charged_uid, buf->charged_uid))
		moved = old->counts & counts;
	ret = carveout_quota_try_charge(buf->carveout, buf->account, buf->charged_uid, 0,
					counts & ~moved);
	if (ret)
		return ret;
	buf->counts |= counts;
	if (moved)
		old->counts &= ~moved;
	return 0;
}

/* The charge of a link: none for a driver's. */
static u32 link_counts(u32 flags, bool kernel)
{
	if (kernel)
		return 0;
	return flags & CARVEOUT_LINK_PERSIST ? CARVEOUT_TAG_COUNTS : CARVEOUT_ONE_TAG;
}

static int take_new_tag(struct carveout_buf *buf, u32 counts)
{
	int ret;

	ret = charge_tag(buf, NULL, counts);
	if (ret)
		return ret;
	ret = carveout_registry_link_locked(buf);
	if (ret) {
		carveout_quota_uncharge(buf->carveout, buf->account, buf->charged_uid, 0, counts);
		buf->counts &= ~counts;
	}
	return ret;
}

/* Give @buf the tag that it holds already, in place of the buffer that has it. */
static int take_tag(struct carveout_buf *buf, u32 flags, bool kernel,
		    struct carveout_buf **put)
{
	struct carveout_buf *old = carveout_registry_find_locked(buf->carveout,
								 buf->tag.name);
	int ret;

	if (old == ERR_PTR(-ENOENT))
		return take_new_tag(buf, link_counts(flags, kernel));
	if (IS_ERR(old))
		return PTR_ERR(old);
	if (!(flags & CARVEOUT_LINK_REPLACE))
		return -EEXIST;
	if (!kernel && !carveout_tag_owned(&old->tag))
		return -EACCES;
	if (old->generation > buf->generation)
		return -EAGAIN;
	ret = charge_tag(buf, old, link_counts(flags, kernel));
	if (ret)
		return ret;
	if (old->tag.persist)
		*put = old;
	carveout_registry_replace_locked(old, buf);
	return 0;
}

static int link_locked(struct carveout_buf *buf, const char *name, umode_t mode,
		       u32 flags, bool kernel, u64 generation, struct carveout_buf **put)
{
	struct carveout_tag *tag = &buf->tag;
	u64 old_generation = buf->generation;
	int ret;

	lockdep_assert_held(&buf->carveout->registry_lock);
	if (!kernel && !carveout_tag_owned(tag))
		return -EACCES;
	if (tag->name[0] || buf->state != CARVEOUT_BUF_LIVE)
		return -EBUSY;
	/* The tag is complete before a look-up can find it. */
	strscpy(tag->name, name, sizeof(tag->name));
	tag->persist = flags & CARVEOUT_LINK_PERSIST;
	tag->mode = mode;
	buf->generation = generation ?:
			  atomic64_inc_return(&buf->carveout->generation);
	ret = take_tag(buf, flags, kernel, put);
	if (ret) {
		memset(tag->name, 0, sizeof(tag->name));
		tag->persist = false;
		tag->mode = 0;
		buf->generation = old_generation;
	}
	return ret;
}

/**
 * carveout_tag_link() - Tag a buffer
 * @buf: a published buffer that was never tagged
 * @tag: a valid tag, zero to the end of its field
 * @mode: permission bits
 * @flags: CARVEOUT_LINK_* flags
 * @kernel: in-kernel caller, skip permission checks
 * @generation: generation that the buffer gets with the tag, just taken; 0 to take one
 *	with the lock held, so that no other buffer has a higher one
 *
 * Without @kernel the tag is charged to the user of the buffer. A buffer that a driver
 * was the last to drop may still have a tag of that user: deferred frees are drained once
 * before the charge is refused.
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 * Return: 0; -EAGAIN if the buffer that has the tag has a higher generation; -EBUSY if
 * the buffer has, or once had, a tag, or is being resized; -EEXIST if the tag is taken;
 * -EACCES unless the caller owns the buffer, and the tag that is replaced, or has
 * CAP_FOWNER; -EDQUOT; -ENODEV after the heap's shutdown; -ENOMEM.
 */
int carveout_tag_link(struct carveout_buf *buf, const char *tag, umode_t mode, u32 flags,
		      bool kernel, u64 generation)
{
	struct carveout_retry retry = carveout_retry(buf->carveout);
	struct carveout_buf *put = NULL;
	int ret;

	do {
		mutex_lock(&buf->carveout->registry_lock);
		ret = link_locked(buf, tag, mode, flags, kernel, generation, &put);
		mutex_unlock(&buf->carveout->registry_lock);
	} while (carveout_retry_drained(&retry, ret == -EDQUOT));
	if (ret == -EDQUOT)
		carveout_quota_count_failure(buf->carveout, ret);
	if (put)
		carveout_buf_put_sync(put);
	return ret;
}

/**
 * carveout_tag_unlink() - Remove a tag
 * @carveout: the heap
 * @tag: a valid tag, zero to the end of its field
 * @only: the buffer that has to have the tag; NULL for any
 * @kernel: in-kernel caller, skip the permission check
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 * Return: 0; -ENOENT; -EACCES unless @kernel, or the caller owns the tag or has
 * CAP_FOWNER; -ENODEV after the heap's shutdown.
 */
int carveout_tag_unlink(struct carveout *carveout, const char *tag,
			const struct carveout_buf *only, bool kernel)
{
	struct carveout_buf *buf;
	bool put = false;
	int ret = 0;

	mutex_lock(&carveout->registry_lock);
	buf = carveout_registry_find_locked(carveout, tag);
	if (IS_ERR(buf))
		ret = PTR_ERR(buf);
	else if (only && buf != only)
		ret = -ENOENT;
	else if (!kernel && !carveout_tag_owned(&buf->tag))
		ret = -EACCES;
	else
		put = carveout_registry_unlink_locked(buf);
	mutex_unlock(&carveout->registry_lock);
	if (put)
		carveout_buf_put_sync(buf);

	return ret;
}

/**
 * carveout_tag_unlink_buf() - Remove the tag of a buffer
 * @buf: a buffer that the caller has a reference to
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 * Return: 0; -ENOENT if the buffer has no tag, or its tag was removed.
 */
int carveout_tag_unlink_buf(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;
	int ret = -ENOENT;
	bool put = false;

	mutex_lock(&carveout->registry_lock);
	if (buf->tag.linked) {
		put = carveout_registry_unlink_locked(buf);
		ret = 0;
	}
	mutex_unlock(&carveout->registry_lock);
	if (put)
		carveout_buf_put_sync(buf);

	return ret;
}

/**
 * carveout_tag_unlink_all() - Remove all tags, and shut all pools down
 * @carveout: a heap after its shutdown
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 * Return: number of buffers that are in use.
 */
unsigned int carveout_tag_unlink_all(struct carveout *carveout)
{
	struct carveout_buf *buf;
	unsigned long id;
	unsigned int left;

	mutex_lock(&carveout->registry_lock);
	xa_for_each(&carveout->bufs, id, buf) {
		if (buf->pool)
			carveout_pool_shutdown(buf->pool, -ENODEV);
		if (!buf->tag.linked || !carveout_registry_unlink_locked(buf))
			continue;
		/*
		 * The last put takes the lock. No buffer is added meanwhile, because the
		 * heap is shut down. A resize may still replace a buffer: the tag that
		 * its successor takes over was linked, so the walk finds it there.
		 */
		mutex_unlock(&carveout->registry_lock);
		carveout_buf_put_sync(buf);
		mutex_lock(&carveout->registry_lock);
	}
	left = carveout->nr_bufs;
	mutex_unlock(&carveout->registry_lock);

	return left;
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
 * carveout_tag_setattr() - Change owner, group or mode of a tag
 * @carveout: the heap
 * @attr: the changes, with a valid tag; flags and members are checked
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 * Return: 0; -ENOENT; -EACCES; -EINVAL for an id that does not exist in the caller's
 * user namespace; -ENODEV after the heap's shutdown.
 */
int carveout_tag_setattr(struct carveout *carveout,
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
	buf = carveout_registry_find_locked(carveout, attr->tag);
	ret = PTR_ERR_OR_ZERO(buf);
	if (!ret)
		ret = check_setattr(&buf->tag, attr->flags, uid, gid);
	if (!ret) {
		tag = &buf->tag;
		preempt_disable();	/* readers spin until the end of the section */
		write_seqcount_begin(&tag->seq);
		if (attr->flags & CARVEOUT_SETATTR_MODE)
			tag->mode = attr->mode;
		if (attr->flags & CARVEOUT_SETATTR_UID)
			tag->uid = uid;
		if (attr->flags & CARVEOUT_SETATTR_GID)
			tag->gid = gid;
		write_seqcount_end(&tag->seq);
		preempt_enable();
		trace_carveout_tag_setattr(carveout, tag->name, buf->generation);
		carveout_registry_notify(carveout, tag->name);
	}
	mutex_unlock(&carveout->registry_lock);
	return ret;
}
