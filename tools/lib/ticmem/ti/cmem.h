/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The interface of TI's CMEM, version 4.20, for carveout heaps.
 *
 * Programs that were written for CMEM are compiled with this header and linked with
 * -lticmem. Documentation/shim-cmem.rst describes how blocks and pools are set up, and
 * where the shim differs from CMEM.
 *
 * A function that fails prints the reason on stderr. Functions may be called by any
 * number of threads.
 */
#ifndef ti_CMEM_H
#define ti_CMEM_H

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* On 32 bit, compile with -D_FILE_OFFSET_BITS=64. */
struct ticmem_off_t_has_64_bits {
	char yes[sizeof(off_t) == 8 ? 1 : -1];
};

/** define CMEM_VERSION - Version of the interface, as CMEM_getVersion() returns it */
#define CMEM_VERSION		0x04200001U

/** define MAX_POOLS - Maximum number of pools of a block */
#define MAX_POOLS		32

/** define CMEM_CMABLOCKID - Block id of memory in any region */
#define CMEM_CMABLOCKID		-1

/* Values of CMEM_AllocParams.type. */
#define CMEM_POOL		0x00000000
#define CMEM_HEAP		0x00040000

/* Values of CMEM_AllocParams.flags. */
#define CMEM_NONCACHED		0x00000000
#define CMEM_CACHED		0x00080000

/**
 * struct CMEM_AllocParams - Parameters of an allocation
 * @type: CMEM_POOL or CMEM_HEAP
 * @flags: CMEM_CACHED or CMEM_NONCACHED
 * @alignment: with CMEM_HEAP, power of two in bytes, of the physical address; 0 for a
 *	page
 */
typedef struct CMEM_AllocParams {
	int type;
	int flags;
	size_t alignment;
} CMEM_AllocParams;

/**
 * struct CMEM_BlockAttrs - Place of a block
 * @phys_base: its physical address
 * @size: bytes
 */
typedef struct CMEM_BlockAttrs {
	off_t phys_base;
	unsigned long long size;
} CMEM_BlockAttrs;

/* The parameters of calls with NULL: CMEM_POOL, CMEM_NONCACHED, alignment 1. */
extern CMEM_AllocParams CMEM_DEFAULTPARAMS;

/**
 * CMEM_init() - Open the blocks
 *
 * Further calls are counted, and CMEM_exit() must be called as often.
 *
 * Return: 0 or -1.
 */
int CMEM_init(void);

/**
 * CMEM_exit() - Close the blocks after the last of nested calls
 *
 * Buffers that are not freed are given up as at the end of the process. Their mappings
 * remain valid.
 *
 * Return: 0 or -1.
 */
int CMEM_exit(void);

/**
 * CMEM_getVersion() - Query the version of the interface
 *
 * Return: CMEM_VERSION or -1.
 */
int CMEM_getVersion(void);

/**
 * CMEM_getNumBlocks() - Query the number of blocks
 * @pnblocks: returns the number, without CMEM_CMABLOCKID
 *
 * Return: 0 or -1.
 */
int CMEM_getNumBlocks(int *pnblocks);

/**
 * CMEM_getBlockAttrs() - Query the place of a block
 * @blockid: block id
 * @pattrs: returns the place
 *
 * Return: 0 or -1: also for a block of several regions, and if the caller is not allowed
 * to see physical addresses.
 */
int CMEM_getBlockAttrs(int blockid, CMEM_BlockAttrs *pattrs);

/**
 * CMEM_getBlock() - Query the place of block 0
 * @pphys_base: returns its physical address
 * @psize: returns its size in bytes
 *
 * Return: 0 or -1, as CMEM_getBlockAttrs().
 */
int CMEM_getBlock(off_t *pphys_base, unsigned long long *psize);

/**
 * CMEM_getPool() - Find the pool of block 0 that fits best
 * @size: bytes
 *
 * Return: a pool id, as CMEM_getPool2().
 */
int CMEM_getPool(unsigned long long size);

/**
 * CMEM_getPool2() - Find the pool of a block that fits best
 * @blockid: block id
 * @size: bytes
 *
 * Return: id of the pool with the smallest buffers of at least @size bytes that has a free
 * one; -2 if there is none and the heap has the space and may be used instead; else -1.
 */
int CMEM_getPool2(int blockid, unsigned long long size);

/**
 * CMEM_alloc() - Allocate and map a buffer of block 0
 * @size: bytes, at least 1
 * @params: the request; NULL for CMEM_DEFAULTPARAMS
 *
 * Return: its address or NULL.
 */
void *CMEM_alloc(size_t size, CMEM_AllocParams *params);

/**
 * CMEM_alloc2() - Allocate and map a buffer
 * @blockid: block id
 * @size: bytes, at least 1
 * @params: the request; NULL for CMEM_DEFAULTPARAMS
 *
 * Return: its address or NULL.
 */
void *CMEM_alloc2(int blockid, size_t size, CMEM_AllocParams *params);

/**
 * CMEM_allocPool() - Allocate and map a buffer from a pool of block 0
 * @poolid: pool id
 * @params: the request, whose type and alignment are ignored; or NULL
 *
 * Return: its address or NULL.
 */
void *CMEM_allocPool(int poolid, CMEM_AllocParams *params);

/**
 * CMEM_allocPool2() - Allocate and map a buffer from a pool
 * @blockid: block id
 * @poolid: pool id
 * @params: the request, whose type and alignment are ignored; or NULL
 *
 * Return: its address or NULL.
 */
void *CMEM_allocPool2(int blockid, int poolid, CMEM_AllocParams *params);

/**
 * CMEM_allocPhys() - Allocate a buffer of block 0 without a mapping
 * @size: bytes, at least 1
 * @params: the request; NULL for CMEM_DEFAULTPARAMS
 *
 * Return: its physical address or 0.
 */
off_t CMEM_allocPhys(size_t size, CMEM_AllocParams *params);

/**
 * CMEM_allocPhys2() - Allocate a buffer without a mapping
 * @blockid: block id
 * @size: bytes, at least 1
 * @params: the request; NULL for CMEM_DEFAULTPARAMS
 *
 * Return: its physical address or 0.
 */
off_t CMEM_allocPhys2(int blockid, size_t size, CMEM_AllocParams *params);

/**
 * CMEM_allocPoolPhys() - Allocate a buffer from a pool of block 0 without a mapping
 * @poolid: pool id
 * @params: the request, whose type and alignment are ignored; or NULL
 *
 * Return: its physical address or 0.
 */
off_t CMEM_allocPoolPhys(int poolid, CMEM_AllocParams *params);

/**
 * CMEM_allocPoolPhys2() - Allocate a buffer from a pool without a mapping
 * @blockid: block id
 * @poolid: pool id
 * @params: the request, whose type and alignment are ignored; or NULL
 *
 * Return: its physical address or 0.
 */
off_t CMEM_allocPoolPhys2(int blockid, int poolid, CMEM_AllocParams *params);

/**
 * CMEM_free() - Unmap and free a buffer
 * @ptr: its address
 * @params: ignored
 *
 * The memory is freed with the last user of the buffer, in any process.
 *
 * Return: 0 or -1.
 */
int CMEM_free(void *ptr, CMEM_AllocParams *params);

/**
 * CMEM_freePhys() - Free a buffer without a mapping
 * @physp: its physical address
 * @params: ignored
 *
 * Return: 0 or -1.
 */
int CMEM_freePhys(off_t physp, CMEM_AllocParams *params);

/**
 * CMEM_registerAlloc() - Become a further user of a buffer, and map it
 * @physp: its physical address
 *
 * The buffer may have been allocated by another process, which has called a function
 * that returns its physical address.
 *
 * Return: its address or NULL.
 */
void *CMEM_registerAlloc(off_t physp);

/**
 * CMEM_unregister() - Undo CMEM_registerAlloc()
 * @ptr: address of the buffer
 * @params: ignored
 *
 * Return: 0 or -1.
 */
int CMEM_unregister(void *ptr, CMEM_AllocParams *params);

/**
 * CMEM_map() - Map a buffer or a part of it
 * @physp: physical address, in whole pages
 * @size: bytes, at least 1
 *
 * Return: an address or NULL.
 */
void *CMEM_map(off_t physp, size_t size);

/**
 * CMEM_unmap() - Undo CMEM_map()
 * @userp: address of the mapping
 * @size: its size in bytes
 *
 * Return: 0 or -1.
 */
int CMEM_unmap(void *userp, size_t size);

/**
 * CMEM_getPhys() - Query the physical address of mapped memory
 * @ptr: address in a mapping of a buffer
 *
 * Return: the physical address, or 0: also if the caller is not allowed to see it.
 */
off_t CMEM_getPhys(void *ptr);

/**
 * CMEM_export_dmabuf() - Get a dma-buf of a buffer
 * @ptr: address of the buffer
 *
 * Return: a dma-buf descriptor, which holds the memory until it is closed; or -1.
 */
int CMEM_export_dmabuf(void *ptr);

/**
 * CMEM_cacheWb() - Write the caches back for a part of a buffer
 * @ptr: address in its mapping
 * @size: bytes
 *
 * Return: 0 or -1.
 */
int CMEM_cacheWb(void *ptr, size_t size);

/**
 * CMEM_cacheInv() - Invalidate the caches for a part of a buffer
 * @ptr: address in its mapping
 * @size: bytes
 *
 * Modified cache lines are written back first.
 *
 * Return: 0 or -1.
 */
int CMEM_cacheInv(void *ptr, size_t size);

/**
 * CMEM_cacheWbInv() - Write the caches back and invalidate them for a part of a buffer
 * @ptr: address in its mapping
 * @size: bytes
 *
 * Return: 0 or -1.
 */
int CMEM_cacheWbInv(void *ptr, size_t size);

/**
 * CMEM_cacheWbInvAll() - Write the caches back and invalidate them for all buffers
 *
 * Return: 0 or -1.
 */
int CMEM_cacheWbInvAll(void);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* ti_CMEM_H */
