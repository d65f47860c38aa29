/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libcarveout: carveout heaps for programs.
 *
 * A heap is opened by its name. A buffer is a dma-buf descriptor: close() lets
 * go of it, SCM_RIGHTS sends it, V4L2 and DRM import it.
 *
 * Functions return 0 or a descriptor, and a negative errno on failure; errno
 * itself means nothing afterwards. They print nothing, keep no state of their
 * own and may be called by any number of threads, on one heap, too. A signal does
 * not end them, but for those that wait: these return -EINTR. Descriptors are
 * closed by exec() unless the caller says otherwise. What <linux/carveout.h> says
 * of an ioctl holds for the function around it, errors included.
 *
 * Structures may grow at their end. Those of this header have a member
 * struct_size that their _INIT macro sets; for those of <linux/carveout.h> there
 * are functions whose names end in _sized, and inline functions around them that
 * pass the size which the caller was compiled with. So a program and a library of
 * different age go together, in both directions.
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

/** define CARVEOUT_NODE_DIR - where the heaps' nodes are */
#define CARVEOUT_NODE_DIR	"/dev/carveout"

/* === Heaps ================================================================ */

/* An open heap. */
struct carveout_heap;

/**
 * carveout_dir() - the directory of the heaps' nodes
 *
 * It is CARVEOUT_NODE_DIR unless the environment variable CARVEOUT_DIR names
 * another.
 *
 * Return: its path.
 */
const char *carveout_dir(void);

/**
 * carveout_node_path() - the path of a heap's node
 * @name: name of the heap; with a '/' in it, a path, which is taken as it is
 * @path: where to put the path; free() it
 *
 * Return: 0, -EINVAL for an empty name, or -ENOMEM. There need not be such a node.
 */
int carveout_node_path(const char *name, char **path);

/**
 * carveout_heap_names() - find the heaps of this system
 * @names: where to put an array of names in alphabetical order
 * @count: where to put their number
 *
 * Free the array with carveout_heap_names_free().
 *
 * Return: 0 or a negative errno, -ENOENT when there is no directory of heaps.
 */
int carveout_heap_names(char ***names, size_t *count);

/**
 * carveout_heap_names_free() - free what carveout_heap_names() returned
 * @names: the array, or NULL
 * @count: number of names
 */
void carveout_heap_names_free(char **names, size_t count);

/**
 * carveout_open() - open a heap
 * @name: name of the heap, or the path of its node if there is a '/' in it
 * @flags: O_RDONLY to look and to read; O_RDWR to do everything; O_WRONLY to
 *	query and to change names
 * @heap: where to put the heap
 *
 * Return: 0 or a negative errno: -ENOENT if there is no such heap, -ENOTTY if it
 * is something else, -EINVAL for an empty name or other flags.
 */
int carveout_open(const char *name, int flags, struct carveout_heap **heap);

/**
 * carveout_close() - close a heap
 * @heap: the heap, or NULL
 *
 * Buffers that came from it stay.
 */
void carveout_close(struct carveout_heap *heap);

/**
 * carveout_heap_fd() - the descriptor of a heap's node
 * @heap: the heap
 *
 * For poll(), which says POLLIN when names changed, POLLHUP when the heap is gone.
 *
 * Return: the descriptor; carveout_close() closes it.
 */
int carveout_heap_fd(const struct carveout_heap *heap);

/**
 * carveout_heap_path() - the path of a heap's node
 * @heap: the heap
 *
 * Return: the path, which lives as long as @heap.
 */
const char *carveout_heap_path(const struct carveout_heap *heap);

/**
 * carveout_query_sized() - carveout_query() for a structure of any age
 * @heap: the heap
 * @query: the answer
 * @size: size of @query as the caller knows it
 *
 * Return: 0 or a negative errno.
 */
int carveout_query_sized(const struct carveout_heap *heap,
			 struct carveout_ioctl_query *query, size_t size);

/**
 * carveout_query() - ask what a heap is and how it stands
 * @heap: the heap
 * @query: the answer; its member capabilities says what the driver can do
 *
 * Return: 0 or a negative errno.
 */
static inline int carveout_query(const struct carveout_heap *heap,
				 struct carveout_ioctl_query *query)
{
	return carveout_query_sized(heap, query, sizeof(*query));
}

/**
 * carveout_region_sized() - carveout_region() for a structure of any age
 * @heap: the heap
 * @index: which region
 * @region: the answer
 * @size: size of @region as the caller knows it
 *
 * Return: 0 or a negative errno.
 */
int carveout_region_sized(const struct carveout_heap *heap, uint32_t index,
			  struct carveout_ioctl_region *region, size_t size);

/**
 * carveout_region() - look at one region of a heap
 * @heap: the heap
 * @index: which region, 0 and up
 * @region: the answer
 *
 * Return: 0 or a negative errno, -ENOENT when there are no more.
 */
static inline int carveout_region(const struct carveout_heap *heap, uint32_t index,
				  struct carveout_ioctl_region *region)
{
	return carveout_region_sized(heap, index, region, sizeof(*region));
}

/**
 * carveout_regions_sized() - carveout_regions() for structures of any age
 * @heap: the heap
 * @regions: where to put an array; free() it
 * @size: size of one region as the caller knows it
 * @count: where to put their number
 *
 * Return: 0 or a negative errno.
 */
int carveout_regions_sized(const struct carveout_heap *heap, void **regions,
			   size_t size, size_t *count);

/**
 * carveout_regions() - look at all regions of a heap
 * @heap: the heap
 * @regions: where to put an array by index; free() it
 * @count: where to put their number
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

/* === Making and opening buffers =========================================== */

/**
 * struct carveout_opened - what was allocated, opened or resized
 * @struct_size: size of this structure, set by CARVEOUT_OPENED_INIT
 * @size: bytes of the buffer, in whole pages
 * @offset: where in its region it starts, in bytes
 * @generation: its number
 * @region: index of its region
 * @attrs: CARVEOUT_ATTR_* bits of its region
 * @created: 1 if it is new, 0 if it was there before
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

/** define CARVEOUT_OPENED_INIT - how a struct carveout_opened starts */
#define CARVEOUT_OPENED_INIT	{ .struct_size = sizeof(struct carveout_opened) }

/**
 * struct carveout_alloc_options - what buffer is wanted
 * @struct_size: size of this structure, set by CARVEOUT_ALLOC_OPTIONS_INIT
 * @size: bytes, at least 1
 * @tag: name of the buffer, or NULL
 * @label: what it is for, to be shown to people, or NULL
 * @flags: CARVEOUT_ALLOC_* flags
 * @fd_flags: O_RDWR or O_RDONLY, and O_CLOEXEC
 * @mode: permission bits of the tag, less the umask; not looked at without tag
 * @align: power of two in bytes, of the physical address; 0 for a page
 * @max_addr: the buffer ends at or below this physical address; 0 for any
 * @regions: mask of region indices to take it from; 0 for any
 * @place: with CARVEOUT_ALLOC_EXACT, where in the one region of @regions it starts
 * @require: CARVEOUT_ATTR_* bits that the region must have
 * @forbid: CARVEOUT_ATTR_* bits that the region must not have
 * @fallback: CARVEOUT_ATTR_* bits that will do instead of @require when no region
 *	with these has room, in this order
 * @nr_fallback: number of entries of @fallback, up to CARVEOUT_NR_FALLBACK
 *
 * See struct carveout_ioctl_alloc for the meaning of each.
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
 * define CARVEOUT_ALLOC_OPTIONS_INIT - how a struct carveout_alloc_options starts
 *
 * A descriptor to read and write, a tag that only its owner may open.
 */
#define CARVEOUT_ALLOC_OPTIONS_INIT { \
	.struct_size = sizeof(struct carveout_alloc_options), \
	.fd_flags = O_RDWR | O_CLOEXEC, \
	.mode = 0600, \
}

/**
 * carveout_alloc() - allocate a buffer without a tag
 * @heap: the heap, open O_RDWR
 * @size: bytes, at least 1; it gets whole pages
 *
 * It reads as zero and is open for reading and writing.
 *
 * Return: a dma-buf descriptor or a negative errno, -ENOSPC when no hole fits.
 */
int carveout_alloc(const struct carveout_heap *heap, uint64_t size);

/**
 * carveout_alloc_with() - allocate a buffer, with wishes
 * @heap: the heap, open O_RDWR
 * @options: what is wanted
 * @opened: where to say what it became, or NULL
 *
 * Return: a dma-buf descriptor or a negative errno: those of
 * CARVEOUT_IOCTL_ALLOC; -EINVAL also for a struct_size that is too small, a tag or
 * label that is too long and an empty tag, -E2BIG for options that this library
 * does not know.
 */
int carveout_alloc_with(const struct carveout_heap *heap,
			const struct carveout_alloc_options *options,
			struct carveout_opened *opened);

/**
 * carveout_open_tag() - open a buffer by its tag
 * @heap: the heap
 * @tag: the name
 * @fd_flags: O_RDONLY or O_RDWR, and O_CLOEXEC
 * @opened: where to say what it is, or NULL
 *
 * Return: a dma-buf descriptor or a negative errno, -ENOENT for no such tag,
 * -EACCES if its mode or the node forbids it.
 */
int carveout_open_tag(const struct carveout_heap *heap, const char *tag,
		      int fd_flags, struct carveout_opened *opened);

/**
 * carveout_open_tag_wait() - open a buffer by its tag as soon as there is one
 * @heap: the heap
 * @tag: the name
 * @fd_flags: O_RDONLY or O_RDWR, and O_CLOEXEC
 * @timeout_ms: how long to wait, in milliseconds from now; negative: for ever
 * @opened: where to say what it is, or NULL
 *
 * A buffer that is there but forbidden is not waited for: -EACCES.
 *
 * Return: as carveout_open_tag(); -ETIMEDOUT when none came in time, -EINTR when a
 * signal handler ran that was not installed with SA_RESTART, -ENODEV when the heap
 * goes meanwhile.
 */
int carveout_open_tag_wait(const struct carveout_heap *heap, const char *tag,
			   int fd_flags, int timeout_ms,
			   struct carveout_opened *opened);

/**
 * carveout_resize() - make a buffer larger or smaller
 * @heap: the heap, open O_RDWR
 * @fd: the buffer, open for writing, and open nowhere else
 * @size: bytes, at least 1; it gets whole pages
 * @fd_flags: O_RDWR or O_RDONLY, and O_CLOEXEC, for the new descriptor
 * @opened: where to say what it became, or NULL
 *
 * As with realloc(), what succeeded has closed @fd, and what failed has changed
 * nothing. The content is kept up to the smaller size, and so is the tag.
 *
 * Return: a new dma-buf descriptor or a negative errno, -EBUSY while the buffer is
 * mapped or in use by anybody else.
 */
int carveout_resize(const struct carveout_heap *heap, int fd, uint64_t size,
		    int fd_flags, struct carveout_opened *opened);

/* === Pools ================================================================ */

/**
 * struct carveout_pool_opened - what pool was made or opened
 * @struct_size: size of this structure, set by CARVEOUT_POOL_OPENED_INIT
 * @block_size: bytes from one block to the next
 * @size: bytes of all blocks, in whole pages: what carveout_map() maps
 * @offset: where in its region the pool starts, in bytes
 * @generation: its number
 * @count: number of blocks
 * @region: index of its region
 * @attrs: CARVEOUT_ATTR_* bits of its region
 * @created: 1 if it is new, 0 if it was there before
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

/** define CARVEOUT_POOL_OPENED_INIT - how a struct carveout_pool_opened starts */
#define CARVEOUT_POOL_OPENED_INIT \
	{ .struct_size = sizeof(struct carveout_pool_opened) }

/**
 * struct carveout_pool_options - what pool is wanted
 * @struct_size: size of this structure, set by CARVEOUT_POOL_OPTIONS_INIT
 * @block_size: bytes of a block, at least 1
 * @tag: name of the pool, or NULL
 * @label: what it is for, to be shown to people, or NULL
 * @count: number of blocks, 1 to CARVEOUT_POOL_BLOCKS_MAX
 * @flags: CARVEOUT_ALLOC_OPEN, CARVEOUT_ALLOC_PERSIST
 * @fd_flags: O_RDWR, and O_CLOEXEC
 * @mode: permission bits of the tag, less the umask; not looked at without tag
 * @align: power of two in bytes, of the physical address of each block; 0 for 64
 * @max_addr: the pool ends at or below this physical address; 0 for any
 * @regions: mask of region indices to take it from; 0 for any
 * @require: CARVEOUT_ATTR_* bits that the region must have
 * @forbid: CARVEOUT_ATTR_* bits that the region must not have
 *
 * See struct carveout_ioctl_pool_create for the meaning of each.
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
 * define CARVEOUT_POOL_OPTIONS_INIT - how a struct carveout_pool_options starts
 *
 * A descriptor that exec() closes, a tag that only its owner may open.
 */
#define CARVEOUT_POOL_OPTIONS_INIT { \
	.struct_size = sizeof(struct carveout_pool_options), \
	.fd_flags = O_RDWR | O_CLOEXEC, \
	.mode = 0600, \
}

/**
 * carveout_pool_create() - make a pool of equal blocks
 * @heap: the heap, open O_RDWR
 * @options: what is wanted
 * @opened: where to say what it became, or NULL
 *
 * Its descriptor is none of a buffer: it is for the functions of this section, for
 * carveout_map() and for poll(), which says POLLIN while a block is free and POLLHUP
 * once the pool was destroyed.
 *
 * Return: a descriptor or a negative errno: those of CARVEOUT_IOCTL_POOL_CREATE;
 * -EINVAL and -E2BIG also as carveout_alloc_with().
 */
int carveout_pool_create(const struct carveout_heap *heap,
			 const struct carveout_pool_options *options,
			 struct carveout_pool_opened *opened);

/**
 * carveout_pool_open() - open a pool by its tag
 * @heap: the heap, open O_RDWR
 * @tag: the name
 * @fd_flags: O_RDWR, and O_CLOEXEC
 * @opened: where to say what it is, or NULL
 *
 * Return: a descriptor or a negative errno, -ENOENT for no such tag, -EINVAL for one of
 * a buffer that is no pool, -EACCES if its mode or the node forbids it.
 */
int carveout_pool_open(const struct carveout_heap *heap, const char *tag, int fd_flags,
		       struct carveout_pool_opened *opened);

/**
 * carveout_pool_open_wait() - open a pool by its tag as soon as there is one
 * @heap: the heap, open O_RDWR
 * @tag: the name
 * @fd_flags: O_RDWR, and O_CLOEXEC
 * @timeout_ms: how long to wait, in milliseconds from now; negative: for ever
 * @opened: where to say what it is, or NULL
 *
 * Return: as carveout_pool_open(); further as carveout_open_tag_wait().
 */
int carveout_pool_open_wait(const struct carveout_heap *heap, const char *tag,
			    int fd_flags, int timeout_ms,
			    struct carveout_pool_opened *opened);

/**
 * carveout_pool_get() - take a block without waiting
 * @pool: descriptor of the pool
 * @offset: where to say where in the pool it starts, or NULL
 *
 * It is given back by carveout_pool_put(), or when the last descriptor and mapping of
 * this opening of the pool is gone.
 *
 * Return: number of the block or a negative errno, -EAGAIN if all are in use, -EIDRM
 * if the pool was destroyed.
 */
int carveout_pool_get(int pool, uint64_t *offset);

/**
 * carveout_pool_get_wait() - take a block, and wait for one if all are in use
 * @pool: descriptor of the pool
 * @timeout_ms: how long to wait, in milliseconds from now; negative: for ever
 * @offset: where to say where in the pool it starts, or NULL
 *
 * First come, first served.
 *
 * Return: as carveout_pool_get(), but instead of -EAGAIN -ETIMEDOUT when none came in
 * time, or -EINTR when a signal handler ran that was not installed with SA_RESTART.
 */
int carveout_pool_get_wait(int pool, int timeout_ms, uint64_t *offset);

/**
 * carveout_pool_put() - give a block back
 * @pool: descriptor of the pool
 * @index: number of the block, whoever took it
 *
 * Return: 0 or a negative errno, -EINVAL if there is no such block, or it is free.
 */
int carveout_pool_put(int pool, uint32_t index);

/**
 * carveout_pool_query_sized() - carveout_pool_query() for a structure of any age
 * @pool: descriptor of the pool
 * @query: the answer
 * @size: size of @query as the caller knows it
 *
 * Return: 0 or a negative errno.
 */
int carveout_pool_query_sized(int pool, struct carveout_ioctl_pool_query *query,
			      size_t size);

/**
 * carveout_pool_query() - ask how a pool stands
 * @pool: descriptor of the pool
 * @query: the answer
 *
 * Return: 0 or a negative errno.
 */
static inline int carveout_pool_query(int pool, struct carveout_ioctl_pool_query *query)
{
	return carveout_pool_query_sized(pool, query, sizeof(*query));
}

/**
 * carveout_pool_destroy() - end a pool
 * @pool: descriptor of the pool, which stays open
 *
 * Its tag is removed, and who waits or asks for a block gets -EIDRM.
 *
 * Return: 0 or a negative errno, -EACCES if it is somebody else's, -EIDRM if that was
 * done before.
 */
int carveout_pool_destroy(int pool);

/* === Tags ================================================================= */

/**
 * carveout_tag_check() - can this be a tag?
 * @tag: a name
 *
 * Return: 0, or -EINVAL if it is not 1 to 63 letters, digits, '.', '_' and '-'.
 */
int carveout_tag_check(const char *tag);

/**
 * carveout_link() - give a buffer that never had one a tag
 * @heap: the heap, open for writing
 * @fd: the buffer, open for writing
 * @tag: the name
 * @flags: CARVEOUT_LINK_REPLACE to take the name from another buffer,
 *	CARVEOUT_LINK_PERSIST to let it hold the buffer
 * @mode: permission bits, less the umask
 * @generation: where to put the buffer's new number, or NULL
 *
 * Return: 0 or a negative errno: -EEXIST if the tag is taken, -EBUSY if the buffer
 * has or had one, -EACCES if that is not allowed.
 */
int carveout_link(const struct carveout_heap *heap, int fd, const char *tag,
		  uint32_t flags, uint32_t mode, uint64_t *generation);

/**
 * carveout_unlink() - remove a tag
 * @heap: the heap, open for writing
 * @tag: the name
 *
 * The name is free at once; the memory goes with its last user.
 *
 * Return: 0 or a negative errno, -ENOENT for no such tag, -EACCES if it is
 * somebody else's.
 */
int carveout_unlink(const struct carveout_heap *heap, const char *tag);

/**
 * carveout_setattr() - change who may open a tag
 * @heap: the heap, open for writing
 * @tag: the name
 * @what: CARVEOUT_SETATTR_* bits: which of the following to change
 * @mode: permission bits
 * @uid: owner
 * @gid: group
 *
 * Return: 0 or a negative errno, -ENOENT for no such tag, -EACCES if that is not
 * allowed.
 */
int carveout_setattr(const struct carveout_heap *heap, const char *tag,
		     uint32_t what, uint32_t mode, uid_t uid, gid_t gid);

/* === What there is ======================================================== */

/**
 * carveout_info_sized() - carveout_info() for a structure of any age
 * @heap: the heap
 * @fd: the buffer
 * @buffer: the answer
 * @size: size of @buffer as the caller knows it
 *
 * Return: 0 or a negative errno.
 */
int carveout_info_sized(const struct carveout_heap *heap, int fd,
			struct carveout_buffer *buffer, size_t size);

/**
 * carveout_info() - ask what a buffer is
 * @heap: its heap, open for reading
 * @fd: the buffer
 * @buffer: the answer
 *
 * Return: 0 or a negative errno: -EBADF if @fd is no descriptor, -EINVAL if it is
 * not a buffer of this heap.
 */
static inline int carveout_info(const struct carveout_heap *heap, int fd,
				struct carveout_buffer *buffer)
{
	return carveout_info_sized(heap, fd, buffer, sizeof(*buffer));
}

/* What to list. */
#define CARVEOUT_LIST_BUFFERS	1	/* struct carveout_buffer */
#define CARVEOUT_LIST_SPANS	2	/* struct carveout_ioctl_span */

/**
 * carveout_next_sized() - go on with an enumeration
 * @heap: the heap, open for reading
 * @what: CARVEOUT_LIST_BUFFERS or CARVEOUT_LIST_SPANS
 * @cursor: 0 to start, then as the last call left it
 * @entries: array to fill
 * @size: size of one entry as the caller knows it
 * @count: room in the array
 *
 * Return: how many were filled in, 0 at the end, or a negative errno.
 */
int carveout_next_sized(const struct carveout_heap *heap, int what,
			uint64_t *cursor, void *entries, size_t size,
			size_t count);

/**
 * carveout_list_sized() - a whole enumeration
 * @heap: the heap, open for reading
 * @what: CARVEOUT_LIST_BUFFERS or CARVEOUT_LIST_SPANS
 * @entries: where to put an array; free() it
 * @size: size of one entry as the caller knows it
 * @count: where to put their number
 *
 * Return: 0 or a negative errno.
 */
int carveout_list_sized(const struct carveout_heap *heap, int what,
			void **entries, size_t size, size_t *count);

/**
 * carveout_next_buffers() - some more of the buffers that the caller may see
 * @heap: the heap, open for reading
 * @cursor: 0 to start, then as the last call left it
 * @buffers: array to fill
 * @count: room in the array
 *
 * What lives through the whole enumeration is shown exactly once.
 *
 * Return: how many were filled in, 0 at the end, or a negative errno.
 */
static inline int carveout_next_buffers(const struct carveout_heap *heap,
					uint64_t *cursor,
					struct carveout_buffer *buffers,
					size_t count)
{
	return carveout_next_sized(heap, CARVEOUT_LIST_BUFFERS, cursor, buffers,
				   sizeof(*buffers), count);
}

/**
 * carveout_next_spans() - some more of the allocations and holes of all regions
 * @heap: the heap, open for reading
 * @cursor: 0 to start, then as the last call left it
 * @spans: array to fill, in no order
 * @count: room in the array
 *
 * Return: how many were filled in, 0 at the end, or a negative errno.
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
 * carveout_buffers() - list the buffers that the caller may see
 * @heap: the heap, open for reading
 * @buffers: where to put an array; free() it
 * @count: where to put their number
 *
 * Return: 0 or a negative errno.
 */
static inline int carveout_buffers(const struct carveout_heap *heap,
				   struct carveout_buffer **buffers, size_t *count)
{
	void *all;
	int err;

	err = carveout_list_sized(heap, CARVEOUT_LIST_BUFFERS, &all,
				  sizeof(**buffers), count);
	*buffers = (struct carveout_buffer *)all;
	return err;
}

/**
 * carveout_spans() - list the allocations and the holes of all regions
 * @heap: the heap, open for reading
 * @spans: where to put an array, in no order; free() it
 * @count: where to put their number
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
 * carveout_poll() - wait until a name comes, goes or changes
 * @heap: the heap
 * @timeout_ms: how long, in milliseconds; negative: for ever
 *
 * It is about changes since the buffers were last listed from the start or
 * acknowledged, by way of this heap.
 *
 * Return: 1 if something changed, 0 if nothing did in time, or a negative errno:
 * -ENODEV if the heap is gone, -EINTR if a signal handler ran.
 */
int carveout_poll(const struct carveout_heap *heap, int timeout_ms);

/**
 * carveout_acknowledge() - take note of all changes so far
 * @heap: the heap, open for reading
 *
 * Do it before looking at what changed, so that what changes in between is
 * reported again.
 *
 * Return: 0 or a negative errno.
 */
int carveout_acknowledge(const struct carveout_heap *heap);

/* === Memory =============================================================== */

/** define CARVEOUT_MAP_ALIGN - what large mappings are aligned to, in bytes */
#define CARVEOUT_MAP_ALIGN	0x200000

/**
 * carveout_size() - ask for the size of a buffer
 * @fd: the buffer
 * @size: where to put it, in bytes
 *
 * Return: 0 or a negative errno.
 */
int carveout_size(int fd, uint64_t *size);

/**
 * carveout_map() - map a buffer or a part of it
 * @fd: the buffer
 * @offset: where in it to start, in whole pages
 * @size: bytes, at least 1
 * @prot: PROT_READ, PROT_WRITE or both
 * @memory: where to put the address
 *
 * From CARVEOUT_MAP_ALIGN bytes on the mapping lies so that the buffer's start
 * would be at a multiple of that: if the buffer was allocated with such an @align,
 * too, one entry of the page table can map that much. Where pages are larger than
 * 4 KiB such an entry maps more (32 MiB with pages of 16 KiB), and a mapping of at
 * least that size is aligned to it.
 *
 * Return: 0 or a negative errno: -EINVAL for what is not in the buffer, -EACCES for
 * PROT_WRITE with a read-only descriptor, -EFBIG for more than there are addresses.
 */
int carveout_map(int fd, uint64_t offset, uint64_t size, int prot, void **memory);

/**
 * carveout_unmap() - undo carveout_map(), for all of it or a part
 * @memory: address
 * @size: bytes
 *
 * Return: 0 or a negative errno.
 */
int carveout_unmap(void *memory, uint64_t size);

/**
 * carveout_sync() - maintain the CPU's caches for parts of a buffer
 * @heap: the heap, open for reading
 * @fd: the buffer
 * @flags: CARVEOUT_SYNC_FOR_DEVICE, CARVEOUT_SYNC_FOR_CPU or both
 * @ranges: the parts; NULL for the whole buffer
 * @count: number of parts; 0 with NULL
 *
 * For partners that no device stands for. All parts are checked before the first
 * is done, up to CARVEOUT_SYNC_MAX; of more, so many at a time.
 *
 * Return: 0 or a negative errno, -EINVAL for a part that is not in the buffer.
 */
int carveout_sync(const struct carveout_heap *heap, int fd, uint32_t flags,
		  const struct carveout_sync_range *ranges, size_t count);

/* What the CPU is going to do, or did. */
#define CARVEOUT_ACCESS_READ	(1U << 0)
#define CARVEOUT_ACCESS_WRITE	(1U << 1)

/**
 * carveout_begin_access() - the CPU is going to access a buffer's mappings
 * @fd: the buffer, or any other dma-buf
 * @access: CARVEOUT_ACCESS_READ, CARVEOUT_ACCESS_WRITE or both
 *
 * Waits for the devices that use it, by its fences, and makes the caches right.
 *
 * Return: 0 or a negative errno.
 */
int carveout_begin_access(int fd, uint32_t access);

/**
 * carveout_end_access() - the CPU has accessed a buffer's mappings
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
