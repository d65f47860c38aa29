// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Physical addresses, by which the processes of CMEM share buffers.
 *
 * Here a process opens a buffer of another one by its tag. A buffer gets a tag when its
 * process asks for the physical address, unless it has one as a buffer of a pool. Another
 * process finds it in the list of the heap's buffers, and may open it if the tag's mode
 * permits that.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

/* === Revealing ============================================================ */

/* EBUSY: another thread has published the buffer at the same time. */
static int publish(const struct ticmem_buffer *buffer, uint64_t phys)
{
	char tag[CARVEOUT_NAME_LEN];
	int err;

	snprintf(tag, sizeof(tag), "cmem.%llx", (unsigned long long)phys);
	err = carveout_link(buffer->block->heap, buffer->fd, tag, 0, 0660, NULL);
	return err == -EBUSY ? 0 : err;
}

static int query(const struct carveout_heap *heap, int fd, struct carveout_buffer_info *info)
{
	int err = carveout_info(heap, fd, info);

	if (!err && !(info->flags & CARVEOUT_BUFFER_PHYS))
		return -EPERM;
	return err;
}

uint64_t ticmem_reveal(struct ticmem_context *context, struct ticmem_buffer *buffer)
{
	struct carveout_buffer_info info;
	int err;

	if (ticmem_buffer_phys(buffer))
		return ticmem_buffer_phys(buffer);
	err = query(buffer->block->heap, buffer->fd, &info);
	if (err) {
		ticmem_error(err, "the physical address of a buffer of block %d",
			     buffer->block->id);
		return 0;
	}
	err = *info.tag ? 0 : publish(buffer, info.phys);
	if (err)
		ticmem_error(err, "other processes cannot share the buffer at %#llx",
			     (unsigned long long)info.phys);
	ticmem_buffer_place(context, buffer, info.phys);
	return info.phys;
}

/* The message is for the address in the buffer, not for its start. */
off_t CMEM_getPhys(void *ptr)
{
	struct ticmem_context *context = ticmem_enter(__func__);
	struct ticmem_mapping mapping;
	uint64_t phys = 0;

	if (!context)
		return 0;
	if (ticmem_mapping_at(context, ptr, 1, &mapping)) {
		phys = ticmem_reveal(context, mapping.buffer);
		if (phys)
			phys += mapping.offset + ((uintptr_t)ptr - mapping.range.start);
		ticmem_buffer_put(context, mapping.buffer);
	} else {
		ticmem_error(0, "no buffer is mapped at %p", ptr);
	}
	ticmem_leave(context);
	return phys;
}

/* === Finding ============================================================== */

static bool contains(const struct carveout_buffer_info *info, uint64_t phys)
{
	return info->flags & CARVEOUT_BUFFER_PHYS && phys >= info->phys &&
	       phys - info->phys < info->size;
}

/* The tag may have another buffer by now. Return a descriptor or a negative errno. */
static int open_checked(const struct carveout_heap *heap, const char *tag, uint64_t phys,
			struct carveout_buffer_info *info)
{
	int fd, err;

	fd = carveout_open_tag(heap, tag, O_RDWR | O_CLOEXEC, NULL);
	if (fd < 0)
		return fd;
	err = query(heap, fd, info);
	if (!err && contains(info, phys))
		return fd;
	close(fd);
	return err ? err : -ENOENT;
}

/* Open the buffer of a heap that contains an address. Likewise. */
static int open_at(const struct carveout_heap *heap, uint64_t phys,
		   struct carveout_buffer_info *info)
{
	struct carveout_buffer_info *buffers;
	size_t count, i;
	int fd;

	fd = carveout_buffers(heap, &buffers, &count);
	if (fd)
		return fd;
	fd = -ENOENT;
	for (i = 0; i < count && fd == -ENOENT; i++)
		if (*buffers[i].tag && contains(&buffers[i], phys))
			fd = open_checked(heap, buffers[i].tag, phys, info);
	free(buffers);
	return fd;
}

/* If another thread has opened it, that one is used. */
static struct ticmem_buffer *enter(struct ticmem_context *context, struct ticmem_block *block,
				   int fd, const struct carveout_buffer_info *info)
{
	struct ticmem_buffer *buffer = ticmem_buffer_add(context, block, fd, info->size);

	if (!buffer || ticmem_buffer_place(context, buffer, info->phys))
		return buffer;
	ticmem_buffer_put(context, buffer);
	return ticmem_buffer_at(context, info->phys);
}

struct ticmem_buffer *ticmem_buffer_get(struct ticmem_context *context, uint64_t phys)
{
	struct ticmem_buffer *buffer = ticmem_buffer_at(context, phys);
	struct carveout_buffer_info info;
	int i, fd = -ENOENT;

	if (buffer)
		return buffer;
	for (i = 0; i < context->nr_blocks && fd == -ENOENT; i++)
		fd = open_at(context->blocks[i].heap, phys, &info);
	if (fd >= 0)
		buffer = enter(context, &context->blocks[i - 1], fd, &info);
	if (!buffer)
		ticmem_error(fd < 0 ? fd : -ENOMEM, "cannot open a buffer at %#llx",
			     (unsigned long long)phys);
	return buffer;
}
