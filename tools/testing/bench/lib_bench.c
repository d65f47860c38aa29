// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the benchmark's traces on lib/ in an ordinary program.
 *
 *   lib_bench [CASE...]         time all cases, or these
 *   lib_bench -c PEER CASE      run a case once, for callgrind
 *   lib_bench -l                list the cases
 *
 * Under "valgrind --tool=callgrind --toggle-collect=bench_chunk" the second form
 * counts the instructions of the timed chunks, once with the allocator and once with
 * the empty one; the difference is the allocator's own.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "bench.h"

#define MEM_BYTES (1UL << 30)
#define REPEATS 5
#define SEED 1

static const struct bench_peer *const peers[] = { &bench_null, &bench_carveout };

#define PEERS ARRAY_SIZE(peers)

void carveout_assert_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
	abort();
}

static void die(const char *what, const char *name)
{
	fprintf(stderr, "lib_bench: %s: %s\n", what, name);
	exit(1);
}

static const struct bench_case *find_case(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bench_cases); i++)
		if (!strcmp(bench_cases[i].name, name))
			return &bench_cases[i];
	die("no such case", name);
	return NULL;
}

static const struct bench_peer *find_peer(const char *name)
{
	unsigned int i;

	for (i = 0; i < PEERS; i++)
		if (!strcmp(peers[i]->name, name))
			return peers[i];
	die("no such allocator", name);
	return NULL;
}

static void make_trace(struct bench_trace *trace, const struct bench_case *load)
{
	if (bench_trace_make(trace, load, SEED, (BENCH_WARM + BENCH_CHUNKS) * BENCH_CHUNK))
		die("no memory", load->name);
}

/* === Counting ============================================================= */

/* Like bench_chunk(), but with another name, so that callgrind does not count it. */
static void warm_up(const struct bench_peer *peer, const struct bench_trace *trace)
{
	const struct bench_op *op = trace->op;
	u32 i;

	for (i = 0; i < BENCH_WARM * BENCH_CHUNK; i++, op++) {
		peer->free(op->slot);
		peer->alloc(op->slot, (u64)op->units << trace->shift, 0);
	}
}

static void count_case(const struct bench_peer *peer, const struct bench_case *load)
{
	struct bench_trace trace;
	u32 i, failed = 0;

	make_trace(&trace, load);
	if (bench_fill(peer, &trace))
		die("no memory", load->name);
	warm_up(peer, &trace);
	for (i = BENCH_WARM; i < BENCH_WARM + BENCH_CHUNKS; i++)
		failed += bench_chunk(peer, trace.op + i * BENCH_CHUNK, trace.shift);
	printf("bench: count case=%s peer=%s pairs=%u live=%u failed=%u\n", load->name,
	       peer->name, BENCH_CHUNKS * BENCH_CHUNK, trace.nr_live, failed);
}

/* === Timing =============================================================== */

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* One pass over the trace; keeps the minimum time of each chunk. */
static u32 time_pass(const struct bench_peer *peer, const struct bench_trace *trace,
		     u64 least[BENCH_CHUNKS])
{
	u32 i, failed = 0;
	u64 start;

	if (bench_fill(peer, trace))
		die("no memory", peer->name);
	warm_up(peer, trace);
	for (i = 0; i < BENCH_CHUNKS; i++) {
		const struct bench_op *op = trace->op + (BENCH_WARM + i) * BENCH_CHUNK;

		start = now_ns();
		failed += bench_chunk(peer, op, trace->shift);
		least[i] = min(least[i], now_ns() - start);
	}
	return failed;
}

static void time_case(const struct bench_case *load)
{
	u64 least[PEERS][BENCH_CHUNKS];
	struct bench_trace trace;
	u32 i, k, failed[PEERS];
	size_t mark;

	make_trace(&trace, load);
	mark = bench_mem_mark();
	memset(least, 0xff, sizeof(least));
	for (k = 0; k < REPEATS; k++) {
		for (i = 0; i < PEERS; i++) {
			bench_mem_reset(mark);
			failed[i] = time_pass(peers[i], &trace, least[i]);
		}
	}
	for (i = 0; i < PEERS; i++) {
		printf("bench: usertime case=%s peer=%s live=%u failed=%u ps=", load->name,
		       peers[i]->name, trace.nr_live, failed[i]);
		for (k = 0; k < BENCH_CHUNKS; k++)
			printf("%s%llu", k ? "," : "", least[i][k] * 1000 / BENCH_CHUNK);
		printf("\n");
	}
}

/* ========================================================================== */

static void init_mem(void)
{
	void *mem = mmap(NULL, MEM_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mem == MAP_FAILED)
		die("mmap", "no memory");
	/* Huge pages, as in the linear mapping of a kernel. */
	madvise(mem, MEM_BYTES, MADV_HUGEPAGE);
	bench_mem_init(mem, MEM_BYTES);
	/* Any access to the arena is fatal. */
	mem = mmap((void *)BENCH_BASE, MEM_BYTES, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	if (mem != (void *)BENCH_BASE)
		die("mmap", "the arena's address is taken");
}

int main(int argc, char **argv)
{
	unsigned int i;

	init_mem();
	if (argc == 4 && !strcmp(argv[1], "-c")) {
		count_case(find_peer(argv[2]), find_case(argv[3]));
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "-l")) {
		for (i = 0; i < ARRAY_SIZE(bench_cases); i++)
			printf("%s\n", bench_cases[i].name);
		return 0;
	}
	for (i = 1; i < (unsigned int)argc; i++)
		time_case(find_case(argv[i]));
	for (i = 0; argc == 1 && i < ARRAY_SIZE(bench_cases); i++)
		time_case(&bench_cases[i]);
	return 0;
}
