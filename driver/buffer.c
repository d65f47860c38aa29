// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers: reference-counted allocations.
 *
 * The last reference can only be dropped with the registry's lock held, and a
 * look-up takes none from a buffer that has lost it: what somebody finds has a
 * reference. When it goes, the name goes first, then the content, and last the
 * memory returns to the heap: nobody ever gets bytes that somebody else wrote.
 */

#include <linux/cred.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/kref.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "carveout_internal.h"
#include "pool.h"

/* The last descriptor of what @buf was before it became @next, where it is. */
static void trim(struct carveout_buf *buf, struct carveout_buf *next)
{
	u64 excess = buf->size - next->size;

	if (next->size < buf->size) {
		carveout_scrub(buf->carveout, buf->claim, buf->start + next->size,
			       excess);
		/* Without memory for the bookkeeping it goes back with the rest. */
		if (carveout_span_resize(buf->carveout, buf->handle, next->size)) {
			next->charged += excess;
			buf->charged -= excess;
		}
	}
	carveout_buf_put_sync(next);
}

/**
 * carveout_buf_free() - scrub a buffer and return its memory to the heap
 * @buf: a buffer without references, in no list, whose pages nobody uses
 *
 * Context: May sleep.
 */
void carveout_buf_free(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;

	if (!buf->empty) {
		carveout_scrub(carveout, buf->claim, buf->start, buf->size);
		carveout_span_free(carveout, buf->handle);
	}
	if (buf->next)
		trim(buf, buf->next);
	if (buf->pool)
		carveout_pool_fini(buf->pool);
	carveout_quota_uncharge(carveout, buf->open, buf->payer, buf->charged);
	carveout_open_put(buf->open);
	dma_resv_fini(&buf->resv);
	put_pid(buf->pid);
	kfree_rcu(buf, rcu);
	carveout_object_gone(CARVEOUT_OBJ_BUF);
	carveout_unref(carveout);
}

/**
 * carveout_buf_depopulate() - take its memory from a buffer that nobody ever saw
 * @buf: a buffer that was never published, nor its descriptor installed
 *
 * A file of it that is dropped goes only when the system call has ended. Its memory
 * may be needed before that.
 *
 * Context: May sleep.
 */
void carveout_buf_depopulate(struct carveout_buf *buf)
{
	carveout_span_free(buf->carveout, buf->handle);
	carveout_quota_uncharge(buf->carveout, buf->open, buf->payer, buf->charged);
	buf->charged = 0;
	buf->empty = true;
}

static void buf_release(struct kref *ref)
{
	struct carveout_buf *buf = container_of(ref, struct carveout_buf, ref);
	struct carveout *carveout = buf->carveout;

	carveout_registry_remove_locked(buf);
	mutex_unlock(&carveout->registry_lock);
	if (!carveout_park(buf))
		carveout_buf_free(buf);
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
EXPORT_SYMBOL_NS_GPL(carveout_buf_get, "CARVEOUT");

/**
 * carveout_buf_put_sync() - drop a reference to a buffer, and see it through
 * @buf: the buffer
 *
 * The last one scrubs the memory and returns it to the heap, or leaves that to
 * carveout_park() while I/O still uses it.
 *
 * Context: May sleep. The registry's lock is not held.
 */
void carveout_buf_put_sync(struct carveout_buf *buf)
{
	kref_put_mutex(&buf->ref, buf_release, &buf->carveout->registry_lock);
}

/* A buffer that has a number, and neither memory nor owner. */
static struct carveout_buf *new_buf(struct carveout *carveout,
				    const struct carveout_request *req)
{
	struct carveout_buf *buf;
	int ret;

	buf = kzalloc(sizeof(*buf), GFP_KERNEL_ACCOUNT);
	if (!buf)
		return ERR_PTR(-ENOMEM);
	buf->id = atomic64_inc_return(&carveout->generation);
	ret = carveout_registry_reserve(carveout, buf->id);
	if (ret) {
		kfree(buf);
		return ERR_PTR(ret);
	}
	kref_init(&buf->ref);
	buf->carveout = carveout_ref(carveout);
	buf->generation = buf->id;
	buf->req = *req;
	buf->empty = true;
	seqcount_init(&buf->tag.seq);
	dma_resv_init(&buf->resv);
	mutex_init(&buf->attach_lock);
	INIT_LIST_HEAD(&buf->attachments);
	carveout_object_born(CARVEOUT_OBJ_BUF);
	return buf;
}

/**
 * carveout_buf_populate() - give memory to a buffer that has none
 * @buf: a buffer that nobody else knows of; what it is to be is in @buf->req
 *
 * Context: May sleep.
 * Return: 0; -EDQUOT; or as carveout_span_alloc().
 */
int carveout_buf_populate(struct carveout_buf *buf)
{
	struct carveout *carveout = buf->carveout;
	struct carveout_span_info info;
	/* What is more than all there is fails, but must not wrap on the way. */
	u64 size = min(buf->req.size, carveout->heap.size);
	int ret;

	ret = carveout_quota_charge(carveout, buf->open, buf->payer, size);
	if (ret)
		return ret;
	ret = carveout_span_alloc(carveout, &buf->req, &info);
	/* There was not so much when it was charged, but there is now. */
	if (!ret && info.size > size) {
		carveout_span_free(carveout, info.handle);
		ret = -ENOSPC;
	}
	if (ret) {
		carveout_quota_uncharge(carveout, buf->open, buf->payer, size);
		return ret;
	}
	buf->charged = size;
	buf->claim = carveout->claim[info.region];
	buf->handle = info.handle;
	buf->start = info.start;
	buf->size = info.size;
	buf->region = info.region;
	buf->empty = false;
	return 0;
}

/* A process has it and pays for it. */
static void set_process(struct carveout_buf *buf, struct carveout_open *open,
			const struct carveout_buf_spec *spec)
{
	buf->open = carveout_open_get(open);
	buf->payer = current_fsuid();
	buf->pid = get_pid(task_tgid(current));
	get_task_comm(buf->comm, current->group_leader);
	buf->tag.uid = current_fsuid();
	buf->tag.gid = current_fsgid();
	buf->tag.mode = spec->mode & ~current_umask();
}

/* A driver has it. Whichever process it works for right now does not matter. */
static void set_kernel(struct carveout_buf *buf, const struct carveout_buf_spec *spec)
{
	strscpy(buf->comm, "kernel", sizeof(buf->comm));
	buf->tag.uid = GLOBAL_ROOT_UID;
	buf->tag.gid = GLOBAL_ROOT_GID;
	buf->tag.mode = spec->mode;
}

/**
 * carveout_buf_create() - allocate a buffer
 * @carveout: the heap
 * @open: the open file that it is asked for through; NULL for a driver
 * @spec: what it is to be
 *
 * Nobody finds the buffer before carveout_registry_add().
 *
 * Context: May sleep.
 * Return: the buffer with one reference, or an ERR_PTR as
 * carveout_buf_populate().
 */
struct carveout_buf *carveout_buf_create(struct carveout *carveout,
					 struct carveout_open *open,
					 const struct carveout_buf_spec *spec)
{
	struct carveout_buf *buf;
	int ret;

	buf = new_buf(carveout, &spec->req);
	if (IS_ERR(buf))
		return buf;
	if (open)
		set_process(buf, open, spec);
	else
		set_kernel(buf, spec);
	strscpy(buf->label, spec->label, sizeof(buf->label));
	strscpy(buf->tag.name, spec->tag, sizeof(buf->tag.name));
	buf->tag.persist = spec->persist;
	ret = carveout_buf_populate(buf);
	if (ret) {
		carveout_buf_put_sync(buf);
		return ERR_PTR(ret);
	}
	if (spec->zero && carveout->dirty)
		carveout_claim_scrub(buf->claim, buf->start, buf->size,
				     !carveout->coherent);
	return buf;
}

static bool attrs_satisfy(u32 attrs, const struct carveout_request *req)
{
	bool match = (attrs & req->require) == req->require;
	u32 i;

	for (i = 0; i < req->nr_fallback && !match; i++)
		match = (attrs & req->fallback[i]) == req->fallback[i];
	return match && !(attrs & req->forbid);
}

/**
 * carveout_buf_satisfies() - is a buffer what somebody would have made?
 * @buf: the buffer
 * @spec: what is asked for
 *
 * Context: Any.
 * Return: true if so: it is no smaller, placed and of attributes as asked, and
 * persistent if that is asked for.
 */
bool carveout_buf_satisfies(const struct carveout_buf *buf,
			    const struct carveout_buf_spec *spec)
{
	const struct carveout_request *req = &spec->req;

	return buf->size >= req->size && attrs_satisfy(carveout_buf_attrs(buf), req) &&
	       (!req->align || !(buf->start & (req->align - 1))) &&
	       (!req->max_addr || buf->start + buf->size <= req->max_addr) &&
	       (!req->regions || req->regions & BIT_ULL(buf->region)) &&
	       (!req->exact || buf->start == req->addr) &&
	       (buf->tag.persist || !spec->persist);
}

/**
 * carveout_buf_clone() - a buffer that is to take another one's place
 * @buf: a buffer that is seized
 *
 * It has the same owner, payers and record, and neither name nor memory.
 *
 * Context: May sleep.
 * Return: the buffer with one reference, or an ERR_PTR.
 */
struct carveout_buf *carveout_buf_clone(struct carveout_buf *buf)
{
	struct carveout_buf *next = new_buf(buf->carveout, &buf->req);

	if (IS_ERR(next))
		return next;
	if (buf->open)
		next->open = carveout_open_get(buf->open);
	next->payer = buf->payer;
	next->pid = get_pid(buf->pid);
	memcpy(next->comm, buf->comm, sizeof(next->comm));
	memcpy(next->label, buf->label, sizeof(next->label));
	return next;
}

/**
 * carveout_buf_offset() - where in its region a buffer starts
 * @buf: the buffer
 *
 * Context: Any. The buffer has, or had, memory.
 * Return: bytes.
 */
u64 carveout_buf_offset(const struct carveout_buf *buf)
{
	return buf->start - buf->claim->range.base;
}

/**
 * carveout_buf_attrs() - attributes of a buffer's region
 * @buf: the buffer
 *
 * Context: Any. The buffer has, or had, memory.
 * Return: CARVEOUT_ATTR_* bits.
 */
u32 carveout_buf_attrs(const struct carveout_buf *buf)
{
	return buf->claim->region->attrs & CARVEOUT_ATTR_MASK;
}
EXPORT_SYMBOL_NS_GPL(carveout_buf_attrs, "CARVEOUT");
