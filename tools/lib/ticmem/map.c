// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Mapping, sharing and freeing buffers.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

static uint64_t whole_pages(uint64_t size)
{
	const uint64_t page = sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

void *ticmem_map(struct ticmem_context *context, struct ticmem_buffer *buffer, uint64_t offset,
		 uint64_t size)
{
	void *memory;
	int err;

	err = carveout_map(buffer->fd, offset, size, PROT_READ | PROT_WRITE, &memory);
	if (!err) {
		err = ticmem_mapping_add(context, buffer, memory, offset, whole_pages(size));
		if (err)
			carveout_unmap(memory, size);
	}
	if (!err)
		return memory;
	ticmem_error(err, "cannot map %llu bytes of a buffer of block %d",
		     (unsigned long long)size, buffer->block->id);
	return NULL;
}

/* === By physical address ================================================== */

static void *map_at(struct ticmem_context *context, uint64_t phys, uint64_t size)
{
	struct ticmem_buffer *buffer = ticmem_buffer_get(context, phys);
	uint64_t offset;
	void *memory = NULL;

	if (!buffer)
		return NULL;
	offset = phys - buffer->phys.start;
	if (!size || size > buffer->phys.size - offset)
		ticmem_error(0, "%llu bytes at %#llx are not inside a buffer",
			     (unsigned long long)size, (unsigned long long)phys);
	else
		memory = ticmem_map(context, buffer, offset, size);
	ticmem_buffer_put(context, buffer);
	return memory;
}

void *CMEM_map(off_t physp, size_t size)
{
	struct ticmem_context *context = ticmem_enter(__func__);
	void *memory;

	if (!context)
		return NULL;
	memory = map_at(context, physp, size);
	ticmem_leave(context);
	return memory;
}

static void *register_at(struct ticmem_context *context, uint64_t phys)
{
	struct ticmem_buffer *buffer = ticmem_buffer_get(context, phys);
	void *memory = NULL;

	if (!buffer)
		return NULL;
	if (phys != buffer->phys.start)
		ticmem_error(0, "no buffer starts at %#llx", (unsigned long long)phys);
	else
		memory = ticmem_map(context, buffer, 0, buffer->phys.size);
	if (memory)
		ticmem_buffer_use(buffer);
	ticmem_buffer_put(context, buffer);
	return memory;
}

void *CMEM_registerAlloc(off_t physp)
{
	struct ticmem_context *context = ticmem_enter(__func__);
	void *memory;

	if (!context)
		return NULL;
	memory = register_at(context, physp);
	ticmem_leave(context);
	return memory;
}

int CMEM_freePhys(off_t physp, CMEM_AllocParams *params)
{
	struct ticmem_context *context = ticmem_enter(__func__);
	struct ticmem_buffer *buffer;

	(void)params;
	if (!context)
		return -1;
	buffer = ticmem_buffer_free(context, physp);
	if (buffer)
		ticmem_buffer_end_use(context, buffer);
	else
		ticmem_error(0, "no buffer of this process starts at %#llx",
			     (unsigned long long)physp);
	ticmem_leave(context);
	return buffer ? 0 : -1;
}

/* === By virtual address =================================================== */

int CMEM_unmap(void *userp, size_t size)
{
	struct ticmem_context *context = ticmem_enter(__func__);
	struct ticmem_mapping mapping;
	bool found;

	if (!context)
		return -1;
	found = ticmem_mapping_remove(context, userp, whole_pages(size), &mapping);
	if (found) {
		carveout_unmap(userp, mapping.range.size);
		ticmem_buffer_put(context, mapping.buffer);
	} else {
		ticmem_error(0, "no mapping of %zu bytes starts at %p", size, userp);
	}
	ticmem_leave(context);
	return found ? 0 : -1;
}

int CMEM_free(void *ptr, CMEM_AllocParams *params)
{
	struct ticmem_context *context = ticmem_enter(__func__);
	struct ticmem_mapping mapping;
	bool found;

	(void)params;
	if (!context)
		return -1;
	found = ticmem_mapping_free(context, ptr, &mapping);
	if (found) {
		carveout_unmap(ptr, mapping.range.size);
		ticmem_buffer_end_use(context, mapping.buffer);
		ticmem_buffer_put(context, mapping.buffer);
	} else {
		ticmem_error(0, "no buffer of this process is mapped at %p", ptr);
	}
	ticmem_leave(context);
	return found ? 0 : -1;
}

int CMEM_unregister(void *ptr, CMEM_AllocParams *params)
{
	return CMEM_free(ptr, params);
}

/* The start of a buffer: a part of one cannot be exported. */
static int export_at(struct ticmem_context *context, const void *memory)
{
	struct ticmem_mapping mapping;
	int fd;

	if (!ticmem_mapping_at(context, memory, 1, &mapping))
		return -EINVAL;
	if (mapping.offset || mapping.range.start != (uintptr_t)memory) {
		fd = -EINVAL;
	} else {
		fd = fcntl(mapping.buffer->fd, F_DUPFD_CLOEXEC, 0);
		fd = fd < 0 ? -errno : fd;
	}
	ticmem_buffer_put(context, mapping.buffer);
	return fd;
}

int CMEM_export_dmabuf(void *ptr)
{
	struct ticmem_context *context = ticmem_enter(__func__);
	int fd;

	if (!context)
		return -1;
	fd = export_at(context, ptr);
	if (fd < 0) {
		ticmem_error(fd, "cannot export the buffer at %p", ptr);
		fd = -1;
	}
	ticmem_leave(context);
	return fd;
}
