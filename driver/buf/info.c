// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptions of buffers for user space, as far as the caller may see them.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include <linux/xarray.h>

#include "../carveout_internal.h"
#include "buffer.h"
#include "info.h"
#include "tags.h"

/**
 * carveout_may_see_phys() - Check whether the caller may see physical addresses
 * @carveout: the heap
 *
 * The check is not an event for the audit log: it only selects the values shown.
 *
 * Context: Process context.
 * Return: true if it may.
 */
bool carveout_may_see_phys(const struct carveout *carveout)
{
	return READ_ONCE(carveout->expose_phys) ||
	       ns_capable_noaudit(&init_user_ns, CAP_SYS_RAWIO);
}

/**
 * carveout_viewer_init() - Determine the rights of the caller
 * @viewer: filled in with the rights
 * @carveout: the heap
 *
 * Called once for many buffers.
 *
 * Context: Process context.
 */
void carveout_viewer_init(struct carveout_viewer *viewer,
			  const struct carveout *carveout)
{
	viewer->all = ns_capable_noaudit(&init_user_ns, CAP_DAC_OVERRIDE);
	viewer->phys = carveout_may_see_phys(carveout);
}

static void fill_locked(const struct carveout_buf *buf,
			const struct carveout_viewer *viewer,
			struct carveout_buffer_info *out)
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
	out->attrs = carveout_buf_region_attrs(buf);
	out->mode = buf->tag.mode;
	out->uid = from_kuid_munged(current_user_ns(), buf->tag.uid);
	out->gid = from_kgid_munged(current_user_ns(), buf->tag.gid);
	out->pid = pid_vnr(buf->pid);
	out->refs = kref_read(&buf->ref);
	if (buf->state == CARVEOUT_BUF_PARKED)
		out->parked_ns = max_t(u64, ktime_get_ns() - buf->parking.since, 1);
	if (viewer->phys) {
		out->phys = buf->start;
		out->flags |= CARVEOUT_BUFFER_PHYS;
	}
}

/**
 * carveout_info_fill() - Describe a buffer to user space
 * @buf: the buffer
 * @viewer: rights of the caller
 * @out: filled in with the description; all of it is written
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 * Return: 0; -EINVAL if nothing is left of the buffer because it was resized.
 */
int carveout_info_fill(struct carveout_buf *buf, const struct carveout_viewer *viewer,
		       struct carveout_buffer_info *out)
{
	int ret = -EINVAL;

	mutex_lock(&buf->carveout->registry_lock);
	if (buf->state != CARVEOUT_BUF_REPLACED) {
		fill_locked(buf, viewer, out);
		ret = 0;
	}
	mutex_unlock(&buf->carveout->registry_lock);
	return ret;
}

static bool visible_locked(const struct carveout_buf *buf,
			   const struct carveout_viewer *viewer)
{
	/* Its memory is being freed, or is about to be parked. */
	if (buf->state == CARVEOUT_BUF_ENDING)
		return false;
	return viewer->all || uid_eq(current_fsuid(), buf->tag.uid) ||
	       (buf->tag.linked && carveout_tag_permits(&buf->tag, false));
}

/**
 * carveout_info_next() - Describe the next buffer of a heap to user space
 * @carveout: the heap
 * @cursor: id of the last buffer seen, 0 to start; advanced
 * @viewer: rights of the caller; buffers that it may not see are skipped
 * @out: filled in with the description
 *
 * No reference is taken, so that a listing never holds a buffer of another user.
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 * Return: true; false at the end.
 */
bool carveout_info_next(struct carveout *carveout, u64 *cursor,
			const struct carveout_viewer *viewer,
			struct carveout_buffer_info *out)
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
			fill_locked(buf, viewer, out);
		*cursor = index;
		/* A walk over many buffers that are not shown must not hold up others. */
		if (!found && ++seen % 64 == 0) {
			mutex_unlock(&carveout->registry_lock);
			cond_resched();
			mutex_lock(&carveout->registry_lock);
		}
	}
	mutex_unlock(&carveout->registry_lock);

	return found;
}
