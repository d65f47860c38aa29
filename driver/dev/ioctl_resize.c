// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctl that resizes a buffer: see buf/resize.c.
 */

#include <linux/dma-buf.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/preempt.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/dmabuf.h"
#include "../buf/release.h"
#include "../buf/resize.h"
#include "ioctl.h"

/* A reply that faults this often while it is written is unmapped on purpose. */
#define MAX_TRIES	16

/*
 * Write the reply, and create a descriptor and a file for @next. Returns the descriptor.
 * The file is created last: a file that is dropped is released only when the system call
 * returns, and keeps the memory of @next until then.
 */
static int prepare_fd(struct carveout_call *call, struct carveout_buf *next,
		      struct dma_buf **dmabuf)
{
	struct carveout_ioctl_resize *r = &call->arg.resize;
	int fd, ret;

	fd = get_unused_fd_flags(r->fd_flags & O_CLOEXEC);
	if (fd < 0)
		return fd;
	r->size = next->size;
	carveout_fill_place(next, &r->offset, &r->generation, &r->region, &r->attrs);
	r->new_fd = fd;
	/*
	 * The memory of the reply was present a moment ago. A page fault here would make
	 * every look-up of the buffer wait.
	 */
	pagefault_disable();
	ret = CARVEOUT_REPLY(call, resize);
	pagefault_enable();
	if (ret) {
		ret = -EAGAIN;
		goto put_fd;
	}
	*dmabuf = carveout_dmabuf_create(next, (r->fd_flags & O_ACCMODE) == O_RDWR);
	if (!IS_ERR(*dmabuf))
		return fd;
	ret = PTR_ERR(*dmabuf);
put_fd:
	put_unused_fd(fd);
	return ret;
}

/* Resize a buffer from carveout_resize_begin(). */
static int resize(struct carveout_call *call, struct carveout_buf *buf, u64 size)
{
	struct carveout_buf *next = carveout_resize_prepare(buf, size);
	struct dma_buf *dmabuf;
	int fd;

	if (IS_ERR(next))
		return PTR_ERR(next);
	fd = prepare_fd(call, next, &dmabuf);
	if (fd < 0) {
		carveout_resize_abort(buf, next);
		return fd;
	}
	carveout_resize_commit(buf, next);
	fd_install(fd, dmabuf->file);
	carveout_buf_put_sync(next);
	return 0;
}

static int try_resize(struct carveout_call *call, struct dma_buf *dmabuf)
{
	struct carveout_buf *buf = carveout_dmabuf_buf(dmabuf);
	int ret;

	ret = carveout_resize_begin(buf, dmabuf, call->arg.resize.fd);
	if (ret)
		return ret;
	ret = resize(call, buf, PAGE_ALIGN(call->arg.resize.size));
	if (ret)
		carveout_resize_end(buf);
	return ret;
}

/**
 * carveout_do_resize() - Handle CARVEOUT_IOCTL_RESIZE
 * @call: the call
 *
 * Context: Process context. May sleep.
 * Return: 0, or an error as in <uapi/linux/carveout.h>.
 */
int carveout_do_resize(struct carveout_call *call)
{
	struct carveout_ioctl_resize *r = &call->arg.resize;
	const struct carveout_ioctl_resize request = *r;
	struct dma_buf *dmabuf;
	unsigned int tries;
	int ret;

	if (r->flags || !r->size || r->size > U64_MAX - PAGE_SIZE + 1)
		return -EINVAL;
	ret = carveout_check_fd_flags(call, r->fd_flags);
	if (ret)
		return ret;
	dmabuf = carveout_ioctl_get(call, r->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = carveout_dmabuf_writable(dmabuf) ? -EAGAIN : -EACCES;
	for (tries = 0; ret == -EAGAIN; tries++) {
		*r = request;
		if (signal_pending(current))
			ret = -ERESTARTSYS;
		else if (tries == MAX_TRIES ||
			 fault_in_safe_writeable(call->uarg, call->usize))
			ret = -EFAULT;
		else
			ret = try_resize(call, dmabuf);
	}
	dma_buf_put(dmabuf);
	return ret;
}
