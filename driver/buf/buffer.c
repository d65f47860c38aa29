// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers: reference-counted allocations.
 *
 * The last reference can only be dropped with the registry's lock held, and a
 * look-up takes none from a buffer that has lost its last one: a buffer that is found
 * has a reference. At the end the tag is removed first, then the content is scrubbed, and
 * the memory is freed last: no later owner reads bytes of an earlier one. See release.c.
 */

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/kref.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../carveout_internal.h"
#include "../mem/alloc.h"
#include "../mem/objects.h"
#include "../mem/quota.h"
#include "buffer.h"
#include "registry.h"
#include "release.h"

/* A buffer with an id, without memory and owner. */
static struct carveout_buf *new_buf(struct carveout *carveout,
				    const struct carveout_heap_request *request)
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
	buf->carveout = __carveout_get(carveout);
	buf->generation = buf->id;
	buf->request = *request;
	buf->request.forbid = carveout_request_forbid(carveout, request);
	buf->empty = true;
	seqcount_init(&buf->tag.seq);
	dma_resv_init(&buf->resv);
	mutex_init(&buf->attach_lock);
	INIT_LIST_HEAD(&buf->attachments);
	carveout_object_inc(CARVEOUT_OBJ_BUF);
	return buf;
}

static int charge_memory(struct carveout_buf *buf, u64 size, u32 counts)
{
	struct carveout *carveout = buf->carveout;
	int ret;

	ret = carveout_quota_charge(carveout, buf->account, buf->charged_uid, size, counts);
	/* Memory of a driver is not charged to the cgroup of the current task. */
	if (ret || !buf->account || !carveout_account_is_file(buf->account))
		return ret;
	ret = carveout_dmem_charge(carveout, &buf->dmem, size);
	if (ret)
		carveout_quota_uncharge(carveout, buf->account, buf->charged_uid, size, counts);
	return ret;
}

static void uncharge_memory(struct carveout_buf *buf, u64 size, u32 counts)
{
	carveout_dmem_uncharge(&buf->dmem);
	carveout_quota_uncharge(buf->carveout, buf->account, buf->charged_uid, size, counts);
}

/**
 * carveout_buf_populate() - Allocate the memory of a buffer
 * @buf: a new buffer, known to the caller alone; @buf->request has the constraints
 * @counts: objects that are charged with the memory, CARVEOUT_ONE_* bits
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock and carveout->lock.
 * Return: 0; -EDQUOT; or as carveout_span_alloc().
 */
int carveout_buf_populate(struct carveout_buf *buf, u32 counts)
{
	struct carveout *carveout = buf->carveout;
	struct carveout_span_info info;
	/* Clamp: a request larger than the heap fails below, but the charge must not overflow. */
	u64 size = min(buf->request.size, carveout->heap.size);
	int ret;

	ret = charge_memory(buf, size, counts);
	if (ret)
		return ret;
	ret = carveout_span_alloc(carveout, &buf->request, &info);
	/* The heap may have grown since the charge was clamped. */
	if (!ret && info.size > size) {
		carveout_span_free(carveout, info.handle);
		ret = -ENOSPC;
	}
	if (ret) {
		uncharge_memory(buf, size, counts);
		return ret;
	}
	buf->charged = size;
	buf->counts |= counts;
	buf->claim = carveout->claim[info.region];
	buf->handle = info.handle;
	buf->start = info.start;
	buf->size = info.size;
	buf->region = info.region;
	buf->empty = false;
	return 0;
}

/**
 * carveout_buf_depopulate() - Free the memory of a buffer that was never published
 * @buf: a buffer that was not published, and without an installed descriptor
 *
 * A file that is dropped in a system call is released only when that call returns. The
 * memory, and the objects that are charged with it, may be needed earlier.
 *
 * Context: Process context. May sleep. Takes carveout->lock and carveout->quota_lock.
 */
void carveout_buf_depopulate(struct carveout_buf *buf)
{
	carveout_span_free(buf->carveout, buf->handle);
	uncharge_memory(buf, buf->charged, buf->counts);
	buf->charged = 0;
	buf->counts = 0;
	buf->empty = true;
}

/*
 * The caller owns the buffer and is charged for it: a process, or the owner object with whose
 * credentials a driver calls.
 */
static void set_account(struct carveout_buf *buf, struct carveout_account *account,
			const struct carveout_buf_spec *spec)
{
	buf->account = carveout_account_get(account);
	buf->charged_uid = current_fsuid();
	buf->tag.uid = current_fsuid();
	buf->tag.gid = current_fsgid();
	buf->tag.mode = spec->mode;
	if (carveout_account_is_file(account)) {
		buf->pid = get_pid(task_tgid(current));
		get_task_comm(buf->comm, current->group_leader);
		buf->tag.mode &= ~current_umask();
	} else {
		strscpy(buf->comm, account->name, sizeof(buf->comm));
	}
}

/* Root owns a driver's buffer, independent of the current task. */
static void set_kernel(struct carveout_buf *buf, const struct carveout_buf_spec *spec)
{
	strscpy(buf->comm, "kernel", sizeof(buf->comm));
	buf->tag.uid = GLOBAL_ROOT_UID;
	buf->tag.gid = GLOBAL_ROOT_GID;
	buf->tag.mode = spec->mode;
}

static u32 counts_of(const struct carveout_buf_spec *spec)
{
	u32 counts = CARVEOUT_ONE_BUFFER;

	if (spec->tag[0])
		counts |= CARVEOUT_ONE_TAG;
	if (spec->persist)
		counts |= CARVEOUT_ONE_PERSISTENT;
	if (spec->pool)
		counts |= CARVEOUT_ONE_POOL;
	return counts;
}

/**
 * carveout_buf_create() - Allocate a buffer
 * @carveout: the heap
 * @account: account of the request; NULL for a driver
 * @spec: its properties
 *
 * Look-ups do not find the buffer before carveout_registry_add().
 *
 * Context: Process context. May sleep.
 * Return: the buffer with one reference, or an ERR_PTR as
 * carveout_buf_populate().
 */
struct carveout_buf *carveout_buf_create(struct carveout *carveout,
					 struct carveout_account *account,
					 const struct carveout_buf_spec *spec)
{
	struct carveout_buf *buf;
	int ret;

	buf = new_buf(carveout, &spec->request);
	if (IS_ERR(buf))
		return buf;
	if (account)
		set_account(buf, account, spec);
	else
		set_kernel(buf, spec);
	strscpy(buf->label, spec->label, sizeof(buf->label));
	strscpy(buf->tag.name, spec->tag, sizeof(buf->tag.name));
	buf->tag.persist = spec->persist;
	buf->typed = spec->typed;
	ret = carveout_buf_populate(buf, counts_of(spec));
	if (ret) {
		carveout_buf_put_sync(buf);
		return ERR_PTR(ret);
	}
	if (spec->zero && carveout->nozero)
		carveout_claim_scrub(buf->claim, buf->start, buf->size,
				     !carveout->coherent);
	return buf;
}

static bool attrs_satisfy(const struct carveout_buf *buf,
			  const struct carveout_heap_request *request)
{
	u32 attrs = carveout_buf_region_attrs(buf);
	bool match = (attrs & request->require) == request->require;
	u32 i;

	for (i = 0; i < request->nr_fallback && !match; i++)
		match = (attrs & request->fallback[i]) == request->fallback[i];
	return match && !(attrs & carveout_request_forbid(buf->carveout, request));
}

/**
 * carveout_buf_satisfies() - Check whether an existing buffer satisfies a request
 * @buf: the buffer
 * @spec: the requested properties
 *
 * Context: Any context.
 * Return: true if the buffer is at least as large, placed and of attributes as
 * requested, and persistent if that is requested.
 */
bool carveout_buf_satisfies(const struct carveout_buf *buf,
			    const struct carveout_buf_spec *spec)
{
	const struct carveout_heap_request *request = &spec->request;

	return buf->size >= request->size &&
	       attrs_satisfy(buf, request) &&
	       (!request->align || !(buf->start & (request->align - 1))) &&
	       (!request->max_addr || buf->start + buf->size <= request->max_addr) &&
	       (!request->regions || request->regions & BIT_ULL(buf->region)) &&
	       (!request->exact || buf->start == request->addr) &&
	       (buf->tag.persist || !spec->persist);
}

/**
 * carveout_buf_clone() - Create a buffer that replaces another one
 * @buf: a buffer that is being resized
 *
 * It has the same charged user and account, and the same record for listings; it is typed
 * memory if @buf is. It has neither tag nor memory.
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 * Return: the buffer with one reference, or an ERR_PTR; -EDQUOT if the charged user has
 * too many buffers.
 */
struct carveout_buf *carveout_buf_clone(struct carveout_buf *buf)
{
	struct carveout_buf *next = new_buf(buf->carveout, &buf->request);
	int ret;

	if (IS_ERR(next))
		return next;
	if (buf->account)
		next->account = carveout_account_get(buf->account);
	next->charged_uid = buf->charged_uid;
	next->typed = buf->typed;
	next->pid = get_pid(buf->pid);
	memcpy(next->comm, buf->comm, sizeof(next->comm));
	memcpy(next->label, buf->label, sizeof(next->label));
	ret = carveout_quota_charge(next->carveout, next->account, next->charged_uid, 0,
				    CARVEOUT_ONE_BUFFER);
	if (ret) {
		carveout_buf_put_sync(next);
		return ERR_PTR(ret);
	}
	next->counts = CARVEOUT_ONE_BUFFER;
	return next;
}
