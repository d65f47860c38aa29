// SPDX-License-Identifier: GPL-2.0
/*
 * Time of a free and an allocation: per chunk, and one by one.
 *
 * The allocators take turns, pass by pass. The result for a chunk or an operation is its
 * minimum time over the passes: all passes do the same work, so any additional time is
 * due to other activity of the machine.
 */

#define pr_fmt(fmt) "bench: " fmt

#include <linux/irqflags.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sort.h>

#include "kernel.h"

#define OPS ((BENCH_WARM + BENCH_CHUNKS) * BENCH_CHUNK)
#define TIMED (BENCH_CHUNKS * BENCH_CHUNK)

/* Passes of a slow allocator, whose pass takes as long as those of all others. */
#define SLOW_PASSES 3

static u64 least[BENCH_PEERS][BENCH_CHUNKS];

/**
 * bench_warm_up() - Fill an arena and churn it
 * @peer: allocator
 * @trace: trace; its first %BENCH_WARM chunks are executed
 *
 * Return: 0, or a negative error number.
 */
int bench_warm_up(const struct bench_peer *peer, const struct bench_trace *trace)
{
	unsigned int i;
	int err;

	err = bench_fill(peer, trace);
	for (i = 0; i < BENCH_WARM && !err; i++) {
		bench_chunk(peer, trace->op + i * BENCH_CHUNK, trace->shift);
		cond_resched();
	}
	return err;
}

/* Does this allocator run this trace in this turn? */
static bool has_turn(const struct bench_peer *peer, const struct bench_case *load,
		     const struct bench_trace *trace, unsigned int done, unsigned int limit)
{
	if (peer->most && trace->arena > peer->most)
		return false;
	return done < limit && bench_takes_part(peer, load->shift, !load->octaves);
}

/*
 * Let the allocators take turns over a trace: each starts from the same arena, and its
 * memory from bench_mem() is freed before the next turn. A slow allocator has fewer
 * turns.
 */
static int take_turns(const struct bench_case *load, const struct bench_trace *trace,
		      unsigned int turns, unsigned int slow_turns,
		      void (*turn)(const struct bench_case *load,
				   const struct bench_trace *trace, unsigned int nr, bool last))
{
	size_t mark = bench_mem_mark();
	unsigned int done, i, limit;
	int err;

	for (done = 0; done < turns; done++) {
		for (i = 0; i < BENCH_PEERS; i++) {
			limit = bench_peers[i]->slow ? min(slow_turns, turns) : turns;
			if (!has_turn(bench_peers[i], load, trace, done, limit))
				continue;
			bench_mem_reset(mark);
			err = bench_warm_up(bench_peers[i], trace);
			if (err)
				return err;
			turn(load, trace, i, done == limit - 1);
			if (bench_peers[i]->teardown)
				bench_peers[i]->teardown();
		}
	}
	return 0;
}

/*
 * Disable interrupts, so that nothing else is measured. An allocator that may sleep
 * runs with interrupts enabled; its minimum time is without their influence.
 */
static unsigned long quiet(const struct bench_peer *peer)
{
	unsigned long flags;

	local_save_flags(flags);
	if (!peer->sleeps)
		local_irq_disable();
	return flags;
}

/* === Per chunk ============================================================ */

static void time_chunks(const struct bench_peer *peer, const struct bench_trace *trace,
			u64 *best, u32 *failed)
{
	const struct bench_op *op = trace->op + BENCH_WARM * BENCH_CHUNK;
	unsigned long flags;
	unsigned int i;
	u64 time;

	*failed = 0;
	for (i = 0; i < BENCH_CHUNKS; i++, op += BENCH_CHUNK) {
		flags = quiet(peer);
		time = bench_clock();
		*failed += bench_chunk(peer, op, trace->shift);
		time = bench_clock() - time;
		local_irq_restore(flags);
		best[i] = min(best[i], time);
		cond_resched();
	}
}

static void log_chunks(const struct bench_case *load, const struct bench_peer *peer,
		       const struct bench_trace *trace, const u64 *best, u32 failed)
{
	static char text[BENCH_CHUNKS * 12];
	unsigned int i, n = 0;

	for (i = 0; i < BENCH_CHUNKS; i++)
		n += scnprintf(text + n, sizeof(text) - n, ",%llu", best[i]);
	pr_info("time case=%s peer=%s live=%u failed=%u bytes=%zu cycles=%s\n", load->name,
		peer->name, trace->nr_live, failed, peer->bytes ? peer->bytes() : 0,
		text + 1);
}

static void time_turn(const struct bench_case *load, const struct bench_trace *trace,
		      unsigned int nr, bool last)
{
	u32 failed;

	time_chunks(bench_peers[nr], trace, least[nr], &failed);
	if (last)
		log_chunks(load, bench_peers[nr], trace, least[nr], failed);
}

static int time_case(const struct bench_case *load, unsigned int repeats)
{
	struct bench_trace trace;
	int err;

	err = bench_trace_make(&trace, load, BENCH_SEED, OPS);
	if (err)
		return err;
	memset(least, 0xff, sizeof(least));
	return take_turns(load, &trace, repeats, SLOW_PASSES, time_turn);
}

/**
 * bench_time_all() - Time all cases
 * @repeats: number of passes
 *
 * Return: 0, or a negative error number.
 */
int bench_time_all(unsigned int repeats)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(bench_cases) && !err; i++)
		err = time_case(&bench_cases[i], repeats);
	return err;
}

/* === One by one =========================================================== */

/* The minimum time of each allocation and of each free, by allocator. */
static struct singles {
	u32 *alloc;
	u32 *free;
} singles[BENCH_PEERS];

static void time_singles(const struct bench_peer *peer, const struct bench_trace *trace,
			 struct singles *best)
{
	const struct bench_op *op = trace->op + BENCH_WARM * BENCH_CHUNK;
	u64 start, middle, end;
	unsigned long flags;
	u32 i;

	for (i = 0; i < TIMED; i++, op++) {
		u64 size = (u64)op->units << trace->shift;

		if (!(i % BENCH_CHUNK))
			cond_resched();
		flags = quiet(peer);
		start = bench_clock();
		peer->free(op->slot);
		middle = bench_clock();
		peer->alloc(op->slot, size, 0);
		end = bench_clock();
		local_irq_restore(flags);
		best->free[i] = min_t(u64, best->free[i], middle - start);
		best->alloc[i] = min_t(u64, best->alloc[i], end - middle);
	}
}

static int compare(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static void log_singles(const struct bench_case *load, const struct bench_peer *peer,
			const char *what, u32 *times)
{
	sort(times, TIMED, sizeof(*times), compare, NULL);
	pr_info("single case=%s peer=%s op=%s p50=%u p999=%u max=%u\n", load->name,
		peer->name, what, times[TIMED / 2], times[TIMED - TIMED / 1000],
		times[TIMED - 1]);
}

static void single_turn(const struct bench_case *load, const struct bench_trace *trace,
			unsigned int nr, bool last)
{
	time_singles(bench_peers[nr], trace, &singles[nr]);
	if (last) {
		log_singles(load, bench_peers[nr], "alloc", singles[nr].alloc);
		log_singles(load, bench_peers[nr], "free", singles[nr].free);
	}
}

static u32 *take_times(void)
{
	u32 *times = bench_mem(TIMED * sizeof(*times));

	return times ? memset(times, 0xff, TIMED * sizeof(*times)) : NULL;
}

static int single_case(const struct bench_case *load, unsigned int repeats)
{
	struct bench_trace trace;
	unsigned int i;
	int err;

	err = bench_trace_make(&trace, load, BENCH_SEED, OPS);
	for (i = 0; i < BENCH_PEERS && !err; i++) {
		singles[i].alloc = take_times();
		singles[i].free = take_times();
		if (!singles[i].alloc || !singles[i].free)
			err = -ENOMEM;
	}
	return err ? err : take_turns(load, &trace, repeats, 0, single_turn);
}

/**
 * bench_single_all() - Time the operations of the small arenas one by one
 * @repeats: number of passes
 *
 * Return: 0, or a negative error number.
 */
int bench_single_all(unsigned int repeats)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(bench_cases) && !err; i++)
		if (bench_cases[i].arena == 64ULL << 20)
			err = single_case(&bench_cases[i], repeats);
	return err;
}
