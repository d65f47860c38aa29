/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copies of buffers for devices that do not reach them.
 */
#ifndef CARVEOUT_BOUNCE_H
#define CARVEOUT_BOUNCE_H

#include <linux/dma-direction.h>
#include <linux/types.h>

struct carveout_mapping;

int carveout_bounce_map(struct carveout_mapping *mapping, enum dma_data_direction dir);
void carveout_bounce_unmap(struct carveout_mapping *mapping);
void carveout_bounce_fetch(struct carveout_mapping *mapping, size_t offset, size_t size);
void carveout_bounce_merge(struct carveout_mapping *mapping, size_t offset, size_t size);
void carveout_bounce_send(struct carveout_mapping *mapping, size_t offset, size_t size);

#endif /* CARVEOUT_BOUNCE_H */
