/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Samples: the state of heaps, their pools and their holders at one time.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stdbool.h>

#include "process.h"
#include "view.h"

/**
 * struct sampled_pool - A pool
 * @buffer: its buffer in the view of its heap
 * @err: 0, or a negative errno: the pool could not be queried
 * @query: its state
 */
struct sampled_pool {
	const struct carveout_buffer_info *buffer;
	int err;
	struct carveout_ioctl_pool_query query;
};

/**
 * struct sampled_heap - A heap
 * @name: its name, as given on the command line or as listed
 * @err: 0, or a negative errno: the heap could not be read, and has no other state
 * @view: its state and buffers
 * @rated: @rate is valid: the last sample has the heap
 * @rate: change of its used bytes per second since the last sample
 * @pools: its pools
 * @pool_count: number of pools
 */
struct sampled_heap {
	char *name;
	int err;
	struct view view;
	bool rated;
	int64_t rate;
	struct sampled_pool *pools;
	size_t pool_count;
};

/**
 * struct holding - A dma-buf or an open pool that a process has
 * @process: index of the process
 * @heap: index of the heap
 * @region: index of the region of the buffer
 * @offset: offset of the buffer in its region, in bytes
 * @id: inode of the dma-buf; client id of the open pool
 * @pool: it is an open pool
 * @mapped: the process maps it, and has no file descriptor of it
 * @blocks: number of blocks of the open pool
 */
struct holding {
	size_t process;
	size_t heap;
	uint32_t region;
	uint64_t offset;
	uint64_t id;
	bool pool;
	bool mapped;
	uint32_t blocks;
};

/**
 * struct sample - State at one time
 * @time: time of CLOCK_MONOTONIC, in nanoseconds
 * @err: 0, or a negative errno: the heaps could not be listed
 * @heaps: the heaps
 * @heap_count: number of heaps
 * @processes: processes that hold buffers
 * @process_count: number of processes
 * @holdings: their dma-bufs and open pools
 * @holding_count: number of these
 * @hidden: the caller may not look into some processes
 */
struct sample {
	uint64_t time;
	int err;
	struct sampled_heap *heaps;
	size_t heap_count;
	struct process *processes;
	size_t process_count;
	struct holding *holdings;
	size_t holding_count;
	bool hidden;
};

/**
 * sample_take() - Take a sample
 * @sample: the sample to fill
 * @name: the heap, or NULL for all
 * @last: an earlier sample, or NULL
 *
 * Reports nothing. Call sample_drop() later.
 */
void sample_take(struct sample *sample, const char *name, const struct sample *last);

/**
 * sample_readable() - Could any heap be read?
 * @sample: the sample
 *
 * Return: true if one could.
 */
bool sample_readable(const struct sample *sample);

/**
 * sample_complain() - Report that heaps could not be read, as other commands do
 * @sample: the sample
 *
 * Return: true if there was something to report.
 */
bool sample_complain(const struct sample *sample);

/**
 * sample_drop() - Free a sample
 * @sample: the sample, or one that is all zero
 */
void sample_drop(struct sample *sample);

/**
 * sample_holds() - Does a holding belong to a buffer?
 * @holding: the holding
 * @heap: index of the heap
 * @buffer: the buffer
 *
 * Return: true if it does.
 */
bool sample_holds(const struct holding *holding, size_t heap,
		  const struct carveout_buffer_info *buffer);

#endif /* SAMPLE_H */
