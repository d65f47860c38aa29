/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Typed memory: mmap() of a device node.
 */
#ifndef CARVEOUT_TYPED_H
#define CARVEOUT_TYPED_H

#include <linux/types.h>

struct carveout;
struct carveout_account;
struct carveout_buf;
struct carveout_call;
struct file;
struct vm_area_struct;

u64 carveout_typed_offset(const struct carveout_buf *buf);
int carveout_typed_mmap(struct file *file, struct carveout_account *account,
			struct vm_area_struct *vma);
int carveout_do_typed(struct carveout_call *call);
int carveout_do_typed_info(struct carveout_call *call);

#endif /* CARVEOUT_TYPED_H */
