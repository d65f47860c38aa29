/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Buffers as dma-buf files.
 */
#ifndef CARVEOUT_DMABUF_H
#define CARVEOUT_DMABUF_H

#include <linux/types.h>

struct carveout_account;
struct carveout_buf;
struct dma_buf;
struct vm_area_struct;

struct dma_buf *carveout_dmabuf_create(struct carveout_buf *buf, bool write);
struct carveout_buf *carveout_dmabuf_buf(struct dma_buf *dmabuf);
int carveout_dmabuf_map_vma(struct carveout_buf *buf, struct vm_area_struct *vma,
			    u64 offset, bool write, struct carveout_account *account);
struct dma_buf *carveout_dmabuf_of_vma(const struct vm_area_struct *vma);
const struct carveout_account *carveout_dmabuf_account(const struct dma_buf *dmabuf);
bool carveout_dmabuf_writable(const struct dma_buf *dmabuf);
bool carveout_dmabuf_alone(const struct dma_buf *dmabuf, int fd);

#endif /* CARVEOUT_DMABUF_H */
