// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps as dma-buf heaps: the ioctl of <linux/dma-heap.h>.
 *
 * A program that allocates from a dma-buf heap of the kernel allocates from a heap in the
 * same way. dma_heap_add() is not exported before Linux 7, depends on CONFIG_DMABUF_HEAPS,
 * and has no counterpart: a module that called it could neither unbind a heap nor be
 * removed. So the device nodes are those of chardev.c on every kernel.
 *
 * An argument is treated as dma_heap_ioctl() of the kernel treats it, not as by
 * carveout_dispatch(): members that the caller lacks are zero, and members that the kernel
 * lacks are ignored.
 */

#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/stddef.h>
#include <linux/uaccess.h>

#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/release.h"
#include "../mem/quota.h"
#include "dma_heap.h"
#include "ioctl.h"

/*
 * The kernel's heaps accept all access modes. A file that cannot be read cannot be mapped
 * either, so O_WRONLY gets a file for reading and writing.
 */
static u32 node_fd_flags(u32 fd_flags)
{
	return (fd_flags & O_CLOEXEC) | (fd_flags & O_ACCMODE ? O_RDWR : O_RDONLY);
}

static int create_buf(struct carveout_call *call)
{
	struct dma_heap_allocation_data *data = &call->arg.dma_heap;
	const struct carveout_buf_spec spec = {
		.request = {
			.size = PAGE_ALIGN(data->len),
			.align = PAGE_SIZE,
		},
		.label = "",
		.tag = "",
	};
	struct carveout_buf *buf;
	int ret;

	buf = carveout_buf_create(call->carveout, call->account, &spec);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = carveout_hand_out_dmabuf(call, buf, true, node_fd_flags(data->fd_flags),
				       (s32 *)&data->fd, sizeof(*data));
	carveout_buf_put_sync(buf);
	return ret;
}

static int check(const struct dma_heap_allocation_data *data)
{
	if (data->fd || data->fd_flags & ~DMA_HEAP_VALID_FD_FLAGS ||
	    data->heap_flags & ~DMA_HEAP_VALID_HEAP_FLAGS)
		return -EINVAL;
	/* Zero as well if the sum wraps. */
	return PAGE_ALIGN(data->len) ? 0 : -EINVAL;
}

static int allocate(struct carveout_call *call)
{
	struct dma_heap_allocation_data *data = &call->arg.dma_heap;
	int ret;

	/* A shorter reply would leave the caller with a descriptor that it does not know. */
	if (call->usize < offsetofend(struct dma_heap_allocation_data, fd))
		return -EINVAL;
	memset(data, 0, sizeof(*data));
	if (copy_from_user(data, call->uarg, min(call->usize, sizeof(*data))))
		return -EFAULT;
	ret = check(data);
	return ret ?: carveout_alloc_or_open(call, "", 0, create_buf, NULL);
}

/**
 * carveout_dma_heap_ioctl() - Handle an ioctl on the dma-heap node of a heap
 * @file: open file of the device node
 * @cmd: DMA_HEAP_IOCTL_ALLOC, with the caller's size of the argument
 * @arg: address of the argument in user space
 *
 * The file permits the allocation whatever its access mode, as that of a kernel's heap.
 *
 * Context: Process context. May sleep.
 * Return: 0; -EINVAL for another command, and for an argument that the kernel's heaps
 * refuse; -ENODEV after the heap's shutdown; further the errors of CARVEOUT_IOCTL_ALLOC.
 */
long carveout_dma_heap_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct carveout_account *account = file->private_data;
	struct carveout_call call = {
		.carveout = account->carveout,
		.account = account,
		.mode = file->f_mode,
		.nonblock = file->f_flags & O_NONBLOCK,
		.uarg = (void __user *)arg,
		.usize = _IOC_SIZE(cmd),
	};

	/* Everything but the size must match. */
	if ((cmd ^ DMA_HEAP_IOCTL_ALLOC) & ~(_IOC_SIZEMASK << _IOC_SIZESHIFT))
		return -EINVAL;
	if (READ_ONCE(account->carveout->shutdown))
		return -ENODEV;
	return allocate(&call);
}
