/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the ioctls share.
 */
#ifndef _CARVEOUT_IOCTL_H
#define _CARVEOUT_IOCTL_H

#include <linux/fs.h>
#include <linux/types.h>

#include "carveout_internal.h"

struct carveout_pool_file;

/**
 * struct carveout_call - one ioctl in progress
 * @carveout: the heap
 * @open: the node's file, as an account; NULL for a pool's descriptor
 * @pool_file: a pool's file; NULL for the node
 * @mode: FMODE_* of the file
 * @uarg: the argument in user space
 * @usize: its size as the caller knows it
 * @arg: the kernel's copy
 */
struct carveout_call {
	struct carveout *carveout;
	struct carveout_open *open;
	struct carveout_pool_file *pool_file;
	fmode_t mode;
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
		struct carveout_ioctl_pool_get pool_get;
		struct carveout_ioctl_pool_put pool_put;
		struct carveout_ioctl_pool_query pool_query;
		struct carveout_ioctl_pool_destroy pool_destroy;
	} arg;
};

/**
 * struct carveout_command - what the dispatcher knows of an ioctl
 * @cmd: command number with the kernel's size of the argument
 * @min_size: size of the argument's first version
 * @mode: how the file has to be open
 * @call: does it, and replies to user space
 */
struct carveout_command {
	unsigned int cmd;
	unsigned int min_size;
	fmode_t mode;
	int (*call)(struct carveout_call *call);
};

/**
 * struct carveout_commands - the ioctls of a kind of file
 * @command: by their number less @first
 * @first: number of the first one
 * @count: how many there are
 */
struct carveout_commands {
	const struct carveout_command *command;
	unsigned int first;
	unsigned int count;
};

int carveout_dispatch(struct carveout_call *call, const struct carveout_commands *commands,
		      unsigned int cmd);

int carveout_ioctl_reply(struct carveout_call *call, size_t ksize);
#define CARVEOUT_REPLY(call, member) \
	carveout_ioctl_reply(call, sizeof((call)->arg.member))

struct dma_buf *carveout_ioctl_get(struct carveout_call *call, int fd);
int carveout_check_fd_flags(const struct carveout_call *call, u32 fd_flags);

int carveout_alloc_check(const struct carveout_call *call,
			 const struct carveout_ioctl_alloc *a);
void carveout_alloc_spec(const struct carveout_call *call,
			 const struct carveout_ioctl_alloc *a,
			 struct carveout_buf_spec *spec);
int carveout_make_or_open(struct carveout_call *call, const char *tag, u32 flags,
			  int (*make)(struct carveout_call *call),
			  int (*open)(struct carveout_call *call));
struct carveout_buf *carveout_open_or_wait(struct carveout_call *call, const char *name,
					   bool write, bool wait, u64 deadline);
int carveout_hand_out(struct carveout_call *call, struct file *file,
		      struct carveout_buf *fresh, u32 fd_flags, s32 *fd,
		      size_t reply_size);

int carveout_ioctl_alloc(struct carveout_call *call);
int carveout_ioctl_open(struct carveout_call *call);
int carveout_ioctl_unlink(struct carveout_call *call);
int carveout_ioctl_link(struct carveout_call *call);
int carveout_ioctl_setattr(struct carveout_call *call);
int carveout_ioctl_sync(struct carveout_call *call);
int carveout_ioctl_resize(struct carveout_call *call);
int carveout_ioctl_pool_create(struct carveout_call *call);
int carveout_ioctl_pool_open(struct carveout_call *call);

struct file *carveout_pool_file_create(struct carveout_pool *pool);

#endif /* _CARVEOUT_IOCTL_H */
