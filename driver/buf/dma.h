/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mappings of buffers for devices.
 */
#ifndef CARVEOUT_DMA_H
#define CARVEOUT_DMA_H

#include <linux/bits.h>
#include <linux/dma-direction.h>
#include <linux/list.h>
#include <linux/scatterlist.h>
#include <linux/types.h>

struct carveout_buf;
struct device;

/*
 * Internal flag: the caller must not undo the stores of others, see
 * carveout_bounce_merge().
 */
#define CARVEOUT_SYNC_MERGE	BIT(31)

/**
 * struct carveout_mapping - A mapping of a buffer for a device
 * @node: entry in carveout_buf.attachments; carveout_buf.attach_lock
 * @buf: the buffer; the owner of the mapping holds a reference to it (invariant)
 * @dev: the device (invariant)
 * @sgt: the buffer as one entry, for the device
 * @dir: direction of the mapping, DMA_NONE while it is not mapped;
 *	carveout_buf.attach_lock
 * @attrs: DMA_ATTR_* of the mapping; carveout_buf.attach_lock
 * @translated: an IOMMU translates the device's addresses; carveout_buf.attach_lock
 * @bounced: the device accesses a copy of the buffer; carveout_buf.attach_lock
 * @copy: that copy, which the DMA API may bounce; carveout_buf.attach_lock
 * @taken: content of @copy when it was last copied; carveout_buf.attach_lock
 * @sent: content of the buffer at the last announced store; carveout_buf.attach_lock
 * @snoops: accesses of the device see the CPU's caches; carveout_buf.attach_lock
 */
struct carveout_mapping {
	struct list_head node;
	struct carveout_buf *buf;
	struct device *dev;
	struct sg_table sgt;
	enum dma_data_direction dir;
	unsigned long attrs;
	bool translated;
	bool bounced;
	void *copy;
	unsigned long *taken;
	unsigned long *sent;
	bool snoops;
};

struct carveout_mapping *carveout_mapping_create(struct carveout_buf *buf,
						 struct device *dev);
void carveout_mapping_destroy(struct carveout_mapping *mapping);
int carveout_mapping_map(struct carveout_mapping *mapping,
			 enum dma_data_direction dir);
void carveout_mapping_unmap(struct carveout_mapping *mapping);
void carveout_buf_sync_caches(struct carveout_buf *buf, u64 offset, u64 size, u32 flags);

#endif /* CARVEOUT_DMA_H */
