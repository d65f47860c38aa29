/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * User-space interface of the carveout heaps.
 *
 * A heap is a character device, /dev/carveout/<name>. A buffer is a dma-buf
 * file descriptor; each open creates a new file. Map it at offset 0, send it
 * with SCM_RIGHTS, import it into V4L2 or DRM. A buffer may have a tag, by
 * which other processes open it; tags have the semantics of shm_open(3) names.
 * A pool is a buffer that is divided into equal blocks; its file descriptor
 * acquires and releases them.
 *
 * A process that has a dma-buf, but may not open the device node of its heap,
 * issues CARVEOUT_IOCTL_SYNC and CARVEOUT_IOCTL_INFO to /dev/carveout-dmabuf,
 * which accepts them for the dma-bufs of all heaps. CARVEOUT_IOCTL_LOCATE is a
 * command of that device node alone.
 *
 * Every ioctl takes one structure. Its size is part of the command number, so
 * a structure may grow at its end: an older, shorter structure is accepted as
 * if the new members were zero; the unknown tail of a newer, longer one must be
 * zero (E2BIG otherwise). Undefined flag bits and reserved members must be zero
 * (EINVAL otherwise). Members marked "out" are ignored on input.
 */
#ifndef _UAPI_LINUX_CARVEOUT_H
#define _UAPI_LINUX_CARVEOUT_H

#include <linux/ioctl.h>
#include <linux/types.h>

/** define CARVEOUT_NAME_LEN - Size of a name field, including its terminator */
#define CARVEOUT_NAME_LEN	64

/*
 * Memory attributes. They belong to the region; no mapping changes them. All
 * three memory types are normal memory: unaligned access is allowed. There is
 * no device memory, which would fault on unaligned access.
 */
#define CARVEOUT_ATTR_CACHED		(1U << 0)
#define CARVEOUT_ATTR_WRITECOMBINE	(1U << 1)
#define CARVEOUT_ATTR_UNCACHED		(1U << 2)
/* The region is in the kernel's linear mapping, too (it is not no-map). */
#define CARVEOUT_ATTR_PAGES		(1U << 3)
/*
 * The CPU must not access the region, for instance because firmware protects it.
 * It is mapped nowhere and never zeroed: a buffer holds the data of its former
 * owner. Only devices and remote processors use it: mmap(), DMA_BUF_IOCTL_SYNC
 * and CARVEOUT_IOCTL_SYNC fail with EOPNOTSUPP. A request gets such memory only
 * if it requires this attribute, or names no other region. It cannot be a
 * fallback for memory that the CPU accesses.
 */
#define CARVEOUT_ATTR_NO_CPU		(1U << 4)
/* Opaque to the driver: board-defined properties of a region (bank, owner, ...). */
#define CARVEOUT_ATTR_USER_SHIFT	16
#define CARVEOUT_ATTR_USER_MASK		0xffff0000U
#define CARVEOUT_ATTR_MASK		(CARVEOUT_ATTR_CACHED | \
					 CARVEOUT_ATTR_WRITECOMBINE | \
					 CARVEOUT_ATTR_UNCACHED | \
					 CARVEOUT_ATTR_PAGES | \
					 CARVEOUT_ATTR_NO_CPU | \
					 CARVEOUT_ATTR_USER_MASK)

/* Capabilities, reported by CARVEOUT_IOCTL_QUERY. */
#define CARVEOUT_CAP_TAGS		(1ULL << 0)
#define CARVEOUT_CAP_PERSIST		(1ULL << 1)
#define CARVEOUT_CAP_ALIGN		(1ULL << 2)
#define CARVEOUT_CAP_ATTRS		(1ULL << 3)
#define CARVEOUT_CAP_REGION_MASK	(1ULL << 4)
#define CARVEOUT_CAP_MAX_ADDR		(1ULL << 5)
#define CARVEOUT_CAP_READ_ONLY		(1ULL << 6)
#define CARVEOUT_CAP_PLACE		(1ULL << 7)  /* EXACT, TOP_DOWN, fallback */
#define CARVEOUT_CAP_WAIT		(1ULL << 8)  /* OPEN_WAIT and poll() */
#define CARVEOUT_CAP_LINK		(1ULL << 9)  /* LINK, with REPLACE */
#define CARVEOUT_CAP_SETATTR		(1ULL << 10)
#define CARVEOUT_CAP_SYNC		(1ULL << 11)
#define CARVEOUT_CAP_RESIZE		(1ULL << 12)
#define CARVEOUT_CAP_QUOTA		(1ULL << 13)
#define CARVEOUT_CAP_POOL		(1ULL << 14)
#define CARVEOUT_CAP_TYPED		(1ULL << 15) /* mmap() of the device node */

/**
 * struct carveout_ioctl_query - Identity and state of a heap
 * @name: out: the heap's name
 * @capabilities: out: CARVEOUT_CAP_* of this kernel
 * @size: out: bytes in all regions
 * @used: out: allocated bytes
 * @high_water: out: maximum number of bytes ever allocated at one time
 * @largest_hole: out: size of the largest plain request that succeeds, in bytes
 * @page_size: out: granularity of sizes and alignments, in bytes
 * @max_align: out: largest supported alignment, in bytes: the largest power of
 *	two that does not exceed the size of the largest region
 * @regions: out: number of regions; valid indices are below it
 * @spans: out: number of allocations in the heap's address map
 * @holes: out: number of holes
 * @buffers: out: number of live buffers
 * @tags: out: number of tags
 * @attrs: out: CARVEOUT_ATTR_* bits that at least one region has
 * @failures_nospc: out: requests that failed because no hole was large enough
 * @failures_nomem: out: requests that failed for lack of kernel memory
 * @failures_quota: out: requests that failed because of a quota
 * @changes: out: number of times that a tag was added, removed or changed;
 *	poll() on the device node reports that the number has increased
 * @quota_user: out: limit in bytes for one user, 0: no limit
 * @quota_file: out: limit in bytes for one open file of the device node, 0: no
 *	limit
 * @used_user: out: bytes charged to the caller's user
 * @used_file: out: bytes charged to this open file
 * @flags: in: zero
 * @reserved: zero
 */
struct carveout_ioctl_query {
	char name[CARVEOUT_NAME_LEN];
	__u64 capabilities;
	__u64 size;
	__u64 used;
	__u64 high_water;
	__u64 largest_hole;
	__u64 page_size;
	__u64 max_align;
	__u32 regions;
	__u32 spans;
	__u32 holes;
	__u32 buffers;
	__u32 tags;
	__u32 attrs;
	__u64 failures_nospc;
	__u64 failures_nomem;
	__u64 failures_quota;
	__u64 changes;
	__u64 quota_user;
	__u64 quota_file;
	__u64 used_user;
	__u64 used_file;
	__u32 flags;
	__u32 reserved;
};

/* Flags of a region. */
#define CARVEOUT_REGION_BASE		(1U << 0) /* @base is valid */

/**
 * struct carveout_ioctl_region - One region of a heap
 * @index: in: index of the region, starting at 0
 * @attrs: out: its CARVEOUT_ATTR_* bits
 * @flags: out: CARVEOUT_REGION_* flags
 * @spans: out: number of allocations in it
 * @holes: out: number of holes in it
 * @reserved: zero
 * @name: out: its name
 * @base: out: physical address if the caller is allowed to see it; otherwise 0
 * @size: out: bytes
 * @used: out: allocated bytes
 * @high_water: out: maximum number of bytes ever allocated at one time
 * @largest_hole: out: bytes
 *
 * ENOENT ends the enumeration.
 */
struct carveout_ioctl_region {
	__u32 index;
	__u32 attrs;
	__u32 flags;
	__u32 spans;
	__u32 holes;
	__u32 reserved;
	char name[CARVEOUT_NAME_LEN];
	__u64 base;
	__u64 size;
	__u64 used;
	__u64 high_water;
	__u64 largest_hole;
};

/*
 * Flags of an allocation. Without CARVEOUT_ALLOC_OPEN a tag is created
 * exclusively: EEXIST if the tag exists.
 */
#define CARVEOUT_ALLOC_OPEN		(1U << 0) /* open the tag if it exists */
#define CARVEOUT_ALLOC_PERSIST		(1U << 1) /* the tag holds a reference */
#define CARVEOUT_ALLOC_TOP_DOWN		(1U << 2) /* highest possible offset in its region */
#define CARVEOUT_ALLOC_EXACT		(1U << 3) /* at @place in its region */
#define CARVEOUT_ALLOC_FLAGS		(CARVEOUT_ALLOC_OPEN | \
					 CARVEOUT_ALLOC_PERSIST | \
					 CARVEOUT_ALLOC_TOP_DOWN | \
					 CARVEOUT_ALLOC_EXACT)

/** define CARVEOUT_NR_FALLBACK - Maximum number of fallback attributes of a request */
#define CARVEOUT_NR_FALLBACK		3

/* Flags of the reply to an allocation. */
#define CARVEOUT_ALLOC_CREATED		(1U << 0) /* newly created, not opened */

/**
 * struct carveout_ioctl_alloc - Allocate a buffer
 * @size: in: bytes, at least 1; out: bytes of the buffer, in whole pages
 * @align: in: power of two in bytes, of the physical address, up to the heap's
 *	max_align; 0 for a page
 * @max_addr: in: the buffer ends at or below this physical address, 0 for any;
 *	must be a power of two if the caller is not allowed to see physical
 *	addresses
 * @regions: in: mask of the region indices to allocate from; 0 for any
 * @place: in: with CARVEOUT_ALLOC_EXACT, offset at which the buffer starts in
 *	the one region of @regions, in bytes; otherwise zero
 * @require: in: CARVEOUT_ATTR_* bits that the region must have
 * @forbid: in: CARVEOUT_ATTR_* bits that the region must not have
 * @fallback: in: CARVEOUT_ATTR_* bits to use instead of @require, in this
 *	order, if no region with the required bits has space
 * @nr_fallback: in: number of valid entries in @fallback; the others are zero
 * @flags: in: CARVEOUT_ALLOC_* flags
 * @fd_flags: in: O_RDWR or O_RDONLY, and O_CLOEXEC
 * @mode: in: permission bits of the tag, masked by the caller's umask; 0
 *	without a tag
 * @reserved: zero
 * @tag: in: tag of the buffer; all zero for none
 * @label: in: purpose of the buffer, for display; may be all zero
 * @offset: out: offset of the buffer in its region, in bytes
 * @generation: out: generation of the buffer, never reused in this heap. A
 *	buffer that is tagged later gets a new, higher generation at that time.
 * @region: out: index of its region
 * @attrs: out: attributes of its region
 * @created: out: CARVEOUT_ALLOC_CREATED or 0
 * @fd: out: dma-buf file descriptor
 *
 * The memory reads as zero, unless the CPU must not access it. The buffer lives
 * until its last reference is dropped: a file descriptor, a mapping, an importer,
 * and with CARVEOUT_ALLOC_PERSIST its tag. With CARVEOUT_ALLOC_OPEN a buffer that
 * already has the tag is opened if it satisfies the request: it is at least as
 * large, is located as requested, has the requested attributes and is
 * persistent if persistence was requested.
 *
 * EINVAL: an invalid argument, flag, alignment or tag. ENOSPC: no hole is large
 * enough. ENOMEM: no kernel memory for the metadata. EDQUOT: a quota of the
 * user or of the open file is exceeded (bytes, buffers, tags, persistent tags or
 * pools), or a limit of the caller's cgroup. EEXIST: the tag exists; with
 * CARVEOUT_ALLOC_OPEN its buffer does not satisfy the request. EBUSY: with
 * CARVEOUT_ALLOC_OPEN, other callers created and removed the tag during each of
 * many attempts. EACCES: the device node is open read-only, the tag's mode
 * denies access, its prefix is reserved for another user, or the caller is not
 * allowed to use this @max_addr. ENODEV: the heap is shut down. EUCLEAN: the
 * heap is corrupted. EAGAIN: a hibernation is in progress, no other memory than
 * no-map memory satisfies the request, and O_NONBLOCK is set; without that flag
 * the call waits. On failure the "out" members, including @size, are undefined.
 */
struct carveout_ioctl_alloc {
	__u64 size;
	__u64 align;
	__u64 max_addr;
	__u64 regions;
	__u64 place;
	__u32 require;
	__u32 forbid;
	__u32 fallback[CARVEOUT_NR_FALLBACK];
	__u32 nr_fallback;
	__u32 flags;
	__u32 fd_flags;
	__u32 mode;
	__u32 reserved;
	char tag[CARVEOUT_NAME_LEN];
	char label[CARVEOUT_NAME_LEN];
	__u64 offset;
	__u64 generation;
	__u32 region;
	__u32 attrs;
	__u32 created;
	__s32 fd;
};

/* Flags of an open. */
#define CARVEOUT_OPEN_WAIT		(1U << 0) /* wait until the tag exists */
#define CARVEOUT_OPEN_FLAGS		CARVEOUT_OPEN_WAIT

/** define CARVEOUT_DEADLINE_NONE - A deadline that never expires */
#define CARVEOUT_DEADLINE_NONE		0xffffffffffffffffULL

/**
 * struct carveout_ioctl_open - Open a buffer by its tag
 * @tag: in: the tag
 * @flags: in: CARVEOUT_OPEN_* flags
 * @fd_flags: in: O_RDWR or O_RDONLY, and O_CLOEXEC
 * @deadline: in: with CARVEOUT_OPEN_WAIT, the end of the wait: a time of
 *	the caller's CLOCK_MONOTONIC in nanoseconds, or CARVEOUT_DEADLINE_NONE;
 *	otherwise zero
 * @size: out: bytes of the buffer
 * @offset: out: offset of the buffer in its region, in bytes
 * @generation: out: generation of the buffer
 * @region: out: index of its region
 * @attrs: out: attributes of its region
 * @reserved: zero
 * @fd: out: dma-buf file descriptor
 *
 * A file descriptor opened O_RDONLY is read-only permanently: neither mmap()
 * nor mprotect() can write through it, and no device can import it.
 *
 * A device node that is open with O_NONBLOCK never waits, whatever the
 * deadline.
 *
 * ENOENT: the tag does not exist. ETIMEDOUT: the tag was not created before
 * the deadline. EAGAIN: the call would wait, and O_NONBLOCK is set. EINTR: a
 * signal arrived first; the call is restarted after a handler that was
 * installed with SA_RESTART, with the same deadline. EACCES: the tag's mode
 * denies access, or O_RDWR on a device node that is open read-only. EDQUOT: the
 * call would wait, and the user has too many waiters. ENODEV: the heap is shut
 * down, or was shut down during the wait.
 */
struct carveout_ioctl_open {
	char tag[CARVEOUT_NAME_LEN];
	__u32 flags;
	__u32 fd_flags;
	__u64 deadline;
	__u64 size;
	__u64 offset;
	__u64 generation;
	__u32 region;
	__u32 attrs;
	__u32 reserved;
	__s32 fd;
};

/**
 * struct carveout_ioctl_unlink - Remove a tag
 * @tag: in: the tag
 * @flags: in: zero
 * @reserved: zero
 *
 * The tag can be used again at once; the memory is freed with the last
 * reference. Allowed for the tag's owner and for callers with CAP_FOWNER.
 */
struct carveout_ioctl_unlink {
	char tag[CARVEOUT_NAME_LEN];
	__u32 flags;
	__u32 reserved;
};

/* Flags of a link. */
#define CARVEOUT_LINK_REPLACE		(1U << 0) /* take the tag from another buffer */
#define CARVEOUT_LINK_PERSIST		(1U << 1) /* the tag holds a reference */
#define CARVEOUT_LINK_FLAGS		(CARVEOUT_LINK_REPLACE | \
					 CARVEOUT_LINK_PERSIST)

/**
 * struct carveout_ioctl_link - Tag a buffer that was never tagged
 * @fd: in: dma-buf descriptor of a buffer of this heap, open for writing
 * @flags: in: CARVEOUT_LINK_* flags
 * @mode: in: permission bits of the tag, masked by the caller's umask
 * @reserved: zero
 * @tag: in: the tag
 * @generation: out: the buffer's new generation
 *
 * A buffer can thus be filled before other processes can find it, and
 * CARVEOUT_LINK_REPLACE moves a tag to new content in one step: an open returns
 * either the old or the new buffer, and the new one has a higher generation.
 * The old buffer continues to exist without a tag.
 *
 * Allowed for the owner of the buffer and of the replaced tag, and for callers
 * with CAP_FOWNER.
 *
 * EBUSY: the buffer has, or once had, a tag (a buffer is tagged at most once),
 * or it is being resized. EEXIST: the tag exists. EACCES: the caller is not
 * allowed to do this, the descriptor or the device node is open read-only, or
 * the tag's prefix is reserved for another user. EDQUOT: the user that is
 * charged for the buffer has too many tags, or too many persistent ones. EBADF,
 * EINVAL: as CARVEOUT_IOCTL_INFO.
 */
struct carveout_ioctl_link {
	__s32 fd;
	__u32 flags;
	__u32 mode;
	__u32 reserved;
	char tag[CARVEOUT_NAME_LEN];
	__u64 generation;
};

/* Which properties of a tag to change. */
#define CARVEOUT_SETATTR_MODE		(1U << 0)
#define CARVEOUT_SETATTR_UID		(1U << 1)
#define CARVEOUT_SETATTR_GID		(1U << 2)
#define CARVEOUT_SETATTR_FLAGS		(CARVEOUT_SETATTR_MODE | \
					 CARVEOUT_SETATTR_UID | \
					 CARVEOUT_SETATTR_GID)

/**
 * struct carveout_ioctl_setattr - Change owner, group or mode of a tag
 * @tag: in: the tag
 * @flags: in: CARVEOUT_SETATTR_* bits, at least one; each of the next three
 *	members must be zero unless its bit is set
 * @mode: in: permission bits
 * @uid: in: owner, in the caller's user namespace
 * @gid: in: group, in the caller's user namespace
 *
 * The rules are those of files: the owner may change the mode, and may change
 * the group to one of its own groups; other changes need CAP_FOWNER and
 * CAP_CHOWN. Either all requested changes are made or none. They affect later
 * opens only: open file descriptors stay open. The memory stays charged to the
 * user that allocated the buffer.
 *
 * ENOENT: the tag does not exist. EACCES: not allowed. EINVAL: a user or group
 * that does not exist in the caller's namespace.
 */
struct carveout_ioctl_setattr {
	char tag[CARVEOUT_NAME_LEN];
	__u32 flags;
	__u32 mode;
	__u32 uid;
	__u32 gid;
};

/* Direction of CARVEOUT_IOCTL_SYNC. */
#define CARVEOUT_SYNC_FOR_DEVICE	(1U << 0) /* CPU writes reach memory */
#define CARVEOUT_SYNC_FOR_CPU		(1U << 1) /* CPU reads see memory */
#define CARVEOUT_SYNC_FLAGS		(CARVEOUT_SYNC_FOR_DEVICE | \
					 CARVEOUT_SYNC_FOR_CPU)

/**
 * struct carveout_sync_range - A part of a buffer
 * @offset: offset of the part in the buffer, in bytes
 * @size: bytes, at least 1
 */
struct carveout_sync_range {
	__u64 offset;
	__u64 size;
};

/** define CARVEOUT_SYNC_MAX - Maximum number of ranges of one call */
#define CARVEOUT_SYNC_MAX		1024

/**
 * struct carveout_ioctl_sync - Maintain the CPU caches for parts of a buffer
 * @fd: in: dma-buf descriptor of a buffer of this heap, or of any heap on
 *	/dev/carveout-dmabuf
 * @flags: in: CARVEOUT_SYNC_* flags, at least one
 * @ranges: in: address of an array of @count struct carveout_sync_range
 * @count: in: number of ranges, 1 to CARVEOUT_SYNC_MAX
 * @reserved: zero
 *
 * For remote processors whose accesses bypass the CPU caches, whether or not a
 * device is attached. If their accesses are coherent, or the memory is not
 * cached, the call is only a memory barrier. Whole cache lines are written back
 * and invalidated in one operation, so data beside a range is never lost.
 *
 * All ranges are checked before the first one is processed. EINVAL: a range
 * that is not inside the buffer, and as CARVEOUT_IOCTL_INFO. EOPNOTSUPP: the CPU
 * must not access the memory. EINTR: the caller was killed during the call, which
 * may have processed only some of the ranges.
 */
struct carveout_ioctl_sync {
	__s32 fd;
	__u32 flags;
	__u64 ranges;
	__u32 count;
	__u32 reserved;
};

/**
 * struct carveout_ioctl_resize - Make a buffer larger or smaller
 * @fd: in: dma-buf descriptor of a buffer of this heap, open for writing
 * @flags: in: zero
 * @size: in: bytes, at least 1; out: bytes of the buffer, in whole pages
 * @offset: out: offset of the buffer in its region, in bytes
 * @generation: out: its new generation
 * @region: out: index of its region
 * @attrs: out: attributes of its region
 * @fd_flags: in: O_RDWR or O_RDONLY, and O_CLOEXEC, for @new_fd
 * @new_fd: out: dma-buf descriptor of the resized buffer
 *
 * The content is preserved up to the smaller size; added memory reads as zero.
 * The buffer grows in place if the adjacent space is free, and otherwise moves
 * to a location that satisfies its original request. A buffer that was
 * allocated with CARVEOUT_ALLOC_EXACT does not move.
 *
 * The size of a dma-buf never changes: the resized buffer has a descriptor of
 * its own, and its tag refers to the resized buffer. Afterwards @fd can only be
 * closed; memory that the resized buffer does not use is freed then.
 *
 * Allowed for the owner of the buffer and for callers with CAP_FOWNER.
 *
 * EBUSY: the buffer is mapped, attached, pinned, opened a second time or has an
 * unsignalled fence; @fd was duplicated or sent to another process, or another
 * thread is in a call on it; a descriptor from before an earlier resize is
 * still open; the buffer is a pool; or a hibernation is in progress and only
 * no-map memory would satisfy the request. EACCES: not allowed, or @fd is
 * read-only. ENOSPC: no space. EDQUOT: a quota is exceeded; a buffer that moves
 * is charged twice until @fd is closed. EHWPOISON: the buffer would have to move,
 * and the hardware reported an error in a page of it. EOPNOTSUPP: the buffer
 * would have to move, and the CPU must not access it (CARVEOUT_ATTR_NO_CPU).
 * Otherwise as CARVEOUT_IOCTL_ALLOC. On failure @fd is unchanged.
 */
struct carveout_ioctl_resize {
	__s32 fd;
	__u32 flags;
	__u64 size;
	__u64 offset;
	__u64 generation;
	__u32 region;
	__u32 attrs;
	__u32 fd_flags;
	__s32 new_fd;
};

/* Flags of a pool's creation, with the same meaning as for an allocation. */
#define CARVEOUT_POOL_FLAGS		(CARVEOUT_ALLOC_OPEN | \
					 CARVEOUT_ALLOC_PERSIST)

/** define CARVEOUT_POOL_BLOCKS_MAX - Maximum number of blocks of a pool */
#define CARVEOUT_POOL_BLOCKS_MAX	1048576U

/**
 * struct carveout_ioctl_pool_create - Create a pool: a buffer of equal blocks
 * @block_size: in: bytes of a block, at least 1; out: bytes from the start of
 *	one block to the start of the next
 * @align: in: power of two in bytes, of the physical address of each block, up
 *	to the heap's max_align; 0 for the minimum: 64, or the size of the
 *	largest cache line if devices do not snoop the caches and it is larger
 * @max_addr: in: as CARVEOUT_IOCTL_ALLOC
 * @regions: in: as CARVEOUT_IOCTL_ALLOC
 * @count: in: number of blocks, 1 to CARVEOUT_POOL_BLOCKS_MAX; out: number of
 *	blocks of the pool
 * @require: in: CARVEOUT_ATTR_* bits that the region must have
 * @forbid: in: CARVEOUT_ATTR_* bits that the region must not have
 * @flags: in: CARVEOUT_POOL_FLAGS bits
 * @fd_flags: in: O_RDWR, and O_CLOEXEC
 * @mode: in: permission bits of the tag, masked by the caller's umask; 0
 *	without a tag
 * @tag: in: tag of the pool; all zero for none
 * @label: in: purpose of the pool, for display; may be all zero
 * @size: out: bytes of all blocks, in whole pages: the mappable size
 * @offset: out: offset of the pool in its region, in bytes
 * @generation: out: generation of the pool
 * @region: out: index of its region
 * @attrs: out: attributes of its region
 * @created: out: CARVEOUT_ALLOC_CREATED or 0
 * @fd: out: file descriptor of the pool
 *
 * A pool is a buffer with a different kind of file: its file descriptor
 * accepts the CARVEOUT_POOL_IOCTL_* commands, poll() and mmap(), and is not a
 * dma-buf. Pools and buffers share one tag namespace; CARVEOUT_IOCTL_OPEN of a
 * pool's tag, and CARVEOUT_POOL_IOCTL_EXPORT, return a dma-buf of the whole
 * pool, for import by a device. A holder of a pool can access all of its
 * blocks.
 *
 * A block reads as zero when it is acquired for the first time, and later keeps
 * its previous content. With CARVEOUT_ALLOC_OPEN a pool that already has the
 * tag is opened if it satisfies the request: its blocks are at least as large
 * and at least as many, are aligned and located as requested, have the
 * requested attributes, and the pool is persistent if persistence was
 * requested.
 *
 * EEXIST: the tag exists; with CARVEOUT_ALLOC_OPEN the tagged buffer is not a
 * pool that satisfies the request. Otherwise as CARVEOUT_IOCTL_ALLOC.
 */
struct carveout_ioctl_pool_create {
	__u64 block_size;
	__u64 align;
	__u64 max_addr;
	__u64 regions;
	__u32 count;
	__u32 require;
	__u32 forbid;
	__u32 flags;
	__u32 fd_flags;
	__u32 mode;
	char tag[CARVEOUT_NAME_LEN];
	char label[CARVEOUT_NAME_LEN];
	__u64 size;
	__u64 offset;
	__u64 generation;
	__u32 region;
	__u32 attrs;
	__u32 created;
	__s32 fd;
};

/**
 * struct carveout_ioctl_pool_open - Open a pool by its tag
 * @tag: in: the tag
 * @flags: in: CARVEOUT_OPEN_* flags
 * @fd_flags: in: O_RDWR, and O_CLOEXEC
 * @deadline: in: as CARVEOUT_IOCTL_OPEN
 * @block_size: out: bytes from the start of one block to the start of the next
 * @size: out: bytes of all blocks, in whole pages
 * @offset: out: offset of the pool in its region, in bytes
 * @generation: out: generation of the pool
 * @count: out: number of blocks
 * @region: out: index of its region
 * @attrs: out: attributes of its region
 * @fd: out: file descriptor of the pool
 *
 * Opening a pool requires read and write permission on the tag, because
 * acquiring a block writes.
 *
 * EINVAL: the tag refers to a buffer that is not a pool. Otherwise as
 * CARVEOUT_IOCTL_OPEN.
 */
struct carveout_ioctl_pool_open {
	char tag[CARVEOUT_NAME_LEN];
	__u32 flags;
	__u32 fd_flags;
	__u64 deadline;
	__u64 block_size;
	__u64 size;
	__u64 offset;
	__u64 generation;
	__u32 count;
	__u32 region;
	__u32 attrs;
	__s32 fd;
};

/* Flags of acquiring a block. */
#define CARVEOUT_POOL_ACQUIRE_NOWAIT	(1U << 0) /* EAGAIN if no block is free */
#define CARVEOUT_POOL_ACQUIRE_FLAGS	CARVEOUT_POOL_ACQUIRE_NOWAIT

/** define CARVEOUT_POOL_TICKETS - Maximum number of interrupted waits with a kept place */
#define CARVEOUT_POOL_TICKETS		16

/**
 * struct carveout_ioctl_pool_acquire - Acquire a block
 * @flags: in: CARVEOUT_POOL_ACQUIRE_* flags
 * @index: out: index of the block
 * @deadline: in: the end of the wait: a time of the caller's CLOCK_MONOTONIC in
 *	nanoseconds, or CARVEOUT_DEADLINE_NONE; zero with
 *	CARVEOUT_POOL_ACQUIRE_NOWAIT
 * @offset: out: offset of the block in the pool, in bytes
 * @serial: out: serial of the block: identifies this ownership of it. No other
 *	block and no other owner of the pool ever has the same serial; never 0
 * @ticket: in: zero, or the ticket of a wait through this open file that a
 *	signal ended; zero with CARVEOUT_POOL_ACQUIRE_NOWAIT; out: zero; after
 *	EINTR the ticket of the place in the queue
 *
 * Waiters are served in FIFO order, across all users of the pool in the kernel
 * and in processes. A block freed while there are waiters is handed to the
 * first of them immediately. If a block is free the deadline is ignored.
 *
 * A call that is restarted after a signal finds the ticket in the structure and
 * keeps its place. A program that calls again after EINTR with the structure
 * unchanged keeps it as well. A ticket is valid once, for the open file that
 * got it; with any other value the wait starts at the end of the queue. An open
 * file keeps up to CARVEOUT_POOL_TICKETS places; of more, the earliest is
 * dropped.
 *
 * The block belongs to the open file, like a flock(2) lock: it is freed when
 * the last file descriptor and mapping of that file is closed, for instance
 * because its processes died.
 *
 * EAGAIN: no block is free; with CARVEOUT_POOL_ACQUIRE_NOWAIT, or on a file
 * descriptor with O_NONBLOCK, which ignores the deadline. ETIMEDOUT: no block
 * became free before the deadline. EINTR: a signal arrived first; the call is
 * restarted after a handler that was installed with SA_RESTART, with the same
 * deadline. EDQUOT: the call would wait, and the user has too many waiters.
 * EIDRM: the pool was destroyed. ENODEV: the heap is shut down. EIDRM and ENODEV
 * also end a wait. EUCLEAN: the pool is corrupted.
 */
struct carveout_ioctl_pool_acquire {
	__u32 flags;
	__u32 index;
	__u64 deadline;
	__u64 offset;
	__u64 serial;
	__u64 ticket;
};

/* Flags of releasing a block. */
#define CARVEOUT_POOL_RELEASE_ANY	(1U << 0) /* also a block of another client */
#define CARVEOUT_POOL_RELEASE_FLAGS	CARVEOUT_POOL_RELEASE_ANY

/**
 * struct carveout_ioctl_pool_release - Release a block
 * @index: in: index of the block
 * @flags: in: CARVEOUT_POOL_RELEASE_* flags
 * @serial: in: its serial
 *
 * The block is handed to the first waiter. It has to belong to this open file,
 * unless CARVEOUT_POOL_RELEASE_ANY is given by the owner of the pool or a caller
 * with CAP_FOWNER: then it may belong to another open file or to a driver, which
 * keeps using it unless it is told.
 *
 * EINVAL: the block does not exist, is free or has another serial, because it
 * was released or moved before. EPERM: the block belongs to another client.
 * EUCLEAN: the pool is corrupted. On failure nothing changes.
 */
struct carveout_ioctl_pool_release {
	__u32 index;
	__u32 flags;
	__u64 serial;
};

/**
 * struct carveout_ioctl_pool_query - State of a pool
 * @block_size: out: bytes from the start of one block to the start of the next
 * @size: out: bytes of all blocks, in whole pages
 * @offset: out: offset of the pool in its region, in bytes
 * @generation: out: generation of the pool
 * @client: out: client id of this open file, for CARVEOUT_POOL_IOCTL_MOVE; never
 *	reused in this pool
 * @blocks: out: number of blocks
 * @free: out: number of free blocks
 * @high_water: out: maximum number of blocks ever in use at one time
 * @waiters: out: number of waiters for a block
 * @used_file: out: number of blocks that belong to this open file
 * @region: out: index of its region
 * @attrs: out: attributes of its region
 * @flags: in: zero
 */
struct carveout_ioctl_pool_query {
	__u64 block_size;
	__u64 size;
	__u64 offset;
	__u64 generation;
	__u64 client;
	__u32 blocks;
	__u32 free;
	__u32 high_water;
	__u32 waiters;
	__u32 used_file;
	__u32 region;
	__u32 attrs;
	__u32 flags;
};

/**
 * struct carveout_ioctl_pool_move - Give a block to another client of the pool
 * @index: in: index of the block, which belongs to this open file
 * @flags: in: zero
 * @serial: in: its serial
 * @to: in: client id of the new owner: another open file of the pool, or a
 *	driver
 * @new_serial: out: its serial from now on
 *
 * From the call on the block belongs to the new owner, and is freed with it.
 * The new owner is not told: send it @index and @new_serial.
 *
 * ESRCH: there is no such client, or no longer; the block stays with this open
 * file. Otherwise as CARVEOUT_POOL_IOCTL_RELEASE. On failure nothing changes.
 */
struct carveout_ioctl_pool_move {
	__u32 index;
	__u32 flags;
	__u64 serial;
	__u64 to;
	__u64 new_serial;
};

/**
 * struct carveout_ioctl_pool_export - Open a pool as a buffer
 * @flags: in: zero
 * @fd_flags: in: O_RDWR or O_RDONLY, and O_CLOEXEC
 * @fd: out: dma-buf descriptor of the whole pool
 * @reserved: zero
 *
 * Also for a pool without a tag. The dma-buf is that of CARVEOUT_IOCTL_OPEN with
 * the pool's tag: it can be imported, and it is accepted by CARVEOUT_IOCTL_INFO,
 * _LINK and _SYNC. It holds the pool's memory, but owns no block.
 */
struct carveout_ioctl_pool_export {
	__u32 flags;
	__u32 fd_flags;
	__s32 fd;
	__u32 reserved;
};

/**
 * struct carveout_ioctl_pool_sync - Maintain the CPU caches for a part of a block
 * @index: in: index of the block, whatever its owner
 * @flags: in: CARVEOUT_SYNC_* flags, at least one
 * @offset: in: offset of the part in the block, in bytes
 * @size: in: bytes, at least 1
 *
 * As CARVEOUT_IOCTL_SYNC. No cache line belongs to two blocks.
 *
 * EINVAL: the block does not exist, or the part is not inside it. EOPNOTSUPP: the
 * CPU must not access the memory.
 */
struct carveout_ioctl_pool_sync {
	__u32 index;
	__u32 flags;
	__u64 offset;
	__u64 size;
};

/**
 * struct carveout_ioctl_pool_destroy - Destroy a pool
 * @flags: in: zero
 * @reserved: zero
 *
 * The tag is removed; all waiters, and all later requests for a block, fail
 * with EIDRM. Blocks in use can still be used and released; the memory is freed
 * with the last reference to the pool. Allowed for its owner and for callers
 * with CAP_FOWNER.
 *
 * EACCES: not allowed. EIDRM: the pool was destroyed before.
 */
struct carveout_ioctl_pool_destroy {
	__u32 flags;
	__u32 reserved;
};

/** define CARVEOUT_POOL_BATCH_MAX - Maximum number of blocks of a batch */
#define CARVEOUT_POOL_BATCH_MAX		64

/**
 * struct carveout_pool_ref - A block of a batch
 * @serial: serial of the block
 * @offset: offset of the block in the pool, in bytes; filled in by
 *	CARVEOUT_POOL_IOCTL_ACQUIRE_BATCH, otherwise ignored and kept
 * @index: index of the block
 * @reserved: zero
 */
struct carveout_pool_ref {
	__u64 serial;
	__u64 offset;
	__u32 index;
	__u32 reserved;
};

/**
 * struct carveout_ioctl_pool_batch - Acquire, release or move several blocks
 * @refs: in: address of an array of @count struct carveout_pool_ref
 * @to: in: client id of the new owner, for CARVEOUT_POOL_IOCTL_MOVE_BATCH;
 *	otherwise zero
 * @count: in: number of entries, 1 to CARVEOUT_POOL_BATCH_MAX; out: number of
 *	blocks that were acquired, released or moved, at least 1
 * @flags: in: zero
 *
 * A batch is a series of single calls, one for each entry in order. It ends with
 * the first one that fails. If that is not the first entry, the batch succeeds
 * with a smaller @count, and the next call reports the error.
 *
 * CARVEOUT_POOL_IOCTL_ACQUIRE_BATCH acquires the blocks that are free, and never
 * waits: a program that gets EAGAIN waits with CARVEOUT_POOL_IOCTL_ACQUIRE, which
 * has a place in the queue. CARVEOUT_POOL_IOCTL_RELEASE_BATCH has no counterpart
 * of CARVEOUT_POOL_RELEASE_ANY. CARVEOUT_POOL_IOCTL_MOVE_BATCH writes the new
 * serials of the moved blocks into the entries.
 *
 * EINVAL: also an entry whose @reserved is not zero. Otherwise as the single
 * commands. On failure nothing changes, except that a batch whose memory
 * becomes unwritable during the call may fail with EFAULT after some blocks.
 */
struct carveout_ioctl_pool_batch {
	__u64 refs;
	__u64 to;
	__u32 count;
	__u32 flags;
};

/* Flags of a buffer. */
#define CARVEOUT_BUFFER_PERSIST		(1U << 0) /* its tag holds a reference */
#define CARVEOUT_BUFFER_PHYS		(1U << 1) /* @phys is valid */
#define CARVEOUT_BUFFER_POOL		(1U << 2) /* it is a pool of blocks */

/**
 * struct carveout_buffer_info - A buffer, as reported by CARVEOUT_IOCTL_LIST and _INFO
 * @tag: its tag; all zero if it has no tag or the tag was removed
 * @label: its purpose, as set by its creator
 * @comm: name of the program that allocated it
 * @size: bytes
 * @offset: its offset in its region, in bytes
 * @phys: physical address if the caller is allowed to see it; otherwise 0
 * @generation: its generation
 * @region: index of its region
 * @attrs: attributes of its region
 * @flags: CARVEOUT_BUFFER_* flags
 * @mode: permission bits of the tag
 * @uid: owner, in the caller's user namespace
 * @gid: group, in the caller's user namespace
 * @pid: process that allocated it, in the caller's pid namespace; 0: not in
 *	that namespace
 * @refs: references held: one for each open that is still in use, and one for
 *	a persistent tag; 0 for a parked buffer
 * @parked_ns: time in nanoseconds for which pins or fences alone have held the
 *	memory of a parked buffer, at least 1; otherwise 0
 */
struct carveout_buffer_info {
	char tag[CARVEOUT_NAME_LEN];
	char label[CARVEOUT_NAME_LEN];
	char comm[16];
	__u64 size;
	__u64 offset;
	__u64 phys;
	__u64 generation;
	__u32 region;
	__u32 attrs;
	__u32 flags;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 pid;
	__u32 refs;
	__u64 parked_ns;
};

/**
 * struct carveout_ioctl_span - A piece of a region, as reported by CARVEOUT_IOCTL_SPANS
 * @offset: its offset in its region, in bytes
 * @size: bytes
 * @region: index of its region
 * @used: 1 allocated, 0 a hole; holes are reported to callers with CAP_DAC_OVERRIDE
 *	only
 */
struct carveout_ioctl_span {
	__u64 offset;
	__u64 size;
	__u32 region;
	__u32 used;
};

/**
 * struct carveout_ioctl_list - Enumerate buffers or spans
 * @cursor: in: 0 to start, then the value returned by the last call; out:
 *	position of the next call
 * @entries: in: address of an array of @count entries of @entry_size bytes
 * @entry_size: in: size of one entry as known to the caller
 * @count: in: capacity of the array, 1 to CARVEOUT_LIST_MAX; out: number of
 *	entries filled
 * @flags: in: zero
 * @reserved: zero
 *
 * 0 entries end the enumeration. It is not a snapshot: a buffer that exists
 * throughout the enumeration is reported exactly once; a buffer that is created
 * or freed meanwhile may or may not be reported. Spans are in no particular
 * order and may split and merge between two calls. CARVEOUT_IOCTL_LIST reports
 * the buffers that the caller may read or owns, and CARVEOUT_IOCTL_SPANS the
 * spans of these buffers, without holes. Callers with CAP_DAC_OVERRIDE see all
 * buffers, all other spans and the holes. A cursor belongs to calls with the
 * same privilege. CARVEOUT_IOCTL_LIST includes parked buffers: they have no user
 * any longer, but I/O, a virtual machine or a device still uses their memory.
 *
 * An entry that is longer than the kernel's gets a zero tail; a shorter one is
 * truncated. EINVAL: the entry is shorter than the first version.
 */
struct carveout_ioctl_list {
	__u64 cursor;
	__u64 entries;
	__u32 entry_size;
	__u32 count;
	__u32 flags;
	__u32 reserved;
};

/** define CARVEOUT_LIST_MAX - Maximum number of entries of one list call */
#define CARVEOUT_LIST_MAX	4096

/**
 * struct carveout_ioctl_info - Describe the buffer of a file descriptor
 * @fd: in: dma-buf descriptor of a buffer of this heap, or of any heap on
 *	/dev/carveout-dmabuf
 * @flags: in: zero
 * @entry: in: address of a struct carveout_buffer_info, which is filled in
 * @entry_size: in: its size as known to the caller; out: its size as known to
 *	the kernel
 * @reserved: zero
 *
 * The size of the entry is treated like that of CARVEOUT_IOCTL_LIST.
 *
 * EBADF: not an open file descriptor. EINVAL: not a buffer of this heap.
 */
struct carveout_ioctl_info {
	__s32 fd;
	__u32 flags;
	__u64 entry;
	__u32 entry_size;
	__u32 reserved;
};

/* Flags of typed memory. */
#define CARVEOUT_TYPED_ALLOCATE		(1U << 0) /* mmap() allocates */
#define CARVEOUT_TYPED_FLAGS		CARVEOUT_TYPED_ALLOCATE

/**
 * struct carveout_ioctl_typed - Let mmap() of this open file map memory of the heap
 * @regions: in: mask of the region indices; 0 for all regions
 * @flags: in: CARVEOUT_TYPED_* flags
 * @reserved: zero
 *
 * For typed memory objects as in POSIX.1. Afterwards, and for as long as the file
 * is open, mmap() with MAP_SHARED maps a buffer. The mapping holds the buffer,
 * also after the file is closed; munmap() drops it.
 *
 * With CARVEOUT_TYPED_ALLOCATE each mmap() allocates a new buffer in one of
 * @regions and maps all of it; the offset of the mapping is zero. Without it
 * mmap() maps the memory at its offset in the heap. That offset counts the
 * regions of the heap in the order of their indices, without the gaps between
 * them, whatever @regions is. Memory that is free is allocated at that place.
 * Memory that is allocated is mapped if it is a part of one buffer that the
 * caller may open: by the mode of its tag or, if it never had a tag, as the user
 * that allocated it by mmap().
 *
 * mmap() fails with: ENOMEM: no hole is large enough. EDQUOT, EUCLEAN, ENODEV: as
 * CARVEOUT_IOCTL_ALLOC; ENODEV also without this command. EACCES: the file is not
 * open for reading; or, with CARVEOUT_TYPED_ALLOCATE, not open for writing.
 * EOPNOTSUPP: MAP_PRIVATE, or PROT_EXEC. EPERM: PROT_EXEC, and the device node is in
 * a file system that is mounted noexec. ENFILE: the system has too many open files;
 * a mapping needs one. EINVAL: an offset with
 * CARVEOUT_TYPED_ALLOCATE. ENXIO: a range that is not in one of @regions, or memory
 * that the CPU must not access. EBUSY: a part of the range is allocated, and it is
 * not in one buffer that the caller may open; or a file that is not open for
 * writing, and the range is free. EAGAIN: a hibernation is in progress.
 *
 * EINVAL: a region that does not exist. EBUSY: this open file has had the command.
 */
struct carveout_ioctl_typed {
	__u64 regions;
	__u32 flags;
	__u32 reserved;
};

/**
 * struct carveout_ioctl_typed_info - Describe the typed memory of this open file
 * @regions: out: mask of CARVEOUT_IOCTL_TYPED
 * @size: out: bytes in these regions
 * @largest: out: size in bytes of the largest buffer that mmap() can allocate,
 *	within the quotas of the caller; valid at the time of the call
 * @typed: out: flags of CARVEOUT_IOCTL_TYPED
 * @flags: in: zero
 *
 * EINVAL: the open file has not had CARVEOUT_IOCTL_TYPED.
 */
struct carveout_ioctl_typed_info {
	__u64 regions;
	__u64 size;
	__u64 largest;
	__u32 typed;
	__u32 flags;
};

/* Flags of a location. */
#define CARVEOUT_LOCATE_EXPORT		(1U << 0) /* return a dma-buf */
#define CARVEOUT_LOCATE_FLAGS		CARVEOUT_LOCATE_EXPORT

/**
 * struct carveout_ioctl_locate - Find the memory that is mapped at an address
 * @addr: in: address in the caller's address space
 * @length: in: bytes from @addr, at least 1; out: how many of them are mapped and
 *	belong to one buffer, without a gap
 * @offset: out: offset of the memory in its heap, as in CARVEOUT_IOCTL_TYPED
 * @buffer_offset: out: offset of the memory in its buffer
 * @flags: in: CARVEOUT_LOCATE_* flags
 * @fd_flags: in: with CARVEOUT_LOCATE_EXPORT, O_CLOEXEC or 0; otherwise zero
 * @fd: out: lowest file descriptor of the open file that was mapped; -1 if all of
 *	them are closed
 * @dmabuf: out: with CARVEOUT_LOCATE_EXPORT, a new dma-buf file descriptor of the
 *	whole buffer; read-only if the mapping can never be written; otherwise -1
 *
 * Only /dev/carveout-dmabuf accepts this command, for the buffers of all heaps. The
 * mapping may be that of a dma-buf or of typed memory.
 *
 * EACCES: no such buffer is mapped at @addr. EINVAL: CARVEOUT_LOCATE_EXPORT of a
 * buffer that was resized.
 */
struct carveout_ioctl_locate {
	__u64 addr;
	__u64 length;
	__u64 offset;
	__u64 buffer_offset;
	__u32 flags;
	__u32 fd_flags;
	__s32 fd;
	__s32 dmabuf;
};

/*
 * Sizes of the first version of each structure. No shorter version was ever
 * in use, so a shorter structure is rejected with EINVAL.
 */
#define CARVEOUT_QUERY_SIZE_VER0	216
#define CARVEOUT_REGION_SIZE_VER0	128
#define CARVEOUT_ALLOC_SIZE_VER0	240
#define CARVEOUT_OPEN_SIZE_VER0		120
#define CARVEOUT_UNLINK_SIZE_VER0	72
#define CARVEOUT_LINK_SIZE_VER0		88
#define CARVEOUT_SETATTR_SIZE_VER0	80
#define CARVEOUT_SYNC_SIZE_VER0		24
#define CARVEOUT_RESIZE_SIZE_VER0	48
#define CARVEOUT_LIST_SIZE_VER0		32
#define CARVEOUT_INFO_SIZE_VER0		24
#define CARVEOUT_BUFFER_INFO_SIZE_VER0	216
#define CARVEOUT_SPAN_SIZE_VER0		24
#define CARVEOUT_POOL_CREATE_SIZE_VER0	224
#define CARVEOUT_POOL_OPEN_SIZE_VER0	128
#define CARVEOUT_POOL_ACQUIRE_SIZE_VER0	40
#define CARVEOUT_POOL_RELEASE_SIZE_VER0	16
#define CARVEOUT_POOL_QUERY_SIZE_VER0	72
#define CARVEOUT_POOL_DESTROY_SIZE_VER0	8
#define CARVEOUT_POOL_MOVE_SIZE_VER0	32
#define CARVEOUT_POOL_EXPORT_SIZE_VER0	16
#define CARVEOUT_POOL_SYNC_SIZE_VER0	24
#define CARVEOUT_POOL_BATCH_SIZE_VER0	24
#define CARVEOUT_TYPED_SIZE_VER0	16
#define CARVEOUT_TYPED_INFO_SIZE_VER0	32
#define CARVEOUT_LOCATE_SIZE_VER0	48

/*
 * Unassigned in Documentation/userspace-api/ioctl/ioctl-number.rst. 0x00 to
 * 0x3f are commands of device nodes, 0x40 to 0x5f those of pools. A command
 * without an "out" member is _IOW(): tools that follow the direction (strace,
 * valgrind, MSan) know that the structure is not written. All others are
 * _IOWR(), because each one has flags.
 */
#define CARVEOUT_IOC_MAGIC	0xBD

#define CARVEOUT_IOCTL_QUERY	_IOWR(CARVEOUT_IOC_MAGIC, 0x00, \
				      struct carveout_ioctl_query)
#define CARVEOUT_IOCTL_REGION	_IOWR(CARVEOUT_IOC_MAGIC, 0x01, \
				      struct carveout_ioctl_region)
#define CARVEOUT_IOCTL_ALLOC	_IOWR(CARVEOUT_IOC_MAGIC, 0x02, \
				      struct carveout_ioctl_alloc)
#define CARVEOUT_IOCTL_OPEN	_IOWR(CARVEOUT_IOC_MAGIC, 0x03, \
				      struct carveout_ioctl_open)
#define CARVEOUT_IOCTL_UNLINK	_IOW(CARVEOUT_IOC_MAGIC, 0x04, \
				     struct carveout_ioctl_unlink)
#define CARVEOUT_IOCTL_LIST	_IOWR(CARVEOUT_IOC_MAGIC, 0x05, \
				      struct carveout_ioctl_list)
#define CARVEOUT_IOCTL_SPANS	_IOWR(CARVEOUT_IOC_MAGIC, 0x06, \
				      struct carveout_ioctl_list)
#define CARVEOUT_IOCTL_INFO	_IOWR(CARVEOUT_IOC_MAGIC, 0x07, \
				      struct carveout_ioctl_info)
#define CARVEOUT_IOCTL_LINK	_IOWR(CARVEOUT_IOC_MAGIC, 0x08, \
				      struct carveout_ioctl_link)
#define CARVEOUT_IOCTL_SETATTR	_IOW(CARVEOUT_IOC_MAGIC, 0x09, \
				     struct carveout_ioctl_setattr)
#define CARVEOUT_IOCTL_SYNC	_IOW(CARVEOUT_IOC_MAGIC, 0x0a, \
				     struct carveout_ioctl_sync)
#define CARVEOUT_IOCTL_RESIZE	_IOWR(CARVEOUT_IOC_MAGIC, 0x0b, \
				      struct carveout_ioctl_resize)
#define CARVEOUT_IOCTL_POOL_CREATE _IOWR(CARVEOUT_IOC_MAGIC, 0x0c, \
					 struct carveout_ioctl_pool_create)
#define CARVEOUT_IOCTL_POOL_OPEN _IOWR(CARVEOUT_IOC_MAGIC, 0x0d, \
				       struct carveout_ioctl_pool_open)
#define CARVEOUT_IOCTL_TYPED	_IOW(CARVEOUT_IOC_MAGIC, 0x0e, \
				     struct carveout_ioctl_typed)
#define CARVEOUT_IOCTL_TYPED_INFO _IOWR(CARVEOUT_IOC_MAGIC, 0x0f, \
					struct carveout_ioctl_typed_info)
#define CARVEOUT_IOCTL_LOCATE	_IOWR(CARVEOUT_IOC_MAGIC, 0x10, \
				      struct carveout_ioctl_locate)

/* Commands for the file descriptor of a pool. */
#define CARVEOUT_POOL_IOCTL_ACQUIRE _IOWR(CARVEOUT_IOC_MAGIC, 0x40, \
					  struct carveout_ioctl_pool_acquire)
#define CARVEOUT_POOL_IOCTL_RELEASE _IOW(CARVEOUT_IOC_MAGIC, 0x41, \
					 struct carveout_ioctl_pool_release)
#define CARVEOUT_POOL_IOCTL_QUERY _IOWR(CARVEOUT_IOC_MAGIC, 0x42, \
					struct carveout_ioctl_pool_query)
#define CARVEOUT_POOL_IOCTL_DESTROY _IOW(CARVEOUT_IOC_MAGIC, 0x43, \
					 struct carveout_ioctl_pool_destroy)
#define CARVEOUT_POOL_IOCTL_MOVE _IOWR(CARVEOUT_IOC_MAGIC, 0x44, \
				       struct carveout_ioctl_pool_move)
#define CARVEOUT_POOL_IOCTL_EXPORT _IOWR(CARVEOUT_IOC_MAGIC, 0x45, \
					 struct carveout_ioctl_pool_export)
#define CARVEOUT_POOL_IOCTL_SYNC _IOW(CARVEOUT_IOC_MAGIC, 0x46, \
				      struct carveout_ioctl_pool_sync)
#define CARVEOUT_POOL_IOCTL_ACQUIRE_BATCH _IOWR(CARVEOUT_IOC_MAGIC, 0x47, \
						struct carveout_ioctl_pool_batch)
#define CARVEOUT_POOL_IOCTL_RELEASE_BATCH _IOWR(CARVEOUT_IOC_MAGIC, 0x48, \
						struct carveout_ioctl_pool_batch)
#define CARVEOUT_POOL_IOCTL_MOVE_BATCH _IOWR(CARVEOUT_IOC_MAGIC, 0x49, \
					     struct carveout_ioctl_pool_batch)

#endif /* _UAPI_LINUX_CARVEOUT_H */
