/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls: an ioctl in progress, on a device node or on a pool.
 */
#ifndef CARVEOUT_CALL_H
#define CARVEOUT_CALL_H

#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/types.h>

#include <uapi/linux/carveout.h>
#include <uapi/linux/dma-heap.h>

#include "../buf/lookup.h"

struct carveout;
struct carveout_buf;
struct carveout_account;
struct carveout_pool_file;
struct dma_buf;

/**
 * struct carveout_call - One ioctl in progress
 * @carveout: the heap; NULL for the device node for holders of dma-bufs
 * @account: account of the device node's file; NULL for other files
 * @pool_file: file of a pool; NULL for a device node
 * @mode: FMODE_* of the file
 * @nonblock: the file is open with O_NONBLOCK: the call never waits
 * @uarg: the argument in user space
 * @usize: size of the argument as the caller knows it
 * @arg: the kernel's copy
 */
struct carveout_call {
	struct carveout *carveout;
	struct carveout_account *account;
	struct carveout_pool_file *pool_file;
	fmode_t mode;
	bool nonblock;
	void __user *uarg;
	size_t usize;
	union carveout_arg {
		struct carveout_ioctl_query query;
		struct carveout_ioctl_region region;
		struct carveout_ioctl_alloc alloc;
		struct carveout_ioctl_open open;
		struct carveout_ioctl_unlink unlink;
		struct carveout_ioctl_list list;
		struct carveout_ioctl_info info;
		struct carveout_ioctl_link link;
		struct carveout_ioctl_setattr setattr;
		struct carveout_ioctl_sync sync;
		struct carveout_ioctl_resize resize;
		struct carveout_ioctl_pool_create pool_create;
		struct carveout_ioctl_pool_open pool_open;
		struct carveout_ioctl_pool_acquire pool_acquire;
		struct carveout_ioctl_pool_release pool_release;
		struct carveout_ioctl_pool_query pool_query;
		struct carveout_ioctl_pool_destroy pool_destroy;
		struct carveout_ioctl_pool_move pool_move;
		struct carveout_ioctl_pool_export pool_export;
		struct carveout_ioctl_pool_sync pool_sync;
		struct carveout_ioctl_pool_batch pool_batch;
		struct dma_heap_allocation_data dma_heap;
		struct carveout_ioctl_typed typed;
		struct carveout_ioctl_typed_info typed_info;
		struct carveout_ioctl_locate locate;
	} arg;
};

/**
 * struct carveout_command - An ioctl, for the dispatcher
 * @cmd: command number with the kernel's size of the argument
 * @min_size: size of the argument's first version
 * @mode: FMODE_* that the file has to be open with
 * @call: handler, which also replies to user space
 */
struct carveout_command {
	unsigned int cmd;
	unsigned int min_size;
	fmode_t mode;
	int (*call)(struct carveout_call *call);
};

/**
 * struct carveout_commands - The ioctls of a kind of file
 * @command: by command number minus @first
 * @first: number of the first command
 * @count: number of commands
 */
struct carveout_commands {
	const struct carveout_command *command;
	unsigned int first;
	unsigned int count;
};

/**
 * carveout_fd_access() - Access that a new descriptor needs
 * @fd_flags: O_RDWR or O_RDONLY
 *
 * Context: Any context.
 * Return: the access, for a look-up.
 */
static inline enum carveout_lookup_access carveout_fd_access(u32 fd_flags)
{
	return (fd_flags & O_ACCMODE) == O_RDWR ? CARVEOUT_LOOKUP_WRITE :
						  CARVEOUT_LOOKUP_READ;
}

int carveout_dispatch(struct carveout_call *call, const struct carveout_commands *commands,
		      unsigned int cmd);

u64 carveout_host_deadline(u64 deadline);
int carveout_ioctl_reply(struct carveout_call *call, size_t ksize);
#define CARVEOUT_REPLY(call, member) \
	carveout_ioctl_reply(call, sizeof((call)->arg.member))

void carveout_fill_place(const struct carveout_buf *buf, __u64 *offset, __u64 *generation,
			 __u32 *region, __u32 *attrs);
struct dma_buf *carveout_ioctl_get(struct carveout_call *call, int fd);
int carveout_check_fd_flags(const struct carveout_call *call, u32 fd_flags);
int carveout_hand_out(struct carveout_call *call, struct file *file,
		      struct carveout_buf *fresh, u32 fd_flags, s32 *fd,
		      size_t reply_size);

#endif /* CARVEOUT_CALL_H */
