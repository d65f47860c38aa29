/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Firmware of a Cortex-R5 on QEMU's xlnx-versal-virt.
 */
#ifndef R5_H
#define R5_H

#include "carveout_remote.h"
#include "control.h"

/* Keep the order of accesses to memory that is shared with Linux. */
static inline void barrier(void)
{
	asm volatile("dmb sy" : : : "memory");
}

static inline uint32_t read32(uintptr_t addr)
{
	return __atomic_load_n((uint32_t *)addr, __ATOMIC_RELAXED);
}

static inline void write32(uintptr_t addr, uint32_t value)
{
	__atomic_store_n((uint32_t *)addr, value, __ATOMIC_RELAXED);
}

/* Cycles since any time: on this board, nanoseconds. */
static inline uint32_t cycles(void)
{
	uint32_t now;

	asm volatile("mrc p15, 0, %0, c9, c13, 0" : "=r" (now));
	return now;
}

/* The page at address 0, which the driver in Linux shares with both cores: two words each. */
#define ENTRY_ALIVE	(0x100 + 16 * CORE)
#define ENTRY_CRASHED	(0x104 + 16 * CORE)
#define ALIVE_MAGIC	0x616c6976U

/* The doorbell of Linux, and the log: main.c. */
void ring_doorbell(void);
void report_crash(const char *why);
void print(const char *text);
void print_char(char c);
void print_core(void);
void print_number(uint32_t value);

/* Memory that can only be read: protect.c. */
void protect(uintptr_t addr, size_t size);
void unprotect(void);
uint32_t try_store(uintptr_t addr, uint32_t value);

/* The transport: ring.c. */
typedef void transport_receive(void *ctx, const void *data, size_t len);
void transport_begin(transport_receive *receive, void *ctx);
void transport_announce(const char *name);
int transport_send(void *ctx, const void *data, size_t len);
void transport_poll(void);
uint32_t transport_messages(void);

/* Commands of a test: commands.c. */
void commands_begin(struct carveout_remote *remote);
void commands_poll(void);

#endif /* R5_H */
