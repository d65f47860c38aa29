// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers as dma-buf files.
 *
 * Each allocation and each opening of a buffer creates a file of its own, as with
 * shm_open(3), and so does each export of a mapping: the access mode belongs to the file.
 * Each file holds a reference to the buffer. The buffer has no pointer to its files: a
 * dma-buf can outlive its struct file, through a path to it that is open, so there is no
 * safe way to keep a pointer to a file without a reference to the file.
 *
 * All files that permit writing share one reservation object, so that fences on one are
 * seen on all. A read-only file has its own: any holder of a descriptor can add a fence
 * to it, and a reader must not stall writers.
 */

#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iosys-map.h>
#include <linux/kernel.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pfn.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include <uapi/linux/dma-buf.h>

#include "../carveout_internal.h"
#include "../mem/objects.h"
#include "../mem/quota.h"
#include "buffer.h"
#include "dma.h"
#include "dmabuf.h"
#include "mmap.h"
#include "release.h"

/**
 * struct carveout_dmabuf - Private part of a dma-buf
 * @buf: the buffer, with a reference (invariant)
 * @writers: share of this file in @buf->writers; @buf->attach_lock
 * @account: account of the open file whose mmap() maps this file, with a reference; NULL
 *	for a file with a descriptor of its own (invariant)
 */
struct carveout_dmabuf {
	struct carveout_buf *buf;
	unsigned long writers;
	struct carveout_account *account;
};

static struct carveout_buf *buf_of(const struct dma_buf *dmabuf)
{
	const struct carveout_dmabuf *private = dmabuf->priv;

	return private->buf;
}

/**
 * carveout_dmabuf_writable() - Check whether a file permits writing
 * @dmabuf: a dma-buf of this driver
 *
 * Context: Any context.
 * Return: true if it does.
 */
bool carveout_dmabuf_writable(const struct dma_buf *dmabuf)
{
	return dmabuf->file->f_mode & FMODE_WRITE;
}

/**
 * carveout_dmabuf_alone() - Check that a file has no other user
 * @dmabuf: a dma-buf of this driver, which the caller got from one of its descriptors
 * @fd: the descriptor
 *
 * Mappings, importers and other descriptors each hold a reference to the file, and so
 * do the caller and @fd. If there were two references, and @fd is still one of them
 * after that, the other one is the caller's, and not that of a mapping whose
 * descriptor was closed.
 *
 * Context: Process context.
 * Return: true if there are just these two references, and no fence is pending.
 */
bool carveout_dmabuf_alone(const struct dma_buf *dmabuf, int fd)
{
	struct file *file;
	bool alone;

	if (file_count(dmabuf->file) != 2)
		return false;
	file = fget(fd);
	alone = file == dmabuf->file;
	if (file)
		fput(file);
	return alone && dma_resv_test_signaled(dmabuf->resv,
					       DMA_RESV_USAGE_BOOKKEEP);
}

/* === Importers ============================================================ */

static int carveout_dmabuf_attach(struct dma_buf *dmabuf,
				  struct dma_buf_attachment *attach)
{
	struct carveout_mapping *mapping;

	mapping = carveout_mapping_create(buf_of(dmabuf), attach->dev);
	if (IS_ERR(mapping))
		return PTR_ERR(mapping);
	attach->priv = mapping;
	return 0;
}

static void carveout_dmabuf_detach(struct dma_buf *dmabuf,
				   struct dma_buf_attachment *attach)
{
	carveout_mapping_destroy(attach->priv);
}

/*
 * A read-only file is mapped for no importer: a device or a driver could write, and drivers
 * do not expect a dma-buf that they can map for a device but not for themselves. Such a file,
 * and a buffer that is too large for any device, can be attached nevertheless:
 * __prepare_dmabuf() of videobuf2 (6.12, 7.3) never drops its reference to a dma-buf that it
 * cannot attach.
 */
static struct sg_table *carveout_dmabuf_map(struct dma_buf_attachment *attach,
					    enum dma_data_direction dir)
{
	struct carveout_mapping *mapping = attach->priv;
	int ret;

	if (!carveout_dmabuf_writable(attach->dmabuf))
		return ERR_PTR(-EACCES);
	if (carveout_buf_is_replaced(buf_of(attach->dmabuf)))
		return ERR_PTR(-EINVAL);
	ret = carveout_mapping_map(mapping, dir);
	return ret ? ERR_PTR(ret) : &mapping->sgt;
}

static void carveout_dmabuf_unmap(struct dma_buf_attachment *attach,
				  struct sg_table *sgt,
				  enum dma_data_direction dir)
{
	carveout_mapping_unmap(attach->priv);
}

/* === CPU access =========================================================== */

/* A reader writes nothing, whatever it passes to DMA_BUF_IOCTL_SYNC. */
static bool is_write(const struct dma_buf *dmabuf, enum dma_data_direction dir)
{
	return dir != DMA_FROM_DEVICE && carveout_dmabuf_writable(dmabuf);
}

static void writer_begin(struct carveout_dmabuf *private)
{
	mutex_lock(&private->buf->attach_lock);
	private->writers++;
	private->buf->writers++;
	mutex_unlock(&private->buf->attach_lock);
}

/* An end without a begin has no effect. */
static void writer_end(struct carveout_dmabuf *private)
{
	mutex_lock(&private->buf->attach_lock);
	if (private->writers) {
		private->writers--;
		private->buf->writers--;
	}
	mutex_unlock(&private->buf->attach_lock);
}

/*
 * The dma-buf core waits for fences only after this function, when it would be too late:
 * data that the device writes until then is in memory behind the caches, or in its
 * bounce buffer.
 */
static int carveout_dmabuf_begin_cpu(struct dma_buf *dmabuf,
				     enum dma_data_direction dir)
{
	struct carveout_buf *buf = buf_of(dmabuf);
	bool write = is_write(dmabuf, dir);
	u32 flags = CARVEOUT_SYNC_FOR_CPU;
	long ret;

	if (!carveout_claim_has_va(buf->claim))
		return -EOPNOTSUPP;
	if (!carveout_dmabuf_writable(dmabuf))
		flags |= CARVEOUT_SYNC_MERGE;
	ret = dma_resv_wait_timeout(&buf->resv, dma_resv_usage_rw(write), true,
				    MAX_SCHEDULE_TIMEOUT);
	if (ret < 0)
		return ret;
	if (dir != DMA_TO_DEVICE)
		carveout_buf_sync_caches(buf, 0, buf->size, flags);
	if (write)
		writer_begin(dmabuf->priv);
	return 0;
}

static int carveout_dmabuf_end_cpu(struct dma_buf *dmabuf,
				   enum dma_data_direction dir)
{
	struct carveout_buf *buf = buf_of(dmabuf);

	if (!carveout_claim_has_va(buf->claim))
		return -EOPNOTSUPP;
	if (is_write(dmabuf, dir)) {
		carveout_buf_sync_caches(buf, 0, buf->size, CARVEOUT_SYNC_FOR_DEVICE);
		writer_end(dmabuf->priv);
	}
	return 0;
}

static int carveout_dmabuf_mmap(struct dma_buf *dmabuf,
				struct vm_area_struct *vma)
{
	struct carveout_buf *buf = buf_of(dmabuf);

	if (carveout_buf_is_replaced(buf))
		return -EINVAL;
	return carveout_buf_mmap(buf, vma, carveout_dmabuf_writable(dmabuf));
}

static int carveout_dmabuf_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct carveout_buf *buf = buf_of(dmabuf);

	iosys_map_set_vaddr(map, carveout_claim_va(buf->claim, buf->start));
	return 0;
}

/* === Files ================================================================ */

static void private_free(struct carveout_dmabuf *private)
{
	struct carveout_buf *buf = private->buf;

	mutex_lock(&buf->attach_lock);
	buf->writers -= private->writers;
	mutex_unlock(&buf->attach_lock);
	carveout_account_put(private->account);
	kfree(private);
	carveout_buf_put_sync(buf);
}

static void carveout_dmabuf_release(struct dma_buf *dmabuf)
{
	carveout_object_dec(CARVEOUT_OBJ_DMABUF);
	atomic_dec(&buf_of(dmabuf)->nr_files);
	private_free(dmabuf->priv);
}

#define COMMON_OPS \
	.attach = carveout_dmabuf_attach, \
	.detach = carveout_dmabuf_detach, \
	.map_dma_buf = carveout_dmabuf_map, \
	.unmap_dma_buf = carveout_dmabuf_unmap, \
	.begin_cpu_access = carveout_dmabuf_begin_cpu, \
	.end_cpu_access = carveout_dmabuf_end_cpu, \
	.mmap = carveout_dmabuf_mmap, \
	.release = carveout_dmabuf_release

static const struct dma_buf_ops carveout_rw_ops = {
	COMMON_OPS,
	.vmap = carveout_dmabuf_vmap,
};

/*
 * Without vmap: drivers write through it, and request no more than the descriptor for
 * that. A read-only mapping would turn that write into an oops of the kernel. Memory that
 * the CPU must not access has none either.
 */
static const struct dma_buf_ops carveout_ro_ops = {
	COMMON_OPS,
};

/* A reader that opens the buffer while a device works on it can wait with poll(2). */
static int copy_fences(struct dma_buf *dmabuf, struct carveout_buf *buf)
{
	int ret;

	dma_resv_lock(dmabuf->resv, NULL);
	ret = dma_resv_copy_fences(dmabuf->resv, &buf->resv);
	dma_resv_unlock(dmabuf->resv);
	return ret;
}

/*
 * Give a new file the name of its buffer, for /proc, lsof and the kernel's list of dma-bufs:
 * the tag, or else the label, whose unprintable characters are escaped. User space may
 * change it with DMA_BUF_SET_NAME.
 */
static int name_file(struct dma_buf *dmabuf, const struct carveout_buf *buf)
{
	char text[DMA_BUF_NAME_LEN];
	char *name;

	mutex_lock(&buf->carveout->registry_lock);
	if (buf->tag.name[0])
		strscpy(text, buf->tag.name, sizeof(text));
	else
		snprintf(text, sizeof(text), "%*pE", (int)strlen(buf->label), buf->label);
	mutex_unlock(&buf->carveout->registry_lock);
	if (!text[0])
		return 0;
	name = kstrdup(text, GFP_KERNEL_ACCOUNT);
	if (!name)
		return -ENOMEM;
	/* No descriptor exists yet, but the kernel's list shows the file already. */
	spin_lock(&dmabuf->name_lock);
	dmabuf->name = name;
	spin_unlock(&dmabuf->name_lock);
	return 0;
}

/**
 * carveout_dmabuf_create() - Create a file of a buffer
 * @buf: a buffer that the caller has a reference to; the file takes its own
 * @write: the file permits writing
 *
 * The file has the name of the buffer, up to DMA_BUF_NAME_LEN - 1 characters of it.
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 * Return: the dma-buf, to be released with dma_buf_put() alone, or an ERR_PTR.
 */
struct dma_buf *carveout_dmabuf_create(struct carveout_buf *buf, bool write)
{
	DEFINE_DMA_BUF_EXPORT_INFO(exp_info);
	struct carveout_dmabuf *private;
	struct dma_buf *dmabuf;
	int ret;

	private = kzalloc(sizeof(*private), GFP_KERNEL_ACCOUNT);
	if (!private)
		return ERR_PTR(-ENOMEM);
	private->buf = __carveout_buf_get(buf);
	exp_info.ops = write && carveout_claim_has_va(buf->claim) ? &carveout_rw_ops :
								     &carveout_ro_ops;
	exp_info.size = buf->size;
	exp_info.flags = write ? O_RDWR : O_RDONLY;
	exp_info.resv = write ? &buf->resv : NULL;
	exp_info.priv = private;
	dmabuf = dma_buf_export(&exp_info);
	if (IS_ERR(dmabuf)) {
		private_free(private);
		return dmabuf;
	}
	carveout_object_inc(CARVEOUT_OBJ_DMABUF);
	atomic_inc(&buf->nr_files);
	ret = name_file(dmabuf, buf);
	if (!ret && !write)
		ret = copy_fences(dmabuf, buf);
	if (ret) {
		dma_buf_put(dmabuf);
		return ERR_PTR(ret);
	}
	return dmabuf;
}

/**
 * carveout_dmabuf_map_vma() - Map a new file of a buffer instead of the file of a VMA
 * @buf: a buffer that the caller has a reference to
 * @vma: a VMA in the mmap() of an open file of the device node
 * @offset: offset in the buffer, in bytes, in whole pages
 * @write: the file permits writing
 * @account: account of the open file
 *
 * The VMA holds the only reference to the new file, and so do the VMAs that it is split
 * into, moved to or copied to. On failure the file is released when the system call
 * returns, after the entries of the VMA were removed.
 *
 * Context: Process context. May sleep. The caller holds the mmap_lock for writing.
 * Return: 0 or a negative errno, as carveout_buf_mmap().
 */
int carveout_dmabuf_map_vma(struct carveout_buf *buf, struct vm_area_struct *vma,
			    u64 offset, bool write, struct carveout_account *account)
{
	struct dma_buf *dmabuf = carveout_dmabuf_create(buf, write);
	struct carveout_dmabuf *private;
	int ret;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	private = dmabuf->priv;
	private->account = carveout_account_get(account);
	ret = dma_buf_mmap(dmabuf, vma, PHYS_PFN(offset));
	dma_buf_put(dmabuf);
	return ret;
}

/**
 * carveout_dmabuf_of_vma() - File of a buffer that a VMA maps
 * @vma: the VMA
 *
 * Context: Process context. The caller holds the mmap_lock.
 * Return: the dma-buf, valid as long as the VMA; NULL if it maps none of this driver.
 */
struct dma_buf *carveout_dmabuf_of_vma(const struct vm_area_struct *vma)
{
	struct file *file = vma->vm_file;
	struct dma_buf *dmabuf;

	/* No function of the dma-buf core takes a file. */
	if (!file || file_inode(file)->i_sb->s_magic != DMA_BUF_MAGIC)
		return NULL;
	dmabuf = file->private_data;
	return carveout_dmabuf_buf(dmabuf) ? dmabuf : NULL;
}

/**
 * carveout_dmabuf_account() - Account of the open file whose mmap() made a file
 * @dmabuf: a dma-buf of this driver
 *
 * Context: Any context.
 * Return: the account, valid as long as @dmabuf; NULL if the file has a descriptor of its
 * own.
 */
const struct carveout_account *carveout_dmabuf_account(const struct dma_buf *dmabuf)
{
	const struct carveout_dmabuf *private = dmabuf->priv;

	return private->account;
}

/**
 * carveout_dmabuf_buf() - Buffer of a dma-buf
 * @dmabuf: any dma-buf
 *
 * Context: Any context.
 * Return: the buffer, valid as long as @dmabuf; NULL for a dma-buf of another exporter.
 */
struct carveout_buf *carveout_dmabuf_buf(struct dma_buf *dmabuf)
{
	if (dmabuf->ops != &carveout_rw_ops && dmabuf->ops != &carveout_ro_ops)
		return NULL;
	return buf_of(dmabuf);
}

MODULE_IMPORT_NS("DMA_BUF");
