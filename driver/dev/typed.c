// SPDX-License-Identifier: GPL-2.0
/*
 * Typed memory: mmap() of a device node, as POSIX.1 has it for typed memory objects.
 *
 * Each mmap() maps a buffer through a dma-buf file that replaces the file of the VMA. So
 * the mapping is like one of a dma-buf whose descriptor was closed: it holds the buffer,
 * and the code for splits, forks, faults and pins of such mappings applies.
 *
 * An open file gets its typed memory once. After that it never changes, so mmap() reads it
 * without a lock.
 */

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/dmabuf.h"
#include "../buf/lookup.h"
#include "../buf/mmap.h"
#include "../buf/registry.h"
#include "../buf/release.h"
#include "../mem/claim.h"
#include "../mem/quota.h"
#include "call.h"
#include "typed.h"

static_assert(sizeof(struct carveout_ioctl_typed) == CARVEOUT_TYPED_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_typed_info) == CARVEOUT_TYPED_INFO_SIZE_VER0);

/**
 * struct carveout_typed - Typed memory of an open file (invariant)
 * @regions: mask of its regions; 0 for all regions of the heap
 * @flags: CARVEOUT_TYPED_* flags
 */
struct carveout_typed {
	u64 regions;
	u32 flags;
};

static bool has_region(const struct carveout_typed *typed, unsigned int region)
{
	return !typed->regions || typed->regions & BIT_ULL(region);
}

/* === Places =============================================================== */

/**
 * carveout_typed_offset() - Offset of a buffer in its heap
 * @buf: a buffer that has memory
 *
 * The offset counts the regions in the order of their indices, without the gaps. A heap
 * gets further regions behind the existing ones, so it never changes.
 *
 * Context: Any context.
 * Return: bytes.
 */
u64 carveout_typed_offset(const struct carveout_buf *buf)
{
	u64 offset = carveout_buf_offset(buf);
	unsigned int i;

	for (i = 0; i < buf->region; i++)
		offset += buf->carveout->claim[i]->range.size;
	return offset;
}

/* Convert an offset in the heap to a physical address. */
static int find_place(const struct carveout *carveout, const struct carveout_typed *typed,
		      u64 offset, struct carveout_heap_request *request)
{
	unsigned int i, nr = carveout_nr_claims(carveout);
	const struct carveout_range *range;

	for (i = 0; i < nr; i++) {
		range = &carveout->claim[i]->range;
		if (offset < range->size)
			break;
		offset -= range->size;
	}
	if (i == nr || !has_region(typed, i) || request->size > range->size - offset ||
	    !carveout_claim_has_va(carveout->claim[i]))
		return -ENXIO;
	request->regions = BIT_ULL(i);
	request->addr = range->base + offset;
	request->exact = true;
	return 0;
}

/* === Mappings ============================================================= */

static struct carveout_buf *new_buf(struct carveout_account *account,
				    const struct carveout_heap_request *request)
{
	struct carveout_buf_spec spec = {
		.request = *request,
		.label = "",
		.tag = "",
		.typed = true,
	};
	struct carveout_buf *buf = carveout_buf_create(account->carveout, account, &spec);
	int ret;

	/* No region remains if the CPU must not access any of them. */
	if (buf == ERR_PTR(-EINVAL))
		return ERR_PTR(-ENXIO);
	/* The end of a hibernation is not waited for with the mmap_lock held. */
	if (buf == ERR_PTR(-EBUSY))
		return ERR_PTR(-EAGAIN);
	if (IS_ERR(buf))
		return buf;
	ret = carveout_registry_add(buf);
	if (!ret)
		return buf;
	carveout_buf_put_sync(buf);
	return ERR_PTR(ret);
}

/*
 * The buffer that has a place, or a new one there. A caller that must not allocate gets one
 * error for all places that it must not map: it does not learn which of them are free.
 */
static struct carveout_buf *buf_at_place(struct carveout_account *account,
					 const struct carveout_heap_request *request,
					 bool write)
{
	struct carveout *carveout = account->carveout;
	struct carveout_buf *buf;

	if (mutex_lock_killable(&carveout->place_lock))
		return ERR_PTR(-EINTR);
	buf = carveout_lookup_place(carveout, request->addr, request->size, write);
	if (buf == ERR_PTR(-ENOENT))
		buf = write ? new_buf(account, request) : ERR_PTR(-EBUSY);
	mutex_unlock(&carveout->place_lock);
	/* A driver has it, or a buffer whose memory is being freed. */
	return buf == ERR_PTR(-ENOSPC) ? ERR_PTR(-EBUSY) : buf;
}

static struct carveout_buf *buf_to_map(struct carveout_account *account,
				       const struct carveout_typed *typed,
				       struct carveout_heap_request *request,
				       unsigned long pgoff, bool write)
{
	int ret;

	if (!(typed->flags & CARVEOUT_TYPED_ALLOCATE)) {
		ret = find_place(account->carveout, typed, (u64)pgoff << PAGE_SHIFT, request);
		return ret ? ERR_PTR(ret) : buf_at_place(account, request, write);
	}
	if (pgoff)
		return ERR_PTR(-EINVAL);
	return write ? new_buf(account, request) : ERR_PTR(-EACCES);
}

static int map(struct carveout_account *account, const struct carveout_typed *typed,
	       struct vm_area_struct *vma, bool write)
{
	struct carveout_heap_request request = {
		.size = (u64)vma_pages(vma) << PAGE_SHIFT,
		.align = PAGE_SIZE,
		.regions = typed->regions,
		.forbid = CARVEOUT_ATTR_NO_CPU,
	};
	struct carveout_buf *buf;
	int ret;

	buf = buf_to_map(account, typed, &request, vma->vm_pgoff, write);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = carveout_dmabuf_map_vma(buf, vma, request.exact ? request.addr - buf->start : 0,
				      write, account);
	carveout_buf_put_sync(buf);
	return ret;
}

/**
 * carveout_typed_mmap() - Map typed memory
 * @file: open file of the device node
 * @account: its account
 * @vma: the VMA; on success another file replaces its file
 *
 * Context: Process context. May sleep. The caller holds the mmap_lock for writing. Takes
 * carveout->place_lock and carveout->registry_lock.
 * Return: 0, or an error as in <uapi/linux/carveout.h>; -EINTR if the caller is
 * killed. POSIX.1 specifies ENOMEM where other calls fail with ENOSPC, and ENOTSUP where
 * other mappings fail with EPERM or EINVAL.
 */
int carveout_typed_mmap(struct file *file, struct carveout_account *account,
			struct vm_area_struct *vma)
{
	/* Pairs with cmpxchg() in carveout_do_typed(). */
	const struct carveout_typed *typed = READ_ONCE(account->typed);
	int ret;

	if (!typed || READ_ONCE(account->carveout->shutdown))
		return -ENODEV;
	if (!(vma->vm_flags & VM_MAYSHARE) || carveout_mmap_wants_exec(vma))
		return -EOPNOTSUPP;
	ret = map(account, typed, vma, file->f_mode & FMODE_WRITE);
	return ret == -ENOSPC ? -ENOMEM : ret;
}

/* === Commands ============================================================= */

/**
 * carveout_do_typed() - Handle CARVEOUT_IOCTL_TYPED
 * @call: the call
 *
 * Context: Process context. May sleep.
 * Return: 0, or an error as in <uapi/linux/carveout.h>.
 */
int carveout_do_typed(struct carveout_call *call)
{
	const struct carveout_ioctl_typed *t = &call->arg.typed;
	unsigned int nr = carveout_nr_claims(call->carveout);
	struct carveout_typed *typed;

	if (t->flags & ~CARVEOUT_TYPED_FLAGS || t->reserved ||
	    (nr < 64 && t->regions >> nr))
		return -EINVAL;
	typed = kzalloc(sizeof(*typed), GFP_KERNEL_ACCOUNT);
	if (!typed)
		return -ENOMEM;
	typed->regions = t->regions;
	typed->flags = t->flags;
	/* A full barrier: the members first, then the pointer. */
	if (!cmpxchg(&call->account->typed, NULL, typed))
		return 0;
	kfree(typed);
	return -EBUSY;
}

/* Add a region: its size, and its largest hole if the CPU may access it. */
static void add_region(struct carveout *carveout, unsigned int region,
		       struct carveout_ioctl_typed_info *t)
{
	struct carveout_region_info info;

	carveout_region_info(carveout, region, &info);
	t->size += info.stats.size;
	if (carveout_claim_has_va(carveout->claim[region]))
		t->largest = max(t->largest, info.stats.largest_hole);
}

/**
 * carveout_do_typed_info() - Handle CARVEOUT_IOCTL_TYPED_INFO
 * @call: the call
 *
 * Context: Process context. May sleep.
 * Return: 0, or an error as in <uapi/linux/carveout.h>.
 */
int carveout_do_typed_info(struct carveout_call *call)
{
	const struct carveout_typed *typed = READ_ONCE(call->account->typed);
	struct carveout_ioctl_typed_info *t = &call->arg.typed_info;
	unsigned int i, nr = carveout_nr_claims(call->carveout);

	if (t->flags || !typed)
		return -EINVAL;
	memset(t, 0, sizeof(*t));
	t->regions = typed->regions;
	t->typed = typed->flags;
	for (i = 0; i < nr; i++)
		if (has_region(typed, i))
			add_region(call->carveout, i, t);
	t->largest = min(t->largest, carveout_quota_room(call->carveout, call->account));
	t->largest = round_down(t->largest, PAGE_SIZE);
	return CARVEOUT_REPLY(call, typed_info);
}
