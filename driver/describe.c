// SPDX-License-Identifier: GPL-2.0
/*
 * Telling user space what buffers there are, as far as it may know.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/kref.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include <linux/xarray.h>

#include "carveout_internal.h"

/**
 * carveout_may_see_phys() - may the caller see physical addresses?
 * @carveout: the heap
 *
 * Not an event for the audit log: it decides what is shown.
 *
 * Context: Process context.
 * Return: true if so.
 */
bool carveout_may_see_phys(const struct carveout *carveout)
{
	return READ_ONCE(carveout->expose_phys) ||
	       ns_capable_noaudit(&init_user_ns, CAP_SYS_RAWIO);
}

/**
 * carveout_viewer_init() - what the caller may see
 * @viewer: what to fill in
 * @carveout: the heap
 *
 * Asked once for many buffers.
 *
 * Context: Process context.
 */
void carveout_viewer_init(struct carveout_viewer *viewer,
			  const struct carveout *carveout)
{
	viewer->all = ns_capable_noaudit(&init_user_ns, CAP_DAC_OVERRIDE);
	viewer->phys = carveout_may_see_phys(carveout);
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
	if (buf->pool)
		out->flags |= CARVEOUT_BUFFER_POOL;
	strscpy(out->label, buf->label, sizeof(out->label));
	strscpy(out->comm, buf->comm, sizeof(out->comm));
	out->size = buf->size;
	out->generation = buf->generation;
	out->offset = carveout_buf_offset(buf);
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
 * carveout_describe() - fill in what user space is told of a buffer
 * @buf: the buffer
 * @viewer: who is told
 * @out: what to fill in; all of it is written
 *
 * Context: May sleep.
 * Return: 0, or -EINVAL if there is nothing left of it: it was resized.
 */
int carveout_describe(struct carveout_buf *buf, const struct carveout_viewer *viewer,
		      struct carveout_buffer *out)
{
	int ret = -EINVAL;

	mutex_lock(&buf->carveout->registry_lock);
	if (buf->state != CARVEOUT_BUF_GONE) {
		describe_locked(buf, viewer, out);
		ret = 0;
	}
	mutex_unlock(&buf->carveout->registry_lock);
	return ret;
}

static bool visible_locked(const struct carveout_buf *buf,
			   const struct carveout_viewer *viewer)
{
	return viewer->all || uid_eq(current_fsuid(), buf->tag.uid) ||
	       (buf->tag.linked && carveout_tag_permits(&buf->tag, false));
}

/**
 * carveout_describe_next() - describe the next buffer of a heap
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
bool carveout_describe_next(struct carveout *carveout, u64 *cursor,
			    const struct carveout_viewer *viewer,
			    struct carveout_buffer *out)
{
	struct carveout_buf *buf;
	unsigned long index = *cursor;
	unsigned int seen = 0;
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
		/* Who sees little must not keep the others waiting. */
		if (!found && ++seen % 64 == 0) {
			mutex_unlock(&carveout->registry_lock);
			cond_resched();
			mutex_lock(&carveout->registry_lock);
		}
	}
	mutex_unlock(&carveout->registry_lock);

	return found;
}
