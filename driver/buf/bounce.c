// SPDX-License-Identifier: GPL-2.0
/*
 * Copies of buffers for devices that do not reach them.
 *
 * If the DMA API bounced the buffer itself, each copy from the bounce buffer would replace a
 * whole range, and with it stores of the CPU that no device has got yet. So the copy is
 * memory of the driver, which is mapped for the device in place of the buffer, and which the
 * DMA API bounces in turn. A second copy has the content that memory and device had in common
 * last. A byte that differs from it was changed since: in the first copy by the device, in
 * the buffer by the CPU.
 *
 * All functions are called with carveout_buf.attach_lock held.
 */

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../mem/claim.h"
#include "bounce.h"
#include "buffer.h"
#include "dma.h"

static void *memory_of(const struct carveout_mapping *mapping)
{
	return carveout_claim_va(mapping->buf->claim, mapping->buf->start);
}

static void free_copies(struct carveout_mapping *mapping)
{
	if (mapping->copy)
		free_pages_exact(mapping->copy, mapping->buf->size);
	kvfree(mapping->common);
	mapping->copy = NULL;
	mapping->common = NULL;
}

static int alloc_copies(struct carveout_mapping *mapping)
{
	size_t size = mapping->buf->size;

	mapping->copy = alloc_pages_exact(size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	mapping->common = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (mapping->copy && mapping->common)
		return 0;
	free_copies(mapping);
	return -ENOMEM;
}

/**
 * carveout_bounce_map() - Map a copy of a buffer for a device
 * @mapping: the mapping, of a buffer with pages that the DMA API can bounce
 * @dir: direction of the device's accesses
 *
 * Context: Process context. May sleep.
 * Return: 0 or -ENOMEM.
 */
int carveout_bounce_map(struct carveout_mapping *mapping, enum dma_data_direction dir)
{
	size_t size = mapping->buf->size;
	dma_addr_t addr;
	int ret;

	ret = alloc_copies(mapping);
	if (ret)
		return ret;
	/* The CPU may store meanwhile: both copies get the same bytes. */
	memcpy(mapping->common, memory_of(mapping), size);
	memcpy(mapping->copy, mapping->common, size);
	addr = dma_map_single_attrs(mapping->dev, mapping->copy, size, dir, DMA_ATTR_NO_WARN);
	if (dma_mapping_error(mapping->dev, addr)) {
		free_copies(mapping);
		return -ENOMEM;
	}
	sg_dma_address(mapping->sgt.sgl) = addr;
	sg_dma_len(mapping->sgt.sgl) = size;
	mapping->sgt.nents = 1;
	return 0;
}

/* === From the device ====================================================== */

static void sync_for_cpu(struct carveout_mapping *mapping, size_t offset, size_t size)
{
	dma_sync_single_for_cpu(mapping->dev, sg_dma_address(mapping->sgt.sgl) + offset, size,
				DMA_FROM_DEVICE);
}

/**
 * carveout_bounce_fetch() - Replace a part of a buffer by the copy of the device
 * @mapping: the mapping
 * @offset: start of the part, in bytes
 * @size: bytes
 *
 * Stores of the CPU that were not sent to the device are lost.
 *
 * Context: Process context. May sleep.
 */
void carveout_bounce_fetch(struct carveout_mapping *mapping, size_t offset, size_t size)
{
	void *common = (void *)mapping->common + offset;

	sync_for_cpu(mapping, offset, size);
	memcpy(common, mapping->copy + offset, size);
	memcpy(memory_of(mapping) + offset, common, size);
}

/* A mask of the bytes in which two words differ. */
static unsigned long differing_bytes(unsigned long a, unsigned long b)
{
	unsigned long mask = 0;
	unsigned int bit;

	for (bit = 0; bit < BITS_PER_LONG; bit += BITS_PER_BYTE)
		if (((a ^ b) >> bit) & 0xff)
			mask |= 0xffUL << bit;
	return mask;
}

/* Take the bytes that the device changed and the CPU did not. */
static void merge_word(unsigned long *memory, unsigned long *common, unsigned long copy)
{
	unsigned long changed = differing_bytes(copy, *common);
	unsigned long old = READ_ONCE(*memory);
	unsigned long take, new, same;

	do {
		take = changed & ~differing_bytes(old, *common);
		new = (old & ~take) | (copy & take);
	} while (take && !try_cmpxchg(memory, &old, new));
	same = ~differing_bytes(copy, new);
	*common = (*common & ~same) | (copy & same);
}

/* The bytes beside the range in its first and last word have the same rule. */
static void merge_words(struct carveout_mapping *mapping, size_t offset, size_t size)
{
	unsigned long *memory = memory_of(mapping);
	unsigned long *copy = mapping->copy;
	size_t end = DIV_ROUND_UP(offset + size, sizeof(*copy));
	size_t i;

	for (i = offset / sizeof(*copy); i < end; i++) {
		unsigned long device = READ_ONCE(copy[i]);

		if (device != mapping->common[i])
			merge_word(&memory[i], &mapping->common[i], device);
	}
}

/**
 * carveout_bounce_merge() - Take over only the bytes that the device changed
 * @mapping: the mapping
 * @offset: start of the part, in bytes
 * @size: bytes
 *
 * A byte that the CPU changed as well keeps the store of the CPU. A store of the value that
 * both had in common last is no change.
 *
 * Context: Process context. May sleep.
 */
void carveout_bounce_merge(struct carveout_mapping *mapping, size_t offset, size_t size)
{
	sync_for_cpu(mapping, offset, size);
	merge_words(mapping, offset, size);
}

/**
 * carveout_bounce_unmap() - Undo carveout_bounce_map()
 * @mapping: the mapping
 *
 * Merges once more, unless the device only read.
 *
 * Context: Process context. May sleep.
 */
void carveout_bounce_unmap(struct carveout_mapping *mapping)
{
	dma_unmap_single(mapping->dev, sg_dma_address(mapping->sgt.sgl), mapping->buf->size,
			 mapping->dir);
	if (mapping->dir != DMA_TO_DEVICE)
		merge_words(mapping, 0, mapping->buf->size);
	free_copies(mapping);
}

/* === To the device ======================================================== */

/**
 * carveout_bounce_send() - Replace a part of the copy of the device by that of the buffer
 * @mapping: the mapping
 * @offset: start of the part, in bytes
 * @size: bytes
 *
 * Data that the device wrote and that was not copied from it is lost.
 *
 * Context: Process context. May sleep.
 */
void carveout_bounce_send(struct carveout_mapping *mapping, size_t offset, size_t size)
{
	void *common = (void *)mapping->common + offset;

	memcpy(common, memory_of(mapping) + offset, size);
	memcpy(mapping->copy + offset, common, size);
	dma_sync_single_for_device(mapping->dev, sg_dma_address(mapping->sgt.sgl) + offset,
				   size, DMA_TO_DEVICE);
}
