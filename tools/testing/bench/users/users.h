/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Costs of a user of buffers: carveout beside other interfaces, in one boot.
 *
 * On a machine whose clock counts instructions (QEMU with -icount) a nanosecond is an
 * instruction, so the figures do not depend on the host.
 */
#ifndef CARVEOUT_BENCH_USERS_H
#define CARVEOUT_BENCH_USERS_H

#include <stdbool.h>

#define KIB	1024UL
#define MIB	(1024 * KIB)

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* Heaps of carveout, as file descriptors of their device nodes. */
struct heaps {
	int pages;	/* memory that the kernel maps */
	int nomap;	/* memory that it does not map */
};

extern struct heaps heaps;

void __attribute__((noreturn)) die(const char *what);
unsigned long long now(void);
unsigned long long median(unsigned long long *values, unsigned int count);
void report(const char *row, unsigned long of, const char *peer, unsigned long long ns);
void report_absent(const char *row, const char *peer);

int carveout_alloc(int heap, unsigned long size, const char *tag);
int carveout_open_tag(int heap, const char *tag, unsigned long long deadline);
void carveout_unlink_tag(int heap, const char *tag);
unsigned long long carveout_used(int heap);
int make_buffer(const char *name, unsigned long size);

/* The rows, each with all of its peers. */
void bench_memory(void);
void bench_names(void);
void bench_blocks(void);
void bench_batches(void);
void bench_waits(void);
void bench_caches(void);

#endif
