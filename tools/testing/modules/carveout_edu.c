// SPDX-License-Identifier: GPL-2.0
/*
 * An importer of buffers that does DMA: the driver of QEMU's "edu" device, for
 * test boards only. The device copies between its own memory and the bus, with
 * 28-bit bus addresses: no RAM of the arm64 board is in reach, unless an IOMMU
 * translates.
 *
 * Source: the file docs/specs/edu in QEMU's sources.
 */
#include <linux/carveout.h>
#include <linux/delay.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/kprobes.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "carveout_edu.h"

/* Registers of the first BAR. */
#define DMA_SOURCE	0x80
#define DMA_TARGET	0x88
#define DMA_COUNT	0x90
#define DMA_COMMAND	0x98
#define COMMAND_START	BIT(0)
#define COMMAND_STORE	BIT(1)	/* from the device's memory to the bus */

/* Position of the device's memory in the addresses of the DMA registers. */
#define DEVICE_MEMORY	0x40000

/* A copy takes a tenth of a second; an emulator may be stalled. */
#define COPY_TRIES	6000
#define COPY_WAIT_MS	20

/**
 * struct edu_file - An open file, with one buffer at most
 * @lock: guards all members
 * @dmabuf: the buffer, while it is attached by the calls of importers
 * @attach: its attachment
 * @sgt: its mapping by these calls
 * @direction: the direction of that mapping
 * @mapping: the mapping by the calls of carveout.h instead
 * @address: bus address of the buffer that was mapped last
 * @size: number of contiguous bytes at that address; 0 if there was no mapping
 */
struct edu_file {
	struct mutex lock;	/* one call at a time */
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attach;
	struct sg_table *sgt;
	enum dma_data_direction direction;
	struct carveout_mapping *mapping;
	dma_addr_t address;
	size_t size;
};

static struct pci_dev *edu;	/* the device exists */
static void __iomem *registers;
static DEFINE_MUTEX(copy_lock);	/* the device performs one copy at a time */

/* === Attaching and mapping ================================================ */

static int attach_dmabuf(struct edu_file *file, struct dma_buf *dmabuf)
{
	struct dma_buf_attachment *attach = dma_buf_attach(dmabuf, &edu->dev);

	if (IS_ERR(attach))
		return PTR_ERR(attach);
	get_dma_buf(dmabuf);
	file->dmabuf = dmabuf;
	file->attach = attach;
	return 0;
}

static int map_buf(struct edu_file *file, struct dma_buf *dmabuf)
{
	struct carveout_buf *buf = carveout_buf_from_dmabuf(dmabuf);
	struct carveout_mapping *mapping;

	if (IS_ERR(buf))
		return PTR_ERR(buf);
	mapping = carveout_buf_map(buf, &edu->dev, DMA_BIDIRECTIONAL);
	/* The mapping has a reference of its own. */
	carveout_buf_put(buf);
	if (IS_ERR(mapping))
		return PTR_ERR(mapping);
	file->mapping = mapping;
	return 0;
}

static int edu_attach(struct edu_file *file, const struct edu_attach *arg)
{
	struct dma_buf *dmabuf;
	int ret;

	if (file->attach || file->mapping)
		return -EBUSY;
	dmabuf = dma_buf_get(arg->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = arg->kernel ? map_buf(file, dmabuf) : attach_dmabuf(file, dmabuf);
	dma_buf_put(dmabuf);
	return ret;
}

static struct sg_table *mapped(struct edu_file *file)
{
	return file->mapping ? carveout_mapping_sgt(file->mapping) : file->sgt;
}

static int edu_map(struct edu_file *file, struct edu_map *arg)
{
	struct sg_table *sgt;

	if (file->attach) {
		if (file->sgt)
			return -EBUSY;
		dma_resv_lock(file->dmabuf->resv, NULL);
		sgt = dma_buf_map_attachment(file->attach, arg->direction);
		dma_resv_unlock(file->dmabuf->resv);
		if (IS_ERR(sgt))
			return PTR_ERR(sgt);
		file->sgt = sgt;
		file->direction = arg->direction;
	}
	sgt = mapped(file);
	if (!sgt)
		return -ENOENT;
	file->address = sg_dma_address(sgt->sgl);
	file->size = sg_dma_len(sgt->sgl);
	arg->address = file->address;
	arg->size = file->size;
	arg->entries = sgt->nents;
	return 0;
}

static int edu_unmap(struct edu_file *file)
{
	if (!file->sgt)
		return -ENOENT;
	dma_resv_lock(file->dmabuf->resv, NULL);
	dma_buf_unmap_attachment(file->attach, file->sgt, file->direction);
	dma_resv_unlock(file->dmabuf->resv);
	file->sgt = NULL;
	return 0;
}

static int edu_detach(struct edu_file *file)
{
	if (file->mapping) {
		carveout_unmap(file->mapping);
		file->mapping = NULL;
		return 0;
	}
	if (!file->attach)
		return -ENOENT;
	if (file->sgt)
		return -EBUSY;
	dma_buf_detach(file->dmabuf, file->attach);
	dma_buf_put(file->dmabuf);
	file->attach = NULL;
	file->dmabuf = NULL;
	return 0;
}

/* === Copying ============================================================== */

static int wait_for_copy(void)
{
	unsigned int i;

	for (i = 0; i < COPY_TRIES; i++) {
		if (!(readq(registers + DMA_COMMAND) & COMMAND_START))
			return 0;
		msleep(COPY_WAIT_MS);
	}
	return -EIO;
}

static int edu_copy(struct edu_file *file, const struct edu_copy *arg)
{
	dma_addr_t address = file->address + arg->offset;
	int ret;

	if (!mapped(file) && !arg->stale)
		return -ENOENT;
	/* QEMU ends when a copy leaves the device's memory; that is larger. */
	if (file->size < EDU_COPY_BYTES || arg->offset > file->size - EDU_COPY_BYTES)
		return -EINVAL;
	mutex_lock(&copy_lock);
	writeq(arg->store ? DEVICE_MEMORY : address, registers + DMA_SOURCE);
	writeq(arg->store ? address : DEVICE_MEMORY, registers + DMA_TARGET);
	writeq(EDU_COPY_BYTES, registers + DMA_COUNT);
	writeq(COMMAND_START | (arg->store ? COMMAND_STORE : 0), registers + DMA_COMMAND);
	ret = wait_for_copy();
	mutex_unlock(&copy_lock);
	return ret;
}

/* === Cache maintenance ==================================================== */

static atomic_t flushes = ATOMIC_INIT(0);

static int count_flush(struct kprobe *probe, struct pt_regs *regs)
{
	atomic_inc(&flushes);
	return 0;
}

static struct kprobe flush_probe = {
	.symbol_name = "carveout_claim_flush",
	.pre_handler = count_flush,
};

/* === The device =========================================================== */

static int do_map(struct edu_file *file, void __user *user)
{
	struct edu_map arg;
	int ret;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	ret = edu_map(file, &arg);
	if (!ret && copy_to_user(user, &arg, sizeof(arg)))
		ret = -EFAULT;
	return ret;
}

static int do_call(struct edu_file *file, unsigned int cmd, void __user *user)
{
	struct edu_attach attach;
	struct edu_copy copy;

	switch (cmd) {
	case EDU_ATTACH:
		if (copy_from_user(&attach, user, sizeof(attach)))
			return -EFAULT;
		return edu_attach(file, &attach);
	case EDU_MAP:
		return do_map(file, user);
	case EDU_COPY:
		if (copy_from_user(&copy, user, sizeof(copy)))
			return -EFAULT;
		return edu_copy(file, &copy);
	case EDU_UNMAP:
		return edu_unmap(file);
	case EDU_DETACH:
		return edu_detach(file);
	case EDU_FLUSHES:
		return atomic_xchg(&flushes, 0);
	default:
		return -ENOTTY;
	}
}

static long edu_ioctl(struct file *opened, unsigned int cmd, unsigned long arg)
{
	struct edu_file *file = opened->private_data;
	int ret;

	mutex_lock(&file->lock);
	ret = do_call(file, cmd, (void __user *)arg);
	mutex_unlock(&file->lock);
	return ret;
}

static int edu_open(struct inode *inode, struct file *opened)
{
	struct edu_file *file = kzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return -ENOMEM;
	mutex_init(&file->lock);
	opened->private_data = file;
	return 0;
}

/* Like an importer that exits in the middle of its work. */
static int edu_release(struct inode *inode, struct file *opened)
{
	struct edu_file *file = opened->private_data;

	edu_unmap(file);
	edu_detach(file);
	kfree(file);
	return 0;
}

static const struct file_operations edu_fops = {
	.owner = THIS_MODULE,
	.open = edu_open,
	.release = edu_release,
	.unlocked_ioctl = edu_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice edu_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "carveout-edu",
	.fops = &edu_fops,
};

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int ret = pcim_enable_device(pdev);

	if (!ret)
		ret = dma_set_mask_and_coherent(&pdev->dev, EDU_REACH - 1);
	if (ret)
		return ret;
	registers = pcim_iomap(pdev, 0, 0);
	if (!registers)
		return -ENOMEM;
	ret = register_kprobe(&flush_probe);
	if (ret)
		return ret;
	pci_set_master(pdev);
	edu = pdev;
	ret = misc_register(&edu_device);
	if (ret)
		unregister_kprobe(&flush_probe);
	return ret;
}

static void edu_remove(struct pci_dev *pdev)
{
	misc_deregister(&edu_device);
	pci_clear_master(pdev);
	unregister_kprobe(&flush_probe);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};

static struct pci_driver edu_driver = {
	.name = "carveout-edu",
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
};
module_pci_driver(edu_driver);

MODULE_AUTHOR("The carveout authors");
MODULE_DESCRIPTION("Imports carveout buffers into QEMU's edu device, for tests");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
MODULE_IMPORT_NS("DMA_BUF");
