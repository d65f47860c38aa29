// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Firmware of a Cortex-R5 on QEMU's xlnx-versal-virt: a client of carveout without operating
 * system. It polls: no interrupt of Linux reaches the core in QEMU 7.2.
 */

#include "r5.h"

#define SLOTS	8

/* === Board ================================================================ */

/* The second PL011. */
#define UART_DATA	0xff010000
#define UART_FLAGS	0xff010018
#define UART_FULL	0x20

/* A channel of the DMA controller, which has nothing to do and interrupts Linux. */
#define DMA_START	(0xffa80200 + 0x10000 * CORE)

void ring_doorbell(void)
{
	barrier();
	write32(DMA_START, 1);
}

void print_char(char c)
{
	while (read32(UART_FLAGS) & UART_FULL)
		;
	write32(UART_DATA, (uint8_t)c);
}

void print(const char *text)
{
	for (; *text; text++)
		print_char(*text);
}

/* Both cores have this log. Each line begins with its core. */
void print_core(void)
{
	print(CORE ? "r5-1: " : "r5-0: ");
}

void print_number(uint32_t value)
{
	int shift;

	for (shift = 28; shift >= 0; shift -= 4)
		print_char("0123456789abcdef"[value >> shift & 15]);
}

void report_crash(const char *why)
{
	print_core();
	print(why);
	write32(ENTRY_CRASHED, 1);
	ring_doorbell();
}

/* === C library ============================================================ */

void *memcpy(void *to, const void *from, size_t len)
{
	const uint8_t *source = from;
	uint8_t *target = to;

	while (len--)
		*target++ = *source++;
	return to;
}

void *memset(void *to, int byte, size_t len)
{
	uint8_t *target = to;

	while (len--)
		*target++ = (uint8_t)byte;
	return to;
}

/* === Port of the client =================================================== */

static struct carveout_remote remote;
static struct carveout_remote_slot slots[SLOTS];

static void receive(void *ctx, const void *data, size_t len)
{
	carveout_remote_receive(ctx, data, len);
}

static void wait(void *ctx, uint32_t ms)
{
	(void)ctx;
	(void)ms;
	transport_poll();
}

/* About a millisecond each; the count of cycles wraps and is read more often than that. */
static uint32_t now_ms(void *ctx)
{
	static uint32_t last;
	static uint64_t total;
	uint32_t now = cycles();

	(void)ctx;
	total += now - last;
	last = now;
	return (uint32_t)(total >> 20);
}

void firmware(void)
{
	static const struct carveout_remote_ops ops = {
		.send = transport_send,
		.wait = wait,
		.now_ms = now_ms,
	};

	carveout_remote_init(&remote, &ops, NULL, slots, SLOTS, 32);
	commands_begin(&remote);
	write32(ENTRY_ALIVE, ALIVE_MAGIC);
	print_core();
	print("started\n");
	transport_begin(receive, &remote);
	transport_announce(CARVEOUT_RPMSG_NAME);
	for (;;) {
		transport_poll();
		carveout_remote_process(&remote);
		commands_poll();
	}
}
