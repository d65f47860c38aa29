/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the ioctls share.
 */
#ifndef _CARVEOUT_IOCTL_H
#define _CARVEOUT_IOCTL_H

#include <linux/fs.h>
#include <linux/types.h>

#include "carveout_internal.h"

/**
 * struct carveout_call - one ioctl in progress
 * @carveout: the heap
 * @open: the node's file, as an account
 * @mode: FMODE_* of the node's file
 * @uarg: the argument in user space
 * @usize: its size as the caller knows it
 * @arg: the kernel's copy
 */
struct carveout_call {
	struct carveout *carveout;
	struct carveout_open *open;
	fmode_t mode;
	void __user *uarg;
	size_t usize;
	union {
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
	} arg;
};

int carveout_ioctl_reply(struct carveout_call *call, size_t ksize);
#define CARVEOUT_REPLY(call, member) \
	carveout_ioctl_reply(call, sizeof((call)->arg.member))

struct dma_buf *carveout_ioctl_get(struct carveout_call *call, int fd);
int carveout_check_fd_flags(const struct carveout_call *call, u32 fd_flags);

int carveout_ioctl_alloc(struct carveout_call *call);
int carveout_ioctl_open(struct carveout_call *call);
int carveout_ioctl_unlink(struct carveout_call *call);
int carveout_ioctl_link(struct carveout_call *call);
int carveout_ioctl_setattr(struct carveout_call *call);
int carveout_ioctl_sync(struct carveout_call *call);
int carveout_ioctl_resize(struct carveout_call *call);

#endif /* _CARVEOUT_IOCTL_H */
