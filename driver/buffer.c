// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers: reference-counted allocations.
 *
 * The last reference can only be dropped with the registry's lock held, which
 * is also the lock of every look-up: a buffer that somebody can find has a
 * reference. When it goes, the name goes first, then the content, and last the
 * memory returns to the heap: nobody ever gets bytes that somebody else wrote.
 */

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "carveout_internal.h"

static void buf_free(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;

	carveout_claim_scrub(buf->claim, buf->start, buf->size,
			     !carveout->coherent);
	carveout_span_free(carveout, buf->handle);
	dma_resv_fini(&buf->resv);
	put_pid(buf->pid);
	kfree(buf);
	carveout_object_gone(CARVEOUT_OBJ_BUF);
	carveout_put(carveout);
}

static void buf_release(struct kref *ref)
{
	struct carveout_buf *buf = container_of(ref, struct carveout_buf, ref);
	struct carveout *carveout = buf->carveout;

	carveout_registry_remove_locked(buf);
	mutex_unlock(&carveout->registry_lock);
	buf_free(buf);
}

/**
 * carveout_buf_get() - take a reference to a buffer
 * @buf: a buffer that the caller has a reference to, or has found with the
 *	registry's lock held
 *
 * Context: Any.
 * Return: @buf.
 */
struct carveout_buf *carveout_buf_get(struct carveout_buf *buf)
{
	kref_get(&buf->ref);
	return buf;
}

/**
 * carveout_buf_put() - drop a reference to a buffer
 * @buf: the buffer
 *
 * The last one scrubs the memory and returns it to the heap.
 *
 * Context: May sleep. The registry's lock is not held.
 */
void carveout_buf_put(struct carveout_buf *buf)
{
	kref_put_mutex(&buf->ref, buf_release, &buf->carveout->registry_lock);
}

/**
 * carveout_buf_create() - allocate a buffer
 * @carveout: the heap
 * @spec: what it is to be
 *
 * Nobody finds the buffer before carveout_registry_add().
 *
 * Context: May sleep.
 * Return: the buffer with one reference, or an ERR_PTR as
 * carveout_span_alloc().
 */
struct carveout_buf *carveout_buf_create(struct carveout *carveout,
					 const struct carveout_buf_spec *spec)
{
	struct carveout_span_info info;
	struct carveout_buf *buf;
	int ret;

	buf = kzalloc(sizeof(*buf), GFP_KERNEL_ACCOUNT);
	if (!buf)
		return ERR_PTR(-ENOMEM);
	buf->generation = atomic64_inc_return(&carveout->generation);
	ret = carveout_registry_reserve(carveout, buf->generation);
	if (ret)
		goto free_buf;
	ret = carveout_span_alloc(carveout, &spec->req, &info);
	if (ret)
		goto unreserve;

	kref_init(&buf->ref);
	buf->carveout = carveout_get(carveout);
	buf->claim = carveout->claim[info.region];
	buf->handle = info.handle;
	buf->start = info.start;
	buf->size = info.size;
	buf->region = info.region;
	dma_resv_init(&buf->resv);
	mutex_init(&buf->attach_lock);
	INIT_LIST_HEAD(&buf->attachments);
	buf->pid = get_pid(task_tgid(current));
	get_task_comm(buf->comm, current->group_leader);
	strscpy(buf->label, spec->label, sizeof(buf->label));
	strscpy(buf->tag.name, spec->tag, sizeof(buf->tag.name));
	buf->tag.persist = spec->persist;
	buf->tag.uid = current_fsuid();
	buf->tag.gid = current_fsgid();
	buf->tag.mode = spec->mode & ~current_umask();
	carveout_object_born(CARVEOUT_OBJ_BUF);

	return buf;

unreserve:
	carveout_registry_unreserve(carveout, buf->generation);
free_buf:
	kfree(buf);
	return ERR_PTR(ret);
}

/**
 * carveout_buf_attrs() - attributes of a buffer's region
 * @buf: the buffer
 *
 * Context: Any.
 * Return: CARVEOUT_ATTR_* bits.
 */
u32 carveout_buf_attrs(const struct carveout_buf *buf)
{
	return buf->claim->region->attrs;
}
