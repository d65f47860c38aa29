/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Views of a heap: a consistent copy of its visible state.
 */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>

#include <libcarveout.h>

/**
 * struct view - State of a heap at the time of view_load()
 * @heap: the heap
 * @query: its sizes and counters
 * @regions: its regions, by index
 * @region_count: number of regions
 * @buffers: the visible buffers, in the order selected by the VIEW_* flags
 * @buffer_count: number of buffers
 * @spans: allocations and holes by region and offset
 * @span_count: number of spans
 * @partial: the spans are those of @buffers alone: the caller may not see the others
 */
struct view {
	struct carveout_heap *heap;
	struct carveout_ioctl_query query;
	struct carveout_ioctl_region *regions;
	size_t region_count;
	struct carveout_buffer_info *buffers;
	size_t buffer_count;
	struct carveout_ioctl_span *spans;
	size_t span_count;
	bool partial;
};

/* Parts to load in addition to the sizes, counters and regions. */
#define VIEW_BUFFERS	0x1 /* buffers by tag */
#define VIEW_SPANS	0x2 /* buffers and spans by region and offset */

/**
 * view_open() - Open a heap for a command
 * @heap: returns the heap
 * @name: name of the heap or path of its device node
 * @flags: O_RDONLY or O_RDWR
 *
 * Reports an error, with a list of the existing heaps.
 *
 * Return: 0 or a negative errno.
 */
int view_open(struct carveout_heap **heap, const char *name, int flags);

/**
 * view_load() - Load the state of a heap
 * @view: the view to fill
 * @name: name of the heap or path of its device node
 * @flags: VIEW_* flags
 *
 * Reports an error.
 *
 * Return: 0 or a negative errno. After success call view_unload().
 */
int view_load(struct view *view, const char *name, unsigned int flags);

/**
 * view_read() - As view_load(), but without a report of errors
 * @view: the view to fill
 * @name: name of the heap or path of its device node
 * @flags: VIEW_* flags
 *
 * Return: 0 or a negative errno. After success call view_unload().
 */
int view_read(struct view *view, const char *name, unsigned int flags);

/**
 * view_explain_tag() - Report that a tag cannot be opened
 * @name: name of the heap, as given on the command line
 * @tag: the tag
 * @err: negative errno
 */
void view_explain_tag(const char *name, const char *tag, int err);

/**
 * view_complain_none() - Report that there is no heap
 * @err: negative errno of the list of heaps, or 0 if it is empty
 */
void view_complain_none(int err);

/**
 * view_unload() - Free a view and close its heap
 * @view: the view
 */
void view_unload(struct view *view);

/**
 * view_place() - Format the location of a buffer
 * @view: its heap
 * @region: index of the region
 * @offset: offset in the region
 *
 * Return: text like "ddr+0x1000"; see TEXT_SLOTS.
 */
const char *view_place(const struct view *view, uint32_t region,
		       uint64_t offset);

/**
 * view_regions_by_base() - Sort the regions by their addresses
 * @view: the heap
 *
 * Return: an array of pointers to all regions, by index if the addresses are unknown;
 * free() it.
 */
const struct carveout_ioctl_region **view_regions_by_base(const struct view *view);

/**
 * view_region_name() - Name of a region
 * @view: its heap
 * @region: index of the region
 *
 * Return: the name, made safe to print, or the index as text if it has no name;
 * see TEXT_SLOTS.
 */
const char *view_region_name(const struct view *view, uint32_t region);

/**
 * view_creator() - Format the process that created a buffer
 * @buffer: the buffer
 *
 * Return: text like "123/program", with "?" as the pid of a process of another
 * pid namespace; see TEXT_SLOTS.
 */
const char *view_creator(const struct carveout_buffer_info *buffer);

/**
 * view_fragmentation() - Fragmentation of the free memory
 * @view: the heap with its regions
 *
 * Return: the share of the free memory that is not in the largest hole of its
 * region, as text.
 */
const char *view_fragmentation(const struct view *view);

/**
 * view_each() - Run a function for one heap or for all
 * @name: the heap, or NULL for all
 * @flags: VIEW_* flags
 * @show: the function
 * @context: passed to @show
 *
 * Reports heaps that cannot be read and continues with the next one.
 *
 * Return: exit code of the command.
 */
int view_each(const char *name, unsigned int flags,
	      void (*show)(const struct view *view, void *context),
	      void *context);

#endif /* VIEW_H */
