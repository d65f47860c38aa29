// SPDX-License-Identifier: GPL-2.0
/*
 * For tests of memory attributes, on test boards only: reports how the page
 * tables map a buffer for the kernel and for a process, maps a dma-buf as an importer does,
 * and makes a heap of memory at a given physical address, like a driver with memory on its
 * card. It can tell whether the heap wrote to that memory.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/carveout.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "carveout_attrs.h"

static char *heap;
module_param(heap, charp, 0400);
MODULE_PARM_DESC(heap, "name of a heap to make");

static ulong base;
module_param(base, ulong, 0400);
MODULE_PARM_DESC(base, "physical address of its memory");

static ulong size;
module_param(size, ulong, 0400);
MODULE_PARM_DESC(size, "size of its memory");

static uint attrs;
module_param(attrs, uint, 0400);
MODULE_PARM_DESC(attrs, "CARVEOUT_ATTR_* bits of its memory");

static bool pattern;
module_param(pattern, bool, 0400);
MODULE_PARM_DESC(pattern, "fill the memory before, and look at it after the heap");

static struct carveout *made;

/* === Page tables ========================================================== */

#if defined(CONFIG_ARM64)

#include <asm/sysreg.h>

/*
 * Source: Arm Architecture Reference Manual, PAR_EL1: bit 0 indicates that the
 * translation failed, bits 63:56 are the memory attributes as MAIR_EL1 encodes
 * them.
 */
static enum memory_kind kind_of_par(u64 par)
{
	if (par & SYS_PAR_EL1_F)
		return KIND_NOT_MAPPED;
	switch (par >> 56) {
	case 0xff:	/* write-back, allocating */
	case 0xf0:	/* the same with tags, as the architecture defines it */
		return KIND_WRITE_BACK;
	case 0x44:
		return KIND_NO_CACHE;
	default:
		return par >> 60 ? KIND_OTHER : KIND_DEVICE;
	}
}

static enum memory_kind user_kind(unsigned long address)
{
	unsigned long flags;
	u64 par;

	uaccess_ttbr0_enable();
	local_irq_save(flags);
	asm volatile("at s1e0r, %0\n\tisb" : : "r" (address) : "memory");
	par = read_sysreg_par();
	local_irq_restore(flags);
	uaccess_ttbr0_disable();
	return kind_of_par(par);
}

static enum memory_kind kernel_kind(const void *va)
{
	unsigned long flags;
	u64 par;

	local_irq_save(flags);
	asm volatile("at s1e1r, %0\n\tisb" : : "r" (va) : "memory");
	par = read_sysreg_par();
	local_irq_restore(flags);
	return kind_of_par(par);
}

#elif defined(CONFIG_X86_64) && !defined(CONFIG_UML)

/*
 * The two bits are an index into the page attribute table, which Linux fills
 * with write-back, write-combining, and two kinds of uncached.
 */
static enum memory_kind kind_of_entry(u64 entry, u64 pat)
{
	if (!(entry & _PAGE_PRESENT))
		return KIND_NOT_MAPPED;
	if (entry & pat)
		return KIND_OTHER;
	switch (entry & (_PAGE_PCD | _PAGE_PWT)) {
	case 0:
		return KIND_WRITE_BACK;
	case _PAGE_PWT:
		return KIND_NO_CACHE;
	default:
		return KIND_STRICT;
	}
}

static enum memory_kind walk(struct mm_struct *mm, unsigned long address)
{
	pgd_t *pgd = pgd_offset(mm, address);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	if (pgd_none(*pgd))
		return KIND_NOT_MAPPED;
	p4d = p4d_offset(pgd, address);
	if (p4d_none(*p4d))
		return KIND_NOT_MAPPED;
	pud = pud_offset(p4d, address);
	if (pud_none(*pud) || pud_leaf(*pud))
		return kind_of_entry(pud_val(*pud), _PAGE_PAT_LARGE);
	pmd = pmd_offset(pud, address);
	if (pmd_none(*pmd) || pmd_leaf(*pmd))
		return kind_of_entry(pmd_val(*pmd), _PAGE_PAT_LARGE);
	return kind_of_entry(pte_val(*pte_offset_kernel(pmd, address)), _PAGE_PAT);
}

static enum memory_kind user_kind(unsigned long address)
{
	enum memory_kind kind;

	mmap_read_lock(current->mm);
	kind = walk(current->mm, address);
	mmap_read_unlock(current->mm);
	return kind;
}

static enum memory_kind kernel_kind(const void *va)
{
	unsigned int level;
	pte_t *entry = lookup_address((unsigned long)va, &level);

	if (!entry)
		return KIND_NOT_MAPPED;
	return kind_of_entry(pte_val(*entry),
			     level == PG_LEVEL_4K ? _PAGE_PAT : _PAGE_PAT_LARGE);
}

#else

static enum memory_kind user_kind(unsigned long address)
{
	return KIND_UNKNOWN;
}

static enum memory_kind kernel_kind(const void *va)
{
	return KIND_UNKNOWN;
}

#endif

/* === Buffers ============================================================== */

static int look_at(struct carveout_buf *buf, struct attrs_look *look)
{
	u64 *word;

	if (!IS_ALIGNED(look->offset, sizeof(*word)) ||
	    look->offset >= carveout_buf_size(buf))
		return -EINVAL;
	word = carveout_buf_va(buf) + look->offset;
	if (look->poke)
		WRITE_ONCE(*word, look->word);
	else
		look->word = READ_ONCE(*word);
	/* The caller's mapping is another one. */
	mb();
	look->kernel = kernel_kind(word);
	look->user = user_kind(look->address);
	return 0;
}

static int look_at_fd(struct attrs_look *look)
{
	struct dma_buf *dmabuf = dma_buf_get(look->fd);
	struct carveout_buf *buf;
	int ret;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	buf = carveout_buf_from_dmabuf(dmabuf);
	dma_buf_put(dmabuf);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = look_at(buf, look);
	carveout_buf_put(buf);
	return ret;
}

static long look_call(void __user *arg)
{
	struct attrs_look look;
	int ret;

	if (copy_from_user(&look, arg, sizeof(look)))
		return -EFAULT;
	ret = look_at_fd(&look);
	if (!ret && copy_to_user(arg, &look, sizeof(look)))
		ret = -EFAULT;
	return ret;
}

/* === An importer ========================================================== */

/* The dma-buf that an open file maps. */
static DEFINE_MUTEX(import_lock);

static void import_set(struct file *file, struct dma_buf *dmabuf)
{
	struct dma_buf *old;

	mutex_lock(&import_lock);
	old = file->private_data;
	file->private_data = dmabuf;
	mutex_unlock(&import_lock);
	if (old)
		dma_buf_put(old);
}

static long import_call(struct file *file, int fd)
{
	struct dma_buf *dmabuf = fd < 0 ? NULL : dma_buf_get(fd);

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	import_set(file, dmabuf);
	return 0;
}

/* Like a driver that prepares each mapping as one of its own memory. */
static int attrs_mmap(struct file *file, struct vm_area_struct *vma)
{
	int ret = -ENODEV;

	vm_flags_set(vma, VM_IO | VM_PFNMAP);
	vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	mutex_lock(&import_lock);
	if (file->private_data)
		ret = dma_buf_mmap(file->private_data, vma, vma->vm_pgoff);
	mutex_unlock(&import_lock);
	return ret;
}

/* === The device =========================================================== */

static long attrs_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case ATTRS_LOOK:
		return look_call((void __user *)arg);
	case ATTRS_IMPORT:
		return import_call(file, arg);
	default:
		return -ENOTTY;
	}
}

static int attrs_open(struct inode *inode, struct file *file)
{
	file->private_data = NULL;
	return 0;
}

static int attrs_release(struct inode *inode, struct file *file)
{
	import_set(file, NULL);
	return 0;
}

static const struct file_operations attrs_fops = {
	.owner = THIS_MODULE,
	.open = attrs_open,
	.release = attrs_release,
	.mmap = attrs_mmap,
	.unlocked_ioctl = attrs_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice attrs_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "carveout-attrs",
	.fops = &attrs_fops,
};

static int make_heap(void)
{
	const struct carveout_memory memory = {
		.base = base,
		.size = size,
		.attrs = attrs,
		.name = "given",
	};

	made = carveout_create(NULL, heap, &memory, 1, CARVEOUT_CREATE_NODE);
	return PTR_ERR_OR_ZERO(made);
}

/*
 * Check the calls of drivers on memory that the CPU must not access. Not traced, like the
 * next function: gcc 12 does not align functions that only init and exit call, and ftrace of
 * 7.3 on arm64 warns about them.
 */
static notrace int check_no_cpu(void)
{
	struct carveout_req req = { .size = PAGE_SIZE, .require = CARVEOUT_ATTR_NO_CPU };
	const struct carveout_req any = { .size = PAGE_SIZE };
	struct carveout_buf *buf;
	bool good;

	buf = carveout_buf_alloc(made, &req, NULL, 0);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	good = carveout_buf_attrs(buf) & CARVEOUT_ATTR_NO_CPU && !carveout_buf_va(buf) &&
	       carveout_buf_phys(buf) >= base &&
	       !carveout_phys_to_virt(made, carveout_buf_phys(buf)) &&
	       carveout_buf_sync(buf, 0, 1, CARVEOUT_SYNC_FOR_CPU) == -EOPNOTSUPP;
	carveout_buf_put(buf);
	good = good && carveout_alloc_req(made, &req) == ERR_PTR(-EINVAL) &&
	       carveout_alloc_req(made, &any) == ERR_PTR(-EINVAL) &&
	       carveout_buf_alloc(made, &any, NULL, 0) == ERR_PTR(-EINVAL) &&
	       carveout_pool_create(made, 64, 4, &req, NULL, 0) == ERR_PTR(-EINVAL) &&
	       carveout_free(made, NULL) == -EINVAL;
	return good ? 0 : -EIO;
}

/* Write the pattern, or count the words that differ from it. */
static notrace long visit_pattern(bool write)
{
	unsigned long i, words = size / sizeof(u64);
	long lost = 0;
	u64 *word;

	word = memremap(base, size, MEMREMAP_WC);
	if (!word)
		return -ENOMEM;
	for (i = 0; i < words; i++) {
		if (write)
			WRITE_ONCE(word[i], ~i);
		else
			lost += READ_ONCE(word[i]) != ~i;
	}
	memunmap(word);
	return lost;
}

static int __init carveout_attrs_init(void)
{
	int ret = misc_register(&attrs_device);

	if (ret || !heap)
		return ret;
	ret = pattern ? visit_pattern(true) : 0;
	ret = ret ?: make_heap();
	if (!ret && attrs & CARVEOUT_ATTR_NO_CPU) {
		ret = check_no_cpu();
		if (ret)
			carveout_destroy(made, true);
	}
	if (ret)
		misc_deregister(&attrs_device);
	return ret;
}

static void __exit carveout_attrs_exit(void)
{
	misc_deregister(&attrs_device);
	if (made)
		carveout_destroy(made, true);
	if (!made || !pattern)
		return;
	if (visit_pattern(false))
		pr_err("the pattern has changed\n");
	else
		pr_info("the pattern is whole\n");
}

module_init(carveout_attrs_init);
module_exit(carveout_attrs_exit);

MODULE_AUTHOR("The carveout authors");
MODULE_DESCRIPTION("Shows how carveout buffers are mapped, for tests");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
MODULE_IMPORT_NS("DMA_BUF");
