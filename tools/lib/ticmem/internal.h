/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blocks, buffers and mappings of the CMEM shim.
 *
 * A call works on a context, which CMEM_init() creates. The last call that uses it frees
 * it, so that CMEM_exit() never takes it away from another thread. The lock protects
 * everything that changes after CMEM_init(). It is not held while memory is allocated,
 * mapped or freed.
 *
 * Blocks and pools are those of CMEM here.
 */
#ifndef TICMEM_INTERNAL_H
#define TICMEM_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <libcarveout.h>

#include "ti/cmem.h"

/* Result of CMEM_getPool2(): there is no pool, and the heap serves the request. */
#define USE_HEAP	-2

/**
 * struct ticmem_pool - A pool of a block
 * @count: number of its buffers that can be in use
 * @size: bytes of a buffer, in whole pages
 * @regions: mask of the region indices to allocate from
 */
struct ticmem_pool {
	uint64_t count;
	uint64_t size;
	uint64_t regions;
};

/**
 * struct ticmem_block - A block
 * @heap: its heap
 * @id: its block id
 * @nr_pools: number of its pools
 * @regions: mask of the regions that it consists of
 * @heap_regions: mask of those that are not set aside for a pool
 * @cached: mask of those that are cached
 * @pools: its pools
 */
struct ticmem_block {
	struct carveout_heap *heap;
	int id;
	int nr_pools;
	uint64_t regions;
	uint64_t heap_regions;
	uint64_t cached;
	struct ticmem_pool pools[MAX_POOLS];
};

/**
 * struct ticmem_range - A range of addresses, for a tree of such
 * @start: first address
 * @size: bytes
 */
struct ticmem_range {
	uint64_t start;
	uint64_t size;
};

/**
 * struct ticmem_buffer - A buffer that this process uses
 * @phys: its physical addresses; the start is 0 until the process asks for it
 * @block: its block
 * @fd: its dma-buf descriptor
 * @refs: references: by users, mappings and calls
 * @users: number of allocations and registrations that were not freed
 * @owner: process that allocated it; 0 if it was opened
 * @slot: tag by which it counts against its pool; otherwise empty
 * @next: next buffer of the context
 * @link: pointer that refers to this buffer
 */
struct ticmem_buffer {
	struct ticmem_range phys;
	struct ticmem_block *block;
	int fd;
	unsigned int refs;
	unsigned int users;
	pid_t owner;
	char slot[CARVEOUT_NAME_LEN];
	struct ticmem_buffer *next;
	struct ticmem_buffer **link;
};

/**
 * struct ticmem_mapping - A mapping of a buffer
 * @range: its addresses, in whole pages
 * @offset: offset of its start in the buffer
 * @buffer: the buffer
 */
struct ticmem_mapping {
	struct ticmem_range range;
	uint64_t offset;
	struct ticmem_buffer *buffer;
};

/**
 * struct ticmem_context - The blocks and buffers between CMEM_init() and CMEM_exit()
 * @refs: one for CMEM_init(), and one for each call in progress
 * @inits: number of CMEM_init() without CMEM_exit()
 * @nr_blocks: number of blocks
 * @blocks: the blocks
 * @any: the block of CMEM_CMABLOCKID
 * @coherent: devices snoop the caches
 * @use_heap: the heap serves requests for which no pool has a buffer
 * @by_phys: tree of the buffers whose physical address is known
 * @by_addr: tree of the mappings
 * @buffers: list of all buffers
 */
struct ticmem_context {
	unsigned int refs;
	unsigned int inits;
	int nr_blocks;
	struct ticmem_block *blocks;
	struct ticmem_block any;
	bool coherent;
	bool use_heap;
	void *by_phys;
	void *by_addr;
	struct ticmem_buffer *buffers;
};

/* === base.c =============================================================== */

/* Print a message, and set errno to -@err. An @err of 0 is no part of the message. */
void ticmem_error(int err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void ticmem_lock(void);
void ticmem_unlock(void);

/* === context.c ============================================================ */

/* Begin a call: the context, or NULL after a message that names the function. */
struct ticmem_context *ticmem_enter(const char *function);

/* End a call. */
void ticmem_leave(struct ticmem_context *context);

/* === config.c ============================================================= */

/* Open the blocks that the environment describes. Return 0, or -1 after a message. */
int ticmem_open_blocks(struct ticmem_context *context);

void ticmem_close_blocks(struct ticmem_context *context);

/* === block.c ============================================================== */

/* The block with that id, or NULL after a message. */
struct ticmem_block *ticmem_block(struct ticmem_context *context, int id);

/*
 * Allocate from some regions of a block: memory of the type that CMEM_CACHED or
 * CMEM_NONCACHED in @flags permits. Return a dma-buf descriptor or a negative errno:
 * -EOPNOTSUPP if all of the regions are cached, and must not be.
 */
int ticmem_request(const struct ticmem_context *context, const struct ticmem_block *block,
		   uint64_t regions, int flags, struct carveout_alloc_options *options);

/* Can a request for so many bytes without a pool succeed? Return 1, 0 or a negative errno. */
int ticmem_heap_has(const struct ticmem_block *block, uint64_t size);

/* === pool.c =============================================================== */

/*
 * Allocate a buffer of a pool. @slot returns its tag. Return a dma-buf descriptor or a
 * negative errno, -EAGAIN if all buffers of the pool are in use.
 */
int ticmem_pool_alloc(const struct ticmem_context *context, const struct ticmem_block *block,
		      int pool, int flags, char slot[CARVEOUT_NAME_LEN]);

/*
 * The pool with the smallest buffers of at least @size bytes; with an @after other than -1
 * the one that follows this pool. Return its id, or -1.
 */
int ticmem_pool_next(const struct ticmem_block *block, uint64_t size, int after);

/* May the heap serve a request for which no pool has a buffer? */
bool ticmem_pool_spills(const struct ticmem_context *context, const struct ticmem_block *block);

/* === table.c ============================================================== */

/*
 * Enter a descriptor in the table as a new buffer, with one reference. Return NULL, and close
 * the descriptor, if there is no memory.
 */
struct ticmem_buffer *ticmem_buffer_add(struct ticmem_context *context,
					struct ticmem_block *block, int fd, uint64_t size);

/* Drop a reference; the last one closes the descriptor. */
void ticmem_buffer_put(struct ticmem_context *context, struct ticmem_buffer *buffer);

/* Count a further user of a buffer, with a reference. */
void ticmem_buffer_use(struct ticmem_buffer *buffer);

/*
 * Uncount a user of the buffer at a physical address. Its reference becomes that of the
 * caller, for ticmem_buffer_end_use(). Return NULL if no buffer with users starts there.
 */
struct ticmem_buffer *ticmem_buffer_free(struct ticmem_context *context, uint64_t phys);

/* Drop the reference of a user that is uncounted. The last one leaves the pool. */
void ticmem_buffer_end_use(struct ticmem_context *context, struct ticmem_buffer *buffer);

/* Enter the physical address of a buffer in the table, unless another buffer has it. */
bool ticmem_buffer_place(struct ticmem_context *context, struct ticmem_buffer *buffer,
			 uint64_t phys);

/* The physical address of a buffer, or 0 if it is not in the table. */
uint64_t ticmem_buffer_phys(struct ticmem_buffer *buffer);

/* The buffer in the table that has a physical address, with a new reference; or NULL. */
struct ticmem_buffer *ticmem_buffer_at(struct ticmem_context *context, uint64_t phys);

/* Enter a mapping in the table, with a new reference to the buffer. Return 0 or -ENOMEM. */
int ticmem_mapping_add(struct ticmem_context *context, struct ticmem_buffer *buffer,
		       void *memory, uint64_t offset, uint64_t size);

/* Does one mapping contain @size bytes at an address? Its buffer has a new reference. */
bool ticmem_mapping_at(struct ticmem_context *context, const void *memory, uint64_t size,
		       struct ticmem_mapping *mapping);

/* Remove the mapping of exactly this range. Its reference becomes that of the caller. */
bool ticmem_mapping_remove(struct ticmem_context *context, const void *memory, uint64_t size,
			   struct ticmem_mapping *mapping);

/*
 * Remove the mapping at the start of a buffer, and uncount a user of the buffer. The
 * references of both become those of the caller. Return false if there are not both.
 */
bool ticmem_mapping_free(struct ticmem_context *context, const void *memory,
			 struct ticmem_mapping *mapping);

/* Maintain the CPU caches for all buffers. Return 0 or a negative errno. */
int ticmem_buffers_sync(struct ticmem_context *context, uint32_t flags);

/* Drop all buffers. Mappings remain mapped. */
void ticmem_table_clear(struct ticmem_context *context);

/* === phys.c =============================================================== */

/*
 * The physical address of a buffer, by which other processes can find the buffer from now
 * on. Return 0 after a message.
 */
uint64_t ticmem_reveal(struct ticmem_context *context, struct ticmem_buffer *buffer);

/* As ticmem_buffer_at(), also for a buffer of another process; NULL after a message. */
struct ticmem_buffer *ticmem_buffer_get(struct ticmem_context *context, uint64_t phys);

/* === map.c ================================================================ */

/* Map a part of a buffer. Return NULL after a message. */
void *ticmem_map(struct ticmem_context *context, struct ticmem_buffer *buffer, uint64_t offset,
		 uint64_t size);

#endif /* TICMEM_INTERNAL_H */
