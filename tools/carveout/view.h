/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that can be seen of a heap, loaded at once.
 */
#ifndef VIEW_H
#define VIEW_H

#include <libcarveout.h>

/**
 * struct view - a heap as it was when it was looked at
 * @heap: the heap
 * @query: its figures
 * @regions: its regions, by index
 * @region_count: number of regions
 * @buffers: the visible buffers, in the order that the loader was asked for
 * @buffer_count: number of buffers
 * @spans: allocations and holes by region and offset
 * @span_count: number of spans
 */
struct view {
	struct carveout_heap *heap;
	struct carveout_ioctl_query query;
	struct carveout_ioctl_region *regions;
	size_t region_count;
	struct carveout_buffer *buffers;
	size_t buffer_count;
	struct carveout_ioctl_span *spans;
	size_t span_count;
};

/* What to load beside figures and regions. */
#define VIEW_BUFFERS	0x1 /* buffers by tag */
#define VIEW_SPANS	0x2 /* buffers and spans by region and offset */

/**
 * view_open() - open a heap for a command
 * @heap: where to put the heap
 * @name: name of the heap or path of its node
 * @flags: O_RDONLY or O_RDWR
 *
 * Complains when that fails, and says what heaps there are.
 *
 * Return: 0 or a negative errno.
 */
int view_open(struct carveout_heap **heap, const char *name, int flags);

/**
 * view_load() - look at a heap
 * @view: the object to fill
 * @name: name of the heap or path of its node
 * @what: VIEW_* flags
 *
 * Complains when that fails.
 *
 * Return: 0 or a negative errno. After success view_unload() has to follow.
 */
int view_load(struct view *view, const char *name, unsigned int what);

/**
 * view_unload() - let go of all that was loaded
 * @view: the view
 */
void view_unload(struct view *view);

/**
 * view_place() - where a buffer is, for people
 * @view: its heap
 * @region: index of the region
 * @offset: offset in the region
 *
 * Return: text like "ddr+0x1000"; see TEXT_SLOTS.
 */
const char *view_place(const struct view *view, uint32_t region,
		       uint64_t offset);

/**
 * view_region_name() - name of a region
 * @view: its heap
 * @region: index of the region
 *
 * Return: the name, made safe to show, or the index as text if it has no name;
 * see TEXT_SLOTS.
 */
const char *view_region_name(const struct view *view, uint32_t region);

/**
 * view_maker() - who made a buffer, for people
 * @buffer: the buffer
 *
 * Return: text like "123/program", "?" for a process of another pid namespace;
 * see TEXT_SLOTS.
 */
const char *view_maker(const struct carveout_buffer *buffer);

/**
 * view_fragmentation() - how far the free memory is in pieces
 * @view: the heap with its regions
 *
 * Return: the part of it that is not in the largest hole of its region, as text.
 */
const char *view_fragmentation(const struct view *view);

/**
 * view_each() - run a function on one heap or on all
 * @name: the heap, or NULL for all
 * @what: VIEW_* flags
 * @show: the function
 * @context: passed to @show
 *
 * Complains about heaps that cannot be read and goes on.
 *
 * Return: exit code of the command.
 */
int view_each(const char *name, unsigned int what,
	      void (*show)(const struct view *view, void *context),
	      void *context);

#endif /* VIEW_H */
