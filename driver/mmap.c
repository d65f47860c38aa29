// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of buffers into processes.
 *
 * Memory with pages (CARVEOUT_ATTR_PAGES) is mapped as ordinary pages, so that
 * direct I/O, pipes and registered buffers can use it; see park.c for what a
 * page that is still pinned does to a buffer that goes. Memory with no-map has
 * no pages anybody may look at, and is mapped by page frame number.
 *
 * A VMA owns nothing: its file pins the buffer, and vm_private_data is only a
 * short way to it. So there is nothing to do when a VMA is split, moved, copied
 * by fork or closed.
 */

#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#include "carveout_internal.h"

/* So many pages are mapped with one call; their pointers are on the stack. */
#define BATCH	32

static unsigned long nr_pages(const struct carveout_buf *buf)
{
	return PHYS_PFN(buf->size);
}

static unsigned long first_pfn(const struct carveout_buf *buf)
{
	return PHYS_PFN(buf->start);
}

/* === Memory with pages ==================================================== */

/*
 * All entries are made at mmap() time; but madvise(MADV_DONTNEED) and others
 * take them away. An offset beyond the buffer cannot happen as long as the
 * mapping cannot grow; it is looked at nevertheless, for what lies there is
 * somebody else's.
 */
static vm_fault_t pages_fault(struct vm_fault *vmf)
{
	const struct carveout_buf *buf = vmf->vma->vm_private_data;
	struct page *page;

	if (vmf->pgoff >= nr_pages(buf))
		return VM_FAULT_SIGBUS;
	page = pfn_to_page(first_pfn(buf) + vmf->pgoff);
	get_page(page);
	vmf->page = page;
	return 0;
}

static const struct vm_operations_struct pages_ops = {
	.fault = pages_fault,
};

/* The caller of mmap() takes away what was mapped before an error. */
static int map_pages(const struct carveout_buf *buf, struct vm_area_struct *vma)
{
	unsigned long pfn = first_pfn(buf) + vma->vm_pgoff;
	unsigned long addr = vma->vm_start;
	struct page *pages[BATCH];
	int ret;

	/* Without the first one vm_insert_pages() insists on a lock of its own. */
	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &pages_ops;
	vma->vm_private_data = (void *)buf;
	while (addr < vma->vm_end) {
		unsigned long count = min_t(unsigned long, BATCH,
					    PHYS_PFN(vma->vm_end - addr));
		unsigned long i, left = count;

		for (i = 0; i < count; i++)
			pages[i] = pfn_to_page(pfn + i);
		ret = vm_insert_pages(vma, addr, pages, &left);
		if (ret)
			return ret;
		pfn += count;
		addr += count * PAGE_SIZE;
		cond_resched();
	}
	return 0;
}

/* === Memory without pages ================================================= */

#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP

/*
 * One entry for PMD_SIZE bytes. The kernel marks it special, so that
 * get_user_pages_fast() and all that look for a page behind an entry leave it
 * alone. Kernels without that mark (before 6.12) would take references on pages
 * that are not there: they get small entries only.
 */
static vm_fault_t pfns_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct vm_area_struct *vma = vmf->vma;
	const struct carveout_buf *buf = vma->vm_private_data;
	unsigned long addr = vmf->address & PMD_MASK;
	unsigned long pgoff, pfn;

	if (order != PMD_ORDER || addr < vma->vm_start ||
	    vma->vm_end - addr < PMD_SIZE)
		return VM_FAULT_FALLBACK;
	pgoff = linear_page_index(vma, addr);
	if (pgoff >= nr_pages(buf) || nr_pages(buf) - pgoff < PTRS_PER_PTE)
		return VM_FAULT_FALLBACK;
	/* A mapping may have been moved to where address and memory differ. */
	pfn = first_pfn(buf) + pgoff;
	if (!IS_ALIGNED(pfn, PTRS_PER_PTE))
		return VM_FAULT_FALLBACK;
	return vmf_insert_pfn_pmd(vmf, pfn, vmf->flags & FAULT_FLAG_WRITE);
}

/*
 * Where a large entry does not fit, all small ones that belong to the mapping
 * and would be under it. Only the one that was asked for has to succeed.
 */
static vm_fault_t pfns_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	const struct carveout_buf *buf = vma->vm_private_data;
	unsigned long addr = vmf->address & PMD_MASK;
	unsigned long last = addr + PMD_SIZE - 1;
	unsigned long pgoff;
	vm_fault_t ret;

	if (vmf->pgoff >= nr_pages(buf))
		return VM_FAULT_SIGBUS;
	/* Early 6.12 lets userfaultfd mark what is not there yet: never filled. */
	if (vmf->flags & FAULT_FLAG_ORIG_PTE_VALID && !pte_none(vmf->orig_pte))
		return VM_FAULT_SIGBUS;
	ret = vmf_insert_pfn(vma, vmf->address, first_pfn(buf) + vmf->pgoff);
	if (ret != VM_FAULT_NOPAGE)
		return ret;

	addr = max(addr, vma->vm_start);
	last = min(last, vma->vm_end - 1);
	for (; addr <= last; addr += PAGE_SIZE) {
		pgoff = linear_page_index(vma, addr);
		if (pgoff >= nr_pages(buf) ||
		    vmf_insert_pfn(vma, addr, first_pfn(buf) + pgoff) !=
		    VM_FAULT_NOPAGE)
			break;
	}
	return VM_FAULT_NOPAGE;
}

static const struct vm_operations_struct pfns_ops = {
	.fault = pfns_fault,
	.huge_fault = pfns_huge_fault,
};

/* Is there a place in the mapping for at least one large entry? */
static bool takes_large(const struct vm_area_struct *vma, unsigned long pfn)
{
	unsigned long addr = ALIGN(vma->vm_start, PMD_SIZE);

	return addr >= vma->vm_start && addr < vma->vm_end &&
	       vma->vm_end - addr >= PMD_SIZE &&
	       IS_ALIGNED(pfn + PHYS_PFN(addr - vma->vm_start), PTRS_PER_PTE);
}

#else /* !CONFIG_ARCH_SUPPORTS_PMD_PFNMAP */

static const struct vm_operations_struct pfns_ops;

static bool takes_large(const struct vm_area_struct *vma, unsigned long pfn)
{
	return false;
}

#endif

/*
 * Large entries are made when they are touched: no function makes one at mmap()
 * time. A mapping that has no place for any is complete from the start.
 */
static int map_pfns(const struct carveout_buf *buf, struct vm_area_struct *vma)
{
	unsigned long pfn = first_pfn(buf) + vma->vm_pgoff;

	/* Also where there is nothing to do: without any it looks anonymous. */
	vma->vm_ops = &pfns_ops;
	vma->vm_private_data = (void *)buf;
	if (!takes_large(vma, pfn))
		return remap_pfn_range(vma, vma->vm_start, pfn,
				       vma->vm_end - vma->vm_start,
				       vma->vm_page_prot);
	/* What remap_pfn_range() sets. */
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	return 0;
}

/* === Both ================================================================= */

/**
 * carveout_buf_mmap() - map a part of a buffer into a process
 * @buf: the buffer, which the VMA's file holds
 * @vma: where; its offset counts from the start of the buffer
 * @write: it may be written through this file, now or later
 *
 * Everything is checked before anything happens, by subtraction, since no sum
 * of what user space says may be trusted not to wrap. The mapping cannot grow
 * and is left out of core dumps. One that may not be written cannot be made
 * writable: without VM_MAYWRITE in a shared mapping mprotect() refuses, and so
 * does get_user_pages() to debuggers as to everybody.
 *
 * Context: May sleep; the caller holds the mmap_lock for writing.
 * Return: 0 or a negative errno; then the caller undoes what is mapped.
 */
int carveout_buf_mmap(const struct carveout_buf *buf,
		      struct vm_area_struct *vma, bool write)
{
	unsigned long pages = nr_pages(buf);
	u32 attrs = carveout_buf_attrs(buf);

	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_pgoff >= pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;
	if (!write) {
		/* Also for a mapping that came through an importer's file. */
		if (vma->vm_flags & VM_WRITE)
			return -EACCES;
		vm_flags_clear(vma, VM_MAYWRITE);
	}
	/* An importer's file may bring its own idea of what it is. */
	vm_flags_clear(vma, VM_IO | VM_PFNMAP | VM_MIXEDMAP);
	if (attrs & CARVEOUT_ATTR_PAGES)
		return map_pages(buf, vma);
	if (!(attrs & CARVEOUT_ATTR_CACHED))
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	return map_pfns(buf, vma);
}
