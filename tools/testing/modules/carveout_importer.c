// SPDX-License-Identifier: GPL-2.0
/*
 * An importer of buffers on behalf of a test: its device reaches memory only through bounce
 * buffers, and is done with its work only when the test says so. It needs nothing of
 * carveout.ko, which can be removed while a fence of this module is pending. For test boards
 * only.
 */
#include <linux/delay.h>
#include <linux/dma-buf.h>
#include <linux/dma-direct.h>
#include <linux/dma-fence.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/iosys-map.h>
#include <linux/jiffies.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/swiotlb.h>
#include <linux/uaccess.h>

#include "carveout_importer.h"

/**
 * struct importer_file - An open file
 * @lock: one call at a time
 * @dmabuf: the mapped buffer, or NULL
 * @attach: its attachment
 * @sgt: its mapping
 * @fence: the fence, or NULL
 * @fence_lock: of @fence
 * @page: first page of the buffer with the fence, or NULL
 */
struct importer_file {
	struct mutex lock;	/* guards all members */
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attach;
	struct sg_table *sgt;
	struct dma_fence *fence;
	spinlock_t fence_lock;	/* of @fence */
	struct page *page;
};

static struct platform_device *importer;

/* === Mapping ============================================================== */

static int map_attached(struct importer_file *file)
{
	struct sg_table *sgt;

	dma_resv_lock(file->dmabuf->resv, NULL);
	sgt = dma_buf_map_attachment(file->attach, DMA_BIDIRECTIONAL);
	dma_resv_unlock(file->dmabuf->resv);
	if (IS_ERR(sgt))
		return PTR_ERR(sgt);
	file->sgt = sgt;
	return 0;
}

/* Undo importer_map(), whichever step it has reached. */
static void unmap(struct importer_file *file)
{
	if (file->sgt) {
		dma_resv_lock(file->dmabuf->resv, NULL);
		dma_buf_unmap_attachment(file->attach, file->sgt, DMA_BIDIRECTIONAL);
		dma_resv_unlock(file->dmabuf->resv);
	}
	if (file->attach)
		dma_buf_detach(file->dmabuf, file->attach);
	if (file->dmabuf)
		dma_buf_put(file->dmabuf);
	file->sgt = NULL;
	file->attach = NULL;
	file->dmabuf = NULL;
}

static int importer_map(struct importer_file *file, struct dma_buf *dmabuf)
{
	struct dma_buf_attachment *attach;
	int ret;

	if (file->dmabuf)
		return -EBUSY;
	if (!is_swiotlb_force_bounce(&importer->dev))
		return -EOPNOTSUPP;
	get_dma_buf(dmabuf);
	file->dmabuf = dmabuf;
	attach = dma_buf_attach(dmabuf, &importer->dev);
	ret = PTR_ERR_OR_ZERO(attach);
	if (!ret) {
		file->attach = attach;
		ret = map_attached(file);
	}
	if (ret)
		unmap(file);
	return ret;
}

/* Access a byte in place of the device. */
static int importer_access(struct importer_file *file, struct importer_byte *arg, bool store)
{
	struct device *dev = &importer->dev;
	u8 *memory;

	if (!file->sgt)
		return -ENOTCONN;
	if (arg->offset >= file->dmabuf->size)
		return -EINVAL;
	memory = phys_to_virt(dma_to_phys(dev, sg_dma_address(file->sgt->sgl)));
	if (store)
		WRITE_ONCE(memory[arg->offset], (u8)arg->byte);
	else
		arg->byte = READ_ONCE(memory[arg->offset]);
	return 0;
}

/* === The fence ============================================================ */

static const char *fence_name(struct dma_fence *fence)
{
	return "carveout-importer";
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = fence_name,
	.get_timeline_name = fence_name,
};

/* The first page of a buffer in the linear mapping. */
static int find_page(struct importer_file *file, struct dma_buf *dmabuf)
{
	struct iosys_map map;
	int ret = dma_buf_vmap(dmabuf, &map);

	if (ret)
		return ret;
	if (virt_addr_valid(map.vaddr))
		file->page = virt_to_page(map.vaddr);
	dma_buf_vunmap(dmabuf, &map);
	return 0;
}

static int importer_fence(struct importer_file *file, struct dma_buf *dmabuf)
{
	struct dma_fence *fence;
	int ret;

	if (file->fence)
		return -EBUSY;
	fence = kzalloc(sizeof(*fence), GFP_KERNEL);
	if (!fence)
		return -ENOMEM;
	dma_fence_init(fence, &fence_ops, &file->fence_lock, dma_fence_context_alloc(1), 1);
	dma_resv_lock(dmabuf->resv, NULL);
	ret = find_page(file, dmabuf) ?: dma_resv_reserve_fences(dmabuf->resv, 1);
	if (!ret)
		dma_resv_add_fence(dmabuf->resv, fence, DMA_RESV_USAGE_WRITE);
	dma_resv_unlock(dmabuf->resv);
	if (ret) {
		dma_fence_signal(fence);
		dma_fence_put(fence);
	} else {
		file->fence = fence;
	}
	return ret;
}

/*
 * The code of the fence is that of this module, and its lock is in @file. Both stay if a test
 * has failed and left the buffer with the fence. Return true if the fence has ended.
 */
static bool end_fence(struct importer_file *file)
{
	unsigned long end = jiffies + 30 * HZ;

	dma_fence_signal(file->fence);
	while (kref_read(&file->fence->refcount) > 1) {
		if (time_after(jiffies, end)) {
			__module_get(THIS_MODULE);
			return false;
		}
		msleep(20);
	}
	dma_fence_put(file->fence);
	return true;
}

/* === The device =========================================================== */

static long call_with_dmabuf(struct importer_file *file, int fd,
			     int (*call)(struct importer_file *file, struct dma_buf *dmabuf))
{
	struct dma_buf *dmabuf = dma_buf_get(fd);
	long ret;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = call(file, dmabuf);
	dma_buf_put(dmabuf);
	return ret;
}

static long access_call(struct importer_file *file, void __user *arg, bool store)
{
	struct importer_byte byte;
	long ret;

	if (copy_from_user(&byte, arg, sizeof(byte)))
		return -EFAULT;
	ret = importer_access(file, &byte, store);
	if (!ret && !store && copy_to_user(arg, &byte, sizeof(byte)))
		ret = -EFAULT;
	return ret;
}

static long ioctl_locked(struct importer_file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case IMPORTER_MAP:
		return call_with_dmabuf(file, arg, importer_map);
	case IMPORTER_STORE:
		return access_call(file, (void __user *)arg, true);
	case IMPORTER_LOAD:
		return access_call(file, (void __user *)arg, false);
	case IMPORTER_FENCE:
		return call_with_dmabuf(file, arg, importer_fence);
	case IMPORTER_COUNT:
		return file->page ? page_count(file->page) : 0;
	case IMPORTER_SIGNAL:
		if (!file->fence)
			return -ENOENT;
		dma_fence_signal(file->fence);
		return 0;
	default:
		return -ENOTTY;
	}
}

static long importer_ioctl(struct file *opened, unsigned int cmd, unsigned long arg)
{
	struct importer_file *file = opened->private_data;
	long ret;

	mutex_lock(&file->lock);
	ret = ioctl_locked(file, cmd, arg);
	mutex_unlock(&file->lock);
	return ret;
}

static int importer_open(struct inode *inode, struct file *opened)
{
	struct importer_file *file = kzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return -ENOMEM;
	mutex_init(&file->lock);
	spin_lock_init(&file->fence_lock);
	opened->private_data = file;
	return 0;
}

static int importer_release(struct inode *inode, struct file *opened)
{
	struct importer_file *file = opened->private_data;
	bool ended = !file->fence || end_fence(file);

	unmap(file);
	if (ended)
		kfree(file);
	return 0;
}

static const struct file_operations importer_fops = {
	.owner = THIS_MODULE,
	.open = importer_open,
	.release = importer_release,
	.unlocked_ioctl = importer_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice importer_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "carveout-importer",
	.fops = &importer_fops,
};

static int __init importer_init(void)
{
	int ret;

	importer = platform_device_register_simple("carveout-importer", PLATFORM_DEVID_NONE,
						   NULL, 0);
	if (IS_ERR(importer))
		return PTR_ERR(importer);
	/* A kernel without the DMA API maps nothing, but has fences. */
	dma_coerce_mask_and_coherent(&importer->dev, DMA_BIT_MASK(64));
	ret = misc_register(&importer_device);
	if (ret)
		platform_device_unregister(importer);
	return ret;
}

static void __exit importer_exit(void)
{
	misc_deregister(&importer_device);
	platform_device_unregister(importer);
}

module_init(importer_init);
module_exit(importer_exit);

MODULE_AUTHOR("The carveout authors");
MODULE_DESCRIPTION("Importer of buffers with bounce buffers and fences, for tests");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("DMA_BUF");
