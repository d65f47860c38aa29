// SPDX-License-Identifier: GPL-2.0
/*
 * Creation of traces, and the steps of a measurement.
 */

#include "bench.h"

/* === Memory =============================================================== */

/*
 * All metadata of the allocators is in one contiguous piece, so that none of them has
 * an advantage from the placement of its pages.
 */
static u8 *mem_start;
static size_t mem_bytes;
static size_t mem_used;

/**
 * bench_mem_init() - Set the memory
 * @start: first byte
 * @bytes: size
 */
void bench_mem_init(void *start, size_t bytes)
{
	mem_start = start;
	mem_bytes = bytes;
	mem_used = 0;
}

/**
 * bench_mem() - Allocate memory
 * @bytes: size
 *
 * Return: memory, aligned to a cache line and zeroed, or NULL.
 */
void *bench_mem(size_t bytes)
{
	void *mem = mem_start + mem_used;

	bytes = (bytes + 63) & ~(size_t)63;
	if (bytes > mem_bytes - mem_used)
		return NULL;
	mem_used += bytes;
	return memset(mem, 0, bytes);
}

/**
 * bench_mem_mark() - Get the current position
 *
 * Return: position for bench_mem_reset().
 */
size_t bench_mem_mark(void)
{
	return mem_used;
}

/**
 * bench_mem_at() - Start of the memory allocated since a position
 * @mark: result of bench_mem_mark()
 *
 * Return: its first byte.
 */
void *bench_mem_at(size_t mark)
{
	return mem_start + mark;
}

/**
 * bench_mem_reset() - Free the memory allocated since a position
 * @mark: result of bench_mem_mark()
 */
void bench_mem_reset(size_t mark)
{
	mem_used = mark;
}

/* === Traces =============================================================== */

#define BENCH_A(name, arena, shift, octaves) { name, arena, shift, octaves, 0, 80 }
#define BENCH_B(name, live) { name, 0, 6, 4, live, 80 }
#define BENCH_C(name, shift, live) { name, 0, shift, 0, live, 80 }

const struct bench_case bench_cases[BENCH_CASES] = {
	BENCH_A("A-64M-4K-1M", 64ULL << 20, 12, 8),
	BENCH_A("A-64M-64B-64K", 64ULL << 20, 6, 10),
	BENCH_A("A-1G-4K-1M", 1ULL << 30, 12, 8),
	BENCH_A("A-1G-64B-64K", 1ULL << 30, 6, 10),
	BENCH_B("B-1e2", 100),
	BENCH_B("B-1e3", 1000),
	BENCH_B("B-1e4", 10000),
	BENCH_B("B-1e5", 100000),
	BENCH_B("B-1e6", 1000000),
	BENCH_C("C-256B", 8, 10000),
	BENCH_C("C-4K", 12, 10000),
};

/* 2^(i/16), with 16 fractional bits. */
static const u32 power[17] = {
	65536, 68438, 71468, 74632, 77936, 81386, 84990, 88752, 92682,
	96785, 101070, 105545, 110218, 115098, 120194, 125515, 131072,
};

/**
 * bench_units() - Draw a size
 * @state: state of the generator
 * @octaves: see &struct bench_case
 *
 * Return: log-uniform size, from 1 to 2^@octaves.
 */
u32 bench_units(u64 *state, unsigned int octaves)
{
	u64 random = bench_random(state);
	unsigned int octave = (random >> 32) * octaves >> 32;
	unsigned int step = random >> 28 & 15;
	u32 between = random & 0xffff;
	u32 value = power[step] + ((power[step + 1] - power[step]) * between >> 16);

	return value << octave >> 16;
}

/* Draw blocks until the arena is full or has @max blocks. Returns the units. */
static u64 draw_fill(struct bench_trace *trace, const struct bench_case *load, u32 max)
{
	u64 room = load->arena >> load->shift, sum = 0;
	u32 units, n;

	for (n = 0; n < max && (!room || sum < room); n++) {
		units = bench_units(&trace->seed, load->octaves);
		if (room && units > room - sum)
			units = room - sum;
		trace->fill[n].units = units;
		sum += units;
	}
	trace->nr_slots = n;
	return sum;
}

/* Number the blocks at random; units[] is by number. */
static void shuffle(struct bench_trace *trace, u32 *units)
{
	u32 i, j;

	for (i = 0; i < trace->nr_slots; i++) {
		j = bench_below(&trace->seed, i + 1);
		trace->fill[i].slot = trace->fill[j].slot;
		trace->fill[j].slot = i;
	}
	for (i = 0; i < trace->nr_slots; i++)
		units[trace->fill[i].slot] = trace->fill[i].units;
}

/*
 * The next size of a block, given the units in use without it. Sums stay between
 * @low and @high, or move in that direction.
 */
static u32 draw_size(struct bench_trace *trace, u64 others, u32 old, u64 low, u64 high)
{
	unsigned int try;

	for (try = 0; try < 32; try++) {
		u32 units = bench_units(&trace->seed, trace->octaves);
		u64 sum = others + units;

		if ((sum <= high || units <= old) && (sum >= low || units >= old))
			return units;
	}
	return old;
}

static void draw_ops(struct bench_trace *trace, const struct bench_case *load, u32 *units,
		     u64 sum)
{
	u64 room = trace->arena >> trace->shift;
	u64 low = room * (load->percent * 10 - 15) / 1000;
	u64 high = room * (load->percent * 10 + 15) / 1000;
	u32 i, slot;

	for (i = 0; i < trace->nr_ops; i++) {
		slot = bench_below(&trace->seed, trace->nr_live);
		sum -= units[slot];
		units[slot] = draw_size(trace, sum, units[slot], low, high);
		sum += units[slot];
		trace->op[i].slot = slot;
		trace->op[i].units = units[slot];
	}
}

/**
 * bench_trace_make() - Make the trace of a case
 * @trace: result; all memory from bench_mem() is freed first
 * @load: the case
 * @seed: different seeds result in different traces of the same kind
 * @nr_ops: number of operations
 *
 * Return: 0 or -ENOMEM.
 */
int bench_trace_make(struct bench_trace *trace, const struct bench_case *load, u64 seed,
		     u32 nr_ops)
{
	u32 max = load->live ? load->live * 100 / load->percent : BENCH_MAX_SLOTS;
	u64 sum, room;
	u32 *units;

	trace->shift = load->shift;
	trace->octaves = load->octaves;
	bench_mem_reset(0);
	trace->nr_spare = 0;
	trace->nr_ops = nr_ops;
	trace->seed = seed;
	trace->fill = bench_mem(max * sizeof(*trace->fill));
	trace->op = bench_mem(nr_ops * sizeof(*trace->op));
	units = bench_mem(max * sizeof(*units));
	if (!trace->fill || !trace->op || !units)
		return -ENOMEM;
	sum = draw_fill(trace, load, max);
	room = sum;
	trace->arena = room << load->shift;
	shuffle(trace, units);
	trace->nr_live = trace->nr_slots;
	while (load->live ? trace->nr_live > load->live : sum * 100 > room * load->percent)
		sum -= units[--trace->nr_live];
	draw_ops(trace, load, units, sum);
	return 0;
}

/* === Steps ================================================================ */

/**
 * bench_place() - Allocate while an arena is filled for the first time
 * @peer: allocator
 * @slot: empty slot
 * @size: bytes
 *
 * Return: 0, or a negative error number.
 */
int bench_place(const struct bench_peer *peer, u32 slot, u64 size)
{
	return peer->place ? peer->place(slot, size) : peer->alloc(slot, size, 0);
}

/**
 * bench_fill() - Set up an allocator with the initial state of a trace
 * @peer: allocator
 * @trace: trace
 *
 * Slots of an allocator that cannot fill an arena completely may stay empty.
 *
 * Return: 0, or a negative error number.
 */
int bench_fill(const struct bench_peer *peer, const struct bench_trace *trace)
{
	int err;
	u32 i;

	err = peer->setup(trace->arena, trace->shift, trace->nr_slots + trace->nr_spare);
	for (i = 0; i < trace->nr_slots && !err; i++) {
		err = bench_place(peer, trace->fill[i].slot,
				  (u64)trace->fill[i].units << trace->shift);
		if (err == -ENOSPC)
			err = 0;
	}
	for (i = trace->nr_live; i < trace->nr_slots && !err; i++)
		peer->free(i);
	return err;
}

/**
 * bench_chunk() - Execute a chunk of operations, the measured part
 * @peer: allocator
 * @op: %BENCH_CHUNK operations
 * @shift: log2 of the unit of sizes
 *
 * Return: number of allocations that failed.
 */
u32 bench_chunk(const struct bench_peer *peer, const struct bench_op *op,
		unsigned int shift)
{
	const struct bench_op *end = op + BENCH_CHUNK;
	u32 failed = 0;

	for (; op < end; op++) {
		peer->free(op->slot);
		if (peer->alloc(op->slot, (u64)op->units << shift, 0))
			failed++;
	}
	return failed;
}
