/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Samples as tables and as JSON, for carveout top.
 */
#ifndef TOP_H
#define TOP_H

#include <stdbool.h>
#include <stdio.h>

#include "sample.h"

/* The tables below that of the heaps. */
enum top_panel {
	TOP_BUFFERS,
	TOP_HOLDERS,
	TOP_POOLS,
	TOP_PANELS,
};

/**
 * struct top_style - Style of the tables
 * @columns: width of the screen; 0 if names are not to be shortened
 * @bytes: sizes in bytes
 */
struct top_style {
	unsigned int columns;
	bool bytes;
};

/**
 * top_heaps() - Write a table of the heaps, and a line for each that cannot be read
 * @sample: the sample
 * @style: style of the table
 * @to: the file to write to
 */
void top_heaps(const struct sample *sample, const struct top_style *style, FILE *to);

/**
 * top_panel() - Write a table of buffers, holders or pools
 * @sample: the sample
 * @panel: the table
 * @style: its style
 * @to: the file to write to
 */
void top_panel(const struct sample *sample, enum top_panel panel,
	       const struct top_style *style, FILE *to);

/**
 * top_json() - Print a sample as a JSON object
 * @sample: the sample
 */
void top_json(const struct sample *sample);

/**
 * top_json_pools() - Print the pools of a heap, in an object
 * @sample: the sample
 * @heap: index of the heap
 */
void top_json_pools(const struct sample *sample, size_t heap);

#endif /* TOP_H */
