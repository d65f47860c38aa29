// SPDX-License-Identifier: GPL-2.0
/*
 * Location of mapped memory: from an address of the caller to the place in the heap, to
 * the descriptor that was mapped, and to a dma-buf.
 */

#include <linux/dma-buf.h>
#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/dmabuf.h"
#include "call.h"
#include "chardev.h"
#include "locate.h"
#include "typed.h"

static_assert(sizeof(struct carveout_ioctl_locate) == CARVEOUT_LOCATE_SIZE_VER0);

/* === Mappings ============================================================= */

/* The VMA at an address, if it maps a dma-buf of this driver. */
static struct vm_area_struct *find_vma_at(unsigned long addr, struct dma_buf **dmabuf)
{
	struct vm_area_struct *vma = vma_lookup(current->mm, addr);

	if (!vma)
		return NULL;
	*dmabuf = carveout_dmabuf_of_vma(vma);
	return *dmabuf ? vma : NULL;
}

static u64 buffer_offset(const struct vm_area_struct *vma, unsigned long addr)
{
	return ((u64)vma->vm_pgoff << PAGE_SHIFT) + (addr - vma->vm_start);
}

/*
 * The mapped part of the buffer from @addr, which is in @vma, to the end of its last VMA:
 * mprotect() and others split VMAs. A mapping of another buffer ends it, even if that is
 * adjacent: a range of two buffers cannot be mapped.
 */
static unsigned long end_of_part(const struct vm_area_struct *vma, unsigned long addr,
				 const struct carveout_buf *buf, u64 length)
{
	u64 offset = buffer_offset(vma, addr);
	unsigned long end = vma->vm_end;
	struct dma_buf *dmabuf;

	while (end - addr < length) {
		vma = find_vma_at(end, &dmabuf);
		if (!vma || carveout_dmabuf_buf(dmabuf) != buf ||
		    buffer_offset(vma, end) != offset + (end - addr))
			break;
		end = vma->vm_end;
	}
	return end;
}

/*
 * Returns the dma-buf that is mapped, with a reference. @writable: the mapping can be
 * written, now or after mprotect(). An importer may have mapped it with less access than
 * the dma-buf permits.
 */
static struct dma_buf *locate(struct carveout_ioctl_locate *l, bool *writable)
{
	const struct carveout_buf *buf;
	struct vm_area_struct *vma;
	struct dma_buf *dmabuf;

	vma = find_vma_at(l->addr, &dmabuf);
	if (!vma)
		return ERR_PTR(-EACCES);
	*writable = vma->vm_flags & VM_MAYWRITE;
	buf = carveout_dmabuf_buf(dmabuf);
	l->buffer_offset = buffer_offset(vma, l->addr);
	l->offset = carveout_typed_offset(buf) + l->buffer_offset;
	l->length = min_t(u64, l->length,
			  end_of_part(vma, l->addr, buf, l->length) - l->addr);
	get_dma_buf(dmabuf);
	return dmabuf;
}

/* === Descriptors ========================================================== */

/*
 * Is this the open file whose mmap() mapped @data? Returns the descriptor plus one. The
 * dma-buf of typed memory has no descriptor: the open file of the device node has.
 */
static int match(const void *data, struct file *file, unsigned int fd)
{
	const struct dma_buf *dmabuf = data;
	const struct carveout_account *account = carveout_dmabuf_account(dmabuf);

	if (account ? carveout_chardev_account(file) == account : file == dmabuf->file)
		return fd + 1;
	return 0;
}

/* The new descriptor has a file of its own, as with each opening of the buffer. */
static int export(struct carveout_call *call, struct carveout_buf *buf, bool writable)
{
	struct carveout_ioctl_locate *l = &call->arg.locate;
	struct dma_buf *dmabuf;

	if (carveout_buf_is_replaced(buf))
		return -EINVAL;
	dmabuf = carveout_dmabuf_create(buf, writable);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	return carveout_hand_out(call, dmabuf->file, NULL, l->fd_flags, &l->dmabuf, sizeof(*l));
}

/**
 * carveout_do_locate() - Handle CARVEOUT_IOCTL_LOCATE
 * @call: the call
 *
 * Context: Process context. May sleep. Takes the mmap_lock for reading.
 * Return: 0, or an error as in <uapi/linux/carveout.h>; -EINTR if the caller is killed.
 */
int carveout_do_locate(struct carveout_call *call)
{
	struct carveout_ioctl_locate *l = &call->arg.locate;
	bool wants_dmabuf = l->flags & CARVEOUT_LOCATE_EXPORT;
	struct dma_buf *dmabuf;
	bool writable;
	int ret;

	if (l->flags & ~CARVEOUT_LOCATE_FLAGS || !l->length ||
	    l->fd_flags & ~(wants_dmabuf ? O_CLOEXEC : 0))
		return -EINVAL;
	if (l->addr > ULONG_MAX)
		return -EACCES;
	if (mmap_read_lock_killable(current->mm))
		return -EINTR;
	dmabuf = locate(l, &writable);
	mmap_read_unlock(current->mm);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	l->fd = iterate_fd(current->files, 0, match, dmabuf) - 1;
	l->dmabuf = -1;
	ret = wants_dmabuf ? export(call, carveout_dmabuf_buf(dmabuf), writable) :
			     CARVEOUT_REPLY(call, locate);
	dma_buf_put(dmabuf);
	return ret;
}
