/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the driver's files share: the objects, who holds them, the locks.
 *
 * Objects, and what keeps each alive
 *
 *	carveout_claim	 a range of memory that is ours; held by its carveout
 *	carveout	 a heap; held by its device, by every buffer
 *	carveout_device	 the node in /dev; held by the driver core and open files
 *	carveout_open	 an open file of the node, as an account; held by the
 *			 file and by the buffers that it pays for
 *	carveout_buf	 an allocation; held by its dma-buf files, one for each
 *			 time it was opened, by the files of the pool that it
 *			 is, by a persistent tag, and by the buffer that was
 *			 resized to it
 *	carveout_pool	 the blocks of a buffer; a part of it, with no count
 *	carveout_pool_file  one opening of a pool, who has its blocks; held by
 *			 descriptors and mappings
 *
 * A mapping holds its dma-buf file through vm_file and nothing else; a VMA
 * owns nothing of ours. The claim on the memory is released last: as long as
 * one buffer lives, neither this driver nor a new binding of it hands out the
 * region again. Nothing that a file descriptor can reach is devm.
 *
 * Lock order, outermost first
 *
 *	mmap_lock, dma_resv	taken by the callers of our dma-buf operations
 *	publish_lock		mutex: one heap comes at a time
 *	add_lock		mutex: one region comes to a heap that is in use
 *	carveout.registry_lock	mutex: tags, list of buffers, dead
 *	claims_lock		mutex: list of all claimed ranges
 *	carveout.quota_lock	mutex: who has how much
 *	carveout.grow_lock	mutex: one grows the descriptor store at a time
 *	carveout_buf.attach_lock mutex: importers of a buffer
 *	carveout.lock		raw spinlock, interrupts off: the lib/ heap
 *	carveout_pool.lock	raw spinlock, interrupts off: blocks, who waits
 *
 * No user access, no scrubbing and no call into the dma-buf core happens under
 * any of them. A function that needs a lock held says so by lockdep.
 *
 * Names are looked up under RCU, without a lock. What is found there counts only
 * once it has a reference, which a buffer that is going does not give; and a tag's
 * owner and mode are read as of one moment, with its sequence count. Changes take
 * the registry's lock.
 */
#ifndef _CARVEOUT_INTERNAL_H
#define _CARVEOUT_INTERNAL_H

#include <linux/atomic.h>
#include <linux/carveout.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/dma-resv.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable-types.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "../lib/heap.h"

struct attribute_group;
struct dentry;
struct dma_buf;
struct pid;
struct vm_area_struct;

/* The heap's granule, 64 bytes. Buffers of user space are whole pages. */
#define CARVEOUT_GRANULE_SHIFT	6

/* === Live objects ========================================================= */

/**
 * enum carveout_object - kinds of objects that are counted while they live
 * @CARVEOUT_OBJ_CLAIM: claimed ranges
 * @CARVEOUT_OBJ_CARVEOUT: heaps
 * @CARVEOUT_OBJ_DEVICE: device nodes
 * @CARVEOUT_OBJ_OPEN: open files of device nodes
 * @CARVEOUT_OBJ_BUF: buffers
 * @CARVEOUT_OBJ_DMABUF: dma-buf files
 * @CARVEOUT_OBJ_ATTACH: dma-buf attachments
 * @CARVEOUT_OBJ_PARKED: buffers that only I/O still holds
 * @CARVEOUT_OBJ_POOL: pools
 * @CARVEOUT_OBJ_POOL_FILE: open files of pools
 * @CARVEOUT_NR_OBJECTS: number of kinds
 */
enum carveout_object {
	CARVEOUT_OBJ_CLAIM,
	CARVEOUT_OBJ_CARVEOUT,
	CARVEOUT_OBJ_DEVICE,
	CARVEOUT_OBJ_OPEN,
	CARVEOUT_OBJ_BUF,
	CARVEOUT_OBJ_DMABUF,
	CARVEOUT_OBJ_ATTACH,
	CARVEOUT_OBJ_PARKED,
	CARVEOUT_OBJ_POOL,
	CARVEOUT_OBJ_POOL_FILE,
	CARVEOUT_NR_OBJECTS,
};

extern atomic_t carveout_objects[CARVEOUT_NR_OBJECTS];

static inline void carveout_object_born(enum carveout_object kind)
{
	atomic_inc(&carveout_objects[kind]);
}

static inline void carveout_object_gone(enum carveout_object kind)
{
	atomic_dec(&carveout_objects[kind]);
}

/* === Claims =============================================================== */

/**
 * enum carveout_source - where a range of memory comes from
 * @CARVEOUT_SOURCE_RESERVED: set aside at boot, not in the kernel's page tables
 * @CARVEOUT_SOURCE_MAPPED: set aside at boot, in the kernel's linear mapping
 * @CARVEOUT_SOURCE_SYSTEM: allocated from the system; the pages are ours
 */
enum carveout_source {
	CARVEOUT_SOURCE_RESERVED,
	CARVEOUT_SOURCE_MAPPED,
	CARVEOUT_SOURCE_SYSTEM,
};

/**
 * struct carveout_range - a range that somebody asks to become a region
 * @base: physical address
 * @size: bytes
 * @attrs: CARVEOUT_ATTR_* bits
 * @source: where it comes from
 * @data: the creator's own
 * @name: its name, for people
 */
struct carveout_range {
	phys_addr_t base;
	u64 size;
	u32 attrs;
	enum carveout_source source;
	void *data;
	char name[CARVEOUT_NAME_LEN];
};

/**
 * struct carveout_claim - one range of memory that a heap has to itself
 * @node: in the list of all claims; claims_lock
 * @range: which memory, of what kind (invariant)
 * @va: the kernel's own mapping, of the region's attribute (invariant)
 * @region: memory of the bookkeeping in the lib/ heap; carveout.lock
 */
struct carveout_claim {
	struct list_head node;
	struct carveout_range range;
	void *va;
	struct carveout_region *region;
};

int carveout_range_check(const struct carveout_range *range, bool coherent);
bool carveout_ranges_disjoint(const struct carveout_range *a,
			      const struct carveout_range *b);
bool carveout_ranges_join(struct carveout_range *a,
			  const struct carveout_range *b);
void carveout_range_release(const struct carveout_range *range);
struct carveout_claim *carveout_claim_create(const struct carveout_range *range);
void carveout_claim_destroy(struct carveout_claim *claim);
void *carveout_claim_va(const struct carveout_claim *claim, u64 start);
void carveout_claim_scrub(struct carveout_claim *claim, u64 start, u64 size,
			  bool clean);
void carveout_claim_scrub_atomic(struct carveout_claim *claim, u64 start, u64 size,
				 bool clean);
void carveout_claim_flush(struct carveout_claim *claim, u64 start, u64 size);
int carveout_claim_copy(struct carveout_claim *to, u64 to_start,
			const struct carveout_claim *from, u64 from_start, u64 size);
u64 carveout_claim_unpinned(const struct carveout_claim *claim, u64 start,
			    u64 size);

/* === Heaps ================================================================ */

/**
 * struct carveout_reserved - names that are kept for a user
 * @prefix: how they begin
 * @uid: who may create them
 */
struct carveout_reserved {
	char prefix[CARVEOUT_NAME_LEN];
	kuid_t uid;
};

/**
 * struct carveout - a heap: regions, allocator, registry of names
 * @ref: device, buffers
 * @name: name of the node in /dev/carveout (invariant)
 * @index: its number among all heaps, that of the node if it has one (invariant)
 * @coherent: devices see the CPU's caches, so none has to be cleaned (invariant)
 * @dirty: memory is not zeroed, for only drivers see it (invariant)
 * @created: by a driver, which may also destroy it (invariant)
 * @device: the node that a driver's heap has (invariant once published)
 * @claim: memory of each region of @heap; an entry is invariant once it counts
 * @nr_claims: number of @claim entries, see carveout_nr_claims(); add_lock to change
 * @max_align: the largest alignment that may be asked for; add_lock to change
 * @reserved: names that are kept for somebody (invariant once published)
 * @nr_reserved: number of @reserved entries (invariant once published)
 * @lock: guards @heap, @closed, @pending, @pending_bytes
 * @heap: the allocator
 * @closed: nothing new is handed out
 * @damage_told: the log has it that the heap, or a pool in it, is damaged
 * @pending: physical address of the first piece of memory that was freed and is not
 *	scrubbed yet, CARVEOUT_NOWHERE if there is none; the cookie of each has the next
 * @pending_bytes: how much that is, and what is being scrubbed
 * @nr_deferred: pieces of memory and buffers that are on the lists or being freed
 * @pending_bufs: buffers whose last reference was dropped where one must not sleep
 * @work: does what could not be done there; queued, it holds a reference
 * @release_work: lets go of the heap when the last reference was dropped there
 * @grow_lock: guards @chunk, @nr_chunks
 * @chunk: memory of the descriptor store
 * @nr_chunks: number of @chunk entries
 * @generation: the last number that a buffer or a link got
 * @failures_nospc: requests that failed because no hole fitted
 * @failures_nomem: requests that failed for want of kernel memory
 * @failures_quota: requests that a quota refused
 * @quota_lock: guards @users and what open files have
 * @users: who has how many bytes, struct carveout_user by user id
 * @quota_user: the most bytes of a user, 0 for any; set by the administrator
 * @quota_open: the most bytes of an open file, 0 for any; likewise
 * @expose_phys: everybody may see physical addresses; likewise
 * @changed: those who wait for names, and for @changes
 * @nr_parked: number of buffers that only I/O still holds
 * @parked_bytes: their memory
 * @registry_lock: guards what follows, and the marked members of buffers
 * @bufs: all buffers, by number
 * @tags: buffers that have a tag, by name; looked up under RCU
 * @nr_bufs: number of buffers
 * @nr_tags: number of tags
 * @changes: how often a tag came, went or changed
 * @dead: the device is gone: nothing new is handed out
 * @debugfs: folder in debugfs
 */
struct carveout {
	struct kref ref;
	char name[CARVEOUT_NAME_LEN];
	unsigned int index;
	bool coherent;
	bool dirty;
	bool created;
	struct carveout_device *device;
	struct carveout_claim *claim[CARVEOUT_MAX_REGIONS];
	unsigned int nr_claims;
	u64 max_align;
	struct carveout_reserved *reserved;
	unsigned int nr_reserved;

	raw_spinlock_t lock;		/* the allocator */
	struct carveout_heap heap;
	bool closed;
	atomic_t damage_told;
	u64 pending;
	u64 pending_bytes;

	atomic_t nr_deferred;
	struct llist_head pending_bufs;
	struct work_struct work;
	struct work_struct release_work;

	struct mutex grow_lock;		/* the store grows once at a time */
	void *chunk[CARVEOUT_CHUNKS];
	unsigned int nr_chunks;

	atomic64_t generation;
	atomic64_t failures_nospc;
	atomic64_t failures_nomem;
	atomic64_t failures_quota;

	struct mutex quota_lock;	/* who has how much */
	struct xarray users;
	u64 quota_user;
	u64 quota_open;
	bool expose_phys;

	wait_queue_head_t changed;
	atomic_t nr_parked;
	atomic64_t parked_bytes;

	struct mutex registry_lock;	/* who is there, under which name */
	struct xarray bufs;
	struct rhashtable tags;
	unsigned int nr_bufs;
	unsigned int nr_tags;
	u64 changes;
	bool dead;

	struct dentry *debugfs;
};

/* No piece of memory starts here. */
#define CARVEOUT_NOWHERE	(~0ULL << CARVEOUT_GRANULE_SHIFT)

/* Flags of carveout_from_ranges(). */
#define CARVEOUT_HEAP_COHERENT	BIT(0)	/* devices see the CPU's caches */
#define CARVEOUT_HEAP_DIRTY	BIT(1)	/* only drivers see it: no zeroing */

/* The most heaps there can be. */
#define CARVEOUT_HEAPS_MAX	256

/**
 * carveout_nr_claims() - number of regions of a heap
 * @carveout: the heap
 *
 * Context: Any.
 * Return: the number; the entries of carveout.claim below it are there.
 */
static inline unsigned int carveout_nr_claims(const struct carveout *carveout)
{
	/* Pairs with insert_claim(), driver/heap_api.c. */
	return smp_load_acquire(&carveout->nr_claims);
}

/**
 * carveout_wake_all() - wake all who wait or poll
 * @wq: their wait queue, which all files of a heap or a pool have in common
 * @mask: EPOLL* events
 *
 * wake_up_poll() leaves out all but one of those who poll with EPOLLEXCLUSIVE, who may
 * be of another file, or be there for one block of several.
 *
 * Context: Any, but with preempt-RT no hard interrupts.
 */
static inline void carveout_wake_all(struct wait_queue_head *wq, __poll_t mask)
{
	__wake_up(wq, TASK_NORMAL, 0, poll_to_key(mask));
}

bool carveout_heap_name_valid(const char *name);
int carveout_ranges_check(const struct carveout_range *ranges, unsigned int count,
			  bool coherent);
struct carveout *carveout_from_ranges(const char *name, struct carveout_range *ranges,
				      unsigned int count, unsigned int flags);
int carveout_add_range(struct carveout *carveout, const struct carveout_range *range);
struct carveout *carveout_ref(struct carveout *carveout);
void carveout_unref(struct carveout *carveout);
void carveout_unref_atomic(struct carveout *carveout);
void carveout_scrub(struct carveout *carveout, struct carveout_claim *claim, u64 start,
		    u64 size);
int carveout_span_alloc(struct carveout *carveout,
			const struct carveout_request *req,
			struct carveout_span_info *info);
int carveout_span_resize(struct carveout *carveout,
			 struct carveout_handle handle, u64 size);
void carveout_span_free(struct carveout *carveout,
			struct carveout_handle handle);
void carveout_span_free_pending(struct carveout *carveout,
				const struct carveout_span_info *info);
void carveout_damaged(struct carveout *carveout, const char *what);

/* === Freed where one must not sleep ======================================= */

extern struct workqueue_struct *carveout_wq;

int carveout_deferred_init(void);
void carveout_deferred_exit(void);
void carveout_deferred_setup(struct carveout *carveout);
void carveout_deferred_push_locked(struct carveout *carveout,
				   const struct carveout_span_info *info);
void carveout_deferred_kick(struct carveout *carveout);
bool carveout_deferred_busy(struct carveout *carveout);
int carveout_request_fill(const struct carveout_req *req,
			  struct carveout_request *request);

/* === Quotas =============================================================== */

/**
 * struct carveout_open - an open file of a heap's node
 * @ref: the file, and buffers that were allocated through it
 * @carveout: the heap, which the file keeps (invariant)
 * @used: bytes that were allocated through it; carveout.quota_lock
 * @seen: carveout.changes when the file last listed the buffers
 */
struct carveout_open {
	struct kref ref;
	struct carveout *carveout;
	u64 used;
	u64 seen;
};

struct carveout_open *carveout_open_create(struct carveout *carveout);
struct carveout_open *carveout_open_get(struct carveout_open *open);
void carveout_open_put(struct carveout_open *open);

void carveout_quota_init(struct carveout *carveout);
void carveout_quota_fini(struct carveout *carveout);
int carveout_quota_charge(struct carveout *carveout, struct carveout_open *open,
			  kuid_t uid, u64 bytes);
void carveout_quota_uncharge(struct carveout *carveout, struct carveout_open *open,
			     kuid_t uid, u64 bytes);
u64 carveout_quota_charged(struct carveout *carveout);
void carveout_quota_report(struct carveout *carveout, const struct carveout_open *open,
			   struct carveout_ioctl_query *query);

/* === Buffers and tags ===================================================== */

/**
 * struct carveout_tag - the name of a buffer
 * @node: in carveout.tags while @linked; registry_lock
 * @name: the name; kept after unlinking, so that a buffer has one at most once
 *	in its life (invariant once linked)
 * @linked: the name leads here; registry_lock
 * @persist: the name holds a reference; registry_lock
 * @seq: who reads the next three without a lock sees them as of one moment
 * @uid: owner; registry_lock to change
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
 * enum carveout_buf_state - may a buffer be used?
 * @CARVEOUT_BUF_LIVE: yes
 * @CARVEOUT_BUF_SEIZED: not now, it is being resized
 * @CARVEOUT_BUF_GONE: never again, another buffer has its name and its content
 */
enum carveout_buf_state {
	CARVEOUT_BUF_LIVE,
	CARVEOUT_BUF_SEIZED,
	CARVEOUT_BUF_GONE,
};

/**
 * struct carveout_parking - waiting for the end of I/O with a buffer
 * @work: looks whether it has ended
 * @next: the first page that was still in use
 * @delay_ms: how soon to look again
 */
struct carveout_parking {
	struct delayed_work work;
	u64 next;
	unsigned int delay_ms;
};

/**
 * struct carveout_buf - a buffer
 * @ref: its dma-buf files, a persistent tag, calls in progress, and the buffer that
 *	it is the @next of
 * @rcu: its end, since names are looked up under RCU
 * @carveout: its heap, of which it holds a reference (invariant)
 * @claim: the memory it lies in (invariant)
 * @handle: its span in the heap (invariant)
 * @start: physical address (invariant)
 * @size: bytes (invariant)
 * @region: index of its region (invariant)
 * @req: what it was asked for with, for when it moves (invariant)
 * @empty: it has no memory, yet or any more
 * @state: may it be used; registry_lock to change
 * @next: the buffer that it was resized to in its place, of which it holds a
 *	reference: nobody gets memory that this one still reaches
 * @pending: in carveout.pending_bufs, which has the last reference then
 * @deferred: it is there; who drops a last reference twice finds that
 * @pool: the blocks that it is cut into, or NULL (invariant once published)
 * @id: its number, never used again in this heap; its place in carveout.bufs is
 *	kept from the start (invariant)
 * @generation: @id, or a later number that it got with its tag; registry_lock
 *	(invariant once linked)
 * @open: the open file that pays for it; NULL for a driver's, which does not pay
 *	(invariant)
 * @payer: the user who pays for it (invariant)
 * @charged: how much they pay, in bytes
 * @tag: its name; who owns the buffer, with or without a name
 * @resv: fences, common to all its files
 * @attach_lock: guards @attachments and their mappings
 * @attachments: importers of all its files
 * @parking: used once there are no references
 * @pid: who allocated it; NULL for a driver (invariant)
 * @comm: the program's name (invariant)
 * @label: what it is for (invariant)
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
	struct carveout_request req;
	bool empty;
	enum carveout_buf_state state;
	struct carveout_buf *next;
	struct llist_node pending;
	int deferred;
	struct carveout_pool *pool;
	u64 id;
	u64 generation;

	struct carveout_open *open;
	kuid_t payer;
	u64 charged;

	struct carveout_tag tag;
	struct dma_resv resv;
	struct mutex attach_lock;	/* importers */
	struct list_head attachments;
	struct carveout_parking parking;

	struct pid *pid;
	char comm[TASK_COMM_LEN];
	char label[CARVEOUT_NAME_LEN];
};

/**
 * struct carveout_buf_spec - what a new buffer is to be
 * @req: the request to the heap
 * @label: what it is for, a terminated string
 * @tag: its name; an empty one for none
 * @mode: permission bits of the tag
 * @persist: the tag holds the buffer
 * @zero: also in a heap whose memory is not zeroed
 */
struct carveout_buf_spec {
	struct carveout_request req;
	const char *label;
	const char *tag;
	umode_t mode;
	bool persist;
	bool zero;
};

struct carveout_buf *carveout_buf_create(struct carveout *carveout,
					 struct carveout_open *open,
					 const struct carveout_buf_spec *spec);
bool carveout_buf_satisfies(const struct carveout_buf *buf,
			    const struct carveout_buf_spec *spec);
struct carveout_buf *carveout_buf_clone(struct carveout_buf *buf);
int carveout_buf_populate(struct carveout_buf *buf);
void carveout_buf_depopulate(struct carveout_buf *buf);
void carveout_buf_put_sync(struct carveout_buf *buf);
void carveout_buf_free(struct carveout_buf *buf);
u64 carveout_buf_offset(const struct carveout_buf *buf);

/* Beside the flags of processes: a driver links, nobody is asked. */
#define CARVEOUT_LINK_ANY	BIT(31)

int carveout_registry_init(struct carveout *carveout);
void carveout_registry_fini(struct carveout *carveout);
unsigned int carveout_registry_kill(struct carveout *carveout);
int carveout_registry_reserve(struct carveout *carveout, u64 id);
int carveout_registry_add(struct carveout_buf *buf);
void carveout_registry_remove_locked(struct carveout_buf *buf);
struct carveout_buf *carveout_registry_open(struct carveout *carveout,
					    const char *name, bool write);
struct carveout_buf *carveout_registry_find(struct carveout *carveout, const char *name);
bool carveout_registry_taken(struct carveout *carveout, const char *name);
int carveout_registry_may_create(struct carveout *carveout, const char *name);
int carveout_registry_link(struct carveout_buf *buf, const char *name,
			   umode_t mode, u32 flags, u64 generation);
int carveout_registry_unlink(struct carveout *carveout, const char *name, bool any);
int carveout_registry_forget(struct carveout_buf *buf);
int carveout_registry_setattr(struct carveout *carveout,
			      const struct carveout_ioctl_setattr *attr);
u64 carveout_registry_changes(struct carveout *carveout);
int carveout_registry_wait(struct carveout *carveout, u64 seen, u64 deadline);
void carveout_registry_notify(struct carveout *carveout);
void carveout_registry_replace(struct carveout_buf *old, struct carveout_buf *buf);
bool carveout_tag_permits(const struct carveout_tag *tag, bool write);
bool carveout_tag_owned(const struct carveout_tag *tag);

/**
 * struct carveout_viewer - who looks at buffers
 * @all: sees those of others, whatever their mode
 * @phys: sees physical addresses
 */
struct carveout_viewer {
	bool all;
	bool phys;
};

bool carveout_may_see_phys(const struct carveout *carveout);
void carveout_viewer_init(struct carveout_viewer *viewer,
			  const struct carveout *carveout);
int carveout_describe(struct carveout_buf *buf, const struct carveout_viewer *viewer,
		      struct carveout_buffer *out);
bool carveout_describe_next(struct carveout *carveout, u64 *cursor,
			    const struct carveout_viewer *viewer,
			    struct carveout_buffer *out);

bool carveout_park(struct carveout_buf *buf);
bool carveout_buf_pinned(const struct carveout_buf *buf);
void carveout_park_exit(void);

/* === Files ================================================================ */

int carveout_buf_mmap(const struct carveout_buf *buf,
		      struct vm_area_struct *vma, bool write);

struct dma_buf *carveout_dmabuf_create(struct carveout_buf *buf, bool write);
struct carveout_buf *carveout_dmabuf_buf(struct dma_buf *dmabuf);
bool carveout_dmabuf_writable(const struct dma_buf *dmabuf);
bool carveout_dmabuf_alone(const struct dma_buf *dmabuf, int fd);

/**
 * struct carveout_mapping - a buffer as a device sees it
 * @node: in the buffer's list; carveout_buf.attach_lock
 * @buf: the buffer, which whoever has the mapping holds (invariant)
 * @dev: the device (invariant)
 * @sgt: the buffer as one entry, for the device
 * @dir: direction of the mapping, DMA_NONE while there is none;
 *	carveout_buf.attach_lock
 * @resource: it was mapped as a resource, through an IOMMU;
 *	carveout_buf.attach_lock
 */
struct carveout_mapping {
	struct list_head node;
	struct carveout_buf *buf;
	struct device *dev;
	struct sg_table sgt;
	enum dma_data_direction dir;
	bool resource;
};

bool carveout_buf_has_pages(const struct carveout_buf *buf);
struct carveout_mapping *carveout_mapping_create(struct carveout_buf *buf,
						 struct device *dev);
void carveout_mapping_destroy(struct carveout_mapping *mapping);
int carveout_mapping_map(struct carveout_mapping *mapping,
			 enum dma_data_direction dir);
void carveout_mapping_unmap(struct carveout_mapping *mapping);
void carveout_mapping_sync_for_cpu(struct carveout_buf *buf, u64 offset, u64 size);
void carveout_mapping_sync_for_device(struct carveout_buf *buf, u64 offset, u64 size);
void carveout_mapping_sync(struct carveout_buf *buf, u64 offset, u64 size, u32 flags);

/**
 * struct carveout_device - the node of a heap in /dev/carveout
 * @dev: the device; its release frees this
 * @cdev: its character device
 * @carveout: the heap, of which it holds a reference
 */
struct carveout_device {
	struct device dev;
	struct cdev cdev;
	struct carveout *carveout;
};

struct carveout *carveout_chardev_find(const void *data,
				       int (*match)(struct device *dev, const void *data));
int carveout_chardev_init(void);
void carveout_chardev_exit(void);
long carveout_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
extern const struct attribute_group *carveout_sysfs_groups[];

/* === Sources of heaps ===================================================== */

/* Why and what instead, in the log; the place to write it follows. */
#define CARVEOUT_NO_DEVICE_MEMORY \
	"device memory is not handed out, because unaligned access and zeroing fault on it; write uncached instead"

struct carveout_device *carveout_publish(struct device *parent,
					 struct carveout *carveout);
void carveout_unpublish(struct carveout_device *device);

struct carveout_range *carveout_system_ranges(u64 size, unsigned int *count);
bool carveout_usually_coherent(void);
u32 carveout_attr_parse(const char *name);
bool carveout_attr_is_device(const char *name);
int carveout_platform_init(void);
void carveout_platform_exit(void);
int carveout_params_init(void);
void carveout_params_publish(void);
void carveout_params_exit(void);

void carveout_debugfs_init(void);
void carveout_debugfs_exit(void);
void carveout_debugfs_add(struct carveout *carveout, const char *name);
void carveout_debugfs_remove(struct carveout *carveout);

#endif /* _CARVEOUT_INTERNAL_H */
