/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is measured, and the steps of a measurement, in a program and in a kernel.
 */

#ifndef CARVEOUT_BENCH_H
#define CARVEOUT_BENCH_H

#include "carveout_lib.h"
#include "trace.h"

/**
 * struct bench_peer - An allocator to be measured
 * @name: without blanks
 * @setup: make an empty arena at %BENCH_BASE, and that many empty slots
 * @teardown: free all and give back what was not taken from bench_mem(), or NULL if
 *	everything is
 * @place: allocate for a slot at the end of what is allocated, or NULL to call @alloc
 * @alloc: allocate for an empty slot; @align is 0 or a power of two
 * @free: free a slot's block, if it has one
 * @bytes: memory that the allocator has taken for its books so far, or NULL
 * @missed: requests refused so far although an untried hole might have served, or NULL
 * @pages_only: it serves whole pages, which it is not asked for less than
 * @one_size: its blocks have the size of one unit, and are memory that it takes itself
 * @aligns: it heeds @align
 * @slow: it is given fewer repeats
 * @sleeps: it is timed with interrupts enabled, which its calls may need
 * @timed_only: what it finds and refuses is said of another one that it is made of
 * @most: bytes of the largest arena that it is given, or 0
 *
 * There is one arena of each at a time, in memory from bench_mem(). Its address is a
 * number; there is nothing at it.
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
