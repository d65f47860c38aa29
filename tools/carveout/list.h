/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Heaps and buffers as JSON.
 */
#ifndef LIST_H
#define LIST_H

#include "view.h"

/**
 * list_json_figures() - Print name and sizes of a heap, in an object
 * @query: the heap
 */
void list_json_figures(const struct carveout_ioctl_query *query);

/**
 * list_json_buffer() - Print the properties of a buffer, in an object
 * @view: its heap
 * @buffer: the buffer
 */
void list_json_buffer(const struct view *view, const struct carveout_buffer_info *buffer);

#endif /* LIST_H */
