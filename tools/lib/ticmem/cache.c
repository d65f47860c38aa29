// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Cache maintenance.
 */
#include <errno.h>

#include "internal.h"

#define BOTH	(CARVEOUT_SYNC_FOR_DEVICE | CARVEOUT_SYNC_FOR_CPU)

static int sync_at(struct ticmem_context *context, const void *memory, size_t size,
		   uint32_t flags)
{
	struct carveout_sync_range range = { .size = size };
	struct ticmem_mapping mapping;
	int err;

	if (!ticmem_mapping_at(context, memory, size, &mapping))
		return -EINVAL;
	range.offset = mapping.offset + ((uintptr_t)memory - mapping.range.start);
	err = carveout_sync(mapping.buffer->block->heap, mapping.buffer->fd, flags, &range, 1);
	ticmem_buffer_put(context, mapping.buffer);
	return err;
}

static int maintain(const char *function, const void *memory, size_t size, uint32_t flags)
{
	struct ticmem_context *context = ticmem_enter(function);
	int err;

	if (!context)
		return -1;
	err = size ? sync_at(context, memory, size, flags) : 0;
	if (err)
		ticmem_error(err, "%s: %zu bytes at %p", function, size, memory);
	ticmem_leave(context);
	return err ? -1 : 0;
}

int CMEM_cacheWb(void *ptr, size_t size)
{
	return maintain(__func__, ptr, size, CARVEOUT_SYNC_FOR_DEVICE);
}

int CMEM_cacheInv(void *ptr, size_t size)
{
	return maintain(__func__, ptr, size, CARVEOUT_SYNC_FOR_CPU);
}

int CMEM_cacheWbInv(void *ptr, size_t size)
{
	return maintain(__func__, ptr, size, BOTH);
}

/* Buffers without a mapping, too: the caches may have data of an earlier one. */
int CMEM_cacheWbInvAll(void)
{
	struct ticmem_context *context = ticmem_enter(__func__);
	int err;

	if (!context)
		return -1;
	err = ticmem_buffers_sync(context, BOTH);
	if (err)
		ticmem_error(err, "cannot flush the caches for all buffers");
	ticmem_leave(context);
	return err ? -1 : 0;
}
