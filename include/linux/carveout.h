/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Carveout heaps for other drivers.
 *
 * A driver looks up a heap, by a phandle in its DT node or by its name, or
 * creates one of its own. A heap provides three kinds of objects:
 *
 *	memory	a pointer, as from kmalloc(), private to the driver
 *	buffers	reference-counted, optionally tagged, and shareable with
 *		devices, processes and other drivers
 *	pools	buffers that are divided into equal blocks, with waiting; each user
 *		of a pool is a client, which owns the blocks that it allocates
 *
 * A driver acts for itself, or for another party: with an owner object, which has permissions
 * and a quota, and with a session, which has references. It can be notified of changes, and can
 * wait without a task.
 *
 * Frees, references, properties of an object and a non-blocking pool allocation
 * are allowed in any context, including hard IRQ. All else may sleep. In interrupt
 * context, hard or soft, calls that allocate return -EWOULDBLOCK. See
 * Documentation/api.rst.
 *
 * Users of these functions must import the symbol namespace CARVEOUT.
 */
#ifndef _LINUX_CARVEOUT_H
#define _LINUX_CARVEOUT_H

#include <linux/bits.h>
#include <linux/dma-direction.h>
#include <linux/ktime.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include <uapi/linux/carveout.h>

struct carveout;
struct carveout_buf;
struct carveout_mapping;
struct carveout_pool;
struct carveout_pool_client;
struct carveout_block_wait;
struct carveout_owner;
struct carveout_session;
struct carveout_tag_wait;
struct carveout_watch;
struct device;
struct device_node;
struct dma_buf;
struct sg_table;

/* === Heaps ================================================================ */

struct carveout * __must_check carveout_get(struct device *dev, const char *name);
struct carveout * __must_check of_carveout_get(const struct device_node *np,
					       const char *name);
struct carveout * __must_check devm_carveout_get(struct device *dev, const char *name);
struct carveout * __must_check carveout_get_by_name(const char *name);
void carveout_put(struct carveout *carveout);

/* Instead of an address: allocate the memory from the system. */
#define CARVEOUT_SYSTEM_MEMORY	((phys_addr_t)~0ULL)

/**
 * struct carveout_memory - Memory to be added to a heap as a region
 * @base: physical address, a multiple of the page size. 0 is rejected as an
 *	unset member. With %CARVEOUT_SYSTEM_MEMORY the memory is allocated from
 *	the system, possibly as several regions
 * @size: bytes, whole pages
 * @attrs: one of CARVEOUT_ATTR_CACHED, _WRITECOMBINE and _UNCACHED, and user
 *	bits. Memory in the kernel's linear mapping can only be cached; such a
 *	region has CARVEOUT_ATTR_PAGES whether or not it is set here. With
 *	CARVEOUT_ATTR_NO_CPU, for other memory that is not cached, it is neither
 *	mapped nor zeroed.
 * @name: name of the region, for display; copied
 * @data: private to the caller, returned by carveout_region_info()
 */
struct carveout_memory {
	phys_addr_t base;
	u64 size;
	u32 attrs;
	const char *name;
	void *data;
};

/* Flags of carveout_create(). */
#define CARVEOUT_CREATE_NODE	BIT(0)	/* with a device node */
#define CARVEOUT_CREATE_NOZERO	BIT(1)	/* does not zero memory; without a device node */

struct carveout * __must_check carveout_create(struct device *dev, const char *name,
					       const struct carveout_memory *memory,
					       unsigned int count, unsigned int flags);
int carveout_destroy(struct carveout *carveout, bool force);
int __must_check carveout_add_region(struct carveout *carveout,
				     const struct carveout_memory *memory);

/**
 * struct carveout_stats - State of a heap or of one of its regions
 * @size: total bytes
 * @used: allocated bytes, including those in @pending
 * @high_water: maximum number of bytes ever allocated at one time
 * @largest_hole: bytes
 * @pending: bytes of memory that was freed and is not zeroed yet. Buffers are
 *	not included, because their tags can be found until they are freed. 0
 *	for a region
 * @spans: number of allocations
 * @holes: number of holes
 * @regions: number of regions; 1 for a region
 */
struct carveout_stats {
	u64 size;
	u64 used;
	u64 high_water;
	u64 largest_hole;
	u64 pending;
	u32 spans;
	u32 holes;
	u32 regions;
};

/**
 * struct carveout_region_info - A region of a heap
 * @memory: the memory that it was created from
 * @stats: its state
 */
struct carveout_region_info {
	struct carveout_memory memory;
	struct carveout_stats stats;
};

const char *carveout_name(const struct carveout *carveout);
unsigned int carveout_id(const struct carveout *carveout);
void carveout_stats(struct carveout *carveout, struct carveout_stats *stats);
int carveout_region_info(struct carveout *carveout, unsigned int index,
			 struct carveout_region_info *info);
int carveout_region_at(struct carveout *carveout, phys_addr_t phys);
int carveout_region_by_name(struct carveout *carveout, const char *name);
void carveout_drain(struct carveout *carveout);

/* === Requests ============================================================= */

/*
 * Flags of a request. A flag that is also defined for the allocations of
 * processes has the value of the CARVEOUT_ALLOC_* flag.
 */
#define CARVEOUT_REQ_OPEN	BIT(0)	/* open the existing object if it satisfies the request */
#define CARVEOUT_REQ_PERSIST	BIT(1)	/* the tag holds a reference */
#define CARVEOUT_REQ_TOP_DOWN	BIT(2)	/* highest possible address in its region */
#define CARVEOUT_REQ_EXACT	BIT(3)	/* at @addr */
#define CARVEOUT_REQ_ZERO	BIT(4)	/* zero the memory even if the heap does not */
#define CARVEOUT_REQ_NO_CREATE	BIT(5)	/* with CARVEOUT_REQ_OPEN: do not create */
#define CARVEOUT_REQ_FLAGS	GENMASK(5, 0)

/**
 * struct carveout_req - An allocation request
 * @size: bytes. Memory is rounded up to a multiple of 64, a buffer to pages.
 * @align: power of two that divides the physical address; 0 for any
 * @max_addr: the last byte is below this physical address; 0 for no limit
 * @addr: with %CARVEOUT_REQ_EXACT, the physical address
 * @regions: mask of the region indices to allocate from, see carveout_region_by_name();
 *	0 for all
 * @require: CARVEOUT_ATTR_* bits that the region must have
 * @forbid: CARVEOUT_ATTR_* bits that the region must not have
 * @fallback: bits to try instead of @require, in this order, if the request
 *	cannot be satisfied with @require
 * @nr_fallback: number of valid entries in @fallback
 * @flags: CARVEOUT_REQ_* flags
 * @purpose: purpose of the allocation, for display. The heap keeps the first 31
 *	bytes of up to 64 different texts for its memory; memory with another
 *	text is shown without it. May be NULL.
 * @owner: owner object of the party that the driver acts for, of the same heap; NULL for the
 *	driver itself. Only for buffers and pools
 */
struct carveout_req {
	u64 size;
	u64 align;
	phys_addr_t max_addr;
	phys_addr_t addr;
	u64 regions;
	u32 require;
	u32 forbid;
	u32 fallback[CARVEOUT_NR_FALLBACK];
	u32 nr_fallback;
	u32 flags;
	const char *purpose;
	struct carveout_owner *owner;
};

/* === Memory =============================================================== */

void * __must_check carveout_alloc_req(struct carveout *carveout,
				       const struct carveout_req *req);
void * __must_check carveout_realloc(struct carveout *carveout, void *va, size_t size);
int carveout_free(struct carveout *carveout, const void *va);
void * __must_check devm_carveout_alloc_req(struct device *dev, struct carveout *carveout,
					    const struct carveout_req *req);
/* PHYS_ADDR_MAX, which is no address, if @va is not in the heap. */
phys_addr_t carveout_virt_to_phys(struct carveout *carveout, const void *va);
/* NULL if @phys is not in the heap. */
void *carveout_phys_to_virt(struct carveout *carveout, phys_addr_t phys);

/**
 * carveout_alloc() - Allocate memory
 * @carveout: the heap
 * @size: bytes
 * @purpose: purpose of the memory, for display
 *
 * Context: Process context. May sleep.
 * Return: as carveout_alloc_req().
 */
static inline void * __must_check carveout_alloc(struct carveout *carveout, size_t size,
						 const char *purpose)
{
	const struct carveout_req req = { .size = size, .purpose = purpose };

	return carveout_alloc_req(carveout, &req);
}

/**
 * carveout_zalloc() - Allocate zeroed memory
 * @carveout: the heap
 * @size: bytes
 * @purpose: purpose of the memory, for display
 *
 * Context: Process context. May sleep.
 * Return: as carveout_alloc_req().
 */
static inline void * __must_check carveout_zalloc(struct carveout *carveout, size_t size,
						  const char *purpose)
{
	const struct carveout_req req = {
		.size = size,
		.flags = CARVEOUT_REQ_ZERO,
		.purpose = purpose,
	};

	return carveout_alloc_req(carveout, &req);
}

/**
 * carveout_alloc_aligned() - Allocate memory at an aligned physical address
 * @carveout: the heap
 * @size: bytes
 * @align: power of two
 * @purpose: purpose of the memory, for display
 *
 * Context: Process context. May sleep.
 * Return: as carveout_alloc_req().
 */
static inline void * __must_check carveout_alloc_aligned(struct carveout *carveout,
							 size_t size, u64 align,
							 const char *purpose)
{
	const struct carveout_req req = {
		.size = size,
		.align = align,
		.purpose = purpose,
	};

	return carveout_alloc_req(carveout, &req);
}

/* === Buffers ============================================================== */

struct carveout_buf * __must_check carveout_buf_alloc(struct carveout *carveout,
						      const struct carveout_req *req,
						      const char *tag, umode_t mode);
struct carveout_buf * __must_check devm_carveout_buf_alloc(struct device *dev,
							   struct carveout *carveout,
							   const struct carveout_req *req,
							   const char *tag, umode_t mode);
struct carveout_buf * __must_check carveout_buf_find(struct carveout *carveout,
						     const char *tag);
struct carveout_buf * __must_check carveout_buf_wait(struct carveout *carveout,
						     const char *tag, ktime_t deadline);
struct carveout_buf * __must_check carveout_buf_from_dmabuf(struct dma_buf *dmabuf);
struct carveout_buf * __must_check carveout_buf_resize(struct carveout_buf *buf,
						       u64 size);
struct carveout_buf *carveout_buf_get(struct carveout_buf *buf);
void carveout_buf_put(struct carveout_buf *buf);
void carveout_buf_hold(struct carveout_buf *buf);
void carveout_buf_unhold(struct carveout_buf *buf);
struct carveout_pool *carveout_buf_pool(const struct carveout_buf *buf);
int __must_check carveout_buf_link(struct carveout_buf *buf, const char *tag, umode_t mode,
				   u32 flags);
int carveout_buf_unlink(struct carveout_buf *buf);
int carveout_unlink(struct carveout *carveout, const char *tag);

void *carveout_buf_va(const struct carveout_buf *buf);
phys_addr_t carveout_buf_phys(const struct carveout_buf *buf);
u64 carveout_buf_size(const struct carveout_buf *buf);
u32 carveout_buf_attrs(const struct carveout_buf *buf);
u64 carveout_buf_generation(const struct carveout_buf *buf);

struct carveout_mapping * __must_check carveout_buf_map(struct carveout_buf *buf,
							struct device *dev,
							enum dma_data_direction dir);
struct carveout_mapping * __must_check devm_carveout_buf_map(struct device *dev,
							     struct carveout_buf *buf,
							     enum dma_data_direction dir);
void carveout_unmap(struct carveout_mapping *mapping);
dma_addr_t carveout_mapping_addr(const struct carveout_mapping *mapping);
struct sg_table *carveout_mapping_sgt(struct carveout_mapping *mapping);
int carveout_buf_sync(struct carveout_buf *buf, u64 offset, u64 size, u32 flags);
struct dma_buf * __must_check carveout_buf_export(struct carveout_buf *buf, bool write);

/* === Pools ================================================================ */

/**
 * struct carveout_pool_stats - State of a pool
 * @block_size: bytes from the start of one block to the start of the next
 * @blocks: number of blocks
 * @free: number of free blocks
 * @high_water: maximum number of blocks ever in use at one time
 * @waiters: number of waiters for a block
 */
struct carveout_pool_stats {
	u64 block_size;
	u32 blocks;
	u32 free;
	u32 high_water;
	u32 waiters;
};

struct carveout_pool * __must_check carveout_pool_create(struct carveout *carveout,
							 u64 block_size, u32 count,
							 const struct carveout_req *req,
							 const char *tag, umode_t mode);
struct carveout_pool * __must_check devm_carveout_pool_create(struct device *dev,
							      struct carveout *carveout,
							      u64 block_size, u32 count,
							      const struct carveout_req *req,
							      const char *tag,
							      umode_t mode);
struct carveout_pool * __must_check carveout_pool_find(struct carveout *carveout,
						       const char *tag);
struct carveout_pool *carveout_pool_get(struct carveout_pool *pool);
void carveout_pool_put(struct carveout_pool *pool);
void carveout_pool_destroy(struct carveout_pool *pool);
void carveout_pool_stats(struct carveout_pool *pool,
			 struct carveout_pool_stats *stats);
struct carveout_buf *carveout_pool_buf(struct carveout_pool *pool);
void *carveout_pool_va(const struct carveout_pool *pool, u32 index);
u32 carveout_pool_index(const struct carveout_pool *pool, const void *va);

/* Instead of an index: no block. */
#define CARVEOUT_POOL_NO_INDEX	U32_MAX

/**
 * struct carveout_pool_block - A block of a pool that is allocated to a client
 * @serial: identifies this ownership of the block. No other block and no other owner of
 *	the pool ever has the same serial; never 0.
 * @offset: offset of the block in the pool, in bytes
 * @va: its address
 * @index: its index
 */
struct carveout_pool_block {
	u64 serial;
	u64 offset;
	void *va;
	u32 index;
};

struct carveout_pool_client * __must_check carveout_pool_join(struct carveout_pool *pool);
struct carveout_pool_client * __must_check devm_carveout_pool_join(struct device *dev,
								   struct carveout_pool *pool);
void carveout_pool_leave(struct carveout_pool_client *client);
u64 carveout_pool_client_id(const struct carveout_pool_client *client);
int __must_check carveout_pool_alloc(struct carveout_pool_client *client,
				     struct carveout_pool_block *block);
int __must_check carveout_pool_alloc_wait(struct carveout_pool_client *client,
					  ktime_t deadline,
					  struct carveout_pool_block *block);
int __must_check carveout_pool_alloc_interruptible(struct carveout_pool_client *client,
						   ktime_t deadline, u64 *ticket,
						   struct carveout_pool_block *block);
int carveout_pool_free(struct carveout_pool_client *client,
		       const struct carveout_pool_block *block);
int carveout_pool_free_any(struct carveout_pool *pool,
			   const struct carveout_pool_block *block);
int carveout_pool_move(struct carveout_pool_client *client,
		       struct carveout_pool_block *block, u64 to);

/**
 * carveout_mapping_block() - Address of a block for a device
 * @mapping: mapping of the buffer of the pool
 * @block: a block of that pool
 *
 * Context: Any context.
 * Return: the address of its first byte, on the device's bus.
 */
static inline dma_addr_t carveout_mapping_block(const struct carveout_mapping *mapping,
						const struct carveout_pool_block *block)
{
	return carveout_mapping_addr(mapping) + block->offset;
}

/* === Notifications and waits ============================================== */

struct carveout_watch * __must_check carveout_watch_begin(struct carveout *carveout,
							  const char *prefix,
							  void (*changed)(void *data),
							  void *data);
void carveout_watch_end(struct carveout_watch *watch);
u64 carveout_watch_changes(const struct carveout_watch *watch);

struct carveout_tag_wait * __must_check carveout_buf_wait_begin(struct carveout *carveout,
								struct carveout_owner *owner,
								const char *tag, bool write,
								ktime_t deadline,
								void (*ready)(void *data),
								void *data);
struct carveout_buf * __must_check carveout_buf_wait_end(struct carveout_tag_wait *wait);

struct carveout_block_wait * __must_check carveout_pool_wait_begin(struct carveout_pool_client *c,
								   ktime_t deadline,
								   void (*ready)(void *data),
								   void *data);
int __must_check carveout_pool_wait_end(struct carveout_block_wait *wait,
					struct carveout_pool_block *block);

/* === Owner objects ======================================================== */

/**
 * struct carveout_owner_attrs - Attributes of an owner object
 * @name: name of the party, at most 63 bytes, unlike that of any other in the heap;
 *	listings show the first 15 bytes as the name of the program
 * @uid: user that owns its buffers and tags, and is charged for them
 * @gid: group of its buffers and tags
 * @quota: limit of its buffers in bytes, besides that of the user; 0 for the limit that an
 *	open file of the device node has
 */
struct carveout_owner_attrs {
	const char *name;
	kuid_t uid;
	kgid_t gid;
	u64 quota;
};

struct carveout_owner * __must_check carveout_owner_create(struct carveout *carveout,
							   const struct carveout_owner_attrs *attr);
struct carveout_owner *carveout_owner_get(struct carveout_owner *owner);
void carveout_owner_put(struct carveout_owner *owner);
struct carveout_buf * __must_check carveout_owner_find(struct carveout_owner *owner,
						       const char *tag, bool write);
bool carveout_owner_next(struct carveout_owner *owner, u64 *cursor,
			 char tag[CARVEOUT_NAME_LEN]);
int carveout_owner_check(struct carveout_owner *owner, const struct carveout_buf *buf,
			 bool write);
int carveout_owner_unlink(struct carveout_owner *owner, const char *tag,
			  const struct carveout_buf *only);

struct carveout_session * __must_check carveout_session_open(u32 max);
void carveout_session_close(struct carveout_session *session);
int __must_check carveout_session_add(struct carveout_session *session,
				      struct carveout_buf *buf, u32 *handle);
struct carveout_buf * __must_check carveout_session_buf(struct carveout_session *session,
							u32 handle);
int carveout_session_get(struct carveout_session *session, u32 handle, u32 *count);
int carveout_session_put(struct carveout_session *session, u32 handle, u32 *count);
struct carveout_pool_client * __must_check carveout_session_client(struct carveout_session *session,
								   u32 handle);
u32 carveout_session_room(const struct carveout_session *session);

#endif /* _LINUX_CARVEOUT_H */
