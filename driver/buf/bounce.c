// SPDX-License-Identifier: GPL-2.0
/*
 * Copies of buffers for devices that do not reach them.
 *
 * If the DMA API bounced the buffer itself, each copy from the bounce buffer would replace a
 * whole range, with stores of the CPU that no device has received. So the copy is memory of
 * the driver. It is mapped for the device in place of the buffer, and the DMA API bounces it
 * in turn. Two records tell the changes of both sides apart. A byte of the copy that
 * differs from @taken was changed by the device. A byte of the buffer that differs from @sent
 * was changed by the CPU, without an announcement.
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
	kvfree(mapping->taken);
	kvfree(mapping->sent);
	mapping->copy = NULL;
	mapping->taken = NULL;
	mapping->sent = NULL;
}

static int alloc_copies(struct carveout_mapping *mapping)
{
	size_t size = mapping->buf->size;

	mapping->copy = alloc_pages_exact(size, GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL |
					  __GFP_NOWARN);
	mapping->taken = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	mapping->sent = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (mapping->copy && mapping->taken && mapping->sent)
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
	/* The CPU may store meanwhile: all copies get the same bytes. */
	memcpy(mapping->sent, memory_of(mapping), size);
	memcpy(mapping->taken, mapping->sent, size);
	memcpy(mapping->copy, mapping->sent, size);
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
	void *taken = (void *)mapping->taken + offset;

	sync_for_cpu(mapping, offset, size);
	memcpy(taken, mapping->copy + offset, size);
	memcpy((void *)mapping->sent + offset, taken, size);
	memcpy(memory_of(mapping) + offset, taken, size);
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

/* Take the bytes that the device changed, without those that the CPU did not announce. */
static void merge_word(unsigned long *memory, unsigned long *taken, unsigned long *sent,
		       unsigned long copy)
{
	unsigned long changed = differing_bytes(copy, *taken);
	unsigned long old = READ_ONCE(*memory);
	unsigned long take, new, same;

	do {
		take = changed & ~differing_bytes(old, *sent);
		new = (old & ~take) | (copy & take);
	} while (take && !try_cmpxchg(memory, &old, new));
	same = ~differing_bytes(copy, new);
	*taken = (*taken & ~same) | (copy & same);
	*sent = (*sent & ~same) | (copy & same);
}

/* Bytes beside the range, in its first and last word, are merged as well. */
static void merge_words(struct carveout_mapping *mapping, size_t offset, size_t size)
{
	unsigned long *memory = memory_of(mapping);
	unsigned long *copy = mapping->copy;
	size_t end = DIV_ROUND_UP(offset + size, sizeof(*copy));
	size_t i;

	for (i = offset / sizeof(*copy); i < end; i++) {
		unsigned long device = READ_ONCE(copy[i]);

		if (device != mapping->taken[i])
			merge_word(&memory[i], &mapping->taken[i], &mapping->sent[i], device);
	}
}

/**
 * carveout_bounce_merge() - Take over only the bytes that the device changed
 * @mapping: the mapping
 * @offset: start of the part, in bytes
 * @size: bytes
 *
 * A byte into which the CPU stored as well, without an announcement, keeps the store. A store
 * that does not change the value is not seen.
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

/* The stores of the CPU are later than all that the device has written so far. */
static void supersede(struct carveout_mapping *mapping, size_t offset, size_t size)
{
	const u8 *memory = memory_of(mapping), *copy = mapping->copy;
	u8 *taken = (u8 *)mapping->taken, *sent = (u8 *)mapping->sent;
	size_t i;
	u8 now;

	sync_for_cpu(mapping, offset, size);
	for (i = offset; i < offset + size; i++) {
		now = READ_ONCE(memory[i]);
		if (now == sent[i])
			continue;
		taken[i] = copy[i];
		sent[i] = now;
	}
}

/**
 * carveout_bounce_send() - Announce stores of the CPU to a part of a buffer
 * @mapping: the mapping
 * @offset: start of the part, in bytes
 * @size: bytes
 *
 * The part of the copy is replaced: data of the device that was not fetched before is lost. The
 * copy of a device that only writes is not changed.
 *
 * Context: Process context. May sleep.
 */
void carveout_bounce_send(struct carveout_mapping *mapping, size_t offset, size_t size)
{
	void *sent = (void *)mapping->sent + offset;

	if (mapping->dir == DMA_FROM_DEVICE) {
		supersede(mapping, offset, size);
		return;
	}
	memcpy(sent, memory_of(mapping) + offset, size);
	memcpy((void *)mapping->taken + offset, sent, size);
	memcpy(mapping->copy + offset, sent, size);
	dma_sync_single_for_device(mapping->dev, sg_dma_address(mapping->sgt.sgl) + offset,
				   size, DMA_TO_DEVICE);
}
