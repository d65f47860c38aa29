// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The table of buffers and mappings: a tree by virtual address, a tree by physical address,
 * and a list of all buffers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* The trees have pointers to the ranges at the start of these. */
_Static_assert(offsetof(struct ticmem_buffer, phys) == 0, "by_phys");
_Static_assert(offsetof(struct ticmem_mapping, range) == 0, "by_addr");

/* Ranges in a tree do not overlap. One that overlaps with a key is equal to it. */
static int compare(const void *a, const void *b)
{
	const struct ticmem_range *x = a, *y = b;

	if (x->start <= y->start)
		return x->start + (x->size - 1) < y->start ? -1 : 0;
	return y->start + (y->size - 1) < x->start ? 1 : 0;
}

static void *find(void *const *tree, uint64_t start, uint64_t size)
{
	const struct ticmem_range key = { .start = start, .size = size };
	void *const *node = tfind(&key, tree, compare);

	return node ? *node : NULL;
}

/* === Buffers ============================================================== */

struct ticmem_buffer *ticmem_buffer_add(struct ticmem_context *context,
					struct ticmem_block *block, int fd, uint64_t size)
{
	struct ticmem_buffer *buffer = calloc(1, sizeof(*buffer));

	if (!buffer) {
		close(fd);
		return NULL;
	}
	buffer->phys.size = size;
	buffer->block = block;
	buffer->fd = fd;
	buffer->refs = 1;
	ticmem_lock();
	buffer->next = context->buffers;
	buffer->link = &context->buffers;
	if (buffer->next)
		buffer->next->link = &buffer->next;
	context->buffers = buffer;
	ticmem_unlock();
	return buffer;
}

static void unlink_locked(struct ticmem_context *context, struct ticmem_buffer *buffer)
{
	*buffer->link = buffer->next;
	if (buffer->next)
		buffer->next->link = buffer->link;
	if (buffer->phys.start)
		tdelete(buffer, &context->by_phys, compare);
}

void ticmem_buffer_put(struct ticmem_context *context, struct ticmem_buffer *buffer)
{
	bool last;

	ticmem_lock();
	last = !--buffer->refs;
	if (last)
		unlink_locked(context, buffer);
	ticmem_unlock();
	if (!last)
		return;
	close(buffer->fd);
	free(buffer);
}

void ticmem_buffer_use(struct ticmem_buffer *buffer)
{
	ticmem_lock();
	buffer->users++;
	buffer->refs++;
	ticmem_unlock();
}

/*
 * A mapping or a dma-buf may still hold the memory, but no longer the place in the pool. The
 * child of a fork leaves it to its parent.
 */
static bool leaves_pool_locked(const struct ticmem_buffer *buffer)
{
	return !buffer->users && *buffer->slot && buffer->owner == getpid();
}

void ticmem_buffer_end_use(struct ticmem_context *context, struct ticmem_buffer *buffer)
{
	char slot[CARVEOUT_NAME_LEN] = "";

	ticmem_lock();
	if (leaves_pool_locked(buffer)) {
		strcpy(slot, buffer->slot);
		*buffer->slot = '\0';
	}
	ticmem_unlock();
	if (*slot)
		carveout_unlink(buffer->block->heap, slot);
	ticmem_buffer_put(context, buffer);
}

struct ticmem_buffer *ticmem_buffer_free(struct ticmem_context *context, uint64_t phys)
{
	struct ticmem_buffer *buffer;

	ticmem_lock();
	buffer = find(&context->by_phys, phys, 1);
	if (buffer && (buffer->phys.start != phys || !buffer->users))
		buffer = NULL;
	if (buffer)
		buffer->users--;
	ticmem_unlock();
	return buffer;
}

/* The lock keeps the list as it is. */
int ticmem_buffers_sync(struct ticmem_context *context, uint32_t flags)
{
	const struct ticmem_buffer *buffer;
	int err = 0;

	ticmem_lock();
	for (buffer = context->buffers; buffer && !err; buffer = buffer->next)
		err = carveout_sync(buffer->block->heap, buffer->fd, flags, NULL, 0);
	ticmem_unlock();
	return err;
}

/* === Physical addresses =================================================== */

struct ticmem_buffer *ticmem_buffer_at(struct ticmem_context *context, uint64_t phys)
{
	struct ticmem_buffer *buffer;

	ticmem_lock();
	buffer = find(&context->by_phys, phys, 1);
	if (buffer)
		buffer->refs++;
	ticmem_unlock();
	return buffer;
}

uint64_t ticmem_buffer_phys(struct ticmem_buffer *buffer)
{
	uint64_t phys;

	ticmem_lock();
	phys = buffer->phys.start;
	ticmem_unlock();
	return phys;
}

bool ticmem_buffer_place(struct ticmem_context *context, struct ticmem_buffer *buffer,
			 uint64_t phys)
{
	struct ticmem_buffer **node;

	ticmem_lock();
	if (!buffer->phys.start) {
		buffer->phys.start = phys;
		node = tsearch(buffer, &context->by_phys, compare);
		if (!node || *node != buffer)
			buffer->phys.start = 0;
	}
	phys = buffer->phys.start;
	ticmem_unlock();
	return phys;
}

/* === Mappings ============================================================= */

/*
 * Enter a mapping, or return the one that is in the table in its place: the program has
 * unmapped that one by itself.
 */
static int try_add(struct ticmem_context *context, struct ticmem_mapping *mapping,
		   struct ticmem_mapping **stale)
{
	struct ticmem_mapping **node;

	ticmem_lock();
	node = tsearch(mapping, &context->by_addr, compare);
	*stale = node && *node != mapping ? *node : NULL;
	if (*stale)
		tdelete(*stale, &context->by_addr, compare);
	else if (node)
		mapping->buffer->refs++;
	ticmem_unlock();
	return node ? 0 : -ENOMEM;
}

int ticmem_mapping_add(struct ticmem_context *context, struct ticmem_buffer *buffer,
		       void *memory, uint64_t offset, uint64_t size)
{
	struct ticmem_mapping *mapping = malloc(sizeof(*mapping)), *stale;
	int err;

	if (!mapping)
		return -ENOMEM;
	mapping->range.start = (uintptr_t)memory;
	mapping->range.size = size;
	mapping->offset = offset;
	mapping->buffer = buffer;
	do {
		err = try_add(context, mapping, &stale);
		if (stale) {
			ticmem_buffer_put(context, stale->buffer);
			free(stale);
		}
	} while (stale);
	if (err)
		free(mapping);
	return err;
}

bool ticmem_mapping_at(struct ticmem_context *context, const void *memory, uint64_t size,
		       struct ticmem_mapping *mapping)
{
	const uint64_t start = (uintptr_t)memory;
	const struct ticmem_mapping *found;

	ticmem_lock();
	found = find(&context->by_addr, start, 1);
	if (found && size > found->range.size - (start - found->range.start))
		found = NULL;
	if (found) {
		*mapping = *found;
		found->buffer->refs++;
	}
	ticmem_unlock();
	return found;
}

/* The mapping that starts at an address, without a reference; or NULL. */
static struct ticmem_mapping *find_start(struct ticmem_context *context, const void *memory)
{
	struct ticmem_mapping *found = find(&context->by_addr, (uintptr_t)memory, 1);

	return found && found->range.start == (uintptr_t)memory ? found : NULL;
}

static void remove_locked(struct ticmem_context *context, struct ticmem_mapping *found,
			  struct ticmem_mapping *mapping)
{
	tdelete(found, &context->by_addr, compare);
	*mapping = *found;
	free(found);
}

bool ticmem_mapping_remove(struct ticmem_context *context, const void *memory, uint64_t size,
			   struct ticmem_mapping *mapping)
{
	struct ticmem_mapping *found;

	ticmem_lock();
	found = find_start(context, memory);
	if (found && found->range.size != size)
		found = NULL;
	if (found)
		remove_locked(context, found, mapping);
	ticmem_unlock();
	return found;
}

bool ticmem_mapping_free(struct ticmem_context *context, const void *memory,
			 struct ticmem_mapping *mapping)
{
	struct ticmem_mapping *found;

	ticmem_lock();
	found = find_start(context, memory);
	if (found && (found->offset || !found->buffer->users))
		found = NULL;
	if (found) {
		found->buffer->users--;
		remove_locked(context, found, mapping);
	}
	ticmem_unlock();
	return found;
}

/* === The end ============================================================== */

static void keep(void *buffer)
{
	(void)buffer;
}

/* No other thread uses the context. */
void ticmem_table_clear(struct ticmem_context *context)
{
	struct ticmem_buffer *buffer, *next;

	tdestroy(context->by_addr, free);
	tdestroy(context->by_phys, keep);
	for (buffer = context->buffers; buffer; buffer = next) {
		next = buffer->next;
		close(buffer->fd);
		free(buffer);
	}
}
