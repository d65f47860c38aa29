// SPDX-License-Identifier: GPL-2.0
/*
 * Time of an allocation and a free while several CPUs use one heap.
 *
 * The heap is that of a case: 80 % full, with holes throughout. Each thread has its own
 * slots, trace and CPU. The CPUs are emulated, and on a busy machine often only one of
 * them runs. So pieces of work are short, and a piece counts only if the other thread
 * did about as much at the same time: with less, the other was not running; with more,
 * this one was not. The result is the median of the pieces that count.
 */

#define pr_fmt(fmt) "bench: " fmt

#include <linux/err.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sort.h>

#include "cpus.h"

#define CPUS	2
#define SLOTS	256
#define PIECE	64
#define PIECES	300
#define ROUNDS	3
#define SECONDS	4	/* maximum time of a round */
#define OPS	(256 * PIECE)

/**
 * struct cpu - One thread
 * @peer: allocator
 * @trace: trace that defines the sizes
 * @op: operations, executed repeatedly
 * @task: the thread
 * @other: the concurrent thread, or NULL
 * @left: number of threads that have not finished
 * @done: operations so far
 * @time: nanoseconds of each piece that counts
 * @count: number of entries of @time
 * @failed: allocations that failed
 */
struct cpu {
	const struct bench_peer *peer;
	const struct bench_trace *trace;
	struct bench_op *op;
	struct task_struct *task;
	const struct cpu *other;
	atomic_t *left;
	u64 *time;
	unsigned int count;
	u32 failed;
	u32 done ____cacheline_aligned;
};

static struct cpu cpus[CPUS];
static u64 times[CPUS * ROUNDS * PIECES];

static void do_piece(struct cpu *cpu, const struct bench_op *op)
{
	const struct bench_op *end = op + PIECE;

	for (; op < end; op++) {
		cpu->peer->free(op->slot);
		if (cpu->peer->alloc(op->slot, (u64)op->units << cpu->trace->shift, 0))
			cpu->failed++;
		WRITE_ONCE(cpu->done, cpu->done + 1);
	}
}

/* Did the other thread run for about the same time as this one? */
static bool was_beside(const struct cpu *cpu, u32 done)
{
	u32 more;

	if (!cpu->other)
		return true;
	more = READ_ONCE(cpu->other->done) - done;
	return more >= PIECE / 2 && more <= PIECE * 2;
}

static void time_piece(struct cpu *cpu, const struct bench_op *op)
{
	u32 done = cpu->other ? READ_ONCE(cpu->other->done) : 0;
	u64 time = ktime_get_ns();

	do_piece(cpu, op);
	time = ktime_get_ns() - time;
	if (cpu->count < PIECES && was_beside(cpu, done))
		cpu->time[cpu->count++] = time;
}

static int work(void *data)
{
	struct cpu *cpu = data;
	unsigned long end = jiffies + SECONDS * HZ;
	bool enough = false;
	unsigned int i;

	for (i = 0; atomic_read(cpu->left); i++) {
		time_piece(cpu, cpu->op + i * PIECE % OPS);
		if (!enough && (cpu->count == PIECES || time_after(jiffies, end))) {
			enough = true;
			atomic_dec(cpu->left);
		}
		cond_resched();
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* Use the spare slots: behind those of the case, and empty at the start. */
static int make_ops(struct cpu *cpu, struct bench_trace *trace, unsigned int nr)
{
	u32 first = trace->nr_slots + nr * SLOTS, i;

	cpu->trace = trace;
	cpu->op = bench_mem(OPS * sizeof(*cpu->op));
	if (!cpu->op)
		return -ENOMEM;
	for (i = 0; i < OPS; i++) {
		cpu->op[i].slot = first + bench_below(&trace->seed, SLOTS);
		cpu->op[i].units = bench_units(&trace->seed, trace->octaves);
	}
	return 0;
}

static int start(struct cpu *cpu, unsigned int nr)
{
	cpu->done = 0;
	cpu->count = 0;
	cpu->failed = 0;
	cpu->task = kthread_create(work, cpu, "bench/%u", nr);
	if (IS_ERR(cpu->task))
		return PTR_ERR(cpu->task);
	kthread_bind(cpu->task, nr);
	return 0;
}

/* Run @nr_cpus threads. Stores their times in @time; returns the number of times. */
static int run(const struct bench_peer *peer, unsigned int nr_cpus, u64 *time)
{
	atomic_t left = ATOMIC_INIT(nr_cpus);
	unsigned int i;
	int count = 0, err;

	for (i = 0; i < nr_cpus; i++) {
		cpus[i].peer = peer;
		cpus[i].other = nr_cpus > 1 ? &cpus[!i] : NULL;
		cpus[i].left = &left;
		cpus[i].time = time + i * PIECES;
		err = start(&cpus[i], i);
		if (err)
			return err;
	}
	for (i = 0; i < nr_cpus; i++)
		wake_up_process(cpus[i].task);
	while (atomic_read(&left))
		schedule_timeout_uninterruptible(1);
	for (i = 0; i < nr_cpus; i++) {
		kthread_stop(cpus[i].task);
		memmove(time + count, cpus[i].time, cpus[i].count * sizeof(*time));
		count += cpus[i].count;
	}
	return count;
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void log_times(const struct bench_case *load, const struct bench_peer *peer,
		      unsigned int nr_cpus, unsigned int count, u32 failed)
{
	sort(times, count, sizeof(*times), compare, NULL);
	pr_info("cpus case=%s peer=%s cpus=%u failed=%u count=%u ns=%llu\n", load->name,
		peer->name, nr_cpus, failed, count, count ? times[count / 2] / PIECE : 0);
}

/* Measure several rounds, each with a new arena. */
static int measure(const struct bench_peer *peer, const struct bench_case *load,
		   const struct bench_trace *trace, unsigned int nr_cpus)
{
	size_t mark = bench_mem_mark();
	unsigned int round, count = 0;
	u32 failed = 0;
	int ret = 0;

	for (round = 0; round < ROUNDS && ret >= 0; round++) {
		bench_mem_reset(mark);
		ret = bench_fill(peer, trace);
		if (!ret)
			ret = run(peer, nr_cpus, times + count);
		if (ret > 0)
			count += ret;
		failed += cpus[0].failed;
		if (peer->teardown)
			peer->teardown();
	}
	bench_mem_reset(mark);
	if (ret < 0)
		return ret;
	log_times(load, peer, nr_cpus, count, failed);
	return 0;
}

static const struct bench_peer *const peers[] = {
	&bench_null, &bench_module, &bench_module_pool, &bench_drm_mm_lock,
	&bench_gen_pool_first, &bench_mempool_slab, &bench_mempool_reserve, &bench_slab,
};

static int measure_case(const struct bench_case *load)
{
	struct bench_trace trace;
	unsigned int i, k;
	int err;

	err = bench_trace_make(&trace, load, BENCH_SEED, 0);
	trace.nr_spare = CPUS * SLOTS;
	for (i = 0; i < CPUS && !err; i++)
		err = make_ops(&cpus[i], &trace, i);
	for (i = 0; i < ARRAY_SIZE(peers) && !err; i++)
		for (k = 1; k <= CPUS && !err; k++)
			if (bench_takes_part(peers[i], load->shift, !load->octaves))
				err = measure(peers[i], load, &trace, k);
	return err;
}

static int __init cpus_init(void)
{
	phys_addr_t start, size, arena, arena_size;
	unsigned int i;
	int err = 0;

	if (!reserve_mem_find_by_name("bench", &start, &size) ||
	    !reserve_mem_find_by_name("arena", &arena, &arena_size)) {
		pr_err("no memory: start the kernel with reserve_mem=SIZE:2M:bench and :arena\n");
		return -ENODEV;
	}
	bench_mem_init(__va(start), size);
	bench_module_init(arena, arena_size);
	for (i = 0; i < ARRAY_SIZE(bench_cases) && !err; i++)
		if (bench_cases[i].live == 10000 && bench_cases[i].shift < 12)
			err = measure_case(&bench_cases[i]);
	pr_info("cpus_done err=%d\n", err);
	return err;
}

static void __exit cpus_exit(void)
{
}

module_init(cpus_init);
module_exit(cpus_exit);
MODULE_DESCRIPTION("Benchmark of allocators that several CPUs use");
MODULE_LICENSE("GPL");
