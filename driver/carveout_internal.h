/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The heap object, the objects around it, the lock order.
 *
 * Each object has a header in the folder of its layer: mem/ (memory and spans; no
 * buffer), buf/ (buffers; no device node, no driver), dev/ (user space) and api/ (other
 * drivers). See Documentation/design.rst.
 */
#ifndef CARVEOUT_INTERNAL_H
#define CARVEOUT_INTERNAL_H

#include <linux/atomic.h>
#include <linux/carveout.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "../lib/heap.h"

/**
 * DOC: References
 *
 * Claim (struct carveout_claim)
 *	holds a range of memory and its mapping. Held by its heap, and released with it.
 * Heap (struct carveout)
 *	holds claims and the store. Held by its device, by every buffer, by drivers, by their
 *	memory, owner objects and watches, and by deferred work. Freed with the last reference.
 * Device (struct carveout_device)
 *	of the device node or of the dma-heap node; holds the heap. That of the device node
 *	also holds the other one. Held by the driver core and by open files of its node.
 *	Freed when it is unbound and all open files are closed.
 * Open file of the device node for holders of dma-bufs
 *	holds the module. Held by descriptors.
 * Account (struct carveout_account)
 *	of an open file of a device node or of an owner object; holds nothing. Held by the
 *	open file or the owner object, by the buffers that are charged to it, and by the
 *	dma-buf files that mmap() of the open file made. Freed with the last reference.
 * Owner object (struct carveout_owner)
 *	the credentials and the account that a driver acts with; holds the heap. Held by its
 *	driver and by waits. Freed with the last reference.
 * Session (struct carveout_session)
 *	references by session handle; holds buffers, and is a client of pools. Held by its driver,
 *	which closes it.
 * Watch, wait for a tag
 *	hold the heap, a wait also its owner object, and no buffer. Held by their driver, which
 *	ends them.
 * Wait for a block
 *	holds nothing: its client leaves the pool only after the wait. Held by its driver, which
 *	ends it.
 * Buffer (struct carveout_buf)
 *	holds the heap and a span. Held by its dma-buf files (one for each time it was
 *	opened), by the files and clients of its pool, by a persistent tag, by drivers, by
 *	mappings of drivers for devices, and by the buffer that was resized to it. Freed
 *	with the last reference.
 * Pool (struct carveout_pool)
 *	the blocks of a buffer; a part of the buffer, without a reference count. Freed with
 *	the buffer.
 * Memory of a driver
 *	holds the heap and a span. Held by nothing: it is an address. Freed by its driver.
 * dma-buf file
 *	holds the buffer and the module; one that mmap() of a device node made also holds the
 *	account. Held by descriptors, mappings and importers.
 * Open file of a pool (struct carveout_pool_file)
 *	a client; holds the buffer and the module. Held by descriptors and mappings.
 * Client of a pool (struct carveout_pool_client)
 *	block owner; a part of an open file, or an object of a driver, which then holds
 *	the buffer. Other clients know it by its id, which holds nothing. Ends with the
 *	open file, or when the driver leaves; its blocks are freed then.
 * Parked buffer
 *	holds the heap, a span and the module. Held by its work on the module's workqueue.
 *	Freed when none of its pages is pinned, no fence is pending and no hold is left, or
 *	abandoned by the module's exit.
 * Tag (struct carveout_tag)
 *	holds its buffer if it is persistent, else nothing. Held by the registry. Ends when
 *	it is unlinked or its buffer is freed.
 *
 * A mapping in user space holds its file through vm_file and nothing else; a VMA
 * owns none of these objects. Nothing that a file descriptor can reach is devm. All counts
 * are krefs.
 */

/**
 * DOC: Lock order
 *
 * Outermost first:
 *
 * mmap_lock, dma_resv
 *	held by callers of the dma-buf operations, and of mmap() of a device node
 * carveout.place_lock (mutex)
 *	mappings of a place in the heap by mmap() of a device node
 * publish_lock (mutex)
 *	creation of device nodes
 * carveout_device.folders_lock (mutex)
 *	folders of regions in sysfs
 * add_lock (mutex)
 *	addition of regions, and their reopening after a hibernation
 * heaps_lock (mutex)
 *	list of all heaps
 * carveout_session.lock (mutex)
 *	handles of a session; of the locks below only carveout_pool.lock is taken under it
 * carveout.registry_lock (mutex)
 *	changes of tags, list of buffers, watches, shutdown
 * claims_lock (mutex)
 *	list of all claimed ranges
 * carveout.quota_lock (mutex)
 *	charges of users and accounts, the heap's region of the dmem controller
 * carveout.grow_lock (mutex)
 *	growth of the store
 * carveout_buf.attach_lock (mutex)
 *	importers of a buffer
 * carveout.lock (raw spinlock, interrupts off)
 *	the heap of lib/, the list of memory that waits for a deferred free
 * carveout_pool.lock (raw spinlock, interrupts off)
 *	blocks of a pool, its clients, its waiters
 *
 * No user access happens under any of them, no call into the dma-buf core under any but the
 * mmap_lock, and no zeroing except under the mmap_lock, place_lock and add_lock. A function
 * that needs a lock held asserts it with lockdep.
 */

struct carveout_claim;
struct carveout_device;
struct dentry;
struct dmem_cgroup_region;

/* The heap's granule, 64 bytes. Buffers are whole pages. */
#define CARVEOUT_GRANULE_SHIFT	6

/* The start of no span. */
#define CARVEOUT_NOWHERE	(~0ULL << CARVEOUT_GRANULE_SHIFT)

/* Maximum number of different purposes of memory in a heap. */
#define CARVEOUT_PURPOSES	64

/* Maximum number of heaps. */
#define CARVEOUT_HEAPS_MAX	256

/**
 * enum carveout_count - Objects of a user that a quota limits, besides bytes
 * @CARVEOUT_COUNT_BUFFERS: buffers, pools included
 * @CARVEOUT_COUNT_TAGS: tags
 * @CARVEOUT_COUNT_PERSISTENT: persistent tags
 * @CARVEOUT_COUNT_POOLS: pools
 * @CARVEOUT_COUNT_WAITERS: tasks that wait for a tag or a block
 * @CARVEOUT_COUNTS: number of the kinds above
 */
enum carveout_count {
	CARVEOUT_COUNT_BUFFERS,
	CARVEOUT_COUNT_TAGS,
	CARVEOUT_COUNT_PERSISTENT,
	CARVEOUT_COUNT_POOLS,
	CARVEOUT_COUNT_WAITERS,
	CARVEOUT_COUNTS,
};

/**
 * struct carveout_tag_prefix - Tags that are reserved for a user
 * @prefix: prefix of the tags
 * @uid: the user that may create them
 */
struct carveout_tag_prefix {
	char prefix[CARVEOUT_NAME_LEN];
	kuid_t uid;
};

/**
 * struct carveout_region_name - A name that a heap was created with for some of its memory
 * @base: physical address of that memory. Its region has another name if it was joined
 *	with adjacent memory.
 * @name: the name
 */
struct carveout_region_name {
	phys_addr_t base;
	char name[CARVEOUT_NAME_LEN];
};

/**
 * struct carveout - A heap: regions, allocator, registry of buffers
 * @node: in the list of all heaps; heaps_lock
 * @ref: held by the device, by buffers and by others, see "References"
 * @release: frees the heap with its last reference (invariant)
 * @name: name of the device node in /dev/carveout (invariant)
 * @id: number among all heaps, minor number of the device node if there is one
 *	(invariant)
 * @coherent: devices snoop the CPU's caches, no cache maintenance is needed (invariant)
 * @nozero: memory is not zeroed, only drivers use the heap (invariant)
 * @created: created by a driver, which may also destroy it (invariant)
 * @device: device node of a driver's heap (invariant once published)
 * @claim: memory of each region of @heap; entries below @nr_claims are invariant
 * @nr_claims: number of @claim entries, see carveout_nr_claims(); add_lock to change
 * @region_names: names that the heap was created with, in the order of the regions
 *	(invariant)
 * @nr_region_names: number of @region_names entries (invariant)
 * @max_align: largest valid alignment of a request, in bytes; add_lock to change
 * @tag_prefixes: tags that are reserved for users (invariant once published)
 * @nr_tag_prefixes: number of @tag_prefixes entries (invariant once published)
 * @lock: guards @heap, @no_alloc, @pending, @pending_bytes, @nr_poisoned, @poisoned_bytes
 * @heap: the allocator
 * @no_alloc: allocations are refused
 * @corruption_reported: corruption was logged (once per heap)
 * @pending: physical address of the first freed span that is not scrubbed yet,
 *	%CARVEOUT_NOWHERE if there is none; the cookie of each span holds the next
 * @pending_bytes: bytes in that list, and bytes that are being scrubbed
 * @nr_poisoned: number of spans that are poisoned and stay allocated for good
 * @poisoned_bytes: bytes of these spans
 * @nr_deferred: spans and buffers that are on the lists or being freed
 * @pending_bufs: buffers whose last reference was dropped in atomic context
 * @work: frees the entries of both lists; holds a reference to the heap while queued
 * @release_work: frees the heap when the last reference was dropped in atomic context
 * @purpose: texts of drivers, by number, see carveout_purpose_keep(); an entry is set
 *	once
 * @grow_lock: guards @chunk, @nr_chunks
 * @chunk: memory of the store
 * @nr_chunks: number of @chunk entries
 * @generation: latest generation of a buffer or a link
 * @failures_nospc: requests that failed because no hole fitted
 * @failures_nomem: requests that failed for lack of kernel memory
 * @failures_quota: requests that a quota refused
 * @quota_lock: guards @users, @accounts, @dmem and the charges of accounts
 * @users: charges, struct carveout_user by user id
 * @accounts: accounts of owner objects
 * @quota_user: limit of a user in bytes, 0 for no limit; set by the administrator
 * @quota_file: limit of an account in bytes, 0 for no limit; likewise
 * @quota_count: limits of a user in objects of each kind, 0 for no limit; likewise
 * @dmem: region of the dmem cgroup controller; NULL without one, and after the shutdown
 * @expose_phys: physical addresses are shown to every user; set by the administrator
 * @place_lock: held from the look-up of a place until the buffer there is in the registry:
 *	of two calls for one place the second finds the buffer of the first
 * @changed: waiters for tags and for @changes
 * @nr_parked: number of parked buffers
 * @parked_bytes: memory of these buffers
 * @registry_lock: guards the following members, and the marked members of buffers
 * @bufs: all buffers, by id
 * @tags: tagged buffers, by tag; looked up under RCU
 * @nr_bufs: number of buffers
 * @nr_tags: number of tags
 * @changes: number of changes to tags
 * @watches: watches of drivers
 * @shutdown: no allocation, no look-up
 * @debugfs: folder in debugfs
 */
struct carveout {
	struct list_head node;
	struct kref ref;
	void (*release)(struct kref *ref);
	char name[CARVEOUT_NAME_LEN];
	unsigned int id;
	bool coherent;
	bool nozero;
	bool created;
	struct carveout_device *device;
	struct carveout_claim *claim[CARVEOUT_MAX_REGIONS];
	unsigned int nr_claims;
	struct carveout_region_name *region_names;
	unsigned int nr_region_names;
	u64 max_align;
	struct carveout_tag_prefix *tag_prefixes;
	unsigned int nr_tag_prefixes;

	raw_spinlock_t lock;		/* the allocator */
	struct carveout_heap heap;
	bool no_alloc;
	atomic_t corruption_reported;
	u64 pending;
	u64 pending_bytes;
	u32 nr_poisoned;
	u64 poisoned_bytes;

	atomic_t nr_deferred;
	struct llist_head pending_bufs;
	struct work_struct work;
	struct work_struct release_work;

	const char *purpose[CARVEOUT_PURPOSES];

	struct mutex grow_lock;		/* growth of the store */
	void *chunk[CARVEOUT_CHUNKS];
	unsigned int nr_chunks;

	atomic64_t generation;
	atomic64_t failures_nospc;
	atomic64_t failures_nomem;
	atomic64_t failures_quota;

	struct mutex quota_lock;	/* charges */
	struct xarray users;
	struct list_head accounts;
	u64 quota_user;
	u64 quota_file;
	u64 quota_count[CARVEOUT_COUNTS];
	struct dmem_cgroup_region *dmem;
	bool expose_phys;

	struct mutex place_lock;	/* mappings of a place */
	wait_queue_head_t changed;
	atomic_t nr_parked;
	atomic64_t parked_bytes;

	struct mutex registry_lock;	/* buffers and tags */
	struct xarray bufs;
	struct rhashtable tags;
	unsigned int nr_bufs;
	unsigned int nr_tags;
	u64 changes;
	struct list_head watches;
	bool shutdown;

	struct dentry *debugfs;
};

/**
 * __carveout_get() - Take a reference to a heap
 * @carveout: a heap that the caller has a reference to
 *
 * Context: Any context.
 * Return: @carveout.
 */
static inline struct carveout *__carveout_get(struct carveout *carveout)
{
	kref_get(&carveout->ref);
	return carveout;
}

/**
 * __carveout_put() - Drop a reference to a heap
 * @carveout: the heap; the last reference releases its memory
 *
 * Context: Process context. May sleep.
 */
static inline void __carveout_put(struct carveout *carveout)
{
	kref_put(&carveout->ref, carveout->release);
}

/**
 * carveout_nr_claims() - Number of regions of a heap
 * @carveout: the heap
 *
 * Context: Any context.
 * Return: the number; the entries of carveout.claim below it are valid.
 */
static inline unsigned int carveout_nr_claims(const struct carveout *carveout)
{
	/* Pairs with try_insert(), driver/mem/alloc.c. */
	return smp_load_acquire(&carveout->nr_claims);
}

/**
 * carveout_wake_all() - Wake all waiters and pollers
 * @wq: wait queue, shared by all files of a heap or a pool
 * @mask: EPOLL* events
 *
 * wake_up_poll() wakes one of several pollers with EPOLLEXCLUSIVE. That one may poll
 * another file, or need one block of several that are free.
 *
 * Context: Any context, but on PREEMPT_RT no hard interrupt.
 */
static inline void carveout_wake_all(struct wait_queue_head *wq, __poll_t mask)
{
	__wake_up(wq, TASK_NORMAL, 0, poll_to_key(mask));
}

#endif /* CARVEOUT_INTERNAL_H */
