/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Traces: the operations of the benchmarks, the same in a program and in a kernel, on
 * every machine.
 *
 * A trace first fills an arena completely, in the order of the addresses, and frees
 * random blocks down to the utilisation of the case. So every allocator starts from
 * the same arena with holes throughout. Then each operation frees a random live block
 * and allocates one of another random size in its place.
 *
 * Sizes are log-uniform: from 4 KiB to 8 KiB there are as many as from 512 KiB to
 * 1 MiB. A size that would move the utilisation too far from that of the case is drawn
 * again.
 */

#ifndef CARVEOUT_BENCH_TRACE_H
#define CARVEOUT_BENCH_TRACE_H

#include "carveout_lib.h"

/* Operations timed together (a chunk); number of warm-up chunks and of timed chunks. */
#define BENCH_CHUNK 1024
#define BENCH_WARM 32
#define BENCH_CHUNKS 32

/*
 * Start of every arena. Neither a program nor user-mode Linux has memory mapped there:
 * an allocator that accesses the memory that it allocates crashes.
 */
#define BENCH_BASE 0x10000000000ULL

/**
 * struct bench_case - One kind of load
 * @name: name, without blanks
 * @arena: bytes; 0 for as many as @live blocks need
 * @shift: log2 of the unit of all sizes
 * @octaves: sizes range from one unit to 2^@octaves units; 0: all are one unit
 * @live: number of live blocks; 0 for as many as fit
 * @percent: utilisation of the arena
 */
struct bench_case {
	const char *name;
	u64 arena;
	unsigned int shift;
	unsigned int octaves;
	u32 live;
	u32 percent;
};

#define BENCH_CASES 11
extern const struct bench_case bench_cases[BENCH_CASES];

/* Cases of an unlimited number of blocks have fewer than this. */
#define BENCH_MAX_SLOTS 0x20000

/**
 * struct bench_op - One operation
 * @slot: the block that is freed and allocated again
 * @units: its new size
 */
struct bench_op {
	u32 slot;
	u32 units;
};

/**
 * struct bench_trace - Operations for an allocator
 * @arena: bytes
 * @shift: log2 of the unit
 * @octaves: see &struct bench_case
 * @nr_slots: number of blocks of the fill
 * @nr_live: number of blocks that stay: slots from here on are freed after the fill
 * @nr_spare: number of empty slots behind those
 * @nr_ops: number of operations
 * @fill: the blocks of the fill in the order of their addresses
 * @op: the operations after that
 * @seed: state of the generator after that
 */
struct bench_trace {
	u64 arena;
	unsigned int shift;
	unsigned int octaves;
	u32 nr_slots;
	u32 nr_live;
	u32 nr_spare;
	u32 nr_ops;
	struct bench_op *fill;
	struct bench_op *op;
	u64 seed;
};

/* The generator is splitmix64. */
static inline u64 bench_random(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static inline u32 bench_below(u64 *state, u32 limit)
{
	return (bench_random(state) >> 32) * limit >> 32;
}

u32 bench_units(u64 *state, unsigned int octaves);
int bench_trace_make(struct bench_trace *trace, const struct bench_case *load, u64 seed,
		     u32 nr_ops);

#endif /* CARVEOUT_BENCH_TRACE_H */
