/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mappings of buffers in user space.
 */
#ifndef CARVEOUT_MMAP_H
#define CARVEOUT_MMAP_H

#include <linux/types.h>

struct carveout_buf;
struct vm_area_struct;

int carveout_buf_mmap(const struct carveout_buf *buf, struct vm_area_struct *vma,
		      bool write);
bool carveout_mmap_wants_exec(const struct vm_area_struct *vma);

#endif /* CARVEOUT_MMAP_H */
