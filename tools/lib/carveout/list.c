// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Listing: state, regions, buffers, spans.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Initial capacity of an array, in entries. */
#define BATCH	256U

int carveout_query_sized(const struct carveout_heap *heap,
			 struct carveout_ioctl_query *query, size_t size)
{
	unsigned long command = carveout__sized(CARVEOUT_IOCTL_QUERY, size);

	if (!command)
		return -E2BIG;
	memset(query, 0, size);
	return carveout__ioctl(heap->fd, command, query);
}

int carveout_region_sized(const struct carveout_heap *heap, uint32_t index,
			  struct carveout_ioctl_region *region, size_t size)
{
	unsigned long command = carveout__sized(CARVEOUT_IOCTL_REGION, size);

	if (size < CARVEOUT_REGION_SIZE_VER0)
		return -EINVAL;
	if (!command)
		return -E2BIG;
	memset(region, 0, size);
	region->index = index;
	return carveout__ioctl(heap->fd, command, region);
}

int carveout_regions_sized(const struct carveout_heap *heap, void **regions,
			   size_t size, size_t *count)
{
	char *all = NULL, *grown;
	size_t found;
	int err;

	*regions = NULL;
	*count = 0;
	for (found = 0; ; found++) {
		grown = realloc(all, (found + 1) * size);
		err = -ENOMEM;
		if (!grown)
			break;
		all = grown;
		err = carveout_region_sized(heap, found, (void *)(all + found * size),
					    size);
		if (err)
			break;
	}
	if (err != -ENOENT) {
		free(all);
		return err;
	}
	*regions = all;
	*count = found;
	return 0;
}

int carveout_info_sized(const struct carveout_heap *heap, int fd,
			struct carveout_buffer_info *buffer, size_t size)
{
	struct carveout_ioctl_info info, request = {
		.fd = fd,
		.entry = (uintptr_t)buffer,
		.entry_size = size,
	};

	if (size > UINT32_MAX)
		return -EINVAL;
	return carveout__ioctl_again(heap->fd, CARVEOUT_IOCTL_INFO, &info, &request);
}

/* === Enumerations ========================================================= */

int carveout_next_sized(const struct carveout_heap *heap, int kind,
			uint64_t *cursor, void *entries, size_t size,
			size_t count)
{
	struct carveout_ioctl_list list, request = {
		.cursor = *cursor,
		.entries = (uintptr_t)entries,
		.entry_size = size,
		.count = count < CARVEOUT_LIST_MAX ? count : CARVEOUT_LIST_MAX,
	};
	unsigned long command = CARVEOUT_IOCTL_LIST;
	int err;

	if (kind == CARVEOUT_LIST_SPANS)
		command = CARVEOUT_IOCTL_SPANS;
	else if (kind != CARVEOUT_LIST_BUFFERS)
		return -EINVAL;
	if (size > UINT32_MAX)
		return -EINVAL;
	err = carveout__ioctl_again(heap->fd, command, &list, &request);
	if (err)
		return err;
	*cursor = list.cursor;
	return list.count;
}

int carveout_list_sized(const struct carveout_heap *heap, int kind,
			void **entries, size_t size, size_t *count)
{
	size_t found = 0, room = BATCH;
	char *all = NULL, *grown;
	uint64_t cursor = 0;
	int ret;

	*entries = NULL;
	*count = 0;
	do {
		if (found == room)
			room *= 2;
		grown = realloc(all, room * size);
		ret = -ENOMEM;
		if (!grown)
			break;
		all = grown;
		ret = carveout_next_sized(heap, kind, &cursor, all + found * size,
					  size, room - found);
		if (ret > 0)
			found += ret;
	} while (ret > 0);
	if (ret) {
		free(all);
		return ret;
	}
	*entries = all;
	*count = found;
	return 0;
}
