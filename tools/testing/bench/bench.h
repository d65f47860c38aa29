/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocators to measure, and the steps of a measurement, in a program and in a kernel.
 */

#ifndef CARVEOUT_BENCH_H
#define CARVEOUT_BENCH_H

#include "carveout_lib.h"
#include "trace.h"

/**
 * struct bench_peer - An allocator to measure
 * @name: name, without blanks
 * @setup: create an empty arena at %BENCH_BASE, and the number of empty slots
 * @teardown: free all blocks and all memory that is not from bench_mem(), or NULL if
 *	all memory is from bench_mem()
 * @place: allocate for a slot behind the last allocation, or NULL to call @alloc
 * @alloc: allocate for an empty slot; @align is 0 or a power of two
 * @free: free a slot's block, if it has one
 * @bytes: memory that the allocator uses for metadata, or NULL
 * @missed: failed requests that an untried hole might have served, or NULL
 * @pages_only: it serves whole pages only; smaller units are not requested
 * @one_size: its blocks have the size of one unit, in memory that it allocates itself
 * @aligns: it supports @align
 * @slow: it runs with fewer repeats
 * @sleeps: it is timed with interrupts enabled, which its calls may need
 * @timed_only: it is based on another peer, which is measured for failures
 * @most: bytes of its largest arena, or 0
 *
 * Each allocator has one arena at a time, with metadata in memory from bench_mem(). The
 * address of the arena is a plain number; no memory is mapped there.
 */
struct bench_peer {
	const char *name;
	int (*setup)(u64 arena, unsigned int shift, u32 nr_slots);
	void (*teardown)(void);
	int (*place)(u32 slot, u64 size);
	int (*alloc)(u32 slot, u64 size, u64 align);
	void (*free)(u32 slot);
	size_t (*bytes)(void);
	u64 (*missed)(void);
	bool pages_only;
	bool one_size;
	bool aligns;
	bool slow;
	bool sleeps;
	bool timed_only;
	u64 most;
};

extern const struct bench_peer bench_null;
extern const struct bench_peer bench_carveout;

void bench_mem_init(void *start, size_t bytes);
void *bench_mem(size_t bytes);
void *bench_mem_at(size_t mark);
size_t bench_mem_mark(void);
void bench_mem_reset(size_t mark);

int bench_place(const struct bench_peer *peer, u32 slot, u64 size);
int bench_fill(const struct bench_peer *peer, const struct bench_trace *trace);
u32 bench_chunk(const struct bench_peer *peer, const struct bench_op *op,
		unsigned int shift);

#endif /* CARVEOUT_BENCH_H */
