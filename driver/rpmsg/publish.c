// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of a directory: Linux writes it and never reads it.
 *
 * An entry is a sequence count and the words that it guards, as with a seqlock whose only
 * writer is Linux: the count is odd while the words change. The reader is no CPU of Linux, so
 * the order is that of dma_wmb(), and memory that is cached is flushed in that order, too.
 * tools/testing/proof/litmus has the proof that the barriers between the stores are necessary;
 * the flush after the last store needs none.
 */

#include <linux/carveout.h>
#include <linux/compiler.h>
#include <linux/stddef.h>

#include <asm/barrier.h>
#include <asm/byteorder.h>

#include "publish.h"

#define WORDS	(CARVEOUT_RPMSG_SLOT_LEN / sizeof(__le32))

/* Stores to a slot are seen before later stores. */
static void order(struct carveout_buf *memory, u32 slot)
{
	dma_wmb();
	/* Fails only for memory without a kernel address, which a directory never has. */
	carveout_buf_sync(memory, (u64)slot * CARVEOUT_RPMSG_SLOT_LEN, CARVEOUT_RPMSG_SLOT_LEN,
			  CARVEOUT_SYNC_FOR_DEVICE);
}

static __le32 *words_of(struct carveout_buf *memory, u32 slot)
{
	return carveout_buf_va(memory) + (size_t)slot * CARVEOUT_RPMSG_SLOT_LEN;
}

/**
 * carveout_publish_entry() - Write an entry
 * @memory: memory of the directory
 * @slot: its slot, not 0
 * @sequence: sequence count of the entry, which is even; advanced
 * @entry: the entry, whose sequence count is ignored
 *
 * A processor that reads the entry sees all of the former one, all of the new one, or that it
 * is being written. A processor that sees the new entry sees everything that was stored
 * before the call, and one that sees a store after the call sees the new entry.
 *
 * Context: Process context. May sleep. One caller at a time.
 */
void carveout_publish_entry(struct carveout_buf *memory, u32 slot, u32 *sequence,
			    const struct carveout_rpmsg_entry *entry)
{
	__le32 *to = words_of(memory, slot);
	const __le32 *from = (const __le32 *)entry;
	unsigned int i;

	static_assert(offsetof(struct carveout_rpmsg_entry, sequence) == 0);
	WRITE_ONCE(to[0], cpu_to_le32(++*sequence));
	order(memory, slot);
	for (i = 1; i < WORDS; i++)
		WRITE_ONCE(to[i], from[i]);
	order(memory, slot);
	WRITE_ONCE(to[0], cpu_to_le32(++*sequence));
	order(memory, slot);
}

static void store(struct carveout_buf *memory, size_t offset, u32 value)
{
	WRITE_ONCE(words_of(memory, 0)[offset / sizeof(__le32)], cpu_to_le32(value));
}

/**
 * carveout_publish_removed() - State the number of removals
 * @memory: memory of the directory
 * @removed: the number
 *
 * A processor that sees the number no longer finds the entries that were cleared before the
 * call.
 *
 * Context: Process context. May sleep. One caller at a time.
 */
void carveout_publish_removed(struct carveout_buf *memory, u32 removed)
{
	store(memory, offsetof(struct carveout_rpmsg_directory, removed), removed);
	order(memory, 0);
}

/**
 * carveout_publish_omitted() - State the number of tags without a slot
 * @memory: memory of the directory
 * @omitted: the number
 *
 * Context: Process context. May sleep. One caller at a time.
 */
void carveout_publish_omitted(struct carveout_buf *memory, u32 omitted)
{
	store(memory, offsetof(struct carveout_rpmsg_directory, omitted), omitted);
	order(memory, 0);
}

/**
 * carveout_publish_header() - Begin a directory
 * @memory: its memory, which is zero
 * @session: number of the session
 * @slots: number of slots
 *
 * Context: Process context. May sleep. One caller at a time.
 */
void carveout_publish_header(struct carveout_buf *memory, u32 session, u32 slots)
{
	store(memory, offsetof(struct carveout_rpmsg_directory, version),
	      CARVEOUT_RPMSG_VERSION);
	store(memory, offsetof(struct carveout_rpmsg_directory, session), session);
	store(memory, offsetof(struct carveout_rpmsg_directory, slots), slots);
	order(memory, 0);
	store(memory, offsetof(struct carveout_rpmsg_directory, magic),
	      CARVEOUT_RPMSG_DIRECTORY_MAGIC);
	order(memory, 0);
}
