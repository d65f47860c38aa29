/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Regions of the kernel's coherent allocator.
 */
#ifndef CARVEOUT_DMA_POOL_H
#define CARVEOUT_DMA_POOL_H

struct carveout_dma_pool;
struct carveout_range;
struct device_node;

int carveout_dma_pool_take(struct carveout_range *range, struct device_node *user,
			   int index);
struct carveout_dma_pool *carveout_dma_pool_join(struct carveout_dma_pool *pool,
						 struct carveout_dma_pool *other);
void carveout_dma_pool_release(struct carveout_dma_pool *pool);

#endif /* CARVEOUT_DMA_POOL_H */
