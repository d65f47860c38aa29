/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The buffer object, its states, and accessors of its invariant members.
 */
#ifndef CARVEOUT_BUFFER_TYPES_H
#define CARVEOUT_BUFFER_TYPES_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/dma-resv.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable-types.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>

#include "../carveout_internal.h"
#include "../mem/claim.h"
#include "../mem/dmem.h"

struct carveout_account;
struct carveout_pool;
struct pid;

/**
 * struct carveout_tag - The tag of a buffer
 * @node: in carveout.tags while @linked; registry_lock
 * @name: the tag; kept after unlinking, because a buffer is tagged at most once
 *	(invariant once linked)
 * @linked: the tag is in the table; registry_lock
 * @persist: the tag holds a reference; registry_lock
 * @seq: a reader without the lock sees the next three as of one moment
 * @uid: tag owner; registry_lock to change
 * @gid: group; registry_lock to change
 * @mode: permission bits; registry_lock to change
 */
struct carveout_tag {
	struct rhash_head node;
	char name[CARVEOUT_NAME_LEN];
	bool linked;
	bool persist;
	seqcount_t seq;
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
};

/**
 * enum carveout_buf_state - Whether a buffer can be used
 * @CARVEOUT_BUF_LIVE: yes
 * @CARVEOUT_BUF_RESIZING: not while it is being resized
 * @CARVEOUT_BUF_REPLACED: no, another buffer took over its tag and its content
 * @CARVEOUT_BUF_ENDING: no, the last reference is dropped
 * @CARVEOUT_BUF_PARKED: no, and its memory is still in use
 */
enum carveout_buf_state {
	CARVEOUT_BUF_LIVE,
	CARVEOUT_BUF_RESIZING,
	CARVEOUT_BUF_REPLACED,
	CARVEOUT_BUF_ENDING,
	CARVEOUT_BUF_PARKED,
};

/**
 * struct carveout_parking - State of a buffer whose memory is in use without a reference
 * @work: checks the pages again
 * @next: physical address of the first page that was still pinned
 * @delay_ms: delay until the next check
 * @since: time when it was parked, CLOCK_MONOTONIC in ns (invariant once parked)
 * @reported: the log says that the pin is held for long
 */
struct carveout_parking {
	struct delayed_work work;
	u64 next;
	unsigned int delay_ms;
	u64 since;
	bool reported;
};

/**
 * struct carveout_buf - A buffer
 * @ref: held by its dma-buf files, by a persistent tag, by calls in progress, and by
 *	the buffer that has it as @next
 * @rcu: frees it after a grace period, because tags are looked up under RCU
 * @carveout: its heap, to which it holds a reference (invariant)
 * @claim: claim that contains its memory (invariant)
 * @handle: its span in the heap (invariant)
 * @start: physical address (invariant)
 * @size: bytes (invariant)
 * @region: index of its region (invariant)
 * @request: request that it was allocated with, for when it moves (invariant)
 * @typed: mmap() of a device node allocated it, or the buffer that it replaced (invariant)
 * @empty: it has no memory: not yet, or no longer
 * @state: whether it can be used; registry_lock to change
 * @next: the buffer that it was resized to in place, with a reference: memory that
 *	this buffer still reaches is not reallocated
 * @pending: entry in carveout.pending_bufs; the list owns the last reference
 * @deferred: set while on that list; catches a double final put
 * @pool: the blocks that it is cut into, or NULL (invariant once published)
 * @id: number, never used again in this heap; index in carveout.bufs, where its
 *	entry is reserved from the start (invariant)
 * @generation: @id, or a later number that it got with its tag; registry_lock
 *	(invariant once linked)
 * @account: account that is charged for it; NULL for a driver's buffer, which is not
 *	charged (invariant)
 * @charged_uid: user that is charged for it (invariant)
 * @charged: charged bytes
 * @dmem: charge to a cgroup; empty for the buffer of a driver, also with an owner object
 * @counts: charged objects, CARVEOUT_ONE_* bits; the bits of the tag: registry_lock once
 *	published
 * @tag: its tag; the tag owner also of a buffer without a tag
 * @nr_files: number of its dma-buf files
 * @resv: fences, shared by its files that permit writing
 * @attach_lock: guards @attachments, their mappings and @writers
 * @attachments: importers of all its files
 * @writers: accesses of the CPU for writing that have begun and not ended;
 *	@attach_lock
 * @holds: number of parties that may access the memory without a reference
 * @parking: used after the last reference
 * @pid: process that allocated it; NULL for a driver (invariant)
 * @comm: name of that program, or of the owner object of a driver (invariant)
 * @label: purpose, for people (invariant)
 */
struct carveout_buf {
	struct kref ref;
	struct rcu_head rcu;
	struct carveout *carveout;
	struct carveout_claim *claim;
	struct carveout_handle handle;
	u64 start;
	u64 size;
	u32 region;
	struct carveout_heap_request request;
	bool typed;
	bool empty;
	enum carveout_buf_state state;
	struct carveout_buf *next;
	struct llist_node pending;
	int deferred;
	struct carveout_pool *pool;
	u64 id;
	u64 generation;

	struct carveout_account *account;
	kuid_t charged_uid;
	u64 charged;
	struct carveout_dmem dmem;
	u32 counts;

	struct carveout_tag tag;
	atomic_t nr_files;
	struct dma_resv resv;
	struct mutex attach_lock;	/* importers */
	struct list_head attachments;
	unsigned long writers;
	atomic_t holds;
	struct carveout_parking parking;

	struct pid *pid;
	char comm[TASK_COMM_LEN];
	char label[CARVEOUT_NAME_LEN];
};

/**
 * __carveout_buf_get() - Take a reference to a buffer
 * @buf: a buffer that the caller has a reference to, or has found with the
 *	registry's lock held
 *
 * Context: Any context.
 * Return: @buf.
 */
static inline struct carveout_buf *__carveout_buf_get(struct carveout_buf *buf)
{
	kref_get(&buf->ref);
	return buf;
}

/**
 * carveout_buf_is_replaced() - Check whether another buffer took over the content
 * @buf: a buffer that the caller has a reference to
 *
 * A new user of such a buffer is refused: it would be pointless, though harmless, because
 * the memory stays as long as the buffer does. A buffer that is only being resized may be
 * open elsewhere too, and nothing must change for that user.
 *
 * Context: Any context.
 * Return: true if the buffer was resized.
 */
static inline bool carveout_buf_is_replaced(const struct carveout_buf *buf)
{
	return READ_ONCE(buf->state) == CARVEOUT_BUF_REPLACED;
}

/**
 * carveout_buf_offset() - Offset of a buffer in its region
 * @buf: a buffer that has, or had, memory
 *
 * Context: Any context.
 * Return: bytes.
 */
static inline u64 carveout_buf_offset(const struct carveout_buf *buf)
{
	return buf->start - buf->claim->range.base;
}

/**
 * carveout_buf_region_attrs() - Attributes of a buffer's region
 * @buf: a buffer that has, or had, memory
 *
 * Context: Any context.
 * Return: CARVEOUT_ATTR_* bits.
 */
static inline u32 carveout_buf_region_attrs(const struct carveout_buf *buf)
{
	return buf->claim->region->attrs & CARVEOUT_ATTR_MASK;
}

/**
 * carveout_buf_has_pages() - Check for memory in the kernel's linear mapping
 * @buf: a buffer that has, or had, memory
 *
 * Context: Any context.
 * Return: true if the memory has pages.
 */
static inline bool carveout_buf_has_pages(const struct carveout_buf *buf)
{
	return carveout_buf_region_attrs(buf) & CARVEOUT_ATTR_PAGES;
}

#endif /* CARVEOUT_BUFFER_TYPES_H */
