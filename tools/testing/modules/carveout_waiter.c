// SPDX-License-Identifier: GPL-2.0
/*
 * Waits for a block on behalf of a process, as drivers do: a write of "HEAP TAG" to
 * /dev/carveout_waiter returns after a block of the pool was allocated and freed. Only a
 * fatal signal interrupts it. For test boards only.
 */
#include <linux/carveout.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/uaccess.h>

static int alloc_and_free(struct carveout_pool *pool)
{
	struct carveout_pool_client *client = carveout_pool_join(pool);
	struct carveout_pool_block block;
	int ret;

	if (IS_ERR(client))
		return PTR_ERR(client);
	ret = carveout_pool_alloc_wait(client, KTIME_MAX, &block) ?:
	      carveout_pool_free(client, &block);
	carveout_pool_leave(client);
	return ret;
}

static int wait_for_block(struct carveout *carveout, const char *tag)
{
	struct carveout_pool *pool = carveout_pool_find(carveout, tag);
	int ret;

	if (IS_ERR(pool))
		return PTR_ERR(pool);
	ret = alloc_and_free(pool);
	carveout_pool_put(pool);
	return ret;
}

static ssize_t waiter_write(struct file *file, const char __user *from, size_t size,
			    loff_t *pos)
{
	char text[2 * CARVEOUT_NAME_LEN] = {}, *tag = text, *heap;
	struct carveout *carveout;
	int ret;

	if (size >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, size))
		return -EFAULT;
	heap = strsep(&tag, " ");
	if (!tag)
		return -EINVAL;
	carveout = carveout_get_by_name(heap);
	if (IS_ERR(carveout))
		return PTR_ERR(carveout);
	ret = wait_for_block(carveout, tag);
	carveout_put(carveout);
	return ret ?: size;
}

static const struct file_operations waiter_fops = {
	.owner = THIS_MODULE,
	.write = waiter_write,
};

static struct miscdevice waiter = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "carveout_waiter",
	.fops = &waiter_fops,
};
module_misc_device(waiter);

MODULE_AUTHOR("The carveout authors");
MODULE_DESCRIPTION("Waits for blocks of carveout pools, for tests");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
