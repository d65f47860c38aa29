/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device node for holders of dma-bufs.
 */
#ifndef _CARVEOUT_DMABUF_NODE_H
#define _CARVEOUT_DMABUF_NODE_H

void carveout_dmabuf_node_publish(void);
void carveout_dmabuf_node_exit(void);

#endif /* _CARVEOUT_DMABUF_NODE_H */
