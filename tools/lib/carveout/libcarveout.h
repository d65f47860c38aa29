/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libcarveout: carveout heaps for programs.
 *
 * A heap is opened by its name. A buffer is a dma-buf descriptor: close() drops
 * the reference, SCM_RIGHTS sends it, V4L2 and DRM import it.
 *
 * Functions return 0 or a file descriptor, and a negative errno on failure;
 * errno itself is undefined afterwards. They print nothing, keep no state and
 * may be called by any number of threads, also on the same heap. A signal does
 * not interrupt them, except for functions that wait: these return -EINTR. File
 * descriptors are close-on-exec unless the caller requests otherwise. The
 * description of an ioctl in <linux/carveout.h>, including its errors, applies
 * to the function around it.
 *
 * Structures may grow at their end. Those of this header have a member
 * struct_size that their _INIT macro sets. For those of <linux/carveout.h>
 * there are functions with the suffix _sized, and inline functions around them
 * that pass the size that the caller was compiled with. A program thus works
 * with an older or a newer library.
 */
#ifndef LIBCARVEOUT_H
#define LIBCARVEOUT_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/carveout.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** define CARVEOUT_NODE_DIR - Directory of the heaps' device nodes */
#define CARVEOUT_NODE_DIR	"/dev/carveout"

/** define CARVEOUT_DMABUF_NODE - Device node for holders of dma-bufs */
#define CARVEOUT_DMABUF_NODE	"/dev/carveout-dmabuf"

/*
 * The _INIT macros. C++ has designated initialisers since C++20: there, a macro is a
 * call of a function that returns the initial value.
 */
#ifdef __cplusplus
#define CARVEOUT_INIT(type, ...)	type ## _initial()
#define CARVEOUT_INIT_FUNCTION(type, ...) \
	static inline struct type type ## _initial(void) \
	{ \
		struct type init = {}; \
		init.struct_size = sizeof(init); \
		__VA_ARGS__; \
		return init; \
	}
#else
#define CARVEOUT_INIT(type, ...)	__VA_ARGS__
#define CARVEOUT_INIT_FUNCTION(type, ...)
#endif

/* === Heaps ================================================================ */

/* An open heap. */
struct carveout_heap;

/**
 * carveout_dir() - Directory of the heaps' device nodes
 *
 * It is CARVEOUT_NODE_DIR unless the environment variable CARVEOUT_DIR names
 * another directory. Set-uid and set-gid programs ignore the variable.
 *
 * Return: its path.
 */
const char *carveout_dir(void);

/**
 * carveout_node_path() - Path of a heap's device node
 * @name: name of the heap; if it contains a '/', a path, which is used
 *	unchanged
 * @path: returns the path; free() it
 *
 * The device node need not exist.
 *
 * Return: 0, -EINVAL for an empty name, or -ENOMEM.
 */
int carveout_node_path(const char *name, char **path);

/**
 * carveout_heap_names() - List the heaps of this system
 * @names: returns an array of names in alphabetical order
 * @count: returns the number of names
 *
 * Free the array with carveout_heap_names_free().
 *
 * Return: 0 or a negative errno, -ENOENT if the directory of heaps does not
 * exist.
 */
int carveout_heap_names(char ***names, size_t *count);

/**
 * carveout_heap_names_free() - Free the result of carveout_heap_names()
 * @names: the array, or NULL
 * @count: number of names
 */
void carveout_heap_names_free(char **names, size_t count);

/**
 * carveout_open() - Open a heap
 * @name: name of the heap, or the path of its device node if it contains a '/'
 * @flags: O_RDONLY to query and to read; O_RDWR for all operations; O_WRONLY to
 *	query and to change tags
 * @heap: returns the heap
 *
 * Return: 0 or a negative errno: -ENOENT if the heap does not exist, -ENOTTY if
 * the file is not a heap, -EINVAL for an empty name or other flags.
 */
int carveout_open(const char *name, int flags, struct carveout_heap **heap);

/**
 * carveout_open_dmabuf() - Open CARVEOUT_DMABUF_NODE, without a heap
 * @heap: returns a heap for carveout_sync() and carveout_info() only, which then
 *	accept the buffers of all heaps
 *
 * For a process that was sent a dma-buf and is not allowed to open its heap. Every
 * process is allowed to open this device node.
 *
 * Return: 0 or a negative errno: -ENOENT if the device node does not exist.
 */
int carveout_open_dmabuf(struct carveout_heap **heap);

/**
 * carveout_close() - Close a heap
 * @heap: the heap, or NULL
 *
 * Its buffers remain open.
 */
void carveout_close(struct carveout_heap *heap);

/**
 * carveout_heap_fd() - File descriptor of a heap's device node
 * @heap: the heap
 *
 * For poll(), which reports POLLIN when tags have changed and POLLHUP when the
 * heap is shut down. With O_NONBLOCK on it, a call that would wait returns -EAGAIN.
 *
 * Return: the file descriptor; carveout_close() closes it.
 */
int carveout_heap_fd(const struct carveout_heap *heap);

/**
 * carveout_heap_path() - Path of a heap's device node
 * @heap: the heap
 *
 * Return: the path, valid until @heap is closed.
 */
const char *carveout_heap_path(const struct carveout_heap *heap);

/**
 * carveout_query_sized() - carveout_query() with an explicit structure size
 * @heap: the heap
 * @query: returns the state
 * @size: size of @query as known to the caller
 *
 * Return: 0 or a negative errno.
 */
int carveout_query_sized(const struct carveout_heap *heap,
			 struct carveout_ioctl_query *query, size_t size);

/**
 * carveout_query() - Query identity and state of a heap
 * @heap: the heap
 * @query: returns the state; its member capabilities lists the features of the
 *	driver
 *
 * Return: 0 or a negative errno.
 */
static inline int carveout_query(const struct carveout_heap *heap,
				 struct carveout_ioctl_query *query)
{
	return carveout_query_sized(heap, query, sizeof(*query));
}

/**
 * carveout_region_sized() - carveout_region() with an explicit structure size
 * @heap: the heap
 * @index: index of the region
 * @region: returns the region
 * @size: size of @region as known to the caller
 *
 * Return: 0 or a negative errno.
 */
int carveout_region_sized(const struct carveout_heap *heap, uint32_t index,
			  struct carveout_ioctl_region *region, size_t size);

/**
 * carveout_region() - Query one region of a heap
 * @heap: the heap
 * @index: index of the region, starting at 0
 * @region: returns the region
 *
 * Return: 0 or a negative errno, -ENOENT if @index is beyond the last region.
 */
static inline int carveout_region(const struct carveout_heap *heap, uint32_t index,
				  struct carveout_ioctl_region *region)
{
	return carveout_region_sized(heap, index, region, sizeof(*region));
}

/**
 * carveout_regions_sized() - carveout_regions() with an explicit structure size
 * @heap: the heap
 * @regions: returns an array; free() it
 * @size: size of one region as known to the caller
 * @count: returns the number of regions
 *
 * Return: 0 or a negative errno.
 */
int carveout_regions_sized(const struct carveout_heap *heap, void **regions,
			   size_t size, size_t *count);

/**
 * carveout_regions() - Query all regions of a heap
 * @heap: the heap
 * @regions: returns an array, by index; free() it
 * @count: returns the number of regions
 *
 * Return: 0 or a negative errno.
 */
static inline int carveout_regions(const struct carveout_heap *heap,
				   struct carveout_ioctl_region **regions,
				   size_t *count)
{
	void *all;
	int err;

	err = carveout_regions_sized(heap, &all, sizeof(**regions), count);
	*regions = (struct carveout_ioctl_region *)all;
	return err;
}

/* === Creating and opening buffers ========================================= */

/**
 * struct carveout_opened - An allocated, opened or resized buffer
 * @struct_size: size of this structure, set by CARVEOUT_OPENED_INIT
 * @size: bytes of the buffer, in whole pages
 * @offset: offset of the buffer in its region, in bytes
 * @generation: its generation
 * @region: index of its region
 * @attrs: CARVEOUT_ATTR_* bits of its region
 * @created: 1 if it was created by the call, 0 if it existed before
 * @reserved: zero
 */
struct carveout_opened {
	size_t struct_size;
	uint64_t size;
	uint64_t offset;
	uint64_t generation;
	uint32_t region;
	uint32_t attrs;
	uint32_t created;
	uint32_t reserved;
};

/** define CARVEOUT_OPENED_INIT - Initialiser of a struct carveout_opened */
#define CARVEOUT_OPENED_INIT \
	CARVEOUT_INIT(carveout_opened, { .struct_size = sizeof(struct carveout_opened) })
CARVEOUT_INIT_FUNCTION(carveout_opened, (void)0)

/**
 * struct carveout_alloc_options - A request for a buffer
 * @struct_size: size of this structure, set by CARVEOUT_ALLOC_OPTIONS_INIT
 * @size: bytes, at least 1
 * @tag: tag of the buffer, or NULL
 * @label: purpose of the buffer, for display, or NULL
 * @flags: CARVEOUT_ALLOC_* flags
 * @fd_flags: O_RDWR or O_RDONLY, and O_CLOEXEC
 * @mode: permission bits of the tag, masked by the umask; ignored without a tag
 * @align: power of two in bytes, of the physical address; 0 for a page
 * @max_addr: the buffer ends at or below this physical address; 0 for any
 * @regions: mask of the region indices to allocate from; 0 for any
 * @place: with CARVEOUT_ALLOC_EXACT, offset of the buffer in the one region of
 *	@regions
 * @require: CARVEOUT_ATTR_* bits that the region must have
 * @forbid: CARVEOUT_ATTR_* bits that the region must not have
 * @fallback: CARVEOUT_ATTR_* bits to use instead of @require, in this order, if
 *	no region with the required bits has space
 * @nr_fallback: number of entries of @fallback, up to CARVEOUT_NR_FALLBACK
 *
 * See struct carveout_ioctl_alloc for the details of each.
 */
struct carveout_alloc_options {
	size_t struct_size;
	uint64_t size;
	const char *tag;
	const char *label;
	uint32_t flags;
	uint32_t fd_flags;
	uint32_t mode;
	uint64_t align;
	uint64_t max_addr;
	uint64_t regions;
	uint64_t place;
	uint32_t require;
	uint32_t forbid;
	const uint32_t *fallback;
	size_t nr_fallback;
};

/**
 * define CARVEOUT_ALLOC_OPTIONS_INIT - Initialiser of a struct carveout_alloc_options
 *
 * Requests a file descriptor for reading and writing, and a tag that only its
 * owner may open.
 */
#define CARVEOUT_ALLOC_OPTIONS_INIT CARVEOUT_INIT(carveout_alloc_options, { \
	.struct_size = sizeof(struct carveout_alloc_options), \
	.fd_flags = O_RDWR | O_CLOEXEC, \
	.mode = 0600, \
})
CARVEOUT_INIT_FUNCTION(carveout_alloc_options, init.fd_flags = O_RDWR | O_CLOEXEC,
		       init.mode = 0600)

/**
 * carveout_alloc() - Allocate a buffer without a tag
 * @heap: the heap, open O_RDWR
 * @size: bytes, at least 1; rounded up to whole pages
 *
 * The buffer reads as zero and is open for reading and writing.
 *
 * Return: a dma-buf descriptor or a negative errno, -ENOSPC if no hole is large
 * enough.
 */
int carveout_alloc(const struct carveout_heap *heap, uint64_t size);

/**
 * carveout_alloc_with() - Allocate a buffer with options
 * @heap: the heap, open O_RDWR
 * @options: the request
 * @opened: filled in with the result, or NULL
 *
 * Return: a dma-buf descriptor or a negative errno: those of
 * CARVEOUT_IOCTL_ALLOC; -EINVAL also for a struct_size that is too small, a tag
 * or label that is too long and an empty tag; -E2BIG for options that this
 * library does not support.
 */
int carveout_alloc_with(const struct carveout_heap *heap,
			const struct carveout_alloc_options *options,
			struct carveout_opened *opened);

/**
 * carveout_open_tag() - Open a buffer by its tag
 * @heap: the heap
 * @tag: the tag
 * @fd_flags: O_RDONLY or O_RDWR, and O_CLOEXEC
 * @opened: filled in with the result, or NULL
 *
 * Return: a dma-buf descriptor or a negative errno, -ENOENT if the tag does not
 * exist, -EACCES if its mode or the device node denies access.
 */
int carveout_open_tag(const struct carveout_heap *heap, const char *tag,
		      int fd_flags, struct carveout_opened *opened);

/**
 * carveout_deadline() - Convert a timeout to a deadline
 * @timeout_ms: milliseconds from now; negative: no limit
 *
 * The functions that wait for a time (_wait) also exist for a deadline (_until).
 * After -EINTR a program continues with the same deadline.
 *
 * Return: the time of CLOCK_MONOTONIC in nanoseconds, or CARVEOUT_DEADLINE_NONE.
 * It has 64 bits in all programs, in contrast to struct timespec.
 */
uint64_t carveout_deadline(int timeout_ms);

/**
 * carveout_open_tag_wait() - Open a buffer by its tag, waiting for the tag
 * @heap: the heap
 * @tag: the tag
 * @fd_flags: O_RDONLY or O_RDWR, and O_CLOEXEC
 * @timeout_ms: time to wait, in milliseconds from now; negative: no limit
 * @opened: filled in with the result, or NULL
 *
 * The call does not wait if the tag exists and denies access: -EACCES.
 *
 * Return: as carveout_open_tag(); -ETIMEDOUT if the tag was not created in
 * time, -EINTR if a signal handler ran that was not installed with SA_RESTART,
 * -ENODEV if the heap is shut down meanwhile.
 */
int carveout_open_tag_wait(const struct carveout_heap *heap, const char *tag,
			   int fd_flags, int timeout_ms,
			   struct carveout_opened *opened);

/**
 * carveout_open_tag_until() - Open a buffer by its tag, waiting until a deadline
 * @heap: the heap
 * @tag: the tag
 * @fd_flags: O_RDONLY or O_RDWR, and O_CLOEXEC
 * @deadline: end of the wait, as of carveout_deadline()
 * @opened: filled in with the result, or NULL
 *
 * A deadline in the past still opens an existing tag.
 *
 * Return: as carveout_open_tag_wait().
 */
int carveout_open_tag_until(const struct carveout_heap *heap, const char *tag,
			    int fd_flags, uint64_t deadline,
			    struct carveout_opened *opened);

/**
 * carveout_resize() - Make a buffer larger or smaller
 * @heap: the heap, open O_RDWR
 * @fd: the buffer, open for writing, without any other open
 * @size: bytes, at least 1; rounded up to whole pages
 * @fd_flags: O_RDWR or O_RDONLY, and O_CLOEXEC, for the new descriptor
 * @opened: filled in with the result, or NULL
 *
 * As with realloc(), success closes @fd, and failure changes nothing. The
 * content is preserved up to the smaller size, and so is the tag.
 *
 * Return: a new dma-buf descriptor or a negative errno, -EBUSY while the buffer
 * is mapped or otherwise in use.
 */
int carveout_resize(const struct carveout_heap *heap, int fd, uint64_t size,
		    int fd_flags, struct carveout_opened *opened);

/* === Pools ================================================================ */

/**
 * struct carveout_pool_opened - A created or opened pool
 * @struct_size: size of this structure, set by CARVEOUT_POOL_OPENED_INIT
 * @block_size: bytes from the start of one block to the start of the next
 * @size: bytes of all blocks, in whole pages: the size for carveout_map()
 * @offset: offset of the pool in its region, in bytes
 * @generation: its generation
 * @count: number of blocks
 * @region: index of its region
 * @attrs: CARVEOUT_ATTR_* bits of its region
 * @created: 1 if it was created by the call, 0 if it existed before
 */
struct carveout_pool_opened {
	size_t struct_size;
	uint64_t block_size;
	uint64_t size;
	uint64_t offset;
	uint64_t generation;
	uint32_t count;
	uint32_t region;
	uint32_t attrs;
	uint32_t created;
};

/** define CARVEOUT_POOL_OPENED_INIT - Initialiser of a struct carveout_pool_opened */
#define CARVEOUT_POOL_OPENED_INIT CARVEOUT_INIT(carveout_pool_opened, \
	{ .struct_size = sizeof(struct carveout_pool_opened) })
CARVEOUT_INIT_FUNCTION(carveout_pool_opened, (void)0)

/**
 * struct carveout_pool_options - A request for a pool
 * @struct_size: size of this structure, set by CARVEOUT_POOL_OPTIONS_INIT
 * @block_size: bytes of a block, at least 1
 * @tag: tag of the pool, or NULL
 * @label: purpose of the pool, for display, or NULL
 * @count: number of blocks, 1 to CARVEOUT_POOL_BLOCKS_MAX
 * @flags: CARVEOUT_ALLOC_OPEN, CARVEOUT_ALLOC_PERSIST
 * @fd_flags: O_RDWR, and O_CLOEXEC
 * @mode: permission bits of the tag, masked by the umask; ignored without a tag
 * @align: power of two in bytes, of the physical address of each block; 0 for
 *	the minimum
 * @max_addr: the pool ends at or below this physical address; 0 for any
 * @regions: mask of the region indices to allocate from; 0 for any
 * @require: CARVEOUT_ATTR_* bits that the region must have
 * @forbid: CARVEOUT_ATTR_* bits that the region must not have
 *
 * See struct carveout_ioctl_pool_create for the details of each.
 */
struct carveout_pool_options {
	size_t struct_size;
	uint64_t block_size;
	const char *tag;
	const char *label;
	uint32_t count;
	uint32_t flags;
	uint32_t fd_flags;
	uint32_t mode;
	uint64_t align;
	uint64_t max_addr;
	uint64_t regions;
	uint32_t require;
	uint32_t forbid;
};

/**
 * define CARVEOUT_POOL_OPTIONS_INIT - Initialiser of a struct carveout_pool_options
 *
 * Requests a close-on-exec file descriptor, and a tag that only its owner may
 * open.
 */
#define CARVEOUT_POOL_OPTIONS_INIT CARVEOUT_INIT(carveout_pool_options, { \
	.struct_size = sizeof(struct carveout_pool_options), \
	.fd_flags = O_RDWR | O_CLOEXEC, \
	.mode = 0600, \
})
CARVEOUT_INIT_FUNCTION(carveout_pool_options, init.fd_flags = O_RDWR | O_CLOEXEC,
		       init.mode = 0600)

/**
 * carveout_pool_create() - Create a pool of equal blocks
 * @heap: the heap, open O_RDWR
 * @options: the request
 * @opened: filled in with the result, or NULL
 *
 * The file descriptor is not a buffer descriptor: use it with the functions of
 * this section, with carveout_map() and with poll(), which reports POLLIN while
 * a block is free, POLLHUP once the pool is destroyed and POLLERR if it is
 * corrupted. Blocks are handed to waiters first, so that poll() may report none
 * as long as there are waiters.
 *
 * Return: a file descriptor or a negative errno: those of
 * CARVEOUT_IOCTL_POOL_CREATE; -EINVAL and -E2BIG also as carveout_alloc_with().
 */
int carveout_pool_create(const struct carveout_heap *heap,
			 const struct carveout_pool_options *options,
			 struct carveout_pool_opened *opened);

/**
 * carveout_pool_open() - Open a pool by its tag
 * @heap: the heap, open O_RDWR
 * @tag: the tag
 * @fd_flags: O_RDWR, and O_CLOEXEC
 * @opened: filled in with the result, or NULL
 *
 * Return: a file descriptor or a negative errno, -ENOENT if the tag does not
 * exist, -EINVAL if its buffer is not a pool, -EACCES if its mode or the device
 * node denies access.
 */
int carveout_pool_open(const struct carveout_heap *heap, const char *tag, int fd_flags,
		       struct carveout_pool_opened *opened);

/**
 * carveout_pool_open_wait() - Open a pool by its tag, waiting for the tag
 * @heap: the heap, open O_RDWR
 * @tag: the tag
 * @fd_flags: O_RDWR, and O_CLOEXEC
 * @timeout_ms: time to wait, in milliseconds from now; negative: no limit
 * @opened: filled in with the result, or NULL
 *
 * Return: as carveout_pool_open(); otherwise as carveout_open_tag_wait().
 */
int carveout_pool_open_wait(const struct carveout_heap *heap, const char *tag,
			    int fd_flags, int timeout_ms,
			    struct carveout_pool_opened *opened);

/**
 * carveout_pool_open_until() - Open a pool by its tag, waiting until a deadline
 * @heap: the heap, open O_RDWR
 * @tag: the tag
 * @fd_flags: O_RDWR, and O_CLOEXEC
 * @deadline: end of the wait, as of carveout_deadline()
 * @opened: filled in with the result, or NULL
 *
 * Return: as carveout_pool_open_wait().
 */
int carveout_pool_open_until(const struct carveout_heap *heap, const char *tag,
			     int fd_flags, uint64_t deadline,
			     struct carveout_pool_opened *opened);

/**
 * struct carveout_pool_block - A block that the caller acquired or was told of
 * @serial: identifies this ownership of the block; no other block and no other
 *	owner of the pool ever has the same serial
 * @offset: offset of the block in the pool, in bytes
 * @ticket: place in the queue of a wait that a signal ended, otherwise 0
 * @index: index of the block
 * @reserved: zero
 *
 * Initialise it with zeroes.
 */
struct carveout_pool_block {
	uint64_t serial;
	uint64_t offset;
	uint64_t ticket;
	uint32_t index;
	uint32_t reserved;
};

/**
 * carveout_pool_address() - Address of a block
 * @memory: mapping of the whole pool, from carveout_map()
 * @block: the block
 *
 * Return: the address of its first byte.
 */
static inline void *carveout_pool_address(void *memory,
					  const struct carveout_pool_block *block)
{
	return (char *)memory + block->offset;
}

/**
 * carveout_pool_acquire() - Acquire a block without waiting
 * @pool: file descriptor of the pool
 * @block: filled in
 *
 * The block belongs to this open of the pool. It is freed by
 * carveout_pool_release(), or when the last file descriptor and mapping of this
 * open is closed.
 *
 * Return: 0 or a negative errno, -EAGAIN if all blocks are in use, -EIDRM if the
 * pool was destroyed.
 */
int carveout_pool_acquire(int pool, struct carveout_pool_block *block);

/**
 * carveout_pool_acquire_wait() - Acquire a block, waiting if all are in use
 * @pool: file descriptor of the pool
 * @timeout_ms: time to wait, in milliseconds from now; negative: no limit
 * @block: filled in; its ticket has to be 0, or that of an interrupted call
 *
 * Waiters are served in FIFO order. After -EINTR, call again with the same
 * structure to keep the place in the queue.
 *
 * Return: as carveout_pool_acquire(), except that -EAGAIN is replaced by
 * -ETIMEDOUT if no block became free in time, or -EINTR if a signal handler ran
 * that was not installed with SA_RESTART.
 */
int carveout_pool_acquire_wait(int pool, int timeout_ms, struct carveout_pool_block *block);

/**
 * carveout_pool_acquire_until() - Acquire a block, waiting until a deadline
 * @pool: file descriptor of the pool
 * @deadline: end of the wait, as of carveout_deadline()
 * @block: filled in; its @ticket as of carveout_pool_acquire_wait()
 *
 * A deadline in the past still acquires a free block.
 *
 * Return: as carveout_pool_acquire_wait().
 */
int carveout_pool_acquire_until(int pool, uint64_t deadline,
				struct carveout_pool_block *block);

/**
 * carveout_pool_release() - Release a block
 * @pool: file descriptor of the pool
 * @block: the block, which belongs to this open of the pool
 *
 * Return: 0 or a negative errno, -EINVAL if the block is free or has another
 * serial, because it was released or moved before; -EPERM if it belongs to
 * another client.
 */
int carveout_pool_release(int pool, const struct carveout_pool_block *block);

/**
 * carveout_pool_release_any() - Release a block of any client
 * @pool: file descriptor of the pool
 * @block: the block
 *
 * The client keeps using the block unless it is told.
 *
 * Return: as carveout_pool_release(); -EPERM if the block belongs to another
 * client and the caller neither owns the pool nor has CAP_FOWNER.
 */
int carveout_pool_release_any(int pool, const struct carveout_pool_block *block);

/**
 * carveout_pool_move() - Give a block to another client of the pool
 * @pool: file descriptor of the pool
 * @block: the block, which belongs to this open; its serial is updated
 * @client: id of the new owner: "client" of its carveout_pool_query(), or the id
 *	of a driver
 *
 * From then on the block is freed with its new owner. Send it the index and the
 * serial.
 *
 * Return: as carveout_pool_release(); -ESRCH if there is no such client.
 */
int carveout_pool_move(int pool, struct carveout_pool_block *block, uint64_t client);

/**
 * carveout_pool_acquire_batch() - Acquire several blocks without waiting
 * @pool: file descriptor of the pool
 * @blocks: filled in
 * @count: number of @blocks, 1 to %CARVEOUT_POOL_BATCH_MAX
 *
 * A program that needs blocks one by one takes a stock of them in one call, and
 * uses it without a system call.
 *
 * Return: number of acquired blocks, at least 1; or a negative errno as of
 * carveout_pool_acquire(), -EINVAL for a wrong @count.
 */
int carveout_pool_acquire_batch(int pool, struct carveout_pool_block *blocks,
				unsigned int count);

/**
 * carveout_pool_release_batch() - Release several blocks
 * @pool: file descriptor of the pool
 * @blocks: the blocks, which belong to this open of the pool
 * @count: number of @blocks, 1 to %CARVEOUT_POOL_BATCH_MAX
 *
 * The call ends with the first block that cannot be released; a call for the
 * remaining ones reports the error.
 *
 * Return: number of released blocks, at least 1; or a negative errno as of
 * carveout_pool_release(), -EINVAL also for a wrong @count.
 */
int carveout_pool_release_batch(int pool, const struct carveout_pool_block *blocks,
				unsigned int count);

/**
 * carveout_pool_move_batch() - Give several blocks to another client of the pool
 * @pool: file descriptor of the pool
 * @blocks: the blocks, which belong to this open; the serials of the moved ones
 *	are updated
 * @count: number of @blocks, 1 to %CARVEOUT_POOL_BATCH_MAX
 * @client: as of carveout_pool_move()
 *
 * The call ends with the first block that cannot be moved; a call for the
 * remaining ones reports the error.
 *
 * Return: number of moved blocks, at least 1; or a negative errno as of
 * carveout_pool_move(), -EINVAL also for a wrong @count.
 */
int carveout_pool_move_batch(int pool, struct carveout_pool_block *blocks,
			     unsigned int count, uint64_t client);

/**
 * carveout_pool_sync() - Maintain the CPU caches for a part of a block
 * @pool: file descriptor of the pool
 * @block: the block, whatever its owner
 * @offset: offset of the part in the block, in bytes
 * @size: bytes, at least 1
 * @flags: CARVEOUT_SYNC_FOR_DEVICE, CARVEOUT_SYNC_FOR_CPU or both
 *
 * Return: 0 or a negative errno, -EINVAL if the part is not inside the block.
 */
int carveout_pool_sync(int pool, const struct carveout_pool_block *block, uint64_t offset,
		       uint64_t size, uint32_t flags);

/**
 * carveout_pool_export() - Open a pool as a buffer
 * @pool: file descriptor of the pool, which needs no tag
 * @fd_flags: O_RDWR or O_RDONLY, and O_CLOEXEC
 *
 * Return: a buffer descriptor of the whole pool, for import by a device and for
 * carveout_link(); or a negative errno.
 */
int carveout_pool_export(int pool, int fd_flags);

/**
 * carveout_pool_query_sized() - carveout_pool_query() with an explicit structure size
 * @pool: file descriptor of the pool
 * @query: returns the state
 * @size: size of @query as known to the caller
 *
 * Return: 0 or a negative errno.
 */
int carveout_pool_query_sized(int pool, struct carveout_ioctl_pool_query *query,
			      size_t size);

/**
 * carveout_pool_query() - Query the state of a pool
 * @pool: file descriptor of the pool
 * @query: returns the state
 *
 * Return: 0 or a negative errno.
 */
static inline int carveout_pool_query(int pool, struct carveout_ioctl_pool_query *query)
{
	return carveout_pool_query_sized(pool, query, sizeof(*query));
}

/**
 * carveout_pool_destroy() - Destroy a pool
 * @pool: file descriptor of the pool, which stays open
 *
 * Its tag is removed. All waiters, and later requests for a block, fail with
 * -EIDRM.
 *
 * Return: 0 or a negative errno, -EACCES if the caller is not the owner, -EIDRM
 * if the pool was destroyed before.
 */
int carveout_pool_destroy(int pool);

/* === Tags ================================================================= */

/**
 * carveout_tag_check() - Is a string a valid tag?
 * @tag: the string
 *
 * Return: 0, or -EINVAL if it is not 1 to 63 letters, digits, '.', '_' and '-'.
 */
int carveout_tag_check(const char *tag);

/**
 * carveout_link() - Tag a buffer that was never tagged
 * @heap: the heap, open for writing
 * @fd: the buffer, open for writing
 * @tag: the tag
 * @flags: CARVEOUT_LINK_REPLACE to take the tag from another buffer,
 *	CARVEOUT_LINK_PERSIST to let the tag hold a reference
 * @mode: permission bits, masked by the umask
 * @generation: returns the buffer's new generation, or NULL
 *
 * Return: 0 or a negative errno: -EEXIST if the tag exists, -EBUSY if the buffer
 * has, or once had, a tag, -EACCES if the caller is not allowed to do this.
 */
int carveout_link(const struct carveout_heap *heap, int fd, const char *tag,
		  uint32_t flags, uint32_t mode, uint64_t *generation);

/**
 * carveout_unlink() - Remove a tag
 * @heap: the heap, open for writing
 * @tag: the tag
 *
 * The tag can be used again at once; the memory is freed with the last
 * reference.
 *
 * Return: 0 or a negative errno, -ENOENT if the tag does not exist, -EACCES if
 * the caller is not the owner.
 */
int carveout_unlink(const struct carveout_heap *heap, const char *tag);

/**
 * carveout_setattr() - Change owner, group or mode of a tag
 * @heap: the heap, open for writing
 * @tag: the tag
 * @flags: CARVEOUT_SETATTR_* bits that select the properties to change
 * @mode: permission bits
 * @uid: owner
 * @gid: group
 *
 * Return: 0 or a negative errno, -ENOENT if the tag does not exist, -EACCES if
 * the change is not allowed.
 */
int carveout_setattr(const struct carveout_heap *heap, const char *tag,
		     uint32_t flags, uint32_t mode, uid_t uid, gid_t gid);

/* === Listing ============================================================== */

/**
 * carveout_info_sized() - carveout_info() with an explicit structure size
 * @heap: the heap
 * @fd: the buffer
 * @buffer: returns the description
 * @size: size of @buffer as known to the caller
 *
 * Return: 0 or a negative errno.
 */
int carveout_info_sized(const struct carveout_heap *heap, int fd,
			struct carveout_buffer_info *buffer, size_t size);

/**
 * carveout_info() - Describe a buffer
 * @heap: its heap, open for reading; or from carveout_open_dmabuf()
 * @fd: the buffer
 * @buffer: returns the description
 *
 * Return: 0 or a negative errno: -EBADF if @fd is not an open file descriptor,
 * -EINVAL if it is not a buffer of this heap.
 */
static inline int carveout_info(const struct carveout_heap *heap, int fd,
				struct carveout_buffer_info *buffer)
{
	return carveout_info_sized(heap, fd, buffer, sizeof(*buffer));
}

/* Kinds of entries to list. */
#define CARVEOUT_LIST_BUFFERS	1	/* struct carveout_buffer_info */
#define CARVEOUT_LIST_SPANS	2	/* struct carveout_ioctl_span */

/**
 * carveout_next_sized() - Continue an enumeration
 * @heap: the heap, open for reading
 * @kind: CARVEOUT_LIST_BUFFERS or CARVEOUT_LIST_SPANS
 * @cursor: 0 to start, then the value set by the last call
 * @entries: array to fill
 * @size: size of one entry as known to the caller
 * @count: capacity of the array
 *
 * Return: number of entries filled in, 0 at the end, or a negative errno.
 */
int carveout_next_sized(const struct carveout_heap *heap, int kind,
			uint64_t *cursor, void *entries, size_t size,
			size_t count);

/**
 * carveout_list_sized() - List all buffers or spans
 * @heap: the heap, open for reading
 * @kind: CARVEOUT_LIST_BUFFERS or CARVEOUT_LIST_SPANS
 * @entries: returns an array; free() it
 * @size: size of one entry as known to the caller
 * @count: returns the number of entries
 *
 * Return: 0 or a negative errno.
 */
int carveout_list_sized(const struct carveout_heap *heap, int kind,
			void **entries, size_t size, size_t *count);

/**
 * carveout_next_buffers() - Fetch the next buffers that the caller may see
 * @heap: the heap, open for reading
 * @cursor: 0 to start, then the value set by the last call
 * @buffers: array to fill
 * @count: capacity of the array
 *
 * A buffer that exists throughout the enumeration is reported exactly once.
 *
 * Return: number of entries filled in, 0 at the end, or a negative errno.
 */
static inline int carveout_next_buffers(const struct carveout_heap *heap,
					uint64_t *cursor,
					struct carveout_buffer_info *buffers,
					size_t count)
{
	return carveout_next_sized(heap, CARVEOUT_LIST_BUFFERS, cursor, buffers,
				   sizeof(*buffers), count);
}

/**
 * carveout_next_spans() - Fetch the next allocations and holes of all regions
 * @heap: the heap, open for reading
 * @cursor: 0 to start, then the value set by the last call
 * @spans: array to fill, in no particular order
 * @count: capacity of the array
 *
 * Return: number of entries filled in, 0 at the end, or a negative errno.
 */
static inline int carveout_next_spans(const struct carveout_heap *heap,
				      uint64_t *cursor,
				      struct carveout_ioctl_span *spans,
				      size_t count)
{
	return carveout_next_sized(heap, CARVEOUT_LIST_SPANS, cursor, spans,
				   sizeof(*spans), count);
}

/**
 * carveout_buffers() - List the buffers that the caller may see
 * @heap: the heap, open for reading
 * @buffers: returns an array; free() it
 * @count: returns the number of buffers
 *
 * Return: 0 or a negative errno.
 */
static inline int carveout_buffers(const struct carveout_heap *heap,
				   struct carveout_buffer_info **buffers, size_t *count)
{
	void *all;
	int err;

	err = carveout_list_sized(heap, CARVEOUT_LIST_BUFFERS, &all,
				  sizeof(**buffers), count);
	*buffers = (struct carveout_buffer_info *)all;
	return err;
}

/**
 * carveout_spans() - List the allocations and holes of all regions
 * @heap: the heap, open for reading
 * @spans: returns an array, in no particular order; free() it
 * @count: returns the number of spans
 *
 * Without CAP_DAC_OVERRIDE only the spans of the buffers that carveout_buffers() lists.
 *
 * Return: 0 or a negative errno.
 */
static inline int carveout_spans(const struct carveout_heap *heap,
				 struct carveout_ioctl_span **spans, size_t *count)
{
	void *all;
	int err;

	err = carveout_list_sized(heap, CARVEOUT_LIST_SPANS, &all,
				  sizeof(**spans), count);
	*spans = (struct carveout_ioctl_span *)all;
	return err;
}

/**
 * carveout_poll() - Wait until a tag is added, removed or changed
 * @heap: the heap
 * @timeout_ms: time to wait, in milliseconds; negative: no limit
 *
 * Reports changes since the buffers were last listed from the start, or
 * acknowledged, through this heap.
 *
 * Return: 1 if a tag changed, 0 after a timeout, or a negative errno: -ENODEV if
 * the heap is shut down, -EINTR if a signal handler ran.
 */
int carveout_poll(const struct carveout_heap *heap, int timeout_ms);

/**
 * carveout_acknowledge() - Acknowledge all changes so far
 * @heap: the heap, open for reading
 *
 * Acknowledge before examining the changes, so that later changes are reported
 * again.
 *
 * Return: 0 or a negative errno.
 */
int carveout_acknowledge(const struct carveout_heap *heap);

/* === Memory =============================================================== */

/**
 * carveout_map_align() - Query the size of a huge page
 *
 * A buffer that is allocated with this @align and has at least this size can be
 * mapped with huge pages by carveout_map(). The kernel of the machine determines
 * the size: usually 2 MiB with pages of 4 KiB, and 32 MiB with pages of 16 KiB.
 *
 * Return: the size in bytes, a power of two.
 */
uint64_t carveout_map_align(void);

/**
 * carveout_size() - Query the size of a buffer
 * @fd: the buffer
 * @size: returns the size, in bytes
 *
 * Return: 0 or a negative errno.
 */
int carveout_size(int fd, uint64_t *size);

/**
 * carveout_map() - Map a buffer or a part of it
 * @fd: the buffer
 * @offset: start of the mapping in the buffer, in whole pages
 * @size: bytes, at least 1
 * @prot: PROT_READ, PROT_WRITE or both
 * @memory: returns the address
 *
 * A mapping of at least carveout_map_align() bytes is placed so that the start
 * of the buffer would be at a multiple of that: if the buffer was also allocated
 * with such an @align, the kernel can map it with huge pages.
 *
 * Return: 0 or a negative errno: -EINVAL for a range outside the buffer,
 * -EACCES for PROT_WRITE with a read-only descriptor, -EFBIG for a size that
 * exceeds the address space.
 */
int carveout_map(int fd, uint64_t offset, uint64_t size, int prot, void **memory);

/**
 * carveout_unmap() - Undo carveout_map(), completely or for a part
 * @memory: address
 * @size: bytes
 *
 * Return: 0 or a negative errno.
 */
int carveout_unmap(void *memory, uint64_t size);

/**
 * carveout_map_export() - Get a descriptor of a buffer that is mapped
 * @memory: address in the mapping, also in one of typed memory (posix_typed_mem.h)
 * @fd_flags: O_CLOEXEC or 0
 * @offset: returns the offset of @memory in the buffer, or NULL
 *
 * The descriptor is a new one of the whole buffer, read-only if the mapping can never be
 * written.
 *
 * Return: a dma-buf descriptor or a negative errno: -EACCES if no buffer is mapped at
 * @memory.
 */
int carveout_map_export(const void *memory, int fd_flags, uint64_t *offset);

/**
 * carveout_sync() - Maintain the CPU caches for parts of a buffer
 * @heap: the heap, open for reading; or from carveout_open_dmabuf()
 * @fd: the buffer
 * @flags: CARVEOUT_SYNC_FOR_DEVICE, CARVEOUT_SYNC_FOR_CPU or both
 * @ranges: the parts; NULL for the whole buffer
 * @count: number of parts; 0 with NULL
 *
 * For remote processors without a device in Linux. Up to CARVEOUT_SYNC_MAX
 * parts are all checked before the first one is processed; more parts are
 * processed in groups of that size.
 *
 * Return: 0 or a negative errno, -EINVAL for a part outside the buffer.
 */
int carveout_sync(const struct carveout_heap *heap, int fd, uint32_t flags,
		  const struct carveout_sync_range *ranges, size_t count);

/* Direction of the CPU accesses. */
#define CARVEOUT_ACCESS_READ	(1U << 0)
#define CARVEOUT_ACCESS_WRITE	(1U << 1)

/**
 * carveout_begin_access() - Begin CPU accesses to a buffer's mappings
 * @fd: the buffer, or any other dma-buf
 * @access: CARVEOUT_ACCESS_READ, CARVEOUT_ACCESS_WRITE or both
 *
 * Waits for the fences of devices that use the buffer, and maintains the CPU
 * caches.
 *
 * Return: 0 or a negative errno.
 */
int carveout_begin_access(int fd, uint32_t access);

/**
 * carveout_end_access() - End CPU accesses to a buffer's mappings
 * @fd: the buffer
 * @access: as for carveout_begin_access()
 *
 * Return: 0 or a negative errno.
 */
int carveout_end_access(int fd, uint32_t access);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* LIBCARVEOUT_H */
