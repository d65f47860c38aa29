// SPDX-License-Identifier: GPL-2.0
/*
 * Calls: dispatch of ioctls, replies, descriptors.
 *
 * The argument is copied in once and checked, and from then on only the copy is
 * read. No user access happens under a lock.
 */

#include <linux/compiler.h>
#include <linux/dma-buf.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/time_namespace.h>
#include <linux/uaccess.h>

#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/dmabuf.h"
#include "../buf/registry.h"
#include "call.h"

/* === Dispatch ============================================================= */

static const struct carveout_command *find_command(const struct carveout_commands *commands,
						   unsigned int cmd)
{
	unsigned int nr = _IOC_NR(cmd) - commands->first;
	const struct carveout_command *command;

	if (nr >= commands->count)
		return NULL;
	command = &commands->command[array_index_nospec(nr, commands->count)];
	/* Everything but the size must match. */
	if ((cmd ^ command->cmd) & ~(_IOC_SIZEMASK << _IOC_SIZESHIFT))
		return NULL;
	return command;
}

/**
 * carveout_dispatch() - Check an ioctl and call its handler
 * @call: the call; its size and argument are filled in
 * @commands: the commands of this kind of file
 * @cmd: the command, with the caller's size of the argument
 *
 * Context: Process context. May sleep.
 * Return: 0; -ENOTTY for an unknown command; -ENODEV after the heap's shutdown; -EACCES
 * if the file is not open for it; -EINVAL if the argument is too short; -E2BIG if it has
 * a non-zero tail that is unknown to this kernel; -EFAULT; further the errors of each
 * command in <uapi/linux/carveout.h>.
 */
int carveout_dispatch(struct carveout_call *call, const struct carveout_commands *commands,
		      unsigned int cmd)
{
	const struct carveout_command *command = find_command(commands, cmd);
	int ret;

	if (!command)
		return -ENOTTY;
	if (call->carveout && READ_ONCE(call->carveout->shutdown))
		return -ENODEV;
	if ((call->mode & command->mode) != command->mode)
		return -EACCES;
	call->usize = _IOC_SIZE(cmd);
	if (call->usize < command->min_size)
		return -EINVAL;
	ret = copy_struct_from_user(&call->arg, _IOC_SIZE(command->cmd),
				    call->uarg, call->usize);
	if (ret)
		return ret;
	return command->call(call);
}

/* === Deadlines ============================================================ */

/**
 * carveout_host_deadline() - Convert a deadline of the calling process
 * @deadline: CLOCK_MONOTONIC of the caller's time namespace in nanoseconds, or
 *	%CARVEOUT_DEADLINE_NONE
 *
 * Context: Process context.
 * Return: the deadline in ktime_get(); 0 for one before the start of that clock, at least
 * KTIME_MAX for one that never expires.
 */
u64 carveout_host_deadline(u64 deadline)
{
	struct timespec64 offset = {};
	s64 ns;

	if (deadline >= KTIME_MAX)
		return deadline;
	/* No function of the kernel that converts a time is exported. */
	timens_add_monotonic(&offset);
	ns = timespec64_to_ns(&offset);
	if ((s64)deadline < ns)
		return 0;
	/* A sum of two non-negative numbers below 2^63 does not wrap. */
	return deadline - ns;
}

/* === Replies ============================================================== */

/**
 * carveout_ioctl_reply() - Copy the argument back to user space
 * @call: the call
 * @ksize: size of the argument as the kernel knows it
 *
 * Context: Process context. May sleep. No lock held.
 * Return: 0 or -EFAULT.
 */
int carveout_ioctl_reply(struct carveout_call *call, size_t ksize)
{
	if (copy_to_user(call->uarg, &call->arg, min(ksize, call->usize)))
		return -EFAULT;
	return 0;
}

/**
 * carveout_fill_place() - Fill in the location of a buffer in a reply
 * @buf: the buffer
 * @offset: filled in with its offset in the region
 * @generation: filled in with its generation
 * @region: filled in with the index of its region
 * @attrs: filled in with the attributes of the region
 *
 * Context: Any context.
 */
void carveout_fill_place(const struct carveout_buf *buf, __u64 *offset, __u64 *generation,
			 __u32 *region, __u32 *attrs)
{
	*offset = carveout_buf_offset(buf);
	*generation = buf->generation;
	*region = buf->region;
	*attrs = carveout_buf_region_attrs(buf);
}

/* === Descriptors ========================================================== */

/**
 * carveout_ioctl_get() - Get the dma-buf of a descriptor of the caller
 * @call: the call
 * @fd: the descriptor
 *
 * Context: Process context.
 * Return: a dma-buf of the heap of the call, or of any heap if the call has none, with a
 * reference; or an ERR_PTR: -EBADF if @fd is not open, -EINVAL if it does not refer to such
 * a buffer.
 */
struct dma_buf *carveout_ioctl_get(struct carveout_call *call, int fd)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);
	struct carveout_buf *buf;

	if (IS_ERR(dmabuf))
		return dmabuf;
	buf = carveout_dmabuf_buf(dmabuf);
	if (buf && (!call->carveout || buf->carveout == call->carveout))
		return dmabuf;
	dma_buf_put(dmabuf);
	return ERR_PTR(-EINVAL);
}

/**
 * carveout_check_fd_flags() - Check the flags of a new descriptor
 * @call: the call
 * @fd_flags: O_RDWR or O_RDONLY, and O_CLOEXEC
 *
 * Context: Any context.
 * Return: 0, -EINVAL, or -EACCES if the device node is not open for that access.
 */
int carveout_check_fd_flags(const struct carveout_call *call, u32 fd_flags)
{
	if (fd_flags & ~(O_ACCMODE | O_CLOEXEC))
		return -EINVAL;
	switch (fd_flags & O_ACCMODE) {
	case O_RDONLY:
		return 0;
	case O_RDWR:
		return call->mode & FMODE_WRITE ? 0 : -EACCES;
	}
	return -EINVAL;
}

/**
 * carveout_hand_out() - Return a descriptor of a file to user space
 * @call: the call; its reply is complete except for the descriptor
 * @file: the file; the caller's reference to it is consumed, also on failure
 * @fresh: the buffer to publish; NULL for one that is published already
 * @fd_flags: O_CLOEXEC or not
 * @fd: the descriptor in the reply
 * @reply_size: size of the reply as the kernel knows it
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 * Return: 0; -EMFILE; -EFAULT; or as carveout_registry_add().
 */
int carveout_hand_out(struct carveout_call *call, struct file *file,
		      struct carveout_buf *fresh, u32 fd_flags, s32 *fd,
		      size_t reply_size)
{
	int ret;

	ret = get_unused_fd_flags(fd_flags & O_CLOEXEC);
	if (ret < 0)
		goto put_file;
	*fd = ret;

	ret = carveout_ioctl_reply(call, reply_size);
	if (!ret && fresh)
		ret = carveout_registry_add(fresh);
	if (ret)
		goto put_fd;

	fd_install(*fd, file);
	return 0;

put_fd:
	put_unused_fd(*fd);
put_file:
	if (fresh)
		carveout_buf_depopulate(fresh);
	fput(file);
	return ret;
}
