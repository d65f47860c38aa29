/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device node for holders of dma-bufs.
 */
#ifndef CARVEOUT_DMABUF_NODE_H
#define CARVEOUT_DMABUF_NODE_H

void carveout_dmabuf_node_publish(void);
void carveout_dmabuf_node_exit(void);

#endif /* CARVEOUT_DMABUF_NODE_H */
