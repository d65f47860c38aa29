/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ioctls of a device node: handlers, and checks that buffers and pools share.
 */
#ifndef CARVEOUT_DEV_IOCTL_H
#define CARVEOUT_DEV_IOCTL_H

#include <linux/types.h>

#include "call.h"

struct carveout_buf;
struct carveout_buf_spec;

long carveout_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

int carveout_alloc_check(const struct carveout_call *call,
			 const struct carveout_ioctl_alloc *a);
void carveout_alloc_spec(const struct carveout_call *call,
			 const struct carveout_ioctl_alloc *a,
			 struct carveout_buf_spec *spec);
int carveout_alloc_or_open(struct carveout_call *call, const char *tag, u32 flags,
			   int (*create)(struct carveout_call *call),
			   int (*open)(struct carveout_call *call));
int carveout_hand_out_dmabuf(struct carveout_call *call, struct carveout_buf *buf,
			     bool fresh, u32 fd_flags, s32 *fd, size_t reply_size);
struct carveout_buf *carveout_call_lookup(struct carveout_call *call, const char *tag,
					  enum carveout_lookup_access access, bool wait,
					  u64 deadline);

int carveout_do_alloc(struct carveout_call *call);
int carveout_do_open(struct carveout_call *call);
int carveout_do_unlink(struct carveout_call *call);
int carveout_do_info(struct carveout_call *call);
int carveout_do_link(struct carveout_call *call);
int carveout_do_setattr(struct carveout_call *call);
int carveout_do_sync(struct carveout_call *call);
int carveout_do_resize(struct carveout_call *call);
int carveout_do_pool_create(struct carveout_call *call);
int carveout_do_pool_open(struct carveout_call *call);

#endif /* CARVEOUT_DEV_IOCTL_H */
