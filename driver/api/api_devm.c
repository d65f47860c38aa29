// SPDX-License-Identifier: GPL-2.0
/*
 * Device-managed heaps, memory, buffers, mappings and pools.
 *
 * They are released in the reverse order of the calls when the driver is unbound, and
 * when a later step of its probe fails. The release does not wait for other holders:
 * processes and importers keep their references.
 */

#include <linux/carveout.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/gfp.h>

static void put_carveout(void *carveout)
{
	carveout_put(carveout);
}

/**
 * devm_carveout_get() - Get a heap that a device's DT node refers to, device-managed
 * @dev: device of the caller
 * @name: entry of its carveout-names property; NULL for the first of carveouts
 *
 * Context: Process context. May sleep.
 * Return: as carveout_get(), or -ENOMEM; the heap is put when the driver is unbound.
 */
struct carveout *devm_carveout_get(struct device *dev, const char *name)
{
	struct carveout *carveout = carveout_get(dev, name);
	int ret;

	if (IS_ERR(carveout))
		return carveout;
	ret = devm_add_action_or_reset(dev, put_carveout, carveout);
	return ret ? ERR_PTR(ret) : carveout;
}
EXPORT_SYMBOL_NS_GPL(devm_carveout_get, "CARVEOUT");

/**
 * struct memory_devres - Device-managed memory of a driver
 * @carveout: the heap, which the memory keeps
 * @va: address of the memory
 */
struct memory_devres {
	struct carveout *carveout;
	void *va;
};

static void free_memory(struct device *dev, void *res)
{
	const struct memory_devres *memory = res;

	carveout_free(memory->carveout, memory->va);
}

/**
 * devm_carveout_alloc_req() - Allocate device-managed memory
 * @dev: device of the caller
 * @carveout: the heap
 * @req: size and constraints
 *
 * The caller must neither free the memory nor pass it to carveout_realloc().
 *
 * Context: Process context. May sleep.
 * Return: as carveout_alloc_req(); the memory is freed when the driver is unbound.
 */
void *devm_carveout_alloc_req(struct device *dev, struct carveout *carveout,
			      const struct carveout_req *req)
{
	struct memory_devres *memory;
	void *va;

	memory = devres_alloc(free_memory, sizeof(*memory), GFP_KERNEL);
	if (!memory)
		return ERR_PTR(-ENOMEM);
	va = carveout_alloc_req(carveout, req);
	if (IS_ERR(va)) {
		devres_free(memory);
		return va;
	}
	memory->carveout = carveout;
	memory->va = va;
	devres_add(dev, memory);
	return va;
}
EXPORT_SYMBOL_NS_GPL(devm_carveout_alloc_req, "CARVEOUT");

static void put_buf(void *buf)
{
	carveout_buf_put(buf);
}

/**
 * devm_carveout_buf_alloc() - Allocate a device-managed buffer
 * @dev: device of the caller
 * @carveout: the heap
 * @req: size and constraints
 * @tag: its tag; NULL for none
 * @mode: permission bits of the tag; 0 without one
 *
 * Context: Process context. May sleep.
 * Return: as carveout_buf_alloc(); the reference is dropped when the driver is unbound.
 * A buffer with another holder lives on, and keeps its tag.
 */
struct carveout_buf *devm_carveout_buf_alloc(struct device *dev, struct carveout *carveout,
					     const struct carveout_req *req,
					     const char *tag, umode_t mode)
{
	struct carveout_buf *buf = carveout_buf_alloc(carveout, req, tag, mode);
	int ret;

	if (IS_ERR(buf))
		return buf;
	ret = devm_add_action_or_reset(dev, put_buf, buf);
	return ret ? ERR_PTR(ret) : buf;
}
EXPORT_SYMBOL_NS_GPL(devm_carveout_buf_alloc, "CARVEOUT");

static void unmap_buf(void *mapping)
{
	carveout_unmap(mapping);
}

/**
 * devm_carveout_buf_map() - Map a buffer for a device, device-managed
 * @dev: the device, of which the caller is the driver
 * @buf: the buffer; the mapping takes its own reference
 * @dir: direction of the device's accesses
 *
 * The device must be quiesced before the mapping is released: register that action after
 * this call.
 *
 * Context: Process context. May sleep.
 * Return: as carveout_buf_map(); the buffer is unmapped when the driver is unbound.
 */
struct carveout_mapping *devm_carveout_buf_map(struct device *dev, struct carveout_buf *buf,
					       enum dma_data_direction dir)
{
	struct carveout_mapping *mapping = carveout_buf_map(buf, dev, dir);
	int ret;

	if (IS_ERR(mapping))
		return mapping;
	ret = devm_add_action_or_reset(dev, unmap_buf, mapping);
	return ret ? ERR_PTR(ret) : mapping;
}
EXPORT_SYMBOL_NS_GPL(devm_carveout_buf_map, "CARVEOUT");

static void destroy_pool(void *pool)
{
	carveout_pool_destroy(pool);
}

/**
 * devm_carveout_pool_create() - Create a device-managed pool
 * @dev: device of the caller
 * @carveout: the heap
 * @block_size: bytes of a block
 * @count: number of blocks
 * @req: constraints; NULL for none. Not %CARVEOUT_REQ_OPEN: the driver must not destroy
 *	a pool of another creator.
 * @tag: tag of the pool; NULL for none
 * @mode: permission bits of the tag; 0 without one
 *
 * Context: Process context. May sleep.
 * Return: as carveout_pool_create(); the pool is destroyed when the driver is unbound,
 * as by carveout_pool_destroy().
 */
struct carveout_pool *devm_carveout_pool_create(struct device *dev,
						struct carveout *carveout, u64 block_size,
						u32 count, const struct carveout_req *req,
						const char *tag, umode_t mode)
{
	struct carveout_pool *pool;
	int ret;

	if (req && req->flags & CARVEOUT_REQ_OPEN)
		return ERR_PTR(-EINVAL);
	pool = carveout_pool_create(carveout, block_size, count, req, tag, mode);
	if (IS_ERR(pool))
		return pool;
	ret = devm_add_action_or_reset(dev, destroy_pool, pool);
	return ret ? ERR_PTR(ret) : pool;
}
EXPORT_SYMBOL_NS_GPL(devm_carveout_pool_create, "CARVEOUT");

static void leave_pool(void *client)
{
	carveout_pool_leave(client);
}

/**
 * devm_carveout_pool_join() - Become a device-managed client of a pool
 * @dev: device of the caller
 * @pool: the pool; the client takes its own reference
 *
 * Whatever allocates or frees for the client must stop before the client leaves: register
 * that action after this call.
 *
 * Context: Process context. May sleep.
 * Return: as carveout_pool_join(); the client leaves when the driver is unbound, so that
 * all blocks that it has then are freed.
 */
struct carveout_pool_client *devm_carveout_pool_join(struct device *dev,
						     struct carveout_pool *pool)
{
	struct carveout_pool_client *client = carveout_pool_join(pool);
	int ret;

	if (IS_ERR(client))
		return client;
	ret = devm_add_action_or_reset(dev, leave_pool, client);
	return ret ? ERR_PTR(ret) : client;
}
EXPORT_SYMBOL_NS_GPL(devm_carveout_pool_join, "CARVEOUT");
