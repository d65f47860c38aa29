/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Resizing of buffers.
 */
#ifndef CARVEOUT_RESIZE_H
#define CARVEOUT_RESIZE_H

#include <linux/types.h>

struct carveout_buf;
struct dma_buf;

int carveout_resize_begin(struct carveout_buf *buf, const struct dma_buf *dmabuf, int fd);
void carveout_resize_end(struct carveout_buf *buf);
struct carveout_buf *carveout_resize_prepare(struct carveout_buf *buf, u64 size);
void carveout_resize_commit(struct carveout_buf *buf, struct carveout_buf *next);
void carveout_resize_abort(struct carveout_buf *buf, struct carveout_buf *next);

#endif /* CARVEOUT_RESIZE_H */
