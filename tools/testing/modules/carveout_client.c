// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that is a client of pools, on behalf of a test: each open file of its device is
 * one client, which leaves when the file is closed, as a driver does that is unbound. For
 * test boards only.
 */
#include <linux/carveout.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "carveout_client.h"

/* Join the pool with a tag. */
static struct carveout_pool_client *join_pool(const char *name, const char *tag)
{
	struct carveout *heap = carveout_get_by_name(name);
	struct carveout_pool_client *client;
	struct carveout_pool *pool;

	if (IS_ERR(heap))
		return ERR_CAST(heap);
	pool = carveout_pool_find(heap, tag);
	carveout_put(heap);
	if (IS_ERR(pool))
		return ERR_CAST(pool);
	client = carveout_pool_join(pool);
	carveout_pool_put(pool);
	return client;
}

static long do_join(struct file *file, void __user *arg)
{
	struct carveout_pool_client *client;
	struct client_join *join;
	long ret = 0;

	if (file->private_data)
		return -EBUSY;
	join = memdup_user(arg, sizeof(*join));
	if (IS_ERR(join))
		return PTR_ERR(join);
	join->heap[sizeof(join->heap) - 1] = 0;
	join->tag[sizeof(join->tag) - 1] = 0;
	client = join_pool(join->heap, join->tag);
	if (IS_ERR(client)) {
		ret = PTR_ERR(client);
	} else {
		join->id = carveout_pool_client_id(client);
		file->private_data = client;
		if (copy_to_user(arg, join, sizeof(*join)))
			ret = -EFAULT;
	}
	kfree(join);
	return ret;
}

static int alloc_block(struct carveout_pool_client *client, struct client_block *b,
		       struct carveout_pool_block *block)
{
	if (b->nowait)
		return carveout_pool_alloc(client, block);
	return carveout_pool_alloc_interruptible(client, min_t(u64, b->deadline, KTIME_MAX),
						 &b->ticket, block);
}

/* As in the driver: a block that the process does not know is freed. */
static long do_alloc(struct carveout_pool_client *client, void __user *arg,
		     struct client_block *b)
{
	struct carveout_pool_block block;
	long ret = alloc_block(client, b, &block);

	if (!ret) {
		b->index = block.index;
		b->serial = block.serial;
	}
	if (ret && ret != -ERESTARTSYS)
		return ret;
	if (copy_to_user(arg, b, sizeof(*b)))
		ret = ret ?: -EFAULT;
	if (!ret && fatal_signal_pending(current))
		ret = -EINTR;
	if (ret && ret != -ERESTARTSYS)
		carveout_pool_free(client, &block);
	return ret;
}

static long client_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct carveout_pool_client *client = file->private_data;
	void __user *uarg = (void __user *)arg;
	struct carveout_pool_block block;
	struct client_block b;
	long ret;

	if (cmd == CLIENT_JOIN)
		return do_join(file, uarg);
	if (!client)
		return -ENOTCONN;
	if (copy_from_user(&b, uarg, sizeof(b)))
		return -EFAULT;
	block = (struct carveout_pool_block){ .index = b.index, .serial = b.serial };
	switch (cmd) {
	case CLIENT_ALLOC:
		return do_alloc(client, uarg, &b);
	case CLIENT_FREE:
		return carveout_pool_free(client, &block);
	case CLIENT_MOVE:
		ret = carveout_pool_move(client, &block, b.to);
		b.serial = block.serial;
		return ret ?: copy_to_user(uarg, &b, sizeof(b)) ? -EFAULT : 0;
	}
	return -ENOTTY;
}

static int client_open(struct inode *inode, struct file *file)
{
	file->private_data = NULL;
	return 0;
}

static int client_release(struct inode *inode, struct file *file)
{
	if (file->private_data)
		carveout_pool_leave(file->private_data);
	return 0;
}

static const struct file_operations client_fops = {
	.owner = THIS_MODULE,
	.open = client_open,
	.release = client_release,
	.unlocked_ioctl = client_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice client_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "carveout-client",
	.fops = &client_fops,
};
module_misc_device(client_device);

MODULE_AUTHOR("The carveout authors");
MODULE_DESCRIPTION("Client of carveout pools, for tests");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
