// SPDX-License-Identifier: GPL-2.0
/*
 * Arenas in a given state: the time of a failing allocation, whether a hole of the exact
 * size is always found, the number of requests that fail in a nearly full arena, and
 * its utilisation at the first failure.
 */

#define pr_fmt(fmt) "bench: " fmt

#include <linux/irqflags.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sort.h>

#include "kernel.h"

#define ARENA (64ULL << 20)

/* === Failing allocations ================================================== */

/**
 * struct state - An arena with a given layout, and a request that must fail
 * @name: name, without blanks
 * @shift: log2 of the unit
 * @units: size of a block; the last block is truncated at the end of the arena
 * @kept: is the block still allocated at the time of the request?
 * @size: size of the request, in units
 * @align: alignment of the request, in units; 0 for none
 */
struct state {
	const char *name;
	unsigned int shift;
	u32 (*units)(u32 block);
	bool (*kept)(u32 block);
	u32 size;
	u32 align;
};

static u32 one_unit(u32 block)
{
	return 1;
}

/* Keep every other block: no hole is at an aligned address. */
static bool even(u32 block)
{
	return !(block & 1);
}

/* Holes of 16 sizes in about one bin, with single units between them. */
static u32 comb(u32 block)
{
	return block & 1 ? 1 : 1024 + block / 2 % 16;
}

static bool odd(u32 block)
{
	return block & 1;
}

/* Holes of many sizes, each starts one page behind a multiple of 1 MiB. */
static u32 staircase(u32 block)
{
	u32 hole = 16 + block / 3 * 3;

	switch (block % 3) {
	case 0:
		return 1;
	case 1:
		return hole;
	default:
		return 255 - hole;
	}
}

static bool no_middle(u32 block)
{
	return block % 3 != 1;
}

static const struct state states[] = {
	{ "checkerboard-4K", 12, one_unit, even, 2, 0 },
	{ "checkerboard-4K-aligned", 12, one_unit, even, 1, 2 },
	{ "checkerboard-64B", 6, one_unit, even, 2, 0 },
	{ "checkerboard-64B-aligned", 6, one_unit, even, 1, 2 },
	{ "comb-64B", 6, comb, odd, 1040, 0 },
	{ "staircase-4K-aligned", 12, staircase, no_middle, 16, 256 },
};

/* Returns the number of blocks, which is the first empty slot, or an error number. */
static int make_state(const struct bench_peer *peer, const struct state *state)
{
	u64 room = ARENA >> state->shift, at;
	u32 block, n, units;
	int err;

	for (n = 0, at = 0; at < room; n++)
		at += state->units(n);
	err = peer->setup(ARENA, state->shift, n + 1);
	for (block = 0, at = 0; at < room && !err; block++, at += units) {
		units = min_t(u64, state->units(block), room - at);
		err = bench_place(peer, block, (u64)units << state->shift);
	}
	for (block = 0; block < n && !err; block++)
		if (!state->kept(block))
			peer->free(block);
	return err ? err : n;
}

static u64 time_failures(const struct bench_peer *peer, const struct state *state, u32 slot,
			 u32 count, u32 *served)
{
	u64 size = (u64)state->size << state->shift, align = (u64)state->align << state->shift;
	unsigned long flags;
	u64 time;
	u32 i;

	local_irq_save(flags);
	time = bench_clock();
	for (i = 0; i < count; i++)
		*served += !peer->alloc(slot, size, align);
	time = bench_clock() - time;
	local_irq_restore(flags);
	cond_resched();
	return time;
}

/* Evict the allocator's metadata from all caches, and most of its code. */
static void chill(size_t mark)
{
	static u8 other[8 << 20];
	u8 *at = bench_mem_at(mark), *end = bench_mem_at(bench_mem_mark());
	unsigned int i;

	for (i = 0; i < sizeof(other); i += 64)
		other[i]++;
	for (; at < end; at += 64)
		asm volatile("clflush %0" : "+m" (*at));
	asm volatile("mfence" : : : "memory");
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

#define COLD_TRIES 15

static u64 cold_median(const struct bench_peer *peer, const struct state *state, u32 slot,
		       size_t mark)
{
	u64 time[COLD_TRIES];
	u32 served = 0, i;

	for (i = 0; i < COLD_TRIES; i++) {
		chill(mark);
		time[i] = time_failures(peer, state, slot, 1, &served);
	}
	sort(time, COLD_TRIES, sizeof(*time), compare, NULL);
	return time[COLD_TRIES / 2];
}

static int failing_peer(const struct bench_peer *peer, const struct state *state,
			unsigned int repeats)
{
	u64 warm = U64_MAX, cold, time;
	u32 served = 0, count, i;
	size_t mark;
	int slot;

	bench_mem_reset(0);
	mark = bench_mem_mark();
	slot = make_state(peer, state);
	if (slot < 0)
		return slot;
	time = time_failures(peer, state, slot, 1, &served);
	count = clamp_t(u64, 10000000 / (time + 1), 4, 1024);
	for (i = 0; i < repeats; i++)
		warm = min(warm, time_failures(peer, state, slot, count, &served));
	cold = cold_median(peer, state, slot, mark);
	pr_info("failing state=%s peer=%s count=%u served=%u warm=%llu cold=%llu\n",
		state->name, peer->name, count, served, warm, cold);
	return 0;
}

/**
 * bench_failing_all() - Time allocations that must fail
 * @repeats: number of repeats; the minimum time counts
 *
 * Return: 0, or a negative error number.
 */
int bench_failing_all(unsigned int repeats)
{
	unsigned int i, k;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		for (k = 0; k < BENCH_PEERS && !err; k++) {
			const struct bench_peer *peer = bench_peers[k];

			if (!bench_has_states(peer) ||
			    !bench_takes_part(peer, states[i].shift, false) ||
			    (states[i].align && !peer->aligns))
				continue;
			err = failing_peer(peer, &states[i], repeats);
		}
	}
	return err;
}

/* === Full arenas ========================================================== */

static const struct bench_case full_cases[] = {
	{ "64M-4K-1M", ARENA, 12, 8, 0, 95 },
	{ "64M-64B-64K", ARENA, 6, 10, 0, 95 },
};

#define REFITS 4096

/* Free one block of an arena without holes, and allocate the same size again. */
static int refit_peer(const struct bench_peer *peer, const struct bench_case *load)
{
	struct bench_trace trace;
	u32 i, failed = 0;
	int err;

	err = bench_trace_make(&trace, load, BENCH_SEED, 0);
	if (err)
		return err;
	trace.nr_live = trace.nr_slots;
	err = bench_fill(peer, &trace);
	for (i = 0; i < REFITS && !err; i++) {
		const struct bench_op *op = &trace.fill[bench_below(&trace.seed, trace.nr_slots)];

		peer->free(op->slot);
		failed += !!peer->alloc(op->slot, (u64)op->units << load->shift, 0);
		cond_resched();
	}
	pr_info("refit case=%s peer=%s tried=%u failed=%u\n", load->name, peer->name, REFITS,
		failed);
	return err;
}

/**
 * bench_refit_all() - Is the only hole found when it has the exact size?
 *
 * Return: 0, or a negative error number.
 */
int bench_refit_all(void)
{
	unsigned int i, k;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(full_cases); i++)
		for (k = 0; k < BENCH_PEERS && !err; k++)
			if (bench_has_states(bench_peers[k]) &&
			    bench_takes_part(bench_peers[k], full_cases[i].shift, false))
				err = refit_peer(bench_peers[k], &full_cases[i]);
	return err;
}

/* Number of traces of a kind; a slow allocator runs fewer. */
#define SEEDS 32
#define SLOW_SEEDS 8
#define FULL_OPS (96 * BENCH_CHUNK)
#define FILL_OPS (16 * BENCH_CHUNK)

/* One of this number of requests is aligned, in runs with alignment. */
#define ALIGN_EVERY 4

/* Numbers of failed plain and aligned requests, by trace. */
struct failures {
	u32 plain[SEEDS];
	u32 aligned[SEEDS];
};

static const char *list_of(const u32 *values, unsigned int count)
{
	static char text[2][SEEDS * 9];
	static unsigned int turn;
	unsigned int i, n = 0;

	turn = !turn;
	for (i = 0; i < count; i++)
		n += scnprintf(text[turn] + n, sizeof(*text) - n, ",%u", values[i]);
	return text[turn] + 1;
}

static void churn(const struct bench_peer *peer, const struct bench_trace *trace,
		  u64 aligned, u32 *plain_failed, u32 *aligned_failed)
{
	u32 i;

	for (i = 0; i < trace->nr_ops; i++) {
		const struct bench_op *op = &trace->op[i];
		u64 align = i % ALIGN_EVERY ? 0 : aligned;

		peer->free(op->slot);
		if (peer->alloc(op->slot, (u64)op->units << trace->shift, align))
			++*(align ? aligned_failed : plain_failed);
		if (i % BENCH_CHUNK == 0)
			cond_resched();
	}
}

/* Fill an arena with the trace of a seed, and count the requests that fail then. */
static int churn_seed(const struct bench_peer *peer, const struct bench_case *load,
		      unsigned int seed, u32 ops, u64 align, u32 *plain, u32 *aligned)
{
	struct bench_trace trace;
	int err;

	err = bench_trace_make(&trace, load, BENCH_SEED + seed, ops);
	if (!err)
		err = bench_fill(peer, &trace);
	if (!err)
		churn(peer, &trace, align, plain, aligned);
	return err;
}

static int full_case(const struct bench_peer *peer, const struct bench_case *load,
		     u64 aligned)
{
	static struct failures failures;
	unsigned int seed;
	u64 missed = 0;
	int err = 0;

	memset(&failures, 0, sizeof(failures));
	for (seed = 0; seed < SEEDS && !err; seed++) {
		err = churn_seed(peer, load, seed, FULL_OPS, aligned, &failures.plain[seed],
				 &failures.aligned[seed]);
		if (!err && peer->missed)
			missed += peer->missed();
	}
	pr_info("full case=%s peer=%s align=%llu tried=%u missed=%llu plain=%s aligned=%s\n",
		load->name, peer->name, aligned, SEEDS * FULL_OPS, missed,
		list_of(failures.plain, SEEDS), list_of(failures.aligned, SEEDS));
	return err;
}

/**
 * bench_full_all() - Count failing requests in arenas that are 95 per cent full
 *
 * Return: 0, or a negative error number.
 */
int bench_full_all(void)
{
	static const u64 align[] = { 0, 16 << 10, 64 << 10 };
	unsigned int i, j, k;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(full_cases); i++)
		for (j = 0; j < ARRAY_SIZE(align); j++)
			for (k = 1; k < BENCH_PEERS && !err; k++)
				if (bench_has_states(bench_peers[k]) && bench_peers[k]->aligns)
					err = full_case(bench_peers[k], &full_cases[i], align[j]);
	return err;
}

/* Count failing requests of one allocator in arenas that are filled to load->percent. */
static int fill_case(const struct bench_peer *peer, const struct bench_case *load)
{
	u32 failed = 0, aligned = 0;
	unsigned int seed;
	int err = 0;

	for (seed = 0; seed < SLOW_SEEDS && !err; seed++)
		err = churn_seed(peer, load, seed, FILL_OPS, 0, &failed, &aligned);
	pr_info("fill case=%s peer=%s percent=%u tried=%u failed=%u\n", load->name, peer->name,
		load->percent, SLOW_SEEDS * FILL_OPS, failed);
	return err;
}

/**
 * bench_fill_all() - Count failing requests in arenas that are more and more full
 *
 * Return: 0, or a negative error number.
 */
int bench_fill_all(void)
{
	static const u32 percent[] = { 80, 85, 90, 93, 95, 97, 99 };
	unsigned int i, j, k;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(full_cases); i++) {
		for (j = 0; j < ARRAY_SIZE(percent); j++) {
			struct bench_case load = full_cases[i];

			load.percent = percent[j];
			for (k = 1; k < BENCH_PEERS && !err; k++)
				if (bench_has_states(bench_peers[k]) &&
				    bench_takes_part(bench_peers[k], load.shift, false))
					err = fill_case(bench_peers[k], &load);
		}
	}
	return err;
}

/* === Utilisation ========================================================== */

/* Churn the arena, then allocate until the first failure: bytes in use. */
static int used_at_failure(const struct bench_peer *peer, const struct bench_trace *trace,
			   u64 *used)
{
	u64 state = trace->seed;
	u32 i, slot, units;
	u32 *live = bench_mem(trace->nr_live * sizeof(*live));

	if (!live)
		return -ENOMEM;
	for (i = 0; i < trace->nr_slots; i++)
		if (trace->fill[i].slot < trace->nr_live)
			live[trace->fill[i].slot] = trace->fill[i].units;
	for (i = 0; i < trace->nr_ops; i++) {
		const struct bench_op *op = &trace->op[i];

		peer->free(op->slot);
		live[op->slot] = op->units;
		if (peer->alloc(op->slot, (u64)op->units << trace->shift, 0))
			live[op->slot] = 0;
		if (i % BENCH_CHUNK == 0)
			cond_resched();
	}
	for (slot = 0, *used = 0; slot < trace->nr_live; slot++)
		*used += (u64)live[slot] << trace->shift;
	for (; slot < trace->nr_slots + trace->nr_spare; slot++) {
		units = bench_units(&state, trace->octaves);
		if (peer->alloc(slot, (u64)units << trace->shift, 0))
			return 0;
		*used += (u64)units << trace->shift;
	}
	return -ENOSPC;
}

static int utilise(const struct bench_peer *peer, const struct bench_case *load)
{
	unsigned int seed, seeds = peer->slow ? SLOW_SEEDS : SEEDS;
	static u32 ppm[SEEDS];
	struct bench_trace trace;
	u64 used = 0;
	int err = 0;

	for (seed = 0; seed < seeds && !err; seed++) {
		err = bench_trace_make(&trace, load, BENCH_SEED + seed, 64 * BENCH_CHUNK);
		if (err)
			break;
		/* The number of blocks may increase. */
		trace.nr_spare = trace.nr_slots / 2;
		err = bench_fill(peer, &trace);
		if (!err)
			err = used_at_failure(peer, &trace, &used);
		ppm[seed] = used * 1000000 / load->arena;
	}
	pr_info("utilisation case=%s peer=%s ppm=%s\n", load->name, peer->name,
		list_of(ppm, seeds));
	return err;
}

/**
 * bench_utilisation_all() - How full is an arena when the first request fails?
 *
 * Return: 0, or a negative error number.
 */
int bench_utilisation_all(void)
{
	unsigned int i, k;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(bench_cases) && bench_cases[i].arena; i++) {
		for (k = 1; k < BENCH_PEERS && !err; k++) {
			const struct bench_peer *peer = bench_peers[k];

			if (!peer->pages_only && bench_has_states(peer) &&
			    (bench_cases[i].arena == ARENA || !peer->slow))
				err = utilise(peer, &bench_cases[i]);
		}
	}
	return err;
}
