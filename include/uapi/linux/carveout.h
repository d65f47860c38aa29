/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * User-space interface of the carveout heaps.
 *
 * A heap is a character device, /dev/carveout/<name>. A buffer is a dma-buf
 * file descriptor, a new file each time it is opened: map it at offset 0, send
 * it with SCM_RIGHTS, import it into V4L2 or DRM. A buffer may carry a tag, a
 * name by which other processes open it; tags have the semantics of shm_open(3)
 * names. A pool is a buffer that is cut into equal blocks, with a descriptor to take
 * them and give them back.
 *
 * Every ioctl takes one structure. Its size is part of the command number, so
 * a structure may grow at its end: an older, shorter one is taken as if the new
 * members were zero, and of a newer, longer one the unknown tail has to be zero
 * (E2BIG otherwise). Undefined flag bits and reserved members have to be zero
 * (EINVAL otherwise). Members marked "out" are ignored on input.
 */
#ifndef _UAPI_LINUX_CARVEOUT_H
#define _UAPI_LINUX_CARVEOUT_H

#include <linux/ioctl.h>
#include <linux/types.h>

/** define CARVEOUT_NAME_LEN - size of a name field, with its terminator */
#define CARVEOUT_NAME_LEN	64

/*
 * Memory attributes. The attribute belongs to the region; no mapping changes
 * it. All three kinds are normal memory: unaligned access is fine. There is no device
 * memory, on which it would fault.
 */
#define CARVEOUT_ATTR_CACHED		(1U << 0)
#define CARVEOUT_ATTR_WRITECOMBINE	(1U << 1)
#define CARVEOUT_ATTR_UNCACHED		(1U << 2)
/* The kernel has the region in its own page tables, too (no no-map). */
#define CARVEOUT_ATTR_PAGES		(1U << 3)
/* Opaque to the driver: what the board says of a region (bank, owner, ...). */
#define CARVEOUT_ATTR_USER_SHIFT	16
#define CARVEOUT_ATTR_USER_MASK		0xffff0000U
#define CARVEOUT_ATTR_MASK		(CARVEOUT_ATTR_CACHED | \
					 CARVEOUT_ATTR_WRITECOMBINE | \
					 CARVEOUT_ATTR_UNCACHED | \
					 CARVEOUT_ATTR_PAGES | \
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

/**
 * struct carveout_ioctl_query - what a heap is and how it stands
 * @name: out: the heap's name
 * @capabilities: out: CARVEOUT_CAP_* of this kernel
 * @size: out: bytes in all regions
 * @used: out: bytes handed out
 * @high_water: out: the most bytes that were ever handed out
 * @largest_hole: out: the largest size that a plain request gets, in bytes
 * @page_size: out: granularity of sizes and alignments, in bytes
 * @max_align: out: the largest alignment that may be asked for, in bytes: the
 *	largest power of two that is not above the size of the largest region
 * @regions: out: number of regions; valid indices are below it
 * @spans: out: number of allocations in the heap's index
 * @holes: out: number of holes
 * @buffers: out: number of live buffers
 * @tags: out: number of tags
 * @attrs: out: CARVEOUT_ATTR_* that at least one region has
 * @failures_nospc: out: requests that failed because no hole fitted
 * @failures_nomem: out: requests that failed for want of kernel memory
 * @failures_quota: out: requests that failed because of a quota
 * @changes: out: how often a tag came, went or changed; poll() on the node
 *	reports that it moved
 * @quota_user: out: bytes that one user may have, 0: no limit
 * @quota_open: out: bytes that one open file of the node may have, 0: no limit
 * @used_user: out: bytes that the caller's user has
 * @used_open: out: bytes that this open file has
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
	__u64 quota_open;
	__u64 used_user;
	__u64 used_open;
};

/* Flags of a region. */
#define CARVEOUT_REGION_BASE		(1U << 0) /* @base is valid */

/**
 * struct carveout_ioctl_region - one region of a heap
 * @index: in: which region, 0 and up
 * @attrs: out: its CARVEOUT_ATTR_* bits
 * @flags: out: CARVEOUT_REGION_* flags
 * @spans: out: number of allocations in it
 * @holes: out: number of holes in it
 * @reserved: zero
 * @name: out: its name
 * @base: out: physical address, for callers who may see it; else 0
 * @size: out: bytes
 * @used: out: bytes handed out
 * @high_water: out: the most bytes that were ever handed out
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
 * exclusively: EEXIST when the name is taken.
 */
#define CARVEOUT_ALLOC_OPEN		(1U << 0) /* open the tag if it exists */
#define CARVEOUT_ALLOC_PERSIST		(1U << 1) /* the tag holds the buffer */
#define CARVEOUT_ALLOC_TOP_DOWN		(1U << 2) /* as high in its region as can be */
#define CARVEOUT_ALLOC_EXACT		(1U << 3) /* at @place in its region */
#define CARVEOUT_ALLOC_FLAGS		(CARVEOUT_ALLOC_OPEN | \
					 CARVEOUT_ALLOC_PERSIST | \
					 CARVEOUT_ALLOC_TOP_DOWN | \
					 CARVEOUT_ALLOC_EXACT)

/** define CARVEOUT_NR_FALLBACK - attributes that an allocation may fall back on */
#define CARVEOUT_NR_FALLBACK		3

/* Flags of the reply to an allocation. */
#define CARVEOUT_ALLOC_CREATED		(1U << 0) /* not opened: new */

/**
 * struct carveout_ioctl_alloc - allocate a buffer
 * @size: in: bytes, at least 1; out: bytes of the buffer, in whole pages
 * @align: in: power of two in bytes, of the physical address, up to the heap's
 *	max_align; 0 for a page
 * @max_addr: in: the buffer ends at or below this physical address, 0 for any; a
 *	power of two for callers who may not see physical addresses
 * @regions: in: mask of region indices to take it from; 0 for any
 * @place: in: with CARVEOUT_ALLOC_EXACT, where in the one region of @regions
 *	the buffer starts, in bytes; else zero
 * @require: in: CARVEOUT_ATTR_* bits that the region must have
 * @forbid: in: CARVEOUT_ATTR_* bits that the region must not have
 * @fallback: in: CARVEOUT_ATTR_* bits that will do instead of @require when no
 *	region with these has room, in this order
 * @nr_fallback: in: how many of @fallback count; the others are zero
 * @flags: in: CARVEOUT_ALLOC_* flags
 * @fd_flags: in: O_RDWR or O_RDONLY, and O_CLOEXEC
 * @mode: in: permission bits of the tag, less the caller's umask; 0 without tag
 * @reserved: zero
 * @tag: in: name of the buffer; all zero for none
 * @label: in: what it is for, to be shown to people; may be all zero
 * @offset: out: where in its region the buffer starts, in bytes
 * @generation: out: number of this buffer, never used again in this heap. A
 *	buffer that gets its tag later gets a new, higher number with it.
 * @region: out: index of its region
 * @attrs: out: attributes of its region
 * @created: out: CARVEOUT_ALLOC_CREATED or 0
 * @fd: out: dma-buf file descriptor
 *
 * The memory reads as zero. The buffer lives as long as anything refers to it:
 * a descriptor, a mapping, an importer, and with CARVEOUT_ALLOC_PERSIST its tag.
 * With CARVEOUT_ALLOC_OPEN a buffer that the tag names already is opened if it is
 * what was asked for: no smaller, placed as asked, of such attributes, and
 * persistent if that was asked for.
 *
 * EINVAL: a bad argument, flag, alignment or name. ENOSPC: no hole fits.
 * ENOMEM: no kernel memory for the bookkeeping. EDQUOT: the user's or the open
 * file's quota. EEXIST: the tag is taken, with CARVEOUT_ALLOC_OPEN by a buffer
 * that is not what was asked for. EACCES: the node is open read-only, the tag's
 * mode forbids it, its name is reserved for somebody else, or @max_addr is not for
 * this caller. ENODEV: the heap is gone. EUCLEAN: the heap found itself damaged.
 * On failure the "out" members, @size among them, are undefined.
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
#define CARVEOUT_OPEN_WAIT		(1U << 0) /* wait until there is such a tag */
#define CARVEOUT_OPEN_FLAGS		CARVEOUT_OPEN_WAIT

/** define CARVEOUT_DEADLINE_NONE - a deadline that never comes */
#define CARVEOUT_DEADLINE_NONE		0xffffffffffffffffULL

/**
 * struct carveout_ioctl_open - open a buffer by its tag
 * @tag: in: the name
 * @flags: in: CARVEOUT_OPEN_* flags
 * @fd_flags: in: O_RDWR or O_RDONLY, and O_CLOEXEC
 * @deadline: in: with CARVEOUT_OPEN_WAIT, how long to wait: a time of
 *	CLOCK_MONOTONIC in nanoseconds, or CARVEOUT_DEADLINE_NONE; else zero
 * @size: out: bytes of the buffer
 * @offset: out: where in its region the buffer starts, in bytes
 * @generation: out: number of this buffer
 * @region: out: index of its region
 * @attrs: out: attributes of its region
 * @reserved: zero
 * @fd: out: dma-buf file descriptor
 *
 * A descriptor opened O_RDONLY is read-only for good: neither mmap() nor
 * mprotect() nor a device writes through it.
 *
 * ENOENT: no such tag. ETIMEDOUT: none came before the deadline. EINTR: a signal
 * came first; the call is restarted after a handler that was installed with
 * SA_RESTART, and the deadline stays what it was. EACCES: the tag's mode forbids
 * it, or O_RDWR on a node that is open read-only. ENODEV: the heap is gone, or
 * went while waiting.
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
 * struct carveout_ioctl_unlink - remove a tag
 * @tag: in: the name
 * @flags: in: zero
 * @reserved: zero
 *
 * The name is free at once; the memory goes with its last user. Allowed for
 * the tag's owner and for callers with CAP_FOWNER.
 */
struct carveout_ioctl_unlink {
	char tag[CARVEOUT_NAME_LEN];
	__u32 flags;
	__u32 reserved;
};

/* Flags of a link. */
#define CARVEOUT_LINK_REPLACE		(1U << 0) /* take the name from another buffer */
#define CARVEOUT_LINK_PERSIST		(1U << 1) /* the tag holds the buffer */
#define CARVEOUT_LINK_FLAGS		(CARVEOUT_LINK_REPLACE | \
					 CARVEOUT_LINK_PERSIST)

/**
 * struct carveout_ioctl_link - give a buffer that never had one a tag
 * @fd: in: dma-buf descriptor of a buffer of this heap, open for writing
 * @flags: in: CARVEOUT_LINK_* flags
 * @mode: in: permission bits of the tag, less the caller's umask
 * @reserved: zero
 * @tag: in: the name
 * @generation: out: the buffer's new number
 *
 * So a buffer can be filled before anybody finds it, and with
 * CARVEOUT_LINK_REPLACE a name be moved on to new content in one step: who opens
 * it gets the old buffer or the new one, and the new one has a higher
 * generation. The old buffer lives on without a name.
 *
 * Allowed for the owner of the buffer, and of the tag that is replaced, and for
 * callers with CAP_FOWNER.
 *
 * EBUSY: the buffer has or had a tag, for a name never leads back; or it is being
 * resized. EEXIST: the tag is
 * taken. EACCES: not allowed, the descriptor or the node is open read-only, or
 * the name is reserved for somebody else. EBADF, EINVAL: as
 * CARVEOUT_IOCTL_INFO.
 */
struct carveout_ioctl_link {
	__s32 fd;
	__u32 flags;
	__u32 mode;
	__u32 reserved;
	char tag[CARVEOUT_NAME_LEN];
	__u64 generation;
};

/* What to change of a tag. */
#define CARVEOUT_SETATTR_MODE		(1U << 0)
#define CARVEOUT_SETATTR_UID		(1U << 1)
#define CARVEOUT_SETATTR_GID		(1U << 2)
#define CARVEOUT_SETATTR_FLAGS		(CARVEOUT_SETATTR_MODE | \
					 CARVEOUT_SETATTR_UID | \
					 CARVEOUT_SETATTR_GID)

/**
 * struct carveout_ioctl_setattr - change owner, group or mode of a tag
 * @tag: in: the name
 * @flags: in: CARVEOUT_SETATTR_* bits, at least one; of the next three members
 *	those that they do not name are zero
 * @mode: in: permission bits
 * @uid: in: owner, in the caller's user namespace
 * @gid: in: group, in the caller's user namespace
 *
 * The rules are those of files: the owner may change the mode, and the group to
 * one that he is in; the rest takes CAP_FOWNER and CAP_CHOWN. All is changed or
 * nothing. It is about who may open from now on: what is open stays open. The
 * quota of who allocated the buffer still counts it.
 *
 * ENOENT: no such tag. EACCES: not allowed. EINVAL: a user or group that the
 * caller's namespace does not have.
 */
struct carveout_ioctl_setattr {
	char tag[CARVEOUT_NAME_LEN];
	__u32 flags;
	__u32 mode;
	__u32 uid;
	__u32 gid;
};

/* For whom CARVEOUT_IOCTL_SYNC makes the memory right. */
#define CARVEOUT_SYNC_FOR_DEVICE	(1U << 0) /* what the CPU wrote is in memory */
#define CARVEOUT_SYNC_FOR_CPU		(1U << 1) /* the CPU reads what is in memory */
#define CARVEOUT_SYNC_FLAGS		(CARVEOUT_SYNC_FOR_DEVICE | \
					 CARVEOUT_SYNC_FOR_CPU)

/**
 * struct carveout_sync_range - a part of a buffer
 * @offset: where in the buffer it starts, in bytes
 * @size: bytes, at least 1
 */
struct carveout_sync_range {
	__u64 offset;
	__u64 size;
};

/** define CARVEOUT_SYNC_MAX - the most ranges of one call */
#define CARVEOUT_SYNC_MAX		1024

/**
 * struct carveout_ioctl_sync - maintain the CPU's caches for parts of a buffer
 * @fd: in: dma-buf descriptor of a buffer of this heap
 * @flags: in: CARVEOUT_SYNC_* flags, at least one
 * @ranges: in: address of an array of @count struct carveout_sync_range
 * @count: in: number of ranges, 1 to CARVEOUT_SYNC_MAX
 * @reserved: zero
 *
 * For partners whose reads and writes do not go through the CPU's caches, with or
 * without a device attached. Where they do, and for memory that is not cached, it
 * only orders. Whole cache lines are written back and invalidated at once, so what
 * lies beside a range is never lost.
 *
 * All ranges are checked before the first is done. EINVAL: one that is not
 * inside the buffer, and as CARVEOUT_IOCTL_INFO. EINTR: killed half way.
 */
struct carveout_ioctl_sync {
	__s32 fd;
	__u32 flags;
	__u64 ranges;
	__u32 count;
	__u32 reserved;
};

/**
 * struct carveout_ioctl_resize - make a buffer larger or smaller
 * @fd: in: dma-buf descriptor of a buffer of this heap, open for writing
 * @flags: in: zero
 * @size: in: bytes, at least 1; out: bytes of the buffer, in whole pages
 * @offset: out: where in its region the buffer starts, in bytes
 * @generation: out: its new number
 * @region: out: index of its region
 * @attrs: out: attributes of its region
 * @fd_flags: in: O_RDWR or O_RDONLY, and O_CLOEXEC, for @new_fd
 * @new_fd: out: dma-buf descriptor of the resized buffer
 *
 * The content is kept, up to the smaller size; what is added reads as zero. The
 * buffer grows where it is if there is room behind it, and otherwise moves to a
 * place that the request it was allocated with allows. One that was allocated
 * with CARVEOUT_ALLOC_EXACT does not move.
 *
 * The size of a dma-buf never changes: the resized buffer has a descriptor of its
 * own, and a tag leads to it from then on. @fd is good for nothing any more but to
 * be closed, and the memory that the buffer no longer has is free then.
 *
 * Allowed for the owner of the buffer and for callers with CAP_FOWNER.
 *
 * EBUSY: the buffer is mapped, attached, pinned, open a second time or has a fence
 * that is not signalled, @fd was duplicated or sent to somebody or another thread
 * is in a call on it, a descriptor from before an earlier resize is not closed yet,
 * or it is a pool. EACCES: not allowed, or @fd is read-only. ENOSPC: no room. EDQUOT: a quota;
 * a buffer that moves counts twice until @fd is closed. Further as
 * CARVEOUT_IOCTL_ALLOC. On failure @fd is as before.
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

/* Flags of a pool's creation; they mean what they do for an allocation. */
#define CARVEOUT_POOL_FLAGS		(CARVEOUT_ALLOC_OPEN | \
					 CARVEOUT_ALLOC_PERSIST)

/** define CARVEOUT_POOL_BLOCKS_MAX - the most blocks of a pool */
#define CARVEOUT_POOL_BLOCKS_MAX	1048576U

/**
 * struct carveout_ioctl_pool_create - make a pool: a buffer cut into equal blocks
 * @block_size: in: bytes of a block, at least 1; out: bytes from one block to the
 *	next
 * @align: in: power of two in bytes, of the physical address of each block, up to
 *	the heap's max_align; 0 for 64, which is also the least
 * @max_addr: in: as CARVEOUT_IOCTL_ALLOC
 * @regions: in: as CARVEOUT_IOCTL_ALLOC
 * @count: in: number of blocks, 1 to CARVEOUT_POOL_BLOCKS_MAX; out: how many the
 *	pool has
 * @require: in: CARVEOUT_ATTR_* bits that the region must have
 * @forbid: in: CARVEOUT_ATTR_* bits that the region must not have
 * @flags: in: CARVEOUT_POOL_FLAGS bits
 * @fd_flags: in: O_RDWR, and O_CLOEXEC
 * @mode: in: permission bits of the tag, less the caller's umask; 0 without tag
 * @tag: in: name of the pool; all zero for none
 * @label: in: what it is for, to be shown to people; may be all zero
 * @size: out: bytes of all blocks, in whole pages: what can be mapped
 * @offset: out: where in its region the pool starts, in bytes
 * @generation: out: number of this pool
 * @region: out: index of its region
 * @attrs: out: attributes of its region
 * @created: out: CARVEOUT_ALLOC_CREATED or 0
 * @fd: out: descriptor of the pool
 *
 * A pool is a buffer with a file of another kind: its descriptor takes the
 * CARVEOUT_POOL_IOCTL_* commands, poll() and mmap(), and is no dma-buf. Its tag is
 * one of the same names; CARVEOUT_IOCTL_OPEN of it gives a dma-buf of the whole
 * pool, to be imported by a device. Who has a pool reaches all of its blocks.
 *
 * Blocks read as zero when they are taken for the first time, later as they were
 * left. With CARVEOUT_ALLOC_OPEN a pool that the tag names already is opened if its
 * blocks are no smaller and no fewer than asked for, aligned and placed as asked, of
 * such attributes, and persistent if that was asked for.
 *
 * EEXIST: the tag is taken, with CARVEOUT_ALLOC_OPEN by something that is not what
 * was asked for. Further as CARVEOUT_IOCTL_ALLOC.
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
 * struct carveout_ioctl_pool_open - open a pool by its tag
 * @tag: in: the name
 * @flags: in: CARVEOUT_OPEN_* flags
 * @fd_flags: in: O_RDWR, and O_CLOEXEC
 * @deadline: in: as CARVEOUT_IOCTL_OPEN
 * @block_size: out: bytes from one block to the next
 * @size: out: bytes of all blocks, in whole pages
 * @offset: out: where in its region the pool starts, in bytes
 * @generation: out: number of this pool
 * @count: out: number of blocks
 * @region: out: index of its region
 * @attrs: out: attributes of its region
 * @fd: out: descriptor of the pool
 *
 * Who takes a block writes: the tag has to permit reading and writing.
 *
 * EINVAL: the tag names a buffer that is no pool. Further as CARVEOUT_IOCTL_OPEN.
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

/* Flags of taking a block. */
#define CARVEOUT_POOL_GET_NOWAIT	(1U << 0) /* EAGAIN if none is free */
#define CARVEOUT_POOL_GET_FLAGS		CARVEOUT_POOL_GET_NOWAIT

/**
 * struct carveout_ioctl_pool_get - take a block
 * @flags: in: CARVEOUT_POOL_GET_* flags
 * @index: out: number of the block
 * @deadline: in: how long to wait: a time of CLOCK_MONOTONIC in nanoseconds, or
 *	CARVEOUT_DEADLINE_NONE; with CARVEOUT_POOL_GET_NOWAIT zero
 * @offset: out: where in the pool the block starts, in bytes
 *
 * First come, first served, among all who have the pool, in this kernel or in
 * processes. A block that is given back while somebody waits is his at once. If one
 * is free the deadline is not looked at.
 *
 * The block belongs to the open file, like a lock of flock(2): when the last
 * descriptor and mapping of that file is gone, as when its processes died, it is
 * given back.
 *
 * EAGAIN: none is free. ETIMEDOUT: none came before the deadline. EINTR: a signal
 * came first; the call is restarted after a handler that was installed with
 * SA_RESTART, and the deadline stays what it was. EIDRM: the pool was destroyed.
 * ENODEV: the heap is gone. Either also while waiting. EUCLEAN: the pool found
 * itself damaged.
 */
struct carveout_ioctl_pool_get {
	__u32 flags;
	__u32 index;
	__u64 deadline;
	__u64 offset;
};

/**
 * struct carveout_ioctl_pool_put - give a block back
 * @index: in: number of the block
 * @flags: in: zero
 *
 * Whoever took it: one process may take a block and hand it to another, which gives
 * it back. The first who waits has it then.
 *
 * EINVAL: there is no such block, or it is free already; nothing changes.
 */
struct carveout_ioctl_pool_put {
	__u32 index;
	__u32 flags;
};

/**
 * struct carveout_ioctl_pool_query - how a pool stands
 * @block_size: out: bytes from one block to the next
 * @size: out: bytes of all blocks, in whole pages
 * @blocks: out: number of blocks
 * @free: out: how many are free
 * @high_water: out: the most that were ever in use
 * @waiters: out: how many wait for one
 * @used_open: out: how many this open file has
 * @flags: in: zero
 */
struct carveout_ioctl_pool_query {
	__u64 block_size;
	__u64 size;
	__u32 blocks;
	__u32 free;
	__u32 high_water;
	__u32 waiters;
	__u32 used_open;
	__u32 flags;
};

/**
 * struct carveout_ioctl_pool_destroy - end a pool
 * @flags: in: zero
 * @reserved: zero
 *
 * Its tag is removed, all who wait for a block get EIDRM, and so does who asks for one
 * later. Blocks in use can still be used and given back; the memory goes with the last
 * who has the pool. Allowed for its owner and for callers with CAP_FOWNER.
 *
 * EACCES: not allowed. EIDRM: it was destroyed before.
 */
struct carveout_ioctl_pool_destroy {
	__u32 flags;
	__u32 reserved;
};

/* Flags of a buffer. */
#define CARVEOUT_BUFFER_PERSIST		(1U << 0) /* its tag holds it */
#define CARVEOUT_BUFFER_PHYS		(1U << 1) /* @phys is valid */
#define CARVEOUT_BUFFER_POOL		(1U << 2) /* it is a pool of blocks */

/**
 * struct carveout_buffer - a buffer, as CARVEOUT_IOCTL_LIST and _INFO show it
 * @tag: its tag; all zero when it has none (any more)
 * @label: what it is for, as its creator said
 * @comm: name of the program that allocated it
 * @size: bytes
 * @offset: where in its region it starts, in bytes
 * @phys: physical address, for callers who may see it; else 0
 * @generation: its number
 * @region: index of its region
 * @attrs: attributes of its region
 * @flags: CARVEOUT_BUFFER_* flags
 * @mode: permission bits of the tag
 * @uid: owner, in the caller's user namespace
 * @gid: group, in the caller's user namespace
 * @pid: process that allocated it, in the caller's pid namespace; 0: not there
 * @refs: references held: one for each time it was opened and is still in use,
 *	and one by a persistent tag
 */
struct carveout_buffer {
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
};

/**
 * struct carveout_ioctl_span - a piece of a region, as CARVEOUT_IOCTL_SPANS shows it
 * @offset: where in its region it starts, in bytes
 * @size: bytes
 * @region: index of its region
 * @used: 1 handed out, 0 a hole
 */
struct carveout_ioctl_span {
	__u64 offset;
	__u64 size;
	__u32 region;
	__u32 used;
};

/**
 * struct carveout_ioctl_list - enumerate buffers or spans
 * @cursor: in: 0 to start, then what the last call returned; out: where to go on
 * @entries: in: address of an array of @count entries of @entry_size bytes
 * @entry_size: in: size of one entry as the caller knows it
 * @count: in: room in the array, 1 to CARVEOUT_LIST_MAX; out: entries filled
 *
 * 0 entries end the enumeration. It is not a snapshot: what lives through the
 * whole enumeration of buffers is shown exactly once, what comes or goes
 * meanwhile may be shown or not. Spans are in no order and may split and merge
 * between two calls. CARVEOUT_IOCTL_LIST shows the buffers that the caller may
 * read or owns; callers with CAP_DAC_OVERRIDE see all.
 *
 * An entry that is longer than the kernel's gets a zero tail, a shorter one is
 * cut; below the size of the first version it is EINVAL.
 */
struct carveout_ioctl_list {
	__u64 cursor;
	__u64 entries;
	__u32 entry_size;
	__u32 count;
};

/** define CARVEOUT_LIST_MAX - the most entries of one list call */
#define CARVEOUT_LIST_MAX	4096

/**
 * struct carveout_ioctl_info - what a buffer descriptor is
 * @fd: in: dma-buf descriptor of a buffer of this heap
 * @flags: in: zero
 * @buffer: out: the buffer
 *
 * EBADF: not a descriptor. EINVAL: not a buffer of this heap.
 */
struct carveout_ioctl_info {
	__s32 fd;
	__u32 flags;
	struct carveout_buffer buffer;
};

/*
 * Sizes of the first version of each structure: no shorter one was ever in
 * use, so a shorter one is EINVAL.
 */
#define CARVEOUT_QUERY_SIZE_VER0	208
#define CARVEOUT_REGION_SIZE_VER0	128
#define CARVEOUT_ALLOC_SIZE_VER0	240
#define CARVEOUT_OPEN_SIZE_VER0		120
#define CARVEOUT_UNLINK_SIZE_VER0	72
#define CARVEOUT_LINK_SIZE_VER0		88
#define CARVEOUT_SETATTR_SIZE_VER0	80
#define CARVEOUT_SYNC_SIZE_VER0		24
#define CARVEOUT_RESIZE_SIZE_VER0	48
#define CARVEOUT_LIST_SIZE_VER0		24
#define CARVEOUT_INFO_SIZE_VER0		216
#define CARVEOUT_BUFFER_SIZE_VER0	208
#define CARVEOUT_SPAN_SIZE_VER0		24
#define CARVEOUT_POOL_CREATE_SIZE_VER0	224
#define CARVEOUT_POOL_OPEN_SIZE_VER0	128
#define CARVEOUT_POOL_GET_SIZE_VER0	24
#define CARVEOUT_POOL_PUT_SIZE_VER0	8
#define CARVEOUT_POOL_QUERY_SIZE_VER0	40
#define CARVEOUT_POOL_DESTROY_SIZE_VER0	8

/*
 * Not taken by anybody in Documentation/userspace-api/ioctl/ioctl-number.rst; 0x00 to
 * 0x3f are for nodes, 0x40 to 0x5f for pools. All are _IOWR(): a structure that only goes
 * one way today may get a member for the other without another number.
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
#define CARVEOUT_IOCTL_UNLINK	_IOWR(CARVEOUT_IOC_MAGIC, 0x04, \
				      struct carveout_ioctl_unlink)
#define CARVEOUT_IOCTL_LIST	_IOWR(CARVEOUT_IOC_MAGIC, 0x05, \
				      struct carveout_ioctl_list)
#define CARVEOUT_IOCTL_SPANS	_IOWR(CARVEOUT_IOC_MAGIC, 0x06, \
				      struct carveout_ioctl_list)
#define CARVEOUT_IOCTL_INFO	_IOWR(CARVEOUT_IOC_MAGIC, 0x07, \
				      struct carveout_ioctl_info)
#define CARVEOUT_IOCTL_LINK	_IOWR(CARVEOUT_IOC_MAGIC, 0x08, \
				      struct carveout_ioctl_link)
#define CARVEOUT_IOCTL_SETATTR	_IOWR(CARVEOUT_IOC_MAGIC, 0x09, \
				      struct carveout_ioctl_setattr)
#define CARVEOUT_IOCTL_SYNC	_IOWR(CARVEOUT_IOC_MAGIC, 0x0a, \
				      struct carveout_ioctl_sync)
#define CARVEOUT_IOCTL_RESIZE	_IOWR(CARVEOUT_IOC_MAGIC, 0x0b, \
				      struct carveout_ioctl_resize)
#define CARVEOUT_IOCTL_POOL_CREATE _IOWR(CARVEOUT_IOC_MAGIC, 0x0c, \
					 struct carveout_ioctl_pool_create)
#define CARVEOUT_IOCTL_POOL_OPEN _IOWR(CARVEOUT_IOC_MAGIC, 0x0d, \
				       struct carveout_ioctl_pool_open)

/* Commands for the descriptor of a pool. */
#define CARVEOUT_POOL_IOCTL_GET	_IOWR(CARVEOUT_IOC_MAGIC, 0x40, \
				      struct carveout_ioctl_pool_get)
#define CARVEOUT_POOL_IOCTL_PUT	_IOWR(CARVEOUT_IOC_MAGIC, 0x41, \
				      struct carveout_ioctl_pool_put)
#define CARVEOUT_POOL_IOCTL_QUERY _IOWR(CARVEOUT_IOC_MAGIC, 0x42, \
					struct carveout_ioctl_pool_query)
#define CARVEOUT_POOL_IOCTL_DESTROY _IOWR(CARVEOUT_IOC_MAGIC, 0x43, \
					  struct carveout_ioctl_pool_destroy)

#endif /* _UAPI_LINUX_CARVEOUT_H */
