// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of buffers in user space.
 *
 * Memory with pages (CARVEOUT_ATTR_PAGES) is mapped as ordinary pages, so that
 * direct I/O, pipes and registered buffers can use it; see release.c for the effect
 * of a pinned page on the end of a buffer.
 *
 * No-map memory has no pages that may be accessed. Its entries are special: no code
 * looks for a page behind them. VM_IO keeps get_user_pages() away. The mapping is
 * VM_MIXEDMAP and not VM_PFNMAP: VFIO and others take the page frame numbers of a
 * VM_PFNMAP mapping out of its page table, without a reference and without notice of
 * their removal. A device then still reaches the memory when another owner has it.
 *
 * A VMA owns nothing: its file holds the buffer, and vm_private_data is only a
 * shortcut to the buffer. So there is nothing to do when a VMA is split, moved,
 * copied by fork or closed.
 */

#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/personality.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#include "../carveout_internal.h"
#include "../trace.h"
#include "buffer.h"
#include "mmap.h"

/* Number of pages that one call maps; their pointers are on the stack. */
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
 * mmap() makes all entries, but madvise(MADV_DONTNEED) and others remove them. An
 * offset beyond the buffer cannot occur as long as the mapping cannot grow. It is
 * checked nevertheless, because the memory there belongs to another buffer.
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

/* After an error the caller of mmap() removes the entries made before it. */
static int map_pages(const struct carveout_buf *buf, struct vm_area_struct *vma)
{
	unsigned long pfn = first_pfn(buf) + vma->vm_pgoff;
	unsigned long addr = vma->vm_start;
	struct page *pages[BATCH];
	int ret;

	/* Without VM_MIXEDMAP vm_insert_pages() insists on a lock of its own. */
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

static vm_fault_t insert(struct vm_area_struct *vma, unsigned long addr)
{
	const struct carveout_buf *buf = vma->vm_private_data;
	unsigned long pgoff = linear_page_index(vma, addr);

	/* As for memory with pages, it cannot occur. */
	if (pgoff >= nr_pages(buf))
		return VM_FAULT_SIGBUS;
	return vmf_insert_mixed(vma, addr, first_pfn(buf) + pgoff);
}

/*
 * mmap() makes all entries where no huge page fits, but madvise(MADV_DONTNEED) and others
 * remove them. Map all single pages of the mapping in the range of a huge page at once.
 * Only the page of the fault has to succeed.
 */
static vm_fault_t pfns_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = vmf->address & PMD_MASK;
	unsigned long last = addr + PMD_SIZE - 1;
	vm_fault_t ret;

	/* Early 6.12 lets userfaultfd mark a missing entry: it is never filled. */
	if (vmf->flags & FAULT_FLAG_ORIG_PTE_VALID && !pte_none(vmf->orig_pte))
		return VM_FAULT_SIGBUS;
	ret = insert(vma, vmf->address);
	if (ret != VM_FAULT_NOPAGE)
		return ret;

	addr = max(addr, vma->vm_start);
	last = min(last, vma->vm_end - 1);
	for (; addr <= last; addr += PAGE_SIZE)
		if (insert(vma, addr) != VM_FAULT_NOPAGE)
			break;
	return VM_FAULT_NOPAGE;
}

#ifdef CARVEOUT_PMD_SPECIAL

/*
 * Map a huge page. Its entry is special like those of single pages: see
 * include/compat/linux/mm.h for the kernels on which that holds for all code that walks
 * page tables.
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
	/* A mapping may have been moved to an address of another alignment. */
	pfn = first_pfn(buf) + pgoff;
	if (!IS_ALIGNED(pfn, PTRS_PER_PTE))
		return VM_FAULT_FALLBACK;
	return vmf_insert_pfn_pmd(vmf, pfn, vmf->flags & FAULT_FLAG_WRITE);
}

static const struct vm_operations_struct pfns_ops = {
	.fault = pfns_fault,
	.huge_fault = pfns_huge_fault,
};

/* Check whether the mapping has room for at least one huge page. */
static bool takes_huge(const struct vm_area_struct *vma, unsigned long pfn)
{
	unsigned long addr = ALIGN(vma->vm_start, PMD_SIZE);

	return addr >= vma->vm_start && addr < vma->vm_end &&
	       vma->vm_end - addr >= PMD_SIZE &&
	       IS_ALIGNED(pfn + PHYS_PFN(addr - vma->vm_start), PTRS_PER_PTE);
}

#else /* !CARVEOUT_PMD_SPECIAL */

static const struct vm_operations_struct pfns_ops = {
	.fault = pfns_fault,
};

static bool takes_huge(const struct vm_area_struct *vma, unsigned long pfn)
{
	return false;
}

#endif

#ifdef CARVEOUT_SET_PTE

/**
 * struct fill - A walk that makes entries of a mapping
 * @vma: the mapping
 * @pfn: page frame number of the next entry
 */
struct fill {
	const struct vm_area_struct *vma;
	unsigned long pfn;
};

static int make_entry(pte_t *entry, unsigned long addr, void *data)
{
	struct fill *fill = data;

	set_pte_at(fill->vma->vm_mm, addr, entry,
		   pte_mkspecial(pfn_pte(fill->pfn++, fill->vma->vm_page_prot)));
	return 0;
}

/*
 * Make the entries of a range in one walk. insert() looks up the page table and, on x86, the
 * memory type for each page, which costs forty times as much. i915 makes the entries of its
 * mappings in this way as well, see remap_io_mapping().
 */
static int make_range(struct vm_area_struct *vma, unsigned long addr, unsigned long end)
{
	const struct carveout_buf *buf = vma->vm_private_data;
	struct fill fill = {
		.vma = vma,
		.pfn = first_pfn(buf) + linear_page_index(vma, addr),
	};

	return apply_to_page_range(vma->vm_mm, addr, end - addr, make_entry, &fill);
}

#else /* !CARVEOUT_SET_PTE */

static int make_range(struct vm_area_struct *vma, unsigned long addr, unsigned long end)
{
	vm_fault_t ret;

	for (; addr < end; addr += PAGE_SIZE) {
		ret = insert(vma, addr);
		if (ret != VM_FAULT_NOPAGE)
			return vm_fault_to_errno(ret, 0);
	}
	return 0;
}

#endif

/* Make the entries at the start of the mapping. */
static int make_entries(struct vm_area_struct *vma, unsigned long end)
{
	unsigned long addr, next;
	int ret;

	for (addr = vma->vm_start; addr < end; addr = next) {
		next = min(ALIGN(addr + 1, PMD_SIZE), end);
		ret = make_range(vma, addr, next);
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

/*
 * Huge pages are mapped on first access: no function maps one at mmap() time. A
 * mapping that has no room for any is complete from the start. After an error the caller
 * of mmap() removes the entries made before it.
 *
 * The last page is inserted by the kernel's own function, which refuses page frames that a
 * CPU with the L1TF bug must not have in a page table. Their numbers are above a limit, so
 * the check of the last one holds for all.
 */
static int map_pfns(const struct carveout_buf *buf, struct vm_area_struct *vma)
{
	unsigned long last = vma->vm_end - PAGE_SIZE;
	vm_fault_t ret;

	vm_flags_set(vma, VM_IO | VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &pfns_ops;
	vma->vm_private_data = (void *)buf;
	if (takes_huge(vma, first_pfn(buf) + vma->vm_pgoff)) {
		/* Only for VM_PFNMAP the kernel assumes that huge pages are wanted. */
		vm_flags_set(vma, VM_HUGEPAGE);
		return 0;
	}
	ret = insert(vma, last);
	if (ret != VM_FAULT_NOPAGE)
		return vm_fault_to_errno(ret, 0);
	return make_entries(vma, last);
}

/* === Both ================================================================= */

/**
 * carveout_mmap_wants_exec() - Check for a mapping that is refused because of PROT_EXEC
 * @vma: the VMA of an mmap() in progress
 *
 * No mapping can be executed: devices write to the memory, and some architectures do not
 * execute uncached memory at all. A process with READ_IMPLIES_EXEC requests PROT_EXEC with
 * each PROT_READ; its mappings are not executable either, as on a noexec mount.
 *
 * Context: Process context. The caller holds the mmap_lock.
 * Return: true if the caller requests PROT_EXEC.
 */
bool carveout_mmap_wants_exec(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_EXEC && !(current->personality & READ_IMPLIES_EXEC);
}

/**
 * carveout_buf_mmap() - Map a part of a buffer into a process
 * @buf: the buffer, which the VMA's file holds
 * @vma: the VMA; its offset counts from the start of the buffer
 * @write: this file permits writing to the mapping, now or later
 *
 * All checks precede the first change. They subtract, because a sum of values from
 * user space may wrap. The mapping cannot grow and is left out of core dumps. A
 * mapping without write permission cannot be made writable later: without VM_MAYWRITE
 * in a shared mapping mprotect() refuses, and so does get_user_pages(), for debuggers
 * as for all other callers. Likewise no mapping can be made executable.
 *
 * Context: Process context. May sleep. The caller holds the mmap_lock for writing.
 * Return: 0 or a negative errno, and then the caller removes the entries: -EOPNOTSUPP if
 * the CPU must not access the memory.
 */
int carveout_buf_mmap(const struct carveout_buf *buf,
		      struct vm_area_struct *vma, bool write)
{
	unsigned long pages = nr_pages(buf);
	u32 attrs = carveout_buf_region_attrs(buf);

	if (attrs & CARVEOUT_ATTR_NO_CPU)
		return -EOPNOTSUPP;
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_pgoff >= pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;
	/* Also for a mapping through an importer's file. */
	if (!write && vma->vm_flags & VM_WRITE)
		return -EACCES;
	if (carveout_mmap_wants_exec(vma))
		return -EPERM;
	vm_flags_clear(vma, VM_EXEC | VM_MAYEXEC);
	if (!write)
		vm_flags_clear(vma, VM_MAYWRITE);
	/* An importer's file may have set the flags and the type of its own mappings. */
	vm_flags_clear(vma, VM_IO | VM_PFNMAP | VM_MIXEDMAP);
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	trace_carveout_map(buf->carveout, buf->generation, (u64)vma->vm_pgoff << PAGE_SHIFT,
			   vma->vm_end - vma->vm_start, vma->vm_flags & VM_WRITE);
	if (attrs & CARVEOUT_ATTR_PAGES)
		return map_pages(buf, vma);
	if (!(attrs & CARVEOUT_ATTR_CACHED))
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	return map_pfns(buf, vma);
}
