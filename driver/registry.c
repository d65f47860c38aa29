// SPDX-License-Identifier: GPL-2.0
/*
 * The registry of a heap: all its buffers, and the tags that name some.
 *
 * A name appears when its buffer is complete and vanishes before the buffer
 * does. It holds no reference, unless it is persistent: then it holds one from
 * the moment it appears to the moment it is unlinked. A name never moves to
 * another buffer; there is no rename.
 *
 * A buffer enters as the very last step of its creation. Once the heap is dead
 * nothing enters any more.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/kref.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include <linux/xarray.h>

#include "carveout_internal.h"
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

static int link_tag(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;
	int ret;

	lockdep_assert_held(&carveout->registry_lock);
	if (!buf->tag.name[0])
		return 0;
	ret = rhashtable_lookup_insert_fast(&carveout->tags, &buf->tag.node,
					    tag_params);
	if (ret)
		return ret;
	buf->tag.linked = true;
	carveout->nr_tags++;
	if (buf->tag.persist)
		carveout_buf_get(buf);
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
	return buf->tag.persist;
}

/**
 * carveout_registry_reserve() - keep a place in the list of buffers
 * @carveout: the heap
 * @generation: the buffer's number
 *
 * So that carveout_registry_add() needs no memory under the registry's lock.
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM.
 */
int carveout_registry_reserve(struct carveout *carveout, u64 generation)
{
	return xa_reserve(&carveout->bufs, generation, GFP_KERNEL_ACCOUNT);
}

/**
 * carveout_registry_unreserve() - undo carveout_registry_reserve()
 * @carveout: the heap
 * @generation: the buffer's number
 *
 * Context: Any.
 */
void carveout_registry_unreserve(struct carveout *carveout, u64 generation)
{
	xa_release(&carveout->bufs, generation);
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
		xa_store(&carveout->bufs, buf->generation, buf, GFP_NOWAIT);
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
	if (xa_erase(&carveout->bufs, buf->generation))
		carveout->nr_bufs--;
}

/*
 * May the caller open what this tag names? As for a file: owner, group and
 * others each have their three bits.
 */
static bool mode_permits(const struct carveout_tag *tag, bool write)
{
	umode_t want = write ? 06 : 04;
	umode_t mode = tag->mode;

	if (uid_eq(current_fsuid(), tag->uid))
		mode >>= 6;
	else if (in_group_p(tag->gid))
		mode >>= 3;
	return (mode & want) == want;
}

static struct carveout_buf *find_tag(struct carveout *carveout, const char *name)
{
	lockdep_assert_held(&carveout->registry_lock);
	if (carveout->dead)
		return ERR_PTR(-ENODEV);
	return rhashtable_lookup_fast(&carveout->tags, name, tag_params) ?:
	       ERR_PTR(-ENOENT);
}

/**
 * carveout_registry_open() - find a buffer by its name
 * @carveout: the heap
 * @name: a valid name, zero to the end of its field
 * @write: the caller wants to write
 *
 * Context: May sleep.
 * Return: the buffer with a reference for the caller, or an ERR_PTR: -ENOENT,
 * -EACCES, or -ENODEV if the heap is dead.
 */
struct carveout_buf *carveout_registry_open(struct carveout *carveout,
					    const char *name, bool write)
{
	struct carveout_buf *buf;

	mutex_lock(&carveout->registry_lock);
	buf = find_tag(carveout, name);
	if (!IS_ERR(buf)) {
		if (mode_permits(&buf->tag, write) || capable(CAP_DAC_OVERRIDE))
			carveout_buf_get(buf);
		else
			buf = ERR_PTR(-EACCES);
	}
	mutex_unlock(&carveout->registry_lock);

	return buf;
}

/**
 * carveout_registry_has() - is this name taken?
 * @carveout: the heap
 * @name: a valid name, zero to the end of its field
 *
 * A hint, for failing early: by the time it returns it may have changed.
 *
 * Context: May sleep.
 * Return: true if it is.
 */
bool carveout_registry_has(struct carveout *carveout, const char *name)
{
	bool found;

	mutex_lock(&carveout->registry_lock);
	found = !IS_ERR(find_tag(carveout, name));
	mutex_unlock(&carveout->registry_lock);

	return found;
}

/**
 * carveout_registry_unlink() - remove a name
 * @carveout: the heap
 * @name: a valid name, zero to the end of its field
 *
 * Context: May sleep.
 * Return: 0; -ENOENT; -EACCES unless the caller owns the tag or has
 * CAP_FOWNER; -ENODEV if the heap is dead.
 */
int carveout_registry_unlink(struct carveout *carveout, const char *name)
{
	struct carveout_buf *buf;
	bool put = false;
	int ret = 0;

	mutex_lock(&carveout->registry_lock);
	buf = find_tag(carveout, name);
	if (IS_ERR(buf))
		ret = PTR_ERR(buf);
	else if (!uid_eq(current_fsuid(), buf->tag.uid) && !capable(CAP_FOWNER))
		ret = -EACCES;
	else
		put = unlink_tag(buf);
	mutex_unlock(&carveout->registry_lock);
	if (put)
		carveout_buf_put(buf);

	return ret;
}

/* === Looking ============================================================== */

/**
 * carveout_viewer_init() - what the caller may see
 * @viewer: what to fill in
 *
 * Asked once for many buffers, and not an event for the audit log: it decides
 * what is shown, nothing is refused.
 *
 * Context: Process context.
 */
void carveout_viewer_init(struct carveout_viewer *viewer)
{
	viewer->all = ns_capable_noaudit(&init_user_ns, CAP_DAC_OVERRIDE);
	viewer->phys = ns_capable_noaudit(&init_user_ns, CAP_SYS_RAWIO);
}

static void describe_locked(const struct carveout_buf *buf,
			    const struct carveout_viewer *viewer,
			    struct carveout_buffer *out)
{
	lockdep_assert_held(&buf->carveout->registry_lock);
	memset(out, 0, sizeof(*out));
	if (buf->tag.linked) {
		strscpy(out->tag, buf->tag.name, sizeof(out->tag));
		if (buf->tag.persist)
			out->flags |= CARVEOUT_BUFFER_PERSIST;
	}
	strscpy(out->label, buf->label, sizeof(out->label));
	strscpy(out->comm, buf->comm, sizeof(out->comm));
	out->size = buf->size;
	out->generation = buf->generation;
	out->offset = buf->start - buf->claim->range.base;
	out->region = buf->region;
	out->attrs = carveout_buf_attrs(buf);
	out->mode = buf->tag.mode;
	out->uid = from_kuid_munged(current_user_ns(), buf->tag.uid);
	out->gid = from_kgid_munged(current_user_ns(), buf->tag.gid);
	out->pid = pid_vnr(buf->pid);
	out->refs = kref_read(&buf->ref);
	if (viewer->phys) {
		out->phys = buf->start;
		out->flags |= CARVEOUT_BUFFER_PHYS;
	}
}

/**
 * carveout_registry_describe() - fill in what user space is told of a buffer
 * @buf: the buffer
 * @viewer: who is told
 * @out: what to fill in; all of it is written
 *
 * Context: May sleep.
 */
void carveout_registry_describe(struct carveout_buf *buf,
				const struct carveout_viewer *viewer,
				struct carveout_buffer *out)
{
	mutex_lock(&buf->carveout->registry_lock);
	describe_locked(buf, viewer, out);
	mutex_unlock(&buf->carveout->registry_lock);
}

static bool visible_locked(const struct carveout_buf *buf,
			   const struct carveout_viewer *viewer)
{
	return viewer->all || uid_eq(current_fsuid(), buf->tag.uid) ||
	       (buf->tag.linked && mode_permits(&buf->tag, false));
}

/**
 * carveout_registry_list() - describe the next buffer of a heap
 * @carveout: the heap
 * @cursor: number of the buffer last seen, 0 to start; moved on
 * @viewer: who is told; buffers that are not for him are skipped
 * @out: what to fill in
 *
 * It takes no reference, so that a lister never holds anybody's buffer.
 *
 * Context: May sleep.
 * Return: false at the end.
 */
bool carveout_registry_list(struct carveout *carveout, u64 *cursor,
			    const struct carveout_viewer *viewer,
			    struct carveout_buffer *out)
{
	struct carveout_buf *buf;
	unsigned long index = *cursor;
	bool found = false;

	mutex_lock(&carveout->registry_lock);
	while (!found) {
		buf = xa_find_after(&carveout->bufs, &index, ULONG_MAX,
				    XA_PRESENT);
		if (!buf)
			break;
		found = visible_locked(buf, viewer);
		if (found)
			describe_locked(buf, viewer, out);
		*cursor = index;
		cond_resched();
	}
	mutex_unlock(&carveout->registry_lock);

	return found;
}

/* === The end ============================================================== */

/**
 * carveout_registry_kill() - the heap's device goes
 * @carveout: the heap
 *
 * No name is found any more and no buffer comes in. Persistent names let go of
 * their buffers; what somebody has open or mapped lives on.
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
	xa_for_each(&carveout->bufs, index, buf) {
		if (!buf->tag.linked || !unlink_tag(buf))
			continue;
		/* The last reference takes the lock; nothing comes in meanwhile. */
		mutex_unlock(&carveout->registry_lock);
		carveout_buf_put(buf);
		mutex_lock(&carveout->registry_lock);
	}
	left = carveout->nr_bufs;
	mutex_unlock(&carveout->registry_lock);

	return left;
}
